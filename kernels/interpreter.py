"""Repairs to Triton's interpreter (3.6 to 3.7), so that a kernel means the same here as on a GPU.

Each repair is one function with one test. `repair()` applies them all, once; `kernels` calls it
when it has chosen the interpreter. What is repaired, and why:

- bfloat16 was computed on its bit patterns as if they were integers, and rounded by truncation;
- `triton.autotune` with more than one configuration asked for a GPU to time them;
- the first launch put dozens of names (`np`, `math`, `T` ...) into the notebook's globals, so that
  a kernel that calls numpy worked here and nowhere else;
- every call of `tl.sum` patched the whole language again (2-3 times slower);
- `range(0, n)` with an n known only at run time failed in 3.6 with numpy 2.4;
- overflow and 0/0 raised numpy warnings, where a GPU silently gives inf and NaN;
- an error in a kernel arrived as an `InterpreterError` that quotes it, not as itself;
- an access outside a tensor returned garbage or killed the process (see `kernels.memory`).
"""

import ast
import warnings
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import triton.language as tl
from triton.runtime import interpreter
from triton.runtime.autotuner import Autotuner
from triton.runtime.errors import InterpreterError

_repaired = False


def repair() -> None:
    """Apply every repair to Triton's interpreter in this process; calling it again does nothing."""
    global _repaired
    if _repaired:
        return
    _repaired = True
    repair_bfloat16()
    repair_autotune()
    repair_names()
    repair_patching()
    repair_index()
    repair_launch()
    from kernels.memory import stay_in_bounds

    stay_in_bounds()


# --- bfloat16 -------------------------------------------------------------------------------------
# A block of bfloat16 is held as float32 numbers that bfloat16 can represent. Memory holds the upper
# 16 bits of them. Every operation that yields bfloat16 rounds its float32 result (to nearest even).


def round_to_bfloat16(values: np.ndarray) -> np.ndarray:
    """The nearest bfloat16 of each number (ties to even), as float32; same shape."""
    values = np.asarray(values, dtype=np.float32)
    bits = values.view(np.uint32)
    with np.errstate(over="ignore"):
        rounded = (bits + np.uint32(0x7FFF) + ((bits >> 16) & np.uint32(1))) & np.uint32(0xFFFF0000)
    return np.where(np.isnan(values), values, rounded.view(np.float32))


def bfloat16_bits(values: np.ndarray) -> np.ndarray:
    """The 16 bits (uint16) that memory holds for numbers that are already rounded to bfloat16."""
    return (np.asarray(values, dtype=np.float32).view(np.uint32) >> 16).astype(np.uint16)


def from_bfloat16_bits(bits: np.ndarray) -> np.ndarray:
    """The float32 numbers that 16-bit patterns (uint16) stand for."""
    return (np.asarray(bits).astype(np.uint32) << 16).view(np.float32)


