# %% [markdown]
"""
# The widgets of the course

Each with its shortest useful call, for readers who want to see what can be moved, and for authors
who want to use one. Everything runs on *your own* function: change a cell, and run it again.

Every control can be reached with the Tab key and moved with the arrow keys; Home and End go to the
ends. A click on a name in a legend hides or shows what it stands for.

*Ten minutes to play with everything.*
"""

# %% [markdown]
"""
## Step player

`play(function, *arguments)` runs any function once, and lets you go through the run: the code, the
names and a picture, forwards and backwards. Type another input, and press Enter.
"""


# %%
from course.widgets import bars, play


def max_area(height):
    left, right, best = 0, len(height) - 1, 0
    while left < right:
        best = max(best, min(height[left], height[right]) * (right - left))
        if height[left] < height[right]:
            left += 1
        else:
            right -= 1
    return best


play(max_area, [1, 8, 6, 2, 5, 4, 8, 3, 7], view=bars("height", water=True))

# %% [markdown]
"""
## Feedback card

What a check of an exercise shows: the name of the idea, and what was expected when it is missing.
"""

# %%
from contextlib import suppress

from course.checks import CheckFailure, check

with check("moves the shorter side", idea="The shorter side limits the water.") as case:
    case(max_area, [1, 8, 6, 2, 5, 4, 8, 3, 7]).gives(49)

with (
    suppress(CheckFailure),
    check("counts the ground", idea="This check is wrong on purpose.") as case,
):
    case(max_area, [2, 2]).gives(4)

# %% [markdown]
"""
## Live plot

### Curves, a slope, a slider

A function's first argument is drawn along x; every other argument is a slider of that name. What it
gives is computed ahead for each value of the slider, so the picture follows your hand even without
a kernel. Drag the place along x: both panels share it.
"""


# %%
import math

from course.widgets import curve, panel, plot, slider, slope


def leaky_relu(x, alpha):
    return x if x > 0 else alpha * x


def derivative(x, alpha):
    return 1.0 if x > 0 else alpha


plot(
    panel(curve(leaky_relu), curve(math.tanh), slope(leaky_relu), x="input", y="activation"),
    panel(curve(derivative), x="input", y="slope"),
    drag="x",
    cursor=1.5,
    sliders={"alpha": slider(0, 1, 0.05, start=0.2, play=True)},
    title="Activations",
)

# %% [markdown]
"""
### Points to drag, and your own Python

`least_squares` asks for `data`, the points; so the kernel runs it whenever a point moves. An error
in it appears below the plot, with its line, and the last good picture stays.
"""


# %%
from course.widgets import handles, line, plot


def least_squares(data):
    n = len(data)
    mean_x, mean_y = sum(x for x, _ in data) / n, sum(y for _, y in data) / n
    spread = sum((x - mean_x) ** 2 for x, _ in data)
    rate = sum((x - mean_x) * (y - mean_y) for x, y in data) / spread
    return [0, 10], [mean_y - rate * mean_x, mean_y + rate * (10 - mean_x)]


points = [[1, 2], [3, 3], [5, 7], [8, 6]]
plot(handles("data", points), line(least_squares), x_range=(0, 10), y_range=(0, 10), equal=True)

# %% [markdown]
"""
### A field, arrows and particles

The density of two Gaussians, its score (the gradient of its logarithm), and particles that follow
the score from a grid of places. The play button runs through the time.
"""


# %%
from course.widgets import arrows, dots, heat, plot, slider


def density(x, y):
    return sum(math.exp(-((x - c) ** 2 + y**2) / 0.5) for c in (-1, 1))


def score(x, y):
    left, right = (math.exp(-((x - c) ** 2 + y**2) / 0.5) for c in (-1, 1))
    return (4 * (right - left) / (left + right) - 4 * x), -4 * y


def particles(time):
    places = [[0.4 * i + 0.05, 0.4 * j] for i in range(-4, 5) for j in range(-4, 5)]
    for _ in range(time):
        places = [[x + 0.02 * score(x, y)[0], y + 0.02 * score(x, y)[1]] for x, y in places]
    return places


window = ((-2, 2), (-2, 2))
plot(
    heat(density, over=window, levels=6),
    arrows(score, over=window, colour=1),
    dots(particles, colour=5),
    equal=True,
    sliders={"time": slider(0, 40, start=0, play=True)},
)

# %% [markdown]
"""
### Many runs, a band, conditions that light up

Robbins–Monro looks for the root of a function that it sees only through noise, with steps $1/k^p$.
"""


# %%
import torch

from course.widgets import band, line, note, plot, rule


def runs(p):
    noise = torch.Generator().manual_seed(0)
    place = torch.full((200,), 2.0)
    path = [place]
    for k in range(1, 60):
        place = place - (place + torch.randn(200, generator=noise)) / k**p
        path.append(place)
    return torch.stack(path)  # (60, 200)


def quantiles(p):
    low, high = torch.quantile(runs(p), torch.tensor([0.1, 0.9]), dim=1)
    return range(60), low, high


plot(
    band(quantiles, label="80 % of 200 runs"),
    line(lambda p: (range(60), runs(p)[:, :12].T), label="12 of them", faint=True),
    rule(0, axis="y"),
    note(lambda p: [("Σ 1/kᵖ = ∞", p <= 1), ("Σ 1/k²ᵖ < ∞", p > 0.5)]),
    x="step k",
    y="estimate",
    y_range=(-3, 3),
    sliders={"p": (0.3, 1.5, 0.1, 1.0)},
)

