"""The lessons of the unit on activations: run, read in both themes, and every widget moved."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.accessibility import violations
from tests.browser.lab import THEMES, Lab
from tests.browser.server import Server
from tests.browser.test_gallery import assert_drawn, assert_well, settle

LESSONS = ("from_threshold_to_relu", "rectifiers_and_initialisation", "smooth_and_gated")
WIDTHS = (1600, 800, 320)

# One of each widget, on the reader's own functions.
WIDGETS = [
    """\
import torch
from torch.nn import functional as F
from course.widgets import *

def mine(x):
    return x if x > 0 else 0.1 * x

def learn(w, x, y):
    wrong = y * sum(a * b for a, b in zip(w, x)) <= 0
    return [a + y * b for a, b in zip(w, x)] if wrong else w""",
    "activation_explorer(mine, torch.tanh, F.gelu, F.selu, shown=['mine', 'tanh'])",
    "signal_lab(F.relu, mine, torch.tanh, depth=5)",
    "perceptron_board(learn, yes=[(2, 6), (4, 7)], no=[(3, 2), (6, 3)])",
    "classifier_playground(F.relu, mine, data='circles', steps=20)",
    "1 + 1",
]
EXPLORER, SIGNALS, BOARD, PLAYGROUND = range(1, 5)


@pytest.fixture(scope="module")
def widgets(lab: Lab, server: Server) -> Lab:
    lab.theme("light")
    lab.open(server.write_notebook("activations.ipynb", WIDGETS))
    assert not lab.run_all()
    return lab


@pytest.fixture
def narrow(widgets: Lab) -> Iterator[Lab]:
    """The notebook without the file browser, for windows as narrow as a telephone."""
    widgets.command("filebrowser:toggle-main")
    yield widgets
    widgets.command("filebrowser:toggle-main")
    widgets.size(1400, 900)
    widgets.theme("light")


def widget(lab: Lab, cell: int) -> Locator:
    node = lab.output(cell).locator(".sw-live")
    node.scroll_into_view_if_needed()
    return node


# the widgets


@pytest.mark.parametrize("cell", [EXPLORER, SIGNALS, BOARD, PLAYGROUND])
def test_every_control_at_its_minimum_middle_and_maximum(widgets: Lab, cell: int) -> None:
    node = widget(widgets, cell)
    for slider in node.locator(".sw-controls input[type=range]").all():
        last = int(slider.get_attribute("max") or 0)
        for place in (0, last // 2, last):
            with _begun_anew(node):
                slider.fill(str(place))
            assert_well(widgets, node)
    for select in node.locator("select").all():
        for option in range(select.locator("option").count()):
            with _begun_anew(node):
                select.select_option(index=option)
            assert_well(widgets, node)
        with _begun_anew(node):
            select.select_option(index=0)
    for handle in node.get_by_role("slider").and_(node.locator("g")).all():
        handle.focus()
        for key in ("Home", "End", "Shift+ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"):
            widgets.page.keyboard.press(key)
            assert_well(widgets, node)
    for entry in node.get_by_test_id("plot-legend").all()[-1:]:
        before = entry.get_attribute("aria-pressed")
        entry.click()
        expect(entry).not_to_have_attribute("aria-pressed", before or "")
        entry.click()


@contextmanager
def _begun_anew(node: Locator) -> Iterator[None]:
    """A training view is reset before a setting is changed, and has taken one step after it."""
    training = node.get_by_test_id("train-state").count() > 0
    state = node.get_by_test_id("train-state")
    if training:
        node.get_by_test_id("train-reset").click()
        expect(state).to_have_text("ready · step 0")
    yield
    if training:
        node.get_by_test_id("train-step").click()
        expect(state).to_have_text("paused · step 1")


@pytest.mark.parametrize("theme", THEMES)
def test_it_is_well_at_every_width_and_axe_finds_nothing_wrong(narrow: Lab, theme: str) -> None:
    narrow.theme(theme)
    for width in WIDTHS:
        narrow.size(width, 900)
        for cell in (EXPLORER, SIGNALS, BOARD, PLAYGROUND):
            node = widget(narrow, cell)
            settle(narrow)
            assert_drawn(node)
            outer = node.bounding_box()
            assert outer
            for inside in node.locator(".sw-panel, .sw-controls, .sw-presses, .sw-past").all():
                inner = inside.bounding_box()
                if inner:
                    assert inner["x"] + inner["width"] <= outer["x"] + outer["width"] + 1
            narrow.screenshot(f"activations-{cell}-{theme}-{width}", node)
    found = violations(narrow.page, ".sw-live")
    assert not found, "\n".join(found)


def test_the_explorer_reads_values_and_slopes_at_the_dragged_input(widgets: Lab) -> None:
    node = widget(widgets, EXPLORER)
    grips = node.get_by_test_id("plot-cursor")
    grips.first.focus()
    widgets.page.keyboard.press("Home")
    for grip, values in zip(
        grips.all(), ("mine −0.5, tanh −0.9999", "mine 0.1, tanh"), strict=True
    ):
        expect(grip).to_have_attribute("aria-valuetext", re.compile(f"^input −5, {values}"))
    hidden = node.get_by_test_id("plot-legend").filter(has_text="gelu")
    expect(hidden.first).to_have_attribute("aria-pressed", "false")
    hidden.first.press("Enter")
    expect(hidden.nth(1)).to_have_attribute("aria-pressed", "true")  # its derivative with it


def test_new_weights_move_what_is_measured_and_leave_theory(widgets: Lab) -> None:
    widgets.run_cell(SIGNALS)
    node = widget(widgets, SIGNALS)
    expect(node.locator(".sw-notes").nth(2)).to_contain_text("theory")
    measured = node.locator("[data-layer='2.0'] path")
    theory = node.locator("[data-layer='2.1'] path")
    before, said = measured.get_attribute("d"), theory.get_attribute("d")
    node.get_by_test_id("press-New weights").press("Enter")
    expect(measured).not_to_have_attribute("d", before or "")
    expect(theory).to_have_attribute("d", said or "")


def test_the_rule_is_stepped_until_all_are_right(widgets: Lab) -> None:
    widgets.run_cell(BOARD)
    node = widget(widgets, BOARD)
    notes = node.locator(".sw-notes")
    expect(notes).to_contain_text("0 of 4 on their own side")
    node.get_by_test_id("press-Next example").click()
    expect(notes).to_contain_text("weights (1, 2, 6) · changed 1 ×")
    for _ in range(30):
        node.get_by_test_id("press-Next mistake").click()
    expect(notes).to_contain_text("✓ 4 of 4 on their own side")
    point = node.get_by_test_id("plot-point-no-0")
    point.focus()
    for _ in range(12):
        widgets.page.keyboard.press("ArrowUp")
    expect(notes).to_contain_text("✗ 3 of 4 on their own side")
    node.get_by_test_id("press-Start again").click()
    expect(notes).to_contain_text("weights (0, 0, 0) · changed 0 ×")


def test_the_playground_trains_live_on_the_readers_function(widgets: Lab) -> None:
    node = widget(widgets, PLAYGROUND)
    node.get_by_test_id("control-activation").select_option("mine")
    node.get_by_test_id("train-run").click()
    expect(node.locator(".sw-notes").first).to_contain_text(
        "of the points are right", timeout=30_000
    )
    widgets.run_cell(PLAYGROUND + 1, seconds=30)  # the notebook answers meanwhile
    node.scroll_into_view_if_needed()
    expect(node.get_by_test_id("train-run")).to_have_attribute("aria-label", "Pause")
    node.get_by_test_id("control-rate").fill("10")
    node.get_by_test_id("train-run").click()
    expect(node.get_by_test_id("train-state")).to_have_text(re.compile(r"paused · step \d\d"))
    assert_well(widgets, node)


# the lessons


@pytest.mark.parametrize("name", LESSONS)
def test_a_lesson_runs_and_can_be_read_in_every_theme(lab: Lab, name: str) -> None:
    lab.open(f"course/03_activations/{name}.ipynb")
    failed = lab.run_all()
    assert not failed, failed
    for theme in THEMES:
        lab.theme(theme)
        lab.screenshot_whole(f"{name}-{theme}")
    lab.theme("light")
    for node in lab.page.locator(".jp-NotebookPanel:not(.lm-mod-hidden) .sw-live").all():
        node.scroll_into_view_if_needed()
        assert_well(lab, node)
