"""Classes of students for the report and the exports: a few real results, given to many."""

import random
from dataclasses import replace
from datetime import datetime, timedelta

from nbgrader.api import Gradebook

from autograder import handins
from autograder.batch import Batch
from autograder.engine import Engine
from autograder.paths import Course
from autograder.pipeline import Graded, grade_job
from autograder.preprocessors import Run
from autograder.record import Writer
from autograder.sandbox import shared
from tests.autograder import classroom
from tests.autograder.classroom import answering

UNIT = "01_water"
DUE = datetime(2026, 3, 1, 12, 0)  # UTC

_TANKS = '''
# %% [markdown]
# # Tanks

# %% nbgrader={"grade_id": "imports", "locked": true}
from course.checks import check, draws

# %% nbgrader={"grade_id": "largest", "solution": true}
def largest(heights):
    """The largest of `heights`."""
    ### BEGIN SOLUTION
    return max(heights)
    ### END SOLUTION

# %% nbgrader={"grade_id": "largest_anywhere", "points": 4}
with check("finds it anywhere", idea="Look at every height, the last one too.") as case:
    case(largest, [1, 5, 2]).gives(5)
    case(largest, [1, 5, 9]).gives(9)

### BEGIN HIDDEN TESTS
with check("works below zero", idea="Start from a height, not from 0.", hidden=True) as case:
    case(largest, [-3, -7]).gives(-3)
### END HIDDEN TESTS

# %% nbgrader={"grade_id": "largest_keeps", "points": 2}
with check("leaves the list alone", idea="Only look: the caller still needs the list.") as case:
    case(largest, [3, 1, 2]).leaves(0, [3, 1, 2])

# %% nbgrader={"grade_id": "between", "solution": true}
def between(left, right):
    """How far apart two walls are."""
    ### BEGIN SOLUTION
    return abs(left - right)
    ### END SOLUTION

# %% nbgrader={"grade_id": "between_either_way", "points": 3}
with check("does not care which comes first", idea="A distance is never negative.") as case:
    case(between, 2, 7).gives(5)
    case(between, 7, 2).gives(5)
'''

_WORDS = """
# %% [markdown] nbgrader={"grade_id": "why", "points": 1, "solution": true}
# Why does the shorter wall decide?
"""
SOURCES = {"01_water/tanks.py": _TANKS, "01_water/words.py": _WORDS}

_BETWEEN = "def between(a, b): return abs(a - b)"
# What people answer, and how many of a hundred do.
ANSWERS: dict[str, tuple[int, dict[str, str]]] = {
    "right": (46, {"largest": "def largest(h): return max(h)", "between": _BETWEEN}),
    "from zero": (
        17,
        {
            "largest": "def largest(h):\n    m = 0\n    for x in h: m = max(m, x)\n    return m",
            "between": _BETWEEN,
        },
    ),
    "last missing": (14, {"largest": "def largest(h): return max(h[:-1])", "between": _BETWEEN}),
    "sorts": (
        8,
        {
            "largest": "def largest(h):\n    h.sort()\n    return h[-1]",
            "between": "def between(a, b): return a - b",
        },
    ),
    "half": (5, {"largest": "def largest(h): return max(h)"}),
    "raises": (4, {"largest": "def largest(h): return h[9]", "between": _BETWEEN}),
    "syntax": (3, {"largest": "def largest(h:\n    return max(h)", "between": _BETWEEN}),
    "endless": (
        2,
        {"largest": "def largest(h):\n    while True: pass", "between": _BETWEEN},
    ),
    "forged": (
        1,
        {
            "largest": "import builtins\nbuiltins.abs = lambda x: 5\n"
            "def largest(h): return max(h)\n__import__('sys').displayhook(4)",
            "between": "def between(a, b):\n    __import__('sys').displayhook(3)\n    return 5",
        },
    ),
}


def results(course: Course, names: list[str]) -> dict[str, Graded]:
    """What grading gives for each of the ANSWERS named; also for "broken", which is no JSON."""
    engine = Engine(course)
    for name in names:
        files = {"tanks.ipynb": b"{ no JSON"}
        if name != "broken":
            text = classroom.solved(course, UNIT, "tanks", answering(**ANSWERS[name][1]))
            files = {"tanks.ipynb": text}
        if name == "right":
            said = answering(why="Because water <b>flows</b> over it.")
            files["words.ipynb"] = classroom.solved(course, UNIT, "words", said)
        classroom.hand_in(course, UNIT, name, files)
    limits = replace(Run(config=engine.config).limits(), cell_seconds=2)
    shared(limits.sandbox).start()
    with Batch(engine, UNIT, names, limits) as batch:
        found = {name: grade_job(batch._job(name)) for name in names}
    for name in names:
        folder = course.submitted(name, UNIT)
        for path in [*folder.iterdir()]:
            path.unlink()
        folder.rmdir()
        folder.parent.rmdir()
    return found


def enrol(course: Course, engine: Engine, given: list[tuple[str, Graded, timedelta]]) -> None:
    """Make each of `given` (student, result, how long before the due date) a graded hand-in."""
    with Writer(engine, UNIT) as writer:
        for student, graded, early in given:
            files = {f"{name}.ipynb": b"{}" for name in graded.notebooks}
            when = (DUE - early).strftime(handins.TIMESTAMP)
            classroom.hand_in(course, UNIT, student, files, when)
            classroom.write(writer, replace(graded, student=student))


def many(
    found: dict[str, Graded], students: int, seed: int = 7
) -> list[tuple[str, Graded, timedelta]]:
    """`students` of a class like those one has: answers by their weights, most near the end."""
    random_ = random.Random(seed)
    names = random_.choices(list(found), [ANSWERS.get(n, (1, {}))[0] for n in found], k=students)
    given = []
    for number, name in enumerate(names):
        early = timedelta(hours=random_.expovariate(1 / 30) - 6)
        given.append((f"s{number:04d}", found[name], early))
    return given


def set_due(engine: Engine, due: datetime | None = DUE) -> None:
    with Gradebook(engine.url) as gradebook:
        gradebook.update_or_create_assignment(UNIT, duedate=due)


def passes(name: str, grade_id: str) -> bool:
    """Whether an answer of ANSWERS should pass a check: what its author knows of it."""
    failing = {
        "from zero": {"largest_anywhere"},
        "last missing": {"largest_anywhere"},
        "sorts": {"largest_keeps", "between_either_way"},
        "half": {"between_either_way"},
    }
    for name_ in ("raises", "endless"):
        failing[name_] = {"largest_anywhere", "largest_keeps"}
    return grade_id not in failing.get(name, set())
