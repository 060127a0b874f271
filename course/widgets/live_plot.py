"""`plot(layers…)`: curves, fields and points that answer sliders and drags.

What a layer's function gives is computed ahead for every value of the sliders it asks for, so that
the browser answers by itself; what is too much for that, and what depends on dragged points, is
computed by the kernel each time, latest value first. Where there is no front end, the plot is a
still picture.
"""

from collections.abc import Callable, Mapping
from typing import Any

import anywidget
import traitlets

from course.widgets import ahead
from course.widgets.bundle import bundle, styles
from course.widgets.controls import as_controls
from course.widgets.figure import as_panels, describe, layers_of, ranges
from course.widgets.layers import Layer, Panel
from course.widgets.limits import Cut
from course.widgets.prepared import Data, prepare
from course.widgets.problems import explain, sentence
from course.widgets.sampling import names_asked
from course.widgets.still import still_html, still_text
from course.widgets.values import short_repr

__all__ = ["LivePlot", "plot"]


class LivePlot(anywidget.AnyWidget):
    """A live plot (made by `plot`). `params`, `cursor`, `points` and `hidden` can be linked and
    observed.

    `params` holds the value of every control by name; `cursor` the dragged place along x, or None;
    `points` the draggable points, {name: [[x, y], …]}; `hidden` the labels the reader switched off.
    """

    _esm = bundle("live_plot.js")
    _css = styles("live.css")

    params = traitlets.Dict().tag(sync=True)
    cursor = traitlets.Float(None, allow_none=True).tag(sync=True)
    points = traitlets.Dict().tag(sync=True)
    hidden = traitlets.List(traitlets.Unicode()).tag(sync=True)
    figure = traitlets.Dict().tag(sync=True)  # what does not change: see course.widgets.figure
    frames = traitlets.Dict().tag(sync=True)  # {layer: pictures computed ahead}
    fresh = traitlets.Dict().tag(sync=True)  # {"count", "layers": {layer: data}, "ranges"}
    problem = traitlets.Dict().tag(sync=True)  # {"text", "function", "line", "code"}, or empty

    def __init__(
        self,
        panels: list[Panel],
        controls: Mapping[str, Any],
        *,
        drag: str = "",
        cursor: float | None = None,
        buttons: Mapping[str, Callable[[Any], Any]] | None = None,
        on_change: Callable[[Any], Any] | None = None,
        title: str = "",
        compute: str = "auto",
    ) -> None:
        self._panels = panels
        self._controls = as_controls(controls)
        self._layers = {name: (panel, layer) for name, panel, layer in layers_of(panels)}
        self._drag = drag
        self._buttons = dict(buttons or {})
        self._on_change: Callable[[Any], Any] | None = None
        self._fixed: dict[str, Data] = {}
        self._live: dict[str, Data | None] = {}
        self._deps = {name: self._asked(layer) for name, (_, layer) in self._layers.items()}
        super().__init__(
            params={name: control.start for name, control in self._controls.items()},
            points={layer.look["name"]: layer.source for layer in self._of_kind("handles")},
        )
        span = self._drag_span()
        if drag:
            middle = (span[0] + span[1]) / 2 if cursor is None else float(cursor)
            self.cursor = min(max(middle, span[0]), span[1])
        self.frames = self._frames(compute)
        self._evaluate([name for name in self._layers if name not in self.frames])
        self.figure = {
            "title": title,
            "panels": self._described(),
            "controls": [one.for_browser(name) for name, one in self._controls.items()],
            "buttons": list(self._buttons),
            "drag": {"name": drag, "span": list(span)} if drag else None,
        }
        self._publish()
        self._on_change = on_change
        self.observe(self._changed, names=["params", "cursor", "points"])
        self.on_msg(self._on_message)

    def refresh(self) -> None:
        """Computes anew what the kernel computes; call it when something else has changed."""
        self._evaluate(list(self._live))
        self._publish()

    # what depends on what

    def _of_kind(self, kind: str) -> list[Layer]:
        return [layer for _, layer in self._layers.values() if layer.kind == kind]

    def _asked(self, layer: Layer) -> tuple[str, ...]:
        """The names that the layer's function (and its derivative) ask for."""
        points = [one.look["name"] for one in self._of_kind("handles")]
        known = [*self._controls, *points, *([self._drag] if self._drag else [])]
        if len(set(known)) < len(known):
            raise ValueError(f"two things have the same name: {', '.join(known)}")
        functions = [layer.source, layer.look.get("derivative")]
        asked: list[str] = []
        for fn in functions:
            if callable(fn):
                asked += [one for one in names_asked(fn, layer.leading, known) if one not in asked]
        return tuple(asked)

    def _arguments(self, name: str) -> dict[str, Any]:
        known = {**self.params, **self.points, **({self._drag: self.cursor} if self._drag else {})}
        return {one: known[one] for one in self._deps[name]}

    def _drag_span(self) -> tuple[float, float]:
        for panel in self._panels:
            spans = [layer.over for layer in panel.layers if layer.leading == 1]
            if panel.x_range or spans:
                low, high = panel.x_range or spans[0] or (0.0, 1.0)
                return float(low), float(high)
        return 0.0, 1.0

    # computing

    def _frames(self, compute: str) -> dict[str, ahead.Frames]:
        found = {}
        for name, (panel, layer) in self._layers.items():
            deps = self._deps[name]
            if deps and set(deps) <= set(self._controls) and compute != "kernel":
                frames = ahead.frames(layer, panel, deps, self._controls)
                if frames is not None:
                    found[name] = frames
        return found

    def _evaluate(self, names: list[str]) -> None:
        """Computes these layers; one whose function fails keeps its last picture."""
        problem: dict[str, Any] = {}
        for name in names:
            panel, layer = self._layers[name]
            try:
                data = prepare(layer, self._arguments(name), panel)
            except (Exception, Cut) as error:
                if not callable(layer.source):
                    raise  # the author's own data: say it at once, in the cell
                problem = problem or explain(error, layer.source)
                if self._deps[name]:
                    self._live.setdefault(name, None)
                continue
            if self._deps[name]:
                self._live[name] = data
            else:
                self._fixed[name] = data
        self.problem = problem

    def _changed(self, change: Any) -> None:
        """A control, the dragged place or a point has moved: compute what asks for it."""
        before, now = change.old, change.new
        if change.name == "cursor":
            moved = {self._drag}
        else:
            moved = {name for name in now if (before or {}).get(name) != now[name]}
        stale = [name for name in self._live if moved & set(self._deps[name])]
        if stale:
            self._evaluate(stale)
            self._publish()
        if self._on_change is not None:
            self._guarded(self._on_change, self)

    def _on_message(self, _: Any, content: Any, buffers: Any) -> None:
        """The reader pressed one of the author's buttons."""
        if isinstance(content, dict) and content.get("press") in self._buttons:
            self.problem = {}
            self._guarded(self._buttons[content["press"]], self)
            problem = self.problem
            self.refresh()
            self.problem = problem or self.problem  # what the button said comes first

    def _guarded(self, fn: Callable[[Any], Any], *args: Any) -> None:
        try:  # an error in a callback would vanish: show it in the widget
            fn(*args)
        except Exception as error:
            self.problem = explain(error, fn)

    def _publish(self) -> None:
        count = int(self.fresh.get("count", 0)) + 1
        self.fresh = {"count": count, "layers": dict(self._live), "ranges": self._ranges()}

    def _ranges(self) -> list[Any]:
        found = []
        for number, panel in enumerate(self._panels):
            drawn: list[tuple[Layer, Data]] = []
            for place, layer in enumerate(panel.layers):
                name = f"{number}.{place}"
                if name in self.frames:
                    drawn += [(layer, data) for data in self._every(name)]
                elif (data := self.data_of(name)) is not None:
                    drawn.append((layer, data))
            found.append(ranges(panel, drawn))
        before = self.fresh.get("ranges")
        return (
            found if before is None else [_wider(*two) for two in zip(before, found, strict=True)]
        )

    def _every(self, name: str) -> list[Data]:
        """All frames of a layer; once the ranges are known they hold them, so none."""
        return [] if self.fresh.get("ranges") else ahead.every(self.frames[name])

    def _described(self) -> list[dict[str, Any]]:
        panels = describe(self._panels)
        for panel in panels:
            for look in panel["layers"]:
                name = look["id"]
                look["deps"] = list(self._deps[name])
                look["data"] = self._fixed.get(name)
        return panels

    def data_of(self, name: str) -> Data | None:
        """What the layer `name` ("0.1": the second of the first panel) shows now."""
        if name in self.frames:
            return ahead.frame(self.frames[name], self.params)
        return self._fixed[name] if name in self._fixed else self._live.get(name)

    # checks of what is set from outside

    @traitlets.validate("params")
    def _valid_params(self, proposal: Any) -> dict[str, Any]:
        given = proposal.value
        unknown = [name for name in given if name not in self._controls]
        if unknown:
            raise traitlets.TraitError(f"there is no control {unknown[0]!r}")
        try:
            return {
                name: control.accepted(name, given.get(name, self.params.get(name, control.start)))
                for name, control in self._controls.items()
            }
        except ValueError as error:
            raise traitlets.TraitError(str(error)) from None

    @traitlets.validate("points")
    def _valid_points(self, proposal: Any) -> dict[str, Any]:
        known = {layer.look["name"] for layer in self._of_kind("handles")}
        try:
            points = {
                str(name): [[float(x), float(y)] for x, y in places]
                for name, places in proposal.value.items()
            }
        except (TypeError, ValueError):
            wrong = short_repr(proposal.value)
            raise traitlets.TraitError(f"points are {{name: [[x, y], …]}}, not {wrong}") from None
        if set(points) != known:
            raise traitlets.TraitError(f"points are those of {', '.join(known) or 'nothing'}")
        return points

    # without a front end

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        bundled = super()._repr_mimebundle_(**kwargs)
        data, *metadata = bundled if isinstance(bundled, tuple) else (bundled or {},)
        still = {"text/plain": self.as_text(), "text/html": self.as_html()}
        return ({**data, **still}, *metadata) if metadata else {**data, **still}

    def as_text(self) -> str:
        """What the plot shows now, in a few lines of plain text."""
        return still_text(self.figure, self._shown(), dict(self.params), self._said())

    def as_html(self) -> str:
        """What the plot shows now, as still pictures (SVG)."""
        return still_html(
            self.figure,
            self._shown(),
            self.fresh["ranges"],
            dict(self.params),
            self._said(),
            cursor=self.cursor if self._drag else None,
            points=self.points,
        )

    def _shown(self) -> dict[str, Data]:
        return {name: data for name in self._layers if (data := self.data_of(name)) is not None}

    def _said(self) -> str:
        return sentence(self.problem) if self.problem else ""


