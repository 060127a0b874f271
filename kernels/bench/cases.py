"""What is measured: each kernel's sizes, baselines and goals, as data.

A case makes its problem for a device and a size; nothing runs until one of its functions is called.
Goals are ratios within one run. "copy" is the speed of a device copy: bytes moved a second by our
kernel over bytes moved a second by the copy. Any other name is a baseline of the case: its time
over ours.
"""

import functools
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from kernels import (
    cross_entropy,
    decode,
    dropout,
    flash_attention,
    matmul,
    norms,
    online_softmax,
    softmax,
    strided_copy,
    vector_add,
)

import torch
import torch.nn.functional as F
from torch.nn.attention import SDPBackend, sdpa_kernel

Call = Callable[[], Any]


@dataclass(frozen=True)
class Goal:
    """A ratio to reach within one run, and one to be proud of."""

    against: str
    least: float
    stretch: float | None = None

    def __str__(self) -> str:
        stretch = f" (stretch {self.stretch:g})" if self.stretch else ""
        return f"{self.least:g} × {self.against}{stretch}"


@dataclass
class Problem:
    """One case on one device: what to call, and how much work it is."""

    ours: Call
    baselines: dict[str, Call]
    moved: int = 0  # bytes that must be read and written at least
    flops: int = 0  # floating-point operations that are credited
    judged: tuple[Any, Any, tuple[Any, ...]] = (None, None, ())  # answer, specification, inputs
    gradients: bool = False  # judge gradients instead of values


@dataclass(frozen=True)
class Case:
    """A row of the table."""

    kernel: str
    shape: str
    dtype: torch.dtype
    make: Callable[[str, bool], Problem] = field(repr=False)  # (device, tiny) → problem
    goals: tuple[Goal, ...] = ()

    @property
    def name(self) -> str:
        """Unique among the cases."""
        return f"{self.kernel}, {self.shape}, {dtype_name(self.dtype)}"


def dtype_name(dtype: torch.dtype) -> str:
    """float32, bfloat16 …"""
    return str(dtype).removeprefix("torch.")


OBSTACLES = {
    "vector add": "nothing but memory: three streams, where a copy has two.",
    "transpose": "one side of each tile is read or written in short pieces; a tile passes through "
    "shared memory once.",
    "dropout": "seven rounds of Philox for every four numbers must hide behind the memory.",
    "softmax": "a row waits for its maximum, then for its sum; other rows must fill the memory's "
    "time. At 32768 elements a program has 1024 threads: there is room for one beside it at most.",
    "online softmax": "two passes over a row: unless the L2 cache still holds it, 3 streams where "
    "2 are counted, so 0.67 of a copy is the most.",
    "layer norm forward": "as softmax, with two sums, of which the second needs the first.",
    "RMS norm forward": "as softmax, with one sum.",
    "layer norm backward": "the weights' gradients are kept in registers (122 of 255 at 8192), "
    "which leaves few programs to hide the memory's time; the partial sums are read again.",
    "RMS norm backward": "as layer norm backward, with one sum of columns less.",
    "cross-entropy with gradient": "the logits are read twice, in two launches; the sum of the "
    "losses is torch's own, a third.",
    "matmul, pointers": "addresses take registers and instructions that the copy engine would "
    "spare; products and copies share the same warps.",
    "matmul, descriptors": "no warps are set aside for copying, and a tile is stored before the "
    "next one begins.",
    "flash forward": "products wait for exponentials: a score costs 4D operations of 4096 a clock "
    "and one of 16 exponentials, so without an overlap of the two D = 64 stops at 1/2 of the peak, "
    "D = 128 at 2/3. Triton overlaps what it can; FlashAttention-3 and cuDNN do so by hand.",
    "flash backward": "two kernels compute the scores twice: 7 products are run, 5 are credited. "
    "One kernel with atomic additions to dq would run 5, and could not be repeated bit by bit.",
    "split-K decode": "a tile of 16 query rows for each group of heads, of which only the group's "
    "own count; the merge is a second launch.",
}
"""What may keep a kernel from its goal, by the beginning of its name: from its source and from the
compiler, not from a clock."""

