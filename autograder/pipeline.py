"""From the bytes of a hand-in to its points: what a worker does, without gradebook or solutions.

A `Job` goes in and a `Graded` comes out, both plain data, so that workers can be anywhere. The
same functions make the steps that stock `nbgrader autograde` runs (autograder.preprocessors).
"""

import contextlib
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode
from nbgrader import utils
from nbgrader.preprocessors import LimitOutput

from autograder import reach
from autograder.execute import KernelUnavailable, Limits, execute
from autograder.files import copy_plain
from autograder.intake import read_handed_in
from autograder.notebooks import dumps, fingerprint
from autograder.repair import Labelled, repair
from autograder.sandbox import NOT_FOR_STUDENTS, SANDBOX
from autograder.sanitise import SafeOutputs
from autograder.score import score
from autograder.secret import hidden_environment

# Whatever else runs the notebook, nbgrader's own step or a person in JupyterLab, gets the sandbox.
_KERNEL = {
    "kernelspec": {
        "name": SANDBOX,
        "display_name": "Python 3 (sandbox, for grading)",
        "language": "python",
    }
}
DONE = "done"
STUDENT_ERROR = "student error"  # a file that holds no notebook; a person looks at it
INFRASTRUCTURE_ERROR = "infrastructure error"  # the grader's trouble: worth another try
NO_RESPONSE = "No response."  # nbgrader's comment on an answer that was left as it was


@dataclass(frozen=True)
class Job:
    """One hand-in to be graded."""

    student: str
    folder: Path  # of the hand-in
    extra: Path | None  # a folder of the instructor's files, which go beside the notebooks
    leave_out: tuple[str, ...]  # patterns of files there that students' code does not get
    cells: Mapping[str, Sequence[Labelled]]  # notebook → its labelled cells
    secret: str  # of the class
    limits: Limits


@dataclass
class GradedNotebook:
    """An executed notebook and what its cells earned. Points None: a person must give them."""

    text: str  # JSON, safe to look at
    points: dict[str, float | None] = field(default_factory=dict)
    comments: dict[str, str | None] = field(default_factory=dict)


@dataclass
class Graded:
    """What became of a job. A notebook that was not handed in is not in it."""

    student: str
    notebooks: dict[str, GradedNotebook] = field(default_factory=dict)
    outcome: str = DONE
    problem: str = ""  # what went wrong, if something did


def grade_job(job: Job) -> Graded:
    """Grade a hand-in. Never raises: trouble is in the `outcome`, and the `problem` says which."""
    graded = Graded(job.student)
    try:
        with files_of(job.folder, job.extra, job.leave_out) as files:
            for name, cells in job.cells.items():
                path = job.folder / f"{name}.ipynb"
                if path.is_symlink() or path.exists():
                    notebook = read_handed_in(path)
                    mend(notebook, cells)
                    notebook = run(notebook, files, job.limits, job.secret)
                    read(notebook, job.folder, job.extra)
                    about = notebook.metadata["stepwise"]
                    if about.get("again"):
                        return failed(job.student, about["problem"])
                    if about.get("problem"):
                        graded.outcome = STUDENT_ERROR
                    graded.notebooks[name] = finish(notebook)
    except Exception as error:  # whatever it is: this hand-in is not graded, the others are
        return failed(job.student, f"{type(error).__name__}: {error}")
    return graded


def failed(student: str, problem: str) -> Graded:
    """A hand-in that is not graded for a reason which is not in it."""
    return Graded(student, outcome=INFRASTRUCTURE_ERROR, problem=problem)


@contextlib.contextmanager
def files_of(folder: Path, extra: Path | None, leave_out: Sequence[str]) -> Iterator[Path]:
    """A folder for a while, with the plain files of a hand-in, and over them the instructor's.

    Files that match a pattern in `leave_out` or in NOT_FOR_STUDENTS are not in it.
    """
    patterns = (*leave_out, *NOT_FOR_STUDENTS)
    with tempfile.TemporaryDirectory(prefix="stepwise-") as place:
        files = Path(place)
        copy_plain(folder, files, patterns)
        if extra is not None and extra.is_dir():
            copy_plain(extra, files, patterns)
        yield files


def mend(notebook: NotebookNode, cells: Sequence[Labelled]) -> None:
    """Repair in place; the notebook's metadata then tells what was repaired, or the problem."""
    problem = notebook.metadata.get("stepwise", {}).get("unreadable")
    repairs = repair(notebook, cells)
    notebook.metadata = nbformat.from_dict({"stepwise": {"repairs": repairs}} | _KERNEL)
    if problem:
        sentence = f"The file that was handed in could not be read: {problem}."
        notebook.cells.insert(0, nbformat.v4.new_markdown_cell(sentence, id="problem"))
        notebook.metadata["stepwise"] = {"repairs": [], "problem": sentence}


def run(notebook: NotebookNode, files: Path, limits: Limits, secret: str) -> NotebookNode:
    """The repaired notebook, executed; `secret` is the class's. See `execute`."""
    about = notebook.metadata["stepwise"]
    if about.get("problem"):
        return notebook
    try:
        environment = hidden_environment(secret, fingerprint(notebook))
        notebook = execute(notebook, files, limits, environment)
    except KernelUnavailable as error:
        about["problem"] = f"It could not be run: {error}."
        about["again"] = True  # the grader's trouble: the next run grades it again
    if not limits.sandbox:
        notebook.metadata["stepwise"]["unconfined"] = True
    return notebook


def read(notebook: NotebookNode, folder: Path, extra: Path | None) -> None:
    """Add to the surprises of the executed notebook what its author's code names: see `reach`.

    `folder` is that of the hand-in, `extra` the instructor's.
    """
    about = notebook.metadata["stepwise"]
    if found := reach.surprises(notebook, folder, extra):
        about["surprises"] = [*about.get("surprises", []), *found]


def points(cell: NotebookNode, about: dict[str, Any]) -> float | None:
    """Points of a graded cell; if a person must decide, None, and `about["review"]` says why."""
    if about.get("problem"):
        return None
    scored = score(cell)
    value, reason = scored.points, scored.reason
    if value and about.get("surprises"):
        value, reason = None, f"not believed, for {'; '.join(about['surprises'])}"
    if reason:
        name = cell.metadata["nbgrader"]["grade_id"]
        about.setdefault("review", []).append(f"{name}: {reason}")
    return value


def comment(cell: NotebookNode) -> str | None:
    """nbgrader's own comment on an answer."""
    untouched = cell.metadata["nbgrader"].get("checksum") == utils.compute_checksum(cell)
    return NO_RESPONSE if untouched and not utils.is_task(cell) else None


def finish(notebook: NotebookNode) -> GradedNotebook:
    """Score the executed notebook, and make it safe to be looked at."""
    notebook, _ = LimitOutput().preprocess(notebook, {})
    about = notebook.metadata["stepwise"]
    about["review"] = []
    graded = GradedNotebook("")
    for cell in notebook.cells:
        if utils.is_grade(cell):
            graded.points[cell.metadata["nbgrader"]["grade_id"]] = points(cell, about)
        if utils.is_solution(cell) or utils.is_task(cell):
            graded.comments[cell.metadata["nbgrader"]["grade_id"]] = comment(cell)
    notebook, _ = SafeOutputs().preprocess(notebook, {})
    graded.text = dumps(notebook)
    return graded
