"""An instructor is seldom root: the whole of grading as somebody without privileges.

No control groups can be made then, namespaces are the user's own, limits are those of processes.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from autograder import reach
from autograder.engine import Engine
from autograder.gradebook import standings
from autograder.paths import Course
from tests import somebody
from tests.autograder import classroom
from tests.hostile.corpus import ESCAPES, EXHAUSTION, RIGHT

pytestmark = [
    pytest.mark.sandbox,
    pytest.mark.skipif(bool(somebody.missing()), reason=somebody.missing() or "it can be tried"),
]
# What is about privileges, and about limits that root would have kept by control groups.
TRIED = {
    **{name: ESCAPES[name] for name in ("finds the canary", "becomes root", "mounts", "unmounts")},
    **{name: ESCAPES[name] for name in ("namespace of its own", "other processes", "device")},
    **{name: ESCAPES[name] for name in ("environment", "network", "writes elsewhere")},
    **{name: EXHAUSTION[name] for name in ("fork bomb", "threads", "memory", "disk", "files")},
}


@pytest.fixture(scope="module")
def course() -> Iterator[Course]:
    """Released, graded, and fed back by somebody."""
    with somebody.home() as home:
        course = classroom.make_course(home / "course", {"01_small/adding.py": classroom.ADDING})
        somebody.give(home)
        say(course, "release", "01_small", "--skip-proof")
        honest = classroom.solved(course, "01_small", "adding", classroom.answering(**RIGHT))
        classroom.hand_in(course, "01_small", "honest", {"adding.ipynb": honest})
        for number, one in enumerate(TRIED.values()):
            classroom.hand_in(course, "01_small", f"h{number:02d}", {})
            one.write(course, course.submitted(f"h{number:02d}", "01_small"))
        somebody.give(home)
        say(course, "grade", "01_small", "--jobs", "2", "--cell-seconds", "2", code=1)
        yield course


def say(course: Course, *command: str, code: int = 0) -> str:
    return somebody.run("-m", "autograder", *command, folder=course.root, code=code)


def test_everybody_gets_the_points_deserved(course: Course) -> None:
    stand = {s.student: s for s in standings(course, Engine(course).url, "01_small")}
    assert stand["honest"].score == 7.0
    for number, (name, one) in enumerate(TRIED.items()):
        found = stand[f"h{number:02d}"]
        if reach.below(one.first):
            assert "its code names ctypes" in found.notebooks[0].review[0], name
        else:
            assert found.score == 7.0, (name, found)


def test_nobody_got_out(course: Course) -> None:
    for path in course.grading.glob("autograded/*/01_small/adding.ipynb"):
        for line in path.read_text(encoding="utf-8").splitlines():
            assert "ESCAPED" not in line or "print" in line, (path, line)


def test_what_was_made_is_somebodys_and_feedback_goes_out(course: Course) -> None:
    assert not [p for p in Path(course.grading).rglob("*") if p.lstat().st_uid == 0]
    assert "feedback on 01_small: 1 students" in say(
        course, "feedback", "01_small", "--student", "honest"
    )
    assert "rlimits only" in somebody.run(
        "-c", "from autograder import doctor; print(doctor.limits().text)"
    )
