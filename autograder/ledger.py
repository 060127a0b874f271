"""What was tried with every hand-in and what came of it, so that a killed grader loses nothing.

Two tables beside nbgrader's own, in the gradebook's database: so a result, the fact that it is
finished, and the points that it gave are committed in one transaction, on SQLite and PostgreSQL
alike. A file of its own would leave a moment between two commits, in which a grade is in the
gradebook and the ledger does not know, or the other way round. nbgrader leaves tables alone that
are not its own; one backup has it all.

A job is one hand-in in one version of the assignment and one environment. It is queued, then
running, then done, or it ended in an error: the student's (no notebook in the file: a person looks
at it, it is not tried again), or the infrastructure's (tried again, some times). Each attempt stays
with its result, the executed notebooks in it; those whose `applied` is set were written into the
gradebook, the highest last, and that is what stands.
"""

import json
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from nbgrader.api import Gradebook
from sqlalchemy import (
    Boolean,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    func,
    select,
)

from autograder.identity import Key
from autograder.pipeline import DONE, INFRASTRUCTURE_ERROR, STUDENT_ERROR, Graded, GradedNotebook

QUEUED, RUNNING = "queued", "running"
INTERRUPTED = "interrupted"  # what became of an attempt whose grader was killed
OVERTAKEN = "overtaken"  # … of one whose hand-in was replaced meanwhile
FINAL = (DONE, STUDENT_ERROR)
GRADE, REGRADE = "grade", "regrade"  # a regrade waits until somebody applies it

_TABLES = MetaData()
JOBS = Table(
    "stepwise_job",
    _TABLES,
    Column("id", Integer, primary_key=True),
    Column("assignment", String(128), nullable=False),
    Column("student", String(128), nullable=False),
    Column("submission", String(64), nullable=False),
    Column("version", String(64), nullable=False),
    Column("environment", String(64), nullable=False),
    Column("state", String(24), nullable=False),
    UniqueConstraint("assignment", "student", "submission", "version", "environment"),
)
ATTEMPTS = Table(
    "stepwise_attempt",
    _TABLES,
    Column("id", Integer, primary_key=True),
    Column("job", ForeignKey(JOBS.c.id), nullable=False),
    Column("number", Integer, nullable=False),  # of this job, from 1
    Column("purpose", String(8), nullable=False),
    Column("started", DateTime, nullable=False),  # UTC
    Column("ended", DateTime),
    Column("outcome", String(24), nullable=False),
    Column("reason", Text, nullable=False, default=""),
    Column("result", LargeBinary),  # see `packed`
    Column("applied", Integer),  # the how-manieth result of the assignment that was put to use
    Column("installed", Boolean, nullable=False, default=False),  # its notebooks are in place
    Index("stepwise_attempt_job", "job"),
)


@dataclass(frozen=True)
class Attempt:
    """An attempt whose result was put to use, or can be."""

    id: int
    key: Key
    installed: bool


