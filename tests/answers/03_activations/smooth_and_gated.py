"""Answers to the exercises of "Smooth and gated": mistakes that people make, and other right ways.

As in the notebook, `math` and `torch` are there.
"""

import math

import torch

from autograder.answers import right, wrong

# gelu ---------------------------------------------------------------------------------------

WEIGHT = "gelu_exact_weight"
FAR_OUT = "gelu_far_out"
SLOPE = "gelu_slope"
ENTRIES = "gelu_shape_and_dtype"


@wrong("gelu", caught_by=WEIGHT, says="The tanh form is up to 5e-4 away")
def passes_the_tanh_form_off(x):
    u = math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)
    return 0.5 * x * (1 + torch.tanh(u))


@wrong("gelu", caught_by=WEIGHT, says="x·σ(1.702x)")
def takes_the_quick_form(x):
    return x * torch.sigmoid(1.702 * x)


@wrong("gelu", caught_by=WEIGHT, says="by erf(x/√2)")
def forgets_the_root_of_two(x):
    return 0.5 * x * (1 + torch.erf(x))


@wrong("gelu", caught_by=FAR_OUT, says="Far to the right, GELU is x")
def clips_what_is_far_out(x):
    x = x.clamp(-20, 20)
    return 0.5 * x * (1 + torch.erf(x / math.sqrt(2)))


@wrong("gelu", caught_by=FAR_OUT, says="Nothing in between may overflow")
def multiplies_large_powers(x):
    """Mills' ratio, with a factor that overflows: e^(x²/2)·erfc."""
    size = x.abs() / math.sqrt(2)
    scaled = torch.exp(size**2) * torch.erfc(size)
    return torch.relu(x) - x.abs() * torch.exp(-(size**2)) * scaled / 2


@wrong("gelu", caught_by=SLOPE, says="Your code raised RuntimeError")
def loses_the_gradient(x):
    values = [0.5 * v * (1 + math.erf(v / math.sqrt(2))) for v in x.flatten().tolist()]
    return torch.tensor(values, dtype=x.dtype).reshape(x.shape)


@wrong("gelu", caught_by=SLOPE, says="½ at 0")
def treats_zero_by_itself(x):
    weight = 0.5 * (1 + torch.erf(x / math.sqrt(2)))
    return torch.where(x == 0, torch.zeros_like(x), x * weight)


@wrong("gelu", caught_by=ENTRIES, says="float32 stays float32")
def always_gives_float64(x):
    x = x.double()
    return 0.5 * x * (1 + torch.erf(x / math.sqrt(2)))


@wrong("gelu", caught_by=ENTRIES, says="on each entry by itself")
def flattens(x):
    x = x.flatten()
    return 0.5 * x * (1 + torch.erf(x / math.sqrt(2)))


@wrong("gelu", caught_by=WEIGHT, says="calls gelu,")
def lets_torch_do_it(x):
    return torch.nn.functional.gelu(x)


@wrong("gelu", caught_by=SLOPE, says="calls GELU,")
def lets_a_module_do_it(x):
    return torch.nn.GELU()(x)


@wrong("gelu", caught_by=FAR_OUT, says="Got: tensor")
def gives_zeros(x):
    return x * 0


@right("gelu")
def by_erfc(x):
    return 0.5 * x * torch.erfc(-x * math.sqrt(0.5))


@right("gelu")
def by_the_normal_distribution(x):
    return x * torch.special.ndtr(x)


@right("gelu")
def as_relu_minus_a_tail(x):
    size = x.abs()
    return (x + size) / 2 - size * torch.erfc(size / 2**0.5) / 2


# gelu_tanh ----------------------------------------------------------------------------------

FORMULA = "gelu_tanh_formula"
OVERFLOW = "gelu_tanh_far_out"
ITS_SLOPE = "gelu_tanh_slope"


@wrong("gelu_tanh", caught_by=FORMULA, says="This is not the erf form")
def passes_the_erf_form_off(x):
    return 0.5 * x * (1 + torch.erf(x / math.sqrt(2)))


