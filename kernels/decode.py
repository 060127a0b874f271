"""Decoding: one query against a long cache, the keys split among programs and merged (split-K).

Sources: Dao, Haziza, Massa & Sizov 2023, "Flash-Decoding for long-context inference"; Milakov &
Gimelshein 2018, arXiv 1805.02867 (the merge of two states).
Letters: B batch, H query heads, G query heads for one key head, T cache size, D head size, S
splits; q, out (B, H, D), k, v (B, H/G, T, D), lengths (B,) int32: how much of the cache is filled.
A query over an empty cache gives 0.
"""

from typing import Any, NamedTuple

from kernels.configurations import chosen
from kernels.flash_attention import LOG2E, _load_rows

import torch
import triton
import triton.language as tl


def reference(
    q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, lengths: torch.Tensor
) -> torch.Tensor:
    """Attention of q (B, H, D) over the first lengths[b] keys of k, v (B, H/G, T, D)."""
    G, T = q.shape[1] // k.shape[1], k.shape[2]
    k, v = k.repeat_interleave(G, dim=1), v.repeat_interleave(G, dim=1)  # (B, H, T, D)
    s = (k @ q[..., None])[..., 0] * q.shape[-1] ** -0.5  # (B, H, T)
    filled = torch.arange(T, device=q.device) < lengths[:, None, None]  # (B, 1, T)
    p = s.masked_fill(~filled, -torch.inf).softmax(dim=-1)
    p = p.masked_fill((lengths == 0)[:, None, None], 0.0)
    return (p[..., None, :] @ v)[..., 0, :]


@triton.jit
def decode_split_kernel(
    q_ptr,
    k_ptr,
    v_ptr,
    lengths_ptr,
    part_ptr,  # (B, H, S, D) float32: each split's own softmax(q·k) v
    lse_ptr,  # (B, H, S) float32, in units of log 2
    q_batch,
    q_head,
    k_batch,
    k_head,
    k_row,
    v_batch,
    v_head,
    v_row,
    T,
    H,
    S,
    scale2,  # log2(e) / √D
    G: tl.constexpr,
    BLOCK_G: tl.constexpr,  # the G heads that share these keys, padded to what a dot needs
    BLOCK_N: tl.constexpr,
    D: tl.constexpr,
    BLOCK_D: tl.constexpr,
    PRECISION: tl.constexpr,
):
    split = tl.program_id(0)
    head = tl.program_id(1).to(tl.int64)
    b = tl.program_id(2).to(tl.int64)
    length = tl.load(lengths_ptr + b)
    tiles = tl.cdiv(tl.cdiv(length, BLOCK_N), S)  # tiles a split
    start = split * tiles * BLOCK_N
    stop = tl.minimum(start + tiles * BLOCK_N, length)
    k_ptr += b * k_batch + head * k_head
    v_ptr += b * v_batch + head * v_head

    g = tl.arange(0, BLOCK_G)  # (BLOCK_G,)
    q = _load_rows(q_ptr + b * q_batch + head * G * q_head, g, q_head, G, D, BLOCK_D)
    acc = tl.zeros((BLOCK_G, BLOCK_D), tl.float32)
    m = tl.full((BLOCK_G,), -float("inf"), tl.float32)
    l = tl.zeros((BLOCK_G,), tl.float32)
    for n0 in range(start, stop, BLOCK_N):
        j = n0 + tl.arange(0, BLOCK_N)  # (BLOCK_N,)
        k = _load_rows(k_ptr, j, k_row, stop, D, BLOCK_D)  # (BLOCK_N, BLOCK_D)
        s = tl.dot(q, tl.trans(k), input_precision=PRECISION) * scale2  # (BLOCK_G, BLOCK_N)
        s = tl.where((j < stop)[None, :], s, -float("inf"))
        m_new = tl.maximum(m, tl.max(s, axis=1))  # finite: the tile has a key
        p = tl.exp2(s - m_new[:, None])
        alpha = tl.exp2(m - m_new)
        l = l * alpha + tl.sum(p, axis=1)
        v = _load_rows(v_ptr, j, v_row, stop, D, BLOCK_D)  # (BLOCK_N, BLOCK_D)
        acc = tl.dot(p.to(v.dtype), v, acc * alpha[:, None], input_precision=PRECISION)
        m = m_new
    row = (b * H + head * G + g) * S + split  # (BLOCK_G,)
    d = tl.arange(0, BLOCK_D)
    out = acc / tl.where(l == 0.0, 1.0, l)[:, None]
    inside = (g < G)[:, None] & (d < D)[None, :]
    tl.store(part_ptr + row[:, None] * D + d[None, :], out, mask=inside)
    tl.store(lse_ptr + row, m + tl.log2(l), mask=g < G)


