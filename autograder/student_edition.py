"""A tree for the students of a class: the course without its answers and hidden tests.

Notebooks are built anew from their text, never copied from this checkout, where somebody may have
worked in them. What an edition holds is listed, with hashes, in its `edition.json`: that is how a
later run knows what it may replace.
"""

import argparse
import builtins
import hashlib
import json
import keyword
import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from autograder.build import build, text_notebooks
from autograder.errors import UsageError
from autograder.paths import Course, find_course

HELP = "write a tree for students: no solutions, no hidden tests"

MANIFEST = "edition.json"
MAKEFILE_END = "# For authors and instructors"
# Files and folders that are copied as they are, where they exist.
COPIED = [
    ".gitattributes",
    "LICENSE",
    "LICENSE-TEXT",
    "binder/postBuild",
    "binder/start",
    "bootstrap.py",
    "environment.yml",
    "jupyter",
    "kernels",
    "requirements.lock",
    "tests/student",
    "work/nbgrader_config.py",
]
PYTHONS_OWN = {*keyword.kwlist, *dir(builtins)}
# Found beside sources, but made by running them.
MADE = {"__pycache__", ".ipynb_checkpoints", ".pytest_cache"}
NBGRADER_CONFIG = '''"""nbgrader finds this file where it is started."""

from pathlib import Path

c = get_config()  # noqa: F821  (nbgrader gives get_config)
c.CourseDirectory.course_id = "stepwise"
c.Exchange.assignment_dir = str(Path(__file__).resolve().parent / "work")
'''
# Parts of nbgrader's JupyterLab extension that students have no use for.
FOR_INSTRUCTORS = ["course-list", "create-assignment", "formgrader"]
FOR_EXCHANGES = ["assignment-list", "menu"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", metavar="DIR", type=Path, help="a new folder")
    parser.add_argument(
        "--exchange",
        type=Path,
        help="the folder through which the class hands in, if all share one machine "
        "(the instructor's is grading/exchange)",
    )


def run(options: argparse.Namespace) -> int:
    course, folder = find_course(), options.folder.absolute()
    write_edition(course, folder, options.exchange)
    print(f"wrote the student edition to {folder}")
    print("It opens by `make lab` and checks itself by `make test`, like this one.")
    return 0


def write_edition(course: Course, folder: Path, exchange: Path | None = None) -> None:
    """Write the edition to `folder`: whole, or not at all.

    An edition made earlier is replaced if nobody has changed it; its hidden folders (.git, .venv)
    stay. Raises UsageError if `folder` holds anything else, or if a secret would get out.
    """
    if folder.resolve() in [course.root, *course.root.parents]:
        raise UsageError(f"{folder} holds this course: choose a folder of its own for students.")
    _may_replace(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}-") as scratch:
        new, old = Path(scratch, "new"), Path(scratch, "old")
        _assemble(course, new, exchange)
        found = leaks(new, secret_lines(course))
        if found:
            raise UsageError(f"the edition would give answers away: {'; '.join(found[:3])}")
        if folder.exists():
            folder.rename(old)
        new.rename(folder)
        for hidden in old.glob(".*") if old.exists() else []:
            if not (folder / hidden.name).exists():
                hidden.rename(folder / hidden.name)


def _may_replace(folder: Path) -> None:
    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        return
    manifest = folder / MANIFEST
    if not manifest.is_file():
        raise UsageError(f"{folder} is not empty and no student edition: choose a new folder.")
    known = json.loads(manifest.read_text(encoding="utf-8"))["files"]
    changed = [
        name
        for name, path in _files(folder)
        if name != MANIFEST and not name.startswith(".") and known.get(name) != _hash(path)
    ]
    if changed:
        raise UsageError(
            f"{folder} holds somebody's work ({', '.join(changed[:3])}): choose a new folder."
        )


def _assemble(course: Course, new: Path, exchange: Path | None) -> None:
    """Write all files of the edition to the folder `new`, which must not exist."""
    ignored = shutil.ignore_patterns(*MADE)
    shutil.copytree(Path(__file__).parent / "edition", new, ignore=ignored)
    for name in COPIED:
        source, target = course.root / name, new / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(
                source, target, ignore=shutil.ignore_patterns(*MADE), dirs_exist_ok=True
            )
        elif source.exists():
            shutil.copy2(source, target)
    (new / "binder" / "environment.yml").symlink_to("../environment.yml")
    (new / "Makefile").write_text(_makefile(course), encoding="utf-8")
    (new / "pyproject.toml").write_text(_project(course), encoding="utf-8")
    unused = FOR_INSTRUCTORS if exchange else FOR_INSTRUCTORS + FOR_EXCHANGES
    disabled = {f"@jupyter/nbgrader:{part}": True for part in unused}
    page = json.dumps({"disabledExtensions": disabled}, indent=2)
    (new / "jupyter" / "page_config.json").write_text(page + "\n", encoding="utf-8")
    config = NBGRADER_CONFIG
    if exchange:
        config += f"c.Exchange.root = {str(exchange.absolute())!r}\n"
    (new / "nbgrader_config.py").write_text(config, encoding="utf-8")
    _add_notebooks(course, new)
    files = {name: _hash(path) for name, path in _files(new)}
    manifest = {"files": files, "locked": _locked_cells(new)}
    (new / MANIFEST).write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")


def _add_notebooks(course: Course, new: Path) -> None:
    """The lessons with the packages they import, and the exercises, all freshly built."""
    with tempfile.TemporaryDirectory() as scratch:
        copy = Course(Path(scratch))
        texts = shutil.ignore_patterns("*.ipynb", *MADE)
        shutil.copytree(course.lessons, copy.lessons, ignore=texts)
        if course.solutions.is_dir():
            shutil.copytree(course.solutions, copy.solutions, ignore=texts)
        build(copy)
        for notebook in copy.lessons.rglob("*.ipynb"):
            notebook.with_suffix(".py").unlink()
        shutil.copytree(copy.lessons, new / "course")
        if copy.exercises.is_dir():
            shutil.copytree(copy.exercises, new / "exercises")


def _locked_cells(new: Path) -> dict[str, dict[str, str]]:
    """{notebook: {grade_id: source}} of the cells of exercises that students must not change."""
    return {
        name: {
            cell["metadata"]["nbgrader"]["grade_id"]: "".join(cell["source"])
            for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]
            if cell["metadata"].get("nbgrader", {}).get("locked")
        }
        for name, path in _files(new)
        if name.startswith("exercises/") and path.suffix == ".ipynb"
    }


