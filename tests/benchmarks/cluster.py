"""How much faster do two workers of a Dask cluster grade than one?

    python -m tests.benchmarks.cluster [--students 24] [--rounds 3]

Starts a scheduler and two workers on this machine and grades the same hand-ins with one of them
and with both, in turn. Efficiency is time(1) / (2 · time(2)); the medians of the rounds count.

Two kinds of hand-ins: such as compute, as in `tests.benchmarks.grading`, and such as wait (each
sleeps two seconds), for which processors are no bottleneck: they show what sending, receiving and
the one writer cost. Prints a table in Markdown, with the load that the machine had before.

Where control groups can be made (root, version 1), a second table has the processor seconds with
two workers: theirs and their kernels', the grader's, the scheduler's. They share this machine's
cores, so time(2) is at least their sum / cores. `--cores 0.4` gives each worker, with its kernels,
that much of a core and no more, as if it had a slower machine of its own: then it is the cluster
that is measured, not how many cores this machine has.
"""

import argparse
import contextlib
import os
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from autograder import grade
from autograder import gradebook as book
from autograder.engine import Engine
from autograder.paths import Course
from tests import dask_cluster
from tests.autograder import classroom
from tests.benchmarks import grading

WAITING = """
# %% nbgrader={"grade_id": "wait", "solution": true}
def wait():
    ### BEGIN SOLUTION
    pass
    ### END SOLUTION

# %% nbgrader={"grade_id": "wait_ends", "points": 1}
assert wait() == 2
"""
ANSWER = "import time\n\ndef wait():\n    time.sleep(2)\n    return 2"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--students", type=int, default=24)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--cores", type=float, help="the most that a worker may have")
    options = parser.parse_args()
    kinds = {"compute": grading.small, "wait 2 s each": waiting}
    found = []
    for name, make in kinds.items():
        with tempfile.TemporaryDirectory(prefix="bench-", ignore_cleanup_errors=True) as place:
            settings = (options.students, options.rounds, options.cores)
            found.append(measure(name, make, Path(place), *settings))
    print("| hand-ins | one worker | two workers | efficiency | load before |")
    print("|---|---|---|---|---|")
    for one in found:
        each = f"{one.first:.1f} s ({one.first / one.students:.2f} s each) | {one.second:.1f} s"
        efficiency = f"{one.first / 2 / one.second:.2f} | {one.load:.1f}"
        print(f"| {one.students}, {one.name} | {each} | {efficiency} |")
    if all(one.workers for one in found):
        cores = os.cpu_count() or 1
        print(
            f"\n| processor s, two workers | workers | grader | scheduler | sum / {cores} | ",
            end="",
        )
        print("efficiency at most |\n|---|---|---|---|---|---|")
        for one in found:
            total = one.workers + one.grader + one.scheduler
            most = min(1.0, cores * one.first / 2 / total)
            parts = f"{one.workers:.1f} | {one.grader:.1f} | {one.scheduler:.1f}"
            print(f"| {one.students}, {one.name} | {parts} | {total / cores:.1f} s | {most:.2f} |")
    return 0


@dataclass(frozen=True)
class Measured:
    """Medians of the rounds, in seconds; processors' are with two workers, 0 if not known."""

    name: str
    students: int
    load: float
    first: float  # time with one worker
    second: float  # with two
    workers: float = 0.0
    grader: float = 0.0
    scheduler: float = 0.0


