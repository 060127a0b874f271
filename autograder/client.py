"""Talking to a kernel that may be hostile: one request at a time, bounded in time and in output.

Its messages (see autograder/inside/cells.py) are read as what they may be, anything at all: what
has not the form that it should have is dropped, what answers no open question is counted (`stray`)
and otherwise ignored. They are JSON, never pickles. No message is kept beyond a size, and a kernel
that sends faster than we can read is ended before it fills this process's memory.
"""

import functools
import hashlib
import json
import os
import secrets
import select
import time
from dataclasses import dataclass, field
from typing import Any

import nbformat
from nbformat import NotebookNode

from autograder.sandbox import Jail

_LARGEST = 32 * 1024**2  # bytes of a message; a kernel that sends a larger one is ended
_HELD = 512 * 1024**2  # bytes that this process may grow by on behalf of one kernel
_LOOK = 0.1  # seconds after which clocks and memory are looked at again
_READ = 2**20  # bytes at once
_PARTS = 10**6  # of a message: each costs us many times the bytes that it is sent in
_HEAD = 200  # bytes in which a message says what it is
_hash = functools.partial(hashlib.blake2b, digest_size=32)  # as in autograder/inside/cells.py
_WORDS = 10_000  # characters of an exception's text
_VALUE = 100_000  # characters of the value of an expression that we asked for
_GRACE = 3.0  # seconds from an interrupt to the kernel's end
_FLOOD = 200  # times of what is kept of a cell's output: then it is stopped


@dataclass
class Answer:
    """What came of one request."""

    status: str  # ok, error, timeout, flood, died
    error: str = ""  # the exception's name
    message: str = ""  # what the exception said
    outputs: list[NotebookNode] = field(default_factory=list)
    values: dict[str, str] = field(default_factory=dict)  # of the expressions asked for


