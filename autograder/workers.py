"""Pools of workers that grade one hand-in after another; a killed process costs nobody else's."""

import contextlib
import multiprocessing
import signal
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Protocol

from autograder.pipeline import Graded, Job, failed, grade_job

KILLED = "the process that graded it was killed"


class Pool(Protocol):
    """Takes jobs while it is `free`, and gives each back as what became of it, in any order."""

    def free(self) -> bool:
        """Whether another job may be given now."""

    def give(self, job: Job) -> None:
        """Begin this job."""

    def next(self) -> Graded:
        """Wait for the next one to be ready. There must be one."""

    def close(self) -> None:
        """End everything, jobs too."""


def pool(processes: int) -> Pool:
    """A pool on this machine: forks of this process, or if one is enough, this process."""
    return Processes(processes) if processes > 1 else Here()


class Here:
    """A pool that is this process."""

    def __init__(self) -> None:
        self._jobs: deque[Job] = deque()

    def free(self) -> bool:
        return not self._jobs

    def give(self, job: Job) -> None:
        self._jobs.append(job)

    def next(self) -> Graded:
        return grade_job(self._jobs.popleft())

    def close(self) -> None:
        self._jobs.clear()


class Processes:
    """A pool of forks of this process, which share its sandbox's server.

    A job whose process is killed comes back as the infrastructure's error.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._workers: list[_Worker] = []

    def free(self) -> bool:
        return sum(worker.job is not None for worker in self._workers) < self._most

    def give(self, job: Job) -> None:
        idle = next((worker for worker in self._workers if worker.job is None), None)
        if idle is None:
            idle = _Worker.start([worker.pipe for worker in self._workers])
            self._workers.append(idle)
        idle.give(job)

    def next(self) -> Graded:
        busy = {worker.pipe: worker for worker in self._workers if worker.job is not None}
        pipe = next(iter(wait(list(busy))))
        worker = busy[pipe]  # type: ignore[index]
        assert worker.job
        student = worker.job.student
        graded = worker.result()
        if graded is None:
            self._workers.remove(worker)
            worker.end()
            return failed(student, KILLED)
        return graded

    def close(self) -> None:
        for worker in self._workers:
            worker.end()
        self._workers.clear()


@dataclass
class _Worker:
    """A process that grades one job after another; `job` is what it does now."""

    process: BaseProcess
    pipe: Connection
    job: Job | None = None

    @classmethod
    def start(cls, others: Sequence[Connection]) -> "_Worker":
        ours, theirs = multiprocessing.Pipe()
        process = multiprocessing.get_context("fork").Process(
            target=_work, args=(theirs, [ours, *others]), daemon=True
        )
        process.start()
        theirs.close()  # so that the end of the process is the end of the pipe
        return cls(process, ours)

    def give(self, job: Job) -> None:
        self.job = job
        with contextlib.suppress(OSError):  # it was killed while it waited: the pipe's end tells
            self.pipe.send(job)

    def result(self) -> Graded | None:
        """The job's result; None if the process was killed."""
        self.job = None
        try:
            graded: Graded = self.pipe.recv()
        except (EOFError, OSError):
            return None
        return graded

    def end(self) -> None:
        self.pipe.close()
        self.process.kill()
        self.process.join()
        self.process.close()


def _work(pipe: Connection, graders: Sequence[Connection]) -> None:
    for other_end in graders:
        other_end.close()  # a fork has them too, and would not notice that the grader went
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C ends the grader, and that ends this
    while True:
        try:
            job = pipe.recv()
            pipe.send(grade_job(job))
        except (EOFError, OSError):
            return  # the grader went
