"""Building notebooks from text: always the same bytes, and nobody's work is lost."""

import json
from pathlib import Path

import nbformat
import pytest

from autograder.build import build
from autograder.errors import UsageError
from autograder.paths import Course

LESSON = '''
# %% [markdown]
"""
# A lesson
"""

# %%
print(1)
'''

SOLUTION = """
# %% [markdown]
# Write `double`.

# %% nbgrader={"grade_id": "double", "solution": true}
def double(x):
    ### BEGIN SOLUTION
    return 2 * x  # the secret answer
    ### END SOLUTION


# %% nbgrader={"grade_id": "double_small", "points": 2}
assert double(2) == 4
### BEGIN HIDDEN TESTS
assert double(20) == 40  # the secret test
### END HIDDEN TESTS
"""


@pytest.fixture
def course(tmp_path: Path) -> Course:
    course = Course(tmp_path)
    for path, text in {
        course.lessons / "01_unit" / "topic.py": LESSON,
        course.solutions / "01_unit" / "topic.py": SOLUTION,
        course.solutions / "01_unit" / "data" / "numbers.csv": "1,2\n",
    }.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.lstrip())
    return course


def notebooks(course: Course) -> dict[str, bytes]:
    return {str(p.relative_to(course.root)): p.read_bytes() for p in course.root.rglob("*.ipynb")}


def test_two_builds_give_the_same_bytes(course: Course) -> None:
    assert len(build(course)) == 4
    first = notebooks(course)
    assert build(course) == []
    for path in course.root.rglob("*.ipynb"):
        path.unlink()
    build(course)
    assert notebooks(course) == first


def test_students_get_neither_solution_nor_hidden_test_nor_text(course: Course) -> None:
    build(course)
    released = [p for p in course.exercises.rglob("*") if p.is_file()]
    assert sorted(p.name for p in released) == ["numbers.csv", "topic.ipynb"]
    text = "".join(p.read_text() for p in released)
    assert "secret" not in text
    assert "raise NotImplementedError()" in text
    assert "assert double(2) == 4" in text


def test_metadata_that_the_author_left_out_is_filled_in(course: Course) -> None:
    build(course)
    notebook = nbformat.read(course.exercises / "01_unit" / "topic.ipynb", as_version=4)
    _, solution, test = [cell.metadata.get("nbgrader") for cell in notebook.cells]
    assert (solution["solution"], solution["grade"], solution["locked"]) == (True, False, False)
    assert (test["solution"], test["grade"], test["locked"], test["points"]) == (
        False,
        True,
        True,
        2,
    )
    assert [cell.id for cell in notebook.cells] == ["cell-001", "double", "double_small"]
    assert [cell.metadata.get("tags") for cell in notebook.cells] == [
        None,
        None,
        ["raises-exception"],
    ]


def add_work(path: Path) -> None:
    notebook = json.loads(path.read_text())
    notebook["cells"][-1]["source"] = ["print('my own work')"]
    path.write_text(json.dumps(notebook))


def test_changed_notebook_is_copied_before_it_is_replaced(course: Course) -> None:
    build(course)
    mine = course.exercises / "01_unit" / "topic.ipynb"
    add_work(mine)
    (line,) = build(course)
    assert "your changed copy" in line
    assert "my own work" not in mine.read_text()
    (copy,) = course.kept.rglob("*.ipynb")
    assert "my own work" in copy.read_text()


def test_keep_leaves_work_alone_until_the_text_changes(course: Course) -> None:
    build(course)
    mine = course.lessons / "01_unit" / "topic.ipynb"
    add_work(mine)
    assert build(course, keep=True) == []
    assert "my own work" in mine.read_text()
    text = mine.with_suffix(".py")
    text.write_text(text.read_text().replace("A lesson", "A better lesson"))
    (line,) = build(course, keep=True)
    assert "your changed copy" in line
    assert "A better lesson" in mine.read_text()
    assert any("my own work" in p.read_text() for p in course.kept.rglob("*.ipynb"))


def test_outputs_are_no_work_but_are_cleared_by_a_full_build(course: Course) -> None:
    build(course)
    path = course.lessons / "01_unit" / "topic.ipynb"
    notebook = nbformat.read(path, as_version=4)
    notebook.cells[1].outputs = [nbformat.v4.new_output("stream", text="1\n")]
    nbformat.write(notebook, path)
    assert build(course, keep=True) == []
    assert build(course, check=True) == ["would rebuild course/01_unit/topic.ipynb"]
    assert build(course) == ["rebuilt course/01_unit/topic.ipynb"]
    assert not course.kept.exists()


def test_notebook_without_text_is_removed_but_foreign_ones_stay(course: Course) -> None:
    build(course)
    (course.lessons / "01_unit" / "topic.py").unlink()
    foreign = course.lessons / "01_unit" / "mine.ipynb"
    nbformat.write(nbformat.v4.new_notebook(), foreign)
    assert build(course) == [
        "removed course/01_unit/topic.ipynb, which has no text any more",
    ]
    assert foreign.exists()


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('"double_small"', '"double"', "two cells have the grade_id"),
        ("### END HIDDEN TESTS", "", "nbgrader cannot make 01_unit"),
        ("### END SOLUTION", "", "nbgrader cannot make 01_unit"),
    ],
)
def test_unusable_text_is_named_and_nothing_is_written(
    course: Course, old: str, new: str, says: str
) -> None:
    text = course.solutions / "01_unit" / "topic.py"
    text.write_text(SOLUTION.lstrip().replace(old, new))
    with pytest.raises(UsageError, match=says):
        build(course)
    assert not list(course.root.rglob("*.ipynb"))


def test_unknown_unit_is_answered_with_the_nearest(course: Course) -> None:
    with pytest.raises(UsageError, match="Did you mean 01_unit"):
        build(course, "01_unti")


def test_everything_committed_is_what_its_text_says() -> None:
    """Also fails on any output left in a notebook, since a build has none."""
    assert build(Course(Path(__file__).parents[2]), check=True) == []
