"""Pictures of what branches: any tree, a binary tree, and the calls of a recursive function."""

from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import Any

from course.widgets.pictures import MARK_MEANING, Picture, _colour, _label, _line, _svg
from course.widgets.tracing import MAX_STEPS, trace
from course.widgets.values import text

LEVEL, HEIGHT, GAP = 62.0, 26.0, 12.0
MAX_NODES = 400


class _Box:
    """A node with its place on the page: `x` and the width of its box; depth 0 is the root."""

    def __init__(self, node: Any, word: str, depth: int) -> None:
        self.node, self.word, self.depth = node, word, depth
        self.width = max(26.0, 7.4 * len(word) + 12)
        self.x = 0.0
        self.below: list[_Box | None] = []


def branches(
    root: Any,
    children: Callable[[Any], Sequence[Any]],
    label: Callable[[Any], str] = str,
    mark: Callable[[Any], str | None] = lambda node: None,
    edge: Callable[[Any, Any], str] = lambda node, child: "",
    title: str | None = None,
) -> Picture:
    """A tree as SVG text: the root on top, the children of each node below it from left to right.

    `children(node)` gives the nodes below (None keeps a place free), `label(node)` what is written
    in its box, `mark(node)` "read" | "write" | "right" | "wrong" | "done" or None for its colour,
    `edge(node, child)` what is written beside the line between them. Raises ValueError for more
    than 400 nodes.
    """
    top = _boxes(root, children, label)
    levels: list[float] = []
    _place(top, levels)
    boxes = _all(top)
    shift = 8 - min(box.x - box.width / 2 for box in boxes)
    for box in boxes:
        box.x += shift
    shapes: list[str] = []
    marks: dict[int, str] = {}
    for box in boxes:
        for child in box.below:
            if child is not None:
                shapes.append(_line(box.x, _y(box) + HEIGHT, child.x, _y(child)))
                words = edge(box.node, child.node)
                if words:
                    middle = (box.x + child.x) / 2 + (-6 if child.x < box.x else 6)
                    side = "end" if child.x < box.x else "start"
                    shapes.append(_label(middle, _y(box) + HEIGHT + 20, words, 90, True, side))
    for number, box in enumerate(boxes):
        kind = mark(box.node)
        marks |= {number: kind} if kind else {}
        shapes.append(_boxed(box, kind))
    wide = max(box.x + box.width / 2 for box in boxes) + 8
    tall = max(_y(box) for box in boxes) + HEIGHT + 8
    said = title or "A tree: " + _said(top)
    told = [f"{boxes[n].word} {MARK_MEANING.get(kind, kind)}" for n, kind in marks.items()]
    return _svg(wide, tall, shapes, said, ", ".join(told))


def binary_tree(
    root: Any, marks: Mapping[Any, str] | None = None, title: str | None = None
) -> Picture:
    """A binary tree (of nodes with `value`, `left`, `right`) as SVG text; `marks`: {node: kind}."""
    kinds = {id(node): kind for node, kind in (marks or {}).items()}

    def below(node: Any) -> list[Any]:
        return [node.left, node.right] if node.left or node.right else []

    return branches(
        root, below, lambda node: str(node.value), lambda node: kinds.get(id(node)), title=title
    )


