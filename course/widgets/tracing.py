"""`trace(fn, *args)`: a recorded run of any Python function, as plain data.

The function is run once, unchanged, on deep copies of its arguments, and every line that runs in
its own file or notebook cell is noted (helpers, nested functions and recursion too; a
comprehension counts as one line). Wrong code is normal: an exception is kept with its line, a run
that never ends is cut, and the steps before stay.

The data contract (plain JSON types; encoded values as in `course.widgets.values`)

    name         the function's name
    source       the source text that was stepped through; "" when there is none
    first_line   the line number of its first line, in its file or cell
    args         {parameter: value}: the input, before the call
    steps        a list of steps, in order (below)
    lines        how many lines were run: the "line" steps
    calls        [{"name", "parent"}]: every call, `parent` the index of the call it came from (or
                 None)
    output       what was printed
    result       the value returned (for a generator: the list of what it yielded)
    error        None, or {"type", "message", "line", "step"}
    truncated    None, or one sentence: why the run was cut

    a step:
    event        "call", "line" (the line is about to run), "return", "yield" or "error"
    line         line number
    call         index into `calls`;  depth: 0 for the outermost call
    locals       {name: value} of that call, before the line runs
    args         {parameter: value} of the arguments that can change, as they are now
    reads, writes    [[container, index, …]]: elements the line is about to touch (indexes from the
                     front)
    pointers     {container: {label: index}}: which names point where; `label` is "left" or "m - 1"
    note         what a reader should know: the call, the value returned, the exception
    printed      how many characters of `output` were printed before this step

A container is named by the *parameter* when it is the very object the caller passed in (whatever a
helper calls it), and by its local name otherwise; a local that hides a parameter gets a star:
"nums1*".

Long runs travel to the browser in a shorter form: `course.widgets.packing`.
"""

import builtins
import contextlib
import copy
import functools
import inspect
import io
import itertools
import linecache
import opcode
import sys
import textwrap
import time
from collections.abc import Callable
from types import CodeType, FrameType, GeneratorType
from typing import Any

from course.widgets.accesses import UNKNOWN, Accesses
from course.widgets.limits import Cut, Watchdog, no_collection
from course.widgets.values import Encoder, short_repr, text

Run = dict[str, Any]
Step = dict[str, Any]

MAX_STEPS = 5_000
MAX_SECONDS = 2.0
MAX_OUTPUT = 20_000

_IN_ONE_STEP = ("<listcomp>", "<setcomp>", "<dictcomp>", "<genexpr>")
_YIELD = opcode.opmap["YIELD_VALUE"]


def trace(
    fn: Callable[..., Any],
    *args: Any,
    max_steps: int = MAX_STEPS,
    max_seconds: float = MAX_SECONDS,
) -> Run:
    """Runs `fn` on copies of `args` and returns the recorded run (see the module's text).

    Never raises for what `fn` does, except `KeyboardInterrupt`; raises `TypeError` when `fn`
    cannot be called at all. A loop inside C code (`sum(itertools.count())`) cannot be cut.
    """
    if not callable(fn):
        raise TypeError(f"trace needs a function to run, not {short_repr(fn)}")
    given = _copied(args)
    recorder = _Recorder(_code_of(fn), _named(fn, given), max_steps, max_seconds)
    return recorder.run(fn, given)


