# %% [markdown]
"""
# Rectifiers: exercises

**17 points · about 45 minutes.** Before: the lesson *Rectifiers and where to begin*,
in `course/03_activations`.

After these two exercises you can

- tell a unit that is dead from one that is merely silent;
- write the backward pass of an activation that learns, with a slope of its own for each channel.

How it works: write your code where it says `YOUR CODE HERE`, run the cell, then run the checks
below it. Each check is about one idea. When one does not hold, it shows an input, what was
expected, and what your function gave. When you hand in, each check is tried again on inputs that
you have not seen, about the same idea.
"""

# %% nbgrader={"grade_id": "setup", "locked": true}
import torch

from course.checks import Tolerance, check, draw_seed, draws
from course.checks.activations import gradients
from course.widgets import choice, line, panel, plot


def normal(name, *shape):
    """Normal numbers in float64, the same for everyone in a class who runs this check."""
    generator = torch.Generator().manual_seed(draw_seed(name))
    return torch.randn(shape, generator=generator, dtype=torch.float64)


# %% [markdown] nbgrader={"grade_id": "dead_fraction_task", "locked": true}
r"""
## 1. How many units are dead?

`dead_fraction` · 8 points · difficulty 2 of 5 · 20 minutes

A ReLU unit gives $\max(z, 0)$. Where its pre-activation $z$ is not above 0, it gives 0, and its
slope is 0, also at $z = 0$, where torch (and we) take the left side. Being silent for *some* inputs
is what a ReLU is for. But a unit that is silent for **every** input of the data gets no gradient
from anywhere, so its weights stay as they are: it is **dead**.

**Write** `dead_fraction(batches)`: which share of the units of a layer is dead?

| | |
|---|---|
| `batches` | an iterable with at least one tensor, to be gone through once; together they are the data |
| each batch | the pre-activations `(B, H)`: one row an input, one column a unit; $B \ge 1$ may differ from batch to batch, $H \ge 1$ is always the same |
| returns | the share of the $H$ units that are dead, a float from 0 to 1 |

**Example.** With the only batch `[[1., -2., 0.], [-3., -1., -4.]]`, unit 0 fires for the first
input; units 1 and 2 never do. The result is `2/3`.
"""


# %% nbgrader={"grade_id": "dead_fraction", "solution": true}
def dead_fraction(batches) -> float:
    """The share of the units (columns) that are above 0 for no input of any batch."""
    ### BEGIN SOLUTION
    alive = None
    for z in batches:
        fires = (z > 0).any(dim=0)  # (H,)
        alive = fires if alive is None else alive | fires
    return 1.0 - alive.double().mean().item()
    ### END SOLUTION


# %% [markdown] nbgrader={"grade_id": "dead_fraction_hints", "locked": true}
"""
<details><summary>Hint 1: the idea</summary>

One single input for which a unit fires is enough to keep it alive. So ask each unit: did you ever
fire?

</details>

<details><summary>Hint 2: a sketch</summary>

For one batch, `z > 0` says who fires for what. Along the axis of the inputs, ask whether any entry
is true: that gives one truth value a unit. Keep these, and join them with those of the next batch:
alive here *or* alive there. Count at the very end.

</details>

<details><summary>Hint 3: almost code</summary>

```
alive ← nothing yet
for each batch z:
    fires ← whether any row of z is above 0, for each column     # shape (H,)
    alive ← fires if there is nothing yet, else alive or fires
return the share of columns that are not alive, as a float
```

</details>
"""


# %% nbgrader={"grade_id": "dead_fraction_reference", "locked": true}
CLOSE = Tolerance(relative=1e-6, absolute=1e-6)  # a share of at most 1000 units, also in float32


def layer(random, inputs, units, dead, fires=1):
    """Pre-activations (inputs, units): `dead` units never fire, the others for `fires` inputs."""
    columns = []
    for unit in range(units):
        column = [-random.uniform(0.1, 3.0) for _ in range(inputs)]
        for place in random.sample(range(inputs), fires if unit >= dead else 0):
            column[place] *= -1
        columns.append(column)
    random.shuffle(columns)
    return torch.tensor(columns).T.contiguous()


# %% nbgrader={"grade_id": "dead_fraction_silent_for_every_input", "points": 3}
EVERY_INPUT = """A unit is dead only if it fires for no input at all. One that fires for a single
input still learns from that one, however often it is silent: the share of zeros among all outputs
is another thing."""

