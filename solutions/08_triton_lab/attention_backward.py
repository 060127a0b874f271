# %% [markdown]
"""
# The Triton kernel lab, rung 10: attention, backward

**20 points · about 130 minutes.** Before: rungs 8 and 9; the lesson *The backward pass* of unit 7.

After this rung you can

- write FlashAttention's backward pass: three gradients, and never a matrix of weights;
- make the weights of any tile again, in any order, from one saved number a row;
- choose what a program keeps and what passes by, so that no two programs write the same place;
- leave out, backwards too, the tiles that a causal mask would throw away.

As before: the plain-torch twin says what is wanted, you write kernel and wrapper, and each check is
about one idea. The exercises build on each other, but each of the first three can be solved alone.
"""

# %% nbgrader={"grade_id": "setup", "locked": true}
from course.checks import check, draw_seed, draws
from course.checks.kernels import compiles, moves, normal, play_kernel, right, stays_inside
from course.checks.speed import INTERPRETING, speed
from course.widgets.kernel_map import Touch, kernel_map

COMPILES = """The interpreter runs a kernel as Python and numpy, and lets much pass that no GPU can
do. The compiler wants tl functions instead of numpy's and Python's lists, sizes of blocks that are
known when it compiles (tl.constexpr), a tl.dot of blocks of at least 16 × 16 and of one dtype, and
variables that keep their type inside a loop: what becomes a float there must start as 0.0. What does
not fit a thread's registers spills to slow memory: nothing may. Your kernel is compiled for an H100."""

CORES = (
    COMPILES
    + """ The products must come from the tensor cores, by tl.dot. Both sides of a tl.dot have the
same dtype: p and ds are float32, and are rounded to the dtype of the other side first."""
)

import torch
import triton
import triton.language as tl

# %% [markdown]
r"""
## What the backward pass computes

For one head, with queries $q_t$, keys $k_s$ and values $v_s$ of $d$ numbers each, the forward pass was

$$s_{ts} = \frac{q_t \cdot k_s}{\sqrt d}, \qquad p_{ts} = \frac{e^{s_{ts}}}{\sum_j e^{s_{tj}}}, \qquad o_t = \sum_s p_{ts}\, v_s.$$

It stored $o$ and, for each query, one number more, the **log-sum-exp** of its scores (rung 8 had both
parts at hand):

$$L_t = \ln \sum_s e^{s_{ts}} = m_t + \ln l_t.$$

Training then gives $do_t$ (`dout` in code), the gradient of the loss with respect to $o_t$, and asks for
those of $q$, $k$ and $v$. The lesson *The backward pass* derives them line by line:

$$p_{ts} = e^{s_{ts} - L_t}, \qquad dp_{ts} = do_t \cdot v_s, \qquad ds_{ts} = p_{ts}\,(dp_{ts} - \Delta_t), \qquad \Delta_t = \sum_s p_{ts}\, dp_{ts},$$

$$dv_s = \sum_t p_{ts}\, do_t, \qquad dk_s = \frac{1}{\sqrt d} \sum_t ds_{ts}\, q_t, \qquad dq_t = \frac{1}{\sqrt d} \sum_s ds_{ts}\, k_s.$$

The first formula is why $L$ is saved: with it, a tile of $p$ needs nothing from the rest of its row, no
running maximum, no rescaling. $p$ is made again instead of being stored. The sums go two ways: those
for $k$ and $v$ run over the queries, the one for $q$ over the keys. So there will be two kernels; and a
small one first.
"""

# %% [markdown] nbgrader={"grade_id": "attention_delta_task", "locked": true}
r"""
## 10a. One more number a row

`attention_delta` · 3 points · difficulty 2 of 5 · 15 minutes

$\Delta_t$ is a sum over a whole row of the matrix that nobody has. Put in what $dp$ is, and change the
order of the sums:

$$\Delta_t = \sum_s p_{ts} \sum_i do_{ti}\, v_{si} = \sum_i do_{ti} \sum_s p_{ts}\, v_{si} = \sum_{i=1}^{d} do_{ti}\, o_{ti}.$$

So it is a product of two vectors of $d$ numbers, which both lie in memory. A program takes 32 queries.

**Write** the kernel and the wrapper `attention_delta(o, dout)`.

| | |
|---|---|
| `o`, `dout` | contiguous tensors $(H, T, d)$ of one dtype; $T \ge 1$; $d$ is 16, 32, 64 or 128 |
| dtype | `float32` or `float16`; multiply and add in `float32` |
| returns | a new contiguous `float32` tensor $(H, T)$; your kernel writes all of it |
| on the chip | a program may load at most **32 × d** elements at a time |
| traffic | `o` and `dout` are read once, the result is written once; no other tensors |

**Example.** $o_t = (1, 2, 3)$ and $do_t = (1, 0, -1)$ give $\Delta_t = 1 + 0 - 3 = -2$. Four queries of one head,
tiles of 2, $d = 3$; program 1 has the last two:
"""

# %% nbgrader={"grade_id": "attention_delta_example", "locked": true}
rows = [range(0, 6), range(6, 12)]
kernel_map(
    {"o": (4, 3), "dout": (4, 3), "delta": (4,)},
    [Touch(p, name, "load", rows[p]) for p in range(2) for name in ("o", "dout")]
    + [Touch(p, "delta", "store", (2 * p, 2 * p + 1)) for p in range(2)],
)


# %% nbgrader={"grade_id": "attention_delta_twin", "locked": true}
def plain_delta(o, dout):
    """What is wanted, in plain torch."""
    exactly = torch.promote_types(o.dtype, torch.float32)
    return (o.to(exactly) * dout.to(exactly)).sum(dim=2)


def rows_of(H, T, d=16, seed=0, dtype=torch.float32):
    """Results of a forward pass, and the gradients with respect to them."""
    return normal(H, T, d, seed=seed, dtype=dtype), normal(H, T, d, seed=seed + 1, dtype=dtype)


# %% nbgrader={"grade_id": "attention_delta", "solution": true}
@triton.jit
def attention_delta_kernel(o_ptr, dout_ptr, delta_ptr, T, D: tl.constexpr, BLOCK: tl.constexpr):
    """BLOCK queries of one head; the second axis of the grid is the head."""
    ### BEGIN SOLUTION
    head = tl.program_id(1)
    t = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    mine = (head * T + t)[:, None] * D + tl.arange(0, D)[None, :]
    o = tl.load(o_ptr + mine, mask=t[:, None] < T, other=0.0).to(tl.float32)
    dout = tl.load(dout_ptr + mine, mask=t[:, None] < T, other=0.0).to(tl.float32)
    tl.store(delta_ptr + head * T + t, tl.sum(o * dout, axis=1), mask=t < T)
    ### END SOLUTION


