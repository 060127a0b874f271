// A tree drawn from the top down: children side by side, each parent over the middle of its own.

import { shape } from "./dom.js";
import { label } from "./picture.js";

const LEVEL = 62;
const NODE_HIGH = 28;
const GAP = 12;
const SMALLEST = 0.62; // a wide tree shrinks so far, then it is scrolled

// Places of all nodes: Map(id -> {x, depth, width}), and how wide all is. `below(id)` gives the ids
// below a node, null where a place stays free; `words(id)` what must fit into its box.
export function placed(root, below, words) {
  const places = new Map();
  let filled = 0;
  const place = (id, depth) => {
    const width = Math.max(28, 7.6 * words(id).length + 14);
    const own = { x: 0, depth, width };
    places.set(id, own);
    const start = filled;
    const children = below(id);
    const inner = [];
    for (const child of children) {
      if (child === null) filled += 22 + GAP;
      else if (!places.has(child)) {
        place(child, depth + 1);
        inner.push(child);
      }
    }
    const span = [start, filled - GAP];
    const middle = inner.length
      ? children.length === 2 && inner.length === 1
        ? (span[0] + span[1]) / 2
        : (places.get(inner[0]).x + places.get(inner.at(-1)).x) / 2
      : start + width / 2;
    own.x = Math.max(middle, start + width / 2);
    if (own.x > middle) for (const child of inner) shift(child, own.x - middle);
    filled = Math.max(filled + (inner.length ? own.x - middle : 0), own.x + width / 2 + GAP);
  };
  const shift = (id, by) => {
    places.get(id).x += by;
    for (const child of below(id)) if (child !== null && places.has(child)) shift(child, by);
  };
  place(root, 0);
  return { places, width: filled };
}

// Draws the `nodes` [{id, parent, word, under, kind, edge, faint, names, cross}] at their places into the
// picture; returns the middle of the node `current`, in pixels of the page.
export function drawTree(svg, { places, width }, nodes, room, current) {
  const at = (id) => ({ x: places.get(id).x + 8, y: 10 + LEVEL * places.get(id).depth });
  const lines = [];
  const boxes = [];
  let deepest = 0;
  for (const { id, parent, word, under, kind, edge, faint, names, cross } of nodes) {
    const { x, y } = at(id);
    const wide = places.get(id).width;
    deepest = Math.max(deepest, y + NODE_HIGH + (under || cross || names?.length ? 22 : 4));
    if (parent !== null && parent !== undefined) {
      const above = at(parent);
      lines.push(shape("line", { class: `sw-branch sw-branch-${edge ?? kind}`, x1: above.x, y1: above.y + NODE_HIGH, x2: x, y2: y }));
    }
    boxes.push(
      shape(
        "g", { class: faint ? "sw-faint" : "" },
        shape("rect", { class: `sw-node sw-node-${kind}`, x: x - wide / 2, y, width: wide, height: NODE_HIGH, rx: 13 }),
        label(word, x, y + 19),
        ...(under ? [label(under, x, y + NODE_HIGH + 14, { class: "sw-index sw-over" })] : []),
        ...(names?.length ? [label(names.join(", "), x, y + NODE_HIGH + 14, { class: "sw-name sw-over" })] : []),
        ...(cross ? [crossAt(x + (under || names?.length ? wide / 2 + 2 : 0), y + NODE_HIGH + 10)] : []),
      ),
    );
  }
  const drawn = Math.max(width + 16, 60);
  const scale = Math.min(1, Math.max(room / drawn, SMALLEST));
  svg.replaceChildren(...lines, ...boxes);
  svg.setAttribute("viewBox", `0 0 ${drawn} ${deepest + 6}`);
  svg.setAttribute("width", drawn * scale);
  svg.setAttribute("height", (deepest + 6) * scale);
  return places.has(current) ? { x: at(current).x * scale, y: at(current).y * scale } : null;
}

function crossAt(x, y) {
  return shape(
    "g", { class: "sw-cut" }, shape("line", { x1: x, x2: x, y1: y - 10, y2: y - 4 }),
    shape("path", { d: `M${x - 4} ${y - 3}l8 8m0 -8l-8 8` }),
  );
}
