"""What went wrong in the reader's code, in words: the error, and the line that raised it."""

import linecache
import traceback
from collections.abc import Callable
from typing import Any

from course.widgets.limits import Cut


def explain(error: BaseException, fn: Callable[..., Any] | None = None) -> dict[str, Any]:
    """{"text", "function", "line", "code"}: the innermost line of the file that `fn` is written in.

    The last three are None and "" when no line of that file took part.
    """
    name = getattr(fn, "__name__", type(fn).__name__) if fn is not None else None
    home = getattr(_innermost(fn), "__code__", None)
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
    lines = [line for _, line in traceback.walk_tb(error.__traceback__)]
    own = [
        (frame, line)
        for frame, line in zip(frames, lines, strict=True)
        if home is not None and frame.f_code.co_filename == home.co_filename
    ]
    said = {"text": _said(error), "function": name, "line": None, "code": ""}
    if own:
        frame, line = own[-1]
        said["line"] = line
        said["code"] = linecache.getline(frame.f_code.co_filename, line).strip()
        if not frame.f_code.co_name.startswith("<"):
            said["function"] = frame.f_code.co_name
    return said


def sentence(problem: dict[str, Any]) -> str:
    """The problem as one line of text."""
    if problem["line"] is None:
        where = f" in {problem['function']}" if problem["function"] else ""
        return f"{problem['text']}{where}"
    code = f": {problem['code']}" if problem["code"] else ""
    return f"{problem['text']} (in {problem['function']}, line {problem['line']}{code})"


def _said(error: BaseException) -> str:
    if isinstance(error, Cut):
        return "This took too long and was stopped. Is there a loop that never ends?"
    message = " ".join(str(error).split())
    if len(message) > 400:
        message = message[:399] + "…"
    return f"{type(error).__name__}: {message}" if message else type(error).__name__


def _innermost(fn: Any) -> Any:
    """The function behind decorators, partials and bound methods, as far as they say."""
    for _ in range(20):
        inner = getattr(fn, "__wrapped__", None) or getattr(fn, "func", None)
        inner = inner or getattr(fn, "__func__", None)
        if inner is None:
            break
        fn = inner
    if not hasattr(fn, "__code__") and callable(fn):
        return getattr(type(fn), "forward", None) or type(fn).__call__
    return fn
