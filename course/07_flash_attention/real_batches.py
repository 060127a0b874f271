# %% [markdown]
"""
# Real batches

**After this lesson you can**

- skip the half of a causal attention that nobody sees, and mask only where it is needed,
- pack texts of different lengths into one strip without padding, and prove that they do not see
  each other,
- say what first-fit and best-fit save, and how to average a loss over packed rows,
- let heads share their keys, look back only a little, and decode over a long cache in parallel
  parts.

**You need** *Online softmax* and *Attention without the matrix*.

**Time** 40 minutes.
"""

# %%
import math
from itertools import pairwise

import torch
from torch.nn import functional as F

from course import packing
from course.attention import causal_mask, plain_attention
from course.memory import Machine
from course.widgets import pictures
from course.widgets.attention import packing_board

padded_batch = {
    "text 1": ["the", "cat", "sat", "–", "–"],
    "text 2": ["yes", "–", "–", "–", "–"],
    "text 3": ["one", "more", "time", "and", "again"],
}
pictures.cells(padded_batch)

# %% [markdown]
r"""
## 1 · Half of the tiles are empty

So far all queries saw all keys, and all sequences had the same length. Real batches are as above:
texts that differ in length, and words that must not see what comes after them. **How much of the
work can be left out?** First the words.

A language model predicts the next token from those before it. So query $i$ may see key $j$ only if
$j \le i$: attention is **causal**. In the matrix of scores everything above the diagonal is masked.

By tiles there are three kinds:

- **full**: every query of the tile sees every key. No mask is needed;
- **cut**: the diagonal goes through. The mask must be applied;
- **empty**: nobody sees anything. *Do not even load it.*

**Predict:** of 8 × 8 tiles, how many are full, cut, empty?
"""


# %%
def kinds(T, S, block):
    names = []
    for rows in causal_mask(T, S).split(block):
        seen = [tile.float().mean().item() for tile in rows.split(block, dim=1)]
        names.append(["full" if s == 1 else "cut" if s else "" for s in seen])
    return names


marks = {"full": "done", "cut": "read"}
table = kinds(32, 32, 4)
places = {(r, c): marks[w] for r, row in enumerate(table) for c, w in enumerate(row) if w}
pictures.grid(table, places, corner="queries \\ keys")

# %% [markdown]
r"""
With $n$ square blocks each way, $n$ tiles are cut and $n(n-1)/2$ are full: of $n^2$, the share
$\frac{n + 1}{2n}$ has work. For large $n$ that is one half. Only the $n$ cut tiles pay for a mask.

### When the lengths differ

Now let there be $T$ queries and $S$ keys. A model that has already read $S - T$ tokens gets $T$ new
ones, and its keys are those of all $S$. The new queries are the *last* $T$
positions, so query $i$ stands at position $i + S - T$, and sees

$$j \le i + S - T .$$

The *ends* are aligned. (FlashAttention does this since version 2.1; `is_causal` of torch's
`scaled_dot_product_attention` aligns the beginnings. A frequent bug!)
"""


# %%
def seen(mask, title):
    ones = dict.fromkeys(map(tuple, mask.nonzero().tolist()), "done")
    return pictures.grid(mask.int().tolist(), ones, title=title, corner=title.split()[0])


pictures.side_by_side(
    seen(causal_mask(3, 6), "ends aligned, 3 queries and 6 keys"),
    seen(torch.ones(3, 6).tril(), "beginnings aligned, 3 queries and 6 keys"),
)

# %% [markdown]
"""
One new token ($T = 1$) sees all keys on the left. On the right it would see only the first: a chat
model that has forgotten everything but the first word. And with *more* queries than keys, what do
the first ones see?
"""

# %%
Q, K, V = (torch.randn(n, 4, generator=torch.Generator().manual_seed(n)) for n in (5, 3, 3))
O, L = plain_attention(Q, K, V, 0.5, causal_mask(5, 3))
O[:3].tolist(), L[:3].tolist()

