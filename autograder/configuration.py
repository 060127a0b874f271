"""nbgrader's configuration for this course: for its commands, the formgrader and ours alike."""

from traitlets.config import Config

from autograder.notebooks import Canonical
from autograder.paths import Course


def configure(config: Config, course: Course) -> Config:
    """Fill `config` (nbgrader's) with this course's folders and preprocessors, and return it."""
    from nbgrader.converters import GenerateAssignment

    grading = course.grading
    config.CourseDirectory.course_id = "stepwise"
    config.CourseDirectory.root = str(course.root)
    config.CourseDirectory.source_directory = "solutions"
    config.CourseDirectory.release_directory = "exercises"
    config.CourseDirectory.submitted_directory = "grading/submitted"
    config.CourseDirectory.autograded_directory = "grading/autograded"
    config.CourseDirectory.feedback_directory = "grading/feedback"
    config.CourseDirectory.db_url = f"sqlite:///{grading / 'gradebook.db'}"
    # A text source holds the answers: it must never be copied into the release beside its notebook.
    config.CourseDirectory.ignore = ["*.py", ".ipynb_checkpoints", "*.pyc", "__pycache__", "kept"]
    config.Exchange.root = str(grading / "exchange")
    config.Exchange.assignment_dir = str(course.root / "work")
    # The default list ends with this, so that nbgrader's own command, the formgrader's button and
    # ours write the same bytes.
    preprocessors = GenerateAssignment.preprocessors.default()
    config.GenerateAssignment.preprocessors = [*preprocessors, Canonical]
    return config
