"""What a loop yielded, thinned so that it never grows: all of the numbers, some of the pictures."""

from collections.abc import Mapping
from typing import Any

from course.widgets.prepared import Data, size
from course.widgets.sampling import plain, tidy

MAX_NUMBERS_KEPT = 600
MAX_PICTURES = 48
MAX_SIZE = 200_000

Frame = dict[str, Any]


class Recording:
    """The numbers of every step, thinned to some hundred, and some pictures with their steps."""

    def __init__(self) -> None:
        self.step = 0
        self.steps: list[int] = []
        self.numbers: dict[str, list[float | None]] = {}
        self.frames: list[Frame] = []
        self._stride = 1

    def count(self, yielded: Mapping[str, Any], wanted: set[str]) -> None:
        """Takes down the next step's numbers among the `wanted` names."""
        self.step += 1
        last_kept = not self.steps or (self.steps[-1] - 1) % self._stride == 0
        if self.steps and not last_kept:  # the newest is always there, but only for now
            self.steps.pop()
            for row in self.numbers.values():
                row.pop()
        for name in wanted:
            row = self.numbers.setdefault(name, [None] * len(self.steps))
            row.append(_number(name, yielded[name]) if name in yielded else None)
        self.steps.append(self.step)
        if len(self.steps) > MAX_NUMBERS_KEPT:
            self._stride *= 2
            kept = [i for i, step in enumerate(self.steps) if (step - 1) % self._stride == 0]
            self.steps = [self.steps[i] for i in kept]
            self.numbers = {name: [row[i] for i in kept] for name, row in self.numbers.items()}

    def history(self, name: str) -> Data:
        """How the number went, as the data of a line."""
        return {"x": [list(self.steps)], "y": [list(self.numbers.get(name, []))]}

    def keep(self, layers: Mapping[str, Data]) -> None:
        """Keeps the pictures of this step; when there are too many, every second one goes."""
        if self.frames and self.frames[-1]["step"] == self.step:
            self.frames.pop()
        self.frames.append({"step": self.step, "layers": dict(layers)})
        while len(self.frames) > 2 and (
            len(self.frames) > MAX_PICTURES or sum(_size(one) for one in self.frames) > MAX_SIZE
        ):
            self.frames = self.frames[:-1:2] + self.frames[-1:]


def _size(frame: Frame) -> int:
    if "size" not in frame:
        frame["size"] = size(frame["layers"])
    return int(frame["size"])


def _number(name: str, value: Any) -> float | None:
    value = plain(value)
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TypeError(f"{name} is drawn as one number a step, but {type(value).__name__} came")
    return tidy(value)
