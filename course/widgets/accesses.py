"""Which list elements a line is about to touch, and which names point into which list.

Found from the syntax tree by a small interpreter that only ever evaluates what cannot have an
effect: names, constants, arithmetic on plain numbers, comparisons, and elements of plain lists,
tuples, strings and dictionaries. It follows `and`, `or` and `if … else` the way Python does, so
`while j >= 0 and nums2[j] > x` does not claim to read `nums2[-1]`. Whatever it cannot know it
leaves out.
"""

import ast
import operator
from collections.abc import Callable, Iterator, Mapping
from typing import Any

Access = tuple[str, Any, list[Any]]  # name of the container, the container, index path
FunctionKey = tuple[str, int]  # name, first line
Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda

UNKNOWN: Any = object()
_NUMBERS = (bool, int, float)
_SCALARS = (bool, int, float, str, type(None))
_SEQUENCES = (list, tuple, str)
_KEYED = (set, frozenset, dict)
_LIMIT = 2**63

_ARITHMETIC: dict[type, Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.FloorDiv: operator.floordiv,
    ast.Div: operator.truediv,
    ast.Mod: operator.mod,
}
_COMPARISONS: dict[type, Callable[[Any, Any], Any]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}
_BUILTINS: dict[str, Callable[..., Any]] = {"len": len, "min": min, "max": max, "abs": abs}


class Accesses:
    """Reads, writes and pointers of the functions in one piece of source text.

    `source` starts at line `first_line` of its file. Source that does not parse has no accesses.
    A function is known by its name and first line (its first decorator's), as its code object is.
    """

    def __init__(self, source: str, first_line: int = 1) -> None:
        self._statements: dict[tuple[FunctionKey, int], list[ast.AST]] = {}
        self._pointers: dict[FunctionKey, list[tuple[str, str, ast.expr, bool]]] = {}
        self._walks: dict[FunctionKey, list[tuple[int, int, str, str]]] = {}
        self._stores_attributes = False
        self._loops: list[ast.While | ast.For] = []
        try:
            tree = ast.parse(source)
        except (SyntaxError, ValueError, RecursionError):
            return
        ast.increment_lineno(tree, first_line - 1)
        for node in ast.walk(tree):
            if isinstance(node, (ast.While, ast.For)):
                self._loops.append(node)
            if isinstance(node, ast.Attribute) and not isinstance(node.ctx, ast.Load):
                self._stores_attributes = True
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
                self._add(node)

    def _add(self, function: Function) -> None:
        key = _key(function)
        self._pointers[key] = list(_pointer_expressions(function))
        self._walks[key] = list(_walks(function))
        for node in _own_nodes(function):
            if isinstance(node, ast.stmt) or node is function.body:
                for line in _header_lines(node):
                    self._statements.setdefault((key, line), []).append(node)

    def at(
        self, function: FunctionKey, line: int, names: Mapping[str, Any]
    ) -> tuple[list[Access], list[Access]]:
        """(reads, writes) of the line that is about to run in `function`, with these local
        names.
        """
        looker = _Looker(names, line)
        for node in self._statements.get((function, line), ()):
            looker.run(node)
        return looker.reads, looker.writes

    def pointers(
        self, function: FunctionKey, names: Mapping[str, Any]
    ) -> Iterator[tuple[str, str, int]]:
        """(container name, pointer label, index) for each known index of `function`."""
        for container, label, index, looked_up in self._pointers.get(function, ()):
            if container not in names or (looked_up and type(names[container]) not in _KEYED):
                continue
            value = _Looker(names, None).value(index)
            if type(value) is int:
                yield container, label, value

    def walks(self, function: FunctionKey) -> list[tuple[int, int, str, str]]:
        """(first line, last line, container, name) of each loop `for name in container`."""
        return self._walks.get(function, [])

    @property
    def stores_attributes(self) -> bool:
        """Whether any line sets an attribute of an object: `node.left = None`."""
        return self._stores_attributes

    def loop_around(self, line: int) -> int | None:
        """The line of the innermost loop that holds `line`."""
        around = [loop for loop in self._loops if loop.lineno <= line <= (loop.end_lineno or 0)]
        return max((loop.lineno for loop in around), default=None)


def _key(function: Function) -> FunctionKey:
    if isinstance(function, ast.Lambda):
        return "<lambda>", function.lineno
    decorators = [decorator.lineno for decorator in function.decorator_list]
    return function.name, min([function.lineno, *decorators])