@triton.jit
def decode_merge_kernel(
    part_ptr,
    lse_ptr,
    out_ptr,
    S,
    BLOCK_S: tl.constexpr,
    D: tl.constexpr,
    BLOCK_D: tl.constexpr,
):
    """out = Σ_s 2^(lse_s − m) part_s / Σ_s 2^(lse_s − m), one head a program."""
    row = tl.program_id(0).to(tl.int64)
    s = tl.arange(0, BLOCK_S)  # (BLOCK_S,)
    d = tl.arange(0, BLOCK_D)  # (BLOCK_D,)
    lse = tl.load(lse_ptr + row * S + s, mask=s < S, other=-float("inf"))
    m = tl.max(lse, axis=0)
    weight = tl.exp2(lse - tl.where(m == -float("inf"), 0.0, m))  # (BLOCK_S,)
    total = tl.sum(weight, axis=0)
    weight = weight / tl.where(total == 0.0, 1.0, total)
    part = _load_rows(part_ptr + row * S * D, s, D, S, D, BLOCK_D)  # (BLOCK_S, BLOCK_D)
    out = tl.sum(part * weight[:, None], axis=0)  # (BLOCK_D,)
    tl.store(out_ptr + row * D + d, out, mask=d < D)


class Launch(NamedTuple):
    """Keys in a tile, programs on each multiprocessor, and how the GPU runs one."""

    N: int
    programs: int = 2
    warps: int = 4
    stages: int = 3


def decode(
    q: torch.Tensor,
    k: torch.Tensor,
    v: torch.Tensor,
    lengths: torch.Tensor,
    splits: int | None = None,
) -> torch.Tensor:
    """Attention of q (B, H, D) over the first lengths[b] keys of the cache k, v (B, H/G, T, D).

    Args:
        splits: S; by default enough to give every multiprocessor its programs.

    Raises:
        ValueError: shapes, dtypes or strides do not go together.
    """
    (B, H, D), (_, heads, T, _) = q.shape, k.shape
    if H % heads or k.shape != v.shape or k.shape[3] != D or not (q.dtype == k.dtype == v.dtype):
        raise ValueError("decode needs q (B, H, D) and k, v (B, H/G, T, D) of one dtype")
    if lengths.shape != (B,) or lengths.dtype != torch.int32:
        raise ValueError("lengths must be int32 of shape (B,)")
    if q.stride(2) != 1 or k.stride(3) != 1 or v.stride(3) != 1:
        raise ValueError("decode needs q, k and v whose last axis is contiguous")
    first = Launch(N=64 if D * k.element_size() <= 512 else 16)  # three tiles of k, v fit on chip
    launch = chosen("decode", first, q, D)
    programs = launch.programs * _multiprocessors(q)
    S = splits or max(1, min(programs // (B * heads), triton.cdiv(T, 4 * launch.N), 128))
    part = torch.empty((B, H, S, D), dtype=torch.float32, device=q.device)
    lse = torch.empty((B, H, S), dtype=torch.float32, device=q.device)
    out = torch.empty((B, H, D), dtype=q.dtype, device=q.device)
    BLOCK_D = max(16, triton.next_power_of_2(D))
    G = H // heads
    decode_split_kernel[(S, heads, B)](
        q, k, v, lengths, part, lse, *q.stride()[:2], *k.stride()[:3], *v.stride()[:3],
        T, H, S, LOG2E.value * D**-0.5, G=G, BLOCK_G=max(16, triton.next_power_of_2(G)),
        BLOCK_N=launch.N, D=D, BLOCK_D=BLOCK_D, PRECISION="ieee",
        num_warps=launch.warps, num_stages=launch.stages,
    )  # fmt: skip
    decode_merge_kernel[(B * H,)](
        part, lse, out, S, BLOCK_S=triton.next_power_of_2(S), D=D, BLOCK_D=BLOCK_D, num_warps=4
    )
    return out


def _multiprocessors(q: torch.Tensor) -> Any:
    """Of the GPU; as if there were a few on a CPU."""
    return torch.cuda.get_device_properties(q.device).multi_processor_count if q.is_cuda else 8
