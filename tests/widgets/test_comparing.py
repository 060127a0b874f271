"""Views find their containers whatever the reader calls them; two runs are parted where they
part.
"""

from typing import Any

import pytest

from course.trees import tree
from course.widgets import pictures
from course.widgets.comparing import first_difference, outcome
from course.widgets.tracing import trace
from course.widgets.view_pictures import picture
from course.widgets.views import (
    bars,
    call_tree,
    cells,
    data_tree,
    for_browser,
    number_line,
    pointers_at,
    table,
    values_at,
    watched,
)
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
    assert "at 0 and 7; in max_area, the pointers are at 1 and 8" in found["text"]
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


# functions without pointers: recursion, tables, sets


def ways(coins: list[int], rest: int, start: int = 0, chosen: tuple[int, ...] = ()) -> list[Any]:
    if rest == 0:
        return [chosen]
    found = []
    for i in range(start, len(coins)):
        if coins[i] <= rest and (i == start or coins[i] != coins[i - 1]):
            found += ways(coins, rest - coins[i], i + 1, (*chosen, coins[i]))
    return found


def ways_skipping_children(
    coins: list[int], rest: int, start: int = 0, chosen: tuple[int, ...] = ()
) -> list[Any]:
    if rest == 0:
        return [chosen]
    found = []
    for i in range(start, len(coins)):
        if coins[i] <= rest and (i == 0 or coins[i] != coins[i - 1]):
            found += ways_skipping_children(coins, rest - coins[i], i + 1, (*chosen, coins[i]))
    return found


def test_recursion_parts_at_the_first_other_call() -> None:
    run = trace(ways_skipping_children, [1, 1, 2], 4)
    found = first_difference(run, trace(ways, [1, 1, 2], 4), call_tree("chosen"))
    # Both take the first 1; then the right one takes the second 1, and the wrong one skips it.
    step = run["steps"][found["step"]]
    assert (step["event"], step["locals"]["start"], step["locals"]["rest"]) == ("call", 3, 1)
    assert "start = 2" in found["text"].split("in ways,")[1]
    assert "ends with []; ways ends with [(1, 1, 2)]" in found["text"]


def ancestor(here: Any, p: Any, q: Any) -> Any:
    if here is None or here is p or here is q:
        return here
    left, right = ancestor(here.left, p, q), ancestor(here.right, p, q)
    return here if left and right else left or right


def ancestor_kept_secret(here: Any, p: Any, q: Any) -> Any:
    if here is None or here is p or here is q:
        return here
    left = ancestor_kept_secret(here.left, p, q)
    right = ancestor_kept_secret(here.right, p, q)
    if left and right:
        return here
    return None


def ancestor_by_climbing(here: Any, p: Any, q: Any) -> Any:
    def find(at: Any) -> Any:
        if at is None or at is p or at is q:
            return at
        left, right = find(at.left), find(at.right)
        return at if left and right else left or right

    return find(here)


def test_recursion_parts_at_the_first_other_answer() -> None:
    root = tree([3, 5, 1, 6, 2, None, None, None, None, 7, 4])
    assert root is not None
    args = (root, root.left.right.left, root.left.left)
    run = trace(ancestor_kept_secret, *args)
    found = first_difference(run, trace(ancestor, *args), data_tree("root"))
    # Node 2 has heard of the 7 below it, and does not pass it on.
    step = run["steps"][found["step"]]
    assert step["event"] == "return"
    assert step["locals"]["here"]["node"] == 2
    assert "returns None; in ancestor, " in found["text"]
    assert "returns TreeNode(7)" in found["text"]


def test_recursion_with_other_parameters_is_compared_by_what_comes_back() -> None:
    root = tree([3, 5, 1, 6, 2])
    assert root is not None
    args = (root, root.left.left, root.left.right)
    reference = trace(ancestor, *args)
    found = first_difference(trace(ancestor_by_climbing, *args), reference, data_tree("root"))
    assert found["step"] is None
    wrong = first_difference(trace(ancestor_kept_secret, root, root, root), reference, None)
    assert wrong["step"] is not None


def test_helpers_of_the_same_name_are_compared() -> None:
    def area(i: int) -> int:
        return i * i

    def right(n: int) -> int:
        return area(n) + area(n + 1)

    def wrong(n: int) -> int:
        return area(n) + area(n + 2)

    run = trace(wrong, 3)
    found = first_difference(run, trace(right, 3), None)
    assert run["steps"][found["step"]]["locals"] == {"i": 5}
    assert "area(i = 5) is called; in right, area(i = 4) is called" in found["text"]


def test_a_name_that_holds_another_value() -> None:
    def longest(nums: list[int]) -> int:
        numbers, best = set(nums), 0
        for first in numbers:
            end = first
            while end in numbers:
                end += 1
            best = max(best, end - first)
        return best

    def counts_gaps(nums: list[int]) -> int:
        numbers, best = set(nums), 0
        for first in numbers:
            last = first
            while last + 1 in numbers:
                last += 1
            best = max(best, last - first)
        return best

    view = number_line("nums", "numbers")
    run = trace(counts_gaps, [4, 6, 5])
    found = first_difference(run, trace(longest, [4, 6, 5]), view)
    assert run["steps"][found["step"]]["locals"]["best"] == 2
    assert "best = 2; in longest, best = 3" in found["text"]
    # The same end: other look-ups are not worth a word.
    assert first_difference(run, run, view)["step"] is None


def test_a_table_parts_at_the_first_other_cell() -> None:
    def downwards(weight: int, value: int, room: int) -> list[int]:
        best = [0] * (room + 1)
        for c in range(room, weight - 1, -1):
            best[c] = max(best[c], best[c - weight] + value)
        return best

    def upwards(weight: int, value: int, room: int) -> list[int]:
        best = [0] * (room + 1)
        for c in range(weight, room + 1):
            best[c] = max(best[c], best[c - weight] + value)
        return best

    run = trace(upwards, 2, 7, 4)
    found = first_difference(run, trace(downwards, 2, 7, 4), table("best"))
    assert run["steps"][found["step"]]["locals"]["best"] == [0, 0, 7, 0, 0]
    assert "best = [0, 0, 7, 0, 0]; in downwards, best = [0, 0, 0, 0, 7]" in found["text"]


def test_reads_of_an_argument_that_is_not_in_the_picture() -> None:
    def last_of(values: list[int], n: int) -> int:
        return values[n - 1]

    def beyond(entries: list[int], n: int) -> int:
        return entries[n - 2]

    run = trace(beyond, [5, 6, 7], 3)
    found = first_difference(run, trace(last_of, [5, 6, 7], 3), None)
    assert run["steps"][found["step"]]["reads"] == [["entries", 1]]
    assert "entries[1] is read; in last_of, values[2] is read" in found["text"]


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