class Client:
    """A conversation with the kernel in `jail`."""

    def __init__(self, jail: Jail, output_bytes: int = 1_000_000) -> None:
        self._jail, self._most = jail, output_bytes
        self._poller = select.poll()
        for end in (jail.cells, jail.past, jail.control):
            self._poller.register(end, select.POLLIN)
        self._waiting = bytearray()  # of a message that has begun
        self._resident = _resident_bytes()
        self._answered: set[str] = set()
        self.lost = False  # whether the kernel is of no use any more
        self._forged = False  # whether a reply came that the kernel did not send
        self.stray = 0  # replies to nothing that is open, or of somebody else

    def run(self, source: str, seconds: float, values: dict[str, str] | None = None) -> Answer:
        """Run `source` for at most `seconds`; then evaluate the expressions `values` if it ran."""
        identity = secrets.token_hex(16)
        request = {"id": identity, "code": source, "values": values or {}}
        line = json.dumps(request).encode() + b"\n"
        seal = _hash(line, key=self._jail.seal).digest()
        conversation = _Conversation(identity, seal, self._most)
        end = time.monotonic() + seconds
        status = self._send(line, end)
        status = status or self._listen(conversation, end)
        self._answered.add(conversation.id)
        return conversation.answer(status)

    def _send(self, data: bytes, end: float) -> str:
        """Nothing if all was sent, else what became of the kernel; one that lives waits for it."""
        left = memoryview(data)
        while left:
            try:
                left = left[self._jail.cells.send(left) :]
            except BlockingIOError:
                _, ready, _ = select.select([], [self._jail.cells], [], _LOOK)
                if not ready and time.monotonic() > end:
                    self._lose()
                    return "timeout"
            except OSError:
                self._lose()
                return "died"
        return ""

    def _listen(self, conversation: "_Conversation", end: float) -> str:
        """Collect messages until all is said. "" if so, else what cut it short."""
        status = ""
        while True:
            left = end - time.monotonic()
            if _resident_bytes() - self._resident > _HELD or len(self._waiting) > _LARGEST:
                self._lose()
                return "flood"
            if self._jail.starves_others():
                self._lose()
                return "died"
            if left <= 0 or (conversation.size > _FLOOD * self._most and not status):
                if status:  # it did not heed the interrupt
                    self._lose()
                    return status
                status = "flood" if left > 0 else "timeout"
                self._jail.interrupt()
                end = time.monotonic() + _GRACE
                continue
            ready = self._poller.poll(max(1, int(min(left, _LOOK) * 1000)))
            happened = {descriptor for descriptor, _ in ready}
            if self._jail.past.fileno() in happened:
                self._read_past(conversation)
            if self._jail.cells.fileno() in happened and self._read(conversation):
                if self._forged:  # somebody is in between: what was asked may never have arrived
                    self._lose()
                    return status or "died"
                if conversation.reply is not None:
                    self._read_past(conversation)
                    return status
            elif self._jail.control.fileno() in happened:
                self.lost = True
                return status or "died"

    def _read(self, conversation: "_Conversation") -> bool:
        """Take what has come; whether anything has."""
        try:
            data = self._jail.cells.recv(_READ)
        except BlockingIOError:
            return True
        except OSError:
            data = b""
        if not data:
            self._poller.unregister(self._jail.cells)
            return False
        begun = len(self._waiting)
        self._waiting += data
        if self._waiting.find(b"\n", begun) < 0:
            return True
        *lines, self._waiting = self._waiting.split(b"\n")
        for line in lines:
            seal, _, content = line.partition(b" ")
            if not content:
                continue
            if not conversation.sealed(seal, content):
                # What a thread says late has the seal of another request.
                if b'"kind": "reply"' in content[:_HEAD]:
                    self._forged = True
                    self.stray += 1
            elif (message := _message(content)) is None:
                continue
            elif message["kind"] != "reply":
                conversation.heard(message)
            elif not conversation.replied(message):
                self.stray += message["id"] in (*self._answered, conversation.id)
        return True

    def _read_past(self, conversation: "_Conversation") -> None:
        """What was written to the standard streams past Python; a bounded part at once."""
        data = self._jail.past.read(_READ)
        if data:
            conversation.past(data.decode("utf-8", "replace"))
        elif data is not None:
            self._poller.unregister(self._jail.past)

    def _lose(self) -> None:
        self.lost = True
        self._jail.end()


class _Conversation:
    """One request and what is said about it."""

    def __init__(self, identity: str, seal: bytes, most: int) -> None:
        self.id, self._seal, self._most = identity, seal, most
        self.reply: dict[str, Any] | None = None
        self.size = 0  # of all outputs, kept or not
        self._failed = False  # whether an exception was shown, whatever the reply says
        self._outputs: list[NotebookNode] = []
        self._shown: dict[str, list[NotebookNode]] = {}  # display_id → outputs
        self._clear = False

    def sealed(self, seal: bytearray, content: bytearray) -> bool:
        """Whether the kernel itself says `content`, in answer to this request as it was asked."""
        expected = _hash(content, key=self._seal).hexdigest()
        return secrets.compare_digest(expected.encode(), bytes(seal))

    def replied(self, message: dict[str, Any]) -> bool:
        """Whether `message` is the (first) reply."""
        if self.reply is not None or message["id"] != self.id:
            return False
        self.reply = message
        return True

    def heard(self, message: dict[str, Any]) -> None:
        if message["id"] != self.id:
            return
        kind = message["kind"]
        if kind == "clear":
            self._clear = True
            if not message.get("wait"):
                self._clear_now()
        elif kind == "update":
            data = _bundle(message.get("data"))
            self.size += _length(data)
            for output in self._shown.get(_display(message), []) if self.size <= self._most else ():
                output["data"] = data
        elif kind in _OUTPUTS:
            self._failed |= kind == "error"
            self._keep(_OUTPUTS[kind], message)

    def past(self, words: str) -> None:
        self._keep("stream", {"name": "stdout", "text": words})

    def answer(self, status: str) -> Answer:
        reply = self.reply or {}
        if not status:
            fine = reply.get("status") == "ok" and not self._failed
            status = "ok" if fine else "error"
        values = {}
        expressions = reply.get("values")
        for name, value in expressions.items() if isinstance(expressions, dict) else ():
            plain = text(value)
            values[name] = plain if len(plain) <= _VALUE else ""
        error, message = (text(reply.get(key))[:_WORDS] for key in ("ename", "evalue"))
        return Answer(status, error, message, self._outputs, values)

    def _keep(self, kind: str, content: dict[str, Any]) -> None:
        output = _output(kind, content)
        size = _length(output)
        before, self.size = self.size, self.size + size
        if self.size > self._most and kind != "error":
            if before <= self._most:
                note = "\n… the rest of the output was left out.\n"
                self._add(_node("stream", name="stdout", text=note))
            return
        if self.size > self._most:
            output = _node("error", ename=output.ename[:200], evalue="…")
        self._add(output)
        if (identity := _display(content)) and kind != "error":
            self._shown.setdefault(identity, []).append(output)

    def _add(self, output: NotebookNode) -> None:
        if self._clear:
            self._clear_now()
        last = self._outputs[-1] if self._outputs else None
        if (
            last is not None
            and output.output_type == last.output_type == "stream"
            and output.name == last.name
        ):
            last.text += output.text
        elif len(self._outputs) < 1000:
            self._outputs.append(output)

    def _clear_now(self) -> None:
        self._clear = False
        self._outputs.clear()
        self._shown.clear()


