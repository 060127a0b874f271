"""Notebooks as text and as canonical JSON: the same source always gives the same bytes."""

import hashlib
import json
import re
from pathlib import Path
from typing import Any

import jupytext
import nbformat
from nbformat import NotebookNode
from nbgrader.preprocessors import NbGraderPreprocessor

from autograder.errors import UsageError

_CELL_MARKER = re.compile(r"^# %%", re.MULTILINE)
_KERNELSPEC = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}


def is_text_notebook(path: Path) -> bool:
    """Whether a `.py` file is a notebook in jupytext's percent format."""
    return bool(_CELL_MARKER.search(path.read_text(encoding="utf-8")))


def read_text_notebook(path: Path) -> NotebookNode:
    """The notebook written as percent text in `path`, in canonical form and with no outputs.

    Raises UsageError, naming file and reason, when the text is not a valid notebook.
    """
    try:
        notebook = jupytext.read(path, fmt="py:percent")
        canonical(notebook)
        nbformat.validate(notebook)
    except (ValueError, nbformat.ValidationError) as error:
        reason = str(error).splitlines()[0]
        raise UsageError(f"{path} is not a valid text notebook: {reason}") from error
    return notebook


def canonical(notebook: NotebookNode) -> NotebookNode:
    """Bring `notebook` into the one form that is committed; changes it and returns it.

    Outputs are cleared. A cell's id is its `grade_id`, else its number, so ids do not depend on
    chance. The metadata keeps the kernel, and a fingerprint of the cells as they were built: that
    is how a later build knows whether somebody has worked in the notebook since.
    """
    taken: set[str] = set()
    for number, cell in enumerate(notebook.cells, start=1):
        if "nbgrader" in cell.metadata:
            cell.metadata["nbgrader"] = _complete(cell.metadata["nbgrader"])
        grade_id = cell.metadata.get("nbgrader", {}).get("grade_id")
        # nbformat allows letters, digits, - and _ in an id, 64 at most.
        identity = re.sub(r"[^\w-]", "-", grade_id)[:64] if grade_id else f"cell-{number:03d}"
        if identity in taken:
            raise ValueError(f"two cells have the grade_id {grade_id!r}")
        taken.add(identity)
        cell["id"] = identity
        for jupytext_only in ("lines_to_next_cell", "cell_marker"):
            cell.metadata.pop(jupytext_only, None)
        graded = cell.metadata.get("nbgrader", {})
        if cell.cell_type == "code" and graded.get("grade") and not graded.get("solution"):
            cell.metadata["tags"] = ["raises-exception"]  # "Run All" goes on after a failed test
        if cell.cell_type == "code":
            cell.outputs = []
            cell.execution_count = None
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    notebook.metadata = NotebookNode(kernelspec=dict(_KERNELSPEC), language_info={"name": "python"})
    notebook.metadata["stepwise"] = {"built": fingerprint(notebook)}
    return notebook


def _complete(nbgrader: dict[str, Any]) -> NotebookNode:
    """Fill in what nbgrader's metadata (schema 3) asks for and an author need not write.

    A cell with `points` is graded; a graded cell that is no solution is locked.
    """
    solution = nbgrader.get("solution", False)
    grade = nbgrader.get("grade", "points" in nbgrader)
    defaults = {
        "grade": grade,
        "locked": grade and not solution,
        "schema_version": 3,
        "solution": solution,
        "task": False,
    }
    return NotebookNode(defaults | dict(nbgrader))


def dumps(notebook: NotebookNode) -> str:
    """`notebook` as JSON text, exactly as nbgrader's own exporter writes it."""
    return str(nbformat.writes(notebook, version=4)).rstrip("\n") + "\n"


def fingerprint(notebook: NotebookNode | dict[str, Any]) -> str:
    """A hash of what somebody wrote: cell types, sources and nbgrader metadata, not outputs."""
    cells = [
        [cell["cell_type"], "".join(cell["source"]), cell["metadata"].get("nbgrader", {})]
        for cell in notebook["cells"]
    ]
    text = json.dumps(cells, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def built_fingerprint(path: Path) -> tuple[str | None, bool]:
    """(fingerprint of the build that made the notebook at `path`, whether it was changed since).

    A file that is no notebook, or was not made by a build, counts as changed: (None, True).
    """
    try:
        notebook = json.loads(path.read_text(encoding="utf-8"))
        built = notebook["metadata"]["stepwise"]["built"]
        return str(built), fingerprint(notebook) != built
    except (ValueError, KeyError, TypeError, AttributeError):
        return None, True


class Canonical(NbGraderPreprocessor):
    """The last step of nbgrader's `generate_assignment`: ids and metadata that never vary."""

    def preprocess(
        self, nb: NotebookNode, resources: dict[str, Any]
    ) -> tuple[NotebookNode, dict[str, Any]]:
        return canonical(nb), resources
