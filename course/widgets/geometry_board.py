"""A board with points on whole numbers that the reader drags, and what functions make of them."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from course.widgets.layers import handles, line, note
from course.widgets.live_plot import LivePlot, plot

Point = tuple[int, int]
Points = Sequence[Sequence[float]]


def board(
    *,
    outline: Callable[..., Sequence[Point]] | None = None,
    says: Callable[..., Any] | None = None,
    closed: Sequence[str] = (),
    segments: Sequence[str] = (),
    span: tuple[float, float] = (-1, 9),
    title: str = "",
    **points: Points,
) -> LivePlot:
    """Groups of points to drag, as in `board(nails=[(0, 2), (3, 1)], outline=convex_hull)`.

    Each keyword names a group. `outline` and `says` are functions that ask for groups by the names
    of their parameters, and get lists of pairs of whole numbers: points sit on those. A function
    with one parameter may call it anything if there is one group. What `outline` gives is drawn as
    a closed line; `says` gives words, or (words, True or False). The groups named in `closed` are
    drawn as polygons, those in `segments` as one segment for each two points. An error in a
    function is shown on the board.
    """
    layers = [line(_asking([name], _ring), label=name, colour=1, dash=0) for name in closed]
    layers += [line(_asking([name], _pairs), label=name, colour=1, dash=0) for name in segments]
    if outline is not None:
        names = _names(outline, points)
        shape = _asking(names, lambda *groups: _ring(outline(*groups)), like=outline)
        layers.append(line(shape, label=getattr(outline, "__name__", "outline"), colour=2, dash=0))
    layers += [handles(name, places, colour=0, snap=1) for name, places in points.items()]
    if says is not None:
        names = _names(says, points)
        layers.append(note(_asking(names, lambda *groups: _words(says(*groups)), like=says)))
    return plot(*layers, x_range=span, y_range=span, equal=True, title=title)


def _names(function: Callable[..., Any], points: Mapping[str, Any]) -> list[str]:
    """The groups that the function asks for."""
    try:
        parameters = inspect.signature(function).parameters
    except (TypeError, ValueError):  # a built-in function does not say
        return list(points)
    asked = [name for name, one in parameters.items() if one.default is one.empty]
    if len(asked) == 1 == len(points):
        return list(points)
    missing = [name for name in asked if name not in points]
    if missing:
        raise TypeError(f"there are no points called {missing[0]}: there are {', '.join(points)}")
    return asked


def _asking(
    names: Sequence[str], function: Callable[..., Any], like: Callable[..., Any] | None = None
) -> Callable[..., Any]:
    """A function that asks a plot for groups by name, and passes them on as whole numbers."""

    def ask(**groups: Points) -> Any:
        return function(*(_whole(groups[name]) for name in names))

    kind = inspect.Parameter.KEYWORD_ONLY
    ask.__signature__ = inspect.Signature([inspect.Parameter(name, kind) for name in names])  # type: ignore[attr-defined]
    if like is not None:
        ask.__name__, ask.__wrapped__ = getattr(like, "__name__", "function"), like  # type: ignore[attr-defined]
    return ask


def _whole(places: Points) -> list[Point]:
    return [(round(x), round(y)) for x, y in places]


def _ring(points: Sequence[Point]) -> tuple[list[float], list[float]]:
    """The coordinates of a closed line; a single place or none stays what it is."""
    ring = [*points, *points[:1]]
    return [x for x, _ in ring], [y for _, y in ring]


def _pairs(points: Sequence[Point]) -> tuple[list[float | None], list[float | None]]:
    xs: list[float | None] = []
    ys: list[float | None] = []
    for p, q in zip(points[::2], points[1::2], strict=False):
        xs += [p[0], q[0], None]
        ys += [p[1], q[1], None]
    return xs, ys


def _words(said: Any) -> Any:
    return said if isinstance(said, (str, list, tuple)) else str(said)
