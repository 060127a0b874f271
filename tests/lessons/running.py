"""Running a lesson's code cells, to look at the names that it defines."""

import linecache
from pathlib import Path
from typing import Any

from autograder.notebooks import read_text_notebook

COURSE = Path(__file__).resolve().parents[2] / "course"


def names_of(lesson: str) -> dict[str, Any]:
    """The names of a lesson such as "01_algorithms/geometry" after its code cells were run.

    Each cell is a file of its own with its source at hand, as in a kernel.
    """
    names: dict[str, Any] = {"__name__": "__main__"}
    for number, cell in enumerate(read_text_notebook(COURSE / f"{lesson}.py").cells):
        if cell.cell_type == "code":
            file = f"<{lesson} {number}>"
            linecache.cache[file] = (len(cell.source), None, cell.source.splitlines(True), file)
            exec(compile(cell.source, file, "exec"), names)
    return names
