"""The trace viewer in JupyterLab: stepping, keys, faults, one program alone, widths and themes."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.accessibility import sticking_out, violations
from tests.browser.lab import THEMES, Lab
from tests.browser.server import ROOT, Server
from tests.browser.test_views import WIDTHS

KERNEL = """\
from course.checks.kernels import normal, play_kernel
import torch, triton, triton.language as tl

@triton.jit
def pairs_kernel(x_ptr, out_ptr, N, SHIFT: tl.constexpr, BLOCK: tl.constexpr):
    i = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    left = tl.load(x_ptr + i, mask=i < N)
    right = tl.load(x_ptr + i + 1, mask=i < N - 1)
    tl.store(out_ptr + i + SHIFT, left + right, mask=i < N - 1)

def pairs(x, shift=0):
    out = torch.zeros_like(x)
    pairs_kernel[(triton.cdiv(x.numel(), 4),)](x, out, x.numel(), SHIFT=shift, BLOCK=4)
    return out
"""
ROWS = """\
@triton.jit
def rows_kernel(x_ptr, out_ptr, N, BLOCK: tl.constexpr):
    n = tl.arange(0, BLOCK)
    row = tl.load(x_ptr + tl.program_id(0) * N + n, mask=n < N)
    tl.store(out_ptr + tl.program_id(0) * N + n, row, mask=n < N)

def rows(x):
    out = torch.zeros_like(x)
    rows_kernel[(x.shape[0],)](x, out, x.shape[1], BLOCK=1024)
    return out

