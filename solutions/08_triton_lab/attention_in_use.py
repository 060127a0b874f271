# %% [markdown]
"""
# The Triton kernel lab, rungs 11 and 12: attention in use

**20 points · about 120 minutes.** Before: rungs 8 and 9 of this lab; the lesson *Real batches* of
unit 7.

A model in use meets two things that a tidy batch does not have. Its texts differ in length; and when
it writes, there is one query at a time, against a long cache. After these two rungs you can

- give each text of a packed batch its own attention, without a row of padding;
- split a long row of keys among many programs, and merge what they found without an error.

As before: the plain-torch twin says what is wanted, you write kernels and wrapper, and each check is
about one idea.
"""

# %% nbgrader={"grade_id": "setup", "locked": true}
from itertools import accumulate, pairwise

from course.checks import check, draw_seed, draws
from course.checks.kernels import DEVICE, compiles, moves, normal, play_kernel, right, stays_inside
from course.checks.speed import INTERPRETING, speed
from course.widgets.kernel_map import Touch, kernel_map
from course.widgets.pictures import side_by_side

COMPILES = """The interpreter runs a kernel as Python and numpy, and lets much pass that no GPU can
do. The compiler wants tl functions instead of numpy's and Python's lists, sizes of blocks that are
known when it compiles (tl.constexpr), a tl.dot of blocks of at least 16 × 16 and of one dtype, and
variables that keep their type inside a loop: what becomes a float there must start as 0.0. And the
two products must come from the tensor cores, by tl.dot: made by hand they need more registers than a
thread has, and what does not fit spills to slow memory. Your kernels are compiled for an H100."""

import torch
import triton
import triton.language as tl

# %% [markdown] nbgrader={"grade_id": "packed_attention_task", "locked": true}
r"""
## 11. Packed texts

`packed_attention` · 10 points · difficulty 4 of 5 · 50 minutes

Texts differ in length, and padding is wasted work. So lay them end to end in one strip of $N$ tokens. The
borders stand in `cu_seqlens`: text $b$ is the rows from `cu_seqlens[b]` up to, not including,
`cu_seqlens[b + 1]`. Each text has a causal attention of its own: its query $t$ sees its keys $s \le t$, both
counted from the beginning of *the text*.

The grid needs a third axis. Besides the tile of queries and the head, `tl.program_id(2)` is the text: the
program loads where its text begins, and where it ends. The first axis must be long enough for the longest
text. For a shorter one some programs have nothing to do; for an empty one, all of them: they `return` at
once.

How long is the longest? The borders lie in the GPU's memory, and a wrapper that looks at them waits until
the GPU has done all its work. So the caller, who packed the strip, says it.

**Write** kernel and wrapper `packed_attention(q, k, v, cu_seqlens, longest)`.

| | |
|---|---|
| `q`, `k`, `v` | contiguous tensors $(N, H, d)$ of one dtype, tokens first, then heads; $N \ge 1$; $d$ is 16, 32, 64 or 128 |
| `cu_seqlens` | $(n + 1,)$, `int32`, from 0 to $N$, never falling: a text may be empty |
| `longest` | length of the longest text, a Python number |
| dtype | `float32` or `float16`; scores, $m$, $l$ and $a$ in `float32` |
| returns | a new contiguous tensor $(N, H, d)$ of that dtype; your kernel writes all of it |
| apart | nothing of a text changes another's result, even if it holds NaN |
| on the chip | a program may load at most **32 × d** elements at a time |
| traffic | $q$ is read once, the result written once; a program with 32 queries of a text reads those tiles of 32 keys *of this text* that one of its queries may see, and no row of another text; `cu_seqlens` as often as you like; no other tensors |

**Example.** One head, tiles of 2 (a GPU wants 16 or more), $d = 3$, `cu_seqlens = [0, 3, 3, 8]`: texts of 3, 0
and 5 tokens. The grid is 3 × 1 × 3; programs 0 to 2 belong to the first text, 3 to 5 to the empty one, 6 to 8
to the last. Program 0 takes rows 0 and 1. Program 1 takes row 2 and leaves row 3 alone: it belongs to program
6, whose keys begin there. Programs 2 to 5 return at once.
"""

