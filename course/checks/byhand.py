"""Code that must be written by hand: noticing calls of the function that an exercise is about."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import Any

_MODULE_CALLED = "_wrapped_call_impl"  # what runs when a torch.nn.Module is called


class NotByHand(BaseException):
    """The student's code called something that the exercise asks to write.

    Not an `Exception`, so that `except Exception` in the student's code does not hide it.
    """


@contextmanager
def by_hand(names: Sequence[str], namespace: dict[str, Any]) -> Iterator[None]:
    """Raise `NotByHand` where code of `namespace` calls anything called one of `names`.

    Built-in functions, methods and library functions are told by their own names ("sorted",
    "sort", "softmax"), under whatever name the code knows them, and a torch module that is called
    by the name of its class ("GELU"). Functions that live in `namespace` are the student's own and
    may be called anything. Does nothing where a profiler is running.
    """
    forbidden = frozenset(names)
    if not forbidden or sys.getprofile() is not None:
        yield
        return

    def watch(frame: FrameType, event: str, argument: Any) -> None:
        if event == "c_call":
            caller, name = frame, argument.__name__
        elif event == "call" and frame.f_globals is not namespace and frame.f_back is not None:
            caller, name = frame.f_back, frame.f_code.co_name
            if name == _MODULE_CALLED:
                name = type(frame.f_locals.get("self")).__name__
        else:
            return
        if name in forbidden and caller.f_globals is namespace:
            raise NotByHand(name)

    sys.setprofile(watch)
    try:
        yield
    finally:
        sys.setprofile(None)
