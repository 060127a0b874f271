"""Answers to rung 10 of the Triton lab: mistakes that people make, and other right ways.

Most are the solution with a slip: what is changed is the mistake.
"""

import kernels  # noqa: F401  (first: it chooses the interpreter)

import torch
import triton
import triton.language as tl

from autograder.answers import changed, right, wrong

# attention_delta ------------------------------------------------------------------------------

multiplies_halves = changed(
    "attention_delta",
    {
        "other=0.0).to(tl.float32)": "other=0.0)",
    },
    caught_by="attention_delta_sums_each_row",
    says="rounded to 11 bits",
)

forgets_the_head = changed(
    "attention_delta",
    {
        "mine = (head * T + t)": "mine = t",
    },
    caught_by="attention_delta_sums_each_row",
    says="numbers are wrong",
)

lets_the_tile_stick_out = changed(
    "attention_delta",
    {
        ", mask=t[:, None] < T, other=0.0": "",
    },
    caught_by="attention_delta_sums_each_row",
    says="Out of bounds",
)

writes_behind_the_head = changed(
    "attention_delta",
    {
        ", axis=1), mask=t < T)": ", axis=1))",
    },
    caught_by="attention_delta_sums_each_row",
    says="Out of bounds",
)


@wrong("attention_delta", caught_by="attention_delta_sums_each_row", says="No kernel was launched")
def hands_out_the_first_answer_again(o, dout):
    known = hands_out_the_first_answer_again.__dict__.setdefault("known", {})
    if o.shape in known:
        return known[o.shape]

    @triton.jit
    def kernel(o_ptr, dout_ptr, delta_ptr, T, D: tl.constexpr, BLOCK: tl.constexpr):
        head = tl.program_id(1)
        t = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
        mine = (head * T + t)[:, None] * D + tl.arange(0, D)[None, :]
        o = tl.load(o_ptr + mine, mask=t[:, None] < T, other=0.0).to(tl.float32)
        dout = tl.load(dout_ptr + mine, mask=t[:, None] < T, other=0.0).to(tl.float32)
        tl.store(delta_ptr + head * T + t, tl.sum(o * dout, axis=1), mask=t < T)

    H, T, D = o.shape
    delta = torch.empty((H, T), dtype=torch.float32, device=o.device)
    kernel[(triton.cdiv(T, 32), H)](o, dout, delta, T, D=D, BLOCK=32)
    known[o.shape] = delta
    return delta


@wrong("attention_delta", caught_by="attention_delta_sums_each_row", says="No kernel was launched")
def torch_sums(o, dout):
    return (o.float() * dout.float()).sum(dim=2)


reads_the_rows_once_more_to_check = changed(
    "attention_delta",
    {
        "    tl.store(delta": (
            "    again = tl.load(dout_ptr + mine, mask=t[:, None] < T, other=0.0)\n"
            "    dout = tl.maximum(dout, again.to(tl.float32))\n"
            "    tl.store(delta"
        ),
    },
    caught_by="attention_delta_reads_once",
    says="the budget is",
)

takes_64_rows_at_a_time = changed(
    "attention_delta",
    {
        "cdiv(T, 32)": "cdiv(T, 64)",
        "BLOCK=32": "BLOCK=64",
    },
    caught_by="attention_delta_reads_once",
    says="32 rows",
)

total_begins_as_a_whole_number = changed(
    "attention_delta",
    {
        (
            "    mine = (head * T + t)[:, None] * D + tl.arange(0, D)[None, :]\n"
            "    o = tl.load(o_ptr + mine, mask=t[:, None] < T, other=0.0).to(tl.float32)\n"
            "    dout = tl.load(dout_ptr + mine, mask=t[:, None] < T, "
            "other=0.0).to(tl.float32)\n"
            "    tl.store(delta_ptr + head * T + t, tl.sum(o * dout, axis=1), mask=t < T)\n"
        ): (
            "    total = tl.zeros((BLOCK,), tl.int32)\n"
            "    for d in range(D):\n"
            "        o = tl.load(o_ptr + (head * T + t) * D + d, mask=t < T, "
            "other=0.0).to(tl.float32)\n"
            "        dout = tl.load(dout_ptr + (head * T + t) * D + d, mask=t < T, "
            "other=0.0)\n"
            "        total = total + o * dout.to(tl.float32)\n"
            "    tl.store(delta_ptr + head * T + t, total, mask=t < T)\n"
        ),
    },
    caught_by="attention_delta_compiles_for_a_gpu",
    says="must start as 0.0",
)


