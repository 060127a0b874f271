"""The one writer: what became of a hand-in goes, in one transaction, into the gradebook.

The rows are those that nbgrader's own converter would write.
"""

import contextlib
import shutil
import tempfile
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from nbgrader import utils
from nbgrader.api import (
    BaseCell,
    Comment,
    Grade,
    Gradebook,
    MissingEntry,
    Notebook,
    SubmittedAssignment,
    SubmittedNotebook,
    new_uuid,
)
from sqlalchemy import insert, select

from autograder.engine import Engine, known_remarks
from autograder.files import copy_plain
from autograder.handins import timestamp_of
from autograder.late import Penalties
from autograder.ledger import Ledger
from autograder.paths import Course
from autograder.pipeline import Graded, GradedNotebook

NEW = ".new-"  # a folder in the making; left behind only by a kill
NOT_HANDED_IN = "This notebook was not handed in."


# What a cell has, or is off a notebook (under LATE): points by the machine, by a person.
Points = dict[tuple[str, str], tuple[float | None, float | None]]
LATE = "late penalty"


class Writer:
    """Writes results of one assignment; keeps the gradebook open meanwhile."""

    def __init__(self, engine: Engine, assignment: str) -> None:
        self._engine, self._assignment = engine, assignment
        self.gradebook = Gradebook(engine.url, engine.coursedir.course_id)
        self.ledger = Ledger(self.gradebook, assignment)
        self._penalties = Penalties(engine.config, self.gradebook, assignment)

    def __enter__(self) -> "Writer":
        return self

    def __exit__(self, *_: object) -> None:
        self.gradebook.close()

    def write(self, graded: Graded, attempt: int) -> None:
        """Put the result of an attempt beside what the gradebook knows.

        Points and ledger are written in one transaction, all of it or nothing. Then the executed
        notebooks take the place of the earlier ones; what a kill prevents there, `install` does.
        """
        with self._notebooks(graded) as new:
            with known_remarks(), _one_transaction(self.gradebook):
                self._rows(graded)
                self.ledger.finish(attempt, graded)
                self.ledger.apply(attempt)
            self._put_in_place(new, attempt, graded.student)

    def install(self, attempt: int) -> None:
        """Put the executed notebooks of an attempt, whose points are written, into place."""
        graded = self.ledger.result(attempt)
        with self._notebooks(graded) as new:
            self._put_in_place(new, attempt, graded.student)

    def keep(self, graded: Graded, attempt: int) -> None:
        """Put a result into the ledger only."""
        with _one_transaction(self.gradebook):
            self.ledger.finish(attempt, graded)

    def trial(self, graded: Graded) -> tuple[Points, Points]:
        """What the gradebook holds of a hand-in, and what it would hold if `graded` were written.

        Nothing is.
        """
        before = self._points(graded.student)
        with known_remarks(), _one_transaction(self.gradebook, keep=False):
            self._rows(graded)
            self.gradebook.db.flush()
            after = self._points(graded.student)
        return before, after

    def _points(self, student: str) -> Points:
        try:
            submission = self.gradebook.find_submission(self._assignment, student)
        except MissingEntry:
            return {}
        found: Points = {}
        for notebook in submission.notebooks:
            for grade in notebook.grades:
                found[notebook.name, grade.name] = (grade.auto_score, grade.manual_score)
            found[notebook.name, LATE] = (-(notebook.late_submission_penalty or 0.0), None)
        return found

    @contextlib.contextmanager
    def _notebooks(self, graded: Graded) -> Iterator[Path]:
        """For a while, a folder with all that is to lie beside the other students' results."""
        course = self._engine.course
        parent = course.autograded(graded.student, self._assignment).parent
        parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=NEW, dir=parent) as place:
            new = Path(place) / "new"
            copy_plain(course.submitted(graded.student, self._assignment), new, ["*.ipynb"])
            for name, notebook in graded.notebooks.items():
                (new / f"{name}.ipynb").write_text(notebook.text, encoding="utf-8")
            yield new

    def _put_in_place(self, new: Path, attempt: int, student: str) -> None:
        target = self._engine.course.autograded(student, self._assignment)
        if target.exists():
            target.rename(new.with_name("old"))
        new.rename(target)
        self.ledger.installed(attempt)

    def _rows(self, graded: Graded) -> None:
        student = graded.student
        timestamp = _timestamp(self._engine.course.submitted(student, self._assignment))
        self.gradebook.update_or_create_student(student)
        try:
            submission = self.gradebook.find_submission(self._assignment, student)
        except MissingEntry:
            self._insert(graded, timestamp)
            submission = self.gradebook.find_submission(self._assignment, student)
        else:
            # None too: the time of an earlier hand-in says nothing about this one.
            submission.timestamp = timestamp
            self._update(graded, submission)
        for notebook in submission.notebooks if submission.total_seconds_late > 0 else ():
            if notebook.name in graded.notebooks:
                self._penalties.assign(submission, notebook)

    def _insert(self, graded: Graded, timestamp: datetime | None) -> None:
        """What nbgrader's `add_submission` makes, and what `_update` would write there.

        As rows: one object after another, it would take as long as running a notebook.
        """
        db = self.gradebook.db
        assignment = self.gradebook.find_assignment(self._assignment).id
        submission = new_uuid()
        db.execute(
            insert(SubmittedAssignment.__table__),
            {"id": submission, "assignment_id": assignment, "student_id": graded.student}
            | {"timestamp": timestamp},
        )
        of_assignment = Notebook.assignment_id == assignment
        names = db.execute(select(Notebook.id, Notebook.name).where(of_assignment)).all()
        cells = db.execute(
            select(BaseCell.notebook_id, BaseCell.id, BaseCell.name, BaseCell.type)
            .join(Notebook, Notebook.id == BaseCell.notebook_id)
            .where(of_assignment)
        ).all()
        notebooks = {notebook: new_uuid() for notebook, _ in names}
        results = {notebook: graded.notebooks.get(name) for notebook, name in names}
        rows: dict[Any, list[dict[str, Any]]] = {SubmittedNotebook: [], Grade: [], Comment: []}
        for notebook, own in notebooks.items():
            one = {"id": own, "assignment_id": submission, "notebook_id": notebook}
            rows[SubmittedNotebook].append(one)
        for notebook, cell, name, kind in cells:
            place = {"notebook_id": notebooks[notebook], "cell_id": cell}
            if kind in ("GradeCell", "TaskCell"):
                value = _points(results[notebook], name)
                given = {"auto_score": value, "needs_manual_grade": value is None}
                rows[Grade].append(place | given)
            if kind in ("SolutionCell", "TaskCell"):
                said = {"auto_comment": _comment(results[notebook], name)}
                rows[Comment].append(place | said)
        for kind, values in rows.items():
            if values:
                db.execute(insert(kind.__table__), values)

    def _update(self, graded: Graded, submission: SubmittedAssignment) -> None:
        for notebook in submission.notebooks:
            result = graded.notebooks.get(notebook.name)
            for grade in notebook.grades:
                value = _points(result, grade.name)
                grade.auto_score = value
                grade.needs_manual_grade = value is None or (
                    result is not None and grade.manual_score is not None
                )
            for comment in notebook.comments:
                comment.auto_comment = _comment(result, comment.name)
            notebook.late_submission_penalty = None
        self.gradebook.db.flush()


