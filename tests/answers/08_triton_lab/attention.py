"""Answers to rungs 8 and 9 of the Triton lab: mistakes that people make, and other right ways."""

import kernels  # noqa: F401  (first: it chooses the interpreter)

import torch
import triton
import triton.language as tl

from autograder.answers import right, wrong

# attention ----------------------------------------------------------------------------------


@wrong("attention", caught_by="attention_rescales_sum_and_result", says="one without the other")
def forgets_to_rescale_the_result(q, k, v):
    @triton.jit
    def kernel(q_ptr, k_ptr, v_ptr, out_ptr, T, S, scale, D: tl.constexpr, BLOCK: tl.constexpr):
        head = tl.program_id(1)
        t = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
        d = tl.arange(0, D)
        mine = (head * T + t)[:, None] * D + d[None, :]
        q = tl.load(q_ptr + mine, mask=t[:, None] < T, other=0.0)
        m = tl.full((BLOCK,), -float("inf"), tl.float32)
        l = tl.zeros((BLOCK,), tl.float32)
        acc = tl.zeros((BLOCK, D), tl.float32)
        for start in range(0, S, BLOCK):
            s = start + tl.arange(0, BLOCK)
            theirs = (head * S + s)[:, None] * D + d[None, :]
            k = tl.load(k_ptr + theirs, mask=s[:, None] < S, other=0.0)
            v = tl.load(v_ptr + theirs, mask=s[:, None] < S, other=0.0)
            scores = tl.dot(q, tl.trans(k), input_precision="ieee") * scale
            scores = tl.where(s[None, :] < S, scores, -float("inf"))
            m_new = tl.maximum(m, tl.max(scores, axis=1))
            p = tl.exp(scores - m_new[:, None])
            shrink = tl.exp(m - m_new)
            l = l * shrink + tl.sum(p, axis=1)
            acc = tl.dot(p.to(v.dtype), v, acc, input_precision="ieee")
            m = m_new
        tl.store(out_ptr + mine, acc / l[:, None], mask=t[:, None] < T)

    H, T, D = q.shape
    S = k.shape[1]
    out = torch.empty((H, T, D), dtype=q.dtype, device=q.device)
    grid = (triton.cdiv(T, 32), H)
    kernel[grid](q, k, v, out, T, S, D**-0.5, D=D, BLOCK=32)
    return out


@wrong("attention", caught_by="attention_rescales_sum_and_result", says="both shrink")
def forgets_to_rescale_the_sum(q, k, v):
    @triton.jit
    def kernel(q_ptr, k_ptr, v_ptr, out_ptr, T, S, scale, D: tl.constexpr, BLOCK: tl.constexpr):
        head = tl.program_id(1)
        t = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
        d = tl.arange(0, D)
        mine = (head * T + t)[:, None] * D + d[None, :]
        q = tl.load(q_ptr + mine, mask=t[:, None] < T, other=0.0)
        m = tl.full((BLOCK,), -float("inf"), tl.float32)
        l = tl.zeros((BLOCK,), tl.float32)
        acc = tl.zeros((BLOCK, D), tl.float32)
        for start in range(0, S, BLOCK):
            s = start + tl.arange(0, BLOCK)
            theirs = (head * S + s)[:, None] * D + d[None, :]
            k = tl.load(k_ptr + theirs, mask=s[:, None] < S, other=0.0)
            v = tl.load(v_ptr + theirs, mask=s[:, None] < S, other=0.0)
            scores = tl.dot(q, tl.trans(k), input_precision="ieee") * scale
            scores = tl.where(s[None, :] < S, scores, -float("inf"))
            m_new = tl.maximum(m, tl.max(scores, axis=1))
            p = tl.exp(scores - m_new[:, None])
            shrink = tl.exp(m - m_new)
            l = l + tl.sum(p, axis=1)
            acc = tl.dot(p.to(v.dtype), v, acc * shrink[:, None], input_precision="ieee")
            m = m_new
        tl.store(out_ptr + mine, acc / l[:, None], mask=t[:, None] < T)

    H, T, D = q.shape
    S = k.shape[1]
    out = torch.empty((H, T, D), dtype=q.dtype, device=q.device)
    grid = (triton.cdiv(T, 32), H)
    kernel[grid](q, k, v, out, T, S, D**-0.5, D=D, BLOCK=32)
    return out


@wrong("attention", caught_by="attention_rescales_sum_and_result", says="starts at −∞, not at 0")
def starts_the_maximum_at_zero(q, k, v):
    @triton.jit
    def kernel(q_ptr, k_ptr, v_ptr, out_ptr, T, S, scale, D: tl.constexpr, BLOCK: tl.constexpr):
        head = tl.program_id(1)
        t = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
        d = tl.arange(0, D)
        mine = (head * T + t)[:, None] * D + d[None, :]
        q = tl.load(q_ptr + mine, mask=t[:, None] < T, other=0.0)
        m = tl.zeros((BLOCK,), tl.float32)
        l = tl.zeros((BLOCK,), tl.float32)
        acc = tl.zeros((BLOCK, D), tl.float32)
        for start in range(0, S, BLOCK):
            s = start + tl.arange(0, BLOCK)
            theirs = (head * S + s)[:, None] * D + d[None, :]
            k = tl.load(k_ptr + theirs, mask=s[:, None] < S, other=0.0)
            v = tl.load(v_ptr + theirs, mask=s[:, None] < S, other=0.0)
            scores = tl.dot(q, tl.trans(k), input_precision="ieee") * scale
            scores = tl.where(s[None, :] < S, scores, -float("inf"))
            m_new = tl.maximum(m, tl.max(scores, axis=1))
            p = tl.exp(scores - m_new[:, None])
            shrink = tl.exp(m - m_new)
            l = l * shrink + tl.sum(p, axis=1)
            acc = tl.dot(p.to(v.dtype), v, acc * shrink[:, None], input_precision="ieee")
            m = m_new
        tl.store(out_ptr + mine, acc / l[:, None], mask=t[:, None] < T)

    H, T, D = q.shape
    S = k.shape[1]
    out = torch.empty((H, T, D), dtype=q.dtype, device=q.device)
    grid = (triton.cdiv(T, 32), H)
    kernel[grid](q, k, v, out, T, S, D**-0.5, D=D, BLOCK=32)
    return out


@wrong("attention", caught_by="attention_rescales_sum_and_result", says="divided by √d")
def forgets_the_scale(q, k, v):
    @triton.jit
    def kernel(q_ptr, k_ptr, v_ptr, out_ptr, T, S, scale, D: tl.constexpr, BLOCK: tl.constexpr):
        head = tl.program_id(1)
        t = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
        d = tl.arange(0, D)
        mine = (head * T + t)[:, None] * D + d[None, :]
        q = tl.load(q_ptr + mine, mask=t[:, None] < T, other=0.0)
        m = tl.full((BLOCK,), -float("inf"), tl.float32)
        l = tl.zeros((BLOCK,), tl.float32)
        acc = tl.zeros((BLOCK, D), tl.float32)
        for start in range(0, S, BLOCK):
            s = start + tl.arange(0, BLOCK)
            theirs = (head * S + s)[:, None] * D + d[None, :]
            k = tl.load(k_ptr + theirs, mask=s[:, None] < S, other=0.0)
            v = tl.load(v_ptr + theirs, mask=s[:, None] < S, other=0.0)
            scores = tl.dot(q, tl.trans(k), input_precision="ieee")
            scores = tl.where(s[None, :] < S, scores, -float("inf"))
            m_new = tl.maximum(m, tl.max(scores, axis=1))
            p = tl.exp(scores - m_new[:, None])
            shrink = tl.exp(m - m_new)
            l = l * shrink + tl.sum(p, axis=1)
            acc = tl.dot(p.to(v.dtype), v, acc * shrink[:, None], input_precision="ieee")
            m = m_new
        tl.store(out_ptr + mine, acc / l[:, None], mask=t[:, None] < T)

    H, T, D = q.shape
    S = k.shape[1]
    out = torch.empty((H, T, D), dtype=q.dtype, device=q.device)
    grid = (triton.cdiv(T, 32), H)
    kernel[grid](q, k, v, out, T, S, D**-0.5, D=D, BLOCK=32)
    return out


