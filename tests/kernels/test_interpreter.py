"""Each repair of Triton's interpreter, by what went wrong without it."""

import os
import subprocess
import sys
import textwrap
import time

import kernels
from kernels import interpreter
from kernels.memory import OutOfBounds

import numpy as np
import pytest
import torch
import triton
import triton.language as tl

pytestmark = pytest.mark.interpreter

BF16 = torch.bfloat16


@triton.jit
def unary_kernel(x_ptr, out_ptr, N, OPERATION: tl.constexpr, BLOCK: tl.constexpr):
    i = tl.arange(0, BLOCK)
    x = tl.load(x_ptr + i, mask=i < N, other=1.0)
    if OPERATION == "twice":
        y = x + x
    elif OPERATION == "third":
        y = x / 3.0
    elif OPERATION == "absolute":
        y = tl.abs(x)
    elif OPERATION == "larger of it and one":
        y = tl.maximum(x, tl.full((BLOCK,), 1.0, tl.bfloat16))
    elif OPERATION == "where positive":
        y = tl.where(x > 0, x, 0.0)
    elif OPERATION == "through float32":
        y = (tl.exp(x.to(tl.float32)) * 1.2345).to(tl.bfloat16)
    elif OPERATION == "through int16":
        y = x.to(tl.int16, bitcast=True).to(tl.bfloat16, bitcast=True)
    else:
        y = x + tl.sum(x, axis=0)
    tl.store(out_ptr + i, y, mask=i < N)


BFLOAT16 = {
    "twice": lambda x: x + x,
    "third": lambda x: x / 3.0,
    "absolute": torch.abs,
    "larger of it and one": lambda x: x.clamp(min=1.0),
    "where positive": lambda x: x.clamp(min=0.0),
    "through float32": lambda x: (x.float().exp() * 1.2345).bfloat16(),
    "through int16": lambda x: x,
}


@pytest.mark.parametrize("operation", BFLOAT16)
def test_bfloat16_operations_give_what_torch_gives_to_the_last_bit(operation):
    x = torch.cat([torch.randn(200).mul(3), torch.tensor([0.0, -0.0, torch.inf, -torch.inf])]).to(
        BF16
    )
    out = torch.full_like(x, torch.nan)
    unary_kernel[(1,)](x, out, x.numel(), OPERATION=operation, BLOCK=256)
    torch.testing.assert_close(out, BFLOAT16[operation](x), rtol=0, atol=0)


def test_bfloat16_rounds_to_nearest_even_as_torch_does():
    bits = np.random.default_rng(0).integers(0, 2**32, 100_000, dtype=np.uint32)
    values = bits.view(np.float32)[np.isfinite(bits.view(np.float32))]
    ties = np.array([1 + 2**-8, 1 + 3 * 2**-8, 3.4e38, np.inf, -np.inf, np.nan, 1e-45], np.float32)
    values = np.concatenate([values, ties])
    expected = torch.from_numpy(values).to(BF16).float()
    got = torch.from_numpy(interpreter.round_to_bfloat16(values))
    torch.testing.assert_close(got, expected, rtol=0, atol=0, equal_nan=True)


@triton.jit
def dot_kernel(a_ptr, b_ptr, out_ptr, SIZE: tl.constexpr):
    i = tl.arange(0, SIZE)[:, None] * SIZE + tl.arange(0, SIZE)[None, :]
    tl.store(out_ptr + i, tl.dot(tl.load(a_ptr + i), tl.load(b_ptr + i)))


def test_a_dot_of_bfloat16_adds_up_in_float32():
    a, b = torch.randn(2, 32, 32).to(BF16)
    out = torch.empty(32, 32)
    dot_kernel[(1,)](a, b, out, SIZE=32)
    torch.testing.assert_close(out, a.float() @ b.float(), rtol=1e-5, atol=1e-5)


@triton.jit
def atomic_kernel(out_ptr):
    tl.atomic_add(out_ptr, 1.0)


def test_an_atomic_on_bfloat16_says_what_to_do_instead():
    with pytest.raises(TypeError, match="float32 buffer"):
        atomic_kernel[(1,)](torch.zeros(1, dtype=BF16))


@triton.autotune([triton.Config({"BLOCK": 32}), triton.Config({"BLOCK": 64})], key=["N"])
@triton.jit
def autotuned_kernel(out_ptr, N, BLOCK: tl.constexpr):
    i = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    tl.store(out_ptr + i, tl.zeros((BLOCK,), tl.int32) + BLOCK, mask=i < N)


def test_autotune_takes_its_first_configuration():
    out = torch.zeros(100, dtype=torch.int32)
    autotuned_kernel[lambda meta: (triton.cdiv(100, meta["BLOCK"]),)](out, 100)
    assert out.unique().tolist() == [32]


