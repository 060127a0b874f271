"""The sandbox: bubblewrap around a fork server, and jails for kernels in it.

    with Sandbox() as sandbox, sandbox.jail(folder, limits) as jail, Client(jail) as client:
        answer = client.run("1 + 1", seconds=10)

What is inside is in `autograder/inside`, which runs there without the rest of this package. Of the
machine it sees the system's programs and libraries, this Python environment, and `course` and
`kernels`, all read-only. There is no network, and of other processes only its own.
"""

import contextlib
import importlib.util
import io
import json
import os
import secrets
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from autograder import cgroups
from autograder.files import copy_plain

SANDBOX = "stepwise-sandbox"  # the name of the kernelspec, and of the provisioner
_OR = "or say --no-sandbox if you trust every hand-in"
INSTALL = f"install bubblewrap (Debian, Ubuntu: `sudo apt-get install bubblewrap`), {_OR}"
ALLOW = f"let this user make user namespaces (man bwrap; containers often forbid it), {_OR}"
_INSIDE = Path(__file__).with_name("inside")
_LIBRARY = "/stepwise/library"  # course and kernels, seen from inside
_NOBODY = 65534
_LOOKED_AT = 2**20  # bytes of a file that is asked for a word
_PORTS = {"shell": 1, "iopub": 2, "stdin": 3, "control": 4, "hb": 5}
NOT_FOR_STUDENTS = ("*.ipynb", "timestamp.txt", "submission_secret.txt", "handin.json")
# Every module that checks are made of: one that came later would look like a change to the checks,
# and what tests use besides (course.memory) is watched only if it is there from the start.
_CHECKS = sorted((Path(__file__).resolve().parents[1] / "course" / "checks").glob("[a-z]*.py"))
# What hand-ins import: done once, before any fork. None of it may start a thread or touch a GPU.
WARM = (
    *("numpy", "torch", "matplotlib.pyplot", "matplotlib.backends.backend_agg"),
    *("ipywidgets", "anywidget"),
    *("matplotlib_inline.backend_inline", "IPython.display"),
    *("course.checks", "course.widgets.*"),
    *(f"course.checks.{module.stem}" for module in _CHECKS),
    *("course.attention", "course.memory"),
)
# What takes long to import and is seldom used: a word that code must hold to use it → modules.
SELDOM = {"optim": ("torch.optim", "torch._dynamo"), "sklearn": ("sklearn",)}


@dataclass(frozen=True)
class Bounds:
    """What all processes of one kernel may use. Sizes in bytes, times in seconds."""

    memory_bytes: int = 2 * 1024**3  # beyond what the imports take
    cpu_seconds: int = 900
    processes: int = 128  # and threads
    open_files: int = 512
    scratch_bytes: int = 256 * 1024**2
    scratch_files: int = 10_000


class SandboxUnavailable(RuntimeError):
    """No kernel can be had here, or not a confined one; the message is a clause that says why."""


