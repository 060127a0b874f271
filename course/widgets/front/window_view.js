// A window on a text, from one pointer to another, and below it the counts that the function keeps.

import { cellsView } from "./cells_view.js";
import { element } from "./dom.js";
import { pythonText, shortText } from "./values.js";

export function windowView(view) {
  const text = cellsView(view);
  text.node.removeAttribute("role"); // the whole is one picture
  const counts = element("div", { class: "sw-tallies" });
  const node = element("div", { role: "img" }, text.node, counts);

  function show({ rows, step, previous, run, index, width, glide }) {
    const [left, right] = view.ends.map((name) => step.locals[name]);
    const row = rows[0];
    const known = Number.isInteger(left) && Number.isInteger(right);
    const shade = known ? [Math.max(left, 0), Math.min(right + (view.inclusive ? 1 : 0), row.values.length)] : null;
    const said = text.show({ rows: [{ ...row, shade }], step, previous, width, glide });
    const before = run.before(index);
    counts.replaceChildren(
      ...view.counts.filter((name) => step.locals[name]?.items).map((name) => tally(name, step, before)),
    );
    const inside = shade && shade[1] > shade[0] ? row.values.slice(...shade).join("") : "nothing";
    const told = view.counts
      .filter((name) => step.locals[name])
      .map((name) => `${name}: ${pythonText(step.locals[name])}`);
    return [`window: ${inside}`, said, ...told].join(". ");
  }

  return { node, show };
}

// A dictionary as a row of counts, those that changed or are looked up marked.
function tally(name, step, before) {
  const old = new Map((before?.locals[name]?.items ?? []).map(([key, count]) => [key, count]));
  const touched = (kind) => step[kind].filter(([key]) => key === name).map(([, key]) => key);
  const [read, written] = [touched("reads"), touched("writes")];
  return element(
    "div", { class: "sw-tally" },
    element("b", {}, name),
    ...step.locals[name].items.map(([key, count]) => {
      const mark = written.includes(key)
        ? "write"
        : read.includes(key) ? "read" : before && old.get(key) !== count ? "changed" : "none";
      return element(
        "span", { class: `sw-count sw-tint-${mark}` }, element("i", {}, shortText(key, 6)), shortText(count, 6),
      );
    }),
  );
}
