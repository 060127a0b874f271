"""Answers to "The backward pass": mistakes that people make, and other right ways.

As in the notebook, `torch`, `math`, `inf`, `hbm_empty` and `hbm_full` are there.
"""
# ruff: noqa: E741, F821, RUF059, SIM300

from autograder.answers import right, wrong


@wrong("flash_attention_backward", caught_by="flash_attention_backward_chain_rule", says="dP − Δ")
def leaves_out_delta(Q, K, V, O, L, dO, scale, causal=False, block_q=16, block_k=16):
    T, S = Q.shape[2], K.shape[2]
    dQ, dK, dV = hbm_full(Q.shape, 0.0), hbm_full(K.shape, 0.0), hbm_full(V.shape, 0.0)
    for j in range(0, S, block_k):
        Kj, Vj = K[:, :, j : j + block_k], V[:, :, j : j + block_k]
        for i in range(0, T, block_q):
            Qi, dOi, Oi = (x[:, :, i : i + block_q] for x in (Q, dO, O))
            Li = L[:, :, i : i + block_q, None]
            s = scale * (Qi @ Kj.mT)
            if causal:
                query, key = torch.arange(i, i + s.shape[2]), torch.arange(j, j + s.shape[3])
                s = s.masked_fill(key > query[:, None] + S - T, -inf)
            p = torch.exp(s - torch.where(Li == -inf, 0.0, Li))
            ds = p * (dOi @ Vj.mT)
            dV[:, :, j : j + block_k] += p.mT @ dOi
            dQ[:, :, i : i + block_q] += scale * (ds @ Kj)
            dK[:, :, j : j + block_k] += scale * (ds.mT @ Qi)
    return dQ, dK, dV


@wrong(
    "flash_attention_backward",
    caught_by="flash_attention_backward_chain_rule",
    says="have the factor",
)
def forgets_the_scale(Q, K, V, O, L, dO, scale, causal=False, block_q=16, block_k=16):
    T, S = Q.shape[2], K.shape[2]
    dQ, dK, dV = hbm_full(Q.shape, 0.0), hbm_full(K.shape, 0.0), hbm_full(V.shape, 0.0)
    for j in range(0, S, block_k):
        Kj, Vj = K[:, :, j : j + block_k], V[:, :, j : j + block_k]
        for i in range(0, T, block_q):
            Qi, dOi, Oi = (x[:, :, i : i + block_q] for x in (Q, dO, O))
            Li = L[:, :, i : i + block_q, None]
            s = scale * (Qi @ Kj.mT)
            if causal:
                query, key = torch.arange(i, i + s.shape[2]), torch.arange(j, j + s.shape[3])
                s = s.masked_fill(key > query[:, None] + S - T, -inf)
            p = torch.exp(s - torch.where(Li == -inf, 0.0, Li))
            ds = p * (dOi @ Vj.mT - (dOi * Oi).sum(-1, keepdim=True))
            dV[:, :, j : j + block_k] += p.mT @ dOi
            dQ[:, :, i : i + block_q] += ds @ Kj
            dK[:, :, j : j + block_k] += scale * (ds.mT @ Qi)
    return dQ, dK, dV


@wrong("flash_attention_backward", caught_by="flash_attention_backward_chain_rule", says="once")
def scales_dk_twice(Q, K, V, O, L, dO, scale, causal=False, block_q=16, block_k=16):
    T, S = Q.shape[2], K.shape[2]
    dQ, dK, dV = hbm_full(Q.shape, 0.0), hbm_full(K.shape, 0.0), hbm_full(V.shape, 0.0)
    for j in range(0, S, block_k):
        Kj, Vj = K[:, :, j : j + block_k], V[:, :, j : j + block_k]
        for i in range(0, T, block_q):
            Qi, dOi, Oi = (x[:, :, i : i + block_q] for x in (Q, dO, O))
            Li = L[:, :, i : i + block_q, None]
            s = scale * (Qi @ Kj.mT)
            if causal:
                query, key = torch.arange(i, i + s.shape[2]), torch.arange(j, j + s.shape[3])
                s = s.masked_fill(key > query[:, None] + S - T, -inf)
            p = torch.exp(s - torch.where(Li == -inf, 0.0, Li))
            ds = p * (dOi @ Vj.mT - (dOi * Oi).sum(-1, keepdim=True))
            dV[:, :, j : j + block_k] += p.mT @ dOi
            dQ[:, :, i : i + block_q] += scale * (ds @ Kj)
            dK[:, :, j : j + block_k] += scale * scale * (ds.mT @ Qi)
    return dQ, dK, dV


