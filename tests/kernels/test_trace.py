"""What the trace counts and finds, on kernels whose traffic and faults are known by hand."""

import json

from kernels.judge import normal
from kernels.trace import trace

import pytest
import torch
import triton
import triton.language as tl

pytestmark = pytest.mark.interpreter


@triton.jit
def three_pass_kernel(x_ptr, out_ptr, N, BLOCK: tl.constexpr):
    row = tl.program_id(0)
    m = -float("inf")
    for start in range(0, N, BLOCK):
        i = start + tl.arange(0, BLOCK)
        m = tl.maximum(
            m, tl.max(tl.load(x_ptr + row * N + i, mask=i < N, other=-float("inf")), axis=0)
        )
    total = 0.0
    for start in range(0, N, BLOCK):
        i = start + tl.arange(0, BLOCK)
        x = tl.load(x_ptr + row * N + i, mask=i < N, other=-float("inf"))
        total += tl.sum(tl.exp(x - m), axis=0)
    for start in range(0, N, BLOCK):
        i = start + tl.arange(0, BLOCK)
        x = tl.load(x_ptr + row * N + i, mask=i < N, other=-float("inf"))
        tl.store(out_ptr + row * N + i, tl.exp(x - m) / total, mask=i < N)


def test_three_passes_read_three_times():
    x, out = normal(5, 300), torch.empty(5, 300)
    with trace() as run:
        three_pass_kernel[(5,)](x, out, 300, BLOCK=64)
    torch.testing.assert_close(out, x.softmax(-1))
    assert run.of(x).times_read == 3.0
    assert run["x_ptr"].reread == 3.0
    assert run["x_ptr"].loaded == 3 * 5 * 300
    assert run["x_ptr"].masked == 3 * 5 * (320 - 300)
    assert run.exponentials == 2 * 5 * 320  # masked lanes go through the unit, too


@triton.jit
def tiled_matmul_kernel(a_ptr, b_ptr, c_ptr, SIZE: tl.constexpr, TILE: tl.constexpr):
    i = tl.program_id(0) * TILE + tl.arange(0, TILE)[:, None]
    j = tl.program_id(1) * TILE + tl.arange(0, TILE)[None, :]
    k = tl.arange(0, TILE)
    total = tl.zeros((TILE, TILE), tl.float32)
    for start in range(0, SIZE, TILE):
        a = tl.load(a_ptr + i * SIZE + (start + k)[None, :])
        b = tl.load(b_ptr + (start + k)[:, None] * SIZE + j)
        total = tl.dot(a, b, total, input_precision="ieee")
    tl.store(c_ptr + i * SIZE + j, total)


def test_a_tiled_matmul_loads_two_m_n_k_by_the_tile():
    size, tile = 128, 32
    a, b, c = normal(size, size), normal(size, size, seed=1), torch.empty(size, size)
    with trace() as run:
        tiled_matmul_kernel[(4, 4)](a, b, c, SIZE=size, TILE=tile)
    torch.testing.assert_close(c, a @ b, rtol=1e-4, atol=1e-4)
    assert run.of(a).loaded + run.of(b).loaded == 2 * size**3 // tile
    assert run.of(a).reread == size / tile
    assert run.dot_flops == 2 * size**3
    assert run.findings == []


@triton.jit
def sum_rows_kernel(x_ptr, out_ptr, N, ATOMIC: tl.constexpr, BLOCK: tl.constexpr):
    i = tl.arange(0, BLOCK)
    total = tl.sum(tl.load(x_ptr + tl.program_id(0) * N + i, mask=i < N, other=0.0), axis=0)
    if ATOMIC:
        tl.atomic_add(out_ptr, total)
    else:
        tl.store(out_ptr, tl.load(out_ptr) + total)


def test_a_read_modify_write_by_two_programs_is_a_race_though_it_looks_right():
    x, out = normal(4, 100), torch.zeros(1)
    with trace() as run:
        sum_rows_kernel[(4,)](x, out, 100, ATOMIC=False, BLOCK=128)
    torch.testing.assert_close(out[0], x.sum())  # one after another, as the interpreter runs them
    assert {finding.kind for finding in run.findings} == {"race"}
    first = run.findings[0]
    assert first.argument == "out_ptr"
    assert first.programs == [(1, 0, 0), (2, 0, 0), (3, 0, 0)]
    assert first.offsets == [0]
    assert first.line == sum_rows_kernel.fn.__code__.co_firstlineno + 7
    assert "program (1, 0, 0) reads what program (0, 0, 0) writes" in first.says


@triton.jit
def load_twice(x_ptr, i):
    first = tl.load(x_ptr + i)
    return first + tl.load(x_ptr + i)


@triton.jit
def calling_kernel(x_ptr, out_ptr):
    i = tl.arange(0, 4)
    x = load_twice(x_ptr, i)
    tl.store(out_ptr + i, x)


