"""The exercises' own tests are as they were handed out; your answers may change, they may not."""

import json
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).resolve().parent.parent
EXERCISES = sorted(
    path for path in (ROOT / "exercises").rglob("*.ipynb") if ".ipynb_checkpoints" not in path.parts
)
LOCKED = json.loads((ROOT / "edition.json").read_text(encoding="utf-8"))["locked"]


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def test_every_exercise_is_there() -> None:
    assert not set(LOCKED) - set(map(name, EXERCISES))


@pytest.mark.parametrize("path", EXERCISES, ids=name)
def test_is_a_valid_notebook(path: Path) -> None:
    nbformat.validate(nbformat.read(path, as_version=4))


@pytest.mark.parametrize("path", EXERCISES, ids=name)
def test_locked_cells_are_as_handed_out(path: Path) -> None:
    cells = {
        cell.metadata.get("nbgrader", {}).get("grade_id"): cell.source
        for cell in nbformat.read(path, as_version=4).cells
    }
    for grade_id, source in LOCKED.get(name(path), {}).items():
        assert grade_id in cells, f"the cell {grade_id} is missing"
        assert cells[grade_id] == source, f"the cell {grade_id} was changed"
