"""Reference Triton kernels beside their plain-torch specifications, and the tools to judge one.

On a machine without a GPU the kernels run in Triton's interpreter: it is chosen here, before
Triton is imported, because one process cannot do both. Import `kernels` before `triton`, then. Set
`TRITON_INTERPRET` yourself (0 or 1) to overrule.

Raises:
    ImportError: Triton is not installed (it exists for Linux only), or was imported too early.
"""

import importlib.util
import os
import sys
from pathlib import Path

NO_TRITON = (
    "The Triton kernels need the package 'triton', which exists for Linux only; "
    "the rest of the course works without it (to run them, open the course on Binder)."
)
TOO_LATE = (
    "This machine has no GPU, and Triton was imported before 'kernels', so it cannot switch to its "
    "interpreter any more: restart the kernel and import 'kernels' before 'triton'."
)


def _installed(package: str) -> bool:
    if package in sys.modules:
        return sys.modules[package] is not None
    return importlib.util.find_spec(package) is not None


def _has_gpu() -> bool:
    """Whether torch can use a GPU; asked only where a device file says that there may be one."""
    if not any(Path("/dev").glob("nvidia[0-9]*")) and not Path("/dev/dxg").exists():
        return False
    import torch

    return torch.cuda.is_available()


if not _installed("triton"):
    raise ImportError(NO_TRITON, name="triton")

if "TRITON_INTERPRET" not in os.environ and not _has_gpu():
    if "triton" in sys.modules:
        raise ImportError(TOO_LATE, name="triton")
    os.environ["TRITON_INTERPRET"] = "1"

INTERPRETING = os.environ.get("TRITON_INTERPRET", "0").lower() in ("1", "true", "on", "yes", "y")
"""True when kernels run in Triton's interpreter on the CPU, False when they run on a GPU."""

DEVICE = "cpu" if INTERPRETING else "cuda"
"""Where to make the tensors that kernels of this process can work on."""

if INTERPRETING:
    from kernels.interpreter import repair

    repair()
