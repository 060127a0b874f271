"""Pictures of the plane: points with names, segments, arrows and polygons, on a grid."""

from collections.abc import Iterable, Mapping, Sequence
from math import floor, hypot

from course.widgets.pictures import Picture, _colour, _label, _svg

Point = tuple[float, float]
WIDE, HIGH, MARGIN = 360.0, 260.0, 40.0
MAX_GRID_LINES = 24


def plane(
    points: Mapping[str, Point] | Iterable[Point] = (),
    segments: Iterable[tuple[Point, Point]] = (),
    arrows: Iterable[tuple[Point, Point]] = (),
    polygon: Sequence[Point] = (),
    marks: Mapping[Point, str] | None = None,
    title: str | None = None,
) -> Picture:
    """A part of the plane as SVG text, x to the right and y up, with one scale for both.

    `points` are pairs, or {name: pair}; `segments` and `arrows` pairs of points; `polygon` the
    corners of an area. `marks` maps points to "read" | "write" | "right" | "wrong" | "done".
    """
    named = _named(points)
    segments, arrows, polygon = list(segments), list(arrows), list(polygon)
    everything = [point for _, point in named] + [p for pair in segments + arrows for p in pair]
    frame = _Frame(everything + polygon or [(0.0, 0.0)])
    shapes = frame.grid()
    if polygon:
        corners = " ".join("{:.1f},{:.1f}".format(*frame.place(p)) for p in polygon)
        shapes.append(
            f'<polygon points="{corners}" style="fill:{_colour("water")};fill-opacity:.25;'
            f'stroke:{_colour("bar-on")};stroke-width:2;stroke-linejoin:round"/>'
        )
    shapes += [_stroke(frame, p, q, "read", False) for p, q in segments]
    shapes += [_stroke(frame, p, q, "bar-on", True) for p, q in arrows]
    for name, point in named:
        x, y = frame.place(point)
        kind = (marks or {}).get(point)
        colour = _colour(kind) if kind else "currentColor"
        shapes.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="5" style="fill:{colour}"/>')
        if name:
            shapes.append(_label(x + 9, y - 7, name, 120, False, "start"))
    said = title or _said(named, segments, arrows, polygon)
    told = [f"{point} {kind}" for point, kind in (marks or {}).items()]
    return _svg(frame.wide, frame.high, shapes, said, ", ".join(told))


class _Frame:
    """Where a point of the plane lies in the picture."""

    def __init__(self, points: Sequence[Point]) -> None:
        xs, ys = [x for x, _ in points], [y for _, y in points]
        self.low, self.top = (min(xs), min(ys)), (max(xs), max(ys))
        spans = [max(self.top[k] - self.low[k], 0) for k in (0, 1)]
        room = [WIDE / spans[0] if spans[0] else 1e9, HIGH / spans[1] if spans[1] else 1e9]
        self.scale = min(*room, 60.0)
        self.wide = spans[0] * self.scale + 2 * MARGIN + 20
        self.high = spans[1] * self.scale + 2 * MARGIN

    def place(self, point: Point) -> Point:
        x, y = point
        return (
            MARGIN + (x - self.low[0]) * self.scale,
            self.high - MARGIN - (y - self.low[1]) * self.scale,
        )

    def grid(self) -> list[str]:
        """Thin lines at round coordinates, with their numbers at the left and below."""
        shapes = []
        step = self._step()
        for axis in (0, 1):
            first = -(-self.low[axis] // step)
            for k in range(int(first), floor(self.top[axis] / step) + 1):
                at = [self.low[0], self.low[1]]
                at[axis] = k * step
                x, y = self.place((at[0], at[1]))
                ends = (x, MARGIN - 12, x, self.high - MARGIN + 12)
                if axis:
                    ends = (MARGIN - 12, y, self.wide - MARGIN - 8, y)
                shapes.append(
                    '<line x1="{:.1f}" y1="{:.1f}" x2="{:.1f}" y2="{:.1f}" '.format(*ends)
                    + 'style="stroke:currentColor;opacity:.15"/>'
                )
                number = f"{k * step:.6g}"
                shapes.append(
                    _label(x, self.high - MARGIN + 26, number, 60, True)
                    if not axis
                    else _label(MARGIN - 15, y + 4, number, 60, True, "end")
                )
        return shapes

    def _step(self) -> float:
        span = max(self.top[0] - self.low[0], self.top[1] - self.low[1], 1e-9)
        smallest = 0 if span >= 4 else -12
        for power in range(smallest, 13):
            for digit in (1, 2, 5):
                step = digit * 10.0**power
                if span / step <= MAX_GRID_LINES / 2:
                    return int(step) if step >= 1 else step
        return span


def _named(points: Mapping[str, Point] | Iterable[Point]) -> list[tuple[str, Point]]:
    if isinstance(points, Mapping):
        return list(points.items())
    return [("", point) for point in points]


def _stroke(frame: _Frame, p: Point, q: Point, kind: str, arrow: bool) -> str:
    (x1, y1), (x2, y2) = frame.place(p), frame.place(q)
    style = f"stroke:{_colour(kind)};stroke-width:2.5;stroke-linecap:round"
    line = f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" style="{style}"/>'
    length = hypot(x2 - x1, y2 - y1)
    if not arrow or length == 0:
        return line
    ux, uy = (x2 - x1) / length * 11, (y2 - y1) / length * 11
    back, side = (x2 - ux, y2 - uy), (-uy * 0.45, ux * 0.45)
    corners = [(x2, y2), (back[0] + side[0], back[1] + side[1])]
    corners.append((back[0] - side[0], back[1] - side[1]))
    head = " ".join(f"{x:.1f},{y:.1f}" for x, y in corners)
    return line + f'<polygon points="{head}" style="fill:{_colour(kind)}"/>'


def _said(
    named: Sequence[tuple[str, Point]],
    segments: Sequence[tuple[Point, Point]],
    arrows: Sequence[tuple[Point, Point]],
    polygon: Sequence[Point],
) -> str:
    parts = [f"{name or 'point'} {point}" for name, point in named[:20]]
    parts += [f"segment {p} to {q}" for p, q in segments[:20]]
    parts += [f"arrow {p} to {q}" for p, q in arrows[:20]]
    parts += [f"polygon {', '.join(map(str, polygon[:20]))}"] if polygon else []
    return "The plane: " + "; ".join(parts)
