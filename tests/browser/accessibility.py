"""axe-core on a part of the page. axe-playwright-python carries it (MPL-2.0): no network needed."""

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page


def violations(page: Page, selector: str) -> list[str]:
    """What axe-core finds wrong inside the elements that match `selector`, a line for each.

    Raises AssertionError if nothing matches: a check of nothing would always pass.
    """
    assert page.locator(selector).count(), f"nothing on the page matches {selector}"
    results = Axe().run(page, context=selector, options={"resultTypes": ["violations"]}).response
    return [
        f"{violation['id']}: {violation['help']}: {node['html'][:200]} {node['failureSummary']}"
        for violation in results["violations"]
        for node in violation["nodes"]
    ]
