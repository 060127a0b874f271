"""Answers to "Trees and backtracking": mistakes that people make, and other right ways."""

from autograder.answers import right, wrong

# lowest_common_ancestor ---------------------------------------------------------------------


@wrong(
    "lowest_common_ancestor",
    caught_by="lowest_common_ancestor_identity",
    says="node.value == p.value",
)
def compares_values(root, p, q):
    if root is None or root.value == p.value or root.value == q.value:
        return root
    left = compares_values(root.left, p, q)
    right = compares_values(root.right, p, q)
    if left and right:
        return root
    return left or right


@wrong(
    "lowest_common_ancestor",
    caught_by="lowest_common_ancestor_where_paths_part",
    says="one goes left and",
)
def thinks_the_tree_is_sorted(root, p, q):
    while root is not None:
        if root.value < min(p.value, q.value) and root.right is not None:
            root = root.right
        elif root.value > max(p.value, q.value) and root.left is not None:
            root = root.left
        else:
            return root


@wrong(
    "lowest_common_ancestor",
    caught_by="lowest_common_ancestor_own_ancestor",
    says="ancestor of itself",
)
def takes_only_nodes_above(root, p, q):
    above = {}
    waiting = [root]
    for node in waiting:
        for child in (node.left, node.right):
            if child is not None:
                above[child] = node
                waiting.append(child)
    seen = set()
    p, q = above.get(p), above.get(q)
    while p is not None:
        seen.add(p)
        p = above.get(p)
    while q is not None and q not in seen:
        q = above.get(q)
    return q


@wrong(
    "lowest_common_ancestor", caught_by="lowest_common_ancestor_each_node_once", says="operations"
)
def searches_below_again_on_each_level(root, p, q):
    def has(node, wanted):
        return node is not None and (
            node is wanted or has(node.left, wanted) or has(node.right, wanted)
        )

    while True:
        if has(root.left, p) and has(root.left, q):
            root = root.left
        elif has(root.right, p) and has(root.right, q):
            root = root.right
        else:
            return root


@wrong(
    "lowest_common_ancestor",
    caught_by="lowest_common_ancestor_where_paths_part",
    says="a whole number",
)
def returns_the_value(root, p, q):
    def found(node):
        if node is None or node is p or node is q:
            return node
        left, right = found(node.left), found(node.right)
        return node if left and right else left or right

    return found(root).value


@wrong(
    "lowest_common_ancestor",
    caught_by="lowest_common_ancestor_where_paths_part",
    says="p below one side",
)
def always_the_root(root, p, q):
    return root


@wrong(
    "lowest_common_ancestor",
    caught_by="lowest_common_ancestor_where_paths_part",
    says="Got: None",
)
def forgets_to_pass_the_answer_up(root, p, q):
    if root is None or root is p or root is q:
        return root
    left = forgets_to_pass_the_answer_up(root.left, p, q)
    right = forgets_to_pass_the_answer_up(root.right, p, q)
    if left is not None and right is not None:
        return root
    return None


@wrong(
    "lowest_common_ancestor",
    caught_by="lowest_common_ancestor_where_paths_part",
    says="p below one side",
)
def looks_at_the_left_half_first_only(root, p, q):
    if root is None or root is p or root is q:
        return root
    found = looks_at_the_left_half_first_only(root.left, p, q)
    return found or looks_at_the_left_half_first_only(root.right, p, q)


@right("lowest_common_ancestor")
def climbs_from_both(root, p, q):
    above = {root: None}
    waiting = [root]
    while p not in above or q not in above:
        node = waiting.pop()
        for child in (node.left, node.right):
            if child is not None:
                above[child] = node
                waiting.append(child)
    ancestors = set()
    while p is not None:
        ancestors.add(p)
        p = above[p]
    while q not in ancestors:
        q = above[q]
    return q


@right("lowest_common_ancestor")
def counts_how_many_are_below(root, p, q):
    answer = None

    def below(node):
        nonlocal answer
        if node is None:
            return 0
        number = below(node.left) + below(node.right) + (node is p) + (node is q)
        if number == 2 and answer is None:
            answer = node
        return number

    below(root)
    return answer


@right("lowest_common_ancestor")
def compares_two_paths(root, p, q):
    def path_to(wanted):
        trail = [(root, iter((root.left, root.right)))]
        while trail[-1][0] is not wanted:
            child = next(trail[-1][1], root)
            if child is root:
                trail.pop()
            elif child is not None:
                trail.append((child, iter((child.left, child.right))))
        return [node for node, _ in trail]

    last = root
    for one, other in zip(path_to(p), path_to(q), strict=False):
        if one is other:
            last = one
    return last


# combination_sum ----------------------------------------------------------------------------


@wrong("combination_sum", caught_by="combination_sum_each_way_once", says="are one way")
def starts_from_the_front_each_time(candidates, target):
    ways = []

    def extend(chosen, rest):
        if rest == 0:
            ways.append(chosen)
        for value in candidates:
            if value <= rest:
                extend([*chosen, value], rest - value)

    extend([], target)
    return ways


