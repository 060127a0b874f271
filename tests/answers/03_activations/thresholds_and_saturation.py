"""Answers to the exercises of "Thresholds and saturation": mistakes that people make, and other
right ways."""

import math

from autograder.answers import right, wrong

# perceptron_fit -----------------------------------------------------------------------------


@wrong("perceptron_fit", caught_by="perceptron_fit_moves_by_the_error", says="Only a mistake")
def moves_for_every_point(points, labels, epochs):
    weights, bias, mistakes = [0.0] * len(points[0]), 0.0, []
    for _ in range(epochs):
        missed = 0
        for x, label in zip(points, labels, strict=True):
            says = int(sum(w * v for w, v in zip(weights, x, strict=True)) + bias > 0)
            sign = 1 if label else -1
            weights = [w + sign * v for w, v in zip(weights, x, strict=True)]
            bias += sign
            missed += says != label
        mistakes.append(missed)
        if not missed:
            break
    return weights, bias, mistakes


@wrong("perceptron_fit", caught_by="perceptron_fit_moves_by_the_error", says="adds the point")
def moves_the_wrong_way(points, labels, epochs):
    weights, bias, mistakes = [0.0] * len(points[0]), 0.0, []
    for _ in range(epochs):
        missed = 0
        for x, label in zip(points, labels, strict=True):
            says = int(sum(w * v for w, v in zip(weights, x, strict=True)) + bias > 0)
            error = says - label
            weights = [w + error * v for w, v in zip(weights, x, strict=True)]
            bias += error
            missed += abs(error)
        mistakes.append(missed)
        if not missed:
            break
    return weights, bias, mistakes


@wrong("perceptron_fit", caught_by="perceptron_fit_moves_by_the_error", says="very next point")
def updates_after_the_pass(points, labels, epochs):
    weights, bias, mistakes = [0.0] * len(points[0]), 0.0, []
    for _ in range(epochs):
        missed, step, step_bias = 0, [0.0] * len(weights), 0.0
        for x, label in zip(points, labels, strict=True):
            error = label - int(sum(w * v for w, v in zip(weights, x, strict=True)) + bias > 0)
            step = [s + error * v for s, v in zip(step, x, strict=True)]
            step_bias += error
            missed += abs(error)
        weights, bias = [w + s for w, s in zip(weights, step, strict=True)], bias + step_bias
        mistakes.append(missed)
        if not missed:
            break
    return weights, bias, mistakes


@wrong("perceptron_fit", caught_by="perceptron_fit_moves_the_bias", says="through the origin")
def has_no_bias(points, labels, epochs):
    weights, mistakes = [0.0] * len(points[0]), []
    for _ in range(epochs):
        missed = 0
        for x, label in zip(points, labels, strict=True):
            error = label - int(sum(w * v for w, v in zip(weights, x, strict=True)) > 0)
            weights = [w + error * v for w, v in zip(weights, x, strict=True)]
            missed += abs(error)
        mistakes.append(missed)
        if not missed:
            break
    return weights, 0.0, mistakes


@wrong(
    "perceptron_fit",
    caught_by="perceptron_fit_must_exceed_the_threshold",
    says="must exceed 0",
)
def fires_at_zero(points, labels, epochs):
    weights, bias, mistakes = [0.0] * len(points[0]), 0.0, []
    for _ in range(epochs):
        missed = 0
        for x, label in zip(points, labels, strict=True):
            error = label - int(sum(w * v for w, v in zip(weights, x, strict=True)) + bias >= 0)
            weights = [w + error * v for w, v in zip(weights, x, strict=True)]
            bias += error
            missed += abs(error)
        mistakes.append(missed)
        if not missed:
            break
    return weights, bias, mistakes


@wrong(
    "perceptron_fit",
    caught_by="perceptron_fit_must_exceed_the_threshold",
    says="stays below the threshold",
)
def counts_a_product_of_zero_as_a_mistake(points, labels, epochs):
    weights, bias, mistakes = [0.0] * len(points[0]), 0.0, []
    for _ in range(epochs):
        missed = 0
        for x, label in zip(points, labels, strict=True):
            sign = 2 * label - 1
            if sign * (sum(w * v for w, v in zip(weights, x, strict=True)) + bias) <= 0:
                weights = [w + sign * v for w, v in zip(weights, x, strict=True)]
                bias += sign
                missed += 1
        mistakes.append(missed)
        if not missed:
            break
    return weights, bias, mistakes


