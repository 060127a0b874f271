# %% [markdown]
"""
# Online softmax

**After this lesson you can**

- compute a softmax that neither overflows nor divides by 0, with three passes over the row, two,
  or one,
- write down what is true after each step (the *invariant*), and let your own code check it,
- join the results of two halves of a row, and prove that any grouping gives the same,
- say why this is the heart of FlashAttention.

**You need** exponentials and logarithms, Python loops; a little torch in section 8.

**Time** 35 minutes. Run each cell with **Shift + Enter**, from the top.
"""

# %%
import math

from course.widgets import cells, pictures, play
from course.widgets.attention import softmax_stream

logits = [1.0, 3.0, 2.0, 5.0, 4.0]
pictures.bars(logits, title="Five logits, as they arrive")

# %% [markdown]
r"""
## 1 · A question about one row

A query is compared with $N$ keys. Each comparison gives a number, a **logit** $x_k$; each key
carries a value $v_k$. Attention answers with a weighted mean of the values, in which large logits
weigh more:

$$o = \sum_{k=1}^{N} p_k\, v_k, \qquad p_k = \frac{e^{x_k}}{\sum_{j=1}^{N} e^{x_j}} .$$

The $p_k$ are the **softmax** of the logits: positive, and 1 in sum.

Now let the keys arrive **one after the other**, and suppose that you may not store them: there are
a million, and your fast memory holds a few thousand numbers. Every $p_k$ needs the sum over *all*
keys. **Can you have the answer when the last key has passed, without going back?**
"""

# %% [markdown]
r"""
### First, a smaller trouble

The formula, as it stands, breaks. In float32 the largest number is about $3.4 \cdot 10^{38}$, which
is $e^{88.7}$. In Python's float64 it is $e^{709.8}$.
"""


# %%
def softmax_as_written(x):
    weights = [math.exp(one) for one in x]
    return [weight / sum(weights) for weight in weights]


[round(p, 4) for p in softmax_as_written(logits)]

# %%
try:
    softmax_as_written([1000.0, 1000.0])
except OverflowError as error:
    print("OverflowError:", error)

# %% [markdown]
r"""
Two equal logits should give ½ and ½. And on the other side, $e^{-1000}$ is rounded to 0: for
$(-1000, -1000)$ the sum is 0, and $0/0$ is left.

**The cure.** For any number $c$,

$$\frac{e^{x_k - c}}{\sum_j e^{x_j - c}}
= \frac{e^{-c}\,e^{x_k}}{e^{-c} \sum_j e^{x_j}} = \frac{e^{x_k}}{\sum_j e^{x_j}} .$$

The factor $e^{-c}$ stands above and below, and cancels. So we may subtract what we like. Take the
**maximum** $m = \max_j x_j$. Then

- every exponent $x_k - m$ is at most 0, so no exponential exceeds 1: *nothing overflows*;
- one exponent is exactly 0, so the sum is at least 1: *we never divide by 0*.
"""

# %% [markdown]
"""
## 2 · Three passes

So: find the maximum; sum the exponentials; divide.
"""


# %%
def three_passes(x):
    m = -math.inf
    for one in x:  # first pass
        m = max(m, one)
    total = 0.0
    for one in x:  # second pass
        total += math.exp(one - m)
    return [math.exp(one - m) / total for one in x]  # third pass


three_passes([1000.0, 1000.0]), [round(p, 4) for p in three_passes(logits)]

# %%
play(three_passes, logits, view=cells("x"))

# %% [markdown]
"""
**Is three a lot?** When the row is longer than the fast memory, each pass fetches it again from the
slow one. Softmax does very little arithmetic for each number, so fetching is what takes the time.
Milakov and Gimelshein (2018) count memory accesses for each logit: 4 in three passes (the last one
also writes), 3 in two. *(We count our own in section 8.)*

The second pass cannot begin before the first has ended, because it needs the maximum. Or can it?

**Decide before you read on:** you have summed $e^{x - 3}$ over the first few logits, because 3 was
the largest so far. Now comes a 5. Is your sum lost?
"""

# %% [markdown]
r"""
<details><summary><b>Answer</b></summary>

No. Every term was $e^{x-3}$ and should now be $e^{x-5} = e^{x-3} \cdot e^{3-5}$. All terms change
by the *same* factor $e^{-2}$, so the sum changes by that factor. One multiplication repairs it.

</details>
"""

