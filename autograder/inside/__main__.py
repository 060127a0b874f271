"""The fork server: imports once what notebooks import, then forks a kernel for each that asks.

It runs inside the sandbox as a program of its own (nothing of `autograder` is there). Each line on
its standard input names a folder under `run`; for each it forks a jail (see jail.py). When the
input ends, or nobody asked for a while and no kernel runs, it ends.
"""

import contextlib
import gc
import importlib
import json
import os
import select
import sys
import threading
import warnings

import cells
import jail
import kernel
from system import large_pages, undumpable


def main() -> None:
    settings = json.loads(sys.argv[1])
    if settings["user"] is not None:
        # Started by root: from here on somebody who owns nothing.
        os.setgroups([])
        os.setresgid(*[settings["user"]] * 3)
        os.setresuid(*[settings["user"]] * 3)
    sys.path[:1] = settings["path"]
    os.umask(0o077)
    sys.modules["debugpy"] = None  # type: ignore[assignment]  # nobody debugs a graded kernel
    cells.make_shell()
    missing = _preload(settings["preload"])
    cells.exercise()
    for module in (cells, jail, kernel):
        del sys.modules[module.__name__]  # nobody else is to import them
    if settings["isolated"]:
        undumpable()
    gc.collect()
    gc.freeze()  # a fork that collects garbage would copy every page
    large_pages()
    print(json.dumps({"missing": missing, "threads": threading.active_count()}), flush=True)
    _serve(settings)


def _preload(modules: list[str]) -> list[str]:
    """Import `modules`, of "x.*" also what x makes public; those that could not be imported."""
    missing = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for module in modules:
            try:
                package = importlib.import_module(module.removesuffix(".*"))
                if module.endswith(".*"):
                    for name in package.__all__:  # some packages load their modules when asked
                        getattr(package, name)
            except Exception:
                missing.append(module)
    return missing


def run(task: dict, descriptors: list[int], ready: int) -> None:
    """What a jail is for: a kernel for one of Jupyter's programs, or for the grader."""
    if "connection" in task:
        kernel.serve(task, ready)
    else:
        cells.serve(task, descriptors, ready)


def _serve(settings: dict) -> None:
    waiting = b""
    while True:
        ready, _, _ = select.select([0], [], [], settings["idle_seconds"])
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        if not ready and os.listdir(settings["run"]):
            continue  # a kernel runs
        if not ready:
            return  # the host starts another when it needs one
        data = os.read(0, 65536)
        if not data:
            return
        *names, waiting = (waiting + data).split(b"\n")
        for name in names:
            if os.fork() == 0:
                try:
                    jail.enter(settings["run"] + "/" + name.decode(), settings, run)
                finally:
                    os._exit(1)


main()
