# %% [markdown]
r"""
# Attention without the matrix: exercises

**20 points · about 70 minutes.** Before: the lesson *Attention without the matrix*, in
`course/07_flash_attention`.

After these two exercises you can

- say how many numbers an attention moves through memory, before you run it;
- write FlashAttention: exact attention, tile by tile, that never forms the $N \times N$ matrix.

In all of unit 7: queries are numbered $i$, keys $j$. There are $T$ queries and $S$ keys (in
self-attention $T = S = N$), $H$ heads, $B$ sequences in a batch, and vectors of length $D$. The
`scale` is an argument: it multiplies $QK^\top$, once, and nothing else divides by $\sqrt D$.
"""

# %% nbgrader={"grade_id": "setup", "locked": true}
import math

import torch

from course.attention import causal_mask, plain_attention
from course.checks import Tolerance, check, draw_seed, draws
from course.checks.precision import exact
from course.memory import Machine, hbm_empty

BY_HAND = ("softmax", "logsumexp", "scaled_dot_product_attention", "plain_attention", "exact")
inf = math.inf


def normal(name, *shape, scale=2.0):
    """Normal numbers, the same for everyone in a class who runs the check called `name`."""
    return scale * torch.randn(shape, generator=torch.Generator().manual_seed(draw_seed(name)))


# %% [markdown] nbgrader={"grade_id": "attention_traffic_task", "locked": true}
r"""
## 1. Count before you run

`attention_traffic` · 6 points · difficulty 2 of 5 · 20 minutes

One head, $T = S = N$: $Q$, $K$, $V$, $O$ are $N \times D$. Each step below *reads* numbers from the
large memory (HBM), works on them in the small one (SRAM), and *writes* numbers back. **Write**
`attention_traffic(N, D, block_q, block_k, order)`: how many numbers are read and how many are
written, for three orders of work.

`"matrix"`, plain attention in three steps, whatever the blocks:
1. read $Q$, $K$; write $S = QK^\top$, which is $N \times N$;
2. read $S$; write $P = \operatorname{softmax}(S)$;
3. read $P$, $V$; write $O$.

`"keys outside"`, FlashAttention (2022). First $O$, $\ell$, $m$ are filled: written once, each row of
$O$ has $D$ numbers and $\ell$, $m$ one each. Then
- for each block of `block_k` keys: read $K_j$ and $V_j$; and for each block of `block_q` queries: read
  $Q_i, O_i, \ell_i, m_i$; write $O_i, \ell_i, m_i$.

`"queries outside"`, FlashAttention-2 (2023):
- for each block of `block_q` queries: read $Q_i$; for each block of `block_k` keys: read $K_j$, $V_j$;
  at the end write $O_i$ and the logsumexp $L_i$, one number a row.

| | |
|---|---|
| `N`, `D`, `block_q`, `block_k` | positive whole numbers; the last block is shorter when it does not divide $N$ |
| `order` | one of the three texts above |
| returns | `(read, written)`, two whole numbers: numbers moved, not bytes |

**Example.** `attention_traffic(4, 2, 2, 2, "matrix")` is `(56, 40)`.
"""


# %% nbgrader={"grade_id": "attention_traffic", "solution": true}
def attention_traffic(N: int, D: int, block_q: int, block_k: int, order: str) -> tuple[int, int]:
    """How many numbers attention reads from HBM, and how many it writes there."""
    ### BEGIN SOLUTION
    if order == "matrix":
        return 3 * N * D + 2 * N * N, 2 * N * N + N * D
    if order == "queries outside":
        rounds = math.ceil(N / block_q)
        return N * D + rounds * 2 * N * D, N * D + N
    rounds = math.ceil(N / block_k)
    return 2 * N * D + rounds * (2 * N * D + 2 * N), (1 + rounds) * (N * D + 2 * N)
    ### END SOLUTION


# %% [markdown] nbgrader={"grade_id": "attention_traffic_hints", "locked": true}
r"""
<details><summary>Hint 1: the idea</summary>

Do not follow single blocks. Ask of each tensor: how many times does *all of it* pass by?

</details>

<details><summary>Hint 2: a sketch</summary>

With the keys outside, $K$ and $V$ pass once, and $Q$, $O$, $\ell$, $m$ once for each of the
$\lceil N / \text{block}_k \rceil$ blocks of keys. With the queries outside, $Q$ passes once, and $K$,
$V$ once for each of the $\lceil N / \text{block}_q \rceil$ blocks of queries.

</details>

<details><summary>Hint 3: almost code</summary>

```
matrix:           read 3ND + 2N²,            written 2N² + ND
keys outside:     c ← ceil(N / block_k);     read 2ND + c(2ND + 2N);   written (1 + c)(ND + 2N)
queries outside:  r ← ceil(N / block_q);     read ND + r · 2ND;        written ND + N
```

</details>
"""


