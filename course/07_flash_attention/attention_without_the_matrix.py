# %% [markdown]
r"""
# Attention without the matrix

**After this lesson you can**

- say where the bytes of plain attention go, and count them before running anything,
- derive FlashAttention from the online softmax, in two orders of work, and run both,
- explain the law $\Theta(N^2 D^2 / M)$, and see it in measured counts,
- read a roofline: when is attention bound by memory, when by arithmetic?

**You need** the lesson *Online softmax*; matrix products.

**Time** 40 minutes.

Below is every pair of a query (a row) and a key (a column): the matrix of scores. It is cut into
tiles, and the slider walks over them. What the bytes below it mean is the subject of this lesson;
we come back to it in section 5.
"""

# %%
import math

import torch

from course.attention import plain_attention
from course.memory import Machine, OutOfSRAM, hbm_empty, hbm_full
from course.widgets import line, pictures, plot
from course.widgets.attention import measured_roofline, roofline, tile_walk

tile_walk()

# %% [markdown]
r"""
## 1 · Where do the bytes go?

$N$ queries, $N$ keys, $N$ values, each a vector of length $D$: the rows of $Q$, $K$, $V$. The
*scale* is a fixed number, mostly $1/\sqrt D$. Attention is

$$S = \text{scale} \cdot QK^\top, \qquad P = \operatorname{softmax}(S) \text{ row by row}, \qquad O
= PV .$$

$S$ are the *scores* (the logits of the first lesson, one row a query) and $P$ the weights.
$Q$, $K$, $V$, $O$ have $ND$ numbers each. But $S$ and $P$ have $N^2$. With $N = 8192$ and $D = 128$
in two bytes a number, $Q$ takes 2 MiB and $S$ takes 128 MiB, **for one head of one sequence**.

A GPU has two memories that matter here. The large one, **HBM**, holds gigabytes. The small one,
**SRAM**, sits beside the arithmetic units and is some ten times faster: on an A100, 192 KB for each
of 108 units, 19 TB/s in all, against 1.5 to 2 TB/s from HBM (Dao et al. 2022, section 2.1). To
calculate with a number it must be brought into SRAM. What does not fit there goes back to HBM.

**Who wins: the arithmetic or the memory?** Plain attention does $4N^2D$ operations (two matrix
products of $N \cdot N \cdot D$ multiplications and as many additions; the softmax is not counted).
Let us count the traffic: the numbers that move between HBM and SRAM.
"""

# %% [markdown]
"""
### A machine that counts

`Machine` is a small model of such a GPU. The function that it runs is ordinary torch; its arguments
lie in HBM. A slice is loaded when you calculate with it, and takes room until its name is gone.
Results take room, too. `hbm_empty` makes a tensor in HBM, and assigning to it writes.
"""

# %%
N, D, scale = 128, 16, 0.25
Q, K, V = torch.randn(3, N, D, generator=torch.Generator().manual_seed(0)).unbind(0)


def all_at_once(Q, K, V):
    S = scale * (Q @ K.T)  # (N, N)
    return torch.softmax(S, dim=-1) @ V


try:
    Machine(sram=48 * 1024).run(all_at_once, Q, K, V)
except OutOfSRAM as error:
    print(error)

# %% [markdown]
"""
The matrix does not fit. So a library that computes attention in three steps, as three kernels, must
put the matrix into HBM in between. Each step works on a few rows at a time:
"""


# %%
def in_three_steps(Q, K, V, rows=16):
    S, P, O = hbm_empty(len(Q), len(K)), hbm_empty(len(Q), len(K)), hbm_empty(*Q.shape)
    blocks = [slice(i, i + rows) for i in range(0, len(Q), rows)]
    for i in blocks:
        S[i] = scale * (Q[i] @ K.T)
    for i in blocks:
        P[i] = torch.softmax(S[i], dim=-1)
    for i in blocks:
        O[i] = P[i] @ V
    return O


plain = Machine(sram=48 * 1024)
O = plain.run(in_three_steps, Q, K, V)
plain.read // 4, plain.written // 4  # numbers of 4 bytes