class _Recorder:
    """One run: the trace function, its limits, and what was recorded so far."""

    def __init__(
        self, code: CodeType | None, arguments: dict[str, Any], max_steps: int, max_seconds: float
    ) -> None:
        self.code = code
        self.file = code.co_filename if code else None
        self.arguments = arguments
        self.max_steps = max_steps
        self.max_seconds = max_seconds
        self.accesses = Accesses(*_file_source(code)) if code else Accesses("")
        self.encoder = Encoder()
        self.mutable = {
            name: value
            for name, value in arguments.items()
            if not isinstance(value, (int, float, str, bytes, type(None)))
        }
        self.parameter_of = {id(value): name for name, value in self.mutable.items()}
        self.steps: list[Step] = []
        self.calls: list[dict[str, Any]] = []
        self.lines = 0
        self.call_of: dict[FrameType, int] = {}
        self.stack: list[FrameType] = []
        self.failing: set[FrameType] = set()
        self.codes: set[CodeType] = set()
        self.output = _Output(MAX_OUTPUT)
        self.truncated: str | None = None
        self.deadline = 0.0

    # the run

    def run(self, fn: Callable[..., Any], args: tuple[Any, ...]) -> Run:
        run: Run = {
            "name": _name_of(fn),
            "source": "",
            "first_line": 1,
            "args": {name: self.encoder.encode(value) for name, value in self.arguments.items()},
        }
        result: Any = None
        error: dict[str, Any] | None = None
        before, streams = sys.gettrace(), (sys.stdout, sys.stderr)
        watchdog = Watchdog(self.max_seconds, self.rearm)
        try:
            try:
                self.deadline = time.perf_counter() + self.max_seconds
                watchdog.start()
                sys.stdout = sys.stderr = self.output
                sys.settrace(self.trace_call)
                with no_collection():
                    result = self.drive(fn(*args))
            finally:
                try:  # a Cut on its way must arrive here, at the call or the jump, not later
                    watchdog.lock.acquire()
                    for _ in range(10):
                        pass
                except Cut:
                    pass
                sys.settrace(before)
                sys.stdout, sys.stderr = streams
                watchdog.over.set()
        except Cut:
            self.truncated = self.truncated or f"Stopped after {self.max_seconds:g} seconds"
        except (Exception, SystemExit, GeneratorExit) as problem:
            if self.truncated is None:
                error = self.explain_error(problem)
        if self.truncated is not None:
            result = None
            self.explain_cut(self.truncated)
        run["source"], run["first_line"] = self.visited_source()
        run.update(
            steps=self.steps,
            lines=self.lines,
            calls=self.calls,
            output=self.output.getvalue(),
            result=self.encoder.encode(result),
            error=error,
            truncated=self.truncated,
        )
        self.call_of.clear()
        return run

    def drive(self, result: Any) -> Any:
        """What the call gave; a generator is run to its end, and what it yielded listed."""
        if inspect.iscoroutine(result):
            result.close()
            raise TypeError("an async function cannot be stepped through: call a plain function")
        if isinstance(result, GeneratorType):
            return list(itertools.islice(result, self.max_steps))
        return result

    # the trace function

    def trace_call(self, frame: FrameType, event: str, _: Any) -> Any:
        code = frame.f_code
        if code.co_filename != self.file:
            self.check_limits()
            return None
        if code.co_name in _IN_ONE_STEP:
            return self.trace_quietly
        frame.f_trace_opcodes = False
        if frame not in self.call_of:
            self.call_of[frame] = len(self.calls)
            parent = self.call_of[self.stack[-1]] if self.stack else None
            self.calls.append({"name": code.co_name, "parent": parent})
            self.codes.add(code)
            self.stack.append(frame)
            self.record(frame, "call")
        else:
            self.stack.append(frame)
        return self.trace_line

    def trace_quietly(self, frame: FrameType, event: str, _: Any) -> Any:
        self.check_limits()
        return self.trace_quietly

    def trace_line(self, frame: FrameType, event: str, value: Any) -> Any:
        self.check_limits()
        if event == "line":
            self.failing.discard(frame)
            self.lines += 1
            self.record(frame, "line")
        elif event == "exception":
            self.failing.add(frame)
        elif event == "return":
            self.leave(frame, value)
        return self.trace_line

    def leave(self, frame: FrameType, value: Any) -> None:
        failed = frame in self.failing
        code = frame.f_code
        yields = bool(code.co_flags & inspect.CO_GENERATOR) and (
            code.co_code[frame.f_lasti] == _YIELD and not failed
        )
        if not failed:
            event = "yield" if yields else "return"
            self.record(frame, event, f"{event}s {text(self.encoder.encode(value))}")
        if self.stack and self.stack[-1] is frame:
            self.stack.pop()
        if not yields and not failed:  # a frame that failed is kept, to show where
            del self.call_of[frame]

    def check_limits(self) -> None:
        """Ends the run when it has had its steps or its time."""
        if len(self.steps) >= self.max_steps:
            self.truncated = f"Stopped after {self.max_steps:,} steps"
        elif time.perf_counter() > self.deadline:
            self.truncated = f"Stopped after {self.max_seconds:g} seconds"
        else:
            return
        raise Cut

    def rearm(self) -> None:
        """Switches tracing on again for the functions that are running now."""
        frame: FrameType | None = sys._getframe()
        while frame is not None:
            if frame.f_code.co_filename == self.file:
                frame.f_trace = self.trace_line
            frame = frame.f_back
        sys.settrace(self.trace_call)

    # steps

    def record(self, frame: FrameType, event: str, note: str = "", line: int | None = None) -> None:
        code = frame.f_code
        line = line or (code.co_firstlineno if event == "call" else frame.f_lineno)
        names = {
            name: value
            for name, value in frame.f_locals.items()
            if not name.startswith(("__", "."))
        }
        if event == "call":
            given = ", ".join(
                f"{name} = {text(self.encoder.encode(value))}" for name, value in names.items()
            )
            note = f"{code.co_name}({given})" if len(given) < 200 else f"{code.co_name}(…)"
        encode = self.encoder.encode
        function = (code.co_name, code.co_firstlineno)
        reads, writes = self.accesses.at(function, line, names) if event == "line" else ((), ())
        pointers: dict[str, dict[str, int]] = {}
        for container, label, index in self.accesses.pointers(function, names):
            pointers.setdefault(self.container(container, names[container]), {})[label] = index
        self.steps.append(
            {
                "event": event,
                "line": line,
                "call": self.call_of.get(frame, 0),
                "depth": max(len(self.stack) - 1, 0),
                "locals": {name: encode(value) for name, value in names.items()},
                "args": {name: encode(value) for name, value in self.mutable.items()},
                "reads": [[self.container(name, held), *path] for name, held, path in reads],
                "writes": [[self.container(name, held), *path] for name, held, path in writes],
                "pointers": pointers,
                "note": note,
                "printed": self.output.tell(),
            }
        )

    def container(self, name: str, value: Any) -> str:
        parameter = self.parameter_of.get(id(value))
        if parameter is not None and value is not UNKNOWN:
            return parameter
        return f"{name}*" if name in self.mutable else name

    # how it ended

    def explain_cut(self, reason: str) -> None:
        line = self.steps[-1]["line"] if self.steps else None
        loop = self.accesses.loop_around(line) if line else None
        if loop is not None and line is not None:
            first = self.visited_source()[1]
            reason += f": the loop on line {loop - first + 1} may never end"
        elif self.steps and self.steps[-1]["depth"] > 20:
            reason += ": the function may call itself without end"
        self.truncated = f"{reason}. The steps before are kept."

    def explain_error(self, problem: BaseException) -> dict[str, Any]:
        """The exception, with the deepest line of the function's own file that it went through."""
        try:
            message = str(problem)
        except Exception:
            message = ""
        frame, line = None, self.code.co_firstlineno if self.code else 1
        traceback = problem.__traceback__
        while traceback is not None:
            inside = traceback.tb_frame
            if inside.f_code.co_filename == self.file and inside in self.call_of:
                frame, line = inside, traceback.tb_lineno
            traceback = traceback.tb_next
        name = type(problem).__name__
        error = {"type": name, "message": message[:500], "line": line, "step": len(self.steps)}
        if frame is None:
            error["step"] = max(len(self.steps) - 1, 0)
            return error
        depth = next((s["depth"] for s in reversed(self.steps) if s["line"] == line), 0)
        self.record(frame, "error", f"{name}: {message[:200]}" if message else name, line)
        self.steps[-1]["depth"] = depth
        return error

    def visited_source(self) -> tuple[str, int]:
        """The source of the functions that were entered, from the first to the last of them."""
        codes = self.codes | ({self.code} if self.code else set())
        if not codes:
            return "", 1
        first = min(code.co_firstlineno for code in codes)
        last = max(_last_line(code) for code in codes)
        lines = linecache.getlines(self.file or "")
        if self.code is None or len(lines) < first:
            return "", first
        return textwrap.dedent("".join(lines[first - 1 : last])).rstrip("\n"), first


