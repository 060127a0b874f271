"""Answers to rungs 3 and 4 of the Triton lab: mistakes that people make, and other right ways."""

import kernels  # noqa: F401  (first: it chooses the interpreter)

import torch
import triton
import triton.language as tl

from autograder.answers import right, wrong

# softmax_rows -------------------------------------------------------------------------------


@wrong("softmax_rows", caught_by="softmax_rows_keeps_masked_lanes_out", says="numbers are wrong")
def lets_padding_count_as_zero(x):
    @triton.jit
    def kernel(x_ptr, out_ptr, N, x_row, BLOCK: tl.constexpr):
        n = tl.arange(0, BLOCK)
        x = tl.load(x_ptr + tl.program_id(0) * x_row + n, mask=n < N, other=0.0).to(tl.float32)
        e = tl.exp(x - tl.max(x, axis=0))
        tl.store(out_ptr + tl.program_id(0) * N + n, e / tl.sum(e, axis=0), mask=n < N)

    M, N = x.shape
    out = torch.empty((M, N), dtype=x.dtype, device=x.device)
    kernel[(M,)](x, out, N, x.stride(0), BLOCK=triton.next_power_of_2(N))
    return out


@wrong("softmax_rows", caught_by="softmax_rows_keeps_masked_lanes_out", says="Race")
def stores_the_lanes_that_are_left_over(x):
    @triton.jit
    def kernel(x_ptr, out_ptr, N, x_row, BLOCK: tl.constexpr):
        n = tl.arange(0, BLOCK)
        x = tl.load(x_ptr + tl.program_id(0) * x_row + n, mask=n < N, other=-float("inf"))
        x = x.to(tl.float32)
        e = tl.exp(x - tl.max(x, axis=0))
        tl.store(out_ptr + tl.program_id(0) * N + n, e / tl.sum(e, axis=0))

    M, N = x.shape
    out = torch.empty((M, N), dtype=x.dtype, device=x.device)
    kernel[(M,)](x, out, N, x.stride(0), BLOCK=triton.next_power_of_2(N))
    return out


@wrong("softmax_rows", caught_by="softmax_rows_keeps_masked_lanes_out", says="how far apart")
def takes_rows_to_be_n_apart(x):
    @triton.jit
    def kernel(x_ptr, out_ptr, N, BLOCK: tl.constexpr):
        n = tl.arange(0, BLOCK)
        x = tl.load(x_ptr + tl.program_id(0) * N + n, mask=n < N, other=-float("inf"))
        x = x.to(tl.float32)
        e = tl.exp(x - tl.max(x, axis=0))
        tl.store(out_ptr + tl.program_id(0) * N + n, e / tl.sum(e, axis=0), mask=n < N)

    M, N = x.shape
    out = torch.empty((M, N), dtype=x.dtype, device=x.device)
    kernel[(M,)](x, out, N, BLOCK=triton.next_power_of_2(N))
    return out


@wrong("softmax_rows", caught_by="softmax_rows_keeps_masked_lanes_out", says="torch computed")
def torch_takes_the_softmax(x):
    @triton.jit
    def kernel(out_ptr, N, BLOCK: tl.constexpr):
        n = tl.arange(0, BLOCK)
        tl.store(out_ptr + tl.program_id(0) * N + n, 0.0, mask=n < N)

    M, N = x.shape
    out = torch.empty((M, N), dtype=x.dtype, device=x.device)
    kernel[(M,)](out, N, BLOCK=triton.next_power_of_2(N))
    nothing = (x == -torch.inf).all(dim=1, keepdim=True)
    return torch.softmax(x, dim=1).masked_fill(nothing, 0.0)


@wrong("softmax_rows", caught_by="softmax_rows_keeps_masked_lanes_out", says="instead of")
def gives_every_element_the_same(x):
    @triton.jit
    def kernel(out_ptr, N, BLOCK: tl.constexpr):
        n = tl.arange(0, BLOCK)
        tl.store(out_ptr + tl.program_id(0) * N + n, 1.0 / N, mask=n < N)

    M, N = x.shape
    out = torch.empty((M, N), dtype=x.dtype, device=x.device)
    kernel[(M,)](out, N, BLOCK=triton.next_power_of_2(N))
    return out


