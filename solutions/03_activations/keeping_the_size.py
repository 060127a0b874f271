# %% [markdown]
"""
# Keeping the signal's size: exercises

**22 points · about 65 minutes.** Before: the lesson *Rectifiers and where to begin*,
in `course/03_activations`.

After these three exercises you can

- derive from an activation how large its layer's first weights must be;
- calculate what an activation does to the mean and the variance of its input;
- find, by numbers alone, the two constants that make SELU keep both.

How it works: write your code where it says `YOUR CODE HERE`, run the cell, then run the checks
below it. Each check is about one idea. When one does not hold, it shows an input, what was
expected, and what your function gave. When you hand in, each check is tried again on inputs that
you have not seen, about the same idea.
"""

# %% nbgrader={"grade_id": "setup", "locked": true}
import math

import torch

from course.checks import Tolerance, check, draws
from course.checks import activations as reference
from course.widgets import arrows, choice, dots, handles, line, plot, rule

# %% [markdown] nbgrader={"grade_id": "he_std_task", "locked": true}
r"""
## 1. How large must the first weights be?

`he_std` · 7 points · difficulty 2 of 5 · 15 minutes

A unit adds up $n$ inputs with random weights of mean 0 and standard deviation $s$:
$z = \sum_{i=1}^{n} w_i h_i$. The weights do not depend on the inputs, so

$$\mathbb{E}[z^2] = n\,s^2\,\mathbb{E}[h^2].$$

Then the activation $f$. A leaky ReLU keeps $z > 0$ and multiplies $z < 0$ by a slope $a$. As $z$
and $-z$ are equally likely, each side has half of $\mathbb{E}[z^2]$:

$$\mathbb{E}[f(z)^2] = \tfrac12\,(1 + a^2)\;\mathbb{E}[z^2].$$

The signal keeps its size from layer to layer if both steps together change nothing (He et al.
2015).

**Write** `he_std(weight_shape, negative_slope=0.0)`: the standard deviation $s$ for which
$\mathbb{E}[f(z)^2] = \mathbb{E}[h^2]$.

| | |
|---|---|
| `weight_shape` | the shape of the weights, a tuple, as torch has it: `(outputs, inputs)` for a linear layer, `(outputs, inputs, *kernel)` for a convolution in 1, 2 or 3 dimensions |
| `negative_slope` | the $a$ of a leaky ReLU, any float; 0 is a plain ReLU |
| returns | the standard deviation, a float |
| accuracy | a relative error of at most $10^{-9}$ |
| by hand | without `torch.nn.init` |

**Example.** `he_std((10, 8))` is `0.5`: eight inputs, and $\sqrt{2/8} = 0.5$.
"""


# %% nbgrader={"grade_id": "he_std", "solution": true}
def he_std(weight_shape, negative_slope=0.0) -> float:
    """The standard deviation of the weights that keeps the size of a signal."""
    ### BEGIN SOLUTION
    fan_in = math.prod(weight_shape[1:])  # how many numbers one output adds up
    return math.sqrt(2 / ((1 + negative_slope**2) * fan_in))
    ### END SOLUTION


# %% [markdown] nbgrader={"grade_id": "he_std_hints", "locked": true}
r"""
<details><summary>Hint 1: the idea</summary>

Put the second formula into the first: by which factor does one layer change $\mathbb{E}[h^2]$? Set
that factor to 1, and solve for $s$.

</details>

<details><summary>Hint 2: a sketch</summary>

$s^2 = 2 / \big((1 + a^2)\,n\big)$. What is $n$? In a convolution, one output adds up every input
channel at every place of the kernel. How many outputs there are does not matter.

</details>

<details><summary>Hint 3: almost code</summary>

```
n ← product of all entries of weight_shape except the first
return square root of 2 / ((1 + negative_slope²) · n)
```

</details>
"""


# %% nbgrader={"grade_id": "he_std_reference", "locked": true}
INITIALISERS = ("calculate_gain", "kaiming_normal_", "kaiming_uniform_", "kaiming_normal")
INITIALISERS += ("_calculate_fan_in_and_fan_out", "_calculate_correct_fan", "xavier_normal_")
NINE_DIGITS = Tolerance(relative=1e-9)


