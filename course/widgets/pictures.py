"""Small pictures as plain SVG text, made without matplotlib: bars, cells, curves.

They are used on feedback cards, in lessons, and as the step player's picture where there is no
front end. Text and lines take the colour of the text around them (`currentColor`), so light and
dark themes both work; the other colours are Okabe and Ito's, told apart by colour-blind readers,
and can be set from outside through CSS variables (`--sw-bar`, `--sw-water`, …). Every picture has
a title for screen readers.
"""

from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import Any, Self

from course.widgets.values import Encoded, Encoder, number, text

COLOURS = {
    "bar": "#56B4E9",
    "bar-on": "#0072B2",
    "water": "#56B4E9",
    "read": "#E69F00",
    "write": "#D55E00",
    "right": "#009E73",
    "wrong": "#D55E00",
    "done": "#009E73",
    "bound": "#CC79A7",
}
SERIES = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#D55E00", "#56B4E9")
MAX_CELLS = 40
MARK_MEANING = {
    "read": "read",
    "write": "written",
    "right": "right",
    "wrong": "wrong",
    "done": "done",
}

Pointers = Mapping[str, int]


class Picture(str):
    """SVG text that a notebook shows as a picture, and a terminal as its title and description."""

    words: str

    def __new__(cls, svg: str, words: str) -> Self:
        picture = super().__new__(cls, svg)
        picture.words = words
        return picture

    def __repr__(self) -> str:
        return self.words

    def _repr_html_(self) -> str:
        return str(self)


def bars(
    values: Sequence[Any],
    pointers: Pointers | None = None,
    water: bool | tuple[int, int] | None = None,
    marks: Mapping[int, str] | None = None,
    title: str | None = None,
) -> Picture:
    """Bars of the given heights, with named pointers below them, as SVG text.

    `pointers` maps a label to an index; one just outside (-1 or `len(values)`) is drawn there.
    `water=True` fills the container between the outermost two pointers; `water=(i, j)` between two
    bars. `marks` colours single bars: {index: "read" | "write" | "right" | "wrong" | "done"}.
    Values that are not numbers are drawn as bars of height 0 with their text.
    """
    values, pointers = list(values), dict(pointers or {})
    written, heights = _texts(values), _numbers(values)
    slot = max(min(44.0, 660 / max(len(values), 1)), 3.0)
    tallest = max([1.0, *heights])
    deepest = min([0.0, *heights])
    scale = 140 / (tallest - deepest)
    zero = 42 + tallest * scale
    left = _margin(pointers, len(values), slot)
    wide = left * 2 + slot * len(values)

    def middle(index: float) -> float:
        return left + slot * (index + 0.5)

    shapes = []
    pair = _container(water, pointers, len(values))
    caption = ""
    if pair:
        i, j = pair
        level = max(min(heights[i], heights[j]), 0.0)
        area = _short(level * (j - i))
        caption = f"{_short(level)} high × {j - i} wide = {area}"
        shapes.append(
            f'<rect x="{middle(i):.1f}" y="{zero - level * scale:.1f}" '
            f'width="{middle(j) - middle(i):.1f}" height="{level * scale:.1f}" '
            f'style="fill:{_colour("water")};opacity:.35"/>'
        )
    for index, height in enumerate(heights):
        top = zero - max(height, 0) * scale
        kind = (marks or {}).get(index) or ("bar-on" if pair and index in pair else "bar")
        width = max(slot * 0.42, 1.5)
        shapes.append(
            f'<rect x="{middle(index) - width / 2:.1f}" y="{top:.1f}" width="{width:.1f}" '
            f'height="{max(abs(height) * scale, 0.5):.1f}" style="fill:{_colour(kind)}"/>'
        )
        if slot >= 14:
            shapes.append(_label(middle(index), top - 5, written[index], slot))
            shapes.append(
                _label(middle(index), zero - deepest * scale + 15, str(index), slot, True)
            )
    base = zero - deepest * scale
    shapes.append(_line(left, zero, wide - left, zero))
    drawn, tall = _pointers(pointers, middle, len(values), base + (22 if slot >= 14 else 8))
    shapes += drawn
    if not values:
        shapes.append(_label(wide / 2, zero - 8, "(empty)", 60, True))
    if caption:
        shapes.append(_label((middle(pair[0]) + middle(pair[1])) / 2 if pair else 0, 14, caption))
    said = title or f"Bars of height {_listed(written)}"
    return _svg(wide, tall, shapes, said, _said_pointers(pointers, caption))


