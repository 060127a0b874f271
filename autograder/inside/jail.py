"""A jail: namespaces, mounts, limits and clocks of one kernel, and the process that watches it.

    host ──control socket── watcher (first process of the jail) ── kernel (the student's code)

The host writes one line of JSON, what to run and with which limits, and with it may send file
descriptors for the kernel; the watcher answers "ready" when the kernel listens. A byte more from
the host interrupts the kernel. When the host closes the socket the watcher ends and everything in
the jail with it; when the kernel ends, so does the watcher, and the host sees the socket close.
"""

import contextlib
import json
import os
import resource
import select
import shutil
import signal
import socket
import sys
from collections.abc import Callable

import system

HERE = "/stepwise/here"  # sockets of the kernel, seen from inside
SCRATCH = "/tmp"
_STAGE = "/dev/shm"  # where the scratch is made before it takes its place


Run = Callable[[dict, list[int], int], None]  # the task, its descriptors, where to say "ready"


def enter(folder: str, settings: dict, run: Run) -> None:
    """In a fresh fork of the server: become the jail for `folder`. Never returns."""
    isolated = settings["isolated"]
    used = _address_space()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.setsid()
    if isolated:
        user, group = os.getuid(), os.getgid()
        system.undumpable(False)  # else the maps below could not be written
        system.unshare(
            system.NEW_USER
            | system.NEW_MOUNTS
            | system.NEW_PIDS
            | system.NEW_NETWORK
            | system.NEW_IPC
            | system.NEW_UTS
        )
        _write("/proc/self/setgroups", "deny")
        _write("/proc/self/uid_map", f"{user} {user} 1")
        _write("/proc/self/gid_map", f"{group} {group} 1")
        if os.fork():
            os._exit(0)  # the child is the first process of the new process namespace
        system.undumpable()
    control = socket.socket(socket.AF_UNIX)
    control.connect(folder + "/control")
    task, descriptors = _task(control)
    if isolated:
        _mount(folder, settings["run"], settings["in_scratch"], task)
        scratch, here = SCRATCH, HERE
    else:
        scratch, here = folder + "/scratch", folder
        os.makedirs(scratch, exist_ok=True)
        system.adopt_orphans()
    shutil.copytree(here + "/files", scratch + "/work", symlinks=True)
    os.chdir(scratch + "/work")
    task |= {"here": here, "scratch": scratch, "used_bytes": used}
    receive, send = os.pipe()
    child = os.fork()
    if child == 0:
        _become_kernel(task, descriptors, isolated, control, receive, send, run)
    for descriptor in (send, *descriptors):
        os.close(descriptor)
    if os.read(receive, 1) and isolated:
        # The sockets are bound: from now on nothing can be written outside the scratch.
        flags = system.REMOUNT | system.BIND | system.READ_ONLY | system.NO_SUID | system.NO_DEVICES
        system.mount("", HERE, "", flags)
        system.drop_privileges()
    control.sendall(b"ready\n")
    _watch(child, control, isolated)


def _task(control: socket.socket) -> tuple[dict, list[int]]:
    line, descriptors = b"", []
    while not line.endswith(b"\n"):
        data, sent, _, _ = socket.recv_fds(control, 65536, 2)
        if not data:
            raise EOFError("the host went")
        line += data
        descriptors += sent
    for descriptor in descriptors:
        os.set_inheritable(descriptor, False)
    return json.loads(line), descriptors


def _become_kernel(
    task: dict,
    descriptors: list[int],
    isolated: bool,
    control: socket.socket,
    receive: int,
    send: int,
    run: Run,
) -> None:
    try:
        control.close()
        os.close(receive)
        if not isolated:
            os.setsid()
        nothing = os.open(os.devnull, os.O_RDWR)
        for descriptor in (0, 1, 2):
            os.dup2(nothing, descriptor)
        if isolated:
            system.drop_privileges()
        _limit(task["limits"], task["used_bytes"])
        run(task, descriptors, send)
    finally:
        os._exit(1)


