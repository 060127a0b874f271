"""What the step player's views look like at one step, as SVG text, where there is no front end."""

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Any

from course.widgets import pictures
from course.widgets.pictures import Picture
from course.widgets.plane_picture import Point, plane
from course.widgets.tree_picture import branches
from course.widgets.values import Encoded, elements, number, text
from course.widgets.views import (
    Run,
    Step,
    View,
    Watched,
    details,
    is_keyed,
    is_matrix,
    is_point,
    keys_of,
    pointer_names,
    pointers_at,
    points_in,
    values_at,
    watched,
)

Rows = list[tuple[Watched, list[Encoded]]]
MAX_SIDE = 16


def picture(run: Run, view: View | None, position: int) -> str:
    """The view at one step as SVG text; "" when there is nothing to draw."""
    if view is None or not run["steps"]:
        return ""
    step = run["steps"][position]
    containers = watched(run, view)
    shown = [
        (container, values)
        for container in containers
        if (values := values_at(step, container)) is not None
    ]
    draw = _PICTURES.get(view.kind, _cells)
    if not shown and view.kind not in ("call_tree", "data_tree"):
        return ""
    return draw(run, view, position, step, shown)


def _bars(run: Run, view: View, position: int, step: Step, shown: Rows) -> Picture:
    container, values = shown[0]
    return pictures.bars(
        _decoded(values), pointers_at(step, container, pointer_names(run, view)), view.water
    )


def _cells(run: Run, view: View, position: int, step: Step, shown: Rows) -> Picture:
    only = pointer_names(run, view)
    rows = {container.label: _decoded(values) for container, values in shown}
    pointing = {container.label: pointers_at(step, container, only) for container, _ in shown}
    return pictures.cells(rows, pointing, _marks(step, shown))


def _window(run: Run, view: View, position: int, step: Step, shown: Rows) -> Picture:
    container, values = shown[0]
    found = details(run, view)
    left, right = (step["locals"].get(name) for name in found["ends"])
    inside: dict[int, str] = {}
    if type(left) is int and type(right) is int:
        stop = right + 1 if found["inclusive"] else right
        inside = dict.fromkeys(range(max(left, 0), min(stop, len(values))), "done")
    drawn = pictures.cells(
        {container.label: _decoded(values)},
        {container.label: pointers_at(step, container, list(found["ends"]))},
        {container.label: inside},
    )
    counted = [
        pictures.cells({name: [f"{_plain(key)}: {text(count)}" for key, count in held["items"]]})
        for name in found["counts"]
        if isinstance(held := step["locals"].get(name), dict) and is_keyed(held)
    ]
    return pictures.side_by_side(drawn, *counted) if counted else drawn


def _number_line(run: Run, view: View, position: int, step: Step, shown: Rows) -> Picture:
    container, _ = shown[0]
    found = details(run, view)
    places = found["places"]
    index = {place: at for at, place in enumerate(places)}
    held = watched(run, view)[1:]
    filled: set[float] = set()
    pointing: dict[str, int] = {}
    for one in held:
        keys = keys_of(step[one.source].get(one.key))
        filled |= {place for key in keys if (place := number(key)) is not None}
        for label, place in step["pointers"].get(one.key, {}).items():
            if place in index:
                pointing[label] = index[place]
    marks = {at: "done" for place, at in index.items() if place in filled}
    for one in held:
        for key, *path in step["reads"]:
            if key == one.key and path and path[0] in index:
                marks[index[path[0]]] = "read"
    line = held[0].label if held else container.label
    return pictures.cells({line: places}, {line: pointing}, {line: marks})


def _buckets(run: Run, view: View, position: int, step: Step, shown: Rows) -> Picture:
    only = None
    rows = {container.label: [_in_bucket(value) for value in values] for container, values in shown}
    pointing = {container.label: pointers_at(step, container, only) for container, _ in shown}
    return pictures.cells(rows, pointing, _marks(step, shown))


