"""What the step player draws beside the code: a view names the containers to watch.

    bars("height", water=True)              a list of numbers as bars, with water between pointers
    cells("nums1", "nums2")                 lists, tuples or text as rows of cells
    window("s")                             a window on a text, with the counts that are kept of it
    number_line("nums", "seen")             the numbers on a line, those in the set filled
    buckets("buckets", values="nums")       buckets with what is in them, and the range of each
    data_tree("root")                       a tree of nodes, and which names are at which node
    call_tree("rest", "chosen")             the calls of a recursive function, with what was cut
    table("best")                           a table or row, with arrows from the sources of a value
    tiles("A", "B")                         matrices, arrays or tensors as coloured tiles
    stream("values", "mean", "largest")     values that come in one by one, and running values
    plane_view("points", "corners")         points of the plane, and the way that a list makes

A name is looked for in the reader's own run, so it may be missing there: the reader may call the
list something else. It then stands for the argument at the same place (the first name of a view for
the first argument of a fitting kind), and where there is none, for the first local name of a
fitting kind. What does not exist yet is not drawn yet.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from course.widgets import call_trees
from course.widgets.values import Encoded, elements, number

Run = dict[str, Any]
Step = dict[str, Any]
MAX_PLACES = 120
MAX_SERIES = 4
MAX_READINGS = 400


@dataclass(frozen=True)
class View:
    """What to draw: `kind` of picture, the names to watch, and how."""

    kind: str
    names: tuple[str, ...]
    pointers: tuple[str, ...] | None = None
    water: bool = False
    options: Mapping[str, Any] = field(default_factory=dict)


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


def window(
    text: str = "s",
    left: str = "left",
    right: str = "right",
    *,
    counts: Sequence[str] = (),
    inclusive: bool | None = None,
) -> View:
    """A view of a window on a text or list, from `left` to `right`, and the counts kept of it.

    `counts` names dictionaries from letters to numbers (need, have); by default, the first two that
    the function has. With `inclusive`, the letter at `right` belongs to the window; by default it
    does when the function reads that letter as `text[right]`, or walks by `enumerate(text)`.
    """
    options = {"left": left, "right": right, "counts": tuple(counts), "inclusive": inclusive}
    return View("window", (text,), (left, right), options=options)


def number_line(values: str = "nums", seen: str = "seen", *, at: Sequence[str] = ()) -> View:
    """A view of numbers on a line, gaps folded; those in the set or dictionary `seen` are filled.

    What is looked up in `seen` (`x + 1 in seen`) is marked below, and the names in `at` too.
    """
    return View("number_line", (values, seen), options={"at": tuple(at)})


def buckets(
    *names: str, values: str = "nums", low: str | None = None, width: str | None = None
) -> View:
    """A view of a list of buckets (each None, a number, or a list) under the values put into them.

    Two names are two lists of the same length, such as the lowest and highest of each bucket. `low`
    and `width` name the numbers that give bucket i the range low + i·width up to the next.
    """
    options = {"low": low, "width": width}
    return View("buckets", (values, *(names or ("buckets",))), options=options)


def data_tree(root: str = "root") -> View:
    """A view of a tree of nodes with `left` and `right` (or `children`), as it is now.

    Every local name that is a node is drawn at its node; the path of calls to it is marked.
    """
    return View("data_tree", (root,))


def call_tree(*names: str, results: bool = True, done: Mapping[str, Any] | None = None) -> View:
    """A view of the calls of a recursive function as they happen, the current path marked.

    In each box stand the values of `names` at the start of the call (by default its arguments), and
    below it, with `results`, what it returned. Where a call cut a branch by `break` or `continue`,
    a cross hangs below it. `done={"rest": 0}` marks the calls that begin with these values.
    """
    return View("call_tree", names, options={"results": results, "done": dict(done or {})})


def table(*names: str, rows: str | None = None, columns: str | None = None) -> View:
    """A view of a table (a list of lists) or a row, with arrows from the cells a value came from.

    The arrows are the reads on the line that writes. `names` after the first are lists drawn as
    further rows; lists of the same length that the function fills are added by themselves. `rows`
    and `columns` name lists whose values are written beside. Below one row, the direction in which
    it is being filled is shown, and whether a value comes from this very round.
    """
    options = {"rows": rows, "columns": columns}
    return View("table", names or ("best",), options=options)


def tiles(*names: str) -> View:
    """A view of matrices (lists of lists, arrays, tensors) as tiles coloured by value, 0 plain."""
    return View("tiles", names or ("A",))


def stream(values: str = "values", *running: str) -> View:
    """A view of values that come in one by one, with the course of the `running` numbers below.

    Without `running`, the first few numbers that the function keeps changing.
    """
    return View("stream", (values,), options={"running": running})


def plane_view(
    *names: str, closed: Sequence[str] = (), segments: Sequence[tuple[str, str]] = ()
) -> View:
    """A view of points of the plane: pairs of numbers, and lists of them.

    The first list is drawn as dots; in each further one the points are joined in their order, those
    in `closed` all round. `segments` joins two named points. What a line reads is marked, and every
    name that holds a point is written beside it.
    """
    options = {"closed": tuple(closed), "segments": [list(ends) for ends in segments]}
    return View("plane_view", names or ("points",), options=options)


def automatic(run: Run) -> View | None:
    """Cells for every argument that is a sequence, else the tree of an argument, else of the calls
    of a function that calls itself; None when there is nothing to draw.
    """
    names = _sequences(run)
    if names:
        return View("cells", tuple(names))
    roots = [name for name, value in run["args"].items() if _is_node(value)]
    if roots:
        return data_tree(roots[0])
    return call_tree() if call_trees.recurses(run) else None


def watched(run: Run, view: View | None) -> list[Watched]:
    """Where in this run the view's containers are; those that are nowhere are left out."""
    if view is None or view.kind == "call_tree":
        return []
    found: list[Watched] = []
    for position, name in enumerate(view.names):
        fits = _fitting(view, position)
        arguments = [one for one, value in run["args"].items() if fits(value)]
        taken = [*view.names, *(one.key for one in found)]
        if name in arguments:
            found.append(_argument(run, name))
        elif name not in run["args"] and _is_local(run, name, fits):
            found.append(Watched(name, "locals", name))
        elif view.kind in ("bars", "cells"):
            if position < len(arguments) and arguments[position] not in view.names:
                found.append(_argument(run, arguments[position]))
        else:
            spare = [one for one in arguments if one not in taken]
            local = _first_local(run, fits, taken)
            if local and (_is_made(view, position) or not spare):
                found.append(Watched(local, "locals", local))
            elif spare:
                found.append(_argument(run, spare[0]))
    return found


