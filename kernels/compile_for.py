"""What the GPU's compiler says about a kernel, on a machine without a GPU.

    from kernels.compile_for import compile_for

    x = torch.empty(64, 1000, dtype=torch.float16, device="meta")     # a shape, no memory
    for result in compile_for(lambda: softmax(x)):
        print(result.says)    # softmax_kernel on sm_90: 24 registers, 16 bytes of shared memory …

The launches are only written down, not run; another process compiles them (one process cannot both
interpret and compile). The compiler rejects what the interpreter lets pass, and counts registers,
spills and shared memory. It does not enforce the limit of shared memory; `fits` does.
"""

import ast
import inspect
import json
import os
import re
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

from kernels.launches import KINDS, Launcher, intercept

import torch
import triton
import triton.language as tl
from triton.tools.tensor_descriptor import TensorDescriptor

TARGETS = ("sm_80", "sm_90")
SHARED_LIMIT = {"sm_80": 166_912, "sm_90": 232_448}
"""Bytes of shared memory that one program can have (A100, H100 and H200)."""

WORKER = Path(__file__).with_name("_compile_worker.py")

COMPLAINTS = (
    (
        r"Input shapes should have",
        "a tl.dot is too small: the tensor cores need at least 16 along K (8-bit numbers: 32); "
        "the interpreter multiplies any size",
    ),
    (
        r"Unsupported function referenced|numpy",
        "a kernel cannot call numpy, math or torch: use triton.language (tl)",
    ),
    (
        r"Cannot access global variable",
        "a kernel cannot read a global variable of the notebook: pass it as an argument, "
        "or make it a tl.constexpr",
    ),
    (
        r"append|only tuple comprehensions|unsupported AST node type: (List|Dict)",
        "Python lists do not exist on the GPU: keep numbers in a block (tl.zeros), "
        "or unroll with tl.static_range and tuples",
    ),
    (
        r"[Ll]oop-carried variable|has initial type",
        "a variable changes its type inside a loop (an int that becomes a float, say): "
        "start it with the type that it ends with, 0.0 or tl.zeros",
    ),
)
"""The compiler's complaint (a pattern) and what it means to someone who writes a first kernel."""


@dataclass(frozen=True)
class Compiled:
    """One launch compiled for one GPU. `problem` is None, or why it cannot run there."""

    kernel: str
    target: str
    problem: str | None = None
    compiler_says: str = ""
    registers: int = 0  # of a thread; 255 at most
    spilled_bytes: int = 0  # of a thread, to slow local memory
    shared_bytes: int = 0  # of a program
    warps: int = 0
    instructions: dict[str, int] = field(default_factory=dict)  # tensor cores and copies, in PTX

    @property
    def shared_limit(self) -> int:
        """Bytes of shared memory that a program can have on this GPU."""
        return SHARED_LIMIT[self.target]

    @property
    def fits(self) -> bool:
        """Whether the kernel compiles and its shared memory fits."""
        return self.problem is None and self.shared_bytes <= self.shared_limit

    @property
    def says(self) -> str:
        """All of it in one sentence."""
        where = f"{self.kernel} on {self.target}"
        if self.problem:
            return f"{where}: {self.problem}"
        parts = [f"{self.registers} registers a thread"]
        if self.spilled_bytes:
            parts.append(f"{self.spilled_bytes} bytes a thread spilled to slow memory")
        parts.append(f"{self.shared_bytes:,} of {self.shared_limit:,} bytes of shared memory")
        if not self.fits:
            parts.append("too much: use smaller tiles or fewer stages")
        parts += [f"{count} × {name}" for name, count in self.instructions.items()]
        return f"{where}: " + ", ".join(parts)


@dataclass
class Launch:
    """A launch that was written down instead of run."""

    kernel: Any
    arguments: dict[str, Any]  # by the kernel's parameter names
    options: dict[str, Any]  # num_warps, num_stages …


@contextmanager
def capture() -> Iterator[list[Launch]]:
    """Write down what is launched in this block instead of running it. Use tensors on "meta"."""
    launches: list[Launch] = []

    def write_down(_: Launcher, kernel: Any, args: Any, options: dict[str, Any]) -> None:
        signature = inspect.signature(kernel.fn)
        named = {name: options[name] for name in signature.parameters if name in options}
        bound = signature.bind(*args, **named)
        bound.apply_defaults()
        rest = {k: v for k, v in options.items() if k not in {*named, "grid", "warmup"}}
        launches.append(Launch(kernel, dict(bound.arguments), rest))

    with intercept(write_down):
        yield launches


_known: dict[str, dict[str, Any]] = {}


