"""Layer norm and RMS norm: values, gradients, traffic."""

from kernels import norms
from kernels.judge import RAGGED, judge, judge_gradients, matrices, normal
from kernels.trace import trace

import pytest
import torch

DTYPES = (torch.float32, torch.float16, torch.bfloat16)
NORMS = {
    "layer": (norms.layer_norm, norms.reference_layer_norm, 2),
    "rms": (norms.rms_norm, norms.reference_rms_norm, 1),
}


def vectors(N, dtype, count):
    return [normal(N, dtype=dtype, seed=7 + n) for n in range(count)]


@pytest.mark.parametrize("name", NORMS)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("N", RAGGED)
def test_values_and_gradients_equal_torch(name, dtype, N):
    norm, reference, count = NORMS[name]
    x = normal(11, N, dtype=dtype, seed=N, scale=2.0) + 1
    inputs = (x, *vectors(N, dtype, count))
    assert (verdict := judge(norm, reference, *inputs)).fine, verdict.says
    if N > 1:  # the gradient of one number's layer norm is rounding alone
        assert (verdict := judge_gradients(norm, reference, *inputs)).fine, verdict.says


@pytest.mark.parametrize("name", NORMS)
@pytest.mark.parametrize("case", ["a row of ±1e4", "a slice of columns", "ascending rows"])
def test_extreme_and_strided_rows(name, case):
    norm, reference, count = NORMS[name]
    inputs = (matrices(6, 200)[case], *vectors(200, torch.float32, count))
    for verdict in (judge(norm, reference, *inputs), judge_gradients(norm, reference, *inputs)):
        assert verdict.fine, verdict.says


def test_a_large_mean_does_not_cancel():
    x = normal(4, 300) + 1e4
    weight, bias = torch.ones(300), torch.zeros(300)
    verdict = judge(norms.layer_norm, norms.reference_layer_norm, x, weight, bias)
    assert verdict.fine, verdict.says


@pytest.mark.interpreter
def test_x_and_dy_are_read_once_and_nothing_races():
    x = normal(40, 200).requires_grad_()
    weight, bias = (vector.requires_grad_() for vector in vectors(200, torch.float32, 2))
    dy = normal(40, 200, seed=3)
    with trace() as run:
        gradients = torch.autograd.grad(norms.layer_norm(x, weight, bias), (x, weight, bias), dy)
    forward, backward = run.launches[:2]
    assert forward["x_ptr"].times_read == forward["y_ptr"].times_written == 1.0
    assert backward["x_ptr"].times_read == backward["dy_ptr"].times_read == 1.0
    assert backward["dx_ptr"].times_written == 1.0
    assert run.findings == []
    for gradient in gradients:
        assert run.holes(gradient) == []


def test_gradients_are_repeatable_to_the_last_bit():
    x, weight = normal(40, 64).requires_grad_(), normal(64, seed=1).requires_grad_()
    once, again = (
        torch.autograd.grad(norms.rms_norm(x, weight).square().sum(), weight)[0] for _ in range(2)
    )
    assert torch.equal(once, again)


def test_what_does_not_go_together_is_refused():
    with pytest.raises(ValueError, match="rows are contiguous"):
        norms.rms_norm(normal(8, 8).T, normal(8))
    with pytest.raises(ValueError, match=r"\(N,\)"):
        norms.layer_norm(normal(8, 8), normal(8), normal(7))
