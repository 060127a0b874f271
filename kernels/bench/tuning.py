"""`python -m kernels.bench --tune`: try other configurations of each kernel, and keep the fastest.

What is tried is `SPACES`. First the compiler looks at all of it, for a GPU that need not be here:
what does not compile, exceeds the shared memory or spills is never run. Then, on a GPU, the rest is
timed beside the current choice, and the best is timed again with it, in turn. Everything is written
to `tuning.json` as it comes: a run that is cut short goes on where it stopped. `--adopt` copies
what was faster into the table that the kernels look into (`kernels.configurations`).
"""

import itertools
import json
import os
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kernels.bench.cases import Case, Problem
from kernels.compile_for import Compiled, capture, compile_for
from kernels.configurations import asked_for, trying

import torch

WARPS = (4, 8, 16, 32)
ROWS = {"block": (2048, 4096, 8192, 16_384), "warps": WARPS, "stages": (1, 2, 3)}
TILES = {"M": (64, 128, 256), "N": (128, 256), "K": (64, 128), "warps": (4, 8), "stages": (2, 3, 4)}
FLASH = {"M": (64, 128), "N": (32, 64, 128), "warps": (4, 8), "stages": (1, 2, 3, 4)}

SPACES: dict[str, dict[str, tuple[int, ...]]] = {
    "vector add": {"block": (512, 1024, 2048, 4096, 8192), "warps": (4, 8)},
    "strided copy": {"M": (32, 64, 128), "N": (32, 64, 128), "warps": (4, 8)},
    "dropout": {"warps": (4, 8, 16)},
    "softmax": {"warps": (1, 2, *WARPS)},
    "online softmax": ROWS,
    "norm forward": {"warps": (1, 2, *WARPS)},
    "norm backward": {"programs": (1, 2, 3, 4, 8), "warps": WARPS, "stages": (1, 2, 3)},
    "cross-entropy forward": ROWS,
    "cross-entropy backward": {"block": ROWS["block"], "warps": WARPS},
    "matmul, pointers": TILES,
    "matmul, descriptors, persistent": TILES,
    "flash forward": FLASH,
    "flash keys": FLASH | {"M": (32, 64, 128), "N": (64, 128), "stages": (1, 2, 3)},
    "flash queries": FLASH,
    "decode": {"N": (32, 64, 128), "programs": (1, 2, 4), "warps": (2, 4, 8), "stages": (2, 3, 4)},
}  # fmt: skip
"""For each kernel of the table: what each field of its configuration may be."""

GAIN = 1.01
"""A configuration is worth changing to when it is this much faster."""

Clock = Callable[[Callable[[], Any]], float]  # milliseconds of a call


@dataclass(frozen=True)
class Knob:
    """One choice to make: of one kernel, for one shape and dtype."""

    name: str  # as in the table
    case: Case  # in which it is timed
    current: Any  # a NamedTuple
    others: tuple[Any, ...]  # the nearest to the current choice first

    @property
    def candidates(self) -> tuple[Any, ...]:
        """The current choice, and the others."""
        return (self.current, *self.others)


def knobs_of(cases: Sequence[Case], device: str = "meta", tiny: bool = False) -> list[Knob]:
    """Every choice that the cases' kernels look up as they run, each in the first case that does.

    On the device "meta" nothing runs.
    """
    found: dict[str, Knob] = {}
    for case in cases:
        for name, current in _asked_by(case.make(device, tiny), device).items():
            if name not in found:
                found[name] = Knob(name, case, current, tuple(_others(name, current)))
    return list(found.values())


def _asked_by(problem: Problem, device: str) -> dict[str, Any]:
    """What it looks up when it is timed: its first call may do more, such as a forward pass."""
    with capture() if device == "meta" else nullcontext():
        problem.ours()
        with asked_for() as asked:
            problem.ours()
    return asked


def _others(name: str, current: Any) -> Iterator[Any]:
    space = next((s for kernel, s in SPACES.items() if name.startswith(f"{kernel}, ")), {})
    found = [current._replace(**dict(zip(space, values, strict=True)))
             for values in itertools.product(*space.values())]  # fmt: skip

    def distance(one: Any) -> int:
        return sum(a != b for a, b in zip(one, current, strict=True))

    return (one for one in sorted(found, key=distance) if one != current)


