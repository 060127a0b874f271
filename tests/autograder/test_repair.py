"""Handed-in notebooks are mended: every test there once and the instructor's, nothing else lost."""

import json

import nbformat
import pytest
from nbformat import NotebookNode

from autograder.intake import Unreadable, grade_id, read_notebook, recognise
from autograder.repair import MISSING_ANSWER, Labelled, repair

TEST = "assert double(2) == 4\n### BEGIN HIDDEN TESTS\nassert double(9) == 18\n### END HIDDEN TESTS"
SEEN = "assert double(2) == 4"


def labelled(name: str, source: str, *, answer: bool = False) -> Labelled:
    metadata = {"grade_id": name, "grade": not answer, "solution": answer, "locked": not answer}
    return Labelled(name, "code", source, not answer, metadata | {"schema_version": 3})


LAYOUT = [
    labelled("double", "def double(x): ...", answer=True),
    labelled("double_small", TEST),
    labelled("double_zero", "assert double(0) == 0"),
    labelled("halve", "def halve(x): ...", answer=True),
    labelled("halve_small", "assert halve(4) == 2"),
]


def cell(source: str, name: str = "", kind: str = "code") -> dict:
    metadata = {"nbgrader": {"grade_id": name}} if name else {}
    return {
        "cell_type": kind,
        "id": f"id-{abs(hash(source))}",
        "metadata": metadata,
        "source": source,
    }


def handed_in(*cells: dict) -> NotebookNode:
    return read_notebook(json.dumps({"cells": list(cells), "metadata": {}}).encode())


ANSWER = cell("def double(x): return 2 * x", "double")
SMALL = cell(SEEN, "double_small")
ZERO = cell("assert double(0) == 0", "double_zero")
HALVE = cell("def halve(x): return x / 2", "halve")
HALVE_SMALL = cell("assert halve(4) == 2", "halve_small")
WHOLE = (ANSWER, SMALL, ZERO, HALVE, HALVE_SMALL)


def names(notebook: NotebookNode) -> list[str]:
    """The label of each cell, else its source."""
    return [grade_id(c) or c.source for c in notebook.cells]


def assert_complete(notebook: NotebookNode) -> None:
    labels = [name for c in notebook.cells if (name := grade_id(c))]
    assert labels == [c.grade_id for c in LAYOUT]
    sources = {grade_id(c): c.source for c in notebook.cells if grade_id(c)}
    for c in LAYOUT:
        if c.locked:
            assert sources[c.grade_id] == c.source
    nbformat.validate(notebook)


def test_a_whole_notebook_is_not_changed_but_for_the_hidden_tests() -> None:
    notebook = handed_in(cell("import math"), *WHOLE, cell("print(1)"))
    assert repair(notebook, LAYOUT) == []
    assert_complete(notebook)
    assert names(notebook)[0] == "import math"
    assert names(notebook)[-1] == "print(1)"
    assert notebook.cells[1].source == ANSWER["source"]


@pytest.mark.parametrize("gone", range(5))
def test_a_deleted_cell_comes_back_in_its_place(gone: int) -> None:
    notebook = handed_in(*WHOLE[:gone], *WHOLE[gone + 1 :])
    notes = repair(notebook, LAYOUT)
    assert_complete(notebook)
    assert len(notes) == 1
    assert "was missing" in notes[0]


def test_a_deleted_answer_does_not_hide_one_written_elsewhere() -> None:
    notebook = handed_in(cell("def double(x): return x + x"), SMALL, ZERO, HALVE, HALVE_SMALL)
    repair(notebook, LAYOUT)
    assert names(notebook)[:2] == ["def double(x): return x + x", "double"]
    assert notebook.cells[1].source == MISSING_ANSWER


def test_all_cells_deleted() -> None:
    notebook = handed_in()
    repair(notebook, LAYOUT)
    assert_complete(notebook)


def test_a_changed_test_is_put_right() -> None:
    notebook = handed_in(ANSWER, cell("assert True", "double_small"), *WHOLE[2:])
    (note,) = repair(notebook, LAYOUT)
    assert "was changed" in note
    assert_complete(notebook)


def test_a_test_made_text_and_an_answer_made_text_are_code_again() -> None:
    text = [cell(c["source"], c["metadata"]["nbgrader"]["grade_id"], "markdown") for c in WHOLE]
    notebook = handed_in(*text)
    notes = repair(notebook, LAYOUT)
    assert_complete(notebook)
    assert len(notes) == 5
    assert {c.cell_type for c in notebook.cells} == {"code"}
    assert notebook.cells[0].source == ANSWER["source"]


