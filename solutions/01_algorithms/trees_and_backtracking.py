# %% [markdown]
"""
# Trees and backtracking: exercises

**28 points · about 80 minutes.** Before: the lesson *Trees and backtracking*, in
`course/01_algorithms`.

After these three exercises you can

- let a recursive function answer a question about a whole tree from the answers of its two halves;
- search through all combinations without ever building the same one twice;
- cut a branch of a search before it is entered.

How it works: write your code where it says `YOUR CODE HERE`, run the cell, then run the checks
below it. Each check is about one idea. When you hand in, each is tried again on inputs that you
have not seen, about the same idea.
"""

# %% nbgrader={"grade_id": "setup", "locked": true}
from itertools import combinations, product

from course.checks import check, draws, last_failure
from course.checks.trees import CountedNode
from course.trees import TreeNode, nodes, tree
from course.widgets import binary_tree, call_tree, data_tree, play, recursion

# %% [markdown] nbgrader={"grade_id": "lowest_common_ancestor_task", "locked": true}
r"""
## 1. Where two paths part

`lowest_common_ancestor` · 10 points · difficulty 3 of 5 · 25 minutes

In a binary tree each node has a `value`, a node `left` and a node `right` below it; either may be
`None`. The **ancestors** of a node are the node itself, the node above it, and so on up to the root.
Two nodes always have common ancestors, at least the root. The **lowest** of them is the one
farthest from the root: there the paths from the root to the two nodes part.

**Write** `lowest_common_ancestor(root, p, q)`, which returns the lowest common ancestor of the
nodes `p` and `q`.

| | |
|---|---|
| `root` | a `TreeNode`, with attributes `value`, `left` and `right`; the tree has 2 to 100 000 nodes and is at most 500 nodes deep |
| `p`, `q` | two different nodes of this tree: the very objects |
| values | whole numbers; several nodes may have the same value |
| returns | a node of the tree: the very object, not its value and not a copy |
| work | at most $12\,n$ looks at a node: each time a `value`, `left` or `right` is read is one |

Python gives up at about 1000 calls inside each other; one call for each level of the tree is fine.

**Example.** `tree([3, 5, 1, 6, 2, 0, 8])` makes the tree below out of a list, level by level. For the
nodes with the values 6 and 2 the answer is the node with the value 5; for 6 and 8 it is 3; for 5 and
2 it is 5 itself.
"""

# %% jupyter={"source_hidden": true} nbgrader={"grade_id": "lowest_common_ancestor_example", "locked": true}
root = tree([3, 5, 1, 6, 2, 0, 8])
binary_tree(root, {root.left.left: "read", root.left.right: "read", root.left: "done"})


# %% nbgrader={"grade_id": "lowest_common_ancestor", "solution": true}
def lowest_common_ancestor(root: TreeNode, p: TreeNode, q: TreeNode) -> TreeNode:
    """The node farthest from the root that has both p and q in its tree."""

    ### BEGIN SOLUTION
    def found_below(node):
        """p or q if only that one is in this tree, their ancestor if both are, None if none is."""
        if node is None or node is p or node is q:
            return node
        left, right = found_below(node.left), found_below(node.right)
        if left is not None and right is not None:
            return node
        return left if left is not None else right

    return found_below(root)
    ### END SOLUTION


# %% [markdown] nbgrader={"grade_id": "lowest_common_ancestor_hints", "locked": true}
"""
<details><summary>Hint 1: the idea</summary>

Stand on a node and ask both halves below you: have you seen `p` or `q`? If both say yes, the two
paths part right here. If only one says yes, that half knows the answer already.

</details>

<details><summary>Hint 2: a sketch</summary>

Let a recursive function return one thing: `None` if neither `p` nor `q` is below this node; the
common ancestor if both are; else the one that is. It can stop as soon as it stands on `p` or `q`:
if the other one is further down, then this node is the answer anyway.

</details>

<details><summary>Hint 3: almost code</summary>

```
found(node):
    if node is None, or p, or q: return node
    left, right ← found(node.left), found(node.right)
    if both are there: return node
    return the one that is there, or None
```

Compare nodes with `is`.

</details>
"""