def attention_delta(o: torch.Tensor, dout: torch.Tensor) -> torch.Tensor:
    """The sum of o · dout, both (H, T, d), over each row: (H, T)."""
    ### BEGIN SOLUTION
    H, T, D = o.shape
    delta = torch.empty((H, T), dtype=torch.float32, device=o.device)
    attention_delta_kernel[(triton.cdiv(T, 32), H)](o, dout, delta, T, D=D, BLOCK=32)
    return delta
    ### END SOLUTION


# %% [markdown] nbgrader={"grade_id": "attention_delta_hints", "locked": true}
"""
<details><summary>Hint 1: the idea</summary>

It is rung 3 without the exponential: a block of rows, and one sum a row. Which axis is summed, and
what shape is left?

</details>

<details><summary>Hint 2: a sketch</summary>

A grid of ⌈T/32⌉ × H. The rows are `t`, 32 of them; the block of offsets is
`(head * T + t)[:, None] * D + d[None, :]`, as in rung 8. Load both blocks, make them `tl.float32`,
multiply, sum over `axis=1`, and store one number a row at `head * T + t`, masked by `t < T`.

</details>

<details><summary>Hint 3: almost code</summary>

```
head ← program_id(1);  t ← program_id(0) · BLOCK + arange(BLOCK)
mine ← (head · T + t)[:, None] · D + arange(D)[None, :]
o, dout ← load(… + mine, mask = t[:, None] < T, other = 0.0) as float32
store(delta_ptr + head · T + t, sum(o · dout, axis=1), mask = t < T)
```

</details>
"""

# %% nbgrader={"grade_id": "attention_delta_sums_each_row", "points": 1}
EACH_ROW = """One number a query: the products of the d numbers of its row, all added up, in float32. In
halves each product would be rounded to 11 bits, and what is subtracted later must be as good as what
it is subtracted from. The last tile of a head sticks out over its end: those rows belong to the next
head, or to nobody. And it is your own kernel that computes them."""

with check("sums each row, in float32", idea=EACH_ROW) as case:
    stays_inside(case, attention_delta, plain_delta, *rows_of(1, 4))
    right(case, attention_delta, plain_delta, *rows_of(1, 4, seed=2))
    stays_inside(case, attention_delta, plain_delta, *rows_of(2, 35, 32, dtype=torch.float16))

### BEGIN HIDDEN TESTS
with check("sums each row, in float32", idea=EACH_ROW, hidden=True) as case:
    random, seed = draws("attention_delta_sums_each_row"), draw_seed("attention_delta_rows")
    stays_inside(case, attention_delta, plain_delta, *rows_of(3, random.randint(33, 60), seed=seed))
    half = rows_of(2, random.randint(2, 40), 128, seed, torch.float16)
    right(case, attention_delta, plain_delta, *half)
### END HIDDEN TESTS

# %% nbgrader={"grade_id": "attention_delta_reads_once", "points": 1}
DELTA_ONCE = """Two numbers are read for every product, and one is written for every row. Each
element of o and dout is needed once, by one program; larger loads than 32 rows do not fit."""

with check("reads each element once", idea=DELTA_ONCE) as case:
    moves(case, attention_delta, plain_delta, *rows_of(1, 40),
          reads={"o": 1, "dout": 1}, writes={"out": 1}, block=32 * 16)  # fmt: skip

### BEGIN HIDDEN TESTS
with check("reads each element once", idea=DELTA_ONCE, hidden=True) as case:
    random, seed = draws("attention_delta_reads_once"), draw_seed("attention_delta_once")
    moves(case, attention_delta, plain_delta, *rows_of(2, random.randint(65, 90), 32, seed),
          reads={"o": 1, "dout": 1}, writes={"out": 1}, block=32 * 32)  # fmt: skip
### END HIDDEN TESTS

# %% nbgrader={"grade_id": "attention_delta_compiles_for_a_gpu", "points": 1}
with check("compiles for a GPU", idea=COMPILES) as case:
    o = torch.empty(4, 512, 64, dtype=torch.float16, device="meta")
    compiles(case, attention_delta, (o, o))

### BEGIN HIDDEN TESTS
with check("compiles for a GPU", idea=COMPILES, hidden=True) as case:
    o = torch.empty(4, 512, 64, dtype=torch.float16, device="meta")
    compiles(case, attention_delta, (o, o))
### END HIDDEN TESTS

# %% [markdown]
"""
**Step through your own kernel.** Two heads of 40 queries: which programs have a tile that sticks out?
"""

# %%
play_kernel(attention_delta, *rows_of(2, 40))

# %% [markdown] nbgrader={"grade_id": "attention_backward_keys_task", "locked": true}
r"""
## 10b. The gradients of keys and values

`attention_backward_keys` · 8 points · difficulty 5 of 5 · 60 minutes

$$dv_s = \sum_t p_{ts}\, do_t, \qquad dk_s = \frac{1}{\sqrt d} \sum_t ds_{ts}\, q_t, \qquad p_{ts} = e^{s_{ts} - L_t}, \qquad ds_{ts} = p_{ts}\,(do_t \cdot v_s - \Delta_t)$$

Both sums run over the queries. So turn rung 8 round: a program **keeps** 32 keys and their values, and
**walks along the queries**, 32 at a time. It carries two sums, one tile for $dk$ and one for $dv$, and stores each
once, at the end. Nothing else ever writes there.

For a tile of queries it makes the scores again, and from them $p$. That is a block of queries × keys,
as is $ds$. In the sums the queries must go: `tl.trans(p)` is keys × queries, and times $do$ it is
keys × $d$. Four products a tile, all by `tl.dot(…, input_precision="ieee")`: for $s$, $dp$, $dv$ and $dk$.
Both sides of a `tl.dot` need one dtype, so `p.to(dout.dtype)`, and `ds` likewise.

**Write** kernel and wrapper `attention_backward_keys(q, k, v, dout, lse, delta)`.

| | |
|---|---|
| `q`, `dout`; `k`, `v` | contiguous tensors $(H, T, d)$ and $(H, S, d)$ of one dtype; $T, S \ge 1$; $d$ is 16, 32, 64 or 128 |
| `lse`, `delta` | contiguous `float32` tensors $(H, T)$: $L$ from the forward pass, and $\Delta$ as `attention_delta` gives it |
| dtype | `float32` or `float16`; scores, $p$, $dp$, $ds$ and both sums in `float32`, rounded only for a product and at the end |
| returns | `(dk, dv)`: two new contiguous tensors $(H, S, d)$ of that dtype; your kernel writes all of them |
| on the chip | a program may load at most **32 × d** elements at a time |
| traffic | $k$ and $v$ are read once; $q$, `dout`, `lse` and `delta` at most $\lceil S/32 \rceil$ times; the results are written once; no other tensors |

**Example.** One head, 4 queries and 6 keys, tiles of 2, $d = 3$. Three programs, one for each tile of keys; each
reads all queries:
"""

