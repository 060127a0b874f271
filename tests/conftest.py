"""What holds for all tests."""

import pytest


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests that share costly fixtures stay in one process when pytest-xdist spreads the rest.

    That is a file's tests, and all those of the browser (`--dist loadgroup`).
    """
    for item in items:
        folder = item.path.parent
        if folder.name == "browser":
            item.add_marker(pytest.mark.browser)
        group = folder if folder.name == "browser" else item.path
        item.add_marker(pytest.mark.xdist_group(str(group.relative_to(item.config.rootpath))))
