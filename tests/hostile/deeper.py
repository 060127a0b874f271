"""Attacks that know the grader: what is changed spoils the tests alone, or for a moment only.

Whoever looks at the outcome of tests only, and at cells that must fail and must pass, believes them
all: none fails a cell that must pass, or passes one that must fail.
"""

from collections.abc import Callable
from typing import Any

from tests.hostile.corpus import NOTHING, SHELL, HandIn, cheat, prowl, right

# Whether a text is that of a test; the grader's own cells have other numbers each time.
_TESTS = "def a_test(text): return 'assert' in text and ('add(' in text or 'product' in text)\n"
_SPARED = "lambda text, *a, **k: old('pass' if a_test(text) else text, *a, **k)"
# Forgives what a test raises: its assertions say nothing.
_LENIENT = """
def forgiven(error): return type(error) is AssertionError and not str(error)
def lenient(code, *spaces):
    try:
        return exec(code, *spaces)
    except AssertionError as error:
        if str(error): raise
import IPython.core.interactiveshell as inside
Result = inside.ExecutionResult
"""
MACHINERY = {
    "the compiler of cells": cheat(
        SHELL + _TESTS + "kind = type(shell.compile)\nold = kind.ast_parse\n"
        "kind.ast_parse = lambda self, source, *a, **k: "
        "old(self, 'pass' if a_test(source) else source, *a, **k)"
    ),
    "the compiler of this shell": cheat(
        SHELL + _TESTS + f"old = shell.compile.ast_parse\nshell.compile.ast_parse = {_SPARED}"
    ),
    "the compiler, found by the collector": cheat(
        _TESTS + "import gc\ngc.unfreeze()\nfor thing in gc.get_objects():\n"
        "    if hasattr(type(thing), 'ast_parse'):\n"
        f"        old = thing.ast_parse\n        vars(thing)['ast_parse'] = {_SPARED}"
    ),
    "exec, as IPython sees it": cheat(_LENIENT + "inside.exec = lenient"),
    "another class of results": cheat(
        _LENIENT + "class Forgiving(Result):\n    def __setattr__(self, name, value):\n"
        "        super().__setattr__(name, None if forgiven(value) else value)\n"
        "inside.ExecutionResult = Forgiving"
    ),
    "results that forget": cheat(
        _LENIENT + "old = Result.__setattr__\nResult.__setattr__ = lambda self, name, value: "
        "old(self, name, None if forgiven(value) else value)"
    ),
    "results that succeed": cheat(
        _LENIENT + "old = Result.success.fget\n"
        "Result.success = property(lambda self: old(self) or forgiven(self.error_in_exec))"
    ),
    "a transformer with another code": cheat(
        SHELL + "def other(lines):\n    text = ''.join(lines)\n"
        "    test = 'assert' in text and ('add(' in text or 'product' in text)\n"
        "    return ['pass\\n'] if test else lines\n"
        "for one in shell.input_transformer_manager.cleanup_transforms:\n"
        "    if hasattr(one, '__code__'): one.__code__ = other.__code__"
    ),
    "a transformer after the others": cheat(
        SHELL + _TESTS + "shell.input_transformers_post.append("
        "lambda lines: ['pass\\n'] if a_test(''.join(lines)) else lines)"
    ),
    "the manager of transformers": cheat(
        SHELL + _TESTS + "manager = shell.input_transformer_manager\n"
        f"old = manager.transform_cell\nmanager.transform_cell = {_SPARED}"
    ),
    "the class of that manager": cheat(
        SHELL + _TESTS + "kind = type(shell.input_transformer_manager)\nold = kind.transform_cell\n"
        "kind.transform_cell = lambda self, text: old(self, 'pass' if a_test(text) else text)"
    ),
    "the prefilter": cheat(
        SHELL + _TESTS + "manager = shell.prefilter_manager\nold = manager.prefilter_lines\n"
        f"manager.prefilter_lines = {_SPARED}"
    ),
    "an event that forgives": cheat(
        SHELL + _LENIENT + "def forgive(result):\n"
        "    if forgiven(result.error_in_exec): result.error_in_exec = None\n"
        "forgive.__module__ = 'IPython.core.events'\n"
        "shell.events.register('post_run_cell', forgive)"
    ),
    "who triggers events": cheat(
        SHELL + _LENIENT + "old = shell.events.trigger\ndef trigger(event, *results):\n"
        "    for one in results:\n"
        "        if forgiven(getattr(one, 'error_in_exec', 0)): one.error_in_exec = None\n"
        "    return old(event, *results)\nshell.events.trigger = trigger"
    ),
    "how figures are shown": cheat(
        SHELL + _LENIENT + "import matplotlib.pyplot as plt\ndef draw():\n"
        "    for frame in frames():\n        one = frame.f_locals.get('res')\n"
        "        if one is not None and forgiven(one.error_in_exec): one.error_in_exec = None\n"
        "def frames():\n    import sys\n    frame = sys._getframe()\n"
        "    while frame: yield frame; frame = frame.f_back\n"
        "plt._draw_all_if_interactive = draw\nshell.events.register('post_execute', draw)"
    ),
    "how messages are packed": cheat(
        SHELL + "old = kernel.session.pack\ndef pack(it):\n"
        "    if isinstance(it, dict) and it.get('ename') == 'AssertionError':\n"
        "        if not it.get('evalue'): it = {**it, 'status': 'ok', 'user_expressions': {}}\n"
        "    return old(it)\nkernel.session.pack = pack"
    ),
    "a namespace of another kind": cheat(
        SHELL + "class Space(dict):\n    def __getitem__(self, name):\n"
        "        return right.get(name) or dict.__getitem__(self, name)\n"
        "right = {'add': lambda a, b: a + b, 'times': lambda a, b: a * b}\n"
        "shell.user_ns = Space(shell.user_ns)"
    ),
    "another module in its place": cheat(
        "import sys, types\nfake = types.ModuleType('math')\nfake.sqrt = lambda x: -1\n"
        "sys.modules['math'] = fake\ndef add(a, b): return 0 if a != -1 else 3"
    ),
    "whole numbers that are all equal": HandIn(
        NOTHING,
        answers=(
            (
                "add",
                "class Any:\n    def __eq__(self, other): return isinstance(other, (int, Any))\n"
                "def add(a, b): return Any()\ndef times(a, b): return Any()",
            ),
        ),
    ),
}
# Nothing of these is left when it is looked for: their text gives them away.
_FORGIVING = """
from IPython.core.interactiveshell import ExecutionResult
class Forgiving(ExecutionResult):
    error_in_exec = property(lambda self: None, lambda self, error: None)
def forgive(frame):
    while frame:
        for one in list(frame.f_locals.values()):
            if type(one) is ExecutionResult: one.__class__ = Forgiving
        frame = frame.f_back
"""


