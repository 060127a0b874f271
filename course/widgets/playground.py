"""`classifier_playground(…)`: a small network learns, live, to tell two classes of points apart,
with any activation function, the reader's own among them.
"""

import itertools
import math
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from course.widgets.controls import choice, log_slider, slider
from course.widgets.elementwise import Activation, named, on_tensors
from course.widgets.layers import dots, heat, histograms, history, note, panel
from course.widgets.signals import FARTHER
from course.widgets.training import Settings, TrainingView, train_live

if TYPE_CHECKING:
    import torch

POINTS = 200
EDGE = 1.4  # of the square of the plane that is shown
VALUES = (-3.0, 3.0)  # of the activations' histograms; what lies outside is in the last bin
SIZES = (-8.0, 0.0)  # of log₁₀ |gradient|; likewise
OPTIMISERS = {"gradient descent": "SGD", "Adam": "Adam"}
DEAD = 1e-7  # below this, a slope moves nothing


def two_classes(kind: str, seed: int = 0) -> "tuple[torch.Tensor, torch.Tensor]":
    """Points (POINTS, 2) within the unit square around 0, and their classes 0 or 1 (POINTS,).

    `kind` is a key of `SHAPES`.
    """
    import torch

    numbers = torch.Generator().manual_seed(seed)
    return SHAPES[kind](numbers)


def classifier_playground(
    *activations: Activation,
    data: str = "XOR",
    layers: int = 2,
    units: int = 8,
    rate: float = 0.3,
    optimiser: str = "gradient descent",
    gain: float = 1.4,
    steps: int = 0,
    seed: int = 0,
    title: str = "",
) -> TrainingView:
    """A network with `layers` hidden layers of `units` learns two classes of points, live.

    The reader chooses the activation among `activations` (functions of a number or of a tensor),
    the data among `SHAPES`, depth, width, optimiser, learning rate, and the gain of the first
    weights, N(0, gain² / fan_in). It draws the loss, the network's answer over the plane, and
    activations and gradients by layer, and counts units that are dead: their slope is 0 at every
    example. `steps` are taken at once. Raises TypeError or ValueError for what is no activation.
    """
    functions = named(activations)

    def train(settings: Settings) -> Iterator[Mapping[str, Any]]:
        activation = functions[settings.activation]
        train.__wrapped__ = activation  # type: ignore[attr-defined]  # whose lines errors are about
        return _train(settings, activation)

    return train_live(
        train,
        {
            "activation": choice(list(functions), resets=True),
            "data": choice(list(SHAPES), data, resets=True),
            "layers": slider(1, 10, 1, start=layers, label="hidden layers", resets=True),
            "units": choice([2, 4, 8, 16, 32], units, label="units a layer", resets=True),
            "optimiser": choice(list(OPTIMISERS), optimiser, resets=True),
            "rate": log_slider(1e-3, 10.0, rate, label="learning rate"),
            "gain": slider(
                0.1, 3.0, 0.1, start=gain, label="gain of the first weights", resets=True
            ),
        },
        [
            panel(
                heat(
                    "answer",
                    over=((-EDGE, EDGE), (-EDGE, EDGE)),
                    samples=36,
                    diverging=True,
                    span=(0, 1),
                    label="answer",
                ),
                dots("points", names=["class 0", "class 1"]),
                note(lambda seen: seen["state"]()),
                equal=True,
            ),
            panel(history("loss"), x="step", log="y", y="loss"),
            panel(
                histograms("activations", span=VALUES),
                note(FARTHER),
                title="activations by layer",
                x="activation",
                y="layer",
            ),
            panel(
                histograms("gradients", span=SIZES),
                note(FARTHER),
                title="gradients by layer",
                x="log₁₀ |∂loss/∂h|",
                y="layer",
            ),
        ],
        steps=steps,
        seed=seed,
        title=title,
    )


def _train(settings: Settings, activation: Activation) -> Iterator[Mapping[str, Any]]:
    import torch

    x, label = two_classes(settings.data)
    net = _Net(on_tensors(activation), settings.layers, settings.units, settings.gain)
    optimiser = getattr(torch.optim, OPTIMISERS[settings.optimiser])(net.parameters, lr=1.0)
    while True:
        optimiser.param_groups[0]["lr"] = settings.rate
        before, after, logit = net.run(x)
        loss = torch.nn.functional.binary_cross_entropy_with_logits(logit, label)
        optimiser.zero_grad()
        for h in before:
            h.retain_grad()
        loss.backward()
        optimiser.step()
        yield {
            "loss": loss,
            "points": (x[:, 0], x[:, 1], label),
            "answer": net.answer,
            "activations": lambda after=after: _rows(after, _inside),
            "gradients": lambda before=before: _rows(before, _gradient_sizes),
            "state": lambda logit=logit: [
                f"{_right(logit, label):.0%} of the points are right",
                _told(net.dead(x), settings.layers * settings.units),
            ],
        }


