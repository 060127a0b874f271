"""`autograder prove`: the four proofs that every exercise must pass before anyone is graded by it.

1. The instructor's solution gets full marks; what students are given gets none, in every cell, and
   by its visible and its hidden check alike.
2. Each wrong answer loses points in the cell about its mistake, with a message that says so.
3. Each right answer written differently gets full marks.
4. Nothing depends on the clock, the machine, the number of threads, the order of hashing, or the
   class secret: every run is repeated in other worlds (wrong answers: in one of them), and gets
   the same points.
"""

import argparse
import ast
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from autograder.answers import Answer, load_answers
from autograder.exercises import Exercise, Proof, check_make_up, read
from autograder.notebooks import is_text_notebook
from autograder.paths import Course, find_course
from autograder.trial import SECONDS, Run, Shown, Step, World, run_all

HELP = "prove that the tests of an assignment grade rightly: four proofs for every exercise"

HERE = World("this machine")
ELSEWHERE = [
    World(
        "another class and machine",
        secret="another class",
        hash_seed=1,
        threads=1,
        processors=1,
        timezone="Pacific/Kiritimati",
        locale="C",
        wild_clock=True,
    ),
    World(
        "a third class, a large machine",
        secret="a third class",
        hash_seed=4242,
        threads=4,
        processors=64,
        timezone="America/St_Johns",
    ),
]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("assignment", nargs="?", help="for example 01_algorithms; without it, all")


def run(options: argparse.Namespace) -> int:
    course = find_course()
    names = [course.assignment(options.assignment)] if options.assignment else course.assignments()
    proofs = []
    for name in names:
        texts = filter(is_text_notebook, sorted((course.solutions / name).glob("*.py")))
        proofs += [prove(course, text, tell=_tell) for text in texts]
    _tell("")
    print(table(proofs))
    problems = [line for proof in proofs for line in complaints(proof)]
    for line in problems:
        print(f"- {line}")
    if problems:
        print(f"{len(problems)} not proven: mend the tests, the solution or the answers, then")
        print("run `autograder build` and `autograder prove` again.")
    return 1 if problems else 0


def prove(
    course: Course,
    text: Path,
    tell: Callable[[str], None] = lambda line: None,
    seconds: float = SECONDS,
) -> Proof:
    """Try all four proofs for the notebook written in `text`; `tell` gets lines of progress.

    Each run may take `seconds`.

    Raises UsageError if the notebook or its answers cannot be read.
    """
    begin = time.monotonic()
    assignment = text.parent.name
    answers = course.answers / assignment / text.name
    released = course.exercises / assignment / f"{text.stem}.ipynb"
    proof = read(text, released, load_answers(answers))
    check_make_up(proof, answers)
    runs = runs_of(proof)
    with tempfile.TemporaryDirectory() as scratch:

        def attempt(world: World, some: Sequence[Run] = runs) -> dict[str, list[Shown]]:
            ended = 0

            def done(name: str) -> None:
                nonlocal ended
                ended += 1
                tell(f"{proof.title}, {world.name}: {ended} of {len(some)} runs")

            return run_all(some, world, Path(scratch), done, seconds)

        here = attempt(HERE)
        _judge_solution_and_stub(proof, here)
        _judge_answers(proof, here)
        for number, world in enumerate(ELSEWHERE):
            _judge_steadiness(proof, _runs_elsewhere(proof, runs, number), here, world, attempt)
    proof.seconds = time.monotonic() - begin
    return proof


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
        runs.append(Run(run_name(answer), _graded_in(proof, answer.exercise, steps)))
    return runs


def _runs_elsewhere(proof: Proof, runs: Sequence[Run], number: int) -> list[Run]:
    """What is repeated in the world of that number.

    Wrong answers take turns, which saves a third of the time; what must get full marks, and the
    stub, meets every world.
    """
    wrong = [run_name(answer) for answer in proof.answers if not answer.is_right]
    elsewhere = set(wrong) - set(wrong[number :: len(ELSEWHERE)])
    return [run_ for run_ in runs if run_.name not in elsewhere]


def run_name(answer: Answer) -> str:
    """What the run of an answer is called."""
    return f"{answer.exercise}: {answer.name}"


def with_answers(proof: Proof, answers: dict[str, str]) -> tuple[Step, ...]:
    """The cells of the notebook with some solution cells replaced."""
    return tuple(
        Step(answers.get(step.grade_id, step.source), step.grade_id) for step in proof.steps
    )


def _graded_in(proof: Proof, exercise: str, steps: Sequence[Step]) -> tuple[Step, ...]:
    """The other exercises lose their checks, but keep what their cells define: they hold the
    solution still, which would be graded again with each answer."""
    others = {g.grade_id for g in proof.graded if g.exercise != exercise}
    return tuple(
        Step(_without_checks(step.source)) if step.grade_id in others else step for step in steps
    )


def _without_checks(source: str) -> str:
    """A test cell without its `with check(…)` blocks."""
    module = ast.parse(source)
    module.body = [
        statement
        for statement in module.body
        if not (
            isinstance(statement, ast.With)
            and ast.unparse(statement.items[0].context_expr).startswith("check(")
        )
    ]
    return ast.unparse(module)


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
    def differing(there: dict[str, list[Shown]]) -> dict[str, list[str]]:
        """{name of a run: the cells that got other points than here}."""
        found = {}
        for name, shown in there.items():
            before, after = points(proof, here[name]), points(proof, shown)
            cells = [cell for cell in before if before[cell] != after.get(cell)]
            if cells:
                found[name] = cells
        return found

    changed = differing(attempt(world, runs))
    if not changed:
        return
    again = [run_ for run_ in runs if run_.name in changed]
    causes = {cause.name: differing(attempt(cause, again)) for cause in world.causes(HERE)}
    for exercise in proof.exercises:
        ids = {graded.grade_id for graded in exercise.graded}
        for name, cells in changed.items():
            if ids & set(cells):
                blamed = [cause for cause, found in causes.items() if name in found]
                exercise.blame(
                    4,
                    f"the points of {name} in {', '.join(c for c in cells if c in ids)} are not "
                    f"the same everywhere; what matters: {', '.join(blamed) or 'chance'}",
                )


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
