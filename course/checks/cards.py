"""What a check shows: a card in HTML, and its twin in plain text.

The colours are tints over whatever is behind, and the text takes the page's own colour, so that a
card can be read in JupyterLab's light and dark themes, in exported pages, and in nbgrader's
feedback. All styles are inline: a feedback page brings none of its own.
"""

import sys
from dataclasses import dataclass, replace
from html import escape
from textwrap import fill

from course.checks.student import Mishap, Place

WIDTH = 78  # nbgrader's Validate cuts lines at 87 characters

_GREEN, _ORANGE = "0, 158, 115", "213, 94, 0"  # of the Okabe-Ito palette
_FRAME = (
    "border-left: 4px solid rgb({0}); background: rgba({0}, 0.09); border-radius: 4px; "
    "margin: 4px 0; color: inherit; max-width: 60em; line-height: 1.5; font-size: 14px; "
    "font-family: var(--jp-ui-font-family, system-ui, sans-serif); "
)
_CODE = "font-family: var(--jp-code-font-family, monospace); font-size: 13px; "
_CELL = "padding: 1px 14px 1px 0; text-align: left; vertical-align: baseline; "
_CELL += "background: none; border: none; "
_TERM = _CELL + "font-weight: 600; white-space: nowrap; "
_VALUE = _CELL + _CODE + "white-space: pre-wrap; overflow-wrap: anywhere; "


@dataclass(frozen=True)
class Card:
    """The result of one check, ready to be shown."""

    name: str = ""
    idea: str = ""
    happened: str = ""  # a sentence: an exception, a difference, a growth
    place: Place | None = None  # the line of the student's code that it is about
    facts: tuple[tuple[str, str], ...] = ()  # ("Expected", "49"), ("Got", "8"), ("Input", ...)
    picture: str = ""  # an SVG element
    note: str = ""  # what to do now
    passed: bool = False
    mishap: Mishap | None = None  # the exception it is about, if it is about one
    attempt: int = 1  # how often this check has been tried since it last passed
    hints: tuple[str, ...] = ()  # those unlocked so far, from a nudge to almost the code
    hints_left: int = 0  # those still locked

    @classmethod
    def of_mishap(
        cls, found: Mishap, facts: tuple[tuple[str, str], ...] = (), function: str = "This"
    ) -> "Card":
        """A card about an exception from the student's code."""
        if found.unwritten:
            function = found.place.function if found.place else function
            return cls(happened=f"{function} is not written yet.", mishap=found)
        return cls(happened=found.sentence(), place=found.place, facts=facts, mishap=found)

    @property
    def unwritten(self) -> bool:
        """Whether the exercise was left as it came."""
        return self.mishap is not None and self.mishap.unwritten

    def named(self, name: str, idea: str) -> "Card":
        """This card with the name and the idea of its check."""
        return replace(self, name=name, idea=idea)

    def text(self) -> str:
        """The card as a few plain lines."""
        if self.passed:
            return f"Passed: {self.name}{self._remark(self.note)}"
        lines = [
            f"Not yet: {self.name}{self._remark()}",
            *(_wrapped(t) for t in (self.idea, self.happened) if t),
        ]
        if self.place is not None:
            source = f": {self.place.text}" if self.place.text else ""
            line = f"Line {self.place.line} of {self.place.function}{source}"
            lines.append(_wrapped(line, 4))
        lines += [_wrapped(f"{label}: {value}", 4) for label, value in self.facts]
        lines += [_wrapped(self.note)] if self.note else []
        lines += [_wrapped(f"Hint: {hint}", 4) for hint in self.hints[-1:]]
        return "\n".join(lines)

    def _remark(self, *remarks: str) -> str:
        """` (…)` with the remarks that say something, and the attempt if it is not the first."""
        said = [remark for remark in remarks if remark]
        said += [f"attempt {self.attempt}"] if self.attempt > 1 else []
        return f" ({', '.join(said)})" if said else ""

    def html(self) -> str:
        """The card as one HTML element."""
        if self.passed:
            note = f"<span>{escape(self._remark(self.note))}</span>"
            return (
                f'<div class="stepwise-check" style="{_FRAME.format(_GREEN)}padding: 2px 12px;">'
                f"{_TICK} <strong>{escape(self.name)}</strong>{note}</div>"
            )
        title = f"<strong>Not yet: {escape(self.name)}</strong>{self._remark()}"
        parts = [f"<div>{_CROSS} {title}</div>"]
        parts += [f"<div>{escape(self.idea)}</div>"] if self.idea else []
        parts += [_happened(self.happened)] if self.happened else []
        parts += [_excerpt(self.place)] if self.place is not None and self.place.around else []
        parts += [_table(self.facts)] if self.facts else []
        parts += [f'<div style="margin-top: 8px;">{self.picture}</div>'] if self.picture else []
        parts += [f'<div style="margin-top: 6px;">{escape(self.note)}</div>'] if self.note else []
        parts += [_folded(number, hint) for number, hint in enumerate(self.hints, start=1)]
        parts += [f"<div>{_LOCKED}</div>"] if self.hints_left else []
        style = _FRAME.format(_ORANGE) + "padding: 8px 12px;"
        return f'<div class="stepwise-check" role="group" style="{style}">{"".join(parts)}</div>'

    def display(self) -> None:
        """Show the card in the notebook; outside of one, do nothing."""
        if "IPython" not in sys.modules:
            return
        from IPython import get_ipython
        from IPython.display import display

        if get_ipython() is not None:
            display({"text/html": self.html(), "text/plain": self.text()}, raw=True)


