"""The check itself: what passes, what fails, and what the card then says."""

import contextlib
import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from textwrap import dedent
from typing import Any

import pytest
import torch

from course.checks import BadCheck, Check, CheckFailure, Outcome, check

IDEA = "The shorter side limits the water."


def student(source: str, name: str = "f") -> Callable[..., Any]:
    """The function `name` written in a cell of its own."""
    namespace: dict[str, Any] = {"__name__": "__main__"}
    exec(compile(dedent(source), "<the student's cell>", "exec"), namespace)
    function: Callable[..., Any] = namespace[name]
    return function


def failure(ask: Callable[[Check], Any], **options: Any) -> str:
    """The message of the CheckFailure that `ask` causes."""
    with pytest.raises(CheckFailure) as caught, check("a name", idea=IDEA, **options) as case:
        ask(case)
    assert caught.value.__context__ is None
    assert caught.value.__cause__ is None
    return str(caught.value)


def test_passes() -> None:
    with check("adds", idea="…") as case:
        case(lambda a, b: a + b, 1, 2).gives(3)
        case(lambda a, *, b: a + b, [1], b=[2]).gives([1, 2])
        case.value("1 + 1", lambda: 2).gives(2)
        case.value("a number", 7).gives(7)


def test_a_wrong_result_is_explained() -> None:
    text = failure(lambda case: case(max, [1, 8, 6]).gives(9))
    assert text == dedent("""\
        Not yet: a name
        The shorter side limits the water.
        Expected: 9
        Got: 8
        Input: max([1, 8, 6])""")


def test_the_first_case_that_fails_ends_the_check() -> None:
    tried = []

    def ask(case: Check) -> None:
        case(tried.append, 1).gives(None)
        case(max, [1]).gives(2)
        case(tried.append, 2).gives(None)

    assert "max([1])" in failure(ask)
    assert tried == [1]


def test_the_card_shows_the_input_as_it_was() -> None:
    empties = student("def f(values):\n    values.clear()\n    return 0")
    values = [1, 2, 3]
    assert "Input: f([1, 2, 3])" in failure(lambda case: case(empties, values).gives(1))
    assert values == [1, 2, 3]


def test_a_mutated_argument() -> None:
    fills = student("def f(values, n):\n    values[:] = [n] * len(values)\n    return 'whatever'")
    with check("fills", idea="…") as case:
        case(fills, [0, 0], 3).leaves(0, [3, 3]).keeps(1)
    text = failure(lambda case: case(fills, [0, 0], 3).leaves(0, [3, 4]))
    assert "Expected in values: [3, 4]\nGot in values: [3, 3]\nInput: f([0, 0], 3)" in text
    assert "values" in failure(lambda case: case(fills, [0], 3).keeps(0))


def test_a_new_list_is_not_the_argument() -> None:
    renames = student("def f(values):\n    values = sorted(values)\n    return values")
    assert "[2, 1]" in failure(lambda case: case(renames, [2, 1]).leaves(0, [1, 2]))


def test_expected_exceptions() -> None:
    with check("refuses", idea="…") as case:
        case(int, "x").raises(ValueError, "invalid literal")
        case(int, "x").raises(Exception)
    assert "Nothing was raised" in failure(lambda case: case(int, "3").raises(ValueError))
    assert "TypeError" in failure(lambda case: case(int, []).raises(ValueError))
    assert "another" in failure(lambda case: case(int, "x").raises(ValueError, "another"))
    stub = student("def f():\n    raise NotImplementedError()")
    assert "not written yet" in failure(lambda case: case(stub).raises(Exception))


def test_properties() -> None:
    with check("ascends", idea="…") as case:
        case(sorted, [2, 1]).satisfies("ascends", lambda result, given: result[0] <= result[1])
    text = failure(lambda case: case(list, [2, 1]).satisfies("ascends", lambda r, g: r == [1, 2]))
    assert "Expected: ascends\nGot: [2, 1]" in text
    text = failure(lambda case: case(print).satisfies("ascends", lambda result: result[0] > 1))
    assert "TypeError" in text
    with pytest.raises(BadCheck, match="not True or False"), check("a", idea="…") as case:
        case(list, []).satisfies("is something", lambda result, given: "yes")


def test_an_exception_is_shown_with_its_line() -> None:
    broken = student("""\
        def f(height):
            left = 0
            return height[left + len(height)]
    """)
    text = failure(lambda case: case(broken, [1, 2]).gives(1))
    assert "Your code raised IndexError: list index out of range" in text
    assert "Line 3 of f" in text
    assert "Input: f([1, 2])" in text
    assert "case.py" not in text


def test_the_deepest_line_of_the_student_is_shown() -> None:
    helper = student("def g(x):\n    return sorted([x, None])\n\ndef f(x):\n    return g(x)")
    assert "Line 2 of g" in failure(lambda case: case(helper, 1).gives(1))


def test_what_is_not_written_yet() -> None:
    stub = student("def f(height):\n    # YOUR CODE HERE\n    raise NotImplementedError()")
    expected = "Not yet: a name\nf is not written yet."
    assert failure(lambda case: case(stub, [1]).gives(1)) == expected
    assert failure(lambda case: case(stub, [1]).gives(1), hidden=True) == expected


