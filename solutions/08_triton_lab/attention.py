# %% [markdown]
"""
# The Triton kernel lab, rungs 8 and 9: attention

**20 points · about 110 minutes.** Before: rungs 1 to 5; the lesson *Attention without the matrix* of
unit 7.

After these two rungs you can

- write FlashAttention's forward pass: attention without ever storing its matrix of scores;
- carry a maximum, a sum and a whole tile of results along, and rescale them together;
- leave out the tiles that a causal mask would throw away.

As before: the plain-torch twin says what is wanted, you write kernel and wrapper, and each check is
about one idea.
"""

# %% nbgrader={"grade_id": "setup", "locked": true}
from course.checks import check, draw_seed, draws
from course.checks.kernels import DEVICE, compiles, moves, normal, play_kernel, right, stays_inside
from course.checks.speed import INTERPRETING, speed
from course.widgets.kernel_map import Touch, kernel_map

COMPILES = """The interpreter runs a kernel as Python and numpy, and lets much pass that no GPU can
do. The compiler wants tl functions instead of numpy's and Python's lists, sizes of blocks that are
known when it compiles (tl.constexpr), a tl.dot of blocks of at least 16 × 16 and of one dtype, and
variables that keep their type inside a loop: what becomes a float there must start as 0.0. And the
two products must come from the tensor cores, by tl.dot: made by hand they need more registers than a
thread has, and what does not fit spills to slow memory. Your kernel is compiled for an H100."""

import torch
import triton
import triton.language as tl

# %% [markdown] nbgrader={"grade_id": "attention_task", "locked": true}
r"""
## 8. Flash attention, forward

`attention` · 10 points · difficulty 4 of 5 · 60 minutes

For one head, with queries $q_t$, keys $k_s$ and values $v_s$, all of $d$ numbers:

$$s_{ts} = \frac{q_t \cdot k_s}{\sqrt d}, \qquad o_t = \sum_s \frac{e^{s_{ts} - m_t}}{l_t}\, v_s, \qquad m_t = \max_s s_{ts}, \quad l_t = \sum_s e^{s_{ts} - m_t}$$

The matrix $s$ has $T \times S$ elements: for long texts far more than $q$, $k$, $v$ and $o$ together. It never needs to
exist. A program takes a tile of 32 queries, and walks along the keys 32 at a time. For its rows it
carries $m$, $l$ and the unfinished result $a_t = \sum e^{s_{ts} - m_t} v_s$ of the keys so far. A new tile of scores raises
the maximum to $m'$; everything that was taken against the old one shrinks by the same factor:

$$l' = l\, e^{m - m'} + \sum_{\text{tile}} e^{s_{ts} - m'}, \qquad a' = a\, e^{m - m'} + \sum_{\text{tile}} e^{s_{ts} - m'} v_s,$$

and after the last tile $o = a / l$. This is rung 4 with a tile of rows, and with a second sum.

Both products are `tl.dot`: `tl.dot(q, tl.trans(k), input_precision="ieee")` for the scores, and
`tl.dot(p.to(v.dtype), v, a, input_precision="ieee")` for the values. In a block of scores `axis=1` runs
over the keys; `m[:, None]` makes a column of a range.

**Write** kernel and wrapper `attention(q, k, v)`.

| | |
|---|---|
| `q`; `k`, `v` | contiguous tensors $(H, T, d)$ and $(H, S, d)$ of one dtype; $T, S \ge 1$; $d$ is 16, 32, 64 or 128 |
| dtype | `float32` or `float16`; scores, $m$, $l$ and $a$ in `float32` |
| returns | a new contiguous tensor $(H, T, d)$ of that dtype; your kernel writes all of it |
| on the chip | a program may load at most **32 × d** elements at a time |
| traffic | $q$ is read once, $k$ and $v$ at most $\lceil T/32 \rceil$ times, the result is written once; no other tensors |

**Example.** One head, 4 queries and 6 keys, tiles of 2 (a GPU wants 16 or more), $d = 3$. Two programs; each
reads its own rows of $q$, and all of $k$ and $v$:
"""

# %% nbgrader={"grade_id": "attention_example", "locked": true}
kernel_map(
    {"q": (4, 3), "k": (6, 3), "v": (6, 3), "out": (4, 3)},
    [Touch(p, "q", "load", range(6 * p, 6 * p + 6)) for p in range(2)]
    + [Touch(p, name, "load", range(18)) for p in range(2) for name in "kv"]
    + [Touch(p, "out", "store", range(6 * p, 6 * p + 6)) for p in range(2)],
)


