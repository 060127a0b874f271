# %% [markdown]
"""
# Computational geometry

**After this lesson you can**

- tell left from right, before from behind, by two short products, without angles and slopes,
- decide whether segments meet and whether a point lies in a polygon, with every touching case,
- compute a polygon's area, a convex hull, and the closest pair of many points,
- say what rounding and an ε do to all that, and how whole numbers avoid it.

**You need** Pythagoras, sine and cosine. The lesson *Linear-time order* helps with the counting.

**Time** 40 minutes. Run each cell with **Shift + Enter**, from the top.
"""

# %%
from course.checks.counts import operations
from course.widgets import board, pictures, plane, plane_view, play

a, b, c, d = (0, 0), (6, 3), (1, 4), (5, -1)
plane({"a": a, "b": b, "c": c, "d": d}, segments=[(a, b), (c, d)])

# %% [markdown]
r"""
## 1 · A question about two roads

Two straight roads, from $a$ to $b$ and from $c$ to $d$. **Do they meet?** You see it at once. A
program has only eight numbers.

At school you would write each line as $y = mx + k$, with the slope
$m = \frac{y_2 - y_1}{x_2 - x_1}$, and solve for the crossing. Before you read on: name two things
that can go wrong.

<details><summary><b>Answer</b></summary>

1. An upright road has $x_2 = x_1$: division by zero.
2. A division is rounded. A crossing that lies exactly at an end may be computed to lie just
   beyond it.

</details>
<br>

We shall need no slopes, no angles and no divisions. Only $+$, $-$, $\times$ and comparisons. With
whole numbers all of those are **exact** in Python, however large they get.
"""

# %% [markdown]
r"""
## 2 · Two products

Think of arrows. The arrow from $p$ to $q$ is the pair $(q_x - p_x,\ q_y - p_y)$. For arrows $u$
and $v$ define

$$u \cdot v = u_x v_x + u_y v_y \text{ (dot)}, \ \ u \times v = u_x v_y - u_y v_x \text{ (cross)}.$$

What do they mean? Let $u$ have length $|u|$ and direction $\alpha$ (its angle, counter-clockwise
from the $x$-axis), and $v$ length $|v|$ and direction $\beta$. Then
$u = |u| (\cos\alpha, \sin\alpha)$ and $v = |v| (\cos\beta, \sin\beta)$. Put that in:

$$u \cdot v = |u||v| (\cos\alpha \cos\beta + \sin\alpha \sin\beta) = |u||v| \cos(\beta - \alpha),$$

$$u \times v = |u||v| (\cos\alpha \sin\beta - \sin\alpha \cos\beta) = |u||v| \sin(\beta - \alpha).$$

So the **sign** of the cross product is the sign of $\sin(\beta - \alpha)$: positive if $v$ points
to the left of $u$, negative if to the right, 0 if they lie on one line. The sign of the dot
product is positive if they point forward together, negative if against each other, 0 if at a
right angle.

And the **size** of the cross product is an area: a parallelogram with the sides $u$ and $v$ has
base $|u|$ and height $|v| \sin(\beta - \alpha)$, so $u \times v$ is its area, with a sign.
"""


# %%
def arrow(p, q):
    return q[0] - p[0], q[1] - p[1]


def dot(u, v):
    return u[0] * v[0] + u[1] * v[1]


def cross(u, v):
    return u[0] * v[1] - u[1] * v[0]


u, v = (4, 1), (1, 3)
[cross(u, v), cross(v, u), dot(u, v)]

# %%
plane(arrows=[((0, 0), u), ((0, 0), v)], polygon=[(0, 0), u, (5, 4), v])

# %% [markdown]
r"""
**Play.** Change `u` and `v`. When is the cross product 0? When negative? Can you make the area 1
with long arrows?

## 3 · Left, right, straight on

Walk from $p$ to $q$, and then to $r$. Which way do you turn? That is the sign of
$(q - p) \times (r - p)$. It is the only question that the rest of this lesson asks.
"""


# %%
def turn(p, q, r):
    """1 if p → q → r turns left, −1 if right, 0 if the three lie on one line."""
    area = cross(arrow(p, q), arrow(p, r))
    return (area > 0) - (area < 0)


