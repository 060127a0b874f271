"""How much faster do two workers of a Dask cluster grade than one?

    python -m tests.benchmarks.cluster [--students 24] [--rounds 3]

Starts a scheduler and two workers on this machine and grades the same hand-ins with one of them
and with both, in turn. Efficiency is time(1) / (2 · time(2)); the medians of the rounds count.

Two kinds of hand-ins: such as compute, as in `tests.benchmarks.grading`, and such as wait (each
sleeps two seconds), for which processors are no bottleneck: they show what sending, receiving and
the one writer cost. Prints a table in Markdown, with the load that the machine had before.
"""

import argparse
import contextlib
import os
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

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
    options = parser.parse_args()
    print("| hand-ins | one worker | two workers | efficiency | load before |")
    print("|---|---|---|---|---|")
    for name, make in (("compute", grading.small), ("wait 2 s each", waiting)):
        with tempfile.TemporaryDirectory(prefix="bench-", ignore_cleanup_errors=True) as place:
            measure(name, make, Path(place), options.students, options.rounds)
    return 0


def measure(
    name: str, make: Callable[[Path, int], Course], place: Path, students: int, rounds: int
) -> None:
    """Print one line of the table."""
    course = make(place / "course", students)
    load = os.getloadavg()[0]
    one, two = [], []
    with dask_cluster.cluster(2) as both, dask_cluster.cluster(1) as single:
        for number in range(rounds + 1):
            for found, running in ((one, single), (two, both)):
                seconds = timed(classroom.copy(course, place / "now"), running)
                shutil.rmtree(place / "now")
                if number:  # the first round is for warming up
                    found.append(seconds)
    first, second = statistics.median(one), statistics.median(two)
    each = f"{first:.1f} s ({first / students:.2f} s each) | {second:.1f} s"
    print(f"| {students}, {name} | {each} | {first / 2 / second:.2f} | {load:.1f} |", flush=True)


def timed(course: Course, running: dask_cluster.Cluster) -> float:
    """Seconds for grading all of them, from connecting to the last result written."""
    os.chdir(course.root)
    (assignment,) = course.assignments()
    students = sorted(path.name for path in (course.grading / "submitted").iterdir())
    with Path(os.devnull).open("w") as nowhere, contextlib.redirect_stdout(nowhere):
        begun = time.perf_counter()
        found = grade.grade(Engine(course), assignment, students, dask=running.address)
        seconds = time.perf_counter() - begun
    os.chdir("/")
    assert [one for one in found if one.status == book.GRADED], "nothing was graded"
    return seconds


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
