"""Answers to "Hashing and sliding windows": mistakes that people make, and other right ways."""

from autograder.answers import right, wrong

# longest_consecutive ------------------------------------------------------------------------


@wrong(
    "longest_consecutive",
    caught_by="longest_consecutive_walks_each_run_once",
    says="operations",
)
def walks_up_from_every_number(nums):
    numbers = set(nums)
    longest = 0
    for first in numbers:
        length = 1
        while first + length in numbers:
            length += 1
        longest = max(longest, length)
    return longest


@wrong(
    "longest_consecutive", caught_by="longest_consecutive_walks_the_set", says="through the list"
)
def goes_through_the_list(nums):
    numbers = set(nums)
    longest = 0
    for first in nums:
        if first - 1 not in numbers:
            length = 1
            while first + length in numbers:
                length += 1
            longest = max(longest, length)
    return longest


@wrong("longest_consecutive", caught_by="longest_consecutive_walks_each_run_once", says="sort")
def sorts(nums):
    longest = length = 0
    before = None
    for number in sorted(set(nums)):
        length = length + 1 if before is not None and number == before + 1 else 1
        longest = max(longest, length)
        before = number
    return longest


@wrong(
    "longest_consecutive", caught_by="longest_consecutive_walks_each_run_once", says="operations"
)
def looks_up_in_the_list(nums):
    longest = 0
    for first in nums:
        if first - 1 not in nums:
            length = 1
            while first + length in nums:
                length += 1
            longest = max(longest, length)
    return longest


@wrong(
    "longest_consecutive",
    caught_by="longest_consecutive_counts_each_number_once",
    says="stands in the list twice",
)
def counts_duplicates_twice(nums):
    counts = {}
    for number in nums:
        counts[number] = counts.get(number, 0) + 1
    longest = 0
    for first in counts:
        if first - 1 not in counts:
            length = 0
            while first in counts:
                length += counts[first]
                first += 1
            longest = max(longest, length)
    return longest


@wrong("longest_consecutive", caught_by="longest_consecutive_in_any_order", says="missing between")
def counts_different_numbers(nums):
    return len(set(nums))


@wrong("longest_consecutive", caught_by="longest_consecutive_in_any_order", says="Got: 2")
def asks_for_neighbours_in_the_list(nums):
    longest = length = 1 if nums else 0
    for i in range(1, len(nums)):
        before, number = nums[i - 1], nums[i]
        length = length + 1 if number in (before + 1, before - 1) else 1
        longest = max(longest, length)
    return longest


@wrong("longest_consecutive", caught_by="longest_consecutive_in_any_order", says="ValueError")
def forgets_the_empty_list(nums):
    numbers = set(nums)

    def length(first):
        end = first
        while end in numbers:
            end += 1
        return end - first

    return max(length(first) for first in numbers if first - 1 not in numbers)


@wrong("longest_consecutive", caught_by="longest_consecutive_in_any_order", says="Expected: 4")
def counts_steps_instead_of_numbers(nums):
    numbers = set(nums)
    longest = 0
    for first in numbers:
        if first - 1 not in numbers:
            end = first
            while end + 1 in numbers:
                end += 1
            longest = max(longest, end - first)
    return longest


@wrong("longest_consecutive", caught_by="longest_consecutive_in_any_order", says="not shown")
def knows_the_examples_by_heart(nums):
    known = {(100, 4, 200, 1, 3, 2): 4, (3, -1, 0, 9, 1, 8): 3, (5,): 1, (): 0}
    return known.get(tuple(nums), 3)


@right("longest_consecutive")
def keeps_the_length_at_both_ends(nums):
    length_at = {}
    longest = 0
    for number in nums:
        if number not in length_at:
            below = length_at.get(number - 1, 0)
            above = length_at.get(number + 1, 0)
            length = below + 1 + above
            length_at[number] = length
            length_at[number - below] = length
            length_at[number + above] = length
            longest = max(longest, length)
    return longest


