// The picture beside the code: finds in a step what the view watches, and lets the view draw it.
// A new kind of view is one module with `show`, and one line in VIEWS.

import { barsView } from "./bars_view.js";
import { cellsView } from "./cells_view.js";
import { element } from "./dom.js";
import { MARKS } from "./picture.js";
import { elementsOf } from "./values.js";

const VIEWS = { bars: barsView, cells: cellsView };

export function viewPane() {
  const holder = element("div", { class: "sw-picture", "data-testid": "step-picture" });
  const legend = element("div", { class: "sw-legend" });
  const node = element("div", { class: "sw-view" }, holder, legend);
  let view = null;
  let drawing = null;

  function load(description, run) {
    view = description;
    const kinds = Object.keys(MARKS).filter((kind) => happens(run, kind));
    legend.replaceChildren(
      ...kinds.map((kind) =>
        element(
          "span", {}, element("i", { class: `sw-key sw-mark-${kind}`, "aria-hidden": "true" }), MARKS[kind],
        ),
      ),
    );
    holder.style.minHeight = "";
    drawing = VIEWS[view.kind] ? VIEWS[view.kind](view) : null;
    holder.replaceChildren(...(drawing ? [drawing.node] : []));
    node.hidden = !drawing || view.containers.length === 0;
  }

  // Draws the step and returns it in words.
  function show(run, index, glide) {
    if (node.hidden) return "";
    const step = run.at(index);
    const previous = index > 0 ? run.at(index - 1) : null;
    const rows = [];
    for (const container of view.containers) {
      const values = elementsOf(step[container.source][container.key]);
      if (values) {
        const before = previous && elementsOf(previous[container.source][container.key]);
        rows.push({ container, values, before, pointers: pointersOf(step, container) });
      }
    }
    drawing.node.style.visibility = rows.length ? "visible" : "hidden";
    if (!rows.length) return "";
    const width = Math.max(holder.clientWidth || 480, 200);
    const said = drawing.show({ rows, step, previous, width, glide });
    const names = rows.map(({ container }) => container.label).join(", ");
    drawing.node.setAttribute("aria-label", `Picture of ${names}. ${said}`);
    keepHeight(width);
    return said;
  }

  // The picture never shrinks while it plays: the buttons below must stay under the reader's mouse.
  let keptFor = 0;
  function keepHeight(width) {
    const kept = keptFor === width ? Number.parseFloat(holder.style.minHeight) || 0 : 0;
    keptFor = width;
    holder.style.minHeight = `${Math.max(kept, drawing.node.getBoundingClientRect().height)}px`;
  }

  // Whether the run reads or writes elements at all: else the legend has nothing to explain.
  function happens(run, kind) {
    const field = kind === "read" ? "reads" : "writes";
    const keys = view.containers.map(({ key }) => key);
    return run.packed.steps.some((step) => step[field]?.some(([key]) => keys.includes(key)));
  }

  function pointersOf(step, container) {
    if (!view.pointers) return step.pointers[container.key] ?? {};
    const named = view.pointers.map((name) => [name, step.locals[name]]);
    return Object.fromEntries(named.filter(([, index]) => Number.isInteger(index)));
  }

  return { node, load, show };
}
