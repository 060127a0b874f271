"""The kernels' tests run in the interpreter, and on a GPU where there is one.

On a machine with a GPU that has nothing of the course but `kernels` and pytest:

    python -m pytest tests/kernels --confcutdir tests/kernels
"""

from collections.abc import Iterator

# before any test module imports triton: the interpreter is chosen here
import kernels

import pytest
import torch


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Tests marked `interpreter` look at what only the interpreter shows."""
    if item.get_closest_marker("interpreter") and not kernels.INTERPRETING:
        pytest.skip("kernels run on the GPU: nothing is traced")


@pytest.fixture(autouse=True)
def tensors_lie_where_kernels_run() -> Iterator[None]:
    """On a GPU, a tensor that a test makes without saying where lies there."""
    if kernels.INTERPRETING:
        yield
    else:
        with torch.device(kernels.DEVICE):
            yield
