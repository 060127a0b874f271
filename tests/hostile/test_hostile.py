"""The hostile corpus, in one class: no undeserved point, nobody lost or touched, no leak."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from nbgrader.api import Gradebook
from traitlets.config import Config

from autograder import grade, reach
from autograder.cli import main
from autograder.engine import Engine
from autograder.gradebook import GRADED, REVIEW, Standing, standings
from autograder.paths import Course
from autograder.secret import class_secret
from tests.autograder import classroom
from tests.hostile import corpus
from tests.hostile.corpus import FULL, LEAKS, NOTHING, OUTPUTS, PERSON, RIGHT, TAMPERING
from tests.hostile.deeper import DEEPER, MACHINERY, PASSING, SHOWN

pytestmark = [pytest.mark.slow, pytest.mark.sandbox]
CORPUS = corpus.CORPUS | DEEPER
# A test of two lines: what it keeps in between can be changed.
ADDING = classroom.ADDING.replace(
    "assert times(2, 3) == add(3, 3)", "product = times(2, 3)\nassert product == add(3, 3)"
)
STUDENTS = {f"h{number:03d}": name for number, name in enumerate(CORPUS)}
CELLS = ("add_small", "add_root", "times_sum")


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Course]:
    """The corpus, and honest students in between, graded in two processes.

    What their code names is held against those only of whom nothing else is to be seen: the others
    must be found out, or let go, by what they do.
    """
    course = classroom.make_course(
        tmp_path_factory.mktemp("hostile"), {"01_small/adding.py": ADDING}
    )
    here, named = os.getcwd(), reach.surprises
    os.chdir(course.root)
    os.environ["CANARY"] = "CANARY"
    try:
        assert main(["release", "01_small", "--skip-proof"]) == 0
        honest = classroom.solved(course, "01_small", "adding", classroom.answering(**RIGHT))
        for student, name in STUDENTS.items():
            classroom.hand_in(course, "01_small", student, {})
            CORPUS[name].write(course, course.submitted(student, "01_small"))
            if student.endswith("0"):
                classroom.hand_in(course, "01_small", f"{student}x", {"adding.ipynb": honest})
        odd_files(course)
        settings = Config()
        settings.Run.cell_seconds = 2
        students = [path.name for path in sorted((course.grading / "submitted").iterdir())]
        reach.surprises = lambda nb, folder, extra: (
            named(nb, folder, extra) if STUDENTS.get(folder.parent.name) in PASSING else []
        )
        grade.grade(Engine(course, settings), "01_small", students, jobs=2)
        yield course
    finally:
        reach.surprises = named
        del os.environ["CANARY"]
        os.chdir(here)


def odd_files(course: Course) -> None:
    """Hand-ins whose notebook is no plain file."""
    for student in ("z_link", "z_pipe", "z_folder", "z_device", "z_clock"):
        classroom.hand_in(course, "01_small", student, {})
    place = {s: course.submitted(s, "01_small") / "adding.ipynb" for s in ("z_link", "z_device")}
    place["z_link"].symlink_to(course.grading / "class_secret")
    place["z_device"].symlink_to("/dev/zero")
    os.mkfifo(course.submitted("z_pipe", "01_small") / "adding.ipynb")
    (course.submitted("z_folder", "01_small") / "adding.ipynb").mkdir()
    honest = classroom.solved(course, "01_small", "adding", classroom.answering(**RIGHT))
    (course.submitted("z_clock", "01_small") / "adding.ipynb").write_bytes(honest)
    (course.submitted("z_clock", "01_small") / "timestamp.txt").write_text("the day after never")


@pytest.fixture(scope="module")
def stand(course: Course) -> dict[str, Standing]:
    return {s.student: s for s in standings(course, Engine(course).url, "01_small")}


@pytest.fixture(scope="module")
def points(course: Course) -> dict[str, tuple[float | None, ...]]:
    with Gradebook(Engine(course).url) as gradebook:
        found = {}
        for submission in gradebook.assignment_submissions("01_small"):
            scores = {g.name: g.auto_score for n in submission.notebooks for g in n.grades}
            found[submission.student.id] = tuple(scores[name] for name in CELLS)
        return found


@pytest.mark.parametrize("student", STUDENTS, ids=STUDENTS.values())
def test_points_are_those_deserved(
    student: str, points: dict[str, tuple[float | None, ...]], stand: dict[str, Standing]
) -> None:
    expect = CORPUS[STUDENTS[student]].expect
    got = points[student]
    assert stand[student].status in (GRADED, REVIEW), stand[student]
    if expect in (NOTHING, PERSON):
        assert not any(got), (got, stand[student].notebooks[0].remarks)
    elif expect != "any":
        assert got == expect, stand[student].notebooks[0].remarks
    if expect == PERSON:
        assert stand[student].status == REVIEW


def test_there_are_enough() -> None:
    assert len(CORPUS) >= 120


def test_cheats_name_what_they_reach_for() -> None:
    """Most would be found out by their text alone. These few do by plain means what they do."""
    unnamed = {
        name
        for name, one in (TAMPERING | MACHINERY | PASSING).items()
        if not reach.below("\n".join([one.first, *(answer for _, answer in one.answers)]))
    }
    assert unnamed == {
        *("equal to everything", "an int that equals everything", "equal by a metaclass"),
        *("whole numbers that are all equal", "leaves at once", "exits", "raises SystemExit"),
        *("forks in the test", "environment of hidden tests"),
        *("a process in between", "a thread in between", "a thread that reads first"),
        *("how JSON is written, for a moment", "how JSON is read, but for the grader's cells"),
    }


def test_others_are_not_touched(points: dict[str, tuple[float | None, ...]]) -> None:
    honest = {student: got for student, got in points.items() if student.endswith("x")}
    assert len(honest) >= 8
    assert set(honest.values()) == {FULL}


def test_what_is_no_plain_file_is_not_read(stand: dict[str, Standing], course: Course) -> None:
    for student in ("z_link", "z_pipe", "z_folder", "z_device"):
        assert stand[student].status == REVIEW, student
    assert (stand["z_clock"].status, stand["z_clock"].score) == (GRADED, 7.0)


def test_nothing_is_leaked(course: Course) -> None:
    secret = class_secret(course)
    told = [s for s, name in STUDENTS.items() if name in (OUTPUTS | SHOWN | LEAKS)]
    assert main(["feedback", "01_small", "--student", *told]) == 0
    assert len(list(course.grading.glob("feedback/*/01_small/adding.html"))) == len(told)
    seen = 0
    for path in [*course.grading.glob("autograded/**/*"), *course.grading.glob("feedback/**/*")]:
        if path.is_file():
            text = path.read_text(encoding="utf-8")
            seen += 1
            assert secret not in text, path
            for line in text.splitlines():
                assert "ESCAPED" not in line or _is_source(line), (path, line[:300])
            if path.suffix == ".html":
                assert "61027" not in text, path
    assert seen > len(CORPUS)


def _is_source(line: str) -> bool:
    """Whether the word stands in the student's own code, shown as such."""
    return any(mark in line for mark in ("print", "display", "<span", "HTML(", "Javascript("))


def test_nothing_runs_on(course: Course) -> None:
    left = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if b"stepwise/inside" in path.read_bytes():
                left.append(path.parent.name)
        except OSError:
            continue
    assert len(left) <= 12, "a server and its helpers, of which there may be some at the same time"
