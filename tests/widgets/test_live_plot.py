"""The live plot's Python side: what is sampled, what is sent, what is said when it goes wrong."""

import base64
import gc
import math
import re
import subprocess
import sys
import tracemalloc
import zlib
from typing import Any

import numpy as np
import pytest
import torch
import traitlets

from course.widgets import (
    arrows,
    band,
    choice,
    columns,
    curve,
    dots,
    fill,
    handles,
    heat,
    histogram,
    histograms,
    image,
    line,
    log_slider,
    note,
    panel,
    plot,
    rule,
    slider,
    slope,
    toggle,
)
from course.widgets.ahead import every, frame
from course.widgets.axes import scale, short, ticks
from course.widgets.sampling import sample, spaced


def leaky(x: float, alpha: float) -> float:
    return x if x > 0 else alpha * x


def steps_up(alpha: float) -> tuple[list[float], list[float]]:
    return [0.0, 1.0], [0.0, alpha]


def of_layer(shown: Any, name: str = "0.0") -> dict[str, Any]:
    data = shown.data_of(name)
    assert data is not None
    return dict(data)


# calling the reader's function


@pytest.mark.parametrize(
    "fn",
    [
        math.tanh,
        np.tanh,
        torch.tanh,
        torch.nn.Tanh(),
        lambda x: (math.e**x - math.e**-x) / (math.e**x + math.e**-x),
    ],
)
def test_a_function_of_numbers_arrays_or_tensors_is_sampled(fn: Any) -> None:
    xs = [-2.0, -0.5, 0.0, 3.0]
    assert sample(fn, [xs], {})[0] == pytest.approx([math.tanh(x) for x in xs], abs=1e-5)


def test_a_function_with_a_branch_is_sampled_place_by_place() -> None:
    assert sample(leaky, [[-2.0, 3.0]], {"alpha": 0.25})[0] == [-0.5, 3.0]


def test_what_is_not_finite_is_a_gap() -> None:
    assert sample(lambda x: math.inf if x > 0 else x, [[-1.0, 1.0]], {})[0] == [-1.0, None]
    assert sample(lambda x: np.log(x), [[-1.0, 1.0]], {})[0] == [None, 0.0]


def test_a_constant_and_a_pair_of_outputs() -> None:
    assert sample(lambda x: 2, [[0.0, 1.0]], {}) == [[2.0, 2.0]]
    assert sample(lambda x, y: (-x, 2 * y), [[1.0, 2.0], [3.0, 4.0]], {}) == [
        [-1.0, -2.0],
        [6.0, 8.0],
    ]


def test_a_wrong_number_of_outputs_is_said() -> None:
    with pytest.raises(ValueError, match="gave 1 numbers for 2 places"):
        sample(lambda x: np.exp(x)[1:], [[0.0, 1.0]], {})


# layers and panels


def test_curves_and_their_slopes() -> None:
    shown = plot(curve(math.sin, over=(0, 3)), slope(math.sin, over=(0, 3)), drag="x")
    data = of_layer(shown)
    assert data["x"][0][0] == 0
    assert data["x"][0][-1] == 3
    assert len(data["x"][0]) == 241
    assert data["y"][0] == pytest.approx([math.sin(x) for x in data["x"][0]], abs=1e-5)
    tangent = of_layer(shown, "0.1")
    assert tangent["d"] == pytest.approx([math.cos(x) for x in tangent["x"]], abs=1e-4)
    exact = plot(slope(math.sin, derivative=math.cos, over=(0, 3)), drag="x")
    assert of_layer(exact)["d"] == pytest.approx(tangent["d"], abs=1e-4)


def test_a_logarithmic_axis_is_sampled_by_constant_factors() -> None:
    xs = of_layer(plot(curve(math.sqrt, over=(1, 1000), samples=4), log="xy"))["x"][0]
    assert xs == pytest.approx([1, 10, 100, 1000])


def test_lines_of_data_with_a_shared_or_own_x() -> None:
    assert of_layer(plot(line([0, 1], [2, None])))["y"] == [[2.0, None]]
    fan = of_layer(plot(line(range(3), np.arange(6).reshape(2, 3))))
    assert fan == {"x": [[0, 1, 2]], "y": [[0, 1, 2], [3, 4, 5]]}
    assert of_layer(plot(line([[0, 1], [5, 6, 7]], [[1, 2], [3, 4, 5]])))["x"][1] == [5, 6, 7]


