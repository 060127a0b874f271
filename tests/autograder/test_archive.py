"""What comes out of a zip that somebody else made."""

import io
import os
import stat
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from autograder.archive import Entry, read_folder, read_zip
from autograder.errors import UsageError


def zipped(path: Path, files: dict[str, bytes], **of_all: int) -> Path:
    """A zip at `path` with `files`; external_attr and the like through `of_all`."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            info = zipfile.ZipInfo(name, date_time=(2026, 3, 1, 12, 0, 0))
            info.compress_type = zipfile.ZIP_DEFLATED
            for attribute, value in of_all.items():
                setattr(info, attribute, value)
            archive.writestr(info, data)
    return path


def only(path: Path) -> Entry:
    (entry,) = read_zip(path)
    return entry


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "a/../../b.ipynb", "/etc/passwd", "..\\..\\x", "C:/x", "C:\\x"]
)
def test_a_path_that_leads_out_is_refused(tmp_path: Path, name: str) -> None:
    entry = only(zipped(tmp_path / "z.zip", {name: b"1"}))
    assert "leads out" in entry.problem
    assert entry.data == b""
    assert ".." not in entry.path.parts
    assert not entry.path.is_absolute()


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR])
def test_a_link_or_device_is_refused(tmp_path: Path, kind: int) -> None:
    path = zipped(tmp_path / "z.zip", {"x.ipynb": b"/etc/passwd"}, external_attr=kind << 16)
    assert "link or a device" in only(path).problem


def test_a_bomb_is_refused_without_unpacking(tmp_path: Path) -> None:
    path = zipped(tmp_path / "z.zip", {"x.ipynb": b"0" * 40_000_000})
    assert path.stat().st_size < 100_000
    assert "zip bomb" in only(path).problem


def test_a_bomb_that_lies_about_its_size_is_stopped(tmp_path: Path) -> None:
    path = zipped(tmp_path / "z.zip", {"x.ipynb": b"0" * 40_000_000})
    data = bytearray(path.read_bytes())
    true, lie = (40_000_000).to_bytes(4, "little"), (1000).to_bytes(4, "little")
    assert data.count(true) == 2  # in the local header and in the directory
    path.write_bytes(data.replace(true, lie))
    entry = only(path)
    assert entry.problem
    assert len(entry.data) <= 1000


def test_too_much_together_is_refused_as_a_whole(tmp_path: Path) -> None:
    path = zipped(tmp_path / "z.zip", {f"{n}/x.ipynb": b"" for n in range(20_001)})
    with pytest.raises(UsageError, match="nothing was collected"):
        list(read_zip(path))


def test_a_damaged_entry_is_named_and_the_next_is_read(tmp_path: Path) -> None:
    path = zipped(tmp_path / "z.zip", {"bad.ipynb": os.urandom(5000), "good.ipynb": b"{}"})
    data = bytearray(path.read_bytes())
    data[2000:2100] = b"\0" * 100
    path.write_bytes(data)
    bad, good = read_zip(path)
    assert bad.problem.startswith("it is damaged")
    assert (good.data, good.problem) == (b"{}", "")


def test_names_in_utf8_without_the_flag_are_understood(tmp_path: Path) -> None:
    name = "Zoë Müller_7_assignsubmission_file_/a.ipynb"
    path = zipped(tmp_path / "z.zip", {name: b"{}"})
    data = path.read_bytes()
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.infolist()[0].flag_bits & 0x800
    cleared = bytearray(data)
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        cleared[data.index(signature) + offset + 1] &= ~0x08 & 0xFF
    path.write_bytes(cleared)
    assert str(only(path).path) == name


def test_the_time_of_an_entry_is_kept_and_nonsense_becomes_now(tmp_path: Path) -> None:
    assert only(zipped(tmp_path / "a.zip", {"x": b"1"})).changed == datetime(
        2026, 3, 1, 12
    ).astimezone(UTC)
    for year in (1980, 2107):
        path = zipped(tmp_path / "b.zip", {"x": b"1"}, date_time=(year, 1, 1, 0, 0, 0))
        assert abs(only(path).changed - datetime.now(UTC)) < timedelta(minutes=1)


def test_what_is_no_zip_is_said_to_be_none(tmp_path: Path) -> None:
    (tmp_path / "z.zip").write_bytes(b"hello")
    with pytest.raises(UsageError, match="not a zip"):
        list(read_zip(tmp_path / "z.zip"))
    with pytest.raises(UsageError, match="there is no file"):
        list(read_zip(tmp_path / "other.zip"))


def test_a_folder_is_read_without_its_links_and_pipes(tmp_path: Path) -> None:
    (tmp_path / "jane").mkdir()
    (tmp_path / "jane" / "x.ipynb").write_bytes(b"{}")
    (tmp_path / "jane" / "y.ipynb").symlink_to("/etc/passwd")
    os.mkfifo(tmp_path / "jane" / "z.ipynb")
    entries = {entry.path.name: entry for entry in read_folder(tmp_path)}
    assert entries["x.ipynb"].data == b"{}"
    for name in ("y.ipynb", "z.ipynb"):
        assert "link or a device" in entries[name].problem
        assert entries[name].data == b""
