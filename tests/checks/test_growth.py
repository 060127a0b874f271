"""Growth is counted, not timed; and being fast is nothing without being right."""

import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from random import Random
from typing import Any

import pytest

from course.checks import BadCheck, CheckFailure, check
from tests.checks.test_check import student

SOURCES = {
    "loop": "best = x[0]\n    for v in x: best = v if v > best else best\n    return best",
    "built-in": "return max(x)",
    "sorted": "return sorted(x)[-1]",
    "pairs": "return [v for v in x if sum(v < w for w in x) == 0][0]",
    "pairs in a copy": "y = list(x)\n    return [v for v in y if sum(v < w for w in y) == 0][0]",
    "pairs in slices": "return [v for v in x[:] if v >= max(x[:])][0]",
    "pairs in numpy": (
        "import numpy\n    y = numpy.array(x)\n"
        "    return y[numpy.less_equal.outer(y, y).sum(axis=0).argmax()]"
    ),
}


def numbers(n: int) -> list[int]:
    return Random(n).sample(range(10 * n), n)


def grow(source: str, at_most: Callable[[int], float], **options: Any) -> str | None:
    """The message of the failed growth check of this function body; None if it passes."""
    function = student(f"def f(x):\n    {source}")
    settings: dict[str, Any] = {"label": "the bound", "gives": max} | options
    try:
        with check("looks once", idea="One look is enough.") as case:
            case.growth(function, numbers, at_most=at_most, **settings)
    except CheckFailure as failure:
        return str(failure)
    return None


@pytest.mark.parametrize("name", ["loop", "built-in"])
def test_linear_work_is_within_a_linear_bound(name: str) -> None:
    assert grow(SOURCES[name], lambda n: 3 * n) is None


@pytest.mark.parametrize("name", [name for name in SOURCES if name.startswith("pairs")])
def test_quadratic_work_is_not(name: str) -> None:
    text = grow(SOURCES[name], lambda n: 8 * n, label="8n")
    assert text is not None
    assert "looks once" in text
    assert "for n = 128\nAt most: 8n = 1 024" in text
    assert "grows about like n" in " ".join(text.split())


def test_sorting_is_counted() -> None:
    assert grow(SOURCES["sorted"], lambda n: 3 * n) is not None
    assert grow(SOURCES["sorted"], lambda n: n * n.bit_length() + 2 * n) is None


def test_the_count_is_the_same_every_time() -> None:
    texts = {grow(SOURCES["pairs"], lambda n: n) for _ in range(3)}
    assert len({re.sub(r" \(attempt \d\)", "", text) for text in texts}) == 1


def test_the_power_is_told() -> None:
    text = grow(SOURCES["pairs in slices"], lambda n: 2 * n)
    assert text is not None
    assert "An input 2 times as long took 4 times the work" in text
    assert "grows about like n²." in " ".join(text.split())


def test_fast_and_wrong_is_wrong() -> None:
    text = grow("return 7", lambda n: 3 * n)
    assert text is not None
    assert "The result is wrong" in text
    assert "Input: f([" in text


def test_fast_and_without_effect_is_wrong() -> None:
    nothing = student("def f(x):\n    return None")
    sorts = student("def f(x):\n    x.sort()")
    with check("sorts", idea="…") as case:
        case.growth(sorts, numbers, at_most=lambda n: n * n, label="n²", leaves={0: sorted})
    with pytest.raises(CheckFailure, match="In x: "), check("sorts", idea="…") as case:
        case.growth(nothing, numbers, at_most=lambda n: n * n, label="n²", leaves={0: sorted})


def test_several_arguments_share_the_count() -> None:
    reads_both = student("def f(x, n, y):\n    return len([*x, *y]) + n + n")
    with check("adds", idea="…") as case:
        case.growth(
            reads_both,
            lambda n: ([1] * n, n, [2] * n),
            sizes=(10, 20),
            at_most=lambda n: 2 * n,
            label="2n",
            gives=lambda x, n, y: 4 * n,
        )
    text = "Counted: 40 operations for n = 20\nAt most: 2n - 1 = 39"
    with pytest.raises(CheckFailure, match=text), check("adds", idea="…") as case:
        case.growth(
            reads_both,
            lambda n: ([1] * n, n, [2] * n),
            sizes=(10, 20),
            at_most=lambda n: 2 * n - 1,
            label="2n - 1",
            gives=lambda x, n, y: 4 * n,
        )


@pytest.mark.parametrize("loop", ["while True: x[0]", "while True:\n        n = len(x)"])
def test_an_endless_loop_ends(loop: str) -> None:
    text = grow(loop, lambda n: 3 * n)
    assert text is not None
    assert "more than" in text or "had not ended" in text


def test_an_exception_is_shown_with_its_line() -> None:
    text = grow("return x[len(x)]", lambda n: n)
    assert text is not None
    assert "IndexError" in text
    assert "Line 2 of f" in text


def test_the_curve_is_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    cards: list[Any] = []
    monkeypatch.setattr("course.checks.cards.Card.display", lambda card: cards.append(card))
    assert grow(SOURCES["pairs"], lambda n: 8 * n, label="8n") is not None
    picture = ElementTree.fromstring(cards[0].picture)
    assert picture.tag.endswith("svg")
    words = "".join(picture.itertext())
    assert "8n" in words
    assert "256" in words


def test_growth_must_ask_for_something_right() -> None:
    with pytest.raises(BadCheck, match="gives"), check("a", idea="…") as case:
        case.growth(max, numbers, at_most=lambda n: n, label="n")
