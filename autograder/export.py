"""`autograder export`: scores as a table for a spreadsheet or a learning platform."""

import argparse
import sys
from dataclasses import replace
from pathlib import Path

from nbgrader.api import Gradebook

from autograder import gradebook as book
from autograder import late
from autograder.engine import Engine
from autograder.errors import UsageError
from autograder.layouts import as_canvas, as_csv, as_moodle, number
from autograder.paths import find_course
from autograder.writing import write

HELP = "write scores as a table"
LAYOUTS = {"csv": as_csv, "canvas": as_canvas, "moodle": as_moodle}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--format", choices=[*LAYOUTS], default="csv")
    parser.add_argument("--to", type=Path, metavar="FILE", help="default: print it")
    parser.add_argument("--assignment", nargs="+", metavar="NAME", help="only these")
    parser.add_argument(
        "--absent-as-zero",
        action="store_true",
        help="0 for those who handed nothing in (default: empty)",
    )


def run(options: argparse.Namespace) -> int:
    course = find_course()
    engine = Engine(course)
    with Gradebook(engine.url) as gradebook:
        released = sorted(assignment.name for assignment in gradebook.assignments)
    unknown = sorted(set(options.assignment or []) - set(released))
    if unknown or not released:
        names = ", ".join(unknown) or "nothing"
        raise UsageError(f"{names} was released; there are: {', '.join(released) or 'none'}.")
    chosen = list(dict.fromkeys(options.assignment or released))
    if options.format == "moodle" and len(chosen) > 1:
        raise UsageError(
            "Moodle's worksheet is about one assignment: add --assignment and one of "
            f"{', '.join(chosen)}."
        )
    found = []
    for name in chosen:
        late.settle(engine.config, engine.url, name)
        found += book.standings(course, engine.url, name)
    if not options.absent_as_zero:
        found = [replace(s, score=None) if s.status == book.NOT_HANDED_IN else s for s in found]
    text = LAYOUTS[options.format](found)
    if options.to:
        write(options.to, text)
        print(f"wrote the scores of {len({s.student for s in found})} students to {options.to}")
    else:
        sys.stdout.write(text)
    return _say_what_to_know(found, options.format)


def _say_what_to_know(found: list[book.Standing], layout: str) -> int:
    """What the table cannot tell, on stderr; the exit code."""
    for s in found:
        if s.penalty and layout == "canvas":
            print(f"off for being late: {number(s.penalty)}, {_who(s)}", file=sys.stderr)
        if s.doubt:
            print(f"nothing off for being late: {_who(s)}: {s.doubt}", file=sys.stderr)
    open_ones = [s for s in found if s.status in (book.REVIEW, book.NOT_GRADED)]
    for s in open_ones:
        print(f"no score yet: {_who(s)} ({s.status})", file=sys.stderr)
    unknown = [s for s in found if not s.number] if layout == "moodle" else []
    if unknown:
        print(
            "Moodle cannot find these by a participant's number (`autograder collect --roster` "
            f"with its grading worksheet brings it): {', '.join(s.student for s in unknown)}",
            file=sys.stderr,
        )
    return 1 if open_ones or unknown else 0


def _who(standing: book.Standing) -> str:
    return f"{standing.student}, {standing.assignment}"
