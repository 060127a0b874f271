"""What the lessons on attention say is so: their functions against torch's own, their numbers."""
# ruff: noqa: E741

import math
import random
from typing import Any

import pytest
import torch
from torch.nn import functional as F

from tests.lessons.running import COURSE, names_of

UNIT = "07_flash_attention"


def text(lesson: str) -> str:
    """The lesson's text with its lines joined."""
    return " ".join((COURSE / UNIT / f"{lesson}.py").read_text(encoding="utf-8").split())


def normal(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


@pytest.fixture(scope="module")
def softmax() -> dict[str, Any]:
    return names_of(f"{UNIT}/online_softmax")


@pytest.fixture(scope="module")
def attention() -> dict[str, Any]:
    return names_of(f"{UNIT}/attention_without_the_matrix")


@pytest.fixture(scope="module")
def backward() -> dict[str, Any]:
    return names_of(f"{UNIT}/backward")


@pytest.fixture(scope="module")
def batches() -> dict[str, Any]:
    return names_of(f"{UNIT}/real_batches")


def rows(count: int = 40) -> list[tuple[list[float], list[float]]]:
    draw = random.Random(3)
    return [
        ([draw.gauss(0, 200) for _ in range(n)], [draw.gauss(0, 1) for _ in range(n)])
        for n in (draw.randint(1, 12) for _ in range(count))
    ]


def test_every_softmax_is_the_softmax(softmax: dict[str, Any]) -> None:
    for x, v in rows():
        logits = torch.tensor(x, dtype=torch.float64)
        weights = torch.softmax(logits, dim=0)
        o = pytest.approx(float(weights @ torch.tensor(v, dtype=torch.float64)))
        for name in ("three_passes", "two_passes"):
            assert softmax[name](x) == pytest.approx(weights.tolist(), rel=1e-9, abs=1e-300)
        for name in ("one_pass", "attends", "guarded"):
            assert softmax[name](x, v) == o
        m, l, a = softmax["state"](x, v)
        assert m + math.log(l) == pytest.approx(float(torch.logsumexp(logits, dim=0)))
        assert a / l == o


def test_forgetting_to_rescale_shows_with_rising_logits_only(softmax: dict[str, Any]) -> None:
    wrong, right = softmax["forgets_to_rescale"], softmax["attends"]
    assert wrong([5, 4, 3], [1.0, 2.0, 3.0]) == right([5, 4, 3], [1.0, 2.0, 3.0])
    assert wrong([3, 4, 5], [1.0, 2.0, 3.0]) != pytest.approx(right([3, 4, 5], [1.0, 2.0, 3.0]))


def test_merging_in_pairs_takes_log_n_rounds(softmax: dict[str, Any]) -> None:
    for n in range(1, 40):
        (m, l, _), rounds = softmax["merge_in_rounds"]([(float(k), 1.0, 0.0) for k in range(n)])
        assert rounds == math.ceil(math.log2(n))
        assert (m, l) == (n - 1, pytest.approx(sum(math.exp(-k) for k in range(n))))


@pytest.mark.parametrize("name", ["in_three_steps", "queries_outside", "keys_outside"])
def test_all_orders_give_torchs_attention(attention: dict[str, Any], name: str) -> None:
    Q, K, V = (attention[letter] for letter in "QKV")
    found = attention[name](Q, K, V)
    found = found[0] if isinstance(found, tuple) else found
    expected = F.scaled_dot_product_attention(Q[None], K[None], V[None], scale=attention["scale"])
    assert torch.allclose(found, expected[0], atol=1e-6)


def test_the_formulas_of_the_lesson_are_the_counts(attention: dict[str, Any]) -> None:
    N, D, R = attention["N"], attention["D"], 8
    plain, fa1, fa2 = (attention[name] for name in ("plain", "fa1", "fa2"))
    assert (plain.read, plain.written) == (4 * (3 * N * D + 2 * N * N), 4 * (2 * N * N + N * D))
    assert (fa2.read, fa2.written) == (4 * (N * D + R * 2 * N * D), 4 * (N * D + N))
    assert fa1.read == 4 * (2 * N * D + R * (2 * N * D + 2 * N))
    assert fa1.written == 4 * (1 + R) * (N * D + 2 * N)


def test_traffic_falls_with_the_sram_as_the_law_says(attention: dict[str, Any]) -> None:
    sizes, moved = attention["sizes"], attention["moved"]
    assert moved == sorted(moved, reverse=True)
    shares = [traffic * size for size, traffic in zip(sizes, moved, strict=True)]
    assert max(shares) < 2 * min(shares)  # ∝ 1/M, while M grows fivefold
    assert sizes[-1] / sizes[0] > 4


def test_prefill_by_tiles_has_the_greater_intensity_and_decoding_the_same(
    attention: dict[str, Any],
) -> None:
    placed = attention["placed"]
    assert placed["prefill, tiles"].intensity > 5 * placed["prefill, matrix"].intensity
    for name in ("decoding, matrix", "decoding, tiles"):
        assert placed[name].intensity == pytest.approx(0.5, rel=0.05)
    for name, one in placed.items():
        queries = 2048 if "prefill" in name else 1
        assert one.flops == 4 * queries * 2048 * 64
    assert "with the matrix, 62 operations a byte" in text("attention_without_the_matrix")
    work, ends = 4 * 4096**2 * 128, 2 * (4 * 4096 * 128)
    assert round(work / (ends + 8 * 4096**2)) == 62
    assert work / ends == 2048


def test_gradients_are_autograds_and_gradcheck_tells_them_from_wrong_ones(
    backward: dict[str, Any],
) -> None:
    Q, K, V, dO, scale = (backward[name] for name in ("Q", "K", "V", "dO", "scale"))
    inputs = [x.clone().requires_grad_() for x in (Q, K, V)]
    out = F.scaled_dot_product_attention(*(x[None] for x in inputs), scale=scale)
    out.backward(dO[None])
    O, L = backward["plain_attention"](Q, K, V, scale)
    for found in (
        backward["backward_with_matrix"](Q, K, V, dO, scale),
        backward["flash_backward"](Q, K, V, O, L, dO, scale, 4),
    ):
        for one, leaf in zip(found, inputs, strict=True):
            assert torch.allclose(one, leaf.grad, atol=1e-12)
    judge = torch.autograd.gradcheck
    assert judge(backward["Flash"].apply, (*inputs, scale))
    assert not judge(backward["Wrong"].apply, (*inputs, scale), raise_exception=False)


def test_recomputing_costs_a_quarter_more_operations(backward: dict[str, Any]) -> None:
    stored, tiles = backward["both"](64, 32)
    assert (stored.flops, tiles.flops) == (8 * 64**2 * 16, 10 * 64**2 * 16)
    assert tiles.traffic < stored.traffic


def test_packing_changes_no_text_and_the_mistakes_do(batches: dict[str, Any]) -> None:
    for text_, mine in zip(batches["texts"], batches["packed"].split([3, 1, 5]), strict=True):
        x = batches["E"][text_] + batches["pos"][: len(text_)]
        Q, K, V = ((x @ batches[W]).view(-1, 2, 4).transpose(0, 1) for W in ("Wq", "Wk", "Wv"))
        out = F.scaled_dot_product_attention(Q, K, V, is_causal=True, scale=0.5)
        alone = out.transpose(0, 1).reshape(-1, 8) @ batches["E"].T
        assert torch.allclose(mine, alone, atol=1e-4)
    for wrong in ("run_on", "one_text"):
        assert (batches[wrong] - batches["packed"])[batches["last"]].abs().max() > 1


def test_shared_heads_and_split_keys_are_torchs_attention(batches: dict[str, Any]) -> None:
    Q, K, V = normal(2, 6, 3, 4), normal(2, 2, 9, 4, seed=1), normal(2, 2, 9, 4, seed=2)
    expected = F.scaled_dot_product_attention(Q, K, V, scale=0.5, enable_gqa=True)
    assert torch.allclose(batches["grouped"](Q, K, V, 0.5), expected, atol=1e-6)
    assert torch.allclose(batches["copied"](Q, K, V, 0.5), expected, atol=1e-6)
    q, K, V = normal(1, 4), normal(50, 4, seed=1), normal(50, 4, seed=2)
    expected = F.scaled_dot_product_attention(q[None], K[None], V[None], scale=0.5)[0]
    for workers in (1, 3, 25):
        out, share = batches["split_decode"](q, K, V, 0.5, workers)
        assert torch.allclose(out, expected, atol=1e-6)
        assert float(share.sum()) == pytest.approx(1)


def test_half_of_the_tiles_have_work(batches: dict[str, Any]) -> None:
    table = batches["kinds"](32, 32, 4)
    kinds = [kind for row in table for kind in row]
    assert (kinds.count("cut"), kinds.count("full"), kinds.count("")) == (8, 28, 28)
    assert [batches["tiles_with_work"](n, 16, 32) for n in (64, 128)] == [4 + 3 + 2, 8 + 7 + 6]
