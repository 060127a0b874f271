"""The judging rules: what they let pass and what they catch."""

import math

from kernels.judge import compare, judge, judge_gradients, matrices, normal, poisoned, tolerance

import pytest
import torch

SOFTMAX = torch.nn.functional.softmax


def plain(x):
    return SOFTMAX(x, dim=-1)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16])
def test_another_way_to_the_same_result_passes(dtype):
    def other(x):
        e = torch.exp(x.float() - x.float().amax(-1, keepdim=True))
        return (e / e.sum(-1, keepdim=True)).to(x.dtype)

    for x in (normal(5, 300, dtype=dtype), matrices(5, 300, dtype)["a row of ±1e4"]):
        assert (verdict := judge(other, plain, x)).fine, verdict.says


WRONG = {
    "a constant": lambda x: torch.full_like(x, 1 / x.shape[-1]),
    "zeros": torch.zeros_like,
    "base 2": lambda x: plain(x * math.log(2)),
    "a NaN": lambda x: plain(x).index_fill(0, torch.tensor([0]), torch.nan),
    "another dtype": lambda x: plain(x).double(),
    "another shape": lambda x: plain(x)[:, :-1],
    "a list": lambda x: plain(x).tolist(),
    "an output left as it was": torch.empty_like,
    "half of it unwritten": lambda x: torch.empty_like(x).index_copy_(
        0, torch.arange(2), plain(x)[:2]
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_answer_fails(name):
    assert not judge(WRONG[name], plain, normal(4, 300)).fine


def test_something_that_equals_everything_is_no_tensor():
    class Agreeable(torch.Tensor):
        pass

    x = normal(4, 8)
    assert not judge(lambda x: plain(x).as_subclass(Agreeable), plain, x).fine


def test_a_gradient_of_zero_or_with_the_wrong_sign_fails():
    class Wrong(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x, factor):
            ctx.factor = factor
            ctx.save_for_backward(x)
            return x.square()

        @staticmethod
        def backward(ctx, dy):
            return ctx.factor * 2 * ctx.saved_tensors[0] * dy, None

    x = normal(100)
    for factor, fine in ((1.0, True), (0.0, False), (-1.0, False), (1.01, False)):
        verdict = judge_gradients(lambda x, f=factor: Wrong.apply(x, f), torch.square, x)
        assert verdict.fine is fine


def test_the_verdict_says_where_and_what():
    x = torch.zeros(2, 3)
    verdict = judge(lambda x: x.index_fill(0, torch.tensor([1]), 7.0), lambda x: x + 0, x)
    assert "at (1, 0): 7 instead of 0" in verdict.says


def test_equal_infinities_agree_and_nan_agrees_with_nothing():
    exact = torch.tensor([torch.inf, 1.0], dtype=torch.float64)
    assert compare(exact.float(), exact.float(), exact).fine
    assert not compare(-exact.float(), exact.float(), exact).fine
    assert not compare(torch.full((2,), torch.nan), exact.float(), exact).fine


def test_the_tolerance_is_twice_the_error_of_torch_and_a_floor():
    exact = torch.tensor([1.0, 4.0], dtype=torch.float64)
    got = torch.tensor([1.0, 4.5])
    eps = torch.finfo(torch.float32).eps
    assert tolerance(got, exact) == pytest.approx(2 * 0.5 + 9 * eps * 4.0, rel=1e-12)


def test_uninitialised_memory_is_nan_inside_and_only_inside():
    with poisoned():
        assert torch.empty(5).isnan().all()
        assert torch.empty_like(torch.ones(5)).isnan().all()
        assert torch.ones(5).new_empty(3).isnan().all()
        assert (torch.empty(2, dtype=torch.int32) == 2**31 - 1).all()
        assert torch.zeros(5).eq(0).all()


def test_the_makers_make_what_they_say():
    made = matrices(6, 40)
    rows = made["ascending rows"]
    assert (rows.diff(dim=1) >= 0).all()
    assert made["a row of ±1e4"].abs().amax(1).eq(1e4).sum() == 1
    assert (made["fully masked rows"] == -torch.inf).all(1).sum() == 3
    assert made["a slice of columns"].stride() == (43, 1)
    assert made["transposed"].stride() == (1, 6)
    assert all(x.shape == (6, 40) for x in made.values())
