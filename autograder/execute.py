"""Running a repaired notebook: (notebook, files, limits) → executed notebook + what happened.

A function without any handle to gradebook or solutions, so that it can run elsewhere: in another
process, on another machine. The student's code runs in a jail of the sandbox; nothing that its
kernel wrote is kept but outputs, and nothing that it says is believed without being probed.
"""

import copy
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from autograder import hidden
from autograder.client import Answer, Client
from autograder.probes import Doubt
from autograder.sandbox import Bounds, SandboxUnavailable, shared


@dataclass(frozen=True)
class Limits:
    """What one hand-in may use. Times in seconds, sizes in bytes."""

    cell_seconds: float = 30
    notebook_seconds: float = 600
    restarts: int = 12  # fresh kernels after the first
    output_bytes: int = 1_000_000  # kept of each cell
    bounds: Bounds = field(default_factory=Bounds)
    sandbox: bool = True  # False: no sandbox at all; for hand-ins that are trusted


class KernelUnavailable(RuntimeError):
    """No kernel could be started: the grader's trouble, never the student's."""


@dataclass
class _Step:
    """A part of a code cell, run by itself, and what happened to it."""

    cell: int  # index in the notebook
    source: str
    hidden: bool
    test: bool
    locked: bool
    last: bool  # of its cell
    outputs: list[NotebookNode] = field(default_factory=list)
    status: str = "not run"  # ok, error, timeout, flood, died, not run
    error: str = ""
    seconds: float = 0.0


@dataclass
class _Pass:
    """One run through the notebook: with its hidden tests, or only what students may see."""

    files: Path
    limits: Limits
    environment: dict[str, str]  # of hidden tests, and only while they run
    probing: bool
    surprises: list[str] = field(default_factory=list)


def execute(
    notebook: NotebookNode, files: Path, limits: Limits, environment: Mapping[str, str]
) -> NotebookNode:
    """Run `notebook` in a copy of the folder `files` and return it with outputs.

    Each code cell's metadata then says under "stepwise" what happened: status (ok, error, timeout,
    flood, died, not run), error (the exception's name), seconds, and `visible`, the number of
    outputs that a student may see. The notebook's says under "surprises" what speaks against
    believing it. `environment` is what hidden tests find in theirs, while they run.

    A cell that hangs is interrupted; a kernel that died is replaced, the state is rebuilt by
    running the earlier cells (not the tests) again, and the notebook goes on after that cell.

    What a student sees was shown before any hidden test ran in that kernel: if there is something
    to show from later, it comes from a second run, in a kernel that sees no hidden test.
    Raises KernelUnavailable if no kernel starts.
    """
    notebook = copy.deepcopy(notebook)
    steps = _steps(notebook)
    full = _Pass(files, limits, dict(environment), probing=True)
    _run_all(full, steps)
    first = next((n for n, step in enumerate(steps) if step.hidden), len(steps))
    late = [n for n, s in enumerate(steps) if n >= first and _students_see(notebook, steps, s)]
    if late:
        again = [
            _Step(**{**vars(step), "outputs": [], "status": "not run"})
            for step in steps[: late[-1] + 1]
            if not step.hidden and not (step.test and step.status not in ("ok", "error"))
        ]
        _run_all(_Pass(files, limits, {}, probing=False), again)
        shown = {(step.cell, step.source): step.outputs for step in again}
        for step in steps[first:]:
            if not step.hidden:
                step.outputs = shown.get((step.cell, step.source), step.outputs)
    _record(notebook, steps)
    notebook.metadata.setdefault("stepwise", NotebookNode())["surprises"] = full.surprises
    return notebook


def _students_see(notebook: NotebookNode, steps: list[_Step], step: _Step) -> bool:
    """Whether a student is shown what `step` printed: answers, and visible tests that failed."""
    if step.hidden or not step.outputs:
        return False
    if step.test:
        return step.status != "ok"
    return bool(notebook.cells[step.cell].metadata.get("nbgrader", {}).get("solution"))


def _steps(notebook: NotebookNode) -> list[_Step]:
    steps = []
    for number, cell in enumerate(notebook.cells):
        if cell.cell_type != "code" or not cell.source.strip():
            continue
        nbgrader = cell.metadata.get("nbgrader", {})
        test = bool(nbgrader.get("grade")) and not nbgrader.get("solution")
        # Only in the instructor's cells do the marks of hidden tests mean anything.
        parts = hidden.parts(cell.source) if test else [hidden.Part(cell.source, hidden=False)]
        for part in parts:
            locked = test or bool(nbgrader.get("locked"))
            last = part is parts[-1]
            steps.append(_Step(number, part.source, part.hidden, test, locked, last))
    return steps


