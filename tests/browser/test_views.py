"""The step player's views and *Predict*, in JupyterLab: every step that a reader can reach."""

import re
import statistics
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.accessibility import sticking_out, violations
from tests.browser.lab import THEMES, Lab
from tests.browser.player import Player
from tests.browser.server import Server
from tests.widgets import test_views as functions

STEP_MS = 50  # 95th percentile from the event to the repaint, on a run of 100,000 steps
MOST_BYTES = 20_000_000
WIDTHS = (1600, 800, 320)  # of the window; the last leaves a player some 200 px
PLAYS = {
    "window": "play(min_window, 'ADOBECODEBANC', 'ABC', view=window('text'))",
    "number_line": "play(longest_run, [100, 4, 200, 1, 3, 2], view=number_line('nums', 'numbers'))",
    "buckets": "play(into_buckets, [10, 0, 2, 9, 1], 3, view=buckets('held', width='width'))",
    "data_tree": "play(ancestor, root, root.left, root.left.right, view=data_tree('root'))",
    "call_tree": "play(sums, [2, 3, 6, 7], 7, view=call_tree('rest', done={'rest': 0}))",
    "table": "play(knapsack, [1, 2, 3], [2, 4, 4], 5, view=table('best'))",
    "row": "play(downwards, 2, 7, 6, view=table('best'))",
    "tiles": "play(product, [[1, 2], [0, 3]], [[2, 0], [-1, 1]], view=tiles('A', 'B', 'C'))",
    "stream": "play(running, [3.0, 1.0, 4.0], view=stream('values', 'mean'))",
    "plane": "play(lower_side, [(0, 2), (2, 3), (4, 0)], view=plane_view('points', 'corners'))",
}
LONG = """\
import json
from course.widgets import bars, play

def bubble_sort(values):
    swaps = 0
    for end in range(len(values) - 1, 0, -1):
        for i in range(end):
            if values[i] > values[i + 1]:
                values[i], values[i + 1] = values[i + 1], values[i]
                swaps += 1

player = play(bubble_sort, list(range(256, 0, -1)), view=bars('values'), max_steps=100_000,
              max_seconds=100)
print(player.count, len(json.dumps(player.run)))
player
"""


def source() -> str:
    """The readers' functions of the Python tests, without the tests."""
    text = Path(str(functions.__file__)).read_text(encoding="utf-8")
    begin, end = text.index("def min_window"), text.index("TREE = [")
    views = (
        "buckets, call_tree, data_tree, number_line, plane_view, play, stream, table, tiles, window"
    )
    imports = (
        "from typing import Any\nfrom course.trees import TreeNode, tree\n"
        f"from course.widgets import {views}\n"
    )
    return imports + text[begin:end] + f"root = tree({functions.TREE})"


@pytest.fixture(scope="module")
def views(lab: Lab, server: Server) -> Lab:
    lab.theme("light")
    lab.open(server.write_notebook("views.ipynb", [source(), *PLAYS.values()]))
    assert not lab.run_all()
    return lab


def player(lab: Lab, name: str) -> Player:
    node = lab.output(1 + list(PLAYS).index(name)).get_by_test_id("step-player")
    node.scroll_into_view_if_needed()
    return Player(node)


def go(lab: Lab, shown: Player, share: float) -> None:
    last = int(shown.slider.get_attribute("max") or 0)
    shown.slider.fill(str(round(last * share)))
    shown.expect_step(round(last * share) + 1)


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("name", PLAYS)
def test_every_view_from_the_first_step_to_the_last(views: Lab, name: str, theme: str) -> None:
    views.theme(theme)
    shown = player(views, name)
    picture = shown.node.get_by_test_id("step-picture")
    named = picture.locator("[role=img]").first
    told = set()
    for share in (0, 0.3, 0.5, 0.7, 1):
        go(views, shown, share)
        told.add(named.get_attribute("aria-label"))
    assert len(told) > 2, "the picture stands still"
    box = named.bounding_box()
    assert box
    assert box["width"] > 60
    assert box["height"] > 40
    assert named.locator("text, span").count(), "a blank picture"
    for button, step in (("first", 1), ("last", shown.position[1]), ("first", 1), ("forward", 2)):
        shown.press(button)
        shown.expect_step(step)
    for speed in (1, 4, 60):
        shown.hurry(speed)
    go(views, shown, 0.9)
    shown.press("play")
    shown.expect_step(shown.position[1])
    shown.expect_playing(False)


@pytest.mark.parametrize("theme", THEMES)
def test_axe_finds_nothing_wrong_at_any_width(views: Lab, theme: str) -> None:
    views.theme(theme)
    for name in PLAYS:
        shown = player(views, name)
        go(views, shown, 0.6)
        if shown.node.get_by_test_id("step-asking").get_attribute("aria-pressed") == "false":
            shown.node.get_by_test_id("step-asking").click()
        shown.press("forward")
    views.files(False)
    for width in WIDTHS:
        views.size(width, 900)
        views.screenshot_whole(f"views-{theme}-{width}")
        views.size(width, 900)
        found = violations(views.page, ".sw-player")
        assert not found, "\n".join(found)
        for node in views.page.locator(".sw-player").all():
            out = sticking_out(node)
            assert not out, f"at {width} px these stick out of the player: {out}"
    views.size(1400, 900)
    views.files(True)
    for node in views.page.get_by_test_id("step-asking").all():
        if node.get_attribute("aria-pressed") == "true":
            node.click()


