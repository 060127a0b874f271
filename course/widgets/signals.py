"""`signal_lab(…)`: what a deep random network does to the numbers that go through it, and to the
gradients that come back, measured layer by layer and beside what theory says.

The network is plain: h₁ = W₁ x, then h_{l+1} = W_{l+1} φ(h_l), with independent weights
W ~ N(0, gain² / fan_in) and inputs x ~ N(0, 1). The theory is that of infinitely wide layers
(Poole and others, arXiv 1606.05340; Schoenholz and others, arXiv 1611.01232): each h_l is normal,
with a variance that obeys a recursion.
"""

import functools
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from course.widgets.controls import choice, slider
from course.widgets.elementwise import Activation, derivative, named, on_tensors
from course.widgets.layers import histograms, line, note, panel
from course.widgets.live_plot import LivePlot, plot

if TYPE_CHECKING:
    import torch

MAX_DEPTH = 100
EXAMPLES = 32
ROWS = 6  # layers of which a histogram is shown
VALUES = (-3.0, 3.0)  # of the activations' histograms; what lies outside is in the last bin
SIZES = (-10.0, 4.0)  # of log₁₀ |gradient|; likewise
VARIANCES = (1e-10, 1e10)
FARTHER = "at the ends: all that lies farther out"


@dataclass(frozen=True)
class Signals:
    """One pass forward and one back, in lists with an entry a layer, the first layer first.

    `activations` φ(h_l) and `gradients` ∂loss/∂h_l are tensors (examples, width); `forward` and
    `backward` are their mean squares.
    """

    activations: "list[torch.Tensor]"
    gradients: "list[torch.Tensor]"
    forward: list[float]
    backward: list[float]


def propagate(
    activation: Activation, depth: int, gain: float, width: int = 256, seed: int = 0
) -> Signals:
    """Sends `EXAMPLES` normal inputs through `depth` random layers, and a normal gradient back."""
    import torch

    phi = on_tensors(activation)
    numbers = torch.Generator().manual_seed(seed)
    signal = torch.randn(EXAMPLES, width, generator=numbers)
    before, after = [], []
    for _ in range(depth):
        weights = torch.randn(width, width, generator=numbers) * (gain / math.sqrt(width))
        before.append((signal @ weights).requires_grad_())
        before[-1].retain_grad()
        signal = phi(before[-1])
        after.append(signal)
    signal.backward(torch.randn(EXAMPLES, width, generator=numbers))
    gradients = [_gradient(h) for h in before]
    return Signals(
        activations=[one.detach() for one in after],
        gradients=gradients,
        forward=[_mean_square(one) for one in after],
        backward=[_mean_square(one) for one in gradients],
    )


def predicted(activation: Activation, depth: int, gain: float) -> tuple[list[float], list[float]]:
    """What theory says `Signals.forward` and `Signals.backward` are for infinitely wide layers.

    With q_l the variance of h_l and z ~ N(0, 1): q_1 = gain², q_{l+1} = gain² E[φ(√q_l z)²]; and
    back from the last layer, where the gradient of the loss with respect to φ(h) has variance 1,
    each layer multiplies it by E[φ'(√q_l z)²] and each matrix by gain².
    """
    variance, forward, slopes = gain**2, [], []
    for _ in range(depth):
        square, slope = _moments(activation, variance)
        forward.append(square)
        slopes.append(slope)
        variance = gain**2 * square
    backward, gradient = [], 1.0
    for slope in reversed(slopes):
        backward.append(gradient * slope)
        gradient = backward[-1] * gain**2
    return forward, backward[::-1]


def next_variance(activation: Activation, variance: float, gain: float = 1.0) -> float:
    """The variance of the next layer's h, if this layer's h is N(0, variance): the recursion."""
    return gain**2 * _moments(activation, variance)[0]