def test_a_missing_function() -> None:
    text = failure(lambda case: case(max_area, [1]).gives(1))  # type: ignore[name-defined]  # noqa: F821
    assert "name 'max_area' is not defined. Run the cell that defines it." in text


def test_a_plain_assert_and_an_attribute_that_is_missing() -> None:
    def ask(case: Check) -> None:
        case.value("1", 1).gives(1)
        assert 1 == 2, "one is not two"

    assert "one is not two" in failure(ask)
    assert "AttributeError" in failure(lambda case: case.value("w", (1).weight).gives(1))  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "loop",
    [
        "while x: pass",
        "while x < 2: x += 0",
        "while True:\n        try: [][0]\n        except Exception: pass",
    ],
)
def test_an_endless_loop_ends_with_a_sentence(loop: str) -> None:
    endless = student(f"def f(x):\n    {loop}")
    text = failure(lambda case: case(endless, 1).gives(1), lines=20_000)
    assert "had not ended after 20 000 lines" in text
    assert "Perhaps a loop in it never ends" in text
    assert re.search(r"Line [234] of f", text)


def test_lines_of_libraries_are_free() -> None:
    busy = student("import fractions\ndef f(x):\n    return sum(fractions.Fraction(i) for i in x)")
    with check("sums", idea="…", lines=500) as case:
        result = case(busy, list(range(100)))
        result.satisfies("is 4950", lambda total, _: total == 4950)


@pytest.mark.parametrize("leave", ["exit()", "raise SystemExit(0)", "raise KeyboardInterrupt"])
def test_leaving_is_a_failure(leave: str) -> None:
    leaves = student(f"def f():\n    {leave}")
    text = failure(lambda case: case(leaves).gives(None))
    assert "SystemExit" in text or "interrupted" in text
    assert "Line 2 of f" in text


def test_recursion_without_end() -> None:
    text = failure(lambda case: case(student("def f(x):\n    return f(x)"), 1).gives(1))
    assert "RecursionError" in text


def test_the_reader_may_interrupt_the_test_itself() -> None:
    with pytest.raises(KeyboardInterrupt), check("a", idea="…"):
        raise KeyboardInterrupt


def test_a_check_that_asks_nothing_is_an_error_of_its_author() -> None:
    with pytest.raises(BadCheck, match="asks nothing"), check("empty", idea="…"):
        pass
    with pytest.raises(BadCheck, match="asks nothing"), check("forgotten", idea="…") as case:
        case(max, [1])
    with pytest.raises(BadCheck, match="asks nothing"), check("half", idea="…") as case:
        (case(max, [1]).gives(1), case(max, [1]))


def test_a_failure_cannot_be_swallowed_by_the_block() -> None:
    def ask(case: Check) -> None:
        with contextlib.suppress(CheckFailure):
            case(max, [1]).gives(2)

    assert "Got: 1" in failure(ask)


def test_a_student_cannot_raise_the_way_out() -> None:
    cheats = student(
        "from course.checks import CheckFailure\ndef f():\n    raise CheckFailure('x')"
    )
    assert "raised CheckFailure" in failure(lambda case: case(cheats).gives(1))


@pytest.mark.parametrize(
    "body",
    [
        "return sorted(x)",
        "x.sort()\n    return x",
        "order = sorted\n    return order(x)",
        "try:\n        return sorted(x)\n    except Exception:\n        return x",
        "import heapq\n    return list(heapq.merge(x, []))",
    ],
)
def test_what_must_be_done_by_hand(body: str) -> None:
    cheats = student(f"def f(x):\n    {body}")
    without = ("sorted", "sort", "merge")
    text = failure(lambda case: case(cheats, [1]).gives([1]), without=without)
    assert "which this exercise asks you to do yourself" in " ".join(text.split())
    assert re.search(r"Line \d of f", text)
    with check("sorts", idea="…") as case:
        case(cheats, [2, 1] if "heapq" not in body else [1, 2]).gives([1, 2])


def test_what_is_not_written_yet_is_named_where_it_stands() -> None:
    helper = student("""\
        class Value:
            def backward(self): raise NotImplementedError()
        def f(): return Value().backward()
    """)
    assert "Value.backward is not written yet." in failure(lambda case: case(helper).gives(1))


def test_a_module_is_told_by_its_class() -> None:
    cheats = student(
        "import torch\n\ndef f(x):\n    module = torch.nn.GELU()\n    return module(x)"
    )
    x = torch.zeros(2)
    text = failure(lambda case: case(cheats, x).gives(x), without=("gelu", "GELU"))
    assert "Your code calls GELU, which this exercise asks you to do yourself" in text
    with check("is not about GELU", idea="…", without=("gelu", "SiLU")) as case:
        case(cheats, x).gives(x)


def test_the_students_own_function_may_have_any_name() -> None:
    own = student("def sort(x):\n    return x[::-1]\n\ndef f(x):\n    return sort(x)")
    with check("reverses", idea="…", without=("sort", "sorted")) as case:
        case(own, [2, 1]).gives([1, 2])