@wrong(
    "flash_attention_backward",
    caught_by="flash_attention_backward_chain_rule",
    says="rowsum(dO ∘ O)",
)
def takes_delta_from_the_values(Q, K, V, O, L, dO, scale, causal=False, block_q=16, block_k=16):
    T, S = Q.shape[2], K.shape[2]
    dQ, dK, dV = hbm_full(Q.shape, 0.0), hbm_full(K.shape, 0.0), hbm_full(V.shape, 0.0)
    for j in range(0, S, block_k):
        Kj, Vj = K[:, :, j : j + block_k], V[:, :, j : j + block_k]
        for i in range(0, T, block_q):
            Qi, dOi, Oi = (x[:, :, i : i + block_q] for x in (Q, dO, O))
            Li = L[:, :, i : i + block_q, None]
            s = scale * (Qi @ Kj.mT)
            if causal:
                query, key = torch.arange(i, i + s.shape[2]), torch.arange(j, j + s.shape[3])
                s = s.masked_fill(key > query[:, None] + S - T, -inf)
            p = torch.exp(s - torch.where(Li == -inf, 0.0, Li))
            ds = p * (dOi @ Vj.mT - (dOi * Qi).sum(-1, keepdim=True))
            dV[:, :, j : j + block_k] += p.mT @ dOi
            dQ[:, :, i : i + block_q] += scale * (ds @ Kj)
            dK[:, :, j : j + block_k] += scale * (ds.mT @ Qi)
    return dQ, dK, dV


@wrong(
    "flash_attention_backward", caught_by="flash_attention_backward_chain_rule", says="dV = Pᵀ dO"
)
def lets_dv_take_ds(Q, K, V, O, L, dO, scale, causal=False, block_q=16, block_k=16):
    T, S = Q.shape[2], K.shape[2]
    dQ, dK, dV = hbm_full(Q.shape, 0.0), hbm_full(K.shape, 0.0), hbm_full(V.shape, 0.0)
    for j in range(0, S, block_k):
        Kj, Vj = K[:, :, j : j + block_k], V[:, :, j : j + block_k]
        for i in range(0, T, block_q):
            Qi, dOi, Oi = (x[:, :, i : i + block_q] for x in (Q, dO, O))
            Li = L[:, :, i : i + block_q, None]
            s = scale * (Qi @ Kj.mT)
            if causal:
                query, key = torch.arange(i, i + s.shape[2]), torch.arange(j, j + s.shape[3])
                s = s.masked_fill(key > query[:, None] + S - T, -inf)
            p = torch.exp(s - torch.where(Li == -inf, 0.0, Li))
            ds = p * (dOi @ Vj.mT - (dOi * Oi).sum(-1, keepdim=True))
            dV[:, :, j : j + block_k] += ds.mT @ dOi
            dQ[:, :, i : i + block_q] += scale * (ds @ Kj)
            dK[:, :, j : j + block_k] += scale * (ds.mT @ Qi)
    return dQ, dK, dV