# %% nbgrader={"grade_id": "packed_attention_example", "locked": true}
rows = {0: (0, 2), 1: (2, 3), 6: (3, 5), 7: (5, 7), 8: (7, 8)}  # of the programs that have work
begins = {0: 0, 1: 0, 6: 3, 7: 3, 8: 3}  # where the text of a program begins
queries = kernel_map(
    {"q": (8, 3), "out": (8, 3)},
    [Touch(p, "q", "load", range(3 * a, 3 * b)) for p, (a, b) in rows.items()]
    + [Touch(p, "out", "store", range(3 * a, 3 * b)) for p, (a, b) in rows.items()],
)
seen = kernel_map(
    {"k": (8, 3), "v": (8, 3)},
    [Touch(p, x, "load", range(3 * begins[p], 3 * rows[p][1])) for p in rows for x in "kv"],
)
side_by_side(queries, seen)


# %% nbgrader={"grade_id": "packed_attention_twin", "locked": true}
def plain_packed_attention(q, k, v, cu_seqlens, longest):
    """What is wanted, in plain torch: a loop over the texts."""
    exactly = torch.promote_types(q.dtype, torch.float32)
    out = torch.empty_like(q)
    for first, end in pairwise(cu_seqlens.tolist()):
        one, keys, values = (x[first:end].to(exactly).transpose(0, 1) for x in (q, k, v))
        seen = torch.ones(end - first, end - first, dtype=torch.bool, device=q.device).tril()
        scores = one @ keys.transpose(1, 2) / q.shape[2] ** 0.5
        scores = scores.masked_fill(~seen, -torch.inf)
        out[first:end] = (scores.softmax(dim=2) @ values).transpose(0, 1).to(q.dtype)
    return out


def strip(lengths, H=1, d=16, seed=0, dtype=torch.float32, broken=()):
    """Queries, keys and values of packed texts, the borders, the longest; `broken` texts are NaN."""
    q, k, v = (normal(sum(lengths), H, d, seed=seed + i, dtype=dtype) for i in range(3))
    borders = [0, *accumulate(lengths)]
    for text in broken:
        k[borders[text] : borders[text + 1]] = v[borders[text] : borders[text + 1]] = torch.nan
    cu_seqlens = torch.tensor(borders, dtype=torch.int32, device=DEVICE)
    return q, k, v, cu_seqlens, max(lengths)


