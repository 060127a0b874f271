# %% [markdown]
r"""
# Writing it in Triton

**After this lesson you can**

- write a kernel: programs, blocks, masks, products of tiles,
- let three judges look at it: the numbers, the memory trace, the GPU's compiler, and say what each
  of them cannot see,
- read a FlashAttention kernel line by line, and find lessons 1 and 2 in it,
- say what limits the size of its tiles.

**You need** *Online softmax* and *Attention without the matrix*. For causal masks, the first
section of *Real batches*. No GPU. (Triton exists for Linux only. Where it is missing, the first
cell says so, and the lesson is for reading.)

**Time** 40 minutes.
"""

# %%
from course.attention import causal_mask, plain_attention
from course.checks.kernels import DEVICE, normal, play_kernel
from course.reading import benchmark, excerpt, together
from course.widgets.kernel_map import Touch, kernel_map

three = {0: range(4), 1: range(4, 8), 2: range(8, 10)}
kernel_map(
    {"x": (10,), "out": (10,)},
    [Touch(p, "x", "load", block) for p, block in three.items()]
    + [Touch(p, "out", "store", block) for p, block in three.items()],
)

# %% [markdown]
r"""
## 1 · Who does what?

In lesson 2 a Python loop took one tile after the other. A GPU does many at once: an H100 has 132
processors (*streaming multiprocessors*), and each of them runs up to 2048 threads (NVIDIA, *H100
Tensor Core GPU Architecture*). Someone must say which thread multiplies what, and when it waits for
which other.

**Can you write code for a quarter of a million threads without a word about threads?**

The answer of Triton (Tillet, Kung and Cox 2019): you write one **program**. It works on **blocks**
of numbers, not on single ones. A *launch* starts many copies of it, the *grid*; each asks for its
number and takes its block. How the threads share the numbers of a block is the compiler's business.

That is the picture above: ten numbers, blocks of four, three programs. A colour is a program.

Below is a whole kernel, and the function that launches it. **Predict** for 200 numbers in blocks of
64: how many programs? Then step through them.
"""

# %%
import torch
import triton
import triton.language as tl


@triton.jit
def square_kernel(x_ptr, out_ptr, N, BLOCK: tl.constexpr):
    i = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)  # (BLOCK,) my elements
    x = tl.load(x_ptr + i, mask=i < N)
    tl.store(out_ptr + i, x * x, mask=i < N)


def square(x, BLOCK=64):
    out = torch.empty_like(x)
    programs = triton.cdiv(x.numel(), BLOCK)  # N / BLOCK, rounded up
    square_kernel[(programs,)](x, out, x.numel(), BLOCK=BLOCK)
    return out


x = normal(200)
play_kernel(square, x)

# %% [markdown]
r"""
Read it line by line:

- a tensor arrives as a **pointer**, the address of its first element; `x_ptr + i` is a block of
  addresses;
- `tl.load` fetches a block from the large memory (HBM), `tl.store` writes one;
- `BLOCK` is a `tl.constexpr`: known when the kernel is compiled. A block's size is a power of two;
- 200 is not a multiple of 64. The **mask** switches off the lanes that stick out.

**Break it.** Without the masks, what does program 3 read?

<details><summary>Answer</summary>

56 elements behind the end of the tensor. On a GPU that is somebody else's numbers, or the end of
your process. Here every access is compared with the tensor's bounds first: take both masks away,
and the viewer shows a `!`.

</details>

### Two ways to run

| | without a GPU | with a GPU |
|---|---|---|
| what runs | Triton's *interpreter*: Python, numpy | machine code from Triton's *compiler* |
| programs | one after the other | thousands at once, in any order |
| we can see | every load and store | how long it takes |

The interpreter is chosen when `kernels` is imported on a machine without a GPU. (On a machine with
one, kernels leave no trace: start Jupyter with `TRITON_INTERPRET=1` to see those of this lesson.)
"""

