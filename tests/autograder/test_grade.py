"""Grading that is refused, unconfined, or done by nbgrader's own steps; links in hand-ins."""

import json
import os
import shutil
from collections.abc import Iterator
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import pytest
from jupyter_client.provisioning import KernelProvisionerFactory
from nbgrader.api import Gradebook
from traitlets.config import Config

from autograder import sandbox
from autograder.cli import main
from autograder.engine import Engine
from autograder.gradebook import GRADED, NOT_GRADED, REVIEW, Standing, standings
from autograder.handins import drop_links
from autograder.paths import Course
from autograder.provisioner import SandboxProvisioner
from autograder.sandbox import SANDBOX
from tests.autograder import classroom
from tests.autograder.classroom import answering, starting_with

RIGHT = answering(add="def add(a, b): return a + b", times="def times(a, b): return a * b")
LOOK = """
import os
print(os.getpid(), sorted(os.listdir()))
"""


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Course]:
    course = classroom.make_course(
        tmp_path_factory.mktemp("course"), {"01_small/adding.py": classroom.ADDING}
    )
    here = os.getcwd()
    os.chdir(course.root)
    try:
        assert main(["release", "01_small", "--skip-proof"]) == 0
        looks = classroom.solved(course, "01_small", "adding", RIGHT, starting_with(LOOK))
        for student in ("ada", "bob"):
            classroom.hand_in(course, "01_small", student, {"adding.ipynb": looks})
        yield course
    finally:
        os.chdir(here)


def stand(course: Course, student: str) -> Standing:
    (standing,) = standings(course, Engine(course).url, "01_small", [student])
    return standing


def executed(course: Course, student: str) -> dict[str, Any]:
    path = course.autograded(student, "01_small") / "adding.ipynb"
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content


def seen(course: Course, student: str) -> str:
    """What LOOK printed."""
    first = next(c for c in executed(course, student)["cells"] if "".join(c["source"]) == LOOK)
    return "".join(first["outputs"][0]["text"])


def programs(folder: Path, script: str) -> str:
    """A PATH on which bwrap is `script`."""
    program = folder / "bwrap"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    return f"{folder}{os.pathsep}{os.environ['PATH']}"


@pytest.fixture
def forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    """No sandbox was made yet in this process."""
    monkeypatch.setattr(sandbox, "_shared", {})


