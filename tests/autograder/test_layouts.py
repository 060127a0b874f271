"""Tables of scores: what is in them comes out again, for us, for Canvas and for Moodle."""

import csv
import io
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest

from autograder.gradebook import GRADED, NOT_GRADED, NOT_HANDED_IN, REVIEW, Standing
from autograder.layouts import as_canvas, as_csv, as_moodle, number
from autograder.platforms import read_roster

Layout = Callable[[list[Standing]], str]

NAMES = {
    "plain": ("Ada", "Lovelace"),
    "comma": ("Martin Luther", "King, Jr."),
    "quote": ('Dwayne "The Rock"', "Johnson"),
    "unicode": ("Zoë 李", "Müller-Łukasiewicz"),
    "lines": ("Two", "Lines\nof it"),
    "semicolon": ("a;b", "c\td"),
    "nobody": ("", ""),
}


def standing(student: str, status: str = GRADED, score: float | None = 7.5) -> Standing:
    first, last = NAMES.get(student, ("", ""))
    return Standing(
        *(student, "01_water", status, score, 10.0),
        penalty=1.5 if score else 0.0,
        handed_in=datetime(2026, 3, 2, 1, 30),
        seconds_late=48_600.0,
        first_name=first,
        last_name=last,
        email=f"{student}@x.example",
        number=str(100 + len(student)),
    )


CLASS = [
    *(standing(student) for student in NAMES),
    standing("asked", REVIEW, None),
    standing("failed", NOT_GRADED, None),
    standing("absent", NOT_HANDED_IN, None),
    standing("zero", GRADED, 0.0),
]


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_our_table_gives_back_what_went_in() -> None:
    found = {row["student"]: row for row in rows(as_csv(CLASS))}
    assert len(found) == len(CLASS)
    for student, (first, last) in NAMES.items():
        assert (found[student]["first_name"], found[student]["last_name"]) == (first, last)
        assert float(found[student]["score"]) == 7.5
        assert float(found[student]["max_score"]) == 10
        assert float(found[student]["late_penalty"]) == 1.5
        assert float(found[student]["late_hours"]) == 13.5


@pytest.mark.parametrize("layout", [as_csv, as_canvas, as_moodle])
def test_what_is_not_settled_is_empty_and_zero_is_zero(layout: Layout) -> None:
    column = {as_csv: "score", as_canvas: "01_water", as_moodle: "Grade"}[layout]
    key = {as_csv: "student", as_canvas: "SIS Login ID", as_moodle: "Email address"}[layout]
    found = {row[key].partition("@")[0]: row[column] for row in rows(layout(CLASS))}
    assert {found[student] for student in ("asked", "failed", "absent")} == {""}
    assert found["zero"] == "0"


def test_canvas_takes_the_table_and_finds_everybody(tmp_path: Path) -> None:
    second = [standing("plain"), standing("late_comer")]
    other = [Standing(s.student, "02_air", GRADED, 3.25, 4.0) for s in second]
    text = as_canvas([*CLASS, *other])
    head, possible, *students = csv.reader(io.StringIO(text))
    # lib/gradebook_importer.rb: `row_has_student_headers?`, `update_column_count`, `process_pp`
    assert (head[0], head[1], head[4]) == ("Student", "ID", "Section")
    assert head[2:4] == ["SIS User ID", "SIS Login ID"]
    assert "Points Possible" in possible[0]
    assert dict(zip(head[5:], possible[5:], strict=True)) == {"01_water": "10", "02_air": "4"}
    assert len(students) == len(CLASS) + 1
    by_login = {row[3]: row for row in students}
    assert by_login["plain"][5:] == ["7.5", "3.25"]
    assert by_login["comma"][5:] == ["7.5", ""]
    assert by_login["late_comer"][5:] == ["", "3.25"]
    assert by_login["comma"][0] == "King, Jr., Martin Luther"
    path = tmp_path / "canvas.csv"
    path.write_text(text, encoding="utf-8")
    back = {s.id: s.number for s in read_roster(path).students}
    assert {s.student: s.number for s in CLASS}.items() <= back.items()


def test_nobody_is_the_row_of_points() -> None:
    someone = Standing("x", "01_water", GRADED, 1.0, 2.0, first_name="Points Possible")
    _, *found = csv.reader(io.StringIO(as_canvas([someone])))
    assert [("Points Possible" in row[0]) for row in found] == [True, False]


def test_moodle_takes_the_table_and_finds_everybody(tmp_path: Path) -> None:
    text = as_moodle(CLASS)
    found = rows(text)
    # importgradeslib.php, `init`: without these three the file is refused.
    assert {"Identifier", "Grade", "Last modified (grade)"} <= set(found[0])
    by_mail = {row["Email address"]: row for row in found}
    plain = by_mail["plain@x.example"]
    assert plain["Identifier"] == "Participant 105"
    assert (plain["Grade"], plain["Maximum Grade"]) == ("7.5", "10")
    assert plain["Feedback comments"] == "7.5 of 10 points, after 1.5 off for being late"
    assert by_mail["failed@x.example"]["Feedback comments"] == ""
    path = tmp_path / "moodle.csv"
    path.write_text(text, encoding="utf-8")
    assert [s.number for s in read_roster(path).students] == [s.number for s in CLASS]


@pytest.mark.parametrize(
    "evil",
    [
        "=HYPERLINK(1)",
        "+1",
        "-1",
        "@SUM(A1)",
        "|calc",
        "\t=1",
        " =1",
        "\r=1",
        "＝1",
        "x;=1",  # where the computer separates cells by semicolons
        'x";=1',
        "x\t=1",
        "x\n=1",
    ],
)
@pytest.mark.parametrize("layout", [as_csv, as_canvas, as_moodle])
def test_no_cell_is_a_formula(layout: Layout, evil: str) -> None:
    text = layout([Standing(evil, "01_water", GRADED, 1.0, 2.0, first_name=evil, email=evil)])
    for separator in ",;\t":
        for row in csv.reader(io.StringIO(text.replace("\r", "\n")), delimiter=separator):
            for cell in row:
                for line in cell.splitlines() or [""]:
                    assert not line.lstrip().startswith(("=", "+", "-", "@", "|", "＝")), cell


@pytest.mark.parametrize(
    ("value", "shown"),
    [(None, ""), (0.0, "0"), (7.0, "7"), (7.25, "7.25"), (1 / 3, "0.3333"), (1234567.0, "1234567")],
)
def test_numbers(value: float | None, shown: str) -> None:
    assert number(value) == shown
