# %% [markdown]
"""
# The backward pass

**After this lesson you can**

- derive the gradients of attention line by line,
- say why one number a row, $L_i$, is enough to run backwards without the stored matrix,
- run the gradients tile by tile, let `gradcheck` judge them, and count what recomputing costs.

**You need** *Attention without the matrix*; the chain rule.

**Time** 35 minutes.
"""

# %%
import math

import torch

from course.attention import causal_mask, plain_attention, plain_gradients
from course.memory import Machine, hbm_empty, hbm_full
from course.widgets import pictures

pictures.cells(
    {
        "plain keeps": ["Q", "K", "V", "P (N × N)", "O"],
        "flash keeps": ["Q", "K", "V", "L (N)", "O"],
    },
    marks={"plain keeps": {3: "wrong"}, "flash keeps": {3: "right"}},
)

# %% [markdown]
r"""
## 1 · The question

Training runs a network forwards, then backwards. Backwards, each layer gets $dO$, the gradient of
the loss with respect to its output: $dO_{id} = \partial\,\text{loss} / \partial O_{id}$. It must
give $dQ$, $dK$, $dV$.

For that, autograd keeps what the forward pass calculated. For attention by three steps it keeps
$P$, the $N \times N$ matrix of weights. But we went to some length never to have it! **Can we run
backwards without $P$?**

The forward pass, once more, with every index. Queries $i$, keys $j$ (and $k$, where a sum runs over
all keys beside a fixed $j$), coordinates $d$:

$$S_{ij} = \text{scale} \sum_d Q_{id} K_{jd}, \qquad
P_{ij} = \frac{e^{S_{ij}}}{\sum_k e^{S_{ik}}}, \qquad
O_{id} = \sum_j P_{ij} V_{jd} .$$
"""

# %% [markdown]
r"""
## 2 · Line by line

We go backwards through the three lines. A tool: if a quantity $x$ enters the loss only through
$y_1, y_2, \dots$, then $dx = \sum_n dy_n \, \partial y_n / \partial x$, where $dx$ is short for
$\partial\,\text{loss}/\partial x$.

**The values.** $V_{jd}$ enters every $O_{id}$, with the factor $P_{ij}$. So

$$dV_{jd} = \sum_i dO_{id}\, P_{ij} \qquad\Longleftrightarrow\qquad dV = P^\top dO .$$

**The weights.** $P_{ij}$ enters $O_{id}$ for every $d$, with the factor $V_{jd}$:

$$dP_{ij} = \sum_d dO_{id}\, V_{jd} \qquad\Longleftrightarrow\qquad dP = dO\, V^\top .$$
"""

# %% [markdown]
r"""
**The softmax.** $S_{ij}$ enters *all* weights of its row $i$, through the sum below the fraction.
First $\partial P_{ik} / \partial S_{ij}$. Write $P_{ik} = e^{S_{ik}} / Z_i$ with
$Z_i = \sum_n e^{S_{in}}$:

- $\partial Z_i / \partial S_{ij} = e^{S_{ij}}$;
- for $k \ne j$: $\;\partial P_{ik} / \partial S_{ij} = - e^{S_{ik}} e^{S_{ij}} / Z_i^2 = -P_{ik}
  P_{ij}$;
- for $k = j$ the numerator changes, too: $P_{ij} - P_{ij} P_{ij}$.

In the sum over $k$ the extra term appears once:

$$dS_{ij} = \sum_k dP_{ik}\, \frac{\partial P_{ik}}{\partial S_{ij}}
= dP_{ij} P_{ij} - \sum_k dP_{ik} P_{ik} P_{ij}
= P_{ij} \Big( dP_{ij} - \underbrace{\sum_k P_{ik}\, dP_{ik}}_{\Delta_i} \Big).$$

(The FlashAttention papers call this sum $D_i$; here $D$ is the length of a vector.)

**The scores.** $S = \text{scale} \cdot QK^\top$ is a product again, and by the same steps as above

$$dQ = \text{scale} \cdot dS\, K, \qquad dK = \text{scale} \cdot dS^\top Q .$$
"""

# %% [markdown]
"""
Six lines of code. We compare them with torch's autograd, in float64. (In code `T` is the number of
queries and `S` that of keys: they need not be equal.)
"""


# %%
def backward_with_matrix(Q, K, V, dO, scale):
    P = torch.softmax(scale * (Q @ K.mT), dim=-1)  # (T, S)
    dV = P.mT @ dO
    dP = dO @ V.mT
    delta = (P * dP).sum(dim=-1, keepdim=True)
    dS = P * (dP - delta)
    return scale * (dS @ K), scale * (dS.mT @ Q), dV


