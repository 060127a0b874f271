# %% [markdown]
"""
# From threshold to ReLU

**After this lesson you can**

- teach a single neuron with the perceptron rule, and prove when it must succeed,
- say what no single neuron can do, and why a step function cannot learn more than one layer,
- derive the slopes of sigmoid and tanh, and see them make gradients vanish in deep networks,
- explain what ReLU changed, and what it left open.

**You need** derivatives, the chain rule, dot products. A little PyTorch helps.

**Time** 40 minutes. Run each cell with **Shift + Enter**, from the top.
"""

# %%
import torch
from torch.nn import functional as F

from course.widgets import activation_explorer

torch.set_num_threads(1)  # small networks run fastest on one


def threshold(x):
    return 1.0 if x > 0 else 0.0


activation_explorer(threshold, torch.sigmoid, torch.tanh, F.relu, title="Four answers")

# %% [markdown]
"""
## 1 · What should a neuron say?

A neuron gets numbers, weighs them, adds them up. Call the sum $h$. An **activation function**
$\varphi$ turns it into what the neuron says, $\varphi(h)$. The picture shows four of them, in
the order in which they came, and their derivatives. Drag the input along the axis; a click
on a name hides a curve.

Each one was an answer to something that the one before could not do. In this lesson you will break
them, one after the other, and see what mended it.
"""

# %% [markdown]
"""
### 1943: all or nothing

Warren McCulloch and Walter Pitts asked what a net of nerve cells could compute if each cell either
fires or does not. Theirs fires when a fixed number of its excited inputs is reached, and an
inhibitory input vetoes. In today's form, with weights $w_i$ and a threshold $\theta$:

> the neuron says 1 if $\sum_i w_i x_i > \theta$, else 0.

"Exceeds" is strict here: at $\theta$ itself the answer is 0. That is a convention, so a careful
reader asks: `torch.heaviside`, for example, wants to be told what to say at 0.
"""


# %%
def fires(inputs, weights, threshold):
    total = sum(w * x for w, x in zip(weights, inputs, strict=True))
    return 1 if total > threshold else 0


pairs = [(0, 0), (0, 1), (1, 0), (1, 1)]
{
    "and": [fires(pair, (1, 1), 1.5) for pair in pairs],
    "or": [fires(pair, (1, 1), 0.5) for pair in pairs],
    "not": [fires((x,), (-1,), -0.5) for x in (0, 1)],
}

# %% [markdown]
"""
*And*, *or*, *not*: with these, a net can compute any truth table. But somebody had to choose the
weights. In the 1943 paper the structure of the net does not change with time: **their neuron does
not learn.**
"""

# %% [markdown]
"""
## 2 · 1957: a rule that learns

Frank Rosenblatt's *perceptron* (a report in 1957, the famous paper in 1958) finds the weights from
examples. Put the threshold on the other side, $w_0 = -\theta$, and give every input a constant
first entry: $x = (1, x_1, x_2)$. Then the neuron says *yes* if $w \cdot x > 0$. Let the label be
$y = +1$ for yes and $y = -1$ for no. The rule, in today's form:

> Look at one example. If it is on the wrong side, $y\,(w \cdot x) \le 0$, add $y\,x$ to $w$.
> Else change nothing.

(A point exactly on the line counts as wrong here, whatever its label: it is not *clearly* right.)
"""


# %%
def learn(w, x, y):
    """The weights after one example."""
    score = sum(wi * xi for wi, xi in zip(w, x, strict=True))
    if y * score > 0:
        return w
    return [wi + y * xi for wi, xi in zip(w, x, strict=True)]


learn([0, 0, 0], [1, 2, 6], +1)

# %% [markdown]
"""
**Play.** *Next mistake* shows the points by turns until one is on the wrong side; then the line
moves. Does it ever get *worse* before it gets better? Press until all are right. Then drag the
points (or focus one and use the arrow keys), and go on. Can you place them so that it never ends?
"""

# %%
from course.widgets import perceptron_board

yes, no = [(2, 6), (4, 7), (6, 8), (1, 4)], [(3, 2), (6, 3), (8, 5), (5, 1)]
perceptron_board(learn, yes=yes, no=no)