# %% nbgrader={"grade_id": "attention_traffic_reference", "locked": true}
def walked(N, D, block_q, block_k, order):
    """The same by walking: add up what each block moves, block by block."""
    queries = [min(block_q, N - i) for i in range(0, N, block_q)]
    keys = [min(block_k, N - j) for j in range(0, N, block_k)]
    read = written = 0
    if order == "matrix":
        for step_read, step_written in ((2 * N * D, N * N), (N * N, N * N), (N * N + N * D, N * D)):
            read, written = read + step_read, written + step_written
    elif order == "keys outside":
        written += N * D + N + N
        for b in keys:
            read += b * D + b * D
            for a in queries:
                read, written = read + a * D + a * D + a + a, written + a * D + a + a
    else:
        for a in queries:
            read += a * D
            for b in keys:
                read += b * D + b * D
            written += a * D + a
    return read, written


# %% nbgrader={"grade_id": "attention_traffic_matrix", "points": 2}
MATRIX = """Plain attention moves the N × N matrix four times: S is written, S is read, P is written,
P is read. Beside that, Q, K, V are read once and O is written once, N·D numbers each."""

with check("moves the matrix four times", idea=MATRIX) as case:
    case(attention_traffic, 4, 2, 2, 2, "matrix").gives((56, 40))
    case(attention_traffic, 1024, 64, 128, 64, "matrix").gives(walked(1024, 64, 128, 64, "matrix"))

### BEGIN HIDDEN TESTS
with check("moves the matrix four times", idea=MATRIX, hidden=True) as case:
    random = draws("attention_traffic_matrix")
    for _ in range(20):
        sizes = (
            random.randint(2, 300),
            random.randint(1, 40),
            random.randint(1, 20),
            random.randint(1, 20),
        )
        case(attention_traffic, *sizes, "matrix").gives(walked(*sizes, "matrix"))
### END HIDDEN TESTS

# %% nbgrader={"grade_id": "attention_traffic_keys_outside", "points": 2}
KEYS = """With the keys outside, K and V are read once in all, but for every block of keys the whole
of Q, O, l and m passes by, and O, l and m are written back: ceil(N / block_k) times, beside the
first fill."""

with check("keys outside: the queries pass again and again", idea=KEYS) as case:
    case(attention_traffic, 4, 2, 2, 2, "keys outside").gives((64, 48))
    case(attention_traffic, 10, 3, 4, 3, "keys outside").gives(walked(10, 3, 4, 3, "keys outside"))

### BEGIN HIDDEN TESTS
with check("keys outside: the queries pass again and again", idea=KEYS, hidden=True) as case:
    random = draws("attention_traffic_keys_outside")
    for _ in range(30):
        blocks = random.choice([1, 2, 8, 16]), random.choice([3, 5, 12])
        sizes = random.randint(13, 200), random.randint(1, 40), *blocks
        case(attention_traffic, *sizes, "keys outside").gives(walked(*sizes, "keys outside"))
### END HIDDEN TESTS

# %% nbgrader={"grade_id": "attention_traffic_queries_outside", "points": 2}
QUERIES = """With the queries outside, Q is read once and O and L are written once; only K and V pass
again, ceil(N / block_q) times. The last block may be shorter, but it counts as a round."""

with check("queries outside: the keys pass again and again", idea=QUERIES) as case:
    case(attention_traffic, 4, 2, 2, 2, "queries outside").gives((40, 12))
    case(attention_traffic, 10, 3, 4, 3, "queries outside").gives((210, 40))

