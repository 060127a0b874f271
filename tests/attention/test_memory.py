"""The memory model: what is read, written and held, on functions whose counts are known."""

import math

import pytest
import torch

from course.memory import Machine, NotInHBM, OutOfSRAM, hbm_empty, hbm_full

FLOAT = 4


def copy_by_blocks(x, block=4):
    y = hbm_empty(len(x))
    for i in range(0, len(x), block):
        y[i : i + block] = x[i : i + block] + 1
    return y


def test_reads_and_writes_are_counted_by_name():
    machine = Machine()
    y = machine.run(copy_by_blocks, torch.arange(10.0))
    assert torch.equal(y, torch.arange(10.0) + 1)
    assert machine.read_of == {"x": 10 * FLOAT}
    assert machine.written_of == {"made": 10 * FLOAT}
    assert machine.traffic == 20 * FLOAT


def test_peak_is_a_block_and_its_result():
    machine = Machine()
    machine.run(copy_by_blocks, torch.arange(16.0))
    assert machine.peak == (4 + 4) * FLOAT
    assert machine.largest == 4 * FLOAT


def test_a_slice_is_read_once_while_its_name_lives_and_again_afterwards():
    def twice(x):
        part = x[:4]
        a, b = part * 2, part.view(2, 2).T * 3  # other shapes of the same numbers
        del part
        out = hbm_empty(4)
        out[:] = a + b.reshape(4) + x[:4]
        return out

    machine = Machine()
    machine.run(twice, torch.ones(8))
    assert machine.read == 2 * 4 * FLOAT


def test_a_part_of_what_is_loaded_is_not_read_again():
    def parts(x):
        block = x[:4]
        out = hbm_empty(1)
        out[0] = (block * 1).sum() + block[1] + x[2]
        return out

    machine = Machine()
    machine.run(parts, torch.ones(8))
    assert machine.read == (4 + 1) * FLOAT  # x[2] is a slice of its own


def test_taking_a_slice_moves_nothing():
    def look(x):
        x[2:5], x.view(5, 2).T, x.view(2, 5), x.unsqueeze(0)

    machine = Machine(sram=0)
    machine.run(look, torch.ones(10))
    assert machine.traffic == 0


def test_augmented_assignment_reads_and_writes_once():
    def double(x):
        x[2:6] *= 2
        return x

    machine = Machine()
    result = machine.run(double, torch.ones(10))
    assert machine.read == machine.written == 4 * FLOAT
    assert result.sum() == 14


def test_filling_is_writing_and_allocating_is_not():
    machine = Machine()
    machine.run(lambda: hbm_empty(5, 3))
    assert machine.traffic == 0
    machine.run(lambda: hbm_full((5, 3), 1.0))
    assert (machine.read, machine.written) == (0, 15 * FLOAT)


def test_gathering_reads_what_it_gathers():
    def gather(x):
        out = hbm_empty(2)
        out[:] = x[torch.tensor([7, 1])]
        return out

    machine = Machine()
    assert machine.run(gather, torch.arange(9.0)).tolist() == [7, 1]
    assert machine.read_of["x"] == 2 * FLOAT


def test_the_matrix_overflows_and_says_so():
    def scores(Q, K):
        return torch.softmax(Q @ K.T, dim=-1)

    with pytest.raises(OutOfSRAM, match="64 × 64, the result of mm, takes 16,384 bytes"):
        Machine(sram=8 * 1024).run(scores, torch.ones(64, 4), torch.ones(64, 4))


def test_loading_too_much_says_of_what():
    with pytest.raises(OutOfSRAM, match="loading a tensor of 100 of x takes 400 bytes"):
        Machine(sram=399).run(lambda x: x * 2, torch.ones(100))


def test_exactly_full_is_not_too_full():
    assert Machine(sram=32).run(copy_by_blocks, torch.ones(8)).tolist() == [2] * 8
    with pytest.raises(OutOfSRAM):
        Machine(sram=31).run(copy_by_blocks, torch.ones(8))


def test_results_must_lie_in_hbm():
    with pytest.raises(NotInHBM, match="hbm_empty"):
        Machine().run(lambda x: x + 1, torch.ones(3))


def test_room_is_given_back():
    def many(x):
        out = hbm_empty(1)
        total = torch.zeros(())
        for i in range(50):
            total = total + (x[i : i + 10] ** 2).sum()
        out[0] = total
        return out

    machine = Machine()
    machine.run(many, torch.ones(60))
    assert machine.peak < 5 * 10 * FLOAT


def test_arguments_are_copies_and_may_be_anything():
    x = torch.zeros(4)

    def fill(x, value, *, more):
        x[:] = value + more
        return x

    assert Machine().run(fill, x, 2.0, more=1.0).tolist() == [3] * 4
    assert x.tolist() == [0] * 4


def test_an_error_leaves_no_machine_running():
    with pytest.raises(ZeroDivisionError):
        Machine().run(lambda: 1 // 0)
    assert hbm_full((2,), -math.inf).tolist() == [-math.inf] * 2
