"""A recorded run of a Triton kernel, one load or store at a time: who touched which element.

    TraceViewer(run.as_dict())           # of a run recorded by kernels.trace

The code stands beside maps of the tensors, on which each program colours what it reads and writes.
Below are the traffic of each tensor and the faults that were found, each with a way to its step.
The browser has the whole run and steps without a kernel; where there is no front end, the last
step is shown as a picture, with the same tables.

What goes to the browser (plain JSON types; the positions of elements are flat, and in order)

    name, source, first_line, programs     of one launch
    tensors    [{"name", "shape", "size", "columns", "across", "down", "scale", "kinds"}]: a row
               holds `columns` elements; a cell stands for `down` rows by `across` elements, which
               `scale` says in words (see tensor_grid); `kinds` "read", "written"
    steps      [{"line", "program", "tensor", "kind", "ranges", "note", "fault"}]: the ranges hold
               the elements touched, as [first, one past the last]; "fault" says whether one is here
    columns    what the columns of `totals` are
    totals     a row for each tensor, as text; "used" is the share of the 32-byte pieces moved that
               was asked for
    faults     [{"says", "step"}]
    left_out   a sentence, when not all of it is shown
"""

import math
from collections.abc import Mapping, Sequence
from html import escape
from itertools import groupby
from typing import Any

import anywidget
import traitlets

from course.widgets.bundle import bundle, styles
from course.widgets.kernel_map import flat_positions, map_of_run
from course.widgets.tensor_grid import grid_of

Run = Mapping[str, Any]

MAX_STEPS = 1_500
VERBS = {"load": "loads", "store": "stores", "atomic": "changes by an atomic"}
COLUMNS = (
    "tensor",
    "elements",
    "loads",
    "of each",
    "stores",
    "of each",
    "bytes used of those moved",
)


class TraceViewer(anywidget.AnyWidget):
    """A viewer of one launch of `run` (`Run.as_dict()` of `kernels.trace`).

    `step` counts accesses from 0 to `count - 1`; `program` is the program to see alone (its number
    as text), or "" for all of them.
    """

    _esm = bundle("trace_viewer.js")
    _css = styles("step_player.css", "trace_viewer.css")

    step = traitlets.Int(0).tag(sync=True)
    count = traitlets.Int(0).tag(sync=True)
    playing = traitlets.Bool(False).tag(sync=True)
    speed = traitlets.Float(4.0).tag(sync=True)
    program = traitlets.Unicode("").tag(sync=True)
    run = traitlets.Dict().tag(sync=True)
    problem = traitlets.Unicode("").tag(sync=True)

    def __init__(self, run: Run, launch: int = 0, problem: str = "") -> None:
        self._recorded, self._launch = run, launch
        told = tell(run, launch)
        super().__init__(run=told, count=len(told["steps"]), problem=problem)

    # without a front end

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        bundled = super()._repr_mimebundle_(**kwargs)
        data, *metadata = bundled if isinstance(bundled, tuple) else (bundled or {},)
        still = {"text/plain": self.as_text(), "text/html": self.as_html()}
        return ({**data, **still}, *metadata) if metadata else {**data, **still}

    def as_text(self) -> str:
        """The run in a few lines of plain text."""
        run = self.run
        lines = [f"{run['name']}: {run['programs']} programs, {self.count} loads and stores"]
        lines += [
            f"{name}: each element is loaded {loads} times and stored {stores} times"
            for name, _, _, loads, _, stores, _ in run["totals"]
        ]
        lines += [fault["says"] for fault in run["faults"]]
        lines += [text for text in (run["left_out"], self.problem) if text]
        lines.append("Run this cell in Jupyter to go through it step by step.")
        return "\n".join(lines)

    def as_html(self) -> str:
        """The map of the whole launch with its tables, for pages without JavaScript."""
        head = "".join(f'<th scope="col">{name}</th>' for name in COLUMNS)
        rows = "".join(
            "<tr>" + "".join(f"<td>{escape(text)}</td>" for text in row) + "</tr>"
            for row in self.run["totals"]
        )
        wrong = [fault["says"] for fault in self.run["faults"]] + [self.problem]
        said = "".join(f'<p style="color:#D55E00">{escape(text)}</p>' for text in wrong if text)
        left_out = f"<p>{escape(self.run['left_out'])}</p>" if self.run["left_out"] else ""
        return (
            f'<div class="stepwise-still">{map_of_run(self._recorded, self._launch)}'
            f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>{said}{left_out}</div>"
        )


def tell(run: Run, number: int = 0) -> dict[str, Any]:
    """One launch of a run as the browser wants it (see the module's text)."""
    launch = run["launches"][number]
    steps, faults, cut = _steps(launch)
    reasons = []
    more = len(run["launches"]) - 1
    if more:
        reasons.append(f"This is launch {number + 1} of {more + 1}.")
    if cut or launch["programs_left_out"]:
        reasons.append(
            f"The first {len(steps):,} loads and stores are shown; the table counts all of them."
        )
    return {
        "name": launch["kernel"],
        "source": launch["source"].rstrip("\n"),
        "first_line": launch["first_line"],
        "programs": math.prod(launch["grid"]),
        "tensors": [
            _layout(name, about["shape"], [step for step in steps if step["tensor"] == index])
            for index, (name, about) in enumerate(launch["arguments"].items())
        ],
        "steps": steps,
        "columns": list(COLUMNS),
        "totals": [_total(name, about) for name, about in launch["arguments"].items()],
        "faults": faults,
        "left_out": " ".join(reasons),
    }


