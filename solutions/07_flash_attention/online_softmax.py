# %% [markdown]
r"""
# Online softmax: exercises

**27 points · about 60 minutes.** Before: the lesson *Online softmax*, in
`course/07_flash_attention`.

After these four exercises you can

- compute a softmax and a logsumexp that never overflow, also where every logit is masked;
- do it in one pass over a stream, remembering three numbers;
- join two halves of a row, so that the work can be cut up in any way.

How it works: write your code where it says `YOUR CODE HERE`, run the cell, then run the checks
below it. Each check is about one idea. When you hand in, each check is tried again on inputs that
you have not seen, about the same idea.

In all of unit 7 a **masked** logit is $-\infty$: its weight $e^{-\infty}$ is 0. A row that is fully
masked has no weights to share out. By our convention its softmax is all zeros and its logsumexp is
$-\infty$; a NaN is never right.
"""

# %% nbgrader={"grade_id": "setup", "locked": true}
import math

import torch

from course.checks import Tolerance, check, draw_seed, draws
from course.checks.precision import exact
from course.widgets import cells, play

BY_HAND = ("softmax", "log_softmax", "logsumexp", "_softmax", "logaddexp", "logcumsumexp")
inf = math.inf


def normal(name, *shape, scale=2.0):
    """Normal numbers, the same for everyone in a class who runs the check called `name`."""
    return scale * torch.randn(shape, generator=torch.Generator().manual_seed(draw_seed(name)))


# %% [markdown] nbgrader={"grade_id": "safe_softmax_task", "locked": true}
r"""
## 1. A softmax that never overflows

`safe_softmax` · 6 points · difficulty 2 of 5 · 10 minutes

**Write** `safe_softmax(x)`: the softmax of each row,

$$p_j = \frac{e^{x_j}}{\sum_k e^{x_k}}.$$

| | |
|---|---|
| `x` | tensor `(..., N)` with $N \ge 1$, float32; logits from $-10^4$ to $10^4$, or $-\infty$ |
| returns | tensor of the same shape and dtype; a fully masked row gives zeros |
| by hand | without torch's `softmax`, `log_softmax`, `logsumexp`, `logaddexp`, `logcumsumexp` |

In float32, $e^{89}$ is already infinite, and $\infty/\infty$ is NaN. But a softmax does not change
when the same number is subtracted from every logit of a row.

**Example.** `safe_softmax(tensor([[1000., 1000.]]))` is `[[0.5, 0.5]]`.
"""


# %% nbgrader={"grade_id": "safe_softmax", "solution": true}
def safe_softmax(x: torch.Tensor) -> torch.Tensor:
    """The softmax of each row of x; a fully masked row gives zeros."""
    ### BEGIN SOLUTION
    m = x.amax(dim=-1, keepdim=True)  # (..., 1)
    m = torch.where(m == -inf, 0.0, m)  # e^(−∞ − 0) = 0, but e^(−∞ − −∞) is NaN
    weights = torch.exp(x - m)
    total = weights.sum(dim=-1, keepdim=True)
    return weights / torch.where(total == 0, 1.0, total)
    ### END SOLUTION


# %% [markdown] nbgrader={"grade_id": "safe_softmax_hints", "locked": true}
r"""
<details><summary>Hint 1: the idea</summary>

Subtract the largest logit of the row. Then the largest exponent is 0, and nothing can overflow.

</details>

<details><summary>Hint 2: a sketch</summary>

The maximum along the last axis, kept as an axis of size 1. The exponentials of the differences.
Their sum along the last axis. The quotient. What is the maximum of a fully masked row, and what is
$-\infty - (-\infty)$?

</details>

<details><summary>Hint 3: almost code</summary>

```
m ← maximum of each row, (..., 1);  where m is −∞, use 0 instead
e ← exp(x − m);  total ← sum of each row of e
return e / total, but where total is 0 divide by 1
```

</details>
"""


# %% nbgrader={"grade_id": "safe_softmax_reference", "locked": true}
def library_softmax(x):
    """What to expect: torch's own softmax, with zeros in fully masked rows."""
    return torch.softmax(x, dim=-1).masked_fill((x == -inf).all(-1, keepdim=True), 0.0)


