"""Pieces of the course's own files, shown in a lesson as they stand there.

    excerpt(flash_forward_kernel, "i = m0", "l = tl.zeros")    # of a function, from line to line
    benchmark("flash forward")                                 # of the recorded measurements

Nothing is copied into the lesson, so that lesson and file cannot disagree; when a piece is gone,
the lesson fails, and its test with it.
"""

import ast
import inspect
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "kernels" / "bench" / "results" / "README.md"


@dataclass(frozen=True)
class Excerpt:
    """Lines of one function. `first` is the number in its file of the first of them."""

    file: str
    first: int
    text: str

    @property
    def caption(self) -> str:
        """Where it stands: `kernels/flash_attention.py, lines 210–212`."""
        last = self.first + self.text.count("\n")
        lines = f"line {self.first}" if last == self.first else f"lines {self.first}–{last}"
        return f"{self.file}, {lines}"

    def _repr_markdown_(self) -> str:
        return f"`{self.caption}`\n\n```python\n{self.text}\n```\n"

    def __repr__(self) -> str:
        return f"{self.caption}\n\n{self.text}"


def excerpt(function: Callable[..., Any], first: str = "", last: str = "") -> Excerpt:
    """The lines of a function from the one that begins with `first` to the statement at `last`.

    Args:
        function: a function, class, or kernel under `@triton.jit`.
        first: how the first line begins; "" for the function's own first line.
        last: how the last statement begins, the first such line from there on; "" for the
            statement at `first` alone, or all of the function.

    Raises:
        ValueError: no line begins so, or `first` fits several.
    """
    inner = getattr(function, "fn", function)  # what @triton.jit has wrapped
    lines, number = inspect.getsourcelines(inner)
    texts = [line.rstrip("\n") for line in lines]
    begin = end = _line(texts, first, inner.__name__) if first else 0
    if last:
        end += _line(texts[begin:], last, inner.__name__, several=True)
    end = _end_of_statement(lines, end) if first or last else len(texts) - 1
    path = Path(inspect.getsourcefile(inner) or "")
    file = path.relative_to(ROOT).as_posix() if path.is_relative_to(ROOT) else path.name
    text = textwrap.dedent("\n".join(texts[begin : end + 1]))
    return Excerpt(file, max(number, 1) + begin, text)


def _line(texts: list[str], start: str, name: str, several: bool = False) -> int:
    found = [number for number, text in enumerate(texts) if text.lstrip().startswith(start)]
    if not found:
        raise ValueError(f"no line of {name} begins with {start!r}")
    if len(found) > 1 and not several:
        raise ValueError(f"{len(found)} lines of {name} begin with {start!r}")
    return found[0]


def _end_of_statement(lines: list[str], number: int) -> int:
    """The last line of the statement that begins on this line (both from 0)."""
    tree = ast.parse(textwrap.dedent("".join(lines)))
    ends = [
        node.end_lineno - 1
        for node in ast.walk(tree)
        if isinstance(node, ast.stmt) and node.lineno - 1 == number and node.end_lineno
    ]
    return max(ends, default=number)


class Table(str):
    """A table in Markdown, shown as one."""

    __slots__ = ()

    def _repr_markdown_(self) -> str:
        return str(self)

    def __repr__(self) -> str:
        return str(self)


def benchmark(kernel: str) -> Table:
    """What `python -m kernels.bench` has recorded of the kernels with this name, as it says it.

    Raises:
        ValueError: no kernel of the record is called so.
    """
    lines = RESULTS.read_text(encoding="utf-8").splitlines()
    head = next(i for i, line in enumerate(lines) if line.startswith("| kernel"))
    rows = [line for line in lines[head + 2 :] if line.startswith(f"| {kernel}")]
    if not rows:
        raise ValueError(f"the record has no kernel called {kernel!r}")
    machine = [line for line in lines[:head] if line.startswith(("Machine:", "Command:", "No GPU"))]
    return Table("\n\n".join([*machine, "\n".join([*lines[head : head + 2], *rows])]))


def together(*excerpts: Excerpt) -> Table:
    """Several excerpts, one below the other."""
    return Table("\n".join(piece._repr_markdown_() for piece in excerpts))
