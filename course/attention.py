"""Plain attention with the whole matrix: what the tiled versions of unit 7 are compared with."""

import math

import torch
from torch import Tensor


def causal_mask(T: int, S: int) -> Tensor:
    """(T, S) truth values: query i may look at key j. The last query is aligned with the last key,
    so j ≤ i + S − T, as in FlashAttention-2 since its version 2.1."""
    return torch.ones(T, S, dtype=torch.bool).tril(S - T)


def plain_attention(
    Q: Tensor,
    K: Tensor,
    V: Tensor,
    scale: float,
    mask: Tensor | None = None,
) -> tuple[Tensor, Tensor]:
    """O = softmax(scale · QKᵀ) V and the logsumexp L of each row, with the whole matrix formed.

    Q: (..., T, D); K, V: (..., S, D); `mask` (T, S), True where a query may look. A row that may
    look nowhere has O = 0 and L = −∞. Returns O (..., T, D) and L (..., T).
    """
    scores = scale * (Q @ K.transpose(-1, -2))  # (..., T, S)
    if mask is not None:
        scores = scores.masked_fill(~mask, -math.inf)
    blind = (scores == -math.inf).all(-1, keepdim=True)  # may look nowhere
    weights = torch.softmax(scores.masked_fill(blind, 0.0), dim=-1).masked_fill(blind, 0.0)
    return weights @ V, torch.logsumexp(scores, dim=-1)


def plain_gradients(
    Q: Tensor,
    K: Tensor,
    V: Tensor,
    dO: Tensor,
    scale: float,
    mask: Tensor | None = None,
) -> tuple[Tensor, Tensor, Tensor]:
    """dQ, dK, dV of `(O * dO).sum()` for plain attention, by torch's autograd."""
    q, k, v = (x.detach().clone().requires_grad_() for x in (Q, K, V))
    with torch.enable_grad():
        O, _ = plain_attention(q, k, v, scale, mask)
        of_Q, of_K, of_V = torch.autograd.grad((O * dO).sum(), (q, k, v))
    return of_Q, of_K, of_V