@right("attention_delta")
def a_program_for_each_row(o, dout):
    @triton.jit
    def kernel(o_ptr, dout_ptr, delta_ptr, D: tl.constexpr):
        row = tl.program_id(0)
        d = row * D + tl.arange(0, D)
        product = tl.load(o_ptr + d).to(tl.float32) * tl.load(dout_ptr + d).to(tl.float32)
        tl.store(delta_ptr + row, tl.sum(product, axis=0))

    H, T, D = o.shape
    delta = torch.empty((H, T), dtype=torch.float32, device=o.device)
    kernel[(H * T,)](o, dout, delta, D=D)
    return delta


@right("attention_delta")
def all_heads_in_one_row_of_programs(o, dout):
    @triton.jit
    def kernel(o_ptr, dout_ptr, delta_ptr, rows, D: tl.constexpr, BLOCK: tl.constexpr):
        row = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
        total = tl.zeros((BLOCK,), tl.float32)
        for start in range(0, D, 16):
            d = start + tl.arange(0, 16)
            at = row[None, :] * D + d[:, None]
            inside = row[None, :] < rows
            dout = tl.load(dout_ptr + at, mask=inside, other=0.0).to(tl.float32)
            total += tl.sum(dout * tl.load(o_ptr + at, mask=inside, other=0.0), axis=0)
        tl.store(delta_ptr + row, total, mask=row < rows)

    H, T, D = o.shape
    delta = o.new_empty((H, T), dtype=torch.float32)
    kernel[(triton.cdiv(H * T, 16),)](o, dout, delta, H * T, D=D, BLOCK=16)
    return delta


# attention_backward_keys ----------------------------------------------------------------------

forgets_delta = changed(
    "attention_backward_keys",
    {
        "ds = p * (dp - delta[:, None])": "ds = p * dp",
    },
    caught_by="attention_backward_keys_follows_the_chain_rule",
    says="subtracted from dp",
)

adds_delta = changed(
    "attention_backward_keys",
    {
        "(dp - delta": "(dp + delta",
    },
    caught_by="attention_backward_keys_follows_the_chain_rule",
    says="subtracted from dp",
)

subtracts_delta_after_the_product = changed(
    "attention_backward_keys",
    {
        "ds = p * (dp - delta[:, None])": "ds = p * dp - delta[:, None]",
    },
    caught_by="attention_backward_keys_follows_the_chain_rule",
    says="inside the bracket",
)

subtracts_the_delta_of_the_tile = changed(
    "attention_backward_keys",
    {
        "ds = p * (dp - delta[:, None])": "ds = p * (dp - tl.sum(p * dp, axis=1)[:, None])",
    },
    caught_by="attention_backward_keys_follows_the_chain_rule",
    says="numbers are wrong",
)

forgets_the_scale_of_dk = changed(
    "attention_backward_keys",
    {
        "dk * scale": "dk",
    },
    caught_by="attention_backward_keys_follows_the_chain_rule",
    says="the scale once more",
)

scales_dk_twice = changed(
    "attention_backward_keys",
    {
        "dk * scale": "dk * scale * scale",
    },
    caught_by="attention_backward_keys_follows_the_chain_rule",
    says="the scale once more",
)

forgets_the_scale_of_the_scores = changed(
    "attention_backward_keys",
    {
        '"ieee") * scale': '"ieee")',
    },
    caught_by="attention_backward_keys_follows_the_chain_rule",
    says="with the scale inside s",
)

forgets_the_sum_of_the_row = changed(
    "attention_backward_keys",
    {
        "tl.exp(scores - lse[:, None])": "tl.exp(scores)",
    },
    caught_by="attention_backward_keys_follows_the_chain_rule",
    says="exp(s − L)",
)

takes_p_for_ds = changed(
    "attention_backward_keys",
    {
        "ds.to(q.dtype)": "p.to(q.dtype)",
    },
    caught_by="attention_backward_keys_follows_the_chain_rule",
    says="dk sums ds",
)

does_not_turn_the_weights_round = changed(
    "attention_backward_keys",
    {
        "tl.trans(p.to(dout.dtype))": "p.to(dout.dtype)",
        "tl.trans(ds.to(q.dtype))": "ds.to(q.dtype)",
    },
    caught_by="attention_backward_keys_follows_the_chain_rule",
    says="turned round by tl.trans",
)

keeps_the_last_tile_only = changed(
    "attention_backward_keys",
    {
        ", dout, dv, input": ", dout, input",
        ", q, dk, input": ", q, input",
    },
    caught_by="attention_backward_keys_follows_the_chain_rule",
    says="every tile of queries adds",
)

sums_in_halves = changed(
    "attention_backward_keys",
    {
        "dk = tl.zeros((BLOCK, D), tl.float32)": "dk = tl.zeros((BLOCK, D), k.dtype)",
        'dk = tl.dot(tl.trans(ds.to(q.dtype)), q, dk, input_precision="ieee")': (
            'dk += tl.dot(tl.trans(ds.to(q.dtype)), q, input_precision="ieee").to(q.dtype)'
        ),
    },
    caught_by="attention_backward_keys_follows_the_chain_rule",
    says="kept in halves",
)


