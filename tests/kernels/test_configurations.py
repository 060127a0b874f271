"""Which configuration a kernel runs with, and how `--tune` finds a faster one."""

import json
from typing import NamedTuple

from kernels import configurations
from kernels.bench import __main__ as command
from kernels.bench import tuning
from kernels.bench.cases import CASES
from kernels.compile_for import capture, compile_for
from kernels.configurations import asked_for, chosen, trying
from kernels.softmax import softmax

import pytest
import torch

MACHINE = {"gpu": "an invented GPU", "driver": "1", "date": "2000-01-01", "command": "x"}
ROW = "softmax, 512, 32 bit"


class Launch(NamedTuple):
    warps: int = 4
    stages: int = 2


class Seat:
    """A tensor of a GPU that is not here, as far as a look-up is concerned."""

    is_cuda = True
    device = torch.device("cuda", 0)

    def element_size(self):
        return 2


@pytest.fixture
def tuned(tmp_path, monkeypatch):
    """A table with one entry, on a machine with an invented GPU."""
    path = tmp_path / "configurations.json"
    path.write_text(json.dumps({"sm_00": {"blur, 8, 16 bit": {"warps": 16}}}), encoding="utf-8")
    monkeypatch.setattr(configurations, "TABLE", path)
    monkeypatch.setattr(configurations, "architecture", lambda device=None: "sm_00")
    return path


def the_softmax():
    return next(case for case in CASES if case.kernel == "softmax" and "float32" in case.name)


def test_the_table_changes_the_fields_it_names_for_its_gpu_shape_and_dtype(tuned):
    assert chosen("blur", Launch(), Seat(), 8) == Launch(warps=16, stages=2)
    assert chosen("blur", Launch(), Seat(), 16) == Launch()
    assert chosen("sharpen", Launch(), Seat(), 8) == Launch()
    assert chosen("blur", Launch(), torch.empty(1, dtype=torch.float16), 8) == Launch()  # no GPU


def test_another_gpu_takes_the_first_choice(tuned, monkeypatch):
    monkeypatch.setattr(configurations, "architecture", lambda device=None: "sm_01")
    assert chosen("blur", Launch(), Seat(), 8) == Launch()


def test_a_trial_reaches_the_launch_and_ends_with_its_block():
    x = torch.empty(4, 300, device="meta")
    with capture() as launches, asked_for() as asked:
        softmax(x)
        with trying(ROW, asked[ROW]._replace(warps=8)):
            softmax(x)
        softmax(x)
    assert [one.options["num_warps"] for one in launches] == [1, 8, 1]
    assert list(asked) == [ROW]


def test_every_kernel_of_the_benchmark_can_be_tuned_within_its_documented_space():
    knobs = tuning.knobs_of(CASES)
    assert len({knob.name for knob in knobs}) == len(knobs)
    for case in CASES:
        assert tuning.knobs_of([case]), case.name
    for kernel, space in tuning.SPACES.items():
        mine = [knob for knob in knobs if knob.name.startswith(f"{kernel}, ")]
        assert mine, kernel
        for knob in mine:
            assert knob.others, knob.name
            assert knob.current not in knob.others
            assert all(getattr(o, field) in space[field] for o in knob.others for field in space)


def test_the_nearest_configurations_come_first():
    knob = next(k for k in tuning.knobs_of(CASES) if k.name == "matmul, pointers, 16 bit")
    far = [sum(a != b for a, b in zip(o, knob.current, strict=True)) for o in knob.others]
    assert far == sorted(far)


def test_a_backward_case_tunes_its_backward_kernels_and_not_the_forward_pass():
    (case,) = [c for c in CASES if c.name.startswith("flash backward, B 1, H 16")]
    names = [knob.name for knob in tuning.knobs_of([case])]
    expected = [f"flash {kind}, 128, full, 16 bit" for kind in ("keys", "queries")]
    assert set(expected) <= set(names)


def test_what_spills_or_does_not_fit_is_refused_before_it_runs(monkeypatch):
    (case,) = [c for c in CASES if c.name.startswith("flash forward, B 1, H 16")]
    (knob,) = (k for k in tuning.knobs_of([case]) if k.name.startswith("flash forward"))
    greedy = knob.current._replace(N=128, stages=4)  # shared memory
    crowded = knob.current._replace(warps=4)  # registers
    monkeypatch.setattr(tuning.Knob, "candidates", (knob.current, greedy, crowded))
    fine, large, spilling = tuning.screen(knob, "sm_90", processes=2)
    assert not fine.problem
    assert "use smaller tiles" in large.problem
    assert "spills" in spilling.problem


@pytest.fixture
def all_can_run(monkeypatch):
    def screen(knob, *_):
        return [tuning.Screened(c, "spills" if c.warps == 32 else "") for c in knob.candidates]

    monkeypatch.setattr(tuning, "screen", screen)


