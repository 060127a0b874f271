"""Real hand-ins of the assignment 03_activations, all its notebooks: right, wrong, half, untouched.

The answers are those of the zoo: the first right one to each exercise, and the first wrong one to
each of its cells. `prove` has shown what they deserve; here they pass through the real loop.
"""

import os
from collections.abc import Iterator

import pytest
from nbgrader.api import Gradebook
from traitlets.config import Config

from autograder import grade
from autograder.answers import Answer, load_answers
from autograder.cli import main
from autograder.engine import Engine
from autograder.exercises import Proof, read
from autograder.gradebook import GRADED, standings
from autograder.paths import Course
from tests.autograder import classroom
from tests.autograder.classroom import answering

ASSIGNMENT = "03_activations"
TEXTS = sorted((classroom.REPOSITORY / "solutions" / ASSIGNMENT).glob("*.py"))
PROOFS = {
    text.stem: read(
        text,
        classroom.REPOSITORY / "exercises" / ASSIGNMENT / f"{text.stem}.ipynb",
        load_answers(classroom.REPOSITORY / "tests" / "answers" / ASSIGNMENT / text.name),
    )
    for text in TEXTS
}
STUDENTS = ("right", "half", "wrong", "untouched")

pytestmark = [pytest.mark.slow, pytest.mark.sandbox]


def answers(proof: Proof, student: str) -> dict[str, Answer]:
    """{exercise: what this student answers}."""
    found = {}
    for number, exercise in enumerate(proof.exercises):
        right = next(answer for answer in exercise.answers if answer.is_right)
        wrong = next(answer for answer in exercise.answers if not answer.is_right)
        if student == "right" or (student == "half" and number % 2 == 0):
            found[exercise.name] = right
        elif student == "wrong":
            found[exercise.name] = wrong
    return found


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Course]:
    """This course, copied, with the hand-ins of the four students graded."""
    sources = {f"{ASSIGNMENT}/{text.name}": text.read_text(encoding="utf-8") for text in TEXTS}
    course = classroom.make_course(tmp_path_factory.mktemp("course"), sources)
    here = os.getcwd()
    os.chdir(course.root)
    try:
        assert main(["release", ASSIGNMENT, "--skip-proof"]) == 0
        for student in STUDENTS:
            files = {}
            for notebook, proof in PROOFS.items():
                sources = {name: one.source for name, one in answers(proof, student).items()}
                data = classroom.solved(course, ASSIGNMENT, notebook, answering(**sources))
                files[f"{notebook}.ipynb"] = data
            classroom.hand_in(course, ASSIGNMENT, student, files)
        settings = Config()
        settings.Run.cell_seconds = 30
        grade.grade(Engine(course, settings), ASSIGNMENT, [*STUDENTS])
        yield course
    finally:
        os.chdir(here)


@pytest.mark.parametrize("student", STUDENTS)
@pytest.mark.parametrize("notebook", PROOFS)
def test_points(course: Course, student: str, notebook: str) -> None:
    with Gradebook(Engine(course).url) as gradebook:
        grades = gradebook.find_submission_notebook(notebook, ASSIGNMENT, student).grades
        points = {grade.name: grade.auto_score for grade in grades}
    assert set(points) == {graded.grade_id for graded in PROOFS[notebook].graded}
    answered = answers(PROOFS[notebook], student)
    for graded in PROOFS[notebook].graded:
        answer = answered.get(graded.exercise)
        if answer is None or graded.grade_id == answer.caught_by:
            assert points[graded.grade_id] == 0, graded.grade_id
        elif answer.is_right:
            assert points[graded.grade_id] == graded.points, graded.grade_id


def test_every_hand_in_is_graded(course: Course) -> None:
    found = {s.student: s for s in standings(course, Engine(course).url, ASSIGNMENT)}
    assert {s.status for s in found.values()} == {GRADED}
    total = sum(graded.points for proof in PROOFS.values() for graded in proof.graded)
    assert (found["right"].score, found["untouched"].score) == (total, 0.0)
    assert 0 < found["half"].score < total
    assert 0 < found["wrong"].score < total