def expect_softmax(case, x):
    """Call safe_softmax on x and compare it with torch's, as near as float32 allows."""
    expected, tolerance = exact(library_softmax, x)
    case(safe_softmax, x).gives(expected, tolerance=tolerance, dtype=x.dtype)


# %% nbgrader={"grade_id": "safe_softmax_large_logits", "points": 2}
LARGE = """Subtract the largest logit before the exponential: the largest exponent is then 0, and
neither e^10000 = ∞ nor a sum of nothing but zeros can occur."""

with check("holds large logits", idea=LARGE, without=BY_HAND) as case:
    expect_softmax(case, torch.tensor([[1.0, 2.0, 3.0], [1000.0, 1000.0, 999.0]]))
    expect_softmax(case, torch.tensor([[1e4, -1e4, 9999.0], [-9999.0, -1e4, -9998.0]]))

### BEGIN HIDDEN TESTS
with check("holds large logits", idea=LARGE, hidden=True, without=BY_HAND) as case:
    for shape in ((5, 7), (3, 1), (1, 129)):
        x = normal(f"safe_softmax_large_logits {shape}", *shape)
        for shift in (0.0, 200.0, -200.0, 1e4, -1e4):
            expect_softmax(case, x + shift)
    expect_softmax(case, torch.where(x > 0, 1e4, -1e4))
### END HIDDEN TESTS

# %% nbgrader={"grade_id": "safe_softmax_each_row_by_itself", "points": 2}
EACH_ROW = """Each row, that is, each run along the last axis, has its own maximum and its own sum.
With one maximum for all rows, a row that lies far below it underflows to zeros."""

with check("takes each row by itself", idea=EACH_ROW, without=BY_HAND) as case:
    expect_softmax(case, torch.tensor([[0.0, 1.0], [500.0, 501.0], [-500.0, -500.0]]))
    expect_softmax(case, torch.tensor([[[3.0, 1.0, 2.0]], [[300.0, 100.0, 299.0]]]))

### BEGIN HIDDEN TESTS
with check("takes each row by itself", idea=EACH_ROW, hidden=True, without=BY_HAND) as case:
    for shape in ((6, 9), (2, 3, 5), (2, 2, 3, 4), (8,)):
        x = normal(f"safe_softmax_each_row_by_itself {shape}", *shape)
        offsets = torch.linspace(-3000, 3000, x[..., 0].numel()).reshape(*shape[:-1], 1)
        expect_softmax(case, x + offsets)
### END HIDDEN TESTS

# %% nbgrader={"grade_id": "safe_softmax_masked_logits", "points": 2}
MASKED = """A masked logit, −∞, has weight 0. In a fully masked row the maximum is −∞ itself, and
−∞ − (−∞) is NaN: subtract something finite there, and do not divide by a sum that is 0."""

with check("rows may be fully masked", idea=MASKED, without=BY_HAND) as case:
    expect_softmax(case, torch.tensor([[-inf, 1.0, -inf, 2.0]]))
    expect_softmax(case, torch.tensor([[-inf, -inf], [0.0, -inf]]))

### BEGIN HIDDEN TESTS
with check("rows may be fully masked", idea=MASKED, hidden=True, without=BY_HAND) as case:
    x = normal("safe_softmax_masked_logits", 12, 10) * 50
    for share in (0.3, 0.8, 1.0):
        drop = normal(f"safe_softmax_masked_logits {share}", 12, 10, scale=1.0).abs() < share * 3
        masked = x.masked_fill(drop, -inf)
        masked[::3] = -inf
        masked[1, 1:], masked[1, 0] = -inf, -200.0
        expect_softmax(case, masked)
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade_id": "logsumexp_rows_task", "locked": true}
r"""
## 2. The logsumexp of each row

`logsumexp_rows` · 5 points · difficulty 2 of 5 · 10 minutes

One number a row is enough to get all its softmax weights back: with

$$L = \ln \sum_k e^{x_k} \qquad\text{we have}\qquad p_j = e^{x_j - L}.$$

FlashAttention keeps only this $L$ for its backward pass.

**Write** `logsumexp_rows(x)`.

| | |
|---|---|
| `x` | tensor `(..., N)` with $N \ge 1$, float32; logits from $-10^4$ to $10^4$, or $-\infty$ |
| returns | tensor `(...)` of the same dtype (natural logarithm); $-\infty$ for a fully masked row |
| by hand | without torch's `softmax`, `log_softmax`, `logsumexp`, `logaddexp`, `logcumsumexp` |

**Example.** `logsumexp_rows(tensor([[0., 0.], [1000., -inf]]))` is `[0.6931, 1000.]`.
"""


