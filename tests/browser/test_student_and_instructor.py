"""The whole way of an exercise, as student and instructor walk it in JupyterLab."""

import json
import re

import pytest
from playwright.sync_api import FrameLocator, Locator, expect

from tests.browser.lab import Lab
from tests.browser.server import Server

ASSIGNMENT, NOTEBOOK = "01_algorithms", "two_pointers"
FETCHED = f"work/{ASSIGNMENT}/{NOTEBOOK}.ipynb"

# The mistake that `merge` is about: from the front, what is not yet read gets overwritten.
MERGE_FROM_THE_FRONT = """\
def merge(nums1, m, nums2, n):
    read = place = 0
    for value in nums2:
        while read < m and nums1[read] <= value:
            read += 1
            place += 1
        nums1[place] = value
        place += 1
"""


@pytest.mark.timeout(600)
def test_an_exercise_goes_from_release_to_feedback(lab: Lab, server: Server) -> None:
    lab.theme("light")
    server.autograder("release", ASSIGNMENT, "--skip-proof")

    fetch_and_open(lab)
    solve(lab, server, "max_area")
    answer(lab, "merge", MERGE_FROM_THE_FRONT)
    said = validate(lab, "loop-03-validation-fails")
    assert "The following cell failed" in said
    assert "overwrite" in said.lower(), said  # the idea that is missing, in words
    solve(lab, server, "merge")
    assert "Success" in validate(lab, "loop-04-validation-passes")
    submit(lab)

    server.autograder("collect", ASSIGNMENT)
    full = points(server)
    grade_in_the_formgrader(lab, f"{full:g} / {full:g}")
    assert "graded already" in server.autograder("grade", ASSIGNMENT)
    server.autograder("feedback", ASSIGNMENT)

    page = read_feedback(lab)
    expect(page.locator("body")).to_contain_text(re.compile(rf"{full:g}\s*(/|of)\s*{full:g}"))


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
    lab.screenshot("loop-05-submitted")


def points(server: Server) -> float:
    """All points of the exercise, from the notebook that students get."""
    path = server.course / "exercises" / ASSIGNMENT / f"{NOTEBOOK}.ipynb"
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return float(sum(cell["metadata"].get("nbgrader", {}).get("points", 0) for cell in cells))


def grade_in_the_formgrader(lab: Lab, score: str) -> None:
    """Nbgrader → Formgrader: the hand-in is there; its lightning button grades it."""
    page = formgrader(lab)
    page.locator("td.num-submissions").get_by_text("1").wait_for()
    lab.screenshot("loop-06-formgrader")
    page.locator("td.num-submissions a").click()
    page.locator("td.autograde a").click()
    dialog = page.locator(".modal-dialog")
    expect(dialog).to_contain_text("Successfully autograded")
    lab.screenshot("loop-07-autograded")
    dialog.get_by_role("button", name="OK").click()
    expect(page.locator("td.status")).to_have_text("graded")
    expect(page.locator("td.score")).to_have_text(score)
    lab.screenshot("loop-08-graded")
    page.locator("td.student-name a").click()
    page.get_by_role("link", name=NOTEBOOK).click()
    page.get_by_text("def max_area").first.wait_for()
    lab.screenshot("loop-09-marked-notebook")


def formgrader(lab: Lab) -> FrameLocator:
    lab.command("nbgrader:open-formgrader")
    return lab.page.locator("#formgrader iframe").content_frame


def read_feedback(lab: Lab) -> FrameLocator:
    """Nbgrader → Assignment List → Fetch Feedback → (view feedback), then open the page."""
    assignments = assignment_list(lab)
    assignments.get_by_role("button", name="Fetch Feedback").click()
    assignments.get_by_text("(view feedback)").click()
    lab.screenshot("loop-10-feedback-fetched")
    lab.page.locator(".jp-DirListing-item", has_text=f"{NOTEBOOK}.html").dblclick()
    page = lab.page.locator(".jp-HTMLViewer iframe").content_frame
    page.locator("body").wait_for()
    lab.screenshot("loop-11-feedback")
    return page
