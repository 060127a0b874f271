"""Which program of a kernel touched which element of each tensor, as a small SVG picture.

    kernel_map({"x": (8,), "out": (8,)}, [Touch(0, "x", "load", range(4)), ...])
    map_of_run(run.as_dict())            # of a run recorded by kernels.trace

A cell is an element. It has the colour and the number of the program that touched it (grey and "+"
if there were several); a small number under it says how often it was read or written, when more
than once; a dashed cell with "?" in a tensor that was written was left out (a hole); a red frame
with "!" was part of a race, or was written by several lanes of one store.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from itertools import product
from typing import Any, NamedTuple

from course.widgets.pictures import SERIES, Picture, _colour, _svg

MOST_CELLS = 1200  # of one tensor; a larger one is drawn up to there
MOST_COLUMNS = 64


class Touch(NamedTuple):
    """One program's load, store or atomic of some elements, by their flat position."""

    program: int
    argument: str
    operation: str  # "load", "store" or "atomic"
    elements: Iterable[int]


def kernel_map(
    tensors: Mapping[str, Sequence[int]],
    touches: Iterable[Touch],
    faults: Mapping[str, Iterable[int]] | None = None,
    title: str = "What each program reads and writes",
) -> Picture:
    """Draw the tensors (name → shape) with the programs that touched each element.

    `faults` marks elements by name of the tensor: races and colliding lanes.
    """
    who: dict[tuple[str, str], dict[int, Counter[int]]] = defaultdict(lambda: defaultdict(Counter))
    for touch in touches:
        kind = "read" if touch.operation == "load" else "written"
        for element in touch.elements:
            who[touch.argument, kind][element][touch.program] += 1
    shapes: list[str] = []
    said: list[str] = []
    top, wide = 4.0, 120.0
    for name, shape in tensors.items():
        kinds = [kind for kind in ("read", "written") if who.get((name, kind))] or [""]
        for kind in kinds:
            bad = set((faults or {}).get(name, ()))
            drawn, width, height, words = _tensor(
                name, tuple(shape), kind, who.get((name, kind), {}), bad, top
            )
            shapes += drawn
            said.append(words)
            top, wide = top + height, max(wide, width)
    return _svg(wide, top, shapes, title, "; ".join(said))


def map_of_run(run: Mapping[str, Any], number: int = 0) -> Picture:
    """The picture of one launch of a run (`Run.as_dict()` of `kernels.trace`)."""
    launch = run["launches"][number]
    across, down, _ = launch["grid"]
    tensors, places = {}, {}
    faults: dict[str, list[int]] = {}
    for name, argument in launch["arguments"].items():
        tensors[name] = argument["shape"]
        places[name] = flat_positions(argument["shape"], argument["strides"])
    touches = []
    for program in launch["programs"]:
        x, y, z = program["id"]
        for access in program["accesses"]:
            place = places[access["argument"]]
            offsets = (o for start, stop in access["ranges"] for o in range(start, stop))
            elements = [place[offset] for offset in offsets if offset in place]
            touches.append(
                Touch(x + across * (y + down * z), access["argument"], access["operation"],
                      elements)
            )  # fmt: skip
    for finding in launch["findings"]:
        place = places[finding["argument"]]
        faults.setdefault(finding["argument"], []).extend(
            place[offset] for offset in finding["offsets"] if offset in place
        )
    title = f"{launch['kernel']}: {math.prod(launch['grid'])} programs"
    if len(run["launches"]) > 1:
        title += f" (launch {number + 1} of {len(run['launches'])})"
    return kernel_map(tensors, touches, faults, title)


def flat_positions(shape: Sequence[int], strides: Sequence[int]) -> dict[int, int]:
    """{offset in memory: flat position} of a tensor's elements, in order."""
    return {
        sum(i * s for i, s in zip(index, strides, strict=True)): flat
        for flat, index in enumerate(product(*map(range, shape)))
    }


def _tensor(
    name: str,
    shape: tuple[int, ...],
    kind: str,
    who: Mapping[int, Counter[int]],
    bad: set[int],
    top: float,
) -> tuple[list[str], float, float, str]:
    """One tensor: its shapes, its width and height, and what is seen, in words."""
    size = math.prod(shape)
    columns = max(shape[-1] if shape else 1, 1)
    shown = min(columns, MOST_COLUMNS)
    rows = min(math.ceil(size / columns), max(MOST_CELLS // shown, 1))
    side = max(10.0, min(24.0, 760 / shown))
    label = f"{name} ({' × '.join(map(str, shape)) or '1'})" + (f", {kind}" if kind else "")
    drawn = [
        f'<text x="4" y="{top + 13:.0f}" style="fill:currentColor;font-weight:600">'
        f"{escape(label)}</text>"
    ]
    for row, column in product(range(rows), range(shown)):
        flat = row * columns + column
        if flat < size:
            x, y = 4 + column * side, top + 20 + row * side
            drawn.append(_cell(x, y, side, who.get(flat, Counter()), kind, flat in bad))
    holes = size - len(who) if kind == "written" else 0
    again = sum(1 for counts in who.values() if sum(counts.values()) > 1)
    words = [label]
    words += [f"{again} elements more than once"] if again else []
    words += [f"{holes} never"] if holes and size <= MOST_CELLS else []
    words += [f"{len(bad)} in a fault"] if bad else []
    width = max(12 + shown * side, 12 + 8.5 * len(label))
    if shown < columns or rows * columns < size:
        drawn.append(
            f'<text x="4" y="{top + 32 + rows * side:.0f}" style="font-size:11px;opacity:.75;'
            f'fill:currentColor">… of {size} elements, {rows} × {shown} are drawn</text>'
        )
        return drawn, width, 48 + rows * side, ", ".join(words)
    return drawn, width, 32 + rows * side, ", ".join(words)


def _cell(x: float, y: float, side: float, programs: Counter[int], kind: str, bad: bool) -> str:
    inner = side - 1.5
    box = f'x="{x:.1f}" y="{y:.1f}" width="{inner:.1f}" height="{inner:.1f}" rx="2"'
    if not programs:
        dashes = "stroke-dasharray:3 2;" if kind == "written" else ""
        colour = _colour("wrong") if kind == "written" else "currentColor"
        faint = "" if kind == "written" else "stroke-opacity:.35;"
        mark = _text(x + inner / 2, y + inner / 2, "?", side) if kind == "written" else ""
        return f'<rect {box} style="fill:none;stroke:{colour};{dashes}{faint}"/>{mark}'
    first = min(programs)
    fill = SERIES[first % len(SERIES)] if len(programs) == 1 else "#7f7f7f"
    edge = f"stroke:{_colour('wrong')};stroke-width:2.5" if bad else "stroke:none"
    times = sum(programs.values())
    word = "!" if bad else str(first) if len(programs) == 1 else "+"
    again = _text(x + inner / 2, y + inner - 3, f"×{times}", side * 0.62) if times > 1 else ""
    middle = y + inner / 2 - (side * 0.17 if again else 0)
    return (
        f'<rect {box} style="fill:{fill};fill-opacity:.4;{edge}"/>'
        f"{_text(x + inner / 2, middle, word, side * (0.8 if again else 1))}{again}"
    )


def _text(x: float, y: float, word: str, side: float) -> str:
    size = min(side * 0.55, 12.0, side / max(len(word), 1) * 1.3)
    return (
        f'<text x="{x:.1f}" y="{y + size * 0.36:.1f}" text-anchor="middle" '
        f'style="font-size:{size:.1f}px;fill:currentColor">{escape(word)}</text>'
    )