# %% nbgrader={"grade_id": "logsumexp_rows", "solution": true}
def logsumexp_rows(x: torch.Tensor) -> torch.Tensor:
    """ln Σ e^x over each row of x; −∞ for a fully masked row."""
    ### BEGIN SOLUTION
    m = x.amax(dim=-1)  # (...)
    safe = torch.where(m == -inf, 0.0, m)
    return safe + torch.log(torch.exp(x - safe[..., None]).sum(dim=-1))
    ### END SOLUTION


# %% [markdown] nbgrader={"grade_id": "logsumexp_rows_hints", "locked": true}
r"""
<details><summary>Hint 1: the idea</summary>

$\sum_k e^{x_k} = e^{m} \sum_k e^{x_k - m}$. Take the logarithm of both sides.

</details>

<details><summary>Hint 2: a sketch</summary>

$L = m + \ln \sum_k e^{x_k - m}$ with the maximum $m$ of the row. The result has one axis less than
`x`. For a fully masked row, let $m$ be 0: $\ln 0 = -\infty$ is then just what is wanted.

</details>

<details><summary>Hint 3: almost code</summary>

```
m ← maximum of each row, (...);  where m is −∞, use 0 instead
return m + log(sum over the row of exp(x − m))     # m needs a last axis of size 1 here
```

</details>
"""


# %% nbgrader={"grade_id": "logsumexp_rows_reference", "locked": true}
def expect_logsumexp(case, x):
    """Call logsumexp_rows on x and compare it with torch's, as near as float32 allows."""
    expected, tolerance = exact(lambda x: torch.logsumexp(x, dim=-1), x)
    case(logsumexp_rows, x).gives(expected, tolerance=tolerance, dtype=x.dtype)


# %% nbgrader={"grade_id": "logsumexp_rows_adds_the_maximum_back", "points": 2}
BACK = """Pull the largest factor out of the sum: ln Σ e^x = m + ln Σ e^(x − m). The sum then lies
between 1 and N, and the maximum that was taken out is added again after the logarithm."""

with check("adds the maximum back", idea=BACK, without=BY_HAND) as case:
    expect_logsumexp(case, torch.tensor([[0.0, 0.0], [1.0, 3.0]]))
    expect_logsumexp(case, torch.tensor([[1000.0, 1000.0], [-1000.0, -1002.0]]))

### BEGIN HIDDEN TESTS
with check("adds the maximum back", idea=BACK, hidden=True, without=BY_HAND) as case:
    for shape in ((5, 8), (4, 1), (1, 200)):
        x = normal(f"logsumexp_rows_adds_the_maximum_back {shape}", *shape)
        for shift in (0.0, 150.0, -150.0, 1e4, -1e4):
            expect_logsumexp(case, x + shift)
### END HIDDEN TESTS

# %% nbgrader={"grade_id": "logsumexp_rows_one_number_a_row", "points": 1}
ONE_NUMBER = """One number for each row: the last axis goes away, the others stay as they are, and
each row has its own maximum."""

with check("gives one number a row", idea=ONE_NUMBER, without=BY_HAND) as case:
    expect_logsumexp(case, torch.tensor([[[0.0, 1.0], [400.0, 1.0]], [[-400.0, 0.0], [5.0, 5.0]]]))
    expect_logsumexp(case, torch.tensor([2.0, 2.0, 2.0, 2.0]))

