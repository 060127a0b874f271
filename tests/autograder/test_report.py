"""The class report: what it says is counted right, safe to open, and quick to make."""

import os
import re
import time
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path

import pytest
from nbgrader.api import Gradebook

from autograder import findings, plots
from autograder.cli import main
from autograder.engine import Engine
from autograder.findings import Check, HandIn, Reason, Result
from autograder.gradebook import GRADED, NOT_GRADED, NOT_HANDED_IN, REVIEW, Standing
from autograder.paths import Course
from autograder.pipeline import Graded
from autograder.record import withdraw
from autograder.report import Summary, render, report
from autograder.reports import write_index
from autograder.secret import class_secret
from tests.autograder import classes, classroom
from tests.autograder.classes import UNIT, passes

EVIL = '<img src=x onerror="alert(1)"></td><script>alert(2)</script>\u202eabc'
KEEPS = Check("tanks", "largest_keeps", "largest", "leaves the list alone", 2.0)
WHY = Check("words", "why", "why", "why", 1.0)


class Page(HTMLParser):
    """Tags, attributes and text of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: Counter[str] = Counter()
        self.attributes: list[tuple[str, str]] = []
        self.rows: list[list[str]] = []
        self.text = ""
        self._hidden = 0
        self.feed(page)
        self.text = " ".join(self.text.split())

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        self.attributes += [(name, value or "") for name, value in attributes]
        self._hidden += tag == "style"
        self.text += " " * (tag == "br")
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th") and self.rows:
            self.rows[-1].append("")

    def handle_endtag(self, tag: str) -> None:
        self._hidden -= tag == "style"
        if tag == "tr":
            self.rows.append([])  # what follows is in no row

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.text += data
            if self.rows and self.rows[-1]:
                self.rows[-1][-1] = f"{self.rows[-1][-1]} {' '.join(data.split())}".strip()


def standing(student: str, status: str = GRADED, score: float | None = 2.0) -> Standing:
    return Standing(student, UNIT, status, score, 3.0, handed_in=datetime(2026, 3, 1))


def hand_in(student: str, *results: Result, reviews: tuple[tuple[str, str], ...] = ()) -> HandIn:
    return HandIn(student, 1, 0.5, False, list(results), list(reviews))


def page_of(standings: list[Standing], found: list[HandIn]) -> Page:
    return Page(render(Summary(UNIT, standings, found, datetime(2026, 3, 1, 12))))


# --- what is said, of classes made by hand -------------------------------------------------------


def test_nobody() -> None:
    page = page_of([standing("a", NOT_HANDED_IN, 0.0)], [])
    assert "Nobody has handed this in yet." in page.text
    assert "img" not in page.tags
    assert "Not handed in: 1 a" in page.text


def test_one_that_is_graded() -> None:
    page = page_of([standing("a")], [hand_in("a", Result(KEEPS, 2.0, findings.PASSED))])
    assert "The one hand-in is graded." in page.text
    assert "The one that is graded has 2 of 3 points." in page.text
    assert "Every check is passed by everybody who tried it." in page.text
    assert "What needs you first" not in page.text


def test_what_is_not_graded_is_no_zero() -> None:
    class_ = [standing("a"), standing("b", score=3.0), standing("c", NOT_GRADED, None)]
    summary = Summary(UNIT, [*class_, standing("d", NOT_HANDED_IN, 0.0)], [], None)
    assert summary.scores == [2.0, 3.0]
    assert summary.middle == 2.5
    page = Page(render(summary))
    assert "1 of 3 hand-ins is not graded." in page.text
    assert "Not graded: 1 No points, which is not the same as 0. c" in page.text


def test_why_something_is_not_graded_is_said_once_for_all_it_befell() -> None:
    killed = {"trouble": "the process that graded it was killed"}
    class_ = [Standing(name, UNIT, NOT_GRADED, None, 3.0, **killed) for name in ("a", "b")]
    summary = Summary(UNIT, [*class_, standing("c", NOT_GRADED, None)], [], None)
    (call,) = summary.calls
    assert (call.title, list(call.reasons)) == (
        "Not graded",
        [
            ("The process that graded it was killed", ["a", "b"]),
            ("No points, which is not the same as 0.", ["c"]),
        ],
    )


def test_what_was_refused_at_the_door_is_no_hand_in_that_never_came() -> None:
    sentence = "Zoë_1_bomb.ipynb: it is packed as only a zip bomb is."
    page = Page(render(Summary(UNIT, [standing("a")], [], None, [sentence])))
    assert "The one hand-in is graded. A file was not accepted as handed in." in page.text
    assert f"Not accepted when they were collected: 1 {sentence}" in page.text


def test_what_needs_a_person_comes_in_order_of_urgency() -> None:
    waiting = Result(WHY, None, findings.WAITING)
    broken = (("words", "The file that was handed in could not be read: it is not JSON."),)
    doubted = (("words", "why: not believed, for a cell that must fail passed"),)
    found = [
        hand_in("reads", waiting, reviews=(("words", "why: an answer to read"),)),
        hand_in("broken", waiting, reviews=broken),
        hand_in("doubted", waiting, reviews=doubted),
        hand_in("again", Result(WHY, 1.0, findings.PASSED)),
        # Decided by a person since, but something else is open.
        hand_in("decided", Result(WHY, 1.0, findings.PASSED), waiting, reviews=()),
    ]
    summary = Summary(UNIT, [standing(one.student, REVIEW, None) for one in found], found, None)
    assert [(c.title, [s for _, who in c.reasons for s in who]) for c in summary.calls] == [
        ("Not believed", ["doubted"]),
        ("Not readable", ["broken"]),
        ("Graded again", ["again", "decided"]),
        ("To be read", ["reads"]),
    ]
    assert summary.calls[0].reasons[0][0].startswith("words, why: not believed")
    assert summary.scores == []


def test_whatever_students_wrote_is_text() -> None:
    reason = Reason("tanks", "largest", KEEPS.name, findings.plain(EVIL), findings.plain(EVIL))
    bad = Result(KEEPS, 0.0, findings.FAILED, reason, findings.plain(EVIL))
    named = Standing(EVIL, UNIT, REVIEW, None, 3.0, first_name=EVIL, last_name="$\\frac$")
    found = [hand_in(EVIL, bad, Result(WHY, None, findings.WAITING), reviews=(("words", EVIL),))]
    text = render(Summary(UNIT, [named], found, None))
    page = Page(text)
    assert "default-src 'none'" in text
    assert not page.tags.keys() & {"script", "iframe", "object", "form", "link", "base"}
    assert not [name for name, _ in page.attributes if name.startswith("on")]
    assert "\u202e" not in text
    assert "alert(2)" in page.text, "shown, but as text"
    assert {value[:22] for name, value in page.attributes if name == "src"} <= {
        "data:image/png;base64,"
    }


def test_one_page_holds_all_reports(tmp_path: Path) -> None:
    course = Course(tmp_path)
    for unit, one in (("01_a", standing("a")), ("02_b", standing("b", NOT_GRADED, None))):
        (course.reports / unit).mkdir(parents=True)
        text = render(Summary(unit, [one], [], None))
        (course.reports / unit / "report.html").write_text(text, encoding="utf-8")
    page = Page(write_index(course).read_text(encoding="utf-8"))
    assert page.tags["main"] == 1
    assert page.tags["details"] == 2
    assert "01_a The one hand-in is graded. Class report: 01_a" in page.text
    assert "02_b Look at the one hand-in: 1 is not graded." in page.text


def test_plots_of_odd_numbers_and_names() -> None:
    for largest in (0.0, 0.5, 1.0, 5.0, 10.0, 45.0, 1000.0):
        plot = plots.points([0.0, largest / 3, largest], largest)
        assert plot.light.startswith(b"\x89PNG")
        assert plot.dark.startswith(b"\x89PNG")
        assert plot.light != plot.dark
    assert "2 to 3: 2" in plots.points([2.0, 2.5, 10.0], 10.0).text
    assert plots.checks([("$\\frac{" + "x" * 500, 0.5, 3), ("名前", 0.0, 1)]).text
    said = plots.times([-400.0, -0.5, -3.0, 0.2, 9000.0]).text
    assert said.endswith("1 on the last day before they were due, 2 earlier, 2 late.")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\n  b\tc", "a b c"),
        ("\x1b[31mred\x1b[0m\x00\x07", "red"),
        ("\u202eevil\u2066", "evil"),
        ("x" * 300, "x" * 239 + "…"),
        ("Zoë 李", "Zoë 李"),
    ],
)
def test_plain_text(text: str, shown: str) -> None:
    assert findings.plain(text) == shown


# --- a class of five hundred, through the gradebook ----------------------------------------------


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Course]:
    course = classroom.make_course(tmp_path_factory.mktemp("report"), classes.SOURCES)
    here = os.getcwd()
    os.chdir(course.root)
    try:
        assert main(["release", UNIT, "--skip-proof"]) == 0
        classes.set_due(Engine(course))
        yield course
    finally:
        os.chdir(here)


@pytest.fixture(scope="module")
def real(course: Course) -> dict[str, Graded]:
    """What grading says of some answers; made once, of each answer, in the sandbox."""
    return classes.results(course, [n for n in classes.ANSWERS if n != "endless"] + ["broken"])


STUDENTS = 500


@pytest.fixture(scope="module")
def enrolled(course: Course, real: dict[str, Graded]) -> dict[str, str]:
    """Student → answer, of five hundred whose results were written into the gradebook."""
    engine = Engine(course)
    given = classes.many(real, STUDENTS)
    classes.enrol(course, engine, given)
    with Gradebook(engine.url) as gradebook:
        gradebook.update_or_create_student("s0000", first_name="Zoë", last_name="<b>O'Neil</b>")
        gradebook.update_or_create_student("absent")
        withdraw(course, gradebook, UNIT, "s0001")
    (course.grading / "kept" / "s0002" / UNIT / "2026-02-01").mkdir(parents=True)
    by_id = {id(graded): name for name, graded in real.items()}
    return {student: by_id[id(graded)] for student, graded, _ in given}


@pytest.fixture(scope="module")
def made(course: Course, enrolled: dict[str, str]) -> tuple[str, float]:
    """The page, and the CPU seconds that it took."""
    begun = time.process_time()
    page = report(Engine(course), UNIT)
    return page.read_text(encoding="utf-8"), time.process_time() - begun


def test_before_anybody_handed_in(course: Course, capsys: pytest.CaptureFixture[str]) -> None:
    index = course.reports / "index.html"
    assert "There is none yet" in index.read_text(encoding="utf-8"), "there for JupyterLab's menu"
    assert main(["report"]) == 0
    assert f"{UNIT}: grading/reports/{UNIT}/report.html" in capsys.readouterr().out
    assert "Nobody has handed this in yet." in index.read_text(encoding="utf-8")
    assert not list((course.reports / UNIT).glob("*.png"))


@pytest.mark.slow
@pytest.mark.sandbox
def test_five_hundred_take_no_ten_seconds(made: tuple[str, float]) -> None:
    assert made[1] < 10


@pytest.mark.slow
@pytest.mark.sandbox
def test_pass_rates_are_those_of_the_answers(
    made: tuple[str, float], enrolled: dict[str, str]
) -> None:
    rows = {row[0]: row for row in Page(made[0]).rows if row}
    told = Counter(name for student, name in enrolled.items() if student != "s0001")
    settled = {n: c for n, c in told.items() if n not in ("broken", "forged")}
    for grade_id, title in (
        ("largest_anywhere", "finds it anywhere"),
        ("largest_keeps", "leaves the list alone"),
        ("between_either_way", "does not care which comes first"),
    ):
        # An answer that is no Python fails what is asked of it.
        passing = sum(
            count
            for name, count in settled.items()
            if passes(name, grade_id) and not (name == "syntax" and "largest" in grade_id)
        )
        assert rows[title][2] == f"{100 * passing / sum(settled.values()):.0f} %", title
        assert rows[title][7] == str(told["broken"] + told["forged"])
    assert rows["does not care which comes first"][6] == str(settled["half"]), "not written"


@pytest.mark.slow
@pytest.mark.sandbox
def test_failures_are_grouped_and_hidden_inputs_stay_hidden(
    course: Course, made: tuple[str, float], enrolled: dict[str, str]
) -> None:
    told = Counter(name for student, name in enrolled.items() if student != "s0001")
    rows = [row for row in Page(made[0]).rows if len(row) == 3]
    said = {(row[1], row[2]): row[0] for row in rows}
    expected = ("largest finds it anywhere", "expected 9 for largest([1, 5, 9]) got 5")
    assert said[expected] == str(told["last missing"])
    hidden = ("largest works below zero", "fails on inputs that are not shown")
    assert said[hidden] == str(told["from zero"])
    error = ("largest raises an error", "IndexError: list index out of range")
    assert said[error] == str(told["raises"])
    syntax = ("largest its cell does not run through", "SyntaxError")
    assert said[syntax] == str(told["syntax"])
    page = Page(made[0]).text
    assert "-7" not in page
    assert class_secret(course) not in made[0]


@pytest.mark.slow
@pytest.mark.sandbox
def test_it_leads_with_what_needs_a_person(
    made: tuple[str, float], enrolled: dict[str, str]
) -> None:
    told = Counter(name for student, name in enrolled.items() if student != "s0001")
    page = Page(made[0])
    for words in (
        "1 is not graded",
        f"{told['forged']} {'is' if told['forged'] == 1 else 'are'} not believed",
        f"{told['broken']} cannot be read",
        f"{told['right']} have an answer to read",
    ):
        assert words in page.text, words
    assert re.search(rf"Look at \d+ of {STUDENTS} hand-ins: 1 is not graded, ", page.text)
    assert "Zoë <b>O'Neil</b> (s0000)" in page.text
    assert "Not handed in: 1 absent" in page.text
    assert f"once by {STUDENTS - 2}, twice by 1" in page.text
    assert page.tags["img"] == 3


@pytest.mark.slow
@pytest.mark.sandbox
def test_plots_lie_beside_the_page(course: Course, made: tuple[str, float]) -> None:
    names = {path.name for path in (course.reports / UNIT).iterdir()}
    plots_ = {"points.png", "checks.png", "times.png"}
    assert names == {"report.html", *plots_, *(p.replace(".", "-dark.") for p in plots_)}
    assert made[0].count("data:image/png;base64,") == 6
    assert "lies beside" not in (course.reports / "index.html").read_text(encoding="utf-8")


@pytest.mark.slow
@pytest.mark.sandbox
def test_one_of_the_class(course: Course, real: dict[str, Graded], made: tuple[str, float]) -> None:
    """The same through the gradebook, of a class in which one handed in."""
    folder = Path(course.root / "one")
    alone = classroom.make_course(folder, classes.SOURCES)
    os.chdir(alone.root)
    try:
        assert main(["release", UNIT, "--skip-proof"]) == 0
        classes.enrol(alone, Engine(alone), [("ada", real["sorts"], timedelta(hours=5))])
        text = report(Engine(alone), UNIT).read_text(encoding="utf-8")
    finally:
        os.chdir(course.root)
    page = Page(text)
    assert "The one hand-in is graded." in page.text
    assert "has 4 of 10 points" in page.text
    assert "expected in h [3, 1, 2] for largest([3, 1, 2]) got [1, 2, 3]" in page.text


def test_an_assignment_that_was_not_released(
    course: Course, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["report", "02_nothing"]) == 2
    assert "there is no assignment '02_nothing'" in capsys.readouterr().err
