"""Running a generator in the background: start, pause, one step, never a thread left behind.

A thread exists only while the loop runs. Pausing ends it and keeps the generator, which a new
thread goes on with. Only one loop runs at a time: starting one pauses the other. Where there are no
threads (Python in the browser) the loop takes turns with everything else on the event loop.
"""

import asyncio
import atexit
import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

from course.widgets.limits import Cut

PATIENCE = 2.0  # seconds that a step may take to end before it is ended
MAX_SECONDS = 600.0  # after which a loop pauses by itself: nobody may be looking any more
TURN = 0.02  # seconds at a time where the loop shares the only thread

_running: "Loop | None" = None


class Loop:
    """Steps of the generator that `begin()` makes.

    `yielded(value)` is called after each step, in the thread of the loop; `ended(status, error)`
    when it stops: "paused", "finished", or "failed" with the exception. `speed` is in steps a
    second, 0 for as fast as possible.
    """

    def __init__(
        self,
        begin: Callable[[], Iterator[Any]],
        yielded: Callable[[Any], None],
        ended: Callable[[str, BaseException | None], None],
    ) -> None:
        self._begin, self._yielded, self._ended = begin, yielded, ended
        self._steps: Iterator[Any] | None = None
        self._run = 0  # a run that was forgotten must not speak any more
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._task: asyncio.Task[None] | None = None
        self._turn: Iterator[float] = iter(())
        self.speed = 0.0

    @property
    def running(self) -> bool:
        """Whether a thread (or a task) of this loop is alive."""
        return self._task is not None or bool(self._thread and self._thread.is_alive())

    @property
    def stuck(self) -> bool:
        """Whether it was told to stop, and a step still goes on."""
        return self.running and self._stop.is_set()

    def start(self, limit: int | None = None) -> bool:
        """Goes on in the background, for at most `limit` steps; False when it still runs."""
        global _running
        if self.running:
            return False
        if _running is not None and _running is not self:
            _running.pause()
        _running = self
        self._stop = threading.Event()
        self._turn = self._turns(self._stop, limit)
        thread = threading.Thread(
            target=_drive, args=(self._turn, self._stop), name="stepwise-loop", daemon=True
        )
        try:
            thread.start()
            self._thread = thread
        except RuntimeError:  # no threads here
            self._task = asyncio.ensure_future(self._take_turns(self._turn))
        return True

    def advance(self, count: int) -> None:
        """Takes `count` steps here and now; pauses the background first."""
        if self.pause():
            for _ in self._turns(threading.Event(), count):
                pass

    def pause(self) -> bool:
        """Ends the thread after the step at hand; False when that step is still going on."""
        self._stop.set()
        if self._task is not None:
            self._task.cancel()
            self._task = None
            for _ in self._turn:  # it only sees that it is to stop, and says so
                pass
        if self._thread and self._thread is not threading.current_thread():
            self._thread.join(PATIENCE)
        return not self.running

    def reset(self) -> None:
        """Forgets the generator: the next step begins anew. Ends a step that does not end."""
        if not self.pause():
            self._end_thread()
        self._run += 1
        steps, self._steps = self._steps, None
        if steps is not None and hasattr(steps, "close"):
            with contextlib.suppress(Exception):  # the reader's own clean-up may fail
                steps.close()

    def _end_thread(self) -> None:
        """Raises `Cut` in a thread whose step goes on for ever, until it has ended."""
        from ctypes import c_ulong, py_object, pythonapi

        thread = self._thread
        deadline = time.monotonic() + PATIENCE
        while thread and thread.is_alive() and time.monotonic() < deadline:
            pythonapi.PyThreadState_SetAsyncExc(c_ulong(thread.ident or 0), py_object(Cut))
            thread.join(0.05)

    def _turns(self, stop: threading.Event, limit: int | None) -> Iterator[float]:
        """Takes steps; yields the seconds to wait before the next one (0 while it should hurry)."""
        run, taken = self._run, 0
        status: str = "paused"
        error: BaseException | None = None
        deadline = time.monotonic() + MAX_SECONDS
        try:
            while not stop.is_set() and taken != limit and time.monotonic() < deadline:
                if self._steps is None:
                    self._steps = self._begin()
                try:
                    value = next(self._steps)
                except StopIteration:
                    status, self._steps = "finished", None
                    break
                if run != self._run:
                    return
                taken += 1
                self._yielded(value)
                if taken != limit:
                    yield 1 / self.speed if self.speed > 0 else 0.0
        except (Exception, Cut) as problem:
            if run != self._run:
                return
            status, error, self._steps = "failed", problem, None
        self._ended(status, error)

    async def _take_turns(self, turns: Iterator[float]) -> None:
        since = time.monotonic()
        for pause in turns:
            if pause or time.monotonic() - since > TURN:
                await asyncio.sleep(pause)
                since = time.monotonic()
        self._task = None


def _drive(turns: Iterator[float], stop: threading.Event) -> None:
    """The thread's whole life."""
    with contextlib.suppress(Cut):  # one may still be on its way
        for pause in turns:
            if pause:
                stop.wait(pause)


def stop_all() -> None:
    """Pauses the loop that runs, if any: at the end of the process, for example."""
    if _running is not None:
        _running.pause()


atexit.register(stop_all)
