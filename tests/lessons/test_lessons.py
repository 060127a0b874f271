"""The form of every lesson: what it opens and ends with, the size of its cells, no plumbing."""

import re
from pathlib import Path

import pytest
from nbformat import NotebookNode

from autograder.notebooks import is_text_notebook, read_text_notebook

COURSE = Path(__file__).resolve().parents[2] / "course"
LESSONS = sorted(path for path in COURSE.glob("[0-9]*/*.py") if is_text_notebook(path))
PLUMBING = re.compile(
    r"^\s*(import|from) (ipywidgets|anywidget|IPython|matplotlib|sys|os)\b|sys\.path|!pip|^\s*%",
    re.M,
)

pytestmark = pytest.mark.parametrize(
    "lesson", LESSONS, ids=lambda path: path.relative_to(COURSE).as_posix()
)


def cells(lesson: Path, kind: str) -> list[NotebookNode]:
    return [cell for cell in read_text_notebook(lesson).cells if cell.cell_type == kind]


def test_opens_with_what_the_reader_gets_needs_and_spends(lesson: Path) -> None:
    first = cells(lesson, "markdown")[0].source
    for part in (
        r"^# \w",
        r"\*\*After this lesson you can\*\*",
        r"\*\*You need\*\*",
        r"\*\*Time\*\*",
    ):
        assert re.search(part, first, re.M), part
    (minutes,) = re.findall(r"\*\*Time\*\* (\d+) minutes", first)
    assert 15 <= int(minutes) <= 40


def test_asks_the_reader_and_ends_with_what_to_read(lesson: Path) -> None:
    prose = [cell.source for cell in cells(lesson, "markdown")]
    assert sum("### Check yourself" in text for text in prose) >= 1
    for text in prose:
        assert text.count("<details>") == text.count("</details>")
    assert sum(text.count("<details>") for text in prose) >= 3
    assert "## Read next" in prose[-1]


def test_cells_are_short_and_few(lesson: Path) -> None:
    assert 25 <= len(read_text_notebook(lesson).cells) <= 60
    for cell in cells(lesson, "code"):
        assert len([line for line in cell.source.split("\n") if line.strip()]) <= 15, cell.source


def test_no_plumbing_in_code(lesson: Path) -> None:
    for cell in cells(lesson, "code"):
        assert not PLUMBING.search(cell.source), cell.source


def test_mathematics_is_not_escaped_twice(lesson: Path) -> None:
    exercises = Path(str(lesson).replace("/course/", "/solutions/"))
    for text in filter(Path.exists, (lesson, exercises)):
        for cell in cells(text, "markdown"):
            assert not re.search(r"\\\\[A-Za-z]", cell.source), cell.source


def test_links_to_files_lead_somewhere(lesson: Path) -> None:
    for cell in cells(lesson, "markdown"):
        for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", cell.source):
            source = (lesson.parent / target).resolve()
            text = Path(str(source).replace("/exercises/", "/solutions/")).with_suffix(".py")
            assert source.exists() or text.exists(), target
