"""The browser of the tests: the system's Chromium, else the one that Playwright installs."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from bootstrap import find_browser

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # Without these, Chromium slows timers and painting down when it believes nobody looks.
    "--disable-background-timer-throttling",
    "--disable-backgrounding-occluded-windows",
    "--disable-renderer-backgrounding",
]
HOW_TO_INSTALL = (
    "no browser for the tests was found: `sudo apt-get install chromium` (Debian, Ubuntu), or "
    "`python -m playwright install --with-deps chromium`"
)


class NoBrowser(Exception):
    """There is no browser to test with; the message says what to install."""


@contextlib.contextmanager
def running_chromium() -> Iterator[Browser]:
    """A headless Chromium, closed at the end. Raises NoBrowser if there is none."""
    with sync_playwright() as playwright:
        found = find_browser() or playwright.chromium.executable_path
        if not Path(found).exists():
            raise NoBrowser(HOW_TO_INSTALL)
        browser = playwright.chromium.launch(executable_path=found, args=ARGUMENTS)
        try:
            yield browser
        finally:
            browser.close()
