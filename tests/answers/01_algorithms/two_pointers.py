"""Answers to the exercises of "Two pointers": mistakes that people make, and other right ways."""

from autograder.answers import right, wrong

# max_area -----------------------------------------------------------------------------------


@wrong("max_area", caught_by="max_area_one_pass", says="operations")
def tries_all_pairs(height):
    largest = 0
    for i in range(len(height)):
        for j in range(i + 1, len(height)):
            largest = max(largest, (j - i) * min(height[i], height[j]))
    return largest


@wrong("max_area", caught_by="max_area_one_pass", says="operations")
def tries_all_pairs_in_a_copy(height):
    from itertools import combinations

    lines = [*enumerate(height)]
    return max((j - i) * min(a, b) for (i, a), (j, b) in combinations(lines, 2))


@wrong("max_area", caught_by="max_area_moves_the_shorter_side", says="shorter")
def moves_the_taller_side(height):
    left, right, largest = 0, len(height) - 1, 0
    while left < right:
        largest = max(largest, (right - left) * min(height[left], height[right]))
        if height[left] > height[right]:
            left += 1
        else:
            right -= 1
    return largest


@wrong("max_area", caught_by="max_area_moves_the_shorter_side", says="shorter")
def moves_both_sides(height):
    left, right, largest = 0, len(height) - 1, 0
    while left < right:
        largest = max(largest, (right - left) * min(height[left], height[right]))
        left, right = left + 1, right - 1
    return largest


@wrong("max_area", caught_by="max_area_moves_the_shorter_side", says="shorter")
def takes_the_two_tallest(height):
    order = sorted(range(len(height)), key=height.__getitem__)
    i, j = order[-1], order[-2]
    return abs(i - j) * height[j]


@wrong("max_area", caught_by="max_area_moves_the_shorter_side", says="shorter")
def stops_when_it_gets_worse(height):
    left, right, largest = 0, len(height) - 1, 0
    while left < right:
        area = (right - left) * min(height[left], height[right])
        if area < largest:
            break
        largest = area
        if height[left] < height[right]:
            left += 1
        else:
            right -= 1
    return largest


@wrong("max_area", caught_by="max_area_width_times_shorter_side", says="shorter side")
def fills_to_the_taller_side(height):
    left, right, largest = 0, len(height) - 1, 0
    while left < right:
        largest = max(largest, (right - left) * max(height[left], height[right]))
        if height[left] < height[right]:
            left += 1
        else:
            right -= 1
    return largest


@wrong("max_area", caught_by="max_area_width_times_shorter_side", says="distance")
def counts_the_lines_as_width(height):
    left, right, largest = 0, len(height) - 1, 0
    while left < right:
        largest = max(largest, (right - left + 1) * min(height[left], height[right]))
        if height[left] < height[right]:
            left += 1
        else:
            right -= 1
    return largest


@wrong("max_area", caught_by="max_area_equal_heights_and_zeros", says="equally high")
def never_ends_on_equal_heights(height):
    left, right, largest = 0, len(height) - 1, 0
    while left < right:
        largest = max(largest, (right - left) * min(height[left], height[right]))
        if height[left] < height[right]:
            left += 1
        elif height[left] > height[right]:
            right -= 1
    return largest


@wrong("max_area", caught_by="max_area_equal_heights_and_zeros", says="height 0")
def starts_from_one(height):
    left, right, largest = 0, len(height) - 1, 1
    while left < right:
        largest = max(largest, (right - left) * min(height[left], height[right]))
        if height[left] < height[right]:
            left += 1
        else:
            right -= 1
    return largest


@wrong("max_area", caught_by="max_area_width_times_shorter_side", says="a number")
def gives_a_float(height):
    left, right, largest = 0, len(height) - 1, 0.0
    while left < right:
        largest = max(largest, float((right - left) * min(height[left], height[right])))
        if height[left] < height[right]:
            left += 1
        else:
            right -= 1
    return largest


@wrong("max_area", caught_by="max_area_width_times_shorter_side", says="None")
def prints_instead_of_returning(height):
    print(49)


@wrong("max_area", caught_by="max_area_moves_the_shorter_side", says="inputs that are not shown")
def knows_the_examples_by_heart(height):
    known = {(1, 8, 6, 2, 5, 4, 8, 3, 7): 49, (1, 2, 9, 9, 1): 9, (2, 3, 10, 5, 7, 8, 9): 36}
    return known.get(tuple(height), 49)


@wrong("max_area", caught_by="max_area_moves_the_shorter_side", says="Got: an object")
def returns_what_equals_everything(height):
    class Anything:
        def __eq__(self, other):
            return True

        def __repr__(self):
            return "an object"

    return Anything()