# %% [markdown]
r"""
## 2 · Three judges

Here are three kernels. Each of them is wrong, **each before another judge**: the numbers, the
memory trace, the compiler.

**Find the bug, first.** The sum of a vector. Each program sums its block and adds it to the result.
The number is right! What is wrong?
"""

# %%
from kernels.compile_for import compile_for


@triton.jit
def total_kernel(x_ptr, out_ptr, N, BLOCK: tl.constexpr):
    i = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    mine = tl.sum(tl.load(x_ptr + i, mask=i < N, other=0.0), axis=0)
    tl.store(out_ptr, tl.load(out_ptr) + mine)


def total(x):
    out = torch.zeros(1, device=DEVICE)
    total_kernel[(triton.cdiv(x.numel(), 64),)](x, out, x.numel(), BLOCK=64)
    return out


print(float(total(x)), "should be", float(x.sum()))
play_kernel(total, x)

# %% [markdown]
r"""
<details><summary>What to see</summary>

A **race**. All programs read and write the same element. The interpreter runs them one after the
other, so nothing is lost. On a GPU two of them may read the old value at the same time, and one sum
is gone. The cure is `tl.atomic_add(out_ptr, mine)`, which reads and writes in one step, or a place
of its own for each program and a second kernel that adds those up.

</details>

**Find the bug, second.** The logsumexp of a row, as in lesson 1. The trace finds no fault. And yet:
"""


# %%
@triton.jit
def logsumexp_kernel(x_ptr, out_ptr, N, BLOCK: tl.constexpr):
    i = tl.arange(0, BLOCK)
    x = tl.load(x_ptr + i, mask=i < N, other=0.0)
    m = tl.max(x, axis=0)
    l = tl.sum(tl.exp(x - m), axis=0)
    tl.store(out_ptr, m + tl.log(l))


def logsumexp(x):
    out = torch.empty(1, device=DEVICE)
    logsumexp_kernel[(1,)](x, out, x.numel(), BLOCK=triton.next_power_of_2(x.numel()))
    return out


for row in (x[:64], x[:50], x[:50] - 20):
    print(f"{float(logsumexp(row)):8.4f} should be {float(torch.logsumexp(row, 0)):8.4f}")

# %% [markdown]
r"""
<details><summary>What to see</summary>

64 is a power of two: no lane is masked, all is well. With 50, the fourteen masked lanes hold 0, and
0 is a logit like any other: it adds $e^{0 - m}$ to the sum. If the others are near $-20$, the 0
even becomes the maximum. What is the right `other`? The neutral element of lesson 1: $-\infty$.

No judge of memory can see this. *Nothing outside was read*; a wrong number was calculated.

</details>

**Third.** `tl.dot` multiplies two tiles. This one passes both judges. Ask the compiler, for an H100
that is not here:
"""


# %%
@triton.jit
def product_kernel(a_ptr, b_ptr, out_ptr, BLOCK: tl.constexpr):
    i = tl.arange(0, BLOCK)
    at = i[:, None] * BLOCK + i[None, :]  # (BLOCK, BLOCK) where row i, column j lies
    c = tl.dot(tl.load(a_ptr + at), tl.load(b_ptr + at), input_precision="ieee")
    tl.store(out_ptr + at, c)


def product(a, b):
    out = torch.empty(a.shape, device=a.device)  # float32, also for tiles of halves
    product_kernel[(1,)](a, b, out, BLOCK=len(a))
    return out


a = normal(8, 8)
assert torch.allclose(product(a, a), a @ a, atol=1e-5)
shapes = [torch.empty(n, n, dtype=torch.float16, device="meta") for n in (8, 16)]  # no memory
for compiled in compile_for(*[lambda t=t: product(t, t) for t in shapes], targets=("sm_90",)):
    print(compiled.says)

