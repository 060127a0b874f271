"""Matrix multiplication by tiles: with plain pointers, and persistent with tensor descriptors.

Sources: the Triton tutorials "Matrix Multiplication" (tile order for the L2 cache) and "Persistent
Matmul"; NVIDIA, PTX ISA, `cp.async.bulk.tensor` (the copy engine behind descriptors, sm_90).
Letters: A (M, K), B (K, N), C (M, N); a program computes tiles (BLOCK_M, BLOCK_N) of C, and adds up
over K in float32. Reading A and B takes M·N·K (1/BLOCK_M + 1/BLOCK_N) elements.
float32 is multiplied exactly ("ieee"), not in tf32, unless `precision` says otherwise.
"""

from typing import Any, NamedTuple

from kernels.configurations import chosen

import torch
import triton
import triton.language as tl
from triton.tools.tensor_descriptor import TensorDescriptor


def reference(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """A @ B."""
    return a @ b


@triton.jit
def _tile(pid, M, N, BLOCK_M: tl.constexpr, BLOCK_N: tl.constexpr, GROUP: tl.constexpr):
    """Row and column of the tile: GROUP rows of tiles are walked column by column.

    So programs that run at the same time share rows of A and columns of B, which stay in L2.
    """
    rows, columns = tl.cdiv(M, BLOCK_M), tl.cdiv(N, BLOCK_N)
    group = pid // (GROUP * columns)
    height = tl.minimum(rows - group * GROUP, GROUP)  # the last group may be lower
    within = pid % (GROUP * columns)
    return group * GROUP + within % height, within // height


@triton.jit
def matmul_kernel(
    a_ptr,
    b_ptr,
    c_ptr,
    M,
    N,
    K,
    a_row,
    a_col,
    b_row,
    b_col,
    BLOCK_M: tl.constexpr,
    BLOCK_N: tl.constexpr,
    BLOCK_K: tl.constexpr,
    GROUP: tl.constexpr,
    EVEN_K: tl.constexpr,  # K is a multiple of BLOCK_K: no mask along it
    PRECISION: tl.constexpr,
):
    row, column = _tile(tl.program_id(0), M, N, BLOCK_M, BLOCK_N, GROUP)
    m = row * BLOCK_M + tl.arange(0, BLOCK_M)  # (BLOCK_M,)
    n = column * BLOCK_N + tl.arange(0, BLOCK_N)  # (BLOCK_N,)
    k = tl.arange(0, BLOCK_K)  # (BLOCK_K,)
    a_ptrs = a_ptr + m[:, None].to(tl.int64) * a_row + k[None, :] * a_col  # (BLOCK_M, BLOCK_K)
    b_ptrs = b_ptr + k[:, None] * b_row + n[None, :].to(tl.int64) * b_col  # (BLOCK_K, BLOCK_N)
    in_a, in_b = (m < M)[:, None], (n < N)[None, :]
    acc = tl.zeros((BLOCK_M, BLOCK_N), tl.float32)
    for k0 in range(0, K, BLOCK_K):
        if EVEN_K:
            a = tl.load(a_ptrs, mask=in_a, other=0.0)
            b = tl.load(b_ptrs, mask=in_b, other=0.0)
        else:
            a = tl.load(a_ptrs, mask=in_a & (k0 + k < K)[None, :], other=0.0)
            b = tl.load(b_ptrs, mask=in_b & (k0 + k < K)[:, None], other=0.0)
        acc = tl.dot(a, b, acc, input_precision=PRECISION)
        a_ptrs += BLOCK_K * a_col
        b_ptrs += BLOCK_K * b_row
    c_ptrs = c_ptr + m[:, None].to(tl.int64) * N + n[None, :]  # (BLOCK_M, BLOCK_N)
    tl.store(c_ptrs, acc.to(c_ptr.dtype.element_ty), mask=in_a & in_b)


@triton.jit
def matmul_persistent_kernel(
    a_desc,  # A in tiles (BLOCK_M, BLOCK_K): the copy engine fetches them, edges filled with 0
    b_desc,
    c_desc,
    M,
    N,
    K,
    BLOCK_M: tl.constexpr,
    BLOCK_N: tl.constexpr,
    BLOCK_K: tl.constexpr,
    GROUP: tl.constexpr,
    PRECISION: tl.constexpr,
):
    """One program a multiprocessor; each walks over many tiles of C."""
    tiles = tl.cdiv(M, BLOCK_M) * tl.cdiv(N, BLOCK_N)
    for tile in tl.range(tl.program_id(0), tiles, tl.num_programs(0), flatten=True):
        row, column = _tile(tile, M, N, BLOCK_M, BLOCK_N, GROUP)
        acc = tl.zeros((BLOCK_M, BLOCK_N), tl.float32)
        for k0 in range(0, K, BLOCK_K):
            a = a_desc.load([row * BLOCK_M, k0])  # (BLOCK_M, BLOCK_K)
            b = b_desc.load([k0, column * BLOCK_N])  # (BLOCK_K, BLOCK_N)
            acc = tl.dot(a, b, acc, input_precision=PRECISION)
        c_desc.store([row * BLOCK_M, column * BLOCK_N], acc.to(c_desc.dtype))


class Tiles(NamedTuple):
    """Sizes of the tiles, and how the GPU runs a program."""

    M: int
    N: int
    K: int
    group: int
    warps: int
    stages: int


def tiles_for(dtype: torch.dtype) -> Tiles:
    """The first choice: it fits the registers and the shared memory of sm_80 and sm_90."""
    if dtype == torch.float32:
        return Tiles(64, 64, 32, 8, 4, 2)
    return Tiles(128, 256, 64, 8, 8, 3)


def matmul(
    a: torch.Tensor, b: torch.Tensor, precision: str = "ieee", tiles: Tiles | None = None
) -> torch.Tensor:
    """A (M, K) @ B (K, N) of one dtype and any strides; C (M, N) is contiguous.

    Raises:
        ValueError: shapes or dtypes do not go together.
    """
    M, N, K = _sizes(a, b)
    tiles = tiles or chosen("matmul, pointers", tiles_for(a.dtype), a)
    c = torch.empty((M, N), dtype=a.dtype, device=a.device)
    if c.numel():
        grid = (triton.cdiv(M, tiles.M) * triton.cdiv(N, tiles.N),)
        matmul_kernel[grid](
            a, b, c, M, N, K, *a.stride(), *b.stride(),
            BLOCK_M=tiles.M, BLOCK_N=tiles.N, BLOCK_K=tiles.K, GROUP=tiles.group,
            EVEN_K=K % tiles.K == 0, PRECISION=precision,
            num_warps=tiles.warps, num_stages=tiles.stages,
        )  # fmt: skip
    return c


def matmul_persistent(
    a: torch.Tensor, b: torch.Tensor, precision: str = "ieee", tiles: Tiles | None = None
) -> torch.Tensor:
    """As `matmul`, through tensor descriptors where they work and pay, else `matmul` itself.

    A descriptor needs contiguous rows that start at multiples of 16 bytes; the copy engine behind
    it came with sm_90.
    """
    M, N, K = _sizes(a, b)
    tiles = tiles or chosen("matmul, descriptors, persistent", tiles_for(a.dtype), a)
    c = torch.empty((M, N), dtype=a.dtype, device=a.device)
    if not all(map(_describable, (a, b, c))) or not _has_copy_engine(a):
        return matmul(a, b, precision)
    descriptors = [
        TensorDescriptor.from_tensor(a, [tiles.M, tiles.K]),
        TensorDescriptor.from_tensor(b, [tiles.K, tiles.N]),
        TensorDescriptor.from_tensor(c, [tiles.M, tiles.N]),
    ]
    count = triton.cdiv(M, tiles.M) * triton.cdiv(N, tiles.N)
    matmul_persistent_kernel[(min(count, _multiprocessors(a)),)](
        *descriptors, M, N, K,
        BLOCK_M=tiles.M, BLOCK_N=tiles.N, BLOCK_K=tiles.K, GROUP=tiles.group, PRECISION=precision,
        num_warps=tiles.warps, num_stages=tiles.stages,
    )  # fmt: skip
    return c


def _sizes(a: torch.Tensor, b: torch.Tensor) -> tuple[int, int, int]:
    if a.dim() != 2 or b.dim() != 2 or a.shape[1] != b.shape[0] or a.dtype != b.dtype:
        raise ValueError("matmul needs A (M, K) and B (K, N) of one dtype")
    return a.shape[0], b.shape[1], a.shape[1]


def _describable(x: torch.Tensor) -> bool:
    bytes_a_row = x.stride(0) * x.element_size()
    return bool(x.numel() and x.stride(1) == 1) and bytes_a_row % 16 == x.data_ptr() % 16 == 0


def _has_copy_engine(x: torch.Tensor) -> bool:
    return not x.is_cuda or torch.cuda.get_device_capability(x.device) >= (9, 0)


def _multiprocessors(x: torch.Tensor) -> Any:
    """How many programs can run at once, one a multiprocessor; a handful on a CPU."""
    return torch.cuda.get_device_properties(x.device).multi_processor_count if x.is_cuda else 4
