# %% [markdown]
"""
# Hashing and sliding windows: exercises

**20 points · about 55 minutes.** Before: the lesson *Hashing and sliding windows*, in
`course/01_algorithms`.

After these two exercises you can

- find the longest run of neighbouring numbers in one pass over a set, without sorting;
- slide a window over a text with both ends moving forward only, and know at each step what it lacks.

How it works: write your code where it says `YOUR CODE HERE`, run the cell, then run the checks
below it. Each check is about one idea. When you hand in, each is tried again on inputs that you
have not seen, about the same idea.
"""

# %% nbgrader={"grade_id": "setup", "locked": true}
from IPython.display import HTML

from course.checks import check, draws, last_failure
from course.widgets import number_line, pictures, play, window

# %% [markdown] nbgrader={"grade_id": "longest_consecutive_task", "locked": true}
r"""
## 1. The longest run of neighbours

`longest_consecutive` · 10 points · difficulty 3 of 5 · 20 minutes

A list holds whole numbers in any order. A **run** is a set of them that follow each other without a
hole, such as 1, 2, 3, 4. Where they stand in the list does not matter.

**Write** `longest_consecutive(nums)`, which returns how many numbers the longest run has.

| | |
|---|---|
| `nums` | a list of $n$ whole numbers, $0 \le n \le 100\,000$, each from $-10^9$ to $10^9$; a number may occur more than once, and then counts once |
| returns | the length of the longest run, an `int`; 0 for an empty list |
| work | at most $24\,n$ operations: each look at an entry, each comparison of or calculation with an entry, and each look-up of one in a set or dictionary is one |
| by hand | do not sort: no `sorted`, no `sort` |

**Example.** For `nums = [100, 4, 200, 1, 3, 2]` the answer is `4`: the run 1, 2, 3, 4.
"""

# %% jupyter={"source_hidden": true} nbgrader={"grade_id": "longest_consecutive_example", "locked": true}
HTML(
    pictures.cells(
        {"nums": [100, 4, 200, 1, 3, 2]}, marks={"nums": dict.fromkeys([1, 3, 4, 5], "done")}
    )
)


# %% nbgrader={"grade_id": "longest_consecutive", "solution": true}
def longest_consecutive(nums: list[int]) -> int:
    """How many numbers the longest run of neighbouring numbers has."""
    ### BEGIN SOLUTION
    numbers = set(nums)
    longest = 0
    for first in numbers:
        if first - 1 in numbers:
            continue  # not the first of its run: that one will count it
        end = first + 1
        while end in numbers:
            end += 1
        longest = max(longest, end - first)
    return longest
    ### END SOLUTION


# %% [markdown] nbgrader={"grade_id": "longest_consecutive_hints", "locked": true}
"""
<details><summary>Hint 1: the idea</summary>

A set answers "is 5 among the numbers?" in one step, however many there are. With it you can walk up
a run: 1, is 2 there? is 3 there? But from which number should you walk, so that each run is walked
once only?

</details>

<details><summary>Hint 2: a sketch</summary>

Put the numbers into a set. A number starts a run if the number before it is *not* in the set. Walk
up from these numbers only, and remember the longest walk. Go through the set, not through the list:
in the list a start may stand a thousand times.

</details>

<details><summary>Hint 3: almost code</summary>

```
numbers ← the set of nums
longest ← 0
for each x in numbers:
    if x − 1 is in numbers: go on with the next x
    end ← x + 1
    while end is in numbers: end ← end + 1
    longest ← the larger of longest and end − x
return longest
```

</details>
"""


# %% jupyter={"source_hidden": true} nbgrader={"grade_id": "longest_consecutive_picture", "locked": true}
def longest_run(outcome):
    """The numbers of a case that failed, with a longest run marked."""
    nums = outcome.arguments[0]
    runs = [[x + k for k in range(outcome.expected)] for x in nums]
    run = next((run for run in runs if set(run) <= set(nums)), [])
    return pictures.cells(
        {"nums": nums}, marks={"nums": {i: "done" for i, x in enumerate(nums) if x in run}}
    )


SORTING = ("sorted", "sort")

