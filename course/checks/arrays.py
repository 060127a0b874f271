"""Comparing numpy arrays and torch tensors. Imported only where one of the two is in use.

The methods and functions that decide are bound when this module is imported, so that a patched
`torch.allclose` or `numpy.testing` changes nothing.
"""

import sys
from typing import Any

import numpy
from numpy import abs as _abs
from numpy import argmax as _argmax
from numpy import array as _array
from numpy import count_nonzero as _count_nonzero
from numpy import float64, isfinite, isnan, ndarray, unravel_index
from numpy import max as _max

from course.checks.show import count, show

_type = type
_SCALARS = frozenset(numpy.sctypeDict.values())
_WHOLE, _REAL, _COMPLEX = numpy.integer, numpy.floating, numpy.complexfloating
_item = numpy.generic.item
_torch: Any = None  # the names of torch that are needed, once torch is there


def _tensor_names() -> Any:
    """References into torch, taken the first time that torch is found loaded."""
    global _torch
    if _torch is None and "torch" in sys.modules:
        import torch

        class _Torch:
            types = (torch.Tensor, torch.nn.Parameter)
            detach = torch.Tensor.detach
            cpu = torch.Tensor.cpu
            to = torch.Tensor.to
            numpy = torch.Tensor.numpy
            resolve = torch.Tensor.resolve_conj
            wide = torch.float64
            floating = frozenset(
                kind
                for kind in vars(torch).values()
                if isinstance(kind, torch.dtype) and kind.is_floating_point
            )

        _torch = _Torch
    return _torch


_tensor_names()


def kind_of(value: Any) -> str | None:
    """The kind in words of a numpy scalar, an array or a tensor; None for anything else."""
    exact = _type(value)
    if exact is ndarray:
        return "array"
    if exact in _SCALARS:
        if exact is numpy.bool_:
            return "truth value"
        for kind, name in (
            (_WHOLE, "whole number"),
            (_REAL, "number"),
            (_COMPLEX, "complex number"),
        ):
            if issubclass(exact, kind):
                return name
        return None
    names = _tensor_names()
    return "tensor" if names is not None and exact in names.types else None


def python_number(scalar: Any) -> Any:
    """The Python number that a numpy scalar holds."""
    return _item(scalar)


def compare(got: Any, expected: Any, tolerance: Any, subject: str) -> str | None:
    """The first difference of two arrays, or of two tensors, as a sentence; None if the same."""
    if tuple(got.shape) != tuple(expected.shape):
        return f"{subject} has shape {tuple(got.shape)}, not {tuple(expected.shape)}."
    found, wanted = _as_array(got), _as_array(expected)
    same_type = (
        got.dtype == expected.dtype
        if tolerance is None
        else found.dtype.kind == (wanted.dtype.kind)
    )
    if not same_type:
        return f"{subject} has dtype {_dtype(got)}, not {_dtype(expected)}."
    exact = wanted.dtype.kind not in "fc"
    wrong = found != wanted if exact else _outside(found, wanted, tolerance)
    number = int(_count_nonzero(wrong))
    if not number:
        return None
    return f"{subject} {_worst(found, wanted, wrong, number)}"


def _as_array(value: Any) -> Any:
    """`value` as a numpy array; floats as float64 (complex as complex128)."""
    if _type(value) is not ndarray:
        names = _tensor_names()
        value = names.detach(value)
        value = names.cpu(value)
        if value.dtype in names.floating:
            value = names.to(value, names.wide)
        value = names.numpy(names.resolve(value))
    if value.dtype.kind == "f":
        return _array(value, dtype=float64)
    return value


def _outside(got: Any, expected: Any, tolerance: Any) -> Any:
    """Where |got − expected| > absolute + relative·|expected|; NaN agrees with NaN only."""
    relative, absolute = (tolerance.relative, tolerance.absolute) if tolerance else (0.0, 0.0)
    with numpy.errstate(all="ignore"):
        near = _abs(got - expected) <= absolute + relative * _abs(expected)
    near &= isfinite(got) & isfinite(expected)
    return ~(near | (got == expected) | (isnan(got) & isnan(expected)))


def _worst(got: Any, expected: Any, wrong: Any, number: int) -> str:
    """How many entries are wrong, and the one that is farthest off."""
    if got.dtype.kind in "fc":
        with numpy.errstate(all="ignore"):
            distance = _abs(got - expected)
        distance[isnan(distance)] = numpy.inf
        distance[~wrong] = -1.0
        place = unravel_index(int(_argmax(distance)), got.shape)
        largest = float(_max(distance))
        by = f" (off by {largest:.3g})" if largest < float("inf") else ""
    else:
        place = unravel_index(int(_argmax(wrong)), got.shape)
        by = ""
    entry = f"[{', '.join(str(int(i)) for i in place)}]" if got.shape else ""
    one, other = (_item(a[place]) if got.shape else a.item() for a in (got, expected))
    differ = f"is {show(one)}, not {show(other)}{by}."
    if not got.shape:
        return differ
    return f"is wrong in {count(number, 'entry', 'entries')} of {got.size}; {entry} {differ}"


def _dtype(value: Any) -> str:
    return str(value.dtype).removeprefix("torch.")
