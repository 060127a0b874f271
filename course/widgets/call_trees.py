"""The calls of a recorded run as a tree: when each began and ended, and where branches were cut."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from course.widgets.values import text

Run = dict[str, Any]
MAX_CALLS = 300
MAX_LABEL = 26
_CUT = re.compile(r"(break|continue)\b")


def recurses(run: Run) -> bool:
    """Whether some function of the run calls itself, directly or through others."""
    return bool(recursive(run))


def recursive(run: Run) -> set[str]:
    """Names of the functions that are called from within themselves."""
    calls = run["calls"]
    found = set()
    for call in calls:
        above = call["parent"]
        while above is not None and call["name"] not in found:
            if calls[above]["name"] == call["name"]:
                found.add(call["name"])
            above = calls[above]["parent"]
    return found


def calls(
    run: Run, names: Sequence[str], results: bool, done: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """{"calls": [{"label", "parent", "start", "end", "result", "done"}],
    "cuts": [{"call", "step"}], "left_out"}.

    `start` and `end` are steps; `end` is None for a call that never returned. `parent` counts in
    this list. `done` marks the calls that begin with these values: {"rest": 0}.
    """
    steps, all_calls = run["steps"], run["calls"]
    found: list[dict[str, Any]] = []
    place: dict[int, int] = {}
    begins = [(at, step) for at, step in enumerate(steps) if step["event"] == "call"]
    for at, step in begins[:MAX_CALLS]:
        call = all_calls[step["call"]]
        parent = place.get(call["parent"]) if call["parent"] is not None else None
        place[step["call"]] = len(found)
        found.append(
            {
                "label": _label(step, names, call),
                "parent": parent,
                "start": at,
                "end": None,
                "result": "",
                "done": _begins_with(step, done or {}),
            }
        )
    cuts = []
    source = run["source"].split("\n")
    again = recursive(run)
    for at, step in enumerate(steps):
        number = place.get(step["call"])
        if number is None:
            continue
        if step["event"] == "return":
            found[number]["end"] = at
            said = step["note"].removeprefix("returns ")
            found[number]["result"] = _short(said) if results and said != "None" else ""
        elif step["event"] == "error":
            found[number]["end"], found[number]["result"] = at, "✗"
        elif step["event"] == "line" and all_calls[step["call"]]["name"] in again:
            line = step["line"] - run["first_line"]
            if 0 <= line < len(source) and _CUT.match(source[line].strip()):
                cuts.append({"call": number, "step": at})
    return {"calls": found, "cuts": cuts, "left_out": max(len(begins) - MAX_CALLS, 0)}


def _begins_with(step: dict[str, Any], done: Mapping[str, Any]) -> bool:
    values = step["locals"]
    return bool(done) and all(name in values and values[name] == done[name] for name in done)


def _label(step: dict[str, Any], names: Sequence[str], call: dict[str, Any]) -> str:
    """The values of `names`, or of the parameters, as they are when the call begins."""
    values = step["locals"]
    wanted = [text(values[one]) for one in names if one in values]
    if wanted:
        return _short(", ".join(wanted))
    given = [one for one in call["given"] if one in values] if not names else []
    said = ", ".join(f"{one}={text(values[one])}" for one in given)
    if len(said) > MAX_LABEL:
        said = ", ".join(_short(text(values[one]), 10) for one in given)
    return _short(said) if given else f"{call['name']}()"


def _short(said: str, room: int = MAX_LABEL) -> str:
    return said if len(said) <= room else said[: room - 1] + "…"