with check("dead is silent for every input", idea=EVERY_INPUT) as case:
    z = torch.tensor([[1.0, -2.0, -0.5], [-3.0, -1.0, -4.0]])
    case(dead_fraction, [z]).gives(2 / 3, tolerance=CLOSE)
    z = torch.tensor([[5.0, -1.0, -1.0, -1.0], [-1.0, 5.0, -1.0, -1.0], [-1.0, -1.0, 5.0, -1.0]])
    case(dead_fraction, [z]).gives(0.25, tolerance=CLOSE)
    case(dead_fraction, [torch.ones(3, 2)]).gives(0.0, tolerance=CLOSE)
    case(dead_fraction, [-torch.ones(3, 2)]).gives(1.0, tolerance=CLOSE)

### BEGIN HIDDEN TESTS
with check("dead is silent for every input", idea=EVERY_INPUT, hidden=True) as case:
    random = draws("dead_fraction_silent_for_every_input")
    for units in (3, 7, 16):
        for fires in (1, 2, 9):
            dead = random.randint(1, units - 1)
            z = layer(random, 9, units, dead, fires)
            case(dead_fraction, [z]).gives(dead / units, tolerance=CLOSE)
### END HIDDEN TESTS

# %% nbgrader={"grade_id": "dead_fraction_of_the_units", "points": 2}
UNITS = """Rows are inputs, columns are units. Ask down each column, and give the share of the
columns as a float. An input for which no unit fires kills no unit."""

with check("gives the share of the units", idea=UNITS) as case:
    z = torch.tensor([[1.0, 2.0], [-1.0, -2.0], [-3.0, -1.0], [-1.0, -1.0]])
    case(dead_fraction, [z]).gives(0.0, tolerance=CLOSE)
    z = torch.tensor([[1.0, -2.0, -1.0, -1.0, -1.0]])
    case(dead_fraction, [z]).gives(0.8, tolerance=CLOSE)

### BEGIN HIDDEN TESTS
with check("gives the share of the units", idea=UNITS, hidden=True) as case:
    random = draws("dead_fraction_of_the_units")
    for inputs, units in ((1, 6), (30, 4), (5, 11), (12, 1)):
        dead = random.randint(0, units - 1)
        z = layer(random, inputs, units, dead)
        silent = -torch.rand(2 * inputs, units) - 0.1
        case(dead_fraction, [torch.cat([z, silent])]).gives(dead / units, tolerance=CLOSE)
### END HIDDEN TESTS

# %% nbgrader={"grade_id": "dead_fraction_zero_does_not_fire", "points": 1}
AT_ZERO = """At z = 0 the output is 0 and we take the slope of the left side, which is 0 as well: no
gradient gets through. A unit fires only where z is above 0."""

with check("a 0 does not fire", idea=AT_ZERO) as case:
    z = torch.tensor([[0.0, -1.0], [0.0, 2.0]])
    case(dead_fraction, [z]).gives(0.5, tolerance=CLOSE)
    case(dead_fraction, [torch.zeros(2, 3)]).gives(1.0, tolerance=CLOSE)

### BEGIN HIDDEN TESTS
with check("a 0 does not fire", idea=AT_ZERO, hidden=True) as case:
    random = draws("dead_fraction_zero_does_not_fire")
    for units in (2, 5, 9):
        dead = random.randint(1, units)
        z = layer(random, 6, units, dead)
        case(dead_fraction, [torch.cat([z, torch.zeros(1, units)])]).gives(
            dead / units, tolerance=CLOSE
        )
        floored = z.clamp(min=-0.5) + torch.where(z < 0, 0.5, 0.0)
        case(dead_fraction, [floored.clamp(min=0)]).gives(
            (floored.amax(dim=0) <= 0).double().mean().item(), tolerance=CLOSE
        )
### END HIDDEN TESTS

# %% nbgrader={"grade_id": "dead_fraction_over_all_batches", "points": 2}
BATCHES = """A unit is dead only if it is silent in all of the batches. So remember for each unit
whether it ever fired, and count once, at the end. The mean of each batch's share is another number,
and so is the share in the last batch."""

with check("looks at all the batches", idea=BATCHES) as case:
    first, second = torch.tensor([[1.0, -1.0, -1.0]]), torch.tensor([[-1.0, 1.0, -1.0]])
    case(dead_fraction, [first, second]).gives(1 / 3, tolerance=CLOSE)
    case(dead_fraction, iter([second, torch.cat([first, first, second])])).gives(
        1 / 3, tolerance=CLOSE
    )

