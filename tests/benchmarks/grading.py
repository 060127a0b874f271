"""How much faster than stock nbgrader is `autograder grade`, with the same grades?

    python -m tests.benchmarks.grading [--students 150] [--jobs 2] [--only small] [--write]

Makes two classes and grades each twice, in one run: by `nbgrader autograde` with nbgrader's own
settings, and by `autograder grade`. One class hands in small notebooks that use numpy, torch and
matplotlib; the other, half as large, the real notebooks of units 1, 3 and 7, with the solution's,
the zoo's right and wrong, and no answers. One notebook a student. Prints times, ratios, peak
memory, every grade that differs (exit code 1 if one does), and where the time goes. `--write` puts
it into docs/benchmarks/grading.md. On a machine that has other work the seconds say little; the
processor seconds of all processes (of a control group; root) are what to compare.
"""

import argparse
import contextlib
import io
import json
import math
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from nbgrader.api import Gradebook

from autograder import cgroups, execute, pipeline
from autograder.answers import load_answers
from autograder.paths import Course
from tests.autograder import classroom

ASSIGNMENT = "01_bench"
REAL = ("01_algorithms", "03_activations", "07_flash_attention")
NUMPY = """
# %% nbgrader={"grade_id": "setup", "locked": true}
import numpy as np

# %% nbgrader={"grade_id": "softmax", "solution": true}
def softmax(scores):
    ### BEGIN SOLUTION
    shifted = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return shifted / shifted.sum(axis=-1, keepdims=True)
    ### END SOLUTION

# %% nbgrader={"grade_id": "softmax_sums", "points": 2}
scores = np.arange(12.0).reshape(3, 4)
assert np.allclose(softmax(scores).sum(axis=-1), 1)
### BEGIN HIDDEN TESTS
assert np.allclose(softmax(np.zeros((5, 8))), 1 / 8)
### END HIDDEN TESTS

# %% nbgrader={"grade_id": "softmax_shift", "points": 3}
assert np.allclose(softmax(scores), softmax(scores + 1000))
"""
TORCH = """
# %% nbgrader={"grade_id": "setup", "locked": true}
import torch

# %% nbgrader={"grade_id": "train", "solution": true}
def train(inputs, targets, steps):
    ### BEGIN SOLUTION
    layer = torch.nn.Linear(inputs.shape[1], 1)
    optimizer = torch.optim.SGD(layer.parameters(), lr=0.1)
    for _ in range(steps):
        optimizer.zero_grad()
        loss = ((layer(inputs)[:, 0] - targets) ** 2).mean()
        loss.backward()
        optimizer.step()
    return layer
    ### END SOLUTION

# %% nbgrader={"grade_id": "train_fits", "points": 4}
torch.manual_seed(1)
inputs = torch.randn(64, 3)
targets = inputs @ torch.tensor([1.0, -2.0, 0.5]) + 0.3
layer = train(inputs, targets, 100)
assert torch.allclose(layer.bias, torch.tensor([0.3]), atol=1e-2)
### BEGIN HIDDEN TESTS
assert torch.allclose(layer.weight[0], torch.tensor([1.0, -2.0, 0.5]), atol=1e-2)
### END HIDDEN TESTS

# %% nbgrader={"grade_id": "train_shape", "points": 1}
assert layer(inputs).shape == (64, 1)
"""
MATPLOTLIB = """
# %% nbgrader={"grade_id": "setup", "locked": true}
import matplotlib.pyplot as plt

# %% nbgrader={"grade_id": "curve", "solution": true}
def curve(values):
    ### BEGIN SOLUTION
    figure, axes = plt.subplots()
    axes.plot(values, marker="o")
    axes.set_xlabel("step")
    return axes
    ### END SOLUTION

# %%
curve([3, 1, 2])
plt.show()

# %% nbgrader={"grade_id": "curve_values", "points": 2}
assert list(curve([5, 6, 9]).lines[0].get_ydata()) == [5, 6, 9]
plt.close("all")

# %% nbgrader={"grade_id": "curve_label", "points": 2}
label = curve([1]).get_xlabel()
plt.close("all")
assert label == "step"
### BEGIN HIDDEN TESTS
assert len(label) == 4
### END HIDDEN TESTS
"""
STUB = "raise NotImplementedError()"
# notebook → answers that students give in turn: cell → text. The first one is right.
ANSWERS: dict[str, list[dict[str, str]]] = {
    "numpy_softmax": [
        {
            "softmax": "def softmax(scores):\n"
            "    e = np.exp(scores - scores.max(-1, keepdims=True))\n"
            "    return e / e.sum(-1, keepdims=True)"
        },
        {
            "softmax": "def softmax(scores):\n"
            "    return np.exp(scores) / np.exp(scores).sum(-1, keepdims=True)"
        },
        {"softmax": "def softmax(scores):\n    return scores / scores.sum()"},
        {"softmax": f"def softmax(scores):\n    {STUB}"},
    ],
    "torch_train": [
        {
            "train": "def train(inputs, targets, steps):\n"
            "    layer = torch.nn.Linear(inputs.shape[1], 1)\n"
            "    adam = torch.optim.Adam(layer.parameters(), lr=0.1)\n"
            "    for _ in range(3 * steps):\n"
            "        adam.zero_grad()\n"
            "        (layer(inputs)[:, 0] - targets).square().mean().backward()\n"
            "        adam.step()\n"
            "    return layer"
        },
        {
            "train": "def train(inputs, targets, steps):\n"
            "    return torch.nn.Linear(inputs.shape[1], 1)"
        },
        {"train": f"def train(inputs, targets, steps):\n    {STUB}"},
    ],
    "matplotlib_curve": [
        {
            "curve": "def curve(values):\n    axes = plt.figure().gca()\n"
            "    axes.plot(values)\n    axes.set(xlabel='step')\n    return axes"
        },
        {
            "curve": "def curve(values):\n    axes = plt.figure().gca()\n"
            "    axes.plot(values)\n    return axes"
        },
        {"curve": "def curve(values):\n    return plt.figure().gca()"},
    ],
}
STOCK = """
c = get_config()
c.CourseDirectory.course_id = "stepwise"
c.CourseDirectory.root = {root!r}
c.CourseDirectory.source_directory = "solutions"
c.CourseDirectory.release_directory = "exercises"
c.CourseDirectory.submitted_directory = "grading/submitted"
c.CourseDirectory.autograded_directory = "grading/autograded"
c.CourseDirectory.feedback_directory = "grading/feedback"
c.CourseDirectory.db_url = {url!r}
c.CourseDirectory.ignore = ["*.py"]
"""


