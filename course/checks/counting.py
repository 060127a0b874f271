"""Inputs that count what is done with them, so that growth is measured without a clock.

`counted([3, 1, 2])` is a list that counts each entry read or written. Its entries are numbers that
count each comparison and each calculation, and what is calculated from them counts on: copying the
list, or reading it into local variables, does not hide the work. The same input gives the same
count on every machine. A budget ends loops that never would.
"""

import operator
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import Any

_type = type  # taken before the student's code runs


class WorkLimit(BaseException):
    """Too much work was done; the message says how much.

    Not an `Exception`, so that `except Exception` in a student's loop does not go on for ever.
    """


class Counter:
    """Counts operations by kind: `reads`, `writes`, `comparisons` and `calculations`.

    Raises `WorkLimit` as soon as more than `budget` operations were counted in all.
    """

    def __init__(self, budget: int | None = None) -> None:
        self.reads = self.writes = self.comparisons = self.calculations = 0
        self.budget = budget

    @property
    def total(self) -> int:
        """All operations together."""
        return self.reads + self.writes + self.comparisons + self.calculations

    def count(self, kind: str, number: int = 1) -> None:
        """Add `number` operations of a kind."""
        setattr(self, kind, getattr(self, kind) + number)
        if self.budget is not None and self.total > self.budget:
            raise WorkLimit(f"More than {self.budget:,} operations.".replace(",", " "))


def counted(values: Any, counter: Counter | None = None, budget: int | None = None) -> Any:
    """`values` with every number, text and list in it replaced by one that counts.

    Lists, tuples and dictionaries are entered; an object with a method `__counted__(counter)` is
    replaced by what that gives; truth values, None and all else stay as they are.
    Everything shares one counter, which `counter_of(result)` gives back; `budget` limits it.
    """
    return _counted(values, counter if counter is not None else Counter(budget))


def counter_of(value: Any) -> Counter:
    """The counter of a counted list, text or number."""
    return value._counter


def plain(value: Any) -> Any:
    """What a counted number, text or list holds; anything else as it is. Counts nothing."""
    kind = _type(value)
    if kind is CountedInteger:
        return _integer(value)
    if kind is CountedFloat:
        return _float(value)
    if kind is CountedText:
        return _text(value)
    if kind is CountedList:
        return [plain(entry) for entry in list.__iter__(value)]
    return value


def _counted(value: Any, counter: Counter) -> Any:
    kind = type(value)
    if kind in _COUNTING:
        result = _COUNTING[kind](value)
        result._counter = counter
        return result
    if kind is list:
        result = CountedList(_counted(entry, counter) for entry in value)
        result._counter = counter
        return result
    if kind is tuple:
        return tuple(_counted(entry, counter) for entry in value)
    if kind is dict:
        return {key: _counted(entry, counter) for key, entry in value.items()}
    if hasattr(kind, "__counted__"):
        return value.__counted__(counter)
    return value


class _Scalar:
    """What counted numbers and texts have in common."""

    _counter: Counter
    _base: type

    def __hash__(self) -> int:
        self._counter.count("comparisons")
        return hash(plain(self))

    def __copy__(self) -> Any:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        return self

    def __reduce_ex__(self, protocol: Any) -> Any:
        return (self._base, (self._base(plain(self)),))


class CountedInteger(_Scalar, int):
    """An int that counts; calculations with it give counted numbers."""

    _base = int


class CountedFloat(_Scalar, float):
    """A float that counts; calculations with it give counted numbers."""

    _base = float


class CountedText(_Scalar, str):
    """A str that counts the characters read and the comparisons."""

    _base = str

    def __getitem__(self, index: Any) -> Any:
        piece = str.__getitem__(self, index)
        self._counter.count("reads", len(piece))
        return _counted(piece, self._counter)

    def __iter__(self) -> Iterator[Any]:
        for character in str.__iter__(self):
            self._counter.count("reads")
            yield _counted(character, self._counter)

    def __contains__(self, piece: Any) -> bool:
        self._counter.count("reads", len(self))
        return str.__contains__(self, piece)


_COUNTING: dict[type, Any] = {int: CountedInteger, float: CountedFloat, str: CountedText}
_integer, _float = int.__int__, float.__float__
_text = str.__str__


def _comparison(base: type, name: str) -> Callable[..., Any]:
    operation = getattr(base, name)

    def compare(self: Any, other: Any) -> Any:
        self._counter.count("comparisons")
        return operation(self, other)

    return compare


def _calculation(base: type, name: str) -> Callable[..., Any]:
    operation = getattr(base, name)

    def calculate(self: Any, *others: Any) -> Any:
        self._counter.count("calculations")
        result = operation(self, *others)
        return _counted(result, self._counter)

    return calculate


_COMPARISONS = ("lt", "le", "eq", "ne", "gt", "ge")
_BINARY = ("add", "sub", "mul", "truediv", "floordiv", "mod", "divmod", "pow")
_BITS = ("and", "or", "xor", "lshift", "rshift")
_REFLECTED = tuple(f"r{name}" for name in (*_BINARY, *_BITS))
_UNARY = ("neg", "pos", "abs", "invert")
# A conversion must give exactly the built-in type: these are counted, and what they give is not.
_CONVERSIONS = ("int", "float", "index", "bool", "trunc", "floor", "ceil", "round")


def _conversion(base: type, name: str) -> Callable[..., Any]:
    operation = getattr(base, name)

    def convert(self: Any, *digits: Any) -> Any:
        self._counter.count("calculations")
        return operation(self, *digits)

    return convert


def _make_count(kind: Any, makers: dict[Callable[..., Any], tuple[str, ...]]) -> None:
    for make, names in makers.items():
        for name in (f"__{name}__" for name in names):
            if hasattr(kind._base, name):
                setattr(kind, name, make(kind._base, name))


