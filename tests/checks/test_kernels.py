"""Checks of kernels: each helper passes a right kernel, and says what is wrong with another."""

import sys
from typing import Any

import kernels
from kernels.vector_add import vector_add as reference_add

import pytest
import torch
import triton
import triton.language as tl

from course.checks import CheckFailure, check
from course.checks.kernels import compiles, moves, normal, play_kernel, right, stays_inside


@triton.jit
def _double(x_ptr, out_ptr, N, factor, TWICE: tl.constexpr, MASKED: tl.constexpr, B: tl.constexpr):
    i = tl.program_id(0) * B + tl.arange(0, B)
    inside = i < (N if MASKED else tl.num_programs(0) * B)
    x = tl.load(x_ptr + i, mask=inside)
    if TWICE:
        x = (x + tl.load(x_ptr + i, mask=inside)) / 2
    tl.store(out_ptr + i, x * factor, mask=inside)


def doubling(
    factor: float = 2.0,
    twice: bool = False,
    masked: bool = True,
    programs: int | None = None,
    empty: Any = torch.empty_like,
) -> Any:
    """A wrapper that doubles, with what may go wrong."""

    def double(x: torch.Tensor) -> torch.Tensor:
        out = empty(x)
        grid = (programs or triton.cdiv(x.numel(), 16),)
        _double[grid](x, out, x.numel(), factor, TWICE=twice, MASKED=masked, B=16)
        return out

    return double


def plain(x: torch.Tensor) -> torch.Tensor:
    return 2 * x


def failure(ask: Any) -> str:
    with pytest.raises(CheckFailure) as caught, check("doubles", idea="Twice.") as case:
        ask(case)
    return str(caught.value)


def test_a_right_kernel_passes_every_helper() -> None:
    with check("doubles", idea="Twice.") as case:
        right(case, doubling(), plain, normal(40))
        stays_inside(case, doubling(), plain, normal(40))
        moves(case, doubling(), plain, normal(40), reads={"x": 1}, writes={"out": 1}, block=16,
              share={"x": 16})  # fmt: skip
        compiles(case, doubling(), (torch.empty(40, device="meta"),))


@pytest.mark.parametrize(
    ("wrapper", "says"),
    [
        (doubling(factor=2.001), "The numbers are wrong"),
        (plain, "No kernel was launched"),
        (lambda x: doubling()(x) + 0, "torch computed inside the wrapper (add)"),
        (lambda x: doubling()(x).tolist(), "Numbers left torch"),
        (lambda x: reference_add(x, x), "vector_add_kernel is not your kernel"),
        (lambda x: doubling()(x)[:-1], "expected a tensor (40,) of float32"),
    ],
)
def test_the_numbers_must_be_right_and_the_students_own(wrapper: Any, says: str) -> None:
    assert says in failure(lambda case: right(case, wrapper, plain, normal(40)))


def test_a_tensor_that_no_program_writes_holds_nan() -> None:
    message = failure(lambda case: right(case, doubling(programs=1), plain, normal(40)))
    assert "nan instead of" in message