# %% nbgrader={"grade_id": "attention_backward_keys_example", "locked": true}
sizes = {"q and dout": (4, 3), "lse and delta": (4,), "k and v": (6, 3)}
kernel_map(
    sizes | {"dk and dv": (6, 3)},
    [Touch(p, "q and dout", "load", range(12)) for p in range(3)]
    + [Touch(p, "lse and delta", "load", range(4)) for p in range(3)]
    + [Touch(p, "k and v", "load", range(6 * p, 6 * p + 6)) for p in range(3)]
    + [Touch(p, "dk and dv", "store", range(6 * p, 6 * p + 6)) for p in range(3)],
)


# %% nbgrader={"grade_id": "attention_backward_keys_twin", "locked": true}
def scores_of(q, k, causal=False):
    """Queries times keys; with a causal mask −∞ where a query must not see a key."""
    scores = q @ k.transpose(1, 2) / q.shape[2] ** 0.5
    T, S = scores.shape[1:]
    seen = torch.ones(T, S, dtype=torch.bool, device=q.device).tril(S - T)
    return scores.masked_fill(~seen, -torch.inf) if causal else scores


def plain_gradients(q, k, v, dout, lse=None, delta=None, causal=False):
    """All three gradients, from the plain forward pass and torch's autograd."""
    exactly = torch.promote_types(q.dtype, torch.float32)
    leaves = [x.to(exactly).requires_grad_() for x in (q, k, v)]
    out = scores_of(*leaves[:2], causal).softmax(dim=2) @ leaves[2]
    gradients = torch.autograd.grad(out, leaves, dout.to(exactly))
    return tuple(gradient.to(q.dtype) for gradient in gradients)


def plain_backward_keys(*inputs):
    """What is wanted: the gradients of k and v."""
    return plain_gradients(*inputs)[1:]


# %% nbgrader={"grade_id": "attention_backward_inputs", "locked": true}
def saved(q, k, v, dout, causal=False):
    """What a backward pass is given: the four, and the lse and the delta of each query."""
    scores = scores_of(q.float(), k.float(), causal)
    out = scores.softmax(dim=2) @ v.float()
    return q, k, v, dout, scores.logsumexp(dim=2), (out * dout.float()).sum(dim=2)


def heads(H, T, S, d=16, seed=0, dtype=torch.float32, causal=False):
    """Queries, keys, values, a gradient, and what the forward pass saved."""
    sizes = enumerate((T, S, S, T))
    return saved(*(normal(H, n, d, seed=seed + i, dtype=dtype) for i, n in sizes), causal)


def taken_back():
    """The same in halves; the last third of the queries undoes what the first third adds."""
    q, k, v, dout, *_ = heads(1, 96, 20, dtype=torch.float16)
    dout[:, :32] *= 64
    q[:, 64:], dout[:, 64:] = q[:, :32], -dout[:, :32]
    return saved(q, k, v, dout)


def far_below(H, T, S, depth=100, seed=0):
    """The same in halves, with scores around −depth: e^−L is more than float32 can hold."""
    q, k, v, dout, *_ = heads(H, T, S, seed=seed, dtype=torch.float16)
    q[:, :, 0], k[:, :, 0] = 4 * depth, -1
    return saved(q, k, v, dout)


# %% nbgrader={"grade_id": "attention_backward_keys", "solution": true}
@triton.jit
def attention_backward_keys_kernel(
    q_ptr, k_ptr, v_ptr, dout_ptr, lse_ptr, delta_ptr, dk_ptr, dv_ptr,
    T, S, scale, D: tl.constexpr, BLOCK: tl.constexpr,
):  # fmt: skip
    """BLOCK keys of one head; the second axis of the grid is the head."""
    ### BEGIN SOLUTION
    head = tl.program_id(1)
    s = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    d = tl.arange(0, D)
    mine = (head * S + s)[:, None] * D + d[None, :]
    k = tl.load(k_ptr + mine, mask=s[:, None] < S, other=0.0)
    v = tl.load(v_ptr + mine, mask=s[:, None] < S, other=0.0)
    dk = tl.zeros((BLOCK, D), tl.float32)
    dv = tl.zeros((BLOCK, D), tl.float32)
    for start in range(0, T, BLOCK):
        t = start + tl.arange(0, BLOCK)
        theirs = (head * T + t)[:, None] * D + d[None, :]
        q = tl.load(q_ptr + theirs, mask=t[:, None] < T, other=0.0)
        dout = tl.load(dout_ptr + theirs, mask=t[:, None] < T, other=0.0)
        lse = tl.load(lse_ptr + head * T + t, mask=t < T, other=0.0)
        delta = tl.load(delta_ptr + head * T + t, mask=t < T, other=0.0)
        scores = tl.dot(q, tl.trans(k), input_precision="ieee") * scale
        p = tl.where(t[:, None] < T, tl.exp(scores - lse[:, None]), 0.0)
        dv = tl.dot(tl.trans(p.to(dout.dtype)), dout, dv, input_precision="ieee")
        dp = tl.dot(dout, tl.trans(v), input_precision="ieee")
        ds = p * (dp - delta[:, None])
        dk = tl.dot(tl.trans(ds.to(q.dtype)), q, dk, input_precision="ieee")
    tl.store(dk_ptr + mine, dk * scale, mask=s[:, None] < S)
    tl.store(dv_ptr + mine, dv, mask=s[:, None] < S)
    ### END SOLUTION


def attention_backward_keys(q, k, v, dout, lse, delta):
    """(dk, dv): the gradients of the keys and the values, both (H, S, d)."""
    ### BEGIN SOLUTION
    H, T, D = q.shape
    S = k.shape[1]
    dk = torch.empty((H, S, D), dtype=k.dtype, device=k.device)
    dv = torch.empty((H, S, D), dtype=v.dtype, device=v.device)
    attention_backward_keys_kernel[(triton.cdiv(S, 32), H)](
        q, k, v, dout, lse, delta, dk, dv, T, S, D**-0.5, D=D, BLOCK=32
    )
    return dk, dv
    ### END SOLUTION