@wrong(
    "flash_attention_backward",
    caught_by="flash_attention_backward_adds_up_tiles",
    says="not to the tile",
)
def takes_delta_from_the_tile(Q, K, V, O, L, dO, scale, causal=False, block_q=16, block_k=16):
    T, S = Q.shape[2], K.shape[2]
    dQ, dK, dV = hbm_full(Q.shape, 0.0), hbm_full(K.shape, 0.0), hbm_full(V.shape, 0.0)
    for j in range(0, S, block_k):
        Kj, Vj = K[:, :, j : j + block_k], V[:, :, j : j + block_k]
        for i in range(0, T, block_q):
            Qi, dOi, Oi = (x[:, :, i : i + block_q] for x in (Q, dO, O))
            Li = L[:, :, i : i + block_q, None]
            s = scale * (Qi @ Kj.mT)
            if causal:
                query, key = torch.arange(i, i + s.shape[2]), torch.arange(j, j + s.shape[3])
                s = s.masked_fill(key > query[:, None] + S - T, -inf)
            p = torch.exp(s - torch.where(Li == -inf, 0.0, Li))
            ds = p * (dOi @ Vj.mT - (p * (dOi @ Vj.mT)).sum(-1, keepdim=True))
            dV[:, :, j : j + block_k] += p.mT @ dOi
            dQ[:, :, i : i + block_q] += scale * (ds @ Kj)
            dK[:, :, j : j + block_k] += scale * (ds.mT @ Qi)
    return dQ, dK, dV


@wrong(
    "flash_attention_backward",
    caught_by="flash_attention_backward_adds_up_tiles",
    says="sum over all blocks of keys",
)
def overwrites_dq(Q, K, V, O, L, dO, scale, causal=False, block_q=16, block_k=16):
    T, S = Q.shape[2], K.shape[2]
    dQ, dK, dV = hbm_full(Q.shape, 0.0), hbm_full(K.shape, 0.0), hbm_full(V.shape, 0.0)
    for j in range(0, S, block_k):
        Kj, Vj = K[:, :, j : j + block_k], V[:, :, j : j + block_k]
        for i in range(0, T, block_q):
            Qi, dOi, Oi = (x[:, :, i : i + block_q] for x in (Q, dO, O))
            Li = L[:, :, i : i + block_q, None]
            s = scale * (Qi @ Kj.mT)
            if causal:
                query, key = torch.arange(i, i + s.shape[2]), torch.arange(j, j + s.shape[3])
                s = s.masked_fill(key > query[:, None] + S - T, -inf)
            p = torch.exp(s - torch.where(Li == -inf, 0.0, Li))
            ds = p * (dOi @ Vj.mT - (dOi * Oi).sum(-1, keepdim=True))
            dV[:, :, j : j + block_k] += p.mT @ dOi
            dQ[:, :, i : i + block_q] = scale * (ds @ Kj)
            dK[:, :, j : j + block_k] += scale * (ds.mT @ Qi)
    return dQ, dK, dV


@wrong(
    "flash_attention_backward",
    caught_by="flash_attention_backward_adds_up_tiles",
    says="sums over all blocks of queries",
)
def overwrites_dk(Q, K, V, O, L, dO, scale, causal=False, block_q=16, block_k=16):
    T, S = Q.shape[2], K.shape[2]
    dQ, dK, dV = hbm_full(Q.shape, 0.0), hbm_full(K.shape, 0.0), hbm_full(V.shape, 0.0)
    for j in range(0, S, block_k):
        Kj, Vj = K[:, :, j : j + block_k], V[:, :, j : j + block_k]
        for i in range(0, T, block_q):
            Qi, dOi, Oi = (x[:, :, i : i + block_q] for x in (Q, dO, O))
            Li = L[:, :, i : i + block_q, None]
            s = scale * (Qi @ Kj.mT)
            if causal:
                query, key = torch.arange(i, i + s.shape[2]), torch.arange(j, j + s.shape[3])
                s = s.masked_fill(key > query[:, None] + S - T, -inf)
            p = torch.exp(s - torch.where(Li == -inf, 0.0, Li))
            ds = p * (dOi @ Vj.mT - (dOi * Oi).sum(-1, keepdim=True))
            dV[:, :, j : j + block_k] += p.mT @ dOi
            dQ[:, :, i : i + block_q] += scale * (ds @ Kj)
            dK[:, :, j : j + block_k] = scale * (ds.mT @ Qi)
    return dQ, dK, dV


