// The calls of a recursive function: those that have begun, the path to the current one, and where
// branches were cut.

import { shape } from "./dom.js";
import { drawTree, placed } from "./tree_picture.js";

export function callTreeView(view) {
  const svg = shape("svg", { role: "img" });
  const drawing = { node: svg, show, wide: true, centre: null, always: true };
  const below = view.calls.map(() => []);
  view.calls.forEach(({ parent }, number) => {
    if (parent !== null) below[parent].push(number);
  });
  const words = (number) => view.calls[number].label;
  const room = (number) => {
    const { label, result } = view.calls[number];
    return "m".repeat(Math.max(label.length, result.length ? result.length + 2 : 0));
  };
  const layout = view.calls.length ? placed(0, (number) => below[number], room) : null;

  function show({ index, width }) {
    if (!layout) return "no calls";
    const begun = view.calls.map((call, number) => number).filter((number) => view.calls[number].start <= index);
    const over = (number) => view.calls[number].end !== null && view.calls[number].end <= index;
    const cut = new Set(view.cuts.filter(({ step }) => step < index).map(({ call }) => call));
    const open = begun.filter((number) => !over(number));
    const current = open.at(-1);
    const nodes = begun
      .filter((number) => layout.places.has(number))
      .map((number) => {
        const { parent, result, done } = view.calls[number];
        const edge = over(number) ? "plain" : "path";
        const kind = done ? "done" : number === current ? "here" : edge;
        const under = over(number) && result ? `→ ${result}` : "";
        return { id: number, parent, word: words(number), under, kind, edge, faint: over(number) && !done, cross: cut.has(number) };
      });
    drawing.centre = drawTree(svg, layout, nodes, width, current ?? 0);
    const path = open.map(words).join(", then ");
    const more = view.left_out ? `, ${view.left_out} calls left out` : "";
    return `${begun.length} calls so far${more}; open: ${path || "none"}`;
  }

  return drawing;
}
