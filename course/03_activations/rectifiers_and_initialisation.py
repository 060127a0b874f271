# %% [markdown]
"""
# Rectifiers and where to begin

**After this lesson you can**

- derive how large random weights must be for a given activation: Xavier's rule and He's,
- tell a dead unit from a quiet one, and say what LeakyReLU, PReLU and ELU do about it,
- derive SELU's two constants, and see why a network of SELUs finds its own scale,
- predict, for any activation, what a hundred layers do to activations and gradients.

**You need** the lesson *From threshold to ReLU*; expectation and variance.

**Time** 40 minutes. Run each cell with **Shift + Enter**, from the top.
"""

# %%
import math

import torch
from torch.nn import functional as F

from course.widgets import activation_explorer

torch.set_num_threads(1)  # small networks run fastest on one

activation_explorer(F.relu, F.leaky_relu, F.elu, F.selu, at=-1, title="Four rectifiers")

# %% [markdown]
"""
## 1 · Half is lost in every layer

The last lesson ended with a riddle. ReLU has slope 1 wherever it is on. Still, 30 layers with
weights $w \sim N(0, 1/n)$, where $n$ is the number of inputs, lose almost everything.

**First guess**: which gain (weights $w \sim N(0, \text{gain}^2/n)$) keeps the mean square steady
over 100 layers? Write your number down. Then look for it.
"""

# %%
from course.widgets import signal_lab

signal_lab(F.relu, torch.tanh, F.leaky_relu, depth=30, title="Which gain?")

# %% [markdown]
"""
## 2 · What one layer does to the variance

Take one neuron of a layer: $h = \sum_{i=1}^n w_i a_i$. The inputs $a_i$ are given; the weights are
independent, with mean 0 and variance $v$. Then

1. $\mathrm E[h] = \sum_i \mathrm E[w_i]\,a_i = 0$, where $\mathrm E$ is the mean over the weights.
2. $\mathrm E[h^2] = \sum_i \sum_j \mathrm E[w_i w_j]\,a_i a_j$. For $i \ne j$ the weights are
   independent, so $\mathrm E[w_i w_j] = \mathrm E[w_i]\,\mathrm E[w_j] = 0$. Only $i = j$ remains:
   $\mathrm E[h^2] = v \sum_i a_i^2$.
3. With $\overline{a^2}$, the mean square of the inputs: $\mathrm{Var}(h) = n\,v\,\overline{a^2}$.

A sum of many small independent things is nearly normal. So think of $h$ as $N(0, q)$ with
$q = n\,v\,\overline{a^2}$. Measured on 200 random layers:
"""

# %%
numbers = torch.Generator().manual_seed(1)
a = torch.rand(100, generator=numbers)  # some inputs, n = 100
v = 0.03
h = torch.randn(200, 1000, 100, generator=numbers) * v**0.5 @ a  # (200 layers, 1000 neurons)
{"measured": h.var().item(), "n v mean(a²)": (100 * v * a.square().mean()).item()}

# %% [markdown]
"""
Now the inputs are outputs of an activation: $a = \varphi(h')$ with $h' \sim N(0, q')$. For ReLU,
$\varphi(h')^2$ is $h'^2$ on the right half and 0 on the left. The normal distribution is symmetric,
so the mean is **half** of $\mathrm E[h'^2] = q'$:

$$\overline{a^2} = \tfrac12\,q', \qquad\text{so}\qquad q = \tfrac12\,n\,v\,q'.$$

There is the riddle's half. With $v = 1/n$ every layer halves the variance. To keep it,

$$\tfrac12\,n\,v = 1 \qquad\Longrightarrow\qquad v = \frac2n, \qquad \text{gain} = \sqrt2.$$

This is **He's initialisation** (He and others, 2015). Was your guess near 1.41?
"""

# %% [markdown]
"""
### And back

The gradient comes back through the same weights, transposed. With $\delta = \partial\,\text{loss} /
\partial h$: a neuron's output feeds $m$ neurons of the next layer (the *fan-out*), so

$$\delta' = \varphi'(h') \sum_{j=1}^{m} w_j\,\delta_j .$$

The same three steps give
$\mathrm E[\delta'^2] = \mathrm E[\varphi'(h')^2]\;m\,v\;\overline{\delta^2}$, if we treat $\delta$
as independent of the weights, as theory does. For ReLU $\varphi'^2$ is 1 on one half and 0 on the
other: again $\tfrac12$. So backward wants $v = 2/m$, and forward $v = 2/n$.
With layers of equal width these agree.
"""

