"""The benchmark's machinery, without a GPU: what it writes, and that it never invents a number."""

import json

import kernels
from kernels.bench import __main__ as command
from kernels.bench.cases import CASES, OBSTACLES, Goal, judged_cases
from kernels.bench.report import NOT_MEASURED, draw, markdown, reached, row_of

import pytest
import torch

needs_no_gpu = pytest.mark.skipif(not kernels.INTERPRETING, reason="a GPU would measure")

MACHINE = {"gpu": "an invented GPU", "driver": "1.0", "date": "2000-01-01", "command": "x"}


def invented(case, **ratios):
    measured = {
        "ms": 2.0,
        "baseline_ms": {},
        "bytes_per_second": 3e12,
        "flops_per_second": 0.0,
        "ratios": ratios,
    }
    return {case.name: row_of(case, measured)}


@needs_no_gpu
def test_the_committed_table_is_what_the_command_writes(tmp_path):
    committed = command.RESULTS / "results.json"
    (tmp_path / "results.json").write_text(committed.read_text(encoding="utf-8"), encoding="utf-8")
    assert command.main(["--out", str(tmp_path)]) == 0
    for name in ("README.md", "results.json"):
        expected = (command.RESULTS / name).read_text(encoding="utf-8")
        assert (tmp_path / name).read_text(encoding="utf-8") == expected


@needs_no_gpu
def test_without_a_gpu_every_row_says_not_measured(tmp_path):
    command.main(["--out", str(tmp_path)])
    table = (tmp_path / "README.md").read_text(encoding="utf-8")
    assert table.count(NOT_MEASURED) == len(CASES)
    results = json.loads((tmp_path / "results.json").read_text(encoding="utf-8"))
    assert results["machine"] is None
    assert all(row["measured"] is None for row in results["rows"].values())


@needs_no_gpu
def test_smoke_judges_and_times_nothing(capsys):
    assert command.main(["--smoke", "vector add", "packed"]) == 0
    said = capsys.readouterr().out
    assert "3 of 3 right; nothing was timed" in said
    assert " ms" not in said


def test_smoke_fails_when_a_kernel_is_wrong(monkeypatch, capsys):
    monkeypatch.setattr("kernels.vector_add.vector_add", lambda x, y: x - y)
    assert command.main(["--smoke", "vector add"]) == 1
    assert "WRONG" in capsys.readouterr().out


def test_an_unknown_kernel_is_a_usage_error(capsys):
    with pytest.raises(SystemExit):
        command.main(["--smoke", "no such kernel"])
    assert "no kernel is called" in capsys.readouterr().err


def test_names_are_unique_and_every_case_has_a_rival_and_work():
    assert len({case.name for case in CASES}) == len(CASES)
    for case in CASES:
        problem = case.make("meta", True)
        assert problem.baselines
        assert problem.moved or problem.flops
        rivals = {"copy", *problem.baselines}
        assert {goal.against for goal in case.goals} <= rivals


def test_every_kernel_says_what_stands_in_its_way():
    for case in CASES:
        assert sum(case.kernel.startswith(kernel) for kernel in OBSTACLES) == 1, case.kernel
    table = markdown({"machine": None, "rows": {}})
    for kernel in OBSTACLES:
        assert f"- **{kernel}**: " in table


def test_every_kernel_is_judged_in_every_dtype():
    judged = judged_cases()
    dtypes = {torch.float32, torch.float16, torch.bfloat16}
    for case in CASES:
        assert {one.dtype for one in judged if one.kernel == case.kernel} == dtypes


def test_attention_is_measured_against_three_rivals():
    for case in CASES:
        if case.kernel.startswith("flash") and "grouped" not in case.name:
            rivals = set(case.make("meta", True).baselines)
            assert rivals in ({"SDPA-flash", "SDPA-cuDNN", "FlexAttention"}, {"our dense"})


@pytest.mark.parametrize(
    ("ratios", "expected"),
    [
        ({"copy": 0.98, "torch": 2.0}, "stretch"),
        ({"copy": 0.94, "torch": 1.5}, "yes"),
        ({"copy": 0.94, "torch": 1.2}, "no: 1.20 of 1.5 × torch"),
        ({"copy": 0.94, "torch": "cannot run"}, "no: torch not measured"),
    ],
)
def test_a_goal_is_reached_or_says_what_is_missing(ratios, expected):
    case = next(case for case in CASES if case.kernel == "softmax")
    assert case.goals == (Goal("copy", 0.93, 0.97), Goal("torch", 1.5))
    assert reached(case, ratios) == expected


def test_a_measured_row_comes_with_machine_and_command_and_the_others_stay_unmeasured():
    results = {"machine": MACHINE, "ceilings": None, "rows": invented(CASES[0], copy=0.98)}
    table = markdown(results)
    assert "gpu an invented GPU" in table
    assert "2.000 ms | 3.00 TB/s | 0.98 × copy" in table
    assert table.count(NOT_MEASURED) == len(CASES) - 1


def test_pictures_are_drawn_from_measured_rows_alone(tmp_path):
    assert draw({"rows": {}, "ceilings": None}, tmp_path) == []
    ceilings = {"copy_bytes_per_second": 4e12, "matmul_flops_per_second": 8e14}
    results = {"rows": invented(CASES[0], copy=0.98, torch=1.1), "ceilings": ceilings}
    paths = draw(results, tmp_path)
    assert [path.name for path in paths] == ["roofline.svg", "ratios.svg"]
    assert all("<svg" in path.read_text(encoding="utf-8") for path in paths)


def test_flops_and_bytes_of_a_case_are_its_formula():
    by_name = {case.name: case for case in CASES}
    matmul = by_name["matmul, pointers, 8192³, bfloat16"].make("meta", False)
    assert matmul.flops == 2 * 8192**3
    full, causal = (
        by_name[f"flash forward{mask}, B 1, H 16, T 16384, D 128, bfloat16"].make("meta", False)
        for mask in ("", ", causal")
    )
    assert full.flops == 2 * causal.flops == 4 * 16 * 16_384**2 * 128
    add = by_name["vector add, 2^28, float32"].make("meta", False)
    assert add.moved == 3 * 2**28 * torch.float32.itemsize
