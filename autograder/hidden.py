"""What is hidden of a test cell: its parts, its released text, and the property it tests."""

import ast
import re
from dataclasses import dataclass

_BEGIN = "### BEGIN HIDDEN TESTS"
_END = "### END HIDDEN TESTS"


@dataclass(frozen=True)
class Part:
    """A run of lines of a cell."""

    source: str
    hidden: bool


def parts(source: str) -> list[Part]:
    """`source` cut at the marks of hidden tests, so that each part can be run by itself.

    A cell whose parts would not parse alone (a mark inside a block) stays one part, all hidden.
    """
    if _BEGIN not in source:
        return [Part(source, hidden=False)]
    found: list[Part] = []
    lines: list[str] = []
    hidden = False
    for line in [*source.splitlines(), None]:
        mark = line is None or (_END if hidden else _BEGIN) in line
        if not mark:
            lines.append(str(line))
            continue
        if any(text.strip() for text in lines):
            found.append(Part("\n".join(lines), hidden))
        lines, hidden = [], line is not None and not hidden
    for part in found:
        try:
            ast.parse(part.source)
        except SyntaxError:
            return [Part(source, hidden=True)]
    return found


def released(source: str) -> str:
    """`source` as students get it: without the hidden tests and their marks."""
    inside = re.compile(rf"^[^\n]*{_BEGIN}.*?{_END}[^\n]*(?:\n|\Z)", flags=re.MULTILINE | re.DOTALL)
    return inside.sub("", source).rstrip("\n")


@dataclass(frozen=True)
class Property:
    """What a check is about, in the words of its author."""

    name: str
    idea: str


def properties(source: str) -> list[Property]:
    """The properties that the checks in `source` name, in order: `with check(name, idea=…)`.

    An idea may be written there or be a text that the cell gave a name before.
    """
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return []
    constants: dict[str, str] = {}
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            constants[node.targets[0].id] = _text(node.value, {})
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "check":
            arguments = {k.arg: k.value for k in node.keywords}
            name = node.args[0] if node.args else arguments.get("name")
            if words := _text(name, constants):
                found.append(Property(words, _text(arguments.get("idea"), constants)))
    return found


def ends_with_result(source: str) -> bool:
    """Whether the last statement of `source` is an expression: a cell's way to give a number."""
    try:
        body = ast.parse(source).body
    except SyntaxError:
        return True  # magics or the like: cannot tell, so a result is not held against it
    return bool(body) and isinstance(body[-1], ast.Expr)


def _text(node: ast.AST | None, constants: dict[str, str]) -> str:
    """The text that `node` stands for, in one line; "" if that cannot be read from the source."""
    if isinstance(node, ast.Name):
        return constants.get(node.id, "")
    value = node.value if isinstance(node, ast.Constant) else None
    return " ".join(value.split()) if isinstance(value, str) else ""
