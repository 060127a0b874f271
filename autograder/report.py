"""`autograder report`: how a class stands in an assignment, on one page for its instructor."""

import argparse
import base64
import tempfile
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from nbgrader.api import Gradebook, MissingEntry

from autograder import findings, late, plots
from autograder import gradebook as book
from autograder.engine import Engine
from autograder.errors import UsageError
from autograder.findings import Check, Group, HandIn, plain
from autograder.paths import find_course
from autograder.plots import Plot
from autograder.reports import templates, write_index
from autograder.score import TO_READ
from autograder.secret import class_secret
from autograder.writing import write

HELP = "make the class report: one page that says how the class stands"
HARDEST, COMMONEST = 8, 12  # shown at once; all the others are in the page too, folded
_TEMPLATE = Path(__file__).with_name("report.html.j2")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("assignment", nargs="?", help="default: every released assignment")


def run(options: argparse.Namespace) -> int:
    course = find_course()
    engine = Engine(course)
    with Gradebook(engine.url) as gradebook:
        released = sorted(assignment.name for assignment in gradebook.assignments)
    if options.assignment and options.assignment not in released:
        assignment = course.assignment(options.assignment)
        raise UsageError(
            f"{assignment} was not released yet: run `autograder release {assignment}` first."
        )
    if not released:
        raise UsageError("nothing was released yet: run `autograder release ASSIGNMENT` first.")
    for assignment in [options.assignment] if options.assignment else released:
        page = report(engine, assignment)
        print(f"{assignment}: {page.relative_to(course.root)}")
    return 0


def report(engine: Engine, assignment: str) -> Path:
    """Write the report on `assignment` into its folder, plots beside it; where the page is.

    Raises UsageError if there is no such assignment in the gradebook.
    """
    course = engine.course
    late.settle(engine.config, engine.url, assignment)
    try:
        standings = book.standings(course, engine.url, assignment)
        with Gradebook(engine.url) as gradebook:
            due = gradebook.find_assignment(assignment).duedate
    except MissingEntry as error:
        raise UsageError(f"{assignment} is not in the gradebook.") from error
    seen = [s.student for s in standings if s.status in (book.GRADED, book.REVIEW)]
    found = findings.read(course, engine.url, assignment, seen)
    summary = Summary(assignment, standings, found, due, _refused(course.refused(assignment)))
    page = render(summary).replace(class_secret(course), "…")
    folder = course.reports / assignment
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".new-", dir=folder.parent) as place:
        new = Path(place) / "new"
        write(new / "report.html", page)
        for plot in summary.plots:
            (new / f"{plot.name}.png").write_bytes(plot.light)
            (new / f"{plot.name}-dark.png").write_bytes(plot.dark)
        if folder.exists():
            folder.rename(Path(place) / "old")
        new.rename(folder)
    write_index(course)
    return folder / "report.html"


def render(summary: "Summary") -> str:
    """The page: all in one file, without scripts; whatever students wrote is text in it."""
    environment = templates()
    environment.filters["points"] = lambda value: f"{value:g}"
    environment.filters["percent"] = lambda share: f"{100 * share:.0f} %"
    environment.filters["words"] = lambda name: name.replace("_", " ")
    environment.filters["picture"] = lambda png: base64.b64encode(png).decode()
    template = environment.from_string(_TEMPLATE.read_text(encoding="utf-8"))
    return template.render(it=summary, made=datetime.now(UTC))


@dataclass(frozen=True)
class Rate:
    """How a check went in the class."""

    check: Check
    counts: Counter[str]  # state → students

    @property
    def tried(self) -> int:
        """Students whose points for it are settled."""
        return sum(self.counts.values()) - self.counts[findings.WAITING]

    @property
    def share(self) -> float:
        """Of those, how many pass."""
        return self.counts[findings.PASSED] / self.tried if self.tried else 0.0


@dataclass(frozen=True)
class Call:
    """Something that a person must look at."""

    title: str
    says: tuple[str, str]  # in the lead, after a number: of one hand-in, of several
    do: str
    reasons: Sequence[tuple[str, Sequence[str]]]  # (reason, students)

    @property
    def students(self) -> int:
        """How many there are; who is there for two reasons counts once."""
        return len({student for _, students in self.reasons for student in students})


