"""The activation explorer: graphs, derivatives, and what is switched off."""

import math

import pytest
import torch
from torch.nn import functional as F

from course.widgets import activation_explorer


def test_each_function_has_its_graph_and_its_derivative_under_one_name() -> None:
    explorer = activation_explorer(math.tanh, F.relu, torch.nn.Mish(), over=(-2, 2), at=0.5)
    graphs, slopes = explorer.figure["panels"]
    names = [["tanh", "relu", "Mish"]] * 2
    assert [[layer["label"] for layer in panel["layers"]] for panel in (graphs, slopes)] == names
    assert explorer.cursor == 0.5
    data = explorer.data_of("1.0")
    assert data is not None
    expected = [1 - math.tanh(x) ** 2 for x in data["x"][0]]
    assert data["y"][0] == pytest.approx(expected, abs=1e-5)


def test_more_than_six_functions_can_be_told_apart() -> None:
    functions = [torch.sigmoid, torch.tanh, F.relu, F.elu, F.selu, F.gelu, F.silu, F.mish]
    explorer = activation_explorer(*functions)
    looks = [layer["look"] for layer in explorer.figure["panels"][0]["layers"]]
    assert len({(look["colour"], look["dash"]) for look in looks}) == len(functions)


def test_only_what_is_wanted_is_shown_at_first() -> None:
    explorer = activation_explorer(torch.sigmoid, F.relu, F.gelu, shown=["relu"])
    assert explorer.hidden == ["sigmoid", "gelu"]
    with pytest.raises(ValueError, match="no activation 'tanh'"):
        activation_explorer(F.relu, shown=["tanh"])


def test_a_slider_moves_the_function_and_its_derivative() -> None:
    def leaky(x: float, alpha: float) -> float:
        return x if x > 0 else alpha * x

    explorer = activation_explorer(leaky, sliders={"alpha": (0.0, 1.0, 0.5)}, over=(-2, 2))
    explorer.params = {"alpha": 0.5}
    graph, slope = explorer.data_of("0.0"), explorer.data_of("1.0")
    assert graph is not None
    assert slope is not None
    assert graph["y"][0][0] == pytest.approx(-1)
    assert slope["y"][0][0] == pytest.approx(0.5, abs=1e-6)


def test_an_error_in_the_readers_function_is_shown_with_its_line() -> None:
    def broken(x: float) -> float:
        return undefined * x  # type: ignore[name-defined, no-any-return]  # noqa: F821

    explorer = activation_explorer(broken, F.relu)
    assert "NameError" in explorer.as_text()
    assert explorer.problem["function"] == "broken"
