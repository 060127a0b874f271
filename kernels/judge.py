"""How an answer is judged: against float64, allowed twice the error that plain torch makes.

    verdict = judge(softmax, reference, x)      # x in float16: both are run on it
    verdict.fine, verdict.says

One fixed `allclose` lets a constant pass where numbers are small, and fails a right answer where
they are large. Here the measure is the largest error of plain torch in the same dtype, and the
rounding of the result itself. Inputs come from the makers below: they force what goes wrong.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import torch
from torch.utils._python_dispatch import TorchDispatchMode

RAGGED = (1, 127, 129, 200, 1023)
"""Sizes around the edges of blocks: one element, one less, one more, and in between."""

EMPTY = ("aten::empty", "aten::empty_like", "aten::empty_strided", "aten::new_empty")

Tensors: TypeAlias = torch.Tensor | tuple[torch.Tensor, ...]


@dataclass(frozen=True)
class Verdict:
    """One tensor compared: the largest error, what was allowed, and a sentence."""

    fine: bool
    error: float
    allowed: float
    says: str


def judge(
    answer: Callable[..., Tensors], specification: Callable[..., Tensors], *inputs: Any
) -> Verdict:
    """Run both on the inputs and compare every tensor they return.

    Args:
        answer: the function to judge; its uninitialised outputs are filled with NaN beforehand.
        specification: the same in plain torch; run on the inputs, and on them in float64.
        inputs: arguments of both; floating-point tensors decide the dtype.

    Returns:
        The verdict of the worst tensor.
    """
    with poisoned():
        got = answer(*inputs)
    return compare(got, specification(*inputs), specification(*map(_exact, inputs)))


def judge_gradients(
    answer: Callable[..., Tensors],
    specification: Callable[..., Tensors],
    *inputs: Any,
    seed: int = 0,
) -> Verdict:
    """As `judge`, for the gradients with respect to every floating-point input.

    The gradient of the result is drawn from a normal distribution: no direction is left out.
    """
    with poisoned():
        got = _gradients(answer, inputs, seed)
    exact = _gradients(specification, tuple(map(_exact, inputs)), seed)
    return compare(got, _gradients(specification, inputs, seed), exact)


def compare(got: Any, plain: Tensors, exact: Tensors) -> Verdict:
    """Compare an answer with plain torch's and with the exact one; tuples tensor by tensor."""
    if isinstance(exact, tuple):
        if not isinstance(got, tuple) or len(got) != len(exact):
            return _wrong(f"expected {len(exact)} tensors, got {_kind(got)}")
        assert isinstance(plain, tuple)
        each = [compare(g, p, e) for g, p, e in zip(got, plain, exact, strict=True)]
        return next((v for v in each if not v.fine), max(each, key=lambda v: v.error / v.allowed))
    assert isinstance(plain, torch.Tensor)
    if type(got) is not torch.Tensor:
        return _wrong(f"expected a tensor, got {_kind(got)}")
    if got.shape != plain.shape or got.dtype != plain.dtype:
        return _wrong(f"expected {_kind(plain)}, got {_kind(got)}")
    if not plain.is_floating_point():
        fine = torch.equal(got, plain)
        return Verdict(fine, 0.0, 1.0, "equal") if fine else _wrong("the numbers differ")
    if not exact.numel():
        return Verdict(True, 0.0, 1.0, "nothing to compare, as expected")
    allowed = tolerance(plain, exact)
    error = worst_error(got, exact)
    if error <= allowed:
        return Verdict(True, error, allowed, f"largest error {error:.1e}, allowed {allowed:.1e}")
    where, value, want = _where(got, exact)
    says = (
        f"at {where}: {value:.6g} instead of {want:.6g} (error {error:.1e}, allowed {allowed:.1e})"
    )
    return Verdict(False, error, allowed, says)


def tolerance(plain: torch.Tensor, exact: torch.Tensor) -> float:
    """Twice the error of plain torch, plus a floor for where torch was lucky.

    The floor is one rounding of the largest result to its dtype, and eight in float32: another
    order of the same sums and another way to the same exponential may cost a few.
    """
    finite = exact[exact.isfinite()]
    largest = float(finite.abs().max()) if finite.numel() else 0.0
    eps = torch.finfo(plain.dtype).eps + 8 * torch.finfo(torch.float32).eps
    return 2 * worst_error(plain, exact) + eps * max(largest, torch.finfo(torch.float32).tiny)


