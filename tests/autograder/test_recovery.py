"""Graders killed in every state, full disks, lost workers: every hand-in is graded once, alike."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from autograder import workers
from autograder.cli import main
from autograder.gradebook import standings
from autograder.ledger import FINAL, INTERRUPTED, OVERTAKEN
from autograder.paths import Course
from autograder.pipeline import DONE, INFRASTRUCTURE_ERROR
from tests.autograder import classroom, crashing
from tests.autograder.classroom import database_of as url
from tests.autograder.crashing import ASSIGNMENT, every_moment, graded, history, run, state
from tests.postgres import Server

STUDENTS = ["ada", "bob"]
GRADE = ("grade", ASSIGNMENT, "--jobs", "1")
REGRADE = (*GRADE, "--regrade")
APPLY = (*REGRADE, "--apply")


@pytest.fixture
def course(released_course: Course) -> Course:
    """Two students have handed in, one a notebook, the other two and a file beside."""
    for student in STUDENTS:
        files = {"adding.ipynb": f'{{"cells": [], "of": "{student}"}}'.encode()}
        if student == "bob":
            files |= {"sharing.ipynb": b"{}", "data.csv": b"1,2"}
        classroom.hand_in(released_course, ASSIGNMENT, student, files)
    return released_course


@pytest.fixture
def undisturbed(course: Course, tmp_path: Path) -> Course:
    """A copy in which the same hand-ins were graded in peace."""
    one = classroom.copy(course, tmp_path / "undisturbed")
    assert run(one, *GRADE) == 0
    assert graded(one) == {"ada": 1, "bob": 1}
    return one


def check(course: Course, wanted: dict[str, Any], applied: int = 1) -> None:
    """Everybody is graded as wanted, and by exactly one result that stands."""
    assert state(course, STUDENTS) == wanted
    for student in STUDENTS:
        done = [attempt for attempt in history(course, student) if attempt["outcome"] in FINAL]
        assert len(done) == applied
        assert all(attempt["applied"] and attempt["installed"] for attempt in done)
        assert {attempt["state"] for attempt in done} == {DONE}


def test_a_grader_killed_in_any_state_is_taken_up(
    course: Course, undisturbed: Course, tmp_path: Path
) -> None:
    wanted = state(undisturbed, STUDENTS)
    moments, interrupted = 0, 0
    for one in every_moment(course, tmp_path, "kill", *GRADE):
        before = {s: [a["outcome"] for a in history(one, s)] for s in STUDENTS}
        ran = dict(graded(one))
        assert run(one, *GRADE) == 0, crashing.said(one)
        check(one, wanted)
        for student in STUDENTS:
            after = [attempt["outcome"] for attempt in history(one, student)]
            if DONE in before[student]:
                assert after == before[student], "what is finished is not repeated"
                assert graded(one)[student] == ran[student] == 1
            elif before[student]:
                assert after == [INTERRUPTED, DONE]
                interrupted += 1
        moments += 1
    assert run(one, *GRADE) == 0
    assert "2 graded already" in crashing.said(one)
    assert moments > 12
    assert interrupted > 4


@pytest.mark.postgresql
@pytest.mark.parametrize("released_course", ["postgresql"], indirect=True)
def test_the_same_on_postgresql(course: Course, undisturbed: Course, tmp_path: Path) -> None:
    """Only the moments that differ: the commits of one hand-in."""
    wanted = state(undisturbed, STUDENTS)
    for number in range(3, 9):
        one = classroom.copy(course, tmp_path / f"killed{number}")
        assert run(one, *GRADE, kill=number) == -signal.SIGKILL
        assert run(one, *GRADE) == 0, crashing.said(one)
        check(one, wanted)


@pytest.mark.postgresql
@pytest.mark.parametrize("released_course", ["postgresql"], indirect=True)
def test_a_database_that_goes_away_stops_the_grading_and_costs_nothing(
    course: Course, undisturbed: Course, postgres_server: Server
) -> None:
    wanted = state(undisturbed, STUDENTS)
    assert run(course, *GRADE, stop="bob", server=postgres_server, back=False) == 1
    try:
        told = crashing.said(course)
        assert "the gradebook: " in told
        assert "What was graded is safe; run it again to go on." in told
        assert "Traceback" not in told
        # Without a database at all: one sentence, and a code that says set-up.
        assert run(course, *GRADE) == 2
        assert "autograder grade: the gradebook: " in crashing.said(course)
        assert "Traceback" not in crashing.said(course)
    finally:
        postgres_server.start()
    assert [a["outcome"] for a in history(course, "ada")] == [DONE]
    assert run(course, *GRADE) == 0
    check(course, wanted)
    assert graded(course) == {"ada": 1, "bob": 2}


@pytest.mark.postgresql
@pytest.mark.parametrize("released_course", ["postgresql"], indirect=True)
def test_a_database_that_comes_back_soon_is_waited_for(
    course: Course, undisturbed: Course, postgres_server: Server
) -> None:
    assert run(course, *GRADE, stop="bob", server=postgres_server, back=True) == 0
    check(course, state(undisturbed, STUDENTS))
    assert graded(course) == {"ada": 1, "bob": 1}


def test_a_full_disk_stops_the_grading_and_costs_nothing(
    course: Course, undisturbed: Course, tmp_path: Path
) -> None:
    wanted = state(undisturbed, STUDENTS)
    for one in every_moment(course, tmp_path, "full", *GRADE):
        told = crashing.said(one)
        if "2 of 2 graded" not in told:
            assert "full" in told or "No space left" in told
            assert "run it again to go on" in told or told.startswith(
                "autograder grade: the gradebook: "
            )
        assert run(one, *GRADE) == 0
        check(one, wanted)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A folder on a disk of its own, which holds two megabytes."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(place)]
    done = subprocess.run(mount, capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"no small disk can be mounted here: {done.stderr.strip()}")
    yield place
    subprocess.run(["umount", "--lazy", str(place)], check=True)


@pytest.mark.skipif(sys.platform != "linux" or os.geteuid() != 0, reason="only root mounts disks")
def test_a_disk_that_really_is_full(
    course: Course, undisturbed: Course, disk: Path, tmp_path: Path
) -> None:
    """Gradebook, ledger and all of `grading/` on it; so much room is left, in kilobytes."""
    wanted = state(undisturbed, STUDENTS)
    stopped = 0
    for room in (0, 4, 12, 28, 44, 60, 80, 120, 400):
        one = classroom.copy(course, tmp_path / f"room{room}")
        shutil.copytree(one.grading, disk / "grading")
        shutil.rmtree(one.grading)
        one.grading.symlink_to(disk / "grading")
        free = shutil.disk_usage(disk).free
        (disk / "filler").write_bytes(bytes(free - room * 1024))
        code = run(one, *GRADE)
        told = crashing.said(one)
        assert "Traceback" not in told
        if code:
            stopped += 1
            assert "full" in told or "No space left" in told, told
        (disk / "filler").unlink()
        assert run(one, *GRADE) == 0, crashing.said(one)
        check(one, wanted)
        assert set(graded(one)) == set(STUDENTS)
        for path in disk.iterdir():
            shutil.rmtree(path)
    assert code == 0, "with room enough it is not stopped"
    assert stopped > 3


def test_a_regrade_changes_nothing_until_it_is_applied_and_then_all_or_nothing(
    undisturbed: Course, tmp_path: Path
) -> None:
    old = state(undisturbed, STUDENTS)
    previewed = classroom.copy(undisturbed, tmp_path / "previewed")
    assert run(previewed, *REGRADE, bonus=0.5) == 0
    told = crashing.said(previewed)
    assert "2 of 2 would change; nothing is written yet" in told
    before, after = (old["ada"][0]["adding.add_small"][0] + extra for extra in (0, 0.5))
    assert f"ada              adding/add_small: {before:g} → {after:g}" in told
    assert state(previewed, STUDENTS) == old
    applied = classroom.copy(previewed, tmp_path / "applied")
    assert run(applied, *APPLY) == 0
    new = state(applied, STUDENTS)
    assert new["ada"][0]["adding.add_small"][0] == after
    assert {s: graded(applied)[s] for s in STUDENTS} == {"ada": 2, "bob": 2}
    check(applied, new, applied=2)

    for one in every_moment(undisturbed, tmp_path, "kill", *REGRADE):
        assert state(one, STUDENTS) == old, "a preview writes nothing, killed or not"
    for one in every_moment(previewed, tmp_path, "kill", *APPLY):
        found = state(one, STUDENTS)
        for student in STUDENTS:
            assert found[student][0] in (old[student][0], new[student][0]), "all or nothing"
        finished = found == new and all(a["installed"] for s in STUDENTS for a in history(one, s))
        assert run(one, *APPLY) == (2 if finished else 0) or "no regrade" in crashing.said(one)
        check(one, new, applied=2)
        assert graded(one) == {"ada": 2, "bob": 2}, "applying runs nothing again"


def test_a_regrade_that_fails_keeps_what_stands(undisturbed: Course) -> None:
    old = state(undisturbed, STUDENTS)
    two = (*REGRADE[:-2], "2", REGRADE[-1])
    assert run(undisturbed, *two, worker="ada", always=True, bonus=0.5) == 1
    assert "not graded again (what stands is kept): ada" in crashing.said(undisturbed)
    assert state(undisturbed, STUDENTS) == old
    assert history(undisturbed, "ada")[-1]["outcome"] == INFRASTRUCTURE_ERROR
    assert run(undisturbed, *APPLY, "--student", "ada") == 2
    assert "no regrade of 01_small waits" in crashing.said(undisturbed)
    assert state(undisturbed, STUDENTS) == old


@pytest.mark.parametrize("always", [False, True])
def test_a_killed_worker_is_tried_again_some_times(
    course: Course, undisturbed: Course, always: bool
) -> None:
    two = (*GRADE[:-1], "2")
    assert run(course, *two, worker="bob", always=always) == int(always)
    outcomes = [attempt["outcome"] for attempt in history(course, "bob")]
    if always:
        assert outcomes == [INFRASTRUCTURE_ERROR] * 3
        assert f"bob              {workers.KILLED}" in crashing.said(course)
        assert f"    {workers.KILLED}: bob\n" in crashing.said(course), "in the summary too"
        stand = {s.student: s.trouble for s in standings(course, url(course), ASSIGNMENT)}
        assert stand == {"ada": "", "bob": workers.KILLED}
        assert state(course, STUDENTS)["bob"] == ({}, {}), "not graded is no 0"
        assert run(course, *two) == 0
    else:
        assert outcomes == [INFRASTRUCTURE_ERROR, DONE]
        assert history(course, "bob")[0]["reason"] == workers.KILLED
    check(course, state(undisturbed, STUDENTS))
    assert graded(course)["ada"] == 1


def test_a_grader_killed_while_its_workers_run_leaves_none_behind(
    course: Course, undisturbed: Course
) -> None:
    two = (*GRADE[:-1], "2")
    assert run(course, *two, orphan="bob") == -signal.SIGKILL
    assert run(course, *two) == 0, "the lock of the dead one holds nobody up"
    check(course, state(undisturbed, STUDENTS))
    deadline = time.monotonic() + 20
    while (left := _processes_in(course.root)) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not left


def _processes_in(folder: Path) -> list[str]:
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if int(process.name) != os.getpid() and os.readlink(process / "cwd") == str(folder):
                found.append(process.name)
        except OSError:
            continue
    return found


def test_a_newer_hand_in_is_graded_and_an_outdated_result_is_only_told_of(
    undisturbed: Course,
) -> None:
    old = state(undisturbed, STUDENTS)
    # The same time and another content, as somebody who copies files by hand makes it.
    path = undisturbed.submitted("ada", ASSIGNMENT) / "adding.ipynb"
    path.write_bytes(b'{"cells": [], "of": "another"}')
    (undisturbed.solutions / ASSIGNMENT / "numbers.txt").write_text("a file for all students")
    assert run(undisturbed, *GRADE) == 0
    assert "1 of them by other tests, limits or packages than now" in crashing.said(undisturbed)
    assert graded(undisturbed) == {"ada": 2, "bob": 1}
    new = state(undisturbed, STUDENTS)
    assert new["ada"] != old["ada"]
    assert new["bob"] == old["bob"]
    assert len({attempt["submission"] for attempt in history(undisturbed, "ada")}) == 2


def test_points_of_an_earlier_hand_in_do_not_stand_for_one_that_could_not_be_graded(
    undisturbed: Course,
) -> None:
    path = undisturbed.submitted("ada", ASSIGNMENT) / "adding.ipynb"
    path.write_bytes(b'{"cells": [], "of": "another"}')
    two = (*GRADE[:-1], "2", "--student", "ada")
    assert run(undisturbed, *two, worker="ada", always=True) == 1
    assert "not graded (run it again): ada" in crashing.said(undisturbed)
    earlier, *_ = history(undisturbed, "ada")
    assert earlier["outcome"] == DONE, "it is kept all the same"


def test_two_graders_at_once_are_refused(course: Course) -> None:
    import fcntl

    with (course.grading / "grading.lock").open("w") as file:
        fcntl.lockf(file, fcntl.LOCK_EX)
        assert run(course, *GRADE) == 2
        assert "a grading runs here already" in crashing.said(course)
    assert run(course, *GRADE) == 0


def test_a_hand_in_that_comes_while_its_earlier_one_is_graded(course: Course) -> None:
    from autograder import batch
    from autograder.engine import Engine
    from autograder.execute import Limits
    from autograder.pipeline import Graded

    class Meanwhile(workers.Here):
        def next(self) -> Graded:
            (course.submitted("ada", ASSIGNMENT) / "adding.ipynb").write_bytes(b"newer")
            return Graded(self._jobs.popleft().student)

    with batch.Batch(Engine(course), ASSIGNMENT, ["ada"], Limits()) as one:
        (found,) = one.grade(["ada"], Meanwhile())
    assert (found.outcome, found.problem) == (
        INFRASTRUCTURE_ERROR,
        "another hand-in came meanwhile",
    )
    assert [attempt["outcome"] for attempt in history(course, "ada")] == [OVERTAKEN]
    assert crashing.rows(course, "ada") == {}


@pytest.mark.sandbox
@pytest.mark.slow
def test_student_errors_are_final_and_a_result_is_put_back_without_running_it_again(
    course: Course,
) -> None:
    from nbgrader.api import Gradebook

    from autograder.engine import Engine

    files = {"adding.ipynb": b"{ not json", "sharing.ipynb": b"{ neither"}
    classroom.hand_in(course, ASSIGNMENT, "eve", files)
    assert main(["grade", ASSIGNMENT, "--student", "eve"]) == 1
    (attempt,) = history(course, "eve")
    assert attempt["outcome"] == attempt["state"] == "student error"
    before = crashing.rows(course, "eve")
    assert main(["grade", ASSIGNMENT, "--student", "eve"]) == 1
    with Gradebook(Engine(course).url) as gradebook:
        gradebook.remove_submission(ASSIGNMENT, "eve")
    assert main(["grade", ASSIGNMENT, "--student", "eve"]) == 1
    assert crashing.rows(course, "eve") == before
    assert len(history(course, "eve")) == 1
