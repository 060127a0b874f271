"""Answers to "Linear-time order and dynamic programming": mistakes, and other right ways."""

from autograder.answers import right, wrong

# maximum_gap --------------------------------------------------------------------------------


@wrong("maximum_gap", caught_by="maximum_gap_linear", says="calls sorted")
def sorts(nums):
    order = sorted(nums)
    return max((order[i] - order[i - 1] for i in range(1, len(order))), default=0)


@wrong("maximum_gap", caught_by="maximum_gap_linear", says="operations")
def looks_for_each_next_number(nums):
    largest = 0
    for number in nums:
        higher = [other - number for other in nums if other > number]
        largest = max(largest, min(higher, default=0))
    return largest


@wrong("maximum_gap", caught_by="maximum_gap_bucket_width", says="a bucket of width 0")
def makes_buckets_of_width_zero(nums):
    if len(nums) < 2 or min(nums) == max(nums):
        return 0
    low, high = min(nums), max(nums)
    width = (high - low) // (len(nums) - 1)
    buckets = [[] for _ in range((high - low) // width + 1)]
    for number in nums:
        buckets[(number - low) // width].append(number)
    largest, before = 0, low
    for bucket in buckets:
        if bucket:
            largest = max(largest, min(bucket) - before)
            before = max(bucket)
    return largest


@wrong("maximum_gap", caught_by="maximum_gap_few_or_equal", says="ZeroDivisionError")
def divides_by_zero_for_one_number(nums):
    if not nums:
        return 0
    low, high = min(nums), max(nums)
    width = max(1, (high - low) // (len(nums) - 1))
    buckets = {}
    for number in nums:
        place = (number - low) // width
        least, most = buckets.get(place, (number, number))
        buckets[place] = (min(least, number), max(most, number))
    largest, before = 0, low
    for place in range((high - low) // width + 1):
        if place in buckets:
            largest = max(largest, buckets[place][0] - before)
            before = buckets[place][1]
    return largest


@wrong("maximum_gap", caught_by="maximum_gap_bucket_width", says="IndexError")
def has_no_bucket_for_the_largest(nums):
    if len(nums) < 2:
        return 0
    low, high = min(nums), max(nums)
    if low == high:
        return 0
    width = max(1, (high - low) // (len(nums) - 1))
    buckets = [[] for _ in range(max(1, (high - low) // width))]
    for number in nums:
        buckets[(number - low) // width].append(number)
    largest, before = 0, low
    for bucket in buckets:
        if bucket:
            largest = max(largest, min(bucket) - before)
            before = max(bucket)
    return largest


@wrong("maximum_gap", caught_by="maximum_gap_between_neighbours", says="from the largest number")
def measures_from_bucket_to_bucket(nums):
    if len(nums) < 2:
        return 0
    low, high = min(nums), max(nums)
    width = max(1, (high - low) // (len(nums) - 1))
    used = [False] * ((high - low) // width + 1)
    for number in nums:
        used[(number - low) // width] = True
    largest, before = 0, 0
    for place, is_used in enumerate(used):
        if is_used:
            largest = max(largest, (place - before) * width)
            before = place
    return largest


@wrong("maximum_gap", caught_by="maximum_gap_between_neighbours", says="in ascending order")
def measures_neighbours_in_the_list(nums):
    return max((abs(nums[i] - nums[i - 1]) for i in range(1, len(nums))), default=0)


@wrong("maximum_gap", caught_by="maximum_gap_between_neighbours", says="in ascending order")
def returns_the_whole_range(nums):
    return max(nums) - min(nums) if nums else 0


@wrong("maximum_gap", caught_by="maximum_gap_between_neighbours", says="that is not empty")
def takes_empty_buckets_for_zero(nums):
    if len(nums) < 2:
        return 0
    low, high = min(nums), max(nums)
    width = max(1, (high - low) // (len(nums) - 1))
    count = (high - low) // width + 1
    least, most = [None] * count, [None] * count
    for number in nums:
        place = (number - low) // width
        least[place] = number if least[place] is None else min(least[place], number)
        most[place] = number if most[place] is None else max(most[place], number)
    largest = 0
    for place in range(1, count):
        if least[place] is not None and most[place - 1] is not None:
            largest = max(largest, least[place] - most[place - 1])
    return largest


@right("maximum_gap")
def sorts_digit_by_digit(nums):
    order = list(nums)
    for shift in (0, 11, 22):
        piles = [[] for _ in range(2048)]
        for number in order:
            piles[(number >> shift) & 2047].append(number)
        order = [number for pile in piles for number in pile]
    largest = 0
    for i in range(1, len(order)):
        gap = order[i] - order[i - 1]
        if gap > largest:
            largest = gap
    return largest


@right("maximum_gap")
def makes_n_buckets_of_fractions(nums):
    n = len(nums)
    if n < 2:
        return 0
    low, high = min(nums), max(nums)
    if low == high:
        return 0
    least, most = {}, {}
    for number in nums:
        place = (number - low) * (n - 1) // (high - low)
        if place not in least or number < least[place]:
            least[place] = number
        if place not in most or number > most[place]:
            most[place] = number
    largest, before = 0, low
    for place in range(n):
        if place in least:
            gap = least[place] - before
            largest = gap if gap > largest else largest
            before = most[place]
    return int(largest)


@right("maximum_gap")
def rounds_the_width_up(nums):
    if len(nums) < 2:
        return 0
    low, high = min(nums), max(nums)
    width = -(-(high - low) // (len(nums) - 1)) or 1
    buckets = [[] for _ in range((high - low) // width + 1)]
    for number in nums:
        buckets[(number - low) // width].append(number)
    gaps, before = [0], low
    for bucket in filter(None, buckets):
        gaps.append(min(bucket) - before)
        before = max(bucket)
    return max(gaps)


# knapsack -----------------------------------------------------------------------------------


@wrong("knapsack", caught_by="knapsack_each_thing_once", says="take it twice")
def takes_things_again_and_again(weights, values, capacity):
    best = [0] * (capacity + 1)
    for weight, value in zip(weights, values, strict=True):
        for room in range(weight, capacity + 1):
            best[room] = max(best[room], best[room - weight] + value)
    return best[capacity]


@wrong("knapsack", caught_by="knapsack_take_or_leave", says="most value for its weight")
def takes_the_best_value_for_weight_first(weights, values, capacity):
    def worth(place):
        return values[place] / weights[place] if weights[place] else float("inf")

    total = 0
    for place in sorted(range(len(weights)), key=worth, reverse=True):
        if weights[place] <= capacity:
            capacity -= weights[place]
            total += values[place]
    return total


@wrong("knapsack", caught_by="knapsack_room_to_spare", says="need not be full")
def fills_it_to_the_brim(weights, values, capacity):
    best = [0] + [float("-inf")] * capacity
    for weight, value in zip(weights, values, strict=True):
        for room in range(capacity, weight - 1, -1):
            best[room] = max(best[room], best[room - weight] + value)
    return max(best[capacity], 0)


@wrong("knapsack", caught_by="knapsack_one_table", says="2ⁿ sets")
def tries_every_set(weights, values, capacity):
    def best(place, room):
        if place == len(weights):
            return 0
        without = best(place + 1, room)
        if weights[place] > room:
            return without
        return max(without, values[place] + best(place + 1, room - weights[place]))

    return best(0, capacity)


@wrong("knapsack", caught_by="knapsack_take_or_leave", says="Got")
def takes_what_fits(weights, values, capacity):
    row = [0] * (capacity + 1)
    for weight, value in zip(weights, values, strict=True):
        for room in range(capacity, weight - 1, -1):
            row[room] = row[room - weight] + value
    return row[capacity]


@wrong("knapsack", caught_by="knapsack_each_thing_once", says="weighs nothing")
def leaves_out_what_weighs_nothing(weights, values, capacity):
    best = [0] * (capacity + 1)
    for weight, value in zip(weights, values, strict=True):
        if weight:
            for room in range(capacity, weight - 1, -1):
                best[room] = max(best[room], best[room - weight] + value)
    return best[capacity]


@wrong("knapsack", caught_by="knapsack_room_to_spare", says="too heavy cannot be taken")
def does_not_ask_whether_it_fits(weights, values, capacity):
    best = [[0] * (capacity + 1)]
    for weight, value in zip(weights, values, strict=True):
        above = best[-1]
        row = [max(above[c], above[max(c - weight, 0)] + value) for c in range(capacity + 1)]
        best.append(row)
    return best[-1][capacity]


@wrong("knapsack", caught_by="knapsack_take_or_leave", says="not shown")
def knows_the_examples_by_heart(weights, values, capacity):
    known = {(1, 2, 3, 4): 8, (6, 5, 5): 10, (1, 4, 4): 18, (3, 4, 2): 65}
    return known.get(tuple(weights), sum(values))


@right("knapsack")
def asks_downwards_and_remembers(weights, values, capacity):
    from functools import lru_cache

    @lru_cache(None)
    def best(count, room):
        if count == 0:
            return 0
        found = best(count - 1, room)
        if weights[count - 1] <= room:
            taken = best(count - 1, room - weights[count - 1]) + values[count - 1]
            found = max(found, taken)
        return found

    return int(best(len(weights), capacity))


@right("knapsack")
def one_row_downwards(weights, values, capacity):
    best = [0] * (capacity + 1)
    for i in range(len(weights)):
        for room in range(capacity, weights[i] - 1, -1):
            if best[room - weights[i]] + values[i] > best[room]:
                best[room] = best[room - weights[i]] + values[i]
    return best[capacity]


@right("knapsack")
def row_maximum_of_exact_weights(weights, values, capacity):
    worth = {0: 0}  # exact weight: best value
    for weight, value in zip(weights, values, strict=True):
        new = dict(worth)
        for used, total in worth.items():
            room = used + weight
            if room <= capacity and total + value > new.get(room, -1):
                new[room] = total + value
        worth = new
    return int(max(worth.values()))


# knapsack_one_row ---------------------------------------------------------------------------


@wrong("knapsack_one_row", caught_by="knapsack_one_row_downwards", says="taken twice")
def goes_upwards(weights, values, capacity):
    best = [0] * (capacity + 1)
    for weight, value in zip(weights, values, strict=True):
        for room in range(weight, capacity + 1):
            best[room] = max(best[room], best[room - weight] + value)
    return best


@wrong("knapsack_one_row", caught_by="knapsack_one_row_memory", says="a table of all rows")
def keeps_the_whole_table(weights, values, capacity):
    best = [[0] * (capacity + 1)]
    for weight, value in zip(weights, values, strict=True):
        above = best[-1]
        row = above[:]
        for room in range(weight, capacity + 1):
            row[room] = max(above[room], above[room - weight] + value)
        best.append(row)
    return best[-1]


@wrong("knapsack_one_row", caught_by="knapsack_one_row_every_room", says="a whole number")
def returns_the_last_entry(weights, values, capacity):
    best = [0] * (capacity + 1)
    for weight, value in zip(weights, values, strict=True):
        for room in range(capacity, weight - 1, -1):
            best[room] = max(best[room], best[room - weight] + value)
    return best[capacity]


@wrong("knapsack_one_row", caught_by="knapsack_one_row_every_room", says="Got: [0, 0, 2, 4, 6, 6]")
def stops_before_the_weight_itself(weights, values, capacity):
    best = [0] * (capacity + 1)
    for weight, value in zip(weights, values, strict=True):
        for room in range(capacity, weight, -1):
            best[room] = max(best[room], best[room - weight] + value)
    return best


@wrong("knapsack_one_row", caught_by="knapsack_one_row_every_room", says="at most as large")
def fills_each_room_to_the_brim(weights, values, capacity):
    best = [0] + [-1] * capacity
    for weight, value in zip(weights, values, strict=True):
        for room in range(capacity, weight - 1, -1):
            if best[room - weight] >= 0:
                best[room] = max(best[room], best[room - weight] + value)
    return [max(worth, 0) for worth in best]


@wrong("knapsack_one_row", caught_by="knapsack_one_row_every_room", says="Got: [0, 2, 4, 6, 6]")
def is_one_entry_short(weights, values, capacity):
    best = [0] * (capacity + 1)
    for weight, value in zip(weights, values, strict=True):
        for room in range(capacity, weight - 1, -1):
            best[room] = max(best[room], best[room - weight] + value)
    return best[:-1]


@wrong("knapsack_one_row", caught_by="knapsack_one_row_downwards", says="not shown")
def knows_the_examples_by_heart_too(weights, values, capacity):
    known = {1: [0, 0, 7, 7, 7, 7, 7], 2: [0, 2, 2, 9, 11]}
    return [3, 3, 7, 7] if weights == [0, 2] else known.get(len(weights), [0] * (capacity + 1))


@right("knapsack_one_row")
def two_rows_that_take_turns(weights, values, capacity):
    above = [0] * (capacity + 1)
    for weight, value in zip(weights, values, strict=True):
        row = []
        for room in range(capacity + 1):
            worth = above[room]
            if room >= weight and above[room - weight] + value > worth:
                worth = above[room - weight] + value
            row.append(worth)
        above = row
    return above


@right("knapsack_one_row")
def new_list_for_each_thing(weights, values, capacity):
    best = [0] * (capacity + 1)
    for i in range(len(weights)):
        shifted = [0] * weights[i] + [worth + values[i] for worth in best]
        best = [max(a, b) for a, b in zip(best, shifted, strict=False)]
    return best


@right("knapsack_one_row")
def counts_rooms_from_the_other_end(weights, values, capacity):
    best = [0 for _ in range(capacity + 1)]
    for weight, value in zip(weights, values, strict=True):
        used = 0
        while capacity - used >= weight:
            room = capacity - used
            if best[room] < best[room - weight] + value:
                best[room] = best[room - weight] + value
            used += 1
    return best


# knapsack_items -----------------------------------------------------------------------------


@wrong("knapsack_items", caught_by="knapsack_items_best_that_fits", says="its weight is used up")
def forgets_to_use_up_the_room(weights, values, capacity):
    best = [[0] * (capacity + 1)]
    for weight, value in zip(weights, values, strict=True):
        above = best[-1]
        row = above[:]
        for room in range(weight, capacity + 1):
            row[room] = max(above[room], above[room - weight] + value)
        best.append(row)
    return [i for i in range(len(weights)) if best[i + 1][capacity] != best[i][capacity]]


@wrong("knapsack_items", caught_by="knapsack_items_best_that_fits", says="different places")
def returns_the_values(weights, values, capacity):
    best = [[0] * (capacity + 1)]
    for weight, value in zip(weights, values, strict=True):
        above = best[-1]
        row = above[:]
        for room in range(weight, capacity + 1):
            row[room] = max(above[room], above[room - weight] + value)
        best.append(row)
    taken, room = [], capacity
    for place in range(len(weights) - 1, -1, -1):
        if best[place + 1][room] != best[place][room]:
            taken.append(values[place])
            room -= weights[place]
    return taken


@wrong("knapsack_items", caught_by="knapsack_items_places_not_values", says="values.index")
def looks_places_up_by_value(weights, values, capacity):
    best = [(0, []) for _ in range(capacity + 1)]
    for weight, value in zip(weights, values, strict=True):
        for room in range(capacity, weight - 1, -1):
            worth, taken = best[room - weight]
            if worth + value > best[room][0]:
                best[room] = (worth + value, [*taken, value])
    return [values.index(value) for value in best[capacity][1]]


@wrong("knapsack_items", caught_by="knapsack_items_best_that_fits", says="worth 8 together")
def takes_the_best_value_for_weight_first_again(weights, values, capacity):
    def worth(place):
        return values[place] / weights[place] if weights[place] else float("inf")

    taken = []
    for place in sorted(range(len(weights)), key=worth):
        if weights[place] <= capacity:
            capacity -= weights[place]
            taken.append(place)
    return taken


@wrong("knapsack_items", caught_by="knapsack_items_weighs_nothing", says="weighs nothing")
def stops_when_there_is_no_room(weights, values, capacity):
    best = [[0] * (capacity + 1)]
    for weight, value in zip(weights, values, strict=True):
        above = best[-1]
        row = above[:]
        for room in range(weight, capacity + 1):
            row[room] = max(above[room], above[room - weight] + value)
        best.append(row)
    taken, room, place = [], capacity, len(weights)
    while room > 0 and place > 0:
        place -= 1
        if best[place + 1][room] != best[place][room]:
            taken.append(place)
            room -= weights[place]
    return taken


@wrong("knapsack_items", caught_by="knapsack_items_one_table", says="2ⁿ")
def tries_all_sets(weights, values, capacity):
    from itertools import combinations

    chosen, most = (), 0
    for size in range(1, len(weights) + 1):
        for places in combinations(range(len(weights)), size):
            if sum([weights[i] for i in places]) <= capacity:
                worth = sum([values[i] for i in places])
                if worth > most:
                    chosen, most = places, worth
    return list(chosen)


@wrong("knapsack_items", caught_by="knapsack_items_best_that_fits", says="5 at most")
def counts_places_from_one(weights, values, capacity):
    best = [[0] * (capacity + 1)]
    for weight, value in zip(weights, values, strict=True):
        above = best[-1]
        row = above[:]
        for room in range(weight, capacity + 1):
            row[room] = max(above[room], above[room - weight] + value)
        best.append(row)
    taken, room = [], capacity
    for count in range(len(weights), 0, -1):
        if best[count][room] != best[count - 1][room]:
            taken.append(count)
            room -= weights[count - 1]
    return taken


@wrong("knapsack_items", caught_by="knapsack_items_best_that_fits", says="not shown")
def knows_these_examples_by_heart(weights, values, capacity):
    known = {4: [1, 2], 3: [1, 2], 2: []}
    return [1, 3] if weights == [5, 4, 6, 3] else known.get(len(weights), [])


@right("knapsack_items")
def carries_the_choice_along(weights, values, capacity):
    best = [(0, ())] * (capacity + 1)
    for place, (weight, value) in enumerate(zip(weights, values, strict=True)):
        for room in range(capacity, weight - 1, -1):
            worth, taken = best[room - weight]
            if worth + value > best[room][0]:
                best[room] = (worth + value, (*taken, place))
    return list(best[capacity][1])


@right("knapsack_items")
def marks_what_was_taken(weights, values, capacity):
    best = [0] * (capacity + 1)
    taken = []
    for weight, value in zip(weights, values, strict=True):
        marks = [False] * (capacity + 1)
        for room in range(capacity, weight - 1, -1):
            if best[room - weight] + value >= best[room]:  # on a tie: take it
                best[room] = best[room - weight] + value
                marks[room] = True
        taken.append(marks)
    room, places = capacity, []
    for place in reversed(range(len(weights))):
        if taken[place][room]:
            places.append(place)
            room = room - int(weights[place])
    return sorted(places)


@right("knapsack_items")
def decides_from_the_first_thing_on(weights, values, capacity):
    n = len(weights)
    rest = [[0] * (capacity + 1) for _ in range(n + 1)]  # rest[i][c]: with things i … n − 1
    for i in range(n - 1, -1, -1):
        for room in range(capacity + 1):
            worth = rest[i + 1][room]
            if weights[i] <= room:
                worth = max(worth, rest[i + 1][room - weights[i]] + values[i])
            rest[i][room] = worth
    places, room = [], capacity
    for i in range(n):
        if rest[i][room] != rest[i + 1][room]:
            places.append(i)
            room = room - weights[i]
    return places