@wrong("perceptron_fit", caught_by="perceptron_fit_stops_without_mistakes", says="stop there")
def goes_through_all_passes(points, labels, epochs):
    weights, bias, mistakes = [0.0] * len(points[0]), 0.0, []
    for _ in range(epochs):
        mistakes.append(0)
        for x, label in zip(points, labels, strict=True):
            error = label - int(sum(w * v for w, v in zip(weights, x, strict=True)) + bias > 0)
            weights = [w + error * v for w, v in zip(weights, x, strict=True)]
            bias += error
            mistakes[-1] += abs(error)
    return weights, bias, mistakes


@wrong("perceptron_fit", caught_by="perceptron_fit_stops_without_mistakes", says="XOR")
def never_gives_up(points, labels, epochs):
    weights, bias, mistakes = [0.0] * len(points[0]), 0.0, []
    while not mistakes or mistakes[-1]:
        mistakes.append(0)
        for x, label in zip(points, labels, strict=True):
            error = label - int(sum(w * v for w, v in zip(weights, x, strict=True)) + bias > 0)
            weights = [w + error * v for w, v in zip(weights, x, strict=True)]
            bias += error
            mistakes[-1] += abs(error)
    return weights, bias, mistakes


@wrong(
    "perceptron_fit",
    caught_by="perceptron_fit_moves_by_the_error",
    says="Expected: ([2.0, 1.0], 1.0, [1])",
)
def gives_nothing_but_zeros(points, labels, epochs):
    return [0.0] * len(points[0]), 0.0, [0]


@right("perceptron_fit")
def with_a_coordinate_that_is_one(points, labels, epochs):
    import numpy as np

    X = np.array([[*x, 1.0] for x in points])
    w, mistakes = np.zeros(X.shape[1]), []
    while len(mistakes) < epochs:
        before = 0
        for x, label in zip(X, labels, strict=True):
            error = label - int(x @ w > 0)
            w += error * x
            before += error**2
        mistakes.append(before)
        if before == 0:
            break
    return w[:-1].tolist(), w[-1], mistakes


@right("perceptron_fit")
def in_place_with_two_branches(points, labels, epochs):
    axes = range(len(points[0]))
    w, b, history = [0 for _ in axes], 0, []
    for _ in range(epochs):
        errors = 0
        for i in range(len(points)):
            fires = b + sum(w[d] * points[i][d] for d in axes) > 0
            if fires and not labels[i]:
                for d in axes:
                    w[d] -= points[i][d]
                b, errors = b - 1, errors + 1
            elif labels[i] and not fires:
                for d in axes:
                    w[d] += points[i][d]
                b, errors = b + 1, errors + 1
        history += [errors]
        if not errors:
            return w, b, history
    return w, b, history


# sigmoid ------------------------------------------------------------------------------------


@wrong("sigmoid", caught_by="sigmoid_stays_finite", says="OverflowError")
def by_the_formula(x):
    value = 1 / (1 + math.exp(-x))
    return value, value * (1 - value)


@wrong("sigmoid", caught_by="sigmoid_slope", says="¼ at 0")
def gives_the_slope_at_zero_as_a_half(x):
    small = math.exp(-abs(x))
    near, far = 1 / (1 + small), small / (1 + small)
    return (near if x >= 0 else far), 2 * near * far


@wrong("sigmoid", caught_by="sigmoid_slope", says="σ(x)·(1 − σ(x))")
def has_the_slope_of_tanh(x):
    small = math.exp(-abs(x))
    value = 1 / (1 + small) if x >= 0 else small / (1 + small)
    return value, 1 - value * value


@wrong("sigmoid", caught_by="sigmoid_keeps_small_values", says="1 − σ(x) gives 0")
def subtracts_from_one(x):
    value = 1 / (1 + math.exp(-x)) if x >= 0 else math.exp(x) / (1 + math.exp(x))
    return value, value * (1 - value)


@wrong("sigmoid", caught_by="sigmoid_keeps_small_values", says="Nothing is subtracted")
def by_tanh(x):
    value = 0.5 * (1 + math.tanh(x / 2))
    return value, value * (1 - value)


@wrong("sigmoid", caught_by="sigmoid_keeps_small_values", says="Got: (1.0, 4.248")
def clips_the_input(x):
    x = max(-40.0, min(40.0, x))
    small = math.exp(-abs(x))
    near, far = 1 / (1 + small), small / (1 + small)
    return (near if x >= 0 else far), near * far


