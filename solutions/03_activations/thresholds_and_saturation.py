# %% [markdown]
"""
# Thresholds and saturation: exercises

**30 points · about 80 minutes.** Before: the lesson *From threshold to ReLU*, in
`course/03_activations`.

After these four exercises you can

- teach a perceptron by its mistakes, and see what it can never learn;
- write a sigmoid and a softplus that survive any input, and say what their slopes are;
- follow a gradient back through a deep chain, and say which factor makes it vanish.

How it works: write your code where it says `YOUR CODE HERE`, run the cell, then run the checks
below it. Each check is about one idea. When one does not hold, it shows an input, what was
expected, and what your function gave. When you hand in, each check is tried again on inputs that
you have not seen, about the same idea.
"""

# %% nbgrader={"grade_id": "setup", "locked": true}
import math

import torch

from course.checks import Tolerance, check, draws
from course.checks.activations import dual_perceptron, logistic
from course.checks.activations import softplus as exact_softplus
from course.widgets import choice, curve, dots, handles, line, panel, play, plot, rule

# %% [markdown] nbgrader={"grade_id": "perceptron_fit_task", "locked": true}
r"""
## 1. A perceptron learns from its mistakes

`perceptron_fit` · 9 points · difficulty 2 of 5 · 25 minutes

A perceptron has a weight $w_d$ for each coordinate of a point, and a bias $b$. It fires, that is,
it says 1, when the sum $w \cdot x + b$ **exceeds** 0. Otherwise, and so also when the sum is
exactly 0, it says 0. (The board of the lesson has labels $\pm 1$, and counts a sum of exactly 0 as a
mistake for either. Here it is right for the label 0.)

Rosenblatt's rule looks at one point after the other. If what the perceptron says agrees with the
label, nothing changes. If not, with $e = \text{label} - \text{what it says}$, which is $+1$ or
$-1$,

$$w \leftarrow w + e\,x, \qquad b \leftarrow b + e,$$

and the next point already meets the new weights.

**Write** `perceptron_fit(points, labels, epochs)`.

| | |
|---|---|
| `points` | a list of $N \ge 1$ points, each a list of $D \ge 1$ floats; they hold whole numbers, so nothing is rounded |
| `labels` | a list of $N$ labels, each 0 or 1 |
| `epochs` | how many passes over the points, at most; 1 or more |
| start | all weights and the bias are 0 |
| end | after the first pass without a mistake, or after `epochs` passes |
| returns | the tuple `(weights, bias, mistakes)`: a list of $D$ numbers, a number, and a list that says how many mistakes each pass made, the last one included |

**Example.** `perceptron_fit([[2.0, 1.0]], [1], 5)`: the sum is 0, so it says 0, which is wrong. Now
$w = (2, 1)$ and $b = 1$. The second pass makes no mistake. Result: `([2.0, 1.0], 1.0, [1, 0])`.
"""


# %% nbgrader={"grade_id": "perceptron_fit", "solution": true}
def perceptron_fit(points, labels, epochs):
    """Weights, bias, and the mistakes of each pass of Rosenblatt's rule over the points."""
    ### BEGIN SOLUTION
    weights, bias, mistakes = [0.0] * len(points[0]), 0.0, []
    for _ in range(epochs):
        missed = 0
        for x, label in zip(points, labels, strict=True):
            total = sum(w * value for w, value in zip(weights, x, strict=True)) + bias
            error = label - int(total > 0)
            if error:
                weights = [w + error * value for w, value in zip(weights, x, strict=True)]
                bias += error
                missed += 1
        mistakes.append(missed)
        if not missed:
            break
    return weights, bias, mistakes
    ### END SOLUTION


# %% [markdown] nbgrader={"grade_id": "perceptron_fit_hints", "locked": true}
r"""
<details><summary>Hint 1: the idea</summary>

The error $e$ does all the work. It is 0 when the perceptron is right, so that adding $e\,x$ changes
nothing. A point that should have fired pulls the weights towards itself; one that should not have
fired pushes them away.

</details>

<details><summary>Hint 2: a sketch</summary>

Two loops: over the passes, and over the points with their labels. Inside: the sum, what the
perceptron says, the error; then the update, at once. Count the errors of the pass. After the pass,
write the count down, and leave the outer loop if it is 0.

</details>

<details><summary>Hint 3: almost code</summary>

```
weights, bias, mistakes ← D zeros, 0, empty list
repeat at most `epochs` times:
    missed ← 0
    for each point x with its label:
        says ← 1 if Σ w·x + bias > 0 else 0
        e ← label − says
        if e is not 0:  each w ← w + e · its coordinate;  bias ← bias + e;  missed ← missed + 1
    append missed to mistakes
    if missed is 0: stop
```

</details>
"""


