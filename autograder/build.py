"""Text → notebooks: lessons, instructor notebooks, and the student notebooks made of those."""

import argparse
import shutil
import tempfile
from datetime import datetime
from pathlib import Path

from traitlets.config import Config

from autograder.configuration import configure
from autograder.engine import captured_log, reason
from autograder.errors import UsageError
from autograder.notebooks import (
    built_fingerprint,
    dumps,
    fingerprint,
    is_text_notebook,
    read_text_notebook,
)
from autograder.paths import Course, find_course
from autograder.writing import write

HELP = "build the notebooks of course/, solutions/ and exercises/ from their text"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("assignment", nargs="?", help="only this unit, for example 01_algorithms")
    parser.add_argument(
        "--keep",
        action="store_true",
        help="leave alone every notebook whose text has not changed, with its outputs and edits",
    )
    parser.add_argument(
        "--check", action="store_true", help="write nothing; exit 1 if anything would change"
    )


def run(options: argparse.Namespace) -> int:
    course = find_course()
    changed = build(course, options.assignment, keep=options.keep, check=options.check)
    for line in changed:
        print(line)
    if options.check and changed:
        print(f"{len(changed)} not as its text says: run `autograder build`, then commit.")
        return 1
    if not changed:
        print("every notebook is up to date")
    return 0


def build(
    course: Course, only: str | None = None, *, keep: bool = False, check: bool = False
) -> list[str]:
    """Build all notebooks, or those of the unit `only`; returns a line for each that changed.

    A notebook that somebody has worked in is copied to `kept/` before it is replaced. With `keep`,
    a notebook whose text has not changed since it was built is left as it is. With `check`, nothing
    is written.
    Raises UsageError when there is no such unit, or a text is not a valid notebook.
    """
    wanted = {
        text.with_suffix(".ipynb"): dumps(read_text_notebook(text))
        for text in text_notebooks(course, only)
    }
    assignments = [a for a in course.assignments() if only in (None, a)]
    if only and not wanted:
        course.assignment(only)
    for assignment in assignments:
        wanted |= _student_notebooks(course, assignment, wanted)
    changed = []
    for path, content in sorted(wanted.items()):
        # Instructor notebooks are not committed: on a fresh clone their absence is no difference.
        if check and path.is_relative_to(course.solutions):
            continue
        line = _place(course, path, content, keep=keep, check=check)
        if line:
            changed.append(line)
    if only is None:
        changed += _remove_leftovers(course, set(wanted), check=check)
    return changed


def record(course: Course, assignment: str, gradebook: str) -> None:
    """Record the cells and points of `assignment` in the gradebook at the URL `gradebook`.

    Nothing under exercises/ is touched: nbgrader works in a copy. Raises UsageError with nbgrader's
    reason, for example when cells were added after somebody has handed in.
    """
    texts = text_notebooks(course, assignment)
    instructor = {t.with_suffix(".ipynb"): dumps(read_text_notebook(t)) for t in texts}
    _student_notebooks(course, assignment, instructor, gradebook)


def text_notebooks(course: Course, only: str | None = None) -> list[Path]:
    """All text notebooks of lessons and solutions, or those of the unit `only`, sorted."""
    return [
        path
        for folder in (course.lessons, course.solutions)
        if folder.is_dir()
        for path in sorted(folder.rglob("*.py"))
        if (only is None or path.parent.name == only) and is_text_notebook(path)
    ]


def _student_notebooks(
    course: Course, assignment: str, instructor: dict[Path, str], gradebook: str | None = None
) -> dict[Path, str]:
    """What nbgrader makes of one assignment: {path under exercises/: text}."""
    folder = course.solutions / assignment
    with tempfile.TemporaryDirectory() as scratch:
        copy = Course(Path(scratch))
        (copy.solutions / assignment).mkdir(parents=True)
        for path in folder.rglob("*"):
            if path.is_file() and path.suffix not in {".py", ".ipynb", ".pyc"}:
                target = copy.solutions / path.relative_to(course.solutions)
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(path, target)
        for path, content in instructor.items():
            if path.is_relative_to(folder):
                target = copy.solutions / path.relative_to(course.solutions)
                target.write_text(content, encoding="utf-8")
        generate(copy, assignment, gradebook=gradebook)
        return {
            course.exercises / path.relative_to(copy.exercises): path.read_text(encoding="utf-8")
            for path in sorted((copy.exercises / assignment).rglob("*"))
            if path.is_file()
        }


