"""Answers to rungs 5 to 7 of the Triton lab: mistakes that people make, and other right ways."""

import kernels  # noqa: F401  (first: it chooses the interpreter)

import torch
import triton
import triton.language as tl

from autograder.answers import right, wrong

# matmul -------------------------------------------------------------------------------------


@wrong("matmul", caught_by="matmul_covers_every_tile", says="outside a_ptr")
def forgets_that_k_ends_in_a_tile(a, b):
    @triton.jit
    def kernel(a_ptr, b_ptr, out_ptr, M, N, K, a_row, a_col, b_row, b_col, BLOCK: tl.constexpr):
        m = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
        n = tl.program_id(1) * BLOCK + tl.arange(0, BLOCK)
        acc = tl.zeros((BLOCK, BLOCK), tl.float32)
        for start in range(0, K, BLOCK):
            k = start + tl.arange(0, BLOCK)
            a_in = (m[:, None] < M) & (k[None, :] < start + BLOCK)
            b_in = (k[:, None] < start + BLOCK) & (n[None, :] < N)
            a = tl.load(a_ptr + m[:, None] * a_row + k[None, :] * a_col, mask=a_in, other=0.0)
            b = tl.load(b_ptr + k[:, None] * b_row + n[None, :] * b_col, mask=b_in, other=0.0)
            acc = tl.dot(a, b, acc, input_precision="ieee")
        inside = (m[:, None] < M) & (n[None, :] < N)
        tl.store(out_ptr + m[:, None] * N + n[None, :], acc, mask=inside)

    M, K = a.shape
    N = b.shape[1]
    out = torch.empty((M, N), dtype=a.dtype, device=a.device)
    grid = (triton.cdiv(M, 32), triton.cdiv(N, 32))
    kernel[grid](a, b, out, M, N, K, *a.stride(), *b.stride(), BLOCK=32)
    return out


@wrong("matmul", caught_by="matmul_covers_every_tile", says="outside")
def masks_nothing(a, b):
    @triton.jit
    def kernel(a_ptr, b_ptr, out_ptr, M, N, K, a_row, a_col, b_row, b_col, BLOCK: tl.constexpr):
        m = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
        n = tl.program_id(1) * BLOCK + tl.arange(0, BLOCK)
        acc = tl.zeros((BLOCK, BLOCK), tl.float32)
        for start in range(0, K, BLOCK):
            k = start + tl.arange(0, BLOCK)
            a_in = (m[:, None] < M) & (k[None, :] < K)
            b_in = (k[:, None] < K) & (n[None, :] < N)
            a = tl.load(
                a_ptr + m[:, None] * a_row + k[None, :] * a_col, mask=k[None, :] < K, other=0.0
            )
            b = tl.load(
                b_ptr + k[:, None] * b_row + n[None, :] * b_col, mask=k[:, None] < K, other=0.0
            )
            acc = tl.dot(a, b, acc, input_precision="ieee")
        inside = (m[:, None] < M) & (n[None, :] < N)
        tl.store(out_ptr + m[:, None] * N + n[None, :], acc, mask=inside)

    M, K = a.shape
    N = b.shape[1]
    out = torch.empty((M, N), dtype=a.dtype, device=a.device)
    grid = (triton.cdiv(M, 32), triton.cdiv(N, 32))
    kernel[grid](a, b, out, M, N, K, *a.stride(), *b.stride(), BLOCK=32)
    return out


@wrong("matmul", caught_by="matmul_covers_every_tile", says="writes outside out_ptr")
def stores_beyond_the_edges(a, b):
    @triton.jit
    def kernel(a_ptr, b_ptr, out_ptr, M, N, K, a_row, a_col, b_row, b_col, BLOCK: tl.constexpr):
        m = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
        n = tl.program_id(1) * BLOCK + tl.arange(0, BLOCK)
        acc = tl.zeros((BLOCK, BLOCK), tl.float32)
        for start in range(0, K, BLOCK):
            k = start + tl.arange(0, BLOCK)
            a_in = (m[:, None] < M) & (k[None, :] < K)
            b_in = (k[:, None] < K) & (n[None, :] < N)
            a = tl.load(a_ptr + m[:, None] * a_row + k[None, :] * a_col, mask=a_in, other=0.0)
            b = tl.load(b_ptr + k[:, None] * b_row + n[None, :] * b_col, mask=b_in, other=0.0)
            acc = tl.dot(a, b, acc, input_precision="ieee")
        inside = (m[:, None] < M) & (n[None, :] < N)
        tl.store(out_ptr + m[:, None] * N + n[None, :], acc, mask=m[:, None] < M)

    M, K = a.shape
    N = b.shape[1]
    out = torch.empty((M, N), dtype=a.dtype, device=a.device)
    grid = (triton.cdiv(M, 32), triton.cdiv(N, 32))
    kernel[grid](a, b, out, M, N, K, *a.stride(), *b.stride(), BLOCK=32)
    return out