### BEGIN HIDDEN TESTS
with check("queries outside: the keys pass again and again", idea=QUERIES, hidden=True) as case:
    random = draws("attention_traffic_queries_outside")
    for _ in range(30):
        blocks = random.choice([3, 5, 12]), random.choice([1, 2, 8, 16])
        sizes = random.randint(13, 200), random.randint(1, 40), *blocks
        case(attention_traffic, *sizes, "queries outside").gives(walked(*sizes, "queries outside"))
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade_id": "flash_attention_task", "locked": true}
r"""
## 2. FlashAttention

`flash_attention` · 14 points · difficulty 4 of 5 · 50 minutes

**Write** `flash_attention(Q, K, V, scale, causal, block_q, block_k)`, in torch, tile by tile:

$$S = \text{scale} \cdot QK^\top, \qquad O = \operatorname{softmax}(S)\,V, \qquad
L_i = \ln \sum_j e^{S_{ij}} .$$

| | |
|---|---|
| `Q` | `(B, H, T, D)`, float32 |
| `K`, `V` | `(B, H, S, D)`; $S$ may differ from $T$ |
| `scale` | multiplies $QK^\top$, once |
| `causal` | if true, query $i$ sees key $j$ only if $j \le i + S - T$: the last query is aligned with the last key |
| `block_q`, `block_k` | queries and keys in a tile; they need not divide $T$ and $S$ |
| returns | `(O, L)` of shapes `(B, H, T, D)` and `(B, H, T)`, in the dtype of `Q` |
| a query that sees no key | $O_i = 0$, $L_i = -\infty$ |
| by hand | without `softmax`, `logsumexp`, `scaled_dot_product_attention` and the course's `plain_attention` |

**Memory.** The last check runs your function on a model of a GPU, with $B = H = 1$, about
128 queries and keys of length 16, blocks of 16, causal or not, and 16 KiB of SRAM: enough for a few blocks of 16, too small for all of $K$ and
$V$, and far too small for the matrix. Slices of `Q`, `K`, `V` are loaded when you calculate with them
and take room until you drop them; everything you calculate takes room. Make the two results with
`hbm_empty(B, H, T, D, dtype=Q.dtype)`, which lies in HBM, and assign to its slices.

**Example.** With one query, `Q = [[1, 0]]`, and two keys, `K = [[1, 0], [1, 5]]`, both logits are
equal, so `O` is the mean of the two values, whatever the blocks.
"""


# %% nbgrader={"grade_id": "flash_attention", "solution": true}
def flash_attention(Q, K, V, scale, causal=False, block_q=16, block_k=16):
    """O (B, H, T, D) and L (B, H, T), tile by tile: FlashAttention-2, Algorithm 1."""
    ### BEGIN SOLUTION
    B, H, T, D = Q.shape
    S = K.shape[2]
    O, L = hbm_empty(B, H, T, D, dtype=Q.dtype), hbm_empty(B, H, T, dtype=Q.dtype)
    for i in range(0, T, block_q):
        Qi = Q[:, :, i : i + block_q]  # (B, H, rows, D)
        rows = Qi.shape[2]
        m = torch.full((B, H, rows), -inf, dtype=Q.dtype)
        l = torch.zeros(B, H, rows, dtype=Q.dtype)
        a = torch.zeros(B, H, rows, D, dtype=Q.dtype)
        for j in range(0, S, block_k):
            Kj, Vj = K[:, :, j : j + block_k], V[:, :, j : j + block_k]  # (B, H, columns, D)
            s = scale * (Qi @ Kj.transpose(-1, -2))  # (B, H, rows, columns)
            if causal:
                query = torch.arange(i, i + rows)[:, None]
                key = torch.arange(j, j + Kj.shape[2])
                s = s.masked_fill(key > query + S - T, -inf)
            m_new = torch.maximum(m, s.amax(dim=-1))
            safe = torch.where(m_new == -inf, 0.0, m_new)
            p = torch.exp(s - safe[..., None])
            rescale = torch.exp(m - safe)
            l = rescale * l + p.sum(dim=-1)
            a = rescale[..., None] * a + p @ Vj
            m = m_new
        O[:, :, i : i + block_q] = a / torch.where(l == 0, 1.0, l)[..., None]
        L[:, :, i : i + block_q] = m + torch.log(l)
    return O, L
    ### END SOLUTION


# %% [markdown] nbgrader={"grade_id": "flash_attention_hints", "locked": true}
r"""
<details><summary>Hint 1: the idea</summary>

It is the online softmax of the first notebook, with a block of queries instead of one, and a block of
keys arriving at a time instead of one logit. The state of each query is $(m, \ell, a)$, and $a$ is now
a vector of length $D$.

</details>

<details><summary>Hint 2: a sketch</summary>

Outer loop over blocks of queries, inner loop over blocks of keys. For each tile: the scores; the mask;
the new maximum; the exponentials against it; the factor $e^{m - m_{new}}$ for what was summed before.
After the last block of keys divide $a$ by $\ell$, and write $O$ and $L = m + \ln \ell$. Where the new
maximum is still $-\infty$, subtract 0 instead of it.

</details>

<details><summary>Hint 3: almost code</summary>

```
for each block Qi of queries:
    m, l, a ← −∞, 0, 0                                   # (rows,), (rows,), (rows, D)
    for each block Kj, Vj of keys:
        s ← scale · Qi Kjᵀ;  if causal: s ← −∞ where key > query + S − T
        m_new ← max(m, row maximum of s);  M ← m_new, but 0 where it is −∞
        p ← exp(s − M);  c ← exp(m − M)
        l ← c·l + row sum of p;  a ← c·a + p Vj;  m ← m_new
    O[block] ← a / l  (0 where l = 0);  L[block] ← m + log(l)
```

The numbers of the queries of a block start at the block's first row, not at 0; so do the keys'.

</details>
"""


