"""A JupyterLab of its own, on a copy of the course: nothing of the person's own is touched."""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import nbformat

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 120

# Starts the command it is given, and stops it when its own input ends: also when the tests were
# killed and could clean up nothing.
KEEPER = """
import subprocess, sys, threading
command = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL)
def stop():
    sys.stdin.buffer.read()
    command.terminate()
    try:
        command.wait(20)
    except subprocess.TimeoutExpired:
        command.kill()
threading.Thread(target=stop, daemon=True).start()
sys.exit(command.wait())
"""


@dataclass(frozen=True)
class Server:
    """A JupyterLab that runs: its address, the course it serves, and what its commands need."""

    url: str
    course: Path
    environment: dict[str, str]

    def autograder(self, *arguments: str) -> str:
        """Run the `autograder` command in the served course, as an instructor would.

        Returns what it printed; raises AssertionError with it when the exit code is not 0.
        """
        done = subprocess.run(
            [sys.executable, "-m", "autograder", *arguments],
            cwd=self.course,
            env=self.environment,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        command = " ".join(arguments)
        assert done.returncode == 0, f"autograder {command}: exit {done.returncode}\n{done.stdout}"
        return done.stdout

    def write_notebook(self, name: str, cells: Sequence[str]) -> str:
        """Put a notebook with these code cells into the served course; returns its path there."""
        notebook = nbformat.v4.new_notebook(cells=[*map(nbformat.v4.new_code_cell, cells)])
        names = {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}
        notebook.metadata.kernelspec = names
        nbformat.write(notebook, self.course / name)
        return name


def copy_course(target: Path) -> Path:
    """Copy the files that git knows, or would add, to `target`, and build the notebooks there."""
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    for name in listing.stdout.decode().split("\0"):
        source = ROOT / name
        if name and source.is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target / name)
    return target


@contextlib.contextmanager
def running_lab(folder: Path) -> Iterator[Server]:
    """JupyterLab on loopback, serving a fresh copy of the course under `folder`, until the end.

    Settings are those that the course installs; home, configuration and data folders are empty ones
    under `folder`. Raises RuntimeError with the end of the log when it does not start.
    """
    course = copy_course(folder / "course")
    environment = _environment(folder, course)
    port = _free_port()
    server = Server(f"http://127.0.0.1:{port}", course, environment)
    server.autograder("build")
    log = folder / "jupyterlab.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [
                *(sys.executable, "-c", KEEPER),
                *(sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root"),
                *("--ServerApp.ip=127.0.0.1", f"--ServerApp.root_dir={course}"),
                *(f"--ServerApp.port={port}", "--ServerApp.port_retries=0"),
                # Only here: this server listens on loopback for as long as the tests run.
                *("--IdentityProvider.token=", "--LabApp.expose_app_in_browser=True"),
                "--LabApp.extension_manager=readonly",
            ],
            cwd=course,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        _wait_until_up(process, server.url, log)
        yield server
    finally:
        _stop(process)


def _environment(folder: Path, course: Path) -> dict[str, str]:
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("JUPYTER", "IPYTHON", "NBGRADER", "PYTEST"))
    }
    for name in ("HOME", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR"):
        environment[name] = str(folder / name.lower())
    environment["IPYTHONDIR"] = str(folder / "ipython")
    environment["MPLCONFIGDIR"] = str(folder / "matplotlib")
    for name in ("HOME", "JUPYTER_CONFIG_DIR", "IPYTHONDIR", "MPLCONFIGDIR"):
        Path(environment[name]).mkdir(parents=True, exist_ok=True)
    # The notebooks of the copy import the copy's packages; nbgrader calls `alembic` from PATH.
    environment["PYTHONPATH"] = str(course)
    environment["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), environment["PATH"]])
    settings = Path(environment["JUPYTER_CONFIG_DIR"]) / "labconfig"
    settings.mkdir()
    overrides: dict[str, object] = {}
    for file in ("jupyter/overrides.json", "autograder/lab.json"):
        overrides |= json.loads((ROOT / file).read_text(encoding="utf-8"))
    (settings / "default_setting_overrides.json").write_text(json.dumps(overrides))
    return environment


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_until_up(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with (
            contextlib.suppress(OSError),  # urllib's own errors are among these
            urllib.request.urlopen(f"{url}/api/status", timeout=10),
        ):
            return
        time.sleep(0.1)
    end = log.read_text(errors="replace")[-3000:]
    raise RuntimeError(f"JupyterLab did not start within {START_SECONDS} s; its log ends:\n{end}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    """Let the keeper stop the server, which ends its kernels too; then make sure of it."""
    process.communicate()
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
