"""The first page that anyone sees."""

import pytest

from tests.browser.lab import SIZES, THEMES, Lab


@pytest.mark.parametrize("theme", THEMES)
def test_the_welcome_page_opens_and_runs(lab: Lab, theme: str) -> None:
    lab.theme(theme)
    lab.open("course/welcome.ipynb")
    assert not lab.run_all()
    for name, size in SIZES.items():
        lab.size(*size)
        lab.screenshot(f"welcome-{theme}-{name}")
    # No news, no update notice, no question about kernels: nothing lies over the page.
    assert lab.page.locator(".jp-Dialog, .jp-toast, .Toastify__toast").count() == 0
