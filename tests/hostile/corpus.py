"""Hand-ins that mean no good, or went badly wrong, each with what must become of it.

They are hand-ins of `adding` of tests/autograder/classroom.py, whose cells give 2, 3 and 2 points.
"""

import json
import sys
from dataclasses import dataclass
from pathlib import Path

from autograder.paths import Course
from tests.autograder.classroom import Edit, answering, doubling, saying, solved, starting_with

WRONG = {"add": "def add(a, b): return 0", "times": "def times(a, b): return 1"}
RIGHT = {"add": "def add(a, b): return a + b", "times": "def times(a, b): return a * b"}
FULL = (2.0, 3.0, 2.0)
NOTHING = "nothing"  # no cell has points; a person may be asked
PERSON = "person"  # a person is asked, and no cell has points


@dataclass(frozen=True)
class HandIn:
    """`answers` after `first` ran; `data` stands for the file itself. `expect`: see above."""

    expect: tuple[float | None, ...] | str
    first: str = ""
    answers: tuple[tuple[str, str], ...] = ()
    edits: tuple[Edit, ...] = ()
    data: bytes | None = None

    def write(self, course: Course, folder: Path) -> None:
        data = self.data
        if data is None:
            edits = [answering(**dict(self.answers)), *self.edits]
            if self.first:
                edits.append(starting_with(self.first))
            data = solved(course, "01_small", "adding", *edits)
        (folder / "adding.ipynb").write_bytes(data)


def cheat(code: str, expect: str = NOTHING) -> HandIn:
    """Wrong answers, and code that is to make them pass."""
    return HandIn(expect, code, tuple(WRONG.items()))


def prowl(code: str, expect: tuple[float | None, ...] | str = FULL) -> HandIn:
    """Right answers, and code that prints ESCAPED if it gets where it must not."""
    return HandIn(expect, code, tuple(RIGHT.items()))


def right(*edits: Edit, expect: tuple[float | None, ...] | str = FULL) -> HandIn:
    return HandIn(expect, answers=tuple(RIGHT.items()), edits=edits)


