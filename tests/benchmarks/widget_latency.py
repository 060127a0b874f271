"""From a key press to the new picture on the screen: the step player, and matplotlib beside it.

    python -m tests.benchmarks.widget_latency [--write]

Both show a run of the two-pointer walk over forty bars, in the same JupyterLab, in the same run.
The first is the course's step player; the second a matplotlib figure that is drawn anew in an
Output widget for each move of a slider. With --write the table goes to
docs/benchmarks/widget_latency.md.
"""

import argparse
import os
import platform
import statistics
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from importlib.metadata import version
from pathlib import Path

from playwright.sync_api import Browser, Locator

from tests.browser.chromium import running_chromium
from tests.browser.lab import Lab
from tests.browser.server import ROOT, Server, running_lab

REPORT = ROOT / "docs" / "benchmarks" / "widget_latency.md"
NOTEBOOK = "widget_latency.ipynb"
MOVES = 30
WARM_UP = 3
PLAYER = "step player: a step"
INPUT = "step player: another input, run in the kernel"
MATPLOTLIB = "matplotlib in Output: a step"

CELLS = [
    """\
from course.widgets import bars, play, trace

height = [(7 * i * i + 3 * i) % 31 + 1 for i in range(40)]

def max_area(height):
    left, right, best = 0, len(height) - 1, 0
    while left < right:
        best = max(best, min(height[left], height[right]) * (right - left))
        if height[left] < height[right]:
            left += 1
        else:
            right -= 1
    return best
""",
    "play(max_area, height, view=bars('height', water=True))",
    """\
import ipywidgets
import matplotlib.pyplot as plt
from IPython.display import clear_output, display

places, left, right = [], 0, len(height) - 1
while left < right:
    places.append((left, right))
    left, right = (left + 1, right) if height[left] < height[right] else (left, right - 1)

slider = ipywidgets.IntSlider(0, 0, len(places) - 1, description="step")
output = ipywidgets.Output()

def draw(change):
    left, right = places[slider.value]
    level = min(height[left], height[right])
    with output:
        clear_output(wait=True)
        figure, axes = plt.subplots(figsize=(6, 3))
        axes.bar(range(len(height)), height, color="#56b4e9")
        axes.fill_between([left, right], level, alpha=0.35, color="#0072b2")
        for name, place in (("left", left), ("right", right)):
            axes.annotate(name, (place, 0), (place, -6), ha="center", arrowprops={"width": 1})
        axes.set_title(f"{level} high × {right - left} wide = {level * (right - left)}")
        plt.show()

slider.observe(draw, names="value")
draw(None)
display(slider, output)
""",
]

# Measures one key press inside the page. The clock starts at the event's own time stamp, so that
# waiting in the browser's queue counts; it stops in the task after the animation frame in which the
# new picture is there, decoded, which is when the browser has painted it.
_WATCH = """
(picture) => {
    // Not every line of code changes the picture, but each step the number beside it.
    const whole = picture.closest('[data-testid=step-player]') ?? picture;
    const number = whole.querySelector('[data-testid=step-position]');
    const seen = () => {
        const image = picture.querySelector('img');
        return image ? image.src : picture.innerHTML + (number?.textContent ?? '');
    };
    const blank = () => {
        const image = picture.querySelector('img');
        const drawn = image ?? picture.querySelector('svg') ?? picture;
        const box = drawn?.getBoundingClientRect();
        return !box || box.width < 2 || box.height < 2 || (image && !image.naturalWidth);
    };
    const before = seen();
    window.stepwiseLatency = new Promise(resolve => {
        let started = null, blanks = 0, done = false;
        window.addEventListener('keydown', event => {
            started = event.timeStamp;
        }, { capture: true, once: true });
        const painted = () => requestAnimationFrame(() => {
            const channel = new MessageChannel();
            channel.port1.onmessage = () => resolve([performance.now() - started, blanks]);
            channel.port2.postMessage(null);
        });
        const changed = async () => {
            const image = picture.querySelector('img');
            if (done || started === null || seen() === before || blank()) return;
            done = true;
            watcher.disconnect();
            if (image) await image.decode();
            painted();
        };
        const watcher = new MutationObserver(changed);
        const all = { subtree: true, childList: true, attributes: true, characterData: true };
        watcher.observe(whole, all);
        picture.addEventListener('load', changed, true);
        const frame = () => {
            if (done) return;
            blanks += blank() ? 1 : 0;
            requestAnimationFrame(frame);
        };
        requestAnimationFrame(frame);
    });
}
"""


