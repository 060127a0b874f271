"""Points off for being late: a plugin for nbgrader's own step, so its commands and ours agree.

The policy is three numbers in nbgrader_config.py, below the line that is there:

    c.LatePenalty.share_per_day = 0.1    # of the points earned, for each day begun; 0: none
    c.LatePenalty.grace_minutes = 15     # late by no more than this costs nothing
    c.LatePenalty.largest_share = 0.5    # never more than this share

The plugin's interface is nbgrader's:
https://nbgrader.readthedocs.io/en/stable/plugins/late-plugin.html
"""

import math
from datetime import UTC, datetime, timedelta
from typing import Any

from nbgrader.api import Gradebook, MissingEntry
from nbgrader.plugins import LateSubmissionPlugin
from nbgrader.preprocessors import AssignLatePenalties
from traitlets import Float, TraitError, validate
from traitlets.config import Config

from autograder.errors import UsageError

DAY = 86_400.0  # seconds
_FIRST = datetime(2000, 1, 1)  # no hand-in is older
_AHEAD = timedelta(days=1)  # of our clock: that far others may be, by their time zone


def doubt(handed_in: datetime | None, now: datetime | None = None) -> str:
    """Why the recorded time of a hand-in (UTC) cannot be believed; "" if it can.

    Whoever has such a time loses no points by it.
    """
    now = now or datetime.now(UTC).replace(tzinfo=None)
    if handed_in is None:
        return "it is not known when this was handed in"
    if not _FIRST <= handed_in <= now + _AHEAD:
        return f"the recorded time, {handed_in:%Y-%m-%d %H:%M} UTC, cannot be right"
    return ""


class LatePenalty(LateSubmissionPlugin):
    """A share of the points earned, for each day begun after the grace period, up to a cap.

    nbgrader's own setting, LateSubmissionPlugin.penalty_method = "zero", still takes all.
    A hand-in whose recorded time cannot be believed loses nothing; `doubt` says why.
    """

    share_per_day = Float(0.0, help="Share of the points earned, for each day begun.").tag(
        config=True
    )
    grace_minutes = Float(0.0, help="Late by no more than this costs nothing.").tag(config=True)
    largest_share = Float(1.0, help="The largest share of the points earned.").tag(config=True)

    @validate("share_per_day", "largest_share")
    def _a_share(self, proposal: Any) -> float:
        if not 0 <= proposal["value"] <= 1:
            raise TraitError(f"LatePenalty.{proposal['trait'].name} is a share, from 0 to 1.")
        return float(proposal["value"])

    @validate("grace_minutes")
    def _a_time(self, proposal: Any) -> float:
        if not 0 <= proposal["value"] < math.inf:
            raise TraitError("LatePenalty.grace_minutes is a number of minutes, 0 or more.")
        return float(proposal["value"])

    def late_submission_penalty(
        self, student_id: str, score: float, total_seconds_late: float
    ) -> float | None:
        """Points off a notebook that earned `score`; None for none. Called by nbgrader."""
        why = self._doubt(student_id)
        if why:
            self.log.warning("%s: %s; no points off for being late", student_id, why)
            return None
        if self.penalty_method == "zero":
            return score
        return self.penalty(score, total_seconds_late)

    def penalty(self, score: float, seconds_late: float) -> float | None:
        """Points off, by the policy alone, in hundredths; None for none."""
        beyond = seconds_late - 60 * self.grace_minutes
        if not (math.isfinite(seconds_late) and math.isfinite(score)) or beyond <= 0 or score <= 0:
            return None
        share = min(self.share_per_day * math.ceil(beyond / DAY), self.largest_share)
        return round(share * score, 2) or None

    def _doubt(self, student: str) -> str:
        step: Any = self.parent  # nbgrader's step, which has the gradebook open
        if step is None or not getattr(step, "assignment_id", ""):
            return ""
        return doubt(step.gradebook.find_submission(step.assignment_id, student).timestamp)


class Penalties:
    """nbgrader's step for one assignment of an open gradebook, without a notebook to pass by.

    Raises UsageError if the policy in nbgrader_config.py is none.
    """

    def __init__(self, config: Config, gradebook: Gradebook, assignment: str) -> None:
        self._step = AssignLatePenalties(config=config)
        self._step.gradebook, self._step.assignment_id = gradebook, assignment
        try:
            self._step.init_plugin()
        except TraitError as error:
            raise UsageError(f"nbgrader_config.py: {error}") from error
        self._gradebook, self._assignment = gradebook, assignment

    def assign(self, submission: Any, notebook: Any) -> None:
        """Record what is off the points of `notebook`; nothing is committed."""
        notebook.late_submission_penalty = self._off(submission, notebook)

    def _off(self, submission: Any, notebook: Any) -> float | None:
        late = submission.total_seconds_late
        if late <= 0:
            return None
        self._gradebook.db.refresh(notebook)  # its score is what was written since
        off = self._step.plugin_inst.late_submission_penalty(
            submission.student_id, notebook.score, late
        )
        return None if off is None else float(self._step._check_late_penalty(notebook, off))

    def settle(self) -> None:
        """Let what is off follow points that a person gave, and a due date that moved, since."""
        try:
            assignment = self._gradebook.find_assignment(self._assignment)
        except MissingEntry:
            return
        for submission in assignment.submissions:
            recorded = any(n.late_submission_penalty for n in submission.notebooks)
            if recorded or submission.total_seconds_late > 0:
                for notebook in submission.notebooks:
                    self.assign(submission, notebook)
        self._gradebook.db.commit()


def settle(config: Config, url: str, assignment: str) -> None:
    """`Penalties.settle` in the gradebook at `url`."""
    with Gradebook(url) as gradebook:
        Penalties(config, gradebook, assignment).settle()
