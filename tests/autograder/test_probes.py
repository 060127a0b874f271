"""Probes around tests: honest code raises no doubt, each way of tampering raises its own."""

from collections.abc import Iterator

import pytest

from autograder.client import Client
from autograder.probes import Doubt, bound, loaded
from autograder.sandbox import Sandbox

TEST = "from course.checks import check\nassert add(1, 2) == 3  # np. torch"
SHELL = """
from IPython import get_ipython
shell = get_ipython()
channel = shell.channel
"""


def test_names_that_a_cell_binds_and_reads() -> None:
    source = (
        "import os.path, math as m\nfrom a import b as c\nx, (y, *z) = f(w)\n"
        "def g(p):\n    q = p\n    return q\nfor i in x: j = i\nwith o as r: pass\n[k for k in x]"
    )
    assert bound(source) == ["c", "g", "i", "j", "m", "os", "r", "x", "y", "z"]
    assert {"f", "w", "o"} <= loaded(source)
    assert not {"x", "g", "m"} & loaded(source)
    assert (bound("def ("), loaded("def (")) == ([], set())
    local = "def chain(n):\n    root = grow(n)\n    return [root for leaf in root]\nchain(3)"
    assert loaded(local) == {"grow"}, "what is local to a function is not the notebook's"


@pytest.fixture(scope="module")
def box() -> Iterator[Sandbox]:
    with Sandbox() as box:  # warm: these tests are about numpy and torch too
        yield box


@pytest.fixture
def client(box: Sandbox) -> Iterator[Client]:
    with box.jail(None) as jail:
        client = Client(jail, 100_000)
        yield client


def doubts(client: Client, student: str, test: str = TEST) -> list[str]:
    doubt = Doubt(client)
    assert doubt.answered
    answer = client.run("import math", 30, doubt.names_of("import math"))
    assert answer.status == "ok"
    doubt.locked(answer)
    client.run(student, 30)
    return doubt.surprises(test, {}, last=True)


def test_loading_another_part_of_the_checks_raises_no_doubt(client: Client) -> None:
    setup = (
        "from course.checks.trees import CountedNode\nfrom course.checks.memory import stays_small"
    )
    doubt = Doubt(client)
    answer = client.run(setup, 30, doubt.names_of(setup))
    assert answer.status == "ok"
    doubt.locked(answer)
    client.run("def add(a, b): return a + b", 30)
    assert doubt.surprises(TEST, {}, last=True) == []
    client.run("import course.checks.memory as m\nm.stays_small = lambda *a, **k: None", 30)
    assert "course.checks.memory was changed" in doubt.surprises(TEST, {}, last=False)


HONEST = {
    "a plain answer": "def add(a, b): return a + b",
    "uses libraries": (
        "import numpy as np, torch, random, json, matplotlib.pyplot as plt\n"
        "np.random.seed(0); torch.manual_seed(0); random.seed(0)\n"
        "plt.plot([1, 2]); plt.show()\n"
        "layer = torch.nn.Linear(2, 2); layer(torch.ones(1, 2)).sum().backward()\n"
        "def add(a, b): return a + b"
    ),
    "prints, warns and shows": (
        "import sys, warnings\nfrom IPython.display import HTML\n"
        "def add(a, b):\n"
        "    warnings.warn('slow'); print(a, file=sys.stderr); display(HTML('<b>x</b>'))\n"
        "    return a + b\n1 + 1"
    ),
    "a class with an honest ==": (
        "class Point:\n    def __init__(self, x): self.x = x\n"
        "    def __eq__(self, other): return isinstance(other, Point) and self.x == other.x\n"
        "    __hash__ = None\ndef add(a, b): return a + b"
    ),
    "an exception before": "1 / 0",
    "a magic": "%matplotlib inline\ndef add(a, b): return a + b",
}


@pytest.mark.sandbox
@pytest.mark.parametrize("student", HONEST.values(), ids=HONEST)
def test_honest_code_raises_no_doubt(client: Client, student: str) -> None:
    assert doubts(client, student) == []