SHELL = """
import sys
from IPython import get_ipython
shell = get_ipython()
channel = shell.channel
cells = type(channel).say.__globals__
"""
STRIP = """
import ast
class Strip(ast.NodeTransformer):
    def visit_Assert(self, node): return ast.Pass()
"""
EQUAL = """
class Equal{base}:
    def __eq__(self, other): return True
    def __add__(self, other): return self
    __hash__ = None
def add(a, b): return Equal()
def times(a, b): return Equal()
"""
TAMPERING = {
    "ast transformer": cheat(SHELL + STRIP + "shell.ast_transformers.append(Strip())"),
    "ast transformer, of the tests only": cheat(
        SHELL
        + STRIP.replace(
            "return ast.Pass()", "return ast.Pass() if 'add' in ast.dump(node) else node"
        )
        + "shell.ast_transformers.append(Strip())"
    ),
    "input transformer": cheat(
        SHELL + "shell.input_transformers_post.append("
        "lambda lines: ['pass\\n' if l.startswith('assert') else l for l in lines])"
    ),
    "cleanup transformer": cheat(
        SHELL + "shell.input_transformer_manager.cleanup_transforms.append("
        "lambda lines: [l.replace('assert ', 'bool; ') for l in lines])"
    ),
    "transform_cell": cheat(SHELL + "shell.transform_cell = lambda cell: 'pass'"),
    "transform_ast": cheat(SHELL + "import ast\nshell.transform_ast = lambda n: ast.parse('1+1')"),
    "compile": cheat(
        SHELL + "old = shell.compile.__class__.__call__\n"
        "shell.compile.__class__.__call__ = lambda s, src, *a, **k: old(s, 'pass', *a, **k)"
    ),
    "run_code": cheat(
        SHELL + "async def run_code(code, result=None, *, async_=False): return False\n"
        "shell.run_code = run_code"
    ),
    "run_code of the class": cheat(
        SHELL + "async def run_code(self, code, result=None, *, async_=False): return False\n"
        "type(shell).run_code = run_code"
    ),
    "run_ast_nodes": cheat(
        SHELL + "async def run(*a, **k): return False\nshell.run_ast_nodes = run"
    ),
    "run_cell": cheat(
        SHELL + "from IPython.core.interactiveshell import ExecutionResult\n"
        "async def run(*a, **k):\n    r = ExecutionResult(None); return r\n"
        "shell.run_cell_async = run"
    ),
    "what runs a cell": cheat(SHELL + "cells['_run'] = lambda *a: {'status': 'ok', 'values': {}}"),
    "what answers a request": cheat(
        SHELL + "def answer(shell, request):\n"
        "    channel.say('reply', status='ok', values={})\n"
        "cells['_answer'] = answer"
    ),
    "replies say ok": cheat(
        SHELL + "old = channel.say\n"
        "def say(kind, **content):\n"
        "    if kind == 'reply': content |= {'status': 'ok'}\n"
        "    old(kind, **content)\n"
        "channel.say = say"
    ),
    "replies say ok, by what is below": cheat(
        SHELL + "import os\nold = os.write\n"
        "def write(descriptor, data):\n"
        '    data = bytes(data).replace(b\'"status": "error"\', b\'"status": "ok"\')\n'
        "    while data: data = data[old(descriptor, data):]\n"
        "    return 10**9\n"
        "os.write = write"
    ),
    "forged replies": cheat(
        SHELL + "def add(a, b):\n    channel.say('reply', status='ok', values={})\n    return 0"
    ),
    "showtraceback": cheat(SHELL + "shell.showtraceback = lambda *a, **k: None"),
    "exception hook": cheat("import sys\nsys.excepthook = lambda *a: None"),
    "custom exceptions": cheat(
        SHELL + "shell.set_custom_exc((AssertionError,), lambda *a, **k: None)"
    ),
    "events": cheat(
        SHELL + "def after(result): result.error_in_exec = None; result.error_before_exec = None\n"
        "shell.events.register('post_run_cell', after)"
    ),
    "displayhook gives points": cheat(
        "import sys\ndef add(a, b):\n    sys.displayhook(2)\n    return 0"
    ),
    "equal to everything": HandIn(NOTHING, answers=(("add", EQUAL.format(base="")),)),
    "an int that equals everything": HandIn(
        NOTHING, answers=(("add", EQUAL.format(base="(int)")),)
    ),
    "equal by a metaclass": cheat(
        "class M(type):\n    def __eq__(c, o): return True\n    __hash__ = type.__hash__\n"
        "class E(metaclass=M): pass\n"
        "def add(a, b): return E"
    ),
    "assertion error that is none": cheat(
        "import builtins\nclass AssertionError(SystemExit): pass\n"
        "builtins.AssertionError = AssertionError"
    ),
    "builtins": cheat("import builtins\nbuiltins.AssertionError = type('A', (Warning,), {})"),
    "math": cheat("import math\nmath.sqrt = lambda x: 1"),
    "the test's function is wrapped": cheat(
        "import sys\ndef trace(frame, event, arg):\n"
        "    if event == 'line' and frame.f_code.co_filename.startswith('/tmp/ipy'): pass\n"
        "    return trace\nsys.settrace(trace)"
    ),
    "leaves at once": cheat("def add(a, b):\n    import os\n    os._exit(0)"),
    "exits": cheat("def add(a, b):\n    exit()"),
    "raises SystemExit": cheat("def add(a, b):\n    raise SystemExit(0)"),
    "forks in the test": cheat(
        "def add(a, b):\n    import os\n    if os.fork() == 0: return a + b\n    return 0"
    ),
    "changes the frame of the test": cheat(
        "import sys\ndef add(a, b):\n    sys._getframe(1).f_globals['add'] = lambda a, b: a + b\n"
        "    return 0"
    ),
    "patches from a thread": cheat(
        SHELL + STRIP + "import threading, time\ndef later():\n    time.sleep(0.01)\n"
        "    shell.ast_transformers.append(Strip())\nthreading.Thread(target=later).start()\n"
        "time.sleep(0.1)"
    ),
    "environment of hidden tests": HandIn(
        FULL, "import os\nos.environ['STEPWISE_CLASS_SECRET'] = 'known'", tuple(RIGHT.items())
    ),
}
PLACES = [
    place
    for place in (
        *("/etc/shadow", "/root/.ssh", "/home", "/proc/1/environ", "/proc/1/root", "/sys"),
        *("/dev/mem", "/dev/sda", "/var", "/run", "/srv", "/mnt"),
    )
    # Python's own folder must be in sight, and so the names of the folders that it lies in.
    if not any(Path(prefix).is_relative_to(place) for prefix in (sys.prefix, sys.base_prefix))
]
ESCAPES = {
    f"reads {place}": prowl(
        f"import os\ntry:\n"
        f"    if os.path.isdir('{place}'): print('ESCAPED', os.listdir('{place}'))\n"
        f"    else: print('ESCAPED', open('{place}').read(100))\nexcept OSError: pass"
    )
    for place in PLACES
} | {
    "finds the canary": prowl(
        "import os\nfor folder, _, names in os.walk('/'):\n"
        "    found = {'gradebook.db', 'class_secret'} & set(names)\n"
        "    if found and 'nbgrader/tests' not in folder: print('ESCAPED', folder)"
    ),
    "environment": prowl(
        "import os\nif any('CANARY' in v for v in os.environ.values()): print('ESCAPED')"
    ),
    "network": prowl(
        "import socket\ntry:\n    socket.create_connection(('10.0.0.1', 80), 1)\n"
        "    print('ESCAPED')\nexcept OSError: pass"
    ),
    "loopback": prowl(
        "import socket\nfor port in (22, 25, 80, 5432, 8888):\n    try:\n"
        "        socket.create_connection(('127.0.0.1', port), 1)\n        print('ESCAPED')\n"
        "    except OSError: pass"
    ),
    "writes elsewhere": prowl(
        "for f in ('', '/usr', '/dev', '/stepwise', '/stepwise/here', '/stepwise/run'):\n"
        "    p = f + '/x'\n"
        "    try:\n        open(p, 'w').close()\n        print('ESCAPED', p)\n"
        "    except OSError: pass"
    ),
    "becomes root": prowl(
        "import os\nfor call in (os.setuid, os.setgid):\n    try:\n        call(0)\n"
        "        print('ESCAPED')\n    except OSError: pass"
    ),
    "mounts": prowl(
        "import ctypes\nif ctypes.CDLL(None).mount(b'', b'/proc', b'proc', 0, None) == 0:\n"
        "    print('ESCAPED')"
    ),
    "unmounts": prowl(
        "import ctypes\nif ctypes.CDLL(None).umount2(b'/proc', 2) == 0: print('ESCAPED')"
    ),
    "namespace of its own": prowl(
        "import ctypes, os\nl = ctypes.CDLL(None)\nif os.fork() == 0:\n"
        "    l.unshare(0x10020000); l.umount2(b'/proc', 2); l.umount2(b'/stepwise/run', 2)\n"
        "    if os.listdir('/proc') or os.listdir('/stepwise/run'): open('/tmp/out', 'w').close()\n"
        "    os._exit(0)\nos.wait()\nif os.path.exists('/tmp/out'): print('ESCAPED')"
    ),
    "other processes": prowl(
        "import os\nfor n in [1, *range(3, 400)]:\n    try:\n        os.kill(n, 9)\n"
        "        if n > 1: print('ESCAPED', n)\n    except OSError: pass"
    ),
    "device": prowl(
        "import os\ntry:\n    os.mknod('/tmp/d', 0o600 | 0o060000, os.makedev(8, 0))\n"
        "    print('ESCAPED')\nexcept OSError: pass"
    ),
    "the solutions": prowl(
        "try:\n    import autograder\n    print('ESCAPED')\nexcept ImportError: pass"
    ),
}
EXHAUSTION = {
    "endless": prowl("while True: pass"),
    "endless, deaf": prowl(
        "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nwhile True: pass"
    ),
    "sleeps": prowl("import time\ntime.sleep(1000)"),
    "fork bomb": prowl(
        "import os, time\nfor _ in range(500):\n    if os.fork() == 0: time.sleep(99)"
    ),
    "threads": prowl(
        "import threading, time\nfor _ in range(3000):\n"
        "    threading.Thread(target=time.sleep, args=(99,), daemon=True).start()",
        expect=FULL,
    ),
    "memory": prowl("x = []\nwhile True: x.append(bytearray(50_000_000))"),
    "memory at once": prowl("x = bytearray(10 ** 13)"),
    "disk": prowl("f = open('/tmp/big', 'wb')\nwhile True: f.write(bytes(10_000_000))"),
    "files": prowl("n = 0\nwhile True:\n    open(f'/tmp/{n}', 'w').close()\n    n += 1"),
    "descriptors": prowl("keep = []\nwhile True: keep.append(open('/dev/null'))", expect="any"),
    "lines": prowl("while True: print('nonsense')"),
    "bytes": prowl("while True: print('x' * 1_000_000)"),
    "one huge line": prowl("print('x' * 100_000_000)", expect="any"),
    "displays": prowl("while True: display(1)"),
    "recursion": prowl("def f(n): return f(n + 1)\nf(0)"),
    "C recursion": prowl("import sys\nsys.setrecursionlimit(10 ** 9)\ndef f(): f()\nf()"),
    "kills itself": prowl("import os\nos.kill(os.getpid(), 9)"),
    "kills its group": prowl("import os\nos.killpg(0, 9)"),
    "asks": prowl("input('?')"),
    "big number": prowl("9 ** 9 ** 9"),
}


