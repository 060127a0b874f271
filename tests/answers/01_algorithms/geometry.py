"""Answers to "Computational geometry": mistakes that people make, and other right ways."""

from autograder.answers import right, wrong

# segments_intersect -------------------------------------------------------------------------


@wrong("segments_intersect", caught_by="segments_intersect_sides", says="One of the two is not")
def asks_about_one_line_only(a, b, c, d):
    def cross(p, q, r):
        return (q[0] - p[0]) * (r[1] - p[1]) - (q[1] - p[1]) * (r[0] - p[0])

    return cross(a, b, c) * cross(a, b, d) <= 0


@wrong("segments_intersect", caught_by="segments_intersect_touching", says="Touching counts")
def forgets_touching(a, b, c, d):
    def cross(p, q, r):
        return (q[0] - p[0]) * (r[1] - p[1]) - (q[1] - p[1]) * (r[0] - p[0])

    return cross(a, b, c) * cross(a, b, d) < 0 and cross(c, d, a) * cross(c, d, b) < 0


@wrong("segments_intersect", caught_by="segments_intersect_one_line", says="all four cross")
def takes_one_line_for_overlap(a, b, c, d):
    def cross(p, q, r):
        return (q[0] - p[0]) * (r[1] - p[1]) - (q[1] - p[1]) * (r[0] - p[0])

    return cross(a, b, c) * cross(a, b, d) <= 0 and cross(c, d, a) * cross(c, d, b) <= 0


@wrong("segments_intersect", caught_by="segments_intersect_one_line", says="all four cross")
def takes_parallels_for_apart(a, b, c, d):
    def cross(u, v):
        return u[0] * v[1] - u[1] * v[0]

    u = (b[0] - a[0], b[1] - a[1])
    v = (d[0] - c[0], d[1] - c[1])
    w = (c[0] - a[0], c[1] - a[1])
    down = cross(u, v)
    if down == 0:
        return False
    t, s = cross(w, v), cross(w, u)
    if down < 0:
        down, t, s = -down, -t, -s
    return 0 <= t <= down and 0 <= s <= down


@wrong("segments_intersect", caught_by="segments_intersect_touching", says="0 alone")
def takes_every_zero_for_touching(a, b, c, d):
    def cross(p, q, r):
        return (q[0] - p[0]) * (r[1] - p[1]) - (q[1] - p[1]) * (r[0] - p[0])

    signs = [cross(a, b, c), cross(a, b, d), cross(c, d, a), cross(c, d, b)]
    if 0 in signs:
        return True
    return signs[0] * signs[1] < 0 and signs[2] * signs[3] < 0


@wrong("segments_intersect", caught_by="segments_intersect_sides", says="ZeroDivisionError")
def divides_for_slopes(a, b, c, d):
    m1 = (b[1] - a[1]) / (b[0] - a[0])
    m2 = (d[1] - c[1]) / (d[0] - c[0])
    if m1 == m2:
        return max(min(a, b), min(c, d)) <= min(max(a, b), max(c, d))
    x = (c[1] - a[1] + m1 * a[0] - m2 * c[0]) / (m1 - m2)
    low = max(min(a[0], b[0]), min(c[0], d[0]))
    return low <= x <= min(max(a[0], b[0]), max(c[0], d[0]))


@wrong("segments_intersect", caught_by="segments_intersect_exact", says="16 digits")
def calculates_with_floats(a, b, c, d):
    a, b, c, d = ((float(x), float(y)) for x, y in (a, b, c, d))

    def cross(p, q, r):
        return (q[0] - p[0]) * (r[1] - p[1]) - (q[1] - p[1]) * (r[0] - p[0])

    def boxed(p, q, r):
        return min(p[0], q[0]) <= r[0] <= max(p[0], q[0]) and min(p[1], q[1]) <= r[1] <= max(
            p[1], q[1]
        )

    s1, s2, s3, s4 = cross(a, b, c), cross(a, b, d), cross(c, d, a), cross(c, d, b)
    if (s1 > 0) != (s2 > 0) and (s3 > 0) != (s4 > 0) and 0 not in (s1, s2, s3, s4):
        return True
    touches = ((s1, a, b, c), (s2, a, b, d), (s3, c, d, a), (s4, c, d, b))
    return any(s == 0 and boxed(p, q, r) for s, p, q, r in touches)


