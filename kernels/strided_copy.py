"""Copying a strided matrix, and transposing: where the bytes lie decides the speed.

Sources: NVIDIA, CUDA C++ Best Practices Guide, "Coalesced Access to Global Memory"; Ruetsch &
Micikevicius 2009 (transpose through tiles).
Shapes: x (M, N) with any strides, out (M, N) contiguous. A transpose is a copy of the view `x.T`:
a square tile is read along one axis and written along the other.
"""

from typing import NamedTuple

from kernels.configurations import chosen

import torch
import triton
import triton.language as tl


def reference(x: torch.Tensor) -> torch.Tensor:
    """A contiguous copy of x (M, N)."""
    return x.clone(memory_format=torch.contiguous_format)


@triton.jit
def strided_copy_kernel(
    x_ptr,
    out_ptr,
    M,
    N,
    x_row,  # elements from one row of x to the next
    x_col,
    BLOCK_M: tl.constexpr,
    BLOCK_N: tl.constexpr,
):
    m = tl.program_id(0) * BLOCK_M + tl.arange(0, BLOCK_M)[:, None].to(tl.int64)  # (BLOCK_M, 1)
    n = tl.program_id(1) * BLOCK_N + tl.arange(0, BLOCK_N)[None, :].to(tl.int64)  # (1, BLOCK_N)
    inside = (m < M) & (n < N)
    tile = tl.load(x_ptr + m * x_row + n * x_col, mask=inside)  # (BLOCK_M, BLOCK_N)
    tl.store(out_ptr + m * N + n, tile, mask=inside)


class Tiles(NamedTuple):
    """Rows and columns of a tile, and how the GPU runs a program."""

    M: int = 64
    N: int = 64
    warps: int = 8


def strided_copy(x: torch.Tensor) -> torch.Tensor:
    """A contiguous copy of the matrix x (M, N), whatever its strides.

    Raises:
        ValueError: x is not a matrix.
    """
    if x.dim() != 2:
        raise ValueError("strided_copy needs a matrix (M, N)")
    M, N = x.shape
    out = torch.empty((M, N), dtype=x.dtype, device=x.device)
    if x.numel():
        along = "rows" if x.stride(1) <= x.stride(0) else "columns"  # where neighbours lie
        tiles = chosen("strided copy", Tiles(), x, along)
        strided_copy_kernel[triton.cdiv(M, tiles.M), triton.cdiv(N, tiles.N)](
            x, out, M, N, x.stride(0), x.stride(1),
            BLOCK_M=tiles.M, BLOCK_N=tiles.N, num_warps=tiles.warps,
        )  # fmt: skip
    return out


def transpose(x: torch.Tensor) -> torch.Tensor:
    """The transpose of x (M, N) as a contiguous matrix (N, M)."""
    return strided_copy(x.T)
