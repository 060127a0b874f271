"""Whose is a file that a learning platform exported? Moodle's and Canvas's ways to name them."""

import csv
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from autograder.errors import UsageError

# Jane Doe_12345_assignsubmission_file_/two_pointers.ipynb, older: …_file_two_pointers.ipynb
_MOODLE = re.compile(
    r"(?P<name>.+?)_(?P<number>\d+)_assignsubmission_(file|onlinetext)_(?P<file>.*)"
)
# doejane_LATE_12345_67890_two_pointers-1.ipynb
_CANVAS = re.compile(r"(?P<name>[^_]+)_(?P<late>LATE_)?(?P<number>\d{2,})_\d{2,}_(?P<file>.+)")
# What a browser or a platform adds to the name of a file that exists already.
_AGAIN = re.compile(r"(?: ?\((\d+)\)|-(\d+))$")


@dataclass(frozen=True)
class Owner:
    """What a file's name tells: whose it is, under which number, and the file's own name."""

    name: str  # as the platform writes it
    number: str  # the platform's, of the participant or user; "" if it gives none
    file: str
    late: bool = False


def owner(path: PurePosixPath) -> Owner | None:
    """Who handed in the file at `path` of an export; None if the name does not tell."""
    for place, part in enumerate(path.parts):
        moodle = _MOODLE.fullmatch(part)
        if moodle:
            file = path.name if place < len(path.parts) - 1 else moodle["file"]
            return Owner(moodle["name"], moodle["number"], file)
    canvas = _CANVAS.fullmatch(path.name)
    if canvas:
        return Owner(canvas["name"], canvas["number"], canvas["file"], bool(canvas["late"]))
    if len(path.parts) > 1:  # a folder for each student
        return Owner(path.parts[0], "", path.name)
    return None


def version(stem: str) -> tuple[str, int]:
    """A file's name without what was added to make it unique: `x-2` and `x (2)` are (`x`, 2)."""
    again = _AGAIN.search(stem)
    return (stem[: again.start()], int(again[1] or again[2])) if again else (stem, 0)


@dataclass(frozen=True)
class Student:
    """A student as a roster or the gradebook knows one. `number` is the platform's."""

    id: str
    first_name: str = ""
    last_name: str = ""
    email: str = ""
    number: str = ""

    def called(self) -> set[str]:
        """All that a file's name may call this student."""
        names = (self.first_name + self.last_name, self.last_name + self.first_name)
        texts = {self.id, self.email, self.email.split("@")[0], *(names if all(names) else ())}
        return {_letters(text) for text in texts} - {""} | ({self.number} - {""})


class Roster:
    """The students of a class, to be found by what a platform calls them. May be empty."""

    def __init__(self, students: Iterable[Student]) -> None:
        self.students = list(students)
        self._found: dict[str, set[str]] = {}
        for student in self.students:
            for key in student.called():
                self._found.setdefault(key, set()).add(student.id)

    def find(self, who: Owner) -> str | None:
        """The id of the one student that `who` can be; None if none or several can."""
        # Canvas writes doejane, Moodle Jane Doe (or Doe Jane); a roster knows both ways round.
        for key in (who.number, _letters(who.name)):
            ids = self._found.get(key, set()) if key else set()
            if len(ids) == 1:
                return next(iter(ids))
        return None


def read_roster(path: Path) -> Roster:
    """A roster from a CSV file, its columns in any order: id, first_name, last_name, email, number.

    The tables that Moodle and Canvas export are understood too. Raises UsageError, saying what is
    missing, when there is no column to take ids from.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = [
                {
                    str(k).strip().lower().replace(" ", "_"): str(v or "").strip()
                    for k, v in r.items()
                }
                for r in csv.DictReader(file)
            ]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UsageError(f"the roster {path} cannot be read ({error}).") from error
    students = [student for row in rows if (student := _student(row))]
    if not students:
        raise UsageError(
            f"the roster {path} needs a column `id`, and `first_name`, `last_name` to find people."
        )
    return Roster(students)


def _student(row: dict[str, str]) -> Student | None:
    def first(*columns: str) -> str:
        return next((row[column] for column in columns if row.get(column)), "")

    canvas = "sis_user_id" in row or "sis_login_id" in row  # whose `id` is the platform's number
    own = first("student_id", "username", "sis_login_id", "sis_user_id")
    identity = own or ("" if canvas else row.get("id", "")) or first("email", "email_address")
    name = first("full_name", "student", "name")
    last, _, rest = name.partition(",") if "," in name else name.rpartition(" ")[::-1]
    number = first("number", "identifier") or (row.get("id", "") if canvas else "")
    if not identity:
        return None
    return Student(
        identity,
        first("first_name") or rest.strip(),
        first("last_name", "surname") or last.strip(),
        first("email", "email_address"),
        number.removeprefix("Participant").strip(),
    )


def new_id(who: Owner) -> str:
    """An id for somebody who is in no roster, made of the name and the platform's number."""
    words = re.sub(r"\W+", "_", unicodedata.normalize("NFC", who.name)).strip("_").lower()
    return "_".join(filter(None, [words[:80] or "student", who.number]))


def _letters(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text).casefold()
    return "".join(c for c in plain if c.isalnum())