def _steps(launch: Run) -> tuple[list[dict[str, Any]], list[dict[str, Any]], bool]:
    """The steps, the faults with the step at which each first happens, and whether some are cut."""
    names = list(launch["arguments"])
    places = {
        name: flat_positions(about["shape"], about["strides"])
        for name, about in launch["arguments"].items()
    }
    one_axis = launch["grid"][1:] == [1, 1]
    steps: list[dict[str, Any]] = []
    faults: list[dict[str, Any]] = [
        {"says": _said(finding, launch["first_line"]), "step": None}
        for finding in launch["findings"]
    ]
    for program in launch["programs"]:
        who = str(program["id"][0]) if one_axis else _index(program["id"], launch["grid"])
        for access in program["accesses"]:
            if len(steps) >= MAX_STEPS:
                return steps, faults, True
            here = [
                fault
                for fault, finding in zip(faults, launch["findings"], strict=True)
                if program["id"] in finding["programs"]
                and (finding["line"], finding["argument"]) == (access["line"], access["argument"])
            ]
            for fault in here:
                if fault["step"] is None:
                    fault["step"] = len(steps)
            ranges = _flat(access["ranges"], places[access["argument"]])
            note = _note(who, access, ranges) + (" A fault!" if here else "")
            steps.append(
                {
                    "line": access["line"],
                    "program": who,
                    "tensor": names.index(access["argument"]),
                    "kind": "read" if access["operation"] == "load" else "written",
                    "ranges": ranges,
                    "note": note,
                    "fault": bool(here),
                }
            )
    return steps, faults, False


def _said(finding: Run, first_line: int) -> str:
    """The finding with its line counted from the kernel's first, as in the code beside it."""
    line = finding["line"]
    return str(finding["says"]).replace(f"line {line})", f"line {line - first_line + 1})")


def _index(program: Sequence[int], grid: Sequence[int]) -> str:
    axes = 3 if grid[2] > 1 else 2
    return ",".join(map(str, program[:axes]))


def _flat(ranges: Sequence[Sequence[int]], places: Mapping[int, int]) -> list[list[int]]:
    """Offsets in memory as flat positions of elements, in runs."""
    offsets = (offset for start, stop in ranges for offset in range(start, stop))
    found = sorted(places[offset] for offset in offsets if offset in places)
    runs = []
    for _, run in groupby(enumerate(found), lambda pair: pair[1] - pair[0]):
        positions = [position for _, position in run]
        runs.append([positions[0], positions[-1] + 1])
    return runs


def _note(who: str, access: Run, ranges: Sequence[Sequence[int]]) -> str:
    count = sum(stop - start for start, stop in access["ranges"])
    if not count:
        what = "nothing"
    elif not ranges:
        what = f"{count} elements"
    elif len(ranges) == 1 and count == 1:
        what = f"element {ranges[0][0]}"
    elif len(ranges) == 1:
        what = f"elements {ranges[0][0]} … {ranges[0][1] - 1}"
    else:
        what = f"{count} elements from {ranges[0][0]} to {ranges[-1][1] - 1}"
    off = access["masked"]
    lanes = f"; {_lanes(off)} masked" if off else ""
    lanes += f"; {_lanes(access['outside'])} outside it" if access["outside"] else ""
    return f"Program {who} {VERBS[access['operation']]} {what} of {access['argument']}{lanes}."


def _lanes(count: int) -> str:
    return f"{count} lane is" if count == 1 else f"{count} lanes are"


def _layout(name: str, shape: Sequence[int], steps: Sequence[Run]) -> dict[str, Any]:
    """How a tensor is drawn, and for which kinds of access."""
    grid = grid_of(shape)
    return {
        "name": name,
        "shape": " × ".join(map(str, shape)) or "1",
        **grid._asdict(),
        "scale": grid.scale,
        "kinds": [kind for kind in ("read", "written") if any(s["kind"] == kind for s in steps)],
    }


def _total(name: str, about: Run) -> list[str]:
    """A row of the table of traffic, as text."""
    elements = about["elements"]
    stored = about["stored"] + about["atomics"]
    moved = 32 * (about["load_sectors"] + about["store_sectors"])
    used = about["loaded_bytes"] + about["stored_bytes"] + about["atomic_bytes"]
    return [
        name,
        f"{elements:,}",
        f"{about['loaded']:,}",
        f"{about['loaded'] / max(elements, 1):.2f}",
        f"{stored:,}",
        f"{stored / max(elements, 1):.2f}",
        f"{used / moved:.0%}" if moved else "",
    ]
