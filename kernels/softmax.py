"""Softmax of the rows of a matrix, fused: a row is read once, held on chip, and written once.

Sources: the Triton tutorial "Fused Softmax"; Milakov & Gimelshein 2018, arXiv 1805.02867
(Algorithm 2, safe softmax).
Shapes: x, out (M, N), a row fits one block. A row that is all −∞ gives zeros (torch gives NaN): a
fully masked row attends to nothing.
"""

from typing import NamedTuple

from kernels.configurations import chosen

import torch
import triton
import triton.language as tl

LONGEST_ROW = 32768  # elements; longer rows do not fit the registers of one program


def reference(x: torch.Tensor) -> torch.Tensor:
    """Softmax over the last axis of x (M, N); rows of −∞ give zeros."""
    nothing = (x == -torch.inf).all(dim=-1, keepdim=True)  # (M, 1)
    return torch.softmax(x, dim=-1).masked_fill(nothing, 0.0)


@triton.jit
def softmax_kernel(x_ptr, out_ptr, N, x_row, BLOCK: tl.constexpr):
    row = tl.program_id(0).to(tl.int64)
    n = tl.arange(0, BLOCK)  # (BLOCK,)
    inside = n < N
    x = tl.load(x_ptr + row * x_row + n, mask=inside, other=-float("inf")).to(tl.float32)
    m = tl.max(x, axis=0)
    m = tl.where(m == -float("inf"), 0.0, m)  # a row of −∞: exp(−∞ − 0) = 0, not exp(−∞ + ∞)
    e = tl.exp(x - m)  # (BLOCK,)
    s = tl.sum(e, axis=0)
    s = tl.where(s == 0.0, 1.0, s)
    tl.store(out_ptr + row * N + n, e / s, mask=inside)


class Launch(NamedTuple):
    """How the GPU runs a program that holds a row."""

    warps: int


def row_launch(BLOCK: int) -> Launch:
    """For a row of BLOCK elements: about 16 to 32 of them a thread."""
    return Launch(warps=min(max(BLOCK // 512, 1), 32))


def softmax(x: torch.Tensor) -> torch.Tensor:
    """Softmax over the last axis of x (M, N), whose rows are contiguous; out is contiguous.

    Raises:
        ValueError: x is not a matrix of contiguous rows, or its rows are longer than LONGEST_ROW.
    """
    if x.dim() != 2 or (x.shape[1] > 1 and x.stride(1) != 1):
        raise ValueError("softmax needs a matrix (M, N) whose rows are contiguous")
    M, N = x.shape
    if N > LONGEST_ROW:
        raise ValueError(f"rows of {N} do not fit one program: use kernels.online_softmax")
    out = torch.empty((M, N), dtype=x.dtype, device=x.device)
    if x.numel():
        BLOCK = triton.next_power_of_2(N)
        launch = chosen("softmax", row_launch(BLOCK), x, BLOCK)
        softmax_kernel[(M,)](x, out, N, x.stride(0), BLOCK=BLOCK, num_warps=launch.warps)
    return out
