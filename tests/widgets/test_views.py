"""The views of the step player: what they find in a run, and their stills.

Expected places, windows and sources are worked out by hand, or by a plain walk over the data.
"""

import json
import re
from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree

import ipywidgets
import pytest

from course.trees import TreeNode, tree
from course.widgets import (
    buckets,
    call_tree,
    data_tree,
    number_line,
    plane_view,
    play,
    stream,
    table,
    tiles,
    trace,
    window,
)
from course.widgets.packing import pack, unpack
from course.widgets.view_pictures import cell_of, picture
from course.widgets.views import View, automatic, for_browser, points_in, watched


@pytest.fixture(autouse=True)
def closed() -> Iterator[None]:
    yield
    ipywidgets.Widget.close_all()


# functions as readers write them


def min_window(text: str, letters: str) -> str:
    need: dict[str, int] = {}
    for letter in letters:
        need[letter] = need.get(letter, 0) + 1
    missing, left, best = len(letters), 0, ""
    for right, letter in enumerate(text):
        if letter in need:
            missing -= need[letter] > 0
            need[letter] -= 1
        while missing == 0:
            if not best or right + 1 - left < len(best):
                best = text[left : right + 1]
            if text[left] in need:
                need[text[left]] += 1
                missing += need[text[left]] > 0
            left += 1
    return best


def half_open(s: str) -> int:
    left, right, longest = 0, 0, 0
    for right, _ in enumerate(s, start=1):
        while len(set(s[left:right])) < right - left:
            left += 1
        longest = max(longest, right - left)
    return longest


def longest_run(nums: list[int]) -> int:
    numbers = set(nums)
    longest = 0
    for first in nums:
        if first - 1 in numbers:
            continue
        end = first + 1
        while end in numbers:
            end += 1
        longest = max(longest, end - first)
    return longest


