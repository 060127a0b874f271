# %% [markdown]
"""
# Real batches: exercises

**32 points · about 90 minutes.** Before: the lesson *Real batches*, in `course/07_flash_attention`.

After these five exercises you can

- say which tiles of a causal attention need no work, and which need no mask;
- pack sequences of any length into one strip, with what a model needs to keep them apart;
- run attention over the strip, with grouped heads, and over a long cache in independent parts.

Softmax may be called in this notebook, and a matrix of scores may be formed where nothing else is said.
`scaled_dot_product_attention` and the course's `plain_attention` may not be called: they are what you write.
"""

# %% nbgrader={"grade_id": "setup", "locked": true}
import math
from itertools import pairwise

import torch
from IPython.display import HTML

from course.attention import causal_mask, plain_attention
from course.checks import Tolerance, check, draw_seed, draws
from course.checks.precision import exact
from course.memory import Machine
from course.widgets import pictures

BY_HAND = ("scaled_dot_product_attention", "plain_attention", "exact")
inf = math.inf


def normal(name, *shape, scale=2.0):
    """Normal numbers, the same for everyone in a class who runs the check called `name`."""
    return scale * torch.randn(shape, generator=torch.Generator().manual_seed(draw_seed(name)))


# %% [markdown] nbgrader={"grade_id": "causal_blocks_task", "locked": true}
r"""
## 1. Which tiles need work?

`causal_blocks` · 6 points · difficulty 3 of 5 · 15 minutes

$T$ queries, $S$ keys; query $i$ sees key $j$ if $j \le i + S - T$. Tile $(r, c)$ holds the queries from
$r \cdot \text{block}_q$ and the keys from $c \cdot \text{block}_k$ on; the last tiles may be smaller.

**Write** `causal_blocks(T, S, block_q, block_k)`: the tiles in which some query sees some key, row by row
from left to right, each with whether it needs a mask.

| | |
|---|---|
| all arguments | positive whole numbers |
| returns | list of tuples `(r, c, masked)`; `masked` is `False` if every query of the tile sees every key of it, else `True` |

**Example.** `causal_blocks(4, 4, 2, 2)` is `[(0, 0, True), (1, 0, False), (1, 1, True)]`.
"""


# %% nbgrader={"grade_id": "causal_blocks", "solution": true}
def causal_blocks(T: int, S: int, block_q: int, block_k: int) -> list[tuple[int, int, bool]]:
    """The tiles (row, column, whether it needs a mask) in which some query sees some key."""
    ### BEGIN SOLUTION
    tiles = []
    for r in range(math.ceil(T / block_q)):
        first, last = r * block_q, min((r + 1) * block_q, T) - 1  # queries
        for c in range(math.ceil(S / block_k)):
            low, high = c * block_k, min((c + 1) * block_k, S) - 1  # keys
            if low <= last + S - T:  # the last query sees the first key
                tiles.append((r, c, high > first + S - T))
    return tiles
    ### END SOLUTION


# %% [markdown] nbgrader={"grade_id": "causal_blocks_hints", "locked": true}
"""
<details><summary>Hint 1: the idea</summary>

In a tile the last query sees most, and the first key is seen by most. If that query does not see that
key, nobody sees anything. Which query and which key decide whether a mask is needed?

</details>

<details><summary>Hint 2: a sketch</summary>

A tile has work if its *first key* is seen by its *last query*. It needs no mask if its *last key* is seen
by its *first query*. Both last ones are cut off at the end of the sequence.

</details>

<details><summary>Hint 3: almost code</summary>

```
for r: first, last ← r·block_q, min((r + 1)·block_q, T) − 1
    for c: low, high ← c·block_k, min((c + 1)·block_k, S) − 1
        if low ≤ last + S − T: append (r, c, high > first + S − T)
```

</details>
"""


# %% nbgrader={"grade_id": "causal_blocks_reference", "locked": true}
def tiles_by_looking(T, S, block_q, block_k):
    """The same by looking at every pair of the mask."""
    tiles = []
    for r, rows in enumerate(causal_mask(T, S).split(block_q)):
        for c, seen in enumerate(rows.split(block_k, dim=1)):
            if seen.any():
                tiles.append((r, c, not bool(seen.all())))
    return tiles


