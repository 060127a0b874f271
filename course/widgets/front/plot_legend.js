// The names of a panel's layers: each a button that hides or shows its layer, with the value read off.

import { shortNumber } from "./axes.js";
import { element, focusable, say, shape } from "./dom.js";
import { colourOf } from "./layers.js";
import { DASHES, drawMark } from "./palette.js";
import { TextPen } from "./pens.js";
import { gradient } from "./raster.js";

const NO_LEGEND = new Set(["note", "rule", "ridges", "image"]);

// `entries` are {layer, title, button, value}, or {layer, low, high} for the scale of a heat map.
export function plotLegend(spec, toggle) {
  const holder = element("div", { class: "sw-legend-row" });
  const entries = [];
  for (const layer of spec.layers) {
    if (NO_LEGEND.has(layer.kind) || (!layer.label && !layer.look.names?.length)) continue;
    if (layer.kind === "heat") {
      const low = element("span", {});
      const high = element("span", {});
      const bar = element("i", { class: "sw-scale", "aria-hidden": "true" });
      bar.style.background = gradient(layer.look.diverging);
      holder.append(element("span", { class: "sw-scale-row" }, `${layer.label} `, low, bar, high));
      entries.push({ layer, low, high });
      continue;
    }
    const names = layer.look.names?.length ? layer.look.names : [layer.label];
    const title = layer.label || names.join(", ");
    const button = focusable(element("button", { type: "button", class: "sw-entry", "data-testid": "plot-legend" }));
    names.forEach((name, order) => button.append(swatch(layer, order), element("span", {}, name)));
    button.addEventListener("click", () => toggle(title));
    const value = element("span", { class: "sw-value" });
    holder.append(element("span", { class: "sw-entry-row" }, button, value));
    entries.push({ layer, title, button, value });
  }
  holder.hidden = !entries.length;

  function show(data, visible) {
    for (const entry of entries) {
      const own = data[entry.layer.id];
      if (entry.low) {
        say(entry.low, own ? shortNumber(own.low) : "");
        say(entry.high, own ? shortNumber(own.high) : "");
        continue;
      }
      const shown = visible(entry.layer);
      entry.button.setAttribute("aria-pressed", shown);
      entry.button.title = shown ? "Hide" : "Show";
    }
  }

  return { node: holder, entries, show };
}

// A small picture of how a layer is drawn.
function swatch(layer, order) {
  const svg = shape("svg", { width: 26, height: 12, viewBox: "0 0 26 12", "aria-hidden": "true" });
  const colour = colourOf(layer, order);
  if (["curve", "line", "history", "slope", "arrows"].includes(layer.kind)) {
    const dash = layer.kind === "slope" || layer.kind === "arrows" ? "" : DASHES[layer.look.dash];
    svg.append(shape("path", { d: "M0 6h26", stroke: colour, "stroke-width": layer.kind === "slope" ? 3 : 2.2, "stroke-dasharray": dash || "none" }));
  } else if (layer.kind === "dots" || layer.kind === "handles") {
    const pen = new TextPen();
    drawMark(pen, layer.kind === "dots" ? order : layer.look.mark, 13, 6, 4.5);
    svg.append(shape("path", { d: pen.text, fill: colour }));
  } else {
    const faint = layer.kind === "fill" || layer.kind === "band";
    svg.append(shape("rect", { x: 5, y: 1, width: 16, height: 10, fill: colour, opacity: faint ? 0.45 : 1 }));
  }
  return svg;
}
