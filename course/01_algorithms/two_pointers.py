# %% [markdown]
"""
# Two pointers

**After this lesson you can**

- solve *container with most water* by looking at n − 1 pairs instead of n(n − 1)/2,
- prove that no better pair was left out: the *exchange argument*,
- merge two sorted arrays inside one of them, and say why you must start from the back,
- recognise when a problem can be solved by two positions that only ever move one way.

**You need** Python lists, loops and functions. Nothing else.

**Time** 35 minutes. Run each cell with **Shift + Enter**, from the top.
"""

# %%
from course.widgets import bars, cells, pictures, play, trace

height = [1, 8, 6, 2, 5, 4, 8, 3, 7]
pictures.bars(height, {"left": 1, "right": 8}, water=True)

# %% [markdown]
"""
## 1 · A question about water

The picture shows vertical lines on the ground, one at each position 0, 1, 2, … Choose two of
them. Together with the ground they make a container. **Which two hold the most water?**

In between, the other lines take no room: think of them as thin as paper. The water cannot stand
higher than the lower of the two lines, or it runs over. So

> water = (height of the lower line) × (distance between the two)

Let us name things. There are $n$ lines. Line number $i$ has height $h_i \ge 0$, and $i$ runs from
$0$ to $n-1$. For two positions $i < j$ the container holds

$$A(i, j) = \min(h_i, h_j)\,(j - i).$$

We look for the largest $A(i, j)$. This is problem 11 of LeetCode, where $n$ may be as large as
$10^5$.
"""


# %%
def area(height, i, j):
    """How much water stands between lines i and j, where i < j."""
    return min(height[i], height[j]) * (j - i)


area(height, 1, 8)

# %% [markdown]
"""
**Try by hand first.** Change the two positions below and run the cell again. Can you find a pair
that holds more than 49?
"""

# %%
pictures.bars(height, water=(1, 6))

# %% [markdown]
"""
## 2 · Look at every pair

The plainest way: try them all, keep the best. It is slow, but it is easy to trust. So it will be
our judge: any faster function must give the same answers.
"""


# %%
def brute_force(height):
    best = 0
    for left in range(len(height)):
        for right in range(left + 1, len(height)):
            water = min(height[left], height[right]) * (right - left)
            best = max(best, water)
    return best


brute_force(height)

# %% [markdown]
"""
Step through it. Press **›** for one step, or put the focus on the player and use the arrow keys.
The marked line is the one that runs *next*. Watch how `right` starts again for every `left`.
"""

# %%
play(brute_force, height, view=bars("height", water=True))

# %% [markdown]
"""
How many pairs are there? Position 0 is paired with the $n-1$ later ones, position 1 with $n-2$,
and so on:

$$(n-1) + (n-2) + \dots + 1 = \frac{n(n-1)}{2}.$$

For our 9 lines that is 36. For $n = 10^5$ it is about $5 \cdot 10^9$: far too many for Python.
"""

# %% [markdown]
"""
## 3 · The idea: start wide, give up one line at a time

Begin with the widest container: `left` at the first line, `right` at the last. To look at another
one, we must move a pointer inwards, and then the container gets **narrower**. Narrower is bad. It
can only pay if the water gets **higher**.

The lower line sets the water level. So which pointer should move: the one at the lower line, or
the one at the higher? Decide before you read on.
"""

# %% [markdown]
"""
<details><summary><b>Answer</b></summary>

The one at the **lower** line. Keep the lower line, and the water can never rise above it: every
narrower container with this line holds less. Move away from it, and there is at least a chance.

</details>
"""


# %%
def max_area(height):
    left, right = 0, len(height) - 1
    best = 0
    while left < right:
        water = min(height[left], height[right]) * (right - left)
        best = max(best, water)
        if height[left] < height[right]:
            left += 1
        else:
            right -= 1
    return best


max_area(height)

# %% [markdown]
"""
**Play.** Before each `if`, say which pointer will move. Then type other heights in the box and
press Enter: `[5, 5, 5, 5]`, `[1, 2, 3, 4, 5]`, `[3]`, `[]`. Compare the lines run with those of
`brute_force`.
"""

# %%
play(max_area, height, view=bars("height", water=True), compare=brute_force)

