"""The reader's activation function on tensors, with its derivative, however it is written.

A function of a torch tensor is used as it is: autograd differentiates it. One that works on a
single number (with `if`, `max`, `math.exp`) is called for each number, and its derivative is a
central difference; at a kink or a jump, the flatter of the two one-sided ones (as for torch's ReLU,
which has slope 0 at 0). torch is imported when a function is first called.
"""

import functools
from collections.abc import Callable, Sequence
from typing import Any

from course.widgets.values import short_repr

Activation = Callable[..., Any]

STEP = 1e-5  # of the differences, in double precision
_WRONG_FORM = (TypeError, ValueError, AttributeError, RuntimeError)


def named(activations: Sequence[Activation]) -> dict[str, Activation]:
    """Activations by the names that a reader sees. Raises TypeError or ValueError."""
    if not activations:
        raise TypeError("give at least one activation function, such as torch.tanh")
    found: dict[str, Activation] = {}
    for fn in activations:
        if not callable(fn):
            raise TypeError(f"an activation is a function of a number, not {short_repr(fn)}")
        name = name_of(fn)
        if name in found:
            raise ValueError(f"two activations are called {name}: give one of them another name")
        found[name] = fn
    return found


def name_of(fn: Activation) -> str:
    """What a reader calls the function: its own name, or that of its class."""
    name = getattr(fn, "__name__", "") or getattr(getattr(fn, "func", None), "__name__", "")
    return "function" if name == "<lambda>" else name or type(fn).__name__


def on_tensors(fn: Activation) -> Activation:
    """`fn` as a function of a tensor of any shape, which autograd can differentiate.

    Raises what `fn` raises when it takes neither a tensor nor a number.
    """

    @functools.wraps(fn)
    def apply(x: Any, **settings: Any) -> Any:
        import torch

        wrong: Exception = TypeError(f"{name_of(fn)} does not give one number for each number")
        try:
            # Never one number alone: `math.tanh` would take it, and lose the graph behind it.
            several = x if x.numel() > 1 else x.reshape(1).expand(2)
            y = fn(several, **settings)
            if isinstance(y, torch.Tensor) and y.shape == several.shape:
                y = y if x.numel() > 1 else y[:1].reshape(x.shape)
                # A step function has no graph behind it: where it has a derivative, that is 0.
                flat = x.requires_grad and not y.requires_grad
                return _flat()(x, y) if flat else y.to(x.dtype)
        except _WRONG_FORM as error:
            wrong = error
        try:
            return _number_by_number()(x, functools.partial(fn, **settings))
        except _WRONG_FORM:
            raise wrong from None

    return apply


def derivative(fn: Activation) -> Activation:
    """The derivative of `fn` as a function of a tensor; at a kink, what autograd takes there."""
    forward = on_tensors(fn)

    @functools.wraps(fn)
    def slope(x: Any, **settings: Any) -> Any:
        import torch

        x = torch.as_tensor(x, dtype=torch.float64).detach().requires_grad_()
        with torch.enable_grad():
            (rate,) = torch.autograd.grad(forward(x, **settings).sum(), x)
        return rate

    return slope


@functools.cache
def _number_by_number() -> Activation:
    import torch

    class NumberByNumber(torch.autograd.Function):
        @staticmethod
        def forward(context: Any, x: Any, fn: Activation) -> Any:
            context.save_for_backward(x)
            context.fn = fn
            return _each(fn, x)

        @staticmethod
        def backward(context: Any, rate: Any) -> Any:
            (x,) = context.saved_tensors
            wide = x.double()
            here = _each(context.fn, wide)
            left = (here - _each(context.fn, wide - STEP)) / STEP
            right = (_each(context.fn, wide + STEP) - here) / STEP
            smooth = (left - right).abs() < 1e-3 * (1 + left.abs() + right.abs())
            flatter = torch.where(left.abs() < right.abs(), left, right)
            return rate * torch.where(smooth, (left + right) / 2, flatter).to(x.dtype), None

    def _each(fn: Activation, x: Any) -> Any:
        answers = [float(fn(one)) for one in x.detach().double().flatten().tolist()]
        return torch.tensor(answers, dtype=torch.float64).reshape(x.shape).to(x.dtype)

    return NumberByNumber.apply


@functools.cache
def _flat() -> Activation:
    import torch

    class Flat(torch.autograd.Function):
        @staticmethod
        def forward(context: Any, x: Any, y: Any) -> Any:
            return y.to(x.dtype)

        @staticmethod
        def backward(context: Any, rate: Any) -> Any:
            return torch.zeros_like(rate), None

    return Flat.apply
