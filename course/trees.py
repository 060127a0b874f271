"""Binary trees: a node, and a tree written as a list, level by level.

`tree([3, 5, 1, None, 2])` is the tree

        3
       / \\
      5   1
       \\
        2

Each level is read from left to right; None stands where a node has no child. The children of None
are not written.
"""

from collections import deque
from collections.abc import Iterator, Sequence
from typing import Any, Optional


class TreeNode:
    """A node of a binary tree: a `value`, and the nodes below it, `left` and `right` (or None).

    Two nodes are the same only if they are one object, whatever their values. A copy of a node is
    the node itself: a node is known by its place in its tree.
    """

    def __init__(
        self, value: Any, left: Optional["TreeNode"] = None, right: Optional["TreeNode"] = None
    ) -> None:
        self.value = value
        self.left = left
        self.right = right

    def __deepcopy__(self, memo: dict[int, Any]) -> "TreeNode":
        return self

    def __repr__(self) -> str:
        return f"tree({written(self)})"


def tree(values: Sequence[Any], kind: type[TreeNode] = TreeNode) -> TreeNode | None:
    """The root of the tree that `values` describes level by level; None for no values.

    `kind` is the class of its nodes. Raises ValueError where a value has no node to hang on.
    """
    if not values:
        return None
    if values[0] is None:
        raise ValueError("the first value is the root: it cannot be None")
    root = kind(values[0])
    waiting = deque([root])
    for index in range(1, len(values), 2):
        if not waiting:
            raise ValueError(f"value {index} has no node above it: {values[index]!r}")
        parent = waiting.popleft()
        parent.left, parent.right = (
            None if value is None else kind(value)
            for value in (values[index], values[index + 1] if index + 1 < len(values) else None)
        )
        waiting.extend(child for child in (parent.left, parent.right) if child is not None)
    return root


def nodes(root: TreeNode | None) -> Iterator[TreeNode]:
    """The nodes of a tree level by level, each level from left to right."""
    waiting = deque([root] if root is not None else [])
    while waiting:
        node = waiting.popleft()
        yield node
        waiting.extend(child for child in (node.left, node.right) if child is not None)


def written(root: TreeNode | None) -> list[Any]:
    """The tree as a list, level by level: what `tree` makes the same tree of."""
    values: list[Any] = []
    waiting: deque[TreeNode | None] = deque([root] if root is not None else [])
    while waiting:
        node = waiting.popleft()
        values.append(None if node is None else node.value)
        if node is not None:
            waiting.extend([node.left, node.right])
    while values and values[-1] is None:
        values.pop()
    return values
