# %% [markdown]
"""
# Two pointers: exercises

**20 points · about 45 minutes.** Before: the lesson *Two pointers*, in `course/01_algorithms`.

After these two exercises you can

- find the best pair in a row of numbers in one pass, and say why you may skip all the other pairs;
- merge two sorted lists inside one of them, without losing a value.

How it works: write your code where it says `YOUR CODE HERE`, run the cell, then run the checks
below it. Each check is about one idea. When one does not hold, it shows an input, what was
expected, and what your function gave. When you hand in, each check is tried again on inputs that
you have not seen, about the same idea.
"""

# %% nbgrader={"grade_id": "setup", "locked": true}
from itertools import combinations

from IPython.display import HTML

from course.checks import check, draws, last_failure
from course.widgets import bars, cells, pictures, play

# %% [markdown] nbgrader={"grade_id": "max_area_task", "locked": true}
r"""
## 1. The container with most water

`max_area` · 10 points · difficulty 2 of 5 · 20 minutes

Lines stand on level ground, one unit apart: line $i$ has its foot at $i$ and is `height[i]` high.
Two lines $i < j$ and the ground between them make a container. It holds water up to the top of its
shorter side, so its area is

$$(j - i) \cdot \min(\text{height}[i],\ \text{height}[j]).$$

Lines between the two do not matter; they take up no room.

**Write** `max_area(height)`, which returns the largest area that any two of the lines hold.

| | |
|---|---|
| `height` | a list of $n$ whole numbers, $2 \le n \le 100\,000$, each from 0 to 10 000 |
| returns | the area, an `int` |
| work | at most $24\,n$ operations: every time an entry of `height`, or a number calculated from one, is read, compared or calculated with, that is one operation |

Trying all pairs gives the right area, but for $n = 100\,000$ lines there are five thousand million
pairs. One pass will do.

**Example.** For `height = [1, 8, 6, 2, 5, 4, 8, 3, 7]` the answer is `49`: lines 1 and 8 are 8 and
7 high, the shorter side is 7, and they stand 7 apart.
"""

# %% jupyter={"source_hidden": true} nbgrader={"grade_id": "max_area_example", "locked": true}
HTML(pictures.bars([1, 8, 6, 2, 5, 4, 8, 3, 7], water=(1, 8)))


# %% nbgrader={"grade_id": "max_area", "solution": true}
def max_area(height: list[int]) -> int:
    """The largest area of water that two of the lines hold."""
    ### BEGIN SOLUTION
    left, right = 0, len(height) - 1
    largest = 0
    while left < right:
        area = (right - left) * min(height[left], height[right])
        largest = max(largest, area)
        if height[left] < height[right]:
            left += 1  # any narrower container with this left side is no higher
        else:
            right -= 1
    return largest
    ### END SOLUTION


# %% [markdown] nbgrader={"grade_id": "max_area_hints", "locked": true}
"""
<details><summary>Hint 1: the idea</summary>

Start with the widest container: the first and the last line. Every other container is narrower, so
it can only be better if it is higher. Which of your two lines keeps the water low? Could a narrower
container with that same line ever hold more?

</details>

<details><summary>Hint 2: a sketch</summary>

Two pointers, `left` at the first line and `right` at the last. Work out the area between them and
remember the largest so far. Then give up the line that is shorter, since you have just seen its
best container: move its pointer one step inwards. Stop when the pointers meet. If both are equally
high, you may move either.

</details>

<details><summary>Hint 3: almost code</summary>

```
left, right, largest ← 0, n − 1, 0
while left < right:
    area ← width × height of the shorter side
    largest ← the larger of largest and area
    if the left line is the shorter one: left ← left + 1
    else:                                right ← right − 1
return largest
```

</details>
"""


# %% jupyter={"source_hidden": true} nbgrader={"grade_id": "max_area_picture", "locked": true}
def container(outcome):
    """The lines of a case that failed, with water in a container of the area expected."""
    height, area = outcome.arguments[0], outcome.expected
    pairs = combinations(range(len(height)), 2)
    fits = [(i, j) for i, j in pairs if (j - i) * min(height[i], height[j]) == area]
    return pictures.bars(height, water=fits[0] if fits else None)


