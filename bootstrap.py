"""Set Stepwise up, open it, test it. Pure standard library; `make` calls it, so can you.

    python bootstrap.py setup          make .venv from requirements.lock (at once if it is current)
    python bootstrap.py lab [ARG ...]  set up, build notebooks, open JupyterLab on the welcome page
    python bootstrap.py test [ARG ...] set up, then every check: lint, format, types, pytest
    python bootstrap.py here           no .venv: use this Python (an activated conda environment)

Whatever can be foreseen to go wrong ends in one sentence and exit code 1.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
LOCK = ROOT / "requirements.lock"
# JupyterLab's settings for the course and the kernel of graded work, and where they go below an
# environment's prefix.
SETTINGS = {
    ROOT / "jupyter" / "overrides.json": "share/jupyter/lab/settings/overrides.d/stepwise.json",
    ROOT / "jupyter" / "page_config.json": "etc/jupyter/labconfig/page_config.json",
    ROOT
    / "autograder"
    / "lab.json": "share/jupyter/lab/settings/overrides.d/stepwise-grading.json",
    ROOT / "autograder" / "kernel.json": "share/jupyter/kernels/stepwise-sandbox/kernel.json",
}
WELCOME = "course/welcome.ipynb"
STUDENT_EDITION = not (ROOT / "autograder").is_dir()
OLDEST_PYTHON = (3, 11)
DISK_NEEDED = 3 * 10**9  # bytes; a CPU-only environment was measured at 2.5 GB
FIRST_PORT = 8888  # JupyterLab's own

# pip's word for each package, as it comes to it, and the package's name in it.
TAKEN = re.compile(
    r"(?:Collecting|Processing|Requirement already satisfied:) (?:\S*[/\\])?"
    r"([\w.]+(?:-[a-z_][\w.]*)*)",
    re.IGNORECASE,
)


class Failure(Exception):
    """What went wrong and what to do, in one sentence."""


def say(line: str) -> None:
    print(f"stepwise: {line}", flush=True)


# --- the environment ---------------------------------------------------------------------------


def setup() -> Path:
    """Make or mend `.venv`; does nothing when it is current. Returns its Python."""
    check_python(sys.version_info)
    python = python_of(VENV)
    stamp = VENV / "stepwise.stamp"
    wanted = fingerprint(LOCK, ROOT / "pyproject.toml", *SETTINGS)
    if python.exists() and read(stamp) == wanted:
        return python
    with only_one_setup():
        if not (python.exists() and stamp.exists()):
            make_environment(python)
        # From here until the stamp is back, an interruption makes the next run start afresh.
        stamp.unlink(missing_ok=True)
        install(python)
        stamp.write_text(wanted, encoding="utf-8")
    say("the environment is ready (.venv)")
    return python


def check_python(version: Sequence) -> None:
    if tuple(version[:2]) < OLDEST_PYTHON:
        raise Failure(
            f"Python {version[0]}.{version[1]} is too old: install Python 3.11 or later "
            "(https://www.python.org/downloads) and run this again."
        )


def make_environment(python: Path) -> None:
    """A fresh `.venv` with pip in it."""
    free = shutil.disk_usage(ROOT).free
    if free < DISK_NEEDED:
        raise Failure(
            f"the disk is full: {free / 1e9:.1f} GB free, {DISK_NEEDED / 1e9:.0f} GB needed "
            f"in {ROOT}; make room and run this again."
        )
    if importlib.util.find_spec("ensurepip") is None or importlib.util.find_spec("venv") is None:
        package = f"python{sys.version_info[0]}.{sys.version_info[1]}-venv"
        if not apt_install(package):
            raise Failure(
                f"this Python has no venv module: run `sudo apt-get install {package}` "
                "(or your system's like), then run this again."
            )
    if VENV.exists():
        say("the last setup was not finished: starting afresh")
    say("making the virtual environment .venv")
    try:
        run([sys.executable, "-m", "venv", "--clear", VENV])
    except subprocess.CalledProcessError as error:
        raise Failure(explain(error.output, "the virtual environment could not be made")) from None
    if not python.exists():
        raise Failure(f"no Python came to be at {python}; remove .venv and run this again.")


def install(python: Path) -> None:
    """The lock's packages, the project itself, and JupyterLab's settings, into `python`'s place."""
    say("installing packages from requirements.lock (a minute or two the first time)")
    began = time.monotonic()
    log = VENV / "install.log"
    command = [*pip(python), "--progress-bar", "off", "--retries", "2", "-r", LOCK]
    total = len(LOCK.read_text(encoding="utf-8").splitlines())
    with log.open("w", encoding="utf-8") as file, started(command) as process:
        for line in follow(output_of(process), total):
            file.write(line)
        code = process.wait()
    if code:
        what = "the packages could not be installed"
        raise Failure(f"{explain(read(log), what)} The whole story: {log.relative_to(ROOT)}")
    install_project(python)
    say(f"installed in {time.monotonic() - began:.0f} s")