@right("longest_consecutive")
def takes_whole_runs_out_of_the_set(nums):
    left = set(nums)
    longest = 0
    while left:
        number = left.pop()
        length, below, above = 1, number - 1, number + 1
        while below in left:
            left.remove(below)
            below -= 1
            length += 1
        while above in left:
            left.remove(above)
            above += 1
            length += 1
        longest = max(longest, length)
    return longest


@right("longest_consecutive")
def finds_the_starts_by_set_difference(nums):
    numbers = set(nums)
    starts = numbers - {number + 1 for number in numbers}
    ends = numbers - {number - 1 for number in numbers}
    longest = 0
    for first in starts:
        last = first
        while last not in ends:
            last += 1
        longest = max(longest, int(last - first) + 1)
    return longest


# min_window ---------------------------------------------------------------------------------


@wrong("min_window", caught_by="min_window_has_every_copy", says="count them")
def ignores_multiplicity(s, t):
    wanted = set(t)
    have = {}
    best, left = "", 0
    for end, letter in enumerate(s):
        if letter in wanted:
            have[letter] = have.get(letter, 0) + 1
        while len(have) == len(wanted):
            if not best or end - left + 1 < len(best):
                best = s[left : end + 1]
            if s[left] in have:
                have[s[left]] -= 1
                if not have[s[left]]:
                    del have[s[left]]
            left += 1
    return best


@wrong("min_window", caught_by="min_window_has_every_copy", says="not count for another one")
def counts_letters_to_spare(s, t):
    need = {}
    for letter in t:
        need[letter] = need.get(letter, 0) + 1
    found, best, left = 0, "", 0
    for end, letter in enumerate(s):
        if letter in need:
            found += 1
        while found >= len(t):
            if not best or end - left + 1 < len(best):
                best = s[left : end + 1]
            if s[left] in need:
                found -= 1
            left += 1
    return best


@wrong("min_window", caught_by="min_window_shortest", says="a shorter one may come later")
def takes_the_first_window(s, t):
    left, end = 0, 0
    while any(s[:end].count(letter) < t.count(letter) for letter in t):
        end += 1
        if end > len(s):
            return ""
    while all(s[left + 1 : end].count(letter) >= t.count(letter) for letter in t):
        left += 1
    return s[left:end]


@wrong("min_window", caught_by="min_window_shortest", says="not just one")
def drops_one_letter_only(s, t):
    need = {}
    for letter in t:
        need[letter] = need.get(letter, 0) + 1
    missing, left, best = len(t), 0, None
    for end, letter in enumerate(s):
        if letter in need:
            missing -= need[letter] > 0
            need[letter] -= 1
        if missing == 0:
            if best is None or end - left < best[1] - best[0]:
                best = (left, end)
            if s[left] in need:
                need[s[left]] += 1
                missing += need[s[left]] > 0
            left += 1
    return s[best[0] : best[1] + 1] if best else ""


@wrong("min_window", caught_by="min_window_shortest", says="drop letters on the left")
def keeps_the_longest_window(s, t):
    from collections import Counter

    for length in range(len(s), len(t) - 1, -1):
        for start in range(len(s) - length + 1):
            if not Counter(t) - Counter(s[start : start + length]):
                return s[start : start + length]
    return ""


@wrong("min_window", caught_by="min_window_ends_move_forward", says="operations")
def searches_again_from_each_start(s, t):
    best = ""
    for left in range(len(s)):
        need = {}
        for letter in t:
            need[letter] = need.get(letter, 0) + 1
        missing = len(t)
        for end in range(left, len(s)):
            if s[end] in need:
                missing -= need[s[end]] > 0
                need[s[end]] -= 1
            if missing == 0:
                if not best or end - left + 1 < len(best):
                    best = s[left : end + 1]
                break
    return best


@wrong("min_window", caught_by="min_window_ends_move_forward", says="over and over")
def counts_the_window_again_at_each_step(s, t):
    def covers(left, end):
        have = {}
        for letter in s[left:end]:
            have[letter] = have.get(letter, 0) + 1
        return all(have.get(letter, 0) >= t.count(letter) for letter in set(t))

    left, best = 0, None
    for end in range(1, len(s) + 1):
        while covers(left, end):
            if best is None or end - left < best[1] - best[0]:
                best = (left, end)
            left += 1
    return s[best[0] : best[1]] if best else ""


