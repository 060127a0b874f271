# %% [markdown]
"""
# Smooth and gated: exercises

**23 points · about 55 minutes.** Before: the lesson *Smooth and gated*, in
`course/03_activations`.

After these three exercises you can

- write GELU exactly, and in the form that GPT-2 used, and never again mistake one for the other;
- say what their slopes are, above all at 0;
- build the gated block of today's language models, at the price of the plain one.

How it works: write your code where it says `YOUR CODE HERE`, run the cell, then run the checks
below it. Each check is about one idea. When one does not hold, it shows an input, what was
expected, and what your function gave. When you hand in, each check is tried again on inputs that
you have not seen, about the same idea.
"""

# %% nbgrader={"grade_id": "setup", "locked": true}
import math

import torch

from course.checks import Tolerance, check, draw_seed, draws
from course.checks import activations as reference
from course.widgets import curve, heat, line, panel, plot


def normal(name, *shape, scale=2.0):
    """Normal numbers in float64, the same for everyone in a class who runs this check."""
    generator = torch.Generator().manual_seed(draw_seed(name))
    return scale * torch.randn(shape, generator=generator, dtype=torch.float64)


def tensor(values):
    return torch.tensor(values, dtype=torch.float64)


# %% [markdown] nbgrader={"grade_id": "gelu_task", "locked": true}
r"""
## 1. GELU, exactly

`gelu` · 8 points · difficulty 2 of 5 · 15 minutes

ReLU multiplies its input by 0 or 1. GELU (Hendrycks and Gimpel 2016) multiplies it by the chance
that a standard normal number is at most $x$:

$$\text{gelu}(x) = x\,\Phi(x), \qquad
\Phi(x) = \tfrac12\left(1 + \text{erf}\!\left(\tfrac{x}{\sqrt2}\right)\right).$$

**Write** `gelu(x)`.

| | |
|---|---|
| `x` | tensor of any shape, float32 or float64; entries from $-1000$ to $1000$ |
| returns | a tensor of the same shape and dtype |
| accuracy | an error of at most $10^{-12}$ in float64, and of a few roundings in float32 |
| gradient | autograd can go through it, and finds the true slope |
| by hand | without `gelu` or `GELU`; `torch.erf` is there |

**Example.** `gelu(tensor([-1., 0., 1.]))` is `[-0.1587, 0.0000, 0.8413]`.
"""


# %% nbgrader={"grade_id": "gelu", "solution": true}
def gelu(x: torch.Tensor) -> torch.Tensor:
    """x·Φ(x), entry by entry."""
    ### BEGIN SOLUTION
    return 0.5 * x * (1 + torch.erf(x / math.sqrt(2)))
    ### END SOLUTION


# %% [markdown] nbgrader={"grade_id": "gelu_hints", "locked": true}
r"""
<details><summary>Hint 1: the idea</summary>

The formula is the code. Stay with torch's own functions, which work on whole tensors: they keep the
shape and the dtype, and autograd can follow them.

</details>

<details><summary>Hint 2: a sketch</summary>

`torch.erf` of $x/\sqrt2$, with the root in the denominator. Add 1, halve, multiply by $x$. Python's
`math.erf` takes one number only, and the gradient is lost on the way.

</details>

<details><summary>Hint 3: almost code</summary>

```
weight ← (1 + erf(x / √2)) / 2
return x · weight
```

</details>
"""


# %% nbgrader={"grade_id": "gelu_reference", "locked": true}
TWELVE_DIGITS = Tolerance(absolute=1e-12)  # 1 + erf rounds by 1e-16, times an x of up to 1000
FEW_ROUNDINGS = Tolerance(relative=1e-6, absolute=2e-6)  # the same in float32, for x near 0
BY_HAND = ("gelu", "gelu_", "GELU", "GELUTanh", "NewGELUActivation", "gelu_tanh")


def slopes(function, x):
    """The slopes that autograd finds for a function of each entry."""
    return reference.gradients(function, (x,), torch.ones_like(x))[0]


def gelu_slopes(x):
    """The slopes that autograd finds for your gelu."""
    return slopes(gelu, x)


def expect_gelu(case, x):
    """Call gelu; compare with x·Φ(x), calculated by Python for one entry after the other."""
    case(gelu, x).gives(reference.each(reference.gelu, x), tolerance=TWELVE_DIGITS)


