"""A shell that is ready before the fork, and runs the grader's cells one after another.

Requests come and outputs and replies go as lines of JSON over one socket (autograder/client.py is
the other end); what is written to the standard streams past Python goes into a pipe. This is what
grades hand-ins; kernel.py serves Jupyter's programs, which speak Jupyter's protocol.

    {"id": …, "code": …, "values": {name: expression}} →
    ← SEAL {"id": …, "kind": "stream" | "display" | "update" | "clear" | "result" | "error", …}
    ← SEAL {"id": …, "kind": "reply", "status": "ok" | "error", …}

SEAL is a keyed hash of the message, its key one of the request as it came, and that one's key is
this kernel's own. So whoever gets hold of the socket alone, and reads or writes there, or stands in
between, can neither forge an answer nor have another question answered than the one that was asked.
"""

import _json
import base64
import functools
import hashlib
import io
import json
import os
import signal
import sys
import threading
import time
import warnings
from collections.abc import Iterable
from typing import Any

import kernel
from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.interactiveshell import InteractiveShell
from traitlets import Type
from traitlets.config import Config

# Whatever a cell makes of modules later: none of these runs any of their Python.
_decoder: Any = json.JSONDecoder()  # asked for its settings once
_read = _json.make_scanner(_decoder)
_write = os.write
_hash = functools.partial(hashlib.blake2b, digest_size=32)
_HELD = 0.05  # seconds for which printed text may wait for more
_LARGE = 8192  # characters that do not wait
_EXERCISES = {  # module → a cell, if it was imported
    "builtins": "%time print('x')\n1 + 1",
    "IPython": "def f(): raise KeyError\nf()",
    "ast": "if",
    "torch": "import torch\nx = torch.ones(2, requires_grad=True)\n(x * x).sum().backward()\nx",
    "matplotlib.pyplot": "import matplotlib.pyplot as p\np.subplots()[1].set_title('x')\np.show()",
}


def _plain(value: Any) -> str:
    """What JSON cannot hold: the bytes of a picture, and anything else as text."""
    return base64.b64encode(value).decode() if isinstance(value, bytes) else str(value)


# As json.dumps has it.
_pack = _json.make_encoder(
    None, _plain, _json.encode_basestring_ascii, None, ": ", ", ", False, False, True
)


class Channel:
    """The way to the grader. Each message is about the request that is being answered."""

    def __init__(self, descriptor: int, key: bytes = b"") -> None:
        self._descriptor, self._key, self._seal = descriptor, key, b""
        self._lock = threading.RLock()
        self._name, self._texts, self._length, self._sent = "", [""], 0, 0.0
        self.request = ""
        self.ours = True  # whether this is the process that answers: not one that a cell forked

    def leave(self) -> None:
        """In a process that a cell forked: nothing that it says comes from here."""
        self.ours, self._key, self._seal = False, b"", b""

    def asked(self, line: bytes) -> dict[str, Any]:
        """The request in `line`: from now on messages are about it."""
        request: dict[str, Any] = _read(line.decode(), 0)[0]
        with self._lock:
            self.request, self._seal = request["id"], _hash(line, key=self._key).digest()
        return request

    def say(self, kind: str, **content: Any) -> None:
        if not self.ours:
            return
        with self._lock:
            message = {"id": self.request, "kind": kind, **content}
            parts = _pack(message, 0)
            self.flush()
            self._send(parts)

    def print(self, name: str, text: str) -> None:
        """Text that was printed to the stream `name`: sent soon, so that a loop that prints does
        not send a message for each word."""
        if not self.ours:
            _write(2 if name == "stderr" else 1, text.encode("utf-8", "replace"))
            return
        with self._lock:
            if name != self._name:
                self.flush()
                self._name = name
            self._texts.append(text)
            self._length += len(text)
            late = "\n" in text and time.monotonic() - self._sent > _HELD
            if late or self._length > _LARGE:
                self.flush()

    def flush(self) -> None:
        with self._lock:
            text, self._texts, self._length = "".join(self._texts), [], 0
            if text and self.ours:
                message = {"id": self.request, "kind": "stream", "name": self._name, "text": text}
                self._send(_pack(message, 0))
                self._sent = time.monotonic()

    def _send(self, parts: Iterable[str]) -> None:
        data = "".join(parts).encode()
        seal = _hash(data, key=self._seal).hexdigest().encode()
        # On lines of its own, also after a message that an interrupt broke off.
        left = memoryview(b"\n%b %b\n" % (seal, data))
        while left:
            left = left[_write(self._descriptor, left) :]


class Stream(io.TextIOBase):
    """A standard stream of Python's. Nothing that it holds is a way to the grader."""

    encoding, errors = "UTF-8", "replace"

    def __init__(self, name: str, descriptor: int) -> None:
        self.name, self._descriptor, self._stream = f"<{name}>", descriptor, name

    def write(self, text: str) -> int:
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        Shell.instance().channel.print(self._stream, text)
        return len(text)

    def flush(self) -> None:
        Shell.instance().channel.flush()

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._descriptor