def tiles_seen(lengths):
    """How often each key is read on average when no tile is read in vain."""
    reads = 0
    for T in lengths:
        lasts = [min(first + 32, T) - 1 for first in range(0, T, 32)]  # seen by a tile of queries
        reads += sum(min((last // 32 + 1) * 32, T) for last in lasts)
    return reads / sum(lengths)


# %% nbgrader={"grade_id": "packed_attention", "solution": true}
@triton.jit
def packed_attention_kernel(
    q_ptr, k_ptr, v_ptr, cu_ptr, out_ptr, H, scale, D: tl.constexpr, BLOCK: tl.constexpr
):
    """BLOCK queries of one text; the axes of the grid are the tile, the head and the text."""
    ### BEGIN SOLUTION
    head = tl.program_id(1)
    first = tl.load(cu_ptr + tl.program_id(2))
    length = tl.load(cu_ptr + tl.program_id(2) + 1) - first
    if tl.program_id(0) * BLOCK >= length:
        return
    t = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)  # counted from the beginning of the text
    d = tl.arange(0, D)
    mine = ((first + t) * H + head)[:, None] * D + d[None, :]
    q = tl.load(q_ptr + mine, mask=t[:, None] < length, other=0.0)
    m = tl.full((BLOCK,), -float("inf"), tl.float32)
    l = tl.zeros((BLOCK,), tl.float32)
    acc = tl.zeros((BLOCK, D), tl.float32)
    end = tl.minimum((tl.program_id(0) + 1) * BLOCK, length)  # one past the last key seen
    for start in range(0, end, BLOCK):
        s = start + tl.arange(0, BLOCK)
        theirs = ((first + s) * H + head)[:, None] * D + d[None, :]
        k = tl.load(k_ptr + theirs, mask=s[:, None] < length, other=0.0)
        v = tl.load(v_ptr + theirs, mask=s[:, None] < length, other=0.0)
        scores = tl.dot(q, tl.trans(k), input_precision="ieee") * scale
        seen = (s[None, :] < length) & (s[None, :] <= t[:, None])
        scores = tl.where(seen, scores, -float("inf"))
        m_new = tl.maximum(m, tl.max(scores, axis=1))
        p = tl.exp(scores - m_new[:, None])
        shrink = tl.exp(m - m_new)
        l = l * shrink + tl.sum(p, axis=1)
        acc = tl.dot(p.to(v.dtype), v, acc * shrink[:, None], input_precision="ieee")
        m = m_new
    tl.store(out_ptr + mine, acc / l[:, None], mask=t[:, None] < length)
    ### END SOLUTION


def packed_attention(
    q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, cu_seqlens: torch.Tensor, longest: int
) -> torch.Tensor:
    """Causal attention of each text of a strip (N, H, d) to itself."""
    ### BEGIN SOLUTION
    _, H, D = q.shape
    out = torch.empty(q.shape, dtype=q.dtype, device=q.device)
    grid = (triton.cdiv(longest, 32), H, len(cu_seqlens) - 1)
    packed_attention_kernel[grid](q, k, v, cu_seqlens, out, H, D**-0.5, D=D, BLOCK=32)
    return out
    ### END SOLUTION


# %% [markdown] nbgrader={"grade_id": "packed_attention_hints", "locked": true}
"""
<details><summary>Hint 1: the idea</summary>

Inside a text it is your kernel of rung 9 with T = S = the text's length. Three things change: where the
length comes from, where the rows of the text begin, and how far it is from one token to the next.

</details>

<details><summary>Hint 2: a sketch</summary>

Load `first` and `length` from `cu_seqlens`. If the tile begins behind the text's end: `return`. Let `t`
and `s` count from the beginning of the text, and mask them with `length`. Row `t` of the text is row
`first + t` of the strip, and with the heads behind the tokens its head begins at element
`((first + t) · H + head) · D`.

</details>

<details><summary>Hint 3: almost code</summary>

```
first ← load(cu + program_id(2));  length ← load(cu + program_id(2) + 1) − first
if program_id(0) · BLOCK >= length: return
t ← program_id(0) · BLOCK + arange;  mine ← ((first + t) · H + head)[:, None] · D + d[None, :]
q ← load(q + mine, where t < length);  m, l, acc as in rung 8
end ← minimum((program_id(0) + 1) · BLOCK, length)
for start in range(0, end, BLOCK):
    s ← start + arange;  theirs ← as mine, with s;  k, v ← load(theirs, where s < length), else 0.0
    … as in rung 9, with  seen ← (s[None, :] < length) & (s[None, :] <= t[:, None])
store(out + mine, acc / l[:, None], where t < length)

grid ← (cdiv(longest, 32), H, number of texts)
```

</details>
"""

# %% nbgrader={"grade_id": "packed_attention_keeps_texts_apart", "points": 3}
APART = """A query sees the keys of its own text up to its own place, and nothing else of the strip.
So count both t and s from the beginning of the text, and add cu_seqlens[b] only where an address is
made: ((first + t) · H + head) · d, tokens first, then heads. A row of v that must not count needs more
than a weight of 0, for 0 · NaN is NaN: load 0.0 in its place. And the numbers come from your own
kernel, every time."""

with check("keeps texts apart", idea=APART) as case:
    right(case, packed_attention, plain_packed_attention, *strip([3, 5], H=2))
    right(case, packed_attention, plain_packed_attention, *strip([4, 0, 35], dtype=torch.float16))
    right(case, packed_attention, plain_packed_attention, *strip([6, 3, 4], broken=[1]))

### BEGIN HIDDEN TESTS
with check("keeps texts apart", idea=APART, hidden=True) as case:
    random, seed = draws("packed_attention_apart"), draw_seed("packed_attention_apart")
    lengths = [random.randint(2, 9), random.randint(33, 63), random.randint(10, 20)]
    right(case, packed_attention, plain_packed_attention, *strip(lengths, 2, 16, seed))
    lengths = [random.randint(1, 9) for _ in range(random.randint(4, 6))]
    half = strip(lengths, 1, 32, seed, torch.float16)
    right(case, packed_attention, plain_packed_attention, *half)
    lengths = [random.randint(2, 9), random.randint(2, 9), random.randint(33, 40)]
    broken = strip(lengths, 1, 16, seed, broken=[random.choice([1, 2])])
    right(case, packed_attention, plain_packed_attention, *broken)
### END HIDDEN TESTS

# %% nbgrader={"grade_id": "packed_attention_writes_its_own_rows", "points": 3}
OWN_ROWS = """The last tile of a text sticks out over its end. What lies there is the next text, and
another program's to write: on a GPU, where all run at once, luck decides which of two stays. Behind
the last text lies nothing at all. So a store ends where the text ends, and every row of every text
is written once; an empty text has none."""

with check("writes its own rows", idea=OWN_ROWS) as case:
    stays_inside(case, packed_attention, plain_packed_attention, *strip([5, 7], H=2))
    stays_inside(case, packed_attention, plain_packed_attention, *strip([0, 32, 0, 1, 33, 0]))

### BEGIN HIDDEN TESTS
with check("writes its own rows", idea=OWN_ROWS, hidden=True) as case:
    random, seed = draws("packed_attention_rows"), draw_seed("packed_attention_rows")
    lengths = [random.choice([0, 1, 2, 31, 32, 33]) for _ in range(4)] + [random.randint(34, 50)]
    random.shuffle(lengths)
    stays_inside(case, packed_attention, plain_packed_attention, *strip(lengths, 1, 16, seed))
    lengths = [0, *(random.randint(1, 20) for _ in range(3)), 0]
    stays_inside(case, packed_attention, plain_packed_attention, *strip(lengths, 2, 16, seed))
### END HIDDEN TESTS

# %% nbgrader={"grade_id": "packed_attention_reads_no_padding", "points": 2}
NO_PADDING = """The texts were packed so that nothing is read in vain. Keys of other texts are not
even loaded, nor tiles that a causal mask would throw away. And where a text is shorter than the
longest, the programs left over have no query: they return before they read a single key."""

with check("reads no padding", idea=NO_PADDING) as case:
    moves(case, packed_attention, plain_packed_attention, *strip([20, 70, 5]),
          reads={"q": 1, "k": tiles_seen([20, 70, 5]), "v": tiles_seen([20, 70, 5]),
                 "cu_seqlens": float("inf")},
          writes={"out": 1}, block=32 * 16)  # fmt: skip

### BEGIN HIDDEN TESTS
with check("reads no padding", idea=NO_PADDING, hidden=True) as case:
    random, seed = draws("packed_attention_padding"), draw_seed("packed_attention_padding")
    lengths = [random.randint(10, 30), random.randint(65, 90), 0, random.randint(33, 40)]
    moves(case, packed_attention, plain_packed_attention, *strip(lengths, 1, 16, seed),
          reads={"q": 1, "k": tiles_seen(lengths), "v": tiles_seen(lengths),
                 "cu_seqlens": float("inf")},
          writes={"out": 1}, block=32 * 16)  # fmt: skip
### END HIDDEN TESTS

# %% nbgrader={"grade_id": "packed_attention_compiles_for_a_gpu", "points": 2}
with check("compiles for a GPU, with tensor cores", idea=COMPILES) as case:
    q = torch.empty(900, 4, 64, dtype=torch.float16, device="meta")
    borders = torch.empty(8, dtype=torch.int32, device="meta")
    compiles(case, packed_attention, (q, q, q, borders, 512), tensor_cores=True)

### BEGIN HIDDEN TESTS
with check("compiles for a GPU, with tensor cores", idea=COMPILES, hidden=True) as case:
    q = torch.empty(900, 4, 64, dtype=torch.float16, device="meta")
    borders = torch.empty(8, dtype=torch.int32, device="meta")
    compiles(case, packed_attention, (q, q, q, borders, 512), tensor_cores=True)
### END HIDDEN TESTS

# %% [markdown]
"""
**Step through your own kernel.** Texts of 35, 0 and 8 tokens. Which programs do nothing but read the
borders? And which one reads the keys of the last text?
"""

# %%
play_kernel(packed_attention, *strip([35, 0, 8]))

# %% [markdown]
"""
**How fast is it?** (Worth no points.) Only what a text's queries see of its own keys counts. On a GPU
the rival is torch's fused attention, text by text: what does it pay for each text, however short?
"""

# %%
lengths, H, d = ([35, 70, 8], 1, 16) if INTERPRETING else ([4096, 500, 3000, 1200, 64] * 4, 16, 64)
texts = list(pairwise([0, *accumulate(lengths)]))
plain = torch.nn.functional.scaled_dot_product_attention


def text_by_text(q, k, v, cu_seqlens, longest):
    parts = [[x[i:j].transpose(0, 1)[None] for x in (q, k, v)] for i, j in texts]
    return torch.cat([plain(*part, is_causal=True)[0].transpose(0, 1) for part in parts])


speed(packed_attention, text_by_text, *strip(lengths, H, d, dtype=torch.float16),
      operations=2 * H * d * sum(T * T for T in lengths))  # fmt: skip

# %% [markdown] nbgrader={"grade_id": "split_decode_task", "locked": true}
r"""
## 12. One query, a long cache

`split_decode` · 10 points · difficulty 5 of 5 · 70 minutes · for those who want more

While a model writes a text, each step brings *one* token: a single query a head, and a cache with the keys and
values of all that was said. A program for a tile of queries would be one program a head, walking along perhaps
100 000 keys, while most of the GPU's multiprocessors stand idle. What can be shared out? **The keys.**

*First kernel.* Each part of the keys gets a program of its own. It walks along its keys as in rung 8, and stores
what it carries, unfinished: for every query $m_i$, $l_i$ and $a_i$, the maximum, the sum and the weighted values
of part $i$.

*Second kernel.* It puts the parts together, by the rule that you know from each step of rung 8: what was taken
against another maximum shrinks to the common one.

$$M = \max_i m_i, \qquad o = \frac{\sum_i e^{m_i - M}\, a_i}{\sum_i e^{m_i - M}\, l_i}$$

While a kernel runs, none of its programs knows whether another has stored yet. When the next kernel begins, all
have. This is why there are two.

In models of today several heads of queries share one head of keys, so that the cache is smaller. Here they are
16: a tile of queries after all, just right for `tl.dot`. An entry $b$ of the batch is one head of keys of one
text. The cache has room for $S$ keys; the first `lengths[b]` are filled, and what lies behind is left over from
before, even NaN.

**Write** two kernels and the wrapper `split_decode(q, k, v, lengths, splits)`.

| | |
|---|---|
| `q`; `k`, `v` | contiguous tensors $(B, 16, d)$ and $(B, S, d)$ of one dtype; $d$ is 16, 32, 64 or 128 |
| `lengths` | $(B,)$, `int32`, from 1 to $S$: how many keys of the cache are filled |
| `splits` | the number of parts, from 1 to 32, perhaps more than there are tiles of keys |
| dtype | `float32` or `float16`; scores and all that is stored between the kernels in `float32` |
| returns | a new contiguous tensor $(B, 16, d)$ of that dtype; your kernel writes all of it |
| fair parts | with $n = \lceil \text{lengths}[b] / 32 \rceil$ tiles of 32 filled keys, no program reads more than $\lceil n / \text{splits} \rceil$ tiles of $k$ |
| on the chip | a program may load at most **32 × d** elements at a time |
| traffic | each filled key and value is read once, no other; $q$ at most `splits` times; between the kernels, for a query and a part, at most $d + 4$ numbers stored and as many loaded; the result is written once |

**Example.** One entry, two queries (instead of 16), $d = 3$, a cache of 6 with 5 keys filled, tiles of 2, two
parts. There are three tiles: program 0 takes two of them, program 1 the rest. Left what the first kernel reads and
what it stores, right the second kernel:
"""

# %% nbgrader={"grade_id": "split_decode_example", "locked": true}
some = {0: range(12), 1: range(12, 15)}  # of each program, the elements of k and v
cached = kernel_map(
    {"q": (2, 3), "k": (6, 3), "v": (6, 3)},
    [Touch(p, "q", "load", range(6)) for p in some]
    + [Touch(p, x, "load", some[p]) for p in some for x in "kv"],
)
parts = kernel_map(
    {"m and l": (4, 2), "a": (4, 3)},
    [Touch(p, "m and l", "store", range(4 * p, 4 * p + 4)) for p in some]
    + [Touch(p, "a", "store", range(6 * p, 6 * p + 6)) for p in some],
)
merged = kernel_map(
    {"m and l": (4, 2), "a": (4, 3), "out": (2, 3)},
    [Touch(0, x, "load", range(n)) for x, n in (("m and l", 8), ("a", 12))]
    + [Touch(0, "out", "store", range(6))],
)
side_by_side(cached, parts, merged)


# %% nbgrader={"grade_id": "split_decode_twin", "locked": true}
def plain_split_decode(q, k, v, lengths, splits):
    """What is wanted, in plain torch: all filled keys at once."""
    exactly = torch.promote_types(q.dtype, torch.float32)
    out = torch.empty_like(q)
    for b, length in enumerate(lengths.tolist()):
        keys, values = k[b, :length].to(exactly), v[b, :length].to(exactly)
        scores = q[b].to(exactly) @ keys.T / q.shape[2] ** 0.5
        out[b] = (scores.softmax(dim=1) @ values).to(q.dtype)
    return out


def cache(lengths, S, d=16, seed=0, dtype=torch.float32):
    """Queries, and a cache with room for S keys, filled to the lengths; what is not filled is NaN."""
    shapes = ((len(lengths), n, d) for n in (16, S, S))
    q, k, v = (normal(*shape, seed=seed + i, dtype=dtype) for i, shape in enumerate(shapes))
    for b, length in enumerate(lengths):
        k[b, length:] = v[b, length:] = torch.nan
    return q, k, v, torch.tensor(lengths, dtype=torch.int32, device=DEVICE)


def rising_cache(S, low, high):
    """A full cache whose scores rise from key to key, from `low` to `high`, in float16."""
    q, k, v, lengths = cache([S], S, dtype=torch.float16)
    q[:], k[0] = 0.5, torch.linspace(low / 2, high / 2, S, device=DEVICE)[:, None]
    return q, k, v, lengths


def budget(lengths, S, splits, d=16):
    """What `split_decode` may move: arguments of `moves`."""
    filled = sum(lengths) / (len(lengths) * S)
    tiles = triton.cdiv(triton.cdiv(max(lengths), 32), splits)  # of the busiest part
    return {
        "reads": {"q": splits, "k": filled, "v": filled, "lengths": float("inf")},
        "writes": {"out": 1},
        "scratch": len(lengths) * splits * 16 * (d + 4),
        "share": {"k": tiles * 32 * d},
        "block": 32 * d,
    }


# %% nbgrader={"grade_id": "split_decode", "solution": true}
@triton.jit
def split_kernel(
    q_ptr, k_ptr, v_ptr, lengths_ptr, m_ptr, l_ptr, acc_ptr, S, splits, scale,
    D: tl.constexpr, G: tl.constexpr, BLOCK: tl.constexpr,
):  # fmt: skip
    """G queries and one part of their keys; the second axis of the grid is the entry."""
    ### BEGIN SOLUTION
    part, b = tl.program_id(0), tl.program_id(1)
    g, d = tl.arange(0, G), tl.arange(0, D)
    q = tl.load(q_ptr + (b * G + g)[:, None] * D + d[None, :])
    length = tl.load(lengths_ptr + b)
    keys = tl.cdiv(tl.cdiv(length, BLOCK), splits) * BLOCK  # of each part
    begin = part * keys
    end = tl.minimum(begin + keys, length)
    m = tl.full((G,), -float("inf"), tl.float32)
    l = tl.zeros((G,), tl.float32)
    acc = tl.zeros((G, D), tl.float32)
    for start in range(begin, end, BLOCK):
        s = start + tl.arange(0, BLOCK)
        theirs = (b * S + s)[:, None] * D + d[None, :]
        k = tl.load(k_ptr + theirs, mask=s[:, None] < end, other=0.0)
        v = tl.load(v_ptr + theirs, mask=s[:, None] < end, other=0.0)
        scores = tl.dot(q, tl.trans(k), input_precision="ieee") * scale
        scores = tl.where(s[None, :] < end, scores, -float("inf"))
        m_new = tl.maximum(m, tl.max(scores, axis=1))
        p = tl.exp(scores - m_new[:, None])
        shrink = tl.exp(m - m_new)
        l = l * shrink + tl.sum(p, axis=1)
        acc = tl.dot(p.to(v.dtype), v, acc * shrink[:, None], input_precision="ieee")
        m = m_new
    mine = (b * splits + part) * G + g
    tl.store(m_ptr + mine, m)
    tl.store(l_ptr + mine, l)
    tl.store(acc_ptr + mine[:, None] * D + d[None, :], acc)
    ### END SOLUTION


@triton.jit
def merge_kernel(m_ptr, l_ptr, acc_ptr, out_ptr, splits, D: tl.constexpr, G: tl.constexpr):
    """The parts of one entry put together."""
    ### BEGIN SOLUTION
    b = tl.program_id(0)
    g, d = tl.arange(0, G), tl.arange(0, D)
    m = tl.full((G,), -float("inf"), tl.float32)
    l = tl.zeros((G,), tl.float32)
    acc = tl.zeros((G, D), tl.float32)
    for part in range(splits):  # the first is never empty, so that m is a number from there on
        mine = (b * splits + part) * G + g
        m_part, l_part = tl.load(m_ptr + mine), tl.load(l_ptr + mine)
        acc_part = tl.load(acc_ptr + mine[:, None] * D + d[None, :])
        m_new = tl.maximum(m, m_part)
        old, new = tl.exp(m - m_new), tl.exp(m_part - m_new)
        l = l * old + l_part * new
        acc = acc * old[:, None] + acc_part * new[:, None]
        m = m_new
    tl.store(out_ptr + (b * G + g)[:, None] * D + d[None, :], acc / l[:, None])
    ### END SOLUTION


def split_decode(
    q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, lengths: torch.Tensor, splits: int
) -> torch.Tensor:
    """Attention of the queries (B, 16, d) to the first lengths[b] keys of the cache (B, S, d)."""
    ### BEGIN SOLUTION
    B, G, D = q.shape
    m = torch.empty((B, splits, G), dtype=torch.float32, device=q.device)
    l = torch.empty((B, splits, G), dtype=torch.float32, device=q.device)
    acc = torch.empty((B, splits, G, D), dtype=torch.float32, device=q.device)
    out = torch.empty((B, G, D), dtype=q.dtype, device=q.device)
    split_kernel[(splits, B)](
        q, k, v, lengths, m, l, acc, k.shape[1], splits, D**-0.5, D=D, G=G, BLOCK=32
    )
    merge_kernel[(B,)](m, l, acc, out, splits, D=D, G=G)
    return out
    ### END SOLUTION


# %% [markdown] nbgrader={"grade_id": "split_decode_hints", "locked": true}
"""
<details><summary>Hint 1: the idea</summary>

The first kernel is your rung 8 without its last line: its loop begins and ends elsewhere, and instead of
`acc / l` it stores `m`, `l` and `acc`. The second does with parts what the loop of the first does with
tiles.

</details>

<details><summary>Hint 2: a sketch</summary>

Wrapper: three `torch.empty` in float32 with a place for each entry, part and query; the grid of the first
kernel is (splits, B), of the second (B,). A part has `cdiv(cdiv(length, BLOCK), splits)` tiles; the last
ones may have fewer, or none: then the loop does not run, and `m` = −∞, `l` = 0 and `acc` = 0 are stored as
they are. Second kernel: loop over the parts; the common maximum rises, the old sum and the new one shrink
to it; divide once, at the end. Part 0 always has a key: begin with it, and no −∞ is ever taken from −∞.

</details>

<details><summary>Hint 3: almost code</summary>

```
split:  keys ← cdiv(cdiv(length, BLOCK), splits) · BLOCK
        begin ← part · keys;  end ← minimum(begin + keys, length)
        for start in range(begin, end, BLOCK): … as in rung 8, keys behind the end are −∞
        mine ← (b · splits + part) · G + g;  store m, l at mine, acc at mine[:, None] · D + d[None, :]

merge:  m ← full(−inf);  l ← zeros;  acc ← zeros((G, D))
        for part in range(splits):
            mine ← (b · splits + part) · G + g;  load m_part, l_part, acc_part
            m_new ← maximum(m, m_part);  old ← exp(m − m_new);  new ← exp(m_part − m_new)
            l ← l · old + l_part · new
            acc ← acc · old[:, None] + acc_part · new[:, None];  m ← m_new
        store(rows of out, acc / l[:, None])
```

</details>
"""

# %% nbgrader={"grade_id": "split_decode_weighs_the_parts", "points": 3}
WEIGHS = """The parts are not worth the same. A part whose keys fit the query has a larger sum, taken
against a higher maximum: its weight is exp(m_i − M) · l_i. The plain mean would give unlikely keys as
much say as likely ones; without the common maximum M, exp overflows. Each part has a place of its own
in memory; two that store to the same place leave it to luck. And it is your own kernels, the second
one too, that compute: torch only allocates."""

with check("weighs the parts by their sums", idea=WEIGHS) as case:
    stays_inside(case, split_decode, plain_split_decode, *cache([96, 96], 96), 3)
    right(case, split_decode, plain_split_decode, *rising_cache(70, 100.0, 200.0), 3)
    right(case, split_decode, plain_split_decode, *cache([64], 64, dtype=torch.float16), 1)

### BEGIN HIDDEN TESTS
with check("weighs the parts by their sums", idea=WEIGHS, hidden=True) as case:
    random, seed = draws("split_decode_weighs"), draw_seed("split_decode_weighs")
    S = random.randint(100, 128)
    stays_inside(case, split_decode, plain_split_decode, *cache([S], S, seed=seed), 4)
    S = random.randint(65, 90)
    down = rising_cache(S, random.uniform(-100, -150), -200.0)
    right(case, split_decode, plain_split_decode, *down, 3)
    right(case, split_decode, plain_split_decode, *rising_cache(S, 0.0, 3.0), 2)
    half = cache([64, 64], 64, 32, seed, torch.float16)
    right(case, split_decode, plain_split_decode, *half, random.choice([1, 2]))
### END HIDDEN TESTS

# %% nbgrader={"grade_id": "split_decode_allows_empty_parts", "points": 2}
EMPTY = """A short text has fewer tiles of keys than there are parts. A part without a key still has
to store: m = −∞ and sums of 0 give it the weight exp(−∞ − M) = 0. Leave its place as it was, or divide
0 by 0, or take −∞ from −∞, and NaN is in the sum. The last filled tile may stick out over the length:
what lies there is no key, a score of −∞, and is not loaded."""

with check("allows empty parts", idea=EMPTY) as case:
    stays_inside(case, split_decode, plain_split_decode, *cache([5, 40], 40), 4)
    right(case, split_decode, plain_split_decode, *cache([1], 64, dtype=torch.float16), 3)

### BEGIN HIDDEN TESTS
with check("allows empty parts", idea=EMPTY, hidden=True) as case:
    random, seed = draws("split_decode_empty"), draw_seed("split_decode_empty")
    lengths = [random.randint(1, 31), random.randint(33, 63), random.randint(97, 120)]
    random.shuffle(lengths)
    stays_inside(case, split_decode, plain_split_decode, *cache(lengths, 128, seed=seed), 5)
    short = cache([random.randint(1, 9)], 32, seed=seed)
    right(case, split_decode, plain_split_decode, *short, random.randint(2, 6))
### END HIDDEN TESTS

# %% nbgrader={"grade_id": "split_decode_shares_the_work", "points": 3}
SHARES = """All wait for the program with the most keys, so the parts are fair: the tiles of the keys
that are there, not of the room for them, are dealt to the parts. Each filled key is read once, by one
program for all 16 queries. Between the kernels there is one state a query and part, m, l and a: no
scores."""

with check("shares the work", idea=SHARES) as case:
    moves(case, split_decode, plain_split_decode, *cache([200], 320), 4,
          **budget([200], 320, 4))  # fmt: skip

### BEGIN HIDDEN TESTS
with check("shares the work", idea=SHARES, hidden=True) as case:
    random, seed = draws("split_decode_shares"), draw_seed("split_decode_shares")
    lengths = [random.randint(161, 224), random.randint(65, 96)]
    moves(case, split_decode, plain_split_decode, *cache(lengths, 320, seed=seed), 3,
          **budget(lengths, 320, 3))  # fmt: skip
### END HIDDEN TESTS

# %% nbgrader={"grade_id": "split_decode_compiles_for_a_gpu", "points": 2}
with check("compiles for a GPU, with tensor cores", idea=COMPILES) as case:
    q = torch.empty(8, 16, 64, dtype=torch.float16, device="meta")
    k = torch.empty(8, 4096, 64, dtype=torch.float16, device="meta")
    lengths = torch.empty(8, dtype=torch.int32, device="meta")
    compiles(case, split_decode, (q, k, k, lengths, 16), tensor_cores=True)

### BEGIN HIDDEN TESTS
with check("compiles for a GPU, with tensor cores", idea=COMPILES, hidden=True) as case:
    q = torch.empty(8, 16, 64, dtype=torch.float16, device="meta")
    k = torch.empty(8, 4096, 64, dtype=torch.float16, device="meta")
    lengths = torch.empty(8, dtype=torch.int32, device="meta")
    compiles(case, split_decode, (q, k, k, lengths, 16), tensor_cores=True)
### END HIDDEN TESTS

# %% [markdown]
"""
**Step through your own kernels.** First the one that splits: 40 keys are filled, and there are three
parts. Which program has no key to read, and what does it store all the same?
"""

# %%
play_kernel(split_decode, *cache([40], 48), 3)

# %% [markdown]
"""
Then the one that merges. How many numbers does it read? And if the cache were a thousand times as long?
"""

# %%
play_kernel(split_decode, *cache([40], 48), 3, launch=1)

# %% [markdown]
"""
**How fast is it?** (Worth no points.) Sixteen queries for each key make at most 16 operations a byte,
far left of the corner: no tile and no split can bring you further. So what are the splits good for?
On a GPU, try 1, 4 and 32.
"""

# %%
B, S, d, splits = (1, 96, 16, 3) if INTERPRETING else (16, 2**15, 64, 16)
plain = torch.nn.functional.scaled_dot_product_attention
speed(split_decode, lambda q, k, v, *_: plain(q[:, None], k[:, None], v[:, None])[:, 0],
      *cache([S] * B, S, d, dtype=torch.float16), splits, operations=4 * 16 * B * S * d)  # fmt: skip

# %% [markdown]
"""
**Done?** Save, then choose *Validate* to run every cell from the top in a fresh kernel, and hand in
from the *Assignment List*. The reference kernels do the same for any number of heads and any
strides: `flash_attention_packed` in `kernels/flash_attention.py`, and `kernels/decode.py`.
"""
