"""The step player answers within a frame or two; a picture redrawn by the kernel does not."""

from tests.benchmarks.widget_latency import (
    INPUT,
    MATPLOTLIB,
    PLAYER,
    measure,
    table,
)
from tests.browser.lab import Lab
from tests.browser.server import Server

STEP_MS, INPUT_MS = 50, 120  # 95th percentiles: in the browser alone, and through the kernel
ROUNDS = 4


def test_the_step_player_keeps_its_budgets(lab: Lab, server: Server) -> None:
    """Other work on the machine can only make it slower, so one round within budget is enough."""
    for _ in range(ROUNDS):
        measured = measure(lab, server)
        # Other work slows both: a widget that asked the kernel would not stay this far below.
        assert measured[PLAYER].median < measured[MATPLOTLIB].median / 2, table(measured)
        assert measured[PLAYER].blank_frames == measured[INPUT].blank_frames == 0, table(measured)
        if measured[PLAYER].p95 <= STEP_MS and measured[INPUT].p95 <= INPUT_MS:
            return
    raise AssertionError(f"over {STEP_MS} and {INPUT_MS} ms in {ROUNDS} rounds\n{table(measured)}")
