"""`autograder doctor`: what it says of machines that have less."""

import os
import sqlite3
from pathlib import Path

import pytest

from autograder import doctor
from autograder.cli import main
from autograder.paths import Course
from tests.house.test_bootstrap import script


@pytest.fixture
def course(tmp_path: Path) -> Course:
    (tmp_path / "grading").mkdir()
    return Course(tmp_path)


def test_this_machine_can_be_examined(
    capsys: pytest.CaptureFixture[str], course: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    (course.root / "requirements.lock").write_text("numpy>=2\n")
    monkeypatch.setattr(doctor, "find_course", lambda: course)
    assert main(["doctor"]) == 0
    subjects = [line[6:].split()[0] for line in capsys.readouterr().out.splitlines()]
    assert subjects == [
        *("Python", "packages", "sandbox", "limits", "warm", "GPU", "triton"),
        *("browser", "PostgreSQL", "gradebook", "exchange", "disk"),
    ]


@pytest.mark.parametrize(
    ("lock", "state", "text"),
    [
        ("numpy>=2\n", doctor.GOOD, "all as"),
        ("numpy==1.0\nno-such-thing==1\n", doctor.BAD, "missing: no-such-thing; run `make setup`"),
        ("numpy==1.0\n", doctor.FAIR, "not as requirements.lock says: numpy 2"),
        ("no-such-thing==1 ; sys_platform == 'never'\n", doctor.GOOD, "all as"),
    ],
)
def test_packages(course: Course, lock: str, state: str, text: str) -> None:
    (course.root / "requirements.lock").write_text(lock)
    finding = doctor.packages(course)
    assert finding.state == state
    assert text in finding.text


@pytest.mark.parametrize(
    ("pretence", "state", "text"),
    [
        ("exit 3", doctor.FAIR, "it ended with code 3"),
        (
            "echo 'No permissions to create a new namespace' >&2; exit 1",
            doctor.FAIR,
            "No permissions",
        ),
        (None, doctor.FAIR, "run `sudo apt-get install bubblewrap`"),
    ],
)
def test_sandbox(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pretence: str | None, state: str, text: str
) -> None:
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setenv("PATH", str(tmp_path))
    if pretence:
        script(tmp_path / "bwrap", pretence)
    finding = doctor.sandbox()
    assert finding.state == state
    assert text in finding.text


@pytest.mark.sandbox
def test_sandbox_and_warm_start_are_tried() -> None:
    finding = doctor.sandbox()
    assert finding.state == doctor.GOOD
    assert "a first kernel after" in finding.text
    assert "a kernel" in doctor.warm_start().text


def test_gradebook(course: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("STEPWISE_DB", raising=False)
    assert "none yet" in doctor.gradebook(course).text
    path = course.grading / "gradebook.db"
    path.write_text("no database at all, and long enough to be looked at as one" * 20)
    assert doctor.gradebook(course).state == doctor.BAD
    path.unlink()
    with sqlite3.connect(path) as database:
        database.execute("create table student (id)")
        database.execute("insert into student values ('ada')")
    database.close()
    path.chmod(0o600)
    assert doctor.gradebook(course).state == doctor.GOOD
    assert "1 students" in doctor.gradebook(course).text
    if os.name == "posix":
        course.grading.chmod(0o755)
        path.chmod(0o644)
        assert "everyone here can read it" in doctor.gradebook(course).text
