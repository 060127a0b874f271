"""Counting in front of the reader: how many operations a function does on its own inputs."""

from collections.abc import Callable
from typing import Any

from course.checks.counting import Counter
from course.checks.growth import _counting


def operations(function: Callable[..., Any], *arguments: Any, budget: int | None = None) -> int:
    """How often `function(*arguments)` reads, writes, compares or calculates with its inputs.

    It runs on copies that count (see `counting`). A look-up in a set or a dictionary is counted
    through the hashing and comparing of what is looked up. Arguments that are bare numbers do not
    count. With a `budget`, `WorkLimit` is raised as soon as more was done.
    """
    counter = Counter(budget)
    function(*_counting(arguments, counter))
    return counter.total
