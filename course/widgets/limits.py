"""Ending a run that does not end by itself."""

import contextlib
import gc
import threading
from collections.abc import Callable, Iterator


class Cut(BaseException):
    """Ends the traced function; not an Exception, so `except Exception` lets it by."""


class Watchdog:
    """Ends the calling thread's work after `seconds`, be it in a library or in one long line.

    Python stops tracing once a trace function has raised, so a loop around `try: … except: pass`
    swallows a first `Cut` and runs on unseen. Each `Cut` from here therefore calls `rearm`, in the
    thread that gets it, to switch tracing on again: the handler's first line gets the next one.

    It raises only while it holds `lock`: whoever takes the lock for good is safe from it. Where
    there are no threads (Python in the browser) it does nothing. It cannot end a loop in C code.
    """

    def __init__(self, seconds: float, rearm: Callable[[], None] = lambda: None) -> None:
        class CutAgain(Cut):
            def __init__(self) -> None:
                super().__init__()
                rearm()

        self.lock = threading.Lock()
        self.over = threading.Event()
        self._seconds = seconds + 0.05
        self._target = threading.get_ident()
        self._cut = CutAgain

    def start(self) -> None:
        with contextlib.suppress(RuntimeError):
            threading.Thread(target=self._watch, name="stepwise-watchdog", daemon=True).start()

    def _watch(self) -> None:
        from ctypes import c_ulong, py_object, pythonapi

        wait = self._seconds
        while not self.over.wait(wait) and self.lock.acquire(blocking=False):
            pythonapi.PyThreadState_SetAsyncExc(c_ulong(self._target), py_object(self._cut))
            self.lock.release()
            wait = 0.01


@contextlib.contextmanager
def no_collection() -> Iterator[None]:
    """No garbage collection meanwhile: a `Cut` that hit a foreign `__del__` would be lost there."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()
