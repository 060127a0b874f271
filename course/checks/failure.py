"""The exceptions of checks: one that did not hold, and one that is itself wrong."""


class CheckFailure(AssertionError):
    """A check did not hold. Its message is the text of the card; it carries nothing else.

    Jupyter and nbgrader's Validate show a few plain lines instead of a traceback, which would
    show the source of the test.
    """

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text

    def _render_traceback_(self) -> list[str]:
        return self.text.split("\n")


class BadCheck(Exception):
    """The check itself is wrong, whatever the student wrote: its author must mend it."""
