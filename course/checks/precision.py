"""How far an answer in float32 may be from the truth: twice as far as plain torch is."""

from collections.abc import Callable
from typing import Any

import torch

from course.checks.compare import Tolerance

_detach, _to, _finfo = torch.Tensor.detach, torch.Tensor.to, torch.finfo


def exact(reference: Callable[..., Any], *inputs: Any) -> tuple[Any, Tolerance]:
    """What `reference` gives for the inputs in float64, and the tolerance for their own dtype.

    The reference (a tensor, or a tuple of them) is run in float64, which is what is expected, and
    on the inputs as they are, which is the error that plain torch makes. Allowed are twice the
    largest such error, and eight roundings of each number and of the largest one: another order of
    the same sums, and another way to the same exponential, cost a few. (Of several tensors, the one
    with the smallest numbers sets that floor.)
    """
    floats = [x for x in inputs if isinstance(x, torch.Tensor) and x.is_floating_point()]
    eps = max(_finfo(x.dtype).eps for x in floats)
    expected = reference(*(_to(_detach(x), torch.float64) if _is_float(x) else x for x in inputs))
    plain = reference(*inputs)
    pairs = list(zip(_tuple(plain), _tuple(expected), strict=True))
    error = max(_error(one, other, 8 * eps) for one, other in pairs)
    size = min(_size(other) for _, other in pairs)
    return expected, Tolerance(relative=8 * eps, absolute=2 * error + 8 * eps * size)


def _error(plain: torch.Tensor, expected: torch.Tensor, relative: float) -> float:
    """The largest error of plain torch beyond this share of each number."""
    finite = expected.isfinite()
    over = (plain.detach().double() - expected).abs() - relative * expected.abs()
    return max([0.0, *over[finite].tolist()])


def _size(expected: torch.Tensor) -> float:
    return max([0.0, *expected[expected.isfinite()].abs().tolist()])


def _is_float(value: Any) -> bool:
    return isinstance(value, torch.Tensor) and value.is_floating_point()


def _tuple(value: Any) -> tuple[Any, ...]:
    return value if isinstance(value, tuple) else (value,)