# %% [markdown]
r"""
Nothing. By our convention $O = 0$ and $L = -\infty$ there, and never NaN.

### A sliding window

Some models see only the last $w$ tokens, themselves among them (Mistral 7B: $w = 4096$; Jiang et
al. 2023): $i + S - T - w < j \le i + S - T$. The tiles with work then form a band, and the work
grows with $N w$, not $N^2$.
"""


# %%
def tiles_with_work(N, block, window):
    mask = causal_mask(N, N).triu(1 - window)
    return sum(bool(t.any()) for rows in mask.split(block) for t in rows.split(block, dim=1))


sizes = [64, 128, 192, 256]
counts = {
    "causal": [tiles_with_work(n, 16, n) for n in sizes],
    "window of 32": [tiles_with_work(n, 16, 32) for n in sizes],
}
pictures.curve(sizes, counts, lambda n: (n / 16) ** 2, "all tiles", what="tiles with work")

# %% [markdown]
"""
## 2 · Padding is wasted work

Texts have different lengths. A tensor is a rectangle. The usual way out is to fill short rows up
with a *pad* token, and to mask it. The units calculate on it all the same.

Lengths of real texts differ widely (Krell et al. 2021 draw them for several data sets). We draw
ours from a log-normal distribution: many short, a few long. Here are 48 texts, cut at 512 tokens;
the longest sets the width.
"""

# %%
draw = torch.Generator().manual_seed(3)
lengths = torch.randn(48, generator=draw).mul(0.8).add(4.5).exp().clamp(8, 512).int().tolist()
wasted = packing.padding(packing.one_a_row(lengths, max(lengths)), max(lengths))
print(f"longest {max(lengths)}, middle {sorted(lengths)[24]}; padding: {wasted:.0%} of the batch")
pictures.bars(sorted(lengths), title="48 lengths, sorted")

# %% [markdown]
"""
### Several texts in a row

Rows of a fixed capacity, filled with whole texts. Which text goes into which row? That is the *bin
packing* problem, hard to solve exactly, easy to solve well:

- **next-fit**: into the last row if it fits, else open a new one. Works on a stream.
- **first-fit**, longest first: into the first row with room.
- **best-fit**, longest first: into the row that it fills best.

**Play.** Which way wastes least? What does a larger capacity do?
"""

# %%
packing_board(lengths)

# %%
ways = (packing.one_a_row, packing.next_fit, packing.first_fit, packing.best_fit)
print(f"{sum(lengths)} tokens")
for capacity in (max(lengths), 1024, 2048):
    rows = math.ceil(sum(lengths) / capacity)  # with fewer, they do not fit
    shares = [
        f"{way.__name__} {packing.padding(way(lengths, capacity), capacity):.0%}" for way in ways
    ]
    least = 1 - sum(lengths) / (rows * capacity)
    print(f"capacity {capacity:4}: padding at least {least:.0%};", ", ".join(shares))

# %% [markdown]
r"""
How well can one do? No packing needs fewer than $\lceil \text{tokens} / \text{capacity} \rceil$
rows; the printed "at least" is the padding that even so few leave. In our small batch wide rows
look bad only because the last of a few rows is nearly empty. For first-fit with the longest first
it is known that it never needs more than $\frac{11}{9}$ of the best possible number of rows, plus a
constant (Johnson 1973). Let us see many batches, drawn from three distributions:
"""


# %%
def mean_padding(way, sigma, capacity=1024):
    shares = []
    for seed in range(20):
        noise = torch.randn(64, generator=torch.Generator().manual_seed(seed))
        some = noise.mul(sigma).add(5.0).exp().clamp(8, capacity).int().tolist()
        shares.append(packing.padding(way(some, capacity), capacity))
    return sum(shares) / len(shares)


for sigma, words in ((0.3, "much alike"), (0.8, "mixed"), (1.2, "very mixed")):
    means = [f"{way.__name__} {mean_padding(way, sigma):4.0%}" for way in ways]
    print(f"{words:11}:", ", ".join(means))

# %% [markdown]
"""
With the longest first, a few percent of padding are left, of 75 to 85. First-fit and best-fit
hardly differ; next-fit pays for not looking back.
"""

