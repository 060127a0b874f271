"""nbgrader's exchange, made careful: nothing handed in is lost, a release appears whole."""

import os
import secrets
import shutil
from datetime import datetime
from pathlib import Path
from typing import Any

from nbgrader.exchange import ExchangeError
from nbgrader.exchange.default import ExchangeCollect, ExchangeReleaseAssignment

from autograder.gradebook import labels
from autograder.handins import TIMESTAMP, copy_regular_files, keep_earlier, safe_name
from autograder.paths import Course


class KeepingCollect(ExchangeCollect):
    """Collects as nbgrader does, after keeping a copy of what a newer hand-in replaces.

    A hand-in that cannot be copied does not stop the others: ExchangeError names it at the end.
    """

    src_records: list[dict[str, Any]]

    def init_src(self) -> None:
        self.failed: list[str] = []
        super().init_src()
        self.src_records = [r for r in self.src_records if r["username"]]

    def _path_to_record(self, path: str) -> dict[str, Any]:
        """Whose hand-in lies at `path`, and from when. One with an odd name belongs to nobody."""
        try:
            record: dict[str, Any] = super()._path_to_record(path)
            if safe_name(record["username"]):
                return record
        except (ExchangeError, ValueError, OverflowError):
            pass
        name = Path(path).name
        self.failed.append(f"{name!r} (its name is not one that submitting gives)")
        return {"username": "", "filename": name, "timestamp": datetime.min}

    def copy_files(self) -> None:
        course = Course(Path(self.coursedir.root))
        for record in self.src_records:
            student = record["username"]
            place = course.submitted(student, self.coursedir.assignment_id)
            if self.coursedir.get_existing_timestamp(str(place)) != record["timestamp"]:
                keep_earlier(course, student, self.coursedir.assignment_id)
        super().copy_files()
        if self.failed:
            raise ExchangeError("not collected: " + "; ".join(self.failed))

    def do_copy(self, src: str, dest: str, log: object = None) -> None:
        largest = 1000 * self.coursedir.max_dir_size
        try:
            copy_regular_files(Path(src), Path(dest), self.coursedir.ignore, largest)
            # What nbgrader asks for later, whatever the student's folder says.
            when = self._path_to_record(src)["timestamp"].strftime(TIMESTAMP)
            (Path(dest) / "timestamp.txt").write_text(when, encoding="ascii")
            secret = Path(dest) / "submission_secret.txt"
            if not secret.exists():
                secret.write_text(secrets.token_hex(64), encoding="ascii")
        except OSError as error:
            student = Path(dest).parent.name
            self.failed.append(f"{student} ({error.strerror or error})")


class SafeRelease(ExchangeReleaseAssignment):
    """Releases as nbgrader does, but students see the old release or the new one, never half.

    A notebook that is not the assignment's (somebody tried something there) is not released.
    """

    dest_path: str

    def copy_files(self) -> None:
        if os.path.isdir(self.dest_path) and not self.force:
            self.fail(f"{self.coursedir.assignment_id} is released already (see --force)")
        final = Path(self.dest_path)
        fresh, old = (final.with_name(f".{final.name}.{end}") for end in ("new", "old"))
        for leftover in (fresh, old):
            shutil.rmtree(leftover, ignore_errors=True)
        self.dest_path = str(fresh)
        try:
            super().copy_files()
        finally:
            self.dest_path = str(final)
        names = labels(self.coursedir.db_url, self.coursedir.assignment_id)
        for path in fresh.rglob("*.ipynb"):
            if path.stem not in names:
                path.unlink()
        if final.exists():
            final.rename(old)
        fresh.rename(final)
        shutil.rmtree(old, ignore_errors=True)