# %% [markdown]
r"""
## 3 · Two passes: the sum follows the maximum

Write $m_i$ for the maximum of the first $i$ logits, and

$$\ell_i = \sum_{k=1}^{i} e^{x_k - m_i}$$

for the sum measured against it. How does $\ell_i$ come from $\ell_{i-1}$? Take the last term out,
then change the yardstick from $m_i$ to $m_{i-1}$ in the others:

$$\begin{aligned}
\ell_i &= \sum_{k=1}^{i-1} e^{x_k - m_i} + e^{x_i - m_i} \\
&= \sum_{k=1}^{i-1} e^{x_k - m_{i-1}}\, e^{m_{i-1} - m_i} + e^{x_i - m_i} \\
&= \ell_{i-1}\, e^{m_{i-1} - m_i} + e^{x_i - m_i} .
\end{aligned}$$

The sum before, one factor, one new term. Nothing of the past is needed but $m_{i-1}$ and
$\ell_{i-1}$.

In the code, the definition stands as an assertion. It is the **invariant**: true after every turn.
Try to break the update, and see which turn complains.
"""


# %%
def running_sum(x):
    m, l = -math.inf, 0.0
    for i, one in enumerate(x):
        m_new = max(m, one)
        l = l * math.exp(m - m_new) + math.exp(one - m_new)
        m = m_new
        assert m == max(x[: i + 1])
        assert math.isclose(l, sum(math.exp(past - m) for past in x[: i + 1]))
    return m, l


running_sum(logits)

# %% [markdown]
r"""
At the first turn $m_0 = -\infty$: the factor is $e^{-\infty - x_1} = 0$, and $0 \cdot 0 = 0$. The
start needs no special case.

**Play.** Move the slider, or press play. The bars are the terms of $\ell$. When a new maximum
arrives, all earlier bars shrink by the same factor.
"""

# %%
softmax_stream(logits)

# %% [markdown]
"""
And here the code itself. Before each step of the loop: will `l` grow or shrink?
"""


# %%
def two_passes(x):
    m, l = -math.inf, 0.0
    for one in x:  # first pass: maximum and sum together
        m_new = max(m, one)
        l = l * math.exp(m - m_new) + math.exp(one - m_new)
        m = m_new
    return [math.exp(one - m) / l for one in x]  # second pass


play(two_passes, logits, view=cells("x"), reference=three_passes)

# %% [markdown]
r"""
This is the *online softmax* of Milakov and Gimelshein (2018). One pass is saved; the second is
needed, because each $p_k$ is to be written down, and it needs the final $\ell$.
"""

# %% [markdown]
r"""
## 4 · One pass: do not write the weights down

But look again at what was asked. Nobody wants the $p_k$. We want $o = \sum_k p_k v_k$, *one* number
(or one vector). So sum that, too, against the running maximum. Let

$$a_i = \sum_{k=1}^{i} e^{x_k - m_i}\, v_k .$$

The same three lines as before give

$$a_i = a_{i-1}\, e^{m_{i-1} - m_i} + e^{x_i - m_i}\, v_i ,$$

and at the end $o = a_N / \ell_N$: the common factor $e^{-m_N}$ cancels once more.

Three numbers $(m, \ell, a)$ are the **state** of the stream. They are all that must be remembered.
"""


# %%
def one_pass(x, v):
    m, l, a = -math.inf, 0.0, 0.0
    for i in range(len(x)):
        m_new = max(m, x[i])
        rescale, weight = math.exp(m - m_new), math.exp(x[i] - m_new)
        l = l * rescale + weight
        a = a * rescale + weight * v[i]
        m = m_new
        o = sum(p * w for p, w in zip(three_passes(x[: i + 1]), v, strict=False))
        assert math.isclose(a / l, o)  # the mean of what has been seen
    return a / l


values = [10.0, 20.0, 30.0, 40.0, 50.0]
one_pass(logits, values)

# %% [markdown]
r"""
The assertion says: at *every* moment $a/\ell$ is the attention over the keys seen so far. Not only
at the end. That is more than we asked for, and it is why a long row can be cut anywhere.

**Find the bug.** Someone rescales the sum, but forgets the accumulator. Go to the first difference.
"""


# %%
def forgets_to_rescale(x, v):
    m, l, a = -math.inf, 0.0, 0.0
    for i in range(len(x)):
        m_new = max(m, x[i])
        rescale, weight = math.exp(m - m_new), math.exp(x[i] - m_new)
        l = l * rescale + weight
        a = a + weight * v[i]
        m = m_new
    return a / l


