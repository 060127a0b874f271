# %% [markdown]
"""
# The Triton kernel lab, rungs 3 and 4: softmaxes

**20 points · about 75 minutes.** Before: rungs 1 and 2; the lesson *Online softmax* of unit 7 helps
with the second exercise.

After these two rungs you can

- reduce a block to one number inside a kernel, and keep masked lanes out of it;
- fuse several passes over a row into one, and see what that saves;
- carry a running maximum and sum over a row that does not fit a program.

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
known when it compiles (tl.constexpr), and variables that keep their type inside a loop: what becomes
a float there must start as 0.0, not as 0. Nothing is run here: it is compiled for an H100."""

import torch
import triton
import triton.language as tl

# %% [markdown] nbgrader={"grade_id": "softmax_rows_task", "locked": true}
r"""
## 3. Softmax, fused

`softmax_rows` · 10 points · difficulty 2 of 5 · 35 minutes

$$\operatorname{softmax}(x)_n = \frac{e^{x_n - m}}{\sum_k e^{x_k - m}}, \qquad m = \max_k x_k$$

Written with tensor operations this is five kernels: a maximum, a difference, an exponential, a sum
and a quotient. Each reads its operand from memory and writes its result back. A *fused* kernel reads
the row once, keeps it on the chip for all five, and writes once.

`tl.max(block, axis=0)` and `tl.sum(block, axis=0)` reduce a block to one number. **All** lanes take
part, the masked ones with what `other=` gave them: choose that well.

**Write** the kernel and the wrapper `softmax_rows(x)`: the softmax of each row of $x$. A row of
nothing but $-\infty$ (everything is masked) gives zeros.

| | |
|---|---|
| `x` | a tensor $(M, N)$, $1 \le N \le 1024$; neighbours in a row are adjacent, rows may be any distance apart |
| dtype | `float32` or `float16`; compute in `float32` (`block.to(tl.float32)`): `tl.exp` takes no half |
| returns | a new contiguous tensor $(M, N)$ of the dtype of `x`; your kernel writes all of it |
| traffic | $x$ is read once, the result is written once |

**Example.** The softmax of $(1, 2, 3)$ is $(0.090,\ 0.245,\ 0.665)$, and that of $(1001, 1002, 1003)$ is
the same. With one program a row, three rows of 5 are read and written like this:
"""

# %% nbgrader={"grade_id": "softmax_rows_example", "locked": true}
kernel_map(
    {"x": (3, 5), "out": (3, 5)},
    [Touch(m, "x", "load", range(5 * m, 5 * m + 5)) for m in range(3)]
    + [Touch(m, "out", "store", range(5 * m, 5 * m + 5)) for m in range(3)],
)


# %% nbgrader={"grade_id": "softmax_rows_twin", "locked": true}
def plain_softmax_rows(x):
    """What is wanted, in plain torch."""
    nothing = (x == -torch.inf).all(dim=1, keepdim=True)
    return torch.softmax(x, dim=1).masked_fill(nothing, 0.0)