@dataclass(frozen=True)
class Screened:
    """What the compiler says about one candidate: "" if it can run at full speed, or why not."""

    candidate: Any
    problem: str


def screen(
    knob: Knob, target: str, tiny: bool = False, processes: int = os.cpu_count() or 1
) -> list[Screened]:
    """Compile every candidate; refuse what fails, does not fit or spills. The current one first."""
    problem = knob.case.make("meta", tiny)
    with capture():
        problem.ours()  # its first call may do more

    def call(candidate: Any) -> Callable[[], Any]:
        def run() -> None:
            with trying(knob.name, candidate):
                problem.ours()

        return run

    calls = [call(candidate) for candidate in knob.candidates]
    results = compile_for(*calls, targets=(target,), timeout=1800.0, processes=processes)
    each = len(results) // len(calls)
    groups = [results[i : i + each] for i in range(0, len(results), each)]
    # kernels of the same call that this choice does not concern are the same in every group
    concerned = [i for i in range(each) if any(g[i] != groups[0][i] for g in groups)]
    return [
        Screened(candidate, "; ".join(filter(None, (_problem(group[i]) for i in concerned))))
        for candidate, group in zip(knob.candidates, groups, strict=True)
    ]


def _problem(result: Compiled) -> str:
    if result.problem is not None or not result.fits:
        return result.says
    return f"spills {result.spilled_bytes} bytes a thread" if result.spilled_bytes else ""


def report_screening(cases: Sequence[Case], target: str) -> int:
    """Without a GPU: print what the compiler leaves of each space; 1 if a current choice fails."""
    knobs, refused, begin = knobs_of(cases), 0, time.monotonic()
    for number, knob in enumerate(knobs, start=1):
        first, *rest = screen(knob, target)
        left = (time.monotonic() - begin) / number * (len(knobs) - number)
        refused += bool(first.problem)
        print(
            f"[{number}/{len(knobs)}, about {left:.0f} s left] {knob.name}: "
            f"{_short(knob.current)} {first.problem or 'is fine'}; "
            f"{sum(not r.problem for r in rest)} of {len(rest)} others compile for {target}, fit, "
            "and do not spill",
            flush=True,
        )
    print(f"{len(knobs) - refused} of {len(knobs)} current choices are fine; nothing was timed")
    return int(refused > 0)


def _short(configuration: Any) -> str:
    return ", ".join(f"{k} {v}" for k, v in configuration._asdict().items())