_LOCKED = "Another attempt unlocks another hint."


def _folded(number: int, hint: str) -> str:
    return (
        f'<details style="margin-top: 6px;"><summary>Hint {number}</summary>'
        f'<div style="white-space: pre-wrap;">{escape(hint)}</div></details>'
    )


def _icon(colour: str, path: str) -> str:
    return (
        '<svg width="14" height="14" viewBox="0 0 14 14" aria-hidden="true" '
        'style="vertical-align: -2px; display: inline;">'
        f'<circle cx="7" cy="7" r="7" fill="rgb({colour})"/>'
        f'<path d="{path}" stroke="white" stroke-width="1.8" fill="none"/></svg>'
    )


_TICK = _icon(_GREEN, "M3.5 7.2 L6 9.7 L10.5 4.6")
_CROSS = _icon(_ORANGE, "M4.3 4.3 L9.7 9.7 M9.7 4.3 L4.3 9.7")


def _happened(sentence: str) -> str:
    return f'<div style="margin-top: 6px; overflow-wrap: anywhere;">{escape(sentence)}</div>'


def _excerpt(place: Place) -> str:
    rows = []
    for number, text in place.around:
        here = number == place.line
        mark = "→" if here else " "
        weight = f"background: rgba({_ORANGE}, 0.16); font-weight: 600;" if here else ""
        rows.append(
            f'<span style="display: block; {weight}">{mark} {number:>3}  {escape(text)}</span>'
        )
    style = f"{_CODE}margin: 4px 0; background: none; color: inherit; white-space: pre; "
    label = f"Line {place.line} of {escape(place.function)}"
    return f'<pre style="{style}overflow-x: auto;" aria-label="{label}">{"".join(rows)}</pre>'


def _table(facts: tuple[tuple[str, str], ...]) -> str:
    rows = "".join(
        f'<tr style="background: none;"><th scope="row" style="{_TERM}">{escape(label)}</th>'
        f'<td style="{_VALUE}">{escape(value)}</td></tr>'
        for label, value in facts
    )
    style = "border: none; border-collapse: collapse; margin: 6px 0 0 0; color: inherit; "
    return f'<table style="{style}">{rows}</table>'


def _wrapped(text: str, indent: int = 0) -> str:
    return fill(text, WIDTH, subsequent_indent=" " * indent, break_on_hyphens=False)