# %% [markdown]
"""
## 3 · The strip

Go one step further: no rows at all. Lay the texts end to end in **one strip**, and remember the
borders. This is what *variable length* attention kernels take (`flash_attn_varlen_func` of
FlashAttention, for one). Three things keep the texts apart:

- `cu_seqlens`, the *cumulative sequence lengths*: where each text begins, and the total. One entry
  more than there are texts, as int32;
- `position_ids`, which restart at 0 in each text, so that position embeddings are those of the text
  alone;
- `targets`: the next token *of the same text*, and −100, which the loss ignores, at the last token
  of each.
"""


# %%
def pack(texts):
    tokens = torch.cat(texts)
    cu_seqlens = torch.tensor([0, *map(len, texts)]).cumsum(0).to(torch.int32)
    position_ids = torch.cat([torch.arange(len(text)) for text in texts])
    targets = torch.cat([torch.cat([text[1:], torch.tensor([-100])]) for text in texts])
    return tokens, cu_seqlens, position_ids, targets


texts = [torch.tensor(text) for text in ([11, 12, 13], [21], [31, 32, 33, 34, 35])]
tokens, cu_seqlens, position_ids, targets = pack(texts)
strip = {"tokens": tokens, "positions": position_ids, "targets": targets}
print("cu_seqlens:", cu_seqlens.tolist())
pictures.cells({name: row.tolist() for name, row in strip.items()})

# %% [markdown]
"""
And what must *not* happen: that one text sees another. In the matrix over the strip only blocks on
the diagonal are allowed. A kernel never looks at the rest: it loops over the texts.
"""


# %%
def varlen_attention(Q, K, V, cu_seqlens, scale):
    """Causal attention in each text of a strip; Q, K, V: (total, H, D)."""
    O = torch.empty_like(Q)
    for start, end in pairwise(cu_seqlens.tolist()):
        q, k, v = (x[start:end].transpose(0, 1) for x in (Q, K, V))  # (H, length, D)
        out, _ = plain_attention(q, k, v, scale, causal_mask(end - start, end - start))
        O[start:end] = out.transpose(0, 1)
    return O


document = torch.repeat_interleave(torch.arange(3), cu_seqlens.diff())
allowed = (document[:, None] == document[None]).tril()
pictures.grid(allowed.int().tolist(), dict.fromkeys(map(tuple, allowed.nonzero().tolist()), "done"))

# %% [markdown]
"""
### The proof by test

A tiny model: embedding, positions, attention, output. We run it on the strip, and on each text
alone. If the outputs of each text are equal, packing has changed nothing.
"""

# %%
random = torch.Generator().manual_seed(5)
E, pos = torch.randn(40, 8, generator=random), torch.randn(16, 8, generator=random)
Wq, Wk, Wv = torch.randn(3, 8, 8, generator=random).div(8**0.5).unbind(0)


def model(tokens, position_ids, cu_seqlens):
    x = E[tokens] + pos[position_ids]  # (total, 8)
    Q, K, V = ((x @ W).view(-1, 2, 4) for W in (Wq, Wk, Wv))  # (total, H, D)
    return varlen_attention(Q, K, V, cu_seqlens, 0.5).reshape(-1, 8) @ E.T  # logits


# %%
packed = model(tokens, position_ids, cu_seqlens)
for text, mine in zip(texts, packed.split(cu_seqlens.diff().tolist()), strict=True):
    alone = model(text, torch.arange(len(text)), torch.tensor([0, len(text)]))
    assert torch.allclose(mine, alone, atol=1e-5)
    print(f"a text of {len(text)}: largest difference {float((mine - alone).abs().max()):.1e}")

# %% [markdown]
"""
**Break it.** Two classic mistakes: positions that run on; borders that are forgotten. How large is
the damage to the *last* text?
"""

# %%
last = slice(4, 9)
run_on = model(tokens, torch.arange(9), cu_seqlens)
one_text = model(tokens, position_ids, torch.tensor([0, 9]))
for name, wrong in (("positions run on", run_on), ("borders forgotten", one_text)):
    print(f"{name:17}: off by {float((wrong - packed)[last].abs().max()):.2f}")

