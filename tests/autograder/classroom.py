"""A small course in a folder of its own, and students who hand in notebooks made by functions."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from autograder.configuration import gradebook_url
from autograder.identity import Key
from autograder.ledger import GRADE
from autograder.paths import Course
from autograder.pipeline import Graded
from autograder.record import Writer
from tests import postgres

REPOSITORY = Path(__file__).resolve().parents[2]
Edit = Callable[[dict[str, Any]], dict[str, Any]]

ADDING = """
# %% [markdown]
# # Adding

# %% nbgrader={"grade_id": "imports", "locked": true}
import math

# %% nbgrader={"grade_id": "add", "solution": true}
def add(a, b):
    ### BEGIN SOLUTION
    return a + b
    ### END SOLUTION

# %% nbgrader={"grade_id": "add_small", "points": 2}
assert add(1, 2) == 3
### BEGIN HIDDEN TESTS
assert add(61027, 7) == 61034
### END HIDDEN TESTS

# %% nbgrader={"grade_id": "add_root", "points": 3}
assert add(math.sqrt(4), 1) == 3

# %% nbgrader={"grade_id": "times", "solution": true}
def times(a, b):
    ### BEGIN SOLUTION
    return a * b
    ### END SOLUTION

# %% nbgrader={"grade_id": "times_sum", "points": 2}
assert times(2, 3) == add(3, 3)
"""

SHARING = """
# %% nbgrader={"grade_id": "share", "solution": true}
def share(parts):
    ### BEGIN SOLUTION
    return [1 / parts] * parts
    ### END SOLUTION

# %% nbgrader={"grade_id": "share_part", "points": 4}
right = sum(sum(share(n)) == 1 for n in (1, 2, 4, 8))
right

# %% [markdown] nbgrader={"grade_id": "share_why", "points": 1, "solution": true}
# Why do floats add up here?
"""


def make_course(root: Path, sources: dict[str, str] | None = None) -> Course:
    """A course at `root` whose solutions are `sources` (path under solutions/ → text)."""
    course = Course(root)
    sources = sources or {"01_small/adding.py": ADDING, "01_small/sharing.py": SHARING}
    for path, text in sources.items():
        target = course.solutions / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text.lstrip(), encoding="utf-8")
    course.lessons.mkdir(parents=True, exist_ok=True)
    course.work.mkdir()
    for file in ("nbgrader_config.py", "work/nbgrader_config.py"):
        shutil.copy(REPOSITORY / file, course.root / file)
    return course


def use_database(course: Course, url: str) -> None:
    """As an instructor does who has a PostgreSQL server: in nbgrader_config.py."""
    with (course.root / "nbgrader_config.py").open("a") as file:
        file.write(f'\nc.CourseDirectory.db_url = "{url}"\n')


def database_of(course: Course) -> str:
    """The URL of the course's gradebook."""
    text = (course.root / "nbgrader_config.py").read_text()
    found = re.findall(r'CourseDirectory\.db_url = "(.*)"', text)
    return found[-1] if found else gradebook_url(course)


def copy(course: Course, target: Path) -> Course:
    """The whole course once more at `target`, its gradebook too."""
    shutil.copytree(course.root, target)
    other, url = Course(target), database_of(course)
    if url.startswith("postgresql"):
        use_database(other, postgres.copied(url))
    return other


def environment(course: Course) -> dict[str, str]:
    """For programs that run in the course as another user would, with a home of their own."""
    programs = Path(sys.executable).parent
    return {
        "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(REPOSITORY),
        "HOME": str(course.root / "home"),
        "JUPYTER_DATA_DIR": str(course.root / "home" / "jupyter"),
        "LANG": "C.UTF-8",
    }


def call(course: Course, *command: str, folder: Path | None = None) -> str:
    """Run a program in the course; its output. Fails with that output if the program does."""
    result = subprocess.run(
        command,
        cwd=folder or course.root,
        env=environment(course),
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=200,
    )
    assert result.returncode == 0, result.stdout
    return result.stdout


def released(course: Course, assignment: str, notebook: str) -> dict[str, Any]:
    text = (course.exercises / assignment / f"{notebook}.ipynb").read_text(encoding="utf-8")
    content: dict[str, Any] = json.loads(text)
    return content


def label(cell: dict[str, Any]) -> str:
    return str(cell["metadata"].get("nbgrader", {}).get("grade_id", ""))


def answering(**answers: str) -> Edit:
    """An edit that fills in answers: name of the cell → its new text."""

    def edit(notebook: dict[str, Any]) -> dict[str, Any]:
        found = {label(cell): cell for cell in notebook["cells"]}
        for name, text in answers.items():
            found[name]["source"] = text
        return notebook

    return edit


def without(*names: str) -> Edit:
    """An edit that deletes cells."""

    def edit(notebook: dict[str, Any]) -> dict[str, Any]:
        notebook["cells"] = [c for c in notebook["cells"] if label(c) not in names]
        return notebook

    return edit


def doubling(name: str, **metadata: object) -> Edit:
    """An edit that puts a copy of a cell at the end, with other metadata if given."""

    def edit(notebook: dict[str, Any]) -> dict[str, Any]:
        (cell,) = (c for c in notebook["cells"] if label(c) == name)
        copy = json.loads(json.dumps(cell))
        copy["metadata"]["nbgrader"].update(metadata)
        notebook["cells"].append(copy)
        return notebook

    return edit


def saying(name: str, **metadata: object) -> Edit:
    """An edit that changes the nbgrader metadata of a cell."""

    def edit(notebook: dict[str, Any]) -> dict[str, Any]:
        (cell,) = (c for c in notebook["cells"] if label(c) == name)
        cell["metadata"]["nbgrader"].update(metadata)
        return notebook

    return edit


def starting_with(source: str) -> Edit:
    """An edit that puts a code cell of the student's own at the top."""

    def edit(notebook: dict[str, Any]) -> dict[str, Any]:
        cell = {"cell_type": "code", "id": "mine", "metadata": {}, "source": source}
        notebook["cells"].insert(0, cell | {"outputs": [], "execution_count": None})
        return notebook

    return edit


def hand_in(
    course: Course,
    assignment: str,
    student: str,
    files: dict[str, bytes],
    when: str = "2026-03-01 12:00:00.000000 UTC",
) -> None:
    """Put `files` where collected hand-ins lie, as nbgrader's exchange would."""
    folder = course.submitted(student, assignment)
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in files.items():
        (folder / name).write_bytes(data)
    (folder / "timestamp.txt").write_text(when)
    (folder / "submission_secret.txt").write_text(f"secret of {student}")


def solved(course: Course, assignment: str, notebook: str, *edits: Edit) -> bytes:
    """The released notebook after `edits`, as the bytes of a file."""
    content = released(course, assignment, notebook)
    for edit in edits:
        content = edit(content)
    return json.dumps(content).encode()


def write(writer: Writer, graded: Graded) -> None:
    """Write a result as a batch does."""
    key = Key(graded.student, "hand-in", "version", "environment")
    writer.ledger.queue([key])
    writer.write(graded, writer.ledger.begin(key, GRADE))
