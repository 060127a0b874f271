"""Time on a GPU, with events, from a cold cache; and what the machine is."""

import datetime
import platform
import shutil
import statistics
import subprocess
from collections.abc import Callable
from typing import Any

import torch
import triton

FLUSH_BYTES = 2**28  # larger than any L2 cache
GIB = 2**30


def time_ms(call: Callable[[], Any], budget_ms: float = 300.0, least: int = 10) -> float:
    """Median milliseconds of a call on the GPU; caches are overwritten before each.

    The first calls (compiling, allocating) do not count. The median, not the least: what a reader
    would see.
    """
    for _ in range(3):
        call()
    flush = torch.empty(FLUSH_BYTES, dtype=torch.int8, device="cuda")
    once = _events(call, flush, 1)[0]
    return statistics.median(_events(call, flush, max(least, min(1000, int(budget_ms / once)))))


def _events(call: Callable[[], Any], flush: torch.Tensor, count: int) -> list[float]:
    starts = [torch.cuda.Event(enable_timing=True) for _ in range(count)]
    stops = [torch.cuda.Event(enable_timing=True) for _ in range(count)]
    for start, stop in zip(starts, stops, strict=True):
        flush.zero_()
        start.record()
        call()
        stop.record()
    torch.cuda.synchronize()
    return [start.elapsed_time(stop) for start, stop in zip(starts, stops, strict=True)]


def copy_bytes_per_second() -> float:
    """Bytes read and written a second by a device copy of one GiB: the ceiling of this run."""
    source = torch.empty(GIB, dtype=torch.int8, device="cuda")
    target = torch.empty_like(source)
    return 2 * GIB / (time_ms(lambda: target.copy_(source)) * 1e-3)


def matmul_flops_per_second(dtype: torch.dtype = torch.bfloat16, size: int = 8192) -> float:
    """Operations a second in torch's product of two matrices: the other ceiling of this run."""
    a = torch.randn(size, size, device="cuda").to(dtype)
    return 2 * size**3 / (time_ms(lambda: a @ a) * 1e-3)


def machine() -> dict[str, str]:
    """GPU, driver, versions and date: what every figure must come with."""
    return {
        "gpu": torch.cuda.get_device_name(),
        "driver": _driver(),
        "cuda": str(torch.version.cuda),
        "torch": torch.__version__,
        "triton": triton.__version__,
        "cudnn": str(torch.backends.cudnn.version()),
        "python": platform.python_version(),
        "date": datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d"),
    }


def _driver() -> str:
    if not shutil.which("nvidia-smi"):
        return "unknown"
    query = ["nvidia-smi", "--query-gpu=driver_version", "--format=csv,noheader"]
    said = subprocess.run(query, capture_output=True, text=True, check=False)
    return said.stdout.strip().splitlines()[0] if said.returncode == 0 else "unknown"
