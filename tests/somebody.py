"""Run a program as somebody without privileges, as an instructor is: `python -m tests.somebody …`.

For root only, as in CI. Where this Python, the environment or the repository lies in a folder that
others may not enter (root's home, above all), the program sees a stand-in for that folder with
nothing else in it. That is so in a mount namespace of the program's own: nobody else sees it.
"""

import contextlib
import functools
import os
import pwd
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from autograder.inside import system

REPOSITORY = Path(__file__).resolve().parents[1]


@functools.cache
def missing() -> str:
    """Why nobody else can be played here; "" if it can be done."""
    if sys.platform != "linux":
        return "users are played on Linux only"
    if os.geteuid() != 0:
        return "whoever runs these tests has no privileges anyway"
    try:
        return "" if run("-c", "print('here')") == "here\n" else "it says something else"
    except AssertionError as error:
        return str(error).strip().rpartition("\n")[2]


def run(*arguments: str, folder: Path = Path("/"), code: int = 0) -> str:
    """Call Python as somebody, in `folder`; what it printed. Fails unless it ends with `code`."""
    programs = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    home = {"HOME": str(folder), "TMPDIR": "/tmp", "JUPYTER_DATA_DIR": str(folder / "jupyter")}
    done = subprocess.run(
        [sys.executable, "-m", "tests.somebody", str(folder), *arguments],
        cwd=REPOSITORY,
        env={"PATH": programs, "PYTHONPATH": str(REPOSITORY), "LANG": "C.UTF-8", **home},
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=200,
    )
    assert done.returncode == code, done.stdout
    return done.stdout


@contextlib.contextmanager
def home() -> Iterator[Path]:
    """A folder where somebody can work; `give` what is put there to them."""
    with tempfile.TemporaryDirectory(prefix="stepwise-somebody-", dir="/tmp") as place:
        os.chmod(place, 0o755)
        yield Path(place)


def give(folder: Path) -> None:
    """`folder`, and all in it, is somebody's from now on."""
    user = pwd.getpwnam("nobody")
    for path in (folder, *folder.rglob("*")):
        os.chown(path, user.pw_uid, user.pw_gid, follow_symlinks=False)


def become(needed: Iterable[Path]) -> None:
    """Be somebody else from here on, who can read the folders `needed`."""
    system.unshare(system.NEW_MOUNTS)
    system.mount("", "/", "", system.RECURSIVE | system.PRIVATE)
    closed: dict[Path, list[Path]] = {}
    for folder in needed:
        for place in reversed((folder, *folder.parents)):
            if not place.stat().st_mode & 0o001:
                closed.setdefault(place, []).append(folder)
                break
    os.umask(0o022)
    for place, folders in closed.items():
        stage = Path(tempfile.mkdtemp())
        system.mount("tmpfs", str(stage), "tmpfs", system.NO_SUID, "mode=0755,size=1m")
        for folder in folders:
            stand_in = stage / folder.relative_to(place)
            stand_in.mkdir(parents=True, exist_ok=True)
            system.mount(str(folder), str(stand_in), "", system.BIND | system.RECURSIVE)
        system.mount(str(stage), str(place), "", system.MOVE)
        stage.rmdir()
    user = pwd.getpwnam("nobody")
    os.setgroups([])
    os.setresgid(user.pw_gid, user.pw_gid, user.pw_gid)
    os.setresuid(user.pw_uid, user.pw_uid, user.pw_uid)


if __name__ == "__main__":
    prefixes = {sys.prefix, sys.base_prefix, sys.exec_prefix, sys.base_exec_prefix, REPOSITORY}
    become(sorted(Path(prefix) for prefix in prefixes))
    os.chdir(sys.argv[1])
    os.execv(sys.executable, [sys.executable, *sys.argv[2:]])