@wrong(
    "attention_backward_keys",
    caught_by="attention_backward_keys_follows_the_chain_rule",
    says="torch computed inside",
)
def autograd_does_it_and_a_kernel_copies(q, k, v, dout, lse, delta):
    @triton.jit
    def kernel(x_ptr, out_ptr, size, BLOCK: tl.constexpr):
        at = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
        tl.store(out_ptr + at, tl.load(x_ptr + at, mask=at < size), mask=at < size)

    k, v = k.detach().requires_grad_(), v.detach().requires_grad_()
    o = torch.nn.functional.scaled_dot_product_attention(q, k, v)
    results = []
    for gradient in torch.autograd.grad(o, (k, v), dout):
        gradient = gradient.contiguous()
        results.append(torch.empty_like(gradient))
        size = gradient.numel()
        kernel[(triton.cdiv(size, 256),)](gradient, results[-1], size, BLOCK=256)
    return tuple(results)


@wrong(
    "attention_backward_keys",
    caught_by="attention_backward_keys_follows_the_chain_rule",
    says="numbers are wrong",
)
def gives_zeros(q, k, v, dout, lse, delta):
    @triton.jit
    def kernel(out_ptr, size, BLOCK: tl.constexpr):
        at = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
        tl.store(out_ptr + at, tl.zeros((BLOCK,), tl.float32), mask=at < size)

    dk, dv = torch.empty_like(k), torch.empty_like(v)
    for out in (dk, dv):
        kernel[(triton.cdiv(out.numel(), 256),)](out, out.numel(), BLOCK=256)
    return dk, dv


lets_the_next_heads_queries_in = changed(
    "attention_backward_keys",
    {
        (
            "        q = tl.load(q_ptr + theirs, mask=t[:, None] < T, other=0.0)\n"
            "        dout = tl.load(dout_ptr + theirs, mask=t[:, None] < T, other=0.0)\n"
            "        lse = tl.load(lse_ptr + head * T + t, mask=t < T, other=0.0)\n"
            "        delta = tl.load(delta_ptr + head * T + t, mask=t < T, other=0.0)\n"
        ): (
            "        q = tl.load(q_ptr + theirs)\n"
            "        dout = tl.load(dout_ptr + theirs)\n"
            "        lse = tl.load(lse_ptr + head * T + t)\n"
            "        delta = tl.load(delta_ptr + head * T + t)\n"
        ),
        "tl.where(t[:, None] < T, tl.exp(scores - lse[:, None]), 0.0)": (
            "tl.exp(scores - lse[:, None])"
        ),
    },
    caught_by="attention_backward_keys_keeps_missing_queries_out",
    says="belongs to",
)

reads_the_last_query_again = changed(
    "attention_backward_keys",
    {
        "        t = start + tl.arange(0, BLOCK)\n": (
            "        t = tl.minimum(start + tl.arange(0, BLOCK), T - 1)\n"
        ),
    },
    caught_by="attention_backward_keys_keeps_missing_queries_out",
    says="must add nothing",
)

fills_the_missing_sums_with_minus_infinity = changed(
    "attention_backward_keys",
    {
        "lse = tl.load(lse_ptr + head * T + t, mask=t < T, other=0.0)": (
            'lse = tl.load(lse_ptr + head * T + t, mask=t < T, other=-float("inf"))'
        ),
        "tl.where(t[:, None] < T, tl.exp(scores - lse[:, None]), 0.0)": (
            "tl.exp(scores - lse[:, None])"
        ),
    },
    caught_by="attention_backward_keys_keeps_missing_queries_out",
    says="not a number",
)