def cells(
    rows: Mapping[str, Sequence[Any]],
    pointers: Mapping[str, Pointers] | None = None,
    marks: Mapping[str, Mapping[int, str]] | None = None,
    title: str | None = None,
) -> Picture:
    """Rows of cells, one a list, each with its name, indexes and its own pointers, as SVG text.

    `rows` maps a name to the values; `pointers` a row's name to {label: index}; `marks` a row's
    name to {index: "read" | "write" | "right" | "wrong" | "done"}. Values of any type; long ones
    are clipped.
    """
    pointers, marks = dict(pointers or {}), dict(marks or {})
    names = list(rows)
    written = {name: _texts(list(rows[name])[:MAX_CELLS]) for name in names}
    longest = max([len(word) for row in written.values() for word in row], default=1)
    count = max([len(row) for row in written.values()], default=0)
    side = max(min(max(34.0, 9.0 * min(longest, 8) + 12), 900 / max(count, 1)), 6.0)
    left = max([24.0, *(8.0 * len(name) + 20 for name in names)])
    if any(own and min(own.values()) < 0 for own in pointers.values()):
        left += side
    clipped = any(len(row) > MAX_CELLS for row in rows.values())
    wide = left + side * max(count, 1) + (90 if clipped else 44)
    top = 8.0
    shapes = []
    for name in names:
        shapes.append(
            f'<text x="{left - 10:.1f}" y="{top + 21:.1f}" text-anchor="end" '
            f'style="fill:currentColor;font-weight:600">{escape(name)}</text>'
        )
        for index, word in enumerate(written[name]):
            x = left + side * index
            kind = marks.get(name, {}).get(index)
            fill = f"fill:{_colour(kind)};fill-opacity:.35" if kind else "fill:none"
            edge = f"stroke:{_colour(kind)};stroke-width:2.5" if kind else "stroke:currentColor"
            shapes.append(
                f'<rect x="{x + 1:.1f}" y="{top:.1f}" width="{side - 2:.1f}" height="32" rx="3" '
                f'style="{fill};{edge}"/>'
            )
            if side >= 14:
                shapes.append(_label(x + side / 2, top + 21, word, side))
                shapes.append(_label(x + side / 2, top + 45, str(index), side, True))
        if len(rows[name]) > MAX_CELLS:
            more_cells = f"… {len(rows[name]) - MAX_CELLS} more"
            shapes.append(
                _label(left + side * MAX_CELLS + 6, top + 21, more_cells, 90, True, "start")
            )
        if not written[name]:
            shapes.append(_label(left + 24, top + 21, "(empty)", 60, True))

        def middle(index: float) -> float:
            return left + side * (index + 0.5)

        drawn, bottom = _pointers(pointers.get(name, {}), middle, len(written[name]), top + 50)
        shapes += drawn
        top = max(bottom, top + 52) + 12
    said = title or "; ".join(f"{name} = {_listed(written[name])}" for name in names)
    more = [
        f"{name}: {_said_pointers(pointers.get(name, {}), _said_marks(marks.get(name, {})))}"
        for name in names
        if pointers.get(name) or marks.get(name)
    ]
    return _svg(wide, top, shapes, said, "; ".join(more))


