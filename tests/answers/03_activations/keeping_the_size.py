"""Answers to the exercises of "Keeping the signal's size": mistakes that people make, and other
right ways.

As in the notebook, `math` and `torch` are there.
"""

import math

import torch

from autograder.answers import right, wrong

# he_std -------------------------------------------------------------------------------------

GAIN = "he_std_root_of_two"
FAN_IN = "he_std_inputs_of_one_output"
SLOPE = "he_std_negative_slope"


@wrong("he_std", caught_by=GAIN, says="√2 times larger")
def forgets_the_root_of_two(weight_shape, negative_slope=0.0):
    return 1 / math.sqrt(math.prod(weight_shape[1:]))


@wrong("he_std", caught_by=GAIN, says="s² = 2/n")
def gives_the_variance(weight_shape, negative_slope=0.0):
    return 2 / ((1 + negative_slope**2) * math.prod(weight_shape[1:]))


@wrong("he_std", caught_by=GAIN, says="the negative half")
def gives_the_bound_of_a_uniform(weight_shape, negative_slope=0.0):
    return math.sqrt(6 / ((1 + negative_slope**2) * math.prod(weight_shape[1:])))


@wrong("he_std", caught_by=FAN_IN, says="that one output adds up")
def counts_the_outputs(weight_shape, negative_slope=0.0):
    fan_out = weight_shape[0] * math.prod(weight_shape[2:])
    return math.sqrt(2 / ((1 + negative_slope**2) * fan_out))


@wrong("he_std", caught_by=FAN_IN, says="at every place of its kernel")
def forgets_the_kernel(weight_shape, negative_slope=0.0):
    return math.sqrt(2 / ((1 + negative_slope**2) * weight_shape[1]))


@wrong("he_std", caught_by=SLOPE, says="with the slope squared")
def forgets_to_square_the_slope(weight_shape, negative_slope=0.0):
    return math.sqrt(2 / ((1 + abs(negative_slope)) * math.prod(weight_shape[1:])))


@wrong("he_std", caught_by=SLOPE, says="negative side gives its part")
def ignores_the_slope(weight_shape, negative_slope=0.0):
    return math.sqrt(2 / math.prod(weight_shape[1:]))


@wrong("he_std", caught_by=GAIN, says="calls calculate_gain,")
def lets_torch_do_it(weight_shape, negative_slope=0.0):
    gain = torch.nn.init.calculate_gain("leaky_relu", negative_slope)
    return gain / math.sqrt(math.prod(weight_shape[1:]))


@wrong("he_std", caught_by=FAN_IN, says="Expected: 0.7071")
def knows_the_example_by_heart(weight_shape, negative_slope=0.0):
    return 0.5


@right("he_std")
def as_gain_over_root(weight_shape, negative_slope=0.0):
    fan_in = 1
    for size in weight_shape[1:]:
        fan_in *= size
    gain = (2 / (1 + negative_slope * negative_slope)) ** 0.5
    return gain * fan_in**-0.5


@right("he_std")
def counts_an_empty_tensor(weight_shape, negative_slope=0.0):
    import numpy as np

    fan_in = np.empty(weight_shape)[0].size
    return np.sqrt(1.0 / (fan_in * (0.5 + 0.5 * negative_slope**2)))


# selu_moments -------------------------------------------------------------------------------

SIDES = "selu_moments_both_sides"
ANY_NORMAL = "selu_moments_any_normal_input"
FIXED = "selu_moments_fixed_point"


@wrong("selu_moments", caught_by=SIDES, says="λ multiplies both sides")
def scales_the_right_side_only(mean, variance, alpha, scale):
    t = (torch.arange(20_000, dtype=torch.float64) + 0.5) / 1000 - 10
    weight = torch.exp(-t * t / 2) / math.sqrt(2 * math.pi) / 1000
    z = mean + math.sqrt(variance) * t
    y = torch.where(z > 0, scale * z, alpha * (torch.exp(z) - 1))
    first, second = (y * weight).sum().item(), (y * y * weight).sum().item()
    return first, second - first**2


@wrong("selu_moments", caught_by=SIDES, says="λ·α·(e^z − 1)")
def forgets_the_minus_one(mean, variance, alpha, scale):
    t = (torch.arange(20_000, dtype=torch.float64) + 0.5) / 1000 - 10
    weight = torch.exp(-t * t / 2) / math.sqrt(2 * math.pi) / 1000
    z = mean + math.sqrt(variance) * t
    y = scale * torch.where(z > 0, z, alpha * torch.exp(z))
    first, second = (y * weight).sum().item(), (y * y * weight).sum().item()
    return first, second - first**2


@wrong("selu_moments", caught_by=SIDES, says="Got: (0.39")
def draws_random_numbers(mean, variance, alpha, scale):
    generator = torch.Generator().manual_seed(0)
    z = mean + math.sqrt(variance) * torch.randn(100_000, generator=generator)
    y = scale * torch.where(z > 0, z, alpha * torch.expm1(z))
    return y.mean().item(), y.var().item()


