"""A Jupyter kernel in a process that was forked with everything imported."""

import contextlib
import json
import os
import random
import sys
import time
import warnings
from typing import Any


def serve(task: dict, ready: int) -> None:
    """Be the kernel that `task` describes; writes a byte to `ready` when its sockets are bound."""
    os.environ.clear()
    os.environ.update(task["environment"])
    _reseed()
    connection = os.path.join(task["scratch"], ".kernel.json")
    with open(connection, "w", encoding="utf-8") as file:
        json.dump(task["connection"] | {"ip": f"{task['here']}/k", "transport": "ipc"}, file)

    from ipykernel.kernelapp import IPKernelApp
    from traitlets.config import Config

    warnings.filterwarnings("ignore", message=".*(psutil|/proc).*")
    config = Config()
    config.HistoryManager.enabled = False

    class App(IPKernelApp):
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


def _reseed() -> None:
    """Each fork has the server's random states: give it its own."""
    random.seed()
    numpy, torch = sys.modules.get("numpy"), sys.modules.get("torch")
    with contextlib.suppress(AttributeError):
        if numpy is not None:
            numpy.random.seed()
        if torch is not None:
            torch.default_generator.seed()