@wrong("softmax_rows", caught_by="softmax_rows_keeps_masked_lanes_out", says="No kernel was")
def looks_up_the_expected_result(x):
    import sys

    frame = sys._getframe()
    while "plain" not in frame.f_locals:
        frame = frame.f_back
    return frame.f_locals["plain"](x)


@wrong("softmax_rows", caught_by="softmax_rows_survives_any_numbers", says="Subtracting the max")
def takes_the_exponentials_as_they_are(x):
    @triton.jit
    def kernel(x_ptr, out_ptr, N, x_row, BLOCK: tl.constexpr):
        n = tl.arange(0, BLOCK)
        x = tl.load(x_ptr + tl.program_id(0) * x_row + n, mask=n < N, other=-float("inf"))
        e = tl.exp(x.to(tl.float32))
        tl.store(out_ptr + tl.program_id(0) * N + n, e / tl.sum(e, axis=0), mask=n < N)

    M, N = x.shape
    out = torch.empty((M, N), dtype=x.dtype, device=x.device)
    kernel[(M,)](x, out, N, x.stride(0), BLOCK=triton.next_power_of_2(N))
    return out


@wrong("softmax_rows", caught_by="softmax_rows_survives_any_numbers", says="own maximum, not 0")
def starts_the_maximum_at_zero(x):
    @triton.jit
    def kernel(x_ptr, out_ptr, N, x_row, BLOCK: tl.constexpr):
        n = tl.arange(0, BLOCK)
        x = tl.load(x_ptr + tl.program_id(0) * x_row + n, mask=n < N, other=-float("inf"))
        x = x.to(tl.float32)
        e = tl.exp(x - tl.maximum(tl.max(x, axis=0), 0.0))
        s = tl.sum(e, axis=0)
        s = tl.where(s == 0.0, 1.0, s)
        tl.store(out_ptr + tl.program_id(0) * N + n, e / s, mask=n < N)

    M, N = x.shape
    out = torch.empty((M, N), dtype=x.dtype, device=x.device)
    kernel[(M,)](x, out, N, x.stride(0), BLOCK=triton.next_power_of_2(N))
    return out


@wrong("softmax_rows", caught_by="softmax_rows_survives_any_numbers", says="nan instead of 0")
def forgets_rows_that_are_masked_whole(x):
    @triton.jit
    def kernel(x_ptr, out_ptr, N, x_row, BLOCK: tl.constexpr):
        n = tl.arange(0, BLOCK)
        x = tl.load(x_ptr + tl.program_id(0) * x_row + n, mask=n < N, other=-float("inf"))
        x = x.to(tl.float32)
        e = tl.exp(x - tl.max(x, axis=0))
        tl.store(out_ptr + tl.program_id(0) * N + n, e / tl.sum(e, axis=0), mask=n < N)

    M, N = x.shape
    out = torch.empty((M, N), dtype=x.dtype, device=x.device)
    kernel[(M,)](x, out, N, x.stride(0), BLOCK=triton.next_power_of_2(N))
    return out


@wrong("softmax_rows", caught_by="softmax_rows_reads_each_row_once", says="3.00 times each")
def three_passes(x):
    @triton.jit
    def kernel(x_ptr, out_ptr, N, x_row, BLOCK: tl.constexpr):
        n = tl.arange(0, BLOCK)
        x_ptr += tl.program_id(0) * x_row
        x = tl.load(x_ptr + n, mask=n < N, other=-float("inf")).to(tl.float32)
        m = tl.max(x, axis=0)
        m = tl.where(m == -float("inf"), 0.0, m)
        x = tl.load(x_ptr + n, mask=n < N, other=-float("inf")).to(tl.float32)
        s = tl.sum(tl.exp(x - m), axis=0)
        s = tl.where(s == 0.0, 1.0, s)
        x = tl.load(x_ptr + n, mask=n < N, other=-float("inf")).to(tl.float32)
        tl.store(out_ptr + tl.program_id(0) * N + n, tl.exp(x - m) / s, mask=n < N)

    M, N = x.shape
    out = torch.empty((M, N), dtype=x.dtype, device=x.device)
    kernel[(M,)](x, out, N, x.stride(0), BLOCK=triton.next_power_of_2(N))
    return out


