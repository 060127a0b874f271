"""Draws depend on the name and the class secret, and on nothing else."""

import pytest

from course.checks import draw_seed, draws


def test_the_same_on_every_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("STEPWISE_CLASS_SECRET", raising=False)
    # printf 'self-study\0max_area' | sha256sum: the first 16 digits, halved.
    assert draw_seed("max_area") == 528420219961541421
    random = draws("max_area")
    assert [random.randint(0, 99) for _ in range(8)] == [59, 85, 8, 23, 43, 26, 77, 12]


def test_name_and_secret_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    def five(name: str) -> list[int]:
        random = draws(name)
        return [random.randint(0, 10**6) for _ in range(5)]

    monkeypatch.setenv("STEPWISE_CLASS_SECRET", "autumn")
    first, other_name = five("a"), five("b")
    assert first == five("a")
    monkeypatch.setenv("STEPWISE_CLASS_SECRET", "spring")
    assert len({tuple(d) for d in (first, other_name, five("a"), five("b"))}) == 4


def test_an_empty_secret_is_the_one_for_self_study(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STEPWISE_CLASS_SECRET", "")
    empty = draw_seed("x")
    monkeypatch.delenv("STEPWISE_CLASS_SECRET")
    assert draw_seed("x") == empty