# %% [markdown]
"""
## 4 · Why nothing is missed

It gave 49 here. But it looked at only 8 of the 36 pairs. How can we be **sure** about the other
28?

Look at one moment of the run. The pointers are at $l < r$, and say the left line is the lower
one: $h_l \le h_r$. The function will now give up line $l$ for good. What is lost? All containers
$(l, j)$ with $l < j < r$. Here is what they hold at the very first moment, $l = 0$, $r = 8$:
"""

# %%
{f"A(0, {right})": area(height, 0, right) for right in range(8, 0, -1)}

# %% [markdown]
"""
They only go down. That is no accident.

**Claim.** If $h_l \le h_r$, then $A(l, j) \le A(l, r)$ for every $j$ with $l < j < r$.

**Proof**, one step at a time:

1. $\min(h_l, h_j) \le h_l$, because a minimum is never larger than either of the two.
2. $j - l < r - l$, because $j < r$.
3. So $A(l, j) = \min(h_l, h_j)\,(j - l) \le h_l\,(r - l)$: by 1 and 2 both factors are at most as
   large, and none is negative.
4. $h_l\,(r - l) = \min(h_l, h_r)\,(r - l) = A(l, r)$, because $h_l \le h_r$ makes $h_l$ the
   minimum.
5. Steps 3 and 4 together: $A(l, j) \le A(l, r)$. ∎

This is called an **exchange argument**: whoever prefers a container $(l, j)$ may exchange it for
$(l, r)$ and loses nothing. And $(l, r)$ is the one that we have just looked at.
"""

# %% [markdown]
"""
The same in pictures. Left: the container we look at. Its water is as high as line $l$ can hold,
and it is as wide as it gets. Right: one of those that we give up. It is narrower, and no higher.
"""

# %%
pictures.side_by_side(
    pictures.bars([4, 6, 2, 9, 5, 7], {"l": 0, "r": 5}, water=(0, 5)),
    pictures.bars([4, 6, 2, 9, 5, 7], {"l": 0, "j": 3}, water=(0, 3)),
)

# %% [markdown]
"""
If $h_l \ge h_r$, the mirrored claim holds: every $(i, r)$ with $l < i < r$ holds no more than
$(l, r)$, so line $r$ can go.

**When both are equal**, both claims hold, and either pointer may move.
"""

# %% [markdown]
"""
### From one step to the whole run

One sentence is true each time the loop begins. Such a sentence is called a **loop invariant**:

> No pair is better than the best we have looked at, except perhaps pairs within `left … right`.

- *At the start* every pair lies within `left … right`.
- *Each turn keeps it true.* We look at $(l, r)$, then drop one line. By the claim, every pair
  that goes with it is no better than $(l, r)$.
- *At the end* `left == right`, and no pair lies within. So no pair is better than the best we
  have looked at.

And it does end: each turn brings the pointers one closer, from $n-1$ apart to $0$. That is
**$n-1$ turns, whatever the heights are.**
"""

# %% [markdown]
"""
### The run as a map

Write down every pair: a row for each `left`, a column for each `right`. A turn of the loop looks
at one pair (orange) and, with it, rules out the rest of its row or the rest of its column
(green).
"""


# %%
def ruled_out(height):
    """How each pair (left, right) was settled: looked at, or given up together with one."""
    left, right = 0, len(height) - 1
    settled = {}
    while left < right:
        if height[left] < height[right]:
            settled |= {(left, j): "done" for j in range(left + 1, right)}
            settled[left, right] = "read"
            left += 1
        else:
            settled |= {(i, right): "done" for i in range(left + 1, right)}
            settled[left, right] = "read"
            right -= 1
    return settled


# %%
n = len(height)
pairs = [[area(height, i, j) if i < j else None for j in range(n)] for i in range(n)]
pictures.grid(pairs, ruled_out(height), corner="left \\ right")

# %% [markdown]
"""
Follow the orange path from the top right corner. A step **down** gives up a row: the left
line was lower. A step **left** gives up a column. In each ruled-out row or column, no green
number is larger than its orange one: the claim, in numbers. Nothing is left white.

Change `height` at the top of the notebook and run the last two cells again. The staircase
changes; its length does not.
"""

