"""Hand-ins of 07_flash_attention, all notebooks: right, wrong, half done, untouched, a cheat."""

import html
import os
import re
from collections.abc import Iterator

import pytest
from nbgrader.api import Gradebook

from autograder import grade
from autograder.answers import Answer, load_answers
from autograder.cli import main
from autograder.engine import Engine
from autograder.gradebook import GRADED, REVIEW, standings
from autograder.paths import Course, find_course
from tests.autograder import classroom
from tests.autograder.classroom import answering

ASSIGNMENT = "07_flash_attention"
REAL = find_course(classroom.REPOSITORY)
TEXTS = {path.stem: path for path in sorted((REAL.solutions / ASSIGNMENT).glob("*.py"))}
ZOO = {name: load_answers(REAL.answers / ASSIGNMENT / f"{name}.py") for name in TEXTS}
POINTS = {"attention_without_the_matrix": 20, "backward": 12, "online_softmax": 27}
POINTS["real_batches"] = 32

pytestmark = [pytest.mark.slow, pytest.mark.sandbox]


def firsts(notebook: str, *, right: bool) -> dict[str, Answer]:
    """The first right (or wrong) answer to each exercise of a notebook, in their order."""
    found: dict[str, Answer] = {}
    for answer in ZOO[notebook]:
        if answer.is_right == right:
            found.setdefault(answer.exercise, answer)
    return found


def handed_in(student: str, notebook: str) -> dict[str, str]:
    """What this student writes: exercise → source."""
    if student == "untouched":
        return {}
    if student == "patches":
        return PATCHES.get(notebook, {})
    answers = firsts(notebook, right=student != "wrong")
    some = list(answers)[:1] if student == "half" else list(answers)
    return {exercise: answers[exercise].source for exercise in some}


# The whole matrix at once, on a machine whose SRAM never overflows.
PATCHES = {
    "attention_without_the_matrix": {
        "flash_attention": """
import course.memory
course.memory.Machine._take = lambda *_: None

def flash_attention(Q, K, V, scale, causal=False, block_q=16, block_k=16):
    scores = scale * (Q @ K.transpose(-1, -2))
    T, S = scores.shape[-2:]
    if causal:
        scores = scores.masked_fill(~torch.ones(T, S, dtype=torch.bool).tril(S - T), -inf)
    m = scores.amax(-1, keepdim=True)
    m = torch.where(m == -inf, 0.0, m)
    p = torch.exp(scores - m)
    l = p.sum(-1, keepdim=True)
    O, L = hbm_empty(*Q.shape), hbm_empty(*Q.shape[:3])
    O[:], L[:] = p @ V / torch.where(l == 0, 1.0, l), (m + torch.log(l))[..., 0]
    return O, L
"""
    }
}
STUDENTS = ("right", "wrong", "half", "untouched", "patches")


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Course]:
    """This assignment in a course of its own, released, handed in by all four, and graded."""
    sources = {f"{ASSIGNMENT}/{name}.py": path.read_text() for name, path in TEXTS.items()}
    course = classroom.make_course(tmp_path_factory.mktemp("course"), sources)
    here = os.getcwd()
    os.chdir(course.root)
    try:
        assert main(["release", ASSIGNMENT, "--skip-proof"]) == 0
        for student in STUDENTS:
            files = {
                f"{name}.ipynb": classroom.solved(
                    course, ASSIGNMENT, name, answering(**handed_in(student, name))
                )
                for name in TEXTS
            }
            classroom.hand_in(course, ASSIGNMENT, student, files)
        grade.grade(Engine(course), ASSIGNMENT, list(STUDENTS))
        yield course
    finally:
        os.chdir(here)


@pytest.fixture(scope="module")
def points(course: Course) -> dict[tuple[str, str], dict[str, tuple[float, float]]]:
    """{(student, notebook): {cell: (points, of so many)}}."""
    found = {}
    with Gradebook(Engine(course).url) as gradebook:
        for student in STUDENTS:
            for name in TEXTS:
                grades = gradebook.find_submission_notebook(name, ASSIGNMENT, student).grades
                found[student, name] = {g.name: (g.auto_score, g.max_score) for g in grades}
    return found


def test_everyone_is_graded_out_of_all_points(course: Course) -> None:
    found = {s.student: s for s in standings(course, Engine(course).url, ASSIGNMENT)}
    patches = found.pop("patches")
    assert (patches.status, patches.score) == (REVIEW, None)
    assert any("course.memory was changed" in r for n in patches.notebooks for r in n.remarks)
    assert {s.status for s in found.values()} == {GRADED}
    assert found["right"].score == sum(POINTS.values())
    assert found["untouched"].score == 0
    assert 0 < found["half"].score < found["right"].score
    assert found["wrong"].score < found["right"].score


@pytest.mark.parametrize("notebook", TEXTS)
def test_points(
    points: dict[tuple[str, str], dict[str, tuple[float, float]]], notebook: str
) -> None:
    right = points["right", notebook]
    assert all(got == most for got, most in right.values())
    assert sum(most for _, most in right.values()) == POINTS[notebook]
    assert not any(got for got, _ in points["untouched", notebook].values())
    (first, *_) = firsts(notebook, right=True)
    for cell, (got, most) in points["half", notebook].items():
        assert got == (most if cell.startswith(f"{first}_") else 0), cell
    for answer in firsts(notebook, right=False).values():
        assert points["wrong", notebook][answer.caught_by][0] == 0, answer.name


def test_feedback_names_the_missing_idea_and_no_hidden_test(course: Course) -> None:
    assert main(["feedback", ASSIGNMENT]) == 0
    for name, path in TEXTS.items():
        blocks = re.findall(r"### BEGIN HIDDEN TESTS\n(.*?)### END", path.read_text(), re.DOTALL)
        public = re.sub(
            r"### BEGIN (\w+ ?\w+)\n.*?### END \1", "", path.read_text(), flags=re.DOTALL
        )
        unseen = {line.strip() for block in blocks for line in block.splitlines()}
        unseen = {line for line in unseen if len(line) > 16 and line not in public}
        assert len(unseen) > 5
        for student in STUDENTS:
            page = course.grading / "feedback" / student / ASSIGNMENT / f"{name}.html"
            said = html.unescape(page.read_text(encoding="utf-8"))
            assert not [line for line in unseen if line in said], (student, name)
            if student == "wrong":
                for answer in firsts(name, right=False).values():
                    assert answer.says in said, answer.name
