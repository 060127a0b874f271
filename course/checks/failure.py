"""The exceptions of checks: one that did not hold, and one that is itself wrong."""

import os


class CheckFailure(AssertionError):
    """A check did not hold. Its message is the text of the card; it carries nothing else.

    Instead of a traceback, which would show the source of the test, there are a few plain lines:
    the first one of the card in a notebook, where the card stands right above; the whole card where
    nbgrader runs it, whose Validate shows nothing else.
    """

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text

    def _render_traceback_(self) -> list[str]:
        lines = self.text.split("\n")
        return lines if "NBGRADER_EXECUTION" in os.environ else lines[:1]


class BadCheck(Exception):
    """The check itself is wrong, whatever the student wrote: its author must mend it."""
