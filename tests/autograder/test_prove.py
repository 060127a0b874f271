"""`autograder prove` passes for every assignment of the course, and fails when it should."""

import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from autograder import prove
from autograder.answers import load_answers
from autograder.build import build
from autograder.cli import main
from autograder.errors import UsageError
from autograder.paths import Course, find_course
from autograder.prove import complaints
from autograder.trial import Run, Shown, Step, World, run_all

NOTEBOOK = """
# %% nbgrader={"grade_id": "setup", "locked": true}
from course.checks import check, draws

# %% nbgrader={"grade_id": "largest", "solution": true}
def largest(values):
    ### BEGIN SOLUTION
    best = values[0]
    for value in values:
        best = max(best, value)
    return best
    ### END SOLUTION

# %% nbgrader={"grade_id": "largest_of_all", "points": 2}
with check("looks at all", idea="Each entry may be the largest.") as case:
    case(largest, [1, 3, 2]).gives(3)
### BEGIN HIDDEN TESTS
with check("looks at all", idea="Each entry may be the largest.", hidden=True) as case:
    random = draws("largest_of_all")
    for _ in range(20):
        values = random.sample(range(1000), 9)
        case(largest, values).gives(sorted(values)[-1])
### END HIDDEN TESTS

# %% nbgrader={"grade_id": "largest_below_zero", "points": 1}
with check("works below zero", idea="0 need not be in the list.") as case:
    case(largest, [-5, -3]).gives(-3)
### BEGIN HIDDEN TESTS
with check("works below zero", idea="0 need not be in the list.", hidden=True) as case:
    random = draws("largest_below_zero")
    for _ in range(20):
        values = [random.randint(-99, -1) for _ in range(9)]
        case(largest, values).gives(sorted(values)[-1])
### END HIDDEN TESTS
"""

ANSWERS = """
from autograder.answers import right, wrong

@wrong("largest", caught_by="largest_of_all", says="Each entry")
def first(values):
    return values[0]

@wrong("largest", caught_by="largest_of_all", says="Got: 2")
def last(values):
    return values[-1]

@wrong("largest", caught_by="largest_of_all", says="Got: 1")
def smallest(values):
    return min(values)

@wrong("largest", caught_by="largest_of_all", says="not shown")
def constant(values):
    return 3 if 3 in values else -3

@wrong("largest", caught_by="largest_below_zero", says="0 need not")
def starts_at_zero(values):
    best = 0
    for value in values:
        best = max(best, value)
    return best

@right("largest")
def built_in(values):
    return max(values)

@right("largest")
def by_sorting(values):
    return sorted(values)[-1]
"""


@pytest.fixture
def course(tmp_path: Path) -> Course:
    (tmp_path / "solutions" / "09_tiny").mkdir(parents=True)
    (tmp_path / "course").mkdir()
    (tmp_path / "nbgrader_config.py").touch()
    return Course(tmp_path)


