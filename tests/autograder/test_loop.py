"""The loop of grading on a small course: each hand-in gets exactly the points it should."""

import csv
import io
import json
import os
import re
import shutil
import stat
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from nbgrader.api import Gradebook
from traitlets.config import Config

from autograder import grade
from autograder.cli import main
from autograder.engine import Engine
from autograder.execute import KernelUnavailable
from autograder.gradebook import GRADED, NOT_GRADED, REVIEW, Standing, standings
from autograder.paths import Course
from autograder.secret import class_secret
from tests.autograder import classroom
from tests.autograder.classroom import Edit, answering, doubling, saying, starting_with, without

ADD = "def add(a, b):\n    return a + b"
TIMES = "def times(a, b):\n    return a * b"
RIGHT = answering(add=ADD, times=TIMES)
SHARE = answering(share="def share(n): return [1 / n] * n")
LOOP = "def add(a, b):\n    while a == 1:\n        pass\n    return a + b"
# Neither an interrupt nor anything else stops it: only killing the kernel does.
DEAF = """
def add(a, b):
    while a == 1:
        try:
            while True:
                pass
        except BaseException:
            pass
    return a + b
"""
# Python stops in the first test only; the state is rebuilt and the rest is graded.
EXIT = """
import os
def add(a, b):
    if a == 1:
        os._exit(1)
    return a + b
"""
WARNS = """
import sys, warnings
def add(a, b):
    warnings.warn("slow")
    print("oh", file=sys.stderr)
    return a + b
"""
FLOOD = ADD + "\nfor _ in range(30_000):\n    print('nonsense ' * 10)"
FORGED = "def add(a, b):\n    import sys\n    sys.displayhook(2)\n    return a + b"
TELLTALE = """
def add(a, b):
    print(a)
    display(b)
    if a > 60_000:
        raise ValueError(f"{a} + {b}")
    return a + b
"""
TELLS_SECRET = """
import os
print(os.environ["STEPWISE_CLASS_SECRET"])
raise ValueError(os.environ["STEPWISE_CLASS_SECRET"])
"""
MARKUP = """
from IPython.display import HTML, Javascript, SVG, display
display(HTML('<script>alert(1)</script><b onclick="alert(2)">bold</b>'))
display(Javascript('alert(3)'))
display(SVG('<svg xmlns="http://www.w3.org/2000/svg" onload="alert(4)"><circle r="4"/></svg>'))
def add(a, b):
    display(HTML('<img src=x onerror=alert(5)><a href="javascript:alert(6)">x</a>'))
    return 0
"""

# Edits of `adding`, and the points of: add_small (2), add_root (3), times_sum (2).
ADDING: dict[str, tuple[list[Edit], tuple[float | None, ...]]] = {
    "right": ([RIGHT], (2, 3, 2)),
    "untouched": ([], (0, 0, 0)),
    "half": ([answering(add=ADD)], (2, 3, 0)),
    "hidden": ([RIGHT, answering(add=TELLTALE)], (0, 3, 2)),
    "syntax": ([RIGHT, answering(add="def add(a, b:\n    return a")], (0, 0, 0)),
    "endless": ([RIGHT, answering(add=LOOP)], (0, 3, 2)),
    "deaf": ([RIGHT, answering(add=DEAF)], (0, 3, 2)),
    "exit": ([RIGHT, answering(add=EXIT)], (0, 3, 2)),
    "exit_at_once": ([RIGHT, starting_with("import os; os._exit(1)")], (2, 3, 2)),
    "warns": ([RIGHT, answering(add=WARNS)], (2, 3, 2)),
    "flood": ([RIGHT, answering(add=FLOOD)], (2, 3, 2)),
    "no_test": ([RIGHT, without("add_small", "times_sum")], (2, 3, 2)),
    "no_test_wrong": ([answering(add="def add(a, b): return 3"), without("add_small")], (0, 3, 0)),
    "no_imports": ([RIGHT, without("imports")], (2, 3, 2)),
    "no_text": ([RIGHT, without("")], (2, 3, 2)),
    "double": ([RIGHT, doubling("add_small"), doubling("add")], (2, 3, 2)),
    "renamed": ([RIGHT, saying("add_small", grade_id="mine")], (2, 3, 2)),
    "points": ([answering(add=ADD), saying("add_small", points=99)], (2, 3, 0)),
    "odd": ([RIGHT, saying("add_small", schema_version=1, grade="yes", points=None)], (2, 3, 2)),
    "forged": ([RIGHT, answering(add=FORGED)], (None, None, None)),
    "asks": ([RIGHT, starting_with("input('?')")], (2, 3, 2)),
    "tells": ([RIGHT, answering(times=TELLS_SECRET)], (2, 3, 0)),
    "markup": ([RIGHT, answering(add=MARKUP)], (0, 0, 0)),
}

