"""The check: a named idea, cases of it, and a card that explains what is missing."""

import sys
import traceback as tracebacks
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, redirect_stderr
from dataclasses import replace
from types import TracebackType
from typing import Any, NoReturn

from course.checks.byhand import by_hand
from course.checks.cards import Card
from course.checks.failure import BadCheck, CheckFailure
from course.checks.growth import DEFAULT_SIZES, measure
from course.checks.limits import LINES, at_most_lines
from course.checks.outcome import Outcome, copied, name_of
from course.checks.secrecy import restore, silence
from course.checks.show import show
from course.checks.student import Mishap, mishap

_type, _isinstance, _getattr = type, isinstance, getattr  # taken before the student's code runs

# How often each visible check, by name and idea, has failed in a row since the kernel started.
_failures: dict[tuple[str, str], int] = {}

HIDDEN_NOTE = (
    "This check uses inputs that are not shown. Try small inputs of your own about this idea."
)


def check(
    name: str,
    *,
    idea: str,
    picture: Callable[[Outcome], str] | None = None,
    hidden: bool = False,
    lines: int | None = LINES,
    without: Sequence[str] = (),
    hints: Sequence[str] = (),
) -> "Check":
    """A named check, to be used as `with check(...) as case:`.

    `name` says the property ("moves the shorter side"), `idea` explains it to someone who got it
    wrong. `picture(outcome)` draws a failed case as an SVG element. A `hidden` check shows its
    name and idea only: never an input, an expected value, or its source; what the student's code
    prints meanwhile is dropped, and the names that its block binds are forgotten. `lines` is how
    many lines of the student's code one call may run before it is taken to be endless. `hints` go
    from a nudge to almost the code: each failed attempt unlocks one more, folded, on the card.

    Leaving the block shows a card, and raises `CheckFailure` if something did not hold.
    """
    return Check(name, idea, picture, hidden, lines, without, hints)