def test_areas() -> None:
    data = of_layer(plot(fill(lambda x: x * x, over=(0, 2), samples=3)))
    assert data == {"x": [0, 1, 2], "low": [0, 0, 0], "high": [0, 1, 4]}
    assert of_layer(plot(band([0, 1], [0, 0], [1, 2])))["high"] == [1, 2]


def test_heat_maps_have_row_0_lowest_over_a_rectangle_and_on_top_as_a_matrix() -> None:
    shown = plot(heat(lambda x, y: 10 * y + x, over=((0, 4), (0, 2)), samples=4))
    data = of_layer(shown)
    assert data["rows"][0] == [3.0, 4.0, 5.0, 6.0]  # y = 0.25, x = 0.5 … 3.5
    assert data["area"] == [[0, 4], [0, 2]]
    assert not shown.figure["panels"][0]["down"]
    matrix = plot(heat([[1, 2, 3], [4, 5, 6]]))
    assert of_layer(matrix)["area"] == [[-0.5, 2.5], [-0.5, 1.5]]
    assert matrix.figure["panels"][0]["down"]
    diverging = of_layer(plot(heat([[-1, 3]], diverging=True)))
    assert (diverging["low"], diverging["high"]) == (-3, 3)


def test_arrows_dots_bars_images() -> None:
    field = of_layer(plot(arrows(lambda x, y: (-x, -y), over=((-1, 1), (-1, 1)), samples=3)))
    assert field["u"] == pytest.approx([-x for x in field["x"]])
    assert len(field["x"]) == 9
    cloud = of_layer(plot(dots(np.array([[0, 1, 2], [3, 4, 0]]))))
    assert cloud == {"x": [0, 3], "y": [1, 4], "group": [2, 0]}
    assert of_layer(plot(dots([1, 2], [3, 4]))) == {"x": [1, 2], "y": [3, 4]}
    assert of_layer(plot(columns({"a": 1, "b": 2})))["heights"] == [[1, 2]]
    pixels = np.array([[[255, 0, 0], [0, 255, 0]]], dtype=np.uint8)
    data = of_layer(plot(image(pixels)))
    assert (data["width"], data["height"]) == (2, 1)
    assert base64.b64decode(data["rgb"]) == bytes([255, 0, 0, 0, 255, 0])
    grey = of_layer(plot(image(np.array([[0.0, 1.0]]))))
    assert base64.b64decode(grey["rgb"]) == bytes([0, 0, 0, 255, 255, 255])


def test_histograms_count_like_numpy() -> None:
    values = np.random.default_rng(1).normal(size=1000)
    data = of_layer(plot(histogram(values, bins=12, span=(-2, 2))))
    expected, _ = np.histogram(values, bins=12, range=(-2, 2))
    assert data["heights"][0] == expected.tolist()
    rows = of_layer(plot(histograms({"one": values, "two": values * 2}, bins=12, span=(-2, 2))))
    assert rows["names"] == ["one", "two"]
    assert rows["counts"][0] == expected.tolist()


def test_notes_light_up() -> None:
    shown = plot(note(lambda p: ["sum", ("diverges", p <= 1)]), sliders={"p": (0.5, 1.5, 0.5)})
    assert of_layer(shown)["lines"] == [
        {"text": "sum", "good": None},
        {"text": "diverges", "good": True},
    ]
    shown.params = {"p": 1.5}
    assert of_layer(shown)["lines"][1]["good"] is False


# sliders: ahead or by the kernel


def test_what_a_slider_changes_is_computed_ahead() -> None:
    shown = plot(curve(leaky, over=(-4, 4)), sliders={"alpha": (0, 1, 0.25)})
    frames = shown.frames["0.0"]
    assert [one["values"] for one in frames["at"]] == [[0, 0.25, 0.5, 0.75, 1]]
    for alpha, data in zip((0, 0.25, 0.5, 0.75, 1), every(frames), strict=True):
        assert data["y"][0] == pytest.approx([leaky(x, alpha) for x in data["x"][0]], abs=1e-5)
    assert "x" in frames["common"]
    assert "x" not in frames["frames"][0]
    before = shown.fresh["count"]
    shown.params = {"alpha": 0.25}
    assert shown.fresh["count"] == before  # the kernel has nothing to do
    assert of_layer(shown)["y"][0][0] == -1.0


