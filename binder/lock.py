"""`make lock`: write requirements.lock and environment.yml from pyproject.toml.

requirements.lock holds one `name==version ; marker` a line, resolved by uv for every platform and
every Python from `OLDEST_PYTHON` on. environment.yml takes the heavy compiled packages from
conda-forge, in pyproject's ranges, and everything else from pip, with the lock's pins.
"""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
OLDEST_PYTHON = "3.11"
# pip's name -> conda-forge's name of what comes from conda-forge.
CONDA_NAMES = {
    "matplotlib": "matplotlib-base",
    "numpy": "numpy",
    "scikit-learn": "scikit-learn",
    "torch": "pytorch-cpu",
}
# torch's wheels for CUDA name these themselves; pinned here they would break a CPU build.
CUDA = re.compile(r"(nvidia|cuda)-")
RESOLVE = f"uv pip compile --quiet --universal --python-version {OLDEST_PYTHON}".split()
RESOLVE += ["--no-header", "--no-annotate", "--no-emit-index-url", "--no-emit-find-links"]


def name_of(requirement: str) -> str:
    """The package's normalised name: `name_of("Foo_bar>=1; x") == "foo-bar"` (PEP 503)."""
    match = re.match(r"[A-Za-z0-9._-]+", requirement)
    if match is None:
        raise ValueError(f"not a requirement: {requirement!r}")
    return re.sub(r"[-_.]+", "-", match.group()).lower()


def resolve(requirements: list[str], *constraints: str) -> list[str]:
    """The pins, sorted by name, that satisfy `requirements` (PEP 508) on every platform."""
    command = [*RESOLVE, "-"]
    for constraint in constraints:
        command += ["--constraint", constraint]
    try:
        answer = subprocess.run(
            command, input="\n".join(requirements), text=True, capture_output=True, cwd=ROOT
        )
    except FileNotFoundError:
        sys.exit("make lock needs uv: pip install uv")
    if answer.returncode:
        sys.exit(f"uv could not resolve pyproject.toml:\n{answer.stderr}")
    pins = [line for line in answer.stdout.splitlines() if line and not line.startswith("#")]
    return [pin for pin in pins if not CUDA.match(pin)]


def environment(
    build_tools: list[str], ranges: dict[str, str], pins: list[str], from_conda: set[str]
) -> str:
    """The text of environment.yml.

    `build_tools` are what installing the course itself needs (`["setuptools>=77"]`). `ranges` maps
    names to version ranges (`{"numpy": ">=2.4,<2.5"}`), `pins` are the lock's lines, and
    `from_conda` names all that the conda packages bring with them.
    """
    conda = [f"{theirs} {ranges[ours]}" for ours, theirs in CONDA_NAMES.items()]
    pip = [pin for pin in pins if name_of(pin) not in from_conda]
    lines = [
        "# Written by `make lock` from pyproject.toml and requirements.lock; do not edit.",
        "# Then, in the activated environment: python bootstrap.py here",
        "name: stepwise",
        "channels:",
        "  - conda-forge",
        "  - nodefaults",
        "dependencies:",
        f"  - python={OLDEST_PYTHON}",
        "  - pip",
        *(f"  - {tool}" for tool in build_tools),
        *(f"  - {requirement}" for requirement in conda),
        "  - pip:",
        *(f'      - "{pin}"' if ";" in pin else f"      - {pin}" for pin in pip),
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    project = settings["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"]["test"]]
    pins = resolve(wanted)
    lock = ROOT / "requirements.lock"
    lock.write_text("\n".join(pins) + "\n", encoding="utf-8")
    heavy = [need for need in project["dependencies"] if name_of(need) in CONDA_NAMES]
    # What the heavy packages need comes with them, but not what the course itself asks for: torch's
    # wheel for Linux needs triton, conda's torch for the CPU does not bring it.
    asked = {name_of(need) for need in wanted} - set(CONDA_NAMES)
    from_conda = {name_of(pin) for pin in resolve(heavy, str(lock))} - asked
    ranges = {name_of(need): re.sub(r"^[\w.-]+", "", need) for need in heavy}
    text = environment(settings["build-system"]["requires"], ranges, pins, from_conda)
    (ROOT / "environment.yml").write_text(text, encoding="utf-8")
    print(f"requirements.lock: {len(pins)} pins; environment.yml: {len(from_conda)} from conda")


if __name__ == "__main__":
    main()
