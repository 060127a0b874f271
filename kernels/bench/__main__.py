"""`python -m kernels.bench`: measure every kernel beside its rivals, and write the table.

On a machine without a GPU nothing is timed: the table is written again from the results that are
there, and says which rows no GPU has measured. `--smoke` also runs every case at a tiny size and
judges its result, wherever it runs.
"""

import argparse
import json
import shlex
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import kernels
from kernels.bench.cases import CASES, Case
from kernels.bench.measure import copy_bytes_per_second, machine, time_ms
from kernels.bench.report import draw, markdown, row_of
from kernels.judge import Verdict, judge, judge_gradients

RESULTS = Path(__file__).with_name("results")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; 1 when a kernel's result was wrong."""
    parser = argparse.ArgumentParser(prog="python -m kernels.bench", description=__doc__)
    parser.add_argument("only", nargs="*", help="parts of kernel names; all when none is given")
    parser.add_argument("--smoke", action="store_true", help="judge tiny sizes; time nothing")
    parser.add_argument("--out", type=Path, default=RESULTS, help="folder for the results")
    options = parser.parse_args(arguments)
    cases = [c for c in CASES if not options.only or any(word in c.name for word in options.only)]
    if not cases:
        parser.error(f"no kernel is called {' or '.join(options.only)}")
    if options.smoke:
        return smoke(cases)
    options.out.mkdir(parents=True, exist_ok=True)
    results = load(options.out / "results.json")
    wrong = 0
    if kernels.INTERPRETING:
        print("No GPU here: nothing was measured.")
    else:
        wrong = measure_all(cases, results)
    write(results, options.out)
    print(f"Wrote {options.out / 'README.md'}")
    return int(wrong > 0)


def smoke(cases: Sequence[Case]) -> int:
    """Judge every case at a tiny size; its speed would mean nothing, so it is not measured."""
    wrong = 0
    for case in cases:
        verdict = check(case)
        wrong += not verdict.fine
        print(f"{'right' if verdict.fine else 'WRONG'}  {case.name}: {verdict.says}", flush=True)
    print(f"{len(cases) - wrong} of {len(cases)} right; nothing was timed")
    return int(wrong > 0)


def check(case: Case) -> Verdict:
    """Judge one case at a tiny size on this process's device."""
    problem = case.make(kernels.DEVICE, True)
    answer, specification, inputs = problem.judged
    return (judge_gradients if problem.gradients else judge)(answer, specification, *inputs)


def measure_all(cases: Sequence[Case], results: dict[str, Any]) -> int:
    """Judge and time the cases into `results`; how many were wrong."""
    import torch

    here = machine() | {"command": shlex.join(["python", "-m", "kernels.bench", *sys.argv[1:]])}
    if results["machine"] is not None and _figures(results["machine"]) != _figures(here):
        results["rows"] = {}  # never mix machines or versions in one table
    results["machine"] = here
    copy = copy_bytes_per_second()
    a = torch.randn(8192, 8192, dtype=torch.bfloat16, device="cuda")
    results["ceilings"] = {
        "copy_bytes_per_second": copy,
        "matmul_flops_per_second": 2 * 8192**3 / (time_ms(lambda: a @ a) * 1e-3),
    }
    wrong = 0
    for case in cases:
        verdict = check(case)
        wrong += not verdict.fine
        measured = measure(case, copy) if verdict.fine else {"problem": f"wrong: {verdict.says}"}
        results["rows"][case.name] = row_of(case, measured)
        print(f"{case.name}: {measured.get('problem') or measured['ratios']}", flush=True)
        torch.cuda.empty_cache()
    return wrong


def _figures(described: dict[str, str]) -> dict[str, str]:
    return {k: v for k, v in described.items() if k not in ("date", "command")}


def measure(case: Case, copy: float) -> dict[str, Any]:
    """Times, rates and ratios of one case; a rival that cannot run says why."""
    problem = case.make("cuda", False)
    seconds = time_ms(problem.ours) * 1e-3
    moved, flops = problem.moved / seconds, problem.flops / seconds
    ratios: dict[str, Any] = {} if problem.flops else {"copy": moved / copy}
    times = {}
    for name, rival in problem.baselines.items():
        try:
            times[name] = time_ms(rival)
            ratios[name] = times[name] * 1e-3 / seconds
        except Exception as error:
            ratios[name] = f"cannot run ({type(error).__name__}: {str(error).splitlines()[0][:80]})"
    return {
        "ms": seconds * 1e3,
        "baseline_ms": times,
        "bytes_per_second": moved,
        "flops_per_second": flops,
        "ratios": ratios,
    }


def load(path: Path) -> dict[str, Any]:
    """The results that are there, or none."""
    if path.exists():
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return found
    return {"machine": None, "ceilings": None, "rows": {}}


def write(results: dict[str, Any], folder: Path) -> None:
    """results.json, README.md, and the pictures when something was measured."""
    names = [case.name for case in CASES]
    rows = {c.name: results["rows"].get(c.name) or row_of(c, None) for c in CASES}
    results = results | {"rows": {name: rows[name] for name in names}}
    text = json.dumps(results, indent=1, ensure_ascii=False)
    (folder / "results.json").write_text(text + "\n", encoding="utf-8")
    (folder / "README.md").write_text(markdown(results), encoding="utf-8")
    for path in draw(results, folder):
        print(f"Wrote {path}")


if __name__ == "__main__":
    warnings.filterwarnings("default")
    sys.exit(main())
