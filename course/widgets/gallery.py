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
*Predict* asks, before each step where there is something to decide, what comes next, and keeps the
score. The number keys answer.

With a `reference`, the player finds where the two part, and says what is different there:
"""


# %%
def moves_the_taller_side(height):
    left, right, best = 0, len(height) - 1, 0
    while left < right:
        best = max(best, min(height[left], height[right]) * (right - left))
        if height[left] > height[right]:
            left += 1
        else:
            right -= 1
    return best


play(moves_the_taller_side, [3, 9, 8, 1], view=bars("height", water=True), reference=max_area)

# %% [markdown]
"""
### Views of a run

Besides bars and cells: each names what to watch, and finds it under your own names too.

A window on a text, with the counts that the function keeps:
"""


# %%
from course.widgets import window


def shortest_cover(text, letters):
    need = {letter: letters.count(letter) for letter in letters}
    left, best = 0, ""
    for right, letter in enumerate(text):
        if letter in need:
            need[letter] -= 1
        while all(count <= 0 for count in need.values()):
            if not best or right + 1 - left < len(best):
                best = text[left : right + 1]
            if text[left] in need:
                need[text[left]] += 1
            left += 1
    return best


play(shortest_cover, "ADOBECODEBANC", "ABC", view=window("text"))

# %% [markdown]
"""
Numbers on a line, and what is looked up in a set:
"""


# %%
from course.widgets import number_line


def longest_run(nums):
    seen, longest = set(nums), 0
    for first in nums:
        if first - 1 in seen:
            continue
        end = first + 1
        while end in seen:
            end += 1
        longest = max(longest, end - first)
    return longest


play(longest_run, [100, 4, 200, 1, 3, 2], view=number_line("nums", "seen"))

# %% [markdown]
"""
Buckets:
"""


# %%
from course.widgets import buckets


def into_buckets(nums, width):
    low = min(nums)
    held = [[] for _ in range((max(nums) - low) // width + 1)]
    for number in nums:
        held[(number - low) // width].append(number)
    return held


play(into_buckets, [10, 0, 2, 9, 1], 3, view=buckets("held", low="low", width="width"))

# %% [markdown]
"""
A tree of nodes, and the calls that walk over it:
"""


# %%
from course.trees import tree
from course.widgets import data_tree


def depth(node):
    if node is None:
        return 0
    return 1 + max(depth(node.left), depth(node.right))


play(depth, tree([3, 5, 1, 6, 2, None, 8]), view=data_tree("node"))

# %% [markdown]
"""
The calls of a recursive function, what they cut, and where they end well:
"""


# %%
from course.widgets import call_tree


def sums(coins, rest, chosen=()):
    if rest == 0:
        return [chosen]
    found = []
    for place, coin in enumerate(coins):
        if coin > rest:
            break
        found += sums(coins[place:], rest - coin, (*chosen, coin))
    return found


play(sums, [2, 3, 6, 7], 7, view=call_tree("chosen", "rest", results=False, done={"rest": 0}))

# %% [markdown]
"""
A row of a table that is filled again and again: arrows from the cells that a value comes from.
"""


# %%
from course.widgets import table


def knapsack(weights, values, capacity):
    best = [0] * (capacity + 1)
    for weight, value in zip(weights, values, strict=True):
        for room in range(capacity, weight - 1, -1):
            best[room] = max(best[room], best[room - weight] + value)
    return best


play(knapsack, [2, 3], [7, 9], 6, view=table("best"))

# %% [markdown]
"""
Matrices as tiles, and a stream with running values:
"""


# %%
from course.widgets import tiles


def product(A, B):
    C = [[0] * len(B[0]) for _ in A]
    for i in range(len(A)):
        for j in range(len(B[0])):
            for k in range(len(B)):
                C[i][j] += A[i][k] * B[k][j]
    return C


play(product, [[1, 2, -1], [0, 3, 2]], [[2, 0], [-1, 1], [4, 2]], view=tiles("A", "B", "C"))


# %%
from course.widgets import stream


def running(values):
    mean, largest = 0.0, float("-inf")
    for count, value in enumerate(values, start=1):
        mean += (value - mean) / count
        largest = max(largest, value)
    return mean, largest


play(running, [3.0, 1.0, 4.0, 1.0, 5.0, 9.0, 2.0], view=stream("values", "mean", "largest"))

# %% [markdown]
"""
Points of the plane: the first list as dots, each further one as a way; every name that holds a
point stands beside it.
"""


# %%
from course.widgets import plane_view


def lower_side(points):
    corners = []
    for point in sorted(points):
        while len(corners) > 1:
            (px, py), (qx, qy) = corners[-2:]
            if (qx - px) * (point[1] - py) > (qy - py) * (point[0] - px):
                break
            corners.pop()
        corners.append(point)
    return corners


nails = [(0, 2), (1, 0), (3, 1), (4, 4), (5, 0), (7, 3)]
play(lower_side, nails, view=plane_view("points", "corners"))

# %% [markdown]
"""
### Geometry board

Points to drag, or to move with the arrow keys. Each keyword names a group of points. `outline` and
`says` are your own functions; they ask for groups by the names of their parameters.
"""


# %%
from course.widgets import board


def bounding_box(nails):
    xs, ys = [x for x, _ in nails], [y for _, y in nails]
    return [(min(xs), min(ys)), (max(xs), min(ys)), (max(xs), max(ys)), (min(xs), max(ys))]


board(nails=[(1, 1), (7, 2), (5, 4), (6, 7), (2, 6)], outline=bounding_box)


# %%
def turn(path):
    (ax, ay), (bx, by), (cx, cy) = path
    area = (bx - ax) * (cy - ay) - (by - ay) * (cx - ax)
    return "left" if area > 0 else "right" if area < 0 else "straight on"


board(path=[(1, 1), (7, 3), (4, 7)], says=turn)

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
### Composed from these

The unit on activations puts curves, histograms, points and training together:
`activation_explorer`, `signal_lab`, `perceptron_board` and `classifier_playground`. Each takes your
own function. They are at home in the lessons
[From threshold to ReLU](../03_activations/from_threshold_to_relu.ipynb),
[Rectifiers and where to begin](../03_activations/rectifiers_and_initialisation.ipynb) and
[Smooth and gated](../03_activations/smooth_and_gated.ipynb).
"""

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
