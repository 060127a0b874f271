"""What went wrong inside the student's code, and on which line of it."""

import builtins
import linecache
from dataclasses import dataclass
from types import TracebackType
from typing import Any

from course.checks.byhand import NotByHand
from course.checks.counting import WorkLimit
from course.checks.show import show

_type, _isinstance = type, isinstance
_BUILT_IN = {kind for kind in vars(builtins).values() if _isinstance(kind, _type)}


@dataclass(frozen=True)
class Place:
    """A line of the student's code: the function, the line in its cell, and the lines around."""

    function: str
    line: int
    around: tuple[tuple[int, str], ...]  # (line number, text)

    @property
    def text(self) -> str:
        """The line itself."""
        return dict(self.around).get(self.line, "").strip()


@dataclass(frozen=True)
class Mishap:
    """An exception from the student's code, kept without its frames."""

    kind: type[BaseException]
    message: str
    place: Place | None

    @property
    def unwritten(self) -> bool:
        """Whether this is the `raise NotImplementedError()` that an exercise starts with."""
        return self.kind is NotImplementedError and not self.message

    @property
    def name(self) -> str:
        """The name of the exception's type."""
        return show(self.kind.__name__, 60).strip("'\"")

    def sentence(self, hidden: bool = False) -> str:
        """What happened. If `hidden`, nothing that could hold a value of a hidden test."""
        if self.kind is WorkLimit:
            return (
                "Your code does far more work than needed; perhaps a loop in it never ends."
                if hidden
                else f"{self.message} Perhaps a loop in it never ends."
            )
        if self.kind is NotByHand:
            return f"Your code calls {self.message}, which this exercise asks you to do yourself."
        if self.kind is KeyboardInterrupt:
            return "Your code was still running when it was interrupted."
        if hidden:
            name = self.name if self.kind in _BUILT_IN else "an exception"
            return f"Your code raised {name}."
        return f"Your code raised {self.name}{f': {self.message}' if self.message else '.'}"


def mishap(error: BaseException, namespace: dict[str, Any], test_file: str) -> Mishap:
    """What `error` tells: its type, its message, and the deepest line in the student's code.

    The student's code is what lives in `namespace` and was not written in `test_file`.
    """
    try:
        message = str(error)
    except Exception:
        message = ""
    if _type(message) is not str:
        message = ""
    message = message if len(message) <= 300 else f"{message[:280]} …"
    return Mishap(_type(error), message, _place(error.__traceback__, namespace, test_file))


def _place(
    traceback: TracebackType | None, namespace: dict[str, Any], test_file: str
) -> Place | None:
    found = None
    while traceback is not None:
        code = traceback.tb_frame.f_code
        if traceback.tb_frame.f_globals is namespace and code.co_filename != test_file:
            name = code.co_qualname.rpartition("<locals>.")[2]  # "Value.backward"
            found = (code.co_filename, name, traceback.tb_lineno)
        traceback = traceback.tb_next
    if found is None:
        return None
    file, function, line = found
    near = range(max(1, line - 2), line + 2)
    texts = ((number, linecache.getline(file, number).rstrip()) for number in near)
    around = tuple((number, text) for number, text in texts if text)
    return Place(function, line, around)