# %% [markdown]
"""
### Logarithmic axes, bars, a matrix, an image

A roofline; the traffic of attention; the tiles of a causal mask; and pixels.
"""


# %%
from course.widgets import curve, log_slider, plot


def attained(intensity, bandwidth):
    return min(bandwidth * intensity, 60_000)


plot(
    curve(attained, over=(0.1, 1000), label="attainable"),
    log="xy",
    x="operations a byte",
    y="Gflop/s",
    drag="intensity",
    cursor=10,
    sliders={"bandwidth": log_slider(100, 5000, 3000, label="bandwidth, GB/s")},
)


# %%
from course.widgets import choice, columns, heat, panel, plot


def traffic(length, block):
    matrix, rows = length**2, 64 * length  # numbers of two bytes; each head is 64 wide
    read = [2 * matrix + 3 * rows, rows + 2 * rows * length // block]
    written = [2 * matrix + rows, rows]
    return ["naive", "tiled"], [[2e-6 * n for n in read], [2e-6 * n for n in written]]


def mask(length, block, causal):
    tiles = range(length // block)
    return [[1.0 if i >= j or not causal else 0.0 for j in tiles] for i in tiles]


plot(
    panel(columns(traffic, names=["read", "written"], stacked=True), y="MB"),
    panel(heat(mask, label="computed", span=(0, 1)), x="keys", y="queries", equal=True),
    sliders={
        "length": choice([256, 512, 1024], 1024),
        "block": choice([32, 64, 128]),
        "causal": True,
    },
)


# %%
from course.widgets import image, plot


def rings(frequency):
    places = range(-16, 17)
    return [[math.cos(frequency * math.hypot(i, j)) / 2 + 0.5 for i in places] for j in places]


plot(image(rings), equal=True, height=330, sliders={"frequency": (0.1, 1.0, 0.05)})

# %% [markdown]
"""
### Histograms by layer

Ten thousand random numbers go through layers of width 100, with the gain you choose.
"""


# %%
from course.widgets import histograms, plot


def activations(gain, activation):
    numbers = torch.Generator().manual_seed(0)
    x, found = torch.randn(100, 100, generator=numbers), {}
    for layer in range(1, 6):
        weights = torch.randn(100, 100, generator=numbers) * gain / 10
        x = getattr(torch, activation)(x @ weights)
        found[f"layer {layer}"] = x
    return found


plot(
    histograms(activations, span=(-2, 2)),
    x="activation",
    height=320,
    sliders={"gain": (0.5, 2.0, 0.1, 1.0), "activation": ["tanh", "relu", "sigmoid"]},
)

# %% [markdown]
"""
## Live training

`train_live(train, settings, views)` runs a plain generator in the background. It yields a
dictionary after each step; the views draw what they find there by name. Start it, pause it, take
one step, change a setting on the way, look back.
"""


# %%
from course.widgets import choice, dots, heat, histograms, history, log_slider, panel, train_live


def train(settings):
    size = settings.hidden_units
    angles = torch.linspace(0, 9, 60)
    arm = torch.stack([angles * angles.cos(), angles * angles.sin()], 1) / 5  # (60, 2)
    x, y = torch.cat([arm, -arm]), torch.tensor([0.0] * 60 + [1.0] * 60)
    net = torch.nn.Sequential(
        torch.nn.Linear(2, size),
        torch.nn.Tanh(),
        torch.nn.Linear(size, size),
        torch.nn.Tanh(),
        torch.nn.Linear(size, 1),
    )
    optimiser = torch.optim.Adam(net.parameters())
    while True:
        optimiser.param_groups[0]["lr"] = settings.learning_rate
        loss = torch.nn.functional.binary_cross_entropy_with_logits(net(x)[:, 0], y)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        yield {
            "loss": loss,
            "field": lambda u, v: net(torch.stack([u, v], 1).float())[:, 0].sigmoid(),
            "points": (x[:, 0], x[:, 1], y),
            "weights": lambda: {"first": net[0].weight, "second": net[2].weight},
        }


train_live(
    train,
    {
        "learning_rate": log_slider(1e-4, 0.1, 0.01),
        "hidden_units": choice([2, 8, 32], 8, resets=True),
    },
    [
        panel(history("loss"), x="step", log="y"),
        panel(
            heat("field", over=((-2, 2), (-2, 2)), diverging=True, span=(0, 1), samples=40),
            dots("points", names=["one arm", "the other"]),
            equal=True,
        ),
        panel(histograms("weights", span=(-2, 2)), x="weight"),
    ],
    steps=40,
    title="Two spirals",
)


# %% [markdown]
"""
A loop need not be a network: here it is a walk downhill, over a landscape that stays.
"""


# %%
from course.widgets import heat, line, log_slider, panel, train_live


def landscape(x, y):
    return math.log1p((1 - x) ** 2 + 20 * (y - x * x) ** 2)


def descent(settings):
    xs, ys = [-1.5], [1.5]
    while True:
        x, y = xs[-1], ys[-1]
        slope_x, slope_y = -2 * (1 - x) - 80 * x * (y - x * x), 40 * (y - x * x)
        xs.append(x - settings.rate * slope_x)
        ys.append(y - settings.rate * slope_y)
        yield {"height": landscape(xs[-1], ys[-1]), "path": (xs[-400:], ys[-400:])}


train_live(
    descent,
    {"rate": log_slider(1e-4, 0.02, 0.004)},
    ["height", panel(heat(landscape, over=((-2, 2), (-1, 3)), levels=8), line("path", colour=1))],
    steps=30,
    speed=30,
)