# %% jupyter={"source_hidden": true} nbgrader={"grade_id": "lowest_common_ancestor_picture", "locked": true}
def family(outcome):
    """The tree of a case that failed: p and q, the node expected, and the node that came."""
    root, p, q = outcome.arguments
    marks = {p: "read", q: "read", outcome.expected: "right"}
    if isinstance(outcome.got, TreeNode) and outcome.got is not outcome.expected:
        marks[outcome.got] = "wrong"
    return binary_tree(root, marks)


# %% nbgrader={"grade_id": "lowest_common_ancestor_where_paths_part", "points": 3}
PART = """Going down from the root, the paths to p and q are the same for a while, then one goes left and
the other right. The node where that happens has p below one side and q below the other."""

with check("finds where the paths part", idea=PART, picture=family) as case:
    root = tree([3, 5, 1, 6, 2, 0, 8, None, None, 7, 4])
    three, five, one, six, two, zero, eight, seven, four = nodes(root)
    case(lowest_common_ancestor, root, five, one).gives(three)
    case(lowest_common_ancestor, root, seven, six).gives(five)
    case(lowest_common_ancestor, root, four, seven).gives(two)
    case(lowest_common_ancestor, root, zero, four).gives(three)

### BEGIN HIDDEN TESTS
with check("finds where the paths part", idea=PART, hidden=True) as case:
    random = draws("lowest_common_ancestor_where_paths_part")

    def grown(n, random):
        """A random tree of n nodes, and the path from each node up to the root."""
        values = random.sample(range(-(10**9), 10**9), n)
        made = [TreeNode(values[0])]
        path = {made[0]: [made[0]]}
        while len(made) < n:
            parent, side = random.choice(made), random.choice(["left", "right"])
            if getattr(parent, side) is None:
                node = TreeNode(values[len(made)])
                setattr(parent, side, node)
                made.append(node)
                path[node] = [node, *path[parent]]
        return made, path

    tried = 0
    while tried < 60:
        made, path = grown(random.randint(3, 40), random)
        p, q = random.sample(made, 2)
        if p not in path[q] and q not in path[p]:
            expected = next(node for node in path[p] if node in path[q])
            case(lowest_common_ancestor, made[0], p, q).gives(expected)
            tried += 1
### END HIDDEN TESTS

# %% nbgrader={"grade_id": "lowest_common_ancestor_own_ancestor", "points": 2}
ITSELF = """A node is an ancestor of itself. If q lies somewhere below p, then p itself is the lowest
node that has both."""

with check("takes a node for its own ancestor", idea=ITSELF, picture=family) as case:
    root = tree([3, 5, 1, 6, 2, 0, 8, None, None, 7, 4])
    three, five, one, six, two, zero, eight, seven, four = nodes(root)
    case(lowest_common_ancestor, root, five, four).gives(five)
    case(lowest_common_ancestor, root, six, five).gives(five)
    case(lowest_common_ancestor, root, three, eight).gives(three)

### BEGIN HIDDEN TESTS
with check("takes a node for its own ancestor", idea=ITSELF, hidden=True) as case:
    random = draws("lowest_common_ancestor_own_ancestor")
    for _ in range(60):
        made = [TreeNode(0)]
        above = {made[0]: []}
        for value in range(1, random.randint(3, 25)):
            free = [(n, s) for n in made for s in ("left", "right") if getattr(n, s) is None]
            parent, side = random.choice(free)
            node = TreeNode(value)
            setattr(parent, side, node)
            made.append(node)
            above[node] = [parent, *above[parent]]
        low = random.choice(made[1:])
        high = random.choice(above[low])
        pair = random.choice([(low, high), (high, low)])
        case(lowest_common_ancestor, made[0], *pair).gives(high)
### END HIDDEN TESTS

# %% nbgrader={"grade_id": "lowest_common_ancestor_identity", "points": 3}
IDENTITY = """Two nodes may hold the same value and still be two nodes. Ask `node is p`, not
`node.value == p.value`; and return the node, not its value. Values tell nothing about the place,
either: the tree need not be sorted."""

with check("tells nodes apart by identity", idea=IDENTITY, picture=family) as case:
    root = tree([7, 7, 7, 7, 7])
    top, left, right, low_left, low_right = nodes(root)
    case(lowest_common_ancestor, root, low_left, low_right).gives(left)
    case(lowest_common_ancestor, root, right, low_right).gives(top)
    root = tree([1, 2, 3, 3, 4])
    case(lowest_common_ancestor, root, root.left.right, root.right).gives(root)

