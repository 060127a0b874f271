# %% [markdown]
"""
# Trees and backtracking

**After this lesson you can**

- let a recursive function answer a question about a whole tree from the answers of its two
  halves,
- prove by induction that it does, and count the nodes that it looks at,
- search through all combinations, each exactly once, and say which line makes it so,
- cut a branch of a search before you enter it.

**You need** Python functions that call themselves. Everything about trees is explained here.

**Time** 40 minutes. Run each cell with **Shift + Enter**, from the top.
"""

# %%
from course.checks.counts import operations
from course.checks.trees import CountedNode
from course.trees import nodes, tree
from course.widgets import binary_tree, branches, data_tree, pictures, play, recursion, trace

root = tree([3, 5, 1, 6, 2, 0, 8, None, None, 7, 4])
node = {each.value: each for each in nodes(root)}
binary_tree(root, {node[7]: "read", node[6]: "read"})

# %% [markdown]
"""
## 1 · Where do two paths part?

This is a **binary tree**. Each box is a **node**. It has a `value`, and below it a node `left`, a
node `right`, one of them, or none. The top one is the **root**; a node with nothing below is a
**leaf**. Seen from a node, everything below it, with itself, is a tree again: its **subtree**.

The **ancestors** of a node are the node itself, the node above it, and so on up to the root. The
nodes 7 and 6, orange in the picture, have two common ancestors: 5 and 3. The one farther down, 5,
is their **lowest common ancestor**: coming from the root, it is where the paths to the two part.

**Try by hand.** Which is the lowest common ancestor of 7 and 4? Of 7 and 8? Of 5 and 4?

<details><summary><b>Answer</b></summary>

2, 3, and 5: a node is an ancestor of itself.

</details>
<br>

This is problem 236 of LeetCode.
"""

# %% [markdown]
"""
## 2 · The plain way

Write down the path from the root to each of the two, and go along both as long as they agree.
"""


# %%
def path(here, wanted):
    """The nodes from `here` down to `wanted`; None if it is not there."""
    if here is None or here is wanted:
        return [here] if here else None
    for below in (here.left, here.right):
        found = path(below, wanted)
        if found:
            return [here, *found]


def by_paths(root, p, q):
    for one, other in zip(path(root, p), path(root, q), strict=False):
        if one is other:
            last = one
    return last


by_paths(root, node[7], node[6]).value

# %% [markdown]
"""
We compare nodes with `is`: are these two the same object? Not with `==` on values, because two
nodes may hold the same value.

That works, with two walks and two lists. It will be our judge. But the tree has a shape that
makes one walk and no list enough.
"""

# %% [markdown]
"""
## 3 · The idea: ask both halves

Stand on a node. Left of you is a smaller tree, right of you another one. Suppose each half could
tell you whether `p` or `q` is in it. You hear the two answers. **What do you know, and what do
you tell the node above you?** Think of the four cases before you read on.

<details><summary><b>Answer</b></summary>

| left says | right says | so |
|---|---|---|
| nothing here | nothing here | nothing here |
| I have one | nothing here | pass on what left has |
| nothing here | I have one | pass on what right has |
| I have one | I have one | the paths part **here**: I am the answer |

And if you are `p` or `q` yourself: say so at once.

</details>
<br>

So let each answer be one node or `None`: *nothing here* is `None`, *I have one* is that node. In
code:
"""


# %%
def lowest_common_ancestor(here, p, q):
    if here is None or here is p or here is q:
        return here
    left = lowest_common_ancestor(here.left, p, q)
    right = lowest_common_ancestor(here.right, p, q)
    if left and right:
        return here
    return left or right


lowest_common_ancestor(root, node[7], node[6]).value

# %% [markdown]
"""
**Play.** Each name stands at its node, and the path of open calls is marked. Step on until the
first call returns something. A call cannot answer before both of the calls below it have: the
answers come from the bottom to the top. That order is called **post-order**.
"""

# %%
play(lowest_common_ancestor, root, node[7], node[6], view=data_tree("here"))

# %% [markdown]
"""
Here is what each call answers, written into the tree. `·` is `None`. Change 7 and 6 and look
again.
"""


# %%
def answers(p, q):
    def label(each):
        found = lowest_common_ancestor(each, p, q)
        return f"{each.value} → {found.value if found else '·'}"

    def below(each):
        return [each.left, each.right] if each.left else []

    marks = {p: "read", q: "read", lowest_common_ancestor(root, p, q): "done"}
    return branches(root, below, label, marks.get)


