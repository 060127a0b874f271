"""Online softmax: rows too long for one block, read twice instead of three times.

Source: Milakov & Gimelshein 2018, arXiv 1805.02867, Algorithm 3.
Shapes: x, out (M, N), any N. Symbols: m the running maximum, l the running sum of exp(x − m).
A row that is all −∞ gives zeros.
"""

from typing import NamedTuple

from kernels.configurations import chosen
from kernels.softmax import reference as reference  # the same specification

import torch
import triton
import triton.language as tl


@triton.jit
def online_softmax_kernel(x_ptr, out_ptr, N, x_row, BLOCK: tl.constexpr):
    row = tl.program_id(0).to(tl.int64)
    x_ptr += row * x_row
    out_ptr += row * N
    m = -float("inf")  # maximum of what was seen so far
    l = 0.0  # sum of exp(x − m) over it
    for start in range(0, N, BLOCK):
        n = start + tl.arange(0, BLOCK)  # (BLOCK,)
        x = tl.load(x_ptr + n, mask=n < N, other=-float("inf")).to(tl.float32)
        m_new = tl.maximum(m, tl.max(x, axis=0))
        m_safe = tl.where(m_new == -float("inf"), 0.0, m_new)  # nothing but −∞ so far
        l = l * tl.exp(m - m_safe) + tl.sum(tl.exp(x - m_safe), axis=0)
        m = m_new
    m = tl.where(m == -float("inf"), 0.0, m)
    scale = 1.0 / tl.where(l == 0.0, 1.0, l)
    for start in range(0, N, BLOCK):
        n = start + tl.arange(0, BLOCK)
        x = tl.load(x_ptr + n, mask=n < N, other=-float("inf")).to(tl.float32)
        tl.store(out_ptr + n, tl.exp(x - m) * scale, mask=n < N)


class Launch(NamedTuple):
    """Elements of a row that a program holds at once, and how the GPU runs it."""

    block: int = 4096
    warps: int = 8
    stages: int = 3


def online_softmax(x: torch.Tensor) -> torch.Tensor:
    """Softmax over the last axis of x (M, N), whose rows are contiguous and may be of any length.

    Raises:
        ValueError: x is not a matrix of contiguous rows.
    """
    if x.dim() != 2 or (x.shape[1] > 1 and x.stride(1) != 1):
        raise ValueError("online_softmax needs a matrix (M, N) whose rows are contiguous")
    M, N = x.shape
    out = torch.empty((M, N), dtype=x.dtype, device=x.device)
    if x.numel():
        whole = triton.next_power_of_2(N)
        launch = chosen("online softmax", Launch(), x, whole)
        online_softmax_kernel[(M,)](
            x, out, N, x.stride(0), BLOCK=min(launch.block, whole),
            num_warps=launch.warps, num_stages=launch.stages,
        )  # fmt: skip
    return out