# %% nbgrader={"grade_id": "flash_attention_reference", "locked": true}
def expect_attention(case, Q, K, V, scale, causal, *blocks):
    """Call flash_attention; compare with plain attention in float64, as near as float32 allows."""
    mask = causal_mask(Q.shape[2], K.shape[2]) if causal else None
    expected, tolerance = exact(plain_attention, Q, K, V, scale, mask)
    # L is a logarithm: where the sum is near 1, rounding it by one part in 10⁷ moves L by 10⁻⁷.
    tolerance = Tolerance(tolerance.relative, max(tolerance.absolute, 1e-6))
    outcome = case(flash_attention, Q, K, V, scale, causal, *blocks)
    outcome.gives(expected, tolerance=tolerance)
    outcome.satisfies("float32, as Q is", lambda result, *_: result[0].dtype == Q.dtype)


def batch(name, B, H, T, S, D):
    """Q (B, H, T, D) and K, V (B, H, S, D)."""
    shapes = {"Q": (B, H, T, D), "K": (B, H, S, D), "V": (B, H, S, D)}
    return [normal(f"{name} {letter} {T} {S}", *shape) for letter, shape in shapes.items()]


def on_the_machine(Q, K, V, causal):
    """Run flash_attention with 16 KiB of SRAM and blocks of 16."""
    return Machine(sram=16 * 1024).run(flash_attention, Q, K, V, 0.25, causal, 16, 16)


# %% nbgrader={"grade_id": "flash_attention_joins_tiles", "points": 4}
JOINS = """The result does not depend on the blocks. When a tile raises the maximum of a row, both l
and a of that row are multiplied by e^(m − m_new) before the tile is added. The scale goes in once, and
the division by l comes once, after the last tile."""

with check("joins the tiles of a row", idea=JOINS, without=BY_HAND) as case:
    one = torch.tensor([[[[1.0, 0.0]]]]), torch.tensor([[[[1.0, 0.0], [1.0, 5.0]]]])
    expect_attention(case, *one, torch.tensor([[[[2.0, 4.0], [6.0, 0.0]]]]), 1.0, False, 1, 1)
    rising = torch.arange(6.0).reshape(1, 1, 6, 1)
    expect_attention(case, rising, rising, rising, 0.5, False, 2, 2)
    expect_attention(case, rising, rising, rising, 0.5, False, 4, 5)

### BEGIN HIDDEN TESTS
with check("joins the tiles of a row", idea=JOINS, hidden=True, without=BY_HAND) as case:
    for B, H, T, S, D, *blocks in (
        (1, 1, 1, 1, 1, 16, 16),
        (2, 3, 7, 11, 4, 3, 5),
        (1, 2, 33, 20, 8, 16, 16),
        (2, 1, 5, 64, 16, 100, 8),
        (1, 1, 9, 13, 4, 4, 100),
    ):
        Q, K, V = batch("flash_attention_joins_tiles", B, H, T, S, D)
        expect_attention(case, Q, K, V, 0.3, False, *blocks)
    K = K.sort(dim=2).values  # scores that rise from tile to tile
    expect_attention(case, Q.abs(), K, V, 0.3, False, 2, 7)
### END HIDDEN TESTS

# %% nbgrader={"grade_id": "flash_attention_any_range", "points": 3}
RANGE = """The running maximum begins at −∞. Begun at 0, a row whose logits are all far below 0 sums to
nothing; without a maximum, large logits overflow."""


def large(name, T, S, D, size):
    """Q, K of small whole numbers and a scale, so that all logits are exact and up to ±size."""
    Q, K = (normal(f"{name} {x}", 1, 1, n, D).round().clamp(-8, 8) for x, n in (("Q", T), ("K", S)))
    largest = (Q @ K.transpose(-1, -2)).abs().max().item()
    return Q, K, normal(f"{name} V", 1, 1, S, D), 2.0 ** math.floor(math.log2(size / largest))


