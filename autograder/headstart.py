"""A head start for `autograder grade`: while the command imports what it needs, the sandbox's
server imports what hand-ins need. What cannot be begun here, the command itself reports."""

import contextlib
from collections.abc import Sequence

from autograder.errors import UsageError
from autograder.paths import find_course
from autograder.sandbox import SandboxUnavailable, shared

_NOT_HERE = {"--dask", "--apply", "--no-sandbox", "-h", "--help"}  # no sandbox runs on this machine


def begin(arguments: Sequence[str]) -> None:
    """Start the server, if `arguments`, of `autograder grade`, say that one will be needed."""
    if _NOT_HERE & {argument.partition("=")[0] for argument in arguments}:
        return
    with contextlib.suppress(UsageError, SandboxUnavailable, OSError):
        course = find_course()
        for assignment in set(course.assignments()) & set(arguments):
            files = (course.grading / "submitted").glob(f"*/{assignment}/*.ipynb")
            shared().spare(files)
            shared().launch()
