"""Functions to record, right and wrong, as readers write them.."""

from collections.abc import Iterator
from typing import Any


def max_area(height: list[int]) -> int:
    left, right = 0, len(height) - 1
    best = 0
    while left < right:
        best = max(best, min(height[left], height[right]) * (right - left))
        if height[left] < height[right]:
            left += 1
        else:
            right -= 1
    return best


def max_area_by_higher(height: list[int]) -> int:
    a, b, best = 0, len(height) - 1, 0
    while a < b:
        best = max(best, min(height[a], height[b]) * (b - a))
        if height[a] > height[b]:
            a += 1
        else:
            b -= 1
    return best


def max_area_all_pairs(walls: list[int]) -> int:
    best = 0
    for i in range(len(walls)):
        for j in range(i + 1, len(walls)):
            best = max(best, (j - i) * min(walls[i], walls[j]))
    return best


def max_area_recursive(height: list[int]) -> int:
    def between(i: int, j: int) -> int:
        if i >= j:
            return 0
        here = (j - i) * min(height[i], height[j])
        return max(here, between(i + 1, j) if height[i] < height[j] else between(i, j - 1))

    return between(0, len(height) - 1)


def max_area_runs_off(height: list[int]) -> int:
    best = 0
    for i in range(len(height)):
        best = max(best, min(height[i], height[i + 1]))
    return best


def max_area_never_moves(height: list[int]) -> int:
    left, right = 0, len(height) - 1
    while left < right:
        if height[left] < height[right]:
            left = left
    return 0


def merge(nums1: list[int], m: int, nums2: list[int], n: int) -> None:
    i, j, k = m - 1, n - 1, m + n - 1
    while j >= 0:
        if i >= 0 and nums1[i] > nums2[j]:
            nums1[k] = nums1[i]
            i -= 1
        else:
            nums1[k] = nums2[j]
            j -= 1
        k -= 1


def merge_from_front(a: list[int], m: int, b: list[int], n: int) -> None:
    i = j = 0
    for k in range(m + n):
        if i < m and (j == n or a[i] <= b[j]):
            a[k] = a[i]
            i += 1
        else:
            a[k] = b[j]
            j += 1


def merge_in_expressions(nums1: list[int], m: int, nums2: list[int], n: int) -> None:
    while n:
        if m and nums1[m - 1] > nums2[n - 1]:
            nums1[m + n - 1] = nums1[m - 1]
            m -= 1
        else:
            nums1[m + n - 1] = nums2[n - 1]
            n -= 1


def merge_a_copy(nums1: list[int], m: int, nums2: list[int], n: int) -> None:
    nums1 = sorted(nums1[:m] + nums2)
    nums1[0] = nums1[0]


def bubble(nums: list[int]) -> list[int]:
    for end in range(len(nums) - 1, 0, -1):
        for i in range(end):
            if nums[i] > nums[i + 1]:
                nums[i], nums[i + 1] = nums[i + 1], nums[i]
    return nums


def prefix_sums(nums: list[int]) -> list[int]:
    for i in range(1, len(nums)):
        nums[i] += nums[i - 1]
    nums[-1] = -nums[-1]
    return nums


def squares(n: int) -> Iterator[int]:
    for i in range(n):
        yield i * i


def factorial(n: int) -> int:
    if n < 2:
        return 1
    return n * factorial(n - 1)


def endless_recursion(n: int) -> int:
    return endless_recursion(n + 1)


def element(nums: list[int], i: int) -> int:
    return nums[i]


def fails_in_a_helper(values: list[int]) -> int:
    total = 0
    for i in range(len(values) + 1):
        total += element(values, i)
    return total


def recovers(values: list[int]) -> str:
    try:
        values[len(values)]
    except IndexError:
        print("too far")
    return "fine"


def swallows_everything() -> None:
    turns = 0
    while True:
        try:  # noqa: SIM105
            turns += 1
        except:  # noqa: E722
            pass


def swallows_inside() -> None:
    while True:
        try:
            for _ in iter(int, 1):
                pass
        except BaseException:
            continue


def exits() -> None:
    raise SystemExit("no")


async def waits() -> None:
    return None


class Node:
    """A list node, as readers write it."""

    def __init__(self, value: int) -> None:
        self.value = value
        self.next: Node | None = None


def links(values: list[int]) -> Node | None:
    first = None
    for value in reversed(values):
        node = Node(value)
        node.next = first
        first = node
    return first


class Awkward:
    """Refuses to be copied, shown and compared."""

    def __deepcopy__(self, memo: Any) -> Any:
        raise RuntimeError("no copies")

    def __repr__(self) -> str:
        raise ValueError("no repr")

    def __eq__(self, other: object) -> bool:
        raise ValueError("no comparing")

    __hash__ = None  # type: ignore[assignment]


def keeps(value: Any) -> Any:
    kept = value
    return kept
