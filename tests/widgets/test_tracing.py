"""What `trace` records: against golden traces, Python's own line counter, and real accesses."""

import functools
import itertools
import json
import subprocess
import sys
import threading
import time
import trace as python_trace
from collections.abc import Callable
from typing import Any

import pytest

from course.widgets.packing import pack, unpack
from course.widgets.tracing import trace
from tests.widgets import samples

HEIGHTS = [1, 8, 6, 2, 5, 4, 8, 3, 7]
MERGE = ([1, 2, 3, 0, 0, 0], 3, [2, 5, 6], 3)

RUNS: list[tuple[Callable[..., Any], tuple[Any, ...]]] = [
    (samples.max_area, (HEIGHTS,)),
    (samples.max_area_by_higher, (HEIGHTS,)),
    (samples.max_area_all_pairs, (HEIGHTS,)),
    (samples.max_area_recursive, (HEIGHTS,)),
    (samples.merge, MERGE),
    (samples.merge_from_front, MERGE),
    (samples.merge_in_expressions, MERGE),
    (samples.bubble, ([3, 1, 2, 0],)),
    (samples.prefix_sums, ([3, 1, 2],)),
    (samples.factorial, (5,)),
    (samples.links, ([3, 1, 2],)),
]
WRONG: list[tuple[Callable[..., Any], tuple[Any, ...]]] = [
    (samples.max_area_runs_off, (HEIGHTS,)),
    (samples.max_area_never_moves, (HEIGHTS,)),
    (samples.endless_recursion, (0,)),
    (samples.fails_in_a_helper, ([1, 2],)),
    (samples.merge, ("abc", 1)),
    (samples.max_area, (None,)),
    (samples.max_area, ()),
    (samples.exits, ()),
    (samples.waits, ()),
]


def name_of(case: Any) -> str:
    return case.__name__ if callable(case) else ""


def seen(run: dict[str, Any], *names: str) -> list[tuple[Any, ...]]:
    """For each step: the line, counted from the `def`, and the values of these names."""
    return [
        (step["line"] - run["first_line"], *(step["locals"].get(name) for name in names))
        for step in run["steps"]
    ]


# golden traces, worked out by hand


def test_max_area_on_three_lines() -> None:
    run = trace(samples.max_area, [2, 1, 3])
    assert seen(run, "left", "right", "best") == [
        (0, None, None, None),
        (1, None, None, None),
        (2, 0, 2, None),
        (3, 0, 2, 0),
        (4, 0, 2, 0),
        (5, 0, 2, 4),
        (6, 0, 2, 4),
        (3, 1, 2, 4),
        (4, 1, 2, 4),
        (5, 1, 2, 4),
        (6, 1, 2, 4),
        (3, 2, 2, 4),
        (9, 2, 2, 4),
        (9, 2, 2, 4),
    ]
    assert [step["event"] for step in run["steps"]] == ["call", *["line"] * 12, "return"]
    assert run["steps"][4]["reads"] == [["height", 0], ["height", 2]]
    assert run["steps"][4]["pointers"] == {"height": {"left": 0, "right": 2}}
    assert run["steps"][-1]["note"] == "returns 4"
    assert (run["result"], run["error"], run["truncated"], run["lines"]) == (4, None, None, 12)


def test_moving_the_higher_line_parts_from_the_right_run_at_the_first_move() -> None:
    run = trace(samples.max_area_by_higher, [2, 1, 3])
    positions = [(a, b) for _, a, b in seen(run, "a", "b") if b is not None]
    assert list(dict.fromkeys(positions)) == [(0, 2), (0, 1), (1, 1)]
    assert run["result"] == 4


def test_merge_shows_each_write_before_and_after() -> None:
    run = trace(samples.merge, [4, 0], 1, [2], 1)
    writes = [(step["writes"], step["args"]["nums1"]) for step in run["steps"] if step["writes"]]
    assert writes == [([["nums1", 1]], [4, 0]), ([["nums1", 0]], [4, 4])]
    assert run["steps"][-1]["args"]["nums1"] == [2, 4]
    assert run["result"] is None


def test_merging_from_the_front_loses_the_first_value() -> None:
    run = trace(samples.merge_from_front, [4, 0], 1, [2], 1)
    contents = [step["args"]["a"] for step in run["steps"]]
    assert [list(c) for c, _ in itertools.groupby(contents)] == [[4, 0], [2, 0], [2, 2]]


# against independent references


