"""A live plot or training view as a still picture (SVG text) and as plain text, made in Python.

The layers themselves: `course.widgets.still_layers`.
"""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from course.widgets.axes import scale, short, ticks
from course.widgets.pictures import SERIES
from course.widgets.prepared import Data
from course.widgets.sampling import tidy
from course.widgets.still_layers import DASHES, DRAW, stroke

WIDTH, LEFT, RIGHT, TOP, BOTTOM = 420.0, 58.0, 12.0, 12.0, 42.0


def still_html(
    figure: Mapping[str, Any],
    shown: Mapping[str, Data],
    ranges: Sequence[Any],
    params: Mapping[str, Any],
    problem: str = "",
    *,
    cursor: float | None = None,
    points: Mapping[str, Any] | None = None,
) -> str:
    """The panels beside each other, with the values of the controls and what went wrong."""
    parts = []
    for panel, spans in zip(figure["panels"], ranges, strict=True):
        across, up = _fitting(panel, shown) or spans
        svg = _panel(panel, shown, across, up, cursor, points or {})
        caption = _legend(panel)
        notes = [line for look in panel["layers"] for line in _note_lines(look, shown)]
        words = "".join(f"<div>{escape(line)}</div>" for line in notes)
        parts.append(
            '<figure style="display:inline-block;margin:8px 16px 8px 0;vertical-align:top">'
            f"{svg}<figcaption>{caption}{words}</figcaption></figure>"
        )
    title = f"<p><b>{escape(figure['title'])}</b></p>" if figure["title"] else ""
    settings = f"<p>{escape(_settings(params))}</p>" if params else ""
    wrong = f'<p style="color:#D55E00">{escape(problem)}</p>' if problem else ""
    return f'<div class="stepwise-still">{title}{"".join(parts)}{settings}{wrong}</div>'


def still_text(
    figure: Mapping[str, Any],
    shown: Mapping[str, Data],
    params: Mapping[str, Any],
    problem: str = "",
) -> str:
    """What is drawn, with which settings, in a few lines."""
    lines = [figure["title"]] if figure["title"] else []
    for panel in figure["panels"]:
        named = [
            look["label"] or look["kind"] for look in panel["layers"] if look["kind"] != "note"
        ]
        about = panel["title"] or f"{panel['y'] or 'y'} against {panel['x'] or 'x'}"
        lines.append(f"{about}: {', '.join(named)}")
        lines += [line for look in panel["layers"] for line in _note_lines(look, shown)]
    if params:
        lines.append(_settings(params))
    lines += [problem] if problem else []
    lines.append("Run this cell in Jupyter to move it.")
    return "\n".join(lines)