def test_arrows_lead_from_the_cells_above(views: Lab) -> None:
    shown = player(views, "table")
    shown.press("first")
    while "row[room] = max" not in shown.line:
        shown.press("forward")
    # With room for 1 and a thing of weight 1: from the cell above, and from the one to its left.
    assert shown.picture.locator(".sw-arrow").count() == 2
    assert shown.picture.locator(".sw-cell.sw-mark-read").count() == 2
    assert shown.picture.locator(".sw-cell.sw-mark-write").count() == 1


def test_the_direction_of_the_capacity_loop_is_said(views: Lab) -> None:
    shown = player(views, "row")
    go(views, shown, 0.5)
    expect(shown.node.locator(".sw-direction")).to_contain_text("filled downwards")


def test_the_path_of_calls_is_marked(views: Lab) -> None:
    shown = player(views, "call_tree")
    go(views, shown, 0.4)
    assert shown.picture.locator(".sw-node-here, .sw-node-done").count() >= 1
    stack = shown.node.locator(".sw-stack").inner_text().count("sums")
    marked = shown.picture.locator(".sw-branch-path").count()
    assert marked == stack - 1  # a line to each open call but the first
    go(views, shown, 1)
    assert shown.picture.locator(".sw-branch-path").count() == 0
    assert shown.picture.locator(".sw-node-done").count() == 2  # 7 = 2 + 2 + 3 = 7


# predict


def test_predicting_is_off_until_it_is_asked_for(views: Lab) -> None:
    shown = player(views, "row")
    shown.press("first")
    expect(shown.node.get_by_test_id("step-predict")).to_be_hidden()
    shown.press("forward")
    shown.expect_step(2)


def test_predictions_are_answered_by_keyboard_and_scored(views: Lab) -> None:
    shown = player(views, "row")
    asking = shown.node.get_by_test_id("step-asking")
    asking.focus()
    views.page.keyboard.press("Enter")
    expect(asking).to_have_attribute("aria-pressed", "true")
    shown.press("first")
    shown.node.focus()
    right = asked = 0
    verdict = shown.node.get_by_test_id("step-verdict")
    question = shown.node.get_by_test_id("step-question")
    for number in range(26):
        step, count = shown.position
        if step == count:
            break
        views.page.keyboard.press("ArrowRight")
        if not question.is_visible():
            continue
        assert shown.position[0] == step, "it goes on before the answer"
        choices = shown.node.locator("[data-answer]")
        assert choices.count() >= 2
        answers = [str(one.get_attribute("data-answer")) for one in choices.all()]
        assert len(set(answers)) == len(answers)
        views.page.keyboard.press(str(1 + number % len(answers)))
        shown.expect_step(step + 1)
        said = verdict.inner_text()
        asked += 1
        good = said.startswith("Right")
        right += good
        truth = re.sub(r"^(Right|No): ", "", said)
        assert truth in answers
        assert good == (truth == answers[number % len(answers)])
        if truth.startswith("line "):
            assert truth.split(": ", 1)[1].removesuffix("…") in shown.line
    assert asked >= 5
    assert 0 < right < asked, "always right or always wrong: the answers give it away"
    expect(shown.node.get_by_test_id("step-score")).to_have_text(f"{right} of {asked} right")
    asking.click()
    expect(shown.node.get_by_test_id("step-predict")).to_be_hidden()


# motion and long runs


def test_pointers_do_not_glide_for_those_who_want_no_motion(views: Lab) -> None:
    shown = player(views, "window")
    go(views, shown, 0.5)
    shown.press("forward")
    pointer = shown.picture.locator(".sw-pointer").first
    seconds = """node => {
        node.classList.add('sw-glide');
        return getComputedStyle(node).transitionDuration;
    }"""
    assert pointer.evaluate(seconds) == "0s"
    views.page.emulate_media(reduced_motion="no-preference")
    try:
        assert pointer.evaluate(seconds) == "0.14s"
    finally:
        views.page.emulate_media(reduced_motion="reduce")


@pytest.mark.slow
def test_a_hundred_thousand_steps_are_scrubbed_smoothly(lab: Lab, server: Server) -> None:
    lab.open(server.write_notebook("long.ipynb", [LONG]))
    assert not lab.run_all(seconds=200)
    printed = "".join(one.get("text", "") for one in lab.cells()[0]["outputs"])
    count, size = map(int, printed.split())
    assert count >= 100_000
    assert size < MOST_BYTES
    slider = lab.output(0).get_by_test_id("step-slider")
    slider.scroll_into_view_if_needed()
    for _ in range(3):  # other work on the machine can only make it slower
        times = slider.evaluate(
            """async slider => {
                const times = [], last = Number(slider.max);
                for (let move = 0; move < 45; move += 1) {
                    await new Promise(done => setTimeout(done, 20));
                    const start = performance.now();
                    slider.value = Math.round(last * ((move * 0.618) % 1));
                    slider.dispatchEvent(new Event('input', { bubbles: true }));
                    await new Promise(done => requestAnimationFrame(() => {
                        const channel = new MessageChannel();
                        channel.port1.onmessage = done;
                        channel.port2.postMessage(null);
                    }));
                    times.push(performance.now() - start);
                }
                return times;
            }"""
        )
        p95 = statistics.quantiles(times[5:], n=20, method="inclusive")[-1]
        print(f"100,000 steps: median {statistics.median(times[5:]):.0f} ms, p95 {p95:.0f} ms")
        if p95 <= STEP_MS:
            return
    raise AssertionError(f"scrubbing takes {p95:.0f} ms")