### BEGIN HIDDEN TESTS
with check("gives one number a row", idea=ONE_NUMBER, hidden=True, without=BY_HAND) as case:
    for shape in ((3, 3), (2, 3, 5), (2, 1, 3, 4), (6,), (1, 1)):
        x = normal(f"logsumexp_rows_one_number_a_row {shape}", *shape)
        offsets = torch.linspace(-2000, 2000, x[..., 0].numel()).reshape(*shape[:-1], 1)
        expect_logsumexp(case, x + offsets)
### END HIDDEN TESTS

# %% nbgrader={"grade_id": "logsumexp_rows_masked_rows", "points": 2}
NOTHING = """A masked logit adds nothing to the sum. The sum over a fully masked row is 0, and its
logarithm is −∞. Guard against −∞ − (−∞), which is NaN."""

with check("a fully masked row gives −∞", idea=NOTHING, without=BY_HAND) as case:
    expect_logsumexp(case, torch.tensor([[-inf, -inf], [7.0, -inf]]))
    expect_logsumexp(case, torch.tensor([[-inf]]))

### BEGIN HIDDEN TESTS
with check("a fully masked row gives −∞", idea=NOTHING, hidden=True, without=BY_HAND) as case:
    # So far apart that a row's largest logit is its logsumexp: only the masks matter here.
    x = normal("logsumexp_rows_masked_rows", 10, 9)
    x = 2000.0 * (x.argsort(dim=-1) - 4).to(x.dtype)
    for share in (0.3, 0.8):
        drop = normal(f"logsumexp_rows_masked_rows {share}", 10, 9, scale=1.0).abs() < share * 3
        masked = x.masked_fill(drop, -inf)
        masked[1::3] = -inf
        expect_logsumexp(case, masked)
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade_id": "online_softmax_task", "locked": true}
r"""
## 3. One pass over a stream

`online_softmax` · 8 points · difficulty 3 of 5 · 20 minutes

Logits arrive one after the other, each with a value: pairs $(x_1, v_1), (x_2, v_2), \dots$ You may
look at each pair once, and you cannot keep them all. After $i$ pairs the **state** of the stream is
three numbers:

$$m_i = \max_{k \le i} x_k, \qquad \ell_i = \sum_{k \le i} e^{x_k - m_i}, \qquad
a_i = \sum_{k \le i} e^{x_k - m_i}\, v_k.$$

From the last state, $a/\ell$ is the softmax-weighted mean of the values: attention, for one query
and values that are single numbers. And $m + \ln \ell$ is the logsumexp.

**Write** `online_softmax(stream)`, which returns the last state.

| | |
|---|---|
| `stream` | an iterable of pairs `(x, v)` of floats, which can be gone through once; $x$ from $-10^4$ to $10^4$, or $-\infty$ |
| returns | the tuple of floats `(m, l, a)`; for an empty stream, or one that is fully masked, `(-inf, 0.0, 0.0)` |
| memory | hold at most 8 logits at a time, however long the stream is |

**Example.** `online_softmax([(0.0, 10.0), (0.0, 20.0)])` is `(0.0, 2.0, 30.0)`: the mean is 15.
"""


# %% nbgrader={"grade_id": "online_softmax", "solution": true}
def online_softmax(stream) -> tuple[float, float, float]:
    """The state (m, l, a) of a stream of pairs (logit, value), in one pass."""
    ### BEGIN SOLUTION
    m, l, a = -inf, 0.0, 0.0
    for x, v in stream:
        if x == -inf:
            continue  # weight 0, whatever the maximum
        m_new = max(m, x)
        rescale, weight = math.exp(m - m_new), math.exp(x - m_new)
        m, l, a = m_new, l * rescale + weight, a * rescale + weight * v
    return m, l, a
    ### END SOLUTION


