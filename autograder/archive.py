"""Files out of a zip or folder that somebody else filled: bytes, within limits, never a link."""

import stat
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path, PurePosixPath

from autograder.errors import UsageError

LARGEST_FILE = 50_000_000  # bytes, unpacked
LARGEST_TOTAL = 2_000_000_000
MOST_FILES = 20_000
LARGEST_RATIO = 200  # unpacked : packed; text seldom passes 20, a bomb has 1000


@dataclass(frozen=True)
class Entry:
    """A file of a hand-in. `problem` says why it was not read; then `data` is empty."""

    path: PurePosixPath  # relative, without ..
    data: bytes
    changed: datetime  # UTC
    problem: str = ""


def read_zip(path: Path) -> Iterator[Entry]:
    """The files in the zip at `path`; one that must not be read comes with its problem.

    Raises UsageError when it is no zip, or is too large as a whole.
    """
    try:
        archive = zipfile.ZipFile(path)
    except FileNotFoundError as error:
        raise UsageError(f"there is no file {path}.") from error
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise UsageError(f"{path} is not a zip file that can be read ({error}).") from error
    with archive:
        infos = [info for info in archive.infolist() if not info.is_dir()]
        total = sum(info.file_size for info in infos)
        if len(infos) > MOST_FILES or total > LARGEST_TOTAL:
            raise UsageError(
                f"{path} unpacks to {len(infos)} files of {total / 1e6:.0f} MB together: "
                "that is no class's hand-ins; nothing was collected."
            )
        for info in infos:
            yield _from_zip(archive, info)


def _from_zip(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Entry:
    name = _name(info)
    parts = PurePosixPath(name.replace("\\", "/")).parts
    shown = PurePosixPath(*(part for part in parts if part not in ("/", "..")))
    changed = _moment(info.date_time)

    def refused(problem: str) -> Entry:
        return Entry(shown, b"", changed, problem)

    mode = info.external_attr >> 16
    if ".." in parts or name.startswith(("/", "\\")) or ":" in (parts or ("",))[0]:
        return refused("its path leads out of the folder")
    if stat.S_IFMT(mode) not in (0, stat.S_IFREG):
        return refused("it is a link or a device, not a file")
    if info.flag_bits & 0x1:
        return refused("it is locked with a password")
    if info.file_size > LARGEST_FILE:
        return refused(f"it is larger than {LARGEST_FILE // 1_000_000} MB")
    if info.file_size > LARGEST_RATIO * max(info.compress_size, 5_000):
        return refused("it is packed as only a zip bomb is")
    try:
        with archive.open(info) as file:
            data = file.read(LARGEST_FILE + 1)
    except (zipfile.BadZipFile, OSError, ValueError, EOFError, NotImplementedError) as error:
        return refused(f"it is damaged ({error})")
    except Exception as error:  # zlib.error, lzma.LZMAError, …: each packing has its own
        return refused(f"it is damaged ({error})")
    if len(data) > LARGEST_FILE:
        return refused(f"it is larger than {LARGEST_FILE // 1_000_000} MB")
    return Entry(shown, data, changed)


def read_folder(folder: Path) -> Iterator[Entry]:
    """The regular files under `folder`, as `read_zip` gives those of a zip."""
    if not folder.is_dir():
        raise UsageError(f"there is no folder {folder}.")
    for path in sorted(folder.rglob("*")):
        about = path.lstat()
        if stat.S_ISDIR(about.st_mode):
            continue
        relative = PurePosixPath(path.relative_to(folder))
        changed = datetime.fromtimestamp(about.st_mtime, UTC)
        if not stat.S_ISREG(about.st_mode):
            yield Entry(relative, b"", changed, "it is a link or a device, not a file")
        elif about.st_size > LARGEST_FILE:
            problem = f"it is larger than {LARGEST_FILE // 1_000_000} MB"
            yield Entry(relative, b"", changed, problem)
        else:
            yield Entry(relative, path.read_bytes(), changed)


def _name(info: zipfile.ZipInfo) -> str:
    """The name as its maker meant it: many programs write UTF-8 without saying so."""
    if info.flag_bits & 0x800:
        return info.filename
    try:
        return info.filename.encode("cp437").decode("utf-8")
    except UnicodeError:
        return info.filename


def _moment(date_time: tuple[int, int, int, int, int, int]) -> datetime:
    """A zip's local time in UTC; now, when it cannot be true."""
    now = datetime.now(UTC)
    try:
        moment = datetime(*date_time).astimezone(UTC)
    except (ValueError, OverflowError):
        return now
    return moment if moment.year > 2000 and moment < now + timedelta(days=1) else now