@wrong(
    "attention_backward_keys",
    caught_by="attention_backward_keys_stores_no_scores",
    says="neither an argument nor a result",
)
def stores_the_weights(q, k, v, dout, lse, delta):
    @triton.jit
    def kernel(
        q_ptr, k_ptr, v_ptr, dout_ptr, lse_ptr, delta_ptr, dk_ptr, dv_ptr, p_ptr,
        T, S, scale, D: tl.constexpr, BLOCK: tl.constexpr,
    ):  # fmt: skip
        head = tl.program_id(1)
        s = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
        d = tl.arange(0, D)
        mine = (head * S + s)[:, None] * D + d[None, :]
        k = tl.load(k_ptr + mine, mask=s[:, None] < S, other=0.0)
        v = tl.load(v_ptr + mine, mask=s[:, None] < S, other=0.0)
        dk = tl.zeros((BLOCK, D), tl.float32)
        dv = tl.zeros((BLOCK, D), tl.float32)
        for start in range(0, T, BLOCK):
            t = start + tl.arange(0, BLOCK)
            theirs = (head * T + t)[:, None] * D + d[None, :]
            q = tl.load(q_ptr + theirs, mask=t[:, None] < T, other=0.0)
            dout = tl.load(dout_ptr + theirs, mask=t[:, None] < T, other=0.0)
            lse = tl.load(lse_ptr + head * T + t, mask=t < T, other=0.0)
            delta = tl.load(delta_ptr + head * T + t, mask=t < T, other=0.0)
            scores = tl.dot(q, tl.trans(k), input_precision="ieee") * scale
            p = tl.where(t[:, None] < T, tl.exp(scores - lse[:, None]), 0.0)
            at = (head * T + t)[:, None] * S + s[None, :]
            there = (t[:, None] < T) & (s[None, :] < S)
            tl.store(p_ptr + at, p, mask=there)
            p = tl.load(p_ptr + at, mask=there, other=0.0)
            dv = tl.dot(tl.trans(p.to(dout.dtype)), dout, dv, input_precision="ieee")
            dp = tl.dot(dout, tl.trans(v), input_precision="ieee")
            ds = p * (dp - delta[:, None])
            dk = tl.dot(tl.trans(ds.to(q.dtype)), q, dk, input_precision="ieee")
        tl.store(dk_ptr + mine, dk * scale, mask=s[:, None] < S)
        tl.store(dv_ptr + mine, dv, mask=s[:, None] < S)

    H, T, D = q.shape
    S = k.shape[1]
    dk = torch.empty((H, S, D), dtype=k.dtype, device=k.device)
    dv = torch.empty((H, S, D), dtype=v.dtype, device=v.device)
    p = torch.empty((H, T, S), dtype=torch.float32, device=q.device)
    grid = (triton.cdiv(S, 32), H)
    kernel[grid](q, k, v, dout, lse, delta, dk, dv, p, T, S, D**-0.5, D=D, BLOCK=32)
    return dk, dv


sums_each_row_again = changed(
    "attention_backward_keys",
    {
        "        lse = tl.load(lse_ptr + head * T + t, mask=t < T, other=0.0)\n": (
            "        total = tl.zeros((BLOCK,), tl.float32)\n"
            "        for first in range(0, S, BLOCK):\n"
            "            j = first + tl.arange(0, BLOCK)\n"
            "            at = (head * S + j)[:, None] * D + d[None, :]\n"
            "            other = tl.load(k_ptr + at, mask=j[:, None] < S, other=0.0)\n"
            '            row = tl.exp(tl.dot(q, tl.trans(other), input_precision="ieee") * '
            "scale)\n"
            "            total += tl.sum(tl.where(j[None, :] < S, row, 0.0), axis=1)\n"
            "        lse = tl.log(total)\n"
        ),
    },
    caught_by="attention_backward_keys_stores_no_scores",
    says="computed again",
)

takes_tiles_of_16 = changed(
    "attention_backward_keys",
    {
        "cdiv(S, 32)": "cdiv(S, 16)",
        "BLOCK=32": "BLOCK=16",
    },
    caught_by="attention_backward_keys_stores_no_scores",
    says="smaller tiles",
)

leaves_the_weights_in_float32 = changed(
    "attention_backward_keys",
    {
        "p.to(dout.dtype)": "p",
        "ds.to(q.dtype)": "ds",
    },
    caught_by="attention_backward_keys_compiles_for_a_gpu",
    says="same dtype",
)

keys_by_queries_and_powers_of_two = changed(
    "attention_backward_keys",
    {
        (
            '        scores = tl.dot(q, tl.trans(k), input_precision="ieee") * scale\n'
            "        p = tl.where(t[:, None] < T, tl.exp(scores - lse[:, None]), 0.0)\n"
            "        dv = tl.dot(tl.trans(p.to(dout.dtype)), dout, dv, "
            'input_precision="ieee")\n'
            '        dp = tl.dot(dout, tl.trans(v), input_precision="ieee")\n'
            "        ds = p * (dp - delta[:, None])\n"
            '        dk = tl.dot(tl.trans(ds.to(q.dtype)), q, dk, input_precision="ieee")\n'
        ): (
            '        scores = tl.dot(k, tl.trans(q), input_precision="ieee") * scale\n'
            "        p = tl.exp2((scores - lse[None, :]) * 1.4426950408889634)  # exp(0 − "
            "0) · 0 behind T\n"
            '        dv = tl.dot(p.to(dout.dtype), dout, dv, input_precision="ieee")\n'
            '        ds = p * (tl.dot(v, tl.trans(dout), input_precision="ieee") - '
            "delta[None, :])\n"
            '        dk = tl.dot(ds.to(q.dtype), q, dk, input_precision="ieee")\n'
        ),
    },
)

