"""What students' code shows cannot run, load or cover anything; what checks show stays as it is."""

import nbformat
import pytest

from autograder.sanitise import SafeOutputs


def cleaned(data: dict[str, str]) -> dict[str, str]:
    cell = nbformat.v4.new_code_cell("", outputs=[nbformat.v4.new_output("display_data", data)])
    SafeOutputs().preprocess(nbformat.v4.new_notebook(cells=[cell]), {})
    return dict(cell.outputs[0].data)


@pytest.mark.parametrize(
    "markup",
    [
        "<script>alert(1)</script>",
        "<script>alert(1)",
        "<img src=x onerror=alert(1)>",
        '<a href="javascript:alert(1)">x</a>',
        '<a href=" jAvAscript:alert(1)">x</a>',
        "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
        "<svg onload=alert(1)><circle r=1 /></svg>",
        "<svg><script>alert(1)</script></svg>",
        "<svg><use href='data:image/svg+xml,<svg onload=alert(1)>'/></svg>",
        "<math><mtext></p><style><img src=x onerror=alert(1)>",
        "<style>@import url(http://evil.example/alert);</style>",
        "<div style=\"background: url('http://evil.example/alert')\">x</div>",
        "<div style='background: u\\72l(http://evil.example/alert)'>x</div>",
        "<form action='http://evil.example/alert'><button>x</button></form>",
        "<meta http-equiv=refresh content='0;url=http://evil.example/alert'>",
        "<base href='http://evil.example/alert'>",
        "<object data='http://evil.example/alert'></object>",
    ],
)
def test_nothing_of_it_can_run_or_load(markup: str) -> None:
    data = cleaned({"text/html": f"<b>kept</b>{markup}"})
    lowered = data["text/html"].lower()
    assert "<b>kept</b>" in lowered
    for bad in (
        "<script",
        "<iframe",
        "<style",
        "<form",
        "<meta",
        "<base",
        "<object",
        "<use",
        "<img",
    ):
        assert bad not in lowered
    for bad in (" on", "javascript:", "evil.example"):
        assert f"{bad}" not in lowered.replace(" one", "")


def test_a_box_over_the_page_stays_in_its_place() -> None:
    html = cleaned({"text/html": '<div style="position: fixed; z-index: 9; color: red">x</div>'})
    assert html["text/html"] == '<div style="color: red;">x</div>'


@pytest.mark.parametrize("kind", ["application/javascript", "text/x-anything", "application/pdf"])
def test_kinds_that_run_are_dropped(kind: str) -> None:
    assert cleaned({kind: "alert(1)", "text/plain": "x"}) == {"text/plain": "x"}


def test_a_svg_picture_is_cleaned_too() -> None:
    data = cleaned({"image/svg+xml": '<svg onload="alert(1)"><rect width="3"/></svg>'})
    assert data == {"text/html": '<svg><rect width="3"></rect></svg>'}


def test_the_cards_of_checks_keep_their_looks() -> None:
    card = (
        '<div class="stepwise-check" role="group" style="background: rgba(213, 94, 0, 0.09);">'
        '<svg viewBox="0 0 14 14" aria-hidden="true"><circle cx="7" r="7" fill="rgb(1, 2, 3)"/>'
        '<title>Bars</title><path d="M1 2" stroke-width="1.8" style="fill:var(--x,#123)"/></svg>'
        '<table><tr><th scope="row">Got</th><td>8</td></tr></table></div>'
    )
    html = cleaned({"text/html": card})["text/html"]
    for part in (
        'class="stepwise-check"',
        "rgba(213, 94, 0, 0.09)",
        'viewbox="0 0 14 14"',  # a browser reads it as viewBox
        'fill="rgb(1, 2, 3)"',
        "var(--x,#123)",
        "<title>Bars</title>",
        '<th scope="row">Got</th>',
    ):
        assert part.lower() in html.lower()


@pytest.mark.parametrize("kind", ["text/latex", "text/markdown", "text/html"])
def test_formulas_and_links_run_nothing(kind: str) -> None:
    for evil, left in (
        (r"$\href{javascript:alert(1)}{a}$", "${a}$"),
        (r"$\require{html}\style{position:fixed}{x^2}$", "${x^2}$"),
        ("[a](JavaScript:alert(1)) b", "[a]( b"),
    ):
        assert cleaned({kind: evil})[kind] == left
        cell = nbformat.v4.new_markdown_cell(evil)
        SafeOutputs().preprocess(nbformat.v4.new_notebook(cells=[cell]), {})
        assert cell.source == left
    assert cleaned({kind: r"$\frac{a}{b} \text{data: x}$"})[kind] == r"$\frac{a}{b} \text{data: x}$"


def test_text_of_students_is_cleaned_and_the_instructors_left_alone() -> None:
    evil, plain = "<script>alert(1)</script>*x*", "> quoted, `a < b` & $a < b$"
    cells = [nbformat.v4.new_markdown_cell(text) for text in (evil, plain, evil)]
    cells[2].metadata["nbgrader"] = {"locked": True}
    SafeOutputs().preprocess(nbformat.v4.new_notebook(cells=cells), {})
    assert [cell.source for cell in cells] == ["*x*", plain, evil]
