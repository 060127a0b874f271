"""The classifier playground: what it learns with which activation, and what it says."""

import threading
import time
from typing import Any

import pytest
import torch
from torch.nn import functional as F

from course.widgets import classifier_playground
from course.widgets.playground import POINTS, SHAPES, two_classes


def threshold(x: float) -> float:
    return 1.0 if x > 0 else 0.0


def bent(x: float) -> float:
    return x if x > 0 else 0.1 * x


def loss(view: Any) -> float:
    return float(view.as_text().split("loss = ")[1].split("\n")[0])


@pytest.mark.parametrize("kind", SHAPES)
def test_data_fit_the_picture_and_are_half_and_half(kind: str) -> None:
    points, label = two_classes(kind)
    assert points.shape == (POINTS, 2)
    assert points.abs().max() < 1.4
    assert label.sum() == POINTS / 2
    torch.testing.assert_close(two_classes(kind)[0], points)


def test_relu_learns_and_a_reader_may_write_it_with_an_if() -> None:
    view = classifier_playground(F.relu, bent, data="circles", layers=2, units=8, steps=100)
    assert "100% of the points are right" in view.as_text()
    view.params = {**view.params, "activation": "bent"}
    assert view.step == 0
    view.advance(100)
    assert "100% of the points are right" in view.as_text()
    assert loss(view) < 0.2


def test_a_threshold_teaches_the_hidden_layer_nothing() -> None:
    view = classifier_playground(threshold, torch.sigmoid, layers=1, units=4, rate=2.0, steps=150)
    assert "4 of 4 hidden units are dead" in view.as_text()
    assert loss(view) > 0.6
    view.params = {**view.params, "activation": "sigmoid"}
    view.advance(150)
    assert "100% of the points are right" in view.as_text()


def test_a_large_rate_kills_relus_but_not_leaky_ones() -> None:
    view = classifier_playground(
        F.relu, F.leaky_relu, data="spirals", layers=3, units=16, rate=3.2, steps=150
    )
    assert int(view.as_text().split(" of 48 hidden")[0].split("\n")[-1]) > 24
    view.params = {**view.params, "activation": "leaky_relu"}
    view.advance(150)
    assert "0 of 48 hidden units are dead" in view.as_text()


@pytest.mark.parametrize(
    "change",
    [{"data": "moons"}, {"layers": 10}, {"units": 32}, {"gain": 0.1}, {"optimiser": "Adam"}],
)
def test_every_setting_takes_part(change: dict[str, Any]) -> None:
    view = classifier_playground(torch.tanh, steps=5)
    before = loss(view)
    view.params = {**view.params, **change}
    assert view.status == "ready"
    view.advance(5)
    assert view.problem == {}
    assert loss(view) != before


def test_it_trains_in_the_background_and_leaves_no_thread() -> None:
    view = classifier_playground(bent)
    view.start()
    deadline = time.monotonic() + 20
    while view._recording.step < 3 and time.monotonic() < deadline:
        time.sleep(0.01)
    view.close()
    assert view._recording.step >= 3
    assert "stepwise-loop" not in [thread.name for thread in threading.enumerate()]


def test_an_error_in_the_readers_function_is_shown_with_its_line() -> None:
    def broken(x: float) -> float:
        return undefined * x  # type: ignore[name-defined, no-any-return]  # noqa: F821

    view = classifier_playground(broken, steps=1)
    assert view.status == "failed"
    assert view.problem["function"] == "broken"
    assert "NameError" in view.as_text()
