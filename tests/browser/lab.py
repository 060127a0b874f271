"""JupyterLab in the browser, as a person uses it: open, run, type, look, take a picture."""

import json
import re
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import (
    Browser,
    ConsoleMessage,
    Error,
    FrameLocator,
    Locator,
    Page,
    Route,
)

SCREENSHOTS = Path(__file__).resolve().parents[1] / "screenshots"
SECONDS = 60  # patience with a slow machine; nothing ever waits that long on a healthy one
SIZES = {"wide": (1400, 900), "narrow": (800, 900)}
THEMES = {"light": "JupyterLab Light", "dark": "JupyterLab Dark"}

# What pages may report (regular expressions); everything else that is an error fails the test.
ALLOWED = [
    # The formgrader's view of a marked notebook is nbgrader's own page: it takes MathJax from a CDN
    # and, without one, shows formulas as text.
    r"https://cdnjs\.cloudflare\.com/ajax/libs/mathjax/",
    # JupyterLab's, on a busy machine, as it opens a notebook: thrown by its own code. One that is
    # thrown in a widget's module has "blob:" in its trace, and is told.
    r"^exception: Failed to execute 'removeChild' on 'Node'(?![\s\S]*blob:)",
    r"exception: MathJax is not defined",
]

_NOTEBOOK = "window.jupyterapp.shell.currentWidget"