class Summary:
    """What the page says of a class: every number on it is computed here."""

    def __init__(
        self,
        assignment: str,
        standings: Sequence[book.Standing],
        found: Sequence[HandIn],
        due: datetime | None,
        refused: Sequence[str] = (),
    ) -> None:
        """`found` are the hand-ins of those who are graded or need a person; `due` is in UTC;
        `refused` is what the last collection could not use, in sentences."""
        self.assignment, self.due, self.refused = assignment, due, refused
        self.by_status = {
            status: [s for s in standings if s.status == status]
            for status in (book.GRADED, book.REVIEW, book.NOT_GRADED, book.NOT_HANDED_IN)
        }
        self.graded, self.review, self.not_graded, self.absent = self.by_status.values()
        self.handed_in = [s for s in standings if s.status != book.NOT_HANDED_IN]
        self.largest = max((s.max_score for s in standings), default=0.0)
        self.scores = sorted(s.score for s in self.graded if s.score is not None)
        self.middle = median(self.scores) if self.scores else None
        self.names = {s.student: _name(s) for s in standings}
        self.rates = [_rate(check, found) for check in findings.checks_of(found)]
        tried = (rate for rate in self.rates if rate.tried)
        self.hardest = sorted(tried, key=lambda rate: (rate.share, -rate.tried))[:HARDEST]
        groups = findings.grouped(found)
        self.groups, self.rarer = groups[:COMMONEST], groups[COMMONEST:]
        self.unwritten = _unwritten(found)
        self.calls = self._calls(found)
        self.late = [s for s in self.handed_in if s.seconds_late > 0 and not s.doubt]
        self.reduced = [s for s in self.late if s.penalty]
        self.attempts = sorted(Counter(one.attempts for one in found).items())
        self.seconds = median(one.seconds for one in found) if found else 0.0
        self.slowest = max(found, key=lambda one: one.seconds, default=None)
        self.plots = list(self._plots())

    def label(self, student: str) -> str:
        """What the page calls a student."""
        return self.names.get(student, student)

    @property
    def lead(self) -> list[str]:
        """The sentences to read first."""
        sentences = [self._state() if self.handed_in else "Nobody has handed this in yet."]
        if self.refused:
            files = "A file was" if len(self.refused) == 1 else f"{len(self.refused)} files were"
            sentences.append(f"{files} not accepted as handed in.")
        if self.middle is not None:
            if len(self.scores) == 1:
                sentences.append(
                    f"The one that is graded has {self.middle:g} of {self.largest:g} points."
                )
            else:
                sentences.append(
                    f"Half of those graded have {self.middle:g} of {self.largest:g} points or more."
                )
        if self.hardest and self.hardest[0].share < 1:
            worst = self.hardest[0]
            sentences.append(
                f"The hardest check is “{worst.check.name}” in {worst.check.exercise}: "
                f"{100 * worst.share:.0f} % pass."
            )
        elif self.hardest:
            sentences.append("Every check is passed by everybody who tried it.")
        return sentences

    def _state(self) -> str:
        total = len(self.handed_in)
        if not self.calls:
            return "The one hand-in is graded." if total == 1 else f"All {total} are graded."
        parts = [f"{call.students} {call.says[call.students > 1]}" for call in self.calls]
        said = ", ".join(parts[:-1]) + (" and " if len(parts) > 1 else "") + parts[-1]
        needed = {s for call in self.calls for _, students in call.reasons for s in students}
        if total == 1:
            return f"Look at the one hand-in: {said}."
        if len(self.calls) == 1:
            only = self.calls[0]
            return f"{only.students} of {total} hand-ins {only.says[only.students > 1]}."
        return f"Look at {len(needed)} of {total} hand-ins: {said}."

    def _calls(self, found: Iterable[HandIn]) -> list[Call]:
        """What a person must look at, the most urgent first."""
        reasons: dict[str, dict[str, dict[str, None]]] = {title: {} for title in _CALLS}

        def note(title: str, reason: str, student: str) -> None:
            reasons[title].setdefault(plain(reason), {})[student] = None

        for standing in self.not_graded:
            reason = f"{standing.trouble[:1].upper()}{standing.trouble[1:]}" or _NOT_TRIED
            note("Not graded", reason, standing.student)
        waiting = {s.student for s in self.review}
        for one in found:
            if one.student in waiting:
                open_ones = list(_open_reviews(one)) or [("Graded again", _AGAIN)]
                for title, reason in open_ones:
                    note(title, reason, one.student)
            if one.unconfined:
                note("No sandbox", "Their code could have changed anything of yours.", one.student)
        for standing in self.handed_in:
            if standing.doubt and standing.status != book.NOT_GRADED:
                doubt = f"{standing.doubt[0].upper()}{standing.doubt[1:]}."
                note("No credible time", doubt, standing.student)
        return [
            Call(title, *_CALLS[title], [(what, list(who)) for what, who in own.items()])
            for title, own in reasons.items()
            if own
        ]

    def _plots(self) -> Iterable[Plot]:
        if self.scores:
            yield plots.points(self.scores, self.largest)
        if self.hardest:
            named = [
                (f"{r.check.exercise}: {r.check.name}", r.share, r.tried) for r in self.hardest
            ]
            yield plots.checks(named)
        times = [s.handed_in for s in self.handed_in if s.handed_in and not s.doubt]
        if times and self.due:
            yield plots.times([(time - self.due).total_seconds() / late.DAY for time in times])

    def plot(self, name: str) -> Plot | None:
        """The plot of that name, if there was something to draw."""
        return next((plot for plot in self.plots if plot.name == name), None)

    def by_notebook(self) -> list[tuple[str, list[tuple[str, list[Rate]]]]]:
        """(notebook, (exercise, its rates)), in the order of the notebooks."""
        found: dict[str, dict[str, list[Rate]]] = {}
        for rate in self.rates:
            exercises = found.setdefault(rate.check.notebook, {})
            exercises.setdefault(rate.check.exercise, []).append(rate)
        return [(notebook, list(exercises.items())) for notebook, exercises in found.items()]

    @staticmethod
    def common(group: Group) -> list[tuple[str, int]]:
        """What students of a group got most often."""
        return group.got.most_common(3)


