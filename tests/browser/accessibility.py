"""axe-core on a part of the page. axe-playwright-python carries it (MPL-2.0): no network needed."""

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page


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


_STICKS_OUT = """root => root.scrollWidth - root.clientWidth <= 1 ? [] :
  [...root.querySelectorAll("*")]
    .filter(one => one.getBoundingClientRect().right > root.getBoundingClientRect().right + 1)
    .map(one => `${one.tagName}.${one.getAttribute("class")}`).slice(0, 12)
    .concat(`in ${root.clientWidth} px`)"""


def sticking_out(widget: Locator) -> list[str]:
    """The elements that reach beyond a widget, unless something inside it scrolls them."""
    found: list[str] = widget.evaluate(_STICKS_OUT)
    return found
