"""nbgrader's engine, set up for a course and driven in this process."""

import contextlib
import logging
import os
import warnings
from collections.abc import Iterator
from typing import Any

from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError, SAWarning
from tornado.log import app_log
from traitlets.config import Config, PyFileConfigLoader

from autograder.configuration import configure
from autograder.errors import UsageError
from autograder.paths import DATABASE, Course

EXAMPLE = "postgresql://user:password@host/database"


class StepFailed(RuntimeError):
    """A step of nbgrader did not succeed; the message is its reason, in one line."""


class Engine:
    """nbgrader's steps for one course. Each raises StepFailed with the reason."""

    def __init__(self, course: Course, settings: Config | None = None) -> None:
        """`settings` overrides the course's configuration, for example time limits.

        Raises UsageError if the course's nbgrader_config.py cannot be read.
        """
        from nbgrader.api import Gradebook
        from nbgrader.auth import Authenticator
        from nbgrader.coursedir import CourseDirectory

        self.course = course
        self.config = _configuration(course)
        if os.environ.get(DATABASE):  # whatever nbgrader_config.py says
            self.config.CourseDirectory.db_url = os.environ[DATABASE]
        if settings:
            self.config.merge(settings)
        self.url = str(self.config.CourseDirectory.db_url)
        _check_driver(self.url)
        self.coursedir = CourseDirectory(config=self.config)
        self.authenticator = Authenticator(config=self.config)
        logging.getLogger("alembic").setLevel(logging.WARNING)
        Gradebook(self.url, self.coursedir.course_id).close()  # made once, up front

    def autograde(self, assignment: str, student: str, *, again: bool) -> None:
        """Grade the hand-in of `student`; `again` also if that was done before."""
        from nbgrader.converters import Autograde

        self._convert(Autograde, assignment, student, force=again)

    def generate_feedback(self, assignment: str, student: str) -> None:
        from nbgrader.converters import GenerateFeedback

        self._convert(GenerateFeedback, assignment, student, force=True)

    def release_assignment(self, assignment: str, *, again: bool) -> None:
        self._exchange("ReleaseAssignment", assignment, force=again)

    def collect(self, assignment: str) -> None:
        self._exchange("Collect", assignment, update=True)

    def release_feedback(self, assignment: str, student: str) -> None:
        self._exchange("ReleaseFeedback", assignment, student)

    def _convert(self, kind: type, assignment: str, student: str, *, force: bool) -> None:
        with self._about(assignment, student):
            converter = kind(coursedir=self.coursedir, config=self.config)
            converter.force = force
            _start(converter)

    def _exchange(self, action: str, assignment: str, student: str = "*", **traits: bool) -> None:
        from nbgrader.exchange import ExchangeFactory

        with self._about(assignment, student):
            factory = ExchangeFactory(config=self.config)
            step = getattr(factory, action)(
                coursedir=self.coursedir, authenticator=self.authenticator, config=self.config
            )
            for name, value in traits.items():
                setattr(step, name, value)
            _start(step)

    @contextlib.contextmanager
    def _about(self, assignment: str, student: str) -> Iterator[None]:
        self.coursedir.assignment_id, self.coursedir.student_id = assignment, student
        here = os.getcwd()
        try:
            yield
        finally:
            os.chdir(here)
            self.coursedir.assignment_id, self.coursedir.student_id = "", "*"


def _configuration(course: Course) -> Config:
    """What nbgrader's own commands read, with what an instructor wrote there."""
    path = course.root / "nbgrader_config.py"
    if not path.is_file():
        return configure(Config(), course)
    try:
        return PyFileConfigLoader(path.name, path=str(course.root)).load_config()
    except Exception as error:
        raise UsageError(f"{path.name}: {type(error).__name__}: {error}.") from error


def _check_driver(url: str) -> None:
    """Raises UsageError if there is no way to a database at `url`, with what to do about it."""
    try:
        make_url(url).get_dialect().import_dbapi()
    except ArgumentError as error:
        raise UsageError(f"{url!r} is no database's URL, like {EXAMPLE}.") from error
    except ImportError as error:
        raise UsageError(
            f"there is no driver for {url.partition(':')[0]} ({error}): for PostgreSQL, "
            "pip install 'psycopg[binary]'."
        ) from error


def _start(step: Any) -> None:
    with captured_log(step.log) as messages, known_remarks():
        try:
            step.start()
        except (Exception, SystemExit) as error:
            raise StepFailed(reason(messages, error)) from error


@contextlib.contextmanager
def known_remarks() -> Iterator[None]:
    """nbgrader 0.9.6 makes a submission in a way that SQLAlchemy 2 remarks on, and leaves a file to
    be closed by itself; nothing is lost by either, and nothing is said of either meanwhile. Nor of
    what the database refuses: it is raised too."""
    with captured_log(app_log), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Object of type .* not in session", SAWarning)
        warnings.filterwarnings("ignore", r"unclosed file .*timestamp\.txt", ResourceWarning)
        yield


def reason(messages: list[str], error: BaseException) -> str:
    """The line of nbgrader's log that says what went wrong; it may be a traceback's last one."""
    for message in messages:
        lines = message.strip().splitlines()
        if lines and lines[0].startswith("Traceback"):
            return lines[-1]
    return messages[0].splitlines()[0] if messages and messages[0] else str(error)


@contextlib.contextmanager
def captured_log(logger: logging.Logger) -> Iterator[list[str]]:
    """The error messages that `logger` gets meanwhile; nothing is printed."""
    messages: list[str] = []

    class Collect(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if record.levelno >= logging.ERROR:
                messages.append(record.getMessage())

    old: tuple[int, bool, list[logging.Handler]]
    old = (logger.level, logger.propagate, logger.handlers)
    logger.handlers, logger.propagate = [Collect()], False
    logger.setLevel(logging.INFO)
    try:
        yield messages
    finally:
        level, logger.propagate, logger.handlers = old
        logger.setLevel(level)