from_the_last_query_backwards = changed(
    "attention_backward_keys",
    {
        ("    for start in range(0, T, BLOCK):\n        t = start +"): (
            "    tiles = tl.cdiv(T, BLOCK)\n"
            "    for done in range(tiles):\n"
            "        t = (tiles - 1 - done) * BLOCK +"
        ),
        (
            '        scores = tl.dot(q, tl.trans(k), input_precision="ieee") * scale\n'
            "        p = tl.where(t[:, None] < T, tl.exp(scores - lse[:, None]), 0.0)\n"
        ): (
            '        scores = tl.dot(q, tl.trans(k), input_precision="ieee") * scale\n'
            '        scores = tl.where(t[:, None] < T, scores, -float("inf"))\n'
            "        p = tl.exp(scores - lse[:, None])\n"
        ),
        "        ds = p * (dp - delta[:, None])\n": (
            "        ds = p * (dp - delta[:, None]) * scale\n"
        ),
        "dk * scale": "dk",
    },
)

walks_in_steps_of_16_queries = changed(
    "attention_backward_keys",
    {
        "BLOCK: tl.constexpr,": "BLOCK: tl.constexpr, STEP: tl.constexpr,",
        ("for start in range(0, T, BLOCK):\n        t = start + tl.arange(0, BLOCK)"): (
            "for start in range(0, T, STEP):\n        t = start + tl.arange(0, STEP)"
        ),
        "BLOCK=32\n": "BLOCK=32, STEP=16\n",
        (
            "    dk = torch.empty((H, S, D), dtype=k.dtype, device=k.device)\n"
            "    dv = torch.empty((H, S, D), dtype=v.dtype, device=v.device)\n"
        ): ("    dk, dv = torch.empty_like(k), torch.empty_like(v)\n"),
    },
)


# attention_backward_queries -------------------------------------------------------------------

forgets_delta_here_too = changed(
    "attention_backward_queries",
    {
        "ds = p * (dp - delta[:, None])": "ds = p * dp",
    },
    caught_by="attention_backward_queries_follows_the_chain_rule",
    says="p (dp − Δ)",
)

forgets_the_scale_of_dq = changed(
    "attention_backward_queries",
    {
        "dq * scale": "dq",
    },
    caught_by="attention_backward_queries_follows_the_chain_rule",
    says="once more with k",
)

multiplies_by_the_values = changed(
    "attention_backward_queries",
    {
        "ds.to(k.dtype), k, dq": "ds.to(v.dtype), v, dq",
    },
    caught_by="attention_backward_queries_follows_the_chain_rule",
    says="keys, not values",
)

turns_ds_round = changed(
    "attention_backward_queries",
    {
        "tl.dot(ds.to(k.dtype), k": "tl.dot(tl.trans(ds.to(k.dtype)), k",
    },
    caught_by="attention_backward_queries_follows_the_chain_rule",
    says="numbers are wrong",
)

keeps_the_last_tile_of_keys_only = changed(
    "attention_backward_queries",
    {
        ", k, dq, input": ", k, input",
    },
    caught_by="attention_backward_queries_follows_the_chain_rule",
    says="from tile to tile",
)


@wrong(
    "attention_backward_queries",
    caught_by="attention_backward_queries_follows_the_chain_rule",
    says="No kernel was launched",
)
def looks_up_the_expected_result(q, k, v, dout, lse, delta):
    import sys

    frame = sys._getframe()
    while "plain" not in frame.f_locals:
        frame = frame.f_back
    return frame.f_locals["plain"](q, k, v, dout)


@wrong(
    "attention_backward_queries",
    caught_by="attention_backward_queries_follows_the_chain_rule",
    says="No kernel was launched",
)
def hands_out_an_old_gradient(q, k, v, dout, lse, delta):
    known = hands_out_an_old_gradient.__dict__.setdefault("known", {})
    if "dq" in known:
        return known["dq"]

    @triton.jit
    def kernel(
        q_ptr, k_ptr, v_ptr, dout_ptr, lse_ptr, delta_ptr, dq_ptr,
        T, S, scale, D: tl.constexpr, BLOCK: tl.constexpr,
    ):  # fmt: skip
        head = tl.program_id(1)
        t = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
        d = tl.arange(0, D)
        mine = (head * T + t)[:, None] * D + d[None, :]
        q = tl.load(q_ptr + mine, mask=t[:, None] < T, other=0.0)
        dout = tl.load(dout_ptr + mine, mask=t[:, None] < T, other=0.0)
        lse = tl.load(lse_ptr + head * T + t, mask=t < T, other=0.0)
        delta = tl.load(delta_ptr + head * T + t, mask=t < T, other=0.0)
        dq = tl.zeros((BLOCK, D), tl.float32)
        for start in range(0, S, BLOCK):
            s = start + tl.arange(0, BLOCK)
            theirs = (head * S + s)[:, None] * D + d[None, :]
            k = tl.load(k_ptr + theirs, mask=s[:, None] < S, other=0.0)
            v = tl.load(v_ptr + theirs, mask=s[:, None] < S, other=0.0)
            scores = tl.dot(q, tl.trans(k), input_precision="ieee") * scale
            p = tl.where(s[None, :] < S, tl.exp(scores - lse[:, None]), 0.0)
            dp = tl.dot(dout, tl.trans(v), input_precision="ieee")
            ds = p * (dp - delta[:, None])
            dq = tl.dot(ds.to(k.dtype), k, dq, input_precision="ieee")
        tl.store(dq_ptr + mine, dq * scale, mask=t[:, None] < T)

    H, T, D = q.shape
    S = k.shape[1]
    dq = torch.empty((H, T, D), dtype=q.dtype, device=q.device)
    grid = (triton.cdiv(T, 32), H)
    kernel[grid](q, k, v, dout, lse, delta, dq, T, S, D**-0.5, D=D, BLOCK=32)
    known["dq"] = dq
    return dq


