# %% [markdown]
"""
# Computational geometry: exercises

**28 points · about 90 minutes.** Before: the lesson *Computational geometry*, in
`course/01_algorithms`.

After these three exercises you can

- tell left from right by a cross product, exactly, also where coordinates are large;
- decide whether two segments meet, and whether a point lies in a polygon, with all the touching cases;
- wrap a set of points in its convex hull, whatever coincides or lies on a line.

How it works: write your code where it says `YOUR CODE HERE`, run the cell, then run the checks
below it. Each check is about one idea. When you hand in, each is tried again on inputs that you
have not seen, about the same idea.

In all three, a point is a pair `(x, y)` of whole numbers from $-10^9$ to $10^9$, with $x$ to the right
and $y$ up. Python's whole numbers never round, as long as you only add, subtract, multiply and compare
them.
"""

# %% nbgrader={"grade_id": "setup", "locked": true}
from itertools import permutations
from math import atan2, gcd

from course.checks import check, draws, last_failure
from course.widgets import board, plane, plane_view, play

# %% [markdown] nbgrader={"grade_id": "segments_intersect_task", "locked": true}
r"""
## 1. Do two segments meet?

`segments_intersect` · 8 points · difficulty 3 of 5 · 30 minutes

A segment is the straight line between two points, with both of them.

**Write** `segments_intersect(a, b, c, d)`, which says whether the segment from `a` to `b` and the segment
from `c` to `d` have a point in common.

| | |
|---|---|
| `a`, `b`, `c`, `d` | points, pairs of whole numbers from $-10^9$ to $10^9$; a segment may be a single point (`a == b`) |
| returns | `True` if they meet, also if they only touch, or overlap; else `False` |

**Example.** `segments_intersect((0, 0), (4, 4), (0, 4), (4, 0))` is `True`: they cross at (2, 2).
`segments_intersect((0, 0), (4, 4), (5, 5), (9, 9))` is `False`: they lie on one line, one after the other.
"""


# %% nbgrader={"grade_id": "segments_intersect", "solution": true}
def segments_intersect(
    a: tuple[int, int], b: tuple[int, int], c: tuple[int, int], d: tuple[int, int]
) -> bool:
    """Whether the segments ab and cd have a point in common."""

    ### BEGIN SOLUTION
    def turn(p, q, r):
        """1 if the way from p over q to r turns left, -1 if right, 0 if it does not turn."""
        cross = (q[0] - p[0]) * (r[1] - p[1]) - (q[1] - p[1]) * (r[0] - p[0])
        return (cross > 0) - (cross < 0)

    def in_box(p, q, r):
        """Whether r lies in the upright box with the corners p and q."""
        return all(min(p[k], q[k]) <= r[k] <= max(p[k], q[k]) for k in (0, 1))

    c_side, d_side = turn(a, b, c), turn(a, b, d)
    a_side, b_side = turn(c, d, a), turn(c, d, b)
    if c_side * d_side < 0 and a_side * b_side < 0:
        return True
    return (
        (c_side == 0 and in_box(a, b, c))
        or (d_side == 0 and in_box(a, b, d))
        or (a_side == 0 and in_box(c, d, a))
        or (b_side == 0 and in_box(c, d, b))
    )
    ### END SOLUTION


# %% [markdown] nbgrader={"grade_id": "segments_intersect_hints", "locked": true}
"""
<details><summary>Hint 1: the idea</summary>

The line through `a` and `b` cuts the plane in two. If `c` and `d` lie on different sides of it, the
segment `cd` crosses that *line*. When does it cross the *segment* `ab`, too?

</details>

<details><summary>Hint 2: a sketch</summary>

The sign of a cross product says on which side of a line a point lies; 0 means on it. Each segment must
have its two ends on different sides of the other's line. Then there are the cases with a 0: an end of
one segment lies on the line of the other. There it belongs to the segment if it is within its box: not
further left, right, up or down than its ends. This settles touching, overlap and single points.

</details>

<details><summary>Hint 3: almost code</summary>

```
turn(p, q, r) ← the sign of (q − p) × (r − p)
if turn(a, b, c) and turn(a, b, d) have opposite signs
   and turn(c, d, a) and turn(c, d, b) have opposite signs: return True
for each end r of one segment, and the other segment p q:
    if turn(p, q, r) = 0 and r lies in the box of p and q: return True
return False
```

</details>
"""


# %% jupyter={"source_hidden": true} nbgrader={"grade_id": "segments_intersect_picture", "locked": true}
def two_segments(outcome):
    """The segments of a case that failed."""
    a, b, c, d = outcome.arguments
    return plane({"a": a, "b": b, "c": c, "d": d}, segments=[(a, b), (c, d)])


# %% nbgrader={"grade_id": "segments_intersect_sides", "points": 2}
SIDES = """Segments cross if each has its ends on different sides of the other's line. One of the two is not
enough: a line goes on where its segment has ended. Upright segments are like any others: a cross
product needs no slope."""

