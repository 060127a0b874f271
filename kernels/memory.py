"""Every memory access of an interpreted kernel, named by its argument, before it happens.

`watch(observer)` shows an observer each launch, program, load, store, atomic, dot and exp. A
pointer knows which argument it came from: its type carries a tag that survives pointer arithmetic,
so an access past the end of x is an access of x, even when another tensor lies there. The observer
sees each access before it is made, and says which lanes may go ahead; the others read NaN (0 for
integers) and write nothing, so that no kernel can crash the process or read garbage.

Without a `watch`, `stay_in_bounds` is on: the first access outside its tensor raises `OutOfBounds`.
"""

import copy
import inspect
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np
import torch
import triton
from triton.runtime import interpreter

Index = tuple[int, int, int]
TRITON_FILES = str(Path(triton.__file__).parent)
TOOLS = tuple(
    str(Path(__file__).with_name(f"{name}.py")) for name in ("memory", "trace", "interpreter")
)


class OutOfBounds(IndexError):
    """A kernel read or wrote outside one of its arguments; the message says who, what and where."""


class Argument:
    """One tensor argument of a launch: its name, its elements, and where they lie.

    An offset counts elements from the view's first one; `member[offset]` says whether the view
    holds it (a column slice does not hold the rest of its rows).
    """

    def __init__(self, name: str, tensor: torch.Tensor) -> None:
        self.name = name
        self.tensor = tensor
        self.address = tensor.data_ptr()
        self.itemsize = tensor.element_size()
        self.elements = tensor.numel()
        reach = [
            (size - 1) * stride for size, stride in zip(tensor.shape, tensor.stride(), strict=True)
        ]
        self.span = sum(reach) + 1 if self.elements else 0
        self.member = np.ones(self.span, dtype=bool)
        if self.span != self.elements:
            self.member[:] = False
            strides = tensor.stride()
            np.lib.stride_tricks.as_strided(self.member, tuple(tensor.shape), strides)[...] = True

    def holds(self, offsets: np.ndarray) -> np.ndarray:
        """For each offset, whether it is one of this view's elements."""
        inside = (offsets >= 0) & (offsets < self.span)
        return inside & self.member[np.where(inside, offsets, 0)] if self.span else inside

    def __str__(self) -> str:
        shape = " × ".join(map(str, self.tensor.shape)) or "1"
        return f"{self.name} ({shape}, {str(self.tensor.dtype).removeprefix('torch.')})"


@dataclass
class Access:
    """One `tl.load`, `tl.store` or atomic of one program, before it is made."""

    operation: str  # "load", "store" or "atomic"
    argument: Argument
    offsets: np.ndarray  # int64, elements from the view's first one; masked lanes left out
    masked: int  # lanes switched off by the kernel's own mask


class Observer:
    """What `watch` calls. Every method may be left as it is."""

    def launch(self, kernel: Callable[..., Any], grid: Index, arguments: list[Argument]) -> None:
        """A kernel (the plain Python function) starts with this grid and these tensors."""

    def program(self, index: Index) -> None:
        """The next program starts; programs run one after another here, at once on a GPU."""

    def access(self, access: Access) -> np.ndarray | None:
        """Return which lanes of `access.offsets` may go ahead (bool), or None for all of them."""
        return None

    def dot(self, multiply_adds: int) -> None:
        """A `tl.dot` of M·N·K multiply–adds."""

    def exp(self, count: int) -> None:
        """`tl.exp` or `tl.exp2` of `count` numbers."""

    def finished(self) -> None:
        """The launch is over, also when it failed."""


_observers: list[Observer] = []
_installed = False


@contextmanager
def watch(observer: Observer) -> Iterator[Observer]:
    """Show `observer` what every kernel launched in this block does. The innermost watch counts."""
    _install()
    _observers.append(observer)
    try:
        yield observer
    finally:
        _observers.remove(observer)


def stay_in_bounds() -> None:
    """From now on, raise `OutOfBounds` at the first access outside a tensor."""
    _install()
    if not _observers:
        _observers.append(_StayInBounds())


def line_in_kernel(launched: str = "") -> int:
    """The line (in its file) of the kernel's code that is running now; 0 when there is none.

    With `launched`, the name of the launched kernel: the line of that kernel, also while a function
    runs that it has called.
    """
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and frame.f_code.co_filename.startswith((TRITON_FILES, *TOOLS)):
        frame = frame.f_back
    outer = frame
    while outer is not None and outer.f_code.co_name != launched:
        outer = outer.f_back
    found = outer or frame
    return found.f_lineno if found is not None else 0


class _StayInBounds(Observer):
    index: Index = (0, 0, 0)

    def program(self, index: Index) -> None:
        self.index = index

    def access(self, access: Access) -> np.ndarray | None:
        inside = access.argument.holds(access.offsets)
        if not inside.all():
            wrong = access.offsets[~inside]
            verb = "reads" if access.operation == "load" else "writes"
            raise OutOfBounds(
                f"program {self.index} {verb} {access.argument} at {describe(wrong)}, outside it "
                f"(line {line_in_kernel()}): is the mask missing or wrong?"
            )
        return None


def describe(offsets: np.ndarray) -> str:
    """A few offsets in words: `element 7`, `elements 1000 … 1023`."""
    low, high = int(offsets.min()), int(offsets.max())
    return f"element {low}" if low == high else f"elements {low} … {high}"


# --- hooks into the interpreter -------------------------------------------------------------------