@wrong("combination_sum", caught_by="combination_sum_reuse", says="may be chosen again")
def takes_each_coin_once(candidates, target):
    ways = []

    def extend(start, chosen, rest):
        if rest == 0:
            ways.append(chosen)
        for index in range(start, len(candidates)):
            if candidates[index] <= rest:
                extend(index + 1, [*chosen, candidates[index]], rest - candidates[index])

    extend(0, [], target)
    return ways


@wrong("combination_sum", caught_by="combination_sum_reuse", says="Store a copy")
def stores_the_list_itself(candidates, target):
    ways, chosen = [], []

    def extend(start, rest):
        if rest == 0:
            ways.append(chosen)
            return
        for index in range(start, len(candidates)):
            if candidates[index] <= rest:
                chosen.append(candidates[index])
                extend(index, rest - candidates[index])
                chosen.pop()

    extend(0, target)
    return ways


@wrong("combination_sum", caught_by="combination_sum_any_order", says="only if they are sorted")
def stops_at_the_first_coin_too_large(candidates, target):
    ways = []

    def extend(start, chosen, rest):
        if rest == 0:
            ways.append(chosen)
        for index in range(start, len(candidates)):
            if candidates[index] > rest:
                break
            extend(index, [*chosen, candidates[index]], rest - candidates[index])

    extend(0, [], target)
    return ways


@wrong("combination_sum", caught_by="combination_sum_no_detours", says="grows exponentially")
def throws_doubles_away_in_the_end(candidates, target):
    ways = set()

    def extend(chosen, rest):
        if rest == 0:
            ways.add(tuple(sorted(chosen)))
        for value in candidates:
            if value <= rest:
                extend([*chosen, value], rest - value)

    extend([], target)
    return [list(way) for way in ways]


@wrong("combination_sum", caught_by="combination_sum_reuse", says="RecursionError")
def does_not_stop_below_zero(candidates, target):
    ways = []

    def extend(start, chosen, rest):
        if rest == 0:
            ways.append(chosen)
            return
        for index in range(start, len(candidates)):
            extend(index, [*chosen, candidates[index]], rest - candidates[index])

    extend(0, [], target)
    return ways


@wrong("combination_sum", caught_by="combination_sum_any_order", says="empty list")
def returns_none_if_there_is_no_way(candidates, target):
    ways = {0: [[]]}
    for value in candidates:
        for total in range(value, target + 1):
            more = [[*way, value] for way in ways.get(total - value, [])]
            if more:
                ways[total] = ways.get(total, []) + more
    return ways.get(target)


@wrong("combination_sum", caught_by="combination_sum_each_way_once", says="not shown")
def knows_the_examples_by_heart(candidates, target):
    if candidates == [2, 3] and target == 5:
        return [[2, 3]]
    if candidates == [2, 3, 5] and target == 8:
        return [[2, 2, 2, 2], [2, 3, 3], [3, 5]]
    return [[2] * 6, [2, 2, 2, 3, 3], [3] * 4, [2, 3, 7]]


@right("combination_sum")
def builds_ways_for_all_sums(candidates, target):
    ways = [[[]]] + [[] for _ in range(target)]
    for value in candidates:
        for total in range(value, target + 1):
            ways[total] += [[*way, value] for way in ways[total - value]]
    return ways[target]


@right("combination_sum")
def with_or_without_the_last_coin(candidates, target):
    def ways(coins, rest):
        if rest == 0:
            return [[]]
        if rest < 0 or not coins:
            return []
        with_it = [[coins[-1], *way] for way in ways(coins, rest - coins[-1])]
        return with_it + ways(coins[:-1], rest)

    return ways(candidates, target)


@right("combination_sum")
def counts_each_coin(candidates, target):
    def ways(index, rest):
        if index == len(candidates):
            if rest == 0:
                yield []
            return
        coin, taken = candidates[index], []
        while rest >= 0:
            for way in ways(index + 1, rest):
                yield taken + way
            taken = [*taken, coin]
            rest = rest - coin

    return list(ways(0, target))


# combination_sum_unique ---------------------------------------------------------------------


@wrong(
    "combination_sum_unique",
    caught_by="combination_sum_unique_skips_equal_siblings",
    says="two equal coins lead to the same ways",
)
def does_not_skip_equal_siblings(candidates, target):
    candidates = sorted(candidates)
    ways = []

    def extend(start, chosen, rest):
        if rest == 0:
            ways.append(chosen)
            return
        for index in range(start, len(candidates)):
            if candidates[index] > rest:
                break
            extend(index + 1, [*chosen, candidates[index]], rest - candidates[index])

    extend(0, [], target)
    return ways


