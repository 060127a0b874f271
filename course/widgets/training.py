"""`train_live(train, settings=…, views=…)`: watch the reader's own training loop, and steer it.

The loop is a plain generator function: it takes the settings, and yields a dictionary after each
step. It runs in the background; the view gets the newest picture, at most `UPDATES` times a second,
and the notebook stays free. Where there is no front end, nothing runs by itself.
"""

import asyncio
import random
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import anywidget
import traitlets

from course.widgets.bundle import bundle, styles
from course.widgets.controls import Control, as_controls
from course.widgets.figure import as_panels, describe, layers_of, ranges
from course.widgets.layers import Layer, Panel, history, panel
from course.widgets.limits import Cut
from course.widgets.loop import Loop
from course.widgets.prepared import Data, from_value, prepare
from course.widgets.problems import explain, sentence
from course.widgets.recording import Recording
from course.widgets.still import still_html, still_text
from course.widgets.values import short_repr

__all__ = ["Settings", "TrainingView", "train_live"]

UPDATES = 20
STILL_PICTURES = 24

Train = Callable[["Settings"], Iterator[Mapping[str, Any]]]


class Settings(Mapping[str, Any]):
    """What the reader has set, as attributes and as a mapping: always the values of now.

    `settings.seed` is the seed that the run began with.
    """

    def __init__(self, values: Mapping[str, Any], seed: int) -> None:
        self._values = dict(values)
        self.seed = seed

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or name not in self._values:
            known = ", ".join([*self.__dict__.get("_values", {}), "seed"])
            raise AttributeError(f"there is no setting {name!r}; there is {known}")
        return self._values[name]

    def __getitem__(self, name: str) -> Any:
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def set(self, values: Mapping[str, Any]) -> None:
        """Takes over what was set on the way."""
        self._values.update(values)