@pytest.fixture
def found(course: Course, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """What is found wrong with the tiny notebook after replacing text in it or in its answers."""

    def problems(
        *changes: tuple[str, str],
        in_answers: bool = False,
        elsewhere: bool = False,
        seconds: float = 60.0,
    ) -> str:
        notebook, answers = NOTEBOOK, ANSWERS
        for old, new in changes:
            assert old in (answers if in_answers else notebook)
            if in_answers:
                answers = answers.replace(old, new)
            else:
                notebook = notebook.replace(old, new)
        text = course.solutions / "09_tiny" / "tiny.py"
        text.write_text(notebook)
        zoo = course.answers / "09_tiny" / "tiny.py"
        zoo.parent.mkdir(parents=True, exist_ok=True)
        zoo.write_text(answers)
        build(course)
        if not elsewhere:
            monkeypatch.setattr(prove, "ELSEWHERE", [])
        return "\n".join(complaints(prove.prove(course, text, seconds=seconds)))

    return problems


COURSE = find_course(Path(__file__))


def _answers(text: Path) -> Path:
    return COURSE.answers / text.parent.name / text.name


# Those with the most answers first: they take longest.
EXERCISES = sorted(
    COURSE.solutions.glob("*/*.py"), key=lambda text: (-_answers(text).stat().st_size, text)
)


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.parametrize(
    "text",
    # Each in a group of its own: they share nothing, and take minutes.
    [pytest.param(text, marks=pytest.mark.xdist_group(str(text))) for text in EXERCISES],
    ids=lambda text: f"{text.parent.name}/{text.stem}",
)
def test_every_exercise_is_proven(text: Path) -> None:
    assert complaints(prove.prove(find_course(text), text)) == []


def test_a_world_chooses_the_interpreter_for_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRITON_INTERPRET", "1")  # as after reading answers that import kernels
    asks = Step("import os\nprint(os.environ.get('TRITON_INTERPRET'))")
    (shown,) = run_all([Run("asks", (asks,))], World("here"), tmp_path)["asks"]
    assert shown.text == "None"


def test_an_answer_meets_the_checks_of_its_own_exercise_only() -> None:
    text = EXERCISES[0]
    course = find_course(text)
    answers = load_answers(course.answers / text.parent.name / text.name)
    proof = prove.read(text, course.exercises / text.parent.name / f"{text.stem}.ipynb", answers)
    run = prove.runs_of(proof)[-1]
    mine = [graded.grade_id for graded in proof.exercises[-1].graded]
    assert len(proof.exercises) > 1
    assert [step.grade_id for step in run.steps if step.grade_id in mine] == mine
    for graded in proof.graded:
        checked = [s for s in run.steps if s.grade_id == graded.grade_id and "check(" in s.source]
        assert bool(checked) == (graded.grade_id in mine)


def test_a_good_exercise_is_proven(found: Callable[..., str]) -> None:
    assert found(elsewhere=True) == ""


def test_a_broken_solution(found: Callable[..., str]) -> None:
    problems = found(("best = max(best, value)", "best = min(best, value)"))
    assert "largest: the solution loses the cell largest_of_all: Not yet: looks at all" in problems


def test_a_solution_that_raises(found: Callable[..., str]) -> None:
    problems = found(
        (
            '# %% nbgrader={"grade_id": "largest_below_zero"',
            '# %%\n1 / 0\n\n# %% nbgrader={"grade_id": "largest_below_zero"',
        )
    )
    assert "with the solution, the cell without a grade_id raises: ZeroDivisionError" in " ".join(
        problems.replace("-", "").split()
    )


def test_a_check_that_the_stub_passes(found: Callable[..., str]) -> None:
    problems = found(("case(largest, [-5, -3]).gives(-3)", "case.value('1', 1).gives(1)"))
    assert "the visible check of largest_below_zero lets the stub pass" in problems
    problems = found(
        (
            "    for _ in range(20):\n        values = [random.ran",
            "    case.value('1', 1).gives(1)\n    for _ in []:\n        values = [random.ran",
        )
    )
    assert "the hidden check of largest_below_zero lets the stub pass" in problems


def test_a_missing_hidden_check(found: Callable[..., str]) -> None:
    begin = NOTEBOOK.rindex("### BEGIN HIDDEN TESTS")
    problems = found((NOTEBOOK[begin:], ""))
    assert "the cell largest_below_zero has no hidden check" in problems


def test_a_check_that_is_itself_broken(found: Callable[..., str]) -> None:
    problems = found(("case(largest, [-5, -3]).gives(-3)", "case(largest, [-5, -3])"))
    assert "the solution loses the cell largest_below_zero" in problems
    assert "ends with BadCheck, not with a card" in problems


def test_a_wrong_answer_that_is_not_caught(found: Callable[..., str]) -> None:
    problems = found(("return values[-1]", "return sorted(values)[-1]"), in_answers=True)
    assert "the wrong answer last keeps its points in largest_of_all" in problems


def test_a_wrong_answer_that_is_caught_with_other_words(found: Callable[..., str]) -> None:
    problems = found(('says="Got: 2"', 'says="a picture"'), in_answers=True)
    assert "the message to last in largest_of_all lacks 'a picture'; it is: Not yet" in problems


def test_a_right_answer_that_loses_points(found: Callable[..., str]) -> None:
    problems = found(("return max(values)", "return float(max(values))"), in_answers=True)
    assert "the right answer built_in loses largest_of_all: Not yet" in problems
    assert "a number, not a whole number" in problems


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("\ndef last(values):", "\ndef last(values):", "has 4 wrong answers"),
        ("\ndef built_in(values):", "\ndef built_in(values):", "has 1 right answers"),
        ("\ndef starts_at", "\ndef starts_at", "no wrong answer is about the cell largest_below"),
    ],
)
def test_too_few_answers(found: Callable[..., str], old: str, new: str, says: str) -> None:
    before = ANSWERS[: ANSWERS.index(old)]
    mark = before[before.rindex("\n@") :] + old
    assert says in found((mark, new), in_answers=True)


