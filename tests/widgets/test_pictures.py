"""The SVG pictures: well-formed, to scale, told in words, and safe with any text."""

import re
from typing import Any
from xml.etree import ElementTree

import pytest

from course.widgets import pictures

SVG = "{http://www.w3.org/2000/svg}"


def shapes(picture: str, tag: str) -> list[ElementTree.Element]:
    return list(ElementTree.fromstring(picture).iter(SVG + tag))


def words(picture: str) -> list[str]:
    return ["".join(text.itertext()) for text in shapes(picture, "text")]


def test_bars_are_to_scale() -> None:
    heights = [float(bar.get("height", 0)) for bar in shapes(pictures.bars([2, 8, 4]), "rect")]
    assert heights[1] == pytest.approx(4 * heights[0]) == pytest.approx(2 * heights[2])


def test_water_is_as_high_as_the_lower_line_and_between_the_two() -> None:
    picture = pictures.bars([2, 8, 4], {"left": 0, "right": 2}, water=True)
    water, *bars = shapes(picture, "rect")
    assert float(water.get("height", 0)) == pytest.approx(float(bars[0].get("height", 0)))
    middle = [float(bar.get("x", 0)) + float(bar.get("width", 0)) / 2 for bar in bars]
    assert float(water.get("x", 0)) == pytest.approx(middle[0], abs=0.1)
    assert float(water.get("width", 0)) == pytest.approx(middle[2] - middle[0], abs=0.1)
    assert "2 high × 2 wide = 4" in words(picture)


@pytest.mark.parametrize("pointers", [{}, {"left": 1}, {"left": 1, "right": 1}, {"a": -1, "b": 9}])
def test_no_water_without_two_places(pointers: dict[str, int]) -> None:
    assert len(shapes(pictures.bars([2, 8, 4], pointers, water=True), "rect")) == 3


def test_pointers_at_one_place_share_their_label() -> None:
    assert "i, j" in words(pictures.bars([1, 2], {"i": 1, "j": 1}))


def test_pointer_labels_never_overlap() -> None:
    pointers = {f"pointer_{i}": i for i in range(8)}
    drawn = shapes(pictures.cells({"a": list(range(8))}, {"a": pointers}), "text")
    boxes = [
        (float(t.get("x", 0)) - 4 * len(t.text or ""), float(t.get("x", 0)) + 4 * len(t.text or ""),
         t.get("y"))
        for t in drawn if (t.text or "").startswith("pointer_")
    ]  # fmt: skip
    assert len(boxes) == 8
    for i, (left, right, y) in enumerate(boxes):
        assert not any(y == y2 and left < r2 and l2 < right for l2, r2, y2 in boxes[:i])


@pytest.mark.parametrize(
    "values",
    [[], [0], [-3, 4], [1.5, None, "x", True], list(range(500)), [10**30, 1], [float("nan"), 2]],
    ids=lambda values: f"{len(values)} values",
)
def test_any_values_can_be_drawn(values: list[Any]) -> None:
    for picture in (
        pictures.bars(values, {"i": 0, "off": len(values)}, water=True, marks={0: "wrong"}),
        pictures.cells({"row": values, "empty": []}, {"row": {"i": -1}}, {"row": {0: "read"}}),
        pictures.grid([values[:20], values[:3]], {(0, 0): "right"}),
    ):
        assert "nan" not in re.sub(r">[^<]*<|\"[^\"]*nan, 2[^\"]*\"", "", picture)
        for number in re.findall(r'(?:width|height)="([-\d.]+)"', picture):
            assert float(number) >= 0


def test_text_cannot_break_out() -> None:
    nasty = '</text><script>alert("1")</script>&'
    for picture in (
        pictures.cells({nasty: [nasty]}, {nasty: {nasty: 0}}, title=nasty),
        pictures.bars([nasty], {nasty: 0}),
        pictures.curve([1, 2], {nasty: [1, 2]}, label=nasty, what=nasty),
        pictures.grid([[nasty]], rows=[nasty], columns=[nasty], corner=nasty),
    ):
        assert "<script" not in picture
        ElementTree.fromstring(picture)


def test_a_screen_reader_is_told_what_is_drawn() -> None:
    root = ElementTree.fromstring(pictures.bars([1, 8], {"left": 0}))
    assert root.get("role") == "img"
    assert "1, 8" in (root.get("aria-label") or "")
    assert "left at 0" in (root.get("aria-label") or "")
    assert root.find(SVG + "title") is not None


def test_counts_above_the_bound_are_crossed() -> None:
    picture = pictures.curve([10, 20, 40], [30, 90, 150], lambda n: 4 * n, "4n")
    crosses = [path for path in shapes(picture, "path") if "m0 -8" in (path.get("d") or "")]
    assert len(crosses) == 1
    assert len(shapes(picture, "circle")) == 2


def test_curve_places_counts_on_a_true_scale() -> None:
    picture = pictures.curve([10, 20, 30], [10, 20, 30])
    points = [(float(c.get("cx", 0)), float(c.get("cy", 0))) for c in shapes(picture, "circle")]
    (x1, y1), (x2, y2), (x3, y3) = points
    assert x2 - x1 == pytest.approx(x3 - x2, abs=0.11)
    assert y2 - y1 == pytest.approx(y3 - y2, abs=0.11)


def test_the_colours_of_text_follow_the_page() -> None:
    for picture in (pictures.bars([1], {"i": 0}), pictures.cells({"a": [1]})):
        assert all("currentColor" in (text.get("style") or "") for text in shapes(picture, "text"))


def test_a_picture_shows_itself_and_reads_as_words() -> None:
    picture = pictures.bars([1, 2])
    assert picture._repr_html_() == picture
    assert repr(picture) == "Bars of height 1, 2"
    both = pictures.side_by_side(picture, picture)
    assert both.count("<svg") == 2