def _makefile(course: Course) -> str:
    text = (course.root / "Makefile").read_text(encoding="utf-8")
    return text.split(MAKEFILE_END)[0].rstrip() + "\n"


def _project(course: Course) -> str:
    """pyproject.toml without the `autograder` command, its sandbox and the authors' tools."""
    text = (course.root / "pyproject.toml").read_text(encoding="utf-8")
    tables = re.split(r"^(?=\[)", text, flags=re.MULTILINE)
    left_out = (
        "[project.scripts]",
        "[project.entry-points",
        "[tool.ruff",
        "[tool.mypy",
        "[[tool.mypy",
    )
    return "".join(table for table in tables if not table.startswith(left_out))


def secret_lines(course: Course) -> dict[str, str]:
    """{line: where it stands} for every line that only instructors may see.

    These are the lines between the marks of solutions and hidden tests in solutions/**/*.py,
    without their indentation. Lines that say nothing by themselves are left out: shorter than 16
    characters, made of Python's own words alone (`for _ in range(20):`), or standing outside all
    marks somewhere in solutions/ too. A lesson may teach what its exercise asks for, and the
    reference kernels are there to be read: a line of a solution that one of these shows is meant to
    be seen. A line of a hidden test never is.
    """
    secret: dict[str, tuple[str, str]] = {}
    public: set[str] = set()
    for text in sorted(course.solutions.rglob("*.py")):
        inside = ""
        for number, line in enumerate(text.read_text(encoding="utf-8").splitlines(), start=1):
            line = line.strip()
            if mark := re.match(r"### (BEGIN|END) (SOLUTION|HIDDEN TESTS)", line):
                inside = mark[2] if mark[1] == "BEGIN" else ""
            elif not inside:
                public.add(line)
            elif len(line) >= 16 and set(re.findall(r"[a-zA-Z]\w{2,}", line)) - PYTHONS_OWN:
                secret.setdefault(line, (inside, f"{text.relative_to(course.root)}:{number}"))
    lessons = [text for text in text_notebooks(course) if text.is_relative_to(course.lessons)]
    taught = {
        line.strip()
        for text in [*lessons, *(course.root / "kernels").glob("*.py")]
        for line in text.read_text(encoding="utf-8").splitlines()
    }
    return {
        line: where
        for line, (kind, where) in secret.items()
        if line not in public and not (kind == "SOLUTION" and line in taught)
    }


def leaks(tree: Path, secrets: dict[str, str]) -> list[str]:
    """A line for each secret that stands, whole, on a line of a file below `tree`."""
    found = []
    for name, path in _files(tree):
        for line in _lines(path):
            if line in secrets:
                found.append(f"{name} shows {secrets[line]}: {line}")
            elif re.match(r"### BEGIN (SOLUTION|HIDDEN TESTS)", line):
                found.append(f"{name} holds the mark {line}")
    return found


def _lines(path: Path) -> Iterator[str]:
    """The lines of a text file, or of a notebook's cells and outputs, without indentation."""
    text = path.read_text(encoding="utf-8", errors="replace")
    if path.suffix in {".ipynb", ".json"}:
        text = "\n".join(_strings(json.loads(text)))
    for line in text.splitlines():
        yield line.strip()


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list) and all(isinstance(part, str) for part in value):
        yield "".join(value)
    elif isinstance(value, list | dict):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _strings(part)


def _files(tree: Path) -> Iterator[tuple[str, Path]]:
    """(name relative to `tree`, path) of every file that was not made by running the course."""
    for path in sorted(tree.rglob("*")):
        name = path.relative_to(tree)
        made = MADE.intersection(name.parts) or any(p.endswith(".egg-info") for p in name.parts)
        if path.is_file() and not made:
            yield name.as_posix(), path


def _hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
