"""The one writer: all of a result or nothing, and the same rows as nbgrader's own steps write."""

import os
from pathlib import Path
from typing import Any

import pytest
from nbgrader.api import Gradebook
from traitlets.config import Config

from autograder import grade
from autograder.engine import Engine
from autograder.paths import Course
from autograder.pipeline import Graded, GradedNotebook
from autograder.record import NOT_HANDED_IN, Writer, withdraw
from tests.autograder import classroom, crashing
from tests.autograder.classroom import write
from tests.autograder.conftest import BOTH

pytestmark = pytest.mark.parametrize("released_course", BOTH, indirect=True)

POINTS: dict[str, float | None] = {"add_small": 2.0, "add_root": 3.0, "times_sum": 0.0}


@pytest.fixture
def course(released_course: Course) -> Course:
    files = {"adding.ipynb": b"{}", "data.csv": b"1,2"}
    classroom.hand_in(released_course, "01_small", "ada", files)
    return released_course


def result(points: dict[str, float | None] = POINTS, text: str = "{}") -> Graded:
    comments = {"add": None, "times": "No response."}
    return Graded("ada", {"adding": GradedNotebook(text, dict(points), dict(comments))})


def rows(course: Course, student: str = "ada") -> dict[str, tuple[Any, ...]]:
    return crashing.rows(course, student)


def test_points_comments_and_files_are_put_down(course: Course) -> None:
    with Writer(Engine(course), "01_small") as writer:
        write(writer, result(text='{"cells": []}'))
    found = rows(course)
    assert found["when"] == ("2026-03-01 12:00:00",)
    assert found["adding"] == (5.0, None)
    assert found["adding.add_small"] == (2.0, None, False)
    assert found["adding.times!"] == ("No response.", "No response.")
    assert found["sharing.share_part"] == (0.0, None, False)
    assert found["sharing.share!"][0] == NOT_HANDED_IN
    folder = course.autograded("ada", "01_small")
    assert (folder / "adding.ipynb").read_text() == '{"cells": []}'
    assert (folder / "data.csv").read_bytes() == b"1,2"


def test_none_is_for_a_person_and_what_a_person_gave_stays(course: Course) -> None:
    engine = Engine(course)
    with Writer(engine, "01_small") as writer:
        write(writer, result(POINTS | {"add_root": None}))
        assert rows(course)["adding.add_root"] == (None, None, True)
        entry = writer.gradebook.find_grade("add_root", "adding", "01_small", "ada")
        entry.manual_score, entry.needs_manual_grade = 1.5, False
        writer.gradebook.db.commit()
        write(writer, result(POINTS | {"add_root": 3.0}))
    assert rows(course)["adding.add_root"] == (3.0, 1.5, True)


def test_a_failure_in_the_middle_changes_nothing(
    course: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Writer(Engine(course), "01_small") as writer:
        write(writer, result(text="before"))
    before = rows(course)

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    with Writer(Engine(course), "01_small") as writer:
        with monkeypatch.context() as patch:
            patch.setattr(Path, "write_text", full)
            with pytest.raises(OSError, match="No space"):
                write(writer, result(dict.fromkeys(POINTS, 0.0), text="after"))
        assert rows(course) == before
        write(writer, result(dict.fromkeys(POINTS, 1.0), text="again"))
    assert rows(course)["adding"] == (3.0, None)
    folder = course.autograded("ada", "01_small")
    assert (folder / "adding.ipynb").read_text() == "again"
    assert [path.name for path in folder.parent.iterdir()] == ["01_small"], "nothing is left over"


def test_withdrawn_is_not_graded_and_keeps_what_a_person_gave(course: Course) -> None:
    with Writer(Engine(course), "01_small") as writer:
        write(writer, result())
        entry = writer.gradebook.find_grade("add_root", "adding", "01_small", "ada")
        entry.manual_score = 1.0
        writer.gradebook.db.commit()
        withdraw(course, writer.gradebook, "01_small", "ada")
        withdraw(course, writer.gradebook, "01_small", "nobody")
    assert rows(course)["adding.add_small"] == (None, None, True)
    assert rows(course)["adding.add_root"] == (None, 1.0, True)
    assert not course.autograded("ada", "01_small").exists()


@pytest.mark.parametrize("when", ["the day after never", "", "99999-01-01", b"\xff\xfe"])
def test_a_clock_that_tells_nonsense_costs_nothing(course: Course, when: str | bytes) -> None:
    file = course.submitted("ada", "01_small") / "timestamp.txt"
    file.write_bytes(when if isinstance(when, bytes) else when.encode())
    with Writer(Engine(course), "01_small") as writer:
        write(writer, result())
    assert rows(course)["adding"] == (5.0, None)


def test_a_timestamp_that_is_a_pipe_is_not_waited_for(course: Course) -> None:
    file = course.submitted("ada", "01_small") / "timestamp.txt"
    file.unlink()
    os.mkfifo(file)
    with Writer(Engine(course), "01_small") as writer:
        write(writer, result())
    assert rows(course)["when"] == ("None",)


def test_late_hand_ins_lose_what_the_plugin_says(course: Course) -> None:
    settings = Config()
    settings.AssignLatePenalties.plugin_class = "nbgrader.plugins.LateSubmissionPlugin"
    settings.LateSubmissionPlugin.penalty_method = "zero"
    with Gradebook(Engine(course).url) as gradebook:
        gradebook.update_or_create_assignment("01_small", duedate="2026-02-28 12:00:00 UTC")
    with Writer(Engine(course, settings), "01_small") as writer:
        write(writer, result())
    assert rows(course)["adding"] == (5.0, 5.0), "all that it earned"


@pytest.mark.sandbox
def test_the_rows_are_those_of_nbgraders_own_steps(course: Course) -> None:
    answers = classroom.answering(add="def add(a, b): return a + b")
    adding = classroom.solved(course, "01_small", "adding", answers)
    sharing = classroom.solved(
        course, "01_small", "sharing", classroom.answering(share_why="They round.")
    )
    classroom.hand_in(course, "01_small", "ada", {"adding.ipynb": adding, "sharing.ipynb": sharing})
    with Gradebook(Engine(course).url) as gradebook:
        gradebook.update_or_create_assignment("01_small", duedate="2026-02-28 12:00:00 UTC")
    settings = Config()
    settings.AssignLatePenalties.plugin_class = "nbgrader.plugins.LateSubmissionPlugin"
    settings.LateSubmissionPlugin.penalty_method = "zero"
    engine = Engine(course, settings)
    engine.autograde("01_small", "ada", again=True)
    theirs = rows(course)
    files = {p.name for p in course.autograded("ada", "01_small").iterdir()}
    with Gradebook(engine.url) as gradebook:
        gradebook.remove_submission("01_small", "ada")
    grade.grade(engine, "01_small", ["ada"])
    assert rows(course) == theirs
    assert theirs["adding"] == (5.0, 5.0)
    assert theirs["sharing.share_why"][2] is True, "to be read by a person"
    assert {p.name for p in course.autograded("ada", "01_small").iterdir()} == files