# %% nbgrader={"grade_id": "perceptron_fit_reference", "locked": true}
def expect_fit(case, points, labels, epochs):
    """Call perceptron_fit; compare with the same rule counted in another way (its dual form)."""
    expected = dual_perceptron(points, labels, epochs)
    case(perceptron_fit, points, labels, epochs).gives(expected)


def drawn_points(random, number, axes, largest=4):
    """Points with whole coordinates."""
    whole = range(-largest, largest + 1)
    return [[float(random.choice(whole)) for _ in range(axes)] for _ in range(number)]


# %% nbgrader={"grade_id": "perceptron_fit_moves_by_the_error", "points": 3}
ERROR = """Only a mistake moves the weights: a missed 1 adds the point, a false 1 subtracts it, and
the very next point meets the new weights. A point that is judged rightly changes nothing."""

with check("moves by the error, at once", idea=ERROR) as case:
    expect_fit(case, [[2.0, 1.0]], [1], 1)
    expect_fit(case, [[1.0, 1.0], [2.0, 2.0]], [1, 1], 1)
    expect_fit(case, [[2.0, 1.0], [1.0, 3.0]], [1, 0], 1)

### BEGIN HIDDEN TESTS
with check("moves by the error, at once", idea=ERROR, hidden=True) as case:
    random = draws("perceptron_fit_moves_by_the_error")
    for axes in (1, 2, 3, 5):
        for number in (2, 4, 9):
            points = drawn_points(random, number, axes)
            expect_fit(case, points, random.choices([0, 1], k=number), 1)
            expect_fit(case, points, [1] + [0] * (number - 1), 2)
### END HIDDEN TESTS

# %% nbgrader={"grade_id": "perceptron_fit_moves_the_bias", "points": 2}
BIAS = """The bias is a weight whose coordinate is always 1: a mistake moves it by e, too. Without
it, the line between the two classes could only go through the origin."""

with check("moves the bias too", idea=BIAS) as case:
    expect_fit(case, [[3.0], [1.0]], [1, 0], 10)
    expect_fit(case, [[0.0, 0.0], [1.0, 1.0]], [1, 0], 10)

### BEGIN HIDDEN TESTS
with check("moves the bias too", idea=BIAS, hidden=True) as case:
    random = draws("perceptron_fit_moves_the_bias")
    for number in (2, 5, 8):
        for axes in (1, 2):
            far = [[6.0 + abs(value) for value in x] for x in drawn_points(random, number, axes)]
            for cut in (7.0, 9.0):
                expect_fit(case, far, [int(x[0] > cut) for x in far], 12)
                expect_fit(case, [[0.0] * axes, *far], [1] + [0] * number, 12)
### END HIDDEN TESTS

# %% nbgrader={"grade_id": "perceptron_fit_must_exceed_the_threshold", "points": 2}
EXCEEDS = """The sum must exceed 0. A sum of exactly 0, such as the very first one, stays below the
threshold: the perceptron says 0."""

with check("a sum of 0 does not fire", idea=EXCEEDS) as case:
    expect_fit(case, [[1.0]], [0], 5)
    expect_fit(case, [[0.0, 0.0]], [0], 5)
    expect_fit(case, [[1.0], [-1.0]], [1, 0], 5)

### BEGIN HIDDEN TESTS
with check("a sum of 0 does not fire", idea=EXCEEDS, hidden=True) as case:
    random = draws("perceptron_fit_must_exceed_the_threshold")
    for number in (1, 3, 6):
        points = drawn_points(random, number, 2)
        expect_fit(case, points, [0] * number, 4)
        first = float(random.randint(1, 9))
        expect_fit(case, [[first, 1.0], [-first, 0.0]], [1, 0], 6)
        expect_fit(case, [[first], [-1.0], [0.0]], [1, 0, 1], 3)
### END HIDDEN TESTS

# %% nbgrader={"grade_id": "perceptron_fit_stops_without_mistakes", "points": 2}
STOPS = """A pass without a mistake changes nothing, so no later pass can: stop there, with that 0
as the last entry of mistakes. If the classes cannot be separated, as in XOR, such a pass never
comes, and `epochs` ends the work."""
CORNERS = [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]

with check("stops after a pass without mistakes", idea=STOPS) as case:
    expect_fit(case, CORNERS, [0, 0, 0, 1], 20)
    expect_fit(case, CORNERS, [0, 1, 1, 0], 6)

