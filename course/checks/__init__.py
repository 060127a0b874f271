"""What the tests of the exercises are made of: compare, count, draw, and explain.

A test cell reads like its idea:

    with check("moves the shorter side", idea="The shorter side limits the water.") as case:
        case(max_area, [1, 8, 6, 2, 5, 4, 8, 3, 7]).gives(49)
        case.growth(max_area, lines, at_most=lambda n: 24 * n, label="24n")

Importing this package is light: numpy, torch and IPython are touched only where they already are
in use. References to the helpers that decide are taken here, before any student's code runs.
"""

from course.checks.case import Check, Outcome, check
from course.checks.compare import Tolerance, difference
from course.checks.counting import Counter, WorkLimit, counted
from course.checks.draw import draw_seed, draws
from course.checks.failing import last_failure
from course.checks.failure import BadCheck, CheckFailure
from course.checks.show import show

__all__ = [
    "BadCheck",
    "Check",
    "CheckFailure",
    "Counter",
    "Outcome",
    "Tolerance",
    "WorkLimit",
    "check",
    "counted",
    "difference",
    "draw_seed",
    "draws",
    "last_failure",
    "show",
]