# %%
def attends(x, v):
    m, l, a = -math.inf, 0.0, 0.0
    for i in range(len(x)):
        m_new = max(m, x[i])
        rescale, weight = math.exp(m - m_new), math.exp(x[i] - m_new)
        l = l * rescale + weight
        a = a * rescale + weight * v[i]
        m = m_new
    return a / l


# %%
play(forgets_to_rescale, logits, values, view=cells("x", "v"), reference=attends)

# %% [markdown]
r"""
<details><summary>What to see</summary>

With logits that only fall, the two agree: the factor is always 1. Type `[5, 4, 3, 2, 1]` for `x`. A
test with falling logits would never find the bug; a test with *rising* logits finds it at the
second step.

</details>
"""

# %% [markdown]
r"""
## 5 · The ends of the range

A logit of $-\infty$ says: *you may not look here*. Its weight $e^{-\infty}$ is 0, as it should be.
But what if the **first** logit is masked?
"""

# %%
print("first masked:", attends([-math.inf, 1.0], [3.0, 4.0]))
print("as numbers:  ", -math.inf - -math.inf, math.exp(-math.inf - 1.0))

# %% [markdown]
r"""
The maximum is still $-\infty$, and $-\infty - (-\infty)$ is NaN, *not a number*. Once NaN is in the
sum, it stays. The cure is to subtract something finite whenever the maximum is $-\infty$; 0 will
do, since $e^{-\infty - 0} = 0$ is the weight that we want.

And if **all** logits are masked? Then $\ell = 0$ and $a = 0$, and $a/\ell$ means nothing. By our
convention the answer is 0: nobody to look at, nothing seen. (torch's own softmax gives NaN there.)
"""


# %%
def guarded(x, v):
    m, l, a = -math.inf, 0.0, 0.0
    for one, value in zip(x, v, strict=True):
        m_new = max(m, one)
        safe = 0.0 if m_new == -math.inf else m_new
        rescale, weight = math.exp(m - safe), math.exp(one - safe)
        m, l, a = m_new, l * rescale + weight, a * rescale + weight * value
    return a / l if l else 0.0


inf = math.inf
for x in ([-inf, 1.0, 2.0], [-inf, -inf, -inf], [1e4, -1e4, 9999.0], [-1e4, -9999.0, -1e4]):
    print(x, "→", guarded(x, [10.0, 20.0, 30.0]))

# %% [markdown]
r"""
Logits of ±10 000 are no trouble, as every exponent is a difference to the maximum. Where would they
be one, had we begun with $m = 0$ instead of $-\infty$?

<details><summary>Answer</summary>

In the last row: all exponents would be $x - 0 \approx -10\,000$, and every weight 0. The result
would be $0/0$; or, behind our guard, a 0 that nobody notices.

</details>
"""

# %% [markdown]
r"""
## 6 · Two workers

The row is long, and there are many processors. One takes the first half of the keys, another the
second. Each ends with a state: $(m_1, \ell_1, a_1)$ and $(m_2, \ell_2, a_2)$. What is the state of
both halves together?

The maximum is $m = \max(m_1, m_2)$. The sum over all keys is the sum over the first half plus that
over the second, both measured against $m$. And we know how to change the yardstick:

$$\ell = \ell_1\, e^{m_1 - m} + \ell_2\, e^{m_2 - m}, \qquad
a = a_1\, e^{m_1 - m} + a_2\, e^{m_2 - m} .$$

The step of section 4 is a special case: a new logit $x$ with value $v$ is a half with one key,
whose state is $(x, 1, v)$.
"""


# %%
def merge(first, second):
    (m1, l1, a1), (m2, l2, a2) = first, second
    m = max(m1, m2)
    if m == -math.inf:
        return first  # both are empty
    c1, c2 = math.exp(m1 - m), math.exp(m2 - m)
    return m, l1 * c1 + l2 * c2, a1 * c1 + a2 * c2


def state(x, v):
    result = (-math.inf, 0.0, 0.0)
    for one, value in zip(x, v, strict=True):
        result = merge(result, (one, 1.0, value))
    return result


merge(state(logits[:2], values[:2]), state(logits[2:], values[2:])), state(logits, values)

