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
from typing import Any

import anywidget
import traitlets

from course.widgets.bundle import bundle, styles
from course.widgets.controls import Control, as_controls
from course.widgets.figure import as_panels, describe
from course.widgets.layers import Layer, Panel, history, panel
from course.widgets.limits import Cut
from course.widgets.loop import Loop
from course.widgets.problems import explain, sentence
from course.widgets.recording import Recording
from course.widgets.settings import Settings
from course.widgets.still import still_html, still_text
from course.widgets.training_picture import TrainingPicture
from course.widgets.values import short_repr

__all__ = ["Settings", "TrainingView", "train_live"]

UPDATES = 20
STILL_PICTURES = 24

Train = Callable[[Settings], Iterator[Mapping[str, Any]]]


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
        self._train, self._controls, self._seed = train, controls, seed
        self._picture = TrainingPicture(panels)
        self._settings = Settings({}, seed)
        self._recording = Recording()
        self._yielded: Mapping[str, Any] = {}
        self._published = 0.0
        self._drawn_at = 0
        self._every: int | None = None
        self._endless = False  # whether it runs until it is paused, not for some steps
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
            self._endless = limit is None
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
        self._picture.forget()
        self._yielded = {}
        frame = self._picture.frame(0)
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
        self._recording.count(value, self._picture.numbers)
        if self._every is not None:
            due = self._recording.step % self._every == 0
        else:
            due = time.monotonic() - self._published >= 1 / UPDATES
        if due:
            self._publish()

    def _publish(self) -> None:
        """Draws what was yielded last, keeps it, and tells the view."""
        self._draw()
        frame, problem = self._frame(), self._picture.missing(self._yielded)
        self._tell({"frame": frame, "problem": problem})
        self._published = time.monotonic()

    def _draw(self) -> None:
        self._picture.draw(self._yielded, self._recording)
        self._drawn_at = self._recording.step

    def _frame(self) -> dict[str, Any]:
        return self._picture.frame(self._recording.step, self.frame.get("ranges", []))

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
            problem = self._picture.missing(self._yielded)
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
            running = self._loop.running and self._endless
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
        text = still_text(self.figure, self._picture.shown, dict(self.params), self._said())
        return f"{where}\n{text}".replace("to move it", "to train it")

    def as_html(self) -> str:
        """What the views show now, as still pictures (SVG)."""
        shown, spans = dict(self._picture.shown), self.frame["ranges"]
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
