"""The `autograder` command: each subcommand is a module with `HELP`, `add_arguments` and `run`."""

import argparse
import importlib
import sys
from collections.abc import Sequence

from autograder.errors import UsageError

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


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one subcommand.

    Returns the exit code: 0 (all done), 1 (something was not graded or not proven) or
    2 (wrong usage or set-up).
    """
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    called = arguments[0] if arguments and arguments[0] in COMMANDS else None
    parser = argparse.ArgumentParser(
        prog="autograder", description="Build, prove, release and grade the course's assignments."
    )
    subparsers = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name in [called] if called else COMMANDS:
        module = importlib.import_module(COMMANDS[name])
        subparser = subparsers.add_parser(name, help=module.HELP, description=module.HELP)
        module.add_arguments(subparser)
        subparser.set_defaults(run=module.run)
    options = parser.parse_args(arguments)
    try:
        return int(options.run(options))
    except UsageError as error:
        print(f"autograder {options.command}: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"autograder {options.command}: {_explain(error)}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(f"\nautograder {options.command}: stopped; run it again to go on.", file=sys.stderr)
        return 1


def _explain(error: OSError) -> str:
    where = f" ({error.filename})" if error.filename else ""
    return f"{error.strerror or error}{where}. Nothing half-written was kept: mend it, run again."