# %% [markdown]
r"""
By theory: read $Q$, $K$; write $S$; read $S$; write $P$; read $P$, $V$; write $O$:

$$\text{read } 3ND + 2N^2, \qquad \text{written } 2N^2 + ND .$$
"""

# %%
3 * N * D + 2 * N * N, 2 * N * N + N * D

# %%
exact, _ = plain_attention(Q.double(), K.double(), V.double(), scale)
(O - exact).abs().max()

# %% [markdown]
r"""
The measured counts are those of the formula. For large $N$ the four trips of the $N \times N$
matrix are nearly everything: $4N^2$ numbers, although what goes in and what comes out is only
$4ND$.

**The question of this lesson: can we leave the matrix out?**
"""

# %% [markdown]
r"""
## 2 · The idea: a tile of the matrix at a time

Cut the queries into blocks $Q_i$ and the keys and values into blocks $K_j$, $V_j$. The product
$Q_i K_j^\top$ is one **tile** of $S$. It is small: it can be made, used, and thrown away.

A row of $S$ then arrives in pieces, tile after tile. And the online softmax is made for that: for
every row keep the state $(m, \ell, a)$, where $a$ is now a vector of length $D$. When a tile comes:

$$\begin{aligned}
m' &= \max(m,\ \text{row maximum of the tile}) \\
p  &= e^{\text{tile} - m'} \\
\ell' &= e^{m - m'} \ell + \text{row sum of } p \\
a' &= e^{m - m'} a + p\, V_j .
\end{aligned}$$

This is the recurrence of the first lesson, with a block of keys in the place of one key, for many
rows side by side. At the end $O_i = a / \ell$.

Look at the tiles at the top of the lesson again. Which way shall we walk over them?
"""

# %% [markdown]
r"""
## 3 · Queries outside

Walk along the rows: take a block of queries, let *all* keys pass, write the result, go on. The
state of the block stays on the chip all the time. The invariant is an assertion: after each tile,
$a/\ell$ is the exact attention over the keys seen so far.
"""


# %%
def add_tile(state, Qi, Kj, Vj):
    m, l, a = state
    s = scale * (Qi @ Kj.T)  # (rows, columns)
    m_new = torch.maximum(m, s.amax(dim=1))
    p, rescale = torch.exp(s - m_new[:, None]), torch.exp(m - m_new)
    return m_new, rescale * l + p.sum(dim=1), rescale[:, None] * a + p @ Vj


def empty_state(Qi):
    rows = len(Qi)
    return torch.full((rows,), -math.inf), torch.zeros(rows), torch.zeros(Qi.shape)


# %%
i = slice(32, 48)
state = empty_state(Q[i])
for j in range(0, N, 16):
    state = add_tile(state, Q[i], K[j : j + 16], V[j : j + 16])
    so_far, _ = plain_attention(Q[i].double(), K[: j + 16].double(), V[: j + 16].double(), scale)
    m, l, a = state
    assert torch.allclose((a / l[:, None]).double(), so_far, atol=1e-5)