class TrainingView(anywidget.AnyWidget):
    """A live training view (made by `train_live`).

    `params` (the settings), `status` ("ready", "running", "paused", "finished" or "failed"), `step`
    and `speed` (steps a second, 0 for as fast as possible) can be linked and observed.
    """

    _esm = bundle("training.js")
    _css = styles("live.css")

    params = traitlets.Dict().tag(sync=True)
    status = traitlets.Unicode("ready").tag(sync=True)
    step = traitlets.Int(0).tag(sync=True)
    speed = traitlets.Float(0.0).tag(sync=True)
    hidden = traitlets.List(traitlets.Unicode()).tag(sync=True)
    figure = traitlets.Dict().tag(sync=True)  # what does not change: see course.widgets.figure
    frame = traitlets.Dict().tag(sync=True)  # {"step", "layers": {layer: data}, "ranges"}
    record: traitlets.List[Any] = traitlets.List().tag(
        sync=True
    )  # [{"step", "layers"}], when the loop rests
    problem = traitlets.Dict().tag(sync=True)  # {"text", "function", "line", "code"}, or empty

    def __init__(
        self,
        train: Train,
        panels: Sequence[Panel],
        controls: Mapping[str, Control],
        *,
        seed: int = 0,
        title: str = "",
        speed: float = 0.0,
    ) -> None:
        self._train, self._panels, self._controls, self._seed = train, panels, controls, seed
        self._layers = {name: (one, layer) for name, one, layer in layers_of(panels)}
        self._numbers = {
            layer.source for _, layer in self._layers.values() if layer.kind == "history"
        }
        self._settings = Settings({}, seed)
        self._recording = Recording()
        self._shown: dict[str, Data] = {}
        self._missing: list[str] = []
        self._yielded: Mapping[str, Any] = {}
        self._published = 0.0
        self._drawn_at = 0
        self._every: int | None = None
        self._waiting: deque[dict[str, Any]] = deque()
        self._loop = Loop(self._begin, self._on_yield, self._on_end)
        try:
            self._main: asyncio.AbstractEventLoop | None = asyncio.get_running_loop()
        except RuntimeError:
            self._main = None
        super().__init__(
            params={name: control.start for name, control in controls.items()}, speed=speed
        )
        self._settings.set(self.params)
        self._fixed = self._fixed_layers()
        self._shown = dict(self._fixed)
        self.figure = {
            "title": title,
            "panels": describe(panels),
            "controls": [one.for_browser(name) for name, one in controls.items()],
        }
        self.frame = self._frame()
        self.observe(self._on_params, names=["params"])
        self.on_msg(self._on_message)

    # what a reader, or a test, can do

    def start(self, limit: int | None = None) -> None:
        """Goes on training in the background, from the beginning when it had ended."""
        if self.status in ("finished", "failed"):
            self.reset()
        self._loop.speed, self._every = self.speed, None
        if self._loop.stuck:
            raise RuntimeError("the step before has not ended yet; wait, or press Reset")
        if not self._loop.running:
            self._tell({"status": "running", "problem": {}})
            self._later(status="running", problem={})
            self._loop.start(limit)

    def pause(self) -> None:
        """Stops after the step at hand; `start` goes on from there."""
        self._loop.pause()
        self._catch_up()

    def advance(self, steps: int = 1) -> None:
        """Takes some steps here and now; returns when they are done."""
        if self.status in ("finished", "failed"):
            self.reset()
        self._every = max(steps // STILL_PICTURES, 1)
        self._loop.advance(steps)
        self._catch_up()

    def reset(self) -> None:
        """Stops and forgets; the next start begins anew, with the same seed."""
        self._loop.reset()
        self._waiting.clear()
        self._drawn_at = 0
        self._recording = Recording()
        self._shown, self._yielded, self._missing = dict(self._fixed), {}, []
        frame = self._frame(anew=True)
        self._later(status="ready", step=0, problem={}, record=[], frame=frame)
        self._catch_up()
        self._tell({"status": "ready", "problem": {}, "frame": frame, "record": []})

    def close(self) -> None:
        """Stops the loop and removes the widget."""
        self._loop.reset()
        super().close()

    # in the loop's thread

    def _begin(self) -> Iterator[Any]:
        random.seed(self._seed)
        if "numpy" in sys.modules:
            sys.modules["numpy"].random.seed(self._seed)
        if "torch" in sys.modules:
            sys.modules["torch"].manual_seed(self._seed)
        self._settings = Settings(self.params, self._seed)
        steps = self._train(self._settings)
        if not hasattr(steps, "__next__"):
            name = getattr(self._train, "__name__", "train")
            raise TypeError(f"{name} is no generator: it must yield a dictionary after each step")
        return steps

    def _on_yield(self, value: Any) -> None:
        if not isinstance(value, Mapping):
            raise TypeError(
                f'the loop yields a dictionary such as {{"loss": loss}}, not {short_repr(value)}'
            )
        self._yielded = {**self._yielded, **value}
        self._recording.count(value, self._numbers)
        if self._every is not None:
            due = self._recording.step % self._every == 0
        else:
            due = time.monotonic() - self._published >= 1 / UPDATES
        if due:
            self._publish()

    def _publish(self) -> None:
        """Draws what was yielded last, keeps it, and tells the view."""
        self._draw()
        frame = self._frame()
        self._tell({"frame": frame, "problem": self._missing_names()})
        self._published = time.monotonic()

    def _draw(self) -> None:
        for name, (one, layer) in self._layers.items():
            if layer.kind == "history":
                self._shown[name] = self._recording.history(layer.source)
            elif isinstance(layer.source, str) and layer.kind != "note":
                if layer.source in self._yielded:
                    self._shown[name] = _drawn(layer, one, self._yielded[layer.source])
            elif layer.kind == "note" and callable(layer.source):
                self._shown[name] = from_value(layer, layer.source(self._yielded))
        names = {
            layer.source
            for _, layer in self._layers.values()
            if isinstance(layer.source, str) and layer.kind != "note"
        }
        self._missing = sorted(names - set(self._yielded))
        pictures = {
            name: data
            for name, data in self._shown.items()
            if self._layers[name][1].kind != "history" and name not in self._fixed
        }
        self._recording.keep(pictures)
        self._drawn_at = self._recording.step

    def _missing_names(self) -> dict[str, Any]:
        if not self._missing:
            return {}
        known = ", ".join(self._yielded)
        text = f"the loop has not yielded {', '.join(self._missing)} yet; it yields {known}"
        return {"text": text, "function": None, "line": None, "code": ""}

    def _on_end(self, status: str, error: BaseException | None) -> None:
        problem: dict[str, Any] = {}
        if error is None and self._recording.step > self._drawn_at:
            try:
                self._draw()
            except (Exception, Cut) as drawing:
                status, error = "failed", drawing
        if error is not None:
            problem = explain(error, self._train)
        elif self._recording.step:
            problem = self._missing_names()
        frame = self._frame()
        record = [{"step": one["step"], "layers": one["layers"]} for one in self._recording.frames]
        self._tell({"status": status, "problem": problem, "frame": frame, "record": record})
        self._later(
            status=status,
            step=self._recording.step,
            problem=problem,
            frame=frame,
            record=record,
        )

    def _frame(self, anew: bool = False) -> dict[str, Any]:
        spans: list[Any] = []
        for number, one in enumerate(self._panels):
            drawn = [
                (layer, self._shown[f"{number}.{place}"])
                for place, layer in enumerate(one.layers)
                if f"{number}.{place}" in self._shown
            ]
            spans.append(ranges(one, drawn))
        before = [] if anew else self.frame.get("ranges", [])
        if before and self._recording.step > 1:
            spans = [
                _steady(one, *two) for one, *two in zip(self._panels, before, spans, strict=True)
            ]
        return {"step": self._recording.step, "layers": dict(self._shown), "ranges": spans}

    def _fixed_layers(self) -> dict[str, Data]:
        """The layers whose data the author wrote: reference lines, for example."""
        return {
            name: prepare(layer, {}, one)
            for name, (one, layer) in self._layers.items()
            if (not isinstance(layer.source, str) or layer.kind == "note")
            and not (layer.kind == "note" and callable(layer.source))
        }

    # between the threads and the view

    def _tell(self, message: dict[str, Any]) -> None:
        """A message to the view: unlike a trait, it can be sent from any thread."""
        if self.comm is not None:
            self.send(message)

    def _later(self, **values: Any) -> None:
        """Sets traits, but in the main thread: there the front end sets them too."""
        self._waiting.append(values)
        if self._main is not None and self._main.is_running():
            self._main.call_soon_threadsafe(self._catch_up)
        else:
            self._catch_up()

    def _catch_up(self) -> None:
        with self.hold_sync():
            while self._waiting:
                for name, value in self._waiting.popleft().items():
                    setattr(self, name, value)

    def _on_params(self, change: Any) -> None:
        before, now = change.old or {}, change.new
        self._settings.set(now)
        changed = {name for name in now if before.get(name) != now[name]}
        if any(self._controls[name].resets for name in changed) and self._recording.step:
            running = self._loop.running
            self.reset()
            if running:
                self.start()

    @traitlets.observe("speed")
    def _on_speed(self, change: Any) -> None:
        self._loop.speed = max(float(change.new), 0.0)

    def _on_message(self, _: Any, content: Any, buffers: Any) -> None:
        """The reader pressed a button."""
        acts: dict[str, Callable[[], None]] = {
            "start": self.start,
            "pause": self.pause,
            "step": lambda: self.start(1),
            "reset": self.reset,
        }
        act = acts.get(str(content.get("do")) if isinstance(content, dict) else "")
        if act is None:
            return
        try:
            act()
        except Exception as error:  # an error here would vanish: show it in the widget
            self.problem = explain(error, self._train)
            self._tell({"problem": self.problem})

    @traitlets.validate("params")
    def _valid_params(self, proposal: Any) -> dict[str, Any]:
        unknown = [name for name in proposal.value if name not in self._controls]
        if unknown:
            raise traitlets.TraitError(f"there is no setting {unknown[0]!r}")
        try:
            return {
                name: one.accepted(name, proposal.value.get(name, self.params.get(name, one.start)))
                for name, one in self._controls.items()
            }
        except ValueError as error:
            raise traitlets.TraitError(str(error)) from None

    # without a front end

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        bundled = super()._repr_mimebundle_(**kwargs)
        data, *metadata = bundled if isinstance(bundled, tuple) else (bundled or {},)
        still = {"text/plain": self.as_text(), "text/html": self.as_html()}
        return ({**data, **still}, *metadata) if metadata else {**data, **still}

    def as_text(self) -> str:
        """Where the training is, in a few lines of plain text."""
        numbers = [f"{name} = {row[-1]}" for name, row in self._recording.numbers.items() if row]
        where = f"step {self.step}" + (f": {', '.join(numbers)}" if numbers else "")
        text = still_text(self.figure, self._shown, dict(self.params), self._said())
        return f"{where}\n{text}".replace("to move it", "to train it")

    def as_html(self) -> str:
        """What the views show now, as still pictures (SVG)."""
        shown, spans = dict(self._shown), self.frame["ranges"]
        still = still_html(self.figure, shown, spans, dict(self.params), self._said())
        return f"{still}<p>step {self.step}</p>"

    def _said(self) -> str:
        return sentence(self.problem) if self.problem else ""


def train_live(
    train: Train,
    settings: Mapping[str, Any] | None = None,
    views: Sequence[Any] = ("loss",),
    *,
    seed: int = 0,
    steps: int = 0,
    speed: float = 0.0,
    title: str = "",
) -> TrainingView:
    """A view of a training loop that the reader starts, pauses, steps, resets and steers.

    `train(settings)` is a generator function; it yields a dictionary after each step, such as
    {"loss": loss, "points": points, "field": f}. What is costly may be yielded as a function: it is
    called only when a picture is due (with coordinates, for a layer that has `over`).
    `settings` are as the sliders of `plot`; the loop reads `settings.learning_rate` when it needs
    it. `views` are panels, layers, or names of numbers: each layer's source is the name under which
    the loop yields it. `steps` are taken at once, before the view shows; `speed` is in steps a
    second, 0 for as fast as possible. Random numbers of Python, numpy and torch begin at `seed`.
    Raises TypeError or ValueError for what cannot be shown.
    """
    if not callable(train):
        raise TypeError(f"train is a generator function, not {short_repr(train)}")
    if isinstance(views, (str, Layer, Panel)):
        views = (views,)
    panels = as_panels([_as_panel(one) for one in views])
    for one in panels:
        for layer in one.layers:
            if layer.kind in ("slope", "handles"):
                raise TypeError(f"a training view has no {layer.kind}")
            if callable(layer.source) and layer.kind != "note" and layer.over is None:
                raise TypeError(
                    f"{layer.kind} takes the name under which the loop yields it, such as "
                    f'{layer.kind}("field"), not a function'
                )
    for name, value in (("steps", steps), ("speed", speed)):
        if isinstance(value, bool) or not isinstance(value, (int, float)) or value < 0:
            raise ValueError(f"{name} is not negative, and a number, not {short_repr(value)}")
    view = TrainingView(
        train, panels, as_controls(settings), seed=int(seed), title=title, speed=float(speed)
    )
    if steps:
        view.advance(int(steps))
    return view


def _as_panel(view: Any) -> Any:
    if isinstance(view, str):
        return panel(history(view), x="step", y=view)
    if isinstance(view, Layer):
        return panel(view, x="step" if view.kind == "history" else "")
    return panel(*view) if isinstance(view, (list, tuple)) else view


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