def run_fresh(program: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a Python program in a process of its own, from a file (Triton reads the source)."""
    inherited = {k: v for k, v in os.environ.items() if k != "TRITON_INTERPRET"}
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", textwrap.dedent(program)],
        env=inherited | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_launch_leaves_no_names_behind():
    before = set(globals())
    dot_kernel[(1,)](torch.ones(16, 16), torch.ones(16, 16), torch.empty(16, 16), SIZE=16)
    unary_kernel[(1,)](torch.ones(4), torch.empty(4), 4, OPERATION="twice", BLOCK=4)
    assert set(globals()) - before <= {"__warningregistry__"}


@triton.jit
def forgetful_kernel(out_ptr):
    tl.store(out_ptr, math.pi)  # noqa: F821


def test_a_name_that_was_never_imported_stays_a_name_error_and_comes_as_itself():
    with pytest.raises(NameError, match="math"):
        forgetful_kernel[(1,)](torch.zeros(1))


@triton.jit
def total_kernel(x_ptr, out_ptr, TIMES: tl.constexpr, BLOCK: tl.constexpr):
    x = tl.load(x_ptr + tl.arange(0, BLOCK))
    total = tl.sum(x, axis=0)
    for _ in tl.static_range(TIMES - 1):
        total += tl.sum(x, axis=0)
    tl.store(out_ptr, total)


def test_the_language_is_patched_once_a_launch(monkeypatch):
    from triton.runtime import interpreter as theirs

    patches = []
    was = theirs._patch_lang_core
    monkeypatch.setattr(theirs, "_patch_lang_core", lambda *a: (patches.append(1), was(*a))[1])
    out = torch.zeros(1)
    total_kernel[(1,)](torch.ones(16), out, TIMES=50, BLOCK=16)
    assert out.item() == 50 * 16
    assert len(patches) == 2  # triton.language and triton.language.core, not once more a tl.sum


def test_the_language_is_as_before_after_a_launch():
    total_kernel[(1,)](torch.ones(16), torch.zeros(1), TIMES=1, BLOCK=16)
    with pytest.raises(Exception, match=r"Did you forget to add @triton\.jit"):
        tl.program_id(0)


@triton.jit
def loop_kernel(out_ptr, n):
    total = 0
    for i in range(0, n):
        total += i
    tl.store(out_ptr, total)


def test_a_loop_may_run_to_a_number_known_only_at_run_time():
    out = torch.zeros(1, dtype=torch.int32)
    loop_kernel[(1,)](out, 5)
    assert out.item() == 10


@triton.jit
def overflow_kernel(x_ptr, out_ptr):
    x = tl.load(x_ptr)
    tl.store(out_ptr, tl.exp(x))
    tl.store(out_ptr + 1, x - x)


def test_overflow_is_silent_as_on_a_gpu():
    out = torch.zeros(2)
    overflow_kernel[(1,)](torch.tensor([torch.inf]), out)  # warnings are errors in this suite
    assert out[0] == torch.inf
    assert out[1].isnan()


@triton.jit
def beyond_kernel(x_ptr, out_ptr, BLOCK: tl.constexpr):
    i = tl.arange(0, BLOCK)
    tl.store(out_ptr + i, tl.load(x_ptr + i))


def test_an_access_outside_a_tensor_says_who_what_and_where():
    line = beyond_kernel.fn.__code__.co_firstlineno + 3
    says = rf"program \(0, 0, 0\) reads x_ptr \(100, float32\) at elements 100 … 127.*line {line}"
    with pytest.raises(OutOfBounds, match=says):
        beyond_kernel[(1,)](torch.zeros(100), torch.zeros(128), BLOCK=128)


def test_the_interpreter_was_chosen_because_there_is_no_gpu():
    assert kernels.INTERPRETING is not torch.cuda.is_available()
    assert ("cpu" if kernels.INTERPRETING else "cuda") == kernels.DEVICE


def test_without_triton_importing_kernels_gives_one_sentence():
    done = run_fresh(
        """
        import sys
        sys.modules["triton"] = None  # what an absent package looks like to the import system
        try:
            import kernels
        except ImportError as reason:
            print(reason)
        """
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("\n") == 1
    assert "Linux" in done.stdout


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU: nothing to choose")
def test_triton_before_kernels_is_too_late_and_says_so():
    done = run_fresh("import triton\ntry:\n import kernels\nexcept ImportError as e:\n print(e)")
    assert "restart the kernel" in done.stdout


def test_importing_kernels_does_not_overrule_a_choice():
    done = run_fresh("import kernels; print(kernels.INTERPRETING)", TRITON_INTERPRET="0")
    assert done.stdout.strip() == "False"


def test_a_repaired_interpreter_stays_fast():
    """Fifty sums in one program; patched at each call they took over 100 ms."""
    x, out = torch.ones(16), torch.zeros(1)
    total_kernel[(1,)](x, out, TIMES=50, BLOCK=16)
    start = time.process_time()
    total_kernel[(1,)](x, out, TIMES=50, BLOCK=16)
    assert time.process_time() - start < 0.1
