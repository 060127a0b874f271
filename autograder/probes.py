"""Is a test that passed to be believed? Questions put to the kernel around the tests.

Tests share a process with the student's code, so that code can make anything pass. It cannot do so
and leave everything as it was: after each test that passed, a cell that must fail and one that must
pass are run (with other numbers each time), and the things that decide about passing are compared
with what they were before any of the student's code ran. Any surprise is a sentence for a person.
"""

import ast
import builtins
import json
import marshal
import random
import re
import symtable
from pathlib import Path

from autograder.client import Answer, Client

_SOURCE = Path(__file__).with_name("fingerprint.py").read_text(encoding="utf-8")
# Compiled here, once: the kernel is the same Python.
_FINGERPRINT = marshal.dumps(compile(_SOURCE, "<probe>", "exec", dont_inherit=True))
_SECONDS = 10.0  # for one question


class Doubt:
    """What is known of one kernel from before the student's code ran, and what is odd since."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._random = random.SystemRandom()
        self._locked: dict[str, int] = {}  # names that the instructor's cells bound → identity
        self.done = False
        answer = client.run("", _SECONDS, {"found": _question([])})
        self._before = _found(answer.values.get("found", "")).get("groups", {})
        self.answered = bool(self._before)  # else this kernel is of no use

    def names_of(self, source: str) -> dict[str, str]:
        """An expression to evaluate with the instructor's cell `source`: see `locked`."""
        names = bound(source)
        whole = "course.checks." in source  # a part of it that was not loaded before
        return {"names": _question(names, whole=whole)} if names else {}

    def locked(self, answer: Answer) -> None:
        """The instructor's cell that `names_of` was asked with has run: remember its names."""
        found = _found(answer.values.get("names", ""))
        self._locked |= found.get("names", {})
        self._before = {**found.get("groups", {}), **self._before}

    def surprises(
        self, source: str, environment: dict[str, str], last: bool, then: str = ""
    ) -> list[str]:
        """To be asked right after the test `source` passed; `environment` is what was set for it.

        A cell that ends in an exception takes longest: after some tests, and after the `last`.
        `then` is an expression to evaluate when all is answered; `done` says whether that was so.

        Sentences without a full stop. [] if all is as it should be.
        """
        surprises = []
        if last or self._random.random() < 0.2:
            surprises += self._must_fail(source)
        used, binds = loaded(source), bound(source)
        question = _question(sorted(used | set(self._locked) | set(binds)), sorted(environment))
        said, answer = self._must_pass(
            source, {"found": question} | ({"then": then} if then else {})
        )
        self.done = bool(answer.values.get("then"))
        found = _found(answer.values.get("found", ""))
        if not found:
            return ["the kernel did not say how things stand after a test"]
        surprises += [
            f"{group} was changed"
            for group, digest in self._before.items()
            if found["groups"].get(group) != digest
        ]
        names = found["names"]
        surprises += [
            f"{name}, which the tests use, was redefined"
            for name in sorted(used)
            if (name in names and name not in self._locked and hasattr(builtins, name))
            or (name in self._locked and names.get(name) != self._locked[name])
        ]
        self._locked |= {name: names[name] for name in binds if name in names}
        if "course.checks." in source:  # the test may have loaded a part of it
            self._before = {**found["groups"], **self._before}
        if found["environment"] != environment:
            surprises.append("the environment of hidden tests was changed")
        if found["equal"]:
            name = re.sub(r"\W", "?", str(found["equal"][0]))
            surprises.append(f"{name:.40} objects equal anything")
        surprises += said
        if self._client.stray:
            surprises.append("a reply was forged")
        return surprises

    def _must_fail(self, source: str) -> list[str]:
        kinds = ["assert", "check"] if "check" in source else ["assert"]
        word = self._word()
        name, cell = "AssertionError", f"assert {self._number()} < 0, '{word}'"
        if self._random.choice(kinds) == "check":
            case = f"with check('{word}', idea='i') as c:\n    c(abs, -{self._number()}).gives(0)"
            name, cell = "CheckFailure", f"from course.checks import check\n{case}"
        answer = self._client.run(cell, _SECONDS)
        if answer.status != "error" or answer.error != name or word not in answer.message:
            return [f"a cell that must fail {_did(answer)}"]
        return []

    def _must_pass(self, source: str, values: dict[str, str]) -> tuple[list[str], Answer]:
        """A cell that passes, and notes in passing which of the things that must not hold held.

        `values`, further expressions, are evaluated after it.
        """
        one, two, far = self._number(), self._number(), self._number() + 10**7
        untrue = {"assert": f"assert {one} == {far}"}
        if "check" in source:
            untrue["check"] = (
                f"from course.checks import difference as d\n    assert not d({one}, {far})"
            )
        if "np." in source or "numpy" in source:
            ask = self._random.choice(["allclose", "array_equal"])
            untrue["numpy"] = f"assert __import__('numpy').{ask}([{one}, 1.5], [{far}, 1.5])"
        if "torch" in source:
            ask = self._random.choice(["allclose", "equal"])
            tensor = "__import__('torch').tensor"
            untrue["torch"] = f"assert t.{ask}({tensor}([{one}.5]), {tensor}([{far}.5]))"
            untrue["torch"] = untrue["torch"].replace("t.", "__import__('torch').", 1)
        note = self._word()
        # What it prints must arrive: else a test's own number of points might have been lost.
        lines = [f"{note} = []", f"assert {one} + {two} == {one + two}", f"print('{note}')"]
        for kind, statement in untrue.items():
            lines += ["try:", f"    {statement}"]
            lines += [f"except AssertionError: {note}.append({kind!r})"]
        answer = self._client.run(
            "\n".join(lines), _SECONDS, {"sum": f"{one} + {two}", "caught": note} | values
        )
        return self._wrong(answer, str(one + two), note, list(untrue)), answer

    @staticmethod
    def _wrong(answer: Answer, total: str, note: str, caught: list[str]) -> list[str]:
        """What `answer`, to the cell that must pass, should not have said."""
        if answer.status != "ok" or answer.values.get("sum") != total:
            return [f"a cell that must pass {_did(answer)}"]
        if [output.get("text") for output in answer.outputs] != [f"{note}\n"]:
            return ["a cell showed something else than what it printed"]
        if answer.values.get("caught") != repr(caught):
            return ["a comparison that must fail did not"]
        return []

    def _number(self) -> int:
        return self._random.randint(10, 10**6)

    def _word(self) -> str:
        return f"w{self._random.getrandbits(60):x}"


