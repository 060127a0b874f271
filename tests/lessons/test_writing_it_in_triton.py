"""What the lesson on Triton says is so: its kernels, its formulas; and it shows all of ours."""

import ast
import inspect
import re
from typing import Any

from kernels import flash_attention as flash
from kernels.compile_for import compile_for
from kernels.judge import normal
from kernels.trace import trace

import pytest
import torch

from autograder.notebooks import read_text_notebook
from course.reading import Excerpt, benchmark, excerpt
from tests.lessons.running import COURSE, names_of

LESSON = "07_flash_attention/writing_it_in_triton"


@pytest.fixture(scope="module")
def lesson() -> dict[str, Any]:
    return names_of(LESSON)


def shown() -> list[Excerpt]:
    """Every excerpt that the lesson's cells show."""
    calls = []
    for cell in read_text_notebook(COURSE / f"{LESSON}.py").cells:
        if cell.cell_type == "code":
            nodes = [n for n in ast.walk(ast.parse(cell.source)) if isinstance(n, ast.Call)]
            calls += [ast.unparse(n) for n in nodes if ast.unparse(n.func) == "excerpt"]
    return [eval(call, {"excerpt": excerpt, "flash": flash}) for call in calls]


@pytest.mark.parametrize("name", ["flash_forward_kernel", "_attend", "_load_rows", "_keys_seen"])
def test_every_line_of_the_kernel_is_shown(name: str) -> None:
    function = getattr(flash, name).fn
    lines, first = inspect.getsourcelines(function)
    source = "".join(lines)
    body = source[re.search(r"^\):\n|^def .*:\n", source, re.M).end() :]  # type: ignore[union-attr]
    body = re.sub(r'^    """.*?"""\n', "", body, flags=re.S)
    numbers = range(first + len(lines) - body.count("\n"), first + len(lines))
    seen = {piece.first + n for piece in shown() for n in range(piece.text.count("\n") + 1)}
    for number, line in zip(numbers, body.splitlines(), strict=True):
        assert number in seen or not line.strip(), line


def test_an_excerpt_is_what_stands_in_the_file() -> None:
    text = inspect.getsource(flash)
    for piece in shown():
        assert piece.file == "kernels/flash_attention.py"
        there = text.splitlines()[piece.first - 1 : piece.first + piece.text.count("\n")]
        assert [line.strip() for line in piece.text.splitlines()] == [x.strip() for x in there]


def test_an_excerpt_that_is_gone_or_not_unique_is_an_error() -> None:
    with pytest.raises(ValueError, match="no line of _attend begins with 'gone'"):
        excerpt(flash._attend, "gone")
    with pytest.raises(ValueError, match="no line of _attend begins with 'gone'"):
        excerpt(flash._attend, "for n0", "gone")
    assert excerpt(flash._attend, "if MASKED").text.count("\n") == 1  # a statement is shown whole
    with pytest.raises(ValueError, match="2 lines of _keys_seen begin with 'last ='"):
        excerpt(flash._keys_seen, "last =")


def test_the_benchmark_is_the_record() -> None:
    rows = [line for line in benchmark("flash forward").splitlines() if "flash forward" in line]
    record = (COURSE.parent / "kernels/bench/results/README.md").read_text(encoding="utf-8")
    assert rows == [line for line in record.splitlines() if line.startswith("| flash forward")]
    assert len(rows) >= 4
    with pytest.raises(ValueError, match="no kernel called 'knitting'"):
        benchmark("knitting")


def test_the_lessons_right_kernels_are_right(lesson: dict[str, Any]) -> None:
    x, (a, b) = normal(333, seed=3), normal(2, 16, 16, seed=4)
    for name in ("square", "square_tuned"):
        assert torch.equal(lesson[name](x), x * x)
    assert torch.allclose(lesson["product"](a, b), a @ b, atol=1e-5)


def test_each_wrong_kernel_fails_before_its_own_judge(lesson: dict[str, Any]) -> None:
    x = normal(200)
    with trace() as run:
        found = lesson["total"](x)
    assert torch.allclose(found, x.sum(), atol=1e-4)
    assert {finding.kind for finding in run.findings} == {"race"}
    with trace() as run:
        right, wrong = lesson["logsumexp"](x[:64]), lesson["logsumexp"](x[:50])
    assert not run.findings
    assert torch.allclose(right, torch.logsumexp(x[:64], 0))
    assert abs(wrong - torch.logsumexp(x[:50], 0)) > 0.1
    small = torch.empty(8, 8, dtype=torch.float16, device="meta")
    (compiled,) = compile_for(lambda: lesson["product"](small, small), targets=("sm_90",))
    assert "a tl.dot is too small" in (compiled.problem or "")


def test_the_formulas_are_what_trace_and_compiler_count(lesson: dict[str, Any]) -> None:
    run, B = lesson["run"], lesson["B"]
    assert (run.dot_flops, run.exponentials) == (6 * 4 * B**3, 6 * (B * B + B))
    assert run.of(lesson["k"]).times_read == pytest.approx((40 + 32 + 16) / 40)
    fits = []
    for plan, found in zip(lesson["plans"], lesson["answers"], strict=True):
        m, n, _, stages = plan.forward
        assert found.shared_bytes == 2 * 128 * (m + 2 * n * stages)
        fits.append((found.fits, found.spilled_bytes > 0))
    assert fits == [(True, False), (True, False), (True, True), (False, False)]
    assert lesson["plans"][1].forward == flash.plan_for(128, torch.float16).forward


def test_one_new_query_has_one_cut_tile_at_992() -> None:
    q, k = normal(1, 1, 1, 16), normal(1, 1, 1000, 16)
    tiles = flash.Tiles(16, 16, 4, 1)
    with trace() as run:
        flash.flash_attention(q, k, k, causal=True, plan=flash.Plan(tiles, tiles, tiles))
    (launch,) = run.launches
    lines = launch.source.splitlines()
    (program,) = launch.programs
    loads = [a for a in program["accesses"] if a["argument"] == "k_ptr"]
    cut = [a for a in loads if "True" in lines[a["line"] - launch.first_line + 2]]
    assert [a["ranges"] for a in cut] == [[[992 * 16, 1000 * 16]]]
    assert len(loads) == 63
