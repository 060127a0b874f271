"""The map of a kernel's accesses: one cell an element, with who touched it."""

import re
import xml.etree.ElementTree as ElementTree

from course.widgets.kernel_map import TALLEST, Touch, kernel_map, map_of_run


def words(svg: str) -> list[str]:
    """What is written in the cells and beside them."""
    return re.findall(r"<text[^>]*>([^<]*)</text>", svg)


def test_each_cell_bears_the_number_of_its_program() -> None:
    touches = [Touch(0, "x", "load", [0, 1]), Touch(1, "x", "load", [2])]
    drawn = kernel_map({"x": (4,)}, touches)
    ElementTree.fromstring(drawn)
    assert words(drawn) == ["x (4), read", "0", "0", "1"]


def test_rereads_shares_holes_and_faults_are_marked() -> None:
    touches = [
        Touch(0, "x", "load", [0]),
        Touch(0, "x", "load", [0]),
        Touch(1, "x", "load", [1]),
        Touch(2, "x", "load", [1]),
        Touch(0, "out", "store", [0, 1]),
    ]
    drawn = kernel_map({"x": (2,), "out": (3,)}, touches, {"out": [1]})
    assert words(drawn) == ["x (2), read", "0", "×2", "+", "×2", "out (3), written", "0", "!", "?"]
    assert "2 elements more than once" in drawn.words
    assert "1 never" in drawn.words
    assert "1 in a fault" in drawn.words


def height(svg: str) -> float:
    box = ElementTree.fromstring(svg).get("viewBox")
    assert box
    return float(box.split()[3])


def test_a_cell_of_a_large_tensor_stands_for_several_elements() -> None:
    touches = [
        Touch(0, "x", "load", range(0, 1500, 2)),  # one of the eight in a cell is read twice more
        Touch(0, "x", "load", [0, 0]),
        Touch(1, "out", "store", range(1499)),
    ]
    drawn = kernel_map({"x": (3, 500), "out": (3, 500)}, touches, {"out": [9]})
    ElementTree.fromstring(drawn)
    assert words(drawn)[:3] == ["x, read", "3 × 500", "a cell is 8 elements"]
    assert drawn.count("<rect") == 2 * 3 * 63
    assert drawn.count("stroke-dasharray") == 1  # the last cell of out: an element is missing
    assert drawn.words == (
        "What each program reads and writes. x (3 × 500), read, 1 elements more than once; "
        "out (3 × 500), written, 1 never, 1 in a fault"
    )


def test_the_picture_of_many_tensors_stays_low() -> None:
    tensors = {f"tensor_{number}": (40, 16) for number in range(8)}
    touches = [
        Touch(row, name, "load", range(16 * row, 16 * row + 16))
        for name in tensors
        for row in range(40)
    ]
    drawn = kernel_map(tensors, touches)
    assert height(drawn) <= TALLEST
    assert drawn.count("<rect") == 8 * 640
    one = kernel_map({"x": (300, 1000)}, [Touch(0, "x", "load", range(300_000))])
    assert height(one) <= TALLEST
    assert height(kernel_map({"x": (4, 4)}, [])) == 4 + 32 + 4 * 24  # a small one is as it was


def test_a_run_is_drawn_as_the_tensor_is_seen_not_as_it_lies() -> None:
    access = {"operation": "load", "argument": "x", "line": 1, "ranges": [[0, 2]], "masked": 0}
    finding = {"argument": "x", "offsets": [5], "programs": [[0, 0, 0]]}
    launch = {
        "kernel": "k",
        "grid": [1, 2, 1],
        "arguments": {"x": {"shape": [2, 3], "strides": [1, 2]}},
        "programs": [{"id": [0, 1, 0], "accesses": [access]}],
        "findings": [finding],
    }
    drawn = map_of_run({"launches": [launch]})
    assert repr(drawn).startswith("k: 2 programs. x (2 × 3), read")
    cells = re.findall(r"<rect[^>]*fill-opacity:.4", drawn)
    assert len(cells) == 2
    assert words(drawn)[1:] == ["1", "1"]  # offsets 0 and 1: the first column
    columns = {float(x) for x in re.findall(r'<rect x="([\d.]+)"[^>]*fill-opacity:.4', drawn)}
    assert len(columns) == 1
