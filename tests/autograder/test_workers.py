"""Several processes at once: results as they come, and what a killed process costs."""

import contextlib
import os
import signal
import time
from pathlib import Path

import pytest

from autograder import workers
from autograder.execute import Limits
from autograder.pipeline import INFRASTRUCTURE_ERROR, Graded, Job


def jobs(folder: Path, *students: str) -> list[Job]:
    return [Job(student, folder, None, (), {}, "", Limits()) for student in students]


def pretended(job: Job) -> Graded:
    """What a student's name asks for; each attempt leaves a note."""
    tries = len(list(job.folder.glob(f"{job.student}-*")))
    (job.folder / f"{job.student}-{tries}-{os.getpid()}").touch()
    if job.student == "poison" or (job.student == "unlucky" and tries == 0):
        os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(0.05)
    return Graded(job.student)


@pytest.fixture
def pretend(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "grade_job", pretended)


def attempts(folder: Path, student: str) -> int:
    return len(list(folder.glob(f"{student}-*")))


def all_done(pool: workers.Pool, jobs: list[Job]) -> dict[str, Graded]:
    """Give every job as soon as the pool is free; what became of each."""
    waiting, found, given = list(jobs), {}, 0
    with contextlib.closing(pool):
        while waiting or given > len(found):
            while waiting and pool.free():
                pool.give(waiting.pop(0))
                given += 1
            graded = pool.next()
            assert graded.student not in found
            found[graded.student] = graded
    return found


@pytest.mark.usefixtures("pretend")
def test_each_job_is_done_once_by_one_of_the_processes(tmp_path: Path) -> None:
    names = [f"s{number:02d}" for number in range(12)]
    found = all_done(workers.pool(3), jobs(tmp_path, *names))
    assert sorted(found) == names
    assert not [graded.problem for graded in found.values() if graded.problem]
    notes = [path.name.split("-") for path in tmp_path.iterdir()]
    assert sorted(student for student, _, _ in notes) == names
    processes = {process for _, _, process in notes}
    assert 2 <= len(processes) <= 3
    assert str(os.getpid()) not in processes


@pytest.mark.usefixtures("pretend")
def test_one_process_is_this_one(tmp_path: Path) -> None:
    found = all_done(workers.pool(1), jobs(tmp_path, *"abc"))
    assert sorted(found) == [*"abc"]
    assert {path.name.rpartition("-")[2] for path in tmp_path.iterdir()} == {str(os.getpid())}


@pytest.mark.usefixtures("pretend")
def test_a_killed_process_costs_no_other_its_grade(tmp_path: Path) -> None:
    names = ["a", "poison", "b", "unlucky", *"cdefgh"]
    found = all_done(workers.pool(2), jobs(tmp_path, *names))
    lost = {"poison": workers.KILLED, "unlucky": workers.KILLED}
    assert {s: graded.problem for s, graded in found.items()} == dict.fromkeys(names, "") | lost
    assert found["poison"].outcome == INFRASTRUCTURE_ERROR, "so it is tried again, by the batch"
    assert {attempts(tmp_path, name) for name in names} == {1}


@pytest.mark.usefixtures("pretend")
def test_who_stops_listening_leaves_no_process(tmp_path: Path) -> None:
    pool = workers.pool(2)
    for job in jobs(tmp_path, *"ab"):
        pool.give(job)
    pool.next()
    assert pool.free()
    pool.close()
    processes = {int(path.name.rpartition("-")[2]) for path in tmp_path.iterdir()}
    assert processes
    for process in processes:
        with pytest.raises(ProcessLookupError):
            os.kill(process, 0)
