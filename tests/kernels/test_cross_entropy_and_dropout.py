"""Cross-entropy with its gradient, and seeded dropout."""

import math

from kernels import cross_entropy, dropout
from kernels.judge import judge, judge_gradients, matrices, normal
from kernels.trace import trace

import numpy as np
import pytest
import torch

DTYPES = (torch.float32, torch.float16, torch.bfloat16)


def targets_for(T, V):
    targets = (torch.arange(T) * 7919) % V
    targets[T // 2] = cross_entropy.IGNORE
    targets[-1] = V - 1
    return targets


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("V", [2, 127, 4096, 9001])
def test_loss_and_gradient_equal_torch(dtype, V):
    logits = normal(7, V, dtype=dtype, scale=2.0)
    arguments = (cross_entropy.cross_entropy, cross_entropy.reference, logits, targets_for(7, V))
    for verdict in (judge(*arguments), judge_gradients(*arguments)):
        assert verdict.fine, verdict.says


@pytest.mark.parametrize("case", ["ascending rows", "a row of ±1e4", "a slice of columns"])
def test_extreme_and_strided_logits(case):
    logits, targets = matrices(6, 5000)[case], targets_for(6, 5000)
    arguments = (cross_entropy.cross_entropy, cross_entropy.reference, logits, targets)
    for verdict in (judge(*arguments), judge_gradients(*arguments)):
        assert verdict.fine, verdict.says


def test_the_mean_is_over_the_tokens_that_count():
    logits = torch.zeros(10, 8)
    targets = torch.full((10,), cross_entropy.IGNORE)
    targets[0] = 3
    loss = cross_entropy.cross_entropy(logits, targets)
    torch.testing.assert_close(loss, torch.tensor(math.log(8)))


@pytest.mark.interpreter
def test_two_reads_and_one_write_of_the_logits():
    logits = normal(5, 9001).requires_grad_()
    with trace() as run:
        loss = cross_entropy.cross_entropy(logits, targets_for(5, 9001))
        (gradient,) = torch.autograd.grad(loss, logits)
    assert run.of(logits).loaded == 2 * logits.numel() + 5  # and each target's own logit
    assert run.of(gradient).times_written == 1.0
    assert run.findings == []


def test_cross_entropy_refuses_what_it_cannot_do():
    with pytest.raises(ValueError, match="int64"):
        cross_entropy.cross_entropy(normal(2, 8), torch.zeros(2))
    with pytest.raises(ValueError, match="rows are contiguous"):
        cross_entropy.cross_entropy(normal(8, 2).T, torch.zeros(2, dtype=torch.int64))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("N", [1, 1023, 4096, 9001])
def test_dropout_and_its_gradient_drop_what_the_specification_drops(dtype, N):
    x = normal(N, dtype=dtype) + 3  # nowhere 0
    ours = lambda x: dropout.dropout(x, 0.3, 2**40 + 17)  # noqa: E731
    plain = lambda x: dropout.reference(x, 0.3, 2**40 + 17)  # noqa: E731
    for verdict in (judge(ours, plain, x), judge_gradients(ours, plain, x)):
        assert verdict.fine, verdict.says


def test_the_specification_is_philox():
    """The published test vectors of Philox4x32 (Random123, kat_vectors), 7 rounds of zeros."""
    expected = [0x5F6FB709, 0x0D893F64, 0x4F121F81, 0x4F730A48]
    quarter = dropout.BLOCK // 4
    drawn = dropout.uniform(0, dropout.BLOCK)[::quarter].double().numpy()
    signed = np.array(expected, dtype=np.uint32).view(np.int32).astype(np.float64)
    folded = np.where(signed < 0, -signed - 1, signed)
    np.testing.assert_allclose(drawn, folded * 4.6566127342e-10, rtol=1e-6)


def test_dropout_drops_the_share_asked_for_and_differs_by_seed():
    x = torch.ones(100_000)
    first, second = (dropout.dropout(x, 0.3, seed) == 0 for seed in (1, 2))
    deviation = math.sqrt(0.3 * 0.7 / x.numel())
    for dropped in (first, second):
        assert abs(dropped.float().mean() - 0.3) < 5 * deviation
    both = (first & second).float().mean()
    assert abs(both - 0.09) < 5 * math.sqrt(0.09 * 0.91 / x.numel())


@pytest.mark.interpreter
def test_dropout_reads_once_writes_once_and_stores_no_mask():
    x = normal(10_000)
    with trace() as run:
        y = dropout.dropout(x, 0.5, 3)
    assert run.of(x).times_read == run.of(y).times_written == 1.0
    assert len(run.launches[0].arguments) == 2


def test_dropout_refuses_what_it_cannot_do():
    for x, p in ((torch.ones(4), 1.0), (torch.ones(4), -0.1), (torch.ones(4, 4).T[:, ::2], 0.5)):
        with pytest.raises(ValueError, match="dropout needs"):
            dropout.dropout(x, p, 0)