def repair_bfloat16() -> None:
    """Make loads, stores, casts, arithmetic, reductions and constants of bfloat16 right."""
    builder: Any = interpreter.InterpreterBuilder
    Handle = interpreter.TensorHandle
    was_dtype, was_size = interpreter._get_np_dtype, interpreter._validate_np_data_size

    def is_bfloat16(dtype: Any) -> bool:
        return dtype.scalar == tl.bfloat16

    def np_dtype(dtype: Any) -> np.dtype:
        pointer = isinstance(dtype.scalar, tl.pointer_type)
        return np.dtype(np.float32) if not pointer and is_bfloat16(dtype) else was_dtype(dtype)

    def fits(data: Any, dtype: Any) -> bool:
        if not isinstance(dtype, tl.pointer_type) and is_bfloat16(dtype):
            return data.dtype in (np.float32, np.bool_)
        return was_size(data, dtype)

    interpreter._get_np_dtype = np_dtype
    interpreter._validate_np_data_size = fits

    def rounded(handle: Any) -> Any:
        if is_bfloat16(handle.dtype) and handle.data.dtype != np.bool_:  # a comparison is bool
            handle.data = round_to_bfloat16(handle.data)
        return handle

    def rounding(name: str) -> None:
        was = getattr(builder, name)
        setattr(builder, name, lambda self, *args, **kw: rounded(was(self, *args, **kw)))

    for name in ("binary_op", "ternary_op", "unary_op", "create_fma", "create_rsqrt", "create_dot"):
        rounding(name)

    was_load, was_store = builder.create_masked_load, builder.create_masked_store

    def load(self: Any, pointers: Any, mask: Any, other: Any, *rest: Any, **kw: Any) -> Any:
        if pointers.get_element_ty() != tl.bfloat16:
            return was_load(self, pointers, mask, other, *rest, **kw)
        fill = np.zeros(pointers.data.shape, np.uint16)
        if other is not None:
            fill = np.ascontiguousarray(np.broadcast_to(bfloat16_bits(other.data), fill.shape))
        bits = interpreter._interpreter.load(pointers.data, mask.data, fill, np.dtype(np.uint16))
        return Handle(from_bfloat16_bits(bits), tl.bfloat16)

    def store(self: Any, pointers: Any, value: Any, mask: Any, *rest: Any, **kw: Any) -> Any:
        if pointers.get_element_ty() == tl.bfloat16:
            value = SimpleNamespace(data=bfloat16_bits(value.data))
        return was_store(self, pointers, value, mask, *rest, **kw)

    def cast(self: Any, source: Any, dtype: Any) -> Any:
        return rounded(Handle(source.data.astype(np_dtype(dtype)), dtype.scalar))

    was_fp_to_fp, was_bitcast = builder.create_fp_to_fp, builder.create_bitcast

    def fp_to_fp(self: Any, source: Any, dtype: Any, *rest: Any) -> Any:
        if is_bfloat16(dtype) or is_bfloat16(source.dtype):
            return cast(self, source, dtype)
        return was_fp_to_fp(self, source, dtype, *rest)

    def bitcast(self: Any, source: Any, dtype: Any) -> Any:
        if is_bfloat16(source.dtype):
            source = Handle(bfloat16_bits(source.data), tl.uint16)
        if is_bfloat16(dtype):
            return Handle(from_bfloat16_bits(source.data.view(np.uint16)), tl.bfloat16)
        return was_bitcast(self, source, dtype)

    was_fabs, was_rmw = builder.create_fabs, builder.create_atomic_rmw

    def fabs(self: Any, source: Any) -> Any:
        return (
            self.unary_op(source, np.abs) if is_bfloat16(source.dtype) else was_fabs(self, source)
        )

    def atomic_rmw(self: Any, operation: Any, pointer: Any, *rest: Any) -> Any:
        if pointer.get_element_ty() == tl.bfloat16:
            raise TypeError("atomics on bfloat16 are not interpreted: add into a float32 buffer")
        return was_rmw(self, operation, pointer, *rest)

    def constant(self: Any, value: float) -> Any:
        return rounded(Handle(np.array([value], dtype=np.float32), tl.bfloat16))

    builder.create_masked_load, builder.create_masked_store = load, store
    builder.cast_impl, builder.create_fp_to_fp, builder.create_bitcast = cast, fp_to_fp, bitcast
    builder.create_fabs, builder.create_atomic_rmw, builder.get_bf16 = fabs, atomic_rmw, constant

    reduce: Any = interpreter.ReduceScanOpInterface
    was_to_tensor = reduce.to_tensor

    def to_tensor(self: Any, result: Any, dtype: Any) -> Any:
        tensor = was_to_tensor(self, result, dtype)
        rounded(tensor.handle)
        return tensor

    reduce.to_tensor = to_tensor


# --- the rest -------------------------------------------------------------------------------------


def repair_autotune() -> None:
    """Let `triton.autotune` take its first configuration: there is nothing to time here."""
    was = Autotuner.__init__

    def first_only(self: Any, fn: Any, arg_names: Any, configs: Any, *rest: Any, **kw: Any) -> None:
        was(self, fn, arg_names, list(configs)[:1], *rest, **kw)

    Autotuner.__init__ = first_only


def repair_names() -> None:
    """Compile a kernel inside a closure: the interpreter's own names stay out of its module."""
    factory = "def factory(interpreter_semantic):\n    pass\n    return {name}"

    def compile_and_exec(self: Any, tree: ast.Module) -> Callable[..., Any]:
        module = ast.parse(factory.format(name=self.fn.__name__))
        maker = module.body[0]
        assert isinstance(maker, ast.FunctionDef)
        maker.body[:1] = tree.body
        code = compile(ast.fix_missing_locations(module), filename=self.filename, mode="exec")
        made: dict[str, Any] = {}
        exec(code, self.fn.__globals__, made)
        return made["factory"](interpreter.interpreter_semantic)

    interpreter.FunctionRewriter._compile_and_exec = compile_and_exec


def repair_patching() -> None:
    """Patch `triton.language` once a launch; calls from kernel to kernel then patch nothing."""
    was = interpreter._patch_lang
    both = SimpleNamespace(__globals__={"tl": tl, "core": tl.core})
    untouched = SimpleNamespace(restore=lambda: None)
    active: list[bool] = []

    def patch_once(_: Any) -> Any:
        if active:
            return untouched
        active.append(True)
        scope = was(both)

        def restore() -> None:
            active.clear()
            scope.restore()

        return SimpleNamespace(restore=restore)

    interpreter._patch_lang = patch_once


def repair_index() -> None:
    """Let a block of one element serve as an integer (a loop bound) under numpy 2.4."""
    was = interpreter._patch_lang_tensor

    def patch(tensor: Any, *scope: Any) -> None:
        was(tensor, *scope)
        tensor.__index__ = lambda self: int(self.handle.data.item())

    interpreter._patch_lang_tensor = patch


def repair_launch() -> None:
    """Compute overflow and 0/0 as a GPU does, without a warning; raise the kernel's own error."""
    was = interpreter.GridExecutor.__call__

    def launch(self: Any, *args: Any, **kw: Any) -> Any:
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)
            try:
                return was(self, *args, **kw)
            except InterpreterError as error:
                cause: BaseException = error
                while isinstance(cause, InterpreterError) and cause.__cause__ is not None:
                    cause = cause.__cause__
                raise cause from None

    interpreter.GridExecutor.__call__ = launch