# %% nbgrader={"grade_id": "gelu_exact_weight", "points": 3}
WEIGHT = """The weight is Φ(x) itself, by erf(x/√2). The tanh form is up to 5e-4 away from it, and
x·σ(1.702x) up to 2e-2: good enough for some networks, but they are other functions."""

with check("weighs by Φ(x), exactly", idea=WEIGHT, without=BY_HAND) as case:
    expect_gelu(case, tensor([-1.0, 0.0, 1.0]))
    expect_gelu(case, tensor([[-3.0, -2.27, -0.5], [0.5, 2.7, 6.0]]))

### BEGIN HIDDEN TESTS
with check("weighs by Φ(x), exactly", idea=WEIGHT, hidden=True, without=BY_HAND) as case:
    for scale in (0.1, 1.0, 2.0):
        expect_gelu(case, normal(f"gelu_exact_weight {scale}", 40, scale=scale).clamp(-10, 10))
### END HIDDEN TESTS

# %% nbgrader={"grade_id": "gelu_far_out", "points": 1}
FAR_OUT = """Far to the right, GELU is x; far to the left, it is 0. Nothing in between may overflow:
∞·0 and ∞ − ∞ are NaN."""

with check("holds far out", idea=FAR_OUT, without=BY_HAND) as case:
    expect_gelu(case, tensor([1000.0, -1000.0, 40.0, -40.0]))

### BEGIN HIDDEN TESTS
with check("holds far out", idea=FAR_OUT, hidden=True, without=BY_HAND) as case:
    random = draws("gelu_far_out")
    far = [random.uniform(40.0, 1000.0) for _ in range(20)]
    expect_gelu(case, tensor([*far, *(-x for x in far)]))
### END HIDDEN TESTS

# %% nbgrader={"grade_id": "gelu_slope", "points": 2}
SLOPE = """The slope is Φ(x) + x·φ(x): ½ at 0, above 1 around √2, and below 0 to the left of −0.75.
Autograd finds it if every step is torch's, and no entry is taken out as a Python number."""

with check("lets the true slope through", idea=SLOPE, without=BY_HAND) as case:
    x = tensor([0.0, 1.4142, -1.0, 3.0])
    case(gelu_slopes, x).gives(reference.each(reference.gelu_slope, x), tolerance=TWELVE_DIGITS)

### BEGIN HIDDEN TESTS
with check("lets the true slope through", idea=SLOPE, hidden=True, without=BY_HAND) as case:
    x = normal("gelu_slope", 5, 8)
    x[0, :3] = 0.0
    case(gelu_slopes, x).gives(reference.each(reference.gelu_slope, x), tolerance=TWELVE_DIGITS)
### END HIDDEN TESTS

# %% nbgrader={"grade_id": "gelu_shape_and_dtype", "points": 2}
ENTRIES = """GELU works on each entry by itself, so what comes out has the shape and the dtype of
what went in: float32 stays float32, whether it is a number, a matrix, or empty."""


def expect_gelu_in_float32(case, x):
    outcome = case(gelu, x)
    outcome.gives(reference.each(reference.gelu, x), tolerance=FEW_ROUNDINGS, dtype=x.dtype)


with check("keeps the shape and the dtype", idea=ENTRIES, without=BY_HAND) as case:
    expect_gelu_in_float32(case, torch.tensor([[[-2.0, 0.5]], [[1.0, 3.0]]]))
    expect_gelu_in_float32(case, torch.tensor(0.5))
    expect_gelu_in_float32(case, torch.zeros(2, 0))

### BEGIN HIDDEN TESTS
with check("keeps the shape and the dtype", idea=ENTRIES, hidden=True, without=BY_HAND) as case:
    for shape in ((3,), (2, 3, 4), (1, 1), (0,), ()):
        x = normal(f"gelu_shape_and_dtype {shape}", *shape)
        expect_gelu_in_float32(case, x.float())
        expected = reference.each(reference.gelu, x)
        case(gelu, x).gives(expected, tolerance=TWELVE_DIGITS, dtype=torch.float64)
### END HIDDEN TESTS

# %% [markdown]
"""
**See your own function.** Your GELU with its slope, as autograd finds it. Drag the place: where is
the slope larger than 1? Where does GELU fall although its input rises?
"""


# %% jupyter={"source_hidden": true}
def relu(x):
    return torch.relu(x)