# %% nbgrader={"grade_id": "attention_twin", "locked": true}
def plain_attention(q, k, v):
    """What is wanted, in plain torch."""
    exactly = torch.promote_types(q.dtype, torch.float32)
    scores = q.to(exactly) @ k.to(exactly).transpose(1, 2) / q.shape[2] ** 0.5
    return (scores.softmax(dim=2) @ v.to(exactly)).to(q.dtype)


def heads(H, T, S, d=16, seed=0, dtype=torch.float32):
    """Queries, keys and values."""
    return tuple(normal(H, n, d, seed=seed + i, dtype=dtype) for i, n in enumerate((T, S, S)))


def rising(T, S, low=-3.0, high=3.0, dtype=torch.float32):
    """Queries and keys whose scores rise from key to key, from `low` to `high`; any values."""
    q, k, v = heads(1, T, S, dtype=dtype)
    q[:], k[:] = 0.5, torch.linspace(low / 2, high / 2, S, device=DEVICE)[:, None]
    return q, k, v


# %% nbgrader={"grade_id": "attention", "solution": true}
@triton.jit
def attention_kernel(
    q_ptr, k_ptr, v_ptr, out_ptr, T, S, scale, D: tl.constexpr, BLOCK: tl.constexpr
):
    """BLOCK queries of one head; the second axis of the grid is the head."""
    ### BEGIN SOLUTION
    head = tl.program_id(1)
    t = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    d = tl.arange(0, D)
    mine = (head * T + t)[:, None] * D + d[None, :]
    q = tl.load(q_ptr + mine, mask=t[:, None] < T, other=0.0)
    m = tl.full((BLOCK,), -float("inf"), tl.float32)
    l = tl.zeros((BLOCK,), tl.float32)
    acc = tl.zeros((BLOCK, D), tl.float32)
    for start in range(0, S, BLOCK):
        s = start + tl.arange(0, BLOCK)
        theirs = (head * S + s)[:, None] * D + d[None, :]
        k = tl.load(k_ptr + theirs, mask=s[:, None] < S, other=0.0)
        v = tl.load(v_ptr + theirs, mask=s[:, None] < S, other=0.0)
        scores = tl.dot(q, tl.trans(k), input_precision="ieee") * scale
        scores = tl.where(s[None, :] < S, scores, -float("inf"))
        m_new = tl.maximum(m, tl.max(scores, axis=1))
        p = tl.exp(scores - m_new[:, None])
        shrink = tl.exp(m - m_new)
        l = l * shrink + tl.sum(p, axis=1)
        acc = tl.dot(p.to(v.dtype), v, acc * shrink[:, None], input_precision="ieee")
        m = m_new
    tl.store(out_ptr + mine, acc / l[:, None], mask=t[:, None] < T)
    ### END SOLUTION


def attention(q: torch.Tensor, k: torch.Tensor, v: torch.Tensor) -> torch.Tensor:
    """Attention of the queries (H, T, d) to the keys and values (H, S, d)."""
    ### BEGIN SOLUTION
    H, T, D = q.shape
    S = k.shape[1]
    out = torch.empty((H, T, D), dtype=q.dtype, device=q.device)
    grid = (triton.cdiv(T, 32), H)
    attention_kernel[grid](q, k, v, out, T, S, D**-0.5, D=D, BLOCK=32)
    return out
    ### END SOLUTION


