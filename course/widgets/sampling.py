"""Calling the reader's own function at many places, and taking its answer as plain numbers.

A reader's function may work on one number, on a numpy array or on a torch tensor. Which of these to
try first is read from the modules its code names. Nothing here imports numpy or torch before the
function's own module did.
"""

import inspect
import itertools
import math
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from course.widgets.limits import Cut, Watchdog, no_collection
from course.widgets.values import short_repr

MAX_SECONDS = 5.0
_WRONG_FORM = (TypeError, ValueError, AttributeError, RuntimeError, IndexError)

Numbers = list[float | None]


def names_asked(fn: Callable[..., Any], leading: int, known: Iterable[str]) -> tuple[str, ...]:
    """Which of the `known` names `fn` takes as arguments, beyond its first `leading` ones.

    Raises TypeError when it needs an argument that is not known.
    """
    known = tuple(known)
    try:
        parameters = list(inspect.signature(fn).parameters.values())
    except (TypeError, ValueError):
        return ()
    by_name = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    rest = [one for one in parameters[leading:] if one.kind in by_name]
    missing = [
        one.name for one in rest if one.default is inspect.Parameter.empty and one.name not in known
    ]
    if missing:
        name = getattr(fn, "__name__", "the function")
        has = f"there is {', '.join(known)}" if known else "there is none"
        raise TypeError(f"{name} asks for {missing[0]}, which is no slider or point: {has}")
    return tuple(one.name for one in rest if one.name in known)


def sample(
    fn: Callable[..., Any], coordinates: Sequence[Sequence[float]], params: Mapping[str, Any]
) -> list[Numbers]:
    """`fn` at each place: one flat list of numbers for each output (one, or a tuple of several).

    `coordinates` holds one list an axis, all of one length n; so `fn(x)` gets n numbers, `fn(x, y)`
    two times n. NaN and infinities become None, nothing is rounded. Raises what
    `fn` raises, `TypeError` when it does not answer with numbers, and `Cut` when it takes longer
    than `MAX_SECONDS`.
    """
    count = len(coordinates[0])
    forms = _forms(fn)
    first: Exception | None = None
    with at_most(MAX_SECONDS):
        for form in forms:
            try:
                return _outputs(fn, _FORMS[form](fn, coordinates, params), count)
            except _WRONG_FORM as error:
                first = first or error
    assert first is not None
    raise first


def plain(value: Any) -> Any:
    """Arrays, tensors and anything nested of them as lists of Python numbers and strings."""
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    for method in ("detach", "cpu"):
        value = getattr(value, method, lambda same=value: same)()
    if hasattr(value, "tolist"):
        return value.tolist()
    if isinstance(value, Mapping):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, (list, tuple, range)):
        return [plain(one) for one in value]
    raise TypeError(f"numbers were expected, not {short_repr(value)}")


def numbers(value: Any, what: str) -> Numbers:
    """`value` as a flat list of finite floats (6 significant digits) or None.

    Raises TypeError that names `what` when there is anything else.
    """
    value = plain(value)
    if not isinstance(value, list):
        raise TypeError(f"{what} is a list of numbers, not {short_repr(value)}")
    try:
        return [tidy(one) for one in value]
    except TypeError:
        wrong = next(one for one in value if not isinstance(one, (int, float, type(None))))
        raise TypeError(f"{what} is a list of numbers, but {short_repr(wrong)} is in it") from None


def tidy(value: float | None) -> float | None:
    """A number short enough to send; None for NaN and infinities."""
    if value is None or not math.isfinite(value):
        return None
    return float(f"{value:.6g}")


def spaced(low: float, high: float, count: int, log: bool = False) -> list[float]:
    """`count` numbers from `low` to `high`, evenly spaced, or by constant factors with `log`."""
    steps = max(count - 1, 1)
    if log:
        return [float(f"{low * (high / low) ** (i / steps):.9g}") for i in range(count)]
    return [float(f"{low + (high - low) * i / steps:.9g}") for i in range(count)]


@contextmanager
def at_most(seconds: float) -> Iterator[None]:
    """Ends the block with `Cut` when it takes longer: the reader's function may loop for ever."""
    watchdog = Watchdog(seconds)
    try:
        watchdog.start()
        with no_collection():
            yield
    finally:
        try:  # a Cut on its way must arrive here, not later
            watchdog.lock.acquire()
            for _ in range(10):
                pass
        except Cut:
            pass
        watchdog.over.set()


def _each(fn: Callable[..., Any], coordinates: Any, params: Mapping[str, Any]) -> Any:
    answers = [plain(fn(*place, **params)) for place in zip(*coordinates, strict=True)]
    if answers and isinstance(answers[0], list):
        return tuple(zip(*answers, strict=True))
    return answers


def _arrays(fn: Callable[..., Any], coordinates: Any, params: Mapping[str, Any]) -> Any:
    import numpy

    with numpy.errstate(all="ignore"):
        return fn(*(numpy.array(axis, dtype=float) for axis in coordinates), **params)


def _tensors(fn: Callable[..., Any], coordinates: Any, params: Mapping[str, Any]) -> Any:
    import torch

    return fn(*(torch.tensor(axis, dtype=torch.float64) for axis in coordinates), **params)


def _short_tensors(fn: Callable[..., Any], coordinates: Any, params: Mapping[str, Any]) -> Any:
    """As a network with float32 weights asks for."""
    import torch

    return fn(*(torch.tensor(axis, dtype=torch.float32) for axis in coordinates), **params)


_FORMS: dict[str, Callable[..., Any]] = {
    "each": _each,
    "array": _arrays,
    "tensor": _tensors,
    "short tensor": _short_tensors,
}


def _forms(fn: Any) -> list[str]:
    """In which order to try the forms of an argument."""
    inner = inspect.unwrap(fn) if callable(fn) else fn
    named = getattr(getattr(inner, "__code__", None), "co_names", ())
    homes = {type(fn).__module__.split(".")[0], str(getattr(fn, "__module__", "")).split(".")[0]}
    for name in named:
        value = getattr(inner, "__globals__", {}).get(name)
        module = getattr(value, "__name__", "") if inspect.ismodule(value) else ""
        homes.add((module or str(getattr(value, "__module__", ""))).split(".")[0])
    if "torch" in homes:
        order = ["tensor", "short tensor", "each", "array"]
    elif "numpy" in homes:
        order = ["array", "each"]
    else:
        order = ["each", "array", "tensor", "short tensor"]
    missing = {"array": "numpy", "tensor": "torch", "short tensor": "torch"}
    return [form for form in order if missing.get(form, "sys") in sys.modules]


def _outputs(fn: Any, answer: Any, count: int) -> list[Numbers]:
    several = list(answer) if isinstance(answer, tuple) else [answer]
    name = getattr(fn, "__name__", "the function")
    outputs = []
    for one in several:
        flat = plain(one)
        if isinstance(flat, (int, float)) and not isinstance(flat, bool):
            flat = [flat] * count  # a constant function
        if not isinstance(flat, list):
            raise TypeError(f"{name} gave {short_repr(flat)}; a number was expected")
        while flat and isinstance(flat[0], list):
            flat = list(itertools.chain.from_iterable(flat))
        if len(flat) != count:
            raise ValueError(f"{name} gave {len(flat)} numbers for {count} places")
        if None in flat:
            raise TypeError(f"{name} gave None; is a return missing?")
        outputs.append([float(one) if math.isfinite(one) else None for one in flat])
    return outputs
