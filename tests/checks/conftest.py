"""Every test of a check makes its first attempt."""

import pytest

from course.checks import case


@pytest.fixture(autouse=True)
def first_attempt(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(case, "_failures", {})
