"""Pictures of the plane."""

import xml.etree.ElementTree as ElementTree

from course.widgets import plane


def dots(picture: str) -> list[tuple[float, float]]:
    root = ElementTree.fromstring(picture)
    circles = [each for each in root.iter() if each.tag.endswith("circle")]
    return [(float(dot.get("cx") or 0), float(dot.get("cy") or 0)) for dot in circles]


def test_x_goes_right_and_y_up_with_one_scale() -> None:
    (x0, y0), (x1, y1), (x2, y2) = dots(plane([(0, 0), (3, 0), (0, 2)]))
    assert y0 == y1
    assert x0 == x2
    assert (x1 - x0) / 3 > 0
    assert abs((x1 - x0) / 3 - (y0 - y2) / 2) < 0.2


def test_everything_lies_within_the_picture() -> None:
    for size in (1, 10**9, 1e-5):
        picture = plane([(-size, 3 * size), (size, 0), (0, 0)])
        root = ElementTree.fromstring(picture)
        wide, high = float(root.get("width") or 0), float(root.get("height") or 0)
        assert all(0 < x < wide and 0 < y < high for x, y in dots(picture))
        assert wide < 480
        assert high < 400


def test_names_marks_and_shapes_are_drawn_and_said() -> None:
    picture = plane(
        {"a": (0, 0)},
        segments=[((0, 0), (1, 1))],
        arrows=[((0, 0), (2, 0))],
        polygon=[(0, 0), (2, 0), (2, 2)],
        marks={(0, 0): "wrong"},
    )
    assert picture.count("<polygon") == 2  # the area, and the head of the arrow
    assert "--sw-wrong" in picture
    assert picture.words == (
        "The plane: a (0, 0); segment (0, 0) to (1, 1); arrow (0, 0) to (2, 0); "
        "polygon (0, 0), (2, 0), (2, 2). (0, 0) wrong"
    )


def test_degenerate_inputs_are_drawn_too() -> None:
    for given in ([], [(5, 5)], [(5, 5), (5, 5)], [(1, 2), (1, 9)]):
        assert len(dots(plane(given))) == len(given)
    assert plane(arrows=[((1, 1), (1, 1))]).startswith("<svg")
