"""Scores as tables: our own, and as learning platforms take them in.

In all of them a score that is not settled is empty, never 0, and no spreadsheet takes a cell for a
formula (https://owasp.org/www-community/attacks/CSV_Injection).
"""

import csv
import io
import re
from collections.abc import Iterable, Sequence

from autograder.gradebook import Standing

COLUMNS = (
    *("student", "last_name", "first_name", "email", "assignment", "status", "score", "max_score"),
    *("late_penalty", "late_hours", "handed_in_utc"),
)
CANVAS = ("Student", "ID", "SIS User ID", "SIS Login ID", "Section")
MOODLE = (
    *("Identifier", "Full name", "Email address", "Status", "Grade", "Maximum Grade"),
    *("Grade can be changed", "Last modified (submission)", "Last modified (grade)"),
    "Feedback comments",
)


def as_csv(found: Iterable[Standing]) -> str:
    """A row for each standing."""
    rows = [
        (
            *(s.student, s.last_name, s.first_name, s.email, s.assignment, s.status),
            *(number(s.score), number(s.max_score)),
            *(number(s.penalty), f"{s.seconds_late / 3600:.2f}"),
            s.handed_in.strftime("%Y-%m-%d %H:%M:%S") if s.handed_in else "",
        )
        for s in found
    ]
    return _table(COLUMNS, rows)


def as_canvas(found: Sequence[Standing]) -> str:
    """A row for each student, a column for each assignment, as Canvas's gradebook imports it.

    Canvas finds a student by ID (the platform's number of the roster), else by SIS Login ID (our
    id), and an assignment by its name; the second row says what the points are out of.
    What it reads: https://github.com/instructure/canvas-lms/blob/master/lib/gradebook_importer.rb
    """
    assignments = list(dict.fromkeys(s.assignment for s in found))
    largest = {s.assignment: s.max_score for s in found}
    students: dict[str, dict[str, Standing]] = {}
    for s in found:
        students.setdefault(s.student, {})[s.assignment] = s
    rows = [("    Points Possible", "", "", "", "", *(number(largest[a]) for a in assignments))]
    for student, own in students.items():
        one = next(iter(own.values()))
        scores = (number(own[a].score) if a in own else "" for a in assignments)
        rows.append((_last_first(one), one.number, "", student, "", *scores))
    return _table((*CANVAS, *assignments), rows)


def as_moodle(found: Iterable[Standing]) -> str:
    """The grading worksheet of one assignment, as Moodle's "Upload grading worksheet" takes it.

    Moodle finds a student by Identifier, which holds the number of the participant (`collect
    --roster` with a worksheet that Moodle gave brings it), and leaves an empty grade as it is.
    What it reads: importgradeslib.php in
    https://github.com/moodle/moodle/tree/main/mod/assign/feedback/offline
    """
    rows = [
        (
            f"Participant {s.number}" if s.number else "",
            f"{s.first_name} {s.last_name}".strip() or s.student,
            *(s.email, s.status, number(s.score), number(s.max_score), "Yes"),
            s.handed_in.strftime("%Y-%m-%d %H:%M UTC") if s.handed_in else "",
            "",
            _comment(s),
        )
        for s in found
    ]
    return _table(MOODLE, rows)


def number(value: float | None) -> str:
    """Points with as many decimals as they need, four at most; "" for none."""
    return "" if value is None else f"{value:.4f}".rstrip("0").rstrip(".")


def _last_first(s: Standing) -> str:
    name = ", ".join(filter(None, [s.last_name, s.first_name])) or s.student
    return name.replace("Points Possible", "Points possible")  # the importer's mark of that row


def _comment(s: Standing) -> str:
    if s.score is None:
        return ""
    off = f", after {number(s.penalty)} off for being late" if s.penalty else ""
    return f"{number(s.score)} of {number(s.max_score)} points{off}"


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    for row in (header, *rows):
        writer.writerow([_plain(value) for value in row])
    return out.getvalue()


# At the start of a cell, or where a reader that separates by something else would start one.
_FORMULA = re.compile(r"(^|[;,\t\r\n|])(\s*)([=+\-@＝＋－＠|])")


def _plain(value: str) -> str:
    return _FORMULA.sub(r"\1\2'\3", value)