def notebook(**changes: object) -> bytes:
    whole = {"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(whole | changes).encode()


def broken(data: bytes, expect: str = PERSON) -> HandIn:
    return HandIn(expect, data=data)


BROKEN = {
    "empty": broken(b""),
    "not JSON": broken(b"{ not json"),
    "binary": broken(bytes(range(256)) * 10),
    "another JSON": broken(b"[1, 2, 3]"),
    "a number": broken(b"1"),
    "nested too deep": broken(b"[" * 100_000),
    "nested deeply enough": right(
        saying("add_small", deep=json.loads("[" * 800 + "]" * 800)), expect=PERSON
    ),
    "no cells": broken(json.dumps({"nbformat": 4}).encode()),
    "cells of another kind": broken(notebook(cells="none")),
    "odd cells": broken(notebook(cells=[1, None, {"cell_type": 7, "source": {}}]), NOTHING),
    "no labelled cell": broken(notebook(), NOTHING),
    "later format": broken(notebook(nbformat=99), NOTHING),
    "UTF-16": broken('{"cells": []}'.encode("utf-16")[2:] + b"\xff", "any"),
    "half a surrogate": right(starting_with("'\ud800'")),
    "doubled test": right(doubling("add_small")),
    "more points": right(saying("add_small", points=1e9)),
    "renamed test": right(saying("add_small", grade_id="x")),
    "infinite points": HandIn(
        NOTHING, answers=tuple(WRONG.items()), edits=(saying("add_small", points=float("inf")),)
    ),
    "a thousand cells": right(
        lambda nb: (
            nb | {"cells": [*nb["cells"], *[dict(nb["cells"][0], id=f"c{n}") for n in range(1000)]]}
        )
    ),
    "outputs it brought along": HandIn(
        NOTHING,
        answers=tuple(WRONG.items()),
        edits=(
            lambda nb: (
                [
                    c.update(
                        outputs=[{"output_type": "stream", "name": "stdout", "text": "ESCAPED"}]
                    )
                    for c in nb["cells"]
                    if c["cell_type"] == "code"
                ]
                and nb
            ),
        ),
    ),
}
OUTPUTS = {
    "script": prowl(
        "from IPython.display import HTML\ndisplay(HTML('<script>ESCAPED()</script>'))"
    ),
    "javascript": prowl("from IPython.display import Javascript\ndisplay(Javascript('ESCAPED()'))"),
    "event handler": prowl(
        "from IPython.display import HTML\ndisplay(HTML('<img src=x onerror=ESCAPED()>'))"
    ),
    "svg": prowl(
        'from IPython.display import SVG\ndisplay(SVG(\'<svg xmlns="http://www.w3.org/2000/svg" '
        'onload="ESCAPED()"></svg>\'))'
    ),
    "odd mime types": prowl("display({'text/plain': 5, 'x/y': [{}], 3: 4}, raw=True)"),
    "surrogate": prowl("print('\\ud800')"),
}
REMEMBERS = "seen = []\ndef add(a, b):\n    seen.append(a)\n    return a + b"
LEAKS = {
    "prints later what hidden tests gave": HandIn(
        (2.0, 3.0, 0.0),
        answers=(("add", REMEMBERS), ("times", "def times(a, b):\n    print(seen)\n    return 0")),
    ),
    "an answer prints what hidden tests gave": HandIn(
        (2.0, 3.0, 2.0),
        answers=(("add", REMEMBERS), ("times", "print(seen)\n" + RIGHT["times"])),
    ),
}
CORPUS = TAMPERING | ESCAPES | EXHAUSTION | BROKEN | OUTPUTS | LEAKS
