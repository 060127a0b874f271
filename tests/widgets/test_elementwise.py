"""Activations on tensors and their derivatives, however the reader has written them."""

import math
from functools import partial
from typing import Any

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from course.widgets.elementwise import derivative, name_of, named, on_tensors

PLACES = torch.tensor([[-3.0, -0.5], [0.25, 2.0]], dtype=torch.float64)


def with_if(x: float) -> float:
    return math.tanh(x) if x > 0 else 2 * x


def strict_step(x: float) -> float:
    return 1.0 if x > 0 else 0.0


@pytest.mark.parametrize(
    "fn", [math.tanh, np.tanh, torch.tanh, torch.nn.Tanh(), partial(torch.tanh)]
)
def test_every_form_gives_the_same_numbers_and_slopes(fn: Any) -> None:
    x = PLACES.clone().requires_grad_()
    y = on_tensors(fn)(x)
    assert y.shape == x.shape
    torch.testing.assert_close(y.detach(), torch.tanh(PLACES))
    y.backward(torch.full_like(x, 2.0))
    assert x.grad is not None
    torch.testing.assert_close(x.grad, 2 / torch.cosh(PLACES) ** 2, rtol=1e-6, atol=1e-8)


def test_one_number_alone_is_differentiated_too() -> None:
    for fn in (math.tanh, torch.tanh, with_if):
        slope = derivative(fn)(torch.tensor(0.5))
        assert slope.shape == ()
        assert slope.item() == pytest.approx(1 / math.cosh(0.5) ** 2)


def test_a_function_with_a_branch_is_asked_for_each_number() -> None:
    x = PLACES.float()
    y = on_tensors(with_if)(x)
    assert y.dtype == torch.float32
    torch.testing.assert_close(y, torch.where(x > 0, x.tanh(), 2 * x))
    slopes = torch.where(PLACES > 0, 1 / PLACES.cosh() ** 2, torch.tensor(2.0))
    torch.testing.assert_close(derivative(with_if)(PLACES), slopes.double(), rtol=1e-5, atol=1e-8)


@pytest.mark.parametrize("fn", [strict_step, lambda x: max(0.0, x), abs])
def test_at_a_jump_or_a_kink_the_flatter_side_counts(fn: Any) -> None:
    assert derivative(fn)(torch.tensor([0.0, 0.0])).abs().max() <= 1
    assert derivative(lambda x: max(0.0, float(x)))(torch.tensor([0.0])) == 0
    assert derivative(strict_step)(torch.tensor([0.0, -1.0, 1.0])).tolist() == [0, 0, 0]


def test_a_step_written_with_torch_has_slope_0_and_breaks_no_graph() -> None:
    def step(x: torch.Tensor) -> torch.Tensor:
        return (x > 0).float()

    x = PLACES.clone().requires_grad_()
    on_tensors(step)(x).sum().backward()
    assert x.grad is not None
    assert not x.grad.any()
    assert on_tensors(lambda x: x > 0)(PLACES).dtype == torch.float64


def test_a_constant_is_one_too() -> None:
    assert derivative(lambda x: 3.0)(PLACES).tolist() == [[0, 0], [0, 0]]
    assert on_tensors(lambda x: 3.0)(PLACES).tolist() == [[3, 3], [3, 3]]


def test_sliders_reach_the_function() -> None:
    slopes = derivative(F.leaky_relu)(PLACES, negative_slope=0.25)
    assert slopes.tolist() == [[0.25, 0.25], [1, 1]]


def test_what_is_no_activation_is_said() -> None:
    with pytest.raises(TypeError, match="function of a number"):
        named([3])  # type: ignore[list-item]
    with pytest.raises(ValueError, match="two activations are called tanh"):
        named([math.tanh, torch.tanh])
    with pytest.raises(TypeError, match="at least one"):
        named([])
    with pytest.raises(TypeError, match="one number for each number"):
        on_tensors(lambda x: x.sum())(PLACES)
    with pytest.raises(ZeroDivisionError):
        on_tensors(lambda x: x / 0 if isinstance(x, float) else 1 / 0)(PLACES)


def test_names() -> None:
    assert name_of(torch.nn.Mish()) == "Mish"
    assert name_of(partial(F.gelu, approximate="tanh")) == "gelu"
    assert name_of(lambda x: x) == "function"