def grid(
    table: Sequence[Sequence[Any]],
    marks: Mapping[tuple[int, int], str] | None = None,
    rows: Sequence[Any] | None = None,
    columns: Sequence[Any] | None = None,
    corner: str = "",
    title: str | None = None,
) -> Picture:
    """A table of values as SVG text; a value of `None` leaves its place empty.

    `marks` maps (row, column) to "read" | "write" | "right" | "wrong" | "done"; `rows` and
    `columns` are names for the sides (indexes by default), `corner` says what they mean.
    """
    marks = dict(marks or {})
    width = max([len(row) for row in table], default=0)
    row_names = [str(name) for name in (rows or range(len(table)))]
    column_names = [str(name) for name in (columns or range(width))]
    words = [["" if value is None else _texts([value])[0] for value in row] for row in table]
    longest = max([len(word) for row in words for word in row], default=1)
    side, high = max(30.0, 8.0 * longest + 12), 28.0
    left = max([len(corner) * 7.0, *(8.0 * len(name) for name in row_names)]) + 24
    top = 30.0
    shapes = [_label(left - 12, 20, corner, 200, True, "end")]
    for column, name in enumerate(column_names):
        shapes.append(_label(left + side * (column + 0.5), 20, name, side, True))
    for row, line in enumerate(words):
        y = top + high * row
        shapes.append(_label(left - 12, y + 19, row_names[row], left, True, "end"))
        for column, word in enumerate(line):
            if table[row][column] is None:
                continue
            kind = marks.get((row, column))
            fill = f"fill:{_colour(kind)};fill-opacity:.35" if kind else "fill:none"
            edge = f"stroke:{_colour(kind)};stroke-width:2" if kind else "stroke:currentColor"
            shapes.append(
                f'<rect x="{left + side * column + 1.5:.1f}" y="{y + 1.5:.1f}" '
                f'width="{side - 3:.1f}" height="{high - 3:.1f}" rx="3" style="{fill};{edge}"/>'
            )
            shapes.append(_label(left + side * (column + 0.5), y + 19, word, side))
    said = title or f"Table of {len(table)} by {width}"
    told = [f"row {name}: {_listed(line)}" for name, line in zip(row_names, words, strict=False)]
    return _svg(
        left + side * width + 12, top + high * len(table) + 8, shapes, said, "; ".join(told)
    )