# %% [markdown]
"""
Why does adding $y\,x$ help? The score of this example was $w \cdot x$. After the change it is

$$(w + y\,x) \cdot x = w \cdot x + y\,|x|^2 .$$

It moves by $|x|^2 > 0$ in the direction of its label. Other examples may suffer. So it is not
clear that the mistakes ever stop.
"""

# %% [markdown]
"""
## 3 · Why it ends

Suppose that *some* line separates the classes. Write it as a vector $u$ of length 1 with
$y\,(u \cdot x) \ge \gamma > 0$ for every example: $\gamma$ is the **margin**. Let $R$ be the
length of the longest $x$.

**Claim** (Novikoff, 1962). From $w = 0$, the rule changes the weights at most $(R/\gamma)^2$
times.

**Proof.** Let $w_k$ be the weights after $k$ changes.

1. *The weights turn towards $u$.* Each change adds $y\,(u \cdot x) \ge \gamma$ to $u \cdot w$.
   So $u \cdot w_k \ge k\gamma$.
2. *They do not grow fast.* A change happens only if $y\,(w \cdot x) \le 0$. So
   $|w + y\,x|^2 = |w|^2 + 2y\,(w \cdot x) + |x|^2 \le |w|^2 + R^2$, and $|w_k|^2 \le kR^2$.
3. *Both together.* A dot product with a unit vector is at most the length:
   $k\gamma \le u \cdot w_k \le |w_k| \le \sqrt k\,R$. Hence $\sqrt k \le R/\gamma$. ∎

Nobody needs to *know* $u$. It only has to exist.
"""

# %% [markdown]
"""
Trust, but check. Two rows of points lie along the diagonal, at distance *gap* above and below it.
The direction $u = (0, -1, 1)/\sqrt 2$ separates them with $\gamma = \mathrm{gap}/\sqrt 2$. How
many changes does the rule need, and how many does the claim allow? Each row: the gap, the changes
needed, the changes allowed.
"""


# %%
from course.widgets.perceptron import changes_until_done, examples


def changes_and_bound(gap):
    above, below = [(t, t + gap) for t in range(8)], [(t, t - gap) for t in range(8)]
    both = examples(yes=above, no=below)  # pairs (x, y), with the constant 1 in front of x
    longest = max(sum(value**2 for value in x) for x, _ in both)  # R²
    return gap, changes_until_done(learn, both), round(longest / (gap**2 / 2))


[changes_and_bound(gap) for gap in (4, 2, 1, 0.5, 0.25)]

# %% [markdown]
"""
Half the gap allows nearly four times as many changes: $\gamma^2$ is a quarter, and $R^2$ a little
less. The rule stays below what is allowed, often far below: the proof covers the worst case.
"""

# %% [markdown]
"""
## 4 · What broke: XOR

*Exclusive or* (XOR) says yes if exactly one of its two inputs does. Here it is as four points.
Press *Ten passes* as often as you like:
"""

# %%
perceptron_board(learn, yes=[(2, 6), (6, 2)], no=[(2, 2), (6, 6)], steps=4)

# %% [markdown]
"""
**Claim.** No weights can do it. **Proof.** With inputs 0 and 1 we would need

$$w_0 \le 0, \qquad w_0 + w_1 > 0, \qquad w_0 + w_2 > 0, \qquad w_0 + w_1 + w_2 \le 0 .$$

Add the two in the middle: $2w_0 + w_1 + w_2 > 0$. Add the two outside: $2w_0 + w_1 + w_2 \le 0$.
Both cannot be. ∎

Marvin Minsky and Seymour Papert's book *Perceptrons* (1969) is about such limits of a single layer.
Two layers do not have this one: *exactly one* is *at least one, and not both*.
"""


# %%
def exclusive_or(pair):
    at_least_one = fires(pair, (1, 1), 0.5)
    both = fires(pair, (1, 1), 1.5)
    return fires((at_least_one, both), (1, -1), 0.5)


[exclusive_or(pair) for pair in pairs]

# %% [markdown]
"""
### Who finds the weights of the first layer?

Again they were chosen by hand. The perceptron rule does not help: it needs to know what each neuron
*should* have said, and for a neuron in the middle nobody knows.

Gradient descent needs no such thing. It needs a **loss**: one number that says how wrong all the
answers are together. It asks how the loss would change if a weight changed a little,
$\partial\,\text{loss} / \partial w$, and moves $w$ against that. Will it work with the
threshold? Say what you expect. Sixty steps are done below; **▶** goes on. Then change *activation*
to `sigmoid`, and press **▶** again.
"""

