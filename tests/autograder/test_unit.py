"""The whole unit 01_algorithms, handed in by four students: right, wrong, partly right, untouched.

The answers come from the zoo. Which cells a wrong one loses stands here: that of its own idea, and
those whose drawn inputs need that idea, too.
"""

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
from autograder.gradebook import GRADED, standings
from autograder.notebooks import read_text_notebook
from autograder.paths import Course
from tests.autograder import classroom

ASSIGNMENT = "01_algorithms"
TOTAL = 132.0

# For each function: a mistake, and the ideas that it loses (the ends of the cells' names).
MISTAKES: dict[str, tuple[str, set[str]]] = {
    "max_area": ("tries_all_pairs", {"one_pass"}),
    "merge": ("inserts_one_by_one", {"one_pass"}),
    "longest_consecutive": ("goes_through_the_list", {"walks_the_set"}),
    "min_window": ("ignores_multiplicity", {"has_every_copy", "none", "ends_move_forward"}),
    "lowest_common_ancestor": ("compares_values", {"identity", "each_node_once"}),
    "combination_sum": ("stops_at_the_first_coin_too_large", {"any_order", "no_detours"}),
    "combination_sum_unique": (
        "skips_children_too",
        {"may_use_equal_coins", "skips_equal_siblings", "skips_before_it_searches"},
    ),
    "maximum_gap": ("makes_buckets_of_width_zero", {"bucket_width", "linear"}),
    "knapsack": ("tries_every_set", {"one_table"}),
    "knapsack_one_row": ("goes_upwards", {"downwards", "every_room", "memory"}),
    "knapsack_items": (
        "looks_places_up_by_value",
        {"places_not_values", "best_that_fits", "weighs_nothing"},
    ),
    "segments_intersect": ("forgets_touching", {"touching", "one_line", "exact"}),
    "point_in_polygon": ("counts_corners_twice", {"corners_on_the_ray", "bays", "exact"}),
    "convex_hull": ("keeps_points_on_straight_sides", {"straight_is_no_corner"}),
}
STUDENTS = ("right", "wrong", "partly", "untouched")

pytestmark = [pytest.mark.slow, pytest.mark.sandbox]


def texts() -> dict[str, str]:
    folder = classroom.REPOSITORY / "solutions" / ASSIGNMENT
    return {path.stem: path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.py"))}


def zoo(notebook: str) -> dict[str, list[Answer]]:
    """The answers to each exercise of a notebook, in its order."""
    answers: dict[str, list[Answer]] = {}
    for one in load_answers(
        classroom.REPOSITORY / "tests" / "answers" / ASSIGNMENT / f"{notebook}.py"
    ):
        answers.setdefault(one.exercise, []).append(one)
    return answers


def answers(student: str, notebook: str) -> dict[str, str]:
    """What the student writes into the cells of a notebook."""
    written = {}
    for number, (exercise, answers) in enumerate(zoo(notebook).items()):
        if student == "right" or (student == "partly" and number == 0):
            written[exercise] = next(one.source for one in answers if one.is_right)
        elif student == "wrong":
            name, _ = MISTAKES[exercise]
            written[exercise] = next(one.source for one in answers if one.name == name)
    return written


def expected(student: str, notebook: str) -> dict[str, float]:
    """The points of each graded cell, from the cells' own points and from `MISTAKES`."""
    written = answers(student, notebook)
    points = {}
    path = classroom.REPOSITORY / "solutions" / ASSIGNMENT / f"{notebook}.py"
    for cell in read_text_notebook(path).cells:
        marks = cell.metadata.get("nbgrader", {})
        if not marks.get("points"):
            continue
        name = marks["grade_id"]
        exercise = max((one for one in MISTAKES if name.startswith(f"{one}_")), key=len)
        lost = student == "wrong" and name.removeprefix(f"{exercise}_") in MISTAKES[exercise][1]
        points[name] = 0.0 if lost or exercise not in written else float(marks["points"])
    return points


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Course]:
    """This course, copied, with what the four students handed in graded."""
    sources = {f"{ASSIGNMENT}/{name}.py": text for name, text in texts().items()}
    course = classroom.make_course(tmp_path_factory.mktemp("unit"), sources)
    course.grading.mkdir(exist_ok=True)
    (course.grading / "class_secret").write_text("a class of four\n")  # the same draws each time
    here = os.getcwd()
    os.chdir(course.root)
    try:
        assert main(["release", ASSIGNMENT, "--skip-proof"]) == 0
        for student in STUDENTS:
            files = {
                f"{name}.ipynb": classroom.solved(
                    course, ASSIGNMENT, name, classroom.answering(**answers(student, name))
                )
                for name in texts()
            }
            classroom.hand_in(course, ASSIGNMENT, student, files)
        grade.grade(Engine(course), ASSIGNMENT, list(STUDENTS))
        yield course
    finally:
        os.chdir(here)


@pytest.mark.parametrize("student", STUDENTS)
def test_every_cell_of_all_five_notebooks(course: Course, student: str) -> None:
    with Gradebook(Engine(course).url) as gradebook:
        found = {
            one.name: one.auto_score
            for name in texts()
            for one in gradebook.find_submission_notebook(name, ASSIGNMENT, student).grades
        }
    wanted = {cell: points for name in texts() for cell, points in expected(student, name).items()}
    assert found.keys() == wanted.keys()
    differ = {cell: (found[cell], wanted[cell]) for cell in wanted if found[cell] != wanted[cell]}
    assert not differ, differ


def test_scores_and_feedback(course: Course) -> None:
    found = {one.student: one for one in standings(course, Engine(course).url, ASSIGNMENT)}
    assert {one.status for one in found.values()} == {GRADED}
    assert found["right"].score == TOTAL
    assert found["untouched"].score == 0
    lost = sum(1 for name in texts() for points in expected("wrong", name).values() if points == 0)
    assert lost == sum(len(ideas) for _, ideas in MISTAKES.values())
    assert main(["feedback", ASSIGNMENT]) == 0
    for name in texts():
        page = course.grading / f"feedback/wrong/{ASSIGNMENT}/{name}.html"
        said = " ".join(re.sub(r"<[^>]+>", " ", html.unescape(page.read_text("utf-8"))).split())
        for exercise, (mistake, _) in MISTAKES.items():
            caught = [one for one in zoo(name).get(exercise, []) if one.name == mistake]
            for one in caught:
                assert one.says in said, (name, mistake)