def test_answers_to_what_is_not_there(found: Callable[..., str]) -> None:
    problems = found(
        ('"largest", caught_by="largest_below_zero"', '"largest", caught_by="largest_of_none"'),
        ('@right("largest")\ndef by_sorting', '@right("smallest")\ndef by_sorting'),
        in_answers=True,
    )
    assert "starts_at_zero: there is no cell largest_of_none" in problems
    assert "the answer by_sorting is to smallest, unknown here" in problems


@pytest.mark.parametrize(
    ("answer", "cause"),
    [
        ("import time; return max(values) if time.time() > time.time() - 1e5 else 0", "clock"),
        ("return max(values) + (hash('a') != hash_of_a)", "hash seed"),
        ("import os; return max(values) + (os.cpu_count() == 1)", "processors"),
        (
            "import os; return max(values) + (os.environ.get('TZ') == 'America/St_Johns')",
            "timezone",
        ),
    ],
)
def test_what_depends_on_the_world(found: Callable[..., str], answer: str, cause: str) -> None:
    program = [sys.executable, "-c", "print(hash('a'))"]
    done = subprocess.run(program, env={"PYTHONHASHSEED": "0"}, capture_output=True, text=True)
    answer = answer.replace("hash_of_a", done.stdout.strip())
    problems = found(("return max(values)", answer), in_answers=True, elsewhere=True)
    assert "largest: the points of largest: built_in in" in problems
    assert cause in problems.split("what matters: ")[1].splitlines()[0]