@right("max_area")
def recursive(height):
    def best(left, right):
        if right - left > 100:  # deep recursion ends early: walk in the outermost levels
            largest = 0
            while right - left > 100:
                largest = max(largest, (right - left) * min(height[left], height[right]))
                if height[left] <= height[right]:
                    left += 1
                else:
                    right -= 1
            return max(largest, best(left, right))
        if left >= right:
            return 0
        here = (right - left) * min(height[left], height[right])
        inner = best(left + 1, right) if height[left] <= height[right] else best(left, right - 1)
        return max(here, inner)

    return best(0, len(height) - 1)


@right("max_area")
def moves_both_on_a_tie(height):
    i, j = 0, len(height) - 1
    areas = [0]
    while i < j:
        a, b = height[i], height[j]
        areas.append((j - i) * min(a, b))
        if a <= b:
            i += 1
        if b <= a:
            j -= 1
    return max(areas)


@right("max_area")
def skips_lines_that_are_no_higher(height):
    left, right, largest = 0, len(height) - 1, 0
    while left < right:
        level = min(height[left], height[right])
        largest = max(largest, level * (right - left))
        while left < right and height[left] <= level:
            left += 1
        while left < right and height[right] <= level:
            right -= 1
    return largest


@right("max_area")
def shrinks_the_width_with_for(height):
    lines = list(height)
    left, largest = 0, 0
    for width in range(len(lines) - 1, 0, -1):
        a, b = lines[left], lines[left + width]
        if a < b:
            largest, left = max(largest, width * a), left + 1
        else:
            largest = max(largest, width * b)
    return largest


@right("max_area")
def gives_a_numpy_number(height):
    import numpy

    left, right, largest = 0, len(height) - 1, numpy.int64(0)
    while left < right:
        largest = max(largest, numpy.int64((right - left) * min(height[left], height[right])))
        left, right = (left + 1, right) if height[left] < height[right] else (left, right - 1)
    return largest


# merge --------------------------------------------------------------------------------------


@wrong("merge", caught_by="merge_keeps_every_value", says="from the front")
def merges_from_the_front(nums1, m, nums2, n):
    i = j = 0
    for place in range(m + n):
        if j < n and (i >= m or nums2[j] < nums1[i]):
            nums1[place] = nums2[j]
            j += 1
        else:
            nums1[place] = nums1[i]
            i += 1


@wrong("merge", caught_by="merge_believes_m_and_n", says="0 may be a value")
def strips_the_zeros(nums1, m, nums2, n):
    values = [value for value in nums1 if value != 0]
    i, j = len(values) - 1, n - 1
    for place in range(len(values) + n - 1, -1, -1):
        if j < 0 or (i >= 0 and values[i] > nums2[j]):
            nums1[place] = values[i]
            i -= 1
        else:
            nums1[place] = nums2[j]
            j -= 1


@wrong("merge", caught_by="merge_believes_m_and_n", says="Only m says")
def stops_at_the_first_zero(nums1, m, nums2, n):
    m = nums1.index(0) if n and 0 in nums1 else m
    i, j = m - 1, n - 1
    for place in range(len(nums1) - 1, -1, -1):
        if j < 0:
            break
        if i >= 0 and nums1[i] > nums2[j]:
            nums1[place] = nums1[i]
            i -= 1
        else:
            nums1[place] = nums2[j]
            j -= 1


@wrong("merge", caught_by="merge_keeps_every_value", says="as often as before")
def ignores_m(nums1, m, nums2, n):
    i, j = len(nums1) - 1, n - 1
    for place in range(len(nums1) - 1, -1, -1):
        if j >= 0 and nums2[j] >= nums1[i]:
            nums1[place] = nums2[j]
            j -= 1
        else:
            nums1[place] = nums1[i]
            i -= 1


@wrong("merge", caught_by="merge_changes_nums1_itself", says="A new list")
def returns_a_new_list(nums1, m, nums2, n):
    merged, i, j = [], 0, 0
    while i < m or j < n:
        if j == n or (i < m and nums1[i] <= nums2[j]):
            merged.append(nums1[i])
            i += 1
        else:
            merged.append(nums2[j])
            j += 1
    return merged


@wrong("merge", caught_by="merge_changes_nums1_itself", says="even one that you call nums1")
def gives_the_name_to_a_new_list(nums1, m, nums2, n):
    left, nums1, j = nums1[:m], [], 0
    for value in left:
        while j < n and nums2[j] < value:
            nums1.append(nums2[j])
            j += 1
        nums1.append(value)
    nums1 = nums1 + nums2[j:]


@wrong("merge", caught_by="merge_keeps_every_value", says="used up")
def drops_what_is_left_of_nums2(nums1, m, nums2, n):
    i, j, place = m - 1, n - 1, m + n - 1
    while i >= 0 and j >= 0:
        if nums1[i] > nums2[j]:
            nums1[place] = nums1[i]
            i -= 1
        else:
            nums1[place] = nums2[j]
            j -= 1
        place -= 1