p, q = (1, 1), (6, 4)
kinds = {1: "done", 0: "wrong", -1: "read"}
sides = {(x, y): kinds[turn(p, q, (x, y))] for x in range(8) for y in range(6)}
plane(list(sides), arrows=[(p, q)], marks=sides)

# %% [markdown]
"""
Green: left. Orange: right. Red: on the line, before and behind the arrow, too.

**Play.** Drag the three points. Half of the cross product is the area of the triangle. When is it
0?
"""


# %%
def which_way(walk):
    p, q, r = walk
    name = {1: "left", 0: "straight on", -1: "right"}[turn(p, q, r)]
    return f"{name}: the cross product is {cross(arrow(p, q), arrow(p, r))}"


board(walk=[(1, 1), (6, 4), (3, 6)], closed=["walk"], says=which_way)

# %% [markdown]
"""

## 4 · Do the segments meet?

The line through $a$ and $b$ cuts the plane in two. If $c$ and $d$ lie on **different sides**,
segment $cd$ crosses that *line*. If also $a$ and $b$ lie on different sides of the line through
$c$ and $d$, the crossing lies on both *segments*: it is the one point that both lines have in
common, and each segment reaches it.

What if one of the four turns is 0? Then an end of one segment lies on the line of the other. Does
it lie on the segment? On a line, that is a question of before and behind: it must be within the
**box** of the two ends, not further left, right, up or down.

If all four are 0, all points lie on one line. The segments meet just if an end of one lies in the
box of the other. So the same question settles this case, and also segments that are single
points.
"""


# %%
def in_box(p, q, r):
    return min(p[0], q[0]) <= r[0] <= max(p[0], q[0]) and min(p[1], q[1]) <= r[1] <= max(p[1], q[1])


def segments_intersect(a, b, c, d):
    across = turn(a, b, c) * turn(a, b, d) < 0 and turn(c, d, a) * turn(c, d, b) < 0
    if across:
        return True
    for p, q, r in [(a, b, c), (a, b, d), (c, d, a), (c, d, b)]:
        if turn(p, q, r) == 0 and in_box(p, q, r):
            return True
    return False


segments_intersect(a, b, c, d)

# %%
cases = {
    "touch": [(0, 0), (4, 0), (2, 0), (3, 2)],
    "overlap": [(0, 0), (4, 2), (2, 1), (6, 3)],
    "one line, apart": [(0, 0), (2, 1), (4, 2), (6, 3)],
    "short of it": [(0, 0), (2, 0), (3, 1), (3, -1)],
}
{name: segments_intersect(*four) for name, four in cases.items()}

# %%
pictures.side_by_side(
    *(plane([p, q, r, s], [(p, q), (r, s)], title=name) for name, (p, q, r, s) in cases.items())
)

# %% [markdown]
"""
**Play.** Drag the ends. Can you make them touch in a single point? Overlap? Then step through the
run below: which of the two questions decides? Try a single point, `c = d = (4, 2)`.
"""


# %%
def meet(roads):
    return "they meet", segments_intersect(*roads)


board(roads=[a, b, c, d], segments=["roads"], says=meet, span=(-2, 8))


# %%
two_roads = plane_view("a", "b", "c", "d", segments=[("a", "b"), ("c", "d")])
play(segments_intersect, a, b, c, d, view=two_roads)

# %% [markdown]
r"""
## 5 · The area of a polygon

A triangle with corners $o, p, q$ is half a parallelogram. Its area is
$\frac12 (p - o) \times (q - o)$, with a sign: positive if $o \to p \to q$ turns left.

For a polygon take any fixed point, such as $o = (0, 0)$, and add up the triangles that $o$ makes
with each edge. An edge that you see from $o$ going left adds its triangle; one going right takes
it away. What lies outside is added by one edge and taken away by another one; what lies inside
remains. With $o = (0,0)$ the formula is short:

$$2 \cdot \text{area} = \sum_i p_i \times p_{i+1}.$$

It is positive for corners in counter-clockwise order. Keep the 2: then the result is a whole
number.
"""


