# %% [markdown]
"""
# Hashing and sliding windows

**After this lesson you can**

- find the longest run of neighbouring numbers in one pass over a set, and prove how many look-ups
  it takes,
- say why a look-up in a hash table takes one step on average, and when it does not,
- find the shortest piece of a text that has all the letters you want, with two ends that only
  move forward,
- tell from a counted curve which line of a function makes it slow.

**You need** Python lists, sets and dictionaries. The lesson *Two pointers* helps.

**Time** 40 minutes. Run each cell with **Shift + Enter**, from the top.
"""

# %%
from course.checks.counts import operations
from course.widgets import buckets, cells, number_line, pictures, play, window

nums = [100, 4, 200, 1, 3, 2]
pictures.cells({"nums": nums}, marks={"nums": dict.fromkeys([1, 3, 4, 5], "done")})

# %% [markdown]
"""
## 1 · A question about neighbours

A list holds whole numbers, in any order. Some of them are neighbours: 1, 2, 3, 4 follow each
other without a hole. Call that a **run**. **How long is the longest run?**

In the picture it is 4. Where the numbers stand in the list does not matter, and a number that
stands there twice counts once. This is problem 128 of LeetCode, with up to $10^5$ numbers.

On a number line, runs are easy to see. Each box is a number; the green ones are in the list:
"""


# %%
def on_a_line(nums, low, high):
    line = list(range(low, high + 1))
    here = {i: "done" for i, x in enumerate(line) if x in nums}
    return pictures.cells({"number line": line}, marks={"number line": here})


on_a_line([3, -1, 0, 9, 1, 8], -3, 11)

# %% [markdown]
"""
**Try by hand.** Which runs are there, and how long is each? Change the list above and look again.

We could sort first. Then neighbours stand side by side:
"""


# %%
def by_sorting(nums):
    order = sorted(set(nums))
    longest = length = min(len(order), 1)
    for i in range(1, len(order)):
        length = length + 1 if order[i] == order[i - 1] + 1 else 1
        longest = max(longest, length)
    return longest


by_sorting(nums)

# %% [markdown]
r"""
But to sort $n$ numbers by comparing takes about $n \log_2 n$ comparisons, and all we want is one
number. Can we do with a fixed number of steps for each number?

## 2 · The plain way

Stand on a number. Is the next one in the list? And the one after it? Walk up as far as it goes.
Do that from every number and keep the longest walk.
"""


# %%
def plain(nums):
    longest = 0
    for first in nums:
        end = first
        while end in nums:
            end += 1
        longest = max(longest, end - first)
    return longest


play(plain, nums, view=number_line("nums", at=("first", "end")))

# %% [markdown]
"""
It is right, and slow for two reasons. Find both before you read on.

<details><summary><b>Answer</b></summary>

1. `end in nums` looks through the list, from the front, until it finds `end`. That is up to $n$
   comparisons for one question.
2. The same run is walked many times: from 1, then from 2, then from 3, and from 4.

</details>
<br>

We take them one after the other.
"""

# %% [markdown]
r"""
## 3 · A question answered in one step

How can one know whether 57 is among a million numbers without looking at them? By putting each
number in a place that **can be computed from the number itself**.

Take $m$ buckets and a rule $h$ that gives each number a bucket, for example $h(x) = x \bmod m$.
To store $x$, put it into bucket $h(x)$. To look for $x$, compute $h(x)$ and look into that one
bucket. Such a rule is called a **hash function**, and the buckets a **hash table**. Watch our
numbers fall into 8 buckets:
"""


# %%
def into_buckets(nums, m):
    held = [[] for _ in range(m)]
    for x in nums:
        held[x % m].append(x)
    return held


play(into_buckets, nums, 8, view=buckets("held"))

# %% [markdown]
r"""
4 and 100 share a bucket: a **collision**. Who asks for 100 must also look at 4. How bad is that
on average?

Say $n$ different numbers are spread over $m$ buckets, each as if thrown there by chance, with
probability $1/m$ for each bucket. Fix a number $x$. For another number $y$ let $C_y$ be 1 if $y$
landed in the bucket of $x$, else 0. Then

1. $E[C_y] = 1 \cdot \frac1m + 0 \cdot (1 - \frac1m) = \frac1m$.
2. The bucket of $x$ holds $\sum_y C_y$ others. The expectation of a sum is the sum of the
   expectations, so on average it holds $\frac{n-1}{m}$ others.

With at least as many buckets as numbers, $m \ge n$, that is **less than one**. So a look-up takes
a fixed number of steps on average, however large $n$ is.
"""