TAMPERED = {
    "what IPython does with a cell's text": SHELL
    + "import ast\nshell.ast_transformers.append(ast.NodeTransformer())",
    "IPython's shell": SHELL + "shell.showtraceback = lambda *a, **k: None",
    "how exceptions are reported": SHELL
    + "shell.set_custom_exc((KeyError,), lambda *a, **k: None)",
    "the way to the grader": SHELL
    + "old = channel.say\nchannel.say = lambda *a, **k: old(*a, **k)",
    "the displays": SHELL + "type(shell.displayhook).write_format_data = lambda *a: None",
    "what traces Python's work": "import sys\nsys.setprofile(lambda *a: None)",
    "the built-in names": "import builtins\nbuiltins.abs = lambda x: 0",
    "what IPython does before and after a cell": SHELL
    + "def after(*a): pass\nshell.events.register('post_run_cell', after)",
    "math was changed": "import math\nmath.sqrt = lambda x: 1",
    "numpy was changed": "import numpy\nnumpy.allclose = lambda *a, **k: True",
    "torch was changed": "import torch\ntorch.equal = lambda *a: True",
    "torch.Tensor": "import torch\ntorch.Tensor.__eq__ = lambda s, o: True",
    "course.checks": "import course.checks\ncourse.checks.difference = lambda *a, **k: ''",
    "objects equal anything": "class Equal:\n    def __eq__(self, other): return True",
    "gc was changed": "import gc\ngc.get_objects = lambda *a: []",
    "redefined": "math = 5",
}


@pytest.mark.sandbox
@pytest.mark.parametrize(("sentence", "student"), TAMPERED.items(), ids=TAMPERED)
def test_each_way_of_tampering_is_named(client: Client, sentence: str, student: str) -> None:
    test = TEST + "\nassert math.sqrt(4) == 2"
    assert sentence in "; ".join(doubts(client, student, test))


@pytest.mark.sandbox
def test_classes_that_are_not_listed_any_more_are_found(client: Client) -> None:
    """Only what was made since the fork is looked at: what is frozen seems to be older."""
    student = "class Equal:\n    def __eq__(self, other): return True\nimport gc\ngc.freeze()"
    assert doubts(client, student) == ["Equal objects equal anything"]


@pytest.mark.sandbox
def test_the_environment_is_set_for_what_comes_next(client: Client) -> None:
    doubt = Doubt(client)
    then = "__import__('os').environ.update({'STEPWISE_CLASS_SECRET': 'x'})"
    assert doubt.surprises(TEST, {}, False, then) == []
    assert doubt.done
    assert doubt.surprises(TEST, {"STEPWISE_CLASS_SECRET": "x"}, False, "1 / 0") == []
    assert not doubt.done


@pytest.mark.sandbox
def test_outputs_that_do_not_arrive_are_noticed(client: Client) -> None:
    """Else a test's own number of points could be lost, and its cell be taken for passed."""
    doubt = Doubt(client)
    client.run(SHELL + "channel.print = lambda *a: None", 5)
    found = doubt.surprises(TEST, {}, last=False)
    assert "a cell showed something else than what it printed" in found
    assert "the way to the grader was changed" in found


@pytest.mark.sandbox
def test_the_environment_of_hidden_tests_is_watched(client: Client) -> None:
    doubt = Doubt(client)
    given = {"STEPWISE_CLASS_SECRET": "x"}
    client.run("import os; os.environ['STEPWISE_CLASS_SECRET'] = 'x'", 30)
    assert doubt.surprises(TEST, given, last=False) == []
    client.run("os.environ['STEPWISE_CLASS_SECRET'] = 'y'", 30)
    assert "the environment of hidden tests was changed" in doubt.surprises(TEST, given, last=False)


@pytest.mark.sandbox
def test_a_kernel_that_tells_nothing_is_not_believed(client: Client) -> None:
    doubt = Doubt(client)
    client.run("import builtins\nbuiltins.exec = lambda *a: None", 30)
    said = doubt.surprises(TEST, {}, last=True)
    assert said == ["the kernel did not say how things stand after a test"]


FORGED = {
    "no object": "[]",
    "nothing in it": "{}",
    "another form": '{"groups": 5, "names": [], "environment": {}, "equal": "x"}',
    "no JSON": "{",
    "nested deeply": "[" * 20_000,
    "long": '{"groups": {"' + "x" * 200_000 + '": 1}}',
}


@pytest.mark.sandbox
@pytest.mark.parametrize("answer", FORGED.values(), ids=FORGED)
def test_an_answer_of_another_form_is_not_believed(client: Client, answer: str) -> None:
    doubt = Doubt(client)
    lie = f"lambda it, **k: {answer!r} if 'groups' in it else old(it, **k)"
    client.run(f"import json\nold = json.dumps\njson.dumps = {lie}", 30)
    said = doubt.surprises(TEST, {}, last=True)
    assert said == ["the kernel did not say how things stand after a test"]


@pytest.mark.sandbox
def test_a_name_of_the_students_cannot_write_to_the_terminal(client: Client) -> None:
    equal = "type('\x1b[2Jx', (), {'__eq__': lambda s, o: True, '__module__': '__main__'})"
    (said,) = doubts(client, f"E = {equal}\ndef add(a, b): return E()")
    assert said == "??2Jx objects equal anything"