class Lab:
    """One page of JupyterLab. `problems`: console errors, exceptions, outside requests."""

    def __init__(self, browser: Browser, url: str, size: tuple[int, int] = SIZES["wide"]) -> None:
        self.url = url
        self.problems: list[str] = []
        self._context = browser.new_context(
            viewport={"width": size[0], "height": size[1]}, reduced_motion="reduce"
        )
        self._context.set_default_timeout(SECONDS * 1000)
        self._context.route(lambda url: urlsplit(url).hostname != "127.0.0.1", self._refuse)
        self.page: Page = self._context.new_page()
        self.page.on("console", self._hear)
        self.page.on("pageerror", self._hear_exception)
        # A workspace of its own: JupyterLab would open again what another page had open.
        self.page.goto(f"{url}/lab/workspaces/{uuid.uuid4().hex}")
        self.page.wait_for_function("window.jupyterapp?.restored.then(() => true)")

    def close(self) -> None:
        """Close the page, and shut the kernels that it started."""
        self.command("kernelmenu:shutdownAll", wait=False)
        self._context.close()

    # Notebooks

    def open(self, path: str) -> None:
        """Open the notebook at `path` (relative to the course) and wait for its kernel."""
        self.command("docmanager:open", {"path": path, "factory": "Notebook"})
        self.wait_for_notebook(path)

    def wait_for_notebook(self, path: str) -> None:
        """Wait until the notebook at `path` is in front, and its kernel idle."""
        self._until(
            f"""path => {{
                const panel = {_NOTEBOOK};
                return panel?.context?.path === path && panel.context.isReady
                    && panel.sessionContext.session?.kernel?.status === 'idle';
            }}""",
            path,
        )

    def run_all(self, seconds: int = 120) -> list[str]:
        """Run every cell, up to the first that fails; waits until the kernel is idle.

        Returns what the failed cell says: nothing when all went well.
        """
        self._mark_stale()
        self.command("notebook:run-all-cells", wait=False)
        self._until_run("() => true", seconds)
        return [
            "\n".join(output["traceback"])
            for cell in self.cells()
            for output in cell.get("outputs", [])
            if output["output_type"] == "error"
        ]

    def run_cell(self, cell: int, seconds: int = 120) -> None:
        """Run one cell, by number; waits until it is done, whether it fails or not."""
        self.page.evaluate(f"cell => {{ {_NOTEBOOK}.content.activeCellIndex = cell; }}", cell)
        self._mark_stale(cell)
        self.command("notebook:run-cell", wait=False)
        self._until_run(f"(_, index) => index === {cell}", seconds)

    def cells(self) -> list[dict[str, Any]]:
        """The notebook's cells as nbformat gives them, with the outputs of now."""
        cells: list[dict[str, Any]] = self.page.evaluate(f"{_NOTEBOOK}.model.toJSON().cells")
        return cells

    def find(self, wanted: Callable[[dict[str, Any]], bool] | str) -> int:
        """The number of the one cell with this grade_id, or for which `wanted(cell)` holds."""

        def is_wanted(cell: dict[str, Any]) -> bool:
            if callable(wanted):
                return wanted(cell)
            return bool(cell["metadata"].get("nbgrader", {}).get("grade_id") == wanted)

        found = [number for number, cell in enumerate(self.cells()) if is_wanted(cell)]
        assert len(found) == 1, f"{wanted}: cells {found}"
        return found[0]

    def output(self, cell: int) -> Locator:
        """What a reader sees below a code cell."""
        return self.cell(cell).locator(".jp-Cell-outputWrapper")

    def cell(self, cell: int) -> Locator:
        """The cell on the page, scrolled into view."""
        self.page.evaluate(f"cell => {_NOTEBOOK}.content.scrollToItem(cell, 'smart')", cell)
        shown = self.page.locator(".jp-NotebookPanel:not(.lm-mod-hidden) .jp-Cell").nth(cell)
        shown.wait_for()
        return shown

    def type_into(self, cell: int, text: str) -> None:
        """Replace the source of a code cell as a person does: click, select all, paste."""
        self.cell(cell).locator(".cm-content").click()
        self.page.keyboard.press("Control+a")
        self.page.keyboard.insert_text(text)
        assert self.cells()[cell]["source"] == text

    def save(self) -> None:
        """Save the notebook in front."""
        self.command("docmanager:save")
        self._until(f"() => !{_NOTEBOOK}.model.dirty")

    # The application

    def command(self, name: str, arguments: object = None, *, wait: bool = True) -> None:
        """Run one of JupyterLab's commands, and wait for it unless `wait` is false."""
        call = f"window.jupyterapp.commands.execute('{name}', {json.dumps(arguments or {})})"
        end = ".then(() => null)" if wait else ".catch(() => null); null"
        self.page.evaluate(call + end)

    def frame(self, element: Locator) -> FrameLocator:
        """The page inside an iframe that `element` holds."""
        return element.locator("iframe").content_frame

    def theme(self, name: str) -> None:
        """Change to the `light` or the `dark` theme."""
        self.command("apputils:change-theme", {"theme": THEMES[name]})
        light = json.dumps(str(name == "light").lower())
        self._until(f"() => document.body.dataset.jpThemeLight === {light}")

    def size(self, width: int, height: int) -> None:
        """Give the window another size, in CSS pixels."""
        self.page.set_viewport_size({"width": width, "height": height})

    def files(self, shown: bool) -> None:
        """Open or close the file browser at the left, which takes 250 pixels."""
        self.page.evaluate(
            "shown => { const { shell } = window.jupyterapp;"
            " if (shown) shell.expandLeft(); else shell.collapseLeft(); }",
            shown,
        )

    def screenshot(self, name: str, element: Locator | None = None) -> Path:
        """Save the window, or one element of it, as tests/screenshots/`name`.png."""
        path = SCREENSHOTS / f"{name}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        (element or self.page).screenshot(path=path, animations="disabled")
        return path

    def screenshot_whole(self, name: str) -> Path:
        """Save the notebook in front from top to end, in a window as wide as now and as high."""
        size = self.page.viewport_size
        assert size
        files = self.page.evaluate("() => !window.jupyterapp.shell.leftCollapsed")
        self.files(False)
        notebook = self.page.locator(
            ".jp-NotebookPanel:not(.lm-mod-hidden) .jp-WindowedPanel-outer"
        )
        # Cells below the window are as high as JupyterLab guesses until they have been painted.
        for _ in range(3):
            content = notebook.evaluate(
                """node => {
                    const end = [...node.querySelectorAll('.jp-Cell')].at(-1);
                    const top = node.getBoundingClientRect().top - node.scrollTop;
                    return end.getBoundingClientRect().bottom - top;
                }"""
            )
            self.size(size["width"], min(int(content) + 130, 14_000))
            self._until("() => new Promise(done => requestAnimationFrame(() => done(true)))")
        notebook.evaluate("node => { node.scrollTop = 0; }")
        path = self.screenshot(name)
        self.files(files)
        self.size(size["width"], size["height"])
        return path

    # What goes on inside

    def _until(self, condition: str, argument: object = None, seconds: int = SECONDS) -> None:
        self.page.wait_for_function(condition, arg=argument, timeout=seconds * 1000)

    def _mark_stale(self, cell: int | None = None) -> None:
        """Forget that cells ever ran, so that waiting can tell the new run from an old one."""
        self.page.evaluate(
            f"""only => {_NOTEBOOK}.content.widgets.forEach((cell, index) => {{
                if (cell.model.type === 'code' && (only === null || only === index))
                    cell.model.clearExecution();
            }})""",
            cell,
        )

    def _until_run(self, wanted: str, seconds: int) -> None:
        """Wait until the kernel is idle and each `wanted` cell with code has run, or one failed."""
        self._until(
            f"""() => {{
                const panel = {_NOTEBOOK}, wanted = {wanted};
                const code = panel.content.widgets.filter((cell, index) =>
                    cell.model.type === 'code' && cell.model.sharedModel.source.trim()
                    && wanted(cell, index));
                const failed = cell => cell.model.outputs.toJSON()
                    .some(output => output.output_type === 'error');
                return panel.sessionContext.session.kernel.status === 'idle'
                    && code.length
                    && (code.some(failed) || code.every(cell => cell.model.executionCount));
            }}""",
            seconds=seconds,
        )

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self._note(f"console: {message.text} ({message.location.get('url', '')})")

    def _hear_exception(self, error: Error) -> None:
        """With its trace: it tells whose code it was."""
        self._note(f"exception: {error.message}\n{error.stack or ''}")

    def _refuse(self, route: Route) -> None:
        """Nothing in the course may need the network: a page that asks for it is a defect."""
        self._note(f"request to the outside: {route.request.url}")
        route.abort()

    def _note(self, problem: str) -> None:
        if not any(re.search(allowed, problem) for allowed in ALLOWED):
            self.problems.append(problem)