### BEGIN HIDDEN TESTS
with check("stops after a pass without mistakes", idea=STOPS, hidden=True) as case:
    random = draws("perceptron_fit_stops_without_mistakes")
    for number in (4, 8, 12):
        points = drawn_points(random, number, 2)
        for normal in ([1.0, 2.0], [-2.0, 1.0]):
            sides = [int(normal[0] * x + normal[1] * y > 1) for x, y in points]
            for epochs in (1, 3, 60):
                expect_fit(case, points, sides, epochs)
        corners = [[x + 5.0, y - 2.0] for x, y in CORNERS]
        expect_fit(case, corners, [0, 1, 1, 0], number)
### END HIDDEN TESTS

# %% [markdown]
"""
**Watch your own function.** Drag the points, or move them with the arrow keys: your perceptron is
trained anew each time, and the line shows where its sum is 0. Drag the points into the corners of
an XOR: what do the mistakes do? Below, step through the run.
"""

# %% jupyter={"source_hidden": true}
ONES, ZEROS = [[2.0, 5.0], [4.0, 6.0], [6.0, 4.0]], [[1.0, 1.0], [3.0, 2.0], [5.0, 1.0]]


def fitted(ones, zeros):
    return perceptron_fit([*ones, *zeros], [1] * len(ones) + [0] * len(zeros), 200)


def boundary(ones, zeros):
    """The places with w·x + b = 0, as two ends of a line far outside of the picture."""
    (w1, w2), b, _ = fitted(ones, zeros)
    size = math.hypot(w1, w2) or 1.0
    x, y = -b * w1 / size**2, -b * w2 / size**2
    return [x - 40 * w2 / size, x + 40 * w2 / size], [y + 40 * w1 / size, y - 40 * w1 / size]


def mistakes_by_pass(ones, zeros):
    mistakes = fitted(ones, zeros)[2]
    return range(1, len(mistakes) + 1), mistakes


plot(
    panel(
        handles("ones", ONES, label="label 1", colour=0, snap=1),
        handles("zeros", ZEROS, label="label 0", colour=1, snap=1),
        line(boundary, label="sum = 0", colour=2),
        x_range=(-1, 8),
        y_range=(-1, 8),
        equal=True,
    ),
    panel(line(mistakes_by_pass, label="mistakes"), x="pass", y="mistakes"),
    title="Your perceptron",
)

# %%
play(perceptron_fit, CORNERS, [0, 0, 0, 1], 20)

# %% [markdown] nbgrader={"grade_id": "sigmoid_task", "locked": true}
r"""
## 2. A sigmoid that does not overflow

`sigmoid` · 6 points · difficulty 2 of 5 · 15 minutes

$$\sigma(x) = \frac{1}{1 + e^{-x}}, \qquad
\sigma'(x) = \sigma(x)\,\big(1 - \sigma(x)\big) = \sigma(x)\,\sigma(-x).$$

The formula is right, and still it breaks: `math.exp(710)` raises an `OverflowError`. And where
$\sigma(x)$ is so near 1 that a float cannot tell the difference, $1 - \sigma(x)$ is 0, although
the slope there is not.

**Write** `sigmoid(x)`, which returns the value and the slope.

| | |
|---|---|
| `x` | a float from $-1000$ to $1000$ |
| returns | the tuple of floats `(σ(x), σ'(x))` |
| accuracy | both to a relative error of at most $10^{-12}$, for $\lvert x\rvert \le 700$; beyond that, what is smaller than $10^{-305}$ may be 0 |
| by hand | with Python's module `math`, without `sigmoid`, `expit` or the like of another library |

**Example.** `sigmoid(0.0)` is `(0.5, 0.25)`. And `sigmoid(-1000.0)` is `(0.0, 0.0)`.
"""


# %% nbgrader={"grade_id": "sigmoid", "solution": true}
def sigmoid(x: float) -> tuple[float, float]:
    """σ(x) and its slope σ(x)·σ(−x), both to the last digits for any x."""
    ### BEGIN SOLUTION
    small = math.exp(-abs(x))  # never above 1: it cannot overflow
    near, far = 1 / (1 + small), small / (1 + small)  # σ(|x|) and σ(−|x|)
    return (near if x >= 0 else far), near * far
    ### END SOLUTION


# %% [markdown] nbgrader={"grade_id": "sigmoid_hints", "locked": true}
r"""
<details><summary>Hint 1: the idea</summary>

$e^{z}$ overflows for large $z$ only. For negative $z$ it is small, and harmless. Can you write
$\sigma(x)$ with $e^{-\lvert x\rvert}$ only?

</details>

<details><summary>Hint 2: a sketch</summary>

For $x < 0$, multiply the numerator and the denominator by $e^{x}$:
$\sigma(x) = e^{x} / (1 + e^{x})$. So there are two cases, and one of them serves each sign. For the
slope, do not subtract from 1. $\sigma(-x)$ is the other case.

</details>

<details><summary>Hint 3: almost code</summary>

```
small ← exp(−|x|)
near ← 1 / (1 + small)              # σ of |x|
far ← small / (1 + small)           # σ of −|x|
value ← near if x ≥ 0, else far
slope ← near · far                  # the same on both sides
```

</details>
"""