# %% [markdown] nbgrader={"grade_id": "attention_hints", "locked": true}
"""
<details><summary>Hint 1: the idea</summary>

Take your kernel of rung 4. Its `m` and `l` become columns, one number for each query; the scores of a
tile take the place of the loaded block. What else was taken against the old maximum?

</details>

<details><summary>Hint 2: a sketch</summary>

Load the tile of q once. In the loop: load a tile of k and one of v (0.0 outside), make scores with a
dot and the scale, set the scores of keys behind the end to −∞. Then the new maximum over axis 1, `p`,
the factor `exp(m − m_new)`, the new `l`, and the accumulator: first times the factor, then plus
`p` · v. Divide by `l` once, at the end.

</details>

<details><summary>Hint 3: almost code</summary>

```
q ← load(rows t of q);  m ← full(−inf);  l ← zeros;  acc ← zeros((BLOCK, D))
for start in range(0, S, BLOCK):
    s ← start + arange;  k, v ← load(rows s), 0.0 behind the end
    scores ← dot(q, trans(k)) · scale;  scores ← where(s[None, :] < S, scores, −inf)
    m_new ← maximum(m, max(scores, axis=1))
    p ← exp(scores − m_new[:, None]);  shrink ← exp(m − m_new)
    l ← l · shrink + sum(p, axis=1)
    acc ← dot(p as the dtype of v, v, acc · shrink[:, None]);  m ← m_new
store(rows t of out, acc / l[:, None])
```

</details>
"""

# %% nbgrader={"grade_id": "attention_rescales_sum_and_result", "points": 3}
RESCALES = """The sum l and the unfinished result were both taken against the maximum so far. When it
rises, both shrink by exp(m − m') before the new tile is added: one without the other gives weights
that do not sum to 1. The maximum starts at −∞, not at 0: scores may all lie far below zero. Scores are
divided by √d, once. And it is your own kernel that computes them."""

with check("rescales sum and result", idea=RESCALES) as case:
    right(case, attention, plain_attention, *rising(5, 70))
    right(case, attention, plain_attention, *rising(3, 40, -400.0, -200.0, torch.float16))
    right(case, attention, plain_attention, *heads(2, 33, 64, dtype=torch.float16))

### BEGIN HIDDEN TESTS
with check("rescales sum and result", idea=RESCALES, hidden=True) as case:
    random, seed = draws("attention_rescales"), draw_seed("attention_rescales")
    q, k, v = heads(2, random.randint(33, 50), random.randint(65, 90), seed=seed)
    right(case, attention, plain_attention, 3 * q, k, v)
    right(case, attention, plain_attention, *rising(2, random.randint(66, 90)))
    far_below = rising(3, 40, -random.uniform(300, 400), -200.0, torch.float16)
    right(case, attention, plain_attention, *far_below)
    right(case, attention, plain_attention, *heads(1, 20, 40, 32, seed, torch.float16))
### END HIDDEN TESTS

# %% nbgrader={"grade_id": "attention_keeps_missing_keys_out", "points": 2}
MISSING = """The last tile of keys sticks out over the end. Its lanes hold 0, and a score of 0 is a
score: exp(0 − m) would be added to the sum, and where the other scores are low it is more than all of
them. Such scores must be −∞. The last tile of queries sticks out as well: those rows belong to the next
head, or to nobody, and must not be written."""

with check("keeps missing keys out", idea=MISSING) as case:
    stays_inside(case, attention, plain_attention, *heads(2, 5, 7))
    stays_inside(case, attention, plain_attention, *rising(3, 35, -20.0, -10.0, torch.float16))

### BEGIN HIDDEN TESTS
with check("keeps missing keys out", idea=MISSING, hidden=True) as case:
    random, seed = draws("attention_missing"), draw_seed("attention_missing")
    T, S = random.randint(34, 60), random.randint(34, 60)
    stays_inside(case, attention, plain_attention, *heads(2, T, S, seed=seed))
    stays_inside(case, attention, plain_attention, *rising(1, S, -30.0, -15.0, torch.float16))
### END HIDDEN TESTS

# %% nbgrader={"grade_id": "attention_stores_no_scores", "points": 3}
NO_SCORES = """The point of FlashAttention is what it does not move: the scores are made on the chip,
used and forgotten. A tile of 32 queries is read once and kept; k and v pass by once for each such
tile. Smaller tiles of queries read k and v more often; loads of more than 32 rows do not fit."""

with check("stores no scores", idea=NO_SCORES) as case:
    moves(case, attention, plain_attention, *heads(1, 64, 48),
          reads={"q": 1, "k": 2, "v": 2}, writes={"out": 1}, block=32 * 16)  # fmt: skip

### BEGIN HIDDEN TESTS
with check("stores no scores", idea=NO_SCORES, hidden=True) as case:
    random, seed = draws("attention_no_scores"), draw_seed("attention_no_scores")
    T, S = random.randint(50, 63), random.randint(65, 80)
    moves(case, attention, plain_attention, *heads(2, T, S, seed=seed),
          reads={"q": 1, "k": 2, "v": 2}, writes={"out": 1}, block=32 * 16)  # fmt: skip
