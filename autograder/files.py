"""Copying what students handed in: plain files and folders only, and no more than fits."""

import errno
import os
import shutil
from collections.abc import Sequence
from fnmatch import fnmatch
from pathlib import Path

FILES, FILE_BYTES = 2_000, 100_000_000  # that a hand-in may bring along

NO_ROOM = (errno.ENOSPC, errno.EDQUOT)


def copy_plain(source: Path, target: Path, leave_out: Sequence[str] = ()) -> None:
    """Copy the files in `source` into the folder `target`, making it if need be.

    Links, pipes and devices are not followed or read; names that match a pattern in `leave_out`
    stay behind, and so does what is beyond `FILES` files or `FILE_BYTES` bytes, in order of name.
    Raises OSError if the disk is full.
    """
    room, most = FILE_BYTES, FILES
    target.mkdir(mode=0o700, parents=True, exist_ok=True)
    for directory, folders, names in os.walk(source):
        folders[:] = sorted(
            name
            for name in folders
            if not os.path.islink(os.path.join(directory, name)) and not _matches(name, leave_out)
        )
        here = target / os.path.relpath(directory, source)
        here.mkdir(mode=0o700, exist_ok=True)
        for name in sorted(names):
            path = Path(directory, name)
            if _matches(name, leave_out) or path.is_symlink() or not path.is_file():
                continue
            room, most = room - path.stat().st_size, most - 1
            if room < 0 or most < 0:
                return
            try:
                shutil.copyfile(path, here / name)
            except OSError as error:
                if error.errno in NO_ROOM:
                    raise
                # A file that cannot be read is not there.


def _matches(name: str, patterns: Sequence[str]) -> bool:
    return any(fnmatch(name, pattern) for pattern in patterns)
