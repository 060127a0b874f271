# %% [markdown]
"""
# Smooth and gated

**After this lesson you can**

- derive softplus, GELU, SiLU and their slopes, and tell GELU's two forms apart to the last digit,
- say what changes, and what does not, when one form is put in the place of the other,
- explain the GLU family, count its parameters and FLOPs, and derive the 2/3 rule,
- measure what each activation costs, forward and backward.

**You need** the two lessons before; it helps to have seen a transformer block.

**Time** 40 minutes. Run each cell with **Shift + Enter**, from the top.
"""

# %%
import math

import torch
from torch.nn import functional as F

from course.widgets import activation_explorer

torch.set_num_threads(1)  # small networks run fastest on one
seven = [F.relu, F.softplus, F.gelu, F.silu, F.mish, F.hardswish, F.relu6]
activation_explorer(*seven, shown=["relu", "softplus", "gelu", "silu"], at=-1)

# %% [markdown]
"""
## 1 · Does the kink matter?

ReLU has a corner at 0. The slope jumps there from 0 to 1. Smooth functions seem nicer. The oldest
smooth rectifier is the **softplus** (Dugas and others, 2000), which we get by asking for a function
whose *slope* is the sigmoid: half open at 0, closed far left, open far right.

$$\frac{d}{dx}\,\log(1 + e^x) = \frac{e^x}{1 + e^x} = \sigma(x),
\qquad \mathrm{softplus}(x) = \log(1 + e^x).$$

How far is it from ReLU? For $x > 0$ take $e^x$ out of the bracket: $\log(1 + e^x) = x + \log(1 +
e^{-x})$. So for either sign the distance is $\log(1 + e^{-|x|})$: most at 0, where it is
$\log 2 \approx 0.69$.
"""

# %%
x = torch.tensor([-1000.0, -10.0, 0.0, 10.0, 1000.0])
{"as written": torch.log(1 + torch.exp(x)).tolist(), "F.softplus": F.softplus(x).tolist()}

# %% [markdown]
"""
**As written** it overflows at 1000, because $e^{1000}$ is too large for a float; and at $-10$ it
has lost digits. A careful implementation never computes $e^x$ of a large $x$; yours, in the
exercises, does not either.

So, is smooth better? **Predict**, then let them run: ReLU against softplus, three layers each.
"""

# %%
from course.widgets import classifier_playground

three = {"data": "spirals", "layers": 3, "units": 16}
classifier_playground(F.relu, F.softplus, F.gelu, F.silu, **three, steps=150, title="Smooth?")

# %% [markdown]
"""
Softplus is slow: its outputs are all positive (mean about 0.8 where ReLU has 0.4), and in the
middle its slope is only ½. **Smoothness alone wins nothing.** Switch to `gelu` and `silu`: smooth,
too, but they pass through 0. What is their idea?
"""

# %% [markdown]
"""
## 2 · GELU: the sign, softened

Read ReLU as a **gate**: it multiplies its input by 1 or 0, and the sign decides. Dropout multiplies
by 1 or 0, too, and chance decides. Dan Hendrycks and Kevin Gimpel (2016) mixed both: let chance
decide, but favour large inputs. Multiply $x$ by 1 with probability $\Phi(x)$, the probability that
a normal number is below $x$; else by 0. The *expected* answer is

$$\mathrm{GELU}(x) = x \cdot \Phi(x), \qquad
\Phi(x) = \tfrac12\Big(1 + \mathrm{erf}\frac{x}{\sqrt2}\Big).$$

The slope, by the product rule, with the normal density
$\phi(x) = \Phi'(x) = e^{-x^2/2}/\sqrt{2\pi}$ (its usual letter; activations in general are
$\varphi$):

$$\mathrm{GELU}'(x) = \Phi(x) + x\,\phi(x).$$

It is ½ at 0. To the left the second term pulls it below 0: **GELU goes down before it goes up.**
"""

# %%
x = torch.linspace(-3, 3, 600_001, dtype=torch.float64)
y = F.gelu(x)
f"lowest: {y.min():.4f} at {x[y.argmin()]:.4f}"