# %% [markdown]
"""
### What if we move the higher line?

It looks harmless: the pointers still meet after $n-1$ turns. Here is a list on which it fails.
Press **Go to the first difference**, then step on from there: which pair does it give up that it
should not?
"""


# %%
def moves_the_higher(height):
    left, right = 0, len(height) - 1
    best = 0
    while left < right:
        water = min(height[left], height[right]) * (right - left)
        best = max(best, water)
        if height[left] > height[right]:
            left += 1
        else:
            right -= 1
    return best


play(moves_the_higher, [3, 9, 8, 1], view=bars("height", water=True), reference=max_area)

# %% [markdown]
"""
## 5 · Count

Clocks differ from machine to machine. So we count: how many lines of Python does each function
run, on lists of 10, 20, … 60 heights?
"""

# %%
sizes = [10, 20, 30, 40, 50, 60]


def lines_run(fn, n):
    heights = [(7 * i) % 31 for i in range(n)]
    return trace(fn, heights, max_steps=20_000)["lines"]


lines = {fn.__name__: [lines_run(fn, n) for n in sizes] for fn in (max_area, brute_force)}
pictures.curve(sizes, lines, what="lines run")

# %% [markdown]
"""
Twice the size: `max_area` needs twice the lines, `brute_force` four times. In the language of
growth: $O(n)$ and $O(n^2)$.

We can even say the number. Each turn runs five lines (the `while` is one of them). There are
$n-1$ turns, and four lines outside them: the first two, the last `while`, the `return`. That
makes $5(n-1) + 4 = 5n - 1$:
"""

# %%
[(n, count, 5 * n - 1) for n, count in zip(sizes, lines["max_area"], strict=True)]

# %% [markdown]
"""
## 6 · Your turn

Write your own. Loops, recursion, other names: the player takes any function. Below it, the
reference is `max_area`, so you can jump to where the two part.
"""


# %%
def my_max_area(height):
    best = 0
    # write here
    return best


play(my_max_area, height, view=bars("height", water=True), reference=max_area)

# %% [markdown]
"""
### Check yourself

**1.** Someone gives up the lower line, but keeps no `best`: they return the last area they saw.
On which kind of input does this go wrong first?

<details><summary>Answer</summary>

On almost all. At the last turn the pointers are neighbours, so the last area is $\min(h_l,
h_{l+1}) \cdot 1$. Already `[2, 1, 2]` fails: the best is 4, at the first turn; the last area is
1.

</details>
<br>

**2.** All heights are equal to $c$. What is the answer, and at which turn is it found?

<details><summary>Answer</summary>

$c\,(n-1)$, at the first turn: no other pair is as wide, and none is higher.

</details>
<br>

**3.** Where in the proof do we use that heights are not negative?

<details><summary>Answer</summary>

In step 3. From $a \le b$ and $c < d$ we concluded $a c \le b d$. That needs $b \ge 0$ and $c \ge
0$: with $b = -1$, $a = -1$, $c = 1$, $d = 2$ it would say $-1 \le -2$.

</details>
"""

# %% [markdown]
"""
## 7 · A second question: merging in place

Two lists, each sorted. The first has room at its end for the second:

- `nums1` holds $m$ sorted values and then $n$ free places (filled with 0, to be overwritten),
- `nums2` holds $n$ sorted values.

**Put all $m + n$ values into `nums1`, in order, without a second list.** This is problem 88 of
LeetCode.

Careful: 0 can also be a true value. Only $m$ tells where the values end.
"""

# %%
pictures.cells({"nums1": [3, 5, 9, 0, 0, 0], "nums2": [1, 2, 6]})

# %% [markdown]
"""
## 8 · Find the bug

The natural start is the front. Read `nums1` at `i`, read `nums2` at `j`, write the smaller at
`k`.

Step through it, slowly. **At which step is a value lost that was still needed?**
"""


# %%
def merge_from_front(nums1, m, nums2, n):
    i, j = 0, 0
    for k in range(m + n):
        if i < m and (j == n or nums1[i] <= nums2[j]):
            nums1[k] = nums1[i]
            i += 1
        else:
            nums1[k] = nums2[j]
            j += 1


play(merge_from_front, [3, 5, 9, 0, 0, 0], 3, [1, 2, 6], 3, view=cells("nums1", "nums2"))