def test_a_renamed_test_is_known_by_its_text() -> None:
    notebook = handed_in(ANSWER, cell(SEEN, "something_else"), *WHOLE[2:])
    (note,) = repair(notebook, LAYOUT)
    assert "label" in note
    assert_complete(notebook)
    assert len(notebook.cells) == 5


def test_labels_lost_by_an_editor_are_found_by_the_cells_ids() -> None:
    bare = [
        {"cell_type": "code", "id": c["metadata"]["nbgrader"]["grade_id"], "source": c["source"]}
        for c in WHOLE
    ]
    notebook = handed_in(*bare)
    repair(notebook, LAYOUT)
    assert_complete(notebook)
    assert len(notebook.cells) == 5
    assert notebook.cells[0].source == ANSWER["source"]


def test_of_two_answers_the_later_counts_and_the_earlier_stays_as_code() -> None:
    earlier = cell("def double(x): return 0", "double")
    notebook = handed_in(earlier, *WHOLE)
    (note,) = repair(notebook, LAYOUT)
    assert "more than once" in note
    assert_complete(notebook)
    assert notebook.cells[0].source == earlier["source"]
    assert grade_id(notebook.cells[0]) is None


def test_of_two_copies_of_a_test_one_counts() -> None:
    notebook = handed_in(ANSWER, SMALL, SMALL, *WHOLE[2:])
    repair(notebook, LAYOUT)
    assert_complete(notebook)


def test_another_order_is_put_right_and_own_cells_stay_with_their_neighbours() -> None:
    notebook = handed_in(HALVE, cell("helper"), HALVE_SMALL, SMALL, ANSWER, cell("mine"), ZERO)
    notes = repair(notebook, LAYOUT)
    assert any("another order" in note for note in notes)
    assert_complete(notebook)
    assert names(notebook)[1] == "mine"
    assert names(notebook)[names(notebook).index("halve") + 1] == "helper"


def test_metadata_of_any_shape_is_survived() -> None:
    odd = [
        {"cell_type": "code", "metadata": {"nbgrader": value}, "source": "x = 1"}
        for value in (None, 3, [], {"grade_id": 5}, {"grade_id": None}, {"grade_id": ["double"]})
    ]
    odd += [{"cell_type": "poem"}, {"cell_type": "code", "source": {"a": 1}}, {}, {"metadata": 7}]
    notebook = handed_in(*odd, *WHOLE)
    repair(notebook, LAYOUT)
    assert_complete(notebook)
    assert len(notebook.cells) == len(odd) + 5


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "empty"),
        (b"{not json", "not JSON"),
        (b"\x80\x04\x95", "not JSON"),
        (b"[1, 2]", "no list of cells"),
        (b'{"cells": 3}', "no list of cells"),
        (b"[" * 100_000, "not JSON"),
        (b'{"worksheets": [{"cells": 5}], "nbformat": 3}', "old notebook format"),
        (b" " * 50_000_001, "larger"),
    ],
    ids=["empty", "cut", "binary", "list", "number", "deep", "old", "huge"],
)
def test_what_is_no_notebook_says_why(data: bytes, why: str) -> None:
    with pytest.raises(Unreadable, match=why):
        read_notebook(data)


def test_an_old_notebook_is_read() -> None:
    old = {
        "nbformat": 3,
        "nbformat_minor": 0,
        "metadata": {"name": ""},
        "worksheets": [{"cells": [{"cell_type": "code", "input": ["x = 1"], "outputs": []}]}],
    }
    (only,) = read_notebook(json.dumps(old).encode()).cells
    assert only.source == "x = 1"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_encodings(encoding: str) -> None:
    text = json.dumps({"cells": [cell("x = 'é'")]}, ensure_ascii=False)
    (only,) = read_notebook(text.encode(encoding)).cells
    assert only.source == "x = 'é'"


def test_half_a_surrogate_pair_can_be_written_again() -> None:
    (only,) = read_notebook(b'{"cells": [{"cell_type": "code", "source": "x = \\ud800"}]}').cells
    assert only.source.encode("utf-8") == b"x = ?"


def test_a_renamed_file_is_recognised_by_its_labels() -> None:
    notebooks = {"doubles": {"double", "double_small"}, "halves": {"halve", "halve_small"}}
    data = json.dumps({"cells": [HALVE, HALVE_SMALL, SMALL]}).encode()
    assert recognise(data, notebooks) == "halves"
    assert recognise(b'{"cells": []}', notebooks) is None
    assert recognise(b"no notebook", notebooks) is None
