"""One JupyterLab and one browser for all browser tests; a page for each file of tests."""

import os
import re
import shutil
from collections.abc import Generator, Iterator

import pytest
from playwright.sync_api import Browser

from tests.browser.chromium import NoBrowser, running_chromium
from tests.browser.lab import SCREENSHOTS, Lab
from tests.browser.server import Server, running_lab

# The fixtures live as long as this folder's tests and no longer: while Playwright runs there is an
# event loop in this thread, and other tests start their own.


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    try:
        with running_chromium() as browser:
            shutil.rmtree(SCREENSHOTS, ignore_errors=True)
            yield browser
    except NoBrowser as error:
        if os.environ.get("CI"):
            pytest.fail(str(error))
        pytest.skip(str(error))


@pytest.fixture(scope="package")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running_lab(tmp_path_factory.mktemp("browser")) as server:
        yield server


@pytest.fixture(scope="module")
def lab(browser: Browser, server: Server) -> Iterator[Lab]:
    lab = Lab(browser, server.url)
    yield lab
    lab.close()


@pytest.fixture(autouse=True)
def no_problems(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fails a test during which the page reported an error, or asked for something outside."""
    yield
    if "lab" in request.fixturenames:
        lab: Lab = request.getfixturevalue("lab")
        heard, lab.problems[:] = list(lab.problems), []
        assert not heard, "\n".join(heard)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Takes a picture of the page, and shows what it reported, when a test fails."""
    report = yield
    lab = getattr(item, "funcargs", {}).get("lab")
    if report.failed and call.when == "call" and lab:
        name = re.sub(r"\W+", "-", item.name).strip("-")
        report.sections.append(("the page", f"{lab.screenshot(f'failed-{name}')}"))
        report.sections.append(("what it reported", "\n".join(lab.problems) or "nothing"))
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if SCREENSHOTS.is_dir():
        terminalreporter.write_line(f"screenshots: {SCREENSHOTS}")