# %% [markdown]
"""
<details><summary><b>Answer</b></summary>

At the very first write. `nums1[0] = nums2[0]` puts the 1 where the 3 was, and the 3 had not been
read yet (`i` is still 0). From then on `i` reads what `k` has written: the function merges its
own output.

</details>
<br>

In general: from the front, $k = i + j$, because each turn moves `k` and one of the two. So as
soon as one value of `nums2` was taken ($j \ge 1$), we write at $k > i$: on a place of `nums1`
that is **not yet read**.
"""

# %% [markdown]
"""
## 9 · The idea: from the back

Two ways out:

1. Copy the values of `nums1` first. That works, and costs $m$ extra places.
2. Write where **nothing is waiting to be read**. The free places are at the back. So fill from
   the back, with the *largest* value first.
"""


# %%
def merge(nums1, m, nums2, n):
    i, j, k = m - 1, n - 1, m + n - 1
    while j >= 0:
        if i >= 0 and nums1[i] > nums2[j]:
            nums1[k] = nums1[i]
            i -= 1
        else:
            nums1[k] = nums2[j]
            j -= 1
        k -= 1


play(merge, [3, 5, 9, 0, 0, 0], 3, [1, 2, 6], 3, view=cells("nums1", "nums2"))

# %% [markdown]
"""
Watch the gap between `i` and `k`. It shrinks when a value comes from `nums2`, and keeps its size
when it comes from `nums1`. Does `k` ever pass `i`?
"""

# %% [markdown]
"""
## 10 · Why the writer never passes the reader

`i` and `j` point at the last values that are **not yet placed**; `k` at the place to write next.

**Claim.** Each time the loop begins, $k = i + j + 1$.

- *At the start*: $i + j + 1 = (m-1) + (n-1) + 1 = m + n - 1 = k$.
- *Each turn keeps it true*: exactly one of `i`, `j` goes down by one, and so does `k`. Both sides
  lose 1.

**What follows.** Inside the loop $j \ge 0$, so $k = i + j + 1 \ge i + 1 > i$. The place we write
is **strictly behind** the last unread value of `nums1`. Nothing unread is overwritten. ∎

**And at the end?** The loop stops when $j = -1$. Then $k = i$: the values $0 \dots i$ of `nums1`
that remain are already where they belong. That is why the loop need not wait for `i`.
"""

# %% [markdown]
"""
Trust, but check. The recorded run holds the names at each step. Here are $i$, $j$, $k$ and $i + j
+ 1$ each time the loop begins (`while` is the third line of `merge`):
"""

# %%
run = trace(merge, [3, 5, 9, 0, 0, 0], 3, [1, 2, 6], 3)
loop = [step["locals"] for step in run["steps"] if step["line"] == run["first_line"] + 2]
[(names["i"], names["j"], names["k"], names["i"] + names["j"] + 1) for names in loop]

# %% [markdown]
"""
### Why the result is sorted

A second invariant: **what is written at the back is sorted, and nothing unread is larger than
it.**

- *At the start* nothing is written.
- *Each turn* writes the larger of the two last unread values. Both lists are sorted, so this is
  the largest of *all* unread values. It goes in front of what is written, and it is no larger
  than that, because it was unread before.
- *At the end* `nums1` is the rest, sorted, followed by what is written, sorted, and no value of
  the rest is larger. So all of it is sorted. ∎
"""

# %% [markdown]
"""
Now put both versions side by side. The player finds the first moment at which their lists differ:
"""

# %%
play(
    merge_from_front, [3, 5, 9, 0, 0, 0], 3, [1, 2, 6], 3,
    view=cells("nums1", "nums2"), reference=merge,
)  # fmt: skip

# %% [markdown]
"""
## 11 · Count

Each turn of `merge` writes one value, and there are at most $m + n$ turns. A tempting other way
inserts the values of `nums2` one by one, and moves everything behind to make room. How do the two
grow?
"""


# %%
def merge_by_shifting(nums1, m, nums2, n):
    for count, value in enumerate(nums2):
        k = m + count
        while k > 0 and nums1[k - 1] > value:
            nums1[k] = nums1[k - 1]
            k -= 1
        nums1[k] = value


# %%
def lines_to_merge(fn, size):
    high, low = list(range(size, 2 * size)), list(range(size))
    return trace(fn, high + [0] * size, size, low, size, max_steps=20_000)["lines"]


