"""Layer norm and RMS norm of rows, forward and backward.

Sources: Ba, Kiros & Hinton 2016, arXiv 1607.06450; Zhang & Sennrich 2019, arXiv 1910.07467; the
Triton tutorial "Layer Normalization" (its backward uses a lock; here partial sums, and no lock).
Letters: x, y, dx, dy (M, N); weight, bias and their gradients (N,); x̂ = (x − mean) · rstd, where
rstd = 1/√(variance + ε). RMS norm is the same with mean = 0 and no bias (CENTRED false).
A row is read once forward; x and dy are read once backward.
"""

from typing import Any, NamedTuple

from kernels.configurations import chosen
from kernels.softmax import row_launch

import torch
import torch.nn.functional as F
import triton
import triton.language as tl

LONGEST_ROW = 65536  # elements


def reference_layer_norm(
    x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor, eps: float = 1e-5
) -> torch.Tensor:
    """Layer norm over the last axis of x (M, N)."""
    return F.layer_norm(x, x.shape[-1:], weight, bias, eps)


def reference_rms_norm(x: torch.Tensor, weight: torch.Tensor, eps: float = 1e-6) -> torch.Tensor:
    """RMS norm over the last axis of x (M, N)."""
    return F.rms_norm(x, x.shape[-1:], weight, eps)


@triton.jit
def norm_forward_kernel(
    x_ptr,
    weight_ptr,
    bias_ptr,
    y_ptr,
    mean_ptr,
    rstd_ptr,
    N,
    x_row,
    eps,
    CENTRED: tl.constexpr,
    BLOCK: tl.constexpr,
):
    row = tl.program_id(0).to(tl.int64)
    n = tl.arange(0, BLOCK)  # (BLOCK,)
    inside = n < N
    x = tl.load(x_ptr + row * x_row + n, mask=inside, other=0.0).to(tl.float32)
    if CENTRED:
        mean = tl.sum(x, axis=0) / N
        x = tl.where(inside, x - mean, 0.0)  # two passes over registers: no cancellation
        tl.store(mean_ptr + row, mean)
    rstd = 1.0 / tl.sqrt(tl.sum(x * x, axis=0) / N + eps)
    tl.store(rstd_ptr + row, rstd)
    y = x * rstd * tl.load(weight_ptr + n, mask=inside, other=0.0).to(tl.float32)
    if CENTRED:
        y += tl.load(bias_ptr + n, mask=inside, other=0.0).to(tl.float32)
    tl.store(y_ptr + row * N + n, y, mask=inside)


@triton.jit
def norm_backward_kernel(
    x_ptr,
    weight_ptr,
    dy_ptr,
    mean_ptr,
    rstd_ptr,
    dx_ptr,
    dweight_ptr,  # (programs, N) partial sums, float32
    dbias_ptr,
    M,
    N,
    x_row,
    dy_row,
    CENTRED: tl.constexpr,
    BLOCK: tl.constexpr,
):
    """dx of the rows p, p + programs, p + 2·programs …, and this program's share of dw and db."""
    p = tl.program_id(0).to(tl.int64)
    n = tl.arange(0, BLOCK)  # (BLOCK,)
    inside = n < N
    weight = tl.load(weight_ptr + n, mask=inside, other=0.0).to(tl.float32)
    dweight = tl.zeros((BLOCK,), tl.float32)
    dbias = tl.zeros((BLOCK,), tl.float32)
    for row in range(p, M, tl.num_programs(0)):
        x = tl.load(x_ptr + row * x_row + n, mask=inside, other=0.0).to(tl.float32)
        dy = tl.load(dy_ptr + row * dy_row + n, mask=inside, other=0.0).to(tl.float32)
        rstd = tl.load(rstd_ptr + row)
        if CENTRED:
            x = tl.where(inside, x - tl.load(mean_ptr + row), 0.0)
            dbias += dy
        x_hat = x * rstd
        dweight += dy * x_hat
        dx_hat = dy * weight
        # the part of dx̂ along x̂ (and along 1, when the mean was taken out) changes nothing
        dx = dx_hat - x_hat * (tl.sum(x_hat * dx_hat, axis=0) / N)
        if CENTRED:
            dx -= tl.sum(dx_hat, axis=0) / N
        tl.store(dx_ptr + row * N + n, dx * rstd, mask=inside)
    tl.store(dweight_ptr + p * N + n, dweight, mask=inside)
    if CENTRED:
        tl.store(dbias_ptr + p * N + n, dbias, mask=inside)


