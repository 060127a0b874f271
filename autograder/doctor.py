"""What this machine has of what the course can use, and what to do about the rest."""

import argparse
import contextlib
import importlib.metadata
import os
import platform
import shutil
import sqlite3
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import Requirement
from sqlalchemy import create_engine, inspect, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

import bootstrap
from autograder import cgroups
from autograder import sandbox as sandboxes
from autograder.paths import DATABASE, Course, find_course

HELP = "what this machine has: packages, sandbox, limits, GPU, browser, gradebook"

GOOD, FAIR, BAD = "ok", "note", "BAD"
COLOURS = {GOOD: "32", FAIR: "33", BAD: "31"}
GIGABYTE = 10**9


@dataclass(frozen=True)
class Finding:
    """One line of the report: `state` is GOOD, FAIR (works, with less) or BAD (must be mended)."""

    state: str
    subject: str
    text: str


def add_arguments(parser: argparse.ArgumentParser) -> None:
    del parser


def run(options: argparse.Namespace) -> int:
    del options
    worst = 0
    for finding in examine(find_course()):
        word = f"{finding.state:4}"
        if sys.stdout.isatty() and not os.environ.get("NO_COLOR"):
            word = f"\033[{COLOURS[finding.state]}m{word}\033[0m"
        print(f"{word}  {finding.subject:10} {finding.text}", flush=True)
        worst = max(worst, int(finding.state == BAD))
    return worst


def examine(course: Course) -> Iterator[Finding]:
    """All findings, each as soon as it is there."""
    yield python()
    yield packages(course)
    yield sandbox()
    yield limits()
    yield warm_start()
    yield gpu()
    yield triton()
    yield browser()
    yield postgresql()
    yield gradebook(course)
    yield exchange(course)
    yield disk(course)


def python() -> Finding:
    text = f"{platform.python_version()} at {sys.prefix}, {os.cpu_count()} cores"
    if sys.version_info < bootstrap.OLDEST_PYTHON:
        return Finding(BAD, "Python", f"{text}: too old, the course needs 3.11")
    return Finding(GOOD, "Python", text)


def packages(course: Course) -> Finding:
    """The installed packages against requirements.lock."""
    lock = (course.root / "requirements.lock").read_text(encoding="utf-8").splitlines()
    missing, other = [], []
    for pin in map(Requirement, lock):
        if pin.marker and not pin.marker.evaluate():
            continue
        try:
            version = importlib.metadata.version(pin.name)
        except importlib.metadata.PackageNotFoundError:
            missing.append(pin.name)
            continue
        if not pin.specifier.contains(version, prereleases=True):
            other.append(f"{pin.name} {version}")
    if missing:
        return Finding(BAD, "packages", f"missing: {_some(missing)}; run `make setup`")
    if other:
        text = f"not as requirements.lock says: {_some(other)}; `make setup` installs its versions"
        return Finding(FAIR, "packages", text)
    return Finding(GOOD, "packages", "all as requirements.lock says")


def sandbox() -> Finding:
    """Whether students' code can be shut in: bubblewrap is there, and may make namespaces."""
    if sys.platform != "linux":
        return Finding(FAIR, "sandbox", "only on Linux; grade foreign work on a Linux machine")
    if not shutil.which("bwrap"):
        text = "no bubblewrap, so grading refuses to start; run `sudo apt-get install bubblewrap`"
        return Finding(FAIR, "sandbox", text)
    try:
        seconds = sandboxes.check()
    except sandboxes.SandboxUnavailable as error:
        return Finding(FAIR, "sandbox", f"{error}; ask the machine's keeper")
    return Finding(
        GOOD, "sandbox", f"bubblewrap shuts code in; a first kernel after {seconds:.1f} s"
    )


def warm_start() -> Finding:
    """How fast hand-ins can follow each other, once what they import is there."""
    try:
        with sandboxes.Sandbox() as box:
            begun = time.monotonic()
            box.start()
            imports = time.monotonic() - begun
            begun = time.monotonic()
            with box.jail(None):
                each = time.monotonic() - begun
    except sandboxes.SandboxUnavailable:
        return Finding(FAIR, "warm start", "none, for there is no sandbox")
    return Finding(GOOD, "warm start", f"imports {imports:.1f} s, then {each:.2f} s a kernel")


