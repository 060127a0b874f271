"""The other process of `kernels.compile_for`: compiles for GPUs that are not here.

Reads jobs as JSON from standard input, writes one result a job as JSON to standard output. It runs
without the interpreter, under a driver that only says which GPU to compile for.
"""

import importlib.util
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from types import ModuleType
from typing import Any

import triton
from triton.backends.compiler import GPUTarget
from triton.runtime import cache
from triton.runtime.driver import driver
from triton.tools.tensor_descriptor import TensorDescriptor

CUOBJDUMP = Path(triton.__file__).parent / "backends" / "nvidia" / "bin" / "cuobjdump"
TENSOR_CORES = {
    "wgmma": r"wgmma\.mma_async",
    "mma": r"\bmma\.sync",
    "copy engine": r"cp\.async\.bulk\.tensor",
    "asynchronous copy": r"cp\.async\.c[ag]",
}


class NoGpu:
    """A driver without a GPU: device 90 is 'an sm_90', whatever machine this is."""

    capability = 90

    def get_current_device(self) -> int:
        return self.capability

    def get_current_stream(self, device: int) -> int:
        return 0

    def get_current_target(self) -> GPUTarget:
        return GPUTarget("cuda", self.capability, 32)


class Pointer:
    """What a tensor looks like to the compiler: a dtype, a shape, and how it is aligned."""

    def __init__(self, dtype: str, aligned: bool, shape: list[int]) -> None:
        self.dtype = Dtype(dtype)
        self.address = 0 if aligned else 1
        self.shape = shape

    def data_ptr(self) -> int:
        return self.address

    def ptr_range(self) -> int:
        return 0


class Dtype(str):
    """A torch dtype by name."""

    @property
    def itemsize(self) -> int:
        return int(re.findall(r"\d+", self)[0]) // 8


def hurry(jobs: list[dict[str, Any]]) -> None:
    """Keep Triton from what takes seconds, where a small kernel compiles in a twentieth of one.

    For the key of its cache it would read hundreds of megabytes of itself, and it imports torch, if
    it can, for nothing that is needed here.
    """
    if hasattr(cache, "triton_key"):
        cache.triton_key = lambda: f"stepwise {triton.__version__}"
    if not any("import torch" in job["source"] for job in jobs):
        sys.modules["torch"] = None  # type: ignore[assignment]  # importing it fails


def argument(given: dict[str, Any]) -> Any:
    """One argument as `compile_for` wrote it down."""
    if given["kind"] == "tensor":
        return Pointer(given["dtype"], given["aligned"], given["shape"])
    if given["kind"] == "descriptor":
        base = Pointer(given["dtype"], True, given["shape"])
        return TensorDescriptor(base, given["shape"], given["strides"], given["block"])
    return given["value"]


def load(source: str, folder: str) -> ModuleType:
    """The module with this text; Triton reads a kernel's source from its file."""
    path = Path(tempfile.mkstemp(suffix=".py", dir=folder)[1])
    path.write_text(source, encoding="utf-8")
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def resources(cubin: bytes, folder: str) -> dict[str, int]:
    """Registers of a thread and bytes of its stack (what did not fit the registers)."""
    path = Path(folder, "kernel.cubin")
    path.write_bytes(cubin)
    command = [str(CUOBJDUMP), "-res-usage", str(path)]
    said = subprocess.run(command, capture_output=True, text=True, check=True)
    found = dict(re.findall(r"(REG|STACK|LOCAL):(\d+)", said.stdout + said.stderr))
    spilled = int(found.get("STACK", 0)) + int(found.get("LOCAL", 0))
    return {"registers": int(found["REG"]), "spilled_bytes": spilled}


def compile_one(job: dict[str, Any], folder: str) -> dict[str, Any]:
    """Compile one launch for one target; a complaint of the compiler is a result, too."""
    NoGpu.capability = job["capability"]
    try:
        kernel = getattr(load(job["source"], folder), job["kernel"])
        arguments = {name: argument(given) for name, given in job["arguments"].items()}
        compiled = kernel.warmup(grid=(1,), **arguments, **job["options"])
    except Exception as error:
        return {"problem": complaint(error)}
    ptx = compiled.asm["ptx"]
    counts = {name: len(re.findall(pattern, ptx)) for name, pattern in TENSOR_CORES.items()}
    return {
        "problem": None,
        "shared_bytes": compiled.metadata.shared,
        "warps": compiled.metadata.num_warps,
        "instructions": {name: count for name, count in counts.items() if count},
        **resources(compiled.asm["cubin"], folder),
    }


def complaint(error: BaseException) -> str:
    """The compiler's own words, the innermost first."""
    words = []
    cause: BaseException | None = error
    while cause is not None:
        words.append(f"{type(cause).__name__}: {cause}")
        cause = cause.__cause__
    return "\n".join(reversed(words))


def main() -> None:
    """Compile what standard input asks for."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # the compiler prints to standard output: keep it away from the answers
    driver.set_active(NoGpu())
    jobs = json.load(sys.stdin)
    hurry(jobs)
    with tempfile.TemporaryDirectory() as folder:
        results = [compile_one(job, folder) for job in jobs]
    json.dump(results, answers)
    answers.close()


if __name__ == "__main__":
    main()
