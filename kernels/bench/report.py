"""The table of results as text, and as pictures."""

from pathlib import Path
from typing import Any

from kernels.bench.cases import CASES, OBSTACLES, Case, dtype_name

NOT_MEASURED = "not measured yet"
HEADER = """# How fast the kernels are

Made by `python -m kernels.bench`; the same numbers are in `results.json`. Everything in a row was
measured in one run: our time, and each rival's, as the median of many calls from a cold cache. A
ratio above 1 means that ours is faster. "× copy" compares the bytes that must be moved a second
with a device copy. The matrix multiplications of attention are credited without recomputation: 2
forward, 5 backward, half of it when causal.
"""

STANDS_IN_THE_WAY = """## What stands in the way

What the source and the compiler say of each kernel; what the clock says is in the table, or not
known yet. `python -m kernels.bench --tune` looks for faster configurations.
"""


def row_of(case: Case, measured: dict[str, Any] | None) -> dict[str, Any]:
    """One row of `results.json`: the case, its goals, and what was measured (or None)."""
    return {
        "kernel": case.kernel,
        "shape": case.shape,
        "dtype": dtype_name(case.dtype),
        "goals": [
            {"against": goal.against, "least": goal.least, "stretch": goal.stretch}
            for goal in case.goals
        ],
        "measured": measured,
    }


def markdown(results: dict[str, Any]) -> str:
    """The whole README of the results."""
    lines = [HEADER, *_machine_lines(results.get("machine")), ""]
    if judged := results.get("judged"):
        right = judged["cases"] - len(judged["wrong"])
        lines += [f"Judged there, in three dtypes: {right} of {judged['cases']} right.", ""]
    lines.append("| kernel | shape | dtype | time | rate | ratios | goal | reached |")
    lines.append("|---|---|---|---|---|---|---|---|")
    lines += [_line(case, results["rows"].get(case.name)) for case in CASES]
    lines += [
        "",
        STANDS_IN_THE_WAY,
        *(f"- **{kernel}**: {text}" for kernel, text in OBSTACLES.items()),
    ]
    return "\n".join(lines) + "\n"


def _machine_lines(machine: dict[str, str] | None) -> list[str]:
    if machine is None:
        return ["No GPU has measured these kernels yet."]
    described = ", ".join(f"{name} {value}" for name, value in machine.items() if name != "command")
    return [f"Machine: {described}.", "", f"Command: `{machine['command']}`"]


def _line(case: Case, row: dict[str, Any] | None) -> str:
    goals = "; ".join(map(str, case.goals)) or "–"
    head = f"| {case.kernel} | {case.shape} | {dtype_name(case.dtype)} "
    measured = row["measured"] if row else None
    if measured is None:
        return f"{head}| {NOT_MEASURED} | – | – | {goals} | – |"
    if measured.get("problem"):
        return f"{head}| {measured['problem']} | – | – | {goals} | no |"
    ratios = "; ".join(
        f"{value:.2f} × {name}" if isinstance(value, float) else f"{name}: {value}"
        for name, value in measured["ratios"].items()
    )
    return (
        f"{head}| {measured['ms']:.3f} ms | {_rate(measured)} | {ratios} | {goals} "
        f"| {reached(case, measured['ratios'])} |"
    )


def _rate(measured: dict[str, Any]) -> str:
    if measured["flops_per_second"]:
        return f"{measured['flops_per_second'] / 1e12:.0f} TFLOP/s"
    return f"{measured['bytes_per_second'] / 1e12:.2f} TB/s"


def reached(case: Case, ratios: dict[str, Any]) -> str:
    """yes, stretch, or no with what is missing; – without a goal."""
    if not case.goals:
        return "–"
    missing = []
    for goal in case.goals:
        got = ratios.get(goal.against)
        if not isinstance(got, float):
            missing.append(f"{goal.against} not measured")
        elif got < goal.least:
            missing.append(f"{got:.2f} of {goal.least:g} × {goal.against}")
    if missing:
        return "no: " + ", ".join(missing)
    proud = all(goal.stretch is None or ratios[goal.against] >= goal.stretch for goal in case.goals)
    return "stretch" if proud and any(goal.stretch for goal in case.goals) else "yes"


def draw(results: dict[str, Any], folder: Path) -> list[Path]:
    """The roofline and the bars of ratios, for the rows that were measured; none if none was."""
    rows = [
        (case, results["rows"][case.name]["measured"])
        for case in CASES
        if (results["rows"].get(case.name) or {}).get("measured")
    ]
    rows = [(case, measured) for case, measured in rows if not measured.get("problem")]
    if not rows:
        return []
    return [
        _roofline(rows, results["ceilings"], folder / "roofline.svg"),
        _bars(rows, folder / "ratios.svg"),
    ]


def _roofline(
    rows: list[tuple[Case, dict[str, Any]]], ceilings: dict[str, float], path: Path
) -> Path:
    import numpy as np
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 5.5), layout="constrained")
    axes = figure.subplots()
    intensity = np.logspace(-1, 4, 200)  # FLOP a byte
    memory, arithmetic = ceilings["copy_bytes_per_second"], ceilings["matmul_flops_per_second"]
    roof = np.minimum(intensity * memory, arithmetic)
    axes.loglog(intensity, roof / 1e12, color="0.4", label="copy and matmul, measured in this run")
    for number, (case, measured) in enumerate(rows, start=1):
        flops = measured["flops_per_second"]
        if not flops or not measured["bytes_per_second"]:
            continue
        at = flops / measured["bytes_per_second"]
        axes.loglog(at, flops / 1e12, "o", color="#0072B2")
        axes.annotate(str(number), (at, flops / 1e12), textcoords="offset points", xytext=(4, 4))
        axes.plot([], [], " ", label=f"{number} {case.kernel}, {case.shape}")
    axes.set(xlabel="FLOP a byte that must move", ylabel="TFLOP/s", title="Roofline")
    axes.legend(fontsize=6, loc="lower right")
    figure.savefig(path)
    return path


def _bars(rows: list[tuple[Case, dict[str, Any]]], path: Path) -> Path:
    from matplotlib.figure import Figure

    bars = [
        (f"{case.kernel}\n{case.shape} × {name}", value, _goal(case, name))
        for case, measured in rows
        for name, value in measured["ratios"].items()
        if isinstance(value, float)
    ]
    figure = Figure(figsize=(9, 0.35 * len(bars) + 1.5), layout="constrained")
    axes = figure.subplots()
    axes.barh(range(len(bars)), [value for _, value, _ in bars], color="#0072B2")
    for place, (_, _, goal) in enumerate(bars):
        if goal:
            axes.plot([goal, goal], [place - 0.45, place + 0.45], color="#D55E00", lw=2)
    axes.set_yticks(range(len(bars)), [label for label, _, _ in bars], fontsize=6)
    axes.axvline(1.0, color="0.4", lw=1)
    axes.invert_yaxis()
    axes.set(xlabel="ratio in the same run (orange: the goal)")
    figure.savefig(path)
    return path


def _goal(case: Case, against: str) -> float | None:
    return next((goal.least for goal in case.goals if goal.against == against), None)
