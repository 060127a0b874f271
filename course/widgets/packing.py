"""A recorded run for the wire: from each step to the next only what changed.

In the packed form the first step is whole. In each later step, `line`, `call`, `depth`, `printed`,
`pointers`, `aliases` and `walks` are left out when unchanged, `event` when "line", `reads`,
`writes` and `note` when empty. `locals`, `args` and `nodes` hold only values that changed since the
step before, and `gone` the locals that no longer are. A list in which a few elements changed is
{"type": "patch", "set": [[index, value], …]}.
"""

from typing import Any

from course.widgets.values import Encoded

Run = dict[str, Any]
Step = dict[str, Any]


def pack(run: Run) -> Run:
    """The run with delta-encoded steps (see the module's text)."""
    packed: list[Step] = []
    before: Step = {"locals": {}, "args": {}, "nodes": {}}
    for step in run["steps"]:
        short: Step = {
            key: step[key]
            for key in ("line", "call", "depth", "printed", "pointers", "aliases", "walks")
            if key not in before or before[key] != step[key]
        }
        if step["event"] != "line":
            short["event"] = step["event"]
        short.update({key: step[key] for key in ("reads", "writes", "note") if step[key]})
        for key in ("locals", "args", "nodes"):
            changed = _changes(before[key], step[key])
            if changed:
                short[key] = changed
        gone = [name for name in before["locals"] if name not in step["locals"]]
        if gone:
            short["gone"] = gone
        packed.append(short)
        before = step
    return {**run, "steps": packed}


def unpack(packed: Run) -> Run:
    """The inverse of `pack`."""
    steps: list[Step] = []
    before: Step = {"locals": {}, "args": {}, "nodes": {}}
    for short in packed["steps"]:
        step = {**before, "event": "line", "reads": [], "writes": [], "note": "", **short}
        gone = step.pop("gone", [])
        for key in ("locals", "args", "nodes"):
            values = dict(before[key])
            for name, value in short.get(key, {}).items():
                values[name] = _patched(values.get(name), value)
            step[key] = values
        step["locals"] = {name: value for name, value in step["locals"].items() if name not in gone}
        steps.append(step)
        before = step
    return {**packed, "steps": steps}


def _changes(before: dict[str, Encoded], now: dict[str, Encoded]) -> dict[str, Encoded]:
    changed: dict[str, Encoded] = {}
    if before is now:
        return changed
    for name, value in now.items():
        if name not in before or not _same(before[name], value):
            changed[name] = _patch(before.get(name), value)
    return changed


def _same(before: Encoded, now: Encoded) -> bool:
    """Equal and of the same types: 1, 1.0 and True are three values."""
    return before is now or (before == now and repr(before) == repr(now))


def _patch(before: Encoded, now: Encoded) -> Encoded:
    if not (isinstance(before, list) and isinstance(now, list) and len(before) == len(now) > 4):
        return now
    different = [
        [index, value] for index, value in enumerate(now) if not _same(before[index], value)
    ]
    return {"type": "patch", "set": different} if 3 * len(different) <= len(now) else now


def _patched(before: Encoded, change: Encoded) -> Encoded:
    if not (isinstance(change, dict) and change.get("type") == "patch"):
        return change
    value = list(before)
    for index, element in change["set"]:
        value[index] = element
    return value
