"""What this machine can do: two numbers for a roofline, measured in about half a second."""

import time
from collections.abc import Callable

import torch


def this_machine(size: int = 512, megabytes: int = 16) -> tuple[float, float]:
    """(FLOP a second in a float32 matrix product, bytes a second in a copy), on the CPU.

    The best of a few tries each, with torch's threads as they are; a copy reads and writes.
    """
    one = torch.randn(size, size)
    source = torch.zeros(megabytes * 2**20 // 4)
    target = torch.empty_like(source)
    flops = 2 * size**3 / _best(lambda: torch.mm(one, one))
    return flops, 2 * source.nbytes / _best(lambda: target.copy_(source))


def _best(work: Callable[[], object], tries: int = 5) -> float:
    work()  # the first time is not typical
    seconds = []
    for _ in range(tries):
        begin = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - begin)
    return max(min(seconds), 1e-9)