# %% nbgrader={"grade_id": "sigmoid_reference", "locked": true}
BY_HAND = ("sigmoid", "expit", "logistic", "softplus", "exact_softplus", "logsigmoid", "logaddexp")
# A few roundings cost 1e-15; the exponential of a rounded −700 is off by 700 · 1.1e-16.
TWELVE_DIGITS = Tolerance(relative=1e-12)
TWELVE_DIGITS_OR_NOTHING = Tolerance(relative=1e-12, absolute=1e-305)


def twelve_digits(x):
    """Beyond ±700, floats run out of room: what is below 1e-305 may be 0."""
    return TWELVE_DIGITS if abs(x) <= 700 else TWELVE_DIGITS_OR_NOTHING


def expect_sigmoid(case, x):
    """Call sigmoid; compare with sixty decimal digits, rounded to floats."""
    expected = logistic(x), logistic(x) * logistic(-x)
    case(sigmoid, x).gives(expected, tolerance=twelve_digits(x))


# %% nbgrader={"grade_id": "sigmoid_stays_finite", "points": 2}
FINITE = """Take the exponential of −|x| only. It lies between 0 and 1; the exponential of a large
positive number overflows, on one side of 0 or the other."""

with check("holds at ±1000", idea=FINITE, without=BY_HAND) as case:
    for x in (1000.0, -1000.0, 710.0, -710.0):
        expect_sigmoid(case, x)

### BEGIN HIDDEN TESTS
with check("holds at ±1000", idea=FINITE, hidden=True, without=BY_HAND) as case:
    random = draws("sigmoid_stays_finite")
    for _ in range(20):
        x = random.uniform(705.0, 1000.0)
        expect_sigmoid(case, x)
        expect_sigmoid(case, -x)
### END HIDDEN TESTS

# %% nbgrader={"grade_id": "sigmoid_slope", "points": 2}
SLOPE = """The slope is σ(x)·σ(−x), which is σ(x)·(1 − σ(x)): ¼ at 0, where it is steepest, and the
same on both sides. Ten layers of that are a factor of at most ¼¹⁰, about a millionth."""

with check("has the slope ¼ at 0", idea=SLOPE, without=BY_HAND) as case:
    for x in (0.0, 1.0, -1.0, 3.0):
        expect_sigmoid(case, x)

### BEGIN HIDDEN TESTS
with check("has the slope ¼ at 0", idea=SLOPE, hidden=True, without=BY_HAND) as case:
    random = draws("sigmoid_slope")
    expect_sigmoid(case, 0.0)
    for _ in range(40):
        expect_sigmoid(case, random.uniform(-4.0, 4.0))
### END HIDDEN TESTS

# %% nbgrader={"grade_id": "sigmoid_keeps_small_values", "points": 2}
SMALL = """A float near 1 has no digits left for what is missing to 1: for x = 40, 1 − σ(x) gives 0,
and so would the slope. Calculate the small one of σ(x) and σ(−x) by itself, as e^(−|x|) divided by
1 + e^(−|x|). Nothing is subtracted, and all digits stay."""

with check("keeps the digits of small values", idea=SMALL, without=BY_HAND) as case:
    for x in (40.0, -40.0, 300.0, -700.0):
        expect_sigmoid(case, x)

### BEGIN HIDDEN TESTS
with check("keeps the digits of small values", idea=SMALL, hidden=True, without=BY_HAND) as case:
    random = draws("sigmoid_keeps_small_values")
    for far in (20.0, 45.0, 700.0):
        for _ in range(15):
            x = random.uniform(far / 2, far)
            expect_sigmoid(case, x)
            expect_sigmoid(case, -x)
### END HIDDEN TESTS

# %% [markdown]
"""
**See your own function.** The first picture shows the value and the slope; the second the slope far
out, on a logarithmic axis: yours, and the one by σ(x)·(1 − σ(x)). Where does that one end, and why
there?
"""


# %% jupyter={"source_hidden": true}
def value(x):
    return sigmoid(x)[0]


def its_slope(x):
    return sigmoid(x)[1]


def by_subtracting(x):
    return value(x) * (1 - value(x))


plot(
    panel(
        curve(value, over=(-8, 8), label="your σ"),
        curve(its_slope, over=(-8, 8), label="your slope"),
        y_range=(0, 1),
    ),
    panel(
        curve(its_slope, over=(0, 60), label="your slope"),
        curve(by_subtracting, over=(0, 60), label="σ·(1 − σ)"),
        x="input",
        log="y",
    ),
    title="Your sigmoid",
)