### END HIDDEN TESTS

# %% nbgrader={"grade_id": "attention_compiles_for_a_gpu", "points": 2}
with check("compiles for a GPU, with tensor cores", idea=COMPILES) as case:
    q = torch.empty(4, 512, 64, dtype=torch.float16, device="meta")
    compiles(case, attention, (q, q, q), tensor_cores=True)

### BEGIN HIDDEN TESTS
with check("compiles for a GPU, with tensor cores", idea=COMPILES, hidden=True) as case:
    q = torch.empty(4, 512, 64, dtype=torch.float16, device="meta")
    compiles(case, attention, (q, q, q), tensor_cores=True)
### END HIDDEN TESTS

# %% [markdown]
"""
**Step through your own kernel.** How many loads come before the only store of a program? In the table:
the scores of this call would be 40 × 70 numbers. Where are they?
"""

# %%
play_kernel(attention, *heads(1, 40, 70))

# %% [markdown]
"""
**How fast is it?** Two products, each of $2TSd$ operations a head. For long texts your place depends on
the 32 queries of a tile, not on $T$. Where would tiles of 128 queries put it? On a GPU the rival is
torch's own fused attention.
"""

# %%
H, T, d = (1, 100, 16) if INTERPRETING else (32, 4096, 64)
q, k, v = heads(H, T, T, d, dtype=torch.float16)
plain = torch.nn.functional.scaled_dot_product_attention
speed(attention, lambda q, k, v: plain(q[None], k[None], v[None])[0], q, k, v,
      operations=4 * H * T * T * d)  # fmt: skip

# %% [markdown] nbgrader={"grade_id": "causal_attention_task", "locked": true}
r"""
## 9. Causal attention

`causal_attention` · 10 points · difficulty 4 of 5 · 50 minutes

A language model must not look ahead. The **last** query is the newest word and sees all $S$ keys; the one
before sees one key less, and so on. With $T \le S$ queries, query $t$ sees the keys

$$s \le t + (S - T).$$

(When a text is generated with a cache, $T = 1$ and $S$ is all that was said: that query sees every key.)

Setting the other scores to $-\infty$ gives the right numbers. But of the $T \times S$ scores nearly half are thrown
away, tile by tile: a tile whose first key no query of the program may see need not be read at all. So
the loop over the keys ends early.

**Write** kernel and wrapper `causal_attention(q, k, v)`.

| | |
|---|---|
| `q`; `k`, `v` | as for `attention`, with $1 \le T \le S$ |
| returns | as `attention`, every query seeing the keys $s \le t + (S - T)$ only |
| on the chip | a program may load at most **32 × d** elements at a time |
| traffic | as `attention`, but no tile of 32 keys is read that none of a program's 32 queries may see |

**Example.** Four queries, six keys, tiles of 2. The first query sees keys 0 to 2, the second 0 to 3, so
program 0 stops after two tiles of keys; program 1 reads all three:
"""

# %% nbgrader={"grade_id": "causal_attention_example", "locked": true}
kernel_map(
    {"q": (4, 3), "k": (6, 3), "v": (6, 3), "out": (4, 3)},
    [Touch(p, "q", "load", range(6 * p, 6 * p + 6)) for p in range(2)]
    + [Touch(p, name, "load", range(12 + 6 * p)) for p in range(2) for name in "kv"]
    + [Touch(p, "out", "store", range(6 * p, 6 * p + 6)) for p in range(2)],
)


# %% nbgrader={"grade_id": "causal_attention_twin", "locked": true}
def plain_causal_attention(q, k, v):
    """What is wanted, in plain torch."""
    exactly = torch.promote_types(q.dtype, torch.float32)
    T, S = q.shape[1], k.shape[1]
    seen = torch.ones(T, S, dtype=torch.bool, device=q.device).tril(S - T)
    scores = q.to(exactly) @ k.to(exactly).transpose(1, 2) / q.shape[2] ** 0.5
    scores = scores.masked_fill(~seen, -torch.inf)
    return (scores.softmax(dim=2) @ v.to(exactly)).to(q.dtype)