# %% [markdown]
"""
### The loss, too

The mean must be taken over **all tokens that have a target**, in the whole batch. The mean of the
rows' means is something else when rows hold different numbers of targets: it lets tokens of short
rows weigh more.
"""

# %%
loss = F.cross_entropy(packed, targets, ignore_index=-100)
pieces = zip(packed.split([3, 1, 5]), targets.split([3, 1, 5]), strict=True)
sums = [F.cross_entropy(x, y, ignore_index=-100, reduction="sum") for x, y in pieces]
counts = [2, 0, 4]
by_token = sum(sums) / sum(counts)
by_text = sum(s / c for s, c in zip(sums, counts, strict=True) if c) / 2
print(f"packed {loss:.4f}, mean over tokens {by_token:.4f}, mean of means {by_text:.4f}")

# %% [markdown]
r"""
## 4 · Decoding: one query, many keys

While a model writes, each step has *one* query a sequence. The keys and values of all earlier
tokens lie in the **cache**. The roofline of lesson 2 said: about 1 operation a byte, bound by
reading the cache. Two ideas help.

### Heads that share

With $H$ heads of queries and only $G$ of keys and values, the cache is $H/G$ times smaller, and
each key that is read serves $H/G$ queries. $G = 1$ is *multi-query*, $G = H$ plain, between them
*grouped-query* attention. Neighbouring heads share: query head $h$ uses key head
$\lfloor h\,G/H \rfloor$.

To a head of keys it is all the same which head a query comes from. So stack the queries of a group,
as if they were more queries of one head: nothing is copied.
"""


