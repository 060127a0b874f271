"""The grid of cells in which a tensor is drawn."""

import numpy as np
import pytest

from course.widgets.tensor_grid import MAX_CELLS, MAX_COLUMNS, MAX_ROWS, grid_of

SHAPES = [
    (),
    (0,),
    (5,),
    (33,),
    (5000,),
    (3, 7),
    (40, 16),
    (300, 1000),
    (96, 64),
    (2, 3, 9),
    (1, 4000),
]


@pytest.mark.parametrize("shape", SHAPES)
def test_the_cells_are_few_and_hold_every_element_once(shape: tuple[int, ...]) -> None:
    grid = grid_of(shape)
    assert grid.wide <= MAX_COLUMNS
    assert grid.high <= MAX_ROWS
    assert grid.wide * grid.high <= MAX_CELLS
    cells = {grid.cell(element) for element in range(int(np.prod(shape)))}
    assert cells == set(range(grid.cells))


def test_a_cell_holds_neighbours() -> None:
    grid = grid_of((300, 1000))
    assert grid.scale == "a cell is 16 × 16 elements"
    flat = np.arange(300_000).reshape(300, 1000)
    of_cell = np.vectorize(grid.cell)(flat)
    for cell, corner in (
        (0, (0, 0)),
        (1, (0, 16)),
        (grid.wide, (16, 0)),
        (grid.wide * 19 - 1, (288, 992)),
    ):
        rows, columns = np.nonzero(of_cell == cell)
        assert (rows.min(), columns.min()) == corner
        assert rows.max() == min(corner[0] + 15, 299)
        assert columns.max() == min(corner[1] + 15, 999)


def test_a_small_tensor_keeps_a_cell_for_each_element_and_a_vector_is_folded() -> None:
    assert [grid_of(shape).scale for shape in [(40, 16), (36, 40), (300,), (4, 64)]] == [""] * 4
    assert (grid_of((300,)).wide, grid_of((300,)).high) == (32, 10)
    assert grid_of((20,)).wide == 20
    assert grid_of((5000,)).scale == "a cell is 4 elements"
    assert grid_of((96, 16)).scale == "a cell is 2 × 1 elements"
