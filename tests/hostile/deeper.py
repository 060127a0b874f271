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
# And shows nothing of it: an exception that was shown is no success.
_QUIET = (
    _LENIENT
    + SHELL
    + """
show = type(shell)._showtraceback
type(shell)._showtraceback = lambda s, t, e, lines: None if forgiven(e) else show(s, t, e, lines)
"""
)
# A reply to a failed test becomes one that all is well.
_PRAISE = """
def praised(kind, content):
    failed = content.get('ename') == 'AssertionError' and not content.get('evalue')
    if not failed: return kind, content
    return ('reply', {'status': 'ok', 'values': {}}) if kind == 'reply' else ('x', {})
"""
_SUCCEEDED = """
kind = type(shell)
kind.last_execution_succeeded = property(lambda s: True, lambda s, v: None)
vars(shell).pop('last_execution_succeeded', None)
"""
# Between kernel and grader: tests become cells that do nothing.
_BETWEEN = """
import json, os, socket, stat, threading
def open_socket(n):
    try: return stat.S_ISSOCK(os.fstat(n).st_mode)
    except OSError: return False
places = [n for n in range(3, 64) if open_socket(n)]
up = socket.socket(fileno=os.dup(places[0]))
near, far = socket.socketpair()
def ask():
    for line in up.makefile('rb'):
        request = json.loads(line)
        code = request['code']
        if 'assert' in code and ('add(' in code or 'product' in code): request['code'] = ''
        far.sendall(json.dumps(request).encode() + b'\\n')
def relay():
    threading.Thread(target=ask, daemon=True).start()
    while data := far.recv(65536): up.sendall(data)
def between(begin):
    if begin() == 0: relay(); os._exit(0)
    for n in places: os.dup2(near.fileno(), n)
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
        _QUIET + "class Forgiving(Result):\n    def __setattr__(self, name, value):\n"
        "        super().__setattr__(name, None if forgiven(value) else value)\n"
        "inside.ExecutionResult = Forgiving\n" + _SUCCEEDED
    ),
    "results that forget": cheat(
        _QUIET + "old = Result.__setattr__\nResult.__setattr__ = lambda self, name, value: "
        "old(self, name, None if forgiven(value) else value)\n" + _SUCCEEDED
    ),
    "exceptions that are not there": cheat(
        _QUIET + "old = sys.exc_info\n"
        "sys.exc_info = lambda: (None,) * 3 if forgiven(old()[1]) else old()\n" + _SUCCEEDED
    ),
    "values that were shown": cheat(
        _QUIET + "type(shell).failed_to_show = property(lambda s: False, lambda s, v: None)\n"
        "old = Result.__setattr__\nResult.__setattr__ = lambda self, name, value: "
        "old(self, name, None if forgiven(value) else value)\n" + _SUCCEEDED
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
        _QUIET + "def forgive(result):\n    if forgiven(result.error_in_exec):\n"
        "        result.error_in_exec = None; shell.last_execution_succeeded = True\n"
        "forgive.__module__ = 'IPython.core.events'\n"
        "shell.events.register('post_run_cell', forgive)"
    ),
    "who triggers events": cheat(
        _QUIET + "old = shell.events.trigger\ndef trigger(event, *results):\n"
        "    for one in results:\n        if forgiven(getattr(one, 'error_in_exec', 0)):\n"
        "            one.error_in_exec = None; shell.last_execution_succeeded = True\n"
        "    return old(event, *results)\nshell.events.trigger = trigger"
    ),
    "how figures are shown": cheat(
        _QUIET + "import matplotlib.pyplot as plt\ndef draw(*_):\n"
        "    for frame in frames():\n        one = frame.f_locals.get('result')\n"
        "        if forgiven(getattr(one, 'error_in_exec', 0)):\n"
        "            one.error_in_exec = None; shell.last_execution_succeeded = True\n"
        "def frames():\n    frame = sys._getframe()\n"
        "    while frame: yield frame; frame = frame.f_back\n"
        "plt._draw_all_if_interactive = draw\nshell.events.register('post_run_cell', draw)"
    ),
    "what runs a cell, leniently": cheat(
        SHELL + _TESTS + "old = cells['_run']\ncells['_run'] = lambda shell, request: "
        "old(shell, {**request, 'code': ''} if a_test(request['code']) else request)"
    ),
    "what answers a request, leniently": cheat(
        SHELL + _TESTS + "old = cells['_answer']\ncells['_answer'] = lambda shell, request: "
        "old(shell, {**request, 'code': ''} if a_test(request['code']) else request)"
    ),
    "how requests are read": cheat(
        SHELL + _TESTS + "old = cells['_read']\ndef read(text, place):\n"
        "    request, end = old(text, place)\n"
        "    if a_test(request['code']): request['code'] = ''\n    return request, end\n"
        "cells['_read'] = read"
    ),
    "how messages are packed": cheat(
        SHELL + _PRAISE + "old = cells['_pack']\ndef pack(it, level):\n"
        "    kind, content = praised(it['kind'], it)\n"
        "    return old({'id': it['id'], **content, 'kind': kind}, level)\ncells['_pack'] = pack"
    ),
    "how messages are sent": cheat(
        SHELL + _PRAISE + "import json\nold = channel._send\ndef send(parts):\n"
        "    it = json.loads(''.join(parts))\n    kind, content = praised(it['kind'], it)\n"
        "    old([json.dumps({'id': it['id'], **content, 'kind': kind})])\nchannel._send = send"
    ),
    "how messages are written": cheat(
        SHELL + _PRAISE + "import hashlib, json\nold = cells['_write']\n"
        "def write(descriptor, data):\n"
        "    it = json.loads(bytes(data).strip().partition(b' ')[2])\n"
        "    kind, content = praised(it['kind'], it)\n"
        "    it = json.dumps({'id': it['id'], **content, 'kind': kind}).encode()\n"
        "    seal = hashlib.blake2b(it, key=channel._seal, digest_size=32).hexdigest()\n"
        "    old(descriptor, b'\\n' + seal.encode() + b' ' + it + b'\\n')\n"
        "    return len(data)\ncells['_write'] = write"
    ),
    "what is said": cheat(
        SHELL + _PRAISE + "old = type(channel).say\ndef say(self, kind, **content):\n"
        "    kind, content = praised(kind, content)\n    old(self, kind, **content)\n"
        "type(channel).say = say"
    ),
    "a channel of another class": cheat(
        SHELL + _PRAISE + "class Other(type(channel)):\n    def say(self, kind, **content):\n"
        "        kind, content = praised(kind, content)\n"
        "        super().say(kind, **content)\nchannel.__class__ = Other"
    ),
    "another channel": cheat(
        SHELL + _PRAISE + "import copy\nother = copy.copy(channel.__dict__)\n"
        "class Other(type(channel)):\n    def __init__(self): self.__dict__ = channel.__dict__\n"
        "    def say(self, kind, **content):\n        kind, content = praised(kind, content)\n"
        "        super().say(kind, **content)\nshell.channel = Other()"
    ),
    "a process in between": cheat(_BETWEEN + "between(os.fork)"),
    "a thread in between": cheat(
        _BETWEEN + "between(lambda: threading.Thread(target=relay).start() or 1)"
    ),
    "a thread that reads first": cheat(
        _BETWEEN + "def first():\n    while True:\n"
        "        request = json.loads(up.makefile('rb').readline())\n"
        "        it = {'id': request['id'], 'kind': 'reply', 'status': 'ok', 'values': {}}\n"
        "        up.sendall(b'\\n' + b'0' * 64 + b' ' + json.dumps(it).encode() + b'\\n')\n"
        "threading.Thread(target=first, daemon=True).start()"
    ),
    "a fork that says it is the kernel": cheat(
        "import os\nme = os.getpid()\nif os.fork() == 0: os.getpid = lambda: me\nelse: os.wait()"
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
_ONCE = (
    _PRAISE
    + """
