"""Mending a handed-in notebook, so that every test cell is the instructor's and none is missing."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import nbformat
from nbformat import NotebookNode
from nbgrader.api import Gradebook

from autograder import hidden
from autograder.intake import Unreadable, grade_id, new_cell, read_notebook
from autograder.paths import Course

MISSING_ANSWER = "# This cell was missing from the hand-in."


@dataclass(frozen=True)
class Labelled:
    """A cell that the instructor labelled: a test, a place for an answer, or locked text."""

    grade_id: str
    cell_type: str
    source: str  # with hidden tests
    locked: bool
    nbgrader: dict[str, Any]  # its metadata


def layout(gradebook: Gradebook, assignment: str, notebook: str, order: Sequence[str]) -> list:
    """The labelled cells of a notebook as the gradebook knows them: list of Labelled.

    They come in the order of the grade_ids in `order` (of the released notebook); any that it does
    not name come last.
    """
    recorded = gradebook.find_notebook(notebook, assignment)
    points = {cell.name: cell.max_score for cell in [*recorded.grade_cells, *recorded.task_cells]}
    graded = {cell.name for cell in recorded.grade_cells}
    tasks = {cell.name for cell in recorded.task_cells}
    answers = {cell.name for cell in recorded.solution_cells}
    place = {name: number for number, name in enumerate(order)}
    cells = []
    for cell in sorted(recorded.source_cells, key=lambda c: place.get(c.name, len(place))):
        metadata: dict[str, Any] = {
            "grade_id": cell.name,
            "grade": cell.name in graded,
            "solution": cell.name in answers,
            "locked": bool(cell.locked),
            "task": cell.name in tasks,
            "cell_type": cell.cell_type,
            "checksum": cell.checksum,
            "schema_version": 3,
        }
        if cell.name in points:
            metadata["points"] = points[cell.name]
        cells.append(Labelled(cell.name, cell.cell_type, cell.source, bool(cell.locked), metadata))
    return cells


def layout_of(
    gradebook: Gradebook, course: Course, assignment: str, notebook: str
) -> list[Labelled]:
    """`layout` in the order of the released notebook, if that can be read."""
    released = course.exercises / assignment / f"{notebook}.ipynb"
    try:
        order = [grade_id(cell) or "" for cell in read_notebook(released.read_bytes()).cells]
    except (OSError, Unreadable):
        order = []
    return layout(gradebook, assignment, notebook, order)


def repair(notebook: NotebookNode, cells: Sequence[Labelled]) -> list[str]:
    """Mend `notebook` in place; returns a sentence for each thing that had to be mended.

    Locked cells become the instructor's, word for word; every labelled cell is there once, with its
    type, in the instructor's order. What a student wrote stays: unlabelled cells follow the
    labelled cell they followed, and a second copy of an answer stays as an unlabelled cell.
    """
    known = {cell.grade_id: cell for cell in cells}
    notes: list[str] = []
    heads: dict[str, NotebookNode] = {}
    following: dict[str | None, list[NotebookNode]] = {None: []}
    place: str | None = None
    handed_in: list[str] = []
    labels = _labels(notebook, known, notes)
    for cell, label in zip(notebook.cells, labels, strict=True):
        cell.metadata = NotebookNode()
        if label is None:
            following[place].append(cell)
            continue
        place = label
        handed_in.append(label)
        heads[label] = cell
        following.setdefault(label, [])
    expected = [name for name in known if name in heads]
    if handed_in != expected:
        notes.append("Cells were in another order; the instructor's order was restored.")
    repaired = list(following[None])
    for name, cell in known.items():
        repaired.append(_mended(heads.get(name), cell, notes))
        repaired += following.get(name, [])
    notebook.cells = repaired
    _give_identities(notebook)
    return notes


def _labels(
    notebook: NotebookNode, known: dict[str, Labelled], notes: list[str]
) -> list[str | None]:
    """For each cell the label it will bear; each known label at most once."""
    released = {
        hidden.released(cell.source).strip(): name for name, cell in known.items() if cell.locked
    }
    claims: list[str | None] = [grade_id(cell) for cell in notebook.cells]
    claims = [claim if claim in known else None for claim in claims]
    claimed = set(claims)
    for number, cell in enumerate(notebook.cells):
        # Metadata lost or renamed: the cell's id, or the untouched text of a test, still tells.
        for name in (cell["id"], released.get(cell.source.strip())):
            if claims[number] is None and name in known and name not in claimed:
                claims[number] = name
                claimed.add(name)
                notes.append(f"Cell {name!r} had lost its label; it was given back.")
    seen: set[str] = set()
    # Of two answers the last one counts: it is what a notebook run from the top ends with.
    order = list(range(len(claims)))
    order.sort(key=lambda n: -n if claims[n] and not known[str(claims[n])].locked else n)
    for number in order:
        name = claims[number]
        if name is None:
            continue
        if name in seen:
            notes.append(f"Cell {name!r} was there more than once; one counts.")
            claims[number] = None
        seen.add(name)
    return claims


def _mended(handed_in: NotebookNode | None, cell: Labelled, notes: list[str]) -> NotebookNode:
    if handed_in is None:
        notes.append(f"Cell {cell.grade_id!r} was missing; it was put back.")
        # An empty answer, not the stub: the stub would hide what was written in another cell.
        empty = MISSING_ANSWER if cell.cell_type == "code" else ""
        source = cell.source if cell.locked else empty
    else:
        if handed_in.cell_type != cell.cell_type:
            notes.append(f"Cell {cell.grade_id!r} had another type; its own was restored.")
        if cell.locked and handed_in.source.strip() != hidden.released(cell.source).strip():
            notes.append(f"Locked cell {cell.grade_id!r} was changed; the original was restored.")
        source = cell.source if cell.locked else handed_in.source
    mended = new_cell(cell.cell_type, source)
    mended.metadata["nbgrader"] = nbformat.from_dict(cell.nbgrader)
    return mended


def _give_identities(notebook: NotebookNode) -> None:
    """Valid ids, each once: the label of a labelled cell, a number for the others."""
    for number, cell in enumerate(notebook.cells):
        label = grade_id(cell)
        plain = f"own-{number:03d}"
        cell["id"] = re.sub(r"[^\w-]", "-", label)[:64] if label else plain