def extremes(columns, seed=0, dtype=torch.float32):
    """Rows that are large, far below zero, constant, partly and wholly masked."""
    x = normal(6, columns, seed=seed, dtype=dtype)
    x[0] = torch.where(x[0] > 0, 1e4, -1e4)
    x[1] -= 2000
    x[2] = 3.0
    x[3, : columns // 2] = -torch.inf
    x[4] = -torch.inf
    return x


# %% nbgrader={"grade_id": "softmax_rows", "solution": true}
@triton.jit
def softmax_kernel(x_ptr, out_ptr, N, x_row, BLOCK: tl.constexpr):
    """The softmax of one row; x_row is how far apart the rows of x are, BLOCK is at least N."""
    ### BEGIN SOLUTION
    row = tl.program_id(0)
    n = tl.arange(0, BLOCK)
    inside = n < N
    x = tl.load(x_ptr + row * x_row + n, mask=inside, other=-float("inf")).to(tl.float32)
    m = tl.max(x, axis=0)
    m = tl.where(m == -float("inf"), 0.0, m)  # −∞ − (−∞) is no number
    e = tl.exp(x - m)
    s = tl.sum(e, axis=0)
    s = tl.where(s == 0.0, 1.0, s)
    tl.store(out_ptr + row * N + n, e / s, mask=inside)
    ### END SOLUTION


def softmax_rows(x: torch.Tensor) -> torch.Tensor:
    """The softmax of each row of x (M, N)."""
    ### BEGIN SOLUTION
    M, N = x.shape
    out = torch.empty((M, N), dtype=x.dtype, device=x.device)
    softmax_kernel[(M,)](x, out, N, x.stride(0), BLOCK=triton.next_power_of_2(N))
    return out
    ### END SOLUTION


# %% [markdown] nbgrader={"grade_id": "softmax_rows_hints", "locked": true}
"""
<details><summary>Hint 1: the idea</summary>

What number leaves a maximum unchanged, whatever else is there? And what is `exp` of it? A masked
lane should hold that number.

</details>

<details><summary>Hint 2: a sketch</summary>

One program loads its row into a block, with `other=-float("inf")`. Maximum, difference,
exponential, sum, quotient all work on the block that is already there. In a row of nothing but
−∞ the maximum is −∞, and −∞ − (−∞) is NaN: take 0 for the maximum there. Then the sum is 0:
take 1 for that.

</details>

<details><summary>Hint 3: almost code</summary>

```
kernel:   row ← program_id(0);  n ← arange(0, BLOCK)
          x ← load(x_ptr + row · x_row + n, mask = n < N, other = −inf) as float32
          m ← max(x);  m ← where(m == −inf, 0.0, m)
          e ← exp(x − m)
          s ← sum(e);  s ← where(s == 0.0, 1.0, s)
          store(out_ptr + row · N + n, e / s, mask = n < N)
```

</details>
"""

# %% nbgrader={"grade_id": "softmax_rows_keeps_masked_lanes_out", "points": 3}
LANES = """A block has a power of two lanes, a row has N elements. The lanes that are left over take
part in the maximum and in the sum with whatever `other` gave them. Zero is wrong there: exp(0 − m)
is a number, and the sum grows by it. Minus infinity changes no maximum, and its exp is 0. The rows
of x need not lie one behind the other, either: x_row says how far apart they are."""

with check("keeps masked lanes out", idea=LANES) as case:
    stays_inside(case, softmax_rows, plain_softmax_rows, normal(3, 5))
    stays_inside(case, softmax_rows, plain_softmax_rows, normal(2, 64)[:, :33])

### BEGIN HIDDEN TESTS
with check("keeps masked lanes out", idea=LANES, hidden=True) as case:
    random, seed = draws("softmax_rows_keeps_masked_lanes_out"), draw_seed("softmax_rows_lanes")
    for columns in (1, 127, random.randint(130, 250)):
        x = normal(3, columns + 9, seed=seed, scale=2.0)[:, 2 : columns + 2]
        stays_inside(case, softmax_rows, plain_softmax_rows, x - 1.0)
        stays_inside(case, softmax_rows, plain_softmax_rows, x)
### END HIDDEN TESTS

# %% nbgrader={"grade_id": "softmax_rows_survives_any_numbers", "points": 3}
SURVIVES = """exp(89) is more than float32 can hold, and exp(−104) is 0. Subtracting the maximum of
the row makes the largest exponent exactly 0, whatever the numbers are: a row near −2000 needs its
own maximum, not 0. In a row of nothing but −∞ the difference is −∞ − (−∞), which is NaN, and the sum
is 0: such a row must give zeros."""

with check("survives any numbers", idea=SURVIVES) as case:
    right(case, softmax_rows, plain_softmax_rows, extremes(12))

### BEGIN HIDDEN TESTS
with check("survives any numbers", idea=SURVIVES, hidden=True) as case:
    random, seed = draws("softmax_rows_survives_any_numbers"), draw_seed("softmax_rows_numbers")
    right(case, softmax_rows, plain_softmax_rows, extremes(random.randint(20, 60), seed).flip(0))
    right(case, softmax_rows, plain_softmax_rows, extremes(129, seed, dtype=torch.float16))
    ascending = normal(2, random.randint(65, 127), seed=seed, scale=30.0).sort(dim=1).values
    right(case, softmax_rows, plain_softmax_rows, ascending)
### END HIDDEN TESTS

# %% nbgrader={"grade_id": "softmax_rows_reads_each_row_once", "points": 2}
FUSED = """Memory is far away: a fused kernel goes there once for the row and once for the result.
Loading the row again for the sum, or writing the exponentials first and dividing them later, gives
the same numbers for two or three times the traffic, and takes two or three times as long."""

with check("reads each row once", idea=FUSED) as case:
    moves(case, softmax_rows, plain_softmax_rows, normal(3, 40), reads={"x": 1}, writes={"out": 1})

### BEGIN HIDDEN TESTS
with check("reads each row once", idea=FUSED, hidden=True) as case:
    random, seed = draws("softmax_rows_reads_each_row_once"), draw_seed("softmax_rows_once")
    x = normal(3, random.randint(100, 300), seed=seed)
    moves(case, softmax_rows, plain_softmax_rows, x, reads={"x": 1}, writes={"out": 1})
### END HIDDEN TESTS

# %% nbgrader={"grade_id": "softmax_rows_compiles_for_a_gpu", "points": 2}
with check("compiles for a GPU", idea=COMPILES) as case:
    compiles(case, softmax_rows, (torch.empty(64, 1000, dtype=torch.float16, device="meta"),))

### BEGIN HIDDEN TESTS
with check("compiles for a GPU", idea=COMPILES, hidden=True) as case:
    compiles(case, softmax_rows, (torch.empty(64, 1000, dtype=torch.float16, device="meta"),))
### END HIDDEN TESTS

# %% [markdown]
"""
**Step through your own kernel.** How many loads does one program make, and how often is each element
read? Write the three-pass version beside it (a load for the maximum, one for the sum, one for the
quotient), and compare the last table.
"""

# %%
play_kernel(softmax_rows, extremes(20))

# %% [markdown]
"""
**How fast is it?** Five operations an element: maximum, difference, exponential, sum, quotient. Where
would five separate kernels stand, each reading and writing the whole matrix?
"""

# %%
M, N = (6, 100) if INTERPRETING else (2**17, 1024)
x = normal(M, N, dtype=torch.float16)
speed(softmax_rows, lambda x: torch.softmax(x, 1), x, operations=5 * M * N)

# %% [markdown] nbgrader={"grade_id": "long_softmax_task", "locked": true}
r"""
## 4. Softmax over long rows

`long_softmax` · 10 points · difficulty 3 of 5 · 40 minutes

A row of a language model's output has a hundred thousand numbers. No program can hold it at once,
so it goes through the row block by block. The maximum of the whole row is known only at the end, but
the sum can be kept up to date meanwhile. After some blocks let

$$m = \max x_k, \qquad l = \sum e^{x_k - m} \qquad \text{over what was seen so far.}$$

A new block raises the maximum to $m' \ge m$. Every term of the sum was taken against the old one, and
$e^{x_k - m'} = e^{x_k - m}\, e^{m - m'}$, so

$$l' = l\, e^{m - m'} + \sum_{\text{block}} e^{x_k - m'}.$$

A second pass reads the row again and writes $e^{x_n - m} / l$. Two reads and one write, where maximum,
sum and quotient one after the other take three reads.

**Write** the kernel and the wrapper `long_softmax(x)`: the same as `softmax_rows`, for rows of any
length.

| | |
|---|---|
| `x` | a tensor $(M, N)$, $N \ge 1$; neighbours in a row are adjacent, rows may be any distance apart |
| dtype | `float32` or `float16`; compute in `float32` |
| returns | a new contiguous tensor $(M, N)$ of the dtype of `x`; a row of $-\infty$ gives zeros |
| on the chip | a program may load at most **128 elements** at a time |
| traffic | $x$ is read at most twice, the result is written once; no other tensors |

**Example.** A row of 10 in blocks of 4. Program 0 reads $x$ in three blocks, then again in three blocks
as it writes the result:
"""

# %% nbgrader={"grade_id": "long_softmax_example", "locked": true}
kernel_map(
    {"x": (2, 10), "out": (2, 10)},
    [Touch(m, "x", "load", range(10 * m, 10 * m + 10)) for m in range(2) for _ in range(2)]
    + [Touch(m, "out", "store", range(10 * m, 10 * m + 10)) for m in range(2)],
)

# %% [markdown] nbgrader={"grade_id": "long_softmax_worked", "locked": true}
r"""
Take the row $(1, 3 \mid 2, 5)$ in blocks of 2. After the first block $m = 3$ and $l = e^{-2} + e^0 = 1.135$.
The second block raises the maximum to 5:
$l' = 1.135\, e^{3-5} + e^{2-5} + e^{0} = 0.154 + 0.050 + 1 = 1.203$.
"""


# %% nbgrader={"grade_id": "long_softmax", "solution": true}
@triton.jit
def long_softmax_kernel(x_ptr, out_ptr, N, x_row, BLOCK: tl.constexpr):
    """The softmax of one row of any length, at most BLOCK elements at a time."""
    ### BEGIN SOLUTION
    row = tl.program_id(0)
    x_ptr += row * x_row
    out_ptr += row * N
    m = -float("inf")
    l = 0.0
    for start in range(0, N, BLOCK):
        n = start + tl.arange(0, BLOCK)
        x = tl.load(x_ptr + n, mask=n < N, other=-float("inf")).to(tl.float32)
        m_new = tl.maximum(m, tl.max(x, axis=0))
        safe = tl.where(m_new == -float("inf"), 0.0, m_new)  # nothing but −∞ so far
        l = l * tl.exp(m - safe) + tl.sum(tl.exp(x - safe), axis=0)
        m = m_new
    m = tl.where(m == -float("inf"), 0.0, m)
    l = tl.where(l == 0.0, 1.0, l)
    for start in range(0, N, BLOCK):
        n = start + tl.arange(0, BLOCK)
        x = tl.load(x_ptr + n, mask=n < N, other=-float("inf")).to(tl.float32)
        tl.store(out_ptr + n, tl.exp(x - m) / l, mask=n < N)
    ### END SOLUTION


def long_softmax(x: torch.Tensor) -> torch.Tensor:
    """The softmax of each row of x (M, N), for any N."""
    ### BEGIN SOLUTION
    M, N = x.shape
    out = torch.empty((M, N), dtype=x.dtype, device=x.device)
    long_softmax_kernel[(M,)](x, out, N, x.stride(0), BLOCK=128)
    return out
    ### END SOLUTION


# %% [markdown] nbgrader={"grade_id": "long_softmax_hints", "locked": true}
"""
<details><summary>Hint 1: the idea</summary>

What must happen to the sum so far when a block brings a larger maximum? And what when no number but
−∞ has come yet?

</details>

<details><summary>Hint 2: a sketch</summary>

Two loops `for start in range(0, N, BLOCK)`. The first carries `m` (from −∞) and `l` (from 0.0) along
by the two formulas above; masked lanes hold −∞ as before. Where the new maximum is still −∞,
subtract 0 instead: all exponentials are then exp(−∞) = 0, and no −∞ − (−∞) occurs. The second loop
loads the blocks again and stores `exp(x − m) / l`.

</details>

<details><summary>Hint 3: almost code</summary>

```
m ← −inf;  l ← 0.0
for start in range(0, N, BLOCK):
    n ← start + arange(0, BLOCK)
    x ← load(row of x + n, mask = n < N, other = −inf) as float32
    m_new ← maximum(m, max(x))
    safe ← where(m_new == −inf, 0.0, m_new)
    l ← l · exp(m − safe) + sum(exp(x − safe))
    m ← m_new
m ← where(m == −inf, 0.0, m);  l ← where(l == 0.0, 1.0, l)
for start in range(0, N, BLOCK):
    …load x again;  store(row of out + n, exp(x − m) / l, mask = n < N)
```

</details>
"""

# %% nbgrader={"grade_id": "long_softmax_rescales_the_sum", "points": 3}
RESCALES = """Each term of the sum so far was taken against the maximum so far. When a block raises
the maximum from m to m', the whole sum shrinks by exp(m − m') before the block's own terms are added.
In a row that rises this happens at every block. The result is one softmax over the whole row, from
your own kernel, with the lanes behind its end left out."""

with check("rescales the sum", idea=RESCALES) as case:
    rising = torch.linspace(-3, 3, 300, device=DEVICE).repeat(2, 1)
    right(case, long_softmax, plain_softmax_rows, rising)
    right(case, long_softmax, plain_softmax_rows, normal(2, 130))

### BEGIN HIDDEN TESTS
with check("rescales the sum", idea=RESCALES, hidden=True) as case:
    random, seed = draws("long_softmax_rescales_the_sum"), draw_seed("long_softmax_rescales")
    for columns in (1, 128, random.randint(257, 380)):
        x = normal(2, columns + 5, seed=seed, scale=3.0)[:, 3 : columns + 3]
        right(case, long_softmax, plain_softmax_rows, x)
        right(case, long_softmax, plain_softmax_rows, x.sort(dim=1).values)
    half = normal(2, 300, seed=seed, dtype=torch.float16).sort(dim=1).values
    right(case, long_softmax, plain_softmax_rows, half)
### END HIDDEN TESTS

# %% nbgrader={"grade_id": "long_softmax_survives_masked_blocks", "points": 3}
MASKED = """A block may hold nothing but −∞: the words behind a mask, or the beginning of a causal
row. Then m and m' are both −∞, and exp(m − m') is NaN, which stays in the sum for ever. A maximum that
starts at 0 instead is wrong for rows below zero: near −2000 every exponential would be 0. And a row
that is masked whole gives zeros."""

with check("survives masked blocks", idea=MASKED) as case:
    x = extremes(300)
    x[3, :200] = -torch.inf
    stays_inside(case, long_softmax, plain_softmax_rows, x)

### BEGIN HIDDEN TESTS
with check("survives masked blocks", idea=MASKED, hidden=True) as case:
    random, seed = draws("long_softmax_survives_masked_blocks"), draw_seed("long_softmax_masked")
    x = extremes(random.randint(260, 380), seed)
    x[3, random.randint(130, 255) :] = -torch.inf
    x[5, : random.randint(130, 255)] = -torch.inf
    stays_inside(case, long_softmax, plain_softmax_rows, x)
### END HIDDEN TESTS

# %% nbgrader={"grade_id": "long_softmax_reads_twice", "points": 2}
TWICE = """The running maximum and sum come from one pass, the result from a second: two reads of x and
one write, at most 128 elements at a time, and nothing is parked in another tensor. A pass for the
maximum and another for the sum make three reads; a block as long as the row would not fit the chip
for long rows."""

with check("reads twice, in blocks", idea=TWICE) as case:
    rising = torch.linspace(-3, 3, 300, device=DEVICE).repeat(2, 1)
    moves(case, long_softmax, plain_softmax_rows, rising,
          reads={"x": 2}, writes={"out": 1}, block=128)  # fmt: skip

### BEGIN HIDDEN TESTS
with check("reads twice, in blocks", idea=TWICE, hidden=True) as case:
    random, seed = draws("long_softmax_reads_twice"), draw_seed("long_softmax_twice")
    rising = normal(2, random.randint(258, 400), seed=seed, scale=2.0).sort(dim=1).values
    moves(case, long_softmax, plain_softmax_rows, rising,
          reads={"x": 2}, writes={"out": 1}, block=128)  # fmt: skip
### END HIDDEN TESTS

# %% nbgrader={"grade_id": "long_softmax_compiles_for_a_gpu", "points": 2}
with check("compiles for a GPU", idea=COMPILES) as case:
    compiles(case, long_softmax, (torch.empty(64, 50_000, dtype=torch.float16, device="meta"),))

### BEGIN HIDDEN TESTS
with check("compiles for a GPU", idea=COMPILES, hidden=True) as case:
    compiles(case, long_softmax, (torch.empty(64, 50_000, dtype=torch.float16, device="meta"),))
### END HIDDEN TESTS

# %% [markdown]
"""
**Step through your own kernel.** Watch a program go through its row twice. In which of the two passes
does it write?
"""

# %%
play_kernel(long_softmax, normal(2, 300))

# %% [markdown]
"""
**How fast is it?** The work is that of the fused softmax, but every row is read twice. How far is your
place from *every number to and fro once*?
"""

# %%
M, N = (2, 300) if INTERPRETING else (2**10, 2**17)
x = normal(M, N, dtype=torch.float16)
speed(long_softmax, lambda x: torch.softmax(x, 1), x, operations=5 * M * N)

# %% [markdown]
"""
**Done?** Save, then choose *Validate* to run every cell from the top in a fresh kernel, and hand in
from the *Assignment List*. Next: *tiles and norms*, where several
programs read the same numbers.
"""
