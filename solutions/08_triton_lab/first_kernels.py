# %% [markdown]
"""
# The Triton kernel lab, rungs 1 and 2: first kernels

**20 points · about 60 minutes.** Before: nothing but tensors in PyTorch.

After these two rungs you can

- cut a job into programs, and say which program reads and writes which element;
- keep a program inside its tensors with a mask, and save traffic with one;
- read a map of what your kernel touched, and what the GPU's compiler says about it.

How it works: the plain-torch twin says what is wanted. You write the kernel (a function under
`@triton.jit`) and the wrapper that launches it, where it says `YOUR CODE HERE`. Each check is about
one idea. On a machine without a GPU, Triton's interpreter runs your kernel, one program after the
other, and everything that it reads and writes is counted. On a GPU the same code runs there.
"""

# %% nbgrader={"grade_id": "setup", "locked": true}
from course.checks import check, draw_seed, draws
from course.checks.kernels import DEVICE, compiles, moves, normal, play_kernel, right, stays_inside
from course.checks.speed import INTERPRETING, speed
from course.widgets.kernel_map import Touch, kernel_map

COMPILES = """The interpreter runs a kernel as Python and numpy, and lets much pass that no GPU can
do. The compiler wants tl functions instead of numpy's and Python's lists, sizes of blocks that are
known when it compiles (tl.constexpr), and variables that keep their type inside a loop. Nothing is
run here: your kernel is compiled for an H100."""

import torch
import triton
import triton.language as tl

# %% [markdown] nbgrader={"grade_id": "vector_add_task", "locked": true}
r"""
## 1. Adding two vectors

`vector_add` · 10 points · difficulty 1 of 5 · 25 minutes

A kernel is the code of **one program**. A launch starts many of them at once, in a *grid*; each
asks `tl.program_id(0)` which one it is. A program does not work with single numbers but with
*blocks*: `tl.arange(0, BLOCK)` is a block of whole numbers (`BLOCK` a power of two),
`tl.load(x_ptr + i)` reads a block of elements from the addresses `x_ptr + i`, and
`tl.store(out_ptr + i, values)` writes one. Nothing stops a program from reading past the end of a
tensor. `mask=` does: where the mask is false, nothing is read or written.

**Write** the kernel and the wrapper `vector_add(x, y)`, which returns $x + y$ as a new tensor.

| | |
|---|---|
| `x`, `y` | contiguous tensors of shape $(N,)$ and one dtype, $N \ge 1$ |
| returns | a new tensor $(N,)$ of that dtype |
| traffic | $x$ and $y$ are read once, the result is written once |
| grid | one program for every `BLOCK` elements; `triton.cdiv(a, b)` is $\lceil a / b \rceil$ |
| by hand | inside the wrapper, torch may only make tensors and views: the adding is your kernel's |

**Example.** With 10 elements and blocks of 4, program 0 takes elements 0 to 3, program 1 takes 4 to
7, and program 2 takes 8 and 9. The other half of its block would lie outside.
"""

# %% nbgrader={"grade_id": "vector_add_example", "locked": true}
blocks = {0: range(4), 1: range(4, 8), 2: range(8, 10)}
kernel_map(
    {"x": (10,), "y": (10,), "out": (10,)},
    [Touch(p, name, "load", block) for p, block in blocks.items() for name in "xy"]
    + [Touch(p, "out", "store", block) for p, block in blocks.items()],
)


# %% nbgrader={"grade_id": "vector_add_twin", "locked": true}
def plain_vector_add(x, y):
    """What is wanted, in plain torch."""
    return x + y


# %% nbgrader={"grade_id": "vector_add", "solution": true}
@triton.jit
def vector_add_kernel(x_ptr, y_ptr, out_ptr, N, BLOCK: tl.constexpr):
    """out = x + y for the BLOCK elements of this program; N elements in all."""
    ### BEGIN SOLUTION
    i = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    inside = i < N
    x = tl.load(x_ptr + i, mask=inside)
    y = tl.load(y_ptr + i, mask=inside)
    tl.store(out_ptr + i, x + y, mask=inside)
    ### END SOLUTION


