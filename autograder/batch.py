"""Many hand-ins: what is to be done, given to a pool, put down by the one writer.

Whatever is killed and whenever, the next batch goes on where this one was.
"""

import contextlib
import os
import shutil
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from errno import EIO, EROFS
from pathlib import Path
from typing import Any, TypeVar

from nbgrader.api import InvalidEntry
from sqlalchemy.exc import DatabaseError, InterfaceError, SQLAlchemyError

from autograder import gradebook as book
from autograder import identity
from autograder.engine import Engine
from autograder.errors import Stopped, UsageError
from autograder.execute import Limits
from autograder.files import NO_ROOM
from autograder.identity import Key
from autograder.intake import recognise
from autograder.ledger import GRADE, OVERTAKEN, REGRADE, Attempt
from autograder.paths import Course
from autograder.pipeline import INFRASTRUCTURE_ERROR, Graded, Job
from autograder.record import NEW, Writer, withdraw
from autograder.repair import layout_of
from autograder.secret import class_secret
from autograder.workers import Pool

TRIES = 3  # for a hand-in whose grading the infrastructure fails, in one batch
PAUSES = (0.5, 2.0, 5.0)  # seconds, before the gradebook is asked once more
_Result = TypeVar("_Result")


class Batch:
    """The hand-ins of some students to one assignment. There is one batch at a time in a course."""

    def __init__(
        self, engine: Engine, assignment: str, students: Iterable[str], limits: Limits
    ) -> None:
        self.students = list(students)
        self.limits = limits
        self._course, self._assignment = engine.course, assignment
        self._stack = contextlib.ExitStack()
        try:
            self._stack.enter_context(_alone(engine.course))
            self._writer = self._stack.enter_context(Writer(engine, assignment))
            self._ledger = self._writer.ledger
            self.interrupted = self._insist(self._ledger.recover)
            self._prepare(engine)
        except BaseException:
            self._stack.close()
            raise

    def __enter__(self) -> "Batch":
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def _prepare(self, engine: Engine) -> None:
        course, assignment = self._course, self._assignment
        gradebook = self._writer.gradebook
        expected = book.labels(engine.url, assignment)
        self._cells = {n: layout_of(gradebook, course, assignment, n) for n in expected}
        self._extra = course.solutions / assignment
        self._secret = class_secret(course)
        self._leave_out = tuple(engine.coursedir.ignore)
        version = identity.version(self._cells, self._extra, self._leave_out, self._secret)
        environment = identity.environment(self.limits)
        self.keys: dict[str, Key] = {}
        for student in self.students:
            folder = course.submitted(student, assignment)
            _find_renamed(folder, expected)
            submission = identity.submission(folder)
            self.keys[student] = Key(student, submission, version, environment)
        for folder in course.grading.glob(f"autograded/*/{NEW}*"):
            shutil.rmtree(folder, ignore_errors=True)
        for student, attempt in self._ledger.standing().items():
            handed_in = course.submitted(student, assignment)
            if not attempt.installed and identity.submission(handed_in) == attempt.key.submission:
                self._insist(self._writer.install, attempt.id)
        gradebook.db.rollback()  # nothing was changed; no transaction is left open meanwhile

    def to_grade(self, standings: Mapping[str, book.Standing]) -> list[str]:
        """Who is not graded, or for another hand-in than the one that is there now."""
        standing = self._ledger.standing()
        return [
            student
            for student in self.students
            if standings[student].status == book.NOT_GRADED or self._another(student, standing)
        ]

    def outdated(self) -> list[str]:
        """Whose result stands from another version of the assignment, or another environment."""
        standing = self._ledger.standing()
        return [
            student
            for student, key in self.keys.items()
            if student in standing
            and standing[student].key != key
            and not self._another(student, standing)
        ]

    def grade(self, students: Iterable[str], pool: Pool) -> Iterator[Graded]:
        """Grade hand-ins and write the results, one by one, as they come.

        A result that is in the ledger already is not made again. Of one that could not be written,
        or made, the outcome is the infrastructure's error. Raises Stopped if the gradebook or the
        disk is not there any more.
        """
        finished = self._ledger.finished()
        todo = []
        for student in students:
            done = finished.get(self.keys[student])
            if done is None:
                todo.append(student)
            else:
                yield self._write(self._ledger.result(done.id), done.id)
        for graded, attempt in self._run(todo, pool, GRADE):
            if graded.outcome == INFRASTRUCTURE_ERROR:
                if self._another(graded.student, self._ledger.standing()):
                    # Points of an earlier hand-in must not look like those of this one.
                    self._insist(self._withdraw, graded.student)
                yield graded
            else:
                yield self._write(graded, attempt)

    def preview(self, students: Iterable[str], pool: Pool) -> Iterator[Graded]:
        """Grade hand-ins again, into the ledger only. What waits there already is not repeated."""
        waiting = self._ledger.previewed()
        todo = []
        for student in students:
            if student in waiting and waiting[student].key == self.keys[student]:
                yield self._ledger.result(waiting[student].id)
            else:
                todo.append(student)
        for graded, attempt in self._run(todo, pool, REGRADE):
            if graded.outcome != INFRASTRUCTURE_ERROR:
                self._insist(self._writer.keep, graded, attempt)
            yield graded

    def waiting(self) -> dict[str, Attempt]:
        """The regrades that can be applied, by student."""
        return {
            student: attempt
            for student, attempt in self._ledger.previewed().items()
            if self.keys.get(student) == attempt.key
        }

    def apply(self, attempt: Attempt) -> Graded:
        """Write a regrade that waits."""
        return self._write(self._ledger.result(attempt.id), attempt.id)

    def changes(self, attempt: Attempt) -> list[str]:
        """What would change in the gradebook by a regrade, a line for each cell."""
        before, after = self._insist(self._writer.trial, self._ledger.result(attempt.id))
        return [
            f"{notebook}/{cell}: {_shown(before.get((notebook, cell)))} → "
            f"{_shown(after.get((notebook, cell)))}"
            for notebook, cell in sorted({*before, *after})
            if before.get((notebook, cell), (0.0, None)) != after.get((notebook, cell))
        ]

    def standing(self, student: str) -> book.Standing:
        """How a student stands now."""
        gradebook = self._writer.gradebook
        found = self._insist(book.standing, self._course, gradebook, self._assignment, student)
        gradebook.db.rollback()  # nothing was changed; no transaction is left open meanwhile
        return found

    def _another(self, student: str, standing: Mapping[str, Attempt]) -> bool:
        """Whether the result that stands is of another hand-in than the one that is there."""
        there = self.keys[student].submission
        return student in standing and standing[student].key.submission != there

    def _run(
        self, students: Iterable[str], pool: Pool, purpose: str
    ) -> Iterator[tuple[Graded, int]]:
        """Each result, and its attempt; errors of the infrastructure are tried again before."""
        waiting = deque(students)
        self._insist(self._ledger.queue, [self.keys[student] for student in waiting])
        running: dict[str, int] = {}
        tries: Counter[str] = Counter()

        def give() -> None:
            while waiting and pool.free():
                student = waiting.popleft()
                running[student] = self._insist(self._ledger.begin, self.keys[student], purpose)
                tries[student] += 1
                pool.give(self._job(student))

        while waiting or running:
            give()
            graded = pool.next()
            student = graded.student
            attempt = running.pop(student)
            give()  # so that nobody waits while this result is written
            outcome = graded.outcome
            if self._handed_in_anew(student):
                outcome, graded.outcome = OVERTAKEN, INFRASTRUCTURE_ERROR
                graded.problem = "another hand-in came meanwhile"
            if graded.outcome == INFRASTRUCTURE_ERROR:
                again = outcome != OVERTAKEN and tries[student] < TRIES
                self._insist(self._ledger.fail, attempt, outcome, graded.problem, again=again)
                if again:
                    waiting.append(student)
                    continue
            yield graded, attempt

    def _job(self, student: str) -> Job:
        folder = self._course.submitted(student, self._assignment)
        own = (self._cells, self._secret, self.limits)
        return Job(student, folder, self._extra, self._leave_out, *own)

    def _handed_in_anew(self, student: str) -> bool:
        folder = self._course.submitted(student, self._assignment)
        return identity.submission(folder) != self.keys[student].submission

    def _write(self, graded: Graded, attempt: int) -> Graded:
        try:
            self._insist(self._writer.write, graded, attempt)
        except (OSError, SQLAlchemyError, ValueError) as error:
            graded.outcome = INFRASTRUCTURE_ERROR
            graded.problem = f"{type(error).__name__}: {error}"
            self._insist(self._ledger.fail, attempt, graded.outcome, graded.problem)
        return graded

    def _withdraw(self, student: str) -> None:
        withdraw(self._course, self._writer.gradebook, self._assignment, student)

    def _insist(self, action: Callable[..., _Result], *arguments: Any, **named: Any) -> _Result:
        """Call `action`, also if the database is away for a moment.

        Raises Stopped if it stays away, or if the disk is full.
        """
        for pause in (*PAUSES, None):
            try:
                return action(*arguments, **named)
            except (OSError, DatabaseError, InterfaceError, InvalidEntry) as error:
                self._writer.gradebook.db.rollback()
                why = _lasting(error)
                if why is None:
                    raise
                if pause is None or isinstance(error, OSError):
                    raise Stopped(
                        f"{why}. What was graded is safe; run it again to go on."
                    ) from error
                time.sleep(pause)
        raise AssertionError("the last pause is None")


