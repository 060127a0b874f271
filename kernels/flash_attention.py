"""FlashAttention, forward and backward: exact attention that never forms the matrix of scores.

Sources: Dao et al. 2022, arXiv 2205.14135; Dao 2023, arXiv 2307.08691 (Algorithm 1 forward,
Algorithm 2 backward); Milakov & Gimelshein 2018, arXiv 1805.02867 (m and l).

Letters and shapes
    B batch, H query heads, G query heads for one key head, Tq and Tk lengths, D head size
    q, out (B, H, Tq, D)   k, v (B, H/G, Tk, D)   lse (B, H, Tq), in float32
    packed: q, out (ΣTq, H, D)   k, v (ΣTk, H/G, D)   lse (H, ΣTq); cu_q, cu_k (B+1,) int32 say
    where each sequence starts
    i a query, j a key; m and l the running maximum and sum of a row of scores

Conventions
    scores are scale · q·k, scale = 1/√D unless given
    causal: query i sees key j when j ≤ i + Tk − Tq: the last query sees the last key
    window W (causal only): of those, the last W
    a query that sees no key gives out = 0 and lse = −∞, and gradients of 0
"""

from typing import Any, NamedTuple

from kernels.configurations import chosen

import torch
import triton
import triton.language as tl

LOG2E = tl.constexpr(1.4426950408889634)  # a GPU computes 2^x, so scores are kept in units of log 2


# --- specification --------------------------------------------------------------------------------


def visible(Tq: int, Tk: int, causal: bool, window: int | None, device: Any) -> torch.Tensor:
    """Which query sees which key: bool (Tq, Tk)."""
    i = torch.arange(Tq, device=device)[:, None] + Tk - Tq  # (Tq, 1) the last key that i may see
    j = torch.arange(Tk, device=device)[None, :]  # (1, Tk)
    seen = torch.ones(Tq, Tk, dtype=torch.bool, device=device)
    if causal:
        seen = seen & (j <= i)
    if window is not None:
        seen = seen & (j > i - window)
    return seen


