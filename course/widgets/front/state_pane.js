// The local names of the call that runs, the changed ones marked, and what was printed so far.

import { element, focusable, say } from "./dom.js";
import { pythonText } from "./values.js";

export function statePane() {
  const heading = element("div", { class: "sw-stack" });
  const body = element("tbody");
  const printed = element("pre", { class: "sw-printed", "aria-label": "Printed so far" });
  const node = focusable(
    element(
      "div",
      { class: "sw-state", tabindex: "0", role: "group", "aria-label": "State" },
      heading,
      element("table", { "aria-label": "Local names and values" }, body),
      printed,
    ),
  );
  const rows = new Map();

  // Keeps room for the most names that any step has, so that nothing below moves while it plays.
  function load(run) {
    const names = new Set();
    let most = 0;
    for (const step of run.packed.steps) {
      for (const name of Object.keys(step.locals ?? {})) names.add(name);
      for (const name of step.gone ?? []) names.delete(name);
      most = Math.max(most, names.size);
    }
    const printedLines = Math.min(run.packed.output.split("\n").length, 4);
    const room = 30 + 24 * most + (run.packed.output ? 10 + 17 * printedLines : 0);
    node.style.height = `${Math.min(Math.max(room, 60), 230)}px`;
  }

  function show(run, index) {
    const step = run.at(index);
    const before = run.before(index);
    const stack = run.stack(index);
    say(heading, stack.length > 6 ? `… ▸ ${stack.slice(-5).join(" ▸ ")}` : stack.join(" ▸ "));
    const names = Object.keys(step.locals);
    for (const name of [...rows.keys()]) {
      if (!names.includes(name)) {
        rows.get(name).row.remove();
        rows.delete(name);
      }
    }
    for (const name of names) {
      const text = pythonText(step.locals[name]);
      const { row, cell } = rows.get(name) ?? added(name);
      body.append(row);
      say(cell, text.length > 400 ? `${text.slice(0, 400)}…` : text);
      const old = before && name in before.locals ? pythonText(before.locals[name]) : null;
      const changed = before !== null && old !== text;
      row.classList.toggle("sw-changed", changed);
      row.title = changed && old !== null ? `was ${old.slice(0, 200)}` : "";
    }
    const output = Array.from(run.packed.output).slice(0, step.printed).join("");
    printed.hidden = !output;
    say(printed, output);
  }

  function added(name) {
    const cell = element("td");
    const row = element("tr", { "data-name": name }, element("th", { scope: "row" }, name), cell);
    rows.set(name, { row, cell });
    return rows.get(name);
  }

  return { node, load, show };
}
