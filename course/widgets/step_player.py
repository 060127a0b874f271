"""`play(fn, *args)`: step through a run of any function, with its code, its state and a picture.

The kernel runs the function once and sends the whole recorded run; moving between steps then
happens in the browser. When the reader types another input, the kernel parses it and runs the
function again. Where there is no front end, the player shows a few steps as pictures and text.
"""

import ast
from collections.abc import Callable, Mapping
from html import escape
from typing import Any

import anywidget
import traitlets

from course.widgets import view_pictures, views
from course.widgets.bundle import bundle, styles
from course.widgets.comparing import first_difference, outcome
from course.widgets.packing import pack
from course.widgets.tracing import MAX_SECONDS, MAX_STEPS, trace
from course.widgets.values import short_repr
from course.widgets.values import text as text_of
from course.widgets.views import View

__all__ = ["InputProblem", "StepPlayer", "View", "parsed", "play"]

Function = Callable[..., Any]
MAX_TYPED = 20_000
STILL_FRAMES = 4


class InputProblem(ValueError):
    """What the reader typed is not a Python value; the message says what to type."""


class StepPlayer(anywidget.AnyWidget):
    """A step player (made by `play`). `step`, `count`, `playing`, `speed`, `predicting` and `score`
    can be linked and observed.

    `step` counts from 0 to `count - 1`; `speed` is in steps a second. `recorded` is the run shown.
    """

    _esm = bundle("step_player.js")
    _css = styles("step_player.css")

    step = traitlets.Int(0).tag(sync=True)
    count = traitlets.Int(0).tag(sync=True)
    playing = traitlets.Bool(False).tag(sync=True)
    speed = traitlets.Float(2.0).tag(sync=True)
    predicting = traitlets.Bool(False).tag(sync=True)  # ask for the next move before each step
    score = traitlets.Dict({"right": 0, "asked": 0}).tag(sync=True)
    title = traitlets.Unicode("").tag(sync=True)
    run = traitlets.Dict().tag(sync=True)  # packed: see course.widgets.packing
    view = traitlets.Dict().tag(sync=True)
    inputs: traitlets.List = traitlets.List().tag(sync=True)  # [{"name", "text", "fixed"}]
    counts: traitlets.List = traitlets.List().tag(
        sync=True
    )  # [{"name", "lines", "ends"}], this run first
    difference = traitlets.Dict().tag(sync=True)  # {"step", "text"}, or empty
    problem = traitlets.Dict().tag(sync=True)  # {"name", "text"}, or empty

    def __init__(
        self,
        fn: Function,
        args: tuple[Any, ...],
        view: View | None = None,
        reference: Function | None = None,
        compare: Mapping[str, Function] | None = None,
        title: str = "",
        max_steps: int = MAX_STEPS,
        max_seconds: float = MAX_SECONDS,
    ) -> None:
        self._function = fn
        self._wanted_view = view
        self._reference = reference
        self._compared = dict(compare or {})
        self._limits: dict[str, Any] = {"max_steps": max_steps, "max_seconds": max_seconds}
        self.recorded: dict[str, Any] = {}
        super().__init__(title=title)
        self.on_msg(self._on_message)
        self.show(*args)

    def show(self, *args: Any) -> None:
        """Runs the function on these arguments and shows the run from its first step."""
        run = trace(self._function, *args, **self._limits)
        view = self._wanted_view or views.automatic(run)
        counts = [_count(run["name"], run)]
        difference: dict[str, Any] = {}
        if self._reference is not None:
            other = trace(self._reference, *args, **self._limits)
            difference = first_difference(run, other, view)
            counts.append(_count(f"{other['name']} (reference)", other))
        for name, function in self._compared.items():
            counts.append(_count(name, trace(function, *args, **self._limits)))
        self.recorded, self._view = run, view
        with self.hold_sync():
            self.view = views.for_browser(run, view)
            self.inputs = _inputs(run["args"], args)
            self.counts = counts
            self.difference = difference
            self.problem = {}
            self.playing = False
            self.step = 0
            self.score = {"right": 0, "asked": 0}
            self.count = len(run["steps"])
            self.run = pack(run)

    def _on_message(self, _: Any, content: Any, buffers: Any) -> None:
        """The reader typed another input: run it, or say beside it what is wrong."""
        try:
            texts = [str(text) for text in content["texts"]]
            names = [entry["name"] for entry in self.inputs]
            values = []
            for name, text in zip(names, texts, strict=True):
                try:
                    values.append(parsed(text))
                except InputProblem as problem:
                    self._complain(name, f"{name}: {problem}")
                    return
            self.show(*values)
        except Exception as problem:  # an error here would vanish: show it in the widget
            self._complain(None, f"{type(problem).__name__}: {problem}")

    def _complain(self, name: str | None, text: str) -> None:
        self.problem = {}  # so that the same complaint twice is sent twice
        self.problem = {"name": name, "text": text}

    # without a front end

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        bundled = super()._repr_mimebundle_(**kwargs)
        data, *metadata = bundled if isinstance(bundled, tuple) else (bundled or {},)
        still = {"text/plain": self.as_text(), "text/html": self.as_html()}
        return ({**data, **still}, *metadata) if metadata else {**data, **still}

    def as_text(self) -> str:
        """The run in a few lines of plain text."""
        run = self.recorded
        lines = [f"{_called(run)}: {_ending(run)}"]
        lines += [f"{row['name']}: {row['lines']:,} lines run" for row in self.counts]
        lines += [self.difference["text"]] if self.difference else []
        lines.append("Run this cell in Jupyter to go through it step by step.")
        return "\n".join(lines)

    def as_html(self) -> str:
        """A few steps as pictures, for pages without a kernel and without JavaScript."""
        run = self.recorded
        source = run["source"].split("\n")
        frames = []
        parting = self.difference.get("step")
        for position in _still_positions(run, self._view, parting):
            step = run["steps"][position]
            line = step["line"] - run["first_line"]
            code = source[line].strip() if 0 <= line < len(source) else ""
            caption = step["note"] or f"line {line + 1}: {code}"
            here = " (the first difference)" if position == parting else ""
            frames.append(
                '<figure style="display:inline-block;margin:8px 16px 8px 0;vertical-align:top">'
                f"{view_pictures.picture(run, self._view, position)}"
                f"<figcaption>step {position + 1} of {len(run['steps'])}{here}: "
                f"<code>{escape(caption)}</code></figcaption></figure>"
            )
        heading = f"<p><b>{escape(self.title)}</b></p>" if self.title else ""
        parted = f"<p>{escape(self.difference['text'])}</p>" if self.difference else ""
        counts = "; ".join(f"{row['name']}: {row['lines']:,} lines run" for row in self.counts)
        return (
            f'<div class="stepwise-still">{heading}<p><code>{escape(_called(run))}</code>: '
            f"{escape(_ending(run))}. {escape(counts)}.</p>"
            f"{parted}{''.join(frames)}</div>"
        )


