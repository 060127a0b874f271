"""What a class's executed notebooks tell: how each check went for each student, and why.

Points come from the gradebook, names of checks from the instructor's source. What a failing check
said comes from a process that ran a student's code: it is shortened here, and to be shown as text.
"""

import json
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
from nbconvert.filters import strip_ansi
from nbgrader import utils
from nbgrader.api import (
    Assignment,
    BaseCell,
    Grade,
    Gradebook,
    Notebook,
    SubmittedAssignment,
    SubmittedNotebook,
)

from autograder import hidden
from autograder.gradebook import EVENTS
from autograder.paths import Course
from autograder.repair import Labelled, layout_of

PASSED, PARTLY, FAILED, UNWRITTEN, WAITING = "passed", "partly", "failed", "not written", "waiting"
# What became of an answer, whatever was asked of it.
NEVER_RAN, STOPPED, RAISES = "its cell does not run through", "does not end well", "raises an error"
LONGEST = 240  # characters of one thing that a notebook said


@dataclass(frozen=True)
class Check:
    """A graded cell, in its author's words."""

    notebook: str
    grade_id: str
    exercise: str
    name: str
    points: float


@dataclass(frozen=True)
class Reason:
    """Why a check failed. Equal for students who were told the same."""

    notebook: str
    exercise: str
    title: str  # the property; or, where there is nothing to expect, what became of the answer
    said: str = ""  # what was expected, or what happened
    call: str = ""  # the input


@dataclass(frozen=True)
class Result:
    """How one check went for one student. Points are None while a person must give them."""

    check: Check
    score: float | None
    state: str
    reason: Reason | None = None
    got: str = ""  # instead of what was expected


@dataclass
class HandIn:
    """What grading found in one student's notebooks."""

    student: str
    attempts: int
    seconds: float = 0.0  # that all its cells ran
    unconfined: bool = False  # whether something of it ran without a sandbox
    results: list[Result] = field(default_factory=list)
    reviews: list[tuple[str, str]] = field(default_factory=list)  # (notebook, what to decide)


def read(course: Course, url: str, assignment: str, students: Sequence[str]) -> list[HandIn]:
    """The hand-ins of `students`, who were graded, in that order.

    A notebook that was not handed in says nothing about its checks: it has no results.
    """
    with Gradebook(url) as gradebook:
        names = [notebook.name for notebook in gradebook.find_assignment(assignment).notebooks]
        cells = {name: layout_of(gradebook, course, assignment, name) for name in sorted(names)}
        points = _points(gradebook, assignment)
    checks = {name: _checks(name, labelled) for name, labelled in cells.items()}
    sources = {(n, cell.grade_id): cell.source for n, found in cells.items() for cell in found}
    handed_in = []
    for student in students:
        one = HandIn(student, 1 + _kept(course, student, assignment))
        for name in checks:
            path = course.autograded(student, assignment) / f"{name}.ipynb"
            executed = _notebook(path)
            if executed:
                own = points.get((student, name), {})
                _read_one(one, executed, checks[name], sources, own)
        handed_in.append(one)
    return handed_in


def checks_of(handed_in: Iterable[HandIn]) -> list[Check]:
    """The checks that somebody handed in, in the order of the notebooks."""
    return list(dict.fromkeys(result.check for one in handed_in for result in one.results))


def _points(gradebook: Gradebook, assignment: str) -> dict[tuple[str, str], dict[str, Any]]:
    """(student, notebook) → grade_id → points, or None; in one query, however large the class."""
    rows = (
        gradebook.db.query(
            SubmittedAssignment.student_id,
            *(Notebook.name, BaseCell.name, Grade.auto_score, Grade.manual_score, Grade.score),
        )
        .select_from(Grade)
        .join(BaseCell, Grade.cell_id == BaseCell.id)
        .join(SubmittedNotebook, Grade.notebook_id == SubmittedNotebook.id)
        .join(SubmittedAssignment, SubmittedNotebook.assignment_id == SubmittedAssignment.id)
        .join(Notebook, SubmittedNotebook.notebook_id == Notebook.id)
        .join(Assignment, SubmittedAssignment.assignment_id == Assignment.id)
        .filter(Assignment.name == assignment)
    )
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for student, notebook, cell, automatic, manual, score in rows:
        given = None if automatic is None and manual is None else float(score)
        found.setdefault((student, notebook), {})[cell] = given
    return found


