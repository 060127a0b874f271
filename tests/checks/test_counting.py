"""Counted inputs: every look counts, and copying does not hide the work."""

import bisect
import contextlib
import copy
import heapq
import operator
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from course.checks.counting import (
    CountedFloat,
    CountedInteger,
    CountedList,
    Counter,
    WorkLimit,
    counted,
    counter_of,
    plain,
)

VALUES = [5, 3, 8, 1]


def work(use: Callable[[Any], Any], values: Any = VALUES) -> tuple[Any, Counter]:
    """The result (plain) and the counter after using a counted copy of `values`."""
    counting = counted(values)
    result = use(counting)
    counter = counter_of(counting)
    reads = copy.copy(counter)
    return plain(result), reads


# What is done → (reads, writes, comparisons, calculations), counted by hand.
USES: list[tuple[Callable[[Any], Any], tuple[int, int, int, int]]] = [
    (lambda x: x[2], (1, 0, 0, 0)),
    (lambda x: x[-1], (1, 0, 0, 0)),
    (lambda x: x[np.int64(1)], (1, 0, 0, 0)),
    (lambda x: x[1:3], (2, 0, 0, 0)),
    (lambda x: x[:2] < x[2:], (8, 0, 2, 0)),  # sliced, then read; 5 == 8 and 5 < 8
    (lambda x: x.__setitem__(0, 9), (0, 1, 0, 0)),
    (lambda x: x.__setitem__(slice(0, 2), [9, 9]), (0, 2, 0, 0)),
    (lambda x: x.__delitem__(1), (0, 3, 0, 0)),
    (lambda x: x[0] < x[1], (2, 0, 1, 0)),
    (lambda x: x[0] > 4, (1, 0, 1, 0)),
    (lambda x: x[0] == x[1], (2, 0, 1, 0)),
    (lambda x: x[0] * x[1] + 1, (2, 0, 0, 2)),
    (lambda x: 2 - x[0], (1, 0, 0, 1)),
    (lambda x: -x[0], (1, 0, 0, 1)),
    (lambda x: x[0] * 2 < x[1] * 2, (2, 0, 1, 2)),  # what is calculated counts on
    (list, (4, 0, 0, 0)),
    (tuple, (4, 0, 0, 0)),
    (lambda x: [*x], (4, 0, 0, 0)),
    (lambda x: [v for _, v in enumerate(x)], (4, 0, 0, 0)),
    (lambda x: [a for a, _ in zip(x, x, strict=True)], (8, 0, 0, 0)),
    (lambda x: list(reversed(x)), (4, 0, 0, 0)),
    (lambda x: x.copy(), (4, 0, 0, 0)),
    (copy.copy, (4, 0, 0, 0)),
    (copy.deepcopy, (4, 0, 0, 0)),
    (min, (4, 0, 3, 0)),
    (max, (4, 0, 3, 0)),
    (sum, (4, 0, 0, 4)),
    (lambda x: 8 in x, (3, 0, 3, 0)),
    (lambda x: x.index(8), (3, 0, 3, 0)),
    (lambda x: x.count(3), (4, 0, 4, 0)),
    (lambda x: x.append(1), (0, 1, 0, 0)),
    (lambda x: x.extend([1, 2]), (0, 2, 0, 0)),
    (lambda x: x.insert(0, 1), (0, 5, 0, 0)),
    (lambda x: x.pop(), (1, 1, 0, 0)),
    (lambda x: x.pop(0), (1, 4, 0, 0)),
    (lambda x: x.reverse(), (4, 4, 0, 0)),
    (lambda x: x.__add__([1]), (4, 0, 0, 0)),
    (lambda x: operator.add([1], x), (4, 0, 0, 0)),
    (lambda x: x == [5, 3, 8, 1], (4, 0, 4, 0)),
    (set, (4, 0, 4, 0)),  # a hash is a comparison
    (lambda x: f"{x}", (4, 0, 0, 0)),
    (lambda x: int(x[0]), (1, 0, 0, 1)),
    (lambda x: "abc"[x[3]], (1, 0, 0, 0)),
]


