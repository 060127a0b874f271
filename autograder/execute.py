"""Running a repaired notebook: (notebook, files, limits) → executed notebook + what happened.

A function without any handle to gradebook or solutions, so that it can run elsewhere: in a sandbox,
in another process, on another machine. Nothing that the student's kernel wrote is kept but outputs.
"""

import copy
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbformat import NotebookNode
from traitlets.config import Config

from autograder import hidden

# All that a kernel gets of the grader's environment.
_PASSED_ON = (
    *("PATH", "PYTHONPATH", "LANG", "LC_ALL", "TZ", "LD_LIBRARY_PATH"),
    *("SYSTEMROOT", "TRITON_INTERPRET", "OMP_NUM_THREADS", "CUDA_VISIBLE_DEVICES"),
)
_NOT_FOR_STUDENTS = ("*.ipynb", "timestamp.txt", "submission_secret.txt", "handin.json")


@dataclass(frozen=True)
class Limits:
    """What one hand-in may use. Times in seconds, sizes in bytes."""

    cell_seconds: float = 30
    notebook_seconds: float = 600
    start_seconds: float = 60
    restarts: int = 12  # fresh kernels after the first
    output_bytes: int = 1_000_000  # kept of each cell


class KernelUnavailable(RuntimeError):
    """No kernel could be started: the grader's trouble, never the student's."""


@dataclass
class _Step:
    """A part of a code cell, run by itself, and what happened to it."""

    cell: int  # index in the notebook
    source: str
    hidden: bool
    test: bool
    outputs: list[NotebookNode]
    status: str = "not run"  # ok, error, timeout, died, not run
    error: str = ""
    seconds: float = 0.0


def execute(
    notebook: NotebookNode, files: Path, limits: Limits, environment: Mapping[str, str]
) -> NotebookNode:
    """Run `notebook` in a copy of the folder `files` and return it with outputs.

    Each code cell's metadata then says under "stepwise" what happened: status (ok, error, timeout,
    died, not run), error (the exception's name), seconds, and `visible`, the number of outputs that
    came before its hidden tests ran. A cell that hangs is interrupted; a kernel that died is
    replaced, the state is rebuilt by running the earlier cells (not the tests) again, and the
    notebook goes on after the cell that killed it. Raises KernelUnavailable if no kernel starts.
    """
    notebook = copy.deepcopy(notebook)
    steps = _steps(notebook)
    deadline = time.monotonic() + limits.notebook_seconds
    done = 0
    for _ in range(limits.restarts + 1):
        if done == len(steps) or time.monotonic() > deadline:
            break
        with _scratch(files) as folder, _kernel(steps, folder, limits, environment) as client:
            done = _run(client, steps, done, limits, deadline)
    for step in steps[done:]:
        step.outputs = [_error("NotRun", "This cell was not run: the cells before took too long.")]
    _record(notebook, steps)
    return notebook


def _steps(notebook: NotebookNode) -> list[_Step]:
    steps = []
    for number, cell in enumerate(notebook.cells):
        if cell.cell_type != "code" or not cell.source.strip():
            continue
        test = bool(cell.metadata.get("nbgrader", {}).get("grade"))
        # Only in the instructor's cells do the marks of hidden tests mean anything.
        parts = hidden.parts(cell.source) if test else [hidden.Part(cell.source, hidden=False)]
        steps += [_Step(number, part.source, part.hidden, test, []) for part in parts]
    return steps


def _run(client: "_Client", steps: list[_Step], done: int, limits: Limits, deadline: float) -> int:
    """Run `steps` from number `done` on, in a fresh kernel; how many are done when it is lost."""
    for number in range(done):
        step = steps[number]
        if not step.test and step.status in ("ok", "error"):
            status = client.attempt(number, min(limits.cell_seconds, deadline - time.monotonic()))
            client.nb.cells[number].outputs = step.outputs
            if status[0] in ("timeout", "died"):
                step.status = status[0]  # it will not be run again
                return done
    for number in range(done, len(steps)):
        step = steps[number]
        left = min(limits.cell_seconds, deadline - time.monotonic())
        if left <= 0:
            return number
        if any(other.cell == step.cell and other.status != "ok" for other in steps[:number]):
            continue  # as in one cell: after a visible test that failed, the rest does not run
        begun = time.monotonic()
        step.status, step.error = client.attempt(number, left)
        step.seconds = time.monotonic() - begun
        step.outputs = client.nb.cells[number].outputs
        if step.status == "timeout":
            step.outputs = [o for o in step.outputs if o.output_type != "error"]
            step.outputs.append(
                _error("TimeLimit", f"This cell was stopped after {left:.0f} s. An endless loop?")
            )
        if step.status == "died":
            step.outputs.append(
                _error("KernelDied", "Python stopped while this cell ran (exit, or no memory).")
            )
        if client.lost:
            return number + 1
    return len(steps)