@wrong("matmul", caught_by="matmul_covers_every_tile", says="rounded up")
def rounds_the_grid_down(a, b):
    @triton.jit
    def kernel(a_ptr, b_ptr, out_ptr, M, N, K, a_row, a_col, b_row, b_col, BLOCK: tl.constexpr):
        m = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
        n = tl.program_id(1) * BLOCK + tl.arange(0, BLOCK)
        acc = tl.zeros((BLOCK, BLOCK), tl.float32)
        for start in range(0, K, BLOCK):
            k = start + tl.arange(0, BLOCK)
            a_in = (m[:, None] < M) & (k[None, :] < K)
            b_in = (k[:, None] < K) & (n[None, :] < N)
            a = tl.load(a_ptr + m[:, None] * a_row + k[None, :] * a_col, mask=a_in, other=0.0)
            b = tl.load(b_ptr + k[:, None] * b_row + n[None, :] * b_col, mask=b_in, other=0.0)
            acc = tl.dot(a, b, acc, input_precision="ieee")
        inside = (m[:, None] < M) & (n[None, :] < N)
        tl.store(out_ptr + m[:, None] * N + n[None, :], acc, mask=inside)

    M, K = a.shape
    N = b.shape[1]
    out = torch.empty((M, N), dtype=a.dtype, device=a.device)
    grid = (max(M // 32, 1), max(N // 32, 1))
    kernel[grid](a, b, out, M, N, K, *a.stride(), *b.stride(), BLOCK=32)
    return out


@wrong("matmul", caught_by="matmul_covers_every_tile", says="change places")
def takes_both_to_be_contiguous(a, b):
    @triton.jit
    def kernel(a_ptr, b_ptr, out_ptr, M, N, K, a_row, a_col, b_row, b_col, BLOCK: tl.constexpr):
        m = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
        n = tl.program_id(1) * BLOCK + tl.arange(0, BLOCK)
        acc = tl.zeros((BLOCK, BLOCK), tl.float32)
        for start in range(0, K, BLOCK):
            k = start + tl.arange(0, BLOCK)
            a_in = (m[:, None] < M) & (k[None, :] < K)
            b_in = (k[:, None] < K) & (n[None, :] < N)
            a = tl.load(a_ptr + m[:, None] * a_row + k[None, :] * a_col, mask=a_in, other=0.0)
            b = tl.load(b_ptr + k[:, None] * b_row + n[None, :] * b_col, mask=b_in, other=0.0)
            acc = tl.dot(a, b, acc, input_precision="ieee")
        inside = (m[:, None] < M) & (n[None, :] < N)
        tl.store(out_ptr + m[:, None] * N + n[None, :], acc, mask=inside)

    M, K = a.shape
    N = b.shape[1]
    out = torch.empty((M, N), dtype=a.dtype, device=a.device)
    grid = (triton.cdiv(M, 32), triton.cdiv(N, 32))
    kernel[grid](a, b, out, M, N, K, K, 1, N, 1, BLOCK=32)
    return out


@wrong("matmul", caught_by="matmul_covers_every_tile", says="numbers are wrong")
def keeps_only_the_last_step(a, b):
    @triton.jit
    def kernel(a_ptr, b_ptr, out_ptr, M, N, K, a_row, a_col, b_row, b_col, BLOCK: tl.constexpr):
        m = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
        n = tl.program_id(1) * BLOCK + tl.arange(0, BLOCK)
        acc = tl.zeros((BLOCK, BLOCK), tl.float32)
        for start in range(0, K, BLOCK):
            k = start + tl.arange(0, BLOCK)
            a_in = (m[:, None] < M) & (k[None, :] < K)
            b_in = (k[:, None] < K) & (n[None, :] < N)
            a = tl.load(a_ptr + m[:, None] * a_row + k[None, :] * a_col, mask=a_in, other=0.0)
            b = tl.load(b_ptr + k[:, None] * b_row + n[None, :] * b_col, mask=b_in, other=0.0)
            acc = tl.dot(a, b, input_precision="ieee")
        inside = (m[:, None] < M) & (n[None, :] < N)
        tl.store(out_ptr + m[:, None] * N + n[None, :], acc, mask=inside)

    M, K = a.shape
    N = b.shape[1]
    out = torch.empty((M, N), dtype=a.dtype, device=a.device)
    grid = (triton.cdiv(M, 32), triton.cdiv(N, 32))
    kernel[grid](a, b, out, M, N, K, *a.stride(), *b.stride(), BLOCK=32)
    return out


@wrong("matmul", caught_by="matmul_covers_every_tile", says="torch computed inside")
def lets_torch_multiply(a, b):
    @triton.jit
    def kernel(a_ptr, b_ptr, out_ptr, M, N, K, a_row, a_col, b_row, b_col, BLOCK: tl.constexpr):
        m = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
        n = tl.program_id(1) * BLOCK + tl.arange(0, BLOCK)
        acc = tl.zeros((BLOCK, BLOCK), tl.float32)
        for start in range(0, K, BLOCK):
            k = start + tl.arange(0, BLOCK)
            a_in = (m[:, None] < M) & (k[None, :] < K)
            b_in = (k[:, None] < K) & (n[None, :] < N)
            a = tl.load(a_ptr + m[:, None] * a_row + k[None, :] * a_col, mask=a_in, other=0.0)
            b = tl.load(b_ptr + k[:, None] * b_row + n[None, :] * b_col, mask=b_in, other=0.0)
            acc = tl.dot(a, b, acc, input_precision="ieee")
        inside = (m[:, None] < M) & (n[None, :] < N)
        tl.store(out_ptr + m[:, None] * N + n[None, :], acc, mask=inside)

    M, K = a.shape
    N = b.shape[1]
    out = torch.empty((M, N), dtype=a.dtype, device=a.device)
    grid = (triton.cdiv(M, 32), triton.cdiv(N, 32))
    kernel[grid](a, b, out, M, N, K, *a.stride(), *b.stride(), BLOCK=32)
    return (a.double() @ b.double()).to(a.dtype)


@wrong("matmul", caught_by="matmul_covers_every_tile", says="instead of")
def writes_zeros(a, b):
    @triton.jit
    def kernel(a_ptr, b_ptr, out_ptr, M, N, K, a_row, a_col, b_row, b_col, BLOCK: tl.constexpr):
        m = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
        n = tl.program_id(1) * BLOCK + tl.arange(0, BLOCK)
        acc = tl.zeros((BLOCK, BLOCK), tl.float32)
        for start in range(0, K, BLOCK):
            k = start + tl.arange(0, BLOCK)
            a_in = (m[:, None] < M) & (k[None, :] < K)
            b_in = (k[:, None] < K) & (n[None, :] < N)
            a = tl.load(a_ptr + m[:, None] * a_row + k[None, :] * a_col, mask=a_in, other=0.0)
            b = tl.load(b_ptr + k[:, None] * b_row + n[None, :] * b_col, mask=b_in, other=0.0)
            acc += 0.0 * tl.sum(a) * tl.sum(b)
        inside = (m[:, None] < M) & (n[None, :] < N)
        tl.store(out_ptr + m[:, None] * N + n[None, :], acc, mask=inside)

    M, K = a.shape
    N = b.shape[1]
    out = torch.empty((M, N), dtype=a.dtype, device=a.device)
    grid = (triton.cdiv(M, 32), triton.cdiv(N, 32))
    kernel[grid](a, b, out, M, N, K, *a.stride(), *b.stride(), BLOCK=32)
    return out


@wrong("matmul", caught_by="matmul_covers_every_tile", says="No kernel was launched")
def looks_up_the_expected_result(a, b):
    import sys

    frame = sys._getframe()
    while "plain" not in frame.f_locals:
        frame = frame.f_back
    return frame.f_locals["plain"](a, b)


@wrong("matmul", caught_by="matmul_adds_up_in_float32", says="loses every")
def adds_up_in_halves(a, b):
    @triton.jit
    def kernel(a_ptr, b_ptr, out_ptr, M, N, K, a_row, a_col, b_row, b_col, BLOCK: tl.constexpr):
        m = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
        n = tl.program_id(1) * BLOCK + tl.arange(0, BLOCK)
        acc = tl.zeros((BLOCK, BLOCK), a_ptr.dtype.element_ty)
        for start in range(0, K, BLOCK):
            k = start + tl.arange(0, BLOCK)
            a_in = (m[:, None] < M) & (k[None, :] < K)
            b_in = (k[:, None] < K) & (n[None, :] < N)
            a = tl.load(a_ptr + m[:, None] * a_row + k[None, :] * a_col, mask=a_in, other=0.0)
            b = tl.load(b_ptr + k[:, None] * b_row + n[None, :] * b_col, mask=b_in, other=0.0)
            acc = (acc + tl.dot(a, b, input_precision="ieee")).to(a_ptr.dtype.element_ty)
        inside = (m[:, None] < M) & (n[None, :] < N)
        tl.store(out_ptr + m[:, None] * N + n[None, :], acc, mask=inside)

    M, K = a.shape
    N = b.shape[1]
    out = torch.empty((M, N), dtype=a.dtype, device=a.device)
    grid = (triton.cdiv(M, 32), triton.cdiv(N, 32))
    kernel[grid](a, b, out, M, N, K, *a.stride(), *b.stride(), BLOCK=32)
    return out


@wrong("matmul", caught_by="matmul_reads_tiles", says="4.00 times each")
def small_tiles(a, b):
    @triton.jit
    def kernel(a_ptr, b_ptr, out_ptr, M, N, K, a_row, a_col, b_row, b_col, BLOCK: tl.constexpr):
        m = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
        n = tl.program_id(1) * BLOCK + tl.arange(0, BLOCK)
        acc = tl.zeros((BLOCK, BLOCK), tl.float32)
        for start in range(0, K, BLOCK):
            k = start + tl.arange(0, BLOCK)
            a_in = (m[:, None] < M) & (k[None, :] < K)
            b_in = (k[:, None] < K) & (n[None, :] < N)
            a = tl.load(a_ptr + m[:, None] * a_row + k[None, :] * a_col, mask=a_in, other=0.0)
            b = tl.load(b_ptr + k[:, None] * b_row + n[None, :] * b_col, mask=b_in, other=0.0)
            acc = tl.dot(a, b, acc, input_precision="ieee")
        inside = (m[:, None] < M) & (n[None, :] < N)
        tl.store(out_ptr + m[:, None] * N + n[None, :], acc, mask=inside)

    M, K = a.shape
    N = b.shape[1]
    out = torch.empty((M, N), dtype=a.dtype, device=a.device)
    grid = (triton.cdiv(M, 16), triton.cdiv(N, 16))
    kernel[grid](a, b, out, M, N, K, *a.stride(), *b.stride(), BLOCK=16)
    return out


@wrong("matmul", caught_by="matmul_reads_tiles", says="One tl.load asks for")
def a_strip_of_rows_at_once(a, b):
    @triton.jit
    def kernel(
        a_ptr,
        b_ptr,
        out_ptr,
        M,
        N,
        K,
        a_row,
        a_col,
        b_row,
        b_col,
        BLOCK: tl.constexpr,
        WHOLE: tl.constexpr,
    ):
        m = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
        n = tl.program_id(1) * BLOCK + tl.arange(0, BLOCK)
        acc = tl.zeros((BLOCK, BLOCK), tl.float32)
        for start in range(0, K, WHOLE):
            k = start + tl.arange(0, WHOLE)
            a_in = (m[:, None] < M) & (k[None, :] < K)
            b_in = (k[:, None] < K) & (n[None, :] < N)
            a = tl.load(a_ptr + m[:, None] * a_row + k[None, :] * a_col, mask=a_in, other=0.0)
            b = tl.load(b_ptr + k[:, None] * b_row + n[None, :] * b_col, mask=b_in, other=0.0)
            acc = tl.dot(a, b, acc, input_precision="ieee")
        inside = (m[:, None] < M) & (n[None, :] < N)
        tl.store(out_ptr + m[:, None] * N + n[None, :], acc, mask=inside)

    M, K = a.shape
    N = b.shape[1]
    out = torch.empty((M, N), dtype=a.dtype, device=a.device)
    grid = (triton.cdiv(M, 32), triton.cdiv(N, 32))
    kernel[grid](
        a,
        b,
        out,
        M,
        N,
        K,
        *a.stride(),
        *b.stride(),
        BLOCK=32,
        WHOLE=max(16, triton.next_power_of_2(K)),
    )
    return out


@wrong("matmul", caught_by="matmul_reads_tiles", says="times each")
def every_program_reads_a_whole_row_again(a, b):
    @triton.jit
    def kernel(a_ptr, b_ptr, out_ptr, N, K, a_row, a_col, b_row, b_col, BLOCK: tl.constexpr):
        m = tl.program_id(0)
        n = tl.program_id(1) * BLOCK + tl.arange(0, BLOCK)
        acc = tl.zeros((BLOCK,), tl.float32)
        for start in range(0, K, BLOCK):
            k = start + tl.arange(0, BLOCK)
            a = tl.load(a_ptr + m * a_row + k * a_col, mask=k < K, other=0.0).to(tl.float32)
            b_in = (k[:, None] < K) & (n[None, :] < N)
            b = tl.load(b_ptr + k[:, None] * b_row + n[None, :] * b_col, mask=b_in, other=0.0)
            acc += tl.sum(a[:, None] * b.to(tl.float32), axis=0)
        tl.store(out_ptr + m * N + n, acc, mask=n < N)

    M, K = a.shape
    N = b.shape[1]
    out = torch.empty((M, N), dtype=a.dtype, device=a.device)
    kernel[M, triton.cdiv(N, 32)](a, b, out, N, K, *a.stride(), *b.stride(), BLOCK=32)
    return out


@wrong("matmul", caught_by="matmul_compiles_for_a_gpu", says="16")
def steps_of_eight(a, b):
    @triton.jit
    def kernel(a_ptr, b_ptr, out_ptr, M, N, K, a_row, a_col, b_row, b_col, BLOCK: tl.constexpr):
        m = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
        n = tl.program_id(1) * BLOCK + tl.arange(0, BLOCK)
        acc = tl.zeros((BLOCK, BLOCK), tl.float32)
        for start in range(0, K, 8):
            k = start + tl.arange(0, 8)
            a_in = (m[:, None] < M) & (k[None, :] < K)
            b_in = (k[:, None] < K) & (n[None, :] < N)
            a = tl.load(a_ptr + m[:, None] * a_row + k[None, :] * a_col, mask=a_in, other=0.0)
            b = tl.load(b_ptr + k[:, None] * b_row + n[None, :] * b_col, mask=b_in, other=0.0)
            acc = tl.dot(a, b, acc, input_precision="ieee")
        inside = (m[:, None] < M) & (n[None, :] < N)
        tl.store(out_ptr + m[:, None] * N + n[None, :], acc, mask=inside)

    M, K = a.shape
    N = b.shape[1]
    out = torch.empty((M, N), dtype=a.dtype, device=a.device)
    grid = (triton.cdiv(M, 32), triton.cdiv(N, 32))
    kernel[grid](a, b, out, M, N, K, *a.stride(), *b.stride(), BLOCK=32)
    return out


@right("matmul")
def one_axis_and_strips_of_c(a, b):
    @triton.jit
    def kernel(x_ptr, y_ptr, z_ptr, M, N, K, xm, xk, yk, yn, T: tl.constexpr, S: tl.constexpr):
        wide = tl.cdiv(N, T)
        top, left = tl.program_id(0) // wide * T, tl.program_id(0) % wide * T
        m = (top + tl.arange(0, T))[:, None]
        n = (left + tl.arange(0, T))[None, :]
        k = tl.arange(0, S)
        x_ptr += m * xm + k[None, :] * xk
        y_ptr += k[:, None] * yk + n * yn
        total = tl.zeros((T, T), tl.float32)
        for done in range(0, K, S):
            x = tl.load(x_ptr, mask=(m < M) & (k[None, :] < K - done), other=0.0)
            y = tl.load(y_ptr, mask=(k[:, None] < K - done) & (n < N), other=0.0)
            total += tl.dot(x, y, input_precision="ieee")
            x_ptr += S * xk
            y_ptr += S * yk
        tl.store(z_ptr + m * N + n, total.to(z_ptr.dtype.element_ty), mask=(m < M) & (n < N))

    (M, K), N = a.shape, b.size(1)
    out = a.new_empty((M, N))
    programs = triton.cdiv(M, 32) * triton.cdiv(N, 32)
    kernel[(programs,)](a, b, out, M, N, K, *a.stride(), *b.stride(), T=32, S=16)
    return out


@right("matmul")
def the_product_of_the_transposes(a, b):
    @triton.jit
    def kernel(a_ptr, b_ptr, c_ptr, M, N, K, am, ak, bk, bn, B: tl.constexpr):
        m = tl.program_id(1) * B + tl.arange(0, B)
        n = tl.program_id(0) * B + tl.arange(0, B)
        sums = tl.zeros((B, B), tl.float32)  # of the transpose of C
        for step in range(tl.cdiv(K, B)):
            k = step * B + tl.arange(0, B)
            b_in, a_in = (n[:, None] < N) & (k < K)[None, :], (k[:, None] < K) & (m < M)[None, :]
            right_side = tl.load(b_ptr + n[:, None] * bn + k[None, :] * bk, mask=b_in, other=0.0)
            left_side = tl.load(a_ptr + k[:, None] * ak + m[None, :] * am, mask=a_in, other=0.0)
            sums = tl.dot(right_side, left_side, sums, input_precision="ieee")
        where = m[:, None] * N + n[None, :]
        tl.store(c_ptr + where, tl.trans(sums), mask=(m[:, None] < M) & (n[None, :] < N))

    M, K, N = a.shape[0], a.shape[1], b.shape[1]
    c = torch.zeros(M, N, dtype=a.dtype, device=a.device)
    kernel[triton.cdiv(N, 32), triton.cdiv(M, 32)](a, b, c, M, N, K, *a.stride(), *b.stride(), B=32)
    return c


# layer_norm ---------------------------------------------------------------------------------


@wrong("layer_norm", caught_by="layer_norm_counts_the_rows_own_elements", says="they hold −mean")
def counts_the_padding_in_the_variance(x, w, b, eps):
    @triton.jit
    def kernel(x_ptr, w_ptr, b_ptr, y_ptr, mean_ptr, rstd_ptr, N, x_row, eps, BLOCK: tl.constexpr):
        row = tl.program_id(0)
        n = tl.arange(0, BLOCK)
        inside = n < N
        x = tl.load(x_ptr + row * x_row + n, mask=inside, other=0.0).to(tl.float32)
        mean = tl.sum(x, axis=0) / N
        centred = x - mean
        rstd = 1 / tl.sqrt(tl.sum(centred * centred, axis=0) / N + eps)
        w = tl.load(w_ptr + n, mask=inside).to(tl.float32)
        b = tl.load(b_ptr + n, mask=inside).to(tl.float32)
        tl.store(y_ptr + row * N + n, centred * rstd * w + b, mask=inside)
        tl.store(mean_ptr + row, mean)
        tl.store(rstd_ptr + row, rstd)

    M, N = x.shape
    y = torch.empty((M, N), dtype=x.dtype, device=x.device)
    mean = torch.empty((M,), dtype=torch.float32, device=x.device)
    rstd = torch.empty((M,), dtype=torch.float32, device=x.device)
    BLOCK = triton.next_power_of_2(N)
    kernel[(M,)](x, w, b, y, mean, rstd, N, x.stride(0), eps, BLOCK=BLOCK)
    return y, mean, rstd


@wrong("layer_norm", caught_by="layer_norm_counts_the_rows_own_elements", says="numbers are wrong")
def divides_by_the_block(x, w, b, eps):
    @triton.jit
    def kernel(x_ptr, w_ptr, b_ptr, y_ptr, mean_ptr, rstd_ptr, N, x_row, eps, BLOCK: tl.constexpr):
        row = tl.program_id(0)
        n = tl.arange(0, BLOCK)
        inside = n < N
        x = tl.load(x_ptr + row * x_row + n, mask=inside, other=0.0).to(tl.float32)
        mean = tl.sum(x, axis=0) / BLOCK
        centred = tl.where(inside, x - mean, 0.0)
        rstd = 1 / tl.sqrt(tl.sum(centred * centred, axis=0) / BLOCK + eps)
        w = tl.load(w_ptr + n, mask=inside).to(tl.float32)
        b = tl.load(b_ptr + n, mask=inside).to(tl.float32)
        tl.store(y_ptr + row * N + n, centred * rstd * w + b, mask=inside)
        tl.store(mean_ptr + row, mean)
        tl.store(rstd_ptr + row, rstd)

    M, N = x.shape
    y = torch.empty((M, N), dtype=x.dtype, device=x.device)
    mean = torch.empty((M,), dtype=torch.float32, device=x.device)
    rstd = torch.empty((M,), dtype=torch.float32, device=x.device)
    BLOCK = triton.next_power_of_2(N)
    kernel[(M,)](x, w, b, y, mean, rstd, N, x.stride(0), eps, BLOCK=BLOCK)
    return y, mean, rstd


@wrong("layer_norm", caught_by="layer_norm_counts_the_rows_own_elements", says="not by N − 1")
def divides_by_one_less(x, w, b, eps):
    @triton.jit
    def kernel(x_ptr, w_ptr, b_ptr, y_ptr, mean_ptr, rstd_ptr, N, x_row, eps, BLOCK: tl.constexpr):
        row = tl.program_id(0)
        n = tl.arange(0, BLOCK)
        inside = n < N
        x = tl.load(x_ptr + row * x_row + n, mask=inside, other=0.0).to(tl.float32)
        mean = tl.sum(x, axis=0) / N
        centred = tl.where(inside, x - mean, 0.0)
        rstd = 1 / tl.sqrt(tl.sum(centred * centred, axis=0) / (N - 1) + eps)
        w = tl.load(w_ptr + n, mask=inside).to(tl.float32)
        b = tl.load(b_ptr + n, mask=inside).to(tl.float32)
        tl.store(y_ptr + row * N + n, centred * rstd * w + b, mask=inside)
        tl.store(mean_ptr + row, mean)
        tl.store(rstd_ptr + row, rstd)

    M, N = x.shape
    y = torch.empty((M, N), dtype=x.dtype, device=x.device)
    mean = torch.empty((M,), dtype=torch.float32, device=x.device)
    rstd = torch.empty((M,), dtype=torch.float32, device=x.device)
    BLOCK = triton.next_power_of_2(N)
    kernel[(M,)](x, w, b, y, mean, rstd, N, x.stride(0), eps, BLOCK=BLOCK)
    return y, mean, rstd


@wrong("layer_norm", caught_by="layer_norm_counts_the_rows_own_elements", says="w and b included")
def forgets_weights_and_biases(x, w, b, eps):
    @triton.jit
    def kernel(x_ptr, w_ptr, b_ptr, y_ptr, mean_ptr, rstd_ptr, N, x_row, eps, BLOCK: tl.constexpr):
        row = tl.program_id(0)
        n = tl.arange(0, BLOCK)
        inside = n < N
        x = tl.load(x_ptr + row * x_row + n, mask=inside, other=0.0).to(tl.float32)
        mean = tl.sum(x, axis=0) / N
        centred = tl.where(inside, x - mean, 0.0)
        rstd = 1 / tl.sqrt(tl.sum(centred * centred, axis=0) / N + eps)
        w = tl.load(w_ptr + n, mask=inside).to(tl.float32)
        b = tl.load(b_ptr + n, mask=inside).to(tl.float32)
        tl.store(y_ptr + row * N + n, centred * rstd, mask=inside)
        tl.store(mean_ptr + row, mean)
        tl.store(rstd_ptr + row, rstd)

    M, N = x.shape
    y = torch.empty((M, N), dtype=x.dtype, device=x.device)
    mean = torch.empty((M,), dtype=torch.float32, device=x.device)
    rstd = torch.empty((M,), dtype=torch.float32, device=x.device)
    BLOCK = triton.next_power_of_2(N)
    kernel[(M,)](x, w, b, y, mean, rstd, N, x.stride(0), eps, BLOCK=BLOCK)
    return y, mean, rstd


@wrong("layer_norm", caught_by="layer_norm_counts_the_rows_own_elements", says="expected 3 tensors")
def returns_the_result_only(x, w, b, eps):
    @triton.jit
    def kernel(x_ptr, w_ptr, b_ptr, y_ptr, mean_ptr, rstd_ptr, N, x_row, eps, BLOCK: tl.constexpr):
        row = tl.program_id(0)
        n = tl.arange(0, BLOCK)
        inside = n < N
        x = tl.load(x_ptr + row * x_row + n, mask=inside, other=0.0).to(tl.float32)
        mean = tl.sum(x, axis=0) / N
        centred = tl.where(inside, x - mean, 0.0)
        rstd = 1 / tl.sqrt(tl.sum(centred * centred, axis=0) / N + eps)
        w = tl.load(w_ptr + n, mask=inside).to(tl.float32)
        b = tl.load(b_ptr + n, mask=inside).to(tl.float32)
        tl.store(y_ptr + row * N + n, centred * rstd * w + b, mask=inside)
        tl.store(mean_ptr + row, mean)
        tl.store(rstd_ptr + row, rstd)

    M, N = x.shape
    y = torch.empty((M, N), dtype=x.dtype, device=x.device)
    mean = torch.empty((M,), dtype=torch.float32, device=x.device)
    rstd = torch.empty((M,), dtype=torch.float32, device=x.device)
    BLOCK = triton.next_power_of_2(N)
    kernel[(M,)](x, w, b, y, mean, rstd, N, x.stride(0), eps, BLOCK=BLOCK)
    return y


@wrong(
    "layer_norm", caught_by="layer_norm_counts_the_rows_own_elements", says="torch computed inside"
)
def lets_torch_take_the_mean(x, w, b, eps):
    @triton.jit
    def kernel(x_ptr, w_ptr, b_ptr, y_ptr, mean_ptr, rstd_ptr, N, x_row, eps, BLOCK: tl.constexpr):
        row = tl.program_id(0)
        n = tl.arange(0, BLOCK)
        inside = n < N
        x = tl.load(x_ptr + row * x_row + n, mask=inside, other=0.0).to(tl.float32)
        mean = tl.sum(x, axis=0) / N
        centred = tl.where(inside, x - mean, 0.0)
        rstd = 1 / tl.sqrt(tl.sum(centred * centred, axis=0) / N + eps)
        w = tl.load(w_ptr + n, mask=inside).to(tl.float32)
        b = tl.load(b_ptr + n, mask=inside).to(tl.float32)
        tl.store(y_ptr + row * N + n, centred * rstd * w + b, mask=inside)
        tl.store(mean_ptr + row, mean)
        tl.store(rstd_ptr + row, rstd)

    M, N = x.shape
    y = torch.empty((M, N), dtype=x.dtype, device=x.device)
    mean = x.float().mean(dim=1)
    rstd = torch.empty((M,), dtype=torch.float32, device=x.device)
    BLOCK = triton.next_power_of_2(N)
    kernel[(M,)](x, w, b, y, mean, rstd, N, x.stride(0), eps, BLOCK=BLOCK)
    return y, mean, rstd


@wrong("layer_norm", caught_by="layer_norm_counts_the_rows_own_elements", says="instead of")
def writes_the_biases(x, w, b, eps):
    @triton.jit
    def kernel(x_ptr, w_ptr, b_ptr, y_ptr, mean_ptr, rstd_ptr, N, x_row, eps, BLOCK: tl.constexpr):
        row = tl.program_id(0)
        n = tl.arange(0, BLOCK)
        inside = n < N
        x = tl.load(x_ptr + row * x_row + n, mask=inside, other=0.0).to(tl.float32)
        mean = tl.sum(x, axis=0) / N
        centred = tl.where(inside, x - mean, 0.0)
        rstd = 1 / tl.sqrt(tl.sum(centred * centred, axis=0) / N + eps)
        w = tl.load(w_ptr + n, mask=inside).to(tl.float32)
        b = tl.load(b_ptr + n, mask=inside).to(tl.float32)
        tl.store(y_ptr + row * N + n, b, mask=inside)
        tl.store(mean_ptr + row, mean)
        tl.store(rstd_ptr + row, rstd)

    M, N = x.shape
    y = torch.empty((M, N), dtype=x.dtype, device=x.device)
    mean = torch.empty((M,), dtype=torch.float32, device=x.device)
    rstd = torch.empty((M,), dtype=torch.float32, device=x.device)
    BLOCK = triton.next_power_of_2(N)
    kernel[(M,)](x, w, b, y, mean, rstd, N, x.stride(0), eps, BLOCK=BLOCK)
    return y, mean, rstd


@wrong(
    "layer_norm", caught_by="layer_norm_counts_the_rows_own_elements", says="No kernel was launched"
)
def looks_up_the_expected_result_too(x, w, b, eps):
    import sys

    frame = sys._getframe()
    while "plain" not in frame.f_locals:
        frame = frame.f_back
    return frame.f_locals["plain"](x, w, b, eps)


@wrong("layer_norm", caught_by="layer_norm_survives_a_large_mean", says="do not cancel")
def mean_of_squares_minus_square_of_mean(x, w, b, eps):
    @triton.jit
    def kernel(x_ptr, w_ptr, b_ptr, y_ptr, mean_ptr, rstd_ptr, N, x_row, eps, BLOCK: tl.constexpr):
        row = tl.program_id(0)
        n = tl.arange(0, BLOCK)
        inside = n < N
        x = tl.load(x_ptr + row * x_row + n, mask=inside, other=0.0).to(tl.float32)
        mean = tl.sum(x, axis=0) / N
        centred = tl.where(inside, x - mean, 0.0)
        rstd = 1 / tl.sqrt(tl.sum(x * x, axis=0) / N - mean * mean + eps)
        w = tl.load(w_ptr + n, mask=inside).to(tl.float32)
        b = tl.load(b_ptr + n, mask=inside).to(tl.float32)
        tl.store(y_ptr + row * N + n, centred * rstd * w + b, mask=inside)
        tl.store(mean_ptr + row, mean)
        tl.store(rstd_ptr + row, rstd)

    M, N = x.shape
    y = torch.empty((M, N), dtype=x.dtype, device=x.device)
    mean = torch.empty((M,), dtype=torch.float32, device=x.device)
    rstd = torch.empty((M,), dtype=torch.float32, device=x.device)
    BLOCK = triton.next_power_of_2(N)
    kernel[(M,)](x, w, b, y, mean, rstd, N, x.stride(0), eps, BLOCK=BLOCK)
    return y, mean, rstd


@wrong("layer_norm", caught_by="layer_norm_survives_a_large_mean", says="inside the root")
def eps_outside_the_root(x, w, b, eps):
    @triton.jit
    def kernel(x_ptr, w_ptr, b_ptr, y_ptr, mean_ptr, rstd_ptr, N, x_row, eps, BLOCK: tl.constexpr):
        row = tl.program_id(0)
        n = tl.arange(0, BLOCK)
        inside = n < N
        x = tl.load(x_ptr + row * x_row + n, mask=inside, other=0.0).to(tl.float32)
        mean = tl.sum(x, axis=0) / N
        centred = tl.where(inside, x - mean, 0.0)
        rstd = 1 / (tl.sqrt(tl.sum(centred * centred, axis=0) / N) + eps)
        w = tl.load(w_ptr + n, mask=inside).to(tl.float32)
        b = tl.load(b_ptr + n, mask=inside).to(tl.float32)
        tl.store(y_ptr + row * N + n, centred * rstd * w + b, mask=inside)
        tl.store(mean_ptr + row, mean)
        tl.store(rstd_ptr + row, rstd)

    M, N = x.shape
    y = torch.empty((M, N), dtype=x.dtype, device=x.device)
    mean = torch.empty((M,), dtype=torch.float32, device=x.device)
    rstd = torch.empty((M,), dtype=torch.float32, device=x.device)
    BLOCK = triton.next_power_of_2(N)
    kernel[(M,)](x, w, b, y, mean, rstd, N, x.stride(0), eps, BLOCK=BLOCK)
    return y, mean, rstd


@wrong("layer_norm", caught_by="layer_norm_reads_each_row_once", says="3.00 times each")
def loads_the_row_three_times(x, w, b, eps):
    @triton.jit
    def kernel(x_ptr, w_ptr, b_ptr, y_ptr, mean_ptr, rstd_ptr, N, x_row, eps, BLOCK: tl.constexpr):
        row = tl.program_id(0)
        n = tl.arange(0, BLOCK)
        inside = n < N
        x = tl.load(x_ptr + row * x_row + n, mask=inside, other=0.0).to(tl.float32)
        mean = tl.sum(x, axis=0) / N
        x = tl.load(x_ptr + row * x_row + n, mask=inside, other=0.0).to(tl.float32)
        centred = tl.where(inside, x - mean, 0.0)
        rstd = 1 / tl.sqrt(tl.sum(centred * centred, axis=0) / N + eps)
        x = tl.load(x_ptr + row * x_row + n, mask=inside, other=0.0).to(tl.float32)
        centred = x - mean
        w = tl.load(w_ptr + n, mask=inside).to(tl.float32)
        b = tl.load(b_ptr + n, mask=inside).to(tl.float32)
        tl.store(y_ptr + row * N + n, centred * rstd * w + b, mask=inside)
        tl.store(mean_ptr + row, mean)
        tl.store(rstd_ptr + row, rstd)

    M, N = x.shape
    y = torch.empty((M, N), dtype=x.dtype, device=x.device)
    mean = torch.empty((M,), dtype=torch.float32, device=x.device)
    rstd = torch.empty((M,), dtype=torch.float32, device=x.device)
    BLOCK = triton.next_power_of_2(N)
    kernel[(M,)](x, w, b, y, mean, rstd, N, x.stride(0), eps, BLOCK=BLOCK)
    return y, mean, rstd


@wrong("layer_norm", caught_by="layer_norm_reads_each_row_once", says="of out[0], which has")
def stretches_what_it_wrote(x, w, b, eps):
    @triton.jit
    def kernel(x_ptr, w_ptr, b_ptr, y_ptr, mean_ptr, rstd_ptr, N, x_row, eps, BLOCK: tl.constexpr):
        row = tl.program_id(0)
        n = tl.arange(0, BLOCK)
        inside = n < N
        x = tl.load(x_ptr + row * x_row + n, mask=inside, other=0.0).to(tl.float32)
        mean = tl.sum(x, axis=0) / N
        centred = tl.where(inside, x - mean, 0.0)
        rstd = 1 / tl.sqrt(tl.sum(centred * centred, axis=0) / N + eps)
        w = tl.load(w_ptr + n, mask=inside).to(tl.float32)
        b = tl.load(b_ptr + n, mask=inside).to(tl.float32)
        tl.store(y_ptr + row * N + n, centred * rstd, mask=inside)
        y = tl.load(y_ptr + row * N + n, mask=inside)
        tl.store(y_ptr + row * N + n, y * w + b, mask=inside)
        tl.store(mean_ptr + row, mean)
        tl.store(rstd_ptr + row, rstd)

    M, N = x.shape
    y = torch.empty((M, N), dtype=x.dtype, device=x.device)
    mean = torch.empty((M,), dtype=torch.float32, device=x.device)
    rstd = torch.empty((M,), dtype=torch.float32, device=x.device)
    BLOCK = triton.next_power_of_2(N)
    kernel[(M,)](x, w, b, y, mean, rstd, N, x.stride(0), eps, BLOCK=BLOCK)
    return y, mean, rstd


@wrong("layer_norm", caught_by="layer_norm_compiles_for_a_gpu", says="tl.constexpr")
def block_is_no_constant(x, w, b, eps):
    @triton.jit
    def kernel(x_ptr, w_ptr, b_ptr, y_ptr, mean_ptr, rstd_ptr, N, x_row, eps, BLOCK):
        row = tl.program_id(0)
        n = tl.arange(0, BLOCK)
        inside = n < N
        x = tl.load(x_ptr + row * x_row + n, mask=inside, other=0.0).to(tl.float32)
        mean = tl.sum(x, axis=0) / N
        centred = tl.where(inside, x - mean, 0.0)
        rstd = 1 / tl.sqrt(tl.sum(centred * centred, axis=0) / N + eps)
        w = tl.load(w_ptr + n, mask=inside).to(tl.float32)
        b = tl.load(b_ptr + n, mask=inside).to(tl.float32)
        tl.store(y_ptr + row * N + n, centred * rstd * w + b, mask=inside)
        tl.store(mean_ptr + row, mean)
        tl.store(rstd_ptr + row, rstd)

    M, N = x.shape
    y = torch.empty((M, N), dtype=x.dtype, device=x.device)
    mean = torch.empty((M,), dtype=torch.float32, device=x.device)
    rstd = torch.empty((M,), dtype=torch.float32, device=x.device)
    BLOCK = triton.next_power_of_2(N)
    kernel[(M,)](x, w, b, y, mean, rstd, N, x.stride(0), eps, BLOCK=BLOCK)
    return y, mean, rstd


@right("layer_norm")
def four_rows_a_program(x, w, b, eps):
    @triton.jit
    def kernel(
        x_ptr, w_ptr, b_ptr, y_ptr, mean_ptr, rstd_ptr, M, N, x_row, eps,
        ROWS: tl.constexpr, BLOCK: tl.constexpr,
    ):  # fmt: skip
        m = tl.program_id(0) * ROWS + tl.arange(0, ROWS)
        n = tl.arange(0, BLOCK)[None, :]
        inside = (m[:, None] < M) & (n < N)
        x = tl.load(x_ptr + m[:, None] * x_row + n, mask=inside, other=0.0).to(tl.float32)
        mean = tl.sum(x, axis=1) / N
        x = tl.where(inside, x - mean[:, None], 0.0)
        rstd = tl.rsqrt(tl.sum(x * x, axis=1) / N + eps)
        w = tl.load(w_ptr + n, mask=n < N, other=0.0).to(tl.float32)
        b = tl.load(b_ptr + n, mask=n < N, other=0.0).to(tl.float32)
        y = x * rstd[:, None] * w + b
        tl.store(y_ptr + m[:, None] * N + n, y, mask=inside)
        tl.store(mean_ptr + m, mean, mask=m < M)
        tl.store(rstd_ptr + m, rstd, mask=m < M)

    M, N = x.shape
    y = x.new_empty((M, N))
    mean, rstd = torch.empty((2, M), dtype=torch.float32, device=x.device).unbind()
    block = triton.next_power_of_2(N)
    grid = (triton.cdiv(M, 4),)
    kernel[grid](x, w, b, y, mean, rstd, M, N, x.stride(0), eps, ROWS=4, BLOCK=block)
    return y, mean, rstd


@right("layer_norm")
def the_mean_as_a_sum_of_shares(x, w, b, eps):
    @triton.jit
    def kernel(x_ptr, w_ptr, b_ptr, y_ptr, mean_ptr, rstd_ptr, N, x_row, eps, BLOCK: tl.constexpr):
        row = tl.program_id(0)
        n = tl.arange(0, BLOCK)
        inside = n < N
        x = tl.load(x_ptr + row * x_row + n, mask=inside, other=0.0).to(tl.float32)
        mean = tl.sum(x / N, axis=0)
        centred = (x - mean) * inside.to(tl.float32)
        variance = tl.sum(centred * (centred / N), axis=0)
        rstd = tl.rsqrt(variance + eps)
        w = tl.load(w_ptr + n, mask=inside).to(tl.float32)
        b = tl.load(b_ptr + n, mask=inside).to(tl.float32)
        tl.store(y_ptr + row * N + n, centred * rstd * w + b, mask=inside)
        tl.store(mean_ptr + row, mean)
        tl.store(rstd_ptr + row, rstd)

    M, N = x.shape
    y = torch.empty((M, N), dtype=x.dtype, device=x.device)
    mean = torch.empty((M,), dtype=torch.float32, device=x.device)
    rstd = torch.empty((M,), dtype=torch.float32, device=x.device)
    BLOCK = triton.next_power_of_2(N)
    kernel[(M,)](x, w, b, y, mean, rstd, N, x.stride(0), eps, BLOCK=BLOCK)
    return y, mean, rstd


# layer_norm_backward ------------------------------------------------------------------------


@wrong(
    "layer_norm_backward", caught_by="layer_norm_backward_follows_the_chain_rule", says="three ways"
)
def forgets_that_x_moves_the_mean(dy, x, w, mean, rstd):
    @triton.jit
    def kernel(
        dy_ptr, x_ptr, w_ptr, mean_ptr, rstd_ptr, dx_ptr, dw_ptr, db_ptr, N, BLOCK: tl.constexpr
    ):
        row = tl.program_id(0)
        n = tl.arange(0, BLOCK)
        inside = n < N
        mean = tl.load(mean_ptr + row)
        rstd = tl.load(rstd_ptr + row)
        dy = tl.load(dy_ptr + row * N + n, mask=inside, other=0.0).to(tl.float32)
        x = tl.load(x_ptr + row * N + n, mask=inside, other=0.0).to(tl.float32)
        w = tl.load(w_ptr + n, mask=inside, other=0.0).to(tl.float32)
        x_hat = tl.where(inside, (x - mean) * rstd, 0.0)
        g = dy * w
        g_mean = tl.sum(g, axis=0) / N
        g_x_mean = tl.sum(g * x_hat, axis=0) / N
        tl.store(dx_ptr + row * N + n, rstd * (g - x_hat * g_x_mean), mask=inside)
        tl.atomic_add(dw_ptr + n, dy * x_hat, mask=inside)
        tl.atomic_add(db_ptr + n, dy, mask=inside)

    M, N = x.shape
    dx = torch.empty((M, N), dtype=x.dtype, device=x.device)
    dw = torch.zeros((N,), dtype=torch.float32, device=x.device)
    db = torch.zeros((N,), dtype=torch.float32, device=x.device)
    block = triton.next_power_of_2(N)
    kernel[(M,)](dy, x, w, mean, rstd, dx, dw, db, N, BLOCK=block)
    return dx, dw, db


@wrong(
    "layer_norm_backward",
    caught_by="layer_norm_backward_follows_the_chain_rule",
    says="three terms",
)
def forgets_that_x_moves_the_spread(dy, x, w, mean, rstd):
    @triton.jit
    def kernel(
        dy_ptr, x_ptr, w_ptr, mean_ptr, rstd_ptr, dx_ptr, dw_ptr, db_ptr, N, BLOCK: tl.constexpr
    ):
        row = tl.program_id(0)
        n = tl.arange(0, BLOCK)
        inside = n < N
        mean = tl.load(mean_ptr + row)
        rstd = tl.load(rstd_ptr + row)
        dy = tl.load(dy_ptr + row * N + n, mask=inside, other=0.0).to(tl.float32)
        x = tl.load(x_ptr + row * N + n, mask=inside, other=0.0).to(tl.float32)
        w = tl.load(w_ptr + n, mask=inside, other=0.0).to(tl.float32)
        x_hat = tl.where(inside, (x - mean) * rstd, 0.0)
        g = dy * w
        g_mean = tl.sum(g, axis=0) / N
        g_x_mean = tl.sum(g * x_hat, axis=0) / N
        tl.store(dx_ptr + row * N + n, rstd * (g - g_mean), mask=inside)
        tl.atomic_add(dw_ptr + n, dy * x_hat, mask=inside)
        tl.atomic_add(db_ptr + n, dy, mask=inside)

    M, N = x.shape
    dx = torch.empty((M, N), dtype=x.dtype, device=x.device)
    dw = torch.zeros((N,), dtype=torch.float32, device=x.device)
    db = torch.zeros((N,), dtype=torch.float32, device=x.device)
    block = triton.next_power_of_2(N)
    kernel[(M,)](dy, x, w, mean, rstd, dx, dw, db, N, BLOCK=block)
    return dx, dw, db


@wrong(
    "layer_norm_backward",
    caught_by="layer_norm_backward_follows_the_chain_rule",
    says="with g = dy · w",
)
def forgets_the_weights(dy, x, w, mean, rstd):
    @triton.jit
    def kernel(
        dy_ptr, x_ptr, w_ptr, mean_ptr, rstd_ptr, dx_ptr, dw_ptr, db_ptr, N, BLOCK: tl.constexpr
    ):
        row = tl.program_id(0)
        n = tl.arange(0, BLOCK)
        inside = n < N
        mean = tl.load(mean_ptr + row)
        rstd = tl.load(rstd_ptr + row)
        dy = tl.load(dy_ptr + row * N + n, mask=inside, other=0.0).to(tl.float32)
        x = tl.load(x_ptr + row * N + n, mask=inside, other=0.0).to(tl.float32)
        w = tl.load(w_ptr + n, mask=inside, other=0.0).to(tl.float32)
        x_hat = tl.where(inside, (x - mean) * rstd, 0.0)
        g = dy + 0.0 * w
        g_mean = tl.sum(g, axis=0) / N
        g_x_mean = tl.sum(g * x_hat, axis=0) / N
        tl.store(dx_ptr + row * N + n, rstd * (g - g_mean - x_hat * g_x_mean), mask=inside)
        tl.atomic_add(dw_ptr + n, dy * x_hat, mask=inside)
        tl.atomic_add(db_ptr + n, dy, mask=inside)

    M, N = x.shape
    dx = torch.empty((M, N), dtype=x.dtype, device=x.device)
    dw = torch.zeros((N,), dtype=torch.float32, device=x.device)
    db = torch.zeros((N,), dtype=torch.float32, device=x.device)
    block = triton.next_power_of_2(N)
    kernel[(M,)](dy, x, w, mean, rstd, dx, dw, db, N, BLOCK=block)
    return dx, dw, db


@wrong(
    "layer_norm_backward",
    caught_by="layer_norm_backward_follows_the_chain_rule",
    says="over the N elements",
)
def takes_means_over_the_block(dy, x, w, mean, rstd):
    @triton.jit
    def kernel(
        dy_ptr, x_ptr, w_ptr, mean_ptr, rstd_ptr, dx_ptr, dw_ptr, db_ptr, N, BLOCK: tl.constexpr
    ):
        row = tl.program_id(0)
        n = tl.arange(0, BLOCK)
        inside = n < N
        mean = tl.load(mean_ptr + row)
        rstd = tl.load(rstd_ptr + row)
        dy = tl.load(dy_ptr + row * N + n, mask=inside, other=0.0).to(tl.float32)
        x = tl.load(x_ptr + row * N + n, mask=inside, other=0.0).to(tl.float32)
        w = tl.load(w_ptr + n, mask=inside, other=0.0).to(tl.float32)
        x_hat = tl.where(inside, (x - mean) * rstd, 0.0)
        g = dy * w
        g_mean = tl.sum(g, axis=0) / BLOCK
        g_x_mean = tl.sum(g * x_hat, axis=0) / BLOCK
        tl.store(dx_ptr + row * N + n, rstd * (g - g_mean - x_hat * g_x_mean), mask=inside)
        tl.atomic_add(dw_ptr + n, dy * x_hat, mask=inside)
        tl.atomic_add(db_ptr + n, dy, mask=inside)

    M, N = x.shape
    dx = torch.empty((M, N), dtype=x.dtype, device=x.device)
    dw = torch.zeros((N,), dtype=torch.float32, device=x.device)
    db = torch.zeros((N,), dtype=torch.float32, device=x.device)
    block = triton.next_power_of_2(N)
    kernel[(M,)](dy, x, w, mean, rstd, dx, dw, db, N, BLOCK=block)
    return dx, dw, db


@wrong(
    "layer_norm_backward",
    caught_by="layer_norm_backward_follows_the_chain_rule",
    says="sums dy · x̂",
)
def sums_x_instead_of_x_hat(dy, x, w, mean, rstd):
    @triton.jit
    def kernel(
        dy_ptr, x_ptr, w_ptr, mean_ptr, rstd_ptr, dx_ptr, dw_ptr, db_ptr, N, BLOCK: tl.constexpr
    ):
        row = tl.program_id(0)
        n = tl.arange(0, BLOCK)
        inside = n < N
        mean = tl.load(mean_ptr + row)
        rstd = tl.load(rstd_ptr + row)
        dy = tl.load(dy_ptr + row * N + n, mask=inside, other=0.0).to(tl.float32)
        x = tl.load(x_ptr + row * N + n, mask=inside, other=0.0).to(tl.float32)
        w = tl.load(w_ptr + n, mask=inside, other=0.0).to(tl.float32)
        x_hat = tl.where(inside, (x - mean) * rstd, 0.0)
        g = dy * w
        g_mean = tl.sum(g, axis=0) / N
        g_x_mean = tl.sum(g * x_hat, axis=0) / N
        tl.store(dx_ptr + row * N + n, rstd * (g - g_mean - x_hat * g_x_mean), mask=inside)
        tl.atomic_add(dw_ptr + n, dy * x, mask=inside)
        tl.atomic_add(db_ptr + n, dy, mask=inside)

    M, N = x.shape
    dx = torch.empty((M, N), dtype=x.dtype, device=x.device)
    dw = torch.zeros((N,), dtype=torch.float32, device=x.device)
    db = torch.zeros((N,), dtype=torch.float32, device=x.device)
    block = triton.next_power_of_2(N)
    kernel[(M,)](dy, x, w, mean, rstd, dx, dw, db, N, BLOCK=block)
    return dx, dw, db


@wrong(
    "layer_norm_backward",
    caught_by="layer_norm_backward_follows_the_chain_rule",
    says="nan instead of",
)
def adds_onto_whatever_was_there(dy, x, w, mean, rstd):
    @triton.jit
    def kernel(
        dy_ptr, x_ptr, w_ptr, mean_ptr, rstd_ptr, dx_ptr, dw_ptr, db_ptr, N, BLOCK: tl.constexpr
    ):
        row = tl.program_id(0)
        n = tl.arange(0, BLOCK)
        inside = n < N
        mean = tl.load(mean_ptr + row)
        rstd = tl.load(rstd_ptr + row)
        dy = tl.load(dy_ptr + row * N + n, mask=inside, other=0.0).to(tl.float32)
        x = tl.load(x_ptr + row * N + n, mask=inside, other=0.0).to(tl.float32)
        w = tl.load(w_ptr + n, mask=inside, other=0.0).to(tl.float32)
        x_hat = tl.where(inside, (x - mean) * rstd, 0.0)
        g = dy * w
        g_mean = tl.sum(g, axis=0) / N
        g_x_mean = tl.sum(g * x_hat, axis=0) / N
        tl.store(dx_ptr + row * N + n, rstd * (g - g_mean - x_hat * g_x_mean), mask=inside)
        tl.atomic_add(dw_ptr + n, dy * x_hat, mask=inside)
        tl.atomic_add(db_ptr + n, dy, mask=inside)

    M, N = x.shape
    dx = torch.empty((M, N), dtype=x.dtype, device=x.device)
    dw = torch.zeros((N,), dtype=torch.float32, device=x.device)
    db = torch.empty((N,), dtype=torch.float32, device=x.device)
    block = triton.next_power_of_2(N)
    kernel[(M,)](dy, x, w, mean, rstd, dx, dw, db, N, BLOCK=block)
    return dx, dw, db


@wrong(
    "layer_norm_backward",
    caught_by="layer_norm_backward_follows_the_chain_rule",
    says="torch computed inside",
)
def lets_torch_sum_over_the_rows(dy, x, w, mean, rstd):
    @triton.jit
    def kernel(
        dy_ptr, x_ptr, w_ptr, mean_ptr, rstd_ptr, dx_ptr, dw_ptr, db_ptr, N, BLOCK: tl.constexpr
    ):
        row = tl.program_id(0)
        n = tl.arange(0, BLOCK)
        inside = n < N
        mean = tl.load(mean_ptr + row)
        rstd = tl.load(rstd_ptr + row)
        dy = tl.load(dy_ptr + row * N + n, mask=inside, other=0.0).to(tl.float32)
        x = tl.load(x_ptr + row * N + n, mask=inside, other=0.0).to(tl.float32)
        w = tl.load(w_ptr + n, mask=inside, other=0.0).to(tl.float32)
        x_hat = tl.where(inside, (x - mean) * rstd, 0.0)
        g = dy * w
        g_mean = tl.sum(g, axis=0) / N
        g_x_mean = tl.sum(g * x_hat, axis=0) / N
        tl.store(dx_ptr + row * N + n, rstd * (g - g_mean - x_hat * g_x_mean), mask=inside)
        tl.atomic_add(dw_ptr + n, dy * x_hat, mask=inside)
        tl.atomic_add(db_ptr + n, 0.0 * dy, mask=inside)

    M, N = x.shape
    dx = torch.empty((M, N), dtype=x.dtype, device=x.device)
    dw = torch.zeros((N,), dtype=torch.float32, device=x.device)
    db = torch.zeros((N,), dtype=torch.float32, device=x.device)
    block = triton.next_power_of_2(N)
    kernel[(M,)](dy, x, w, mean, rstd, dx, dw, db, N, BLOCK=block)
    return dx, dw, dy.float().sum(dim=0)


@wrong(
    "layer_norm_backward", caught_by="layer_norm_backward_follows_the_chain_rule", says="instead of"
)
def keeps_no_gradients(dy, x, w, mean, rstd):
    @triton.jit
    def kernel(
        dy_ptr, x_ptr, w_ptr, mean_ptr, rstd_ptr, dx_ptr, dw_ptr, db_ptr, N, BLOCK: tl.constexpr
    ):
        row = tl.program_id(0)
        n = tl.arange(0, BLOCK)
        inside = n < N
        mean = tl.load(mean_ptr + row)
        rstd = tl.load(rstd_ptr + row)
        dy = tl.load(dy_ptr + row * N + n, mask=inside, other=0.0).to(tl.float32)
        x = tl.load(x_ptr + row * N + n, mask=inside, other=0.0).to(tl.float32)
        w = tl.load(w_ptr + n, mask=inside, other=0.0).to(tl.float32)
        x_hat = tl.where(inside, (x - mean) * rstd, 0.0)
        g = dy * w
        g_mean = tl.sum(g, axis=0) / N
        g_x_mean = tl.sum(g * x_hat, axis=0) / N
        tl.store(dx_ptr + row * N + n, 0.0 * g, mask=inside)
        tl.atomic_add(dw_ptr + n, dy * x_hat, mask=inside)
        tl.atomic_add(db_ptr + n, dy, mask=inside)

    M, N = x.shape
    dx = torch.empty((M, N), dtype=x.dtype, device=x.device)
    dw = torch.zeros((N,), dtype=torch.float32, device=x.device)
    db = torch.zeros((N,), dtype=torch.float32, device=x.device)
    block = triton.next_power_of_2(N)
    kernel[(M,)](dy, x, w, mean, rstd, dx, dw, db, N, BLOCK=block)
    return dx, dw, db


@wrong(
    "layer_norm_backward",
    caught_by="layer_norm_backward_follows_the_chain_rule",
    says="No kernel was launched",
)
def looks_up_the_gradients(dy, x, w, mean, rstd):
    import sys

    frame = sys._getframe()
    while "plain" not in frame.f_locals:
        frame = frame.f_back
    return frame.f_locals["plain"](dy, x, w, mean, rstd)


@wrong(
    "layer_norm_backward",
    caught_by="layer_norm_backward_adds_without_a_race",
    says="Race: program (1, 0, 0)",
)
def loads_adds_and_stores(dy, x, w, mean, rstd):
    @triton.jit
    def kernel(
        dy_ptr, x_ptr, w_ptr, mean_ptr, rstd_ptr, dx_ptr, dw_ptr, db_ptr, N, BLOCK: tl.constexpr
    ):
        row = tl.program_id(0)
        n = tl.arange(0, BLOCK)
        inside = n < N
        mean = tl.load(mean_ptr + row)
        rstd = tl.load(rstd_ptr + row)
        dy = tl.load(dy_ptr + row * N + n, mask=inside, other=0.0).to(tl.float32)
        x = tl.load(x_ptr + row * N + n, mask=inside, other=0.0).to(tl.float32)
        w = tl.load(w_ptr + n, mask=inside, other=0.0).to(tl.float32)
        x_hat = tl.where(inside, (x - mean) * rstd, 0.0)
        g = dy * w
        g_mean = tl.sum(g, axis=0) / N
        g_x_mean = tl.sum(g * x_hat, axis=0) / N
        tl.store(dx_ptr + row * N + n, rstd * (g - g_mean - x_hat * g_x_mean), mask=inside)
        dw = tl.load(dw_ptr + n, mask=inside)
        tl.store(dw_ptr + n, dw + dy * x_hat, mask=inside)
        db = tl.load(db_ptr + n, mask=inside)
        tl.store(db_ptr + n, db + dy, mask=inside)

    M, N = x.shape
    dx = torch.empty((M, N), dtype=x.dtype, device=x.device)
    dw = torch.zeros((N,), dtype=torch.float32, device=x.device)
    db = torch.zeros((N,), dtype=torch.float32, device=x.device)
    block = triton.next_power_of_2(N)
    kernel[(M,)](dy, x, w, mean, rstd, dx, dw, db, N, BLOCK=block)
    return dx, dw, db


@wrong(
    "layer_norm_backward", caught_by="layer_norm_backward_adds_without_a_race", says="Out of bounds"
)
def lets_idle_lanes_add(dy, x, w, mean, rstd):
    @triton.jit
    def kernel(
        dy_ptr, x_ptr, w_ptr, mean_ptr, rstd_ptr, dx_ptr, dw_ptr, db_ptr, N, BLOCK: tl.constexpr
    ):
        row = tl.program_id(0)
        n = tl.arange(0, BLOCK)
        inside = n < N
        mean = tl.load(mean_ptr + row)
        rstd = tl.load(rstd_ptr + row)
        dy = tl.load(dy_ptr + row * N + n, mask=inside, other=0.0).to(tl.float32)
        x = tl.load(x_ptr + row * N + n, mask=inside, other=0.0).to(tl.float32)
        w = tl.load(w_ptr + n, mask=inside, other=0.0).to(tl.float32)
        x_hat = tl.where(inside, (x - mean) * rstd, 0.0)
        g = dy * w
        g_mean = tl.sum(g, axis=0) / N
        g_x_mean = tl.sum(g * x_hat, axis=0) / N
        tl.store(dx_ptr + row * N + n, rstd * (g - g_mean - x_hat * g_x_mean), mask=inside)
        tl.atomic_add(dw_ptr + n, dy * x_hat)
        tl.atomic_add(db_ptr + n, dy, mask=inside)

    M, N = x.shape
    dx = torch.empty((M, N), dtype=x.dtype, device=x.device)
    dw = torch.zeros((N,), dtype=torch.float32, device=x.device)
    db = torch.zeros((N,), dtype=torch.float32, device=x.device)
    block = triton.next_power_of_2(N)
    kernel[(M,)](dy, x, w, mean, rstd, dx, dw, db, N, BLOCK=block)
    return dx, dw, db


@wrong("layer_norm_backward", caught_by="layer_norm_backward_reads_once", says="of x, which has")
def reads_x_again_for_dw(dy, x, w, mean, rstd):
    @triton.jit
    def kernel(
        dy_ptr, x_ptr, w_ptr, mean_ptr, rstd_ptr, dx_ptr, dw_ptr, db_ptr, N, BLOCK: tl.constexpr
    ):
        row = tl.program_id(0)
        n = tl.arange(0, BLOCK)
        inside = n < N
        mean = tl.load(mean_ptr + row)
        rstd = tl.load(rstd_ptr + row)
        dy = tl.load(dy_ptr + row * N + n, mask=inside, other=0.0).to(tl.float32)
        x = tl.load(x_ptr + row * N + n, mask=inside, other=0.0).to(tl.float32)
        w = tl.load(w_ptr + n, mask=inside, other=0.0).to(tl.float32)
        x_hat = tl.where(inside, (x - mean) * rstd, 0.0)
        g = dy * w
        g_mean = tl.sum(g, axis=0) / N
        g_x_mean = tl.sum(g * x_hat, axis=0) / N
        tl.store(dx_ptr + row * N + n, rstd * (g - g_mean - x_hat * g_x_mean), mask=inside)
        x = tl.load(x_ptr + row * N + n, mask=inside, other=0.0).to(tl.float32)
        tl.atomic_add(dw_ptr + n, dy * ((x - mean) * rstd), mask=inside)
        tl.atomic_add(db_ptr + n, dy, mask=inside)

    M, N = x.shape
    dx = torch.empty((M, N), dtype=x.dtype, device=x.device)
    dw = torch.zeros((N,), dtype=torch.float32, device=x.device)
    db = torch.zeros((N,), dtype=torch.float32, device=x.device)
    block = triton.next_power_of_2(N)
    kernel[(M,)](dy, x, w, mean, rstd, dx, dw, db, N, BLOCK=block)
    return dx, dw, db


@wrong("layer_norm_backward", caught_by="layer_norm_backward_reads_once", says="2.00 times each")
def takes_mean_and_spread_again(dy, x, w, mean, rstd):
    @triton.jit
    def kernel(
        dy_ptr, x_ptr, w_ptr, mean_ptr, rstd_ptr, dx_ptr, dw_ptr, db_ptr, N, BLOCK: tl.constexpr
    ):
        row = tl.program_id(0)
        n = tl.arange(0, BLOCK)
        inside = n < N
        first = tl.load(x_ptr + row * N + n, mask=inside, other=0.0).to(tl.float32)
        mean = tl.sum(first, axis=0) / N
        first = tl.where(inside, first - mean, 0.0)
        rstd = 1 / tl.sqrt(tl.sum(first * first, axis=0) / N + 1e-5)
        dy = tl.load(dy_ptr + row * N + n, mask=inside, other=0.0).to(tl.float32)
        x = tl.load(x_ptr + row * N + n, mask=inside, other=0.0).to(tl.float32)
        w = tl.load(w_ptr + n, mask=inside, other=0.0).to(tl.float32)
        x_hat = tl.where(inside, (x - mean) * rstd, 0.0)
        g = dy * w
        g_mean = tl.sum(g, axis=0) / N
        g_x_mean = tl.sum(g * x_hat, axis=0) / N
        tl.store(dx_ptr + row * N + n, rstd * (g - g_mean - x_hat * g_x_mean), mask=inside)
        tl.atomic_add(dw_ptr + n, dy * x_hat, mask=inside)
        tl.atomic_add(db_ptr + n, dy, mask=inside)

    M, N = x.shape
    dx = torch.empty((M, N), dtype=x.dtype, device=x.device)
    dw = torch.zeros((N,), dtype=torch.float32, device=x.device)
    db = torch.zeros((N,), dtype=torch.float32, device=x.device)
    block = triton.next_power_of_2(N)
    kernel[(M,)](dy, x, w, mean, rstd, dx, dw, db, N, BLOCK=block)
    return dx, dw, db


@wrong(
    "layer_norm_backward", caught_by="layer_norm_backward_compiles_for_a_gpu", says="tl.constexpr"
)
def block_without_constexpr(dy, x, w, mean, rstd):
    @triton.jit
    def kernel(dy_ptr, x_ptr, w_ptr, mean_ptr, rstd_ptr, dx_ptr, dw_ptr, db_ptr, N, BLOCK):
        row = tl.program_id(0)
        n = tl.arange(0, BLOCK)
        inside = n < N
        mean = tl.load(mean_ptr + row)
        rstd = tl.load(rstd_ptr + row)
        dy = tl.load(dy_ptr + row * N + n, mask=inside, other=0.0).to(tl.float32)
        x = tl.load(x_ptr + row * N + n, mask=inside, other=0.0).to(tl.float32)
        w = tl.load(w_ptr + n, mask=inside, other=0.0).to(tl.float32)
        x_hat = tl.where(inside, (x - mean) * rstd, 0.0)
        g = dy * w
        g_mean = tl.sum(g, axis=0) / N
        g_x_mean = tl.sum(g * x_hat, axis=0) / N
        tl.store(dx_ptr + row * N + n, rstd * (g - g_mean - x_hat * g_x_mean), mask=inside)
        tl.atomic_add(dw_ptr + n, dy * x_hat, mask=inside)
        tl.atomic_add(db_ptr + n, dy, mask=inside)

    M, N = x.shape
    dx = torch.empty((M, N), dtype=x.dtype, device=x.device)
    dw = torch.zeros((N,), dtype=torch.float32, device=x.device)
    db = torch.zeros((N,), dtype=torch.float32, device=x.device)
    block = triton.next_power_of_2(N)
    kernel[(M,)](dy, x, w, mean, rstd, dx, dw, db, N, BLOCK=block)
    return dx, dw, db


@right("layer_norm_backward")
def sums_of_its_own_for_each_program(dy, x, w, mean, rstd):
    @triton.jit
    def rows(dy_ptr, x_ptr, w_ptr, mean_ptr, rstd_ptr, dx_ptr, part_ptr, M, N, BLOCK: tl.constexpr):
        n = tl.arange(0, BLOCK)
        inside = n < N
        w = tl.load(w_ptr + n, mask=inside, other=0.0).to(tl.float32)
        dw = tl.zeros((BLOCK,), tl.float32)
        db = tl.zeros((BLOCK,), tl.float32)
        for row in range(tl.program_id(0), M, tl.num_programs(0)):
            dy = tl.load(dy_ptr + row * N + n, mask=inside, other=0.0).to(tl.float32)
            x = tl.load(x_ptr + row * N + n, mask=inside, other=0.0).to(tl.float32)
            r = tl.load(rstd_ptr + row)
            x_hat = tl.where(inside, (x - tl.load(mean_ptr + row)) * r, 0.0)
            g = dy * w
            along = x_hat * (tl.sum(x_hat * g, axis=0) / N)
            tl.store(dx_ptr + row * N + n, (g - (along + tl.sum(g, axis=0) / N)) * r, mask=inside)
            dw += dy * x_hat
            db += dy
        part_ptr += tl.program_id(0) * 2 * N
        tl.store(part_ptr + n, dw, mask=inside)
        tl.store(part_ptr + N + n, db, mask=inside)

    @triton.jit
    def together(part_ptr, dw_ptr, db_ptr, P, N, BLOCK: tl.constexpr):
        n = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
        dw = tl.zeros((BLOCK,), tl.float32)
        db = tl.zeros((BLOCK,), tl.float32)
        for p in range(P):
            dw += tl.load(part_ptr + 2 * p * N + n, mask=n < N, other=0.0)
            db += tl.load(part_ptr + 2 * p * N + N + n, mask=n < N, other=0.0)
        tl.store(dw_ptr + n, dw, mask=n < N)
        tl.store(db_ptr + n, db, mask=n < N)

    M, N = x.shape
    P = min(M, 2)
    dx = torch.empty_like(x)
    parts = torch.empty((P, 2, N), dtype=torch.float32, device=x.device)
    dw, db = torch.empty((2, N), dtype=torch.float32, device=x.device)
    rows[(P,)](dy, x, w, mean, rstd, dx, parts, M, N, BLOCK=triton.next_power_of_2(N))
    together[(triton.cdiv(N, 64),)](parts, dw, db, P, N, BLOCK=64)
    return dx, dw, db


@right("layer_norm_backward")
def one_program_for_all_rows(dy, x, w, mean, rstd):
    @triton.jit
    def kernel(
        dy_ptr, x_ptr, w_ptr, mean_ptr, rstd_ptr, dx_ptr, dw_ptr, db_ptr, M, N, BLOCK: tl.constexpr
    ):
        n = tl.arange(0, BLOCK)
        inside = n < N
        dw = tl.zeros((BLOCK,), tl.float32)
        db = tl.zeros((BLOCK,), tl.float32)
        w = tl.load(w_ptr + n, mask=inside, other=0.0).to(tl.float32)
        for row in range(M):
            mean = tl.load(mean_ptr + row)
            rstd = tl.load(rstd_ptr + row)
            dy = tl.load(dy_ptr + row * N + n, mask=inside, other=0.0).to(tl.float32)
            x = tl.load(x_ptr + row * N + n, mask=inside, other=0.0).to(tl.float32)
            x_hat = tl.where(inside, (x - mean) * rstd, 0.0)
            g = dy * w
            g_mean = tl.sum(g, axis=0) / N
            g_x_mean = tl.sum(g * x_hat, axis=0) / N
            tl.store(dx_ptr + row * N + n, rstd * (g - g_mean - x_hat * g_x_mean), mask=inside)
            dw += dy * x_hat
            db += dy
        tl.store(dw_ptr + n, dw, mask=inside)
        tl.store(db_ptr + n, db, mask=inside)

    M, N = x.shape
    dx = torch.empty((M, N), dtype=x.dtype, device=x.device)
    dw = torch.zeros((N,), dtype=torch.float32, device=x.device)
    db = torch.zeros((N,), dtype=torch.float32, device=x.device)
    block = triton.next_power_of_2(N)
    kernel[(1,)](dy, x, w, mean, rstd, dx, dw, db, M, N, BLOCK=block)
    return dx, dw, db