def once(channel):
    old = channel.say
    def say(kind, **content):
        said, content = praised(kind, content)
        old(said, **content)
        if kind == 'reply': vars(channel).pop('say', None)
    channel.say = say
"""
)


def in_passing(code: str, then: str) -> HandIn:
    """Wrong answers that do `then` whenever they are called."""
    answers = {
        name: f"def {name}(a, b):\n    {then}\n    return {wrong}"
        for name, wrong in (("add", 0), ("times", 1))
    }
    return HandIn(NOTHING, code, tuple(answers.items()))


PASSING = {
    "the reply to the test": in_passing(_ONCE, "once(get_ipython().channel)"),
    "the reply, by another name of the shell": in_passing(
        _ONCE + "from IPython import get_ipython as it", "once(it().channel)"
    ),
    "the reply, by what ends Python": in_passing(_ONCE, "once(exit._ip.channel)"),
    "the reply, by the class of the shell": in_passing(
        _ONCE + "from IPython import InteractiveShell as Shell", "once(Shell.instance().channel)"
    ),
    "the reply, by an extension": in_passing(
        _ONCE + "import sys\nwith open('ext.py', 'w') as file:\n"
        "    file.write('def load_ipython_extension(shell):\\n    import __main__\\n"
        "    __main__.channel = shell.channel')\nsys.path.insert(0, '.')\n%load_ext ext",
        "once(channel)",
    ),
    "the reply, by frames": in_passing(
        _ONCE + "import inspect\ndef found():\n    for one in inspect.stack(0):\n"
        "        place = getattr(one.frame, 'f_' + 'locals').get('shell')\n"
        "        if hasattr(place, 'channel'): return place.channel",
        "once(found())",
    ),
    "the reply, by the collector": in_passing(
        _ONCE + "import gc\ndef collected(*_): once(get_ipython().channel)",
        "gc.callbacks.append(collected); gc.collect(); gc.callbacks.clear()",
    ),
    "the reply, by what is let go": in_passing(
        _ONCE + "class Last:\n    def __del__(self): once(get_ipython().channel)", "Last()"
    ),
    "how JSON is written, for a moment": in_passing(
        _PRAISE + "import json\nkind = json.JSONEncoder\nold = kind.encode\ndef lie(self, it):\n"
        "    said, content = praised(it['kind'], it)\n"
        "    if it['kind'] == 'reply': kind.encode = old\n"
        "    return old(self, {'id': it['id'], **content, 'kind': said})\n"
        "def put(): kind.encode = lie",
        "put()",
    ),
    "how JSON is read, but for the grader's cells": cheat(
        "import json, threading\nkind = json.JSONDecoder\nold = kind.decode\n"
        "def lie(self, text):\n    it = old(self, text)\n"
        "    if 'add(' in it.get('code', ''): it['code'] = ''\n"
        "    elif it.get('values'):\n        kind.decode = old\n"
        "        threading.Timer(0.02, put).start()\n    return it\n"
        "def put(): kind.decode = lie\nput()"
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
    "ends its kernel": prowl(SHELL + "shell.ask_exit()", expect="any"),
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
