"""What this machine can do, and what a function gets out of it: the numbers for a roofline."""

import time
from collections.abc import Callable
from typing import Any, NamedTuple

import torch

from course.memory import Machine


def this_machine(size: int = 512, megabytes: int = 16) -> tuple[float, float]:
    """(FLOP a second in a float32 matrix product, bytes a second in a copy), on the CPU.

    The best of a few tries each, with torch's threads as they are; a copy reads and writes. It
    takes about half a second.
    """
    one = torch.randn(size, size)
    source = torch.zeros(megabytes * 2**20 // 4)
    target = torch.empty_like(source)
    flops = 2 * size**3 / _best(lambda: torch.mm(one, one))
    return flops, 2 * source.nbytes / _best(lambda: target.copy_(source))


class Placed(NamedTuple):
    """Where a function stands on a roofline."""

    flops: int  # operations in products of matrices
    traffic: int  # bytes moved, by the memory model
    seconds: float  # on this machine

    @property
    def intensity(self) -> float:
        """FLOP for each byte moved."""
        return self.flops / self.traffic

    @property
    def rate(self) -> float:
        """FLOP a second."""
        return self.flops / self.seconds


def place(function: Callable[..., Any], *args: Any) -> Placed:
    """Count what `function(*args)` does on the memory model; time it, without the model, here."""
    machine = Machine()
    machine.run(function, *args)
    return Placed(machine.flops, machine.traffic, _best(lambda: function(*args), tries=3))


def _best(work: Callable[[], object], tries: int = 5) -> float:
    work()  # the first time is not typical
    seconds = []
    for _ in range(tries):
        begin = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - begin)
    return max(min(seconds), 1e-9)