def test_two_controls_span_a_grid() -> None:
    def f(x: float, scale: float, sign: str) -> float:
        return x * scale * (1 if sign == "plus" else -1)

    shown = plot(
        curve(f, over=(0, 1), samples=2),
        sliders={"scale": (1, 3, 1), "sign": choice(["plus", "minus"])},
    )
    frames = shown.frames["0.0"]
    for many in (1, 2, 3):
        for sign, factor in (("plus", 1), ("minus", -1)):
            data = frame(frames, {"scale": many, "sign": sign})
            assert data is not None
            assert data["y"] == [[0, many * factor]]


def test_what_is_too_much_or_forced_is_computed_by_the_kernel() -> None:
    controls = {"alpha": (0, 1, 0.001)}
    for options in (
        {"sliders": controls},
        {"sliders": {"alpha": (0, 1, 0.25)}, "compute": "kernel"},
    ):
        shown = plot(curve(leaky, over=(-4, 4)), **options)  # type: ignore[arg-type]
        assert shown.frames == {}
        shown.params = {"alpha": 0.0}
        assert shown.fresh["layers"]["0.0"]["y"][0][0] == 0
        shown.params = {"alpha": 1.0}
        assert shown.fresh["layers"]["0.0"]["y"][0][0] == -4


def test_points_and_the_dragged_place_reach_the_functions_that_ask() -> None:
    def between(data: list[list[float]], x: float) -> tuple[list[float], list[float]]:
        return [p[0] for p in data], [p[1] + x for p in data]

    shown = plot(
        handles("data", [[0, 0], [4, 2]]), line(between), drag="x", cursor=0.5, x_range=(0, 4)
    )
    assert shown.cursor == 0.5
    assert of_layer(shown, "0.1")["y"] == [[0.5, 2.5]]
    shown.points = {"data": [[0, 0], [4, 3]]}
    assert of_layer(shown, "0.1")["y"] == [[0.5, 3.5]]
    shown.cursor = 1.0
    assert of_layer(shown, "0.1")["y"] == [[1, 4]]


def test_a_slider_may_be_computed_coarsely() -> None:
    shown = plot(line(steps_up), sliders={"alpha": slider(0, 10, 1, linear=5)})
    assert shown.frames["0.0"]["at"] == [{"name": "alpha", "values": [0, 5, 10], "linear": True}]


def test_ranges_hold_every_frame_and_only_grow() -> None:
    shown = plot(line(steps_up), sliders={"alpha": (1, 10, 1)}, compute="kernel")
    shown.params = {"alpha": 10}
    high = shown.fresh["ranges"][0][1][1]
    assert high >= 10
    shown.params = {"alpha": 1}
    assert shown.fresh["ranges"][0][1][1] == high
    ahead = plot(line(steps_up), sliders={"alpha": (1, 10, 1)})
    assert ahead.fresh["ranges"][0][1][1] >= 10
    fixed = plot(line(steps_up), sliders={"alpha": (1, 10, 1)}, y_range=(0, 2))
    assert fixed.fresh["ranges"][0][1] == [0, 2]


def test_a_matrix_that_changes_its_size_fills_its_axes() -> None:
    shown = plot(heat(lambda n: [[0, 1] * n] * n), sliders={"n": (1, 3, 1)})
    assert shown.figure["panels"][0]["fits"]
    for n in (1, 3):
        shown.params = {"n": n}
        assert of_layer(shown)["area"] == [[-0.5, 2 * n - 0.5], [-0.5, n - 0.5]]
        html = shown.as_html()
        place = r'[^>]*x="([\d.]+)" y="([\d.]+)" width="([\d.]+)" height="([\d.]+)"'
        (picture,) = re.findall(f"<image {place}", html)
        (frame,) = re.findall(f"<rect {place}", html)
        assert [*map(float, picture)] == pytest.approx([*map(float, frame)], abs=0.2)