# %%
from course.widgets import classifier_playground

classifier_playground(
    threshold, torch.sigmoid, data="XOR", layers=1, units=4, rate=2.0, steps=60, title="XOR"
)

# %% [markdown]
"""
<details><summary><b>What happens, and why</b></summary>

With the threshold all four hidden units are *dead*: the chain rule multiplies every gradient that
reaches them by $\varphi'(h)$, and a step is flat on both sides. So the first layer keeps its
random weights; only the last layer learns. (That is what Rosenblatt's machine did, too: random
connections in front, learned ones behind.) In the panel of gradients everything sits at the left
end. With the sigmoid gradient descent reaches every weight, and after a hundred steps all four
corners are right.

</details>

**What broke:** no slope, no learning. We need a function that rises *smoothly* from no to yes.
"""

# %% [markdown]
"""
## 5 · Sigmoid and tanh

$$\sigma(x) = \frac{1}{1 + e^{-x}}$$

goes from 0 to 1 and has a slope everywhere. Its derivative, step by step:

1. Write $\sigma = (1 + e^{-x})^{-1}$. The chain rule gives
   $\sigma' = (1 + e^{-x})^{-2}\, e^{-x}$.
2. Split: $\sigma' = \dfrac{1}{1 + e^{-x}} \cdot \dfrac{e^{-x}}{1 + e^{-x}}$. The first factor
   is $\sigma$, the second is $1 - \sigma$.
3. So $\sigma' = \sigma\,(1 - \sigma)$.

The product of two numbers with sum 1 is largest when both are ½: **the slope is at most ¼**, at 0.
"""

# %% [markdown]
"""
The hyperbolic tangent is a sigmoid, stretched: $\tanh x = 2\,\sigma(2x) - 1$ (multiply
$\frac{e^x - e^{-x}}{e^x + e^{-x}}$ by $e^{-x}$, above and below, to see it). By the chain rule its
slope is $4\,\sigma'(2x) = 4\,\sigma(2x)\,(1 - \sigma(2x))$. Put in
$\sigma(2x) = \frac{1 + \tanh x}{2}$: it is $(1 + \tanh x)(1 - \tanh x) = 1 - \tanh^2 x$, **at most
1**. And tanh is centred: opposite inputs give opposite outputs, so inputs around 0 give outputs
around 0.

Do our formulas agree with PyTorch's automatic derivatives?
"""

# %%
x = torch.linspace(-6, 6, 7, dtype=torch.float64, requires_grad=True)
(slope_of_sigmoid,) = torch.autograd.grad(torch.sigmoid(x).sum(), x)
(slope_of_tanh,) = torch.autograd.grad(torch.tanh(x).sum(), x)
s, t = torch.sigmoid(x), torch.tanh(x)
{
    "sigmoid": torch.allclose(slope_of_sigmoid, s - s**2),
    "tanh": torch.allclose(slope_of_tanh, 1 - t**2),
    "stretched": torch.allclose(t, 2 * torch.sigmoid(2 * x) - 1),
}

# %% [markdown]
"""
### Saturation

Drag the input away from 0 and read the slopes below. How far out is the sigmoid's slope below
0.01? And that of tanh?
"""

# %%
activation_explorer(torch.sigmoid, torch.tanh, over=(-8, 8), at=5)

# %% [markdown]
"""
The sigmoid's slope is below 0.01 from 4.6 on, that of tanh already from 3.0 on. A neuron far out
on either side is **saturated**: it is sure, and it does not listen. If it is *wrong* and sure, it
learns slowly, just when it should learn most.
"""

# %% [markdown]
"""
## 6 · What broke: depth

One layer of sigmoids learned XOR. If one is good, are six better? Press **▶** and watch the loss
and the gradients of layer 1 (the lowest row). Then try `tanh`; then one hidden layer.
"""

# %%
six = {"data": "circles", "layers": 6, "gain": 1.0, "title": "Six layers"}
classifier_playground(torch.sigmoid, torch.tanh, F.relu, **six, steps=100)

