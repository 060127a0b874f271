"""Running notebooks in small, warm, separate processes: what `autograder prove` is made with.

A *world* is one Python process with an environment of its own (hash seed, class secret, thread
count, clock) that has imported what the notebooks need. It forks once for each notebook, so that
runs are quick and know nothing of each other. Cells run in IPython's shell, as in Jupyter, and
what they show comes back as a notebook shows it. This is for the course's own code: nothing here
keeps a hostile notebook from doing harm.
"""

import ast
import contextlib
import gc
import json
import multiprocessing
import os
import random
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, fields, replace
from io import StringIO
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any, TextIO

SECONDS = 60.0  # a run that takes longer is ended
_ALWAYS_WARM = (
    "import IPython.core.interactiveshell, IPython.core.displaypub, IPython.utils.capture",
    "import course.checks.arrays, course.widgets.pictures, anywidget",
)
CHOSEN_BY_EACH = ("TRITON_INTERPRET",)  # an answer that was read may have made this process choose
_now = time.monotonic


@dataclass(frozen=True)
class Step:
    """One code cell: its source, and the graded cell that it belongs to, if any."""

    source: str
    grade_id: str = ""


@dataclass(frozen=True)
class Run:
    """A notebook to be run: a name that tells it apart, and its cells."""

    name: str
    steps: tuple[Step, ...]


@dataclass(frozen=True)
class Shown:
    """What one cell showed: its outputs as in a notebook file."""

    grade_id: str
    outputs: list[dict[str, Any]]

    @property
    def error(self) -> str:
        """The type of the exception, or ""."""
        kinds = [o["ename"] for o in self.outputs if o["output_type"] == "error"]
        return str(kinds[0]) if kinds else ""

    @property
    def text(self) -> str:
        """All that can be read, on one line."""
        parts = []
        for output in self.outputs:
            parts += output.get("traceback", [])
            parts += [output.get("text", ""), output.get("data", {}).get("text/plain", "")]
        return " ".join(" ".join(parts).split())


@dataclass(frozen=True)
class World:
    """Surroundings that must make no difference to a grade."""

    name: str
    secret: str = "self-study"
    hash_seed: int = 0
    threads: int = 0  # of numpy and torch; 0: as they like
    processors: int = 0  # what os.cpu_count() says; 0: the truth
    timezone: str = "UTC"
    locale: str = "C.UTF-8"
    wild_clock: bool = False  # clocks that jump, stand still and run backwards

    @property
    def environment(self) -> dict[str, str]:
        """The environment variables of this world."""
        variables = {
            "STEPWISE_CLASS_SECRET": self.secret,
            "PYTHONHASHSEED": str(self.hash_seed),
            "TZ": self.timezone,
            "LC_ALL": self.locale,
        }
        if self.threads:
            names = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
            variables |= dict.fromkeys(names, str(self.threads))
        return variables

    def causes(self, home: "World") -> "list[World]":
        """`home` with one thing after the other as it is here, named by that thing."""
        return [
            replace(home, name=thing.name.replace("_", " "), **{thing.name: there})
            for thing in fields(self)
            if thing.name != "name"
            and (there := getattr(self, thing.name)) != getattr(home, thing.name)
        ]