def test_a_few_whole_numbers_are_shown_one_by_one() -> None:
    def double(x: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
        return doubling(factor=3.0)(x)

    inputs = normal(40), torch.tensor([7, 33], dtype=torch.int32, device=kernels.DEVICE)
    message = failure(lambda case: right(case, double, lambda x, lengths: 2 * x, *inputs))
    assert "double(<40 float32>, <int32 [7, 33]>)" in message


def test_faults_are_named() -> None:
    def of(wrapper: Any) -> str:
        return failure(lambda case: stays_inside(case, wrapper, plain, normal(40)))

    assert "Out of bounds: program (2, 0, 0) reads outside x_ptr" in of(doubling(masked=False))

    def in_place(x: torch.Tensor) -> torch.Tensor:
        return doubling(empty=lambda x: x)(x)

    assert "It writes into its input x" in of(in_place)


def test_wrong_numbers_from_outside_a_tensor_say_where_they_come_from() -> None:
    @triton.jit
    def kernel(x_ptr, out_ptr, N, B: tl.constexpr):
        i = tl.arange(0, B)
        tl.store(out_ptr + i, 2 * tl.load(x_ptr + i + 1, mask=i < N), mask=i < N)

    def double(x: torch.Tensor) -> torch.Tensor:
        out = torch.empty_like(x)
        kernel[(1,)](x, out, x.numel(), B=64)
        return out

    message = failure(lambda case: right(case, double, plain, normal(40)))
    assert "The numbers are wrong: at (39,): nan" in message
    assert "reads outside x_ptr" in message


def test_a_hole_is_found_where_the_numbers_happen_to_be_right() -> None:
    zeros = torch.zeros(40, device=kernels.DEVICE)
    wrapper = doubling(programs=2, empty=torch.zeros_like)
    message = failure(lambda case: stays_inside(case, wrapper, plain, zeros))
    assert "A hole: out.flatten()[32] is never written." in message


def test_traffic_over_its_budget_is_counted() -> None:
    def of(wrapper: Any, **budget: Any) -> str:
        budget = {"reads": {"x": 1}, "writes": {"out": 1}} | budget
        return failure(lambda case: moves(case, wrapper, plain, normal(40), **budget))

    assert "It reads 80 elements of x, which has 40: 2.00 times" in of(doubling(twice=True))
    assert "It writes 40 elements of out" in of(doubling(), writes={})
    assert "One tl.load asks for 16 elements" in of(doubling(), block=8)
    assert "One program reads 16 elements of x; a fair share is 15." in of(
        doubling(), share={"x": 15}
    )

    def by_way_of_another(x: torch.Tensor) -> torch.Tensor:
        return doubling(factor=1.0)(doubling()(x))

    assert "It reads 40 elements in tensors that are neither" in of(by_way_of_another)


def test_the_compilers_complaint_is_the_message() -> None:
    @triton.jit
    def kernel(x_ptr, out_ptr, N, B: tl.constexpr):
        i = tl.arange(0, B)
        values = []
        values.append(tl.load(x_ptr + i, mask=i < N))
        tl.store(out_ptr + i, 2 * values[0], mask=i < N)

    def double(x: torch.Tensor) -> torch.Tensor:
        out = torch.empty_like(x)
        kernel[(1,)](x, out, x.numel(), B=64)
        return out

    with check("doubles", idea="Twice.") as case:
        right(case, double, plain, normal(40))
    meta = torch.empty(64, device="meta")
    assert "Python lists do not exist" in failure(lambda case: compiles(case, double, (meta,)))
    assert "No kernel was launched" in failure(lambda case: compiles(case, plain, (meta,)))


def test_the_tensor_cores_can_be_asked_for() -> None:
    meta = torch.empty(40, device="meta")
    message = failure(lambda case: compiles(case, doubling(), (meta,), tensor_cores=True))
    assert "No instruction of the tensor cores" in message


def test_an_unwritten_answer_is_said_to_be_unwritten() -> None:
    def double(x: torch.Tensor) -> torch.Tensor:
        raise NotImplementedError()

    message = failure(lambda case: right(case, double, plain, normal(4)))
    assert "is not written yet" in message


def test_the_trace_viewer_shows_the_students_own_kernel() -> None:
    viewer = play_kernel(doubling(), normal(40))
    assert viewer.run["name"] == "_double"
    assert viewer.count == 3 * 2  # three programs, each with a load and a store


def test_the_trace_viewer_shows_what_ran_before_an_error() -> None:
    def double(x: torch.Tensor) -> torch.Tensor:
        doubling()(x)
        raise RuntimeError("halfway")

    assert play_kernel(double, normal(40)).problem == "RuntimeError: halfway"

    def unwritten(x: torch.Tensor) -> torch.Tensor:
        raise NotImplementedError()

    # As a notebook shows it: no quotation marks.
    assert repr(play_kernel(unwritten, normal(4))) == "unwritten is not written yet."
    assert play_kernel(plain, normal(4)) == "No kernel was launched."


def test_without_triton_one_sentence_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.split(".")[0] in ("kernels", "triton")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.delitem(sys.modules, "course.checks.kernels")
    monkeypatch.setitem(sys.modules, "triton", None)
    with pytest.raises(ImportError, match="which exists for Linux only") as caught:
        __import__("course.checks.kernels")
    assert caught.value._render_traceback_() == [str(caught.value)]  # type: ignore[attr-defined]
