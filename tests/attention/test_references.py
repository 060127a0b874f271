"""What unit 7 is compared with, checked against torch and by hand; its packing and its widgets."""
# ruff: noqa: E741

import pytest
import torch
from torch.nn import functional as F

from course import packing
from course.attention import causal_mask, plain_attention, plain_gradients
from course.checks import difference
from course.checks.precision import exact
from course.widgets.attention import packing_board, roofline, softmax_stream, tile_walk


def normal(*shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def test_plain_attention_is_torchs():
    Q, K, V = normal(2, 3, 5, 4), normal(2, 3, 7, 4, seed=1), normal(2, 3, 7, 4, seed=2)
    mask = causal_mask(5, 7)
    O, L = plain_attention(Q, K, V, 0.3, mask)
    assert torch.allclose(O, F.scaled_dot_product_attention(Q, K, V, mask, scale=0.3))
    weights = torch.exp(0.3 * (Q @ K.mT) - L[..., None]).masked_fill(~mask, 0.0)
    assert torch.allclose(weights.sum(-1), torch.ones(2, 3, 5, dtype=torch.float64))


def test_causal_mask_aligns_the_ends():
    assert causal_mask(2, 4).tolist() == [[True, True, True, False], [True] * 4]
    assert causal_mask(3, 1).tolist() == [[False], [False], [True]]


def test_blind_queries_give_zero_and_finite_gradients():
    Q, K, V = normal(4, 3), normal(2, 3, seed=1), normal(2, 3, seed=2)
    O, L = plain_attention(Q, K, V, 1.0, causal_mask(4, 2))
    assert not O[:2].any()
    assert L[:2].tolist() == [-torch.inf] * 2
    gradients = plain_gradients(Q, K, V, normal(4, 3, seed=3), 1.0, causal_mask(4, 2))
    assert all(bool(gradient.isfinite().all()) for gradient in gradients)
    assert not gradients[0][:2].any()


def test_exact_allows_rounding_and_nothing_more():
    x = normal(40, 30).float()
    expected, tolerance = exact(lambda x: torch.softmax(x, dim=-1), x)
    assert expected.dtype == torch.float64
    assert difference(torch.softmax(x, dim=-1), expected, tolerance=tolerance) is None
    off = torch.softmax(x, dim=-1) + 1e-5
    assert difference(off, expected, tolerance=tolerance) is not None


def test_exact_takes_several_tensors_and_infinities():
    x = torch.tensor([[1.0, 2.0], [-torch.inf, -torch.inf]])
    expected, tolerance = exact(lambda x: (x.amax(1), torch.logsumexp(x, 1)), x)
    assert difference((x.amax(1), torch.logsumexp(x, 1)), expected, tolerance=tolerance) is None


LENGTHS = [5, 3, 4, 1, 2, 5]


@pytest.mark.parametrize(
    ("way", "rows"),
    [
        (packing.one_a_row, [[5], [3], [4], [1], [2], [5]]),
        (packing.next_fit, [[5], [3, ], [4, 1], [2], [5]]),
        (packing.first_fit, [[5, 1], [5], [4, 2], [3]]),
        (packing.best_fit, [[5, 1], [5], [4, 2], [3]]),
    ],
)  # fmt: skip
def test_packing_by_hand(way, rows):
    assert way(LENGTHS, 6) == rows


def test_best_fit_fills_the_fullest_row():
    assert packing.first_fit([5, 4, 4, 3, 2, 2], 10) == [[5, 4], [4, 3, 2], [2]]
    assert packing.first_fit([12, 10, 10, 1], 21) == [[12, 1], [10, 10]]
    assert packing.best_fit([12, 10, 10, 1], 21) == [[12], [10, 10, 1]]
    assert packing.padding([[6, 3], [5, 3]], 9) == pytest.approx(1 / 18)


def test_too_long_is_refused():
    with pytest.raises(ValueError, match="a sequence of 7 does not fit"):
        packing.next_fit([3, 7], 6)


def test_widgets_say_what_they_show():
    stream = softmax_stream([1.0, 3.0, 2.0])
    stream.params = {"seen": 2}
    assert "m = 3" in stream.as_text()
    assert "times e^(1 − 3) = 0.135" in stream.as_text()
    walk = tile_walk(8, 4)
    assert "4 of 4 tiles have work" in walk.as_text()
    walk.params = {**walk.params, "causal": True}
    assert "3 of 4 tiles have work" in walk.as_text()
    assert "160 of 512 bytes" in walk.as_text()
    walk.params = {**walk.params, "block_q": 8, "budget": 128}
    assert "of 128 bytes, an overflow" in walk.as_text()
    roof = roofline({"a machine": (1e12, 1e10)}, N=256, D=64)
    assert "corner 100" in roof.as_text()
    board = packing_board(LENGTHS)
    board.params = {"capacity": 5, "way": "best-fit"}
    assert "4 rows of 5: 100% tokens" in board.as_text()
    board.params = {"capacity": 10, "way": "next-fit"}
    assert "cu_seqlens = [0, 5, 8]" in board.as_text()