def for_browser(run: Run, view: View | None) -> dict[str, Any]:
    """The view as JSON data: {"kind", "containers": [{"label", "source", "key"}], …}.

    With it goes what is the same for all steps and is found here once: see `details`.
    """
    if view is None:
        return {"kind": "none", "containers": []}
    containers = [asdict(container) for container in watched(run, view)]
    pointers = pointer_names(run, view)
    return {
        "kind": view.kind,
        "containers": containers,
        "water": view.water,
        "pointers": pointers,
        **details(run, view),
    }


def details(run: Run, view: View) -> dict[str, Any]:
    """What a view draws from the whole run: places on the line, calls, running values."""
    found = _DETAILS.get(view.kind)
    return found(run, view, watched(run, view)) if found else {}


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
    at = [(name, value["id"]) for name, value in step["locals"].items() if _is_node(value)]
    return [
        (step[container.source].get(container.key), pointers_at(step, container, None), at)
        for container in containers
    ] or [step["call"]]


# which values fit which view


def _is_node(value: Encoded) -> bool:
    return isinstance(value, dict) and "node" in value


def is_matrix(value: Encoded) -> bool:
    """Whether an encoded value is a list of lists, or an array of two dimensions."""
    rows = elements(value)
    return bool(rows) and not isinstance(value, str) and isinstance(rows[0], list)  # type: ignore[index]


