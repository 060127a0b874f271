# %% [markdown]
"""
# The backward pass: exercise

**12 points · about 50 minutes.** Before: the lesson *The backward pass*, in
`course/07_flash_attention`.

After this exercise you can write the gradients of attention tile by tile, from one number a row instead
of the stored matrix.
"""

# %% nbgrader={"grade_id": "setup", "locked": true}
import math

import torch

from course.attention import causal_mask, plain_attention, plain_gradients
from course.checks import Tolerance, check, draw_seed
from course.checks.precision import exact
from course.memory import Machine, hbm_empty, hbm_full

BY_HAND = ("grad", "backward", "vjp", "scaled_dot_product_attention", "plain_gradients", "exact")
inf = math.inf


def normal(name, *shape):
    """Normal numbers, the same for everyone in a class who runs the check called `name`."""
    return torch.randn(shape, generator=torch.Generator().manual_seed(draw_seed(name)))


# %% [markdown] nbgrader={"grade_id": "flash_attention_backward_task", "locked": true}
r"""
## The gradients, tile by tile

`flash_attention_backward` · 12 points · difficulty 5 of 5 · 50 minutes

The forward pass gave $O$ and, for each row, the logsumexp $L_i$ of its logits. From above comes
$dO$, the gradient of the loss with respect to $O$. With $S = \text{scale} \cdot QK^\top$:

$$P_{ij} = e^{S_{ij} - L_i}, \qquad dV = P^\top dO, \qquad dP = dO\,V^\top, \qquad
\Delta_i = \sum_d dO_{id}\, O_{id},$$
$$dS_{ij} = P_{ij}\,(dP_{ij} - \Delta_i), \qquad dQ = \text{scale} \cdot dS\,K, \qquad
dK = \text{scale} \cdot dS^\top Q .$$

**Write** `flash_attention_backward(Q, K, V, O, L, dO, scale, causal, block_q, block_k)`, without ever
holding more of $P$ or $dS$ than a tile.

| | |
|---|---|
| `Q`, `O`, `dO` | `(B, H, T, D)`, float32 |
| `K`, `V` | `(B, H, S, D)` |
| `L` | `(B, H, T)`: logsumexp of each row of scaled, masked scores; $-\infty$ where a query sees no key |
| `causal` | if true, query $i$ sees key $j$ only if $j \le i + S - T$ |
| returns | `(dQ, dK, dV)` in the shapes and dtype of `Q`, `K`, `V` |
| by hand | without autograd, `scaled_dot_product_attention` and the course's `plain_gradients` |

**Memory.** The last check runs your function on the memory model with $B = H = 1$, about 96 queries
and keys of length 16, blocks of 16, causal or not, and 16 KiB of SRAM: about a dozen blocks fit, two whole tensors do not. So
$\Delta$, too, is computed block by block. Make the results with `hbm_full(Q.shape, 0.0, dtype=Q.dtype)`
and add to their slices (`dQ[:, :, i:j] += …` reads the slice and writes it), or with `hbm_empty` if you
write each slice once.

**Example.** One query, `Q = [[0]]`, two keys, `K = [[1], [-1]]`, `V = [[2], [6]]`, scale 1. Both weights
are ½, so `O = [[4]]` and $L = \ln 2$. With `dO = [[1]]`: $dP = (2, 6)$, $\Delta = 4$, $dS = (-1, 1)$, hence
`dQ = [[-2]]`, `dK = [[0], [0]]`, `dV = [[0.5], [0.5]]`.
"""


# %% nbgrader={"grade_id": "flash_attention_backward", "solution": true}
def flash_attention_backward(Q, K, V, O, L, dO, scale, causal=False, block_q=16, block_k=16):
    """dQ, dK, dV of attention, tile by tile: FlashAttention-2, Algorithm 2."""
    ### BEGIN SOLUTION
    T, S = Q.shape[2], K.shape[2]
    dQ = hbm_full(Q.shape, 0.0, dtype=Q.dtype)
    dK, dV = hbm_empty(*K.shape, dtype=K.dtype), hbm_empty(*V.shape, dtype=V.dtype)
    for j in range(0, S, block_k):
        Kj, Vj = K[:, :, j : j + block_k], V[:, :, j : j + block_k]  # (B, H, columns, D)
        dKj, dVj = torch.zeros(Kj.shape, dtype=K.dtype), torch.zeros(Vj.shape, dtype=V.dtype)
        for i in range(0, T, block_q):
            Qi, dOi = Q[:, :, i : i + block_q], dO[:, :, i : i + block_q]  # (B, H, rows, D)
            Li = L[:, :, i : i + block_q, None]
            delta = (dOi * O[:, :, i : i + block_q]).sum(dim=-1, keepdim=True)  # (B, H, rows, 1)
            s = scale * (Qi @ Kj.transpose(-1, -2))  # (B, H, rows, columns)
            if causal:
                query = torch.arange(i, i + s.shape[2])[:, None]
                key = torch.arange(j, j + s.shape[3])
                s = s.masked_fill(key > query + S - T, -inf)
            p = torch.exp(s - torch.where(Li == -inf, 0.0, Li))
            dVj += p.transpose(-1, -2) @ dOi
            ds = p * (dOi @ Vj.transpose(-1, -2) - delta)
            dQ[:, :, i : i + block_q] += scale * (ds @ Kj)
            dKj += scale * (ds.transpose(-1, -2) @ Qi)
        dK[:, :, j : j + block_k], dV[:, :, j : j + block_k] = dKj, dVj
    return dQ, dK, dV
    ### END SOLUTION