answers(node[7], node[6])

# %% [markdown]
"""
## 4 · Why it is right

Two of the four cases sound too easy. If *left* has passed on `p`, may we really be sure that `q`
is not also there, unnoticed? Let us say exactly what a call returns.

**Claim.** Called on a subtree, the function returns

- `None` if neither `p` nor `q` is in it,
- the one that is in it, if it is only one,
- their lowest common ancestor, if both are.

**Proof**, by induction on the number of nodes: we show it for a subtree, and may use it for all
smaller ones.

1. *No node*: `here is None`. Neither is there, and we return `None`. ✓
2. *`here` is `p`.* We return `p`. If `q` is not below, that is the one that is there. If it is,
   then `p` is an ancestor of both (of itself, too), and no node further down has `p` in its
   subtree: `p` is the lowest one. ✓ The same for `q`.
3. *`here` is neither.* The halves are smaller, so the claim holds for both.
   - Both answers are nodes: then each half has one of the two. A common ancestor must have both
     in its subtree, and within this one only `here` has. ✓
   - Only `left` is a node: then the right half has neither. All that this subtree has, the left
     half has, and it returned the right thing. ✓
   - None is a node: neither is anywhere. ✓ ∎

Step 2 answers the worry: the call does *not* look below `p`, and need not.
"""

# %% [markdown]
"""
## 5 · Count the looks

Each node is visited once at most, and a visit reads `left` and `right`: **at most $2n$ looks for
$n$ nodes**.

Here is a tempting other way. Go down from the root: as long as both are on the same side, go to
that side. To know the side, search it.
"""


# %%
def has(here, wanted):
    return here is not None and (
        here is wanted or has(here.left, wanted) or has(here.right, wanted)
    )


def by_searching(here, p, q):
    for below in (here.left, here.right):
        if has(below, p) and has(below, q):
            return by_searching(below, p, q)
    return here


# %%
def chain(n):
    """A tree that is one long chain down the right, with two leaves at the end: p and q."""
    values = [0] + [v for i in range(1, n - 2) for v in (None, i)] + [n - 2, n - 1]
    made = tree(values, CountedNode)
    return made, *list(nodes(made))[-2:]


sizes = [10, 20, 40, 60, 80, 100]
looks = {
    f.__name__: [operations(f, *chain(n)) for n in sizes]
    for f in (lowest_common_ancestor, by_searching)
}
pictures.curve(sizes, looks, lambda n: 2 * n, "2n", what="looks at a node")

# %% [markdown]
r"""
In a chain, `by_searching` finds `p` and `q` deep down, steps down by one, and finds them again:
$n + (n-1) + (n-2) + \dots \approx n^2/2$ nodes, each of them looked at several times. The order
$n^2$ comes from **answers that are thrown away**. Our function keeps them: they are its return
values.

A chain is also the deepest tree there is, and each level is one call inside another. Python stops
at about 1000 of them (`RecursionError`). For deeper trees, note for each node the one above it in
a dictionary, with a loop, and climb from `p` and from `q`.

## 6 · Find the bug

Each of the three is wrong on the tree it is shown with. What does it believe?
"""


# %%
def compares_values(here, p, q):
    if here is None or here.value == p.value or here.value == q.value:
        return here
    left = compares_values(here.left, p, q)
    right = compares_values(here.right, p, q)
    return here if left and right else left or right


twice = tree([1, 2, 3, 3, 4])
play(
    compares_values, twice, twice.left.left, twice.left.right,
    view=data_tree("here"), reference=lowest_common_ancestor,
)  # fmt: skip


# %%
def keeps_it_to_itself(here, p, q):
    if here is None or here is p or here is q:
        return here
    left = keeps_it_to_itself(here.left, p, q)
    right = keeps_it_to_itself(here.right, p, q)
    if left and right:
        return here


play(
    keeps_it_to_itself, root, node[7], node[6],
    view=data_tree("here"), reference=lowest_common_ancestor,
)  # fmt: skip


# %%
def takes_it_for_sorted(here, p, q):
    while True:
        if max(p.value, q.value) < here.value:
            here = here.left
        elif min(p.value, q.value) > here.value:
            here = here.right
        else:
            return here