def _record(notebook: NotebookNode, steps: list[_Step]) -> None:
    for number, cell in enumerate(notebook.cells):
        own = [step for step in steps if step.cell == number]
        if cell.cell_type != "code":
            continue
        worst = next((step for step in own if step.status != "ok"), None)
        visible = [output for step in own if not step.hidden for output in step.outputs]
        unseen = [output for step in own if step.hidden for output in step.outputs]
        cell.outputs = visible + unseen
        cell.metadata["stepwise"] = {
            "status": worst.status if worst else "ok",
            "error": worst.error if worst else "",
            "in_hidden": bool(worst and worst.hidden),
            "seconds": round(sum(step.seconds for step in own), 3),
            "visible": len(visible),
        }


def _error(name: str, sentence: str) -> NotebookNode:
    return nbformat.v4.new_output(
        "error", ename=name, evalue=sentence, traceback=[f"{name}: {sentence}"]
    )


@contextmanager
def _scratch(files: Path) -> Iterator[Path]:
    """A private copy of the hand-in's files, gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="stepwise-", ignore_cleanup_errors=True) as folder:
        work = Path(folder) / "work"
        shutil.copytree(files, work, ignore=shutil.ignore_patterns(*_NOT_FOR_STUDENTS))
        for path in (work, *work.rglob("*")):
            path.chmod(0o700 if path.is_dir() else 0o600)
        yield work


@contextmanager
def _kernel(
    steps: list[_Step], folder: Path, limits: Limits, environment: Mapping[str, str]
) -> Iterator["_Client"]:
    private = folder.parent
    variables = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    variables |= {
        "HOME": str(private),
        "TMPDIR": str(private),
        "IPYTHONDIR": str(private / "ipython"),
        "MPLCONFIGDIR": str(private / "matplotlib"),
        "NBGRADER_EXECUTION": "autograde",
        **environment,
    }
    cells = [nbformat.v4.new_code_cell(step.source) for step in steps]
    for cell, step in zip(cells, steps, strict=True):
        cell.outputs = step.outputs
    client = _Client(
        nbformat.v4.new_notebook(cells=cells),
        kernel_name="python3",
        config=_private_sockets(private) if os.name == "posix" else Config(),
        startup_timeout=limits.start_seconds,
        # What lies in the hand-in's folder must not stand in for an installed module.
        extra_arguments=["--IPKernelApp.ignore_cwd=True"],
        allow_errors=True,
        output_bytes=limits.output_bytes,
    )
    with ExitStack() as stack:
        try:
            silent = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
            stack.enter_context(client.setup_kernel(cwd=str(folder), env=variables, **silent))
        except Exception as error:  # whatever it is, the notebook was not run
            raise KernelUnavailable(f"no Python kernel could be started ({error})") from error
        yield client


def _private_sockets(folder: Path) -> Config:
    """Talk to the kernel through sockets in `folder`, which no other user can open."""
    config = Config()
    config.KernelManager.transport = "ipc"
    config.KernelManager.ip = str(folder / "socket")
    config.KernelManager.connection_file = str(folder / "kernel.json")
    return config


class _Client(NotebookClient):
    """nbclient, that tells how each cell ended and keeps a bounded amount of its output."""

    def __init__(self, notebook: NotebookNode, output_bytes: int, **options: Any) -> None:
        super().__init__(notebook, **options)
        self.output_bytes = output_bytes
        self.lost = False  # whether the kernel is of no use any more
        self._kept = 0
        self._reply: dict[str, Any] = {}
        self.error_on_timeout = {"ename": "TimeLimit", "evalue": "", "traceback": []}
        self.interrupt_on_timeout = True
        self.raise_on_iopub_timeout = True
        self.shutdown_kernel = "immediate"
        self.on_cell_executed = self._executed

    def attempt(self, number: int, seconds: float) -> tuple[str, str]:
        """Run cell `number` for at most `seconds`: (status, name of the exception if any)."""
        self._kept, self._reply = 0, {}
        self.timeout = max(1, round(seconds))
        try:
            self.execute_cell(self.nb.cells[number], number)
        except DeadKernelError:
            self.lost = True
            return "died", "KernelDied"
        except (CellTimeoutError, TimeoutError):
            self.lost = True  # it did not even heed the interrupt
            return "timeout", "TimeLimit"
        status, name = self._reply.get("status", "error"), str(self._reply.get("ename", ""))
        if name == "TimeLimit":
            return "timeout", name
        return ("ok", "") if status == "ok" else ("error", name)

    def _executed(self, execute_reply: dict[str, Any], **_: Any) -> None:
        self._reply = execute_reply["content"]

    def output(
        self, outs: list[NotebookNode], msg: dict[str, Any], display_id: str | None, cell_index: int
    ) -> NotebookNode | None:
        content = msg["content"]
        size = sum(len(str(value)) for value in content.values())
        if msg["msg_type"] != "error" and self._kept + size > self.output_bytes:
            if self._kept <= self.output_bytes:
                self._kept = self.output_bytes + 1
                note = "\n… the rest of the output was left out.\n"
                outs.append(nbformat.v4.new_output("stream", name="stdout", text=note))
            return None
        self._kept += size
        return super().output(outs, msg, display_id, cell_index)
