"""How fast a kernel is: against torch in the same run, and its place below the machine's roof.

    n = 300 if INTERPRETING else 2**26
    speed(vector_add, torch.add, normal(n), normal(n, seed=1), operations=n)

On a GPU both are timed as `kernels.bench` times (events, a cold cache, the median), and so are the
machine's own limits: a copy, and a product of matrices of the same dtype. Without a GPU nothing is
timed. What can be counted is how many operations come on each byte: that is the place on the
roofline, though not the height. Nothing here is graded.
"""

import functools
from collections.abc import Callable
from typing import Any, Protocol

from kernels.bench.measure import copy_bytes_per_second, matmul_flops_per_second, time_ms
from kernels.trace import trace

import torch

from course.checks.kernels import INTERPRETING as INTERPRETING
from course.checks.kernels import Sentence
from course.checks.outcome import name_of
from course.measure import Placed
from course.widgets.attention import counted_roofline, measured_roofline

H200 = (989e12, 4.8e12)
"""FLOP/s of products of halves, bytes/s of memory (NVIDIA, H200 data sheet, without sparsity)."""

NOT_TIMED = (
    "Not timed: without a GPU, your kernel runs in Triton's interpreter, whose time says nothing."
)


class Clock(Protocol):
    """What times a call on one machine."""

    name: str

    def seconds(self, call: Callable[[], Any]) -> float:
        """How long the call takes."""

    def ceilings(self, dtype: torch.dtype) -> tuple[float, float]:
        """The machine's own limits: FLOP/s in a product of this dtype, bytes/s in a copy."""


class Gpu:
    """The GPU of this process."""

    def __init__(self) -> None:
        self.name = torch.cuda.get_device_name()

    def seconds(self, call: Callable[[], Any]) -> float:
        """The median of many calls, each with a cold cache."""
        return time_ms(call) * 1e-3

    def ceilings(self, dtype: torch.dtype) -> tuple[float, float]:
        """Measured once a process and dtype."""
        return _ceilings(dtype)


@functools.cache
def _ceilings(dtype: torch.dtype) -> tuple[float, float]:
    return matmul_flops_per_second(dtype), copy_bytes_per_second()


def speed(
    wrapper: Callable[..., Any],
    rival: Callable[..., Any],
    *inputs: Any,
    operations: int,
    moved: int | None = None,
    clock: Clock | None = None,
) -> Any:
    """The wrapper beside torch's own function on a roofline; without a GPU, its place on one.

    Args:
        wrapper: the student's function.
        rival: torch's best, called with the same inputs.
        operations: that the task takes (a multiplication and an addition are two), at least 1.
        moved: bytes that must be read and written; by default every tensor in and out, once.
        clock: what times; by default the GPU, if kernels run on one.

    Returns:
        A plot with its text; a sentence when the call ends with an error.
    """
    if operations < 1:
        raise ValueError("a roofline has a place for functions of at least one operation")
    if clock is None and not INTERPRETING:
        clock = Gpu()
    try:
        if clock is None:
            return _counted(wrapper, inputs, operations, moved)
        return _timed(clock, wrapper, rival, inputs, operations, moved)
    except NotImplementedError:
        return Sentence(f"{name_of(wrapper)} is not written yet.")
    except Exception as error:
        return Sentence(f"{name_of(wrapper)}: {type(error).__name__}: {error}")


def _timed(
    clock: Clock,
    wrapper: Callable[..., Any],
    rival: Callable[..., Any],
    inputs: tuple[Any, ...],
    operations: int,
    moved: int | None,
) -> Any:
    moved = moved or _bytes(inputs, wrapper(*inputs))
    mine = Placed(operations, moved, clock.seconds(lambda: wrapper(*inputs)))
    torchs = Placed(operations, moved, clock.seconds(lambda: rival(*inputs)))
    ceilings = clock.ceilings(next(x.dtype for x in inputs if torch.is_tensor(x)))
    ratio = torchs.seconds / mine.seconds
    name = f"{name_of(wrapper)}, {ratio:.2f} × the speed of torch"
    return measured_roofline(*ceilings, {name: mine, "torch": torchs}, clock.name)


def _counted(
    wrapper: Callable[..., Any], inputs: tuple[Any, ...], operations: int, moved: int | None
) -> Any:
    with trace() as run:
        result = wrapper(*inputs)
    total = run.total
    asked = total.loaded_bytes + total.stored_bytes + total.atomic_bytes
    if not asked:
        return Sentence(f"{name_of(wrapper)} launched no kernel that touches a tensor.")
    places = {
        f"{name_of(wrapper)}, all that it loads and stores": operations / asked,
        "every number to and fro once": operations / (moved or _bytes(inputs, result)),
    }
    return counted_roofline(*H200, places, "an H200 (data sheet)", [NOT_TIMED])


def _bytes(inputs: tuple[Any, ...], result: Any) -> int:
    """Bytes of every tensor that goes in or comes out."""
    results = (result,) if torch.is_tensor(result) else tuple(result)
    return sum(x.numel() * x.element_size() for x in (*inputs, *results) if torch.is_tensor(x))