@wrong("attention", caught_by="attention_rescales_sum_and_result", says="once")
def scales_twice(q, k, v):
    @triton.jit
    def kernel(q_ptr, k_ptr, v_ptr, out_ptr, T, S, scale, D: tl.constexpr, BLOCK: tl.constexpr):
        head = tl.program_id(1)
        t = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
        d = tl.arange(0, D)
        mine = (head * T + t)[:, None] * D + d[None, :]
        q = tl.load(q_ptr + mine, mask=t[:, None] < T, other=0.0)
        m = tl.full((BLOCK,), -float("inf"), tl.float32)
        l = tl.zeros((BLOCK,), tl.float32)
        acc = tl.zeros((BLOCK, D), tl.float32)
        for start in range(0, S, BLOCK):
            s = start + tl.arange(0, BLOCK)
            theirs = (head * S + s)[:, None] * D + d[None, :]
            k = tl.load(k_ptr + theirs, mask=s[:, None] < S, other=0.0)
            v = tl.load(v_ptr + theirs, mask=s[:, None] < S, other=0.0)
            scores = tl.dot(q, tl.trans(k), input_precision="ieee") * scale * scale
            scores = tl.where(s[None, :] < S, scores, -float("inf"))
            m_new = tl.maximum(m, tl.max(scores, axis=1))
            p = tl.exp(scores - m_new[:, None])
            shrink = tl.exp(m - m_new)
            l = l * shrink + tl.sum(p, axis=1)
            acc = tl.dot(p.to(v.dtype), v, acc * shrink[:, None], input_precision="ieee")
            m = m_new
        tl.store(out_ptr + mine, acc / l[:, None], mask=t[:, None] < T)

    H, T, D = q.shape
    S = k.shape[1]
    out = torch.empty((H, T, D), dtype=q.dtype, device=q.device)
    grid = (triton.cdiv(T, 32), H)
    kernel[grid](q, k, v, out, T, S, D**-0.5, D=D, BLOCK=32)
    return out


@wrong("attention", caught_by="attention_rescales_sum_and_result", says="numbers are wrong")
def divides_after_every_tile(q, k, v):
    @triton.jit
    def kernel(q_ptr, k_ptr, v_ptr, out_ptr, T, S, scale, D: tl.constexpr, BLOCK: tl.constexpr):
        head = tl.program_id(1)
        t = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
        d = tl.arange(0, D)
        mine = (head * T + t)[:, None] * D + d[None, :]
        q = tl.load(q_ptr + mine, mask=t[:, None] < T, other=0.0)
        m = tl.full((BLOCK,), -float("inf"), tl.float32)
        l = tl.zeros((BLOCK,), tl.float32)
        acc = tl.zeros((BLOCK, D), tl.float32)
        for start in range(0, S, BLOCK):
            s = start + tl.arange(0, BLOCK)
            theirs = (head * S + s)[:, None] * D + d[None, :]
            k = tl.load(k_ptr + theirs, mask=s[:, None] < S, other=0.0)
            v = tl.load(v_ptr + theirs, mask=s[:, None] < S, other=0.0)
            scores = tl.dot(q, tl.trans(k), input_precision="ieee") * scale
            scores = tl.where(s[None, :] < S, scores, -float("inf"))
            m_new = tl.maximum(m, tl.max(scores, axis=1))
            p = tl.exp(scores - m_new[:, None])
            shrink = tl.exp(m - m_new)
            l = l * shrink + tl.sum(p, axis=1)
            acc = tl.dot(p.to(v.dtype), v, acc * shrink[:, None], input_precision="ieee")
            m = m_new
            acc = acc / l[:, None]
        tl.store(out_ptr + mine, acc, mask=t[:, None] < T)

    H, T, D = q.shape
    S = k.shape[1]
    out = torch.empty((H, T, D), dtype=q.dtype, device=q.device)
    grid = (triton.cdiv(T, 32), H)
    kernel[grid](q, k, v, out, T, S, D**-0.5, D=D, BLOCK=32)
    return out


@wrong("attention", caught_by="attention_rescales_sum_and_result", says="instead of")
def takes_the_mean_of_the_values(q, k, v):
    @triton.jit
    def kernel(q_ptr, k_ptr, v_ptr, out_ptr, T, S, scale, D: tl.constexpr, BLOCK: tl.constexpr):
        head = tl.program_id(1)
        t = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
        d = tl.arange(0, D)
        mine = (head * T + t)[:, None] * D + d[None, :]
        q = tl.load(q_ptr + mine, mask=t[:, None] < T, other=0.0)
        m = tl.full((BLOCK,), -float("inf"), tl.float32)
        l = tl.zeros((BLOCK,), tl.float32)
        acc = tl.zeros((BLOCK, D), tl.float32)
        for start in range(0, S, BLOCK):
            s = start + tl.arange(0, BLOCK)
            theirs = (head * S + s)[:, None] * D + d[None, :]
            k = tl.load(k_ptr + theirs, mask=s[:, None] < S, other=0.0)
            v = tl.load(v_ptr + theirs, mask=s[:, None] < S, other=0.0)
            scores = tl.dot(q, tl.trans(k), input_precision="ieee") * scale
            scores = tl.where(s[None, :] < S, scores, -float("inf"))
            m_new = tl.maximum(m, tl.max(scores, axis=1))
            p = tl.where(s[None, :] < S, 1.0, 0.0) + 0.0 * m_new[:, None]
            shrink = tl.full((BLOCK,), 1.0, tl.float32)
            l = l * shrink + tl.sum(p, axis=1)
            acc = tl.dot(p.to(v.dtype), v, acc * shrink[:, None], input_precision="ieee")
            m = m_new
        tl.store(out_ptr + mine, acc / l[:, None], mask=t[:, None] < T)

    H, T, D = q.shape
    S = k.shape[1]
    out = torch.empty((H, T, D), dtype=q.dtype, device=q.device)
    grid = (triton.cdiv(T, 32), H)
    kernel[grid](q, k, v, out, T, S, D**-0.5, D=D, BLOCK=32)
    return out


@wrong("attention", caught_by="attention_rescales_sum_and_result", says="torch computed inside")
def torch_makes_the_scores(q, k, v):
    @triton.jit
    def kernel(q_ptr, k_ptr, v_ptr, out_ptr, T, S, scale, D: tl.constexpr, BLOCK: tl.constexpr):
        head = tl.program_id(1)
        t = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
        d = tl.arange(0, D)
        mine = (head * T + t)[:, None] * D + d[None, :]
        q = tl.load(q_ptr + mine, mask=t[:, None] < T, other=0.0)
        m = tl.full((BLOCK,), -float("inf"), tl.float32)
        l = tl.zeros((BLOCK,), tl.float32)
        acc = tl.zeros((BLOCK, D), tl.float32)
        for start in range(0, S, BLOCK):
            s = start + tl.arange(0, BLOCK)
            theirs = (head * S + s)[:, None] * D + d[None, :]
            k = tl.load(k_ptr + theirs, mask=s[:, None] < S, other=0.0)
            v = tl.load(v_ptr + theirs, mask=s[:, None] < S, other=0.0)
            scores = tl.dot(q, tl.trans(k), input_precision="ieee") * scale
            scores = tl.where(s[None, :] < S, scores, -float("inf"))
            m_new = tl.maximum(m, tl.max(scores, axis=1))
            p = tl.exp(scores - m_new[:, None])
            shrink = tl.exp(m - m_new)
            l = l * shrink + tl.sum(p, axis=1)
            acc = tl.dot(p.to(v.dtype), v, acc * shrink[:, None], input_precision="ieee")
            m = m_new
        tl.store(out_ptr + mine, acc / l[:, None], mask=t[:, None] < T)

    H, T, D = q.shape
    S = k.shape[1]
    q = q + 0 * (q @ k.transpose(1, 2)).sum()
    out = torch.empty((H, T, D), dtype=q.dtype, device=q.device)
    grid = (triton.cdiv(T, 32), H)
    kernel[grid](q, k, v, out, T, S, D**-0.5, D=D, BLOCK=32)
    return out


@wrong("attention", caught_by="attention_rescales_sum_and_result", says="No kernel was launched")
def torch_does_it_all(q, k, v):
    return torch.nn.functional.scaled_dot_product_attention(q, k, v)


@wrong("attention", caught_by="attention_rescales_sum_and_result", says="No kernel was launched")
def looks_up_the_expected_result(q, k, v):
    import sys

    frame = sys._getframe()
    while "plain" not in frame.f_locals:
        frame = frame.f_back
    return frame.f_locals["plain"](q, k, v)


@wrong("attention", caught_by="attention_keeps_missing_keys_out", says="is a score")
def lets_missing_keys_score_zero(q, k, v):
    @triton.jit
    def kernel(q_ptr, k_ptr, v_ptr, out_ptr, T, S, scale, D: tl.constexpr, BLOCK: tl.constexpr):
        head = tl.program_id(1)
        t = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
        d = tl.arange(0, D)
        mine = (head * T + t)[:, None] * D + d[None, :]
        q = tl.load(q_ptr + mine, mask=t[:, None] < T, other=0.0)
        m = tl.full((BLOCK,), -float("inf"), tl.float32)
        l = tl.zeros((BLOCK,), tl.float32)
        acc = tl.zeros((BLOCK, D), tl.float32)
        for start in range(0, S, BLOCK):
            s = start + tl.arange(0, BLOCK)
            theirs = (head * S + s)[:, None] * D + d[None, :]
            k = tl.load(k_ptr + theirs, mask=s[:, None] < S, other=0.0)
            v = tl.load(v_ptr + theirs, mask=s[:, None] < S, other=0.0)
            scores = tl.dot(q, tl.trans(k), input_precision="ieee") * scale
            scores = scores + 0.0
            m_new = tl.maximum(m, tl.max(scores, axis=1))
            p = tl.exp(scores - m_new[:, None])
            shrink = tl.exp(m - m_new)
            l = l * shrink + tl.sum(p, axis=1)
            acc = tl.dot(p.to(v.dtype), v, acc * shrink[:, None], input_precision="ieee")
            m = m_new
        tl.store(out_ptr + mine, acc / l[:, None], mask=t[:, None] < T)

    H, T, D = q.shape
    S = k.shape[1]
    out = torch.empty((H, T, D), dtype=q.dtype, device=q.device)
    grid = (triton.cdiv(T, 32), H)
    kernel[grid](q, k, v, out, T, S, D**-0.5, D=D, BLOCK=32)
    return out


