"""Widgets, pictures and cards under axe-core, in both themes."""

import pytest

from tests.browser.accessibility import violations
from tests.browser.lab import THEMES, Lab
from tests.browser.server import Server

# Each kind of thing that a notebook of the course shows, and the states that look different.
CELLS = [
    """\
from course.checks import check
from course.widgets import bars, cells, pictures, play

def walk(height):
    left, right = 0, len(height) - 1
    while left < right:
        if height[left] < height[right]:
            left += 1
        else:
            right -= 1
    print(left)
    return left

def wrong(height):
    height[0] = 9
    return height[len(height)]

def mean(values):
    return sum(values) / len(values)
""",
    "play(walk, [3, 1, 4, 1, 5], view=bars('height', water=True), title='A walk')",
    "play(wrong, [3, 1, 4], view=cells('height'), reference=walk)",
    "play(mean, [3, 1, 4], compare={'the same': mean})",
    "pictures.bars([3, 1, 4], {'left': 0, 'right': 2}, water=True)",
    "pictures.cells({'a': [1, 2], 'b': [3]}, {'a': {'i': 1}})",
    "pictures.grid([[1, None], [3, 4]], {(0, 0): 'read', (1, 1): 'done'}, corner='i, j')",
    "pictures.curve([1, 2, 3], {'n': [1, 2, 3], 'n²': [1, 4, 9]}, what='steps')",
    """\
with check("takes the mean", idea="Add them up, then divide.") as case:
    case(mean, [2, 4]).gives(3.0)
""",
    """\
with check("takes the mean", idea="Add them up, then divide.") as case:
    case(mean, [2, 4]).gives(8.0)
""",
]


@pytest.fixture(scope="module")
def gallery(lab: Lab, server: Server) -> Lab:
    lab.open(server.write_notebook("accessible.ipynb", CELLS))
    (failed,) = lab.run_all()
    assert "Not yet: takes the mean" in failed  # the last cell, on purpose
    return lab


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("step", ["first", "middle", "last"])
def test_axe_finds_nothing_wrong(gallery: Lab, theme: str, step: str) -> None:
    gallery.theme(theme)
    players = gallery.page.locator(".sw-player")
    assert players.count() == 3
    for player in players.all():
        slider = player.get_by_test_id("step-slider")
        last = int(slider.get_attribute("max") or 0)
        slider.fill(str({"first": 0, "middle": last // 2, "last": last}[step]))
    gallery.screenshot_whole(f"gallery-{theme}-{step}")
    found = violations(gallery.page, ".jp-OutputArea-output")
    assert not found, "\n".join(found)


def test_players_share_no_ids_and_label_their_boxes(gallery: Lab) -> None:
    players = gallery.page.locator(".sw-player")
    assert players.locator("[id]").count() == 0
    for player, names in zip(players.all(), (["height"], ["height"], ["values"]), strict=True):
        for name in names:
            assert player.get_by_label(f"{name} =").count() == 1


def test_an_exception_is_told_once(gallery: Lab) -> None:
    player = gallery.page.locator(".sw-player").nth(1)
    slider = player.get_by_test_id("step-slider")
    for place in ("0", slider.get_attribute("max") or ""):
        slider.fill(place)
        assert "line 3" in player.get_by_test_id("step-ended").inner_text()
    note = player.get_by_test_id("step-note").inner_text()
    assert note == "IndexError: list index out of range"
    # What a screen reader is told, a moment later, is not there to be seen.
    seen: str = player.evaluate(
        """node => {
          const copy = node.cloneNode(true);
          copy.querySelector(".sw-spoken").remove();
          return copy.textContent;
        }"""
    )
    assert seen.count("index out of range") == 1, seen


def test_axe_finds_nothing_wrong_beside_a_bad_input(gallery: Lab) -> None:
    gallery.theme("light")
    player = gallery.page.locator(".sw-player").first
    box = player.get_by_test_id("step-input-height")
    box.fill("[3,")
    box.press("Enter")
    player.get_by_text("not a Python value").wait_for()
    assert box.get_attribute("aria-invalid") == "true"
    found = violations(gallery.page, ".sw-player")
    assert not found, "\n".join(found)
