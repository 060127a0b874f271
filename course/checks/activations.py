"""Activations one number at a time, by Python's own mathematics: what answers are compared with.

Nothing here knows torch or an answer. `logistic` and `softplus` are worked out with sixty decimal
digits, whose exponents do not overflow; what needs the normal distribution uses `math.erfc`, which
is accurate to about 1e-15 also far out in the tails.
"""

import math
from collections.abc import Callable, Sequence
from decimal import Context, Decimal
from typing import Any

_DIGITS = Context(prec=60, Emin=-999_999, Emax=999_999)
_ROOT = math.sqrt(2.0 / math.pi)


def logistic(x: float) -> float:
    """1 / (1 + e⁻ˣ), to the last digit of a float; any x that is finite."""
    exponential = _DIGITS.exp(Decimal(-x))
    return float(_DIGITS.divide(Decimal(1), _DIGITS.add(Decimal(1), exponential)))


def softplus(x: float) -> float:
    """ln(1 + eˣ), to the last digit of a float for x ≥ −40, to e⁻⁶⁰ of it below that."""
    exponential = _DIGITS.exp(Decimal(x))
    if x < -40.0:  # ln(1 + t) = t − t²/2 + …, and t² < 10⁻³⁴
        half_square = _DIGITS.divide(_DIGITS.multiply(exponential, exponential), Decimal(2))
        return float(_DIGITS.subtract(exponential, half_square))
    return float(_DIGITS.ln(_DIGITS.add(Decimal(1), exponential)))


def normal_cdf(x: float) -> float:
    """Φ(x), the chance that a standard normal number is at most x."""
    return 0.5 * math.erfc(-x / math.sqrt(2.0))


def normal_density(x: float) -> float:
    """φ(x), the density of a standard normal number."""
    return math.exp(-0.5 * x * x) / math.sqrt(2.0 * math.pi)


def gelu(x: float) -> float:
    """x·Φ(x): GELU by its definition (Hendrycks and Gimpel 2016)."""
    return x * normal_cdf(x)


def gelu_slope(x: float) -> float:
    """The derivative of `gelu`: Φ(x) + x·φ(x)."""
    return normal_cdf(x) + x * normal_density(x)


def gelu_tanh(x: float) -> float:
    """The tanh form of GELU: x·½·(1 + tanh u) with u = √(2/π)·(x + 0.044715·x³)."""
    return x * _weight(x)


def gelu_tanh_slope(x: float) -> float:
    """The derivative of `gelu_tanh`: w + x·w′ with w = σ(2u), w′ = 2u′·σ(2u)·σ(−2u)."""
    weight = _weight(x)
    inner = _ROOT * (1.0 + 3.0 * 0.044715 * x * x)
    return weight + 2.0 * inner * x * weight * _weight(-x)


def _weight(x: float) -> float:
    """½·(1 + tanh u) = σ(2u), written so that no digit cancels."""
    twice = 2.0 * _ROOT * (x + 0.044715 * x**3)
    if twice >= 0.0:
        return 1.0 / (1.0 + math.exp(-twice))
    exponential = math.exp(twice)
    return exponential / (1.0 + exponential)


def selu_moments(mean: float, variance: float, alpha: float, scale: float) -> tuple[float, float]:
    """Mean and variance of SELU(z) for a normal z with this mean and variance, in closed form.

    SELU is scale·z for z > 0 and scale·alpha·(eᶻ − 1) below (Klambauer et al. 2017, their eq. 4
    and 5). With k = 1, 2: E[eᵏᶻ; z < 0] = exp(k·mean + k²·variance/2)·Φ(−(mean + k·variance)/σ).
    """
    sigma = math.sqrt(variance)
    at = mean / sigma
    above, below = normal_cdf(at), normal_cdf(-at)
    first = mean * above + sigma * normal_density(at)
    second = (mean**2 + variance) * above + mean * sigma * normal_density(at)
    once, twice = (
        math.exp(k * mean + k * k * variance / 2) * normal_cdf(-(mean + k * variance) / sigma)
        for k in (1, 2)
    )
    expected = scale * (first + alpha * (once - below))
    square = scale**2 * (second + alpha**2 * (twice - 2.0 * once + below))
    return expected, square - expected**2


def dual_perceptron(
    points: Sequence[Sequence[float]], labels: Sequence[int], epochs: int
) -> tuple[list[float], float, list[int]]:
    """What the perceptron rule gives: (weights, bias, mistakes of each pass), from its dual form.

    No weights are kept on the way. Each point remembers how often it was missed; the sum for a new
    point is then made of inner products with the missed ones. The last pass is one without
    mistakes, or the one with number `epochs`.
    """
    products = [
        [1.0 + sum(a * b for a, b in zip(one, other, strict=True)) for other in points]
        for one in points
    ]
    missed = [0] * len(points)
    mistakes: list[int] = []
    while len(mistakes) < epochs and (not mistakes or mistakes[-1]):
        mistakes.append(0)
        for i, label in enumerate(labels):
            total = sum(m * product for m, product in zip(missed, products[i], strict=True))
            error = label - (total > 0)
            missed[i] += error
            mistakes[-1] += abs(error)
    axes = range(len(points[0]))
    weights = [sum(m * x[d] for m, x in zip(missed, points, strict=True)) for d in axes]
    return weights, float(sum(missed)), mistakes


def each(function: Callable[[float], float], x: Any) -> Any:
    """`function` of each entry of a tensor, one by one in float64; a tensor of the same shape."""
    import torch

    values = [function(value) for value in x.detach().double().flatten().tolist()]
    return torch.tensor(values, dtype=torch.float64).reshape(x.shape)


def gradients(
    function: Callable[..., Any], inputs: Sequence[Any], upstream: Any
) -> tuple[Any, ...]:
    """What autograd gives each of the inputs when `upstream` comes back to `function(*inputs)`."""
    import torch

    leaves = [one.detach().clone().requires_grad_() for one in inputs]
    return torch.autograd.grad((function(*leaves) * upstream).sum(), leaves)