# %% [markdown] nbgrader={"grade_id": "attention_backward_keys_hints", "locked": true}
"""
<details><summary>Hint 1: the idea</summary>

Take your kernel of rung 8 and change the roles: `s` comes from the program, `t` from the loop. What
was the running maximum for, and why is it not needed when L is known?

</details>

<details><summary>Hint 2: a sketch</summary>

Load the tiles of k and v once; start dk and dv with zeros, in float32. In the loop: load the tiles of
q and dout and the pieces of lse and delta (0.0 outside). Scores by a dot, times the scale;
`p = exp(scores − lse)`, with lse as a column, and 0 for queries behind the end. dv gets `trans(p)` ·
dout. `dp` is a dot of dout with `trans(v)`; `ds = p · (dp − delta)`, delta as a column too; dk gets
`trans(ds)` · q. After the loop dk is multiplied by the scale, and both are stored.

</details>

<details><summary>Hint 3: almost code</summary>

```
k, v ← load(rows s), 0.0 behind the end;  dk, dv ← zeros((BLOCK, D))
for start in range(0, T, BLOCK):
    t ← start + arange;  q, dout ← load(rows t);  lse, delta ← load(head · T + t);  0.0 behind the end
    scores ← dot(q, trans(k)) · scale
    p ← where(t[:, None] < T, exp(scores − lse[:, None]), 0.0)
    dv ← dot(trans(p as the dtype of dout), dout, dv)
    dp ← dot(dout, trans(v))
    ds ← p · (dp − delta[:, None])
    dk ← dot(trans(ds as the dtype of q), q, dk)
store(rows s of dk, dk · scale);  store(rows s of dv, dv)
```

</details>
"""

# %% nbgrader={"grade_id": "attention_backward_keys_follows_the_chain_rule", "points": 3}
KEYS_CHAIN = """Every query has looked at every key, so every tile of queries adds to dk and dv, in
float32: a sum that is kept in halves loses what is small beside what was there before. The weights are p = exp(s − L), with the scale inside s. dv sums p · do. dk sums ds · q, where
ds = p (dp − Δ): Δ is subtracted from dp, inside the bracket, and the product with q brings the scale
once more. p and ds are blocks of queries × keys; to sum over the queries they are turned round by
tl.trans. All of it is computed by your own kernel, every time."""

with check("follows the chain rule", idea=KEYS_CHAIN) as case:
    right(case, attention_backward_keys, plain_backward_keys, *heads(1, 32, 32))
    right(case, attention_backward_keys, plain_backward_keys, *heads(2, 64, 40))
    half = heads(1, 40, 32, 32, dtype=torch.float16)
    right(case, attention_backward_keys, plain_backward_keys, *half)
    right(case, attention_backward_keys, plain_backward_keys, *taken_back())

### BEGIN HIDDEN TESTS
with check("follows the chain rule", idea=KEYS_CHAIN, hidden=True) as case:
    random, seed = draws("attention_backward_keys_chain"), draw_seed("attention_backward_keys")
    q, *rest = heads(2, random.randint(65, 80), random.randint(33, 50), seed=seed)[:4]
    right(case, attention_backward_keys, plain_backward_keys, *saved(2 * q, *rest))
    right(case, attention_backward_keys, plain_backward_keys, *heads(1, 32, 32, seed=seed))
    half = heads(1, 64, random.randint(2, 30), 64, seed, torch.float16)
    right(case, attention_backward_keys, plain_backward_keys, *half)
### END HIDDEN TESTS

# %% nbgrader={"grade_id": "attention_backward_keys_keeps_missing_queries_out", "points": 2}
NO_QUERY = """The last tile of queries sticks out over the end of its head. What lies there belongs to
the next head, or to nobody: not one of q, do, L and Δ may be read, and those rows must add nothing. A
row of zeros is not nothing: its scores are 0, and exp(0 − 0) = 1. Set p to 0 there. An L of −∞ would
be worse: e to the power of ∞, and ∞ · 0 is not a number."""

with check("keeps missing queries out", idea=NO_QUERY) as case:
    stays_inside(case, attention_backward_keys, plain_backward_keys, *heads(2, 5, 7))
    stays_inside(case, attention_backward_keys, plain_backward_keys, *heads(2, 35, 3))

### BEGIN HIDDEN TESTS
with check("keeps missing queries out", idea=NO_QUERY, hidden=True) as case:
    random, seed = draws("attention_backward_missing"), draw_seed("attention_backward_missing")
    T, S = random.randint(34, 60), random.randint(34, 60)
    stays_inside(case, attention_backward_keys, plain_backward_keys, *heads(2, T, S, seed=seed))
    low = far_below(2, random.randint(1, 31), S, random.randint(95, 120), seed)
    stays_inside(case, attention_backward_keys, plain_backward_keys, *low)
### END HIDDEN TESTS

# %% nbgrader={"grade_id": "attention_backward_keys_stores_no_scores", "points": 2}
KEYS_TRAFFIC = """Neither p nor ds is ever stored: a tile of them is made from what was saved, used for
both sums, and forgotten. Keys and values are read once and kept; queries and gradients pass by once
for each tile of keys. If the sum of a row were computed again, instead of taken from L, k would be
read again and again; smaller tiles read the queries more often."""

with check("stores no scores", idea=KEYS_TRAFFIC) as case:
    moves(case, attention_backward_keys, plain_backward_keys, *heads(1, 48, 64),
          reads={"q": 2, "k": 1, "v": 1, "dout": 2, "lse": 2, "delta": 2},
          writes={"out[0]": 1, "out[1]": 1}, block=32 * 16)  # fmt: skip

### BEGIN HIDDEN TESTS
with check("stores no scores", idea=KEYS_TRAFFIC, hidden=True) as case:
    random, seed = draws("attention_backward_scores"), draw_seed("attention_backward_scores")
    T, S = random.randint(34, 60), random.randint(65, 80)
    moves(case, attention_backward_keys, plain_backward_keys, *heads(2, T, S, seed=seed),
          reads={"q": 3, "k": 1, "v": 1, "dout": 3, "lse": 3, "delta": 3},
          writes={"out[0]": 1, "out[1]": 1}, block=32 * 16)  # fmt: skip
### END HIDDEN TESTS

# %% nbgrader={"grade_id": "attention_backward_keys_compiles_for_a_gpu", "points": 1}
with check("compiles for a GPU, with tensor cores", idea=CORES) as case:
    q = torch.empty(4, 512, 64, dtype=torch.float16, device="meta")
    lse = torch.empty(4, 512, device="meta")
    compiles(case, attention_backward_keys, (q, q, q, q, lse, lse), tensor_cores=True)

