"""nbgrader finds this file in the working directory; `autograder` does the rest."""

from pathlib import Path

from autograder.configuration import configure
from autograder.paths import Course

c = configure(get_config(), Course(Path(__file__).resolve().parent))  # noqa: F821  (nbgrader gives get_config)

# Points off for being late (autograder/late.py has the policy), for example:
# c.LatePenalty.share_per_day = 0.1
# c.LatePenalty.grace_minutes = 15
# c.LatePenalty.largest_share = 0.5
