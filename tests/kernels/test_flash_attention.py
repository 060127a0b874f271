"""FlashAttention: values and gradients for every mask, and the exact traffic."""

import math

from kernels.flash_attention import (
    Plan,
    Tiles,
    flash_attention,
    flash_attention_packed,
    flash_attention_with_lse,
    reference,
    reference_packed,
    reference_with_lse,
)
from kernels.judge import judge, judge_gradients, normal
from kernels.trace import trace

import pytest
import torch

DTYPES = (torch.float32, torch.float16, torch.bfloat16)
SQUARE = Plan(*[Tiles(32, 32, 4, 1)] * 3)
OBLONG = Plan(Tiles(64, 32, 4, 1), Tiles(32, 64, 4, 1), Tiles(64, 32, 4, 1))

# name: ((B, H, G), Tq, Tk, D), causal, window
CASES = {
    "full": (((1, 2, 1), 129, 100, 16), False, None),
    "one query": (((2, 1, 1), 1, 127, 16), True, None),
    "causal": (((1, 1, 1), 129, 129, 32), True, None),
    "causal, fewer queries": (((1, 1, 1), 70, 150, 16), True, None),
    "causal, fewer keys": (((1, 1, 1), 129, 100, 16), True, None),
    "grouped heads": (((2, 4, 2), 65, 65, 24), True, None),
    "window": (((1, 2, 2), 140, 140, 16), True, 40),
    "narrow window, fewer queries": (((1, 1, 1), 100, 180, 16), True, 5),
    "window, fewer keys": (((1, 1, 1), 129, 100, 16), True, 33),
}


