"""Where two runs of different functions on the same input part.

Two functions that do the same thing rarely have the same lines, so lines are not compared. Each run
leaves *trails* of what there is to see of it, and the first difference is where two trails part.
They are looked at in this order; the first ones depend least on how a function is written:

1. what the view's containers hold, if either run changes them;
2. calls and what they return, if both runs recurse or call helpers of the same name;
3. where the pointers into the view's containers are;

and, when the two do not end alike, for a difference must then be found,

4. the values of locals of the same name;
5. which elements are read and written, of the arguments and of locals of the same name.
"""

from collections.abc import Iterable
from typing import Any, NamedTuple

from course.widgets.call_trees import recursive
from course.widgets.values import Encoded, text
from course.widgets.views import View, Watched, is_keyed, pointers_at, values_at, watched

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


def first_difference(run: Run, reference: Run, view: View | None) -> dict[str, Any]:
    """{"step": index into `run`, or None when they agree, "text": one or two sentences}."""
    name = reference["name"]
    same = outcome(run) == outcome(reference)
    ending = (
        f" Both end with {outcome(run)}: another way, not a mistake."
        if same
        else f" It ends with {outcome(run)}; {name} ends with {outcome(reference)}."
    )
    seen = {
        "contents": _contents(run, reference, view),
        "calls": _calls(run, reference),
        "pointers": _pointers(run, reference, view),
    }
    for kind, trails in seen.items():
        if trails:
            found = _parting(*trails, run, name, strict=not same or kind == "contents")
            if found:
                return {"step": found[0], "text": found[1] + ending}
    if not same and run["steps"]:
        touched = _accesses(run, reference)
        found = (
            _names(run, reference)
            or (touched and _parting(*touched, run, name, strict=True))
            or (len(run["steps"]) - 1, "The same moves, but:")
        )
        return {"step": found[0], "text": found[1] + ending}
    moves = "the same moves, " if any(seen.values()) else ""
    return {"step": None, "text": f"No difference from {name}: {moves}the same end."}


def outcome(run: Run) -> str:
    """How a run ended, in a few words: its value, the arguments it changed, its error, or cut."""
    if run["error"]:
        return str(run["error"]["type"])
    if run["truncated"]:
        return "no end"
    if run["result"] is None and run["steps"]:
        last = run["steps"][-1]["args"]
        changed = [
            f"{name} = {text(value)}" for name, value in last.items() if value != run["args"][name]
        ]
        if changed:
            return ", ".join(changed)
    return text(run["result"])


def _parting(
    mine: Trail, theirs: Trail, run: Run, name: str, *, strict: bool
) -> tuple[int, str] | None:
    """Where and how two trails part. One that only goes on longer counts if `strict`."""
    for here, there in zip(mine, theirs, strict=False):
        if here.what != there.what:
            return here.step, f"Here {_said(here, there)}; in {name}, {_said(there, here)}."
    if strict and len(mine) < len(theirs):
        told = _told(theirs, len(mine))
        return len(run["steps"]) - 1, f"Here this run has ended; {name} goes on: {told}."
    if strict and len(mine) > len(theirs):
        told = _told(mine, len(theirs))
        return mine[len(theirs)].step, f"Here {name} has ended; this run goes on: {told}."
    return None


def _said(mark: Mark, other: Mark) -> str:
    """The parts in which a mark differs from another."""
    parts = [
        said if at >= len(other.said) or said != other.said[at] else f"{said} (another one)"
        for at, said in enumerate(mark.said)
        if at >= len(other.what) or mark.what[at] != other.what[at]
    ]
    return "; ".join(parts or mark.said)


def _told(trail: Trail, at: int) -> str:
    return _said(trail[at], trail[at - 1]) if at else "; ".join(trail[at].said)


def _distinct(marks: Iterable[Mark]) -> Trail:
    trail: Trail = []
    for mark in marks:
        if not trail or trail[-1].what != mark.what:
            trail.append(mark)
    return trail


# what the view watches


def _contents(run: Run, reference: Run, view: View | None) -> Trails | None:
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


def _pointers(run: Run, reference: Run, view: View | None) -> Trails | None:
    """Where the pointers are, whatever they are called, when all of them have a value."""
    mine, theirs = watched(run, view), watched(reference, view)
    if not mine or len(mine) != len(theirs):
        return None
    trails = _places(run, mine), _places(reference, theirs)
    return trails if all(trails) else None


def _places(run: Run, containers: list[Watched]) -> Trail:
    seen = [
        tuple(
            tuple(sorted(pointers_at(step, container, None).values()))
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


def _calls(run: Run, reference: Run) -> Trails | None:
    """Calls of the functions that recurse, and of helpers that both runs have, and their ends."""
    loops, other_loops = recursive(run), recursive(reference)
    both = bool(loops and other_loops)
    mine = {call["name"] for call in run["calls"][1:]} - loops
    theirs = {call["name"] for call in reference["calls"][1:]} - other_loops
    helpers = mine & theirs
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


# when the two end differently: names, reads and writes


def _names(run: Run, reference: Run) -> tuple[int, str] | None:
    """The first step at which a local name holds another value than its namesake did in turn."""
    mine, theirs, name = _values(run), _values(reference), reference["name"]
    found: list[tuple[int, str]] = []
    for one in mine.keys() & theirs.keys():
        trail, other = mine[one], theirs[one]
        for place, here in enumerate(trail):
            there = other[min(place, len(other) - 1)]
            if here.what != there.what:
                stays = " still" if place >= len(other) else ""
                said = f"Here {_said(here, there)}; in {name},{stays} {_said(there, here)}."
                found.append((here.step, said))
                break
    return min(found, default=None)


def _values(run: Run) -> dict[str, Trail]:
    """For each local name, the values that it holds one after the other."""
    trails: dict[str, Trail] = {}
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
            if not trail or trail[-1].what != mark.what:
                trail.append(mark)
    return trails


def _accesses(run: Run, reference: Run) -> Trails | None:
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
            (f"{key}{''.join(f'[{one!r}]' for one in path)} is {kind}",),
        )
        for at, step in enumerate(run["steps"])
        for kind, touched in (("read", step["reads"]), ("written", step["writes"]))
        for key, *path in touched
        if path
    )


def _short(said: str) -> str:
    return said if len(said) <= MAX_SAID else f"{said[: MAX_SAID - 1]}…"
