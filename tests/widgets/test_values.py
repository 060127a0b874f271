"""How Python values are encoded for the browser, and written out again."""

import collections
import dataclasses
import json
from typing import Any

import numpy as np
import pytest
import torch

from course.widgets.values import EXACT_IN_JAVASCRIPT, MAX_ITEMS, Encoder, elements, number, text


@pytest.mark.parametrize(
    "value",
    [
        None, True, 0, -3, 2.5, 1.0, -0.0, "it's", 'say "hi"\n', [], [1, 2.0, None], (), (1,),
        (1, 2), {}, {"a": [1]}, {1: 2}, set(), {3, 1, 2}, {"a"}, [[1], [2, [3]]], 2**60, "ü∎",
    ],
    ids=repr,
)  # fmt: skip
def test_plain_values_read_as_python_writes_them(value: Any) -> None:
    encoded = Encoder().encode(value)
    json.dumps(encoded, allow_nan=False)
    written = text(encoded)
    assert eval(written) == value
    assert type(eval(written)) is type(value)
    if not isinstance(value, set):
        assert written == repr(value)


def test_numbers_that_javascript_cannot_hold_keep_their_digits() -> None:
    assert Encoder().encode(EXACT_IN_JAVASCRIPT + 1) == {"type": "int", "text": "9007199254740993"}
    assert text(Encoder().encode([2**70])) == f"[{2**70}]"
    assert "bits" in text(Encoder().encode(10**5_000))


def test_not_a_number_and_infinity_are_valid_json() -> None:
    encoded = Encoder().encode([float("nan"), float("inf")])
    assert json.loads(json.dumps(encoded, allow_nan=False)) == encoded
    assert text(encoded) == "[nan, inf]"


def test_one_true_and_one_point_zero_are_three_values() -> None:
    assert [text(Encoder().encode(value)) for value in (1, True, 1.0)] == ["1", "True", "1.0"]
    assert [number(Encoder().encode(value)) for value in (1, True, 1.0)] == [1, 1, 1]


def test_long_values_are_clipped_and_say_so() -> None:
    long = Encoder().encode(list(range(1_000)))
    assert (len(long["items"]), long["length"]) == (MAX_ITEMS, 1_000)
    assert text(long).endswith("… 744 more]")
    assert Encoder().encode("x" * 5_000)["length"] == 5_000


def test_cycles_and_depth_end() -> None:
    loop: list[Any] = [1]
    loop.append(loop)
    table: dict[str, Any] = {"me": None}
    table["me"] = table
    deep: list[Any] = []
    for _ in range(500):
        deep = [deep]
    wide = [[[i] * 3 for i in range(50)] for _ in range(50)]
    for value in (loop, table, deep, wide):
        assert len(json.dumps(Encoder().encode(value))) < 200_000


def test_an_unchanged_list_is_encoded_once() -> None:
    encoder, values = Encoder(), [1, 2, 3]
    first = encoder.encode(values)
    assert encoder.encode(values) is first
    values[1] = 5
    assert encoder.encode(values) == [1, 5, 3]
    assert first == [1, 2, 3]
    values[1] = True  # equal to 1, and not the same
    assert encoder.encode(values)[1] is True


def test_objects_show_their_fields_and_keep_their_identity() -> None:
    @dataclasses.dataclass
    class Point:
        x: int
        y: int

    class Slotted:
        __slots__ = ("left",)

        def __init__(self) -> None:
            self.left = 1

    encoder, point = Encoder(), Point(1, 2)
    first, second = encoder.encode([point, point])
    assert first["id"] == second["id"]
    assert text(first) == "Point(x=1, y=2)"
    assert text(encoder.encode(Slotted())) == "Slotted(left=1)"
    assert "0x" not in text(encoder.encode([object(), len, print, Point, lambda: 0]))


def test_containers_of_the_standard_library() -> None:
    assert elements(Encoder().encode(collections.deque([1, 2]))) == [1, 2]
    assert text(Encoder().encode(collections.Counter("aab"))) == "Counter([a: 2, b: 1])".replace(
        "a:", "'a':"
    ).replace("b:", "'b':")
    assert elements(Encoder().encode({"a": 1})) is None
    assert elements(Encoder().encode("abc")) == ["a", "b", "c"]


def test_arrays_and_tensors_are_summarised() -> None:
    encode = Encoder().encode
    assert encode(np.arange(3)) == {
        "type": "ndarray", "shape": [3], "dtype": "int64", "items": [0, 1, 2],
    }  # fmt: skip
    assert elements(encode(torch.tensor([1, 2]))) == [1, 2]
    big = encode(np.zeros((100, 100)))
    assert big["text"] == "<ndarray 100 × 100 float64>"
    assert encode(np.float64(2.5)) == 2.5
    weights = encode(torch.ones(2, 2, requires_grad=True))
    assert (weights["shape"], weights["dtype"]) == ([2, 2], "float32")
    assert text(encode(torch.tensor(3))) == "Tensor(3)"


def test_lone_surrogates_can_be_sent() -> None:
    json.dumps(Encoder().encode(["\ud800", {"\udfff": 1}])).encode("utf-8")
    assert "\ud800" not in Encoder().encode("\ud800")
