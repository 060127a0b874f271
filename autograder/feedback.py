"""`autograder feedback`: a page for each graded notebook, handed back through the exchange."""

import argparse
from pathlib import Path
from typing import Any

from nbconvert.exporters import Exporter
from nbformat import NotebookNode
from nbgrader.api import Gradebook

from autograder import gradebook as book
from autograder import late
from autograder.engine import Engine, StepFailed
from autograder.errors import UsageError
from autograder.page import feedback_page
from autograder.paths import Course, find_course
from autograder.secret import class_secret

HELP = "give students their feedback"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("assignment", help="for example 01_algorithms")
    parser.add_argument("--student", nargs="+", metavar="ID", help="only these students")


def run(options: argparse.Namespace) -> int:
    course = find_course()
    assignment = course.assignment(options.assignment)
    engine = Engine(course)
    late.settle(engine.config, engine.url, assignment)
    standings = book.standings(course, engine.url, assignment, options.student)
    handed_in = [s for s in standings if s.status != book.NOT_HANDED_IN]
    if not handed_in:
        raise UsageError(f"there is no hand-in of {assignment} to give feedback on.")
    failed = []
    for standing in handed_in:
        if standing.status == book.NOT_GRADED:
            failed.append(f"{standing.student}: not graded yet")
            continue
        try:
            engine.generate_feedback(assignment, standing.student)
            engine.release_feedback(assignment, standing.student)
        except StepFailed as error:
            failed.append(f"{standing.student}: {error}")
    print(
        f"feedback on {assignment}: {len(handed_in) - len(failed)} students "
        f"(pages in {(course.grading / 'feedback').relative_to(course.root)})"
    )
    print("students: Nbgrader → Assignment List → Fetch Feedback.")
    for line in failed:
        print(f"  no feedback for {line}")
    return 1 if failed else 0


class FeedbackPage(Exporter):
    """nbgrader's `generate_feedback` writes this page instead of its own."""

    file_extension = ".html"
    output_mimetype = "text/html"

    def from_notebook_node(
        self, nb: NotebookNode, resources: Any = None, **options: Any
    ) -> tuple[Any, dict[str, Any]]:
        nb, resources = super().from_notebook_node(nb, resources, **options)
        names = resources["nbgrader"]
        with Gradebook(names["db_url"]) as gradebook:
            submitted = gradebook.find_submission_notebook(
                names["notebook"], names["assignment"], names["student"]
            )
            waiting = {
                grade.name
                for grade in submitted.grades
                if grade.auto_score is None and grade.manual_score is None
            }
        converter: Any = self.parent
        course = Course(Path(converter.coursedir.root))
        lesson = course.lessons / names["assignment"] / f"{names['notebook']}.ipynb"
        shown = str(lesson.relative_to(course.root)) if lesson.exists() else ""
        perfect = names["score"] >= names["max_score"]
        title = names["notebook"].replace("_", " ")
        page = feedback_page(nb, title, names, waiting, "" if perfect else shown)
        return page.replace(class_secret(course), "…"), resources
