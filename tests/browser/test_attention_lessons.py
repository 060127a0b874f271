"""The lessons on attention in a real JupyterLab: run, read in both themes, every widget driven."""

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.accessibility import violations
from tests.browser.lab import THEMES, Lab
from tests.browser.player import Player
from tests.browser.test_gallery import assert_well

LIVE_PLOTS = {
    "online_softmax": ["softmax_stream"],
    "attention_without_the_matrix": ["tile_walk", "plot", "roofline", "measured_roofline"],
    "backward": [],
    "real_batches": ["packing_board"],
}
PLAYERS = {"online_softmax": 4}


@pytest.fixture(scope="module", params=LIVE_PLOTS)
def lesson(lab: Lab, request: pytest.FixtureRequest) -> tuple[Lab, str]:
    lab.theme("light")
    lab.open(f"course/07_flash_attention/{request.param}.ipynb")
    failed = lab.run_all(seconds=240)
    assert not failed, failed
    return lab, request.param


def live_plot(lab: Lab, function: str) -> Locator:
    """The first live plot below a cell that calls `function`."""
    numbers = [
        number
        for number, cell in enumerate(lab.cells())
        if cell["cell_type"] == "code" and f"\n{function}(" in "\n" + cell["source"]
    ]
    node = lab.output(numbers[0]).get_by_test_id("live-plot")
    node.scroll_into_view_if_needed()
    return node


def move_every_control(lab: Lab, node: Locator) -> None:
    """Each slider to its ends and its middle, each choice, each switch, with a look at each."""
    for slider in node.locator("input[type=range]:visible").all():
        last = int(slider.get_attribute("max") or 0)
        for place in (0, last, last // 2):
            slider.fill(str(place))
            assert_well(lab, node)
            assert slider.get_attribute("aria-valuetext")
    for select in node.locator("select").all():
        for option in reversed(range(select.locator("option").count())):
            select.select_option(index=option)
            assert_well(lab, node)
    for box in node.locator("input[type=checkbox]").all():
        for _ in range(2):
            box.click()
            assert_well(lab, node)


@pytest.mark.parametrize("theme", THEMES)
def test_it_runs_and_every_widget_answers(lesson: tuple[Lab, str], theme: str) -> None:
    lab, name = lesson
    lab.theme(theme)
    for function in LIVE_PLOTS[name]:
        node = live_plot(lab, function)
        assert_well(lab, node)
        lab.screenshot(f"{name}-{function}-{theme}", node)
        move_every_control(lab, node)
    if LIVE_PLOTS[name]:
        found = violations(lab.page, ".sw-live")
        assert not found, "\n".join(found)
    lab.screenshot_whole(f"{name}-{theme}")
    lab.theme("light")


def test_every_player_steps(lesson: tuple[Lab, str]) -> None:
    lab, name = lesson
    played = [n for n, cell in enumerate(lab.cells()) if "\nplay(" in "\n" + cell["source"]]
    assert len(played) == PLAYERS.get(name, 0)
    for number in played:
        node = lab.output(number).get_by_test_id("step-player")
        node.scroll_into_view_if_needed()
        player = Player(node)
        player.press("last")
        _, count = player.position
        player.expect_step(count)
        player.press("first")
        player.expect_step(1)


def test_larger_tiles_move_fewer_bytes_until_the_sram_overflows(lab: Lab) -> None:
    lab.open("course/07_flash_attention/attention_without_the_matrix.ipynb")
    lab.run_cell(lab.find(lambda cell: "\ntile_walk()" in cell["source"]))
    node = live_plot(lab, "tile_walk")
    notes = node.locator(".sw-notes")
    expect(notes).to_contain_text("160 of 512 bytes")
    expect(notes).to_contain_text("HBM: 1,312 bytes by tiles")
    node.get_by_test_id("control-block_q").select_option("16")
    expect(notes).to_contain_text("HBM: 544 bytes by tiles")
    node.get_by_test_id("control-block_k").select_option("16")
    expect(notes).to_contain_text("1,024 of 512 bytes, an overflow")
    node.get_by_test_id("control-causal").click()
    expect(notes).to_contain_text("1 of 1 tiles have work")