@wrong("segments_intersect", caught_by="segments_intersect_exact", says="16 digits")
def divides_and_compares_with_epsilon(a, b, c, d):
    eps = 1e-8
    ux, uy, vx, vy = b[0] - a[0], b[1] - a[1], d[0] - c[0], d[1] - c[1]
    wx, wy = c[0] - a[0], c[1] - a[1]
    down = ux * vy - uy * vx
    if down != 0:
        t, s = (wx * vy - wy * vx) / down, (wx * uy - wy * ux) / down
        return -eps < t < 1 + eps and -eps < s < 1 + eps
    if ux * wy - uy * wx != 0 or vx * wy - vy * wx != 0:
        return False
    first, second = sorted([a, b]), sorted([c, d])
    return max(first[0], second[0]) <= min(first[1], second[1])


@wrong("segments_intersect", caught_by="segments_intersect_sides", says="different sides")
def compares_the_boxes_only(a, b, c, d):
    return all(
        max(min(a[k], b[k]), min(c[k], d[k])) <= min(max(a[k], b[k]), max(c[k], d[k]))
        for k in (0, 1)
    )


@wrong("segments_intersect", caught_by="segments_intersect_sides", says="Expected: False")
def always_true(a, b, c, d):
    return True


@right("segments_intersect")
def asks_boxes_then_sides(a, b, c, d):
    for k in (0, 1):
        if max(a[k], b[k]) < min(c[k], d[k]) or max(c[k], d[k]) < min(a[k], b[k]):
            return False

    def cross(p, q, r):
        return (q[0] - p[0]) * (r[1] - q[1]) - (q[1] - p[1]) * (r[0] - q[0])

    return cross(a, b, c) * cross(a, b, d) <= 0 and cross(c, d, a) * cross(c, d, b) <= 0


@right("segments_intersect")
def solves_in_fractions(a, b, c, d):
    from fractions import Fraction

    ux, uy, vx, vy = b[0] - a[0], b[1] - a[1], d[0] - c[0], d[1] - c[1]
    wx, wy = c[0] - a[0], c[1] - a[1]
    down = ux * vy - uy * vx
    if down != 0:
        t, s = Fraction(wx * vy - wy * vx, down), Fraction(wx * uy - wy * ux, down)
        return 0 <= t <= 1 and 0 <= s <= 1
    if ux * wy - uy * wx != 0 or vx * wy - vy * wx != 0:
        return False
    if (ux, uy, vx, vy) == (0, 0, 0, 0):
        return a == c
    first, second = sorted([a, b]), sorted([c, d])
    return max(first[0], second[0]) <= min(first[1], second[1])


@right("segments_intersect")
def looks_for_a_separating_line(a, b, c, d):
    normals = [(1, 0), (0, 1), (a[1] - b[1], b[0] - a[0]), (c[1] - d[1], d[0] - c[0])]
    for u, v in normals:
        one = [u * p[0] + v * p[1] for p in (a, b)]
        other = [u * p[0] + v * p[1] for p in (c, d)]
        if max(one) < min(other) or max(other) < min(one):
            return False
    return True


# point_in_polygon ---------------------------------------------------------------------------


@wrong("point_in_polygon", caught_by="point_in_polygon_bays", says="being left of every edge")
def asks_whether_it_is_left_of_every_edge(point, polygon):
    signs = []
    for (ax, ay), (bx, by) in zip(polygon, polygon[1:] + polygon[:1], strict=True):
        signs.append((bx - ax) * (point[1] - ay) - (by - ay) * (point[0] - ax))
    if min(signs) > 0 or max(signs) < 0:
        return "inside"
    return "boundary" if 0 in signs and (min(signs) >= 0 or max(signs) <= 0) else "outside"


