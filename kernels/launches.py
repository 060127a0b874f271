"""A hand on every kernel launch of this process, interpreted or compiled."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from triton.runtime.interpreter import InterpretedFunction
from triton.runtime.jit import JITFunction

KINDS: tuple[Any, ...] = (InterpretedFunction, JITFunction)
"""What `@triton.jit` makes: the first in the interpreter, the second on a GPU."""

Launcher = Callable[..., Any]
Handler = Callable[[Launcher, Any, tuple[Any, ...], dict[str, Any]], Any]


@contextmanager
def intercept(handler: Handler) -> Iterator[None]:
    """In this block, call `handler(launch, kernel, args, options)` instead of each launch.

    `launch(*args, **options)` does what would have happened; `options` are the keyword arguments,
    the grid among them.
    """
    was = [kind.run for kind in KINDS]

    def replacement(theirs: Launcher) -> Launcher:
        def run(kernel: Any, *args: Any, **options: Any) -> Any:
            return handler(lambda *a, **o: theirs(kernel, *a, **o), kernel, args, options)

        return run

    for kind, theirs in zip(KINDS, was, strict=True):
        kind.run = replacement(theirs)
    try:
        yield
    finally:
        for kind, theirs in zip(KINDS, was, strict=True):
            kind.run = theirs
