"""Answers to the exercises of "Rectifiers": mistakes that people make, and other right ways.

As in the notebook, `torch` is there.
"""

import torch

from autograder.answers import right, wrong

# dead_fraction ------------------------------------------------------------------------------

EVERY_INPUT = "dead_fraction_silent_for_every_input"
UNITS = "dead_fraction_of_the_units"
AT_ZERO = "dead_fraction_zero_does_not_fire"
BATCHES = "dead_fraction_over_all_batches"


@wrong("dead_fraction", caught_by=EVERY_INPUT, says="the share of zeros among all outputs")
def counts_zeros(batches):
    return (torch.cat([*batches]) <= 0).double().mean().item()


@wrong("dead_fraction", caught_by=EVERY_INPUT, says="Got: 1.0")
def judges_by_the_mean(batches):
    return (torch.cat([*batches]).mean(dim=0) <= 0).double().mean().item()


@wrong("dead_fraction", caught_by=EVERY_INPUT, says="Got: 0.3333")
def gives_who_is_alive(batches):
    return (torch.cat([*batches]) > 0).any(dim=0).double().mean().item()


@wrong("dead_fraction", caught_by=UNITS, says="Ask down each column")
def counts_inputs(batches):
    return (torch.cat([*batches]) <= 0).all(dim=1).double().mean().item()


@wrong("dead_fraction", caught_by=UNITS, says="is a tensor, not a number")
def gives_a_tensor(batches):
    return (torch.cat([*batches]) <= 0).all(dim=0).double().mean()


@wrong("dead_fraction", caught_by=AT_ZERO, says="the left side")
def takes_zero_for_alive(batches):
    return (torch.cat([*batches]) < 0).all(dim=0).double().mean().item()


@wrong("dead_fraction", caught_by=BATCHES, says="The mean of each batch's share")
def averages_the_batches(batches):
    shares = [(z <= 0).all(dim=0).double().mean().item() for z in batches]
    return sum(shares) / len(shares)


@wrong("dead_fraction", caught_by=BATCHES, says="the share in the last batch")
def looks_at_the_last_batch(batches):
    for z in batches:
        dead = (z <= 0).all(dim=0).double().mean().item()
    return dead


@wrong("dead_fraction", caught_by=EVERY_INPUT, says="Expected: 0.6666")
def is_always_alive(batches):
    return 0.0


@right("dead_fraction")
def by_the_largest(batches):
    largest = None
    for z in batches:
        top = z.max(dim=0).values
        largest = top if largest is None else torch.maximum(largest, top)
    return float((largest <= 0).float().mean())


@right("dead_fraction")
def by_counting_in_python(batches):
    fired, units = set(), 0
    for z in batches:
        for row in z.tolist():
            units = len(row)
            fired |= {unit for unit, value in enumerate(row) if value > 0}
    return 1 - len(fired) / units


@right("dead_fraction")
def by_the_slopes(batches):
    z = torch.vstack(list(batches)).requires_grad_()
    torch.relu(z).sum().backward()
    return (z.grad.sum(dim=0) == 0).sum().item() / z.shape[1]


# PReLU --------------------------------------------------------------------------------------

PASSES = "PReLU_passes_the_gradient_on"
LEFT = "PReLU_left_side_at_zero"
CHANNEL = "PReLU_a_slope_for_each_channel"
AXES = "PReLU_any_number_of_axes"


@wrong("PReLU", caught_by=PASSES, says="the gradient from behind")
class ForgetsTheGradientFromBehind(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, slope):
        ctx.save_for_backward(x, slope)
        a = slope.reshape(1, -1, *[1] * (x.ndim - 2))
        return torch.where(x > 0, x, a * x)

    @staticmethod
    def backward(ctx, gradient):
        x, slope = ctx.saved_tensors
        a = slope.reshape(1, -1, *[1] * (x.ndim - 2))
        others = [axis for axis in range(x.ndim) if axis != 1]
        return torch.where(x > 0, 1.0, a).expand_as(x), x.clamp(max=0).sum(dim=others)


@wrong("PReLU", caught_by=PASSES, says="the slope of its channel")
class IsAReLUOnTheWayBack(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, slope):
        ctx.save_for_backward(x, slope)
        a = slope.reshape(1, -1, *[1] * (x.ndim - 2))
        return torch.where(x > 0, x, a * x)

    @staticmethod
    def backward(ctx, gradient):
        x, _slope = ctx.saved_tensors
        others = [axis for axis in range(x.ndim) if axis != 1]
        return gradient * (x > 0), (gradient * x.clamp(max=0)).sum(dim=others)


@wrong("PReLU", caught_by=LEFT, says="two slopes to choose from")
class TakesTheRightSideAtZero(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, slope):
        ctx.save_for_backward(x, slope)
        a = slope.reshape(1, -1, *[1] * (x.ndim - 2))
        return torch.where(x > 0, x, a * x)

    @staticmethod
    def backward(ctx, gradient):
        x, slope = ctx.saved_tensors
        a = slope.reshape(1, -1, *[1] * (x.ndim - 2))
        others = [axis for axis in range(x.ndim) if axis != 1]
        to_x = gradient * torch.where(x >= 0, 1.0, a)
        return to_x, (gradient * x.clamp(max=0)).sum(dim=others)


@wrong("PReLU", caught_by=CHANNEL, says="its own slope")
class SharesOneSlope(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, slope):
        ctx.save_for_backward(x, slope)
        a = slope.reshape(1, -1, *[1] * (x.ndim - 2))
        return torch.where(x > 0, x, a * x)

    @staticmethod
    def backward(ctx, gradient):
        x, slope = ctx.saved_tensors
        a = slope.reshape(1, -1, *[1] * (x.ndim - 2))
        to_x = gradient * torch.where(x > 0, 1.0, a)
        return to_x, (gradient * x.clamp(max=0)).sum().expand_as(slope)


