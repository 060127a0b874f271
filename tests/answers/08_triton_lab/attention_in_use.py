"""Answers to rungs 11 and 12 of the Triton lab: mistakes that people make, and other right ways.

Most are the solution with a slip: what is changed is the mistake.
"""

import kernels  # noqa: F401  (first: it chooses the interpreter)

import torch
import triton
import triton.language as tl

from autograder.answers import changed, right, wrong

# packed_attention ------------------------------------------------------------------------

sees_the_texts_before_it = changed(
    "packed_attention",
    {
        "range(0, end, BLOCK)": ("range(-first // BLOCK * BLOCK, end, BLOCK)"),
        "mask=s[:, None] < length": ("mask=(first + s >= 0)[:, None] & (s[:, None] < length)"),
        "(s[None, :] < length) &": "(first + s[None, :] >= 0) &",
    },
    caught_by="packed_attention_keeps_texts_apart",
    says="keys of its own text",
)

takes_the_border_for_the_length = changed(
    "packed_attention",
    {
        "length = tl.load(cu_ptr + tl.program_id(2) + 1) - first\n": (
            "length = tl.load(cu_ptr + tl.program_id(2) + 1)\n"
        ),
    },
    caught_by="packed_attention_keeps_texts_apart",
    says="nothing else of the strip",
)

sees_later_keys_of_its_text = changed(
    "packed_attention",
    {
        "(s[None, :] < length) & (s[None, :] <= t[:, None])": "s[None, :] < length",
        "end = tl.minimum((tl.program_id(0) + 1) * BLOCK, length)": "end = length",
    },
    caught_by="packed_attention_keeps_texts_apart",
    says="numbers are wrong",
)

counts_queries_from_the_strip = changed(
    "packed_attention",
    {
        "(s[None, :] <= t[:, None])": ("(s[None, :] <= first + t[:, None])"),
    },
    caught_by="packed_attention_keeps_texts_apart",
    says="count both t and s from the beginning",
)

puts_the_heads_first = changed(
    "packed_attention",
    {
        "((first + t) * H + head)[:, None]": (
            "(head * tl.load(cu_ptr + tl.num_programs(2)) + first + t)[:, None]"
        ),
        "((first + s) * H + head)[:, None]": (
            "(head * tl.load(cu_ptr + tl.num_programs(2)) + first + s)[:, None]"
        ),
    },
    caught_by="packed_attention_keeps_texts_apart",
    says="tokens first, then heads",
)

gives_its_neighbours_a_weight_of_zero = changed(
    "packed_attention",
    {
        "mask=s[:, None] < length": (
            "mask=(first + s)[:, None] < tl.load(cu_ptr + tl.num_programs(2))"
        ),
    },
    caught_by="packed_attention_keeps_texts_apart",
    says="0 · NaN is NaN",
)

averages_the_values_of_the_text = changed(
    "packed_attention",
    {
        "p = tl.exp(scores - m_new[:, None])": "p = tl.where(seen, 1.0, 0.0)",
        "shrink = tl.exp(m - m_new)": ("shrink = tl.full((BLOCK,), 1.0, tl.float32)"),
    },
    caught_by="packed_attention_keeps_texts_apart",
    says="instead of",
)

looks_at_the_borders = changed(
    "packed_attention",
    {
        "triton.cdiv(longest, 32)": ("triton.cdiv(max(cu_seqlens.tolist()), 32)"),
    },
    caught_by="packed_attention_keeps_texts_apart",
    says="Numbers left torch",
)


@wrong(
    "packed_attention",
    caught_by="packed_attention_keeps_texts_apart",
    says="No kernel was launched",
)
def a_loop_of_torch_attentions(q, k, v, cu_seqlens, longest):
    from itertools import pairwise

    out = torch.empty_like(q)
    for first, end in pairwise(cu_seqlens.tolist()):
        one = (x[first:end].transpose(0, 1) for x in (q, k, v))
        attend = torch.nn.functional.scaled_dot_product_attention
        out[first:end] = attend(*one, is_causal=True).transpose(0, 1)
    return out


@wrong(
    "packed_attention",
    caught_by="packed_attention_keeps_texts_apart",
    says="No kernel was launched",
)
def looks_up_the_expected_result(q, k, v, cu_seqlens, longest):
    import sys

    frame = sys._getframe()
    while "plain" not in frame.f_locals:
        frame = frame.f_back
    return frame.f_locals["plain"](q, k, v, cu_seqlens, longest)