def reference_with_lse(
    q: torch.Tensor,
    k: torch.Tensor,
    v: torch.Tensor,
    causal: bool = False,
    window: int | None = None,
    scale: float | None = None,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Attention with the whole matrix of scores: out (B, H, Tq, D) and lse (B, H, Tq)."""
    (_, H, Tq, D), (_, heads, Tk, _) = q.shape, k.shape
    scale = D**-0.5 if scale is None else scale
    k = k.repeat_interleave(H // heads, dim=1)  # (B, H, Tk, D)
    v = v.repeat_interleave(H // heads, dim=1)
    s = scale * q @ k.transpose(-1, -2)  # (B, H, Tq, Tk)
    s = s.masked_fill(~visible(Tq, Tk, causal, window, q.device), -torch.inf)
    if not Tk:
        return torch.zeros_like(q), torch.full(q.shape[:3], -torch.inf, device=q.device)
    lse = torch.logsumexp(s, dim=-1)  # (B, H, Tq)
    blind = lse == -torch.inf
    p = torch.exp(s - lse.masked_fill(blind, 0.0)[..., None])  # (B, H, Tq, Tk)
    return p @ v, lse


def reference(q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, *options: Any) -> torch.Tensor:
    """As `reference_with_lse`, out alone."""
    return reference_with_lse(q, k, v, *options)[0]


def reference_packed(
    q: torch.Tensor,
    k: torch.Tensor,
    v: torch.Tensor,
    cu_q: torch.Tensor,
    cu_k: torch.Tensor,
    *options: Any,
) -> torch.Tensor:
    """Attention of each sequence on its own: q (ΣTq, H, D) → out (ΣTq, H, D)."""
    parts = []
    for b in range(len(cu_q) - 1):
        rows, columns = slice(cu_q[b], cu_q[b + 1]), slice(cu_k[b], cu_k[b + 1])
        one = [x.transpose(0, 1)[None] for x in (q[rows], k[columns], v[columns])]  # (1, H, T, D)
        parts.append(reference(*one, *options)[0].transpose(0, 1))  # (T, H, D)
    return torch.cat(parts)


# --- tiles ----------------------------------------------------------------------------------------


@triton.jit
def _load_rows(ptr, row, row_stride, rows, D: tl.constexpr, BLOCK_D: tl.constexpr):
    """Rows of a matrix with D columns; rows past the end and columns past D are 0."""
    d = tl.arange(0, BLOCK_D)
    inside = (row < rows)[:, None] & (d < D)[None, :]
    return tl.load(ptr + row[:, None] * row_stride + d[None, :], mask=inside, other=0.0)


@triton.jit
def _store_rows(ptr, tile, row, row_stride, rows, D: tl.constexpr, BLOCK_D: tl.constexpr):
    d = tl.arange(0, BLOCK_D)
    inside = (row < rows)[:, None] & (d < D)[None, :]
    tl.store(ptr + row[:, None] * row_stride + d[None, :], tile, mask=inside)


@triton.jit
def _sees(i, j, Tq, Tk, CAUSAL: tl.constexpr, WINDOW: tl.constexpr):
    """Whether queries i see keys j; shapes broadcast."""
    seen = (i < Tq) & (j < Tk)
    if CAUSAL:
        seen = seen & (j <= i + Tk - Tq)
    if WINDOW > 0:
        seen = seen & (j > i + Tk - Tq - WINDOW)
    return seen


@triton.jit
def _sequence(cu_ptr, b, T, VARLEN: tl.constexpr):
    """Where sequence b starts in the packed rows, and its length."""
    if VARLEN:
        start = tl.load(cu_ptr + b)
        return start, tl.load(cu_ptr + b + 1) - start
    else:
        return 0, T


@triton.jit
def _keys_seen(
    m0,
    Tq,
    Tk,
    CAUSAL: tl.constexpr,
    WINDOW: tl.constexpr,
    BLOCK_M: tl.constexpr,
    BLOCK_N: tl.constexpr,
):
    """Keys that queries m0 … m0+BLOCK_M see: [first, last), and [full, free) that all of them see.

    first ≤ full ≤ free ≤ last, all but the last multiples of BLOCK_N: only the tiles outside
    [full, free) need a mask, and the tiles outside [first, last) are never loaded.
    """
    last = Tk
    free = Tk // BLOCK_N * BLOCK_N
    if CAUSAL:
        last = tl.maximum(0, tl.minimum(Tk, m0 + BLOCK_M + Tk - Tq))
        free = tl.maximum(0, tl.minimum(Tk, m0 + 1 + Tk - Tq)) // BLOCK_N * BLOCK_N
    first = 0
    full = 0
    if WINDOW > 0:
        first = tl.maximum(0, m0 + Tk - Tq - WINDOW + 1) // BLOCK_N * BLOCK_N
        full = tl.maximum(0, m0 + BLOCK_M + Tk - Tq - WINDOW)
        full = tl.minimum((full + BLOCK_N - 1) // BLOCK_N * BLOCK_N, last)
        full = tl.maximum(full, first)
        free = tl.maximum(free, full)
    return first, full, free, last


# --- forward: Algorithm 1 of FlashAttention-2 -----------------------------------------------------


@triton.jit
def _attend(
    acc,
    m,
    l,
    q,
    k_ptr,
    v_ptr,
    k_row,
    v_row,
    i,
    start,
    stop,
    Tq,
    Tk,
    scale2,  # scale · log2(e)
    CAUSAL: tl.constexpr,
    WINDOW: tl.constexpr,
    MASKED: tl.constexpr,
    BLOCK_N: tl.constexpr,
    D: tl.constexpr,
    BLOCK_D: tl.constexpr,
    PRECISION: tl.constexpr,
):
    """Let the keys start … stop join the running state (acc, m, l) of queries i."""
    for n0 in range(start, stop, BLOCK_N):
        j = n0 + tl.arange(0, BLOCK_N)  # (BLOCK_N,)
        end = Tk if MASKED else n0 + BLOCK_N  # inside [full, free) no key is missing
        k = _load_rows(k_ptr, j, k_row, end, D, BLOCK_D)  # (BLOCK_N, BLOCK_D)
        s = tl.dot(q, tl.trans(k), input_precision=PRECISION)  # (BLOCK_M, BLOCK_N)
        if MASKED:
            s = tl.where(_sees(i[:, None], j[None, :], Tq, Tk, CAUSAL, WINDOW), s, -float("inf"))
        m_new = tl.maximum(m, tl.max(s, axis=1) * scale2)  # (BLOCK_M,)
        m_safe = tl.where(m_new == -float("inf"), 0.0, m_new) if MASKED else m_new
        p = tl.exp2(s * scale2 - m_safe[:, None])  # (BLOCK_M, BLOCK_N)
        alpha = tl.exp2(m - m_safe)  # (BLOCK_M,) rescales what was added under the old maximum
        l = l * alpha + tl.sum(p, axis=1)
        acc = acc * alpha[:, None]
        v = _load_rows(v_ptr, j, v_row, end, D, BLOCK_D)  # (BLOCK_N, BLOCK_D)
        acc = tl.dot(p.to(v.dtype), v, acc, input_precision=PRECISION)  # (BLOCK_M, BLOCK_D)
        m = m_new
    return acc, m, l


@triton.jit
def flash_forward_kernel(
    q_ptr,
    k_ptr,
    v_ptr,
    out_ptr,
    lse_ptr,
    cu_q_ptr,
    cu_k_ptr,
    q_batch,
    q_head,
    q_row,
    k_batch,
    k_head,
    k_row,
    v_batch,
    v_head,
    v_row,
    out_batch,
    out_head,
    out_row,
    lse_batch,
    lse_head,
    Tq,
    Tk,
    G,
    scale2,
    CAUSAL: tl.constexpr,
    WINDOW: tl.constexpr,
    RAGGED: tl.constexpr,  # the last tile may stick out
    VARLEN: tl.constexpr,
    BLOCK_M: tl.constexpr,
    BLOCK_N: tl.constexpr,
    D: tl.constexpr,
    BLOCK_D: tl.constexpr,
    PRECISION: tl.constexpr,
):
    m0 = (tl.num_programs(0) - 1 - tl.program_id(0)) * BLOCK_M  # causal: the longest rows first
    h = tl.program_id(1).to(tl.int64)
    b = tl.program_id(2).to(tl.int64)
    start_q, Tq = _sequence(cu_q_ptr, b, Tq, VARLEN)
    start_k, Tk = _sequence(cu_k_ptr, b, Tk, VARLEN)
    if m0 >= Tq:
        return
    q_ptr += b * q_batch + h * q_head + start_q * q_row
    k_ptr += b * k_batch + h // G * k_head + start_k * k_row
    v_ptr += b * v_batch + h // G * v_head + start_k * v_row
    out_ptr += b * out_batch + h * out_head + start_q * out_row
    lse_ptr += b * lse_batch + h * lse_head + start_q

    i = m0 + tl.arange(0, BLOCK_M)  # (BLOCK_M,)
    q = _load_rows(q_ptr, i, q_row, Tq, D, BLOCK_D)  # (BLOCK_M, BLOCK_D)
    acc = tl.zeros((BLOCK_M, BLOCK_D), tl.float32)
    m = tl.full((BLOCK_M,), -float("inf"), tl.float32)
    l = tl.zeros((BLOCK_M,), tl.float32)
    first, full, free, last = _keys_seen(m0, Tq, Tk, CAUSAL, WINDOW, BLOCK_M, BLOCK_N)
    if WINDOW > 0:
        acc, m, l = _attend(
            acc, m, l, q, k_ptr, v_ptr, k_row, v_row, i, first, full, Tq, Tk, scale2,
            CAUSAL, WINDOW, True, BLOCK_N, D, BLOCK_D, PRECISION,
        )  # fmt: skip
    acc, m, l = _attend(
        acc, m, l, q, k_ptr, v_ptr, k_row, v_row, i, full, free, Tq, Tk, scale2,
        CAUSAL, WINDOW, False, BLOCK_N, D, BLOCK_D, PRECISION,
    )  # fmt: skip
    if CAUSAL or RAGGED:
        acc, m, l = _attend(
            acc, m, l, q, k_ptr, v_ptr, k_row, v_row, i, free, last, Tq, Tk, scale2,
            CAUSAL, WINDOW, True, BLOCK_N, D, BLOCK_D, PRECISION,
        )  # fmt: skip
    out = acc / tl.where(l == 0.0, 1.0, l)[:, None]  # (BLOCK_M, BLOCK_D)
    _store_rows(out_ptr, out.to(out_ptr.dtype.element_ty), i, out_row, Tq, D, BLOCK_D)
    tl.store(lse_ptr + i, (m + tl.log2(l)) / LOG2E, mask=i < Tq)


# --- backward: Algorithm 2, by two kernels, so that no two programs write the same gradient -------


@triton.jit
def flash_delta_kernel(
    out_ptr,
    dout_ptr,
    delta_ptr,
    cu_q_ptr,
    out_batch,
    out_head,
    out_row,
    dout_batch,
    dout_head,
    dout_row,
    lse_batch,
    lse_head,
    Tq,
    VARLEN: tl.constexpr,
    BLOCK_M: tl.constexpr,
    D: tl.constexpr,
    BLOCK_D: tl.constexpr,
):
    """delta_i = Σ_d dout_id · out_id, the row sums D of the paper."""
    m0 = tl.program_id(0) * BLOCK_M
    h = tl.program_id(1).to(tl.int64)
    b = tl.program_id(2).to(tl.int64)
    start, Tq = _sequence(cu_q_ptr, b, Tq, VARLEN)
    if m0 >= Tq:
        return
    out_ptr += b * out_batch + h * out_head + start * out_row
    dout_ptr += b * dout_batch + h * dout_head + start * dout_row
    i = m0 + tl.arange(0, BLOCK_M)  # (BLOCK_M,)
    out = _load_rows(out_ptr, i, out_row, Tq, D, BLOCK_D).to(tl.float32)
    dout = _load_rows(dout_ptr, i, dout_row, Tq, D, BLOCK_D).to(tl.float32)
    delta = tl.sum(out * dout, axis=1)  # (BLOCK_M,)
    tl.store(delta_ptr + b * lse_batch + h * lse_head + start + i, delta, mask=i < Tq)


@triton.jit
def _backpropagate_to_keys(
    dk,
    dv,
    k,
    v,
    q_ptr,
    dout_ptr,
    lse_ptr,
    delta_ptr,
    q_row,
    dout_row,
    j,
    start,
    stop,
    Tq,
    Tk,
    scale2,
    CAUSAL: tl.constexpr,
    WINDOW: tl.constexpr,
    MASKED: tl.constexpr,
    BLOCK_M: tl.constexpr,
    D: tl.constexpr,
    BLOCK_D: tl.constexpr,
    PRECISION: tl.constexpr,
):
    """Add what queries start … stop owe to keys j. Tiles of scores are transposed: (key, query)."""
    for m0 in range(start, stop, BLOCK_M):
        i = m0 + tl.arange(0, BLOCK_M)  # (BLOCK_M,)
        end = Tq if MASKED else m0 + BLOCK_M
        q = _load_rows(q_ptr, i, q_row, end, D, BLOCK_D)  # (BLOCK_M, BLOCK_D)
        lse = tl.load(lse_ptr + i, mask=i < end, other=0.0) * LOG2E  # (BLOCK_M,)
        s = tl.dot(k, tl.trans(q), input_precision=PRECISION)  # (BLOCK_N, BLOCK_M)
        p = tl.exp2(s * scale2 - lse[None, :])
        if MASKED:
            p = tl.where(_sees(i[None, :], j[:, None], Tq, Tk, CAUSAL, WINDOW), p, 0.0)
        dout = _load_rows(dout_ptr, i, dout_row, end, D, BLOCK_D)  # (BLOCK_M, BLOCK_D)
        dv = tl.dot(p.to(dout.dtype), dout, dv, input_precision=PRECISION)  # (BLOCK_N, BLOCK_D)
        delta = tl.load(delta_ptr + i, mask=i < end, other=0.0)  # (BLOCK_M,)
        dp = tl.dot(v, tl.trans(dout), input_precision=PRECISION)  # (BLOCK_N, BLOCK_M)
        ds = p * (dp - delta[None, :])
        dk = tl.dot(ds.to(q.dtype), q, dk, input_precision=PRECISION)  # (BLOCK_N, BLOCK_D)
    return dk, dv


@triton.jit
def flash_backward_keys_kernel(
    q_ptr,
    k_ptr,
    v_ptr,
    dout_ptr,
    lse_ptr,
    delta_ptr,
    dk_ptr,
    dv_ptr,
    cu_q_ptr,
    cu_k_ptr,
    q_batch,
    q_head,
    q_row,
    k_batch,
    k_head,
    k_row,
    v_batch,
    v_head,
    v_row,
    dout_batch,
    dout_head,
    dout_row,
    dk_batch,
    dk_head,
    dk_row,
    lse_batch,
    lse_head,
    Tq,
    Tk,
    G,
    scale,
    CAUSAL: tl.constexpr,
    WINDOW: tl.constexpr,
    RAGGED: tl.constexpr,  # the last tile may stick out
    VARLEN: tl.constexpr,
    BLOCK_M: tl.constexpr,
    BLOCK_N: tl.constexpr,
    D: tl.constexpr,
    BLOCK_D: tl.constexpr,
    PRECISION: tl.constexpr,
):
    """dk and dv of one tile of keys, over all queries of the G heads that share it."""
    n0 = tl.program_id(0) * BLOCK_N
    head = tl.program_id(1).to(tl.int64)
    b = tl.program_id(2).to(tl.int64)
    start_q, Tq = _sequence(cu_q_ptr, b, Tq, VARLEN)
    start_k, Tk = _sequence(cu_k_ptr, b, Tk, VARLEN)
    if n0 >= Tk:
        return
    k_ptr += b * k_batch + head * k_head + start_k * k_row
    v_ptr += b * v_batch + head * v_head + start_k * v_row
    dk_ptr += b * dk_batch + head * dk_head + start_k * dk_row
    dv_ptr += b * dk_batch + head * dk_head + start_k * dk_row

    j = n0 + tl.arange(0, BLOCK_N)  # (BLOCK_N,)
    k = _load_rows(k_ptr, j, k_row, Tk, D, BLOCK_D)  # (BLOCK_N, BLOCK_D)
    v = _load_rows(v_ptr, j, v_row, Tk, D, BLOCK_D)
    dk = tl.zeros((BLOCK_N, BLOCK_D), tl.float32)
    dv = tl.zeros((BLOCK_N, BLOCK_D), tl.float32)

    # queries [first, last) see one of these keys, [full, free) see all of them
    first = 0
    full = 0
    last = Tq
    if CAUSAL:
        first = tl.maximum(0, n0 + Tq - Tk) // BLOCK_M * BLOCK_M
        full = tl.maximum(0, n0 + BLOCK_N - 1 + Tq - Tk)
        full = (full + BLOCK_M - 1) // BLOCK_M * BLOCK_M
    free = Tq // BLOCK_M * BLOCK_M
    if WINDOW > 0:
        last = tl.maximum(0, tl.minimum(Tq, n0 + BLOCK_N - 1 + WINDOW + Tq - Tk))
        free = tl.maximum(0, tl.minimum(Tq, n0 + WINDOW + Tq - Tk)) // BLOCK_M * BLOCK_M
    full = tl.minimum(full, tl.maximum(last, first))
    free = tl.maximum(free, full)

    scale2 = scale * LOG2E
    for g in range(0, G):
        h = head * G + g
        q_h = q_ptr + b * q_batch + h * q_head + start_q * q_row
        dout_h = dout_ptr + b * dout_batch + h * dout_head + start_q * dout_row
        lse_h = lse_ptr + b * lse_batch + h * lse_head + start_q
        delta_h = delta_ptr + b * lse_batch + h * lse_head + start_q
        if CAUSAL:
            dk, dv = _backpropagate_to_keys(
                dk, dv, k, v, q_h, dout_h, lse_h, delta_h, q_row, dout_row, j, first, full,
                Tq, Tk, scale2, CAUSAL, WINDOW, True, BLOCK_M, D, BLOCK_D, PRECISION,
            )  # fmt: skip
        dk, dv = _backpropagate_to_keys(
            dk, dv, k, v, q_h, dout_h, lse_h, delta_h, q_row, dout_row, j, full, free,
            Tq, Tk, scale2, CAUSAL, WINDOW, False, BLOCK_M, D, BLOCK_D, PRECISION,
        )  # fmt: skip
        if RAGGED or WINDOW > 0:
            dk, dv = _backpropagate_to_keys(
                dk, dv, k, v, q_h, dout_h, lse_h, delta_h, q_row, dout_row, j, free, last,
                Tq, Tk, scale2, CAUSAL, WINDOW, True, BLOCK_M, D, BLOCK_D, PRECISION,
            )  # fmt: skip
    _store_rows(dk_ptr, (dk * scale).to(k.dtype), j, dk_row, Tk, D, BLOCK_D)
    _store_rows(dv_ptr, dv.to(v.dtype), j, dk_row, Tk, D, BLOCK_D)


@triton.jit
def _backpropagate_to_queries(
    dq,
    q,
    dout,
    lse,
    delta,
    k_ptr,
    v_ptr,
    k_row,
    v_row,
    i,
    start,
    stop,
    Tq,
    Tk,
    scale2,
    CAUSAL: tl.constexpr,
    WINDOW: tl.constexpr,
    MASKED: tl.constexpr,
    BLOCK_N: tl.constexpr,
    D: tl.constexpr,
    BLOCK_D: tl.constexpr,
    PRECISION: tl.constexpr,
):
    """Add what keys start … stop owe to queries i."""
    for n0 in range(start, stop, BLOCK_N):
        j = n0 + tl.arange(0, BLOCK_N)  # (BLOCK_N,)
        end = Tk if MASKED else n0 + BLOCK_N
        k = _load_rows(k_ptr, j, k_row, end, D, BLOCK_D)  # (BLOCK_N, BLOCK_D)
        v = _load_rows(v_ptr, j, v_row, end, D, BLOCK_D)
        s = tl.dot(q, tl.trans(k), input_precision=PRECISION)  # (BLOCK_M, BLOCK_N)
        p = tl.exp2(s * scale2 - lse[:, None])
        if MASKED:
            p = tl.where(_sees(i[:, None], j[None, :], Tq, Tk, CAUSAL, WINDOW), p, 0.0)
        dp = tl.dot(dout, tl.trans(v), input_precision=PRECISION)  # (BLOCK_M, BLOCK_N)
        ds = p * (dp - delta[:, None])
        dq = tl.dot(ds.to(k.dtype), k, dq, input_precision=PRECISION)  # (BLOCK_M, BLOCK_D)
    return dq


@triton.jit
def flash_backward_queries_kernel(
    q_ptr,
    k_ptr,
    v_ptr,
    dout_ptr,
    lse_ptr,
    delta_ptr,
    dq_ptr,
    cu_q_ptr,
    cu_k_ptr,
    q_batch,
    q_head,
    q_row,
    k_batch,
    k_head,
    k_row,
    v_batch,
    v_head,
    v_row,
    dout_batch,
    dout_head,
    dout_row,
    dq_batch,
    dq_head,
    dq_row,
    lse_batch,
    lse_head,
    Tq,
    Tk,
    G,
    scale,
    CAUSAL: tl.constexpr,
    WINDOW: tl.constexpr,
    RAGGED: tl.constexpr,  # the last tile may stick out
    VARLEN: tl.constexpr,
    BLOCK_M: tl.constexpr,
    BLOCK_N: tl.constexpr,
    D: tl.constexpr,
    BLOCK_D: tl.constexpr,
    PRECISION: tl.constexpr,
):
    """dq of one tile of queries, over the keys it sees."""
    m0 = (tl.num_programs(0) - 1 - tl.program_id(0)) * BLOCK_M
    h = tl.program_id(1).to(tl.int64)
    b = tl.program_id(2).to(tl.int64)
    start_q, Tq = _sequence(cu_q_ptr, b, Tq, VARLEN)
    start_k, Tk = _sequence(cu_k_ptr, b, Tk, VARLEN)
    if m0 >= Tq:
        return
    q_ptr += b * q_batch + h * q_head + start_q * q_row
    k_ptr += b * k_batch + h // G * k_head + start_k * k_row
    v_ptr += b * v_batch + h // G * v_head + start_k * v_row
    dout_ptr += b * dout_batch + h * dout_head + start_q * dout_row
    dq_ptr += b * dq_batch + h * dq_head + start_q * dq_row
    row = b * lse_batch + h * lse_head + start_q

    i = m0 + tl.arange(0, BLOCK_M)  # (BLOCK_M,)
    q = _load_rows(q_ptr, i, q_row, Tq, D, BLOCK_D)  # (BLOCK_M, BLOCK_D)
    dout = _load_rows(dout_ptr, i, dout_row, Tq, D, BLOCK_D)
    lse = tl.load(lse_ptr + row + i, mask=i < Tq, other=0.0) * LOG2E  # (BLOCK_M,)
    delta = tl.load(delta_ptr + row + i, mask=i < Tq, other=0.0)
    dq = tl.zeros((BLOCK_M, BLOCK_D), tl.float32)
    scale2 = scale * LOG2E
    first, full, free, last = _keys_seen(m0, Tq, Tk, CAUSAL, WINDOW, BLOCK_M, BLOCK_N)
    if WINDOW > 0:
        dq = _backpropagate_to_queries(
            dq, q, dout, lse, delta, k_ptr, v_ptr, k_row, v_row, i, first, full,
            Tq, Tk, scale2, CAUSAL, WINDOW, True, BLOCK_N, D, BLOCK_D, PRECISION,
        )  # fmt: skip
    dq = _backpropagate_to_queries(
        dq, q, dout, lse, delta, k_ptr, v_ptr, k_row, v_row, i, full, free,
        Tq, Tk, scale2, CAUSAL, WINDOW, False, BLOCK_N, D, BLOCK_D, PRECISION,
    )  # fmt: skip
    if CAUSAL or RAGGED:
        dq = _backpropagate_to_queries(
            dq, q, dout, lse, delta, k_ptr, v_ptr, k_row, v_row, i, free, last,
            Tq, Tk, scale2, CAUSAL, WINDOW, True, BLOCK_N, D, BLOCK_D, PRECISION,
        )  # fmt: skip
    _store_rows(dq_ptr, (dq * scale).to(q.dtype), i, dq_row, Tq, D, BLOCK_D)


# --- wrappers -------------------------------------------------------------------------------------


class Tiles(NamedTuple):
    """Sizes of the tiles of one kernel, and how the GPU runs a program."""

    M: int  # queries
    N: int  # keys
    warps: int
    stages: int  # loads in flight


class Plan(NamedTuple):
    """The tiles of the forward kernel and of the two backward kernels."""

    forward: Tiles
    keys: Tiles
    queries: Tiles


def plan_for(D: int, dtype: torch.dtype) -> Plan:
    """The first choice: it fits the registers and the shared memory of sm_80 and sm_90."""
    if dtype == torch.float32:  # exact, on the plain cores: small tiles
        small = Tiles(32, 32, 8, 1)
        return Plan(small, small, small if D <= 64 else Tiles(16, 16, 4, 1))
    if D <= 64:
        return Plan(Tiles(128, 64, 4, 3), Tiles(64, 128, 8, 2), Tiles(128, 64, 8, 3))
    if D <= 128:
        return Plan(Tiles(128, 64, 8, 3), Tiles(32, 64, 8, 2), Tiles(128, 64, 8, 2))
    return Plan(Tiles(128, 32, 8, 2), Tiles(32, 64, 8, 1), Tiles(64, 32, 8, 2))


class _Layout(NamedTuple):
    """Which mask, which lengths: what all kernels of one call share."""

    B: int
    Tq: int  # packed: the longest
    Tk: int
    causal: bool
    window: int
    scale: float
    cu_q: torch.Tensor | None
    cu_k: torch.Tensor | None
    plan: Plan | None  # None: the first choice, or what was faster on this GPU

    def tiles(self, kernel: str, q: torch.Tensor) -> Tiles:
        """Of the kernel "forward", "keys" or "queries"."""
        if self.plan is not None:
            found: Tiles = getattr(self.plan, kernel)
            return found
        D, mask = q.shape[-1], "causal" if self.causal else "full"
        first: Tiles = getattr(plan_for(D, q.dtype), kernel)
        return chosen(f"flash {kernel}", first, q, D, mask)

    @property
    def packed(self) -> bool:
        return self.cu_q is not None

    def strides(self, x: torch.Tensor) -> tuple[int, int, int]:
        """Of q, k, v and the like: from batch to batch, head to head, row to row."""
        if self.packed:
            return 0, x.stride(1), x.stride(0)
        return x.stride(0), x.stride(1), x.stride(2)

    def row_strides(self, lse: torch.Tensor) -> tuple[int, int]:
        """Of lse and delta: from batch to batch, head to head."""
        return (0, lse.stride(0)) if self.packed else (lse.stride(0), lse.stride(1))

    def heads(self, x: torch.Tensor) -> int:
        return x.shape[1]

    def options(self, x: torch.Tensor, tiles: Tiles) -> dict[str, Any]:
        D = x.shape[-1]
        return {
            "D": D,
            "BLOCK_D": max(16, triton.next_power_of_2(D)),
            "VARLEN": self.packed,
            "num_warps": tiles.warps,
            "num_stages": tiles.stages,
        }

    def mask_options(self, x: torch.Tensor, tiles: Tiles, left: int) -> dict[str, Any]:
        return self.options(x, tiles) | {
            "CAUSAL": self.causal,
            "WINDOW": self.window,
            "RAGGED": self.packed or left > 0,
            "BLOCK_M": tiles.M,
            "BLOCK_N": tiles.N,
            "PRECISION": "ieee",  # for float32; halves are exact in the tensor cores anyway
        }


def _forward(
    q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, layout: _Layout
) -> tuple[torch.Tensor, torch.Tensor]:
    H, tiles = layout.heads(q), layout.tiles("forward", q)
    out = torch.empty_like(q)
    shape = (H, q.shape[0]) if layout.packed else (layout.B, H, layout.Tq)
    lse = torch.empty(shape, dtype=torch.float32, device=q.device)
    grid = (triton.cdiv(layout.Tq, tiles.M), H, layout.B)
    flash_forward_kernel[grid](
        q, k, v, out, lse, layout.cu_q, layout.cu_k,
        *layout.strides(q), *layout.strides(k), *layout.strides(v), *layout.strides(out),
        *layout.row_strides(lse), layout.Tq, layout.Tk, H // layout.heads(k),
        layout.scale * LOG2E.value, **layout.mask_options(q, tiles, layout.Tk % tiles.N),
    )  # fmt: skip
    return out, lse


def _backward(
    q: torch.Tensor,
    k: torch.Tensor,
    v: torch.Tensor,
    out: torch.Tensor,
    lse: torch.Tensor,
    dout: torch.Tensor,
    layout: _Layout,
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    H, heads, B = layout.heads(q), layout.heads(k), layout.B
    keys, queries = layout.tiles("keys", q), layout.tiles("queries", q)
    delta = torch.empty_like(lse)
    rows = layout.row_strides(lse)
    flash_delta_kernel[(triton.cdiv(layout.Tq, 64), H, B)](
        out, dout, delta, layout.cu_q, *layout.strides(out), *layout.strides(dout), *rows,
        layout.Tq, BLOCK_M=64, **layout.options(q, Tiles(64, 0, 4, 1)),
    )  # fmt: skip
    strides = [s for x in (q, k, v, dout) for s in layout.strides(x)]
    lengths = (layout.Tq, layout.Tk, H // heads, layout.scale)
    dk = torch.empty(k.shape, dtype=k.dtype, device=k.device)
    dv = torch.empty(v.shape, dtype=v.dtype, device=v.device)
    flash_backward_keys_kernel[(triton.cdiv(layout.Tk, keys.N), heads, B)](
        q, k, v, dout, lse, delta, dk, dv, layout.cu_q, layout.cu_k,
        *strides, *layout.strides(dk), *rows, *lengths,
        **layout.mask_options(q, keys, layout.Tq % keys.M),
    )  # fmt: skip
    dq = torch.empty(q.shape, dtype=q.dtype, device=q.device)
    flash_backward_queries_kernel[(triton.cdiv(layout.Tq, queries.M), H, B)](
        q, k, v, dout, lse, delta, dq, layout.cu_q, layout.cu_k,
        *strides, *layout.strides(dq), *rows, *lengths,
        **layout.mask_options(q, queries, layout.Tk % queries.N),
    )  # fmt: skip
    return dq, dk, dv


class _FlashAttention(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, q: Any, k: Any, v: Any, layout: _Layout) -> Any:
        out, lse = _forward(q, k, v, layout)
        ctx.save_for_backward(q, k, v, out, lse)
        ctx.layout = layout
        ctx.mark_non_differentiable(lse)
        return out, lse

    @staticmethod
    def backward(ctx: Any, dout: Any, _: Any) -> Any:
        q, k, v, out, lse = ctx.saved_tensors
        dout = _rows_contiguous(dout)
        return *_backward(q, k, v, out, lse, dout, ctx.layout), None


def _rows_contiguous(x: torch.Tensor) -> torch.Tensor:
    return x if x.stride(-1) == 1 else x.contiguous()


def _run(
    q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, layout: _Layout
) -> tuple[torch.Tensor, torch.Tensor]:
    H, heads = layout.heads(q), layout.heads(k)
    if not (q.dtype == k.dtype == v.dtype) or k.shape != v.shape or q.shape[-1] != k.shape[-1]:
        raise ValueError("q, k and v need one dtype and one head size, and k and v one shape")
    if H % heads:
        raise ValueError(f"{H} query heads cannot share {heads} key heads evenly")
    if layout.window and not layout.causal:
        raise ValueError("a sliding window looks back from the query: it needs causal=True")
    if layout.scale <= 0:
        raise ValueError("scale must be positive")
    return _FlashAttention.apply(*map(_rows_contiguous, (q, k, v)), layout)


def flash_attention_with_lse(
    q: torch.Tensor,
    k: torch.Tensor,
    v: torch.Tensor,
    causal: bool = False,
    window: int | None = None,
    scale: float | None = None,
    plan: Plan | None = None,
) -> tuple[torch.Tensor, torch.Tensor]:
    """As `flash_attention`, with lse (B, H, Tq): the log of each row's sum of exponentials."""
    (B, _, Tq, D), Tk = q.shape, k.shape[2]
    scale = D**-0.5 if scale is None else scale
    return _run(q, k, v, _Layout(B, Tq, Tk, causal, window or 0, scale, None, None, plan))


def flash_attention(
    q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, *options: Any, **named: Any
) -> torch.Tensor:
    """Attention of q (B, H, Tq, D) over k, v (B, H/G, Tk, D); differentiable in q, k and v.

    Options: causal (False), window (None), scale (1/√D), plan (by default `plan_for`'s, or what
    was faster on this GPU): see the top of the file.

    Raises:
        ValueError: shapes, dtypes or options that do not go together.
    """
    return flash_attention_with_lse(q, k, v, *options, **named)[0]


def flash_attention_packed(
    q: torch.Tensor,
    k: torch.Tensor,
    v: torch.Tensor,
    cu_q: torch.Tensor,
    cu_k: torch.Tensor,
    longest_q: int,
    longest_k: int,
    causal: bool = False,
    window: int | None = None,
    scale: float | None = None,
    plan: Plan | None = None,
) -> torch.Tensor:
    """Attention of sequences of different lengths, packed without padding; none sees another.

    Args:
        q: (ΣTq, H, D). k, v: (ΣTk, H/G, D).
        cu_q, cu_k: (B+1,) int32, where each sequence starts; the last entry is the number of rows.
        longest_q, longest_k: the longest lengths (numbers, so that nothing waits for the GPU).

    Raises:
        ValueError: as `flash_attention`, or cu_q and cu_k are not int32 of one shape.
    """
    if cu_q.dtype != torch.int32 or cu_k.dtype != torch.int32 or cu_q.shape != cu_k.shape:
        raise ValueError("cu_q and cu_k must be int32 of one shape (B+1,)")
    D = q.shape[-1]
    scale = D**-0.5 if scale is None else scale
    sizes = (len(cu_q) - 1, longest_q, longest_k, causal, window or 0, scale)
    return _run(q, k, v, _Layout(*sizes, cu_q, cu_k, plan))[0]
