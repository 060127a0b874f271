"""Checks as a reader sees them, in a real IPython shell."""

import subprocess
import sys

import pytest

from tests.checks.notebook import run_cells

SETUP = "from course.checks import check"
TEST = """
with check("takes the largest", idea="No other entry is larger.") as case:
    case(largest, [3, 9, 4]).gives(9)
"""


def test_importing_is_light() -> None:
    program = (
        "import sys, course.checks\n"
        "heavy = {'numpy', 'torch', 'matplotlib', 'IPython', 'ipywidgets', 'anywidget'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("[]\n", "")


def test_a_pass_shows_a_small_card() -> None:
    *_, test = run_cells(SETUP, "largest = max", TEST)
    assert test.error is None
    assert "takes the largest" in test.html
    assert test.text == "Passed: takes the largest"
    assert test.stdout + test.stderr == ""


def test_a_failure_shows_a_card_and_a_few_plain_lines() -> None:
    *_, test = run_cells(SETUP, "def largest(x):\n    return x[0]", TEST)
    assert test.error is not None
    assert test.traceback.split("\n") == [
        "Not yet: takes the largest",
        "No other entry is larger.",
        "Expected: 9",
        "Got: 3",
        "Input: largest([3, 9, 4])",
    ]
    assert test.text == test.traceback
    assert test.html.count("stepwise-check") == 1


def test_in_the_students_own_notebook_the_card_is_not_said_twice() -> None:
    *_, test = run_cells(SETUP, "def largest(x):\n    return x[0]", TEST, by_nbgrader=False)
    assert test.traceback == "Not yet: takes the largest"
    assert "Expected: 9" in test.text


def test_an_exception_shows_the_line_in_the_cell_of_the_student() -> None:
    broken = "def largest(x):\n    best = 0\n    while x[best]:\n        best += 1\n    return best"
    *_, test = run_cells(SETUP, broken, TEST)
    assert "Your code raised IndexError: list index out of range" in test.traceback
    assert "Line 3 of largest: while x[best]:" in test.traceback
    assert "best = 0" in test.html  # the lines around it
    assert "course/checks" not in test.everything


def test_a_stub_gives_one_sentence() -> None:
    stub = "def largest(x):\n    # YOUR CODE HERE\n    raise NotImplementedError()"
    *_, test = run_cells(SETUP, stub, TEST)
    assert test.traceback == "Not yet: takes the largest\nlargest is not written yet."


def test_a_function_that_is_not_there() -> None:
    *_, test = run_cells(SETUP, "pass", TEST)
    assert "name 'largest' is not defined" in test.traceback


@pytest.mark.parametrize(
    "warning", ["import warnings; warnings.warn('old')", "import sys; print('x', file=sys.stderr)"]
)
def test_a_warning_costs_nothing(warning: str) -> None:
    """nbgrader gives no points to a test cell with anything on stderr."""
    noisy = f"def largest(x):\n    {warning}\n    return max(x)"
    *_, test = run_cells(SETUP, noisy, TEST)
    assert test.error is None
    assert test.stderr == ""
    assert test.stdout != ""
