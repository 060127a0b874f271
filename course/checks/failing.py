"""The input of the last visible check that failed, to watch the student's function run on it."""

from collections.abc import Callable
from typing import Any

from course.checks.outcome import Outcome, copied, name_of

_failed: dict[tuple[str, str], tuple[Any, ...]] = {}  # by the names of function and check


def remember(check: str, outcome: Outcome) -> None:
    """Keeps the input of a visible case that failed."""
    forget(check, outcome)
    _failed[outcome.name, check] = tuple(copied(argument) for argument in outcome.arguments)


def forget(check: str, outcome: Outcome) -> None:
    """This visible check of the function holds now."""
    _failed.pop((outcome.name, check), None)


def last_failure(function: Callable[..., Any], *instead: Any) -> tuple[Any, ...]:
    """The arguments of the last visible check that `function` failed, to be played:

        play(max_area, *last_failure(max_area, [1, 8, 6]), view=bars("height"))

    `instead` are the arguments when none has failed, or all hold by now. Inputs of hidden checks
    are never kept.
    """
    failed = [given for (name, _), given in _failed.items() if name == name_of(function)]
    return tuple(copied(argument) for argument in (failed[-1] if failed else instead))