# %% [markdown]
"""
Trust, but check: $n$ numbers drawn by chance into $m = n$ buckets. How many others does a number
meet?
"""

# %%
import random


def others_met(n, m):
    draw = random.Random(5)
    sizes = [0] * m
    for _ in range(n):
        sizes[draw.randrange(m)] += 1
    return sum(size * (size - 1) for size in sizes) / n


[(n, round(others_met(n, n), 3), (n - 1) / n) for n in (10, 100, 1_000, 100_000)]

# %% [markdown]
"""
The third column is $(n-1)/m$. The more numbers, the closer the second comes to it.

*By chance* is the catch. Numbers that all fall into one bucket, such as 0, 8, 16, 24 … in our
table, make it a list again. Python's `set` and `dict` grow with their content, mix more bits into
the place than `x % m` does, and are hard to trip by accident. But "one step" stays a statement
about averages, not a promise.
"""

# %% [markdown]
"""
## 4 · The idea: let only the first one walk

With a set, one question takes one step. The second reason is left: the run 1, 2, 3, 4 is walked
from 1, from 2, from 3 and from 4.

Only one of these walks is of any use. **Which number should walk, and how does it know?** Decide
before you read on.

<details><summary><b>Answer</b></summary>

The first one of the run. It knows by one question: **is the number before me there?** If it is, I
am not the first, and that one will walk for me.

</details>
"""


# %%
def longest_consecutive(nums):
    numbers = set(nums)
    longest = 0
    for first in numbers:
        if first - 1 not in numbers:
            end = first + 1
            while end in numbers:
                end += 1
            longest = max(longest, end - first)
    return longest


longest_consecutive(nums)

# %% [markdown]
"""
**Play.** The numbers stand on a line, those in the set filled; below the line you see what is being
looked up. Which numbers walk? Type `[1, 2, 3, 4, 5]`, then `[5, 4, 3, 2, 1]`, then `[2, 2, 2]` and
`[]`. How often does the `while` line run in each?
"""

# %%
play(longest_consecutive, nums, view=number_line("nums", "numbers"), compare=plain)

# %% [markdown]
r"""
## 5 · Count the look-ups

It has a loop inside a loop, and still takes a fixed number of steps for each number. Let us count
the look-ups in the set. Say there are $d$ different numbers, in runs of lengths
$L_1, L_2, \dots, L_k$.

1. Each number asks once for the one before it: $d$ look-ups.
2. Only the first of a run walks. Over a run of length $L$ the walk asks for the second, the
   third, … up to the last number, and then for one that is not there. That makes $L$ look-ups.
3. Every number is in exactly one run, so $L_1 + \dots + L_k = d$.

Together: $d + d = 2d$ look-ups. **Not about, and not on average: exactly $2d$**, whatever the
numbers are. ∎
"""


# %%
class AskedSet(set):
    asked = 0

    def __contains__(self, x):
        AskedSet.asked += 1
        return super().__contains__(x)


def look_ups(nums):
    AskedSet.asked, numbers = 0, AskedSet(nums)
    for first in numbers:
        if first - 1 not in numbers:
            end = first + 1
            while end in numbers:
                end += 1
    return AskedSet.asked, 2 * len(numbers)


[look_ups(some) for some in (nums, range(50), [7, 7, 7], range(0, 100, 2), [])]

# %% [markdown]
r"""
## 6 · What makes it slow again

Two small changes, both still right:

- `every_start` lets every number of the set walk. A run of $L$ is then walked
  $L + (L-1) + \dots + 1 = L(L+1)/2$ times.
- `through_list` asks for the number before, but goes through the *list*, where the first of a run
  may stand many times.

For each we count operations: every look at an entry, every comparison and calculation, and every
look-up.
"""


# %%
def every_start(nums):
    numbers, longest = set(nums), 0
    for first in numbers:
        end = first + 1
        while end in numbers:
            end += 1
        longest = max(longest, end - first)
    return longest


# %%
def through_list(nums):
    numbers, longest = set(nums), 0
    for first in nums:
        if first - 1 not in numbers:
            end = first + 1
            while end in numbers:
                end += 1
            longest = max(longest, end - first)
    return longest


# %%
sizes = [20, 40, 60, 80, 100]
three = (longest_consecutive, every_start, through_list)
one_run = {f.__name__: [operations(f, list(range(n))) for n in sizes] for f in three}
pictures.curve(sizes, one_run, title="one run of n numbers")