@wrong("point_in_polygon", caught_by="point_in_polygon_boundary", says="neither inside nor")
def forgets_the_boundary(point, polygon):
    x, y = point
    inside = False
    for (ax, ay), (bx, by) in zip(polygon, polygon[1:] + polygon[:1], strict=True):
        cross = (bx - ax) * (y - ay) - (by - ay) * (x - ax)
        if (ay < y) != (by < y) and (cross > 0) == (ay < by):
            inside = not inside
    return "inside" if inside else "outside"


@wrong("point_in_polygon", caught_by="point_in_polygon_boundary", says="On the line alone")
def takes_the_line_for_the_edge(point, polygon):
    x, y = point
    inside = False
    for (ax, ay), (bx, by) in zip(polygon, polygon[1:] + polygon[:1], strict=True):
        cross = (bx - ax) * (y - ay) - (by - ay) * (x - ax)
        if cross == 0:
            return "boundary"
        if (ay < y) != (by < y) and (cross > 0) == (ay < by):
            inside = not inside
    return "inside" if inside else "outside"


@wrong("point_in_polygon", caught_by="point_in_polygon_corners_on_the_ray", says="counts once")
def counts_corners_twice(point, polygon):
    x, y = point
    crossings = 0
    for (ax, ay), (bx, by) in zip(polygon, polygon[1:] + polygon[:1], strict=True):
        cross = (bx - ax) * (y - ay) - (by - ay) * (x - ax)
        if cross == 0 and min(ax, bx) <= x <= max(ax, bx) and min(ay, by) <= y <= max(ay, by):
            return "boundary"
        if ay != by and min(ay, by) <= y <= max(ay, by) and (cross > 0) == (ay < by):
            crossings += 1
    return "inside" if crossings % 2 else "outside"


@wrong("point_in_polygon", caught_by="point_in_polygon_corners_on_the_ray", says="corner")
def leaves_out_corners_on_the_ray(point, polygon):
    x, y = point
    crossings = 0
    for (ax, ay), (bx, by) in zip(polygon, polygon[1:] + polygon[:1], strict=True):
        cross = (bx - ax) * (y - ay) - (by - ay) * (x - ax)
        if cross == 0 and min(ax, bx) <= x <= max(ax, bx) and min(ay, by) <= y <= max(ay, by):
            return "boundary"
        if min(ay, by) < y < max(ay, by) and (cross > 0) == (ay < by):
            crossings += 1
    return "inside" if crossings % 2 else "outside"


@wrong("point_in_polygon", caught_by="point_in_polygon_exact", says="rounded")
def divides_for_the_crossing(point, polygon):
    x, y = point
    inside = False
    for (ax, ay), (bx, by) in zip(polygon, polygon[1:] + polygon[:1], strict=True):
        if (ay < y) != (by < y):
            meets = ax + (y - ay) / (by - ay) * (bx - ax)
            if meets == x:
                return "boundary"
            if meets > x:
                inside = not inside
        elif (ax, ay) == (x, y) or (ay == by == y and min(ax, bx) <= x <= max(ax, bx)):
            return "boundary"
    return "inside" if inside else "outside"


@wrong("point_in_polygon", caught_by="point_in_polygon_bays", says="crosses the boundary an odd")
def forgets_the_edge_back_to_the_first(point, polygon):
    x, y = point
    inside = False
    for i in range(1, len(polygon)):
        (ax, ay), (bx, by) = polygon[i - 1], polygon[i]
        cross = (bx - ax) * (y - ay) - (by - ay) * (x - ax)
        if cross == 0 and min(ax, bx) <= x <= max(ax, bx) and min(ay, by) <= y <= max(ay, by):
            return "boundary"
        if (ay < y) != (by < y) and (cross > 0) == (ay < by):
            inside = not inside
    return "inside" if inside else "outside"


@wrong("point_in_polygon", caught_by="point_in_polygon_bays", says="odd")
def counts_crossings_on_both_sides(point, polygon):
    x, y = point
    crossings = 0
    for (ax, ay), (bx, by) in zip(polygon, polygon[1:] + polygon[:1], strict=True):
        cross = (bx - ax) * (y - ay) - (by - ay) * (x - ax)
        if cross == 0 and min(ax, bx) <= x <= max(ax, bx) and min(ay, by) <= y <= max(ay, by):
            return "boundary"
        crossings += (ay < y) != (by < y)
    return "inside" if crossings else "outside"


