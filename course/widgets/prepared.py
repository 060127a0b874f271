"""A layer's data as short JSON for the browser and for still pictures, checked on the way.

What each kind becomes (all numbers finite or None):

- curve, line, history: {"x": [[…], …], "y": [[…], …]}; one x for all lines, or one each
- slope: {"x", "y", "d"};   fill, band: {"x", "low", "high"}
- columns: {"labels" or "edges", "heights": [[…], …]};   ridges: {"names", "edges", "counts"}
- heat: {"rows", "low", "high", "area"};   image: {"width", "height", "rgb" (base64), "area"}
- arrows: {"x", "y", "u", "v"};   dots: {"x", "y"[, "group"]}
- rule: {"at": […]};   note: {"lines": [{"text", "good"}]}

Every function here raises TypeError or ValueError, in a sentence, for data that does not fit.
"""

import base64
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from course.widgets.layers import Layer, Panel
from course.widgets.sampling import Numbers, numbers, plain, sample, spaced, tidy
from course.widgets.values import short_repr

Data = dict[str, Any]
MAX_MARKS = 100_000


def prepare(layer: Layer, params: Mapping[str, Any], panel: Panel) -> Data:
    """The layer's data for these named arguments. Raises what the reader's function raises."""
    source = layer.source
    if callable(source):
        if layer.leading == 1:
            source = _over_a_line(layer, source, params, "x" in panel.log)
        elif layer.leading == 2:
            source = _over_a_grid(layer, source, params)
        else:
            source = source(**params)
    return from_value(layer, source)


def from_value(layer: Layer, value: Any) -> Data:
    """The layer's data from what its function gave, its loop yielded, or its author wrote."""
    return _KINDS[layer.kind](layer, value)


def extent(layer: Layer, data: Data) -> tuple[list[float], list[float]]:
    """Every x and every y (or their ends) that the panel's ranges must hold."""
    kind = layer.kind
    xs: list[Any] = []
    ys: list[Any] = []
    if kind in ("curve", "line", "history"):
        xs = [x for row in data["x"] for x in row]
        ys = [y for row in data["y"] for y in row]
    elif kind in ("fill", "band"):
        xs, ys = data["x"], data["low"] + data["high"]
    elif kind in ("slope", "dots"):
        xs, ys = data["x"], data["y"]
    elif kind in ("columns", "histogram"):
        edges = data.get("edges") or [-0.5, len(data["labels"]) - 0.5]
        xs, ys = [edges[0], edges[-1]], [0.0, *_tops(layer, data)]
    elif kind == "ridges":
        rows = len(data["names"])
        xs, ys = [data["edges"][0], data["edges"][-1]], [-0.1, rows + 0.05]
    elif kind in ("heat", "image"):
        xs, ys = data["area"]
    elif kind == "arrows":
        xs, ys = data["x"], data["y"]
        if layer.over:
            (left, right), (low, high) = layer.over
            xs, ys = [left, right], [low, high]
    elif kind == "rule":
        xs, ys = (data["at"], []) if layer.look["axis"] == "x" else ([], data["at"])
    elif kind == "handles":
        xs, ys = [x for x, _ in layer.source], [y for _, y in layer.source]
    return [x for x in xs if x is not None], [y for y in ys if y is not None]


def size(data: Any) -> int:
    """How many numbers there are in prepared data (a string counts by its length)."""
    if isinstance(data, dict):
        return sum(map(size, data.values()))
    if isinstance(data, list):
        return len(data) if data and not isinstance(data[0], (list, dict)) else sum(map(size, data))
    return len(data) // 8 + 1 if isinstance(data, str) else 1


def _over_a_line(layer: Layer, f: Any, params: Mapping[str, Any], log: bool) -> Any:
    assert layer.over is not None
    low, high = layer.over
    xs = spaced(low, high, layer.samples, log and low > 0)
    outputs = sample(f, [xs], params)
    if layer.kind == "curve":
        return xs, outputs
    if layer.kind == "fill":
        return xs, outputs[0] if len(outputs) > 1 else [0.0] * len(xs), outputs[-1]
    if layer.look["derivative"]:
        return xs, outputs[0], sample(layer.look["derivative"], [xs], params)[0]
    step = (xs[-1] - xs[0]) * 1e-4
    behind, ahead = (sample(f, [[x + way * step for x in xs]], params)[0] for way in (-1, 1))
    rates: Numbers = [
        None if before is None or after is None else (after - before) / (2 * step)
        for before, after in zip(behind, ahead, strict=True)
    ]
    return xs, outputs[0], rates