# %% [markdown]
"""
One layer learns these circles, slowly: give it a thousand steps and more. Six layers stay where
they are. Why? Follow one path through the network, one neuron a layer:
$h_{l+1} = w_l\,\varphi(h_l)$. By the chain rule, what $h_1$ does to $h_{L+1}$ is a product with one
factor a layer:

$$\frac{\partial h_{L+1}}{\partial h_1} = \prod_{l=1}^{L} w_l\,\varphi'(h_l).$$

For the sigmoid each factor is at most $|w_l|/4$. With weights around 1:
"""

# %%
{f"{layers} layers": 0.25**layers for layers in (1, 3, 6, 10, 30)}

# %% [markdown]
"""
That is the **vanishing gradient** (Sepp Hochreiter, 1991; Bengio, Simard and Frasconi, 1994, for
networks through time). Larger weights? They push $h$ out to where $\varphi'$ is smaller still.
There are many paths, so let us measure a whole network instead of one path.

The **signal lab** sends random inputs through random layers of 256 units, with weights
$w \sim N(0, \text{gain}^2/256)$, and a random gradient back. Below left: how large are the
activations, layer by layer? Below right: the gradients, from the last layer back to the first. The
dashed curve is theory; you will derive it in the next lesson.
"""

# %%
from course.widgets import signal_lab

signal_lab(torch.sigmoid, torch.tanh, F.relu, threshold, depth=10, title="Signal lab")

# %% [markdown]
"""
**Find out**, with the sliders:

1. Sigmoid at gain 1: by what factor does the gradient's mean square shrink in one layer? In 100?
2. Sigmoid: is there a gain at which the gradient survives 30 layers?
3. Tanh at gain 1, then at 2: what happens forward? what backward?

<details><summary><b>What I found</b></summary>

1. By about 18 a layer (at gain 1 it is at least 16, because $\sigma'^2 \le 1/16$). Ten layers:
   more than twelve powers of ten. A hundred: 125. A float32 has no such numbers, so in the first
   layers the gradient is not small; it is 0.
2. Not on this slider. At gain 3 the first layer still gets less than $10^{-17}$: what the gain
   wins, saturation takes. (Theory finds one far outside, near 12. Then nearly every unit is
   saturated, and the few in between have huge weights.)
3. At gain 1 both fade slowly, to a few hundredths over 30 layers. At gain 2 the activations pile up
   near ±1, and the gradients *grow* on their way back, more than a thousand times.

</details>
"""

# %% [markdown]
"""
## 7 · ReLU

What do we want? A function that is not linear, cheap, and whose slope does not fade. The plainest
such thing keeps positive numbers and drops the others:

$$\mathrm{ReLU}(x) = \max(0, x), \qquad \text{slope } 1 \text{ for } x > 0 \text{ and } 0
\text{ for } x < 0.$$

Along a path of active neurons the product above has **no factor from the activation at all**: only
the weights remain. Kunihiko Fukushima used the rectifier in a model of vision in 1969. Vinod Nair
and Geoffrey Hinton took it up for deep learning in 2010; Xavier Glorot, Antoine Bordes and Yoshua
Bengio (2011) trained deep networks with it from random weights.

At 0 there is no derivative. A library must still answer something there:
"""

# %%
at_zero = torch.zeros(1, requires_grad=True)
F.relu(at_zero).backward()
at_zero.grad

# %% [markdown]
"""
PyTorch takes 0, one of the values between the slopes on both sides (a *subgradient*). It matters
little: a sum of random numbers is hardly ever exactly 0.

In *Six layers* and the *Signal lab* above choose `relu`: six layers of it learn within two hundred
steps. Or compare all three here, on harder data. Which is fastest? What do its activations look
like?
"""

# %%
three = {"data": "spirals", "layers": 3, "units": 16}
classifier_playground(F.relu, torch.tanh, torch.sigmoid, **three, steps=150, title="Spirals")

# %% [markdown]
"""
Look at the border between the classes: made of straight pieces. A network of ReLUs is linear
wherever no neuron changes between on and off.

How many neurons are on? For a random sum, half of them, and the others say exactly 0:
"""

# %%
sums = torch.randn(100_000, generator=torch.Generator().manual_seed(0))
(F.relu(sums) > 0).double().mean().item()

# %% [markdown]
"""
## 8 · What will break next

Go back to the signal lab: `relu`, gain 1, 30 layers. Forward **and** backward the mean square falls
by half in every layer, although every active slope is 1. Then find the gain at which it neither
fades nor grows; keep it for the next lesson, where you derive it.

And in the playground below, the rate is ten times higher. How many units are dead? The number
stands under the left panel:
"""

