# %% [markdown]
"""
# Linear-time order and dynamic programming

**After this lesson you can**

- find the largest gap between neighbours without sorting, and prove by pigeonholes that nothing
  is missed,
- turn "try every set of things" into a table in which each entry follows from two others,
- shrink the table to one row, and say what happens if you fill it in the wrong direction,
- read out of the table which things to take.

**You need** Python lists and loops. The lesson *Trees and backtracking* helps with section 6.

**Time** 40 minutes. Run each cell with **Shift + Enter**, from the top.
"""

# %%
from math import inf

from course.checks.counts import operations
from course.widgets import buckets, cells, pictures, play, recursion, table

nums = [14, 3, 9, 27, 4, 12]
pictures.cells({"nums": nums, "in order": sorted(nums)}, marks={"in order": {4: "done", 5: "done"}})

# %% [markdown]
"""
## 1 · A question about gaps

Put some numbers in ascending order. **How far apart are the two neighbours that are farthest
apart?** In the picture: 14 and 27, a gap of 13.

This is problem 164 of LeetCode, which asks for "linear time": a fixed number of steps for each of
the $n$ numbers. The plain way sorts:
"""


# %%
def by_sorting(nums):
    order = sorted(nums)
    return max((order[i] - order[i - 1] for i in range(1, len(order))), default=0)


by_sorting(nums)

# %% [markdown]
r"""
Sorting by comparisons cannot do it in a fixed number of steps for each number. The argument is
short. There are $n! = 1 \cdot 2 \cdots n$ orders in which the numbers may have come. A comparison
has two outcomes, so $k$ comparisons have at most $2^k$ outcomes together. To tell all orders
apart we need $2^k \ge n!$. The larger half of the factors of $n!$ are at least $n/2$ each, so

$$k \ \ge\ \log_2 n! \ \ge\ \frac n2 \log_2 \frac n2 ,$$

and that grows faster than any fixed multiple of $n$.

But we do not want to know the whole order. Only one gap. **What is the least that the largest gap
can be?** Think of the numbers 3 and 27, and four more anywhere between them.

<details><summary><b>Answer</b></summary>

Six numbers make five gaps, which add up to $27 - 3 = 24$. If all five were smaller than
$24/5 = 4.8$, they could not add up to 24. So the largest is at least 4.8, and, as they are whole
numbers, at least 5.

</details>
"""

# %% [markdown]
r"""
## 2 · The idea: pigeonholes

Let $n \ge 2$, let the smallest number be $a$ and the largest $b$, and let $G$ be the largest gap.

1. The $n - 1$ gaps add up to $b - a$. The largest of them is at least their average:
   $G \ge \frac{b-a}{n-1}$. Gaps are whole, so even
   $G \ge \left\lceil \frac{b-a}{n-1} \right\rceil$.
2. Cut the range into buckets of width $w$: bucket $k$ holds the numbers $x$ with
   $a + kw \le x < a + (k+1)w$. Two whole numbers in one bucket are at most $w - 1$ apart.
3. Choose $w \le \left\lceil \frac{b-a}{n-1} \right\rceil$. Then $w - 1 < G$: **the two ends of
   the largest gap never lie in one bucket.**

So what goes on inside a bucket does not matter. Of each bucket keep only the smallest and the
largest number. The largest gap runs from the largest number of one bucket to the smallest of the
next bucket that is not empty. ∎
"""


