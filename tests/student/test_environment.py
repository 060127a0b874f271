"""pyproject.toml (ranges), requirements.lock (pins) and environment.yml (conda) say the same."""

import re
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
RANGES = [
    Requirement(text)
    for text in [*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["test"]]
]
PINS = [Requirement(line) for line in (ROOT / "requirements.lock").read_text().splitlines()]
CONDA = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
CONDA_TO_PIP = {"matplotlib-base": "matplotlib", "pytorch-cpu": "torch"}
FROM_CONDA = {"matplotlib", "numpy", "scikit-learn", "torch"}


def named(requirements: list[Requirement], name: str) -> list[Requirement]:
    return [r for r in requirements if canonicalize_name(r.name) == canonicalize_name(name)]


def from_conda() -> list[Requirement]:
    texts = [text for text in CONDA["dependencies"] if isinstance(text, str) and " " in text]
    found = [Requirement(text) for text in texts]
    for requirement in found:
        requirement.name = CONDA_TO_PIP.get(requirement.name, requirement.name)
    return found


def from_pip() -> list[Requirement]:
    (section,) = [part["pip"] for part in CONDA["dependencies"] if isinstance(part, dict)]
    return [Requirement(text) for text in section]


@pytest.mark.parametrize("wanted", RANGES, ids=lambda wanted: wanted.name)
def test_every_dependency_is_pinned_inside_its_range(wanted: Requirement) -> None:
    pins = named(PINS, wanted.name)
    assert pins, f"{wanted.name} is not in requirements.lock: make lock"
    for pin in pins:
        (exact,) = pin.specifier
        assert exact.operator == "=="
        assert wanted.specifier.contains(exact.version), f"{pin} is outside {wanted}: make lock"


def test_the_lock_is_plain() -> None:
    """Names, versions and markers only: no addresses, paths, hashes, options or CUDA packages."""
    for line in (ROOT / "requirements.lock").read_text().splitlines():
        assert re.fullmatch(r"[a-z0-9-]+==[0-9a-z.]+( ; [^#@:/]+)?", line), line
        assert not line.startswith(("nvidia-", "cuda-")), line


def test_triton_is_for_linux_only() -> None:
    (triton,) = named(PINS, "triton")
    assert triton.marker is not None
    assert triton.marker.evaluate({"sys_platform": "linux"})
    assert not triton.marker.evaluate({"sys_platform": "darwin"})
    assert not triton.marker.evaluate({"sys_platform": "win32"})


def test_conda_takes_the_heavy_packages_in_the_projects_ranges() -> None:
    assert {r.name for r in from_conda()} == FROM_CONDA
    for theirs in from_conda():
        (ours,) = named(RANGES, theirs.name)
        assert theirs.specifier == ours.specifier, f"{theirs} is not {ours}: make lock"


def test_conda_pins_the_rest_as_the_lock_does() -> None:
    locked = {(r.name, str(r.specifier), str(r.marker)) for r in PINS}
    for theirs in from_pip():
        pin = (theirs.name, str(theirs.specifier), str(theirs.marker))
        assert pin in locked, f"{theirs} is not in requirements.lock: make lock"
    names = {canonicalize_name(r.name) for r in from_pip()}
    missing = {canonicalize_name(r.name) for r in RANGES} - names - FROM_CONDA
    assert not missing, f"environment.yml lacks {missing}: make lock"
    assert not names & FROM_CONDA, "pip would put its own beside conda's"


def test_python_is_one_the_project_allows() -> None:
    (python,) = [t for t in CONDA["dependencies"] if isinstance(t, str) and "python=" in t]
    version = python.removeprefix("python=")
    assert Requirement(f"python{PROJECT['requires-python']}").specifier.contains(version)


def test_binder_uses_the_same_environment() -> None:
    link = ROOT / "binder" / "environment.yml"
    assert yaml.safe_load(link.read_text(encoding="utf-8")) == CONDA