@wrong("min_window", caught_by="min_window_none", says="return the empty text")
def gives_the_whole_text_if_there_is_none(s, t):
    need = {}
    for letter in t:
        need[letter] = need.get(letter, 0) + 1
    missing, left, first, last = len(t), 0, 0, len(s)
    for end, letter in enumerate(s, start=1):
        if letter in need:
            missing -= need[letter] > 0
            need[letter] -= 1
        while missing == 0:
            if end - left <= last - first:
                first, last = left, end
            if s[left] in need:
                need[s[left]] += 1
                missing += need[s[left]] > 0
            left += 1
    return s[first:last]


@wrong("min_window", caught_by="min_window_none", says="None")
def returns_nothing_if_there_is_none(s, t):
    need = {}
    for letter in t:
        need[letter] = need.get(letter, 0) + 1
    missing, left, best = len(t), 0, None
    for end, letter in enumerate(s, start=1):
        if letter in need:
            missing -= need[letter] > 0
            need[letter] -= 1
        while missing == 0:
            if best is None or end - left < best[1] - best[0]:
                best = (left, end)
            if s[left] in need:
                need[s[left]] += 1
                missing += need[s[left]] > 0
            left += 1
    if best:
        return s[best[0] : best[1]]


@wrong("min_window", caught_by="min_window_none", says="Capital and small letters")
def thinks_capitals_are_small(s, t):
    from collections import Counter

    for length in range(len(t), len(s) + 1):
        for start in range(len(s) - length + 1):
            if not Counter(t.lower()) - Counter(s[start : start + length].lower()):
                return s[start : start + length]
    return ""


@wrong("min_window", caught_by="min_window_shortest", says="not shown")
def knows_the_examples_by_heart_too(s, t):
    known = {"ADOBECODEBANC": "BANC", "xxxxbxxa": "bxxa", "abcab": "b", "cabwefgewcwaefgcf": "cwae"}
    return known.get(s, s)


@right("min_window")
def counts_with_a_list_of_codes(s, t):
    need = [0] * 128
    for letter in t:
        need[ord(letter)] += 1
    missing, left, best = len(t), 0, (0, len(s) + 1)
    for end, letter in enumerate(s, start=1):
        code = ord(letter)
        if need[code] > 0:
            missing -= 1
        need[code] -= 1
        if missing == 0:
            while need[ord(s[left])] < 0:
                need[ord(s[left])] += 1
                left += 1
            if end - left < best[1] - best[0]:
                best = (left, end)
    return s[best[0] : best[1]] if best[1] <= len(s) else ""


@right("min_window")
def counts_letters_that_are_complete(s, t):
    from collections import Counter

    need, have = Counter(t), Counter()
    complete, left, best = 0, 0, None
    for end, letter in enumerate(s):
        if letter in need:
            have[letter] += 1
            if have[letter] == need[letter]:
                complete += 1
        while complete == len(need):
            if best is None or end - left <= best[1] - best[0]:  # the last of several
                best = (left, end)
            first = s[left]
            if first in need:
                if have[first] == need[first]:
                    complete -= 1
                have[first] -= 1
            left += 1
    return "" if best is None else s[best[0] : best[1] + 1]


@right("min_window")
def looks_at_the_letters_of_t_only(s, t):
    from collections import Counter, deque

    need = Counter(t)
    missing = len(t)
    kept = deque()  # places of the letters of t in the window
    best = None
    for place, letter in enumerate(s):
        if letter not in need:
            continue
        kept.append((place, letter))
        need[letter] -= 1
        if need[letter] >= 0:
            missing -= 1
        while kept and need[kept[0][1]] < 0:
            need[kept.popleft()[1]] += 1
        if missing == 0 and (best is None or place - kept[0][0] < best[1] - best[0]):
            best = (kept[0][0], place)
    return s[best[0] : best[1] + 1] if best else ""
