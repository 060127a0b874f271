"""Every lesson runs from top to bottom, within its time, and without a warning."""

import time
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

ROOT = Path(__file__).resolve().parents[2]
LESSONS = sorted(
    path for path in (ROOT / "course").rglob("*.ipynb") if ".ipynb_checkpoints" not in path.parts
)
SECONDS = 60  # for a whole lesson, on two cores


@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_runs(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    strict = nbformat.v4.new_code_cell("import warnings; warnings.simplefilter('error')")
    notebook.cells.insert(0, strict)
    client = NotebookClient(
        notebook,
        timeout=SECONDS,
        kernel_name="python3",
        resources={"metadata": {"path": str(path.parent)}},
    )
    began = time.monotonic()
    client.execute()
    assert time.monotonic() - began < SECONDS
    for cell in notebook.cells:
        said = [o.text for o in cell.get("outputs", []) if o.get("name") == "stderr"]
        assert not said, f"a cell of {path.name} warns: {said}"
