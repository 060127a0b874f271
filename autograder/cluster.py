"""Grading on a Dask cluster: the same function as on this machine, sent with all that it needs.

The workers share no folder with the grader: a hand-in travels as bytes, and what became of it
comes back. Every worker grades one hand-in at a time, in a sandbox of its own machine, so they are
started with `--nthreads 1`. Whoever can reach a scheduler can run code on its workers: keep it to
yourself.
"""

import contextlib
import tempfile
import time
from collections.abc import Mapping
from concurrent.futures import FIRST_COMPLETED, CancelledError, Future, wait
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from autograder import identity
from autograder.errors import Stopped, UsageError
from autograder.files import copy_plain
from autograder.intake import LARGEST
from autograder.pipeline import Graded, Job, failed, grade_job
from autograder.sandbox import NOT_FOR_STUDENTS, SandboxUnavailable, shared

CONNECT_SECONDS = 15
START_SECONDS = 180  # for a worker to import what students use
PATIENCE = 600  # seconds that a cluster may be without workers
AHEAD = 2  # jobs for each worker: one that it does, one that lies ready
INSTALL = "pip install 'distributed>=2026.8'"
_File = bytes | None  # None: something is there that is no plain file


@dataclass(frozen=True)
class Parcel:
    """A job, and the bytes of the files that it is about (path → content)."""

    job: Job
    files: Mapping[str, _File]
    extra: Mapping[str, _File]
    installed: str  # what the grader's results depend on, see autograder.identity


def pack(job: Job) -> Parcel:
    """All of `job` that a worker needs; the same limits hold as for copies on this machine."""
    patterns = (*job.leave_out, *NOT_FOR_STUDENTS)
    files = _read(job.folder, patterns)
    for name in job.cells:
        path = job.folder / f"{name}.ipynb"
        if path.is_symlink() or (path.exists() and not path.is_file()):
            files[path.name] = None
        elif path.exists():
            with path.open("rb") as file:
                files[path.name] = file.read(LARGEST + 1)
    extra = _read(job.extra, patterns) if job.extra and job.extra.is_dir() else {}
    return Parcel(job, files, extra, identity.installed())


def _read(folder: Path, leave_out: tuple[str, ...]) -> dict[str, _File]:
    with tempfile.TemporaryDirectory(prefix="stepwise-") as place:
        copy = Path(place)
        copy_plain(folder, copy, leave_out)
        return {
            path.relative_to(copy).as_posix(): path.read_bytes()
            for path in copy.rglob("*")
            if path.is_file()
        }


def grade_parcel(parcel: Parcel) -> Graded:
    """What a worker does: `grade_job`, with the files laid out as the grader has them."""
    student = parcel.job.student
    if parcel.installed != identity.installed():
        return failed(student, "the worker has other packages than the grader")
    try:
        with tempfile.TemporaryDirectory(prefix="stepwise-") as place:
            folder, extra = Path(place, "own"), Path(place, "extra")
            _lay_out(folder, parcel.files)
            _lay_out(extra, parcel.extra)
            return grade_job(replace(parcel.job, folder=folder, extra=extra))
    except OSError as error:
        return failed(student, f"{type(error).__name__}: {error}")


def _lay_out(folder: Path, files: Mapping[str, _File]) -> None:
    folder.mkdir()
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if content is None:
            path.symlink_to(path.name)  # no plain file here either
        else:
            path.write_bytes(content)


def prepare(isolated: bool) -> tuple[str, str]:
    """Warm up the worker that this runs in: (why it cannot grade, or "", and its packages)."""
    try:
        shared(isolated).start()
    except SandboxUnavailable as error:
        return str(error), ""
    return "", identity.installed()


class Cluster:
    """A pool (autograder.workers) of the workers of the scheduler at `address`.

    Raises UsageError if it cannot be reached, or if a worker is not fit for grading.
    """

    def __init__(self, address: str, *, isolated: bool = True) -> None:
        try:
            from distributed import Client
        except ImportError as error:
            raise UsageError(f"--dask needs Dask ({error}): {INSTALL}.") from error
        try:
            self.client: Any = Client(address, timeout=CONNECT_SECONDS, set_as_default=False)
        except (OSError, ValueError, TimeoutError) as error:
            raise UsageError(f"no Dask scheduler answers at {address} ({error}).") from error
        self._jobs: dict[Future, Job] = {}
        self._executor: Any = None
        try:
            self._check(isolated)
            self._executor = self.client.get_executor(pure=False)
        except BaseException:
            self.close()
            raise

    def _check(self, isolated: bool) -> None:
        threads = self.client.nthreads()
        if not threads:
            raise UsageError("the Dask cluster has no workers: start some, with `--nthreads 1`.")
        several = sorted(worker for worker, number in threads.items() if number != 1)
        if several:
            raise UsageError(
                f"a worker grades one hand-in at a time: start {_some(several)} with --nthreads 1."
            )
        asked = {
            worker: self.client.submit(prepare, isolated, workers=[worker], pure=False)
            for worker in threads
        }
        for worker, answer in asked.items():
            try:
                reason, installed = answer.result(timeout=START_SECONDS)
            except Exception as error:  # it has no autograder, or went away
                reason, installed = f"{type(error).__name__}: {error}", ""
            if not reason and installed != identity.installed():
                reason = "its Python or packages are others than here"
            if reason:
                raise UsageError(f"the worker {worker} cannot grade: {reason}.")

    def free(self) -> bool:
        return len(self._jobs) < AHEAD * max(1, len(self.client.nthreads()))

    def give(self, job: Job) -> None:
        self._jobs[self._executor.submit(grade_parcel, pack(job))] = job

    def next(self) -> Graded:
        alone_since = None
        while True:
            done, _ = wait(self._jobs, timeout=5, return_when=FIRST_COMPLETED)
            if done:
                break
            alone_since = None if self._workers() else alone_since or time.monotonic()
            if alone_since and time.monotonic() - alone_since > PATIENCE:
                raise Stopped("the Dask cluster has no workers left. Run it again to go on.")
        future = done.pop()
        job = self._jobs.pop(future)
        try:
            graded: Graded = future.result()
        except CancelledError as error:
            raise Stopped("the Dask scheduler went away. Run it again to go on.") from error
        except Exception as error:  # workers that are killed one after another, above all
            return failed(job.student, f"{type(error).__name__}: {error}")
        return graded

    def _workers(self) -> int:
        try:
            return len(self.client.nthreads())
        except (OSError, TimeoutError):
            return 0

    def close(self) -> None:
        for future in self._jobs:
            future.cancel()
        with contextlib.suppress(OSError, TimeoutError):
            if self._executor is not None:
                self._executor.shutdown(wait=False)
            self.client.close()


def _some(names: list[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