plot(
    panel(curve(gelu, label="your GELU"), curve(relu, label="ReLU"), y="value"),
    panel(curve(gelu_slopes, label="its slope"), x="input", y="slope"),
    drag="x",
    cursor=0.0,
    title="Your GELU",
)

# %% [markdown] nbgrader={"grade_id": "gelu_tanh_task", "locked": true}
r"""
## 2. GELU's other form

`gelu_tanh` · 7 points · difficulty 2 of 5 · 15 minutes

Where erf was slow, or not to be had, another form was used: in the code of GPT-2, for example. It
is the one that PyTorch calls `approximate="tanh"`:

$$\text{gelu\_tanh}(x) = \tfrac12\,x\,(1 + \tanh u), \qquad
u = \sqrt{\tfrac{2}{\pi}}\,\left(x + 0.044715\,x^3\right).$$

The two differ by up to $4.7 \cdot 10^{-4}$. That is little; still, weights that were trained
with one form belong to that form.

**Write** `gelu_tanh(x)`.

| | |
|---|---|
| `x` | tensor of any shape, float32 or float64; entries from $-1000$ to $1000$ |
| returns | a tensor of the same shape and dtype |
| accuracy | an error of at most $10^{-12}$ in float64, and of a few roundings in float32 |
| gradient | autograd can go through it, and finds the true slope of this form |
| by hand | without `gelu` or `GELU` |

**Example.** `gelu_tanh(tensor([-1., 0., 1.]))` is `[-0.15881, 0.00000, 0.84119]`; the exact form
has $-0.15866$ and $0.84134$.
"""


# %% nbgrader={"grade_id": "gelu_tanh", "solution": true}
def gelu_tanh(x: torch.Tensor) -> torch.Tensor:
    """GELU in its tanh form, entry by entry."""
    ### BEGIN SOLUTION
    u = math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)
    return 0.5 * x * (1 + torch.tanh(u))
    ### END SOLUTION


# %% [markdown] nbgrader={"grade_id": "gelu_tanh_hints", "locked": true}
r"""
<details><summary>Hint 1: the idea</summary>

Again the formula is the code. Do it in two lines: first $u$, then the rest.

</details>

<details><summary>Hint 2: a sketch</summary>

The root covers the fraction $2/\pi$, and its value is about 0.7979. The small constant stands with
the third power. If you write tanh with exponentials, think of what happens at $x = 1000$:
`torch.tanh` has thought of it.

</details>

<details><summary>Hint 3: almost code</summary>

```
u ← √(2/π) · (x + 0.044715 · x · x · x)
return x / 2 · (1 + tanh(u))
```

</details>
"""


# %% nbgrader={"grade_id": "gelu_tanh_reference", "locked": true}
LIBRARY = ("gelu", "gelu_", "GELU", "GELUTanh", "NewGELUActivation")


def gelu_tanh_slopes(x):
    """The slopes that autograd finds for your gelu_tanh."""
    return slopes(gelu_tanh, x)


def expect_gelu_tanh(case, given):
    """Call gelu_tanh; compare with the formula, calculated by Python entry by entry."""
    outcome = case(gelu_tanh, given)
    expected = reference.each(reference.gelu_tanh, given)
    outcome.gives(expected, tolerance=TWELVE_DIGITS, dtype=torch.float64)


# %% nbgrader={"grade_id": "gelu_tanh_formula", "points": 3}
FORMULA = """½·x·(1 + tanh u) with u = √(2/π)·(x + 0.044715·x³). This is not the erf form, from which
it differs in the fourth digit, and most at 2.7; and each of its two constants counts."""

with check("has the tanh form, to the last digits", idea=FORMULA, without=LIBRARY) as case:
    expect_gelu_tanh(case, tensor([-1.0, 0.0, 1.0]))
    expect_gelu_tanh(case, tensor([[-2.7, -0.3, 0.1], [2.7, 4.0, -6.0]]))

### BEGIN HIDDEN TESTS
with check(
    "has the tanh form, to the last digits", idea=FORMULA, hidden=True, without=LIBRARY
) as case:
    for scale in (0.1, 1.0, 2.0):
        x = normal(f"gelu_tanh_formula {scale}", 5, 8, scale=scale).clamp(-10, 10)
        expect_gelu_tanh(case, x)
### END HIDDEN TESTS