@wrong("softmax_rows", caught_by="softmax_rows_reads_each_row_once", says="of out, which has")
def writes_exponentials_and_divides_them_later(x):
    @triton.jit
    def kernel(x_ptr, out_ptr, N, x_row, BLOCK: tl.constexpr):
        n = tl.arange(0, BLOCK)
        out_ptr += tl.program_id(0) * N
        x = tl.load(x_ptr + tl.program_id(0) * x_row + n, mask=n < N, other=-float("inf"))
        x = x.to(tl.float32)
        m = tl.max(x, axis=0)
        e = tl.exp(x - tl.where(m == -float("inf"), 0.0, m))
        tl.store(out_ptr + n, e, mask=n < N)
        s = tl.sum(e, axis=0)
        s = tl.where(s == 0.0, 1.0, s)
        tl.store(out_ptr + n, tl.load(out_ptr + n, mask=n < N) / s, mask=n < N)

    M, N = x.shape
    out = torch.empty((M, N), dtype=x.dtype, device=x.device)
    kernel[(M,)](x, out, N, x.stride(0), BLOCK=triton.next_power_of_2(N))
    return out


@wrong("softmax_rows", caught_by="softmax_rows_compiles_for_a_gpu", says="tl.constexpr")
def block_is_no_constant(x):
    @triton.jit
    def kernel(x_ptr, out_ptr, N, x_row, BLOCK):
        n = tl.arange(0, BLOCK)
        x = tl.load(x_ptr + tl.program_id(0) * x_row + n, mask=n < N, other=-float("inf"))
        x = x.to(tl.float32)
        m = tl.max(x, axis=0)
        e = tl.exp(x - tl.where(m == -float("inf"), 0.0, m))
        s = tl.sum(e, axis=0)
        s = tl.where(s == 0.0, 1.0, s)
        tl.store(out_ptr + tl.program_id(0) * N + n, e / s, mask=n < N)

    M, N = x.shape
    out = torch.empty((M, N), dtype=x.dtype, device=x.device)
    kernel[(M,)](x, out, N, x.stride(0), triton.next_power_of_2(N))
    return out


@right("softmax_rows")
def two_rows_a_program(x):
    @triton.jit
    def kernel(x_ptr, out_ptr, M, N, x_row, ROWS: tl.constexpr, BLOCK: tl.constexpr):
        m = tl.program_id(0) * ROWS + tl.arange(0, ROWS)[:, None]
        n = tl.arange(0, BLOCK)[None, :]
        inside = (m < M) & (n < N)
        x = tl.load(x_ptr + m * x_row + n, mask=inside, other=float("-inf")).to(tl.float32)
        top = tl.max(x, axis=1)[:, None]
        e = tl.where(top == float("-inf"), 0.0, tl.exp(x - top))
        total = tl.sum(e, axis=1)[:, None]
        tl.store(out_ptr + m * N + n, e / tl.where(total > 0, total, 1.0), mask=inside)

    M, N = x.shape
    out = x.new_empty((M, N))
    grid = (triton.cdiv(M, 2),)
    kernel[grid](x, out, M, N, x.stride(0), ROWS=2, BLOCK=triton.next_power_of_2(N))
    return out


@right("softmax_rows")
def with_powers_of_two_and_a_grid_that_strides(x):
    @triton.jit
    def kernel(x_ptr, out_ptr, M, N, x_row, BLOCK: tl.constexpr):
        n = tl.arange(0, BLOCK)
        for row in range(tl.program_id(0), M, tl.num_programs(0)):
            x = tl.load(x_ptr + row * x_row + n, mask=n < N, other=-float("inf"))
            m = tl.maximum(tl.max(x.to(tl.float32), axis=0), -1e30)
            e = tl.exp2((x.to(tl.float32) - m) * 1.4426950408889634)
            s = tl.maximum(tl.sum(e, axis=0), 1e-30)
            tl.store(out_ptr + row * N + n, e * (1.0 / s), mask=n < N)

    M, N = x.shape
    out = torch.zeros((M, N), dtype=x.dtype, device=x.device)
    kernel[(2,)](x, out, M, N, x.stride(0), BLOCK=max(16, triton.next_power_of_2(N)))
    return out


# long_softmax -------------------------------------------------------------------------------


