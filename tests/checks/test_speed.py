"""A kernel's speed and place on a roofline: timed by a clock that is given, counted without one."""

import itertools
from collections.abc import Callable
from typing import Any

import kernels
from kernels.matmul import Tiles, matmul
from kernels.vector_add import vector_add

import pytest
import torch

from course.checks.kernels import normal
from course.checks.speed import speed

needs_no_gpu = pytest.mark.skipif(not kernels.INTERPRETING, reason="a GPU would be timed")


class Invented:
    """A clock that calls, and then says what it was told to."""

    name = "an invented GPU"

    def __init__(self, *seconds: float) -> None:
        self.told = iter(seconds)
        self.dtypes: list[torch.dtype] = []

    def seconds(self, call: Callable[[], Any]) -> float:
        call()
        return next(self.told)

    def ceilings(self, dtype: torch.dtype) -> tuple[float, float]:
        self.dtypes.append(dtype)
        return 4e12, 1e12


def said(shown: Any) -> str:
    text: str = shown.as_text()
    return text


def test_on_a_gpu_both_are_timed_and_placed_below_the_machines_own_roof() -> None:
    n, clock = 1000, Invented(2e-6, 1e-6)
    x, y = (normal(n, seed=seed, dtype=torch.float16) for seed in (1, 2))
    text = said(speed(vector_add, torch.add, x, y, operations=n, clock=clock))
    # 6000 bytes at 1e12 a second take 6 ns: the roof at 1/6 FLOP a byte is 167 GFLOP/s
    assert "vector_add, 0.50 × the speed of torch: 0.167 FLOP a byte, 0.5 GFLOP/s, 0%" in text
    assert "torch: 0.167 FLOP a byte, 1 GFLOP/s, 1% of the roof there" in text
    assert "an invented GPU" in text
    assert clock.dtypes == [torch.float16]


def test_what_must_move_can_be_said() -> None:
    x = normal(1000)
    clock = Invented(1.0, 1.0)
    text = said(speed(vector_add, torch.add, x, x, operations=1000, moved=500, clock=clock))
    assert "vector_add, 1.00 × the speed of torch: 2 FLOP a byte" in text


@needs_no_gpu
def test_without_a_gpu_nothing_is_timed_and_the_place_is_counted() -> None:
    n, tile = 64, 16
    a, b = (normal(n, n, seed=seed, dtype=torch.float16) for seed in (1, 2))

    def by_tiles(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
        return matmul(a, b, tiles=Tiles(tile, tile, tile, 8, 4, 1))

    text = said(speed(by_tiles, torch.matmul, a, b, operations=2 * n**3))
    counted = 2 * n**3 / (2 * (2 * n**3 // tile + n**2))  # each number comes n/tile times
    least = 2 * n**3 / (2 * 3 * n**2)
    assert "Not timed" in text
    assert f"by_tiles, all that it loads and stores: {counted:.3g} FLOP a byte; memory" in text
    assert f"every number to and fro once: {least:.3g} FLOP a byte; memory" in text
    assert "/s," not in text
    large = speed(vector_add, torch.add, a[0], b[0], operations=10**6)
    assert "arithmetic is the limit there" in said(large)


@needs_no_gpu
def test_a_call_that_fails_is_a_sentence() -> None:
    def unwritten(x: torch.Tensor) -> torch.Tensor:
        raise NotImplementedError

    def broken(x: torch.Tensor) -> torch.Tensor:
        raise IndexError("the third")

    x = normal(10)
    assert str(speed(unwritten, torch.neg, x, operations=10)) == "unwritten is not written yet."
    assert repr(speed(broken, torch.neg, x, operations=10)) == "broken: IndexError: the third"
    assert "launched no kernel" in str(speed(torch.neg, torch.neg, x, operations=10))


def test_the_rival_too_may_fail() -> None:
    def rival(*_: torch.Tensor) -> torch.Tensor:
        raise RuntimeError("out of memory")

    x = normal(10)
    shown = speed(vector_add, rival, x, x, operations=10, clock=Invented(1.0, 1.0))
    assert "RuntimeError: out of memory" in str(shown)


def test_no_operations_have_no_place() -> None:
    with pytest.raises(ValueError, match="at least one operation"):
        speed(vector_add, torch.add, normal(1), normal(1), operations=0)


@needs_no_gpu
def test_without_a_gpu_the_wrapper_runs_once_and_the_rival_never() -> None:
    calls = itertools.count()

    def counted(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        next(calls)
        return vector_add(x, y)

    speed(counted, lambda *_: pytest.fail("the rival ran"), normal(9), normal(9), operations=9)
    assert next(calls) == 1