def compile_for(
    *calls: Callable[[], Any],
    targets: tuple[str, ...] = TARGETS,
    timeout: float = 300.0,
    processes: int = 1,
) -> list[Compiled]:
    """Compile every kernel that the calls launch, for every target, in other processes.

    Args:
        calls: functions without arguments that launch kernels, best on tensors on "meta".
        targets: "sm_80" (A100), "sm_90" (H100, H200).
        timeout: seconds for all of it.
        processes: how many compile at the same time.

    Returns:
        One result for each launch and target, in order; what was compiled before costs nothing.

    Raises:
        RuntimeError: the compiler's process itself failed.
    """
    with capture() as launches:
        for call in calls:
            call()
    jobs = [_job(launch, target) for launch in launches for target in targets]
    keys = [json.dumps(job, sort_keys=True) for job in jobs]
    new = {key: job for key, job in zip(keys, jobs, strict=True) if key not in _known}
    shares = [
        dict(list(new.items())[first::processes]) for first in range(min(processes, len(new)))
    ]
    with ThreadPoolExecutor(processes) as pool:
        for share, answers in pool.map(lambda s: (s, _ask(list(s.values()), timeout)), shares):
            _known.update(zip(share, answers, strict=True))
    return [_result(job, _known[key]) for key, job in zip(keys, jobs, strict=True)]


def _ask(jobs: list[dict[str, Any]], timeout: float) -> list[dict[str, Any]]:
    environment = {k: v for k, v in os.environ.items() if k != "TRITON_INTERPRET"}
    done = subprocess.run(
        [sys.executable, "-P", str(WORKER)],
        input=json.dumps(jobs),
        capture_output=True,
        text=True,
        env=environment,
        timeout=timeout,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"the compiler's process failed:\n{done.stderr[-2000:]}")
    answers: list[dict[str, Any]] = json.loads(done.stdout)
    return answers


def _job(launch: Launch, target: str) -> dict[str, Any]:
    function = launch.kernel.fn
    return {
        "kernel": function.__name__,
        "source": standalone_source(function),
        "capability": int(target.removeprefix("sm_")),
        "arguments": {name: _written(value) for name, value in launch.arguments.items()},
        "options": launch.options,
        "triton": triton.__version__,
    }


def _written(value: Any) -> dict[str, Any]:
    """An argument as plain data: what decides how it is compiled, nothing more."""
    if isinstance(value, torch.Tensor):
        return {
            "kind": "tensor",
            "dtype": str(value.dtype).removeprefix("torch."),
            "aligned": value.data_ptr() % 16 == 0,
            "shape": [],
        }
    if isinstance(value, TensorDescriptor):
        return {
            "kind": "descriptor",
            "dtype": str(value.base.dtype).removeprefix("torch."),
            "shape": list(value.shape),
            "strides": list(value.strides),
            "block": list(value.block_shape),
        }
    return {"kind": "value", "value": value.value if isinstance(value, tl.constexpr) else value}


def standalone_source(function: Callable[..., Any]) -> str:
    """A module's text with this kernel, the kernels it calls, and the globals it names."""
    parts: dict[str, str] = {"triton": "import triton", "tl": "import triton.language as tl"}
    _collect(function, parts)
    return "\n\n".join(parts.values()) + "\n"


def _collect(function: Callable[..., Any], parts: dict[str, str]) -> None:
    source = textwrap.dedent(inspect.getsource(function))
    start = re.search(r"^def\s", source, re.MULTILINE)
    assert start is not None
    source = source[start.start() :]  # without its decorators
    parts[function.__name__] = "@triton.jit\n" + source
    known = set(function.__globals__) - set(function.__code__.co_varnames)  # its own go first
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Name) and node.id in known and node.id not in parts:
            _define(node.id, function.__globals__[node.id], parts)


def _define(name: str, value: Any, parts: dict[str, str]) -> None:
    if isinstance(value, ModuleType):
        parts[name] = f"import {value.__name__} as {name}"
    elif isinstance(value, KINDS):
        if value.fn.__name__ not in parts:
            _collect(value.fn, parts)
        if value.fn.__name__ != name:
            parts[name] = f"{name} = {value.fn.__name__}"
    elif isinstance(value, tl.constexpr):
        parts[name] = f"{name} = tl.constexpr({value.value!r})"
    elif isinstance(value, bool | int | float | str | list | tuple):
        parts[name] = f"{name} = {value!r}"


def _result(job: dict[str, Any], answer: dict[str, Any]) -> Compiled:
    target = f"sm_{job['capability']}"
    if answer["problem"] is not None:
        said = answer["problem"]
        return Compiled(job["kernel"], target, in_plain_words(said), said)
    return Compiled(job["kernel"], target, **answer)


def in_plain_words(said: str) -> str:
    """The compiler's complaint as a sentence for someone who writes a first kernel."""
    line = _offending_line(said)
    for pattern, words in COMPLAINTS:
        if re.search(pattern, said):
            return f"{words}{line}"
    last = said.strip().splitlines()[0]
    return f"the compiler says: {last}{line}"


def _offending_line(said: str) -> str:
    """The source line above the caret in a CompilationError."""
    lines = said.splitlines()
    for number, text in enumerate(lines[1:], start=1):
        if text.strip() == "^":
            return f" (at `{lines[number - 1].strip()}`)"
    return ""