def told(warps_to_ms):
    """A clock that runs the call, and says a time by the warps that it was launched with."""

    def clock(call):
        call()
        (launch,) = configurations._tried.values()
        clock.heard.append(launch.warps)
        return warps_to_ms(launch.warps)

    clock.heard = []
    return clock


def tuner(path, clock, minutes=1.0):
    return tuning.Tuner(path, MACHINE, "sm_90", minutes, clock, device="cpu", tiny=True)


def test_the_fastest_is_kept_and_adopted(tmp_path, all_can_run):
    clock = told(lambda warps: 1.0 + abs(warps - 8))
    assert tuner(tmp_path / "tuning.json", clock).run([the_softmax()])
    log = json.loads((tmp_path / "tuning.json").read_text(encoding="utf-8"))
    entry = log["knobs"][ROW]
    assert log["machine"] == MACHINE
    assert entry["best"] == {"warps": 8}
    assert entry["gain"] == 8.0
    assert 32 not in clock.heard  # refused by the compiler
    table = tmp_path / "table.json"
    table.write_text('{"sm_80": {"other": {"warps": 2}}}', encoding="utf-8")
    assert tuning.adopt(log, table) == {ROW: {"warps": 8}}
    expected = {"sm_80": {"other": {"warps": 2}}, "sm_90": {ROW: {"warps": 8}}}
    assert json.loads(table.read_text(encoding="utf-8")) == expected


def test_what_is_hardly_faster_changes_nothing(tmp_path, all_can_run):
    clock = told(lambda warps: 1.0 if warps == 1 else 0.999)
    tuner(tmp_path / "tuning.json", clock).run([the_softmax()])
    log = tuning.load(tmp_path / "tuning.json")
    assert log["knobs"][ROW]["best"] == log["knobs"][ROW]["current"] == {"warps": 1}
    table = tmp_path / "table.json"
    table.write_text("{}", encoding="utf-8")
    assert tuning.adopt(log, table) == {}


def test_a_run_that_was_cut_short_goes_on(tmp_path, all_can_run, capsys):
    class Interrupted(Exception):
        pass

    def breaks_at_four(call):
        clock(call)
        if clock.heard[-1] == 4:
            raise KeyboardInterrupt
        return 1.0

    clock = told(lambda _: 1.0)
    path = tmp_path / "tuning.json"
    with pytest.raises(KeyboardInterrupt):
        tuner(path, breaks_at_four).run([the_softmax()])
    assert not tuner(path, clock, minutes=0.0).run([the_softmax()])
    assert "goes on from here" in capsys.readouterr().out
    before = len(clock.heard)
    assert tuner(path, clock).run([the_softmax()])
    again = clock.heard[before:]
    assert again[0] == 4  # 1 and 2 were timed before
    assert tuner(path, told(lambda _: pytest.fail("all of it is done"))).run([the_softmax()])


def test_another_version_starts_anew(tmp_path, all_can_run):
    path = tmp_path / "tuning.json"
    tuner(path, told(lambda _: 1.0)).run([the_softmax()])
    other = MACHINE | {"driver": "2"}
    fresh = tuning.Tuner(path, other, "sm_90", 1.0, told(lambda _: 1.0), device="cpu", tiny=True)
    assert fresh.log["knobs"] == {}


def test_a_configuration_that_changes_the_numbers_or_fails_is_not_taken(
    tmp_path, all_can_run, monkeypatch
):
    def fails_at_two(call):
        (launch,) = configurations._tried.values()
        if launch.warps == 2:
            raise RuntimeError("out of resources")
        return 1.0 / launch.warps

    agree = tuning.agree
    monkeypatch.setattr(
        tuning,
        "agree",
        lambda got, want: agree(got, want) and configurations._tried[ROW].warps != 16,
    )
    tuner(tmp_path / "tuning.json", fails_at_two).run([the_softmax()])
    entry = tuning.load(tmp_path / "tuning.json")["knobs"][ROW]
    problems = {key: one.get("problem", "") for key, one in entry["tried"].items()}
    assert "out of resources" in problems["warps 2"]
    assert "other numbers" in problems["warps 16"]
    assert entry["best"] == {"warps": 8}


def test_agreement_is_up_to_rounding_and_never_for_nan():
    x = torch.linspace(1, 2, 50)
    assert tuning.agree(x * 1.001, x)
    assert not tuning.agree(x * 1.1, x)
    assert not tuning.agree(x / 0 * 0, x)
    assert tuning.agree((x, x), (x, x))
    assert not tuning.agree((x, -x), (x, x))