@wrong("long_softmax", caught_by="long_softmax_rescales_the_sum", says="the whole sum shrinks")
def forgets_to_rescale_the_sum(x):
    @triton.jit
    def kernel(x_ptr, out_ptr, N, x_row, BLOCK: tl.constexpr):
        x_ptr += tl.program_id(0) * x_row
        out_ptr += tl.program_id(0) * N
        m = -float("inf")
        l = 0.0
        for start in range(0, N, BLOCK):
            n = start + tl.arange(0, BLOCK)
            x = tl.load(x_ptr + n, mask=n < N, other=-float("inf")).to(tl.float32)
            m = tl.maximum(m, tl.max(x, axis=0))
            l += tl.sum(tl.exp(x - tl.where(m == -float("inf"), 0.0, m)), axis=0)
        m = tl.where(m == -float("inf"), 0.0, m)
        l = tl.where(l == 0.0, 1.0, l)
        for start in range(0, N, BLOCK):
            n = start + tl.arange(0, BLOCK)
            x = tl.load(x_ptr + n, mask=n < N, other=-float("inf")).to(tl.float32)
            tl.store(out_ptr + n, tl.exp(x - m) / l, mask=n < N)

    M, N = x.shape
    out = torch.empty((M, N), dtype=x.dtype, device=x.device)
    kernel[(M,)](x, out, N, x.stride(0), BLOCK=128)
    return out


@wrong("long_softmax", caught_by="long_softmax_rescales_the_sum", says="numbers are wrong")
def rescales_the_wrong_way_round(x):
    @triton.jit
    def kernel(x_ptr, out_ptr, N, x_row, BLOCK: tl.constexpr):
        x_ptr += tl.program_id(0) * x_row
        out_ptr += tl.program_id(0) * N
        m = -1e30
        l = 0.0
        for start in range(0, N, BLOCK):
            n = start + tl.arange(0, BLOCK)
            x = tl.load(x_ptr + n, mask=n < N, other=-float("inf")).to(tl.float32)
            new = tl.maximum(m, tl.max(x, axis=0))
            grown = tl.where(l == 0.0, 0.0, l * tl.exp(new - m))
            l = grown + tl.sum(tl.exp(x - new), axis=0)
            m = new
        for start in range(0, N, BLOCK):
            n = start + tl.arange(0, BLOCK)
            x = tl.load(x_ptr + n, mask=n < N, other=-float("inf")).to(tl.float32)
            tl.store(out_ptr + n, tl.exp(x - m) / tl.where(l == 0.0, 1.0, l), mask=n < N)

    M, N = x.shape
    out = torch.empty((M, N), dtype=x.dtype, device=x.device)
    kernel[(M,)](x, out, N, x.stride(0), BLOCK=128)
    return out


@wrong("long_softmax", caught_by="long_softmax_rescales_the_sum", says="one softmax over the whole")
def a_softmax_of_each_block(x):
    @triton.jit
    def kernel(x_ptr, out_ptr, N, x_row, BLOCK: tl.constexpr):
        x_ptr += tl.program_id(0) * x_row
        for start in range(0, N, BLOCK):
            n = start + tl.arange(0, BLOCK)
            x = tl.load(x_ptr + n, mask=n < N, other=-float("inf")).to(tl.float32)
            m = tl.maximum(tl.max(x, axis=0), -1e30)
            e = tl.exp(x - m)
            s = tl.sum(e, axis=0)
            s = tl.where(s == 0.0, 1.0, s)
            tl.store(out_ptr + tl.program_id(0) * N + n, e / s, mask=n < N)

    M, N = x.shape
    out = torch.empty((M, N), dtype=x.dtype, device=x.device)
    kernel[(M,)](x, out, N, x.stride(0), BLOCK=128)
    return out


@wrong("long_softmax", caught_by="long_softmax_rescales_the_sum", says="left out")
def lets_padding_of_the_last_block_count(x):
    @triton.jit
    def kernel(x_ptr, out_ptr, N, x_row, BLOCK: tl.constexpr):
        x_ptr += tl.program_id(0) * x_row
        out_ptr += tl.program_id(0) * N
        m = -1e30
        l = 0.0
        for start in range(0, N, BLOCK):
            n = start + tl.arange(0, BLOCK)
            x = tl.load(x_ptr + n, mask=n < N, other=0.0).to(tl.float32)
            new = tl.maximum(m, tl.max(x, axis=0))
            l = l * tl.exp(m - new) + tl.sum(tl.exp(x - new), axis=0)
            m = new
        for start in range(0, N, BLOCK):
            n = start + tl.arange(0, BLOCK)
            x = tl.load(x_ptr + n, mask=n < N, other=0.0).to(tl.float32)
            tl.store(out_ptr + n, tl.exp(x - m) / tl.where(l == 0.0, 1.0, l), mask=n < N)

    M, N = x.shape
    out = torch.empty((M, N), dtype=x.dtype, device=x.device)
    kernel[(M,)](x, out, N, x.stride(0), BLOCK=128)
    return out