def test_wrong_answers_take_turns_in_the_other_worlds(
    found: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    ran: dict[str, list[str]] = {}

    def note(runs: Sequence[Run], world: World, *rest: Any) -> dict[str, list[Shown]]:
        ran[world.name] = [one.name for one in runs]
        return run_all(runs, world, *rest)

    monkeypatch.setattr(prove, "run_all", note)
    assert found(elsewhere=True) == ""
    elsewhere = Counter(name for world in prove.ELSEWHERE for name in ran[world.name])
    names = ("first", "last", "smallest", "constant", "starts_at_zero")
    wrong = {f"largest: {name}" for name in names}
    assert elsewhere == {name: 1 if name in wrong else 2 for name in ran["this machine"]}


def test_what_depends_on_the_secret(found: Callable[..., str]) -> None:
    """A wrong answer must be caught in every class, not by luck in one."""
    problems = found(
        ("case(largest, [1, 3, 2]).gives(3)", "case(largest, [3, 1]).gives(3)"),
        ("range(20):\n        values = random.sample(range(1000), 9)", SECOND_VALUE),
        elsewhere=True,
    )
    assert "the points of largest: first in largest_of_all are not the same" in problems
    assert "what matters: secret" in problems


# Whether the hidden test catches `first` is decided by one draw, so by the class.
SECOND_VALUE = "range(1):\n        values = [3, random.choice([1, 9])]"


def test_the_time_limit(found: Callable[..., str]) -> None:
    answer = ("return max(values)", "while True: pass")
    problems = found(answer, in_answers=True, seconds=3.0)
    assert "the right answer built_in loses largest_of_all: It had not ended after" in problems


def test_an_answer_that_kills_its_process(found: Callable[..., str]) -> None:
    problems = found(("return max(values)", "import os; os._exit(7)"), in_answers=True)
    assert "The process ended (exit code 7)." in problems


def test_the_command(
    found: Callable[..., str],
    course: Course,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("STEPWISE_ROOT", str(course.root))
    found()
    assert main(["prove"]) == 0
    table = capsys.readouterr().out.splitlines()
    assert table[2].split() == ["largest", "2", "holds", "5", "holds", "2", "holds", "holds"]
    found(("return values[-1]", "return max(values)"), in_answers=True)
    assert main(["prove", "09_tiny"]) == 1
    printed = capsys.readouterr().out
    assert "5 FAILED" in printed
    assert "- largest: the wrong answer last keeps its points" in printed
    assert main(["prove", "08_tiny"]) == 2
    assert "Did you mean 09_tiny?" in capsys.readouterr().err


def test_answers_that_cannot_be_read(tmp_path: Path) -> None:
    path = tmp_path / "zoo.py"
    path.write_text("def broken(:")
    with pytest.raises(UsageError, match=r"zoo.py cannot be read: SyntaxError"):
        load_answers(path)
    assert load_answers(tmp_path / "none.py") == []


def test_an_answer_is_called_like_its_exercise(tmp_path: Path) -> None:
    path = tmp_path / "zoo.py"
    path.write_text(
        "from autograder.answers import right, wrong\n\n"
        "@right('power')\ndef recursive(x, n):\n    return x * recursive(x, n - 1) if n else 1\n\n"
        "def helper():\n    pass\n\n"
        "@wrong('Value', caught_by='Value_adds', says='sum')\nclass Empty:\n    pass\n"
    )
    power, value = load_answers(path)
    assert power.source == "def power(x, n):\n    return x * power(x, n - 1) if n else 1\n"
    assert power.is_right
    assert (value.source, value.caught_by, value.says) == (
        "class Value:\n    pass\n",
        "Value_adds",
        "sum",
    )
    assert not value.is_right


def a_zoo_of_changes(root: Path, changes: str) -> Path:
    """A file of answers beside the solution of `largest`."""
    for folder, text in (("solutions", NOTEBOOK), ("tests/answers", changes)):
        path = root / folder / "09_tiny" / "tiny.py"
        path.parent.mkdir(parents=True)
        path.write_text("from autograder.answers import changed\n\n" * (text is changes) + text)
    return path


def test_an_answer_may_be_the_solution_with_a_slip(tmp_path: Path) -> None:
    changes = (
        "smallest = changed('largest', {'max(': 'min(', 'value)': 'value, best)'},\n"
        "                   caught_by='largest_finds_it', says='largest')\n"
        "other_names = changed('largest', {'value': 'number'})\n"
    )
    wrong, right = load_answers(a_zoo_of_changes(tmp_path, changes))
    assert (wrong.name, wrong.caught_by, wrong.says) == ("smallest", "largest_finds_it", "largest")
    assert "best = min(best, value, best)" in wrong.source
    assert right.is_right
    assert "for number in numbers:" in right.source


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ("slip = changed('largest', {'min(': 'max('})", "'min(', which is not in the solution"),
        ("slip = changed('smallest', {'a': 'b'})", "the solution of smallest, unknown here"),
    ],
)
def test_a_slip_that_changes_nothing_is_refused(tmp_path: Path, changes: str, says: str) -> None:
    with pytest.raises(UsageError, match=re.escape(says)):
        load_answers(a_zoo_of_changes(tmp_path, changes))
