"""What the lesson says is so: variances, initialisations, and SELU's two constants."""

import math
from typing import Any

import numpy as np
import pytest
import torch
from scipy.integrate import quad
from torch.nn import functional as F

from course.widgets.signals import next_variance, predicted, propagate
from tests.lessons.running import names_of


@pytest.fixture(scope="module")
def lesson() -> dict[str, Any]:
    threads = torch.get_num_threads()
    names = names_of("03_activations/rectifiers_and_initialisation")
    torch.set_num_threads(threads)
    return names


def normal_mean(f: Any) -> float:
    """E[f(z)] for z ~ N(0, 1), by adaptive quadrature on both sides of 0."""

    def weighted(z: float) -> float:
        return float(f(z)) * math.exp(-z * z / 2) / math.sqrt(2 * math.pi)

    return float(quad(weighted, -12, 0)[0] + quad(weighted, 0, 12)[0])


def test_variance_of_a_layer_is_n_v_times_the_mean_square(lesson: dict[str, Any]) -> None:
    assert lesson["h"].shape == (3,)
    numbers = torch.Generator().manual_seed(3)
    a = torch.rand(50, generator=numbers)
    h = torch.randn(200_000, 50, generator=numbers) * 0.1 @ a
    assert h.var().item() == pytest.approx(50 * 0.01 * a.square().mean().item(), rel=0.02)


def test_linear_layers_begin_with_a_third_and_shrink_relus_to_a_sixth(
    lesson: dict[str, Any],
) -> None:
    assert lesson["layer"].weight.var().item() * 250 == pytest.approx(1 / 3, rel=0.02)
    sizes = lesson["sizes"]
    assert sizes[1] / sizes[0] == pytest.approx(1 / 6, rel=0.1)
    assert sizes[-1] / sizes[-2] > 0.9


def test_the_constants_of_selu_solve_both_equations(lesson: dict[str, Any]) -> None:
    alpha, scale = lesson["alpha"], lesson["scale"]
    assert (alpha, scale) == (
        pytest.approx(1.6732632423543772, abs=1e-14),
        pytest.approx(1.0507009873554805, abs=1e-14),
    )

    def selu(z: float) -> float:
        return scale * (z if z > 0 else alpha * math.expm1(z))

    assert normal_mean(selu) == pytest.approx(0, abs=1e-9)
    assert normal_mean(lambda z: selu(z) ** 2) == pytest.approx(1, abs=1e-9)
    slope = normal_mean(lambda z: (scale if z > 0 else scale * alpha * math.exp(z)) ** 2)
    assert slope == pytest.approx(1.07, abs=0.005)


def test_the_walk_ends_at_1_from_both_sides(lesson: dict[str, Any]) -> None:
    for seen in (lesson["wide"], lesson["narrow"]):
        assert abs(seen[-1] - 1) < 0.05
        assert abs(seen[6] - 1) < abs(seen[0] - 1)
    slope = (next_variance(F.selu, 1.01) - next_variance(F.selu, 0.99)) / 0.02
    assert slope == pytest.approx(0.78, abs=0.005)


def test_means_after_the_rectifiers() -> None:
    assert normal_mean(lambda z: max(z, 0)) == pytest.approx(1 / math.sqrt(2 * math.pi))
    assert normal_mean(lambda z: max(z, 0) ** 2) == pytest.approx(0.5)


def test_what_the_lab_is_said_to_show() -> None:
    assert predicted(F.selu, 100, 1.0)[1][0] == pytest.approx(1000, rel=0.1)
    assert propagate(F.selu, 100, 1.0).forward[-1] == pytest.approx(1, abs=0.2)
    below = [propagate(F.relu, 100, math.sqrt(2), 16, seed).forward[-1] < 1 for seed in range(8)]
    assert sum(below) >= 6
    # SELU with He's variance grows for ever, by λ² a layer in the end.
    forward, _ = predicted(F.selu, 100, math.sqrt(2))
    assert forward[-1] / forward[-2] == pytest.approx(1.104, abs=0.01)
    # tanh above gain 1 walks to one place from both sides
    ends = []
    for q in (0.01, 3.0):
        for _ in range(200):
            q = next_variance(torch.tanh, q, 1.5)
        ends.append(q)
    assert np.ptp(ends) < 1e-6 < ends[0]
