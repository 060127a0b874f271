"""Answers to "Attention without the matrix": mistakes that people make, and other right ways.

As in the notebook, `torch`, `math`, `inf` and `hbm_empty` are there.
"""
# ruff: noqa: E741, F821

from autograder.answers import right, wrong

# attention_traffic --------------------------------------------------------------------------


@wrong("attention_traffic", caught_by="attention_traffic_matrix", says="four times")
def counts_the_matrix_twice(N, D, block_q, block_k, order):
    if order == "matrix":
        return 3 * N * D + N * N, N * N + N * D
    c, r = -(-N // block_k), -(-N // block_q)
    if order == "keys outside":
        return 2 * N * D + c * (2 * N * D + 2 * N), (1 + c) * (N * D + 2 * N)
    return N * D + r * 2 * N * D, N * D + N


@wrong("attention_traffic", caught_by="attention_traffic_matrix", says="Expected")
def gives_the_sum(N, D, block_q, block_k, order):
    c, r = -(-N // block_k), -(-N // block_q)
    if order == "matrix":
        return 4 * N * D + 4 * N * N
    if order == "keys outside":
        return 2 * N * D + c * (2 * N * D + 2 * N) + (1 + c) * (N * D + 2 * N)
    return N * D + r * 2 * N * D + N * D + N


@wrong("attention_traffic", caught_by="attention_traffic_matrix", says="numbers")
def counts_bytes(N, D, block_q, block_k, order):
    c, r = -(-N // block_k), -(-N // block_q)
    if order == "matrix":
        return 4 * (3 * N * D + 2 * N * N), 4 * (2 * N * N + N * D)
    if order == "keys outside":
        return 4 * (2 * N * D + c * (2 * N * D + 2 * N)), 4 * ((1 + c) * (N * D + 2 * N))
    return 4 * (N * D + r * 2 * N * D), 4 * (N * D + N)


@wrong("attention_traffic", caught_by="attention_traffic_keys_outside", says="first fill")
def forgets_the_fill(N, D, block_q, block_k, order):
    c, r = -(-N // block_k), -(-N // block_q)
    if order == "matrix":
        return 3 * N * D + 2 * N * N, 2 * N * N + N * D
    if order == "keys outside":
        return 2 * N * D + c * (2 * N * D + 2 * N), c * (N * D + 2 * N)
    return N * D + r * 2 * N * D, N * D + N


@wrong("attention_traffic", caught_by="attention_traffic_keys_outside", says="O, l and m")
def keeps_the_output_on_the_chip(N, D, block_q, block_k, order):
    c, r = -(-N // block_k), -(-N // block_q)
    if order == "matrix":
        return 3 * N * D + 2 * N * N, 2 * N * N + N * D
    if order == "keys outside":
        return 2 * N * D + c * N * D, N * D + 2 * N
    return N * D + r * 2 * N * D, N * D + N


@wrong("attention_traffic", caught_by="attention_traffic_queries_outside", says="only K and V")
def swaps_the_loops(N, D, block_q, block_k, order):
    c, r = -(-N // block_k), -(-N // block_q)
    if order == "matrix":
        return 3 * N * D + 2 * N * N, 2 * N * N + N * D
    if order == "queries outside":
        return 2 * N * D + c * (2 * N * D + 2 * N), (1 + c) * (N * D + 2 * N)
    return N * D + r * 2 * N * D, N * D + N


@wrong("attention_traffic", caught_by="attention_traffic_queries_outside", says="counts as a round")
def rounds_the_blocks_down(N, D, block_q, block_k, order):
    c, r = N // block_k, N // block_q
    if order == "matrix":
        return 3 * N * D + 2 * N * N, 2 * N * N + N * D
    if order == "keys outside":
        return 2 * N * D + c * (2 * N * D + 2 * N), (1 + c) * (N * D + 2 * N)
    return N * D + r * 2 * N * D, N * D + N


@wrong("attention_traffic", caught_by="attention_traffic_queries_outside", says="written once")
def forgets_the_logsumexp(N, D, block_q, block_k, order):
    c, r = -(-N // block_k), -(-N // block_q)
    if order == "matrix":
        return 3 * N * D + 2 * N * N, 2 * N * N + N * D
    if order == "keys outside":
        return 2 * N * D + c * (2 * N * D + 2 * N), (1 + c) * (N * D + 2 * N)
    return N * D + r * 2 * N * D, N * D


@wrong("attention_traffic", caught_by="attention_traffic_keys_outside", says="Expected")
def knows_the_examples(N, D, block_q, block_k, order):
    return {"matrix": (56, 40), "keys outside": (64, 48), "queries outside": (40, 12)}[order]


@right("attention_traffic")
def adds_block_by_block(N, D, block_q, block_k, order):
    def blocks(size):
        return [len(range(start, min(start + size, N))) for start in range(0, N, size)]

    if order == "matrix":
        return 2 * N * D + N * N + N * N + N * D, N * N + N * N + N * D
    if order == "keys outside":
        read = sum(
            2 * b * D + sum(2 * a * D + 2 * a for a in blocks(block_q)) for b in blocks(block_k)
        )
        return read, (N * D + 2 * N) * (1 + len(blocks(block_k)))
    read = sum(a * D + sum(2 * b * D for b in blocks(block_k)) for a in blocks(block_q))
    return read, sum(a * D + a for a in blocks(block_q))


@right("attention_traffic")
def with_named_sizes(N, D, block_q, block_k, order):
    vectors, matrix, numbers = N * D, N * N, N
    key_rounds, query_rounds = (N + block_k - 1) // block_k, (N + block_q - 1) // block_q
    state = vectors + 2 * numbers
    return {
        "matrix": (3 * vectors + 2 * matrix, 2 * matrix + vectors),
        "keys outside": (2 * vectors + key_rounds * (vectors + state), state * (key_rounds + 1)),
        "queries outside": (vectors * (1 + 2 * query_rounds), vectors + numbers),
    }[order]


# flash_attention ----------------------------------------------------------------------------


@wrong("flash_attention", caught_by="flash_attention_joins_tiles", says="multiplied by")
def does_not_rescale_the_accumulator(Q, K, V, scale, causal=False, block_q=16, block_k=16):
    (B, H, T, D), S = Q.shape, K.shape[2]
    O, L = hbm_empty(B, H, T, D), hbm_empty(B, H, T)
    for i in range(0, T, block_q):
        q = Q[:, :, i : i + block_q]
        n = q.shape[2]
        m, l, a = torch.full((B, H, n), -inf), torch.zeros(B, H, n), torch.zeros(B, H, n, D)
        for j in range(0, S, block_k):
            s = scale * (q @ K[:, :, j : j + block_k].mT)
            if causal:
                key = torch.arange(j, j + s.shape[3])
                s = s.masked_fill(key > torch.arange(i, i + n)[:, None] + S - T, -inf)
            new = torch.maximum(m, s.amax(-1))
            safe = new.clamp(min=-3e38)
            p = torch.exp(s - safe[..., None])
            l = l * torch.exp(m - safe) + p.sum(-1)
            a = a + p @ V[:, :, j : j + block_k]
            m = new
        O[:, :, i : i + block_q] = a / l.clamp(min=1e-30)[..., None]
        L[:, :, i : i + block_q] = m + torch.log(l)
    return O, L


@wrong("flash_attention", caught_by="flash_attention_joins_tiles", says="after the last tile")
def divides_in_every_tile(Q, K, V, scale, causal=False, block_q=16, block_k=16):
    (B, H, T, D), S = Q.shape, K.shape[2]
    O, L = hbm_empty(B, H, T, D), hbm_empty(B, H, T)
    for i in range(0, T, block_q):
        q = Q[:, :, i : i + block_q]
        n = q.shape[2]
        m, l, a = torch.full((B, H, n), -inf), torch.zeros(B, H, n), torch.zeros(B, H, n, D)
        for j in range(0, S, block_k):
            s = scale * (q @ K[:, :, j : j + block_k].mT)
            if causal:
                key = torch.arange(j, j + s.shape[3])
                s = s.masked_fill(key > torch.arange(i, i + n)[:, None] + S - T, -inf)
            new = torch.maximum(m, s.amax(-1))
            safe = new.clamp(min=-3e38)
            p, c = torch.exp(s - safe[..., None]), torch.exp(m - safe)
            l = l * c + p.sum(-1)
            a = (a * c[..., None] + p @ V[:, :, j : j + block_k]) / l.clamp(min=1e-30)[..., None]
            m = new
        O[:, :, i : i + block_q] = a
        L[:, :, i : i + block_q] = m + torch.log(l)
    return O, L


@wrong("flash_attention", caught_by="flash_attention_joins_tiles", says="scale goes in once")
def scales_twice(Q, K, V, scale, causal=False, block_q=16, block_k=16):
    (B, H, T, D), S = Q.shape, K.shape[2]
    O, L = hbm_empty(B, H, T, D), hbm_empty(B, H, T)
    for i in range(0, T, block_q):
        q = Q[:, :, i : i + block_q] * scale
        n = q.shape[2]
        m, l, a = torch.full((B, H, n), -inf), torch.zeros(B, H, n), torch.zeros(B, H, n, D)
        for j in range(0, S, block_k):
            s = scale * (q @ K[:, :, j : j + block_k].mT)
            if causal:
                key = torch.arange(j, j + s.shape[3])
                s = s.masked_fill(key > torch.arange(i, i + n)[:, None] + S - T, -inf)
            new = torch.maximum(m, s.amax(-1))
            safe = new.clamp(min=-3e38)
            p, c = torch.exp(s - safe[..., None]), torch.exp(m - safe)
            l, a, m = l * c + p.sum(-1), a * c[..., None] + p @ V[:, :, j : j + block_k], new
        O[:, :, i : i + block_q] = a / l.clamp(min=1e-30)[..., None]
        L[:, :, i : i + block_q] = m + torch.log(l)
    return O, L


@wrong(
    "flash_attention", caught_by="flash_attention_joins_tiles", says="does not depend on the blocks"
)
def takes_the_mean_of_the_tiles(Q, K, V, scale, causal=False, block_q=16, block_k=16):
    T, S = Q.shape[2], K.shape[2]
    s = scale * (Q @ K.mT)
    if causal:
        s = s.masked_fill(torch.arange(S) > torch.arange(T)[:, None] + S - T, -inf)
    tiles = []
    for j in range(0, S, block_k):
        tile = s[..., j : j + block_k]
        m = tile.amax(-1, keepdim=True)
        p = torch.exp(tile - torch.where(m == -inf, 0.0, m))
        tiles.append((p / p.sum(-1, keepdim=True).clamp(min=1e-30)) @ V[:, :, j : j + block_k])
    m = s.amax(-1)
    safe = torch.where(m == -inf, 0.0, m)
    return torch.stack(tiles).mean(0), safe + torch.exp(s - safe[..., None]).sum(-1).log()


@wrong("flash_attention", caught_by="flash_attention_any_range", says="begins at −∞")
def begins_the_maximum_at_0(Q, K, V, scale, causal=False, block_q=16, block_k=16):
    (B, H, T, D), S = Q.shape, K.shape[2]
    O, L = hbm_empty(B, H, T, D), hbm_empty(B, H, T)
    for i in range(0, T, block_q):
        q = Q[:, :, i : i + block_q]
        n = q.shape[2]
        m, l, a = torch.zeros(B, H, n), torch.zeros(B, H, n), torch.zeros(B, H, n, D)
        for j in range(0, S, block_k):
            s = scale * (q @ K[:, :, j : j + block_k].mT)
            if causal:
                key = torch.arange(j, j + s.shape[3])
                s = s.masked_fill(key > torch.arange(i, i + n)[:, None] + S - T, -inf)
            new = torch.maximum(m, s.amax(-1))
            p, c = torch.exp(s - new[..., None]), torch.exp(m - new)
            l, a, m = l * c + p.sum(-1), a * c[..., None] + p @ V[:, :, j : j + block_k], new
        O[:, :, i : i + block_q] = a / torch.where(l == 0, 1.0, l)[..., None]
        L[:, :, i : i + block_q] = m + torch.log(l)
    return O, L


@wrong("flash_attention", caught_by="flash_attention_any_range", says="overflow")
def has_no_maximum(Q, K, V, scale, causal=False, block_q=16, block_k=16):
    (B, H, T, D), S = Q.shape, K.shape[2]
    O, L = hbm_empty(B, H, T, D), hbm_empty(B, H, T)
    for i in range(0, T, block_q):
        q = Q[:, :, i : i + block_q]
        n = q.shape[2]
        l, a = torch.zeros(B, H, n), torch.zeros(B, H, n, D)
        for j in range(0, S, block_k):
            s = scale * (q @ K[:, :, j : j + block_k].mT)
            if causal:
                key = torch.arange(j, j + s.shape[3])
                s = s.masked_fill(key > torch.arange(i, i + n)[:, None] + S - T, -inf)
            p = torch.exp(s)
            l, a = l + p.sum(-1), a + p @ V[:, :, j : j + block_k]
        O[:, :, i : i + block_q] = a / torch.where(l == 0, 1.0, l)[..., None]
        L[:, :, i : i + block_q] = torch.log(l)
    return O, L


@wrong("flash_attention", caught_by="flash_attention_causal", says="i + S − T")
def aligns_the_first_query_with_the_first_key(Q, K, V, scale, causal=False, block_q=16, block_k=16):
    (B, H, T, D), S = Q.shape, K.shape[2]
    O, L = hbm_empty(B, H, T, D), hbm_empty(B, H, T)
    for i in range(0, T, block_q):
        q = Q[:, :, i : i + block_q]
        n = q.shape[2]
        m, l, a = torch.full((B, H, n), -inf), torch.zeros(B, H, n), torch.zeros(B, H, n, D)
        for j in range(0, S, block_k):
            s = scale * (q @ K[:, :, j : j + block_k].mT)
            if causal:
                key = torch.arange(j, j + s.shape[3])
                s = s.masked_fill(key > torch.arange(i, i + n)[:, None], -inf)
            new = torch.maximum(m, s.amax(-1))
            safe = new.clamp(min=-3e38)
            p, c = torch.exp(s - safe[..., None]), torch.exp(m - safe)
            l, a, m = l * c + p.sum(-1), a * c[..., None] + p @ V[:, :, j : j + block_k], new
        O[:, :, i : i + block_q] = a / l.clamp(min=1e-30)[..., None]
        L[:, :, i : i + block_q] = m + torch.log(l)
    return O, L


@wrong("flash_attention", caught_by="flash_attention_causal", says="not within the tile")
def numbers_keys_within_the_tile(Q, K, V, scale, causal=False, block_q=16, block_k=16):
    (B, H, T, D), S = Q.shape, K.shape[2]
    O, L = hbm_empty(B, H, T, D), hbm_empty(B, H, T)
    for i in range(0, T, block_q):
        q = Q[:, :, i : i + block_q]
        n = q.shape[2]
        m, l, a = torch.full((B, H, n), -inf), torch.zeros(B, H, n), torch.zeros(B, H, n, D)
        for j in range(0, S, block_k):
            s = scale * (q @ K[:, :, j : j + block_k].mT)
            if causal:
                key = torch.arange(s.shape[3])
                s = s.masked_fill(key > torch.arange(n)[:, None] + S - T, -inf)
            new = torch.maximum(m, s.amax(-1))
            safe = new.clamp(min=-3e38)
            p, c = torch.exp(s - safe[..., None]), torch.exp(m - safe)
            l, a, m = l * c + p.sum(-1), a * c[..., None] + p @ V[:, :, j : j + block_k], new
        O[:, :, i : i + block_q] = a / l.clamp(min=1e-30)[..., None]
        L[:, :, i : i + block_q] = m + torch.log(l)
    return O, L


@wrong("flash_attention", caught_by="flash_attention_causal", says="never NaN")
def gives_nan_where_nothing_is_seen(Q, K, V, scale, causal=False, block_q=16, block_k=16):
    (B, H, T, D), S = Q.shape, K.shape[2]
    O, L = hbm_empty(B, H, T, D), hbm_empty(B, H, T)
    for i in range(0, T, block_q):
        q = Q[:, :, i : i + block_q]
        n = q.shape[2]
        m, l, a = torch.full((B, H, n), -inf), torch.zeros(B, H, n), torch.zeros(B, H, n, D)
        for j in range(0, S, block_k):
            s = scale * (q @ K[:, :, j : j + block_k].mT)
            if causal:
                key = torch.arange(j, j + s.shape[3])
                s = s.masked_fill(key > torch.arange(i, i + n)[:, None] + S - T, -inf)
            new = torch.maximum(m, s.amax(-1))
            p, c = torch.exp(s - new[..., None]), torch.exp(m - new)
            l, a, m = l * c + p.sum(-1), a * c[..., None] + p @ V[:, :, j : j + block_k], new
        O[:, :, i : i + block_q] = a / l[..., None]
        L[:, :, i : i + block_q] = m + torch.log(l)
    return O, L


@wrong("flash_attention", caught_by="flash_attention_causal", says="sees every key")
def never_masks(Q, K, V, scale, causal=False, block_q=16, block_k=16):
    (B, H, T, D), S = Q.shape, K.shape[2]
    O, L = hbm_empty(B, H, T, D), hbm_empty(B, H, T)
    for i in range(0, T, block_q):
        q = Q[:, :, i : i + block_q]
        n = q.shape[2]
        m, l, a = torch.full((B, H, n), -inf), torch.zeros(B, H, n), torch.zeros(B, H, n, D)
        for j in range(0, S, block_k):
            s = scale * (q @ K[:, :, j : j + block_k].mT)
            new = torch.maximum(m, s.amax(-1))
            p, c = torch.exp(s - new[..., None]), torch.exp(m - new)
            l, a, m = l * c + p.sum(-1), a * c[..., None] + p @ V[:, :, j : j + block_k], new
        O[:, :, i : i + block_q] = a / l[..., None]
        L[:, :, i : i + block_q] = m + torch.log(l)
    return O, L


@wrong("flash_attention", caught_by="flash_attention_fits_in_sram", says="The SRAM overflows")
def forms_the_whole_matrix(Q, K, V, scale, causal=False, block_q=16, block_k=16):
    T, S = Q.shape[2], K.shape[2]
    s = scale * (Q @ K.mT)
    if causal:
        s = s.masked_fill(torch.arange(S) > torch.arange(T)[:, None] + S - T, -inf)
    m = s.amax(-1)
    safe = torch.where(m == -inf, 0.0, m)
    p = torch.exp(s - safe[..., None])
    l = p.sum(-1)
    return p @ V / torch.where(l == 0, 1.0, l)[..., None], m + torch.log(l)


@wrong("flash_attention", caught_by="flash_attention_fits_in_sram", says="The SRAM overflows")
def tiles_the_queries_only(Q, K, V, scale, causal=False, block_q=16, block_k=16):
    (B, H, T, D), S = Q.shape, K.shape[2]
    O, L = hbm_empty(B, H, T, D), hbm_empty(B, H, T)
    for i in range(0, T, block_q):
        s = scale * (Q[:, :, i : i + block_q] @ K.mT)
        if causal:
            query = torch.arange(i, i + s.shape[2])[:, None]
            s = s.masked_fill(torch.arange(S) > query + S - T, -inf)
        m = s.amax(-1)
        safe = torch.where(m == -inf, 0.0, m)
        p = torch.exp(s - safe[..., None])
        l = p.sum(-1)
        O[:, :, i : i + block_q] = p @ V / torch.where(l == 0, 1.0, l)[..., None]
        L[:, :, i : i + block_q] = m + torch.log(l)
    return O, L


@wrong("flash_attention", caught_by="flash_attention_fits_in_sram", says="block by block")
def collects_the_blocks_on_the_chip(Q, K, V, scale, causal=False, block_q=16, block_k=16):
    (B, H, T, D), S = Q.shape, K.shape[2]
    outputs, sums = [], []
    for i in range(0, T, block_q):
        q = Q[:, :, i : i + block_q]
        n = q.shape[2]
        m, l, a = torch.full((B, H, n), -inf), torch.zeros(B, H, n), torch.zeros(B, H, n, D)
        for j in range(0, S, block_k):
            s = scale * (q @ K[:, :, j : j + block_k].mT)
            if causal:
                key = torch.arange(j, j + s.shape[3])
                s = s.masked_fill(key > torch.arange(i, i + n)[:, None] + S - T, -inf)
            new = torch.maximum(m, s.amax(-1))
            safe = new.clamp(min=-3e38)
            p, c = torch.exp(s - safe[..., None]), torch.exp(m - safe)
            l, a, m = l * c + p.sum(-1), a * c[..., None] + p @ V[:, :, j : j + block_k], new
        outputs.append(a / l.clamp(min=1e-30)[..., None])
        sums.append(m + torch.log(l))
    return torch.cat(outputs, dim=2), torch.cat(sums, dim=2)


@wrong(
    "flash_attention", caught_by="flash_attention_joins_tiles", says="scaled_dot_product_attention"
)
def calls_the_library(Q, K, V, scale, causal=False, block_q=16, block_k=16):
    O = torch.nn.functional.scaled_dot_product_attention(Q, K, V, scale=scale)
    return O, (scale * (Q @ K.mT)).exp().sum(-1).log()


@wrong("flash_attention", caught_by="flash_attention_causal", says="calls plain_attention")
def calls_the_reference(Q, K, V, scale, causal=False, block_q=16, block_k=16):
    from course.attention import causal_mask, plain_attention

    mask = causal_mask(Q.shape[2], K.shape[2]) if causal else None
    return plain_attention(Q, K, V, scale, mask)


@right("flash_attention")
def keys_outside_as_in_2022(Q, K, V, scale, causal=False, block_q=16, block_k=16):
    (B, H, T, D), S = Q.shape, K.shape[2]
    O, l, m = hbm_empty(B, H, T, D), hbm_empty(B, H, T), hbm_empty(B, H, T)
    O[:], l[:], m[:] = 0.0, 0.0, -inf
    for j in range(0, S, block_k):
        Kj, Vj = K[:, :, j : j + block_k], V[:, :, j : j + block_k]
        for i in range(0, T, block_q):
            here = (slice(None), slice(None), slice(i, min(i + block_q, T)))
            s = scale * (Q[here] @ Kj.mT)
            if causal:
                key, query = torch.arange(j, j + s.shape[3]), torch.arange(i, i + s.shape[2])
                s = s.masked_fill(key > query[:, None] + S - T, -inf)
            new = torch.maximum(m[here], s.amax(-1))
            safe = torch.where(new == -inf, 0.0, new)
            p = torch.exp(s - safe[..., None])
            old = l[here] * torch.exp(m[here] - safe)
            total = old + p.sum(-1)
            part = torch.where(total == 0, 1.0, total)[..., None]
            O[here] = (old[..., None] * O[here] + p @ Vj) / part
            l[here], m[here] = total, new
    for i in range(0, T, block_q):
        m[:, :, i : i + block_q] += torch.log(l[:, :, i : i + block_q])
    return O, m


@right("flash_attention")
def one_head_at_a_time(Q, K, V, scale, causal=False, block_q=16, block_k=16):
    (B, H, T, D), S = Q.shape, K.shape[2]
    O, L = hbm_empty(B, H, T, D), hbm_empty(B, H, T)

    def tile(q, k, i, j):
        s = torch.einsum("td,sd->ts", q, k) * scale
        for row in range(len(q) if causal else 0):
            visible = i + row + S - T - j + 1
            s[row, max(visible, 0) :] = -inf
        return s

    for b in range(B):
        for h in range(H):
            for i in range(0, T, block_q):
                q = Q[b, h, i : i + block_q]
                m, l, o = torch.full((len(q),), -inf), torch.zeros(len(q)), torch.zeros(len(q), D)
                for j in range(0, S, block_k):
                    s = tile(q, K[b, h, j : j + block_k], i, j)
                    new = torch.cat([m[:, None], s], dim=1).amax(dim=1)
                    safe = new.clamp(min=-3e38)
                    p, c = torch.exp(s - safe[:, None]), torch.exp(m - safe)
                    l, o, m = c * l + p.sum(1), c[:, None] * o + p @ V[b, h, j : j + block_k], new
                O[b, h, i : i + block_q] = o / torch.where(l > 0, l, 1.0)[:, None]
                L[b, h, i : i + block_q] = m + torch.log(l)
    return O, L


@right("flash_attention")
def skips_tiles_that_are_masked(Q, K, V, scale, causal=False, block_q=16, block_k=16):
    (B, H, T, D), S = Q.shape, K.shape[2]
    O, L = hbm_empty(B, H, T, D), hbm_empty(B, H, T)
    for i in range(0, T, block_q):
        q = Q[:, :, i : i + block_q]
        n = q.shape[2]
        state = torch.full((B, H, n, 1), -inf), torch.zeros(B, H, n, 1), torch.zeros(B, H, n, D)
        end = min(S, max(0, i + n + S - T)) if causal else S
        for j in range(0, end, block_k):
            m, l, a = state
            s = q @ K[:, :, j : j + block_k].transpose(2, 3) * scale
            if causal:
                query, key = torch.arange(i, i + n), torch.arange(j, j + s.shape[-1])
                s += torch.where(key[None] <= query[:, None] + S - T, 0.0, -inf)
            new = torch.maximum(m, s.max(-1, keepdim=True).values)
            safe = new.masked_fill(new == -inf, 0.0)
            c, p = (m - safe).exp(), (s - safe).exp()
            state = new, c * l + p.sum(-1, keepdim=True), c * a + p @ V[:, :, j : j + block_k]
        m, l, a = state
        O[:, :, i : i + n] = (a / l).nan_to_num(0.0)
        L[:, :, i : i + n] = (m + l.log())[..., 0]
    return O, L
