"""The Python side of the step player: its traits, what the reader types, and its stills."""

import gc
import json
import re
import tracemalloc
from collections import Counter
from collections.abc import Iterator
from typing import Any

import ipywidgets
import pytest

from course.trees import tree
from course.widgets import bars, cells, data_tree, play
from course.widgets.bundle import FRONT, bundle, styles
from course.widgets.packing import unpack
from course.widgets.step_player import InputProblem, StepPlayer, parsed
from tests.widgets import samples

HEIGHTS = [1, 8, 6, 2, 5, 4, 8, 3, 7]
MERGE = ([3, 5, 9, 0, 0, 0], 3, [1, 2, 6], 3)


@pytest.fixture(autouse=True)
def closed() -> Iterator[None]:
    yield
    ipywidgets.Widget.close_all()


def typed(player: StepPlayer, *texts: str) -> None:
    """What the browser sends when the reader presses Enter."""
    player._handle_custom_msg({"kind": "input", "texts": list(texts)}, [])


def test_the_run_counts_and_view_are_sent() -> None:
    player = play(
        samples.max_area,
        HEIGHTS,
        view=bars("height", water=True),
        compare=samples.max_area_all_pairs,
    )
    state = json.loads(json.dumps({k: v for k, v in player.get_state().items() if k[0] != "_"
                                   and k not in ("layout", "tabbable", "tooltip")}))  # fmt: skip
    assert unpack(state["run"]) == player.recorded
    assert state["count"] == len(player.recorded["steps"])
    assert state["counts"] == [
        {"name": "max_area", "lines": 2 + 8 * 4 + 1 + 1, "ends": "49"},
        {"name": "max_area_all_pairs", "lines": 1 + 10 + (36 + 9) + 36 + 1, "ends": "49"},
    ]
    assert state["view"]["containers"] == [{"label": "height", "source": "args", "key": "height"}]


def test_another_input_is_run() -> None:
    player = play(samples.max_area, HEIGHTS, view=bars("height"), reference=samples.max_area)
    player.step = 7
    typed(player, "[1, 2, 1]")
    assert player.recorded["args"] == {"height": [1, 2, 1]}
    assert (player.step, player.counts[0]["ends"], player.counts[1]["ends"]) == (0, "2", "2")
    assert player.inputs == [{"name": "height", "text": "[1, 2, 1]", "fixed": False}]


@pytest.mark.parametrize(
    "text", ["[1, 2,, 3]", "", "height", "[1] * 3", "__import__('os')", "[" * 300]
)
def test_bad_input_leaves_the_run_and_says_why(text: str) -> None:
    player = play(samples.max_area, HEIGHTS)
    before = player.run
    typed(player, text)
    assert player.run == before
    assert player.problem["name"] == "height"
    assert "Write a value such as" in player.problem["text"]
    typed(player, "[2, 2]")
    assert player.problem == {}


def test_input_of_a_wrong_kind_is_an_error_on_its_line() -> None:
    player = play(samples.max_area, HEIGHTS)
    typed(player, "5")
    assert player.recorded["error"]["type"] == "TypeError"
    assert player.problem == {}


def test_a_broken_message_is_shown_and_not_lost() -> None:
    player = play(samples.max_area, HEIGHTS)
    player._handle_custom_msg({"kind": "input", "texts": ["1", "2"]}, [])
    assert "ValueError" in player.problem["text"]
    assert player.problem["name"] is None


def test_parsed_values() -> None:
    assert parsed(" [1, -2.5, 'a'] ") == [1, -2.5, "a"]
    with pytest.raises(InputProblem, match="longer than"):
        parsed("[" + "1," * 20_000 + "]")


def test_what_cannot_be_typed_is_shown_and_fixed() -> None:
    player = play(samples.keeps, object())
    assert player.inputs == [{"name": "value", "text": "<object object>", "fixed": True}]


def test_the_difference_is_sent() -> None:
    player = play(
        samples.merge_from_front, *MERGE, view=cells("nums1", "nums2"), reference=samples.merge
    )
    assert player.difference["step"] > 0
    assert player.counts[1]["name"] == "merge (reference)"
    assert play(samples.merge, *MERGE).difference == {}


def test_traits_can_be_linked_and_observed() -> None:
    player, slider, seen = play(samples.max_area, HEIGHTS), ipywidgets.IntSlider(), []
    ipywidgets.link((player, "step"), (slider, "value"))
    player.observe(lambda change: seen.append(change["new"]), names="step")
    slider.value = 5
    assert (player.step, seen) == (5, [5])
    ipywidgets.jslink((player, "step"), (slider, "value"))