def test_without_a_gpu_the_command_asks_the_compiler_and_times_nothing(capsys):
    assert command.main(["--tune", "dropout"]) == 0
    said = capsys.readouterr().out
    assert "dropout, 16 bit: warps 4 is fine; 2 of 2 others compile for sm_90" in said
    assert "1 of 1 current choices are fine; nothing was timed" in said
    assert " ms" not in said


def test_every_entry_of_the_table_compiles_for_its_gpu_without_a_spill():
    known = configurations.table(configurations.TABLE)
    knobs = {knob.name: knob for knob in tuning.knobs_of(CASES)} if known else {}
    for target, entries in known.items():
        for name, fields in entries.items():
            problem = knobs[name].case.make("meta", False)
            with trying(name, knobs[name].current._replace(**fields)):
                for result in compile_for(problem.ours, targets=(target,)):
                    assert result.fits, result.says
                    assert not result.spilled_bytes, result.says


@pytest.fixture
def invented_gpu(monkeypatch, all_can_run):
    """A GPU as `--everything` sees it: rows and candidates are timed by what is written here."""
    seen = {"measured": [], "tiles": []}

    def measure(case, copy):
        seen["measured"].append(case.name)
        with capture() as launches:
            case.make("meta", True).ours()
        seen["tiles"].append(launches[0].options["num_warps"])
        return {"ms": 1.0, "flops_per_second": 0.0, "bytes_per_second": 1e12, "ratios": {}}

    class Tuner(tuning.Tuner):
        def __init__(self, path, machine, target, minutes, clock):
            clock = told(lambda warps: 1.0 + abs(warps - 8))
            super().__init__(path, machine, target, minutes, clock, device="cpu", tiny=True)

    monkeypatch.setattr(command.kernels, "INTERPRETING", False)
    monkeypatch.setattr(command, "machine", lambda: MACHINE)
    monkeypatch.setattr(command, "copy_bytes_per_second", lambda: 4e12)
    monkeypatch.setattr(command, "matmul_flops_per_second", lambda: 8e14)
    monkeypatch.setattr(command, "measure", measure)
    monkeypatch.setattr(command, "judged_cases", lambda: [the_softmax()])
    monkeypatch.setattr(command.tuning, "Tuner", Tuner)
    monkeypatch.setattr(configurations, "architecture", lambda device=None: "sm_00")
    # tensors on "meta" look the table up, too
    monkeypatch.setattr(
        configurations, "_known", lambda name, x: configurations.table(configurations.TABLE)
        .get("sm_00", {}).get(name, {}))  # fmt: skip
    yield seen
    configurations.use(command.TABLE)


def test_everything_measures_tunes_takes_what_was_faster_and_measures_again(
    tmp_path, invented_gpu, capsys
):
    ask = ["--everything", "softmax, 32768 × 8192, float32", "--out", str(tmp_path)]
    assert command.main([*ask, "--minutes", "0"]) == 0  # no time: judged, nothing measured
    assert invented_gpu["measured"] == []
    assert "goes on from here" in capsys.readouterr().out
    assert command.main([*ask, "--minutes", "1"]) == 0
    (name,) = {the_softmax().name}
    assert invented_gpu["measured"] == [name, name]  # before and after tuning
    assert invented_gpu["tiles"] == [1, 8]
    assert "1 kernels are faster with another configuration" in capsys.readouterr().out
    row = json.loads((tmp_path / "results.json").read_text(encoding="utf-8"))["rows"][name]
    assert row["measured"]["ms"] == 1.0
    table = json.loads((tmp_path / "configurations.json").read_text(encoding="utf-8"))
    assert table == {"sm_00": {ROW: {"warps": 8}}}
    readme = (tmp_path / "README.md").read_text(encoding="utf-8")
    assert "gpu an invented GPU" in readme
    assert "Judged there, in three dtypes: 1 of 1 right." in readme
    assert command.main(ask) == 0  # all is done: nothing is measured a third time
    assert len(invented_gpu["measured"]) == 2
    assert json.loads(command.TABLE.read_text(encoding="utf-8")).get("sm_00") is None


def test_what_was_measured_elsewhere_comes_home_without_a_gpu(tmp_path, monkeypatch, capsys):
    log = {"machine": MACHINE, "target": "sm_90", "knobs": {
        ROW: {"best": {"warps": 8}, "current": {"warps": 1}, "gain": 1.5},
        "softmax, 1024, 32 bit": {"tried": {}},  # not finished
    }}  # fmt: skip
    (tmp_path / "tuning.json").write_text(json.dumps(log), encoding="utf-8")
    table = tmp_path / "table.json"
    table.write_text("{}", encoding="utf-8")
    monkeypatch.setattr(command, "TABLE", table)
    assert command.main(["--adopt", "--out", str(tmp_path)]) == 0
    assert json.loads(table.read_text(encoding="utf-8")) == {"sm_90": {ROW: {"warps": 8}}}
    assert "1.500 times as fast" in capsys.readouterr().out