@wrong("selu_moments", caught_by=ANY_NORMAL, says="root of the variance")
def takes_the_variance_for_sigma(mean, variance, alpha, scale):
    t = (torch.arange(20_000, dtype=torch.float64) + 0.5) / 1000 - 10
    weight = torch.exp(-t * t / 2) / math.sqrt(2 * math.pi) / 1000
    z = mean + variance * t
    y = scale * torch.where(z > 0, z, alpha * (torch.exp(z) - 1))
    first, second = (y * weight).sum().item(), (y * y * weight).sum().item()
    return first, second - first**2


@wrong("selu_moments", caught_by=ANY_NORMAL, says="Move the slices along")
def leaves_the_slices_at_zero(mean, variance, alpha, scale):
    z = (torch.arange(10_000, dtype=torch.float64) + 0.5) / 1000 - 5
    density = torch.exp(-((z - mean) ** 2) / (2 * variance)) / math.sqrt(2 * math.pi * variance)
    y = scale * torch.where(z > 0, z, alpha * (torch.exp(z) - 1))
    first, second = (y * density).sum().item() / 1000, (y * y * density).sum().item() / 1000
    return first, second - first**2


@wrong("selu_moments", caught_by=ANY_NORMAL, says="need not be standard normal")
def ignores_the_input(mean, variance, alpha, scale):
    z = (torch.arange(20_000, dtype=torch.float64) + 0.5) / 1000 - 10
    weight = torch.exp(-z * z / 2) / math.sqrt(2 * math.pi) / 1000
    y = scale * torch.where(z > 0, z, alpha * (torch.exp(z) - 1))
    first, second = (y * weight).sum().item(), (y * y * weight).sum().item()
    return first, second - first**2


@wrong("selu_moments", caught_by=ANY_NORMAL, says="not E[y²] alone")
def gives_the_second_moment(mean, variance, alpha, scale):
    t = (torch.arange(20_000, dtype=torch.float64) + 0.5) / 1000 - 10
    weight = torch.exp(-t * t / 2) / math.sqrt(2 * math.pi) / 1000
    z = mean + math.sqrt(variance) * t
    y = scale * torch.where(z > 0, z, alpha * (torch.exp(z) - 1))
    return (y * weight).sum().item(), (y * y * weight).sum().item()


@wrong("selu_moments", caught_by=FIXED, says="Got: (0.0, 1.75)")
def changes_nothing(mean, variance, alpha, scale):
    return mean, variance


@wrong("selu_moments", caught_by=FIXED, says="comes nearer, layer by layer")
def is_always_at_the_fixed_point(mean, variance, alpha, scale):
    return 0.0, 1.0


@right("selu_moments")
def in_closed_form(mean, variance, alpha, scale):
    sigma = math.sqrt(variance)

    def below(shift):  # P(z < 0) for a mean moved by `shift`
        return 0.5 * math.erfc((mean + shift) / sigma / math.sqrt(2))

    above = 1 - below(0)
    peak = sigma * math.exp(-(mean**2) / (2 * variance)) / math.sqrt(2 * math.pi)
    once = math.exp(mean + variance / 2) * below(variance)
    twice = math.exp(2 * mean + 2 * variance) * below(2 * variance)
    first = mean * above + peak + alpha * (once - below(0))
    second = (mean**2 + variance) * above + mean * peak
    second += alpha**2 * (twice - 2 * once + below(0))
    return scale * first, scale**2 * (second - first**2)


@right("selu_moments")
def by_trapezoids_in_numpy(mean, variance, alpha, scale):
    import numpy as np

    z = mean + np.sqrt(variance) * np.linspace(-9, 9, 36_001)
    density = np.exp(-((z - mean) ** 2) / (2 * variance)) / np.sqrt(2 * np.pi * variance)
    y = scale * np.maximum(z, 0) + scale * alpha * (np.exp(np.minimum(z, 0)) - 1)
    first = np.trapezoid(y * density, z)
    return first, np.trapezoid((y - first) ** 2 * density, z)


@right("selu_moments")
def by_simpson_on_two_halves(mean, variance, alpha, scale):
    sigma = math.sqrt(variance)

    def simpson(f, low, high, n=400):
        h = (high - low) / n
        inner = sum((4 if i % 2 else 2) * f(low + i * h) for i in range(1, n))
        return (f(low) + inner + f(high)) * h / 3

    def moment(power):
        def weigh(y, z):
            density = math.exp(-0.5 * ((z - mean) / sigma) ** 2) / sigma / math.sqrt(2 * math.pi)
            return y**power * density

        left, right_end = min(mean - 9 * sigma, 0.0), max(mean + 9 * sigma, 0.0)
        below = simpson(lambda z: weigh(scale * alpha * math.expm1(z), z), left, 0.0)
        return below + simpson(lambda z: weigh(scale * z, z), 0.0, right_end)

    first = moment(1)
    return first, moment(2) - first * first