def _question(names: list[str], variables: list[str] | None = None, *, whole: bool = True) -> str:
    """An expression for the kernel: its value is what fingerprint.py finds."""
    about = {"names": names, "variables": variables, "all": whole}
    code = f"__import__('marshal').loads({_FINGERPRINT!r})"
    return (
        "(lambda g: (__import__('builtins').exec(g['code'], g), g['found'])[1])"
        f"({{'code': {code}, 'about': {about!r}, 'ns': globals()}})"
    )


def _found(value: str) -> dict:
    """What a kernel answered to a question; {} if that has not its form."""
    try:
        found = json.loads(ast.literal_eval(value))
    except (TypeError, ValueError, SyntaxError, RecursionError, MemoryError):
        return {}
    return found if _has_its_form(found) else {}


def _has_its_form(found: object) -> bool:
    """Whether an answer has the form of fingerprint.py's: students' code can give another."""
    kinds = {"groups": dict, "names": dict, "environment": dict, "equal": list}
    return isinstance(found, dict) and all(
        isinstance(found.get(key), kind) for key, kind in kinds.items()
    )


def _did(answer: Answer) -> str:
    words = {"ok": "passed", "error": "failed otherwise", "died": "ended Python"}
    return words.get(answer.status, "did not end")


def loaded(source: str) -> set[str]:
    """The notebook's names that `source` reads and does not bind itself: not those that are local
    to its functions.
    """
    try:
        whole = symtable.symtable(source, "<test>", "exec")
    except SyntaxError:
        return set()
    names: set[str] = set()
    waiting = [whole]
    while waiting:
        scope = waiting.pop()
        waiting += scope.get_children()
        names |= {
            symbol.get_name()
            for symbol in scope.get_symbols()
            if symbol.is_referenced() and (scope is whole or symbol.is_global())
        }
    return names - set(bound(source))


def bound(source: str) -> list[str]:
    """The names that the cell `source` binds at its top level."""
    try:
        body = ast.parse(source).body
    except SyntaxError:
        return []
    names: set[str] = set()
    waiting: list[ast.AST] = list(body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            names.add(node.name)
            continue
        if isinstance(node, (ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp)):
            continue
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            names |= {(a.asname or a.name).split(".")[0] for a in node.names}
        elif isinstance(node, ast.Name) and not _reads(node):
            names.add(node.id)
        waiting += ast.iter_child_nodes(node)
    return sorted(names)


def _reads(name: ast.Name) -> bool:
    return isinstance(name.ctx, ast.Load)