# %% [markdown] nbgrader={"grade_id": "online_softmax_hints", "locked": true}
r"""
<details><summary>Hint 1: the idea</summary>

All terms of the sums are measured against the largest logit so far. When a larger one comes, every
old term must shrink by the same factor, and a sum whose terms all shrink by a factor shrinks by it.

</details>

<details><summary>Hint 2: a sketch</summary>

With $m_i = \max(m_{i-1}, x_i)$:

$$\ell_i = \ell_{i-1}\, e^{m_{i-1} - m_i} + e^{x_i - m_i},$$

and the same for $a$, with the value in the new term. Begin with $m = -\infty$ and zeros. What must
not be calculated when $m_{i-1}$ and $x_i$ are both $-\infty$?

</details>

<details><summary>Hint 3: almost code</summary>

```
m, l, a ← −∞, 0, 0
for each pair (x, v):
    if x is −∞: go on to the next pair
    m_new ← max(m, x)
    l ← l · exp(m − m_new) + exp(x − m_new)
    a ← a · exp(m − m_new) + exp(x − m_new) · v
    m ← m_new
```

</details>
"""


# %% nbgrader={"grade_id": "online_softmax_reference", "locked": true}
CLOSE = Tolerance(relative=1e-11, absolute=1e-10)  # the sums may be rounded in another order


def state_of(pairs):
    """The state by its definition, with all pairs at hand and exactly rounded sums."""
    m = max((x for x, _ in pairs), default=-inf)
    if m == -inf:
        return -inf, 0.0, 0.0
    weights = [math.exp(x - m) for x, _ in pairs]
    weighted = [w * v for w, (_, v) in zip(weights, pairs, strict=True)]
    return m, math.fsum(weights), math.fsum(weighted)


def most_logits_held(pairs):
    """How many logits of the stream `online_softmax` held at the same time, at most."""
    held = most = 0

    class Logit(float):
        def __del__(self):
            nonlocal held
            held -= 1

    def stream():
        nonlocal held, most
        for x, v in pairs:
            held += 1
            most = max(most, held)
            yield Logit(x), v

    online_softmax(stream())
    return most


# %% nbgrader={"grade_id": "online_softmax_rescales", "points": 3}
RESCALE = """When the maximum rises from m to m', the terms summed so far were measured against the
old one. Multiply both sums, l and a, by e^(m − m') before the new term is added."""

with check("rescales when the maximum rises", idea=RESCALE) as case:
    for pairs in (
        [(0.0, 10.0), (0.0, 20.0)],
        [(0.0, 1.0), (1.0, 2.0), (3.0, 3.0)],
        [(3.0, 3.0), (1.0, 2.0), (2.0, 1.0)],
    ):
        case(online_softmax, pairs).gives(state_of(pairs), tolerance=CLOSE)

### BEGIN HIDDEN TESTS
with check("rescales when the maximum rises", idea=RESCALE, hidden=True) as case:
    random = draws("online_softmax_rescales")
    for order in (None, sorted, lambda pairs: sorted(pairs, reverse=True)):
        for length in (1, 2, 3, 17, 60):
            pairs = [(random.gauss(0, 3), random.gauss(0, 5)) for _ in range(length)]
            pairs = order(pairs) if order else pairs
            case(online_softmax, pairs).gives(state_of(pairs), tolerance=CLOSE)
### END HIDDEN TESTS

# %% nbgrader={"grade_id": "online_softmax_any_range", "points": 2}
RANGE = """The maximum begins at −∞, below every logit. Begun at 0, a stream of very negative logits
sums to 0; without a maximum, e^10000 overflows."""

with check("holds logits of any size", idea=RANGE) as case:
    for pairs in (
        [(-1000.0, 2.0), (-1001.0, 4.0)],
        [(1e4, 1.0), (-1e4, 5.0), (9999.0, 3.0)],
        [(-1e4, 1.0), (1e4, 2.0)],
    ):
        case(online_softmax, pairs).gives(state_of(pairs), tolerance=CLOSE)

### BEGIN HIDDEN TESTS
with check("holds logits of any size", idea=RANGE, hidden=True) as case:
    random = draws("online_softmax_any_range")
    for centre in (0, 800, -800, 9990, -9990):
        for spread in (3, 1000):
            logits = [random.gauss(centre, spread) for _ in range(20)]
            pairs = [(min(max(x, -1e4), 1e4), random.gauss(0, 5)) for x in logits]
            case(online_softmax, pairs).gives(state_of(pairs), tolerance=CLOSE)