@wrong("attention", caught_by="attention_keeps_missing_keys_out", says="writes outside out_ptr")
def writes_into_the_next_head(q, k, v):
    @triton.jit
    def kernel(q_ptr, k_ptr, v_ptr, out_ptr, T, S, scale, D: tl.constexpr, BLOCK: tl.constexpr):
        head = tl.program_id(1)
        t = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
        d = tl.arange(0, D)
        mine = (head * T + t)[:, None] * D + d[None, :]
        q = tl.load(q_ptr + mine, mask=t[:, None] < T, other=0.0)
        m = tl.full((BLOCK,), -float("inf"), tl.float32)
        l = tl.zeros((BLOCK,), tl.float32)
        acc = tl.zeros((BLOCK, D), tl.float32)
        for start in range(0, S, BLOCK):
            s = start + tl.arange(0, BLOCK)
            theirs = (head * S + s)[:, None] * D + d[None, :]
            k = tl.load(k_ptr + theirs, mask=s[:, None] < S, other=0.0)
            v = tl.load(v_ptr + theirs, mask=s[:, None] < S, other=0.0)
            scores = tl.dot(q, tl.trans(k), input_precision="ieee") * scale
            scores = tl.where(s[None, :] < S, scores, -float("inf"))
            m_new = tl.maximum(m, tl.max(scores, axis=1))
            p = tl.exp(scores - m_new[:, None])
            shrink = tl.exp(m - m_new)
            l = l * shrink + tl.sum(p, axis=1)
            acc = tl.dot(p.to(v.dtype), v, acc * shrink[:, None], input_precision="ieee")
            m = m_new
        tl.store(out_ptr + mine, acc / l[:, None])

    H, T, D = q.shape
    S = k.shape[1]
    out = torch.empty((H, T, D), dtype=q.dtype, device=q.device)
    grid = (triton.cdiv(T, 32), H)
    kernel[grid](q, k, v, out, T, S, D**-0.5, D=D, BLOCK=32)
    return out


@wrong("attention", caught_by="attention_keeps_missing_keys_out", says="reads outside v_ptr")
def reads_behind_the_last_key(q, k, v):
    @triton.jit
    def kernel(q_ptr, k_ptr, v_ptr, out_ptr, T, S, scale, D: tl.constexpr, BLOCK: tl.constexpr):
        head = tl.program_id(1)
        t = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
        d = tl.arange(0, D)
        mine = (head * T + t)[:, None] * D + d[None, :]
        q = tl.load(q_ptr + mine, mask=t[:, None] < T, other=0.0)
        m = tl.full((BLOCK,), -float("inf"), tl.float32)
        l = tl.zeros((BLOCK,), tl.float32)
        acc = tl.zeros((BLOCK, D), tl.float32)
        for start in range(0, S, BLOCK):
            s = start + tl.arange(0, BLOCK)
            theirs = (head * S + s)[:, None] * D + d[None, :]
            k = tl.load(k_ptr + theirs, mask=s[:, None] < S, other=0.0)
            v = tl.load(v_ptr + theirs)
            v = tl.where(s[:, None] < S, v, 0.0)
            scores = tl.dot(q, tl.trans(k), input_precision="ieee") * scale
            scores = tl.where(s[None, :] < S, scores, -float("inf"))
            m_new = tl.maximum(m, tl.max(scores, axis=1))
            p = tl.exp(scores - m_new[:, None])
            shrink = tl.exp(m - m_new)
            l = l * shrink + tl.sum(p, axis=1)
            acc = tl.dot(p.to(v.dtype), v, acc * shrink[:, None], input_precision="ieee")
            m = m_new
        tl.store(out_ptr + mine, acc / l[:, None], mask=t[:, None] < T)

    H, T, D = q.shape
    S = k.shape[1]
    out = torch.empty((H, T, D), dtype=q.dtype, device=q.device)
    grid = (triton.cdiv(T, 32), H)
    kernel[grid](q, k, v, out, T, S, D**-0.5, D=D, BLOCK=32)
    return out


@wrong("attention", caught_by="attention_stores_no_scores", says="times each")
def tiles_of_sixteen_queries(q, k, v):
    @triton.jit
    def kernel(q_ptr, k_ptr, v_ptr, out_ptr, T, S, scale, D: tl.constexpr, BLOCK: tl.constexpr):
        head = tl.program_id(1)
        t = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
        d = tl.arange(0, D)
        mine = (head * T + t)[:, None] * D + d[None, :]
        q = tl.load(q_ptr + mine, mask=t[:, None] < T, other=0.0)
        m = tl.full((BLOCK,), -float("inf"), tl.float32)
        l = tl.zeros((BLOCK,), tl.float32)
        acc = tl.zeros((BLOCK, D), tl.float32)
        for start in range(0, S, BLOCK):
            s = start + tl.arange(0, BLOCK)
            theirs = (head * S + s)[:, None] * D + d[None, :]
            k = tl.load(k_ptr + theirs, mask=s[:, None] < S, other=0.0)
            v = tl.load(v_ptr + theirs, mask=s[:, None] < S, other=0.0)
            scores = tl.dot(q, tl.trans(k), input_precision="ieee") * scale
            scores = tl.where(s[None, :] < S, scores, -float("inf"))
            m_new = tl.maximum(m, tl.max(scores, axis=1))
            p = tl.exp(scores - m_new[:, None])
            shrink = tl.exp(m - m_new)
            l = l * shrink + tl.sum(p, axis=1)
            acc = tl.dot(p.to(v.dtype), v, acc * shrink[:, None], input_precision="ieee")
            m = m_new
        tl.store(out_ptr + mine, acc / l[:, None], mask=t[:, None] < T)

    H, T, D = q.shape
    S = k.shape[1]
    out = torch.empty((H, T, D), dtype=q.dtype, device=q.device)
    grid = (triton.cdiv(T, 16), H)
    kernel[grid](q, k, v, out, T, S, D**-0.5, D=D, BLOCK=16)
    return out


@wrong("attention", caught_by="attention_stores_no_scores", says="of q, which has")
def loads_the_queries_in_every_step(q, k, v):
    @triton.jit
    def kernel(q_ptr, k_ptr, v_ptr, out_ptr, T, S, scale, D: tl.constexpr, BLOCK: tl.constexpr):
        head = tl.program_id(1)
        t = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
        d = tl.arange(0, D)
        mine = (head * T + t)[:, None] * D + d[None, :]
        q = tl.load(q_ptr + mine, mask=t[:, None] < T, other=0.0)
        m = tl.full((BLOCK,), -float("inf"), tl.float32)
        l = tl.zeros((BLOCK,), tl.float32)
        acc = tl.zeros((BLOCK, D), tl.float32)
        for start in range(0, S, BLOCK):
            s = start + tl.arange(0, BLOCK)
            theirs = (head * S + s)[:, None] * D + d[None, :]
            q = tl.load(q_ptr + mine, mask=t[:, None] < T, other=0.0)
            k = tl.load(k_ptr + theirs, mask=s[:, None] < S, other=0.0)
            v = tl.load(v_ptr + theirs, mask=s[:, None] < S, other=0.0)
            scores = tl.dot(q, tl.trans(k), input_precision="ieee") * scale
            scores = tl.where(s[None, :] < S, scores, -float("inf"))
            m_new = tl.maximum(m, tl.max(scores, axis=1))
            p = tl.exp(scores - m_new[:, None])
            shrink = tl.exp(m - m_new)
            l = l * shrink + tl.sum(p, axis=1)
            acc = tl.dot(p.to(v.dtype), v, acc * shrink[:, None], input_precision="ieee")
            m = m_new
        tl.store(out_ptr + mine, acc / l[:, None], mask=t[:, None] < T)

    H, T, D = q.shape
    S = k.shape[1]
    out = torch.empty((H, T, D), dtype=q.dtype, device=q.device)
    grid = (triton.cdiv(T, 32), H)
    kernel[grid](q, k, v, out, T, S, D**-0.5, D=D, BLOCK=32)
    return out