def test_an_access_inside_a_called_function_is_told_on_the_line_of_the_call():
    x, out = normal(4), torch.empty(4)
    with trace() as run:
        calling_kernel[(1,)](x, out)
    (launch,) = run.launches
    lines = [a["line"] - launch.first_line for a in launch.programs[0]["accesses"]]
    assert [launch.source.splitlines()[n].strip() for n in lines] == [
        "x = load_twice(x_ptr, i)",
        "x = load_twice(x_ptr, i)",
        "tl.store(out_ptr + i, x)",
    ]


def test_the_same_sum_by_atomics_is_no_race():
    x, out = normal(4, 100), torch.zeros(1)
    with trace() as run:
        sum_rows_kernel[(4,)](x, out, 100, ATOMIC=True, BLOCK=128)
    assert run.findings == []
    assert run.of(out).atomics == 4


def test_one_program_may_read_and_write_again_what_it_wrote():
    x, out = normal(1, 100), torch.zeros(1)
    with trace() as run:
        sum_rows_kernel[(1,)](x, out, 100, ATOMIC=False, BLOCK=128)
    assert run.findings == []


@triton.jit
def shift_kernel(x_ptr, out_ptr, N, BLOCK: tl.constexpr):
    i = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    tl.store(out_ptr + i, tl.load(x_ptr + i + 1), mask=i < N)


def test_reading_past_the_end_is_found_named_and_harmless():
    both = torch.arange(256.0)
    x, out = both[:128], torch.zeros(128)  # what lies behind x is another tensor's
    with trace() as run:
        shift_kernel[(2,)](x, out, 128, BLOCK=64)
    (finding,) = run.findings
    assert (finding.kind, finding.argument) == ("out of bounds", "x_ptr")
    assert finding.programs == [(1, 0, 0)]
    assert finding.offsets == [128]
    assert torch.equal(out[:127], both[1:128])
    assert out[127].isnan()


def test_shifting_in_place_races_with_the_neighbour_even_under_two_names():
    x = torch.zeros(256)
    with trace() as run:
        shift_kernel[(2,)](x[:129], x[:128], 128, BLOCK=64)
    assert [finding.kind for finding in run.findings] == ["race"]
    assert run.findings[0].offsets == [64]


@triton.jit
def fill_kernel(out_ptr, STRIDE: tl.constexpr, BLOCK: tl.constexpr):
    i = tl.arange(0, BLOCK)
    tl.store(out_ptr + i * STRIDE, tl.full((BLOCK,), 1.0, tl.float32))


def test_holes_in_the_output_are_counted_and_listed():
    out = torch.zeros(32)
    with trace() as run:
        fill_kernel[(1,)](out, STRIDE=2, BLOCK=16)
    assert run.of(out).unwritten == 16
    assert run.holes(out)[:3] == [1, 3, 5]


def test_a_store_outside_a_slice_is_found_though_the_memory_exists():
    wide = torch.zeros(4, 8)
    with trace() as run:
        fill_kernel[(1,)](wide[:, :4], STRIDE=1, BLOCK=8)
    (finding,) = run.findings
    assert finding.kind == "out of bounds"
    assert finding.offsets == [4, 5, 6, 7]
    assert wide.sum() == 4


def test_lanes_that_write_one_element_collide():
    with trace() as run:
        fill_kernel[(1,)](torch.zeros(4), STRIDE=0, BLOCK=8)
    assert [finding.kind for finding in run.findings] == ["lanes collide"]


def test_a_viewer_gets_plain_data_program_by_program():
    x, out = normal(100), torch.empty(100)
    with trace(keep_programs=1) as run:
        shift_kernel[(2,)](x, out, 99, BLOCK=64)
    data = json.loads(json.dumps(run.as_dict()))["launches"][0]
    line = shift_kernel.fn.__code__.co_firstlineno + 3
    assert data["kernel"] == "shift_kernel"
    assert data["source"].splitlines()[0].startswith("def shift_kernel")
    load = {"operation": "load", "argument": "x_ptr", "ranges": [[1, 65]]}
    store = {"operation": "store", "argument": "out_ptr", "ranges": [[0, 64]]}
    accesses = [access | {"line": line, "masked": 0, "outside": 0} for access in (load, store)]
    assert data["programs"] == [{"id": [0, 0, 0], "accesses": accesses}]
    assert data["programs_left_out"] == 1
    assert data["arguments"]["out_ptr"]["unwritten"] == 1


def test_asking_for_an_unknown_name_says_so():
    with trace() as run:
        fill_kernel[(1,)](torch.zeros(8), STRIDE=1, BLOCK=8)
    with pytest.raises(KeyError, match="no kernel"):
        run["y"]


def test_views_that_share_a_storage_are_told_apart():
    both = normal(2, 64)
    out = torch.empty(2, 64)
    with trace() as run:
        shift_kernel[(1,)](both[0], out[1], 63, BLOCK=64)
    assert run.touched(both[0]) == (63, 0)
    assert run.touched(both[1]) == (0, 0)
    assert run.touched(out) == run.touched(out[1]) == (0, 63)
    assert run.touched(out[:, 1:3]) == (0, 2)
