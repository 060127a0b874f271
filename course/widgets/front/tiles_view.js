// Matrices, arrays or tensors as tiles: the stronger the colour the larger the value; blue is below
// zero, orange above.

import { element, shape } from "./dom.js";
import { label } from "./picture.js";
import { elementsOf, numberOf, shortText } from "./values.js";

const MOST = 24;

export function tilesView(view) {
  const node = element("div", { class: "sw-tiles", role: "img" });

  function show({ rows, step, previous, width }) {
    node.replaceChildren(
      ...rows.flatMap((row) => {
        const old = previous && elementsOf(previous[row.container.source][row.container.key]);
        return planes(row.values, old).map(({ name, lines, before, first }) =>
          matrix(row.container, name, lines, before, first, step, view.scale[row.container.key] || 1, width),
        );
      }),
    );
    return rows
      .map(({ container, values }) => `${container.label}: ${values.slice(0, 4).map((row) => shortText(row, 60)).join("; ")}`)
      .join(". ");
  }

  return { node, show };
}

// The matrices in a value of one, two or three dimensions.
function planes(values, old) {
  if (!Array.isArray(values[0])) return [{ name: "", lines: [values], before: old && [old], first: null }];
  if (!Array.isArray(values[0][0])) return [{ name: "", lines: values, before: old, first: [] }];
  return values.slice(0, 4).map((lines, index) => ({ name: `[${index}]`, lines, before: old?.[index], first: [index] }));
}

function matrix(container, name, lines, before, first, step, scale, width) {
  const columns = Math.min(Math.max(1, ...lines.map((line) => line.length)), MOST);
  const side = Math.min(44, Math.max((Math.min(width, 420) - 20) / columns, 12));
  const touched = (kind) => step[kind].filter(([key]) => key === container.key).map(([, ...path]) => path);
  const [reads, writes] = [touched("reads"), touched("writes")];
  const shapes = [label(container.label + name, 2, 14, { "text-anchor": "start", class: "sw-name" })];
  lines.slice(0, MOST).forEach((line, row) => {
    line.slice(0, MOST).forEach((value, column) => {
      const path = first === null ? [column] : [...first, row, column];
      const changed = before?.[row] && JSON.stringify(before[row][column]) !== JSON.stringify(value);
      const mark = covers(writes, path) ? "write" : covers(reads, path) ? "read" : changed ? "changed" : "none";
      const number = numberOf(value);
      const share = Math.min(Math.abs(number) / scale, 1) || 0;
      const [x, y] = [2 + side * column, 22 + side * row];
      shapes.push(
        shape("rect", {
          class: `sw-tile sw-tile-${number < 0 ? "below" : "above"}`, x, y, width: side - 2, height: side - 2, rx: 2,
          style: `fill-opacity: ${0.06 + 0.5 * share}`,
        }),
        ...(mark === "none" ? [] : [shape("rect", { class: `sw-tile-ring sw-ring-${mark}`, x: x + 1, y: y + 1, width: side - 4, height: side - 4, rx: 2 })]),
        ...(side >= 26 ? [label(shortTile(value, number), x + side / 2 - 1, y + side / 2 + 4, { class: "sw-small" })] : []),
      );
    });
  });
  const wide = Math.max(side * columns + 4, 9 * (container.label + name).length);
  const high = 24 + side * Math.min(lines.length, MOST);
  return shape("svg", { viewBox: `0 0 ${wide} ${high}`, width: wide, height: high }, ...shapes);
}

// Whether one of these accesses touches the element at `path`; [a, b] stands for a slice.
function covers(accesses, path) {
  return accesses.some((access) =>
    access.every((index, axis) =>
      Array.isArray(index)
        ? path[axis] >= (index[0] ?? 0) && path[axis] < (index[1] ?? Infinity)
        : index === path[axis],
    ),
  );
}

function shortTile(value, number) {
  if (typeof value !== "number" && !(value && typeof value === "object" && "value" in value)) return shortText(value, 5);
  if (Number.isInteger(number)) return Math.abs(number) < 1e5 ? String(number) : number.toExponential(0);
  return Math.abs(number) >= 0.01 && Math.abs(number) < 1000 ? number.toPrecision(2) : number.toExponential(0);
}
