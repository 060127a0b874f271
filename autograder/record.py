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
from nbgrader.api import Gradebook, MissingEntry

from autograder.engine import Engine, known_remarks
from autograder.files import copy_plain
from autograder.handins import timestamp_of
from autograder.late import Penalties
from autograder.paths import Course
from autograder.pipeline import Graded

NOT_HANDED_IN = "This notebook was not handed in."


class Writer:
    """Writes results of one assignment; keeps the gradebook open meanwhile."""

    def __init__(self, engine: Engine, assignment: str) -> None:
        self._engine, self._assignment = engine, assignment
        self.gradebook = Gradebook(engine.url, engine.coursedir.course_id)
        self._penalties = Penalties(engine.config, self.gradebook, assignment)

    def __enter__(self) -> "Writer":
        return self

    def __exit__(self, *_: object) -> None:
        self.gradebook.close()

    def write(self, graded: Graded) -> None:
        """Put the result beside what the gradebook knows. All of it is written, or nothing."""
        course = self._engine.course
        source = course.submitted(graded.student, self._assignment)
        target = course.autograded(graded.student, self._assignment)
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".new-", dir=target.parent) as place:
            new = Path(place) / "new"
            copy_plain(source, new, ["*.ipynb"])
            for name, notebook in graded.notebooks.items():
                (new / f"{name}.ipynb").write_text(notebook.text, encoding="utf-8")
            with known_remarks(), _one_transaction(self.gradebook):
                self._rows(graded, _timestamp(source))
                if target.exists():
                    target.rename(Path(place) / "old")
                new.rename(target)

    def _rows(self, graded: Graded, timestamp: Any) -> None:
        student = graded.student
        self.gradebook.update_or_create_student(student)
        # None too: the time of an earlier hand-in says nothing about this one.
        submission = self.gradebook.update_or_create_submission(
            self._assignment, student, timestamp=timestamp
        )
        for notebook in submission.notebooks:
            result = graded.notebooks.get(notebook.name)
            for grade in notebook.grades:
                value = result.points.get(grade.name) if result else 0.0
                grade.auto_score = value
                grade.needs_manual_grade = value is None or (
                    result is not None and grade.manual_score is not None
                )
            for comment in notebook.comments:
                comment.auto_comment = (
                    result.comments.get(comment.name) if result else NOT_HANDED_IN
                )
        self.gradebook.db.flush()
        for notebook in submission.notebooks:
            if notebook.name in graded.notebooks:
                self.gradebook.db.refresh(notebook)
                self._penalties.assign(submission, notebook)
            else:
                notebook.late_submission_penalty = None


def _timestamp(folder: Path) -> datetime | None:
    """When the hand-in came (UTC); None if nothing says so, or in no way that can be understood."""
    try:
        return utils.parse_utc(timestamp_of(folder))
    except (ValueError, OverflowError):
        return None


@contextlib.contextmanager
def _one_transaction(gradebook: Gradebook) -> Iterator[None]:
    """nbgrader's gradebook commits at every step: meanwhile it does so once, at the end."""
    session = gradebook.db()
    commit = session.commit
    session.commit = session.flush
    try:
        yield
        commit()
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
