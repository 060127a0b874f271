"""Split-K decoding: however the keys are split, the result is one softmax."""

from kernels.decode import decode, reference
from kernels.judge import judge, normal
from kernels.trace import trace

import pytest
import torch

LENGTHS = torch.tensor([300, 0, 77], dtype=torch.int32)


def cache(dtype, heads=2, T=300, D=24):
    return [normal(3, heads, T, D, dtype=dtype, seed=n, scale=1.5) for n in (1, 2)]


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16])
@pytest.mark.parametrize("splits", [None, 1, 3, 7])
def test_any_number_of_splits_gives_attention_over_the_filled_cache(splits, dtype):
    q = normal(3, 6, 24, dtype=dtype, scale=1.5)
    verdict = judge(lambda *x: decode(*x, splits=splits), reference, q, *cache(dtype), LENGTHS)
    assert verdict.fine, verdict.says


def test_an_empty_cache_gives_zero():
    out = decode(normal(3, 2, 24), *cache(torch.float32), LENGTHS, splits=4)
    assert torch.equal(out[1], torch.zeros(2, 24))
    assert out.isfinite().all()


@pytest.mark.interpreter
def test_the_cache_is_read_once_for_all_heads_that_share_it_and_only_where_filled():
    q, (k, v) = normal(3, 6, 24), cache(torch.float32)
    with trace() as run:
        decode(q, k, v, LENGTHS, splits=3)
    filled = int(LENGTHS.sum()) * 2 * 24
    assert run.of(k).loaded == run.of(v).loaded == filled
    assert run.findings == []


def test_what_does_not_go_together_is_refused():
    k, v = cache(torch.float32)
    with pytest.raises(ValueError, match="one dtype"):
        decode(normal(3, 3, 24), k, v, LENGTHS)
    with pytest.raises(ValueError, match="int32"):
        decode(normal(3, 2, 24), k, v, LENGTHS.long())