# %% nbgrader={"grade_id": "max_area_width_times_shorter_side", "points": 2}
WATER = """The water stands as high as the shorter side, and it is as wide as the distance between
the two feet: lines 0 and 4 are 4 apart. Area = distance × shorter side."""

with check("counts width times the shorter side", idea=WATER, picture=container) as case:
    case(max_area, [3, 5]).gives(3)
    case(max_area, [9, 2]).gives(2)
    case(max_area, [4, 1, 1, 1, 6]).gives(16)

### BEGIN HIDDEN TESTS
with check("counts width times the shorter side", idea=WATER, hidden=True) as case:
    random = draws("max_area_width_times_shorter_side")
    for _ in range(20):
        first, last = random.randint(2, 10_000), random.randint(2, 10_000)
        between = [1] * random.randint(0, 12)
        case(max_area, [first, *between, last]).gives((len(between) + 1) * min(first, last))
### END HIDDEN TESTS

# %% nbgrader={"grade_id": "max_area_moves_the_shorter_side", "points": 4}
SHORTER = """Keep the taller of the two lines and give up the shorter one. A narrower container with
the shorter line stays as low as it is, so it holds less; with the taller line, the next container
may be higher."""

with check("moves the shorter side", idea=SHORTER, picture=container) as case:
    case(max_area, [1, 8, 6, 2, 5, 4, 8, 3, 7]).gives(49)
    case(max_area, [1, 2, 9, 9, 1]).gives(9)
    case(max_area, [2, 3, 10, 5, 7, 8, 9]).gives(36)

### BEGIN HIDDEN TESTS
with check("moves the shorter side", idea=SHORTER, hidden=True) as case:
    random = draws("max_area_moves_the_shorter_side")
    for _ in range(60):
        highest = random.choice([5, 30, 10_000])
        lines = [random.randint(0, highest) for _ in range(random.randint(3, 40))]
        pairs = combinations(enumerate(lines), 2)
        case(max_area, lines).gives(max((j - i) * min(a, b) for (i, a), (j, b) in pairs))
### END HIDDEN TESTS

# %% nbgrader={"grade_id": "max_area_equal_heights_and_zeros", "points": 2}
EQUAL = """Nothing special happens when both sides are equally high: move one of them (or both), and
go on. A line of height 0 holds nothing, and if every container is empty the answer is 0."""

with check("copes with equal heights and zeros", idea=EQUAL, picture=container) as case:
    case(max_area, [4, 4, 4, 4]).gives(12)
    case(max_area, [0, 0]).gives(0)
    case(max_area, [0, 7, 0]).gives(0)
    case(max_area, [3, 9, 3, 9, 3]).gives(18)

### BEGIN HIDDEN TESTS
with check("copes with equal heights and zeros", idea=EQUAL, hidden=True) as case:
    random = draws("max_area_equal_heights_and_zeros")
    for _ in range(60):
        heights = random.choice([[0, 1], [0, 0, 8], [5], [2, 3, 9], [0, 4, 5]])
        lines = random.choices(heights, k=random.randint(2, 14))
        pairs = combinations(enumerate(lines), 2)
        case(max_area, lines).gives(max((j - i) * min(a, b) for (i, a), (j, b) in pairs))
### END HIDDEN TESTS

# %% nbgrader={"grade_id": "max_area_one_pass", "points": 2}
ONE_PASS = """Each step of the two pointers settles one line for good, so n lines take n − 1 steps
and a fixed number of looks at each. Trying all pairs takes about n²/2 steps."""

with check("takes one pass", idea=ONE_PASS) as case:
    case.growth(
        max_area,
        lambda n: list(range(1, n + 1)),
        gives=lambda height: len(height) ** 2 // 4,
        at_most=lambda n: 24 * n,
        label="24n",
    )

