"""`autograder collect`: hand-ins from the exchange, or from what a learning platform exported."""

import argparse
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from nbgrader.api import Gradebook, MissingEntry

from autograder import handins
from autograder.archive import Entry, read_folder, read_zip
from autograder.engine import Engine, StepFailed
from autograder.errors import UsageError
from autograder.gradebook import labels
from autograder.intake import Unreadable, read_notebook, recognise
from autograder.paths import Course, find_course
from autograder.platforms import Owner, Roster, new_id, owner, read_roster, version

HELP = "collect what students handed in"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("assignment", help="for example 01_algorithms")
    source = parser.add_mutually_exclusive_group()
    source.add_argument("--zip", type=Path, metavar="FILE", help="as Moodle or Canvas exports it")
    source.add_argument("--dir", type=Path, metavar="DIR", help="the same, unpacked")
    parser.add_argument("--roster", type=Path, metavar="CSV", help="the class: id and names")


def run(options: argparse.Namespace) -> int:
    course = find_course()
    assignment = course.assignment(options.assignment)
    engine = Engine(course)
    notebooks = _released(engine.url, assignment)
    if options.roster and not (options.zip or options.dir):
        raise UsageError("--roster goes with --zip or --dir.")
    if not (options.zip or options.dir):
        return _from_exchange(engine, assignment)
    roster = read_roster(options.roster) if options.roster else _known_students(engine.url)
    entries = read_zip(options.zip) if options.zip else read_folder(options.dir)
    return collect(course, assignment, entries, notebooks, roster)


def _released(url: str, assignment: str) -> dict[str, set[str]]:
    try:
        return labels(url, assignment)
    except MissingEntry as error:
        raise UsageError(
            f"{assignment} was not released yet: run `autograder release {assignment}` first."
        ) from error


def _from_exchange(engine: Engine, assignment: str) -> int:
    course = engine.course
    before = {s: _when(course, s, assignment) for s in handins.students(course, assignment)}
    failure = ""
    try:
        engine.collect(assignment)
    except StepFailed as error:
        failure = str(error)
    after = {s: _when(course, s, assignment) for s in handins.students(course, assignment)}
    new = sorted(s for s in after if s not in before)
    newer = sorted(s for s in after if s in before and after[s] != before[s])
    _say(assignment, new, newer, len(after))
    if failure:
        print(f"  {failure}")
    return 1 if failure else 0


def _say(assignment: str, new: list[str], newer: list[str], total: int) -> None:
    print(f"{assignment}: {len(new)} new, {len(newer)} handed in again, {total} in all")
    for words, names in (("new", new), ("again (the earlier one is in grading/kept)", newer)):
        if names:
            print(f"  {words}: {', '.join(names)}")


def _when(course: Course, student: str, assignment: str) -> str:
    try:
        return (course.submitted(student, assignment) / "timestamp.txt").read_text()
    except (OSError, ValueError):
        return ""


@dataclass
class _HandIn:
    """What one student handed in: for each notebook its versions, the newest last."""

    who: Owner
    when: datetime
    notebooks: dict[str, list[tuple[int, Entry]]] = field(default_factory=dict)


def collect(
    course: Course,
    assignment: str,
    entries: Iterable[Entry],
    notebooks: dict[str, set[str]],
    roster: Roster,
) -> int:
    """Put the hand-ins among `entries` into place and say what became of each; the exit code.

    `notebooks` gives the grade_ids of each notebook of the assignment. A file that is no such
    notebook is named with the reason, and stops no other: then the exit code is 1.
    """
    troubles: list[str] = []
    handed_in: dict[str, _HandIn] = {}
    strangers: dict[str, str] = {}
    for entry in entries:
        for who, name, number in _understood(entry, notebooks, troubles):
            found = roster.find(who)
            student = found or new_id(who)
            if not found:
                strangers[student] = who.name
            own = handed_in.setdefault(student, _HandIn(who, entry.changed))
            own.when = max(own.when, entry.changed)
            own.notebooks.setdefault(name, []).append((number, entry))
    new, newer = [], []
    for student, own in sorted(handed_in.items()):
        there = course.submitted(student, assignment).is_dir()
        if _put(course, assignment, student, own, troubles):
            (newer if there else new).append(student)
    _say(assignment, new, newer, len(handins.students(course, assignment)))
    if strangers:
        print("  not on the roster, collected under new names:")
        for student, name in sorted(strangers.items()):
            print(f"    {student} ({name})")
    for trouble in troubles:
        print(f"  not collected: {trouble}")
    return 1 if troubles else 0


def _understood(
    entry: Entry, notebooks: dict[str, set[str]], troubles: list[str]
) -> Iterator[tuple[Owner, str, int]]:
    """(owner, notebook, version) of an entry; nothing if there is a trouble, or nothing in it."""
    hidden = any(part.startswith((".", "__MACOSX")) for part in entry.path.parts)
    if hidden and not entry.problem:
        return
    if entry.problem:
        troubles.append(f"{entry.path}: {entry.problem}.")
        return
    who = owner(entry.path)
    if entry.path.suffix.lower() != ".ipynb":
        troubles.append(f"{entry.path}: it is not a notebook.")
        return
    if who is None:
        troubles.append(f"{entry.path}: its name does not say whose it is.")
        return
    stem, number = version(who.file)
    name = stem if stem in notebooks else recognise(entry.data, notebooks)
    if name is None:
        expected = " or ".join(f"{n}.ipynb" for n in sorted(notebooks))
        troubles.append(f"{entry.path}: it is not a copy of {expected}.")
        return
    yield who, name, number


def _put(course: Course, assignment: str, student: str, own: _HandIn, troubles: list[str]) -> bool:
    """Install a student's newest notebooks and keep older versions; whether anything was new."""
    place = course.submitted(student, assignment)
    newest: dict[str, bytes] = {}
    for name, versions in own.notebooks.items():
        versions.sort(key=lambda item: (item[0], item[1].changed))
        for number, entry in versions[:-1]:
            _keep_aside(course, student, assignment, f"version-{number}", entry)
        entry = versions[-1][1]
        try:
            read_notebook(entry.data)
        except Unreadable as error:
            if (place / f"{name}.ipynb").exists():
                kept = _keep_aside(course, student, assignment, "broken", entry)
                troubles.append(
                    f"{entry.path}: {error}. The earlier hand-in stays; this one is in "
                    f"{kept.relative_to(course.root)}."
                )
                continue
            troubles.append(f"{entry.path}: {error}. It is kept for you to look at, not graded.")
        newest[f"{name}.ipynb"] = entry.data
    return bool(newest) and handins.install(course, student, assignment, newest, own.when)


def _keep_aside(course: Course, student: str, assignment: str, name: str, entry: Entry) -> Path:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / entry.path.name).write_bytes(entry.data)
        return handins.keep(course, student, assignment, name, Path(folder))


def _known_students(url: str) -> Roster:
    with Gradebook(url) as gradebook:
        return Roster(
            {
                "id": student.id,
                "first name": student.first_name or "",
                "last name": student.last_name or "",
                "email": student.email or "",
            }
            for student in gradebook.students
        )