@dataclass(frozen=True)
class Latency:
    """Times from event to repaint in ms, one for each move, and how many frames were blank."""

    milliseconds: tuple[float, ...]
    blank_frames: int

    @property
    def median(self) -> float:
        return statistics.median(self.milliseconds)

    @property
    def p95(self) -> float:
        """The 95th percentile, interpolated between the two nearest moves."""
        return statistics.quantiles(self.milliseconds, n=20, method="inclusive")[-1]


def measure(lab: Lab, server: Server, moves: int = MOVES) -> dict[str, Latency]:
    """Open and run the benchmark's notebook, then make `moves` moves with each technique, by name.

    The first key presses, which also load fonts and compile code, are not counted.
    """
    lab.open(server.write_notebook(NOTEBOOK, CELLS))
    failed = lab.run_all()
    assert not failed, failed
    player = lab.cell(1).get_by_test_id("step-player")
    picture = player.get_by_test_id("step-picture")
    box = player.get_by_test_id("step-input-height")
    handle = lab.cell(2).get_by_role("slider")
    # JupyterLab takes arrow keys for itself on the stock slider.
    handle.evaluate("node => node.setAttribute('data-lm-suppress-shortcuts', 'true')")
    redrawn = lab.cell(2).locator(".widget-output")
    redrawn.locator("img").wait_for()

    def another_input(move: int) -> None:
        box.fill(str([3 + (move + i * i) % 17 for i in range(40)]))

    return {
        PLAYER: press(lab, moves, player, "ArrowRight", picture),
        INPUT: press(lab, moves, box, "Enter", picture, another_input),
        MATPLOTLIB: press(lab, moves, handle, "ArrowRight", redrawn),
    }


def press(
    lab: Lab,
    moves: int,
    focus: Locator,
    keys: str | Sequence[str],
    picture: Locator,
    prepare: Callable[[int], None] = lambda move: None,
) -> Latency:
    """Make `moves` moves with a key (or with several, in turn), and time each until the repaint."""
    keys = [keys] if isinstance(keys, str) else keys
    focus.scroll_into_view_if_needed()
    focus.focus()
    times, blanks = [], 0
    for move in range(-WARM_UP, moves):
        prepare(move)
        picture.evaluate(_WATCH)
        lab.page.keyboard.press(keys[move % len(keys)])
        milliseconds, blank = lab.page.evaluate("window.stepwiseLatency")
        if move >= 0:
            times.append(milliseconds)
            blanks += blank
    return Latency(tuple(times), blanks)


def table(latencies: Mapping[str, Latency]) -> str:
    """The measurements as a markdown table."""
    rows = [
        f"| {name} | {len(one.milliseconds)} | {one.median:.0f} | {one.p95:.0f} "
        f"| {one.blank_frames} |"
        for name, one in latencies.items()
    ]
    head = "| technique | moves | median, ms | 95th percentile, ms | blank frames |"
    return "\n".join([head, "|---|---|---|---|---|", *rows])


def report(latencies: Mapping[str, Latency], browser: Browser) -> str:
    """A page of markdown: what was measured, when, with what, and how."""
    packages = ("jupyterlab", "ipywidgets", "anywidget", "ipykernel", "matplotlib")
    versions = ", ".join(f"{name} {version(name)}" for name in packages)
    return f"""\
# From a key press to the new picture

{table(latencies)}

{date.today():%d %B %Y}; {os.cpu_count()} cores ({platform.machine()});
Chromium {browser.version} (headless, drawn in software), Python {platform.python_version()},
{versions}.

A run of the two-pointer walk over forty bars, one step for each press of the right arrow key: in
the course's step player, and as a matplotlib figure drawn anew in an Output widget. Another input
is a press of Enter, after which the kernel runs the function again and sends the new run. All in
the same JupyterLab, in the same run. The clock starts at the key event's time stamp and stops when
the frame with the new picture has been painted; the first three moves are not counted. Made by
`python -m tests.benchmarks.widget_latency --write`.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--write", action="store_true", help=f"to {REPORT.relative_to(ROOT)}")
    options = parser.parse_args(arguments)
    with (
        tempfile.TemporaryDirectory() as folder,
        running_lab(Path(folder)) as server,
        running_chromium() as browser,
    ):
        lab = Lab(browser, server.url)
        text = report(measure(lab, server), browser)
        lab.close()
    print(text, end="")
    if options.write:
        REPORT.parent.mkdir(parents=True, exist_ok=True)
        REPORT.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