# %% nbgrader={"grade_id": "gelu_tanh_far_out", "points": 2}
OVERFLOW = """At x = 1000, u is 35 million. tanh u is simply 1 there, but e^u overflows, and ∞/∞
is NaN. In float32, e^(2u) already overflows at x = 12."""

with check("holds far out", idea=OVERFLOW, without=LIBRARY) as case:
    expect_gelu_tanh(case, tensor([1000.0, -1000.0, 30.0, -30.0]))
    x = torch.tensor([12.0, -12.0, 100.0, -100.0])
    outcome = case(gelu_tanh, x)
    outcome.gives(x.clamp(min=0), tolerance=FEW_ROUNDINGS, dtype=torch.float32)

### BEGIN HIDDEN TESTS
with check("holds far out", idea=OVERFLOW, hidden=True, without=LIBRARY) as case:
    random = draws("gelu_tanh_far_out")
    far = [random.uniform(20.0, 1000.0) for _ in range(20)]
    x = tensor([*far, *(-x for x in far)])
    expect_gelu_tanh(case, x)
    in_float32 = case(gelu_tanh, x.float())
    in_float32.gives(x.float().clamp(min=0), tolerance=FEW_ROUNDINGS, dtype=torch.float32)
### END HIDDEN TESTS

# %% nbgrader={"grade_id": "gelu_tanh_slope", "points": 2}
ITS_SLOPE = """With w = ½·(1 + tanh u), the slope is w + x·w': ½ at 0, 0 far to the left, 1 far to
the right. Autograd finds all of it if every step is torch's; and a NaN on the way stays a NaN."""

with check("lets the true slope of this form through", idea=ITS_SLOPE, without=LIBRARY) as case:
    x = tensor([0.0, 1.0, -1.0, 2.7, 50.0, -50.0])
    expected = reference.each(reference.gelu_tanh_slope, x)
    case(gelu_tanh_slopes, x).gives(expected, tolerance=TWELVE_DIGITS)

### BEGIN HIDDEN TESTS
with check(
    "lets the true slope of this form through", idea=ITS_SLOPE, hidden=True, without=LIBRARY
) as case:
    x = normal("gelu_tanh_slope", 6, 7)
    x[0, :3], x[1, :2] = 0.0, tensor([200.0, -200.0])
    expected = reference.each(reference.gelu_tanh_slope, x)
    case(gelu_tanh_slopes, x).gives(expected, tolerance=TWELVE_DIGITS)
### END HIDDEN TESTS

# %% [markdown]
"""
**See your own functions.** What your two forms differ by, in units of 0.0001; and what their slopes
differ by. Drag the place: where is the difference largest? Which of the two differences would you
notice first while a network trains?
"""


# %% jupyter={"source_hidden": true}
def difference(x):
    return (gelu_tanh(x) - gelu(x)) * 1e4


def difference_of_slopes(x):
    return (gelu_tanh_slopes(x) - gelu_slopes(x)) * 1e4


plot(
    panel(
        curve(difference, over=(-5, 5), label="tanh form − exact form"),
        y="difference, 0.0001",
    ),
    panel(
        curve(difference_of_slopes, over=(-5, 5), label="slope − slope"),
        x="input",
        y="difference, 0.0001",
    ),
    drag="x",
    cursor=2.7,
    title="Your two forms of GELU",
)

# %% [markdown] nbgrader={"grade_id": "SwiGLU_task", "locked": true}
r"""
## 3. A gated block at the same price

`SwiGLU` · 8 points · difficulty 3 of 5 · 25 minutes

The plain feed-forward block of a transformer widens its input four times, bends it, and narrows it
again: two matrices, $2 \cdot 4d \cdot d = 8d^2$ parameters for a width $d$. SwiGLU (Shazeer 2020)
lets one branch *gate* the other. (The lesson has $x$ as a row, and writes $x W$. Here $x$ is a
column, and the matrices have the names of LLaMA's code.)

$$y = W_2\,\big(\text{silu}(W_1 x) \odot W_3 x\big), \qquad \text{silu}(z) = z\,\sigma(z).$$

That takes three matrices: $3\,d\,h$ parameters for a hidden width $h$. To pay no more than the plain
block, $h$ must shrink to two thirds of $4d$.

**Write** the module `SwiGLU(width, hidden=None)`.

| | |
|---|---|
| `width` | $d \ge 1$, the size of the last axis of the input and of the output |
| `hidden` | $h$; if it is None, the **largest whole number** for which the block has no more parameters than a plain block with hidden width $4d$, both without biases |
| `w1`, `w3` | `torch.nn.Linear` from $d$ to $h$, without bias; `w1` is the branch that goes through silu |
| `w2` | `torch.nn.Linear` from $h$ to $d$, without bias |
| `forward(x)` | `x` is a tensor `(..., d)`; returns a tensor of the same shape |
| may be used | `torch.nn.functional.silu` |

**Example.** For $d = 512$: $3 \cdot 512 \cdot 1365 = 2\,096\,640$ parameters, against
$8 \cdot 512^2 = 2\,097\,152$. With $h = 1366$ it would be more.
"""


