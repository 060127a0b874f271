"""The plots of the class report as PNG, each for a light and for a dark page.

Colours are from Okabe and Ito's palette, which colour-blind people can tell apart; nothing is said
by colour alone. https://jfly.uni-koeln.de/color/
"""

import io
import math
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

_HALF, _WHOLE = 4.8, 7.2  # inches, of the page's width
_BLUE, _ORANGE = "#0072b2", "#e69f00"
BEYOND = 21.0  # days; hand-ins earlier or later than that are shown at the edge


@dataclass(frozen=True)
class Look:
    """The colours of a page."""

    name: str
    ink: str
    paper: str
    faint: str
    bars: str


LIGHT = Look("light", "#1b1f24", "#ffffff", "#c9ced6", _BLUE)
DARK = Look("dark", "#e8eaed", "#16191d", "#4a5059", "#56b4e9")


Size = tuple[float, float]  # in inches
Draw = Callable[[Axes, Look], None]


@dataclass(frozen=True)
class Plot:
    """One plot: its file's name, what it says to whoever cannot see it, its two pictures."""

    name: str
    text: str
    light: bytes
    dark: bytes


def points(scores: Sequence[float], largest: float) -> Plot:
    """How many hand-ins have how many points; `scores` is not empty."""
    middle = median(scores)
    bins = _bins(largest)
    counts = [0] * (len(bins) - 1)
    for score in scores:
        counts[min(int((score - bins[0]) / (bins[1] - bins[0])), len(counts) - 1)] += 1

    def draw(axes: Axes, look: Look) -> None:
        axes.bar(bins[:-1], counts, bins[1] - bins[0], align="edge", color=look.bars)
        for edge in bins[1:-1]:
            axes.axvline(edge, color=look.paper, linewidth=1.5)
        axes.axvline(middle, color=look.ink, linewidth=1.5, linestyle=(0, (4, 3)))
        side = "right" if middle > largest / 2 else "left"
        _above(axes, middle, f" half has {middle:g} or more ", side, look)
        axes.set_xlim(0, bins[-1])
        axes.set_xlabel(f"points, of {largest:g}")
        axes.set_ylabel("hand-ins")
        axes.yaxis.set_major_locator(MaxNLocator(5, integer=True))

    parts = [f"{bins[n]:g} to {bins[n + 1]:g}: {count}" for n, count in enumerate(counts) if count]
    said = f"Points of {len(scores)} graded hand-ins. {'; '.join(parts)}. Median {middle:g}."
    return _plot("points", said, draw, (_HALF, 2.6))


def _bins(largest: float) -> list[float]:
    """Edges of at most twelve equal bins, in whole points where there are that many."""
    step = max(1, math.ceil(largest / 12)) if largest >= 6 else max(largest, 1) / 6
    return [step * n for n in range(math.ceil(round((largest or 1) / step, 9)) + 1)]


def checks(rates: Sequence[tuple[str, float, int]]) -> Plot:
    """Pass rates as (name, share that passed, how many tried), those that fewest pass first."""

    def draw(axes: Axes, look: Look) -> None:
        for place, (name, rate, _) in enumerate(reversed(rates)):
            axes.barh(place, 100, 0.4, color=look.faint, alpha=0.45)
            axes.barh(place, 100 * rate, 0.4, color=look.bars)
            axes.text(102, place, f"{100 * rate:.0f} %", va="center", color=look.ink)
            axes.text(0, place + 0.24, _short(name, 52), va="bottom", color=look.ink)
        axes.set_xlim(0, 100)
        axes.set_ylim(-0.4, len(rates) - 0.25)
        axes.set_yticks([])
        axes.set_xticks([0, 50, 100], ["0 %", "50 %", "100 % pass"])
        axes.spines["left"].set_visible(False)

    size = (_HALF, 0.5 * len(rates) + 0.5)
    parts = [f"{name}: {100 * rate:.0f} % of {tried}" for name, rate, tried in rates]
    return _plot("checks", f"Share that passes. {'; '.join(parts)}.", draw, size)


def times(days: Sequence[float]) -> Plot:
    """When hand-ins came, in days after the due date (before: negative); not empty."""
    shown = [max(-BEYOND, min(BEYOND, day)) for day in days]
    low, high = min(-1.0, math.floor(min(shown))), max(1.0, math.ceil(max(shown)))
    step = next(s for s in (0.25, 0.5, 1.0, 2.0) if (high - low) / s <= 40)
    late = sum(day > 0 for day in days)

    def draw(axes: Axes, look: Look) -> None:
        edges = [low + step * n for n in range(round((high - low) / step) + 1)]
        for on_time, colour, hatch in ((True, look.bars, ""), (False, _ORANGE, "///")):
            part = [day for day, true in zip(shown, days, strict=True) if (true <= 0) is on_time]
            axes.hist(part, edges, color=colour, hatch=hatch, edgecolor=look.paper, linewidth=0.8)
        axes.axvline(0, color=look.ink, linewidth=1.5)
        _above(axes, 0, "due", "center", look)
        axes.set_xlim(low, high)
        axes.set_xlabel("days before and after the due date")
        axes.set_ylabel("hand-ins")
        axes.yaxis.set_major_locator(MaxNLocator(4, integer=True))

    last = sum(-1 < day <= 0 for day in days)
    said = f"When {len(days)} hand-ins came: {last} on the last day before they were due, "
    return _plot(
        "times", f"{said}{len(days) - late - last} earlier, {late} late.", draw, (_WHOLE, 2.2)
    )


def _above(axes: Axes, place: float, text: str, side: str, look: Look) -> None:
    """`text` over the axes at `place` of the x axis."""
    where = axes.get_xaxis_transform()
    axes.text(place, 1.0, text, transform=where, color=look.ink, va="bottom", ha=side)


def _short(text: str, longest: int) -> str:
    """`text` as matplotlib takes it: no mathematics by a dollar sign, not too long."""
    words = text if len(text) <= longest else f"{text[: longest - 1]}…"
    return words.replace("$", r"\$")


def _plot(name: str, text: str, draw: Draw, size: Size) -> Plot:
    return Plot(name, text, _png(draw, LIGHT, size), _png(draw, DARK, size))


def _png(draw: Draw, look: Look, size: Size) -> bytes:
    figure = Figure(figsize=size, dpi=150, facecolor=look.paper, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot(facecolor=look.paper)
    for side, spine in axes.spines.items():
        spine.set_visible(side in ("left", "bottom"))
        spine.set_color(look.faint)
    draw(axes, look)
    axes.tick_params(colors=look.ink, color=look.faint, labelsize=10)
    for label in (axes.xaxis.label, axes.yaxis.label):
        label.set_color(look.ink)
        label.set_fontsize(10)
    out = io.BytesIO()
    with warnings.catch_warnings():
        # A box stands for a letter that the font lacks; the text alternative has the letter.
        warnings.filterwarnings("ignore", r"Glyph .* missing from font")
        figure.savefig(out, format="png", metadata={"Software": None})
    return out.getvalue()