# %%
zeros = {
    f.__name__: [operations(f, [0] * (n // 2) + list(range(n // 2))) for n in sizes] for f in three
}
pictures.curve(sizes, zeros, title="n/2 zeros, and a run from 0")

# %% [markdown]
"""
On one long run, only `every_start` bends upwards. Half the list zeros, and `through_list` bends,
too: every zero is the first of the run and walks all of it. The inputs that hurt are different
for each mistake. **A test that tries one kind of input sees one kind of mistake.**

## 7 · Find the bug

Three functions that people really write. Each is wrong on the list it is shown with. Step
through, or press **Go to the first difference**. What does it misunderstand?

The first one sorts, as `by_sorting` did. Almost.
"""


# %%
def sorts_and_counts(nums):
    order = sorted(nums)
    longest = length = min(len(order), 1)
    for i in range(1, len(order)):
        length = length + 1 if order[i] == order[i - 1] + 1 else 1
        longest = max(longest, length)
    return longest


play(sorts_and_counts, [1, 2, 2, 3], view=cells("order"), reference=by_sorting)


# %%
def counts_steps(nums):
    numbers = set(nums)
    longest = 0
    for first in numbers:
        if first - 1 not in numbers:
            last = first
            while last + 1 in numbers:
                last += 1
            longest = max(longest, last - first)
    return longest


play(counts_steps, [4, 6, 5], view=number_line("nums", "numbers"), reference=longest_consecutive)


# %%
def stops_too_early(nums):
    numbers = set(nums)
    for first in numbers:
        if first - 1 not in numbers:
            end = first + 1
            while end in numbers:
                end += 1
            return end - first
    return 0


play(
    stops_too_early, [0, 10, 11, 12],
    view=number_line("nums", "numbers"), reference=longest_consecutive,
)  # fmt: skip

# %% [markdown]
"""
<details><summary><b>What is wrong in each</b></summary>

1. `sorts_and_counts`: an equal number is no neighbour, and the length falls back to 1. Doubles
   must go first.
2. `counts_steps`: from 4 to 6 it takes two steps, but they are three numbers. (Fence posts and
   fence.)
3. `stops_too_early`: `return` inside the loop gives the first run that it meets, not the longest.

</details>

### Check yourself

**1.** Does it matter in which order the `for` loop takes the numbers out of the set?

<details><summary>Answer</summary>

No. Each number decides for itself whether it is the first of its run, and the longest walk is the
longest in any order.

</details>
<br>

**2.** Could the *last* of each run walk downwards instead?

<details><summary>Answer</summary>

Yes: ask for `last + 1`, and walk down if it is not there. Everything is the same in the mirror,
$2d$ look-ups too.

</details>
<br>

**3.** The list holds $d = n$ different even numbers. How many walks are there, and how long is
each?

<details><summary>Answer</summary>

$n$ walks, one for each number, and each of them one look-up long: $x + 1$ is odd, so it is not
there. $2n$ in all.

</details>
"""

# %% [markdown]
"""
## 8 · A second question: the shortest window

A **window** of a text $s$ is a piece of it without holes. We want one that has every letter of
another text $t$, and each at least as often as $t$ has it. Say that it **covers** $t$. **Which is
the shortest window of $s$ that covers $t$?**

For $s$ = ADOBECODEBANC and $t$ = ABC, the first three rows cover; the last one lacks a C. This is
problem 76 of LeetCode, with up to $10^5$ letters.
"""

# %%
s = "ADOBECODEBANC"
windows = {"0 … 5": (0, 6), "3 … 10": (3, 11), "9 … 12": (9, 13), "8 … 11": (8, 12)}
pictures.cells(
    dict.fromkeys(windows, s),
    marks={name: dict.fromkeys(range(*ends), "done") for name, ends in windows.items()},
)

# %% [markdown]
"""
The plain way tries every window: $m$ letters have $m(m+1)/2$ of them, and each must be counted
through. It will be our judge.
"""

# %%
from collections import Counter


def plain_window(s, t):
    for length in range(len(t), len(s) + 1):
        for start in range(len(s) - length + 1):
            window = s[start : start + length]
            if not Counter(t) - Counter(window):
                return window
    return ""


plain_window(s, "ABC")

# %% [markdown]
r"""
`Counter(t) - Counter(window)` is what the window still lacks: the counts of $t$ less those of the
window, and nothing below 0.

## 9 · The idea: the left end never goes back

For each right end $r$ ask: how far right may the window start, so that it still covers $t$? Call
that start $\ell(r)$. A window that ends at $r$ is shortest if it starts exactly there. So we need
$\ell(r)$ for every $r$, and could search for it each time from the beginning.

**Claim.** $\ell(r) \le \ell(r + 1)$: the best start never moves left.

**Proof.**

1. The window from $\ell(r)$ to $r$ covers $t$, by the meaning of $\ell(r)$.
2. The window from $\ell(r)$ to $r + 1$ has all its letters, and one more. So it covers $t$, too.
3. $\ell(r + 1)$ is the *largest* start for the end $r + 1$, so it is at least as large as this
   one. ∎

So when the right end has moved on, go on with the left end **from where it is**. Both ends only
ever move forward, and $m$ letters come in, at most $m$ drop out. That is why this is called a
**sliding window**.
"""

# %% [markdown]
r"""
## 10 · What the window lacks

We must see quickly whether the window covers $t$. For each letter $c$ keep

$$\text{need}[c] = (\text{how often } t \text{ has } c) - (\text{how often the window has } c).$$

- A letter comes in: its need goes down by 1. A letter drops out: it goes up by 1.
- Below 0 the window has some to spare.
- The window covers $t$ as soon as no need is above 0.

To look at all needs after each step would be a loop again. So keep one more number, **missing**:
the sum of all needs that are above 0. A step changes one need by 1, and so missing by 1 or not at
all.
"""


# %%
def needs(s, t, left, right):
    """The need of each letter of t for the window s[left:right], and how many are missing."""
    need = {c: t.count(c) - s[left:right].count(c) for c in t}
    return need, sum(max(n, 0) for n in need.values())


[(right, *needs(s, "AABC", 0, right)) for right in (0, 1, 4, 6, 11)]

# %% [markdown]
"""
Now the whole function, in two parts. The first takes a letter in or lets one out, and keeps
`need` and `missing` true:
"""


# %%
def take_in(need, letter, missing):
    need[letter] = need.get(letter, 0) - 1
    return missing - 1 if need[letter] >= 0 else missing


def let_out(need, letter, missing):
    need[letter] += 1
    return missing + 1 if need[letter] > 0 else missing


# %% [markdown]
"""
`need[letter] >= 0` after the subtraction says: it was above 0 before, so this letter was really
missing. A letter that $t$ does not have starts at 0, goes below 0, and never counts. The second
part moves the two ends:
"""


# %%
def min_window(s, t):
    need, missing, left, best = dict(Counter(t)), len(t), 0, None
    for right in range(len(s)):
        missing = take_in(need, s[right], missing)
        while missing == 0:
            if best is None or right - left < best[1] - best[0]:
                best = (left, right)
            missing = let_out(need, s[left], missing)
            left += 1
    return s[best[0] : best[1] + 1] if best else ""


play(min_window, s, "ABC", view=window("s"))

# %% [markdown]
"""
**Play.** The letters in the window are shaded; below stands what is needed. Before each step, say
which end moves next. Watch `missing`: it is 0 exactly when the window covers `t`. Then type
`"AABC"` for `t`. And what happens for `t = "Z"`?

Why may we let the left end run until the window does *not* cover any more, one step too far?
Because we wrote the window down before. The next one that covers must have a new right end
anyway.
"""

# %% [markdown]
"""
**It agrees with the judge** on a thousand texts drawn by chance. Where several windows are
equally short, either may come, so we compare lengths, and ask the judge's question of the answer:
"""


# %%
def agrees(draw):
    s = "".join(draw.choices("abcx", k=draw.randrange(15)))
    t = "".join(draw.choices("abc", k=draw.randrange(1, 5)))
    window, expected = min_window(s, t), plain_window(s, t)
    covers = not Counter(t) - Counter(window)
    return len(window) == len(expected) and (covers or not expected)


draw = random.Random(3)
sum(agrees(draw) for _ in range(1_000))

# %% [markdown]
"""
## 11 · Count

`restarts` searches anew from each start. It is right, and quick on most texts. On which does it
suffer? On those where a covering window is long: here $n/2$ times `a`, then $n/2$ times `b`, and
$t$ = ab.
"""


# %%
def restarts(s, t):
    best = ""
    for left in range(len(s)):
        need, missing = dict(Counter(t)), len(t)
        for right in range(left, len(s)):
            missing = take_in(need, s[right], missing)
            if missing == 0:
                if not best or right - left + 1 < len(best):
                    best = s[left : right + 1]
                break
    return best


# %%
work = {
    f.__name__: [operations(f, "a" * (n // 2) + "b" * (n // 2), "ab") for n in sizes]
    for f in (min_window, restarts)
}
pictures.curve(sizes, work)

# %% [markdown]
"""
Each letter comes in once and drops out at most once, with a fixed number of operations: the line
of `min_window` is straight.

## 12 · Find the bug

Again three, each wrong on the text it is shown with.
"""


# %%
def ignores_how_often(s, t):
    wanted, left, best = set(t), 0, ""
    for right in range(len(s)):
        while wanted <= set(s[left : right + 1]):
            if not best or right - left + 1 < len(best):
                best = s[left : right + 1]
            left += 1
    return best


play(ignores_how_often, "abxxaba", "aab", view=window("s"), reference=min_window)


# %%
def drops_one_letter_only(s, t):
    need, missing, left, best = dict(Counter(t)), len(t), 0, None
    for right in range(len(s)):
        missing = take_in(need, s[right], missing)
        if missing == 0:
            if best is None or right - left < best[1] - best[0]:
                best = (left, right)
            missing = let_out(need, s[left], missing)
            left += 1
    return s[best[0] : best[1] + 1] if best else ""


play(drops_one_letter_only, "xxxab", "ab", view=window("s"), reference=min_window)


# %%
def counts_spare_letters(s, t):
    found, left, best = 0, 0, ""
    for right in range(len(s)):
        found += s[right] in t
        while found == len(t):
            if not best or right - left + 1 < len(best):
                best = s[left : right + 1]
            found -= s[left] in t
            left += 1
    return best


play(counts_spare_letters, "aaab", "ab", view=window("s"), reference=min_window)

# %% [markdown]
"""
<details><summary><b>What is wrong in each</b></summary>

1. `ignores_how_often`: a set knows *which* letters are there, not how often. "ab" has both
   letters of "aab", but not two a's.
2. `drops_one_letter_only`: `if` instead of `while`. The window xxxab could lose three letters,
   and no later step makes up for it.
3. `counts_spare_letters`: the second `a` of "aa" counts for the missing `b`. Each letter must be
   counted for itself.

</details>
"""

# %% [markdown]
"""
## 13 · Your turn

Write your own, with other names if you like, and see where it parts from the reference.
"""


# %%
def my_min_window(s, t):
    best = ""
    # write here
    return best


play(my_min_window, s, "ABC", view=window("s"), reference=min_window)

# %% [markdown]
"""
### Check yourself

**1.** How large can `missing` be, and how small?

<details><summary>Answer</summary>

At the start it is $n$, the length of $t$. It never gets below 0, since it is a sum of numbers
above 0.

</details>
<br>

**2.** The proof of section 9 uses that a longer window still covers. Find a question about
windows for which this is false.

<details><summary>Answer</summary>

"Which is the longest window in which every letter occurs *exactly* twice?" A longer window may
spoil it. There the left end cannot simply go on from where it is. (For "*at most* twice" it works
again: then a *shorter* window stays good.)

</details>
<br>

**3.** $s$ has a million letters and $t$ has two. How many letters are taken in, at most how many
let out?

<details><summary>Answer</summary>

A million are taken in. At most a million are let out, since each of them must have been taken in.

</details>
"""

# %% [markdown]
r"""
## What the two have in common

| | longest run | shortest window |
|---|---|---|
| what is looked up | is this number there? | how many of this letter are needed? |
| why no work is done twice | only the first of a run walks | no end of the window goes back |
| work | exactly $2d$ look-ups | each letter comes in once, drops out once at most |

A loop inside a loop is not yet $n^2$. Ask what the inner loop does *over the whole run*: if each
of its steps uses something up that never comes back, count the things.

## Now you

The exercises
[longest_consecutive and min_window](../../exercises/01_algorithms/hashing_and_windows.ipynb) ask
for your own versions, and tell you which idea is missing if one is.

## Read next

- The problems as they are stated: LeetCode 128, [Longest
  Consecutive Sequence](https://leetcode.com/problems/longest-consecutive-sequence/), and
  LeetCode 76,
  [Minimum Window Substring](https://leetcode.com/problems/minimum-window-substring/).
- D. E. Knuth, *The Art of Computer Programming*, volume 3, *Sorting and Searching*, section 6.4,
  "Hashing".
- J. L. Carter, M. N. Wegman, "Universal classes of hash functions", *Journal of Computer and
  System Sciences* 18 (1979): how to draw a hash function by chance, so that no input is bad for
  all of them.
- T. H. Cormen, C. E. Leiserson, R. L. Rivest, C. Stein, *Introduction to Algorithms*, the
  chapters on hash tables and on amortized analysis (counting over the whole run, as we did).
- How Python's own tables find a place: the comments in CPython's source, `Objects/dictobject.c`
  and `Objects/setobject.c`.
"""
