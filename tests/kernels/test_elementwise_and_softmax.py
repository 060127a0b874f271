"""Vector add, strided copy and the two softmaxes: values and traffic."""

from kernels import online_softmax, softmax, strided_copy, vector_add
from kernels.judge import RAGGED, judge, matrices, normal
from kernels.trace import trace

import pytest
import torch

DTYPES = (torch.float32, torch.float16, torch.bfloat16)
SOFTMAXES = {
    "fused": (softmax.softmax, softmax.reference),
    "online": (online_softmax.online_softmax, online_softmax.reference),
}


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("N", [*RAGGED, 4096])
def test_vector_add_equals_torch(N, dtype):
    x, y = normal(N, dtype=dtype, seed=1), normal(N, dtype=dtype, seed=2)
    assert judge(vector_add.vector_add, lambda x, y: torch.add(x, y), x, y).fine


@pytest.mark.interpreter
def test_vector_add_reads_each_element_once_and_writes_it_once():
    x, y = normal(3000), normal(3000, seed=1)
    with trace() as run:
        out = vector_add.vector_add(x, y)
    assert run.of(x).times_read == run.of(y).times_read == 1.0
    assert run.of(out).times_written == 1.0
    assert run.total.loaded_bytes + run.total.stored_bytes == 3 * 3000 * 4
    assert run.findings == []


def test_vector_add_of_nothing_is_nothing():
    assert vector_add.vector_add(torch.empty(0), torch.empty(0)).shape == (0,)


def test_vector_add_refuses_what_it_cannot_do():
    with pytest.raises(ValueError, match="one shape"):
        vector_add.vector_add(torch.zeros(3), torch.zeros(4))
    with pytest.raises(ValueError, match="contiguous"):
        vector_add.vector_add(torch.zeros(8)[::2], torch.zeros(4))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(1, 1), (127, 129), (65, 200)])
def test_copy_and_transpose_are_exact(shape, dtype):
    for x in matrices(*shape, dtype=dtype).values():
        torch.testing.assert_close(strided_copy.strided_copy(x), x.contiguous(), rtol=0, atol=0)
        torch.testing.assert_close(strided_copy.transpose(x), x.T.contiguous(), rtol=0, atol=0)
        assert strided_copy.transpose(x).is_contiguous()


@pytest.mark.interpreter
def test_a_copy_of_every_eighth_element_uses_an_eighth_of_each_sector():
    x = normal(64, 1024)[:, ::8]
    with trace() as run:
        strided_copy.strided_copy(x)
    assert run["x_ptr"].load_efficiency == 0.125
    assert run["out_ptr"].store_efficiency == 1.0


@pytest.mark.interpreter
def test_a_transpose_through_tiles_wastes_no_sector():
    x = normal(128, 192)
    with trace() as run:
        out = strided_copy.transpose(x)
    assert run["x_ptr"].load_efficiency == run["out_ptr"].store_efficiency == 1.0
    assert run.holes(out) == []


@pytest.mark.parametrize("name", SOFTMAXES)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("N", RAGGED)
def test_softmax_is_as_exact_as_torch(name, N, dtype):
    kernel, reference = SOFTMAXES[name]
    for case, x in matrices(5, N, dtype=dtype, seed=N).items():
        if case == "transposed":
            continue
        verdict = judge(kernel, reference, x)
        assert verdict.fine, f"{case}: {verdict.says}"


def test_long_rows_go_through_several_blocks():
    x = matrices(3, 9001)["ascending rows"]
    verdict = judge(online_softmax.online_softmax, online_softmax.reference, x)
    assert verdict.fine, verdict.says


@pytest.mark.parametrize("name", SOFTMAXES)
def test_a_row_of_minus_infinity_gives_zeros(name):
    x = torch.full((2, 300), -torch.inf)
    assert torch.equal(SOFTMAXES[name][0](x), torch.zeros(2, 300))


@pytest.mark.interpreter
def test_the_fused_softmax_reads_once_the_online_one_twice():
    x = normal(4, 10_000)
    for kernel, times in ((softmax.softmax, 1.0), (online_softmax.online_softmax, 2.0)):
        with trace() as run:
            out = kernel(x)
        assert run.of(x).times_read == times
        assert run.of(out).times_written == 1.0
        assert run.findings == []


def test_softmax_refuses_what_it_cannot_do():
    with pytest.raises(ValueError, match="rows are contiguous"):
        softmax.softmax(normal(8, 8).T)
    with pytest.raises(ValueError, match="online_softmax"):
        softmax.softmax(torch.empty(1, softmax.LONGEST_ROW + 1))
    with pytest.raises(ValueError, match="rows are contiguous"):
        online_softmax.online_softmax(normal(8))