def plot(
    *layers: Any,
    sliders: Mapping[str, Any] | None = None,
    drag: str = "",
    cursor: float | None = None,
    buttons: Mapping[str, Callable[[LivePlot], Any]] | None = None,
    on_change: Callable[[LivePlot], Any] | None = None,
    title: str = "",
    compute: str = "auto",
    **options: Any,
) -> LivePlot:
    """A live plot of these layers, or of several panels that share sliders and the dragged place.

    `sliders` maps names, which the layers' functions ask for as arguments, to (low, high, step) for
    a slider, a list for a choice, True or False for a switch, or what `slider`, `log_slider`,
    `choice` and `toggle` make. `drag="x"` adds a place along x that the reader drags (it begins at
    `cursor`); functions may ask for it by that name. `buttons` maps labels to functions of the
    plot, `on_change` is called with the plot after each change. `compute="kernel"` computes nothing
    ahead. The other options are those of `panel`. Raises TypeError or ValueError for what cannot be
    drawn; an error in a layer's function is shown in the plot.
    """
    if compute not in ("auto", "kernel"):
        raise ValueError(f'compute is "auto" or "kernel", not {compute!r}')
    return LivePlot(
        as_panels(layers, **options),
        as_controls(sliders),
        drag=drag,
        cursor=cursor,
        buttons=buttons,
        on_change=on_change,
        title=title,
        compute=compute,
    )


def _wider(before: Any, now: Any) -> Any:
    """Ranges only grow: axes that follow every move would hide it."""
    return [
        [min(old[0], new[0]), max(old[1], new[1])] for old, new in zip(before, now, strict=True)
    ]
