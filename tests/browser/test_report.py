"""The class report in a browser: both themes, narrow, printed; nothing for axe-core to find."""

from datetime import datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from autograder import findings
from autograder.findings import Check, HandIn, Reason, Result
from autograder.gradebook import GRADED, REVIEW, Standing
from autograder.report import Summary, render
from tests.browser.accessibility import violations
from tests.browser.lab import SCREENSHOTS, Lab

pytestmark = pytest.mark.browser
CHECK = Check("tanks", "largest_keeps", "largest", "leaves the list alone", 2.0)
WHY = Check("words", "why", "why", "why", 1.0)


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page with every part that a page can have."""
    standings, found = [], []
    for number in range(40):
        student, good = f"student_{number:02d}", number % 3 > 0
        state = findings.PASSED if good else findings.FAILED
        said = f"expected {number // 9} {'wide ' * 30}"
        reason = None if good else Reason("tanks", "largest", CHECK.name, said, "f(1)")
        results = [Result(CHECK, 2.0 * good, state, reason, "5")]
        reviews = []
        if number % 4 == 0:
            results.append(Result(WHY, None, findings.WAITING))
            reviews.append(("words", "why: an answer to read"))
        status, score = (REVIEW, None) if reviews else (GRADED, 2.0 * good)
        when = datetime(2026, 3, 1, number % 24)
        late = (number % 24 > 12) * 3600.0
        standings.append(
            Standing(*(student, "01_water", status, score, 3.0), handed_in=when, seconds_late=late)
        )
        found.append(HandIn(student, 1 + number % 3, 0.4, False, results, reviews))
    page = tmp_path_factory.mktemp("report") / "report.html"
    summary = Summary("01_water", standings, found, datetime(2026, 3, 1, 12))
    page.write_text(render(summary), encoding="utf-8")
    return page


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1200, 380])
def test_readable_by_everybody(browser: Browser, report: Path, theme: str, width: int) -> None:
    context = browser.new_context(
        viewport={"width": width, "height": 900},
        color_scheme="dark" if theme == "dark" else "light",
    )
    heard: list[str] = []
    page = context.new_page()
    page.on("console", lambda message: heard.append(message.text))
    page.on("request", lambda request: heard.append(request.url))
    page.goto(report.as_uri())
    SCREENSHOTS.mkdir(exist_ok=True)
    page.screenshot(path=SCREENSHOTS / f"report-{theme}-{width}.png", full_page=True)
    # The page itself is asked for, its pictures are in it.
    assert [text for text in heard if not text.startswith(("data:", "file:"))] == []
    assert violations(page, "html") == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.locator("img").evaluate_all("all => all.every(i => i.naturalWidth > 300)")
    shown = page.locator("img").first.evaluate("img => img.currentSrc")
    sources = page.locator("picture").first.evaluate(
        "p => ({dark: p.querySelector('source').srcset, light: p.querySelector('img').src})"
    )
    assert shown == sources[theme]
    for _ in range(3):  # the folded names, then two tables that may scroll
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.tagName") in ("SUMMARY", "DIV")
    context.close()


def test_on_paper_it_is_light_and_whole(browser: Browser, report: Path) -> None:
    context = browser.new_context(color_scheme="dark", viewport={"width": 800, "height": 900})
    page = context.new_page()
    page.goto(report.as_uri())
    page.emulate_media(media="print", color_scheme="dark")
    page.screenshot(path=SCREENSHOTS / "report-paper.png", full_page=True)
    colours = "e => [getComputedStyle(e).color, getComputedStyle(e).backgroundColor]"
    assert page.locator("body").evaluate(colours) == ["rgb(0, 0, 0)", "rgb(255, 255, 255)"]
    picture = page.locator("img").first
    assert picture.evaluate("img => img.currentSrc === img.src"), "the light one"
    assert page.get_by_text("student_36").first.is_visible(), "what is folded on the screen"
    context.close()


def test_jupyterlabs_menu_leads_to_the_reports(lab: Lab) -> None:
    lab.page.get_by_role("menuitem", name="View", exact=True).click()
    lab.page.get_by_role("menuitem", name="Class Reports").click()
    viewer = lab.page.locator(".jp-HTMLViewer iframe").content_frame
    # None was made in the course that is served here.
    expect(viewer.get_by_role("heading", name="Class reports")).to_be_visible()
    expect(viewer.locator("body")).to_contain_text("autograder report")
    lab.screenshot("report-in-jupyterlab")