@wrong("PReLU", caught_by=CHANNEL, says="not a mean")
class TakesTheMean(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, slope):
        ctx.save_for_backward(x, slope)
        a = slope.reshape(1, -1, *[1] * (x.ndim - 2))
        return torch.where(x > 0, x, a * x)

    @staticmethod
    def backward(ctx, gradient):
        x, slope = ctx.saved_tensors
        a = slope.reshape(1, -1, *[1] * (x.ndim - 2))
        others = [axis for axis in range(x.ndim) if axis != 1]
        to_x = gradient * torch.where(x > 0, 1.0, a)
        return to_x, (gradient * x.clamp(max=0)).mean(dim=others)


@wrong("PReLU", caught_by=AXES, says="would meet the last axis")
class TakesTheLastAxisForTheChannel(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, slope):
        ctx.save_for_backward(x, slope)
        a = slope.reshape(1, -1, *[1] * (x.ndim - 2))
        return torch.where(x > 0, x, a * x)

    @staticmethod
    def backward(ctx, gradient):
        x, slope = ctx.saved_tensors
        to_x = gradient * torch.where(x > 0, 1.0, slope)
        return to_x, (gradient * x.clamp(max=0)).flatten(0, -2).sum(dim=0)


@wrong("PReLU", caught_by=AXES, says="whatever comes after it")
class KnowsTwoAxesOnly(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, slope):
        ctx.save_for_backward(x, slope)
        a = slope.reshape(1, -1, *[1] * (x.ndim - 2))
        return torch.where(x > 0, x, a * x)

    @staticmethod
    def backward(ctx, gradient):
        x, slope = ctx.saved_tensors
        a = slope.reshape(1, -1, *[1] * (x.ndim - 2))
        to_x = gradient * torch.where(x > 0, 1.0, a)
        return to_x, (gradient * x.clamp(max=0)).sum(dim=0)


@wrong("PReLU", caught_by=PASSES, says="calls prelu,")
class LetsTorchDoIt(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, slope):
        ctx.save_for_backward(x, slope)
        return torch.nn.functional.prelu(x, slope)

    @staticmethod
    def backward(ctx, gradient):
        x, slope = (saved.detach().requires_grad_() for saved in ctx.saved_tensors)
        with torch.enable_grad():
            return torch.autograd.grad(torch.nn.functional.prelu(x, slope), (x, slope), gradient)


@wrong("PReLU", caught_by=CHANNEL, says="calls grad,")
class LetsAutogradDoIt(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, slope):
        ctx.save_for_backward(x, slope)
        a = slope.reshape(1, -1, *[1] * (x.ndim - 2))
        return torch.where(x > 0, x, a * x)

    @staticmethod
    def backward(ctx, gradient):
        x, slope = (saved.detach().requires_grad_() for saved in ctx.saved_tensors)
        with torch.enable_grad():
            y = torch.where(x > 0, x, slope.reshape(1, -1, *[1] * (x.ndim - 2)) * x)
            return torch.autograd.grad(y, (x, slope), gradient)


@wrong("PReLU", caught_by=PASSES, says="Got: (tensor of shape")
class GivesZeros(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, slope):
        ctx.save_for_backward(x, slope)
        a = slope.reshape(1, -1, *[1] * (x.ndim - 2))
        return torch.where(x > 0, x, a * x)

    @staticmethod
    def backward(ctx, gradient):
        x, slope = ctx.saved_tensors
        return torch.zeros_like(x), torch.zeros_like(slope)


@right("PReLU")
class ChannelByChannel(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, slope):
        ctx.save_for_backward(x, slope)
        a = slope.reshape(1, -1, *[1] * (x.ndim - 2))
        return torch.where(x > 0, x, a * x)

    @staticmethod
    def backward(ctx, gradient):
        x, slope = ctx.saved_tensors
        to_x, to_slope = gradient.clone(), torch.zeros_like(slope)
        for c in range(len(slope)):
            left = x[:, c] <= 0
            to_x[:, c][left] *= slope[c]
            to_slope[c] = (gradient[:, c][left] * x[:, c][left]).sum()
        return to_x, to_slope


@right("PReLU")
class WithTheChannelInFront(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, slope):
        ctx.save_for_backward(x, slope)
        return (x.movedim(1, -1).clamp(min=0) + slope * x.movedim(1, -1).clamp(max=0)).movedim(
            -1, 1
        )

    @staticmethod
    def backward(ctx, gradient):
        x, slope = ctx.saved_tensors
        flat, behind = (t.transpose(0, 1).flatten(1) for t in (x, gradient))  # (C, all the rest)
        right_side = (flat > 0).to(x.dtype)
        to_x = behind * (right_side + slope[:, None] * (1 - right_side))
        to_x = to_x.unflatten(1, (x.shape[0], *x.shape[2:])).transpose(0, 1)
        return to_x, torch.einsum("cn,cn->c", behind, flat * (1 - right_side))


@right("PReLU")
class RemembersTheSlopesOnTheWayThere(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, slope):
        a = slope.view(-1, *[1] * (x.ndim - 2))
        local = torch.where(x > 0, torch.ones_like(x), a.expand_as(x))
        ctx.save_for_backward(local, torch.minimum(x, torch.zeros_like(x)))
        return local * x

    @staticmethod
    def backward(ctx, gradient):
        local, below = ctx.saved_tensors
        by_channel = gradient * below
        while by_channel.ndim > 2:
            by_channel = by_channel.sum(-1)
        return gradient * local, by_channel.sum(0)