_OUTPUTS = {
    "stream": "stream",
    "display": "display_data",
    "result": "execute_result",
    "error": "error",
}


def _message(line: bytearray) -> dict[str, Any] | None:
    """A message that has an id and a kind; None for anything else."""
    if sum(line.count(mark) for mark in (b",", b"[", b"{")) > _PARTS:
        return None
    try:
        message = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(message, dict):
        return None
    return message if all(isinstance(message.get(k), str) for k in ("id", "kind")) else None


def text(value: Any) -> str:
    """`value` if it is text that a file can hold, without lone halves of surrogate pairs."""
    if isinstance(value, list):
        value = "".join(part for part in value if isinstance(part, str))
    return value.encode("utf-8", "replace").decode("utf-8") if isinstance(value, str) else ""


def _length(output: dict[str, Any]) -> int:
    return sum(len(str(value)) for value in output.values())


def _resident_bytes() -> int:
    """Memory that this process holds; 0 where that cannot be known."""
    try:
        with open("/proc/self/statm", "rb") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0


def _node(kind: str, **values: Any) -> NotebookNode:
    """As nbformat.v4.new_output, which validates each: the notebook is validated once, as it is
    written."""
    more: dict[str, Any] = {"metadata": {}} if "data" in values else {}
    if kind == "execute_result":
        more["execution_count"] = None
    if kind == "error":
        values.setdefault("traceback", [])
    node: NotebookNode = nbformat.from_dict({"output_type": kind} | more | values)
    return node


def _output(kind: str, content: dict[str, Any]) -> NotebookNode:
    if kind == "stream":
        name = "stderr" if content.get("name") == "stderr" else "stdout"
        return _node("stream", name=name, text=text(content.get("text")))
    if kind == "error":
        lines = content.get("traceback")
        return _node(
            "error",
            ename=text(content.get("ename")),
            evalue=text(content.get("evalue")),
            traceback=[text(line) for line in lines] if isinstance(lines, list) else [],
        )
    return _node(kind, data=_bundle(content.get("data")))


def _bundle(data: Any) -> dict[str, str]:
    """Of a display's data what is text; JSON and front-end models are not looked at by anybody."""
    if not isinstance(data, dict):
        return {}
    return {
        text(kind): text(value)
        for kind, value in data.items()
        if isinstance(kind, str) and isinstance(value, str | list)
    }


def _display(content: dict[str, Any]) -> str:
    transient = content.get("transient")
    return text(transient.get("display_id")) if isinstance(transient, dict) else ""
