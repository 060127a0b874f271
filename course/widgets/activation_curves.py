"""`activation_explorer(…)`: activation functions over each other, with their derivatives."""

from collections.abc import Mapping, Sequence
from typing import Any

from course.widgets.elementwise import Activation, derivative, named
from course.widgets.layers import curve, panel
from course.widgets.live_plot import LivePlot, plot

SAMPLES = 401


def activation_explorer(
    *activations: Activation,
    shown: Sequence[str] | None = None,
    over: tuple[float, float] = (-5.0, 5.0),
    at: float = 1.0,
    sliders: Mapping[str, Any] | None = None,
    title: str = "",
) -> LivePlot:
    """The graphs of any activations and of their derivatives; the input is dragged along x.

    An activation is a function of a number or of a tensor. It may ask for `sliders` (as those of
    `plot`) by name. The legend shows each value at the input `at`, and switches curves on and off;
    `shown` names those that are on at the start (by default all). Raises TypeError or ValueError
    for what is no activation.
    """
    functions = named(activations)
    off = [name for name in functions if shown is not None and name not in shown]
    if shown is not None and not set(shown) <= set(functions):
        unknown = next(name for name in shown if name not in functions)
        raise ValueError(f"there is no activation {unknown!r}; there are {', '.join(functions)}")
    # Six colours, and other dashes when they come round again.
    looks = [{"colour": i % 6, "dash": (i + i // 6) % 6} for i in range(len(functions))]
    graphs, slopes = [], []
    for (name, fn), look in zip(functions.items(), looks, strict=True):
        graphs.append(curve(fn, over, label=name, samples=SAMPLES, **look))
        slopes.append(curve(derivative(fn), over, label=name, samples=SAMPLES, **look))
    explorer = plot(
        panel(*graphs, title="activation", x="input", y="output"),
        panel(*slopes, title="derivative", x="input", y="slope"),
        drag="input",
        cursor=at,
        sliders=sliders,
        title=title,
    )
    explorer.hidden = off
    return explorer
