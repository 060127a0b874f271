"""Points off for being late: the policy, and that nbgrader's command and ours agree on them."""

import os
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from nbformat.v4 import new_notebook
from nbgrader.api import Gradebook
from nbgrader.preprocessors import AssignLatePenalties
from traitlets import TraitError
from traitlets.config import Config

from autograder import late, sandbox
from autograder.cli import main
from autograder.engine import Engine
from autograder.errors import UsageError
from autograder.gradebook import Standing, standings
from autograder.late import DAY, LatePenalty, doubt
from autograder.layouts import number
from autograder.paths import Course
from autograder.pipeline import Graded, GradedNotebook
from autograder.record import Writer
from tests.autograder import classroom

DUE = datetime(2026, 3, 1, 12, 0)
POLICY = """
c.LatePenalty.share_per_day = 0.1
c.LatePenalty.grace_minutes = 15
c.LatePenalty.largest_share = 0.5
"""
# When each student handed in, and what is off the 7 points that all of them earned.
CAME: dict[str, tuple[str, float]] = {
    "early": ("2026-02-20 08:00:00.000000 UTC", 0.0),
    "grace": ("2026-03-01 12:15:00.000000 UTC", 0.0),
    "minute": ("2026-03-01 12:16:00.000000 UTC", 0.7),
    "two_days": ("2026-03-03 00:00:00.000000 UTC", 1.4),
    "month": ("2026-04-01 00:00:00.000000 UTC", 3.5),
    "future": ("2098-01-01 00:00:00.000000 UTC", 0.0),
    "ancient": ("1970-01-01 00:00:00.000000 UTC", 0.0),
    "lost": ("", 0.0),
}


def policy(**traits: float) -> LatePenalty:
    return LatePenalty(config=Config({"LatePenalty": traits}))


@pytest.mark.parametrize(
    ("seconds", "off"),
    [
        (0, None),
        (900, None),  # the grace period
        (901, 1.0),  # the first day begun
        (900 + DAY, 1.0),
        (901 + DAY, 2.0),
        (900 + 4 * DAY, 4.0),
        (901 + 4 * DAY, 4.5),  # the cap
        (10_000 * DAY, 4.5),
        (-5, None),
        (float("nan"), None),
        (float("inf"), None),
    ],
)
def test_the_policy(seconds: float, off: float | None) -> None:
    plugin = policy(share_per_day=0.1, grace_minutes=15, largest_share=0.45)
    assert plugin.penalty(10.0, seconds) == off


def test_nothing_is_off_unless_an_instructor_says_so() -> None:
    assert LatePenalty().penalty(10.0, 5 * DAY) is None


def test_who_earned_nothing_loses_nothing() -> None:
    assert policy(share_per_day=0.5).penalty(0.0, DAY) is None
    assert policy(share_per_day=0.5).penalty(float("nan"), DAY) is None


@pytest.mark.parametrize(
    "wrong", [{"share_per_day": 1.5}, {"largest_share": -0.1}, {"grace_minutes": -1}]
)
def test_a_policy_that_is_none_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(TraitError, match="LatePenalty"):
        policy(**wrong)


def test_times_that_cannot_be_right() -> None:
    now = datetime(2026, 3, 1)
    assert not doubt(datetime(2026, 2, 28), now)
    assert not doubt(now + timedelta(hours=14), now)  # another time zone's clock
    assert "cannot be right" in doubt(now + timedelta(days=2), now)
    assert "cannot be right" in doubt(datetime(1970, 1, 1), now)
    assert "not known" in doubt(None, now)


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Course]:
    """All handed in the right answers, some late; an instructor's policy; written by us."""
    course = classroom.make_course(
        tmp_path_factory.mktemp("late"), {"01_small/adding.py": classroom.ADDING}
    )
    config = course.root / "nbgrader_config.py"
    config.write_text(config.read_text() + POLICY)
    here = os.getcwd()
    os.chdir(course.root)
    try:
        assert main(["release", "01_small", "--skip-proof"]) == 0
        right = classroom.answering(
            add="def add(a, b): return a + b", times="def times(a, b): return a * b"
        )
        files = {"adding.ipynb": classroom.solved(course, "01_small", "adding", right)}
        for student, (when, _) in CAME.items():
            classroom.hand_in(course, "01_small", student, files, when)
        (course.submitted("lost", "01_small") / "timestamp.txt").unlink()
        engine = Engine(course)
        with Gradebook(engine.url) as gradebook:
            gradebook.update_or_create_assignment("01_small", duedate=DUE)
        points = {"add_small": 2.0, "add_root": 3.0, "times_sum": 2.0}
        result = GradedNotebook(files["adding.ipynb"].decode(), {**points})
        with Writer(engine, "01_small") as writer:
            for student in CAME:
                classroom.write(writer, Graded(student, {"adding": result}))
        yield course
    finally:
        os.chdir(here)


