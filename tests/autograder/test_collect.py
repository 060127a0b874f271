"""Hand-ins come in: from the exchange, and as learning platforms export them. Nothing is lost."""

import json
import os
import shutil
import zipfile
from pathlib import Path

import pytest
from nbgrader.api import Gradebook

from autograder.cli import main
from autograder.engine import Engine
from autograder.gradebook import NOT_HANDED_IN, standings
from autograder.paths import Course
from tests.autograder import classroom
from tests.autograder.classroom import answering

ROSTER = "id,first_name,last_name,number\njd,Jane,Doe,12345\nzm,Zoë,Müller,\nabsent,Al,Away,\n"


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Course:
    """A course in which 01_small was released."""
    root = tmp_path_factory.mktemp("fresh")
    course = classroom.make_course(root, {"01_small/adding.py": classroom.ADDING})
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(course.root)
        assert main(["release", "01_small", "--skip-proof"]) == 0
    return course


@pytest.fixture
def course(fresh: Course, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Course:
    """A copy of the released course."""
    shutil.copytree(fresh.root, tmp_path / "course")
    monkeypatch.chdir(tmp_path / "course")
    return Course(tmp_path / "course")


def answer(course: Course, text: str) -> bytes:
    """A hand-in whose answer can be told from others."""
    return classroom.solved(course, "01_small", "adding", answering(add=text))


def zipped(course: Course, files: dict[str, bytes], hour: int = 12) -> str:
    path = course.root / "export.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(name, date_time=(2026, 3, 1, hour, 0, 0)), data)
    return str(path)


def handed_in(course: Course) -> dict[str, bytes]:
    """What lies in grading/submitted: student → notebook."""
    found = course.grading.glob("submitted/*/01_small/adding.ipynb")
    return {path.parent.parent.name: path.read_bytes() for path in found}


def kept(course: Course) -> set[bytes]:
    return {path.read_bytes() for path in course.grading.glob("kept/**/*.ipynb")}


MOODLE = "{}_assignsubmission_file_/adding.ipynb"


def test_moodle(course: Course, capsys: pytest.CaptureFixture[str]) -> None:
    (course.root / "class.csv").write_text(ROSTER)
    jane, zoe, stranger = (answer(course, f"# {n}") for n in range(3))
    files = {
        MOODLE.format("Jane Doe_12345"): jane,
        MOODLE.format("Zoë Müller_777"): zoe,
        MOODLE.format("New Comer_888"): stranger,
        "Jane Doe_12345_assignsubmission_file_/photo.png": b"png",
        "Jane Doe_12345_assignsubmission_onlinetext_/onlinetext.html": b"<p>done</p>",
        "__MACOSX/._adding.ipynb": b"x",
    }
    assert (
        main(["collect", "01_small", "--zip", zipped(course, files), "--roster", "class.csv"]) == 0
    )
    assert handed_in(course) == {"jd": jane, "zm": zoe, "new_comer_888": stranger}
    out = capsys.readouterr().out
    assert "3 new, 0 handed in again" in out
    assert "new_comer_888 (New Comer)" in out
    assert "photo.png" in out
    found = standings(course, Engine(course).url, "01_small", ["absent"])
    assert [(s.status, s.last_name) for s in found] == [(NOT_HANDED_IN, "Away")]


def test_canvas(course: Course, capsys: pytest.CaptureFixture[str]) -> None:
    first, second, other = (answer(course, f"# {n}") for n in range(3))
    files = {
        "doejane_LATE_12345_555_adding-1.ipynb": second,
        "doejane_12345_444_adding.ipynb": first,
        "mullerzoe_777_666_My Answers (2).ipynb": other,
    }
    assert main(["collect", "01_small", "--zip", zipped(course, files)]) == 0
    assert handed_in(course) == {"doejane_12345": second, "mullerzoe_777": other}
    assert kept(course) == {first}
    assert "late, says the platform:\n    doejane_12345" in capsys.readouterr().out


def test_a_folder(course: Course) -> None:
    path = course.root / "unpacked" / "jane"
    path.mkdir(parents=True)
    (path / "adding.ipynb").write_bytes(answer(course, "# jane"))
    assert main(["collect", "01_small", "--dir", "unpacked"]) == 0
    assert set(handed_in(course)) == {"jane"}


def test_the_time_of_the_hand_in_is_kept(course: Course) -> None:
    name = MOODLE.format("Jane Doe_1")
    main(["collect", "01_small", "--zip", zipped(course, {name: answer(course, "# 1")})])
    text = (course.submitted("jane_doe_1", "01_small") / "timestamp.txt").read_text()
    assert text.endswith(" UTC")
    assert text.startswith("2026-03-01") or text.startswith("2026-02-28")


def test_collecting_again_changes_nothing_and_a_newer_one_keeps_the_earlier(
    course: Course, capsys: pytest.CaptureFixture[str]
) -> None:
    name = MOODLE.format("Jane Doe_1")
    first, second = answer(course, "# first"), answer(course, "# second")
    for _ in range(2):
        assert main(["collect", "01_small", "--zip", zipped(course, {name: first})]) == 0
    assert "0 new, 0 handed in again, 1 in all" in capsys.readouterr().out
    assert kept(course) == set()
    assert main(["collect", "01_small", "--zip", zipped(course, {name: second}, hour=14)]) == 0
    assert handed_in(course) == {"jane_doe_1": second}
    assert kept(course) == {first}


def test_a_broken_notebook_is_named_and_the_others_are_collected(
    course: Course, capsys: pytest.CaptureFixture[str]
) -> None:
    good, name = answer(course, "# good"), MOODLE.format("Jane Doe_1")
    files = {name: b"{ cut off", MOODLE.format("Zoë Müller_2"): good}
    assert main(["collect", "01_small", "--zip", zipped(course, files)]) == 1
    assert handed_in(course) == {"jane_doe_1": b"{ cut off", "zoë_müller_2": good}
    assert f"{name}: it is not JSON" in capsys.readouterr().out


def test_a_broken_notebook_does_not_replace_a_good_one(
    course: Course, capsys: pytest.CaptureFixture[str]
) -> None:
    good, name = answer(course, "# good"), MOODLE.format("Jane Doe_1")
    assert main(["collect", "01_small", "--zip", zipped(course, {name: good})]) == 0
    assert main(["collect", "01_small", "--zip", zipped(course, {name: b"{ cut off"})]) == 1
    assert handed_in(course) == {"jane_doe_1": good}
    assert kept(course) == {b"{ cut off"}
    assert "The earlier hand-in stays" in capsys.readouterr().out


def test_an_evil_zip_writes_nothing_elsewhere(
    course: Course, capsys: pytest.CaptureFixture[str]
) -> None:
    good = answer(course, "# good")
    before = {p for p in course.root.rglob("*") if "grading" not in p.parts}
    link = zipfile.ZipInfo(MOODLE.format("Link Maker_3"))
    link.external_attr = 0o120777 << 16
    path = course.root / "export.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("../../../evil.ipynb", good)
        archive.writestr("../Evil_1_assignsubmission_file_/adding.ipynb", good)
        archive.writestr(link, "/etc/passwd")
        archive.writestr(MOODLE.format("Bomb_4"), b"0" * 45_000_000)
        archive.writestr(MOODLE.format("Jane Doe_1"), good)
    assert main(["collect", "01_small", "--zip", str(path)]) == 1
    assert handed_in(course) == {"jane_doe_1": good}
    assert {p for p in course.root.rglob("*") if "grading" not in p.parts} == before | {path}
    assert not list(course.root.parent.glob("evil*"))
    out = capsys.readouterr().out
    refused = course.refused("01_small").read_text()
    for words in ("leads out of the folder", "link or a device", "zip bomb"):
        assert words in out
        assert words in refused, "for the class report"
    assert main(["report", "01_small"]) == 0
    page = (course.reports / "01_small" / "report.html").read_text()
    assert "Not accepted when they were collected: 4" in page


def test_what_is_nobodys_or_no_notebook_is_named(
    course: Course, capsys: pytest.CaptureFixture[str]
) -> None:
    files = {
        "adding.ipynb": answer(course, "# whose?"),
        "Jane Doe_1_assignsubmission_file_/homework.zip": b"PK",
        MOODLE.format("Zoë Müller_2").replace("adding", "other"): b'{"cells": []}',
    }
    assert main(["collect", "01_small", "--zip", zipped(course, files)]) == 1
    assert handed_in(course) == {}
    out = capsys.readouterr().out
    assert "adding.ipynb: its name does not say whose it is." in out
    assert "Jane Doe handed in Jane Doe_1_assignsubmission_file_/homework.zip, but no adding" in out
    assert "Zoë Müller handed in" in out


def test_a_full_disk_leaves_the_earlier_hand_in(
    course: Course, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    name = MOODLE.format("Jane Doe_1")
    first = answer(course, "# first")
    assert main(["collect", "01_small", "--zip", zipped(course, {name: first})]) == 0
    newer = zipped(course, {name: answer(course, "# second")})

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("autograder.handins.Path.write_text", full)
        assert main(["collect", "01_small", "--zip", newer]) == 2
    assert "No space left on device" in capsys.readouterr().err
    assert handed_in(course) == {"jane_doe_1": first}
    assert [p.name for p in course.submitted("jane_doe_1", "01_small").parent.iterdir()] == [
        "01_small"
    ]


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        (["collect", "01_smal"], "Did you mean 01_small?"),
        (["collect", "01_small", "--zip", "none.zip"], "there is no file none.zip"),
        (["collect", "01_small", "--dir", "none"], "there is no folder none"),
        (["collect", "01_small", "--roster", "x.csv"], "--roster goes with"),
        (["grade", "01_small"], "autograder collect 01_small"),
        (["grade", "01_small", "--cell-seconds", "0"], "must be 1 or more"),
        (["feedback", "01_small"], "no hand-in"),
        (["export", "--assignment", "09_none"], "there are: 01_small"),
        (["release", "01_small", "--skip-proof", "--due", "soon"], "write it like"),
    ],
)
def test_wrong_usage_gets_a_sentence_and_2(
    course: Course, command: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(command) == 2
    error = capsys.readouterr().err
    assert sentence in error
    assert len(error.strip().splitlines()) == 1


def test_a_release_is_repeated_only_when_asked(
    course: Course, capsys: pytest.CaptureFixture[str]
) -> None:
    outbound = course.grading / "exchange" / "stepwise" / "outbound"
    before = (outbound / "01_small" / "adding.ipynb").read_bytes()
    assert main(["release", "01_small", "--skip-proof"]) == 0
    assert "nothing has changed" in capsys.readouterr().out
    source = course.solutions / "01_small" / "adding.py"
    source.write_text(source.read_text().replace("# # Adding", "# # Adding up"))
    assert main(["release", "01_small", "--skip-proof"]) == 2
    assert "--force replaces it" in capsys.readouterr().err
    assert (outbound / "01_small" / "adding.ipynb").read_bytes() == before
    assert main(["release", "01_small", "--skip-proof", "--force"]) == 0
    assert b"Adding up" in (outbound / "01_small" / "adding.ipynb").read_bytes()
    assert os.listdir(outbound) == ["01_small"]


def test_a_release_leaves_other_files_beside_the_exercise_alone(course: Course) -> None:
    mine = course.exercises / "01_small" / "my notes.ipynb"
    mine.write_text("{}")
    worked_in = course.exercises / "01_small" / "adding.ipynb"
    worked_in.write_bytes(answer(course, "# I tried"))
    assert main(["release", "01_small", "--skip-proof"]) == 0
    assert mine.read_text() == "{}"
    assert main(["release", "01_small", "--skip-proof", "--force"]) == 0
    outbound = course.grading / "exchange" / "stepwise" / "outbound" / "01_small"
    assert os.listdir(outbound) == ["adding.ipynb"]
    (copy,) = course.kept.rglob("*.ipynb")
    assert "# I tried" in copy.read_text()


def test_due_dates_are_recorded_in_utc(course: Course) -> None:
    due = ["--due", "2026-03-01 10:00+02:00"]
    assert main(["release", "01_small", "--skip-proof", *due]) == 0
    with Gradebook(Engine(course).url) as gradebook:
        assert str(gradebook.find_assignment("01_small").duedate) == "2026-03-01 08:00:00"


@pytest.mark.sandbox
def test_the_loop_through_the_exchange_as_student_and_instructor(course: Course) -> None:
    def student(*command: str) -> str:
        return classroom.call(course, "nbgrader", *command, folder=course.work)

    student("fetch_assignment", "01_small")
    mine = course.work / "01_small" / "adding.ipynb"
    first = answer(course, "def add(a, b): return a + b")
    mine.write_bytes(first)
    student("submit", "01_small", "--student", "jane")
    assert main(["collect", "01_small"]) == 0
    assert handed_in(course) == {"jane": first}
    # A fetch does not touch what she wrote; a new release neither.
    assert main(["release", "01_small", "--skip-proof", "--force"]) == 0
    student("fetch_assignment", "01_small", "--replace")
    assert mine.read_bytes() == first
    second = answer(course, "def add(a, b): return b + a")
    mine.write_bytes(second)
    student("submit", "01_small", "--student", "jane")
    # Somebody links to what only the instructor may read.
    inbound = course.grading / "exchange" / "stepwise" / "inbound"
    evil = inbound / "evil+01_small+2026-03-01 12:00:00.000000 UTC+x"
    evil.mkdir()
    (evil / "adding.ipynb").write_bytes(second)
    (evil / "stolen.txt").symlink_to(course.grading / "class_secret")
    os.mkfifo(evil / "wait")
    for odd in ("..+01_small+2026-03-01 12:00:00 UTC+x", "x+01_small+nonsense+x"):
        (inbound / odd).mkdir()
    assert main(["collect", "01_small"]) == 1
    assert handed_in(course) == {"jane": second, "evil": second}
    assert kept(course) == {first}
    assert not (course.submitted("evil", "01_small") / "stolen.txt").exists()
    assert main(["grade", "01_small"]) == 0
    assert main(["feedback", "01_small"]) == 0
    student("fetch_feedback", "01_small", "--student", "jane")
    (page,) = (course.work / "01_small" / "feedback").glob("*/adding.html")
    assert "5 of 7 points" in page.read_text()
    assert json.loads(mine.read_text()) == json.loads(second)