lets_missing_keys_score_zero = changed(
    "attention_backward_queries",
    {
        "tl.where(s[None, :] < S, tl.exp(scores - lse[:, None]), 0.0)": (
            "tl.exp(scores - lse[:, None])"
        ),
    },
    caught_by="attention_backward_queries_keeps_missing_keys_out",
    says="is a score",
)

multiplies_by_the_mask = changed(
    "attention_backward_queries",
    {
        "tl.where(s[None, :] < S, tl.exp(scores - lse[:, None]), 0.0)": (
            "tl.exp(scores - lse[:, None]) * (s[None, :] < S)"
        ),
    },
    caught_by="attention_backward_queries_keeps_missing_keys_out",
    says="not a number",
)

writes_queries_behind_the_end = changed(
    "attention_backward_queries",
    {
        "tl.store(dq_ptr + mine, dq * scale, mask=t[:, None] < T)": (
            "tl.store(dq_ptr + mine, dq * scale)"
        ),
    },
    caught_by="attention_backward_queries_keeps_missing_keys_out",
    says="must not be written",
)


@wrong(
    "attention_backward_queries",
    caught_by="attention_backward_queries_writes_each_row_once",
    says="is a race",
)
def many_programs_load_add_and_store(q, k, v, dout, lse, delta):
    @triton.jit
    def kernel(
        q_ptr, k_ptr, v_ptr, dout_ptr, lse_ptr, delta_ptr, dq_ptr,
        T, S, scale, D: tl.constexpr, BLOCK: tl.constexpr,
    ):  # fmt: skip
        head = tl.program_id(1)
        s = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
        d = tl.arange(0, D)
        mine = (head * S + s)[:, None] * D + d[None, :]
        k = tl.load(k_ptr + mine, mask=s[:, None] < S, other=0.0)
        v = tl.load(v_ptr + mine, mask=s[:, None] < S, other=0.0)
        for start in range(0, T, BLOCK):
            t = start + tl.arange(0, BLOCK)
            theirs = (head * T + t)[:, None] * D + d[None, :]
            q = tl.load(q_ptr + theirs, mask=t[:, None] < T, other=0.0)
            dout = tl.load(dout_ptr + theirs, mask=t[:, None] < T, other=0.0)
            lse = tl.load(lse_ptr + head * T + t, mask=t < T, other=0.0)
            delta = tl.load(delta_ptr + head * T + t, mask=t < T, other=0.0)
            scores = tl.dot(q, tl.trans(k), input_precision="ieee") * scale
            p = tl.where(s[None, :] < S, tl.exp(scores - lse[:, None]), 0.0)
            dp = tl.dot(dout, tl.trans(v), input_precision="ieee")
            ds = p * (dp - delta[:, None])
            part = tl.dot(ds.to(k.dtype), k, input_precision="ieee") * scale
            so_far = tl.load(dq_ptr + theirs, mask=t[:, None] < T, other=0.0)
            tl.store(dq_ptr + theirs, so_far + part, mask=t[:, None] < T)

    H, T, D = q.shape
    S = k.shape[1]
    dq = torch.zeros((H, T, D), dtype=q.dtype, device=q.device)
    grid = (triton.cdiv(S, 32), H)
    kernel[grid](q, k, v, dout, lse, delta, dq, T, S, D**-0.5, D=D, BLOCK=32)
    return dq


