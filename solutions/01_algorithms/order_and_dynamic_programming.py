# %% [markdown]
"""
# Linear-time order and dynamic programming: exercises

**36 points · about 105 minutes.** Before: the lesson *Linear-time order and dynamic programming*, in
`course/01_algorithms`.

After these four exercises you can

- find the largest gap between neighbours without sorting, by an argument about buckets;
- fill a table in which each entry follows from two entries before it;
- shrink that table to one row, and say in which direction the row must be filled;
- read the choices that led to the best value out of a table.

How it works: write your code where it says `YOUR CODE HERE`, run the cell, then run the checks
below it. Each check is about one idea. When you hand in, each is tried again on inputs that you
have not seen, about the same idea.
"""

# %% nbgrader={"grade_id": "setup", "locked": true}
from itertools import combinations, pairwise

from IPython.display import HTML

from course.checks import check, draws, last_failure
from course.checks.memory import stays_small
from course.widgets import buckets, pictures, play, table

# %% [markdown] nbgrader={"grade_id": "maximum_gap_task", "locked": true}
r"""
## 1. The largest gap

`maximum_gap` · 10 points · difficulty 4 of 5 · 30 minutes

Put numbers in ascending order: how far apart are the two neighbours that are farthest apart? Sorting
would tell, but you need not know the whole order to answer.

**Write** `maximum_gap(nums)`, which returns the largest difference between two numbers that would be
neighbours if `nums` were sorted.

| | |
|---|---|
| `nums` | a list of $n$ whole numbers, $0 \le n \le 100\,000$, each from 0 to $10^9$, equal ones possible |
| returns | the largest gap, an `int`; 0 if there are fewer than two numbers |
| work | at most $40\,n$ operations: each look at an entry, each comparison of one and each calculation with one |
| by hand | do not sort: no `sorted`, `sort`, `heapq` or `bisect` |

**Example.** For `nums = [3, 6, 9, 1]` the answer is `3`: in order they are 1, 3, 6, 9, with gaps of 2, 3
and 3.
"""

# %% jupyter={"source_hidden": true} nbgrader={"grade_id": "maximum_gap_example", "locked": true}
HTML(
    pictures.cells(
        {"nums": [3, 6, 9, 1], "in order": [1, 3, 6, 9]}, marks={"in order": {1: "done", 2: "done"}}
    )
)