### END HIDDEN TESTS

# %% nbgrader={"grade_id": "online_softmax_masked", "points": 2}
WEIGHTLESS = """A logit of −∞ has weight 0, wherever it stands. As long as nothing but −∞ has come,
the state is still (−∞, 0, 0): calculate no −∞ − (−∞), which is NaN."""

with check("masked logits weigh nothing", idea=WEIGHTLESS) as case:
    for pairs in ([], [(-inf, 3.0)], [(-inf, 3.0), (1.0, 2.0), (-inf, 9.0), (0.0, 4.0)]):
        case(online_softmax, pairs).gives(state_of(pairs), tolerance=CLOSE)

### BEGIN HIDDEN TESTS
with check("masked logits weigh nothing", idea=WEIGHTLESS, hidden=True) as case:
    random = draws("online_softmax_masked")
    for share in (0.2, 0.5, 0.9, 1.0):
        for length in (1, 4, 25):
            logits = [
                -inf if random.random() < share else random.gauss(0, 4) for _ in range(length)
            ]
            for some in ([-inf, -3.0], logits, [-inf, *logits], [*logits, -inf]):
                pairs = [(x, random.gauss(0, 5)) for x in some]
                case(online_softmax, pairs).gives(state_of(pairs), tolerance=CLOSE)
### END HIDDEN TESTS

# %% nbgrader={"grade_id": "online_softmax_one_pass", "points": 1}
THREE = """Three numbers are all that must be remembered. A list of the logits is as long as the
stream, and the stream can be gone through only once."""

with check("keeps three numbers, not the stream", idea=THREE) as case:
    pairs = [(math.sin(i), 1.0) for i in range(200)]
    case(online_softmax, iter(pairs)).gives(state_of(pairs), tolerance=CLOSE)
    case(most_logits_held, pairs).satisfies("at most 8 logits at once", lambda most, _: most <= 8)

### BEGIN HIDDEN TESTS
with check("keeps three numbers, not the stream", idea=THREE, hidden=True) as case:
    random = draws("online_softmax_one_pass")
    for length in (50, 300):
        pairs = [(random.gauss(0, 3), random.gauss(0, 5)) for _ in range(length)]
        case(online_softmax, iter(pairs)).gives(state_of(pairs), tolerance=CLOSE)
        case(most_logits_held, pairs).satisfies("at most 8 at once", lambda most, _: most <= 8)
### END HIDDEN TESTS

# %% [markdown]
"""
**Watch your own function.** Step through its run: which step changes `l` although the new logit is
small? Type other pairs: logits that only rise, logits that only fall.
"""

# %%
play(online_softmax, [(1.0, 10.0), (3.0, 20.0), (2.0, 30.0), (5.0, 40.0)], view=cells("stream"))

# %% [markdown] nbgrader={"grade_id": "merge_states_task", "locked": true}
r"""
## 4. Joining two halves

`merge_states` · 8 points · difficulty 3 of 5 · 20 minutes

Two workers each went through a part of the keys. Each has, for every one of $T$ queries, the state
of its part: with logits $x_{ik}$ of query $i$ and values $v_k$, which are now vectors of length $D$,

$$m_i = \max_k x_{ik}, \qquad \ell_i = \sum_k e^{x_{ik} - m_i}, \qquad
a_i = \sum_k e^{x_{ik} - m_i}\, v_k .$$

**Write** `merge_states(first, second)`: the state over both parts together.

| | |
|---|---|
| `first`, `second` | each a tuple `(m, l, a)` of float64 tensors of shapes `(T,)`, `(T,)`, `(T, D)` |
| returns | the tuple `(m, l, a)` of the two parts together, in the same shapes and dtype |
| empty parts | a row whose part holds no key, or only masked ones, has $m = -\infty$, $\ell = 0$, $a = 0$ |

The accumulator $a$ is *not* divided by $\ell$ yet: that is done once, at the very end.

**Example.** With $T = D = 1$: `merge_states((0, 1, 5), (0, 2, 8))` is `(0, 3, 13)`.
"""


