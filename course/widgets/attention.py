"""What unit 7 plays with: a stream of logits, tiles of the score matrix, the roofline, packing.

Each is a composition of `plot`: the functions below only calculate what is drawn.
"""

import math
from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import TYPE_CHECKING, Any

from course.widgets.controls import choice, slider, toggle
from course.widgets.layers import columns, dots, heat, line, note
from course.widgets.live_plot import LivePlot, plot

if TYPE_CHECKING:
    from course.measure import Placed

__all__ = ["counted_roofline", "measured_roofline", "packing_board", "roofline", "softmax_stream",
           "tile_walk"]  # fmt: skip

NOT_YET, READ_NOW, DONE, SKIPPED = 0.15, 1.0, 0.6, 0.0


def softmax_stream(logits: Sequence[float]) -> LivePlot:
    """Logits that arrive one after the other: the weights e^(x − m) so far, and the state."""
    count = len(logits)

    def weights(seen: int) -> tuple[Any, Any]:
        m = max(logits[:seen])
        shown = [math.exp(x - m) if k < seen else 0.0 for k, x in enumerate(logits)]
        return [f"{x:g}" for x in logits], shown

    def state(seen: int) -> list[Any]:
        m = max(logits[:seen])
        before = max(logits[: seen - 1], default=-math.inf)
        rescaled = m > before > -math.inf
        total = sum(math.exp(x - m) for x in logits[:seen])
        factor = f"e^({before:g} − {m:g}) = {math.exp(before - m):.3f}"
        return [
            f"after {seen} of {count}: m = {m:g}, ℓ = {total:.4f}",
            (
                f"the new logit raises the maximum: what was summed before is times {factor}"
                if rescaled
                else "the maximum stays: nothing is rescaled"
                if seen > 1
                else "the first logit: nothing was summed before"
            ),
        ]

    return plot(
        columns(weights, label="weight"),
        note(state),
        sliders={"seen": slider(1, count, 1, start=1, label="logits seen", play=True)},
        x="logit, in order of arrival",
        y="e^(x − m)",
        y_range=(0.0, 1.1),
        title="A stream of logits",
    )


def tile_walk(N: int = 16, D: int = 4, number_bytes: int = 2) -> LivePlot:
    """Walk over the tiles of QKᵀ (N × N): block sizes, causal or not, an SRAM that may overflow,
    and the HBM bytes beside those of attention with the matrix."""

    def tiles(block_q: int, block_k: int, causal: bool) -> list[tuple[int, int]]:
        return [
            (i, j)
            for i in range(0, N, block_q)
            for j in range(0, N, block_k)
            if not causal or j <= i + block_q - 1
        ]

    def matrix(block_q: int, block_k: int, causal: bool, step: int) -> list[list[float]]:
        order = tiles(block_q, block_k, causal)
        place = {tile: number for number, tile in enumerate(order)}
        now = min(step, len(order)) - 1

        def shade(i: int, j: int) -> float:
            if causal and j > i:
                return SKIPPED
            number = place[i - i % block_q, j - j % block_k]
            return READ_NOW if number == now else DONE if number < now else NOT_YET

        return [[shade(i, j) for j in range(N)] for i in range(N)]

    def bytes_moved(block_q: int, block_k: int, causal: bool, budget: int) -> list[Any]:
        order = tiles(block_q, block_k, causal)
        rows = math.ceil(N / block_q)
        tiled = (2 * N * D + N + len(order) * 2 * block_k * D) * number_bytes
        plain = (4 * N * D + 4 * N * N) * number_bytes
        sram = (2 * block_q * D + 2 * block_k * D + block_q * block_k) * number_bytes
        return [
            (
                f"SRAM for one tile: {sram:,} of {budget:,} bytes"
                + ("" if sram <= budget else ", an overflow"),
                sram <= budget,
            ),
            f"the whole matrix: {N * N * number_bytes:,} bytes",
            f"HBM: {tiled:,} bytes by tiles, {plain:,} with the matrix",
            f"{len(order)} of {rows * math.ceil(N / block_k)} tiles have work",
        ]

    sizes = [size for size in (1, 2, 4, 8, 16) if size <= N]
    return plot(
        heat(matrix, span=(0.0, 1.0), label="masked, to come, done, now"),
        note(bytes_moved),
        sliders={
            "block_q": choice(sizes, start=4, label="queries in a tile"),
            "block_k": choice(sizes, start=4, label="keys in a tile"),
            "budget": choice([128, 256, 512, 1024], start=512, label="SRAM, bytes"),
            "causal": toggle(),
            "step": slider(1, 64, 1, start=1, label="tile", play=True),
        },
        x="keys",
        y="queries",
        equal=True,
        compute="kernel",
        title=f"Tiles of a {N} × {N} matrix of scores",
    )