@wrong("point_in_polygon", caught_by="point_in_polygon_bays", says="Expected: 'inside'")
def always_outside(point, polygon):
    return "outside"


@right("point_in_polygon")
def winds_around(point, polygon):
    x, y = point
    turns = 0
    for (ax, ay), (bx, by) in zip(polygon, polygon[1:] + polygon[:1], strict=True):
        cross = (ax - x) * (by - y) - (ay - y) * (bx - x)
        if cross == 0 and (ax - x) * (bx - x) <= 0 and (ay - y) * (by - y) <= 0:
            return "boundary"
        if ay <= y < by and cross > 0:
            turns += 1
        elif by <= y < ay and cross < 0:
            turns -= 1
    return "inside" if turns else "outside"


@right("point_in_polygon")
def sends_the_ray_upwards_in_fractions(point, polygon):
    from fractions import Fraction

    x, y = point
    above = 0
    for i in range(len(polygon)):
        (ax, ay), (bx, by) = sorted([polygon[i - 1], polygon[i]])
        if ax == bx:
            if x == ax and ay <= y <= by:
                return "boundary"
            continue
        if ax <= x <= bx:
            height = ay + Fraction((by - ay) * (x - ax), bx - ax)
            if height == y:
                return "boundary"
            if x < bx and height > y:
                above += 1
    return "outside" if above % 2 == 0 else "inside"


# convex_hull --------------------------------------------------------------------------------


@wrong("convex_hull", caught_by="convex_hull_straight_is_no_corner", says="there is no corner")
def keeps_points_on_straight_sides(points):
    order = sorted(set(points))
    if len(order) < 3:
        return order

    def chain(way):
        corners = []
        for x, y in way:
            while len(corners) > 1:
                (px, py), (qx, qy) = corners[-2:]
                if (qx - px) * (y - py) - (qy - py) * (x - px) >= 0:
                    break
                corners.pop()
            corners.append((x, y))
        return corners

    return chain(order)[:-1] + chain(order[::-1])[:-1]


@wrong("convex_hull", caught_by="convex_hull_points_that_coincide", says="one nail")
def keeps_points_that_coincide(points):
    order = sorted(points)
    if len(order) < 3:
        return order

    def chain(way):
        corners = []
        for x, y in way:
            while len(corners) > 1:
                (px, py), (qx, qy) = corners[-2:]
                if (qx - px) * (y - py) - (qy - py) * (x - px) > 0:
                    break
                corners.pop()
            corners.append((x, y))
        return corners

    return chain(order)[:-1] + chain(order[::-1])[:-1]


@wrong("convex_hull", caught_by="convex_hull_turns_left", says="look again at the one before")
def takes_off_one_point_only(points):
    order = sorted(set(points))
    if len(order) < 3:
        return order

    def chain(way):
        corners = []
        for x, y in way:
            if len(corners) > 1:
                (px, py), (qx, qy) = corners[-2:]
                if (qx - px) * (y - py) - (qy - py) * (x - px) <= 0:
                    corners.pop()
            corners.append((x, y))
        return corners

    return chain(order)[:-1] + chain(order[::-1])[:-1]


@wrong("convex_hull", caught_by="convex_hull_turns_left", says="turns left at every corner")
def goes_clockwise(points):
    order = sorted(set(points), reverse=True)
    if len(order) < 3:
        return sorted(order)

    def chain(way):
        corners = []
        for x, y in way:
            while len(corners) > 1:
                (px, py), (qx, qy) = corners[-2:]
                if (qx - px) * (y - py) - (qy - py) * (x - px) >= 0:
                    corners.pop()
                else:
                    break
            corners.append((x, y))
        return corners

    return chain(order[::-1])[:-1] + chain(order)[:-1]