FIVES = """
class Five(int):
    def __radd__(self, other): return self
    def __eq__(self, other): return 5
def share(n): return [Five(5)]
"""

# Answers to `sharing`, and the points of share_part (4), which counts how many of four are right.
SHARING: dict[str, tuple[str, float | None]] = {
    "right": ("def share(n): return [1 / n] * n", 4),
    "half": ("def share(n): return [0.5] * 2 if n < 4 else [1]", 4),
    "untouched": ("def share(n): return [0.5] * n", 1),
    "syntax": ("def share(n): return 1", 0),
    "points": (FIVES, None),  # would be 20 of 4 points
}

pytestmark = [pytest.mark.slow, pytest.mark.sandbox]


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Course]:
    """A course in which all of the hand-ins above were graded, and feedback was made."""
    course = classroom.make_course(tmp_path_factory.mktemp("course"))
    here = os.getcwd()
    os.chdir(course.root)
    try:
        assert main(["release", "01_small", "--skip-proof"]) == 0
        for student, (edits, _) in ADDING.items():
            files = {"adding.ipynb": classroom.solved(course, "01_small", "adding", *edits)}
            if student in SHARING:
                answer = answering(share=SHARING[student][0])
                files["sharing.ipynb"] = classroom.solved(course, "01_small", "sharing", answer)
            classroom.hand_in(course, "01_small", student, files)
        sharing = classroom.solved(course, "01_small", "sharing", SHARE)
        files = {"adding.ipynb": b"{ not json", "sharing.ipynb": sharing}
        classroom.hand_in(course, "01_small", "broken", files)
        adding = classroom.solved(course, "01_small", "adding", RIGHT)
        classroom.hand_in(course, "01_small", "other_name", {"adding (1).ipynb": adding})
        settings = Config()
        settings.Run.cell_seconds = 3
        engine = Engine(course, settings)
        students = [*ADDING, "broken", "other_name"]
        grade.grade(engine, "01_small", students)
        yield course
    finally:
        os.chdir(here)


@pytest.fixture(scope="module")
def graded(course: Course) -> dict[str, Standing]:
    url = Engine(course).url
    return {standing.student: standing for standing in standings(course, url, "01_small")}


def cells(course: Course, student: str, notebook: str) -> dict[str, float | None]:
    """The automatic points of each graded cell."""
    with Gradebook(Engine(course).url) as gradebook:
        grades = gradebook.find_submission_notebook(notebook, "01_small", student).grades
        return {grade.name: grade.auto_score for grade in grades}


@pytest.mark.parametrize("student", ADDING)
def test_points(course: Course, student: str) -> None:
    names = ("add_small", "add_root", "times_sum")
    assert cells(course, student, "adding") == dict(zip(names, ADDING[student][1], strict=True))


@pytest.mark.parametrize("student", SHARING)
def test_partial_credit(course: Course, student: str) -> None:
    assert cells(course, student, "sharing")["share_part"] == SHARING[student][1]


def test_an_untouched_free_answer_has_no_points(course: Course) -> None:
    assert cells(course, "right", "sharing")["share_why"] == 0.0