@wrong(
    "flash_attention_backward", caught_by="flash_attention_backward_masked_pairs", says="forbids"
)
def forgets_the_mask(Q, K, V, O, L, dO, scale, causal=False, block_q=16, block_k=16):
    T, S = Q.shape[2], K.shape[2]
    dQ, dK, dV = hbm_full(Q.shape, 0.0), hbm_full(K.shape, 0.0), hbm_full(V.shape, 0.0)
    for j in range(0, S, block_k):
        Kj, Vj = K[:, :, j : j + block_k], V[:, :, j : j + block_k]
        for i in range(0, T, block_q):
            Qi, dOi, Oi = (x[:, :, i : i + block_q] for x in (Q, dO, O))
            Li = L[:, :, i : i + block_q, None]
            s = scale * (Qi @ Kj.mT)
            p = torch.exp(s - torch.where(Li == -inf, 0.0, Li))
            ds = p * (dOi @ Vj.mT - (dOi * Oi).sum(-1, keepdim=True))
            dV[:, :, j : j + block_k] += p.mT @ dOi
            dQ[:, :, i : i + block_q] += scale * (ds @ Kj)
            dK[:, :, j : j + block_k] += scale * (ds.mT @ Qi)
    return dQ, dK, dV


@wrong(
    "flash_attention_backward", caught_by="flash_attention_backward_masked_pairs", says="Expected"
)
def aligns_the_first_key(Q, K, V, O, L, dO, scale, causal=False, block_q=16, block_k=16):
    T, S = Q.shape[2], K.shape[2]
    dQ, dK, dV = hbm_full(Q.shape, 0.0), hbm_full(K.shape, 0.0), hbm_full(V.shape, 0.0)
    for j in range(0, S, block_k):
        Kj, Vj = K[:, :, j : j + block_k], V[:, :, j : j + block_k]
        for i in range(0, T, block_q):
            Qi, dOi, Oi = (x[:, :, i : i + block_q] for x in (Q, dO, O))
            Li = L[:, :, i : i + block_q, None]
            s = scale * (Qi @ Kj.mT)
            if causal:
                query, key = torch.arange(i, i + s.shape[2]), torch.arange(j, j + s.shape[3])
                s = s.masked_fill(key > query[:, None], -inf)
            p = torch.exp(s - torch.where(Li == -inf, 0.0, Li))
            ds = p * (dOi @ Vj.mT - (dOi * Oi).sum(-1, keepdim=True))
            dV[:, :, j : j + block_k] += p.mT @ dOi
            dQ[:, :, i : i + block_q] += scale * (ds @ Kj)
            dK[:, :, j : j + block_k] += scale * (ds.mT @ Qi)
    return dQ, dK, dV


@wrong("flash_attention_backward", caught_by="flash_attention_backward_masked_pairs", says="NaN")
def spreads_nan(Q, K, V, O, L, dO, scale, causal=False, block_q=16, block_k=16):
    T, S = Q.shape[2], K.shape[2]
    dQ, dK, dV = hbm_full(Q.shape, 0.0), hbm_full(K.shape, 0.0), hbm_full(V.shape, 0.0)
    for j in range(0, S, block_k):
        Kj, Vj = K[:, :, j : j + block_k], V[:, :, j : j + block_k]
        for i in range(0, T, block_q):
            Qi, dOi, Oi = (x[:, :, i : i + block_q] for x in (Q, dO, O))
            Li = L[:, :, i : i + block_q, None]
            s = scale * (Qi @ Kj.mT)
            if causal:
                query, key = torch.arange(i, i + s.shape[2]), torch.arange(j, j + s.shape[3])
                s = s.masked_fill(key > query[:, None] + S - T, -inf)
            p = torch.exp(s - Li)
            ds = p * (dOi @ Vj.mT - (dOi * Oi).sum(-1, keepdim=True))
            dV[:, :, j : j + block_k] += p.mT @ dOi
            dQ[:, :, i : i + block_q] += scale * (ds @ Kj)
            dK[:, :, j : j + block_k] += scale * (ds.mT @ Qi)
    return dQ, dK, dV