class Sandbox:
    """A fork server in a sandbox. `isolated=False` gives up the sandbox: a plain fork server.

    One process, one sandbox: not to be shared between threads.
    """

    def __init__(
        self, *, isolated: bool = True, warm: bool = True, idle_seconds: float = 120
    ) -> None:
        self.isolated = isolated
        self._seldom = dict(SELDOM) if warm else {}
        self._warm = WARM if warm else ()
        self._idle_seconds = idle_seconds
        self._process: subprocess.Popen[bytes] | None = None
        self._owner, self._ready = os.getpid(), False
        self._groups: cgroups.Groups | None = None
        self._stack = contextlib.ExitStack()
        self._run = Path()

    def __enter__(self) -> "Sandbox":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the server and every kernel in it."""
        if self._owner != os.getpid():
            return
        self._ready = False
        if self._process is not None:
            assert self._process.stdin
            assert self._process.stdout
            with contextlib.suppress(OSError):
                self._process.stdin.close()
            self._process.kill()
            self._process.wait()
            self._process.stdout.close()
            self._process = None
        self._stack.close()
        if self._groups:
            self._groups.remove()
            self._groups = None

    def start(self) -> None:
        """See that the server is ready. Raises SandboxUnavailable with the reason if it is not."""
        self.launch()
        if self._ready or self._process is None:
            return
        assert self._process.stdout
        self._ready = bool(self._process.stdout.readline())
        if not self._ready:
            self._process.wait()
            reason = self._last_error() or f"it ended with code {self._process.returncode}"
            self.close()
            if self.isolated:
                raise SandboxUnavailable(f"no sandbox could be made ({reason}): {ALLOW}")
            raise SandboxUnavailable(f"Python did not start ({reason})")

    def spare(self, files: Iterable[Path]) -> None:
        """Of what is seldom used, import only what one of these `files` names."""
        found = set()
        for path in files:
            with contextlib.suppress(OSError):
                if path.is_file():
                    with path.open("rb") as file:
                        text = file.read(_LOOKED_AT)
                    found |= {word for word in self._seldom if word.encode() in text}
        self._seldom = {word: self._seldom[word] for word in self._seldom if word in found}

    def launch(self) -> None:
        """Start the server if it is not running, without waiting for its imports."""
        if self._owner != os.getpid():
            return  # a fork of the process that started it may use it too
        if self._process is not None and self._process.poll() is None:
            return
        self.close()
        self._groups = cgroups.Groups() if self.isolated else None
        root = os.name == "posix" and os.geteuid() == 0
        self._run = Path(
            self._stack.enter_context(
                tempfile.TemporaryDirectory(prefix="stepwise-", ignore_cleanup_errors=True)
            )
        )
        if len(str(self._run)) > 60:  # the path of a Unix socket has 107 characters at most
            raise SandboxUnavailable(f"the path of {self._run} is too long; set TMPDIR to /tmp")
        jails = self._run / "jails"
        jails.mkdir(mode=0o700)
        user = _NOBODY if root and self.isolated else None
        if user is not None:
            os.chown(jails, user, user)
        settings = {
            "isolated": self.isolated,
            "user": user,
            "path": [_LIBRARY] if self.isolated else [str(root) for root in _library_roots()],
            "preload": (*self._warm, *(m for modules in self._seldom.values() for m in modules)),
            "idle_seconds": self._idle_seconds,
            "run": "/stepwise/run" if self.isolated else str(jails),
            "in_scratch": [prefix for prefix in _prefixes() if prefix.startswith("/tmp/")],
        }
        inside = "/stepwise/inside" if self.isolated else str(_INSIDE)
        command = [sys.executable, "-I", "-B", inside, json.dumps(settings)]
        if self.isolated:
            command = [*_bubblewrap(self._run, jails, user), "--", *command]
        # A file, not a pipe: nobody reads it unless the start fails.
        errors = self._stack.enter_context((self._run / "errors").open("wb"))
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            env=_environment("/tmp"),
            cwd="/",
            start_new_session=True,
        )

    @contextlib.contextmanager
    def jail(
        self, files: Path | None, bounds: Bounds = Bounds(), key: str | None = None
    ) -> Iterator["Jail"]:
        """A fresh kernel, with a copy of the folder `files` as its working directory.

        It runs cells for autograder.client; or, with the `key` of a connection, it is a kernel for
        programs that speak Jupyter's protocol. Raises SandboxUnavailable if it does not start.
        """
        self.start()
        assert self._process
        assert self._process.stdin
        name = secrets.token_hex(4)
        folder = self._run / "jails" / name
        (folder / "files").mkdir(mode=0o700, parents=True)
        if files is not None:
            copy_plain(files, folder / "files", NOT_FOR_STUDENTS)
        isolated = self.isolated
        if isolated and os.geteuid() == 0:
            _give(folder, _NOBODY)
        scratch = "/tmp" if isolated else str(folder / "scratch")
        limits = asdict(bounds) | {"own_user": isolated}
        seal = secrets.token_bytes(32)
        task: dict[str, Any] = {"limits": limits, "environment": _environment(scratch)}
        task["seal"] = seal.hex()
        connection: dict[str, Any] = {}
        if key:
            connection = {f"{channel}_port": port for channel, port in _PORTS.items()}
            connection |= {"key": key, "signature_scheme": "hmac-sha256", "transport": "ipc"}
            task["connection"] = connection
        control = None
        group = None
        cells, inner_cells = socket.socketpair()
        reading, writing = os.pipe()
        past, inner_past = io.FileIO(reading, "r"), io.FileIO(writing, "w")
        try:
            with socket.socket(socket.AF_UNIX) as listener, inner_cells, inner_past:
                listener.bind(str(folder / "control"))
                if isolated and os.geteuid() == 0:
                    os.chown(folder / "control", _NOBODY, _NOBODY)
                listener.listen(1)
                listener.settimeout(20)
                try:
                    self._process.stdin.write(name.encode() + b"\n")
                    self._process.stdin.flush()
                    control, _ = listener.accept()
                except OSError as error:
                    raise SandboxUnavailable(self._why(error)) from error
                if self._groups:
                    group = self._groups.add(
                        _peer(control), name, bounds.memory_bytes, bounds.processes
                    )
                line = json.dumps(task).encode() + b"\n"
                socket.send_fds(control, [line], [inner_cells.fileno(), inner_past.fileno()])
            control.settimeout(60)
            if control.recv(6) != b"ready\n":
                raise SandboxUnavailable(self._why(OSError("the kernel did not start")))
            for end in (control, cells):
                end.setblocking(False)
            os.set_blocking(past.fileno(), False)
            counted = self._groups is not None and self._groups.count_memory
            # Whoever is at the other end of the socket is the first process of this jail.
            first = 0 if counted else _peer(control)
            info = connection | {"ip": str(folder / "k")}
            yield Jail(control, cells, past, seal, info, first, bounds.memory_bytes)
        finally:
            if control is not None:
                control.close()  # ends the jail
            cells.close()
            past.close()
            if group and self._groups:
                self._groups.forget(group)
            shutil.rmtree(folder, ignore_errors=True)

    def _why(self, error: OSError) -> str:
        return f"no kernel could be started ({self._last_error() or error})"

    def _last_error(self) -> str:
        try:
            text = (self._run / "errors").read_text(errors="replace").strip()
        except OSError:
            return ""
        return text.splitlines()[-1] if text else ""


@dataclass(frozen=True)
class Jail:
    """A kernel. `control` becomes readable when it has ended.

    `cells` is the way to it for autograder.client, with `seal` the key of what it says there; out
    of `past` comes what its processes write to the standard streams past Python. `connection` is
    Jupyter's, of a kernel with a key.
    """

    control: socket.socket
    cells: socket.socket
    past: io.FileIO
    seal: bytes
    connection: dict[str, Any]
    first: int = 0  # its first process, if nobody else bounds what all of them use together
    memory_bytes: int = 0

    def starves_others(self) -> bool:
        """Whether this machine is short of memory, and processes of this jail hold too much of it.

        One process is bounded by itself; several together are by a control group, if there is one.
        Where there is none, this is to be asked now and then.
        """
        return bool(self.first) and _short_of_memory() and self._held() > self.memory_bytes

    def _held(self) -> int:
        """Bytes that the jail's processes hold, beyond what one kernel's imports take."""
        held, kernel = 0, 0
        waiting = [self.first]
        while waiting:
            process = waiting.pop()
            with contextlib.suppress(OSError, ValueError, IndexError):
                resident = int(Path(f"/proc/{process}/statm").read_text().split()[1])
                # Forks share what they have not changed.
                kernel = kernel or (resident if process == self.first else 0)
                held += max(0, resident - kernel)
                children = Path(f"/proc/{process}/task/{process}/children").read_text()
                waiting += [int(child) for child in children.split()]
        return held * os.sysconf("SC_PAGE_SIZE")

    @property
    def alive(self) -> bool:
        try:
            return bool(self.control.recv(1, socket.MSG_PEEK))
        except BlockingIOError:
            return True
        except OSError:
            return False

    def interrupt(self) -> None:
        """As Ctrl-C does."""
        with contextlib.suppress(OSError):
            self.control.send(b"i")

    def end(self) -> None:
        """Kill the kernel and every process that it started; returns when they are going."""
        with contextlib.suppress(OSError):
            self.control.shutdown(socket.SHUT_RDWR)


_shared: dict[bool, Sandbox] = {}


def shared(isolated: bool = True) -> Sandbox:
    """The warm sandbox of this process. It ends with the process, or when it was idle for long.

    A fork of the process shares it; a server that went away is then started by nobody but the
    process that had started it.
    """
    if isolated not in _shared:
        import atexit

        _shared[isolated] = Sandbox(isolated=isolated)
        atexit.register(_shared[isolated].close)
    return _shared[isolated]


def check() -> float:
    """Start a kernel in a sandbox once; the seconds it took. SandboxUnavailable says why not."""
    begun = time.monotonic()
    with Sandbox(warm=False) as sandbox, sandbox.jail(None):
        return time.monotonic() - begun


def _short_of_memory() -> bool:
    """Whether less than a tenth of this machine's memory is to be had."""
    try:
        words = Path("/proc/meminfo").read_text().split()
        total = int(words[words.index("MemTotal:") + 1])
        return int(words[words.index("MemAvailable:") + 1]) < total / 10
    except (OSError, ValueError):
        return False


