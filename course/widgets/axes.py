"""Where numbers lie on an axis, which of them get a tick, and how they are written."""

import math
from collections.abc import Callable, Sequence


def scale(
    span: Sequence[float], start: float, end: float, log: bool = False
) -> Callable[[float], float]:
    """The place, between `start` and `end`, of a number in `span`. Not finite below a log axis."""
    low, high = (math.log10(one) for one in span) if log else span

    def place(value: float) -> float:
        if log:
            value = math.log10(value) if value > 0 else -math.inf
        return start + (value - low) / (high - low) * (end - start)

    return place


def ticks(span: Sequence[float], wanted: int, log: bool = False) -> list[float]:
    """About `wanted` round numbers in `span`; on a log axis of some decades, powers of ten."""
    low, high = span
    if log:
        first, last = math.ceil(math.log10(low) - 1e-9), math.floor(math.log10(high) + 1e-9)
        every = max(math.ceil((last - first + 1) / max(wanted, 1)), 1)
        powers = [10.0**power for power in range(first, last + 1, every)]
        if len(powers) > 2:
            return powers
        decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
        finer = [many * 10.0**power for power in decades for many in (1, 2, 5)]
        finer = [float(f"{value:.6g}") for value in finer if low <= value <= high]
        if len(finer) > 1:
            return finer
    rough = (high - low) / max(wanted, 1)
    unit = 10.0 ** math.floor(math.log10(rough))
    fitting = [unit * many for many in (10, 5, 2, 1, 0.5, 0.2)]
    wide = [step for step in fitting if step >= rough * 0.999] or fitting[:1]
    for step in fitting[len(wide) - 1 :]:  # the finest of the wide ones, then still finer ones
        begin, end = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
        if end - begin >= 2:  # fewer than three say little
            break
    return [float(f"{i * step:.12g}") for i in range(begin, end + 1)]


def short(value: float) -> str:
    """A number in at most about six characters: 0.25, 1,200, 3e-05."""
    if value == 0:
        return "0"
    if abs(value) >= 1e6 or abs(value) < 1e-3:
        written = f"{value:.3g}"
    elif float(value).is_integer():
        written = f"{value:,.0f}"
    else:
        written = f"{value:.4g}"
    return written.replace("-", "−", 1) if written.startswith("-") else written