def tiles_seen(T, S):
    """How often each key is read on average when no tile is read in vain."""
    lasts = [min(first + 32, T) - 1 + S - T for first in range(0, T, 32)]
    return sum(min((last // 32 + 1) * 32, S) for last in lasts) / S


# %% nbgrader={"grade_id": "causal_attention", "solution": true}
@triton.jit
def causal_attention_kernel(
    q_ptr, k_ptr, v_ptr, out_ptr, T, S, scale, D: tl.constexpr, BLOCK: tl.constexpr
):
    """BLOCK queries of one head; the second axis of the grid is the head."""
    ### BEGIN SOLUTION
    head = tl.program_id(1)
    t = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    d = tl.arange(0, D)
    mine = (head * T + t)[:, None] * D + d[None, :]
    q = tl.load(q_ptr + mine, mask=t[:, None] < T, other=0.0)
    m = tl.full((BLOCK,), -float("inf"), tl.float32)
    l = tl.zeros((BLOCK,), tl.float32)
    acc = tl.zeros((BLOCK, D), tl.float32)
    end = tl.minimum((tl.program_id(0) + 1) * BLOCK, T) + S - T  # one past the last key seen
    for start in range(0, end, BLOCK):
        s = start + tl.arange(0, BLOCK)
        theirs = (head * S + s)[:, None] * D + d[None, :]
        k = tl.load(k_ptr + theirs, mask=s[:, None] < S, other=0.0)
        v = tl.load(v_ptr + theirs, mask=s[:, None] < S, other=0.0)
        scores = tl.dot(q, tl.trans(k), input_precision="ieee") * scale
        seen = (s[None, :] < S) & (s[None, :] <= t[:, None] + S - T)
        scores = tl.where(seen, scores, -float("inf"))
        m_new = tl.maximum(m, tl.max(scores, axis=1))
        p = tl.exp(scores - m_new[:, None])
        shrink = tl.exp(m - m_new)
        l = l * shrink + tl.sum(p, axis=1)
        acc = tl.dot(p.to(v.dtype), v, acc * shrink[:, None], input_precision="ieee")
        m = m_new
    tl.store(out_ptr + mine, acc / l[:, None], mask=t[:, None] < T)
    ### END SOLUTION


def causal_attention(q: torch.Tensor, k: torch.Tensor, v: torch.Tensor) -> torch.Tensor:
    """Attention of the queries (H, T, d) to the keys and values (H, S, d) that they may see."""
    ### BEGIN SOLUTION
    H, T, D = q.shape
    S = k.shape[1]
    out = torch.empty((H, T, D), dtype=q.dtype, device=q.device)
    grid = (triton.cdiv(T, 32), H)
    causal_attention_kernel[grid](q, k, v, out, T, S, D**-0.5, D=D, BLOCK=32)
    return out
    ### END SOLUTION


# %% [markdown] nbgrader={"grade_id": "causal_attention_hints", "locked": true}
"""
<details><summary>Hint 1: the idea</summary>

Two changes to your kernel of rung 8: which scores become −∞, and where the loop ends. Which key is
the last that any query of the program may see?

</details>

<details><summary>Hint 2: a sketch</summary>

The mask is `s[None, :] <= t[:, None] + S - T`, besides `s < S`. The last query of the program is
`min((program + 1) · BLOCK, T) − 1`; the loop may end behind the last key that this one sees. The first
tile always holds key 0, which every query sees, so no row is ever without a number.

</details>

<details><summary>Hint 3: almost code</summary>

```
end ← minimum((program_id(0) + 1) · BLOCK, T) + S − T
for start in range(0, end, BLOCK):
    … as in rung 8, with
    seen ← (s[None, :] < S) & (s[None, :] <= t[:, None] + S − T)
    scores ← where(seen, scores, −inf)
```

</details>
"""

# %% nbgrader={"grade_id": "causal_attention_sees_no_later_key", "points": 3}
LATER = """With as many queries as keys, query t sees the keys 0 to t, itself included, and nothing
later: key t + 1 must not change its result. The scores of later keys are −∞, inside the tile on the
diagonal too. The numbers come from your own kernel, for every tile and every head."""

with check("sees no later key", idea=LATER) as case:
    right(case, causal_attention, plain_causal_attention, *heads(2, 5, 5))
    stays_inside(case, causal_attention, plain_causal_attention, *heads(1, 40, 40))

### BEGIN HIDDEN TESTS
with check("sees no later key", idea=LATER, hidden=True) as case:
    random, seed = draws("causal_attention_later"), draw_seed("causal_attention_later")
    T = random.randint(65, 80)
    stays_inside(case, causal_attention, plain_causal_attention, *heads(1, T, T, seed=seed))
    half = heads(2, 33, 33, 32, seed, torch.float16)
    right(case, causal_attention, plain_causal_attention, *half)
### END HIDDEN TESTS

# %% nbgrader={"grade_id": "causal_attention_lines_up_the_ends", "points": 3}
ENDS = """With fewer queries than keys the ends are lined up, not the beginnings: the last query sees
all S keys, query t sees up to t + (S − T). A single query with a cache sees everything."""

with check("lines up the ends", idea=ENDS) as case:
    right(case, causal_attention, plain_causal_attention, *heads(1, 1, 20))
    right(case, causal_attention, plain_causal_attention, *heads(2, 5, 37))

### BEGIN HIDDEN TESTS
with check("lines up the ends", idea=ENDS, hidden=True) as case:
    random, seed = draws("causal_attention_ends"), draw_seed("causal_attention_ends")
    T = random.randint(33, 50)
    more = T + random.randint(3, 40)
    stays_inside(case, causal_attention, plain_causal_attention, *heads(1, T, more, seed=seed))
    right(case, causal_attention, plain_causal_attention, *heads(2, 1, 70, seed=seed))
### END HIDDEN TESTS

# %% nbgrader={"grade_id": "causal_attention_skips_tiles", "points": 2}
SKIPS = """A tile of keys that none of the program's queries may see would be read, multiplied and
thrown away: with as many queries as keys, nearly half of all tiles. End the loop behind the last key
that the program's last query sees."""

with check("skips tiles that nobody sees", idea=SKIPS) as case:
    moves(case, causal_attention, plain_causal_attention, *heads(1, 96, 96),
          reads={"q": 1, "k": tiles_seen(96, 96), "v": tiles_seen(96, 96)},
          writes={"out": 1}, block=32 * 16)  # fmt: skip

### BEGIN HIDDEN TESTS
with check("skips tiles that nobody sees", idea=SKIPS, hidden=True) as case:
    random, seed = draws("causal_attention_skips"), draw_seed("causal_attention_skips")
    T = random.randint(65, 96)
    S = T + 16
    moves(case, causal_attention, plain_causal_attention, *heads(1, T, S, seed=seed),
          reads={"q": 1, "k": tiles_seen(T, S), "v": tiles_seen(T, S)},
          writes={"out": 1}, block=32 * 16)  # fmt: skip
### END HIDDEN TESTS

# %% nbgrader={"grade_id": "causal_attention_compiles_for_a_gpu", "points": 2}
with check("compiles for a GPU, with tensor cores", idea=COMPILES) as case:
    q = torch.empty(4, 512, 64, dtype=torch.float16, device="meta")
    compiles(case, causal_attention, (q, q, q), tensor_cores=True)

### BEGIN HIDDEN TESTS
with check("compiles for a GPU, with tensor cores", idea=COMPILES, hidden=True) as case:
    q = torch.empty(4, 512, 64, dtype=torch.float16, device="meta")
    compiles(case, causal_attention, (q, q, q), tensor_cores=True)
### END HIDDEN TESTS

# %% [markdown]
"""
**Step through your own kernel.** The first keys are read by every program, the last ones by
one only. How many loads does each program make?
"""

# %%
play_kernel(causal_attention, *heads(1, 96, 96))

# %% [markdown]
"""
**How fast is it?** Only half of the products count, as only half of the scores are seen. On a GPU,
compare the FLOP/s with those of `attention`: a kernel that skips nothing reaches half of them.
"""

# %%
H, T, d = (1, 128, 16) if INTERPRETING else (32, 4096, 64)
q, k, v = heads(H, T, T, d, dtype=torch.float16)
speed(causal_attention, lambda q, k, v: plain(q[None], k[None], v[None], is_causal=True)[0],
      q, k, v, operations=2 * H * T * T * d)  # fmt: skip

# %% [markdown]
"""
**Done?** Save, then choose *Validate* to run every cell from the top in a fresh kernel, and hand in
from the *Assignment List*. The reference kernel in `kernels/flash_attention.py` does the same, and
grouped heads, windows and packed sequences as well. Next: *attention_backward*, the way back.
"""
