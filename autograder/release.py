"""`autograder release`: build, prove, record in the gradebook, hand out through the exchange."""

import argparse
import filecmp
import importlib
from datetime import UTC, datetime
from pathlib import Path

from nbgrader.api import Gradebook

from autograder.build import build, record, text_notebooks
from autograder.engine import Engine, StepFailed
from autograder.errors import UsageError
from autograder.paths import Course, find_course
from autograder.secret import class_secret

HELP = "hand an assignment out to students"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("assignment", help="for example 01_algorithms")
    parser.add_argument("--force", action="store_true", help="replace what was released earlier")
    parser.add_argument("--skip-proof", action="store_true", help="do not prove the tests first")
    parser.add_argument("--due", metavar="TIME", help='due date, such as "2026-12-01 23:59"')


def run(options: argparse.Namespace) -> int:
    course = find_course()
    assignment = course.assignment(options.assignment)
    due = _moment(options.due) if options.due else None
    for line in build(course, assignment):
        print(line)
    if not options.skip_proof:
        prove = importlib.import_module("autograder.prove")
        if prove.run(argparse.Namespace(assignment=assignment)) != 0:
            print(f"{assignment} was not released: mend its tests, or use --skip-proof.")
            return 1
    release(course, assignment, again=options.force, due=due)
    return 0


def release(
    course: Course, assignment: str, *, again: bool = False, due: datetime | None = None
) -> None:
    """Record the built `assignment` in the gradebook, put it into the exchange, say what is next.

    `due` is in UTC. Raises UsageError when another version was released before, unless `again`.
    """
    engine = Engine(course)
    class_secret(course)
    outbound = course.grading / "exchange" / engine.coursedir.course_id / "outbound" / assignment
    before = outbound.is_dir()
    if before and not again and not _same(course, assignment, outbound):
        raise UsageError(
            f"another version of {assignment} is released: --force replaces it (students who "
            "fetched it keep their copy)."
        )
    record(course, assignment, engine.url)
    with Gradebook(engine.url) as gradebook:
        if due:
            gradebook.update_or_create_assignment(assignment, duedate=due)
        entry = gradebook.find_assignment(assignment)
        names = sorted(notebook.name for notebook in entry.notebooks)
        points = entry.max_score
    if before and not again:
        print(f"{assignment} is released already, and nothing has changed since.")
        return
    try:
        engine.release_assignment(assignment, again=again)
    except StepFailed as error:
        raise UsageError(f"{assignment} was not released: {error}") from error
    print(f"released {assignment}: {', '.join(names)} ({points:g} points)")
    print("students: in JupyterLab, Nbgrader → Assignment List → Fetch; it comes to work/.")
    if before:
        print(
            f"who has fetched it before: rename work/{assignment}, fetch again, and copy your "
            "answers over; nothing of yours is replaced."
        )


def _same(course: Course, assignment: str, outbound: Path) -> bool:
    """Whether what was released is what was built. Other notebooks that lie there do not count."""
    built = course.exercises / assignment
    texts = {text.with_suffix("").name for text in text_notebooks(course, assignment)}
    files = {p.relative_to(outbound) for p in outbound.rglob("*") if p.is_file()}
    files |= {
        p.relative_to(built)
        for p in built.rglob("*")
        if p.is_file()
        and (p.suffix != ".ipynb" or p.stem in texts)
        and ".ipynb_checkpoints" not in p.parts
    }
    return not any(filecmp.cmpfiles(outbound, built, map(str, files), shallow=False)[1:])


def _moment(text: str) -> datetime:
    """Local time, as the instructor writes it, in UTC without a zone, as nbgrader stores it."""
    try:
        return datetime.fromisoformat(text).astimezone(UTC).replace(tzinfo=None)
    except ValueError as error:
        raise UsageError(f'--due {text!r} is no time: write it like "2026-12-01 23:59".') from error