### BEGIN HIDDEN TESTS
with check("tells nodes apart by identity", idea=IDENTITY, hidden=True) as case:
    random = draws("lowest_common_ancestor_identity")
    for _ in range(60):
        size = random.choice([7, 15, 31])
        made = list(nodes(tree(random.choices([0, 1, 2], k=size))))
        i, j = a, b = random.sample(range(1, size + 1), 2)  # in heap order, i // 2 is above i
        while a != b:
            a, b = (a // 2, b) if a > b else (a, b // 2)
        case(lowest_common_ancestor, made[0], made[i - 1], made[j - 1]).gives(made[a - 1])
### END HIDDEN TESTS

# %% nbgrader={"grade_id": "lowest_common_ancestor_each_node_once", "points": 2}
EACH_NODE = """One walk through the tree is enough, if each call brings back what it has seen. Searching
the whole lower tree again on each level looks at the deep nodes over and over: in a tree that is one
long chain, about n²/2 looks."""


def chain(n):
    """A chain that goes down on the right; p and q are two leaves at its end."""
    values = [0]
    for value in range(1, n - 2):
        values += [None, value]
    root = tree([*values, n - 2, n - 1], CountedNode)
    return root, *list(nodes(root))[-2:]


with check("looks at each node once", idea=EACH_NODE) as case:
    case.growth(
        lowest_common_ancestor,
        chain,
        sizes=(25, 50, 100, 200, 400),
        gives=lambda root, p, q: next(n for n in nodes(root) if n.left is p),
        at_most=lambda n: 12 * n,
        label="12n",
    )

### BEGIN HIDDEN TESTS
with check("looks at each node once", idea=EACH_NODE, hidden=True) as case:
    random = draws("lowest_common_ancestor_each_node_once")

    def left_chain(n):
        values = [0]
        for value in range(1, n):
            values += [value, None]
        root = tree(values, CountedNode)
        found = list(nodes(root))
        return root, found[n - 2 - random.randint(0, 3)], found[-1]

    def full(n):
        root = tree([random.randint(0, 9) for _ in range(n)], CountedNode)
        found = list(nodes(root))
        return root, found[n // 2 - 1], found[-1]

    def above(root, p, q):
        parent = {below: n for n in nodes(root) for below in (n.left, n.right) if below}
        seen = set()
        while p is not None:
            seen.add(p)
            p = parent.get(p)
        while q not in seen:
            q = parent[q]
        return q

    case.growth(
        lowest_common_ancestor,
        left_chain,
        sizes=(30, 120, 500),
        gives=above,
        at_most=lambda n: 12 * n,
        label="12n",
    )
    case.growth(
        lowest_common_ancestor,
        full,
        sizes=(31, 127, 511),
        gives=above,
        at_most=lambda n: 12 * n,
        label="12n",
    )

with check("looks at each node once", idea=EACH_NODE, hidden=True, lines=3_000_000) as case:
    made = list(nodes(tree(range(100_000))))
    case(lowest_common_ancestor, made[0], made[99_998], made[99_997]).gives(made[49_998])
    case(lowest_common_ancestor, made[0], made[65_535], made[2]).gives(made[0])
### END HIDDEN TESTS

# %% [markdown]
"""
**Watch your own function.** When a check above has failed, this plays the input on which it failed:
run the cell again after the check. Follow what each call returns. Then look for two nodes of which
one is above the other: how early does your function stop?
"""


# %%
larger = tree([3, 5, 1, 6, 2, 0, 8, None, None, 7, 4])
given = last_failure(lowest_common_ancestor, larger, larger.left.left, larger.left.right.right)
play(lowest_common_ancestor, *given, view=data_tree("root"))

# %% [markdown] nbgrader={"grade_id": "combination_sum_task", "locked": true}
r"""
## 2. Sums of coins that never run out

`combination_sum` · 8 points · difficulty 3 of 5 · 25 minutes

You have coins of several values, as many of each as you like. In which ways can you pay a sum
exactly? Two ways are the same if they use each coin equally often: paying 2 + 3 and 3 + 2 is one way.

**Write** `combination_sum(candidates, target)`, which returns all ways to write `target` as a sum of
candidates, each of which may be used any number of times.

| | |
|---|---|
| `candidates` | a list of 1 to 30 different whole numbers from 2 to 40, in any order |
| `target` | a whole number from 1 to 40 |
| returns | a list of lists: each way once, in any order, its numbers in any order; `[]` if there is none |
| work | with three candidates, at most $10 \cdot \text{target}^2$ operations with numbers from `candidates`, or numbers calculated from them |

**Example.** `combination_sum([2, 3, 6, 7], 7)` is `[[2, 2, 3], [7]]`.
"""


# %% nbgrader={"grade_id": "combination_sum", "solution": true}
def combination_sum(candidates: list[int], target: int) -> list[list[int]]:
    """All ways to write target as a sum of candidates, each used any number of times."""
    ### BEGIN SOLUTION
    candidates = sorted(candidates)
    ways, chosen = [], []

    def extend(start, rest):
        if rest == 0:
            ways.append(chosen[:])
            return
        for index in range(start, len(candidates)):
            if candidates[index] > rest:
                break  # and so are all that follow
            chosen.append(candidates[index])
            extend(index, rest - candidates[index])
            chosen.pop()

    extend(0, target)
    return ways
    ### END SOLUTION


# %% [markdown] nbgrader={"grade_id": "combination_sum_hints", "locked": true}
"""
<details><summary>Hint 1: the idea</summary>

Choose a first coin; what is left is the same question for a smaller sum. To get each way only once,
agree on an order: after a coin, you may take the same one again or a later one, never an earlier one.

</details>

<details><summary>Hint 2: a sketch</summary>

Write a function `extend(start, rest)` that knows the coins chosen so far. If `rest` is 0, it stores a
*copy* of them. Otherwise it tries each candidate from place `start` on that is not larger than
`rest`: put it on the list, call `extend` for what is left, take it off again.

</details>

<details><summary>Hint 3: almost code</summary>

```
extend(start, rest):
    if rest = 0: store a copy of chosen; return
    for each place i from start to the end:
        if candidates[i] ≤ rest:
            put candidates[i] on chosen
            extend(i, rest − candidates[i])
            take it off chosen
extend(0, target)
```

</details>
"""

# %% nbgrader={"grade_id": "combination_sum_reuse", "points": 2}
REUSE = """After a coin is chosen, the same coin may be chosen again: the search goes on at its own
place. Store a copy of the chosen coins, chosen[:], because the list itself goes on changing."""

with check("may take a coin again", idea=REUSE) as case:
    case(combination_sum, [2, 3, 6, 7], 7).gives([[2, 2, 3], [7]], up_to_order=2)
    case(combination_sum, [3], 9).gives([[3, 3, 3]], up_to_order=2)
    case(combination_sum, [4, 2], 8).gives([[2, 2, 2, 2], [2, 2, 4], [4, 4]], up_to_order=2)

### BEGIN HIDDEN TESTS
with check("may take a coin again", idea=REUSE, hidden=True) as case:
    random = draws("combination_sum_reuse")
    for _ in range(30):
        coin, times = random.randint(2, 9), random.randint(2, 4)
        other = random.choice([c for c in range(2, 12) if c != coin])
        target = coin * times
        pairs = [(k, (target - k * coin) // other) for k in range(times + 1)]
        ways = [[coin] * k + [other] * m for k, m in pairs if k * coin + m * other == target]
        case(combination_sum, [coin, other], target).gives(ways, up_to_order=2)
### END HIDDEN TESTS

# %% nbgrader={"grade_id": "combination_sum_each_way_once", "points": 2}
ONCE = """2 + 3 and 3 + 2 are one way. If after a 3 only a 3 or a later coin may follow, each way is
found in one order only, and none twice."""

with check("finds each way once", idea=ONCE) as case:
    case(combination_sum, [2, 3], 5).gives([[2, 3]], up_to_order=2)
    case(combination_sum, [2, 3, 5], 8).gives([[2, 2, 2, 2], [2, 3, 3], [3, 5]], up_to_order=2)
    case(combination_sum, [2, 3, 7], 12).gives(
        [[2] * 6, [2, 2, 2, 3, 3], [3] * 4, [2, 3, 7]], up_to_order=2
    )

### BEGIN HIDDEN TESTS
with check("finds each way once", idea=ONCE, hidden=True) as case:
    random = draws("combination_sum_each_way_once")
    for _ in range(30):
        coins = sorted(random.sample(range(2, 14), random.randint(2, 4)))
        target = random.randint(4, 22)
        ways = []
        for times in product(*(range(target // coin + 1) for coin in coins)):
            way = [coin for coin, k in zip(coins, times, strict=True) for _ in range(k)]
            if sum(way) == target:
                ways.append(way)
        case(combination_sum, coins, target).gives(ways, up_to_order=2)
### END HIDDEN TESTS

# %% nbgrader={"grade_id": "combination_sum_any_order", "points": 2}
UNSORTED = """The candidates come in any order. A coin that is too large says something about the
next ones only if they are sorted. And if no way leads to the target, the answer is an empty list."""

with check("takes the coins in any order", idea=UNSORTED) as case:
    case(combination_sum, [7, 2, 6, 3], 7).gives([[2, 2, 3], [7]], up_to_order=2)
    case(combination_sum, [40, 3, 5], 8).gives([[3, 5]], up_to_order=2)
    case(combination_sum, [5, 3], 4).gives([])
    case(combination_sum, [4], 6).gives([])

### BEGIN HIDDEN TESTS
with check("takes the coins in any order", idea=UNSORTED, hidden=True) as case:
    random = draws("combination_sum_any_order")
    for _ in range(40):
        coins = [*random.sample(range(2, 12), random.randint(1, 3)), random.randint(30, 40)]
        random.shuffle(coins)
        target = random.randint(1, 18)
        ways = []
        for times in product(*(range(target // coin + 1) for coin in coins)):
            way = [coin for coin, k in zip(coins, times, strict=True) for _ in range(k)]
            if sum(way) == target:
                ways.append(way)
        case(combination_sum, coins, target).gives(ways, up_to_order=2)
### END HIDDEN TESTS

# %% nbgrader={"grade_id": "combination_sum_no_detours", "points": 2}
DETOURS = """Building every order of every way and throwing the doubles away in the end gives the right
list, but the number of orders grows exponentially. With three coins, the ways themselves are fewer
than target²."""


def number_of_ways(coins, target):
    ways = [1] + [0] * target
    for coin in coins:
        for total in range(coin, target + 1):
            ways[total] += ways[total - coin]
    return ways[target]


def count_ways(candidates, target):
    """How many ways combination_sum finds."""
    return len(combination_sum(candidates, target))


with check("makes no detours", idea=DETOURS) as case:
    case.growth(
        count_ways,
        lambda n: ([2, 3, 5], n),
        sizes=(10, 15, 20, 25, 30),
        gives=number_of_ways,
        at_most=lambda n: 10 * n * n,
        label="10·target²",
    )

### BEGIN HIDDEN TESTS
with check("makes no detours", idea=DETOURS, hidden=True) as case:
    random = draws("combination_sum_no_detours")
    for _ in range(3):
        coins = random.sample([2, 3, 4, 5, 6, 7], 3)
        case.growth(
            count_ways,
            lambda n, coins=coins: (coins, n),
            sizes=(12, 20, 30),
            gives=number_of_ways,
            at_most=lambda n: 10 * n * n,
            label="10·target²",
        )
### END HIDDEN TESTS

# %% [markdown]
"""
**Watch your own function.** How deep does it go before it turns back for the first time? Which
branches does it cut?
"""

# %%
given = last_failure(combination_sum, [2, 3, 6, 7], 7)
play(combination_sum, *given, view=call_tree(results=False))

# %% [markdown]
"""
If your function calls itself, or one inside it: these are all its calls, with the numbers that each was given.
"""

# %%
recursion(combination_sum, [2, 3, 6, 7], 7, results=False)

# %% [markdown] nbgrader={"grade_id": "combination_sum_unique_task", "locked": true}
r"""
## 3. Sums from a full purse

`combination_sum_unique` · 10 points · difficulty 4 of 5 · 30 minutes

Now your purse holds certain coins, some of them equal, and each can be spent once. Again: in which
ways can you pay exactly? Two ways are the same if they use each *value* equally often. Which of two
equal coins you take makes no difference.

**Write** `combination_sum_unique(candidates, target)`, which returns all ways to write `target` as a
sum of some of the candidates, each used at most once.

| | |
|---|---|
| `candidates` | a list of 1 to 100 whole numbers from 1 to 50, in any order, equal ones possible |
| `target` | a whole number from 1 to 30 |
| returns | a list of lists: each way once, in any order, its numbers in any order; `[]` if there is none |
| work | for $n$ ones and the target $n/2$, at most $12\,n^2$ operations with the numbers |

**Example.** `combination_sum_unique([10, 1, 2, 7, 6, 1, 5], 8)` is
`[[1, 1, 6], [1, 2, 5], [1, 7], [2, 6]]`.
"""


# %% nbgrader={"grade_id": "combination_sum_unique", "solution": true}
def combination_sum_unique(candidates: list[int], target: int) -> list[list[int]]:
    """All ways to write target as a sum of some candidates, each used at most once."""
    ### BEGIN SOLUTION
    candidates = sorted(candidates)
    ways, chosen = [], []

    def extend(start, rest):
        if rest == 0:
            ways.append(chosen[:])
            return
        for index in range(start, len(candidates)):
            value = candidates[index]
            if value > rest:
                break
            if index > start and value == candidates[index - 1]:
                continue  # an equal sibling has tried all that this one could
            chosen.append(value)
            extend(index + 1, rest - value)
            chosen.pop()

    extend(0, target)
    return ways
    ### END SOLUTION


# %% [markdown] nbgrader={"grade_id": "combination_sum_unique_hints", "locked": true}
"""
<details><summary>Hint 1: the idea</summary>

Sort the coins, so that equal ones lie side by side. Think of one place in the search where you choose
the next coin. If you have already tried a 2 here, with all that can follow, what would another 2, here,
bring that is new?

</details>

<details><summary>Hint 2: a sketch</summary>

Start as in `combination_sum`, but go on at the *next* place after a coin, since it is spent. In the
loop over the next coins, skip a coin that equals the one before it, unless it is the first that this
loop tries. The first must not be skipped: it may follow an equal coin chosen one level higher, as in
1 + 1.

</details>

<details><summary>Hint 3: almost code</summary>

```
sort the candidates
extend(start, rest):
    if rest = 0: store a copy of chosen; return
    for each place i from start to the end:
        if candidates[i] > rest: stop the loop
        if i > start and candidates[i] = candidates[i − 1]: go on with the next place
        put candidates[i] on chosen
        extend(i + 1, rest − candidates[i])
        take it off chosen
```

</details>
"""

# %% nbgrader={"grade_id": "combination_sum_unique_each_coin_once", "points": 2}
SPENT = """A coin that is spent is gone: the search goes on at the next place. A value can be used as
often as the purse holds it, and no more."""

with check("spends each coin once", idea=SPENT) as case:
    case(combination_sum_unique, [3, 5, 2], 6).gives([])
    case(combination_sum_unique, [2, 3, 5], 5).gives([[2, 3], [5]], up_to_order=2)
    case(combination_sum_unique, [9, 4, 1, 8], 9).gives([[1, 8], [9]], up_to_order=2)

### BEGIN HIDDEN TESTS
with check("spends each coin once", idea=SPENT, hidden=True) as case:
    random = draws("combination_sum_unique_each_coin_once")
    for _ in range(40):
        coins = random.sample(range(1, 20), random.randint(1, 9))
        target = random.randint(1, 30)
        pieces = [p for k in range(len(coins) + 1) for p in combinations(coins, k)]
        ways = [list(piece) for piece in pieces if sum(piece) == target]
        case(combination_sum_unique, coins, target).gives(ways, up_to_order=2)
### END HIDDEN TESTS

# %% nbgrader={"grade_id": "combination_sum_unique_skips_equal_siblings", "points": 3}
SIBLINGS = """At one place of the search, two equal coins lead to the same ways. Try the first of them and
skip its equals. They must lie side by side for that: sort first."""

with check("skips equal siblings", idea=SIBLINGS) as case:
    case(combination_sum_unique, [1, 2, 1], 3).gives([[1, 2]], up_to_order=2)
    case(combination_sum_unique, [2, 5, 2, 1, 2], 5).gives([[1, 2, 2], [5]], up_to_order=2)
    case(combination_sum_unique, [10, 1, 2, 7, 6, 1, 5], 8).gives(
        [[1, 1, 6], [1, 2, 5], [1, 7], [2, 6]], up_to_order=2
    )

### BEGIN HIDDEN TESTS
with check("skips equal siblings", idea=SIBLINGS, hidden=True) as case:
    random = draws("combination_sum_unique_skips_equal_siblings")
    for _ in range(40):
        coins = random.choices(range(1, random.choice([4, 9])), k=random.randint(2, 9))
        target = random.randint(2, 14)
        pieces = {tuple(sorted(p)) for k in range(len(coins) + 1) for p in combinations(coins, k)}
        ways = [list(piece) for piece in sorted(pieces) if sum(piece) == target]
        case(combination_sum_unique, coins, target).gives(ways, up_to_order=2)
### END HIDDEN TESTS

# %% nbgrader={"grade_id": "combination_sum_unique_may_use_equal_coins", "points": 2}
EQUALS = """Two equal coins are two coins: 1 + 1 pays 2 from a purse with two ones. Only siblings are
skipped, coins tried at the same place of the search; a coin may follow an equal one that is already
chosen."""

with check("may use equal coins together", idea=EQUALS) as case:
    case(combination_sum_unique, [1, 1], 2).gives([[1, 1]], up_to_order=2)
    case(combination_sum_unique, [3, 3, 3], 9).gives([[3, 3, 3]], up_to_order=2)
    case(combination_sum_unique, [2, 1, 2, 1], 6).gives([[1, 1, 2, 2]], up_to_order=2)

### BEGIN HIDDEN TESTS
with check("may use equal coins together", idea=EQUALS, hidden=True) as case:
    random = draws("combination_sum_unique_may_use_equal_coins")
    for _ in range(40):
        value, times = random.randint(1, 5), random.randint(2, 5)
        spare = random.randint(0, 2)
        coins = [value] * (times + spare) + random.choices(range(31, 51), k=3)
        random.shuffle(coins)
        case(combination_sum_unique, coins, value * times).gives([[value] * times], up_to_order=2)
### END HIDDEN TESTS

# %% nbgrader={"grade_id": "combination_sum_unique_skips_before_it_searches", "points": 3}
BEFORE = """Skip an equal sibling before you search below it. Throwing doubles away at the end, with a
set, gives the right list, but for 20 ones and the target 10 it first builds 184 756 times the same
way. And do not search on when the sum is reached or passed."""


def ones(n):
    return [1] * n, n // 2


with check("skips before it searches", idea=BEFORE) as case:
    case.growth(
        combination_sum_unique,
        ones,
        sizes=(4, 8, 12, 16, 20),
        gives=lambda candidates, target: [[1] * target],
        at_most=lambda n: 12 * n * n,
        label="12n²",
    )

### BEGIN HIDDEN TESTS
with check("skips before it searches", idea=BEFORE, hidden=True) as case:
    random = draws("combination_sum_unique_skips_before_it_searches")
    coin = random.randint(2, 5)
    case.growth(
        combination_sum_unique,
        lambda n: (random.sample([coin] * n + [40] * (n // 2), n + n // 2), coin * (n // 2)),
        sizes=(4, 8, 12),
        gives=lambda candidates, target: [[coin] * (target // coin)],
        at_most=lambda n: 30 * n * n,
        label="30n²",
    )
    coins = [*range(1, 51), *range(1, 51)]
    random.shuffle(coins)
    six = [[1, 1, 2, 2], [1, 1, 4], [1, 2, 3], [1, 5], [2, 2, 1, 1], [2, 4], [3, 3], [6]]
    six.remove([2, 2, 1, 1])
    case(combination_sum_unique, coins, 6).gives(six, up_to_order=2)
    case(combination_sum_unique, [50] * 100, 30).gives([])
### END HIDDEN TESTS

# %% [markdown]
"""
**Watch your own function.** Which calls does it not make, because an equal sibling was there
before? Type `[1, 1, 1, 1]` with the target 2.
"""

# %%
given = last_failure(combination_sum_unique, [2, 5, 2, 1, 2], 5)
play(combination_sum_unique, *given, view=call_tree(results=False))

# %%
recursion(combination_sum_unique, [2, 5, 2, 1, 2], 5, results=False)

# %% [markdown]
"""
**Done?** Save, then choose *Validate* to run every cell from the top in a fresh kernel, and hand in
from the *Assignment List*. If a check still fails, hand in what you have: each one counts by itself.
"""
