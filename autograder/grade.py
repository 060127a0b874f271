"""`autograder grade`: hand-ins run in parallel, one writer keeps the gradebook."""

import argparse
import contextlib
import os
import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import replace

from nbgrader.api import Gradebook, MissingEntry
from traitlets.config import Config

from autograder import gradebook as book
from autograder import handins, workers
from autograder.batch import Batch
from autograder.cluster import Cluster
from autograder.engine import Engine
from autograder.errors import UsageError
from autograder.findings import plain
from autograder.paths import find_course
from autograder.pipeline import INFRASTRUCTURE_ERROR, Graded
from autograder.preprocessors import Run
from autograder.sandbox import Sandbox, SandboxUnavailable, shared
from autograder.score import TO_READ

HELP = "grade what was handed in"
TO_BE_READ = "have answers to be read (in the formgrader)"
MOST_REASONS = 12  # below a line of the summary
MOST_NAMED = 20  # in a line of the summary; the class report names all
WARNING = (
    "warning: no sandbox: the code that was handed in runs with all your rights, and can read and "
    "change the gradebook and every file of yours."
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("assignment", help="for example 01_algorithms")
    parser.add_argument("--student", nargs="+", metavar="ID", help="only these students")
    parser.add_argument(
        "--regrade",
        action="store_true",
        help="also those that are graded; shows what would change, and writes nothing",
    )
    parser.add_argument(
        "--apply", action="store_true", help="with --regrade: write what it has shown"
    )
    parser.add_argument(
        "--jobs",
        type=int,
        default=os.cpu_count() or 1,
        metavar="N",
        help="how many to grade at the same time (default: one for each processor)",
    )
    parser.add_argument(
        "--dask", metavar="ADDRESS", help="grade on the workers of this Dask scheduler instead"
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
    if options.apply and not options.regrade:
        raise UsageError("--apply goes with --regrade.")
    engine = Engine(course, settings)
    chosen = _chosen(engine, assignment, options.student)
    if options.apply:
        code = _summary(apply(engine, assignment, chosen), assignment)
    elif options.regrade:
        code = preview(engine, assignment, chosen, jobs=options.jobs, dask=options.dask)
    else:
        code = _summary(
            grade(engine, assignment, chosen, jobs=options.jobs, dask=options.dask), assignment
        )
    if options.no_sandbox:
        print(WARNING, file=sys.stderr)
    return code


def grade(
    engine: Engine,
    assignment: str,
    students: Iterable[str],
    *,
    jobs: int = 1,
    dask: str | None = None,
) -> list[book.Standing]:
    """Grade the hand-ins of `students`; print a line for each as it is done.

    They run in `jobs` processes here, or on the cluster of the scheduler at `dask`. Those that are
    graded already are skipped. One that fails stops no other, and what is killed is taken up by the
    next call. Returns how all of them stand now; raises UsageError if there is no sandbox (or no
    cluster) to run them in, Stopped if the gradebook or the disk gives up.
    """
    found = []
    with _batch(engine, assignment, students, local=dask is None) as (batch, sandbox):
        before = _standings(engine, assignment, batch.students)
        todo = batch.to_grade(before)
        _say_what_stands(batch, todo)
        progress = _Progress(len(todo))
        with _pool(sandbox, len(todo), jobs, dask) as pool:
            for graded in batch.grade(todo, pool):
                standing = batch.standing(graded.student)
                if standing.status == book.NOT_GRADED:
                    standing = replace(standing, trouble=graded.problem)
                found.append(standing)
                progress.say(_line(standing, graded))
    done = set(todo)
    return found + [standing for student, standing in before.items() if student not in done]


def preview(
    engine: Engine,
    assignment: str,
    students: Iterable[str],
    *,
    jobs: int = 1,
    dask: str | None = None,
) -> int:
    """Grade hand-ins again and print what would change, without changing it; the exit code.

    See `grade`; `apply` writes it. Hand-ins whose regrade waits already are not run again.
    """
    failed = []
    with _batch(engine, assignment, students, local=dask is None) as (batch, sandbox):
        waiting = batch.waiting()
        progress = _Progress(len(batch.students))
        with _pool(sandbox, len(batch.students) - len(waiting), jobs, dask) as pool:
            for graded in batch.preview(batch.students, pool):
                if graded.outcome == INFRASTRUCTURE_ERROR:
                    failed.append(graded.student)
                    progress.say(f"{graded.student:<16} {graded.problem}")
                else:
                    progress.say(f"{graded.student:<16} done")
        changed = _print_changes(batch)
    print(f"{assignment}: {changed} of {len(batch.students)} would change; nothing is written yet")
    if failed:
        print(f"  not graded again (what stands is kept): {', '.join(sorted(failed))}")
    if len(failed) < len(batch.students):
        print(f"  to write it: autograder grade {assignment} --regrade --apply")
    return 1 if failed else 0


def apply(engine: Engine, assignment: str, students: Iterable[str]) -> list[book.Standing]:
    """Write what a preview found, and print it; how those students stand then.

    Raises UsageError if nothing waits that is about these very hand-ins, tests and limits.
    """
    with _batch(engine, assignment, students, local=False) as (batch, _):
        waiting = batch.waiting()
        if not waiting:
            raise UsageError(
                f"no regrade of {assignment} waits to be written (or the hand-ins, the tests or "
                f"the environment changed since): run `autograder grade {assignment} --regrade`."
            )
        _print_changes(batch)
        for student, attempt in sorted(waiting.items(), key=lambda item: item[0]):
            graded = batch.apply(attempt)
            if graded.outcome == INFRASTRUCTURE_ERROR:
                print(f"{student:<16} not written, what stands is kept: {graded.problem}")
    return list(_standings(engine, assignment, sorted(waiting)).values())


@contextlib.contextmanager
def _batch(
    engine: Engine, assignment: str, students: Iterable[str], *, local: bool
) -> Iterator[tuple[Batch, Sandbox]]:
    """The batch, and the sandbox; if hand-ins are to run here (`local`), it imports what students
    use while we see what is to be done."""
    limits = Run(config=engine.config).limits()
    sandbox = shared(limits.sandbox)
    try:
        if local:
            sandbox.launch()
        with Batch(engine, assignment, students, limits) as batch:
            if batch.interrupted:
                print(f"taken up where it was interrupted: {', '.join(batch.interrupted)}")
            yield batch, sandbox
    except SandboxUnavailable as error:
        raise UsageError(f"{error}.") from error


@contextlib.contextmanager
def _pool(sandbox: Sandbox, number: int, jobs: int, dask: str | None) -> Iterator[workers.Pool]:
    """Workers for this number of hand-ins."""
    pool: workers.Pool
    if dask is not None and number:
        pool = Cluster(dask, isolated=sandbox.isolated)
    else:
        if number:
            sandbox.start()
        pool = workers.pool(jobs)
    with contextlib.closing(pool):
        yield pool


def _standings(
    engine: Engine, assignment: str, students: Iterable[str]
) -> dict[str, book.Standing]:
    found = book.standings(engine.course, engine.url, assignment, students)
    return {standing.student: standing for standing in found}


def _say_what_stands(batch: Batch, todo: list[str]) -> None:
    old = set(batch.outdated()) - set(todo)
    done = len(batch.students) - len(todo)
    if done:
        print(f"{done} graded already (--regrade does them again)")
    if old:
        print(
            f"  {len(old)} of them by other tests, limits or packages than now: "
            "--regrade shows what would change"
        )


def _print_changes(batch: Batch) -> int:
    """Print the regrades that wait, what stands → what would; how many differ."""
    changed = 0
    for student, attempt in sorted(batch.waiting().items(), key=lambda item: item[0]):
        lines = batch.changes(attempt)
        changed += bool(lines)
        for line in lines:
            print(f"{student:<16} {line}")
    return changed


class _Progress:
    """A line for each hand-in, with the time that is left."""

    def __init__(self, total: int) -> None:
        self._total, self._number, self._begun = total, 0, time.monotonic()

    def say(self, line: str) -> None:
        self._number += 1
        each = (time.monotonic() - self._begun) / self._number
        left = each * (self._total - self._number)
        print(f"{f'{self._number}/{self._total}':>9}  {line}{_estimate(left)}", flush=True)


def _line(standing: book.Standing, graded: Graded) -> str:
    parts = []
    for notebook in standing.notebooks:
        points = "—" if notebook.score is None else f"{notebook.score:g}"
        remarks = f" ({'; '.join(notebook.remarks)})" if notebook.remarks else ""
        parts.append(f"{notebook.name} {points}/{notebook.max_score:g}{remarks}")
    if graded.problem:
        parts.append(graded.problem)
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
        (TO_BE_READ, only_to_read),
        ("no credible time, so nothing off for being late", [s for s in found if s.doubt]),
    ):
        if named:
            print(f"  {words}: {_names(named)}")
            reasons: dict[str, list[book.Standing]] = {}
            for one in named:
                reasons.setdefault(_reason(one), []).append(one)
            for reason in list(reasons)[:MOST_REASONS] if words != TO_BE_READ else []:
                if reason:
                    print(f"    {reason}: {_names(reasons[reason])}")
    print(f"  how the class stands: autograder report {assignment}")
    return 0 if graded == len(found) else 1


def _names(named: list[book.Standing]) -> str:
    more = f" and {len(named) - MOST_NAMED} more" if len(named) > MOST_NAMED else ""
    return f"{', '.join(one.student for one in named[:MOST_NAMED])}{more}"


def _reason(standing: book.Standing) -> str:
    """The first reason why a person must look at a hand-in, shortened."""
    said = [sentence for notebook in standing.notebooks for sentence in notebook.review]
    not_graded = standing.status == book.NOT_GRADED
    first = standing.trouble if not_graded else next(iter(said), standing.doubt)
    return plain(first, 120).removesuffix(".")


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