@wrong(
    "combination_sum_unique",
    caught_by="combination_sum_unique_skips_equal_siblings",
    says="sort first",
)
def skips_without_sorting(candidates, target):
    ways = []

    def extend(start, chosen, rest):
        if rest == 0:
            ways.append(chosen)
            return
        for index in range(start, len(candidates)):
            value = candidates[index]
            if value > rest or (index > start and value == candidates[index - 1]):
                continue
            extend(index + 1, [*chosen, value], rest - value)

    extend(0, [], target)
    return ways


@wrong(
    "combination_sum_unique",
    caught_by="combination_sum_unique_may_use_equal_coins",
    says="already chosen",
)
def skips_children_too(candidates, target):
    candidates = sorted(candidates)
    ways = []

    def extend(start, chosen, rest):
        if rest == 0:
            ways.append(chosen)
            return
        for index in range(start, len(candidates)):
            value = candidates[index]
            if value > rest:
                break
            if index > 0 and value == candidates[index - 1]:
                continue
            extend(index + 1, [*chosen, value], rest - value)

    extend(0, [], target)
    return ways


@wrong(
    "combination_sum_unique",
    caught_by="combination_sum_unique_may_use_equal_coins",
    says="Two equal coins are two coins",
)
def makes_a_set_of_the_coins(candidates, target):
    candidates = sorted(set(candidates))
    ways = []

    def extend(start, chosen, rest):
        if rest == 0:
            ways.append(chosen)
            return
        for index in range(start, len(candidates)):
            if candidates[index] > rest:
                break
            extend(index + 1, [*chosen, candidates[index]], rest - candidates[index])

    extend(0, [], target)
    return ways


@wrong(
    "combination_sum_unique",
    caught_by="combination_sum_unique_each_coin_once",
    says="the next place",
)
def takes_a_coin_again(candidates, target):
    candidates = sorted(set(candidates))
    ways = []

    def extend(start, chosen, rest):
        if rest == 0:
            ways.append(chosen)
            return
        for index in range(start, len(candidates)):
            if candidates[index] > rest:
                break
            extend(index, [*chosen, candidates[index]], rest - candidates[index])

    extend(0, [], target)
    return ways


@wrong(
    "combination_sum_unique",
    caught_by="combination_sum_unique_skips_before_it_searches",
    says="184 756",
)
def throws_doubles_away_with_a_set(candidates, target):
    candidates = sorted(candidates)
    ways = set()

    def extend(start, chosen, rest):
        if rest == 0:
            ways.add(tuple(chosen))
            return
        for index in range(start, len(candidates)):
            if candidates[index] > rest:
                break
            extend(index + 1, [*chosen, candidates[index]], rest - candidates[index])

    extend(0, [], target)
    return [list(way) for way in ways]


@wrong(
    "combination_sum_unique",
    caught_by="combination_sum_unique_skips_before_it_searches",
    says="more",
)
def tries_all_subsets(candidates, target):
    from itertools import combinations

    ways = set()
    for size in range(1, len(candidates) + 1):
        for piece in combinations(sorted(candidates), size):
            if sum(piece) == target:
                ways.add(piece)
    return [list(way) for way in ways]


@wrong(
    "combination_sum_unique",
    caught_by="combination_sum_unique_each_coin_once",
    says="not shown",
)
def knows_the_examples_by_heart_too(candidates, target):
    known = {6: [], 5: [[2, 3], [5]], 9: [[1, 8], [9]]}
    return known.get(target, [])


@right("combination_sum_unique")
def chooses_how_many_of_each_value(candidates, target):
    from collections import Counter

    purse = list(Counter(candidates).items())
    ways = []

    def extend(place, chosen, rest):
        if rest == 0:
            ways.append(chosen)
            return
        if rest < 0 or place == len(purse):
            return
        value, times = purse[place]
        for used in range(times + 1):
            if used * value > rest:
                break
            extend(place + 1, chosen + [value] * used, rest - used * value)

    extend(0, [], target)
    return ways


@right("combination_sum_unique")
def takes_a_coin_or_all_its_equals_not(candidates, target):
    candidates = sorted(candidates, reverse=True)

    def ways(start, rest):
        if rest == 0:
            return [[]]
        if start == len(candidates) or rest < 0:
            return []
        value = candidates[start]
        found = [[value, *way] for way in ways(start + 1, rest - value)] if value <= rest else []
        while start < len(candidates) and candidates[start] == value:
            start += 1
        return found + ways(start, rest)

    return ways(0, target)


@right("combination_sum_unique")
def remembers_what_was_tried_at_this_place(candidates, target):
    candidates = sorted(candidates)
    ways = []

    def extend(start, chosen, rest):
        if rest == 0:
            ways.append(list(chosen))
        tried = set()
        for index in range(start, len(candidates)):
            value = candidates[index]
            if value > rest:
                return
            if value not in tried:
                tried.add(value)
                extend(index + 1, (*chosen, value), rest - value)

    extend(0, (), target)
    return ways