### BEGIN HIDDEN TESTS
with check("takes one pass", idea=ONE_PASS, hidden=True) as case:

    def best_of_all_pairs(height):
        pairs = combinations(enumerate(height), 2)
        return max((j - i) * min(a, b) for (i, a), (j, b) in pairs)

    for shape in ("random", "falling", "valley", "equal"):
        random = draws(f"max_area_one_pass {shape}")

        def lines_of(shape, n, random):
            lines = [random.randint(0, 10_000) for _ in range(n)]
            falling = sorted(lines, reverse=True)
            return {
                "random": lines,
                "falling": falling,
                "valley": falling[::2] + falling[1::2][::-1],
                "equal": lines[:1] * n,
            }[shape]

        case.growth(
            max_area,
            lambda n, shape=shape, random=random: lines_of(shape, n, random),
            sizes=(20, 60, 180),
            gives=best_of_all_pairs,
            at_most=lambda n: 24 * n,
            label="24n",
        )

with check("takes one pass", idea=ONE_PASS, hidden=True, lines=5_000_000) as case:
    n = 100_000  # up to 10 000, level, and down again: best are the ends of the level part
    case(max_area, [min(i, n - 1 - i, 10_000) for i in range(n)]).gives(10_000 * (n - 1 - 20_000))
### END HIDDEN TESTS

# %% [markdown]
"""
**Watch your own function.** Step through its run, line by line. When a check above has failed, this
plays the input on which it failed: run this cell again after the check. Type other heights, such as
`[4, 4, 4, 4]`, and press *Predict*: before each step, say which pointer will move.
"""

# %%
given = last_failure(max_area, [1, 8, 6, 2, 5, 4, 8, 3, 7])
play(max_area, *given, view=bars("height", water=True))

# %% [markdown] nbgrader={"grade_id": "merge_task", "locked": true}
r"""
## 2. Merging in place

`merge` · 10 points · difficulty 3 of 5 · 25 minutes

Two lists of whole numbers are sorted in ascending order. The first one has room for both: `nums1`
has $m + n$ entries, its first $m$ are values, and its last $n$ are zeros that only keep the places
free. `nums2` has $n$ values.

**Write** `merge(nums1, m, nums2, n)`, which changes `nums1` so that it holds all $m + n$ values in
ascending order.

| | |
|---|---|
| `nums1` | a list of $m + n$ whole numbers; the first $m$ are sorted, the last $n$ are 0 |
| `nums2` | a list of $n$ sorted whole numbers |
| `m`, `n` | from 0 to 1000 each, at least one of them not 0 |
| values | from $-10^9$ to $10^9$; a value may be 0, and may occur more than once |
| returns | whatever you like: only what is in the list `nums1` afterwards counts |
| work | at most $12\,(m + n)$ operations with entries of the lists, counted as above |
| by hand | do not call `sorted`, `sort`, `heapq.merge` or `bisect.insort`: the merging is what you do here |

You need no second list, though you may make one. What you leave in `nums2` does not matter.

**Example.** `nums1 = [1, 4, 6, 0, 0]`, `m = 3`, `nums2 = [2, 5]`, `n = 2`: afterwards `nums1` is
`[1, 2, 4, 5, 6]`.
"""

# %% jupyter={"source_hidden": true} nbgrader={"grade_id": "merge_example", "locked": true}
HTML(pictures.cells({"nums1": [1, 4, 6, 0, 0], "nums2": [2, 5], "after": [1, 2, 4, 5, 6]}))


# %% nbgrader={"grade_id": "merge", "solution": true}
def merge(nums1: list[int], m: int, nums2: list[int], n: int) -> None:
    """Merge the n values of nums2 into nums1, whose first m entries are its values."""
    ### BEGIN SOLUTION
    i, j = m - 1, n - 1
    for place in range(m + n - 1, -1, -1):
        if j < 0:
            break  # what is left of nums1 already stands where it belongs
        if i >= 0 and nums1[i] > nums2[j]:
            nums1[place] = nums1[i]
            i -= 1
        else:
            nums1[place] = nums2[j]
            j -= 1
    ### END SOLUTION


