"""What lessons and exercises show: `play` a run step by step over a view of it, `plot` curves,
fields and points that answer sliders and drags, `train_live` a training loop, and what these are
composed of.

Names are loaded when first used, so that importing this package brings neither numpy, matplotlib,
torch nor ipywidgets.
"""

from importlib import import_module
from typing import Any

_HOMES = {
    "trace": "course.widgets.tracing",
    "play": "course.widgets.step_player",
    **dict.fromkeys(
        (
            *("bars", "buckets", "call_tree", "cells", "data_tree", "number_line", "stream"),
            *("plane_view", "table", "tiles", "window"),
        ),
        "course.widgets.views",
    ),
    "board": "course.widgets.geometry_board",
    **dict.fromkeys(("binary_tree", "branches", "recursion"), "course.widgets.tree_picture"),
    "plane": "course.widgets.plane_picture",
    "plot": "course.widgets.live_plot",
    "train_live": "course.widgets.training",
    "activation_explorer": "course.widgets.activation_curves",
    "signal_lab": "course.widgets.signals",
    "perceptron_board": "course.widgets.perceptron",
    "classifier_playground": "course.widgets.playground",
    **dict.fromkeys(("slider", "log_slider", "choice", "toggle"), "course.widgets.controls"),
    **dict.fromkeys(
        (
            *("arrows", "band", "columns", "curve", "dots", "fill", "handles", "heat", "histogram"),
            *("histograms", "history", "image", "line", "note", "panel", "rule", "slope"),
        ),
        "course.widgets.layers",
    ),
}

__all__ = sorted(_HOMES)


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