@pytest.mark.parametrize(("fn", "args"), RUNS, ids=name_of)
def test_lines_agree_with_pythons_own_counter(
    fn: Callable[..., Any], args: tuple[Any, ...], tmp_path: Any
) -> None:
    counter = python_trace.Trace(count=1, trace=0)
    counter.runfunc(fn, *json.loads(json.dumps(args)))
    counts = {
        line: count
        for (file, line), count in counter.results().counts.items()
        if file == samples.__file__
    }
    run = trace(fn, *args)
    recorded = [step["line"] for step in run["steps"] if step["event"] == "line"]
    assert {line: recorded.count(line) for line in set(recorded)} == counts
    assert run["lines"] == len(recorded)


class Logged(list[Any]):
    """A list that notes which elements are really read and written."""

    def __init__(self, values: list[Any], name: str, log: list[Any]) -> None:
        super().__init__(values)
        self.name, self.log = name, log

    def place(self, index: int) -> int:
        return index + len(self) if index < 0 else index

    def __getitem__(self, index: Any) -> Any:
        self.log.append(("read", self.name, self.place(index)))
        return super().__getitem__(index)

    def __setitem__(self, index: Any, value: Any) -> None:
        self.log.append(("write", self.name, self.place(index)))
        super().__setitem__(index, value)


@pytest.mark.parametrize(("fn", "args"), RUNS[:9], ids=name_of)
def test_reads_and_writes_are_those_that_happen(
    fn: Callable[..., Any], args: tuple[Any, ...]
) -> None:
    run = trace(fn, *args)
    log: list[Any] = []
    logged = [
        Logged(value, name, log) if isinstance(value, list) else value
        for name, value in zip(run["args"], args, strict=True)
    ]
    fn(*logged)
    recorded = [
        (kind, *access)
        for step in run["steps"]
        for kind in ("read", "write")
        for access in step[f"{kind}s"]
    ]
    assert recorded == log


@pytest.mark.parametrize(("fn", "args"), [*RUNS, *WRONG], ids=name_of)
def test_the_run_is_plain_json_and_survives_packing(
    fn: Callable[..., Any], args: tuple[Any, ...]
) -> None:
    run = trace(fn, *args, max_steps=1_500)
    wire = json.dumps(pack(run), allow_nan=False)
    assert unpack(json.loads(wire)) == run


def test_packing_keeps_one_true_and_one_point_zero_apart() -> None:
    def changes_types(values: list[Any]) -> None:
        x: Any = 1
        values[0] = True
        x = True
        x = 1.0
        values[0] = 1
        del x

    run = trace(changes_types, [1, 2, 3, 4, 5])
    again = unpack(json.loads(json.dumps(pack(run))))
    assert json.dumps(again, sort_keys=True) == json.dumps(run, sort_keys=True)


# pointers and names


def test_pointers_can_be_expressions() -> None:
    run = trace(samples.merge_in_expressions, *MERGE)
    assert run["steps"][1]["pointers"] == {
        "nums1": {"m - 1": 2, "m + n - 1": 5},
        "nums2": {"n - 1": 2},
    }


def test_an_argument_keeps_its_parameters_name_in_a_helper() -> None:
    run = trace(samples.fails_in_a_helper, [1, 2])
    inside = [step for step in run["steps"] if step["depth"] == 1]
    assert {name for step in inside for name in step["pointers"]} == {"values"}
    assert inside[1]["reads"] == [["values", 0]]


def test_a_copy_that_hides_the_argument_is_not_taken_for_it() -> None:
    run = trace(samples.merge_a_copy, [3, 0], 1, [1], 1)
    last = run["steps"][-1]
    assert last["args"]["nums1"] == [3, 0]
    assert last["locals"]["nums1"] == [1, 3]
    assert run["steps"][-2]["writes"] == [["nums1*", 0]]


def test_a_condition_that_python_does_not_reach_is_not_read() -> None:
    run = trace(samples.merge, [0], 0, [5], 1)
    (test,) = [step for step in run["steps"] if step["line"] - run["first_line"] == 3]
    assert test["reads"] == []


def test_enumerate_makes_its_counter_a_pointer() -> None:
    def largest(nums: list[int]) -> int:
        best = 0
        for place, value in enumerate(nums):  # noqa: B007
            best = max(best, value)
        return best

    run = trace(largest, [3, 4])
    assert [step["pointers"].get("nums") for step in run["steps"]][-1] == {"place": 1}


# calls