# %% nbgrader={"grade_id": "longest_consecutive_in_any_order", "points": 2}
ANY_ORDER = """Which numbers are there is all that counts, not where they stand. Two runs stay two
runs if a single number is missing between them. Without numbers, the longest run has length 0."""

with check("finds the run, in any order", idea=ANY_ORDER, picture=longest_run) as case:
    case(longest_consecutive, [100, 4, 200, 1, 3, 2]).gives(4)
    case(longest_consecutive, [3, -1, 0, 9, 1, 8]).gives(3)
    case(longest_consecutive, [5]).gives(1)
    case(longest_consecutive, []).gives(0)

### BEGIN HIDDEN TESTS
with check("finds the run, in any order", idea=ANY_ORDER, hidden=True) as case:
    random = draws("longest_consecutive_in_any_order")
    for _ in range(60):
        low = random.choice([-(10**9), -12, 0, 10**9 - 60])
        lengths = [random.randint(1, 9) for _ in range(random.randint(1, 5))]
        nums, start = [], low
        for length in lengths:
            nums += range(start, start + length)
            start += length + random.randint(1, 2)
        random.shuffle(nums)
        case(longest_consecutive, nums).gives(max(lengths))
### END HIDDEN TESTS

# %% nbgrader={"grade_id": "longest_consecutive_counts_each_number_once", "points": 2}
ONCE = """A number that stands in the list twice is still one number: 1, 2, 2, 3 is a run of three.
A set keeps each number once."""

with check("counts each number once", idea=ONCE, picture=longest_run) as case:
    case(longest_consecutive, [1, 2, 2, 3]).gives(3)
    case(longest_consecutive, [7, 7, 7]).gives(1)
    case(longest_consecutive, [0, 1, 1, 0, 2, 2]).gives(3)

### BEGIN HIDDEN TESTS
with check("counts each number once", idea=ONCE, hidden=True) as case:
    random = draws("longest_consecutive_counts_each_number_once")
    for _ in range(60):
        length = random.randint(1, 8)
        first = random.randint(-10, 10)
        others = [first - 2, first + length + 1]
        nums = [*range(first, first + length), *others, *random.choices(others, k=3)]
        nums += random.choices(range(first, first + length), k=random.randint(1, 12))
        random.shuffle(nums)
        case(longest_consecutive, nums).gives(length)
### END HIDDEN TESTS

# %% nbgrader={"grade_id": "longest_consecutive_walks_each_run_once", "points": 4}
RUN_STARTS = """Walk up from the first number of a run only: the one whose predecessor is not there.
Walking up from every number goes over the same run again and again: n, n − 1, n − 2, … steps. Sorting
takes more than a fixed number of steps for each number, too."""

with check("walks each run once", idea=RUN_STARTS, without=SORTING) as case:
    case.growth(
        longest_consecutive,
        lambda n: [7 * i % n for i in range(n)],
        gives=len,
        at_most=lambda n: 24 * n,
        label="24n",
    )