def _in_bucket(value: Encoded) -> str:
    if value is None:
        return "·"
    inside = elements(value)
    return ", ".join(_plain(one) for one in inside) if inside is not None else _plain(value)


def _data_tree(run: Run, view: View, position: int, step: Step, shown: Rows) -> str:
    for container in watched(run, view):
        root = _root(run, step, container)
        if root is None:
            continue
        at: dict[int, list[str]] = {}
        for name, value in step["locals"].items():
            if isinstance(value, dict) and "node" in value:
                at.setdefault(value["id"], []).append(name)
        nodes = step["nodes"]

        def label(one: Any, at: dict[int, list[str]] = at, nodes: Any = nodes) -> str:
            names = f"  ← {', '.join(at[one])}" if one in at else ""
            return _plain(nodes[str(one)][0]) + names

        def mark(one: Any, at: dict[int, list[str]] = at) -> str | None:
            return "read" if one in at else None

        def down(one: Any, nodes: Any = nodes) -> Sequence[Any]:
            below = nodes[str(one)][1]
            known = [child if str(child) in nodes else None for child in below]
            return known if any(child is not None for child in known) else []

        if str(root) in nodes and not _loops(root, nodes):
            return branches(root, down, label, mark)
    return ""


def _root(run: Run, step: Step, container: Watched) -> int | None:
    """The identity of the root that the run began with: recursion keeps the whole tree."""
    for source in (step["args"], run["args"]):
        value = source.get(container.key)
        if isinstance(value, dict) and "node" in value:
            return int(value["id"])
    for one in run["steps"]:
        value = one["locals"].get(container.key)
        if isinstance(value, dict) and "node" in value:
            return int(value["id"])
    return None


def _loops(root: int, nodes: Mapping[str, Any]) -> bool:
    """Whether some node is reached twice: then it is no tree, and there is no picture of it."""
    waiting, seen = [root], set()
    while waiting:
        one = waiting.pop()
        if one in seen:
            return True
        seen.add(one)
        waiting += [child for child in nodes.get(str(one), [0, []])[1] if child is not None]
    return False


def _call_tree(run: Run, view: View, position: int, step: Step, shown: Rows) -> str:
    found = details(run, view)["calls"]
    begun = [one for one, call in enumerate(found) if call["start"] <= position]
    if not begun:
        return ""
    below: dict[int, list[int]] = {one: [] for one in begun}
    for one in begun:
        parent = found[one]["parent"]
        if parent is not None:
            below[parent].append(one)

    def label(one: int) -> str:
        call = found[one]
        over = call["end"] is not None and call["end"] <= position
        return call["label"] + (f" → {call['result']}" if over and call["result"] else "")

    def mark(one: int) -> str | None:
        call = found[one]
        if call["done"]:
            return "done"
        return None if call["end"] is not None and call["end"] <= position else "read"

    return branches(begun[0], below.__getitem__, label, mark, title=f"Calls of {run['name']}")


def _table(run: Run, view: View, position: int, step: Step, shown: Rows) -> Picture:
    container, values = shown[0]
    found = details(run, view)
    held = step[container.source].get(container.key)
    table = [elements(row) or [] for row in values] if is_matrix(held) else [values]
    names: list[Any] = list(range(len(table))) if is_matrix(held) else [container.label]
    where = {container.key: [] if is_matrix(held) else [0]}
    for extra in (*(one.key for one, _ in shown[1:]), *found["extra"]):
        row = step["locals"].get(extra)
        if isinstance(row, list) and extra not in step["aliases"]:
            where[extra] = [len(table)]
            table.append(row)
            names.append(extra)
    marks: dict[tuple[int, int], str] = {}
    for kind in ("read", "write"):
        for key, *path in step[f"{kind}s"]:
            place = cell_of(key, path, where, step["aliases"], container.key)
            if place is not None:
                marks[place] = kind
    cut = [[pictures.shown(value) for value in row[:MAX_SIDE]] for row in table[:MAX_SIDE]]
    return pictures.grid(cut, marks, rows=names[:MAX_SIDE])