### BEGIN HIDDEN TESTS
with check("looks at all the batches", idea=BATCHES, hidden=True) as case:
    random = draws("dead_fraction_over_all_batches")
    for units in (3, 8, 20):
        dead = random.randint(1, units - 1)
        z = layer(random, 24, units, dead)
        for sizes in ([8, 8, 8], [1, 20, 3], [10, 14], [1] * 24):
            batches = z.split(sizes)
            case(dead_fraction, iter([*batches])).gives(dead / units, tolerance=CLOSE)
### END HIDDEN TESTS

# %% [markdown]
"""
**See your own function.** A layer of 200 ReLU units looks at 400 inputs. One step with too large a
learning rate has pushed all of its biases down. How many units are dead now, by your count? Give
each unit more inputs to look at: does that protect it?
"""


# %% jupyter={"source_hidden": true}
def dead_after_a_fall(inputs):
    numbers = torch.Generator().manual_seed(0)
    x = torch.randn(400, inputs, generator=numbers)
    z = x @ torch.randn(inputs, 200, generator=numbers) * (2 / inputs) ** 0.5
    falls = [0.25 * step for step in range(29)]
    return falls, [dead_fraction((z - fall).split(100)) for fall in falls]


plot(
    line(dead_after_a_fall, label="dead units"),
    x="how far the biases fell",
    y="share of the units",
    y_range=(0, 1),
    sliders={"inputs": choice([1, 2, 8, 32], 2)},
    title="Dead units, counted by your function",
)

# %% [markdown] nbgrader={"grade_id": "PReLU_task", "locked": true}
r"""
## 2. A ReLU that learns its slope

`PReLU` · 9 points · difficulty 3 of 5 · 25 minutes

PReLU (He et al. 2015) keeps the negative side alive, and learns how steep it is. Each channel $c$
has a slope $a_c$ of its own:

$$y = \begin{cases} x & \text{if } x > 0,\\ a_c\,x & \text{if } x \le 0. \end{cases}$$

The forward pass is written. **Write** `backward` of the `torch.autograd.Function` `PReLU`. It gets
the gradient of the loss with respect to $y$, and returns the gradients with respect to $x$ and $a$.

| | |
|---|---|
| `x` | tensor `(N, C)` or `(N, C, …)`: axis 1 is the channel, and there may be any number of axes after it |
| `slope` | tensor `(C,)` with the $a_c$ |
| `gradient` | tensor of the shape of `x`: $\partial\,\text{loss}/\partial y$ |
| returns | the tuple of $\partial\,\text{loss}/\partial x$, of the shape of `x`, and $\partial\,\text{loss}/\partial a$, of shape `(C,)` |
| at $x = 0$ | the derivative with respect to $x$ is that of the left side, $a_c$ |
| by hand | without `prelu`, `leaky_relu` or autograd's own help |

**Example.** `x = [[2., -3.]]`, `slope = [0.1, 0.5]`, `gradient = [[1., 10.]]`. Channel 0 is on the
positive side: its gradient passes as it is, and its slope has no say. Channel 1 is on the negative
side. The result is `[[1., 5.]]` and `[0., -30.]`.
"""


# %% nbgrader={"grade_id": "PReLU", "solution": true}
class PReLU(torch.autograd.Function):
    """PReLU with one slope for each channel (axis 1)."""

    @staticmethod
    def forward(ctx, x, slope):
        ctx.save_for_backward(x, slope)
        a = slope.reshape(1, -1, *[1] * (x.ndim - 2))  # (1, C, 1, …)
        return torch.where(x > 0, x, a * x)

    @staticmethod
    def backward(ctx, gradient):
        x, slope = ctx.saved_tensors
        ### BEGIN SOLUTION
        a = slope.reshape(1, -1, *[1] * (x.ndim - 2))  # (1, C, 1, …)
        others = [axis for axis in range(x.ndim) if axis != 1]
        to_x = gradient * torch.where(x > 0, 1.0, a)
        to_slope = (gradient * x.clamp(max=0)).sum(dim=others)
        return to_x, to_slope
        ### END SOLUTION


