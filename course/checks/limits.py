"""Ending code that would never end: by counting its lines, not by the clock."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from course.checks.counting import WorkLimit

LINES = 1_000_000


@contextmanager
def at_most_lines(limit: int | None, namespace: dict[str, Any]) -> Iterator[None]:
    """Raise `WorkLimit` in code of `namespace` (a module's globals) after `limit` lines of it.

    Lines elsewhere (libraries) are free, and cost next to nothing to watch. Does nothing where
    something else traces already (a debugger, a coverage run) or when `limit` is None.
    """
    if limit is None or sys.gettrace() is not None:
        yield
        return
    left = limit

    def of_a_line(frame: FrameType, event: str, argument: Any) -> Callable[..., Any]:
        nonlocal left
        if event == "line":
            left -= 1
            if left < 0:
                lines = f"{limit:,}".replace(",", " ")
                raise WorkLimit(f"It had not ended after {lines} lines of code.")
        return of_a_line

    def of_a_call(frame: FrameType, event: str, argument: Any) -> Callable[..., Any] | None:
        return of_a_line if frame.f_globals is namespace else None

    sys.settrace(of_a_call)
    try:
        yield
    finally:
        sys.settrace(None)