# %%
def twice_the_area(polygon):
    return sum(cross(polygon[i - 1], polygon[i]) for i in range(len(polygon)))


bay = [(0, 0), (6, 0), (6, 6), (3, 2), (0, 6)]
[twice_the_area(bay), twice_the_area(bay[::-1])]

# %% [markdown]
"""
Check: the square has area 36, and a triangle of base 6 and height 4 is missing: $36 - 12 = 24$. ✓

## 6 · Inside or outside?

Walk from the point straight to the right, very far. Each time you cross the boundary you change
sides. In the end you are outside. So **an odd number of crossings means inside.**
"""

# %%
points = {"x": (1, 3), "y": (3, 4), "z": (5, 6)}
plane(points, segments=[(at, (8, at[1])) for at in points.values()], polygon=bay)

# %% [markdown]
"""
From x the walk crosses three times: into the bay, out of the bay, and out on the right. From y
twice: into the right part, and out. From z … it runs through a *corner*. Does that count once,
twice, or not at all?

**The rule.** Count an edge if **exactly one of its ends lies strictly below the walk.** An end at
its height counts as above. Then

- a corner where the boundary goes *through* the walk is the end of one edge that counts and one
  that does not: once in all. ✓
- a tip that touches the walk from below counts twice, one from above not at all: an even number,
  no change of sides. ✓
- a level edge has no end below, or both ends at one height: never. ✓

It is as if the walk ran a hair's breadth lower than the corners at its height: it meets no corner
at all.

Is the crossing to the right of the point? Here we need no division either. Look along the edge
upwards: the crossing is to the right if the point is on the **left** of the edge.
"""


# %%
def point_in_polygon(point, polygon):
    inside = False
    for i in range(len(polygon)):
        low, high = sorted([polygon[i - 1], polygon[i]], key=lambda corner: corner[1])
        side = turn(low, high, point)
        if side == 0 and in_box(low, high, point):
            return "boundary"
        if low[1] < point[1] <= high[1] and side > 0:
            inside = not inside
    return "inside" if inside else "outside"


{name: point_in_polygon(at, bay) for name, at in points.items()}

# %% [markdown]
"""
**Play.** Drag the point along a level line, through the bay and out of it. Drag a corner, too. Then
step through the run below: which edges change its mind?
"""


# %%
def where(point, polygon):
    return point_in_polygon(point[0], polygon)


board(point=[(1, 3)], polygon=bay, closed=["polygon"], says=where)

# %%
around = plane_view("polygon", closed=["polygon"])
play(point_in_polygon, (1, 3), bay, view=around)


# %% [markdown]
r"""
**A check from elsewhere.** Pick's theorem (1899): if all corners have whole coordinates, then
area = $I + \frac B2 - 1$, where $I$ counts the whole points inside and $B$ those on the boundary.
Our two functions know nothing of each other. Do they agree?
"""


# %%
def by_pick(polygon):
    """Twice the area of a polygon within 0 … 9, from counted points."""
    grid = [(x, y) for x in range(10) for y in range(10)]
    places = [point_in_polygon(point, polygon) for point in grid]
    return 2 * places.count("inside") + places.count("boundary") - 2


some = [bay, [(0, 0), (9, 1), (3, 8)], [(1, 1), (5, 1), (5, 5), (3, 5), (3, 3), (1, 3)]]
[(twice_the_area(polygon), by_pick(polygon)) for polygon in some]

# %% [markdown]
"""
## 7 · The convex hull

Points are nails in a board. A rubber band around them snaps tight: their **convex hull**. Going
round it counter-clockwise, you **turn left at every corner**, and that is all we use.

Go through the points from left to right, and keep the lower side of the band. A new point is
always part of it, so far: it is the rightmost. But the corner before it may be none any more: if
the way turns right there, or goes straight on, take it off. And look again at the one before
that.
"""


# %%
def chain(way):
    """The corners along the way that keep it turning left."""
    corners = []
    for point in way:
        while len(corners) > 1 and turn(corners[-2], corners[-1], point) <= 0:
            corners.pop()
        corners.append(point)
    return corners


