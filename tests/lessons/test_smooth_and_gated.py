"""What the lesson says is so: GELU's two forms, the gates, the 2/3 rule, and what gating does."""

import math
from statistics import NormalDist
from typing import Any

import numpy as np
import pytest
import torch
from scipy.integrate import quad
from torch.nn import functional as F

from course.widgets.signals import predicted
from tests.lessons.running import names_of


@pytest.fixture(scope="module")
def lesson() -> dict[str, Any]:
    threads = torch.get_num_threads()
    names = names_of("03_activations/smooth_and_gated")
    torch.set_num_threads(threads)
    return names


def test_how_far_the_forms_of_gelu_are_apart(lesson: dict[str, Any]) -> None:
    """Against Φ from the standard library, on a grid of our own."""
    phi = NormalDist().cdf
    places = np.linspace(-6, 6, 24_001)
    exact = np.array([x * phi(x) for x in places])
    u = math.sqrt(2 / math.pi) * (places + 0.044715 * places**3)
    for form, rough, most, where in (
        ("tanh_error", 0.5 * places * (1 + np.tanh(u)), 4.7323552e-4, 2.6989),
        ("sigmoid_error", places / (1 + np.exp(-1.702 * places)), 0.0203348722, 2.2704),
    ):
        distance = np.abs(rough - exact)
        assert distance.max() == pytest.approx(most, rel=1e-6)
        assert abs(places[distance.argmax()]) == pytest.approx(where, abs=5e-4)
        told = lesson["worst"][form]
        assert told == f"{most:.10f} at ±{where:.4f}"
    series = 0.5 * places * (1 + np.tanh(math.sqrt(2 / math.pi) * (places + 0.0455399 * places**3)))
    told = float(lesson["worst"]["series_error"].split()[0])
    assert told == pytest.approx(np.abs(series - exact).max(), rel=1e-4)
    assert told > 1.5 * 4.7323552e-4  # the paper's number is better over the whole line


def test_moments_of_gelu_are_the_closed_forms(lesson: dict[str, Any]) -> None:
    def density(z: float) -> float:
        return math.exp(-z * z / 2) / math.sqrt(2 * math.pi)

    phi = NormalDist().cdf
    mean = quad(lambda z: z * phi(z) * density(z), -12, 12)[0]
    square = quad(lambda z: (z * phi(z)) ** 2 * density(z), -12, 12)[0]
    assert mean == pytest.approx(1 / (2 * math.sqrt(math.pi)), abs=1e-9)
    assert square == pytest.approx(0.42522148257, abs=1e-9)
    assert F.gelu(lesson["z"]).mean().item() == pytest.approx(mean, abs=1e-3)
    # softplus: mean about 0.8
    softplus = quad(lambda z: math.log1p(math.exp(z)) * density(z), -12, 12)[0]
    assert softplus == pytest.approx(0.8, abs=0.02)


def test_swapping_the_form_moves_logits_and_retraining_moves_answers(
    lesson: dict[str, Any],
) -> None:
    answers = lesson["answers"]
    exact, swapped, retrained = (answers[name] for name in ("exact", "swapped", "retrained"))
    moved = (swapped - exact).abs().max().item()
    assert 1e-3 < moved < 0.1
    assert (swapped.argmax(1) != exact.argmax(1)).sum() <= 2
    assert (retrained.argmax(1) != exact.argmax(1)).sum() >= 12
    right = [(one.argmax(1) == lesson["labels"][1200:]).double().mean() for one in answers.values()]
    assert min(right) > 0.8
    assert max(right) - min(right) < 0.05


def test_silu_is_lowest_where_it_is_the_place_plus_1(lesson: dict[str, Any]) -> None:
    place = lesson["place"]
    assert place == pytest.approx(-1.27846, abs=1e-4)
    assert place / (1 + math.exp(-place)) == pytest.approx(place + 1, abs=2e-5)


def test_gelu_has_no_gain_that_is_right_for_every_depth() -> None:
    below, above = (predicted(F.gelu, 100, gain)[0][-1] for gain in (1.35, 1.6))
    assert below < 1e-6
    assert above > 1e3


def test_equal_parameters_and_flops(lesson: dict[str, Any]) -> None:
    plain, gated = lesson["plain"], lesson["gated"]
    count = [sum(one.numel() for one in layer.parameters()) for layer in (plain, gated)]
    assert count == [8 * 48**2] * 2
    assert lesson["counter"].get_total_flops() == 2 * count[1] * lesson["tokens"]
    assert 3 * 512 * 1365 == 2_096_640


def test_the_gated_layer_is_the_formula_of_the_paper(lesson: dict[str, Any]) -> None:
    layer = lesson["FeedForward"](6, 4, F.gelu, True)
    x = torch.randn(5, 6)
    w, v = layer.up.weight[:4].T, layer.up.weight[4:].T
    expected = (F.gelu(x @ w) * (x @ v)) @ layer.down.weight.T
    torch.testing.assert_close(layer(x), expected)


def test_gated_blocks_learn_the_product_faster(lesson: dict[str, Any]) -> None:
    ends = {name: [run[-1] for run in two] for name, two in lesson["runs"].items()}
    assert max(ends["GEGLU"] + ends["SwiGLU"]) < 0.5 * min(ends["ReLU"] + ends["GELU"])


def test_gated_blocks_learn_a_sum_faster_too(
    lesson: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    pair = lesson["pair"]
    monkeypatch.setitem(lesson, "wanted", (pair[:, 0] + 3 * pair[:, 1]) % 31)
    plain, gated = (
        list(lesson["losses"](*lesson["kinds"][name], 0, steps=100)) for name in ("ReLU", "SwiGLU")
    )
    assert gated[-1] < 0.8 * plain[-1]


def test_two_gated_units_multiply() -> None:
    a, b = torch.randn(2, 100, dtype=torch.float64)
    for gate in (F.relu, F.gelu, F.silu):
        torch.testing.assert_close(gate(a) * b - gate(-a) * b, a * b)


def test_answers_to_the_questions() -> None:
    x = torch.linspace(-4, 4, 101, dtype=torch.float64)
    for fn in (F.gelu, F.silu, F.hardswish, F.relu, F.softplus):
        torch.testing.assert_close(fn(x) - fn(-x), x)
    assert not torch.allclose(F.mish(x) - F.mish(-x), x)


def test_what_autograd_keeps(lesson: dict[str, Any]) -> None:
    assert lesson["kept"](F.relu) == lesson["kept"](F.silu) == "4 MB"
    assert lesson["kept"](lambda x: x * torch.sigmoid(x)) == "8 MB"