def _give(folder: Path, user: int) -> None:
    for path in (folder, *folder.rglob("*")):
        os.chown(path, user, user, follow_symlinks=False)


def _peer(control: socket.socket) -> int:
    """The process at the other end, by its number in this process's namespace."""
    data = control.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    return int(struct.unpack("3i", data)[0])


def _environment(scratch: str) -> dict[str, str]:
    """All the environment variables that students' code gets."""
    programs = [str(Path(sys.executable).parent), "/usr/local/bin", "/usr/bin", "/bin"]
    return {
        "PATH": os.pathsep.join(programs),
        "HOME": scratch,
        "TMPDIR": scratch,
        "IPYTHONDIR": f"{scratch}/.ipython",
        "JUPYTER_DATA_DIR": f"{scratch}/.jupyter",
        "JUPYTER_CONFIG_DIR": f"{scratch}/.jupyter",
        "MPLCONFIGDIR": f"{scratch}/.matplotlib",
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        "USER": "student",
        "LOGNAME": "student",
        "LANG": "C.UTF-8",
        "NBGRADER_EXECUTION": "autograde",
        "CUDA_VISIBLE_DEVICES": "",
        "TRITON_INTERPRET": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "MALLOC_ARENA_MAX": "2",  # each reserves address space, which is bounded
        # One kernel a core is busy already; and a library's threads do not survive a fork.
        **{f"{name}_NUM_THREADS": "1" for name in ("OMP", "MKL", "OPENBLAS", "NUMEXPR")},
    }