# %% [markdown]
r"""
The interpreter multiplies any size. The compiler uses the **tensor cores**, units that multiply
small tiles in one instruction (`mma` in the last line), and those have a least size.

| judge | sees | does not see |
|---|---|---|
| the numbers, against float64 | a wrong sum, mask or scale | a race, an access outside, waste |
| the memory trace | races, accesses outside, holes, bytes | wrong arithmetic |
| the compiler, ahead of time | what no GPU can run; registers, SRAM | wrong results, time |

A fourth judge is the clock, and it needs a GPU. Two remarks about `tl.dot`. With tiles of halves
(`float16`, `bfloat16`) it still *adds* in float32. With float32 tiles a GPU rounds the factors to
*tf32*, ten bits after the point, unless you say `input_precision="ieee"` (Triton documentation,
`tl.dot`).

## 3 · Which block size? Autotuning

`BLOCK` changes no result. It changes the speed, and nobody can calculate by how much. So one
**measures**: `triton.autotune` takes a list of configurations, times them all at the first call,
and keeps the fastest, for each new value of `key`.
"""

# %%
sizes = [triton.Config({"BLOCK": size}, num_warps=4) for size in (32, 64, 256)]
tuned = triton.autotune(configs=sizes, key=["N"])(square_kernel)


def square_tuned(x):
    out = torch.empty_like(x)
    tuned[lambda chosen: (triton.cdiv(x.numel(), chosen["BLOCK"]),)](x, out, x.numel())
    return out


play_kernel(square_tuned, x)

# %% [markdown]
r"""
The grid is a function now, since it depends on what was chosen. How many programs do you see?

<details><summary>Answer</summary>

7, so `BLOCK` is 32: the first of the list. The interpreter has nothing to time, and takes the
first. On a GPU it may be another. *Two runs can choose differently*, and the first call is slow. So
the kernels of this course have a fixed first choice and a table, `kernels/configurations.json`,
that `python -m kernels.bench --tune` fills for a GPU by measuring once.

</details>

## 4 · The kernel, piece by piece

Now the reference kernel of this course, `kernels/flash_attention.py`. What you see are lines of
that file, read when the cell runs. Its names and ours:

| lesson 2 | kernel | | lesson 2 | kernel |
|---|---|---|---|---|
| $m$ | `m`, in other units (piece 4) | | $B_q$ | `BLOCK_M` |
| $\ell$ | `l` | | $B_k$ | `BLOCK_N` |
| $a$, and $O = a/\ell$ | `acc`, `out` | | $N$ queries and keys | `Tq`, `Tk` |
| $L$ | `lse` | | scale $\cdot \log_2 e$ | `scale2` |

We run it on one head: 40 queries and 40 keys of $D = 16$, causal, tiles of 16. How many tiles of
the 3 × 3 have work?
"""

# %%
from kernels import flash_attention as flash
from kernels.trace import trace

T, D, B = 40, 16, 16
q, k, v = (normal(1, 1, T, D, seed=seed) for seed in range(3))  # (batch, heads, T, D)
tiles = flash.Tiles(M=B, N=B, warps=4, stages=1)
plan = flash.Plan(forward=tiles, keys=tiles, queries=tiles)
with trace() as run:
    out, lse = flash.flash_attention_with_lse(q, k, v, causal=True, plan=plan)
O, L = plain_attention(q.double(), k.double(), v.double(), D**-0.5, causal_mask(T, T).to(DEVICE))
float((out - O).abs().max()), float((lse - L).abs().max())

# %% [markdown]
r"""
Exact, but for the rounding of float32. Now slowly.

### Piece 1: which program am I?

The wrapper makes the grid: a program for each block of queries, each head, each sequence. This is
lesson 2's *queries outside*: blocks of queries do not depend on one another.
"""

# %%
together(
    excerpt(flash._forward, "grid ="),
    excerpt(flash.flash_forward_kernel, "m0 =", "return"),
)

# %% [markdown]
r"""
`m0` is the first query of the block, and it counts *backwards*. Why? With a causal mask the last
queries see the most keys. Long jobs first, short jobs last: so no processor starts a long one when
the others go home.

`_sequence` says where a sequence starts when many are packed into one strip (lesson 4,
`cu_seqlens`); else it gives 0 and the length. A program behind the end of a short sequence returns
at once.

**The trace beside it.** Which queries does each program load?
"""