# %%
classifier_playground(F.relu, **three, rate=3.2, steps=150, title="Too fast")

# %% [markdown]
"""
Most units have died: they say 0 at every point, so their slope is 0 at every point, so no gradient
reaches them: **nothing moves their weights any more.** That, too, is for the next lesson.
"""

# %% [markdown]
"""
## 9 · Your turn

Write your own activation: with `if`, with `math`, or with torch. It needs a value for every number,
and some slope. Some ideas: $\sin x$; $x^2$; $|x|$; a staircase; a sigmoid that is steeper. First
say what depth will do to it. Then look.
"""


# %%
def mine(x):
    return abs(x)


activation_explorer(mine, F.relu, torch.tanh)

# %%
classifier_playground(mine, F.relu, **three, steps=60)

# %%
signal_lab(mine, F.relu, depth=30)

# %% [markdown]
"""
### Check yourself

**1.** Why does the proof in section 3 need that a change happens *only* on a mistake?

<details><summary>Answer</summary>

In step 2: $2y\,(w \cdot x) \le 0$ only then. If right examples changed the weights too, $|w|$
could grow as fast as $u \cdot w$, and nothing would follow.

</details>

**2.** Someone initialises every weight of a sigmoid network with 0. What does gradient descent do
to the hidden layer?

<details><summary>Answer</summary>

All hidden units get the same input, say the same thing, and get the same gradient: at first 0
(the weights behind them are 0), later equal ones. They stay copies of one another for ever. Random
weights are there to make them different.

</details>

**3.** $\sigma'(x) \le ¼$ and $\tanh'(x) \le 1$. Does tanh never let gradients vanish?

<details><summary>Answer</summary>

It does: the bound 1 is reached only at 0. Everywhere else the slope is less, and saturated neurons
have almost none. In the lab: tanh at gain 0.5.

</details>

**4.** A network of ReLUs without biases gets $2x$ instead of $x$. What does it answer?

<details><summary>Answer</summary>

Twice as much: $\max(0, 2h) = 2\max(0, h)$, layer by layer. (So without biases it cannot tell near
from far in a given direction.)

</details>
"""

# %% [markdown]
"""
## What we have

| function | what it mended | what broke |
|---|---|---|
| threshold, weights by hand | anything a truth table says | nobody finds the weights |
| threshold, perceptron rule | learns if a line separates | XOR; no slope, so no second layer |
| sigmoid | a slope everywhere: many layers can learn | slope ≤ ¼: gradients vanish with depth |
| tanh | centred, slope up to 1 | saturates |
| ReLU | slope 1 wherever it is on | needs the right start; units can die |

## Now you

The exercises [Thresholds and
saturation](../../exercises/03_activations/thresholds_and_saturation.ipynb) ask for your own
`perceptron_fit`, a `sigmoid` and a `softplus` that never overflow, and the
`activation_gradient_product` of a deep chain.

## Read next

- W. McCulloch, W. Pitts, *A logical calculus of the ideas immanent in nervous activity*, Bulletin
  of Mathematical Biophysics 5 (1943), 115–133.
- F. Rosenblatt, *The perceptron: a perceiving and recognizing automaton*, report 85-460-1, Cornell
  Aeronautical Laboratory (1957); and *The perceptron: a probabilistic model for information storage
  and organization in the brain*, Psychological Review 65 (1958), 386–408.
- A. Novikoff, *On convergence proofs on perceptrons*, Symposium on the Mathematical Theory of
  Automata (1962), 615–622. M. Minsky, S. Papert, *Perceptrons* (1969).
- S. Hochreiter, *Untersuchungen zu dynamischen neuronalen Netzen*, diploma thesis, TU München
  (1991). Y. Bengio, P. Simard, P. Frasconi, *Learning long-term dependencies with gradient descent
  is difficult*, IEEE Transactions on Neural Networks 5 (1994), 157–166.
- K. Fukushima, *Visual feature extraction by a multilayered network of analog threshold elements*,
  IEEE Transactions on Systems Science and Cybernetics 5 (1969), 322–333. V. Nair, G. Hinton,
  *Rectified linear units improve restricted Boltzmann machines*, ICML 2010. X. Glorot, A. Bordes,
  Y. Bengio, *Deep sparse rectifier neural networks*, AISTATS 2011.
"""