# %% [markdown] nbgrader={"grade_id": "softplus_task", "locked": true}
r"""
## 3. Softplus: ReLU without the corner

`softplus` · 6 points · difficulty 2 of 5 · 15 minutes

$$\text{softplus}(x) = \ln(1 + e^{x})$$

is close to 0 for very negative $x$ and close to $x$ for large $x$: a ReLU whose corner is rounded.

**Write** `softplus(x)`, which returns the value and the slope.

| | |
|---|---|
| `x` | a float from $-1000$ to $1000$ |
| returns | the tuple of floats `(softplus(x), its slope at x)` |
| accuracy | both to a relative error of at most $10^{-12}$, for $\lvert x\rvert \le 700$; beyond that, what is smaller than $10^{-305}$ may be 0 |
| by hand | with Python's module `math`, without `softplus`, `logaddexp` or the like of another library; your own `sigmoid` from above may be used |

**Example.** `softplus(0.0)` is about `(0.6931, 0.5)`: $\ln 2$, and half the slope of a ReLU's right
side. And `softplus(1000.0)` is `(1000.0, 1.0)`.
"""


# %% nbgrader={"grade_id": "softplus", "solution": true}
def softplus(x: float) -> tuple[float, float]:
    """ln(1 + eˣ) and its slope, both to the last digits for any x."""
    ### BEGIN SOLUTION
    small = math.exp(-abs(x))
    slope = (1 if x >= 0 else small) / (1 + small)
    return max(x, 0.0) + math.log1p(small), slope
    ### END SOLUTION


# %% [markdown] nbgrader={"grade_id": "softplus_hints", "locked": true}
r"""
<details><summary>Hint 1: the idea</summary>

Pull out of the logarithm what would overflow: $1 + e^{x} = e^{x}\,(e^{-x} + 1)$. The logarithm of
the first factor is simply $x$. When is this better than the original, and when is it worse? For the
slope, differentiate: you have met the result.

</details>

<details><summary>Hint 2: a sketch</summary>

Both cases in one: $\text{softplus}(x) = \max(x, 0) + \ln(1 + e^{-\lvert x\rvert})$. When
$t = e^{-\lvert x\rvert}$ is tiny, `1 + t` rounds to 1, and `math.log(1 + t)` is 0.
`math.log1p(t)` is $\ln(1 + t)$ without that loss. The slope is the sigmoid.

</details>

<details><summary>Hint 3: almost code</summary>

```
small ← exp(−|x|)
value ← max(x, 0) + log1p(small)
slope ← 1 / (1 + small) if x ≥ 0, else small / (1 + small)
```

</details>
"""


# %% nbgrader={"grade_id": "softplus_reference", "locked": true}
def expect_softplus(case, x):
    """Call softplus; compare with sixty decimal digits, rounded to floats."""
    expected = exact_softplus(x), logistic(x)
    case(softplus, x).gives(expected, tolerance=twelve_digits(x))


# %% nbgrader={"grade_id": "softplus_stays_finite", "points": 2}
PULLED_OUT = """e^1000 overflows, though its logarithm is just 1000. Pull the large factor out:
ln(1 + e^x) = max(x, 0) + ln(1 + e^(−|x|))."""

with check("holds at ±1000", idea=PULLED_OUT, without=BY_HAND) as case:
    for x in (1000.0, -1000.0, 710.0, -710.0):
        expect_softplus(case, x)

### BEGIN HIDDEN TESTS
with check("holds at ±1000", idea=PULLED_OUT, hidden=True, without=BY_HAND) as case:
    random = draws("softplus_stays_finite")
    for _ in range(20):
        x = random.uniform(705.0, 1000.0)
        expect_softplus(case, x)
        expect_softplus(case, -x)
### END HIDDEN TESTS

# %% nbgrader={"grade_id": "softplus_keeps_small_parts", "points": 2}
PARTS = """Far out on the left, softplus is almost e^x, and never 0. On the right, it is almost x,
but e^(−x) more, and no sudden switch to x. `math.log(1 + t)` loses a tiny t; `math.log1p(t)` does
not."""

with check("keeps the digits of small parts", idea=PARTS, without=BY_HAND) as case:
    for x in (-40.0, -300.0, -700.0, 21.0):
        expect_softplus(case, x)

### BEGIN HIDDEN TESTS
with check("keeps the digits of small parts", idea=PARTS, hidden=True, without=BY_HAND) as case:
    random = draws("softplus_keeps_small_parts")
    for far in (-20.0, -45.0, -700.0):
        for _ in range(15):
            expect_softplus(case, random.uniform(far, far / 2))
    for _ in range(15):
        expect_softplus(case, random.uniform(15.0, 24.0))
