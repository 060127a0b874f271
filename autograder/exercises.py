"""The exercises of an instructor notebook: their cells, points, stubs and answers, for `prove`."""

from dataclasses import dataclass, field
from pathlib import Path

import nbformat
from nbgrader.utils import determine_grade

from autograder.answers import Answer
from autograder.notebooks import read_text_notebook
from autograder.trial import Shown, Step

BEGIN_HIDDEN, END_HIDDEN = "### BEGIN HIDDEN TESTS", "### END HIDDEN TESTS"
MOST_GRADED_CELLS, LEAST_WRONG, LEAST_RIGHT = 4, 5, 2


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


def check_make_up(proof: Proof, answers: Path) -> None:
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
