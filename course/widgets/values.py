"""Python values as plain JSON data, for the browser and for notes a reader can follow.

How a value looks once encoded:

- `None`, `bool`, `str` up to `MAX_TEXT` characters, finite `float` that is not whole, and `int`
that
  JavaScript holds exactly stay themselves;
- a `list` of at most `MAX_ITEMS` elements is a list of encoded elements;
- everything else is a dictionary with a `"type"` and some of
  `"items"` (elements; for a dictionary, pairs), `"length"` (true length, when `items` is clipped),
  `"fields"` (attributes of a simple object), `"id"` (the same number for the same object in a run),
  `"shape"` and `"dtype"` (arrays, tensors), and `"text"` (what to print).

Nothing here imports numpy or torch: an array is recognised only when its library is loaded already.
No value can make `encode` fail, loop for ever or print a memory address.
"""

import math
import re
import sys
from collections.abc import Callable, Iterable
from operator import is_
from typing import Any

MAX_ITEMS = 256
MAX_TEXT = 1_000
MAX_REPR = 120
MAX_NESTING = 6
MAX_NODES = 400
EXACT_IN_JAVASCRIPT = 2**53

_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")
_PLAIN = {type(None), bool, int}
_SCALARS = _PLAIN | {float, str}

Encoded = Any


class Encoder:
    """Encodes values of one run; unchanged lists of numbers come back as the very same object."""

    def __init__(self) -> None:
        self._lists: dict[int, tuple[list[Any], list[Any]]] = {}
        self._ids: dict[int, int] = {}
        self._kept: list[Any] = []  # keeps numbered objects alive, so that no id is used twice
        self._nodes = 0

    def encode(self, value: Any) -> Encoded:
        """`value` as JSON-safe data (see the module's text)."""
        self._nodes = 0
        return self._encode(value, ())

    def _encode(self, value: Any, path: tuple[int, ...]) -> Encoded:
        kind = type(value)
        if value is None or kind is bool:
            return value
        if kind is int:
            return value if abs(value) <= EXACT_IN_JAVASCRIPT else _large_integer(value)
        if kind is float:
            return _float(value)
        if kind is str:
            return _string(value)
        if kind is list:
            return self._list(value, path)
        self._nodes += 1
        if id(value) in path or len(path) >= MAX_NESTING or self._nodes > MAX_NODES:
            return {"type": kind.__name__, "text": "…", **self._number(value)}
        try:
            return self._other(value, kind, (*path, id(value)))
        except Exception:
            return {"type": kind.__name__, "text": f"<{kind.__name__}: its value cannot be shown>"}

    def _list(self, value: list[Any], path: tuple[int, ...]) -> Encoded:
        before = self._lists.get(id(value))
        if before and len(before[0]) == len(value) and all(map(is_, before[0], value)):
            return before[1]
        self._nodes += 1
        if id(value) in path or len(path) >= MAX_NESTING or self._nodes > MAX_NODES:
            return {"type": "list", "text": "[…]"}
        if len(value) > MAX_ITEMS:
            return self._items("list", value, len(value), (*path, id(value)))
        if set(map(type, value)) <= _PLAIN and _within_javascript(value):
            encoded = value[:]
        else:
            encoded = [self._encode(element, (*path, id(value))) for element in value]
        if set(map(type, value)) <= _SCALARS:
            self._lists[id(value)] = (value[:], encoded)
        return encoded

    def _items(
        self, kind: str, elements: Iterable[Any], length: int, path: tuple[int, ...]
    ) -> dict[str, Any]:
        items: list[Encoded] = []
        for element in elements:
            if len(items) == MAX_ITEMS:
                return {"type": kind, "items": items, "length": length}
            items.append(self._encode(element, path))
        return {"type": kind, "items": items}

    def _other(self, value: Any, kind: type, path: tuple[int, ...]) -> dict[str, Any]:
        name = kind.__name__
        array = _array(value, kind)
        if array is not None:
            items = self._encode(array.pop("items"), ()) if "items" in array else None
            return {"type": name, **array, **({"items": items} if items is not None else {})}
        scalar = _array_scalar(value)
        if scalar is not None:
            return self._encode(scalar, path)
        if isinstance(value, dict):
            pairs = self._items(name, dict.items(value), dict.__len__(value), path)
            pairs["items"] = [
                pair["items"] if isinstance(pair, dict) and "items" in pair else ["…", "…"]
                for pair in pairs["items"]
            ]
            return pairs
        if isinstance(value, (set, frozenset)):
            return self._items(name, _stable_order(value), len(value), path)
        if isinstance(value, list):
            return self._items(name, list.__iter__(value), list.__len__(value), path)
        if isinstance(value, tuple):
            return self._items(name, tuple.__iter__(value), tuple.__len__(value), path)
        if name == "deque" and kind.__module__ == "collections":
            return self._items(name, value, len(value), path)
        if isinstance(value, (int, float, str)):
            return {"type": name, "text": short_repr(value)}
        fields = _fields(value, kind)
        if fields is None:
            return {"type": name, "text": short_repr(value)}
        return {
            "type": name,
            "fields": {key: self._encode(field, path) for key, field in fields.items()},
            **self._number(value),
        }

    def _number(self, value: Any) -> dict[str, int]:
        if id(value) not in self._ids:
            self._ids[id(value)] = len(self._ids)
            self._kept.append(value)
        return {"id": self._ids[id(value)]}


