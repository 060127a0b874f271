"""The layers of a plot as SVG shapes, one function a kind, and pixels as PNG."""

import base64
import itertools
import struct
import zlib
from collections.abc import Callable, Sequence
from typing import Any

from course.widgets.pictures import SERIES
from course.widgets.prepared import Data

DASHES = ("", "7 4", "2 3", "9 3 2 3", "12 4", "5 2 1 2")
SEQUENTIAL = ((68, 1, 84), (59, 82, 139), (33, 145, 140), (94, 201, 98), (253, 231, 37))
DIVERGING = ((0, 90, 160), (120, 180, 220), (245, 245, 245), (240, 170, 90), (190, 80, 0))
MAX_STILL_MARKS = 600

Place = Callable[[float], float]


def png(width: int, height: int, rgb: bytes) -> str:
    """Pixels (3 bytes each, from the top left) as a PNG data address."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        crc = zlib.crc32(kind + data)
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", crc)

    rows = b"".join(
        b"\0" + rgb[at : at + 3 * width] for at in range(0, 3 * width * height, 3 * width)
    )
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    whole = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows, 9)) + chunk(b"IEND", b"")
    data = b"\x89PNG\r\n\x1a\n" + whole
    return "data:image/png;base64," + base64.b64encode(data).decode("ascii")


def shade(part: float, diverging: bool) -> tuple[int, int, int]:
    """The colour of a number from 0 to 1 on the course's colour scales."""
    stops = DIVERGING if diverging else SEQUENTIAL
    at = min(max(part, 0.0), 1.0) * (len(stops) - 1)
    below = min(int(at), len(stops) - 2)
    red, green, blue = (
        round(one + (other - one) * (at - below))
        for one, other in zip(stops[below], stops[below + 1], strict=True)
    )
    return red, green, blue


# one function a kind: (look, data, x, y) → shapes


def _lines(look: Any, data: Data, x: Place, y: Place) -> list[str]:
    xs = data["x"] * len(data["y"]) if len(data["x"]) == 1 else data["x"]
    thin = 1.0 if look["look"].get("faint") else 2.0
    shapes = []
    for places, row in zip(xs, data["y"], strict=True):
        path = _path(places, row, x, y)
        if path.count("L") == 0 and path:  # a single place would be invisible as a line
            px, py = (float(part) for part in path[1:].split("M")[0].split())
            shapes.append(_mark(0, px, py, 3, _colour(look)))
        elif path:
            dash = DASHES[look["look"]["dash"]]
            shapes.append(stroke(path, thin, _colour(look), dash))
    return shapes


def _band(look: Any, data: Data, x: Place, y: Place) -> list[str]:
    rows = zip(data["x"], data["low"], data["high"], strict=True)
    known = [place for place in rows if None not in place]
    there = [f"{x(place):.1f} {y(high):.1f}" for place, _, high in known]
    back = [f"{x(place):.1f} {y(low):.1f}" for place, low, _ in reversed(known)]
    if not there:
        return []
    return [f'<path d="M{"L".join(there + back)}Z" style="fill:{_colour(look)};fill-opacity:.25"/>']


def _columns(look: Any, data: Data, x: Place, y: Place) -> list[str]:
    rows = [[height or 0.0 for height in row] for row in data["heights"]]
    edges = data.get("edges")
    stacked = look["look"].get("stacked")
    shapes = []
    for number in range(len(rows[0])):
        left, right = (
            (edges[number], edges[number + 1]) if edges else (number - 0.38, number + 0.38)
        )
        base = 0.0
        for order, row in enumerate(rows):
            from_x, to_x = left, right
            if not stacked and len(rows) > 1:
                width = (right - left) / len(rows)
                from_x, to_x = left + width * order, left + width * (order + 1)
            top, bottom = y(base + max(row[number], 0)), y(base + min(row[number], 0))
            colour = SERIES[(look["look"]["colour"] + order) % 6]
            shapes.append(
                f'<rect x="{x(from_x):.1f}" y="{min(top, bottom):.1f}" '
                f'width="{max(x(to_x) - x(from_x) - 0.5, 0.5):.1f}" '
                f'height="{abs(bottom - top):.1f}" style="fill:{colour}"/>'
            )
            base += row[number] if stacked else 0.0
    return shapes


def _ridges(look: Any, data: Data, x: Place, y: Place) -> list[str]:
    shapes = []
    most = max([1.0, *(count for row in data["counts"] for count in row)])
    edges = data["edges"]
    middles = [(one + other) / 2 for one, other in itertools.pairwise(edges)]
    for number, row in enumerate(data["counts"]):
        tops = [number + 0.9 * count / most for count in row]
        colour = {"look": {"colour": number % 6}}
        shapes += _band(colour, {"x": middles, "low": [number] * len(row), "high": tops}, x, y)
        shapes.append(stroke(_path(middles, tops, x, y), 1.5, SERIES[number % 6]))
    return shapes


def _heat(look: Any, data: Data, x: Place, y: Place) -> list[str]:
    low, high = data["low"], data["high"]
    span = (high - low) or 1.0
    rgb = bytearray()
    for row in data["rows"]:
        for value in row:
            rgb += bytes(
                (128, 128, 128)
                if value is None
                else shade((value - low) / span, look["look"]["diverging"])
            )
    rows, wide = data["rows"], len(data["rows"][0])
    if y(data["area"][1][0]) > y(data["area"][1][1]):  # row 0 is the lowest
        rgb = bytearray(
            b"".join(rgb[3 * wide * at : 3 * wide * (at + 1)] for at in reversed(range(len(rows))))
        )
    return [_picture(png(wide, len(rows), bytes(rgb)), data["area"], x, y)]


