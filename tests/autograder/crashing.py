"""Graders that are killed, or find the disk full, just before a chosen one of their lasting acts.

A lasting act is a commit, a write, a rename, or the grading of a hand-in. To stop before each of
them in turn is to stop in every state. The grader is a process of its own and runs the command as
it is; only the sandbox and what happens in it are replaced, by a stage that takes no time and notes
whom it graded.
"""

import errno
import hashlib
import multiprocessing
import os
import shutil
import signal
import sqlite3
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import nbgrader.converters  # so that the server has it, and each grader need not import it
from nbgrader.api import Gradebook, MissingEntry
from sqlalchemy import event
from sqlalchemy.engine import Engine as Database
from sqlalchemy.exc import OperationalError

from autograder import batch, cli, grade, record, workers
from autograder.ledger import Ledger
from autograder.paths import Course
from autograder.pipeline import Graded, GradedNotebook, Job
from tests.autograder import classroom

ASSIGNMENT = "01_small"
# A server that has imported everything forks the graders: this process has threads, and may not.
assert nbgrader.converters
_SERVER = multiprocessing.get_context("forkserver")
_SERVER.set_forkserver_preload(["tests.autograder.crashing"])


def run(course: Course, *command: str, **fault: Any) -> int:
    """Call `autograder` in another process; its exit code, -9 if it was killed.

    `kill=n` kills it before its n-th lasting act, `full=n` lets that act and all later ones fail.
    `worker` names a student whose grading kills its worker the first time (`always=True`: always);
    `orphan` one whose grading kills the grader, not the worker. `stop` names a student in whose
    grading the database's `server` stops (and starts again, if `back`). `bonus` is added to all
    points.
    """
    grader = _SERVER.Process(target=_grader, args=(str(course.root), command, fault))
    grader.start()
    grader.join(120)
    assert grader.exitcode is not None, "it hangs"
    return grader.exitcode


def said(course: Course) -> str:
    """What the last command printed."""
    return (course.root / "said.txt").read_text()


def graded(course: Course) -> Counter[str]:
    """How often each student's hand-in went through the stage."""
    notes = course.root / "notes"
    return (
        Counter(path.name.split("-")[0] for path in notes.iterdir())
        if notes.exists()
        else Counter()
    )


def rows(course: Course, student: str) -> dict[str, tuple[Any, ...]]:
    """What the gradebook holds of each graded cell and each comment; {} if nothing."""
    with opened(course) as gradebook:
        return _rows(gradebook, student)


def _rows(gradebook: Gradebook, student: str) -> dict[str, tuple[Any, ...]]:
    try:
        submission = gradebook.find_submission(ASSIGNMENT, student)
    except MissingEntry:
        return {}
    found: dict[str, tuple[Any, ...]] = {"when": (str(submission.timestamp),)}
    for notebook in submission.notebooks:
        found[notebook.name] = (notebook.score, notebook.late_submission_penalty)
        for entry in notebook.grades:
            given = (entry.auto_score, entry.manual_score, entry.needs_manual_grade)
            found[f"{notebook.name}.{entry.name}"] = given
        for comment in notebook.comments:
            found[f"{notebook.name}.{comment.name}!"] = (comment.auto_comment, comment.comment)
    return found


def opened(course: Course) -> Gradebook:
    return Gradebook(classroom.database_of(course), "stepwise")


