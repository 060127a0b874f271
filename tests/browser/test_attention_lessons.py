"""The lessons of unit 7 in a real JupyterLab: every cell runs, every live plot shows something."""

import pytest

from tests.browser.lab import THEMES, Lab
from tests.browser.test_gallery import assert_drawn, settle

UNIT = "course/07_flash_attention"
LIVE_PLOTS = {
    "online_softmax": ["softmax_stream(logits)"],
    "attention_without_the_matrix": ["tile_walk()", "roofline({"],
    "backward": [],
    "real_batches": ["packing_board(lengths)"],
}


@pytest.mark.browser
@pytest.mark.parametrize("lesson", LIVE_PLOTS)
def test_lesson_shows_its_widgets(lab: Lab, lesson: str) -> None:
    lab.open(f"{UNIT}/{lesson}.ipynb")
    failed = lab.run_all(seconds=240)
    assert not failed, failed
    for call in LIVE_PLOTS[lesson]:
        cell = lab.find(lambda cell, call=call: call in cell["source"])
        node = lab.output(cell).get_by_test_id("live-plot")
        node.wait_for()
        for theme in THEMES:
            lab.theme(theme)
            settle(lab)
            assert_drawn(node)
            lab.screenshot(f"{lesson}_{call.partition('(')[0]}_{theme}", node)
    lab.theme("light")
    assert not lab.problems, lab.problems
