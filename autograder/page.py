"""The page that a student reads: score, each check with its idea, the answer, what to read again.

Nothing of a hidden test reaches it: neither its source, nor what was shown or raised while it ran.
What it says of a hidden test that failed are the words of its author, read from the source.
"""

import html
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jinja2
from nbconvert.filters import strip_ansi
from nbformat import NotebookNode
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

from autograder import hidden

_CARD = 'class="stepwise-check"'
_TEMPLATE = Path(__file__).with_name("feedback.html.j2")
_SENTENCES = {
    "timeout": "It was stopped: it ran into the time limit. Is there a loop that never ends?",
    "flood": "It was stopped: it printed without end.",
    "died": "Python itself stopped while it ran (by exit, or for want of memory).",
    "not run": "It was not run, because what came before took too long.",
}
_TOLD = {"TimeLimit", "OutputLimit", "KernelDied", "NotRun"}


@dataclass
class CheckCard:
    """One graded cell."""

    title: str
    idea: str
    score: float | None  # None: a person has not decided yet
    points: float
    explanation: str
    outputs: list[str]  # safe HTML

    @property
    def state(self) -> str:
        if self.score is None:
            return "waiting"
        return "passed" if self.score >= self.points else "partly" if self.score else "failed"


@dataclass
class Exercise:
    """An answer and the checks that follow it."""

    name: str
    source: str = ""  # safe HTML
    comment: str = ""
    explanation: str = ""  # when the answer itself did not run through
    outputs: list[str] = field(default_factory=list)
    checks: list[CheckCard] = field(default_factory=list)


def feedback_page(
    notebook: NotebookNode, title: str, about: dict[str, Any], waiting: set[str], read_again: str
) -> str:
    """The feedback on one executed notebook as one HTML page without scripts.

    `about` holds score, max_score and late_penalty; `waiting` the grade_ids of cells that a person
    must still decide on; `read_again` is the lesson to go back to, or "". Each graded cell's
    metadata has its score, each answer's its comment (nbgrader's GetGrades puts them there).
    """
    exercises = list(_exercises(notebook.cells, waiting))
    headings = re.findall(
        r"^# +(.+)", "\n".join(c.source for c in notebook.cells[:3]), re.MULTILINE
    )
    environment = jinja2.Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    environment.filters["points"] = lambda value: f"{value:g}"
    template = environment.from_string(_TEMPLATE.read_text(encoding="utf-8"))
    return template.render(
        title=headings[0] if headings else title,
        about=about,
        waiting=bool(waiting),
        exercises=exercises,
        notes=notebook.metadata.get("stepwise", {}),
        read_again=read_again,
    )


def _exercises(cells: Iterable[NotebookNode], waiting: set[str]) -> Iterable[Exercise]:
    current: Exercise | None = None
    for cell in cells:
        nbgrader = cell.metadata.get("nbgrader", {})
        if nbgrader.get("solution") or nbgrader.get("task"):
            if current:
                yield current
            current = Exercise(nbgrader["grade_id"], _code(cell), nbgrader.get("comment") or "")
            current.outputs = _outputs(cell.get("outputs", []))
            current.explanation = _of_answer(cell.metadata.get("stepwise", {}))
        if nbgrader.get("grade") or nbgrader.get("task"):
            current = current or Exercise(nbgrader["grade_id"])
            current.checks.append(_check(cell, nbgrader["grade_id"] in waiting))
    if current:
        yield current


def _check(cell: NotebookNode, waiting: bool) -> CheckCard:
    nbgrader = cell.metadata["nbgrader"]
    happened = cell.metadata.get("stepwise", {})
    named = hidden.properties(cell.source) if cell.cell_type == "code" else []
    first = named[0] if named else hidden.Property(nbgrader["grade_id"].replace("_", " "), "")
    test = not nbgrader.get("solution")
    card = CheckCard(
        title=first.name if test else "Your answer",
        idea=first.idea if test else "",
        score=None if waiting else float(nbgrader["score"]),
        points=float(nbgrader["points"]),
        explanation="",
        outputs=[],
    )
    if waiting:
        card.explanation = "Your instructor will look at this."
    elif test and card.state != "passed":
        card.explanation = _explanation(happened)
        if not happened.get("in_hidden"):
            # Only what came before the hidden tests ran.
            card.outputs = _outputs(cell.get("outputs", [])[: happened.get("visible", 0)])
        if any(_CARD in output for output in card.outputs):
            card.idea = ""  # the check's own card says it
    return card


def _of_answer(happened: dict[str, Any]) -> str:
    status = happened.get("status", "ok")
    if status == "error":
        return "This cell did not run through: see the error under your answer."
    return _SENTENCES.get(status, "")


def _explanation(happened: dict[str, Any]) -> str:
    status = happened.get("status")
    if status in _SENTENCES:
        return _SENTENCES[status]
    if not happened.get("in_hidden"):
        return ""
    known = {"CheckFailure": "", "AssertionError": ""}
    error = happened.get("error", "")
    raised = known.get(
        error, f" It raised {error}." if error in _ERRORS else " It raised an error."
    )
    return f"The example passes; the same idea fails on other inputs.{raised}"


# The names of exceptions that may be shown: another one could be made up to tell an input.
_ERRORS = {
    name
    for name, value in vars(__import__("builtins")).items()
    if isinstance(value, type) and issubclass(value, Exception)
}


def _code(cell: NotebookNode) -> str:
    if cell.cell_type != "code":
        return f"<pre>{html.escape(cell.source)}</pre>"
    style = HtmlFormatter(noclasses=True, nobackground=True, style="friendly")
    return str(highlight(cell.source, PythonLexer(), style))


def _outputs(outputs: Iterable[NotebookNode]) -> list[str]:
    """Outputs that SafeOutputs has cleaned, as HTML."""
    shown, cards = [], False
    for output in outputs:
        data = output.get("data", {})
        if "text/html" in data:
            cards = True
            shown.append(f'<div class="output">{data["text/html"]}</div>')
        elif "image/png" in data:
            picture = re.sub(r"[^A-Za-z0-9+/=]", "", "".join(data["image/png"]))
            shown.append(
                f'<img alt="A picture that was drawn" src="data:image/png;base64,{picture}">'
            )
        elif output.output_type == "error":
            # The check's card, or the explanation of what happened, says the same and better.
            if output.ename not in _TOLD and not (cards and output.ename == "CheckFailure"):
                shown.append(_plain("\n".join(output.traceback)))
        else:
            shown.append(_plain(output.get("text", data.get("text/plain", ""))))
    return shown


def _plain(text: Any) -> str:
    return f"<pre>{html.escape(strip_ansi(''.join(text)))}</pre>"
