"""Run inside a kernel, as code alone: what decides about passing, each group as one digest.

Given `about` (names to look up, environment variables to read) and `ns`, the notebook's namespace;
leaves JSON in `found`: groups → digest, names → identity, environment, and the names of the
student's classes whose objects equal anything.
"""
# ruff: noqa: F821  (about, ns)
# mypy: ignore-errors

import builtins
import gc
import hashlib
import json
import os
import sys
import types

_FUNCTIONS = (types.FunctionType, types.BuiltinFunctionType, type, types.MethodType)


def _identity(value):
    """What tells whether `value` is still the same: itself, and the code of a function."""
    return (id(value), id(value.__code__)) if type(value) is types.FunctionType else id(value)


def _members(owner):
    """Functions and other members of a class, as its dictionary has them."""
    return {
        name: _identity(getattr(value, "__func__", value))
        for name, value in vars(owner).items()
        if not name.startswith(("_abc_", "__weakref__", "__dict__", "__doc__"))
    }


def _own_callables(thing):
    """Callables that an object has by itself: one of them may stand before a method."""
    return {name: _identity(v) for name, v in vars(thing).items() if isinstance(v, _FUNCTIONS)}


def _all_classes(thing, *packages):
    return {
        f"{kind.__module__}.{kind.__name__}": _members(kind)
        for kind in type(thing).__mro__
        if kind.__module__.split(".")[0] in packages
    }


def _groups():
    from IPython import get_ipython

    shell = get_ipython()
    channel, cells = shell.channel, sys.modules["cells"]
    manager = shell.input_transformer_manager
    groups = {
        "the built-in names": {n: _identity(v) for n, v in vars(builtins).items() if n != "_"},
        "IPython's shell": [
            _all_classes(shell, "IPython", "cells"),
            _own_callables(shell),
            [id(shell), id(shell.displayhook), id(shell.display_pub), id(channel)],
        ],
        "what IPython does with a cell's text": [
            [id(t) for t in shell.ast_transformers],
            [id(t) for t in manager.cleanup_transforms],
            [id(t) for t in manager.line_transforms],
            [id(t) for t in manager.token_transformers],
        ],
        "what IPython does before and after a cell": [
            repr(getattr(f, "__qualname__", f))
            for event in ("pre_execute", "pre_run_cell", "post_execute", "post_run_cell")
            for f in shell.events.callbacks[event]
            if getattr(f, "__module__", "") in ("__main__", None)
        ],
        "how exceptions are reported": [
            id(sys.excepthook),
            str(shell.custom_exceptions),
            id(type(shell.InteractiveTB)),
        ],
        "the way to the grader": [
            _all_classes(channel, "cells"),
            _own_callables(channel),
            _plain(cells),
            {name: _identity(getattr(os, name)) for name in ("write", "getpid", "fork", "_exit")},
        ],
        "what traces Python's work": [sys.gettrace() is None, sys.getprofile() is None],
        "the displays": [
            _all_classes(shell.displayhook, "IPython", "cells"),
            _all_classes(shell.display_pub, "IPython", "cells"),
            _own_callables(shell.displayhook),
            _own_callables(shell.display_pub),
        ],
    }
    for module in ("math", "copy", "operator", "hashlib", "random", "json", "gc"):
        if module in sys.modules:
            groups[module] = _callables(sys.modules[module])
    numpy, torch = sys.modules.get("numpy"), sys.modules.get("torch")
    if numpy is not None:
        groups["numpy"] = [id(numpy), _callables(numpy), _callables(numpy.testing)]
        groups["numpy.linalg"] = _callables(numpy.linalg)
    if torch is not None:
        names = ("allclose", "equal", "isclose", "eq", "ne", "all", "any", "abs", "max", "sum")
        groups["torch"] = [id(torch), {n: _identity(getattr(torch, n)) for n in names}]
        groups["torch.testing"] = _callables(torch.testing)
        groups["torch.Tensor"] = _members(torch.Tensor)
    for name, module in _course(sys.modules.get("course")).items():
        kinds = [v for v in vars(module).values() if isinstance(v, type)]
        own = [k for k in kinds if k.__module__ == name]
        seen = [id(module), id(sys.modules.get(name))]
        groups[name] = [seen, _plain(module), [_members(kind) for kind in own]]
    return groups


def _course(package):
    """The course's modules by name, the widgets apart; found as parts of their packages.

    To go through all that is loaded would copy the page of each module, thousands of them.
    """
    found = {}
    waiting = [package] if package is not None else []
    while waiting:
        package = waiting.pop()
        for name, value in vars(package).items():
            name = f"{package.__name__}.{name}"
            part = type(value) is types.ModuleType and value.__name__ == name
            if part and name not in found and name != "course.widgets":
                found[name] = value
                waiting.append(value)
    return found


def _callables(module):
    return {n: _identity(v) for n, v in vars(module).items() if isinstance(v, _FUNCTIONS)}


def _plain(module):
    """Every name of a module but those that loading it, or a module within it, gives it."""
    within = {n for n, v in vars(module).items() if v is sys.modules.get(f"{module.__name__}.{n}")}
    return {
        n: _identity(v)
        for n, v in vars(module).items()
        if not n.startswith("__") and n not in within
    }


def _equal_to_anything():
    """Names of the student's classes whose objects call themselves equal to whatever comes."""
    return [str(kind.__name__) for kind in _students_classes() if _lies(kind)]


def _students_classes():
    """Classes made since the fork: those from before are frozen, so they are not listed.

    To look at them all would take longer than the tests, and copy the pages that they lie in.
    """
    from IPython import get_ipython

    things, channel = gc.get_objects(), get_ipython().channel
    if any(thing is channel for thing in things):
        kinds = [thing for thing in things if issubclass(type(thing), type)]
    else:
        kinds = _subclasses(object)  # the student's code froze what there was
    return [kind for kind in kinds if kind.__module__ == "__main__"]


def _subclasses(kind):
    waiting, seen = [kind], set()
    while waiting:
        for inner in type.__subclasses__(waiting.pop()):
            if inner not in seen and inner is not type:
                seen.add(inner)
                waiting.append(inner)
    return seen


def _lies(kind):
    methods = {
        name for base in kind.__mro__ for name in vars(base) if base.__module__ == "__main__"
    }
    if methods & {"__array_function__", "__array_ufunc__", "__torch_function__"}:
        return True
    if not methods & {"__eq__", "__ne__", "__instancecheck__", "__bool__", "__lt__", "__le__"}:
        return False
    try:
        thing = kind.__new__(kind)
        return all(bool(thing == other) for other in (object(), 1234567.5, "surely not"))
    except BaseException:
        return False


found = json.dumps(
    {
        "groups": {
            name: hashlib.sha256(repr(group).encode()).hexdigest()[:16]
            for name, group in (_groups() if about["all"] else {}).items()
        },
        "names": {name: id(ns[name]) for name in about["names"] if name in ns},
        "environment": {n: os.environ[n] for n in about["variables"] or () if n in os.environ},
        "equal": _equal_to_anything() if about["variables"] is not None else [],
    }
)
