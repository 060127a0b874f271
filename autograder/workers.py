"""Grading in several processes at once, so that one that is killed costs nobody else a grade."""

import contextlib
import multiprocessing
import signal
from collections.abc import Generator, Iterable
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess

from autograder.pipeline import Graded, Job, grade_job

_ATTEMPTS = 2  # for a job whose process was killed
KILLED = "the process that graded it was killed"


def results(jobs: Iterable[Job], processes: int) -> Generator[Graded, None, None]:
    """What becomes of each job, as soon as it is there; with one process, in this one.

    The processes are forks of this one and share its sandbox's server. A job whose process is
    killed is tried once more, then given up: its `problem` says so.
    """
    waiting = [(job, 1) for job in reversed(list(jobs))]
    if processes <= 1 or len(waiting) <= 1:
        while waiting:
            yield grade_job(waiting.pop()[0])
        return
    workers: list[_Worker] = []
    try:
        while waiting or workers:
            while waiting and len(workers) < processes:
                workers.append(_Worker.start(*waiting.pop()))
            for pipe in wait([worker.pipe for worker in workers]):
                (worker,) = (w for w in workers if w.pipe is pipe)
                graded = worker.result()
                if graded is not None:
                    yield graded
                elif worker.attempt < _ATTEMPTS:
                    waiting.append((worker.job, worker.attempt + 1))
                else:
                    yield Graded(worker.job.student, problem=KILLED)
                if graded is not None and waiting:
                    worker.give(*waiting.pop())
                else:
                    workers.remove(worker)
                    worker.end()
    finally:
        for worker in workers:
            worker.end()


@dataclass
class _Worker:
    """A process that grades one job after another."""

    process: BaseProcess
    pipe: Connection
    job: Job
    attempt: int

    @classmethod
    def start(cls, job: Job, attempt: int) -> "_Worker":
        ours, theirs = multiprocessing.Pipe()
        process = multiprocessing.get_context("fork").Process(
            target=_work, args=(theirs,), daemon=True
        )
        process.start()
        theirs.close()  # so that the end of the process is the end of the pipe
        worker = cls(process, ours, job, attempt)
        worker.give(job, attempt)
        return worker

    def give(self, job: Job, attempt: int) -> None:
        self.job, self.attempt = job, attempt
        with contextlib.suppress(OSError):  # it was killed while it waited: the pipe's end tells
            self.pipe.send(job)

    def result(self) -> Graded | None:
        """The job's result; None if the process was killed."""
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


def _work(pipe: Connection) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C ends the grader, and that ends this
    while True:
        try:
            job = pipe.recv()
            pipe.send(grade_job(job))
        except (EOFError, OSError):
            return  # the grader went
