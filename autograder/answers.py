"""The zoo: wrong and right answers that the tests of an exercise are proven against.

A file `tests/answers/<assignment>/<notebook>.py` holds one function (or class) an answer:

    @wrong("max_area", caught_by="max_area_moves_the_shorter_side", says="shorter")
    def moves_the_taller_side(height):
        ...

    @right("max_area")
    def recursive(height):
        ...

An answer stands on its own: what it imports or calls, it imports or defines inside. Where it would
be the solution but for a few words, it may be written as that, and read as the slip that it is:

    starts_one_late = changed(
        "max_area",
        {"left, right = 0,": "left, right = 1,"},
        caught_by="max_area_sees_all_lines",
        says="first line",
    )
"""

import ast
import importlib.util
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from autograder.errors import UsageError
from autograder.notebooks import read_text_notebook

_Written = TypeVar("_Written", bound=Callable[..., Any])
_MARK = "__stepwise_answer__"


@dataclass(frozen=True)
class Answer:
    """One answer: what a student's cell for `exercise` may hold."""

    exercise: str
    name: str  # says in a few words what is special about it
    source: str  # the cell
    caught_by: str = ""  # the grade_id of the cell that a wrong answer must lose
    says: str = ""  # words that the message of that cell must contain

    @property
    def is_right(self) -> bool:
        """Whether it must get full marks."""
        return not self.caught_by


@dataclass(frozen=True)
class Change:
    """The solution of `exercise` with some words replaced; right if nothing is to catch it."""

    exercise: str
    words: dict[str, str]
    caught_by: str
    says: str


def changed(exercise: str, words: dict[str, str], *, caught_by: str = "", says: str = "") -> Change:
    """An answer that is the solution of `exercise` with `words` replaced, everywhere.

    Without `caught_by` and `says` it is a right one.
    """
    return Change(exercise, words, caught_by, says)


def wrong(exercise: str, *, caught_by: str, says: str) -> Callable[[_Written], _Written]:
    """Mark a wrong answer to `exercise`: it must lose the graded cell `caught_by`, with a message
    that contains `says`."""
    return _marked((exercise, caught_by, says))


def right(exercise: str) -> Callable[[_Written], _Written]:
    """Mark a right answer to `exercise`, written differently from the solution."""
    return _marked((exercise, "", ""))


def load_answers(path: Path) -> list[Answer]:
    """The answers of one file in the order in which they stand; none if there is no such file.

    Raises UsageError when the file cannot be read as Python, or changes words that the solution
    does not have.
    """
    if not path.is_file():
        return []
    text = path.read_text(encoding="utf-8")
    spec = importlib.util.spec_from_file_location(f"answers_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    try:
        definitions = ast.parse(text).body
        spec.loader.exec_module(module)
    except Exception as error:
        raise UsageError(f"{path} cannot be read: {type(error).__name__}: {error}") from error
    answers = []
    for definition in definitions:
        if isinstance(definition, (ast.FunctionDef, ast.ClassDef)):
            mark = getattr(getattr(module, definition.name), _MARK, None)
            if mark is not None:
                answers.append(_answer(mark, definition, text))
        elif isinstance(definition, ast.Assign) and isinstance(definition.targets[0], ast.Name):
            name = definition.targets[0].id
            change = getattr(module, name)
            if isinstance(change, Change):
                answers.append(_changed_solution(name, change, path))
    return answers


def _marked(mark: tuple[str, str, str]) -> Callable[[_Written], _Written]:
    def keep(written: _Written) -> _Written:
        setattr(written, _MARK, mark)
        return written

    return keep


def _answer(
    mark: tuple[str, str, str], definition: ast.FunctionDef | ast.ClassDef, text: str
) -> Answer:
    exercise, caught_by, says = mark
    lines = text.splitlines()[definition.lineno - 1 : definition.end_lineno]
    source = re.sub(rf"\b{definition.name}\b", exercise, "\n".join(lines))
    return Answer(exercise, definition.name, source + "\n", caught_by, says)


def _changed_solution(name: str, change: Change, path: Path) -> Answer:
    """The change made in the solution that belongs to the file of answers at `path`."""
    solutions = path.parents[3] / "solutions" / path.parent.name / path.name
    cells = read_text_notebook(solutions).cells if solutions.is_file() else []
    ids = [cell.metadata.get("nbgrader", {}).get("grade_id") for cell in cells]
    if change.exercise not in ids:
        raise UsageError(f"{path}: {name} changes the solution of {change.exercise}, unknown here")
    source = cells[ids.index(change.exercise)].source
    for old, new in change.words.items():
        if old not in source:
            raise UsageError(f"{path}: {name} changes {old!r}, which is not in the solution")
        source = source.replace(old, new)
    return Answer(change.exercise, name, source, change.caught_by, change.says)