# %% nbgrader={"grade_id": "maximum_gap", "solution": true}
def maximum_gap(nums: list[int]) -> int:
    """The largest difference between neighbours in ascending order; 0 for fewer than two."""
    ### BEGIN SOLUTION
    if len(nums) < 2:
        return 0
    low, high = min(nums), max(nums)
    width = max(1, (high - low) // (len(nums) - 1))  # no wider than the largest gap
    buckets: list[list[int] | None] = [None] * ((high - low) // width + 1)
    for number in nums:
        place = (number - low) // width
        bucket = buckets[place]
        if bucket is None:
            buckets[place] = [number, number]
        elif number < bucket[0]:
            bucket[0] = number
        elif number > bucket[1]:
            bucket[1] = number
    largest, before = 0, low
    for bucket in buckets:
        if bucket is not None:
            largest = max(largest, bucket[0] - before)
            before = bucket[1]
    return largest
    ### END SOLUTION


# %% [markdown] nbgrader={"grade_id": "maximum_gap_hints", "locked": true}
"""
<details><summary>Hint 1: the idea</summary>

Let the smallest number be `low` and the largest `high`. The n numbers make n − 1 gaps, which add up to
`high − low`. So what is the least that the *largest* gap can be? Numbers that are closer together than
that cannot be its two ends.

</details>

<details><summary>Hint 2: a sketch</summary>

Divide the range into buckets that are no wider than that least value. Two numbers in one bucket are
too close to matter, so of each bucket keep only its smallest and its largest number. Walk over the
buckets that hold something: a gap runs from the largest number of one to the smallest of the next.

The width must be at least 1, also when the numbers lie closer than that on average; and the largest number
needs a bucket, too.

</details>

<details><summary>Hint 3: almost code</summary>

```
fewer than two numbers: return 0
width ← the larger of 1 and (high − low) // (n − 1)
number of buckets ← (high − low) // width + 1
for each x: its bucket is (x − low) // width; keep the bucket's smallest and largest
before ← low
for each bucket that is not empty:
    gap ← its smallest − before
    before ← its largest
return the largest gap seen
```

</details>
"""


# %% jupyter={"source_hidden": true} nbgrader={"grade_id": "maximum_gap_picture", "locked": true}
SORTING = ("sorted", "sort", "heapify", "heappush", "heappop", "nsmallest", "nlargest", "insort")


def in_order(outcome):
    """The numbers of a case that failed, in order, with one of the largest gaps marked."""
    order = sorted(outcome.arguments[0])
    ends = [i for i in range(1, len(order)) if order[i] - order[i - 1] == outcome.expected][:1]
    return pictures.cells(
        {"in order": order}, marks={"in order": {i + d: "done" for i in ends for d in (-1, 0)}}
    )


# %% nbgrader={"grade_id": "maximum_gap_between_neighbours", "points": 3}
NEIGHBOURS = """A gap lies between two numbers that follow each other in ascending order, wherever they
stand in the list. Between two buckets it runs from the largest number of the one to the smallest number
of the next one that is not empty."""

with check("measures from neighbour to neighbour", idea=NEIGHBOURS, picture=in_order) as case:
    case(maximum_gap, [3, 6, 9, 1]).gives(3)
    case(maximum_gap, [10, 0, 2, 9, 1]).gives(7)
    case(maximum_gap, [1, 1000]).gives(999)
    case(maximum_gap, [100, 3, 2, 1]).gives(97)

### BEGIN HIDDEN TESTS
with check("measures from neighbour to neighbour", idea=NEIGHBOURS, hidden=True) as case:
    random = draws("maximum_gap_between_neighbours")
    for _ in range(80):
        size, largest = random.randint(2, 25), random.choice([60, 1000, 10**9])
        nums = random.sample(range(largest + 1), size)
        if random.random() < 0.5:  # two heaps, far apart
            nums = [x // 20 + (largest - largest // 20) * (i % 2) for i, x in enumerate(nums)]
        in_line = sorted(nums)
        case(maximum_gap, nums).gives(max(b - a for a, b in pairwise(in_line)))
### END HIDDEN TESTS

# %% nbgrader={"grade_id": "maximum_gap_few_or_equal", "points": 2}
FEW = """A single number has no neighbour, and equal numbers are 0 apart: then the answer is 0. Dividing
the range into buckets must not divide by zero."""

with check("copes with few and with equal numbers", idea=FEW, picture=in_order) as case:
    case(maximum_gap, []).gives(0)
    case(maximum_gap, [10]).gives(0)
    case(maximum_gap, [7, 7, 7]).gives(0)
    case(maximum_gap, [0, 0]).gives(0)

### BEGIN HIDDEN TESTS
with check("copes with few and with equal numbers", idea=FEW, hidden=True) as case:
    random = draws("maximum_gap_few_or_equal")
    for _ in range(40):
        value = random.choice([0, 1, random.randint(2, 10**9), 10**9])
        other = random.choice([0, 1, random.randint(2, 10**9), 10**9])
        case(maximum_gap, [value] * random.randint(1, 9)).gives(0)
        case(maximum_gap, [value, other]).gives(abs(value - other))
### END HIDDEN TESTS

# %% nbgrader={"grade_id": "maximum_gap_bucket_width", "points": 2}
WIDTH = """If there are more numbers than the range is wide, (high − low) // (n − 1) is 0, and a bucket of
width 0 holds nothing: make it at least 1. And a range of 9 in buckets of 3 needs four of them, because
the largest number falls just behind the third."""

with check("makes buckets at least 1 wide", idea=WIDTH, picture=in_order) as case:
    case(maximum_gap, [1, 1, 1, 2]).gives(1)
    case(maximum_gap, [5, 3, 3, 3, 3, 3]).gives(2)
    case(maximum_gap, [0, 0, 1, 1, 3, 3, 3]).gives(2)
    case(maximum_gap, [0, 3, 6, 9]).gives(3)

### BEGIN HIDDEN TESTS
with check("makes buckets at least 1 wide", idea=WIDTH, hidden=True) as case:
    random = draws("maximum_gap_bucket_width")
    for _ in range(80):
        low = random.choice([0, 5, 10**9 - 10])
        nums = [
            low + d for d in random.choices(random.sample(range(9), 3), k=random.randint(10, 20))
        ]
        in_line = sorted(nums)
        case(maximum_gap, nums).gives(max(b - a for a, b in pairwise(in_line)))
### END HIDDEN TESTS

# %% nbgrader={"grade_id": "maximum_gap_linear", "points": 3}
LINEAR = """Every number goes straight into its bucket, by one division, and is never compared with all the
others. There are about as many buckets as numbers. So the work is a fixed number of steps for each
number. Sorting by comparisons cannot do that."""

with check("works in linear time", idea=LINEAR, without=SORTING) as case:
    case.growth(
        maximum_gap,
        lambda n: [(i * 7919) % (3 * n) for i in range(n)],
        sizes=(16, 32, 64, 128, 256),
        gives=lambda nums: max(b - a for a, b in pairwise(sorted(nums))),
        at_most=lambda n: 40 * n,
        label="40n",
    )

### BEGIN HIDDEN TESTS
with check(
    "works in linear time", idea=LINEAR, hidden=True, without=SORTING, lines=5_000_000
) as case:
    for shape in ("spread", "one far away", "falling", "narrow"):
        random = draws(f"maximum_gap_linear {shape}")

        def numbers_of(n, shape=shape, random=random):
            numbers = [random.randint(0, 10**9) for _ in range(n)]
            return {
                "spread": numbers,
                "one far away": [10**9, *range(n - 1)],
                "falling": sorted(numbers, reverse=True),
                "narrow": [number % 10 for number in numbers],
            }[shape]

        case.growth(
            maximum_gap,
            numbers_of,
            sizes=(20, 80, 320),
            gives=lambda nums: max(b - a for a, b in pairwise(sorted(nums))),
            at_most=lambda n: 40 * n,
            label="40n",
        )
    nums = [random.randint(0, 10**9) for _ in range(100_000)]
    in_line = sorted(nums)
    case(maximum_gap, nums).gives(max(b - a for a, b in pairwise(in_line)))
### END HIDDEN TESTS

# %% [markdown]
"""
**Watch your own function.** When a check above has failed, this plays the input on which it failed:
run the cell again after the check. Which numbers share a bucket? Which buckets stay empty? Type
`[1, 1, 1, 2]`.
"""

# %%
given = last_failure(maximum_gap, [10, 0, 2, 9, 1])
play(maximum_gap, *given, view=buckets("buckets", values="nums", low="low", width="width"))

# %% [markdown] nbgrader={"grade_id": "knapsack_task", "locked": true}
r"""
## 2. The knapsack

`knapsack` · 8 points · difficulty 3 of 5 · 25 minutes

Thing $i$ weighs `weights[i]` and is worth `values[i]`. A knapsack carries at most `capacity`. Each
thing can be taken once, whole, or left. What is the most that the things in the knapsack can be worth?

**Write** `knapsack(weights, values, capacity)`, which returns that worth.

| | |
|---|---|
| `weights` | a list of $n$ whole numbers, $0 \le n \le 100$, each from 0 to 1000 |
| `values` | a list of $n$ whole numbers from 0 to 1000 |
| `capacity` | a whole number $C$ from 0 to 1000 |
| returns | the largest total value of things whose total weight is at most `capacity`, an `int` |
| work | at most $24\,n\,(C + 1)$ operations with the entries of the lists, or with numbers calculated from them |

**Example.** For `weights = [1, 2, 3, 4]`, `values = [2, 4, 4, 5]` and `capacity = 5` the answer is `8`:
things 1 and 2 weigh 2 + 3 = 5 and are worth 4 + 4.
"""


# %% nbgrader={"grade_id": "knapsack", "solution": true}
def knapsack(weights: list[int], values: list[int], capacity: int) -> int:
    """The largest total value of things whose total weight is at most capacity."""
    ### BEGIN SOLUTION
    best = [[0] * (capacity + 1)]  # best[i][c]: with the first i things and room for c
    for weight, value in zip(weights, values, strict=True):
        above = best[-1]
        row = above[:]
        for room in range(weight, capacity + 1):
            row[room] = max(above[room], above[room - weight] + value)
        best.append(row)
    return best[-1][capacity]
    ### END SOLUTION


# %% [markdown] nbgrader={"grade_id": "knapsack_hints", "locked": true}
"""
<details><summary>Hint 1: the idea</summary>

Look at the last thing only. Either you leave it: then the others share all the room. Or you take it:
then they share what room is left. If you knew the best worth of the others, for *every* amount of room, you
would only have to compare two numbers.

</details>

<details><summary>Hint 2: a sketch</summary>

Make a table: `best[i][c]` is the most that the first `i` things can be worth with room for `c`. Row 0 is
all zeros. Each entry of the next row is the larger of two entries of the row above: the one straight above
(leave the thing), and the one `weight` places to the left of that, plus the value (take it), if there
is that much room.

</details>

<details><summary>Hint 3: almost code</summary>

```
best[0][c] ← 0 for all c from 0 to C
for each thing i = 1 … n, of weight w and value v:
    for each c from 0 to C:
        best[i][c] ← best[i − 1][c]
        if c ≥ w: best[i][c] ← the larger of that and best[i − 1][c − w] + v
return best[n][C]
```

</details>
"""

# %% nbgrader={"grade_id": "knapsack_take_or_leave", "points": 2}
CHOICE = """For each thing both choices must be weighed: leave it, or take it and have less room for the
others. Taking the most valuable first, the lightest, or the one with the most value for its weight can
leave room that nothing fills."""

with check("weighs taking against leaving", idea=CHOICE) as case:
    case(knapsack, [1, 2, 3, 4], [2, 4, 4, 5], 5).gives(8)
    case(knapsack, [6, 5, 5], [7, 5, 5], 10).gives(10)
    case(knapsack, [1, 4, 4], [3, 9, 9], 8).gives(18)
    case(knapsack, [3, 4, 2], [30, 50, 15], 6).gives(65)

### BEGIN HIDDEN TESTS
with check("weighs taking against leaving", idea=CHOICE, hidden=True) as case:
    random = draws("knapsack_take_or_leave")
    for _ in range(60):
        n = random.randint(1, 9)
        weights = [random.randint(1, 12) for _ in range(n)]
        values = [random.randint(0, 30) for _ in range(n)]
        capacity = random.randint(1, 30)
        subsets = [s for k in range(n + 1) for s in combinations(range(n), k)]
        fits = [s for s in subsets if sum(weights[i] for i in s) <= capacity]
        best = max(sum(values[i] for i in s) for s in fits)
        case(knapsack, weights, values, capacity).gives(best)
### END HIDDEN TESTS

# %% nbgrader={"grade_id": "knapsack_each_thing_once", "points": 2}
ONCE = """Each thing is there once, also one that weighs nothing. Look up what the *others* can be worth: a
value that already holds this thing would take it twice."""

with check("takes each thing at most once", idea=ONCE) as case:
    case(knapsack, [1], [10], 5).gives(10)
    case(knapsack, [2, 5], [7, 10], 6).gives(10)
    case(knapsack, [0, 3], [4, 5], 3).gives(9)
    case(knapsack, [0, 0], [4, 6], 0).gives(10)

### BEGIN HIDDEN TESTS
with check("takes each thing at most once", idea=ONCE, hidden=True) as case:
    random = draws("knapsack_each_thing_once")
    for _ in range(60):
        n = random.randint(1, 7)
        weights = [random.choice([0, 0, 1, 2, 3]) for _ in range(n)]
        values = [random.randint(1, 20) for _ in range(n)]
        capacity = random.randint(0, 12)
        subsets = [s for k in range(n + 1) for s in combinations(range(n), k)]
        fits = [s for s in subsets if sum(weights[i] for i in s) <= capacity]
        best = max(sum(values[i] for i in s) for s in fits)
        case(knapsack, weights, values, capacity).gives(best)
### END HIDDEN TESTS

# %% nbgrader={"grade_id": "knapsack_room_to_spare", "points": 2}
SPARE = """The knapsack need not be full. If nothing fits, or there is nothing, the best worth is 0. A
thing that is too heavy cannot be taken at all."""

with check("need not fill the knapsack", idea=SPARE) as case:
    case(knapsack, [3], [5], 4).gives(5)
    case(knapsack, [7, 9], [5, 6], 4).gives(0)
    case(knapsack, [], [], 10).gives(0)
    case(knapsack, [4, 6], [8, 3], 0).gives(0)

### BEGIN HIDDEN TESTS
with check("need not fill the knapsack", idea=SPARE, hidden=True) as case:
    random = draws("knapsack_room_to_spare")
    for _ in range(60):
        n = random.randint(0, 6)
        weights = [random.choice([7, 11, 30, 1000]) for _ in range(n)]
        values = [random.randint(0, 1000) for _ in range(n)]
        capacity = random.randint(0, 40)
        subsets = [s for k in range(n + 1) for s in combinations(range(n), k)]
        fits = [s for s in subsets if sum(weights[i] for i in s) <= capacity]
        best = max(sum(values[i] for i in s) for s in fits)
        case(knapsack, weights, values, capacity).gives(best)
### END HIDDEN TESTS

# %% nbgrader={"grade_id": "knapsack_one_table", "points": 2}
TABLE = """There are 2ⁿ sets of things, but only n · (C + 1) different questions "the first i things, room
for c". Answer each of them once, and keep the answers."""


def light_things(n):
    """n things and room for n: the values are 1 … n, and every other thing weighs 2."""
    return [1 + i % 2 for i in range(n)], list(range(1, n + 1)), n


def best_of_light(weights, values, capacity):
    """By hand: for each number of heavy things, the best of them and the best of the light."""
    heavy, light = sorted(values[1::2])[::-1], sorted(values[::2])[::-1]
    return max(
        sum(heavy[:k]) + sum(light[: capacity - 2 * k])
        for k in range(min(len(heavy), capacity // 2) + 1)
    )


with check("asks each question once", idea=TABLE) as case:
    case.growth(
        knapsack,
        light_things,
        sizes=(4, 8, 12, 16, 20),
        gives=best_of_light,
        at_most=lambda n: 24 * n * (n + 1),
        label="24n(C + 1)",
    )

### BEGIN HIDDEN TESTS
with check("asks each question once", idea=TABLE, hidden=True) as case:
    random = draws("knapsack_one_table")

    def equal_weights(n):
        weight = random.randint(1, 2)
        return [weight] * n, [random.randint(1, 1000) for _ in range(n)], n

    def best_of_equal(weights, values, capacity):
        return sum(sorted(values)[::-1][: capacity // weights[0]])

    case.growth(
        knapsack,
        equal_weights,
        sizes=(6, 12, 24),
        gives=best_of_equal,
        at_most=lambda n: 24 * n * (n + 1),
        label="24n(C + 1)",
    )
    values = [random.randint(0, 1000) for _ in range(100)]
    case(knapsack, [30] * 100, values, 1000).gives(sum(sorted(values)[::-1][:33]))
### END HIDDEN TESTS

# %% [markdown]
"""
**Watch your own function.** Before each entry of the table, say from which two entries it comes.
"""

# %%
given = last_failure(knapsack, [1, 2, 3], [2, 4, 4], 5)
play(knapsack, *given, view=table("best"))

# %% [markdown] nbgrader={"grade_id": "knapsack_one_row_task", "locked": true}
r"""
## 3. The same in one row

`knapsack_one_row` · 8 points · difficulty 3 of 5 · 20 minutes

Each row of the table is made of the row above only. So one row is enough, if you overwrite it in the
right order.

**Write** `knapsack_one_row(weights, values, capacity)`, which returns the last row of the table: the
best worth for *each* room from 0 to `capacity`.

| | |
|---|---|
| `weights`, `values`, `capacity` | as in `knapsack` |
| returns | a list of $C + 1$ whole numbers; entry $c$ is the largest total value of things whose total weight is at most $c$ |
| memory | for 30 things and $C = 1500$, at most 250 kB: a row or two, not the table |

**Example.** For `weights = [1, 2, 3, 4]`, `values = [2, 4, 4, 5]` and `capacity = 5` the answer is
`[0, 2, 4, 6, 6, 8]`.
"""


# %% nbgrader={"grade_id": "knapsack_one_row", "solution": true}
def knapsack_one_row(weights: list[int], values: list[int], capacity: int) -> list[int]:
    """The best worth for each room from 0 to capacity."""
    ### BEGIN SOLUTION
    best = [0] * (capacity + 1)
    for weight, value in zip(weights, values, strict=True):
        for room in range(capacity, weight - 1, -1):  # downwards: what lies left is still old
            best[room] = max(best[room], best[room - weight] + value)
    return best
    ### END SOLUTION


# %% [markdown] nbgrader={"grade_id": "knapsack_one_row_hints", "locked": true}
"""
<details><summary>Hint 1: the idea</summary>

An entry needs two entries of the *old* row: the one in its own place, and one further left. If you fill the
row from left to right, what has happened to the entry on the left by the time you need it?

</details>

<details><summary>Hint 2: a sketch</summary>

Keep one list, all zeros at first. For each thing, go through the rooms from `capacity` down to the
weight of the thing. Everything left of where you stand is still from the row above.

</details>

<details><summary>Hint 3: almost code</summary>

```
best[c] ← 0 for all c from 0 to C
for each thing, of weight w and value v:
    for c from C down to w:
        best[c] ← the larger of best[c] and best[c − w] + v
return best
```

</details>
"""


# %% jupyter={"source_hidden": true} nbgrader={"grade_id": "knapsack_one_row_picture", "locked": true}
def rows(outcome):
    """The row expected above the row that came, with the wrong places marked."""
    expected, got = outcome.expected, outcome.got
    wrong = {i: "wrong" for i, value in enumerate(got) if expected[i : i + 1] != [value]}
    return pictures.cells({"expected": expected, "got": got}, marks={"got": wrong})


# %% nbgrader={"grade_id": "knapsack_one_row_every_room", "points": 2}
EVERY_ROOM = """Entry c of the row answers the question for a knapsack that carries c, not more. It is at
most as large as the entry after it: more room cannot make things worse."""

with check("answers for every room", idea=EVERY_ROOM, picture=rows) as case:
    case(knapsack_one_row, [1, 2, 3, 4], [2, 4, 4, 5], 5).gives([0, 2, 4, 6, 6, 8])
    case(knapsack_one_row, [3], [5], 4).gives([0, 0, 0, 5, 5])
    case(knapsack_one_row, [], [], 2).gives([0, 0, 0])
    case(knapsack_one_row, [2], [5], 2).gives([0, 0, 5])

### BEGIN HIDDEN TESTS
with check("answers for every room", idea=EVERY_ROOM, hidden=True) as case:
    random = draws("knapsack_one_row_every_room")
    for _ in range(50):
        n, capacity = random.randint(0, 7), random.randint(0, 16)
        weights = [random.randint(capacity // 2 + 1, 20) for _ in range(n)]
        values = [random.randint(0, 30) for _ in range(n)]
        row = [  # no two things fit together
            max([v for w, v in zip(weights, values, strict=True) if w <= c], default=0)
            for c in range(capacity + 1)
        ]
        case(knapsack_one_row, weights, values, capacity).gives(row)
### END HIDDEN TESTS

# %% nbgrader={"grade_id": "knapsack_one_row_downwards", "points": 4}
DOWN = """Go through the rooms from the largest down. Going up, best[c − w] has already been overwritten and
may hold this thing: then it is taken twice, three times, and so on. That solves another problem, in
which there is no end of each thing."""

with check("goes downwards", idea=DOWN, picture=rows) as case:
    case(knapsack_one_row, [2], [7], 6).gives([0, 0, 7, 7, 7, 7, 7])
    case(knapsack_one_row, [1, 3], [2, 9], 4).gives([0, 2, 2, 9, 11])
    case(knapsack_one_row, [0, 2], [3, 4], 3).gives([3, 3, 7, 7])

### BEGIN HIDDEN TESTS
with check("goes downwards", idea=DOWN, hidden=True) as case:
    random = draws("knapsack_one_row_downwards")
    for _ in range(50):
        n, capacity = random.randint(1, 7), random.randint(3, 14)
        weights = [random.randint(0, 4) for _ in range(n)]
        values = [random.randint(1, 30) for _ in range(n)]
        subsets = [s for k in range(n + 1) for s in combinations(range(n), k)]
        made = [(sum(weights[i] for i in s), sum(values[i] for i in s)) for s in subsets]
        row = [max(v for w, v in made if w <= c) for c in range(capacity + 1)]
        case(knapsack_one_row, weights, values, capacity).gives(row)
### END HIDDEN TESTS

# %% nbgrader={"grade_id": "knapsack_one_row_memory", "points": 2}
ROW = """Keep one row and overwrite it, or two rows that take turns. A table of all rows holds n times as
many numbers."""


def steps(n, capacity, weight, value):
    """n equal things: the row goes up by `value` every `weight` places, n times at most."""
    return [min(n, c // weight) * value for c in range(capacity + 1)]


with check("keeps one row", idea=ROW, lines=3_000_000) as case:
    row = steps(30, 1500, 30, 700)
    given = [30] * 30, [700] * 30, 1500
    stays_small(
        case, knapsack_one_row, *given, gives=row, at_most=250_000, instead_of="a table of all rows"
    )

### BEGIN HIDDEN TESTS
with check("keeps one row", idea=ROW, hidden=True, lines=3_000_000) as case:
    random = draws("knapsack_one_row_memory")
    weight, value = random.randint(20, 50), random.randint(300, 1000)
    row = steps(30, 1500, weight, value)
    given = [weight] * 30, [value] * 30, 1500
    stays_small(
        case, knapsack_one_row, *given, gives=row, at_most=250_000, instead_of="a table of all rows"
    )
### END HIDDEN TESTS

# %% [markdown]
"""
**Watch your own function.** Follow one thing through the row. Then turn the direction of your loop round
and play it again: where does the thing come in twice?
"""

# %%
given = last_failure(knapsack_one_row, [2, 3], [7, 9], 6)
play(knapsack_one_row, *given, view=table("best"))

# %% [markdown] nbgrader={"grade_id": "knapsack_items_task", "locked": true}
r"""
## 4. What to take

`knapsack_items` · 10 points · difficulty 4 of 5 · 30 minutes

The best worth is known; now you have to pack. Which things are in the knapsack?

**Write** `knapsack_items(weights, values, capacity)`, which returns the places of the things to take.

| | |
|---|---|
| `weights`, `values`, `capacity` | as in `knapsack` |
| returns | a list of different whole numbers from 0 to $n - 1$, in any order: the places of things whose total weight is at most `capacity` and whose total value is as large as possible; if several choices are best, any of them |
| work | at most $30\,n\,(C + 1)$ operations, counted as in `knapsack` |

**Example.** For `weights = [1, 2, 3, 4]`, `values = [2, 4, 4, 5]` and `capacity = 5` the answer is
`[1, 2]`.
"""


# %% nbgrader={"grade_id": "knapsack_items", "solution": true}
def knapsack_items(weights: list[int], values: list[int], capacity: int) -> list[int]:
    """The places of things that fit and are worth the most together."""
    ### BEGIN SOLUTION
    best = [[0] * (capacity + 1)]
    for weight, value in zip(weights, values, strict=True):
        above = best[-1]
        row = above[:]
        for room in range(weight, capacity + 1):
            row[room] = max(above[room], above[room - weight] + value)
        best.append(row)

    taken, room = [], capacity
    for place in range(len(weights) - 1, -1, -1):
        if best[place + 1][room] != best[place][room]:  # only taking it can have changed that
            taken.append(place)
            room -= weights[place]
    return taken
    ### END SOLUTION


# %% [markdown] nbgrader={"grade_id": "knapsack_items_hints", "locked": true}
"""
<details><summary>Hint 1: the idea</summary>

Keep the whole table of `knapsack`. Stand on its last entry and ask: was the last thing taken? The entry
straight above tells you what the best worth was without it.

</details>

<details><summary>Hint 2: a sketch</summary>

Walk up from the last row. If an entry is the same as the one straight above it, the thing was not needed:
go straight up. If it is larger, the thing was taken: note it, and go up *and* to the left by its
weight, since that much room is used.

</details>

<details><summary>Hint 3: almost code</summary>

```
fill the table best as before
room ← C
for i from n down to 1:
    if best[i][room] ≠ best[i − 1][room]:
        note thing i − 1 (places count from 0)
        room ← room − its weight
return what was noted
```

</details>
"""


# %% jupyter={"source_hidden": true} nbgrader={"grade_id": "knapsack_items_packed", "locked": true}
def packed(case, weights, values, capacity, best):
    """Try a case: places that exist, each once, that fit, and are worth `best` together."""
    outcome = case(knapsack_items, weights, values, capacity)
    outcome.satisfies(
        f"a list of different places from 0 to {len(weights) - 1}"
        if weights
        else "an empty list: there is nothing to take",
        lambda got, *_: (
            type(got) is list
            and all(place in range(len(weights)) for place in got)
            and len(set(got)) == len(got)
        ),
    )
    outcome.satisfies(
        f"things that weigh {capacity} at most, all together",
        lambda got, *_: sum(weights[place] for place in got) <= capacity,
    )
    outcome.satisfies(
        f"things that are worth {best} together",
        lambda got, *_: sum(values[place] for place in got) == best,
    )


# %% nbgrader={"grade_id": "knapsack_items_best_that_fits", "points": 4}
FITS = """The things that you name must be worth as much as the best entry of the table, and fit. When a
thing was taken, the walk goes on with less room: its weight is used up."""

with check("packs the best that fits", idea=FITS) as case:
    packed(case, [1, 2, 3, 4], [2, 4, 4, 5], 5, best=8)
    packed(case, [5, 4, 6, 3], [10, 40, 30, 50], 10, best=90)
    packed(case, [2, 2, 2], [1, 5, 3], 4, best=8)
    packed(case, [7, 9], [5, 6], 4, best=0)

### BEGIN HIDDEN TESTS
with check("packs the best that fits", idea=FITS, hidden=True) as case:
    random = draws("knapsack_items_best_that_fits")
    for _ in range(60):
        n, capacity = random.randint(0, 8), random.randint(0, 25)
        weights = [random.randint(1, 12) for _ in range(n)]
        values = [random.randint(1, 30) for _ in range(n)]
        subsets = [s for k in range(n + 1) for s in combinations(range(n), k)]
        fits = [s for s in subsets if sum(weights[i] for i in s) <= capacity]
        best = max(sum(values[i] for i in s) for s in fits)
        packed(case, weights, values, capacity, best=best)
### END HIDDEN TESTS

# %% nbgrader={"grade_id": "knapsack_items_places_not_values", "points": 2}
PLACES = """Things are named by their place, from 0. Two things may weigh the same and be worth the
same, and yet each can be taken once; asking for the place of a value, as values.index does, always finds
the first of them."""

with check("names each thing by its place", idea=PLACES) as case:
    packed(case, [2, 2, 2], [3, 3, 3], 4, best=6)
    packed(case, [1, 1, 1, 1], [5, 5, 5, 5], 9, best=20)
    packed(case, [3], [4], 3, best=4)

### BEGIN HIDDEN TESTS
with check("names each thing by its place", idea=PLACES, hidden=True) as case:
    random = draws("knapsack_items_places_not_values")
    for _ in range(40):
        n, weight, value = random.randint(2, 12), random.randint(1, 5), random.randint(1, 50)
        capacity = random.randint(weight, 40)
        best = value * min(n, capacity // weight)
        packed(case, [weight] * n, [value] * n, capacity, best)
### END HIDDEN TESTS

# %% nbgrader={"grade_id": "knapsack_items_weighs_nothing", "points": 2}
NOTHING = """A thing that weighs nothing leaves the room as it is, and is taken all the same, once. A thing that
is worth nothing may be taken or left. With no room at all, there may still be things to take."""

with check("takes what weighs nothing", idea=NOTHING) as case:
    packed(case, [0, 3], [4, 5], 3, best=9)
    packed(case, [0, 0], [4, 6], 0, best=10)
    packed(case, [2, 0, 2], [6, 1, 7], 2, best=8)
    packed(case, [1, 2], [0, 3], 3, best=3)
    packed(case, [], [], 3, best=0)

### BEGIN HIDDEN TESTS
with check("takes what weighs nothing", idea=NOTHING, hidden=True) as case:
    random = draws("knapsack_items_weighs_nothing")
    for _ in range(60):
        n, capacity = random.randint(1, 7), random.choice([0, 0, 1, 3, 6])
        weights = [random.choice([0, 0, 1, 2, 4]) for _ in range(n)]
        values = [random.choice([0, 1, 5, 9]) for _ in range(n)]
        subsets = [s for k in range(n + 1) for s in combinations(range(n), k)]
        fits = [s for s in subsets if sum(weights[i] for i in s) <= capacity]
        best = max(sum(values[i] for i in s) for s in fits)
        packed(case, weights, values, capacity, best=best)
### END HIDDEN TESTS

# %% nbgrader={"grade_id": "knapsack_items_one_table", "points": 2}
ONE_TABLE = """The choices can be read out of the table that you filled anyway: one step up for each thing.
Trying all sets of things takes 2ⁿ of them."""


def worth_of_items(weights, values, capacity):
    """What the things that knapsack_items names are worth."""
    return sum([values[place] for place in knapsack_items(weights, values, capacity)])


def all_light(n):
    return [1] * n, [(7 * i) % n + 1 for i in range(n)], n // 2


with check("reads it out of the table", idea=ONE_TABLE) as case:
    case.growth(
        worth_of_items,
        all_light,
        sizes=(5, 10, 15, 20, 25),
        gives=lambda weights, values, capacity: sum(sorted(values)[::-1][:capacity]),
        at_most=lambda n: 30 * n * (n // 2 + 1),
        label="30n(C + 1)",
    )

### BEGIN HIDDEN TESTS
with check("reads it out of the table", idea=ONE_TABLE, hidden=True) as case:
    random = draws("knapsack_items_one_table")
    case.growth(
        worth_of_items,
        lambda n: ([2] * n, random.sample(range(1, 1001), n), n),
        sizes=(6, 12, 24),
        gives=lambda weights, values, capacity: sum(sorted(values)[::-1][: capacity // 2]),
        at_most=lambda n: 30 * n * (n + 1),
        label="30n(C + 1)",
    )
    values = random.sample(range(1001), 100)
    packed(case, [30] * 100, values, 1000, best=sum(sorted(values)[::-1][:33]))
### END HIDDEN TESTS

# %% [markdown]
"""
**Watch your own function.** Follow the walk back up: where does it go straight, where aside?
"""

# %%
given = last_failure(knapsack_items, [1, 2, 3], [2, 4, 4], 5)
play(knapsack_items, *given, view=table("best"))

# %% [markdown]
"""
**Done?** Save, then choose *Validate* to run every cell from the top in a fresh kernel, and hand in
from the *Assignment List*. If a check still fails, hand in what you have: each one counts by itself.
"""