def test_totals_and_statuses(graded: dict[str, Standing]) -> None:
    assert (graded["right"].status, graded["right"].score) == (GRADED, 11.0)
    assert graded["right"].max_score == 12.0
    assert (graded["untouched"].status, graded["untouched"].score) == (GRADED, 1.0)
    for student in ("forged", "points", "broken"):
        assert (graded[student].status, graded[student].score) == (REVIEW, None), student


def test_what_happened_is_told(graded: dict[str, Standing]) -> None:
    def told(student: str) -> str:
        return " ".join(graded[student].notebooks[0].remarks)

    assert told("right") == ""
    assert told("endless") == told("deaf") == "add_small ran into the time limit"
    assert told("exit") == "add_small stopped Python"
    assert "could not be read: it is not JSON" in told("broken")
    assert "add_small: gave a number that its tests do not give" in told("forged")


def test_a_broken_notebook_costs_only_itself(course: Course) -> None:
    assert set(cells(course, "broken", "adding").values()) == {None}
    assert cells(course, "broken", "sharing")["share_part"] == 4.0


def test_a_notebook_under_another_name_is_found(course: Course) -> None:
    assert cells(course, "other_name", "adding")["add_small"] == 2.0
    folder = course.submitted("other_name", "01_small")
    assert (folder / "adding (1).ipynb").exists()


def test_a_notebook_that_was_not_handed_in_has_no_points_and_a_comment(course: Course) -> None:
    assert cells(course, "hidden", "sharing") == {"share_part": 0.0, "share_why": 0.0}
    with Gradebook(Engine(course).url) as gradebook:
        missing = gradebook.find_submission_notebook("sharing", "01_small", "hidden")
        assert {c.auto_comment for c in missing.comments} == {"This notebook was not handed in."}


def test_hand_ins_are_left_as_they_were(course: Course) -> None:
    for student, (edits, _) in ADDING.items():
        path = course.submitted(student, "01_small") / "adding.ipynb"
        assert path.read_bytes() == classroom.solved(course, "01_small", "adding", *edits)


def test_output_is_bounded(course: Course) -> None:
    assert (course.autograded("flood", "01_small") / "adding.ipynb").stat().st_size < 2_000_000


def test_the_class_secret_is_for_its_owner_only(course: Course) -> None:
    path = course.grading / "class_secret"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert len(class_secret(course)) == 64
    assert class_secret(course) == class_secret(course)


def test_graded_ones_are_skipped_and_a_regrade_gives_the_same(
    course: Course, graded: dict[str, Standing], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["grade", "01_small", "--student", "right", "hidden"]) == 0
    assert "2 graded already" in capsys.readouterr().out
    again = ["grade", "01_small", "--student", "hidden", "broken", "--regrade"]
    assert main(again) == 0
    assert "01_small: 0 of 2 would change" in capsys.readouterr().out
    assert main([*again, "--apply"]) == 1
    out = capsys.readouterr().out
    assert "01_small: 1 of 2 graded" in out
    assert "need a person (see the formgrader): broken" in out
    (again,) = standings(course, Engine(course).url, "01_small", ["hidden"])
    assert again == graded["hidden"]


def test_stock_nbgrader_grades_alike(course: Course, graded: dict[str, Standing]) -> None:
    options = ("--force", "--student", "exit")
    classroom.call(course, "nbgrader", "autograde", "01_small", *options)
    assert cells(course, "exit", "adding") == {"add_small": 0, "add_root": 3, "times_sum": 2}