def generate(course: Course, assignment: str, *, gradebook: str | None = None) -> None:
    """Run nbgrader's own generate_assignment from solutions/ into exercises/ of `course`.

    With `gradebook` (a URL), the assignment, its cells and its points are recorded there, as
    grading needs. Raises UsageError with nbgrader's reason if the notebook is not gradable.
    """
    from nbgrader.converters import GenerateAssignment
    from nbgrader.converters.base import NbGraderException
    from nbgrader.coursedir import CourseDirectory

    config = configure(Config(), course)
    config.CourseDirectory.assignment_id = assignment
    config.GenerateAssignment.no_database = gradebook is None
    config.SaveCells.enabled = gradebook is not None
    config.GenerateAssignment.force = True
    if gradebook:
        config.CourseDirectory.db_url = gradebook
    converter = GenerateAssignment(coursedir=CourseDirectory(config=config), config=config)
    with captured_log(converter.log) as messages:
        try:
            converter.start()
        except (NbGraderException, SystemExit) as error:
            raise UsageError(
                f"nbgrader cannot make {assignment}: {reason(messages, error)}"
            ) from error


def _place(course: Course, path: Path, content: str, *, keep: bool, check: bool) -> str | None:
    """Write `content` to `path` if need be; a line that says what was (or would be) done."""
    shown = path.relative_to(course.root)
    if not path.exists():
        if not check:
            write(path, content)
        return f"built {shown}"
    if path.read_text(encoding="utf-8", errors="replace") == content:
        return None
    built, changed = built_fingerprint(path) if path.suffix == ".ipynb" else (None, True)
    if keep and built is not None and built == _fingerprint_of(content):
        return None
    if check:
        return f"would rebuild {shown}"
    line = f"rebuilt {shown}"
    if changed:
        line += f" (your changed copy is {keep_copy(course, path).relative_to(course.root)})"
    write(path, content)
    return line


def keep_copy(course: Course, path: Path) -> Path:
    """Copy `path` to `kept/`, beside earlier copies, and return the copy's path."""
    moment = datetime.now().strftime("%Y-%m-%d-%H%M%S")
    relative = path.relative_to(course.root)
    copy = course.kept / relative.with_name(f"{path.stem}-{moment}{path.suffix}")
    number = 1
    while copy.exists():
        number += 1
        copy = copy.with_name(f"{path.stem}-{moment}-{number}{path.suffix}")
    copy.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy2(path, copy)
    return copy


def _remove_leftovers(course: Course, wanted: set[Path], *, check: bool) -> list[str]:
    """Remove built notebooks whose text is gone; one that was changed since is kept as a copy."""
    lines = []
    for folder in (course.lessons, course.solutions, course.exercises):
        for path in sorted(folder.rglob("*.ipynb")) if folder.is_dir() else []:
            if path in wanted or ".ipynb_checkpoints" in path.parts:
                continue
            built, changed = built_fingerprint(path)
            if built is None:
                continue  # somebody's own notebook: none of our business
            shown = path.relative_to(course.root)
            if check:
                lines.append(f"would remove {shown}, which has no text any more")
                continue
            kept = f" (your changed copy is {keep_copy(course, path)})" if changed else ""
            path.unlink()
            lines.append(f"removed {shown}, which has no text any more{kept}")
    return lines


def _fingerprint_of(content: str) -> str:
    import nbformat

    return fingerprint(nbformat.reads(content, as_version=4))
