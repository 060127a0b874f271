"""How each hand-in stands, read from the gradebook: graded, waiting for a person, or not graded."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from nbgrader.api import Gradebook, MissingEntry, SubmittedAssignment, SubmittedNotebook
from sqlalchemy.orm import joinedload, selectinload, undefer

from autograder import handins, late
from autograder.paths import Course

GRADED = "graded"
REVIEW = "needs a person"
NOT_GRADED = "not graded"
NOT_HANDED_IN = "not handed in"


@dataclass(frozen=True)
class NotebookStanding:
    """Points of one notebook; None while somebody or something must still give some."""

    name: str
    score: float | None
    max_score: float
    status: str
    remarks: tuple[str, ...] = ()  # what a person should know, a sentence each
    review: tuple[str, ...] = ()  # those of them that a person must decide about


@dataclass(frozen=True)
class Standing:
    """How one student stands in one assignment. Points are None unless all are given."""

    student: str
    assignment: str
    status: str
    score: float | None
    max_score: float
    penalty: float = 0.0
    notebooks: tuple[NotebookStanding, ...] = ()
    handed_in: datetime | None = None  # UTC
    seconds_late: float = 0.0
    doubt: str = ""  # why the time of handing in cannot be believed, where it would matter
    first_name: str = ""
    last_name: str = ""
    email: str = ""
    number: str = ""  # the learning platform's, of the user or participant


_statements: dict[Any, Any] = {}  # compiled once for all the times that a gradebook is opened


def labels(url: str, assignment: str) -> dict[str, set[str]]:
    """The grade_ids of each notebook of an assignment."""
    with Gradebook(url) as gradebook:
        return {
            notebook.name: {cell.name for cell in notebook.source_cells}
            for notebook in gradebook.find_assignment(assignment).notebooks
        }


def standings(
    course: Course, url: str, assignment: str, only: Iterable[str] | None = None
) -> list[Standing]:
    """How every known student stands, or those in `only`; sorted by student.

    Known are the students in the gradebook and those who have handed in.
    """
    with Gradebook(url) as gradebook:
        gradebook.engine.update_execution_options(compiled_cache=_statements)
        wanted = only
        if wanted is None:
            wanted = {student.id for student in gradebook.students}
            wanted |= set(handins.students(course, assignment))
        return [standing(course, gradebook, assignment, name) for name in sorted(set(wanted))]


def standing(course: Course, gradebook: Gradebook, assignment: str, student: str) -> Standing:
    """How one student stands, in an open gradebook."""
    handed_in = course.submitted(student, assignment).is_dir()
    found = _standing(course, gradebook, assignment, student, handed_in)
    try:
        person = gradebook.find_student(student)
    except MissingEntry:
        return found
    return replace(
        found,
        first_name=person.first_name or "",
        last_name=person.last_name or "",
        email=person.email or "",
        number=person.lms_user_id or "",
    )


def _standing(
    course: Course, gradebook: Gradebook, assignment: str, student: str, handed_in: bool
) -> Standing:
    largest = 0.0
    try:
        largest = float(gradebook.find_assignment(assignment).max_score)
        submission = gradebook.find_submission(assignment, student)
    except MissingEntry:
        status = NOT_GRADED if handed_in else NOT_HANDED_IN
        return Standing(student, assignment, status, None if handed_in else 0.0, largest)
    rows = _notebooks(gradebook, submission)
    notebooks = sorted(
        (_notebook(course, notebook, assignment, student) for notebook in rows),
        key=lambda notebook: notebook.name,
    )
    statuses = {notebook.status for notebook in notebooks}
    # A hand-in that came since: what is in the gradebook is about an earlier one.
    folders = (course.submitted(student, assignment), course.autograded(student, assignment))
    if handed_in and len({handins.timestamp_of(folder) for folder in folders}) > 1:
        statuses.add(NOT_GRADED)
    status = next((s for s in (NOT_GRADED, REVIEW) if s in statuses), GRADED)
    penalty = float(sum(row.late_submission_penalty or 0.0 for row in rows))
    total = sum(notebook.score or 0.0 for notebook in notebooks)
    return Standing(
        *(student, assignment, status),
        score=max(0.0, total - penalty) if status == GRADED else None,
        max_score=largest,
        penalty=penalty,
        notebooks=tuple(notebooks),
        handed_in=submission.timestamp,
        seconds_late=float(submission.total_seconds_late or 0.0),
        doubt=late.doubt(submission.timestamp) if submission.duedate else "",
    )


def _notebooks(gradebook: Gradebook, submission: SubmittedAssignment) -> list[SubmittedNotebook]:
    """All that `_notebook` asks for, in two queries instead of four a notebook."""
    found: list[SubmittedNotebook] = (
        gradebook.db.query(SubmittedNotebook)
        .options(
            joinedload(SubmittedNotebook.notebook),
            selectinload(SubmittedNotebook.grades),
            undefer(SubmittedNotebook.score),
            undefer(SubmittedNotebook.max_score),
        )
        .filter(SubmittedNotebook.assignment_id == submission.id)
        .all()
    )
    return found


def _notebook(
    course: Course, notebook: SubmittedNotebook, assignment: str, student: str
) -> NotebookStanding:
    folder = course.autograded(student, assignment)
    about = _about(folder / f"{notebook.name}.ipynb")
    waiting = [g for g in notebook.grades if g.auto_score is None and g.manual_score is None]
    if waiting and (about.get("again") or not folder.is_dir()):
        status = NOT_GRADED
    elif waiting or any(grade.needs_manual_grade for grade in notebook.grades):
        status = REVIEW
    else:
        status = GRADED
    review = [*([about["problem"]] if "problem" in about else []), *about.get("review", [])]
    return NotebookStanding(
        notebook.name,
        score=None if waiting else float(notebook.score),
        max_score=float(notebook.max_score),
        status=status,
        remarks=(
            *review,
            *about.get("events", []),
            *(["ran without a sandbox"] if about.get("unconfined") else []),
        ),
        review=tuple(review),
    )


def _about(path: Path) -> dict[str, Any]:
    """What the steps of grading wrote into the executed notebook, and what its tests ran into."""
    try:
        notebook = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    about = dict(notebook["metadata"].get("stepwise", {}))
    about["events"] = []
    for cell in notebook["cells"]:
        name = cell["metadata"].get("nbgrader", {}).get("grade_id")
        words = EVENTS.get(cell["metadata"].get("stepwise", {}).get("status"))
        if name and words:
            about["events"].append(f"{name} {words}")
    return about


EVENTS = {
    "timeout": "ran into the time limit",
    "flood": "printed without end",
    "died": "stopped Python",
    "not run": "was not run",
}