def run_all(
    runs: Sequence[Run],
    world: World,
    folder: Path,
    done: Callable[[str], None] = lambda name: None,
    seconds: float = SECONDS,
) -> dict[str, list[Shown]]:
    """Run every notebook in `world`; {name of the run: what each cell showed}.

    The working directory of each is `folder`; `done(name)` is called when one has ended. A run
    that takes longer than `seconds`, or dies, has an error in its last cell that says so.
    """
    with tempfile.TemporaryDirectory() as scratch:
        environment = os.environ | {
            "IPYTHONDIR": scratch,
            "MPLBACKEND": "agg",
            "PYTHONWARNINGS": "ignore::DeprecationWarning:multiprocessing",
        }
        root = Path(__file__).resolve().parent.parent
        paths = [str(root), *filter(None, [os.environ.get("PYTHONPATH")])]
        environment |= {"PYTHONPATH": os.pathsep.join(paths)} | world.environment
        for name in CHOSEN_BY_EACH:
            environment.pop(name, None)
        process = subprocess.Popen(
            [sys.executable, "-m", "autograder.trial"],
            env=environment,
            cwd=folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            task = {"world": asdict(world), "runs": [asdict(run) for run in runs]}
            json.dump(task | {"seconds": seconds}, process.stdin)
            process.stdin.close()
            results = {}
            for line in process.stdout:
                name, cells = json.loads(line)
                results[name] = [Shown(**cell) for cell in cells]
                done(name)
        finally:
            process.terminate()
            process.wait()
            process.stdout.close()
    missing = [run.name for run in runs if run.name not in results]
    if missing:
        raise RuntimeError(f"the process that runs notebooks ended before {missing[0]!r}")
    return results


# In the world's own process -------------------------------------------------------------------


def main(incoming: TextIO, outgoing: TextIO) -> None:
    """Read runs as JSON, write one line of JSON for each as it ends."""
    task = json.load(incoming)
    world = World(**task["world"])
    runs = [Run(run["name"], tuple(Step(**step) for step in run["steps"])) for run in task["runs"]]
    _warm(runs)
    for name, cells in _run_in_forks(runs, world, task["seconds"]):
        print(json.dumps([name, cells]), file=outgoing, flush=True)


def _warm(runs: Sequence[Run]) -> None:
    """Import what the cells import at their top level, so that no run has to."""
    statements = dict.fromkeys(_ALWAYS_WARM)
    for source in {step.source for run in runs for step in run.steps}:
        with contextlib.suppress(SyntaxError):
            for node in ast.parse(source).body:
                if isinstance(node, (ast.Import, ast.ImportFrom)):
                    statements[ast.unparse(node)] = None
    for statement in statements:
        with contextlib.suppress(Exception):  # a cell that cannot import it says so itself
            exec(statement, {"__name__": "warm"})
    gc.freeze()  # a fork that collects garbage would copy every page


def _run_in_forks(
    runs: Sequence[Run], world: World, seconds: float
) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    can_fork = "fork" in multiprocessing.get_all_start_methods()
    context: Any = multiprocessing.get_context("fork" if can_fork else "spawn")
    waiting = deque(runs)
    running: dict[Connection, tuple[Run, Any, float]] = {}
    while waiting or running:
        while waiting and len(running) < (os.cpu_count() or 1):
            run = waiting.popleft()
            ours, theirs = context.Pipe(duplex=False)
            process = context.Process(target=_run_one, args=(run, world, theirs))
            process.start()
            theirs.close()
            running[ours] = (run, process, _now() + seconds)
        nearest = min(deadline for _, _, deadline in running.values())
        ready = wait(list(running), timeout=max(0.0, nearest - _now()))
        late = [one for one, (_, _, deadline) in running.items() if _now() >= deadline]
        for connection in {*ready, *late}:
            assert isinstance(connection, Connection)
            run, process, _ = running.pop(connection)
            if connection in ready:
                try:
                    cells = connection.recv()
                except EOFError:
                    process.join()
                    cells = _ended(run, f"The process ended (exit code {process.exitcode}).")
            else:
                process.kill()
                cells = _ended(run, f"It had not ended after {seconds:.0f} seconds.")
            process.join()
            connection.close()
            yield run.name, cells


def _ended(run: Run, reason: str) -> list[dict[str, Any]]:
    error = {"output_type": "error", "ename": "Ended", "evalue": reason, "traceback": [reason]}
    return [{"grade_id": step.grade_id, "outputs": [error]} for step in run.steps]


def _run_one(run: Run, world: World, result: Connection) -> None:
    """In a process of its own: run the cells and send what they showed."""
    sys.stdin = open(os.devnull)  # noqa: SIM115  (stays open as long as the process)
    if world.processors:
        os.cpu_count = lambda: world.processors
    if world.wild_clock:
        _make_clocks_wild()
    cells = run_cells(run.steps)
    result.send([asdict(cell) for cell in cells])
    result.close()


def run_cells(steps: Sequence[Step]) -> list[Shown]:
    """Run cells in a fresh IPython shell of this process. An error does not stop the next cell."""
    from IPython.core.displayhook import DisplayHook
    from IPython.core.displaypub import DisplayPublisher
    from IPython.core.interactiveshell import InteractiveShell

    outputs: list[dict[str, Any]] = []

    class Publisher(DisplayPublisher):
        def publish(self, data: dict[str, Any], *args: Any, **more: Any) -> None:
            outputs.append({"output_type": "display_data", "data": data, "metadata": {}})

    class Hook(DisplayHook):
        def write_output_prompt(self) -> None:
            pass

        def write_format_data(self, format_dict: Any, md_dict: Any = None) -> None:
            outputs.append(
                {
                    "output_type": "execute_result",
                    "data": dict(format_dict),
                    "metadata": {},
                    "execution_count": None,
                }
            )

        def finish_displayhook(self) -> None:
            pass

    class Shell(InteractiveShell):
        def _showtraceback(self, etype: Any, evalue: Any, stb: Any) -> None:
            outputs.append(
                {
                    "output_type": "error",
                    "ename": etype.__name__,
                    "evalue": str(evalue),
                    "traceback": list(stb),
                }
            )

    shell = Shell.instance(
        display_pub_class=Publisher, displayhook_class=Hook, colors="nocolor", history_length=0
    )
    if shell.history_manager is not None:
        shell.history_manager.enabled = False
    shown = []
    for step in steps:
        outputs.clear()
        with _captured(outputs):
            shell.run_cell(step.source, store_history=True)
        shown.append(Shown(step.grade_id, json.loads(json.dumps(outputs, default=str))))
    return shown


@contextlib.contextmanager
def _captured(outputs: list[dict[str, Any]]) -> Iterator[None]:
    out, err = StringIO(), StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        yield
    for name, stream in (("stdout", out), ("stderr", err)):
        if stream.getvalue():
            outputs.append({"output_type": "stream", "name": name, "text": stream.getvalue()})


def _make_clocks_wild() -> None:
    """Replace the clocks of `time` by ones that nothing may rely on."""
    leap = random.Random(7)
    for name in ("time", "monotonic", "perf_counter", "process_time", "thread_time"):
        setattr(time, name, lambda: leap.uniform(-1e6, 1e9))
        setattr(time, f"{name}_ns", lambda: leap.randint(-(10**15), 10**18))
    time.sleep = lambda seconds: None


if __name__ == "__main__":
    results = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what anybody else writes to the standard output must not get between
    main(sys.stdin, results)
