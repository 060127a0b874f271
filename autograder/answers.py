"""The zoo: wrong and right answers that the tests of an exercise are proven against.

A file `tests/answers/<assignment>/<notebook>.py` holds one function (or class) an answer:

    @wrong("max_area", caught_by="max_area_moves_the_shorter_side", says="shorter")
    def moves_the_taller_side(height):
        ...

    @right("max_area")
    def recursive(height):
        ...

An answer stands on its own: what it imports or calls, it imports or defines inside.
"""

import ast
import importlib.util
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from autograder.errors import UsageError

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


def wrong(exercise: str, *, caught_by: str, says: str) -> Callable[[_Written], _Written]:
    """Mark a wrong answer to `exercise`: it must lose the graded cell `caught_by`, with a message
    that contains `says`."""
    return _marked((exercise, caught_by, says))


def right(exercise: str) -> Callable[[_Written], _Written]:
    """Mark a right answer to `exercise`, written differently from the solution."""
    return _marked((exercise, "", ""))


def load_answers(path: Path) -> list[Answer]:
    """The answers of one file in the order in which they stand; none if there is no such file.

    Raises UsageError when the file cannot be read as Python.
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
