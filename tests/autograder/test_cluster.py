"""A Dask cluster grades as this machine does, also when a worker is killed in the middle."""

import os
import pickle
from collections.abc import Iterator
from pathlib import Path

import pytest

from autograder import cluster, identity, workers
from autograder.cli import main
from autograder.execute import Limits
from autograder.paths import Course
from autograder.pipeline import DONE, INFRASTRUCTURE_ERROR, Graded, Job
from tests import dask_cluster
from tests.autograder import classroom, crashing
from tests.autograder.classroom import answering
from tests.autograder.crashing import ASSIGNMENT, history, state

RIGHT = answering(add="def add(a, b): return a + b", times="def times(a, b): return a * b")
WRONG = answering(add="def add(a, b): return 3", times="def times(a, b): return a * b")


@pytest.fixture(scope="module")
def running() -> Iterator[dask_cluster.Cluster]:
    with dask_cluster.cluster(2) as found:
        yield found


@pytest.mark.sandbox
@pytest.mark.slow
def test_a_worker_killed_in_the_middle_costs_nobody_a_grade(
    released_course: Course,
    running: dask_cluster.Cluster,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    students = [f"student{number}" for number in range(6)]
    for number, student in enumerate(students):
        answers = RIGHT if number % 2 else WRONG
        adding = classroom.solved(released_course, ASSIGNMENT, "adding", answers)
        files = {"adding.ipynb": adding, "data.csv": b"1,2"}
        classroom.hand_in(released_course, ASSIGNMENT, student, files)
    victim, others = running.workers[1], cluster.Cluster.next

    def next_after_a_kill(pool: cluster.Cluster) -> Graded:
        graded = others(pool)
        if victim.poll() is None:
            # Two jobs a worker are given ahead: it has one now, and loses it.
            (address,) = (w for w, n in _names(pool).items() if n == "worker1")
            while not pool.client.processing()[address]:
                assert len(pool._jobs), "all was done before it had anything"
            victim.kill()
            victim.wait()
        return graded

    monkeypatch.setattr(cluster.Cluster, "next", next_after_a_kill)
    assert main(["grade", ASSIGNMENT, "--dask", running.address]) == 0
    assert victim.poll() is not None
    for student in students:
        assert [attempt["outcome"] for attempt in history(released_course, student)] == [DONE]
        rows = crashing.rows(released_course, student)
        points = [rows[f"adding.{cell}"][0] for cell in ("add_small", "add_root", "times_sum")]
        assert points == ([2, 3, 2] if student in students[1::2] else [0, 3, 0])
        files = {path.name for path in released_course.autograded(student, ASSIGNMENT).iterdir()}
        assert {"adding.ipynb", "data.csv"} <= files


def _names(pool: cluster.Cluster) -> dict[str, str]:
    found = pool.client.scheduler_info(n_workers=-1)["workers"]
    return {address: about["name"] for address, about in found.items()}


def test_workers_that_are_not_fit_are_refused(
    released_course: Course,
    running: dask_cluster.Cluster,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    classroom.hand_in(released_course, ASSIGNMENT, "ada", {"adding.ipynb": b"{}"})
    before = state(released_course, ["ada"])
    with monkeypatch.context() as patch:
        patch.setattr(identity, "installed", lambda: "others")
        assert main(["grade", ASSIGNMENT, "--dask", running.address, "--no-sandbox"]) == 2
        assert "its Python or packages are others than here" in capsys.readouterr().err
    with monkeypatch.context() as patch:
        patch.setattr(cluster, "CONNECT_SECONDS", 1)
        assert main(["grade", ASSIGNMENT, "--dask", "tcp://127.0.0.1:1"]) == 2
        assert "no Dask scheduler answers at tcp://127.0.0.1:1" in capsys.readouterr().err
    worker = running.add_worker(threads=2)
    running.wait_for(sum(one.poll() is None for one in running.workers))
    assert main(["grade", ASSIGNMENT, "--dask", running.address]) == 2
    assert "with --nthreads 1" in capsys.readouterr().err
    worker.kill()
    assert state(released_course, ["ada"]) == before


def test_a_parcel_holds_what_is_needed_and_no_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, extra = tmp_path / "hand-in", tmp_path / "extra"
    (folder / "inner").mkdir(parents=True)
    (folder / "a.ipynb").write_bytes(b"{}")
    (folder / "b.ipynb").symlink_to(tmp_path / "elsewhere")
    (folder / "another.ipynb").write_bytes(b"{}")
    (folder / "inner" / "data.csv").write_bytes(b"1,2")
    (folder / "secret").symlink_to("/etc/passwd")
    os.mkfifo(folder / "pipe")
    (folder / "timestamp.txt").write_text("now")
    extra.mkdir()
    (extra / "given.txt").write_bytes(b"text")
    (extra / "answers.py").write_bytes(b"solution")
    job = Job("ada", folder, extra, ("*.py",), {"a": (), "b": (), "c": ()}, "secret", Limits())
    parcel = cluster.pack(job)
    assert parcel.files == {"a.ipynb": b"{}", "b.ipynb": None, "inner/data.csv": b"1,2"}
    assert parcel.extra == {"given.txt": b"text"}

    def look(there: Job) -> Graded:
        assert there.folder != folder
        assert (there.folder / "a.ipynb").read_bytes() == b"{}"
        assert (there.folder / "b.ipynb").is_symlink()
        assert not (there.folder / "c.ipynb").exists()
        assert (there.folder / "inner" / "data.csv").read_bytes() == b"1,2"
        assert there.extra
        assert [path.name for path in there.extra.iterdir()] == ["given.txt"]
        return Graded(there.student)

    monkeypatch.setattr(cluster, "grade_job", look)
    assert cluster.grade_parcel(pickle.loads(pickle.dumps(parcel))).outcome == DONE
    monkeypatch.setattr(identity, "installed", lambda: "others")
    refused = cluster.grade_parcel(parcel)
    assert (refused.outcome, refused.problem) == (
        INFRASTRUCTURE_ERROR,
        "the worker has other packages than the grader",
    )


def test_it_is_a_pool() -> None:
    pool: type[workers.Pool] = cluster.Cluster
    assert pool