T, S, D, scale = 7, 9, 4, 0.5
random = torch.Generator().manual_seed(0)
Q, dO = torch.randn(2, T, D, generator=random, dtype=torch.float64).unbind(0)
K, V = torch.randn(2, S, D, generator=random, dtype=torch.float64).unbind(0)
ours = backward_with_matrix(Q, K, V, dO, scale)
autograd = plain_gradients(Q, K, V, dO, scale)
[float((one - other).abs().max()) for one, other in zip(ours, autograd, strict=True)]

# %% [markdown]
"""
**Predict.** Each row of $dS$ sums to ... what? Think of what happens to the softmax when the same
number is added to all logits of a row.
"""

# %%
P = torch.softmax(scale * (Q @ K.mT), dim=-1)
dP = dO @ V.mT
dS = P * (dP - (P * dP).sum(dim=-1, keepdim=True))
[f"{total:.1e}" for total in dS.sum(dim=1).tolist()]

# %% [markdown]
r"""
<details><summary>Why 0?</summary>

Adding the same number to a whole row changes no weight, so it cannot change the loss. The
derivative in that direction, $\sum_j dS_{ij}$, is 0. In formulas: $\sum_j P_{ij}\,dP_{ij} -
\Delta_i \sum_j P_{ij} = \Delta_i - \Delta_i$.

</details>
"""

# %% [markdown]
r"""
## 3 · Two obstacles, two answers

Now by tiles: one tile of $S$, $P$, $dP$, $dS$ at a time. Two things in our formulas belong to a
*whole row*.

**The weights.** $P_{ij} = e^{S_{ij}} / Z_i$ needs the sum over the row. But the forward pass has
seen the whole row, and kept $L_i = \ln Z_i$. So

$$P_{ij} = e^{S_{ij} - L_i} ,$$

for any single tile, in any order, with no running maximum. ($S_{ij} \le L_i$, so nothing
overflows.) One number a row is kept in place of $N$; the scores are **recomputed**.

**The correction** $\Delta_i = \sum_k P_{ik}\, dP_{ik}$ is a sum over the whole row, too. Put $dP$
in and exchange the sums:

$$\Delta_i = \sum_k P_{ik} \sum_d dO_{id} V_{kd} = \sum_d dO_{id} \sum_k P_{ik} V_{kd} = \sum_d
dO_{id}\, O_{id} .$$

That is the row sum of $dO \circ O$ (the product number by number): two vectors of length $D$ that
we have. No row of $P$ is needed.
"""

# %%
O, L = plain_attention(Q, K, V, scale)
by_weights = (P * dP).sum(dim=1)
by_output = (dO * O).sum(dim=1)
recomputed = torch.exp(scale * (Q @ K.mT) - L[:, None])
float((by_weights - by_output).abs().max()), float((recomputed - P).abs().max())

# %% [markdown]
r"""
## 4 · Tile by tile

Each gradient is a sum, and each tile gives a part of it:

| | sums over | a tile gives |
|---|---|---|
| $dV_j$ | queries $i$ | $P_{ij}^\top\, dO_i$ |
| $dK_j$ | queries $i$ | $\text{scale} \cdot dS_{ij}^\top\, Q_i$ |
| $dQ_i$ | keys $j$ | $\text{scale} \cdot dS_{ij}\, K_j$ |

With the keys outside, $dK_j$ and $dV_j$ stay on the chip while all queries pass. $dQ_i$ cannot: it
gets its parts from different $j$, and is brought up to date in HBM. (On a GPU many thread blocks do
that at once, by *atomic* additions, which cannot overwrite one another; or a second kernel with the
queries outside makes $dQ$.)
"""


# %%
def tile_gradients(Qi, Kj, Vj, dOi, Oi, Li, scale, mask=None):
    s = scale * (Qi @ Kj.mT)  # (rows, columns), recomputed
    if mask is not None:
        s = s.masked_fill(~mask, -math.inf)
    p = torch.exp(s - Li.masked_fill(Li == -math.inf, 0.0)[:, None])
    delta = (dOi * Oi).sum(dim=1, keepdim=True)
    ds = p * (dOi @ Vj.mT - delta)
    return scale * (ds @ Kj), scale * (ds.mT @ Qi), p.mT @ dOi


def blocks(count, size):
    return [slice(start, min(start + size, count)) for start in range(0, count, size)]


