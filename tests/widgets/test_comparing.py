"""Views find their containers whatever the reader calls them; two runs are parted where they
part.
"""

import pytest

from course.widgets import pictures
from course.widgets.comparing import first_difference, outcome
from course.widgets.tracing import trace
from course.widgets.views import bars, cells, for_browser, picture, pointers_at, values_at, watched
from tests.widgets import samples

HEIGHTS = [1, 8, 6, 2, 5, 4, 8, 3, 7]
MERGE = ([3, 5, 9, 0, 0, 0], 3, [1, 2, 6], 3)


def labels(run: dict, view: object) -> list[tuple[str, str]]:  # type: ignore[type-arg]
    return [(found.label, found.source) for found in watched(run, view)]  # type: ignore[arg-type]


def test_a_name_is_the_argument_or_the_local_of_that_name() -> None:
    run = trace(samples.merge, *MERGE)
    assert labels(run, cells("nums1", "nums2")) == [("nums1", "args"), ("nums2", "args")]

    def with_table(n: int) -> list[int]:
        table = [0] * n
        table[0] = 1
        return table

    assert labels(trace(with_table, 3), cells("table")) == [("table", "locals")]


def test_a_name_the_reader_does_not_use_stands_for_the_argument_at_its_place() -> None:
    run = trace(samples.merge_from_front, *MERGE)
    assert labels(run, cells("nums1", "nums2")) == [("a", "args"), ("b", "args")]
    run = trace(samples.max_area_all_pairs, HEIGHTS)
    assert labels(run, bars("height")) == [("walls", "args")]
    assert labels(trace(samples.factorial, 3), bars("height")) == []


def test_named_pointers_are_drawn_if_the_function_has_them_else_all() -> None:
    view = bars("height", pointers=("left", "right"))
    run = trace(samples.max_area, HEIGHTS)
    (found,) = watched(run, view)
    assert pointers_at(run["steps"][4], found, ["left", "right"]) == {"left": 0, "right": 8}
    assert for_browser(run, view)["pointers"] == ["left", "right"]
    assert for_browser(trace(samples.max_area_by_higher, HEIGHTS), view)["pointers"] is None


def test_recursion_over_an_outer_list_keeps_it_in_view() -> None:
    run = trace(samples.max_area_recursive, HEIGHTS)
    (found,) = watched(run, bars("height"))
    assert all(values_at(step, found) == HEIGHTS for step in run["steps"])
    assert pointers_at(run["steps"][-4], found, None)


def test_the_still_picture_is_the_python_picture() -> None:
    run = trace(samples.max_area, HEIGHTS)
    drawn = picture(run, bars("height", water=True), 4)
    assert drawn == pictures.bars(HEIGHTS, {"left": 0, "right": 8}, water=True)
    assert picture(trace(samples.factorial, 2), bars("height"), 0) == ""


def test_the_same_way_has_no_difference() -> None:
    view = bars("height", water=True)
    mine, other = trace(samples.max_area, HEIGHTS), trace(samples.max_area_recursive, HEIGHTS)
    assert first_difference(mine, other, view)["step"] is None
    assert first_difference(other, mine, view)["step"] is None


def test_moving_the_higher_line_parts_at_the_first_move() -> None:
    reference = trace(samples.max_area, HEIGHTS)
    run = trace(samples.max_area_by_higher, HEIGHTS)
    found = first_difference(run, reference, bars("height"))
    step = run["steps"][found["step"]]
    assert (step["locals"]["a"], step["locals"]["b"]) == (0, 7)
    assert "0 and 7; in max_area they are at 1 and 8" in found["text"]
    assert "ends with 8; max_area ends with 49" in found["text"]


def test_another_way_to_the_same_end_is_called_no_mistake() -> None:
    run = trace(samples.max_area_all_pairs, HEIGHTS)
    found = first_difference(run, trace(samples.max_area, HEIGHTS), bars("height"))
    assert found["step"] is not None
    assert "another way, not a mistake" in found["text"]


def test_merging_from_the_front_parts_at_the_first_write() -> None:
    reference = trace(samples.merge, *MERGE)
    run = trace(samples.merge_from_front, *MERGE)
    found = first_difference(run, reference, cells("nums1", "nums2"))
    assert run["steps"][found["step"]]["args"]["a"] == [1, 5, 9, 0, 0, 0]
    assert "in merge, nums1 = [3, 5, 9, 0, 0, 9]" in found["text"]
    assert "b =" not in found["text"].split(".")[0]


def test_a_run_that_stops_early_or_goes_on_is_said_so() -> None:
    def does_nothing(nums1: list[int], m: int, nums2: list[int], n: int) -> None:
        return None

    reference, idle = trace(samples.merge, *MERGE), trace(does_nothing, *MERGE)
    early = first_difference(idle, reference, cells("nums1", "nums2"))
    assert early["step"] == len(idle["steps"]) - 1
    assert "goes on" in early["text"]
    late = first_difference(reference, idle, cells("nums1", "nums2"))
    assert "does_nothing has ended" in late["text"]


def test_the_same_moves_with_another_end() -> None:
    def forgets(height: list[int]) -> int:
        samples.max_area(height)
        return 0

    found = first_difference(trace(forgets, HEIGHTS), trace(samples.max_area, HEIGHTS), None)
    assert found["step"] is not None
    assert "ends with 0; max_area ends with 49" in found["text"]


@pytest.mark.parametrize(
    ("fn", "args", "expected"),
    [
        (samples.max_area, (HEIGHTS,), "49"),
        (samples.merge, MERGE, "nums1 = [1, 2, 3, 5, 6, 9]"),
        (samples.max_area_runs_off, (HEIGHTS,), "IndexError"),
        (samples.max_area_never_moves, (HEIGHTS,), "no end"),
    ],
)
def test_outcome(fn: object, args: tuple[object, ...], expected: str) -> None:
    assert outcome(trace(fn, *args, max_steps=300)) == expected  # type: ignore[arg-type]
