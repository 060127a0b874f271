"""The training view's Python side: threads, settings, history, errors, and when nobody looks."""

import asyncio
import contextlib
import gc
import math
import random
import re
import subprocess
import sys
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import nbformat
import numpy as np
import pytest
import torch
import traitlets
from nbclient import NotebookClient

from course.widgets import (
    choice,
    curve,
    dots,
    handles,
    heat,
    histograms,
    history,
    log_slider,
    note,
    panel,
    rule,
    slope,
    train_live,
)
from course.widgets.loop import Loop, stop_all
from course.widgets.recording import MAX_NUMBERS_KEPT, MAX_PICTURES, Recording

Made = list[Any]


@pytest.fixture
def made() -> Iterator[Made]:
    """Views to be closed at the end; afterwards there are as many threads as before."""
    before = threading.active_count()
    views: Made = []
    yield views
    for view in views:
        view.close()
    until(lambda: threading.active_count() <= before)
    assert threading.active_count() <= before, threading.enumerate()


def until(happens: Callable[[], bool], seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    while not happens() and time.monotonic() < deadline:
        time.sleep(0.005)
    assert happens()


def counting(settings: Any) -> Iterator[dict[str, Any]]:
    step = 0
    while True:
        step += 1
        time.sleep(0.0005)
        yield {"loss": 1 / step}


def three(settings: Any) -> Iterator[dict[str, Any]]:
    for step in range(3):
        yield {"loss": float(step)}


def descent(settings: Any) -> Iterator[dict[str, Any]]:
    """Minimises w² from 1: after k steps w = (1 − 2 rate)^k."""
    w = 1.0
    while True:
        w -= settings.learning_rate * 2 * w
        yield {"loss": w * w, "w": w}


# start, pause, step, reset


def test_it_runs_in_the_background_until_paused_and_goes_on(made: Made) -> None:
    made.append(view := train_live(counting))
    assert view.status == "ready"
    threads = threading.active_count()
    view.start()
    assert view.status == "running"
    until(lambda: view._recording.step > 20)
    view.pause()
    assert view.status == "paused"
    assert threading.active_count() == threads
    at = view.step
    time.sleep(0.05)
    assert view.step == at == view._recording.step
    assert view.frame["layers"]["0.0"]["x"][0][-1] == at
    view.start()
    until(lambda: view._recording.step > at)
    view.pause()
    numbers = view._recording
    assert numbers.numbers["loss"][-1] == pytest.approx(1 / view.step, rel=1e-5)  # it went on


def test_starting_twice_and_pausing_twice_are_harmless(made: Made) -> None:
    made.append(view := train_live(counting))
    view.start()
    first = view._loop._thread
    view.start()
    assert view._loop._thread is first
    view.pause()
    view.pause()
    assert view.status == "paused"


def test_one_step_and_some_steps(made: Made) -> None:
    made.append(view := train_live(three))
    view.advance()
    assert (view.status, view.step) == ("paused", 1)
    view.start(limit=1)
    until(lambda: view.status == "paused")
    assert view.step == 2
    view.advance(5)
    assert (view.status, view.step) == ("finished", 3)
    assert view.frame["layers"]["0.0"] == {"x": [[1, 2, 3]], "y": [[0, 1, 2]]}
    view.advance()  # after the end: anew
    assert (view.status, view.step) == ("paused", 1)


def test_reset_forgets_and_begins_anew(made: Made) -> None:
    made.append(view := train_live(descent, {"learning_rate": (0.0, 0.5, 0.05, 0.1)}, steps=4))
    first = view.frame
    view.reset()
    assert (view.status, view.step, view.record) == ("ready", 0, [])
    assert "0.0" not in view.frame["layers"]
    view.advance(4)
    assert view.frame == first


def test_the_generator_is_closed_on_reset(made: Made) -> None:
    closed = []

    def tidy(settings: Any) -> Iterator[dict[str, Any]]:
        try:
            while True:
                yield {"loss": 1.0}
        finally:
            closed.append(True)

    made.append(view := train_live(tidy, steps=1))
    view.reset()
    assert closed == [True]


def test_speed_is_steps_a_second(made: Made) -> None:
    made.append(view := train_live(three, speed=20))
    begin = time.monotonic()
    view.start()
    until(lambda: view.status == "finished")
    assert 0.14 < time.monotonic() - begin < 2.0  # three steps, and three waits of 1/20 s
    view.speed = 0.5
    view.start()
    until(lambda: view._recording.step == 1)
    begin = time.monotonic()
    view.pause()  # does not wait for the two seconds between steps
    assert time.monotonic() - begin < 1.0


def test_buttons_of_the_view(made: Made) -> None:
    made.append(view := train_live(counting))
    for what, status in (("start", "running"), ("pause", "paused"), ("reset", "ready")):
        view._on_message(view, {"do": what}, [])
        assert view.status == status
    view._on_message(view, {"do": "step"}, [])
    until(lambda: view.status == "paused")
    assert view.step == 1
    for nonsense in ({"do": "erase"}, {}, "start", None):
        view._on_message(view, nonsense, [])
    assert view.step == 1


# nothing is left behind


def test_only_one_loop_runs_at_a_time(made: Made) -> None:
    made += [one := train_live(counting), other := train_live(counting)]
    one.start()
    other.start()
    assert (one.status, other.status) == ("paused", "running")
    stop_all()
    assert other._loop.running is False


def test_closing_ends_the_thread(made: Made) -> None:
    before = threading.active_count()
    view = train_live(counting)
    view.start()
    until(lambda: view._recording.step > 3)
    view.close()
    assert threading.active_count() == before


def test_running_the_cell_again_fifty_times_leaves_no_thread(made: Made) -> None:
    before = threading.active_count()
    for _ in range(50):
        made.append(view := train_live(counting))
        view.start()
    made[-1].pause()
    assert threading.active_count() == before


def test_a_step_without_end_is_ended_by_reset(made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("course.widgets.loop.PATIENCE", 0.2)

    def endless(settings: Any) -> Iterator[dict[str, Any]]:
        yield {"loss": 1.0}
        while True:
            with contextlib.suppress(Exception):
                time.sleep(0.001)

    before = threading.active_count()
    made.append(view := train_live(endless, steps=1))
    view.start()
    view.pause()
    assert view._loop.stuck
    with pytest.raises(RuntimeError, match="has not ended yet"):
        view.start()
    view._on_message(view, {"do": "start"}, [])
    assert "has not ended yet" in view.problem["text"]
    monkeypatch.setattr("course.widgets.loop.PATIENCE", 1.0)
    view.reset()
    assert threading.active_count() == before
    assert (view.status, view.step, view.problem) == ("ready", 0, {})


def test_a_process_that_ends_while_training_ends_cleanly() -> None:
    code = (
        "import itertools, time\n"
        "from course.widgets import train_live\n"
        "def train(settings):\n"
        "    for i in itertools.count(1):\n"
        "        yield {'loss': 1 / i}\n"
        "view = train_live(train)\n"
        "view.start()\n"
        "time.sleep(0.2)\n"
    )
    command = [sys.executable, "-W", "error", "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_without_threads_it_takes_turns_on_the_event_loop(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuses(self: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    async def session() -> None:
        monkeypatch.setattr(threading.Thread, "start", refuses)
        view = train_live(counting)
        view.start()
        beats = 0
        while view._recording.step < 300:
            await asyncio.sleep(0.001)
            beats += 1
        assert beats >= 2  # others had their turn
        view.pause()
        assert view.status == "paused"
        at = view.step
        await asyncio.sleep(0.05)
        assert view._recording.step == at
        view.start()
        await asyncio.sleep(0.05)
        view.reset()
        assert (view.status, view.step) == ("ready", 0)
        ended = train_live(three)
        ended.start()
        await asyncio.sleep(0.05)
        assert (ended.status, ended.step) == ("finished", 3)

    asyncio.run(session())


def test_without_threads_errors_settings_and_speed_are_as_with_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As in Python in the browser (JupyterLite), where a thread cannot be started."""

    def refuses(self: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    def breaks(settings: Any) -> Iterator[dict[str, float]]:
        yield {"loss": 1.0}
        raise ValueError("broken on purpose")

    def tells(settings: Any) -> Iterator[dict[str, float]]:
        while True:
            yield {"loss": settings.rate}

    async def session() -> None:
        monkeypatch.setattr(threading.Thread, "start", refuses)
        failed = train_live(breaks)
        failed.start()
        await asyncio.sleep(0.05)
        assert (failed.status, failed.step) == ("failed", 1)
        assert "broken on purpose" in failed.problem["text"]
        told = train_live(tells, {"rate": (0.0, 1.0, 0.5)}, speed=100)
        since = time.monotonic()
        told.start()
        while told._recording.step < 5:
            await asyncio.sleep(0.001)
        assert time.monotonic() - since >= 0.03  # a hundred steps a second
        told.params = {"rate": 1.0}
        while told._recording.step < 10:
            await asyncio.sleep(0.001)
        other = train_live(counting)
        other.start()  # one at a time
        await asyncio.sleep(0.01)
        assert (told.status, other.status) == ("paused", "running")
        assert set(told._recording.numbers["loss"]) == {0.5, 1.0}
        other.close()
        await asyncio.sleep(0.01)
        assert len(asyncio.all_tasks()) == 1  # this one

    asyncio.run(session())


def test_traits_are_set_in_the_main_thread_where_there_is_an_event_loop() -> None:
    async def session() -> None:
        threads = set()
        view = train_live(counting)
        view.observe(lambda _: threads.add(threading.current_thread()), names=["step", "status"])
        view.start()
        while view._recording.step < 20:
            await asyncio.sleep(0.001)
        view.pause()
        await asyncio.sleep(0.01)
        assert view.step >= 20
        assert threads == {threading.main_thread()}
        view.close()

    asyncio.run(session())


# settings


def test_settings_act_on_the_way(made: Made) -> None:
    made.append(view := train_live(descent, {"learning_rate": (0.0, 0.5, 0.05, 0.25)}, steps=2))
    assert view._recording.numbers["loss"] == pytest.approx([0.5**2, 0.25**2])
    view.params = {"learning_rate": 0.0}
    view.advance(2)
    assert view._recording.numbers["loss"][-1] == pytest.approx(0.25**2)
    view.params = {"learning_rate": 0.5}
    view.advance()
    assert view._recording.numbers["loss"][-1] == 0


def test_some_settings_begin_anew(made: Made) -> None:
    settings = {"activation": choice(["relu", "tanh"], resets=True), "rate": (0.0, 1.0, 0.5)}
    made.append(view := train_live(counting, settings, steps=3))
    view.params = {"rate": 1.0}
    assert view.step == 3
    view.params = {"activation": "tanh"}
    assert (view.status, view.step) == ("ready", 0)
    view.start()
    until(lambda: view._recording.step > 3)
    view.params = {"activation": "relu"}
    assert view.status == "running"
    view.pause()


def test_wrong_settings_are_refused(made: Made) -> None:
    made.append(view := train_live(descent, {"learning_rate": log_slider(1e-4, 1)}))
    for wrong in ({"rate": 1}, {"learning_rate": "fast"}, {"learning_rate": math.nan}):
        with pytest.raises(traitlets.TraitError):
            view.params = wrong
    assert list(view._settings) == ["learning_rate"]
    assert len(view._settings) == 1


def test_the_same_seed_gives_the_same_run(made: Made) -> None:
    def noisy(settings: Any) -> Iterator[dict[str, Any]]:
        generator = torch.Generator().manual_seed(settings.seed)
        while True:
            numbers = random.random(), np.random.rand(), torch.rand(()).item()
            yield {"loss": sum(numbers) + torch.rand((), generator=generator).item()}

    made += [one := train_live(noisy, seed=3, steps=5), other := train_live(noisy, seed=3, steps=5)]
    assert one.frame["layers"] == other.frame["layers"]
    made.append(different := train_live(noisy, seed=4, steps=5))
    assert one.frame["layers"] != different.frame["layers"]
    one.reset()
    one.advance(5)
    assert one.frame["layers"] == other.frame["layers"]


# what is drawn


def test_fields_points_and_histograms_are_drawn_from_what_is_yielded(made: Made) -> None:
    asked = []

    def train(settings: Any) -> Iterator[dict[str, Any]]:
        for step in range(1, 81):

            def field(x: float, y: float, step: int = step) -> float:
                asked.append(step)
                return step * x

            yield {
                "loss": torch.tensor(1.0 / step, requires_grad=True),
                "field": field,
                "points": torch.full((2, 2), float(step)),
                "weights": lambda step=step: {"layer 1": [step, step]},
            }

    made.append(
        view := train_live(
            train,
            views=[
                panel(history("loss"), rule(20), log="y"),
                panel(heat("field", over=((-1, 1), (-1, 1)), samples=2), dots("points")),
                histograms("weights", bins=4, span=(0, 80)),
                note(lambda yielded: f"loss {yielded['loss'].item():.4f}"),
            ],
            steps=80,
        )
    )
    layers = view.frame["layers"]
    assert layers["0.0"]["y"][0][-1] == pytest.approx(1 / 80)
    assert layers["1.0"]["rows"] == [[-40, 40], [-40, 40]]
    assert layers["1.1"] == {"x": [80, 80], "y": [80, 80]}
    assert layers["2.0"]["counts"] == [[0, 0, 0, 2]]
    assert layers["3.0"]["lines"][0]["text"] == "loss 0.0125"
    assert len(set(asked)) < 40  # a costly field is only computed when a picture is due
    steps = [one["step"] for one in view.record]
    assert steps == sorted(set(steps))
    assert steps[-1] == 80
    assert 10 <= len(steps) <= MAX_PICTURES
    for one in view.record:
        assert one["layers"]["1.1"]["x"][0] == one["step"]
        assert "0.0" not in one["layers"]  # a history is there once, whole


def test_what_the_author_draws_stays(made: Made) -> None:
    views = [panel(curve(math.sin, over=(0, 1), samples=2), dots("points")), "loss"]

    def train(settings: Any) -> Iterator[dict[str, Any]]:
        yield {"loss": 1.0, "points": [[0, 1]]}

    made.append(view := train_live(train, views=views))
    drawn = {"x": [[0, 1]], "y": [[0, pytest.approx(math.sin(1), abs=1e-5)]]}
    assert view.frame["layers"] == {"0.0": drawn}
    view.advance()
    assert view.frame["layers"]["0.0"] == drawn
    assert view.frame["layers"]["0.1"] == {"x": [0], "y": [1]}
    view.reset()
    assert view.frame["layers"] == {"0.0": drawn}


def test_a_name_that_never_comes_is_said(made: Made) -> None:
    made.append(view := train_live(counting, views=["loss", heat("field")], steps=2))
    assert view.problem["text"] == "the loop has not yielded field yet; it yields loss"
    assert view.status == "paused"


@pytest.mark.parametrize("every", [1, 7])
def test_the_recording_keeps_the_ends_and_stays_small(every: int) -> None:
    recording = Recording()
    for step in range(1, 20_001):
        recording.count({"loss": step * step}, {"loss"})
        if step % every == 0:
            recording.keep({"1.0": {"rows": [[step] * 50] * 50}})
        assert len(recording.steps) <= MAX_NUMBERS_KEPT + 1
    assert recording.steps[0] == 1
    assert recording.steps[-1] == 20_000
    assert recording.numbers["loss"] == [float(f"{step * step:.6g}") for step in recording.steps]
    gaps = {b - a for a, b in zip(recording.steps, recording.steps[1:-1], strict=False)}
    assert len(gaps) == 1  # evenly thinned
    assert 10 <= len(recording.frames) <= MAX_PICTURES
    assert [one["layers"]["1.0"]["rows"][0][0] for one in recording.frames] == [
        one["step"] for one in recording.frames
    ]


def test_the_view_hears_at_most_twenty_times_a_second(made: Made) -> None:
    made.append(view := train_live(counting))
    heard: list[float] = []
    view._tell = lambda message: heard.append(time.monotonic()) if "frame" in message else None
    view.start()
    time.sleep(1.0)
    view.pause()
    assert 5 <= len(heard) <= 23
    assert view.step > 3 * len(heard)


# errors


def test_an_error_in_the_loop_is_shown_with_its_line(made: Made) -> None:
    def breaks(settings: Any) -> Iterator[dict[str, Any]]:
        yield {"loss": 1.0}
        yield {"loss": [][3]}

    made.append(view := train_live(breaks))
    view.start()
    until(lambda: view.status == "failed")
    assert view.problem["text"] == "IndexError: list index out of range"
    assert view.problem["line"] == breaks.__code__.co_firstlineno + 2
    assert view.problem["code"] == 'yield {"loss": [][3]}'
    assert view.step == 1
    assert view.frame["layers"]["0.0"]["y"] == [[1.0]]
    view.advance()  # and it can be started again
    assert (view.status, view.step, view.problem) == ("paused", 1, {})


@pytest.mark.parametrize(
    ("train", "says"),
    [
        (lambda settings: None, "is no generator"),
        (lambda settings: iter([3.0]), "yields a dictionary"),
        (lambda settings: iter([{"loss": "high"}]), "one number a step"),
        (lambda settings: iter([{"loss": [1, 2]}]), "one number a step"),
        (lambda settings: iter([{"loss": 1.0, "field": [[1], [1, 2]]}]), "rows of one length"),
        (
            lambda settings: iter([{"loss": settings.batch_size}]),
            "there is no setting 'batch_size'",
        ),
        (lambda: None, "TypeError"),
    ],
)
def test_wrong_loops_are_explained(made: Made, train: Any, says: str) -> None:
    made.append(view := train_live(train, views=["loss", heat("field")]))
    view.advance()
    assert view.status == "failed"
    assert says in view.problem["text"]
    assert says in view.as_text()


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: train_live(3), "generator function"),  # type: ignore[arg-type]
        (lambda: train_live(counting, views=[]), "nothing to draw"),
        (lambda: train_live(counting, views=[3]), "layers or panels"),
        (lambda: train_live(counting, views=[dots(math.sin)]), "takes the name"),
        (lambda: train_live(counting, views=[slope(math.sin)]), "has no slope"),
        (lambda: train_live(counting, views=[handles("p", [[0, 0]])]), "has no handles"),
        (lambda: train_live(counting, steps=-1), "steps is not negative"),
        (lambda: train_live(counting, {"rate": "high"}), "rate: give"),
        (lambda: history(3), "the name under which"),  # type: ignore[arg-type]
    ],
)
def test_bad_data_is_refused_in_words(make: Any, says: str) -> None:
    with pytest.raises((TypeError, ValueError), match=re.escape(says)):
        make()


# without a front end, and over time


def test_a_still_picture_and_plain_text(made: Made) -> None:
    made.append(view := train_live(descent, {"learning_rate": 0.1 and (0.0, 0.5, 0.1)}, steps=3))
    bundled = view._repr_mimebundle_()
    data = bundled[0] if isinstance(bundled, tuple) else bundled
    assert data["text/plain"].startswith("step 3: loss = ")
    assert "<svg" in data["text/html"]
    assert "step 3" in data["text/html"]
    made.append(ready := train_live(descent, {"learning_rate": (0.0, 0.5, 0.1)}))
    assert "<svg" in ready.as_html()


def test_in_an_executed_notebook_it_ends_at_once_and_says_nothing_else(tmp_path: Path) -> None:
    source = (
        "import threading\n"
        "from course.widgets import train_live\n"
        "def train(settings):\n"
        "    step = 0\n"
        "    while True:\n"
        "        step += 1\n"
        "        yield {'loss': 1 / step}\n"
        "train_live(train, steps=5)"
    )
    cells = [nbformat.v4.new_code_cell(source)]
    cells.append(nbformat.v4.new_code_cell("[t.name for t in threading.enumerate()]"))
    notebook = nbformat.v4.new_notebook(cells=cells)
    NotebookClient(notebook, timeout=60, kernel_name="python3").execute()
    (shown,) = notebook.cells[0].outputs
    assert shown["data"]["text/plain"].startswith("step 5: loss = 0.2\n")
    assert "<svg" in shown["data"]["text/html"]
    (threads,) = notebook.cells[1].outputs
    assert "stepwise-loop" not in threads["data"]["text/plain"]


def test_thousands_of_steps_keep_no_memory(made: Made) -> None:
    def train(settings: Any) -> Iterator[dict[str, Any]]:
        while True:
            yield {"loss": 0.5, "field": [[0.5] * 5] * 5}

    made.append(view := train_live(train, views=["loss", heat("field")]))
    for _ in range(100):
        view.advance(1)
    gc.collect()
    tracemalloc.start()
    start, _ = tracemalloc.get_traced_memory()
    for _ in range(1000):
        view.advance(1)
    gc.collect()
    end, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert end - start < 250_000  # a thousand kept pictures would be 800 kB


def test_a_loop_alone() -> None:
    """The loop without a widget: every value comes once, in order."""
    values: list[int] = []
    ends: list[str] = []
    loop = Loop(lambda: iter(range(5)), values.append, lambda status, _: ends.append(status))
    loop.advance(2)
    loop.start()
    until(lambda: not loop.running)
    assert (values, ends) == ([0, 1, 2, 3, 4], ["paused", "finished"])


def test_a_setting_that_begins_anew_during_one_step_does_not_go_on_for_ever(made: Made) -> None:
    def slow(settings: Any) -> Iterator[dict[str, Any]]:
        while True:
            time.sleep(0.2)
            yield {"loss": 1.0}

    view = train_live(slow, {"size": choice([1, 2], resets=True)})
    made.append(view)
    view.advance(1)
    view.start(1)
    view.params = {"size": 2}
    assert view.status == "ready"
    assert not view._loop.running