# %%
def bucketed(nums):
    low, high = min(nums), max(nums)
    width = max(1, (high - low) // (len(nums) - 1))
    buckets = [[] for _ in range((high - low) // width + 1)]
    for x in nums:
        buckets[(x - low) // width].append(x)
    return {f"{low + k * width} …": bucket for k, bucket in enumerate(buckets)}


pictures.cells(bucketed(nums))

# %% [markdown]
"""
Each row is a bucket of width 4, with its first possible number beside it. Three buckets in a row
are empty; between 14 and 27 they make the large gap.

## 3 · The code

First drop each number into its bucket. Of each bucket, only the smallest and the largest number are
kept. The range of each bucket stands below it:
"""


# %%
def into_buckets(nums, low, width, count):
    """The smallest and largest number of each bucket; None where it is empty."""
    kept = [None] * count
    for x in nums:
        k = (x - low) // width
        least, most = kept[k] or (x, x)
        kept[k] = (min(least, x), max(most, x))
    return kept


in_range = buckets("kept", values="nums", low="low", width="width")
play(into_buckets, nums, 3, 4, 7, view=in_range)

# %% [markdown]
"""
Then walk over the buckets. An empty one is passed by. Each other one ends the gap that began with
the last number before it:
"""


# %%
def maximum_gap(nums):
    if len(nums) < 2:
        return 0
    low, high = min(nums), max(nums)
    width = max(1, (high - low) // (len(nums) - 1))
    kept = into_buckets(nums, low, width, (high - low) // width + 1)
    largest, before = 0, low
    for bucket in kept:
        if bucket:
            largest, before = max(largest, bucket[0] - before), bucket[1]
    return largest


# %%
play(maximum_gap, nums, view=in_range, compare=by_sorting)

# %% [markdown]
r"""
**Play.** Type `[1, 1, 1, 2]`, `[7, 7]`, `[0, 1000]`.

Three details carry the weight:

- **`max(1, …)`.** If the numbers lie closer than 1 on average,
  $\lfloor \frac{b-a}{n-1} \rfloor = 0$. Whole numbers need no narrower buckets than 1. And 1 is
  allowed by step 3: if $b > a$ the rounded-up average is at least 1. (If $b = a$ all numbers are
  equal, there is one bucket, and the answer is 0.)
- **`+ 1`.** The largest number $b$ lies *behind* the last full bucket if $w$ divides $b - a$. It
  needs one more.
- **How many buckets?** Write $q = \frac{b-a}{n-1}$. If $q \ge 1$, then
  $w = \lfloor q \rfloor > q/2$, so there are at most $\frac{b-a}{w} + 1 < 2(n-1) + 1$ of them. If
  $q < 1$, then $w = 1$ and $b - a < n - 1$, so there are fewer than $n$. In both cases **fewer
  than $2n$**: the walk over the buckets is linear, too.

## 4 · Count

We count operations with the numbers: looks, comparisons, calculations. To see the shape, divide
by $n$: how many operations **for each number**?
"""


# %%
def scattered(n):
    span = 3 * n
    return [7919 * i % span for i in range(n)]


sizes = [32, 64, 128, 256, 512, 1024]
for_each = {
    f.__name__: [operations(f, scattered(n)) / n for n in sizes] for f in (maximum_gap, by_sorting)
}
pictures.curve(sizes, for_each, what="operations for each number")

# %% [markdown]
r"""
One curve is level: a fixed number for each number. The other goes up by about 1 whenever $n$
doubles: that is the $\log_2 n$ of sorting.

Be honest about it: up to some five hundred numbers sorting does *less*, and Python's `sorted` is
written in C besides. "Linear" is a statement about growth. It says who wins in the end, not where
the end begins.

## 5 · A second question: the knapsack

You may fill a knapsack that carries 5. There are four things:

| thing | 0 | 1 | 2 | 3 |
|---|---|---|---|---|
| weight | 1 | 2 | 3 | 4 |
| value | 2 | 4 | 4 | 5 |

**What is the most that the things in it can be worth?** Each thing is there once, and is taken
whole or not at all: the **0/1 knapsack**. Try by hand before you go on.

The plain way tries all sets of things. Each thing is in or out, so $n$ things have $2^n$ sets.
"""

# %%
from itertools import combinations

weights, values, capacity = [1, 2, 3, 4], [2, 4, 4, 5], 5


def all_sets(weights, values, capacity):
    things = range(len(weights))
    sets = [s for k in range(len(weights) + 1) for s in combinations(things, k)]
    fits = [s for s in sets if sum(weights[i] for i in s) <= capacity]
    return max((sum(values[i] for i in s), s) for s in fits)


all_sets(weights, values, capacity)

# %% [markdown]
r"""
## 6 · The idea: look at one thing only

Number the things from 1 to $n$, with weights $w_i \ge 0$ and values $v_i$. Let $f(i, c)$ be the
most that the first $i$ things can be worth with room for $c$. We want $f(n, C)$.

Take the best choice for $f(i, c)$ and look at thing $i$ only.

- **It is left.** Then the choice is one from the first $i - 1$ things, with the same room. The
  best of those is worth $f(i-1, c)$.
- **It is taken**, which needs $w_i \le c$. Then the others share the room $c - w_i$, and the best
  that they can be worth is $f(i-1, c - w_i)$, to which $v_i$ is added.

No third case exists, so the larger of the two is the answer:

$$f(0, c) = 0, \qquad f(i, c) = \max\bigl(f(i-1, c),\ f(i-1, c - w_i) + v_i\bigr),$$

where the second entry is left out if $w_i > c$. This is a complete solution. As a program it
calls itself:
"""


# %%
def best(i, c):
    if i == 0:
        return 0
    leave = best(i - 1, c)
    if weights[i - 1] > c:
        return leave
    return max(leave, best(i - 1, c - weights[i - 1]) + values[i - 1])


recursion(best, 4, 5, title="best(i, c) → value")

# %% [markdown]
"""
Look for boxes that begin with the same two numbers, such as `0, 2`: the same question, asked and
answered more than once. With more things that gets out of hand: up to $2^n$ boxes.

But how many *different* questions are there? $i$ goes from 0 to $n$ and $c$ from 0 to $C$: only
$(n+1)(C+1)$. **Answer each of them once, and write the answer down.** That is all that "dynamic
programming" means.

## 7 · The table

One row for each $i$, one column for each $c$. Each entry needs only the row above, so fill the
rows from top to bottom.
"""


# %%
def fill_table(weights, values, capacity):
    f = [[0] * (capacity + 1)]
    for weight, value in zip(weights, values, strict=True):
        above = f[-1]
        row = above[:]
        for c in range(weight, capacity + 1):
            row[c] = max(above[c], above[c - weight] + value)
        f.append(row)
    return f


f = fill_table(weights, values, capacity)
pictures.grid(f, {(4, 5): "done", (3, 5): "read", (3, 1): "read"}, corner="i \\ c")

# %% [markdown]
"""
The green entry was made of the two orange ones: straight above, 8 (leave thing 3), or 4 further
left, $2 + 5 = 7$ (take it). The larger is 8.

**Predict.** From which two entries does the entry in row 3, column 4 come? Change the marks in
the picture to check. Then step through the run: arrows lead to each new entry from those that it is
made of.
"""

# %%
play(fill_table, weights, values, capacity, view=table("f"))

# %% [markdown]
"""
## 8 · What was taken?

The table knows. Start at the last entry and walk up. If an entry equals the one straight above
it, the thing was not needed: go straight up. If not, only taking it can have made the difference:
note it, and go up **and left by its weight**.
"""


# %%
def walk_back(f, weights, capacity):
    c, taken, way = capacity, [], []
    for i in range(len(weights), 0, -1):
        way.append((i, c))
        if f[i][c] != f[i - 1][c]:
            taken.append(i - 1)
            c -= weights[i - 1]
    return taken, [*way, (0, c)]


taken, way = walk_back(f, weights, capacity)
pictures.grid(
    f, {place: "done" if place[0] - 1 in taken else "read" for place in way}, corner="i \\ c"
)

# %% [markdown]
"""
Green: the thing of this row was taken. Things 2 and 1 (counted from 0), of weight 3 + 2 and value
4 + 4. In the last row of the walk room is left over or not; here it is 0.

Can there be ties? Yes: several sets may be worth the same. The walk finds one of them.
"""

# %% [markdown]
r"""
## 9 · One row is enough

Each row needs only the row above. So keep one row and overwrite it. In which **direction**? The
new entry $c$ needs two *old* ones: its own, and the one $w$ places to the left. Decide, then read
on.

<details><summary><b>Answer</b></summary>

From right to left: **the capacity runs downwards.** When we come to $c$, everything to its left
is still old.

</details>
<br>

Put as an invariant, for the row while thing $i$ is worked on and the loop stands at $c$: *all
entries at $c$ and to its left are $f(i-1, \cdot)$, all to its right are $f(i, \cdot)$.* At the
start (at $C$) nothing is to the right. Each step makes entry $c$ of entries at and left of $c$,
all of them old, and so makes it $f(i, c)$.
"""


# %%
def knapsack_one_row(weights, values, capacity):
    row = [0] * (capacity + 1)
    for weight, value in zip(weights, values, strict=True):
        for c in range(capacity, weight - 1, -1):
            row[c] = max(row[c], row[c - weight] + value)
    return row


def upwards(weights, values, capacity):
    row = [0] * (capacity + 1)
    for weight, value in zip(weights, values, strict=True):
        for c in range(weight, capacity + 1):
            row[c] = max(row[c], row[c - weight] + value)
    return row


play(upwards, weights, values, capacity, view=table("row"), reference=knapsack_one_row)

# %% [markdown]
r"""
**Go to the first difference.** There the two part: this run fills `row[1]` first. Two steps on it
makes `row[2]` from `row[1]`, which holds the thing of weight 1 already: it is taken a second
time.

## 10 · What upwards solves

The upward loop is not nonsense. It answers another question. When it comes to $c$, the entry on
the left is already *new*, so it fills

$$g(i, c) = \max\bigl(g(i-1, c),\ g(\mathbf{i}, c - w_i) + v_i\bigr).$$

Read it aloud: leave thing $i$ for good; or take one of it, **and you may take it again**. That is
the *unbounded* knapsack, with as many of each thing as you like. Our four things, and room for 5:
the thing of weight 1 and value 2 five times, or 2 + 2 + 1, both worth 10.
"""

# %%
[upwards(weights, values, capacity), knapsack_one_row(weights, values, capacity)]


# %%
def any_number_of_each(weights, values, capacity):
    """By brute force: choose a thing, and go on with the room that is left."""
    ways = [
        v + any_number_of_each(weights, values, capacity - w)
        for w, v in zip(weights, values, strict=True)
        if w <= capacity
    ]
    return max(ways, default=0)


[any_number_of_each(weights, values, c) for c in range(capacity + 1)]

# %% [markdown]
r"""
## 11 · At most, or exactly?

We started with a row of zeros: with no things and any room, the worth is 0, and room may stay
empty. What if the knapsack must be **exactly** full? With no things only $c = 0$ can be filled
exactly; all else is impossible. So start with $0, -\infty, -\infty, \dots$, and change nothing
else. An impossible entry stays impossible, because $-\infty + v = -\infty$.
"""


# %%
def exactly(weights, values, capacity):
    row = [0] + [-inf] * capacity
    for weight, value in zip(weights, values, strict=True):
        for c in range(capacity, weight - 1, -1):
            row[c] = max(row[c], row[c - weight] + value)
    return row


[exactly([3, 4], [5, 6], 8), knapsack_one_row([3, 4], [5, 6], 8)]

# %% [markdown]
"""
"At most $c$" is the best of "exactly 0", "exactly 1", …, "exactly $c$": each entry of the second
row is the largest of the first row up to there. Check it by eye.

## 12 · Count

The table has $n(C+1)$ entries that are worked for, each with a fixed number of operations. All
sets are $2^n$. Here with $C = n$:
"""

# %%
sizes = [2, 4, 6, 8, 10]
work = {
    name: [operations(f, [1] * n, list(range(n)), n) for n in sizes]
    for name, f in (("table", fill_table), ("all_sets", all_sets))
}
pictures.curve(sizes, work)

# %% [markdown]
"""
A word of warning. $n(C+1)$ looks harmless, but $C$ is a *number*, and a number with $d$ digits
can be $10^d$. With weights in grams instead of kilograms the table is a thousand times as wide,
for the same things. Such a bound is called **pseudo-polynomial**. No algorithm is known that is
polynomial in the number of digits; the problem is NP-hard (Karp, 1972).
"""

# %% [markdown]
"""
## 13 · Find the bug

Each of the three is wrong on the input it is shown with.
"""


# %%
def buckets_of_width_zero(nums):
    low, high = min(nums), max(nums)
    width = (high - low) // (len(nums) - 1)
    kept = [[] for _ in range((high - low) // width + 1)]
    for x in nums:
        kept[(x - low) // width].append(x)
    largest, before = 0, low
    for bucket in filter(None, kept):
        largest, before = max(largest, min(bucket) - before), max(bucket)
    return largest


play(buckets_of_width_zero, [1, 1, 1, 2], view=in_range, reference=maximum_gap)


# %%
def stops_one_early(weights, values, capacity):
    row = [0] * (capacity + 1)
    for weight, value in zip(weights, values, strict=True):
        for c in range(capacity, weight, -1):
            row[c] = max(row[c], row[c - weight] + value)
    return row


play(stops_one_early, [2, 3], [3, 4], 5, view=table("row"), reference=knapsack_one_row)


# %%
def best_value_for_weight_first(weights, values, capacity):
    things = sorted(range(len(weights)), key=lambda i: values[i] / weights[i], reverse=True)
    total = 0
    for i in things:
        if weights[i] <= capacity:
            capacity -= weights[i]
            total += values[i]
    return total


def knapsack(weights, values, capacity):
    return fill_table(weights, values, capacity)[-1][capacity]


play(
    best_value_for_weight_first, [6, 5, 5], [7, 5, 5], 10,
    view=cells("weights", "values"), reference=knapsack,
)  # fmt: skip

# %% [markdown]
"""
<details><summary><b>What is wrong in each</b></summary>

1. `buckets_of_width_zero`: four numbers in a range of 1. $1 // 3 = 0$, and dividing by it fails.
2. `stops_one_early`: `range(capacity, weight, -1)` never reaches `c = weight`. A thing that fits
   exactly is left out.
3. `best_value_for_weight_first`: each step is sensible, and the whole is not. It takes the 6, and
   the room of 4 that is left fits nothing. Two 5s would fill it. (If things could be *cut*, it
   would be right.)

</details>

## 14 · Your turn

Fill the row in a way of your own: two rows that take turns, a loop over the room that is *used*,
other names.
"""


# %%
def my_row(weights, values, capacity):
    row = [0] * (capacity + 1)
    # write here
    return row


play(my_row, weights, values, capacity, view=table("row"), reference=knapsack_one_row)

# %% [markdown]
r"""
### Check yourself

**1.** A thing weighs nothing. What do the downward and the upward loop do with it?

<details><summary>Answer</summary>

Downwards, `row[c - 0]` is the entry itself, still old: its value is added once. Upwards it is the
same entry, also old when it is read, so it is added once, too. (The unbounded knapsack would have
no largest value.)

</details>
<br>

**2.** May the buckets be narrower than step 3 of section 2 allows, say half as wide?

<details><summary>Answer</summary>

Yes: the claim needs $w \le \lceil \frac{b-a}{n-1} \rceil$, and narrower only makes more buckets,
about twice as many. They may not be wider.

</details>
<br>

**3.** You only need to know *whether* a weight of exactly $c$ can be packed. What goes into the
row?

<details><summary>Answer</summary>

`True` or `False`: `row[0] = True` at the start, and `row[c] = row[c] or row[c - weight]`,
downwards. This is called subset sum.

</details>
"""

# %% [markdown]
"""
## Now you

The exercises
[on gaps and knapsacks](../../exercises/01_algorithms/order_and_dynamic_programming.ipynb) ask for
your own versions, and tell you which idea is missing if one is.

## Read next

- LeetCode 164, [Maximum Gap](https://leetcode.com/problems/maximum-gap/).
- F. P. Preparata, M. I. Shamos, *Computational Geometry: An Introduction* (Springer, 1985), on
  the problem MAX GAP and T. Gonzalez's solution by buckets.
- R. Bellman, *Dynamic Programming* (Princeton University Press, 1957): the book that gave the
  method its name.
- H. Kellerer, U. Pferschy, D. Pisinger, *Knapsack Problems* (Springer, 2004): everything about
  them.
- R. M. Karp, "Reducibility among combinatorial problems", in *Complexity of Computer
  Computations* (Plenum Press, 1972).
"""