def _install() -> None:
    """Wrap the interpreter's builder and grid executor, once."""
    global _installed
    if _installed:
        return
    _installed = True
    builder: Any = interpreter.interpreter_builder
    executor: Any = interpreter.GridExecutor
    was_call, was_convert = executor.__call__, interpreter._implicit_cvt
    coming: list[Argument] = []  # the launch's tensors, in the order in which they are converted

    def call(self: Any, *args: Any, **kw: Any) -> Any:
        if not _observers:
            return was_call(self, *args, **kw)
        observer = _observers[-1]
        names = inspect.getfullargspec(self.fn).args
        bound = inspect.getcallargs(self.fn, *args, **{k: v for k, v in kw.items() if k in names})
        arguments = [a for name, value in bound.items() for a in _tensors(name, value)]
        grid = self.grid(bound) if callable(self.grid) else self.grid
        x, y, z = (*map(int, grid), 1, 1)[:3]
        coming[:] = arguments
        observer.launch(self.fn, (x, y, z), arguments)
        try:
            return was_call(self, *args, **kw)
        finally:
            observer.finished()
            coming.clear()

    def convert(value: Any) -> Any:
        converted = was_convert(value)
        if coming and hasattr(value, "data_ptr"):
            argument = coming.pop(0)
            argument.address = value.data_ptr()  # of the interpreter's copy on the host
            converted.handle.dtype = _tagged(converted.handle.dtype, argument)
        return converted

    executor.__call__ = call
    interpreter._implicit_cvt = convert

    def wrap(name: str, wrapper: Callable[..., Any]) -> None:
        was = getattr(builder, name)
        setattr(builder, name, lambda *args, **kw: wrapper(was, *args, **kw))

    wrap("set_grid_idx", _program)
    wrap("create_masked_load", _load)
    wrap("create_masked_store", _store)
    wrap("create_atomic_rmw", _atomic_rmw)
    wrap("create_atomic_cas", _atomic_cas)
    wrap("create_bitcast", _bitcast)
    wrap("create_dot", _dot)
    wrap("create_exp", _exp)
    wrap("create_exp2", _exp)


def _tensors(name: str, value: Any) -> Iterator[Argument]:
    """The tensors in one argument: itself, a descriptor's base, or those in a tuple."""
    if isinstance(value, tuple):
        for position, item in enumerate(value):
            yield from _tensors(f"{name}[{position}]", item)
    elif hasattr(value, "data_ptr"):
        yield Argument(name, interpreter._unwrap_tensor(value))
    elif isinstance(value, interpreter.TensorDescriptor):
        yield Argument(name, value.base)


def _tagged(pointer_type: Any, argument: Argument) -> Any:
    pointer_type = copy.copy(pointer_type)
    pointer_type.argument = argument
    return pointer_type


def _check(operation: str, pointers: Any, mask: np.ndarray) -> np.ndarray:
    """Show the access to the observer; return the mask that remains."""
    argument = getattr(pointers.dtype, "argument", None)
    if argument is None or not _observers:
        return mask
    distance = (pointers.data - np.uint64(argument.address)).view(np.int64)
    on = np.broadcast_to(mask, distance.shape)
    offsets = distance[on] // argument.itemsize
    lanes = distance.size - offsets.size
    allowed = _observers[-1].access(Access(operation, argument, offsets, lanes))
    if allowed is None or allowed.all():
        return mask
    remaining = np.zeros(distance.shape, dtype=bool)
    remaining[on] = allowed
    return remaining


def _handle(mask: np.ndarray) -> Any:
    return interpreter.TensorHandle(mask, interpreter.tl.int1)


def _program(was: Any, *index: int) -> None:
    if _observers:
        _observers[-1].program((index[0], index[1], index[2]))
    was(*index)


def _load(was: Any, pointers: Any, mask: Any, other: Any, *rest: Any, **kw: Any) -> Any:
    wanted = np.asarray(mask.data)
    remaining = _check("load", pointers, wanted)
    loaded = was(pointers, _handle(remaining), other, *rest, **kw)
    if remaining is not wanted:
        poison = np.nan if loaded.data.dtype.kind == "f" else 0
        loaded.data = np.where(wanted & ~remaining, loaded.data.dtype.type(poison), loaded.data)
    return loaded


def _store(was: Any, pointers: Any, value: Any, mask: Any, *rest: Any, **kw: Any) -> Any:
    remaining = _check("store", pointers, np.asarray(mask.data))
    return was(pointers, value, _handle(remaining), *rest, **kw)


def _atomic_rmw(was: Any, operation: Any, pointers: Any, value: Any, mask: Any, *rest: Any) -> Any:
    remaining = _check("atomic", pointers, np.asarray(mask.data))
    return was(operation, pointers, value, _handle(remaining), *rest)


def _atomic_cas(was: Any, pointers: Any, *rest: Any) -> Any:
    everything = np.ones(pointers.data.shape, dtype=bool)
    if not _check("atomic", pointers, everything).all():
        raise OutOfBounds(f"an atomic_cas goes outside its tensor (line {line_in_kernel()})")
    return was(pointers, *rest)


def _bitcast(was: Any, source: Any, dtype: Any) -> Any:
    cast = was(source, dtype)
    argument = getattr(source.dtype, "argument", None)
    if argument is not None and isinstance(cast.dtype, interpreter.tl.pointer_type):
        cast.dtype = _tagged(cast.dtype, argument)
    return cast


def _dot(was: Any, a: Any, b: Any, *rest: Any, **kw: Any) -> Any:
    if _observers:
        _observers[-1].dot(a.data.size * b.data.shape[-1])
    return was(a, b, *rest, **kw)


def _exp(was: Any, argument: Any) -> Any:
    if _observers:
        _observers[-1].exp(argument.data.size)
    return was(argument)
