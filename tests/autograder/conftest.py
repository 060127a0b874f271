"""A small course that was released once, and copies of it."""

import os
import shutil
from pathlib import Path

import pytest

from autograder.cli import main
from autograder.paths import Course
from tests.autograder import classroom


@pytest.fixture(scope="session")
def _released(tmp_path_factory: pytest.TempPathFactory) -> Course:
    course = classroom.make_course(tmp_path_factory.mktemp("released") / "course")
    here = os.getcwd()
    os.chdir(course.root)
    try:
        assert main(["release", "01_small", "--skip-proof"]) == 0
    finally:
        os.chdir(here)
    return course


@pytest.fixture
def released_course(_released: Course, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Course:
    """A course of the test's own, in which 01_small is released; the working directory is there."""
    course = Course(tmp_path / "course")
    shutil.copytree(_released.root, course.root)
    monkeypatch.chdir(course.root)
    return course
