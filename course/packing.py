"""Which sequences share a row of a batch: the classic ways of packing, on lengths alone.

Each takes lengths and the capacity of a row, and gives rows as lists of lengths. A length above the
capacity raises ValueError. First-fit and best-fit here take the longest first ("decreasing"), which
needs all lengths beforehand; next-fit works on a stream.

Source: D. S. Johnson, *Near-optimal bin packing algorithms*, 1973; for transformers, M. M. Krell et
al., *Efficient Sequence Packing without Cross-contamination*, arXiv 2107.02027.
"""

from collections.abc import Sequence

Rows = list[list[int]]


def one_a_row(lengths: Sequence[int], capacity: int) -> Rows:
    """A padded batch: every sequence has a row of its own."""
    return [[length] for length in _checked(lengths, capacity)]


def next_fit(lengths: Sequence[int], capacity: int) -> Rows:
    """In the order given: into the last row if it fits, else a new row. Old rows are closed."""
    rows: Rows = []
    for length in _checked(lengths, capacity):
        if not rows or sum(rows[-1]) + length > capacity:
            rows.append([])
        rows[-1].append(length)
    return rows


def first_fit(lengths: Sequence[int], capacity: int) -> Rows:
    """The longest first, each into the first row that has room."""
    rows: Rows = []
    for length in sorted(_checked(lengths, capacity), reverse=True):
        row = next((row for row in rows if sum(row) + length <= capacity), None)
        if row is None:
            rows.append(row := [])
        row.append(length)
    return rows


def best_fit(lengths: Sequence[int], capacity: int) -> Rows:
    """The longest first, each into the row that it fills best."""
    rows: Rows = []
    for length in sorted(_checked(lengths, capacity), reverse=True):
        fitting = [row for row in rows if sum(row) + length <= capacity]
        if not fitting:
            rows.append([])
            fitting = rows[-1:]
        max(fitting, key=sum).append(length)
    return rows


def padding(rows: Rows, capacity: int) -> float:
    """The share of all places that hold no token."""
    return 1 - sum(map(sum, rows)) / (len(rows) * capacity)


def _checked(lengths: Sequence[int], capacity: int) -> Sequence[int]:
    too_long = [length for length in lengths if length > capacity]
    if too_long:
        raise ValueError(f"a sequence of {too_long[0]} does not fit into rows of {capacity}")
    return lengths