def size_of_the_activation(negative_slope):
    """E[f(Z)²] for a standard normal Z and a leaky ReLU f, as the sum of many slices."""
    step = 0.05  # fine enough for fifteen digits: what is summed is even and smooth
    slices = (step * (i + 0.5) for i in range(240))
    weights = [(z, step * reference.normal_density(z)) for z in slices]
    return sum((z**2 + (negative_slope * z) ** 2) * weight for z, weight in weights)


def inputs_of_an_output(weight_shape):
    """How many numbers one output adds up: a layer of ones, asked about an input of ones."""
    weights = torch.ones(weight_shape)
    ones = torch.ones(1, *weight_shape[1:])
    convolutions = (torch.nn.functional.linear, torch.conv1d, torch.conv2d, torch.conv3d)
    return convolutions[len(weight_shape) - 2](ones, weights).flatten()[0].item()


def expect_std(case, weight_shape, *negative_slope):
    """Call he_std; compare with the number of inputs counted and E[f²] summed up."""
    slope = negative_slope[0] if negative_slope else 0.0
    expected = (inputs_of_an_output(weight_shape) * size_of_the_activation(slope)) ** -0.5
    case(he_std, weight_shape, *negative_slope).gives(expected, tolerance=NINE_DIGITS)


# %% nbgrader={"grade_id": "he_std_root_of_two", "points": 3}
ROOT_OF_TWO = """A ReLU throws away the negative half, so E[f(z)²] is half of E[z²]. The weights make
up for it: s² = 2/n, so s is √2 times larger than 1/√n, layer after layer."""

with check("makes up for the half that ReLU drops", idea=ROOT_OF_TWO, without=INITIALISERS) as case:
    expect_std(case, (10, 8))
    expect_std(case, (3, 3))
    expect_std(case, (1, 200))

### BEGIN HIDDEN TESTS
with check(
    "makes up for the half that ReLU drops", idea=ROOT_OF_TWO, hidden=True, without=INITIALISERS
) as case:
    random = draws("he_std_root_of_two")
    for _ in range(4):
        n = random.randint(1, 900)
        expect_std(case, (n, n))
        expect_std(case, (n, n), 0.0)
### END HIDDEN TESTS

# %% nbgrader={"grade_id": "he_std_inputs_of_one_output", "points": 2}
FAN_IN = """n is the number of inputs that one output adds up: all entries of the shape, multiplied,
except the first. A convolution adds up every input channel at every place of its kernel."""

with check("counts the inputs of one output", idea=FAN_IN, without=INITIALISERS) as case:
    expect_std(case, (100, 4))
    expect_std(case, (4, 100))
    expect_std(case, (16, 8, 3, 3))
    expect_std(case, (5, 2, 7))

### BEGIN HIDDEN TESTS
with check(
    "counts the inputs of one output", idea=FAN_IN, hidden=True, without=INITIALISERS
) as case:
    random = draws("he_std_inputs_of_one_output")
    for dimensions in (0, 0, 1, 2, 2, 3):
        kernel = [random.randint(2, 5) for _ in range(dimensions)]
        outputs, inputs = random.sample(range(1, 60), 2)
        expect_std(case, (outputs, inputs, *kernel))
### END HIDDEN TESTS

# %% nbgrader={"grade_id": "he_std_negative_slope", "points": 2}
SLOPE = """The negative side gives its part to the size of the signal as well: ½·a² of it. Together
½·(1 + a²), with the slope squared. For a = 1 nothing is bent, and s² is just 1/n."""

with check("takes the negative side in", idea=SLOPE, without=INITIALISERS) as case:
    expect_std(case, (4, 50), 1.0)
    expect_std(case, (4, 50), 0.25)
    expect_std(case, (4, 50), -1.0)