# %% [markdown] nbgrader={"grade_id": "merge_hints", "locked": true}
"""
<details><summary>Hint 1: the idea</summary>

If you write the smallest value into the first place of `nums1`, you overwrite a value that you
still need. At which end of `nums1` is nothing that you could lose? Which value belongs there?

</details>

<details><summary>Hint 2: a sketch</summary>

Fill `nums1` from its last place down to its first. One pointer stands on the last value of `nums1`
(at `m - 1`, not at the zeros), one on the last value of `nums2`. Each time, take the larger of the
two and move its pointer back. Think of what happens when one of the lists has been used up.

</details>

<details><summary>Hint 3: almost code</summary>

```
i, j ← m − 1, n − 1
for place from m + n − 1 down to 0:
    if nums2 is used up: stop (the rest of nums1 is in place already)
    if nums1 is not used up and nums1[i] > nums2[j]:
        nums1[place] ← nums1[i];  i ← i − 1
    else:
        nums1[place] ← nums2[j];  j ← j − 1
```

</details>
"""


# %% jupyter={"source_hidden": true} nbgrader={"grade_id": "merge_picture", "locked": true}
BY_HAND = ("sorted", "sort", "merge", "insort", "insort_left", "insort_right")


def lists(outcome):
    """The lists of a case that failed, before and after, with the wrong places marked."""
    (nums1, m, nums2, _), got = outcome.arguments, outcome.got
    rows = {"nums1": nums1, "nums2": nums2, "expected": outcome.expected, "nums1 after": got}
    wrong = [i for i, value in enumerate(outcome.expected) if got[i : i + 1] != [value]]
    marks = {"nums1 after": {i: "wrong" for i in wrong if i < len(got)}}
    marks["nums1"] = dict.fromkeys(range(m), "done")
    return pictures.cells(rows, marks=marks)


# %% nbgrader={"grade_id": "merge_changes_nums1_itself", "points": 2}
ITSELF = """The caller keeps the list nums1 and looks into it afterwards. So write into its places,
as in nums1[k] = value. A new list, even one that you call nums1, is another list, and returning it
changes nothing for the caller."""

with check("changes nums1 itself", idea=ITSELF, picture=lists, without=BY_HAND) as case:
    case(merge, [1, 4, 0, 0], 2, [5, 6], 2).leaves(0, [1, 4, 5, 6])
    case(merge, [5, 0], 1, [7], 1).leaves(0, [5, 7])

### BEGIN HIDDEN TESTS
with check("changes nums1 itself", idea=ITSELF, hidden=True, without=BY_HAND) as case:
    random = draws("merge_changes_nums1_itself")
    for _ in range(20):
        numbers = sorted(random.sample(range(1, 1000), random.randint(2, 30)))
        m = random.randint(1, len(numbers) - 1)
        first, second = numbers[:m], numbers[m:]
        padded = first + [0] * len(second)
        case(merge, padded, m, second, len(second)).leaves(0, numbers)
### END HIDDEN TESTS

# %% nbgrader={"grade_id": "merge_keeps_every_value", "points": 4}
EVERY = """Every value must be there afterwards, as often as before. Filling nums1 from the front
overwrites values before they were read; from the back, the free places come first. Equal values
count each, and when one list is used up, what is left of the other still belongs in."""

with check("keeps every value", idea=EVERY, picture=lists, without=BY_HAND) as case:
    case(merge, [4, 5, 6, 0, 0, 0], 3, [1, 2, 3], 3).leaves(0, [1, 2, 3, 4, 5, 6])
    case(merge, [1, 2, 3, 0, 0, 0], 3, [4, 5, 6], 3).leaves(0, [1, 2, 3, 4, 5, 6])
    case(merge, [2, 2, 7, 0, 0, 0], 3, [2, 7, 7], 3).leaves(0, [2, 2, 2, 7, 7, 7])

### BEGIN HIDDEN TESTS
with check("keeps every value", idea=EVERY, hidden=True, without=BY_HAND) as case:
    random = draws("merge_keeps_every_value")
    for _ in range(60):
        largest = random.choice([3, 20, 10**9])
        m, n = random.randint(1, 15), random.randint(1, 15)
        first = sorted(random.randint(1, largest) for _ in range(m))
        second = sorted(random.randint(1, largest) for _ in range(n))
        case(merge, first + [0] * n, m, second, n).leaves(0, sorted(first + second))