# %%
def grouped(Q, K, V, scale):
    B, H, T, D = Q.shape
    G = K.shape[1]
    O, _ = plain_attention(Q.reshape(B, G, H // G * T, D), K, V, scale)
    return O.reshape(B, H, T, D)


def copied(Q, K, V, scale):
    share = Q.shape[1] // K.shape[1]
    K, V = K.repeat_interleave(share, 1), V.repeat_interleave(share, 1)
    return plain_attention(Q, K, V, scale)[0]


# %%
Q = torch.randn(1, 8, 1, 16, generator=random)
K, V = torch.randn(2, 1, 2, 64, 16, generator=random).unbind(0)
assert torch.allclose(grouped(Q, K, V, 0.25), copied(Q, K, V, 0.25), atol=1e-5)


def nothing_back(fn):
    return lambda Q, K, V: (fn(Q, K, V, 0.25), None)[1]


for fn in (grouped, copied):
    machine = Machine()
    machine.run(nothing_back(fn), Q, K, V)
    print(f"{fn.__name__:8}: reads {machine.read:,} bytes, SRAM {machine.peak:,}")

# %% [markdown]
"""
Both read the cache once. But `copied` makes keys and values for all eight heads of it, four times
as much; where that does not fit beside the arithmetic units, it is written to HBM and read again.
(With a cache for each of the eight heads, both would read four times as much to begin with.)

How large is a cache? A model with 32 layers, heads of 128, two bytes a number, 32 768 tokens:
"""

# %%
for G in (32, 8, 1):
    size = 2 * 32 * G * 128 * 2 * 32768  # K and V, layers, heads, length, bytes, tokens
    print(f"{G:2} heads of keys: {size / 2**30:4.1f} GiB for one sequence")

# %% [markdown]
r"""
### Many workers on one row

One query a head, and few sequences: an H100 SXM has 132 multiprocessors (NVIDIA's white paper on
the architecture), and there are perhaps 32 rows of work. Only one axis is left to share out: **the
keys**. Each worker attends over a part of the cache and gives its mean $o_w$ and its logsumexp
$L_w$. The parts are merged as in section 7 of the first lesson:

$$L = \ln \sum_w e^{L_w}, \qquad o = \sum_w e^{L_w - L}\, o_w .$$

This is *split-K*, or "flash decoding". It is exact because merging is associative. A worker without
a key has $L_w = -\infty$, and weight 0.
"""


# %%
def split_decode(q, K, V, scale, workers):
    parts = [
        plain_attention(q, k, v, scale)
        for k, v in zip(K.chunk(workers), V.chunk(workers), strict=True)
    ]
    o, L = (torch.stack(column) for column in zip(*parts, strict=True))  # (workers, 1, D)
    share = torch.softmax(L, dim=0)
    return (share[..., None] * o).sum(dim=0), share[:, 0]


q, K, V = (torch.randn(n, 16, generator=random) * 2 for n in (1, 1000, 1000))
exact, _ = plain_attention(q.double(), K.double(), V.double(), 0.25)
for workers in (1, 4, 16, 100):
    o, share = split_decode(q, K, V, 0.25, workers)
    print(f"{workers:3} workers: off by {float((o - exact).abs().max()):.1e}")

# %%
_, share = split_decode(q, K, V, 0.25, 10)
pictures.bars([round(100 * s) for s in share.tolist()], title="Share of each worker in percent")

# %% [markdown]
r"""
The shares differ much: a worker whose keys do not fit the query hardly counts. The plain mean of
the ten outputs would give it a tenth.

### Check yourself

**1.** A batch is packed into a strip, and the texts are read by a model without any position
embedding. Do `position_ids` matter?

<details><summary>Answer</summary>

No; but the borders still do. Without `cu_seqlens` each text would see those before it.

</details>

**2.** Which tiles need a mask if the window is as wide as a tile, and causal?

<details><summary>Answer</summary>

All that have work: the diagonal cuts one, and the far edge of the window cuts its left neighbour.

</details>

**3.** Grouped heads shrink the cache. Do they also reduce the arithmetic of attention?

<details><summary>Answer</summary>

No. Every query is still compared with every key. But each byte read serves $H/G$ queries: the
intensity rises by that factor, and decoding is bound by memory.

</details>

**4.** Why is the strip's work the *sum of the squares* of the lengths, and what follows for packing
rows?

<details><summary>Answer</summary>

Each text attends to itself only. So two rows with the same number of tokens may cost differently:
one text of 1000 costs ten times as much attention as ten of 100. Balancing tokens does not balance
time.

</details>
"""

# %% [markdown]
"""
## 5 · Your turn

Another way to pack: sort by length and give each row texts of about the same length, or look only
at the next 8 texts of a stream. Can you come near best-fit without seeing all lengths?
"""


# %%
def my_way(lengths, capacity):
    return packing.next_fit(lengths, capacity)  # write your own here


for way in (my_way, packing.best_fit):
    print(f"{way.__name__:8}: padding {packing.padding(way(lengths, 512), 512):.1%}")

# %% [markdown]
"""
## Now you

The exercises [Real batches](../../exercises/07_flash_attention/real_batches.ipynb) ask for
`causal_blocks`, `pack_sequences`, `varlen_attention`, `gqa_attention` and `split_k_decode`. Then:
[Writing it in Triton](writing_it_in_triton.ipynb). The last rungs of the kernel lab, [Attention in
use](../../exercises/08_triton_lab/attention_in_use.ipynb), bring the strip and the split keys of
sections 3 and 4 to a GPU.

## Read next

- M. M. Krell, M. Kosec, S. P. Perez, A. Fitzgibbon, *Efficient Sequence Packing without
  Cross-contamination*, 2021, [arXiv 2107.02027](https://arxiv.org/abs/2107.02027).
- A. Q. Jiang et al., *Mistral 7B*, 2023, [arXiv 2310.06825](https://arxiv.org/abs/2310.06825): the
  sliding window.
- N. Shazeer, *Fast Transformer Decoding: One Write-Head is All You Need*, 2019, [arXiv
  1911.02150](https://arxiv.org/abs/1911.02150): multi-query attention and its arithmetic intensity.
- J. Ainslie et al., *GQA*, 2023, [arXiv 2305.13245](https://arxiv.org/abs/2305.13245).
- T. Dao, D. Haziza, F. Massa, G. Sizov, *Flash-Decoding for long-context inference*, 2023
  (pytorch.org/blog/flash-decoding): split-K.
- D. S. Johnson, *Near-optimal bin packing algorithms*, PhD thesis, MIT, 1973.
"""