def _image(look: Any, data: Data, x: Place, y: Place) -> list[str]:
    rgb = base64.b64decode(data["rgb"])
    return [_picture(png(data["width"], data["height"], rgb), data["area"], x, y)]


def _arrows(look: Any, data: Data, x: Place, y: Place) -> list[str]:
    scaled = arrow_scale(look, data)
    shapes: list[str] = []
    for px, py, u, v in zip(data["x"], data["y"], data["u"], data["v"], strict=True):
        if None in (px, py, u, v) or len(shapes) >= MAX_STILL_MARKS:
            continue
        shapes.append(f"M{x(px):.1f} {y(py):.1f}L{x(px + u * scaled):.1f} {y(py + v * scaled):.1f}")
    return [stroke("".join(shapes), 1.3, _colour(look))] if shapes else []


def arrow_scale(look: Any, data: Data) -> float:
    """What u and v are multiplied with: on a grid, so that the longest spans one cell."""
    if not look["over"]:
        return float(look["look"]["scale"])
    (left, right), (low, high) = look["over"]
    longest = max(
        [(u * u + v * v) ** 0.5 for u, v in zip(data["u"], data["v"], strict=True) if u and v]
        or [1.0]
    )
    cell = min(right - left, high - low) / (look["samples"] + 1)
    return float(look["look"]["scale"]) * cell / (longest or 1.0)


def _dots(look: Any, data: Data, x: Place, y: Place) -> list[str]:
    shapes = []
    groups = data.get("group") or [0] * len(data["x"])
    every = max(len(groups) // MAX_STILL_MARKS, 1)
    size = look["look"]["size"]
    for px, py, group in list(zip(data["x"], data["y"], groups, strict=True))[::every]:
        if px is not None and py is not None:
            colour = SERIES[(look["look"]["colour"] + group) % 6]
            shapes.append(_mark(group, x(px), y(py), size, colour))
    return shapes


def _handles(look: Any, data: Data, x: Place, y: Place) -> list[str]:
    return [
        _mark(look["look"]["mark"], x(px), y(py), 6, _colour(look)) for px, py in data["places"]
    ]


def _rule(look: Any, data: Data, x: Place, y: Place) -> list[str]:
    shapes = []
    for at in data["at"]:
        if at is not None:
            path = f"M{x(at):.1f} 0v2000" if look["look"]["axis"] == "x" else f"M0 {y(at):.1f}h2000"
            shapes.append(stroke(path, 1.2, "currentColor", "5 4"))
    return shapes


DRAW: dict[str, Callable[[Any, Data, Place, Place], list[str]]] = {
    "curve": _lines,
    "line": _lines,
    "history": _lines,
    "fill": _band,
    "band": _band,
    "columns": _columns,
    "histogram": _columns,
    "ridges": _ridges,
    "heat": _heat,
    "image": _image,
    "arrows": _arrows,
    "dots": _dots,
    "handles": _handles,
    "rule": _rule,
}


# parts


def _colour(look: Any) -> str:
    return SERIES[look["look"]["colour"]]


def stroke(path: str, width: float, colour: str = "currentColor", dash: str = "") -> str:
    dashed = f"stroke-dasharray:{dash};" if dash else ""
    return (
        f'<path d="{path}" style="{dashed}fill:none;stroke:{colour};stroke-width:{width};'
        'stroke-linejoin:round"/>'
    )


def _path(xs: Sequence[Any], ys: Sequence[Any], x: Place, y: Place) -> str:
    parts = []
    pen = "M"
    for place, value in zip(xs, ys, strict=True):
        if place is None or value is None:
            pen = "M"
            continue
        px, py = x(place), y(value)
        if abs(px) < 1e5 and abs(py) < 1e5:
            parts.append(f"{pen}{px:.1f} {py:.1f}")
            pen = "L"
        else:
            pen = "M"
    return "".join(parts)


def _mark(shape: int, x: float, y: float, r: float, colour: str) -> str:
    paths = {
        1: f"M{x - r:.1f} {y - r:.1f}h{2 * r}v{2 * r}h{-2 * r}z",
        2: f"M{x:.1f} {y - r * 1.2:.1f}l{r * 1.1:.1f} {2 * r}h{-2.2 * r:.1f}z",
        3: f"M{x:.1f} {y - r * 1.3:.1f}l{r} {r * 1.3:.1f}l{-r} {r * 1.3:.1f}l{-r} {-r * 1.3:.1f}z",
    }
    if shape % 4 in paths:
        return f'<path d="{paths[shape % 4]}" style="fill:{colour}"/>'
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{r}" style="fill:{colour}"/>'


def _picture(address: str, area: Any, x: Place, y: Place) -> str:
    (left, right), (low, high) = area
    top = min(y(low), y(high))
    return (
        f'<image href="{address}" x="{x(left):.1f}" y="{top:.1f}" width="{x(right) - x(left):.1f}" '
        f'height="{abs(y(high) - y(low)):.1f}" preserveAspectRatio="none" '
        'style="image-rendering:pixelated"/>'
    )
