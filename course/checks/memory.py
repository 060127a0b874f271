"""How much memory a call takes at its peak, in bytes that Python allocates: no clock, no machine.

Measured by `tracemalloc`, which counts the same bytes on every run of one Python version.
"""

import tracemalloc
from collections.abc import Callable
from typing import Any

from course.checks.case import Check
from course.checks.outcome import Outcome, name_of


class Measured:
    """`function`, measured: after a call, `peak` is how many bytes it held at most."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function = function
        self.__name__ = name_of(function)
        self.__globals__ = getattr(function, "__globals__", None)
        self.peak = 0

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        already = tracemalloc.is_tracing()
        if not already:
            tracemalloc.start()
        try:
            tracemalloc.reset_peak()
            before, _ = tracemalloc.get_traced_memory()
            result = self._function(*arguments, **named)
            self.peak = tracemalloc.get_traced_memory()[1] - before
        finally:
            if not already:
                tracemalloc.stop()
        return result


def stays_small(
    case: Check,
    function: Callable[..., Any],
    *arguments: Any,
    gives: Any,
    at_most: int,
    instead_of: str,
) -> Outcome:
    """Fail `case` unless the call gives `gives` and never holds more than `at_most` bytes.

    `instead_of` says in words what takes more: "a table of all items".
    """
    measured = Measured(function)
    outcome = case(measured, *arguments).gives(gives)
    if measured.peak > at_most:
        case.fail(
            f"{measured.__name__} held {in_words(measured.peak)} at once; {in_words(at_most)} are "
            f"plenty. That looks like {instead_of}."
        )
    return outcome


def in_words(size: int) -> str:
    """A number of bytes for reading: "76 kB", "3.4 MB"."""
    return f"{size / 1e6:.1f} MB" if size >= 1e6 else f"{round(size / 1000)} kB"