def test_buttons_and_changes_call_back() -> None:
    seen: list[float] = []

    def double(shown: Any) -> None:
        shown.points = {"p": [[2 * x, 2 * y] for x, y in shown.points["p"]]}

    shown = plot(
        handles("p", [[1, 1]]),
        sliders={"a": (0, 1, 0.5)},
        buttons={"Double": double},
        on_change=lambda plot: seen.append(plot.params["a"]),
    )
    shown._on_message(shown, {"press": "Double"}, [])
    assert shown.points == {"p": [[2, 2]]}
    shown.params = {"a": 1.0}
    assert seen[-1] == 1.0
    shown._on_message(shown, {"press": "Erase"}, [])  # no such button: nothing happens
    assert shown.points == {"p": [[2, 2]]}


# controls


def test_sliders_hold_their_ends_and_round_values() -> None:
    assert slider(0, 1, 0.1).values == (0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
    assert slider(1, 10, 4).values == (1, 5, 9, 10)
    assert all(isinstance(value, int) for value in slider(1, 10, 4).values)
    grown = log_slider(1e-4, 1).values
    assert grown[0] == 1e-4
    assert grown[-1] == 1
    assert len(grown) == 41
    assert np.diff(np.log10(grown)) == pytest.approx(0.1, abs=0.02)
    assert slider(0, 1, 0.1, start=0.32).start == 0.3
    assert toggle(True).start is True
    assert choice(["a", "b"]).start == "a"


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: slider(1, 0), "goes up"),
        (lambda: slider(0, 1, -0.1), "positive steps"),
        (lambda: slider(0, math.nan), "finite number"),
        (lambda: slider(0, 1, 1e-6), "at most"),
        (lambda: log_slider(0, 1), "positive"),
        (lambda: choice([]), "list of strings or numbers"),
        (lambda: plot(curve(leaky), sliders={"alpha": "high"}), "alpha: give"),
        (lambda: plot(curve(leaky)), "asks for alpha, which is no slider"),
        (lambda: plot(curve(leaky), sliders={"beta": (0, 1, 0.5)}), "there is beta"),
        (lambda: plot(), "nothing to draw"),
        (lambda: plot(3), "layers or panels"),
        (lambda: panel(math.sin), "a panel holds layers"),  # type: ignore[arg-type]
        (lambda: curve(3), "draws a function"),  # type: ignore[arg-type]
        (lambda: curve(math.sin, over=(1, 0)), "over goes up"),
        (lambda: curve(math.sin, over=3), "over is"),  # type: ignore[arg-type]
        (lambda: curve(math.sin, colour=9), "colour is a number from 0 to 5"),
        (lambda: plot(curve(math.sin), log="z"), "log is"),
        (lambda: plot(curve(math.sin), log="x", x_range=(0, 1)), "begins above 0"),
        (lambda: plot(line([1, 2], [1, 2, 3])), "x has 2 numbers, y has 3"),
        (lambda: plot(line([1, 2, 3])), "takes 2 lists"),
        (lambda: plot(line([1, 2], ["a", "b"])), "'a' is in it"),
        (lambda: plot(band([1], [1, 2], [1])), "lists of one length"),
        (lambda: plot(dots([1, 2], [1])), "lists of one length"),
        (lambda: plot(heat([[1, 2], [3]])), "rows of one length"),
        (lambda: plot(image([[1, 2], [3]])), "no H × W"),
        (lambda: plot(columns(["a"], [1, 2])), "1 labels for 2 heights"),
        (lambda: plot(histograms([1, 2])), "{name: numbers}"),
        (lambda: handles("p", [[1]]), "list of"),
        (lambda: handles("not a name", [[1, 1]]), "Python name"),
        (lambda: rule(1, axis="z"), "axis is"),
        (lambda: plot(handles("a", [[0, 0]]), sliders={"a": (0, 1, 0.5)}), "same name"),
        (lambda: plot(curve(math.sin), compute="now"), "compute is"),
    ],
)
def test_bad_data_is_refused_in_words(make: Any, says: str) -> None:
    with pytest.raises((TypeError, ValueError), match=re.escape(says)):
        make()


