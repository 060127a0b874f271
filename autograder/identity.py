"""What a grade depends on, as three hashes: the hand-in, the assignment, the environment."""

import functools
import hashlib
import importlib.util
import json
import os
import platform
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from fnmatch import fnmatch
from pathlib import Path

from autograder.execute import Limits
from autograder.repair import Labelled

# nbgrader's key to a feedback page: another one makes no other hand-in.
_NO_PART_OF_IT = ("submission_secret.txt",)


@dataclass(frozen=True)
class Key:
    """The same key means the same grade. The hashes are SHA-256, in hexadecimal digits."""

    student: str
    submission: str  # every plain file of the hand-in, the time when it came among them
    version: str  # of the assignment: tests, points, files of the instructor's, the class secret
    environment: str  # Python, the packages, the limits


def submission(folder: Path) -> str:
    """The hash of the hand-in in `folder`: of names and contents. Links are not followed."""
    return _digest(_files(folder, _NO_PART_OF_IT))


def version(
    cells: Mapping[str, Sequence[Labelled]], extra: Path, leave_out: Sequence[str], secret: str
) -> str:
    """The hash of an assignment: what `autograder.pipeline.Job` has beside the hand-in.

    What tests compare with (`course.checks`) is a part of it.
    """
    layout = {name: [asdict(cell) for cell in own] for name, own in cells.items()}
    lines = [json.dumps(layout, sort_keys=True, default=str), secret]
    lines += _files(extra, leave_out)
    found = importlib.util.find_spec("course")
    for place in (found.submodule_search_locations if found else None) or []:
        lines += _files(Path(place) / "checks", ("__pycache__",))
    return _digest(lines)


def environment(limits: Limits) -> str:
    """The hash of what runs a hand-in: Python, all installed packages, and its limits."""
    return _digest([installed(), json.dumps(asdict(limits), sort_keys=True)])


@functools.cache
def installed() -> str:
    """Python and all packages of this process's environment, each with its version."""
    # The folders' names tell it all: reading what is in them takes a second.
    names = {path.name for place in sys.path for path in Path(place).glob("*.dist-info")}
    own = {name for name in names if name.startswith("stepwise_course-")}  # tells no content
    return json.dumps([platform.python_version(), sorted(names - own)])


def _files(folder: Path, leave_out: Sequence[str]) -> Iterator[str]:
    for directory, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not _matches(name, leave_out))
        for name in sorted(names):
            path = Path(directory, name)
            if _matches(name, leave_out):
                continue
            content = "no plain file"
            if path.is_file() and not path.is_symlink():
                try:
                    with path.open("rb") as file:
                        content = hashlib.file_digest(file, "sha256").hexdigest()
                except OSError:
                    content = "unreadable"
            yield f"{path.relative_to(folder)}\0{content}"


def _matches(name: str, patterns: Sequence[str]) -> bool:
    return any(fnmatch(name, pattern) for pattern in patterns)


def _digest(lines: Iterator[str] | Sequence[str]) -> str:
    whole = hashlib.sha256()
    for line in lines:
        whole.update(line.encode("utf-8", "surrogateescape") + b"\n")
    return whole.hexdigest()