### BEGIN HIDDEN TESTS
with check("compiles for a GPU, with tensor cores", idea=CORES, hidden=True) as case:
    q = torch.empty(4, 512, 64, dtype=torch.float16, device="meta")
    lse = torch.empty(4, 512, device="meta")
    compiles(case, attention_backward_keys, (q, q, q, q, lse, lse), tensor_cores=True)
### END HIDDEN TESTS

# %% [markdown]
"""
**Step through your own kernel.** Choose program 0: what does it load before its loop, what in each
turn? The weights of this call would be 34 × 40 numbers. Where are they?
"""

# %%
play_kernel(attention_backward_keys, *heads(1, 34, 40))

# %% [markdown] nbgrader={"grade_id": "attention_backward_queries_task", "locked": true}
r"""
## 10c. The gradient of the queries

`attention_backward_queries` · 5 points · difficulty 4 of 5 · 35 minutes

$$dq_t = \frac{1}{\sqrt d} \sum_s ds_{ts}\, k_s, \qquad ds_{ts} = p_{ts}\,(do_t \cdot v_s - \Delta_t), \qquad p_{ts} = e^{s_{ts} - L_t}$$

Your kernel of 10b had every $ds_{ts}$ at hand. Could it not add its part to $dq$ in passing? But then all
programs add to the same rows, and on a GPU they run at once: load, add, store loses additions, as in
rung 7. With `tl.atomic_add` none is lost, but $dq$ travels to memory and back for every tile of keys,
and the order of the additions, hence the last digits, changes from run to run.

So a second kernel, with the roles of rung 8: a program **keeps** 32 queries with their $do$, $L$ and $\Delta$, and
**walks along the keys**. $s$ and $dp$ are made a second time: three products a tile here and four in 10b,
seven where five would do with atomics. Products are cheap.

**Write** kernel and wrapper `attention_backward_queries(q, k, v, dout, lse, delta)`.

| | |
|---|---|
| arguments | as for `attention_backward_keys` |
| returns | `dq`: a new contiguous tensor $(H, T, d)$ of the dtype of `q`; your kernel writes all of it |
| on the chip | a program may load at most **32 × d** elements at a time |
| traffic | $q$, `dout`, `lse` and `delta` are read once, $k$ and $v$ at most $\lceil T/32 \rceil$ times; $dq$ is written once; no other tensors |

**Example.** The same sizes as before, now two programs, one for each tile of queries. Each reads all keys
and values; its rows of $dq$ are its own:
"""

# %% nbgrader={"grade_id": "attention_backward_queries_example", "locked": true}
kernel_map(
    sizes | {"dq": (4, 3)},
    [Touch(p, "q and dout", "load", range(6 * p, 6 * p + 6)) for p in range(2)]
    + [Touch(p, "lse and delta", "load", range(2 * p, 2 * p + 2)) for p in range(2)]
    + [Touch(p, "k and v", "load", range(18)) for p in range(2)]
    + [Touch(p, "dq", "store", range(6 * p, 6 * p + 6)) for p in range(2)],
)


# %% nbgrader={"grade_id": "attention_backward_queries_twin", "locked": true}
def plain_backward_queries(*inputs):
    """What is wanted: the gradient of q."""
    return plain_gradients(*inputs)[0]


# %% nbgrader={"grade_id": "attention_backward_queries", "solution": true}
@triton.jit
def attention_backward_queries_kernel(
    q_ptr, k_ptr, v_ptr, dout_ptr, lse_ptr, delta_ptr, dq_ptr,
    T, S, scale, D: tl.constexpr, BLOCK: tl.constexpr,
):  # fmt: skip
    """BLOCK queries of one head; the second axis of the grid is the head."""
    ### BEGIN SOLUTION
    head = tl.program_id(1)
    t = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    d = tl.arange(0, D)
    mine = (head * T + t)[:, None] * D + d[None, :]
    q = tl.load(q_ptr + mine, mask=t[:, None] < T, other=0.0)
    dout = tl.load(dout_ptr + mine, mask=t[:, None] < T, other=0.0)
    lse = tl.load(lse_ptr + head * T + t, mask=t < T, other=0.0)
    delta = tl.load(delta_ptr + head * T + t, mask=t < T, other=0.0)
    dq = tl.zeros((BLOCK, D), tl.float32)
    for start in range(0, S, BLOCK):
        s = start + tl.arange(0, BLOCK)
        theirs = (head * S + s)[:, None] * D + d[None, :]
        k = tl.load(k_ptr + theirs, mask=s[:, None] < S, other=0.0)
        v = tl.load(v_ptr + theirs, mask=s[:, None] < S, other=0.0)
        scores = tl.dot(q, tl.trans(k), input_precision="ieee") * scale
        p = tl.where(s[None, :] < S, tl.exp(scores - lse[:, None]), 0.0)
        dp = tl.dot(dout, tl.trans(v), input_precision="ieee")
        ds = p * (dp - delta[:, None])
        dq = tl.dot(ds.to(k.dtype), k, dq, input_precision="ieee")
    tl.store(dq_ptr + mine, dq * scale, mask=t[:, None] < T)
    ### END SOLUTION


def attention_backward_queries(q, k, v, dout, lse, delta):
    """dq: the gradient of the queries, (H, T, d)."""
    ### BEGIN SOLUTION
    H, T, D = q.shape
    S = k.shape[1]
    dq = torch.empty((H, T, D), dtype=q.dtype, device=q.device)
    attention_backward_queries_kernel[(triton.cdiv(T, 32), H)](
        q, k, v, dout, lse, delta, dq, T, S, D**-0.5, D=D, BLOCK=32
    )
    return dq
    ### END SOLUTION


# %% [markdown] nbgrader={"grade_id": "attention_backward_queries_hints", "locked": true}
"""
<details><summary>Hint 1: the idea</summary>

The loop of rung 8 around the formulas of 10b. Which of the four products of 10b are needed, and is
anything turned round in the last one?

</details>

<details><summary>Hint 2: a sketch</summary>

Before the loop: the tiles of q and dout, the pieces of lse and delta, and dq as zeros. In the loop:
the tiles of k and v, the scores, `p` (0 for keys behind the end), `dp` and `ds`, exactly as before.
`ds` is queries × keys and k is keys × d: they can be multiplied as they are. The scale comes once more at
the end, and then the only store.

</details>

<details><summary>Hint 3: almost code</summary>

```
q, dout ← load(rows t);  lse, delta ← load(head · T + t);  0.0 behind the end
dq ← zeros((BLOCK, D))
for start in range(0, S, BLOCK):
    s ← start + arange;  k, v ← load(rows s), 0.0 behind the end
    scores ← dot(q, trans(k)) · scale
    p ← where(s[None, :] < S, exp(scores − lse[:, None]), 0.0)
    ds ← p · (dot(dout, trans(v)) − delta[:, None])
    dq ← dot(ds as the dtype of k, k, dq)
store(rows t of dq, dq · scale)
```

</details>
"""