with check("has the ends on different sides", idea=SIDES, picture=two_segments) as case:
    case(segments_intersect, (0, 0), (4, 4), (0, 4), (4, 0)).gives(True)
    case(segments_intersect, (0, 0), (2, 2), (3, 8), (8, 3)).gives(False)
    case(segments_intersect, (3, 8), (8, 3), (0, 0), (2, 2)).gives(False)
    case(segments_intersect, (2, -5), (2, 5), (-3, 1), (6, 0)).gives(True)
    case(segments_intersect, (0, 0), (0, 9), (1, 0), (1, 9)).gives(False)

### BEGIN HIDDEN TESTS
with check("has the ends on different sides", idea=SIDES, hidden=True) as case:
    random = draws("segments_intersect_sides")

    def point():
        return random.randint(-9, 9), random.randint(-9, 9)

    for _ in range(60):  # two segments through one inner point of both
        (x, y), (ux, uy), (vx, vy) = point(), point(), point()
        if ux * vy != uy * vx:
            i, j, k, m = (random.randint(1, 5) for _ in range(4))
            first = [(x - i * ux, y - i * uy), (x + j * ux, y + j * uy)]
            second = [(x - k * vx, y - k * vy), (x + m * vx, y + m * vy)]
            case(segments_intersect, *first, *second).gives(True)
    for _ in range(120):  # two segments with a straight line between them
        u, v = random.choice([(1, 0), (0, 1), (1, 1), (2, -1), (-3, 2), (5, 4)])
        along = sorted((point() for _ in range(4)), key=lambda p: u * p[0] + v * p[1])
        (bx, by), (cx, cy) = along[1:3]
        if u * bx + v * by < u * cx + v * cy:
            case(segments_intersect, *along).gives(False)
### END HIDDEN TESTS

# %% nbgrader={"grade_id": "segments_intersect_touching", "points": 2}
TOUCH = """Touching counts: an end of one segment may lie on the other, or both may share an end. Then a cross
product is 0. But 0 alone only says that the end is on the line, and the segment may have ended
before."""

with check("counts touching", idea=TOUCH, picture=two_segments) as case:
    case(segments_intersect, (0, 0), (4, 0), (2, 0), (3, 5)).gives(True)
    case(segments_intersect, (0, 0), (4, 2), (4, 2), (9, 0)).gives(True)
    case(segments_intersect, (3, 5), (2, 1), (0, 0), (4, 2)).gives(True)
    case(segments_intersect, (0, 0), (4, 0), (5, 0), (7, 3)).gives(False)
    case(segments_intersect, (0, 0), (4, 0), (2, 1), (3, 5)).gives(False)

### BEGIN HIDDEN TESTS
with check("counts touching", idea=TOUCH, hidden=True) as case:
    random = draws("segments_intersect_touching")
    for _ in range(150):
        x, y = random.randint(-9, 9), random.randint(-9, 9)
        ux, uy = random.choice([(1, 0), (0, 1), (2, 1), (-1, 3), (1, -1), (-2, -3)])
        steps = random.randint(1, 5)
        ends = [(x, y), (x + steps * ux, y + steps * uy)]
        k, left = random.randint(-2, steps + 2), random.randint(0, 1)
        foot = (x + k * ux - left * uy, y + k * uy + left * ux)  # left: one step off the line
        i, j = random.randint(-3, 3), random.randint(1, 4)
        far = (foot[0] + i * ux - j * uy, foot[1] + i * uy + j * ux)
        other = [foot, far]
        random.shuffle(ends)
        random.shuffle(other)
        pair = random.choice([(*ends, *other), (*other, *ends)])
        case(segments_intersect, *pair).gives(left == 0 and 0 <= k <= steps)
### END HIDDEN TESTS

# %% nbgrader={"grade_id": "segments_intersect_one_line", "points": 2}
ONE_LINE = """On one line all four cross products are 0, whether the segments overlap or lie apart. Then only
the places on the line decide: does one begin before the other ends? The same holds for a segment
that is a single point."""

with check("decides on one line", idea=ONE_LINE, picture=two_segments) as case:
    case(segments_intersect, (0, 0), (4, 4), (2, 2), (9, 9)).gives(True)
    case(segments_intersect, (0, 0), (4, 4), (5, 5), (9, 9)).gives(False)
    case(segments_intersect, (0, 7), (0, 1), (0, 3), (0, 2)).gives(True)
    case(segments_intersect, (3, 3), (3, 3), (0, 0), (5, 5)).gives(True)
    case(segments_intersect, (1, 2), (1, 2), (0, 0), (5, 5)).gives(False)
    case(segments_intersect, (6, 6), (6, 6), (0, 0), (5, 5)).gives(False)

