"""The lesson *Two pointers*, as its reader sees and moves it."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.lab import SIZES, THEMES, Lab
from tests.browser.player import Player

LESSON = "course/01_algorithms/two_pointers.ipynb"

# The walk over the lesson's heights, by hand: the lower side moves, the right one when both are 8.
HEIGHT = [1, 8, 6, 2, 5, 4, 8, 3, 7]
WALK = [(0, 8), (1, 8), (1, 7), (1, 6), (1, 5), (1, 4), (1, 3), (1, 2), (1, 1)]


@pytest.fixture(scope="module")
def lesson(lab: Lab) -> Lab:
    lab.theme("light")
    lab.open(LESSON)
    failed = lab.run_all()
    assert not failed, failed
    return lab


def player_of(lab: Lab, start: str) -> Player:
    """The player below the one cell that plays `start…`."""
    pattern = rf"(?s).*\bplay\(\s*{re.escape(start)}.*"
    cell = lab.find(lambda cell: re.fullmatch(pattern, cell["source"]) is not None)
    node = lab.output(cell).get_by_test_id("step-player")
    node.scroll_into_view_if_needed()
    return Player(node)


@pytest.mark.parametrize("theme", THEMES)
def test_it_can_be_read_in_every_theme_and_width(lesson: Lab, theme: str) -> None:
    lesson.theme(theme)
    for name, (width, height) in SIZES.items():
        lesson.size(width, height)
        lesson.screenshot_whole(f"lesson-{theme}-{name}")
    lesson.size(*SIZES["wide"])
    lesson.theme("light")


def test_the_player_shows_the_walk_of_the_pointers(lesson: Lab) -> None:
    player = player_of(lesson, "max_area, height")
    player.press("first")
    seen, places = [], set()
    _, count = player.position
    for step in range(1, count + 1):
        player.expect_step(step)
        places.add(player.frame)
        if player.line.strip().startswith("while"):
            pointers = player.pointers
            left, right = pointers["left"], pointers["right"]
            seen.append((left, right))
            level = min(HEIGHT[left], HEIGHT[right]) if left < right else 0
            high, wide = player.water()
            assert high * max(HEIGHT) == pytest.approx(level, abs=0.1), (left, right)
            assert wide == pytest.approx(right - left if level else 0, abs=0.05), (left, right)
        player.press("forward")
    assert seen == WALK
    assert len(places) == 1, f"the player jumps: {places}"
    player.expect_step(count)  # forward at the end stays there
    assert "49" in player.note
    lesson.screenshot("lesson-last-step")


def test_every_control_moves_the_player(lesson: Lab) -> None:
    player = player_of(lesson, "max_area, height")
    player.press("last")
    _, count = player.position
    player.expect_step(count)
    player.press("back")
    player.expect_step(count - 1)
    player.press("first")
    player.expect_step(1)
    player.press("back")
    player.expect_step(1)
    for share, step in ((1, count), (0.5, (count + 1) / 2), (0, 1)):
        player.scrub(share)
        assert player.position[0] == pytest.approx(step, abs=0 if share in (0, 1) else 2)
    for speed in (1, 60):
        player.press("first")
        player.hurry(speed)
        player.press("play")
        player.expect_playing(True)
        player.expect_step(3 if speed == 1 else count)
        if speed == 1:
            player.press("play")
        player.expect_playing(False)


def test_the_player_can_be_used_without_a_mouse(lesson: Lab) -> None:
    player = player_of(lesson, "max_area, height")
    cells = len(lesson.cells())
    _, count = player.position
    for key, step in (("Home", 1), ("ArrowRight", 2), ("ArrowRight", 3), ("ArrowLeft", 2)):
        player.key(key)
        player.expect_step(step)
    player.key("End")
    player.expect_step(count)
    player.key("Space")  # from the end, playing begins anew
    player.expect_playing(True)
    player.key("Space")
    player.expect_playing(False)
    # JupyterLab's own keys: a and b insert cells, d d deletes one, m makes one text.
    for key in ("a", "b", "d", "d", "m"):
        player.key(key)
    assert len(lesson.cells()) == cells


def test_tab_reaches_every_control_and_shows_where_it_is(lesson: Lab) -> None:
    player = player_of(lesson, "max_area, height")
    reached = player.tab_through()
    wanted = {"input-height", "run", "first", "back", "play", "forward", "last", "slider", "speed"}
    assert wanted <= {name for name, _ in reached}
    assert [name for name, outlined in reached if not outlined] == []


def test_another_input_is_run(lesson: Lab) -> None:
    player = player_of(lesson, "max_area, height")
    player.type_input("height", "[4, 1, 3]")
    player.expect_note("max_area(height = [4, 1, 3])")
    player.expect_step(1)
    player.press("last")
    assert "6" in player.note  # 3 high, 2 wide
    # By hand: 5n − 1 lines, as the lesson derives; in brute_force the first line, the outer `for`
    # 4 times, the inner one 3 + 2 + 1 times, two lines for each of the three pairs, and the last.
    assert player.counts == {"max_area": 14, "brute_force": 1 + 4 + 6 + 6 + 1}


def test_a_bad_input_is_explained_and_leaves_the_run_alone(lesson: Lab) -> None:
    player = player_of(lesson, "max_area, height")
    player.type_input("height", "[2, 3, 2]")
    player.expect_note("[2, 3, 2]")
    player.type_input("height", "[2, 3")
    assert "not a Python value" in player.expect_problem()
    lesson.screenshot("lesson-bad-input")
    player.press("last")
    assert "4" in player.note
    player.type_input("height", "height[0]")
    expect(player.node).to_contain_text("only plain values can be typed here")
    # A value of the wrong kind runs, and the function's own error is shown on its line.
    player.type_input("height", "5")
    player.expect_note("max_area(height = 5)")
    player.press("last")
    assert "TypeError" in player.note
    assert "len(height)" in player.line
    lesson.screenshot("lesson-error-on-its-line")
    player.type_input("height", str(HEIGHT))
    player.expect_note(str(HEIGHT))


def test_it_leads_to_the_first_difference(lesson: Lab) -> None:
    """With 3 and 1 at the ends, the wrong function gives up the 3, the right one the 1."""
    player = player_of(lesson, "moves_the_higher, [3, 9, 8, 1]")
    player.press("first")
    player.go_to_the_first_difference()
    assert player.pointers == {"left": 1, "right": 3}
    lesson.screenshot("lesson-first-difference")


def test_the_player_takes_the_readers_own_function(lesson: Lab) -> None:
    cell = lesson.find(lambda cell: cell["source"].startswith("def my_max_area"))
    before = lesson.cells()[cell]["source"]
    own = """\
def my_max_area(lines, start=0):
    if len(lines) - start < 2:
        return 0
    return max(lines[start], my_max_area(lines, start + 1))


play(my_max_area, [2, 7, 4], reference=lambda lines: 4)
"""
    lesson.type_into(cell, own)
    lesson.run_cell(cell)
    player = Player(lesson.output(cell).get_by_test_id("step-player"))
    player.press("last")
    assert "7" in player.note
    lesson.screenshot("lesson-own-function")
    lesson.type_into(cell, before)