### BEGIN HIDDEN TESTS
with check("takes the negative side in", idea=SLOPE, hidden=True, without=INITIALISERS) as case:
    random = draws("he_std_negative_slope")
    for shape in ((7, 30), (30, 7), (3, 5, 2, 2)):
        expect_std(case, shape, random.uniform(0.1, 0.9))
        expect_std(case, shape, -random.uniform(1.1, 2.0))
### END HIDDEN TESTS

# %% [markdown]
r"""
**Send a signal through.** Forty layers of width 64, with leaky ReLUs, on a logarithmic axis: the
size $\mathbb{E}[h^2]$ after each layer, with weights of *your* standard deviation times a factor.
How much of a factor is too much for forty layers? What does 0.707, a forgotten $\sqrt 2$, do?
"""


# %% jupyter={"source_hidden": true}
def sizes(factor, negative_slope):
    numbers = torch.Generator().manual_seed(1)
    h = torch.randn(64, 32, generator=numbers)
    found = [h.square().mean().item()]
    for _ in range(40):
        weights = torch.randn(64, 64, generator=numbers)
        z = weights @ h * (factor * he_std((64, 64), negative_slope))
        h = torch.where(z > 0, z, negative_slope * z)
        found.append(h.square().mean().item())
    return range(41), found


plot(
    line(sizes, label="with your weights"),
    rule(1.0, axis="y", label="kept"),
    log="y",
    x="layer",
    y="E[h²]",
    sliders={
        "factor": choice([0.5, 0.707, 0.9, 1.0, 1.1, 1.414], 1.0),
        "negative_slope": choice([0.0, 0.25], 0.0),
    },
    title="The size of a signal, with your standard deviation",
)

# %% [markdown] nbgrader={"grade_id": "selu_moments_task", "locked": true}
r"""
## 2. What SELU does to a mean and a variance

`selu_moments` · 8 points · difficulty 4 of 5 · 25 minutes

SELU (Klambauer et al. 2017) is a scaled ELU, with two constants $\alpha$ and $\lambda$:

$$\text{selu}(z) = \lambda \begin{cases} z & \text{if } z > 0,\\
\alpha\,(e^{z} - 1) & \text{if } z \le 0. \end{cases}$$

Let $z$ be normal with mean $\mu$ and variance $\nu$. Which mean and variance has
$y = \text{selu}(z)$? By definition,

$$\mathbb{E}[y] = \int \text{selu}(z)\,p(z)\,dz, \qquad
\text{Var}[y] = \int \text{selu}(z)^2\,p(z)\,dz - \mathbb{E}[y]^2, \qquad
p(z) = \frac{1}{\sqrt{2\pi\nu}}\; e^{-(z - \mu)^2 / (2\nu)}.$$

**Write** `selu_moments(mean, variance, alpha, scale)`, by a sum of many thin slices or in closed
form, as you like.

| | |
|---|---|
| `mean`, `variance` | floats: $\mu$ from $-3$ to 3, $\nu$ from 0.04 to 9; note that $\nu$ is $\sigma^2$ |
| `alpha`, `scale` | floats: $\alpha$ from 0 to 3, $\lambda$ from 0.1 to 3 |
| returns | the tuple of floats `(mean of y, variance of y)` |
| accuracy | each to $10^{-5}$, absolutely |

Random numbers will not do: with a million of them, a mean is off by about $10^{-3}$.

**Example.** With `alpha = 0.0` and `scale = 1.0`, SELU is a ReLU, and `selu_moments(0, 1, 0, 1)` is
$\big(\tfrac{1}{\sqrt{2\pi}},\ \tfrac12 - \tfrac{1}{2\pi}\big) = (0.398942…,\ 0.340845…)$.
"""


# %% nbgrader={"grade_id": "selu_moments", "solution": true}
def selu_moments(mean, variance, alpha, scale) -> tuple[float, float]:
    """Mean and variance of SELU(z) for a normal z with this mean and variance."""
    ### BEGIN SOLUTION
    t = (torch.arange(20_000, dtype=torch.float64) + 0.5) / 1000 - 10.0  # slices from −10σ to 10σ
    weight = torch.exp(-t * t / 2) / math.sqrt(2 * math.pi) / 1000
    z = mean + math.sqrt(variance) * t
    y = scale * torch.where(z > 0, z, alpha * torch.expm1(z.clamp(max=0)))
    first, second = (y * weight).sum().item(), (y * y * weight).sum().item()
    return first, second - first**2
    ### END SOLUTION