def test_recursion_has_depth_and_a_tree_of_calls() -> None:
    run = trace(samples.factorial, 3)
    assert run["calls"] == [
        {"name": "factorial", "parent": None},
        {"name": "factorial", "parent": 0},
        {"name": "factorial", "parent": 1},
    ]
    returns = [(s["call"], s["depth"], s["note"]) for s in run["steps"] if s["event"] == "return"]
    assert returns == [(2, 2, "returns 1"), (1, 1, "returns 2"), (0, 0, "returns 6")]


def test_a_generator_is_run_to_its_end() -> None:
    run = trace(samples.squares, 3)
    assert run["result"] == [0, 1, 4]
    assert [s["note"] for s in run["steps"] if s["event"] == "yield"] == [
        "yields 0",
        "yields 1",
        "yields 4",
    ]
    assert run["steps"][-1]["note"] == "returns None"


def test_lambdas_methods_partials_classes_and_callables() -> None:
    class Counter:
        def __init__(self, start: int) -> None:
            self.value = start

        def add(self, amount: int) -> int:
            self.value += amount
            return self.value

        def __call__(self, amount: int) -> int:
            return self.add(amount)

    assert trace(lambda x: x + 1, 2)["result"] == 3
    assert trace(Counter(4).add, 2)["result"] == 6
    assert trace(Counter(4), 2)["result"] == 6
    assert trace(functools.partial(samples.element, [7, 8]), 1)["result"] == 8
    made = trace(Counter, 5)
    assert made["result"]["fields"] == {"value": 5}
    assert "self.value = start" in made["source"]


def test_a_decorated_function_is_the_one_inside() -> None:
    @functools.lru_cache
    def fibonacci(n: int) -> int:
        return n if n < 2 else fibonacci(n - 1) + fibonacci(n - 2)

    run = trace(fibonacci, 5)
    assert run["result"] == 5
    assert "return n if n < 2" in run["source"]
    assert run["name"] == "fibonacci"


def test_built_in_functions_have_a_result_and_no_steps() -> None:
    run = trace(sorted, [2, 1])
    assert (run["result"], run["steps"], run["source"]) == ([1, 2], [], "")


def test_functions_without_source_still_run() -> None:
    names: dict[str, Any] = {}
    exec("def twice(x):\n    y = 2 * x\n    return y", names)
    run = trace(names["twice"], 4)
    assert (run["result"], run["source"], run["lines"]) == (8, "", 2)


def test_what_is_no_function_is_refused() -> None:
    with pytest.raises(TypeError, match="needs a function"):
        trace([1, 2])  # type: ignore[arg-type]


def test_the_source_reaches_from_the_first_to_the_last_function_entered() -> None:
    run = trace(samples.fails_in_a_helper, [1])
    assert run["source"].startswith("def element(")
    assert run["source"].rstrip().endswith("return total")
    assert trace(samples.max_area, [1])["source"].startswith("def max_area(")


# inputs and outputs


def test_the_callers_values_are_left_alone() -> None:
    nums1, nums2 = [4, 0], [2]
    trace(samples.merge, nums1, 1, nums2, 1)
    assert (nums1, nums2) == ([4, 0], [2])


def test_two_references_to_one_list_stay_one() -> None:
    def same(a: list[int], b: list[int]) -> bool:
        return a is b

    shared = [1]
    assert trace(same, shared, shared)["result"] is True
    assert trace(same, [1], [1])["result"] is False


def test_what_is_printed_is_kept_with_its_step(capsys: pytest.CaptureFixture[str]) -> None:
    run = trace(samples.recovers, [1])
    assert run["output"] == "too far\n"
    printed = [step["printed"] for step in run["steps"]]
    assert printed == sorted(printed)
    assert (printed[0], printed[-1]) == (0, len("too far\n"))
    assert capsys.readouterr() == ("", "")


def test_values_that_refuse_everything_are_still_recorded() -> None:
    run = trace(samples.keeps, samples.Awkward())
    json.dumps(run, allow_nan=False)
    assert run["error"] is None
    assert "Awkward" in str(run["result"])


def test_linked_objects_and_cycles() -> None:
    run = trace(samples.links, [1, 2])
    assert run["result"]["fields"]["next"]["fields"]["value"] == 2

    def knot() -> list[Any]:
        loop: list[Any] = [1]
        loop.append(loop)
        return loop

    assert trace(knot)["result"][0] == 1


# wrong code


