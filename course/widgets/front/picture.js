// What the views have in common: labels, pointers below a row of elements, and a legend.

import { shape } from "./dom.js";

export const MARKS = { changed: "just changed", write: "about to be written", read: "about to be read" };

export function label(text, x, y, extra = {}) {
  return shape("text", { x, y, "text-anchor": "middle", ...extra }, text);
}

// Named arrows that glide to their elements. `places` is [{label, x}]; `top` where arrows start.
// Returns how high they are: labels that would overlap go into further rows.
export function drawPointers(group, places, top, glide) {
  const together = new Map();
  for (const { name, x } of places) together.set(x, [...(together.get(x) ?? []), name]);
  const rows = [];
  const rowOf = new Map();
  for (const x of [...together.keys()].sort((a, b) => a - b)) {
    const half = 4.2 * together.get(x).join(", ").length + 4;
    let row = rows.findIndex((filled) => x - half > filled);
    if (row < 0) row = rows.length;
    rows[row] = x + half;
    together.get(x).forEach((name, order, all) => {
      const width = 8.4 * all.join(", ").length;
      const before = 8.4 * (all.slice(0, order).join(", ").length + (order ? 2 : 0));
      rowOf.set(name, { x, row, shift: before + 4.2 * name.length - width / 2 });
    });
  }
  for (const node of [...group.children]) {
    if (!rowOf.has(node.dataset.pointer)) node.remove();
  }
  for (const [name, { x, row, shift }] of rowOf) {
    let node = [...group.children].find((child) => child.dataset.pointer === name);
    const fresh = !node;
    if (fresh) {
      node = shape(
        "g",
        { class: "sw-pointer", "data-pointer": name },
        shape("path", { d: "M0 0l-4.5 8h9z" }),
        shape("line", { x1: 0, x2: 0, y1: 8 }),
        label(name, 0, 0),
      );
      group.append(node);
    }
    node.classList.toggle("sw-glide", glide && !fresh);
    node.style.transform = `translate(${x}px, ${top}px)`;
    node.querySelector("line").setAttribute("y2", 10 + 16 * row);
    node.querySelector("text").setAttribute("x", shift);
    node.querySelector("text").setAttribute("y", 23 + 16 * row);
  }
  return rows.length ? 14 + 16 * rows.length : 0;
}

// {index: "read" | "write" | "changed"} for one container at one step.
export function marksOf(step, before, container, values, oldValues) {
  const marks = {};
  if (before && oldValues && oldValues.length === values.length) {
    values.forEach((value, index) => {
      if (value !== oldValues[index] && JSON.stringify(value) !== JSON.stringify(oldValues[index])) {
        marks[index] = "changed";
      }
    });
  }
  for (const kind of ["read", "write"]) {
    for (const [key, index] of step[`${kind}s`]) {
      if (key === container.key && Number.isInteger(index)) marks[index] = kind;
    }
  }
  return marks;
}
