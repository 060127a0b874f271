"""What a training view shows: the layers as they are after what was yielded, and their ranges."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from course.widgets.figure import layers_of, ranges
from course.widgets.layers import Layer, Panel
from course.widgets.prepared import Data, from_value, prepare
from course.widgets.recording import Recording


class TrainingPicture:
    """The layers of some panels: `shown` is {layer: data}; lines follow the names in `numbers`."""

    def __init__(self, panels: Sequence[Panel]) -> None:
        self._panels = panels
        self._layers = {name: (one, layer) for name, one, layer in layers_of(panels)}
        self.numbers = {
            layer.source for _, layer in self._layers.values() if layer.kind == "history"
        }
        self._fixed = {  # what the author wrote: reference lines, for example
            name: prepare(layer, {}, one)
            for name, (one, layer) in self._layers.items()
            if (not isinstance(layer.source, str) or layer.kind == "note")
            and not (layer.kind == "note" and callable(layer.source))
        }
        self.shown: dict[str, Data] = {}
        self._missing: list[str] = []
        self.forget()

    def forget(self) -> None:
        """Shows what the author wrote, and nothing else."""
        self.shown, self._missing = dict(self._fixed), []

    def draw(self, yielded: Mapping[str, Any], recording: Recording) -> None:
        """Takes over what was yielded last, and keeps the pictures in `recording`."""
        for name, (one, layer) in self._layers.items():
            if layer.kind == "history":
                self.shown[name] = recording.history(layer.source)
            elif isinstance(layer.source, str) and layer.kind != "note":
                if layer.source in yielded:
                    self.shown[name] = _drawn(layer, one, yielded[layer.source])
            elif layer.kind == "note" and callable(layer.source):
                self.shown[name] = from_value(layer, layer.source(yielded))
        names = {
            layer.source
            for _, layer in self._layers.values()
            if isinstance(layer.source, str) and layer.kind != "note"
        }
        self._missing = sorted(names - set(yielded))
        recording.keep(
            {
                name: data
                for name, data in self.shown.items()
                if self._layers[name][1].kind != "history" and name not in self._fixed
            }
        )

    def missing(self, yielded: Mapping[str, Any]) -> dict[str, Any]:
        """The problem that some names were never yielded, or {}."""
        if not self._missing:
            return {}
        known = ", ".join(yielded)
        text = f"the loop has not yielded {', '.join(self._missing)} yet; it yields {known}"
        return {"text": text, "function": None, "line": None, "code": ""}

    def frame(self, step: int, before: Sequence[Any] = ()) -> dict[str, Any]:
        """What is shown after `step`, for the browser; axes grow from what they were `before`."""
        spans: list[Any] = []
        for number, one in enumerate(self._panels):
            drawn = [
                (layer, self.shown[f"{number}.{place}"])
                for place, layer in enumerate(one.layers)
                if f"{number}.{place}" in self.shown
            ]
            spans.append(ranges(one, drawn))
        if before and step > 1:
            spans = [
                _steady(one, *two) for one, *two in zip(self._panels, before, spans, strict=True)
            ]
        return {"step": step, "layers": dict(self.shown), "ranges": spans}


def _drawn(layer: Layer, one: Panel, value: Any) -> Data:
    """What was yielded, as data; a function is called for it, over the layer's coordinates."""
    if callable(value):
        if layer.over is not None:
            return prepare(replace(layer, source=value), {}, one)
        value = value()
    return from_value(layer, value)


def _steady(one: Panel, before: Any, now: Any) -> Any:
    """Axes along which steps are counted follow; the others only grow."""
    if all(layer.kind in ("history", "rule", "note") for layer in one.layers):
        return now
    return [
        [min(old[0], new[0]), max(old[1], new[1])] for old, new in zip(before, now, strict=True)
    ]