# %% nbgrader={"grade_id": "SwiGLU", "solution": true}
class SwiGLU(torch.nn.Module):
    """y = W2 (silu(W1 x) ⊙ W3 x), with as many parameters as a plain block or a little less."""

    def __init__(self, width, hidden=None):
        super().__init__()
        ### BEGIN SOLUTION
        hidden = 8 * width // 3 if hidden is None else hidden  # 3·d·h ≤ 8·d²
        self.w1 = torch.nn.Linear(width, hidden, bias=False)
        self.w2 = torch.nn.Linear(hidden, width, bias=False)
        self.w3 = torch.nn.Linear(width, hidden, bias=False)
        ### END SOLUTION

    def forward(self, x):
        ### BEGIN SOLUTION
        return self.w2(torch.nn.functional.silu(self.w1(x)) * self.w3(x))
        ### END SOLUTION


# %% [markdown] nbgrader={"grade_id": "SwiGLU_hints", "locked": true}
r"""
<details><summary>Hint 1: the idea</summary>

Three linear layers, made in `__init__` and kept as attributes, so that torch knows their
parameters. For the hidden width, write down the inequality, and solve it for $h$.

</details>

<details><summary>Hint 2: a sketch</summary>

$3\,d\,h \le 8\,d^2$ gives $h \le \tfrac{8}{3} d$, rounded down. In `forward`: silu of what `w1`
gives, times what `w3` gives, entry by entry; then `w2`.

</details>

<details><summary>Hint 3: almost code</summary>

```
__init__(width, hidden):
    if hidden is None: hidden ← 8 · width // 3
    w1, w3 ← Linear(width, hidden) without bias;  w2 ← Linear(hidden, width) without bias
forward(x):
    return w2(silu(w1(x)) · w3(x))
```

</details>
"""


# %% nbgrader={"grade_id": "SwiGLU_reference", "locked": true}
ROUNDED = Tolerance(relative=1e-11, absolute=1e-11)  # float64; the sums may be in any order


def block_output(x, w1, w2, w3):
    """What your block gives with these weights."""
    block = SwiGLU(w1.shape[1], w1.shape[0]).double()
    with torch.no_grad():
        for layer, weight in ((block.w1, w1), (block.w2, w2), (block.w3, w3)):
            layer.weight.copy_(weight)
    return block(x)


def expect_output(case, x, w1, w2, w3):
    """Compare with the formula, silu by Python's own mathematics."""
    gate = reference.each(lambda z: z * reference.logistic(z), x @ w1.T)
    case(block_output, x, w1, w2, w3).gives((gate * (x @ w3.T)) @ w2.T, tolerance=ROUNDED)


def parameters_of(*arguments):
    """{name: shape} of all parameters that torch finds in your block."""
    return {name: tuple(p.shape) for name, p in SwiGLU(*arguments).named_parameters()}


def shapes(width, hidden):
    return {
        "w1.weight": (hidden, width),
        "w2.weight": (width, hidden),
        "w3.weight": (hidden, width),
    }


# %% nbgrader={"grade_id": "SwiGLU_gated_by_silu", "points": 3}
GATED = """One branch goes through silu(z) = z·σ(z), and multiplies the other, entry by entry; then
w2. The plain sigmoid would make it a GLU, and GELU a GEGLU. (Here w1 and w3 are equal.)"""

with check("silu of one branch times the other", idea=GATED) as case:
    one = tensor([[1.0]])
    expect_output(case, tensor([[2.0], [-2.0]]), one, one, one)
    w = tensor([[1.0, 0.0], [0.5, -1.0], [0.0, 2.0]])
    expect_output(case, tensor([[1.0, 3.0]]), w, tensor([[1.0, 0.0, 2.0], [0.0, 1.0, 0.0]]), w)

