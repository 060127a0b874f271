"""A notebook without a browser: cells run in IPython, outputs kept as Jupyter would show them."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from typing import Any

RUN = """
import json, sys
from IPython.core.displaypub import CapturingDisplayPublisher
from IPython.core.interactiveshell import InteractiveShell

class Shell(InteractiveShell):
    def _showtraceback(self, kind, value, lines):
        shown.append({"error": kind.__name__, "message": str(value), "lines": lines})

shown, results = [], []
shell = Shell.instance(display_pub_class=CapturingDisplayPublisher, colors="nocolor")
shell.history_manager.enabled = False
for cell in json.load(sys.stdin):
    from io import StringIO
    sys.stdout, sys.stderr, kept = StringIO(), StringIO(), (sys.stdout, sys.stderr)
    shell.run_cell(cell, store_history=True)
    out, err = sys.stdout.getvalue(), sys.stderr.getvalue()
    sys.stdout, sys.stderr = kept
    results.append({
        "displays": [output["data"] for output in shell.display_pub.outputs],
        "error": shown.pop() if shown else None, "stdout": out, "stderr": err,
    })
    shell.display_pub.outputs.clear()
print(json.dumps(results))
"""


@dataclass(frozen=True)
class Output:
    """What one cell showed."""

    displays: list[dict[str, str]]
    error: dict[str, Any] | None
    stdout: str
    stderr: str

    @property
    def html(self) -> str:
        return "".join(display.get("text/html", "") for display in self.displays)

    @property
    def text(self) -> str:
        return "\n".join(display.get("text/plain", "") for display in self.displays)

    @property
    def traceback(self) -> str:
        return "\n".join(self.error["lines"]) if self.error else ""

    @property
    def everything(self) -> str:
        return json.dumps([self.displays, self.error, self.stdout, self.stderr])


def run_cells(*cells: str, by_nbgrader: bool = True) -> list[Output]:
    """Run the cells one after the other in a fresh process; an error does not stop the next."""
    environment = {k: v for k, v in os.environ.items() if k != "NBGRADER_EXECUTION"}
    environment |= {"NBGRADER_EXECUTION": "validate"} if by_nbgrader else {}
    done = subprocess.run(
        [sys.executable, "-c", RUN],
        input=json.dumps(cells),
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    return [Output(**result) for result in json.loads(done.stdout.splitlines()[-1])]