@wrong("long_softmax", caught_by="long_softmax_rescales_the_sum", says="torch computed inside")
def torch_finds_the_maximum(x):
    @triton.jit
    def kernel(x_ptr, top_ptr, out_ptr, N, x_row, BLOCK: tl.constexpr):
        x_ptr += tl.program_id(0) * x_row
        m = tl.load(top_ptr + tl.program_id(0)).to(tl.float32)
        m = tl.where(m == -float("inf"), 0.0, m)
        l = 0.0
        for start in range(0, N, BLOCK):
            n = start + tl.arange(0, BLOCK)
            x = tl.load(x_ptr + n, mask=n < N, other=-float("inf")).to(tl.float32)
            l += tl.sum(tl.exp(x - m), axis=0)
        l = tl.where(l == 0.0, 1.0, l)
        for start in range(0, N, BLOCK):
            n = start + tl.arange(0, BLOCK)
            x = tl.load(x_ptr + n, mask=n < N, other=-float("inf")).to(tl.float32)
            tl.store(out_ptr + tl.program_id(0) * N + n, tl.exp(x - m) / l, mask=n < N)

    M, N = x.shape
    out = torch.empty((M, N), dtype=x.dtype, device=x.device)
    kernel[(M,)](x, x.amax(dim=1), out, N, x.stride(0), BLOCK=128)
    return out


@wrong("long_softmax", caught_by="long_softmax_rescales_the_sum", says="No kernel was launched")
def hands_out_its_first_answer_again(x):
    if not hasattr(triton, "kept_softmax"):
        triton.kept_softmax = x.softmax(dim=1)
    return triton.kept_softmax


@wrong("long_softmax", caught_by="long_softmax_survives_masked_blocks", says="stays in the sum")
def subtracts_infinity_from_infinity(x):
    @triton.jit
    def kernel(x_ptr, out_ptr, N, x_row, BLOCK: tl.constexpr):
        x_ptr += tl.program_id(0) * x_row
        out_ptr += tl.program_id(0) * N
        m = -float("inf")
        l = 0.0
        for start in range(0, N, BLOCK):
            n = start + tl.arange(0, BLOCK)
            x = tl.load(x_ptr + n, mask=n < N, other=-float("inf")).to(tl.float32)
            new = tl.maximum(m, tl.max(x, axis=0))
            l = l * tl.exp(m - new) + tl.sum(tl.exp(x - new), axis=0)
            m = new
        for start in range(0, N, BLOCK):
            n = start + tl.arange(0, BLOCK)
            x = tl.load(x_ptr + n, mask=n < N, other=-float("inf")).to(tl.float32)
            tl.store(out_ptr + n, tl.exp(x - m) / l, mask=n < N)

    M, N = x.shape
    out = torch.empty((M, N), dtype=x.dtype, device=x.device)
    kernel[(M,)](x, out, N, x.stride(0), BLOCK=128)
    return out


@wrong("long_softmax", caught_by="long_softmax_survives_masked_blocks", says="starts at 0 instead")
def begins_with_a_maximum_of_zero(x):
    @triton.jit
    def kernel(x_ptr, out_ptr, N, x_row, BLOCK: tl.constexpr):
        x_ptr += tl.program_id(0) * x_row
        out_ptr += tl.program_id(0) * N
        m = 0.0
        l = 0.0
        for start in range(0, N, BLOCK):
            n = start + tl.arange(0, BLOCK)
            x = tl.load(x_ptr + n, mask=n < N, other=-float("inf")).to(tl.float32)
            new = tl.maximum(m, tl.max(x, axis=0))
            l = l * tl.exp(m - new) + tl.sum(tl.exp(x - new), axis=0)
            m = new
        l = tl.where(l == 0.0, 1.0, l)
        for start in range(0, N, BLOCK):
            n = start + tl.arange(0, BLOCK)
            x = tl.load(x_ptr + n, mask=n < N, other=-float("inf")).to(tl.float32)
            tl.store(out_ptr + n, tl.exp(x - m) / l, mask=n < N)

    M, N = x.shape
    out = torch.empty((M, N), dtype=x.dtype, device=x.device)
    kernel[(M,)](x, out, N, x.stride(0), BLOCK=128)
    return out


