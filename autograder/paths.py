"""Where things lie in a checkout of the course. The only place that knows the folder names."""

import os
import re
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from autograder.errors import UsageError

DATABASE = "STEPWISE_DB"  # the environment variable with the gradebook's URL
UNIT = re.compile(r"\d\d_[a-z0-9_]+")


@dataclass(frozen=True)
class Course:
    """The folders of one checkout. `root` holds nbgrader_config.py."""

    root: Path

    @property
    def lessons(self) -> Path:
        return self.root / "course"

    @property
    def solutions(self) -> Path:
        return self.root / "solutions"

    @property
    def exercises(self) -> Path:
        return self.root / "exercises"

    @property
    def answers(self) -> Path:
        """Wrong and right answers that the tests of the exercises are proven against."""
        return self.root / "tests" / "answers"

    @property
    def grading(self) -> Path:
        return self.root / "grading"

    @property
    def reports(self) -> Path:
        """A folder for each assignment's class report."""
        return self.grading / "reports"

    @property
    def work(self) -> Path:
        """Where a student's JupyterLab puts assignments that it fetched."""
        return self.root / "work"

    def submitted(self, student: str, assignment: str) -> Path:
        """Where the hand-in of `student` lies."""
        return self.grading / "submitted" / student / assignment

    def autograded(self, student: str, assignment: str) -> Path:
        """Where the executed notebooks of the hand-in of `student` lie."""
        return self.grading / "autograded" / student / assignment

    def refused(self, assignment: str) -> Path:
        """Where the last `collect` wrote what it could not use as it came, a sentence a line."""
        return self.grading / "refused" / f"{assignment}.txt"

    @property
    def kept(self) -> Path:
        """Copies of notebooks that somebody had changed and a command was about to replace."""
        return self.root / "kept"

    def assignments(self) -> list[str]:
        """Names of all assignments, in order, read from the text sources."""
        folders = self.solutions.iterdir() if self.solutions.is_dir() else []
        return sorted(f.name for f in folders if UNIT.fullmatch(f.name) and any(f.glob("*.py")))

    def assignment(self, name: str) -> str:
        """`name` itself if it is an assignment; raises UsageError with the nearest name if not."""
        known = self.assignments()
        if name in known:
            return name
        near = get_close_matches(name, known, n=1, cutoff=0.4)
        hint = f"Did you mean {near[0]}?" if near else f"There are: {', '.join(known) or 'none'}."
        raise UsageError(f"there is no assignment {name!r}. {hint}")


def find_course(start: Path | None = None) -> Course:
    """The course around `start` (default: the working directory, else this installation)."""
    given = os.environ.get("STEPWISE_ROOT")
    if given:
        start = Path(given)
    begin = (start or Path.cwd()).resolve()
    installed = Path(__file__).resolve().parent.parent
    for folder in [begin, *begin.parents, installed]:
        if (folder / "nbgrader_config.py").is_file() and (folder / "course").is_dir():
            return Course(folder)
    raise UsageError("run this inside a checkout of the course (nbgrader_config.py was not found).")