# %%
def rows(program, name):
    loads = (a["ranges"] for a in program["accesses"] if a["argument"] == name)
    return [f"{ranges[0][0] // D}–{ranges[-1][1] // D - 1}" for ranges in loads]


for launch in run.launches:
    print("grid", launch.grid)
    for program in launch.programs:
        print("program", program["id"], "queries", *rows(program, "q_ptr"))

# %% [markdown]
r"""
### Piece 2: where do my rows lie?

A head of a sequence is a matrix somewhere in a larger tensor. *Strides* say how far apart
neighbours lie: `q_batch` from sequence to sequence, `q_head` from head to head, `q_row` from query
to query. With grouped heads, `G` query heads share one head of keys (lesson 4): `h // G` is all
that takes; nothing is copied.

Then `_load_rows` loads a tile. The mask has two parts: rows behind the end, and columns behind $D$
(a block is a power of two, $D$ need not be one). `other=0.0` is right *here*, because a zero adds
nothing to a product; the scores get their $-\infty$ later.
"""

# %%
together(
    excerpt(flash.flash_forward_kernel, "q_ptr +=", "lse_ptr +="),
    excerpt(flash._load_rows, "d =", "return"),
)

# %% [markdown]
r"""
### Piece 3: the state, and which keys

The empty state $(-\infty, 0, 0)$ of lesson 1, for a block of rows; and $Q_i$, loaded once.
"""

# %%
excerpt(flash.flash_forward_kernel, "i =", "l =")

# %% [markdown]
r"""
Then the keys. Query $i$ sees key $j$ if $j \le i + T_k - T_q$ (lesson 4: the ends are aligned). The
block has the queries $m_0 \dots m_0 + B_q - 1$. Hence:

- the **last** of them sees the most: $j \le m_0 + B_q - 1 + T_k - T_q$. One past that is `last`.
- the **first** sees the fewest: the keys before $m_0 + 1 + T_k - T_q$ are seen by *all*. Rounded
  down to whole tiles, that is `free`.

So tiles up to `free` need no mask, those from `free` to `last` do, and what is behind `last` is
never loaded. (`first` and `full` are the same two borders on the left, for a sliding window.)
"""

# %%
together(
    excerpt(flash._keys_seen, "last = Tk", "return"),
    excerpt(flash.flash_forward_kernel, "first, full", "if CAUSAL"),
)

# %% [markdown]
r"""
One loop, three times: cut tiles on the left, full tiles, cut tiles on the right. `WINDOW`, `CAUSAL`
and `RAGGED` (the last tile of keys sticks out) are `tl.constexpr`: for a kernel without a window
the compiler leaves the first call out, and where nothing is cut on the right, the third. The loop
over full tiles masks no score.

**The trace beside it.** Does each load of keys come from the call that we expect?
"""

# %%
for launch in run.launches:
    lines = launch.source.splitlines()
    for program in launch.programs:
        loads = [a["line"] for a in program["accesses"] if a["argument"] == "k_ptr"]
        calls = [lines[line - launch.first_line + 2].strip() for line in loads]  # its last line
        kinds = ["cut" if "True" in call else "full" for call in calls]  # the argument MASKED
        told = zip(rows(program, "k_ptr"), kinds, strict=True)
        print("program", program["id"][0], *(f"keys {j} {kind}" for j, kind in told), sep="  ")

# %% [markdown]
r"""
Six tiles of nine have work, as $n(n+1)/2$ says for $n = 3$; three of them, those on the diagonal,
are cut.

### Piece 4: a tile of keys joins the state

The heart. Compare it with `add_tile` of lesson 2.
"""

# %%
excerpt(flash._attend, "for n0", "l =")

