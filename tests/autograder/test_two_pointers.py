"""Real hand-ins of the assignment 01_algorithms: each gets exactly the points it should."""

import html
import os
import re
from collections.abc import Iterator

import pytest
from nbgrader.api import Gradebook
from traitlets.config import Config

from autograder import grade
from autograder.cli import main
from autograder.engine import Engine
from autograder.gradebook import GRADED, REVIEW, standings
from autograder.paths import Course
from tests.autograder import classroom
from tests.autograder.classroom import Edit, answering, doubling, saying, without

ASSIGNMENT, NOTEBOOK = "01_algorithms", "two_pointers"
CELLS = {
    "max_area_width_times_shorter_side": 2,
    "max_area_moves_the_shorter_side": 4,
    "max_area_equal_heights_and_zeros": 2,
    "max_area_one_pass": 2,
    "merge_changes_nums1_itself": 2,
    "merge_keeps_every_value": 4,
    "merge_believes_m_and_n": 2,
    "merge_one_pass": 2,
}
ALL, NONE = (2, 4, 2, 2), (0, 0, 0, 0)

MAX_AREA = """
def max_area(height):
    i, j, best = 0, len(height) - 1, 0
    while i < j:
        best = max(best, (j - i) * min(height[i], height[j]))
        if height[i] < height[j]:
            i += 1
        else:
            j -= 1
    return best
"""
ALL_PAIRS = """
def max_area(height):
    n = len(height)
    return max((j - i) * min(height[i], height[j]) for i in range(n) for j in range(i + 1, n))
"""
TALLER_SIDE = MAX_AREA.replace("height[i] < height[j]", "height[i] > height[j]")
TALLER_LEVEL = MAX_AREA.replace("min(", "max(")
STUCK = MAX_AREA.replace("else:", "elif height[i] > height[j]:")
FIRST_LINE = "    i, j, best = 0"
WARNS = MAX_AREA.replace(
    FIRST_LINE,
    "    import sys, warnings\n"
    "    warnings.warn('slow')\n"
    "    print('oh', file=sys.stderr)\n" + FIRST_LINE,
)
EXITS = MAX_AREA.replace(
    FIRST_LINE, "    import os\n    if len(height) == 2: os._exit(1)\n" + FIRST_LINE
)
ENDLESS = "def max_area(height):\n    while True:\n        pass"

MERGE = """
def merge(nums1, m, nums2, n):
    while n:
        if m and nums1[m - 1] > nums2[n - 1]:
            nums1[m + n - 1] = nums1[m - 1]
            m -= 1
        else:
            nums1[m + n - 1] = nums2[n - 1]
            n -= 1
"""
FROM_THE_FRONT = """
def merge(nums1, m, nums2, n):
    i = j = 0
    for place in range(m + n):
        if j == n or (i < m and nums1[i] <= nums2[j]):
            nums1[place] = nums1[i]
            i += 1
        else:
            nums1[place] = nums2[j]
            j += 1
"""
A_NEW_LIST = """
def merge(nums1, m, nums2, n):
    nums1 = nums1[:m]
    for value in nums2:
        place = 0
        while place < len(nums1) and nums1[place] <= value:
            place += 1
        nums1.insert(place, value)
    return nums1
"""
SORTS = "def merge(nums1, m, nums2, n):\n    nums1[m:] = nums2\n    nums1.sort()"
ZEROS_ARE_FREE = """
def merge(nums1, m, nums2, n):
    values = [value for value in nums1 if value]
    out, i, j = [], 0, 0
    while i < len(values) or j < n:
        if j == n or (i < len(values) and values[i] <= nums2[j]):
            out.append(values[i])
            i += 1
        else:
            out.append(nums2[j])
            j += 1
    nums1[:] = out
"""
SYNTAX = "def max_area(height:\n    return 49"

BOTH = answering(max_area=MAX_AREA, merge=MERGE)
TESTS = [without("max_area_moves_the_shorter_side"), without("merge_keeps_every_value")]

