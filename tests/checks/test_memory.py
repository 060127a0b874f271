"""Peak memory of a call, and the check that bounds it."""

import pytest

from course.checks import CheckFailure, check
from course.checks.memory import Measured, in_words, stays_small


def row(n: int) -> list[int]:
    return [0] * n


def table(n: int) -> list[int]:
    rows = [[0] * n for _ in range(50)]
    return rows[-1]


def test_the_peak_is_what_was_held_at_once() -> None:
    measured = Measured(table)
    assert measured(1000) == [0] * 1000
    assert 50 * 8000 <= measured.peak < 60 * 8000
    measured = Measured(row)
    measured(1000)
    assert 8000 <= measured.peak < 12_000


def test_it_measures_again_for_each_call_and_inside_another_measurement() -> None:
    import tracemalloc

    measured = Measured(row)
    measured(100_000)
    measured(1000)
    assert measured.peak < 12_000
    tracemalloc.start()
    try:
        measured(1000)
        assert tracemalloc.is_tracing()
        assert 8000 <= measured.peak < 12_000
    finally:
        tracemalloc.stop()


def test_a_small_call_passes_and_a_large_one_says_how_large() -> None:
    given = {"gives": [0] * 1000, "at_most": 100_000, "instead_of": "a table of all rows"}
    with check("keeps one row", idea="One row will do.") as case:
        stays_small(case, row, 1000, **given)
    with (
        pytest.raises(CheckFailure, match=r"table held 4\d\d kB at once; 100 kB are\s+plenty"),
        check("keeps one row", idea="One row will do.") as case,
    ):
        stays_small(case, table, 1000, **given)


def test_a_small_wrong_answer_does_not_pass() -> None:
    with (
        pytest.raises(CheckFailure, match="Got"),
        check("keeps one row", idea="One row will do.") as case,
    ):
        stays_small(case, row, 9, gives=[0] * 8, at_most=10**6, instead_of="nothing")


@pytest.mark.parametrize(("size", "words"), [(76_400, "76 kB"), (3_440_000, "3.4 MB")])
def test_sizes_in_words(size: int, words: str) -> None:
    assert in_words(size) == words