def state(course: Course, students: list[str]) -> dict[str, Any]:
    """All that people see of a class: points, comments, executed notebooks and files."""
    found: dict[str, Any] = {}
    with opened(course) as gradebook:
        for student in students:
            folder = course.autograded(student, ASSIGNMENT)
            files = {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*")}
            found[student] = (_rows(gradebook, student), files)
    left = [p.name for p in course.grading.glob("autograded/*/.*")]
    return found | {"left over": left}


def history(course: Course, student: str) -> list[Mapping[str, Any]]:
    with opened(course) as gradebook:
        return Ledger(gradebook, ASSIGNMENT).history(student)


def _grader(root: str, command: tuple[str, ...], fault: dict[str, Any]) -> None:
    os.chdir(root)
    sys.stdout = sys.stderr = Path("said.txt").open("w", buffering=1)  # noqa: SIM115
    stage = _Stage(Path(root), fault)
    grade.shared = lambda isolated: stage  # type: ignore[assignment]
    workers.grade_job = stage.grade
    batch.PAUSES = (0.0, 0.1) if fault.get("back") else ()
    acts = _Acts(fault)
    changed = set()

    @event.listens_for(Database, "before_cursor_execute")
    def execute(connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if not statement.lstrip().upper().startswith(("SELECT", "PRAGMA")):
            changed.add(connection)

    @event.listens_for(Database, "commit")
    def commit(connection: Any) -> None:
        if connection in changed:
            acts.next("commit")
            changed.discard(connection)

    for name in ("rename", "write_text"):
        _before(Path, name, acts)
    _before(workers.Here, "next", acts)
    if "full" in fault:
        _before(record.shutil, "copyfile", acts)
    code = cli.main(command)
    sys.stdout.flush()
    os._exit(code)


class _Stage:
    """In place of the sandbox: points come from the bytes of the hand-in."""

    def __init__(self, root: Path, fault: dict[str, Any]) -> None:
        self._notes, self._fault = root / "notes", fault
        self._grader = os.getpid()

    def launch(self) -> None:
        self._notes.mkdir(exist_ok=True)

    start = launch

    def grade(self, job: Job) -> Graded:
        tries = len(list(self._notes.glob(f"{job.student}-*")))
        (self._notes / f"{job.student}-{tries}").touch()
        first = tries == 0 or self._fault.get("always")
        if job.student == self._fault.get("worker") and first:
            os.kill(os.getpid(), signal.SIGKILL)
        if job.student == self._fault.get("orphan"):
            os.kill(self._grader, signal.SIGKILL)
        if job.student == self._fault.get("stop"):
            self._fault["server"].stop()
            if self._fault["back"]:
                self._fault["server"].start()
        found = Graded(job.student)
        for name, cells in job.cells.items():
            path = job.folder / f"{name}.ipynb"
            if path.exists():
                seed = hashlib.sha256(path.read_bytes()).digest()
                points: dict[str, float | None] = {
                    cell.grade_id: seed[n] % 3 / 2 + self._fault.get("bonus", 0)
                    for n, cell in enumerate(cells)
                    if cell.nbgrader["grade"]
                }
                text = f'{{"cells": [], "metadata": {{"of": "{seed.hex()}"}}}}'
                found.notebooks[name] = GradedNotebook(text, points)
        return found


class _Acts:
    """Counts lasting acts; at the chosen one the process is killed, or nothing is written."""

    def __init__(self, fault: dict[str, Any]) -> None:
        self._kill, self._full = fault.get("kill"), fault.get("full")
        self._count = 0

    def next(self, what: str) -> None:
        self._count += 1
        if self._count == self._kill:
            os.kill(os.getpid(), signal.SIGKILL)
        if self._full is not None and self._count >= self._full:
            if what == "commit":
                reason = sqlite3.OperationalError("database or disk is full")
                raise OperationalError("COMMIT", {}, reason)
            if what in ("write_text", "copyfile"):
                raise OSError(errno.ENOSPC, "No space left on device")


def _before(owner: Any, name: str, acts: _Acts) -> None:
    function = getattr(owner, name)

    def act(*arguments: Any, **named: Any) -> Any:
        acts.next(name)
        return function(*arguments, **named)

    setattr(owner, name, act)


def every_moment(course: Course, place: Path, kind: str, *command: str) -> Iterator[Course]:
    """Copies of the course in which the command was killed, each one act later than the last.

    The last of all is one in which it came to its end.
    """
    for number in range(1, 200):
        one = classroom.copy(course, place / f"{command[-1].strip('-')}-{kind}{number}")
        code = run(one, *command, **{kind: number})
        yield one
        if code == 0:
            return
        shutil.rmtree(one.root)
    raise AssertionError("there is no end of lasting acts")
