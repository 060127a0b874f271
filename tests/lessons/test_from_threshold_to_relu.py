"""What the lesson says is so: its neurons, its bound, and how gradients go in its networks."""

from itertools import product
from typing import Any

import pytest
import torch
from torch.nn import functional as F

from course.widgets import classifier_playground
from course.widgets.signals import predicted, propagate
from tests.lessons.running import names_of


@pytest.fixture(scope="module")
def lesson() -> dict[str, Any]:
    threads = torch.get_num_threads()
    names = names_of("03_activations/from_threshold_to_relu")
    torch.set_num_threads(threads)
    return names


def test_threshold_neurons_compute_the_truth_tables(lesson: dict[str, Any]) -> None:
    fires = lesson["fires"]
    for a, b in product((0, 1), repeat=2):
        assert fires((a, b), (1, 1), 1.5) == (a and b)
        assert fires((a, b), (1, 1), 0.5) == (a or b)
        assert lesson["exclusive_or"]((a, b)) == a ^ b
    assert fires((1, 1), (1, 1), 2) == 0  # "exceeds" is strict


def test_no_weights_compute_exclusive_or(lesson: dict[str, Any]) -> None:
    grid = [step / 2 for step in range(-8, 9)]
    for w1, w2, threshold in product(grid, repeat=3):
        answers = [lesson["fires"](pair, (w1, w2), threshold) for pair in lesson["pairs"]]
        assert answers != [0, 1, 1, 0]


def test_the_rule_moves_the_score_by_the_square_of_the_length(lesson: dict[str, Any]) -> None:
    w, x = [1.0, 2.0, -3.0], [1, 2, 6]
    after = lesson["learn"](w, x, 1)
    assert sum(a * b for a, b in zip(after, x, strict=True)) == -13 + 41
    assert lesson["learn"](w, x, -1) == w


def test_changes_stay_below_the_bound_which_grows_with_the_square(lesson: dict[str, Any]) -> None:
    rows = [lesson["changes_and_bound"](gap) for gap in (4, 2, 1, 0.5, 0.25)]
    assert all(0 < changes <= bound for _, changes, bound in rows)
    assert rows[-1][2] > 14 * rows[-3][2]


def test_what_the_lab_is_said_to_show() -> None:
    factor = predicted(torch.sigmoid, 10, 1.0)[1]
    assert factor[5] / factor[4] == pytest.approx(18, abs=0.5)
    assert factor[1] / factor[0] > 16
    assert factor[0] < 1e-12
    assert predicted(torch.sigmoid, 30, 3.0)[1][0] < 1e-17
    assert predicted(torch.sigmoid, 30, 11.0)[1][0] < 1 < predicted(torch.sigmoid, 30, 13.0)[1][0]
    assert predicted(torch.sigmoid, 100, 1.0)[1][0] == pytest.approx(1e-125, rel=9)
    assert propagate(torch.sigmoid, 100, 1.0).backward[0] == 0
    forward, backward = predicted(torch.tanh, 30, 1.0)
    assert 0.01 < forward[-1] < 0.05
    assert 0.01 < backward[0] < 0.05
    assert predicted(torch.tanh, 30, 2.0)[1][0] > 1000
    assert propagate(torch.tanh, 30, 2.0).backward[0] > 1000
    forward, backward = predicted(F.relu, 30, 1.0)
    assert forward[10] / forward[9] == pytest.approx(0.5)
    assert backward[10] / backward[11] == pytest.approx(0.5)


def test_what_the_playgrounds_are_said_to_show() -> None:
    def right_after(steps: int, *activations: Any, **options: Any) -> str:
        text = classifier_playground(*activations, steps=steps, **options).as_text()
        return str(text.split("% of the points")[0].split("\n")[-1])

    circles = {"data": "circles", "layers": 6, "gain": 1.0}
    assert int(right_after(500, torch.sigmoid, **circles)) < 60
    assert right_after(200, torch.tanh, **circles) == "100"
    assert right_after(200, F.relu, **circles) == "100"
    one = circles | {"layers": 1}
    assert right_after(3000, torch.sigmoid, **one) == "100"