def convex_hull(points):
    order = sorted(set(points))
    if len(order) < 3:
        return order
    return chain(order)[:-1] + chain(order[::-1])[:-1]


# %%
nails = [(0, 2), (1, 0), (2, 3), (3, 1), (4, 5), (5, 0), (6, 2), (7, 4), (3, 0), (2, 5)]
plane(nails, polygon=convex_hull(nails))

# %%
board(nails=nails, outline=convex_hull)

# %%
play(convex_hull, nails, view=plane_view("points", "corners"))


# %% [markdown]
r"""
**Play.** Drag a nail through the band, and onto another nail. In the player, type points on one
line, and four corners of a square with points on its sides.


**Why nothing is lost.** When $q$ is taken off, it lies on or above the segment from $p$ to $r$,
and between them from left to right. So it is no corner of the *lower* side. (It may be one of the
upper side. That is found by the second walk, which goes through all points again.)

**Why it is quick.** The inner loop can run long for one point. But each point is put on once, and
**can be taken off once at most**. Over the whole run that makes at most $2n$ steps for each side.
What takes longer is sorting, about $n \log_2 n$ comparisons.

## 8 · Count

*Gift wrapping* is the other well-known way: stand on a corner, and look through all points for
the next one. That takes $n$ steps for each corner of the hull. Quick for few corners; here every
point is one:
"""


# %%
def gift_wrapping(points):
    corners = [min(points)]
    while True:
        best = points[0] if points[0] != corners[-1] else points[1]
        for point in points:
            if turn(corners[-1], best, point) < 0:
                best = point
        if best == corners[0]:
            return corners
        corners.append(best)


sizes = [8, 16, 32, 48, 64]
bowl = {n: [(i * 5 % n, (i * 5 % n) ** 2) for i in range(n)] for n in sizes}
work = {f.__name__: [operations(f, bowl[n]) for n in sizes] for f in (convex_hull, gift_wrapping)}
pictures.curve(sizes, work)

# %% [markdown]
r"""
## 9 · The closest pair

Which two of $n$ points are closest? All pairs are $n(n-1)/2$. Better: cut the points by an
upright line into a left and a right half, and let each half answer for itself. Let $\delta$ be
the smaller of the two distances. Only a pair **across** the line can still be closer, and both of
its points lie less than $\delta$ from the line: in a **strip**.

In the strip, go through the points from bottom to top. With how many of the next ones must each
be compared? With those less than $\delta$ higher. They lie in a rectangle that is $2\delta$ wide
and $\delta$ high. Cut it into 8 squares of side $\delta/2$. Two points in one square would be at
most $\frac{\delta}{\sqrt 2} < \delta$ apart, and on the same side of the line: impossible. So
there are **at most 8 points in it, the point itself included: 7 comparisons, however many points
there are.**

So the work $T(n)$ for $n$ points is twice that for half of them, and about $n \log_2 n$ for
sorting the strip. Over $\log_2 n$ levels: about $n (\log_2 n)^2$. We compare *squared* distances:
they are whole numbers, and no root is ever needed.
"""


# %%
def squared(p, q):
    return dot(arrow(p, q), arrow(p, q))


def closest(points):
    """The squared distance of the closest two of at least two points, sorted by x."""
    if len(points) <= 3:
        return min(squared(p, q) for i, p in enumerate(points) for q in points[:i])
    half = len(points) // 2
    middle = points[half][0]
    best = min(closest(points[:half]), closest(points[half:]))
    strip = sorted((p for p in points if (p[0] - middle) ** 2 < best), key=lambda p: p[1])
    near = [squared(p, q) for i, p in enumerate(strip) for q in strip[i + 1 : i + 8]]
    return min([best, *near])


# %%
import random

draw = random.Random(2)


def agrees():
    some = sorted((draw.randrange(100), draw.randrange(100)) for _ in range(draw.randrange(2, 40)))
    return closest(some) == min(squared(p, q) for i, p in enumerate(some) for q in some[:i])


sum(agrees() for _ in range(1_000))

