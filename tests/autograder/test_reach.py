"""Code that names what reaches below a notebook is noticed; what students write anyway is not."""

from pathlib import Path

import nbformat
import pytest

from autograder.reach import below, surprises
from tests.autograder.classroom import REPOSITORY

HONEST = [
    "# the built-in eval( is not allowed, nor are builtins\nx = 1",
    "model.eval(); pattern = re.compile('x')",
    "torch.backends.cudnn.deterministic = True\ntorch.manual_seed(0)",
    "%matplotlib inline\n%timeit f(3)",
    "get_ipython().run_line_magic('matplotlib', 'inline')",
    "for layer in self.modules(): pass\ncall(np=3, math=4)",
    "name = type(x).__name__; kind = x.__class__",
    "class Value:\n    def __init__(self): self.grad = 0\n    def __add__(self, other): ...",
    "import gc, sys\ngc.collect(); sys.setrecursionlimit(10_000); x = np.a.b == 3",
    "import IPython\nIPython.display.clear_output()\nfrom IPython.display import HTML",
    "import os, sys, inspect\nos.environ['A'] = 'b'; sys.stdout = x\ninspect.signature(f)",
    "signal.grad = None; self.signal.value = 3; signal = x.json.text",
    "from IPython import get_ipython\n%load_ext autoreload\nfrom inspect import signature",
    "\x0c# a page\n'\u2028' # another line",
    "def broken(:\n    ''' not closed",
]
REACHING = {
    "import ctypes as c": "ctypes",
    "%%writefile helper.py\nfrom sys import settrace": "settrace",
    "exec('import ' + 'x')": "exec(",
    "shell = get_ipython()": "get_ipython",
    "get_ipython().kernel": "get_ipython",
    "from IPython import get_ipython as shell": "get_ipythonas",
    "from IPython.display import InteractiveShell": "InteractiveShell",
    "import IPython as i": "IPython",
    "exit._ip.channel": "_ip",
    "magic = get_ipython().run_line_magic": "get_ipython",
    "[f for f in inspect.stack()]": "inspect.stack",
    "import sys\nsys.exc_info = quiet": "sys.exc_info=",
    "import json\njson.JSONEncoder.encode = say": "json.JSONEncoder.encode=",
    "%%writefile a.py\ndef load_ipython_extension(shell): ...": "load_ipython_extension",
    "result.__class__ = Other": ".__class__=",
    "thing . __dict__ ['f'] = g": ".__dict__[",
    "sys . modules['math'] = fake": "sys.modules",
    "np.testing.assert_allclose = lambda *a: None": "np.testing.assert_allclose=",
    "torch.allclose = print": "torch.allclose=",
    "setattr(torch, 'equal', print)": "setattr(torch",
}


@pytest.mark.parametrize("source", HONEST)
def test_what_students_write_anyway(source: str) -> None:
    assert below(source) == []


@pytest.mark.parametrize(("source", "named"), REACHING.items())
def test_what_reaches_below(source: str, named: str) -> None:
    assert below(source) == [named]


def test_nothing_that_the_course_asks_for() -> None:
    """Every solution, and every lesson's code, which students copy from."""
    sources = [*REPOSITORY.glob("solutions/**/*.py"), *REPOSITORY.glob("course/[0-9]*/*.py")]
    assert len(sources) > 20
    named = {}
    for path in sources:
        cells = path.read_text(encoding="utf-8").split("\n# %%")
        own = [c for c in cells if '"locked": true' not in c and '"points"' not in c]
        if found := [name for cell in own for name in below(cell)]:
            named[path.name] = found
    assert named == {}


def test_the_instructors_cells_and_files_are_not_the_students(tmp_path: Path) -> None:
    own, extra = tmp_path / "own", tmp_path / "extra"
    for folder, names in ((own, ("a.py", "b.py")), (extra, ("a.py",))):
        folder.mkdir()
        for name in names:
            (folder / name).write_text("import ctypes")
    (own / "link.py").symlink_to(own / "a.py")
    cells = [nbformat.v4.new_code_cell("import zmq") for _ in range(3)]
    cells[0].metadata["nbgrader"] = {"grade": True, "locked": True}
    cells[1].metadata["nbgrader"] = {"solution": True, "grade": False}
    notebook = nbformat.v4.new_notebook(cells=cells)
    said = "its code names zmq, ctypes, with which anything can be made to pass"
    assert surprises(notebook, own, extra) == [said]
    (own / "b.py").unlink()
    assert surprises(notebook, own, extra) == [said.replace(", ctypes", "")]
    assert surprises(nbformat.v4.new_notebook(cells=cells[:1]), own, extra) == []
