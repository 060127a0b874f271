"""Boards of points to drag: the reader's own function answers while a point moves.

Points sit on whole numbers, so that functions which compute exactly can be tried exactly; they are
dragged, or moved with the arrow keys. The kernel runs the function anew at each move, latest value
first; an error in it is shown on its line, below the board. `board.points` holds the points, as
{name: [[x, y], …]}, to be linked or observed.
"""

import functools
import inspect
from collections.abc import Callable, Sequence
from typing import Any

from course.widgets.layers import Layer, handles, line, note
from course.widgets.live_plot import LivePlot, plot
from course.widgets.values import short_repr

Point = tuple[int, int]
Function = Callable[..., Any]
SPAN = (-1, 11)


def hull_board(
    convex_hull: Function,
    points: Sequence[Sequence[int]] = ((1, 1), (9, 2), (5, 4), (8, 8), (2, 7), (5, 1), (4, 6)),
) -> LivePlot:
    """Points and the hull that `convex_hull(points)` gives: a list of corners (x, y), in order."""

    def hull(points: Any) -> Any:
        corners = [_pair(corner) for corner in convex_hull(_whole(points))]
        return _closed(corners)

    def words(points: Any) -> str:
        corners = [_pair(corner) for corner in convex_hull(_whole(points))]
        return f"{len(corners)} corners: {', '.join(map(str, corners))}"

    return _board(
        [
            line(_answering(hull, convex_hull), label="hull", colour=2),
            handles("points", points, label="point", colour=0, snap=1),
            note(_answering(words, convex_hull)),
        ],
        "Drag the points: the hull is your function's",
    )


def orientation_board(
    orientation: Function, points: Sequence[Sequence[int]] = ((1, 1), (8, 3), (5, 8))
) -> LivePlot:
    """Three points a, b, c and what `orientation(a, b, c)` gives, positive for a left turn."""

    def path(points: Any) -> Any:
        return _through(_whole(points))

    def words(points: Any) -> str:
        a, b, c = _whole(points)
        turn = orientation(a, b, c)
        if isinstance(turn, (int, float)) and not isinstance(turn, bool):
            way = "left" if turn > 0 else "right" if turn < 0 else "no way: all on one line"
            return f"{a} to {b} to {c} turns {way} ({short_repr(turn)})"
        return f"{a} to {b} to {c}: {short_repr(turn)}"

    return _board(
        [
            line(path, label="a to b to c", colour=1),
            handles("points", _exactly(3, points), label="point", colour=0, snap=1),
            note(_answering(words, orientation)),
        ],
        "Drag the points: which way does the path turn?",
    )


def segments_board(
    segments_intersect: Function,
    points: Sequence[Sequence[int]] = ((1, 2), (9, 7), (2, 8), (8, 1)),
) -> LivePlot:
    """Two segments, and whether `segments_intersect(a, b, c, d)` finds a common point."""

    def first(points: Any) -> Any:
        return _through(_whole(points)[:2])

    def second(points: Any) -> Any:
        return _through(_whole(points)[2:])

    def words(points: Any) -> Any:
        answer = segments_intersect(*_whole(points))
        if isinstance(answer, bool):
            return [("the segments have a common point", answer)]
        return f"the function gives {short_repr(answer)}"

    return _board(
        [
            line(first, label="a to b", colour=1),
            line(second, label="c to d", colour=2),
            handles("points", _exactly(4, points), label="point", colour=0, snap=1),
            note(_answering(words, segments_intersect)),
        ],
        "Drag the ends: do the segments meet?",
    )


def polygon_board(
    point_in_polygon: Function,
    polygon: Sequence[Sequence[int]] = ((1, 1), (9, 1), (9, 9), (5, 4), (1, 9)),
    point: Sequence[int] = (5, 3),
) -> LivePlot:
    """A polygon and a point, and what `point_in_polygon(point, polygon)` says of it."""

    def outline(polygon: Any) -> Any:
        return _closed(_whole(polygon))

    def words(point: Any, polygon: Any) -> str:
        answer = point_in_polygon(_whole(point)[0], _whole(polygon))
        return (
            f"the point {_whole(point)[0]}: {answer if isinstance(answer, str) else repr(answer)}"
        )

    return _board(
        [
            line(outline, label="polygon", colour=2),
            handles("polygon", polygon, label="corner", colour=2, snap=1),
            handles("point", [point], label="the point", colour=1, snap=1),
            note(_answering(words, point_in_polygon)),
        ],
        "Drag the point and the corners: inside, outside, on the edge?",
    )


def _board(layers: list[Layer], title: str) -> LivePlot:
    return plot(*layers, x_range=SPAN, y_range=SPAN, equal=True, title=title)


def _answering(layer: Function, function: Function) -> Function:
    """`layer`, an error of which is explained on the line of the reader's `function`."""
    if not callable(function):
        raise TypeError(f"a board needs a function to ask, not {short_repr(function)}")

    @functools.wraps(function)
    def asked(*places: Any, **named: Any) -> Any:
        return layer(*places, **named)

    asked.__signature__ = inspect.signature(layer)  # type: ignore[attr-defined]
    return asked


def _whole(places: Any) -> list[Point]:
    return [(round(x), round(y)) for x, y in places]


def _pair(corner: Any) -> tuple[Any, Any]:
    try:
        x, y = corner
    except (TypeError, ValueError):
        raise TypeError(f"a corner is a pair (x, y), not {short_repr(corner)}") from None
    return x, y


def _through(points: Sequence[Point]) -> tuple[list[Any], list[Any]]:
    return [x for x, _ in points], [y for _, y in points]


def _closed(points: Sequence[Point]) -> tuple[list[Any], list[Any]]:
    return _through([*points, *points[:1]])


def _exactly(count: int, points: Sequence[Sequence[int]]) -> Sequence[Sequence[int]]:
    if len(points) != count:
        raise ValueError(f"this board has {count} points, not {len(points)}")
    return points
