"""nbgrader's exchange, made careful: nothing handed in is lost, a release appears whole."""

import os
import shutil
from pathlib import Path
from typing import Any

from nbgrader.exchange import ExchangeError
from nbgrader.exchange.default import ExchangeCollect, ExchangeReleaseAssignment

from autograder.handins import copy_regular_files, keep_earlier, safe_name
from autograder.paths import Course


class KeepingCollect(ExchangeCollect):
    """Collects as nbgrader does, after keeping a copy of what a newer hand-in replaces.

    A hand-in that cannot be copied does not stop the others: ExchangeError names it at the end.
    """

    src_records: list[dict[str, Any]]

    def init_src(self) -> None:
        super().init_src()
        self.src_records = [r for r in self.src_records if safe_name(r["username"])]

    def copy_files(self) -> None:
        course = Course(Path(self.coursedir.root))
        self.failed: list[str] = []
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
        except OSError as error:
            student = Path(dest).parent.name
            self.failed.append(f"{student} ({error.strerror or error})")


class SafeRelease(ExchangeReleaseAssignment):
    """Releases as nbgrader does, but students see the old release or the new one, never half."""

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
        if final.exists():
            final.rename(old)
        fresh.rename(final)
        shutil.rmtree(old, ignore_errors=True)
