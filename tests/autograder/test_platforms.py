"""Names of exported files, and the students they belong to."""

from pathlib import Path, PurePosixPath

import pytest

from autograder.errors import UsageError
from autograder.platforms import Owner, Roster, Student, new_id, owner, read_roster, version


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        # As Moodle 4 and Moodle 2 export a folder or a flat list of an assignment's files.
        (
            "Jane Doe_12345_assignsubmission_file_/two.ipynb",
            Owner("Jane Doe", "12345", "two.ipynb"),
        ),
        ("Jane Doe_12345_assignsubmission_file_two.ipynb", Owner("Jane Doe", "12345", "two.ipynb")),
        # As Canvas exports "Download submissions".
        ("doejane_12345_67890_two.ipynb", Owner("doejane", "12345", "two.ipynb")),
        ("doejane_LATE_12345_67890_two-1.ipynb", Owner("doejane", "12345", "two-1.ipynb", True)),
        ("submissions/doejane_12345_67890_my_two.ipynb", Owner("doejane", "12345", "my_two.ipynb")),
        # A folder for each student.
        ("jdoe/two.ipynb", Owner("jdoe", "", "two.ipynb")),
        ("two.ipynb", None),
    ],
)
def test_owner(path: str, expected: Owner | None) -> None:
    assert owner(PurePosixPath(path)) == expected


@pytest.mark.parametrize(
    ("stem", "expected"),
    [("two", ("two", 0)), ("two-2", ("two", 2)), ("two (3)", ("two", 3)), ("t(1)", ("t", 1))],
)
def test_version(stem: str, expected: tuple[str, int]) -> None:
    assert version(stem) == expected


def test_a_student_is_found_by_number_name_either_way_and_mail() -> None:
    roster = Roster([Student("jd", "Jane", "Doe", "jane.d@uni.example", "12345"), Student("other")])
    for name, number in [
        ("whoever", "12345"),
        ("Jane Doe", ""),
        ("doejane", "999"),
        ("DOE, Jane", ""),
        ("jd", ""),
        ("jane.d", ""),
    ]:
        assert roster.find(Owner(name, number, "x")) == "jd", name
    assert roster.find(Owner("John Doe", "7", "x")) is None


def test_two_students_of_one_name_are_not_guessed() -> None:
    roster = Roster(
        [Student("a", "Jane", "Doe", number="1"), Student("b", "Jane", "Doe", number="2")]
    )
    assert roster.find(Owner("Jane Doe", "", "x")) is None
    assert roster.find(Owner("Jane Doe", "2", "x")) == "b"


def test_accents_and_case_do_not_matter() -> None:
    roster = Roster([Student("zm", "Zoë", "Müller")])
    assert roster.find(Owner("Zoe Muller", "", "x")) == "zm"
    assert roster.find(Owner("mullerzoe", "", "x")) == "zm"


@pytest.mark.parametrize(
    "table",
    [
        "id,first_name,last_name,email,number\njd,Jane,Doe,jane@x.example,12345\n",
        "Student,ID,SIS User ID,SIS Login ID,Section\n"
        "    Points Possible,,,,\n"
        '"Doe, Jane",12345,u1,jd,01\n',
        "\ufeffUsername,First name,Surname,Email address,Number\n"
        "jd,Jane,Doe,jane@x.example,12345\n",
    ],
    ids=["own", "Canvas", "Moodle"],
)
def test_rosters(tmp_path: Path, table: str) -> None:
    path = tmp_path / "class.csv"
    path.write_text(table, encoding="utf-8")
    (student,) = read_roster(path).students
    assert (student.id, student.first_name, student.last_name) == ("jd", "Jane", "Doe")
    assert student.number == "12345"


def test_moodles_grading_worksheet_as_roster(tmp_path: Path) -> None:
    path = tmp_path / "class.csv"
    path.write_text(
        "Identifier,Full name,Email address,Grade\nParticipant 12345,Jane Doe,jane@x.example,\n"
    )
    (student,) = read_roster(path).students
    assert student == Student("jane@x.example", "Jane", "Doe", "jane@x.example", "12345")


@pytest.mark.parametrize("table", ["", "colour\nred\n", "first_name,last_name\nJane,Doe\n"])
def test_a_roster_without_ids_is_refused(tmp_path: Path, table: str) -> None:
    path = tmp_path / "class.csv"
    path.write_text(table)
    with pytest.raises(UsageError, match="needs a column"):
        read_roster(path)


def test_new_ids_are_safe_names() -> None:
    assert new_id(Owner("Jane Doe", "12345", "x")) == "jane_doe_12345"
    assert new_id(Owner("../../etc", "", "x")) == "etc"
    assert new_id(Owner("…", "7", "x")) == "student_7"
    assert new_id(Owner("Zoë Müller", "", "x")) == "zoë_müller"
