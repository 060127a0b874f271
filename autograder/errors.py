"""Errors that a person can act on."""


class UsageError(Exception):
    """Wrong usage or set-up. Its message is one sentence that says what to do; exit code 2."""