# %% [markdown] nbgrader={"grade_id": "selu_moments_hints", "locked": true}
r"""
<details><summary>Hint 1: the idea</summary>

An integral is a sum of many thin slices: height times width. Ten standard deviations to each side
are more than enough; outside of that, the density is below $10^{-22}$.

</details>

<details><summary>Hint 2: a sketch</summary>

Write $z = \mu + \sigma t$ with a standard normal $t$ and $\sigma = \sqrt{\nu}$. Cut $t$ from $-10$
to 10 into some ten thousand slices of width $d$, and take the middle of each. Each has the weight
$d\, e^{-t^2/2} / \sqrt{2\pi}$. Then two weighted sums: of $y$, and of $y^2$. What turns the second
into a variance?

</details>

<details><summary>Hint 3: almost code</summary>

```
t ← the middles of 20 000 slices of width d = 0.001, from −10 to 10
weight ← d · exp(−t²/2) / √(2π)
z ← mean + √variance · t
y ← scale · (z where z > 0, else alpha · (exp(z) − 1))
first, second ← sum of y · weight, sum of y² · weight
return first, second − first²
```

</details>
"""


# %% nbgrader={"grade_id": "selu_moments_reference", "locked": true}
FIVE_DIGITS = Tolerance(absolute=1e-5)
SELU = 1.6732632423543772, 1.0507009873554805  # its published constants, alpha and scale
CLOSED_FORM = ("selu_moments",)


def expect_moments(case, *given):
    """Call selu_moments; compare with the closed form."""
    expected = reference.selu_moments(*given)
    case(selu_moments, *given).gives(expected, tolerance=FIVE_DIGITS)


# %% nbgrader={"grade_id": "selu_moments_both_sides", "points": 3}
BOTH_SIDES = """λ multiplies both sides, α only the negative one: λ·z above 0, and λ·α·(e^z − 1)
below, which never falls under −λ·α."""

with check("both sides of SELU count", idea=BOTH_SIDES, without=CLOSED_FORM) as case:
    expect_moments(case, 0.0, 1.0, 0.0, 1.0)
    expect_moments(case, 0.0, 1.0, 1.0, 1.0)
    expect_moments(case, 0.0, 1.0, 2.0, 0.5)

### BEGIN HIDDEN TESTS
with check("both sides of SELU count", idea=BOTH_SIDES, hidden=True, without=CLOSED_FORM) as case:
    random = draws("selu_moments_both_sides")
    for alpha in (0.0, random.uniform(0.2, 0.9), random.uniform(1.1, 3.0)):
        for scale in (1.0, random.uniform(0.1, 0.9), random.uniform(1.2, 3.0)):
            expect_moments(case, 0.0, 1.0, alpha, scale)
### END HIDDEN TESTS

# %% nbgrader={"grade_id": "selu_moments_any_normal_input", "points": 3}
ANY_NORMAL = """z need not be standard normal: it is μ + σ·t with a standard normal t, and σ is the
root of the variance. Move the slices along with it. The variance of y is E[y²] − E[y]², and not
E[y²] alone."""

with check(
    "the input may have any mean and variance", idea=ANY_NORMAL, without=CLOSED_FORM
) as case:
    expect_moments(case, 0.0, 4.0, *SELU)
    expect_moments(case, 2.0, 0.25, 1.0, 1.0)
    expect_moments(case, -3.0, 9.0, *SELU)

### BEGIN HIDDEN TESTS
with check(
    "the input may have any mean and variance", idea=ANY_NORMAL, hidden=True, without=CLOSED_FORM
) as case:
    random = draws("selu_moments_any_normal_input")
    for variance in (0.04, random.uniform(0.1, 0.8), random.uniform(1.5, 6.0), 9.0):
        for mean in (-3.0, random.uniform(-2.0, -0.5), random.uniform(0.5, 2.0), 3.0):
            alpha, scale = random.uniform(0.5, 3.0), random.uniform(0.5, 3.0)
            expect_moments(case, mean, variance, alpha, scale)