### END HIDDEN TESTS

# %% nbgrader={"grade_id": "merge_believes_m_and_n", "points": 2}
COUNTS = """Only m says how many values nums1 has. A 0 may be a value like any other, and the zeros
at the end are no values at all. m or n may be 0: then there is nothing to take from that list."""

with check("believes m and n, not the zeros", idea=COUNTS, picture=lists, without=BY_HAND) as case:
    case(merge, [-2, 0, 0, 0], 2, [-1, 3], 2).leaves(0, [-2, -1, 0, 3])
    case(merge, [-5, -4, 0, 0], 2, [-3, 0], 2).leaves(0, [-5, -4, -3, 0])
    case(merge, [0, 0], 0, [1, 2], 2).leaves(0, [1, 2])
    case(merge, [0, 3], 2, [], 0).leaves(0, [0, 3])

### BEGIN HIDDEN TESTS
with check("believes m and n, not the zeros", idea=COUNTS, hidden=True, without=BY_HAND) as case:
    random = draws("merge_believes_m_and_n")
    for _ in range(60):
        m = random.choice([0, 0, 1, 4, 9])
        n = random.choice([0, 0, 1, 4, 9] if m else [1, 4, 9])
        first = sorted(random.randint(-3, 1) for _ in range(m))
        second = sorted(random.randint(-3, 1) for _ in range(n))
        case(merge, first + [0] * n, m, second, n).leaves(0, sorted(first + second))
### END HIDDEN TESTS

# %% nbgrader={"grade_id": "merge_one_pass", "points": 2}
EACH_ONCE = """Both lists are sorted, so one comparison settles where one value goes: m + n values
take at most m + n comparisons. Inserting the values one by one, or sorting again by hand, moves
the same values over and over."""


def evens_and_odds(size):
    half = size // 2
    evens, odds = list(range(0, 2 * half, 2)), list(range(1, 2 * half, 2))
    return evens + [0] * half, half, odds, half


with check("takes one pass", idea=EACH_ONCE, without=BY_HAND) as case:
    case.growth(
        merge,
        evens_and_odds,
        leaves={0: lambda nums1, m, nums2, n: list(range(m + n))},
        at_most=lambda size: 12 * size,
        label="12(m + n)",
    )

### BEGIN HIDDEN TESTS
with check("takes one pass", idea=EACH_ONCE, hidden=True, without=BY_HAND) as case:
    for shape in ("mixed", "second below first", "few into many", "many into few"):
        random = draws(f"merge_one_pass {shape}")

        def two_lists(size, shape=shape, random=random):
            m = {"few into many": size - 3, "many into few": 3}.get(shape, size // 2)
            values = [random.randint(-(10**9), 10**9) for _ in range(size)]
            if shape == "second below first":
                values.sort(reverse=True)
            first, second = sorted(values[:m]), sorted(values[m:])
            return first + [0] * len(second), m, second, len(second)

        case.growth(
            merge,
            two_lists,
            sizes=(16, 64, 256),
            leaves={0: lambda nums1, m, nums2, n: sorted(nums1[:m] + nums2)},
            at_most=lambda size: 12 * size,
            label="12(m + n)",
        )
### END HIDDEN TESTS

# %% [markdown]
"""
**Watch your own function.** Follow the place that is written: does it ever reach a value that has
not been read yet? When a check above has failed, this plays the input on which it failed. Try
`m = 0`, and a list with many equal values.
"""

# %%
given = last_failure(merge, [1, 4, 6, 0, 0], 3, [2, 5], 2)
play(merge, *given, view=cells("nums1", "nums2"))

# %% [markdown]
"""
**Done?** Save, then choose *Validate* to run every cell from the top in a fresh kernel, and hand in
from the *Assignment List*. If a check still fails, hand in what you have: each one counts by itself.
"""
