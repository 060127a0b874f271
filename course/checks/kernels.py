"""Checks of a student's Triton kernel: its numbers, its faults, its traffic, its compiler.

    with check("reads each element once", idea=ONCE) as case:
        moves(case, softmax, plain_softmax, normal(4, 50), reads={"x": 1}, writes={"out": 1})

Each helper calls the wrapper on the very tensors given, with every fresh output full of NaN, and
asks the same things first: a kernel of the student's own was launched, torch computed nothing
inside the wrapper, and the numbers are as close to float64 as plain torch's (twice its error).
Faults and traffic are seen in Triton's interpreter only: on a GPU, `stays_inside` and `moves` judge
what can be seen there, the numbers and the launches.

Import this module before `triton`: it is what chooses the interpreter where there is no GPU.
"""

import inspect
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from typing import Any

from course.checks.cards import Card
from course.checks.case import Check
from course.checks.outcome import Outcome, name_of
from course.checks.show import count, show

try:
    from kernels import DEVICE, INTERPRETING
except ImportError as missing:

    class NoTriton(ImportError):
        """Triton is not there; shown as one sentence instead of a traceback."""

        def _render_traceback_(self) -> list[str]:
            return [str(self)]

    raise NoTriton(str(missing), name="triton") from None

from kernels.compile_for import compile_for
from kernels.guard import guard
from kernels.judge import compare, normal, poisoned
from kernels.launches import intercept
from kernels.trace import Run, trace

import torch

__all__ = ["DEVICE", "INTERPRETING", "compiles", "moves", "normal", "play_kernel", "right",
           "stays_inside"]  # fmt: skip

LIBRARIES = ("kernels", "triton", "torch")
"""Packages whose kernels are not the student's own."""

TENSOR_CORES = {"mma", "wgmma"}

FEW = 8
"""So many whole numbers of a tensor are shown one by one."""

_exact_float = torch.float64
_interpreted, _is_tensor = INTERPRETING, torch.is_tensor


@dataclass
class Seen:
    """One call of a wrapper: what it returned, what it touched, and why it does not count."""

    result: Any
    run: Run | None  # None on a GPU
    complaint: str  # "" if the student's own kernel did the work


def right(
    case: Check, wrapper: Callable[..., Any], plain: Callable[..., Any], *inputs: Any
) -> Outcome:
    """The wrapper's own kernel gives the numbers of `plain`, to within twice its error."""
    outcome, _ = _watched(case, wrapper, plain, inputs)
    return outcome


def stays_inside(
    case: Check, wrapper: Callable[..., Any], plain: Callable[..., Any], *inputs: Any
) -> None:
    """No access outside a tensor, no race, no hole in a result, and the inputs are left alone."""
    outcome, seen = _watched(case, wrapper, plain, inputs)
    if seen.run is None:
        return
    if seen.run.findings:
        _fail(case, outcome, seen, f"{seen.run.findings[0].kind.capitalize()}: "
              f"{seen.run.findings[0].says}.")  # fmt: skip
    for name, tensor in _outputs(seen.result).items():
        holes = seen.run.holes(tensor)
        if holes:
            _fail(case, outcome, seen, f"A hole: {name}.flatten()[{holes[0]}] is never written.")
    for name, tensor in _inputs(wrapper, inputs).items():
        if seen.run.touched(tensor)[1]:
            _fail(case, outcome, seen, f"It writes into its input {name}.")