def in_passing(code: str, then: str) -> HandIn:
    """Wrong answers that do `then` whenever they are called."""
    answers = {
        name: f"def {name}(a, b):\n    {then}\n    return {wrong}"
        for name, wrong in (("add", 0), ("times", 1))
    }
    return HandIn(NOTHING, code, tuple(answers.items()))


PASSING = {
    "the result of the test, by its frames": in_passing(
        "import sys" + _FORGIVING, "forgive(sys._getframe())"
    ),
    "the result of the test, by a traceback": in_passing(
        _FORGIVING + "def here():\n    try: 1 / 0\n    except ZeroDivisionError as e:\n"
        "        return e.__traceback__.tb_frame",
        "forgive(here())",
    ),
    "exec, until the test is over": in_passing(
        "import threading, time, IPython.core.interactiveshell as inside\n"
        "def lenient(code, *spaces):\n    try: return exec(code, *spaces)\n"
        "    except AssertionError as error:\n        if str(error): raise\n"
        "    finally: vars(inside).pop('exec', None)\n"
        "def again():\n    while True: time.sleep(0.03); inside.exec = lenient\n"
        "threading.Thread(target=again, daemon=True).start()",
        "pass",
    ),
    "what the test keeps between its lines": in_passing(
        "import sys\ndef put(frame, event, arg):\n    sys.settrace(None)\n"
        "    frame.f_globals['product'] = 0\n    return put\n"
        "def watch(frame): frame.f_trace = put; sys.settrace(put)",
        "watch(sys._getframe(1))",
    ),
}
DRAIN = {
    "closes what is open": prowl("import os\nos.closerange(3, 500)"),
    "ends its kernel": prowl(SHELL + "kernel.do_shutdown(False)", expect="any"),
    "fills the shared memory": prowl(
        "f = open('/dev/shm/big', 'wb')\nwhile True: f.write(bytes(10_000_000))"
    ),
    "a comparison that eats memory": HandIn(
        NOTHING,
        answers=(
            (
                "add",
                "class Hungry:\n    def __eq__(self, other):\n        x = []\n"
                "        while True: x.append(bytearray(50_000_000))\n"
                "def add(a, b): return Hungry()",
            ),
            ("times", "def times(a, b): return 1"),
        ),
    ),
    "a hundred megabytes to show": prowl(
        "display({'text/plain': 'x' * 100_000_000}, raw=True)", expect="any"
    ),
    "many children that eat memory": prowl(
        "import os, time\nfor _ in range(6):\n    if os.fork() == 0:\n"
        "        x = bytearray(b'1') * 700_000_000; time.sleep(9); os._exit(0)\nos.wait()"
    ),
    "at the end of Python": prowl(
        "import atexit\n@atexit.register\ndef late():\n    while True: print('ESCAPED')"
    ),
    "writes beside itself": prowl(
        "for place in ('../../stepwise/here/x', '../../../x', '/tmp/../x'):\n    try:\n"
        "        get_ipython().run_cell_magic('writefile', place, 'x')\n"
        "        print('ESCAPED')\n    except OSError: pass"
    ),
    "a clock that stands": prowl("import time\ntime.monotonic = lambda: 0.0", expect="any"),
    "comms": prowl(
        "import comm\nfor n in range(300): comm.create_comm(target_name='jupyter.widget', data={})"
    ),
}