# %% [markdown]
r"""
### Any grouping gives the same

Write $A \oplus B$ for the merge of two states.

**Claim.** $(A \oplus B) \oplus C = A \oplus (B \oplus C)$: merging is *associative*.

**Proof.** Give every state a number that does not depend on a yardstick, its *true* sum
$\Lambda = \ell e^{m}$, and likewise $\alpha = a\, e^{m}$.

1. The true sum of $A \oplus B$ is $(\ell_1 e^{m_1 - m} + \ell_2 e^{m_2 - m})\, e^{m} = \ell_1
   e^{m_1} + \ell_2 e^{m_2} = \Lambda_1 + \Lambda_2$. So true sums simply add. The same for
   $\alpha$.
2. Hence both sides of the claim have the true sum $\Lambda_1 + \Lambda_2 + \Lambda_3$, because
   *addition* is associative, and the same $\alpha$.
3. Both sides have the maximum $\max(m_1, m_2, m_3)$, because *max* is associative.
4. From $m$ and $\Lambda$ we get $\ell = \Lambda e^{-m}$ back, and $a$ likewise. So the states are
   equal. (If $m = -\infty$, all three were empty, and so are both sides.) ∎

The empty state $(-\infty, 0, 0)$ changes nothing: it is the *neutral element*. And
$A \oplus B = B \oplus A$.

(True sums are for the proof only. $e^{m}$ would overflow; that is why the code carries $m$ beside
$\ell$.)
"""

# %% [markdown]
"""
Trust, but check: a hundred random rows, cut at random places, merged from the left and from the
right.
"""

# %%
import random

random.seed(7)
for _ in range(100):
    x = [random.choice([random.gauss(0, 300), -inf]) for _ in range(12)]
    v = [random.gauss(0, 1) for _ in x]
    i, j = sorted(random.choices(range(13), k=2))
    A, B, C = (state(x[s], v[s]) for s in (slice(0, i), slice(i, j), slice(j, 12)))
    left, right = merge(merge(A, B), C), merge(A, merge(B, C))
    assert left[0] == right[0]
    assert all(math.isclose(p, q, abs_tol=1e-12) for p, q in zip(left[1:], right[1:], strict=True))
print("merged from the left = merged from the right, 100 times")

# %% [markdown]
r"""
### A tree instead of a line

Associative means: the workers may merge in pairs, and the pairs in pairs. With 8 keys, 3 rounds
instead of 7 steps. In general $\lceil \log_2 N \rceil$ rounds.
"""


# %%
def merge_in_rounds(parts):
    rounds = 0
    while len(parts) > 1:
        pairs = [parts[k : k + 2] for k in range(0, len(parts), 2)]
        parts = [merge(*pair) if len(pair) == 2 else pair[0] for pair in pairs]
        rounds += 1
    return parts[0], rounds


for n in (5, 8, 100, 1000):
    x = [math.sin(k) * 5 for k in range(n)]
    (m, l, a), rounds = merge_in_rounds([(one, 1.0, 1.0) for one in x])
    print(f"{n:5} keys: {rounds:2} rounds, mean of ones = {a / l:.6f}")

# %% [markdown]
r"""
## 7 · Two numbers are enough

For a finished part one often keeps the mean $o = a / \ell$ and the **logsumexp**

$$L = \ln \sum_k e^{x_k} = \ln\!\big(\ell\, e^{m}\big) = m + \ln \ell .$$

It says in one number what $m$ and $\ell$ say together, and it cannot overflow: it lies between the
largest logit and that plus $\ln N$. A weight is $p_k = e^{x_k} / e^{L} = e^{x_k - L}$, and two
parts merge as

$$L = \ln\!\big(e^{L_1} + e^{L_2}\big), \qquad o = e^{L_1 - L}\, o_1 + e^{L_2 - L}\, o_2 .$$

(In code the larger of $L_1$, $L_2$ is pulled out of the logarithm first, as always: $e^{1000}$
overflows here, too.)

FlashAttention-2 keeps $o$ and $L$ for each query. From $L$ and the logits, which it calculates
again, its backward pass gets every weight back.
"""

# %%
m, l, a = state(logits, values)
L = m + math.log(l)
[round(math.exp(x - L), 4) for x in logits], [round(p, 4) for p in three_passes(logits)]

# %% [markdown]
"""
## 8 · Count the passes

A small model of a GPU's memory counts the bytes that move between the large memory (HBM) and the
small, fast one (SRAM). A slice of a tensor is loaded when something is calculated with it, and it
is dropped with its name. Here are the three, for one row, block by block:
"""

# %%
import torch

from course.memory import Machine, hbm_empty


