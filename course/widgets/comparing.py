"""Where two runs of different functions on the same input part.

Two functions that do the same thing rarely have the same lines, so steps are not compared.
Compared is what is watched: the contents of the containers if either run changes them, else the
positions of the pointers. Each run leaves a trail of distinct situations; the first difference is
where the trails part.
"""

from typing import Any

from course.widgets.values import text
from course.widgets.views import View, Watched, pointers_at, values_at, watched

Run = dict[str, Any]
Situation = tuple[Any, ...]
Trail = list[tuple[int, Situation]]  # (step, what was to be seen)


def first_difference(run: Run, reference: Run, view: View | None) -> dict[str, Any]:
    """{"step": index into `run`, or None when they agree, "text": one or two sentences}."""
    name = reference["name"]
    same_outcome = outcome(run) == outcome(reference)
    ending = (
        f" Both end with {outcome(run)}: another way, not a mistake."
        if same_outcome
        else f" It ends with {outcome(run)}; {name} ends with {outcome(reference)}."
    )
    mine, theirs = watched(run, view), watched(reference, view)
    if mine and len(mine) == len(theirs):
        changes = _changes(run, mine) or _changes(reference, theirs)
        trail, other = (
            (_contents(run, mine), _contents(reference, theirs))
            if changes
            else (_positions(run, mine), _positions(reference, theirs))
        )
        for (step, here), (_, there) in zip(trail, other, strict=False):
            if here != there:
                said = _parting(name, here, mine, there, theirs, changes)
                return {"step": step, "text": said + ending}
        if len(trail) < len(other) and not (same_outcome and not changes):
            said = f"Here this run has ended; {name} goes on."
            return {"step": len(run["steps"]) - 1, "text": said + ending}
        if len(trail) > len(other) and not (same_outcome and not changes):
            return {
                "step": trail[len(other)][0],
                "text": f"Here {name} has ended; this run goes on.{ending}",
            }
    if not same_outcome and run["steps"]:
        return {"step": len(run["steps"]) - 1, "text": f"The same moves, but:{ending}"}
    return {"step": None, "text": f"No difference from {name}: the same moves, the same end."}


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


def _contents(run: Run, containers: list[Watched]) -> Trail:
    return _distinct(
        (position, tuple(text(values_at(step, container)) for container in containers))
        for position, step in enumerate(run["steps"])
    )


def _positions(run: Run, containers: list[Watched]) -> Trail:
    """Where the pointers are, whatever they are called, at steps where all of them have a value."""
    seen = [
        tuple(
            tuple(sorted(pointers_at(step, container, None).values())) for container in containers
        )
        for step in run["steps"]
    ]
    most = max((sum(map(len, places)) for places in seen), default=0)
    return _distinct(
        (position, places)
        for position, places in enumerate(seen)
        if most and sum(map(len, places)) == most
    )


def _distinct(situations: Any) -> Trail:
    trail: Trail = []
    for position, situation in situations:
        if not trail or trail[-1][1] != situation:
            trail.append((position, situation))
    return trail


def _changes(run: Run, containers: list[Watched]) -> bool:
    return len(_contents(run, containers)) > 1


def _parting(
    name: str,
    here: Situation,
    mine: list[Watched],
    there: Situation,
    theirs: list[Watched],
    contents: bool,
) -> str:
    """The two situations in words, naming only the containers that differ."""
    if not contents:
        places, others = (
            " and ".join(str(place) for row in situation for place in row)
            for situation in (here, there)
        )
        return f"Here the pointers are at {places}; in {name} they are at {others}."
    parts = [
        f"{own.label} = {values}; in {name}, {other.label} = {expected}"
        for own, values, other, expected in zip(mine, here, theirs, there, strict=True)
        if values != expected
    ]
    return f"Here {'; '.join(parts)}."
