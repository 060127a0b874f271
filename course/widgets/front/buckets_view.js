// Buckets with what is in them, and the range of each, under the values that are put into them.

import { cellsView } from "./cells_view.js";
import { element } from "./dom.js";
import { elementsOf, numberOf, shortText } from "./values.js";

export function bucketsView(view) {
  const values = cellsView(view);
  values.node.removeAttribute("role"); // the whole is one picture
  const shelf = element("div", { class: "sw-shelf" });
  const node = element("div", { role: "img" }, values.node, shelf);

  function show({ rows, step, previous, width, glide }) {
    const [row, ...lists] = rows[0]?.container === view.containers[0] ? rows : [null, ...rows];
    values.node.style.display = row ? "" : "none";
    const pointers = row && { ...row.pointers, ...step.walks[row.container.key] };
    const said = row ? values.show({ rows: [{ ...row, pointers }], step, previous, width, glide }) : "";
    const keys = lists.map(({ container }) => container.key);
    const touched = (kind) => new Set(step[kind].flatMap((access) => touchedBucket(access, keys, step.aliases)));
    const [read, written] = [touched("reads"), touched("writes")];
    const count = Math.max(0, ...lists.map((list) => list.values.length));
    const [low, wide] = [step.locals[view.low], step.locals[view.bucket_width]].map((one) => one === undefined ? NaN : numberOf(one));
    const contents = [];
    const boxes = Array.from({ length: count }, (_, index) => {
      const held = lists.flatMap((list) => heldIn(list.values[index]));
      contents.push(held.length ? `bucket ${index}: ${held.join(" and ")}` : `bucket ${index} empty`);
      const mark = written.has(index) ? "write" : read.has(index) ? "read" : "none";
      const range = Number.isFinite(low + wide) ? `${shortRange(low + index * wide)} to ${shortRange(low + (index + 1) * wide)}` : "";
      return element(
        "div", { class: `sw-bucket sw-tint-${mark}` },
        element("div", { class: "sw-held" }, ...held.map((one) => element("span", {}, one))),
        element("small", {}, String(index)),
        ...(range ? [element("small", {}, range)] : []),
      );
    });
    shelf.replaceChildren(...boxes);
    return [said, ...contents.slice(0, 20)].filter(Boolean).join(". ");
  }

  return { node, show };
}

// Which bucket an access touches: by the list itself, or by a name for one bucket.
function touchedBucket([key, index], keys, aliases) {
  if (keys.includes(key)) return Number.isInteger(index) ? [index] : [];
  const alias = aliases[key];
  return alias && keys.includes(alias[0]) ? [alias[1]] : [];
}

function heldIn(value) {
  if (value === null || value === undefined) return [];
  return (elementsOf(value) ?? [value]).map((one) => shortText(one, 8));
}

function shortRange(number) {
  return Number.isInteger(number) ? String(number) : number.toPrecision(3);
}
