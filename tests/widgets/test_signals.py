"""The signal lab: what is measured against closed forms, and what it shows."""

import math
from itertools import pairwise

import pytest
import torch
from torch.nn import functional as F

from course.widgets import signal_lab
from course.widgets.signals import next_variance, predicted, propagate

GAIN = math.sqrt(2)


def test_theory_of_relu_and_of_a_line_is_exact() -> None:
    forward, backward = predicted(F.relu, 20, GAIN)
    assert forward == pytest.approx([1.0] * 20, rel=1e-6)
    assert backward == pytest.approx([0.5] * 20, rel=1e-6)
    forward, backward = predicted(lambda x: 2 * x, 3, 0.5)
    assert forward == pytest.approx([1.0] * 3, rel=1e-6)
    assert backward == pytest.approx([4.0] * 3, rel=1e-6)


def test_theory_of_the_error_function_is_its_closed_form() -> None:
    """E[erf(h)²] = (2/π) arcsin(2q / (1 + 2q)) for h ~ N(0, q) (Williams, 1997)."""
    for q in (0.1, 1.0, 7.0):
        assert next_variance(torch.erf, q, 1.5) == pytest.approx(
            1.5**2 * 2 / math.pi * math.asin(2 * q / (1 + 2 * q)), rel=1e-6
        )


def test_selu_keeps_variance_1() -> None:
    assert next_variance(F.selu, 1.0) == pytest.approx(1.0, rel=1e-6)


@pytest.mark.parametrize("fn", [F.relu, torch.tanh, F.gelu])
def test_a_wide_network_does_what_theory_says(fn: object) -> None:
    measured = propagate(fn, 4, 1.2, width=1024)  # type: ignore[arg-type]
    forward, backward = predicted(fn, 4, 1.2)  # type: ignore[arg-type]
    assert measured.forward == pytest.approx(forward, rel=0.15)
    assert measured.backward == pytest.approx(backward, rel=0.15)


def test_gradients_are_those_of_autograd_through_the_whole_network() -> None:
    """With the identity, the gradient of a layer is that of the last one times the weights."""
    measured = propagate(lambda x: x, 3, 1.0, width=16)
    numbers = torch.Generator().manual_seed(0)
    torch.randn(32, 16, generator=numbers)
    weights = [torch.randn(16, 16, generator=numbers) / 4 for _ in range(3)]
    last = torch.randn(32, 16, generator=numbers)
    torch.testing.assert_close(measured.gradients[2], last)
    torch.testing.assert_close(measured.gradients[0], last @ weights[2].T @ weights[1].T)


def test_every_control_and_the_button_change_what_is_shown() -> None:
    lab = signal_lab(F.relu, torch.tanh, depth=5)
    seen = [lab.fresh["layers"]]
    for change in ({"depth": 100}, {"activation": "tanh"}, {"gain": 2.0}, {"width": 16}):
        lab.params = {**lab.params, **change}
        seen.append(lab.fresh["layers"])
    lab._on_message(lab, {"press": "New weights"}, [])
    seen.append(lab.fresh["layers"])
    for before, after in pairwise(seen):
        assert before["2.0"] != after["2.0"]  # activations, measured
        assert before["3.0"] != after["3.0"]  # gradients, measured
    assert seen[1]["0.0"]["names"] == ["1", "21", "41", "60", "80", "100"]
    assert seen[-2]["2.1"] == seen[-1]["2.1"]  # theory knows no weights
    assert lab.problem == {}


def test_nothing_is_lost_at_the_ends_of_the_histograms() -> None:
    lab = signal_lab(lambda x: 10 * x, F.relu, depth=30)
    for name in ("0.0", "1.0"):
        for counts in lab.fresh["layers"][name]["counts"]:
            assert sum(counts) == 32 * 256


def test_what_explodes_leaves_a_gap_and_no_error() -> None:
    def square(x: float) -> float:
        return x * x

    lab = signal_lab(torch.exp, depth=40, gain=3.0)
    assert lab.problem == {}
    assert None in lab.fresh["layers"]["2.0"]["y"][0]
    forward, _ = predicted(lambda x: x * x, 30, 2.0)
    assert forward[-1] == math.inf
    assert "theory" in signal_lab(square, depth=2, width=16).as_text()
