"""`autograder export`: scores as a table for a spreadsheet or a learning platform."""

import argparse
import csv
import io
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from nbgrader.api import Gradebook

from autograder import gradebook as book
from autograder.engine import Engine
from autograder.errors import UsageError
from autograder.paths import find_course
from autograder.writing import write

HELP = "write scores as a table"
COLUMNS = (
    *("student", "last_name", "first_name", "email", "assignment", "status", "score", "max_score"),
    *("late_penalty", "late_hours", "handed_in_utc"),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--format", choices=["csv"], default="csv")
    parser.add_argument("--to", type=Path, metavar="FILE", help="default: print it")
    parser.add_argument("--assignment", nargs="+", metavar="NAME", help="only these")


def run(options: argparse.Namespace) -> int:
    course = find_course()
    engine = Engine(course)
    with Gradebook(engine.url) as gradebook:
        released = sorted(assignment.name for assignment in gradebook.assignments)
    unknown = sorted(set(options.assignment or []) - set(released))
    if unknown or not released:
        names = ", ".join(unknown) or "nothing"
        raise UsageError(f"{names} was released; there are: {', '.join(released) or 'none'}.")
    found = [
        standing
        for name in options.assignment or released
        for standing in book.standings(course, engine.url, name)
    ]
    text = as_csv(found)
    if options.to:
        write(options.to, text)
        print(f"wrote {len(found)} rows to {options.to}")
    else:
        sys.stdout.write(text)
    open_ones = [s for s in found if s.score is None]
    for standing in open_ones:
        where = f"{standing.student}, {standing.assignment}"
        print(f"no score yet: {where} ({standing.status})", file=sys.stderr)
    return 1 if open_ones else 0


def as_csv(found: Iterable[book.Standing]) -> str:
    """A row for each standing. A score that is not settled is empty, never 0."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for s in found:
        writer.writerow(
            _row(
                *(s.student, s.last_name, s.first_name, s.email, s.assignment, s.status),
                *("" if s.score is None else f"{s.score:g}", f"{s.max_score:g}"),
                *(f"{s.penalty:g}", f"{s.seconds_late / 3600:.2f}"),
                s.handed_in.strftime("%Y-%m-%d %H:%M:%S") if s.handed_in else "",
            )
        )
    return out.getvalue()


def _row(*values: str) -> Sequence[str]:
    return [_plain(value) for value in values]


def _plain(value: str) -> str:
    """`value` such that no spreadsheet takes it for a formula."""
    return f"'{value}" if value.startswith(("=", "+", "-", "@", "\t", "\r", "\n", "|")) else value
