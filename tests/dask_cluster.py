"""A Dask cluster of the tests' own: a scheduler and workers, each a process, on loopback."""

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]


class Cluster:
    """A scheduler at `address`; `workers` are processes that belong to it."""

    def __init__(self, folder: Path) -> None:
        self._folder, self.workers = folder, []  # type: ignore[var-annotated]
        about = folder / "scheduler.json"
        self._scheduler = self._run("scheduler", "--host", "127.0.0.1", "--port", "0",
                                    "--scheduler-file", str(about))  # fmt: skip
        deadline = time.monotonic() + 60
        while not about.exists():
            assert self._scheduler.poll() is None, self.log()
            assert time.monotonic() < deadline, self.log()
            time.sleep(0.05)
        self.address: str = json.loads(about.read_text())["address"]

    @property
    def scheduler(self) -> subprocess.Popen:
        return self._scheduler

    def add_worker(self, threads: int = 1) -> subprocess.Popen:
        """One more worker; `wait_for` says when it is there."""
        worker = self._run("worker", self.address, "--nthreads", str(threads), "--no-nanny",
                           "--host", "127.0.0.1", "--name", f"worker{len(self.workers)}",
                           "--local-directory", str(self._folder))  # fmt: skip
        self.workers.append(worker)
        return worker

    def wait_for(self, number: int) -> None:
        from distributed import Client

        with Client(self.address, set_as_default=False) as client:
            client.wait_for_workers(number, timeout=60)

    def log(self) -> str:
        return (self._folder / "log").read_text()

    def close(self) -> None:
        for process in (*self.workers, self._scheduler):
            process.kill()
            process.wait()

    def _run(self, program: str, *arguments: str) -> subprocess.Popen:
        with (self._folder / "log").open("a") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "dask", program, "--no-dashboard", *arguments],
                cwd=self._folder,
                env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )


@contextlib.contextmanager
def cluster(workers: int) -> Iterator[Cluster]:
    """A cluster with this many workers."""
    with tempfile.TemporaryDirectory(prefix="stepwise-dask-", ignore_cleanup_errors=True) as place:
        found = Cluster(Path(place))
        try:
            for _ in range(workers):
                found.add_worker()
            found.wait_for(workers)
            yield found
        finally:
            found.close()