# %% [markdown]
"""
### Xavier

Xavier Glorot and Yoshua Bengio (2010) asked the same for tanh, near 0, where it is almost the line
$\varphi(h) = h$: no half. Forward wants $n v = 1$, backward $m v = 1$; they take a middle way,

$$v = \frac{2}{n + m}.$$

PyTorch has both. A weight matrix has the shape (outputs, inputs), so its fan-in is the *second*
number:
"""

# %%
matrix = torch.empty(1000, 250)  # m = 1000 outputs, n = 250 inputs
he = torch.nn.init.kaiming_normal_(matrix.clone(), nonlinearity="relu")
xavier = torch.nn.init.xavier_normal_(matrix.clone())
{
    "He": (he.var().item(), 2 / 250),
    "Xavier": (xavier.var().item(), 2 / (250 + 1000)),
}

# %% [markdown]
"""
**A trap.** `torch.nn.Linear` begins with neither. What does it do?
"""

# %%
layer = torch.nn.Linear(250, 1000)
layer.weight.var().item() * 250  # n v

# %% [markdown]
"""
About ⅓: its weights are uniform between $\pm 1/\sqrt n$, and a uniform number between $\pm b$ has
variance $b^2/3$. So ReLU layers as they come shrink the signal's variance to a sixth, each:
"""

# %%
torch.manual_seed(0)
x, sizes = torch.randn(64, 500), []
for _ in range(8):
    h = torch.nn.Linear(500, 500)(x)
    sizes.append(h.var().item())
    x = F.relu(h)
[f"{size:.1e}" for size in sizes]

# %% [markdown]
"""
(The last ones no longer shrink: what is left is the same for every example. It comes from the
biases, which are random, too. The example itself has almost been forgotten.) Three or four layers
forgive that; normalisation layers repair it. Deep plain networks need the right start.
"""

# %% [markdown]
"""
## 3 · The same for any activation

Nothing in section 2 was about ReLU but the half. For any $\varphi$, with
$\text{gain}^2 = n\,v$ and $z \sim N(0, 1)$:

$$q_{l+1} = \text{gain}^2\;\mathrm E\big[\varphi(\sqrt{q_l}\,z)^2\big], \qquad
\mathrm E[\delta_l^2] = \text{gain}^2\;\mathrm E\big[\varphi'(\sqrt{q_l}\,z)^2\big]\;
\mathrm E[\delta_{l+1}^2].$$

These two lines are the dashed curves of the lab (Poole and others, 2016; Schoenholz and others,
2017). A picture of the first one: next layer's variance against this layer's. Where a curve crosses
the dashed diagonal, the variance stays.
"""

# %%
from course.widgets import curve, line, plot, slider
from course.widgets.signals import next_variance


def relu(q, gain):
    return next_variance(F.relu, q, gain)


def tanh(q, gain):
    return next_variance(torch.tanh, q, gain)


stays = line([0, 3], [0, 3], label="stays", colour=5, dash=1)
gain = slider(0.5, 2.0, 0.05, start=1.4)
maps = [curve(fn, (0, 3), samples=31) for fn in (relu, tanh)]
plot(*maps, stays, x="variance q", y="next layer's", y_range=(0, 3), sliders={"gain": gain})

# %% [markdown]
"""
Move the gain.

- **ReLU** is a straight line through 0: $\mathrm{ReLU}(c\,h) = c\,\mathrm{ReLU}(h)$ for $c > 0$.
  At $\sqrt2$ it *is* the diagonal: every variance stays what it is. A little more or less, and it
  grows or fades for ever.
- **tanh** bends, because it saturates. Above gain 1 it crosses the diagonal at one place, and from
  both sides the variance walks towards it. Below, it walks to 0.

A crossing that attracts would be a fine thing to have: the network would repair its own scale. Keep
that in mind.
"""

# %% [markdown]
"""
### Theory and one real network

Theory is for infinitely wide layers. These have 16 units. Press *New weights* a few times, then
again with width 256. Why do the measured curves wander from the dashed ones, the more the farther?
"""

# %%
signal_lab(F.relu, torch.tanh, depth=100, gain=1.41, width=16, title="Narrow layers")

# %% [markdown]
"""
<details><summary><b>Answer</b></summary>

In each layer the mean square of finitely many random things is a little off, by a random *factor*.
The factors multiply. After 100 layers of width 16 a hundred random factors have come together; the
wider the layers, the closer each is to 1. (And mostly they end *below* theory, which is the mean
over all networks: a few lucky products are so large that they make up that mean.)

</details>
"""