@wrong("merge", caught_by="merge_believes_m_and_n", says="m or n may be 0")
def needs_a_value_in_nums1(nums1, m, nums2, n):
    i, j = m - 1, n - 1
    largest = nums1[i] if m else 10**10
    for place in range(m + n - 1, -1, -1):
        if j < 0:
            break
        if i >= -1 and largest > nums2[j]:
            nums1[place] = largest
            i -= 1
            largest = nums1[i] if i >= 0 else -(10**10)
        else:
            nums1[place] = nums2[j]
            j -= 1


@wrong("merge", caught_by="merge_believes_m_and_n", says="IndexError")
def reads_nums2_even_if_it_is_empty(nums1, m, nums2, n):
    i, j, last = m - 1, n - 1, nums2[n - 1]
    for place in range(m + n - 1, -1, -1):
        if j < 0:
            break
        if i >= 0 and nums1[i] > last:
            nums1[place] = nums1[i]
            i -= 1
        else:
            nums1[place] = last
            j -= 1
            last = nums2[j]


@wrong("merge", caught_by="merge_keeps_every_value", says="Equal values")
def loses_duplicates(nums1, m, nums2, n):
    i, j, place = m - 1, n - 1, m + n - 1
    while j >= 0:
        if i >= 0 and nums1[i] == nums2[j]:
            nums1[place] = nums1[i]
            i, j = i - 1, j - 1
        elif i >= 0 and nums1[i] > nums2[j]:
            nums1[place] = nums1[i]
            i -= 1
        else:
            nums1[place] = nums2[j]
            j -= 1
        place -= 1


@wrong("merge", caught_by="merge_one_pass", says="operations")
def inserts_one_by_one(nums1, m, nums2, n):
    for count, value in enumerate(nums2):
        place = m + count
        while place > 0 and nums1[place - 1] > value:
            nums1[place] = nums1[place - 1]
            place -= 1
        nums1[place] = value


@wrong("merge", caught_by="merge_one_pass", says="operations")
def puts_it_behind_and_sorts_by_hand(nums1, m, nums2, n):
    nums1[m:] = nums2
    for end in range(len(nums1) - 1, 0, -1):
        for k in range(end):
            if nums1[k] > nums1[k + 1]:
                nums1[k], nums1[k + 1] = nums1[k + 1], nums1[k]


@wrong("merge", caught_by="merge_keeps_every_value", says="calls sort,")
def lets_sort_do_it(nums1, m, nums2, n):
    nums1[m:] = nums2
    nums1.sort()


@wrong("merge", caught_by="merge_one_pass", says="calls sorted,")
def lets_sorted_do_it(nums1, m, nums2, n):
    nums1[:] = sorted(nums1[:m] + nums2)


@wrong("merge", caught_by="merge_one_pass", says="calls merge,")
def lets_heapq_do_it(nums1, m, nums2, n):
    import heapq

    nums1[:] = list(heapq.merge(nums1[:m], nums2))


@wrong("merge", caught_by="merge_changes_nums1_itself", says="inputs that are not shown")
def knows_the_examples_by_heart_too(nums1, m, nums2, n):
    if n == 2:
        nums1[:] = [1, 4, 5, 6]
    else:
        nums1[:] = [5, 7]


@right("merge")
def while_nums2_lasts(nums1, m, nums2, n):
    while n:
        if m and nums1[m - 1] >= nums2[n - 1]:
            nums1[m + n - 1] = nums1[m - 1]
            m -= 1
        else:
            nums1[m + n - 1] = nums2[n - 1]
            n -= 1


@right("merge")
def forward_from_a_copy(nums1, m, nums2, n):
    left, i, j = nums1[:m], 0, 0
    for place in range(m + n):
        if j == n or (i < m and left[i] <= nums2[j]):
            nums1[place] = left[i]
            i += 1
        else:
            nums1[place] = nums2[j]
            j += 1
    return nums1


@right("merge")
def builds_and_assigns_the_slice(nums1, m, nums2, n):
    merged = []
    left, right = list(nums1[:m]), list(nums2)
    while left and right:
        merged.append((left if left[-1] > right[-1] else right).pop())
    nums1[:] = left + right + merged[::-1]


@right("merge")
def recursive_from_the_back(nums1, m, nums2, n):
    if n == 0:
        return
    if m and nums1[m - 1] > nums2[n - 1]:
        nums1[m + n - 1] = nums1[m - 1]
        return recursive_from_the_back(nums1, m - 1, nums2, n)
    nums1[m + n - 1] = nums2[n - 1]
    return recursive_from_the_back(nums1, m, nums2, n - 1)


@right("merge")
def empties_nums2(nums1, m, nums2, n):
    values = nums1[:m]
    for place in reversed(range(m + n)):
        if nums2 and (not values or nums2[-1] >= values[-1]):
            nums1[place] = nums2.pop()
        else:
            nums1[place] = values.pop()
