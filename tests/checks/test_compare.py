"""`difference`: what passes for the expected value, and what does not."""

import math
from fractions import Fraction

import numpy as np
import pytest
import torch

from course.checks import Tolerance, counted, difference

NAN = float("nan")


class EqualsEverything:
    def __eq__(self, other: object) -> bool:
        return True

    __hash__ = None  # type: ignore[assignment]


class LyingList(list):  # type: ignore[type-arg]
    def __eq__(self, other: object) -> bool:
        return True

    __hash__ = None  # type: ignore[assignment]


class LyingInteger(int):
    def __eq__(self, other: object) -> bool:
        return True

    __hash__ = int.__hash__


class LyingArray(np.ndarray):
    def __array_ufunc__(self, *anything: object, **more: object) -> np.ndarray:
        return np.zeros(self.shape, dtype=bool)


class LyingTensor(torch.Tensor):
    @classmethod
    def __torch_function__(cls, function, types, args=(), kwargs=None):  # type: ignore[no-untyped-def]
        return True


SAME = [
    (49, 49),
    (np.int64(49), 49),
    (np.uint8(3), 3),
    (3, 3.0),  # a whole number where a number is asked
    (np.float32(0.5), 0.5),
    (np.float64(0.5), 0.5),
    (NAN, NAN),
    (math.inf, math.inf),
    (-0.0, 0.0),
    (1 + 2j, 1 + 2j),
    (np.bool_(True), True),
    ("", ""),
    (None, None),
    ([], []),
    ([1, [2, (3,)]], [1, [2, (3,)]]),
    ({"a": [1]}, {"a": [1.0]}),
    ({2, 1}, {1, 2}),
    (b"x", b"x"),
    (10**40, 10**40),
    (np.array([1, 2]), np.array([1, 2])),
    (np.array([NAN, math.inf]), np.array([NAN, math.inf])),
    (np.array(["a"]), np.array(["a"])),
    (np.zeros((0, 3)), np.zeros((0, 3))),
    (torch.tensor([1.5, 2.0]), torch.tensor([1.5, 2.0])),
    (torch.tensor([True]), torch.tensor([True])),
    (torch.tensor(1.0, dtype=torch.bfloat16), torch.tensor(1.0, dtype=torch.bfloat16)),
    (torch.nn.Parameter(torch.ones(2)), torch.ones(2)),
    (torch.ones(2, requires_grad=True) * 2, torch.full((2,), 2.0)),
    (counted(7), 7),
    (counted([3, 1.5, "ab"]), [3, 1.5, "ab"]),
]

DIFFERENT = [
    (True, 1, "truth value"),
    (False, 0, "truth value"),
    (1, True, "whole number"),
    (np.bool_(True), 1, "truth value"),
    ("3", 3, "text"),
    (3.0, 3, "number"),
    (None, 0, "None"),
    (0, None, "whole number"),
    (NAN, 49, "whole number"),
    (NAN, 49.0, "nan"),
    (49.0, NAN, "49"),
    (math.inf, 1e308, "inf"),
    (math.inf, -math.inf, "inf"),
    (Fraction(1, 2), 0.5, "Fraction"),
    (EqualsEverything(), 49, "EqualsEverything"),
    (EqualsEverything(), "x", "EqualsEverything"),
    (EqualsEverything(), [1], "EqualsEverything"),
    (EqualsEverything(), None, "EqualsEverything"),
    (EqualsEverything(), np.ones(2), "EqualsEverything"),
    (EqualsEverything(), torch.ones(2), "EqualsEverything"),
    (LyingInteger(3), 49, "LyingInteger"),
    (LyingList([0]), [1, 2], "LyingList"),
    ([EqualsEverything()], [1], "[0]"),
    ((1, 2), [1, 2], "tuple"),
    ([1, 2], (1, 2), "list"),
    ([1, 2], [1, 2, 3], "2 entries, not 3"),
    ([1, 2, 4], [1, 2, 3], "[2]"),
    ([[1], [2, 9]], [[1], [2, 3]], "[1][1]"),
    ({"a": 1}, {"b": 1}, "'b'"),
    ({"a": 1}, {"a": 2}, "'a'"),
    ({"a": 1, "b": 2}, {"a": 1}, "too much"),
    ({True: 1}, {1: 1}, "missing"),
    ({1, 2}, {1, 3}, "missing: [3]"),
    (range(3), [0, 1, 2], "range"),
    ((x for x in [1]), [1], "generator"),
    (np.array([1, 2]), [1, 2], "array"),
    ([1, 2], np.array([1, 2]), "list"),
    (np.array(3), 3, "array"),
    (torch.tensor(3), 3, "tensor"),
    (np.ones(3), np.ones((3, 1)), "shape (3,), not (3, 1)"),
    (np.ones((1, 3)), np.ones((2, 3)), "shape"),
    (np.array([1, 2]), np.array([1.0, 2.0]), "dtype int64, not float64"),
    (np.array([1.0, 2.0], dtype=np.float32), np.array([1.0, 2.0]), "dtype"),
    (np.array([1.0, NAN]), np.array([1.0, 2.0]), "nan"),
    (np.array([1.0, 5.0, 2.5]), np.array([1.0, 2.0, 2.0]), "2 entries of 3; [1] is 5.0, not 2.0"),
    (np.array([1.0]).view(LyingArray), np.array([2.0]), "LyingArray"),
    (np.ma.masked_array([1.0], mask=[True]), np.array([2.0]), "MaskedArray"),
    (torch.ones(3), torch.ones(1, 3), "shape"),
    (torch.ones(2), torch.ones(2, dtype=torch.float64), "dtype float32, not float64"),
    (torch.tensor([1.0, NAN]), torch.tensor([1.0, 2.0]), "nan"),
    (torch.ones(1).as_subclass(LyingTensor), torch.zeros(1), "LyingTensor"),
    (torch.ones(2), np.ones(2), "tensor"),
    (np.array([True]), np.array([1]), "dtype"),
    (counted(7), 8, "7"),
    (object(), object(), "very object"),
]