@wrong("attention", caught_by="attention_stores_no_scores", says="One tl.load asks for")
def all_keys_at_once(q, k, v):
    @triton.jit
    def kernel(
        q_ptr,
        k_ptr,
        v_ptr,
        out_ptr,
        T,
        S,
        scale,
        D: tl.constexpr,
        BLOCK: tl.constexpr,
        ALL: tl.constexpr,
    ):
        head = tl.program_id(1)
        t = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
        d = tl.arange(0, D)
        mine = (head * T + t)[:, None] * D + d[None, :]
        q = tl.load(q_ptr + mine, mask=t[:, None] < T, other=0.0)
        m = tl.full((BLOCK,), -float("inf"), tl.float32)
        l = tl.zeros((BLOCK,), tl.float32)
        acc = tl.zeros((BLOCK, D), tl.float32)
        for start in range(0, S, ALL):
            s = start + tl.arange(0, ALL)
            theirs = (head * S + s)[:, None] * D + d[None, :]
            k = tl.load(k_ptr + theirs, mask=s[:, None] < S, other=0.0)
            v = tl.load(v_ptr + theirs, mask=s[:, None] < S, other=0.0)
            scores = tl.dot(q, tl.trans(k), input_precision="ieee") * scale
            scores = tl.where(s[None, :] < S, scores, -float("inf"))
            m_new = tl.maximum(m, tl.max(scores, axis=1))
            p = tl.exp(scores - m_new[:, None])
            shrink = tl.exp(m - m_new)
            l = l * shrink + tl.sum(p, axis=1)
            acc = tl.dot(p.to(v.dtype), v, acc * shrink[:, None], input_precision="ieee")
            m = m_new
        tl.store(out_ptr + mine, acc / l[:, None], mask=t[:, None] < T)

    H, T, D = q.shape
    S = k.shape[1]
    out = torch.empty((H, T, D), dtype=q.dtype, device=q.device)
    grid = (triton.cdiv(T, 32), H)
    kernel[grid](q, k, v, out, T, S, D**-0.5, D=D, BLOCK=32, ALL=max(16, triton.next_power_of_2(S)))
    return out


@wrong("attention", caught_by="attention_stores_no_scores", says="neither an argument nor")
def parks_the_weights_in_memory(q, k, v):
    @triton.jit
    def kernel(
        q_ptr, k_ptr, v_ptr, out_ptr, kept_ptr, T, S, scale, D: tl.constexpr, BLOCK: tl.constexpr
    ):
        head = tl.program_id(1)
        t = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
        d = tl.arange(0, D)
        mine = (head * T + t)[:, None] * D + d[None, :]
        q = tl.load(q_ptr + mine, mask=t[:, None] < T, other=0.0)
        m = tl.full((BLOCK,), -float("inf"), tl.float32)
        l = tl.zeros((BLOCK,), tl.float32)
        acc = tl.zeros((BLOCK, D), tl.float32)
        for start in range(0, S, BLOCK):
            s = start + tl.arange(0, BLOCK)
            theirs = (head * S + s)[:, None] * D + d[None, :]
            k = tl.load(k_ptr + theirs, mask=s[:, None] < S, other=0.0)
            v = tl.load(v_ptr + theirs, mask=s[:, None] < S, other=0.0)
            scores = tl.dot(q, tl.trans(k), input_precision="ieee") * scale
            scores = tl.where(s[None, :] < S, scores, -float("inf"))
            m_new = tl.maximum(m, tl.max(scores, axis=1))
            p = tl.exp(scores - m_new[:, None])
            at = kept_ptr + (head * T + t)[:, None] * S + s[None, :]
            both = (t[:, None] < T) & (s[None, :] < S)
            tl.store(at, p, mask=both)
            p = tl.load(at, mask=both, other=0.0)
            shrink = tl.exp(m - m_new)
            l = l * shrink + tl.sum(p, axis=1)
            acc = tl.dot(p.to(v.dtype), v, acc * shrink[:, None], input_precision="ieee")
            m = m_new
        tl.store(out_ptr + mine, acc / l[:, None], mask=t[:, None] < T)

    H, T, D = q.shape
    S = k.shape[1]
    out = torch.empty((H, T, D), dtype=q.dtype, device=q.device)
    kept = torch.empty((H, T, S), dtype=torch.float32, device=q.device)
    grid = (triton.cdiv(T, 32), H)
    kernel[grid](q, k, v, out, kept, T, S, D**-0.5, D=D, BLOCK=32)
    return out


@wrong("attention", caught_by="attention_compiles_for_a_gpu", says="bytes a thread spilled")
def multiplies_without_tl_dot(q, k, v):
    @triton.jit
    def kernel(q_ptr, k_ptr, v_ptr, out_ptr, T, S, scale, D: tl.constexpr, BLOCK: tl.constexpr):
        head = tl.program_id(1)
        t = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
        d = tl.arange(0, D)
        mine = (head * T + t)[:, None] * D + d[None, :]
        q = tl.load(q_ptr + mine, mask=t[:, None] < T, other=0.0)
        m = tl.full((BLOCK,), -float("inf"), tl.float32)
        l = tl.zeros((BLOCK,), tl.float32)
        acc = tl.zeros((BLOCK, D), tl.float32)
        for start in range(0, S, BLOCK):
            s = start + tl.arange(0, BLOCK)
            theirs = (head * S + s)[:, None] * D + d[None, :]
            k = tl.load(k_ptr + theirs, mask=s[:, None] < S, other=0.0)
            v = tl.load(v_ptr + theirs, mask=s[:, None] < S, other=0.0)
            scores = (
                tl.sum(q.to(tl.float32)[:, None, :] * k.to(tl.float32)[None, :, :], axis=2) * scale
            )
            scores = tl.where(s[None, :] < S, scores, -float("inf"))
            m_new = tl.maximum(m, tl.max(scores, axis=1))
            p = tl.exp(scores - m_new[:, None])
            shrink = tl.exp(m - m_new)
            l = l * shrink + tl.sum(p, axis=1)
            acc = acc * shrink[:, None] + tl.sum(
                p[:, :, None] * v.to(tl.float32)[None, :, :], axis=1
            )
            m = m_new
        tl.store(out_ptr + mine, acc / l[:, None], mask=t[:, None] < T)

    H, T, D = q.shape
    S = k.shape[1]
    out = torch.empty((H, T, D), dtype=q.dtype, device=q.device)
    grid = (triton.cdiv(T, 32), H)
    kernel[grid](q, k, v, out, T, S, D**-0.5, D=D, BLOCK=32)
    return out


@wrong("attention", caught_by="attention_compiles_for_a_gpu", says="keep their type")
def sum_begins_as_whole_numbers(q, k, v):
    @triton.jit
    def kernel(q_ptr, k_ptr, v_ptr, out_ptr, T, S, scale, D: tl.constexpr, BLOCK: tl.constexpr):
        head = tl.program_id(1)
        t = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
        d = tl.arange(0, D)
        mine = (head * T + t)[:, None] * D + d[None, :]
        q = tl.load(q_ptr + mine, mask=t[:, None] < T, other=0.0)
        m = tl.full((BLOCK,), -float("inf"), tl.float32)
        l = tl.zeros((BLOCK,), tl.int32)
        acc = tl.zeros((BLOCK, D), tl.float32)
        for start in range(0, S, BLOCK):
            s = start + tl.arange(0, BLOCK)
            theirs = (head * S + s)[:, None] * D + d[None, :]
            k = tl.load(k_ptr + theirs, mask=s[:, None] < S, other=0.0)
            v = tl.load(v_ptr + theirs, mask=s[:, None] < S, other=0.0)
            scores = tl.dot(q, tl.trans(k), input_precision="ieee") * scale
            scores = tl.where(s[None, :] < S, scores, -float("inf"))
            m_new = tl.maximum(m, tl.max(scores, axis=1))
            p = tl.exp(scores - m_new[:, None])
            shrink = tl.exp(m - m_new)
            l = l * shrink + tl.sum(p, axis=1)
            acc = tl.dot(p.to(v.dtype), v, acc * shrink[:, None], input_precision="ieee")
            m = m_new
        tl.store(out_ptr + mine, acc / l[:, None], mask=t[:, None] < T)

    H, T, D = q.shape
    S = k.shape[1]
    out = torch.empty((H, T, D), dtype=q.dtype, device=q.device)
    grid = (triton.cdiv(T, 32), H)
    kernel[grid](q, k, v, out, T, S, D**-0.5, D=D, BLOCK=32)
    return out