def recursion(
    function: Callable[..., Any],
    *arguments: Any,
    show: Sequence[str] | None = None,
    results: bool = True,
    done: Callable[[Mapping[str, Any]], bool] | None = None,
    title: str | None = None,
    max_steps: int = MAX_STEPS,
) -> Picture:
    """Every call that `function(*arguments)` makes, each below the one it came from, as SVG text.

    In each box: the values of the names in `show` (by default, of those that hold a number), as
    they were when the call began, and with `results` what it returned (unless that is None). Calls
    for which `done(names)` holds are marked. The function runs on copies, and may be wrong.
    """
    run = trace(function, *arguments, max_steps=max_steps)
    names: dict[int, dict[str, Any]] = {}
    returned: dict[int, str] = {}
    for step in run["steps"]:
        if step["event"] == "call":
            names[step["call"]] = step["locals"]
        elif step["event"] == "return":
            returned[step["call"]] = step["note"].removeprefix("returns ")
    below: dict[int, list[int]] = {number: [] for number in names}
    for number, call in enumerate(run["calls"]):
        if call["parent"] is not None and number in names:
            below[call["parent"]].append(number)

    def label(number: int) -> str:
        known = names[number]
        wanted = [name for name, value in known.items() if type(value) in (int, float)]
        wanted = wanted if show is None else [name for name in show if name in known]
        shown = ", ".join(text(known[name]) for name in wanted)
        result = returned.get(number, "…")
        ending = f" → {result}" if results and result != "None" else ""
        return (shown or run["calls"][number]["name"]) + ending

    def mark(number: int) -> str | None:
        return "done" if done is not None and _holds(done, names[number]) else None

    what = title or f"The calls of {run['name']}"
    return branches(0, below.__getitem__, label, mark, title=what)


def _holds(done: Callable[[Mapping[str, Any]], bool], names: Mapping[str, Any]) -> bool:
    try:
        return bool(done(names))
    except Exception:  # a call that does not know the name that is asked for
        return False


def _boxes(
    root: Any, children: Callable[[Any], Sequence[Any]], label: Callable[[Any], str]
) -> _Box:
    top = _Box(root, label(root), 0)
    waiting, made = [top], 1
    for box in waiting:
        for child in children(box.node):
            if child is None:
                box.below.append(None)
                continue
            made += 1
            if made > MAX_NODES:
                raise ValueError(f"more than {MAX_NODES} nodes are too many for a picture")
            box.below.append(_Box(child, label(child), box.depth + 1))
        waiting += [child for child in box.below if child is not None]
    return top


def _place(box: _Box, levels: list[float]) -> None:
    """Set x below `box`, then its own: children side by side, each node over their middle.

    `levels` holds how far each level is filled; a subtree is moved right where it would overlap.
    """
    for child in box.below:
        if child is not None:
            _place(child, levels)
        else:
            while len(levels) <= box.depth + 1:
                levels.append(0.0)
            levels[box.depth + 1] += 26 + GAP
    while len(levels) <= box.depth:
        levels.append(0.0)
    own = [child for child in box.below if child is not None]
    wanted = levels[box.depth] + box.width / 2
    if own:
        first, last = own[0], own[-1]
        centre = (first.x + last.x) / 2
        if len(box.below) == 2 and len(own) == 1:  # a binary node with one child leans
            centre = first.x + (22 if box.below[0] is not None else -22)
        if centre < wanted:
            _move(box, wanted - centre, levels)
            centre = wanted
        box.x = centre
    else:
        box.x = wanted
    levels[box.depth] = box.x + box.width / 2 + GAP


def _move(box: _Box, by: float, levels: list[float]) -> None:
    for below in _all(box)[1:]:
        below.x += by
        levels[below.depth] = max(levels[below.depth], below.x + below.width / 2 + GAP)


def _all(top: _Box) -> list[_Box]:
    found = [top]
    for box in found:
        found += [child for child in box.below if child is not None]
    return found


def _y(box: _Box) -> float:
    return 8 + LEVEL * box.depth


def _boxed(box: _Box, kind: str | None) -> str:
    fill = f"fill:{_colour(kind)};fill-opacity:.35" if kind else "fill:none"
    edge = f"stroke:{_colour(kind)};stroke-width:2.5" if kind else "stroke:currentColor"
    return (
        f'<rect x="{box.x - box.width / 2:.1f}" y="{_y(box):.1f}" width="{box.width:.1f}" '
        f'height="{HEIGHT:.0f}" rx="13" style="{fill};{edge}"/>'
        f'<text x="{box.x:.1f}" y="{_y(box) + 18:.1f}" text-anchor="middle" '
        f'style="fill:currentColor">{escape(box.word)}</text>'
    )


def _said(box: _Box) -> str:
    """The tree in words: "3 (5 (6, 2), 1)"; cut short where it is large."""
    below = [_said(child) for child in box.below if child is not None and box.depth < 4]
    return f"{box.word} ({', '.join(below)})" if below else box.word