BF16 = torch.bfloat16
ELEMENTS = 2**28  # of the matrices for kernels that memory limits: several times any cache


def _draw(*shape: int, dtype: torch.dtype, device: str, seed: int = 0) -> torch.Tensor:
    if device == "meta":
        return torch.empty(shape, dtype=dtype, device=device)
    generator = torch.Generator(device).manual_seed(seed)
    return torch.randn(shape, generator=generator, device=device).to(dtype)


def _backward_of(function: Callable[..., Any], inputs: tuple[torch.Tensor, ...]) -> Call:
    """A call that runs the backward pass alone; the forward pass runs once, at the first call."""
    leaves = tuple(x.detach().requires_grad_(x.is_floating_point()) for x in inputs)
    wanted = [x for x in leaves if x.requires_grad]

    @functools.cache
    def forward() -> tuple[torch.Tensor, torch.Tensor]:
        out = function(*leaves)
        return out, torch.ones_like(out)

    def backward() -> Any:
        out, dout = forward()
        return torch.autograd.grad(out, wanted, dout, retain_graph=True)

    return backward


# --- kernels that memory limits -------------------------------------------------------------------


def _add(dtype: torch.dtype) -> Case:
    def make(device: str, tiny: bool) -> Problem:
        N = 3000 if tiny else ELEMENTS
        x, y = (_draw(N, dtype=dtype, device=device, seed=seed) for seed in (1, 2))
        return Problem(
            lambda: vector_add.vector_add(x, y),
            {"torch": lambda: torch.add(x, y)},
            moved=3 * N * dtype.itemsize,
            judged=(vector_add.vector_add, vector_add.reference, (x, y)),
        )

    return Case("vector add", "2^28", dtype, make, (Goal("copy", 0.97, 1.0),))


def _transpose(dtype: torch.dtype) -> Case:
    def make(device: str, tiny: bool) -> Problem:
        M = 130 if tiny else 2**14
        x = _draw(M, M, dtype=dtype, device=device)
        return Problem(
            lambda: strided_copy.transpose(x),
            {"torch": lambda: x.T.contiguous()},
            moved=2 * M * M * dtype.itemsize,
            judged=(strided_copy.transpose, lambda x: strided_copy.reference(x.T), (x,)),
        )

    return Case("transpose", "2^14 × 2^14", dtype, make)


def _dropout(dtype: torch.dtype) -> Case:
    def make(device: str, tiny: bool) -> Problem:
        N = 5000 if tiny else ELEMENTS
        x = _draw(N, dtype=dtype, device=device)
        ours = functools.partial(dropout.dropout, p=0.1, seed=17)
        plain = functools.partial(dropout.reference, p=0.1, seed=17)
        return Problem(
            lambda: ours(x),
            {"torch": lambda: F.dropout(x, 0.1)},
            moved=2 * N * dtype.itemsize,
            judged=(ours, plain, (x,)),
        )

    return Case("dropout", "2^28", dtype, make, (Goal("copy", 0.97, 1.0),))