### END HIDDEN TESTS

# %% nbgrader={"grade_id": "softplus_slope", "points": 2}
SIGMOID = """The derivative of ln(1 + e^x) is e^x / (1 + e^x): the sigmoid. It is ½ at 0, neither 0
nor 1, and it grows smoothly from 0 to 1."""

with check("has the sigmoid as its slope", idea=SIGMOID, without=BY_HAND) as case:
    for x in (0.0, 2.0, -2.0, -40.0):
        expect_softplus(case, x)

### BEGIN HIDDEN TESTS
with check("has the sigmoid as its slope", idea=SIGMOID, hidden=True, without=BY_HAND) as case:
    random = draws("softplus_slope")
    expect_softplus(case, 0.0)
    for _ in range(40):
        expect_softplus(case, random.uniform(-9.0, 9.0))
        expect_softplus(case, random.uniform(-16.0, 16.0))
### END HIDDEN TESTS

# %% [markdown]
r"""
**See your own function.** With a sharpness $\beta$, softplus becomes
$\frac{1}{\beta}\,\text{softplus}(\beta x)$. Make it sharper: what does it
approach?
"""


# %% jupyter={"source_hidden": true}
def sharper_softplus(x, sharpness):
    return softplus(sharpness * x)[0] / sharpness


def its_derivative(x, sharpness):
    return softplus(sharpness * x)[1]


plot(
    panel(
        curve(sharper_softplus, label="your softplus"),
        curve(lambda x: max(x, 0.0), label="ReLU"),
        y="value",
    ),
    panel(curve(its_derivative, label="its slope"), x="input", y="slope"),
    sliders={"sharpness": choice([0.5, 1, 2, 4, 8, 16], 1)},
    title="Your softplus",
)

# %% [markdown] nbgrader={"grade_id": "activation_gradient_product_task", "locked": true}
r"""
## 4. The gradient of a deep chain

`activation_gradient_product` · 9 points · difficulty 3 of 5 · 25 minutes

The thinnest deep network there is: a chain of $L$ layers with one unit each. It begins with
$h_0 = x$, and layer $l$ has a weight $w_l$ and a bias $b_l$:

$$z_l = w_l\,h_{l-1} + b_l, \qquad h_l = f(z_l), \qquad l = 1, \dots, L.$$

By the chain rule, the last $h_L$ depends on an earlier $h_l$ by a product, one factor for each
layer in between:

$$g_l = \frac{\partial h_L}{\partial h_l} = \prod_{k=l+1}^{L} w_k\, f'(z_k).$$

That product is the whole story of vanishing gradients.

**Write** `activation_gradient_product(f, derivative, layers, x)`.

| | |
|---|---|
| `f`, `derivative` | the activation $f$ and its derivative $f'$: functions of a float that give a float |
| `layers` | a list of $L \ge 0$ tuples `(w, b)` of floats, layer 1 first |
| `x` | a float, the input $h_0$ |
| returns | the list of $L + 1$ floats $[g_0, g_1, \dots, g_L]$ |
| accuracy | a relative error of at most $10^{-9}$ |
| work | call `f` at most $L$ times and `derivative` at most $L$ times |

**Example.** $f(z) = z^2$, `layers = [(3.0, 0.0), (1.0, 1.0)]`, `x = 1.0`: then $z_1 = 3$,
$h_1 = 9$, $z_2 = 10$. The factors are $3 \cdot f'(3) = 18$ and $1 \cdot f'(10) = 20$, so the result
is `[360.0, 20.0, 1.0]`.
"""


# %% nbgrader={"grade_id": "activation_gradient_product", "solution": true}
def activation_gradient_product(f, derivative, layers, x):
    """[∂h_L/∂h_0, …, ∂h_L/∂h_L] of a chain of layers with one unit each."""
    ### BEGIN SOLUTION
    factors, h = [], x
    for w, b in layers:
        z = w * h + b
        factors.append(w * derivative(z))
        h = f(z)
    gradients = [1.0]  # g_L: the last value depends on itself by a factor of 1
    for factor in reversed(factors):
        gradients.append(gradients[-1] * factor)
    return gradients[::-1]
    ### END SOLUTION


