"""Whether a student's own kernel did the work: it was launched, and torch computed nothing.

    from kernels.guard import guard

    with guard(softmax_kernel) as seen:
        out = softmax(x)
    seen.fine, seen.says

Inside the block, torch may allocate (`torch.empty`, `torch.zeros` …) and make views. Any other
operation on tensors is noted, and every way out of torch (`.numpy()`, `.tolist()`, `.item()` …),
and every launch of a kernel that was not named. A result that was there before, and only handed
out again, shows as a kernel that was not launched. The rules hold alike in the interpreter and on a
GPU. Whether the kernel wrote the result is the trace's to say: `run.holes(out) == []`.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from kernels.launches import Launcher, intercept

from torch.overrides import TorchFunctionMode, resolve_name
from torch.utils._python_dispatch import TorchDispatchMode

ALLOCATION = {
    "empty", "empty_like", "empty_strided", "new_empty", "new_empty_strided", "zeros", "zeros_like",
    "new_zeros", "zero_", "full", "full_like", "new_full", "fill_", "ones", "ones_like", "new_ones",
}  # fmt: skip
VIEWS = {
    "view", "_unsafe_view", "reshape", "_reshape_alias", "as_strided", "transpose", "t", "permute",
    "expand", "squeeze", "unsqueeze", "select", "slice", "narrow", "unbind", "split", "alias",
    "detach", "set_", "unfold", "diagonal", "lift_fresh",
}  # fmt: skip
WAYS_OUT = {
    "numpy",
    "tolist",
    "item",
    "__array__",
    "__dlpack__",
    "__float__",
    "__int__",
    "__bool__",
}


@dataclass
class Seen:
    """What happened inside a `guard`."""

    kernels: list[str]
    launches: list[str] = field(default_factory=list)  # of the kernels that were named
    others: list[str] = field(default_factory=list)  # of other kernels
    operations: list[str] = field(default_factory=list)  # torch operations that compute
    ways_out: list[str] = field(default_factory=list)  # .numpy(), .tolist(), .item() …

    @property
    def fine(self) -> bool:
        """Whether every kernel that was named was launched, and nothing else computed."""
        strangers = self.others or self.operations or self.ways_out
        return not strangers and set(self.launches) == set(self.kernels)

    @property
    def says(self) -> str:
        """What was wrong, in one sentence; or that nothing was."""
        missing = [name for name in self.kernels if name not in self.launches]
        if missing:
            return f"{_names(missing)} was not launched: who computed the result?"
        if self.operations:
            return f"torch computed inside the wrapper ({_names(self.operations)})"
        if self.ways_out:
            return f"numbers left torch inside the wrapper ({_names(self.ways_out)})"
        if self.others:
            return f"a kernel that is not yours was launched ({_names(self.others)})"
        return f"{_names(self.kernels)} did the work"


class _Operations(TorchDispatchMode):
    """Notes what torch computes, except inside a launch (the interpreter moves its arguments)."""

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        return False  # True imports torch's compiler at the first operation: a second of waiting

    def __init__(self, seen: Seen) -> None:
        super().__init__()
        self.seen = seen
        self.launching = False

    def __torch_dispatch__(
        self, operation: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        name = operation.name().removeprefix("aten::").split(".")[0]
        if not self.launching and name not in ALLOCATION | VIEWS:
            ways_out = name == "_local_scalar_dense"  # what .item() and float(x) come down to
            (self.seen.ways_out if ways_out else self.seen.operations).append(
                ".item()" if ways_out else name
            )
        return operation(*args, **(kwargs or {}))


class _WaysOut(TorchFunctionMode):
    """Notes calls that turn a tensor into something that torch no longer sees."""

    def __init__(self, seen: Seen, operations: _Operations) -> None:
        super().__init__()
        self.seen = seen
        self.operations = operations

    def __torch_function__(
        self, function: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        name = (resolve_name(function) or getattr(function, "__name__", "")).split(".")[-1]
        if name in WAYS_OUT and not self.operations.launching:
            self.seen.ways_out.append(f".{name}()")
        return function(*args, **(kwargs or {}))


@contextmanager
def guard(*kernels: Any) -> Iterator[Seen]:
    """Watch a call of a wrapper that should launch these kernels and compute nothing itself.

    Args:
        kernels: the student's functions under `@triton.jit` (or `@triton.autotune` above it).
    """
    mine = [_below_autotune(kernel) for kernel in kernels]
    seen = Seen([kernel.fn.__name__ for kernel in mine])
    operations = _Operations(seen)

    def watched(
        launch: Launcher, kernel: Any, args: tuple[Any, ...], options: dict[str, Any]
    ) -> Any:
        own = any(kernel is one for one in mine)
        (seen.launches if own else seen.others).append(kernel.fn.__name__)
        operations.launching = True
        try:
            return launch(*args, **options)
        finally:
            operations.launching = False

    with intercept(watched), _WaysOut(seen, operations), operations:
        yield seen


def _below_autotune(kernel: Any) -> Any:
    while hasattr(kernel.fn, "fn"):
        kernel = kernel.fn
    return kernel


def _names(names: list[str]) -> str:
    return ", ".join(dict.fromkeys(names))