play_kernel(rows, normal(12, 150))
"""
RUNG_10 = ROOT / "solutions/08_triton_lab/attention_backward.py"
EIGHT = ("attention_backward_keys_twin", "attention_backward_inputs", "attention_backward_keys")
CELLS = [
    KERNEL,
    "play_kernel(pairs, normal(10))",
    "play_kernel(pairs, normal(10), 3)",
    ROWS,
    *(
        re.split(r"^# %%", RUNG_10.read_text().split(f'"grade_id": "{name}"')[1], flags=re.M)[
            0
        ].split("\n", 1)[1]
        for name in EIGHT
    ),
    "play_kernel(attention_backward_keys, *heads(1, 34, 40))",
    "play_kernel(rows, normal(300, 1000))",
]
RIGHT, SHIFTED, MANY, EIGHT_TENSORS, LARGE = 1, 2, 3, 7, 8


@pytest.fixture(scope="module")
def traces(lab: Lab, server: Server) -> Lab:
    lab.theme("light")
    lab.open(server.write_notebook("traces.ipynb", CELLS))
    assert not lab.run_all()
    return lab


def viewer(lab: Lab, cell: int) -> Locator:
    node = lab.output(cell).get_by_test_id("trace-viewer")
    node.scroll_into_view_if_needed()
    return node


def expect_step(node: Locator, step: int) -> None:
    expect(node.get_by_test_id("step-position")).to_have_text(re.compile(f"^step {step} of "))


def told(node: Locator, tensor: str, kind: str) -> str:
    art = node.locator(f'[data-tensor="{tensor}"][data-kind="{kind}"] svg')
    return str(art.get_attribute("aria-label"))


def test_every_load_and_store_is_stepped_through(traces: Lab) -> None:
    node = viewer(traces, RIGHT)
    node.press("Home")
    expect_step(node, 1)
    expect(node.get_by_test_id("step-note")).to_have_text(
        "Program 0 loads elements 0 … 3 of x_ptr."
    )
    assert "tl.load(x_ptr + i, mask" in node.locator(".sw-line.sw-current code").inner_text()
    assert told(node, "x_ptr", "read") == "x_ptr: 4 of 10 cells read"
    node.press("ArrowRight")
    expect_step(node, 2)
    assert told(node, "x_ptr", "read") == "x_ptr: 5 of 10 cells read, 3 more than once"
    node.press("End")
    expect_step(node, 9)
    assert told(node, "x_ptr", "read") == "x_ptr: 10 of 10 cells read, 9 more than once"
    assert told(node, "out_ptr", "written") == "out_ptr: 9 of 10 cells written, 1 never written"
    words = node.locator('[data-tensor="x_ptr"] text:not(.sw-tiny)').all_text_contents()
    assert words == ["0", "0", "0", "0", "+", "1", "1", "1", "+", "2"]
    node.press("ArrowLeft")
    expect_step(node, 8)
    row = node.get_by_test_id("trace-traffic").locator("tbody tr").first
    assert row.inner_text().split() == ["x_ptr", "10", "19", "1.90", "0", "0.00", "34%"]


def test_it_plays_to_the_end_and_stops(traces: Lab) -> None:
    node = viewer(traces, RIGHT)
    node.press("Home")
    node.get_by_test_id("step-speed").select_option("60")
    node.get_by_test_id("step-play").click()
    expect_step(node, 9)
    expect(node.get_by_test_id("step-play")).to_have_attribute("aria-label", "Play")
    node.get_by_test_id("step-slider").fill("4")
    expect_step(node, 5)


def test_a_fault_is_said_and_can_be_gone_to(traces: Lab) -> None:
    node = viewer(traces, SHIFTED)
    node.press("Home")
    faults = node.get_by_test_id("trace-faults")
    expect(faults).to_contain_text("writes outside out_ptr")
    faults.get_by_role("button", name="Go there").first.click()
    expect(node.get_by_test_id("step-note")).to_contain_text("A fault!")
    assert "tl.store" in node.locator(".sw-line.sw-failed code").inner_text()


def test_one_program_can_be_seen_alone(traces: Lab) -> None:
    node = viewer(traces, RIGHT)
    node.press("End")
    node.get_by_test_id("trace-program").select_option("1")
    expect(node.locator('[data-tensor="out_ptr"] .sw-spot-other')).to_have_count(5)
    node.get_by_test_id("trace-program").select_option("")
    expect(node.locator(".sw-spot-other")).to_have_count(0)


def test_a_cell_may_stand_for_several_elements(traces: Lab) -> None:
    node = viewer(traces, MANY)
    node.press("End")
    expect(node.locator('[data-tensor="x_ptr"] small')).to_contain_text("a cell is 4 elements")
    assert told(node, "x_ptr", "read") == "x_ptr: 456 of 456 cells read"


@pytest.mark.parametrize("width", [1600, 1024, 800, 320])
def test_controls_line_and_what_is_touched_are_seen_together(traces: Lab, width: int) -> None:
    traces.files(False)
    traces.size(width, 900)
    for cell in (EIGHT_TENSORS, LARGE):
        node = viewer(traces, cell)
        slider = node.get_by_test_id("step-slider")
        last = int(slider.get_attribute("max") or 0)
        for step in (0, last // 2, last):
            slider.fill(str(step))
            expect_step(node, step + 1)
            # With the controls at the lower edge of the window, the rest stands above them.
            controls = node.locator(".sw-transport")
            controls.evaluate("one => one.scrollIntoView({block: 'end'})")
            expect(controls).to_be_in_viewport(ratio=0.9)
            expect(node.locator(".sw-current .sw-line-number")).to_be_in_viewport(ratio=0.9)
            expect(node.locator(".sw-map-touched .sw-map-now")).to_be_in_viewport(ratio=0.5)
        if width >= 1024:
            box = node.bounding_box()
            assert box
            assert box["height"] < 900
    traces.size(1400, 900)
    traces.files(True)


def test_the_maps_scroll_for_themselves_to_what_is_touched(traces: Lab) -> None:
    traces.files(False)
    traces.size(320, 900)
    node = viewer(traces, EIGHT_TENSORS)
    maps = node.get_by_test_id("trace-maps")
    node.press("Home")
    expect(node.locator('.sw-map-touched[data-tensor="k_ptr"]')).to_have_count(1)
    before = maps.evaluate("one => one.scrollTop")
    page = node.evaluate("one => one.getBoundingClientRect().top")
    node.press("End")
    expect(node.locator('.sw-map-touched[data-tensor="dv_ptr"]')).to_have_count(1)
    assert maps.evaluate("one => one.scrollTop") > before
    assert node.evaluate("one => one.getBoundingClientRect().top") == page
    traces.size(1400, 900)
    traces.files(True)


@pytest.mark.parametrize("theme", THEMES)
def test_axe_finds_nothing_wrong_at_any_width(traces: Lab, theme: str) -> None:
    traces.theme(theme)
    for cell in (RIGHT, SHIFTED, MANY, EIGHT_TENSORS):
        viewer(traces, cell).press("End")
    traces.files(False)
    for width in WIDTHS:
        traces.size(width, 900)
        traces.screenshot_whole(f"trace-viewer-{theme}-{width}")
        traces.size(width, 900)
        found = violations(traces.page, ".sw-player")
        assert not found, "\n".join(found)
        for node in traces.page.locator(".sw-player").all():
            out = sticking_out(node)
            assert not out, f"at {width} px these stick out of the viewer: {out}"
    traces.size(1400, 900)
    traces.files(True)


def test_tab_reaches_every_control_and_shows_where_it_is(traces: Lab) -> None:
    node = viewer(traces, RIGHT)
    node.focus()
    reached = []
    for _ in range(20):
        traces.page.keyboard.press("Tab")
        name = node.evaluate(
            "node => node.contains(document.activeElement) && document.activeElement.dataset.testid"
        )
        if not name and reached and not node.evaluate("n => n.contains(document.activeElement)"):
            break
        reached.append(name)
    for control in ("step-first", "step-play", "step-slider", "step-speed", "trace-program"):
        assert control in reached


def test_the_saved_page_has_a_picture_without_a_kernel(traces: Lab, server: Server) -> None:
    traces.save()
    saved = (Path(server.course) / "traces.ipynb").read_text(encoding="utf-8")
    assert "stepwise-still" in saved
    assert "What each program" in saved or "pairs_kernel: 3 programs" in saved
