"""The README's picture: the running lesson, with its step player in the middle of a run.

python -m tests.browser.picture docs/lesson.png
"""

import sys
import tempfile
from pathlib import Path

from PIL import Image

from tests.browser.chromium import running_chromium
from tests.browser.lab import SIZES, Lab
from tests.browser.player import Player
from tests.browser.server import running_lab

LESSON = "course/01_algorithms/two_pointers.ipynb"
PLAYED = "play(max_area, height"
MOMENT = {"left": 1, "right": 8}  # the widest container with the most water
COLOURS = 256


def take(lab: Lab) -> Path:
    """Open and run the lesson, bring the player to the moment, and save the window."""
    lab.theme("light")
    lab.open(LESSON)
    failed = lab.run_all()
    assert not failed, failed
    lab.command("filebrowser:toggle-main")
    cell = lab.find(lambda cell: cell["source"].startswith(PLAYED))
    output = lab.output(cell)
    player = Player(output.get_by_test_id("step-player"))
    while player.pointers != MOMENT or "best = max" not in player.line:
        player.press("forward")
    player.node.focus()
    # The sentence that asks the reader to play stands above.
    lab.cell(cell - 1).evaluate("node => node.scrollIntoView({ block: 'start' })")
    return lab.screenshot("lesson-picture")


def main(target: Path) -> None:
    with (
        tempfile.TemporaryDirectory() as folder,
        running_lab(Path(folder)) as server,
        running_chromium() as browser,
    ):
        lab = Lab(browser, server.url, SIZES["wide"])
        taken = take(lab)
        lab.close()
    target.parent.mkdir(parents=True, exist_ok=True)
    # A palette keeps the file, which lives in git, at a third of its size.
    Image.open(taken).convert("RGB").quantize(COLOURS).save(target, optimize=True)
    print(f"{target}: {target.stat().st_size // 1000} kB")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
