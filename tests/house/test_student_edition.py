"""The student edition: all that students need, nothing that they must not see."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from traitlets.config import Config

from autograder.errors import UsageError
from autograder.paths import Course, find_course
from autograder.student_edition import leaks, secret_lines, write_edition

REPOSITORY = Path(__file__).resolve().parents[2]
LESSON = '''# %% [markdown]
"""
# A lesson
"""

# %%
print(1 + 1)
'''
SOLUTION = '''# %% [markdown]
"""
# Exercise
"""

# %% nbgrader={"grade_id": "double", "solution": true}
def double(number):
    """Twice `number`."""
    ### BEGIN SOLUTION
    return number + number  # by adding
    ### END SOLUTION

# %% nbgrader={"grade_id": "double_small", "points": 1}
assert double(2) == 4
### BEGIN HIDDEN TESTS
assert double(1234) == 2468
### END HIDDEN TESTS
'''


@pytest.fixture
def course(tmp_path: Path) -> Course:
    """A small course with one lesson and one exercise, and this repository's other files."""
    root = tmp_path / "course-root"
    for name in ("binder", "jupyter", "tests/student"):
        shutil.copytree(REPOSITORY / name, root / name, symlinks=True)
    for name in ("Makefile", "bootstrap.py", "pyproject.toml", "environment.yml", "LICENSE"):
        shutil.copy(REPOSITORY / name, root)
    for name in ("requirements.lock", "nbgrader_config.py"):
        shutil.copy(REPOSITORY / name, root)
    for folder, text in (("course", LESSON), ("solutions", SOLUTION)):
        (root / folder / "01_unit").mkdir(parents=True)
        (root / folder / "01_unit" / "topic.py").write_text(text)
    (root / "course" / "__init__.py").write_text('"""Packages."""\n')
    return Course(root)