# %% [markdown]
"""
How large are its outputs, for $z \sim N(0, 1)$? The mean has a short derivation. Since
$\phi'(z) = -z\,\phi(z)$, integrate by parts:

$$\mathrm E[z\,\Phi(z)] = \int z\,\phi(z)\,\Phi(z)\,dz
= \big[-\phi\,\Phi\big] + \int \phi(z)^2\,dz
= \int \frac{e^{-z^2}}{2\pi}\,dz = \frac{1}{2\sqrt\pi}.$$

So the mean is 0.2821, between ReLU's 0.3989 and 0.
"""

# %%
z = torch.randn(2_000_000, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
{
    "mean": (F.gelu(z).mean().item(), 1 / (2 * math.sqrt(math.pi))),
    "mean square": F.gelu(z).square().mean().item(),
}

# %% [markdown]
"""
## 3 · One name, two functions

The same paper also offers a cheaper form, for those who prefer speed to exactness:

$$\mathrm{GELU_{tanh}}(x)
= \tfrac12 x \Big(1 + \tanh\!\big[\sqrt{2/\pi}\,(x + 0.044715\,x^3)\big]\Big).$$

Where do these numbers come from? We want $\tfrac12(1 + \tanh u) \approx \Phi(x)$ with
$u = s\,(x + c\,x^3)$. Compare the power series at 0:

1. $\Phi(x) = \tfrac12 + \frac{1}{\sqrt{2\pi}}\big(x - \tfrac{x^3}{6} + \dots\big)$, and
   $\tanh u = u - \tfrac{u^3}{3} + \dots$
2. Terms in $x$: $\tfrac12 s = \frac{1}{\sqrt{2\pi}}$, so $s = \sqrt{2/\pi}$. ✓
3. Terms in $x^3$: $\tfrac12\big(s\,c - \tfrac{s^3}{3}\big) = -\tfrac{1}{6\sqrt{2\pi}} =
   -\tfrac{s}{12}$, so $c = \tfrac{s^2}{3} - \tfrac16 = \tfrac{2}{3\pi} - \tfrac16$.
"""

# %%
2 / (3 * math.pi) - 1 / 6

# %% [markdown]
"""
Near the paper's 0.044715, but not equal: the series is best near 0, and the paper's number is
better over the whole line. **How good?** The paper also names a coarser form,
$x\,\sigma(1.702\,x)$. Drag, and mind the two scales:
"""

# %%
from course.widgets import curve, panel, plot


def tanh_error(x):
    return F.gelu(x, approximate="tanh") - F.gelu(x)


def sigmoid_error(x):
    return x * torch.sigmoid(1.702 * x) - F.gelu(x)


errors = [panel(curve(f, (-5, 5)), x="x", y="error") for f in (tanh_error, sigmoid_error)]
plot(*errors, drag="x", cursor=2.7)

# %% [markdown]
"""
To the last digit, in double precision, on a grid of a million places; and beside them the tanh form
with the number from the series:
"""


# %%
def series_error(x):
    u = math.sqrt(2 / math.pi) * (x + (2 / (3 * math.pi) - 1 / 6) * x**3)
    return 0.5 * x * (1 + torch.tanh(u)) - F.gelu(x)


x = torch.linspace(-6, 6, 1_200_001, dtype=torch.float64)
worst = {}
for error in (tanh_error, series_error, sigmoid_error):
    distance = error(x).abs()
    worst[error.__name__] = f"{distance.max():.10f} at ±{x[distance.argmax()].abs():.4f}"
worst

# %% [markdown]
"""
The tanh form is off by at most $4.73 \cdot 10^{-4}$. Small? A float32 near 1 is exact to
$6 \cdot 10^{-8}$: this is thousands of times more. A test that asks for equality within $10^{-4}$
tells the forms apart. And both are in use: GPT-2's code computes the tanh form.

**Which one do you have?** `F.gelu(x)` is the exact one, `F.gelu(x, approximate="tanh")` the other.
"""

# %% [markdown]
"""
### What does it change downstream?

Train a small network on the handwritten digits that come with scikit-learn: eight layers of GELU,
in the exact form.
"""

# %%
from sklearn.datasets import load_digits

images, labels = (torch.tensor(one) for one in load_digits(return_X_y=True))
images = images.float() / 16  # (1797, 64)


def network(form):
    torch.manual_seed(0)
    layers = []
    for _ in range(8):
        layers += [torch.nn.Linear(64, 64), torch.nn.GELU(form)]
    return torch.nn.Sequential(*layers, torch.nn.Linear(64, 10))


# %%
def train(net, steps=500):
    optimiser = torch.optim.Adam(net.parameters(), lr=2e-3)
    chosen = torch.Generator().manual_seed(0)
    for _ in range(steps):
        batch = torch.randint(1200, (128,), generator=chosen)
        optimiser.zero_grad()
        F.cross_entropy(net(images[batch]), labels[batch]).backward()
        optimiser.step()
    return net.eval()


exact = train(network("none"))
swapped = network("tanh")
swapped.load_state_dict(exact.state_dict())  # the same weights, the other form

# %% [markdown]
"""
The same weights, the other form. Then a third network, *trained* with the other form, from the same
start and on the same batches. The last 597 digits were not used for training:
"""

# %%
retrained = train(network("tanh"))
with torch.no_grad():
    answers = {
        "exact": exact(images[1200:]),
        "swapped": swapped(images[1200:]),
        "retrained": retrained(images[1200:]),
    }
{
    name: {
        "right": round((logits.argmax(1) == labels[1200:]).double().mean().item(), 3),
        "other digit than exact": int((logits.argmax(1) != answers["exact"].argmax(1)).sum()),
        "largest change of a logit": round((logits - answers["exact"]).abs().max().item(), 4),
    }
    for name, logits in answers.items()
}

# %% [markdown]
"""
Read it in three lines:

- **Swapped:** the logits move by some hundredths. Any numerical test would see it; no digit, or
  hardly one, is read differently.
- **Retrained:** a difference of $10^{-4}$ in each layer is enough for two runs to drift apart.
  Dozens of digits are read differently. Yet both read about as many rightly.
- So the form is **not** a question of quality. It is one of *agreement*: whoever runs a model
  should use the form that it was trained with.
"""

# %% [markdown]
"""
## 4 · SiLU, Swish, Mish

Replace $\Phi$ by the other S-curve that we know:

$$\mathrm{SiLU}(x) = x\,\sigma(x), \qquad \mathrm{Swish}_\beta(x) = x\,\sigma(\beta x).$$

The GELU paper names the first in passing. Stefan Elfwing and others (2017) used it in reinforcement
learning; Prajit Ramachandran and others (2017) let a machine search for formulas, and its best find
was the same family. Move $\beta$:
at 0 it is a straight line, $x/2$; for large $\beta$ it is ReLU. **At which $\beta$ is it closest to
GELU?** (You saw the number in section 3.)
"""


# %%
def swish(x, beta):
    return x * torch.sigmoid(beta * x)


beta = (0.0, 5.0, 0.05, 1.0)  # from, to, step, start
activation_explorer(swish, F.gelu, F.relu, F.mish, sliders={"beta": beta}, at=-1.3)

# %% [markdown]
"""
**Where is SiLU lowest?** Its slope is $\sigma + x\,\sigma(1 - \sigma)$, by the product rule. That
is 0 where $1 + x\,(1 - \sigma(x)) = 0$, or $x\,\sigma(x) = x + 1$: there, the function's value is
exactly the place plus 1. A search finds the place:
"""

# %%
x = torch.linspace(-3, 0, 300_001, dtype=torch.float64)
place = x[F.silu(x).argmin()].item()
place, F.silu(torch.tensor(place)).item()

# %% [markdown]
"""
**Mish** (Diganta Misra, 2019) is $x \tanh(\mathrm{softplus}(x))$. All of them are $x$
times a gate between 0 and 1 that opens as $x$ grows. They differ by little.

### Hard variants, for telephones

On a telephone, say the authors of MobileNetV3 (Andrew Howard and others, 2019), a sigmoid is
expensive. They replaced the S-curve by three straight pieces:

$$\mathrm{hardsigmoid}(x) = \frac{\mathrm{ReLU6}(x + 3)}{6}, \qquad
\mathrm{hardswish}(x) = x \cdot \mathrm{hardsigmoid}(x), \qquad
\mathrm{ReLU6}(x) = \min(\max(0, x), 6).$$
"""

# %%
pairs = {"hardsigmoid": (F.hardsigmoid, torch.sigmoid), "hardswish": (F.hardswish, F.silu)}
x = torch.linspace(-8, 8, 160_001, dtype=torch.float64)
{
    name: f"at most {(hard(x) - soft(x)).abs().max():.3f} from {soft.__name__}"
    for name, (hard, soft) in pairs.items()
}

# %% [markdown]
"""
## 5 · Signals in smooth networks

Do the smooth ones keep their scale? None satisfies $\varphi(c\,h) = c\,\varphi(h)$, so the gain
that is right for one variance is wrong for another. Find a gain for GELU at which 30 layers neither
fade nor grow. Then press *New weights*, and change the depth to 100.
"""

# %%
from course.widgets import signal_lab

signal_lab(F.gelu, F.silu, F.mish, F.softplus, F.relu, depth=30, gain=1.5, title="Smooth signals")

# %% [markdown]
"""
You will find that it is a knife's edge. A little below, the signal shrinks to where GELU is nearly
$x/2$, and dies; a little above, it grows to where GELU is nearly ReLU, and explodes. In the picture
of the last lesson: a crossing that *repels*. Transformers do not rely on the gain. They have
normalisation layers, which set the scale anew in every block.
"""

# %% [markdown]
"""
## 6 · Gated units: let another opinion decide

$x\,\Phi(x)$ and $x\,\sigma(x)$ are gates that a number opens for itself. Why should the same number
be the message *and* the doorkeeper? A **gated linear unit** (Yann Dauphin and others, 2016)
computes both from the input, with weights of their own:

$$\mathrm{GLU}(x) = \sigma(x W) \otimes x V,$$

where $x$ is a row of $d$ numbers, $W$ and $V$ have the shape $d \times h$, and $\otimes$ multiplies
entry by entry. $\sigma(x W)$ is the **gate**, $x V$ the **message**. Look at the slope along the
message: it is the gate's value, with **no** $\sigma'$ in it. An open gate passes the gradient
whole.

Noam Shazeer (2020) put other activations at the gate. $W_2$ brings $h$ numbers back to $d$:

| name | feed-forward layer |
|---|---|
| as in the first transformers | $\mathrm{ReLU}(x W)\,W_2$ |
| GLU | $(\sigma(x W) \otimes x V)\,W_2$ |
| ReGLU | $(\mathrm{ReLU}(x W) \otimes x V)\,W_2$ |
| GEGLU | $(\mathrm{GELU}(x W) \otimes x V)\,W_2$ |
| SwiGLU | $(\mathrm{SiLU}(x W) \otimes x V)\,W_2$ |

LLaMA's code calls the three maps `w1` (our $W$), `w3` (our $V$) and `w2`.

Two gated units can do what no sum of ReLUs or GELUs of linear maps does: **multiply** two features
$a$ and $b$. For $\varphi(a)\,b + \varphi(-a)\,(-b) = a\,b$ whenever
$\varphi(a) - \varphi(-a) = a$, as ReLU, GELU and SiLU have it (question 3 below). Without gates, a
sum of them grows only as fast as its input; a product grows with the square.
"""


# %%
class FeedForward(torch.nn.Module):
    """d → h → d; if gated, one more map to h, and φ of the first gates the second."""

    def __init__(self, d, h, activation, gated):
        super().__init__()
        self.up = torch.nn.Linear(d, 2 * h if gated else h, bias=False)
        self.down = torch.nn.Linear(h, d, bias=False)
        self.activation, self.gated = activation, gated

    def forward(self, x):
        x = self.up(x)  # (…, 2h) or (…, h)
        if not self.gated:
            return self.down(self.activation(x))
        gate, message = x.chunk(2, dim=-1)
        return self.down(self.activation(gate) * message)


# %% [markdown]
"""
**A trap.** PyTorch has a function `glu`. Which half does it put through the sigmoid?
"""

# %%
F.glu(torch.tensor([10.0, 0.0]), dim=0), F.glu(torch.tensor([0.0, 10.0]), dim=0)

# %% [markdown]
"""
$10 \cdot \sigma(0) = 5$, and $0 \cdot \sigma(10) = 0$: the gate is the **second** half. In
Shazeer's paper (and in our class above) the activation is on the first. Weights that are loaded the
wrong way round raise no error. They only give nonsense.
"""

# %% [markdown]
"""
## 7 · The 2/3 rule

A gated layer has three matrices where the other has two. To compare fairly, make it narrower. The
usual layer has $h = 4d$:

1. Two matrices: $d \cdot 4d + 4d \cdot d = 8 d^2$ parameters.
2. Three matrices of width $h$: $3\,d\,h$.
3. Equal if $3\,d\,h = 8\,d^2$, so $h = \tfrac83 d = \tfrac23 \cdot 4d$.

And the work? Each weight takes part in one multiplication and one addition for each token: **2
FLOPs a parameter**, in either. So equal parameters mean equal FLOPs, but for the few of the
activation and of $\otimes$. PyTorch counts matrix products:
"""

# %%
from torch.utils.flop_counter import FlopCounterMode

d, tokens = 48, 100
plain, gated = FeedForward(d, 4 * d, F.relu, False), FeedForward(d, 8 * d // 3, F.silu, True)
for layer in (plain, gated):
    with FlopCounterMode(display=False) as counter:
        layer(torch.zeros(tokens, d))
    parameters = sum(one.numel() for one in layer.parameters())
    print(parameters, "parameters,", counter.get_total_flops() / tokens, "FLOPs a token")

# %% [markdown]
"""
If 3 does not divide $8d$, you have to round; and hardware likes round numbers. The code of LLaMA
takes $\tfrac23 \cdot 4d$, cuts the fraction off, and goes up to a multiple of 256. For $d = 4096$:
"""

# %%
h = 2 * 4 * 4096 // 3
h, 256 * math.ceil(h / 256)

# %% [markdown]
"""
### Checked in a small transformer block

Attention, then a feed-forward layer, each behind a normalisation and beside a shortcut. The task is
made up: two tokens $a$ and $b$ come in, and the block should say $(a\,b + a) \bmod 31$.
"""


# %%
class Block(torch.nn.Module):
    def __init__(self, feed_forward, d=48, symbols=31):
        super().__init__()
        self.embed = torch.nn.Embedding(symbols, d)
        self.place = torch.nn.Parameter(0.02 * torch.randn(2, d))
        self.attend = torch.nn.MultiheadAttention(d, 2, batch_first=True, bias=False)
        self.norms = torch.nn.ModuleList(torch.nn.LayerNorm(d) for _ in range(3))
        self.feed_forward, self.out = feed_forward, torch.nn.Linear(d, symbols, bias=False)

    def forward(self, tokens):  # (B, 2)
        x = self.embed(tokens) + self.place  # (B, 2, d)
        y = self.norms[0](x)
        x = x + self.attend(y, y, y, need_weights=False)[0]
        x = x + self.feed_forward(self.norms[1](x))
        return self.out(self.norms[2](x[:, -1]))  # (B, symbols)


# %%
pair = torch.cartesian_prod(torch.arange(31), torch.arange(31))  # (961, 2)
wanted = (pair[:, 0] * pair[:, 1] + pair[:, 0]) % 31


def losses(activation, gated, seed, steps=150):
    torch.manual_seed(seed)
    block = Block(FeedForward(48, 8 * 48 // 3 if gated else 4 * 48, activation, gated))
    optimiser = torch.optim.AdamW(block.parameters(), lr=3e-3)
    for _ in range(steps):
        batch = torch.randint(len(pair), (256,))
        loss = F.cross_entropy(block(pair[batch]), wanted[batch])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        yield loss.item()


# %%
from course.widgets import line

kinds = {"ReLU": (F.relu, False), "GELU": (F.gelu, False)}
kinds |= {"GEGLU": (F.gelu, True), "SwiGLU": (F.silu, True)}
runs = {name: [list(losses(*kind, seed)) for seed in (0, 1)] for name, kind in kinds.items()}
drawn = [line(range(150), two, label=name) for name, two in runs.items()]
plot(panel(*drawn, x="step", y="loss", log="y"), title="Equal parameters, two seeds each")

# %% [markdown]
"""
At equal parameters and equal work, the gated blocks learn this task much faster. But be fair: the
task *is* a product, and gating multiplies. What if it is a sum? **Predict**, then let `wanted` be
`(pair[:, 0] + 3 * pair[:, 1]) % 31`, and run the last two cells again.

<details><summary><b>What I found</b></summary>

The gated blocks lead again, and by about as much: after 150 steps their loss is below 0.6, that of
the others above 1.5. So the product in the task was not the reason, or not the only one. A sum
modulo 31 turns on a circle; and a transformer that had learned such sums was found to compute with
$\cos(a + b) = \cos a \cos b - \sin a \sin b$ (Neel Nanda and others, 2023): products again.

</details>

In language models the gain is smaller. In Shazeer's experiments with a T5 model GEGLU and SwiGLU
had the lowest perplexity (the loss, exponentiated) among the variants. Why? His paper offers no
explanation, and attributes the success to "divine benevolence". PaLM (2022) and LLaMA (2023) use
SwiGLU: at equal size it costs next to nothing, and it helps a little.
"""

# %% [markdown]
"""
## 8 · What each one costs

A million numbers, forward and back, the best of nine runs, on one core of the machine in front of
you. **Guess** first: by what factor is Mish slower than ReLU? And which form of GELU is faster?
"""


# %%
from time import perf_counter

million = torch.randn(1_000_000, requires_grad=True)
ones = torch.ones_like(million)  # the gradient that comes from behind


def milliseconds(fn):
    forward, backward = [], []
    for _ in range(9):
        start = perf_counter()
        y = fn(million)
        middle = perf_counter()
        torch.autograd.grad(y, million, ones)
        forward.append(1000 * (middle - start))
        backward.append(1000 * (perf_counter() - middle))
    return min(forward), min(backward)


# %%
from course.widgets import columns


def gelu_tanh(x):
    return F.gelu(x, approximate="tanh")


timed = [F.relu, F.leaky_relu, F.elu, F.selu, F.hardswish, torch.sigmoid, torch.tanh]
timed += [F.softplus, F.silu, F.gelu, gelu_tanh, F.mish]
times = {fn.__name__: milliseconds(fn) for fn in timed}
heights = list(zip(*times.values(), strict=True))
plot(columns(list(times), heights, names=["forward", "backward"]), y="ms", height=320)

# %% [markdown]
"""
Your numbers will differ from mine, and from run to run. On my machine half of them cost about the
same, exponential or not: ReLU, hardswish, sigmoid, tanh, SiLU. ELU, SELU and softplus take three
times as long forward, Mish ten times. And the tanh form of GELU, meant to be cheap, is *slower*
than the exact one. So the formula alone does not tell; how the code was written counts as much.

Time is not all. For the way back autograd **keeps** tensors. ReLU, sigmoid and tanh need only their
output, which the next layer keeps anyway. SiLU and GELU keep their input, and whoever writes
$x\,\sigma(x)$ by hand keeps more:
"""


# %%
def kept(fn):
    """How many bytes autograd keeps for a million float32 numbers."""
    sizes = {}

    def pack(tensor):
        sizes[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage().nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        fn(million)
    return f"{sum(sizes.values()) / 1e6:.0f} MB"


by_hand = [F.relu, F.silu, F.gelu, lambda x: x * torch.sigmoid(x)]
dict(zip(["relu", "silu", "gelu", "x * sigmoid(x)"], map(kept, by_hand), strict=True))

# %% [markdown]
"""
Beside the matrix products this is little arithmetic: in a gated layer each of the $h$ numbers
costs $6d$ FLOPs there (three matrices, $d$ weights each, two FLOPs a weight), with $d = 4096$ some
25,000, and a handful in the activation. So large models choose for quality; on a telephone, or
where moving numbers costs more than computing with them, choose for cost.
"""

# %% [markdown]
"""
### Check yourself

**1.** Your test compares with a reference within $10^{-4}$, and fails by $4.7 \cdot 10^{-4}$ at
$x \approx 2.7$. What happened?

<details><summary>Answer</summary>

One of the two uses the tanh form of GELU. That is the largest distance between the forms, and
$\pm 2.699$ is where it lies.

</details>

**2.** A SwiGLU layer has $d = 512$ and $h = 1365$. How many parameters more or fewer than
$8d^2$?

<details><summary>Answer</summary>

$3 \cdot 512 \cdot 1365 = 2{,}096{,}640$ against $8 \cdot 512^2 = 2{,}097{,}152$: 512 fewer, because
$\tfrac83 \cdot 512 = 1365\tfrac13$ was rounded down.

</details>

**3.** $\mathrm{GELU}(x) - \mathrm{GELU}(-x) = x$. Why? Which of the others have this property?

<details><summary>Answer</summary>

$x\,\Phi(x) + x\,\Phi(-x) = x\,(\Phi(x) + \Phi(-x)) = x$, because the normal distribution is
symmetric. It holds for $x$ times any gate with $g(x) + g(-x) = 1$: SiLU, hardswish, ReLU. Not for
Mish. (And softplus? $\log(1+e^x) - \log(1+e^{-x}) = x$: it does.)

</details>

**4.** Can a gated unit *without* activation, $(x W \otimes x V)\,W_2$, learn anything that a linear
layer cannot?

<details><summary>Answer</summary>

Yes: products of two entries of $x$. It is the *bilinear* variant of Shazeer's paper. XOR of two
signs, for example, is their product.

</details>
"""

# %% [markdown]
"""
## What we have

| function | what it mended | what it costs, what is left |
|---|---|---|
| softplus | no kink | always positive, slow in the middle |
| GELU, SiLU, Mish | a soft gate | an exponential or `erf`; two forms of one name |
| hard variants | no exponential | kinks again |
| GLU, GEGLU, SwiGLU | the gate is an opinion of its own | a third matrix: take 2/3 of the width |

From the threshold of 1943 to SwiGLU each step had a reason, and most reasons were **gradients**:
whether there is one, whether it survives depth, whether a unit can die, who decides what passes.

## Now you

The exercises [Smooth and gated](../../exercises/03_activations/smooth_and_gated.ipynb) ask for
`gelu`, `gelu_tanh`, and a `SwiGLU` with no more parameters than the layer that it replaces.

## Read next

- C. Dugas and others, *Incorporating second-order functional knowledge for better option pricing*,
  NIPS 2000 (softplus).
- D. Hendrycks, K. Gimpel, *Gaussian error linear units*, 2016, arXiv:1606.08415.
- S. Elfwing, E. Uchibe, K. Doya, *Sigmoid-weighted linear units for neural network function
  approximation in reinforcement learning*, 2017, arXiv:1702.03118. P. Ramachandran, B. Zoph, Q. Le,
  *Searching for activation functions*, 2017, arXiv:1710.05941.
- D. Misra, *Mish: a self regularized non-monotonic activation function*, 2019, arXiv:1908.08681.
  A. Howard and others, *Searching for MobileNetV3*, 2019, arXiv:1905.02244.
- Y. Dauphin and others, *Language modeling with gated convolutional networks*, 2016,
  arXiv:1612.08083. N. Shazeer, *GLU variants improve transformer*, 2020, arXiv:2002.05202.
- A. Chowdhery and others, *PaLM*, 2022, arXiv:2204.02311. H. Touvron and others, *LLaMA: open and
  efficient foundation language models*, 2023, arXiv:2302.13971.
- N. Nanda and others, *Progress measures for grokking via mechanistic interpretability*, 2023,
  arXiv:2301.05217.
"""