def max_of(x, block):
    return max(x[k : k + block].max() for k in range(0, len(x), block))


def sum_of(x, m, block):
    return sum(torch.exp(x[k : k + block] - m).sum() for k in range(0, len(x), block))


def write_weights(x, m, l, block):
    p = hbm_empty(len(x))
    for k in range(0, len(x), block):
        p[k : k + block] = torch.exp(x[k : k + block] - m) / l
    return p


# %%
def three(x, v, block=16):
    m = max_of(x, block)
    p = write_weights(x, m, sum_of(x, m, block), block)
    return sum((p[k : k + block] * v[k : k + block]).sum() for k in range(0, len(x), block))


def one(x, v, block=16):
    m, l, a = torch.tensor(-inf), torch.zeros(()), torch.zeros(())
    for k in range(0, len(x), block):
        xk = x[k : k + block]
        m_new = torch.maximum(m, xk.max())
        p, rescale = torch.exp(xk - m_new), torch.exp(m - m_new)
        m, l, a = m_new, l * rescale + p.sum(), a * rescale + (p * v[k : k + block]).sum()
    return a / l


# %%
def stored(fn, x, v):
    result = hbm_empty(1)
    result[0] = fn(x, v)
    return result


x, v = torch.randn(256, generator=torch.Generator().manual_seed(1)), torch.arange(256.0)
for fn in (three, one):
    machine = Machine(sram=1024)
    machine.run(lambda x, v, fn=fn: stored(fn, x, v), x, v)
    print(f"{fn.__name__:5}: reads x {machine.read_of['x'] / x.nbytes:.0f} times", end=", ")
    print(f"{machine.traffic:,} bytes in all, {machine.peak} bytes of SRAM at most")

# %% [markdown]
"""
Three reads of the row become one. The weights are neither written nor read. And the fast memory
holds a few blocks and three numbers, however long the row.

**This is FlashAttention, for one query**: keys and values pass by in blocks, the state stays in
fast memory, and no row of weights ever exists. The next lesson does it for many queries side by
side.
"""

# %% [markdown]
"""
## 9 · Your turn

Write your own version; `attends` is the reference. Some to try: a branch that only rescales when
the maximum has risen; keeping the mean $o$ instead of $a$; going through the row from the back.
"""


# %%
def my_attention(x, v):
    return 0.0  # write here


play(my_attention, logits, values, view=cells("x", "v"), reference=attends)

# %% [markdown]
r"""
### Check yourself

**1.** All logits are equal. How often does the online softmax rescale by a factor other than 1?

<details><summary>Answer</summary>

Never, after the first step (where the factor is 0, and multiplies 0). The maximum does not change.

</details>

**2.** The logits come in random order. How often, about, does the maximum rise among $N$ of them?

<details><summary>Answer</summary>

The $i$-th is the largest of the first $i$ with probability $1/i$. In all
$1 + \frac12 + \dots + \frac1N \approx \ln N + 0.58$ times. So a branch "rescale only if it rose" is
rarely taken.

</details>

**3.** Is the merge also right if we use *any* number as yardstick instead of the maximum?

<details><summary>Answer</summary>

In exact arithmetic, yes: the proof used only $\Lambda = \ell e^{m}$. In floating point it must be
near the maximum, or the exponentials overflow or vanish.

</details>
"""

# %% [markdown]
"""
## Now you

The exercises [Online softmax](../../exercises/07_flash_attention/online_softmax.ipynb) ask for
`safe_softmax`, `logsumexp_rows`, `online_softmax` and `merge_states`. Then go on with [Attention
without the matrix](attention_without_the_matrix.ipynb).

## Read next

- M. Milakov, N. Gimelshein, *Online normalizer calculation for softmax*, 2018, [arXiv
  1805.02867](https://arxiv.org/abs/1805.02867): sections 2 and 3 are our sections 2, 3 and 6.
- M. N. Rabe, C. Staats, *Self-attention Does Not Need O(n²) Memory*, 2021, [arXiv
  2112.05682](https://arxiv.org/abs/2112.05682): the one-pass sum of section 4.
- T. Dao et al., *FlashAttention*, 2022, [arXiv 2205.14135](https://arxiv.org/abs/2205.14135),
  section 3.1.
- P. Blanchard, D. J. Higham, N. J. Higham, *Accurately computing the log-sum-exp and softmax
  functions*, 2021, IMA Journal of Numerical Analysis: why subtracting the maximum is also
  *accurate*.
"""