def text(encoded: Encoded) -> str:
    """The encoded value as Python would write it (clipped where the encoding is)."""
    if isinstance(encoded, list):
        return f"[{', '.join(map(text, encoded))}]"
    if not isinstance(encoded, dict):
        return repr(encoded)
    if "text" in encoded:
        return str(encoded["text"])
    kind = encoded["type"]
    if "fields" in encoded:
        inside = ", ".join(f"{key}={text(field)}" for key, field in encoded["fields"].items())
        return f"{kind}({inside})"
    items = encoded["items"]
    if kind == "dict" or (items and kind in ("defaultdict", "Counter", "OrderedDict")):
        parts = [f"{text(pair[0])}: {text(pair[1])}" for pair in items]
    else:
        parts = [text(item) for item in items]
    if "length" in encoded:
        parts.append(f"… {encoded['length'] - len(items)} more")
    inside = ", ".join(parts)
    if kind == "tuple":
        return f"({inside},)" if len(parts) == 1 else f"({inside})"
    if kind in ("set", "dict"):
        return f"{{{inside}}}" if parts or kind == "dict" else "set()"
    return f"[{inside}]" if kind == "list" else f"{kind}([{inside}])"


def elements(encoded: Encoded) -> list[Encoded] | None:
    """The elements of an encoded list, tuple, string, deque or one-dimensional array, else None."""
    if isinstance(encoded, list):
        return encoded
    if isinstance(encoded, str):
        return list(encoded)
    if isinstance(encoded, dict) and isinstance(encoded.get("items"), list):
        if encoded["type"] in ("dict", "defaultdict", "Counter", "OrderedDict"):
            return None
        return encoded["items"]
    return None


def number(encoded: Encoded) -> float | None:
    """The encoded value as a finite number, else None."""
    if isinstance(encoded, dict) and "value" in encoded:
        return float(encoded["value"])
    if isinstance(encoded, (int, float)):
        return float(encoded)
    return None


def short_repr(value: Any) -> str:
    """`repr(value)` on one line, without memory addresses, at most `MAX_REPR` characters."""
    try:
        written = repr(value)
        if type(written) is not str:
            raise TypeError("repr gave no string")
    except Exception:
        return f"<{type(value).__name__}: its repr fails>"
    written = " ".join(_ADDRESS.sub("", written[: 4 * MAX_REPR]).split())
    return _clean(written if len(written) <= MAX_REPR else written[: MAX_REPR - 1] + "…")


def _clean(string: str) -> str:
    """`string` with lone surrogates replaced, so that it can travel as UTF-8."""
    return string if string.isascii() else string.encode("utf-8", "replace").decode("utf-8")


def _string(value: str) -> Encoded:
    if len(value) <= MAX_TEXT:
        return _clean(value)
    return {"type": "str", "length": len(value), "text": short_repr(value)}


def _float(value: float) -> Encoded:
    if not math.isfinite(value):
        return {"type": "float", "text": repr(value)}
    return {"type": "float", "text": repr(value), "value": value} if value.is_integer() else value


def _large_integer(value: int) -> dict[str, Any]:
    bits = value.bit_length()
    return {"type": "int", "text": str(value) if bits < 400 else f"<an integer of {bits} bits>"}


def _within_javascript(values: list[Any]) -> bool:
    return all(
        value is None or -EXACT_IN_JAVASCRIPT <= value <= EXACT_IN_JAVASCRIPT for value in values
    )


def _stable_order(values: Iterable[Any]) -> list[Any]:
    elements_of_set = list(values)
    if set(map(type, elements_of_set)) <= {int, float, bool} or (
        set(map(type, elements_of_set)) == {str}
    ):
        return sorted(elements_of_set)
    return sorted(elements_of_set, key=short_repr)


def _fields(value: Any, kind: type) -> dict[str, Any] | None:
    """Attributes of a simple object: one with a `__dict__` or `__slots__` and no repr of its
    own.
    """
    if isinstance(value, type) or kind.__module__ == "builtins":
        return None
    is_dataclass = "__dataclass_fields__" in kind.__dict__
    if kind.__repr__ is not object.__repr__ and not is_dataclass:
        return None
    names = list(getattr(kind, "__slots__", ()) or ())
    found = {name: object.__getattribute__(value, name) for name in names if hasattr(value, name)}
    found.update(object.__getattribute__(value, "__dict__") if hasattr(value, "__dict__") else {})
    return {str(name): field for name, field in list(found.items())[:12]}


def _array(value: Any, kind: type) -> dict[str, Any] | None:
    """Shape, dtype and (when small and on the CPU) elements of a numpy array or a torch tensor."""
    numpy, torch = sys.modules.get("numpy"), sys.modules.get("torch")
    if not (
        (numpy is not None and isinstance(value, numpy.ndarray))
        or (torch is not None and isinstance(value, torch.Tensor))
    ):
        return None
    shape = [int(side) for side in value.shape]
    dtype = str(value.dtype).removeprefix("torch.")
    summary: dict[str, Any] = {"shape": shape, "dtype": dtype}
    on_cpu = getattr(getattr(value, "device", None), "type", "cpu") == "cpu"
    if math.prod(shape) <= MAX_ITEMS and on_cpu and len(shape) > 0:
        to_list: Callable[[], Any] = getattr(value, "detach", lambda: value)().tolist
        return {**summary, "items": to_list()}
    if not shape and on_cpu:
        return {**summary, "text": f"{kind.__name__}({short_repr(value.item())})"}
    sides = " × ".join(map(str, shape))
    return {**summary, "text": f"<{kind.__name__} {sides} {dtype}>"}


def _array_scalar(value: Any) -> Any:
    numpy = sys.modules.get("numpy")
    if numpy is None or not isinstance(value, numpy.generic):
        return None
    plain = value.item()
    return plain if type(plain) in _SCALARS else short_repr(value)
