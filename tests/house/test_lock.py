"""binder/lock.py: from pins and ranges to conda's file."""

import importlib.util
from pathlib import Path

import pytest
import yaml

REPOSITORY = Path(__file__).resolve().parents[2]
SPEC = importlib.util.spec_from_file_location("lock", REPOSITORY / "binder" / "lock.py")
assert SPEC is not None
assert SPEC.loader is not None
lock = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(lock)


@pytest.mark.parametrize(
    ("requirement", "name"),
    [
        ("numpy>=2.4,<2.5", "numpy"),
        ("Foo_Bar.baz==1 ; sys_platform == 'linux'", "foo-bar-baz"),
        ("triton>=3.6; sys_platform == 'linux'", "triton"),
    ],
)
def test_name_of(requirement: str, name: str) -> None:
    assert lock.name_of(requirement) == name


def test_environment_takes_each_package_from_one_place() -> None:
    ranges = {"numpy": ">=2.4,<2.5", "matplotlib": ">=3.11", "scikit-learn": "", "torch": "<3"}
    pins = ["jinja2==3.1", "numpy==2.4.6", "pytest==9.2", "triton==3 ; sys_platform == 'linux'"]
    text = lock.environment(["setuptools>=77"], ranges, pins, from_conda={"numpy", "jinja2"})
    dependencies = yaml.safe_load(text)["dependencies"]
    assert "numpy >=2.4,<2.5" in dependencies
    assert "setuptools>=77" in dependencies
    assert "pytorch-cpu <3" in dependencies
    assert dependencies[-1] == {"pip": ["pytest==9.2", "triton==3 ; sys_platform == 'linux'"]}


def test_failing_resolver_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lock, "RESOLVE", ["no-such-program"])
    with pytest.raises(SystemExit, match="make lock needs uv"):
        lock.resolve(["numpy"])