### END HIDDEN TESTS

# %% nbgrader={"grade_id": "selu_moments_fixed_point", "points": 2}
FIXED = """With SELU's own constants, mean 0 and variance 1 come out as they went in: a fixed point.
And it attracts. Between two SELUs stand weights of mean 0 and variance 1/n, which make of inputs
with mean μ and variance ν a z with mean 0 and variance ν + μ²; what is near the fixed point comes
nearer, layer by layer."""


def after_layers(mean, variance, alpha, scale, layers):
    """The moments after some layers of weights and SELU, by your function."""
    for _ in range(layers):
        mean, variance = selu_moments(0.0, variance + mean**2, alpha, scale)
    return mean, variance


def expect_after_layers(case, mean, variance, alpha, scale, layers):
    expected = mean, variance
    for _ in range(layers):
        size = expected[1] + expected[0] ** 2
        expected = reference.selu_moments(0.0, size, alpha, scale)
    outcome = case(after_layers, mean, variance, alpha, scale, layers)
    outcome.gives(expected, tolerance=Tolerance(absolute=1e-4))


with check("(0, 1) is a fixed point that attracts", idea=FIXED, without=CLOSED_FORM) as case:
    case(selu_moments, 0.0, 1.0, *SELU).gives((0.0, 1.0), tolerance=FIVE_DIGITS)
    expect_after_layers(case, 0.5, 1.5, *SELU, 1)
    expect_after_layers(case, 0.5, 1.5, *SELU, 20)

### BEGIN HIDDEN TESTS
with check(
    "(0, 1) is a fixed point that attracts", idea=FIXED, hidden=True, without=CLOSED_FORM
) as case:
    random = draws("selu_moments_fixed_point")
    for layers in (1, 2, 5):
        mean, variance = random.uniform(-0.5, 0.5), random.uniform(0.5, 2.0)
        expect_after_layers(case, mean, variance, *SELU, layers)
        expect_after_layers(case, mean, variance, 1.0, 1.0, layers)
### END HIDDEN TESTS

# %% [markdown]
"""
**See your own function.** Each arrow shows where one layer takes a mean and a variance: weights of
mean 0 and variance 1/n, then SELU by your calculation. The dots follow the point that you drag,
layer by layer. Where do they all end? Choose the constants of a plain ELU, or of a ReLU: does the
signal keep its size?
"""

# %% jupyter={"source_hidden": true}
CONSTANTS = {"SELU": SELU, "ELU": (1.0, 1.0), "ReLU": (0.0, 1.0)}


def one_layer(mean, variance, constants):
    to_mean, to_variance = selu_moments(0.0, variance + mean**2, *CONSTANTS[constants])
    return to_mean - mean, to_variance - variance


def steps(start, constants):
    path = [(start[0][0], max(start[0][1], 0.01))]
    for _ in range(15):
        mean, variance = path[-1]
        path.append(selu_moments(0.0, variance + mean**2, *CONSTANTS[constants]))
    return [mean for mean, _ in path], [variance for _, variance in path]


plot(
    arrows(one_layer, over=((-1.2, 1.2), (0.1, 2.5)), samples=6, colour=1, label="one layer"),
    line(steps, label="layer by layer", colour=2),
    dots(steps, label="", colour=2),
    handles("start", [[0.8, 2.0]], colour=2),
    x="mean",
    y="variance",
    x_range=(-1.2, 1.2),
    y_range=(0, 2.6),
    sliders={"constants": choice([*CONSTANTS], "SELU")},
    title="Mean and variance, layer by layer",
)