def names(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_holds_what_students_need_and_nothing_else(course: Course, tmp_path: Path) -> None:
    # What an instructor has lying about must not come along.
    (course.lessons / "01_unit" / "topic.ipynb").write_text('{"cells": ["instructor\'s notes"]}')
    (course.root / "grading").mkdir()
    (course.root / "grading" / "class_secret").write_text("secret")
    folder = tmp_path / "students"
    write_edition(course, folder)
    found = names(folder)
    assert {
        "course/01_unit/topic.ipynb",
        "course/__init__.py",
        "exercises/01_unit/topic.ipynb",
    } <= found
    assert {
        "Makefile",
        "bootstrap.py",
        "requirements.lock",
        "environment.yml",
        "README.md",
    } <= found
    assert {"binder/postBuild", "binder/start", "jupyter/overrides.json"} <= found
    top = {name.split("/")[0] for name in found}
    assert not top & {"solutions", "autograder", "grading", "docs", ".git", ".ci"}
    assert not [name for name in found if name.endswith(".py") and name.startswith("course/01")]
    assert "instructor's notes" not in (folder / "course/01_unit/topic.ipynb").read_text()
    everything = "".join(p.read_text() for p in folder.rglob("*") if p.is_file())
    for secret in (
        "number + number",
        "by adding",
        "1234",
        "2468",
        "BEGIN SOLUTION",
        "BEGIN HIDDEN",
    ):
        assert secret not in everything
    assert "assert double(2) == 4" in everything, "visible tests are there"
    assert "autograder" not in (folder / "pyproject.toml").read_text().split("[tool")[0]
    assert "make release" not in (folder / "Makefile").read_text()


def test_its_own_tests_pass_and_notice_a_changed_test_cell(course: Course, tmp_path: Path) -> None:
    folder = tmp_path / "students"
    write_edition(course, folder)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    command += ["-p", "no:xdist", "tests/test_exercises.py", "tests/student/test_environment.py"]
    answer = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert answer.returncode == 0, answer.stdout

    exercise = folder / "exercises/01_unit/topic.ipynb"
    notebook = json.loads(exercise.read_text())
    for cell in notebook["cells"]:
        grade_id = cell["metadata"].get("nbgrader", {}).get("grade_id")
        if grade_id == "double":
            cell["source"] = "def double(number):\n    return 2 * number"
    exercise.write_text(json.dumps(notebook))
    answer = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert answer.returncode == 0, "a student's answer is no damage"

    for cell in notebook["cells"]:
        if cell["metadata"].get("nbgrader", {}).get("grade_id") == "double_small":
            cell["source"] = "assert True"
    exercise.write_text(json.dumps(notebook))
    answer = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert answer.returncode == 1
    assert "the cell double_small was changed" in answer.stdout


def test_only_a_class_that_shares_an_exchange_sees_the_assignment_list(
    course: Course, tmp_path: Path
) -> None:
    write_edition(course, tmp_path / "alone")
    write_edition(course, tmp_path / "shared", exchange=tmp_path / "exchange")
    for folder, hidden in (("alone", True), ("shared", False)):
        page = json.loads((tmp_path / folder / "jupyter/page_config.json").read_text())
        assert ("@jupyter/nbgrader:assignment-list" in page["disabledExtensions"]) == hidden
        assert page["disabledExtensions"]["@jupyter/nbgrader:formgrader"]
        config = Config()
        source = (tmp_path / folder / "nbgrader_config.py").read_text()
        exec(source, {"get_config": lambda config=config: config, "__file__": "/x/y.py"})
        assert config.CourseDirectory.course_id == "stepwise"
        expected = {} if hidden else {"root": str(tmp_path / "exchange")}
        assert {k: v for k, v in config.Exchange.items() if k == "root"} == expected


def test_never_overwrites_work(course: Course, tmp_path: Path) -> None:
    folder = tmp_path / "students"
    write_edition(course, folder)
    (folder / ".git").mkdir()
    (folder / ".git" / "HEAD").write_text("ref: refs/heads/main\n")
    write_edition(course, folder)  # nobody has worked in it: replaced, its history kept
    assert (folder / ".git" / "HEAD").exists()

    exercise = folder / "exercises/01_unit/topic.ipynb"
    exercise.write_text(exercise.read_text().replace("raise NotImplementedError()", "return 1"))
    before = exercise.read_text()
    with pytest.raises(UsageError, match=r"somebody's work.*topic.ipynb.*choose a new folder"):
        write_edition(course, folder)
    assert exercise.read_text() == before


def test_refuses_other_folders(course: Course, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "thesis.txt").write_text("mine")
    with pytest.raises(UsageError, match="not empty and no student edition"):
        write_edition(course, other)
    assert names(other) == {"thesis.txt"}
    with pytest.raises(UsageError, match="holds this course"):
        write_edition(course, course.root)


def test_a_leak_stops_it_and_leaves_nothing(course: Course, tmp_path: Path) -> None:
    leaking = course.lessons / "01_unit" / "topic.py"
    leaking.write_text(LESSON + "\n# %%\nassert double(1234) == 2468\n")
    folder = tmp_path / "students"
    with pytest.raises(UsageError, match=r"give answers away: .*solutions/01_unit/topic.py:\d+"):
        write_edition(course, folder)
    assert not folder.exists()
    assert not list(tmp_path.glob(".students*"))


def test_secret_lines_are_those_between_the_marks(course: Course) -> None:
    assert set(secret_lines(course)) == {
        "return number + number  # by adding",
        "assert double(1234) == 2468",
    }


def test_leaks_are_found_in_every_kind_of_file(course: Course, tmp_path: Path) -> None:
    secrets = secret_lines(course)
    line = "assert double(1234) == 2468"
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree/a.py").write_text(f"if x:\n    {line}\n")
    notebook = {"cells": [{"cell_type": "code", "source": ["x = 1\n", f"{line}\n"]}]}
    (tmp_path / "tree/b.ipynb").write_text(json.dumps(notebook))
    (tmp_path / "tree/c.md").write_text("nothing here\n")
    found = leaks(tmp_path / "tree", secrets)
    assert [text.split()[0] for text in found] == ["a.py", "b.ipynb"]


@pytest.fixture(scope="module")
def real_edition(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("real") / "students"
    write_edition(find_course(REPOSITORY), folder)
    return folder


def test_this_courses_edition_holds_no_line_of_a_solution_or_hidden_test(
    real_edition: Path,
) -> None:
    """An independent search, by plain text, through every file.

    Lessons and the reference kernels are searched for hidden tests only: they may teach what an
    exercise asks for. What a statement or a hint quotes is no secret either.
    """
    secrets: dict[str, set[str]] = {"SOLUTION": set(), "HIDDEN TESTS": set()}
    public = ""
    for text in REPOSITORY.glob("solutions/**/*.py"):
        blocks = r"### BEGIN (SOLUTION|HIDDEN TESTS)\n(.*?)### END \1"
        source = text.read_text(encoding="utf-8")
        for block in re.finditer(blocks, source, re.DOTALL):
            secrets[block.group(1)] |= {line.strip() for line in block.group(2).splitlines()}
        public += re.sub(blocks, "", source, flags=re.DOTALL)
    for kind, lines in secrets.items():
        long = {line for line in lines if len(line) >= 16 and line not in public}
        secrets[kind] = {line for line in long if not re.fullmatch(r"for \w+ in range\(.*", line)}
    assert all(secrets.values())
    for path in real_edition.rglob("*"):
        if path.is_file():
            text = path.read_text(encoding="utf-8", errors="replace")
            lesson = path.suffix == ".ipynb" and path.is_relative_to(real_edition / "course")
            taught = lesson or path.parent == real_edition / "kernels"
            wanted = secrets["HIDDEN TESTS"] | (set() if taught else secrets["SOLUTION"])
            shown = [s for s in wanted if s in text or json.dumps(s)[1:-1] in text]
            assert not shown, f"{path.relative_to(real_edition)} shows {shown}"


def test_this_courses_edition_has_every_lesson_and_exercise(real_edition: Path) -> None:
    for folder in ("course", "exercises"):
        for notebook in (REPOSITORY / folder).rglob("*.ipynb"):
            if ".ipynb_checkpoints" not in notebook.parts:
                assert (real_edition / notebook.relative_to(REPOSITORY)).exists()


def test_a_lesson_may_teach_a_line_of_a_solution_but_never_one_of_a_hidden_test(
    course: Course,
) -> None:
    lesson = course.lessons / "01_unit" / "topic.py"
    both = "return number + number  # by adding\nassert double(1234) == 2468\n"
    lesson.write_text(LESSON + both)
    assert list(secret_lines(course)) == ["assert double(1234) == 2468"]
