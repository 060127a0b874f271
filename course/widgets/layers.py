"""What a panel of a live plot or a training view is made of: layers, and panels of them.

A layer's source is plain data, or a function, or (in a training view) the name under which the loop
yields it. A function's arguments are, first, the coordinates it is drawn over, and then, by their
names, sliders, draggable points or the dragged place: the layer answers to those it asks for.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from course.widgets.values import short_repr

Span = tuple[float, float]
COORDINATES = {"curve": 1, "fill": 1, "slope": 1, "heat": 2, "arrows": 2}


@dataclass(frozen=True)
class Layer:
    """One thing drawn in a panel. `look` holds what does not change: colour, dash, groups, …"""

    kind: str
    source: Any
    label: str = ""
    over: tuple[Any, ...] | None = None
    samples: int = 0
    look: Mapping[str, Any] = field(default_factory=dict)

    @property
    def leading(self) -> int:
        """How many coordinates the function takes before its named arguments."""
        return COORDINATES.get(self.kind, 0) if self.over is not None else 0


@dataclass(frozen=True)
class Panel:
    """Axes with layers. Ranges that are None are found from what is drawn."""

    layers: tuple[Layer, ...]
    title: str = ""
    x: str = ""
    y: str = ""
    x_range: Span | None = None
    y_range: Span | None = None
    log: str = ""
    equal: bool = False
    height: int | None = None


def panel(
    *layers: Layer,
    title: str = "",
    x: str = "",
    y: str = "",
    x_range: Span | None = None,
    y_range: Span | None = None,
    log: str = "",
    equal: bool = False,
    height: int | None = None,
) -> Panel:
    """One pair of axes with these layers, the first at the bottom.

    `x` and `y` name the axes (with units); `log` is "x", "y" or "xy"; `equal` gives both axes the
    same scale. `height` is in CSS pixels. Raises TypeError or ValueError for what cannot be drawn.
    """
    for layer in layers:
        if not isinstance(layer, Layer):
            raise TypeError(
                f"a panel holds layers such as curve(f, over=(-4, 4)), not {short_repr(layer)}"
            )
    if set(log) - set("xy"):
        raise ValueError(f'log is "x", "y" or "xy", not {log!r}')
    for name, span in (("x_range", x_range), ("y_range", y_range)):
        if span is not None:
            _span(name, span)
    for name, span in (("x", x_range), ("y", y_range)):
        if span is not None and name in log and span[0] <= 0:
            raise ValueError(f"a logarithmic {name} axis begins above 0, not at {span[0]}")
    return Panel(tuple(layers), title, x, y, x_range, y_range, log, equal, height)


def curve(
    f: Callable[..., Any] | str,
    over: Span = (-4.0, 4.0),
    *,
    label: str | None = None,
    samples: int = 241,
    colour: int | None = None,
    dash: int | None = None,
) -> Layer:
    """The graph of `f(x, …)` for x in `over`.

    `colour` and `dash` (0 to 5) choose from the course's palette and line patterns; by default each
    curve of a panel gets the next of both.
    """
    _callable("curve", f)
    return _layer("curve", f, label, _span("over", over), samples, colour=colour, dash=dash)


def slope(
    f: Callable[..., Any],
    over: Span = (-4.0, 4.0),
    *,
    derivative: Callable[..., Any] | None = None,
    label: str | None = None,
    samples: int = 241,
    colour: int | None = None,
) -> Layer:
    """The tangent of `f` at the dragged place: `derivative(x, …)`, else central differences."""
    _callable("slope", f)
    label = f"slope of {_name_of(f)}" if label is None else label
    return _layer(
        "slope", f, label, _span("over", over), samples, colour=colour, derivative=derivative
    )


def fill(
    f: Callable[..., Any],
    over: Span = (-4.0, 4.0),
    *,
    label: str | None = None,
    samples: int = 241,
    colour: int | None = None,
) -> Layer:
    """The area between 0 and `f(x, …)`, or between the two numbers that `f` gives."""
    _callable("fill", f)
    return _layer("fill", f, label, _span("over", over), samples, colour=colour)


def line(
    x: Any,
    y: Any = None,
    *,
    label: str | None = None,
    colour: int | None = None,
    dash: int | None = None,
    faint: bool = False,
) -> Layer:
    """Lines through places: `line(xs, ys)`, or a function that gives `(xs, ys)`.

    `ys` may hold several lines of numbers (and `xs` too); None or NaN breaks a line. `faint` is for
    a fan of many.
    """
    return _layer("line", _source(x, y), label, colour=colour, dash=dash, faint=faint)


def band(
    x: Any,
    low: Any = None,
    high: Any = None,
    *,
    label: str | None = None,
    colour: int | None = None,
) -> Layer:
    """The area between two lines: `band(xs, lows, highs)`, or a function that gives the three."""
    return _layer("band", _source(x, low, high), label, colour=colour)


def columns(
    labels: Any,
    heights: Any = None,
    *,
    names: Sequence[str] = (),
    stacked: bool = False,
    label: str | None = None,
    colour: int | None = None,
) -> Layer:
    """Bars: `columns(labels, heights)`, or a function that gives the two.

    `heights` may be several lists of numbers, told apart by `names`, side by side or `stacked`.
    """
    source = _source(labels, heights)
    return _layer(
        "columns", source, label, colour=colour, names=list(map(str, names)), stacked=stacked
    )


def histogram(
    values: Any,
    *,
    bins: int = 30,
    span: Span | None = None,
    label: str | None = None,
    colour: int | None = None,
) -> Layer:
    """How many of the numbers fall into each of `bins` equal intervals of `span`."""
    return _layer("histogram", values, label, samples=bins, span=span, colour=colour)


def histograms(
    values: Any, *, bins: int = 40, span: Span | None = None, label: str | None = None
) -> Layer:
    """One histogram a row, from {name: numbers}: activations by layer, for example."""
    return _layer("ridges", values, label, samples=bins, span=span)


def heat(
    f: Any,
    over: tuple[Span, Span] | None = None,
    *,
    samples: int = 48,
    label: str | None = None,
    span: Span | None = None,
    diverging: bool = False,
    levels: int = 0,
) -> Layer:
    """A heat map of `f(x, y, …)` over a rectangle, or of a matrix of numbers.

    A matrix (or a function without `over` that gives one) is drawn as it is written: row 0 on top.
    With `over`, row 0 is the lowest. `span` fixes the colours' range, `diverging` puts 0 in the
    middle of it, and `levels` adds as many contour lines.
    """
    if over is not None:
        over = (_span("over", over[0]), _span("over", over[1]))
    return _layer(
        "heat", f, label, over, samples, span=span, diverging=diverging, levels=int(levels)
    )


def image(pixels: Any, *, label: str | None = None) -> Layer:
    """A picture: H × W or H × W × 3 numbers from 0 to 1 (or whole ones to 255), row 0 on top."""
    return _layer("image", pixels, label)


def arrows(
    f: Any,
    over: tuple[Span, Span] | None = None,
    *,
    samples: int = 15,
    label: str | None = None,
    colour: int | None = None,
    scale: float = 1.0,
) -> Layer:
    """A field of arrows: `f(x, y, …)` gives (u, v); without `over`, the data (xs, ys, us, vs).

    The longest arrow of a field spans one cell of its grid times `scale`; for data, u and v are in
    the axes' units times `scale`.
    """
    if over is not None:
        over = (_span("over", over[0]), _span("over", over[1]))
    return _layer("arrows", f, label, over, samples, colour=colour, scale=scale)


def dots(
    x: Any,
    y: Any = None,
    groups: Any = None,
    *,
    names: Sequence[str] = (),
    label: str | None = None,
    colour: int | None = None,
    size: float = 3.5,
) -> Layer:
    """Particles or a scatter plot: `dots(xs, ys)`, or a function that gives these.

    `groups` (whole numbers from 0) give each dot the colour and the shape of its group; `names`
    are what the groups are called.
    """
    return _layer(
        "dots",
        _source(x, y, groups),
        label,
        colour=colour,
        names=list(map(str, names)),
        size=float(size),
    )


def handles(
    name: str,
    places: Sequence[Sequence[float]],
    *,
    label: str | None = None,
    colour: int | None = None,
    move: str = "xy",
    snap: float | None = None,
    mark: int = 0,
) -> Layer:
    """Points that the reader drags; functions ask for them by `name`, as a list of [x, y].

    `move` is "xy", "x" or "y": the directions in which they can go. With `snap`, they stop only at
    multiples of it. `mark` (0 to 3: circle, square, triangle, diamond) tells groups apart.
    """
    if not isinstance(name, str) or not name.isidentifier():
        raise TypeError(f"the name of points is a Python name, not {name!r}")
    if move not in ("xy", "x", "y"):
        raise ValueError(f'move is "xy", "x" or "y", not {move!r}')
    if mark not in range(4):
        raise ValueError(f"mark is a number from 0 to 3, not {short_repr(mark)}")
    if snap is not None and not snap > 0:
        raise ValueError(f"snap is a positive number, not {short_repr(snap)}")
    try:
        start = [[float(x), float(y)] for x, y in places]
    except (TypeError, ValueError):
        raise ValueError(f"{name} is a list of [x, y], not {short_repr(places)}") from None
    look: dict[str, Any] = {"name": name, "move": move, "snap": snap, "mark": mark}
    return _layer("handles", start, label or name, colour=colour, **look)


def rule(at: Any, *, axis: str = "x", label: str | None = None, colour: int | None = None) -> Layer:
    """A dashed reference line across the panel where x (or y, with `axis="y"`) is `at`."""
    if axis not in ("x", "y"):
        raise ValueError(f'axis is "x" or "y", not {axis!r}')
    return _layer("rule", at, label, axis=axis, colour=colour)


def note(text: Any) -> Layer:
    """Words below the panel: a string or a list; each a string, or (string, True or False).

    A truth value puts a tick or a cross before the words: conditions that light up.
    """
    return _layer("note", text, "")


def history(name: str, *, label: str | None = None, colour: int | None = None) -> Layer:
    """In a training view: how the number that the loop yields as `name` went, step by step."""
    if not isinstance(name, str):
        raise TypeError(f"history takes the name under which the loop yields, not {name!r}")
    return _layer("history", name, label, colour=colour)


def _layer(
    kind: str,
    source: Any,
    label: str | None,
    over: tuple[Any, ...] | None = None,
    samples: int = 0,
    **look: Any,
) -> Layer:
    if kind in ("curve", "slope", "fill", "heat", "arrows") and not 2 <= samples <= 2000:
        raise ValueError(f"samples is between 2 and 2000, not {samples}")
    for name in ("colour", "dash"):
        if look.get(name) is not None and look[name] not in range(6):
            raise ValueError(f"{name} is a number from 0 to 5, not {short_repr(look[name])}")
    if label is None:
        label = source if isinstance(source, str) else _name_of(source)
    return Layer(kind, source, label, over, samples, look)


def _source(*data: Any) -> Any:
    """What was given, as one tuple; a single thing (a function, a name, an array) as it is."""
    given = tuple(one for one in data if one is not None)
    return given[0] if len(given) == 1 else given


def _name_of(f: Any) -> str:
    name = getattr(f, "__name__", "")
    return "" if name == "<lambda>" or not isinstance(name, str) else name


def _callable(what: str, f: Any) -> None:
    if not callable(f) and not isinstance(f, str):
        raise TypeError(f"{what} draws a function, not {short_repr(f)}")


def _span(name: str, span: Any) -> Span:
    try:
        low, high = (float(end) for end in span)
    except (TypeError, ValueError):
        raise TypeError(f"{name} is (low, high), not {short_repr(span)}") from None
    if not low < high:
        raise ValueError(f"{name} goes up from low to high, not from {low} to {high}")
    return low, high
