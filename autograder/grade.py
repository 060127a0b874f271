"""`autograder grade`: every hand-in of an assignment through nbgrader's engine, one at a time."""

import argparse
import time
from collections.abc import Iterable

from nbgrader.api import Gradebook, MissingEntry
from traitlets.config import Config

from autograder import gradebook as book
from autograder import handins
from autograder.engine import Engine, StepFailed
from autograder.errors import UsageError
from autograder.intake import recognise
from autograder.paths import find_course

HELP = "grade what was handed in"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("assignment", help="for example 01_algorithms")
    parser.add_argument("--student", nargs="+", metavar="ID", help="only these students")
    parser.add_argument("--regrade", action="store_true", help="also those that are graded")
    parser.add_argument(
        "--cell-seconds", type=float, metavar="S", help="time limit of a cell (default: 30)"
    )


def run(options: argparse.Namespace) -> int:
    course = find_course()
    assignment = course.assignment(options.assignment)
    settings = Config()
    if options.cell_seconds is not None:
        if options.cell_seconds < 1:
            raise UsageError("--cell-seconds must be 1 or more.")
        settings.Run.cell_seconds = options.cell_seconds
    engine = Engine(course, settings)
    chosen = _chosen(engine, assignment, options.student)
    found = grade(engine, assignment, chosen, again=options.regrade)
    return _summary(found, assignment)


def grade(
    engine: Engine, assignment: str, students: Iterable[str], *, again: bool = False
) -> list[book.Standing]:
    """Grade the hand-ins of `students` and print a line for each; how they stand now.

    Those that are graded already are skipped, unless `again`. One that fails stops no other.
    """
    course, found = engine.course, []
    students = list(students)
    before = {s.student: s for s in book.standings(course, engine.url, assignment, students)}
    begun = time.monotonic()
    todo = [s for s in students if again or before[s].status == book.NOT_GRADED]
    if len(todo) < len(students):
        print(f"{len(students) - len(todo)} graded already (--regrade does them again)")
    for number, student in enumerate(todo):
        problem = ""
        try:
            _find_renamed(engine, assignment, student)
            engine.autograde(assignment, student, again=True)
            _say_what_is_missing(engine, assignment, student)
        except (StepFailed, OSError) as error:
            problem = str(error)
            _withdraw(engine.url, assignment, student)
        (standing,) = book.standings(course, engine.url, assignment, [student])
        found.append(standing)
        left = (time.monotonic() - begun) / (number + 1) * (len(todo) - number - 1)
        counter = f"{number + 1}/{len(todo)}"
        print(f"{counter:>9}  {_line(standing, problem)}{_estimate(left)}", flush=True)
    return found + [before[s] for s in students if s not in todo]


def _line(standing: book.Standing, problem: str) -> str:
    parts = []
    for notebook in standing.notebooks:
        points = "—" if notebook.score is None else f"{notebook.score:g}"
        remarks = f" ({'; '.join(notebook.remarks)})" if notebook.remarks else ""
        parts.append(f"{notebook.name} {points}/{notebook.max_score:g}{remarks}")
    if problem:
        parts.append(problem)
    flag = "" if standing.status == book.GRADED else f"  [{standing.status}]"
    return f"{standing.student:<16} {'  '.join(parts)}{flag}"


def _estimate(seconds: float) -> str:
    if seconds < 5:
        return ""
    return (
        f"   (about {seconds / 60:.0f} min left)" if seconds > 90 else f"   ({seconds:.0f} s left)"
    )


def _summary(found: list[book.Standing], assignment: str) -> int:
    """Print what a person must look at; the exit code."""
    by_status = {
        status: [s.student for s in found if s.status == status]
        for status in (book.GRADED, book.REVIEW, book.NOT_GRADED)
    }
    print(f"{assignment}: {len(by_status[book.GRADED])} of {len(found)} graded")
    if by_status[book.REVIEW]:
        print(f"  need a person (see the formgrader): {', '.join(by_status[book.REVIEW])}")
    if by_status[book.NOT_GRADED]:
        print(f"  not graded (run it again): {', '.join(by_status[book.NOT_GRADED])}")
    return 0 if len(by_status[book.GRADED]) == len(found) else 1


def _chosen(engine: Engine, assignment: str, wanted: list[str] | None) -> list[str]:
    with Gradebook(engine.url) as gradebook:
        try:
            gradebook.find_assignment(assignment)
        except MissingEntry as error:
            raise UsageError(
                f"{assignment} was not released yet: run `autograder release {assignment}` first."
            ) from error
    here = handins.students(engine.course, assignment)
    if not here:
        raise UsageError(
            f"nobody has handed in {assignment}: run `autograder collect {assignment}` first."
        )
    missing = sorted(set(wanted or []) - set(here))
    if missing:
        raise UsageError(f"there is no hand-in of {assignment} by {', '.join(missing)}.")
    return sorted(set(wanted)) if wanted else here


def _find_renamed(engine: Engine, assignment: str, student: str) -> None:
    """A missing notebook may be there under another name: then put a copy where it belongs."""
    folder = engine.course.submitted(student, assignment)
    expected = book.labels(engine.url, assignment)
    missing = {n: ids for n, ids in expected.items() if not (folder / f"{n}.ipynb").exists()}
    for path in sorted(folder.glob("*.ipynb")) if missing else []:
        if path.stem not in expected:
            name = recognise(path.read_bytes(), missing)
            if name:
                (folder / f"{name}.ipynb").write_bytes(path.read_bytes())
                del missing[name]


def _say_what_is_missing(engine: Engine, assignment: str, student: str) -> None:
    """A notebook that was not handed in has 0 points; a comment tells the student why."""
    folder = engine.course.submitted(student, assignment)
    with Gradebook(engine.url) as gradebook:
        for notebook in gradebook.find_submission(assignment, student).notebooks:
            if not (folder / f"{notebook.name}.ipynb").exists():
                for comment in notebook.comments:
                    comment.auto_comment = "This notebook was not handed in."
        gradebook.db.commit()


def _withdraw(url: str, assignment: str, student: str) -> None:
    """After a failure nothing may look graded: automatic points of an earlier time are removed."""
    with Gradebook(url) as gradebook:
        try:
            submission = gradebook.find_submission(assignment, student)
        except MissingEntry:
            return
        for notebook in submission.notebooks:
            for entry in notebook.grades:
                entry.auto_score, entry.needs_manual_grade = None, True
        gradebook.db.commit()
