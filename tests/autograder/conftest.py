"""A small course that was released once, and copies of it, on SQLite and on PostgreSQL."""

import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.engine import Engine

from autograder.cli import main
from autograder.paths import Course
from tests import postgres
from tests.autograder import classroom


@event.listens_for(Engine, "connect")
def _need_not_survive_a_power_cut(connection: Any, _record: Any) -> None:
    """No test pulls the plug; a process that is killed loses nothing by this. It saves minutes."""
    if isinstance(connection, sqlite3.Connection):
        connection.execute("PRAGMA synchronous=OFF")


# For `parametrize("released_course", BOTH, indirect=True)`.
BOTH = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)]


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[postgres.Server]:
    server = postgres.Server()
    yield server
    server.close()


@pytest.fixture(scope="session")
def _released(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Course]:
    """What was released in this session, by kind of database: see `released_course`."""
    return {}


@pytest.fixture
def released_course(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    _released: dict[str, Course],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Course:
    """A course of the test's own, in which 01_small is released; the working directory is there.

    Its gradebook is a SQLite file, or on the server if the parameter is "postgresql".
    """
    kind = getattr(request, "param", "sqlite")
    if kind not in _released:
        course = classroom.make_course(tmp_path_factory.mktemp("released") / "course")
        if kind == "postgresql":
            server = request.getfixturevalue("postgres_server")
            classroom.use_database(course, server.database())
        here = os.getcwd()
        os.chdir(course.root)
        try:
            assert main(["release", "01_small", "--skip-proof"]) == 0
        finally:
            os.chdir(here)
        _released[kind] = course
    course = classroom.copy(_released[kind], tmp_path / "course")
    monkeypatch.chdir(course.root)
    return course