def test_libraries_may_call_it() -> None:
    indirect = student("import statistics\ndef f(x):\n    return statistics.median(x)")
    with check("is in the middle", idea="…", without=("sorted",)) as case:
        case(indirect, [3, 1, 2]).gives(2)


def test_a_strange_result_does_not_break_the_card() -> None:
    strange = student("""\
        class Strange:
            def __repr__(self): raise OSError
            def __eq__(self, other): return True
        def f(): return Strange()
    """)
    text = failure(lambda case: case(strange).gives(1))
    assert "Strange whose repr raises OSError" in text
    assert "is a Strange object, not a whole number" in text


def test_long_values_are_cut() -> None:
    text = failure(lambda case: case(list, list(range(10_000))).gives([]))
    assert len(text) < 2000
    assert "more entries]" in text


def test_lines_are_short_enough_for_validate() -> None:
    """nbgrader's Validate cuts a line at 87 characters."""
    long_idea = "because " * 60
    with pytest.raises(CheckFailure) as caught, check("a name", idea=long_idea) as case:
        case(sorted, list(range(200))).gives([1])
    lines = caught.value.text.split("\n")
    assert max(map(len, lines)) <= 80
    assert lines[0] == "Not yet: a name"
    assert not any("Traceback" in line for line in lines)


def test_pictures_know_the_case(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Outcome] = []

    def picture(outcome: Outcome) -> str:
        seen.append(outcome)
        return "<svg><title>bars</title></svg>"

    html = shown(monkeypatch, lambda case: case(max, [1, 8]).gives(9), picture=picture)
    assert "<svg><title>bars</title></svg>" in html
    assert seen[0].arguments == ([1, 8],)
    assert (seen[0].expected, seen[0].got) == (9, 8)


def test_a_picture_that_fails_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    html = shown(monkeypatch, lambda case: case(max, [1]).gives(2), picture=lambda outcome: 1 / 0)
    assert "No picture: ZeroDivisionError" in html


def test_the_card_is_well_formed_and_escaped(monkeypatch: pytest.MonkeyPatch) -> None:
    html = shown(monkeypatch, lambda case: case(str, "<b>&</b>").gives("<script>"))
    root = ElementTree.fromstring(html)
    assert root.find(".//script") is None
    assert "str('<b>&</b>')" in "".join(root.itertext())
    broken = student("def f(x):\n    return x < '<i>'")
    ElementTree.fromstring(shown(monkeypatch, lambda case: case(broken, 1).gives(1)))


def test_the_passing_card(monkeypatch: pytest.MonkeyPatch) -> None:
    html = shown(monkeypatch, lambda case: case(max, [1]).gives(1), passes=True)
    assert "a name" in html
    assert "Not yet" not in html


def shown(
    monkeypatch: pytest.MonkeyPatch,
    ask: Callable[[Check], Any],
    passes: bool = False,
    **options: Any,
) -> str:
    """The HTML of the card that the check displays."""
    cards = []
    monkeypatch.setattr("course.checks.cards.Card.display", lambda card: cards.append(card))
    if passes:
        with check("a name", idea=IDEA, **options) as case:
            ask(case)
    else:
        failure(ask, **options)
    assert len(cards) == 1
    return cards[0].html()


HINTS = ("Which side is lower?", "Give up that one.", "left += 1 or right -= 1")


def attempt(answer: int, hidden: bool = False) -> str:
    """The text of the card when a function gives `answer` where 4 is asked for."""
    shown: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("course.checks.cards.Card.display", lambda card: shown.append(card.text()))
        with (
            contextlib.suppress(CheckFailure),
            check("a check with hints", idea="An idea.", hints=HINTS, hidden=hidden) as case,
        ):
            case(lambda: answer).gives(4)
    (text,) = shown
    return text


def test_each_failed_attempt_is_counted_and_unlocks_a_hint() -> None:
    texts = [attempt(5) for _ in range(4)]
    for number, (text, hint) in enumerate(zip(texts, (*HINTS, HINTS[-1]), strict=True), start=1):
        assert text.endswith(f"Hint: {hint}")
        assert (f"(attempt {number})" in text) == (number > 1)
    assert attempt(4) == "Passed: a check with hints (attempt 5)"
    assert "attempt" not in attempt(5), "counting starts afresh after a success"


def test_the_cards_hints_are_folded(monkeypatch: pytest.MonkeyPatch) -> None:
    pages: list[str] = []
    monkeypatch.setattr("course.checks.cards.Card.display", lambda c: pages.append(c.html()))
    for _ in range(3):
        with (
            contextlib.suppress(CheckFailure),
            check("folded", idea="An idea.", hints=HINTS) as case,
        ):
            case(lambda: 5).gives(4)
    assert [page.count("<details") for page in pages] == [1, 2, 3]
    assert ["Another attempt unlocks" in page for page in pages] == [True, True, False]
    for page in pages:
        ElementTree.fromstring(page)


def test_hidden_checks_count_nothing_and_give_no_hint() -> None:
    assert attempt(5, hidden=True) == attempt(5, hidden=True)
    assert "Hint" not in attempt(5, hidden=True)
