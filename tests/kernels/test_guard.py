"""The guard: an honest wrapper passes, and each way of cheating is named."""

from kernels import softmax as library
from kernels.guard import guard
from kernels.judge import normal
from kernels.trace import trace

import numpy as np
import pytest
import torch
import triton
import triton.language as tl


@triton.jit
def copy_kernel(x_ptr, out_ptr, N, BLOCK: tl.constexpr):
    i = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    tl.store(out_ptr + i, tl.load(x_ptr + i, mask=i < N), mask=i < N)


@triton.autotune([triton.Config({"BLOCK": 64}), triton.Config({"BLOCK": 32})], key=["N"])
@triton.jit
def tuned_kernel(x_ptr, out_ptr, N, BLOCK: tl.constexpr):
    i = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    tl.store(out_ptr + i, tl.load(x_ptr + i, mask=i < N), mask=i < N)


def honest(x):
    out = torch.empty_like(x)
    flat = x.view(-1)
    copy_kernel[(triton.cdiv(flat.numel(), 64),)](flat, out.reshape(-1), flat.numel(), BLOCK=64)
    return out.transpose(0, 1)


def test_allocation_and_views_are_allowed():
    x = normal(10, 20)
    with guard(copy_kernel) as seen:
        out = honest(x)
    assert seen.fine, seen.says
    assert seen.launches == ["copy_kernel"]
    assert torch.equal(out, x.T)


@pytest.mark.interpreter
def test_the_guard_works_beside_the_trace():
    x = normal(10, 20)
    with guard(copy_kernel) as seen, trace() as run:
        honest(x)
    assert seen.fine, seen.says
    assert run.of(x).times_read == 1.0


def test_an_autotuned_kernel_is_recognised():
    x, out = normal(100), torch.empty(100)
    with guard(tuned_kernel) as seen:
        tuned_kernel[lambda meta: (triton.cdiv(100, meta["BLOCK"]),)](x, out, 100)
    assert seen.fine, seen.says


def torch_inside(x):
    return honest(torch.softmax(x, -1))


def torch_alone(x):
    return torch.softmax(x, -1)


def arithmetic_afterwards(x):
    return honest(x) * 2


def in_place_afterwards(x):
    out = honest(x)
    out.exp_()
    return out


def through_numpy(x):
    honest(x)
    return torch.as_tensor(np.exp(x.numpy()))


def through_asarray(x):
    honest(x)
    return torch.from_numpy(np.exp(np.asarray(x)))


def through_a_list(x):
    values = [[2 * value for value in row] for row in x.tolist()]
    return honest(torch.tensor(values))


def through_items(x):
    total = x[0, 0].item()
    return honest(x[:2] if total > 100 else x)


def through_float(x):
    return honest(x[:2] if float(x[0, 0]) > 100 else x)


CHEATS = {
    torch_inside: "softmax",
    torch_alone: "copy_kernel was not launched",
    arithmetic_afterwards: "mul",
    in_place_afterwards: "exp_",
    through_numpy: r"\.numpy\(\)",
    through_asarray: "__array__",
    through_a_list: r"\.tolist\(\)",
    through_items: r"\.item\(\)",
    through_float: r"\.item\(\)|__float__",
}


@pytest.mark.parametrize("cheat", CHEATS, ids=lambda cheat: cheat.__name__)
def test_a_cheat_is_named(cheat):
    x = normal(4, 8)
    with guard(copy_kernel) as seen:
        cheat(x)
    assert not seen.fine
    with pytest.raises(AssertionError, match=CHEATS[cheat]):
        raise AssertionError(seen.says)


def test_a_cached_answer_launches_nothing():
    cache = {"answer": honest(normal(4, 8))}
    with guard(copy_kernel) as seen:
        _ = cache["answer"]
    assert not seen.fine
    assert "was not launched" in seen.says


def test_calling_a_library_kernel_beside_ones_own_is_named():
    x = normal(4, 8)
    with guard(copy_kernel) as seen:
        honest(x)
        library.softmax(x)
    assert not seen.fine
    assert "softmax_kernel" in seen.says


def test_everything_is_as_before_afterwards():
    with guard(copy_kernel) as seen:
        pass
    torch.ones(3).exp()
    honest(normal(2, 2))
    assert seen.operations == seen.launches == []