def moves(
    case: Check,
    wrapper: Callable[..., Any],
    plain: Callable[..., Any],
    *inputs: Any,
    reads: Mapping[str, float],
    writes: Mapping[str, float],
    block: int | None = None,
    scratch: int = 0,
    share: Mapping[str, int] | None = None,
) -> None:
    """Loads and stores stay within a budget.

    `reads` and `writes` say how many times at most each element of an input (by the name of the
    wrapper's parameter) or result ("out"; "out[0]", "out[1]" … of a tuple) is loaded or stored, on
    average; what is not named may not be touched at all. `scratch` is how many elements may be
    loaded, and stored, in tensors that are neither. `block` is the largest number of elements that
    one `tl.load` may ask for; `share`, how many elements of an input one program may load.
    """
    outcome, seen = _watched(case, wrapper, plain, inputs)
    if seen.run is None:
        return
    named = {**_inputs(wrapper, inputs), **_outputs(seen.result)}
    left = [seen.run.total.loaded, seen.run.total.stored + seen.run.total.atomics]
    for name, tensor in named.items():
        loads, stores = seen.run.touched(tensor)
        elements = tensor.numel()
        for verb, got, budget in (
            ("reads", loads, reads.get(name, 0)),
            ("writes", stores, writes.get(name, 0)),
        ):
            if got > budget * elements + 1e-6:
                _fail(case, outcome, seen, f"It {verb} {count(got, 'element')} of {name}, which "
                      f"has {elements:,}: {got / max(elements, 1):.2f} times each; "
                      f"the budget is {budget:.2f} times.")  # fmt: skip
        left = [left[0] - loads, left[1] - stores]
    for verb, got in zip(("reads", "writes"), left, strict=True):
        if got > scratch:
            _fail(case, outcome, seen, f"It {verb} {count(got, 'element')} in tensors that are "
                  f"neither an argument nor a result; the budget is {scratch:,}.")  # fmt: skip
    widest = _widest_load(seen.run)
    if block is not None and widest > block:
        _fail(case, outcome, seen, f"One tl.load asks for {widest:,} elements; a program may hold "
              f"{block:,} at a time.")  # fmt: skip
    for name, most in (share or {}).items():
        busiest = _busiest_program(seen.run, named[name])
        if busiest > most:
            _fail(case, outcome, seen, f"One program reads {busiest:,} elements of {name}; a fair "
                  f"share is {most:,}.")  # fmt: skip


def compiles(
    case: Check,
    wrapper: Callable[..., Any],
    *calls: tuple[Any, ...],
    target: str = "sm_90",
    spills: int = 0,
    tensor_cores: bool = False,
) -> None:
    """The compiler accepts every kernel launched for these calls, and it fits the GPU.

    Each call is a tuple of arguments; tensors may be on "meta": a shape and a dtype without memory.
    All calls are compiled in one go; what was compiled before costs nothing. `spills` is how many
    bytes a thread may spill from its registers; with `tensor_cores`, one kernel must use them.
    """
    shown = "; ".join(f"{name_of(wrapper)}({', '.join(map(_shape, call))})" for call in calls)
    launches = [partial(wrapper, *call) for call in calls]
    outcome = case.value(shown, partial(compile_for, *launches, targets=(target,)))
    outcome.satisfies("a launch", lambda results: isinstance(results, list))
    for result in outcome.result:
        if not result.fits or result.spilled_bytes > spills:
            case.fail(Card(happened=f"{result.says}.", facts=(("Call", shown),)))
    if not outcome.result:
        case.fail(Card(happened="No kernel was launched.", facts=(("Call", shown),)))
    used = {name for result in outcome.result for name in result.instructions}
    if tensor_cores and not used & TENSOR_CORES:
        happened = "No instruction of the tensor cores is in it: tl.dot makes them."
        case.fail(Card(happened=happened, facts=(("Call", shown),)))