class Tuner:
    """Times candidates into a file, for a limited time."""

    def __init__(
        self,
        path: Path,
        machine: dict[str, str],
        target: str,
        minutes: float,
        clock: Clock,
        device: str = "cuda",
        tiny: bool = False,
    ) -> None:
        self.path, self.target, self.clock = path, target, clock
        self.device, self.tiny = device, tiny
        self.begin = time.monotonic()
        self.deadline = self.begin + 60 * minutes
        self.timed = 0
        self.log = load(path)
        if _versions(self.log["machine"]) != _versions(machine):
            self.log = {"knobs": {}}  # never mix machines or versions
        self.log = {"machine": machine, "target": target, "knobs": self.log["knobs"]}

    def run(self, cases: Sequence[Case]) -> bool:
        """Tune until all is done (True) or the time is over (False); then run it again."""
        knobs = knobs_of(cases, "meta", self.tiny)
        for number, knob in enumerate(knobs, start=1):
            entry = self.log["knobs"].setdefault(knob.name, {"case": knob.case.name, "tried": {}})
            if "best" in entry:
                continue
            if not self._tune(knob, entry, f"[{number}/{len(knobs)}]"):
                print("The time is over: the same command goes on from here.")
                return False
        return True

    def _tune(self, knob: Knob, entry: dict[str, Any], place: str) -> bool:
        if time.monotonic() > self.deadline:
            return False
        problem = knob.case.make(self.device, self.tiny)
        expected = problem.ours()
        allowed = [s.candidate for s in screen(knob, self.target, self.tiny) if not s.problem]
        if knob.current not in allowed:
            allowed.insert(0, knob.current)
        print(f"{place} {knob.name}: {len(allowed)} of {len(knob.candidates)} can run", flush=True)
        for number, candidate in enumerate(allowed, start=1):
            key = _short(candidate)
            if key in entry["tried"]:
                continue
            if time.monotonic() > self.deadline:
                return False
            found = self._time(problem, knob, candidate, expected)
            entry["tried"][key] = {"fields": candidate._asdict(), **found}
            self._save()
            self.timed += 1
            left = (time.monotonic() - self.begin) / self.timed * (len(allowed) - number)
            said = found.get("problem") or f"{found['ms']:.4f} ms"
            print(f"  {number}/{len(allowed)}, about {left:.0f} s left: {key}: {said}", flush=True)
        self._decide(problem, knob, entry)
        self._save()
        return True

    def _time(self, problem: Problem, knob: Knob, candidate: Any, expected: Any) -> dict[str, Any]:
        with trying(knob.name, candidate):
            try:
                if not agree(problem.ours(), expected):
                    return {"problem": "other numbers than the current choice"}
                return {"ms": self.clock(problem.ours)}
            except Exception as error:  # such as a resource that the screening does not know
                if self.device == "cuda":
                    torch.cuda.synchronize()  # fails again where nothing can run any more
                return {"problem": f"{type(error).__name__}: {str(error).splitlines()[0][:100]}"}

    def _decide(self, problem: Problem, knob: Knob, entry: dict[str, Any]) -> None:
        """Time the fastest and the current choice again, in turn: what was first may be luck."""
        ran = {key: one["ms"] for key, one in entry["tried"].items() if "ms" in one}
        fastest = min(ran, key=ran.__getitem__) if ran else ""
        best = next((c for c in knob.candidates if _short(c) == fastest), knob.current)
        times: dict[Any, list[float]] = {best: [], knob.current: []}
        for _ in range(3):
            for candidate, heard in times.items():
                with trying(knob.name, candidate):
                    heard.append(self.clock(problem.ours))
        medians = {candidate: statistics.median(heard) for candidate, heard in times.items()}
        gain = medians[knob.current] / medians[best]
        if gain < GAIN:
            best, gain = knob.current, 1.0
        entry |= {
            "current": knob.current._asdict(),
            "current_ms": medians[knob.current],
            "best": best._asdict(),
            "best_ms": medians[best],
            "gain": gain,
        }
        print(f"  {knob.name}: {_short(best)}, {gain:.3f} times as fast as the current choice")

    def _save(self) -> None:
        text = json.dumps(self.log, indent=1, ensure_ascii=False)
        self.path.write_text(text + "\n", encoding="utf-8")


def agree(got: Any, expected: Any) -> bool:
    """Whether tensors (or tuples of them) are the same up to rounding in another order."""
    if isinstance(expected, tuple):
        return all(agree(g, e) for g, e in zip(got, expected, strict=True))
    difference = (got.float() - expected.float()).norm()
    return bool(difference <= 0.01 * expected.float().norm())  # False for NaN


def load(path: Path) -> dict[str, Any]:
    """What was tuned so far, or nothing."""
    if path.exists():
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return found
    return {"machine": None, "target": None, "knobs": {}}


def _versions(machine: dict[str, str] | None) -> dict[str, str]:
    return {k: v for k, v in (machine or {}).items() if k not in ("date", "command")}


def adopt(log: dict[str, Any], table: Path) -> dict[str, dict[str, Any]]:
    """Write what was faster into a table of configurations; what changed, by name."""
    known = json.loads(table.read_text(encoding="utf-8"))
    better = {
        name: entry["best"]
        for name, entry in log["knobs"].items()
        if "best" in entry and entry["best"] != entry["current"]
    }
    if better:
        known.setdefault(log["target"], {}).update(better)
        text = json.dumps(known, indent=1, sort_keys=True)
        table.write_text(text + "\n", encoding="utf-8")
    return better