# %% [markdown]
"""
## 4 · Dead units

Second riddle of the last lesson: units that die. Here they are again, after 150 steps: read the
line about dead units. Then choose a smaller rate, *Reset*, and **▶**: how many die now? And with
`leaky_relu`?
"""

# %%
from course.widgets import classifier_playground

three = {"data": "spirals", "layers": 3, "units": 16}
classifier_playground(F.relu, F.leaky_relu, F.elu, **three, rate=2.0, steps=150, title="Spirals")

# %% [markdown]
"""
A unit's weights get the gradient $\sum_{\text{examples}} \delta\,x$ with
$\delta = \varphi'(h) \cdot(\dots)$. One large step can push the bias so low that $h < 0$ for
**every** example. From then on each $\varphi'(h)$ is 0: the unit says nothing and learns nothing. A
unit that is off for *some* examples is no problem; that is what makes the network non-linear.

In the first layer this is for ever, since its inputs never change. A deeper unit may come back to
life if the layers below it move.
"""

# %% [markdown]
"""
### LeakyReLU and PReLU

Let a little through:

$$\varphi(h) = \begin{cases} h & h > 0 \\ a\,h & h \le 0 \end{cases}$$

with a small $a$, such as 0.01: *LeakyReLU* (Maas, Hannun and Ng, 2013). No slope is 0, so no unit
is ever cut off. Why 0.01, and not 0.25? Let gradient descent find out: *PReLU* (He and others,
2015, the same paper) **learns** $a$, one for each channel or one for all. For that it needs the
derivative with respect to $a$:

$$\frac{\partial \varphi}{\partial a} = \begin{cases} 0 & h > 0 \\ h & h \le 0 \end{cases}
\qquad\Longrightarrow\qquad
\frac{\partial\,\text{loss}}{\partial a}
= \sum_{h \le 0} h\,\frac{\partial\,\text{loss}}{\partial \varphi(h)} .$$

By hand: $h = (-2, 3, -1)$, and the loss is the sum of the outputs. What is its derivative with
respect to $a$? Then run the cell.
"""

# %%
h = torch.tensor([-2.0, 3.0, -1.0])
a = torch.tensor([0.25], requires_grad=True)
F.prelu(h, a).sum().backward()
a.grad

# %% [markdown]
"""
The initialisation follows at once. The left half now gives $a^2 h^2$ instead of 0, so the half
becomes $\tfrac12(1 + a^2)$, and

$$v = \frac{2}{(1 + a^2)\,n}.$$

PyTorch calls the square root of $n v$ the gain of the activation:
"""

# %%
{
    a: (torch.nn.init.calculate_gain("leaky_relu", a), math.sqrt(2 / (1 + a**2)))
    for a in (0.0, 0.01, 0.25, 1.0)
}

# %% [markdown]
"""
## 5 · The mean is not 0

ReLU says nothing negative. For $z \sim N(0, 1)$ its mean is

$$\mathrm E[\mathrm{ReLU}(z)] = \int_0^\infty z\,\frac{e^{-z^2/2}}{\sqrt{2\pi}}\,dz
= \Big[-\frac{e^{-z^2/2}}{\sqrt{2\pi}}\Big]_0^\infty = \frac{1}{\sqrt{2\pi}} \approx 0.3989 .$$

What is wrong with that? The gradient of a neuron's weight $w_i$ for one example is $\delta\,a_i$.
If all inputs $a_i \ge 0$, all its weights move the **same way**, up or down (LeCun and others,
1998). To raise one and lower another, it must zigzag. *ELU* (Clevert, Unterthiner and Hochreiter,
2015) lets negative values out, but no lower than $-\alpha$, so that a unit can still be off:

$$\mathrm{ELU}(h) = \begin{cases} h & h > 0 \\ \alpha\,(e^h - 1) & h \le 0 \end{cases}$$

PyTorch's $\alpha$ is 1. Measure means and mean squares on a million normal numbers:
"""

# %%
z = torch.randn(1_000_000, generator=torch.Generator().manual_seed(0))
{
    fn.__name__: (f"mean {fn(z).mean():.3f}", f"mean square {fn(z).square().mean():.3f}")
    for fn in (F.relu, F.leaky_relu, F.elu, F.selu)
}

# %% [markdown]
"""
Look at the last line. **Mean 0, mean square 1**: what goes in comes out, statistically. That is no
luck.
"""