def into_buckets(nums: list[int], width: int) -> list[list[int]]:
    held: list[list[int]] = [[] for _ in range(max(nums) // width + 1)]
    for number in nums:
        bucket = held[number // width]
        bucket.append(number)
    return held


def ancestor(root: TreeNode, p: TreeNode, q: TreeNode) -> Any:
    def found_below(node: Any) -> Any:
        if node is None or node is p or node is q:
            return node
        left, right = found_below(node.left), found_below(node.right)
        return node if left and right else left or right

    return found_below(root)


def mirror(node: Any) -> Any:
    if node is not None:
        node.left, node.right = mirror(node.right), mirror(node.left)
    return node


def sums(coins: list[int], rest: int) -> int:
    if rest == 0:
        return 1
    found = 0
    for place, coin in enumerate(coins):
        if coin > rest:
            break
        found += sums(coins[place:], rest - coin)
    return found


def knapsack(weights: list[int], values: list[int], capacity: int) -> int:
    best = [[0] * (capacity + 1)]
    for weight, value in zip(weights, values, strict=True):
        above = best[-1]
        row = above[:]
        for room in range(weight, capacity + 1):
            row[room] = max(above[room], above[room - weight] + value)
        best.append(row)
    return best[-1][capacity]


def downwards(weight: int, value: int, capacity: int) -> list[int]:
    best = [0] * (capacity + 1)
    for _ in range(2):
        for room in range(capacity, weight - 1, -1):
            best[room] = max(best[room], best[room - weight] + value)
    return best


def product(A: list[list[int]], B: list[list[int]]) -> list[list[int]]:
    C = [[0] * len(B[0]) for _ in A]
    for i in range(len(A)):
        for j in range(len(B[0])):
            for k in range(len(B)):
                C[i][j] += A[i][k] * B[k][j]
    return C


def running(values: list[float]) -> float:
    mean = 0.0
    for count, value in enumerate(values, start=1):
        mean += (value - mean) / count
    return mean


def lower_side(points: list[tuple[int, int]]) -> list[tuple[int, int]]:
    corners: list[tuple[int, int]] = []
    for point in sorted(points):
        while len(corners) > 1:
            (px, py), (qx, qy) = corners[-2], corners[-1]
            if (qx - px) * (point[1] - py) - (qy - py) * (point[0] - px) > 0:
                break
            corners.pop()
        corners.append(point)
    return corners


def cut_short(values: list[int]) -> int:
    raise ValueError("nothing works")


TREE = [3, 5, 1, 6, 2, 0, 8, None, None, 7, 4]
CALLS: list[tuple[Any, tuple[Any, ...], View]] = [
    (min_window, ("ADOBECODEBANC", "ABC"), window("text")),
    (longest_run, ([100, 4, 200, 1, 3, 2],), number_line("nums", "numbers")),
    (into_buckets, ([10, 0, 2, 9, 1], 3), buckets("held", width="width")),
    (ancestor, (tree(TREE), None, None), data_tree("root")),
    (sums, ([2, 3, 6, 7], 7), call_tree("rest", done={"rest": 0})),
    (knapsack, ([1, 2, 3], [2, 4, 4], 5), table("best")),
    (downwards, (2, 7, 6), table("best")),
    (product, ([[1, 2], [0, 3]], [[2, 0], [-1, 1]]), tiles("A", "B", "C")),
    (running, ([3.0, 1.0, 4.0],), stream("values", "mean")),
    (lower_side, ([(0, 2), (2, 3), (4, 0), (6, 5)],), plane_view("points", "corners")),
]


# all views


@pytest.mark.parametrize(("fn", "args", "view"), CALLS, ids=lambda one: getattr(one, "kind", ""))
def test_a_view_travels_as_json_and_has_a_still_at_every_step(
    fn: Any, args: tuple[Any, ...], view: View
) -> None:
    player = play(fn, *args, view=view)
    run = player.recorded
    assert unpack(json.loads(json.dumps(pack(run))))["steps"] == run["steps"]
    assert json.loads(json.dumps(player.view)) == player.view
    drawn = [picture(run, view, position) for position in range(len(run["steps"]))]
    for one in drawn:
        if one:
            ElementTree.fromstring(f"<all>{one}</all>")
            assert "<title>" in one
    assert drawn[-1]
    assert len(set(drawn)) > 3, "the picture must follow the run"


@pytest.mark.parametrize("view", [view for *_, view in CALLS], ids=lambda view: view.kind)
@pytest.mark.parametrize(("fn", "args"), [(cut_short, ([],)), (sums, ([], 0)), (str, (5,))])
def test_a_run_that_has_nothing_to_show_breaks_no_view(
    view: View, fn: Any, args: tuple[Any, ...]
) -> None:
    player = play(fn, *args, view=view)
    json.dumps(player.view)
    assert player.as_html().startswith('<div class="stepwise-still">')


@pytest.mark.parametrize("view", [view for *_, view in CALLS], ids=lambda view: view.kind)
def test_other_names_are_found_by_their_kind(view: View) -> None:
    """Each view draws its own function when it names nothing that the function has."""
    fn, args = next((fn, args) for fn, args, own in CALLS if own is view)
    strange = View(view.kind, tuple(f"strange_{i}" for i, _ in enumerate(view.names)), None, False,
                   view.options)  # fmt: skip
    run = trace(fn, *args)
    assert [one.key for one in watched(run, strange)] == [one.key for one in watched(run, view)]


# each view


def test_the_window_knows_whether_its_right_end_belongs_to_it() -> None:
    assert for_browser(trace(min_window, "AB", "A"), window("text"))["inclusive"] is True
    assert for_browser(trace(half_open, "ABA"), window("s"))["inclusive"] is False
    found = for_browser(trace(half_open, "ABA"), window("s", inclusive=True))
    assert found["inclusive"] is True


def test_the_window_shows_the_counts_that_are_kept() -> None:
    run = trace(min_window, "ADOBEC", "ABC")
    assert for_browser(run, window("text"))["counts"] == ["need"]
    still = picture(run, window("text"), len(run["steps"]) - 1)
    assert "A: 1" in still  # the window has moved past the A
    assert "C: 0" in still


def test_the_number_line_has_a_place_for_all_that_is_looked_up() -> None:
    nums = [100, 4, 200, 1, 3, 2]
    run = trace(longest_run, nums)
    asked = {first - 1 for first in nums}
    ends = {one + 1 for one in nums if one + 1 not in nums}
    places = for_browser(run, number_line("nums", "numbers"))["places"]
    assert set(nums) | asked | ends >= set(places) >= set(nums) | asked
    looked_up = [path for step in run["steps"] for key, *path in step["reads"] if key == "numbers"]
    # By hand: every first, then a walk from 100 (1 step), 200 (1) and 1 (4).
    assert [path[0] for path in looked_up] == [99, 101, 3, 199, 201, 0, 2, 3, 4, 5, 2, 1]


def test_a_bucket_is_known_under_the_name_that_holds_it() -> None:
    run = trace(into_buckets, [10, 0, 4], 3)
    held = [step["aliases"].get("bucket") for step in run["steps"] if "append" in _line(run, step)]
    assert held == [["held", 3], ["held", 0], ["held", 1]]
    walked = [step["walks"].get("nums") for step in run["steps"] if "append" in _line(run, step)]
    assert walked == [{"number": 0}, {"number": 1}, {"number": 2}]


def test_the_nodes_of_a_tree_are_sent_once_and_followed_when_they_change() -> None:
    root = tree(TREE)
    assert root is not None
    still = trace(ancestor, root, root.left, root.right)
    assert len({id(step["nodes"]) for step in still["steps"][1:]}) == 1
    assert sorted(node[0] for node in still["steps"][0]["nodes"].values()) == sorted(
        value for value in TREE if value is not None
    )
    assert still["result"]["node"] == 3
    turned = trace(mirror, tree([1, 2, 3]))
    number = turned["args"]["node"]["id"]
    first, last = (turned["steps"][place]["nodes"] for place in (0, -1))
    values = [[nodes[str(child)][0] for child in nodes[str(number)][1]] for nodes in (first, last)]
    assert values == [[2, 3], [3, 2]]


def test_a_tree_with_a_ring_in_it_is_not_drawn_for_ever() -> None:
    root = TreeNode(1)
    root.left = root
    run = trace(lambda root: root, root)
    assert picture(run, data_tree("root"), 0) == ""


def test_a_deep_chain_is_recorded() -> None:
    root = node = TreeNode(0)
    for value in range(1, 500):
        node.right = TreeNode(value)
        node = node.right
    run = trace(lambda root: root.value, root)
    assert len(run["steps"][0]["nodes"]) == 500


def test_the_calls_their_results_and_what_was_cut() -> None:
    run = trace(sums, [2, 3], 5)
    found = for_browser(run, call_tree("rest", done={"rest": 0}))
    # By hand: 5 → 2+3: rest 3 → (2: rest 1 → cut), (3: rest 0 ✓); 3: rest 2 → cut at 3.
    calls = [(one["label"], one["parent"], one["result"], one["done"]) for one in found["calls"]]
    assert calls == [
        ("5", None, "1", False),
        ("3", 0, "1", False),
        ("1", 1, "0", False),
        ("0", 1, "1", True),
        ("2", 0, "0", False),
    ]
    assert [one["call"] for one in found["cuts"]] == [2, 4]


def test_the_default_view_of_a_recursive_function_is_its_calls() -> None:
    def factorial(n: int) -> int:
        return 1 if n < 2 else n * factorial(n - 1)

    view = automatic(trace(factorial, 3))
    assert view is not None
    assert view.kind == "call_tree"
    labels = [one["label"] for one in for_browser(trace(factorial, 3), view)["calls"]]
    assert labels == ["n=3", "n=2", "n=1"]


def test_the_sources_of_a_tables_value_are_cells_of_the_row_above() -> None:
    run = trace(knapsack, [2], [7], 3)
    found = for_browser(run, table("best"))
    assert found["extra"] == ["row"]
    assert found["directions"] == {"row": 1}
    where = {"best": [], "row": [1]}
    sources = [
        [cell_of(key, path, where, step["aliases"], "best") for key, *path in step["reads"]]
        for step in run["steps"]
        if step["writes"]
    ]
    assert sources == [[(0, 2), (0, 0)], [(0, 3), (0, 1)]]


def test_the_direction_in_which_a_row_is_filled_is_known() -> None:
    assert for_browser(trace(downwards, 2, 7, 6), table("best"))["directions"] == {"best": -1}


def test_running_values_are_those_of_the_function() -> None:
    run = trace(running, [3.0, 1.0, 4.0])
    found = for_browser(run, stream("values", "mean"))["series"]["mean"]
    assert [value for _, value in found] == pytest.approx([0.0, 3.0, 2.0, 8 / 3])
    assert for_browser(run, stream())["series"].keys() == {"mean", "count"}


def test_the_plane_holds_every_point_of_the_run_and_what_is_joined() -> None:
    run = trace(lower_side, [(0, 2), (2, 3), (4, 0), (6, 5)])
    found = for_browser(run, plane_view("points", "corners"))
    assert (found["low"], found["high"], found["step"]) == ([0.0, 0.0], [6.0, 5.0], 1.0)
    assert found["kinds"] == {"corners": "open"}
    closed = for_browser(run, plane_view("points", closed=["points"]))
    assert closed["kinds"] == {"points": "closed"}
    still = picture(run, plane_view("points", "corners"), len(run["steps"]) - 1)
    assert still.count('stroke-linecap="round"') + still.count("stroke-linecap:round") == 2
    wide = for_browser(trace(lower_side, [(0, 0), (10**9, 7)]), plane_view("points", "corners"))
    assert wide["step"] == 10**8


def test_only_pairs_of_numbers_are_points() -> None:
    assert points_in([3, 4]) == [(3.0, 4.0)]
    assert points_in([[3, 4], {"type": "tuple", "items": [0, 1.5]}]) == [(3.0, 4.0), (0.0, 1.5)]
    for other in ("ab", [1, 2, 3], [True, 2], None, 7, ["a", "b"], {"type": "set", "items": []}):
        assert points_in(other) == [], other


def test_slices_of_arrays_are_recorded_as_ranges() -> None:
    numpy = pytest.importorskip("numpy")

    def blocks(A: Any) -> Any:
        total = 0
        for i in range(0, 4, 2):
            total = total + A[i : i + 2, 1].sum()
        return total

    run = trace(blocks, numpy.arange(12).reshape(4, 3))
    reads = [path for step in run["steps"] for key, *path in step["reads"] if key == "A"]
    assert reads == [[[0, 2], 1], [[2, 4], 1]]
    assert for_browser(run, tiles("A"))["scale"] == {"A": 11.0}


def test_the_score_begins_anew_with_another_input() -> None:
    player = play(sums, [2, 3], 5, view=call_tree())
    assert player.predicting is False
    player.score = {"right": 3, "asked": 4}
    player.show([2], 4)
    assert player.score == {"right": 0, "asked": 0}


def _line(run: dict[str, Any], step: dict[str, Any]) -> str:
    lines = run["source"].split("\n")
    return lines[step["line"] - run["first_line"]] if step["event"] == "line" else ""


def test_the_names_in_the_module_text_are_those_of_the_views() -> None:
    from course.widgets import views

    named = set(re.findall(r"^    (\w+)\(", views.__doc__ or "", re.MULTILINE))
    assert named == {"bars", "cells", *(view.kind for *_, view in CALLS)}
