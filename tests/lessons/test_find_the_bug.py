"""Each lesson on algorithms shows wrong answers in its views, and leads to where they go wrong."""

from typing import Any

import pytest

from course.widgets import step_player
from course.widgets.comparing import outcome
from course.widgets.tracing import trace
from tests.lessons.running import names_of

# The views that a lesson is about, and how many of its players show a wrong answer.
LESSONS = {
    "two_pointers": ({"bars", "cells"}, 3),
    "hashing_and_windows": ({"buckets", "cells", "number_line", "window"}, 6),
    "trees_and_backtracking": ({"data_tree", "call_tree"}, 6),
    "order_and_dynamic_programming": ({"buckets", "cells", "table"}, 4),
    "geometry": ({"plane_view"}, 3),
}


@pytest.mark.parametrize("name", LESSONS)
def test_wrong_answers_part_from_the_right_one_where_it_can_be_seen(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    played: list[tuple[Any, tuple[Any, ...], Any, step_player.StepPlayer]] = []
    real = step_player.play

    def play(fn: Any, *args: Any, **options: Any) -> step_player.StepPlayer:
        player = real(fn, *args, **options)
        played.append((fn, args, options.get("reference"), player))
        return player

    monkeypatch.setattr(step_player, "play", play)
    names_of(f"01_algorithms/{name}")
    views, wrong_answers = LESSONS[name]
    assert {player.view["kind"] for *_, player in played} == views
    wrong = 0
    for fn, args, reference, player in played:
        if reference is None or fn.__name__.startswith("my_"):
            continue
        if outcome(player.recorded) == outcome(trace(reference, *args)):
            continue
        wrong += 1
        assert player.difference["step"] is not None, fn.__name__
        assert "only at their ends" not in player.difference["text"], fn.__name__
        assert player.difference["text"].startswith("Here "), fn.__name__
    assert wrong == wrong_answers
