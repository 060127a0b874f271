"""Several processes at once: results as they come, and what a killed process costs."""

import os
import signal
import time
from pathlib import Path

import pytest

from autograder import workers
from autograder.execute import Limits
from autograder.pipeline import Graded, Job


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


@pytest.mark.usefixtures("pretend")
def test_each_job_is_done_once_by_one_of_the_processes(tmp_path: Path) -> None:
    names = [f"s{number:02d}" for number in range(12)]
    found = list(workers.results(jobs(tmp_path, *names), 3))
    assert sorted(graded.student for graded in found) == names
    assert not [graded.problem for graded in found if graded.problem]
    notes = [path.name.split("-") for path in tmp_path.iterdir()]
    assert sorted(student for student, _, _ in notes) == names
    processes = {process for _, _, process in notes}
    assert 2 <= len(processes) <= 3
    assert str(os.getpid()) not in processes


@pytest.mark.usefixtures("pretend")
def test_a_killed_process_costs_no_other_its_grade(tmp_path: Path) -> None:
    names = ["a", "poison", "b", "unlucky", *"cdefgh"]
    found = {g.student: g.problem for g in workers.results(jobs(tmp_path, *names), 2)}
    assert found == dict.fromkeys(names, "") | {"poison": workers.KILLED}
    assert attempts(tmp_path, "poison") == 2
    assert attempts(tmp_path, "unlucky") == 2
    assert {attempts(tmp_path, name) for name in "abcdefgh"} == {1}


@pytest.mark.usefixtures("pretend")
def test_who_stops_listening_leaves_no_process(tmp_path: Path) -> None:
    results = workers.results(jobs(tmp_path, *"abcdef"), 2)
    next(results)
    results.close()
    processes = {int(path.name.rpartition("-")[2]) for path in tmp_path.iterdir()}
    assert processes
    for process in processes:
        with pytest.raises(ProcessLookupError):
            os.kill(process, 0)