def _over_a_grid(layer: Layer, f: Any, params: Mapping[str, Any]) -> Any:
    assert layer.over is not None
    (left, right), (low, high) = layer.over
    if layer.kind == "heat":  # the middles of the cells
        half = (right - left) / layer.samples / 2, (high - low) / layer.samples / 2
        columns = spaced(left + half[0], right - half[0], layer.samples)
        rows = spaced(low + half[1], high - half[1], layer.samples)
    else:
        columns = spaced(left, right, layer.samples + 2)[1:-1]
        rows = spaced(low, high, layer.samples + 2)[1:-1]
    xs = [x for _ in rows for x in columns]
    ys = [y for y in rows for _ in columns]
    outputs = sample(f, [xs, ys], params)
    if layer.kind == "heat":
        flat = outputs[0]
        wide = len(columns)
        return [flat[at : at + wide] for at in range(0, len(flat), wide)]
    if len(outputs) != 2:
        raise ValueError(f"arrows are two numbers (u, v) a place; {len(outputs)} came")
    return xs, ys, outputs[0], outputs[1]


# one function a kind


def _lines(layer: Layer, value: Any) -> Data:
    x, y = _parts(layer, value, 2)
    xs, ys = _rows(x, "x"), _rows(y, "y")
    if len(xs) not in (1, len(ys)):
        raise ValueError(f"{_what(layer)}: {len(xs)} lists of x for {len(ys)} lines")
    for row in ys:
        if any(len(places) != len(row) for places in (xs if len(xs) == 1 else [])):
            raise ValueError(f"{_what(layer)}: x has {len(xs[0])} numbers, y has {len(row)}")
    for places, row in zip(xs, ys, strict=False):
        if len(places) != len(row):
            raise ValueError(f"{_what(layer)}: x has {len(places)} numbers, y has {len(row)}")
    return {"x": xs, "y": ys}


def _band(layer: Layer, value: Any) -> Data:
    x, low, high = _equal(layer, _parts(layer, value, 3), ("x", "low", "high"))
    return {"x": x, "low": low, "high": high}


def _slope(layer: Layer, value: Any) -> Data:
    x, y, d = _equal(layer, _parts(layer, value, 3), ("x", "y", "d"))
    return {"x": x, "y": y, "d": d}


def _columns(layer: Layer, value: Any) -> Data:
    if isinstance(value, Mapping):
        value = list(value), list(value.values())
    labels, heights = _parts(layer, value, 2)
    names = [str(one) for one in plain(labels)]
    rows = _rows(heights, "heights")
    for row in rows:
        if len(row) != len(names):
            raise ValueError(f"{_what(layer)}: {len(names)} labels for {len(row)} heights")
    wanted = layer.look["names"]
    if wanted and len(wanted) != len(rows):
        raise ValueError(f"{_what(layer)}: {len(wanted)} names for {len(rows)} lists of heights")
    return {"labels": names, "heights": rows}


def _histogram(layer: Layer, value: Any) -> Data:
    flat = _flat(value, "histogram")
    edges = _edges(layer, [flat])
    return {"edges": edges, "heights": [_counts(flat, edges)]}


def _ridges(layer: Layer, value: Any) -> Data:
    if not isinstance(value, Mapping) or not value:
        raise TypeError(f"histograms take {{name: numbers}}, not {short_repr(value)}")
    rows = {str(name): _flat(one, str(name)) for name, one in value.items()}
    edges = _edges(layer, list(rows.values()))
    return {
        "names": list(rows),
        "edges": edges,
        "counts": [_counts(row, edges) for row in rows.values()],
    }


def _heat(layer: Layer, value: Any) -> Data:
    rows = _rows(value, "heat")
    if not rows or not rows[0] or len({len(row) for row in rows}) != 1:
        raise ValueError(f"{_what(layer)}: a heat map needs rows of one length")
    low, high = layer.look["span"] or _bounds([one for row in rows for one in row])
    if layer.look["diverging"] and not layer.look["span"]:
        high = max(abs(low), abs(high))
        low = -high
    return {
        "rows": rows,
        "low": float(low),
        "high": float(high),
        "area": _area(layer, len(rows[0]), len(rows)),
    }


def _image(layer: Layer, value: Any) -> Data:
    rows = plain(value)
    try:
        height, width = len(rows), len(rows[0])
        whole = isinstance(_first(rows), int)
        scale = 1 if whole else 255
        flat = bytearray()
        for row in rows:
            if len(row) != width:
                raise ValueError("its rows differ in length")
            for pixel in row:
                for part in pixel if isinstance(pixel, list) else (pixel, pixel, pixel):
                    flat.append(min(max(round(part * scale), 0), 255) if part == part else 0)
        if len(flat) != 3 * width * height:
            raise ValueError("a pixel is one number or three")
    except (TypeError, IndexError, ValueError) as error:
        raise ValueError(f"{_what(layer)} is no H × W or H × W × 3 image: {error}") from None
    return {
        "width": width,
        "height": height,
        "rgb": base64.b64encode(flat).decode("ascii"),
        "area": _area(layer, width, height),
    }


def _area(layer: Layer, width: int, height: int) -> list[list[float]]:
    """The rectangle [[left, right], [low, high]]; a matrix's cell (0, 0) is around (0, 0)."""
    if layer.over is not None:
        return [list(side) for side in layer.over]
    return [[-0.5, width - 0.5], [-0.5, height - 0.5]]


def _arrows(layer: Layer, value: Any) -> Data:
    x, y, u, v = _equal(layer, _parts(layer, value, 4), ("x", "y", "u", "v"))
    return {"x": x, "y": y, "u": u, "v": v}