def test_a_grader_in_trouble_takes_nothing_for_zero(
    course: Course, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def no_kernel(*_: object) -> None:
        raise KernelUnavailable("no memory")

    adding = classroom.solved(course, "01_small", "adding", RIGHT)
    classroom.hand_in(course, "01_small", "unlucky", {"adding.ipynb": adding})
    with monkeypatch.context() as patch:
        patch.setattr("autograder.pipeline.execute", no_kernel)
        assert main(["grade", "01_small", "--student", "unlucky"]) == 1
    out = capsys.readouterr().out
    assert "no memory" in out
    assert "not graded (run it again): unlucky" in out
    (standing,) = standings(course, Engine(course).url, "01_small", ["unlucky"])
    assert (standing.status, standing.score) == (NOT_GRADED, None)
    # The same command takes it up again.
    assert main(["grade", "01_small", "--student", "unlucky"]) == 0
    assert cells(course, "unlucky", "adding")["add_small"] == 2.0
    shutil.rmtree(course.submitted("unlucky", "01_small"))
    with Gradebook(Engine(course).url) as gradebook:
        gradebook.remove_student("unlucky")


@pytest.fixture(scope="module")
def pages(course: Course) -> dict[str, str]:
    """Each student's feedback on `adding`."""
    assert main(["feedback", "01_small"]) == 0
    found = course.grading.glob("feedback/*/01_small/adding.html")
    return {path.parent.parent.name: path.read_text(encoding="utf-8") for path in found}


def test_everybody_who_handed_it_in_has_a_page_with_the_score(pages: dict[str, str]) -> None:
    assert set(pages) == {*ADDING, "broken", "other_name"}
    assert "7 of 7 points" in pages["right"]
    assert "5 of 7 points" in pages["hidden"]
    assert "so far; some are still open" in pages["broken"]
    assert "could not be read" in pages["broken"]
    assert "ran into the time limit" in pages["endless"]
    assert "was missing; it was put back" in pages["no_test"]


def test_nothing_of_a_hidden_test_is_on_any_page(pages: dict[str, str]) -> None:
    for student, page in pages.items():
        assert "HIDDEN" not in page, student
        assert not {"61027", "61034"} & set(re.findall(r"\d+", page)), student
    assert "The example passes; the same idea fails on other inputs." in pages["hidden"]


class Seen(HTMLParser):
    """The tags and attributes of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[tuple[str, str]] = set()
        self.feed(page)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {(name, value or "") for name, value in attributes}


def test_pages_run_nothing(pages: dict[str, str]) -> None:
    for page in pages.values():
        seen = Seen(page)
        assert "default-src 'none'" in page
        assert not seen.tags & {"script", "iframe", "object", "embed", "form", "input", "link"}
        assert not [name for name, _ in seen.attributes if name.startswith("on")]
        assert not [v for _, v in seen.attributes if v.strip().lower().startswith("javascript")]
    assert "<b>bold</b>" in pages["markup"]
    assert "circle" in Seen(pages["markup"]).tags


def test_the_formgrader_gets_harmless_outputs_too(course: Course) -> None:
    text = (course.autograded("markup", "01_small") / "adding.ipynb").read_text()
    outputs = [c.get("outputs", []) for c in json.loads(text)["cells"]]
    assert "<b>bold</b>" in json.dumps(outputs)
    assert "alert" not in json.dumps(outputs)


def test_the_secret_is_on_no_page(course: Course, pages: dict[str, str]) -> None:
    for page in pages.values():
        assert class_secret(course) not in page


def test_export(course: Course, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with Gradebook(Engine(course).url) as gradebook:
        gradebook.update_or_create_student("right", last_name="=HYPERLINK(1)", first_name="Ada")
        gradebook.update_or_create_student("absent")
    assert main(["export", "--to", str(tmp_path / "scores.csv")]) == 1
    assert "no score yet: broken, 01_small (needs a person)" in capsys.readouterr().err
    rows = {
        r["student"]: r for r in csv.DictReader(io.StringIO((tmp_path / "scores.csv").read_text()))
    }
    assert rows["right"]["score"] == "11"
    assert rows["right"]["last_name"] == "'=HYPERLINK(1)"
    assert rows["right"]["handed_in_utc"] == "2026-03-01 12:00:00"
    assert (rows["broken"]["score"], rows["broken"]["status"]) == ("", "needs a person")
    assert (rows["absent"]["score"], rows["absent"]["status"]) == ("", "not handed in")