def _panel(
    panel: Mapping[str, Any],
    shown: Mapping[str, Data],
    across: Sequence[float],
    up: Sequence[float],
    cursor: float | None,
    points: Mapping[str, Any],
) -> str:
    height = float(panel["height"] or 270)
    wide = WIDTH
    if panel["equal"]:
        ratio = (up[1] - up[0]) / (across[1] - across[0])
        height = min((wide - LEFT - RIGHT) * ratio + TOP + BOTTOM, 460.0)
        wide = (height - TOP - BOTTOM) / ratio + LEFT + RIGHT
    bottom, top = (TOP, height - BOTTOM) if panel["down"] else (height - BOTTOM, TOP)
    x = scale(across, LEFT, wide - RIGHT, "x" in panel["log"])
    y = scale(up, bottom, top, "y" in panel["log"])
    inside: list[str] = []
    names: dict[float, str] = {}
    rows: dict[float, str] = {}
    for look in panel["layers"]:
        data = shown.get(look["id"])
        if look["kind"] == "handles":
            data = {"places": points.get(look["look"]["name"], [])}
        if data:
            inside += DRAW[look["kind"]](look, data, x, y) if look["kind"] in DRAW else []
            if "labels" in data:
                names = dict(enumerate(data["labels"]))
            if look["kind"] == "ridges":
                rows = dict(enumerate(data["names"]))
    if cursor is not None:
        inside.append(stroke(f"M{x(cursor):.1f} {bottom:.1f}V{top:.1f}", 1.5))
    box = (LEFT, min(bottom, top), wide - LEFT - RIGHT, abs(top - bottom))
    left, above, broad, tall = box
    frame = f'x="{left}" y="{above}" width="{broad:.1f}" height="{tall:.1f}"'
    shapes = [  # an inner svg clips what is drawn to the axes
        f'<svg {frame} viewBox="{left} {above} {broad:.1f} {tall:.1f}">{"".join(inside)}</svg>',
        f'<rect {frame} style="fill:none;stroke:currentColor;opacity:.6"/>',
    ]
    for value in names or ticks(across, 6, "x" in panel["log"]):
        word = names.get(value, short(value))
        shapes.append(_text(x(value), height - BOTTOM + 16, word))
    for value in rows or ticks(up, 5, "y" in panel["log"]):
        shapes.append(_text(LEFT - 6, y(value) + 4, rows.get(value, short(value)), "end"))
    shapes.append(_text((LEFT + wide - RIGHT) / 2, height - 6, panel["x"]))
    if panel["y"]:
        middle = height / 2 - 14
        shapes.append(
            f'<g transform="rotate(-90 12 {middle})">{_text(12, middle + 4, panel["y"])}</g>'
        )
    title = panel["title"] or f"{panel['y'] or 'y'} against {panel['x'] or 'x'}"
    drawn = ", ".join(look["label"] or look["kind"] for look in panel["layers"])
    heading = f"<div><b>{escape(panel['title'])}</b></div>" if panel["title"] else ""
    return (
        f'{heading}<svg xmlns="http://www.w3.org/2000/svg" role="img" '
        f'aria-label="{escape(f"{title}: {drawn}", quote=True)}" '
        f'viewBox="0 0 {wide:.0f} {height:.0f}" width="{wide:.0f}" height="{height:.0f}" '
        'style="max-width:100%;height:auto;font:12px system-ui,sans-serif">'
        f"{''.join(shapes)}</svg>"
    )


def _fitting(panel: Mapping[str, Any], shown: Mapping[str, Data]) -> Any:
    """The ranges that a panel with nothing but matrices or images has now; else None."""
    known = [shown.get(look["id"], {}).get("area") for look in panel["layers"]]
    areas = [one for one in known if one]
    if not panel["fits"] or not areas:
        return None
    return [[min(one[i][0] for one in areas), max(one[i][1] for one in areas)] for i in (0, 1)]


def _text(x: float, y: float, words: str, anchor: str = "middle") -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" '
        f'style="fill:currentColor">{escape(words)}</text>'
    )


def _legend(panel: Mapping[str, Any]) -> str:
    entries = []
    for look in panel["layers"]:
        names = look["look"].get("names") or ([look["label"]] if look["label"] else [])
        colour = look["look"]["colour"]
        for order, name in enumerate(names):
            if look["kind"] not in ("note", "rule", "slope", "heat", "image", "ridges"):
                entries.append(f"{_swatch(look, (colour + order) % 6)} {escape(name)}")
    return " &nbsp; ".join(entries)


def _swatch(look: Mapping[str, Any], colour: int) -> str:
    if look["kind"] not in ("curve", "line", "history"):
        return f'<span style="color:{SERIES[colour]}">■</span>'
    path = stroke("M0 6h26", 2.0, SERIES[colour], DASHES[look["look"]["dash"]])
    return f'<svg width="26" height="12" aria-hidden="true">{path}</svg>'


def _note_lines(look: Mapping[str, Any], shown: Mapping[str, Data]) -> list[str]:
    if look["kind"] != "note" or not shown.get(look["id"]):
        return []
    signs = {None: "", True: "✓ ", False: "✗ "}
    return [f"{signs[line['good']]}{line['text']}" for line in shown[look["id"]]["lines"]]


def _settings(params: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} = {_value(value)}" for name, value in params.items())


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    return short(tidy(value) or 0.0) if isinstance(value, (int, float)) else str(value)