def _dots(layer: Layer, value: Any) -> Data:
    """A tuple is (xs, ys) or (xs, ys, groups); anything else has a row [x, y(, group)] a dot."""
    if not isinstance(value, tuple):
        rows = plain(value)
        if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
            raise TypeError(f"{_what(layer)} takes xs and ys, or rows [x, y]")
        if len({len(row) for row in rows}) > 1:
            raise ValueError(f"{_what(layer)}: its rows [x, y] differ in length")
        value = tuple(zip(*rows, strict=True)) if rows else ([], [])
    if len(value) not in (2, 3):
        raise ValueError(f"{_what(layer)}: dots are xs and ys (and groups), not {len(value)} lists")
    parts = _equal(layer, value, ("x", "y", "groups"))
    if len(parts[0]) > MAX_MARKS:
        raise ValueError(f"{_what(layer)}: at most {MAX_MARKS:,} dots can be drawn")
    data: Data = {"x": parts[0], "y": parts[1]}
    if len(parts) == 3:
        data["group"] = [int(group or 0) for group in parts[2]]
    return data


def _rule(layer: Layer, value: Any) -> Data:
    at = plain(value)
    return {"at": numbers(at if isinstance(at, list) else [at], _what(layer))}


def _note(layer: Layer, value: Any) -> Data:
    lines = value if isinstance(value, list) else [value]
    told = []
    for one in lines:
        text, good = one if isinstance(one, tuple) else (one, None)
        told.append({"text": str(text), "good": None if good is None else bool(good)})
    return {"lines": told}


def _no_data(layer: Layer, value: Any) -> Data:
    return {}


_KINDS: dict[str, Callable[[Layer, Any], Data]] = {
    "curve": _lines,
    "line": _lines,
    "history": _lines,
    "slope": _slope,
    "fill": _band,
    "band": _band,
    "columns": _columns,
    "histogram": _histogram,
    "ridges": _ridges,
    "heat": _heat,
    "image": _image,
    "arrows": _arrows,
    "dots": _dots,
    "rule": _rule,
    "note": _note,
    "handles": _no_data,
}


# parts


def _what(layer: Layer) -> str:
    return f"{layer.kind} {layer.label!r}" if layer.label else layer.kind


def _parts(layer: Layer, value: Any, count: int) -> Sequence[Any]:
    if not isinstance(value, (tuple, list)) or len(value) != count:
        raise TypeError(f"{_what(layer)} takes {count} lists, not {short_repr(value)}")
    return value


def _rows(value: Any, what: str) -> list[Numbers]:
    """One or several lists of numbers as a list of lists."""
    rows = plain(value)
    if not isinstance(rows, list):
        raise TypeError(f"{what} is a list of numbers, not {short_repr(rows)}")
    if rows and isinstance(rows[0], list):
        return [numbers(row, what) for row in rows]
    return [numbers(rows, what)]


def _equal(layer: Layer, parts: Sequence[Any], names: Sequence[str]) -> list[Numbers]:
    lists = [numbers(part, name) for part, name in zip(parts, names, strict=False)]
    lengths = [len(one) for one in lists]
    if len(set(lengths)) > 1:
        told = ", ".join(f"{name} {n}" for name, n in zip(names, lengths, strict=False))
        raise ValueError(f"{_what(layer)}: lists of one length are needed, but there are {told}")
    return lists


def _flat(value: Any, what: str) -> list[float]:
    waiting = [plain(value)]
    found: list[float] = []
    while waiting:
        one = waiting.pop()
        if isinstance(one, list):
            if one and isinstance(one[0], list):
                waiting.extend(one)
            else:
                found.extend(number for number in numbers(one, what) if number is not None)
        else:
            raise TypeError(f"{what}: numbers were expected, not {short_repr(one)}")
    return found


def _edges(layer: Layer, rows: list[list[float]]) -> list[float]:
    low, high = layer.look["span"] or _bounds([one for row in rows for one in row])
    return spaced(low, high, layer.samples + 1)


def _counts(values: list[float], edges: list[float]) -> list[float]:
    counts = [0.0] * (len(edges) - 1)
    low, width = edges[0], (edges[-1] - edges[0]) / len(counts)
    for value in values:
        if edges[0] <= value <= edges[-1]:
            counts[min(int((value - low) / width), len(counts) - 1)] += 1
    return counts


def _bounds(values: list[Any]) -> tuple[float, float]:
    known = [value for value in values if value is not None]
    if not known:
        return 0.0, 1.0
    low, high = min(known), max(known)
    if low == high:
        return low - 0.5, high + 0.5
    return tidy(low) or 0.0, tidy(high) or 0.0


def _tops(layer: Layer, data: Data) -> list[float]:
    rows = [[one or 0.0 for one in row] for row in data["heights"]]
    if layer.look.get("stacked"):
        return [sum(parts) for parts in zip(*rows, strict=True)]
    return [one for row in rows for one in row]


def _first(value: Any) -> Any:
    while isinstance(value, list):
        value = value[0]
    return value