@right("attention")
def in_powers_of_two_with_the_scale_in_the_queries(q, k, v):
    @triton.jit
    def kernel(q_ptr, k_ptr, v_ptr, out_ptr, T, S, scale, D: tl.constexpr, BLOCK: tl.constexpr):
        head = tl.program_id(1)
        t = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
        d = tl.arange(0, D)
        mine = (head * T + t)[:, None] * D + d[None, :]
        q = tl.load(q_ptr + mine, mask=t[:, None] < T, other=0.0)
        m = tl.full((BLOCK,), -float("inf"), tl.float32)
        l = tl.zeros((BLOCK,), tl.float32)
        acc = tl.zeros((BLOCK, D), tl.float32)
        for start in range(0, S, BLOCK):
            s = start + tl.arange(0, BLOCK)
            theirs = (head * S + s)[:, None] * D + d[None, :]
            k = tl.load(k_ptr + theirs, mask=s[:, None] < S, other=0.0)
            v = tl.load(v_ptr + theirs, mask=s[:, None] < S, other=0.0)
            scores = tl.dot(q, tl.trans(k), input_precision="ieee") * (scale * 1.4426950408889634)
            scores = tl.where(s[None, :] < S, scores, -float("inf"))
            m_new = tl.maximum(m, tl.max(scores, axis=1))
            p = tl.exp2(scores - m_new[:, None])
            shrink = tl.exp2(m - m_new)
            l = l * shrink + tl.sum(p, axis=1)
            acc = tl.dot(p.to(v.dtype), v, acc * shrink[:, None], input_precision="ieee")
            m = m_new
        tl.store(out_ptr + mine, acc / l[:, None], mask=t[:, None] < T)

    H, T, D = q.shape
    S = k.shape[1]
    out = torch.empty((H, T, D), dtype=q.dtype, device=q.device)
    grid = (triton.cdiv(T, 32), H)
    kernel[grid](q, k, v, out, T, S, D**-0.5, D=D, BLOCK=32)
    return out


@right("attention")
def smaller_steps_along_the_keys(q, k, v):
    @triton.jit
    def kernel(
        q_ptr,
        k_ptr,
        v_ptr,
        out_ptr,
        T,
        S,
        scale,
        D: tl.constexpr,
        BLOCK: tl.constexpr,
        STEP: tl.constexpr,
    ):
        head = tl.program_id(1)
        t = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
        d = tl.arange(0, D)
        mine = (head * T + t)[:, None] * D + d[None, :]
        q = tl.load(q_ptr + mine, mask=t[:, None] < T, other=0.0)
        m = tl.full((BLOCK,), -1e30, tl.float32)
        l = tl.zeros((BLOCK,), tl.float32)
        acc = tl.zeros((BLOCK, D), tl.float32)
        for start in range(0, S, STEP):
            s = start + tl.arange(0, STEP)
            theirs = (head * S + s)[:, None] * D + d[None, :]
            v = tl.load(v_ptr + theirs, mask=s[:, None] < S, other=0.0)
            turned = (head * S + s)[None, :] * D + d[:, None]
            k_transposed = tl.load(k_ptr + turned, mask=s[None, :] < S, other=0.0)
            scores = tl.dot(q, k_transposed, input_precision="ieee") * scale
            scores = tl.where(s[None, :] < S, scores, -float("inf"))
            m_new = tl.maximum(m, tl.max(scores, axis=1))
            p = tl.exp(scores - m_new[:, None])
            shrink = tl.exp(m - m_new)
            l = l * shrink + tl.sum(p, axis=1)
            acc = tl.dot(p.to(v.dtype), v, acc * shrink[:, None], input_precision="ieee")
            m = m_new
        tl.store(out_ptr + mine, acc / l[:, None], mask=t[:, None] < T)

    H, T, D = q.shape
    S = k.shape[1]
    out = torch.empty((H, T, D), dtype=q.dtype, device=q.device)
    grid = (triton.cdiv(T, 32), H)
    kernel[grid](q, k, v, out, T, S, D**-0.5, D=D, BLOCK=32, STEP=16)
    return out


# causal_attention ---------------------------------------------------------------------------


@wrong("causal_attention", caught_by="causal_attention_sees_no_later_key", says="nothing later")
def sees_everything(q, k, v):
    @triton.jit
    def kernel(q_ptr, k_ptr, v_ptr, out_ptr, T, S, scale, D: tl.constexpr, BLOCK: tl.constexpr):
        head = tl.program_id(1)
        t = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
        d = tl.arange(0, D)
        mine = (head * T + t)[:, None] * D + d[None, :]
        q = tl.load(q_ptr + mine, mask=t[:, None] < T, other=0.0)
        m = tl.full((BLOCK,), -float("inf"), tl.float32)
        l = tl.zeros((BLOCK,), tl.float32)
        acc = tl.zeros((BLOCK, D), tl.float32)
        end = S
        for start in range(0, end, BLOCK):
            s = start + tl.arange(0, BLOCK)
            theirs = (head * S + s)[:, None] * D + d[None, :]
            k = tl.load(k_ptr + theirs, mask=s[:, None] < S, other=0.0)
            v = tl.load(v_ptr + theirs, mask=s[:, None] < S, other=0.0)
            scores = tl.dot(q, tl.trans(k), input_precision="ieee") * scale
            seen = s[None, :] < S
            scores = tl.where(seen, scores, -float("inf"))
            m_new = tl.maximum(m, tl.max(scores, axis=1))
            p = tl.exp(scores - m_new[:, None])
            shrink = tl.exp(m - m_new)
            l = l * shrink + tl.sum(p, axis=1)
            acc = tl.dot(p.to(v.dtype), v, acc * shrink[:, None], input_precision="ieee")
            m = m_new
        tl.store(out_ptr + mine, acc / l[:, None], mask=t[:, None] < T)

    H, T, D = q.shape
    S = k.shape[1]
    out = torch.empty((H, T, D), dtype=q.dtype, device=q.device)
    grid = (triton.cdiv(T, 32), H)
    kernel[grid](q, k, v, out, T, S, D**-0.5, D=D, BLOCK=32)
    return out


@wrong("causal_attention", caught_by="causal_attention_sees_no_later_key", says="itself included")
def does_not_see_itself(q, k, v):
    @triton.jit
    def kernel(q_ptr, k_ptr, v_ptr, out_ptr, T, S, scale, D: tl.constexpr, BLOCK: tl.constexpr):
        head = tl.program_id(1)
        t = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
        d = tl.arange(0, D)
        mine = (head * T + t)[:, None] * D + d[None, :]
        q = tl.load(q_ptr + mine, mask=t[:, None] < T, other=0.0)
        m = tl.full((BLOCK,), -float("inf"), tl.float32)
        l = tl.zeros((BLOCK,), tl.float32)
        acc = tl.zeros((BLOCK, D), tl.float32)
        end = tl.minimum((tl.program_id(0) + 1) * BLOCK, T) + S - T
        for start in range(0, end, BLOCK):
            s = start + tl.arange(0, BLOCK)
            theirs = (head * S + s)[:, None] * D + d[None, :]
            k = tl.load(k_ptr + theirs, mask=s[:, None] < S, other=0.0)
            v = tl.load(v_ptr + theirs, mask=s[:, None] < S, other=0.0)
            scores = tl.dot(q, tl.trans(k), input_precision="ieee") * scale
            seen = (s[None, :] < S) & (s[None, :] < t[:, None] + S - T)
            scores = tl.where(seen, scores, -float("inf"))
            m_new = tl.maximum(m, tl.max(scores, axis=1))
            p = tl.exp(scores - m_new[:, None])
            shrink = tl.exp(m - m_new)
            l = l * shrink + tl.sum(p, axis=1)
            acc = tl.dot(p.to(v.dtype), v, acc * shrink[:, None], input_precision="ieee")
            m = m_new
        tl.store(out_ptr + mine, acc / l[:, None], mask=t[:, None] < T)

    H, T, D = q.shape
    S = k.shape[1]
    out = torch.empty((H, T, D), dtype=q.dtype, device=q.device)
    grid = (triton.cdiv(T, 32), H)
    kernel[grid](q, k, v, out, T, S, D**-0.5, D=D, BLOCK=32)
    return out


@wrong(
    "causal_attention", caught_by="causal_attention_sees_no_later_key", says="key t + 1 must not"
)
def sees_one_key_too_many(q, k, v):
    @triton.jit
    def kernel(q_ptr, k_ptr, v_ptr, out_ptr, T, S, scale, D: tl.constexpr, BLOCK: tl.constexpr):
        head = tl.program_id(1)
        t = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
        d = tl.arange(0, D)
        mine = (head * T + t)[:, None] * D + d[None, :]
        q = tl.load(q_ptr + mine, mask=t[:, None] < T, other=0.0)
        m = tl.full((BLOCK,), -float("inf"), tl.float32)
        l = tl.zeros((BLOCK,), tl.float32)
        acc = tl.zeros((BLOCK, D), tl.float32)
        end = tl.minimum((tl.program_id(0) + 1) * BLOCK, T) + S - T
        for start in range(0, end, BLOCK):
            s = start + tl.arange(0, BLOCK)
            theirs = (head * S + s)[:, None] * D + d[None, :]
            k = tl.load(k_ptr + theirs, mask=s[:, None] < S, other=0.0)
            v = tl.load(v_ptr + theirs, mask=s[:, None] < S, other=0.0)
            scores = tl.dot(q, tl.trans(k), input_precision="ieee") * scale
            seen = (s[None, :] < S) & (s[None, :] <= t[:, None] + S - T + 1)
            scores = tl.where(seen, scores, -float("inf"))
            m_new = tl.maximum(m, tl.max(scores, axis=1))
            p = tl.exp(scores - m_new[:, None])
            shrink = tl.exp(m - m_new)
            l = l * shrink + tl.sum(p, axis=1)
            acc = tl.dot(p.to(v.dtype), v, acc * shrink[:, None], input_precision="ieee")
            m = m_new
        tl.store(out_ptr + mine, acc / l[:, None], mask=t[:, None] < T)

    H, T, D = q.shape
    S = k.shape[1]
    out = torch.empty((H, T, D), dtype=q.dtype, device=q.device)
    grid = (triton.cdiv(T, 32), H)
    kernel[grid](q, k, v, out, T, S, D**-0.5, D=D, BLOCK=32)
    return out


