"""What the lesson says is so: its functions, counts and claims, on drawn inputs."""

import itertools
import math
import random
from typing import Any

import pytest

from course.checks.counts import operations
from tests.lessons.running import names_of


@pytest.fixture(scope="module")
def lesson() -> dict[str, Any]:
    return names_of("01_algorithms/order_and_dynamic_programming")


def test_gaps_agree_with_sorting_and_lie_between_buckets(lesson: dict[str, Any]) -> None:
    draw = random.Random(2)
    for _ in range(400):
        most = draw.choice([3, 30, 10**9])
        nums = [draw.randrange(most) for _ in range(draw.randrange(15))]
        order = sorted(nums)
        gap = max((b - a for a, b in itertools.pairwise(order)), default=0)
        assert lesson["maximum_gap"](nums) == lesson["by_sorting"](nums) == gap
        if len(nums) > 1:
            span = order[-1] - order[0]
            assert gap >= math.ceil(span / (len(nums) - 1))
            assert span // max(1, span // (len(nums) - 1)) + 1 < 2 * len(nums)


def test_work_for_each_number_is_level_or_grows_like_a_logarithm(lesson: dict[str, Any]) -> None:
    def for_each(name: str, n: int) -> float:
        return operations(lesson[name], [i * 7919 % (3 * n) for i in range(n)]) / n

    assert for_each("maximum_gap", 1024) < 1.1 * for_each("maximum_gap", 64)
    doubled = [for_each("by_sorting", n) for n in (64, 128, 256, 512)]
    assert all(0.7 < b - a < 1.3 for a, b in itertools.pairwise(doubled))


def sets_of(weights: list[int], values: list[int]) -> list[tuple[int, int]]:
    """(weight, value) of every set of things."""
    things = list(zip(weights, values, strict=True))
    sets = itertools.chain.from_iterable(
        itertools.combinations(things, k) for k in range(len(things) + 1)
    )
    return [(sum(w for w, _ in s), sum(v for _, v in s)) for s in sets]


def test_table_row_and_walk_agree_with_all_sets(lesson: dict[str, Any]) -> None:
    draw = random.Random(3)
    for _ in range(100):
        n, capacity = draw.randrange(1, 7), draw.randrange(0, 12)
        weights = [draw.randrange(0, 6) for _ in range(n)]
        values = [draw.randrange(0, 9) for _ in range(n)]
        sets = sets_of(weights, values)
        row = [max(v for w, v in sets if w <= c) for c in range(capacity + 1)]
        exact = [
            max((v for w, v in sets if w == c), default=-math.inf) for c in range(capacity + 1)
        ]
        table = lesson["fill_table"](weights, values, capacity)
        assert table[-1] == lesson["knapsack_one_row"](weights, values, capacity) == row
        assert lesson["exactly"](weights, values, capacity) == exact
        assert lesson["all_sets"](weights, values, capacity)[0] == row[-1]
        taken, way = lesson["walk_back"](table, weights, capacity)
        assert sum(values[i] for i in taken) == row[-1]
        assert sum(weights[i] for i in taken) <= capacity
        assert len(way) == n + 1


def test_upwards_solves_the_unbounded_knapsack(lesson: dict[str, Any]) -> None:
    draw = random.Random(3)
    for _ in range(60):
        n, capacity = draw.randrange(1, 4), draw.randrange(0, 10)
        weights = [draw.randrange(1, 5) for _ in range(n)]
        values = [draw.randrange(0, 9) for _ in range(n)]
        counts = list(itertools.product(range(capacity + 1), repeat=n))
        made = [
            (sum(k * w for k, w in zip(ks, weights, strict=True)),
             sum(k * v for k, v in zip(ks, values, strict=True)))
            for ks in counts
        ]  # fmt: skip
        row = [max(v for w, v in made if w <= c) for c in range(capacity + 1)]
        assert lesson["upwards"](weights, values, capacity) == row
        assert lesson["any_number_of_each"](weights, values, capacity) == row[-1]


def test_three_bugs_are_bugs(lesson: dict[str, Any]) -> None:
    with pytest.raises(ZeroDivisionError):
        lesson["buckets_of_width_zero"]([1, 1, 1, 2])
    assert lesson["stops_one_early"]([2, 3], [3, 4], 5)[-1] != 7
    assert lesson["best_value_for_weight_first"]([6, 5, 5], [7, 5, 5], 10) == 7
    assert lesson["knapsack"]([6, 5, 5], [7, 5, 5], 10) == 10