# %% [markdown]
"""
## 6 · SELU: two equations for two numbers

Take ELU and stretch it: $\mathrm{SELU}(h) = \lambda \cdot \mathrm{ELU}_\alpha(h)$. Two free
numbers. Two wishes, for $z \sim N(0, 1)$: the mean of the output is 0, its mean square 1 (Klambauer
and others, 2017). Write $\Phi$ for the normal distribution function, and $\mathrm E[f(z);\, z<0]$
for the part of the mean that comes from $z < 0$. We need one integral:

$$\mathrm E\big[e^{k z};\, z < 0\big]
= \int_{-\infty}^0 \frac{e^{kz - z^2/2}}{\sqrt{2\pi}}\,dz
= e^{k^2/2} \int_{-\infty}^0 \frac{e^{-(z-k)^2/2}}{\sqrt{2\pi}}\,dz
= e^{k^2/2}\,\Phi(-k),$$

because $kz - z^2/2 = k^2/2 - (z-k)^2/2$. Now

1. *The mean.* The right half gives $\frac{1}{\sqrt{2\pi}}$ (section 5), the left half
   $\alpha\,(\mathrm E[e^z; z<0] - \tfrac12)$. The sum is 0 if
   $\displaystyle \alpha = \frac{1/\sqrt{2\pi}}{\tfrac12 - \sqrt e\,\Phi(-1)}$.
2. *The mean square.* The right half gives $\tfrac12$, the left half
   $\alpha^2\,\mathrm E[e^{2z} - 2e^z + 1; z<0]$. So
   $\displaystyle \frac{1}{\lambda^2} = \tfrac12 +
   \alpha^2\big(e^2\,\Phi(-2) - 2\sqrt e\,\Phi(-1) + \tfrac12\big)$.
"""

# %%
from statistics import NormalDist

Phi = NormalDist().cdf
alpha = (1 / math.sqrt(2 * math.pi)) / (0.5 - math.sqrt(math.e) * Phi(-1))
left = math.e**2 * Phi(-2) - 2 * math.sqrt(math.e) * Phi(-1) + 0.5
scale = 1 / math.sqrt(0.5 + alpha**2 * left)  # λ
alpha, scale

# %% [markdown]
"""
$\alpha \approx 1.6733$ and $\lambda \approx 1.0507$. PyTorch has these two numbers built in. Its
SELU far to the left is $-\lambda\alpha$, at 1 it is $\lambda$:
"""

# %%
ends = F.selu(torch.tensor([-50.0, 1.0], dtype=torch.float64))
ends.tolist(), [-scale * alpha, scale]

# %% [markdown]
"""
### Found without the formulas

A million random numbers go through layer after layer, with gain 1. Each layer's sums are normal
again (section 2), with the mean square of the outputs before as their variance. Begin far off, at
4 and at 0.1, and watch:
"""


# %%
def walk(activation, variance, layers=20):
    numbers = torch.Generator().manual_seed(0)
    seen = [variance]
    for _ in range(layers):
        h = math.sqrt(seen[-1]) * torch.randn(1_000_000, generator=numbers)
        seen.append(activation(h).square().mean().item())
    return seen


wide, narrow = walk(F.selu, 4.0), walk(F.selu, 0.1)
plot(line(range(21), [wide, narrow], label="SELU"), x="layer", y="variance", y_range=(0, 4))

# %% [markdown]
"""
From both sides to 1: the crossing **attracts**. In the picture of section 3, with gain 1, SELU's
curve crosses the diagonal at $q = 1$, and is flatter there than the diagonal:
"""


# %%
def selu(q, gain):
    return next_variance(F.selu, q, gain)


gain = slider(0.5, 2.0, 0.05, start=1.0)
maps = [curve(fn, (0, 3), samples=31) for fn in (selu, relu, tanh)]
plot(*maps, stays, x="variance q", y="next layer's", y_range=(0, 3), sliders={"gain": gain})

# %% [markdown]
"""
How fast? Near the crossing the distance shrinks by the curve's slope, in each layer:
"""

# %%
(next_variance(F.selu, 1.01) - next_variance(F.selu, 0.99)) / 0.02

# %% [markdown]
"""
So ten layers take a small error down to $0.783^{10} \approx 0.087$ of what it was. And the
gradients? **Predict** first: SELU, gain 1, 100 layers. Do they stay, too?
"""

# %%
signal_lab(F.selu, F.relu, F.elu, torch.tanh, depth=100, title="Forward and back")

# %% [markdown]
"""
<details><summary><b>What you see</b></summary>

Forward, SELU stays near 1, though the layers are not infinitely wide. Backward it grows: the
factor is $\mathrm E[\mathrm{SELU}'(z)^2] = \lambda^2\big(\tfrac12 + \alpha^2 e^2\,\Phi(-2)\big)
\approx 1.07$ a layer, a thousand times in 100 layers. Steady activations do not promise steady
gradients. ReLU and its leaky kin get both from one number (question 3 below).

</details>
"""