# %% [markdown]
"""
## 10 · What ε does

So far all was exact. Now the same questions in floating-point numbers, in which Python keeps
about 16 digits. Everyone knows this one:
"""

# %%
[0.1 + 0.2 == 0.3, 0.1 + 0.2 - 0.3]

# %% [markdown]
"""
The usual cure: call two numbers equal if they differ by less than a small ε, such as $10^{-8}$.
For lengths around 1 that is sensible. Let us ask `turn` with it.
"""


# %%
def turn_with_epsilon(p, q, r, epsilon=1e-8):
    (px, py), (qx, qy), (rx, ry) = ((float(x), float(y)) for x, y in (p, q, r))
    area = (qx - px) * (ry - py) - (qy - py) * (rx - px)
    return 0 if abs(area) < epsilon else 1 if area > 0 else -1


far = 10**9
large = (0, 0), (far, far - 1), (far - 1, far - 2)
small = (0, 0), (1e-5, 0), (0, 1e-5)
[(turn(*three), turn_with_epsilon(*three)) for three in (large, small)]

# %% [markdown]
"""
Both are wrong, for opposite reasons.

- **Large numbers.** The two products are near $10^{18}$, and a float has about 16 digits, so each
  is rounded to a multiple of 128. The true difference, −1, is lost. No ε brings it back.
- **Small numbers.** A perfectly good right angle, with sides of $10^{-5}$. Its area is
  $10^{-10}$, less than ε, so it "lies on one line". An ε has a **unit**: what is small for metres
  is not for kilometres. And a cross product is an area, so its ε is not even that of a length.

And a third thing is lost. Equality has a law: if $a = b$ and $b = c$, then $a = c$. With ε it
fails:
"""


# %%
def near(x, y):
    return abs(x - y) < 1e-8


[near(0, 0.9e-8), near(0.9e-8, 1.8e-8), near(0, 1.8e-8)]

# %% [markdown]
"""
An algorithm that was proved right with "equal" may run in circles with "near".

**See it.** Let $q = (12, 12)$, $r = (24, 24)$, and let $p$ move in tiny steps of $2^{-53}$ around
$(0.5, 0.5)$. Left, the true sides of $p$, computed with fractions. Right, what floats say. All
three lie near one line. (The idea of this picture is from Kettner and others, see below.)
"""

# %%
from fractions import Fraction

step = 2.0**-53


def side_map(number):
    """For 16 × 16 places of p, the turn q → r → p, calculated with numbers of a kind."""
    q, r = (number(12), number(12)), (number(24), number(24))
    place = [number(0.5 + k * step) for k in range(16)]
    return [[turn(q, r, (x, y)) for x in place] for y in reversed(place)]


def drawn(sides, title):
    marks = {(i, j): kinds[side] for i, row in enumerate(sides) for j, side in enumerate(row)}
    return pictures.grid([["" for _ in row] for row in sides], marks, title=title)


# %%
pictures.side_by_side(drawn(side_map(Fraction), "exact"), drawn(side_map(float), "floats"))

# %% [markdown]
"""
Left: green above the diagonal, orange below, red on it. Right: blocks. Whole squares of places
are called "on the line" that are not. A hull algorithm that trusts this can leave out a point
that lies far outside.

**What to do?** If the input is whole numbers, stay with whole numbers: in Python that costs
nothing, and it is what our functions did. If it is measured, scale and round it *once*, at the
beginning. If floats it must be, there are ways to compute the sign of a cross product exactly
with them (Shewchuk, below).

## 11 · Find the bug

Each of the three is wrong on the input it is shown with.
"""


# %%
def asks_about_one_line_only(a, b, c, d):
    across = turn(a, b, c) * turn(a, b, d) < 0
    if across:
        return True
    for p, q, r in [(a, b, c), (a, b, d), (c, d, a), (c, d, b)]:
        if turn(p, q, r) == 0 and in_box(p, q, r):
            return True
    return False


play(
    asks_about_one_line_only, (0, 0), (2, 1), (4, 5), (6, 0),
    view=two_roads, reference=segments_intersect,
)  # fmt: skip


