"""Hand-ins on disk: grading/submitted/<student>/<assignment>, and grading/kept for earlier ones."""

import fnmatch
import os
import re
import secrets
import shutil
import stat
import tempfile
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from autograder.paths import Course

TIMESTAMP = "%Y-%m-%d %H:%M:%S.%f UTC"  # as nbgrader's exchange writes it


def safe_name(name: str) -> bool:
    """Whether `name` may name a student's folder: no path, nothing hidden, no '+'."""
    return bool(re.fullmatch(r"[\w@][\w@. \-]{0,127}", name)) and not name.endswith((" ", "."))


def students(course: Course, assignment: str) -> list[str]:
    """Who has handed in `assignment`, sorted."""
    folders = course.grading.glob(f"submitted/*/{assignment}")
    return sorted(folder.parent.name for folder in folders if folder.is_dir())


def timestamp_of(folder: Path) -> str:
    """What the hand-in (or its copy) in `folder` says of when it came; "" if nothing."""
    path = folder / "timestamp.txt"
    try:
        if not stat.S_ISREG(path.lstat().st_mode):
            return ""  # a link could lead anywhere, a pipe could be waited for
        with path.open(encoding="utf-8") as file:
            return file.read(100).strip()
    except (OSError, ValueError):
        return ""


def drop_links(folder: Path) -> list[Path]:
    """Remove links, pipes and devices from the hand-in `folder`, but not those called notebooks.

    nbgrader's own converter follows them: it would copy what they point to. A notebook that is
    none stays, for it is refused when it is read, and a person is told. Returns what went.
    """
    gone = []
    for directory, folders, names in os.walk(folder):
        for name in (*folders, *names):
            path = Path(directory, name)
            mode = path.lstat().st_mode
            plain = stat.S_ISREG(mode) or stat.S_ISDIR(mode)
            if not plain and (directory != str(folder) or path.suffix != ".ipynb"):
                path.unlink()
                gone.append(path)
    return gone


def install(
    course: Course, student: str, assignment: str, files: Mapping[str, bytes], when: datetime
) -> None:
    """Make `files` (name → content) the hand-in of `student`, handed in at `when` (UTC).

    It is written beside and renamed into place, so it is there whole or not at all. The earlier one
    is kept.
    """
    place = course.submitted(student, assignment)
    place.parent.mkdir(parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(dir=place.parent, prefix=f".{assignment}-"))
    try:
        for name, data in files.items():
            (fresh / name).write_bytes(data)
        (fresh / "timestamp.txt").write_text(when.strftime(TIMESTAMP), encoding="ascii")
        # nbgrader names a feedback page by it.
        (fresh / "submission_secret.txt").write_text(secrets.token_hex(64), encoding="ascii")
        fresh.chmod(0o755)
        keep_earlier(course, student, assignment)
        with tempfile.TemporaryDirectory(dir=place.parent, prefix=".earlier-") as aside:
            if place.is_dir():
                place.rename(Path(aside) / place.name)
            fresh.rename(place)
    except BaseException:
        shutil.rmtree(fresh, ignore_errors=True)
        raise


def keep_earlier(course: Course, student: str, assignment: str) -> Path | None:
    """Copy the hand-in that is there now to grading/kept; where to, or None if there is none."""
    place = course.submitted(student, assignment)
    if not place.is_dir():
        return None
    try:
        name = re.sub(r"[^\w.-]+", "-", (place / "timestamp.txt").read_text().strip())
    except (OSError, ValueError):
        name = datetime.now(UTC).strftime("%Y-%m-%d-%H-%M-%S.%f")
    return keep(course, student, assignment, name[:60], place)


def keep(course: Course, student: str, assignment: str, name: str, source: Path) -> Path:
    """Copy the folder `source` to grading/kept/<student>/<assignment>/<name>; where it lies there.

    The name is numbered if it is taken; a copy that is there already is not made again.
    """
    shelf = course.grading / "kept" / student / assignment
    content = _content(source)
    target, number = shelf / name, 1
    while target.exists():
        if _content(target) == content:
            return target
        number += 1
        target = shelf / f"{name}-{number}"
    shutil.copytree(source, target)
    return target


def _content(folder: Path) -> dict[Path, bytes]:
    return {p.relative_to(folder): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def copy_regular_files(source: Path, target: Path, ignore: Sequence[str], largest: int) -> None:
    """Copy the folder `source`: regular files only, at most `largest` bytes, whole or not at all.

    A link is left out: it could make us copy what its maker may not read. So is a pipe or device,
    that would make us wait. Raises OSError when it is too large or cannot be read.
    """
    fresh = target.with_name(f".{target.name}.part")
    shutil.rmtree(fresh, ignore_errors=True)
    total = 0
    try:
        for folder, inner, names in os.walk(source):
            inner[:] = [n for n in inner if not _left_out(n, ignore)]
            here = fresh / Path(folder).relative_to(source)
            here.mkdir(parents=True)
            for name in names:
                path = Path(folder, name)
                about = path.lstat()
                if _left_out(name, ignore) or not stat.S_ISREG(about.st_mode):
                    continue
                total += about.st_size
                if total > largest:
                    raise OSError(f"larger than {largest // 1_000_000} MB")
                shutil.copyfile(path, here / name, follow_symlinks=False)
        fresh.rename(target)
    except BaseException:
        shutil.rmtree(fresh, ignore_errors=True)
        raise


def _left_out(name: str, ignore: Sequence[str]) -> bool:
    return any(fnmatch.fnmatch(name, pattern) for pattern in ignore)
