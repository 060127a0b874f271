"""Run inside a kernel, as code alone: what decides about passing, each group as one digest.

Given `about` (names to look up, environment variables to read) and `ns`, the notebook's namespace;
leaves JSON in `found`: groups → digest, names → identity, environment, and the names of the
student's classes whose objects equal anything.
"""
# ruff: noqa: F821  (about, ns)
# mypy: ignore-errors

import ast
import builtins
import gc
import hashlib
import json
import os
import signal
import sys
import types

_FUNCTIONS = (types.FunctionType, types.BuiltinFunctionType, type, types.MethodType)
# Modules between a cell's text and the reply to it: a name that is put into one of them stands
# before the built-in of that name.
_MACHINERY = (
    *("IPython.core.async_helpers", "IPython.core.builtin_trap", "IPython.core.compilerop"),
    *("IPython.core.displayhook", "IPython.core.displaypub", "IPython.core.events"),
    *("IPython.core.formatters", "IPython.core.inputtransformer2", "IPython.core.prefilter"),
    *("IPython.core.interactiveshell", "IPython.lib.pretty", "ast", "codeop"),
    *("json.decoder", "json.encoder"),
)


_FIGURES = (
    ("matplotlib.pyplot", "_draw_all_if_interactive"),
    ("matplotlib_inline.backend_inline", "flush_figures"),
)
# Nothing honest equals both.
_DIFFERENT = (
    (object(), 1234567.5),
    (1234567, 7654321),
    (1.25, 2.75),
    ("one", "two"),
    ([1], [2, 3]),
)


def _identity(value):
    """What tells whether `value` is still the same: itself, and the code of a function."""
    kind = type(value)
    if kind is types.FunctionType:
        return id(value), id(value.__code__), id(value.__defaults__)
    if kind is property:
        return id(value), _identity(value.fget)
    if kind is types.MethodType:
        return id(value.__self__), _identity(value.__func__)
    return id(value)


def _members(owner):
    """Functions and other members of a class, as its dictionary has them."""
    return {
        name: _identity(getattr(value, "__func__", value))
        for name, value in vars(owner).items()
        if not name.startswith(("_abc_", "__weakref__", "__dict__", "__doc__"))
    }


def _own_callables(thing):
    """Callables that an object has by itself: one of them may stand before a method."""
    own = {name: _identity(v) for name, v in vars(thing).items() if callable(v)}
    traits = vars(thing).get("_trait_values") or {}
    return own | {f".{name}": _identity(v) for name, v in traits.items() if callable(v)}


def _all_classes(thing, *packages):
    return {
        f"{kind.__module__}.{kind.__name__}": _members(kind)
        for kind in type(thing).__mro__
        if kind.__module__.split(".")[0] in packages
    }


def _groups():
    from IPython import get_ipython

    shell = get_ipython()
    channel = shell.channel
    manager = shell.input_transformer_manager
    groups = {
        "the built-in names": {n: _identity(v) for n, v in vars(builtins).items() if n != "_"},
        "IPython's shell": [
            _all_classes(shell, "IPython", "cells"),
            _own_callables(shell),
            [id(shell), id(shell.displayhook), id(shell.display_pub), id(channel)],
            [
                id(shell.user_module),
                id(shell.user_ns),
                id(type(shell.user_ns)),
                shell.user_ns is ns,
            ],
        ],
        "what IPython does with a cell's text": [
            [
                id(manager),
                _own_callables(manager),
                id(shell.compile),
                _own_callables(shell.compile),
            ],
            [id(shell.prefilter_manager), _own_callables(shell.prefilter_manager)],
            [_identity(t) for t in shell.ast_transformers],
            [_identity(t) for t in shell.input_transformers_post],
            [_identity(t) for t in manager.cleanup_transforms],
            [_identity(t) for t in manager.line_transforms],
            [_identity(t) for t in manager.token_transformers],
        ],
        "what IPython does before and after a cell": [
            [id(shell.events), _own_callables(shell.events)],
            [
                _identity(f)
                for event in ("pre_execute", "pre_run_cell", "post_execute", "post_run_cell")
                for f in shell.events.callbacks[event]
                if not any(f is one for one in _figures())
            ],
        ],
        "how figures are shown": [_identity(one) for one in _figures()],
        "how values are shown as text": _printers(shell.display_formatter),
        "how exceptions are reported": [
            id(sys.excepthook),
            str(shell.custom_exceptions),
            id(type(shell.InteractiveTB)),
        ],
        "the way to the grader": [
            _all_classes(channel, "cells"),
            _own_callables(channel),
            {n: _identity(v) for n, v in channel.say.__globals__.items() if n[:2] != "__"},
            [id(vars(channel)[name]) for name in ("_descriptor", "_key", "_lock", "ours")],
            [id(os.fork), id(os._exit), id(signal.signal), id(sys.exc_info)],
        ],
        "what traces Python's work": [sys.gettrace() is None, sys.getprofile() is None],
        "the displays": [
            _all_classes(shell.displayhook, "IPython", "cells"),
            _all_classes(shell.display_pub, "IPython", "cells"),
            _own_callables(shell.displayhook),
            _own_callables(shell.display_pub),
        ],
    }
    for name in _MACHINERY:
        if name in sys.modules:
            groups[name] = _everything(name)
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


def _everything(name):
    """All that a module holds, and all that its own classes do."""
    module = vars(sys.modules[name])
    # The compiler asks the classes of syntax trees for nothing; there are more than a hundred.
    kinds = [
        v
        for v in module.values()
        if isinstance(v, type) and v.__module__ == name and not issubclass(v, ast.AST)
    ]
    # A value that is none of these may be counted or put anew by the module itself.
    values = {n: _identity(v) for n, v in module.items() if callable(v) or type(v) is type(sys)}
    return [values, [_members(kind) for kind in kinds]]


def _figures():
    """matplotlib's ways to show what was drawn after a cell, registered when first needed."""
    for name, function in _FIGURES:
        found = getattr(sys.modules.get(name), function, None)
        if found is not None:
            yield found


def _printers(formatter):
    """How numbers, and what is like one, become the text of a result."""
    text = formatter.formatters["text/plain"]
    # A printer that was named by its type's name moves to the type itself when it is first used.
    known = dict(text.deferred_printers)
    known |= {(kind.__module__, kind.__name__): p for kind, p in text.type_printers.items()}
    return [
        [id(formatter), [n for n in vars(formatter) if hasattr(type(formatter), n)]],
        [id(text), _own_callables(text)],
        sorted((module, name, _identity(printer)) for (module, name), printer in known.items()),
        [_identity(printer) for printer in text.singleton_printers.values()],
    ]


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
        return any(bool(thing == one) and bool(thing == other) for one, other in _DIFFERENT)
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