def test_values_set_from_outside_are_checked() -> None:
    shown = plot(handles("p", [[0, 0]]), sliders={"a": (0, 1, 0.25), "b": ["x", "y"]})
    shown.params = {"a": 0.3}
    assert shown.params == {"a": 0.25, "b": "x"}
    for wrong in ({"c": 1}, {"a": "high"}, {"b": "z"}, {"a": math.nan}):
        with pytest.raises(traitlets.TraitError):
            shown.params = wrong
    for wrong_points in ({}, {"p": [[1]]}, {"q": [[0, 0]]}):
        with pytest.raises(traitlets.TraitError):
            shown.points = wrong_points
    assert shown.params == {"a": 0.25, "b": "x"}
    assert shown.points == {"p": [[0, 0]]}


# errors in the reader's function


def test_an_error_is_shown_on_its_line_and_the_last_picture_stays() -> None:
    def breaks(alpha: float) -> tuple[list[float], list[float]]:
        if alpha > 0.5:
            return [0], [1 / 0]
        return [0, 1], [alpha, alpha]

    shown = plot(line(breaks), sliders={"alpha": (0, 1, 0.5)}, compute="kernel")
    before = of_layer(shown)
    shown.params = {"alpha": 1.0}
    assert shown.problem["text"] == "ZeroDivisionError: division by zero"
    assert shown.problem["function"] == "breaks"
    assert shown.problem["code"] == "return [0], [1 / 0]"
    assert shown.problem["line"] == breaks.__code__.co_firstlineno + 2
    assert of_layer(shown) == before
    assert "ZeroDivisionError" in shown.as_text()
    assert "1 / 0" in shown.as_html()
    shown.params = {"alpha": 0.0}
    assert shown.problem == {}


def test_errors_at_single_values_computed_ahead_are_kept_for_those() -> None:
    def breaks(alpha: float) -> tuple[list[float], list[float]]:
        return [0, 1], [alpha, 1 / (alpha - 0.5)]

    shown = plot(line(breaks), sliders={"alpha": (0, 1, 0.5)})
    frames = shown.frames["0.0"]
    assert list(frames["problems"]) == ["1"]
    assert "ZeroDivisionError" in frames["problems"]["1"]["text"]
    assert len(every(frames)) == 2


def test_a_function_that_never_answers_right_leaves_an_empty_panel() -> None:
    def unfinished(x: float) -> float:
        raise NotImplementedError

    shown = plot(curve(unfinished))
    assert shown.problem["text"] == "NotImplementedError"
    assert shown.data_of("0.0") is None
    assert "<svg" in shown.as_html()
    nothing = plot(curve(lambda x: None))
    assert "is a return missing?" in nothing.problem["text"]


def test_a_loop_without_end_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    def endless(x: float) -> float:
        while True:
            pass

    monkeypatch.setattr("course.widgets.sampling.MAX_SECONDS", 0.2)
    assert "never ends" in plot(curve(endless)).problem["text"]


def test_errors_in_callbacks_are_shown() -> None:
    def fails(_: Any) -> None:
        raise KeyError("nothing here")

    shown = plot(curve(math.sin), sliders={"a": (0, 1, 0.5)}, on_change=fails)
    shown.params = {"a": 1.0}
    assert "KeyError" in shown.problem["text"]
    assert shown.problem["function"] == "fails"


# without a front end, and over time


def test_a_still_picture_and_plain_text() -> None:
    shown = plot(
        panel(curve(math.sin), title="waves", x="time", y="height"),
        panel(heat([[0, 1], [2, 3]])),
        sliders={"a": (0, 1, 0.5)},
        title="Two <panels>",
    )
    bundled = shown._repr_mimebundle_()
    data = bundled[0] if isinstance(bundled, tuple) else bundled
    assert set(data) == {"text/plain", "text/html", "application/vnd.jupyter.widget-view+json"}
    assert "waves: sin" in data["text/plain"]
    assert "a = 0.5" in data["text/plain"]
    assert data["text/html"].count('role="img"') == 2
    assert "Two &lt;panels&gt;" in data["text/html"]
    pixels = re.search(r"image/png;base64,([\w+/=]+)", data["text/html"])
    assert pixels
    assert _png_colours(base64.b64decode(pixels[1]))[0] == (68, 1, 84)