def limits() -> Finding:
    """The means to bound a submission's memory and processes."""
    if sys.platform == "win32":
        return Finding(FAIR, "limits", "none on Windows; grade foreign work on a Linux machine")
    import resource

    processes = resource.getrlimit(resource.RLIMIT_NPROC)[0]
    most = "any number of" if processes == resource.RLIM_INFINITY else str(processes)
    groups = cgroups.usable()
    if "memory" in groups:
        return Finding(
            GOOD, "limits", f"cgroups ({', '.join(groups)}) and rlimits; {most} processes"
        )
    text = f"rlimits only (cgroups are not ours to use): memory is bounded for each process; {most}"
    return Finding(GOOD, "limits", f"{text} processes")


def gpu() -> Finding:
    try:
        import torch
    except ImportError as error:
        return Finding(BAD, "GPU", f"torch cannot be imported ({error}); run `make setup`")
    if torch.cuda.is_available():
        properties = torch.cuda.get_device_properties(0)
        memory = properties.total_memory / GIGABYTE
        return Finding(
            GOOD, "GPU", f"{properties.name}, {memory:.0f} GB, torch {torch.__version__}"
        )
    text = f"none for torch {torch.__version__}; not needed, kernels run in Triton's interpreter"
    return Finding(GOOD, "GPU", text)


def triton() -> Finding:
    try:
        return Finding(GOOD, "triton", importlib.metadata.version("triton"))
    except importlib.metadata.PackageNotFoundError:
        text = "not there (Linux only): all of the course works but the kernel lab"
        return Finding(FAIR, "triton", text)


def browser() -> Finding:
    found = bootstrap.find_browser() or bootstrap.playwright_browser(Path(sys.executable))
    if found:
        return Finding(GOOD, "browser", found)
    return Finding(FAIR, "browser", "none for the browser tests; `make test` would fetch one")


def gradebook(course: Course) -> Finding:
    """Whether grades can be read, and by whom."""
    path = course.grading / "gradebook.db"
    if os.environ.get(DATABASE):
        return _database(os.environ[DATABASE])
    if not path.exists():
        return Finding(GOOD, "gradebook", f"none yet; the first release or grading makes {path}")
    try:
        with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
            (students,) = database.execute("select count(*) from student").fetchone()
    except sqlite3.Error as error:
        text = f"{path} cannot be read ({error}); put back a copy of it"
        return Finding(BAD, "gradebook", text)
    if os.name == "posix" and course.grading.stat().st_mode & path.stat().st_mode & 0o004:
        text = f"{students} students; everyone here can read it: run `chmod o= {path}`"
        return Finding(FAIR, "gradebook", text)
    return Finding(GOOD, "gradebook", f"{students} students, at {path}")


def _database(url: str) -> Finding:
    """The gradebook at `url`; nothing is made there."""
    try:
        engine = create_engine(url, poolclass=NullPool)
        with engine.connect() as connection:
            if not inspect(connection).has_table("student"):
                return Finding(GOOD, "gradebook", f"none yet in the database at {engine.url!r}")
            students = connection.execute(text("select count(*) from student")).scalar()
    except (SQLAlchemyError, ImportError) as error:
        reason = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
        return Finding(BAD, "gradebook", f"the database cannot be reached: {reason}")
    return Finding(GOOD, "gradebook", f"{students} students, at {engine.url!r}")


def postgresql() -> Finding:
    """A server that tests can start; a gradebook can be on a server anywhere."""
    found = bootstrap.find_postgresql()
    if found:
        return Finding(GOOD, "PostgreSQL", f"{found}, for the tests")
    return Finding(FAIR, "PostgreSQL", "none for the tests; run `sudo apt-get install postgresql`")


def exchange(course: Course) -> Finding:
    """The folder through which nbgrader hands notebooks out and in."""
    folder = course.grading / "exchange"
    if not folder.exists():
        return Finding(GOOD, "exchange", f"none yet; the first release makes {folder}")
    if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        return Finding(BAD, "exchange", f"{folder} may not be written; run as its owner")
    return Finding(GOOD, "exchange", str(folder))


def disk(course: Course) -> Finding:
    free = shutil.disk_usage(course.root).free / GIGABYTE
    if free < 1:
        return Finding(BAD, "disk", f"{free:.1f} GB free; make room before you grade")
    return Finding(GOOD, "disk", f"{free:.0f} GB free")


def _some(names: list[str]) -> str:
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    return ", ".join(names[:5]) + more