# %%
def flash_backward(Q, K, V, O, L, dO, scale, size=16, mask=None):
    dQ = hbm_full(Q.shape, 0.0, dtype=Q.dtype)
    dK, dV = hbm_empty(*K.shape, dtype=Q.dtype), hbm_empty(*V.shape, dtype=Q.dtype)
    for j in blocks(len(K), size):
        dKj, dVj = torch.zeros_like(K[j]), torch.zeros_like(V[j])
        for i in blocks(len(Q), size):
            part = mask[i, j] if mask is not None else None
            q, k, v = tile_gradients(Q[i], K[j], V[j], dO[i], O[i], L[i], scale, part)
            dQ[i] += q
            dKj += k
            dVj += v
        dK[j], dV[j] = dKj, dVj
    return dQ, dK, dV


tiled = flash_backward(Q, K, V, O, L, dO, scale, size=3)
[float((one - other).abs().max()) for one, other in zip(tiled, autograd, strict=True)]

# %% [markdown]
r"""
Which rows need care? A masked pair has $s = -\infty$, so $p = 0$, and nothing flows through it. A
query that may look nowhere has $L = -\infty$; there $-\infty - (-\infty)$ would be NaN, and *one*
NaN in $p$ would spread through $p^\top dO$ into every row of $dV$.
"""

# %%
mask = causal_mask(9, 7)  # more queries than keys: the first two queries see nothing
Q9, dO9 = torch.randn(2, 9, D, generator=random, dtype=torch.float64).unbind(0)
O9, L9 = plain_attention(Q9, K[:7], V[:7], scale, mask)
ours = flash_backward(Q9, K[:7], V[:7], O9, L9, dO9, scale, 4, mask)
theirs = plain_gradients(Q9, K[:7], V[:7], dO9, scale, mask)
print("L of the first queries:", L9[:3].tolist())
[float((one - other).abs().max()) for one, other in zip(ours, theirs, strict=True)]

# %% [markdown]
"""
## 5 · An independent judge

`gradcheck` knows nothing of our formulas. It moves each number of the inputs by $\pm 10^{-6}$,
looks how the output changes, and compares. For that the two passes become one `autograd.Function`.
"""


# %%
class Flash(torch.autograd.Function):
    @staticmethod
    def forward(ctx, Q, K, V, scale):
        O, L = plain_attention(Q, K, V, scale)
        ctx.save_for_backward(Q, K, V, O, L)  # no matrix
        ctx.scale = scale
        return O

    @staticmethod
    def backward(ctx, dO):
        dQ, dK, dV = flash_backward(*ctx.saved_tensors, dO, ctx.scale, size=3)
        return dQ, dK, dV, None


inputs = [x.clone().requires_grad_() for x in (Q, K, V)]
torch.autograd.gradcheck(Flash.apply, (*inputs, scale))

# %% [markdown]
r"""
**Would it notice?** Leave $\Delta$ out, as a test of the test:
"""


# %%
def without_delta(Q, K, V, O, L, dO, scale, size=3):
    p = torch.exp(scale * (Q @ K.mT) - L[:, None])
    ds = p * (dO @ V.mT)
    return scale * (ds @ K), scale * (ds.mT @ Q), p.mT @ dO


class Wrong(Flash):
    @staticmethod
    def backward(ctx, dO):
        return *without_delta(*ctx.saved_tensors, dO, ctx.scale), None


torch.autograd.gradcheck(Wrong.apply, (*inputs, scale), raise_exception=False)

# %% [markdown]
r"""
## 6 · What does recomputing cost?

Count products of matrices. Each is $2N^2D$ operations.

| | forward | backward with $P$ stored | backward by tiles |
|---|---|---|---|
| products | $QK^\top$, $PV$ | $dV$, $dP$, $dQ$, $dK$ | the same four, and $QK^\top$ **again** |
| operations | $4N^2D$ | $8N^2D$ | $10N^2D$ |

A quarter more arithmetic in the backward pass. (With two kernels, one for $dQ$ and one for $dK$,
$dV$, the scores and $dP$ are computed twice: 7 products.) And what does it save? Let the machine
count operations and bytes, with the matrix in HBM between the steps, and without it:
"""


# %%
def stored_backward(Q, K, V, O, P, dO, scale, size=16):
    dP, dS = hbm_empty(*P.shape), hbm_empty(*P.shape)
    dQ, dK, dV = (hbm_empty(*x.shape) for x in (Q, K, V))
    rows = blocks(len(Q), size)
    for i in rows:
        dP[i] = dO[i] @ V.mT
    for i in rows:
        dS[i] = P[i] * (dP[i] - (dO[i] * O[i]).sum(dim=1, keepdim=True))
    for i in rows:
        dQ[i] = scale * (dS[i] @ K)
    for j in blocks(len(K), size):
        dK[j], dV[j] = scale * (dS[:, j].mT @ Q), P[:, j].mT @ dO
    return dQ, dK, dV


