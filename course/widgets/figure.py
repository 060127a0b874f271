"""A live plot or training view as JSON data for the browser: panels, layers, colours, ranges."""

import math
from collections.abc import Sequence
from typing import Any

from course.widgets.layers import Layer, Panel, panel
from course.widgets.prepared import Data, extent
from course.widgets.values import short_repr

Range = list[float]
COLOURED = ("curve", "line", "history", "fill", "band", "columns", "histogram", "dots", "handles")
TIGHT = ("heat", "image", "ridges")
FROM_ZERO = ("columns", "histogram")


def as_panels(given: Sequence[Any], **options: Any) -> list[Panel]:
    """Panels from layers, or from panels and lists of layers; `options` are those of `panel`.

    Raises TypeError for anything else.
    """
    if not given:
        raise TypeError("there is nothing to draw: give a layer such as curve(f, over=(-4, 4))")
    if all(isinstance(one, Layer) for one in given):
        return [panel(*given, **options)]
    panels = []
    for one in given:
        if isinstance(one, Panel):
            panels.append(one)
        elif isinstance(one, list):
            panels.append(panel(*one, **options))
        elif isinstance(one, Layer):
            panels.append(panel(one, **options))
        else:
            raise TypeError(f"give layers or panels, not {short_repr(one)}")
    return panels


def layers_of(panels: Sequence[Panel]) -> list[tuple[str, Panel, Layer]]:
    """Every layer with its identity: "1.0" is the first layer of the second panel."""
    return [
        (f"{number}.{place}", one, layer)
        for number, one in enumerate(panels)
        for place, layer in enumerate(one.layers)
    ]


def describe(panels: Sequence[Panel]) -> list[dict[str, Any]]:
    """The panels as JSON data, without what they draw."""
    return [
        {
            "title": one.title,
            "x": one.x,
            "y": one.y,
            "log": one.log,
            "equal": one.equal,
            "height": one.height,
            "down": _down(one),
            "fits": _down(one) and one.x_range is None and one.y_range is None,
            "layers": [
                {"id": f"{number}.{place}", **look} for place, look in enumerate(_looks(one.layers))
            ],
        }
        for number, one in enumerate(panels)
    ]


def ranges(one: Panel, drawn: Sequence[tuple[Layer, Data]]) -> tuple[Range, Range]:
    """The ranges of both axes that hold everything drawn; those the author fixed are kept."""
    xs: list[float] = []
    ys: list[float] = []
    kinds = {layer.kind for layer in one.layers if layer.kind not in ("note", "rule")}
    tight = bool(kinds & set(TIGHT))
    for layer, data in drawn:
        if tight and layer.kind not in TIGHT:
            continue  # a heat map fills its axes, whatever lies over it
        more_x, more_y = extent(layer, data)
        xs += more_x
        ys += more_y
    across = _range(one.x_range, xs, "x" in one.log, 0.0 if kinds & {"curve", "fill"} else 0.03)
    if tight and not one.x_range:
        across = _range(None, xs, False, 0.0)
    up = _range(one.y_range, ys, "y" in one.log, 0.0 if tight else 0.06)
    if kinds <= set(FROM_ZERO) and ys and min(ys) >= 0 and not one.y_range and "y" not in one.log:
        up[0] = 0.0
    if kinds and kinds <= set(FROM_ZERO) and not one.x_range:
        across = _range(None, xs, "x" in one.log, 0.0)
    return across, up


def _looks(layers: Sequence[Layer]) -> list[dict[str, Any]]:
    next_colour = 0
    of_source: dict[int, int] = {}
    looks = []
    for layer in layers:
        look = {key: value for key, value in layer.look.items() if _sendable(value)}
        if layer.kind in COLOURED and look.get("colour") is None:
            look["colour"] = next_colour % 6
            next_colour += max(len(look.get("names") or []), 1)
        elif look.get("colour") is None:
            look["colour"] = of_source.get(id(layer.source), 3)
        if look.get("dash") is None:
            look["dash"] = look["colour"]
        of_source.setdefault(id(layer.source), look["colour"])
        looks.append(
            {
                "kind": layer.kind,
                "label": layer.label,
                "over": _listed(layer.over),
                "samples": layer.samples,
                "look": look,
            }
        )
    return looks


def _down(one: Panel) -> bool:
    """Whether row 0 is on top: for matrices and images without coordinates."""
    drawn = [layer for layer in one.layers if layer.kind in ("heat", "image")]
    return bool(drawn) and all(layer.over is None for layer in drawn)


def _range(fixed: Any, values: Sequence[float], log: bool, margin: float) -> Range:
    if fixed is not None:
        return [float(fixed[0]), float(fixed[1])]
    values = [value for value in values if value > 0 or not log]
    if not values:
        return [0.1, 10.0] if log else [0.0, 1.0]
    low, high = min(values), max(values)
    if log:
        low, high = math.log10(low), math.log10(high)
    if high - low < 1e-9 * max(abs(low), abs(high), 1e-30):
        middle = abs(low) or 1.0
        low, high = low - middle / 2, high + middle / 2
    edge = (high - low) * margin
    low, high = low - edge, high + edge
    return [float(f"{10**low:.6g}"), float(f"{10**high:.6g}")] if log else [low, high]


def _sendable(value: Any) -> bool:
    return value is None or isinstance(value, (bool, int, float, str, list, tuple))


def _listed(value: Any) -> Any:
    return [_listed(one) for one in value] if isinstance(value, tuple) else value