# %%
def counts_corners_twice(point, polygon):
    inside = False
    for i in range(len(polygon)):
        low, high = sorted([polygon[i - 1], polygon[i]], key=lambda corner: corner[1])
        side = turn(low, high, point)
        if side == 0 and in_box(low, high, point):
            return "boundary"
        if low[1] <= point[1] <= high[1] and side > 0:
            inside = not inside
    return "inside" if inside else "outside"


diamond = [(0, 0), (3, -3), (6, 0), (3, 3)]
play(counts_corners_twice, (2, 0), diamond, view=around, reference=point_in_polygon)


# %%
def looks_back_once(way):
    corners = []
    for point in way:
        if len(corners) > 1 and turn(corners[-2], corners[-1], point) <= 0:
            corners.pop()
        corners.append(point)
    return corners


lower = [(0, 0), (2, 1), (4, 3), (6, 0)]
play(looks_back_once, lower, view=plane_view("way", "corners"), reference=chain)

# %% [markdown]
"""
<details><summary><b>What is wrong in each</b></summary>

1. `asks_about_one_line_only`: $c$ and $d$ are on different sides of the *line* through $a$ and
   $b$. But the segment $ab$ ends long before.
2. `counts_corners_twice`: both edges at the corner $(6, 0)$ count. Inside becomes outside.
3. `looks_back_once`: `if` instead of `while`. Once $(4, 3)$ is gone, $(2, 1)$ is no corner
   either.

</details>

## 12 · Your turn

Write your own hull, and watch it go round. Some ideas: gift wrapping; only the lower side; start
from three points, and let every point outside push the band out.
"""


# %%
def my_hull(points):
    hull = []
    # write here
    return hull


play(my_hull, nails, view=plane_view("points", "hull"), reference=convex_hull)

# %% [markdown]
"""
### Check yourself

**1.** What does `turn(p, q, r)` give if $p = q$? Why is `segments_intersect` right even then?

<details><summary>Answer</summary>

0: the arrow from $p$ to $q$ has no length. A segment of one point then asks whether this point
lies in the box and on the line of the other (two of the four questions), and whether an end of
the other lies in its own box, which is one point.

</details>
<br>

**2.** Twice the area of a polygon with whole corners is a whole number. Is the area?

<details><summary>Answer</summary>

Not always: the triangle $(0,0), (1,0), (0,1)$ has area ½.

</details>
<br>

**3.** In the hull, `<= 0` takes off points at which the way goes straight on. What changes with
`< 0`?

<details><summary>Answer</summary>

Points on a straight side stay in the list. The band is the same, but not every entry is a corner.
And if *all* points lie on one line, both chains keep all of them, and inner points appear twice.

</details>
"""

# %% [markdown]
"""
## Now you

The exercises [segments, polygons, hulls](../../exercises/01_algorithms/geometry.ipynb) ask for
your own versions, and draw the points on which yours fails.

## Read next

- M. de Berg, O. Cheong, M. van Kreveld, M. Overmars, *Computational Geometry: Algorithms and
  Applications* (Springer, third edition 2008). Chapter 1 begins with the hull.
- A. M. Andrew, "Another efficient algorithm for convex hulls in two dimensions", *Information
  Processing Letters* 9 (1979): the two chains of section 7.
- G. Pick, "Geometrisches zur Zahlenlehre", *Sitzungsberichte des deutschen
  naturwissenschaftlich-medicinischen Vereines für Böhmen "Lotos" in Prag* 19 (1899): the theorem of
  section 6.
- M. I. Shamos, D. Hoey, "Closest-point problems", *Foundations of Computer Science* (1975): the
  strip of section 9.
- D. Goldberg, "What every computer scientist should know about floating-point arithmetic", *ACM
  Computing Surveys* 23 (1991).
- L. Kettner, K. Mehlhorn, S. Pion, S. Schirra, C. Yap, "Classroom examples of robustness problems
  in geometric computations", *Computational Geometry* 40 (2008): whole algorithms that fail by
  one rounded sign.
- J. R. Shewchuk, "Adaptive precision floating-point arithmetic and fast robust geometric
  predicates", *Discrete & Computational Geometry* 18 (1997).
"""