# %% nbgrader={"grade_id": "attention_backward_queries_follows_the_chain_rule", "points": 2}
QUERIES_CHAIN = """dq is the sum of ds · k over all tiles of keys: keys, not values, and the sum goes on
from tile to tile. ds = p (dp − Δ), with p = exp(s − L) and dp = do · v; the scale is inside s, and
comes once more with k. All of it is computed by your own kernel, every time."""

with check("follows the chain rule", idea=QUERIES_CHAIN) as case:
    right(case, attention_backward_queries, plain_backward_queries, *heads(1, 32, 32))
    right(case, attention_backward_queries, plain_backward_queries, *heads(2, 40, 64))
    half = heads(1, 32, 40, 32, dtype=torch.float16)
    right(case, attention_backward_queries, plain_backward_queries, *half)

### BEGIN HIDDEN TESTS
with check("follows the chain rule", idea=QUERIES_CHAIN, hidden=True) as case:
    random, seed = draws("attention_backward_queries"), draw_seed("attention_backward_queries")
    q, *rest = heads(2, random.randint(33, 50), random.randint(65, 80), seed=seed)[:4]
    right(case, attention_backward_queries, plain_backward_queries, *saved(2 * q, *rest))
    right(case, attention_backward_queries, plain_backward_queries, *heads(1, 32, 32, seed=seed))
    half = heads(1, random.randint(2, 30), 64, 64, seed, torch.float16)
    right(case, attention_backward_queries, plain_backward_queries, *half)
### END HIDDEN TESTS

# %% nbgrader={"grade_id": "attention_backward_queries_keeps_missing_keys_out", "points": 1}
NO_KEY = """The last tile of keys sticks out over the end. Its lanes hold 0, and a score of 0 is a score:
p = exp(0 − L), which is huge where the other scores are low, so huge that it becomes ∞; and ∞ · 0 is
not a number. Set p to 0 there. The last tile of queries sticks out as well: those rows belong to the
next head, or to nobody, and must not be written."""

with check("keeps missing keys out", idea=NO_KEY) as case:
    stays_inside(case, attention_backward_queries, plain_backward_queries, *heads(2, 5, 7))
    stays_inside(case, attention_backward_queries, plain_backward_queries, *far_below(1, 3, 35))

### BEGIN HIDDEN TESTS
with check("keeps missing keys out", idea=NO_KEY, hidden=True) as case:
    random, seed = draws("attention_backward_keys"), draw_seed("attention_backward_no_key")
    T, S = random.randint(34, 60), random.randint(34, 60)
    inputs = heads(2, T, S, seed=seed)
    stays_inside(case, attention_backward_queries, plain_backward_queries, *inputs)
    low = far_below(2, T, random.randint(2, 31), random.randint(95, 120), seed)
    stays_inside(case, attention_backward_queries, plain_backward_queries, *low)
### END HIDDEN TESTS

# %% nbgrader={"grade_id": "attention_backward_queries_writes_each_row_once", "points": 1}
ONE_WRITER = """A row of dq belongs to one program, which keeps it on the chip until it has seen all
keys, and writes it once. If programs are dealt out by keys, many of them add to the same row: load,
add, store is a race, and atomic additions move dq once for each tile of keys. Nothing but dq is
written, no p and no ds; keys and values pass by once for each tile of 32 queries."""

with check("writes each row once", idea=ONE_WRITER) as case:
    stays_inside(case, attention_backward_queries, plain_backward_queries, *heads(1, 20, 40))
    moves(case, attention_backward_queries, plain_backward_queries, *heads(1, 64, 48),
          reads={"q": 1, "k": 2, "v": 2, "dout": 1, "lse": 1, "delta": 1},
          writes={"out": 1}, block=32 * 16)  # fmt: skip

### BEGIN HIDDEN TESTS
with check("writes each row once", idea=ONE_WRITER, hidden=True) as case:
    random, seed = draws("attention_backward_writes"), draw_seed("attention_backward_writes")
    T, S = random.randint(65, 80), random.randint(34, 60)
    inputs = heads(1, 20, S, seed=seed)
    stays_inside(case, attention_backward_queries, plain_backward_queries, *inputs)
    moves(case, attention_backward_queries, plain_backward_queries, *heads(1, T, S, seed=seed),
          reads={"q": 1, "k": 3, "v": 3, "dout": 1, "lse": 1, "delta": 1},
          writes={"out": 1}, block=32 * 16)  # fmt: skip
### END HIDDEN TESTS

# %% nbgrader={"grade_id": "attention_backward_queries_compiles_for_a_gpu", "points": 1}
with check("compiles for a GPU, with tensor cores", idea=CORES) as case:
    q = torch.empty(4, 512, 64, dtype=torch.float16, device="meta")
    lse = torch.empty(4, 512, device="meta")
    compiles(case, attention_backward_queries, (q, q, q, q, lse, lse), tensor_cores=True)

### BEGIN HIDDEN TESTS
with check("compiles for a GPU, with tensor cores", idea=CORES, hidden=True) as case:
    q = torch.empty(4, 512, 64, dtype=torch.float16, device="meta")
    lse = torch.empty(4, 512, device="meta")
    compiles(case, attention_backward_queries, (q, q, q, q, lse, lse), tensor_cores=True)
### END HIDDEN TESTS

# %% [markdown]
"""
**Step through your own kernel.** Every element of `dq` has the colour of one program. Which tensors are
read by several? Compare with the picture of 10b: what was kept there passes by here.
"""

# %%
play_kernel(attention_backward_queries, *heads(1, 40, 34))

# %% [markdown]
"""
**All three together** are a backward pass: what torch's autograd would have done with the matrix of
weights, in three launches without it. (No points here; the card says whether they fit together.)
"""


# %%
def backward(q, k, v, o, lse, dout):
    """(dq, dk, dv), from your three kernels."""
    delta = attention_delta(o, dout)
    dk, dv = attention_backward_keys(q, k, v, dout, lse, delta)
    return attention_backward_queries(q, k, v, dout, lse, delta), dk, dv


