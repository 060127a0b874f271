# %% [markdown]
"""
# The Triton kernel lab, rungs 5 to 7: tiles and norms

**30 points · about 140 minutes.** Before: rungs 1 to 4.

After these three rungs you can

- cut a matrix product into tiles, and say how often each number is fetched;
- mask blocks of two dimensions, and follow the strides of both;
- add up where precision is not lost, and take a variance that does not cancel;
- let many programs add to one result without a race.

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
known when it compiles (tl.constexpr), a tl.dot of blocks of at least 16 × 16, and variables that keep
their type inside a loop. What does not fit a thread's registers spills to slow memory: nothing may.
Nothing is run here: your kernel is compiled for an H100."""

import torch
import triton
import triton.language as tl

# %% [markdown] nbgrader={"grade_id": "matmul_task", "locked": true}
r"""
## 5. Matrix product in tiles

`matmul` · 10 points · difficulty 3 of 5 · 50 minutes

$$C_{mn} = \sum_{k=1}^{K} A_{mk} B_{kn}$$

To compute one element of $C$, a row of $A$ and a column of $B$ must be read. If every element has a
program of its own, each number of $A$ is fetched $N$ times. A program that computes a *tile* of 32 × 32
elements reads 32 rows and 32 columns and uses each number 32 times: every element of $A$ is fetched
only $\lceil N/32 \rceil$ times. The rows are long, so the program walks along $K$ in steps, and adds the product
of two small tiles to its sum each time:

`acc = tl.dot(a, b, acc, input_precision="ieee")`

Two dimensions come from `[:, None]` and `[None, :]`: with `m` and `k` two ranges,
`m[:, None] * row + k[None, :] * column` is a block of offsets, a row for each `m`, a column for each
`k`. `tl.program_id(1)` is the second axis of a grid of two. (On a GPU, `input_precision="ieee"` keeps
`float32` exact; without it the tensor cores round to 10 bits.)

**Write** the kernel and the wrapper `matmul(a, b)`.

| | |
|---|---|
| `a`, `b` | tensors $(M, K)$ and $(K, N)$ of one dtype, of **any** strides; all sizes $\ge 1$ |
| dtype | `float32` or `float16`; add up in `float32` |
| returns | a new contiguous tensor $(M, N)$ of that dtype; your kernel writes all of it |
| on the chip | a program may load at most **1024 elements** (a tile of 32 × 32) at a time |
| traffic | each element of $A$ is read at most $\lceil N/32 \rceil$ times, of $B$ at most $\lceil M/32 \rceil$ times; $C$ is written once |

**Example.** Tiles of 2 × 2 (a GPU wants 16 × 16 or more). Program 0 writes the upper left tile of $C$.
It reads the two upper rows of $A$ and the two left columns of $B$; and as the grid has two columns of
programs, each row of $A$ is read twice:
"""

