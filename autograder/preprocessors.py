"""nbgrader's steps of autograding, ours: stock `nbgrader autograde` and the formgrader use them.

Sanitise: `Repair`. Then, on the repaired notebook: `Run`, `SaveScores`. What each found goes into
the notebook's metadata under "stepwise": problem (why it could not be graded), repairs, review.
"""

from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode
from nbgrader.api import Gradebook
from nbgrader.preprocessors import NbGraderPreprocessor, SaveAutoGrades
from traitlets import Bool, Float, Integer

from autograder.execute import KernelUnavailable, Limits, execute
from autograder.intake import Unreadable, grade_id, read_notebook
from autograder.paths import Course
from autograder.repair import layout, repair
from autograder.score import score
from autograder.notebooks import fingerprint
from autograder.secret import class_secret, hidden_environment

Resources = dict[str, Any]
Done = tuple[NotebookNode, Resources]


def _course(preprocessor: NbGraderPreprocessor) -> Course:
    """The course of the converter that runs `preprocessor`."""
    return Course(Path(preprocessor.parent.parent.coursedir.root))


class Repair(NbGraderPreprocessor):
    """Every labelled cell there once, in place, and every test the instructor's own."""

    def preprocess(self, nb: NotebookNode, resources: Resources) -> Done:
        names = resources["nbgrader"]
        problem = nb.metadata.get("stepwise", {}).get("unreadable")
        released = _course(self).exercises / names["assignment"] / f"{names['notebook']}.ipynb"
        try:
            order = [grade_id(cell) or "" for cell in read_notebook(released.read_bytes()).cells]
        except (OSError, Unreadable):
            order = []
        with Gradebook(names["db_url"]) as gradebook:
            cells = layout(gradebook, names["assignment"], names["notebook"], order)
        repairs = repair(nb, cells)
        nb.metadata = nbformat.from_dict({"stepwise": {"repairs": repairs}})
        if problem:
            sentence = f"The file that was handed in could not be read: {problem}."
            nb.cells.insert(0, nbformat.v4.new_markdown_cell(sentence, id="problem"))
            nb.metadata["stepwise"] = {"repairs": [], "problem": sentence}
        return nb, resources


class Run(NbGraderPreprocessor):
    """Runs the notebook within limits. Nothing that happens there stops the grading."""

    cell_seconds = Float(30, help="Time limit of a cell, in seconds.").tag(config=True)
    notebook_seconds = Float(600, help="Time limit of a notebook, in seconds.").tag(config=True)
    sandbox = Bool(True, help="False: run without a sandbox.").tag(config=True)
    restarts = Integer(12, help="Fresh kernels for a notebook that kills them.").tag(config=True)

    def preprocess(self, nb: NotebookNode, resources: Resources) -> Done:
        about = nb.metadata["stepwise"]
        if about.get("problem"):
            return nb, resources
        limits = Limits(
            self.cell_seconds, self.notebook_seconds, restarts=self.restarts, sandbox=self.sandbox
        )
        secret = hidden_environment(class_secret(_course(self)), fingerprint(nb))
        try:
            nb = execute(nb, Path(resources["metadata"]["path"]), limits, secret)
        except KernelUnavailable as error:
            about["problem"] = f"It could not be run: {error}."
            about["again"] = True  # the grader's trouble: the next run grades it again
        return nb, resources


class SaveScores(SaveAutoGrades):
    """Points into the gradebook; where a person must decide, none, and the cell is flagged."""

    def preprocess(self, nb: NotebookNode, resources: Resources) -> Done:
        self.about = nb.metadata["stepwise"]
        self.about["review"] = []
        saved: Done = super().preprocess(nb, resources)
        return saved

    def _add_score(self, cell: NotebookNode, resources: Resources) -> None:
        name = cell.metadata["nbgrader"]["grade_id"]
        grade = self.gradebook.find_grade(
            name, self.notebook_id, self.assignment_id, self.student_id
        )
        points, reason = None, self.about.get("problem", "")
        if not reason:
            scored = score(cell)
            points, reason = scored.points, scored.reason
            if points and self.about.get("surprises"):
                points, reason = None, f"not believed: {'; '.join(self.about['surprises'])}"
        if reason and "problem" not in self.about:
            self.about["review"].append(f"{name}: {reason}")
        grade.auto_score = points
        # As nbgrader does: a score that a person gave earlier is kept, and wants another look.
        grade.needs_manual_grade = points is None or grade.manual_score is not None
        self.gradebook.db.commit()
