"""Cross-entropy of logits over a large vocabulary, and its gradient, without a matrix of
probabilities.

Sources: Milakov & Gimelshein 2018, arXiv 1805.02867 (one pass for the log-sum-exp); Hsu et al.
2024, arXiv 2410.10989 (Liger kernels).
Letters: T tokens, V words; logits, dlogits (T, V), targets (T,) int64, lse (T,).
loss = mean over the tokens that count of lse − logit[target]; tokens whose target is IGNORE do not
count. Forward reads the logits once; backward reads them once and writes the gradient once.
"""

from typing import Any, NamedTuple

from kernels.configurations import chosen

import torch
import torch.nn.functional as F
import triton
import triton.language as tl

IGNORE = -100


def reference(logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Mean cross-entropy of logits (T, V) against targets (T,), those equal to IGNORE left out."""
    return F.cross_entropy(logits, targets, ignore_index=IGNORE)


@triton.jit
def cross_entropy_forward_kernel(
    logits_ptr,
    targets_ptr,
    loss_ptr,
    lse_ptr,
    V,
    logits_row,
    IGNORED: tl.constexpr,
    BLOCK: tl.constexpr,
):
    t = tl.program_id(0).to(tl.int64)
    logits_ptr += t * logits_row
    m = -float("inf")
    l = 0.0
    for start in range(0, V, BLOCK):
        v = start + tl.arange(0, BLOCK)  # (BLOCK,)
        x = tl.load(logits_ptr + v, mask=v < V, other=-float("inf")).to(tl.float32)
        m_new = tl.maximum(m, tl.max(x, axis=0))
        m_safe = tl.where(m_new == -float("inf"), 0.0, m_new)
        l = l * tl.exp(m - m_safe) + tl.sum(tl.exp(x - m_safe), axis=0)
        m = m_new
    lse = m + tl.log(l)
    target = tl.load(targets_ptr + t)
    counts = target != IGNORED
    x = tl.load(logits_ptr + tl.where(counts, target, 0)).to(tl.float32)
    tl.store(lse_ptr + t, lse)
    tl.store(loss_ptr + t, tl.where(counts, lse - x, 0.0))


@triton.jit
def cross_entropy_backward_kernel(
    logits_ptr,
    targets_ptr,
    lse_ptr,
    scale_ptr,  # one number: the gradient of the loss by the number of tokens that count
    dlogits_ptr,
    V,
    logits_row,
    IGNORED: tl.constexpr,
    BLOCK: tl.constexpr,
):
    """dlogits = (softmax(logits) − one-hot(target)) · scale; one block of one row a program."""
    t = tl.program_id(0).to(tl.int64)
    v = tl.program_id(1) * BLOCK + tl.arange(0, BLOCK)  # (BLOCK,)
    target = tl.load(targets_ptr + t)
    scale = tl.load(scale_ptr)
    x = tl.load(logits_ptr + t * logits_row + v, mask=v < V, other=-float("inf")).to(tl.float32)
    p = tl.exp(x - tl.load(lse_ptr + t))
    dx = tl.where(v == target, p - 1.0, p) * scale
    dx = tl.where(target != IGNORED, dx, 0.0)
    tl.store(dlogits_ptr + t * V + v, dx, mask=v < V)


class Launch(NamedTuple):
    """Words that a program holds at once, and how the GPU runs it."""

    block: int = 4096
    warps: int = 8
    stages: int = 3


class _CrossEntropy(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, logits: Any, targets: Any) -> Any:
        T, V = logits.shape
        loss = torch.empty(T, dtype=torch.float32, device=logits.device)
        lse = torch.empty_like(loss)
        block, warps, stages = _launch("cross-entropy forward", logits)
        cross_entropy_forward_kernel[(T,)](
            logits, targets, loss, lse, V, logits.stride(0),
            IGNORED=IGNORE, BLOCK=block, num_warps=warps, num_stages=stages,
        )  # fmt: skip
        count = (targets != IGNORE).sum()
        ctx.save_for_backward(logits, targets, lse, count)
        return (loss.sum() / count).to(logits.dtype)

    @staticmethod
    def backward(ctx: Any, dloss: Any) -> Any:
        logits, targets, lse, count = ctx.saved_tensors
        T, V = logits.shape
        dlogits = torch.empty((T, V), dtype=logits.dtype, device=logits.device)
        scale = dloss.float() / count
        block, warps, stages = _launch("cross-entropy backward", logits)
        cross_entropy_backward_kernel[(T, triton.cdiv(V, block))](
            logits, targets, lse, scale, dlogits, V, logits.stride(0),
            IGNORED=IGNORE, BLOCK=block, num_warps=warps, num_stages=stages,
        )  # fmt: skip
        return dlogits, None


def cross_entropy(logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Mean cross-entropy of logits (T, V) against targets (T,) in [0, V) or IGNORE.

    Rows of logits are contiguous. As in torch, the mean over no token at all is NaN.

    Raises:
        ValueError: shapes do not go together, or targets are not int64.
    """
    if logits.dim() != 2 or targets.shape != logits.shape[:1] or targets.dtype != torch.int64:
        raise ValueError("cross_entropy needs logits (T, V) and targets (T,) of int64")
    if logits.shape[1] > 1 and logits.stride(1) != 1:
        raise ValueError("cross_entropy needs logits whose rows are contiguous")
    return _CrossEntropy.apply(logits, targets.contiguous())


def _launch(kernel: str, logits: torch.Tensor) -> Launch:
    row = triton.next_power_of_2(logits.shape[1])
    launch = chosen(kernel, Launch(), logits, row)
    return launch._replace(block=min(launch.block, row))