def _run_all(one: _Pass, steps: list[_Step]) -> None:
    """Run `steps`, in as many kernels as it takes and may take."""
    deadline = time.monotonic() + one.limits.notebook_seconds
    done = 0
    for _ in range(one.limits.restarts + 1):
        if done == len(steps) or time.monotonic() > deadline:
            break
        with _kernel(one) as client:
            done = _run(client, one, steps, done, deadline)
    for step in steps[done:]:
        step.outputs = [_error("NotRun", "This cell was not run: the cells before took too long.")]


@contextmanager
def _kernel(one: _Pass) -> Iterator[Client]:
    limits = one.limits
    try:
        with shared(limits.sandbox).jail(one.files, limits.bounds) as jail:
            yield Client(jail, limits.output_bytes)
    except SandboxUnavailable as error:
        raise KernelUnavailable(str(error)) from error


def _run(client: Client, one: _Pass, steps: list[_Step], done: int, deadline: float) -> int:
    """Run `steps` from number `done` on, in a fresh kernel; how many are done when it is lost."""
    limits = one.limits
    doubt = Doubt(client) if one.probing else None
    for step in steps[:done]:
        if not step.test and step.status in ("ok", "error"):
            left = min(limits.cell_seconds, deadline - time.monotonic())
            values = doubt.names_of(step.source) if doubt and step.locked else {}
            answer = client.run(step.source, max(left, 0.1), values)
            status = answer.status
            if status in ("timeout", "died", "flood"):
                step.status = status  # it will not be run again
            if client.lost:
                return done
            if doubt and step.locked:
                doubt.locked(answer)
    prepared = False  # whether the environment of a hidden test is set
    for number in range(done, len(steps)):
        step = steps[number]
        left = min(limits.cell_seconds, deadline - time.monotonic())
        if left <= 0:
            return number
        if any(other.cell == step.cell and other.status != "ok" for other in steps[:number]):
            continue  # as in one cell: after a visible test that failed, the rest does not run
        secret = bool(step.hidden and one.environment)
        if secret and not prepared:
            client.run(_remember(one.environment), left)
        prepared = secret
        values = doubt.names_of(step.source) if doubt and step.locked and not step.test else {}
        answer = _run_step(client, step, left, values)
        if doubt and not client.lost and step.status == "ok":
            if step.test:
                environment = one.environment if step.hidden else {}
                last = not any(other.test for other in steps[number + 1 :])
                then = _then(one, steps, number)
                surprises = doubt.surprises(step.source, environment, last, then)
                one.surprises += [s for s in surprises if s not in one.surprises]
                prepared ^= bool(then and doubt.done)
            elif step.locked:
                doubt.locked(answer)
        if secret and prepared and not client.lost:
            client.run(_forget(one.environment), limits.cell_seconds)
            prepared = False
        if client.lost:
            return number + 1
    return len(steps)


def _run_step(client: Client, step: _Step, seconds: float, values: dict[str, str]) -> Answer:
    begun = time.monotonic()
    answer = client.run(step.source, seconds, values)
    step.seconds = time.monotonic() - begun
    step.status, step.error, step.outputs = answer.status, answer.error, answer.outputs
    if step.status in _SENTENCES:
        name, sentence = _SENTENCES[step.status]
        step.error = name
        step.outputs = [o for o in step.outputs if o.output_type != "error"]
        step.outputs.append(_error(name, sentence.format(seconds)))
    if not step.last:
        # As in one cell: only what the last part ends with is the cell's result.
        for output in step.outputs:
            if output.output_type == "execute_result":
                output.output_type = "display_data"
                output.pop("execution_count", None)
    return answer


def _then(one: _Pass, steps: list[_Step], number: int) -> str:
    """What is to be done with the environment after the test `number`, as an expression."""
    if not one.environment:
        return ""
    if steps[number].hidden:
        return _forget(one.environment)
    following = steps[number + 1] if number + 1 < len(steps) else None
    hidden_next = following and following.hidden and following.cell == steps[number].cell
    return _remember(one.environment) if hidden_next else ""


def _remember(environment: Mapping[str, str]) -> str:
    return f"__import__('os').environ.update({dict(environment)!r})"


def _forget(environment: Mapping[str, str]) -> str:
    return f"[__import__('os').environ.pop(_, None) for _ in {list(environment)!r}] and None"


_SENTENCES = {
    "timeout": ("TimeLimit", "This cell was stopped after {:.0f} s. An endless loop?"),
    "flood": ("OutputLimit", "This cell was stopped: it printed without end."),
    "died": ("KernelDied", "Python stopped while this cell ran (exit, or no memory)."),
}


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
