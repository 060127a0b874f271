"""`python -m kernels.bench`: measure every kernel beside its rivals, and write the table.

On a machine without a GPU nothing is timed: the table is written again from the results that are
there, and says which rows no GPU has measured.

`--smoke` runs every case at a tiny size and judges its result, wherever it runs. `--tune` tries
other configurations (without a GPU: asks the compiler which of them could run, and times nothing),
`--adopt` copies those that were faster into the kernels' table. `--everything` is for a GPU that is
there for a short time: it judges every kernel in every dtype, measures, tunes, takes what was
faster, and measures again; what is finished is in the `--out` folder at any moment, and the same
command goes on from there.
"""

import argparse
import hashlib
import json
import shlex
import sys
import time
import warnings
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import kernels
from kernels import configurations
from kernels.bench import tuning
from kernels.bench.cases import CASES, Case, judged_cases
from kernels.bench.measure import (
    copy_bytes_per_second,
    machine,
    matmul_flops_per_second,
    time_ms,
)
from kernels.bench.report import draw, markdown, row_of
from kernels.judge import Verdict, judge, judge_gradients

RESULTS = Path(__file__).with_name("results")
TABLE = configurations.TABLE


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; 1 when a kernel's result was wrong, or a current choice cannot run."""
    parser = argparse.ArgumentParser(
        prog="python -m kernels.bench",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("only", nargs="*", help="parts of kernel names; all when none is given")
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--smoke", action="store_true", help="judge tiny sizes; time nothing")
    what.add_argument("--tune", action="store_true", help="look for faster configurations")
    what.add_argument("--adopt", action="store_true", help="let the kernels use what was faster")
    what.add_argument("--everything", action="store_true", help="judge, measure, tune, measure")
    parser.add_argument("--minutes", type=float, default=9.0, help="at most, to tune (9)")
    parser.add_argument("--target", default="sm_90", help="GPU to compile for without one (sm_90)")
    parser.add_argument("--out", type=Path, default=RESULTS, help="folder for the results")
    options = parser.parse_args(arguments)
    cases = [c for c in CASES if not options.only or any(word in c.name for word in options.only)]
    if not cases:
        parser.error(f"no kernel is called {' or '.join(options.only)}")
    if options.smoke:
        return smoke(cases)
    if options.tune and kernels.INTERPRETING:
        return tuning.report_screening(cases, options.target)
    if options.adopt:
        return adopt(options.out)
    options.out.mkdir(parents=True, exist_ok=True)
    deadline = time.monotonic() + 60 * options.minutes
    if kernels.INTERPRETING:
        print("No GPU here: nothing was measured.")
        write(load(options.out / "results.json"), options.out)
        print(f"Wrote {options.out / 'README.md'}")
        return 0
    if options.everything:
        return everything(cases, options.out, deadline)
    if options.tune:
        tune(cases, options.out, deadline)
        return 0
    results = load(options.out / "results.json")
    wrong = measure_all(cases, results, options.out)
    print(f"Wrote {options.out / 'README.md'}")
    return int(wrong > 0)


def smoke(cases: Sequence[Case]) -> int:
    """Judge every case at a tiny size; its speed would mean nothing, so it is not measured."""
    wrong = len(judge_all(cases))
    print(f"{len(cases) - wrong} of {len(cases)} right; nothing was timed")
    return int(wrong > 0)


def judge_all(cases: Sequence[Case]) -> list[str]:
    """Judge every case at a tiny size; the names of those that are wrong."""
    wrong = []
    for case in cases:
        verdict = check(case)
        if not verdict.fine:
            wrong.append(case.name)
        print(f"{'right' if verdict.fine else 'WRONG'}  {case.name}: {verdict.says}", flush=True)
    return wrong


def check(case: Case) -> Verdict:
    """Judge one case at a tiny size on this process's device."""
    problem = case.make(kernels.DEVICE, True)
    answer, specification, inputs = problem.judged
    return (judge_gradients if problem.gradients else judge)(answer, specification, *inputs)


# --- on a GPU -------------------------------------------------------------------------------------


def everything(cases: Sequence[Case], folder: Path, deadline: float) -> int:
    """Judge, measure, tune, take what was faster, measure again; goes on where it stopped."""
    table = folder / "configurations.json"  # what the rows were measured with
    if not table.exists():
        table.write_text(TABLE.read_text(encoding="utf-8"), encoding="utf-8")
    configurations.use(table)
    results = load(folder / "results.json")
    judged = judge_here(results, folder)
    wrong = measure_all(cases, results, folder, deadline, again=False)
    if not tune(cases, folder, deadline):
        return int(judged or wrong > 0)
    better = tuning.adopt(tuning.load(folder / "tuning.json"), table)
    configurations.use(table)
    print(f"{len(better)} kernels are faster with another configuration:", *better, sep="\n  ")
    wrong += measure_all(cases, results, folder, deadline, again=False)
    return int(judged or wrong > 0)


def judge_here(results: dict[str, Any], folder: Path) -> int:
    """Judge every kernel in every dtype, once for this machine and its versions."""
    here = _figures(_here())
    if results.get("judged", {}).get("machine") != here:
        cases = judged_cases()
        results["judged"] = {"machine": here, "cases": len(cases), "wrong": judge_all(cases)}
        write(results, folder, pictures=False)
    wrong: list[str] = results["judged"]["wrong"]
    return int(bool(wrong))


def tune(cases: Sequence[Case], folder: Path, deadline: float) -> bool:
    """Time other configurations into `tuning.json`; whether all of it is done."""
    clock = partial(time_ms, budget_ms=60.0, least=5)
    minutes = (deadline - time.monotonic()) / 60
    target = configurations.architecture()
    return tuning.Tuner(folder / "tuning.json", _here(), target, minutes, clock).run(cases)


def adopt(folder: Path) -> int:
    """Copy what was faster into the kernels' own table; needs no GPU."""
    log = tuning.load(folder / "tuning.json")
    for name, fields in tuning.adopt(log, TABLE).items():
        print(f"{name}: {fields}, {log['knobs'][name]['gain']:.3f} times as fast")
    print(f"Wrote {TABLE}")
    return 0


def measure_all(
    cases: Sequence[Case],
    results: dict[str, Any],
    folder: Path,
    deadline: float = float("inf"),
    again: bool = True,
) -> int:
    """Judge and time the cases into `results`, row by row; how many were wrong.

    Without `again`, rows that this machine has measured with the same configurations are left.
    """
    import torch

    here = _here()
    if results["machine"] is not None and _figures(results["machine"]) != _figures(here):
        results["rows"] = {}  # never mix machines or versions in one table
    results["machine"] = here
    table = hashlib.sha256(configurations.TABLE.read_bytes()).hexdigest()[:12]
    rows = results["rows"]
    known = {n for n, row in rows.items() if (row["measured"] or {}).get("table") == table}
    todo = [case for case in cases if again or case.name not in known]
    if not todo:
        return 0
    copy = copy_bytes_per_second()
    results["ceilings"] = {
        "copy_bytes_per_second": copy,
        "matmul_flops_per_second": matmul_flops_per_second(),
    }
    wrong, begin = 0, time.monotonic()
    for number, case in enumerate(todo):
        if time.monotonic() > deadline:
            print("The time is over: the same command goes on from here.")
            break
        verdict = check(case)
        wrong += not verdict.fine
        measured = measure(case, copy) if verdict.fine else {"problem": f"wrong: {verdict.says}"}
        rows[case.name] = row_of(case, measured | {"table": table})
        write(results, folder, pictures=False)
        left = (time.monotonic() - begin) / (number + 1) * (len(todo) - number - 1)
        said = measured.get("problem") or measured["ratios"]
        place = f"[{number + 1}/{len(todo)}, about {left:.0f} s left]"
        print(f"{place} {case.name}: {said}", flush=True)
        torch.cuda.empty_cache()
    write(results, folder)
    return wrong


def _here() -> dict[str, str]:
    return machine() | {"command": shlex.join(["python", "-m", "kernels.bench", *sys.argv[1:]])}


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


# --- files ----------------------------------------------------------------------------------------


def load(path: Path) -> dict[str, Any]:
    """The results that are there, or none."""
    if path.exists():
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return found
    return {"machine": None, "ceilings": None, "rows": {}}


def write(results: dict[str, Any], folder: Path, pictures: bool = True) -> None:
    """results.json, README.md, and the pictures when something was measured."""
    names = [case.name for case in CASES]
    rows = {c.name: results["rows"].get(c.name) or row_of(c, None) for c in CASES}
    results = results | {"rows": {name: rows[name] for name in names}}
    text = json.dumps(results, indent=1, ensure_ascii=False)
    (folder / "results.json").write_text(text + "\n", encoding="utf-8")
    (folder / "README.md").write_text(markdown(results), encoding="utf-8")
    if pictures:
        draw(results, folder)


if __name__ == "__main__":
    warnings.filterwarnings("default")
    sys.exit(main())
