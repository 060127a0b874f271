"""The activations that answers are compared with, against torch and against numerical integrals."""

import math
from collections.abc import Callable

import pytest
import torch

from course.checks import activations

X = torch.linspace(-30, 30, 401, dtype=torch.float64)
CONSTANTS = 1.6732632423543772, 1.0507009873554805  # alpha and scale of SELU, as torch has them


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (activations.logistic, torch.sigmoid),
        (activations.softplus, lambda x: torch.logaddexp(x, torch.zeros_like(x))),
        (activations.normal_cdf, torch.special.ndtr),
        (activations.gelu, torch.nn.functional.gelu),
        (activations.gelu_tanh, lambda x: torch.nn.functional.gelu(x, approximate="tanh")),
    ],
)
def test_torch_agrees(
    ours: Callable[[float], float], theirs: Callable[[torch.Tensor], torch.Tensor]
) -> None:
    torch.testing.assert_close(activations.each(ours, X), theirs(X), rtol=1e-13, atol=1e-14)


@pytest.mark.parametrize(
    ("slope", "theirs"),
    [
        (activations.gelu_slope, torch.nn.functional.gelu),
        (
            activations.gelu_tanh_slope,
            lambda x: torch.nn.functional.gelu(x, approximate="tanh"),
        ),
    ],
)
def test_autograd_agrees(
    slope: Callable[[float], float], theirs: Callable[[torch.Tensor], torch.Tensor]
) -> None:
    x = X.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(theirs(x).sum(), x)
    torch.testing.assert_close(activations.each(slope, x), gradient, rtol=1e-12, atol=1e-13)


def test_far_out() -> None:
    assert (activations.logistic(-1000.0), activations.logistic(1000.0)) == (0.0, 1.0)
    assert (activations.softplus(-1000.0), activations.softplus(1000.0)) == (0.0, 1000.0)
    for x in (-700.0, -300.0, -41.0):  # both are eˣ there, to the last digit of a float
        assert activations.logistic(x) == pytest.approx(math.exp(x), rel=1e-14)
        assert activations.softplus(x) == pytest.approx(math.exp(x), rel=1e-14)
    assert activations.gelu_tanh(-1000.0) == 0.0


@pytest.mark.parametrize(
    ("mean", "variance", "alpha", "scale"),
    [(0.0, 1.0, *CONSTANTS), (0.7, 2.5, 1.3, 0.9), (-1.5, 0.2, *CONSTANTS), (-3.0, 4.0, 0.5, 2.0)],
)
def test_moments_of_selu(mean: float, variance: float, alpha: float, scale: float) -> None:
    width = 12 * math.sqrt(variance)
    below = torch.linspace(mean - width, 0.0, 200_001, dtype=torch.float64)
    above = torch.linspace(0.0, max(mean + width, 0.0), 200_001, dtype=torch.float64)

    def integral(power: int) -> float:
        total = 0.0
        for z, value in (
            (below, scale * alpha * torch.expm1(below)),
            (above, scale * above),
        ):
            density = torch.exp(-((z - mean) ** 2) / (2 * variance))
            density /= math.sqrt(2 * math.pi * variance)
            total += float(torch.trapezoid(value**power * density, z))
        return total

    got = activations.selu_moments(mean, variance, alpha, scale)
    expected = integral(1), integral(2) - integral(1) ** 2
    assert got == pytest.approx(expected, rel=1e-8, abs=1e-8)


def test_selu_has_its_fixed_point() -> None:
    assert activations.selu_moments(0.0, 1.0, *CONSTANTS) == pytest.approx((0.0, 1.0), abs=1e-14)


def test_the_perceptron_in_its_dual_form() -> None:
    """The same as Rosenblatt's own rule, written out with weights."""
    numbers = torch.Generator().manual_seed(0)
    for trial in range(30):
        points = torch.randint(-4, 5, (8, 2), generator=numbers).tolist()
        labels = torch.randint(0, 2, (8,), generator=numbers).tolist()
        weights, bias, mistakes = [0.0, 0.0], 0.0, []
        for _ in range(7):
            mistakes.append(0)
            for (x, y), label in zip(points, labels, strict=True):
                error = label - (weights[0] * x + weights[1] * y + bias > 0)
                weights = [weights[0] + error * x, weights[1] + error * y]
                bias += error
                mistakes[-1] += error != 0
            if not mistakes[-1]:
                break
        assert activations.dual_perceptron(points, labels, 7) == (weights, bias, mistakes), trial