def signal_lab(
    *activations: Activation,
    depth: int = 30,
    gain: float = 1.0,
    width: int = 256,
    seed: int = 0,
    title: str = "",
) -> LivePlot:
    """A laboratory of random networks: depth 1 to 100, any of the `activations`, any gain.

    Four panels: histograms of activations and of gradients (their size, log₁₀) by layer, and the
    mean squares of both by layer, measured and as theory says. A button draws new weights. An
    activation is a function of a number or of a tensor. Raises TypeError or ValueError for what is
    no activation.
    """
    functions = named(activations)
    first = [seed]

    @functools.lru_cache(maxsize=4)
    def run(activation: str, depth: int, gain: float, width: int, seed: int) -> Signals:
        return propagate(functions[activation], depth, gain, width, seed)

    @functools.lru_cache(maxsize=4)
    def theory(activation: str, depth: int, gain: float) -> Any:
        return predicted(functions[activation], depth, gain)

    def measured(activation: str, depth: int, gain: float, width: int) -> Signals:
        return run(activation, depth, gain, width, first[0])

    def outputs(activation: str, depth: int, gain: float, width: int) -> Mapping[str, Any]:
        every = measured(activation, depth, gain, width).activations
        return {_row(i): every[i].clamp(*VALUES) for i in _some(depth)}

    def gradients(activation: str, depth: int, gain: float, width: int) -> Mapping[str, Any]:
        every = measured(activation, depth, gain, width).gradients
        return {_row(i): every[i].abs().log10().clamp(*SIZES) for i in _some(depth)}

    def forward(activation: str, depth: int, gain: float, width: int) -> Any:
        return range(1, depth + 1), measured(activation, depth, gain, width).forward

    def backward(activation: str, depth: int, gain: float, width: int) -> Any:
        return range(1, depth + 1), measured(activation, depth, gain, width).backward

    def forward_theory(activation: str, depth: int, gain: float) -> Any:
        return range(1, depth + 1), theory(activation, depth, gain)[0]

    def backward_theory(activation: str, depth: int, gain: float) -> Any:
        return range(1, depth + 1), theory(activation, depth, gain)[1]

    def forward_note(activation: str, depth: int, gain: float, width: int) -> str:
        found = measured(activation, depth, gain, width).forward[-1]
        said = theory(activation, depth, gain)[0][-1]
        return f"mean square at the last layer: {found:.3g}, theory {said:.3g}"

    def backward_note(activation: str, depth: int, gain: float, width: int) -> str:
        found = measured(activation, depth, gain, width).backward[0]
        said = theory(activation, depth, gain)[1][0]
        return f"mean square at the first layer: {found:.3g}, theory {said:.3g}"

    def new_weights(lab: LivePlot) -> None:
        first[0] += 1

    scale: dict[str, Any] = {"x": "layer", "y": "mean square", "y_range": VARIANCES, "log": "y"}
    return plot(
        panel(
            histograms(outputs, span=VALUES),
            note(FARTHER),
            title="activations by layer",
            x="activation",
            y="layer",
            height=300,
        ),
        panel(
            histograms(gradients, span=SIZES),
            note(FARTHER),
            title="gradients by layer",
            x="log₁₀ |gradient|",
            y="layer",
            height=300,
        ),
        panel(
            line(forward, label="measured", colour=0, dash=0),
            line(forward_theory, label="theory", colour=1, dash=1),  # above: dashes show both
            note(forward_note),
            title="forward: activations",
            **scale,
        ),
        panel(
            line(backward, label="measured", colour=0, dash=0),
            line(backward_theory, label="theory", colour=1, dash=1),  # above: dashes show both
            note(backward_note),
            title="backward: gradients",
            **scale,
        ),
        sliders={
            "activation": choice(list(functions)),
            "depth": slider(1, MAX_DEPTH, 1, start=depth, label="depth, layers"),
            "gain": slider(0.5, 3.0, 0.01, start=gain),
            "width": choice([16, 64, 256], width, label="width, units"),
        },
        buttons={"New weights": new_weights},
        compute="kernel",
        title=title,
    )


def _some(depth: int) -> list[int]:
    """Some layers, the first and the last among them, in order."""
    return sorted({round(i * (depth - 1) / (ROWS - 1)) for i in range(ROWS)})


def _row(index: int) -> str:
    return str(index + 1)


def _gradient(h: Any) -> Any:
    assert h.grad is not None  # retained above
    return h.grad.detach()


def _mean_square(values: "torch.Tensor") -> float:
    return float(values.detach().double().square().mean())


def _moments(activation: Activation, variance: float) -> tuple[float, float]:
    """E[φ(h)²] and E[φ'(h)²] for h ~ N(0, variance), by the trapezoidal rule in z = h / √variance.

    2,000 places within ±8, outside of which lies 10⁻¹⁵ of the weight; 0, where many kinks are, is
    none of them.
    """
    import torch

    if not math.isfinite(variance):
        return math.inf, math.nan
    z = torch.linspace(-8, 8, 2000, dtype=torch.float64)
    weight = (-z.square() / 2).exp()
    weight = weight / weight.sum()
    h = z * math.sqrt(variance)
    with torch.no_grad():
        square = float((weight * on_tensors(activation)(h).square()).sum())
    return square, float((weight * derivative(activation)(h).square()).sum())