def _is_sequence(value: Encoded) -> bool:
    return elements(value) is not None


def _is_list(value: Encoded) -> bool:
    return _is_sequence(value) and not isinstance(value, str)


def is_keyed(value: Encoded) -> bool:
    """Whether an encoded value is a set or a dictionary."""
    kinds = ("set", "frozenset", "dict", "defaultdict", "Counter", "OrderedDict")
    return isinstance(value, dict) and value.get("type") in kinds


def _fitting(view: View, position: int) -> Callable[[Encoded], bool]:
    kind = view.kind
    if kind == "data_tree":
        return _is_node
    if kind == "number_line" and position == 1:
        return is_keyed
    if kind == "table" and position == 0:
        return _is_table
    if kind in ("number_line", "buckets", "tiles"):
        return _is_list
    if kind == "plane_view":
        return _has_points
    return _is_sequence


def _is_made(view: View, position: int) -> bool:
    """Whether the function itself makes this container, so that no argument is meant by it."""
    late = view.kind in ("number_line", "buckets", "plane_view") and position > 0
    return view.kind == "table" or late


def is_point(value: Encoded) -> bool:
    """Whether an encoded value is a pair of numbers."""
    inside = elements(value)
    return (
        inside is not None
        and len(inside) == 2
        and not any(isinstance(one, (bool, str)) or number(one) is None for one in inside)
    )


def points_in(value: Encoded) -> list[tuple[float, float]]:
    """The point that an encoded pair of numbers is, or the points in a list of pairs; else none."""
    pairs = [value] if is_point(value) else filter(is_point, elements(value) or [])
    return [(x, y) for x, y in (map(number, elements(one) or []) for one in pairs)]  # type: ignore[misc]


def _has_points(value: Encoded) -> bool:
    return bool(points_in(value))


def _is_table(value: Encoded) -> bool:
    return is_matrix(value) or isinstance(value, list)


def _first_local(run: Run, fits: Callable[[Encoded], bool], taken: Sequence[str]) -> str | None:
    """The first local name, in order of appearance, that ever holds a fitting value."""
    shy = None
    for step in run["steps"]:
        for name, value in step["locals"].items():
            if name not in taken and name not in run["args"] and fits(value):
                if (fits is _is_table and not is_matrix(value)) or (
                    fits is _has_points and is_point(value)
                ):
                    shy = shy or str(name)  # a row or point, unless there is a table or way
                else:
                    return str(name)
    return shy


def _anything(value: Encoded) -> bool:
    return True


def _is_local(run: Run, name: str, fits: Callable[[Encoded], bool] = _anything) -> bool:
    return any(name in step["locals"] and fits(step["locals"][name]) for step in run["steps"])


def _argument(run: Run, name: str) -> Watched:
    changing = run["steps"][0]["args"] if run["steps"] else {}
    return Watched(name, "args" if name in changing else "locals", name)


def _sequences(run: Run) -> list[str]:
    return [name for name, value in run["args"].items() if elements(value) is not None]


def pointer_names(run: Run, view: View) -> list[str] | None:
    """The view's pointer names if this run has any of them, else None: draw all."""
    names = view.pointers or ()
    found = any(type(step["locals"].get(name)) is int for step in run["steps"] for name in names)
    return list(names) if found else None


# what is found once for the whole run


def _window(run: Run, view: View, containers: list[Watched]) -> dict[str, Any]:
    counts = [name for name in view.options["counts"] if _is_local(run, name)]
    inclusive = view.options["inclusive"]
    if inclusive is None:
        keys = [container.key for container in containers]
        right = view.options["right"]
        inclusive = any(
            right in step["pointers"].get(key, {}) for step in run["steps"] for key in keys
        )
    return {
        "ends": [view.options["left"], view.options["right"]],
        "counts": counts or _counting_names(run)[:2],
        "inclusive": bool(inclusive),
    }