play(
    takes_it_for_sorted, root, node[7], node[4],
    view=data_tree("here"), reference=lowest_common_ancestor,
)  # fmt: skip

# %% [markdown]
"""
<details><summary><b>What is wrong in each</b></summary>

1. `compares_values`: the tree has two nodes of value 3. It takes the one on the right for `p`,
   and so sees `p` on both sides of the root.
2. `keeps_it_to_itself`: it knows, but does not say. Without `return left or right` a call that
   found one of the two returns `None`.
3. `takes_it_for_sorted`: "smaller values left, larger ones right" holds in *search trees* only.
   This tree is in no order, and the walk runs off it.

</details>
"""

# %% [markdown]
"""
## 7 · A second question: paying exactly

You have coins of the values 2, 3, 6 and 7, as many of each as you like. **In which ways can you
pay 7?** Two ways are the same if they use each coin equally often: 2 + 2 + 3 and 3 + 2 + 2 are
one way.

There is no tree in this question. But there is one in the search: choose a first coin, then a
second one, and so on. Each choice is a step down. This is problem 39 of LeetCode.
"""


# %%
def any_order(candidates, rest, chosen=()):
    if rest == 0:
        return [list(chosen)]
    ways = []
    for coin in candidates:
        if coin <= rest:
            ways += any_order(candidates, rest - coin, (*chosen, coin))
    return ways


any_order([2, 3, 6, 7], 7)

# %%
recursion(
    any_order, [2, 3, 6, 7], 7, show=["chosen"], results=False, done=lambda at: at["rest"] == 0
)

# %% [markdown]
"""
Every box is a call, with the coins chosen so far. Green ones pay exactly. 2 + 2 + 3 is found
three times, once for each order.

How bad can that get? With coins 2 and 3, the number of orders $f(r)$ that pay $r$ begins with a 2
or with a 3, so $f(r) = f(r-2) + f(r-3)$. That grows exponentially: about 1.32 times as many for
each unit more (1.32 solves $x^3 = x + 1$). The ways themselves are few: there are at most
$r/3 + 1$ of them, one for each number of 3s.
"""


# %%
def orders(r):
    return 1 if r == 0 else 0 if r < 0 else orders(r - 2) + orders(r - 3)


[(r, orders(r), len({tuple(sorted(way)) for way in any_order([2, 3], r)})) for r in (10, 20, 30)]

# %% [markdown]
"""
## 8 · The idea: never go back to an earlier coin

Of all orders of one way, allow a single one. Which one is easy to recognise **while you build
it**?

<details><summary><b>Answer</b></summary>

The one in the order of the list: after a coin, take the same one again or a later one, never an
earlier one.

</details>
<br>

So each call gets a number `start`: the place in the list from which coins may still be taken.
"""


# %%
def combination_sum(candidates, target):
    candidates = sorted(candidates)
    ways, chosen = [], []

    def extend(start, rest):
        if rest == 0:
            ways.append(chosen[:])
        for i in range(start, len(candidates)):
            if candidates[i] > rest:
                break
            chosen.append(candidates[i])
            extend(i, rest - candidates[i])
            chosen.pop()

    extend(0, target)
    return ways


# %%
recursion(
    combination_sum, [2, 3, 6, 7], 7,
    show=["chosen"], results=False, done=lambda at: at["rest"] == 0,
)  # fmt: skip

# %% [markdown]
r"""
**Why each way is found exactly once.** A way is a choice of how often each coin is used. It has
exactly one order in which the places in the list never go down, $i_1 \le i_2 \le \dots \le i_k$:
write the coins one kind after the other. The search builds every sequence of places that never
goes down (after $i$, all places from $i$ on are tried) and no other. So ways and green boxes
correspond one to one. ∎

## 9 · Put on, go down, take off

Step through it, and watch the tree of calls grow. In each box stand the coins chosen so far; a
cross marks a branch that was cut. Watch `chosen`, too. There is **one** list for the whole
search. Before a call a coin is put on, after it the coin is taken off. So at each moment the list
holds exactly the choices on the way from the top to where you are. That is called
**backtracking**: undo the last choice, try the next.
"""

# %%
from course.widgets import call_tree

search = call_tree("chosen", results=False, done={"rest": 0})
play(combination_sum, [2, 3, 6, 7], 7, view=search)