### BEGIN HIDDEN TESTS
with check("walks each run once", idea=RUN_STARTS, hidden=True, without=SORTING) as case:
    for shape in ("up", "down", "shuffled", "two runs"):
        random = draws(f"longest_consecutive_walks_each_run_once {shape}")

        def numbers_of(n, shape=shape, random=random):
            first = random.randint(-(10**9), 10**9 - 2 * n)
            numbers = list(range(first, first + n))
            if shape == "down":
                numbers.reverse()
            if shape == "shuffled":
                random.shuffle(numbers)
            if shape == "two runs":
                numbers[n // 2 :] = range(first + n, first + n + n - n // 2)
            return numbers

        case.growth(
            longest_consecutive,
            numbers_of,
            sizes=(20, 60, 180),
            gives=lambda nums, shape=shape: len(nums) // 2 if shape == "two runs" else len(nums),
            at_most=lambda n: 24 * n,
            label="24n",
        )
    nums = list(range(100_000))
    draws("longest_consecutive_walks_each_run_once").shuffle(nums)
    case(longest_consecutive, nums).gives(100_000)
### END HIDDEN TESTS

# %% nbgrader={"grade_id": "longest_consecutive_walks_the_set", "points": 2}
THE_SET = """The first number of a run may stand in the list many times. If you go through the list,
you walk up its run each time. Go through the set: there it is once."""

with check("walks the set, not the list", idea=THE_SET, without=SORTING) as case:
    case.growth(
        longest_consecutive,
        lambda n: [0] * (n // 2) + list(range(n // 2)),
        gives=lambda nums: len(nums) // 2,
        at_most=lambda n: 24 * n,
        label="24n",
    )

### BEGIN HIDDEN TESTS
with check("walks the set, not the list", idea=THE_SET, hidden=True, without=SORTING) as case:
    random = draws("longest_consecutive_walks_the_set")

    def many_starts(n):
        first = random.randint(-(10**9), 10**9 - n)
        numbers = [first] * (n // 3) + list(range(first, first + n - n // 3))
        random.shuffle(numbers)
        return numbers

    case.growth(
        longest_consecutive,
        many_starts,
        sizes=(30, 90, 270),
        gives=lambda nums: len(nums) - len(nums) // 3,
        at_most=lambda n: 24 * n,
        label="24n",
    )
    case(longest_consecutive, [0] * 50_000 + list(range(50_000))).gives(50_000)
### END HIDDEN TESTS

# %% [markdown]
"""
**Watch your own function.** When a check above has failed, this plays the input on which it failed:
run the cell again after the check. From which numbers does it walk up? Type `[1, 1, 1, 2, 3]`: how
many walks are there now?
"""

# %%
given = last_failure(longest_consecutive, [100, 4, 200, 1, 3, 2])
play(longest_consecutive, *given, view=number_line("nums", "numbers"))

# %% [markdown] nbgrader={"grade_id": "min_window_task", "locked": true}
r"""
## 2. The shortest window that has it all

`min_window` · 10 points · difficulty 4 of 5 · 35 minutes

A **window** of a text `s` is a piece of it without holes. It *covers* the text `t` if it has every
letter of `t`, and each at least as often as `t` has it. It may have others, too, and the order does
not matter.

**Write** `min_window(s, t)`, which returns the shortest window of `s` that covers `t`.

| | |
|---|---|
| `s`, `t` | texts of $m$ and $n$ letters, `a` to `z` and `A` to `Z`; $0 \le m \le 100\,000$, $1 \le n \le 100\,000$; `a` and `A` are different letters |
| returns | a shortest window that covers `t`, a `str`; any of them if there are several; `""` if there is none |
| work | at most $60\,(m + n)$ operations: each letter read from `s` or `t`, each comparison of one, and each look-up of one in a dictionary is one |

**Example.** For `s = "ADOBECODEBANC"` and `t = "ABC"` the answer is `"BANC"`. The window `"ADOBEC"`
covers `t` as well, but is longer.
"""

# %% jupyter={"source_hidden": true} nbgrader={"grade_id": "min_window_example", "locked": true}
HTML(pictures.cells({"s": "ADOBECODEBANC"}, marks={"s": dict.fromkeys([9, 10, 11, 12], "done")}))


# %% nbgrader={"grade_id": "min_window", "solution": true}
def min_window(s: str, t: str) -> str:
    """A shortest piece of s that has every letter of t, as often as t has it; "" if none has."""
    ### BEGIN SOLUTION
    need: dict[str, int] = {}  # how many more of each letter the window needs; below 0: to spare
    for letter in t:
        need[letter] = need.get(letter, 0) + 1
    missing = len(t)
    left = 0
    best_left, best_right = 0, len(s) + 1
    for right, letter in enumerate(s, start=1):
        if letter in need:
            if need[letter] > 0:
                missing -= 1
            need[letter] -= 1
        while missing == 0:  # s[left:right] covers t
            if right - left < best_right - best_left:
                best_left, best_right = left, right
            lost = s[left]
            if lost in need:
                need[lost] += 1
                if need[lost] > 0:
                    missing += 1
            left += 1
    return s[best_left:best_right] if best_right <= len(s) else ""
    ### END SOLUTION


# %% [markdown] nbgrader={"grade_id": "min_window_hints", "locked": true}
"""
<details><summary>Hint 1: the idea</summary>

Move the right end forward until the window covers `t`. Now move the left end forward, as long as
the window still covers. Could the left end ever have to go back? When the right end has moved on,
is a window that starts further left and ends here of any use?

</details>

<details><summary>Hint 2: a sketch</summary>

Keep a dictionary that says for each letter of `t` how many the window still needs. It starts with
the counts in `t`; a letter that comes in takes one off, one that drops out puts one back. It may go
below 0: then the window has some to spare. Keep one more number, how many letters are missing in all,
so that "does it cover?" needs no loop.

</details>

<details><summary>Hint 3: almost code</summary>

```
need[c] ← how often c occurs in t
missing ← n;  left ← 0
for each right, c = s[right]:
    if c is one of need's letters:
        if need[c] > 0: missing ← missing − 1
        need[c] ← need[c] − 1
    while missing = 0:
        remember left … right if it is the shortest so far
        give back s[left]: the same three lines the other way round
        left ← left + 1
return the remembered window, or "" if there is none
```

Remember the two ends and cut the window out once, at the end: cutting out a piece reads all of it.

</details>
"""


# %% jupyter={"source_hidden": true} nbgrader={"grade_id": "min_window_picture", "locked": true}
def pieces(outcome):
    """The text of a case that failed, with what was expected and what came marked in it."""
    s, rows, marks = outcome.arguments[0], {}, {}
    expected = (
        getattr(outcome.expected, "words", repr(outcome.expected)).split(" or ")[0].strip("'\"")
    )
    got = outcome.got if isinstance(outcome.got, str) else ""
    for name, piece, mark in (("expected", expected, "done"), ("got", got, "wrong")):
        rows[name] = s
        start = s.find(piece) if piece else -1
        marks[name] = {i: mark for i in range(start, start + len(piece)) if start >= 0}
    return pictures.cells(rows, marks=marks)


# %% nbgrader={"grade_id": "min_window_shortest", "points": 3}
SHORTEST = """As soon as the window covers t, drop letters on the left, as many as it can spare, not
just one. And go on after the first window that covers: a shorter one may come later."""

with check("shrinks to the shortest window", idea=SHORTEST, picture=pieces) as case:
    case(min_window, "ADOBECODEBANC", "ABC").gives("BANC")
    case(min_window, "xxxxbxxa", "ab").gives("bxxa")
    case(min_window, "abcab", "b").gives("b")
    case(min_window, "cabwefgewcwaefgcf", "cae").gives("cwae")

### BEGIN HIDDEN TESTS
with check("shrinks to the shortest window", idea=SHORTEST, hidden=True) as case:

    def shortest_windows(s, t):
        """All windows of the smallest length at which one covers t, tried one by one."""
        for size in range(len(t), len(s) + 1):
            pieces = [s[i : i + size] for i in range(len(s) - size + 1)]
            found = [w for w in pieces if all(w.count(c) >= t.count(c) for c in t)]
            if found:
                return found
        return [""]

    random = draws("min_window_shortest")
    for _ in range(80):
        letters = random.choice(["abc", "abcdefgh", "aAbBcC"])
        t = "".join(random.sample(letters, random.randint(1, 3)))
        s = list(t) + random.choices(letters + "xyz", k=random.randint(0, 25))
        random.shuffle(s)
        s = "".join(s)
        case(min_window, s, t).gives_one_of(shortest_windows(s, t))
### END HIDDEN TESTS

# %% nbgrader={"grade_id": "min_window_has_every_copy", "points": 3}
COPIES = """If t has a letter twice, the window needs it twice. A set of letters cannot tell; count
them. And a letter that the window has more often than it needs must not count for another one."""

with check("has every copy of a letter", idea=COPIES, picture=pieces) as case:
    case(min_window, "abxxaba", "aab").gives("aba")
    case(min_window, "aabbb", "abb").gives("abb")
    case(min_window, "aaab", "ab").gives("ab")
    case(min_window, "aa", "aa").gives("aa")

### BEGIN HIDDEN TESTS
with check("has every copy of a letter", idea=COPIES, hidden=True) as case:

    def shortest_windows(s, t):
        for size in range(len(t), len(s) + 1):
            pieces = [s[i : i + size] for i in range(len(s) - size + 1)]
            found = [w for w in pieces if all(w.count(c) >= t.count(c) for c in t)]
            if found:
                return found
        return [""]

    random = draws("min_window_has_every_copy")
    for _ in range(80):
        letters = random.choice(["ab", "abc", "aA"])
        t = "".join(random.choices(letters, k=random.randint(2, 6)))
        s = list(t) + random.choices(letters + "x", k=random.randint(0, 20))
        random.shuffle(s)
        s = "".join(s)
        case(min_window, s, t).gives_one_of(shortest_windows(s, t))
### END HIDDEN TESTS

# %% nbgrader={"grade_id": "min_window_none", "points": 2}
NONE = """If s lacks a letter of t, or has too few of it, no window covers t: return the empty text.
Capital and small letters are different letters. s may be empty."""

with check("says when there is none", idea=NONE, picture=pieces) as case:
    case(min_window, "a", "aa").gives("")
    case(min_window, "abc", "d").gives("")
    case(min_window, "aBc", "AbC").gives("")
    case(min_window, "", "a").gives("")

### BEGIN HIDDEN TESTS
with check("says when there is none", idea=NONE, hidden=True) as case:
    random = draws("min_window_none")
    for _ in range(40):
        letters = random.sample("abcdefgABCDEFG", 5)
        t = "".join(random.choices(letters, k=random.randint(1, 6)))
        rare = random.choice(t)
        others = [letter for letter in "abcdefgABCDEFG" if letter != rare]
        s = random.choices(others, k=random.randint(0, 30)) + [rare] * (t.count(rare) - 1)
        random.shuffle(s)
        case(min_window, "".join(s), t).gives("")
### END HIDDEN TESTS

# %% nbgrader={"grade_id": "min_window_ends_move_forward", "points": 2}
FORWARD = """Neither end of the window ever has to go back: m letters come in, at most m drop out. A
new search from each start, or counting the whole window again at each step, reads the same letters
over and over."""


def a_then_b(n):
    return "a" * (n // 2) + "b" * (n // 2), "ab"


with check("moves both ends forward only", idea=FORWARD) as case:
    case.growth(
        min_window,
        a_then_b,
        sizes=(32, 64, 128, 256, 512),
        gives=lambda s, t: "ab",
        at_most=lambda n: 60 * (n + 2),
        label="60(m + n)",
    )

### BEGIN HIDDEN TESTS
with check("moves both ends forward only", idea=FORWARD, hidden=True) as case:
    random = draws("min_window_ends_move_forward")

    def late_and_rare(n):
        middle = random.choices("abc", k=n - 3)
        return "z" + "".join(middle) + "zy", "yz"

    def many_copies(n):
        return "ab" * (n // 2), "a" * (n // 4)

    def rare_in_between(n):
        quarter = n // 4
        return "a" * quarter + "b" * quarter + "c" * (n - 2 * quarter), "abc"

    for make, answer in (
        (late_and_rare, lambda s, t: "zy"),
        (many_copies, lambda s, t: "ab" * (len(t) - 1) + "a"),
        (rare_in_between, lambda s, t: "a" + "b" * (len(s) // 4) + "c"),
    ):
        case.growth(
            min_window,
            make,
            sizes=(32, 128, 512),
            gives=answer,
            at_most=lambda n: 75 * n,
            label="60(m + n)",
        )

with check("moves both ends forward only", idea=FORWARD, hidden=True, lines=5_000_000) as case:
    s = "a" * 50_000 + "b" * 49_999
    case(min_window, s, "ab").gives("ab")
    case(min_window, s, "a" * 30_000 + "b" * 30_000).gives("a" * 30_000 + "b" * 30_000)
### END HIDDEN TESTS

# %% [markdown]
"""
**Watch your own function**, on the input of a check that failed if one has. Say before each step
which end will move. Try `t = "AAB"`.
"""

# %%
given = last_failure(min_window, "ADOBECODEBANC", "ABC")
play(min_window, *given, view=window("s"))

# %% [markdown]
"""
**Done?** Save, then choose *Validate* to run every cell from the top in a fresh kernel, and hand in
from the *Assignment List*. If a check still fails, hand in what you have: each one counts by itself.
"""
