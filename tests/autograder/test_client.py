"""A kernel that says too much, or says it oddly: nothing of it fills this process."""

import resource
from collections.abc import Iterator

import pytest

from autograder.client import Client, conversation
from autograder.sandbox import Sandbox

pytestmark = pytest.mark.sandbox
MOST = 100_000
KERNEL = """
from IPython import get_ipython
kernel = get_ipython().kernel
socket = getattr(kernel.iopub_thread, "socket", None)
def said(kind, content):
    kernel.session.send(kernel.iopub_socket, kind, content, kernel.get_parent())
"""


@pytest.fixture(scope="module")
def box() -> Iterator[Sandbox]:
    with Sandbox(warm=False) as box:
        yield box


@pytest.fixture
def client(box: Sandbox) -> Iterator[Client]:
    with box.jail(None) as jail, conversation(jail, MOST, 30) as client:
        assert client is not None
        yield client


def size(outputs: list) -> int:
    return sum(len(str(output)) for output in outputs)


def test_a_message_that_is_too_large_costs_the_kernel(client: Client) -> None:
    answer = client.run("print('x' * 60_000_000)", 30)
    assert answer.status == "flood"
    assert client.lost
    assert size(answer.outputs) < 2 * MOST


def test_a_message_without_end_costs_the_kernel_and_not_our_memory(client: Client) -> None:
    endless = "import zmq\npart = bytes(2**20)\nwhile True: socket.send(part, zmq.SNDMORE)"
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
    for kind in ("stream", "display_data", "error", "status", "update_display_data", 5, None):
        try:
            said(kind, content)
        except Exception:
            pass
"""


def test_odd_messages_are_taken_for_what_they_are(client: Client) -> None:
    client.run(f"{KERNEL}\n{ODD}", 30)
    assert client.run("6 * 7", 30, {"it": "6 * 7"}).values == {"it": "42"}


def test_forged_replies_are_counted(client: Client) -> None:
    forge = """
for _ in range(3):
    content = {"status": "ok", "execution_count": 1, "payload": [], "user_expressions": {}}
    ident = kernel.get_parent() and kernel._shell_parent_ident.get()
    kernel.session.send(kernel.shell_stream, "execute_reply", content, kernel.get_parent(), ident)
"""
    client.run(KERNEL + forge, 30)
    client.run("1 + 1", 30)
    assert client.stray > 0
