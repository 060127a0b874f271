"""Vector addition: the smallest kernel that is complete.

Sources: the Triton tutorial "Vector Addition"; Williams, Waterman & Patterson 2009 (the roofline).
Shapes: x, y, out (N,). Every element is read once and written once: the limit is a copy's speed.
"""

from typing import NamedTuple

from kernels.configurations import chosen

import torch
import triton
import triton.language as tl


def reference(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """x + y, both (N,)."""
    return x + y


@triton.jit
def vector_add_kernel(x_ptr, y_ptr, out_ptr, N, BLOCK: tl.constexpr):
    i = tl.program_id(0).to(tl.int64) * BLOCK + tl.arange(0, BLOCK)  # (BLOCK,)
    inside = i < N  # the last block may stick out
    x = tl.load(x_ptr + i, mask=inside)
    y = tl.load(y_ptr + i, mask=inside)
    tl.store(out_ptr + i, x + y, mask=inside)


class Launch(NamedTuple):
    """Elements a program, and how the GPU runs it."""

    block: int = 1024
    warps: int = 4


def vector_add(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """x + y for two contiguous tensors (N,) of one dtype.

    Raises:
        ValueError: shapes or dtypes differ, or a tensor is not contiguous.
    """
    if x.shape != y.shape or x.dtype != y.dtype or not (x.is_contiguous() and y.is_contiguous()):
        raise ValueError("vector_add needs two contiguous tensors of one shape and dtype")
    out = torch.empty_like(x)
    N = x.numel()
    if N:
        block, warps = chosen("vector add", Launch(), x)
        vector_add_kernel[(triton.cdiv(N, block),)](x, y, out, N, BLOCK=block, num_warps=warps)
    return out
