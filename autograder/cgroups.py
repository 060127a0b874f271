"""Control groups: bounds on what all processes of a jail use together, where this user may set any.

Both versions of the interface are known. Where neither can be written, the limits of each single
process (rlimits) and their number are what is left.
"""

import contextlib
import os
import secrets
import time
from pathlib import Path

ROOT = Path("/sys/fs/cgroup")
# version → (folder of each controller, file of its limit)
_FILES = {
    1: {"memory": ("memory", "memory.limit_in_bytes"), "pids": ("pids", "pids.max")},
    2: {"memory": ("", "memory.max"), "pids": ("", "pids.max")},
}


class Groups:
    """The groups of one sandbox."""

    def __init__(self) -> None:
        sweep()
        self._name = f"stepwise-{os.getpid()}-{secrets.token_hex(3)}"
        self._folders = _usable(self._name)
        self._old: list[str] = []

    @property
    def count_memory(self) -> bool:
        """Whether the memory of all processes of a group is bounded together."""
        return "memory" in self._folders

    def add(self, process: int, name: str, memory_bytes: int, processes: int) -> str | None:
        """Put `process`, and all it will start, into a group of its own; None if that cannot be."""
        self._sweep()
        for controller, (folder, file) in self._folders.items():
            group = folder / name
            most = memory_bytes if controller == "memory" else processes
            with contextlib.suppress(OSError):
                group.mkdir(parents=True, exist_ok=True)
                (group / file).write_text(str(most))
                (group / "cgroup.procs").write_text(str(process))
        return name if self._folders else None

    def forget(self, name: str) -> None:
        """Remove the group `name` as soon as its processes are gone."""
        self._old.append(name)
        self._sweep()

    def remove(self) -> None:
        """Remove all groups; to be called when the sandbox has ended."""
        for _ in range(50):
            if all(_remove(folder) for folder, _ in self._folders.values()):
                break
            time.sleep(0.02)  # the last processes are going

    def _sweep(self) -> None:
        left = []
        for name in self._old:
            try:
                for folder in {folder for folder, _ in self._folders.values()}:
                    with contextlib.suppress(FileNotFoundError):
                        (folder / name).rmdir()
            except OSError:
                left.append(name)
        self._old = left


def sweep() -> None:
    """Remove what graders that were killed have left: empty groups whose owner does not run."""
    for place in {place for files in _FILES.values() for place, _ in files.values()}:
        for folder in (ROOT / place).glob("stepwise-*-*"):
            number = folder.name.split("-")[1]
            if number.isdigit() and not Path("/proc", number).exists():
                _remove(folder)


def _remove(folder: Path) -> bool:
    """Remove a group and those in it; False if processes are still in one of them."""
    try:
        for group in folder.iterdir():
            if group.is_dir():
                group.rmdir()
        folder.rmdir()
    except FileNotFoundError:
        return True  # someone else did
    except OSError:
        return False
    return True


def usable() -> list[str]:
    """The controllers that can be used here: some of "memory", "pids"."""
    name = f"stepwise-{os.getpid()}-try"
    folders = _usable(name)
    for folder in {folder for folder, _ in folders.values()}:
        with contextlib.suppress(OSError):
            folder.rmdir()
    return sorted(folders)


def _usable(name: str) -> dict[str, tuple[Path, str]]:
    """A folder made for each controller that can be used: (folder, file of the limit)."""
    version = 2 if (ROOT / "cgroup.controllers").is_file() else 1
    found: dict[str, tuple[Path, str]] = {}
    for controller, (place, file) in _FILES[version].items():
        folder = ROOT / place / name
        try:
            folder.mkdir(exist_ok=True)
            if version == 2:
                (folder / "cgroup.subtree_control").write_text(f"+{controller}")
            elif not (folder / file).exists():
                raise OSError("the controller is not there")
        except OSError:
            with contextlib.suppress(OSError):
                folder.rmdir()
            continue
        found[controller] = (folder, file)
    return found