@wrong(
    "flash_attention_backward", caught_by="flash_attention_backward_masked_pairs", says="forbids"
)
def masks_after_the_exponential(Q, K, V, O, L, dO, scale, causal=False, block_q=16, block_k=16):
    T, S = Q.shape[2], K.shape[2]
    dQ, dK, dV = hbm_full(Q.shape, 0.0), hbm_full(K.shape, 0.0), hbm_full(V.shape, 0.0)
    for j in range(0, S, block_k):
        Kj, Vj = K[:, :, j : j + block_k], V[:, :, j : j + block_k]
        for i in range(0, T, block_q):
            Qi, dOi, Oi = (x[:, :, i : i + block_q] for x in (Q, dO, O))
            Li = L[:, :, i : i + block_q, None]
            s = scale * (Qi @ Kj.mT)
            if causal:
                query, key = torch.arange(i, i + s.shape[2]), torch.arange(j, j + s.shape[3])
                s = s.masked_fill(key > query[:, None] + S - T, 0.0)
            p = torch.exp(s - torch.where(Li == -inf, 0.0, Li))
            ds = p * (dOi @ Vj.mT - (dOi * Oi).sum(-1, keepdim=True))
            dV[:, :, j : j + block_k] += p.mT @ dOi
            dQ[:, :, i : i + block_q] += scale * (ds @ Kj)
            dK[:, :, j : j + block_k] += scale * (ds.mT @ Qi)
    return dQ, dK, dV


@wrong(
    "flash_attention_backward", caught_by="flash_attention_backward_fits_in_sram", says="overflows"
)
def keeps_the_whole_matrix(Q, K, V, O, L, dO, scale, causal=False, block_q=16, block_k=16):
    s = scale * (Q @ K.mT)
    T, S = s.shape[2:]
    if causal:
        s = s.masked_fill(torch.arange(S) > torch.arange(T)[:, None] + S - T, -inf)
    p = torch.exp(s - torch.where(L == -inf, 0.0, L)[..., None])
    ds = p * (dO @ V.mT - (dO * O).sum(-1, keepdim=True))
    return scale * (ds @ K), scale * (ds.mT @ Q), p.mT @ dO


@wrong(
    "flash_attention_backward", caught_by="flash_attention_backward_fits_in_sram", says="overflows"
)
def computes_delta_for_all_rows_at_once(
    Q, K, V, O, L, dO, scale, causal=False, block_q=16, block_k=16
):
    T, S = Q.shape[2], K.shape[2]
    dQ, dK, dV = hbm_full(Q.shape, 0.0), hbm_full(K.shape, 0.0), hbm_full(V.shape, 0.0)
    delta = (dO * O).sum(-1, keepdim=True)
    for j in range(0, S, block_k):
        Kj, Vj = K[:, :, j : j + block_k], V[:, :, j : j + block_k]
        for i in range(0, T, block_q):
            Qi, dOi, Di = (x[:, :, i : i + block_q] for x in (Q, dO, delta))
            Li = L[:, :, i : i + block_q, None]
            s = scale * (Qi @ Kj.mT)
            if causal:
                query, key = torch.arange(i, i + s.shape[2]), torch.arange(j, j + s.shape[3])
                s = s.masked_fill(key > query[:, None] + S - T, -inf)
            p = torch.exp(s - torch.where(Li == -inf, 0.0, Li))
            ds = p * (dOi @ Vj.mT - Di)
            dV[:, :, j : j + block_k] += p.mT @ dOi
            dQ[:, :, i : i + block_q] += scale * (ds @ Kj)
            dK[:, :, j : j + block_k] += scale * (ds.mT @ Qi)
    return dQ, dK, dV