with check("holds logits of any size", idea=RANGE, without=BY_HAND) as case:
    up, down = torch.tensor([[[[100.0], [-100.0]]]]), torch.tensor([[[[100.0], [99.0]]]])
    expect_attention(case, up, down, torch.tensor([[[[1.0], [2.0]]]]), 1.0, False, 1, 1)
    expect_attention(case, *large("flash_attention_any_range", 6, 9, 3, 1e4), False, 2, 3)

### BEGIN HIDDEN TESTS
with check("holds logits of any size", idea=RANGE, hidden=True, without=BY_HAND) as case:
    for size in (100.0, 1000.0, 1e4):
        Q, K, V, scale = large(f"flash_attention_any_range {size}", 12, 17, 4, size)
        expect_attention(case, Q, K, V, scale, False, 5, 4)
        expect_attention(case, Q.abs() + 1, -K.abs() - 1, V, scale, False, 5, 4)
        expect_attention(case, Q, K, V, scale, True, 4, 4)
### END HIDDEN TESTS

# %% nbgrader={"grade_id": "flash_attention_causal", "points": 4}
CAUSAL = """Query i sees key j only if j ≤ i + S − T, so that the last query sees every key. i and j are
numbers in the whole sequence, not within the tile. With more queries than keys the first queries see
nothing: O = 0 and L = −∞ there, never NaN."""

with check("is causal, also when lengths differ", idea=CAUSAL, without=BY_HAND) as case:
    four = torch.arange(1.0, 5.0).reshape(1, 1, 4, 1)
    expect_attention(case, four, four, four, 0.5, True, 2, 2)
    expect_attention(case, four[:, :, :2], four, four, 0.5, True, 1, 3)
    expect_attention(case, four, four[:, :, :2], four[:, :, :2], 0.5, True, 2, 2)

### BEGIN HIDDEN TESTS
with check(
    "is causal, also when lengths differ", idea=CAUSAL, hidden=True, without=BY_HAND
) as case:
    for T, S, *blocks in (
        (1, 1, 4, 4),
        (9, 9, 4, 4),
        (33, 33, 16, 8),
        (1, 20, 16, 7),
        (6, 21, 3, 8),
        (21, 6, 8, 3),
        (17, 16, 64, 64),
    ):
        Q, K, V = batch("flash_attention_causal", 1, 2, T, S, 4)
        expect_attention(case, Q, K, V, 0.5, True, *blocks)
### END HIDDEN TESTS

# %% nbgrader={"grade_id": "flash_attention_fits_in_sram", "points": 3}
SRAM = """The N × N matrix is never formed, nor are N numbers a query kept: only blocks, and the state
of the block of queries at work. Results are written to HBM block by block."""

with check("fits in the SRAM", idea=SRAM) as case:
    Q, K, V = batch("flash_attention_fits_in_sram", 1, 1, 128, 128, 16)
    expected, tolerance = exact(plain_attention, Q, K, V, 0.25)
    case(on_the_machine, Q, K, V, False).gives(expected, tolerance=tolerance)

### BEGIN HIDDEN TESTS
with check("fits in the SRAM", idea=SRAM, hidden=True) as case:
    Q, K, V = batch("flash_attention_fits_in_sram", 1, 1, 120, 136, 16)
    expected, tolerance = exact(plain_attention, Q, K, V, 0.25, causal_mask(120, 136))
    case(on_the_machine, Q, K, V, True).gives(expected, tolerance=tolerance)
### END HIDDEN TESTS

# %% [markdown]
"""
**Watch your own function.** What it moves and how much SRAM it needs, for several blocks, beside what
`attention_traffic` says. Do the two agree? Which way do the bytes go when the blocks grow?
"""

# %%
Q, K, V = batch("watch", 1, 1, 64, 64, 16)
for block in (8, 16, 32, 64):
    machine = Machine()
    machine.run(flash_attention, Q, K, V, 0.25, False, block, block)
    counted = attention_traffic(64, 16, block, block, "queries outside")
    moved = machine.read // 4, machine.written // 4
    print(f"blocks of {block:2}: moved {moved}, by formula {counted}, SRAM {machine.peak:6,} bytes")

# %% [markdown]
"""
**Done?** Save, then choose *Validate* to run every cell from the top in a fresh kernel, and hand in
from the *Assignment List*. If a check still fails, hand in what you have: each one counts by itself.
"""
