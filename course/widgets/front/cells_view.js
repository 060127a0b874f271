// Rows of cells, one a container, each with its pointers below; long rows go on in the next line.

import { shape } from "./dom.js";
import { drawPointers, label, marksOf } from "./picture.js";
import { shortText } from "./values.js";

const HIGH = 34;

export function cellsView() {
  const svg = shape("svg", { role: "img" });
  let parts = new Map(); // label of a row -> {name, lines: [{cells, pointers}]}

  function show({ rows, step, previous, width, glide }) {
    const names = rows.map(({ container }) => container.label);
    const left = Math.max(20, ...names.map((name) => 8.6 * name.length + 22));
    const longest = Math.max(1, ...rows.flatMap(({ values }) => values.map((v) => shortText(v).length)));
    const side = Math.min(Math.max(36, 8.6 * longest + 12), 110);
    const outside = rows.some(({ pointers }) => Object.values(pointers).some((index) => index < 0));
    const start = left + (outside ? side / 2 + 8 : 0);
    const perLine = Math.max(Math.floor((width - start - 40) / side), 4);
    let top = 6;
    let drawn = 0;
    const fresh = new Map();
    for (const { container, values, before, pointers, shade } of rows) {
      const marks = marksOf(step, previous, container, values, before);
      const part = parts.get(container.label) ?? { lines: [] };
      fresh.set(container.label, part);
      const lines = Math.max(Math.ceil(values.length / perLine), 1);
      while (part.lines.length > lines) part.lines.pop();
      part.name = label(container.label, start - 12, top + 22, { "text-anchor": "end", class: "sw-name" });
      for (let line = 0; line < lines; line += 1) {
        const drawing = (part.lines[line] ??= { cells: shape("g"), pointers: shape("g") });
        const from = line * perLine;
        const shown = values.slice(from, from + perLine);
        const middle = (index) => start + side * (index - from + 0.5);
        drawing.cells.replaceChildren(
          ...shown.flatMap((value, offset) => {
            const index = from + offset;
            return [
              shape("rect", {
                class: `sw-cell sw-mark-${marks[index] ?? "none"}${within(shade, index) ? " sw-shade" : ""}`, x: start + side * offset + 1.5, y: top,
                width: side - 3, height: HIGH, rx: 4,
              }),
              label(shortText(value), middle(index), top + 22),
              label(String(index), middle(index), top + HIGH + 14, { class: "sw-index" }),
            ];
          }),
          ...(values.length ? [] : [label("(empty)", start + 30, top + 22, { class: "sw-index" })]),
        );
        const last = line === lines - 1;
        const places = Object.entries(pointers)
          .filter(([, index]) => index >= (line ? from : -1))
          .filter(([, index]) => (last ? index <= values.length : index < from + perLine))
          .map(([name, index]) => ({ name, x: middle(index) }));
        drawing.under = Math.max(
          drawPointers(drawing.pointers, places, top + HIGH + 20, glide), last ? 30 : 0, drawing.under ?? 0,
        );
        drawn = Math.max(drawn, start + side * Math.min(Math.max(shown.length, 1), perLine) + 40);
        top += HIGH + 22 + drawing.under;
      }
      top += 8;
    }
    parts = fresh;
    svg.replaceChildren(
      ...[...parts.values()].flatMap(({ name, lines }) => [
        name, ...lines.flatMap(({ cells, pointers }) => [cells, pointers]),
      ]),
    );
    svg.setAttribute("viewBox", `0 0 ${drawn} ${top}`);
    svg.setAttribute("width", drawn);
    svg.setAttribute("height", top);
    return rows
      .map(({ container, values, pointers }) => {
        const where = Object.entries(pointers).map(([name, index]) => `${name} at ${index}`);
        const text = values.slice(0, 20).map((value) => shortText(value)).join(", ");
        return `${container.label}: ${text}${where.length ? `; ${where.join(", ")}` : ""}`;
      })
      .join(". ");
  }

  return { node: svg, show };
}

function within(range, index) {
  return Boolean(range) && index >= range[0] && index < range[1];
}