def play(
    fn: Function,
    *args: Any,
    view: View | None = None,
    reference: Function | None = None,
    compare: Function | Mapping[str, Function] | None = None,
    title: str | None = None,
    max_steps: int = MAX_STEPS,
    max_seconds: float = MAX_SECONDS,
) -> StepPlayer:
    """A step player for `fn(*args)`; any function will do, right or wrong, and it runs on copies.

    `view` is one of `course.widgets.views`, such as `bars("height", water=True)`; by default, cells
    for each argument that is a sequence, else a tree. `reference` is run beside it, and the first
    difference can be jumped to. `compare` (a function, or {name: function}) only has its lines
    counted. Raises `TypeError` when `fn` is no function or `view` is no view.
    """
    if view is not None and not isinstance(view, View):
        raise TypeError(f"view is one of the views, such as bars(…), not {short_repr(view)}")
    for function in (fn, reference):
        if function is not None and not callable(function):
            raise TypeError(f"play needs a function to run, not {short_repr(function)}")
    others = {getattr(compare, "__name__", "other"): compare} if callable(compare) else compare
    return StepPlayer(
        fn, args, view, reference, others, title or "", max_steps=max_steps, max_seconds=max_seconds
    )


def parsed(text: str) -> Any:
    """The Python value that the reader wrote, by `ast.literal_eval`; raises `InputProblem`."""
    if not text.strip():
        raise InputProblem("nothing is written here. Write a value such as [1, 8, 6] or 3.")
    if len(text) > MAX_TYPED:
        raise InputProblem(f"this is longer than {MAX_TYPED:,} characters.")
    try:
        return ast.literal_eval(text.strip())
    except SyntaxError as error:
        raise InputProblem(
            f"this is not a Python value ({error.msg}). Write a value such as [1, 8, 6] or 3."
        ) from None
    except (ValueError, TypeError, MemoryError, RecursionError):
        raise InputProblem(
            "only plain values can be typed here: numbers, text in quotes, lists, dictionaries. "
            "Write a value such as [1, 8, 6] or 3."
        ) from None


def _count(name: str, run: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "lines": run["lines"], "ends": outcome(run)[:200]}


def _inputs(named: dict[str, Any], args: tuple[Any, ...]) -> list[dict[str, Any]]:
    """A box for each argument; one that cannot be typed is shown, and fixes all of them."""
    texts = []
    for value in args:
        try:
            text = repr(value)
            typed = len(text) <= MAX_TYPED and ast.literal_eval(text) == value
        except Exception:
            text, typed = short_repr(value), False
        texts.append((text if typed else short_repr(value), not typed))
    fixed = any(not_typed for _, not_typed in texts)
    return [
        {"name": name, "text": text, "fixed": fixed}
        for name, (text, _) in zip(named, texts, strict=False)
    ]


def _called(run: dict[str, Any]) -> str:
    given = ", ".join(text_of(value) for value in run["args"].values())
    return f"{run['name']}({given if len(given) <= 300 else given[:299] + '…'})"


def _ending(run: dict[str, Any]) -> str:
    if run["error"]:
        line = run["error"]["line"] - run["first_line"] + 1
        return f"{run['error']['type']}: {run['error']['message']} (line {line})"
    return run["truncated"] or f"ends with {outcome(run)}"


def _still_positions(
    run: dict[str, Any], view: View | None, parting: int | None = None
) -> list[int]:
    """A few steps worth a picture: spread over those at which the picture changes, and the last;
    with the step at which the run parts from another.
    """
    different: list[int] = []
    before = None
    containers = views.watched(run, view)
    for position, step in enumerate(run["steps"]):
        seen = views.situation(step, containers)
        if seen != before:
            different.append(position)
            before = seen
    if not different:
        return []
    last = len(run["steps"]) - 1
    spread = [
        different[round(i * (len(different) - 1) / (STILL_FRAMES - 1))] for i in range(STILL_FRAMES)
    ]
    return sorted({*spread[:-1], last, *([] if parting is None else [parting])})