# Who hands in what, and the points of the four cells about max_area and of the four about merge.
HAND_INS: dict[str, tuple[list[Edit], tuple[float, ...], tuple[float, ...]]] = {
    "correct": ([BOTH], ALL, ALL),
    "untouched": ([], NONE, NONE),
    "first_half": ([answering(max_area=MAX_AREA)], ALL, NONE),
    "pairs_front": (
        [answering(max_area=ALL_PAIRS, merge=FROM_THE_FRONT)],
        (2, 4, 2, 0),
        (2, 0, 0, 0),
    ),
    "taller_new": ([answering(max_area=TALLER_SIDE, merge=A_NEW_LIST)], (2, 0, 0, 0), NONE),
    "level_sorts": ([answering(max_area=TALLER_LEVEL, merge=SORTS)], NONE, NONE),
    "stuck_zeros": ([answering(max_area=STUCK, merge=ZEROS_ARE_FREE)], (2, 0, 0, 0), (2, 4, 0, 0)),
    "syntax": ([BOTH, answering(max_area=SYNTAX)], NONE, ALL),
    "endless": ([BOTH, answering(max_area=ENDLESS)], NONE, ALL),
    "exits": ([BOTH, answering(max_area=EXITS)], (0, 4, 0, 2), ALL),
    "deleted": ([BOTH, *TESTS], ALL, ALL),
    "deleted_wrong": ([BOTH, answering(max_area=TALLER_SIDE), *TESTS], (2, 0, 0, 0), ALL),
    "doubled": ([BOTH, doubling("max_area_one_pass")], ALL, ALL),
    "renamed": ([BOTH, saying("merge_one_pass", grade_id="mine")], ALL, ALL),
    "warns": ([BOTH, answering(max_area=WARNS)], ALL, ALL),
}

pytestmark = [pytest.mark.slow, pytest.mark.sandbox]


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Course]:
    """This course, copied, with all of the hand-ins above graded."""
    text = (classroom.REPOSITORY / "solutions" / ASSIGNMENT / f"{NOTEBOOK}.py").read_text()
    root = tmp_path_factory.mktemp("course")
    course = classroom.make_course(root, {f"{ASSIGNMENT}/{NOTEBOOK}.py": text})
    here = os.getcwd()
    os.chdir(course.root)
    try:
        assert main(["release", ASSIGNMENT, "--skip-proof"]) == 0
        for student, (edits, *_) in HAND_INS.items():
            data = classroom.solved(course, ASSIGNMENT, NOTEBOOK, *edits)
            classroom.hand_in(course, ASSIGNMENT, student, {f"{NOTEBOOK}.ipynb": data})
        classroom.hand_in(course, ASSIGNMENT, "not_json", {f"{NOTEBOOK}.ipynb": data[:-100]})
        settings = Config()
        settings.Run.cell_seconds = 5
        grade.grade(Engine(course, settings), ASSIGNMENT, [*HAND_INS, "not_json"])
        yield course
    finally:
        os.chdir(here)


@pytest.mark.parametrize("student", HAND_INS)
def test_points(course: Course, student: str) -> None:
    _, max_area, merge = HAND_INS[student]
    with Gradebook(Engine(course).url) as gradebook:
        grades = gradebook.find_submission_notebook(NOTEBOOK, ASSIGNMENT, student).grades
        points = {grade.name: grade.auto_score for grade in grades}
    assert points == dict(zip(CELLS, (*max_area, *merge), strict=True))


def test_every_hand_in_is_accounted_for(course: Course) -> None:
    found = {s.student: s for s in standings(course, Engine(course).url, ASSIGNMENT)}
    assert set(found) == {*HAND_INS, "not_json"}
    assert (found["correct"].status, found["correct"].score) == (GRADED, 20.0)
    assert (found["not_json"].status, found["not_json"].score) == (REVIEW, None)
    assert {s.status for s in found.values() if s.student != "not_json"} == {GRADED}


def test_feedback_names_the_idea_and_shows_no_hidden_test(course: Course) -> None:
    assert main(["feedback", ASSIGNMENT]) == 0
    pages = {
        path.parent.parent.name: html.unescape(path.read_text(encoding="utf-8"))
        for path in course.grading.glob(f"feedback/*/{ASSIGNMENT}/{NOTEBOOK}.html")
    }
    assert set(pages) == {*HAND_INS, "not_json"}
    text = (course.solutions / ASSIGNMENT / f"{NOTEBOOK}.py").read_text()
    unseen = {
        line.strip()
        for block in re.findall(r"### BEGIN HIDDEN TESTS\n(.*?)### END", text, re.DOTALL)
        for line in block.splitlines()
        if len(line.strip()) > 12
    }
    assert len(unseen) > 50
    for student, page in pages.items():
        assert not [line for line in unseen if line in page], student
    assert "20 of 20 points" in pages["correct"]
    assert "Keep the taller of the two lines" in pages["taller_new"]
    assert "Keep the taller of the two lines" not in pages["correct"]
    assert "SyntaxError" in pages["syntax"]
    assert 'class="stepwise-check"' in pages["pairs_front"]
