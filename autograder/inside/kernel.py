"""A Jupyter kernel in a process that was forked, for programs that speak Jupyter's protocol."""

import contextlib
import json
import os
import random
import sys
import time
import types
import warnings
from collections.abc import Iterator
from typing import Any


def serve(task: dict, ready: int) -> None:
    """Be the kernel that `task` describes; writes a byte to `ready` when its sockets are bound."""
    begin(task)
    connection = os.path.join(task["scratch"], ".kernel.json")
    with open(connection, "w", encoding="utf-8") as file:
        json.dump(task["connection"] | {"ip": f"{task['here']}/k", "transport": "ipc"}, file)

    from ipykernel.kernelapp import IPKernelApp
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    InteractiveShell.clear_instance()  # the one of cells.py: here it is another

    warnings.filterwarnings("ignore", message=".*(psutil|/proc).*")
    config = Config()
    config.HistoryManager.enabled = False
    config.IPythonKernel._execute_sleep = 0  # after each request, for a front end
    config.InteractiveShell.xmode = "Plain"  # the others read sources, and colour them

    class App(IPKernelApp):
        def parse_command_line(self, argv: Any = None) -> None:
            """There is none."""

        def _configure_logging(self) -> None:
            """Nobody reads a log; and to set one up visits every logger that a library made."""

        def init_code(self) -> None:
            """There is no code to run at the start; and the list of modules that %reset wants would
            touch each of their names."""
            assert self.shell is not None
            self.shell._sys_modules_keys = set()

        def init_kernel(self) -> None:
            with _few_modules():
                super().init_kernel()

        def init_iopub(self, context: Any) -> None:
            context.sndhwm = 0  # drop nothing: a lost "idle" would be waited for
            super().init_iopub(context)

    # What lies in the hand-in's folder must not stand in for an installed module.
    app = App.instance(connection_file=connection, ignore_cwd=True, config=config)
    app.initialize([])
    heartbeat = f"{task['here']}/k-{task['connection']['hb_port']}"
    for _ in range(1000):  # its thread binds it in its own time
        if os.path.exists(heartbeat):
            break
        time.sleep(0.001)
    os.write(ready, b"r")
    os.close(ready)
    app.start()


@contextlib.contextmanager
def _few_modules() -> Iterator[None]:
    """ipykernel looks at every module that is loaded, for a debugger that is not here.

    Each object that a fork looks at is a page that it must copy: here thousands of them.
    """
    from ipykernel import ipkernel

    ipkernel.sys = types.SimpleNamespace(**(vars(sys) | {"modules": {}}))  # type: ignore[assignment]
    try:
        yield
    finally:
        ipkernel.sys = sys


def begin(task: dict) -> None:
    """What is not the server's any more in a fresh fork: the environment, and random states."""
    os.environ.clear()
    os.environ.update(task["environment"])
    random.seed()
    numpy, torch = sys.modules.get("numpy"), sys.modules.get("torch")
    with contextlib.suppress(AttributeError):
        if numpy is not None:
            numpy.random.seed()
        if torch is not None:
            torch.default_generator.seed()
