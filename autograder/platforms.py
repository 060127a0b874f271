"""Whose is a file that a learning platform exported? Moodle's and Canvas's ways to name them."""

import csv
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from autograder.errors import UsageError

# Jane Doe_12345_assignsubmission_file_/two_pointers.ipynb  (older Moodle: …_file_two_pointers.ipynb)
_MOODLE = re.compile(
    r"(?P<name>.+?)_(?P<number>\d+)_assignsubmission_(file|onlinetext)_(?P<file>.*)"
)
# doejane_LATE_12345_67890_two_pointers-1.ipynb
_CANVAS = re.compile(r"(?P<name>[^_]+)_(?P<late>LATE_)?(?P<number>\d+)_\d+_(?P<file>.+)")
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


def version(file: str) -> tuple[str, int]:
    """`two_pointers-2.ipynb` is version 2 of `two_pointers`; (name without ending, version)."""
    stem = PurePosixPath(file).stem
    again = _AGAIN.search(stem)
    if not again:
        return stem, 0
    return stem[: again.start()], int(again[1] or again[2])


class Roster:
    """The students of a class, to be found by name, number or e-mail. Empty: everybody is new."""

    def __init__(self, rows: Iterable[dict[str, str]] = ()) -> None:
        """Each row has a student's `id` and any other columns; all are searched."""
        self._found: dict[str, set[str]] = {}
        for row in rows:
            for key in _keys(row):
                self._found.setdefault(key, set()).add(row["id"])

    def find(self, who: Owner) -> str | None:
        """The id of the one student that `who` can be; None if none or several can."""
        for key in (who.number, _letters(who.name), _sorted_words(who.name)):
            ids = self._found.get(key, set()) if key else set()
            if len(ids) == 1:
                return next(iter(ids))
        return None


def read_roster(path: Path) -> Roster:
    """A roster from a CSV file: a column `id`, or a gradebook that Moodle or Canvas exported.

    Raises UsageError when there is no column to take ids from.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UsageError(f"the roster {path} cannot be read ({error}).") from error
    wanted = ("id", "student_id", "username", "sis login id", "sis user id", "email address")
    columns = {name.strip().lower(): name for name in (rows[0] if rows else {}) if name}
    # Canvas calls its own number ID; its SIS login is what people know each other by.
    order = sorted(set(wanted) & set(columns), key=wanted.index)
    if "sis login id" in order:
        order = ["sis login id"]
    if not order:
        raise UsageError(f"the roster {path} needs a column `id` (and one with names).")
    column = columns[order[0]]
    return Roster(
        {**{k: v or "" for k, v in row.items() if k}, "id": row[column].strip()}
        for row in rows
        if row.get(column, "").strip()
    )


def new_id(who: Owner) -> str:
    """An id for somebody who is in no roster, made of the name and the platform's number."""
    words = re.sub(r"[^\w]+", "_", unicodedata.normalize("NFC", who.name)).strip("_").lower()
    return "_".join(filter(None, [words[:80] or "student", who.number]))


def _keys(row: dict[str, str]) -> set[str]:
    """All that a row can be found by: each value, and first with last name."""
    keys = set()
    lowered = {str(k).strip().lower(): str(v) for k, v in row.items() if v}
    for value in lowered.values():
        number = re.fullmatch(r"(?:Participant )?(\d+)", value.strip())
        keys |= {number[1]} if number else {_letters(value), _sorted_words(value)}
    first, last = (
        lowered.get(f"{part} name", lowered.get(f"{part}_name", "")) for part in ("first", "last")
    )
    if first and last:
        keys |= {_letters(first + last), _letters(last + first), _sorted_words(f"{first} {last}")}
    return keys - {""}


def _letters(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text).casefold()
    return "".join(c for c in plain if c.isalnum())


def _sorted_words(text: str) -> str:
    """The words of a name in any order: "Doe, Jane" is "Jane Doe"."""
    return " ".join(sorted(filter(None, map(_letters, re.split(r"[\s,]+", text)))))