def _library_roots() -> list[Path]:
    """The folders that `course` and `kernels` are imported from."""
    roots = []
    for package in ("course", "kernels"):
        found = importlib.util.find_spec(package)
        for place in (found.submodule_search_locations if found else None) or []:
            roots.append(Path(place).parent)
    return list(dict.fromkeys(roots))


def _bubblewrap(run: Path, jails: Path, user: int | None) -> list[str]:
    """bubblewrap's command line."""
    program = shutil.which("bwrap")
    if sys.platform != "linux" or program is None:
        raise SandboxUnavailable(f"there is no sandbox here: {INSTALL}")
    identity = user if user is not None else os.getuid()
    group = user if user is not None else os.getgid()
    (run / "passwd").write_text(f"student:x:{identity}:{group}::/tmp:/bin/sh\n")
    (run / "group").write_text(f"student:x:{group}:\n")
    command = [program, "--die-with-parent", "--new-session", "--unshare-pid", "--unshare-net"]
    command += ["--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try", "--hostname", "stepwise"]
    if user is not None:
        # Root needs no user namespace here, and the server becomes `user` as its first act.
        command += ["--cap-drop", "ALL", "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"]
    else:
        command += ["--unshare-user"]
    command += ["--proc", "/proc", "--dev", "/dev", "--dir", "/tmp", "--tmpfs", "/tmp"]
    for folder in ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"):
        if os.path.islink(folder):
            command += ["--symlink", os.readlink(folder), folder]
        elif os.path.isdir(folder):
            command += ["--ro-bind", folder, folder]
    command += ["--dir", "/etc"]
    for file in ("ld.so.cache", "ld.so.conf", "ld.so.conf.d", "localtime", "fonts", "alternatives"):
        command += ["--ro-bind-try", f"/etc/{file}", f"/etc/{file}"]
    for file in ("passwd", "group"):
        command += ["--ro-bind", str(run / file), f"/etc/{file}"]
    for prefix in _prefixes():
        if not prefix.startswith("/usr"):
            command += _seen(prefix)
    for root in _library_roots():
        for package in ("course", "kernels"):
            if (root / package).is_dir():
                command += _seen(str(root / package), f"{_LIBRARY}/{package}")
    command += _seen(str(_INSIDE), "/stepwise/inside")
    command += ["--bind", str(jails), "/stepwise/run", "--dir", "/stepwise/here"]
    if user is not None:
        command += ["--chmod", "1777", "/tmp"]
    return [*command, "--remount-ro", "/dev", "--remount-ro", "/"]


def _prefixes() -> list[str]:
    """The folders of this Python environment."""
    return sorted({sys.prefix, sys.base_prefix, sys.exec_prefix, sys.base_exec_prefix})


def _seen(folder: str, inside: str | None = None) -> list[str]:
    """Arguments that show `folder` inside, at its own path if no other is given."""
    inside = inside or folder
    parents = [str(parent) for parent in reversed(Path(inside).parents) if parent != Path("/")]
    # bubblewrap would make them for root alone.
    return [
        *(word for parent in parents for word in ("--dir", parent)),
        "--ro-bind",
        folder,
        inside,
    ]
