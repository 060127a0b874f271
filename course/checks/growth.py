"""How the work of a function grows with its input, by counting."""

from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from math import log
from typing import Any

from course.checks.cards import Card
from course.checks.compare import difference
from course.checks.counting import Counter, counted
from course.checks.outcome import Outcome
from course.checks.show import count

DEFAULT_SIZES = (16, 32, 64, 128)
PATIENCE = 100_000  # a run may do this many operations, or 60 times the bound: enough for n²

_deepcopy = deepcopy


def measure(
    attempt: Callable[[tuple[Any, ...], tuple[Any, ...]], Outcome],
    make_input: Callable[[int], Any],
    sizes: Sequence[int],
    at_most: Callable[[int], float],
    label: str,
    gives: Callable[..., Any] | None,
    leaves: Mapping[int, Callable[..., Any]],
) -> Card | None:
    """The card of a failure, or None if every count stays within the bound.

    `attempt(arguments, counting arguments)` calls the student's function. Larger sizes are tried
    after one that is over the bound, to show the growth in a curve, but not after an ended run.
    """
    counts: list[int] = []
    ended = False
    for n in sizes:
        given = make_input(n)
        arguments = given if type(given) is tuple else (given,)
        budget = max(PATIENCE, int(60 * at_most(n)))
        counter = Counter(budget)
        outcome = attempt(arguments, _counting(arguments, counter))
        ended = counter.total > budget
        counts.append(min(counter.total, budget))
        counter.budget = None  # the comparisons below are ours
        if ended:
            break
        if outcome.error is not None:
            return Card.of_mishap(outcome.error, (("Input", outcome.call),), outcome.name)
        wrong = _wrong(outcome, arguments, gives, leaves)
        if wrong:
            facts = (("Input", outcome.call),)
            return Card(happened=f"The result is wrong. {wrong}", facts=facts)
    sizes = list(sizes[: len(counts)])
    bounds = [at_most(n) for n in sizes]
    if all(number <= bound for number, bound in zip(counts, bounds, strict=True)):
        return None
    return _too_much(sizes, counts, bounds, label, ended)


def _counting(arguments: tuple[Any, ...], counter: Counter) -> tuple[Any, ...]:
    """Counting copies of the arguments. A bare number is a size or an index: it does not count."""
    return tuple(
        argument if type(argument) in (int, float) else counted(_deepcopy(argument), counter)
        for argument in arguments
    )


def _wrong(
    outcome: Outcome,
    arguments: tuple[Any, ...],
    gives: Callable[..., Any] | None,
    leaves: Mapping[int, Callable[..., Any]],
) -> str | None:
    if gives is not None:
        found = difference(outcome.result, gives(*_deepcopy(arguments)))
        if found:
            return found
    for index, expected in leaves.items():
        found = difference(outcome.after[index], expected(*_deepcopy(arguments)))
        if found:
            return f"In {outcome.parameter(index)}: {found}"
    return None


def _too_much(
    sizes: list[int], counts: list[int], bounds: list[float], label: str, ended: bool
) -> Card:
    from course.widgets import pictures

    over = max(i for i in range(len(sizes)) if counts[i] > bounds[i])
    more = "more than " if ended else ""
    facts = (
        ("Counted", f"{more}{count(counts[over], 'operation')} for n = {sizes[over]}"),
        ("At most", f"{label} = {rounded(bounds[over])}"),
    )
    whole = len(sizes) - 1 if ended else len(sizes)
    return Card(
        happened=_in_words(sizes[:whole], counts[:whole]),
        facts=facts,
        picture=pictures.curve(sizes, counts, bounds, label),
    )


def _in_words(sizes: list[int], counts: list[int]) -> str:
    """How the count grew over the last two sizes; nothing, if there are none."""
    if len(sizes) < 2 or counts[-2] <= 0 or sizes[-2] >= sizes[-1]:
        return ""
    longer, work = sizes[-1] / sizes[-2], counts[-1] / counts[-2]
    power = round(log(work) / log(longer), 1)
    like = {1.0: "n", 2.0: "n²", 3.0: "n³"}.get(power, f"n^{power}")
    return (
        f"An input {rounded(longer)} times as long took {rounded(work)} times the work: that "
        f"grows about like {like}."
    )


def rounded(value: float) -> str:
    """A number for reading: 4, 15.7, 1 234."""
    return f"{round(value):,}".replace(",", " ") if value >= 100 else f"{round(value, 1):g}"