def _softmax(N: int, dtype: torch.dtype) -> Case:
    long = N > softmax.LONGEST_ROW
    kernel = online_softmax.online_softmax if long else softmax.softmax
    copy = Goal("copy", 0.63, 0.67) if long else Goal("copy", 0.93, 0.97)
    goals = (copy,) if long else (copy, Goal("torch", 1.5))

    def make(device: str, tiny: bool) -> Problem:
        rows, columns = (3, 300) if tiny else (ELEMENTS // N, N)
        x = _draw(rows, columns, dtype=dtype, device=device)
        return Problem(
            lambda: kernel(x),
            {"torch": lambda: torch.softmax(x, -1)},
            moved=2 * rows * columns * dtype.itemsize,
            judged=(kernel, softmax.reference, (x,)),
        )

    name = "online softmax" if long else "softmax"
    return Case(name, f"{ELEMENTS // N} × {N}", dtype, make, goals)


def _norm(kind: str, N: int, backward: bool, dtype: torch.dtype) -> Case:
    ours, plain, vectors = {
        "layer": (norms.layer_norm, norms.reference_layer_norm, 2),
        "RMS": (norms.rms_norm, norms.reference_rms_norm, 1),
    }[kind]

    def make(device: str, tiny: bool) -> Problem:
        rows, columns = (5, 300) if tiny else (ELEMENTS // 2 // N, N)
        x = _draw(rows, columns, dtype=dtype, device=device)
        inputs = (x, *(_draw(columns, dtype=dtype, device=device, seed=7) for _ in range(vectors)))
        call: Callable[..., Call] = _backward_of if backward else _call
        return Problem(
            call(ours, inputs),
            {"torch": call(plain, inputs)},
            moved=(3 if backward else 2) * rows * columns * dtype.itemsize,
            judged=(ours, plain, inputs),
            gradients=backward,
        )

    goals = (
        (Goal("copy", 0.70, 0.85), Goal("torch", 1.3)) if backward else (Goal("copy", 0.93, 0.97),)
    )
    name = f"{kind} norm {'backward' if backward else 'forward'}"
    return Case(name, f"{ELEMENTS // 2 // N} × {N}", dtype, make, goals)


def _call(function: Callable[..., Any], inputs: tuple[torch.Tensor, ...]) -> Call:
    return lambda: function(*inputs)


def _cross_entropy(dtype: torch.dtype) -> Case:
    def make(device: str, tiny: bool) -> Problem:
        T, V = (5, 5000) if tiny else (4096, 131_072)
        logits = _draw(T, V, dtype=dtype, device=device)
        targets = (torch.arange(T, device=device) * 7919) % V

        def both(function: Callable[..., Any]) -> Call:
            leaf = logits.detach().requires_grad_()
            return lambda: torch.autograd.grad(function(leaf, targets), leaf)

        return Problem(
            both(cross_entropy.cross_entropy),
            {"torch": both(cross_entropy.reference)},
            moved=3 * T * V * dtype.itemsize,
            judged=(cross_entropy.cross_entropy, cross_entropy.reference, (logits, targets)),
            gradients=True,
        )

    goal = Goal("copy", 0.85, 0.92)
    return Case("cross-entropy with gradient", "4096 × 131072", dtype, make, (goal,))


def _decode(D: int, dtype: torch.dtype) -> Case:
    def make(device: str, tiny: bool) -> Problem:
        B, H, heads, T = (2, 4, 2, 200) if tiny else (8, 32, 8, 32_768)
        q = _draw(B, H, D, dtype=dtype, device=device)
        k, v = (_draw(B, heads, T, D, dtype=dtype, device=device, seed=seed) for seed in (1, 2))
        lengths = torch.full((B,), T, dtype=torch.int32, device=device)
        return Problem(
            lambda: decode.decode(q, k, v, lengths),
            {"SDPA": lambda: F.scaled_dot_product_attention(q[:, :, None], k, v, enable_gqa=True)},
            moved=2 * k.numel() * dtype.itemsize,
            judged=(decode.decode, decode.reference, (q, k, v, lengths)),
        )

    return Case("split-K decode", f"B 8, H 32/8, T 32768, D {D}", dtype, make)


# --- kernels that arithmetic limits ---------------------------------------------------------------


def _matmul(persistent: bool, dtype: torch.dtype) -> Case:
    kernel = matmul.matmul_persistent if persistent else matmul.matmul
    goal = Goal("cuBLAS", 0.92, 0.97) if persistent else Goal("cuBLAS", 0.85)

    def make(device: str, tiny: bool) -> Problem:
        M = 72 if tiny else 8192
        a, b = (_draw(M, M, dtype=dtype, device=device, seed=seed) for seed in (1, 2))
        return Problem(
            lambda: kernel(a, b),
            {"cuBLAS": lambda: a @ b},
            moved=3 * M * M * dtype.itemsize,
            flops=2 * M**3,
            judged=(kernel, matmul.reference, (a, b)),
        )

    name = f"matmul, {'descriptors, persistent' if persistent else 'pointers'}"
    return Case(name, "8192³", dtype, make, (goal,))


def sdpa(backend: SDPBackend, causal: bool) -> Callable[..., torch.Tensor]:
    """torch's attention, forced to one implementation."""

    def attention(q: torch.Tensor, k: torch.Tensor, v: torch.Tensor) -> torch.Tensor:
        with sdpa_kernel(backend):
            return F.scaled_dot_product_attention(q, k, v, is_causal=causal)

    return attention


@functools.cache
def flex(causal: bool) -> Callable[..., torch.Tensor]:
    """FlexAttention, compiled, with a block mask where causal."""
    from torch.nn.attention.flex_attention import create_block_mask, flex_attention

    compiled = torch.compile(flex_attention)

    @functools.cache
    def mask(Tq: int, Tk: int, device: str) -> Any:
        def sees(b: Any, h: Any, i: Any, j: Any) -> Any:
            return j <= i

        return create_block_mask(sees, None, None, Tq, Tk, device=device)

    def attention(q: torch.Tensor, k: torch.Tensor, v: torch.Tensor) -> torch.Tensor:
        blocks = mask(q.shape[2], k.shape[2], str(q.device)) if causal else None
        out: torch.Tensor = compiled(q, k, v, block_mask=blocks)
        return out

    return attention


ATTENTION_GOALS = {  # (backward, causal, D)
    (False, False, 64): (Goal("SDPA-cuDNN", 0.92, 1.0),),
    (False, False, 128): (Goal("SDPA-cuDNN", 0.75, 0.85),),
    (False, True, 64): (Goal("SDPA-cuDNN", 0.90, 0.97),),
    (False, True, 128): (Goal("SDPA-cuDNN", 0.70, 0.80),),
    (True, False, 64): (Goal("SDPA-flash", 1.0), Goal("SDPA-cuDNN", 0.62, 0.75)),
    (True, False, 128): (Goal("SDPA-flash", 1.0), Goal("SDPA-cuDNN", 0.62, 0.75)),
}


def _attention(backward: bool, causal: bool, D: int, dtype: torch.dtype) -> Case:
    def make(device: str, tiny: bool) -> Problem:
        B, H, T = (1, 2, 160) if tiny else (1, 2048 // D, 16_384)
        q, k, v = (_draw(B, H, T, D, dtype=dtype, device=device, seed=seed) for seed in (1, 2, 3))
        ours = functools.partial(flash_attention.flash_attention, causal=causal)
        plain = functools.partial(flash_attention.reference_with_lse, causal=causal)
        call: Callable[..., Call] = _backward_of if backward else _call
        rivals: dict[str, Callable[..., Any]] = {
            "SDPA-flash": sdpa(SDPBackend.FLASH_ATTENTION, causal),
            "SDPA-cuDNN": sdpa(SDPBackend.CUDNN_ATTENTION, causal),
            "FlexAttention": lambda q, k, v: flex(causal)(q, k, v),
        }
        flops = 4 * B * H * T * T * D * (0.5 if causal else 1.0) * (2.5 if backward else 1.0)
        return Problem(
            call(ours, (q, k, v)),
            {name: call(rival, (q, k, v)) for name, rival in rivals.items()},
            moved=4 * q.numel() * dtype.itemsize,
            flops=int(flops),
            judged=(ours, lambda *x: plain(*x)[0], (q, k, v)),
            gradients=backward,
        )

    name = f"flash {'backward' if backward else 'forward'}{', causal' if causal else ''}"
    shape = f"B 1, H {2048 // D}, T 16384, D {D}"
    return Case(name, shape, dtype, make, ATTENTION_GOALS.get((backward, causal, D), ()))


def _grouped(D: int, dtype: torch.dtype) -> Case:
    def make(device: str, tiny: bool) -> Problem:
        B, H, G, T = (1, 4, 2, 160) if tiny else (1, 2048 // D, 4, 16_384)
        q = _draw(B, H, T, D, dtype=dtype, device=device)
        k, v = (_draw(B, H // G, T, D, dtype=dtype, device=device, seed=seed) for seed in (1, 2))
        ours = functools.partial(flash_attention.flash_attention, causal=True)
        plain = functools.partial(flash_attention.reference_with_lse, causal=True)
        return Problem(
            lambda: ours(q, k, v),
            {"our dense": lambda: ours(q, q, q)},
            flops=2 * B * H * T * T * D,
            judged=(ours, lambda *x: plain(*x)[0], (q, k, v)),
        )

    shape = f"B 1, H {2048 // D}/{512 // D}, T 16384, D {D}"
    return Case("flash forward, causal, grouped", shape, dtype, make, (Goal("our dense", 0.97),))


def _packed(D: int, dtype: torch.dtype) -> Case:
    def make(device: str, tiny: bool) -> Problem:
        B, H, T = (3, 2, 70) if tiny else (8, 2048 // D, 2048)
        q = _draw(B, H, T, D, dtype=dtype, device=device)
        rows = q.transpose(1, 2).reshape(B * T, H, D)
        cu = torch.arange(0, (B + 1) * T, T, dtype=torch.int32, device=device)
        ours = functools.partial(flash_attention.flash_attention, causal=True)

        def packed(q: torch.Tensor, cu: torch.Tensor) -> torch.Tensor:
            return flash_attention.flash_attention_packed(q, q, q, cu, cu, T, T, True)

        def plain(q: torch.Tensor, cu: torch.Tensor) -> torch.Tensor:
            return flash_attention.reference_packed(q, q, q, cu, cu, True)

        return Problem(
            lambda: packed(rows, cu),
            {"our dense": lambda: ours(q, q, q)},
            flops=2 * B * H * T * T * D,
            judged=(packed, plain, (rows, cu)),
        )

    shape = f"8 sequences of 2048, H {2048 // D}, D {D}"
    return Case("flash forward, causal, packed", shape, dtype, make, (Goal("our dense", 0.92),))


CASES: tuple[Case, ...] = (
    _add(torch.float32),
    _add(BF16),
    _transpose(BF16),
    _dropout(BF16),
    *(_softmax(N, BF16) for N in (2048, 8192, 32_768, 131_072)),
    _softmax(8192, torch.float32),
    *(_norm(kind, N, False, BF16) for kind in ("layer", "RMS") for N in (2048, 8192, 32_768)),
    *(_norm(kind, N, True, BF16) for kind in ("layer", "RMS") for N in (2048, 8192)),
    _cross_entropy(BF16),
    _matmul(False, BF16),
    _matmul(True, BF16),
    *(_attention(False, causal, D, BF16) for causal in (False, True) for D in (64, 128)),
    *(_attention(True, causal, D, BF16) for causal in (False, True) for D in (64, 128)),
    _grouped(128, BF16),
    _packed(128, BF16),
    _decode(128, BF16),
)
"""Every row of the table, in its order."""


def judged_cases() -> tuple[Case, ...]:
    """Every kernel with every mask in every dtype, to be judged; not all of them are measured."""
    kinds = ("layer", "RMS")
    return tuple(
        case
        for dtype in (torch.float32, torch.float16, BF16)
        for case in (
            _add(dtype),
            _transpose(dtype),
            _dropout(dtype),
            *(_softmax(N, dtype) for N in (8192, 131_072)),
            *(_norm(kind, 8192, back, dtype) for kind in kinds for back in (False, True)),
            _cross_entropy(dtype),
            _matmul(False, dtype),
            _matmul(True, dtype),
            *(_attention(back, causal, D, dtype)
              for back in (False, True) for causal in (False, True) for D in (64, 128)),
            _grouped(128, dtype),
            _packed(128, dtype),
            _decode(128, dtype),
        )
    )  # fmt: skip