@wrong("causal_attention", caught_by="causal_attention_sees_no_later_key", says="numbers are wrong")
def looks_ahead_instead_of_back(q, k, v):
    @triton.jit
    def kernel(q_ptr, k_ptr, v_ptr, out_ptr, T, S, scale, D: tl.constexpr, BLOCK: tl.constexpr):
        head = tl.program_id(1)
        t = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
        d = tl.arange(0, D)
        mine = (head * T + t)[:, None] * D + d[None, :]
        q = tl.load(q_ptr + mine, mask=t[:, None] < T, other=0.0)
        m = tl.full((BLOCK,), -float("inf"), tl.float32)
        l = tl.zeros((BLOCK,), tl.float32)
        acc = tl.zeros((BLOCK, D), tl.float32)
        end = tl.minimum((tl.program_id(0) + 1) * BLOCK, T) + S - T
        for start in range(0, end, BLOCK):
            s = start + tl.arange(0, BLOCK)
            theirs = (head * S + s)[:, None] * D + d[None, :]
            k = tl.load(k_ptr + theirs, mask=s[:, None] < S, other=0.0)
            v = tl.load(v_ptr + theirs, mask=s[:, None] < S, other=0.0)
            scores = tl.dot(q, tl.trans(k), input_precision="ieee") * scale
            seen = (s[None, :] < S) & (s[None, :] >= t[:, None] + S - T)
            scores = tl.where(seen, scores, -float("inf"))
            m_new = tl.maximum(m, tl.max(scores, axis=1))
            p = tl.exp(scores - m_new[:, None])
            shrink = tl.exp(m - m_new)
            l = l * shrink + tl.sum(p, axis=1)
            acc = tl.dot(p.to(v.dtype), v, acc * shrink[:, None], input_precision="ieee")
            m = m_new
        tl.store(out_ptr + mine, acc / l[:, None], mask=t[:, None] < T)

    H, T, D = q.shape
    S = k.shape[1]
    out = torch.empty((H, T, D), dtype=q.dtype, device=q.device)
    grid = (triton.cdiv(T, 32), H)
    kernel[grid](q, k, v, out, T, S, D**-0.5, D=D, BLOCK=32)
    return out


@wrong(
    "causal_attention", caught_by="causal_attention_sees_no_later_key", says="on the diagonal too"
)
def skips_the_tile_on_the_diagonal(q, k, v):
    @triton.jit
    def kernel(q_ptr, k_ptr, v_ptr, out_ptr, T, S, scale, D: tl.constexpr, BLOCK: tl.constexpr):
        head = tl.program_id(1)
        t = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
        d = tl.arange(0, D)
        mine = (head * T + t)[:, None] * D + d[None, :]
        q = tl.load(q_ptr + mine, mask=t[:, None] < T, other=0.0)
        m = tl.full((BLOCK,), -float("inf"), tl.float32)
        l = tl.zeros((BLOCK,), tl.float32)
        acc = tl.zeros((BLOCK, D), tl.float32)
        end = tl.maximum(tl.program_id(0), 1) * BLOCK
        for start in range(0, end, BLOCK):
            s = start + tl.arange(0, BLOCK)
            theirs = (head * S + s)[:, None] * D + d[None, :]
            k = tl.load(k_ptr + theirs, mask=s[:, None] < S, other=0.0)
            v = tl.load(v_ptr + theirs, mask=s[:, None] < S, other=0.0)
            scores = tl.dot(q, tl.trans(k), input_precision="ieee") * scale
            seen = (s[None, :] < S) & (s[None, :] <= t[:, None] + S - T)
            scores = tl.where(seen, scores, -float("inf"))
            m_new = tl.maximum(m, tl.max(scores, axis=1))
            p = tl.exp(scores - m_new[:, None])
            shrink = tl.exp(m - m_new)
            l = l * shrink + tl.sum(p, axis=1)
            acc = tl.dot(p.to(v.dtype), v, acc * shrink[:, None], input_precision="ieee")
            m = m_new
        tl.store(out_ptr + mine, acc / l[:, None], mask=t[:, None] < T)

    H, T, D = q.shape
    S = k.shape[1]
    out = torch.empty((H, T, D), dtype=q.dtype, device=q.device)
    grid = (triton.cdiv(T, 32), H)
    kernel[grid](q, k, v, out, T, S, D**-0.5, D=D, BLOCK=32)
    return out


@wrong(
    "causal_attention", caught_by="causal_attention_sees_no_later_key", says="torch computed inside"
)
def torch_makes_the_mask(q, k, v):
    @triton.jit
    def kernel(q_ptr, k_ptr, v_ptr, out_ptr, T, S, scale, D: tl.constexpr, BLOCK: tl.constexpr):
        head = tl.program_id(1)
        t = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
        d = tl.arange(0, D)
        mine = (head * T + t)[:, None] * D + d[None, :]
        q = tl.load(q_ptr + mine, mask=t[:, None] < T, other=0.0)
        m = tl.full((BLOCK,), -float("inf"), tl.float32)
        l = tl.zeros((BLOCK,), tl.float32)
        acc = tl.zeros((BLOCK, D), tl.float32)
        end = tl.minimum((tl.program_id(0) + 1) * BLOCK, T) + S - T
        for start in range(0, end, BLOCK):
            s = start + tl.arange(0, BLOCK)
            theirs = (head * S + s)[:, None] * D + d[None, :]
            k = tl.load(k_ptr + theirs, mask=s[:, None] < S, other=0.0)
            v = tl.load(v_ptr + theirs, mask=s[:, None] < S, other=0.0)
            scores = tl.dot(q, tl.trans(k), input_precision="ieee") * scale
            seen = (s[None, :] < S) & (s[None, :] <= t[:, None] + S - T)
            scores = tl.where(seen, scores, -float("inf"))
            m_new = tl.maximum(m, tl.max(scores, axis=1))
            p = tl.exp(scores - m_new[:, None])
            shrink = tl.exp(m - m_new)
            l = l * shrink + tl.sum(p, axis=1)
            acc = tl.dot(p.to(v.dtype), v, acc * shrink[:, None], input_precision="ieee")
            m = m_new
        tl.store(out_ptr + mine, acc / l[:, None], mask=t[:, None] < T)

    H, T, D = q.shape
    S = k.shape[1]
    q = q * torch.ones_like(q).tril(T).amax()
    out = torch.empty((H, T, D), dtype=q.dtype, device=q.device)
    grid = (triton.cdiv(T, 32), H)
    kernel[grid](q, k, v, out, T, S, D**-0.5, D=D, BLOCK=32)
    return out


@wrong("causal_attention", caught_by="causal_attention_sees_no_later_key", says="instead of")
def takes_the_mean_of_the_values_seen(q, k, v):
    @triton.jit
    def kernel(q_ptr, k_ptr, v_ptr, out_ptr, T, S, scale, D: tl.constexpr, BLOCK: tl.constexpr):
        head = tl.program_id(1)
        t = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
        d = tl.arange(0, D)
        mine = (head * T + t)[:, None] * D + d[None, :]
        q = tl.load(q_ptr + mine, mask=t[:, None] < T, other=0.0)
        m = tl.full((BLOCK,), -float("inf"), tl.float32)
        l = tl.zeros((BLOCK,), tl.float32)
        acc = tl.zeros((BLOCK, D), tl.float32)
        end = tl.minimum((tl.program_id(0) + 1) * BLOCK, T) + S - T
        for start in range(0, end, BLOCK):
            s = start + tl.arange(0, BLOCK)
            theirs = (head * S + s)[:, None] * D + d[None, :]
            k = tl.load(k_ptr + theirs, mask=s[:, None] < S, other=0.0)
            v = tl.load(v_ptr + theirs, mask=s[:, None] < S, other=0.0)
            scores = tl.dot(q, tl.trans(k), input_precision="ieee") * scale
            seen = (s[None, :] < S) & (s[None, :] <= t[:, None] + S - T)
            scores = tl.where(seen, scores, -float("inf"))
            m_new = tl.maximum(m, tl.max(scores, axis=1))
            p = tl.where(seen, 1.0, 0.0) + 0.0 * m_new[:, None]
            shrink = tl.full((BLOCK,), 1.0, tl.float32)
            l = l * shrink + tl.sum(p, axis=1)
            acc = tl.dot(p.to(v.dtype), v, acc * shrink[:, None], input_precision="ieee")
            m = m_new
        tl.store(out_ptr + mine, acc / l[:, None], mask=t[:, None] < T)

    H, T, D = q.shape
    S = k.shape[1]
    out = torch.empty((H, T, D), dtype=q.dtype, device=q.device)
    grid = (triton.cdiv(T, 32), H)
    kernel[grid](q, k, v, out, T, S, D**-0.5, D=D, BLOCK=32)
    return out


