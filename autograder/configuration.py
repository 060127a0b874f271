"""nbgrader's configuration for this course: for its commands, the formgrader and ours alike."""

import os
import sys
from pathlib import Path

from traitlets.config import Config

from autograder.paths import DATABASE, Course
from autograder.reports import write_index


def configure(config: Config, course: Course) -> Config:
    """Fill `config` (nbgrader's) with this course's folders and steps, and return it.

    The folders that nbgrader expects to find are made, and an empty page of class reports.
    """
    grading, work = course.grading, course.work
    for folder in (grading, work):
        folder.mkdir(parents=True, exist_ok=True)
    if not (course.reports / "index.html").exists():
        write_index(course)  # JupyterLab's menu leads to it
    _put_own_programs_on_path()
    config.CourseDirectory.course_id = "stepwise"
    config.CourseDirectory.root = str(course.root)
    config.CourseDirectory.source_directory = "solutions"
    config.CourseDirectory.release_directory = "exercises"
    config.CourseDirectory.submitted_directory = "grading/submitted"
    config.CourseDirectory.autograded_directory = "grading/autograded"
    config.CourseDirectory.feedback_directory = "grading/feedback"
    config.CourseDirectory.db_url = gradebook_url(course)
    # A text source holds the answers: it must never be copied into the release beside its notebook.
    config.CourseDirectory.ignore = [
        *("*.py", "*.pyc", "__pycache__", ".ipynb_checkpoints", "kept", "feedback"),
    ]
    config.Exchange.root = str(grading / "exchange")
    config.Exchange.assignment_dir = str(work)
    config.ExchangeFactory.release_assignment = "autograder.exchange.SafeRelease"
    config.ExchangeFactory.collect = "autograder.exchange.KeepingCollect"
    _configure_steps(config)
    return config


def gradebook_url(course: Course) -> str:
    """Where the gradebook is: STEPWISE_DB (which `--db` sets), else a SQLite file in grading/."""
    return os.environ.get(DATABASE) or f"sqlite:///{course.grading / 'gradebook.db'}"


def _configure_steps(config: Config) -> None:
    """The steps of nbgrader's engine: its own lists, with our steps in place."""
    from nbgrader.converters import GenerateAssignment

    stock = [f"{p.__module__}.{p.__name__}" for p in GenerateAssignment.preprocessors.default()]
    # The list ends with this, so that nbgrader's own command, the formgrader's button and ours
    # write the same bytes.
    config.GenerateAssignment.preprocessors = [*stock, "autograder.notebooks.Canonical"]
    config.Autograde.pre_convert_hook = "autograder.preprocessors.drop_links"
    config.Autograde.exporter_class = "autograder.intake.SubmissionExporter"
    config.Autograde.sanitize_preprocessors = [
        "autograder.preprocessors.Repair",
        "nbgrader.preprocessors.CheckCellMetadata",
    ]
    config.Autograde.autograde_preprocessors = [
        "autograder.preprocessors.Run",
        "nbgrader.preprocessors.LimitOutput",
        "autograder.preprocessors.SaveScores",
        "nbgrader.preprocessors.AssignLatePenalties",
        "autograder.sanitise.SafeOutputs",
        "nbgrader.preprocessors.CheckCellMetadata",
    ]
    config.AssignLatePenalties.plugin_class = "autograder.late.LatePenalty"
    config.GenerateFeedback.exporter_class = "autograder.feedback.FeedbackPage"
    config.GenerateFeedback.preprocessors = [
        "nbgrader.preprocessors.GetGrades",
        "autograder.sanitise.SafeOutputs",
    ]


def _put_own_programs_on_path() -> None:
    """nbgrader calls `alembic` by name: it is beside this Python, which PATH need not name."""
    programs = str(Path(sys.executable).parent)
    path = os.environ.get("PATH", "")
    if programs not in path.split(os.pathsep):
        os.environ["PATH"] = os.pathsep.join([programs, path])
