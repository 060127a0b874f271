"""What the kernels' page shows to authors runs as it stands there."""

import linecache
import re
from pathlib import Path

import kernels

import pytest

PAGE = Path(kernels.__file__).with_name("README.md")


@pytest.mark.interpreter
def test_the_code_of_the_page_runs_from_top_to_bottom(capsys):
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert len(blocks) == 5
    names = {"__name__": "page"}
    for number, block in enumerate(blocks):
        file = f"<page {number}>"  # with its source at hand: kernels are read from it
        linecache.cache[file] = (len(block), None, block.splitlines(True), file)
        exec(compile(block, file, "exec"), names)
    assert "twice_kernel on sm_90" in capsys.readouterr().out


def test_every_module_that_the_page_names_is_there():
    for name in re.findall(r"`(\w+\.py)`", PAGE.read_text(encoding="utf-8")):
        assert PAGE.with_name(name).exists(), name