# %% [markdown] nbgrader={"grade_id": "PReLU_hints", "locked": true}
r"""
<details><summary>Hint 1: the idea</summary>

Differentiate both cases, once by $x$ and once by $a_c$. Then the chain rule: multiply by the
gradient that comes from behind. One $a_c$ takes part in many entries of $y$: what do the gradients
of a number that is used many times do?

</details>

<details><summary>Hint 2: a sketch</summary>

By $x$: 1 where $x > 0$, otherwise $a_c$. By $a_c$: 0 where $x > 0$, otherwise $x$ itself. Bring the
slopes into the shape `(1, C, 1, …)`, so that they meet the right axis. The gradient of $a_c$ is a
sum over all entries of its channel: over every axis but axis 1.

</details>

<details><summary>Hint 3: almost code</summary>

```
a ← slope with shape (1, C, 1, …), as in forward
to_x ← gradient · (1 where x > 0, else a)
to_slope ← sum over all axes except 1 of gradient · (0 where x > 0, else x)
return to_x, to_slope
```

</details>
"""


# %% nbgrader={"grade_id": "PReLU_reference", "locked": true}
ROUNDED = Tolerance(relative=1e-12, absolute=1e-11)  # float64; the sums may be in any order
BY_HAND = ("prelu", "_prelu_kernel", "_prelu_kernel_backward", "PReLU", "leaky_relu", "LeakyReLU")
BY_HAND += ("grad", "vjp", "jacobian")


def prelu_gradients(x, slope, gradient):
    """The gradients with respect to x and slope that your backward gives."""
    return gradients(PReLU.apply, (x, slope), gradient)


def expect_gradients(case, x, slopes, behind):
    """Compare prelu_gradients with what torch's own PReLU gives."""
    expected = gradients(torch.nn.functional.prelu, (x, slopes), behind)
    case(prelu_gradients, x, slopes, behind).gives(expected, tolerance=ROUNDED)


def tensor(values):
    return torch.tensor(values, dtype=torch.float64)


# %% nbgrader={"grade_id": "PReLU_passes_the_gradient_on", "points": 2}
PASSES = """To x goes the gradient from behind, times the slope of PReLU at x: 1 where x is positive,
the slope of its channel where it is negative."""

with check("passes the gradient on", idea=PASSES, without=BY_HAND) as case:
    expect_gradients(case, tensor([[2.0, -3.0]]), tensor([0.1, 0.5]), tensor([[1.0, 10.0]]))
    x = tensor([[1.0, -1.0, -2.0], [-4.0, 5.0, -6.0]])
    expect_gradients(case, x, tensor([0.25, 0.5, -1.0]), tensor([[1.0, 2, 3], [4, 5, 6]]))

### BEGIN HIDDEN TESTS
with check("passes the gradient on", idea=PASSES, hidden=True, without=BY_HAND) as case:
    for shape in ((1, 1), (4, 3), (7, 5)):
        name = f"PReLU_passes_the_gradient_on {shape}"
        x, gradient, slope = normal(name, 2 * shape[0] + 1, shape[1]).split([shape[0]] * 2 + [1])
        expect_gradients(case, x, slope[0], gradient)
### END HIDDEN TESTS

# %% nbgrader={"grade_id": "PReLU_left_side_at_zero", "points": 2}
LEFT = """At x = 0 there are two slopes to choose from. We take the one of the left side, a_c, as in
the definition: only x > 0 belongs to the right side. The gradient of a_c there is x, which is 0."""

with check("takes the left side at 0", idea=LEFT, without=BY_HAND) as case:
    x = tensor([[0.0, 1.0], [-1.0, 0.0]])
    expect_gradients(case, x, tensor([0.1, 0.5]), tensor([[1.0, 1.0], [1.0, 1.0]]))
    expect_gradients(case, tensor([[0.0]]), tensor([-3.0]), tensor([[2.0]]))

### BEGIN HIDDEN TESTS
with check("takes the left side at 0", idea=LEFT, hidden=True, without=BY_HAND) as case:
    for shape in ((3, 2), (5, 4)):
        x, gradient = normal(f"PReLU_left_side_at_zero {shape}", 2, *shape)
        slope = normal(f"PReLU_left_side_at_zero slope {shape}", shape[1])
        expect_gradients(case, torch.zeros_like(x), slope, gradient)
        x[::2] = 0.0
        x[1::2, ::2] = -0.0
        expect_gradients(case, x, slope, gradient)
### END HIDDEN TESTS

# %% nbgrader={"grade_id": "PReLU_a_slope_for_each_channel", "points": 3}
CHANNEL = """Each channel has its own slope, and so its own gradient: the sum of gradient · x over
the entries of this channel that are not positive. The entries of other channels have no say in it;
and it is a sum, not a mean."""

