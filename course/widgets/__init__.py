"""What lessons and exercises show: `play` a run step by step, `trace` one, and the views and
pictures.

Names are loaded when first used, so that importing this package brings neither numpy, matplotlib,
torch nor ipywidgets.
"""

from importlib import import_module
from typing import Any

_HOMES = {
    "trace": "course.widgets.tracing",
    "play": "course.widgets.step_player",
    "bars": "course.widgets.step_player",
    "cells": "course.widgets.step_player",
    "binary_tree": "course.widgets.tree_picture",
    "branches": "course.widgets.tree_picture",
    "recursion": "course.widgets.tree_picture",
    "plane": "course.widgets.plane_picture",
}

__all__ = ["bars", "binary_tree", "branches", "cells", "plane", "play", "recursion", "trace"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
