"""`autograder collect`: hand-ins from the exchange, or from what a learning platform exported."""

import argparse
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path, PurePosixPath

from nbgrader.api import Gradebook, MissingEntry

from autograder import handins
from autograder.archive import Entry, read_folder, read_zip
from autograder.engine import Engine, StepFailed
from autograder.errors import UsageError
from autograder.findings import plain
from autograder.gradebook import labels
from autograder.intake import Unreadable, read_notebook, recognise
from autograder.paths import Course, find_course
from autograder.platforms import Roster, Student, new_id, owner, read_roster, version
from autograder.writing import write

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
    if options.roster:
        _record(engine.url, read_roster(options.roster))
    roster = _known_students(engine.url)
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

    name: str
    when: datetime
    late: bool = False
    notebooks: dict[str, list[tuple[int, Entry]]] = field(default_factory=dict)
    others: list[str] = field(default_factory=list)  # files that are no notebook of the assignment


def collect(
    course: Course,
    assignment: str,
    entries: Iterable[Entry],
    notebooks: dict[str, set[str]],
    roster: Roster,
) -> int:
    """Put the hand-ins among `entries` into place and say what became of each; the exit code.

    `notebooks` gives the grade_ids of each notebook of the assignment. A hand-in that cannot be
    used is named with the reason, and stops no other: then the exit code is 1.
    """
    troubles: list[str] = []
    handed_in = _sorted_by_student(entries, notebooks, roster, troubles)
    new: list[str] = []
    newer: list[str] = []
    for student, own in sorted(handed_in.items()):
        there = course.submitted(student, assignment).is_dir()
        if not own.notebooks:
            expected = " or ".join(f"{name}.ipynb" for name in sorted(notebooks))
            troubles.append(f"{own.name} handed in {', '.join(own.others)}, but no {expected}.")
        elif _put(course, assignment, student, own, troubles):
            (newer if there else new).append(student)
    _say(assignment, new, newer, len(handins.students(course, assignment)))
    known = {student.id for student in roster.students}
    _list("late, says the platform", (s for s, own in handed_in.items() if own.late))
    _list(
        "not on the roster, collected under new names",
        (f"{s} ({own.name})" for s, own in handed_in.items() if known and s not in known),
    )
    _list(
        "left out, not part of the assignment",
        (file for own in handed_in.values() if own.notebooks for file in own.others),
    )
    _list("look at these", troubles)
    # For the class report: a hand-in that was refused is not one that never came.
    write(
        course.refused(assignment), "".join(f"{plain(trouble)}\n" for trouble in sorted(troubles))
    )
    return 1 if troubles else 0


def _list(title: str, lines: Iterable[str]) -> None:
    lines = sorted(lines)
    if lines:
        print(f"  {title}:")
        for line in lines:
            print(f"    {line}")


def _sorted_by_student(
    entries: Iterable[Entry],
    notebooks: dict[str, set[str]],
    roster: Roster,
    troubles: list[str],
) -> dict[str, _HandIn]:
    """Who handed in what; what cannot be anybody's is added to `troubles`."""
    found: dict[str, _HandIn] = {}
    for entry in entries:
        if entry.problem:
            troubles.append(f"{entry.path}: {entry.problem}.")
            continue
        if any(part.startswith((".", "__MACOSX")) for part in entry.path.parts):
            continue  # what file managers leave behind
        who = owner(entry.path)
        if who is None:
            troubles.append(f"{entry.path}: its name does not say whose it is.")
            continue
        own = found.setdefault(roster.find(who) or new_id(who), _HandIn(who.name, entry.changed))
        own.when, own.late = max(own.when, entry.changed), own.late or who.late
        name, number = _notebook(who.file, entry.data, notebooks)
        if name:
            own.notebooks.setdefault(name, []).append((number, entry))
        else:
            own.others.append(str(entry.path))
    return found


def _notebook(file: str, data: bytes, notebooks: dict[str, set[str]]) -> tuple[str | None, int]:
    """(the notebook of the assignment that this file is, its version), or (None, 0)."""
    path = PurePosixPath(file)
    if path.suffix.lower() != ".ipynb":
        return None, 0
    if path.stem in notebooks:
        return path.stem, 0
    stem, number = version(path.stem)
    return (stem if stem in notebooks else recognise(data, notebooks)), number


def _put(course: Course, assignment: str, student: str, own: _HandIn, troubles: list[str]) -> bool:
    """Install a student's newest notebooks and keep older versions; whether anything was new.

    A notebook that is not among them, or is broken now, stays as it was handed in earlier.
    """
    place = course.submitted(student, assignment)
    files = {path.name: path.read_bytes() for path in place.glob("*.ipynb")}
    before = dict(files)
    for name, versions in own.notebooks.items():
        versions.sort(key=lambda item: (item[0], item[1].changed))
        for _, entry in versions[:-1]:
            _keep_aside(course, student, assignment, "version", entry)
        entry = versions[-1][1]
        problem = _problem(entry.data)
        earlier = before.get(f"{name}.ipynb")
        if problem and earlier is not None and not _problem(earlier):
            kept = _keep_aside(course, student, assignment, "broken", entry)
            troubles.append(
                f"{entry.path}: {problem}. The earlier hand-in stays; this one is in "
                f"{kept.relative_to(course.root)}."
            )
            continue
        if problem:
            troubles.append(f"{entry.path}: {problem}. It is collected, but cannot be graded.")
        files[f"{name}.ipynb"] = entry.data
    if files == before:
        return False
    handins.install(course, student, assignment, files, own.when)
    return True


def _problem(data: bytes) -> str:
    try:
        read_notebook(data)
    except Unreadable as error:
        return str(error)
    return ""


def _keep_aside(course: Course, student: str, assignment: str, name: str, entry: Entry) -> Path:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / entry.path.name).write_bytes(entry.data)
        return handins.keep(course, student, assignment, name, Path(folder))


def _known_students(url: str) -> Roster:
    with Gradebook(url) as gradebook:
        return Roster(
            Student(
                student.id,
                student.first_name or "",
                student.last_name or "",
                student.email or "",
                student.lms_user_id or "",
            )
            for student in gradebook.students
        )


def _record(url: str, roster: Roster) -> None:
    """Write the roster into the gradebook: names for exports, and who has not handed in."""
    with Gradebook(url) as gradebook:
        for student in roster.students:
            gradebook.update_or_create_student(
                student.id,
                first_name=student.first_name or None,
                last_name=student.last_name or None,
                email=student.email or None,
                lms_user_id=student.number or None,
            )