def measure(
    name: str,
    make: Callable[[Path, int], Course],
    place: Path,
    students: int,
    rounds: int,
    cores: float | None,
) -> Measured:
    course = make(place / "course", students)
    load = os.getloadavg()[0]
    one, two, spent = [], [], []
    with (
        dask_cluster.cluster(2) as both,
        dask_cluster.cluster(1) as single,
        Meter("workers", [worker.pid for worker in both.workers]) as workers,
        Meter("scheduler", [both.scheduler.pid]) as scheduler,
        contextlib.ExitStack() as shares,
    ):
        for worker in (*single.workers, *both.workers) if cores else ():
            shares.enter_context(Share(worker.pid, cores))
        for number in range(rounds + 1):
            for found, running in ((one, single), (two, both)):
                before = workers.seconds(), scheduler.seconds()
                seconds, own = timed(classroom.copy(course, place / "now"), running)
                shutil.rmtree(place / "now")
                if number:  # the first round is for warming up
                    found.append(seconds)
                    if running is both:
                        after = workers.seconds(), scheduler.seconds()
                        spent.append((after[0] - before[0], own, after[1] - before[1]))
    medians = [statistics.median(values) for values in (one, two, *zip(*spent, strict=True))]
    return Measured(name, students, load, *medians)


class Group:
    """A control group of some processes, and of all that they start from now on."""

    def __init__(self, controller: str, name: str, processes: Iterable[int]) -> None:
        self._root = Path("/sys/fs/cgroup", controller)
        self._processes = list(processes)
        self.folder = self._root / f"bench-{name}-{os.getpid()}"

    def __enter__(self) -> Self:
        with contextlib.suppress(OSError):
            self.folder.mkdir()
            for process in self._processes:
                (self.folder / "cgroup.procs").write_text(str(process))
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError):
            for process in (self.folder / "cgroup.procs").read_text().split():
                (self._root / "cgroup.procs").write_text(process)
            self.folder.rmdir()


class Meter(Group):
    """Counts processor time."""

    def __init__(self, name: str, processes: Iterable[int]) -> None:
        super().__init__("cpuacct", name, processes)

    def seconds(self) -> float:
        """Processor seconds until now; 0 where they cannot be counted."""
        try:
            return int((self.folder / "cpuacct.usage").read_text()) / 1e9
        except OSError:
            return 0.0


class Share(Group):
    """Gives a process, and all that it starts, no more than a part of a core."""

    def __init__(self, process: int, cores: float) -> None:
        super().__init__("cpu", f"share{process}", [process])
        self._cores = cores

    def __enter__(self) -> Self:
        super().__enter__()
        # A tenth of the usual period, so that nobody stands still for long.
        (self.folder / "cpu.cfs_period_us").write_text("10000")
        (self.folder / "cpu.cfs_quota_us").write_text(f"{10_000 * self._cores:.0f}")
        return self


def timed(course: Course, running: dask_cluster.Cluster) -> tuple[float, float]:
    """Seconds for grading all of them, from connecting to the last result written; and those of
    a processor that the grader took."""
    os.chdir(course.root)
    (assignment,) = course.assignments()
    students = sorted(path.name for path in (course.grading / "submitted").iterdir())
    with Path(os.devnull).open("w") as nowhere, contextlib.redirect_stdout(nowhere):
        begun, own = time.perf_counter(), time.process_time()
        found = grade.grade(Engine(course), assignment, students, dask=running.address)
        seconds, own = time.perf_counter() - begun, time.process_time() - own
    os.chdir("/")
    assert [one for one in found if one.status == book.GRADED], "nothing was graded"
    return seconds, own


def waiting(root: Path, students: int) -> Course:
    """A course in which everybody's hand-in waits."""
    course = classroom.make_course(root, {f"{grading.ASSIGNMENT}/waiting.py": WAITING})
    release = ("release", grading.ASSIGNMENT, "--skip-proof")
    classroom.call(course, sys.executable, "-m", "autograder", *release)
    answers = classroom.answering(wait=ANSWER)
    data = classroom.solved(course, grading.ASSIGNMENT, "waiting", answers)
    for number in range(students):
        student = f"student{number:03d}"
        classroom.hand_in(course, grading.ASSIGNMENT, student, {"waiting.ipynb": data})
    return course


if __name__ == "__main__":
    shutil.which("bwrap") or sys.exit("there is no bubblewrap here")
    sys.exit(main())