class Check:
    """What `check` gives: call it with a function and its inputs to try a case."""

    def __init__(
        self,
        name: str,
        idea: str,
        picture: Callable[[Outcome], str] | None,
        hidden: bool,
        lines: int | None,
        without: Sequence[str],
        hints: Sequence[str],
    ) -> None:
        self.name, self.idea, self.hidden = name, idea, hidden
        self._picture, self._lines, self._without = picture, lines, without
        self._hints = hints
        self._outcomes: list[Outcome] = []
        self._card: Card | None = None
        self._quiet = ExitStack()
        self._namespace: dict[str, Any] = {}
        self._kept: dict[str, Any] = {}
        self._test_file = ""

    # Cases ------------------------------------------------------------------------------------

    def __call__(self, function: Callable[..., Any], *arguments: Any, **named: Any) -> Outcome:
        """Call `function` on copies of the arguments; ask the outcome what it should be."""
        call = _call_as_text(function, arguments, named)
        after = tuple(copied(argument) for argument in arguments)
        copies = {key: copied(value) for key, value in named.items()}
        return self._try(call, function, arguments, after, copies)

    def value(self, shown: str, compute: Any) -> Outcome:
        """The outcome of `compute()`, or `compute` itself if it cannot be called.

        `shown` is what the card calls it, such as "Value(2) * Value(3)" or "layer.weight".
        """
        return self._try(shown, compute if callable(compute) else lambda: compute, (), (), {})

    def growth(
        self,
        function: Callable[..., Any],
        make_input: Callable[[int], Any],
        *,
        at_most: Callable[[int], float],
        label: str,
        sizes: Sequence[int] = DEFAULT_SIZES,
        gives: Callable[..., Any] | None = None,
        leaves: Mapping[int, Callable[..., Any]] | None = None,
    ) -> None:
        """Count the operations of `function` on inputs of growing size.

        `make_input(n)` gives the input of size n: a tuple of arguments, or the only argument.
        Every read, write, comparison and calculation with the numbers of its lists counts (see
        `counting`; a number that is an argument itself does not); `at_most(n)` bounds the count,
        and `label` writes the bound ("24n").
        `gives(*arguments)` and `leaves={index: f}` with `f(*arguments)` say what must be returned
        and left in an argument: without either, returning at once would be fast enough.
        """
        if gives is None and not leaves:
            raise BadCheck("growth needs `gives` or `leaves`: doing nothing is always fast")

        def attempt(given: tuple[Any, ...], counting: tuple[Any, ...]) -> Outcome:
            call = _call_as_text(function, given, {})
            outcome = self._try(call, function, given, counting, {})
            outcome.judged = True
            return outcome

        failed = measure(attempt, make_input, sizes, at_most, label, gives, leaves or {})
        if failed is not None:
            self.fail(failed)

    def fail(self, reason: str | Card) -> NoReturn:
        """Fail this check with a sentence. A hidden check keeps the sentence to itself."""
        card = reason if isinstance(reason, Card) else Card(happened=reason)
        self._card = self._named(card)
        raise CheckFailure(self._card.text())

    # The block --------------------------------------------------------------------------------

    def __enter__(self) -> "Check":
        frame = sys._getframe(1)
        self._namespace, self._test_file = frame.f_globals, frame.f_code.co_filename
        if self.hidden:
            self._kept = dict(self._namespace)
            self._quiet.enter_context(silence())
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._quiet.close()
        if _type(error) is BadCheck:
            return
        stopped = _isinstance(error, (KeyboardInterrupt, GeneratorExit))
        if error is not None and self._card is None and (self.hidden or not stopped):
            self._card = self._named(self._outside_of_a_case(error))
        if self.hidden:
            restore(self._namespace, self._kept)
            tracebacks.clear_frames(traceback)
        card, asked = self._card, self._outcomes
        self._outcomes, self._namespace, self._kept = [], {}, {}
        del error, traceback
        if card is None and not stopped:
            card = self._passed(asked)
        if card is not None and not self.hidden and not card.unwritten:
            card = self._counted(card)
        if card is not None:
            card.display()
            if not card.passed:
                _raise_alone(CheckFailure(card.text()))

    def _passed(self, asked: list[Outcome]) -> Card:
        if not asked or not all(outcome.judged for outcome in asked):
            raise BadCheck(f"the check {self.name!r} tries something but asks nothing of it")
        note = f"{len(asked)} cases" if len(asked) > 1 else ""
        return Card(self.name, passed=True, note="hidden inputs" if self.hidden else note)

    def _counted(self, card: Card) -> Card:
        """`card` with the number of this attempt, and the hints that it unlocks."""
        attempt = _failures.get((self.name, self.idea), 0) + 1
        _failures[self.name, self.idea] = 0 if card.passed else attempt
        hints = () if card.passed else tuple(self._hints[:attempt])
        return replace(card, attempt=attempt, hints=hints, hints_left=len(self._hints) - len(hints))

    # Cards ------------------------------------------------------------------------------------

    def _try(
        self,
        call: str,
        function: Callable[..., Any],
        arguments: tuple[Any, ...],
        after: tuple[Any, ...],
        named: dict[str, Any],
    ) -> Outcome:
        namespace = _getattr(function, "__globals__", None) or self._namespace
        result: Any = None
        error: Mishap | None = None
        with redirect_stderr(sys.stdout):  # nbgrader takes anything on stderr for a failure
            try:
                with at_most_lines(self._lines, namespace), by_hand(self._without, namespace):
                    result = function(*after, **named)
            except BaseException as raised:
                error = mishap(raised, namespace, self._test_file)
        outcome = Outcome(self.fail, self._picture, function, call, arguments, after, result, error)
        self._outcomes.append(outcome)
        return outcome

    def _named(self, card: Card) -> Card:
        """`card` with the name and the idea; without all else, if this check is hidden."""
        if card.unwritten:
            return Card(self.name, happened=card.happened)
        if not self.hidden:
            return card.named(self.name, self.idea)
        happened = card.mishap.sentence(hidden=True) if card.mishap else ""
        place = card.mishap.place if card.mishap else None
        return Card(self.name, self.idea, happened, place, note=HIDDEN_NOTE)

    def _outside_of_a_case(self, error: BaseException) -> Card:
        """The block itself raised: a missing name or attribute, or a plain assert."""
        found = mishap(error, self._namespace, self._test_file)
        if found.kind is NameError and found.place is None:
            return Card(happened=f"{found.message}. Run the cell that defines it.", mishap=found)
        if found.kind is AssertionError and found.place is None:
            return Card(happened=found.message)
        return Card.of_mishap(found)


def _call_as_text(function: Any, arguments: tuple[Any, ...], named: dict[str, Any]) -> str:
    pieces = [show(argument) for argument in arguments]
    pieces += [f"{key}={show(value)}" for key, value in named.items()]
    return f"{name_of(function)}({', '.join(pieces)})"


def _raise_alone(failure: CheckFailure) -> NoReturn:
    """Raise `failure` without the exception being handled as its context."""
    try:
        raise failure
    except CheckFailure:
        failure.__context__ = None
        raise