# %% [markdown] nbgrader={"grade_id": "activation_gradient_product_hints", "locked": true}
r"""
<details><summary>Hint 1: the idea</summary>

First go forwards, and write down the factor of each layer. Then go backwards: each $g_l$ is the
next one, $g_{l+1}$, times one more factor.

</details>

<details><summary>Hint 2: a sketch</summary>

Forwards: from $h_{l-1}$ comes $z_l$. The factor is $w_l\, f'(z_l)$, with the slope at $z_l$, not at
$h_l$. Then $h_l = f(z_l)$. Backwards: start with $g_L = 1$, and multiply by the factors from the
last layer to the first.

</details>

<details><summary>Hint 3: almost code</summary>

```
h, factors ← x, empty list
for each (w, b):
    z ← w · h + b
    append w · derivative(z) to factors
    h ← f(z)
gradients ← list with 1.0
for each factor, from the last to the first:
    append (last entry of gradients) · factor to gradients
return gradients, reversed
```

</details>
"""


# %% nbgrader={"grade_id": "activation_gradient_product_reference", "locked": true}
NINE_DIGITS = Tolerance(relative=1e-9, absolute=1e-300)


def square(z):
    return z * z


def slope_of_square(z):
    return 2.0 * z


def tanh_slope(z):
    return 1.0 - math.tanh(z) ** 2


def relu(z):
    return z if z > 0 else 0.0


def relu_slope(z):
    return 1.0 if z > 0 else 0.0


def logistic_slope(z):
    return logistic(z) * logistic(-z)


def by_autograd(f, layers, x):
    """The gradients that torch finds for the chain, with `f` in torch."""
    h = [torch.tensor(x, dtype=torch.float64, requires_grad=True)]
    for w, b in layers:
        h.append(f(w * h[-1] + b))
    return [gradient.item() for gradient in torch.autograd.grad(h[-1], h)]


def drawn_layers(random, number, largest=1.5):
    """Layers whose weights are not small, of both signs."""
    signs = random.choices([-1, 1], k=number)
    return [(sign * random.uniform(0.5, largest), random.uniform(-0.8, 0.8)) for sign in signs]


# %% nbgrader={"grade_id": "activation_gradient_product_weights_and_slopes", "points": 3}
FACTOR = """Each layer gives the factor w·f'(z): its own weight, and the slope at its own z. Both
change from layer to layer."""

with check("multiplies weights and slopes", idea=FACTOR) as case:
    product = activation_gradient_product
    case(product, square, slope_of_square, [(3.0, 0.0)], 1.0).gives([18.0, 1.0])
    two = [(3.0, 0.0), (1.0, 1.0)]
    case(product, square, slope_of_square, two, 1.0).gives([360.0, 20.0, 1.0])
    case(product, relu, relu_slope, [(2.0, 0.0), (0.5, 1.0)], 4.0).gives([1.0, 0.5, 1.0])

### BEGIN HIDDEN TESTS
with check("multiplies weights and slopes", idea=FACTOR, hidden=True) as case:
    random = draws("activation_gradient_product_weights_and_slopes")
    for number in (1, 2, 5, 12):
        layers, x = drawn_layers(random, number), random.uniform(-2.0, 2.0)
        expected = by_autograd(torch.tanh, layers, x)
        outcome = case(activation_gradient_product, math.tanh, tanh_slope, layers, x)
        outcome.gives(expected, tolerance=NINE_DIGITS)
### END HIDDEN TESTS

# %% nbgrader={"grade_id": "activation_gradient_product_slope_before_the_activation", "points": 2}
BEFORE = (
    """f' is asked at z, what goes into the activation, not at h = f(z), what comes out of it."""
)

with check("takes the slope at z, not at h", idea=BEFORE) as case:
    product = activation_gradient_product
    case(product, square, slope_of_square, [(1.0, 2.0)], 3.0).gives([10.0, 1.0])
    case(product, math.sin, math.cos, [(1.0, 0.0)], 0.0).gives([1.0, 1.0])
    third = math.pi / 3
    case(product, math.sin, math.cos, [(2.0, third)], 0.0).gives([1.0, 1.0], tolerance=NINE_DIGITS)

### BEGIN HIDDEN TESTS
with check("takes the slope at z, not at h", idea=BEFORE, hidden=True) as case:
    random = draws("activation_gradient_product_slope_before_the_activation")
    for number in (1, 3, 6):
        layers, x = drawn_layers(random, number, 2.0), random.uniform(-1.0, 1.0)
        for f, slope, in_torch in (
            (logistic, logistic_slope, torch.sigmoid),
            (math.sin, math.cos, torch.sin),
        ):
            expected = by_autograd(in_torch, layers, x)
            outcome = case(activation_gradient_product, f, slope, layers, x)
            outcome.gives(expected, tolerance=NINE_DIGITS)
### END HIDDEN TESTS

# %% nbgrader={"grade_id": "activation_gradient_product_from_every_layer", "points": 2}
EVERY = """The list has L + 1 entries. It begins with the gradient at the input, which has all L
factors, and ends with that of h_L with respect to itself, which has none: 1."""

