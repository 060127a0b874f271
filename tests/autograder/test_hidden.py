"""What is hidden of a test cell, and what may be said of it."""

import nbformat
import pytest
from nbformat import NotebookNode
from nbgrader.preprocessors import ClearHiddenTests

from autograder.hidden import Part, Property, ends_with_result, parts, properties, released
from autograder.score import Score, score

CELL = """
IDEA = \"\"\"The shorter side
limits the water.\"\"\"

with check("moves the shorter side", idea=IDEA) as case:
    case(f, 1).gives(2)

### BEGIN HIDDEN TESTS
with check("moves the shorter side", idea=IDEA, hidden=True) as case:
    case(f, 3).gives(4)
### END HIDDEN TESTS
last = 1
""".strip()


def test_parts_are_cut_at_the_marks() -> None:
    first, second, third = parts(CELL)
    assert (first.hidden, second.hidden, third.hidden) == (False, True, False)
    assert "case(f, 1)" in first.source
    assert "case(f, 3)" in second.source
    assert third.source == "last = 1"
    assert not any("HIDDEN" in part.source for part in (first, second, third))


def test_a_mark_inside_a_block_makes_all_of_it_hidden() -> None:
    source = "if True:\n    a = 1\n    ### BEGIN HIDDEN TESTS\n    b = 2\n    ### END HIDDEN TESTS"
    assert parts(source) == [Part(source, hidden=True)]


def test_no_marks_no_parts() -> None:
    assert parts("x = 1") == [Part("x = 1", hidden=False)]


@pytest.mark.parametrize("source", [CELL, "x = 1", CELL + "\n" + CELL, "\n\nx = 1\n"])
def test_released_is_what_nbgrader_releases(source: str) -> None:
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source)])
    notebook.cells[0].metadata["nbgrader"] = {"grade": True, "grade_id": "x"}
    stock, _ = ClearHiddenTests().preprocess(notebook, {})
    assert released(source).strip() == stock.cells[0].source.strip()


def test_properties_are_the_authors_words() -> None:
    said = Property("moves the shorter side", "The shorter side limits the water.")
    assert properties(CELL) == [said, said]
    assert properties('with check("a", idea="b"): ...') == [Property("a", "b")]
    assert properties("with check(a, idea=b): ...") == []
    assert properties("with check(") == []


def test_ends_with_result() -> None:
    assert ends_with_result("x = 1\nx")
    assert not ends_with_result("x = 1")
    assert not ends_with_result('with check("a"):\n    pass')


def executed(source: str, *outputs: NotebookNode, status: str = "ok") -> NotebookNode:
    cell = nbformat.v4.new_code_cell(source, outputs=list(outputs))
    cell.metadata["nbgrader"] = {"grade": True, "solution": False, "points": 4}
    cell.metadata["stepwise"] = {"status": status}
    return cell


def result(text: str) -> NotebookNode:
    return nbformat.v4.new_output("execute_result", data={"text/plain": text})


@pytest.mark.parametrize(
    ("text", "points"),
    [
        *[("4", 4.0), ("0", 0.0), ("2.5", 2.5), (" 1 ", 1.0), ("1e0", 1.0)],
        *[("nan", None), ("inf", None), ("-5", None), ("-0.1", None), ("4.1", None)],
        *[("True", None), ("'4'", None), ("", None), ("full marks", None), ("[4]", None)],
    ],
)
def test_partial_credit_is_a_number_within_the_points_or_nothing(
    text: str, points: float | None
) -> None:
    assert score(executed("x", result(text))).points == points


def test_more_than_one_result_is_looked_at() -> None:
    assert score(executed("x", result("4"), result("1"))).points is None


def test_a_result_that_the_test_does_not_give_is_looked_at() -> None:
    found = score(executed("x = 1", result("4")))
    assert found == Score(None, "gave a number that its tests do not give")


@pytest.mark.parametrize("status", ["error", "timeout", "died", "not run"])
def test_only_ok_has_points_whatever_was_shown(status: str) -> None:
    assert score(executed("x", result("4"), status=status)) == Score(0.0)


def test_messages_on_stderr_cost_nothing() -> None:
    warning = nbformat.v4.new_output("stream", name="stderr", text="careful")
    assert score(executed("x = 1", warning)).points == 4.0


def test_what_was_not_run_has_no_score() -> None:
    cell = executed("x = 1")
    del cell.metadata["stepwise"]
    assert score(cell).points is None
