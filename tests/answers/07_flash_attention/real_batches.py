"""Answers to the exercises of "Real batches": mistakes that people make, and other right ways.

As in the notebook, `torch`, `math` and `inf` are there.
"""
# ruff: noqa: E741, F821, RUF007, C408

from autograder.answers import right, wrong

# causal_blocks ------------------------------------------------------------------------------


@wrong("causal_blocks", caught_by="causal_blocks_skips", says="skip it")
def keeps_every_tile(T, S, block_q, block_k):
    tiles = []
    for r in range(-(-T // block_q)):
        for c in range(-(-S // block_k)):
            high = min((c + 1) * block_k, S) - 1
            tiles.append((r, c, high > r * block_q + S - T))
    return tiles


@wrong("causal_blocks", caught_by="causal_blocks_skips", says="even one visible pair")
def skips_by_the_first_query(T, S, block_q, block_k):
    tiles = []
    for r in range(-(-T // block_q)):
        for c in range(-(-S // block_k)):
            high = min((c + 1) * block_k, S) - 1
            if c * block_k <= r * block_q + S - T:
                tiles.append((r, c, high > r * block_q + S - T))
    return tiles


@wrong("causal_blocks", caught_by="causal_blocks_skips", says="Expected")
def compares_the_numbers_of_the_tiles(T, S, block_q, block_k):
    rows, columns = -(-T // block_q), -(-S // block_k)
    return [(r, c, r == c) for r in range(rows) for c in range(columns) if c <= r]


@wrong("causal_blocks", caught_by="causal_blocks_ragged_ends", says="does not exist")
def does_not_cut_off(T, S, block_q, block_k):
    tiles = []
    for r in range(-(-T // block_q)):
        for c in range(-(-S // block_k)):
            if c * block_k <= (r + 1) * block_q - 1 + S - T:
                tiles.append((r, c, (c + 1) * block_k - 1 > r * block_q + S - T))
    return tiles


@wrong("causal_blocks", caught_by="causal_blocks_ragged_ends", says="may be smaller")
def drops_the_last_tiles(T, S, block_q, block_k):
    tiles = []
    for r in range(max(T // block_q, 1)):
        first, last = r * block_q, min((r + 1) * block_q, T) - 1
        for c in range(max(S // block_k, 1)):
            if c * block_k <= last + S - T:
                tiles.append((r, c, min((c + 1) * block_k, S) - 1 > first + S - T))
    return tiles


@wrong("causal_blocks", caught_by="causal_blocks_lengths_differ", says="i + S − T")
def aligns_the_beginnings(T, S, block_q, block_k):
    tiles = []
    for r in range(-(-T // block_q)):
        first, last = r * block_q, min((r + 1) * block_q, T) - 1
        for c in range(-(-S // block_k)):
            if c * block_k <= last:
                tiles.append((r, c, min((c + 1) * block_k, S) - 1 > first))
    return tiles


@wrong("causal_blocks", caught_by="causal_blocks_lengths_differ", says="Expected")
def shifts_the_wrong_way(T, S, block_q, block_k):
    tiles = []
    for r in range(-(-T // block_q)):
        first, last = r * block_q, min((r + 1) * block_q, T) - 1
        for c in range(-(-S // block_k)):
            if c * block_k <= last + T - S:
                tiles.append((r, c, min((c + 1) * block_k, S) - 1 > first + T - S))
    return tiles


@wrong("causal_blocks", caught_by="causal_blocks_skips", says="Expected")
def always_gives_three_tiles(T, S, block_q, block_k):
    return [(0, 0, True), (1, 0, False), (1, 1, True)]


@right("causal_blocks")
def looks_at_every_pair(T, S, block_q, block_k):
    seen = torch.arange(S) <= torch.arange(T)[:, None] + S - T
    found = []
    for r in range(0, T, block_q):
        for c in range(0, S, block_k):
            tile = seen[r : r + block_q, c : c + block_k]
            if bool(tile.any()):
                found.append((r // block_q, c // block_k, not bool(tile.all())))
    return found


@right("causal_blocks")
def counts_the_visible_keys(T, S, block_q, block_k):
    found = []
    for r in range(0, T, block_q):
        fewest = max(r + 1 + S - T, 0)
        most = max(min(r + block_q, T) + S - T, 0)
        for c in range(0, most, block_k):
            found.append((r // block_q, c // block_k, min(c + block_k, S) > fewest))
    return found


# pack_sequences -----------------------------------------------------------------------------


@wrong("pack_sequences", caught_by="pack_sequences_cu_seqlens", says="begins with 0")
def gives_lengths_for_borders(sequences):
    lengths = torch.tensor([len(one) for one in sequences], dtype=torch.int32)
    targets = [torch.cat([one[1:], one[:1] * 0 - 100]) for one in sequences]
    positions = torch.cat([torch.arange(len(one)) for one in sequences])
    tokens = torch.cat(sequences)
    return dict(
        tokens=tokens, cu_seqlens=lengths, position_ids=positions, targets=torch.cat(targets)
    )


@wrong("pack_sequences", caught_by="pack_sequences_cu_seqlens", says="one entry more")
def leaves_out_the_zero(sequences):
    lengths = torch.tensor([len(one) for one in sequences]).cumsum(0).int()
    targets = [torch.cat([one[1:], one[:1] * 0 - 100]) for one in sequences]
    positions = torch.cat([torch.arange(len(one)) for one in sequences])
    tokens = torch.cat(sequences)
    return dict(
        tokens=tokens, cu_seqlens=lengths, position_ids=positions, targets=torch.cat(targets)
    )


@wrong("pack_sequences", caught_by="pack_sequences_cu_seqlens", says="int32")
def keeps_int64(sequences):
    lengths = torch.tensor([0, *(len(one) for one in sequences)]).cumsum(0)
    targets = [torch.cat([one[1:], one[:1] * 0 - 100]) for one in sequences]
    positions = torch.cat([torch.arange(len(one)) for one in sequences])
    tokens = torch.cat(sequences)
    return dict(
        tokens=tokens, cu_seqlens=lengths, position_ids=positions, targets=torch.cat(targets)
    )


@wrong("pack_sequences", caught_by="pack_sequences_positions_restart", says="from 0")
def lets_the_positions_run_on(sequences):
    lengths = torch.tensor([0, *(len(one) for one in sequences)]).cumsum(0).int()
    targets = [torch.cat([one[1:], one[:1] * 0 - 100]) for one in sequences]
    tokens = torch.cat(sequences)
    positions = torch.arange(len(tokens))
    return dict(
        tokens=tokens, cu_seqlens=lengths, position_ids=positions, targets=torch.cat(targets)
    )


@wrong("pack_sequences", caught_by="pack_sequences_positions_restart", says="Expected")
def counts_positions_from_one(sequences):
    lengths = torch.tensor([0, *(len(one) for one in sequences)]).cumsum(0).int()
    targets = [torch.cat([one[1:], one[:1] * 0 - 100]) for one in sequences]
    positions = torch.cat([torch.arange(len(one)) + 1 for one in sequences])
    tokens = torch.cat(sequences)
    return dict(
        tokens=tokens, cu_seqlens=lengths, position_ids=positions, targets=torch.cat(targets)
    )


@wrong("pack_sequences", caught_by="pack_sequences_targets_stay_inside", says="next one")
def predicts_across_documents(sequences):
    lengths = torch.tensor([0, *(len(one) for one in sequences)]).cumsum(0).int()
    tokens = torch.cat(sequences)
    positions = torch.cat([torch.arange(len(one)) for one in sequences])
    targets = torch.cat([tokens[1:], torch.tensor([-100])])
    return dict(tokens=tokens, cu_seqlens=lengths, position_ids=positions, targets=targets)


@wrong("pack_sequences", caught_by="pack_sequences_targets_stay_inside", says="−100")
def pads_targets_with_zero(sequences):
    lengths = torch.tensor([0, *(len(one) for one in sequences)]).cumsum(0).int()
    targets = torch.cat([torch.cat([one[1:], one[:1] * 0]) for one in sequences])
    positions = torch.cat([torch.arange(len(one)) for one in sequences])
    tokens = torch.cat(sequences)
    return dict(tokens=tokens, cu_seqlens=lengths, position_ids=positions, targets=targets)


@wrong("pack_sequences", caught_by="pack_sequences_targets_stay_inside", says="empty sequence")
def gives_an_empty_sequence_a_target(sequences):
    lengths = torch.tensor([0, *(len(one) for one in sequences)]).cumsum(0).int()
    targets = torch.cat([torch.cat([one[1:], torch.tensor([-100])]) for one in sequences])
    positions = torch.cat([torch.arange(len(one)) for one in sequences])
    tokens = torch.cat(sequences)
    return dict(tokens=tokens, cu_seqlens=lengths, position_ids=positions, targets=targets)


@wrong("pack_sequences", caught_by="pack_sequences_cu_seqlens", says="Expected")
def gives_the_example(sequences):
    return {
        "tokens": torch.tensor([7, 8, 9, 5, 6]),
        "cu_seqlens": torch.tensor([0, 3, 5], dtype=torch.int32),
        "position_ids": torch.tensor([0, 1, 2, 0, 1]),
        "targets": torch.tensor([8, 9, -100, 6, -100]),
    }


@right("pack_sequences")
def from_the_borders(sequences):
    tokens = torch.cat(sequences)
    lengths = torch.tensor([one.numel() for one in sequences])
    borders = torch.nn.functional.pad(lengths.cumsum(0), (1, 0))
    starts = torch.repeat_interleave(borders[:-1], lengths)
    targets = torch.cat([tokens, tokens.new_zeros(1)])[1:].clone()
    targets[borders[1:][lengths > 0] - 1] = -100
    return {
        "tokens": tokens,
        "cu_seqlens": borders.to(torch.int32),
        "position_ids": torch.arange(len(tokens)) - starts,
        "targets": targets,
    }


@right("pack_sequences")
def with_lists(sequences):
    tokens, borders, positions, targets = [], [0], [], []
    for one in sequences:
        row = one.tolist()
        tokens += row
        positions += range(len(row))
        targets += [*row[1:], -100][: len(row)]
        borders.append(borders[-1] + len(row))
    return {
        "tokens": torch.tensor(tokens, dtype=torch.long),
        "cu_seqlens": torch.tensor(borders, dtype=torch.int),
        "position_ids": torch.tensor(positions, dtype=torch.long),
        "targets": torch.tensor(targets, dtype=torch.long),
    }


# varlen_attention ---------------------------------------------------------------------------


@wrong("varlen_attention", caught_by="varlen_attention_keeps_documents_apart", says="its own")
def attends_across_documents(Q, K, V, cu_seqlens, scale, causal=False):
    q, k, v = (x.transpose(0, 1) for x in (Q, K, V))
    s = scale * (q @ k.mT)
    if causal:
        s = s.masked_fill(torch.ones(s.shape[-2:], dtype=torch.bool).triu(1), -inf)
    return (torch.softmax(s, dim=-1) @ v).transpose(0, 1)


@wrong(
    "varlen_attention", caught_by="varlen_attention_keeps_documents_apart", says="piece by piece"
)
def takes_borders_for_lengths(Q, K, V, cu_seqlens, scale, causal=False):
    O, start = torch.zeros_like(Q), 0
    for length in cu_seqlens.tolist():
        q, k, v = (x[start : start + length].transpose(0, 1) for x in (Q, K, V))
        s = scale * (q @ k.mT)
        if causal:
            s = s.masked_fill(torch.ones(s.shape[-2:], dtype=torch.bool).triu(1), -inf)
        O[start : start + length] = (torch.softmax(s, dim=-1) @ v).transpose(0, 1)
        start += length
    return O


@wrong("varlen_attention", caught_by="varlen_attention_keeps_documents_apart", says="Expected")
def forgets_the_last_piece(Q, K, V, cu_seqlens, scale, causal=False):
    O, bounds = torch.zeros_like(Q), cu_seqlens.tolist()[:-1]
    for start, end in zip(bounds, bounds[1:], strict=False):
        q, k, v = (x[start:end].transpose(0, 1) for x in (Q, K, V))
        s = scale * (q @ k.mT)
        if causal:
            s = s.masked_fill(torch.ones(s.shape[-2:], dtype=torch.bool).triu(1), -inf)
        O[start:end] = (torch.softmax(s, dim=-1) @ v).transpose(0, 1)
    return O


@wrong("varlen_attention", caught_by="varlen_attention_keeps_documents_apart", says="Expected")
def attends_over_the_heads(Q, K, V, cu_seqlens, scale, causal=False):
    O, bounds = torch.zeros_like(Q), cu_seqlens.tolist()
    for start, end in zip(bounds, bounds[1:], strict=False):
        q, k, v = (x[start:end] for x in (Q, K, V))
        O[start:end] = torch.softmax(scale * (q @ k.mT), dim=-1) @ v
    return O


@wrong("varlen_attention", caught_by="varlen_attention_causal", says="itself")
def hides_the_token_itself(Q, K, V, cu_seqlens, scale, causal=False):
    O, bounds = torch.zeros_like(Q), cu_seqlens.tolist()
    for start, end in zip(bounds, bounds[1:], strict=False):
        q, k, v = (x[start:end].transpose(0, 1) for x in (Q, K, V))
        s = scale * (q @ k.mT)
        if causal:
            s = s.masked_fill(torch.ones(s.shape[-2:], dtype=torch.bool).triu(0), -inf)
        O[start:end] = (torch.softmax(s, dim=-1).nan_to_num(0.0) @ v).transpose(0, 1)
    return O


@wrong("varlen_attention", caught_by="varlen_attention_causal", says="before it")
def ignores_causal(Q, K, V, cu_seqlens, scale, causal=False):
    O, bounds = torch.zeros_like(Q), cu_seqlens.tolist()
    for start, end in zip(bounds, bounds[1:], strict=False):
        q, k, v = (x[start:end].transpose(0, 1) for x in (Q, K, V))
        O[start:end] = (torch.softmax(scale * (q @ k.mT), dim=-1) @ v).transpose(0, 1)
    return O


@wrong("varlen_attention", caught_by="varlen_attention_no_square_of_the_total", says="thrown away")
def masks_the_whole_strip(Q, K, V, cu_seqlens, scale, causal=False):
    total = len(Q)
    document = torch.searchsorted(cu_seqlens, torch.arange(total), right=True)
    allowed = document[:, None] == document[None]
    if causal:
        allowed = allowed.tril()
    q, k, v = (x.transpose(0, 1) for x in (Q, K, V))
    s = (scale * (q @ k.mT)).masked_fill(~allowed, -inf)
    return (torch.softmax(s, dim=-1) @ v).transpose(0, 1)


@wrong(
    "varlen_attention", caught_by="varlen_attention_keeps_documents_apart", says="calls scaled_dot"
)
def lets_the_library_attend(Q, K, V, cu_seqlens, scale, causal=False):
    attend = torch.nn.functional.scaled_dot_product_attention
    O, bounds = torch.zeros_like(Q), cu_seqlens.tolist()
    for start, end in zip(bounds, bounds[1:], strict=False):
        q, k, v = (x[start:end].transpose(0, 1)[None] for x in (Q, K, V))
        O[start:end] = attend(q, k, v, is_causal=causal, scale=scale)[0].transpose(0, 1)
    return O


@right("varlen_attention")
def splits_and_concatenates(Q, K, V, cu_seqlens, scale, causal=False):
    lengths = cu_seqlens.diff().tolist()
    pieces = []
    for q, k, v in zip(*(x.split(lengths) for x in (Q, K, V)), strict=True):
        s = torch.einsum("thd,shd->hts", q, k) * scale
        if causal:
            s = s + torch.full(s.shape[1:], -inf).triu(1)
        pieces.append(torch.einsum("hts,shd->thd", torch.softmax(s, -1), v))
    return torch.cat(pieces)


@right("varlen_attention")
def head_by_head(Q, K, V, cu_seqlens, scale, causal=False):
    O = torch.zeros(Q.shape)
    for n in range(len(cu_seqlens) - 1):
        here = slice(int(cu_seqlens[n]), int(cu_seqlens[n + 1]))
        for h in range(Q.shape[1]):
            s = Q[here, h] @ K[here, h].T * scale
            if causal:
                place = torch.arange(len(s))
                s[place[None] > place[:, None]] = -inf
            O[here, h] = s.softmax(dim=1) @ V[here, h]
    return O


# gqa_attention ------------------------------------------------------------------------------


@wrong("gqa_attention", caught_by="gqa_attention_groups_in_order", says="h // (H/G)")
def deals_the_heads_out(Q, K, V, scale):
    G = K.shape[1]
    heads = []
    for h in range(Q.shape[1]):
        weights = torch.softmax(scale * (Q[:, h] @ K[:, h % G].mT), dim=-1)
        heads.append(weights @ V[:, h % G])
    return torch.stack(heads, dim=1)


@wrong("gqa_attention", caught_by="gqa_attention_groups_in_order", says="Neighbouring")
def groups_in_the_wrong_axis(Q, K, V, scale):
    (B, H, T, D), G = Q.shape, K.shape[1]
    q = Q.reshape(B, H // G, G, T, D).transpose(1, 2).reshape(B, G, -1, D)
    out = torch.softmax(scale * (q @ K.mT), dim=-1) @ V
    return out.reshape(B, G, H // G, T, D).transpose(1, 2).reshape(B, H, T, D)


@wrong("gqa_attention", caught_by="gqa_attention_groups_in_order", says="uses head")
def takes_the_first_head_of_keys(Q, K, V, scale):
    k, v = K[:, 0], V[:, 0]
    heads = [torch.softmax(scale * (q @ k.mT), dim=-1) @ v for q in Q.unbind(1)]
    return torch.stack(heads, dim=1)


@wrong("gqa_attention", caught_by="gqa_attention_one_or_all", says="any number of sequences")
def works_for_one_sequence(Q, K, V, scale):
    (B, H, T, D), G = Q.shape, K.shape[1]
    q = Q[:1].reshape(1, G, H // G * T, D)
    out = torch.softmax(scale * (q @ K[:1].mT), dim=-1) @ V[:1]
    return out.reshape(1, H, T, D).expand(B, H, T, D).clone()


@wrong("gqa_attention", caught_by="gqa_attention_one_or_all", says="any number of sequences")
def mixes_queries_and_heads(Q, K, V, scale):
    (B, H, T, D), G = Q.shape, K.shape[1]
    q = Q.transpose(1, 2).reshape(B, G, H // G * T, D)
    out = torch.softmax(scale * (q @ K.mT), dim=-1) @ V
    return out.reshape(B, T, H, D).transpose(1, 2)


@wrong("gqa_attention", caught_by="gqa_attention_copies_no_keys", says="repeat_interleave")
def repeats_the_keys(Q, K, V, scale):
    share = Q.shape[1] // K.shape[1]
    k, v = K.repeat_interleave(share, dim=1), V.repeat_interleave(share, dim=1)
    return torch.softmax(scale * (Q @ k.mT), dim=-1) @ v


@wrong("gqa_attention", caught_by="gqa_attention_copies_no_keys", says="stretched product")
def stretches_the_keys(Q, K, V, scale):
    (B, H, T, D), G = Q.shape, K.shape[1]
    q = Q.view(B, G, H // G, T, D)
    weights = torch.softmax(scale * (q @ K[:, :, None].mT), dim=-1)
    return (weights @ V[:, :, None]).view(B, H, T, D)


@wrong("gqa_attention", caught_by="gqa_attention_groups_in_order", says="calls scaled_dot")
def lets_sdpa_share(Q, K, V, scale):
    from torch.nn.functional import scaled_dot_product_attention

    return scaled_dot_product_attention(Q, K, V, scale=scale, enable_gqa=True)


@right("gqa_attention")
def loops_over_the_heads(Q, K, V, scale):
    share = Q.shape[1] // K.shape[1]
    heads = []
    for h in range(Q.shape[1]):
        k, v = K[:, h // share], V[:, h // share]
        heads.append(torch.softmax(scale * (Q[:, h] @ k.mT), dim=-1) @ v)
    return torch.stack(heads, dim=1)


@right("gqa_attention")
def loops_over_the_groups(Q, K, V, scale):
    O, share = torch.empty_like(Q), Q.shape[1] // K.shape[1]
    for b in range(len(Q)):
        for g in range(K.shape[1]):
            heads = slice(g * share, (g + 1) * share)
            q = Q[b, heads].flatten(0, 1)
            O[b, heads] = ((q @ K[b, g].T * scale).softmax(-1) @ V[b, g]).view(O[b, heads].shape)
    return O


# split_k_decode -----------------------------------------------------------------------------


@wrong("split_k_decode", caught_by="split_k_decode_weighs_the_parts", says="plain mean")
def takes_the_mean_of_the_workers(q, K, V, lengths, scale, splits):
    S = K.shape[2]
    c = -(-S // splits)
    s = scale * torch.einsum("bhd,bhsd->bhs", q, K)
    s = s.masked_fill(torch.arange(S) >= lengths[:, None, None], -inf)
    L = torch.full((splits, *s.shape[:2]), -inf)
    O = torch.zeros_like(q)
    for w in range(splits):
        part = s[..., w * c : (w + 1) * c]
        if part.shape[-1]:
            L[w] = torch.logsumexp(part, -1)
            p = torch.softmax(part, -1).nan_to_num(0.0)
            O += torch.einsum("bhs,bhsd->bhd", p, V[:, :, w * c : (w + 1) * c]) / splits
    return O, L


@wrong("split_k_decode", caught_by="split_k_decode_weighs_the_parts", says="in proportion")
def weighs_by_the_logsumexp_itself(q, K, V, lengths, scale, splits):
    S = K.shape[2]
    c = -(-S // splits)
    s = scale * torch.einsum("bhd,bhsd->bhs", q, K)
    s = s.masked_fill(torch.arange(S) >= lengths[:, None, None], -inf)
    L = torch.full((splits, *s.shape[:2]), -inf)
    parts = torch.zeros(splits, *q.shape)
    for w in range(splits):
        part = s[..., w * c : (w + 1) * c]
        if part.shape[-1]:
            L[w] = torch.logsumexp(part, -1)
            p = torch.softmax(part, -1).nan_to_num(0.0)
            parts[w] = torch.einsum("bhs,bhsd->bhd", p, V[:, :, w * c : (w + 1) * c])
    shares = (L / L.sum(0)).nan_to_num(0.0)
    return (shares[..., None] * parts).sum(0), L


@wrong("split_k_decode", caught_by="split_k_decode_weighs_the_parts", says="in proportion")
def rounds_the_chunk_down(q, K, V, lengths, scale, splits):
    S = K.shape[2]
    c = max(S // splits, 1)
    s = scale * torch.einsum("bhd,bhsd->bhs", q, K)
    s = s.masked_fill(torch.arange(S) >= lengths[:, None, None], -inf)
    L = torch.full((splits, *s.shape[:2]), -inf)
    parts = torch.zeros(splits, *q.shape)
    for w in range(splits):
        part = s[..., w * c : (w + 1) * c]
        if part.shape[-1]:
            L[w] = torch.logsumexp(part, -1)
            p = torch.softmax(part, -1).nan_to_num(0.0)
            parts[w] = torch.einsum("bhs,bhsd->bhd", p, V[:, :, w * c : (w + 1) * c])
    return (torch.softmax(L, 0).nan_to_num(0.0)[..., None] * parts).sum(0), L


@wrong("split_k_decode", caught_by="split_k_decode_empty_parts", says="not NaN")
def gives_nan_for_idle_workers(q, K, V, lengths, scale, splits):
    S = K.shape[2]
    c = -(-S // splits)
    s = scale * torch.einsum("bhd,bhsd->bhs", q, K)
    s = s.masked_fill(torch.arange(S) >= lengths[:, None, None], -inf)
    L = torch.full((splits, *s.shape[:2]), -inf)
    parts = torch.zeros(splits, *q.shape)
    for w in range(splits):
        part = s[..., w * c : (w + 1) * c]
        if part.shape[-1]:
            L[w] = torch.logsumexp(part, -1)
            p = torch.softmax(part, -1)
            parts[w] = torch.einsum("bhs,bhsd->bhd", p, V[:, :, w * c : (w + 1) * c])
    return (torch.softmax(L, 0)[..., None] * parts).sum(0), L


@wrong("split_k_decode", caught_by="split_k_decode_empty_parts", says="are not there")
def ignores_the_lengths(q, K, V, lengths, scale, splits):
    S = K.shape[2]
    c = -(-S // splits)
    s = scale * torch.einsum("bhd,bhsd->bhs", q, K)
    L = torch.full((splits, *s.shape[:2]), -inf)
    parts = torch.zeros(splits, *q.shape)
    for w in range(splits):
        part = s[..., w * c : (w + 1) * c]
        if part.shape[-1]:
            L[w] = torch.logsumexp(part, -1)
            p = torch.softmax(part, -1)
            parts[w] = torch.einsum("bhs,bhsd->bhd", p, V[:, :, w * c : (w + 1) * c])
    return (torch.softmax(L, 0)[..., None] * parts).sum(0), L


@wrong("split_k_decode", caught_by="split_k_decode_empty_parts", says="raised")
def breaks_with_more_workers_than_keys(q, K, V, lengths, scale, splits):
    S = K.shape[2]
    c = -(-S // splits)
    s = scale * torch.einsum("bhd,bhsd->bhs", q, K)
    s = s.masked_fill(torch.arange(S) >= lengths[:, None, None], -inf)
    L = torch.full((splits, *s.shape[:2]), -inf)
    parts = torch.zeros(splits, *q.shape)
    for w in range(splits):
        part = s[..., w * c : (w + 1) * c]
        m = part.amax(-1, keepdim=True).clamp(min=-3e38)
        p = torch.exp(part - m)
        l = p.sum(-1, keepdim=True)
        L[w] = (m + l.log())[..., 0]
        p = p / l.clamp(min=1e-30)
        parts[w] = torch.einsum("bhs,bhsd->bhd", p, V[:, :, w * c : (w + 1) * c])
    return (torch.softmax(L, 0).nan_to_num(0.0)[..., None] * parts).sum(0), L


@wrong("split_k_decode", caught_by="split_k_decode_far_apart", says="overflows")
def subtracts_no_maximum(q, K, V, lengths, scale, splits):
    S = K.shape[2]
    c = -(-S // splits)
    s = scale * torch.einsum("bhd,bhsd->bhs", q, K)
    s = s.masked_fill(torch.arange(S) >= lengths[:, None, None], -inf)
    L = torch.full((splits, *s.shape[:2]), -inf)
    parts = torch.zeros(splits, *q.shape)
    for w in range(splits):
        part = s[..., w * c : (w + 1) * c]
        if part.shape[-1]:
            L[w] = torch.logsumexp(part, -1)
            p = torch.softmax(part, -1).nan_to_num(0.0)
            parts[w] = torch.einsum("bhs,bhsd->bhd", p, V[:, :, w * c : (w + 1) * c])
    weights = torch.exp(L)
    total = weights.sum(0).clamp(min=1e-30)
    return (weights[..., None] * parts).sum(0) / total[..., None], L


@wrong("split_k_decode", caught_by="split_k_decode_weighs_the_parts", says="calls scaled_dot")
def does_not_split(q, K, V, lengths, scale, splits):
    seen = torch.arange(K.shape[2]) < lengths[:, None, None, None]
    O = torch.nn.functional.scaled_dot_product_attention(q[:, :, None], K, V, seen, scale=scale)
    return O[:, :, 0], torch.zeros(splits, *q.shape[:2])


@right("split_k_decode")
def all_workers_at_once(q, K, V, lengths, scale, splits):
    S = K.shape[2]
    c = -(-S // splits)
    s = scale * torch.einsum("bhd,bhsd->bhs", q, K)
    s = s.masked_fill(torch.arange(S) >= lengths[:, None, None], -inf)
    rest = splits * c - S
    s = torch.nn.functional.pad(s, (0, rest), value=-inf).unflatten(-1, (splits, c))
    v = torch.nn.functional.pad(V, (0, 0, 0, rest)).unflatten(2, (splits, c))
    m = s.amax(-1, keepdim=True).clamp(min=-3e38)
    p = torch.exp(s - m)
    l = p.sum(-1)
    parts = torch.einsum("bhws,bhwsd->bhwd", p, v)
    top = m.amax(2, keepdim=True)
    factor = torch.exp(m - top)
    total = (factor[..., 0] * l).sum(-1).clamp(min=1e-30)
    return (factor * parts).sum(2) / total[..., None], (m[..., 0] + l.log()).permute(2, 0, 1)


@right("split_k_decode")
def sequence_by_sequence(q, K, V, lengths, scale, splits):
    B, H, D = q.shape
    c = math.ceil(K.shape[2] / splits)
    O, L = torch.zeros(B, H, D), torch.full((splits, B, H), -inf)
    for b in range(B):
        n = int(lengths[b])
        for h in range(H):
            states = []
            for w in range(splits):
                k, v = K[b, h, w * c : min((w + 1) * c, n)], V[b, h, w * c : min((w + 1) * c, n)]
                if len(k):
                    s = k @ q[b, h] * scale
                    m = s.max()
                    p = torch.exp(s - m)
                    states.append((m, p.sum(), p @ v))
                    L[w, b, h] = m + torch.log(p.sum())
            if states:
                top = max(m for m, _, _ in states)
                l = sum(torch.exp(m - top) * l for m, l, _ in states)
                O[b, h] = sum(torch.exp(m - top) * a for m, _, a in states) / l
    return O, L
