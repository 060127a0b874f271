"""Counting in front of the reader, and answers of which several are right."""

import pytest

from course.checks import CheckFailure, WorkLimit, check
from course.checks.counts import operations


def pairs(values: list[int]) -> int:
    return sum(a < b for a in values for b in values)


def test_operations_are_counted_on_copies() -> None:
    values = [3, 1, 2]
    assert operations(sorted, values) >= 5
    assert operations(pairs, values) == 3 + 9 + 9  # entries read outside, inside, compared
    assert values == [3, 1, 2]
    assert type(values) is list


def test_bare_numbers_do_not_count() -> None:
    assert operations(lambda n: n + n, 5) == 0


def test_a_look_up_in_a_set_counts() -> None:
    def look_up(values: list[int]) -> bool:
        return 7 in set(values)

    assert operations(look_up, [1, 2, 3]) >= 6  # each number is read and hashed


def test_a_budget_ends_it() -> None:
    with pytest.raises(WorkLimit):
        operations(pairs, list(range(100)), budget=500)


def answer(found: str) -> str:
    return found


def test_any_of_several_right_answers_passes() -> None:
    with check("finds one", idea="Any will do.") as case:
        case(answer, "ab").gives_one_of(["ba", "ab"])
        case(answer, "ab").gives_one_of(["ab"])


def test_none_of_several_shows_them_all() -> None:
    with (
        pytest.raises(CheckFailure, match="Expected: 'ba' or 'ab'\nGot: 'aa'"),
        check("finds one", idea="Any will do.") as case,
    ):
        case(answer, "aa").gives_one_of(["ba", "ab", "ba"])


def test_order_may_be_free_within_each_choice() -> None:
    with check("finds one", idea="Any will do.") as case:
        case(lambda: [2, 1]).gives_one_of([[3], [1, 2]], up_to_order=True)