def _lasting(error: Exception) -> str | None:
    """Why nothing else could be written either; None if the trouble is with one hand-in."""
    if isinstance(error, OSError):
        return f"the disk: {error.strerror}" if error.errno in (*NO_ROOM, EROFS, EIO) else None
    if isinstance(error, InvalidEntry) and isinstance(error.__context__, DatabaseError):
        error = error.__context__  # nbgrader says so of whatever the database said
    kind = type(error).__name__
    if kind not in ("OperationalError", "InterfaceError", "InternalError"):
        return None
    said = str(getattr(error, "orig", error)).strip().splitlines()
    return f"the gradebook: {said[0] if said else kind}"


def _shown(points: tuple[float | None, float | None] | None) -> str:
    if points is None:
        return "—"
    machine, person = points
    given = "a person" if machine is None else f"{machine:g}"
    return given if person is None else f"{given} (a person gave {person:g}, which counts)"


@contextlib.contextmanager
def _alone(course: Course) -> Iterator[None]:
    """No other batch runs in this course meanwhile. Ends with the process, however that ends."""
    if os.name != "posix":
        yield
        return
    import fcntl

    # A record lock: forks of this process, which may outlive it a little, do not have it.
    with (course.grading / "grading.lock").open("w") as file:
        try:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise UsageError("a grading runs here already: wait until it is done.") from error
        yield


def _find_renamed(folder: Path, expected: dict[str, set[str]]) -> None:
    """A missing notebook may be there under another name: then put a copy where it belongs."""
    missing = {n: ids for n, ids in expected.items() if not (folder / f"{n}.ipynb").exists()}
    for path in sorted(folder.glob("*.ipynb")) if missing else []:
        if path.stem not in expected and path.is_file() and not path.is_symlink():
            name = recognise(path.read_bytes(), missing)
            if name:
                (folder / f"{name}.ipynb").write_bytes(path.read_bytes())
                del missing[name]