sizes = [5, 10, 20, 30, 40, 50]
lines = {fn.__name__: [lines_to_merge(fn, n) for n in sizes] for fn in (merge, merge_by_shifting)}
pictures.curve(sizes, lines, what="lines run, with m = n")

# %% [markdown]
"""
`merge` needs a fixed number of lines for each value: $O(m + n)$. Shifting moves up to $m$ values
for each of the $n$ new ones: $O(m\,n)$. And `merge` needs no second list: three positions, $O(1)$
extra space.

### Find the bug

One test is missing here. Which input needs it? The player has one; step to where the two part, and
say what was read.
"""


# %%
def merge_without_asking(nums1, m, nums2, n):
    i, j, k = m - 1, n - 1, m + n - 1
    while j >= 0:
        if nums1[i] > nums2[j]:
            nums1[k] = nums1[i]
            i -= 1
        else:
            nums1[k] = nums2[j]
            j -= 1
        k -= 1


play(
    merge_without_asking, [4, 0, 0], 1, [1, 2], 2,
    view=cells("nums1", "nums2"), reference=merge,
)  # fmt: skip

# %% [markdown]
"""
<details><summary><b>Answer</b></summary>

`i >= 0 and` is gone. After the 4 is placed, `i` is −1, and `nums1[-1]` is Python's name for the
**last** element: the same 4 again. It is larger than 2, so it is written once more. `i` walks on to
−2, −3 and −4, where there is an `IndexError`. The 1 and the 2 are never placed.

</details>

## 12 · Your turn

Write your own version. Some to try: a `for` loop over `k`; names of your own; the smaller of the
two first, into a copy.
"""


# %%
def my_merge(nums1, m, nums2, n):
    pass  # write here


play(my_merge, [4, 0], 1, [2], 1, view=cells("nums1", "nums2"), reference=merge)

# %% [markdown]
"""
### Check yourself

**1.** Which values of `nums1` does `merge` never move?

<details><summary>Answer</summary>

Those that are no larger than the smallest of `nums2`. The loop ends with $j = -1$, and nothing was
written to the places $0 \dots i$.

</details>
<br>

**2.** Why does the loop ask `while j >= 0`, and not `while i >= 0`?

<details><summary>Answer</summary>

What remains in `nums1` is in its place already. What remains in `nums2` is not. With `while i >=
0`, `[4, 0], 1, [2], 1` would stop after the 4 and never copy the 2.

</details>
<br>

**3.** Two values are equal, one in each list. Which stands first in the result?

<details><summary>Answer</summary>

The one from `nums1`. The test is `nums1[i] > nums2[j]`, so on a tie the value of `nums2` is
written first, and we write from the back. A merge that keeps this order is called *stable*.

</details>
"""

# %% [markdown]
"""
## What the two have in common

| | container | merge |
|---|---|---|
| pointers | `left`, `right` move towards each other | `i`, `j`, `k` move to the front |
| one turn settles | a row or a column of pairs | one value |
| why nothing is lost | exchange: $A(l, j) \le A(l, r)$ | $k = i + j + 1 > i$ |
| turns | $n - 1$ | at most $m + n$ |

The pattern: positions that **only move one way**, and a reason why what they leave behind is
never needed again. When you meet a problem with two loops inside each other, ask: *after this
comparison, what can I never need again?*
"""

# %% [markdown]
"""
## Now you

The exercises [max_area and merge](../../exercises/01_algorithms/two_pointers.ipynb) ask for your
own versions, and tell you which idea is missing if one is.

## Read next

- The problems as they are stated: LeetCode 11, [Container With Most
  Water](https://leetcode.com/problems/container-with-most-water/), and LeetCode 88, [Merge Sorted
  Array](https://leetcode.com/problems/merge-sorted-array/).
- D. E. Knuth, *The Art of Computer Programming*, volume 3, *Sorting and Searching*, section
  5.2.4, "Sorting by Merging": where merging comes from, and how many comparisons it needs.
- T. H. Cormen, C. E. Leiserson, R. L. Rivest, C. Stein, *Introduction to Algorithms*, chapter 2:
  loop invariants (start, each turn, end), on insertion sort and on merging.
"""
