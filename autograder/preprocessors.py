"""nbgrader's steps of autograding, ours: stock `nbgrader autograde` and the formgrader use them.

Sanitise: `Repair`. Then, on the repaired notebook: `Run`, `SaveScores`. What each found goes into
the notebook's metadata under "stepwise": problem (why it could not be graded), repairs, review.
"""

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from nbformat import NotebookNode
from nbgrader.api import Gradebook
from nbgrader.preprocessors import NbGraderPreprocessor, SaveAutoGrades
from traitlets import Bool, Float, Integer

from autograder import handins, pipeline
from autograder.execute import Limits
from autograder.paths import Course
from autograder.repair import layout_of
from autograder.secret import class_secret

Resources = dict[str, Any]
Done = tuple[NotebookNode, Resources]


def _course(preprocessor: NbGraderPreprocessor) -> Course:
    """The course of the converter that runs `preprocessor`."""
    return Course(Path(preprocessor.parent.parent.coursedir.root))


def drop_links(*, notebooks: Sequence[str], **_: str) -> None:
    """Before nbgrader copies the hand-in that `notebooks` lie in: see handins.drop_links."""
    for folder in {Path(notebook).parent for notebook in notebooks}:
        for path in handins.drop_links(folder):
            logging.getLogger("nbgrader").warning("%s was no plain file: removed", path)


class Repair(NbGraderPreprocessor):
    """Every labelled cell there once, in place, and every test the instructor's own."""

    def preprocess(self, nb: NotebookNode, resources: Resources) -> Done:
        names = resources["nbgrader"]
        with Gradebook(names["db_url"]) as gradebook:
            cells = layout_of(gradebook, _course(self), names["assignment"], names["notebook"])
        pipeline.mend(nb, cells)
        return nb, resources


class Run(NbGraderPreprocessor):
    """Runs the notebook within limits. Nothing that happens there stops the grading."""

    cell_seconds = Float(30, help="Time limit of a cell, in seconds.").tag(config=True)
    notebook_seconds = Float(600, help="Time limit of a notebook, in seconds.").tag(config=True)
    restarts = Integer(12, help="Fresh kernels for a notebook that kills them.").tag(config=True)
    sandbox = Bool(True, help="False: run whatever was handed in unconfined.").tag(config=True)

    def limits(self) -> Limits:
        return Limits(
            self.cell_seconds, self.notebook_seconds, restarts=self.restarts, sandbox=self.sandbox
        )

    def preprocess(self, nb: NotebookNode, resources: Resources) -> Done:
        course, names = _course(self), resources["nbgrader"]
        student, assignment = names["student"], names["assignment"]
        # From what was handed in, not from the converter's copy of it: that one followed links.
        folder, extra = course.submitted(student, assignment), course.solutions / assignment
        with pipeline.files_of(folder, extra, self.parent.parent.coursedir.ignore) as files:
            nb = pipeline.run(nb, files, self.limits(), class_secret(course))
            pipeline.read(nb, folder, extra)
        return nb, resources


class SaveScores(SaveAutoGrades):
    """Points into the gradebook; where a person must decide, none, and the cell is flagged."""

    def preprocess(self, nb: NotebookNode, resources: Resources) -> Done:
        self.about = nb.metadata["stepwise"]
        self.about["review"] = []
        saved: Done = super().preprocess(nb, resources)
        return saved

    def _add_score(self, cell: NotebookNode, resources: Resources) -> None:
        grade = self.gradebook.find_grade(
            cell.metadata["nbgrader"]["grade_id"],
            *(self.notebook_id, self.assignment_id, self.student_id),
        )
        grade.auto_score = pipeline.points(cell, self.about)
        # As nbgrader does: a score that a person gave earlier is kept, and wants another look.
        grade.needs_manual_grade = grade.auto_score is None or grade.manual_score is not None
        self.gradebook.db.commit()
