"""What one call of the student's function did, and what it should have done."""

import inspect
from collections.abc import Callable, Iterable, Sequence
from copy import deepcopy
from typing import Any, NoReturn

from course.checks.cards import Card
from course.checks.compare import Tolerance, difference, kind_of
from course.checks.failure import BadCheck
from course.checks.show import show
from course.checks.student import Mishap

_type, _isinstance, _issubclass, _getattr = type, isinstance, issubclass, getattr
_deepcopy = deepcopy
_SELF_EXPLAINING = ("whole number", "number", "text", "truth value", "nothing", "list", "tuple")


class Outcome:
    """One call and what came of it. Ask it at least one thing: gives, leaves, raises, satisfies.

    `arguments` are the arguments as they were, `after` as the call left them; `result` is what
    was returned. When something asked does not hold, `expected` and `got` are what differs.
    """

    def __init__(
        self,
        fail: Callable[[Card], NoReturn],
        picture: Callable[["Outcome"], str] | None,
        function: Callable[..., Any],
        call: str,
        arguments: tuple[Any, ...],
        after: tuple[Any, ...],
        result: Any,
        error: Mishap | None,
    ) -> None:
        self._fail, self._picture, self._function = fail, picture, function
        self.call, self.arguments, self.after = call, arguments, after
        self.result, self.error = result, error
        self.expected: Any = None
        self.got: Any = None
        self.judged = False

    def gives(
        self,
        expected: Any,
        *,
        tolerance: Tolerance | None = None,
        up_to_order: bool | int = False,
        dtype: Any = None,
        requires_grad: bool | None = None,
    ) -> "Outcome":
        """The result is `expected` (see `difference`); its `dtype` and `requires_grad`, if given,
        are these."""
        self._returned()
        found = difference(
            self.result, expected, tolerance=tolerance, up_to_order=up_to_order
        ) or _difference_of_tensors(self.result, dtype, requires_grad)
        if found:
            self._differs("", expected, self.result, found)
        return self

    def gives_one_of(self, choices: Sequence[Any], *, up_to_order: bool | int = False) -> "Outcome":
        """The result is one of `choices`: all of them are right, as where there is a tie."""
        self._returned()
        if len(choices) == 1:
            return self.gives(choices[0], up_to_order=up_to_order)
        if all(difference(self.result, one, up_to_order=up_to_order) for one in choices):
            self._differs("", OneOf(show(one) for one in choices), self.result, "")
        return self

    def leaves(
        self,
        argument: int,
        expected: Any,
        *,
        tolerance: Tolerance | None = None,
        up_to_order: bool | int = False,
    ) -> "Outcome":
        """The call left `expected` in this argument (numbered from 0), the very object passed."""
        self._returned()
        got = self.after[argument]
        found = difference(got, expected, tolerance=tolerance, up_to_order=up_to_order)
        if found:
            self._differs(f" in {self.parameter(argument)}", expected, got, found)
        return self

    def keeps(self, *arguments: int) -> "Outcome":
        """The call left these arguments as they were."""
        for argument in arguments:
            self.leaves(argument, self.arguments[argument])
        return self

    def raises(self, kind: type[BaseException], says: str = "") -> "Outcome":
        """The call raised an exception of this kind, with `says` in its message."""
        self.judged = True
        wanted = kind.__name__ + (f" with {says!r} in its message" if says else "")
        if self.error is None:
            self._differs("", Text(wanted), self.result, "Nothing was raised.")
        elif self.error.unwritten or not _issubclass(self.error.kind, kind):
            self._fail(Card.of_mishap(self.error, (("Expected", wanted), ("Input", self.call))))
        elif says not in self.error.message:
            self._differs("", Text(wanted), Text(self.error.message), "The message differs.")
        return self

    def satisfies(self, says: str, holds: Callable[..., Any]) -> "Outcome":
        """`holds(result, *arguments after the call)` is true; `says` names it: "rows sum to 1"."""
        self._returned()
        try:
            answer = holds(self.result, *self.after)
        except Exception as error:
            reason = f"The result could not be examined: {_type(error).__name__}: {error}"
            self._differs("", Text(says), self.result, reason)
        if kind_of(answer) != "truth value":
            raise BadCheck(f"the property {says!r} gave {show(answer)}, not True or False")
        if not answer:
            self._differs("", Text(says), self.result, "")
        return self

    # ------------------------------------------------------------------------------------------

    def _returned(self) -> None:
        self.judged = True
        if self.error is not None:
            self._fail(Card.of_mishap(self.error, (("Input", self.call),), self.name))

    def _differs(self, where: str, expected: Any, got: Any, reason: str) -> NoReturn:
        self.expected, self.got = expected, got
        if kind_of(expected) == kind_of(got) and kind_of(got) in _SELF_EXPLAINING:
            reason = ""
        facts = (
            (f"Expected{where}", show(expected)),
            (f"Got{where}", show(got)),
            ("Input", self.call),
        )
        picture, note = self._drawn()
        self._fail(Card(happened=reason, facts=facts, picture=picture, note=note))

    def _drawn(self) -> tuple[str, str]:
        if self._picture is None:
            return "", ""
        try:
            return self._picture(self), ""
        except Exception as error:
            return "", f"(No picture: {_type(error).__name__}: {error})"

    @property
    def name(self) -> str:
        """The name of the function called."""
        return name_of(self._function)

    def parameter(self, index: int) -> str:
        """The name of an argument, numbered from 0."""
        try:
            return list(inspect.signature(self._function).parameters)[index]
        except (TypeError, ValueError, IndexError):
            return f"argument {index + 1}"


class Text:
    """Words to be shown as they are in the place of a value."""

    def __init__(self, words: str) -> None:
        self.words = words

    def __repr__(self) -> str:
        return self.words


class OneOf(Text):
    """Values of which any would do, as words."""

    def __init__(self, shown: Iterable[str]) -> None:
        super().__init__(" or ".join(dict.fromkeys(shown)))


def name_of(function: Any) -> str:
    """What a card calls `function`."""
    name: Any = _getattr(function, "__name__", None)
    return name if _type(name) is str else str(_type(function).__name__)


def copied(value: Any) -> Any:
    """A deep copy; a tensor with history is copied without it; else the value itself."""
    try:
        return _deepcopy(value)
    except Exception:
        if kind_of(value) == "tensor":
            return value.detach().clone().requires_grad_(value.requires_grad)
        return value


def _difference_of_tensors(got: Any, dtype: Any, requires_grad: bool | None) -> str | None:
    if dtype is not None and str(_getattr(got, "dtype", None)) != str(dtype):
        return f"The value has dtype {_getattr(got, 'dtype', None)}, not {dtype}."
    if requires_grad is not None and _getattr(got, "requires_grad", None) is not requires_grad:
        return (
            "The value must require a gradient."
            if requires_grad
            else ("The value must not require a gradient.")
        )
    return None