def _mount(folder: str, run: str, in_scratch: list[str], task: dict) -> None:
    """What only this jail sees: its sockets, an empty scratch; and nothing of the other jails.

    `in_scratch` are folders of the Python environment that the scratch would hide.
    """
    limits = task["limits"]
    safe = system.NO_SUID | system.NO_DEVICES
    system.mount("", "/", "", system.RECURSIVE | system.PRIVATE)
    system.mount(folder, HERE, "", system.BIND)
    sizes = f"size={limits['scratch_bytes']},nr_inodes={limits['scratch_files']},mode=0700"
    system.mount("tmpfs", _STAGE, "tmpfs", safe, sizes)
    for kept in in_scratch:
        place = _STAGE + kept.removeprefix(SCRATCH)
        os.makedirs(place)
        system.mount(kept, place, "", system.BIND | system.RECURSIVE)
    system.mount(_STAGE, SCRATCH, "", system.MOVE)
    system.mount("tmpfs", "/dev/shm", "tmpfs", safe, f"size={limits['scratch_bytes']},mode=0700")
    for hidden in (run, "/proc"):
        system.mount("tmpfs", hidden, "tmpfs", safe | system.READ_ONLY, "size=4k,mode=0555")


def _limit(limits: dict, used: int) -> None:
    """Limits that the kernel (of the machine) keeps for this process and those it starts."""
    for name, most in (
        ("RLIMIT_AS", used + limits["memory_bytes"]),
        ("RLIMIT_CPU", limits["cpu_seconds"]),
        ("RLIMIT_FSIZE", limits["scratch_bytes"]),
        ("RLIMIT_NOFILE", limits["open_files"]),
        ("RLIMIT_NPROC", limits["processes"]),
        ("RLIMIT_CORE", 0),
        ("RLIMIT_MEMLOCK", 0),
        ("RLIMIT_MSGQUEUE", 0),
    ):
        if name == "RLIMIT_NPROC" and not limits["own_user"]:
            continue  # it would count the grader's own processes too
        if hasattr(resource, name) and (sys.platform == "linux" or name != "RLIMIT_AS"):
            with contextlib.suppress(ValueError, OSError):  # lower already
                resource.setrlimit(getattr(resource, name), (most, most))


def _address_space() -> int:
    """Bytes of address space that this process uses before any student's code runs."""
    try:
        with open("/proc/self/statm") as file:
            return int(file.read().split()[0]) * resource.getpagesize()
    except OSError:
        return 0


def _watch(child: int, control: socket.socket, isolated: bool) -> None:
    """Until the kernel or the host goes; then this process ends, and all of the jail with it."""
    poller = select.poll()
    poller.register(control, select.POLLIN)
    with contextlib.suppress(AttributeError, OSError):
        poller.register(os.pidfd_open(child), select.POLLIN)
    ended = False
    while not ended:
        events = poller.poll(500)
        if any(descriptor == control.fileno() for descriptor, _ in events):
            ended = True
            with contextlib.suppress(OSError):
                if control.recv(1):
                    ended = False
                    os.kill(child, signal.SIGINT)
        with contextlib.suppress(ChildProcessError):
            while not ended:
                gone, _ = os.waitpid(-1, os.WNOHANG)
                if gone == 0:
                    break
                ended = gone == child
    if not isolated:
        for _ in range(3):  # those that were adopted meanwhile
            _kill_children()
    os._exit(0)


def _kill_children() -> None:
    me = os.getpid()
    for entry in os.listdir("/proc") if os.path.isdir("/proc/self") else []:
        if entry.isdigit():
            with contextlib.suppress(OSError), open(f"/proc/{entry}/stat", "rb") as file:
                if int(file.read().rpartition(b")")[2].split()[1]) == me:
                    os.kill(int(entry), signal.SIGKILL)
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, 0)[0]:
            pass


def _write(path: str, text: str) -> None:
    with open(path, "w") as file:
        file.write(text)