# %% nbgrader={"grade_id": "merge_states", "solution": true}
def merge_states(first, second):
    """The state (m, l, a) of two parts together; shapes (T,), (T,), (T, D)."""
    ### BEGIN SOLUTION
    (m1, l1, a1), (m2, l2, a2) = first, second
    m = torch.maximum(m1, m2)
    safe = torch.where(m == -inf, 0.0, m)  # both empty: e^(−∞ − 0) = 0
    c1, c2 = torch.exp(m1 - safe), torch.exp(m2 - safe)
    return m, c1 * l1 + c2 * l2, c1[:, None] * a1 + c2[:, None] * a2
    ### END SOLUTION


# %% [markdown] nbgrader={"grade_id": "merge_states_hints", "locked": true}
r"""
<details><summary>Hint 1: the idea</summary>

Both parts must be measured against the same maximum before they are added: the larger of the two.

</details>

<details><summary>Hint 2: a sketch</summary>

With $m = \max(m_1, m_2)$ the first part shrinks by $c_1 = e^{m_1 - m}$, the second by
$c_2 = e^{m_2 - m}$. One of the two factors is 1. Which row makes $m_1 - m$ undefined?

</details>

<details><summary>Hint 3: almost code</summary>

```
m ← the larger of m1 and m2, row by row;   M ← m, but 0 where m is −∞
c1, c2 ← exp(m1 − M), exp(m2 − M)
l ← c1 · l1 + c2 · l2
a ← c1 · a1 + c2 · a2            # the factors need a last axis of size 1
```

</details>
"""


# %% nbgrader={"grade_id": "merge_states_reference", "locked": true}
def rows_state(x, v):
    """The state of logits x (T, N) and values v (N, D) by its definition, all at once."""
    m = torch.cat([x, x.new_full((len(x), 1), -inf)], dim=1).amax(dim=1)
    weights = torch.exp(x - m.masked_fill(m == -inf, 0.0)[:, None])
    return m, weights.sum(dim=1), weights @ v


def expect_merge(case, logits, values, cut):
    """Merge the states of the columns before and after `cut`; compare with all at once."""
    before = rows_state(logits[:, :cut], values[:cut])
    after = rows_state(logits[:, cut:], values[cut:])
    case(merge_states, before, after).gives(rows_state(logits, values), tolerance=CLOSE)


def merged_in_a_tree(x, v):
    """Each column a part by itself; neighbours are merged, and their neighbours, and so on."""
    parts = [rows_state(x[:, k : k + 1], v[k : k + 1]) for k in range(x.shape[1])]
    while len(parts) > 1:
        pairs = [parts[k : k + 2] for k in range(0, len(parts), 2)]
        parts = [merge_states(*pair) if len(pair) == 2 else pair[0] for pair in pairs]
    return parts[0]


def logits_and_values(name, T, N, D, scale=3.0):
    x = normal(name, T, N, scale=scale).double()
    return x, normal(f"{name} values", N, D).double()


# %% nbgrader={"grade_id": "merge_states_one_maximum", "points": 3}
ONE_MAXIMUM = """Two sums can be added only when they are measured against the same maximum. Shrink
each part, its l and its a, by e^(its own m − the larger m)."""

with check("measures both parts against one maximum", idea=ONE_MAXIMUM) as case:
    x, v = (
        torch.tensor([[0.0, 1.0, 3.0, 2.0]]).double(),
        torch.tensor([[1.0], [2], [3], [4]]).double(),
    )
    expect_merge(case, x, v, 2)
    expect_merge(case, -x, v, 2)
    expect_merge(case, x, v, 1)

