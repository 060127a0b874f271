"""Reading what a student handed in: any file at all becomes a notebook that can be worked with."""

import json
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import nbformat
from nbconvert.exporters import NotebookExporter
from nbformat import NotebookNode

LARGEST = 50_000_000  # bytes; a notebook beyond this is not read
_TYPES = {"code", "markdown", "raw"}


class Unreadable(ValueError):
    """A file is no notebook; the message is a clause that says why."""


def read_notebook(data: bytes) -> NotebookNode:
    """The notebook in `data`, reduced to what grading needs: cells, sources and nbgrader metadata.

    Outputs go, odd values become plain ones, so that what follows may rely on the form.
    Raises Unreadable with the reason when there is no notebook in it.
    """
    if len(data) > LARGEST:
        raise Unreadable(f"it is larger than {LARGEST // 1_000_000} MB")
    if not data.strip():
        raise Unreadable("it is empty")
    try:
        raw = json.loads(data.removeprefix(b"\xef\xbb\xbf"))
    except (ValueError, RecursionError) as error:
        raise Unreadable("it is not JSON (damaged, or not a notebook)") from error
    if isinstance(raw, dict) and "worksheets" in raw:
        raw = _upgraded(raw)
    if not isinstance(raw, dict) or not isinstance(raw.get("cells"), list):
        raise Unreadable("it holds no list of cells")
    cells = [_cell(cell) for cell in raw["cells"] if isinstance(cell, dict)]
    taken: set[str] = set()
    for number, cell in enumerate(cells):
        if cell["id"] in taken:
            cell["id"] = f"copy-{number:03d}"
        taken.add(cell["id"])
    notebook = nbformat.v4.new_notebook(cells=cells)
    metadata = raw.get("metadata")
    for key in ("kernelspec", "stepwise"):
        if isinstance(metadata, dict) and isinstance(metadata.get(key), dict):
            notebook.metadata[key] = nbformat.from_dict(metadata[key])
    return notebook


def read_handed_in(path: Path) -> NotebookNode:
    """The notebook at `path`; an empty one that says why if it cannot be read."""
    try:
        if path.is_symlink() or not path.is_file():
            raise Unreadable("it is no plain file")
        with path.open("rb") as file:
            notebook = read_notebook(file.read(LARGEST + 1))
        notebook.metadata.get("stepwise", {}).pop("unreadable", None)
    except (Unreadable, OSError, RecursionError) as error:
        deep = isinstance(error, RecursionError)
        notebook = nbformat.v4.new_notebook()
        reason = "it is nested too deeply" if deep else str(error)
        notebook.metadata["stepwise"] = {"unreadable": reason}
    return notebook


def _upgraded(raw: dict[str, Any]) -> Any:
    try:
        return nbformat.convert(nbformat.from_dict(raw), 4)
    except Exception as error:  # old formats have many ways to be malformed; all mean the same
        raise Unreadable("its old notebook format cannot be converted") from error


def _cell(raw: Mapping[str, Any]) -> NotebookNode:
    kind = raw.get("cell_type")
    if kind not in _TYPES:
        kind = "raw"
    cell = new_cell(str(kind), _text(raw.get("source")))
    identity = raw.get("id")
    if isinstance(identity, str):
        cell["id"] = identity
    metadata = raw.get("metadata")
    nbgrader = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    if isinstance(nbgrader, dict):
        cell.metadata["nbgrader"] = nbformat.from_dict(nbgrader)
    if kind != "code" and isinstance(raw.get("attachments"), dict):
        cell["attachments"] = nbformat.from_dict(raw["attachments"])
    return cell


def new_cell(kind: str, source: str) -> NotebookNode:
    """As nbformat's new_…_cell, which validate each cell alone: that takes longer than all else
    here, and the whole notebook is validated when it is written."""
    cell = NotebookNode(id=secrets.token_hex(4), cell_type=kind, metadata=NotebookNode())
    cell["source"] = source
    if kind == "code":
        cell |= {"execution_count": None, "outputs": []}
    return cell


def _text(source: Any) -> str:
    if isinstance(source, list):
        source = "".join(line for line in source if isinstance(line, str))
    if not isinstance(source, str):
        return ""
    # JSON can spell half of a surrogate pair; no file can hold one.
    return source.encode("utf-8", "replace").decode("utf-8")


def grade_id(cell: Mapping[str, Any]) -> str | None:
    """The label that nbgrader's metadata gives a cell, if it is a usable one."""
    nbgrader = cell.get("metadata", {}).get("nbgrader")
    label = nbgrader.get("grade_id") if isinstance(nbgrader, Mapping) else None
    return label if isinstance(label, str) else None


def recognise(data: bytes, notebooks: Mapping[str, set[str]]) -> str | None:
    """The name of the assignment's notebook that `data` is a copy of, whatever its file is called.

    `notebooks` gives the grade_ids of each. Most labels in common wins; None if there are none.
    """
    try:
        cells = read_notebook(data).cells
    except Unreadable:
        return None
    labels = {grade_id(cell) for cell in cells} | {cell["id"] for cell in cells}
    common = {name: len(labels & ids) for name, ids in notebooks.items()}
    best = max(common, key=lambda name: common[name], default=None)
    return best if best and common[best] else None


class SubmissionExporter(NotebookExporter):
    """nbgrader's reader of submissions, that no file can stop.

    What cannot be read becomes an empty notebook with the reason in its metadata: it is not graded,
    a person looks at it, and the other notebooks of the submission and of the class go on.
    """

    def from_filename(
        self, filename: str, resources: Any = None, **options: Any
    ) -> tuple[Any, dict[str, Any]]:
        resources = resources if resources is not None else {}
        path = Path(filename)
        resources.setdefault("metadata", {})
        resources["metadata"] |= {"name": path.stem, "path": str(path.parent)}
        return super().from_notebook_node(read_handed_in(path), resources, **options)
