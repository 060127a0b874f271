"""The geometry board: points snap to whole numbers, functions ask for groups by name."""

from typing import Any

import pytest

from course.widgets import board


def latest(shown: Any) -> list[Any]:
    return list(shown.fresh["layers"].values())


def lowest_and_highest(nails: list[tuple[int, int]]) -> list[tuple[int, int]]:
    return [min(nails), max(nails)]


def test_functions_get_the_nearest_whole_numbers_of_the_points_that_moved() -> None:
    shown = board(nails=[(3, 1), (0, 2)], outline=lowest_and_highest, says=str)
    shown.points = {"nails": [[3.4, 0.6], [-0.4, 2.5]]}
    line, words = latest(shown)
    assert line == {"x": [[0.0, 3.0, 0.0]], "y": [[2.0, 1.0, 2.0]]}
    assert words["lines"][0]["text"] == "[(3, 1), (0, 2)]"


def test_groups_are_asked_for_by_name() -> None:
    seen = []

    def where(polygon: list[Any], point: list[Any]) -> tuple[str, bool]:
        seen.append((polygon, point))
        return "inside", True

    shown = board(point=[(1, 1)], polygon=[(0, 0), (4, 0), (0, 4)], closed=["polygon"], says=where)
    assert seen[-1] == ([(0, 0), (4, 0), (0, 4)], [(1, 1)])
    assert "✓ inside" in shown.as_text()
    with pytest.raises(TypeError, match="no points called star"):
        board(point=[(1, 1)], polygon=[(0, 0)], says=lambda star: "")


def test_segments_are_drawn_pair_by_pair() -> None:
    line, *_ = latest(board(roads=[(0, 0), (4, 4), (0, 4), (4, 0)], segments=["roads"]))
    assert line["x"] == [[0.0, 4.0, None, 0.0, 4.0, None]]
    assert line["y"] == [[0.0, 4.0, None, 4.0, 0.0, None]]


def test_a_failing_function_is_shown_with_its_line_and_the_points_stay() -> None:
    def broken(nails: list[Any]) -> list[Any]:
        return [nails[len(nails)]]

    shown = board(nails=[(1, 1)], outline=broken)
    assert shown.problem["function"] == "broken"
    assert "IndexError" in shown.as_text()
    assert shown.points == {"nails": [[1.0, 1.0]]}


@pytest.mark.parametrize("corners", [[], [(2, 2)], [(2, 2), (3, 3)]])
def test_degenerate_outlines_are_drawn(corners: list[tuple[int, int]]) -> None:
    shown = board(nails=[(2, 2)], outline=lambda nails: corners)
    assert shown.problem == {}
    assert "<svg" in shown.as_html()