class _Output(io.StringIO):
    """Keeps the first `limit` characters that are printed."""

    def __init__(self, limit: int) -> None:
        super().__init__()
        self.limit = limit

    def write(self, printed: str) -> int:
        super().write(printed[: max(self.limit - self.tell(), 0)])
        return len(printed)


def _copied(args: tuple[Any, ...]) -> tuple[Any, ...]:
    """Deep copies, two references to one object staying one; what cannot be copied is passed as it
    is.
    """
    with contextlib.suppress(Exception):
        return copy.deepcopy(args)
    copies = []
    for argument in args:
        try:
            copies.append(copy.deepcopy(argument))
        except Exception:
            copies.append(argument)
    return tuple(copies)


def _code_of(fn: Any) -> CodeType | None:
    """The code that `fn` runs: of a function, method, partial, class or callable object; else
    None.
    """
    for _ in range(20):
        if isinstance(fn, functools.partial):
            fn = fn.func
        elif hasattr(fn, "__wrapped__"):
            fn = fn.__wrapped__
        elif inspect.ismethod(fn):
            fn = fn.__func__
        elif inspect.isfunction(fn):
            return fn.__code__
        elif inspect.isclass(fn):
            fn = fn.__init__
        elif inspect.isbuiltin(fn) or inspect.ismethoddescriptor(fn):
            return None
        else:
            fn = inspect.getattr_static(type(fn), "__call__", None)
    return None


