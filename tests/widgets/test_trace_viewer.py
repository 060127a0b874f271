"""The trace viewer: every load and store is a step, with its elements, its line and its faults."""

from typing import Any

from kernels import DEVICE
from kernels.trace import trace

import pytest
import torch
import triton
import triton.language as tl

from course.widgets.tensor_grid import TensorGrid, grid_of
from course.widgets.trace_viewer import MAX_STEPS, TraceViewer, tell


@triton.jit
def _shifted(x_ptr, out_ptr, N, SHIFT: tl.constexpr, B: tl.constexpr):
    i = tl.program_id(0) * B + tl.arange(0, B)
    x = tl.load(x_ptr + i, mask=i < N)
    tl.store(out_ptr + i + SHIFT, x, mask=i < N)


def run_of(x: torch.Tensor, shift: int = 0, block: int = 4) -> dict[str, Any]:
    out = torch.zeros_like(x)
    with trace() as run:
        _shifted[(triton.cdiv(x.numel(), block),)](x, out, x.numel(), SHIFT=shift, B=block)
    return run.as_dict()


def numbers(n: int) -> torch.Tensor:
    return torch.arange(float(n), device=DEVICE)


def test_each_load_and_store_is_a_step_on_its_line() -> None:
    told = tell(run_of(numbers(10)))
    assert [step["program"] for step in told["steps"]] == list("001122")
    assert [step["kind"] for step in told["steps"]] == ["read", "written"] * 3
    assert [step["ranges"] for step in told["steps"][::2]] == [[[0, 4]], [[4, 8]], [[8, 10]]]
    lines = told["source"].split("\n")
    assert "tl.load" in lines[told["steps"][0]["line"] - told["first_line"]]
    assert "tl.store" in lines[told["steps"][1]["line"] - told["first_line"]]
    assert told["steps"][0]["note"] == "Program 0 loads elements 0 … 3 of x_ptr."
    assert told["steps"][-1]["note"] == (
        "Program 2 stores elements 8 … 9 of out_ptr; 2 lanes are masked."
    )
    assert told["faults"] == []


def test_the_elements_of_a_view_are_shown_where_the_reader_sees_them() -> None:
    out = torch.zeros(6, device=DEVICE)
    tall = torch.arange(6.0, device=DEVICE).reshape(2, 3).T  # memory 0 … 5 is 0, 2, 4, 1, 3, 5 here
    with trace() as run:
        _shifted[(2,)](tall, out, 6, SHIFT=0, B=4)
    steps = tell(run.as_dict())["steps"]
    assert steps[0]["ranges"] == [[0, 3], [4, 5]]
    assert steps[2]["ranges"] == [[3, 4], [5, 6]]


def test_a_fault_has_its_step() -> None:
    told = tell(run_of(numbers(10), shift=1))
    (fault,) = told["faults"]
    assert fault["says"].startswith("program (2, 0, 0) writes outside out_ptr")
    assert fault["says"].endswith("line 4)")  # of the kernel, as in the code beside it
    assert fault["step"] == 5
    assert [step["fault"] for step in told["steps"]] == [False] * 5 + [True]
    assert told["steps"][5]["note"] == (
        "Program 2 stores element 9 of out_ptr; 2 lanes are masked; 1 lane is outside it. A fault!"
    )


def test_every_program_with_the_fault_is_marked() -> None:
    told = tell(run_of(numbers(8), shift=6))
    assert [step["fault"] for step in told["steps"]] == [False, True] * 2
    assert told["faults"][0]["step"] == 1


def test_the_table_counts_what_was_moved() -> None:
    told = tell(run_of(numbers(16), block=16))
    assert told["totals"][0] == ["x_ptr", "16", "16", "1.00", "0", "0.00", "100%"]
    assert told["totals"][1] == ["out_ptr", "16", "0", "0.00", "16", "1.00", "100%"]


@pytest.mark.parametrize("shape", [(5,), (33,), (5000,), (3, 7), (40, 200), (2, 3, 9), (1, 4000)])
def test_the_browser_is_told_how_each_tensor_is_drawn(shape: tuple[int, ...]) -> None:
    x = torch.zeros(shape, device=DEVICE)
    with trace() as run:
        _shifted[(1,)](x, torch.zeros_like(x), x.numel(), SHIFT=0, B=8192)
    layout = tell(run.as_dict())["tensors"][0]
    assert layout["shape"] == " × ".join(map(str, shape))
    assert layout["kinds"] == ["read"]
    grid = TensorGrid(*(layout[field] for field in TensorGrid._fields))
    assert grid == grid_of(shape)
    assert layout["scale"] == grid.scale


def test_a_long_run_is_cut_and_says_so() -> None:
    with trace(keep_programs=2000) as run:
        x = numbers(2000)
        _shifted[(2000,)](x, torch.zeros_like(x), 2000, SHIFT=0, B=1)
    told = tell(run.as_dict())
    assert len(told["steps"]) == MAX_STEPS
    assert told["left_out"] == (
        f"The first {MAX_STEPS:,} loads and stores are shown; the table counts all of them."
    )


def test_one_of_several_launches_is_shown() -> None:
    x, out = numbers(8), torch.zeros(8, device=DEVICE)
    with trace() as run:
        _shifted[(2,)](x, out, 8, SHIFT=0, B=4)
        _shifted[(1,)](x, out, 8, SHIFT=0, B=8)
    viewer = TraceViewer(run.as_dict(), launch=1)
    assert viewer.count == 2
    assert viewer.run["left_out"] == "This is launch 2 of 2."
    assert "(launch 2 of 2)" in viewer.as_html()


def test_without_a_front_end_there_are_a_picture_and_the_table() -> None:
    viewer = TraceViewer(run_of(numbers(10), shift=1), problem="RuntimeError: halfway")
    page = viewer.as_html()
    assert page.count("<svg") == 1
    assert "<td>x_ptr</td>" in page
    assert "writes outside out_ptr" in page
    assert "RuntimeError: halfway" in page
    text = viewer.as_text()
    assert "_shifted: 3 programs, 6 loads and stores" in text
    assert "x_ptr: each element is loaded 1.00 times and stored 0.00 times" in text
    data = viewer._repr_mimebundle_()
    data = data[0] if isinstance(data, tuple) else data
    assert {"text/plain", "text/html", "application/vnd.jupyter.widget-view+json"} <= set(data)