# %% [markdown]
"""
## 7 · Your turn

Ten layers, no normalisation, plain gradient descent. Which activation, which gain, which rate
learns the circles fastest? Write your own, too: a leaky one, a bent one, one with mean 0.
"""


# %%
def mine(h):
    return h if h > 0 else 0.2 * h


ten = {"data": "circles", "layers": 10, "units": 16, "rate": 0.1, "gain": 1.0}
classifier_playground(F.relu, F.leaky_relu, F.elu, F.selu, mine, **ten, steps=40)

# %% [markdown]
"""
### Check yourself

**1.** An activation $\varphi(h) = |h|$. Which gain keeps the mean square?

<details><summary>Answer</summary>

$|h|^2 = h^2$: nothing is lost, so $n v = 1$, gain 1. Try it in the lab: `signal_lab(abs)`.

</details>

**2.** All weights of a ReLU network are multiplied by 1.1. What happens to the output after 30
layers (no biases)?

<details><summary>Answer</summary>

Each layer multiplies by 1.1, exactly, because $\mathrm{ReLU}(c\,h) = c\,\mathrm{ReLU}(h)$. After 30
layers: $1.1^{30} \approx 17$.

</details>

**3.** For ReLU and LeakyReLU the gain that keeps activations also keeps gradients. Why?

<details><summary>Answer</summary>

They are straight on each side of 0: $\varphi(h) = \varphi'(h)\,h$. So
$\mathrm E[\varphi(h)^2] = \mathrm E[\varphi'(h)^2\,h^2]$. On each half $\varphi'$ is constant and
$h^2$ has the same mean $q$, so this is $q\,\mathrm E[\varphi'(h)^2]$. Both recursions have the same
factor.

</details>

**4.** Someone uses SELU after weights with He's variance $2/n$. What happens?

<details><summary>Answer</summary>

SELU wants $n v = 1$. For a large variance it is nearly a ReLU times $\lambda$, so a layer
multiplies by $\tfrac12 \lambda^2\, n v$: with $n v = 2$ that is $\lambda^2 \approx 1.10$. There is
no crossing any more, and the variance grows for ever. Try gain 1.4 in the picture of section 6.

</details>
"""

# %% [markdown]
"""
## What we have

| function | what it mended | what it costs, what is left |
|---|---|---|
| ReLU, $v = 2/n$ | keeps the size, forward and back | nothing pulls back; units can die; mean 0.4 |
| LeakyReLU, PReLU | no unit is cut off | one number more (to choose, or to learn) |
| ELU | mean near 0, bounded below | an exponential |
| SELU, $v = 1/n$ | variance 1 attracts | gradients grow 7 % a layer |

All but ELU (with $\alpha = 1$) have a kink at 0. Does a kink matter? And why do today's language
models use others? That is the next lesson.

## Now you

The exercises [Rectifiers](../../exercises/03_activations/rectifiers.ipynb) ask for
`dead_fraction`, and for a `PReLU` with its backward pass. Those on [keeping the signal's
size](../../exercises/03_activations/keeping_the_size.ipynb) ask for `he_std`, `selu_moments` and
`selu_fixed_point`.

## Read next

- X. Glorot, Y. Bengio, *Understanding the difficulty of training deep feedforward neural networks*,
  AISTATS 2010.
- K. He, X. Zhang, S. Ren, J. Sun, *Delving deep into rectifiers*, 2015, arXiv:1502.01852: section
  2.1 PReLU, section 2.2 the initialisation.
- A. Maas, A. Hannun, A. Ng, *Rectifier nonlinearities improve neural network acoustic models*, ICML
  workshop 2013.
- Y. LeCun, L. Bottou, G. Orr, K.-R. Müller, *Efficient BackProp*, in *Neural networks: tricks of
  the trade*, 1998: why means of 0 help.
- D.-A. Clevert, T. Unterthiner, S. Hochreiter, *Fast and accurate deep network learning by
  exponential linear units*, 2015, arXiv:1511.07289.
- G. Klambauer and others, *Self-normalizing neural networks*, 2017, arXiv:1706.02515.
- B. Poole and others, *Exponential expressivity in deep neural networks through transient chaos*,
  2016, arXiv:1606.05340. S. Schoenholz and others, *Deep information propagation*, 2017,
  arXiv:1611.01232.
"""
