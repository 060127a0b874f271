"""What a hidden check takes care of: nothing of it is shown, and nothing of it stays behind."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from io import StringIO
from typing import Any


@contextmanager
def silence() -> Iterator[None]:
    """Drop what is printed or displayed meanwhile: a student's print would show the inputs."""
    if "IPython" in sys.modules:
        from IPython.utils.capture import capture_output

        with capture_output():
            yield
    else:
        with redirect_stdout(StringIO()), redirect_stderr(StringIO()):
            yield


def restore(namespace: dict[str, Any], kept: dict[str, Any]) -> None:
    """Make `namespace` what it was: a later cell must not read the names of a hidden test."""
    for name in [name for name in namespace if name not in kept]:
        del namespace[name]
    namespace.update(kept)