@wrong(
    "attention_backward_queries",
    caught_by="attention_backward_queries_writes_each_row_once",
    says="once for each tile of keys",
)
def many_programs_add_atomically(q, k, v, dout, lse, delta):
    @triton.jit
    def kernel(
        q_ptr, k_ptr, v_ptr, dout_ptr, lse_ptr, delta_ptr, dq_ptr,
        T, S, scale, D: tl.constexpr, BLOCK: tl.constexpr,
    ):  # fmt: skip
        head = tl.program_id(1)
        s = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
        d = tl.arange(0, D)
        mine = (head * S + s)[:, None] * D + d[None, :]
        k = tl.load(k_ptr + mine, mask=s[:, None] < S, other=0.0)
        v = tl.load(v_ptr + mine, mask=s[:, None] < S, other=0.0)
        for start in range(0, T, BLOCK):
            t = start + tl.arange(0, BLOCK)
            theirs = (head * T + t)[:, None] * D + d[None, :]
            q = tl.load(q_ptr + theirs, mask=t[:, None] < T, other=0.0)
            dout = tl.load(dout_ptr + theirs, mask=t[:, None] < T, other=0.0)
            lse = tl.load(lse_ptr + head * T + t, mask=t < T, other=0.0)
            delta = tl.load(delta_ptr + head * T + t, mask=t < T, other=0.0)
            scores = tl.dot(q, tl.trans(k), input_precision="ieee") * scale
            p = tl.where(s[None, :] < S, tl.exp(scores - lse[:, None]), 0.0)
            dp = tl.dot(dout, tl.trans(v), input_precision="ieee")
            ds = p * (dp - delta[:, None])
            part = tl.dot(ds.to(k.dtype), k, input_precision="ieee") * scale
            tl.atomic_add(dq_ptr + theirs, part, mask=t[:, None] < T)

    H, T, D = q.shape
    S = k.shape[1]
    dq = torch.zeros((H, T, D), dtype=q.dtype, device=q.device)
    grid = (triton.cdiv(S, 32), H)
    kernel[grid](q, k, v, dout, lse, delta, dq, T, S, D**-0.5, D=D, BLOCK=32)
    return dq


walks_in_steps_of_8_keys = changed(
    "attention_backward_queries",
    {
        "BLOCK: tl.constexpr,": "BLOCK: tl.constexpr, KEYS: tl.constexpr,",
        ("for start in range(0, S, BLOCK):\n        s = start + tl.arange(0, BLOCK)"): (
            "for start in range(0, S, KEYS):\n        s = start + tl.arange(0, KEYS)"
        ),
        "cdiv(T, 32)": "cdiv(T, 32)",
        "BLOCK=32\n": "BLOCK=32, KEYS=8\n",
    },
    caught_by="attention_backward_queries_compiles_for_a_gpu",
    says="at least 16",
)

a_while_loop_from_the_last_key = changed(
    "attention_backward_queries",
    {
        "    for start in range(0, S, BLOCK):\n": (
            "    start = (tl.cdiv(S, BLOCK) - 1) * BLOCK\n    while start >= 0:\n"
        ),
        'k, dq, input_precision="ieee")\n': (
            'k, dq, input_precision="ieee")\n        start -= BLOCK\n'
        ),
    },
)

powers_of_two_and_the_scale_inside = changed(
    "attention_backward_queries",
    {
        "    dq = tl.zeros((BLOCK, D), tl.float32)\n": (
            "    lse = lse * 1.4426950408889634\n    dq = tl.zeros((BLOCK, D), tl.float32)\n"
        ),
        (
            '"ieee") * scale\n'
            "        p = tl.where(s[None, :] < S, tl.exp(scores - lse[:, None]), 0.0)\n"
        ): (
            '"ieee") * (scale * 1.4426950408889634)\n'
            '        scores = tl.where(s[None, :] < S, scores, -float("inf"))\n'
            "        p = tl.exp2(scores - lse[:, None])\n"
        ),
        "dp - delta[:, None])": "dp - delta[:, None]) * scale",
        "dq * scale": "dq",
    },
)


@right("attention_backward_queries")
def one_row_of_programs_for_all_heads(q, k, v, dout, lse, delta):
    @triton.jit
    def kernel(
        q_ptr, k_ptr, v_ptr, dout_ptr, lse_ptr, delta_ptr, dq_ptr,
        T, S, scale, D: tl.constexpr, BLOCK: tl.constexpr,
    ):  # fmt: skip
        tiles = tl.cdiv(T, BLOCK)
        head = tl.program_id(0) // tiles
        t = tl.program_id(0) % tiles * BLOCK + tl.arange(0, BLOCK)
        d = tl.arange(0, D)
        mine = (head * T + t)[:, None] * D + d[None, :]
        q = tl.load(q_ptr + mine, mask=t[:, None] < T, other=0.0)
        dout = tl.load(dout_ptr + mine, mask=t[:, None] < T, other=0.0)
        lse = tl.load(lse_ptr + head * T + t, mask=t < T, other=0.0)
        delta = tl.load(delta_ptr + head * T + t, mask=t < T, other=0.0)
        dq = tl.zeros((BLOCK, D), tl.float32)
        for start in range(0, S, BLOCK):
            s = start + tl.arange(0, BLOCK)
            theirs = (head * S + s)[:, None] * D + d[None, :]
            k = tl.load(k_ptr + theirs, mask=s[:, None] < S, other=0.0)
            v = tl.load(v_ptr + theirs, mask=s[:, None] < S, other=0.0)
            scores = tl.dot(q, tl.trans(k), input_precision="ieee") * scale
            p = tl.where(s[None, :] < S, tl.exp(scores - lse[:, None]), 0.0)
            dp = tl.dot(dout, tl.trans(v), input_precision="ieee")
            ds = p * (dp - delta[:, None])
            dq = tl.dot(ds.to(k.dtype), k, dq, input_precision="ieee")
        tl.store(dq_ptr + mine, dq * scale, mask=t[:, None] < T)

    H, T, D = q.shape
    S = k.shape[1]
    dq = torch.empty((H, T, D), dtype=q.dtype, device=q.device)
    grid = (triton.cdiv(T, 32) * H,)
    kernel[grid](q, k, v, dout, lse, delta, dq, T, S, D**-0.5, D=D, BLOCK=32)
    return dq