PAGE = classroom.REPOSITORY / "docs" / "benchmarks" / "grading.md"
VERSIONS = ("nbgrader", "ipykernel", "ipython", "torch", "numpy", "matplotlib", "SQLAlchemy")
GOAL = 15  # times the throughput, of the class with numpy, torch and matplotlib
SHORT = f"The goal, × {GOAL} for the small notebooks, is not reached."
REACHED = f"The goal, × {GOAL} for the small notebooks, is reached."
LEFT = """\
What is left: drawing figures and the tests' own work, the same for both; a fork of the server for
each kernel, which copies page tables and the pages that it writes (half of the hand-ins need two,
so that nothing of a hidden test is shown); probes after each test that passed; the gradebook. The
server's imports are paid once, while the command imports what it needs itself."""
REPORT = """# How long grading takes

Seconds, and in brackets processor seconds of all processes. Stock is `nbgrader autograde` with its
own settings, ours `autograder grade --jobs {jobs}`:

| hand-ins | stock | ours | throughput | work |
|---|---|---|---|---|
{rows}

{goal} {grades} Peak memory {memory:.2f} GiB. One hand-in alone takes {one.seconds:.1f} s \
({one.processor:.1f}); each of the small ones after it {more:.2f} processor seconds, \
{later:.0f} times less than nbgrader's.

{left}

{date}; {cores}, shared, load {load}; Python {python},
{versions}.

Small: notebooks that use numpy, torch and matplotlib, a third each, with right, partly right,
wrong and empty answers. Real: the {real} notebooks of units 1, 3 and 7, with the solution, right
and wrong answers of the zoo, and none. One notebook a hand-in; all in one run of
`python -m tests.benchmarks.grading --write`, one after the other. What ours does and stock does
not: a sandbox, probes around each test, hidden tests apart, outputs made safe.

## Where the rest goes

Of a small hand-in, one process, one after another:

{where}
"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--students", type=int, default=150, help="of the first class")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--only", choices=CLASSES, help="one of the classes; nothing is written")
    parser.add_argument("--write", action="store_true", help=f"write {PAGE.name}")
    options = parser.parse_args()
    kinds = [options.only] if options.only else list(CLASSES)
    with tempfile.TemporaryDirectory(prefix="bench-", ignore_cleanup_errors=True) as place:
        compared = [
            compare(kind, Path(place), options.students // (1 + number), options.jobs)
            for number, kind in enumerate(kinds)
        ]
        where = profile(compared[0].spare, options.students)
    first, *_ = compared
    more = (first.ours.processor - first.one.processor) / (options.students - 1)
    different = [line for one in compared for line in one.different]
    report = REPORT.format(
        jobs=options.jobs,
        rows="\n".join(one.row() for one in compared),
        goal=REACHED if first.ratio >= GOAL else SHORT,
        left=LEFT,
        grades=f"Grades that differ: {len(different)}."
        if different
        else "Every grade is the same.",
        memory=max(one.memory for one in compared) / 2**30,
        one=first.one,
        more=more,
        later=first.stock.processor / options.students / more,
        real=len(real_sources()),
        where=where,
        date=f"{time.strftime('%d').lstrip('0')} {time.strftime('%B %Y')}",
        cores=f"{os.cpu_count()} cores ({platform.machine()})",
        load=f"{os.getloadavg()[1]:.1f}",
        versions=", ".join(f"{name} {version(name)}" for name in VERSIONS),
        python=platform.python_version(),
    )
    print(report)
    for line in different:
        print(f"  differs: {line}")
    if options.write and not options.only:
        PAGE.write_text(report, encoding="utf-8")
    return 1 if different else 0


@dataclass(frozen=True)
class Compared:
    """A class that was graded in both ways."""

    kind: str
    students: int
    stock: "Took"
    ours: "Took"
    one: "Took"  # a single hand-in, by ours
    memory: int  # bytes
    different: list[str]
    spare: Course  # the class once more, not graded but for one

    @property
    def ratio(self) -> float:
        return self.stock.seconds / self.ours.seconds

    def row(self) -> str:
        work = self.stock.processor / self.ours.processor
        return (
            f"| {self.students} {self.kind} | {self.stock} | {self.ours} "
            f"| **× {self.ratio:.1f}** | ÷ {work:.1f} |"
        )


def compare(kind: str, place: Path, students: int, jobs: int) -> Compared:
    """Grade a class of this kind by `nbgrader autograde` and by `autograder grade`."""
    ours = CLASSES[kind](place / kind, students)
    stock, spare = (classroom.copy(ours, place / f"{kind}-{n}") for n in ("stock", "spare"))
    url = f"sqlite:///{stock.grading / 'gradebook.db'}"
    settings = STOCK.format(root=str(stock.root), url=url)
    (stock.root / "nbgrader_config.py").write_text(settings)
    command = (sys.executable, "-m", "autograder", "grade", ASSIGNMENT)
    with peak_memory() as memory:
        quick = timed(ours, *command, "--jobs", str(jobs))
    slow = timed(stock, "nbgrader", "autograde", ASSIGNMENT)
    one = timed(spare, *command, "--student", "student000")
    different = differences(grades(stock), grades(ours))
    return Compared(kind, students, slow, quick, one, memory[0], different, spare)


def small(root: Path, students: int) -> Course:
    """A class that hands in small notebooks."""
    texts = {"numpy_softmax": NUMPY, "torch_train": TORCH, "matplotlib_curve": MATPLOTLIB}
    course = made(root, texts)
    for number in range(students):
        name = list(texts)[number % len(texts)]
        answers = ANSWERS[name]
        hand_in(course, number, name, answers[number // len(texts) % len(answers)])
    return course


def real_sources() -> dict[str, str]:
    """The real notebooks, name → text. Names of units are put before, as some are the same."""
    solutions = Course(classroom.REPOSITORY).solutions
    return {
        f"{path.parent.name[:2]}_{path.stem}": path.read_text(encoding="utf-8")
        for unit in REAL
        for path in sorted((solutions / unit).glob("*.py"))
    }


def real(root: Path, students: int) -> Course:
    """A class that hands in the course's own notebooks."""
    texts = real_sources()
    course = made(root, texts)
    answers = {
        f"{unit[:2]}_{path.stem}": load_answers(path)
        for unit in REAL
        for path in (Course(classroom.REPOSITORY).answers / unit).glob("*.py")
    }
    for number in range(students):
        name = list(texts)[number % len(texts)]
        given = {}
        for exercise, solution in solutions_of(course, name).items():
            zoo = [answer.source for answer in answers[name] if answer.exercise == exercise]
            choice = [solution, *zoo, None][number // len(texts) % (len(zoo) + 2)]
            if choice is not None:
                given[exercise] = choice
        hand_in(course, number, name, given)
    return course


CLASSES: dict[str, Callable[[Path, int], Course]] = {"small": small, "real": real}


def made(root: Path, texts: dict[str, str]) -> Course:
    """A course whose one assignment has these notebooks, and is released."""
    course = classroom.make_course(
        root, {f"{ASSIGNMENT}/{name}.py": text for name, text in texts.items()}
    )
    release = ("release", ASSIGNMENT, "--skip-proof")
    classroom.call(course, sys.executable, "-m", "autograder", *release)
    return course


def solutions_of(course: Course, name: str) -> dict[str, str]:
    """What the instructor's answers are, by exercise."""
    path = course.solutions / ASSIGNMENT / f"{name}.ipynb"
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    about = [(cell, cell["metadata"].get("nbgrader", {})) for cell in cells]
    return {
        nbgrader["grade_id"]: "".join(cell["source"])
        for cell, nbgrader in about
        if nbgrader.get("solution") and cell["cell_type"] == "code"
    }


def hand_in(course: Course, number: int, name: str, answers: dict[str, str]) -> None:
    data = classroom.solved(course, ASSIGNMENT, name, classroom.answering(**answers))
    classroom.hand_in(course, ASSIGNMENT, f"student{number:03d}", {f"{name}.ipynb": data})


@dataclass(frozen=True)
class Took:
    """What a command took, with every process that it started."""

    seconds: float
    processor: float  # seconds of it; nan where nobody counts them

    def __str__(self) -> str:
        return f"{self.seconds:.1f} ({self.processor:.1f})"


def timed(course: Course, *command: str) -> Took:
    begun = time.perf_counter()
    with counted() as (join, used):
        done = subprocess.run(
            command,
            cwd=course.root,
            env=classroom.environment(course),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            preexec_fn=join,
        )
        took = Took(time.perf_counter() - begun, used())
    if done.returncode not in (0, 1):
        print(done.stdout[-2000:])
        raise SystemExit(f"{command[0]} failed")
    return took


@contextmanager
def counted() -> Iterator[tuple[Callable[[], None], Callable[[], float]]]:
    """A control group that a process joins, and the processor seconds of all that were in it."""
    root = cgroups.ROOT / "cpuacct"
    group = (root if root.is_dir() else cgroups.ROOT) / f"bench-{os.getpid()}"
    try:
        group.mkdir()
    except OSError:
        yield (lambda: None), (lambda: math.nan)
        return

    def join() -> None:
        (group / "cgroup.procs").write_text(str(os.getpid()))

    def used() -> float:
        if root.is_dir():
            return int((group / "cpuacct.usage").read_text()) / 1e9
        return int((group / "cpu.stat").read_text().split()[1]) / 1e6

    try:
        yield join, used
    finally:
        for _ in range(50):
            with contextlib.suppress(OSError):
                group.rmdir()
                break
            time.sleep(0.1)


def grades(course: Course) -> dict[tuple[str, str, str], float | None]:
    """(student, notebook, cell) → points."""
    found = {}
    with Gradebook(f"sqlite:///{course.grading / 'gradebook.db'}", "stepwise") as gradebook:
        for submission in gradebook.assignment_submissions(ASSIGNMENT):
            for notebook in submission.notebooks:
                for grade in notebook.grades:
                    place = (submission.student.id, notebook.name, grade.name)
                    found[place] = grade.auto_score
    return found


def differences(stock: dict, ours: dict) -> list[str]:
    places = sorted({*stock, *ours})
    return [
        f"{'/'.join(place)}: {stock.get(place, 'none')} → {ours.get(place, 'none')}"
        for place in places
        if stock.get(place, "none") != ours.get(place, "none")
    ]


def profile(course: Course, count: int) -> str:
    """Where the seconds of a hand-in go, in this process, one after another: a table."""
    from autograder import grade, record
    from autograder import gradebook as book
    from autograder.engine import Engine
    from autograder.sandbox import shared

    seconds: dict[str, float] = {}

    def clocked(owner: object, name: str, words: str) -> None:
        function = getattr(owner, name)

        def call(*arguments: object, **named: object) -> object:
            begun = time.perf_counter()
            try:
                return function(*arguments, **named)
            finally:
                seconds[words] = seconds.get(words, 0) + time.perf_counter() - begun

        setattr(owner, name, call)

    clocked(pipeline, "read_handed_in", "reading the notebook")
    clocked(pipeline, "mend", "repairing it")
    clocked(pipeline, "execute", "kernels")
    clocked(execute, "_run", "of these, running cells and probes")
    clocked(pipeline, "finish", "scoring, cleaning outputs")
    clocked(record.Writer, "write", "writing to the gradebook")
    clocked(book, "standings", "reading from the gradebook")
    begun = time.perf_counter()
    shared().start()
    rows = [("once: the server's imports", time.perf_counter() - begun)]
    students = [f"student{number:03d}" for number in range(1, min(count, 13))]
    begun = time.perf_counter()
    with contextlib.redirect_stdout(io.StringIO()):
        grade.grade(Engine(course), ASSIGNMENT, students)
    whole = (time.perf_counter() - begun) / len(students)
    rows += [(words, value / len(students)) for words, value in seconds.items()]
    rows.append(("a hand-in, all", whole))
    lines = [f"| {words} | {value * 1000:.0f} |" for words, value in rows]
    return "\n".join(["| | ms |", "|---|---|", *lines])


@contextmanager
def peak_memory() -> Iterator[list[int]]:
    """The largest sum meanwhile of what the processes below this one use (proportional, bytes)."""
    peak = [0]
    stop = threading.Event()

    def watch() -> None:
        while not stop.wait(0.5):
            peak[0] = max(peak[0], _used())

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield peak
    finally:
        stop.set()
        thread.join()


def _used() -> int:
    import psutil

    total = 0
    for process in psutil.Process().children(recursive=True):
        try:
            total += process.memory_full_info().pss
        except (psutil.Error, OSError):
            continue
    return total


if __name__ == "__main__":
    shutil.which("bwrap") or sys.exit("there is no bubblewrap here")
    sys.exit(main())