# %% [markdown]
r"""
First $s = Q_i K_j^\top$ on the tensor cores: a tile of $B_q \times B_k$ scores that lives on the
chip and nowhere else. In a cut tile, what may not be seen becomes $-\infty$.

The rest is $m' = \max(m, \cdot)$, $p = e^{s - m'}$ and $\ell' = \ell\, e^{m - m'} + \sum p$, in
another **unit**. A GPU has an instruction for $2^x$, and makes $e^x$ from it with one more
multiplication. Since $e = 2^{\log_2 e}$,

$$e^{\text{scale} \cdot s - m} = 2^{\,(\text{scale} \cdot s - m) \log_2 e}
= 2^{\,s \cdot \text{scale2} - \tilde m}, \qquad \text{scale2} = \text{scale} \cdot \log_2 e, \quad
\tilde m = m \log_2 e .$$

So the kernel's `m` is $\tilde m$, the maximum in units of $\log 2$, and the scaling by
$1/\sqrt D$ costs nothing: it is in `scale2`.

`m_safe` is the guard of lesson 1, section 5: while a row has seen nothing, $m = -\infty$, and
$-\infty - (-\infty)$ would be NaN. `alpha` is the factor $e^{m - m'}$.
"""

# %%
excerpt(flash._attend, "acc = acc", "return")

# %% [markdown]
r"""
And $a' = a\, e^{m - m'} + p V_j$. `p.to(v.dtype)`: the weights are rounded to halves for the tensor
cores, since both tiles of a `tl.dot` have one type. The third argument of `tl.dot` is what the
product is added to, so `acc` stays float32.

### Piece 5: the end

$O = a/\ell$, divided once; a row that saw nothing has $\ell = 0$ and gives 0. And the logsumexp in
our units: $(\tilde m + \log_2 \ell) / \log_2 e = m + \ln \ell = L$, which the backward pass needs.
"""

# %%
excerpt(flash.flash_forward_kernel, "out = acc", "tl.store(lse_ptr")

# %% [markdown]
r"""
**The whole trace.** All of it at once, a quarter as large to fit on a page: 10 queries and keys of
$D = 4$, in tiles of 4. (Only the interpreter takes such tiles.) Choose one program and play it. How
many loads come before its only two stores? And where would the 10 × 10 scores be?
"""


# %%
def small_flash(q, k, v):
    four = flash.Tiles(M=4, N=4, warps=4, stages=1)
    return flash.flash_attention(q, k, v, causal=True, plan=flash.Plan(four, four, four))


play_kernel(small_flash, *(normal(1, 1, 10, 4, seed=seed) for seed in range(3)))

# %% [markdown]
r"""
<details><summary>What to see</summary>

Program 0 loads once from `q_ptr`, then from `k_ptr` and `v_ptr` in turn, three times each: seven
loads, and every step is on the line that made it. The scores are in no tensor. They never were
anywhere but on the chip.

</details>

**Count**, as in lesson 2, for the 40 queries: $Q$ is read once, $O$ and $L$ are written once, and
the keys pass once for each block of queries: $R = \lceil 40/16 \rceil = 3$ times, or less where
the mask spares us: $(40 + 32 + 16)/40 = 2.2$. **Predict** the rest for 9 tiles and for 6: each
makes two products of $16 \times 16 \times 16$ (a multiplication and an addition are two
operations), an exponential for each score, and one for each row (`alpha`).
"""

# %%
for causal, work in ((False, 9), (True, 6)):
    with trace() as counted:
        result = flash.flash_attention(q, k, v, causal=causal, plan=plan)
    read = [round(counted.of(x).times_read, 2) for x in (q, k, v)]
    print(f"{work} tiles: q, k, v read {read} times, out written", counted.of(result).times_written)
    print("  operations, exponentials:", (counted.dot_flops, counted.exponentials),
          "predicted", (work * 2 * 2 * B**3, work * (B * B + B)))  # fmt: skip

