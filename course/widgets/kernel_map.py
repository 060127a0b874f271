"""Which program of a kernel touched which element of each tensor, as a small SVG picture.

    kernel_map({"x": (8,), "out": (8,)}, [Touch(0, "x", "load", range(4)), ...])
    map_of_run(run.as_dict())            # of a run recorded by kernels.trace

A cell is an element. It has the colour and the number of the program that touched it (grey and "+"
if there were several); a small number under it says how often it was read or written, when more
than once; a dashed cell with "?" in a tensor that was written was left out (a hole); a red frame
with "!" was part of a race, or was written by several lanes of one store.

Where that would make a tall picture, the tensors stand side by side and their cells are smaller;
in a large tensor, a cell stands for several elements, as its label says.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from html import escape
from itertools import product
from typing import Any, NamedTuple

from course.widgets.pictures import SERIES, Picture, _colour, _svg
from course.widgets.tensor_grid import TensorGrid, grid_of

MOST_CELLS = 1200  # of a tensor of which each element is drawn, with its program's number
MOST_COLUMNS = 64
TALLEST, WIDEST = 640.0, 760.0  # the picture, in pixels, while there are cells small enough
LARGEST, SMALLEST = 24.0, 3.0  # a side of a cell
READABLE = 5.0  # a word's height


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
    maps = []
    for name, shape in tensors.items():
        kinds = [kind for kind in ("read", "written") if who.get((name, kind))] or [""]
        for kind in kinds:
            bad = set((faults or {}).get(name, ()))
            maps.append(_Map(name, tuple(shape), kind, who.get((name, kind), {}), bad))
    placed = _one_below_the_other(maps) or _side_by_side(maps)
    shapes = [piece for one, place in zip(maps, placed, strict=True) for piece in one.drawn(place)]
    wide = max([120.0, *(place.right for place in placed)])
    high = max([4.0, *(place.bottom for place in placed)])
    return _svg(wide, high, shapes, title, "; ".join(one.words() for one in maps))


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


class _Place(NamedTuple):
    """Where a tensor is drawn: the grid of its cells, a cell's side, and its label's lines."""

    grid: TensorGrid
    side: float
    label: tuple[str, ...]
    left: float
    top: float

    @property
    def right(self) -> float:
        wide, narrow = len(self.label[0]) * 8.5, max([len(line) for line in self.label[1:]] or [0])
        return self.left + 8 + max(self.grid.wide * self.side, wide, narrow * 6.5)

    @property
    def cells_top(self) -> float:
        return self.top + 20 + 14 * (len(self.label) - 1)

    @property
    def bottom(self) -> float:
        return self.cells_top + 12 + self.grid.high * self.side


class _Map(NamedTuple):
    """One tensor, and who read or wrote each of its elements."""

    name: str
    shape: tuple[int, ...]
    kind: str
    who: Mapping[int, Counter[int]]
    bad: set[int]

    @property
    def label(self) -> str:
        return f"{self.name} ({self._size})" + (f", {self.kind}" if self.kind else "")

    @property
    def _size(self) -> str:
        return " × ".join(map(str, self.shape)) or "1"

    def lines(self, grid: TensorGrid) -> tuple[str, ...]:
        """The label on lines short enough to stand over a narrow map."""
        short = self.name + (f", {self.kind}" if self.kind else "")
        return (short, self._size, *([grid.scale] if grid.scale else []))

    def words(self) -> str:
        """What is seen, for who does not see it."""
        again = sum(1 for counts in self.who.values() if sum(counts.values()) > 1)
        holes = math.prod(self.shape) - len(self.who) if self.kind == "written" else 0
        words = [self.label]
        words += [f"{again} elements more than once"] if again else []
        words += [f"{holes} never"] if holes else []
        words += [f"{len(self.bad)} in a fault"] if self.bad else []
        return ", ".join(words)

    def drawn(self, place: _Place) -> list[str]:
        """The shapes: the label, and the cells."""
        styles = ["font-weight:600"] + ["font-size:11px;opacity:.75"] * (len(place.label) - 1)
        drawn = [
            f'<text x="{place.left:.0f}" y="{place.top + 13 + 14 * line:.0f}" '
            f'style="fill:currentColor;{style}">{escape(text)}</text>'
            for line, (text, style) in enumerate(zip(place.label, styles, strict=True))
        ]
        grid, side = place.grid, place.side
        inside: Counter[int] = Counter(map(grid.cell, range(grid.size)))
        touched: Counter[int] = Counter(map(grid.cell, self.who))
        programs: dict[int, Counter[int]] = defaultdict(Counter)
        for element, counts in self.who.items():
            programs[grid.cell(element)].update(counts)
        bad = set(map(grid.cell, self.bad))
        for cell, elements in inside.items():
            row, column = divmod(cell, grid.wide)
            times = -(-programs[cell].total() // elements)
            hole = self.kind == "written" and touched[cell] < elements
            look = _Look(programs[cell].keys(), times, hole, cell in bad)
            drawn.append(
                _cell(place.left + column * side, place.cells_top + row * side, side, look)
            )
        return drawn


def _one_below_the_other(maps: Sequence[_Map]) -> list[_Place]:
    """Every element large enough to be numbered; nothing, if that takes too much room."""
    placed = []
    top = 4.0
    for one in maps:
        columns = max(one.shape[-1] if one.shape else 1, 1)
        grid = TensorGrid(math.prod(one.shape), columns)
        side = max(10.0, min(LARGEST, WIDEST / columns))
        placed.append(_Place(grid, side, (one.label,), 4, top))
        top = placed[-1].bottom
        if columns > MOST_COLUMNS or grid.size > MOST_CELLS or top > TALLEST:
            return []
    return placed


def _side_by_side(maps: Sequence[_Map]) -> list[_Place]:
    """In rows like words in a paragraph, with the largest cells that keep the picture low."""
    side = LARGEST
    while True:
        placed: list[_Place] = []
        left = top = below = 4.0
        for one in maps:
            grid = grid_of(one.shape)
            own = max(min(side, (WIDEST - 12) / grid.wide), SMALLEST)
            place = _Place(grid, own, one.lines(grid), left, top)
            if left > 4 and place.right > WIDEST:
                place = place._replace(left=4.0, top=below)
            placed.append(place)
            left, top, below = place.right + 8, place.top, max(below, place.bottom)
        if below <= TALLEST or side <= SMALLEST:
            return placed
        side -= 0.5


class _Look(NamedTuple):
    """A cell: the programs that touched it, how often, whether something is missing or wrong."""

    programs: Collection[int]
    times: int
    hole: bool
    bad: bool


def _cell(x: float, y: float, side: float, look: _Look) -> str:
    inner = side - min(1.5, 0.2 * side)
    round_by = f"{min(2, side / 5):.2g}"
    box = f'x="{x:.1f}" y="{y:.1f}" width="{inner:.1f}" height="{inner:.1f}" rx="{round_by}"'
    missing = f"stroke:{_colour('wrong')};stroke-dasharray:3 2;"
    if not look.programs:
        edge = missing if look.hole else "stroke:currentColor;stroke-opacity:.35;"
        mark = _text(x + inner / 2, y + inner / 2, "?", side) if look.hole else ""
        return f'<rect {box} style="fill:none;{edge}"/>{mark}'
    first = min(look.programs)
    alone = len(look.programs) == 1
    fill = SERIES[first % len(SERIES)] if alone else "#7f7f7f"
    edge = missing if look.hole else "stroke:none"
    edge = f"stroke:{_colour('wrong')};stroke-width:{min(2.5, side / 4)}" if look.bad else edge
    word = "!" if look.bad else "?" if look.hole else str(first) if alone else "+"
    several = look.times > 1
    again = _text(x + inner / 2, y + inner - 3, f"×{look.times}", side * 0.62) if several else ""
    middle = y + inner / 2 - (side * 0.17 if again else 0)
    text = _text(x + inner / 2, middle, word, side * (0.8 if again else 1)) + again
    strength = ".4" if text else ".7"  # nothing is written on it
    return f'<rect {box} style="fill:{fill};fill-opacity:{strength};{edge}"/>{text}'


def _text(x: float, y: float, word: str, side: float) -> str:
    """The word in the middle of (x, y); nothing, where it would be too small to be read."""
    size = min(side * 0.55, 12.0, side / max(len(word), 1) * 1.3)
    if size < READABLE:
        return ""
    return (
        f'<text x="{x:.1f}" y="{y + size * 0.36:.1f}" text-anchor="middle" '
        f'style="font-size:{size:.1f}px;fill:currentColor">{escape(word)}</text>'
    )