def test_an_exception_is_kept_on_its_line_with_the_steps_before() -> None:
    run = trace(samples.max_area_runs_off, [3, 4])
    assert run["error"]["type"] == "IndexError"
    assert run["error"]["line"] - run["first_line"] == 3
    last = run["steps"][run["error"]["step"]]
    assert (last["event"], last["locals"]["i"]) == ("error", 1)
    assert last["note"] == "IndexError: list index out of range"
    assert run["steps"][-2]["reads"] == [["height", 1], ["height", 2]]


def test_an_exception_in_a_helper_is_shown_in_the_helper() -> None:
    run = trace(samples.fails_in_a_helper, [1, 2])
    last = run["steps"][-1]
    assert (last["event"], last["depth"], last["locals"]["i"]) == ("error", 1, 2)


def test_an_exception_that_is_caught_is_no_error() -> None:
    run = trace(samples.recovers, [1])
    assert (run["error"], run["result"]) == (None, "fine")


@pytest.mark.parametrize(
    ("fn", "args", "kind"),
    [
        (samples.max_area, (), "TypeError"),
        (samples.max_area, (None,), "TypeError"),
        (samples.exits, (), "SystemExit"),
        (samples.endless_recursion, (0,), "RecursionError"),
        (samples.waits, (), "TypeError"),
    ],
    ids=name_of,
)
def test_errors_of_every_kind(fn: Callable[..., Any], args: tuple[Any, ...], kind: str) -> None:
    assert trace(fn, *args)["error"]["type"] == kind


def test_an_endless_loop_is_cut_and_named() -> None:
    run = trace(samples.max_area_never_moves, HEIGHTS, max_steps=50)
    assert len(run["steps"]) == 50
    assert run["truncated"].startswith("Stopped after 50 steps: the loop on line 3 may never end.")
    assert run["error"] is None


@pytest.mark.parametrize("fn", [samples.swallows_everything, samples.swallows_inside], ids=name_of)
def test_a_loop_that_catches_everything_is_cut_too(fn: Callable[..., Any]) -> None:
    began = time.perf_counter()
    run = trace(fn, max_steps=100, max_seconds=0.2)
    assert run["truncated"]
    assert time.perf_counter() - began < 3


def test_endless_work_in_one_line_is_cut_by_the_clock() -> None:
    run = trace(lambda: any(False for _ in itertools.count()), max_seconds=0.2)
    assert run["truncated"].startswith("Stopped after 0.2 seconds")


def test_the_cut_never_reaches_the_caller() -> None:
    for seconds in (0.001, 0.01, 0.02, 0.03):
        for _ in range(5):
            trace(samples.swallows_everything, max_steps=10**9, max_seconds=seconds)
            for _ in range(1_000):
                pass
    assert not any(thread.name == "stepwise-watchdog" for thread in running_after(1.0))


def running_after(seconds: float) -> list[threading.Thread]:
    """Threads that are still there after at most `seconds`."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if not any(thread.name == "stepwise-watchdog" for thread in threading.enumerate()):
            break
        time.sleep(0.01)
    return threading.enumerate()


def test_an_interrupt_by_the_reader_is_passed_on() -> None:
    def interrupted() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        trace(interrupted)


# manners


@pytest.mark.parametrize("fn", [samples.recovers, samples.exits, samples.swallows_everything])
def test_everything_is_put_back(fn: Callable[..., Any]) -> None:
    def earlier(*_: Any) -> None:
        return None

    before = sys.gettrace()
    out, err = sys.stdout, sys.stderr
    sys.settrace(earlier)
    try:
        trace(fn, *([[1]] if fn is samples.recovers else []), max_seconds=0.1)
        assert sys.gettrace() is earlier
    finally:
        sys.settrace(before)
    assert (sys.stdout, sys.stderr) == (out, err)


def test_a_traced_function_may_itself_trace() -> None:
    def outer() -> Any:
        inner = trace(samples.factorial, 2)
        return inner["result"]

    run = trace(outer)
    assert run["result"] == 2
    assert run["steps"][-1]["event"] == "return"


def test_a_thousand_steps_take_at_most_a_tenth_of_a_second() -> None:
    heights = [(7 * i) % 1009 for i in range(200)]

    def seconds() -> float:
        began = time.process_time()
        run = trace(samples.max_area, heights)
        return (time.process_time() - began) * 1_000 / len(run["steps"])

    assert min(seconds() for _ in range(5)) < 0.1


def test_importing_brings_no_heavy_library() -> None:
    code = (
        "import course.widgets.tracing, course.widgets.pictures, sys\n"
        "print([n for n in ('numpy', 'matplotlib', 'torch', 'ipywidgets') if n in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
