"""Values as short text that is safe to show: cut in the middle, never raising."""

import sys
from collections.abc import Iterable
from typing import Any

LIMIT = 240
_length = len
_type = type


def show(value: Any, limit: int = LIMIT) -> str:
    """`value` in at most about `limit` characters; what is left out is counted.

    Lists, tuples, sets and dictionaries are cut between entries. Arrays and tensors are shown with
    their shape and type. An object whose `repr` fails is named by its type.
    """
    text = _text(value, limit)
    return text if _length(text) <= limit + 40 else f"{text[: limit - 30]} … {text[-20:]}"


def count(number: int, one: str, many: str | None = None) -> str:
    """`count(2, "entry", "entries")` → "2 entries"."""
    return f"{number:,} {one if number == 1 else many or one + 's'}".replace(",", " ")


def _text(value: Any, limit: int) -> str:
    kind = _type(value)
    if kind in (list, tuple, set, frozenset):
        return _sequence(value, limit)
    if kind is dict:
        pairs = (f"{_text(k, limit)}: {_text(v, limit)}" for k, v in value.items())
        return _joined("{", pairs, _length(value), "}", limit)
    array = _array(value)
    return array if array is not None else _repr(value)


def _sequence(value: Any, limit: int) -> str:
    kind, size = _type(value), _length(value)
    if kind is tuple and size == 1:
        return f"({_text(value[0], limit)},)"
    if kind in (set, frozenset):
        try:
            value = sorted(value)
        except Exception:
            value = sorted(value, key=_repr)
        if not size:
            return f"{kind.__name__}()"
    opening, closing = "[]" if kind is list else "()" if kind is tuple else "{}"
    return _joined(opening, (_text(entry, limit) for entry in value), size, closing, limit)


def _joined(opening: str, entries: Iterable[str], size: int, closing: str, limit: int) -> str:
    shown: list[str] = []
    used = 0
    for entry in entries:
        used += _length(entry) + 2
        if used > limit and shown:
            left = count(size - _length(shown), "more entry", "more entries")
            return f"{opening}{', '.join(shown)}, … {left}{closing}"
        shown.append(entry)
    return f"{opening}{', '.join(shown)}{closing}"


def _array(value: Any) -> str | None:
    """Text of a numpy array or a torch tensor with its shape; None if `value` is neither."""
    numpy, torch = sys.modules.get("numpy"), sys.modules.get("torch")
    try:
        if numpy is not None and isinstance(value, numpy.ndarray):
            numbers = numpy.array2string(value, precision=6, threshold=24, separator=", ")
            return f"array of shape {value.shape}, {value.dtype}: {_one_line(numbers)}"
        if torch is not None and isinstance(value, torch.Tensor):
            numbers = numpy_text(value)
            kind = f"{value.dtype}".removeprefix("torch.")
            gradient = ", requires_grad" if value.requires_grad else ""
            return f"tensor of shape {tuple(value.shape)}, {kind}{gradient}: {numbers}"
    except Exception:
        return f"<{_type(value).__name__} that cannot be shown>"
    return None


def numpy_text(tensor: Any) -> str:
    """The numbers of a torch tensor on one line, at most 24 of them."""
    import numpy

    values = tensor.detach().cpu()
    values = values.double() if values.is_floating_point() else values
    return _one_line(numpy.array2string(values.numpy(), precision=6, threshold=24, separator=", "))


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _repr(value: Any) -> str:
    try:
        text = repr(value)
    except Exception as error:
        return f"<{_type(value).__name__} whose repr raises {_type(error).__name__}>"
    return text if _type(text) is str else f"<{_type(value).__name__}>"