def _counting_names(run: Run) -> list[str]:
    """Local dictionaries from letters (or other plain keys) to numbers."""
    names: dict[str, None] = {}
    for step in run["steps"]:
        for name, value in step["locals"].items():
            if name not in names and isinstance(value, dict) and is_keyed(value):
                pairs = value["items"]
                if "set" not in value["type"] and pairs and all(type(n) is int for _, n in pairs):
                    names[name] = None
    return list(names)


def _number_line(run: Run, view: View, containers: list[Watched]) -> dict[str, Any]:
    """Every number that has a place on the line in the whole run, in order."""
    places: dict[float, None] = {}

    def add(values: Sequence[Encoded]) -> None:
        for value in values:
            place = number(value)
            if place is not None and not isinstance(value, bool) and len(places) < MAX_PLACES:
                places[place] = None

    keys = [container.key for container in containers]
    for container in containers[:1]:
        add(values_at(run["steps"][0], container) or [] if run["steps"] else [])
    seen: Any = None
    for step in run["steps"]:
        for container in containers[1:]:
            held = step[container.source].get(container.key)
            if held is not seen:
                seen = held
                add(keys_of(held))
        for key in keys[1:]:
            add(list(step["pointers"].get(key, {}).values()))
        add(
            [
                index
                for key, *path in (*step["reads"], *step["writes"])
                if key in keys[1:]
                for index in path[:1]
            ]
        )
    at = [name for name in view.options["at"] if _is_local(run, name)]
    whole = all(place.is_integer() for place in places)
    return {"places": sorted(int(place) if whole else place for place in places), "at": at}


def keys_of(value: Encoded) -> list[Encoded]:
    """The members of an encoded set, or the keys of a dictionary."""
    if not isinstance(value, dict) or not is_keyed(value):
        return []
    pairs = "set" not in value["type"]
    return [item[0] if pairs else item for item in value["items"]]


def _buckets(run: Run, view: View, containers: list[Watched]) -> dict[str, Any]:
    return {"low": view.options["low"], "bucket_width": view.options["width"]}


def _calls(run: Run, view: View, containers: list[Watched]) -> dict[str, Any]:
    return call_trees.calls(run, view.names, view.options["results"], view.options["done"])


def _table(run: Run, view: View, containers: list[Watched]) -> dict[str, Any]:
    """The lists drawn as further rows: of the table's width, and filled by the function."""
    extra: dict[str, None] = {}
    first = containers[0] if containers else None
    for step in run["steps"]:
        held = step[first.source].get(first.key) if first else None
        rows = elements(held) or []
        width = len(elements(rows[0]) or []) if is_matrix(held) else len(rows)
        for key, *_ in step["writes"]:
            value = step["locals"].get(key)
            made = first is not None and key != first.key and key not in run["args"]
            if made and isinstance(value, list) and not is_matrix(value) and len(value) == width:
                extra[key] = None
    named = [container.key for container in containers[1:]]
    return {
        "extra": [key for key in extra if key not in named],
        "directions": _directions(run),
        "row_names": view.options["rows"],
        "column_names": view.options["columns"],
    }


def _directions(run: Run) -> dict[str, int]:
    """For each row that is filled again and again: 1 when mostly upwards, -1 when downwards."""
    votes: dict[str, int] = {}
    last: dict[str, int] = {}
    for step in run["steps"]:
        for key, *path in step["writes"]:
            if len(path) == 1 and type(path[0]) is int:
                before = last.get(key, path[0])
                votes[key] = votes.get(key, 0) + (path[0] > before) - (path[0] < before)
                last[key] = path[0]
    return {key: 1 if vote > 0 else -1 for key, vote in votes.items() if vote}