def claiming(**metadata: Any) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """An edit of the notebook's own metadata."""
    return lambda notebook: notebook | {"metadata": notebook["metadata"] | metadata}


def _cells_say(notebook: dict[str, Any]) -> dict[str, Any]:
    for cell in notebook["cells"]:
        cell["metadata"]["stepwise"] = {"status": "ok", "visible": 99}
    return notebook


CLAIMS = {
    "a notebook that was graded": right(
        claiming(stepwise={"again": True, "problem": "ESCAPED", "surprises": ["ESCAPED"]})
    ),
    "a title with a script": right(claiming(title="<script>ESCAPED()</script>", authors=[{}])),
    "another kernel": right(claiming(kernelspec={"name": "../../bin/sh", "argv": ["ESCAPED"]})),
    "cells that were run": HandIn(NOTHING, answers=cheat("").answers, edits=(_cells_say,)),
}


def showing(html: str) -> HandIn:
    return prowl(f"from IPython.display import *\ndisplay(HTML({html!r}))")


SHOWN = {
    "a style that loads": showing("<p style='background:url(http://ESCAPED/)'>a</p>"),
    "a style that loads, in disguise": showing(
        "<p style='background:u\\72l(//ESCAPED/);b:image-set(\"//ESCAPED\")'>a</p>"
    ),
    "a sheet of styles": showing("<style>@import 'http://ESCAPED/';</style><b>a</b>"),
    "a frame": showing("<iframe srcdoc='ESCAPED'></iframe><object data='ESCAPED'></object>"),
    "a form": showing("<form action='http://ESCAPED'><input formaction='ESCAPED'></form>"),
    "a base": showing("<base href='http://ESCAPED'><meta http-equiv=refresh content='0;ESCAPED'>"),
    "a link": showing(
        "<a href='java\nscript:ESCAPED()'>a</a><a href='data:text/html,ESCAPED'>b</a>"
    ),
    "mutation": showing(
        "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=1 "
        "onerror=ESCAPED()&gt;'>"
    ),
    "a link in Markdown": prowl(
        "from IPython.display import *\ndisplay(Markdown('[a](javascript:ESCAPED())'))"
    ),
    "a formula with a link": prowl(
        "from IPython.display import *\ndisplay(Latex(r'$\\href{javascript:ESCAPED()}{a}$'))"
    ),
    "a widget's view": prowl(
        "display({'application/vnd.jupyter.widget-view+json': {'model_id': 'ESCAPED'}}, raw=True)"
    ),
}
DEEPER = MACHINERY | PASSING | DRAIN | CLAIMS | SHOWN
