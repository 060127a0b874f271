"""Where two runs of different functions on the same input part.

Two functions that do the same thing rarely have the same lines, so lines are not compared. Each run
leaves trails of what there is to see of it (`course.widgets.trails`), and the first difference is
where two of them part. They are looked at in this order; the first ones depend least on how a
function is written:

1. what the view's containers hold, if either run changes them;
2. calls and what they return, if both runs recurse or call helpers of the same name;
3. where the pointers into the view's containers are;

and, when the two do not end alike, for a difference must then be found,

4. the values of locals of the same name;
5. which elements are read and written, of the arguments and of locals of the same name.
"""

from typing import Any

from course.widgets import trails
from course.widgets.trails import Mark, Trail
from course.widgets.values import text
from course.widgets.views import View

Run = dict[str, Any]


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
        "contents": trails.contents(run, reference, view),
        "calls": trails.calls(run, reference),
        "pointers": trails.pointers(run, reference, view),
    }
    for kind, pair in seen.items():
        if pair:
            found = _parting(*pair, run, name, strict=not same or kind == "contents")
            if found:
                return {"step": found[0], "text": found[1] + ending}
    if not same and run["steps"]:
        touched = trails.accesses(run, reference)
        found = (
            _names(run, reference)
            or (touched and _parting(*touched, run, name, strict=True))
            or (len(run["steps"]) - 1, "The two part only at their ends.")
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


def _names(run: Run, reference: Run) -> tuple[int, str] | None:
    """The first step at which a local name holds another value than its namesake did in turn."""
    (mine, kinds), (theirs, other_kinds) = trails.values(run), trails.values(reference)
    name = reference["name"]
    found: list[tuple[int, str]] = []
    for one in mine.keys() & theirs.keys():
        trail, other = mine[one], theirs[one]
        if kinds[one] != other_kinds[one]:  # begins with "" here, None there: another thing
            continue
        for place, here in enumerate(trail):
            there = other[min(place, len(other) - 1)]
            if here.what != there.what:
                stays = " still" if place >= len(other) else ""
                said = f"Here {_said(here, there)}; in {name},{stays} {_said(there, here)}."
                found.append((here.step, said))
                break
    return min(found, default=None)


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