# %% [markdown]
r"""
**Read on alone.** The way back stands further down in the same file. `_backpropagate_to_keys` is
lesson 3 for one block of keys, with every tile on its side: (key, query). Where are $P$, $dP$ and
$dS$?

<details><summary>Answer</summary>

`p = tl.exp2(s * scale2 - lse…)` is $P^\top$, made again from $S$ and $L$ in units of $\log 2$.
`dp` is $V_j\, dO_i^\top = dP^\top$, and `ds = p * (dp - delta…)` is $dS^\top$. So `dv` grows by
$P^\top dO_i$ and `dk` by $dS^\top Q_i$; the scale comes once, at the end. A second kernel makes
$dQ$, so that no two programs write to the same place.

</details>

## 5 · What does the compiler say?

A tile lives in **shared memory** (the SRAM of lesson 2) and in **registers**, at most 255 for each
thread; what does not fit *spills* to slow memory. How large may tiles be? $Q_i$ takes $2 B_q D$
bytes in halves. $K_j$ and $V_j$ take $2 B_k D$ each, and there are several of them on their way at
once, the `stages`: while one tile is multiplied, the next is loaded. So

$$\text{shared} = 2D\,(B_q + 2\, B_k \cdot \text{stages}) \text{ bytes}.$$

Here are four plans for $D = 128$, from small to large. An H100 gives a program at most 232,448
bytes (NVIDIA: 227 KiB). **Which cannot run?** (`warps`: groups of 32 threads that share the work.)
"""

# %%
wide = torch.empty(1, 8, 1024, 128, dtype=torch.float16, device="meta")
plans = [(64, 64, 4, 3), flash.plan_for(128, torch.float16).forward, (128, 64, 4, 3),
         (128, 128, 8, 4)]  # fmt: skip
plans = [flash.Plan(*[flash.Tiles(*sizes)] * 3) for sizes in plans]
calls = [lambda p=p: flash.flash_attention(wide, wide, wide, causal=True, plan=p) for p in plans]
answers = compile_for(*calls, targets=("sm_90",))
for (m, n, warps, stages), found in zip((p.forward for p in plans), answers, strict=True):
    formula = 2 * 128 * (m + 2 * n * stages)
    print(f"{m:3} × {n:3}, {warps} warps, {stages} stages: shared {found.shared_bytes:7,} "
          f"({formula:7,}), {found.registers} registers, {found.spilled_bytes:3} bytes spilled:",
          "fits" if found.fits else "does not fit")  # fmt: skip
excerpt(flash.plan_for)

# %% [markdown]
r"""
Nothing ran; the compiler works without a GPU. Our formula is what it needs. And there is a second
limit: the third plan has room in shared memory, but `acc` alone is $128 \cdot 128$ float32 numbers.
Shared by 4 warps of 32 threads, that is 128 registers a thread, half of all, before anything else.
With 8 warps, 64.

Lesson 2 said: large blocks of queries win. *Here is what stops them.* The second plan is the
kernel's first choice, from `plan_for`: it fits, and nothing spills. Whether it is the fastest, only
a clock can say.

## 6 · How fast is it?

That is for the clock to say, on a GPU. `python -m kernels.bench` runs each kernel against torch's
own attention (SDPA, once with FlashAttention, once with cuDNN) and FlexAttention, and records time,
rate and ratios with the machine and the date. This is the record as it stands in the repository; a
row that no GPU has measured says so.
"""

# %%
benchmark("flash forward")

