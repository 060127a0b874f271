"""The other lessons of the unit on algorithms: run, read in both themes, and moved."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.lab import THEMES, Lab
from tests.browser.player import Player

LESSONS = (
    "hashing_and_windows",
    "trees_and_backtracking",
    "order_and_dynamic_programming",
    "geometry",
)


@pytest.fixture(scope="module", params=LESSONS)
def lesson(lab: Lab, request: pytest.FixtureRequest) -> tuple[Lab, str]:
    lab.theme("light")
    lab.open(f"course/01_algorithms/{request.param}.ipynb")
    failed = lab.run_all()
    assert not failed, failed
    return lab, request.param


@pytest.mark.parametrize("theme", THEMES)
def test_it_runs_and_can_be_read_in_every_theme(lesson: tuple[Lab, str], theme: str) -> None:
    lab, name = lesson
    lab.theme(theme)
    lab.screenshot_whole(f"{name}-{theme}")
    lab.theme("light")


def test_every_player_is_there_and_steps(lesson: tuple[Lab, str]) -> None:
    lab, _ = lesson
    played = [
        n for n, cell in enumerate(lab.cells()) if re.search(r"^play\(", cell["source"], re.M)
    ]
    assert len(played) >= 4
    for number in played:
        node = lab.output(number).get_by_test_id("step-player")
        node.scroll_into_view_if_needed()
        player = Player(node)
        player.press("last")
        _, count = player.position
        player.expect_step(count)
        player.press("first")
        player.expect_step(1)


def test_dragging_a_point_asks_the_readers_function(lab: Lab) -> None:
    lab.open("course/01_algorithms/geometry.ipynb")
    assert not lab.run_all()
    number = lab.find(lambda cell: "board(walk=" in cell["source"])
    board = lab.output(number).get_by_test_id("live-plot")
    board.scroll_into_view_if_needed()
    notes = board.locator(".sw-notes")
    expect(notes).to_contain_text("left: the cross product is 19")
    point = board.get_by_test_id("plot-point-walk-2")
    point.focus()
    for _ in range(5):  # half of the board down
        point.press("Shift+ArrowDown")
    expect(notes).to_contain_text("right: the cross product is -6")
    lab.screenshot("geometry-board", board)