@wrong("long_softmax", caught_by="long_softmax_reads_twice", says="3.00 times each")
def one_pass_each_for_maximum_sum_and_result(x):
    @triton.jit
    def kernel(x_ptr, out_ptr, N, x_row, BLOCK: tl.constexpr):
        x_ptr += tl.program_id(0) * x_row
        out_ptr += tl.program_id(0) * N
        m = -1e30
        for start in range(0, N, BLOCK):
            n = start + tl.arange(0, BLOCK)
            x = tl.load(x_ptr + n, mask=n < N, other=-float("inf")).to(tl.float32)
            m = tl.maximum(m, tl.max(x, axis=0))
        l = 0.0
        for start in range(0, N, BLOCK):
            n = start + tl.arange(0, BLOCK)
            x = tl.load(x_ptr + n, mask=n < N, other=-float("inf")).to(tl.float32)
            l += tl.sum(tl.exp(x - m), axis=0)
        l = tl.where(l == 0.0, 1.0, l)
        for start in range(0, N, BLOCK):
            n = start + tl.arange(0, BLOCK)
            x = tl.load(x_ptr + n, mask=n < N, other=-float("inf")).to(tl.float32)
            tl.store(out_ptr + n, tl.exp(x - m) / l, mask=n < N)

    M, N = x.shape
    out = torch.empty((M, N), dtype=x.dtype, device=x.device)
    kernel[(M,)](x, out, N, x.stride(0), BLOCK=128)
    return out


@wrong("long_softmax", caught_by="long_softmax_reads_twice", says="One tl.load asks for 512")
def the_whole_row_in_one_block(x):
    @triton.jit
    def kernel(x_ptr, out_ptr, N, x_row, BLOCK: tl.constexpr):
        n = tl.arange(0, BLOCK)
        x = tl.load(x_ptr + tl.program_id(0) * x_row + n, mask=n < N, other=-float("inf"))
        x = x.to(tl.float32)
        m = tl.maximum(tl.max(x, axis=0), -1e30)
        e = tl.exp(x - m)
        s = tl.sum(e, axis=0)
        s = tl.where(s == 0.0, 1.0, s)
        tl.store(out_ptr + tl.program_id(0) * N + n, e / s, mask=n < N)

    M, N = x.shape
    out = torch.empty((M, N), dtype=x.dtype, device=x.device)
    kernel[(M,)](x, out, N, x.stride(0), BLOCK=triton.next_power_of_2(N))
    return out


@wrong("long_softmax", caught_by="long_softmax_reads_twice", says="neither an argument nor")
def parks_the_row_in_another_tensor(x):
    @triton.jit
    def kernel(x_ptr, kept_ptr, out_ptr, N, x_row, BLOCK: tl.constexpr):
        x_ptr += tl.program_id(0) * x_row
        kept_ptr += tl.program_id(0) * N
        m = -1e30
        l = 0.0
        for start in range(0, N, BLOCK):
            n = start + tl.arange(0, BLOCK)
            x = tl.load(x_ptr + n, mask=n < N, other=-float("inf")).to(tl.float32)
            tl.store(kept_ptr + n, x, mask=n < N)
            new = tl.maximum(m, tl.max(x, axis=0))
            l = l * tl.exp(m - new) + tl.sum(tl.exp(x - new), axis=0)
            m = new
        l = tl.where(l == 0.0, 1.0, l)
        for start in range(0, N, BLOCK):
            n = start + tl.arange(0, BLOCK)
            x = tl.load(kept_ptr + n, mask=n < N, other=-float("inf"))
            tl.store(out_ptr + tl.program_id(0) * N + n, tl.exp(x - m) / l, mask=n < N)

    M, N = x.shape
    out = torch.empty((M, N), dtype=x.dtype, device=x.device)
    kept = torch.empty((M, N), dtype=torch.float32, device=x.device)
    kernel[(M,)](x, kept, out, N, x.stride(0), BLOCK=128)
    return out