@wrong("sigmoid", caught_by="sigmoid_slope", says="calls sigmoid,")
def lets_torch_do_it(x):
    import torch

    x = torch.tensor(x, dtype=torch.float64)
    return torch.sigmoid(x).item(), (torch.sigmoid(x) * torch.sigmoid(-x)).item()


@wrong("sigmoid", caught_by="sigmoid_stays_finite", says="Got: (0.5, 0.25)")
def is_constant(x):
    return 0.5, 0.25


@right("sigmoid")
def in_two_cases(x):
    if x < 0:
        return math.exp(x) / (1 + math.exp(x)), in_two_cases(-x)[1]
    e = math.exp(-x)
    return 1 / (1 + e), e / (1 + e) ** 2


@right("sigmoid")
def by_logarithms(x):
    def log_of_sigmoid(t):
        return min(t, 0.0) - math.log1p(math.exp(-abs(t)))

    left, right_side = log_of_sigmoid(x), log_of_sigmoid(-x)
    return math.exp(left), math.exp(left + right_side)


@right("sigmoid")
def in_numpy(x):
    import numpy as np

    small = np.exp(-np.abs(np.float64(x)))
    value = np.where(x >= 0, 1.0, small)[()] / (1 + small)
    return value, small / (1 + small) ** 2


# softplus -----------------------------------------------------------------------------------


@wrong("softplus", caught_by="softplus_stays_finite", says="OverflowError")
def takes_the_formula(x):
    return math.log(1 + math.exp(x)), 1 / (1 + math.exp(-x))


@wrong("softplus", caught_by="softplus_keeps_small_parts", says="math.log1p(t)")
def rounds_small_parts_away(x):
    small = math.exp(-abs(x))
    slope = (1 if x >= 0 else small) / (1 + small)
    return max(x, 0.0) + math.log(1 + small), slope


@wrong("softplus", caught_by="softplus_keeps_small_parts", says="no sudden switch")
def switches_to_x_at_twenty(x):
    small = math.exp(-abs(x))
    slope = (1 if x >= 0 else small) / (1 + small)
    return (x if x > 20 else math.log1p(math.exp(x))), slope


@wrong("softplus", caught_by="softplus_keeps_small_parts", says="never 0")
def is_zero_on_the_left(x):
    small = math.exp(-abs(x))
    slope = (1 if x >= 0 else small) / (1 + small)
    return (0.0 if x < -30 else max(x, 0.0) + math.log1p(small)), slope


@wrong("softplus", caught_by="softplus_slope", says="½ at 0")
def has_the_slope_of_relu(x):
    return max(x, 0.0) + math.log1p(math.exp(-abs(x))), 1.0 if x > 0 else 0.0


@wrong("softplus", caught_by="softplus_slope", says="the sigmoid")
def has_the_slope_of_the_sigmoid(x):
    small = math.exp(-abs(x))
    return max(x, 0.0) + math.log1p(small), small / (1 + small) ** 2


@wrong("softplus", caught_by="softplus_slope", says="calls softplus,")
def lets_torch_do_softplus(x):
    import torch

    t = torch.tensor(x, dtype=torch.float64)
    return torch.nn.functional.softplus(t).item(), torch.sigmoid(t).item()


@wrong("softplus", caught_by="softplus_stays_finite", says="Got: (1000.0, 0.5)")
def is_a_relu(x):
    return max(x, 0.0), 0.5


@right("softplus")
def in_two_branches(x):
    if x > 0:
        return x + in_two_branches(-x)[0], 1 / (1 + math.exp(-x))
    return math.log1p(math.exp(x)), math.exp(x) / (1 + math.exp(x))


@right("softplus")
def by_the_integral_of_my_sigmoid(x):
    small = math.exp(-abs(x))
    tail = math.log1p(small)
    return (x + tail if x > 0 else tail), sigmoid(x)[0]  # noqa: F821 - the student's own


# activation_gradient_product ----------------------------------------------------------------

WEIGHTS = "activation_gradient_product_weights_and_slopes"
BEFORE = "activation_gradient_product_slope_before_the_activation"
EVERY = "activation_gradient_product_from_every_layer"
SWEEP = "activation_gradient_product_one_sweep_back"