def plain_backward(q, k, v, o, lse, dout):
    return plain_gradients(q, k, v, dout)


def whole(H, T, S):
    """Queries, keys, values, the result and the lse of a forward pass, and a gradient."""
    q, k, v, dout, lse, _ = heads(H, T, S)
    return q, k, v, scores_of(q, k).softmax(dim=2) @ v, lse, dout


# %%
TOGETHER = """delta goes from the first kernel into the two others, and each gradient has the shape of
what it belongs to."""

with check("three kernels, one backward pass", idea=TOGETHER) as case:
    right(case, backward, plain_backward, *whole(2, 70, 50))

# %% [markdown]
"""
**How fast is it?** A backward pass needs five products of $2TSd$ operations a head. Your kernels run
seven, for $p$ and $dp$ are made twice: what is gained for it? On a GPU the rival is the backward pass of
torch's own fused attention.
"""

# %%
H, T, d = (1, 64, 16) if INTERPRETING else (16, 2048, 64)
q, k, v, dout, lse, _ = heads(H, T, T, d, dtype=torch.float16)
leaves = [x[None].requires_grad_() for x in (q, k, v)]
out = torch.nn.functional.scaled_dot_product_attention(*leaves)
speed(backward, lambda *_: torch.autograd.grad(out, leaves, dout[None], retain_graph=True),
      q, k, v, out[0].detach(), lse, dout, operations=10 * H * T * T * d)  # fmt: skip

# %% [markdown] nbgrader={"grade_id": "causal_attention_backward_keys_task", "locked": true}
r"""
## 10d. Causal: the first query that counts

`causal_attention_backward_keys` · 4 points · difficulty 4 of 5 · 20 minutes

With a causal mask (rung 9) query $t$ sees only the keys $s \le t + (S - T)$. For the other pairs $p_{ts} = 0$,
hence $ds_{ts} = 0$: nothing flows back through them, and of the $T \times S$ pairs nearly half are left out.

For $dq$ the kernel of 10c changes as that of rung 8 did: the loop over the keys ends early. (You need not
write that one.) For $dk$ and $dv$ the keys stay and the queries pass by, and it is the other end: the newest
keys are seen by the newest queries only. So the loop over the queries **begins late**. Which is the first
query that sees any of a program's keys?

**Write** kernel and wrapper `causal_attention_backward_keys(q, k, v, dout, lse, delta)`.

| | |
|---|---|
| arguments | as for `attention_backward_keys`, with $1 \le T \le S$; `lse` and `delta` are those of causal attention |
| returns | `(dk, dv)` as before, every query seeing the keys $s \le t + (S - T)$ only |
| on the chip | a program may load at most **32 × d** elements at a time |
| traffic | as `attention_backward_keys`, but no tile of 32 queries is read of which none sees any of a program's 32 keys |

**Example.** Four queries, six keys, tiles of 2. The first query sees the keys 0 to 2, the second 0 to 3. So
programs 0 and 1 read all queries; program 2, with the keys 4 and 5, only the last two:
"""

# %% nbgrader={"grade_id": "causal_attention_backward_keys_example", "locked": true}
first = [0, 0, 2]
kernel_map(
    sizes | {"dk and dv": (6, 3)},
    [Touch(p, "q and dout", "load", range(3 * first[p], 12)) for p in range(3)]
    + [Touch(p, "lse and delta", "load", range(first[p], 4)) for p in range(3)]
    + [Touch(p, "k and v", "load", range(6 * p, 6 * p + 6)) for p in range(3)]
    + [Touch(p, "dk and dv", "store", range(6 * p, 6 * p + 6)) for p in range(3)],
)


# %% nbgrader={"grade_id": "causal_attention_backward_keys_twin", "locked": true}
def plain_causal_backward_keys(*inputs):
    """What is wanted: the gradients of k and v, with the mask."""
    return plain_gradients(*inputs, causal=True)[1:]