def _name_of(fn: Any) -> str:
    while isinstance(fn, functools.partial):
        fn = fn.func
    return str(getattr(fn, "__name__", type(fn).__name__))


def _named(fn: Callable[..., Any], args: tuple[Any, ...]) -> dict[str, Any]:
    """The arguments by parameter name; by position where the function's signature does not say."""
    try:
        parameters = list(inspect.signature(fn).parameters.values())
    except (TypeError, ValueError):
        parameters = []
    names: list[str] = []
    for parameter in parameters:
        if parameter.kind is parameter.VAR_POSITIONAL:
            names += [f"{parameter.name}[{i}]" for i in range(max(len(args) - len(names), 0))]
        elif parameter.kind in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD):
            names.append(parameter.name)
    names += [f"argument {position + 1}" for position in range(len(names), len(args))]
    return dict(zip(names, args, strict=False))


def _file_source(code: CodeType) -> tuple[str, int]:
    """Source text to look for accesses in, and its first line: the whole file if that parses, else
    the function alone (a cell may hold magics)."""
    lines = linecache.getlines(code.co_filename)
    whole = "".join(lines)
    try:
        builtins.compile(whole, "<source>", "exec", dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError, Warning):
        first = code.co_firstlineno
        return textwrap.dedent("".join(lines[first - 1 : _last_line(code)])), first
    return whole, 1


def _last_line(code: CodeType) -> int:
    """The last line of the function, with the functions inside it."""
    own = [line for _, _, line in code.co_lines() if line is not None]
    inner = [_last_line(const) for const in code.co_consts if isinstance(const, CodeType)]
    return max([code.co_firstlineno, *own, *inner])