@wrong("gelu_tanh", caught_by=FORMULA, says="√(2/π)")
def takes_the_root_of_two_only(x):
    return 0.5 * x * (1 + torch.tanh(math.sqrt(2) / math.pi * (x + 0.044715 * x**3)))


@wrong("gelu_tanh", caught_by=FORMULA, says="each of its two constants counts")
def rounds_the_constant(x):
    return 0.5 * x * (1 + torch.tanh(math.sqrt(2 / math.pi) * (x + 0.0447 * x**3)))


@wrong("gelu_tanh", caught_by=FORMULA, says="0.044715·x³")
def squares_instead_of_cubing(x):
    return 0.5 * x * (1 + torch.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**2)))


@wrong("gelu_tanh", caught_by=OVERFLOW, says="e^u overflows")
def writes_tanh_out(x):
    u = math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)
    up, down = torch.exp(u), torch.exp(-u)
    return 0.5 * x * (1 + (up - down) / (up + down))


@wrong("gelu_tanh", caught_by=OVERFLOW, says="tanh u is simply 1")
def clips_the_input(x):
    x = x.clamp(-20, 20)
    return 0.5 * x * (1 + torch.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))


@wrong("gelu_tanh", caught_by=ITS_SLOPE, says="a NaN on the way stays a NaN")
def hides_the_overflow_from_the_value_only(x):
    u = math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)
    power = torch.exp(2 * u)
    tanh = torch.where(u > 20, torch.ones_like(u), (power - 1) / (power + 1))
    return 0.5 * x * (1 + tanh)


@wrong("gelu_tanh", caught_by=ITS_SLOPE, says="w + x·w'")
def keeps_u_out_of_the_gradient(x):
    u = math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)
    return 0.5 * x * (1 + torch.tanh(u.detach()))


@wrong("gelu_tanh", caught_by=FORMULA, says="calls gelu,")
def lets_torch_do_the_tanh_form(x):
    return torch.nn.functional.gelu(x, approximate="tanh")


@right("gelu_tanh")
def by_a_sigmoid(x):
    return x * torch.sigmoid(math.sqrt(8 / math.pi) * (x + 0.044715 * x * x * x))


@right("gelu_tanh")
def with_the_brackets_multiplied_out(x):
    inner = x * (0.7978845608028654 + 0.03567740813636141 * x.square())
    half = x / 2
    return half + half * inner.tanh()


# SwiGLU -------------------------------------------------------------------------------------

GATED = "SwiGLU_gated_by_silu"
GATE = "SwiGLU_w1_is_the_gate"
PARITY = "SwiGLU_parameter_parity"


@wrong("SwiGLU", caught_by=GATED, says="The plain sigmoid would make it a GLU")
class GatesWithASigmoid(torch.nn.Module):
    def __init__(self, width, hidden=None):
        super().__init__()
        hidden = hidden or 8 * width // 3
        self.w1 = torch.nn.Linear(width, hidden, bias=False)
        self.w2 = torch.nn.Linear(hidden, width, bias=False)
        self.w3 = torch.nn.Linear(width, hidden, bias=False)

    def forward(self, x):
        return self.w2(torch.sigmoid(self.w1(x)) * self.w3(x))


@wrong("SwiGLU", caught_by=GATED, says="GELU a GEGLU")
class GatesWithGELU(torch.nn.Module):
    def __init__(self, width, hidden=None):
        super().__init__()
        hidden = hidden or 8 * width // 3
        self.w1 = torch.nn.Linear(width, hidden, bias=False)
        self.w2 = torch.nn.Linear(hidden, width, bias=False)
        self.w3 = torch.nn.Linear(width, hidden, bias=False)

    def forward(self, x):
        return self.w2(torch.nn.functional.gelu(self.w1(x)) * self.w3(x))


@wrong("SwiGLU", caught_by=GATED, says="multiplies the other")
class AddsTheBranches(torch.nn.Module):
    def __init__(self, width, hidden=None):
        super().__init__()
        hidden = hidden or 8 * width // 3
        self.w1 = torch.nn.Linear(width, hidden, bias=False)
        self.w2 = torch.nn.Linear(hidden, width, bias=False)
        self.w3 = torch.nn.Linear(width, hidden, bias=False)

    def forward(self, x):
        return self.w2(torch.nn.functional.silu(self.w1(x)) + self.w3(x))