@pytest.mark.parametrize(
    ("fn", "args", "says"),
    [
        (samples.max_area, (HEIGHTS,), "ends with 49"),
        (samples.merge, MERGE, "ends with nums1 = [1, 2, 3, 5, 6, 9]"),
        (samples.max_area_runs_off, (HEIGHTS,), "IndexError: list index out of range (line 4)"),
        (samples.max_area_never_moves, (HEIGHTS,), "the loop on line 3 may never end"),
        (samples.max_area, (), "TypeError"),
        (sorted, ([2, 1],), "ends with [1, 2]"),
        (samples.waits, (), "async"),
    ],
)
def test_stills_say_how_it_ended(fn: Any, args: tuple[Any, ...], says: str) -> None:
    bundle_of_kinds = play(fn, *args)._repr_mimebundle_()
    data = bundle_of_kinds[0] if isinstance(bundle_of_kinds, tuple) else bundle_of_kinds
    assert says in data["text/plain"]
    assert says in data["text/html"].replace("&#x27;", "'")
    assert "application/vnd.jupyter.widget-view+json" in data


def test_stills_are_few_pictures_of_different_moments() -> None:
    html = play(samples.max_area, HEIGHTS, view=bars("height", water=True)).as_html()
    frames = html.split("<figure")[1:]
    assert 3 <= len(frames) <= 4
    assert len({frame.split("<figcaption")[0] for frame in frames}) >= 3
    assert "returns 49" in frames[-1]


def test_bad_arguments_are_refused_in_a_sentence() -> None:
    with pytest.raises(TypeError, match="play needs a function"):
        play(49)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="view is one of the views, such as bars"):
        play(samples.max_area, HEIGHTS, view="bars")  # type: ignore[arg-type]


def test_many_players_leave_nothing_behind(capfd: pytest.CaptureFixture[str]) -> None:
    for _ in range(20):
        play(samples.max_area, HEIGHTS).close()
    assert capfd.readouterr() == ("", "")


def test_the_still_says_and_shows_where_two_runs_part() -> None:
    player = play(
        samples.max_area_by_higher, HEIGHTS, view=bars("height"), reference=samples.max_area
    )
    page, step = player.as_html(), player.difference["step"] + 1
    assert player.difference["text"] in player.as_text()
    assert player.difference["text"] in page
    assert f"step {step} of {player.count} (the first difference)" in page
    assert page.count("(the first difference)") == 1


def test_a_tree_has_a_still_for_more_than_its_ends() -> None:
    def depth(node: Any) -> int:
        return 0 if node is None else 1 + max(depth(node.left), depth(node.right))

    player = play(depth, tree([3, 5, 1, 6]), view=data_tree("node"))
    assert player.as_html().count("<figure") == 4


def test_a_thousand_moves_and_inputs_keep_no_memory() -> None:
    player = play(samples.max_area, HEIGHTS, view=bars("height"), reference=samples.max_area)

    def use(times: int) -> None:
        for number in range(times):
            player.step = number % 5
            if number % 100 == 0:
                typed(player, str([number % 7, 2, 1]))

    tracemalloc.start()
    use(1000)  # what the latest run takes is counted before and after
    gc.collect()
    before, _ = tracemalloc.get_traced_memory()
    use(1000)
    gc.collect()
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert after - before < 50_000


# the front end as one module


WIDGETS = ("step_player.js", "live_plot.js", "training.js", "trace_viewer.js")


@pytest.mark.parametrize("name", WIDGETS)
def test_the_bundle_is_one_module_with_one_export(name: str) -> None:
    code = bundle(name)
    assert "import {" not in code
    assert code.count("export ") == 1
    assert code.rstrip().endswith("export default { render };")
    assert max(Counter(re.findall(r"^// (\w+\.js)$", code, re.MULTILINE)).values()) == 1


def test_every_module_is_part_of_a_widget() -> None:
    bundles = [bundle(name) for name in WIDGETS]
    for module in FRONT.glob("*.js"):
        assert any(f"// {module.name}\n" in code for code in bundles), module.name


@pytest.mark.parametrize(
    ("sheet", "root"), [("step_player", "player"), ("live", "live"), ("trace_viewer", "trace")]
)
def test_a_style_sheet_touches_nothing_but_its_widget(sheet: str, root: str) -> None:
    own = (FRONT / f"{sheet}.css").read_text(encoding="utf-8")
    theme = (FRONT / "theme.css").read_text(encoding="utf-8")
    assert styles(f"{sheet}.css") == f"{theme}\n{own}"
    for text, roots in ((own, [f".sw-{root}"]), (theme, [".sw-player", ".sw-live", ":is(.sw-"])):
        rules = re.findall(r"([^{}@;/]+)\{", re.sub(r"/\*.*?\*/|@[^{]*\{", "", text))
        assert len(rules) > 8
        for rule in rules:
            for selector in re.split(r",\s*(?![^(]*\))", rule.strip()):
                assert selector.startswith(tuple(roots)), selector
    shared = set(re.findall(r"^  (--sw-\w+):", theme, re.MULTILINE))
    assert shared
    assert not shared & set(re.findall(r"(--sw-\w+):", own)), "said twice"


def test_a_name_declared_twice_is_refused(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.js").write_text('import { x } from "./b.js";\nconst y = x;\n')
    (tmp_path / "b.js").write_text("export const x = 1;\nconst y = 2;\n")
    monkeypatch.setattr("course.widgets.bundle.FRONT", tmp_path)
    with pytest.raises(ValueError, match=r"y is declared in b\.js and in a\.js"):
        bundle("a.js")