def install_project(python: Path) -> None:
    """This folder as an editable package, and JupyterLab's settings, for `python`."""
    try:
        run([*pip(python), "--quiet", "--no-deps", "--no-build-isolation", "--editable", ROOT])
        prefix = run([python, "-c", "import sys; print(sys.prefix)"]).strip()
    except subprocess.CalledProcessError as error:
        print(error.output, file=sys.stderr)
        raise Failure(explain(error.output, "the course itself could not be installed")) from None
    for ours, theirs in SETTINGS.items():
        if ours.exists():
            target = Path(prefix, theirs)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ours, target)


def follow(lines: Iterable[str], total: int) -> Iterator[str]:
    """Pass pip's output on, line by line, showing how far it has come."""
    terminal = sys.stdout.isatty()
    names: set[str] = set()
    for line in lines:
        yield line
        shown = None
        found = TAKEN.match(line)
        if found and found.group(1) not in names:
            names.add(found.group(1))
            if terminal or len(names) % 25 == 0:
                shown = f"  {len(names)} of about {total}: {found.group(1)}"
        elif line.startswith("Installing collected packages"):
            shown = "  all there; unpacking (about half a minute)"
        if shown and terminal:
            print(f"\r{shown:<70}", end="\n" if "unpacking" in shown else "", flush=True)
        elif shown:
            print(shown, flush=True)


def explain(output: str, what: str) -> str:
    """One sentence for the known causes of a failed installation; pip's own last word otherwise."""
    if re.search(r"No space left on device|Errno 28|Disk quota exceeded", output):
        return f"{what}: the disk (or the temporary folder) is full; make room and run this again."
    if re.search(
        r"NewConnectionError|Failed to establish|NameResolutionError|name resolution|timed out"
        r"|Network is unreachable|Max retries exceeded|ProxyError|Connection ?(refused|reset)",
        output,
    ):
        return f"{what}: no network; connect and run this again, what was fetched is kept."
    if re.search(r"Permission denied|Read-only file system|Errno 13", output):
        return f"{what}: writing to {ROOT} is not allowed; use a folder of your own."
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    errors = [line for line in lines if re.match(r"(?i)error", line)]
    return f"{what}: {(errors or lines or ['no reason given'])[-1].rstrip('.')}."


def pip(python: Path) -> list[str]:
    return [str(python), "-m", "pip", "install", "--no-input", "--disable-pip-version-check"]


def python_of(environment: Path) -> Path:
    folder, name = ("Scripts", "python.exe") if os.name == "nt" else ("bin", "python")
    return environment / folder / name


def fingerprint(*files: Path) -> str:
    """A digest of the files' contents and of where this folder stands (scripts hold its path)."""
    digest = hashlib.sha256(str(ROOT).encode())
    for file in files:
        digest.update(file.read_bytes() if file.exists() else b"")
    return digest.hexdigest()


