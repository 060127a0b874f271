"""The whole way of an exercise, as student and instructor walk it in JupyterLab."""

import json
import re

import pytest
from playwright.sync_api import FrameLocator, Locator, expect

from tests.browser.lab import SIZES, THEMES, Lab
from tests.browser.server import Server

ASSIGNMENT, NOTEBOOK = "01_algorithms", "two_pointers"
FETCHED = f"work/{ASSIGNMENT}/{NOTEBOOK}.ipynb"

# A common mistake: it stops when nums1 is used up, and what is left of nums2 is never placed.
STOPS_EARLY = """\
def merge(nums1, m, nums2, n):
    i, j = m - 1, n - 1
    while i >= 0 and j >= 0:
        if nums1[i] > nums2[j]:
            nums1[i + j + 1] = nums1[i]
            i -= 1
        else:
            nums1[i + j + 1] = nums2[j]
            j -= 1
"""
CHECK = "merge_keeps_every_value"
NAME, IDEA = "keeps every value", "what is left of the other still belongs in"


@pytest.mark.timeout(600)
@pytest.mark.sandbox
def test_an_exercise_goes_from_release_to_feedback(lab: Lab, server: Server) -> None:
    lab.theme("light")
    server.autograder("release", ASSIGNMENT, "--skip-proof")

    fetch_and_open(lab)
    solve(lab, server, "max_area")
    answer(lab, "merge", STOPS_EARLY)
    assert NAME in lab.run_all()[0]  # the first check that fails stops there
    card = lab.output(lab.find(CHECK)).locator(".stepwise-check")
    expect(card).to_contain_text(IDEA)
    card.scroll_into_view_if_needed()
    lab.screenshot("loop-03-card")
    look_everywhere(lab)
    said = validate(lab, "loop-04-validation-fails")
    assert "The following cell failed" in said
    assert NAME in said
    assert IDEA in " ".join(said.split())
    solve(lab, server, "merge")
    assert not lab.run_all()
    lab.screenshot("loop-05-solved")
    assert "Success" in validate(lab, "loop-06-validation-passes")
    submit(lab)

    server.autograder("collect", ASSIGNMENT)
    full, of_the_unit = points(server, NOTEBOOK), points(server, "*")
    grade_in_the_formgrader(lab, f"{full:g} / {of_the_unit:g}")
    assert "graded already" in server.autograder("grade", ASSIGNMENT)
    server.autograder("feedback", ASSIGNMENT)

    page = read_feedback(lab)
    expect(page.locator("body")).to_contain_text(re.compile(rf"{full:g}\s*(/|of)\s*{full:g}"))


def look_everywhere(lab: Lab) -> None:
    """The whole exercise, with a card of each kind, in every theme and width."""
    for theme in THEMES:
        lab.theme(theme)
        for name, size in SIZES.items():
            lab.size(*size)
            lab.screenshot_whole(f"exercise-{theme}-{name}")
    lab.theme("light")
    lab.size(*SIZES["wide"])


def assignment_list(lab: Lab) -> Locator:
    lab.command("nbgrader:open-assignment-list")
    return lab.page.locator("#nbgrader-assignment-list")


def fetch_and_open(lab: Lab) -> None:
    """Nbgrader → Assignment List → Fetch, unfold, click on the notebook."""
    assignments = assignment_list(lab)
    assignments.get_by_role("button", name="Fetch", exact=True).click()
    assignments.locator("a.assignment-notebooks-link").click()
    lab.screenshot("loop-01-fetched")
    assignments.get_by_role("link", name=NOTEBOOK).click()
    lab.wait_for_notebook(FETCHED)
    lab.screenshot("loop-02-exercise")


def answer(lab: Lab, function: str, source: str) -> None:
    lab.type_into(lab.find(function), source)


def solve(lab: Lab, server: Server, function: str) -> None:
    """Type the instructor's solution of `function` into its cell."""
    path = server.course / "solutions" / ASSIGNMENT / f"{NOTEBOOK}.ipynb"
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    solution = next(cell for cell in cells if cell["id"] == function)
    lines = "".join(solution["source"]).splitlines()
    answer(lab, function, "\n".join(line for line in lines if "### " not in line))


def validate(lab: Lab, screenshot: str) -> str:
    """Press Validate above the notebook; what the dialog says."""
    lab.page.get_by_role("button", name="Validate").click()
    dialog = lab.page.locator(".jp-Dialog")
    dialog.wait_for()
    lab.screenshot(screenshot)
    said = dialog.inner_text()
    dialog.get_by_role("button", name="OK").click()
    dialog.wait_for(state="detached")
    return said


def submit(lab: Lab) -> None:
    lab.save()
    assignments = assignment_list(lab)
    assignments.get_by_role("button", name="Submit", exact=True).click()
    assignments.get_by_role("button", name="Fetch Feedback").wait_for()
    lab.screenshot("loop-07-submitted")


def points(server: Server, notebooks: str) -> float:
    """All points of the exercise notebooks of that name, as students get them."""
    paths = (server.course / "exercises" / ASSIGNMENT).glob(f"{notebooks}.ipynb")
    cells = [cell for path in paths for cell in json.loads(path.read_text("utf-8"))["cells"]]
    return float(sum(cell["metadata"].get("nbgrader", {}).get("points", 0) for cell in cells))


def grade_in_the_formgrader(lab: Lab, score: str) -> None:
    """Nbgrader → Formgrader: the hand-in is there; its lightning button grades it."""
    page = formgrader(lab)
    page.locator("td.num-submissions").get_by_text("1").wait_for()
    lab.screenshot("loop-08-formgrader")
    page.locator("td.num-submissions a").click()
    page.locator("td.autograde a").click()
    dialog = page.locator(".modal-dialog")
    # Every notebook of the assignment is run: the whole unit's, though one was worked on.
    expect(dialog).to_contain_text("Successfully autograded", timeout=240_000)
    lab.screenshot("loop-09-autograded")
    dialog.get_by_role("button", name="OK").click()
    page.locator(".modal-backdrop").wait_for(state="detached")
    expect(page.locator("td.status")).to_have_text("graded")
    expect(page.locator("td.score")).to_have_text(score)
    lab.screenshot("loop-10-graded")
    page.locator("td.student-name a").click()
    page.get_by_role("link", name=NOTEBOOK).click()
    page.get_by_text("def max_area").first.wait_for()
    lab.screenshot("loop-11-marked-notebook")


def formgrader(lab: Lab) -> FrameLocator:
    lab.command("nbgrader:open-formgrader")
    return lab.page.locator("#formgrader iframe").content_frame


def read_feedback(lab: Lab) -> FrameLocator:
    """Nbgrader → Assignment List → Fetch Feedback → (view feedback), then open the page."""
    assignments = assignment_list(lab)
    assignments.get_by_role("button", name="Fetch Feedback").click()
    assignments.get_by_text("(view feedback)").click()
    lab.screenshot("loop-12-feedback-fetched")
    lab.page.locator(".jp-DirListing-item", has_text=f"{NOTEBOOK}.html").dblclick()
    page = lab.page.locator(".jp-HTMLViewer iframe").content_frame
    page.locator("body").wait_for()
    lab.screenshot("loop-13-feedback")
    return page