print("a / l was the attention over the keys seen so far, after each of the", N // 16, "tiles")


# %%
def queries_outside(Q, K, V, block_q=16, block_k=16):
    O, L = hbm_empty(*Q.shape), hbm_empty(len(Q))
    for i in range(0, len(Q), block_q):
        Qi = Q[i : i + block_q]
        state = empty_state(Qi)
        for j in range(0, len(K), block_k):
            state = add_tile(state, Qi, K[j : j + block_k], V[j : j + block_k])
        m, l, a = state
        O[i : i + block_q] = a / l[:, None]
        L[i : i + block_q] = m + torch.log(l)
    return O, L


fa2 = Machine(sram=16 * 1024)
O, L = fa2.run(queries_outside, Q, K, V)
fa2.read // 4, fa2.written // 4, fa2.peak, float((O - exact).abs().max())

# %% [markdown]
r"""
It is exact, it runs in 16 KiB (the matrix alone would take 64 KiB), and it never writes more than
the result: $ND$ numbers for $O$ and $N$ for the logsumexp $L$, which the backward pass will need.

**Count.** $Q$ is read once. $K$ and $V$ pass once for each block of queries. With
$R = \lceil N / B_q \rceil$ blocks:

$$\text{read } ND + R \cdot 2ND, \qquad \text{written } ND + N .$$

*What counts is the number of rounds $R$.* Twice as many queries in a block, half as many trips of
the keys.
"""

# %%
R = math.ceil(N / 16)
N * D + R * 2 * N * D, N * D + N

# %% [markdown]
r"""
## 4 · Keys outside

The first FlashAttention (2022) walked the other way: take a block of keys, let all *queries* pass.
Then the state of a row cannot stay on the chip. For each block of keys it is fetched from HBM,
brought up to date, and written back. That version kept $O$ divided by $\ell$ all along, so it
multiplies the old $\ell$ back in.
"""


# %%
def update(Oi, li, mi, Qi, Kj, Vj):
    m, l, a = add_tile((mi, li, li[:, None] * Oi), Qi, Kj, Vj)
    return a / l[:, None], l, m


def keys_outside(Q, K, V, block_q=16, block_k=16):
    O, l, m = hbm_full((N, D), 0.0), hbm_full((N,), 0.0), hbm_full((N,), -math.inf)
    for j in range(0, N, block_k):
        Kj, Vj = K[j : j + block_k], V[j : j + block_k]
        for i in range(0, N, block_q):
            here = slice(i, i + block_q)
            O[here], l[here], m[here] = update(O[here], l[here], m[here], Q[here], Kj, Vj)
    return O


# %%
fa1 = Machine(sram=16 * 1024)
O = fa1.run(keys_outside, Q, K, V)
print("difference:", float((O - exact).abs().max()))
for name, machine in (("three steps", plain), ("keys outside", fa1), ("queries outside", fa2)):
    print(f"{name:16} read {machine.read:8,}  written {machine.written:8,}  SRAM {machine.peak:6,}")

# %% [markdown]
r"""
With $C = \lceil N / B_k \rceil$ blocks of keys, and the first fill:

$$\text{read } 2ND + C\,(2ND + 2N), \qquad \text{written } (1 + C)(ND + 2N) .$$

Reading is about the same in both orders. The difference is in *writing*: FlashAttention-2 writes
each row once. It has a second advantage that bytes do not show: blocks of queries do not depend on
one another, so each can be given to a *thread block* of its own (threads that share one unit
and its SRAM); in the older order, thread blocks would have to share $O$.

(On this tiny problem three steps do not look bad: $N = 128$ is only $8D$. Let us see how the counts
grow.)
"""

# %%
lengths = [128, 256, 384, 512]
counts = {"three steps": [], "keys outside": [], "queries outside": []}
for n in lengths:
    R = math.ceil(n / 32)
    counts["three steps"].append(4 * n * D + 4 * n * n)
    counts["keys outside"].append(2 * n * D + R * 2 * (n * D + n) + (1 + R) * (n * D + 2 * n))
    counts["queries outside"].append(n * D + R * 2 * n * D + n * D + n)
pictures.curve(lengths, counts, what="numbers moved")

# %% [markdown]
r"""
All three grow with $N^2$! Tiling does not change the *power*. It changes the factor: $4$ for the
matrix, $2D/B_q$ for the queries outside. That is smaller exactly if $B_q > D/2$. Large blocks win,
and how large a block may be is decided by the SRAM.
"""

# %% [markdown]
r"""
## 5 · The law: $N^2 D^2 / M$

Let the SRAM hold $M$ numbers. (On a real GPU the accumulator $a$ lies in registers; we count all
memory on the chip together.) A block of queries with its accumulator takes $2 B_q D$ numbers, so
$B_q$ can be about $M / 4D$ if half of the SRAM is left for keys, values and the tile. Put that into
the count of section 3:

$$\text{traffic} \approx 2ND \cdot \frac{N}{B_q} = 2ND \cdot \frac{4ND}{M} = \frac{8N^2D^2}{M}
= \Theta\!\left(\frac{N^2 D^2}{M}\right).$$

Twice the SRAM, half the traffic. For comparison, plain attention moves $\Theta(ND + N^2)$, whatever
$M$ is: for large $N$ about $4N^2$. So tiling wins by a factor of about $M / 2D^2$. With 192 KB of
two-byte numbers and $D = 128$ that is 3; with $D = 64$, 12.

Dao et al. (2022, Proposition 3) also show that one cannot do better: no exact algorithm gets below
this order *for all* $M$ between $D$ and $ND$. The reason at the upper end: with $M = \Theta(ND)$
the law says $\Theta(ND)$, and everything must be read at least once.
"""

# %% [markdown]
"""
**Measured.** For several sizes of SRAM we look for the largest block of queries that still runs
without an overflow (keys in blocks of 8), and count what it moved. The dashed line is the law, with
a factor that fits the first point.
"""


# %%
def least_traffic(sram):
    for block in range(64, 3, -4):
        try:
            machine = Machine(sram=sram)
            machine.run(queries_outside, Q, K, V, block, 8)
            return block, machine.traffic / 4
        except OutOfSRAM:
            continue
    raise ValueError("not even a block of 4 fits")


sizes = [5, 8, 12, 16, 24]  # KiB
found = [least_traffic(size * 1024) for size in sizes]
list(zip(sizes, found, strict=True))

# %%
law = [found[0][1] * sizes[0] / size for size in sizes]
moved = [traffic for _, traffic in found]
plot(
    line(sizes, moved, label="measured"),
    line(sizes, law, label="∝ 1 / M", dash=1),
    x="SRAM, KiB",
    y="numbers moved",
    log="xy",
    title="N = 128, D = 16",
)

# %% [markdown]
"""
On logarithmic axes the law is a straight line. The measured counts follow it in steps: what counts
is the number of rounds, and that is whole. They end above it, because $Q$, $O$ and $L$ must be
moved in any case.

**Play.** Go back to the tile walk at the top. Make the tiles larger: which number rises, which
falls? Switch *causal* on: which tiles vanish?
"""

# %% [markdown]
r"""
## 6 · Is it worth it? The roofline

A machine does at most $\pi$ operations a second, and moves at most $\beta$ bytes a second. A kernel
that does $F$ operations and moves $X$ bytes has the **intensity** $I = F / X$. It cannot be faster
than

$$\min(\pi,\ \beta I) .$$

Drawn against $I$ on logarithmic axes, this is a roof: a slope where memory is the limit, then flat
where arithmetic is. The corner lies at $I = \pi / \beta$.

For attention with $T$ queries and $N$ keys, two bytes a number, $F = 4TND$. With the matrix, the
traffic is $2(2TD + 2ND + 4TN)$ bytes; by tiles, if the blocks are large enough, just over
$2(2TD + 2ND)$. In *prefill* $T = N$; in *decoding* $T = 1$.

Two roofs by NVIDIA's data sheets, for bf16 without sparsity: an H200 SXM (989 TFLOP/s, 4.8 TB/s)
and an A100 SXM with 80 GB (312 TFLOP/s, 2.0 TB/s). The corner of the H200 lies at
$989/4.8 \approx 206$ operations a byte. The dots stand on its roof.
"""

# %%
h200, a100 = (989e12, 4.8e12), (312e12, 2.0e12)
roofline({"H200": h200, "A100": a100})

# %% [markdown]
r"""
Choose fewer and fewer queries, from 4096 down to one.

- **Prefill** ($T = 4096$): with the matrix, 62 operations a byte, left of the corner: three tenths
  of the peak at best, as the units wait for memory. By tiles, 2048: arithmetic is the limit.
  *That* is where FlashAttention's speed comes from. It does not do less arithmetic; it waits less.
- **Decoding** ($T = 1$): both sit at about 1 operation a byte. Each key is read for one query. No
  tiling can help: the keys must be read. What helps is sharing them among heads, or storing fewer
  bytes (lesson 4).
"""

# %%
for T in (4096, 1):
    work, ends = 4 * T * 4096 * 128, 2 * (2 * T * 128 + 2 * 4096 * 128)
    with_matrix, tiled = work / (ends + 8 * T * 4096), work / ends
    print(f"T = {T:4}: {with_matrix:6.1f} with the matrix, {tiled:7.1f} by tiles")

# %% [markdown]
r"""
### And on your machine?

The same for the functions of this lesson, on the processor that runs this notebook, in float32. The
roof is measured: one matrix product, one copy. The operations and bytes are counted by the model;
the seconds are real.

**Predict:** which of the four comes nearest to its roof?
"""

# %%
from course.measure import place, this_machine

mine = this_machine()
q, k, v = torch.randn(3, 2048, 64, generator=torch.Generator().manual_seed(1)).unbind(0)
placed = {}
for phase, T in (("prefill", 2048), ("decoding", 1)):
    placed[f"{phase}, matrix"] = place(in_three_steps, q[:T], k, v)
    placed[f"{phase}, tiles"] = place(queries_outside, q[:T], k, v, 256, 256)
measured_roofline(*mine, placed)

# %% [markdown]
r"""
The list below the picture has the answer for your machine. A roof is a bound, not a promise. In
*prefill*, tiles move the dot to the right, as on the GPU. Both stay below the roof: the processor
must also compute $N^2$ exponentials, which are not in $F$, and Python takes its time to start each
tile, however little is in it. In *decoding* both have the same half operation a byte, as a number
here takes four bytes.

(A processor has caches, which the model has not. If the matrix stays in one of them, its dot may
even lie above its slope.)
"""

# %% [markdown]
r"""
### Check yourself

**1.** Does FlashAttention do fewer operations than plain attention?

<details><summary>Answer</summary>

No. The two matrix products are the same, $4N^2D$; a few rescalings are added. It is faster because
it moves less.

</details>

**2.** Is it an approximation?

<details><summary>Answer</summary>

No. In exact arithmetic the result is equal; in floating point the sums are rounded in another
order.

</details>

**3.** With the queries outside, does the number of *keys* in a block change the traffic?

<details><summary>Answer</summary>

No: $2ND$ for each of the $R$ rounds, however the keys are cut. It changes how much SRAM is needed,
and how well the units are fed. So spend the SRAM on queries.

</details>

**4.** The SRAM is doubled, and so is the head size $D$. What happens to the traffic?

<details><summary>Answer</summary>

By $N^2D^2/M$ it doubles: $4/2$. Head size hurts twice, once because vectors are longer, once
because fewer of them fit.

</details>
"""

# %% [markdown]
"""
## 7 · Your turn

Change one thing and predict the counts before you run: another block, another order, or keep $K_j$
and $V_j$ of the *last* tile for the next row (walk back and forth, like an ox that ploughs). Does
the machine confirm it?
"""


# %%
def my_attention(Q, K, V, block_q=16, block_k=16):
    O, _ = queries_outside(Q, K, V, block_q, block_k)  # write your own here
    return O


machine = Machine(sram=16 * 1024)
O = machine.run(my_attention, Q, K, V)
print(f"read {machine.read:,} bytes, written {machine.written:,}, SRAM {machine.peak:,}")
print("largest error:", float((O - exact).abs().max()))

# %%
for phase, T in (("prefill", 2048), ("decoding", 1)):
    placed[f"{phase}, mine"] = place(my_attention, q[:T], k, v, 256, 256)
measured_roofline(*mine, placed)

# %% [markdown]
"""
## Now you

The exercises [Attention without the
matrix](../../exercises/07_flash_attention/attention_without_the_matrix.ipynb) ask for
`attention_traffic` and for `flash_attention`, with batches, heads, causal masks and ragged ends.
Then: [The backward pass](backward.ipynb).

## Read next

- T. Dao, D. Fu, S. Ermon, A. Rudra, C. Ré, *FlashAttention: Fast and Memory-Efficient Exact
  Attention with IO-Awareness*, 2022, [arXiv 2205.14135](https://arxiv.org/abs/2205.14135):
  Algorithm 1 is section 4, Theorem 2 and Proposition 3 are section 5.
- T. Dao, *FlashAttention-2: Faster Attention with Better Parallelism and Work Partitioning*, 2023,
  [arXiv 2307.08691](https://arxiv.org/abs/2307.08691): Algorithm 1 is section 3.
- S. Williams, A. Waterman, D. Patterson, *Roofline: An Insightful Visual Performance Model for
  Multicore Architectures*, Communications of the ACM, 2009.
- J.-W. Hong, H. T. Kung, *I/O complexity: the red-blue pebble game*, 1981: where such lower bounds
  come from.
"""