@wrong("long_softmax", caught_by="long_softmax_compiles_for_a_gpu", says="keep their type")
def starts_the_sum_as_a_whole_number(x):
    @triton.jit
    def kernel(x_ptr, out_ptr, N, x_row, BLOCK: tl.constexpr):
        x_ptr += tl.program_id(0) * x_row
        out_ptr += tl.program_id(0) * N
        m = -1e30
        l = 0
        for start in range(0, N, BLOCK):
            n = start + tl.arange(0, BLOCK)
            x = tl.load(x_ptr + n, mask=n < N, other=-float("inf")).to(tl.float32)
            new = tl.maximum(m, tl.max(x, axis=0))
            l = l * tl.exp(m - new) + tl.sum(tl.exp(x - new), axis=0)
            m = new
        l = tl.where(l == 0.0, 1.0, l)
        for start in range(0, N, BLOCK):
            n = start + tl.arange(0, BLOCK)
            x = tl.load(x_ptr + n, mask=n < N, other=-float("inf")).to(tl.float32)
            tl.store(out_ptr + n, tl.exp(x - m) / l, mask=n < N)

    M, N = x.shape
    out = torch.empty((M, N), dtype=x.dtype, device=x.device)
    kernel[(M,)](x, out, N, x.stride(0), BLOCK=128)
    return out


@right("long_softmax")
def every_lane_on_its_own_until_the_end(x):
    @triton.jit
    def kernel(x_ptr, out_ptr, N, x_row, BLOCK: tl.constexpr):
        x_ptr += tl.program_id(0) * x_row
        out_ptr += tl.program_id(0) * N
        m = tl.full((BLOCK,), -1e30, tl.float32)
        l = tl.zeros((BLOCK,), tl.float32)
        for start in range(0, N, BLOCK):
            n = start + tl.arange(0, BLOCK)
            x = tl.load(x_ptr + n, mask=n < N, other=-float("inf")).to(tl.float32)
            new = tl.maximum(m, x)
            l = l * tl.exp(m - new) + tl.exp(x - new)
            m = new
        top = tl.max(m, axis=0)
        total = tl.sum(l * tl.exp(m - top), axis=0)
        total = tl.where(total == 0.0, 1.0, total)
        for start in range(0, N, BLOCK):
            n = start + tl.arange(0, BLOCK)
            x = tl.load(x_ptr + n, mask=n < N, other=-float("inf")).to(tl.float32)
            tl.store(out_ptr + n, tl.exp(x - top) / total, mask=n < N)

    M, N = x.shape
    out = x.new_empty((M, N))
    kernel[(M,)](x, out, N, x.stride(0), BLOCK=64)
    return out


@right("long_softmax")
def by_the_logarithm_of_the_sum(x):
    @triton.jit
    def kernel(x_ptr, out_ptr, N, x_row, BLOCK: tl.constexpr):
        x_ptr += tl.program_id(0) * x_row
        out_ptr += tl.program_id(0) * N
        m = -float("inf")
        l = 0.0
        for block in range(tl.cdiv(N, BLOCK)):
            n = N - 1 - block * BLOCK - tl.arange(0, BLOCK)  # from behind
            x = tl.load(x_ptr + n, mask=n >= 0, other=-float("inf")).to(tl.float32)
            new = tl.maximum(m, tl.max(x, axis=0))
            shift = tl.where(new == -float("inf"), 0.0, new)
            l = tl.exp(m - shift) * l + tl.sum(tl.exp(x - shift), axis=0)
            m = new
        empty = m == -float("inf")
        m = tl.where(empty, 0.0, m)
        log_sum = tl.log(tl.where(empty, 1.0, l))
        for start in range(0, N, BLOCK):
            n = start + tl.arange(0, BLOCK)
            x = tl.load(x_ptr + n, mask=n < N, other=-float("inf")).to(tl.float32)
            tl.store(out_ptr + n, tl.exp((x - m) - log_sum), mask=n < N)

    M, N = x.shape
    out = torch.empty((M, N), dtype=x.dtype, device=x.device)
    kernel[(M,)](x, out, N, x.stride(0), BLOCK=128)
    return out