def curve(
    sizes: Sequence[float],
    counts: Sequence[float] | Mapping[str, Sequence[float]],
    bound: Callable[[float], float] | Sequence[float] | None = None,
    label: str = "",
    what: str = "operations",
    title: str | None = None,
) -> Picture:
    """Counts against input sizes, with a dashed bound, as SVG text.

    `counts` is one list (as long as `sizes`), or {name: list} for several. `bound` is a function
    of the size or a list; `label` names it ("4n"). A count above the bound is drawn as a cross, in
    red.
    """
    series = dict(counts) if isinstance(counts, Mapping) else {"counted": counts}
    limits = [bound(n) for n in sizes] if callable(bound) else list(bound or [])
    names = [*series, label or "bound"]
    right = 8.0 * max(map(len, names)) + 34
    width, height, left, bottom, top = 290 + right, 210.0, 62.0, 44.0, 26.0
    most = max([1.0, *limits, *(count for row in series.values() for count in row)])
    largest = max([1.0, *sizes])
    ticks = _ticks(most)
    ceiling = max(most, ticks[-1])

    def x(size: float) -> float:
        return left + (width - left - right) * size / largest

    def y(count: float) -> float:
        return height - bottom - (height - bottom - top) * count / ceiling

    shapes = [_line(left, y(0), x(largest), y(0)), _line(left, y(0), left, y(ceiling))]
    for tick in ticks:
        shapes.append(_line(left - 4, y(tick), left, y(tick)))
        shapes.append(_label(left - 8, y(tick) + 4, f"{tick:,.0f}", 60, True, "end"))
    shown = -100.0
    for size in sizes:
        shapes.append(_line(x(size), y(0), x(size), y(0) + 4))
        if x(size) - shown >= 28:
            shapes.append(_label(x(size), y(0) + 17, f"{size:,.0f}", 40, True))
            shown = x(size)
    shapes.append(_label((left + x(largest)) / 2, height - 8, "n, size of the input", 200))
    shapes.append(_label(8, 14, what, 200, False, "start"))
    ends: list[tuple[float, str, str]] = []
    if limits:
        colour = _colour("bound")
        shapes.append(_path(sizes, limits, x, y, colour, True))
        ends.append((y(limits[-1]), label or "bound", colour))
    for (name, row), colour in zip(series.items(), _cycled(SERIES), strict=False):
        shapes.append(_path(sizes, row, x, y, colour, False))
        for position, (size, count) in enumerate(zip(sizes, row, strict=False)):
            over = position < len(limits) and count > limits[position]
            shapes.append(_dot(x(size), y(count), _colour("wrong") if over else colour, over))
        if row:
            ends.append((y(row[-1]), name, colour))
    at = height
    for place, name, colour in sorted(ends, reverse=True):
        at = min(place + 4, at - 15)
        shapes.append(
            f'<text x="{x(largest) + 8:.1f}" y="{at:.1f}" style="fill:currentColor">'
            f'<tspan style="fill:{colour}">■ </tspan>{escape(name)}</text>'
        )
    said = title or f"How the number of {what} grows with the size of the input"
    told = [f"{name}: {_listed([_short(c) for c in row])}" for name, row in series.items()]
    if limits:
        told.append(f"{label or 'bound'}: {_listed([_short(limit) for limit in limits])}")
    sizes_told = _listed([_short(size) for size in sizes])
    return _svg(width, height, shapes, said, f"sizes: {sizes_told}; {'; '.join(told)}")


def side_by_side(*drawn: Picture) -> Picture:
    """Several pictures in a row; one below the other where the page is narrow."""
    boxes = "".join(f"<span>{one}</span>" for one in drawn)
    return Picture(
        f'<div style="display:flex;flex-wrap:wrap;gap:24px;align-items:flex-end">{boxes}</div>',
        " | ".join(one.words for one in drawn),
    )


# parts


def _svg(width: float, height: float, shapes: list[str], title: str, description: str) -> Picture:
    said = f"<desc>{escape(description)}</desc>" if description else ""
    words = f"{title}. {description}" if description else title
    return Picture(
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" '
        f'aria-label="{escape(words, quote=True)}" '
        f'viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}" height="{height:.0f}" '
        'style="max-width:100%;height:auto;font:13px system-ui,sans-serif">'
        f"<title>{escape(title)}</title>{said}{''.join(shapes)}</svg>",
        words,
    )


def _colour(kind: str) -> str:
    return f"var(--sw-{kind},{COLOURS.get(kind, COLOURS['read'])})"


def _label(
    x: float, y: float, words: str, room: float = 400, faint: bool = False, anchor: str = "middle"
) -> str:
    fits = max(int(room / 6.5), 1)
    words = words if len(words) <= fits else words[: max(fits - 1, 1)] + "…"
    small = "font-size:11px;opacity:.75;" if faint else ""
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" '
        f'style="{small}fill:currentColor">{escape(words)}</text>'
    )


def _line(x1: float, y1: float, x2: float, y2: float) -> str:
    return (
        f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" '
        'style="stroke:currentColor;opacity:.6"/>'
    )


def _path(
    sizes: Sequence[float],
    counts: Sequence[float],
    x: Callable[[float], float],
    y: Callable[[float], float],
    colour: str,
    dashed: bool,
) -> str:
    points = " ".join(f"{x(n):.1f},{y(c):.1f}" for n, c in zip(sizes, counts, strict=False))
    dashes = "stroke-dasharray:6 4;" if dashed else ""
    return f'<polyline points="{points}" style="{dashes}fill:none;stroke:{colour};stroke-width:2"/>'