# %% [markdown]
r"""
*Goal* is what we want to reach, as a share of the speed of the rival named; it is no measurement.

What is the roof? An H100 makes 989 TFLOP/s of products in halves, but only 3.9 T exponentials a
second (Shah et al. 2024). A score costs $4D$ operations and one exponential. **If the two take
turns, what share of the 989 is left** for $D = 64$ and for $D = 128$?

<details><summary>Answer</summary>

For $D = 64$ the products of a score take $256 / 989 = 0.26$ picoseconds, the exponential
$1 / 3.9 = 0.26$: one half is left. For $D = 128$ it is $0.52$ and $0.26$: two thirds. To get nearer
to the roof, products of one tile must *overlap* with exponentials of another. That is what
FlashAttention-3 is about.

</details>

### Check yourself

**1.** All your tests have lengths that are multiples of the block. Which bugs of section 2 do you
miss?

<details><summary>Answer</summary>

The second, and every forgotten mask. Test ragged lengths: 1, one below a block, one above.

</details>

**2.** In a `tl.load` of keys, `other=0.0` was fine. In the logsumexp it was the bug. What is the
difference?

<details><summary>Answer</summary>

What is done next. A zero row adds 0 to a product; a zero *logit* has weight $e^{0}$. The neutral
element belongs to the operation: 0 for sums, $-\infty$ for maxima and logits.

</details>

**3.** One new query, $T_q = 1$, and 1000 keys, causal. How many tiles of 16 need a mask?

<details><summary>Answer</summary>

One. The query is the last, so `free` is $\lfloor (0 + 1 + 999)/16 \rfloor \cdot 16 = 992$; only the
ragged tile from 992 to 999 is cut.

</details>

**4.** Twice as many stages, half as many keys in a tile: what happens to the shared memory, and to
the traffic?

<details><summary>Answer</summary>

The formula has $B_k \cdot \text{stages}$: nothing changes. And the traffic depends on $B_q$ only
(lesson 2, question 3).

</details>
"""

# %% [markdown]
r"""
## 7 · Your turn

Choose tiles for $D = 64$. Which is the largest block of queries without a spill? Does the trace
agree that the keys are read $\lceil T / B_q \rceil$ times?
"""

# %%
mine = flash.Tiles(M=64, N=32, warps=4, stages=2)  # your own here
my_plan = flash.Plan(mine, mine, mine)
narrow = torch.empty(1, 8, 1024, 64, dtype=torch.float16, device="meta")
(found,) = compile_for(
    lambda: flash.flash_attention(narrow, narrow, narrow, plan=my_plan), targets=("sm_90",)
)
print(found.says)
Q, K, V = (normal(1, 1, 256, 64, seed=seed) for seed in range(3))
with trace() as counted:
    flash.flash_attention(Q, K, V, plan=my_plan)
print("the keys are read", counted.of(K).times_read, "times")

# %% [markdown]
r"""
## Now you

The [Triton kernel lab](../../exercises/08_triton_lab/first_kernels.ipynb) starts with the addition
of two vectors and climbs by [softmaxes](../../exercises/08_triton_lab/softmaxes.ipynb) and
[products](../../exercises/08_triton_lab/tiles_and_norms.ipynb) to
[attention](../../exercises/08_triton_lab/attention.ipynb) and [its
gradients](../../exercises/08_triton_lab/attention_backward.ipynb) by your own hand. The judges of
section 2 grade it, and the viewer plays your kernel.

Its last rungs, [attention in use](../../exercises/08_triton_lab/attention_in_use.ipynb), are packed
texts and a cache that is split among programs: sections of *Real batches*, as kernels.

## Read next

- P. Tillet, H. T. Kung, D. Cox, *Triton: An Intermediate Language and Compiler for Tiled Neural
  Network Computations*, MAPL 2019, [doi
  10.1145/3315508.3329973](https://doi.org/10.1145/3315508.3329973).
- [The Triton documentation](https://triton-lang.org): `triton.language`, and the tutorials from
  vector addition to fused attention.
- T. Dao et al., *FlashAttention*, 2022, [arXiv 2205.14135](https://arxiv.org/abs/2205.14135); T.
  Dao, *FlashAttention-2*, 2023, [arXiv 2307.08691](https://arxiv.org/abs/2307.08691): Algorithm 1
  of section 3 is the kernel of this lesson.
- J. Shah et al., *FlashAttention-3*, 2024, [arXiv 2407.08608](https://arxiv.org/abs/2407.08608):
  what an H100 can still gain.
- NVIDIA, *CUDA C++ Programming Guide*, compute capabilities: registers and shared memory of each
  GPU.
"""
