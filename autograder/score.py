"""From an executed test cell to points: only an error costs them, only a number gives a part."""

import math
from dataclasses import dataclass

from nbformat import NotebookNode
from nbgrader import utils

from autograder import hidden

TO_READ = "an answer to read"


@dataclass(frozen=True)
class Score:
    """Points of a cell; None means that a person must give them, and `reason` says why."""

    points: float | None
    reason: str = ""


def score(cell: NotebookNode) -> Score:
    """The score of a graded cell that `autograder.execute` has run."""
    largest = float(cell.metadata["nbgrader"]["points"])
    if utils.is_solution(cell):
        # A free answer: untouched is 0, anything else is read by a person.
        untouched = cell.metadata["nbgrader"].get("checksum") == utils.compute_checksum(cell)
        return Score(0.0) if untouched else Score(None, TO_READ)
    if cell.cell_type != "code":
        return Score(None, TO_READ)
    happened = cell.metadata.get("stepwise")
    if not happened:
        return Score(None, "was not run")
    if happened["status"] != "ok":
        return Score(0.0)
    results = [output for output in cell.outputs if output.output_type == "execute_result"]
    if len(results) > 1:
        return Score(None, "gave more than one number of points")
    if not results:
        return Score(largest)
    if not hidden.ends_with_result(cell.source):
        return Score(None, "gave a number that its tests do not give")
    return _partial(results[-1], largest)


def _partial(output: NotebookNode, largest: float) -> Score:
    text = output.get("data", {}).get("text/plain", "")
    try:
        number = float("".join(text))
    except ValueError:
        return Score(None, f"gave {text!r:.40} where a number of points belongs")
    if not math.isfinite(number) or not 0 <= number <= largest:
        return Score(None, f"gave {number} points of {largest:g}")
    return Score(number)