### BEGIN HIDDEN TESTS
with check("decides on one line", idea=ONE_LINE, hidden=True) as case:
    random = draws("segments_intersect_one_line")
    for _ in range(150):
        x, y = random.randint(-9, 9), random.randint(-9, 9)
        ux, uy = random.choice([(1, 0), (0, 1), (1, 1), (-3, 1), (2, -5)])
        i, j, k, m = (random.randint(0, 9) for _ in range(4))
        if random.random() < 0.3:
            j = i  # a single point
        if random.random() < 0.2:
            m = k
        on_line = [(x + t * ux, y + t * uy) for t in (i, j, k, m)]
        meet = max(min(i, j), min(k, m)) <= min(max(i, j), max(k, m))
        case(segments_intersect, *on_line).gives(meet)
        aside = [(px - uy, py + ux) for px, py in on_line[2:]]  # the second one moved off the line
        case(segments_intersect, *on_line[:2], *aside).gives(False)
### END HIDDEN TESTS

# %% nbgrader={"grade_id": "segments_intersect_exact", "points": 2}
EXACT = """Add, subtract and multiply whole numbers only: that is exact, however large they get. A division, a
slope or a float has about 16 digits, and products of two coordinates here have 19. A point next to
the line then looks as if it were on it."""

with check("is exact for large coordinates", idea=EXACT, picture=two_segments) as case:
    far = 10**9
    case(segments_intersect, (0, 0), (far, far - 1), (far - 1, far - 2), (far - 1, -far)).gives(
        False
    )
    case(segments_intersect, (-far, -far), (far, far), (-far, far), (far, -far)).gives(True)
    case(segments_intersect, (-far, 0), (far, 1), (0, 1), (0, far)).gives(False)
    case(segments_intersect, (0, 0), (far, far), (far // 2, far // 2), (0, far)).gives(True)

### BEGIN HIDDEN TESTS
with check("is exact for large coordinates", idea=EXACT, hidden=True) as case:
    random = draws("segments_intersect_exact")
    for _ in range(60):
        while True:
            ux, uy = random.randint(5 * 10**8, 10**9), random.randint(5 * 10**8, 10**9)
            if gcd(ux, uy) == 1:
                break
        # (px, py) with ux·py − uy·px = 1: just left of the line from (0, 0) to (ux, uy)
        px = -pow(uy, -1, ux) % ux
        py = (1 + uy * px) // ux
        sx, sy = random.choice([1, -1]), random.choice([1, -1])
        end, near = (sx * ux, sy * uy), (sx * px, sy * py)
        across = (sx * px, -sy * 10**9)  # below the line: the other side
        beyond = (-sx * 10**9, sy * 10**9)  # above it: the same side
        case(segments_intersect, (0, 0), end, near, across).gives(True)
        case(segments_intersect, (0, 0), end, near, beyond).gives(False)
### END HIDDEN TESTS

# %% [markdown]
"""
**Watch your own function.** When a check above has failed, this plays the input on which it failed:
run the cell again after the check. Which of its questions decides? Type `c = (2, 2)` and `d = (9,
9)`. On the board below, drag the ends: your function answers.
"""

# %%
given = last_failure(segments_intersect, (0, 0), (4, 4), (0, 4), (4, 0))
roads = plane_view("a", "b", "c", "d", segments=[("a", "b"), ("c", "d")])
play(segments_intersect, *given, view=roads)


# %%
def meet(ends):
    return "they meet", bool(segments_intersect(*ends))


board(ends=[(0, 0), (4, 4), (0, 4), (4, 0)], segments=["ends"], says=meet)


# %% [markdown] nbgrader={"grade_id": "point_in_polygon_task", "locked": true}
r"""
## 2. Inside or outside?

`point_in_polygon` · 10 points · difficulty 4 of 5 · 30 minutes

A polygon is given by its corners, one after the other along its boundary; from the last, an edge leads back
to the first. The boundary does not cross or touch itself. The polygon need not be convex: it may have bays.

**Write** `point_in_polygon(point, polygon)`, which says where the point lies.

| | |
|---|---|
| `point` | a pair of whole numbers from $-10^9$ to $10^9$ |
| `polygon` | a list of 3 to 1000 points, clockwise or counter-clockwise; three corners in a row may lie on one line |
| returns | `"inside"`, `"outside"`, or `"boundary"` if it lies on an edge or a corner |

**Example.** For `polygon = [(0, 0), (6, 0), (6, 6), (3, 2), (0, 6)]`, a square with a bay, the point
`(1, 3)` is `"inside"`, `(3, 4)` is `"outside"`, and `(3, 2)` and `(4, 0)` are on the `"boundary"`.
"""

# %% jupyter={"source_hidden": true} nbgrader={"grade_id": "point_in_polygon_example", "locked": true}
plane(
    {"inside": (1, 3), "outside": (3, 4), "boundary": (3, 2)},
    polygon=[(0, 0), (6, 0), (6, 6), (3, 2), (0, 6)],
)


# %% nbgrader={"grade_id": "point_in_polygon", "solution": true}
def point_in_polygon(point: tuple[int, int], polygon: list[tuple[int, int]]) -> str:
    """Whether the point is "inside" or "outside" the polygon, or on its "boundary"."""
    ### BEGIN SOLUTION
    x, y = point
    inside = False
    for (ax, ay), (bx, by) in zip(polygon, polygon[1:] + polygon[:1], strict=True):
        cross = (bx - ax) * (y - ay) - (by - ay) * (x - ax)
        if cross == 0 and min(ax, bx) <= x <= max(ax, bx) and min(ay, by) <= y <= max(ay, by):
            return "boundary"
        # A ray to the right meets the edge: it passes from below y to y or above, or back, and the
        # point lies on its left, seen upwards.
        if (ay < y) != (by < y) and (cross > 0) == (ay < by):
            inside = not inside
    return "inside" if inside else "outside"
    ### END SOLUTION


# %% [markdown] nbgrader={"grade_id": "point_in_polygon_hints", "locked": true}
"""
<details><summary>Hint 1: the idea</summary>

Walk from the point straight to the right, very far. Each time you cross the boundary, you go from inside to
outside or back. At the end you are outside. So what does the number of crossings say about the start?

</details>

<details><summary>Hint 2: a sketch</summary>

First ask of each edge whether the point is on it. Then count the edges that a ray to the right crosses. An
edge counts if one of its ends is below the ray and the other is not: "below" means y smaller, and a
corner exactly at the height of the ray is *not* below. With that rule a corner where the boundary passes through the
ray counts once, a tip that only touches it twice or not at all, and a level edge never. Whether the crossing is
to the right of the point, the sign of a cross product says.

</details>

<details><summary>Hint 3: almost code</summary>

```
inside ← False
for each edge from a to b:
    cross ← (b − a) × (point − a)
    if cross = 0 and the point is in the box of a and b: it is on the boundary
    if exactly one of a, b is below the point:
        if the edge goes up and cross > 0, or goes down and cross < 0:
            inside ← not inside
return "inside" or "outside"
```

</details>
"""


# %% jupyter={"source_hidden": true} nbgrader={"grade_id": "point_in_polygon_picture", "locked": true}
def area(outcome):
    """The point and the polygon of a case that failed."""
    point, polygon = outcome.arguments
    return plane({"point": point}, polygon=polygon, marks={point: "wrong"})


# %% nbgrader={"grade_id": "point_in_polygon_bays", "points": 3}
BAYS = """A ray from the point crosses the boundary an odd number of times if the point is inside, and an even
number of times if it is outside. That holds with bays, too, where being left of every edge does not; and
for corners in either direction."""

BAY = [(0, 0), (6, 0), (6, 6), (3, 2), (0, 6)]

with check("copes with bays", idea=BAYS, picture=area) as case:
    case(point_in_polygon, (1, 3), BAY).gives("inside")
    case(point_in_polygon, (3, 4), BAY).gives("outside")
    case(point_in_polygon, (5, 3), BAY).gives("inside")
    case(point_in_polygon, (1, 3), BAY[::-1]).gives("inside")
    case(point_in_polygon, (7, 3), BAY).gives("outside")
    case(point_in_polygon, (-1, 3), BAY).gives("outside")

### BEGIN HIDDEN TESTS
with check("copes with bays", idea=BAYS, hidden=True) as case:
    random = draws("point_in_polygon_bays")

    def cross(p, q):
        return p[0] * q[1] - p[1] * q[0]

    def star():
        """Corners around (0, 0), in order of their angle: no two in one direction."""
        directions = {(1, 0), (0, 1), (-1, 0), (0, -1)}
        for _ in range(random.randint(0, 8)):
            u, v = random.randint(-6, 6), random.randint(-6, 6)
            if (u, v) != (0, 0):
                directions.add((u // gcd(u, v), v // gcd(u, v)))
        lengths = [(u, v, random.randint(1, 9)) for u, v in sorted(directions)]
        lengths.sort(key=lambda d: atan2(d[1], d[0]))
        return [(u * r, v * r) for u, v, r in lengths]

    for _ in range(150):
        corners = star()
        p = random.randint(-12, 12), random.randint(-12, 12)
        place = "inside"
        for a, b in zip(corners, corners[1:] + corners[:1], strict=True):
            if p != (0, 0) and cross(a, p) >= 0 and cross(p, b) > 0:  # between these two directions
                beyond = cross((b[0] - a[0], b[1] - a[1]), (p[0] - a[0], p[1] - a[1]))
                place = "inside" if beyond > 0 else "boundary" if beyond == 0 else "outside"
        if place == "boundary":
            continue
        dx, dy, turn = random.randint(-5, 5), random.randint(-5, 5), random.choice([1, -1])
        moved = [(x + dx, y + dy) for x, y in corners][::turn]
        case(point_in_polygon, (p[0] + dx, p[1] + dy), moved).gives(place)
### END HIDDEN TESTS

# %% nbgrader={"grade_id": "point_in_polygon_boundary", "points": 3}
ON_EDGE = """A point on an edge or a corner is neither inside nor outside. It is on the edge if it is on the edge's
line, cross product 0, and in the edge's box. On the line alone is not enough."""

with check("sees the boundary", idea=ON_EDGE, picture=area) as case:
    case(point_in_polygon, (4, 0), BAY).gives("boundary")
    case(point_in_polygon, (3, 2), BAY).gives("boundary")
    case(point_in_polygon, (0, 5), BAY).gives("boundary")
    case(point_in_polygon, (2, 1), [(0, 0), (4, 2), (0, 2)]).gives("boundary")
    case(point_in_polygon, (6, 3), [(0, 0), (4, 2), (0, 2)]).gives("outside")
    case(point_in_polygon, (8, 0), BAY).gives("outside")

### BEGIN HIDDEN TESTS
with check("sees the boundary", idea=ON_EDGE, hidden=True) as case:
    random = draws("point_in_polygon_boundary")
    for _ in range(100):
        while True:
            a, b, c = ((random.randint(-8, 8), random.randint(-8, 8)) for _ in range(3))
            if (b[0] - a[0]) * (c[1] - a[1]) != (b[1] - a[1]) * (c[0] - a[0]):
                break
        steps = random.randint(1, 4)
        k = random.randint(-2, steps + 2)
        # corners `steps` times as far apart, so that there are points with whole coordinates between
        a, b, c = ((x * steps, y * steps) for x, y in (a, b, c))
        p = a[0] + k * (b[0] - a[0]) // steps, a[1] + k * (b[1] - a[1]) // steps
        corners = random.choice(list(permutations([a, b, c])))
        case(point_in_polygon, p, list(corners)).gives("boundary" if 0 <= k <= steps else "outside")
### END HIDDEN TESTS

# %% nbgrader={"grade_id": "point_in_polygon_corners_on_the_ray", "points": 2}
LEVEL = """A corner at the height of the point belongs to two edges. Count an edge only if exactly one of its ends
is strictly below the ray: then passing through a corner counts once, a tip that touches the ray twice
or not at all, and a level edge never."""

with check("counts corners on the ray rightly", idea=LEVEL, picture=area) as case:
    diamond = [(0, 0), (3, -3), (6, 0), (3, 3)]
    case(point_in_polygon, (2, 0), diamond).gives("inside")
    case(point_in_polygon, (-2, 0), diamond).gives("outside")
    case(point_in_polygon, (0, 3), diamond).gives("outside")
    case(point_in_polygon, (0, -3), diamond).gives("outside")
    step = [(0, 0), (8, 0), (8, 2), (4, 2), (4, 4), (0, 4)]
    case(point_in_polygon, (2, 2), step).gives("inside")
    case(point_in_polygon, (-1, 2), step).gives("outside")
    case(point_in_polygon, (-1, 0), step).gives("outside")

### BEGIN HIDDEN TESTS
with check("counts corners on the ray rightly", idea=LEVEL, hidden=True) as case:
    random = draws("point_in_polygon_corners_on_the_ray")
    for _ in range(150):  # a skyline of towers, each 2 wide
        heights = [random.randint(1, 4) for _ in range(random.randint(1, 6))]
        wide = 2 * len(heights)
        top = [(2 * i + d, h) for i, h in enumerate(heights) for d in (0, 2)]
        polygon = list(dict.fromkeys([(0, 0), *top, (wide, 0)]))
        x, y = random.randint(-2, wide + 2), random.randint(-1, 5)
        around = [0, *heights, 0]
        left, right = (around[(x + 1) // 2], around[x // 2 + 1]) if 0 <= x <= wide else (0, 0)
        if not (0 <= x <= wide and 0 <= y <= max(left, right)):
            place = "outside"
        else:
            place = "inside" if 0 < y < min(left, right) else "boundary"
        tipped = random.random() < 0.5  # the same lying on its side
        turn = [(-q, p) if tipped else (p, q) for p, q in [(x, y), *polygon]]
        case(point_in_polygon, turn[0], turn[1:]).gives(place)
### END HIDDEN TESTS

# %% nbgrader={"grade_id": "point_in_polygon_exact", "points": 2}
FAR = """Where exactly the ray meets an edge is a fraction, and a float of it is rounded. You need not know
where: on which side of the edge the point lies, a cross product of whole numbers says exactly."""

with check("is exact for large coordinates", idea=FAR, picture=area) as case:
    far = 10**9
    wedge = [(0, 0), (far, far - 1), (0, far)]
    case(point_in_polygon, (far - 1, far - 2), wedge).gives("outside")
    case(point_in_polygon, (far - 1, far - 1), wedge).gives("inside")
    case(point_in_polygon, (far // 2, far // 2), wedge).gives("inside")
    case(point_in_polygon, (1, 0), [(-far, -far), (far, far), (-far, far)]).gives("outside")
    case(point_in_polygon, (far - 7, far - 7), [(-far, -far), (far, far), (-far, far)]).gives(
        "boundary"
    )

### BEGIN HIDDEN TESTS
with check("is exact for large coordinates", idea=FAR, hidden=True) as case:
    random = draws("point_in_polygon_exact")
    for _ in range(60):
        while True:
            ux, uy = random.randint(5 * 10**8, 10**9), random.randint(5 * 10**8, 10**9)
            if gcd(ux, uy) == 1:
                break
        px = (
            -pow(uy, -1, ux) % ux
        )  # ux·py − uy·px = 1: just left of the way from (0, 0) to (ux, uy)
        py = (1 + uy * px) // ux
        sx, sy = random.choice([1, -1]), random.choice([1, -1])
        triangle = [(0, 0), (sx * ux, sy * uy), (0, sy * 10**9)]
        random.shuffle(triangle)
        case(point_in_polygon, (sx * px, sy * py), triangle).gives("inside")
        mirrored = sx * (ux - px), sy * (uy - py)  # just right of it
        case(point_in_polygon, mirrored, triangle).gives("outside")
### END HIDDEN TESTS

# %% [markdown]
"""
**Watch your own function.** Which edges change its mind? Try the point `(3, 4)` in the bay, and drag it
onto an edge.
"""

# %%
given = last_failure(point_in_polygon, (1, 3), [(0, 0), (6, 0), (6, 6), (3, 2), (0, 6)])
play(point_in_polygon, *given, view=plane_view("polygon", closed=["polygon"]))


# %%
def where(point, polygon):
    return str(point_in_polygon(point[0], polygon))


board(point=[(1, 3)], polygon=BAY, closed=["polygon"], says=where)


# %% [markdown] nbgrader={"grade_id": "convex_hull_task", "locked": true}
r"""
## 3. A rubber band around points

`convex_hull` · 10 points · difficulty 4 of 5 · 30 minutes

Points are nails in a board. Stretch a rubber band around all of them and let go: it becomes their **convex
hull**. Its corners are the nails where the band bends.

**Write** `convex_hull(points)`, which returns these corners.

| | |
|---|---|
| `points` | a list of $n$ points, $0 \le n \le 100\,000$, in any order; points may coincide, and any number may lie on one line |
| returns | the corners as a list, counter-clockwise, beginning with the leftmost (of several leftmost ones: the lowest); no point twice; no point where the band does not bend. If all points lie on one line: its two ends. If all coincide: that point. For no points: `[]` |
| work | at most $40\,n \log_2 n$ operations for $n \ge 16$: each look at a point, each comparison of and calculation with a coordinate is one |

You may sort. Pairs are sorted by $x$, and for equal $x$ by $y$.

**Example.** `convex_hull([(0, 0), (4, 0), (2, 1), (4, 4), (0, 4), (2, 0)])` is
`[(0, 0), (4, 0), (4, 4), (0, 4)]`: (2, 1) lies inside, and at (2, 0) the band is straight.
"""

# %% jupyter={"source_hidden": true} nbgrader={"grade_id": "convex_hull_example", "locked": true}
plane([(0, 0), (4, 0), (2, 1), (4, 4), (0, 4), (2, 0)], polygon=[(0, 0), (4, 0), (4, 4), (0, 4)])


# %% nbgrader={"grade_id": "convex_hull", "solution": true}
def convex_hull(points: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The corners of the convex hull, counter-clockwise from the smallest point."""
    ### BEGIN SOLUTION
    order = sorted(set(points))
    if len(order) < 3:
        return order

    def chain(way):
        """The corners along the way that keep it turning left."""
        corners = []
        for x, y in way:
            while len(corners) > 1:
                (px, py), (qx, qy) = corners[-2:]
                if (qx - px) * (y - py) - (qy - py) * (x - px) > 0:
                    break
                corners.pop()  # here the way goes straight on or turns right
            corners.append((x, y))
        return corners

    lower, upper = chain(order), chain(reversed(order))
    return lower[:-1] + upper[:-1]
    ### END SOLUTION


# %% [markdown] nbgrader={"grade_id": "convex_hull_hints", "locked": true}
"""
<details><summary>Hint 1: the idea</summary>

Go round the hull counter-clockwise, and you turn left at every corner. Start with the lower side: go from the
leftmost point to the rightmost one, through the points in order. When a new point makes you turn right,
which earlier point was no corner?

</details>

<details><summary>Hint 2: a sketch</summary>

Sort the points, without doubles. Keep a list of corners. Before a new point is added, look at the last two
corners and the new point: as long as they do not turn left, take the last corner off. Straight on is
not a turn. That gives the lower side; the same from right to left gives the upper side. Both ends belong to both
sides: take them once.

</details>

<details><summary>Hint 3: almost code</summary>

```
order ← the different points, sorted
fewer than three: return them
chain(way):
    corners ← empty
    for each point r of the way:
        while there are two corners p, q at the end and (q − p) × (r − p) ≤ 0: remove q
        add r
    return corners
lower ← chain(order);  upper ← chain(order backwards)
return lower without its last point, then upper without its last point
```

</details>
"""


# %% jupyter={"source_hidden": true} nbgrader={"grade_id": "convex_hull_picture", "locked": true}
def band(outcome):
    """The points of a case that failed in the hull expected; corners that are too much or missing
    are marked."""
    points, expected = outcome.arguments[0], outcome.expected
    got = outcome.got if isinstance(outcome.got, list) else []
    differ = [point for point in points if (point in got) != (point in expected)]
    return plane(points, polygon=expected, marks=dict.fromkeys(differ, "wrong"))


# %% nbgrader={"grade_id": "convex_hull_turns_left", "points": 3}
LEFT = """Counter-clockwise, the band turns left at every corner. A point at which the way would turn right
lies inside: take it off, and look again at the one before it, which may be none either."""

with check("turns left at every corner", idea=LEFT, picture=band) as case:
    case(convex_hull, [(0, 0), (5, 0), (2, 2), (5, 5), (0, 5)]).gives(
        [(0, 0), (5, 0), (5, 5), (0, 5)]
    )
    case(convex_hull, [(3, 7), (1, 1), (6, 2)]).gives([(1, 1), (6, 2), (3, 7)])
    case(convex_hull, [(0, 0), (1, -1), (2, -3), (3, -2), (4, -9), (9, 0), (5, 4)]).gives(
        [(0, 0), (4, -9), (9, 0), (5, 4)]
    )

### BEGIN HIDDEN TESTS
with check("turns left at every corner", idea=LEFT, hidden=True) as case:

    def corners_of(points):
        """By brute force: an edge of the hull has no point on its right, and none beyond its ends."""
        points, after = set(points), {}
        if len(points) < 3:
            return sorted(points)
        for p, q in permutations(points, 2):
            (px, py), (qx, qy) = p, q
            sides = [(qx - px) * (y - py) - (qy - py) * (x - px) for x, y in points]
            beyond = [
                (x - px) * (x - qx) + (y - py) * (y - qy) > 0
                for (x, y), side in zip(points, sides, strict=True)
                if side == 0
            ]
            if min(sides) >= 0 and not any(beyond):
                after[p] = q
        around = [min(points)]
        while after[around[-1]] != around[0]:
            around.append(after[around[-1]])
        return around

    random = draws("convex_hull_turns_left")
    for _ in range(60):
        size = random.choice([10**6, 10**9])  # hardly ever three on a line
        points = [
            (random.randint(-size, size), random.randint(-size, size))
            for _ in range(random.randint(3, 14))
        ]
        case(convex_hull, points).gives(corners_of(points))
### END HIDDEN TESTS

# %% nbgrader={"grade_id": "convex_hull_straight_is_no_corner", "points": 3}
STRAIGHT = """Where the band goes straight on, cross product 0, there is no corner, also not at the beginning
or the end of a side. If all points lie on one line, only its two ends are left."""

with check("has no corner where it is straight", idea=STRAIGHT, picture=band) as case:
    case(convex_hull, [(0, 0), (4, 0), (2, 1), (4, 4), (0, 4), (2, 0)]).gives(
        [(0, 0), (4, 0), (4, 4), (0, 4)]
    )
    case(convex_hull, [(x, y) for x in range(4) for y in range(4)]).gives(
        [(0, 0), (3, 0), (3, 3), (0, 3)]
    )
    case(convex_hull, [(2, 2), (0, 0), (5, 5), (1, 1)]).gives([(0, 0), (5, 5)])
    case(convex_hull, [(3, 1), (3, 9), (3, 4)]).gives([(3, 1), (3, 9)])
    case(convex_hull, [(0, 0), (1, 1), (2, 2), (4, 0)]).gives([(0, 0), (4, 0), (2, 2)])

### BEGIN HIDDEN TESTS
with check("has no corner where it is straight", idea=STRAIGHT, hidden=True) as case:

    def within(p, q, r):
        """Whether r, seen from p, lies less than half a turn to the left of q."""
        (ux, uy), (vx, vy) = (q[0] - p[0], q[1] - p[1]), (r[0] - p[0], r[1] - p[1])
        across = ux * vy - uy * vx
        return across > 0 or (across == 0 and ux * vx + uy * vy > 0)

    def bends(points):
        """By brute force: seen from a corner, all others lie within less than half a turn."""
        corners = [
            p
            for p in points
            if any(all(within(p, q, r) for r in points if r != p) for q in points if q != p)
        ]
        x, y = (sum(one) / len(corners) for one in zip(*corners, strict=True))  # inside
        corners.sort(key=lambda p: atan2(p[1] - y, p[0] - x))
        first = corners.index(min(corners))
        return corners[first:] + corners[:first]

    random = draws("convex_hull_straight_is_no_corner")
    for _ in range(60):
        wide, high = random.randint(1, 4), random.randint(1, 4)
        grid = [(x, y) for x in range(wide + 1) for y in range(high + 1)]
        points = random.sample(grid, random.randint(2, len(grid)))
        case(convex_hull, points).gives(bends(points))
    for _ in range(30):
        ux, uy = random.choice([(1, 0), (0, 1), (1, 1), (3, -2), (-1, 4)])
        x, y = random.randint(-9, 9), random.randint(-9, 9)
        line = [(x + k * ux, y + k * uy) for k in random.sample(range(30), random.randint(2, 8))]
        case(convex_hull, line).gives([min(line), max(line)])
### END HIDDEN TESTS

# %% nbgrader={"grade_id": "convex_hull_points_that_coincide", "points": 2}
COINCIDE = """Two points at one place are one nail: it appears once. All points may coincide, and there may be
none at all."""

with check("takes coinciding points for one", idea=COINCIDE, picture=band) as case:
    case(convex_hull, [(0, 0), (2, 0), (0, 0), (1, 3), (2, 0), (0, 0)]).gives(
        [(0, 0), (2, 0), (1, 3)]
    )
    case(convex_hull, [(7, 7), (7, 7), (7, 7)]).gives([(7, 7)])
    case(convex_hull, [(4, 4), (1, 2), (4, 4)]).gives([(1, 2), (4, 4)])
    case(convex_hull, [(5, -5)]).gives([(5, -5)])
    case(convex_hull, []).gives([])

### BEGIN HIDDEN TESTS
with check("takes coinciding points for one", idea=COINCIDE, hidden=True) as case:
    random = draws("convex_hull_points_that_coincide")
    for _ in range(60):
        x, y = random.randint(-9, 9), random.randint(-9, 9)
        w, h = random.randint(1, 9), random.randint(1, 9)
        corners = random.choice(
            [
                [(x, y), (x + w, y), (x + w, y + h), (x, y + h)],
                [(x, y), (x + w, y - h), (x + w, y + h)],
                [(x, y), (x + w, y + h)],
                [(x, y)],
            ]
        )
        points = corners + random.choices(corners, k=random.randint(1, 10))
        random.shuffle(points)
        case(convex_hull, points).gives(corners)
### END HIDDEN TESTS

# %% nbgrader={"grade_id": "convex_hull_sorts_once", "points": 2}
SORTED_ONCE = """Sorting takes about n log n steps. After that each point is added once and taken off at most
once, so the rest is a fixed number of steps for each point. Looking through all points for each corner
takes n² steps when many points are corners."""


def bowl(n):
    """n points on a bowl: every one is a corner."""
    return [(x, x * x) for x in ((5 * i) % n for i in range(n))]


def work_allowed(n):
    return 40 * n * (n.bit_length() - 1)


with check("sorts once", idea=SORTED_ONCE) as case:
    case.growth(
        convex_hull,
        bowl,
        sizes=(16, 32, 64, 128, 256),
        gives=lambda points: sorted(points),
        at_most=work_allowed,
        label="40n·log₂ n",
    )

### BEGIN HIDDEN TESTS
with check("sorts once", idea=SORTED_ONCE, hidden=True, lines=20_000_000) as case:
    random = draws("convex_hull_sorts_once")

    def cap(n):
        xs = random.sample(range(-4 * n, 4 * n), n)
        return [(x, -x * x) for x in xs]

    case.growth(
        convex_hull,
        cap,
        sizes=(16, 64, 256),
        gives=lambda points: [min(points), *sorted(points)[:0:-1]],
        at_most=work_allowed,
        label="40n·log₂ n",
    )
    size = 10**9
    frame = [(-size, -size), (size, -size), (size, size), (-size, size)]
    inner = [(random.randint(-size, size), random.randint(-size, size)) for _ in range(99_992)]
    points = inner + frame * 2
    random.shuffle(points)
    case(convex_hull, points).gives(frame)
### END HIDDEN TESTS

# %% [markdown]
"""
**Watch your own function.** When is a corner taken off again? Try points on one line, and
`[(7, 7), (7, 7), (7, 7)]`. Then drag the nails below.
"""

# %%
given = last_failure(convex_hull, [(0, 0), (4, 0), (2, 1), (4, 4), (0, 4), (2, 0)])
play(convex_hull, *given, view=plane_view("points", "corners"))

# %%
board(nails=[(0, 0), (4, 0), (2, 1), (4, 4), (0, 4), (2, 0)], outline=convex_hull)


# %% [markdown]
"""
**Done?** Save, then choose *Validate* to run every cell from the top in a fresh kernel, and hand in
from the *Assignment List*. If a check still fails, hand in what you have: each one counts by itself.
"""