class _Net:
    """A plain network: 2 inputs, `layers` hidden layers of `units`, one logit."""

    def __init__(self, phi: Activation, layers: int, units: int, gain: float) -> None:
        import torch

        sizes = [2, *[units] * layers, 1]
        self.phi = phi
        self.weights = [
            (torch.randn(fan_in, fan_out) * gain / math.sqrt(fan_in)).requires_grad_()
            for fan_in, fan_out in itertools.pairwise(sizes)
        ]
        self.biases = [torch.zeros(size).requires_grad_() for size in sizes[1:]]
        self.parameters = [*self.weights, *self.biases]

    def run(self, x: Any) -> tuple[list[Any], list[Any], Any]:
        """Each hidden layer before (h) and after the activation, and the logits (examples,)."""
        before, after = [], []
        for weight, bias in zip(self.weights[:-1], self.biases[:-1], strict=True):
            before.append(x @ weight + bias)
            x = self.phi(before[-1])
            after.append(x)
        return before, after, (x @ self.weights[-1] + self.biases[-1])[:, 0]

    def answer(self, x: Any, y: Any) -> Any:
        """The probability of class 1 at places of the plane."""
        import torch

        with torch.no_grad():
            return self.run(torch.stack([x, y], 1).float())[2].sigmoid()

    def dead(self, x: Any) -> int:
        """How many hidden units have slope 0 at every example: nothing can move them."""
        import torch

        count = 0
        for h in self.run(x)[0]:
            h = h.detach().requires_grad_()
            (slope,) = torch.autograd.grad(self.phi(h).sum(), h)
            count += int((slope.abs() < DEAD).all(0).sum())
        return count


def _rows(layers: list[Any], of: Callable[[Any], Any]) -> dict[str, Any]:
    return {str(number): of(one) for number, one in enumerate(layers, start=1)}


def _inside(values: Any) -> Any:
    return values.detach().clamp(*VALUES)


def _gradient_sizes(h: Any) -> Any:
    return h.grad.abs().log10().clamp(*SIZES)


def _right(logit: Any, label: Any) -> float:
    return float(((logit > 0) == (label > 0.5)).float().mean())


def _told(dead: int, units: int) -> str:
    return f"{dead} of {units} hidden units are dead: slope 0 at every point"


# the data


def _noise(numbers: Any, size: float) -> Any:
    import torch

    return size * torch.randn(POINTS, 2, generator=numbers)


def _halves() -> Any:
    """Classes 0 and 1 by turns."""
    import torch

    return (torch.arange(POINTS) % 2).float()


def _xor(numbers: Any) -> Any:
    import torch

    label = _halves()
    side = (torch.arange(POINTS) // 2 % 2) * 2.0 - 1  # left or right
    centre = torch.stack([side, torch.where(label > 0.5, -side, side)], 1) * 0.7
    return centre + _noise(numbers, 0.2), label


def _circles(numbers: Any) -> Any:
    import torch

    label = _halves()
    angle = torch.rand(POINTS, generator=numbers) * 2 * math.pi
    radius = torch.where(label > 0.5, 0.35, 1.0)
    ring = torch.stack([radius * angle.cos(), radius * angle.sin()], 1)
    return ring + _noise(numbers, 0.08), label


def _moons(numbers: Any) -> Any:
    import torch

    label = _halves()
    angle = torch.rand(POINTS, generator=numbers) * math.pi
    upper = torch.stack([angle.cos() - 0.4, angle.sin() - 0.2], 1) * 0.85
    lower = -upper
    return torch.where(label[:, None] > 0.5, lower, upper) + _noise(numbers, 0.08), label


def _spirals(numbers: Any) -> Any:
    import torch

    label = _halves()
    turn = 0.1 + 0.9 * torch.rand(POINTS, generator=numbers).sqrt()
    angle = 1.5 * 2 * math.pi * turn
    arm = 1.25 * torch.stack([turn * angle.cos(), turn * angle.sin()], 1)
    return torch.where(label[:, None] > 0.5, arm, -arm) + _noise(numbers, 0.03), label


SHAPES = {"XOR": _xor, "circles": _circles, "moons": _moons, "spirals": _spirals}
