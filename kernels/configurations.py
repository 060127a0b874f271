"""How each kernel is run: the sizes of its blocks, its warps and stages, looked up in a table.

    launch = chosen("softmax", Launch(warps=4), x, BLOCK)

A kernel brings its own first choice. `configurations.json` holds others, by GPU: they were faster
when `python -m kernels.bench --tune` timed them there. Nothing is timed when a kernel runs, and two
runs on one machine choose alike. The interpreter, and a GPU that nobody has tuned for, take the
first choice.
"""

import functools
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import torch

TABLE = Path(__file__).with_name("configurations.json")
"""{"sm_90": {"softmax, 2048, 16 bit": {"warps": 8}}}: fields that differ from the first choice."""

C = TypeVar("C", bound=tuple[Any, ...])

_tried: dict[str, Any] = {}
_asked: list[dict[str, Any]] = []


def chosen(kernel: str, first: C, x: torch.Tensor, *shape: Any) -> C:
    """The configuration of this kernel for this tensor's GPU and dtype.

    Args:
        kernel: its name in the table.
        first: a NamedTuple, taken where the table has nothing.
        x: a tensor that the kernel works on.
        shape: what else the choice depends on, such as the length of a row.
    """
    name = ", ".join(map(str, (kernel, *shape, f"{8 * x.element_size()} bit")))
    if name in _tried:
        found: C = _tried[name]
    else:
        found = first._replace(**_known(name, x))  # type: ignore[attr-defined]
    for asked in _asked:
        asked[name] = found
    return found


def _known(name: str, x: torch.Tensor) -> dict[str, Any]:
    if not x.is_cuda:
        return {}
    return table(TABLE).get(architecture(x.device.index), {}).get(name, {})


@functools.cache
def table(path: Path) -> dict[str, dict[str, dict[str, Any]]]:
    """What was tuned: {GPU: {kernel, shape and dtype: fields}}."""
    known: dict[str, dict[str, dict[str, Any]]] = json.loads(path.read_text(encoding="utf-8"))
    return known


def use(path: Path) -> None:
    """Look up everything in this file from now on (read again, if it was read before)."""
    global TABLE
    TABLE = path
    table.cache_clear()


@functools.cache
def architecture(device: int | None = None) -> str:
    """The kind of this GPU as the compiler calls it: "sm_90"."""
    major, minor = torch.cuda.get_device_capability(device)
    return f"sm_{major}{minor}"


@contextmanager
def trying(name: str, configuration: Any) -> Iterator[None]:
    """In this block, run the kernel of this name (as `asked_for` gives it) so."""
    _tried[name] = configuration
    try:
        yield
    finally:
        del _tried[name]


@contextmanager
def asked_for() -> Iterator[dict[str, Any]]:
    """The names that are looked up in this block, each with what was found."""
    asked: dict[str, Any] = {}
    _asked.append(asked)
    try:
        yield asked
    finally:
        _asked.remove(asked)
