"""The geometry boards: whole numbers go to the reader's function, its answers come back."""

from collections.abc import Iterator
from typing import Any

import ipywidgets
import pytest

from course.widgets import hull_board, orientation_board, polygon_board, segments_board


@pytest.fixture(autouse=True)
def closed() -> Iterator[None]:
    yield
    ipywidgets.Widget.close_all()


def words(board: Any) -> list[str]:
    return [
        line["text"]
        for data in board.fresh["layers"].values()
        for line in (data or {}).get("lines", [])
    ]


def box(points: list[tuple[int, int]]) -> list[tuple[int, int]]:
    xs, ys = [x for x, _ in points], [y for _, y in points]
    return [(min(xs), min(ys)), (max(xs), min(ys)), (max(xs), max(ys)), (min(xs), max(ys))]


def test_the_hull_follows_the_points_and_is_closed() -> None:
    board = hull_board(box, [(0, 0), (2, 3)])
    board.points = {"points": [[1, 1], [4, 2]]}
    drawn = [data for data in board.fresh["layers"].values() if data and "x" in data]
    assert drawn == [{"x": [[1, 4, 4, 1, 1]], "y": [[1, 1, 2, 2, 1]]}]
    assert words(board) == ["4 corners: (1, 1), (4, 1), (4, 2), (1, 2)"]


def test_the_function_gets_pairs_of_whole_numbers() -> None:
    given: list[Any] = []

    def spy(*points: Any) -> bool:
        given.append(points)
        return True

    segments_board(spy, [(0, 0), (1, 1), (2, 2), (3, 3)])
    assert given[-1] == ((0, 0), (1, 1), (2, 2), (3, 3))
    assert all(type(number) is int for point in given[-1] for number in point)


@pytest.mark.parametrize(("turn", "said"), [(5, "turns left"), (-2, "turns right"), (0, "no way")])
def test_orientation_is_said_in_words(turn: int, said: str) -> None:
    assert said in words(orientation_board(lambda a, b, c: turn))[0]


def test_what_the_function_says_of_the_point_is_shown() -> None:
    board = polygon_board(lambda point, polygon: f"{point} among {len(polygon)}", point=(2, 3))
    assert words(board) == ["the point (2, 3): (2, 3) among 5"]


def test_an_error_is_explained_on_the_readers_line() -> None:
    def unfinished(points: list[tuple[int, int]]) -> list[tuple[int, int]]:
        raise NotImplementedError

    board = hull_board(unfinished)
    assert board.problem["function"] == "unfinished"
    assert board.problem["line"] == unfinished.__code__.co_firstlineno + 1


def test_wrong_points_and_no_function_are_refused() -> None:
    with pytest.raises(ValueError, match="this board has 4 points, not 1"):
        segments_board(lambda a, b, c, d: True, [(0, 0)])
    with pytest.raises(TypeError, match="needs a function"):
        hull_board([(0, 0)])  # type: ignore[arg-type]
