"""Trees written as lists, and nodes that count."""

import copy
import random

import pytest

from course.checks.counting import Counter, counted
from course.checks.trees import CountedNode
from course.trees import TreeNode, nodes, tree, written


def test_a_tree_is_its_list_level_by_level() -> None:
    root = tree([3, 5, 1, None, 2, 0])
    assert root is not None
    assert (root.value, root.left.value, root.right.value) == (3, 5, 1)
    assert root.left.left is None
    assert root.left.right.value == 2
    assert root.right.left.value == 0
    assert [node.value for node in nodes(root)] == [3, 5, 1, 2, 0]
    assert repr(root) == "tree([3, 5, 1, None, 2, 0])"


def test_no_values_no_tree() -> None:
    assert tree([]) is None
    assert written(None) == []
    assert list(nodes(None)) == []


@pytest.mark.parametrize("values", [[None, 1], [1, None, None, 4]])
def test_a_value_without_a_node_above_it_is_refused(values: list[int | None]) -> None:
    with pytest.raises(ValueError, match=r"root|above"):
        tree(values)


def test_written_and_tree_undo_each_other() -> None:
    draw = random.Random(5)
    for _ in range(100):
        made = [TreeNode(0)]
        for value in range(1, draw.randrange(1, 30)):
            parent, side = draw.choice(made), draw.choice(["left", "right"])
            if getattr(parent, side) is None:
                setattr(parent, side, TreeNode(value))
                made.append(getattr(parent, side))
        again = tree(written(made[0]))
        assert written(again) == written(made[0])
        assert len(list(nodes(again))) == len(made)


def test_a_deep_chain_needs_no_recursion() -> None:
    values = [0, *(v for i in range(1, 5000) for v in (None, i))]
    root = tree(values)
    assert written(root) == values
    assert copy.deepcopy(root) is root


def test_nodes_are_told_apart_by_identity() -> None:
    root = tree([1, 1, 1])
    assert root is not None
    assert root.left != root.right
    assert len({root, root.left, root.right}) == 3


def test_counted_nodes_count_each_look() -> None:
    root = tree([1, 2, 3], CountedNode)
    assert root is not None
    counter = Counter()
    assert counted(root, counter) is root
    assert counter.total == 0
    assert root.left.value == 2
    assert counter.reads == 2
    root.right = None
    assert (counter.reads, counter.writes) == (2, 1)


def test_counted_nodes_keep_within_a_budget() -> None:
    from course.checks import WorkLimit

    root = counted(tree([1, 2, 3], CountedNode), Counter(budget=5))

    def endless() -> None:
        while True:
            assert root.left is not None

    with pytest.raises(WorkLimit):
        endless()