def worst_error(got: torch.Tensor, exact: torch.Tensor) -> float:
    """The largest |got − exact|; equal infinities agree, a NaN agrees with nothing but NaN."""
    return float(_errors(got, exact).max())


def _errors(got: torch.Tensor, exact: torch.Tensor) -> torch.Tensor:
    got = got.detach().to(exact.device, exact.dtype)
    same = (got == exact) | (got.isnan() & exact.isnan())
    error = (got - exact.detach()).abs().nan_to_num(nan=torch.inf, posinf=torch.inf)
    return error.masked_fill(same, 0.0)


def _where(got: torch.Tensor, exact: torch.Tensor) -> tuple[tuple[int, ...], float, float]:
    flat = int(_errors(got, exact).argmax())
    index = tuple(int(i) for i in np.unravel_index(flat, exact.shape))  # torch's imports sympy
    return index, float(got[index]), float(exact[index])


def _exact(value: Any) -> Any:
    floating = isinstance(value, torch.Tensor) and value.is_floating_point()
    return value.detach().double() if floating else value


def _gradients(
    function: Callable[..., Tensors], inputs: tuple[Any, ...], seed: int
) -> tuple[torch.Tensor, ...]:
    leaves = tuple(
        x.detach().requires_grad_() if isinstance(x, torch.Tensor) and x.is_floating_point() else x
        for x in inputs
    )
    result = function(*leaves)
    result = result[0] if isinstance(result, tuple) else result
    draw = torch.randn(result.shape, generator=generator(seed), device="cpu")
    wanted = [x for x in leaves if isinstance(x, torch.Tensor) and x.requires_grad]
    # rounded to the inputs' dtype first, so that every dtype is asked for the same gradient
    coarse = draw.bfloat16().to(result.device, result.dtype)
    return torch.autograd.grad(result, wanted, coarse)


def _wrong(says: str) -> Verdict:
    return Verdict(False, float("inf"), 0.0, says)


def _kind(value: Any) -> str:
    if isinstance(value, torch.Tensor):
        dtype = str(value.dtype).removeprefix("torch.")
        return f"a tensor {tuple(value.shape)} of {dtype}"
    return f"a {type(value).__name__}"


class _Poison(TorchDispatchMode):
    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        return False  # as in kernels.guard

    def __torch_dispatch__(
        self, operation: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        made = operation(*args, **(kwargs or {}))
        if operation.name().split(".")[0] in EMPTY and made.numel():
            if made.is_floating_point():
                made.fill_(torch.nan)
            elif made.dtype != torch.bool:
                made.fill_(torch.iinfo(made.dtype).max)
        return made


@contextmanager
def poisoned() -> Iterator[None]:
    """Fill what `torch.empty` and its kin return with NaN (integers: their largest value)."""
    with _Poison():
        yield


def generator(seed: int) -> torch.Generator:
    """A seeded generator on the CPU: a GPU gets the same numbers, moved there."""
    return torch.Generator("cpu").manual_seed(seed)


def normal(
    *shape: int, dtype: torch.dtype = torch.float32, seed: int = 0, scale: float = 1.0
) -> torch.Tensor:
    """Normal numbers of standard deviation `scale` (1 or more: else mistakes hide in rounding)."""
    from kernels import DEVICE

    drawn = torch.randn(shape, generator=generator(seed), device="cpu")
    return (drawn * scale).to(DEVICE, dtype)


def matrices(
    M: int, N: int, dtype: torch.dtype = torch.float32, seed: int = 0
) -> dict[str, torch.Tensor]:
    """Matrices (M, N) by what they are for; the same numbers for every dtype, up to rounding."""
    plain = normal(M, N, dtype=dtype, seed=seed, scale=2.0)
    ascending = plain.sort(dim=1).values.contiguous()  # the running maximum never stops rising
    extreme = plain.clone()
    extreme[M // 2] = torch.where(plain[M // 2] > 0, 1e4, -1e4).to(dtype)
    masked = plain.clone()
    masked[::2] = -torch.inf
    masked[1::2, : N // 2] = -torch.inf
    wide = normal(M, N + 3, dtype=dtype, seed=seed + 1, scale=2.0)
    tall = normal(N, M, dtype=dtype, seed=seed + 2, scale=2.0)
    return {
        "normal": plain,
        "ascending rows": ascending,
        "a row of ±1e4": extreme,
        "fully masked rows": masked,
        "a slice of columns": wide[:, 1 : N + 1],
        "transposed": tall.T,
    }