def vector_add(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """x + y, computed by vector_add_kernel."""
    ### BEGIN SOLUTION
    out = torch.empty_like(x)
    N = x.numel()
    vector_add_kernel[(triton.cdiv(N, 128),)](x, y, out, N, BLOCK=128)
    return out
    ### END SOLUTION


# %% [markdown] nbgrader={"grade_id": "vector_add_hints", "locked": true}
"""
<details><summary>Hint 1: the idea</summary>

Which elements are program 3's, if each program has 128? Where does the block of the last program
end, and where does the tensor?

</details>

<details><summary>Hint 2: a sketch</summary>

In the kernel: the indices `i` of this program's block are `program × BLOCK` plus 0, 1, …,
`BLOCK − 1`. Those below `N` are inside. Load both blocks, add, store, each time with the mask.
In the wrapper: make the result with `torch.empty_like`, and launch with square brackets around the
grid: `kernel[(programs,)](x, y, out, N, BLOCK=128)`. A tensor that is passed arrives as a pointer.

</details>

<details><summary>Hint 3: almost code</summary>

```
kernel:   i ← program_id(0) · BLOCK + arange(0, BLOCK)
          inside ← i < N
          x ← load(x_ptr + i, mask=inside);  y ← the same with y_ptr
          store(out_ptr + i, x + y, mask=inside)
wrapper:  out ← empty_like(x)
          vector_add_kernel[(cdiv(N, 128),)](x, y, out, N, BLOCK=128)
          return out
```

</details>
"""

# %% nbgrader={"grade_id": "vector_add_adds_every_element", "points": 3}
ADDS = """Every element of the result is the sum of the two elements at its place, however many
there are and whatever their dtype, and it is your kernel that adds, on every call. The grid needs
enough programs for all the elements: N / BLOCK, rounded up."""

with check("adds every element", idea=ADDS) as case:
    for n in (1, 5, 128, 300):
        right(case, vector_add, plain_vector_add, normal(n), normal(n, seed=1))

### BEGIN HIDDEN TESTS
with check("adds every element", idea=ADDS, hidden=True) as case:
    random, seed = draws("vector_add_adds_every_element"), draw_seed("vector_add")
    for n in (127, 129, random.randint(300, 600), 1023):
        dtype = random.choice([torch.float32, torch.float16])
        x, y = normal(2, n, dtype=dtype, seed=seed + n, scale=100.0)
        right(case, vector_add, plain_vector_add, x, y)
    whole = torch.randint(-(10**6), 10**6, (2, 200), generator=torch.Generator().manual_seed(seed))
    right(case, vector_add, plain_vector_add, *whole.to(DEVICE))
### END HIDDEN TESTS

# %% nbgrader={"grade_id": "vector_add_stays_inside", "points": 3}
INSIDE = """The last block may stick out over the end of the tensors. Reading there gives whatever
lies in memory, or ends the whole process; writing there destroys somebody else's numbers. The mask
of every load and every store must switch those lanes off, and each element of the result must be
written by one program only."""

with check("stays inside its tensors", idea=INSIDE) as case:
    for n in (10, 130, 257):
        stays_inside(case, vector_add, plain_vector_add, normal(n), normal(n, seed=1))

### BEGIN HIDDEN TESTS
with check("stays inside its tensors", idea=INSIDE, hidden=True) as case:
    random, seed = draws("vector_add_stays_inside"), draw_seed("vector_add_stays_inside")
    for n in (1, random.randint(2, 120), random.randint(129, 250), random.randint(513, 900)):
        around = normal(2, n + 64, seed=seed + n)
        stays_inside(
            case, vector_add, plain_vector_add, around[0, 16 : 16 + n], around[1, 9 : 9 + n]
        )
### END HIDDEN TESTS

# %% nbgrader={"grade_id": "vector_add_touches_each_element_once", "points": 2}
ONCE = """An addition takes a GPU no time compared with fetching the two numbers, so the bytes moved
decide how fast the kernel is: 2N elements in, N out, and nothing else. A second read of x, a result
that is written first and then changed, or programs that do one another's work cost as much again."""

with check("touches each element once", idea=ONCE) as case:
    for n in (256, 1024):
        moves(case, vector_add, plain_vector_add, normal(n), normal(n, seed=1),
              reads={"x": 1, "y": 1}, writes={"out": 1})  # fmt: skip

### BEGIN HIDDEN TESTS
with check("touches each element once", idea=ONCE, hidden=True) as case:
    random, seed = draws("vector_add_touches_each_element_once"), draw_seed("vector_add_once")
    for n in (128 * random.randint(3, 9), 2048, random.randint(300, 900)):
        moves(case, vector_add, plain_vector_add, normal(n, seed=seed), normal(n, seed=seed + 1),
              reads={"x": 1, "y": 1}, writes={"out": 1})  # fmt: skip
### END HIDDEN TESTS

# %% nbgrader={"grade_id": "vector_add_compiles_for_a_gpu", "points": 2}
with check("compiles for a GPU", idea=COMPILES) as case:
    single = torch.empty(1000, device="meta")
    compiles(case, vector_add, (single, single), (single.half(), single.half()))

### BEGIN HIDDEN TESTS
with check("compiles for a GPU", idea=COMPILES, hidden=True) as case:
    half = torch.empty(1000, dtype=torch.float16, device="meta")
    compiles(case, vector_add, (half, half))
### END HIDDEN TESTS

# %% [markdown]
"""
**Step through your own kernel.** Each step is one load or store: the arrow keys, or *Play*, go
through them. Which program wrote which element? Change the number of elements, and your block, and
look again. Take the mask away: where does the viewer put its `!`?
"""

# %%
play_kernel(vector_add, normal(300), normal(300, seed=1))

# %% [markdown]
"""
**How fast is it?** (Worth no points.) On a GPU your kernel and torch's own function are timed in one
run, from a cold cache, and drawn below the machine's roof: what a copy and a product of matrices reach
there. Without a GPU nothing is timed, but the *place* can be counted: an addition of halves moves 6 bytes
for one operation. No kernel can change that, so what is there to gain? Other sizes of `BLOCK` change
the time on a GPU; do they change the place?
"""

# %%
n = 300 if INTERPRETING else 2**27
x, y = (normal(n, seed=seed, dtype=torch.float16) for seed in (1, 2))
speed(vector_add, torch.add, x, y, operations=n)

# %% [markdown] nbgrader={"grade_id": "copy_rows_task", "locked": true}
r"""
## 2. Rows of different lengths

`copy_rows` · 10 points · difficulty 2 of 5 · 35 minutes

A matrix in memory is one long row of numbers. Its *strides* say how far apart neighbours lie:
element $(m, n)$ is at `x_ptr + m * x.stride(0) + n * x.stride(1)`. A slice or a transpose is the
same numbers with other strides, so a kernel that is told the strides reads any view without a copy.

Here each row of a batch holds a sentence of its own length, and what lies behind the end of the
sentence is rubbish.

**Write** the kernel and the wrapper `copy_rows(x, lengths)`: row $m$ of the result is the first
`lengths[m]` elements of row $m$ of $x$, and zeros after those.

| | |
|---|---|
| `x` | a tensor $(M, N)$ of **any** strides, $M \ge 1$, $1 \le N \le 1024$ |
| `lengths` | a contiguous `int32` tensor $(M,)$, each from 0 to $N$ |
| returns | a new contiguous tensor $(M, N)$ of the dtype of `x`; your kernel writes all of it |
| traffic | of $x$ only what is kept is read, once; each length is read once; the result is written once |
| grid | one program a row |

**Example.** Four rows of 8, of lengths 5, 8, 0 and 2. The elements that belong to nobody in the
upper picture are not read at all, and those of the result below are written as zeros.
"""

# %% nbgrader={"grade_id": "copy_rows_example", "locked": true}
kernel_map(
    {"x": (4, 8), "lengths": (4,), "out": (4, 8)},
    [Touch(m, "x", "load", range(8 * m, 8 * m + n)) for m, n in enumerate((5, 8, 0, 2))]
    + [Touch(m, "lengths", "load", [m]) for m in range(4)]
    + [Touch(m, "out", "store", range(8 * m, 8 * m + 8)) for m in range(4)],
)


# %% nbgrader={"grade_id": "copy_rows_twin", "locked": true}
def plain_copy_rows(x, lengths):
    """What is wanted, in plain torch."""
    kept = torch.arange(x.shape[1], device=x.device)[None, :] < lengths[:, None]
    return torch.where(kept, x, 0).contiguous()


def sentences(rows, columns, seed=0, dtype=torch.float32):
    """A batch of rows with lengths from 0 to all, and NaN behind the end of each."""
    lengths = torch.linspace(0, columns, rows).round().int().roll(1).to(DEVICE)
    x = normal(rows, columns, seed=seed, dtype=dtype)
    x[torch.arange(columns, device=DEVICE)[None, :] >= lengths[:, None]] = torch.nan
    return x, lengths


# %% nbgrader={"grade_id": "copy_rows", "solution": true}
@triton.jit
def copy_rows_kernel(x_ptr, lengths_ptr, out_ptr, N, x_row, x_col, BLOCK: tl.constexpr):
    """One row; x_row and x_col are the strides of x, BLOCK is at least N."""
    ### BEGIN SOLUTION
    m = tl.program_id(0)
    n = tl.arange(0, BLOCK)
    length = tl.load(lengths_ptr + m)
    kept = tl.load(x_ptr + m * x_row + n * x_col, mask=n < length, other=0.0)
    tl.store(out_ptr + m * N + n, kept, mask=n < N)
    ### END SOLUTION


def copy_rows(x: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
    """The first lengths[m] elements of each row m of x (M, N), and zeros after those."""
    ### BEGIN SOLUTION
    M, N = x.shape
    out = torch.empty((M, N), dtype=x.dtype, device=x.device)
    BLOCK = triton.next_power_of_2(N)
    copy_rows_kernel[(M,)](x, lengths, out, N, x.stride(0), x.stride(1), BLOCK=BLOCK)
    return out
    ### END SOLUTION


# %% [markdown] nbgrader={"grade_id": "copy_rows_hints", "locked": true}
"""
<details><summary>Hint 1: the idea</summary>

Reading and writing have different masks here. Which elements of row `m` may be read? Which must be
written? What should a lane hold that was not read?

</details>

<details><summary>Hint 2: a sketch</summary>

Program `m` loads its length, one number: `tl.load(lengths_ptr + m)`. Its block `n` runs over the
columns; a block has a power of two lanes, so let the wrapper pass
`BLOCK=triton.next_power_of_2(N)`. Load from `x` with the strides of `x`, where `n` is below the
length; `other=0.0` is what the other lanes get. Store to the result, whose rows are `N` apart,
where `n` is below `N`.

</details>

<details><summary>Hint 3: almost code</summary>

```
kernel:   m ← program_id(0);  n ← arange(0, BLOCK)
          length ← load(lengths_ptr + m)
          kept ← load(x_ptr + m · x_row + n · x_col, mask = n < length, other = 0.0)
          store(out_ptr + m · N + n, kept, mask = n < N)
wrapper:  out ← torch.empty((M, N), dtype and device of x)
          copy_rows_kernel[(M,)](x, lengths, out, N, x.stride(0), x.stride(1), BLOCK=…)
```

</details>
"""

# %% nbgrader={"grade_id": "copy_rows_follows_the_strides", "points": 3}
STRIDES = """Where element (m, n) lies is for the strides to say: m · stride(0) + n · stride(1). In a
slice of columns the rows are farther apart than N; in a transposed matrix the neighbours in a row
are far apart and the rows are close. The result is a new, contiguous tensor with strides of its
own."""

with check("follows the strides", idea=STRIDES) as case:
    full = torch.full((4,), 8, dtype=torch.int32, device=DEVICE)
    right(case, copy_rows, plain_copy_rows, normal(4, 8), full)
    right(case, copy_rows, plain_copy_rows, normal(4, 20)[:, 5:13], full)
    right(case, copy_rows, plain_copy_rows, normal(8, 4).T, full)

### BEGIN HIDDEN TESTS
with check("follows the strides", idea=STRIDES, hidden=True) as case:
    random, seed = draws("copy_rows_follows_the_strides"), draw_seed("copy_rows_strides")
    for dtype in (torch.float32, torch.float16):
        rows, columns = random.randint(2, 6), random.choice([1, 31, 64, 129])
        full = torch.full((rows,), columns, dtype=torch.int32, device=DEVICE)
        wide = normal(2 * rows, 2 * columns + 3, seed=seed, dtype=dtype)
        right(case, copy_rows, plain_copy_rows, wide[:rows, 2 : columns + 2], full)
        right(case, copy_rows, plain_copy_rows, wide[::2, : 2 * columns : 2], full)
        right(case, copy_rows, plain_copy_rows, normal(columns, rows, seed=seed).T, full)
### END HIDDEN TESTS

# %% nbgrader={"grade_id": "copy_rows_ends_each_row_at_its_length", "points": 3}
LENGTHS = """Behind the end of a sentence the result is zero, whatever lies in x: here NaN, which
times zero is still NaN. A lane whose mask is false is not read; it holds what `other` says. A row of
length 0 is all zeros, and your kernel writes each element of the result, the zeros too."""

with check("ends each row at its length", idea=LENGTHS) as case:
    for rows, columns in ((4, 8), (5, 12)):
        stays_inside(case, copy_rows, plain_copy_rows, *sentences(rows, columns))

### BEGIN HIDDEN TESTS
with check("ends each row at its length", idea=LENGTHS, hidden=True) as case:
    random, seed = draws("copy_rows_ends_each_row_at_its_length"), draw_seed("copy_rows_lengths")
    for columns in (1, 100, random.randint(33, 300)):
        x, lengths = sentences(random.randint(2, 7), columns, seed)
        stays_inside(case, copy_rows, plain_copy_rows, x, lengths.flip(0))
        stays_inside(case, copy_rows, plain_copy_rows, x[1:], torch.zeros_like(lengths[1:]))
### END HIDDEN TESTS

# %% nbgrader={"grade_id": "copy_rows_reads_only_what_it_keeps", "points": 2}
KEPT = """A lane whose mask is false costs no traffic. Loading the whole row and throwing the rest
away with tl.where gives the same numbers, but fetches all of them: for short sentences in long rows
that is most of the time. So the mask of the load itself must be the length."""

with check("reads only what it keeps", idea=KEPT) as case:
    x = normal(4, 16)
    lengths = torch.tensor([4, 16, 0, 8], dtype=torch.int32, device=DEVICE)
    moves(case, copy_rows, plain_copy_rows, x, lengths,
          reads={"x": 28 / 64, "lengths": 1}, writes={"out": 1})  # fmt: skip

### BEGIN HIDDEN TESTS
with check("reads only what it keeps", idea=KEPT, hidden=True) as case:
    random, seed = draws("copy_rows_reads_only_what_it_keeps"), draw_seed("copy_rows_kept")
    for columns in (64, random.randint(100, 200)):
        some = [random.randint(0, columns) for _ in range(5)]
        lengths = torch.tensor(some, dtype=torch.int32, device=DEVICE)
        moves(case, copy_rows, plain_copy_rows, normal(5, columns, seed=seed), lengths,
              reads={"x": sum(some) / (5 * columns), "lengths": 1}, writes={"out": 1})  # fmt: skip
### END HIDDEN TESTS

# %% nbgrader={"grade_id": "copy_rows_compiles_for_a_gpu", "points": 2}
with check("compiles for a GPU", idea=COMPILES) as case:
    lengths = torch.empty(64, dtype=torch.int32, device="meta")
    x = torch.empty(1000, 64, device="meta")
    compiles(case, copy_rows, (x.T, lengths), (x.T.half(), lengths))

### BEGIN HIDDEN TESTS
with check("compiles for a GPU", idea=COMPILES, hidden=True) as case:
    lengths = torch.empty(64, dtype=torch.int32, device="meta")
    compiles(case, copy_rows, (torch.empty(1000, 64, device="meta").T.half(), lengths))
### END HIDDEN TESTS

# %% [markdown]
"""
**Step through your own kernel.** The elements of `x` that no program read stay empty. Try a
transposed matrix: the map shows the matrix as you see it, not as it lies in memory, and the last
column of the table falls, because the GPU moves 32 bytes at a time.
"""

# %%
play_kernel(copy_rows, *sentences(5, 20))

# %% [markdown]
"""
**How fast is it?** A copy does no arithmetic. If the comparison of each column with the length counts as
one operation, where does it stand? On a GPU the rival is the plain twin: what do its operations
read and write that your one kernel does not?
"""

# %%
M, N = (5, 20) if INTERPRETING else (2**17, 1024)
x, lengths = sentences(M, N, dtype=torch.float16)
kept = int(lengths.sum())  # elements that are read
speed(copy_rows, plain_copy_rows, x, lengths, operations=M * N, moved=2 * (kept + M * N))

# %% [markdown]
"""
**Done?** Save, then choose *Validate* to run every cell from the top in a fresh kernel, and hand in
from the *Assignment List*. Next: *softmaxes*, where a program needs its whole row before it can
write anything.
"""
