"""Errors that a person can act on."""


class UsageError(Exception):
    """Wrong usage or set-up. Its message is one sentence that says what to do; exit code 2."""


class Stopped(Exception):
    """The work cannot go on now. Its message says why, and that nothing is lost; exit code 1."""