# %% [markdown] nbgrader={"grade_id": "selu_fixed_point_task", "locked": true}
r"""
## 3. Finding SELU's constants

`selu_fixed_point` · 7 points · difficulty 4 of 5 · 25 minutes

Where do $\alpha = 1.6732…$ and $\lambda = 1.0507…$ come from? They are the solution of two
equations: mean 0 stays 0, and variance 1 stays 1. One could keep any other variance as well, with
other constants. So:

**Write** `selu_fixed_point(moments, variance)`, which finds the $\alpha$ and $\lambda$ that keep
mean 0 and this variance.

| | |
|---|---|
| `moments` | a function `moments(mean, variance, alpha, scale)` like your `selu_moments`, but given to you: exact to the last digits |
| `variance` | the variance $\nu$ to be kept, a float from 0.25 to 4 |
| returns | the tuple of floats `(alpha, scale)` with `moments(0.0, variance, alpha, scale)` equal to `(0.0, variance)`; $\alpha$ is between 0 and 10, $\lambda$ between 0 and 3, and there is one solution only |
| accuracy | each to $10^{-8}$, absolutely |
| work | call `moments` at most 500 times |

**Example.** `selu_fixed_point(moments, 1.0)` is about `(1.6732632, 1.0507010)`.
"""


# %% nbgrader={"grade_id": "selu_fixed_point", "solution": true}
def selu_fixed_point(moments, variance) -> tuple[float, float]:
    """The (alpha, scale) with which SELU keeps mean 0 and this variance."""
    ### BEGIN SOLUTION
    low, high = 0.0, 10.0  # a larger alpha gives a smaller mean
    for _ in range(60):
        alpha = (low + high) / 2
        if moments(0.0, variance, alpha, 1.0)[0] > 0:
            low = alpha
        else:
            high = alpha
    # The mean is 0 now, whatever the scale; and the variance grows with the scale's square.
    return alpha, math.sqrt(variance / moments(0.0, variance, alpha, 1.0)[1])
    ### END SOLUTION


# %% [markdown] nbgrader={"grade_id": "selu_fixed_point_hints", "locked": true}
r"""
<details><summary>Hint 1: the idea</summary>

Two unknowns, but they can be found one after the other. $\lambda$ only multiplies: can it change
whether the mean is 0?

</details>

<details><summary>Hint 2: a sketch</summary>

Leave $\lambda = 1$, and look for the $\alpha$ for which the mean is 0. With $\alpha = 0$ the mean
is positive; the larger $\alpha$, the more the negative side weighs. So halve an interval again and
again, and keep the half in which the sign changes. Then $\lambda$: the variance of $\lambda y$ is
$\lambda^2$ times that of $y$.

</details>

<details><summary>Hint 3: almost code</summary>

```
low, high ← 0, 10
60 times:
    alpha ← (low + high) / 2
    if the mean of moments(0, variance, alpha, 1) is above 0: low ← alpha
    else: high ← alpha
scale ← √(variance / the variance of moments(0, variance, alpha, 1))
return alpha, scale
```

</details>
"""


# %% nbgrader={"grade_id": "selu_fixed_point_reference", "locked": true}
EIGHT_DIGITS = Tolerance(absolute=1e-8)


def exact_moments(mean, variance, alpha, scale):
    """The moments that the checks hand to your function: the closed form."""
    return reference.selu_moments(mean, variance, alpha, scale)


def kept(variance):
    """What (0, variance) becomes in one layer with the constants that your function finds."""
    alpha, scale = selu_fixed_point(exact_moments, variance)
    return exact_moments(0.0, variance, alpha, scale)


# %% nbgrader={"grade_id": "selu_fixed_point_keeps_the_mean", "points": 3}
MEAN = """α sets the balance: it makes the negative side weigh as much as the positive one, so that
mean 0 stays 0. λ has no say in this, as it multiplies both sides."""

with check("keeps the mean at 0", idea=MEAN) as case:
    for variance in (1.0, 2.0):
        case(kept, variance).satisfies(
            "a mean of 0, to 1e-8", lambda moments, _: abs(moments[0]) < 1e-8
        )

