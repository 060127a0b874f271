"""What the step player draws beside the code: a view names the containers to watch.

A name is looked for in the reader's own run, so it may be missing there: the reader may call the
list something else. It then stands for the argument at the same place: the first name of a view
for the first argument that is a sequence, the second for the second.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from course.widgets import pictures
from course.widgets.values import Encoded, elements

Run = dict[str, Any]
Step = dict[str, Any]


@dataclass(frozen=True)
class View:
    """What to draw: `kind` of picture, the names to watch, and how."""

    kind: str
    names: tuple[str, ...]
    pointers: tuple[str, ...] | None = None
    water: bool = False


@dataclass(frozen=True)
class Watched:
    """One container of a run: found in `source` ("args" or "locals") of each step under `key`."""

    label: str
    source: str
    key: str


def bars(*names: str, pointers: Sequence[str] | None = None, water: bool = False) -> View:
    """A view of one list of numbers as bars. `water` fills between the outermost two pointers.

    `pointers` are the names to draw, whole numbers of the function; by default, or when it has none
    of these, every name that indexes the list.
    """
    return View("bars", names, tuple(pointers) if pointers else None, water)


def cells(*names: str, pointers: Sequence[str] | None = None) -> View:
    """A view of lists, tuples or strings as rows of cells, each with the names that index it."""
    return View("cells", names, tuple(pointers) if pointers else None)


def automatic(run: Run) -> View | None:
    """Cells for every argument that is a sequence; None when there is none."""
    names = _sequences(run)
    return View("cells", tuple(names)) if names else None


def watched(run: Run, view: View | None) -> list[Watched]:
    """Where in this run the view's containers are; those that are nowhere are left out."""
    arguments = _sequences(run)
    local_names = {name for step in run["steps"] for name in step["locals"]}
    found: list[Watched] = []
    for position, name in enumerate(view.names if view else ()):
        if name in arguments:
            found.append(_argument(run, name))
        elif name in local_names and name not in run["args"]:
            found.append(Watched(name, "locals", name))
        elif position < len(arguments) and arguments[position] not in (view.names if view else ()):
            found.append(_argument(run, arguments[position]))
    return found


def for_browser(run: Run, view: View | None) -> dict[str, Any]:
    """The view as JSON data: {"kind", "containers": [{"label", "source", "key"}], …}."""
    if view is None:
        return {"kind": "none", "containers": []}
    containers = [asdict(container) for container in watched(run, view)]
    pointers = _pointer_names(run, view)
    return {"kind": view.kind, "containers": containers, "water": view.water, "pointers": pointers}


def values_at(step: Step, container: Watched) -> list[Encoded] | None:
    """The container's elements before this step; None where it does not exist (yet)."""
    return elements(step[container.source].get(container.key))


def pointers_at(step: Step, container: Watched, only: Sequence[str] | None) -> dict[str, int]:
    """The names that point into the container at this step; with `only`, just those names."""
    if only is None:
        return dict(step["pointers"].get(container.key, {}))
    found = {name: step["locals"].get(name) for name in only}
    return {name: index for name, index in found.items() if type(index) is int}


def situation(step: Step, containers: Sequence[Watched]) -> list[Any]:
    """What is to be seen at one step, to tell whether two steps look the same."""
    return [
        (values_at(step, container), pointers_at(step, container, None)) for container in containers
    ]


def picture(run: Run, view: View | None, position: int) -> str:
    """The view at one step as SVG text; "" when there is nothing to draw."""
    step = run["steps"][position]
    only = _pointer_names(run, view) if view else None
    shown = [
        (container, values)
        for container in watched(run, view)
        if (values := values_at(step, container)) is not None
    ]
    if not view or not shown:
        return ""
    if view.kind == "bars":
        container, values = shown[0]
        pointers = pointers_at(step, container, only)
        return pictures.bars(_decoded(values), pointers, view.water)
    rows = {container.label: _decoded(values) for container, values in shown}
    pointing = {container.label: pointers_at(step, container, only) for container, _ in shown}
    marks: dict[str, dict[int, str]] = {container.label: {} for container, _ in shown}
    for container, values in shown:
        for kind in ("read", "write"):
            for key, *path in step[f"{kind}s"]:
                if key == container.key and path[:1] and path[0] in range(len(values)):
                    marks[container.label][path[0]] = kind
    return pictures.cells(rows, pointing, marks)


def _argument(run: Run, name: str) -> Watched:
    changing = run["steps"][0]["args"] if run["steps"] else {}
    return Watched(name, "args" if name in changing else "locals", name)


def _sequences(run: Run) -> list[str]:
    return [name for name, value in run["args"].items() if elements(value) is not None]


def _pointer_names(run: Run, view: View) -> list[str] | None:
    """The view's pointer names if this run has any of them, else None: draw all."""
    names = view.pointers or ()
    found = any(type(step["locals"].get(name)) is int for step in run["steps"] for name in names)
    return list(names) if found else None


def _decoded(values: list[Encoded]) -> list[Any]:
    """Elements as the pictures take them: numbers and text as themselves, the rest as text."""
    return [pictures.shown(value) for value in values]