@wrong("SwiGLU", caught_by=GATED, says="Expected: tensor of shape")
class GivesItsInputBack(torch.nn.Module):
    def __init__(self, width, hidden=None):
        super().__init__()
        hidden = hidden or 8 * width // 3
        self.w1 = torch.nn.Linear(width, hidden, bias=False)
        self.w2 = torch.nn.Linear(hidden, width, bias=False)
        self.w3 = torch.nn.Linear(width, hidden, bias=False)

    def forward(self, x):
        return x


@wrong("SwiGLU", caught_by=GATE, says="with the two exchanged")
class GatesWithW3(torch.nn.Module):
    def __init__(self, width, hidden=None):
        super().__init__()
        hidden = hidden or 8 * width // 3
        self.w1 = torch.nn.Linear(width, hidden, bias=False)
        self.w2 = torch.nn.Linear(hidden, width, bias=False)
        self.w3 = torch.nn.Linear(width, hidden, bias=False)

    def forward(self, x):
        return self.w2(self.w1(x) * torch.nn.functional.silu(self.w3(x)))


@wrong("SwiGLU", caught_by=PARITY, says="two thirds of 4d")
class KeepsTheHiddenWidth(torch.nn.Module):
    def __init__(self, width, hidden=None):
        super().__init__()
        hidden = hidden or 4 * width
        self.w1 = torch.nn.Linear(width, hidden, bias=False)
        self.w2 = torch.nn.Linear(hidden, width, bias=False)
        self.w3 = torch.nn.Linear(width, hidden, bias=False)

    def forward(self, x):
        return self.w2(torch.nn.functional.silu(self.w1(x)) * self.w3(x))


@wrong("SwiGLU", caught_by=PARITY, says="Round 8d/3 down")
class RoundsToTheNearest(torch.nn.Module):
    def __init__(self, width, hidden=None):
        super().__init__()
        hidden = hidden or round(8 * width / 3)
        self.w1 = torch.nn.Linear(width, hidden, bias=False)
        self.w2 = torch.nn.Linear(hidden, width, bias=False)
        self.w3 = torch.nn.Linear(width, hidden, bias=False)

    def forward(self, x):
        return self.w2(torch.nn.functional.silu(self.w1(x)) * self.w3(x))


@wrong("SwiGLU", caught_by=PARITY, says="No biases")
class KeepsTheBiases(torch.nn.Module):
    def __init__(self, width, hidden=None):
        super().__init__()
        hidden = hidden or 8 * width // 3
        self.w1 = torch.nn.Linear(width, hidden)
        self.w2 = torch.nn.Linear(hidden, width)
        self.w3 = torch.nn.Linear(width, hidden)

    def forward(self, x):
        return self.w2(torch.nn.functional.silu(self.w1(x)) * self.w3(x))


@right("SwiGLU")
class WithSiluWrittenOut(torch.nn.Module):
    def __init__(self, width, hidden=None):
        super().__init__()
        if hidden is None:
            hidden = int(2 * (4 * width) / 3 + 1e-9)
        self.w1, self.w3 = (torch.nn.Linear(width, hidden, bias=False) for _ in range(2))
        self.w2 = torch.nn.Linear(hidden, width, bias=False)

    def forward(self, x):
        z = self.w1(x)
        return self.w2(z * torch.sigmoid(z) * self.w3(x))


@right("SwiGLU")
class ByMatrices(torch.nn.Module):
    def __init__(self, width, hidden=None):
        super().__init__()
        if hidden is None:
            hidden = 1
            while 3 * width * (hidden + 1) <= 8 * width**2:
                hidden += 1
        for name, sizes in (
            ("w3", (width, hidden)),
            ("w2", (hidden, width)),
            ("w1", (width, hidden)),
        ):
            setattr(self, name, torch.nn.Linear(*sizes, bias=False))
        self.silu = torch.nn.SiLU()

    def forward(self, x):
        both = torch.cat([self.w1.weight, self.w3.weight])
        gate, value = (x @ both.T).chunk(2, dim=-1)
        return self.silu(gate).mul(value) @ self.w2.weight.T