# %% [markdown]
"""
Two lines deserve a second look.

- `ways.append(chosen[:])`. The list goes on changing; `[:]` makes a copy of it as it is now.
- `break`. The candidates are sorted, so if one is too large, all later ones are. The search does
  not enter a branch to find out that it is dead: it **cuts** it. How many calls does that save?
"""


# %%
def enters_everything(candidates, target):
    ways, chosen = [], []

    def extend(start, rest):
        if rest == 0:
            ways.append(chosen[:])
        if rest <= 0:
            return
        for i in range(start, len(candidates)):
            chosen.append(candidates[i])
            extend(i, rest - candidates[i])
            chosen.pop()

    extend(0, target)
    return ways


# %%
targets = [5, 10, 15, 20, 25]
calls = {
    f.__name__: [len(trace(f, [2, 3, 6, 7], r, max_steps=40_000)["calls"]) for r in targets]
    for f in (combination_sum, enters_everything)
}
pictures.curve(targets, calls, what="calls")

# %% [markdown]
"""
Cutting saves half of the calls here, and more if there are many large candidates.

## 10 · Each coin once, and some are equal

Now your purse holds certain coins, and each can be spent once. This is problem 40 of LeetCode.
After a coin the search goes on at the *next* place: `extend(i + 1, …)`. A small change, and a new
problem: a purse may hold **equal coins**. From [1, 1, 2] you can pay 3 in one way. Look what the
search does:
"""


# %%
def each_once(candidates, target):
    candidates = sorted(candidates)
    ways, chosen = [], []

    def extend(start, rest):
        if rest == 0:
            ways.append(chosen[:])
        for i in range(start, len(candidates)):
            if candidates[i] > rest:
                break
            chosen.append(candidates[i])
            extend(i + 1, rest - candidates[i])
            chosen.pop()

    extend(0, target)
    return ways


each_once([1, 1, 2], 3)

# %%
recursion(each_once, [1, 1, 2], 3, show=["chosen"], results=False, done=lambda at: at["rest"] == 0)

# %% [markdown]
"""
The two boxes `[1]` are **siblings**: they hang from the same box and have chosen an equal coin.
The first of them can go on with everything that the second one can, and with the other 1 as well.
So the second brings nothing new. **Skip a coin that equals the one before it, unless it is the
first that this call tries:**
"""


# %%
def combination_sum_unique(candidates, target):
    candidates, ways, chosen = sorted(candidates), [], []

    def extend(start, rest):
        if rest == 0:
            ways.append(chosen[:])
        for i in range(start, len(candidates)):
            if candidates[i] > rest:
                break
            if i == start or candidates[i] != candidates[i - 1]:
                chosen.append(candidates[i])
                extend(i + 1, rest - candidates[i])
                chosen.pop()

    extend(0, target)
    return ways


# %%
recursion(
    combination_sum_unique, [1, 1, 2], 3,
    show=["chosen"], results=False, done=lambda at: at["rest"] == 0,
)  # fmt: skip

# %% [markdown]
r"""
**Why `i == start`?** The first coin that a call tries may equal the coin chosen *above* it, and
that is allowed: 1 + 1 uses two coins. Only siblings are skipped, not children.

**Why each way is still found, and once.** Say a way uses the value $v$ exactly $k$ times, and the
purse holds it $m \ge k$ times. There are many choices of $k$ of the $m$ equal coins. The rule
leaves one of them: a coin may be taken only as the first its call tries, or if the coin before it
has another value. So within the block of equal coins, the first one taken is the first of the
block, and each further one directly follows. That is: always the first $k$. ∎
"""

# %% [markdown]
r"""
## 11 · Count

One could let the search find every way many times, and put them into a `set` in the end. The list
is right. The work is not: from $n$ ones, $n/2$ of them can be chosen in $\binom{n}{n/2}$ ways,
which is 184 756 for $n = 20$. All of them are the same way.
"""


# %%
def with_a_set(candidates, target):
    return set(map(tuple, each_once(candidates, target)))


