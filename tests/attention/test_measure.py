"""Where a function stands on a roofline: operations and bytes by count, time by the clock."""

import pytest
import torch

from course.measure import Placed, place, this_machine
from course.memory import Machine, hbm_empty
from course.widgets.attention import measured_roofline


def product(A, B):
    C = hbm_empty(len(A), B.shape[1])
    C[:] = A @ B
    return C


def test_operations_in_products_are_counted():
    machine = Machine()
    machine.run(product, torch.ones(3, 5), torch.ones(5, 7))
    assert machine.flops == 2 * 3 * 5 * 7
    batched = torch.ones(2, 3, 5)
    machine.run(lambda x: ((x @ x.mT) * 2, None)[1], batched)
    assert machine.flops == 2 * 3 * 5 * 7 + 2 * 2 * 3 * 5 * 3
    machine = Machine()
    machine.run(
        lambda x, y: (torch.addmm(x, x, y), x[0] @ y, x[0] @ y[0], None)[3], *[torch.ones(4, 4)] * 2
    )
    assert machine.flops == 2 * 4**3 + 2 * 4**2 + 2 * 4


def test_a_function_is_placed_by_what_it_does():
    placed = place(product, torch.ones(8, 4), torch.ones(4, 8))
    assert placed.flops == 2 * 8 * 4 * 8
    assert placed.traffic == 4 * (32 + 32 + 64)
    assert placed.seconds > 0
    assert placed.intensity == 1.0
    assert placed.rate == pytest.approx(placed.flops / placed.seconds)


def test_this_machine_can_do_something():
    flops, rate = this_machine(size=64, megabytes=1)
    assert flops > 1e6
    assert rate > 1e6


def test_the_plot_says_how_near_the_roof_each_is():
    placed = {"slow": Placed(10**9, 10**9, 1.0), "fast": Placed(10**9, 10**6, 0.1)}
    said = measured_roofline(2e10, 1e10, placed).as_text()
    assert "slow: 1 FLOP a byte, 1 GFLOP/s, 10% of the roof there" in said
    assert "fast: 1e+03 FLOP a byte, 10 GFLOP/s, 50% of the roof there" in said