### BEGIN HIDDEN TESTS
with check("keeps the mean at 0", idea=MEAN, hidden=True) as case:
    random = draws("selu_fixed_point_keeps_the_mean")
    for variance in (0.25, random.uniform(0.4, 0.9), random.uniform(1.2, 3.5), 4.0):
        case(kept, variance).satisfies(
            "a mean of 0, to 1e-8", lambda moments, _: abs(moments[0]) < 1e-8
        )
### END HIDDEN TESTS

# %% nbgrader={"grade_id": "selu_fixed_point_keeps_the_variance", "points": 2}
VARIANCE = """Once the mean is 0, λ sets the size: the variance grows with λ², so λ is the root of
the variance wanted over the variance that λ = 1 gives."""

with check("keeps the variance", idea=VARIANCE) as case:
    for variance in (1.0, 0.5):
        case(kept, variance).gives((0.0, variance), tolerance=Tolerance(absolute=2e-7))

### BEGIN HIDDEN TESTS
with check("keeps the variance", idea=VARIANCE, hidden=True) as case:
    random = draws("selu_fixed_point_keeps_the_variance")
    for variance in (0.25, random.uniform(0.4, 0.9), random.uniform(1.2, 3.5), 4.0):
        case(kept, variance).gives((0.0, variance), tolerance=Tolerance(absolute=2e-7))
### END HIDDEN TESTS

# %% nbgrader={"grade_id": "selu_fixed_point_is_found_by_numbers", "points": 2}
FOUND = """Each variance has constants of its own; SELU's published ones are those for variance 1.
Halving an interval 50 times gives fifteen digits of α from 50 calls; no grid is as fine as that."""


def calls(variance):
    """How often your function calls `moments`."""
    number = 0

    def counted_moments(mean, variance, alpha, scale):
        nonlocal number
        number += 1
        return exact_moments(mean, variance, alpha, scale)

    selu_fixed_point(counted_moments, variance)
    return number


with check("finds them to eight digits", idea=FOUND) as case:
    outcome = case(selu_fixed_point, exact_moments, 1.0)
    outcome.gives((1.6732632423543772, 1.0507009873554805), tolerance=EIGHT_DIGITS)
    case(calls, 2.0).satisfies("at most 500 calls", lambda number, _: number <= 500)

### BEGIN HIDDEN TESTS
with check("finds them to eight digits", idea=FOUND, hidden=True) as case:
    random = draws("selu_fixed_point_is_found_by_numbers")

    def solved(variance):
        """Both equations solved by hand: ½ − E[e^z; z < 0] is the weight of the negative side."""
        root = math.sqrt(variance)
        once, twice = (
            math.exp(k * k * variance / 2) * reference.normal_cdf(-k * root) for k in (1, 2)
        )
        alpha = root / math.sqrt(2 * math.pi) / (0.5 - once)
        square = variance / 2 + alpha**2 * (twice - 2 * once + 0.5)
        return alpha, math.sqrt(variance / square)

    for variance in (0.25, random.uniform(0.3, 0.9), random.uniform(1.1, 3.9), 4.0):
        case(selu_fixed_point, exact_moments, variance).gives(
            solved(variance), tolerance=EIGHT_DIGITS
        )
        case(calls, variance).satisfies("at most 500 calls", lambda number, _: number <= 500)
### END HIDDEN TESTS

# %% [markdown]
"""
**See your own function.** The constants that your `selu_fixed_point` finds, for each variance; the
dashed line is SELU as published. Why does α grow with the variance? Think of where the negative
side of SELU ends, however far down its input goes.
"""


# %% jupyter={"source_hidden": true}
def constants(which):
    def by_variance():
        variances = [0.25 * step for step in range(1, 17)]
        return variances, [selu_fixed_point(exact_moments, v)[which] for v in variances]

    return by_variance


plot(
    line(constants(0), label="your α"),
    line(constants(1), label="your λ"),
    rule(1.0, label="SELU"),
    x="variance to be kept",
    y="constant",
    title="The constants that your function finds",
)

# %% [markdown]
"""
**Done?** Save, then choose *Validate* to run every cell from the top in a fresh kernel, and hand in
from the *Assignment List*. If a check still fails, hand in what you have: each one counts by itself.
"""