sizes = [2, 4, 6, 8, 10, 12]
work = {
    f.__name__: [operations(f, [1] * n, n // 2) for n in sizes]
    for f in (combination_sum_unique, with_a_set)
}
pictures.curve(sizes, work)

# %% [markdown]
"""
## 12 · Find the bug

Each of the three is wrong on the purse it is shown with.
"""


# %%
def stores_the_list_itself(candidates, target):
    ways, chosen = [], []

    def extend(start, rest):
        if rest == 0:
            ways.append(chosen)
        for i in range(start, len(candidates)):
            if candidates[i] <= rest:
                chosen.append(candidates[i])
                extend(i, rest - candidates[i])
                chosen.pop()

    extend(0, target)
    return ways


play(stores_the_list_itself, [2, 3], 6, view=search, reference=combination_sum)


# %%
def skips_children_too(candidates, target):
    candidates, ways, chosen = sorted(candidates), [], []

    def extend(start, rest):
        if rest == 0:
            ways.append(chosen[:])
        for i in range(start, len(candidates)):
            if candidates[i] <= rest and (i == 0 or candidates[i] != candidates[i - 1]):
                chosen.append(candidates[i])
                extend(i + 1, rest - candidates[i])
                chosen.pop()

    extend(0, target)
    return ways


play(skips_children_too, [1, 1, 2], 4, view=search, reference=combination_sum_unique)


# %%
def breaks_too_early(candidates, target):
    ways, chosen = [], []

    def extend(start, rest):
        if rest == 0:
            ways.append(chosen[:])
        for i in range(start, len(candidates)):
            if candidates[i] > rest:
                break
            chosen.append(candidates[i])
            extend(i, rest - candidates[i])
            chosen.pop()

    extend(0, target)
    return ways


play(breaks_too_early, [7, 2, 3], 5, view=search, reference=combination_sum)

# %% [markdown]
"""
<details><summary><b>What is wrong in each</b></summary>

1. `stores_the_list_itself`: `ways` holds the one list twice, and in the end that list is empty.
2. `skips_children_too`: `i == 0` instead of `i == start`. The second 1 is skipped even when the
   first one was just taken, so 1 + 1 + 2 is never found.
3. `breaks_too_early`: 7 is too large for 5, and the loop ends; but 2 and 3 come *after* it.
   `break` is right for sorted candidates only.

</details>

## 13 · Your turn

Write your own search: with a loop, without `start`, with what is left of the list. The calls that
*yours* makes are drawn.
"""


# %%
def my_sums(candidates, target):
    if target == 0:
        return [[]]
    ways = []
    # write here: choose a candidate, and call my_sums for the rest
    return ways


play(my_sums, [2, 3, 6, 7], 7, view=call_tree("target", results=False), reference=combination_sum)

# %% [markdown]
"""
### Check yourself

**1.** In `combination_sum`, why may a candidate not be 0?

<details><summary>Answer</summary>

It could be taken for ever: `rest` would stay as it is, and no call would be the last.

</details>
<br>

**2.** What would `lowest_common_ancestor` return if `q` were not in the tree at all?

<details><summary>Answer</summary>

`p`. The claim says so: only one of the two is there. From the answer alone one cannot tell this
from "`q` lies below `p`".

</details>
<br>

**3.** The tree and the search have the same skeleton. Where is the post-order in
`combination_sum`?

<details><summary>Answer</summary>

In `chosen.pop()`: it comes after the call below has ended. `lowest_common_ancestor` collects
answers on the way up; `combination_sum` writes them down at the bottom, and on the way up only
cleans up behind itself.

</details>
"""

# %% [markdown]
"""
## Now you

The exercises [on trees and on sums](../../exercises/01_algorithms/trees_and_backtracking.ipynb)
ask for your own versions, and draw the calls that *your* function makes.

## Read next

- The problems as they are stated: LeetCode 236,
  [Lowest Common Ancestor of a Binary Tree](https://leetcode.com/problems/lowest-common-ancestor-of-a-binary-tree/),
  and 39 and 40, [Combination Sum](https://leetcode.com/problems/combination-sum/) and
  [Combination Sum II](https://leetcode.com/problems/combination-sum-ii/).
- D. Harel, R. E. Tarjan, "Fast algorithms for finding nearest common ancestors", *SIAM Journal on
  Computing* 13 (1984): after one walk through the tree, every further question in a fixed number
  of steps.
- S. W. Golomb, L. D. Baumert, "Backtrack programming", *Journal of the ACM* 12 (1965): where the
  method got its general form.
- D. E. Knuth, *The Art of Computer Programming*, volume 4B, section 7.2.2, "Backtrack
  Programming".
"""