@wrong(
    "flash_attention_backward", caught_by="flash_attention_backward_chain_rule", says="calls grad"
)
def asks_autograd(Q, K, V, O, L, dO, scale, causal=False, block_q=16, block_k=16):
    leaves = [x.clone().requires_grad_() for x in (Q, K, V)]
    out = torch.softmax(scale * (leaves[0] @ leaves[1].mT), dim=-1) @ leaves[2]
    return torch.autograd.grad(out, leaves, dO)


@wrong(
    "flash_attention_backward", caught_by="flash_attention_backward_adds_up_tiles", says="Expected"
)
def returns_zeros(Q, K, V, O, L, dO, scale, causal=False, block_q=16, block_k=16):
    return hbm_full(Q.shape, 0.0), hbm_full(K.shape, 0.0), hbm_full(V.shape, 0.0)


@right("flash_attention_backward")
def two_passes(Q, K, V, O, L, dO, scale, causal=False, block_q=16, block_k=16):
    T, S = Q.shape[2], K.shape[2]
    dQ, dK, dV = hbm_empty(*Q.shape), hbm_empty(*K.shape), hbm_empty(*V.shape)

    def tile(i, j):
        q, k = Q[:, :, i : i + block_q], K[:, :, j : j + block_k]
        g, rows = dO[:, :, i : i + block_q], L[:, :, i : i + block_q, None]
        s = (q @ k.transpose(2, 3)) * scale
        if causal:
            query, key = torch.arange(i, i + s.shape[2]), torch.arange(j, j + s.shape[3])
            s[..., key[None] > query[:, None] + S - T] = -inf
        p = (s - rows.clamp(min=-3e38)).exp()
        row = (g * O[:, :, i : i + block_q]).sum(-1, keepdim=True)
        return q, k, g, p, p * (g @ V[:, :, j : j + block_k].transpose(2, 3) - row) * scale

    for i in range(0, T, block_q):
        total = 0.0
        for j in range(0, S, block_k):
            _, k, _, _, ds = tile(i, j)
            total = total + ds @ k
        dQ[:, :, i : i + block_q] = total
    for j in range(0, S, block_k):
        keys = values = 0.0
        for i in range(0, T, block_q):
            q, _, g, p, ds = tile(i, j)
            keys, values = keys + ds.transpose(2, 3) @ q, values + p.transpose(2, 3) @ g
        dK[:, :, j : j + block_k], dV[:, :, j : j + block_k] = keys, values
    return dQ, dK, dV


@right("flash_attention_backward")
def queries_outside(Q, K, V, O, L, dO, scale, causal=False, block_q=16, block_k=16):
    T, S = Q.shape[2], K.shape[2]
    dQ = hbm_empty(*Q.shape)
    dK, dV = hbm_full(K.shape, 0.0), hbm_full(V.shape, 0.0)
    for i in range(0, T, block_q):
        rows = slice(i, i + block_q)
        q, g, lse = Q[:, :, rows], dO[:, :, rows], L[:, :, rows].unsqueeze(-1)
        delta = torch.einsum("bhtd,bhtd->bht", g, O[:, :, rows]).unsqueeze(-1)
        total = torch.zeros(q.shape)
        for j in range(0, S, block_k):
            columns = slice(j, j + block_k)
            k = K[:, :, columns]
            p = torch.exp(scale * (q @ k.mT) - lse).nan_to_num(0.0, posinf=0.0)
            if causal:
                query, key = torch.arange(i, i + p.shape[2]), torch.arange(j, j + p.shape[3])
                p = p * (key <= query[:, None] + S - T)
            ds = scale * p * (g @ V[:, :, columns].mT - delta)
            total += ds @ k
            dK[:, :, columns] += ds.mT @ q
            dV[:, :, columns] += p.mT @ g
        dQ[:, :, rows] = total
    return dQ, dK, dV
