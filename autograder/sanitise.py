"""What students' code shows, made harmless for the people who look at it in a browser."""

import re

from nbconvert.preprocessors.sanitize import SanitizeHTML
from nbformat import NotebookNode

_WITH_CONTENT = re.compile(r"<(script|style)\b.*?(</\1\s*>|\Z)", re.DOTALL | re.IGNORECASE)

_TAG = re.compile(r"<[a-z/!?]", re.IGNORECASE)
# A style may name a colour, never a file to load.
_LOADS = re.compile(r"\b(url|image|image-set|cross-fade|src|paint)\s*\([^)]*\)", re.IGNORECASE)
# In a formula MathJax makes links, styles and new commands of these; the first argument goes too.
# And what a link in Markdown must not lead to.
_RUNS = re.compile(
    r"\\(?:href|url|require|style|class|cssId|mmlToken|data)\b(?:\s*\{[^{}]*\})?"
    r"|\b(?:javascript|vbscript)\s*:\S*",
    re.IGNORECASE,
)
_RENDERED = ("text/latex", "text/markdown", "text/html")


def _words(text: str) -> list[str]:
    return text.split()


_TAGS = _words("""
    a abbr b blockquote br caption code col colgroup dd del details div dl dt em figcaption figure
    h1 h2 h3 h4 h5 h6 hr i ins kbd li mark ol p pre q s samp section small span strong sub summary
    sup table tbody td tfoot th thead tr u ul var
    svg g path rect circle ellipse line polyline polygon text tspan title desc
""")
_ANYWHERE = _words("""
    class id title role style lang dir aria-label aria-labelledby aria-describedby aria-hidden
    colspan rowspan scope open align valign
    viewbox viewBox width height x y x1 x2 y1 y2 cx cy r rx ry d dx dy points transform fill
    fill-opacity stroke stroke-width stroke-opacity stroke-dasharray stroke-linecap stroke-linejoin
    opacity font-size font-family font-weight text-anchor dominant-baseline preserveaspectratio
    preserveAspectRatio vector-effect
""")
# Nothing that can load, cover the page or leave its place: no position, no z-index.
_STYLES = _words("""
    background background-color border border-bottom border-color border-collapse border-left
    border-radius border-right border-spacing border-style border-top border-width color display
    fill fill-opacity flex flex-direction flex-wrap font font-family font-size font-style
    font-weight gap height justify-content align-items letter-spacing line-height
    list-style-type margin margin-bottom margin-left margin-right margin-top max-height
    max-width min-height min-width opacity overflow overflow-wrap overflow-x overflow-y padding
    padding-bottom padding-left padding-right padding-top stroke stroke-dasharray stroke-linecap
    stroke-linejoin stroke-opacity stroke-width text-align text-anchor text-decoration
    text-transform vertical-align white-space width word-break
""")


_known: dict[str, str] = {}  # texts → what is left of them; of every SafeOutputs alike
_KNOWN, _LONG = 200, 50_000


class SafeOutputs(SanitizeHTML):
    """Keeps of outputs, and of a student's own text, what cannot run, load or cover anything.

    Code stays as it is; so does text without tags, and the instructor's.
    """

    def __init__(self, **options: object) -> None:
        super().__init__(**options)
        self.enabled = True
        self.tags = _TAGS
        self.attributes = {"*": _ANYWHERE, "a": ["href"]}
        self.styles = _STYLES
        self.strip = True

    def preprocess_cell(
        self, cell: NotebookNode, resources: dict, cell_index: int
    ) -> tuple[NotebookNode, dict]:
        if cell.cell_type == "code":
            self.sanitize_code_outputs(cell.outputs)
        elif not cell.metadata.get("nbgrader", {}).get("locked"):
            if _TAG.search(cell.source):
                cell.source = self.sanitize_html_tags(cell.source)
            cell.source = _RUNS.sub("", cell.source)
        return cell, resources

    def sanitize_code_outputs(self, outputs: list[NotebookNode]) -> list[NotebookNode]:
        """In place. A picture made as SVG is cleaned like HTML."""
        for output in outputs:
            data = output.get("data", {})
            if "image/svg+xml" in data:
                picture = "".join(data.pop("image/svg+xml"))
                data.setdefault("text/html", self.sanitize_html_tags(picture))
            for key in self.sanitized_output_types & set(data):
                data[key] = "".join(data[key])
        cleaned: list[NotebookNode] = super().sanitize_code_outputs(outputs)
        for output in cleaned:
            data = output.get("data", {})
            data |= {key: _RUNS.sub("", "".join(data[key])) for key in _RENDERED if key in data}
        return cleaned

    def sanitize_html_tags(self, html_str: str) -> str:
        """`html_str` without what is not allowed; of scripts and style sheets nothing is left."""
        if len(html_str) > _LONG:
            return self._sanitized(html_str)
        # A class has the same cards over and over.
        if html_str not in _known:
            while len(_known) >= _KNOWN:
                del _known[next(iter(_known))]
            _known[html_str] = self._sanitized(html_str)
        return _known[html_str]

    def _sanitized(self, html_str: str) -> str:
        clean = str(super().sanitize_html_tags(_WITH_CONTENT.sub("", html_str)))
        return _LOADS.sub("", clean)
