"""What a recorded run leaves to be compared with another: trails of marks, in order.

What takes two runs gives a trail for each, or None when they have nothing of the kind in common.
"""

from collections.abc import Iterable
from typing import Any, NamedTuple

from course.widgets.call_trees import recursive
from course.widgets.values import Encoded, text
from course.widgets.views import (
    View,
    Watched,
    is_keyed,
    pointer_names,
    pointers_at,
    values_at,
    watched,
)

Run = dict[str, Any]
Step = dict[str, Any]
_NOT_TOLD = ("function", "builtin_function_or_method", "method", "type", "module")
MAX_SAID = 200


class Mark(NamedTuple):
    """What there is to see at a step: `what` is compared, part by part; `said` tells each part."""

    step: int
    what: tuple[Any, ...]
    said: tuple[str, ...]


Trail = list[Mark]
Trails = tuple[Trail, Trail]


def _distinct(marks: Iterable[Mark]) -> Trail:
    trail: Trail = []
    for mark in marks:
        if not trail or trail[-1].what != mark.what:
            trail.append(mark)
    return trail


# what the view watches


def contents(run: Run, reference: Run, view: View | None) -> Trails | None:
    """What the containers hold, if there are as many in both runs and some run changes them."""
    mine, theirs = watched(run, view), watched(reference, view)
    if not mine or len(mine) != len(theirs):
        return None
    trails = _held(run, mine), _held(reference, theirs)
    return trails if max(map(len, trails)) > 1 else None


def _held(run: Run, containers: list[Watched]) -> Trail:
    def mark(at: int, step: Step) -> Mark:
        held = tuple(text(values_at(step, container)) for container in containers)
        said = (f"{one.label} = {values}" for one, values in zip(containers, held, strict=True))
        return Mark(at, held, tuple(said))

    return _distinct(mark(at, step) for at, step in enumerate(run["steps"]))


def pointers(run: Run, reference: Run, view: View | None) -> Trails | None:
    """Where the pointers are, whatever they are called, when all of them have a value."""
    mine, theirs = watched(run, view), watched(reference, view)
    if not mine or len(mine) != len(theirs):
        return None
    both = view and pointer_names(run, view) and pointer_names(reference, view)
    named = list(view.pointers or ()) if view and both else None
    trails = _places(run, mine, named), _places(reference, theirs, named)
    return trails if all(trails) else None


def _places(run: Run, containers: list[Watched], named: list[str] | None) -> Trail:
    seen = [
        tuple(
            tuple(sorted(pointers_at(step, container, named).values()))
            for container in containers
            if not is_keyed(step[container.source].get(container.key))  # look-ups are no places
        )
        for step in run["steps"]
    ]
    most = max((sum(map(len, places)) for places in seen), default=0)
    return _distinct(
        Mark(at, (places,), (_pointing(places),))
        for at, places in enumerate(seen)
        if most and sum(map(len, places)) == most
    )


def _pointing(places: tuple[tuple[int, ...], ...]) -> str:
    return f"the pointers are at {' and '.join(str(at) for row in places for at in row)}"


# calls


def calls(run: Run, reference: Run) -> Trails | None:
    """Calls of the functions that recurse, and of helpers that both runs have, and their ends."""
    loops, other_loops = recursive(run), recursive(reference)
    both = bool(loops and other_loops)
    helpers = _inner(run) & _inner(reference)
    trails = (
        _called(run, helpers | (loops if both else set())),
        _called(reference, helpers | (other_loops if both else set())),
    )
    if not all(trails):
        return None
    given = [
        {len(mark.what[0][1]) for mark in trail if mark.what[0][0] == "call"} for trail in trails
    ]
    if given[0] != given[1]:  # other parameters: compare what comes back
        return tuple([m for m in trail if m.what[0][0] == "return"] for trail in trails)  # type: ignore[return-value]
    return trails


def _inner(run: Run) -> set[str]:
    return {call["name"] for call in run["calls"][1:]}


def _called(run: Run, names: set[str]) -> Trail:
    trail: Trail = []
    begun: dict[int, str] = {}
    for at, step in enumerate(run["steps"]):
        number = step["call"]
        if step["event"] not in ("call", "return") or number >= len(run["calls"]):
            continue
        call = run["calls"][number]
        if call["name"] not in names:
            continue
        if step["event"] == "call":
            begun[number] = step["note"]
            given = tuple(_told_apart(step["locals"].get(one)) for one in call["given"])
            trail.append(Mark(at, (("call", given),), (f"{_short(step['note'])} is called",)))
        else:
            said = f"{_short(begun.get(number, call['name']))} {_short(step['note'])}"
            trail.append(Mark(at, (("return", step["note"]),), (said,)))
    return trail


def _told_apart(value: Encoded) -> Any:
    """What tells two values apart: nodes of a tree by which node they are, the rest by its text."""
    if isinstance(value, dict) and "node" in value:
        return value["id"]
    return text(value)


# names, reads and writes


def values(run: Run) -> tuple[dict[str, Trail], dict[str, str]]:
    """For each local name, the values that it holds one after the other, and the first's type."""
    trails: dict[str, Trail] = {}
    kinds: dict[str, str] = {}
    last: dict[str, Any] = {}
    for at, step in enumerate(run["steps"]):
        for name, value in step["locals"].items():
            if name in last and last[name] is value:
                continue
            last[name] = value
            if isinstance(value, dict) and value.get("type") in _NOT_TOLD:
                continue
            mark = Mark(at, (_told_apart(value),), (f"{name} = {_short(text(value))}",))
            trail = trails.setdefault(name, [])
            kinds.setdefault(name, _kind(value))
            if not trail or trail[-1].what != mark.what:
                trail.append(mark)
    return trails, kinds


def accesses(run: Run, reference: Run) -> Trails | None:
    """What is read and written, of arguments at the same place and locals of the same name."""
    same_place = dict(zip(reference["args"], run["args"], strict=False))
    mine, theirs = _touched(run, {}), _touched(reference, same_place)
    common = {mark.what[0][1] for mark in mine} & {mark.what[0][1] for mark in theirs}
    trails = tuple([m for m in trail if m.what[0][1] in common] for trail in (mine, theirs))
    return trails if common else None  # type: ignore[return-value]


def _touched(run: Run, renamed: dict[str, str]) -> Trail:
    return _distinct(
        Mark(
            at,
            ((kind, renamed.get(key, key), path),),
            (_touching(step, key, path, kind),),
        )
        for at, step in enumerate(run["steps"])
        for kind, touched in (("read", step["reads"]), ("written", step["writes"]))
        for key, *path in touched
        if path
    )


def _touching(step: Step, key: str, path: list[Any], kind: str) -> str:
    if is_keyed(step["locals"].get(key)) and kind == "read":
        return f"{path[0]!r} is looked up in {key}"
    return f"{key}{''.join(f'[{one!r}]' for one in path)} is {kind}"


def _kind(value: Encoded) -> str:
    return str(value["type"]) if isinstance(value, dict) else type(value).__name__


def _short(said: str) -> str:
    return said if len(said) <= MAX_SAID else f"{said[: MAX_SAID - 1]}…"