def stand(course: Course) -> dict[str, Standing]:
    url = Engine(course).url
    return {s.student: s for s in standings(course, url, "01_small")}


def test_our_command_takes_points_off(course: Course) -> None:
    found = stand(course)
    assert {name: s.penalty for name, s in found.items()} == {
        n: off for n, (_, off) in CAME.items()
    }
    assert found["two_days"].score == pytest.approx(7 - 1.4)
    assert {name for name, s in found.items() if s.doubt} == {"future", "ancient", "lost"}


def test_nbgraders_own_step_agrees(course: Course) -> None:
    before, engine = stand(course), Engine(course)
    _spoil(engine.url, [*CAME])
    for student in CAME:
        names = {"notebook": "adding", "assignment": "01_small", "student": student}
        resources = {"nbgrader": names | {"db_url": engine.url}}
        AssignLatePenalties(config=engine.config).preprocess(new_notebook(), resources)
    assert stand(course) == before


@pytest.mark.sandbox
def test_nbgraders_autograding_agrees(course: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    """All that `nbgrader autograde` does, in this process, where nothing need be imported again."""
    before, engine = stand(course)["two_days"], Engine(course)
    _spoil(engine.url, ["two_days"])
    with sandbox.Sandbox(warm=False) as box:
        monkeypatch.setitem(sandbox._shared, True, box)
        engine.autograde("01_small", "two_days", again=True)
    assert stand(course)["two_days"] == before


def _spoil(url: str, students: list[str]) -> None:
    with Gradebook(url) as gradebook:
        for student in students:
            submitted = gradebook.find_submission_notebook("adding", "01_small", student)
            submitted.late_submission_penalty = 5
        gradebook.db.commit()


def test_what_is_off_follows_points_given_by_hand_and_a_moved_due_date(
    course: Course, capsys: pytest.CaptureFixture[str]
) -> None:
    url = Engine(course).url
    with Gradebook(url) as gradebook:
        by_hand = gradebook.find_grade("add_root", "adding", "01_small", "month")
        by_hand.manual_score = 1.0  # 5 points are left of 7
        gradebook.db.commit()
    assert main(["export", "--format", "canvas"]) == 0
    said = capsys.readouterr()
    assert "off for being late: 2.5, month, 01_small" in said.err
    assert f",month,,{number(2.5)}" in said.out
    assert "nothing off for being late: lost, 01_small" in said.err
    with Gradebook(url) as gradebook:
        gradebook.update_or_create_assignment("01_small", duedate=DUE + timedelta(days=60))
    late.settle(Engine(course).config, url, "01_small")
    assert {s.penalty for s in stand(course).values()} == {0.0}


def test_a_policy_that_is_none_gets_a_sentence(
    course: Course, capsys: pytest.CaptureFixture[str]
) -> None:
    config = course.root / "nbgrader_config.py"
    good = config.read_text()
    try:
        config.write_text(good + "c.LatePenalty.share_per_day = 7\n")
        assert main(["export"]) == 2
        assert "LatePenalty.share_per_day is a share, from 0 to 1" in capsys.readouterr().err
        config.write_text(good + "c.LatePenalty.share_per_day = = 1\n")
        with pytest.raises(UsageError, match=r"nbgrader_config\.py: SyntaxError"):
            Engine(course)
    finally:
        config.write_text(good)
