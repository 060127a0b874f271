"""Trees that count how often their nodes are looked at."""

from typing import Any

from course.checks.counting import Counter
from course.trees import TreeNode


class CountedNode(TreeNode):
    """A node that counts each time its value, its left or its right is read or written.

    `tree(values, CountedNode)` makes a tree of them. They count from the moment that a growth
    check gives them its counter.
    """

    _counter: Counter | None = None

    def __counted__(self, counter: Counter) -> "CountedNode":
        """This very node, counting from now on, with all nodes below it."""
        waiting: list[Any] = [self]
        while waiting:
            node = waiting.pop()
            if node is not None:
                node._counter = None
                waiting += [node.left, node.right]
                node._counter = counter
        return self


def _counting(name: str) -> Any:
    hidden = f"_{name}"

    def read(self: CountedNode) -> Any:
        if self._counter is not None:
            self._counter.count("reads")
        return getattr(self, hidden)

    def write(self: CountedNode, value: Any) -> None:
        if self._counter is not None:
            self._counter.count("writes")
        setattr(self, hidden, value)

    return property(read, write)


for _name in ("value", "left", "right"):
    setattr(CountedNode, _name, _counting(_name))