# selu_fixed_point ---------------------------------------------------------------------------

MEAN = "selu_fixed_point_keeps_the_mean"
VARIANCE = "selu_fixed_point_keeps_the_variance"
FOUND = "selu_fixed_point_is_found_by_numbers"


@wrong("selu_fixed_point", caught_by=MEAN, says="α sets the balance")
def knows_the_published_constants(moments, variance):
    return 1.6732632423543772, 1.0507009873554805


@wrong("selu_fixed_point", caught_by=MEAN, says="weigh as much")
def sets_the_variance_only(moments, variance):
    return 1.0, math.sqrt(variance / moments(0.0, variance, 1.0, 1.0)[1])


@wrong("selu_fixed_point", caught_by=MEAN, says="Your code raised")
def forgets_to_return(moments, variance):
    low, high = 0.0, 10.0
    for _ in range(60):
        alpha = (low + high) / 2
        low, high = (alpha, high) if moments(0.0, variance, alpha, 1.0)[0] > 0 else (low, alpha)


@wrong("selu_fixed_point", caught_by=VARIANCE, says="grows with λ²")
def forgets_the_root(moments, variance):
    low, high = 0.0, 10.0
    for _ in range(60):
        alpha = (low + high) / 2
        low, high = (alpha, high) if moments(0.0, variance, alpha, 1.0)[0] > 0 else (low, alpha)
    return alpha, variance / moments(0.0, variance, alpha, 1.0)[1]


@wrong("selu_fixed_point", caught_by=VARIANCE, says="λ sets the size")
def wants_a_variance_of_one(moments, variance):
    low, high = 0.0, 10.0
    for _ in range(60):
        alpha = (low + high) / 2
        low, high = (alpha, high) if moments(0.0, variance, alpha, 1.0)[0] > 0 else (low, alpha)
    return alpha, math.sqrt(1.0 / moments(0.0, variance, alpha, 1.0)[1])


@wrong("selu_fixed_point", caught_by=FOUND, says="no grid is as fine")
def tries_a_grid(moments, variance):
    grid = [i / 40 for i in range(400)]
    alpha = min(grid, key=lambda a: abs(moments(0.0, variance, a, 1.0)[0]))
    return alpha, math.sqrt(variance / moments(0.0, variance, alpha, 1.0)[1])


@wrong("selu_fixed_point", caught_by=FOUND, says="Got: (1.67")
def stops_too_early(moments, variance):
    low, high = 0.0, 10.0
    while high - low > 1e-4:
        alpha = (low + high) / 2
        low, high = (alpha, high) if moments(0.0, variance, alpha, 1.0)[0] > 0 else (low, alpha)
    return alpha, math.sqrt(variance / moments(0.0, variance, alpha, 1.0)[1])


@wrong("selu_fixed_point", caught_by=FOUND, says="at most 500 calls")
def walks_downhill_for_ever(moments, variance):
    alpha, scale = 1.0, 1.0
    for _ in range(3000):
        alpha += 0.3 * moments(0.0, variance, alpha, scale)[0]
    return alpha, math.sqrt(variance / moments(0.0, variance, alpha, 1.0)[1])


@right("selu_fixed_point")
def by_a_straight_line(moments, variance):
    """The mean is linear in alpha: two values settle it."""
    at_zero, at_one = (moments(0.0, variance, a, 1.0)[0] for a in (0.0, 1.0))
    alpha = at_zero / (at_zero - at_one)
    return alpha, (variance / moments(0.0, variance, alpha, 1.0)[1]) ** 0.5


@right("selu_fixed_point")
def by_newton_in_both(moments, variance):
    import numpy as np

    unknown, step = np.array([1.0, 1.0]), 1e-5
    wanted = np.array([0.0, variance])
    for _ in range(12):
        at = np.array(moments(0.0, variance, *unknown)) - wanted
        columns = []
        for axis in np.eye(2) * step:
            up, down = (moments(0.0, variance, *(unknown + s * axis)) for s in (1, -1))
            columns.append((np.array(up) - np.array(down)) / (2 * step))
        unknown = unknown - np.linalg.solve(np.array(columns).T, at)
    return unknown[0], unknown[1]


@right("selu_fixed_point")
def by_the_secant_and_scaling(moments, variance):
    a, b = 0.5, 3.0
    at_a, at_b = moments(0.0, variance, a, 2.0)[0], moments(0.0, variance, b, 2.0)[0]
    while abs(b - a) > 1e-13 and at_a != at_b:
        a, b, at_a = b, b - at_b * (b - a) / (at_b - at_a), at_b
        at_b = moments(0.0, variance, b, 2.0)[0]
    return b, 2.0 * math.sqrt(variance) / math.sqrt(moments(0.0, variance, b, 2.0)[1])