hands_out_its_first_answer_again = changed(
    "packed_attention",
    {
        "    out = torch.empty(q.shape, dtype=q.dtype, device=q.device)\n": (
            '    if hasattr(triton, "kept_strip"):\n'
            "        return triton.kept_strip\n"
            "    triton.kept_strip = out = torch.empty(q.shape, dtype=q.dtype, "
            "device=q.device)\n"
        ),
    },
    caught_by="packed_attention_keeps_texts_apart",
    says="No kernel was launched",
)

writes_into_the_next_text = changed(
    "packed_attention",
    {
        "acc / l[:, None], mask=t[:, None] < length": (
            "acc / l[:, None], mask=(first + t)[:, None] < tl.load(cu_ptr + tl.num_programs(2))"
        ),
    },
    caught_by="packed_attention_writes_its_own_rows",
    says="Race",
)

writes_whole_tiles = changed(
    "packed_attention",
    {
        "acc / l[:, None], mask=t[:, None] < length": "acc / l[:, None]",
    },
    caught_by="packed_attention_writes_its_own_rows",
    says="writes outside out_ptr",
)

reads_every_tile_of_the_text = changed(
    "packed_attention",
    {
        "end = tl.minimum((tl.program_id(0) + 1) * BLOCK, length)": "end = length",
    },
    caught_by="packed_attention_reads_no_padding",
    says="times each; the budget is",
)

idle_programs_read_the_keys = changed(
    "packed_attention",
    {
        "    if tl.program_id(0) * BLOCK >= length:\n        return\n": "",
    },
    caught_by="packed_attention_reads_no_padding",
    says="times each; the budget is",
)

tiles_of_sixteen_queries = changed(
    "packed_attention",
    {
        "cdiv(longest, 32)": "cdiv(longest, 16)",
        "BLOCK=32": "BLOCK=16",
    },
    caught_by="packed_attention_reads_no_padding",
    says="times each; the budget is",
)

tiles_of_sixty_four = changed(
    "packed_attention",
    {
        "cdiv(longest, 32)": "cdiv(longest, 64)",
        "BLOCK=32": "BLOCK=64",
    },
    caught_by="packed_attention_reads_no_padding",
    says="One tl.load asks for",
)

sum_begins_as_whole_numbers = changed(
    "packed_attention",
    {
        "l = tl.zeros((BLOCK,), tl.float32)": ("l = tl.zeros((BLOCK,), tl.int32)"),
    },
    caught_by="packed_attention_compiles_for_a_gpu",
    says="keep their type",
)

multiplies_without_tl_dot = changed(
    "packed_attention",
    {
        'scores = tl.dot(q, tl.trans(k), input_precision="ieee") * scale': (
            "scores = tl.sum(q.to(tl.float32)[:, None, :] * k.to(tl.float32)[None, :, "
            ":], axis=2) * scale"
        ),
        'acc = tl.dot(p.to(v.dtype), v, acc * shrink[:, None], input_precision="ieee")': (
            "acc = acc * shrink[:, None] + tl.sum(p[:, :, None] * v.to(tl.float32)[None, "
            ":, :], axis=1)"
        ),
    },
    caught_by="packed_attention_compiles_for_a_gpu",
    says="bytes a thread spilled",
)


