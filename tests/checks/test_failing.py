"""`last_failure`: the input of a visible check that failed, to be played."""

from collections.abc import Iterator
from typing import Any

import pytest

from course.checks import CheckFailure, check, last_failure
from course.checks.failing import _failed


@pytest.fixture(autouse=True)
def nothing_failed() -> Iterator[None]:
    _failed.clear()
    yield
    _failed.clear()


def spoil(values: list[int]) -> int:
    values.append(9)
    return len(values)


def fail(name: str, *given: Any, hidden: bool = False) -> None:
    with pytest.raises(CheckFailure), check(name, idea="i", hidden=hidden) as case:
        case(spoil, *given).gives(-1)


def test_it_is_the_input_as_it_was_before_the_call() -> None:
    assert last_failure(spoil, [5]) == ([5],)
    fail("first", [1, 2])
    assert last_failure(spoil, [5]) == ([1, 2],)
    last_failure(spoil)[0].append(3)  # what is done to it changes nothing
    assert last_failure(spoil) == ([1, 2],)


def test_it_is_the_case_that_failed_and_the_check_that_failed_last() -> None:
    with pytest.raises(CheckFailure), check("cases", idea="i") as case:  # noqa: PT012
        case(spoil, [1]).gives(2)
        case(spoil, [2]).gives(7)
    assert last_failure(spoil) == ([2],)
    fail("another", [3, 3])
    assert last_failure(spoil) == ([3, 3],)


def test_a_check_that_holds_again_is_forgotten_and_only_that_one() -> None:
    fail("first", [1])
    fail("second", [2, 2])
    with check("second", idea="i") as case:
        case(spoil, [2, 2]).gives(3)
    assert last_failure(spoil, [0]) == ([1],)
    with check("first", idea="i") as case:
        case(spoil, [1]).gives(2)
    assert last_failure(spoil, [0]) == ([0],)


def test_hidden_inputs_are_never_kept() -> None:
    fail("secret", [4, 2], hidden=True)
    assert last_failure(spoil) == ()
    assert not _failed


def test_another_function_has_failures_of_its_own() -> None:
    fail("first", [1])
    assert last_failure(len, [7]) == ([7],)
