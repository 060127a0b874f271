"""The few system calls that Python does not offer, on Linux."""

import contextlib
import ctypes
import os
import sys

NEW_MOUNTS, NEW_UTS, NEW_IPC = 0x00020000, 0x04000000, 0x08000000
NEW_USER, NEW_PIDS, NEW_NETWORK = 0x10000000, 0x20000000, 0x40000000
READ_ONLY, NO_SUID, NO_DEVICES, NO_EXEC = 1, 2, 4, 8
REMOUNT, BIND, MOVE, RECURSIVE, PRIVATE = 32, 4096, 8192, 16384, 1 << 18
_DUMPABLE, _NO_NEW_PRIVILEGES, _DROP_FROM_BOUNDS, _SUBREAPER = 4, 38, 24, 36

_HUGE_PAGES, _COLLAPSE, _LARGE = 14, 25, 2 * 1024**2

_library = ctypes.CDLL(None, use_errno=True)


def _checked(result: int, what: str) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), what)


def unshare(flags: int) -> None:
    """Leave the namespaces that `flags` name for new ones."""
    _checked(_library.unshare(flags), "unshare")


def mount(source: str, target: str, kind: str, flags: int, options: str = "") -> None:
    arguments = (source.encode(), target.encode(), kind.encode() or None)
    result = _library.mount(*arguments, ctypes.c_ulong(flags), options.encode() or None)
    _checked(result, f"mount {target}")


def undumpable(yes: bool = True) -> None:
    """Nobody without privileges may trace this process or read its memory; `yes=False`: again."""
    _library.prctl(_DUMPABLE, 0 if yes else 1, 0, 0, 0)


def adopt_orphans() -> None:
    """Processes below this one whose parent ends become its children."""
    if sys.platform == "linux":
        _library.prctl(_SUBREAPER, 1, 0, 0, 0)


def drop_privileges() -> None:
    """No capability is left to this process, and none can be gained by running a program."""
    _library.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    for capability in range(64):
        _library.prctl(_DROP_FROM_BOUNDS, capability, 0, 0, 0)
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)  # version 3, this process
    _checked(_library.capset(header, (ctypes.c_uint32 * 6)()), "capset")


def large_pages() -> None:
    """Ask for large pages where this process's own memory lies: a fork then copies a page table
    that is hundreds of times smaller. Does nothing where that is not known."""
    with contextlib.suppress(OSError), open("/proc/self/maps") as maps:
        for line in maps.read().splitlines():
            place, rights, _, _, inode, *name = line.split()
            begin, end = (int(number, 16) for number in place.split("-"))
            begin, end = -(-begin // _LARGE) * _LARGE, end // _LARGE * _LARGE
            if inode == "0" and rights == "rw-p" and begin < end and name in ([], ["[heap]"]):
                for advice in (_HUGE_PAGES, _COLLAPSE):
                    _library.madvise(ctypes.c_void_p(begin), ctypes.c_size_t(end - begin), advice)