# %% [markdown] nbgrader={"grade_id": "flash_attention_backward_hints", "locked": true}
r"""
<details><summary>Hint 1: the idea</summary>

Each formula is a sum over queries or over keys. $dV_j$ and $dK_j$ sum over all queries, $dQ_i$ over all
keys. So each tile gives a part of all three, and the parts add up.

</details>

<details><summary>Hint 2: a sketch</summary>

Let blocks of keys be outside: $dK_j$ and $dV_j$ stay on the chip while the queries pass, and a part of
$dQ_i$ is added in HBM for each tile. In a tile: scores again; mask; $p = e^{s - L}$; then the formulas in
the order in which they stand above. $\Delta_i$ is a sum over the *whole* row, but it needs no row of $P$:
$O$ and $dO$ are enough.

</details>

<details><summary>Hint 3: almost code</summary>

```
dQ ← 0 in HBM
for each block Kj, Vj:
    dKj, dVj ← 0
    for each block Qi, Oi, dOi, Li:
        Δ ← row sum of dOi ∘ Oi
        s ← scale · Qi Kjᵀ, masked;   p ← exp(s − Li)     # use 0 for Li where it is −∞
        dVj ← dVj + pᵀ dOi
        ds ← p ∘ (dOi Vjᵀ − Δ)
        dQ[block i] ← dQ[block i] + scale · ds Kj
        dKj ← dKj + scale · dsᵀ Qi
    write dKj, dVj
```

</details>
"""


# %% nbgrader={"grade_id": "flash_attention_backward_reference", "locked": true}
def problem(name, B, H, T, S, D, scale, causal):
    """Q, K, V, O, L, dO as the function gets them, and the mask."""
    mask = causal_mask(T, S) if causal else None
    Q, dO = (normal(f"{name} {x} {T} {S}", B, H, T, D) for x in ("Q", "dO"))
    K, V = (normal(f"{name} {x} {T} {S}", B, H, S, D) for x in ("K", "V"))
    O, L = (x.float() for x in plain_attention(Q.double(), K.double(), V.double(), scale, mask))
    return (Q, K, V, O, L, dO), mask


def gradients(Q, K, V, dO, scale, mask=None):
    """The gradients in float64, by autograd, and how far float32 may be from them.

    dP − Δ may cancel, so what is lost is measured against the terms, not against what is left.
    """
    expected, tolerance = exact(plain_gradients, Q, K, V, dO, scale, mask)
    terms = scale * (dO.abs() @ V.abs().mT).max() * max(Q.abs().max(), K.abs().max())
    scores = scale * (Q.abs() @ K.abs().mT).max()  # an error in a score is one in its exponential
    loss = torch.finfo(Q.dtype).eps * float((8 + scores) * max(terms, dO.abs().max()))
    return expected, Tolerance(tolerance.relative, max(tolerance.absolute, loss))


def expect_gradients(case, name, B, H, T, S, D, scale, causal, *blocks):
    """Call flash_attention_backward; compare with torch's autograd through plain attention."""
    inputs, mask = problem(name, B, H, T, S, D, scale, causal)
    Q, K, V, _, _, dO = inputs
    expected, tolerance = gradients(Q, K, V, dO, scale, mask)
    outcome = case(flash_attention_backward, *inputs, scale, causal, *blocks)
    outcome.gives(expected, tolerance=tolerance)


def on_the_machine(Q, K, V, O, L, dO, causal):
    """Run flash_attention_backward with 16 KiB of SRAM and blocks of 16."""
    machine = Machine(sram=16 * 1024)
    return machine.run(flash_attention_backward, Q, K, V, O, L, dO, 0.25, causal, 16, 16)


# %% nbgrader={"grade_id": "flash_attention_backward_chain_rule", "points": 4}
CHAIN = """In one tile: P = exp(S − L); dV = Pᵀ dO; dP = dO Vᵀ; the softmax turns dP into
dS = P ∘ (dP − Δ), with Δ = rowsum(dO ∘ O); and since S = scale · Q Kᵀ, both dQ = scale · dS K and
dK = scale · dSᵀ Q have the factor, once."""

with check("follows the chain rule", idea=CHAIN, without=BY_HAND) as case:
    expect_gradients(case, "visible", 1, 1, 2, 3, 2, 0.5, False, 8, 8)
    expect_gradients(case, "visible", 1, 1, 3, 3, 4, 2.0, False, 8, 8)

