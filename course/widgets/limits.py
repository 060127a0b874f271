"""Ending a run that does not end by itself."""

import contextlib
import threading


class Cut(BaseException):
    """Ends the traced function; not an Exception, so `except Exception` lets it by."""


class Watchdog:
    """Ends the calling thread's work after `seconds`, and again while the work catches everything.

    Needed because Python stops tracing once a trace function has raised: `while True:` around
    `try: … except: pass` would swallow the one exception and run on, unseen. It raises only while
    it holds `lock`: whoever takes the lock for good is safe from it. Where there are no threads
    (Python in the browser) it does nothing.
    """

    def __init__(self, seconds: float) -> None:
        self.lock = threading.Lock()
        self.over = threading.Event()
        self._seconds = seconds + 0.05
        self._target = threading.get_ident()

    def start(self) -> None:
        with contextlib.suppress(RuntimeError):
            threading.Thread(target=self._watch, name="stepwise-watchdog", daemon=True).start()

    def _watch(self) -> None:
        from ctypes import c_ulong, py_object, pythonapi

        wait = self._seconds
        while not self.over.wait(wait) and self.lock.acquire(blocking=False):
            pythonapi.PyThreadState_SetAsyncExc(c_ulong(self._target), py_object(Cut))
            self.lock.release()
            wait = 0.01