def queries_read(T, S):
    """How often each query is read on average when no tile is read in vain."""
    firsts = [max(0, key + T - S) // 32 * 32 for key in range(0, S, 32)]
    return sum(T - first for first in firsts) / T


def loud_last_key():
    """A key whose scores are so large that e to their power is ∞; only the last query sees it."""
    q, k, v, dout, *_ = heads(1, 20, 20, dtype=torch.float16)
    q[:, :, 0], k[:, :, 0], k[:, -1, 0] = 40, 0, 30
    return saved(q, k, v, dout, causal=True)


# %% nbgrader={"grade_id": "causal_attention_backward_keys", "solution": true}
@triton.jit
def causal_attention_backward_keys_kernel(
    q_ptr, k_ptr, v_ptr, dout_ptr, lse_ptr, delta_ptr, dk_ptr, dv_ptr,
    T, S, scale, D: tl.constexpr, BLOCK: tl.constexpr,
):  # fmt: skip
    """BLOCK keys of one head; the second axis of the grid is the head."""
    ### BEGIN SOLUTION
    head = tl.program_id(1)
    s = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    d = tl.arange(0, D)
    mine = (head * S + s)[:, None] * D + d[None, :]
    k = tl.load(k_ptr + mine, mask=s[:, None] < S, other=0.0)
    v = tl.load(v_ptr + mine, mask=s[:, None] < S, other=0.0)
    dk = tl.zeros((BLOCK, D), tl.float32)
    dv = tl.zeros((BLOCK, D), tl.float32)
    first = tl.maximum(0, tl.program_id(0) * BLOCK + T - S)  # to see the first key of the tile
    for start in range(first // BLOCK * BLOCK, T, BLOCK):
        t = start + tl.arange(0, BLOCK)
        theirs = (head * T + t)[:, None] * D + d[None, :]
        q = tl.load(q_ptr + theirs, mask=t[:, None] < T, other=0.0)
        dout = tl.load(dout_ptr + theirs, mask=t[:, None] < T, other=0.0)
        lse = tl.load(lse_ptr + head * T + t, mask=t < T, other=0.0)
        delta = tl.load(delta_ptr + head * T + t, mask=t < T, other=0.0)
        scores = tl.dot(q, tl.trans(k), input_precision="ieee") * scale
        seen = (t[:, None] < T) & (s[None, :] <= t[:, None] + S - T)
        p = tl.where(seen, tl.exp(scores - lse[:, None]), 0.0)
        dv = tl.dot(tl.trans(p.to(dout.dtype)), dout, dv, input_precision="ieee")
        dp = tl.dot(dout, tl.trans(v), input_precision="ieee")
        ds = p * (dp - delta[:, None])
        dk = tl.dot(tl.trans(ds.to(q.dtype)), q, dk, input_precision="ieee")
    tl.store(dk_ptr + mine, dk * scale, mask=s[:, None] < S)
    tl.store(dv_ptr + mine, dv, mask=s[:, None] < S)
    ### END SOLUTION


def causal_attention_backward_keys(q, k, v, dout, lse, delta):
    """(dk, dv): the gradients of the keys and the values, both (H, S, d), under a causal mask."""
    ### BEGIN SOLUTION
    H, T, D = q.shape
    S = k.shape[1]
    dk = torch.empty((H, S, D), dtype=k.dtype, device=k.device)
    dv = torch.empty((H, S, D), dtype=v.dtype, device=v.device)
    causal_attention_backward_keys_kernel[(triton.cdiv(S, 32), H)](
        q, k, v, dout, lse, delta, dk, dv, T, S, D**-0.5, D=D, BLOCK=32
    )
    return dk, dv
    ### END SOLUTION


# %% [markdown] nbgrader={"grade_id": "causal_attention_backward_keys_hints", "locked": true}
"""
<details><summary>Hint 1: the idea</summary>

Two changes to your kernel of 10b: for which pairs p is 0, and where the loop begins. Turn the mask of
rung 9 round: for a given s, which t satisfy it?

</details>

<details><summary>Hint 2: a sketch</summary>

Key s is seen by the queries t ≥ s + T − S. Of the keys of a program the first one is seen earliest: from
query `program · BLOCK + T − S` on, or from 0 if that is negative. The loop begins at the tile that holds
this query, so round down to a multiple of BLOCK. In the tiles that are left, p is 0 where
`s > t + S − T`. Choose with `tl.where`: the score of a pair that is not seen may be anything, also so
large that its exponential is ∞, and ∞ · 0 is not a number.

</details>

<details><summary>Hint 3: almost code</summary>

```
first ← maximum(0, program_id(0) · BLOCK + T − S)
for start in range(first // BLOCK · BLOCK, T, BLOCK):
    … as in 10b, with
    seen ← (t[:, None] < T) & (s[None, :] <= t[:, None] + S − T)
    p ← where(seen, exp(scores − lse[:, None]), 0.0)
```

</details>
"""

# %% nbgrader={"grade_id": "causal_attention_backward_keys_takes_nothing_from_earlier_queries", "points": 2}
EARLIER = """A query that does not see a key says nothing about it: p and ds are 0 for that pair. Query t
sees the keys up to t + (S − T), that one included: the ends are lined up, not the beginnings. Choose
with tl.where: the score of a pair that is not seen may be so large that its exponential is ∞, and ∞ · 0
is not a number. And every query that does see a key counts, in every tile."""

with check("takes nothing from earlier queries", idea=EARLIER) as case:
    causal, plain_causal = causal_attention_backward_keys, plain_causal_backward_keys
    stays_inside(case, causal, plain_causal, *heads(2, 5, 5, causal=True))
    right(case, causal, plain_causal, *heads(1, 40, 77, causal=True))
    right(case, causal, plain_causal, *loud_last_key())

### BEGIN HIDDEN TESTS
with check("takes nothing from earlier queries", idea=EARLIER, hidden=True) as case:
    causal, plain_causal = causal_attention_backward_keys, plain_causal_backward_keys
    random, seed = draws("causal_backward_earlier"), draw_seed("causal_backward_earlier")
    T = random.randint(65, 80)
    stays_inside(case, causal, plain_causal, *heads(1, T, T, seed=seed, causal=True))
    more = T + random.randint(3, 40)
    right(case, causal, plain_causal, *heads(1, T, more, seed=seed, causal=True))
    right(case, causal, plain_causal, *heads(2, 1, 40, 32, seed, torch.float16, causal=True))
### END HIDDEN TESTS

# %% nbgrader={"grade_id": "causal_attention_backward_keys_begins_late", "points": 1}
LATE = """The first tiles of queries see none of the newest keys: they would be read, multiplied four
times, and thrown away. Begin the loop at the tile of the first query that sees the first key of the
program. Nothing else changes: k and v are read once, dk and dv written once, and no p is stored."""

with check("begins late", idea=LATE) as case:
    often = queries_read(96, 96)
    moves(case, causal_attention_backward_keys, plain_causal_backward_keys,
          *heads(1, 96, 96, causal=True), block=32 * 16, writes={"out[0]": 1, "out[1]": 1},
          reads={"q": often, "k": 1, "v": 1, "dout": often, "lse": often, "delta": often})  # fmt: skip

### BEGIN HIDDEN TESTS
with check("begins late", idea=LATE, hidden=True) as case:
    random, seed = draws("causal_backward_late"), draw_seed("causal_backward_late")
    T = random.randint(65, 96)
    often = queries_read(T, T + 16)
    moves(case, causal_attention_backward_keys, plain_causal_backward_keys,
          *heads(1, T, T + 16, seed=seed, causal=True), block=32 * 16,
          writes={"out[0]": 1, "out[1]": 1},
          reads={"q": often, "k": 1, "v": 1, "dout": often, "lse": often, "delta": often})  # fmt: skip
### END HIDDEN TESTS

# %% nbgrader={"grade_id": "causal_attention_backward_keys_compiles_for_a_gpu", "points": 1}
with check("compiles for a GPU, with tensor cores", idea=CORES) as case:
    q = torch.empty(4, 512, 64, dtype=torch.float16, device="meta")
    lse = torch.empty(4, 512, device="meta")
    compiles(case, causal_attention_backward_keys, (q, q, q, q, lse, lse), tensor_cores=True)

### BEGIN HIDDEN TESTS
with check("compiles for a GPU, with tensor cores", idea=CORES, hidden=True) as case:
    q = torch.empty(4, 512, 64, dtype=torch.float16, device="meta")
    lse = torch.empty(4, 512, device="meta")
    compiles(case, causal_attention_backward_keys, (q, q, q, q, lse, lse), tensor_cores=True)
### END HIDDEN TESTS

# %% [markdown]
"""
**Step through your own kernel.** The last two queries are read by both programs, all others by the
first only: the picture of rung 9, turned round.
"""

# %%
play_kernel(causal_attention_backward_keys, *heads(1, 34, 34, causal=True))

# %% [markdown]
"""
**Done?** Save, then choose *Validate* to run every cell from the top in a fresh kernel, and hand in
from the *Assignment List*. Next: *attention_in_use*, packed texts and a cache.

The reference kernels in `kernels/flash_attention.py` do the same, for grouped heads, windows and packed
sequences as well; and they mask only the tiles that need it.
"""
