"""Is this the expected value? Type and shape first, then the values.

Nothing here asks the student's object whether it is equal: an object that equals everything, a
subclass that lies, NaN, True for 1, or "3" for 3 do not pass. A numpy number passes where a number
is asked, and a counted number (see `counting`) counts as the number that it holds.
"""

import sys
from dataclasses import dataclass
from math import isinf, isnan
from typing import Any, NamedTuple

from course.checks.counting import plain
from course.checks.show import count, show

# References taken before the student's code runs.
_type, _length, _absolute, _zip, _enumerate = type, len, abs, zip, enumerate
_modules = sys.modules


@dataclass(frozen=True)
class Tolerance:
    """How far a float may lie from the float64 reference: |got − e| ≤ absolute + relative·|e|."""

    relative: float = 0.0
    absolute: float = 0.0

    def allows(self, got: complex, expected: complex) -> bool:
        """Whether `got` is near enough. NaN is near NaN only, an infinity only itself."""
        if got == expected:
            return True
        if _odd(got) or _odd(expected):
            return _not_a_number(got) and _not_a_number(expected)
        return _absolute(got - expected) <= self.absolute + self.relative * _absolute(expected)


EXACT = Tolerance()


class Rules(NamedTuple):
    """What counts as the same."""

    tolerance: Tolerance | None = None
    up_to_order: int = 0  # how many levels of nesting, from the outside, may be in any order


def difference(
    got: Any,
    expected: Any,
    *,
    tolerance: Tolerance | None = None,
    up_to_order: bool | int = False,
) -> str | None:
    """The first difference between `got` and `expected` as a sentence; None if they are the same.

    `expected` may be a number, text, None, list, tuple, set, dictionary (of the same, nested), a
    numpy array or a torch tensor. Any other object is the same only as itself (`is`).

    With a `tolerance`, floats, arrays and tensors are compared in float64 and only the kind of
    number must agree; without it they must be equal, and so must the dtype.
    `up_to_order=True` ignores the order of the outermost list; `up_to_order=2` also the order
    within each of its entries, and so on.
    """
    return compare(got, expected, Rules(tolerance, int(up_to_order)), "")


def compare(got: Any, expected: Any, rules: Rules, where: str) -> str | None:
    """`difference` below the entry `where`, such as "[2][0]"."""
    got, expected = plain(got), plain(expected)
    got_kind, kind = kind_of(got), kind_of(expected)
    if not _may_stand_for(got_kind, kind, rules):
        return f"{_subject(where)} is {_with_article(got_kind)}, not {_with_article(kind)}."
    if kind in ("whole number", "number", "complex number"):
        return _compare_numbers(got, expected, rules, where)
    if kind in ("list", "tuple"):
        return _compare_sequences(got, expected, rules, where)
    if kind == "dictionary":
        return _compare_dictionaries(got, expected, rules, where)
    if kind == "set":
        return _compare_sets(got, expected, where)
    if kind in ("array", "tensor"):
        from course.checks import arrays

        return arrays.compare(got, expected, rules.tolerance, _subject(where))
    if kind in ("nothing", "truth value", "text", "bytes"):
        same = got == expected  # both are exactly of this built-in type
        return None if same else f"{_subject(where)} is {show(got, 80)}, not {show(expected, 80)}."
    return None if got is expected else f"{_subject(where)} is not the very object expected."


_KINDS = {
    _type(None): "nothing",
    bool: "truth value",
    int: "whole number",
    float: "number",
    complex: "complex number",
    str: "text",
    bytes: "bytes",
    list: "list",
    tuple: "tuple",
    dict: "dictionary",
    set: "set",
    frozenset: "set",
}


def kind_of(value: Any) -> str:
    """The kind of `value` by its exact type, in words: "whole number", "list", "tensor", ...

    Anything that is not exactly of a known type (subclasses, too) is called by its type's name.
    """
    kind = _KINDS.get(_type(value))
    if kind is None and ("numpy" in _modules or "torch" in _modules):
        from course.checks import arrays

        kind = arrays.kind_of(value)
    if kind is not None:
        return kind
    name = getattr(_type(value), "__name__", "object")
    return f"{name} object" if _type(name) is str else "strange object"


def _may_stand_for(got: str, expected: str, rules: Rules) -> bool:
    if got == expected:
        return True
    if expected == "number":
        return got == "whole number"
    if expected == "complex number":
        return got in ("whole number", "number")
    return expected == "whole number" and got == "number" and rules.tolerance is not None


def _compare_numbers(got: Any, expected: Any, rules: Rules, where: str) -> str | None:
    got, expected = _python_number(got), _python_number(expected)
    if (rules.tolerance or EXACT).allows(got, expected):
        return None
    return f"{_subject(where)} is {show(got, 60)}, not {show(expected, 60)}."


def _compare_sequences(got: Any, expected: Any, rules: Rules, where: str) -> str | None:
    if rules.up_to_order > 0:
        return _compare_unordered(got, expected, rules, where)
    if _length(got) != _length(expected):
        entries = count(_length(got), "entry", "entries")
        return f"{_subject(where)} has {entries}, not {_length(expected)}."
    for index, (one, other) in _enumerate(_zip(got, expected)):
        found = compare(one, other, rules, f"{where}[{index}]")
        if found:
            return found
    return None


def _compare_unordered(got: Any, expected: Any, rules: Rules, where: str) -> str | None:
    inner = rules._replace(up_to_order=rules.up_to_order - 1)
    left = list(got)
    missing = []
    for wanted in expected:
        for index, candidate in _enumerate(left):
            if compare(candidate, wanted, inner, where) is None:
                del left[index]
                break
        else:
            missing.append(wanted)
    if not missing and not left:
        return None
    parts = [f"missing: {show(missing, 100)}"] if missing else []
    parts += [f"too much: {show(left, 100)}"] if left else []
    return f"{_subject(where)} differs, whatever the order; {'; '.join(parts)}."


def _compare_dictionaries(got: Any, expected: Any, rules: Rules, where: str) -> str | None:
    keys = _compare_unordered(list(got), list(expected), Rules(up_to_order=1), where)
    if keys:
        return keys.replace(" differs, whatever the order;", " has other keys;")
    for key in expected:
        found = compare(got[key], expected[key], rules, f"{where}[{show(key, 40)}]")
        if found:
            return found
    return None


def _compare_sets(got: Any, expected: Any, where: str) -> str | None:
    return _compare_unordered(list(got), list(expected), Rules(up_to_order=1), where)


def _python_number(value: Any) -> Any:
    if _type(value) in _KINDS:
        return value
    from course.checks import arrays

    return arrays.python_number(value)


def _odd(value: complex) -> bool:
    if _type(value) is complex:
        return _odd(value.real) or _odd(value.imag)
    return isnan(value) or isinf(value)  # type: ignore[arg-type]


def _not_a_number(value: complex) -> bool:
    return value != value


def _subject(where: str) -> str:
    return f"Entry {where}" if where else "The value"


def _with_article(kind: str) -> str:
    if kind in ("nothing", "text", "bytes"):
        return "None" if kind == "nothing" else kind
    return f"an {kind}" if kind[:1].lower() in "aeiou" else f"a {kind}"