class Result(DisplayHook):
    """The value that a cell ends with."""

    def write_output_prompt(self) -> None:
        """None: the notebook has its own."""

    def compute_format_data(self, result: Any) -> tuple[dict, dict]:
        """A plain number as it is: a test may end with how many points were earned."""
        if type(result) in (bool, int, float):
            return {"text/plain": repr(result)}, {}
        found: tuple[dict, dict] = super().compute_format_data(result)
        return found

    def write_format_data(self, format_dict: dict, md_dict: dict | None = None) -> None:
        shell: Any = self.shell
        shell.channel.say("result", data=format_dict)


class Publisher(DisplayPublisher):
    """What a cell displays."""

    def publish(
        self,
        data: dict,
        metadata: dict | None = None,
        source: Any = None,
        *,
        transient: dict | None = None,
        update: bool = False,
        **_: Any,
    ) -> None:
        kind = "update" if update else "display"
        shell: Any = self.shell
        shell.channel.say(kind, data=data, transient=transient or {})

    def clear_output(self, wait: bool = False) -> None:
        shell: Any = self.shell
        shell.channel.say("clear", wait=bool(wait))


class Shell(InteractiveShell):
    """IPython, whose outputs go through a channel."""

    displayhook_class = Type(Result)
    display_pub_class = Type(Publisher)
    channel: Channel
    failed_to_show = False  # whether showing a value raised an exception

    def enable_gui(self, gui: str | None = None) -> None:
        """There are no windows here."""

    def init_virtualenv(self) -> None:
        """The grader chose the environment."""

    def ask_exit(self) -> None:
        """`exit` in a cell ends Python, here and now."""
        self.channel.flush()
        os._exit(0)

    def _showtraceback(self, etype: type, evalue: BaseException, stb: list[str]) -> None:
        name, words = str(etype.__name__), str(evalue)
        self.failed_to_show = True  # of no account where the cell itself failed
        self.channel.say("error", ename=name, evalue=words, traceback=list(stb))


def make_shell() -> None:
    """Make the shell; before libraries are imported, as some do more where there is one."""
    config = Config()
    config.HistoryManager.enabled = False
    config.InteractiveShell.xmode = "Plain"  # the others read sources, and colour them
    config.InteractiveShell.colors = "nocolor"
    Shell.instance(config=config)


def exercise() -> None:
    """Do once what shell and libraries do at first use, so that no fork needs to."""
    shell = Shell.instance()
    nobody = os.open(os.devnull, os.O_WRONLY)
    shell.channel = Channel(nobody)
    streams = sys.stdout, sys.stderr
    try:
        _streams()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for module, cell in _EXERCISES.items():
                if module in sys.modules:
                    _run(shell, {"code": cell, "values": {"x": "1"}})
    finally:
        sys.stdout, sys.stderr = streams
        os.close(nobody)
    shell.reset()
    shell.displayhook.exec_result = None
    for name in ("last_type", "last_value", "last_traceback"):
        vars(sys).pop(name, None)


def serve(task: dict, descriptors: list[int], ready: int) -> None:
    """Answer the requests that come from the first of `descriptors`; the second takes what is
    written past Python. Writes a byte to `ready` before the first."""
    requests, past = descriptors
    kernel.begin(task)
    for stream in (1, 2):
        os.dup2(past, stream)
    os.close(past)
    shell = Shell.instance()
    shell.channel = Channel(requests, bytes.fromhex(task.pop("seal")))
    os.register_at_fork(after_in_child=shell.channel.leave)
    _streams()
    os.write(ready, b"r")
    os.close(ready)
    # Read by what is no Python: nobody can put other words into a request.
    with open(requests, "rb", closefd=False) as lines:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        for line in lines:
            _answer(shell, shell.channel.asked(line))
            if not shell.channel.ours:
                os._exit(0)  # a process that a cell forked


def _streams() -> None:
    sys.stdout, sys.stderr = Stream("stdout", 1), Stream("stderr", 2)


def _answer(shell: Shell, request: dict) -> None:
    reply: dict[str, Any]
    try:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        try:
            reply = _run(shell, request)
        finally:
            signal.signal(signal.SIGINT, signal.SIG_IGN)
    except BaseException as error:  # interrupted as the cell ended, or the shell was broken
        reply = {"status": "error", "ename": type(error).__name__, "evalue": ""}
    shell.channel.say("reply", **reply)


def _run(shell: Shell, request: dict) -> dict[str, Any]:
    shell.failed_to_show = False
    result = shell.run_cell(request["code"], store_history=True)
    error = result.error_before_exec or result.error_in_exec
    # The result has its error from sys.exc_info, which a cell can replace; the other is by the way
    # that the shell went.
    well = result.success and shell.last_execution_succeeded
    if error is not None or not well or shell.failed_to_show:
        try:
            words = str(error)
        except Exception:
            words = ""
        return {"status": "error", "ename": type(error).__name__, "evalue": words}
    return {"status": "ok", "values": _values(shell, request["values"])}


def _values(shell: Shell, expressions: dict[str, str]) -> dict[str, str]:
    """What the expressions come to, as text; not as shown, for that is the notebook's affair."""
    values = {}
    for name, expression in expressions.items():
        try:
            values[name] = repr(eval(expression, shell.user_global_ns, shell.user_ns))
        except Exception:
            values[name] = ""
    return values
