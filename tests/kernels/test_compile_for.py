"""The GPU compiler's verdict, on a machine without a GPU: what it rejects, what it counts."""

from kernels.bench.cases import CASES
from kernels.compile_for import Compiled, capture, compile_for, in_plain_words, standalone_source
from kernels.decode import decode
from kernels.flash_attention import LOG2E, flash_attention, flash_forward_kernel

import numpy as np
import pytest
import torch
import triton
import triton.language as tl

WIDTH = 3


@triton.jit
def small_dot_kernel(x_ptr, N, BLOCK: tl.constexpr):
    i = tl.arange(0, BLOCK)[:, None] * BLOCK + tl.arange(0, BLOCK)[None, :]
    x = tl.load(x_ptr + i)
    tl.store(x_ptr + i, tl.dot(x, x))


@triton.jit
def list_kernel(x_ptr, N, BLOCK: tl.constexpr):
    values = []
    for i in range(3):
        values.append(tl.load(x_ptr + i))
    tl.store(x_ptr, values[0] + values[2])


@triton.jit
def numpy_kernel(x_ptr, N, BLOCK: tl.constexpr):
    x = tl.load(x_ptr + tl.arange(0, BLOCK))
    tl.store(x_ptr + tl.arange(0, BLOCK), x * np.sqrt(2.0))


@triton.jit
def global_kernel(x_ptr, N, BLOCK: tl.constexpr):
    tl.store(x_ptr, WIDTH)


@triton.jit
def carried_kernel(x_ptr, N, BLOCK: tl.constexpr):
    total = 0
    for i in range(N):
        total += tl.load(x_ptr + i)
    tl.store(x_ptr, total)


@triton.jit
def good_kernel(x_ptr, N, BLOCK: tl.constexpr):
    total = 0.0
    for i in range(N):
        total += tl.load(x_ptr + i)
    tl.store(x_ptr, total)


REJECTED = {
    small_dot_kernel: "tl.dot is too small",
    list_kernel: "Python lists",
    numpy_kernel: "cannot call numpy",
    global_kernel: "global variable",
    carried_kernel: "changes its type inside a loop",
}


def launch(kernel, BLOCK=8):
    return lambda: kernel[(1,)](torch.empty(64, device="meta"), 5, BLOCK=BLOCK)


def test_the_five_things_that_only_the_compiler_rejects_come_in_plain_words():
    results = compile_for(*map(launch, REJECTED), launch(good_kernel), targets=("sm_90",))
    for (kernel, words), result in zip(REJECTED.items(), results, strict=False):
        assert result.kernel == kernel.fn.__name__
        assert not result.fits
        assert words in result.problem, result.compiler_says
    assert "`values.append(tl.load(x_ptr + i))`" in results[1].problem  # the line is quoted
    assert results[-1].fits, results[-1].says


@pytest.mark.interpreter
@pytest.mark.parametrize("kernel", [small_dot_kernel, list_kernel, numpy_kernel, global_kernel])
def test_the_interpreter_accepts_what_the_compiler_rejects(kernel):
    kernel[(1,)](torch.ones(64), 5, BLOCK=8)  # so the test above is worth having


def compile_cases(target, *words):
    chosen = [case for case in CASES if not words or any(word in case.name for word in words)]
    results = compile_for(*(case.make("meta", False).ours for case in chosen), targets=(target,))
    assert len(results) >= len(chosen)
    return results


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_every_kernel_compiles_for_an_h200_without_a_spill_and_fits_its_shared_memory():
    for result in compile_cases("sm_90"):
        assert result.fits, result.says
        assert result.spilled_bytes == 0, result.says
        if "flash_forward" in result.kernel or "matmul" in result.kernel:
            assert result.instructions["wgmma"] > 0, result.says
        if result.kernel == "matmul_persistent_kernel":
            assert result.instructions["copy engine"] > 0, result.says


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_every_kernel_compiles_for_an_a100_and_fits_its_shared_memory():
    words = ("add", "transpose", "dropout", "softmax", "norm", "entropy", "pointers", "decode")
    attention = ("flash backward, B 1, H 16", "packed")  # forward, delta, keys and queries
    for result in compile_cases("sm_80", *words, *attention):
        assert result.fits, result.says
        assert result.spilled_bytes <= 64, result.says  # no goal there: a little is no harm


@pytest.mark.slow
def test_large_heads_and_float32_fit_the_smaller_shared_memory_of_an_a100():
    def attention(D, dtype):
        q = torch.empty(1, 2, 1024, D, dtype=dtype, device="meta", requires_grad=True)
        return lambda: flash_attention(q, q, q, True).sum().backward()

    def decoding(D, dtype):
        q, k = (torch.empty(2, 4, *rest, D, dtype=dtype, device="meta") for rest in ((), (4096,)))
        return lambda: decode(q, k, k, torch.empty(2, dtype=torch.int32, device="meta"))

    calls = [attention(256, torch.bfloat16), attention(128, torch.float32)]
    calls += [decoding(256, dtype) for dtype in (torch.bfloat16, torch.float32)]
    for result in compile_for(*calls, targets=("sm_80",)):
        assert result.fits, result.says
        assert result.spilled_bytes <= 512, result.says


def test_too_much_shared_memory_does_not_fit_though_it_compiles():
    result = Compiled("greedy_kernel", "sm_80", shared_bytes=200_000, registers=40)
    assert not result.fits
    assert "use smaller tiles" in result.says
    assert Compiled("greedy_kernel", "sm_90", shared_bytes=200_000, registers=40).fits


def test_a_captured_launch_is_written_down_and_not_run():
    x = torch.zeros(64)
    with capture() as launches:
        good_kernel[(1,)](x, 5, BLOCK=8, num_warps=2)
    (one,) = launches
    assert one.kernel is good_kernel
    assert one.arguments == {"x_ptr": x, "N": 5, "BLOCK": 8}
    assert one.options == {"num_warps": 2}


def test_a_kernels_source_stands_alone():
    source = standalone_source(flash_forward_kernel.fn)
    for name in ("_attend", "_load_rows", "_sees", "_keys_seen", "_sequence"):
        assert source.count(f"def {name}(") == 1
    assert f"LOG2E = tl.constexpr({LOG2E.value})" in source
    compile(source, "standalone", "exec")


@triton.jit
def namesake_kernel(x_ptr, N, BLOCK: tl.constexpr):
    picture = tl.arange(0, BLOCK)
    tl.store(x_ptr + picture, 0.0, mask=picture < N)


picture = "a global of the notebook, called as a kernel's own variable is"


def test_a_kernels_own_variables_hide_globals_of_the_same_name():
    assert picture not in standalone_source(namesake_kernel.fn)


def test_an_unknown_complaint_is_passed_on():
    assert in_plain_words("Boom: no such thing").startswith("the compiler says: Boom")


def test_what_was_compiled_before_is_not_compiled_again(monkeypatch):
    compile_for(launch(good_kernel), targets=("sm_90",))
    monkeypatch.setattr("kernels.compile_for._ask", lambda *_: pytest.fail("asked again"))
    compile_for(launch(good_kernel), targets=("sm_90",))
