"""Pictures of trees and of a recursive function's calls."""

import itertools
import re
import xml.etree.ElementTree as ElementTree

import pytest

from course.trees import tree
from course.widgets import binary_tree, branches, recursion


def boxes(picture: str) -> dict[str, tuple[float, float, float]]:
    """{label: (left, top, width)} of every node drawn."""
    found = {}
    root = ElementTree.fromstring(picture)
    shapes = [each for each in root.iter() if each.tag.endswith(("rect", "text"))]
    for rectangle, words in itertools.pairwise(shapes):
        if rectangle.tag.endswith("rect"):
            place = (float(rectangle.get(k) or 0) for k in ("x", "y", "width"))
            left, top, width = place
            found[words.text or ""] = (left, top, width)
    return found


def test_children_lie_below_and_in_order_and_nothing_overlaps() -> None:
    root = tree(list(range(31)))
    placed = boxes(binary_tree(root))
    assert len(placed) == 31
    for label, (left, top, width) in placed.items():
        i = int(label)
        for child in (2 * i + 1, 2 * i + 2):
            if child < 31:
                assert placed[str(child)][1] > top
        for other, (left2, top2, width2) in placed.items():
            apart = left + width <= left2 or left2 + width2 <= left
            assert other == label or top2 != top or apart, (label, other)
    for i in range(15):
        assert placed[str(2 * i + 1)][0] < placed[str(i)][0] < placed[str(2 * i + 2)][0]


def test_a_single_child_leans_to_its_side() -> None:
    placed = boxes(binary_tree(tree([1, None, 2, 3])))
    assert placed["1"][0] < placed["2"][0] > placed["3"][0]


def test_marks_and_words() -> None:
    root = tree([1, 2, 3])
    assert root is not None
    picture = binary_tree(root, {root.left: "read", root: "done"})
    assert picture.count("stroke-width:2.5") == 2
    assert picture.words == "A tree: 1 (2, 3). 1 done, 2 read"


def test_labels_are_escaped_and_lines_labelled() -> None:
    picture = branches("<b>", lambda n: ["x"] if n == "<b>" else [], edge=lambda a, b: "+2")
    assert "<b>" not in picture
    assert "&lt;b&gt;" in picture
    assert "+2" in picture


def test_too_many_nodes_are_refused() -> None:
    with pytest.raises(ValueError, match="too many"):
        branches(0, lambda n: [n + 1])


def fibonacci(n: int) -> int:
    return n if n < 2 else fibonacci(n - 1) + fibonacci(n - 2)


def test_every_call_is_drawn_with_what_it_got_and_gave() -> None:
    picture = recursion(fibonacci, 4)
    written = re.findall(r">(\d+ → \d+)<", picture)
    assert sorted(written) == sorted(
        ["4 → 3", "3 → 2", "2 → 1", "1 → 1", "0 → 0", "1 → 1", "2 → 1", "1 → 1", "0 → 0"]
    )
    assert picture.words.startswith("The calls of fibonacci")


def test_chosen_names_and_marked_calls() -> None:
    def outer(target: int) -> list[list[int]]:
        ways, chosen = [], []

        def extend(rest: int) -> None:
            if rest == 0:
                ways.append(chosen[:])
            for coin in (1, 2):
                if coin <= rest:
                    chosen.append(coin)
                    extend(rest - coin)
                    chosen.pop()

        extend(target)
        return ways

    picture = recursion(
        outer, 2, show=["chosen"], results=False, done=lambda names: names["rest"] == 0
    )
    assert picture.words == "The calls of outer. [2] done, [1, 1] done"


def test_a_function_that_fails_or_never_ends_is_drawn_as_far_as_it_went() -> None:
    def endless(n: int) -> int:
        return endless(n + 1)

    def failing(n: int) -> float:
        return 1 / n if n == 0 else failing(n - 1)

    assert "failing" in recursion(failing, 2).words
    assert recursion(endless, 0, max_steps=60).count("<rect") > 10
