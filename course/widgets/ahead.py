"""Pictures computed ahead, one for each value of the sliders a layer answers to.

They travel to the browser once, so that moving a slider asks no kernel:
{"at": [{"name", "values", "linear"}], "common": data, "frames": [data, …], "problems": {"3": …}}.
The last slider varies fastest; what is the same in all frames is in `common`.
"""

import itertools
import time
from collections.abc import Mapping, Sequence
from typing import Any

from course.widgets.controls import Control
from course.widgets.layers import Layer, Panel
from course.widgets.limits import Cut
from course.widgets.prepared import Data, prepare, size
from course.widgets.problems import explain

MAX_FRAMES = 600
MAX_NUMBERS = 150_000
MAX_SECONDS = 2.0

Frames = dict[str, Any]


def frames(
    layer: Layer, panel: Panel, names: Sequence[str], controls: Mapping[str, Control]
) -> Frames | None:
    """The layer for all values of the controls `names`; None when that is too much to compute
    or to send: the kernel then computes one picture at a time.
    """
    at: list[dict[str, Any]] = [
        {
            "name": name,
            "values": list(controls[name].ahead()),
            "linear": bool(controls[name].linear),
        }
        for name in names
    ]
    combinations = itertools.product(*(one["values"] for one in at))
    places = list(itertools.islice(combinations, MAX_FRAMES + 1))
    if len(places) > MAX_FRAMES:
        return None
    deadline = time.monotonic() + MAX_SECONDS
    found: list[Data | None] = []
    problems: dict[str, Any] = {}
    numbers = 0
    for place, values in enumerate(places):
        try:
            data = prepare(layer, dict(zip(names, values, strict=True)), panel)
            numbers += size(data)
            found.append(data)
        except (Exception, Cut) as error:
            problems[str(place)] = explain(error, layer.source)
            found.append(None)
            if isinstance(error, Cut):
                return None
        if time.monotonic() > deadline or numbers > 4 * MAX_NUMBERS:
            return None
    _share_colours(layer, [data for data in found if data is not None])
    common = _common([data for data in found if data is not None])
    short = [data and {key: data[key] for key in data if key not in common} for data in found]
    if size([data for data in short if data is not None]) + size(common) > MAX_NUMBERS:
        return None
    return {"at": at, "common": common, "frames": short, "problems": problems}


def frame(computed: Frames, params: Mapping[str, Any]) -> Data | None:
    """The frame nearest to these values (the browser interpolates; a still picture need not)."""
    place = 0
    for one in computed["at"]:
        values, wanted = one["values"], params[one["name"]]
        if wanted in values:
            nearest = values.index(wanted)
        else:
            nearest = min(range(len(values)), key=lambda i: abs(values[i] - wanted))
        place = place * len(values) + nearest
    data = computed["frames"][place]
    return None if data is None else {**computed["common"], **data}


def every(computed: Frames) -> list[Data]:
    """All frames, whole."""
    return [{**computed["common"], **data} for data in computed["frames"] if data is not None]


def _share_colours(layer: Layer, found: Sequence[Data]) -> None:
    """One range of colours for all frames of a heat map: else nothing seems to grow."""
    if layer.kind == "heat" and found:
        low, high = min(data["low"] for data in found), max(data["high"] for data in found)
        for data in found:
            data.update(low=low, high=high)


def _common(found: Sequence[Data]) -> Data:
    if not found:
        return {}
    first, *others = found
    return {
        key: value for key, value in first.items() if all(data.get(key) == value for data in others)
    }