with check("each channel has its own slope", idea=CHANNEL, without=BY_HAND) as case:
    x = tensor([[-1.0, 2.0, -3.0], [-4.0, -5.0, 6.0]])
    expect_gradients(case, x, tensor([0.1, 0.2, 0.3]), torch.ones_like(x))
    x = tensor([[[-1.0, -2.0], [3.0, -4.0]]])  # (1, 2, 2)
    expect_gradients(case, x, tensor([0.5, 0.25]), tensor([[[1.0, 10.0], [100.0, 1000.0]]]))

### BEGIN HIDDEN TESTS
with check("each channel has its own slope", idea=CHANNEL, hidden=True, without=BY_HAND) as case:
    for shape in ((6, 2), (1, 5), (4, 3, 2), (9, 4)):
        x, gradient = normal(f"PReLU_a_slope_for_each_channel {shape}", 2, *shape)
        slope = normal(f"PReLU_a_slope_for_each_channel slope {shape}", shape[1])
        expect_gradients(case, x, slope, gradient)
        expect_gradients(case, -x.abs(), slope, gradient + 2.0)
### END HIDDEN TESTS

# %% nbgrader={"grade_id": "PReLU_any_number_of_axes", "points": 2}
AXES = """The channel is always axis 1, whatever comes after it: sequences (N, C, L) and images
(N, C, H, W) too. A slope of shape (C,) would meet the last axis; give it the shape (1, C, 1, …)."""

with check("the channel is axis 1", idea=AXES, without=BY_HAND) as case:
    x = tensor([[[-1.0, 2.0], [-3.0, -4.0]], [[5.0, -6.0], [-7.0, -8.0]]])  # (2, 2, 2)
    expect_gradients(case, x, tensor([0.1, 0.9]), torch.ones_like(x))
    image = tensor([[[[-1.0, -2.0, -3.0]], [[-4.0, -5.0, 6.0]]]])  # (1, 2, 1, 3)
    expect_gradients(case, image, tensor([2.0, 3.0]), torch.ones_like(image))

### BEGIN HIDDEN TESTS
with check("the channel is axis 1", idea=AXES, hidden=True, without=BY_HAND) as case:
    for shape in ((3, 4, 4), (2, 5, 3), (2, 3, 3, 3), (1, 2, 4, 5), (2, 2, 2, 2, 2)):
        x, gradient = normal(f"PReLU_any_number_of_axes {shape}", 2, *shape)
        slope = normal(f"PReLU_any_number_of_axes slope {shape}", shape[1])
        expect_gradients(case, x, slope, gradient)
### END HIDDEN TESTS

# %% [markdown]
"""
**Watch your own function learn.** Three channels are to become |x|, a ReLU, and a straight line.
Each needs another slope, and finds it by the gradients of *your* `backward`. The first picture shows
the slopes step by step; the second the three channels after the number of steps you choose. What
would one slope for all three have to do?
"""

# %% jupyter={"source_hidden": true}
TARGETS = tensor([-1.0, 0.0, 1.0])  # the slopes of |x|, of a ReLU, of a straight line


def slopes_by_step(most=30, rate=0.3):
    x = torch.linspace(-2, 2, 41, dtype=torch.float64)[:, None].expand(41, 3)
    wanted = torch.where(x > 0, x, TARGETS * x)
    slope = torch.full((3,), 0.25, dtype=torch.float64, requires_grad=True)
    path = []
    for _ in range(most + 1):
        path.append(slope.tolist())
        loss = ((PReLU.apply(x, slope) - wanted) ** 2).mean(dim=0).sum()
        loss.backward()
        with torch.no_grad():
            slope -= rate * slope.grad
            slope.grad = None
    return path


def learned(channel):
    def slopes():
        path = slopes_by_step()
        return range(len(path)), [slope[channel] for slope in path]

    return slopes


def channels(steps):
    x = tensor([[-2.0], [0.0], [2.0]]).expand(3, 3)
    return x[:, 0], PReLU.apply(x, tensor(slopes_by_step(steps)[-1])).T


plot(
    panel(
        *[line(learned(c), label=name) for c, name in enumerate(["to |x|", "to ReLU", "to x"])],
        x="step",
        y="slope",
    ),
    panel(line(channels, label="the three channels"), x="input", y="output"),
    sliders={"steps": (0, 30, 10, 10)},
    title="Slopes that your backward learned",
)

# %% [markdown]
"""
**Done?** Save, then choose *Validate* to run every cell from the top in a fresh kernel, and hand in
from the *Assignment List*. If a check still fails, hand in what you have: each one counts by itself.
"""