@pytest.mark.usefixtures("forgotten")
def test_without_bubblewrap_nothing_is_run_and_it_says_how_to_get_it(
    course: Course, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    assert main(["grade", "01_small"]) == 2
    said = capsys.readouterr().err
    assert "apt-get install bubblewrap" in said
    assert "--no-sandbox" in said
    assert not course.autograded("ada", "01_small").exists()
    assert stand(course, "ada").status == NOT_GRADED


@pytest.mark.usefixtures("forgotten")
def test_where_namespaces_are_forbidden_nothing_is_run_and_the_reason_is_told(
    course: Course,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    script = "echo 'bwrap: No permissions to create a new namespace' >&2; exit 1"
    monkeypatch.setenv("PATH", programs(tmp_path, script))
    assert main(["grade", "01_small"]) == 2
    said = capsys.readouterr().err
    assert "No permissions to create a new namespace" in said
    assert "--no-sandbox" in said
    assert not course.autograded("ada", "01_small").exists()


@pytest.mark.usefixtures("forgotten")
def test_stock_autograde_refuses_too(course: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    Engine(course).autograde("01_small", "bob", again=True)
    standing = stand(course, "bob")
    assert (standing.status, standing.score) == (NOT_GRADED, None)
    assert "apt-get install bubblewrap" in " ".join(standing.notebooks[0].remarks)


def test_without_a_sandbox_by_choice_there_are_warnings(
    course: Course, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["grade", "01_small", "--student", "ada", "--no-sandbox", "--jobs", "1"]) == 0
    told = capsys.readouterr()
    assert told.err.count("warning: no sandbox") == 2
    assert "ran without a sandbox" in told.out
    standing = stand(course, "ada")
    assert (standing.status, standing.score) == (GRADED, 7.0)
    assert "ran without a sandbox" in standing.notebooks[0].remarks


@pytest.mark.sandbox
def test_in_the_sandbox_no_remark_is_made(course: Course) -> None:
    again = ["grade", "01_small", "--student", "ada", "--regrade", "--jobs", "1"]
    assert [main(again), main([*again, "--apply"])] == [0, 0]
    assert stand(course, "ada").notebooks[0].remarks == ()
    assert seen(course, "ada") == "2 []\n"


@pytest.fixture
def links(course: Course, tmp_path: Path) -> Path:
    """Somebody's hand-in, put there by hand, full of ways out."""
    looks = classroom.solved(course, "01_small", "adding", RIGHT, starting_with(LOOK))
    files = {"adding.ipynb": looks, "data.csv": b"1,2"}
    classroom.hand_in(course, "01_small", "eve", files)
    folder = course.submitted("eve", "01_small")
    for name, target in {
        "secret.txt": course.grading / "class_secret",
        "zero": Path("/dev/zero"),
        "solutions": course.solutions,
        "gone": tmp_path / "not there",
    }.items():
        if not (folder / name).is_symlink():
            (folder / name).symlink_to(target)
    (folder / "inner").mkdir(exist_ok=True)
    if not (folder / "inner" / "pipe").exists():
        os.mkfifo(folder / "inner" / "pipe")
    return folder


def test_dropping_links_leaves_what_they_point_to(links: Path, course: Course) -> None:
    (links / "other.ipynb").symlink_to(links / "adding.ipynb")
    gone = {path.relative_to(links).as_posix() for path in drop_links(links)}
    assert gone == {"secret.txt", "zero", "solutions", "gone", "inner/pipe"}
    assert (course.grading / "class_secret").exists() or not gone
    assert (course.solutions / "01_small" / "adding.py").exists()
    assert (links / "data.csv").read_bytes() == b"1,2"
    assert (links / "other.ipynb").is_symlink(), "reading it is refused, and a person told"
    (links / "other.ipynb").unlink()


@pytest.mark.sandbox
@pytest.mark.parametrize("way", ["ours", "stock"])
def test_links_in_a_hand_in_are_not_followed(course: Course, links: Path, way: str) -> None:
    if way == "ours":
        assert main(["grade", "01_small", "--student", "eve", "--jobs", "1"]) == 0
    else:
        # Another converter of nbgrader's, in another process, as the formgrader's button does.
        options = ("--force", "--student", "eve")
        classroom.call(course, "nbgrader", "autograde", "01_small", *options)
    assert stand(course, "eve").score == 7.0
    assert seen(course, "eve") == "2 ['data.csv', 'inner']\n"
    copied = {path.name for path in course.autograded("eve", "01_small").rglob("*")}
    assert copied - {"timestamp.txt", "submission_secret.txt"} <= {
        *("adding.ipynb", "data.csv", "inner")
    }


@pytest.mark.sandbox
@pytest.mark.parametrize("way", ["ours", "stock"])
def test_a_notebook_that_is_a_link_to_anothers_is_refused(course: Course, way: str) -> None:
    classroom.hand_in(course, "01_small", "mal", {})
    path = course.submitted("mal", "01_small") / "adding.ipynb"
    path.unlink(missing_ok=True)
    path.symlink_to(course.submitted("ada", "01_small") / "adding.ipynb")
    if way == "ours":
        assert main(["grade", "01_small", "--student", "mal", "--jobs", "1"]) == 1
    else:
        Engine(course).autograde("01_small", "mal", again=True)
    standing = stand(course, "mal")
    assert (standing.status, standing.score) == (REVIEW, None)
    assert "no plain file" in " ".join(standing.notebooks[0].remarks)


@pytest.mark.sandbox
def test_nbgraders_own_execute_step_gets_the_sandbox_by_the_provisioner(
    course: Course, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "kernels" / SANDBOX
    folder.mkdir(parents=True)
    shutil.copy(classroom.REPOSITORY / "autograder" / "kernel.json", folder)
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    place = f"{SandboxProvisioner.__module__}:{SandboxProvisioner.__name__}"
    entry = EntryPoint(SANDBOX, place, KernelProvisionerFactory.GROUP_NAME)
    monkeypatch.setitem(KernelProvisionerFactory.instance().provisioners, SANDBOX, entry)
    settings = Config()
    settings.Autograde.autograde_preprocessors = [
        *("nbgrader.preprocessors.Execute", "nbgrader.preprocessors.SaveAutoGrades")
    ]
    Engine(course, settings).autograde("01_small", "bob", again=True)
    assert seen(course, "bob") == "2 []\n"
    with Gradebook(Engine(course).url) as gradebook:
        grades = gradebook.find_submission_notebook("adding", "01_small", "bob").grades
        assert sum(grade.auto_score for grade in grades) == 7.0