### BEGIN HIDDEN TESTS
with check("silu of one branch times the other", idea=GATED, hidden=True) as case:
    for d, h, shape in ((3, 4, (5,)), (4, 2, (2, 3)), (1, 7, ())):
        name = f"SwiGLU_gated_by_silu {d}"
        w = normal(name, h, d, scale=1.0)
        expect_output(case, normal(f"{name} x", *shape, d), w, normal(f"{name} 2", d, h), w)
### END HIDDEN TESTS

# %% nbgrader={"grade_id": "SwiGLU_w1_is_the_gate", "points": 2}
GATE = """silu acts on what w1 gives; w3 goes straight on. Weights that were trained elsewhere come
with these names: with the two exchanged, they load without an error, and give something else."""

with check("w1 is the branch through silu", idea=GATE) as case:
    pick_first, pick_second = tensor([[1.0, 0.0]]), tensor([[0.0, 1.0]])
    x = tensor([[1.0, 3.0], [-4.0, 1.0]])
    expect_output(case, x, pick_first, tensor([[1.0], [2.0]]), pick_second)

### BEGIN HIDDEN TESTS
with check("w1 is the branch through silu", idea=GATE, hidden=True) as case:
    for d, h, shape in ((3, 4, (5,)), (6, 3, (2, 2, 2))):
        name = f"SwiGLU_w1_is_the_gate {d}"
        w1, w3 = normal(name, 2, h, d, scale=1.0)
        expect_output(case, normal(f"{name} x", *shape, d), w1, normal(f"{name} 2", d, h), w3)
### END HIDDEN TESTS

# %% nbgrader={"grade_id": "SwiGLU_parameter_parity", "points": 3}
PARITY = """Three matrices of d·h entries instead of two of 4d·d: equal when h is two thirds of 4d.
Round 8d/3 down, since one more would cost more than the plain block. No biases; and a given
`hidden` is taken as it is."""

with check("costs no more than the plain block", idea=PARITY) as case:
    case(parameters_of, 512).gives(shapes(512, 1365))
    case(parameters_of, 3).gives(shapes(3, 8))
    case(parameters_of, 64).gives(shapes(64, 170))
    case(parameters_of, 6, 5).gives(shapes(6, 5))

### BEGIN HIDDEN TESTS
with check("costs no more than the plain block", idea=PARITY, hidden=True) as case:
    random = draws("SwiGLU_parameter_parity")
    for third in (0, 1, 2):
        width = 3 * random.randint(2, 60) + third
        most = max(h for h in range(1, 4 * width) if 3 * width * h <= 2 * 4 * width * width)
        case(parameters_of, width).gives(shapes(width, most))
        hidden = random.randint(1, 50)
        case(parameters_of, width, hidden).gives(shapes(width, hidden))
### END HIDDEN TESTS

# %% [markdown]
"""
**See your own block.** The first picture is one gate: what your block makes of two numbers, one for
the gate w1, one for the value w3. Where does the gate let the value through, and where does it turn
its sign? The second picture shows the parameters of your block, and those of the plain one.
"""

# %% jupyter={"source_hidden": true}
FIRST, SECOND = tensor([[1.0, 0.0]]), tensor([[0.0, 1.0]])


def one_gate(a, b):
    return block_output(torch.stack([a, b], dim=-1), FIRST, FIRST.T, SECOND)[..., 0]


WIDTHS = [*range(8, 129, 8)]


def parameter_counts():
    return WIDTHS, [sum(math.prod(s) for s in parameters_of(d).values()) for d in WIDTHS]


plot(
    panel(
        heat(one_gate, over=((-4, 4), (-4, 4)), diverging=True, samples=32, label="output"),
        x="gate, w1 x",
        y="value, w3 x",
        equal=True,
    ),
    panel(
        line(parameter_counts, label="your block"),
        line(WIDTHS, [8 * d**2 for d in WIDTHS], label="the plain block"),
        x="width",
        y="parameters",
    ),
    title="Your gated block",
)

# %% [markdown]
"""
**Done?** Save, then choose *Validate* to run every cell from the top in a fresh kernel, and hand in
from the *Assignment List*. If a check still fails, hand in what you have: each one counts by itself.
"""
