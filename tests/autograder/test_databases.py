"""SQLite and PostgreSQL: the same hand-ins give the same rows; `--db`; no way to a database."""

import contextlib
from pathlib import Path
from typing import Any

import pytest
from nbgrader.api import Base, Gradebook
from sqlalchemy import MetaData, Table, select

from autograder import doctor, ledger
from autograder.cli import main
from autograder.engine import Engine
from autograder.gradebook import standings
from autograder.paths import DATABASE, Course
from tests.autograder import classroom, crashing
from tests.autograder.crashing import ASSIGNMENT
from tests.postgres import Server

pytestmark = pytest.mark.postgresql
VARYING = {"started", "ended"}  # the clock's


def every_row(gradebook: Gradebook) -> dict[str, list[Any]]:
    """Table → its rows, sorted; what an identifier points to stands in its place."""
    found: dict[str, list[Any]] = {}
    rows: dict[tuple[str, Any], dict[str, Any]] = {}
    keys: dict[str, dict[str, str]] = {}
    for tables in (Base.metadata, ledger.JOBS.metadata):
        for table in tables.sorted_tables:
            keys[table.name] = _references(table)
            for row in gradebook.db.execute(select(table)).mappings():
                rows[table.name, row[next(iter(table.primary_key)).name]] = dict(row)

    def plain(table: str, row: dict[str, Any]) -> tuple[Any, ...]:
        values = []
        for column, value in sorted(row.items()):
            if column in keys[table] and value is not None:
                value = plain(keys[table][column], rows[keys[table][column], value])
            elif column == "id" and table not in ("student", "course"):
                continue
            if column not in VARYING:
                values.append((column, value))
        return tuple(values)

    for (table, _), row in rows.items():
        found.setdefault(table, []).append(plain(table, row))
    return {table: sorted(own, key=repr) for table, own in found.items()}


def _references(table: Table) -> dict[str, str]:
    return {key.parent.name: key.column.table.name for key in table.foreign_keys}


def test_the_same_hand_ins_give_the_same_rows(
    tmp_path: Path,
    request: pytest.FixtureRequest,
    postgres_server: Server,
    released_course: Course,
) -> None:
    """Everything that both hold, row by row: nbgrader's tables and the ledger's."""
    found = []
    for url in (None, postgres_server.database()):
        course = classroom.copy(released_course, tmp_path / f"course{len(found)}")
        if url:
            classroom.use_database(course, url)
        command = ("release", ASSIGNMENT, "--skip-proof", "--force", "--due", "2026-02-28")
        with contextlib.chdir(course.root):
            assert main(command) == 0
        for number, student in enumerate(["ada", "bob", "zoë"]):
            files = {"adding.ipynb": f'{{"cells": [], "of": {number}}}'.encode()}
            if number:
                files["sharing.ipynb"] = b"{}"
            classroom.hand_in(course, ASSIGNMENT, student, files)
        assert crashing.run(course, "grade", ASSIGNMENT, "--jobs", "1") == 0
        again = ("grade", ASSIGNMENT, "--jobs", "1", "--regrade")
        assert crashing.run(course, *again, bonus=0.5) == 0
        assert crashing.run(course, *again, "--apply") == 0
        with crashing.opened(course) as gradebook:
            assert gradebook.engine.dialect.name == ("postgresql" if url else "sqlite")
            found.append(every_row(gradebook))
    sqlite, postgresql = found
    assert sqlite.keys() == postgresql.keys()
    assert len(sqlite["grade"]) == 3 * 5
    assert len(sqlite["stepwise_attempt"]) == 6
    for table in sqlite:
        assert sqlite[table] == postgresql[table], table


def test_the_option_beats_the_configuration(
    released_course: Course,
    postgres_server: Server,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.delenv(DATABASE, raising=False)
    url = postgres_server.database()
    classroom.hand_in(released_course, ASSIGNMENT, "ada", {"adding.ipynb": b"{}"})
    assert main(["grade", ASSIGNMENT, "--db", url]) == 2
    assert "was not released yet" in capsys.readouterr().err, "it is another gradebook"
    assert main(["release", ASSIGNMENT, "--skip-proof", "--force", "--db", url]) == 0
    assert crashing.run(released_course, "grade", ASSIGNMENT, "--jobs", "1", "--db", url) == 0
    (there,) = standings(released_course, url, ASSIGNMENT, ["ada"])
    assert there.status == "graded"
    engine = Engine(released_course)
    assert engine.url.startswith("sqlite:"), "the option is not kept"
    with Gradebook(engine.url) as gradebook:
        assert not gradebook.students
    monkeypatch.setenv(DATABASE, url)
    finding = doctor.gradebook(released_course)
    assert finding.state == doctor.GOOD
    assert finding.text.startswith("1 students")
    assert url.split(":")[2].split("@")[0] not in finding.text, "no password is shown"


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("postgresql://me:secret@127.0.0.1:1/none", "onnection"),
        ("no url at all", "is no database's URL, like postgresql://user:password@host/database"),
        ("mysql+nothing://localhost/x", "is no database's URL"),
        ("oracle://localhost/x", "there is no driver for oracle"),
    ],
)
def test_a_database_that_cannot_be_had_is_a_sentence(
    released_course: Course,
    url: str,
    sentence: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert main(["export", "--db", url]) == 2
    said = capsys.readouterr().err
    assert sentence in said
    assert "secret" not in said
    assert len(said.splitlines()) == 1
    monkeypatch.setenv(DATABASE, url)
    assert doctor.gradebook(released_course).state == doctor.BAD


def test_metadata_of_the_ledger_is_its_own() -> None:
    """nbgrader would otherwise make our tables, and its upgrades look at them."""
    assert isinstance(ledger.JOBS.metadata, MetaData)
    assert not {"stepwise_job", "stepwise_attempt"} & set(Base.metadata.tables)
