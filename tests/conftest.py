"""What holds for all tests."""

import functools

import pytest

from autograder import sandbox
from tests import postgres


@functools.cache
def why_no_sandbox() -> str:
    """Why students' code cannot be shut in on this machine; "" if it can."""
    try:
        sandbox.check()
    except sandbox.SandboxUnavailable as error:
        return str(error)
    return ""


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Tests marked `sandbox` or `postgresql` need one; CI installs what it takes."""
    if item.get_closest_marker("postgresql") and postgres.missing():
        pytest.skip(postgres.missing())
    if item.get_closest_marker("sandbox") and why_no_sandbox():
        pytest.skip(why_no_sandbox())


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests that share costly fixtures stay in one process when pytest-xdist spreads the rest.

    That is a file's tests, and all those of the browser (`--dist loadgroup`); a test that names
    its own group is left alone. What takes longest comes first, so that no process is left with it
    at the end: tests that are groups by themselves, then the browser's.
    """
    items.sort(
        key=lambda item: (
            item.get_closest_marker("xdist_group") is None,
            item.path.parent.name != "browser",
        )
    )
    for item in items:
        folder = item.path.parent
        if folder.name == "browser":
            item.add_marker(pytest.mark.browser)
        if item.get_closest_marker("xdist_group"):
            continue
        group = folder if folder.name == "browser" else item.path
        item.add_marker(pytest.mark.xdist_group(str(group.relative_to(item.config.rootpath))))
