"""How much faster than stock nbgrader is `autograder grade`, with the same grades?

    python -m tests.benchmarks.grading [--students 40] [--jobs 2]

Makes a course with four notebooks (two pointers of the real course, and small ones that use numpy,
torch and matplotlib), one hand-in a student, and grades all of them twice, in one run: by
`nbgrader autograde` with nbgrader's own settings, and by `autograder grade`. Prints both times, the
ratio, peak memory, every grade that differs (exit code 1 if one does), and where the time goes.
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from nbgrader.api import Gradebook

from autograder import execute, pipeline
from autograder.paths import Course
from tests.autograder import classroom

ASSIGNMENT = "01_bench"
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
    "two_pointers": [
        {
            "max_area": "def max_area(height):\n    l, r, best = 0, len(height) - 1, 0\n"
            "    while l < r:\n        best = max(best, (r - l) * min(height[l], height[r]))\n"
            "        if height[l] < height[r]:\n            l += 1\n"
            "        else:\n            r -= 1\n    return best"
        },
        {
            "max_area": "def max_area(height):\n"
            "    n = len(height)\n    return max((j - i) * min(height[i], height[j])"
            " for i in range(n) for j in range(i + 1, n))"
        },
        {"max_area": "def max_area(height):\n    return max(height)"},
        {},
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


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--students", type=int, default=40)
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-", ignore_cleanup_errors=True) as place:
        ours, stock = (make(Path(place) / name, options.students) for name in ("ours", "stock"))
        url = f"sqlite:///{stock.grading / 'gradebook.db'}"
        text = STOCK.format(root=str(stock.root), url=url)
        (stock.root / "nbgrader_config.py").write_text(text)
        with peak_memory() as memory:
            quick = timed(ours, sys.executable, "-m", "autograder", "grade", ASSIGNMENT,
                          "--jobs", str(options.jobs))  # fmt: skip
        print(f"autograder grade --jobs {options.jobs}: {quick:.1f} s", flush=True)
        slow = timed(stock, "nbgrader", "autograde", ASSIGNMENT)
        print(f"nbgrader autograde: {slow:.1f} s")
        different = compare(grades(stock), grades(ours))
        count = options.students
        print(f"{count} hand-ins: {slow / count:.2f} s each → {quick / count:.2f} s each")
        print(f"throughput × {slow / quick:.1f}, peak memory {memory[0] / 2**30:.2f} GiB")
        for line in different:
            print(f"  differs: {line}")
        print("grades identical" if not different else f"{len(different)} grades differ")
        profile(ours)
    return 1 if different else 0


def make(root: Path, students: int) -> Course:
    """A course with everybody's hand-in."""
    real = Course(classroom.REPOSITORY).solutions / "01_algorithms" / "two_pointers.py"
    texts = {
        "numpy_softmax": NUMPY,
        "torch_train": TORCH,
        "matplotlib_curve": MATPLOTLIB,
        "two_pointers": real.read_text(encoding="utf-8"),
    }
    course = classroom.make_course(
        root, {f"{ASSIGNMENT}/{name}.py": text for name, text in texts.items()}
    )
    release = ("release", ASSIGNMENT, "--skip-proof")
    classroom.call(course, sys.executable, "-m", "autograder", *release)
    for number in range(students):
        name = list(texts)[number % len(texts)]
        answers = ANSWERS[name]
        answer = answers[number // len(texts) % len(answers)]
        data = classroom.solved(course, ASSIGNMENT, name, classroom.answering(**answer))
        classroom.hand_in(course, ASSIGNMENT, f"student{number:03d}", {f"{name}.ipynb": data})
    return course


def timed(course: Course, *command: str) -> float:
    begun = time.perf_counter()
    done = subprocess.run(
        command,
        cwd=course.root,
        env=classroom.environment(course),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    seconds = time.perf_counter() - begun
    if done.returncode not in (0, 1):
        print(done.stdout[-2000:])
        raise SystemExit(f"{command[0]} failed")
    return seconds


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


def compare(stock: dict, ours: dict) -> list[str]:
    places = sorted({*stock, *ours})
    return [
        f"{'/'.join(place)}: {stock.get(place, 'none')} → {ours.get(place, 'none')}"
        for place in places
        if stock.get(place, "none") != ours.get(place, "none")
    ]


def profile(course: Course) -> None:
    """Where the seconds of a hand-in go, in this process, one after another."""
    seconds: dict[str, float] = {}

    def clocked(owner: object, name: str) -> None:
        function = getattr(owner, name)

        def call(*arguments: object, **named: object) -> object:
            begun = time.perf_counter()
            try:
                return function(*arguments, **named)
            finally:
                seconds[name] = seconds.get(name, 0) + time.perf_counter() - begun

        setattr(owner, name, call)

    from autograder import grade, record
    from autograder.engine import Engine
    from autograder.sandbox import shared

    clocked(pipeline, "read")
    clocked(pipeline, "mend")
    clocked(pipeline, "execute")
    clocked(pipeline, "finish")
    clocked(execute, "_run")
    clocked(record.Writer, "write")
    begun = time.perf_counter()
    shared().start()
    print(f"start of the sandbox, with its imports: {time.perf_counter() - begun:.2f} s")
    students = [f"student{n:03d}" for n in range(8)]
    begun = time.perf_counter()
    grade.preview(Engine(course), ASSIGNMENT, students)
    whole = (time.perf_counter() - begun) / len(students)
    print(f"of {whole * 1000:.0f} ms a hand-in:", json.dumps(
        {name: f"{value / len(students) * 1000:.0f} ms" for name, value in seconds.items()}
    ))  # fmt: skip
    print("(execute = fork and start of kernels + _run, which talks to them)")


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