@wrong(
    "causal_attention",
    caught_by="causal_attention_sees_no_later_key",
    says="No kernel was launched",
)
def looks_up_the_expected_result_too(q, k, v):
    import sys

    frame = sys._getframe()
    while "plain" not in frame.f_locals:
        frame = frame.f_back
    return frame.f_locals["plain"](q, k, v)


@wrong(
    "causal_attention", caught_by="causal_attention_lines_up_the_ends", says="not the beginnings"
)
def lines_up_the_beginnings(q, k, v):
    @triton.jit
    def kernel(q_ptr, k_ptr, v_ptr, out_ptr, T, S, scale, D: tl.constexpr, BLOCK: tl.constexpr):
        head = tl.program_id(1)
        t = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
        d = tl.arange(0, D)
        mine = (head * T + t)[:, None] * D + d[None, :]
        q = tl.load(q_ptr + mine, mask=t[:, None] < T, other=0.0)
        m = tl.full((BLOCK,), -float("inf"), tl.float32)
        l = tl.zeros((BLOCK,), tl.float32)
        acc = tl.zeros((BLOCK, D), tl.float32)
        end = tl.minimum((tl.program_id(0) + 1) * BLOCK, T) + S - T
        for start in range(0, end, BLOCK):
            s = start + tl.arange(0, BLOCK)
            theirs = (head * S + s)[:, None] * D + d[None, :]
            k = tl.load(k_ptr + theirs, mask=s[:, None] < S, other=0.0)
            v = tl.load(v_ptr + theirs, mask=s[:, None] < S, other=0.0)
            scores = tl.dot(q, tl.trans(k), input_precision="ieee") * scale
            seen = (s[None, :] < S) & (s[None, :] <= t[:, None])
            scores = tl.where(seen, scores, -float("inf"))
            m_new = tl.maximum(m, tl.max(scores, axis=1))
            p = tl.exp(scores - m_new[:, None])
            shrink = tl.exp(m - m_new)
            l = l * shrink + tl.sum(p, axis=1)
            acc = tl.dot(p.to(v.dtype), v, acc * shrink[:, None], input_precision="ieee")
            m = m_new
        tl.store(out_ptr + mine, acc / l[:, None], mask=t[:, None] < T)

    H, T, D = q.shape
    S = k.shape[1]
    out = torch.empty((H, T, D), dtype=q.dtype, device=q.device)
    grid = (triton.cdiv(T, 32), H)
    kernel[grid](q, k, v, out, T, S, D**-0.5, D=D, BLOCK=32)
    return out


@wrong("causal_attention", caught_by="causal_attention_lines_up_the_ends", says="up to t + (S − T)")
def ends_the_loop_without_the_offset(q, k, v):
    @triton.jit
    def kernel(q_ptr, k_ptr, v_ptr, out_ptr, T, S, scale, D: tl.constexpr, BLOCK: tl.constexpr):
        head = tl.program_id(1)
        t = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
        d = tl.arange(0, D)
        mine = (head * T + t)[:, None] * D + d[None, :]
        q = tl.load(q_ptr + mine, mask=t[:, None] < T, other=0.0)
        m = tl.full((BLOCK,), -float("inf"), tl.float32)
        l = tl.zeros((BLOCK,), tl.float32)
        acc = tl.zeros((BLOCK, D), tl.float32)
        end = tl.minimum((tl.program_id(0) + 1) * BLOCK, T)
        for start in range(0, end, BLOCK):
            s = start + tl.arange(0, BLOCK)
            theirs = (head * S + s)[:, None] * D + d[None, :]
            k = tl.load(k_ptr + theirs, mask=s[:, None] < S, other=0.0)
            v = tl.load(v_ptr + theirs, mask=s[:, None] < S, other=0.0)
            scores = tl.dot(q, tl.trans(k), input_precision="ieee") * scale
            seen = (s[None, :] < S) & (s[None, :] <= t[:, None] + S - T)
            scores = tl.where(seen, scores, -float("inf"))
            m_new = tl.maximum(m, tl.max(scores, axis=1))
            p = tl.exp(scores - m_new[:, None])
            shrink = tl.exp(m - m_new)
            l = l * shrink + tl.sum(p, axis=1)
            acc = tl.dot(p.to(v.dtype), v, acc * shrink[:, None], input_precision="ieee")
            m = m_new
        tl.store(out_ptr + mine, acc / l[:, None], mask=t[:, None] < T)

    H, T, D = q.shape
    S = k.shape[1]
    out = torch.empty((H, T, D), dtype=q.dtype, device=q.device)
    grid = (triton.cdiv(T, 32), H)
    kernel[grid](q, k, v, out, T, S, D**-0.5, D=D, BLOCK=32)
    return out


@wrong(
    "causal_attention",
    caught_by="causal_attention_skips_tiles",
    says="times each; the budget is 2.00",
)
def reads_every_tile(q, k, v):
    @triton.jit
    def kernel(q_ptr, k_ptr, v_ptr, out_ptr, T, S, scale, D: tl.constexpr, BLOCK: tl.constexpr):
        head = tl.program_id(1)
        t = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
        d = tl.arange(0, D)
        mine = (head * T + t)[:, None] * D + d[None, :]
        q = tl.load(q_ptr + mine, mask=t[:, None] < T, other=0.0)
        m = tl.full((BLOCK,), -float("inf"), tl.float32)
        l = tl.zeros((BLOCK,), tl.float32)
        acc = tl.zeros((BLOCK, D), tl.float32)
        end = S
        for start in range(0, end, BLOCK):
            s = start + tl.arange(0, BLOCK)
            theirs = (head * S + s)[:, None] * D + d[None, :]
            k = tl.load(k_ptr + theirs, mask=s[:, None] < S, other=0.0)
            v = tl.load(v_ptr + theirs, mask=s[:, None] < S, other=0.0)
            scores = tl.dot(q, tl.trans(k), input_precision="ieee") * scale
            seen = (s[None, :] < S) & (s[None, :] <= t[:, None] + S - T)
            scores = tl.where(seen, scores, -float("inf"))
            m_new = tl.maximum(m, tl.max(scores, axis=1))
            p = tl.exp(scores - m_new[:, None])
            shrink = tl.exp(m - m_new)
            l = l * shrink + tl.sum(p, axis=1)
            acc = tl.dot(p.to(v.dtype), v, acc * shrink[:, None], input_precision="ieee")
            m = m_new
        tl.store(out_ptr + mine, acc / l[:, None], mask=t[:, None] < T)

    H, T, D = q.shape
    S = k.shape[1]
    out = torch.empty((H, T, D), dtype=q.dtype, device=q.device)
    grid = (triton.cdiv(T, 32), H)
    kernel[grid](q, k, v, out, T, S, D**-0.5, D=D, BLOCK=32)
    return out


@wrong(
    "causal_attention",
    caught_by="causal_attention_skips_tiles",
    says="times each; the budget is 2.00",
)
def reads_one_tile_too_many(q, k, v):
    @triton.jit
    def kernel(q_ptr, k_ptr, v_ptr, out_ptr, T, S, scale, D: tl.constexpr, BLOCK: tl.constexpr):
        head = tl.program_id(1)
        t = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
        d = tl.arange(0, D)
        mine = (head * T + t)[:, None] * D + d[None, :]
        q = tl.load(q_ptr + mine, mask=t[:, None] < T, other=0.0)
        m = tl.full((BLOCK,), -float("inf"), tl.float32)
        l = tl.zeros((BLOCK,), tl.float32)
        acc = tl.zeros((BLOCK, D), tl.float32)
        end = tl.minimum((tl.program_id(0) + 1) * BLOCK, T) + S - T + BLOCK
        for start in range(0, end, BLOCK):
            s = start + tl.arange(0, BLOCK)
            theirs = (head * S + s)[:, None] * D + d[None, :]
            k = tl.load(k_ptr + theirs, mask=s[:, None] < S, other=0.0)
            v = tl.load(v_ptr + theirs, mask=s[:, None] < S, other=0.0)
            scores = tl.dot(q, tl.trans(k), input_precision="ieee") * scale
            seen = (s[None, :] < S) & (s[None, :] <= t[:, None] + S - T)
            scores = tl.where(seen, scores, -float("inf"))
            m_new = tl.maximum(m, tl.max(scores, axis=1))
            p = tl.exp(scores - m_new[:, None])
            shrink = tl.exp(m - m_new)
            l = l * shrink + tl.sum(p, axis=1)
            acc = tl.dot(p.to(v.dtype), v, acc * shrink[:, None], input_precision="ieee")
            m = m_new
        tl.store(out_ptr + mine, acc / l[:, None], mask=t[:, None] < T)

    H, T, D = q.shape
    S = k.shape[1]
    out = torch.empty((H, T, D), dtype=q.dtype, device=q.device)
    grid = (triton.cdiv(T, 32), H)
    kernel[grid](q, k, v, out, T, S, D**-0.5, D=D, BLOCK=32)
    return out