with check("one gradient for each h", idea=EVERY) as case:
    product = activation_gradient_product
    case(product, square, slope_of_square, [], 5.0).gives([1.0])
    doubling = [(2.0, 0.0)] * 3
    case(product, relu, relu_slope, doubling, 1.0).gives([8.0, 4.0, 2.0, 1.0])
    dead_in_the_middle = [(2.0, 0.0), (-1.0, 0.0), (3.0, 1.0)]
    case(product, relu, relu_slope, dead_in_the_middle, 1.0).gives([0.0, 0.0, 3.0, 1.0])

### BEGIN HIDDEN TESTS
with check("one gradient for each h", idea=EVERY, hidden=True) as case:
    random = draws("activation_gradient_product_from_every_layer")
    for number in (0, 1, 4, 9):
        weights = [float(random.choice([-3, -2, 2, 3, 5])) for _ in range(number)]
        steep = [(abs(w), 1.0) for w in weights]
        products = [math.prod(abs(w) for w in weights[layer:]) for layer in range(number + 1)]
        outcome = case(activation_gradient_product, relu, relu_slope, steep, 1.0)
        outcome.gives([float(p) for p in products])
        mixed = [(w, 1.0) for w in weights]
        expected = by_autograd(torch.relu, mixed, 1.0) if number else [1.0]
        case(activation_gradient_product, relu, relu_slope, mixed, 1.0).gives(expected)
### END HIDDEN TESTS

# %% nbgrader={"grade_id": "activation_gradient_product_one_sweep_back", "points": 2}
SWEEP = """Each gradient is the next one times a single new factor, so L calls of f' and L of f are
enough for all of them, however deep the chain is. That is what makes backpropagation cheap."""


def calls(layers, x):
    """How often f and its derivative are called."""
    counts = {"f": 0, "derivative": 0}

    def counted_tanh(z):
        counts["f"] += 1
        return math.tanh(z)

    def counted_slope(z):
        counts["derivative"] += 1
        return tanh_slope(z)

    activation_gradient_product(counted_tanh, counted_slope, layers, x)
    return counts


with check("goes back in one sweep", idea=SWEEP) as case:
    layers = [(1.2, 0.1)] * 20
    outcome = case(activation_gradient_product, math.tanh, tanh_slope, layers, 0.5)
    outcome.gives(by_autograd(torch.tanh, layers, 0.5), tolerance=NINE_DIGITS)
    outcome = case(calls, layers, 0.5)
    outcome.satisfies("at most 20 calls of each", lambda counts, *_: max(counts.values()) <= 20)

### BEGIN HIDDEN TESTS
with check("goes back in one sweep", idea=SWEEP, hidden=True) as case:
    random = draws("activation_gradient_product_one_sweep_back")
    for number in (3, 40, 90):
        layers, x = drawn_layers(random, number), random.uniform(-1.0, 1.0)
        outcome = case(activation_gradient_product, logistic, logistic_slope, layers, x)
        outcome.gives(by_autograd(torch.sigmoid, layers, x), tolerance=NINE_DIGITS)
        case(calls, layers, x).satisfies(
            "at most L calls of each", lambda counts, layers, _: max(counts.values()) <= len(layers)
        )
### END HIDDEN TESTS

# %% [markdown]
"""
**See your own function.** The size of each gradient, from the last layer (right) back to the input
(left), on a logarithmic axis; the dashed line is a millionth. All layers have the same weight. How
deep can a chain of sigmoids be before less than a millionth of the gradient is left? Which weight
keeps a tanh alive, and for how long? Is there any weight that makes the sigmoid's line level?
"""

# %% jupyter={"source_hidden": true}
ACTIVATIONS = {
    "sigmoid": (logistic, logistic_slope),
    "tanh": (math.tanh, tanh_slope),
    "relu": (relu, relu_slope),
}


def gradient_sizes(activation, weight, depth):
    f, slope = ACTIVATIONS[activation]
    gradients = activation_gradient_product(f, slope, [(weight, 0.0)] * depth, 0.5)
    return range(depth + 1), [abs(g) for g in gradients]


plot(
    line(gradient_sizes, label="your gradients"),
    rule(1e-6, axis="y", label="a millionth"),
    dots(gradient_sizes, label="", size=2.5),
    log="y",
    x="layer l",
    y="|dh_L / dh_l|",
    sliders={
        "activation": [*ACTIVATIONS],
        "weight": (0.25, 4.0, 0.25, 1.0),
        "depth": (1, 50, 1, 20),
    },
    title="Your gradients, layer by layer",
)

# %% [markdown]
"""
**Done?** Save, then choose *Validate* to run every cell from the top in a fresh kernel, and hand in
from the *Assignment List*. If a check still fails, hand in what you have: each one counts by itself.
"""