def _dot(x: float, y: float, colour: str, cross: bool) -> str:
    if cross:
        return (
            f'<path d="M{x - 4:.1f} {y - 4:.1f}l8 8m0 -8l-8 8" '
            f'style="stroke:{colour};stroke-width:2.5"/>'
        )
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" style="fill:{colour}"/>'


def _pointers(
    pointers: Pointers, middle: Callable[[float], float], count: int, top: float
) -> tuple[list[str], float]:
    """The pointers' arrows and labels from `top` on, and where they end; labels never overlap."""
    shapes: list[str] = []
    rows: list[float] = []  # how far each row of labels is filled
    for index in sorted({index for index in pointers.values() if -1 <= index <= count}):
        label = ", ".join(name for name, place in pointers.items() if place == index)
        x, half = middle(index), 3.8 * len(label) + 3
        row = next((r for r, filled in enumerate(rows) if x - half > filled), len(rows))
        rows[row:] = [x + half, *rows[row + 1 :]]
        y = top + 20 + 15 * row
        shapes.append(
            f'<path d="M{x:.1f} {top:.1f}l-4 7h8z" style="fill:currentColor"/>'
            f'<line x1="{x:.1f}" y1="{top + 7:.1f}" x2="{x:.1f}" y2="{y - 11:.1f}" '
            'style="stroke:currentColor"/>'
            f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="middle" '
            f'style="fill:currentColor;font-weight:600">{escape(label)}</text>'
        )
    return shapes, top + 8 + 15 * len(rows) + (6 if rows else 0)


def _margin(pointers: Pointers, count: int, slot: float) -> float:
    """Room at both sides for the labels of pointers at, or just outside, the ends."""
    reach = [
        4.2 * len(label) - slot * (min(index, count - 1 - index) + 0.5) + 4
        for label, index in pointers.items()
        if -1 <= index <= count
    ]
    return max([30.0, *reach])


def _container(
    water: bool | tuple[int, int] | None, pointers: Pointers, count: int
) -> tuple[int, int] | None:
    if isinstance(water, (tuple, list)):
        ends = sorted(water)
    elif water:
        ends = sorted(index for index in pointers.values() if 0 <= index < count)
    else:
        return None
    if len(ends) < 2 or ends[0] == ends[-1] or ends[0] < 0 or ends[-1] >= count:
        return None
    return ends[0], ends[-1]


def shown(value: Encoded) -> Any:
    """An encoded value as a picture takes it: a number or a string as itself, the rest as text."""
    if isinstance(value, dict) and "value" in value:
        return value["value"]
    return value if isinstance(value, (int, float, str)) else text(value)


def _texts(values: list[Any]) -> list[str]:
    encode = Encoder().encode
    return [value if isinstance(value, str) else text(encode(value)) for value in values]


def _numbers(values: list[Any]) -> list[float]:
    encode = Encoder().encode
    return [number(encode(value)) or 0.0 for value in values]


def _listed(words: Sequence[str]) -> str:
    shown = ", ".join(words[:40])
    return f"{shown}, … ({len(words)} in all)" if len(words) > 40 else shown


def _said_pointers(pointers: Pointers, more: str = "") -> str:
    said = [f"{label} at {index}" for label, index in pointers.items()]
    return ", ".join([*said, *([more] if more else [])])


def _said_marks(marks: Mapping[int, str]) -> str:
    return ", ".join(f"{index} {MARK_MEANING.get(kind, kind)}" for index, kind in marks.items())


def _short(value: float) -> str:
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:.4g}"


def _ticks(most: float) -> list[float]:
    """About four round numbers from 0 to just above `most`."""
    step = 1.0
    for step in (m * 10.0**e for e in range(13) for m in (1, 2, 5)):
        if most / step <= 4:
            break
    count = int(-(-most // step))
    return [step * i for i in range(count + 1)]


def _cycled(colours: tuple[str, ...]) -> list[str]:
    return list(colours) * 8