class Ledger:
    """The ledger of one assignment, in an open gradebook.

    `finish` and `apply` are part of the caller's transaction; the others commit.
    """

    def __init__(self, gradebook: Gradebook, assignment: str) -> None:
        self._db, self._assignment = gradebook.db, assignment
        _TABLES.create_all(gradebook.engine)

    def recover(self) -> list[str]:
        """What an earlier grader left running is queued again; whose hand-ins that are.

        Only for who knows that no other grader is at work.
        """
        rows = self._db.execute(
            select(ATTEMPTS.c.id, JOBS.c.id, JOBS.c.student)
            .join(JOBS, ATTEMPTS.c.job == JOBS.c.id)
            .where(JOBS.c.assignment == self._assignment, ATTEMPTS.c.outcome == RUNNING)
        ).all()
        for attempt, job, _ in rows:
            self._end(attempt, INTERRUPTED, "the grader was stopped")
            self._state(job, QUEUED)
        self._db.commit()
        return sorted({student for _, _, student in rows})

    def queue(self, keys: Iterable[Key]) -> None:
        """There is a job for each key."""
        rows = self._db.execute(select(JOBS).where(JOBS.c.assignment == self._assignment)).all()
        known = {_key(row): row.id for row in rows}
        for key in keys:
            if key in known:
                self._state(known[key], QUEUED)
            else:
                values = asdict(key) | {"assignment": self._assignment, "state": QUEUED}
                self._db.execute(JOBS.insert().values(**values))
        self._db.commit()

    def begin(self, key: Key, purpose: str) -> int:
        """A new attempt at a queued job; its number."""
        job = self._db.execute(select(JOBS.c.id).where(*self._is(key))).scalar_one()
        earlier = select(func.count()).select_from(ATTEMPTS).where(ATTEMPTS.c.job == job)
        values = {
            "job": job,
            "number": self._db.execute(earlier).scalar_one() + 1,
            "purpose": purpose,
            "started": _now(),
            "outcome": RUNNING,
        }
        made = self._db.execute(ATTEMPTS.insert().values(**values))
        self._state(job, RUNNING)
        self._db.commit()
        return int(made.inserted_primary_key[0])

    def fail(self, attempt: int, outcome: str, reason: str, *, again: bool = False) -> None:
        """The attempt came to nothing; `again` if the job will be tried once more.

        Nothing is changed if it had a result.
        """
        job = self._open(attempt)
        if job is not None:
            self._end(attempt, outcome, reason)
            self._state(job, QUEUED if again else INFRASTRUCTURE_ERROR)
        self._db.commit()

    def finish(self, attempt: int, graded: Graded) -> None:
        """The attempt has a result. Nothing is changed if it had one already."""
        job = self._open(attempt)
        if job is not None:
            self._end(attempt, graded.outcome, graded.problem, packed(graded))
            self._state(job, graded.outcome)

    def apply(self, attempt: int) -> None:
        """The result of this attempt is what stands from now on; its notebooks will follow."""
        last = self._db.execute(
            select(func.max(ATTEMPTS.c.applied))
            .join(JOBS, ATTEMPTS.c.job == JOBS.c.id)
            .where(JOBS.c.assignment == self._assignment)
        ).scalar()
        self._update(attempt, applied=(last or 0) + 1, installed=False)

    def installed(self, attempt: int) -> None:
        """The executed notebooks of this attempt are where people look for them."""
        self._update(attempt, installed=True)
        self._db.commit()

    def standing(self) -> dict[str, Attempt]:
        """Student → the attempt whose result stands."""
        return self._last(ATTEMPTS.c.applied.is_not(None), order=ATTEMPTS.c.applied)

    def finished(self) -> dict[Key, Attempt]:
        """Job → its last attempt with a result, of any purpose, put to use or not."""
        return self._last(ATTEMPTS.c.outcome.in_(FINAL), order=ATTEMPTS.c.id, by_key=True)

    def previewed(self) -> dict[str, Attempt]:
        """Student → the regrade that waits to be applied: newer than the result that stands."""
        waiting = self._last(
            *(ATTEMPTS.c.outcome.in_(FINAL), ATTEMPTS.c.purpose == REGRADE),
            *(ATTEMPTS.c.applied.is_(None),),
            order=ATTEMPTS.c.id,
        )
        standing = self.standing()
        return {
            student: attempt
            for student, attempt in waiting.items()
            if student not in standing or attempt.id > standing[student].id
        }

    def troubles(self) -> dict[str, str]:
        """Student → why the last attempt came to nothing; not those whose last one has a result."""
        last = (
            select(func.max(ATTEMPTS.c.id))
            .join(JOBS, ATTEMPTS.c.job == JOBS.c.id)
            .where(JOBS.c.assignment == self._assignment)
            .group_by(JOBS.c.student)
        )
        rows = self._db.execute(
            select(JOBS.c.student, ATTEMPTS.c.reason)
            .join(JOBS, ATTEMPTS.c.job == JOBS.c.id)
            .where(ATTEMPTS.c.id.in_(last), ATTEMPTS.c.outcome.not_in((*FINAL, RUNNING)))
        )
        return {row.student: row.reason for row in rows}

    def result(self, attempt: int) -> Graded:
        """What an attempt with a result found."""
        data = self._db.execute(select(ATTEMPTS.c.result).where(ATTEMPTS.c.id == attempt))
        return unpacked(data.scalar_one())

    def history(self, student: str) -> list[Mapping[str, Any]]:
        """Every attempt at a student's hand-ins, the oldest first: the audit trail."""
        columns = [column for column in ATTEMPTS.c if column.name not in ("job", "result")]
        rows = self._db.execute(
            select(*columns, JOBS.c.submission, JOBS.c.version, JOBS.c.environment, JOBS.c.state)
            .join(JOBS, ATTEMPTS.c.job == JOBS.c.id)
            .where(JOBS.c.assignment == self._assignment, JOBS.c.student == student)
            .order_by(ATTEMPTS.c.id)
        )
        return [dict(row) for row in rows.mappings()]

    def _last(self, *where: Any, order: Any, by_key: bool = False) -> dict[Any, Attempt]:
        rows = self._db.execute(
            select(ATTEMPTS.c.id.label("attempt"), ATTEMPTS.c.installed, *JOBS.c)
            .join(JOBS, ATTEMPTS.c.job == JOBS.c.id)
            .where(JOBS.c.assignment == self._assignment, *where)
            .order_by(order)
        )
        found: dict[Any, Attempt] = {}
        for row in rows:
            key = _key(row)
            found[key if by_key else key.student] = Attempt(row.attempt, key, row.installed)
        return found

    def _open(self, attempt: int) -> int | None:
        """The job of an attempt that has not ended yet."""
        where = (ATTEMPTS.c.id == attempt, ATTEMPTS.c.ended.is_(None))
        job = self._db.execute(select(ATTEMPTS.c.job).where(*where)).scalar()
        return None if job is None else int(job)

    def _is(self, key: Key) -> list[Any]:
        own = {"assignment": self._assignment, **asdict(key)}
        return [JOBS.c[name] == value for name, value in own.items()]

    def _end(self, attempt: int, outcome: str, reason: str, result: bytes | None = None) -> None:
        self._update(attempt, ended=_now(), outcome=outcome, reason=reason, result=result)

    def _update(self, attempt: int, **values: Any) -> None:
        self._db.execute(ATTEMPTS.update().where(ATTEMPTS.c.id == attempt).values(**values))

    def _state(self, job: int, state: str) -> None:
        self._db.execute(JOBS.update().where(JOBS.c.id == job).values(state=state))


def packed(graded: Graded) -> bytes:
    """A result as compressed JSON."""
    return zlib.compress(json.dumps(asdict(graded)).encode())


def unpacked(data: bytes) -> Graded:
    """What `packed` was given."""
    values = json.loads(zlib.decompress(data))
    values["notebooks"] = {n: GradedNotebook(**own) for n, own in values["notebooks"].items()}
    return Graded(**values)


def _key(row: Any) -> Key:
    return Key(row.student, row.submission, row.version, row.environment)


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)
