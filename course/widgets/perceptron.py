"""`perceptron_board(…)`: points of two classes to drag, and a learning rule to step.

A neuron looks at a point x = (x₁, x₂) as (1, x₁, x₂), and says yes where w · (1, x₁, x₂) > 0, with
weights w = (w₀, w₁, w₂): so w₀ is its bias, and the line w · (1, x₁, x₂) = 0 its border.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from course.widgets.layers import band, dots, handles, line, note
from course.widgets.live_plot import LivePlot, plot
from course.widgets.values import short_repr

Weights = list[float]
Example = tuple[list[float], int]  # (1, x₁, x₂) and +1 for yes, −1 for no
Rule = Callable[[Weights, list[float], int], Sequence[float]]
Places = Sequence[Sequence[float]]

SPAN = (-1.0, 9.0)


def examples(yes: Places, no: Places) -> list[Example]:
    """The points as a rule sees them, by turns from both classes."""
    both: list[list[Example]] = [[([1.0, *map(float, one)], 1) for one in yes]]
    both.append([([1.0, *map(float, one)], -1) for one in no])
    longest = max(map(len, both))
    return [group[i] for i in range(longest) for group in both if i < len(group)]


def score(weights: Sequence[float], x: Sequence[float]) -> float:
    """w · x."""
    return sum(w * value for w, value in zip(weights, x, strict=True))


def walk(rule: Rule, shown: Sequence[Example]) -> Iterator[tuple[Weights, bool]]:
    """The weights after each example of pass after pass, from 0, and whether the rule changed
    them; it ends after a pass without a change.
    """
    weights, quiet = [0.0] * 3, 0
    while shown and quiet < len(shown):
        for x, label in shown:
            after = _weights(rule, weights, x, label)
            changed = after != weights
            quiet = 0 if changed else quiet + 1
            weights = after
            yield weights, changed
            if quiet == len(shown):
                return


def changes_until_done(rule: Rule, shown: Sequence[Example], at_most: int = 10_000) -> int | None:
    """How often the rule changes the weights before a whole pass needs no change; None when
    `at_most` changes are not enough.
    """
    count = 0
    for _, changed in walk(rule, shown):
        count += changed
        if count > at_most:
            return None
    return count


def perceptron_board(
    rule: Rule, *, yes: Places, no: Places, steps: int = 0, title: str = ""
) -> LivePlot:
    """A board with points to drag, and buttons that show them to the rule one by one.

    `rule(weights, x, label)` gets the weights (w₀, w₁, w₂), a point as (1, x₁, x₂) and +1 for
    `yes`, −1 for `no`; it gives the new weights, the same ones if it has nothing to mend. The first
    `steps` examples are shown at once. An error in the rule appears on the board.
    """
    state = _State()

    def show(board: Any) -> bool:
        """Shows the next example to the rule; whether that changed the weights."""
        shown = examples(**board.points)
        x, label = shown[state.next % len(shown)]
        state.next += 1
        after = _weights(rule, state.weights, x, label)
        changed = after != state.weights
        state.weights, state.changes = after, state.changes + int(changed)
        state.last = x, label, changed
        return changed

    def next_example(board: Any) -> None:
        show(board)

    def next_mistake(board: Any) -> None:
        for _ in examples(**board.points):
            if show(board):
                return

    def ten_passes(board: Any) -> None:
        for _ in range(10 * len(examples(**board.points))):
            show(board)

    def start_again(board: Any) -> None:
        vars(state).update(vars(_State()))

    def yes_side(yes: Places, no: Places) -> Any:
        return _yes_side(state.weights)

    def border(yes: Places, no: Places) -> Any:
        return _border(state.weights)

    def at_hand(yes: Places, no: Places) -> Any:
        return ([state.last[0][1]], [state.last[0][2]]) if state.last else ([], [])

    def count(yes: Places, no: Places) -> list[Any]:
        weights, shown = state.weights, examples(yes, no)
        wrong = sum(label * score(weights, x) <= 0 for x, label in shown)
        told = ", ".join(f"{one:.4g}" for one in weights)
        lines: list[Any] = [f"weights ({told}) · changed {state.changes} ×"]
        if state.last:
            (_, x1, x2), label, changed = state.last
            what = "changed the weights" if changed else "was right: nothing changed"
            lines.append(f"{'yes' if label > 0 else 'no'} at ({x1:.3g}, {x2:.3g}) {what}")
        lines.append((f"{len(shown) - wrong} of {len(shown)} on their own side", not wrong))
        return lines

    board = plot(
        band(yes_side, label="says yes", colour=2),
        line(border, label="border", colour=2, dash=0),
        dots(at_hand, label="shown last", colour=4, size=13),
        handles("yes", yes, colour=0, snap=0.5),
        handles("no", no, colour=1, snap=0.5, mark=1),
        note(count),
        x_range=SPAN,
        y_range=SPAN,
        equal=True,
        buttons={
            "Next example": _about(rule, next_example),
            "Next mistake": _about(rule, next_mistake),
            "Ten passes": _about(rule, ten_passes),
            "Start again": start_again,
        },
        title=title,
    )
    for _ in range(steps):
        show(board)
    if steps:
        board.refresh()
    return board


@dataclass
class _State:
    """Where the rule is: the weights, how many examples it saw and how often it changed them."""

    weights: Weights = field(default_factory=lambda: [0.0] * 3)
    next: int = 0
    changes: int = 0
    last: tuple[list[float], int, bool] | None = None  # the example seen last, and if it changed


def _about(rule: Rule, button: Callable[[Any], None]) -> Callable[[Any], None]:
    """The button, with its errors explained by lines of the reader's rule."""
    button.__wrapped__ = rule  # type: ignore[attr-defined]
    return button


def _weights(rule: Rule, weights: Weights, x: list[float], label: int) -> Weights:
    """What the rule makes of one example, checked."""
    answer = rule(list(weights), list(x), label)
    try:
        after = [float(one) for one in answer]
    except TypeError:
        after = []
    if len(after) != len(weights):
        name = getattr(rule, "__name__", "the rule")
        raise TypeError(f"{name} gives {len(weights)} new weights, not {short_repr(answer)}")
    return after


def _border(weights: Weights) -> tuple[list[float], list[float]]:
    """Two ends of the line w · (1, x₁, x₂) = 0, far outside the board; none without a direction."""
    w0, w1, w2 = weights
    size = w1 * w1 + w2 * w2
    if not size:
        return [], []
    near = -w0 * w1 / size, -w0 * w2 / size  # the place of the line that is nearest to (0, 0)
    far = 100.0 / size**0.5
    return (
        [near[0] - far * w2, near[0] + far * w2],
        [near[1] + far * w1, near[1] - far * w1],
    )


def _yes_side(weights: Weights) -> tuple[list[float], list[float], list[float]]:
    """The part of the board where w · (1, x₁, x₂) > 0: from below to above, for each x₁."""
    w0, w1, w2 = weights
    low, high = SPAN
    xs = [low + (high - low) * i / 400 for i in range(401)]
    floors, ceilings = [], []
    for x1 in xs:
        rest = w0 + w1 * x1
        cut = min(max(-rest / w2, low), high) if w2 else low
        floors.append(cut if w2 > 0 else low)
        ceilings.append(high if w2 > 0 or (not w2 and rest > 0) else cut)
    return xs, floors, ceilings