def tile_map(outcome):
    """The mask of a case that failed, tile by tile: what was expected."""
    T, S, block_q, block_k = outcome.arguments
    words = {
        (r, c): "mask" if masked else "full"
        for r, c, masked in tiles_by_looking(T, S, block_q, block_k)
    }
    rows, columns = range(-(-T // block_q)), range(-(-S // block_k))
    return pictures.grid([[words.get((r, c), "–") for c in columns] for r in rows])


# %% nbgrader={"grade_id": "causal_blocks_skips", "points": 2}
SKIPS = """A tile whose first key lies behind what its last query sees has nothing in it: skip it. A tile
with even one visible pair has work, and must be there."""

with check("skips tiles that nobody sees", idea=SKIPS, picture=tile_map) as case:
    case(causal_blocks, 4, 4, 2, 2).gives([(0, 0, True), (1, 0, False), (1, 1, True)])
    case(causal_blocks, 3, 3, 1, 3).gives(tiles_by_looking(3, 3, 1, 3))

### BEGIN HIDDEN TESTS
with check("skips tiles that nobody sees", idea=SKIPS, hidden=True) as case:
    random = draws("causal_blocks_skips")
    for _ in range(20):
        block_q, block_k, n = random.randint(1, 6), random.randint(1, 6), random.randint(1, 4)
        N = block_q * block_k * n
        case(causal_blocks, N, N, block_q, block_k).gives(tiles_by_looking(N, N, block_q, block_k))
### END HIDDEN TESTS

# %% nbgrader={"grade_id": "causal_blocks_ragged_ends", "points": 2}
RAGGED = """The last tiles may be smaller: their last query is T − 1 and their last key S − 1. A query or
a key that does not exist neither makes work nor asks for a mask."""

with check("cuts the last tiles off", idea=RAGGED, picture=tile_map) as case:
    case(causal_blocks, 5, 5, 4, 2).gives(tiles_by_looking(5, 5, 4, 2))
    case(causal_blocks, 5, 5, 2, 4).gives(tiles_by_looking(5, 5, 2, 4))
    case(causal_blocks, 1, 5, 4, 4).gives([(0, 0, False), (0, 1, False)])

### BEGIN HIDDEN TESTS
with check("cuts the last tiles off", idea=RAGGED, hidden=True) as case:
    random = draws("causal_blocks_ragged_ends")
    for _ in range(40):
        sizes = random.randint(1, 30), random.randint(2, 8), random.randint(2, 8)
        case(causal_blocks, sizes[0], *sizes).gives(tiles_by_looking(sizes[0], *sizes))
    case(causal_blocks, 1, 5, 4, 4).gives([(0, 0, False), (0, 1, False)])
### END HIDDEN TESTS

# %% nbgrader={"grade_id": "causal_blocks_lengths_differ", "points": 2}
LENGTHS = """The last query is aligned with the last key, so query i sees the keys up to i + S − T. With
more queries than keys the first ones see nothing at all."""

with check("aligns the ends when lengths differ", idea=LENGTHS, picture=tile_map) as case:
    case(causal_blocks, 2, 6, 2, 2).gives([(0, 0, False), (0, 1, False), (0, 2, True)])
    case(causal_blocks, 6, 2, 2, 2).gives([(2, 0, True)])

### BEGIN HIDDEN TESTS
with check("aligns the ends when lengths differ", idea=LENGTHS, hidden=True) as case:
    random = draws("causal_blocks_lengths_differ")
    for _ in range(40):
        T, gap = random.randint(1, 20), random.randint(1, 12)
        lengths = random.choice([(T, T + gap), (T + gap, T)])
        blocks = random.randint(1, 6), random.randint(1, 6)
        case(causal_blocks, *lengths, *blocks).gives(tiles_by_looking(*lengths, *blocks))
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade_id": "pack_sequences_task", "locked": true}
r"""
## 2. One strip instead of a padded batch

`pack_sequences` · 6 points · difficulty 2 of 5 · 15 minutes

**Write** `pack_sequences(sequences)`: lay sequences of tokens end to end, and give what a model needs to
keep them apart.

| | |
|---|---|
| `sequences` | a non-empty list of int64 tensors, each `(length,)`; a length may be 0 |
| returns | a dictionary with four tensors (total = sum of the lengths): |
| `"tokens"` | `(total,)` int64: all tokens in order |
| `"cu_seqlens"` | `(number of sequences + 1,)` **int32**: where each sequence starts, and the total at the end |
| `"position_ids"` | `(total,)` int64: the position of each token *in its own sequence* |
| `"targets"` | `(total,)` int64: the token that comes next in the same sequence; $-100$ (ignored by the loss) at the last token of each |

**Example.** For `[tensor([7, 8, 9]), tensor([5, 6])]`: tokens `[7, 8, 9, 5, 6]`, cu_seqlens `[0, 3, 5]`,
position_ids `[0, 1, 2, 0, 1]`, targets `[8, 9, -100, 6, -100]`.
"""


# %% nbgrader={"grade_id": "pack_sequences", "solution": true}
def pack_sequences(sequences: list[torch.Tensor]) -> dict[str, torch.Tensor]:
    """Sequences end to end: tokens, cu_seqlens, position_ids and targets."""
    ### BEGIN SOLUTION
    lengths = torch.tensor([0, *(len(one) for one in sequences)])
    targets = [torch.cat([one[1:], torch.full((min(len(one), 1),), -100)]) for one in sequences]
    return {
        "tokens": torch.cat(sequences),
        "cu_seqlens": lengths.cumsum(0).to(torch.int32),
        "position_ids": torch.cat([torch.arange(len(one)) for one in sequences]),
        "targets": torch.cat(targets),
    }
    ### END SOLUTION


# %% [markdown] nbgrader={"grade_id": "pack_sequences_hints", "locked": true}
"""
<details><summary>Hint 1: the idea</summary>

`cu_seqlens` is a running sum of lengths that begins with 0. Positions and targets are made for each
sequence by itself, and only then laid end to end.

</details>

<details><summary>Hint 2: a sketch</summary>

`torch.cat` for the tokens; `cumsum` of the lengths; `torch.arange(length)` for the positions; the tokens
from the second on, and then −100, for the targets. What is the last target of an empty sequence?

</details>

<details><summary>Hint 3: almost code</summary>

```
cu_seqlens   ← cumulative sum of [0, length of each], as int32
position_ids ← cat(arange(length) of each)
targets      ← cat(each one's [1:], followed by −100 unless it is empty)
```

</details>
"""


# %% nbgrader={"grade_id": "pack_sequences_reference", "locked": true}
def packed_by_hand(sequences):
    """The same, token by token, with plain lists."""
    tokens, starts, positions, targets = [], [0], [], []
    for one in (sequence.tolist() for sequence in sequences):
        for position, token in enumerate(one):
            tokens.append(token)
            positions.append(position)
            targets.append(one[position + 1] if position + 1 < len(one) else -100)
        starts.append(len(tokens))
    rows = {"tokens": tokens, "position_ids": positions, "targets": targets}
    packed = {name: torch.tensor(row, dtype=torch.int64) for name, row in rows.items()}
    return packed | {"cu_seqlens": torch.tensor(starts, dtype=torch.int32)}


def part_of_packed(name):
    """A function that gives one tensor of `pack_sequences`."""

    def part(sequences):
        return pack_sequences(sequences)[name]

    part.__name__ = f"pack_sequences(…)[{name!r}] for "
    return part


def expect_packed(case, sequences, *names):
    for name in names:
        case(part_of_packed(name), sequences).gives(packed_by_hand(sequences)[name])


def some_sequences(name, most=9):
    random = draws(name)
    lengths = [
        random.choice([0, 1, 2, random.randint(3, most)]) for _ in range(random.randint(1, 8))
    ]
    return [
        torch.tensor([random.randint(0, 99) for _ in range(n)], dtype=torch.int64) for n in lengths
    ]


two = [torch.tensor([7, 8, 9]), torch.tensor([5, 6])]
HTML(pictures.cells({name: row.tolist() for name, row in packed_by_hand(two).items()}))

# %% nbgrader={"grade_id": "pack_sequences_cu_seqlens", "points": 2}
BOUNDS = """cu_seqlens has one entry more than there are sequences: it begins with 0 and ends with the
total, and neighbours differ by a length. Kernels want it as int32."""

with check("cu_seqlens marks every border", idea=BOUNDS) as case:
    expect_packed(case, two, "cu_seqlens", "tokens")
    expect_packed(case, [torch.tensor([4])], "cu_seqlens", "tokens")

### BEGIN HIDDEN TESTS
with check("cu_seqlens marks every border", idea=BOUNDS, hidden=True) as case:
    for trial in range(12):
        sequences = some_sequences(f"pack_sequences_cu_seqlens {trial}")
        expect_packed(case, sequences, "cu_seqlens", "tokens")
    expect_packed(case, two, "cu_seqlens", "tokens")
### END HIDDEN TESTS

# %% nbgrader={"grade_id": "pack_sequences_positions_restart", "points": 2}
RESTART = """Each sequence counts its positions from 0. If the count runs on, a model gives the second
document the positions of a continuation, and its rotary angles are those of a long text."""

with check("positions restart in each sequence", idea=RESTART) as case:
    expect_packed(case, two, "position_ids")
    expect_packed(
        case, [torch.tensor([1, 2]), torch.tensor([3]), torch.tensor([4, 5])], "position_ids"
    )

### BEGIN HIDDEN TESTS
with check("positions restart in each sequence", idea=RESTART, hidden=True) as case:
    for trial in range(12):
        sequences = some_sequences(f"pack_sequences_positions_restart {trial}")
        expect_packed(case, [*two, *sequences], "position_ids")
### END HIDDEN TESTS

# %% nbgrader={"grade_id": "pack_sequences_targets_stay_inside", "points": 2}
INSIDE = """The last token of a document does not predict the first token of the next one: its target is
−100, which the loss ignores. An empty sequence has no last token, and adds nothing."""

with check("targets stay in their sequence", idea=INSIDE) as case:
    expect_packed(case, two, "targets")
    expect_packed(case, [torch.tensor([3]), torch.tensor([], dtype=torch.int64), two[0]], "targets")

### BEGIN HIDDEN TESTS
with check("targets stay in their sequence", idea=INSIDE, hidden=True) as case:
    for trial in range(12):
        sequences = some_sequences(f"pack_sequences_targets_stay_inside {trial}")
        expect_packed(case, [*sequences, *two], "targets")
        expect_packed(case, [*two, torch.tensor([], dtype=torch.int64), *sequences], "targets")
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade_id": "varlen_attention_task", "locked": true}
r"""
## 3. Attention over the strip

`varlen_attention` · 7 points · difficulty 3 of 5 · 20 minutes

**Write** `varlen_attention(Q, K, V, cu_seqlens, scale, causal)`: each sequence attends to itself only.

| | |
|---|---|
| `Q`, `K`, `V` | `(total, H, D)`, float32: tokens first, then heads |
| `cu_seqlens` | `(n + 1,)` int32; sequence $s$ holds the tokens from `cu_seqlens[s]` up to, not including, `cu_seqlens[s + 1]`; a sequence may be empty |
| `scale` | multiplies $QK^\top$ |
| `causal` | if true, a token sees itself and what stands before it *in its sequence* |
| returns | $O$, `(total, H, D)` |
| work | no tensor over all pairs of tokens: what you form may have as many numbers as the pairs *within* the longest sequence, for all heads, or as $O$ |

**Example.** With `cu_seqlens = [0, 1, 3]` and `Q` all zeros, every visible key weighs the same. Not causal:
`O[0]` is `V[0]`, and `O[1]` and `O[2]` are the mean of `V[1]` and `V[2]`. Causal: `O[1]` is `V[1]`.
"""


# %% nbgrader={"grade_id": "varlen_attention", "solution": true}
def varlen_attention(Q, K, V, cu_seqlens, scale, causal=False):
    """Attention within each sequence of a strip; all of shape (total, H, D)."""
    ### BEGIN SOLUTION
    O = torch.empty_like(Q)
    bounds = cu_seqlens.tolist()
    for start, end in pairwise(bounds):
        q, k, v = (x[start:end].transpose(0, 1) for x in (Q, K, V))  # (H, length, D)
        s = scale * (q @ k.transpose(-1, -2))  # (H, length, length)
        if causal:
            later = torch.ones(end - start, end - start, dtype=torch.bool).triu(1)
            s = s.masked_fill(later, -inf)
        O[start:end] = (torch.softmax(s, dim=-1) @ v).transpose(0, 1)
    return O
    ### END SOLUTION


# %% [markdown] nbgrader={"grade_id": "varlen_attention_hints", "locked": true}
"""
<details><summary>Hint 1: the idea</summary>

Cut the strip at the borders, and do what you always do with each piece.

</details>

<details><summary>Hint 2: a sketch</summary>

Neighbours in `cu_seqlens` are start and end of a piece. Bring the heads to the front, form the scores of
this piece only, mask, softmax, times the values, and put the heads back behind the tokens.

</details>

<details><summary>Hint 3: almost code</summary>

```
for start, end in neighbours of cu_seqlens:
    q, k, v ← rows start … end − 1, as (H, length, D)
    s ← scale · q kᵀ; if causal: −∞ above the diagonal
    O[start:end] ← softmax(s) v, as (length, H, D)
```

</details>
"""


# %% nbgrader={"grade_id": "varlen_attention_reference", "locked": true}
def strip_attention(Q, K, V, lengths, scale, causal):
    """The same with one big mask over the whole strip: pairs of different documents are forbidden."""
    document = torch.repeat_interleave(torch.arange(len(lengths)), torch.tensor(lengths))
    mask = document[:, None] == document[None]
    mask = mask.tril() if causal else mask
    heads_first = (x.transpose(0, 1) for x in (Q, K, V))
    return plain_attention(*heads_first, scale, mask)[0].transpose(0, 1)


def strip(name, lengths, H=2, D=4):
    """Q, K, V of shape (total, H, D), and cu_seqlens."""
    tensors = [normal(f"{name} {x} {lengths}", sum(lengths), H, D) for x in "QKV"]
    return *tensors, torch.tensor([0, *lengths]).cumsum(0).to(torch.int32)


def expect_varlen(case, name, lengths, scale, causal):
    Q, K, V, cu_seqlens = strip(name, lengths)
    expected, tolerance = exact(strip_attention, Q, K, V, lengths, scale, causal)
    outcome = case(varlen_attention, Q, K, V, cu_seqlens, scale, causal)
    outcome.gives(expected, tolerance=tolerance, dtype=Q.dtype)


# %% nbgrader={"grade_id": "varlen_attention_keeps_documents_apart", "points": 3}
APART = """A token sees the tokens of its own sequence and no others: scores are formed piece by piece,
between cu_seqlens[s] and cu_seqlens[s + 1]. A piece may be one token long, or empty."""

with check("keeps documents apart", idea=APART, without=BY_HAND) as case:
    expect_varlen(case, "visible", [2, 3], 0.5, False)
    expect_varlen(case, "visible", [4, 0, 1], 0.5, False)

### BEGIN HIDDEN TESTS
with check("keeps documents apart", idea=APART, hidden=True, without=BY_HAND) as case:
    for lengths in ([5], [3, 4, 5], [1, 1, 7, 1], [0, 6, 0, 2, 0]):
        expect_varlen(case, "varlen_attention_keeps_documents_apart", lengths, 0.4, False)
### END HIDDEN TESTS

# %% nbgrader={"grade_id": "varlen_attention_causal", "points": 2}
BEFORE = """A token sees itself and what stands before it in its sequence: the diagonal of each piece
begins in that piece's corner."""

with check("is causal within each document", idea=BEFORE, without=BY_HAND) as case:
    expect_varlen(case, "visible causal", [3, 3], 0.5, True)
    expect_varlen(case, "visible causal", [1, 4], 0.5, True)

### BEGIN HIDDEN TESTS
with check("is causal within each document", idea=BEFORE, hidden=True, without=BY_HAND) as case:
    for lengths in ([6], [2, 5, 3], [4, 0, 4, 1]):
        expect_varlen(case, "varlen_attention_causal", lengths, 0.4, True)
### END HIDDEN TESTS

# %% nbgrader={"grade_id": "varlen_attention_no_square_of_the_total", "points": 2}
SQUARE = """Scores between tokens of different documents are thrown away, so they need not be formed. The
work is the sum of the squares of the lengths, not the square of their sum."""


def largest_tensor(lengths):
    """How many numbers the largest tensor has that varlen_attention makes for such a strip."""
    machine, name = Machine(), "varlen_attention_no_square_of_the_total"
    Q, K, V, cu_seqlens = strip(name, lengths)

    def with_bounds(Q, K, V):
        varlen_attention(Q, K, V, cu_seqlens, 0.5, True)

    machine.run(with_bounds, Q, K, V)
    return machine.largest // 4


with check("forms no square of the total", idea=SQUARE) as case:
    lengths = [8] * 8
    most = max(2 * 8 * 8, 2 * 4 * sum(lengths))  # scores of one piece, or O
    case(largest_tensor, lengths).satisfies(f"at most {most} numbers", lambda got, _: got <= most)

### BEGIN HIDDEN TESTS
with check("forms no square of the total", idea=SQUARE, hidden=True) as case:
    for lengths in ([6] * 9, [12, 3, 12, 3, 12]):
        most = max(2 * max(lengths) ** 2, 2 * 4 * sum(lengths))
        outcome = case(largest_tensor, lengths)
        outcome.satisfies(f"at most {most}", lambda got, _, most=most: got <= most)
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade_id": "gqa_attention_task", "locked": true}
r"""
## 4. Heads that share their keys

`gqa_attention` · 6 points · difficulty 3 of 5 · 15 minutes

A cache of keys and values is smaller when several heads of queries share one head of keys. With $H$ heads
of queries and $G$ of keys, where $G$ divides $H$, the first $H/G$ heads of queries use head 0 of the keys,
the next $H/G$ use head 1, and so on.

**Write** `gqa_attention(Q, K, V, scale)`.

| | |
|---|---|
| `Q` | `(B, H, T, D)`, float32 |
| `K`, `V` | `(B, G, S, D)`; $G$ divides $H$ |
| `scale` | multiplies $QK^\top$; there is no mask |
| returns | `(B, H, T, D)`, float32 |
| memory | keys and values are not copied for each head. Checked for one sequence with one query a head ($B = T = 1$): everything you form has fewer than $H \cdot S \cdot D$ numbers |

**Example.** With $H = 4$ and $G = 2$, heads 0 and 1 use keys 0, heads 2 and 3 use keys 1. If there is a single
key ($S = 1$), the result of heads 0 and 1 is `V[:, 0]`, and that of heads 2 and 3 is `V[:, 1]`.

Beware: a product `Q @ K` in which torch must stretch `K` over the heads makes that copy for you.
"""


# %% nbgrader={"grade_id": "gqa_attention", "solution": true}
def gqa_attention(Q, K, V, scale):
    """Grouped-query attention: H heads of queries share G heads of keys; (B, H, T, D)."""
    ### BEGIN SOLUTION
    B, H, T, D = Q.shape
    G = K.shape[1]
    q = Q.reshape(B, G, (H // G) * T, D)  # the queries of a group, below one another
    weights = torch.softmax(scale * (q @ K.transpose(-1, -2)), dim=-1)  # (B, G, H/G·T, S)
    return (weights @ V).reshape(B, H, T, D)
    ### END SOLUTION


# %% [markdown] nbgrader={"grade_id": "gqa_attention_hints", "locked": true}
"""
<details><summary>Hint 1: the idea</summary>

To a head of keys it is all the same from which head a query comes. So the queries of a whole group can
stand below one another, as if they were one head with more queries.

</details>

<details><summary>Hint 2: a sketch</summary>

`(B, H, T, D)` read as `(B, G, H/G · T, D)`: the order of the numbers in memory is already right. Then plain
attention with `G` heads, and the shape back. Or: a loop over the heads.

</details>

<details><summary>Hint 3: almost code</summary>

```
q ← Q reshaped to (B, G, (H / G) · T, D)
o ← softmax(scale · q Kᵀ) V
return o reshaped to (B, H, T, D)
```

</details>
"""


# %% nbgrader={"grade_id": "gqa_attention_reference", "locked": true}
def one_head_of_keys_each(Q, K, V, scale):
    """The same with a copy of the keys and values for every head."""
    share = Q.shape[1] // K.shape[1]
    return plain_attention(Q, *(x.repeat_interleave(share, dim=1) for x in (K, V)), scale)[0]


def expect_gqa(case, name, B, H, G, T, S, D):
    Q = normal(f"{name} Q {H} {G}", B, H, T, D)
    K, V = (normal(f"{name} {x} {H} {G}", B, G, S, D) for x in "KV")
    expected, tolerance = exact(one_head_of_keys_each, Q, K, V, 0.4)
    case(gqa_attention, Q, K, V, 0.4).gives(expected, tolerance=tolerance, dtype=Q.dtype)


# %% nbgrader={"grade_id": "gqa_attention_groups_in_order", "points": 2}
ORDER = """Neighbouring heads share: head h of the queries uses head h // (H/G) of the keys. Taking h % G
deals them out in turn, like cards, which is another model."""

with check("neighbouring heads share", idea=ORDER, without=BY_HAND) as case:
    expect_gqa(case, "visible", 1, 4, 2, 2, 3, 2)

### BEGIN HIDDEN TESTS
with check("neighbouring heads share", idea=ORDER, hidden=True, without=BY_HAND) as case:
    for B, H, G, T, S, D in ((1, 4, 2, 3, 5, 4), (2, 6, 3, 1, 7, 2), (2, 8, 2, 4, 3, 3)):
        expect_gqa(case, "gqa_attention_groups_in_order", B, H, G, T, S, D)
### END HIDDEN TESTS

# %% nbgrader={"grade_id": "gqa_attention_one_or_all", "points": 2}
ENDS = """With G = H every head has its own keys (plain multi-head attention); with G = 1 all heads share
one (multi-query attention). Both are the same code, for any number of sequences and queries."""

with check("from multi-query to multi-head", idea=ENDS, without=BY_HAND) as case:
    expect_gqa(case, "visible ends", 1, 3, 3, 2, 4, 2)
    expect_gqa(case, "visible ends", 2, 3, 1, 2, 4, 2)

### BEGIN HIDDEN TESTS
with check("from multi-query to multi-head", idea=ENDS, hidden=True, without=BY_HAND) as case:
    for B, H, G, T, S, D in ((2, 4, 4, 3, 3, 2), (3, 4, 1, 2, 5, 2), (2, 1, 1, 3, 4, 3)):
        expect_gqa(case, "gqa_attention_one_or_all", B, H, G, T, S, D)
### END HIDDEN TESTS

# %% nbgrader={"grade_id": "gqa_attention_copies_no_keys", "points": 2}
COPIES = """The keys are shared so that they need not be stored, or read, once for each head. A copy of
them for every head, made by repeat_interleave or by a stretched product, undoes that."""


def largest_made(Q, K, V):
    """How many numbers the largest tensor has that gqa_attention makes."""
    machine = Machine()

    def attend(Q, K, V):
        gqa_attention(Q, K, V, 0.4)

    machine.run(attend, Q, K, V)
    return machine.largest // 4


def decoding(name, H, G, S, D):
    """One query a head, and a long cache of keys."""
    return normal(f"{name} Q", 1, H, 1, D), *(normal(f"{name} {x}", 1, G, S, D) for x in "KV")


with check("copies no keys", idea=COPIES) as case:
    inputs = decoding("visible decoding", 8, 2, 32, 8)
    case(largest_made, *inputs).satisfies("fewer than 2048 numbers", lambda got, *_: got < 2048)

### BEGIN HIDDEN TESTS
with check("copies no keys", idea=COPIES, hidden=True) as case:
    for H, G, S, D in ((8, 2, 40, 8), (6, 1, 30, 16), (12, 4, 24, 8)):
        inputs, most = decoding(f"gqa_attention_copies_no_keys {H}", H, G, S, D), H * S * D
        case(largest_made, *inputs).satisfies("fewer", lambda got, *_, most=most: got < most)
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade_id": "split_k_decode_task", "locked": true}
r"""
## 5. One query, a long cache, many workers

`split_k_decode` · 7 points · difficulty 4 of 5 · 25 minutes

While a model writes, there is one query a sequence and a long cache of keys. Tiles of queries then give no
parallel work; so the *keys* are split among workers, and their partial results are merged.

**Write** `split_k_decode(q, K, V, lengths, scale, splits)`.

| | |
|---|---|
| `q` | `(B, H, D)`, float32: one query a head |
| `K`, `V` | `(B, H, S, D)`: the cache, with room for $S$ keys |
| `lengths` | `(B,)` int64, from 0 to $S$: only the first `lengths[b]` keys of sequence $b$ are there |
| `scale` | multiplies the products $q \cdot k$ |
| `splits` | the number of workers, perhaps more than keys; worker $w$ takes the keys from $w \cdot c$ up to, not including, $(w + 1) \cdot c$, with $c = \lceil S / \text{splits} \rceil$ |
| returns | `(O, L)`: $O$ `(B, H, D)`, the attention over all valid keys; $L$ `(splits, B, H)`, the logsumexp of each worker's logits |
| nothing to see | a worker without valid keys has $L = -\infty$; a sequence of length 0 has $O = 0$ |

**Example.** With $B = H = D = 1$, `q = 0`, three keys, values 1, 2, 6 and `splits = 2`: worker 0 has two keys,
worker 1 has one. All logits are 0, so $L = (\ln 2, 0)$. The workers' means are 1.5 and 6, with shares ⅔ and ⅓:
$O = 3$.
"""


# %% nbgrader={"grade_id": "split_k_decode", "solution": true}
def split_k_decode(q, K, V, lengths, scale, splits):
    """O (B, H, D), merged from `splits` parts of the keys, and their logsumexps (splits, B, H)."""
    ### BEGIN SOLUTION
    (B, H, D), S = q.shape, K.shape[2]
    chunk = math.ceil(S / splits)
    L = torch.full((splits, B, H), -inf, dtype=q.dtype)
    parts = torch.zeros(splits, B, H, D, dtype=q.dtype)
    for w in range(splits):
        keys = slice(w * chunk, (w + 1) * chunk)
        s = scale * (K[:, :, keys] @ q[..., None])[..., 0]  # (B, H, keys of this worker)
        if s.shape[-1] == 0:
            continue
        place = torch.arange(S)[keys]
        s = s.masked_fill(place >= lengths[:, None, None], -inf)
        m = s.amax(dim=-1, keepdim=True)
        p = torch.exp(s - torch.where(m == -inf, 0.0, m))
        l = p.sum(dim=-1, keepdim=True)
        L[w] = (m + torch.log(l))[..., 0]
        parts[w] = (p[..., None, :] @ V[:, :, keys])[..., 0, :] / torch.where(l == 0, 1.0, l)
    top = L.amax(dim=0)
    weights = torch.exp(L - torch.where(top == -inf, 0.0, top))  # (splits, B, H)
    total = weights.sum(dim=0)
    O = (weights[..., None] * parts).sum(dim=0) / torch.where(total == 0, 1.0, total)[..., None]
    return O, L
    ### END SOLUTION


# %% [markdown] nbgrader={"grade_id": "split_k_decode_hints", "locked": true}
r"""
<details><summary>Hint 1: the idea</summary>

Each worker does a small attention over its keys: an output, and the logsumexp $L_w$ of its logits. How
much of the whole softmax is its part? The share $e^{L_w} / \sum_{w'} e^{L_{w'}}$.

</details>

<details><summary>Hint 2: a sketch</summary>

For each worker: logits of its keys, $-\infty$ for keys that are not there, its logsumexp, its output.
Then $O = \sum_w \operatorname{softmax}_w(L)\, O_w$, safe as always: with the largest $L_w$ subtracted, and
zeros where all are $-\infty$. There may be more workers than keys.

</details>

<details><summary>Hint 3: almost code</summary>

```
c ← ceil(S / splits);  L ← −∞ (splits, B, H);  parts ← 0 (splits, B, H, D)
for w: keys w·c … (w+1)·c − 1; none: go on
    s ← scale · K q;  s ← −∞ where the key's place ≥ length
    L[w] ← logsumexp of s;  parts[w] ← softmax of s, times V  (0 where all are −∞)
share ← softmax of L over the workers  (0 where all are −∞)
O ← Σ_w share[w] · parts[w]
```

</details>
"""


# %% nbgrader={"grade_id": "split_k_decode_reference", "locked": true}
def decode_at_once(q, K, V, lengths, scale, splits):
    """O over all valid keys at once, and the logsumexp of each worker's share of the logits."""
    S = K.shape[2]
    s = scale * torch.einsum("bhd,bhsd->bhs", q, K)
    s = s.masked_fill(torch.arange(S) >= lengths[:, None, None], -inf)
    blind = (s == -inf).all(-1, keepdim=True)
    weights = torch.softmax(s.masked_fill(blind, 0.0), dim=-1).masked_fill(blind, 0.0)
    chunk = -(-S // splits)
    room = torch.nn.functional.pad(s, (0, splits * chunk - S), value=-inf)
    L = torch.logsumexp(room.unflatten(-1, (splits, chunk)), dim=-1)  # (B, H, splits)
    return torch.einsum("bhs,bhsd->bhd", weights, V), L.permute(2, 0, 1)


def expect_decode(case, name, lengths, H, S, D, splits, shift=0.0):
    """Compare with all keys at once. `shift` is added to the logits of the second half.

    q and K are eighths, so that logits of thousands are exact in whatever order they are summed.
    """
    B = len(lengths)
    q = normal(f"{name} q {S}", B, H, D).mul(8).round().div(8)
    K = normal(f"{name} K {S}", B, H, S, D).mul(8).round().div(8)
    V, lengths = normal(f"{name} V {S}", B, H, S, D), torch.tensor(lengths)
    q[..., 0], K[..., 0] = 1.0, 0.0
    K[:, :, S // 2 :, 0] = shift
    expected, tolerance = exact(decode_at_once, q, K, V, lengths, 0.5, splits)
    # A worker's L is rounded to float32, and its share e^L by as much.
    far = expected[1][expected[1].isfinite()].abs().max()
    share = torch.finfo(q.dtype).eps * float(far * V.abs().max())
    tolerance = Tolerance(tolerance.relative, tolerance.absolute + share)
    outcome = case(split_k_decode, q, K, V, lengths, 0.5, splits)
    outcome.gives(expected, tolerance=tolerance)


# %% nbgrader={"grade_id": "split_k_decode_weighs_the_parts", "points": 3}
SHARES = """A worker's output counts as much as its keys weigh: in proportion to e^(L_w). The plain mean of
the outputs would give a worker with nothing but unlikely keys as much say as any other."""

with check("weighs the parts by their sums", idea=SHARES, without=BY_HAND) as case:
    expect_decode(case, "visible", [4], 1, 4, 2, 2)
    expect_decode(case, "visible", [6, 6], 2, 6, 3, 3)
    expect_decode(case, "visible", [5], 1, 5, 2, 1)

### BEGIN HIDDEN TESTS
with check("weighs the parts by their sums", idea=SHARES, hidden=True, without=BY_HAND) as case:
    for B, H, S, D, splits in (
        (1, 1, 8, 2, 4),
        (2, 3, 12, 4, 3),
        (1, 2, 17, 3, 4),
        (2, 1, 9, 2, 9),
    ):
        expect_decode(case, "split_k_decode_weighs_the_parts", [S] * B, H, S, D, splits)
### END HIDDEN TESTS

# %% nbgrader={"grade_id": "split_k_decode_empty_parts", "points": 2}
NOBODY = """Keys from lengths[b] on are not there. A worker may have no valid key, or none at all: its
share is 0 and its L is −∞. A sequence of length 0 gives zeros, not NaN."""

with check("workers may have nothing to do", idea=NOBODY, without=BY_HAND) as case:
    expect_decode(case, "visible empty", [2, 8], 1, 8, 2, 4)
    expect_decode(case, "visible empty", [0, 3], 1, 3, 2, 2)
    expect_decode(case, "visible empty", [3], 1, 3, 2, 5)

### BEGIN HIDDEN TESTS
with check("workers may have nothing to do", idea=NOBODY, hidden=True, without=BY_HAND) as case:
    for lengths, S, splits in (
        ([1, 10, 0], 10, 4),
        ([7, 3], 7, 7),
        ([5, 0], 5, 8),
        ([9, 4], 13, 3),
    ):
        expect_decode(case, "split_k_decode_empty_parts", lengths, 2, S, 3, splits)
### END HIDDEN TESTS

# %% nbgrader={"grade_id": "split_k_decode_far_apart", "points": 2}
FAR = """The parts may lie thousands apart. Subtract the largest L before e^(L_w), or it overflows; or
underflows everywhere, and 0/0 remains."""

with check("the parts may lie far apart", idea=FAR, without=BY_HAND) as case:
    expect_decode(case, "visible far", [4], 1, 4, 2, 2, shift=1000.0)
    expect_decode(case, "visible far", [4], 1, 4, 2, 2, shift=-1000.0)

### BEGIN HIDDEN TESTS
with check("the parts may lie far apart", idea=FAR, hidden=True, without=BY_HAND) as case:
    for shift in (400.0, 4096.0, -4096.0):
        expect_decode(case, "split_k_decode_far_apart", [9, 9], 2, 9, 3, 3, shift=shift)
        expect_decode(case, "split_k_decode_far_apart", [9, 2], 2, 9, 3, 9, shift=shift)
        expect_decode(case, "split_k_decode_far_apart", [3], 1, 3, 3, 1, shift=shift)
### END HIDDEN TESTS

# %% [markdown]
"""
**Watch your own function.** One sequence, four workers: how much does each one's part weigh?
"""

# %%
q, K, V = normal("watch q", 1, 1, 4), normal("watch K", 1, 1, 20, 4), normal("watch V", 1, 1, 20, 4)
_, L = split_k_decode(q, K, V, torch.tensor([17]), 0.5, 4)
shares = torch.softmax(L[:, 0, 0], dim=0)
pictures.bars(
    [round(100 * share) for share in shares.tolist()], title="Share of each worker in percent"
)

# %% [markdown]
"""
**Done?** Save, then choose *Validate* to run every cell from the top in a fresh kernel, and hand in
from the *Assignment List*. If a check still fails, hand in what you have: each one counts by itself.
"""