@pytest.mark.parametrize(("got", "expected"), SAME, ids=lambda value: type(value).__name__)
def test_the_same(got: object, expected: object) -> None:
    assert difference(got, expected) is None


@pytest.mark.parametrize(("got", "expected", "says"), DIFFERENT)
def test_different(got: object, expected: object, says: str) -> None:
    found = difference(got, expected)
    assert found is not None
    assert says in found


@pytest.mark.parametrize("nested", [lambda x: [x], lambda x: {"key": x}, lambda x: (0, x)])
def test_differences_are_found_at_any_depth(nested) -> None:  # type: ignore[no-untyped-def]
    for got, expected, _ in DIFFERENT:
        assert difference(nested(got), nested(expected)) is not None
    for got, expected in SAME:
        assert difference(nested(got), nested(expected)) is None


def test_an_unknown_object_is_the_same_only_as_itself() -> None:
    node = object()
    assert difference(node, node) is None
    assert difference(EqualsEverything(), node) is not None


@pytest.mark.parametrize("make", [float, np.float32, lambda x: np.array([x]), lambda x: [x]])
@pytest.mark.parametrize(
    ("tolerance", "expected", "near", "far"),
    [
        (Tolerance(absolute=0.01), 1.0, 1.009, 1.012),
        (Tolerance(relative=0.01), 100.0, 100.9, 101.2),
        (Tolerance(relative=0.01), -100.0, -100.9, -98.8),
        (Tolerance(relative=0.01, absolute=0.5), 0.0, 0.4, 0.6),
    ],
)
def test_tolerance(make, tolerance, expected, near, far) -> None:  # type: ignore[no-untyped-def]
    def compare(got: float) -> str | None:
        return difference(make(got), make(expected), tolerance=tolerance)

    assert compare(near) is None
    assert compare(far) is not None
    assert compare(NAN) is not None
    assert compare(math.inf) is not None


def test_a_float32_tensor_is_near_a_float64_reference() -> None:
    reference = torch.tensor([1 / 3, 2 / 3], dtype=torch.float64)
    got = reference.float()
    assert difference(got, reference) is not None  # another dtype
    assert difference(got, reference, tolerance=Tolerance(absolute=1e-6)) is None
    assert "dtype" in str(difference(got.long(), reference, tolerance=Tolerance(absolute=9)))


def test_the_farthest_entry_is_named_by_its_place() -> None:
    expected = np.zeros((2, 3))
    got = expected.copy()
    got[0, 1], got[1, 2] = 0.1, -4.0
    found = difference(got, expected, tolerance=Tolerance(absolute=0.05))
    assert found == "The value is wrong in 2 entries of 6; [1, 2] is -4.0, not 0.0 (off by 4)."


def test_up_to_order() -> None:
    assert difference([3, 1, 1], [1, 3, 1], up_to_order=True) is None
    assert difference([3, 3, 1], [1, 3, 1], up_to_order=True) is not None  # counts matter
    assert difference([[2, 1], [3]], [[3], [1, 2]], up_to_order=True) is not None
    assert difference([[2, 1], [3]], [[3], [1, 2]], up_to_order=2) is None
    assert difference([True], [1], up_to_order=True) is not None
    found = difference([[7], [3]], [[3], [2, 2]], up_to_order=True)
    assert found is not None
    assert "missing: [[2, 2]]" in found
    assert "too much: [[7]]" in found


def test_patched_libraries_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    difference(torch.ones(1), torch.ones(1))  # torch is in use before the student's code runs
    ones, zeros = torch.ones(2), torch.zeros(2)
    with monkeypatch.context() as patch:
        for patched in ("allclose", "equal", "isclose", "isnan", "isfinite", "abs", "argmax"):
            patch.setattr(torch, patched, lambda *a, **k: True)
            if hasattr(np, patched):
                patch.setattr(np, patched, lambda *a, **k: 0)
        patch.setattr(np, "array_equal", lambda *a: True)
        patch.setattr(np, "count_nonzero", lambda *a: 0)
        for method in ("equal", "allclose", "__eq__", "detach", "cpu", "to", "numpy", "tolist"):
            patch.setattr(torch.Tensor, method, lambda self, *a, **k: zeros)
        patch.setattr("builtins.len", lambda value: 1)
        patch.setattr("builtins.abs", lambda value: 0)
        patch.setattr("builtins.type", lambda value: int)
        found = [
            difference(np.ones(2), np.zeros(2)),
            difference(ones, zeros),
            difference(ones, zeros, tolerance=Tolerance(absolute=0.5)),
            difference(1.0, 2.0, tolerance=Tolerance(absolute=0.5)),
            difference([1, 2], [1]),
            difference("1", 1),
        ]
    assert all(found)