def test_every_kind_of_layer_has_a_still_picture() -> None:
    over = ((0.0, 1.0), (0.0, 1.0))
    kinds = [
        curve(math.sin), fill(math.sin), line([0, 1], [0, 1]), band([0, 1], [0, 0], [1, 1]),
        columns(["a", "b"], [[1, 2], [3, 4]], names=["one", "two"]), histogram([1, 2, 2]),
        histograms({"a": [1, 2]}), heat(lambda x, y: x, over=over), image([[0.0, 1.0]]),
        arrows(lambda x, y: (x, y), over=over), dots([1], [1]), handles("p", [[0, 0]]), rule(0.5),
    ]  # fmt: skip
    for layer in kinds:
        html = plot(layer).as_html()
        inside = re.search(r'<svg x="[^>]*>(.*?)</svg>', html, re.DOTALL)
        assert inside, layer.kind
        assert len(inside[1]) > 30, layer.kind


def test_its_state_is_json_without_binary_buffers() -> None:
    import json

    from ipywidgets.widgets.widget import _remove_buffers

    shown = plot(curve(leaky), heat([[0, 1]]), sliders={"alpha": (0, 1, 0.25)})
    state, paths, buffers = _remove_buffers(shown.get_state())
    assert not paths
    assert not buffers
    assert json.loads(json.dumps(state, allow_nan=False))["params"] == {"alpha": 0.5}


def test_a_thousand_moves_keep_no_memory() -> None:
    def cloud(scale: float) -> tuple[list[float], list[float]]:
        return [scale * i for i in range(50)], [scale * i * i for i in range(50)]

    shown = plot(dots(cloud), sliders={"scale": (0, 1, 0.01)}, compute="kernel")

    def move(times: int) -> None:
        for i in range(times):
            shown.params = {"scale": (i % 101) / 100}

    move(200)
    gc.collect()
    tracemalloc.start()
    start, _ = tracemalloc.get_traced_memory()
    move(1000)
    gc.collect()
    end, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert end - start < 100_000


def test_importing_the_widgets_is_light() -> None:
    code = (
        "import sys, course.widgets; course.widgets.plot; course.widgets.train_live; "
        "course.widgets.curve; "
        "print([m for m in ('numpy', 'torch', 'matplotlib') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True
    )
    assert (done.stdout.strip(), done.stderr) == ("[]", "")


# axes


def test_ticks_are_round_and_inside() -> None:
    assert ticks((0, 1), 5) == [0, 0.2, 0.4, 0.6, 0.8, 1.0]
    assert ticks((-4, 4), 4) == [-4, -2, 0, 2, 4]
    assert ticks((1, 1000), 5, log=True) == [1, 10, 100, 1000]
    for low, high in ((0, 3e-7), (-1e9, 2.5e9), (0.97, 1.01)):
        found = ticks((low, high), 5)
        assert 3 <= len(found) <= 8
        assert low <= found[0]
        assert found[-1] <= high + 1e-12 * abs(high)


def test_scales() -> None:
    assert scale((0, 10), 100, 200)(2.5) == 125
    assert scale((1, 100), 0, 50, log=True)(10) == 25
    assert [short(x) for x in (0, -1.5, 1200, 0.00012345, 3.14159)] == [
        "0", "−1.5", "1,200", "0.000123", "3.142",
    ]  # fmt: skip
    assert spaced(0, 1, 3) == [0, 0.5, 1]


def _png_colours(data: bytes) -> list[tuple[int, int, int]]:
    """The pixels of a PNG whose rows are not filtered, decoded here by the book."""
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    width = int.from_bytes(data[16:20], "big")
    start = data.index(b"IDAT")
    length = int.from_bytes(data[start - 4 : start], "big")
    raw = zlib.decompress(data[start + 4 : start + 4 + length])
    row = 1 + 3 * width
    return [
        (raw[at + i], raw[at + i + 1], raw[at + i + 2])
        for at in range(0, len(raw), row)
        for i in range(1, row, 3)
    ]
