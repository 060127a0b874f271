"""`autograder prove`: the four proofs that every exercise must pass before anyone is graded by it.

1. The instructor's solution gets full marks; what students are given gets none, in every cell, and
   by its visible and its hidden check alike.
2. Each wrong answer loses points in the cell about its mistake, with a message that says so.
3. Each right answer written differently gets full marks.
4. Nothing depends on the clock, the machine, the number of threads, the order of hashing, or the
   class secret: every run is repeated in other worlds, and gets the same points.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import nbformat
from nbgrader.utils import determine_grade

from autograder.answers import Answer, load_answers
from autograder.notebooks import read_text_notebook
from autograder.paths import Course, find_course
from autograder.trial import Run, Shown, Step, World, run_all

HELP = "prove that the tests of an assignment grade rightly: four proofs for every exercise"

BEGIN_HIDDEN, END_HIDDEN = "### BEGIN HIDDEN TESTS", "### END HIDDEN TESTS"
MOST_GRADED_CELLS, LEAST_WRONG, LEAST_RIGHT = 4, 5, 2

HERE = World("this machine")
ELSEWHERE = [
    World(
        "another class and machine",
        {
            "STEPWISE_CLASS_SECRET": "another class",
            "PYTHONHASHSEED": "1",
            "OMP_NUM_THREADS": "1",
            "MKL_NUM_THREADS": "1",
            "OPENBLAS_NUM_THREADS": "1",
            "TZ": "Pacific/Kiritimati",
            "LC_ALL": "C",
        },
        wild_clock=True,
        processors=1,
    ),
    World(
        "a third class, a large machine",
        {
            "STEPWISE_CLASS_SECRET": "a third class",
            "PYTHONHASHSEED": "4242",
            "OMP_NUM_THREADS": "4",
            "MKL_NUM_THREADS": "4",
            "OPENBLAS_NUM_THREADS": "4",
            "TZ": "America/St_Johns",
        },
        processors=64,
    ),
]


@dataclass(frozen=True)
class Graded:
    """A graded cell: the exercise it belongs to, its points, and the two parts of its source."""

    grade_id: str
    exercise: str
    points: float
    visible: str
    hidden: str
    cell: nbformat.NotebookNode = field(repr=False)

    def score(self, shown: Shown) -> float:
        """The points nbgrader gives for these outputs."""
        cell = nbformat.from_dict(dict(self.cell))
        cell.outputs = [nbformat.from_dict(output) for output in shown.outputs]
        return float(determine_grade(cell)[0] or 0)


@dataclass
class Exercise:
    """One exercise of a notebook, and what was found wrong with it, by proof (0: its make-up)."""

    name: str
    graded: list[Graded] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)
    problems: list[tuple[int, str]] = field(default_factory=list)

    def blame(self, proof: int, text: str) -> None:
        """Note a problem, once."""
        if (proof, text) not in self.problems:
            self.problems.append((proof, text))

    def failed(self, proof: int) -> bool:
        """Whether this proof failed."""
        return any(number == proof for number, _ in self.problems)


@dataclass
class Proof:
    """Everything about one notebook."""

    title: str
    exercises: list[Exercise]
    steps: list[Step]
    stubs: dict[str, str]  # exercise → what students are given
    problems: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def graded(self) -> list[Graded]:
        return [graded for exercise in self.exercises for graded in exercise.graded]

    @property
    def answers(self) -> list[Answer]:
        return [answer for exercise in self.exercises for answer in exercise.answers]

    @property
    def holds(self) -> bool:
        """Whether nothing was found wrong."""
        return not self.problems and not any(exercise.problems for exercise in self.exercises)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("assignment", nargs="?", help="for example 01_algorithms; without it, all")


def run(options: argparse.Namespace) -> int:
    course = find_course()
    names = [course.assignment(options.assignment)] if options.assignment else course.assignments()
    proofs = []
    for name in names:
        for text in sorted((course.solutions / name).glob("*.py")):
            proofs.append(prove(course, text, tell=_tell))
    _tell("")
    print(table(proofs))
    problems = [line for proof in proofs for line in complaints(proof)]
    for line in problems:
        print(f"- {line}")
    if problems:
        print(f"{len(problems)} not proven: mend the tests, the solution or the answers, then")
        print("run `autograder build` and `autograder prove` again.")
    return 1 if problems else 0


def prove(course: Course, text: Path, tell: Callable[[str], None] = lambda line: None) -> Proof:
    """Try all four proofs for the notebook written in `text`; `tell` gets lines of progress.

    Raises UsageError if the notebook or its answers cannot be read.
    """
    begin = time.monotonic()
    assignment = text.parent.name
    answers = course.answers / assignment / text.name
    released = course.exercises / assignment / f"{text.stem}.ipynb"
    proof = read(text, released, load_answers(answers))
    _check_make_up(proof, answers)
    runs = runs_of(proof)
    with tempfile.TemporaryDirectory() as scratch:

        def attempt(world: World, some: Sequence[Run] = runs) -> dict[str, list[Shown]]:
            ended = 0

            def done(name: str) -> None:
                nonlocal ended
                ended += 1
                tell(f"{proof.title}, {world.name}: {ended} of {len(some)} runs")

            return run_all(some, world, Path(scratch), done)

        here = attempt(HERE)
        _judge_solution_and_stub(proof, here)
        _judge_answers(proof, here)
        for world in ELSEWHERE:
            _judge_steadiness(proof, runs, here, world, attempt)
    proof.seconds = time.monotonic() - begin
    return proof


# Reading --------------------------------------------------------------------------------------


def read(text: Path, released: Path, answers: list[Answer]) -> Proof:
    """The exercises of a notebook, with the stubs of the released one and the answers to them."""
    title = f"{text.parent.name}/{text.stem}"
    proof = Proof(title, [], [], {})
    for cell in read_text_notebook(text).cells:
        if cell.cell_type != "code":
            continue
        about = cell.metadata.get("nbgrader", {})
        grade_id = about.get("grade_id", "")
        if about.get("solution") and not about.get("grade"):
            proof.exercises.append(Exercise(grade_id))
        if about.get("grade") and not about.get("solution"):
            visible, hidden = split(cell.source)
            last = proof.exercises[-1] if proof.exercises else None
            if last is None or not grade_id.startswith(f"{last.name}_"):
                proof.problems.append(
                    f"the graded cell {grade_id} must follow its exercise's solution cell and be "
                    "called <exercise>_<idea>"
                )
                continue
            graded = Graded(grade_id, last.name, float(about.points), visible, hidden, cell)
            last.graded.append(graded)
        proof.steps.append(Step(cell.source, grade_id))
    for exercise in proof.exercises:
        exercise.answers = [answer for answer in answers if answer.exercise == exercise.name]
    known = {exercise.name for exercise in proof.exercises}
    for answer in answers:
        if answer.exercise not in known:
            proof.problems.append(f"the answer {answer.name} is to {answer.exercise}, unknown here")
    proof.stubs = _stubs(released, known, proof)
    return proof


def split(source: str) -> tuple[str, str]:
    """The visible and the hidden part of a test cell."""
    visible, _, rest = source.partition(BEGIN_HIDDEN)
    hidden, _, after = rest.partition(END_HIDDEN)
    return visible + after, hidden


def _stubs(released: Path, names: set[str], proof: Proof) -> dict[str, str]:
    cells = nbformat.read(released, as_version=4).cells if released.is_file() else []
    found = {cell.metadata.get("nbgrader", {}).get("grade_id"): cell.source for cell in cells}
    for name in sorted(names - set(found)):
        proof.problems.append(
            f"{name} is not in {released.name} under exercises/: run `autograder build`"
        )
    return {name: found.get(name, "") for name in names}


def _check_make_up(proof: Proof, answers: Path) -> None:
    """What can be seen without running anything."""
    if not proof.exercises:
        proof.problems.append("no exercise: none of its cells is a solution cell")
    for exercise in proof.exercises:
        if not 1 <= len(exercise.graded) <= MOST_GRADED_CELLS:
            exercise.blame(0, f"has {len(exercise.graded)} graded cells, not 1 to 4")
        for graded in exercise.graded:
            for part, source in (("visible", graded.visible), ("hidden", graded.hidden)):
                if "check(" not in source:
                    exercise.blame(1, f"the cell {graded.grade_id} has no {part} check")
            if not any(answer.caught_by == graded.grade_id for answer in exercise.answers):
                exercise.blame(2, f"no wrong answer is about the cell {graded.grade_id}")
        ids = {graded.grade_id for graded in exercise.graded}
        for answer in exercise.answers:
            if answer.caught_by and answer.caught_by not in ids:
                exercise.blame(2, f"{answer.name}: there is no cell {answer.caught_by}")
        wrong = sum(not answer.is_right for answer in exercise.answers)
        right = len(exercise.answers) - wrong
        where = f"{answers.parent.name}/{answers.name} under tests/answers/"
        if wrong < LEAST_WRONG:
            exercise.blame(2, f"has {wrong} wrong answers in {where}; write {LEAST_WRONG} or more")
        if right < LEAST_RIGHT:
            exercise.blame(3, f"has {right} right answers in {where}; write {LEAST_RIGHT} or more")


# Runs -----------------------------------------------------------------------------------------

SOLUTION, STUB, VISIBLE, HIDDEN = "the solution", "the stub", "the stub, seen", "the stub, hidden"


def runs_of(proof: Proof) -> list[Run]:
    """The notebook with the solution, with the stubs (three ways), and with each answer."""
    runs = [
        Run(SOLUTION, tuple(proof.steps)),
        Run(STUB, with_answers(proof, proof.stubs)),
        Run(VISIBLE, _one_part(proof, hidden=False)),
        Run(HIDDEN, _one_part(proof, hidden=True)),
    ]
    for answer in proof.answers:
        steps = with_answers(proof, {answer.exercise: answer.source})
        runs.append(Run(run_name(answer), steps))
    return runs


def run_name(answer: Answer) -> str:
    """What the run of an answer is called."""
    return f"{answer.exercise}: {answer.name}"


def with_answers(proof: Proof, answers: dict[str, str]) -> tuple[Step, ...]:
    """The cells of the notebook with some solution cells replaced."""
    return tuple(
        Step(answers.get(step.grade_id, step.source), step.grade_id) for step in proof.steps
    )


def _one_part(proof: Proof, hidden: bool) -> tuple[Step, ...]:
    """Only one part of each test meets the stub, so that each part is seen to catch it alone.

    The other part is run before, with the solution, because the two may share names.
    """
    graded = {g.grade_id: g for g in proof.graded}
    solutions = {s.grade_id: s for s in proof.steps if s.grade_id in proof.stubs}
    steps: list[Step] = []
    for step in proof.steps:
        cell = graded.get(step.grade_id)
        if cell is None:
            steps.append(step)
            continue
        before, tried = (cell.visible, cell.hidden) if hidden else ("", cell.visible)
        steps += [
            Step(before),
            Step(proof.stubs[cell.exercise]),
            Step(tried, cell.grade_id),
            Step(solutions[cell.exercise].source),
        ]
    return tuple(steps)


# Judging --------------------------------------------------------------------------------------


def points(proof: Proof, shown: list[Shown]) -> dict[str, float]:
    """{grade_id: points} of one run."""
    graded = {g.grade_id: g for g in proof.graded}
    return {s.grade_id: graded[s.grade_id].score(s) for s in shown if s.grade_id in graded}


def _judge_solution_and_stub(proof: Proof, results: dict[str, list[Shown]]) -> None:
    for shown in results[SOLUTION]:
        if shown.error and shown.grade_id not in {g.grade_id for g in proof.graded}:
            where = shown.grade_id or "without a grade_id"
            proof.problems.append(f"with the solution, the cell {where} raises: {shown.text}")
    cells = {name: {s.grade_id: s for s in results[name]} for name in results}
    full = points(proof, results[SOLUTION])
    none = points(proof, results[STUB])
    for exercise in proof.exercises:
        for graded in exercise.graded:
            name = graded.grade_id
            if full.get(name) != graded.points:
                reason = cells[SOLUTION][name].text
                exercise.blame(1, f"the solution loses the cell {name}: {reason}")
            if none.get(name) != 0:
                exercise.blame(1, f"what students are given gets points in {name}")
            for part, run_of_part in (("visible", VISIBLE), ("hidden", HIDDEN)):
                error = cells[run_of_part][name].error
                if error != "CheckFailure":
                    what = f"ends with {error}, not with a card" if error else "lets the stub pass"
                    exercise.blame(1, f"the {part} check of {name} {what}")


def _judge_answers(proof: Proof, results: dict[str, list[Shown]]) -> None:
    for exercise in proof.exercises:
        worth = {graded.grade_id: graded.points for graded in exercise.graded}
        for answer in exercise.answers:
            shown = {s.grade_id: s for s in results[run_name(answer)]}
            got = points(proof, results[run_name(answer)])
            if answer.is_right:
                for cell in (cell for cell in worth if got[cell] != worth[cell]):
                    text = shown[cell].text
                    exercise.blame(3, f"the right answer {answer.name} loses {cell}: {text}")
            elif answer.caught_by in worth:
                _judge_wrong(exercise, answer, shown[answer.caught_by], got[answer.caught_by])


def _judge_wrong(exercise: Exercise, answer: Answer, shown: Shown, got: float) -> None:
    cell = answer.caught_by
    if got:
        exercise.blame(2, f"the wrong answer {answer.name} keeps its points in {cell}")
    elif shown.error != "CheckFailure":
        exercise.blame(2, f"{answer.name} ends {cell} with {shown.error}, not with a card")
    elif answer.says not in shown.text:
        exercise.blame(
            2, f"the message to {answer.name} in {cell} lacks {answer.says!r}; it is: {shown.text}"
        )


def _judge_steadiness(
    proof: Proof,
    runs: Sequence[Run],
    here: dict[str, list[Shown]],
    world: World,
    attempt: Callable[[World, Sequence[Run]], dict[str, list[Shown]]],
) -> None:
    there = attempt(world, runs)
    for run_ in runs:
        before, after = points(proof, here[run_.name]), points(proof, there[run_.name])
        changed = [cell for cell in before if before[cell] != after.get(cell)]
        if not changed:
            continue
        causes = [
            factor.name
            for factor in single_factors(world)
            if points(proof, attempt(factor, [run_])[run_.name]) != before
        ]
        for cell in changed:
            exercise = next(e for e in proof.exercises if cell in {g.grade_id for g in e.graded})
            exercise.blame(
                4,
                f"{run_.name} gets {before[cell]:g} points in {cell}, but {after.get(cell, 0):g} "
                f"elsewhere; what matters: {', '.join(causes) or 'chance, or several at once'}",
            )


def single_factors(world: World) -> list[World]:
    """This machine with one thing after the other changed to what it is in `world`."""
    factors = [
        replace(HERE, name=name, environment={name: value})
        for name, value in world.environment.items()
    ]
    if world.wild_clock:
        factors.append(replace(HERE, name="the clock", wild_clock=True))
    if world.processors:
        factors.append(replace(HERE, name="the processors", processors=world.processors))
    return factors


# Telling --------------------------------------------------------------------------------------


def complaints(proof: Proof) -> list[str]:
    """Every problem as a line."""
    lines = [f"{proof.title}: {problem}" for problem in proof.problems]
    for exercise in proof.exercises:
        lines += [f"{exercise.name}: {text}" for _, text in exercise.problems]
    return lines


def table(proofs: Sequence[Proof]) -> str:
    """Exercises against proofs, as text."""
    head = ("exercise", "cells", "1 solution, stub", "2 wrong", "3 right", "4 steady")
    rows: list[tuple[str, ...]] = [head]
    for proof in proofs:
        rows.append((f"{proof.title} ({proof.seconds:.0f} s)", "", "", "", "", ""))
        for exercise in proof.exercises:
            wrong = sum(not answer.is_right for answer in exercise.answers)
            numbers = ("", f"{wrong} ", f"{len(exercise.answers) - wrong} ", "")
            marks = ("FAILED" if exercise.failed(n) else "holds" for n in (1, 2, 3, 4))
            results = [number + mark for number, mark in zip(numbers, marks, strict=True)]
            rows.append((f"  {exercise.name}", str(len(exercise.graded)), *results))
    widths = [max(len(row[column]) for row in rows) for column in range(1, len(head))]
    first = max(len(row[0]) for row in rows if row[1] or row is head)
    lines = []
    for row in rows:
        cells = [row[0].ljust(first), *(c.ljust(w) for c, w in zip(row[1:], widths, strict=True))]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)


def _tell(line: str) -> None:
    """Progress on one line of a terminal; elsewhere, a line now and then."""
    if sys.stderr.isatty():
        print(f"\r\x1b[K{line}", end="", file=sys.stderr, flush=True)
    elif line and line.split(": ")[-1].split(" ")[0] == line.split(" ")[-2]:
        print(line, file=sys.stderr, flush=True)