@wrong("activation_gradient_product", caught_by=WEIGHTS, says="its own weight")
def forgets_the_weights(f, derivative, layers, x):
    gradients, h = [1.0], x
    factors = []
    for w, b in layers:
        z = w * h + b
        factors.append(derivative(z))
        h = f(z)
    for factor in reversed(factors):
        gradients.insert(0, gradients[0] * factor)
    return gradients


@wrong("activation_gradient_product", caught_by=WEIGHTS, says="change from layer to layer")
def takes_the_first_factor_for_all(f, derivative, layers, x):
    if not layers:
        return [1.0]
    w, b = layers[0]
    factor = w * derivative(w * x + b)
    return [factor**n for n in range(len(layers), -1, -1)]


@wrong("activation_gradient_product", caught_by=WEIGHTS, says="the slope at its own z")
def forgets_the_activation_on_the_way(f, derivative, layers, x):
    factors, h = [], x
    for w, b in layers:
        h = w * h + b
        factors.append(w * derivative(h))
    gradients = [1.0]
    for factor in reversed(factors):
        gradients.append(gradients[-1] * factor)
    return gradients[::-1]


@wrong("activation_gradient_product", caught_by=BEFORE, says="not at h = f(z)")
def takes_the_slope_after_the_activation(f, derivative, layers, x):
    factors, h = [], x
    for w, b in layers:
        h = f(w * h + b)
        factors.append(w * derivative(h))
    gradients = [1.0]
    for factor in reversed(factors):
        gradients.append(gradients[-1] * factor)
    return gradients[::-1]


@wrong("activation_gradient_product", caught_by=BEFORE, says="what goes into the activation")
def forgets_the_bias(f, derivative, layers, x):
    factors, h = [], x
    for w, b in layers:
        factors.append(w * derivative(w * h))
        h = f(w * h + b)
    gradients = [1.0]
    for factor in reversed(factors):
        gradients.append(gradients[-1] * factor)
    return gradients[::-1]


@wrong("activation_gradient_product", caught_by=EVERY, says="begins with the gradient at the input")
def gives_them_from_the_input_on(f, derivative, layers, x):
    gradients, h = [1.0], x
    for w, b in layers:
        z = w * h + b
        gradients.append(gradients[-1] * w * derivative(z))
        h = f(z)
    return gradients


@wrong("activation_gradient_product", caught_by=EVERY, says="L + 1 entries")
def leaves_the_one_out(f, derivative, layers, x):
    factors, h = [], x
    for w, b in layers:
        z = w * h + b
        factors.append(w * derivative(z))
        h = f(z)
    gradients = [1.0]
    for factor in reversed(factors):
        gradients.append(gradients[-1] * factor)
    return gradients[:0:-1]


@wrong("activation_gradient_product", caught_by=SWEEP, says="the next one times")
def starts_anew_for_each_layer(f, derivative, layers, x):
    gradients = []
    for first in range(len(layers) + 1):
        product, h = 1.0, x
        for number, (w, b) in enumerate(layers):
            z = w * h + b
            if number >= first:
                product *= w * derivative(z)
            h = f(z)
        gradients.append(product)
    return gradients


@wrong("activation_gradient_product", caught_by=EVERY, says="Got: [360.0, 20.0, 1.0]")
def knows_the_example_by_heart(f, derivative, layers, x):
    return [18.0, 1.0] if len(layers) == 1 else [360.0, 20.0, 1.0]


@right("activation_gradient_product")
def recursively(f, derivative, layers, x):
    if not layers:
        return [1.0]
    (w, b), *rest = layers
    z = w * x + b
    after = recursively(f, derivative, rest, f(z))
    return [w * derivative(z) * after[0], *after]


@right("activation_gradient_product")
def in_numpy_with_a_running_product(f, derivative, layers, x):
    import numpy as np

    inputs, h = [], x
    for w, b in layers:
        inputs.append(w * h + b)
        h = f(inputs[-1])
    factors = [w * derivative(z) for (w, _), z in zip(layers, inputs, strict=True)]
    return np.cumprod([1.0, *factors[::-1]])[::-1].tolist()


@right("activation_gradient_product")
def without_the_last_activation(f, derivative, layers, x):
    gradients = [0.0] * len(layers) + [1.0]
    h, z = x, None
    for number, (w, b) in enumerate(layers):
        h = x if z is None else f(z)
        z = w * h + b
        gradients[number] = w * derivative(z)
    for number in range(len(layers) - 1, -1, -1):
        gradients[number] *= gradients[number + 1]
    return gradients