@wrong("convex_hull", caught_by="convex_hull_sorts_once", says="n² steps")
def wraps_like_a_gift(points):
    points = sorted(set(points))
    if len(points) < 3:
        return points
    corners = [points[0]]
    while True:
        px, py = corners[-1]
        best = None
        for x, y in points:
            if (x, y) == (px, py):
                continue
            if best is None:
                best = (x, y)
                continue
            cross = (best[0] - px) * (y - py) - (best[1] - py) * (x - px)
            farther = abs(x - px) + abs(y - py) > abs(best[0] - px) + abs(best[1] - py)
            if cross < 0 or (cross == 0 and farther):
                best = (x, y)
        if best == corners[0]:
            return corners
        corners.append(best)


@wrong("convex_hull", caught_by="convex_hull_straight_is_no_corner", says="only its two ends")
def forgets_points_on_one_line(points):
    order = sorted(set(points))
    if len(order) < 3:
        return order
    (ax, ay), (bx, by) = order[0], order[-1]
    if all((bx - ax) * (y - ay) == (by - ay) * (x - ax) for x, y in order):
        return order

    def chain(way):
        corners = []
        for x, y in way:
            while len(corners) > 1:
                (px, py), (qx, qy) = corners[-2:]
                if (qx - px) * (y - py) - (qy - py) * (x - px) > 0:
                    break
                corners.pop()
            corners.append((x, y))
        return corners

    return chain(order)[:-1] + chain(order[::-1])[:-1]


@wrong("convex_hull", caught_by="convex_hull_turns_left", says="inside")
def takes_the_corners_of_the_box(points):
    if not points:
        return []
    xs, ys = [x for x, _ in points], [y for _, y in points]
    low, high = (min(xs), min(ys)), (max(xs), max(ys))
    return list(dict.fromkeys([low, (high[0], low[1]), high, (low[0], high[1])]))


@wrong("convex_hull", caught_by="convex_hull_turns_left", says="Expected")
def returns_all_points_sorted(points):
    return sorted(set(points))


@right("convex_hull")
def scans_by_angle(points):
    from functools import cmp_to_key

    points = list(set(points))
    if len(points) < 3:
        return sorted(points)
    ox, oy = start = min(points)

    def compare(p, q):
        cross = (p[0] - ox) * (q[1] - oy) - (p[1] - oy) * (q[0] - ox)
        if cross:
            return -1 if cross > 0 else 1
        return (abs(p[0] - ox) + abs(p[1] - oy)) - (abs(q[0] - ox) + abs(q[1] - oy))

    points.remove(start)
    points.sort(key=cmp_to_key(compare))
    corners = [start]
    for x, y in points:
        while len(corners) > 1:
            (px, py), (qx, qy) = corners[-2], corners[-1]
            if (qx - px) * (y - py) > (qy - py) * (x - px):
                break
            corners.pop()
        corners.append((x, y))
    return corners


@right("convex_hull")
def divides_by_the_longest_line(points):
    points = sorted(set(points))
    if len(points) < 2:
        return points

    def beyond(a, b, candidates):
        """The corners strictly right of the way from a to b, in order from a to b."""
        ux, uy = b[0] - a[0], b[1] - a[1]
        distance = [(ux * (y - a[1]) - uy * (x - a[0]), (x, y)) for x, y in candidates]
        right = [point for cross, point in distance if cross < 0]
        if not right:
            return []
        top = min(distance)[1]
        return [*beyond(a, top, right), top, *beyond(top, b, right)]

    first, last = points[0], points[-1]
    return [first, *beyond(first, last, points), last, *beyond(last, first, points)]


@right("convex_hull")
def adds_points_to_both_sides_at_once(points):
    lower, upper = [], []
    for point in sorted(points):
        if lower and lower[-1] == point:
            continue
        for side, sign in ((lower, 1), (upper, -1)):
            while len(side) > 1:
                (px, py), (qx, qy) = side[-2], side[-1]
                cross = (qx - px) * (point[1] - py) - (qy - py) * (point[0] - px)
                if cross * sign > 0:
                    break
                side.pop()
            side.append(point)
    return lower + upper[-2:0:-1]
