"""A tensor as rows of cells: how many elements a cell stands for, so that the map stays small."""

import math
from collections.abc import Sequence
from typing import NamedTuple

MAX_COLUMNS = 64
MAX_ROWS = 48
MAX_CELLS = 1536
FOLD = 32  # a vector goes on in the next row after so many cells


class TensorGrid(NamedTuple):
    """The cells of one tensor; elements are counted flat, in the order in which they are read.

    A row of the drawing holds `columns` elements (of a matrix, its rows); a cell stands for `down`
    rows by `across` elements, cut off at the borders.
    """

    size: int
    columns: int
    across: int = 1
    down: int = 1

    @property
    def wide(self) -> int:
        """Cells side by side."""
        return math.ceil(self.columns / self.across)

    @property
    def high(self) -> int:
        """Rows of cells."""
        return math.ceil(self.size / (self.columns * self.down))

    @property
    def cells(self) -> int:
        """How many cells are drawn: all that hold an element."""
        return 1 + self.cell(self.size - 1) if self.size else 0

    @property
    def scale(self) -> str:
        """What a cell stands for, in words; "" where it is one element."""
        if self.down > 1:
            return f"a cell is {self.down} × {self.across} elements"
        return f"a cell is {self.across} elements" if self.across > 1 else ""

    def cell(self, element: int) -> int:
        """The cell of an element; cells are counted row by row."""
        row, column = divmod(element, self.columns)
        return row // self.down * self.wide + column // self.across


def grid_of(shape: Sequence[int]) -> TensorGrid:
    """The finest grid within the limits.

    Elements are merged by powers of two: a kernel's blocks are powers of two as well, so that their
    borders fall between cells.
    """
    size = math.prod(shape)
    if len(shape) == 1:
        columns = min(max(size, 1), FOLD)
        across = _merged(math.ceil(size / columns), MAX_ROWS)
        return TensorGrid(size, columns * across, across)
    columns = max(shape[-1] if shape else 1, 1)
    across = _merged(columns, MAX_COLUMNS)
    wide = math.ceil(columns / across)
    down = _merged(math.ceil(size / columns), min(MAX_ROWS, MAX_CELLS // wide))
    return TensorGrid(size, columns, across, down)


def _merged(count: int, most: int) -> int:
    """The smallest power of two so many of which make one, for at most `most` of them."""
    merged = 1
    while math.ceil(count / merged) > most:
        merged *= 2
    return merged