class Sentence(str):
    """Words that a notebook shows without quotation marks."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def play_kernel(wrapper: Callable[..., Any], *inputs: Any, launch: int = 0) -> Any:
    """The trace viewer on this call: which program touched what, one load or store at a time.

    A call that ends with an error is shown up to there. `launch` is the one to show, when the
    wrapper launches several. On a GPU nothing can be traced: then a sentence is returned.
    """
    if not _interpreted:
        return Sentence(
            "Traces are made in the interpreter: restart with TRITON_INTERPRET=1 to see one."
        )
    from course.widgets.trace_viewer import TraceViewer

    problem = ""
    with trace() as run:
        try:
            wrapper(*inputs)
        except NotImplementedError:
            problem = f"{name_of(wrapper)} is not written yet."
        except Exception as error:
            problem = f"{type(error).__name__}: {error}"
    if not run.launches:
        return Sentence(problem or "No kernel was launched.")
    return TraceViewer(run.as_dict(), launch, problem)


# One call, watched -----------------------------------------------------------------------------


def _watched(
    case: Check, wrapper: Callable[..., Any], plain: Callable[..., Any], inputs: tuple[Any, ...]
) -> tuple[Outcome, Seen]:
    """Call the wrapper; fail the case unless its own kernel gave the right numbers."""
    before = [value.clone() if _is_tensor(value) else value for value in inputs]
    call = f"{name_of(wrapper)}({', '.join(map(_shape, inputs))})"
    outcome = case.value(call, partial(_observe, wrapper, inputs))
    outcome.satisfies("a call that ends", lambda seen: isinstance(seen, Seen))
    seen: Seen = outcome.result
    if seen.complaint:
        _fail(case, outcome, seen, f"{seen.complaint}.")
    exact = [v.to(_exact_float) if _floating(v) else v for v in before]
    verdict = compare(seen.result, plain(*before), plain(*exact))
    if not verdict.fine:
        _fail(case, outcome, seen, f"The numbers are wrong: {verdict.says}.", before)
    return outcome, seen


def _observe(wrapper: Callable[..., Any], inputs: tuple[Any, ...]) -> Seen:
    launched: list[Any] = []

    def note(launch: Any, kernel: Any, args: Any, options: Any) -> Any:
        launched.append(kernel)
        return launch(*args, **options)

    with ExitStack() as stack:
        run = stack.enter_context(trace()) if _interpreted else None
        stack.enter_context(intercept(note))
        stack.enter_context(poisoned())
        watched = stack.enter_context(guard())
        result = wrapper(*inputs)
    foreign = [k.fn.__name__ for k in launched if k.fn.__module__.split(".")[0] in LIBRARIES]
    if not launched:
        complaint = "No kernel was launched: the result must come from your own kernel, every time"
    elif watched.operations:
        complaint = f"torch computed inside the wrapper ({', '.join(watched.operations)})"
    elif watched.ways_out:
        complaint = f"Numbers left torch inside the wrapper ({', '.join(watched.ways_out)})"
    elif foreign:
        complaint = f"{foreign[0]} is not your kernel"
    else:
        complaint = ""
    return Seen(result, run, complaint)


def _fail(
    case: Check, outcome: Outcome, seen: Seen, happened: str, before: list[Any] | None = None
) -> None:
    facts = [("Call", outcome.call)]
    if before is not None:
        facts += [("Got", show(seen.result))]
        outside = (
            [f.says for f in seen.run.findings if f.kind == "out of bounds"] if seen.run else []
        )
        facts += [("Out of bounds", says) for says in outside[:1]]  # what it read there is NaN
    case.fail(Card(happened=happened, facts=tuple(facts), picture=_picture(seen)))


def _picture(seen: Seen) -> str:
    """The map of a run that is small enough to be read."""
    if seen.run is None or not seen.run.launches:
        return ""
    from course.widgets.kernel_map import map_of_run

    return str(map_of_run(seen.run.as_dict()))


def _inputs(wrapper: Callable[..., Any], inputs: tuple[Any, ...]) -> dict[str, torch.Tensor]:
    names = list(inspect.signature(wrapper).parameters)
    return {n: v for n, v in zip(names, inputs, strict=False) if _is_tensor(v)}


def _outputs(result: Any) -> dict[str, torch.Tensor]:
    if _is_tensor(result):
        return {"out": result}
    return {f"out[{i}]": tensor for i, tensor in enumerate(result)}


def _widest_load(run: Run) -> int:
    return max(
        (
            sum(stop - start for start, stop in access["ranges"]) + access["masked"]
            for launch in run.launches
            for program in launch.programs
            for access in program["accesses"]
            if access["operation"] == "load"
        ),
        default=0,
    )


def _busiest_program(run: Run, tensor: torch.Tensor) -> int:
    """The most elements of this tensor (of what shares its storage) that one program loaded."""
    storage = tensor.untyped_storage().data_ptr()
    busiest = 0
    for launch in run.launches:
        names = {
            name
            for name, tracked in launch.arguments.items()
            if tracked.argument.tensor.untyped_storage().data_ptr() == storage
        }
        for program in launch.programs:
            loads = [a for a in program["accesses"] if a["operation"] == "load"]
            ranges = [r for a in loads if a["argument"] in names for r in a["ranges"]]
            busiest = max(busiest, sum(stop - start for start, stop in ranges))
    return busiest


def _floating(value: Any) -> bool:
    return bool(_is_tensor(value) and value.is_floating_point())


def _shape(value: Any) -> str:
    if not _is_tensor(value):
        return show(value)
    dtype = str(value.dtype).removeprefix("torch.")
    if not _floating(value) and not value.is_meta and value.numel() <= FEW:
        return f"<{dtype} {value.tolist()}>"  # borders and lengths say what the case is about
    shape = " × ".join(map(str, value.shape))
    strides = "" if value.is_contiguous() else f", strides {tuple(value.stride())}"
    return f"<{shape} {dtype}{strides}>"
