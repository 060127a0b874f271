"""The perceptron board: what a rule is shown, what the buttons do, what is drawn."""

from itertools import product
from typing import Any

import pytest

from course.widgets import perceptron_board
from course.widgets.perceptron import changes_until_done, examples, score, walk

YES, NO = [(2, 6), (4, 7), (1, 4)], [(3, 2), (6, 3)]


def learn(weights: list[float], x: list[float], label: int) -> list[float]:
    wrong = label * score(weights, x) <= 0
    return [w + label * one if wrong else w for w, one in zip(weights, x, strict=True)]


def press(board: Any, label: str) -> None:
    board._on_message(board, {"press": label}, [])


def said(board: Any) -> str:
    return str(board.as_text())


def test_examples_come_by_turns_with_a_constant_first() -> None:
    assert examples([(2, 6), (4, 7)], [(3, 2)]) == [
        ([1, 2, 6], 1),
        ([1, 3, 2], -1),
        ([1, 4, 7], 1),
    ]


def test_a_walk_ends_after_a_quiet_pass_with_everything_right() -> None:
    shown = examples(YES, NO)
    steps = list(walk(learn, shown))
    weights, _ = steps[-1]
    assert all(label * score(weights, x) > 0 for x, label in shown)
    assert [changed for _, changed in steps[-len(shown) :]] == [False] * len(shown)
    assert changes_until_done(learn, shown) == sum(changed for _, changed in steps)


def test_exclusive_or_never_ends() -> None:
    assert changes_until_done(learn, examples([(2, 6), (6, 2)], [(2, 2), (6, 6)])) is None


def test_buttons_show_examples_to_the_rule() -> None:
    board = perceptron_board(learn, yes=YES, no=NO)
    assert "0 of 5 on their own side" in said(board)
    press(board, "Next example")
    assert "weights (1, 2, 6) · changed 1 ×" in said(board)
    assert "yes at (2, 6) changed the weights" in said(board)
    press(board, "Next mistake")
    assert "changed 2 ×" in said(board)
    press(board, "Ten passes")
    assert "✓ 5 of 5 on their own side" in said(board)
    press(board, "Start again")
    assert "weights (0, 0, 0) · changed 0 ×" in said(board)


def test_points_that_were_dragged_are_the_ones_shown() -> None:
    board = perceptron_board(learn, yes=[(2, 6)], no=[(3, 2)])
    board.points = {**board.points, "yes": [[5, 5]]}
    press(board, "Next example")
    assert "weights (1, 5, 5)" in said(board)


def test_steps_are_taken_before_the_board_is_shown() -> None:
    board = perceptron_board(learn, yes=YES, no=NO, steps=1)
    assert "weights (1, 2, 6) · changed 1 ×" in said(board)


@pytest.mark.parametrize("weights", list(product((-2.0, 0.0, 3.0), repeat=3)))
def test_what_is_coloured_is_where_the_neuron_says_yes(weights: tuple[float, ...]) -> None:
    board = perceptron_board(lambda w, x, label: weights, yes=[(0, 0)], no=[(1, 1)], steps=1)
    area = board.data_of("0.0")
    border = board.data_of("0.1")
    assert area is not None
    assert border is not None
    for x1, low, high in list(zip(area["x"], area["low"], area["high"], strict=True))[::23]:
        for x2 in (-0.97, 0.51, 4.03, 8.93):
            assert (low < x2 < high) == (score(weights, (1, x1, x2)) > 0)
    for x1, x2 in zip(border["x"][0], border["y"][0], strict=True):
        assert score(weights, (1, x1, x2)) == pytest.approx(0, abs=1e-2)
    assert bool(border["x"][0]) == any(weights[1:])


def test_a_rule_that_fails_is_shown_with_its_line() -> None:
    def broken(weights: list[float], x: list[float], label: int) -> list[float]:
        return [weights[3]]

    board = perceptron_board(broken, yes=YES, no=NO)
    press(board, "Next example")
    assert "IndexError" in board.problem["text"]
    assert board.problem["function"] == "broken"


def test_a_rule_that_gives_no_weights_is_told_so() -> None:
    with pytest.raises(TypeError, match="gives 3 new weights, not None"):
        list(walk(lambda w, x, label: None, examples(YES, NO)))  # type: ignore[arg-type, return-value]
