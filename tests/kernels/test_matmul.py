"""Matrix multiplication, with pointers and with descriptors."""

from kernels.judge import judge, normal
from kernels.matmul import Tiles, matmul, matmul_persistent, reference
from kernels.trace import trace

import pytest
import torch

DTYPES = (torch.float32, torch.float16, torch.bfloat16)
SMALL = Tiles(32, 32, 32, 2, 4, 2)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("sizes", [(1, 1, 1), (70, 50, 100), (127, 129, 64), (200, 33, 65)])
def test_ragged_sizes_equal_torch(sizes, dtype):
    M, N, K = sizes
    a, b = normal(M, K, dtype=dtype), normal(K, N, dtype=dtype, seed=1)
    verdict = judge(lambda a, b: matmul(a, b, tiles=SMALL), reference, a, b)
    assert verdict.fine, verdict.says


@pytest.mark.parametrize("kernel", [matmul, matmul_persistent])
def test_transposed_and_sliced_operands(kernel):
    a, b = normal(100, 70).T, normal(100, 140, seed=1)[:, 3:51]
    verdict = judge(lambda a, b: kernel(a, b, tiles=SMALL), reference, a, b)
    assert verdict.fine, verdict.says


@pytest.mark.interpreter
@pytest.mark.parametrize("dtype", DTYPES)
def test_the_persistent_kernel_equals_torch_over_several_tiles_a_program(dtype):
    a, b = normal(136, 72, dtype=dtype), normal(72, 104, dtype=dtype, seed=1)
    with trace() as run:
        verdict = judge(lambda a, b: matmul_persistent(a, b, tiles=SMALL), reference, a, b)
    assert verdict.fine, verdict.says
    assert [launch.kernel for launch in run.launches] == ["matmul_persistent_kernel"]
    assert run.launches[0].grid[0] < 5 * 4  # fewer programs than tiles
    assert run.findings == []


@pytest.mark.interpreter
@pytest.mark.parametrize("kernel", [matmul, matmul_persistent])
def test_traffic_is_two_m_n_k_by_the_tile(kernel):
    size, tile = 128, 32
    a, b = normal(size, size), normal(size, size, seed=1)
    with trace() as run:
        c = kernel(a, b, tiles=SMALL)
    assert run.of(a).loaded + run.of(b).loaded == 2 * size**3 // tile
    assert run.of(c).times_written == 1.0
    assert run.dot_flops == 2 * size**3


def test_what_does_not_go_together_is_refused():
    with pytest.raises(ValueError, match="one dtype"):
        matmul(normal(3, 4), normal(3, 4))
    with pytest.raises(ValueError, match="one dtype"):
        matmul_persistent(normal(3, 4), normal(4, 3).half())