@pytest.mark.parametrize(("use", "expected"), USES)
def test_counts(use: Callable[[Any], Any], expected: tuple[int, int, int, int]) -> None:
    result, counter = work(use)
    found = (counter.reads, counter.writes, counter.comparisons, counter.calculations)
    assert found == expected
    ordinary = list(VALUES)
    assert result == use(ordinary)


@pytest.mark.parametrize(
    "use", [sorted, lambda x: (x.sort(), x)[1], lambda x: heapq.nsmallest(64, x)]
)
def test_sorting_counts_the_comparisons_that_are_made(use: Callable[[Any], Any]) -> None:
    values = [(i * 37) % 101 for i in range(64)]
    result, counter = work(use, values)
    assert [plain(v) for v in result] == sorted(values)
    assert 63 <= counter.comparisons <= 64 * 12


def test_copying_does_not_hide_the_work() -> None:
    def pairs(values: list[int]) -> int:
        return max(min(a, b) for a in values for b in values)

    for hide in (list, tuple, lambda x: x[:], lambda x: [v + 0 for v in x], np.array):
        _, counter = work(lambda x, hide=hide: pairs(hide(x)), list(range(20)))
        assert counter.comparisons >= 400


def test_numpy_sees_the_counted_entries() -> None:
    result, counter = work(lambda x: np.minimum.outer(np.array(x), np.asarray(x)).max())
    assert result == 8
    assert counter.comparisons >= 16
    assert work(lambda x: np.array(x, dtype=float).dtype)[0] == np.float64
    assert work(lambda x: np.array(x).shape, [[1, 2], [3, 4], [5, 6]])[0] == (3, 2)
    assert work(lambda x: np.array(x).shape, [(1, 2), (3, 4)])[0] == (2, 2)


def test_text() -> None:
    result, counter = work(lambda t: [c for c in t if c in "aeiou"], "banana")
    assert result == ["a", "a", "a"]
    assert counter.reads == 6
    assert work(lambda t: t[1:4], "banana")[1].reads == 3
    assert work(lambda t: {t[0]: 1, t[1]: 2}, "banana")[1].comparisons == 2


def test_nesting_and_what_is_left_alone() -> None:
    given = [[1, 2], (3, 4.5), {"k": 5}, True, None]
    counting = counted(given)
    assert type(counting[0]) is CountedList
    assert type(counting[1][0]) is CountedInteger
    assert type(counting[1][1]) is CountedFloat
    assert type(counting[2]["k"]) is CountedInteger
    assert counting[3] is True
    assert counting[4] is None
    assert plain(counting[0]) == [1, 2]
    one = counter_of(counting)
    assert all(counter_of(value) is one for value in (counting[0], counting[1][0]))


def test_counted_numbers_are_numbers() -> None:
    seven, half = counted(7), counted(0.5)
    assert isinstance(seven, int)
    assert isinstance(half, float)
    assert (f"{seven:03d}", f"{half:.2f}", range(seven)[-1], 10 // seven) == ("007", "0.50", 6, 1)
    assert type(int(seven)) is int
    assert type(float(half)) is float
    assert divmod(seven, 2) == (3, 1)
    assert bisect.bisect([1, 5, 9], seven) == 2
    assert {7: "x"}[seven] == "x"
    assert hash(seven) == hash(7)
    assert type(pickle.loads(pickle.dumps(seven))) is int
    assert pickle.loads(pickle.dumps(counted([1, 2]))) == [1, 2]
    with pytest.raises(ZeroDivisionError):
        seven / 0
    with pytest.raises(TypeError):
        seven < "x"  # noqa: B015


def test_the_budget_ends_an_endless_loop() -> None:
    values = counted([1, 2], budget=100)

    def endless() -> None:
        while True:
            with contextlib.suppress(Exception):
                values[0] < values[1]  # noqa: B015

    with pytest.raises(WorkLimit, match="100"):
        endless()
    assert counter_of(values).total == 101
    assert not issubclass(WorkLimit, Exception)


def test_errors_of_lists_stay() -> None:
    with pytest.raises(IndexError):
        counted([])[0]
    with pytest.raises(ValueError, match="not in list"):
        counted([1]).index(2)
    with pytest.raises(IndexError):
        counted([]).pop()
