"""The page that holds every class report, one below the other: JupyterLab's menu opens it.

It repeats the reports' own text, for links from page to page do not work in JupyterLab's viewer.
"""

import html
import re
from pathlib import Path

import jinja2

from autograder.paths import Course
from autograder.writing import write

_DESCRIPTION = re.compile('name="description" content="([^"]*)"')
_STYLE = re.compile("<style>.*?</style>", re.DOTALL)
_MAIN = re.compile("<main>(.*)</main>", re.DOTALL)
_TEMPLATE = Path(__file__).with_name("reports.html.j2")


def templates() -> jinja2.Environment:
    """For pages in which whatever students wrote is text."""
    return jinja2.Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined
    )


def write_index(course: Course) -> Path:
    """Write the page; where it is. Before there is a report, it says how to make one."""
    reports, style = [], ""
    for page in sorted(course.reports.glob("*/report.html")):
        text = page.read_text(encoding="utf-8")
        lead, main, own = _DESCRIPTION.search(text), _MAIN.search(text), _STYLE.search(text)
        if lead and main and own:
            reports.append((page.parent.name, html.unescape(lead[1]), main[1]))
            style = own[0]
    index = course.reports / "index.html"
    template = templates().from_string(_TEMPLATE.read_text(encoding="utf-8"))
    write(index, template.render(reports=reports, style=style))
    return index
