"""What the lesson says is so: its functions, counts and claims, on drawn inputs."""

import random
from collections import Counter
from typing import Any

import pytest

from course.checks.counts import operations
from tests.lessons.running import names_of


@pytest.fixture(scope="module")
def lesson() -> dict[str, Any]:
    return names_of("01_algorithms/hashing_and_windows")


def lists() -> list[list[int]]:
    draw = random.Random(1)
    return [[draw.randrange(-6, 9) for _ in range(draw.randrange(12))] for _ in range(300)]


def longest(nums: list[int]) -> int:
    return max(
        (k for k in range(1, 20) for x in nums if set(range(x, x + k)) <= set(nums)), default=0
    )


def test_the_run_is_the_longest(lesson: dict[str, Any]) -> None:
    for nums in lists():
        for name in ("plain", "by_sorting", "longest_consecutive", "every_start", "through_list"):
            assert lesson[name](nums) == longest(nums), (name, nums)


def test_it_takes_exactly_twice_as_many_look_ups_as_numbers(lesson: dict[str, Any]) -> None:
    for nums in lists():
        asked, said = lesson["look_ups"](nums)
        assert asked == said == 2 * len(set(nums))


def test_three_bugs_are_bugs(lesson: dict[str, Any]) -> None:
    assert lesson["sorts_and_counts"]([1, 2, 2, 3]) != 3
    assert lesson["counts_steps"]([4, 6, 5]) != 3
    assert lesson["stops_too_early"]([0, 10, 11, 12]) != 3
    for name, s, t in (
        ("ignores_how_often", "abxxaba", "aab"),
        ("drops_one_letter_only", "xxxab", "ab"),
        ("counts_spare_letters", "aaab", "ab"),
    ):
        assert len(lesson[name](s, t)) != len(lesson["min_window"](s, t)) or Counter(t) - Counter(
            lesson[name](s, t)
        )


def test_the_curves_bend_where_the_lesson_says(lesson: dict[str, Any]) -> None:
    def growth(name: str, make: Any) -> float:
        function = lesson[name]
        return operations(function, *make(200)) / operations(function, *make(100))

    def run(n: int) -> Any:
        return (list(range(n)),)

    def zeros(n: int) -> Any:
        return ([0] * (n // 2) + list(range(n // 2)),)

    def late(n: int) -> Any:
        return "a" * (n // 2) + "b" * (n // 2), "ab"

    assert growth("longest_consecutive", run) < 2.1 > growth("longest_consecutive", zeros)
    assert growth("every_start", run) > 3.5
    assert growth("through_list", run) < 2.1
    assert growth("through_list", zeros) > 3.5
    assert growth("min_window", late) < 2.1
    assert growth("restarts", late) > 3.5


def test_windows_agree_with_the_judge(lesson: dict[str, Any]) -> None:
    draw = random.Random(9)
    assert all(lesson["agrees"](draw) for _ in range(500))


def test_the_best_start_never_moves_left() -> None:
    draw = random.Random(4)
    for _ in range(200):
        s = "".join(draw.choices("abc", k=draw.randrange(1, 15)))
        t = "".join(draw.choices("abc", k=draw.randrange(1, 4)))
        starts = []
        for r in range(len(s)):
            good = [k for k in range(r + 1) if not Counter(t) - Counter(s[k : r + 1])]
            starts += [max(good)] if good else []
        assert starts == sorted(starts)


def test_numbers_meet_less_than_one_other(lesson: dict[str, Any]) -> None:
    assert lesson["others_met"](100_000, 100_000) == pytest.approx(1, abs=0.02)
