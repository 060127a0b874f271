"""A hidden check tells its name and its idea, and nothing of its inputs."""

import traceback

import pytest

from course.checks import CheckFailure, check
from tests.checks.notebook import run_cells

SECRET = 918273645  # appears in hidden inputs and expected values only

STUDENTS = {
    "wrong": "def f(values):\n    return 0",
    "raises the values": "def f(values):\n    raise ValueError(values)",
    "raises a type named after them": (
        "def f(values):\n    raise type(f'E{values[0]}', (Exception,), {})"
    ),
    "raises from another": (
        "def f(values):\n    try:\n        1 / 0\n    except ZeroDivisionError as error:\n"
        "        raise KeyError(values[0]) from error"
    ),
    "a key that is missing": "def f(values):\n    return {}[values[0]]",
    "prints": "import sys\ndef f(values):\n    print(values, file=sys.stderr)\n    print(values)",
    "displays": "from IPython.display import display\ndef f(values):\n    display(values[0])",
    "warns": "import warnings\ndef f(values):\n    warnings.warn(f'{values}')",
    "leaves": "def f(values):\n    raise SystemExit(str(values))",
    "interrupts": "def f(values):\n    raise KeyboardInterrupt(values)",
    "a base exception": "def f(values):\n    raise BaseException(values)",
    "returns them": "def f(values):\n    return {'repr': values}",
    "changes them": "def f(values):\n    values.append(values[0])",
    "endless": "def f(values):\n    while True:\n        values.append(values[0])",
}

SETUP = "from course.checks import check\nimport sys, traceback"
TEST = f"""
with check("finds it", idea="Look at every entry.") as case:
    case(lambda x: 1, 1).gives(1)
### BEGIN HIDDEN TESTS
with check("finds it", idea="Look at every entry.", hidden=True, lines=5000) as case:
    for number in [{SECRET}, {SECRET} + 1]:
        values = [number] * 3
        outcome = case(f, values).gives({SECRET} + 2)
### END HIDDEN TESTS
"""
# What a later cell of the student can find. IPython's own history of cells is left out: it holds
# the source of every test, whose inputs are drawn from the class secret for that very reason.
HIDE = f"HIDE = '{str(SECRET)[:4]}' + '{str(SECRET)[4:7]}'"
HELPERS = """
def telling(names):
    values = [v for k, v in list(names.items()) if not k.startswith(("_i", "In", "HIDE"))]
    values += [vars(v) for v in values if "course" in type(v).__module__]
    return [text for text in map(repr, values) if HIDE in text]
"""
LOOK_BACK = "print(telling(globals()))"
FRAMES = """
error = getattr(sys, "last_value", None)
while error is not None:
    for frame, _ in traceback.walk_tb(error.__traceback__):
        print(telling(frame.f_locals))
    error = error.__context__ or error.__cause__
"""


@pytest.mark.parametrize("name", STUDENTS)
def test_nothing_leaks(name: str) -> None:
    cells = (SETUP, HELPERS, HIDE, STUDENTS[name], TEST, LOOK_BACK, FRAMES)
    test, back, frames = run_cells(*cells)[-3:]
    assert test.error is not None
    assert test.error["error"] == "CheckFailure"
    assert "Not yet: finds it" in test.traceback
    assert "Look at every entry." in test.html
    assert "not shown" in test.traceback
    for leak in (str(SECRET), str(SECRET)[:7], "HIDDEN", "number] * 3", "outcome ="):
        assert leak not in test.everything
    assert test.stderr == ""
    assert back.stdout == "[]\n"
    assert frames.error is None
    assert set(frames.stdout.split()) == {"[]"}


def test_looking_back_would_find_it() -> None:
    """The cells that look for leaks do find one where there is one."""
    test = f"found = [{SECRET}]\nfound.index(0)"
    cells = (SETUP, HELPERS, HIDE, "pass", test, LOOK_BACK, FRAMES)
    back, frames = run_cells(*cells)[-2:]
    assert str(SECRET) in back.stdout
    assert str(SECRET) in frames.stdout


def test_the_line_of_an_exception_is_told() -> None:
    *_, test = run_cells(SETUP, STUDENTS["a key that is missing"], TEST)
    assert "Your code raised KeyError." in test.traceback
    assert "Line 2 of f: return {}[values[0]]" in test.traceback


def test_an_error_of_the_hidden_block_itself_is_not_told() -> None:
    block = f"""
with check("finds it", idea="Look.", hidden=True) as case:
    case(f, [1]).gives(0)
    [{SECRET}].index(case(f, [{SECRET}]).result)
"""
    *_, test = run_cells(SETUP, STUDENTS["wrong"], block)
    assert test.error is not None
    assert test.error["error"] == "CheckFailure"
    assert str(SECRET) not in test.everything
    assert "index" not in test.everything


def test_growth_tells_no_count() -> None:
    block = f"""
with check("few looks", idea="Look once.", hidden=True) as case:
    case.growth(f, lambda n: [{SECRET}] * n, at_most=lambda n: n, label="n", gives=max)
"""
    slow = "def f(values):\n    return max(max(values) for _ in values)"
    *_, test = run_cells(SETUP, slow, block)
    assert "few looks" in test.traceback
    assert not {"operations", "Counted", "n^", str(SECRET)} & set(test.everything.split())
    assert "<svg" not in test.html.replace('aria-hidden="true"', "").split("</strong>")[1]


def test_names_of_the_student_are_given_back() -> None:
    student = "values = 'mine'\nf = max"
    block = f"""
with check("finds it", idea="Look.", hidden=True) as case:
    values, extra = [{SECRET}], 1
    case(f, values).gives({SECRET})
"""
    outputs = run_cells(SETUP, student, block, "print(values, 'extra' in globals())")
    assert outputs[2].error is None
    assert "hidden inputs" in outputs[2].html
    assert outputs[3].stdout == "mine False\n"


def test_outside_of_a_notebook(capsys: pytest.CaptureFixture[str]) -> None:
    def chatty(values: list[int]) -> int:
        print(values)
        return 0

    with (
        pytest.raises(CheckFailure) as caught,
        check("finds it", idea="Look.", hidden=True) as case,
    ):
        case(chatty, [SECRET]).gives(SECRET)
    assert str(SECRET) not in "".join(capsys.readouterr())
    assert str(SECRET) not in str(caught.value)
    frames = [frame for frame, _ in traceback.walk_tb(caught.value.__traceback__)]
    ours = [frame.f_locals for frame in frames if frame.f_code.co_filename != __file__]
    kept = [vars(value) for names in ours for value in names.values() if hasattr(value, "__dict__")]
    assert ours
    assert str(SECRET) not in repr(ours) + repr(kept)