@wrong("causal_attention", caught_by="causal_attention_compiles_for_a_gpu", says="keep their type")
def sum_begins_as_whole_numbers_again(q, k, v):
    @triton.jit
    def kernel(q_ptr, k_ptr, v_ptr, out_ptr, T, S, scale, D: tl.constexpr, BLOCK: tl.constexpr):
        head = tl.program_id(1)
        t = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
        d = tl.arange(0, D)
        mine = (head * T + t)[:, None] * D + d[None, :]
        q = tl.load(q_ptr + mine, mask=t[:, None] < T, other=0.0)
        m = tl.full((BLOCK,), -float("inf"), tl.float32)
        l = tl.zeros((BLOCK,), tl.int32)
        acc = tl.zeros((BLOCK, D), tl.float32)
        end = tl.minimum((tl.program_id(0) + 1) * BLOCK, T) + S - T
        for start in range(0, end, BLOCK):
            s = start + tl.arange(0, BLOCK)
            theirs = (head * S + s)[:, None] * D + d[None, :]
            k = tl.load(k_ptr + theirs, mask=s[:, None] < S, other=0.0)
            v = tl.load(v_ptr + theirs, mask=s[:, None] < S, other=0.0)
            scores = tl.dot(q, tl.trans(k), input_precision="ieee") * scale
            seen = (s[None, :] < S) & (s[None, :] <= t[:, None] + S - T)
            scores = tl.where(seen, scores, -float("inf"))
            m_new = tl.maximum(m, tl.max(scores, axis=1))
            p = tl.exp(scores - m_new[:, None])
            shrink = tl.exp(m - m_new)
            l = l * shrink + tl.sum(p, axis=1)
            acc = tl.dot(p.to(v.dtype), v, acc * shrink[:, None], input_precision="ieee")
            m = m_new
        tl.store(out_ptr + mine, acc / l[:, None], mask=t[:, None] < T)

    H, T, D = q.shape
    S = k.shape[1]
    out = torch.empty((H, T, D), dtype=q.dtype, device=q.device)
    grid = (triton.cdiv(T, 32), H)
    kernel[grid](q, k, v, out, T, S, D**-0.5, D=D, BLOCK=32)
    return out


@wrong(
    "causal_attention",
    caught_by="causal_attention_compiles_for_a_gpu",
    says="bytes a thread spilled",
)
def multiplies_by_hand(q, k, v):
    @triton.jit
    def kernel(q_ptr, k_ptr, v_ptr, out_ptr, T, S, scale, D: tl.constexpr, BLOCK: tl.constexpr):
        head = tl.program_id(1)
        t = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
        d = tl.arange(0, D)
        mine = (head * T + t)[:, None] * D + d[None, :]
        q = tl.load(q_ptr + mine, mask=t[:, None] < T, other=0.0)
        m = tl.full((BLOCK,), -float("inf"), tl.float32)
        l = tl.zeros((BLOCK,), tl.float32)
        acc = tl.zeros((BLOCK, D), tl.float32)
        end = tl.minimum((tl.program_id(0) + 1) * BLOCK, T) + S - T
        for start in range(0, end, BLOCK):
            s = start + tl.arange(0, BLOCK)
            theirs = (head * S + s)[:, None] * D + d[None, :]
            k = tl.load(k_ptr + theirs, mask=s[:, None] < S, other=0.0)
            v = tl.load(v_ptr + theirs, mask=s[:, None] < S, other=0.0)
            scores = (
                tl.sum(q.to(tl.float32)[:, None, :] * k.to(tl.float32)[None, :, :], axis=2) * scale
            )
            seen = (s[None, :] < S) & (s[None, :] <= t[:, None] + S - T)
            scores = tl.where(seen, scores, -float("inf"))
            m_new = tl.maximum(m, tl.max(scores, axis=1))
            p = tl.exp(scores - m_new[:, None])
            shrink = tl.exp(m - m_new)
            l = l * shrink + tl.sum(p, axis=1)
            acc = acc * shrink[:, None] + tl.sum(
                p[:, :, None] * v.to(tl.float32)[None, :, :], axis=1
            )
            m = m_new
        tl.store(out_ptr + mine, acc / l[:, None], mask=t[:, None] < T)

    H, T, D = q.shape
    S = k.shape[1]
    out = torch.empty((H, T, D), dtype=q.dtype, device=q.device)
    grid = (triton.cdiv(T, 32), H)
    kernel[grid](q, k, v, out, T, S, D**-0.5, D=D, BLOCK=32)
    return out


@right("causal_attention")
def from_the_diagonal_backwards(q, k, v):
    @triton.jit
    def kernel(q_ptr, k_ptr, v_ptr, out_ptr, T, S, scale, D: tl.constexpr, BLOCK: tl.constexpr):
        head = tl.program_id(1)
        t = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
        d = tl.arange(0, D)
        mine = (head * T + t)[:, None] * D + d[None, :]
        q = tl.load(q_ptr + mine, mask=t[:, None] < T, other=0.0)
        m = tl.full((BLOCK,), -1e30, tl.float32)
        l = tl.zeros((BLOCK,), tl.float32)
        acc = tl.zeros((BLOCK, D), tl.float32)
        end = tl.minimum((tl.program_id(0) + 1) * BLOCK, T) + S - T
        tiles = tl.cdiv(end, BLOCK)
        for done in range(tiles):
            s = (tiles - 1 - done) * BLOCK + tl.arange(0, BLOCK)
            theirs = (head * S + s)[:, None] * D + d[None, :]
            k = tl.load(k_ptr + theirs, mask=s[:, None] < S, other=0.0)
            v = tl.load(v_ptr + theirs, mask=s[:, None] < S, other=0.0)
            scores = tl.dot(q, tl.trans(k), input_precision="ieee") * scale
            seen = (s[None, :] < S) & (s[None, :] <= t[:, None] + S - T)
            scores = tl.where(seen, scores, -float("inf"))
            m_new = tl.maximum(m, tl.max(scores, axis=1))
            p = tl.exp(scores - m_new[:, None])
            shrink = tl.exp(m - m_new)
            l = l * shrink + tl.sum(p, axis=1)
            acc = tl.dot(p.to(v.dtype), v, acc * shrink[:, None], input_precision="ieee")
            m = m_new
        tl.store(out_ptr + mine, acc / l[:, None], mask=t[:, None] < T)

    H, T, D = q.shape
    S = k.shape[1]
    out = torch.empty((H, T, D), dtype=q.dtype, device=q.device)
    grid = (triton.cdiv(T, 32), H)
    kernel[grid](q, k, v, out, T, S, D**-0.5, D=D, BLOCK=32)
    return out


@right("causal_attention")
def a_while_loop_and_powers_of_two(q, k, v):
    @triton.jit
    def kernel(q_ptr, k_ptr, v_ptr, out_ptr, T, S, scale, D: tl.constexpr, BLOCK: tl.constexpr):
        head = tl.program_id(1)
        t = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
        d = tl.arange(0, D)
        mine = (head * T + t)[:, None] * D + d[None, :]
        q = tl.load(q_ptr + mine, mask=t[:, None] < T, other=0.0)
        m = tl.full((BLOCK,), -float("inf"), tl.float32)
        l = tl.zeros((BLOCK,), tl.float32)
        acc = tl.zeros((BLOCK, D), tl.float32)
        end = tl.minimum((tl.program_id(0) + 1) * BLOCK, T) + S - T
        start = 0
        while start < end:
            s = start + tl.arange(0, BLOCK)
            theirs = (head * S + s)[:, None] * D + d[None, :]
            k = tl.load(k_ptr + theirs, mask=s[:, None] < S, other=0.0)
            v = tl.load(v_ptr + theirs, mask=s[:, None] < S, other=0.0)
            scores = tl.dot(q, tl.trans(k), input_precision="ieee") * (scale * 1.4426950408889634)
            seen = (s[None, :] < S) & (s[None, :] <= t[:, None] + S - T)
            scores = tl.where(seen, scores, -float("inf"))
            m_new = tl.maximum(m, tl.max(scores, axis=1))
            p = tl.exp2(scores - m_new[:, None])
            shrink = tl.exp2(m - m_new)
            l = l * shrink + tl.sum(p, axis=1)
            acc = tl.dot(p.to(v.dtype), v, acc * shrink[:, None], input_precision="ieee")
            m = m_new
            start += BLOCK
        tl.store(out_ptr + mine, acc / l[:, None], mask=t[:, None] < T)

    H, T, D = q.shape
    S = k.shape[1]
    out = torch.empty((H, T, D), dtype=q.dtype, device=q.device)
    grid = (triton.cdiv(T, 32), H)
    kernel[grid](q, k, v, out, T, S, D**-0.5, D=D, BLOCK=32)
    return out