### BEGIN HIDDEN TESTS
with check("measures both parts against one maximum", idea=ONE_MAXIMUM, hidden=True) as case:
    for T, N, D in ((1, 2, 1), (4, 9, 3), (7, 30, 5)):
        x, v = logits_and_values(f"merge_states_one_maximum {T}", T, N, D)
        for cut in {1, N // 2, N - 1}:
            expect_merge(case, x, v, cut)
            expect_merge(case, x.sort(dim=1).values, v, cut)
### END HIDDEN TESTS

# %% nbgrader={"grade_id": "merge_states_empty_parts", "points": 2}
EMPTY = """An empty part changes nothing, on either side: its factor is e^(−∞ − m) = 0. Where both
parts are empty, m stays −∞, and −∞ − (−∞) would be NaN: guard that row."""

with check("an empty part changes nothing", idea=EMPTY) as case:
    x = torch.tensor([[1.0, -inf], [-inf, 2.0], [-inf, -inf], [0.0, 0.0]]).double()
    v = torch.tensor([[1.0, 2.0], [3.0, 4.0]]).double()
    expect_merge(case, x, v, 1)
    expect_merge(case, x, v, 0)
    expect_merge(case, x, v, 2)

### BEGIN HIDDEN TESTS
with check("an empty part changes nothing", idea=EMPTY, hidden=True) as case:
    x, v = logits_and_values("merge_states_empty_parts", 8, 12, 3)
    x[::2, :6], x[1::4, 6:], x[::4] = -inf, -inf, -inf
    for cut in (0, 3, 6, 12):
        expect_merge(case, x, v, cut)
### END HIDDEN TESTS

# %% nbgrader={"grade_id": "merge_states_any_grouping", "points": 2}
GROUPING = """Merging is associative: however the keys are cut up, and in whatever order neighbours
are joined, the state is that of all keys together. So divide by l only once, at the very end."""

with check("any grouping gives the same", idea=GROUPING) as case:
    x, v = torch.tensor([[0.0, 4.0, 1.0, 2.0, 3.0]]).double(), torch.arange(5.0).double()[:, None]
    case(merged_in_a_tree, x, v).gives(rows_state(x, v), tolerance=CLOSE)

### BEGIN HIDDEN TESTS
with check("any grouping gives the same", idea=GROUPING, hidden=True) as case:
    for T, N, D in ((3, 8, 2), (5, 21, 4)):
        x, v = logits_and_values(f"merge_states_any_grouping {T}", T, N, D)
        case(merged_in_a_tree, x, v).gives(rows_state(x, v), tolerance=CLOSE)
        x[:, ::3] = -inf
        case(merged_in_a_tree, x, v).gives(rows_state(x, v), tolerance=CLOSE)
### END HIDDEN TESTS

# %% nbgrader={"grade_id": "merge_states_any_range", "points": 1}
FAR = """The parts may lie 20 000 apart. Only differences to the larger maximum, which are never
positive, may go into the exponential."""

with check("the parts may lie far apart", idea=FAR) as case:
    x, v = torch.tensor([[1e4, -1e4], [-1e4, 1e4], [9e3, 9e3]]).double(), torch.ones(2, 2).double()
    expect_merge(case, x, v, 1)

### BEGIN HIDDEN TESTS
with check("the parts may lie far apart", idea=FAR, hidden=True) as case:
    x, v = logits_and_values("merge_states_any_range", 6, 10, 2)
    for shift in (1e4, -1e4):
        expect_merge(case, x + shift, v, 5)
        x[::2, :5], x[1::2, 5:] = x[::2, :5] + shift, x[1::2, 5:] - shift
        expect_merge(case, x, v, 5)
### END HIDDEN TESTS

# %% [markdown]
"""
**See it on your own function.** Five parts, merged from left to right: the maximum and the sum after
each.
"""

# %%
x, v = torch.tensor([[2.0, 0.0, 5.0, 1.0, 4.0]]).double(), torch.arange(5.0).double()[:, None]
state = rows_state(x[:, :0], v[:0])
for k in range(5):
    state = merge_states(state, rows_state(x[:, k : k + 1], v[k : k + 1]))
    print(f"after {k + 1}: m = {state[0].item():.0f}, l = {state[1].item():.4f}")

# %% [markdown]
"""
**Done?** Save, then choose *Validate* to run every cell from the top in a fresh kernel, and hand in
from the *Assignment List*. If a check still fails, hand in what you have: each one counts by itself.
"""