def _points(result: GradedNotebook | None, cell: str) -> float | None:
    """Of a cell; a notebook that was not handed in has none."""
    return result.points.get(cell) if result else 0.0


def _comment(result: GradedNotebook | None, cell: str) -> str | None:
    return result.comments.get(cell) if result else NOT_HANDED_IN


def _timestamp(folder: Path) -> datetime | None:
    """When the hand-in came (UTC); None if nothing says so, or in no way that can be understood."""
    try:
        return utils.parse_utc(timestamp_of(folder))
    except (ValueError, OverflowError):
        return None


@contextlib.contextmanager
def _one_transaction(gradebook: Gradebook, *, keep: bool = True) -> Iterator[None]:
    """nbgrader's gradebook commits at every step: meanwhile it does so once, at the end, or never
    (`keep=False`)."""
    session = gradebook.db()
    commit = session.commit
    session.commit = session.flush
    try:
        yield
        if keep:
            commit()
        else:
            session.rollback()
    except BaseException:
        session.rollback()
        raise
    finally:
        del session.commit


def withdraw(course: Course, gradebook: Gradebook, assignment: str, student: str) -> None:
    """After a failure nothing may look graded: what an earlier time gave automatically is removed.

    Points that a person gave stay.
    """
    shutil.rmtree(course.autograded(student, assignment), ignore_errors=True)
    try:
        submission = gradebook.find_submission(assignment, student)
    except MissingEntry:
        return
    for notebook in submission.notebooks:
        for entry in notebook.grades:
            entry.auto_score, entry.needs_manual_grade = None, True
    gradebook.db.commit()