_NOT_TRIED = "No points, which is not the same as 0."
_BY_HAND = "In the formgrader, Manual Grading: "
_AGAIN = "A person gave points, and the hand-in was graded again since."
# title → (what the lead says of one, and of several; what to do); the most urgent first.
_CALLS = {
    "Not graded": (
        ("is not graded", "are not graded"),
        "Run `autograder grade` again; it says what stands in the way.",
    ),
    "Not believed": (
        ("is not believed", "are not believed"),
        f"{_BY_HAND}read the code and give the points.",
    ),
    "No sandbox": (
        ("ran without a sandbox", "ran without a sandbox"),
        "Grade them again with the sandbox: `autograder doctor` says what it needs.",
    ),
    "Not readable": (
        ("cannot be read", "cannot be read"),
        "Ask for the notebook again, and collect it.",
    ),
    "Graded again": (
        ("was graded again", "were graded again"),
        f"{_BY_HAND}do the points still fit?",
    ),
    "To be read": (
        ("has an answer to read", "have an answer to read"),
        f"{_BY_HAND}read the answers and give the points.",
    ),
    "No credible time": (
        ("has no credible time", "have no credible time"),
        "Nothing was taken off for being late; take it off by hand if it was.",
    ),
}


def _open_reviews(one: HandIn) -> Iterable[tuple[str, str]]:
    """(title of the call, reason) for what is still to be decided about a hand-in."""
    known = {r.check.grade_id for r in one.results}
    waiting = {
        (r.check.notebook, r.check.grade_id) for r in one.results if r.state == findings.WAITING
    }
    notebooks = {notebook for notebook, _ in waiting}
    cells: dict[tuple[str, str, str], list[str]] = {}
    for notebook, sentence in one.reviews:
        cell, _, reason = sentence.partition(": ")
        if (notebook, cell) in waiting:
            title = "To be read" if reason == TO_READ else "Not believed"
            cells.setdefault((title, notebook, reason), []).append(cell)
        elif cell not in known and notebook in notebooks:
            cells.setdefault(("Not readable", notebook, sentence), [])
    for (title, notebook, reason), names in cells.items():
        about = f"{notebook}, {', '.join(names)}" if names else notebook
        yield title, about if reason == TO_READ else f"{about}: {reason}"


def _refused(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8").splitlines()
    except OSError:
        return []


def _rate(check: Check, found: Iterable[HandIn]) -> Rate:
    states = (r.state for one in found for r in one.results if r.check == check)
    return Rate(check, Counter(states))


def _unwritten(found: Iterable[HandIn]) -> list[tuple[str, str, int]]:
    """(notebook, exercise, how many students left it as it was), most first."""
    left = Counter(
        key
        for one in found
        for key in {
            (r.check.notebook, r.check.exercise)
            for r in one.results
            if r.state == findings.UNWRITTEN
        }
    )
    return [(notebook, exercise, count) for (notebook, exercise), count in left.most_common()]


def _name(standing: book.Standing) -> str:
    names = plain(f"{standing.first_name} {standing.last_name}".strip(), 60)
    student = plain(standing.student, 60)
    return f"{names} ({student})" if names else student