@contextlib.contextmanager
def only_one_setup() -> Iterator[None]:
    """Two setups at once would spoil each other; the lock goes with the process that holds it."""
    try:
        import fcntl
    except ImportError:  # Windows
        yield
        return
    with (ROOT / ".venv.lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise Failure("another setup is running here; wait until it is done.") from None
        yield


# --- what stands in the environment ------------------------------------------------------------


def build_notebooks(python: Path) -> None:
    """Build the notebooks if any text has changed; a student edition has nothing to build."""
    if STUDENT_EDITION:
        return
    folders = ("course", "solutions", "autograder")
    texts = sorted(text for folder in folders for text in (ROOT / folder).rglob("*.py"))
    stamp = VENV / "notebooks.stamp"
    wanted = fingerprint(*texts)
    if read(stamp) == wanted and (ROOT / WELCOME).exists():
        return
    say("building notebooks from their text")
    if subprocess.call([str(python), "-m", "autograder", "build", "--keep"], cwd=ROOT):
        raise Failure("the notebooks could not be built; the reason stands above.")
    if VENV.is_dir():
        stamp.write_text(wanted, encoding="utf-8")


def lab(python: Path, arguments: list[str]) -> int:
    """Open JupyterLab on the welcome page. Replaces this process where the system can do that."""
    port = asked_port(arguments)
    if port and in_use(port):
        raise Failure(f"port {port} is in use; choose another, or leave it out to get a free one.")
    if not port and in_use(FIRST_PORT):
        say(f"port {FIRST_PORT} is in use; JupyterLab takes the next free one")
    page = f"--LabApp.default_url=/lab/tree/{WELCOME}"
    command = [str(python), "-m", "jupyterlab", page, *arguments]
    if hasattr(os, "geteuid") and os.geteuid() == 0 and "--allow-root" not in arguments:
        say("you are root; JupyterLab is told that this is meant (--allow-root)")
        command.append("--allow-root")
    say("opening JupyterLab; Ctrl-C here stops it")
    environment = environment_of(python)
    os.chdir(ROOT)
    if os.name == "nt":
        return subprocess.call(command, env=environment)
    sys.stdout.flush()
    os.execve(command[0], command, environment)


def asked_port(arguments: list[str]) -> int | None:
    """The port in JupyterLab's arguments, or None."""
    match = re.search(r"--(?:ServerApp\.)?port[= ](\d+)", " ".join(arguments))
    return int(match.group(1)) if match else None


def in_use(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def environment_of(python: Path) -> dict[str, str]:
    """The environment variables with `.venv`'s commands first: nbgrader calls some by name."""
    path = os.pathsep.join([str(Path(python).parent), os.environ.get("PATH", "")])
    return {**os.environ, "PATH": path, "VIRTUAL_ENV": str(Path(python).parent.parent)}


# --- tests -------------------------------------------------------------------------------------


def test(python: Path, arguments: list[str]) -> int:
    """Run every gate, whatever the others say, and end with one summary. Returns the exit code."""
    # One hash seed for all of pytest's processes: they must collect the same names.
    environment = {"PYTHONHASHSEED": "0", **environment_of(python)}
    results = []  # (gate, passed, seconds, remark)
    pytest = [
        "pytest",
        "-n",
        str(min(4, os.cpu_count() or 1)),
        "--dist",
        "loadgroup",
        "--no-loadscope-reorder",
    ]
    gates = []
    if not STUDENT_EDITION:
        try:
            environment["STEPWISE_BROWSER"] = find_browser() or fetch_browser(python)
        except Failure as failure:
            results.append(("browser", False, 0.0, str(failure)))
            pytest += ["-m", "not browser"]
        gates = [
            ("lint", ["ruff", "check", "."]),
            ("format", ["ruff", "format", "--check", "."]),
            ("types", ["mypy"]),
        ]
    gates.append(("tests", [*pytest, *arguments]))
    for gate, command in gates:
        say(f"{gate}: {' '.join(command)}")
        began = time.monotonic()
        code, last = watch([str(python), "-m", *command], environment)
        results.append((gate, code == 0, time.monotonic() - began, last))
    print("\nSummary", flush=True)
    for gate, passed, seconds, remark in results:
        print(f"  {'ok    ' if passed else 'FAILED'} {gate:8} {seconds:6.1f} s  {remark}")
    return 0 if all(passed for _, passed, _, _ in results) else 1


def watch(command: list[str], environment: Mapping[str, str]) -> tuple[int, str]:
    """Run with the output passed on. Returns the exit code and the last line not empty."""
    last = ""
    with started(command, environment) as process:
        for line in output_of(process):
            print(line, end="", flush=True)
            last = line.strip(" =\n") or last
        return process.wait(), last


# --- system parts that pip cannot bring --------------------------------------------------------


def find_browser() -> str | None:
    """The path of a Chromium or Chrome that tests can drive, or None.

    Ubuntu's `chromium` is a stub for a snap, which cannot read the tests' temporary folders: it
    does not count.
    """
    names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"]
    places = [os.environ.get("STEPWISE_BROWSER"), *map(shutil.which, names)]
    places += [
        "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
        r"C:\Program Files\Google\Chrome\Application\chrome.exe",
    ]
    for place in filter(None, places):
        if os.path.isfile(place) and not is_snap(Path(place)):
            return str(place)
    return None


def find_postgresql() -> Path | None:
    """The folder of `initdb` and `pg_ctl`, or None; Debian does not put them on the PATH."""
    found = Path("/usr/lib/postgresql").glob("[0-9]*/bin/initdb")
    newest = max(found, key=lambda program: int(program.parts[-3]), default=None)
    on_path = shutil.which("initdb")
    place = newest or (Path(on_path) if on_path else None)
    return place.parent if place else None


def is_snap(path: Path) -> bool:
    """Whether `path` is a snap, or a script that only starts one."""
    if "snap" in path.resolve().parts or path.resolve().name == "snap":
        return True
    with path.open("rb") as file:
        return re.match(rb"#!(?s:.*)/snap/", file.read(4096)) is not None


def fetch_browser(python: Path) -> str:
    """Install a browser: Playwright's own if it is there, else apt's, else fetch Playwright's."""
    kept = playwright_browser(python)
    if kept:
        return kept
    if "ubuntu" not in read(Path("/etc/os-release")).lower() and apt_install("chromium"):
        found = find_browser()
        if found:
            return found
    say("fetching a browser for the tests (playwright install chromium)")
    as_root = ["--with-deps"] if apt_prefix() is not None else []
    subprocess.call([str(python), "-m", "playwright", "install", *as_root, "chromium"])
    found = playwright_browser(python)
    if not found:
        raise Failure(
            "no browser for the browser tests: install Chromium or Chrome, or run "
            f"`{python} -m playwright install chromium`, then run this again."
        )
    return found


def playwright_browser(python: Path) -> str | None:
    """The path of the browser that Playwright has fetched earlier, or None."""
    asked = (
        "from playwright.sync_api import sync_playwright\n"
        "with sync_playwright() as p: print(p.chromium.executable_path)"
    )
    try:
        place = run([python, "-c", asked]).strip()
    except subprocess.CalledProcessError:
        return None
    return place if os.path.isfile(place) else None


def apt_prefix() -> list[str] | None:
    """`[]` where apt may be used as we are, `["sudo", ...]` where without a password, else None."""
    if not shutil.which("apt-get"):
        return None
    if os.geteuid() == 0:
        return []
    sudo = ["sudo", "-n"]
    allowed = shutil.which("sudo") and subprocess.run([*sudo, "true"], capture_output=True)
    return sudo if allowed and allowed.returncode == 0 else None


def apt_install(package: str) -> bool:
    """Install a Debian package if that is allowed here. Returns whether it worked."""
    prefix = apt_prefix()
    if prefix is None:
        return False
    say(f"installing {package} by apt")
    apt = [*prefix, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get"]
    subprocess.run([*apt, "update"], capture_output=True)
    install = [*apt, "install", "--yes", "--no-install-recommends", package]
    importlib.invalidate_caches()
    return subprocess.run(install, capture_output=True).returncode == 0


# --- processes ---------------------------------------------------------------------------------


@contextlib.contextmanager
def started(
    command: Sequence, environment: Mapping[str, str] = os.environ
) -> Iterator[subprocess.Popen[str]]:
    """A process at the project's root, its output and errors in one pipe; ends with the block."""
    # A person's own pip settings for other work must not steer the packages elsewhere.
    environment = {**environment, "PIP_USER": "0", "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        [str(word) for word in command],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
    ) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.terminate()


def output_of(process: subprocess.Popen[str]) -> Iterable[str]:
    return process.stdout or []


def run(command: Sequence) -> str:
    """Run quietly. Returns what it printed; raises CalledProcessError with that if it fails."""
    with started(command) as process:
        output, _ = process.communicate()
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command, output)
    return output


def read(file: Path) -> str:
    """The text of `file`, or "" if there is none."""
    try:
        return file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def main(arguments: list[str]) -> int:
    command, rest = (arguments[0] if arguments else ""), arguments[1:]
    try:
        if command == "here":
            check_python(sys.version_info)
            install_project(Path(sys.executable))
            build_notebooks(Path(sys.executable))
            say(f"ready: jupyter lab {WELCOME}")
        elif command == "setup":
            build_notebooks(setup())
        elif command == "lab":
            python = setup()
            build_notebooks(python)
            return lab(python, rest)
        elif command == "test":
            return test(setup(), rest)
        else:
            print(__doc__)
            return 0 if command in ("-h", "--help") else 2
    except Failure as failure:
        print(f"stepwise: {failure}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"stepwise: {explain(str(error), 'this did not work')}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nstepwise: stopped; run it again to go on.", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
