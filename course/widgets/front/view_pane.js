// The picture beside the code: finds in a step what the view watches, and lets the view draw it.
// A new kind of view is one module with `show`, and one line in VIEWS.

import { barsView } from "./bars_view.js";
import { bucketsView } from "./buckets_view.js";
import { callTreeView } from "./call_tree_view.js";
import { cellsView } from "./cells_view.js";
import { dataTreeView } from "./data_tree_view.js";
import { element, focusable } from "./dom.js";
import { numberLineView } from "./number_line_view.js";
import { MARKS } from "./picture.js";
import { planeView } from "./plane_view.js";
import { streamView } from "./stream_view.js";
import { tableView } from "./table_view.js";
import { tilesView } from "./tiles_view.js";
import { elementsOf } from "./values.js";
import { windowView } from "./window_view.js";

const VIEWS = {
  bars: barsView, buckets: bucketsView, call_tree: callTreeView, cells: cellsView, data_tree: dataTreeView,
  number_line: numberLineView, plane_view: planeView, stream: streamView, table: tableView, tiles: tilesView, window: windowView,
};

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
    holder.scrollLeft = 0;
    drawing = VIEWS[view.kind] ? VIEWS[view.kind](view) : null;
    holder.classList.toggle("sw-scroll", Boolean(drawing?.wide));
    holder.replaceChildren(...(drawing ? [drawing.node] : []));
    node.hidden = !drawing || (view.containers.length === 0 && view.kind !== "call_tree");
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
    const drawn = rows.length > 0 || drawing.always;
    drawing.node.style.visibility = drawn ? "visible" : "hidden";
    if (!drawn) return "";
    const width = Math.max(holder.clientWidth || 480, 200);
    const said = drawing.show({ rows, step, previous, run, index, width, glide });
    const names = rows.map(({ container }) => container.label).join(", ");
    drawing.node.setAttribute("aria-label", `Picture of ${names || view.kind.replace("_", " ")}. ${said}`);
    keepHeight(width);
    if (drawing.wide) keepInSight(drawing.centre);
    return said;
  }

  // The picture never shrinks while it plays: the buttons below must stay under the reader's mouse.
  let keptFor = 0;
  function keepHeight(width) {
    const kept = keptFor === width ? Number.parseFloat(holder.style.minHeight) || 0 : 0;
    keptFor = width;
    holder.style.minHeight = `${Math.max(kept, drawing.node.getBoundingClientRect().height)}px`;
  }

  // A picture that is too wide is scrolled, so that what happens now is in sight.
  function keepInSight(centre) {
    const over = holder.scrollWidth > holder.clientWidth + 1;
    if (over && !holder.hasAttribute("tabindex")) {
      focusable(holder).setAttribute("tabindex", "0");
      holder.setAttribute("role", "group");
      holder.setAttribute("aria-label", "Picture, scrolls");
    }
    if (!over) for (const name of ["tabindex", "role", "aria-label"]) holder.removeAttribute(name);
    if (!over || !centre) return;
    const { left, width } = holder.getBoundingClientRect();
    const inner = drawing.node.getBoundingClientRect().left - left + centre.x;
    if (inner < 30 || inner > width - 30) holder.scrollLeft += inner - width / 2;
  }

  // Whether the run reads or writes elements at all: else the legend has nothing to explain.
  function happens(run, kind) {
    const field = kind === "read" ? "reads" : "writes";
    const keys = [...view.containers.map(({ key }) => key), ...(view.extra ?? [])];
    return run.packed.steps.some((step) => step[field]?.some(([key]) => keys.includes(key)));
  }

  function pointersOf(step, container) {
    if (!view.pointers) return step.pointers[container.key] ?? {};
    const named = view.pointers.map((name) => [name, step.locals[name]]);
    return Object.fromEntries(named.filter(([, index]) => Number.isInteger(index)));
  }

  return { node, load, show };
}
