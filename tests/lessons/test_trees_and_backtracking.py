"""What the lesson says is so: its functions, counts and claims, on drawn inputs."""

import itertools
import random
from typing import Any

import pytest

from course.checks.counts import operations
from course.trees import TreeNode, nodes, tree
from tests.lessons.running import names_of


@pytest.fixture(scope="module")
def lesson() -> dict[str, Any]:
    return names_of("01_algorithms/trees_and_backtracking")


def grown(draw: random.Random) -> tuple[list[TreeNode], dict[TreeNode, list[TreeNode]]]:
    """The nodes of a random tree, and the way from each of them up to the root."""
    made = [TreeNode(0)]
    way = {made[0]: [made[0]]}
    for _ in range(draw.randrange(1, 20)):
        free = [(n, s) for n in made for s in ("left", "right") if getattr(n, s) is None]
        parent, side = draw.choice(free)
        child = TreeNode(draw.randrange(4))
        setattr(parent, side, child)
        made.append(child)
        way[child] = [child, *way[parent]]
    return made, way


def test_three_functions_find_the_lowest_common_ancestor(lesson: dict[str, Any]) -> None:
    draw = random.Random(6)
    for _ in range(200):
        made, way = grown(draw)
        p, q = draw.sample(made, 2)
        expected = next(node for node in way[p] if node in way[q])
        for name in ("by_paths", "lowest_common_ancestor", "by_searching"):
            assert lesson[name](made[0], p, q) is expected, name


def test_it_looks_at_each_node_at_most_twice(lesson: dict[str, Any]) -> None:
    for n in (10, 50, 200):
        assert operations(lesson["lowest_common_ancestor"], *lesson["chain"](n)) <= 2 * n
        assert operations(lesson["by_searching"], *lesson["chain"](n)) > n * n


def ways_by_hand(candidates: list[int], target: int, most: int) -> list[list[int]]:
    """All multisets of candidates with the sum target, each candidate at most `most` times."""
    counts = itertools.product(range(most + 1), repeat=len(candidates))
    chosen = [[c for c, k in zip(candidates, ks, strict=True) for _ in range(k)] for ks in counts]
    return sorted(sorted(way) for way in chosen if sum(way) == target)


def test_ways_are_found_once_each(lesson: dict[str, Any]) -> None:
    draw = random.Random(8)
    for _ in range(60):
        coins, target = draw.sample(range(2, 9), 3), draw.randrange(1, 14)
        expected = ways_by_hand(coins, target, 7)
        for name in ("combination_sum", "enters_everything"):
            assert sorted(map(sorted, lesson[name](coins, target))) == expected


def test_ways_from_a_purse_are_found_once_each(lesson: dict[str, Any]) -> None:
    draw = random.Random(8)
    for _ in range(100):
        purse, target = draw.choices(range(1, 6), k=draw.randrange(1, 8)), draw.randrange(1, 12)
        sets = {
            tuple(sorted(chosen))
            for k in range(len(purse) + 1)
            for chosen in itertools.combinations(purse, k)
            if sum(chosen) == target
        }
        assert sorted(map(tuple, lesson["combination_sum_unique"](purse, target))) == sorted(sets)


def test_orders_grow_as_said(lesson: dict[str, Any]) -> None:
    assert lesson["orders"](40) / lesson["orders"](39) == pytest.approx(1.3247, abs=1e-3)
    assert len(lesson["any_order"]([2, 3], 20)) == lesson["orders"](20)


def test_six_bugs_are_bugs(lesson: dict[str, Any]) -> None:
    twice = tree([1, 2, 3, 3, 4])
    assert twice is not None
    assert lesson["compares_values"](twice, twice.left.left, twice.left.right) is not twice.left
    root, node = lesson["root"], lesson["node"]
    assert lesson["keeps_it_to_itself"](root, node[7], node[6]) is None
    with pytest.raises(AttributeError):
        lesson["takes_it_for_sorted"](root, node[7], node[4])
    assert lesson["stores_the_list_itself"]([2, 3], 6) == [[], []]
    assert lesson["skips_children_too"]([1, 1, 2], 4) == []
    assert lesson["breaks_too_early"]([7, 2, 3], 5) == []
    assert len(list(nodes(root))) == 9
