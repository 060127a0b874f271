"""Binder's two scripts, run as Binder runs them, in a fresh environment."""

import json
import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
NOT_COPIED = shutil.ignore_patterns(
    ".git", ".venv*", "*.ipynb", "__pycache__", ".*_cache", "grading", "work", "kept", "*.egg-info"
)


def test_post_build(tmp_path: Path) -> None:
    """In an environment that has the packages but not the course: all that a Binder must find."""
    home, environment = tmp_path / "home", tmp_path / "environment"
    shutil.copytree(REPOSITORY, home, symlinks=True, ignore=NOT_COPIED)
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", environment], check=True)
    python = environment / "bin" / "python"
    # conda and pip have brought the packages; here they are borrowed from where this test runs.
    find_site = "import sysconfig; print(sysconfig.get_path('purelib'))"
    site = subprocess.check_output([python, "-c", find_site], text=True).strip()
    Path(site, "borrowed.pth").write_text(sysconfig.get_path("purelib") + "\n")

    variables = {k: v for k, v in os.environ.items() if k not in {"PYTHONPATH", "VIRTUAL_ENV"}}
    variables["PATH"] = f"{environment / 'bin'}{os.pathsep}{variables['PATH']}"
    command = [home / "binder" / "postBuild"]
    answer = subprocess.run(command, cwd=home, env=variables, capture_output=True, text=True)
    assert answer.returncode == 0, answer.stdout + answer.stderr

    texts = [path for path in REPOSITORY.glob("course/**/*.py") if "# %%" in path.read_text()]
    assert texts
    for lesson in texts:
        assert (home / lesson.relative_to(REPOSITORY)).with_suffix(".ipynb").exists()
    where = [python, "-c", "import course, autograder; print(course.__file__, autograder.__file__)"]
    found = subprocess.check_output(where, cwd=tmp_path, env=variables, text=True).split()
    assert found == [str(home / name / "__init__.py") for name in ("course", "autograder")]
    settings = environment / "share/jupyter/lab/settings/overrides.d/stepwise.json"
    assert json.loads(settings.read_text()) == json.loads(
        (REPOSITORY / "jupyter/overrides.json").read_text()
    )


@pytest.mark.parametrize(
    ("limit", "threads"), [("1.5", "1"), ("4", "4"), ("0.5", "1"), (None, "2"), ("much", "1")]
)
def test_start_hands_over_with_as_many_threads_as_binder_gives(
    limit: str | None, threads: str
) -> None:
    variables = {**os.environ, "CPU_LIMIT": limit} if limit else dict(os.environ)
    if not limit:
        variables.pop("CPU_LIMIT", None)
    command = [
        REPOSITORY / "binder" / "start",
        "sh",
        "-c",
        'echo "$OMP_NUM_THREADS $1"',
        "sh",
        "x y",
    ]
    answer = subprocess.check_output(command, env=variables, text=True)
    assert answer == f"{threads} x y\n"


def test_scripts_are_executable_and_the_environment_is_the_same_file() -> None:
    for name in ("postBuild", "start"):
        assert os.access(REPOSITORY / "binder" / name, os.X_OK)
    link = REPOSITORY / "binder" / "environment.yml"
    assert os.readlink(link) == "../environment.yml"