# %%
def both(n, size):
    q, k, v, d = torch.randn(4, n, 16, generator=random).unbind(0)
    out, lse = plain_attention(q, k, v, 0.25)
    p = torch.softmax(0.25 * (q @ k.mT), dim=-1)
    with_matrix, by_tiles = Machine(), Machine(sram=40 * 1024)
    with_matrix.run(stored_backward, q, k, v, out, p, d, 0.25, size)
    by_tiles.run(flash_backward, q, k, v, out, lse, d, 0.25, size)
    return with_matrix, by_tiles


for n in (64, 128):
    stored, tiles = both(n, 32)
    print(f"N = {n}: in units of N²D, {stored.flops / n**2 / 16:g} operations", end="")
    print(f" with the matrix, {tiles.flops / n**2 / 16:g} by tiles")
    print(f"  bytes moved {stored.traffic:7,} and {tiles.traffic:7,}", end="; ")
    print(f"SRAM {stored.peak:7,} and {tiles.peak:6,}; kept {4 * n * n:6,} and {4 * n:3,}")

# %% [markdown]
r"""
A quarter more arithmetic, half the bytes: where memory is the limit, that is faster (Dao et al.
2022, section 3.1, say the same of their measurements). The kept memory falls from $N^2$ to $N$
numbers for each head of each layer: for long texts, the difference between fitting and not fitting.
It is *gradient checkpointing* at its finest grain: what is cheap to recompute is not stored.
"""

# %%
sizes = [2048, 4096, 6144, 8192]  # P in 2 bytes a number, L in 4
kept = {"P": [n * n * 2 / 2**20 for n in sizes], "L": [n * 4 / 2**20 for n in sizes]}
pictures.curve(sizes, kept, what="MiB kept, one head")

# %% [markdown]
r"""
### Check yourself

**1.** Why must $\Delta_i$ not be computed as the row sum of $P \circ dP$ of the *tile*?

<details><summary>Answer</summary>

It is a sum over the whole row; a tile holds a part of it. With one tile a row the mistake would not
show, so a test needs at least two.

</details>

**2.** The loss is the plain sum of all outputs, so $dO$ is all ones, and $V$ is all ones, too. What
is $dQ$?

<details><summary>Answer</summary>

0. All outputs are 1 whatever the weights are (they sum to 1), so the queries do not matter. In
   formulas: $dP_{ij} = D$ for all pairs and $\Delta_i = D$, hence $dS = 0$.

</details>

**3.** Why does the backward pass need no running maximum?

<details><summary>Answer</summary>

The maximum served to keep a sum in range whose largest term was not yet known. Now the sum is
known: $S_{ij} - L_i \le 0$ for every pair.

</details>
"""

# %% [markdown]
"""
## 7 · Your turn

Turn the loops round: queries outside, so that `dQ` stays on the chip, and `dK`, `dV` go back and
forth. What does the machine say?
"""


# %%
def my_backward(Q, K, V, O, L, dO, scale, size=16):
    return flash_backward(Q, K, V, O, L, dO, scale, size)  # write your own here


inputs = (Q, K, V, O, L, dO)
for fn in (flash_backward, my_backward):
    machine = Machine()
    machine.run(fn, *inputs, scale, 3)
    print(f"{fn.__name__:14}: read {machine.read:,} bytes, written {machine.written:,}")

# %% [markdown]
r"""
## Now you

The exercise [The backward pass](../../exercises/07_flash_attention/backward.ipynb) asks for
`flash_attention_backward`, with heads, causal masks, and an SRAM that is enforced. Then: [Real
batches](real_batches.ipynb). As kernels for a GPU, the same formulas are [rung 10 of the Triton
kernel lab](../../exercises/08_triton_lab/attention_backward.ipynb).

## Read next

- T. Dao et al., *FlashAttention*, 2022, [arXiv 2205.14135](https://arxiv.org/abs/2205.14135),
  appendix B: the derivation, and Algorithm 4.
- T. Dao, *FlashAttention-2*, 2023, [arXiv 2307.08691](https://arxiv.org/abs/2307.08691), Algorithm
  2: $L$ in the place of $m$ and $\ell$.
- T. Chen, B. Xu, C. Zhang, C. Guestrin, *Training Deep Nets with Sublinear Memory Cost*, 2016,
  [arXiv 1604.06174](https://arxiv.org/abs/1604.06174): recomputing instead of storing, for whole
  networks.
"""