# %% nbgrader={"grade_id": "matmul_example", "locked": true}
programs = [(p, 2 * (p // 2), 2 * (p % 2)) for p in range(4)]
rows_of_a = [Touch(p, "a", "load", range(6 * m, 6 * m + 12)) for p, m, n in programs]
columns_of_b = [Touch(p, "b", "load", range(n + i, 24, 4)) for p, m, n in programs for i in (0, 1)]
tiles = [
    Touch(p, "out", "store", range(4 * (m + i) + n, 4 * (m + i) + n + 2))
    for p, m, n in programs
    for i in (0, 1)
]
kernel_map({"a": (4, 6), "b": (6, 4), "out": (4, 4)}, rows_of_a + columns_of_b + tiles)


# %% nbgrader={"grade_id": "matmul_twin", "locked": true}
def plain_matmul(a, b):
    """What is wanted, in plain torch."""
    exactly = torch.promote_types(a.dtype, torch.float32)
    return (a.to(exactly) @ b.to(exactly)).to(a.dtype)


def piled_up(size, long):
    """Halves of which a large number comes first, and many small ones after it."""
    row = torch.full((128 + long,), 1 / 64, dtype=torch.float16, device=DEVICE)
    row[:128] = 32.0
    return row.repeat(size, 1), torch.ones(128 + long, size, dtype=torch.float16, device=DEVICE)


# %% nbgrader={"grade_id": "matmul", "solution": true}
@triton.jit
def matmul_kernel(a_ptr, b_ptr, out_ptr, M, N, K, a_row, a_col, b_row, b_col, BLOCK: tl.constexpr):
    """One tile of BLOCK × BLOCK of the product; a_row, a_col … are the strides of a and b."""
    ### BEGIN SOLUTION
    m = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    n = tl.program_id(1) * BLOCK + tl.arange(0, BLOCK)
    acc = tl.zeros((BLOCK, BLOCK), tl.float32)
    for start in range(0, K, BLOCK):
        k = start + tl.arange(0, BLOCK)
        a_inside = (m[:, None] < M) & (k[None, :] < K)
        b_inside = (k[:, None] < K) & (n[None, :] < N)
        a = tl.load(a_ptr + m[:, None] * a_row + k[None, :] * a_col, mask=a_inside, other=0.0)
        b = tl.load(b_ptr + k[:, None] * b_row + n[None, :] * b_col, mask=b_inside, other=0.0)
        acc = tl.dot(a, b, acc, input_precision="ieee")
    inside = (m[:, None] < M) & (n[None, :] < N)
    tl.store(out_ptr + m[:, None] * N + n[None, :], acc, mask=inside)
    ### END SOLUTION


def matmul(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """The product of a (M, K) and b (K, N)."""
    ### BEGIN SOLUTION
    M, K = a.shape
    N = b.shape[1]
    out = torch.empty((M, N), dtype=a.dtype, device=a.device)
    grid = (triton.cdiv(M, 32), triton.cdiv(N, 32))
    matmul_kernel[grid](a, b, out, M, N, K, *a.stride(), *b.stride(), BLOCK=32)
    return out
    ### END SOLUTION


# %% [markdown] nbgrader={"grade_id": "matmul_hints", "locked": true}
"""
<details><summary>Hint 1: the idea</summary>

Three ranges of 32: rows `m` of A and C, columns `n` of B and C, and `k`, which moves. Which two of
them does each of the three tiles need? And what must a lane outside hold so that it adds nothing?

</details>

<details><summary>Hint 2: a sketch</summary>

The grid is ⌈M/32⌉ × ⌈N/32⌉. A program starts with `acc = tl.zeros((BLOCK, BLOCK), tl.float32)`. In
each step along K it loads a tile of A at the places `m[:, None] * a_row + k[None, :] * a_col`, and a
tile of B at `k[:, None] * b_row + n[None, :] * b_col`, both with `other=0.0` outside. `tl.dot`
multiplies and adds. At the end the tile of C is stored, masked by M and N.

</details>

<details><summary>Hint 3: almost code</summary>

```
m ← program_id(0) · BLOCK + arange;  n ← program_id(1) · BLOCK + arange
acc ← zeros((BLOCK, BLOCK), float32)
for start in range(0, K, BLOCK):
    k ← start + arange
    a ← load(a_ptr + m[:, None] · a_row + k[None, :] · a_col,
             mask = (m[:, None] < M) & (k[None, :] < K), other = 0.0)
    b ← load(b_ptr + k[:, None] · b_row + n[None, :] · b_col,
             mask = (k[:, None] < K) & (n[None, :] < N), other = 0.0)
    acc ← dot(a, b, acc, input_precision="ieee")
store(out_ptr + m[:, None] · N + n[None, :], acc, mask = (m[:, None] < M) & (n[None, :] < N))
```

</details>
"""

# %% nbgrader={"grade_id": "matmul_covers_every_tile", "points": 3}
TILES = """M, N and K may each end inside a tile, so each load needs two masks, and lanes outside must
hold 0.0, which adds nothing. The grid is rounded up in both directions. Where an element lies is for
the strides to say: in a transposed matrix a_row and a_col change places."""

with check("covers every tile, whatever its size", idea=TILES) as case:
    stays_inside(case, matmul, plain_matmul, normal(5, 3), normal(3, 7))
    stays_inside(case, matmul, plain_matmul, normal(33, 40), normal(40, 35))
    right(case, matmul, plain_matmul, normal(20, 34).T, normal(18, 20).T)

### BEGIN HIDDEN TESTS
with check("covers every tile, whatever its size", idea=TILES, hidden=True) as case:
    random, seed = draws("matmul_covers_every_tile"), draw_seed("matmul_tiles")
    M, N, K = (random.randint(33, 63) for _ in range(3))
    a, b = normal(M + 2, K + 5, seed=seed), normal(2 * K, N + 3, seed=seed + 1)
    stays_inside(case, matmul, plain_matmul, a[1 : M + 1, 3 : K + 3], b[::2, 2 : N + 2])
    right(case, matmul, plain_matmul, normal(K, 1, seed=seed).T, normal(N, K, seed=seed + 1).T)
### END HIDDEN TESTS

# %% nbgrader={"grade_id": "matmul_adds_up_in_float32", "points": 2}
FLOAT32 = """A half has 11 bits: 4096 + 1 is 4096 there. A sum that is kept in halves loses every
small number that comes after a large one. Multiply halves, add in float32, and round once, when the
tile is stored."""

with check("adds up in float32", idea=FLOAT32) as case:
    right(case, matmul, plain_matmul, *piled_up(4, 1536))
    half = torch.float16
    right(case, matmul, plain_matmul, normal(20, 70, dtype=half), normal(70, 18, dtype=half))

### BEGIN HIDDEN TESTS
with check("adds up in float32", idea=FLOAT32, hidden=True) as case:
    random, seed = draws("matmul_adds_up_in_float32"), draw_seed("matmul_float32")
    right(case, matmul, plain_matmul, *piled_up(random.randint(2, 7), 64 * random.randint(24, 28)))
### END HIDDEN TESTS

# %% nbgrader={"grade_id": "matmul_reads_tiles", "points": 3}
REUSE = """A number that is fetched once should be used by 32 rows or columns. With tiles of T × T
every element of A is read N/T times and every one of B M/T times: smaller tiles, or a program for
each row, read more. Larger loads than 1024 elements do not fit: walk along K in steps."""

with check("reads tiles, and uses them well", idea=REUSE) as case:
    moves(case, matmul, plain_matmul, normal(64, 48), normal(48, 64),
          reads={"a": 2, "b": 2}, writes={"out": 1}, block=1024)  # fmt: skip

### BEGIN HIDDEN TESTS
with check("reads tiles, and uses them well", idea=REUSE, hidden=True) as case:
    random, seed = draws("matmul_reads_tiles"), draw_seed("matmul_reuse")
    M, N, K = random.randint(33, 64), random.randint(65, 90), random.randint(33, 64)
    moves(case, matmul, plain_matmul, normal(M, K, seed=seed), normal(K, N, seed=seed + 1),
          reads={"a": 3, "b": 2}, writes={"out": 1}, block=1024)  # fmt: skip
### END HIDDEN TESTS

# %% nbgrader={"grade_id": "matmul_compiles_for_a_gpu", "points": 2}
CORES = (
    COMPILES
    + """ The products must come from the tensor cores, which is what tl.dot is for: they
are some ten times as fast as multiplying and adding one by one."""
)

with check("compiles for a GPU, with tensor cores", idea=CORES) as case:
    a = torch.empty(512, 512, dtype=torch.float16, device="meta")
    compiles(case, matmul, (a, a), tensor_cores=True)

### BEGIN HIDDEN TESTS
with check("compiles for a GPU, with tensor cores", idea=CORES, hidden=True) as case:
    a = torch.empty(512, 512, dtype=torch.float16, device="meta")
    compiles(case, matmul, (a, a), tensor_cores=True)
### END HIDDEN TESTS

# %% [markdown]
"""
**Step through your own kernel.** Choose a single program: which rows of `a`, which columns of `b` are
its own? How would the table change with tiles of 16 × 16?
"""

# %%
play_kernel(matmul, normal(40, 20), normal(20, 36))

# %% [markdown]
"""
**How fast is it?** With tiles of 32 × 32, each number that is loaded serves 32 multiplications. Does a
larger matrix move your place to the right? Does it move *every number to and fro once*? On a GPU the
rival is cuBLAS, with larger tiles and more of their loads under way at once.
"""

# %%
n = 96 if INTERPRETING else 4096
a, b = (normal(n, n, seed=seed, dtype=torch.float16) for seed in (1, 2))
speed(matmul, torch.matmul, a, b, operations=2 * n**3)

# %% [markdown] nbgrader={"grade_id": "layer_norm_task", "locked": true}
r"""
## 6. Layer norm, forward

`layer_norm` · 10 points · difficulty 3 of 5 · 40 minutes

Each row is brought to mean 0 and variance 1, then stretched and shifted by two learned vectors:

$$\mu = \frac1N \sum_n x_n, \qquad \sigma^2 = \frac1N \sum_n (x_n - \mu)^2, \qquad r = \frac{1}{\sqrt{\sigma^2 + \varepsilon}}, \qquad y_n = (x_n - \mu)\, r\, w_n + b_n$$

$\mu$ and $r$ are returned too: the backward pass needs them, and reading two numbers a row is cheaper
than computing them again.

The variance is also $\frac1N\sum x_n^2 - \mu^2$, which needs no $\mu$ first. On paper. In `float32`, numbers
around 1000 have squares around a million, known to 0.06: the difference of two such numbers is noise.
The row is on the chip anyway, so take the mean first, and then the squares of what is left.

**Write** the kernel and the wrapper `layer_norm(x, w, b, eps)`.

| | |
|---|---|
| `x` | a tensor $(M, N)$, $1 \le N \le 1024$; neighbours in a row are adjacent, rows may be any distance apart |
| `w`, `b` | contiguous tensors $(N,)$; `eps` a number above 0 |
| dtype | of `x`, `w`, `b`: `float32` or `float16`; compute in `float32` |
| returns | `(y, mean, rstd)`: $y$ new, contiguous, $(M, N)$, of the dtype of `x`; $\mu$ and $r$ as `float32` tensors $(M,)$ |
| traffic | $x$ is read once; each row may read $w$ and $b$ once; every result is written once |

**Example.** The row $(1, 2, 6)$ has $\mu = 3$ and $\sigma^2 = (4 + 1 + 9)/3 = 4.67$, so $r = 0.463$ and, with $w = 1$
and $b = 0$, $y = (-0.926,\ -0.463,\ 1.389)$. One program a row:
"""

# %% nbgrader={"grade_id": "layer_norm_example", "locked": true}
kernel_map(
    {"x": (3, 5), "w": (5,), "b": (5,), "y": (3, 5), "mean": (3,), "rstd": (3,)},
    [Touch(m, "x", "load", range(5 * m, 5 * m + 5)) for m in range(3)]
    + [Touch(m, name, "load", range(5)) for m in range(3) for name in "wb"]
    + [Touch(m, "y", "store", range(5 * m, 5 * m + 5)) for m in range(3)]
    + [Touch(m, name, "store", [m]) for m in range(3) for name in ("mean", "rstd")],
)


# %% nbgrader={"grade_id": "layer_norm_twin", "locked": true}
def plain_layer_norm(x, w, b, eps):
    """What is wanted, in plain torch."""
    h = x.to(torch.promote_types(x.dtype, torch.float32))
    mean = h.mean(dim=1)
    rstd = 1 / torch.sqrt((h - mean[:, None]).square().mean(dim=1) + eps)
    y = (h - mean[:, None]) * rstd[:, None] * w + b
    return y.to(x.dtype), mean, rstd


def rows(M, N, seed=0, dtype=torch.float32):
    """Rows with weights and biases to go with them."""
    w, b = normal(N, seed=seed + 1, dtype=dtype), normal(N, seed=seed + 2, dtype=dtype)
    return normal(M, N, seed=seed, dtype=dtype) + 1, w, b, 1e-5


# %% nbgrader={"grade_id": "layer_norm", "solution": true}
@triton.jit
def layer_norm_kernel(
    x_ptr, w_ptr, b_ptr, y_ptr, mean_ptr, rstd_ptr, N, x_row, eps, BLOCK: tl.constexpr
):
    """One row; x_row is how far apart the rows of x are, BLOCK is at least N."""
    ### BEGIN SOLUTION
    row = tl.program_id(0)
    n = tl.arange(0, BLOCK)
    inside = n < N
    x = tl.load(x_ptr + row * x_row + n, mask=inside, other=0.0).to(tl.float32)
    mean = tl.sum(x, axis=0) / N
    centred = tl.where(inside, x - mean, 0.0)
    rstd = 1 / tl.sqrt(tl.sum(centred * centred, axis=0) / N + eps)
    w = tl.load(w_ptr + n, mask=inside).to(tl.float32)
    b = tl.load(b_ptr + n, mask=inside).to(tl.float32)
    tl.store(y_ptr + row * N + n, centred * rstd * w + b, mask=inside)
    tl.store(mean_ptr + row, mean)
    tl.store(rstd_ptr + row, rstd)
    ### END SOLUTION


def layer_norm(x: torch.Tensor, w: torch.Tensor, b: torch.Tensor, eps: float):
    """(y, mean, rstd) of x (M, N), with the weights w and the biases b, both (N,)."""
    ### BEGIN SOLUTION
    M, N = x.shape
    y = torch.empty((M, N), dtype=x.dtype, device=x.device)
    mean = torch.empty((M,), dtype=torch.float32, device=x.device)
    rstd = torch.empty((M,), dtype=torch.float32, device=x.device)
    BLOCK = triton.next_power_of_2(N)
    layer_norm_kernel[(M,)](x, w, b, y, mean, rstd, N, x.stride(0), eps, BLOCK=BLOCK)
    return y, mean, rstd
    ### END SOLUTION


# %% [markdown] nbgrader={"grade_id": "layer_norm_hints", "locked": true}
"""
<details><summary>Hint 1: the idea</summary>

Zeros in the masked lanes do no harm to the sum of the row. What do those lanes hold after the mean
has been subtracted from all of them?

</details>

<details><summary>Hint 2: a sketch</summary>

Load the row with `other=0.0`; the mean is the sum over N (not over BLOCK). Subtract it, and put the
masked lanes back to 0 with `tl.where`, before you square and sum. A program stores a single number
with `tl.store(mean_ptr + row, mean)`.

</details>

<details><summary>Hint 3: almost code</summary>

```
x ← load(x_ptr + row · x_row + n, mask = inside, other = 0.0) as float32
mean ← sum(x) / N
centred ← where(inside, x − mean, 0.0)
rstd ← 1 / sqrt(sum(centred · centred) / N + eps)
w, b ← load(…, mask = inside) as float32
store(y_ptr + row · N + n, centred · rstd · w + b, mask = inside)
store(mean_ptr + row, mean);  store(rstd_ptr + row, rstd)
```

</details>
"""

# %% nbgrader={"grade_id": "layer_norm_counts_the_rows_own_elements", "points": 3}
OWN = """Mean and variance are over the N elements of the row: the sums are divided by N, not by BLOCK
and not by N − 1, and the lanes behind the end stay out. They may hold 0 for the mean; but after the
mean is subtracted they hold −mean, and their squares would be added to the variance. All three
results come from your own kernel, w and b included."""

with check("counts the row's own elements", idea=OWN) as case:
    stays_inside(case, layer_norm, plain_layer_norm, *rows(3, 5))
    x, w, b, eps = rows(2, 40)
    stays_inside(case, layer_norm, plain_layer_norm, x[:, :33], w[:33], b[:33], eps)

### BEGIN HIDDEN TESTS
with check("counts the row's own elements", idea=OWN, hidden=True) as case:
    random, seed = draws("layer_norm_counts_the_rows_own_elements"), draw_seed("layer_norm_own")
    for columns in (1, 129, random.randint(200, 250)):
        x, w, b, eps = rows(3, columns + 4, seed)
        x = x[:, 2 : columns + 2] - random.uniform(2, 4)
        stays_inside(case, layer_norm, plain_layer_norm, x, w[:columns], b[:columns], eps)
    right(case, layer_norm, plain_layer_norm, *rows(2, 100, seed, torch.float16))
### END HIDDEN TESTS

# %% nbgrader={"grade_id": "layer_norm_survives_a_large_mean", "points": 3}
CANCELS = """The mean of the squares minus the square of the mean is a small difference of two large
numbers: around 1000 nothing right is left of it, and it may even fall below zero. Squares of x − mean
do not cancel. A row of one number has variance 0, and there eps, inside the root, decides:
r = 1 / √eps."""

with check("survives a large mean", idea=CANCELS) as case:
    x, w, b, eps = rows(3, 40)
    x[0] += 1000
    x[1] = -3.0
    right(case, layer_norm, plain_layer_norm, x, w, b, eps)

### BEGIN HIDDEN TESTS
with check("survives a large mean", idea=CANCELS, hidden=True) as case:
    random, seed = draws("layer_norm_survives_a_large_mean"), draw_seed("layer_norm_large")
    x, w, b, eps = rows(3, random.randint(20, 90), seed)
    x[1] = 0.0
    x[2] -= random.uniform(900, 1100)
    right(case, layer_norm, plain_layer_norm, x, w, b, 1e-3)
### END HIDDEN TESTS

# %% nbgrader={"grade_id": "layer_norm_reads_each_row_once", "points": 2}
ONCE = """Mean, variance and result need the row three times, but memory only once: it stays on the
chip. Weights and biases are read once a row, and the results are written once; what is written and
read back, or kept in another tensor, is traffic too."""

with check("reads each row once", idea=ONCE) as case:
    moves(case, layer_norm, plain_layer_norm, *rows(4, 40),
          reads={"x": 1, "w": 4, "b": 4},
          writes={"out[0]": 1, "out[1]": 1, "out[2]": 1})  # fmt: skip

### BEGIN HIDDEN TESTS
with check("reads each row once", idea=ONCE, hidden=True) as case:
    random, seed = draws("layer_norm_reads_each_row_once"), draw_seed("layer_norm_once")
    moves(case, layer_norm, plain_layer_norm, *rows(3, random.randint(90, 200), seed),
          reads={"x": 1, "w": 3, "b": 3},
          writes={"out[0]": 1, "out[1]": 1, "out[2]": 1})  # fmt: skip
### END HIDDEN TESTS

# %% nbgrader={"grade_id": "layer_norm_compiles_for_a_gpu", "points": 2}
with check("compiles for a GPU", idea=COMPILES) as case:
    x = torch.empty(64, 1000, dtype=torch.float16, device="meta")
    compiles(case, layer_norm, (x, x[0], x[1], 1e-5))

### BEGIN HIDDEN TESTS
with check("compiles for a GPU", idea=COMPILES, hidden=True) as case:
    x = torch.empty(64, 1000, dtype=torch.float16, device="meta")
    compiles(case, layer_norm, (x, x[0], x[1], 1e-5))
### END HIDDEN TESTS

# %% [markdown]
"""
**Step through your own kernel.** `w` and `b` are read again by every row. In the table they look
expensive; on a GPU they stay in the cache, which this model does not have.
"""

# %%
play_kernel(layer_norm, *rows(5, 20))

# %% [markdown]
"""
**How fast is it?** Seven operations an element. In this count $w$ and $b$ are loaded by every row; a GPU
finds them in its cache, so on a GPU the bytes of *every number to and fro once* are the fairer ones.
"""

# %%
M, N = (5, 200) if INTERPRETING else (2**17, 1024)
x, w, b, eps = rows(M, N, dtype=torch.float16)
plain = torch.nn.functional.layer_norm
speed(layer_norm, lambda x, w, b, eps: plain(x, w.shape, w, b, eps), x, w, b, eps,
      operations=7 * M * N)  # fmt: skip

# %% [markdown] nbgrader={"grade_id": "layer_norm_backward_task", "locked": true}
r"""
## 7. Layer norm, backward

`layer_norm_backward` · 10 points · difficulty 4 of 5 · 50 minutes

Training needs the way back: given $\partial L/\partial y$ (called `dy`), the gradients of $x$, $w$ and $b$.
With $\hat x_n = (x_n - \mu)\, r$ the forward pass was $y_n = \hat x_n w_n + b_n$. So

$$\frac{\partial L}{\partial b_n} = \sum_{\text{rows}} \mathrm{dy}_n, \qquad \frac{\partial L}{\partial w_n} = \sum_{\text{rows}} \mathrm{dy}_n\, \hat x_n.$$

For $x$, let $g_n = \mathrm{dy}_n w_n$ be the gradient of $\hat x_n$. An $x_n$ acts on $\hat x_n$ directly, and on the whole
row through $\mu$ and through $r$: since $\partial\mu/\partial x_n = 1/N$ and $\partial r/\partial x_n = -r^2\, \hat x_n / N$,

$$\frac{\partial L}{\partial x_n} = r\, g_n - \frac{r}{N}\sum_k g_k - \frac{r\,\hat x_n}{N} \sum_k g_k \hat x_k = r\left(g_n - \overline{g} - \hat x_n\, \overline{g \hat x}\right),$$

where a bar is a mean over the row. This is a row of its own for each program again. But the sums over
the rows for $w$ and $b$ bring many programs to the same element. On a GPU they run at once: two that
load, add and store lose one of the two additions, now and then. `tl.atomic_add(ptr, values, mask=…)`
adds without that danger; the tensor must hold zeros before. (Or every program keeps sums of its own in
a further tensor, and a second kernel adds those up.)

**Write** kernel and wrapper `layer_norm_backward(dy, x, w, mean, rstd)`.

| | |
|---|---|
| `dy`, `x` | contiguous tensors $(M, N)$, $1 \le N \le 1024$ |
| `w` | a contiguous tensor $(N,)$ |
| dtype | of these: `float32` or `float16`; compute in `float32` |
| `mean`, `rstd` | `float32` tensors $(M,)$, as the forward pass returned them |
| returns | `(dx, dw, db)`: $(M, N)$ of the dtype of `x`, and twice $(N,)$ of `float32`; all new |
| traffic | `dy` and `x` are read once; `w` once a row; `dx` is written once; at most one addition a row to each element of `dw` and `db`; in further tensors at most $2MN$ elements each way |

**Example.** For one row with $\hat x = (-1, 0, 1)$ (so $r = 1$, say), $w = 1$ and $\mathrm{dy} = (0, 0, 3)$: $\overline{g} = 1$,
$\overline{g\hat x} = 1$, hence $dx = (0, -1, 1)$. Three rows, one program each; every program adds to all of `dw`
and `db`:
"""

# %% nbgrader={"grade_id": "layer_norm_backward_example", "locked": true}
kernel_map(
    {"x": (3, 4), "dy": (3, 4), "dx": (3, 4), "dw": (4,), "db": (4,)},
    [Touch(m, name, "load", range(4 * m, 4 * m + 4)) for m in range(3) for name in ("x", "dy")]
    + [Touch(m, "dx", "store", range(4 * m, 4 * m + 4)) for m in range(3)]
    + [Touch(m, name, "atomic", range(4)) for m in range(3) for name in ("dw", "db")],
)


# %% nbgrader={"grade_id": "layer_norm_backward_twin", "locked": true}
def plain_layer_norm_backward(dy, x, w, mean, rstd):
    """What is wanted, from torch's own forward pass and autograd."""
    exactly = torch.promote_types(x.dtype, torch.float32)
    h, stretch = x.to(exactly).requires_grad_(), w.to(exactly).requires_grad_()
    shift = torch.zeros_like(stretch, requires_grad=True)
    y = torch.nn.functional.layer_norm(h, h.shape[1:], stretch, shift, eps=1e-5)
    dx, dw, db = torch.autograd.grad(y, (h, stretch, shift), dy.to(exactly))
    return dx.to(x.dtype), dw, db


def backward_rows(M, N, seed=0, dtype=torch.float32):
    """What a backward pass is given: dy, x, w, and mean and rstd of x."""
    x, w, b, eps = rows(M, N, seed, dtype)
    _, mean, rstd = plain_layer_norm(x, w, b, eps)
    return normal(M, N, seed=seed + 3, dtype=dtype) + 0.5, x, w, mean, rstd


# %% nbgrader={"grade_id": "layer_norm_backward", "solution": true}
@triton.jit
def layer_norm_backward_kernel(
    dy_ptr, x_ptr, w_ptr, mean_ptr, rstd_ptr, dx_ptr, dw_ptr, db_ptr, N, BLOCK: tl.constexpr
):
    """One row; BLOCK is at least N."""
    ### BEGIN SOLUTION
    row = tl.program_id(0)
    n = tl.arange(0, BLOCK)
    inside = n < N
    mean = tl.load(mean_ptr + row)
    rstd = tl.load(rstd_ptr + row)
    dy = tl.load(dy_ptr + row * N + n, mask=inside, other=0.0).to(tl.float32)
    x = tl.load(x_ptr + row * N + n, mask=inside, other=0.0).to(tl.float32)
    w = tl.load(w_ptr + n, mask=inside, other=0.0).to(tl.float32)
    x_hat = tl.where(inside, (x - mean) * rstd, 0.0)
    g = dy * w
    g_mean = tl.sum(g, axis=0) / N
    g_x_mean = tl.sum(g * x_hat, axis=0) / N
    tl.store(dx_ptr + row * N + n, rstd * (g - g_mean - x_hat * g_x_mean), mask=inside)
    tl.atomic_add(dw_ptr + n, dy * x_hat, mask=inside)
    tl.atomic_add(db_ptr + n, dy, mask=inside)
    ### END SOLUTION


def layer_norm_backward(dy, x, w, mean, rstd):
    """(dx, dw, db): the gradients of x (M, N), of the weights and of the biases, both (N,)."""
    ### BEGIN SOLUTION
    M, N = x.shape
    dx = torch.empty((M, N), dtype=x.dtype, device=x.device)
    dw = torch.zeros((N,), dtype=torch.float32, device=x.device)
    db = torch.zeros((N,), dtype=torch.float32, device=x.device)
    BLOCK = triton.next_power_of_2(N)
    layer_norm_backward_kernel[(M,)](dy, x, w, mean, rstd, dx, dw, db, N, BLOCK=BLOCK)
    return dx, dw, db
    ### END SOLUTION


# %% [markdown] nbgrader={"grade_id": "layer_norm_backward_hints", "locked": true}
"""
<details><summary>Hint 1: the idea</summary>

Which of the three results belong to one program alone, and which to all of them together?

</details>

<details><summary>Hint 2: a sketch</summary>

A program loads its mean and its rstd (one number each) and its rows of dy and x, makes x̂ (0 in the
masked lanes) and g = dy · w, takes the two means with `tl.sum(…) / N`, and stores its row of dx.
Then it adds dy · x̂ to dw and dy to db with `tl.atomic_add`. The wrapper makes dw and db with
`torch.zeros`, in float32.

</details>

<details><summary>Hint 3: almost code</summary>

```
x_hat ← where(inside, (x − mean) · rstd, 0.0);  g ← dy · w
g_mean ← sum(g) / N;  g_x_mean ← sum(g · x_hat) / N
store(dx_ptr + row · N + n, rstd · (g − g_mean − x_hat · g_x_mean), mask = inside)
atomic_add(dw_ptr + n, dy · x_hat, mask = inside)
atomic_add(db_ptr + n, dy, mask = inside)
```

</details>
"""

# %% nbgrader={"grade_id": "layer_norm_backward_follows_the_chain_rule", "points": 3}
CHAIN = """An element of x acts in three ways: on its own x̂, on the mean, and on the spread of the
row. So dx has three terms, r (g − mean of g − x̂ · mean of g x̂), with g = dy · w, and both means are
over the N elements of the row. dw sums dy · x̂ over the rows, db sums dy. All of it is computed by
your own kernels."""

with check("follows the chain rule", idea=CHAIN) as case:
    right(case, layer_norm_backward, plain_layer_norm_backward, *backward_rows(1, 5))
    right(case, layer_norm_backward, plain_layer_norm_backward, *backward_rows(4, 33))

### BEGIN HIDDEN TESTS
with check("follows the chain rule", idea=CHAIN, hidden=True) as case:
    random, seed = draws("layer_norm_backward_chain"), draw_seed("layer_norm_backward_chain")
    for M, N in ((2, 129), (random.randint(3, 6), random.randint(40, 100))):
        right(case, layer_norm_backward, plain_layer_norm_backward, *backward_rows(M, N, seed))
    half = backward_rows(3, 60, seed, torch.float16)
    right(case, layer_norm_backward, plain_layer_norm_backward, *half)
### END HIDDEN TESTS

# %% nbgrader={"grade_id": "layer_norm_backward_adds_without_a_race", "points": 3}
RACE = """Every row adds to the same dw and db, and on a GPU the rows run at once. Load, add, store:
between the load and the store of one program another may store, and its addition is lost. The
interpreter runs one program after the other, so the numbers look right here, and only the trace sees
the danger. tl.atomic_add does it in one go; or each program keeps its own sums, which a second kernel
adds up."""

with check("adds without a race", idea=RACE) as case:
    stays_inside(case, layer_norm_backward, plain_layer_norm_backward, *backward_rows(4, 20))

### BEGIN HIDDEN TESTS
with check("adds without a race", idea=RACE, hidden=True) as case:
    random, seed = draws("layer_norm_backward_race"), draw_seed("layer_norm_backward_race")
    some = backward_rows(random.randint(3, 6), random.randint(65, 120), seed)
    stays_inside(case, layer_norm_backward, plain_layer_norm_backward, *some)
### END HIDDEN TESTS

# %% nbgrader={"grade_id": "layer_norm_backward_reads_once", "points": 2}
BACKWARD_ONCE = """dy and x are read once, and serve all three gradients from the chip: a second pass
for dw and db would read both again. The mean and the spread of a row come from the forward pass, two
numbers instead of another row."""

BACKWARD_WRITES = {"out[0]": 1, "out[1]": 4, "out[2]": 4}
with check("reads dy and x once", idea=BACKWARD_ONCE) as case:
    moves(case, layer_norm_backward, plain_layer_norm_backward, *backward_rows(4, 40),
          reads={"dy": 1, "x": 1, "w": 4, "mean": 1, "rstd": 1, "out[1]": 4, "out[2]": 4},
          writes=BACKWARD_WRITES, scratch=2 * 4 * 40)  # fmt: skip

### BEGIN HIDDEN TESTS
with check("reads dy and x once", idea=BACKWARD_ONCE, hidden=True) as case:
    random, seed = draws("layer_norm_backward_once"), draw_seed("layer_norm_backward_once")
    N = random.randint(60, 120)
    moves(case, layer_norm_backward, plain_layer_norm_backward, *backward_rows(4, N, seed),
          reads={"dy": 1, "x": 1, "w": 4, "mean": 1, "rstd": 1, "out[1]": 4, "out[2]": 4},
          writes=BACKWARD_WRITES, scratch=2 * 4 * N)  # fmt: skip
### END HIDDEN TESTS

# %% nbgrader={"grade_id": "layer_norm_backward_compiles_for_a_gpu", "points": 2}
with check("compiles for a GPU", idea=COMPILES) as case:
    x, mean = (
        torch.empty(64, 1000, dtype=torch.float16, device="meta"),
        torch.empty(64, device="meta"),
    )
    compiles(case, layer_norm_backward, (x, x, x[0], mean, mean))

### BEGIN HIDDEN TESTS
with check("compiles for a GPU", idea=COMPILES, hidden=True) as case:
    x, mean = (
        torch.empty(64, 1000, dtype=torch.float16, device="meta"),
        torch.empty(64, device="meta"),
    )
    compiles(case, layer_norm_backward, (x, x, x[0], mean, mean))
### END HIDDEN TESTS

# %% [markdown]
"""
**Step through your own kernel.** Go to the end: how many programs wrote each element of `dw`? Replace
the atomic addition by load, add and store, and look for the `!`.
"""

# %%
play_kernel(layer_norm_backward, *backward_rows(4, 12))

# %% [markdown]
"""
**How fast is it?** On a GPU, an atomic addition of every row to the same few addresses makes the rows
queue up there. If yours is slow, give each program several rows, and let it add to `dw` and `db` once.
"""

# %%
M, N = (4, 200) if INTERPRETING else (2**15, 1024)
plain = torch.ops.aten.native_layer_norm_backward
speed(layer_norm_backward,
      lambda dy, x, w, m, r: plain(dy, x, w.shape, m[:, None], r[:, None], w, w, [True] * 3),
      *backward_rows(M, N), operations=13 * M * N)  # fmt: skip

# %% [markdown]
"""
**Done?** Save, then choose *Validate* to run every cell from the top in a fresh kernel, and hand in
from the *Assignment List*. Next: *attention*, which puts products and softmax together.
"""