def _tiles(run: Run, view: View, containers: list[Watched]) -> dict[str, Any]:
    """The largest absolute value that each container ever holds: the strongest colour."""
    scale: dict[str, float] = {}
    for container in containers:
        held: Any = None
        for step in run["steps"]:
            value = step[container.source].get(container.key)
            if value is not held:
                held = value
                largest = max((abs(one) for one in _numbers(value)), default=0.0)
                scale[container.key] = max(scale.get(container.key, 0.0), largest)
    return {"scale": scale}


def _numbers(value: Encoded) -> list[float]:
    inside = elements(value)
    if inside is None or isinstance(value, str):
        plain = number(value)
        return [] if plain is None else [plain]
    return [one for item in inside for one in _numbers(item)]


def _stream(run: Run, view: View, containers: list[Watched]) -> dict[str, Any]:
    """{"series": {name: [[step, value], …]}} for each running number, thinned where it is long."""
    names = [name for name in view.options["running"] if _is_local(run, name)]
    series: dict[str, list[list[float]]] = {}
    pointing = {
        name
        for step in run["steps"]
        for kind in ("pointers", "walks")
        for row in step[kind].values()
        for name in row
    }
    for position, step in enumerate(run["steps"]):
        for name, value in step["locals"].items():
            reading = number(value)
            if reading is None or isinstance(value, bool) or (names and name not in names):
                continue
            readings = series.setdefault(name, [])
            if not readings or readings[-1][1] != reading:
                readings.append([position, reading])
    if not names:
        steady = (*run["args"], *pointing)
        series = {
            name: readings
            for name, readings in series.items()
            if name not in steady and len(readings) > 1
        }
    ordered = {name: series[name] for name in (names or series) if name in series}
    return {"series": dict(list(_thinned(ordered).items())[:MAX_SERIES])}


def _thinned(series: dict[str, list[list[float]]]) -> dict[str, list[list[float]]]:
    return {
        name: readings[:: -(-len(readings) // MAX_READINGS)] for name, readings in series.items()
    }


def _plane(run: Run, view: View, containers: list[Watched]) -> dict[str, Any]:
    """The corners of all points of the run, the distance of grid lines, and what is joined."""
    seen: list[tuple[float, float]] = []
    held: dict[str, Any] = {}
    for step in run["steps"]:
        for source in ("args", "locals"):
            for name, value in step[source].items():
                if held.get(name) is not value:
                    held[name] = value
                    seen += points_in(value)
    low = [min((point[axis] for point in seen), default=0.0) for axis in (0, 1)]
    high = [max((point[axis] for point in seen), default=0.0) for axis in (0, 1)]
    closed = view.options["closed"]
    whole = all(one.is_integer() for point in seen for one in point)
    distance = round_step(max(high[0] - low[0], high[1] - low[1]))
    return {
        "low": low,
        "high": high,
        "step": max(distance, 1.0) if whole else distance,
        "kinds": {
            one.label: "closed" if one.label in closed or name in closed else "open"
            for name, one in zip(view.names, containers, strict=False)
            if one.label in closed or name in closed or one is not containers[0]
        },
        "segments": view.options["segments"],
    }


def round_step(span: float, most: int = 12) -> float:
    """The distance of at most `most` grid lines over `span`: 1, 2 or 5 times a power of ten."""
    power = 10.0 ** math.floor(math.log10(span / most)) if span > 0 else 1.0
    return next(digit * power for digit in (1, 2, 5, 10) if digit * power >= span / most)


_DETAILS: dict[str, Callable[[Run, View, list[Watched]], dict[str, Any]]] = {
    "window": _window,
    "number_line": _number_line,
    "buckets": _buckets,
    "call_tree": _calls,
    "table": _table,
    "tiles": _tiles,
    "stream": _stream,
    "plane_view": _plane,
}