@triton.jit
def sum_columns_kernel(partial_ptr, out_ptr, P, N, BLOCK_P: tl.constexpr, BLOCK_N: tl.constexpr):
    """out (N,) = Σ_p partial (P, N), always in the same order: the result is repeatable."""
    n = tl.program_id(0) * BLOCK_N + tl.arange(0, BLOCK_N)  # (BLOCK_N,)
    total = tl.zeros((BLOCK_P, BLOCK_N), tl.float32)
    for start in range(0, P, BLOCK_P):
        p = start + tl.arange(0, BLOCK_P)  # (BLOCK_P,)
        inside = (p < P)[:, None] & (n < N)[None, :]
        total += tl.load(
            partial_ptr + p[:, None].to(tl.int64) * N + n[None, :], mask=inside, other=0.0
        )
    tl.store(out_ptr + n, tl.sum(total, axis=0), mask=n < N)


class BackwardLaunch(NamedTuple):
    """Programs on each multiprocessor, and how the GPU runs one."""

    programs: int
    warps: int
    stages: int


def _forward(
    x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None, eps: float
) -> tuple[torch.Tensor, torch.Tensor | None, torch.Tensor]:
    M, N = x.shape
    y = torch.empty((M, N), dtype=x.dtype, device=x.device)
    rstd = torch.empty(M, dtype=torch.float32, device=x.device)
    mean = torch.empty_like(rstd) if bias is not None else None
    BLOCK = triton.next_power_of_2(N)
    if M:
        launch = chosen("norm forward", row_launch(BLOCK), x, BLOCK)
        norm_forward_kernel[(M,)](
            x, weight, bias, y, mean, rstd, N, x.stride(0), eps,
            CENTRED=bias is not None, BLOCK=BLOCK, num_warps=launch.warps,
        )  # fmt: skip
    return y, mean, rstd


def _backward(
    x: torch.Tensor,
    weight: torch.Tensor,
    mean: torch.Tensor | None,
    rstd: torch.Tensor,
    dy: torch.Tensor,
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor | None]:
    M, N = x.shape
    centred = mean is not None
    BLOCK = triton.next_power_of_2(N)
    first = BackwardLaunch(programs=2, warps=row_launch(BLOCK).warps, stages=1)
    launch = chosen("norm backward", first, x, BLOCK, "layer" if centred else "RMS")
    programs = max(1, min(M, launch.programs * _multiprocessors(x)))
    dx = torch.empty((M, N), dtype=x.dtype, device=x.device)
    partial = torch.empty((1 + centred, programs, N), dtype=torch.float32, device=x.device)
    norm_backward_kernel[(programs,)](
        x, weight, dy, mean, rstd, dx, partial[0], partial[-1], M, N, x.stride(0), dy.stride(0),
        CENTRED=centred, BLOCK=BLOCK, num_warps=launch.warps, num_stages=launch.stages,
    )  # fmt: skip
    sums = [torch.empty_like(weight) for _ in partial]
    for part, out in zip(partial, sums, strict=True):
        sum_columns_kernel[(triton.cdiv(N, 64),)](
            part, out, programs, N, BLOCK_P=32, BLOCK_N=64, num_warps=4
        )
    return dx, sums[0], sums[1] if centred else None


def _multiprocessors(x: torch.Tensor) -> Any:
    """Of the GPU; as if there were a few on a CPU."""
    return torch.cuda.get_device_properties(x.device).multi_processor_count if x.is_cuda else 4


class _Norm(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Any, weight: Any, bias: Any, eps: float) -> Any:
        y, mean, rstd = _forward(x, weight, bias, eps)
        ctx.save_for_backward(x, weight, mean, rstd)
        return y

    @staticmethod
    def backward(ctx: Any, dy: Any) -> Any:
        x, weight, mean, rstd = ctx.saved_tensors
        return *_backward(x, weight, mean, rstd, dy.contiguous()), None


def layer_norm(
    x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor, eps: float = 1e-5
) -> torch.Tensor:
    """Layer norm of the rows of x (M, N), whose rows are contiguous; differentiable.

    Raises:
        ValueError: x is not a matrix of contiguous rows, a row is too long, or weight and bias are
            not (N,).
    """
    _check(x, weight, bias)
    return _Norm.apply(x, weight.contiguous(), bias.contiguous(), eps)


def rms_norm(x: torch.Tensor, weight: torch.Tensor, eps: float = 1e-6) -> torch.Tensor:
    """RMS norm of the rows of x (M, N), whose rows are contiguous; differentiable.

    Raises:
        ValueError: as `layer_norm`.
    """
    _check(x, weight)
    return _Norm.apply(x, weight.contiguous(), None, eps)


def _check(x: torch.Tensor, *vectors: torch.Tensor) -> None:
    if x.dim() != 2 or (x.shape[1] > 1 and x.stride(1) != 1):
        raise ValueError("a norm needs a matrix (M, N) whose rows are contiguous")
    if x.shape[1] > LONGEST_ROW:
        raise ValueError(f"rows of {x.shape[1]} do not fit one program (at most {LONGEST_ROW})")
    if any(vector.shape != x.shape[1:] for vector in vectors):
        raise ValueError("weight and bias must be (N,)")