for _kind in _COUNTING.values():
    _make_count(
        _kind,
        {
            _comparison: _COMPARISONS,
            _calculation: (*_BINARY, *_BITS, *_REFLECTED, *_UNARY),
            _conversion: _CONVERSIONS,
        },
    )


class CountedList(list):
    """A list that counts every entry read or written, one by one.

    Slices and copies are counted lists again; `numpy.array(counted_list)` gives an array of the
    counted entries.
    """

    _counter: Counter

    def _looked(self, number: int = 1) -> None:
        self._counter.count("reads", number)

    def _wrote(self, number: int = 1) -> None:
        self._counter.count("writes", number)

    def _of(self, entries: Iterable[Any]) -> "CountedList":
        result = CountedList(entries)
        result._counter = self._counter
        return result

    def __getitem__(self, index: Any) -> Any:
        entry = list.__getitem__(self, index)
        if type(index) is slice:
            self._looked(len(entry))
            return self._of(entry)
        self._looked()
        return entry

    def __setitem__(self, index: Any, value: Any) -> None:
        if isinstance(index, slice):
            value = [_counted(entry, self._counter) for entry in value]
            self._wrote(max(1, len(value)))
        else:
            value = _counted(value, self._counter)
            self._wrote()
        list.__setitem__(self, index, value)

    def __delitem__(self, index: Any) -> None:
        before = len(self)
        first = operator.index(index) % max(1, before) if not isinstance(index, slice) else 0
        list.__delitem__(self, index)
        self._wrote(max(1, before - first))

    def __iter__(self) -> Iterator[Any]:
        index = 0
        while index < len(self):
            self._looked()
            yield list.__getitem__(self, index)
            index += 1

    def __reversed__(self) -> Iterator[Any]:
        for index in range(len(self) - 1, -1, -1):
            self._looked()
            yield list.__getitem__(self, index)

    def __contains__(self, value: object) -> bool:
        return any(entry is value or entry == value for entry in self)

    def index(self, value: Any, start: Any = 0, stop: Any = sys.maxsize) -> int:
        for index in range(*slice(start, stop).indices(len(self))):
            if self[index] == value:
                return index
        raise ValueError(f"{value!r} is not in list")

    def count(self, value: Any) -> int:
        return sum(1 for entry in self if entry == value)

    def append(self, value: Any) -> None:
        self._wrote()
        list.append(self, _counted(value, self._counter))

    def extend(self, values: Iterable[Any]) -> None:
        for value in values:
            self.append(value)

    def __iadd__(self, values: Iterable[Any]) -> "CountedList":  # type: ignore[misc]
        self.extend(values)
        return self

    def insert(self, index: Any, value: Any) -> None:
        moved = len(self) - slice(index, None).indices(len(self))[0]
        self._wrote(moved + 1)
        list.insert(self, index, _counted(value, self._counter))

    def pop(self, index: Any = -1) -> Any:
        moved = len(self) - 1 - (operator.index(index) % max(1, len(self)))
        entry = list.pop(self, index)
        self._looked()
        self._wrote(moved + 1)
        return entry

    def remove(self, value: Any) -> None:
        del self[self.index(value)]

    def clear(self) -> None:
        self._wrote()
        list.clear(self)

    def reverse(self) -> None:
        self._looked(len(self))
        self._wrote(len(self))
        list.reverse(self)

    def sort(self, *, key: Any = None, reverse: bool = False) -> None:
        entries = list(self)  # counts the reads; the entries count their comparisons
        entries.sort(key=key, reverse=reverse)
        self._wrote(len(self))
        list.__setitem__(self, slice(None), entries)

    def copy(self) -> "CountedList":
        return self[:]

    __copy__ = copy

    def __deepcopy__(self, memo: dict[int, Any]) -> "CountedList":
        return self[:]

    def __reduce_ex__(self, protocol: Any) -> Any:
        self._looked(len(self))
        return (list, (plain(self),))

    def __add__(self, other: Any) -> "CountedList":
        self._looked(len(self))
        return self._of(list.__add__(self, list(other) if isinstance(other, list) else other))

    def __radd__(self, other: Any) -> "CountedList":
        return self._of([*other, *self])

    def __mul__(self, times: Any) -> "CountedList":
        result = list.__mul__(self, times)
        self._looked(len(result))
        return self._of(result)

    __rmul__ = __mul__

    def __imul__(self, times: Any) -> "CountedList":
        self[:] = self * times
        return self

    def _compared(self, other: Any, operation: Callable[[Any, Any], Any]) -> Any:
        if not isinstance(other, list):
            return NotImplemented
        return operation(list(self), list(other))

    def __eq__(self, other: object) -> Any:
        return self._compared(other, operator.eq)

    def __ne__(self, other: object) -> Any:
        return self._compared(other, operator.ne)

    def __lt__(self, other: Any) -> Any:
        return self._compared(other, operator.lt)

    def __le__(self, other: Any) -> Any:
        return self._compared(other, operator.le)

    def __gt__(self, other: Any) -> Any:
        return self._compared(other, operator.gt)

    def __ge__(self, other: Any) -> Any:
        return self._compared(other, operator.ge)

    __hash__ = None

    def __repr__(self) -> str:
        self._looked(len(self))
        return repr(plain(self))

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        """A numpy array of the counted entries, unless numbers of some dtype are asked for."""
        import numpy

        array = numpy.array(_as_lists(self), dtype=object)
        return array if dtype is None else array.astype(dtype)


def _as_lists(value: Any) -> Any:
    """Counted lists, at any depth, as lists of the same counted entries; counts the reads."""
    return [_as_lists(entry) for entry in value] if type(value) is CountedList else value
