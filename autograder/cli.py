"""The `autograder` command: each subcommand is a module with `HELP`, `add_arguments` and `run`."""

import argparse
import contextlib
import importlib
import os
import sys
from collections.abc import Iterator, Sequence

from autograder import headstart
from autograder.errors import Stopped, UsageError
from autograder.paths import DATABASE

# subcommand -> module; a module is imported only when its command is called, or for the full help.
COMMANDS = {
    "build": "autograder.build",
    "release": "autograder.release",
    "collect": "autograder.collect",
    "grade": "autograder.grade",
    "feedback": "autograder.feedback",
    "export": "autograder.export",
    "report": "autograder.report",
    "prove": "autograder.prove",
    "student-edition": "autograder.student_edition",
    "doctor": "autograder.doctor",
}

# nbformat's validator imports it, if it is there, to check what no notebook has (IRIs); it builds
# the tables of its grammar each time, which takes longer than all the rest.
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]

WITH_GRADEBOOK = {"release", "collect", "grade", "feedback", "export", "report", "doctor"}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one subcommand.

    Returns the exit code: 0 (all done), 1 (something was not graded or not proven) or
    2 (wrong usage or set-up).
    """
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    called = arguments[0] if arguments and arguments[0] in COMMANDS else None
    if called == "grade":
        headstart.begin(arguments[1:])
    parser = argparse.ArgumentParser(
        prog="autograder", description="Build, prove, release and grade the course's assignments."
    )
    subparsers = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name in [called] if called else COMMANDS:
        module = importlib.import_module(COMMANDS[name])
        subparser = subparsers.add_parser(name, help=module.HELP, description=module.HELP)
        module.add_arguments(subparser)
        if name in WITH_GRADEBOOK:
            subparser.add_argument(
                "--db",
                metavar="URL",
                help="the gradebook's database, for example postgresql://user:password@host/name "
                "(default: $STEPWISE_DB, else nbgrader_config.py, else grading/gradebook.db)",
            )
        subparser.set_defaults(run=module.run)
    options = parser.parse_args(arguments)
    try:
        with _database(getattr(options, "db", None)):
            return int(options.run(options))
    except UsageError as error:
        print(f"autograder {options.command}: {error}", file=sys.stderr)
        return 2
    except Stopped as error:
        print(f"autograder {options.command}: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"autograder {options.command}: {_explain(error)}", file=sys.stderr)
        return 2
    except Exception as error:
        if not _of_database(error):
            raise
        said = str(getattr(error, "orig", error)).strip().splitlines()[0]
        print(f"autograder {options.command}: the gradebook: {said}.", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(f"\nautograder {options.command}: stopped; run it again to go on.", file=sys.stderr)
        return 1


@contextlib.contextmanager
def _database(url: str | None) -> Iterator[None]:
    """The gradebook is at `url`, for nbgrader's steps and for what they start too."""
    before = os.environ.get(DATABASE)
    if url:
        os.environ[DATABASE] = url
    try:
        yield
    finally:
        if before is None:
            os.environ.pop(DATABASE, None)
        else:
            os.environ[DATABASE] = before


def _of_database(error: Exception) -> bool:
    """Whether the database is not there, or full; without an import that no command needs."""
    known = sys.modules.get("sqlalchemy.exc")
    return known is not None and isinstance(error, (known.OperationalError, known.InterfaceError))


def _explain(error: OSError) -> str:
    where = f" ({error.filename})" if error.filename else ""
    return f"{error.strerror or error}{where}. Nothing half-written was kept: mend it, run again."