def cell_of(
    key: str,
    path: Sequence[Any],
    where: Mapping[str, list[int]],
    aliases: Mapping[str, list[Any]],
    table: str,
) -> tuple[int, int] | None:
    """The row and column in the picture of an access, or None when it is of something else."""
    if key in where:
        full = [*where[key], *path]
    elif key in aliases and aliases[key][0] == table:
        full = [*aliases[key][1:], *path]
    else:
        return None
    if len(full) == 2 and all(type(index) is int and index >= 0 for index in full):
        return full[0], full[1]
    return None


def _tiles(run: Run, view: View, position: int, step: Step, shown: Rows) -> Picture:
    drawn = []
    for container, values in shown:
        matrix = [elements(row) if isinstance(row, list) else None for row in values]
        table = (
            [row or [] for row in matrix] if all(row is not None for row in matrix) else [values]
        )
        cut = [[pictures.shown(value) for value in row[:MAX_SIDE]] for row in table[:MAX_SIDE]]
        drawn.append(pictures.grid(cut, corner=container.label))
    return pictures.side_by_side(*drawn)


def _stream(run: Run, view: View, position: int, step: Step, shown: Rows) -> Picture:
    container, values = shown[0]
    rows: dict[str, list[Any]] = {container.label: _decoded(values)}
    for name, readings in details(run, view)["series"].items():
        rows[name] = [f"{value:.4g}" for at, value in readings if at <= position][-12:]
    pointing = {container.label: pointers_at(step, container, None)}
    return pictures.cells(rows, pointing, _marks(step, shown[:1]))


def _plane(run: Run, view: View, position: int, step: Step, shown: Rows) -> Picture:
    found = details(run, view)
    dots: dict[str, Point] = {}
    area: list[Point] = []
    segments: list[tuple[Point, Point]] = []
    marks: dict[Point, str] = {}
    for container, values in shown:
        points = points_in(values)
        dots = dots or {str(at): point for at, point in enumerate(points)}
        kind = found["kinds"].get(container.label)
        if kind == "closed":
            area = points
        elif kind:
            segments += pairwise(points)
        for key, *path in step["reads"]:
            if key == container.key and path and path[0] in range(len(points)):
                marks[points[path[0]]] = "read"
    names: dict[Point, list[str]] = {}
    for name, value in {**step["args"], **step["locals"]}.items():
        if is_point(value):
            names.setdefault(points_in(value)[0], []).append(name)
    ends = {name: point for point, own in names.items() for name in own}
    segments += [(ends[p], ends[q]) for p, q in found["segments"] if p in ends and q in ends]
    plain = {at: point for at, point in dots.items() if point not in names}
    named = {", ".join(own): point for point, own in names.items()}
    return plane({**plain, **named}, segments, polygon=area, marks=marks)


def _marks(step: Step, shown: Rows) -> dict[str, dict[int, str]]:
    marks: dict[str, dict[int, str]] = {container.label: {} for container, _ in shown}
    for container, values in shown:
        for kind in ("read", "write"):
            for key, *path in step[f"{kind}s"]:
                if key == container.key and path[:1] and path[0] in range(len(values)):
                    marks[container.label][path[0]] = kind
    return marks


def _plain(value: Encoded) -> str:
    return value if isinstance(value, str) else text(value)


def _decoded(values: list[Encoded]) -> list[Any]:
    """Elements as the pictures take them: numbers and text as themselves, the rest as text."""
    return [pictures.shown(value) for value in values]


_PICTURES: dict[str, Callable[[Run, View, int, Step, Rows], str]] = {
    "bars": _bars,
    "cells": _cells,
    "window": _window,
    "number_line": _number_line,
    "buckets": _buckets,
    "data_tree": _data_tree,
    "call_tree": _call_tree,
    "table": _table,
    "tiles": _tiles,
    "stream": _stream,
    "plane_view": _plane,
}