@right("packed_attention")
def one_axis_of_tiles_that_search_for_their_text(q, k, v, cu_seqlens, longest):
    @triton.jit
    def kernel(
        q_ptr, k_ptr, v_ptr, cu_ptr, out_ptr, texts, H, scale, D: tl.constexpr, BLOCK: tl.constexpr
    ):
        head = tl.program_id(1)
        left = tl.program_id(0)  # tiles that still lie before mine
        first = 0
        length = 0
        for b in range(texts):
            here = tl.load(cu_ptr + b)
            size = tl.load(cu_ptr + b + 1) - here
            tiles = tl.cdiv(size, BLOCK)
            mine = (left >= 0) & (left < tiles)
            first = tl.where(mine, here, first)
            length = tl.where(mine, size - left * BLOCK, length)
            left = tl.where(mine, -1 - left, tl.where(left >= 0, left - tiles, left))
        if left >= 0:
            return
        before = (-1 - left) * BLOCK  # rows of the text before this tile
        i = tl.arange(0, BLOCK)
        d = tl.arange(0, D)
        rows = ((first + before + i) * H + head)[:, None] * D + d[None, :]
        q = tl.load(q_ptr + rows, mask=i[:, None] < length, other=0.0)
        m = tl.full((BLOCK,), -1e30, tl.float32)
        l = tl.zeros((BLOCK,), tl.float32)
        acc = tl.zeros((BLOCK, D), tl.float32)
        for back in range(0, before + BLOCK, BLOCK):  # from the diagonal to the beginning
            s = before - back + i
            inside = s < before + length
            theirs = ((first + s) * H + head)[:, None] * D + d[None, :]
            k = tl.load(k_ptr + theirs, mask=inside[:, None], other=0.0)
            v = tl.load(v_ptr + theirs, mask=inside[:, None], other=0.0)
            scores = tl.dot(q, tl.trans(k), input_precision="ieee") * (scale * 1.4426950408889634)
            seen = inside[None, :] & (s[None, :] <= before + i[:, None])
            scores = tl.where(seen, scores, -float("inf"))
            m_new = tl.maximum(m, tl.max(scores, axis=1))
            p = tl.exp2(scores - m_new[:, None])
            shrink = tl.exp2(m - m_new)
            l = l * shrink + tl.sum(p, axis=1)
            acc = tl.dot(p.to(v.dtype), v, acc * shrink[:, None], input_precision="ieee")
            m = m_new
        tl.store(out_ptr + rows, acc / l[:, None], mask=i[:, None] < length)

    N, H, D = q.shape
    texts = len(cu_seqlens) - 1
    out = torch.empty_like(q)
    kernel[(N // 32 + texts, H)](q, k, v, cu_seqlens, out, texts, H, D**-0.5, D=D, BLOCK=32)
    return out


@right("packed_attention")
def moves_the_pointers_to_the_text(q, k, v, cu_seqlens, longest):
    @triton.jit
    def kernel(
        q_ptr, k_ptr, v_ptr, cu_ptr, out_ptr, row, scale, D: tl.constexpr, BLOCK: tl.constexpr
    ):
        text, tile, head = tl.program_id(0), tl.program_id(1), tl.program_id(2)
        borders = tl.load(cu_ptr + text + tl.arange(0, 2))
        length = tl.max(borders, axis=0) - tl.min(borders, axis=0)
        shift = tl.min(borders, axis=0) * row + head * D
        t = tile * BLOCK + tl.arange(0, BLOCK)
        d = tl.arange(0, D)
        q_ptr += shift
        k_ptr += shift
        v_ptr += shift
        out_ptr += shift
        mine = t[:, None] * row + d[None, :]
        q = tl.load(q_ptr + mine, mask=t[:, None] < length, other=0.0)
        m = tl.full((BLOCK,), -float("inf"), tl.float32)
        l = tl.zeros((BLOCK,), tl.float32)
        acc = tl.zeros((BLOCK, D), tl.float32)
        tiles = tl.where(tile * BLOCK < length, tile + 1, 0)
        for n in range(tiles):
            s = n * BLOCK + tl.arange(0, BLOCK)
            theirs = s[:, None] * row + d[None, :]
            k = tl.load(k_ptr + theirs, mask=s[:, None] < length, other=0.0)
            v = tl.load(v_ptr + theirs, mask=s[:, None] < length, other=0.0)
            scores = tl.dot(q, tl.trans(k), input_precision="ieee") * scale
            scores = tl.where(s[None, :] <= t[:, None], scores, -float("inf"))
            m_new = tl.maximum(m, tl.max(scores, axis=1))
            p = tl.exp(scores - m_new[:, None])
            l = l * tl.exp(m - m_new) + tl.sum(p, axis=1)
            acc = acc * tl.exp(m - m_new)[:, None]
            acc += tl.dot(p.to(v.dtype), v, input_precision="ieee")
            m = m_new
        tl.store(out_ptr + mine, acc / l[:, None], mask=t[:, None] < length)

    _, H, D = q.shape
    out = torch.empty_like(q)
    grid = (cu_seqlens.numel() - 1, triton.cdiv(longest, 32), H)
    kernel[grid](q, k, v, cu_seqlens, out, q.stride(0), D**-0.5, D=D, BLOCK=32)
    return out


# split_decode ----------------------------------------------------------------------------

takes_the_mean_of_the_parts = changed(
    "split_decode",
    {
        "m_new = tl.maximum(m, m_part)": "m_new = m_part",
        "old, new = tl.exp(m - m_new), tl.exp(m_part - m_new)": "some = l_part > 0.0",
        "l = l * old + l_part * new": ("l = l + tl.where(some, 1.0, 0.0)"),
        "acc = acc * old[:, None] + acc_part * new[:, None]": (
            "acc = acc + acc_part / tl.where(some, l_part, 1.0)[:, None]"
        ),
    },
    caught_by="split_decode_weighs_the_parts",
    says="plain mean",
)

forgets_the_maxima_of_the_parts = changed(
    "split_decode",
    {
        "l = l * old + l_part * new": "l = l + l_part",
        "acc = acc * old[:, None] + acc_part * new[:, None]": "acc = acc + acc_part",
    },
    caught_by="split_decode_weighs_the_parts",
    says="higher maximum",
)

merges_without_a_common_maximum = changed(
    "split_decode",
    {
        "old, new = tl.exp(m - m_new), tl.exp(m_part - m_new)": "new = tl.exp(m_part)",
        "l = l * old + l_part * new": "l = l + l_part * new",
        "acc = acc * old[:, None] + acc_part * new[:, None]": (
            "acc = acc + acc_part * new[:, None]"
        ),
    },
    caught_by="split_decode_weighs_the_parts",
    says="exp overflows",
)

rescales_the_sums_but_not_the_values = changed(
    "split_decode",
    {
        "acc = acc * old[:, None] + acc_part * new[:, None]": "acc = acc + acc_part",
    },
    caught_by="split_decode_weighs_the_parts",
    says="weight is exp(m_i − M)",
)

parts_store_what_belongs_to_the_next = changed(
    "split_decode",
    {
        "    tl.store(m_ptr + mine, m)\n": (
            "    tl.store(m_ptr + mine, m)\n"
            "    tl.store(m_ptr + mine + G, m, mask=g * 0 + part < splits - 1)\n"
        ),
    },
    caught_by="split_decode_weighs_the_parts",
    says="Race",
)

torch_merges_the_parts = changed(
    "split_decode",
    {
        "    merge_kernel[(B,)](m, l, acc, out, splits, D=D, G=G)\n    return out\n": (
            "    weight = torch.exp(m - m.amax(dim=1, keepdim=True))\n"
            "    total = (weight * l).sum(dim=1)[..., None]\n"
            "    out = (weight[..., None] * acc).sum(dim=1) / total\n"
            "    return out.to(q.dtype)\n"
        ),
    },
    caught_by="split_decode_weighs_the_parts",
    says="torch computed inside",
)

averages_the_values = changed(
    "split_decode",
    {
        'input_precision="ieee") * scale': 'input_precision="ieee") * 0.0',
    },
    caught_by="split_decode_weighs_the_parts",
    says="instead of",
)

writes_a_constant = changed(
    "split_decode",
    {
        "acc / l[:, None]": "0.0 * acc",
    },
    caught_by="split_decode_weighs_the_parts",
    says="instead of",
)


@wrong("split_decode", caught_by="split_decode_weighs_the_parts", says="No kernel was launched")
def looks_up_the_expected_result_of_decoding(q, k, v, lengths, splits):
    import sys

    frame = sys._getframe()
    while "plain" not in frame.f_locals:
        frame = frame.f_back
    return frame.f_locals["plain"](q, k, v, lengths, splits)


hands_out_its_first_result_again = changed(
    "split_decode",
    {
        "    out = torch.empty((B, G, D), dtype=q.dtype, device=q.device)\n": (
            '    if hasattr(triton, "kept_decode"):\n'
            "        return triton.kept_decode\n"
            "    triton.kept_decode = out = torch.empty((B, G, D), dtype=q.dtype, "
            "device=q.device)\n"
        ),
    },
    caught_by="split_decode_weighs_the_parts",
    says="No kernel was launched",
)


@wrong("split_decode", caught_by="split_decode_weighs_the_parts", says="is not your kernel")
def launches_the_reference_kernels(q, k, v, lengths, splits):
    from kernels.decode import decode

    return decode(q, k[:, None], v[:, None], lengths, splits)


divides_in_the_first_kernel = changed(
    "split_decode",
    {
        "d[None, :], acc)\n": ("d[None, :], acc / l[:, None])\n"),
        "acc_part * new[:, None]": ("acc_part * (l_part * new)[:, None]"),
    },
    caught_by="split_decode_allows_empty_parts",
    says="nan instead of",
)

leaves_the_place_of_an_empty_part = changed(
    "split_decode",
    {
        "    for start in": ("    if begin >= length:\n        return\n    for start in"),
    },
    caught_by="split_decode_allows_empty_parts",
    says="still has",
)

merges_from_the_last_part = changed(
    "split_decode",
    {
        "for part in range(splits):": (
            "for back in range(splits):\n        part = splits - 1 - back"
        ),
    },
    caught_by="split_decode_allows_empty_parts",
    says="−∞ from −∞",
)

lets_missing_keys_score_zero = changed(
    "split_decode",
    {
        'scores = tl.where(s[None, :] < end, scores, -float("inf"))': "scores = scores + 0.0",
    },
    caught_by="split_decode_allows_empty_parts",
    says="is no key",
)

reads_what_is_left_over = changed(
    "split_decode",
    {
        "mask=s[:, None] < end": "mask=s[:, None] < S",
    },
    caught_by="split_decode_allows_empty_parts",
    says="is not loaded",
)

gives_an_empty_part_the_score_zero = changed(
    "split_decode",
    {
        "tl.store(m_ptr + mine, m)": ("tl.store(m_ptr + mine, tl.where(l > 0.0, m, 0.0))"),
        "tl.store(l_ptr + mine, l)": ("tl.store(l_ptr + mine, tl.where(l > 0.0, l, 1.0))"),
    },
    caught_by="split_decode_allows_empty_parts",
    says="instead of",
)

splits_the_room_instead_of_the_keys = changed(
    "split_decode",
    {
        "tl.cdiv(tl.cdiv(length, BLOCK), splits)": ("tl.cdiv(tl.cdiv(S, BLOCK), splits)"),
    },
    caught_by="split_decode_shares_the_work",
    says="a fair share is",
)

the_first_part_takes_it_all = changed(
    "split_decode",
    {
        "begin = part * keys": ("begin = tl.where(part == 0, 0, length)"),
        "end = tl.minimum(begin + keys, length)": "end = length",
    },
    caught_by="split_decode_shares_the_work",
    says="a fair share is",
)

the_last_part_takes_the_rest = changed(
    "split_decode",
    {
        "keys = tl.cdiv(tl.cdiv(length, BLOCK), splits) * BLOCK": (
            "keys = tl.cdiv(length, BLOCK) // splits * BLOCK"
        ),
        "end = tl.minimum(begin + keys, length)": (
            "end = tl.where(part == splits - 1, length, begin + keys)"
        ),
    },
    caught_by="split_decode_shares_the_work",
    says="a fair share is",
)

every_part_reads_all_keys = changed(
    "split_decode",
    {
        "range(begin, end, BLOCK)": "range(0, length, BLOCK)",
        "mask=s[:, None] < end": "mask=s[:, None] < length",
        'tl.where(s[None, :] < end, scores, -float("inf"))': (
            "tl.where((s[None, :] >= begin) & (s[None, :] < end), scores, -1e30)"
        ),
        "p = tl.exp(scores - m_new[:, None])": (
            "p = tl.where(scores > -1e30, tl.exp(scores - m_new[:, None]), 0.0)"
        ),
    },
    caught_by="split_decode_shares_the_work",
    says="of k, which has",
)

parks_the_scores_in_memory = changed(
    "split_decode",
    {
        "acc_ptr, S, splits": ("acc_ptr, scores_ptr, S, splits"),
        "        p = tl.exp(scores": (
            "        there = scores_ptr + (b * G + g)[:, None] * S + s[None, :]\n"
            "        tl.store(there, scores, mask=s[None, :] < end)\n"
            "        p = tl.exp(scores"
        ),
        "acc, k.shape[1]": "acc, scores, k.shape[1]",
        "    split_kernel[": (
            "    scores = torch.empty((B, G, k.shape[1]), dtype=torch.float32, "
            "device=q.device)\n"
            "    split_kernel["
        ),
    },
    caught_by="split_decode_shares_the_work",
    says="neither an argument nor",
)

tiles_of_eight_keys = changed(
    "split_decode",
    {
        "BLOCK=32": "BLOCK=8",
    },
    caught_by="split_decode_compiles_for_a_gpu",
    says="too small",
)

multiplies_by_hand = changed(
    "split_decode",
    {
        'tl.dot(q, tl.trans(k), input_precision="ieee")': (
            "tl.sum(q.to(tl.float32)[:, None, :] * k.to(tl.float32)[None, :, :], axis=2)"
        ),
        'tl.dot(p.to(v.dtype), v, acc * shrink[:, None], input_precision="ieee")': (
            "acc * shrink[:, None]\n"
            "        acc += tl.sum(p[:, :, None] * v.to(tl.float32)[None, :, :], axis=1)"
        ),
    },
    caught_by="split_decode_compiles_for_a_gpu",
    says="tensor cores",
)


@right("split_decode")
def deals_the_tiles_in_turn_and_merges_means_by_their_logsumexp(q, k, v, lengths, splits):
    @triton.jit
    def some_keys(
        q_ptr,
        k_ptr,
        v_ptr,
        lengths_ptr,
        mean_ptr,
        lse_ptr,
        S,
        parts,
        scale,
        D: tl.constexpr,
        G: tl.constexpr,
        BLOCK: tl.constexpr,
    ):
        b, part = tl.program_id(0), tl.program_id(1)
        g, d = tl.arange(0, G), tl.arange(0, D)
        q = tl.load(q_ptr + (b * G + g)[:, None] * D + d[None, :])
        length = tl.load(lengths_ptr + b)
        m = tl.full((G,), -1e30, tl.float32)
        l = tl.zeros((G,), tl.float32)
        acc = tl.zeros((G, D), tl.float32)
        for start in range(part * BLOCK, length, parts * BLOCK):
            s = start + tl.arange(0, BLOCK)
            theirs = (b * S + s)[:, None] * D + d[None, :]
            k = tl.load(k_ptr + theirs, mask=s[:, None] < length, other=0.0)
            scores = tl.dot(q, tl.trans(k), input_precision="ieee") * (scale * 1.4426950408889634)
            scores = tl.where(s[None, :] < length, scores, -float("inf"))
            m_new = tl.maximum(m, tl.max(scores, axis=1))
            p = tl.exp2(scores - m_new[:, None])
            shrink = tl.exp2(m - m_new)
            v = tl.load(v_ptr + theirs, mask=s[:, None] < length, other=0.0)
            l = l * shrink + tl.sum(p, axis=1)
            acc = tl.dot(p.to(v.dtype), v, acc * shrink[:, None], input_precision="ieee")
            m = m_new
        mine = (b * G + g) * parts + part
        mean = acc / tl.where(l > 0.0, l, 1.0)[:, None]
        tl.store(mean_ptr + mine[:, None] * D + d[None, :], mean)
        tl.store(lse_ptr + mine, tl.where(l > 0.0, m + tl.log2(l), -float("inf")))

    @triton.jit
    def one_query(mean_ptr, lse_ptr, out_ptr, parts, D: tl.constexpr, PARTS: tl.constexpr):
        row = tl.program_id(0)
        part, d = tl.arange(0, PARTS), tl.arange(0, D)
        lse = tl.load(lse_ptr + row * parts + part, mask=part < parts, other=-float("inf"))
        weight = tl.exp2(lse - tl.max(lse, axis=0))
        at = (row * parts + part)[:, None] * D + d[None, :]
        mean = tl.load(mean_ptr + at, mask=part[:, None] < parts, other=0.0)
        o = tl.sum(weight[:, None] * mean, axis=0) / tl.sum(weight, axis=0)
        tl.store(out_ptr + row * D + d, o)

    B, G, D = q.shape
    mean = torch.empty((B, G, splits, D), dtype=torch.float32, device=q.device)
    lse = torch.empty((B, G, splits), dtype=torch.float32, device=q.device)
    out = torch.empty_like(q)
    some_keys[(B, splits)](
        q, k, v, lengths, mean, lse, k.shape[1], splits, D**-0.5, D=D, G=G, BLOCK=32
    )
    one_query[(B * G,)](mean, lse, out, splits, D=D, PARTS=triton.next_power_of_2(splits))
    return out


even_parts_that_cut_tiles_and_a_merge_in_two_passes = changed(
    "split_decode",
    {
        "keys = tl.cdiv(tl.cdiv(length, BLOCK), splits) * BLOCK": (
            "keys = tl.cdiv(length, splits)"
        ),
        "begin = part * keys": ("begin = tl.minimum(part * keys, length)"),
        "    for part in range(splits):": (
            "    for part in range(splits):\n"
            "        m = tl.maximum(m, tl.load(m_ptr + (b * splits + part) * G + g))\n"
            "    for part in range(splits):"
        ),
    },
)
