"""What the lesson says is so: its functions, numbers and proofs, against brute force on drawn
inputs.
"""

import itertools
import random
from pathlib import Path
from typing import Any

import pytest

from autograder.notebooks import read_text_notebook

LESSON = Path(__file__).resolve().parents[2] / "course" / "01_algorithms" / "two_pointers.py"


@pytest.fixture(scope="module")
def lesson() -> dict[str, Any]:
    """The lesson's names after its code cells were run, each in a file of its own as in a
    kernel.
    """
    names: dict[str, Any] = {}
    for number, cell in enumerate(read_text_notebook(LESSON).cells):
        if cell.cell_type == "code":
            exec(compile(cell.source, f"<cell {number}>", "exec"), names)
    return names


def heights(count: int) -> list[list[int]]:
    draw = random.Random(11)
    return [[draw.randrange(9) for _ in range(draw.randrange(12))] for _ in range(count)]


def test_max_area_is_the_best_of_all_pairs(lesson: dict[str, Any]) -> None:
    for height in heights(300):
        best = max(
            (
                min(a, b) * (j - i)
                for (i, a), (j, b) in itertools.combinations(enumerate(height), 2)
            ),
            default=0,
        )
        assert lesson["max_area"](height) == lesson["brute_force"](height) == best


def test_the_map_settles_every_pair_and_the_claim_holds(lesson: dict[str, Any]) -> None:
    for height in heights(200):
        settled = lesson["ruled_out"](height)
        pairs = set(itertools.combinations(range(len(height)), 2))
        assert set(settled) == pairs
        looked = [pair for pair, how in settled.items() if how == "read"]
        assert len(looked) == max(len(height) - 1, 0)
        best = max((lesson["area"](height, i, j) for i, j in looked), default=0)
        assert all(lesson["area"](height, i, j) <= best for i, j in pairs)


def test_moving_the_higher_line_fails_on_the_lessons_input(lesson: dict[str, Any]) -> None:
    assert lesson["moves_the_higher"]([3, 9, 8, 1]) == 3
    assert lesson["max_area"]([3, 9, 8, 1]) == 8


def test_merge_sorts_and_merging_from_the_front_does_not(lesson: dict[str, Any]) -> None:
    draw, wrong = random.Random(88), 0
    for _ in range(300):
        first = sorted(draw.randrange(-5, 6) for _ in range(draw.randrange(6)))
        second = sorted(draw.randrange(-5, 6) for _ in range(draw.randrange(6)))
        expected = sorted(first + second)
        for name in ("merge", "merge_by_shifting"):
            room = first + [0] * len(second)
            assert lesson[name](room, len(first), second, len(second)) is None
            assert room == expected
        room = first + [0] * len(second)
        lesson["merge_from_front"](room, len(first), second, len(second))
        wrong += room != expected
    assert wrong > 100


def test_the_numbers_in_the_text(lesson: dict[str, Any]) -> None:
    text = LESSON.read_text(encoding="utf-8")
    assert lesson["area"](lesson["height"], 1, 8) == 49
    assert lesson["lines"]["merge"] == [10 * size + 2 for size in lesson["sizes"]]
    assert "it looked at only 8 of the 36 pairs" in text
    nums = [2, 1, 2]
    assert (lesson["max_area"](nums), lesson["area"](nums, 0, 1)) == (4, 1)
    run = lesson["trace"](lesson["max_area"], list(range(10)))
    assert run["lines"] == 5 * 10 - 1


def test_leaving_out_the_guard_ends_as_the_answer_says(lesson: dict[str, Any]) -> None:
    nums1 = [4, 0, 0]
    with pytest.raises(IndexError):
        lesson["merge_without_asking"](nums1, 1, [1, 2], 2)
    assert nums1 == [4, 4, 4]
