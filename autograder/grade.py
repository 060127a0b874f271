"""`autograder grade`: hand-ins run in parallel, one writer keeps the gradebook."""

import argparse
import contextlib
import os
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from nbgrader.api import Gradebook, MissingEntry
from sqlalchemy.exc import SQLAlchemyError
from traitlets.config import Config

from autograder import gradebook as book
from autograder import handins, workers
from autograder.engine import Engine
from autograder.errors import UsageError
from autograder.execute import Limits
from autograder.intake import recognise
from autograder.paths import find_course
from autograder.pipeline import Graded, Job
from autograder.preprocessors import Run
from autograder.record import Writer, withdraw
from autograder.repair import layout_of
from autograder.sandbox import SandboxUnavailable, shared
from autograder.score import TO_READ
from autograder.secret import class_secret

HELP = "grade what was handed in"
MOST_NAMED = 20  # in a line of the summary; the class report names all
WARNING = (
    "warning: no sandbox: the code that was handed in runs with all your rights, and can read and "
    "change the gradebook and every file of yours."
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("assignment", help="for example 01_algorithms")
    parser.add_argument("--student", nargs="+", metavar="ID", help="only these students")
    parser.add_argument("--regrade", action="store_true", help="also those that are graded")
    parser.add_argument(
        "--jobs",
        type=int,
        default=os.cpu_count() or 1,
        metavar="N",
        help="how many to grade at the same time (default: one for each processor)",
    )
    parser.add_argument(
        "--no-sandbox", action="store_true", help="run code unconfined: only for hand-ins you trust"
    )
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
    if options.no_sandbox:
        settings.Run.sandbox = False
        print(WARNING, file=sys.stderr)
    engine = Engine(course, settings)
    chosen = _chosen(engine, assignment, options.student)
    found = grade(engine, assignment, chosen, again=options.regrade, jobs=options.jobs)
    code = _summary(found, assignment)
    if options.no_sandbox:
        print(WARNING, file=sys.stderr)
    return code


def grade(
    engine: Engine,
    assignment: str,
    students: Iterable[str],
    *,
    again: bool = False,
    jobs: int = 1,
) -> list[book.Standing]:
    """Grade the hand-ins of `students` in `jobs` processes; print a line for each as it is done.

    Those that are graded already are skipped, unless `again`. One that fails stops no other.
    Returns how all of them stand now; raises UsageError if there is no sandbox to run them in.
    """
    course, found = engine.course, []
    students = list(students)
    limits = Run(config=engine.config).limits()
    sandbox = shared(limits.sandbox)
    try:
        sandbox.launch()  # it imports what students use, while we look at what is to be done
        before = {s.student: s for s in book.standings(course, engine.url, assignment, students)}
        todo = [s for s in students if again or before[s].status == book.NOT_GRADED]
        if len(todo) < len(students):
            print(f"{len(students) - len(todo)} graded already (--regrade does them again)")
        tasks = [*_jobs(engine, assignment, todo, limits)] if todo else []
        sandbox.start()
    except SandboxUnavailable as error:
        raise UsageError(f"{error}.") from error
    begun = time.monotonic()
    with contextlib.closing(workers.results(tasks, jobs)) as results:
        for number, graded in enumerate(results):
            problem = _write(engine, assignment, graded)
            (standing,) = book.standings(course, engine.url, assignment, [graded.student])
            found.append(standing)
            left = (time.monotonic() - begun) / (number + 1) * (len(todo) - number - 1)
            counter = f"{number + 1}/{len(todo)}"
            print(f"{counter:>9}  {_line(standing, problem)}{_estimate(left)}", flush=True)
    return found + [before[s] for s in students if s not in todo]


def _jobs(
    engine: Engine, assignment: str, students: Iterable[str], limits: Limits
) -> Iterator[Job]:
    course = engine.course
    expected = book.labels(engine.url, assignment)
    with Gradebook(engine.url) as gradebook:
        cells = {name: layout_of(gradebook, course, assignment, name) for name in expected}
    extra = course.solutions / assignment
    secret = class_secret(course)
    leave_out = tuple(engine.coursedir.ignore)
    for student in students:
        folder = course.submitted(student, assignment)
        _find_renamed(folder, expected)
        yield Job(student, folder, extra, leave_out, cells, secret, limits)


def _write(engine: Engine, assignment: str, graded: Graded) -> str:
    """Into the gradebook; what was wrong, if something was."""
    problem = graded.problem
    with Writer(engine, assignment) as writer:
        try:
            if not problem:
                writer.write(graded)
        except (OSError, SQLAlchemyError, ValueError) as error:
            problem = f"{type(error).__name__}: {error}"
        if problem:
            withdraw(engine.course, writer.gradebook, assignment, graded.student)
    return problem


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
    """Print what a person must look at, the most urgent first; the exit code."""
    graded = sum(s.status == book.GRADED for s in found)
    print(f"{assignment}: {graded} of {len(found)} graded")
    waiting = [s for s in found if s.status == book.REVIEW]
    only_to_read = [s for s in waiting if _only_to_read(s)]
    for words, named in (
        ("not graded (run it again)", [s for s in found if s.status == book.NOT_GRADED]),
        ("need a person (see the formgrader)", [s for s in waiting if s not in only_to_read]),
        ("have answers to be read (in the formgrader)", only_to_read),
        ("no credible time, so nothing off for being late", [s for s in found if s.doubt]),
    ):
        if named:
            more = f" and {len(named) - MOST_NAMED} more" if len(named) > MOST_NAMED else ""
            print(f"  {words}: {', '.join(s.student for s in named[:MOST_NAMED])}{more}")
    print(f"  how the class stands: autograder report {assignment}")
    return 0 if graded == len(found) else 1


def _only_to_read(standing: book.Standing) -> bool:
    said = [sentence for notebook in standing.notebooks for sentence in notebook.review]
    return bool(said) and all(sentence.endswith(TO_READ) for sentence in said)


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


def _find_renamed(folder: Path, expected: dict[str, set[str]]) -> None:
    """A missing notebook may be there under another name: then put a copy where it belongs."""
    missing = {n: ids for n, ids in expected.items() if not (folder / f"{n}.ipynb").exists()}
    for path in sorted(folder.glob("*.ipynb")) if missing else []:
        if path.stem not in expected and path.is_file() and not path.is_symlink():
            name = recognise(path.read_bytes(), missing)
            if name:
                (folder / f"{name}.ipynb").write_bytes(path.read_bytes())
                del missing[name]