def qkv(shape, dtype=torch.float32, seed=0):
    (B, H, G), Tq, Tk, D = shape
    sizes = ((B, H, Tq, D), (B, H // G, Tk, D), (B, H // G, Tk, D))
    return [normal(*size, dtype=dtype, seed=seed + n, scale=1.5) for n, size in enumerate(sizes)]


@pytest.mark.parametrize("plan", [SQUARE, OBLONG], ids=["square", "oblong"])
@pytest.mark.parametrize("case", CASES)
def test_out_lse_and_gradients_equal_attention_with_the_whole_matrix(case, plan):
    shape, *mask = CASES[case]
    inputs = qkv(shape)
    verdict = judge(
        lambda *x: flash_attention_with_lse(*x, *mask, plan=plan),
        lambda *x: reference_with_lse(*x, *mask),
        *inputs,
    )
    assert verdict.fine, verdict.says
    verdict = judge_gradients(
        lambda *x: flash_attention(*x, *mask, plan=plan), lambda *x: reference(*x, *mask), *inputs
    )
    assert verdict.fine, verdict.says


@pytest.mark.parametrize("dtype", DTYPES[1:])
@pytest.mark.parametrize("case", ["causal", "grouped heads", "window"])
def test_half_precision_is_as_exact_as_plain_torch(case, dtype):
    shape, *mask = CASES[case]
    inputs = qkv(shape, dtype)
    ours = lambda *x: flash_attention(*x, *mask, plan=OBLONG)  # noqa: E731
    plain = lambda *x: reference(*x, *mask)  # noqa: E731
    for verdict in (judge(ours, plain, *inputs), judge_gradients(ours, plain, *inputs)):
        assert verdict.fine, verdict.says


def test_the_specification_agrees_with_torch():
    q, k, v = qkv(((2, 4, 2), 65, 65, 24))
    theirs = torch.nn.functional.scaled_dot_product_attention(
        q, k, v, is_causal=True, enable_gqa=True
    )
    torch.testing.assert_close(reference(q, k, v, True), theirs)


@pytest.mark.parametrize("dtype", DTYPES)
def test_scores_that_rise_by_thousands_neither_overflow_nor_forget(dtype):
    """Keys along which the scores ascend force a rescale at every tile; ±1e4 would overflow exp."""
    q = torch.ones(1, 1, 4, 16).to(dtype)
    k = (torch.arange(100.0) * 4)[None, None, :, None].expand(1, 1, 100, 16).to(dtype)
    v = normal(1, 1, 100, 16, dtype=dtype)
    verdict = judge(lambda *x: flash_attention(*x, plan=SQUARE), reference, q, k, v)
    assert verdict.fine, verdict.says
    out = flash_attention(q * 100, k, v, plan=SQUARE)
    torch.testing.assert_close(out[0, 0], v[0, 0, -1:].expand(4, 16), rtol=0, atol=0)


def test_a_query_that_sees_no_key_gives_zero_and_minus_infinity():
    q, k, v = qkv(((1, 1, 1), 40, 10, 16))
    out, lse = flash_attention_with_lse(q, k, v, causal=True, plan=SQUARE)
    assert torch.equal(out[0, 0, :30], torch.zeros(30, 16))
    assert (lse[0, 0, :30] == -torch.inf).all()
    assert lse[0, 0, 30:].isfinite().all()
    q.requires_grad_()
    flash_attention(q, k, v, causal=True, plan=SQUARE).sum().backward()
    assert torch.equal(q.grad[0, 0, :30], torch.zeros(30, 16))


def test_any_strides_give_the_same():
    q, k, v = (normal(2, 70, 3, 16, seed=n).transpose(1, 2) for n in range(3))  # (B, H, T, D)
    expected = flash_attention(*(x.contiguous() for x in (q, k, v)), plan=SQUARE)
    torch.testing.assert_close(flash_attention(q, k, v, plan=SQUARE), expected, rtol=0, atol=0)
    wide = normal(1, 1, 70, 32)
    every_second = wide[..., ::2]
    torch.testing.assert_close(
        flash_attention(every_second, every_second, every_second, plan=SQUARE),
        reference(every_second, every_second, every_second),
    )


LENGTHS = {
    "equal": ([40, 1, 77], [40, 1, 77]),
    "fewer queries, an empty one": ([3, 0, 50], [60, 7, 50]),
}


@pytest.mark.parametrize("lengths", LENGTHS)
@pytest.mark.parametrize("mask", [(False, None), (True, None), (True, 20)])
def test_packed_sequences_do_not_see_each_other(lengths, mask):
    lengths_q, lengths_k = LENGTHS[lengths]
    cu_q, cu_k = (
        torch.tensor([0, *torch.tensor(ls).cumsum(0)], dtype=torch.int32)
        for ls in (lengths_q, lengths_k)
    )
    q = normal(sum(lengths_q), 4, 16)
    k, v = normal(sum(lengths_k), 2, 16, seed=1), normal(sum(lengths_k), 2, 16, seed=2)

    def ours(q, k, v):
        longest = max(lengths_q), max(lengths_k)
        return flash_attention_packed(q, k, v, cu_q, cu_k, *longest, *mask, plan=SQUARE)

    def plain(q, k, v):
        return reference_packed(q, k, v, cu_q, cu_k, *mask)

    for verdict in (judge(ours, plain, q, k, v), judge_gradients(ours, plain, q, k, v)):
        assert verdict.fine, verdict.says


@pytest.mark.interpreter
@pytest.mark.parametrize("T", [128, 200])
def test_forward_loads_q_once_and_k_and_v_once_a_tile_of_queries(T):
    D, B = 16, 32
    q, k, v = qkv(((1, 1, 1), T, T, D))
    with trace() as run:
        flash_attention(q, k, v, plan=SQUARE)
    tiles = math.ceil(T / B)
    loaded = run.of(q).loaded + run.of(k).loaded + run.of(v).loaded
    assert loaded == T * D + 2 * T * D * tiles
    assert run.findings == []


@pytest.mark.interpreter
def test_causal_does_n_plus_one_by_two_n_of_the_work():
    n, B, D = 6, 32, 16
    q, k, v = qkv(((1, 1, 1), n * B, n * B, D))
    work = []
    for causal in (False, True):
        with trace() as run:
            flash_attention(q, k, v, causal, plan=SQUARE)
        work.append(run.dot_flops)
    assert work[0] == 4 * (n * B) ** 2 * D
    assert work[1] / work[0] == (n + 1) / (2 * n)


@pytest.mark.interpreter
def test_a_window_makes_the_work_grow_with_its_width_alone():
    D, B, window = 16, 32, 64
    flops = []
    for T in (256, 512):
        q, k, v = qkv(((1, 1, 1), T, T, D))
        with trace() as run:
            flash_attention(q, k, v, True, window, plan=SQUARE)
        flops.append(run.dot_flops)
    tile = 4 * B * B * D
    assert flops[1] - flops[0] == 256 // B * 3 * tile  # 3 tiles of keys hold 64 + 32 − 1 keys


@pytest.mark.interpreter
def test_the_backward_kernels_race_nowhere_and_write_every_gradient():
    q, k, v = (x.requires_grad_() for x in qkv(CASES["grouped heads"][0]))
    with trace() as run:
        out = flash_attention(q, k, v, True, plan=OBLONG)
        gradients = torch.autograd.grad(out.sum(), (q, k, v))
    assert run.findings == []
    for gradient in gradients:
        assert run.holes(gradient) == []


def test_what_does_not_go_together_is_refused():
    q, k, v = qkv(((1, 3, 1), 8, 8, 16))
    with pytest.raises(ValueError, match="cannot share"):
        flash_attention(q, k[:, :2], v[:, :2])
    with pytest.raises(ValueError, match="one dtype"):
        flash_attention(q, k.half(), v)
    with pytest.raises(ValueError, match="causal=True"):
        flash_attention(q, k, v, window=3)
    with pytest.raises(ValueError, match="positive"):
        flash_attention(q, k, v, scale=-1.0)
    cu = torch.tensor([0, 8])
    with pytest.raises(ValueError, match="int32"):
        flash_attention_packed(q[0].mT, k[0].mT, v[0].mT, cu, cu, 8, 8)
