"""Dropout whose mask is never stored: the same seed draws it again backward.

Sources: Srivastava et al. 2014 (dropout); Salmon et al. 2011, "Parallel random numbers: as easy as
1, 2, 3" (Philox; 7 rounds are the fewest that pass its tests).
Shapes: x, y (N,) after flattening. A number with probability p becomes 0, the others are divided by
1 − p. One call of Philox yields four numbers: a program of BLOCK elements uses each for a quarter.
"""

from typing import Any, NamedTuple

from kernels.configurations import chosen

import torch
import triton
import triton.language as tl

BLOCK = 4096  # elements a program; not for tuning: it decides who is dropped
ROUNDS = 7
MULTIPLIERS = (0xD2511F53, 0xCD9E8D57)  # Philox4x32, Salmon et al. table 2
KEYS = (0x9E3779B9, 0xBB67AE85)
WORD = 0xFFFFFFFF


def uniform(seed: int, N: int) -> torch.Tensor:
    """The N numbers in [0, 1) that the kernel draws: Philox4x32 in plain torch, float32 (N,)."""
    n = torch.arange(N)
    quarter = BLOCK // 4
    c = [n // BLOCK * quarter + n % quarter] + [torch.zeros_like(n) for _ in range(3)]
    key = [seed & WORD, seed >> 32 & WORD]
    for _ in range(ROUNDS):
        high0, low0 = _multiply(MULTIPLIERS[0], c[0])
        high1, low1 = _multiply(MULTIPLIERS[1], c[2])
        c = [high1 ^ c[1] ^ key[0], low1, high0 ^ c[3] ^ key[1], low0]
        key = [(k + step) & WORD for k, step in zip(key, KEYS, strict=True)]
    drawn = torch.stack(c).gather(0, (n % BLOCK // quarter)[None])[0]
    signed = torch.where(drawn >= 2**31, drawn - 2**32, drawn)
    return torch.where(signed < 0, -signed - 1, signed).float() * torch.tensor(4.6566127342e-10)


def _multiply(a: int, b: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Upper and lower 32 bits of the product of two 32-bit numbers, in int64 without overflow."""
    low = a * (b & 0xFFFF)
    high = a * (b >> 16) + (low >> 16)
    return high >> 16, ((high & 0xFFFF) << 16) | (low & 0xFFFF)


def reference(x: torch.Tensor, p: float, seed: int) -> torch.Tensor:
    """x with the numbers dropped that `uniform` puts below p, the others divided by 1 − p."""
    keep = (uniform(seed, x.numel()) >= p).reshape(x.shape).to(x.device)
    return torch.where(keep, x / (1 - p), 0.0)


@triton.jit
def dropout_kernel(x_ptr, y_ptr, N, p, scale, seed, ROUNDS: tl.constexpr, BLOCK: tl.constexpr):
    pid = tl.program_id(0)
    lane = tl.arange(0, BLOCK // 4)  # (BLOCK/4,)
    drawn = tl.rand4x(seed, pid * (BLOCK // 4) + lane, n_rounds=ROUNDS)  # 4 × (BLOCK/4,)
    for quarter in tl.static_range(4):
        n = pid.to(tl.int64) * BLOCK + quarter * (BLOCK // 4) + lane  # (BLOCK/4,)
        x = tl.load(x_ptr + n, mask=n < N)
        y = tl.where(drawn[quarter] >= p, x * scale, 0.0)
        tl.store(y_ptr + n, y, mask=n < N)


class Launch(NamedTuple):
    """How the GPU runs a program."""

    warps: int = 4


def _apply(x: torch.Tensor, p: float, seed: int) -> torch.Tensor:
    y = torch.empty_like(x)
    N = x.numel()
    if N:
        grid = (triton.cdiv(N, BLOCK),)
        dropout_kernel[grid](
            x, y, N, p, 1 / (1 - p), seed, ROUNDS=ROUNDS, BLOCK=BLOCK,
            num_warps=chosen("dropout", Launch(), x).warps,
        )  # fmt: skip
    return y


class _Dropout(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Any, p: float, seed: int) -> Any:
        ctx.options = p, seed
        return _apply(x, p, seed)

    @staticmethod
    def backward(ctx: Any, dy: Any) -> Any:
        return _apply(dy.contiguous(), *ctx.options), None, None  # the same mask, drawn again


def dropout(x: torch.Tensor, p: float, seed: int) -> torch.Tensor:
    """Dropout of x, contiguous and of any shape, with probability p; differentiable.

    Raises:
        ValueError: p is not in [0, 1), or x is not contiguous.
    """
    if not 0 <= p < 1 or not x.is_contiguous():
        raise ValueError("dropout needs 0 ≤ p < 1 and a contiguous tensor")
    return _Dropout.apply(x, p, seed)