### BEGIN HIDDEN TESTS
with check("follows the chain rule", idea=CHAIN, hidden=True, without=BY_HAND) as case:
    for B, H, T, S, D, scale in ((1, 1, 1, 2, 1, 1.0), (2, 3, 5, 6, 4, 0.3), (1, 2, 9, 4, 8, 0.7)):
        name = "flash_attention_backward_chain_rule"
        expect_gradients(case, name, B, H, T, S, D, scale, False, 16, 16)
### END HIDDEN TESTS

# %% nbgrader={"grade_id": "flash_attention_backward_adds_up_tiles", "points": 3}
ADDS = """dQ of a block of queries is a sum over all blocks of keys; dK and dV of a block of keys are sums
over all blocks of queries. And Δ belongs to the whole row, not to the tile: take it from O and dO."""

with check("adds up over the tiles", idea=ADDS, without=BY_HAND) as case:
    expect_gradients(case, "visible tiles", 1, 1, 4, 4, 2, 0.5, False, 2, 2)
    expect_gradients(case, "visible tiles", 1, 1, 5, 7, 3, 0.5, False, 2, 3)

### BEGIN HIDDEN TESTS
with check("adds up over the tiles", idea=ADDS, hidden=True, without=BY_HAND) as case:
    for T, S, *blocks in ((8, 8, 4, 4), (7, 11, 3, 4), (17, 5, 16, 2), (5, 17, 2, 16)):
        name = "flash_attention_backward_adds_up_tiles"
        expect_gradients(case, name, 1, 2, T, S, 4, 0.5, False, *blocks)
### END HIDDEN TESTS

# %% nbgrader={"grade_id": "flash_attention_backward_masked_pairs", "points": 3}
MASKED = """A pair that the mask forbids has P = 0, so nothing flows through it. A query that sees no key
has L = −∞: e^(−∞ − (−∞)) would be NaN, and one NaN spreads into all of dK and dV."""

with check("nothing flows through masked pairs", idea=MASKED, without=BY_HAND) as case:
    expect_gradients(case, "visible mask", 1, 1, 4, 4, 2, 0.5, True, 2, 2)
    expect_gradients(case, "visible mask", 1, 1, 2, 5, 2, 0.5, True, 2, 2)
    expect_gradients(case, "visible mask", 1, 1, 5, 2, 2, 0.5, True, 2, 2)

### BEGIN HIDDEN TESTS
with check("nothing flows through masked pairs", idea=MASKED, hidden=True, without=BY_HAND) as case:
    for T, S, *blocks in ((9, 9, 4, 3), (3, 12, 2, 5), (12, 3, 5, 2), (6, 5, 16, 16)):
        name = "flash_attention_backward_masked_pairs"
        expect_gradients(case, name, 1, 2, T, S, 4, 0.5, True, *blocks)
### END HIDDEN TESTS

# %% nbgrader={"grade_id": "flash_attention_backward_fits_in_sram", "points": 2}
SRAM = """Recompute instead of store: each tile of P is computed again from Q, K and L, used, and
dropped. Neither P nor dS nor a whole Q, K, V, O or dO is ever in the SRAM."""

with check("fits in the SRAM", idea=SRAM) as case:
    (Q, K, V, O, L, dO), _ = problem("visible sram", 1, 1, 96, 96, 16, 0.25, False)
    expected, tolerance = gradients(Q, K, V, dO, 0.25)
    case(on_the_machine, Q, K, V, O, L, dO, False).gives(expected, tolerance=tolerance)

### BEGIN HIDDEN TESTS
with check("fits in the SRAM", idea=SRAM, hidden=True) as case:
    (Q, K, V, O, L, dO), mask = problem("hidden sram", 1, 1, 90, 101, 16, 0.25, True)
    expected, tolerance = gradients(Q, K, V, dO, 0.25, mask)
    case(on_the_machine, Q, K, V, O, L, dO, True).gives(expected, tolerance=tolerance)
### END HIDDEN TESTS

# %% [markdown]
"""
**Watch your own function.** What does recomputing cost, and what does it save? The matrix that is not
kept has $N^2$ numbers; what is kept instead, $L$, has $N$.
"""

# %%
inputs, _ = problem("watch", 1, 1, 64, 64, 16, 0.25, False)
machine = Machine()
machine.run(flash_attention_backward, *inputs, 0.25, False, 16, 16)
print(f"read {machine.read:,} bytes, written {machine.written:,}, SRAM {machine.peak:,}")
print(f"P alone: {64 * 64 * 4:,} bytes, to be written once and read once; L: {64 * 4:,}")

# %% [markdown]
"""
**Done?** Save, then choose *Validate* to run every cell from the top in a fresh kernel, and hand in
from the *Assignment List*. If a check still fails, hand in what you have: each one counts by itself.
"""
