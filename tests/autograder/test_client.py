"""A kernel that says too much, or says it oddly: nothing of it fills this process."""

import os
import resource
import time
from collections.abc import Iterator

import pytest

from autograder.client import Client
from autograder.sandbox import Sandbox

pytestmark = pytest.mark.sandbox
MOST = 100_000
KERNEL = """
import json, os
from IPython import get_ipython
channel = get_ipython().channel
def send(data):
    while data:
        data = data[os.write(channel._descriptor, data):]
def said(kind, content):
    content = content if isinstance(content, dict) else {"content": content}
    channel._send(json.dumps({"id": channel.request, "kind": kind, **content}))
"""


@pytest.fixture(scope="module")
def box() -> Iterator[Sandbox]:
    with Sandbox(warm=False) as box:
        yield box


@pytest.fixture
def client(box: Sandbox) -> Iterator[Client]:
    with box.jail(None) as jail:
        client = Client(jail, MOST)
        yield client


def size(outputs: list) -> int:
    return sum(len(str(output)) for output in outputs)


def test_a_message_that_is_too_large_costs_the_kernel(client: Client) -> None:
    answer = client.run("print('x' * 60_000_000)", 30)
    assert answer.status == "flood"
    assert client.lost
    assert size(answer.outputs) < 2 * MOST


def test_a_message_without_end_costs_the_kernel_and_not_our_memory(client: Client) -> None:
    endless = "part = b'x' * 2**20\nwhile True: send(part)"
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    answer = client.run(f"{KERNEL}\n{endless}", 30)
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024
    assert answer.status in ("flood", "died"), answer
    assert client.lost
    assert grown < 2 * 1024**3


def test_displays_that_are_updated_count(client: Client) -> None:
    show = """
from IPython.display import display, update_display
for name in range(50):
    display("x", display_id=str(name))
for name in range(50):
    update_display("y" * 50_000, display_id=str(name))
"""
    answer = client.run(show, 30)
    assert answer.status == "ok"
    assert size(answer.outputs) < 4 * MOST


def test_errors_that_are_shown_count(client: Client) -> None:
    shout = "said('error', {'ename': 'E', 'evalue': 'x' * 50_000, 'traceback': []})"
    answer = client.run(f"{KERNEL}\nfor _ in range(100): {shout}", 30)
    assert size(answer.outputs) < 4 * MOST


def test_what_an_exception_says_is_cut(client: Client) -> None:
    answer = client.run("raise ValueError('x' * 1_000_000)", 30)
    assert (answer.status, answer.error) == ("error", "ValueError")
    assert len(answer.message) <= 10_000


def test_a_value_that_is_too_long_is_none(client: Client) -> None:
    answer = client.run("", 30, {"short": "'x' * 10", "long": "'x' * 1_000_000"})
    assert answer.values == {"short": repr("x" * 10), "long": ""}


ODD = """
for content in ([], 5, None, {"name": []}, {"text": {}}, {"data": {1: {}}}, {"transient": 7}):
    for kind in ("stream", "display", "result", "error", "clear", "update", "reply?", 5, None):
        said(kind, content)
odd = (b"{", b"[]", b"5", b'{"id": 5}', b"[" * 100_000, b"\\xff", b"", b'{"id": null, "kind": []}')
for line in odd:
    send(line + b"\\n")
    send(b"0" * 64 + b" " + line + b"\\n")
    if line != b"\\xff":
        channel._send(line.decode())
"""


def test_odd_messages_are_taken_for_what_they_are(client: Client) -> None:
    client.run(f"{KERNEL}\n{ODD}", 30)
    assert client.run("6 * 7", 30, {"it": "6 * 7"}).values == {"it": "42"}


def test_forged_replies_are_counted(client: Client) -> None:
    client.run(KERNEL + "for _ in range(3): said('reply', {'status': 'ok', 'values': {}})", 30)
    client.run("1 + 1", 30)
    assert client.stray > 0


PRINTS = """
import os, subprocess
print("one")
os.system("echo two")
subprocess.run(["sh", "-c", "echo three >&2"])
if os.fork() == 0:
    print("four")
    os._exit(0)
os.wait()
"""


def test_what_is_written_past_python_is_shown(client: Client) -> None:
    answer = client.run(PRINTS, 30)
    shown = "".join(output.get("text", "") for output in answer.outputs)
    assert sorted(shown.split()) == ["four", "one", "three", "two"]
    assert client.stray == 0


def test_endless_writing_past_python_is_stopped(client: Client) -> None:
    answer = client.run("import os\nwhile True: os.write(1, b'x' * 100_000)", 30)
    assert answer.status == "flood"
    assert size(answer.outputs) < 2 * MOST
    assert client.run("6 * 7", 30, {"it": "6 * 7"}).values == {"it": "42"}


