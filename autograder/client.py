"""Talking to a kernel that may be hostile: one request at a time, bounded in time and in output.

Jupyter's messages are read as what they may be, anything at all: what has not the form that it
should have is dropped, what answers no open question is counted (`stray`) and otherwise ignored.
They are JSON, never pickles. No message is kept beyond a size, and a kernel that sends faster than
we can read is ended before it fills this process's memory.
"""

import json
import os
import select
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hmac import compare_digest
from typing import Any

import nbformat
import zmq
from jupyter_client.session import Session
from nbformat import NotebookNode

from autograder.sandbox import Jail

_LARGEST = 32 * 1024**2  # bytes of a part of a message; the connection is cut at a larger one
_HELD = 512 * 1024**2  # bytes that this process may grow by on behalf of one kernel
_LOOK = 0.1  # seconds after which clocks and memory are looked at again
_WORDS = 10_000  # characters of an exception's text
_VALUE = 100_000  # characters of the value of an expression that we asked for
_GRACE = 3.0  # seconds from an interrupt to the kernel's end
_SILENCE = 1.0  # seconds to wait for outputs after the reply
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
        self._session = Session(key=jail.connection["key"].encode(), check_pid=False)
        self._context = zmq.Context()
        self._context.linger = 0
        self._shell = self._connect(zmq.DEALER, "shell")
        self._control = self._connect(zmq.DEALER, "control")
        self._iopub = self._connect(zmq.SUB, "iopub")
        self._iopub.subscribe(b"")
        self._cut = self._iopub.get_monitor_socket(zmq.EVENT_DISCONNECTED)
        self._poller = zmq.Poller()
        for socket in (self._shell, self._iopub, self._cut, jail.control.fileno()):
            self._poller.register(socket, zmq.POLLIN)
        self._resident = _resident_bytes()
        self._answered: set[str] = set()
        self.lost = False  # whether the kernel is of no use any more
        self.stray = 0  # replies to nothing that is open

    def close(self) -> None:
        self._context.destroy(linger=0)

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def wait_until_ready(self, seconds: float) -> bool:
        """Whether the kernel's outputs reach us within `seconds`."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            events = dict(self._poller.poll(100))
            if self._jail.control.fileno() in events:
                return False
            if self._iopub in events and self._receive(self._iopub):
                return True
            # Its word of welcome can get stuck until it has something else to say.
            self._session.send(self._shell, "kernel_info_request", {})
        return False

    def run(self, source: str, seconds: float, values: dict[str, str] | None = None) -> Answer:
        """Run `source` for at most `seconds`; then evaluate the expressions `values` if it ran."""
        content = {
            "code": source,
            "silent": False,
            "store_history": True,
            "user_expressions": values or {},
            "allow_stdin": False,
            "stop_on_error": False,
        }
        request = self._session.send(self._shell, "execute_request", content)
        assert request is not None
        conversation = _Conversation(request["header"]["msg_id"], self._most)
        status = self._listen(conversation, time.monotonic() + seconds)
        self._answered.add(conversation.id)
        return conversation.answer(status)

    def _listen(self, conversation: "_Conversation", end: float) -> str:
        """Collect messages until all is said. "" if so, else what cut it short."""
        status = ""
        while True:
            left = end - time.monotonic()
            if conversation.reply is not None and (conversation.idle or left <= 0):
                return status
            if _resident_bytes() - self._resident > _HELD:
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
                self._session.send(self._control, "interrupt_request", {})
                end = time.monotonic() + _GRACE
                continue
            events = dict(self._poller.poll(max(1, int(min(left, _LOOK) * 1000))))
            if self._iopub in events:
                for message in self._several(self._iopub):
                    conversation.heard(message)
            if self._shell in events:
                answer = self._receive(self._shell)
                if answer and conversation.replied(answer):
                    end = min(end, time.monotonic() + _SILENCE)
                elif answer and _parent(answer) in (*self._answered, conversation.id):
                    self.stray += 1
            elif self._iopub in events:
                continue
            elif self._jail.control.fileno() in events:
                self.lost = True
                return status or "died"
            elif self._cut in events:
                # The kernel ends, or it sent what is too large: nothing more comes from it.
                ended, _, _ = select.select([self._jail.control], [], [], 1)
                self._lose()
                return status or ("died" if ended else "flood")

    def _lose(self) -> None:
        self.lost = True
        self._jail.end()

    def _connect(self, kind: int, channel: str) -> zmq.Socket:
        socket = self._context.socket(kind)
        socket.setsockopt(zmq.MAXMSGSIZE, _LARGEST)
        socket.setsockopt(zmq.RECONNECT_IVL, -1)
        socket.rcvhwm = 0
        info = self._jail.connection
        socket.connect(f"ipc://{info['ip']}-{info[f'{channel}_port']}")
        return socket

    def _several(self, socket: zmq.Socket) -> Iterator[dict[str, Any]]:
        """What has arrived, but no more than so much that clocks are looked at in between."""
        for _ in range(100):
            if not socket.poll(0):
                return
            message = self._receive(socket)
            if message:
                yield message

    def _receive(self, socket: zmq.Socket) -> dict[str, Any] | None:
        """As Session.deserialize, without its search for dates in every text."""
        try:
            _, parts = self._session.feed_identities(socket.recv_multipart(zmq.NOBLOCK))
            signature, *texts = (part for part in parts[:5] if isinstance(part, bytes))
            if not compare_digest(self._session.sign(texts), signature):
                return None
            header, parent, _, content = (json.loads(part) for part in texts)
            message = {"header": dict(header), "parent_header": parent, "content": content}
        except Exception:  # a forged message may be wrong in every way that there is
            return None
        return message if isinstance(message.get("content"), dict) else None


class _Conversation:
    """One request and what is said about it."""

    def __init__(self, identity: str, most: int) -> None:
        self.id, self._most = identity, most
        self.reply: dict[str, Any] | None = None
        self.idle = False
        self.size = 0  # of all outputs, kept or not
        self._outputs: list[NotebookNode] = []
        self._shown: dict[str, list[NotebookNode]] = {}  # display_id → outputs
        self._clear = False

    def replied(self, message: dict[str, Any]) -> bool:
        """Whether `message` is the (first) reply."""
        if self.reply is not None or _parent(message) != self.id:
            return False
        if message["header"].get("msg_type") != "execute_reply":
            return False
        self.reply = message["content"]
        return True

    def heard(self, message: dict[str, Any]) -> None:
        if _parent(message) != self.id:
            return
        kind, content = message["header"].get("msg_type"), message["content"]
        if kind == "status" and content.get("execution_state") == "idle":
            self.idle = True
        elif kind == "clear_output":
            self._clear = True
            if not content.get("wait"):
                self._clear_now()
        elif kind == "update_display_data":
            data = _bundle(content.get("data"))
            self.size += _length(data)
            for output in self._shown.get(_display(content), []) if self.size <= self._most else ():
                output["data"] = data
        elif kind in ("stream", "display_data", "execute_result", "error"):
            self._keep(kind, content)

    def answer(self, status: str) -> Answer:
        reply = self.reply or {}
        if not status:
            status = "ok" if reply.get("status") == "ok" else "error"
        values = {}
        expressions = reply.get("user_expressions")
        for name, value in expressions.items() if isinstance(expressions, dict) else ():
            shown = _bundle(value.get("data") if isinstance(value, dict) else None)
            plain = shown.get("text/plain", "")
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


@contextmanager
def conversation(jail: Jail, output_bytes: int, seconds: float) -> Iterator[Client | None]:
    """A client of the kernel in `jail`; None if it does not answer within `seconds`."""
    with Client(jail, output_bytes) as client:
        yield client if client.wait_until_ready(seconds) else None


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


def _parent(message: dict[str, Any]) -> str:
    header = message.get("parent_header")
    return str(header.get("msg_id", "")) if isinstance(header, dict) else ""