# causal_attention_backward_keys ---------------------------------------------------------------

forgets_the_mask = changed(
    "causal_attention_backward_keys",
    {
        "seen = (t[:, None] < T) & (s[None, :] <= t[:, None] + S - T)": "seen = t[:, None] < T",
    },
    caught_by="causal_attention_backward_keys_takes_nothing_from_earlier_queries",
    says="says nothing about it",
)

leaves_the_query_itself_out = changed(
    "causal_attention_backward_keys",
    {
        "s[None, :] <= t": "s[None, :] < t",
    },
    caught_by="causal_attention_backward_keys_takes_nothing_from_earlier_queries",
    says="that one included",
)

lines_up_the_beginnings = changed(
    "causal_attention_backward_keys",
    {
        "s[None, :] <= t[:, None] + S - T)": "s[None, :] <= t[:, None])",
        "* BLOCK + T - S)": "* BLOCK)",
    },
    caught_by="causal_attention_backward_keys_takes_nothing_from_earlier_queries",
    says="the ends are lined up",
)

begins_a_tile_too_late = changed(
    "causal_attention_backward_keys",
    {
        "range(first // BLOCK * BLOCK,": "range(tl.cdiv(first, BLOCK) * BLOCK,",
    },
    caught_by="causal_attention_backward_keys_takes_nothing_from_earlier_queries",
    says="every query that does see a key counts",
)

ends_early_as_in_rung_9 = changed(
    "causal_attention_backward_keys",
    {
        "    for start in range(first // BLOCK * BLOCK, T, BLOCK):": (
            "    end = tl.minimum(T, (tl.program_id(0) + 1) * BLOCK)\n"
            "    for start in range(0, end, BLOCK):"
        ),
        "first = tl.maximum(0, tl.program_id(0) * BLOCK + T - S)": "",
    },
    caught_by="causal_attention_backward_keys_takes_nothing_from_earlier_queries",
    says="every query that does see a key counts",
)

multiplies_by_the_causal_mask = changed(
    "causal_attention_backward_keys",
    {
        "tl.where(seen, tl.exp(scores - lse[:, None]), 0.0)": (
            "tl.exp(scores - lse[:, None]) * seen"
        ),
    },
    caught_by="causal_attention_backward_keys_takes_nothing_from_earlier_queries",
    says="not a number",
)

masks_p_but_not_ds = changed(
    "causal_attention_backward_keys",
    {
        "        ds = p *": "        ds = tl.exp(scores - lse[:, None]) *",
    },
    caught_by="causal_attention_backward_keys_takes_nothing_from_earlier_queries",
    says="p and ds are 0",
)

begins_with_the_first_query = changed(
    "causal_attention_backward_keys",
    {
        "range(first // BLOCK * BLOCK,": "range(0,",
    },
    caught_by="causal_attention_backward_keys_begins_late",
    says="Begin the loop",
)

leaves_p_in_float32 = changed(
    "causal_attention_backward_keys",
    {
        "p.to(dout.dtype)": "p",
    },
    caught_by="causal_attention_backward_keys_compiles_for_a_gpu",
    says="same dtype",
)

from_the_newest_query_back = changed(
    "causal_attention_backward_keys",
    {
        ("    for start in range(first // BLOCK * BLOCK, T, BLOCK):\n        t = start +"): (
            "    tiles = tl.cdiv(T, BLOCK)\n"
            "    for done in range(tiles - first // BLOCK):\n"
            "        t = (tiles - 1 - done) * BLOCK +"
        ),
    },
)

begins_at_the_very_query = changed(
    "causal_attention_backward_keys",
    {
        "range(first // BLOCK * BLOCK,": "range(first,",
        "        p = tl.where(seen, tl.exp(scores - lse[:, None]), 0.0)\n": (
            '        p = tl.exp(tl.where(seen, scores - lse[:, None], -float("inf")))\n'
        ),
    },
)