def roofline(machines: Mapping[str, tuple[float, float]], N: int = 4096, D: int = 128) -> LivePlot:
    """Rooflines of machines {name: (FLOP/s, bytes/s)}, and attention on the first of them.

    The slider sets the number of queries: 1 is decoding, N is prefill. Two bytes a number.
    """

    flops, rate = next(iter(machines.values()))

    def intensities(queries: int) -> tuple[float, float]:
        work = 4 * queries * N * D
        ends = 2 * (2 * queries * D + 2 * N * D)  # Q, O; K, V
        return work / (ends + 2 * 4 * queries * N), work / ends

    def kernels(queries: int) -> tuple[Any, Any, Any]:
        found = intensities(queries)
        return list(found), [min(flops, one * rate) for one in found], [0, 1]

    def said(queries: int) -> list[Any]:
        plain, tiled = intensities(queries)
        corner = flops / rate
        return [
            f"FLOP a byte: {plain:.3g} with the matrix, {tiled:.3g} by tiles; corner {corner:.3g}",
            ("the tiled one is bound by arithmetic, not by memory", tiled >= corner),
        ]

    roofs = [line(*_roof(*limits), label=name) for name, limits in machines.items()]
    powers = [2**k for k in range(int(math.log2(N)) + 1)]
    return plot(
        *roofs,
        dots(kernels, names=["with the matrix", "by tiles"], size=6),
        note(said),
        sliders={"queries": choice(powers, start=N)},
        x="FLOP for each byte of HBM traffic",
        y="FLOP/s",
        log="xy",
        title=f"Attention over {N} keys of length {D}",
    )


def measured_roofline(
    flops: float, rate: float, placed: Mapping[str, "Placed"], machine: str = "this machine"
) -> LivePlot:
    """The roof of a machine (FLOP/s, bytes/s), and what functions reached below it."""

    def said(name: str, one: "Placed") -> str:
        limit = min(flops, rate * one.intensity)
        return (
            f"{name}: {one.intensity:.3g} FLOP a byte, {_rate(one.rate)}, "
            f"{one.rate / limit:.0%} of the roof there"
        )

    found = list(placed.values())
    intensities = [one.intensity for one in found]
    return plot(
        line(*_roof(flops, rate, intensities, 1e3), label=machine),
        dots(intensities, [one.rate for one in found], range(len(found)), names=list(placed),
             size=6),
        note([said(*one) for one in placed.items()]),
        x="FLOP for each byte of traffic",
        y="FLOP/s",
        log="xy",
        title=f"What was reached on {machine}",
    )  # fmt: skip


def counted_roofline(
    flops: float, rate: float, intensities: Mapping[str, float], machine: str, words: Sequence[str]
) -> LivePlot:
    """The roof of a machine that is not here, and below which part of it functions would stand.

    A place is a line up to the roof: how high on it a dot would be, only a clock can say.
    """
    corner = flops / rate
    roof = _roof(flops, rate, list(intensities.values()), 1e4)
    floor = roof[1][0]

    def said(name: str, one: float) -> str:
        limit = "memory" if one < corner else "arithmetic"
        return f"{name}: {one:.3g} FLOP a byte; {limit} is the limit there"

    places = [
        line([one, one], [floor, min(flops, rate * one)], label=name)
        for name, one in intensities.items()
    ]
    return plot(
        line(*roof, label=machine),
        *places,
        note([*words, *[said(*one) for one in intensities.items()]]),
        x="FLOP for each byte of traffic",
        y="FLOP/s",
        log="xy",
        title=f"Below the roof of {machine}: its corner is at {corner:.3g} FLOP a byte",
    )


def _rate(flops: float) -> str:
    """FLOP a second in words: `12.3 GFLOP/s`, `456 TFLOP/s`."""
    return f"{flops / 1e12:.3g} TFLOP/s" if flops >= 1e12 else f"{flops / 1e9:.3g} GFLOP/s"


def _roof(
    flops: float, rate: float, intensities: Sequence[float] = (), end: float = 1e5
) -> tuple[list[float], list[float]]:
    """The roof of a machine as a line: a slope up to the corner, then flat; over all that is given.

    `intensities` are places that it must reach beyond, on either side.
    """
    begin = min([0.1, *[one / 2 for one in intensities]])
    end = max([end, *[2 * one for one in intensities]])
    return [begin, flops / rate, end], [begin * rate, flops, flops]


def packing_board(lengths: Sequence[int]) -> LivePlot:
    """Sequences in rows of a given capacity: padded one a row, next-fit, first-fit, best-fit."""
    from course.packing import best_fit, first_fit, next_fit, one_a_row

    ways = {
        "one a row": one_a_row,
        "next-fit": next_fit,
        "first-fit": first_fit,
        "best-fit": best_fit,
    }
    longest = max(lengths)

    def filled(capacity: int, way: str) -> tuple[Any, Any]:
        rows = ways[way](lengths, capacity)
        used = [sum(row) for row in rows]
        return range(len(rows)), [used, [capacity - one for one in used]]

    def said(capacity: int, way: str) -> list[Any]:
        rows = ways[way](lengths, capacity)
        share = sum(lengths) / (len(rows) * capacity)
        borders = [str(border) for border in accumulate(rows[0], initial=0)]
        strip = ", ".join(borders if len(borders) < 9 else [*borders[:7], "…", borders[-1]])
        return [
            f"{len(rows)} rows of {capacity}: {share:.0%} tokens, {1 - share:.0%} padding",
            f"the first row as a strip: cu_seqlens = [{strip}]",
        ]

    return plot(
        columns(filled, names=["tokens", "padding"], stacked=True, label="row"),
        note(said),
        sliders={
            "capacity": slider(longest, 4 * longest, max(longest // 4, 1), start=longest),
            "way": choice(list(ways), start="one a row"),
        },
        x="row of the batch",
        y="places",
        title=f"{len(lengths)} sequences in rows",
    )