def _checks(notebook: str, cells: Iterable[Labelled]) -> dict[str, Check]:
    """grade_id → check; each belongs to the answer before it."""
    found, exercise = {}, ""
    for cell in cells:
        answer = cell.nbgrader.get("solution") or cell.nbgrader.get("task")
        if answer:
            exercise = cell.grade_id
        if "points" in cell.nbgrader:
            named = hidden.properties(cell.source) if cell.cell_type == "code" else []
            name = named[0].name if named and not answer else cell.grade_id.replace("_", " ")
            points = float(cell.nbgrader["points"])
            owner = exercise or cell.grade_id
            found[cell.grade_id] = Check(notebook, cell.grade_id, owner, name, points)
    return found


def _notebook(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def _kept(course: Course, student: str, assignment: str) -> int:
    """How many earlier hand-ins were kept."""
    shelf = course.grading / "kept" / student / assignment
    return sum(path.is_dir() for path in shelf.iterdir()) if shelf.is_dir() else 0


def _read_one(
    one: HandIn,
    executed: dict[str, Any],
    checks: dict[str, Check],
    sources: dict[tuple[str, str], str],
    points: dict[str, float | None],
) -> None:
    about = executed["metadata"].get("stepwise", {})
    name = next(iter(checks.values())).notebook if checks else ""
    for sentence in [*([about["problem"]] if "problem" in about else []), *about.get("review", [])]:
        one.reviews.append((name, plain(sentence)))
    one.unconfined |= bool(about.get("unconfined"))
    cells = {_grade_id(cell): cell for cell in executed["cells"]}
    one.seconds += sum(_happened(cell).get("seconds", 0.0) for cell in cells.values())
    for check in checks.values():
        score = points.get(check.grade_id)
        cell = cells.get(check.grade_id)
        answer = cells.get(check.exercise, {})
        if score is None or cell is None:
            one.results.append(Result(check, score, WAITING))
        elif score >= check.points:
            one.results.append(Result(check, score, PASSED))
        elif _untouched(answer):
            one.results.append(Result(check, score, UNWRITTEN))
        else:
            source = sources.get((check.notebook, check.grade_id), "")
            reason, got = _reason(check, cell, answer, source)
            one.results.append(Result(check, score, PARTLY if score else FAILED, reason, got))


def _grade_id(cell: dict[str, Any]) -> str:
    return str(cell.get("metadata", {}).get("nbgrader", {}).get("grade_id", cell.get("id", "")))


def _happened(cell: dict[str, Any]) -> dict[str, Any]:
    return dict(cell.get("metadata", {}).get("stepwise", {}))


def _untouched(answer: dict[str, Any]) -> bool:
    """Whether an answer is still what students were given."""
    nbgrader = answer.get("metadata", {}).get("nbgrader", {})
    if not nbgrader.get("solution") or not nbgrader.get("checksum"):
        return False
    cell = nbformat.from_dict(answer | {"source": "".join(answer["source"])})
    return bool(nbgrader["checksum"] == utils.compute_checksum(cell))


def _reason(
    check: Check, cell: dict[str, Any], answer: dict[str, Any], source: str
) -> tuple[Reason | None, str]:
    """Why `check` failed, and what came instead of what was expected."""
    here = (check.notebook, check.exercise)
    status = _happened(answer).get("status", "ok")
    if answer is not cell and status != "ok":
        said = EVENTS.get(status) or plain(_happened(answer).get("error", ""))
        return Reason(*here, NEVER_RAN, said), ""
    happened = _happened(cell)
    if happened.get("status") in EVENTS:
        return Reason(*here, STOPPED, EVENTS[happened["status"]]), ""
    # Of a hidden test nothing is repeated; its error tells which of the author's words to use.
    seen = None if happened.get("in_hidden") else happened.get("visible")
    errors = [o for o in cell.get("outputs", [])[:seen] if o["output_type"] == "error"]
    if happened.get("status") != "error" or not errors:
        return Reason(*here, check.name, "gives part of the points"), ""
    message = strip_ansi("".join(errors[-1].get("evalue", "")))
    title, idea = _property(source, message, check.name)
    if happened.get("in_hidden"):
        return Reason(*here, title, "fails on inputs that are not shown"), ""
    if happened.get("error") != "CheckFailure":
        said = f"{happened.get('error', '')}: {message}".removesuffix(": ")
        return Reason(*here, title, plain(said)), ""
    facts = {match[1]: match for match in _FACT.finditer(message)}
    call = plain(facts["Input"][3]) if "Input" in facts else ""
    if "Expected" in facts:
        said = f"expected{facts['Expected'][2]} {facts['Expected'][3]}"
        got = plain(facts["Got"][3]) if "Got" in facts else ""
        return Reason(*here, title, plain(said), call), got
    sentence = _sentence(message, idea)
    if sentence.startswith(_RAISED):
        return Reason(*here, RAISES, plain(sentence.removeprefix(_RAISED))), ""
    return Reason(*here, title, plain(sentence), call), ""


_RAISED = "Your code raised "
# As a check's card says it (course.checks.cards), continued on indented lines.
_FACT = re.compile(r"^(Expected|Got|Input)([^:\n]{0,60}): (.*(?:\n    .*)*)", re.MULTILINE)
_NO_SENTENCE = re.compile(r"^(Expected|Got|Input|Line \d+ of|Hint)\b", re.MULTILINE)


def _property(source: str, message: str, otherwise: str) -> tuple[str, str]:
    """Name and idea of the check in `source` that `message` is about."""
    named = hidden.properties(source)
    first = message.partition("\n")[0].removeprefix("Not yet: ")
    for one in sorted(named, key=lambda p: -len(p.name)):
        if first == one.name or first.startswith(f"{one.name} ("):
            return one.name, one.idea
    return otherwise, ""


def _sentence(message: str, idea: str) -> str:
    """What happened, of a card: not its name, its idea, the line, nor the facts."""
    body = message.partition("\n")[2]
    fact = _NO_SENTENCE.search(body)
    words = " ".join((body[: fact.start()] if fact else body).split())
    return words.removeprefix(idea).strip()


# Marks that turn the direction of what follows: a name or a message must not turn the page's.
_TURNING = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def plain(text: object, longest: int = LONGEST) -> str:
    """`text` in one line, without control characters, shortened."""
    words = " ".join(_TURNING.sub("", strip_ansi(str(text))).split())
    words = "".join(c for c in words if c.isprintable())
    return words if len(words) <= longest else f"{words[: longest - 1].rstrip()}…"


@dataclass
class Group:
    """Students who lost points for the same reason."""

    reason: Reason
    students: list[str] = field(default_factory=list)
    got: Counter[str] = field(default_factory=Counter)


def grouped(handed_in: Iterable[HandIn]) -> list[Group]:
    """The reasons of lost points, those of most students first; a student counts once in each."""
    groups: dict[Reason, Group] = {}
    for one in handed_in:
        for result in one.results:
            if result.reason is None:
                continue
            group = groups.setdefault(result.reason, Group(result.reason))
            if one.student not in group.students[-1:]:
                group.students.append(one.student)
                group.got.update([result.got] if result.got else [])
    return sorted(groups.values(), key=lambda group: -len(group.students))