def test_a_process_that_a_cell_leaves_behind_answers_nothing(client: Client) -> None:
    """A fork that does not end comes to the end of the cell too."""
    answer = client.run("import os\nchild = os.fork()", 30, {"child": "child > 0"})
    assert answer.values == {"child": "True"}
    assert client.run("os.wait()[0] == child", 30).outputs[0].data["text/plain"] == "True"
    assert client.stray == 0


def test_exit_ends_python_in_the_cell_that_asked_for_it(client: Client) -> None:
    answer = client.run("print('x')\nexit()", 30)
    assert answer.status == "died"
    assert [output.text for output in answer.outputs] == ["x\n"]


SHOWN = """
from IPython.display import HTML, Image, clear_output, display
display(HTML("<b>x</b>"))
clear_output()
display(Image(bytes.fromhex("89504e470d0a1a0a"), format="png"))
print("a", end="")
print("b")
5
"""


def test_outputs_come_in_order_and_as_in_a_notebook(client: Client) -> None:
    answer = client.run(SHOWN, 30)
    assert [output.output_type for output in answer.outputs] == [
        *("display_data", "stream", "execute_result")
    ]
    picture, stream, result = answer.outputs
    assert picture.data["image/png"].startswith("iVBORw0KGgo")
    assert stream.text == "ab\n"
    assert result.data == {"text/plain": "5"}


def test_a_value_that_cannot_be_shown_is_an_error(client: Client) -> None:
    bad = "class Bad:\n    def __repr__(self): raise KeyError('no')\nBad()"
    answer = client.run(bad, 30)
    assert answer.status == "error"
    assert answer.outputs[-1].ename == "KeyError"


def test_a_cell_may_await(client: Client) -> None:
    source = "import asyncio\nawait asyncio.sleep(0)\n6 * 7"
    assert client.run(source, 30).outputs[0].data["text/plain"] == "42"


def test_it_cannot_ask(client: Client) -> None:
    assert client.run("input()", 30).error == "EOFError"


def test_a_reply_that_somebody_else_sends_ends_the_kernel(client: Client) -> None:
    """Else a process in between could answer, or have another question answered."""
    forged = "(b'0' * 64 + b' ' + json.dumps({'id': channel.request, 'kind': 'reply', "
    forged += "'status': 'ok', 'values': {}}).encode() + b'\\n')"
    answer = client.run(f"{KERNEL}\nsend{forged}\nassert False", 30)
    assert answer.status == "died"
    assert client.lost


def test_a_shown_exception_is_no_success_whatever_the_reply_says(client: Client) -> None:
    say = "said('error', {'ename': 'E', 'evalue': '', 'traceback': []})"
    assert client.run(f"{KERNEL}\n{say}", 30).status == "error"


def test_lists_without_number_cost_nothing(client: Client) -> None:
    """Each empty one has three bytes here, and would have more than sixty in this process."""
    client.run("1", 30)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    show = "display({'application/json': [[] for _ in range(5_000_000)]}, raw=True)"
    assert client.run(show, 60).status == "ok"
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024
    assert grown < 150 * 1024**2
    assert client.run("6 * 7", 30, {"it": "6 * 7"}).values == {"it": "42"}


@pytest.mark.parametrize("request_length", [10, 3_000_000])
def test_a_kernel_that_stands_still_costs_its_time_and_no_more(
    client: Client, request_length: int
) -> None:
    later = "import os, signal, threading\n"
    later += "threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGSTOP)).start()"
    client.run(later, 30)
    time.sleep(0.3)
    begun = time.monotonic()
    assert client.run("#" * request_length, 0.5).status == "timeout"
    assert client.lost
    assert time.monotonic() - begun < 6


def test_half_a_line_spoils_no_other(client: Client) -> None:
    client.run(f"{KERNEL}\nsend(b'0' * 64 + b' {{')", 30)
    assert client.run("6 * 7", 30, {"it": "6 * 7"}).values == {"it": "42"}


def test_jails_leave_no_descriptor_open(box: Sandbox) -> None:
    daemon = "import os, time\nif os.fork() == 0:\n    os.setsid(); time.sleep(99)"
    counts = []
    for source in ("", daemon, "import os\nos._exit(1)", daemon, ""):
        with box.jail(None) as jail:
            Client(jail).run(source, 10)
        counts.append(len(os.listdir("/proc/self/fd")))
    assert set(counts) == {counts[0]}


PRINTER = """
class Shown:
    def _repr_pretty_(self, printer, cycle):
        for kind in (int, str):
            printer.type_pprinters[kind] = lambda it, printer, cycle: printer.text("4")
display(Shown())
"""


def test_numbers_and_values_are_said_as_they_are(client: Client) -> None:
    """A test may end with its points; whoever is shown can change how numbers are shown."""
    client.run(PRINTER, 30)
    answer = client.run("2", 30, {"number": "1 + 1", "text": "'a'", "wrong": "1 / 0"})
    assert answer.outputs[0].data == {"text/plain": "2"}
    assert answer.values == {"number": "2", "text": "'a'", "wrong": ""}
    assert client.run("(2,)", 30).outputs[0].data == {"text/plain": "(4,)"}
