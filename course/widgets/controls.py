"""What a reader can set in a live plot or a training view: sliders, choices, switches.

Every control is a list of values and the one it starts at, so that pictures can be computed ahead
for each value and the browser need not ask the kernel.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from course.widgets.values import short_repr

MAX_VALUES = 2001


@dataclass(frozen=True)
class Control:
    """One setting: its possible `values`, in order, and the value it has at the `start`.

    `play` adds a button that runs through the values. With `linear`, pictures are computed ahead
    only for every so-many-th value, and drawn in between by linear interpolation. `resets` makes a
    training view begin anew when the setting changes.
    """

    kind: str
    values: tuple[Any, ...]
    start: Any
    label: str = ""
    play: bool = False
    linear: int = 0
    resets: bool = False

    def ahead(self) -> tuple[Any, ...]:
        """The values for which pictures are computed ahead; the first and last among them."""
        if not self.linear:
            return self.values
        kept = self.values[:: self.linear]
        return kept if kept[-1] == self.values[-1] else (*kept, self.values[-1])

    def accepted(self, name: str, value: Any) -> Any:
        """The control's value nearest to `value`. Raises ValueError when there is none."""
        if self.kind == "slider":
            if isinstance(value, bool) or not isinstance(value, (int, float)) or value != value:
                raise ValueError(f"{name} is a number, not {short_repr(value)}")
            return min(self.values, key=lambda one: abs(one - value))
        for one in self.values:
            if one == value and isinstance(one, bool) == isinstance(value, bool):
                return one
        known = ", ".join(map(repr, self.values))
        raise ValueError(f"{name} is one of {known}, not {short_repr(value)}")

    def for_browser(self, name: str) -> dict[str, Any]:
        """The control as JSON data."""
        return {
            "name": name,
            "kind": self.kind,
            "label": self.label or name.replace("_", " "),
            "values": list(self.values),
            "play": self.play,
        }


def slider(
    low: float,
    high: float,
    step: float | None = None,
    start: float | None = None,
    *,
    label: str = "",
    play: bool = False,
    linear: int = 0,
    resets: bool = False,
) -> Control:
    """A slider from `low` to `high` (both included) in steps of `step` (by default 50 steps).

    The other arguments are those of `Control`; `start` is the middle by default.
    """
    for name, end in (("low", low), ("high", high)):
        _number(name, end)
    whole = isinstance(low, int) and isinstance(high, int)
    if step is None:
        step = 1 if whole and high - low <= 100 else (high - low) / 50
    _number("step", step)
    if not low < high or not 0 < step <= high - low:
        raise ValueError(
            f"a slider goes up from low to high in positive steps, not from {low} to {high} by "
            f"{step}"
        )
    count = round((high - low) / step) + 1
    if count > MAX_VALUES:
        raise ValueError(f"a slider has at most {MAX_VALUES} values; this one has {count}")
    whole = whole and isinstance(step, int)
    values = [low + i * step if whole else float(f"{low + i * step:.9g}") for i in range(count)]
    values = [value for value in values if value <= high + step * 1e-6]
    if values[-1] < high - step * 1e-6:
        values.append(high)
    return _started(tuple(values), start, label, play, linear, resets)


def log_slider(
    low: float,
    high: float,
    start: float | None = None,
    *,
    per_decade: int = 10,
    label: str = "",
    play: bool = False,
    linear: int = 0,
    resets: bool = False,
) -> Control:
    """A slider from `low` to `high` whose values grow by a constant factor, `per_decade` a
    decade.
    """
    for name, end in (("low", low), ("high", high)):
        _number(name, end)
    if not 0 < low < high:
        raise ValueError(f"a log slider goes up between positive numbers, not from {low} to {high}")
    count = max(round(math.log10(high / low) * per_decade), 1)
    if count >= MAX_VALUES:
        raise ValueError(f"a slider has at most {MAX_VALUES} values; this one has {count + 1}")
    digits = 2 if per_decade <= 10 else 3  # 1, 1.3, 1.6, 2, 2.5, 3.2, 4, 5, 6.3, 7.9, 10
    values = [float(f"{low * (high / low) ** (i / count):.{digits}g}") for i in range(count + 1)]
    values[0], values[-1] = float(low), float(high)
    if start is not None and low <= start <= high:
        values = sorted({*values, float(start)})
    return _started(tuple(dict.fromkeys(values)), start, label, play, linear, resets)


def choice(
    values: Sequence[Any], start: Any = None, *, label: str = "", resets: bool = False
) -> Control:
    """One of a few values: strings, numbers or booleans."""
    known = tuple(values)
    if not known or not all(isinstance(value, (str, int, float)) for value in known):
        raise ValueError(f"a choice is a list of strings or numbers, not {short_repr(values)}")
    control = Control("choice", known, known[0], label=label, resets=resets)
    return control if start is None else replace(control, start=control.accepted("start", start))


def toggle(start: bool = False, *, label: str = "", resets: bool = False) -> Control:
    """A switch that is on or off."""
    return Control("toggle", (False, True), bool(start), label=label, resets=resets)


def as_controls(given: Mapping[str, Any] | None) -> dict[str, Control]:
    """Controls by name. A tuple (low, high[, step[, start]]) is a slider, a list a choice, a
    boolean a switch. Raises TypeError for anything else.
    """
    controls = {}
    for name, what in (given or {}).items():
        if not isinstance(name, str) or not name.isidentifier():
            raise TypeError(f"a control's name is a Python name, not {name!r}")
        if isinstance(what, Control):
            controls[name] = what
        elif isinstance(what, bool):
            controls[name] = toggle(what)
        elif isinstance(what, tuple) and 2 <= len(what) <= 4:
            controls[name] = slider(*what)
        elif isinstance(what, list):
            controls[name] = choice(what)
        else:
            raise TypeError(
                f"{name}: give (low, high, step) for a slider, a list for a choice, True or False "
                f"for a switch, not {short_repr(what)}"
            )
    return controls


def _started(
    values: tuple[Any, ...], start: Any, label: str, play: bool, linear: int, resets: bool
) -> Control:
    if linear < 0:
        raise ValueError(f"linear is how many steps to interpolate over, not {linear}")
    control = Control("slider", values, values[len(values) // 2], label, play, linear, resets)
    return control if start is None else replace(control, start=control.accepted("start", start))


def _number(name: str, value: Any) -> None:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise TypeError(f"{name} is a finite number, not {short_repr(value)}")
