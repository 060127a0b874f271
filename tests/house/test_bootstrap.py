"""Setting up, and each way in which it can fail: one sentence, and exit code 1."""

import ast
import importlib.util
import json
import os
import shutil
import socket
import subprocess
import sys
import time
import zipfile
from collections import namedtuple
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import jsonschema
import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
BUILD_BACKEND = """
import zipfile
def build_editable(folder, config_settings=None, metadata_directory=None):
    name = "small-1.0-py3-none-any.whl"
    with zipfile.ZipFile(f"{folder}/{name}", "w") as wheel:
        wheel.writestr("small-1.0.dist-info/METADATA", "Metadata-Version: 2.1\\nName: small\\nVersion: 1.0\\n")
        wheel.writestr("small-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        wheel.writestr("small-1.0.dist-info/RECORD", "")
    return name
"""  # noqa: E501


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A small project with bootstrap, settings, and a lock of one package."""
    place = tmp_path / "project"
    (place / "course").mkdir(parents=True)
    shutil.copy(REPOSITORY / "bootstrap.py", place)
    shutil.copytree(REPOSITORY / "jupyter", place / "jupyter")
    (place / "requirements.lock").write_text("tiny==1.0\n")
    (place / "backend.py").write_text(BUILD_BACKEND)
    (place / "pyproject.toml").write_text(
        '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
        '[project]\nname = "small"\nversion = "1.0"\n'
    )
    return place


@pytest.fixture
def bootstrap(folder: Path) -> ModuleType:
    """The module as it stands in `folder`."""
    spec = importlib.util.spec_from_file_location("bootstrap_in_folder", folder / "bootstrap.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def offline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """pip finds packages in one local folder only, which holds `tiny`."""
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    with zipfile.ZipFile(wheels / "tiny-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr("tiny.py", "")
        wheel.writestr(
            "tiny-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: tiny\nVersion: 1.0\n"
        )
        wheel.writestr(
            "tiny-1.0.dist-info/WHEEL",
            "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        )
        wheel.writestr("tiny-1.0.dist-info/RECORD", "")
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(wheels))
    return wheels


def script(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def imports(python: Path, name: str) -> bool:
    return subprocess.run([python, "-c", f"import {name}"], capture_output=True).returncode == 0


def test_sets_up_then_skips_then_repairs(
    folder: Path, bootstrap: ModuleType, offline: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert bootstrap.main(["setup"]) == 0
    python = bootstrap.python_of(folder / ".venv")
    assert imports(python, "tiny")
    settings = folder / ".venv/share/jupyter/lab/settings/overrides.d/stepwise.json"
    assert settings.read_bytes() == (REPOSITORY / "jupyter/overrides.json").read_bytes()

    capsys.readouterr()
    began = time.monotonic()
    assert bootstrap.main(["setup"]) == 0
    assert capsys.readouterr().out == "", "a second run has nothing to do and nothing to say"
    assert time.monotonic() - began < 1

    # Interrupted after the old packages were touched: no stamp, and a package half there.
    (folder / ".venv/stepwise.stamp").unlink()
    (tiny,) = (folder / ".venv").rglob("tiny.py")
    tiny.unlink()
    assert bootstrap.main(["setup"]) == 0
    assert "was not finished: starting afresh" in capsys.readouterr().out
    assert imports(python, "tiny")

    # A new lock is installed into the environment that is there.
    (folder / "requirements.lock").write_text("tiny==1.0\n\n")
    assert bootstrap.main(["setup"]) == 0
    assert "making the virtual environment" not in capsys.readouterr().out


def test_moved_folder_is_set_up_again(
    folder: Path, bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = bootstrap.fingerprint(bootstrap.LOCK)
    monkeypatch.setattr(bootstrap, "ROOT", folder.parent)
    assert bootstrap.fingerprint(bootstrap.LOCK) != before


def test_no_network(
    folder: Path,
    bootstrap: ModuleType,
    offline: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """What pip itself says when nobody answers is understood."""
    monkeypatch.delenv("PIP_NO_INDEX")
    monkeypatch.delenv("PIP_FIND_LINKS")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    monkeypatch.setenv("PIP_INDEX_URL", f"http://127.0.0.1:{port}/simple")
    assert bootstrap.main(["setup"]) == 1
    (sentence,) = capsys.readouterr().err.splitlines()
    assert "the packages could not be installed: no network; connect and run this" in sentence
    assert not (folder / ".venv/stepwise.stamp").exists()


def test_unknown_package_is_named(
    folder: Path, bootstrap: ModuleType, offline: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "requirements.lock").write_text("no-such-package==1.0\n")
    assert bootstrap.main(["setup"]) == 1
    (sentence,) = capsys.readouterr().err.splitlines()
    assert "No matching distribution found for no-such-package==1.0" in sentence
    assert ".venv/install.log" in sentence


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ("ERROR: Could not install: [Errno 28] No space left on device", "is full; make room"),
        ("OSError: [Errno 122] Disk quota exceeded: '/home/x'", "is full; make room"),
        ("ERROR: [Errno 13] Permission denied: '/srv/x'", "use a folder of your own"),
        ("OSError: [Errno 30] Read-only file system: '/srv/x'", "use a folder of your own"),
        ("WARNING: x\nERROR: something else.\nmore", "it failed: ERROR: something else."),
        ("", "it failed: no reason given."),
    ],
)
def test_explains(bootstrap: ModuleType, said: str, sentence: str) -> None:
    answer = bootstrap.explain(said, "it failed")
    assert answer.startswith("it failed: ")
    assert sentence in answer
    assert "\n" not in answer


def test_progress_is_understood_of_old_and_new_pips(
    bootstrap: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    said = [
        f"Collecting package{n}==1.0 (from -r requirements.lock (line {n}))\n" for n in range(24)
    ]
    said += ["  Downloading package1-1.0-py3-none-any.whl (5 kB)\n"]
    said += ["Requirement already satisfied: package3==1.0 in /x (from -r y) (1.0)\n"]
    said += [
        "Processing /wheels/jupyter_core-5.9.1-py3-none-any.whl\n",
        "Collecting argon2-cffi==25.1\n",
    ]
    said += ["Installing collected packages: a, b\n"]
    assert list(bootstrap.follow(said, 26)) == said
    assert capsys.readouterr().out.splitlines() == [
        "  25 of about 26: jupyter_core",
        "  all there; unpacking (about half a minute)",
    ]


def test_full_disk_is_noticed_before_anything_is_made(
    folder: Path,
    bootstrap: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    usage = namedtuple("usage", "total used free")(10**12, 10**12 - 10**8, 10**8)
    monkeypatch.setattr(bootstrap.shutil, "disk_usage", lambda place: usage)
    assert bootstrap.main(["setup"]) == 1
    (sentence,) = capsys.readouterr().err.splitlines()
    assert "the disk is full: 0.1 GB free, 3 GB needed" in sentence
    assert not (folder / ".venv").exists()


@pytest.mark.parametrize("allowed", [False, True])
def test_missing_venv_module(
    bootstrap: ModuleType,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    allowed: bool,
) -> None:
    """Debian has it in a package of its own: fetched where apt may be used, else named."""
    package = f"python{sys.version_info[0]}.{sys.version_info[1]}-venv"
    said = tmp_path / "apt.log"
    script(tmp_path / "bin/apt-get", f'echo "$@" >> {said}; test "$1" = update')
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setattr(bootstrap.importlib.util, "find_spec", lambda name: None)
    monkeypatch.setattr(bootstrap, "apt_prefix", lambda: [] if allowed else None)
    assert bootstrap.main(["setup"]) == 1  # this apt cannot install anything
    (sentence,) = capsys.readouterr().err.splitlines()
    assert f"run `sudo apt-get install {package}`" in sentence
    assert said.exists() == allowed
    if allowed:
        assert said.read_text() == f"update\ninstall --yes --no-install-recommends {package}\n"


def test_old_python(bootstrap: ModuleType) -> None:
    with pytest.raises(bootstrap.Failure, match=r"Python 3\.10 is too old: install Python 3\.11"):
        bootstrap.check_python((3, 10, 12))
    bootstrap.check_python((3, 11, 0))
    # An old Python must get as far as saying so.
    ast.parse((REPOSITORY / "bootstrap.py").read_text(), feature_version=(3, 7))


@pytest.mark.skipif(os.name == "nt", reason="there is no lock on Windows")
def test_two_setups_at_once(
    folder: Path, bootstrap: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    with bootstrap.only_one_setup():
        assert bootstrap.main(["setup"]) == 1
    assert "another setup is running here" in capsys.readouterr().err


def test_asked_port_in_use(bootstrap: ModuleType, folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        for arguments in ([f"--port={port}"], ["--port", str(port)], [f"--ServerApp.port={port}"]):
            with pytest.raises(bootstrap.Failure, match=f"port {port} is in use; choose another"):
                bootstrap.lab(folder, arguments)


# --- the tests' own gates ------------------------------------------------------------------------


@pytest.fixture
def pretended(
    folder: Path, bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> Callable[[str], tuple[int, list[str]]]:
    """Run `test` with a Python that pretends; returns the exit code and the commands called."""
    (folder / "autograder").mkdir()
    calls = folder / "calls"
    monkeypatch.setattr(bootstrap, "STUDENT_EDITION", False)

    def run(pretence: str) -> tuple[int, list[str]]:
        python = script(folder / "bin/python", f'echo "$@" >> {calls}\n{pretence}')
        code = bootstrap.test(python, [])
        return code, calls.read_text().splitlines()

    return run


def test_every_gate_runs_and_the_summary_names_those_that_failed(
    pretended: Callable[[str], tuple[int, list[str]]],
    bootstrap: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(bootstrap, "find_browser", lambda: "/usr/bin/browser")
    code, calls = pretended('test "$2" = mypy && exit 1; echo "=== 3 passed in 0.10s ==="')
    assert code == 1
    assert [call.split()[1] for call in calls] == ["ruff", "ruff", "mypy", "pytest"]
    summary = capfd.readouterr().out.split("Summary\n")[1].splitlines()
    assert [line.split()[:2] for line in summary] == [
        ["ok", "lint"],
        ["ok", "format"],
        ["FAILED", "types"],
        ["ok", "tests"],
    ]
    assert summary[-1].endswith("3 passed in 0.10s")


def test_no_browser_fails_but_the_other_tests_run(
    pretended: Callable[[str], tuple[int, list[str]]],
    bootstrap: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(bootstrap, "find_browser", lambda: None)
    monkeypatch.setattr(bootstrap, "apt_prefix", lambda: None)
    code, calls = pretended('case "$*" in *playwright*) exit 1;; esac; echo "=== 3 passed ==="')
    assert code == 1
    assert "-m playwright install chromium" in calls
    assert calls[-1].startswith("-m pytest")
    assert calls[-1].endswith("-m not browser")
    summary = capfd.readouterr().out.split("Summary\n")[1]
    assert "FAILED browser" in summary
    assert "install Chromium or Chrome, or run" in summary


def test_a_snap_is_no_browser(
    bootstrap: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("STEPWISE_BROWSER", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    stub = script(tmp_path / "chromium", "exec /snap/bin/chromium")
    assert bootstrap.is_snap(stub)
    assert bootstrap.find_browser() != str(stub)
    real = script(tmp_path / "google-chrome", "exec /opt/chrome/chrome")
    assert bootstrap.find_browser() == str(real)


# --- the Makefile --------------------------------------------------------------------------------


def make(arguments: list[str], path: str | None = None) -> subprocess.CompletedProcess[str]:
    program = shutil.which("make")
    assert program, "make is needed for this test"
    environment = {k: v for k, v in os.environ.items() if k not in {"MAKEFLAGS", "MAKELEVEL"}}
    if path is not None:
        environment["PATH"] = path
    command = [program, "--no-print-directory", "--directory", str(REPOSITORY), *arguments]
    return subprocess.run(command, capture_output=True, text=True, env=environment)


def test_make_without_a_suitable_python(tmp_path: Path) -> None:
    script(tmp_path / "python3", "exit 1")
    answer = make(["lab"], path=str(tmp_path))
    assert answer.returncode != 0
    assert "no Python 3.11 or later was found; install it" in answer.stderr


def test_make_finds_a_newer_python_beside_an_old_one(tmp_path: Path) -> None:
    script(tmp_path / "python3", "exit 1")
    script(tmp_path / "python3.12", 'test "$1" = -c || echo "called with $@"')
    answer = make(["lab", "ARGS=--no-browser"], path=f"{tmp_path}:/nowhere")
    assert answer.stdout == "called with bootstrap.py lab --no-browser\n"


@pytest.mark.parametrize("target", ["release", "grade"])
def test_make_asks_for_the_assignment(target: str) -> None:
    answer = make([target])
    assert answer.returncode != 0
    assert f"make {target} ASSIGNMENT=01_algorithms" in answer.stderr


# --- JupyterLab's settings -----------------------------------------------------------------------


def test_jupyterlab_accepts_the_settings() -> None:
    """Each override is for a plugin that this JupyterLab has, and is valid by its schema."""
    overrides = json.loads((REPOSITORY / "jupyter/overrides.json").read_text())
    assert overrides["@jupyterlab/apputils-extension:notification"]["fetchNews"] == "false"
    kernels = overrides["@jupyterlab/apputils-extension:kernels-settings"]
    assert kernels["commsOverSubshells"] == "disabled"
    schemas = Path(sys.prefix, "share/jupyter/lab/schemas")
    grading = json.loads((REPOSITORY / "autograder/lab.json").read_text())
    for plugin, settings in [*overrides.items(), *grading.items()]:
        package, name = plugin.split(":")
        schema = json.loads((schemas / package / f"{name}.json").read_text())
        assert set(settings) <= set(schema["properties"])
        jsonschema.validate(settings, schema)
