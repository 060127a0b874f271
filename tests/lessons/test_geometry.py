"""What the lesson says is so: its functions, counts and claims, on drawn inputs."""

import itertools
import random
from fractions import Fraction
from typing import Any

import pytest

from tests.lessons.running import names_of

Point = tuple[int, int]


@pytest.fixture(scope="module")
def lesson() -> dict[str, Any]:
    return names_of("01_algorithms/geometry")


def common_point(a: Point, b: Point, c: Point, d: Point) -> bool:
    """Whether two segments meet, by solving for the parameters in fractions."""
    ux, uy, vx, vy = b[0] - a[0], b[1] - a[1], d[0] - c[0], d[1] - c[1]
    wx, wy = c[0] - a[0], c[1] - a[1]
    down = ux * vy - uy * vx
    if down:
        t, s = Fraction(wx * vy - wy * vx, down), Fraction(wx * uy - wy * ux, down)
        return 0 <= t <= 1 and 0 <= s <= 1
    if ux * wy - uy * wx or vx * wy - vy * wx or (a == b and c == d):
        return a == c and a == b and c == d
    (a, b), (c, d) = sorted([a, b]), sorted([c, d])
    return max(a, c) <= min(b, d)


def test_segments_meet_as_fractions_say(lesson: dict[str, Any]) -> None:
    places = list(itertools.product(range(3), repeat=2))
    for a, b, c, d in itertools.product(places, repeat=4):
        assert lesson["segments_intersect"](a, b, c, d) == common_point(a, b, c, d), (a, b, c, d)


def test_area_and_inside_agree_by_picks_theorem(lesson: dict[str, Any]) -> None:
    draw = random.Random(7)
    for _ in range(60):
        points = [(draw.randrange(10), draw.randrange(10)) for _ in range(draw.randrange(3, 9))]
        hull = lesson["convex_hull"](points)
        if len(hull) > 2:
            assert lesson["twice_the_area"](hull) == lesson["by_pick"](hull) > 0
    assert lesson["twice_the_area"](lesson["bay"]) == lesson["by_pick"](lesson["bay"]) == 48


def test_hull_turns_left_everywhere_and_holds_every_point(lesson: dict[str, Any]) -> None:
    draw, turn = random.Random(7), lesson["turn"]
    for _ in range(200):
        points = [(draw.randrange(7), draw.randrange(7)) for _ in range(draw.randrange(3, 15))]
        hull = lesson["convex_hull"](points)
        assert set(hull) <= set(points)
        if len(hull) > 2:
            edges = [(hull[i - 1], hull[i]) for i in range(len(hull))]
            assert all(turn(*edges[i - 1], edges[i][1]) == 1 for i in range(len(edges)))
            assert all(turn(p, q, point) >= 0 for p, q in edges for point in points)


def test_gift_wrapping_is_slower_on_a_bowl_and_finds_the_same(lesson: dict[str, Any]) -> None:
    bowl = lesson["bowl"][64]
    assert lesson["gift_wrapping"](bowl) == lesson["convex_hull"](bowl)
    assert lesson["work"]["gift_wrapping"][-1] > 10 * lesson["work"]["convex_hull"][-1]


def test_the_closest_pair_is_the_closest(lesson: dict[str, Any]) -> None:
    draw = random.Random(5)
    for size in (3, 9, 100):
        for _ in range(100):
            points = [(draw.randrange(size), draw.randrange(size)) for _ in range(30)]
            pairs = itertools.combinations(points, 2)
            best = min((p[0] - q[0]) ** 2 + (p[1] - q[1]) ** 2 for p, q in pairs)
            assert lesson["closest"](sorted(points)) == best


def test_epsilon_is_wrong_both_ways(lesson: dict[str, Any]) -> None:
    for three, truth in ((lesson["large"], -1), (lesson["small"], 1)):
        assert lesson["turn"](*three) == truth
        assert lesson["turn_with_epsilon"](*three) == 0


def test_floats_take_whole_blocks_for_the_line(lesson: dict[str, Any]) -> None:
    exact = lesson["side_map"](Fraction)
    rounded = lesson["side_map"](float)
    assert sum(row.count(0) for row in exact) == 16
    assert sum(row.count(0) for row in rounded) > 60


def test_three_bugs_are_bugs(lesson: dict[str, Any]) -> None:
    assert lesson["asks_about_one_line_only"]((0, 0), (2, 1), (4, 5), (6, 0))
    assert not lesson["segments_intersect"]((0, 0), (2, 1), (4, 5), (6, 0))
    assert lesson["counts_corners_twice"]((2, 0), lesson["diamond"]) == "outside"
    assert lesson["point_in_polygon"]((2, 0), lesson["diamond"]) == "inside"
    assert lesson["looks_back_once"](lesson["lower"]) == [(0, 0), (2, 1), (6, 0)]
    assert lesson["chain"](lesson["lower"]) == [(0, 0), (6, 0)]