def _header_lines(node: ast.AST) -> range:
    """The lines on which Python may stop for this statement itself, not for its body."""
    first: int = node.lineno  # type: ignore[attr-defined]
    parts: list[ast.expr] = []
    if isinstance(node, (ast.If, ast.While)):
        parts = [node.test]
    elif isinstance(node, (ast.For, ast.AsyncFor)):
        parts = [node.target, node.iter]
    elif isinstance(node, (ast.With, ast.AsyncWith)):
        parts = [item.context_expr for item in node.items]
    elif isinstance(node, ast.Match):
        parts = [node.subject]
    elif isinstance(node, (ast.Try, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return range(0)
    else:
        return range(first, (node.end_lineno or first) + 1)  # type: ignore[attr-defined]
    return range(first, max(part.end_lineno or first for part in parts) + 1)


def _own_nodes(function: Function) -> Iterator[ast.AST]:
    """Nodes of the function's body in order, without those inside its functions and
    comprehensions.
    """
    inner = (
        ast.FunctionDef,
        ast.AsyncFunctionDef,
        ast.Lambda,
        ast.ClassDef,
        ast.GeneratorExp,
        ast.ListComp,
        ast.SetComp,
        ast.DictComp,
    )
    waiting: list[ast.AST] = (
        [function.body] if isinstance(function, ast.Lambda) else list(function.body)
    )
    while waiting:
        node = waiting.pop(0)
        yield node
        if not isinstance(node, inner):
            waiting[:0] = ast.iter_child_nodes(node)


def _pointer_expressions(function: Function) -> Iterator[tuple[str, str, ast.expr, bool]]:
    """(container name, label, index, looked up) for each way this function indexes a name:
    `nums[i - 1]`, or looks something up in one: `x + 1 in seen`.

    A loop `for i, x in enumerate(nums)` makes `i` a pointer of `nums` too.
    """
    seen: set[tuple[str, str]] = set()
    for node in _own_nodes(function):
        found: tuple[ast.expr, ast.expr] | None = None
        looked_up = False
        if isinstance(node, ast.Subscript):
            found = node.value, node.slice
        elif isinstance(node, ast.For) and isinstance(node.target, ast.Tuple):
            call = node.iter
            if (
                isinstance(call, ast.Call)
                and isinstance(call.func, ast.Name)
                and call.func.id == "enumerate"
                and len(call.args) == 1
                and not call.keywords
            ):
                found = call.args[0], node.target.elts[0]
        elif isinstance(node, ast.Compare) and isinstance(node.ops[0], (ast.In, ast.NotIn)):
            found, looked_up = (node.comparators[0], node.left), True
        if found is None or not isinstance(found[0], ast.Name):
            continue
        allowed = (ast.Name, ast.Constant, ast.BinOp, ast.operator, ast.expr_context)
        parts = list(ast.walk(found[1]))
        label = ast.unparse(found[1])
        if (
            any(isinstance(part, ast.Name) for part in parts)
            and all(isinstance(part, allowed) for part in parts)
            and (found[0].id, label) not in seen
            and len(label) <= 16
        ):
            seen.add((found[0].id, label))
            yield found[0].id, label, found[1], looked_up


def _walks(function: Function) -> Iterator[tuple[int, int, str, str]]:
    for node in _own_nodes(function):
        if not isinstance(node, ast.For):
            continue
        target, source = node.target, node.iter
        if (
            isinstance(source, ast.Call)
            and isinstance(source.func, ast.Name)
            and source.func.id == "enumerate"
            and source.args
            and isinstance(target, ast.Tuple)
            and len(target.elts) == 2
        ):
            target, source = target.elts[1], source.args[0]
        if isinstance(target, ast.Name) and isinstance(source, ast.Name):
            yield node.lineno, node.end_lineno or node.lineno, source.id, target.id


class _Looker:
    """Runs one line over a copy of the local names, noting which elements it would touch."""

    def __init__(self, names: Mapping[str, Any], line: int | None) -> None:
        self.names = dict(names)
        self.line = line
        self.reads: list[Access] = []
        self.writes: list[Access] = []

    # statements

    def run(self, node: ast.AST) -> None:
        if isinstance(node, ast.Assign):
            value = self.value(node.value)
            for target in node.targets:
                self.assign(target, value)
        elif isinstance(node, ast.AnnAssign):
            if node.value is not None:
                self.assign(node.target, self.value(node.value))
        elif isinstance(node, ast.AugAssign):
            old = self.value(node.target)
            new = _arithmetic(node.op, old, self.value(node.value))
            self.assign(node.target, new)
        elif isinstance(node, (ast.If, ast.While)):
            self.value(node.test)
        elif isinstance(node, (ast.For, ast.AsyncFor)):
            self.value(node.iter)
            self.assign(node.target, UNKNOWN)
        elif isinstance(node, ast.Delete):
            for target in node.targets:
                self.assign(target, UNKNOWN)
        elif isinstance(node, ast.Match):
            self.value(node.subject)
        elif isinstance(node, ast.expr):
            self.value(node)
        else:
            for child in ast.iter_child_nodes(node):
                if isinstance(child, ast.expr):
                    self.value(child)

    def assign(self, target: ast.expr, value: Any) -> None:
        if isinstance(target, ast.Name):
            self.names[target.id] = value
        elif isinstance(target, ast.Subscript):
            self.access(target, self.writes)
        elif isinstance(target, (ast.Tuple, ast.List)):
            known = type(value) is tuple and len(value) == len(target.elts)
            for position, element in enumerate(target.elts):
                self.assign(element, value[position] if known else UNKNOWN)
        elif isinstance(target, ast.Starred):
            self.assign(target.value, UNKNOWN)

    # expressions

    def value(self, node: ast.expr) -> Any:
        """The value of the expression, or UNKNOWN; notes the elements it reads on this line."""
        method = _EXPRESSIONS.get(type(node))
        if method is not None:
            return method(self, node)
        if not isinstance(node, (ast.Lambda, ast.GeneratorExp, ast.ListComp, ast.SetComp)):
            for child in ast.iter_child_nodes(node):
                if isinstance(child, ast.expr):
                    self.value(child)
                elif isinstance(child, ast.keyword):
                    self.value(child.value)
        return UNKNOWN

    def name(self, node: ast.Name) -> Any:
        return self.names.get(node.id, UNKNOWN)

    def constant(self, node: ast.Constant) -> Any:
        return node.value

    def sequence(self, node: ast.Tuple) -> Any:
        return tuple(self.value(element) for element in node.elts)

    def walrus(self, node: ast.NamedExpr) -> Any:
        value = self.value(node.value)
        self.assign(node.target, value)
        return value

    def binary(self, node: ast.BinOp) -> Any:
        return _arithmetic(node.op, self.value(node.left), self.value(node.right))

    def unary(self, node: ast.UnaryOp) -> Any:
        value = self.value(node.operand)
        if isinstance(node.op, ast.Not):
            truth = _truth(value)
            return UNKNOWN if truth is None else not truth
        if type(value) in _NUMBERS and isinstance(node.op, (ast.USub, ast.UAdd)):
            return -value if isinstance(node.op, ast.USub) else value
        return UNKNOWN

    def boolean(self, node: ast.BoolOp) -> Any:
        stops_at = isinstance(node.op, ast.Or)
        value = UNKNOWN
        for part in node.values:
            value = self.value(part)
            truth = _truth(value)
            if truth is None:
                return UNKNOWN
            if truth is stops_at:
                return value
        return value

    def compare(self, node: ast.Compare) -> Any:
        left = self.value(node.left)
        for operation, part in zip(node.ops, node.comparators, strict=True):
            right = self.value(part)
            if isinstance(operation, (ast.In, ast.NotIn)) and isinstance(part, ast.Name):
                found = self.look_up(part, right, left)
                if found is UNKNOWN or found is isinstance(operation, ast.NotIn):
                    return UNKNOWN if found is UNKNOWN else False
                left = right
                continue
            compare = _COMPARISONS.get(type(operation))
            if compare is None or type(left) not in _SCALARS or type(right) not in _SCALARS:
                return UNKNOWN
            try:
                if not compare(left, right):
                    return False
            except TypeError:
                return UNKNOWN
            left = right
        return True

    def look_up(self, node: ast.Name, container: Any, key: Any) -> Any:
        """Whether a set or dictionary has this key, noted as a read of it; or UNKNOWN."""
        if type(container) not in _KEYED or type(key) not in (int, str):
            return UNKNOWN
        if self.line is None or node.lineno == self.line:
            self.reads.append((node.id, container, [key]))
        return key in container

    def choice(self, node: ast.IfExp) -> Any:
        truth = _truth(self.value(node.test))
        return UNKNOWN if truth is None else self.value(node.body if truth else node.orelse)

    def call(self, node: ast.Call) -> Any:
        if isinstance(node.func, ast.Attribute):
            self.value(node.func.value)
        given = [self.value(argument) for argument in node.args]
        if isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Name):
            self.method(node.func.value, node.func.attr, given)
        given_by_name = [self.value(keyword.value) for keyword in node.keywords]
        if not isinstance(node.func, ast.Name) or node.func.id in self.names or given_by_name:
            return UNKNOWN
        function = _BUILTINS.get(node.func.id)
        if function is len and len(given) == 1 and type(given[0]) in (*_SEQUENCES, dict, set):
            return len(given[0])
        if function in (min, max, abs) and all(type(value) in _NUMBERS for value in given):
            try:
                return function(*given)
            except TypeError:
                return UNKNOWN
        return UNKNOWN

    def method(self, owner: ast.Name, name: str, given: list[Any]) -> None:
        """Notes what a method of a plain set or dictionary touches: `seen.add(x)`, `d.get(x)`."""
        container = self.names.get(owner.id, UNKNOWN)
        if not given or type(given[0]) not in (int, str):
            return
        if self.line is not None and owner.lineno != self.line:
            return
        if type(container) is set and name in ("add", "remove", "discard"):
            self.writes.append((owner.id, container, [given[0]]))
        elif type(container) is dict and name in ("get", "pop", "setdefault"):
            noted = self.reads if name == "get" else self.writes
            noted.append((owner.id, container, [given[0]]))

    def subscript(self, node: ast.Subscript) -> Any:
        return self.access(node, self.reads)

    def index(self, node: ast.expr) -> Any:
        """One index; a slice from a to b as [a, b], with None for an end that is left out."""
        if not isinstance(node, ast.Slice):
            return self.value(node)
        ends = [self.value(end) if end else None for end in (node.lower, node.upper)]
        known = all(end is None or type(end) is int for end in ends) and node.step is None
        return ends if known else UNKNOWN

    def access(self, node: ast.Subscript, accesses: list[Access]) -> Any:
        """Notes the access `name[i][j]…` and returns the element, or UNKNOWN."""
        indexes: list[Any] = []
        base: ast.expr = node
        while isinstance(base, ast.Subscript):
            inside = base.slice.elts if isinstance(base.slice, ast.Tuple) else [base.slice]
            indexes[:0] = [self.index(part) for part in inside]
            base = base.value
        if not isinstance(base, ast.Name):
            self.value(base)
            return UNKNOWN
        container = element = self.names.get(base.id, UNKNOWN)
        path = []
        for index in indexes:
            if type(index) is list and hasattr(container, "shape"):
                path.append(index)
                continue
            if type(index) not in (int, str, bool):
                return UNKNOWN
            path.append(_counted_from_the_front(element, index))
            element = _element(element, index)
        known = container is not UNKNOWN and type(container) not in (*_NUMBERS, type(None))
        if known and (self.line is None or node.lineno == self.line):
            accesses.append((base.id, container, path))
        return element


_EXPRESSIONS: dict[type, Callable[[_Looker, Any], Any]] = {
    ast.Name: _Looker.name,
    ast.Constant: _Looker.constant,
    ast.Tuple: _Looker.sequence,
    ast.NamedExpr: _Looker.walrus,
    ast.BinOp: _Looker.binary,
    ast.UnaryOp: _Looker.unary,
    ast.BoolOp: _Looker.boolean,
    ast.Compare: _Looker.compare,
    ast.IfExp: _Looker.choice,
    ast.Call: _Looker.call,
    ast.Subscript: _Looker.subscript,
}


def _truth(value: Any) -> bool | None:
    """Whether a plain value counts as true; None when it is not known."""
    if type(value) in _SCALARS or type(value) in (*_SEQUENCES, dict, set):
        return bool(value)
    return None


def _arithmetic(operation: ast.operator, left: Any, right: Any) -> Any:
    compute = _ARITHMETIC.get(type(operation))
    if compute is None or type(left) not in _NUMBERS or type(right) not in _NUMBERS:
        return UNKNOWN
    if abs(left) > _LIMIT or abs(right) > _LIMIT:
        return UNKNOWN
    try:
        return compute(left, right)
    except ArithmeticError:
        return UNKNOWN


def _counted_from_the_front(container: Any, index: Any) -> Any:
    """The index as Python uses it: -1 is the last element. A text key stays itself."""
    if type(index) is int and index < 0:
        try:
            length = len(container) if type(container) in _SEQUENCES else container.shape[0]
        except Exception:
            return index
        return index + length if index + length >= 0 else index
    return index


def _element(container: Any, index: Any) -> Any:
    if type(container) in _SEQUENCES and type(index) is int:
        return container[index] if -len(container) <= index < len(container) else UNKNOWN
    if type(container) is dict:
        return container.get(index, UNKNOWN)
    return UNKNOWN
