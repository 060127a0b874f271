// Numbers on a line whose gaps are folded: those in the set are filled, what is looked up is ringed.

import { shape } from "./dom.js";
import { drawPointers, label } from "./picture.js";
import { elementsOf, numberOf } from "./values.js";

const LINE = 46;
const ENDS = 38; // room for a name below the first and the last place

export function numberLineView(view) {
  const svg = shape("svg", { role: "img" });
  const pointers = shape("g");
  const drawing = { node: svg, show, wide: true, centre: null };

  function show({ rows, step, width, glide }) {
    const [values, seen] = view.containers;
    const given = new Set(numbersIn(step[values?.source]?.[values?.key]));
    const held = seen ? new Set(numbersIn(step[seen.source][seen.key])) : new Set();
    const asked = (kind) => step[kind].filter(([key]) => seen && key === seen.key).map(([, place]) => place);
    const [read, written] = [asked("reads"), asked("writes")];
    const gaps = view.places.map((place, at) => at > 0 && place - view.places[at - 1] > 1);
    const units = view.places.length + gaps.filter(Boolean).length * 0.7 + 1;
    const slot = Math.min(Math.max((width - 2 * ENDS) / Math.max(units - 1, 1), 26), 46);
    const at = new Map();
    let x = Math.max(slot * 0.9, ENDS);
    const shapes = [];
    view.places.forEach((place, index) => {
      const from = x;
      if (index > 0) x += gaps[index] ? slot * 1.7 : slot;
      at.set(place, x);
      if (index > 0) {
        shapes.push(shape("line", { class: gaps[index] ? "sw-fold" : "sw-ground", x1: from, x2: x, y1: LINE, y2: LINE }));
      }
    });
    for (const [place, middle] of at) {
      const kind = written.includes(place) ? "write" : read.includes(place) ? "read" : "none";
      const full = held.has(place) ? "sw-dot-in" : given.has(place) ? "sw-dot-given" : "sw-dot-empty";
      shapes.push(
        shape("circle", { class: `sw-dot ${full} sw-ring-${kind}`, cx: middle, cy: LINE, r: full === "sw-dot-empty" ? 3.5 : 8 }),
        label(String(place), middle, LINE + 26),
      );
      if (kind !== "none") {
        shapes.push(
          shape("circle", { class: `sw-ring sw-ring-${kind}`, cx: middle, cy: LINE, r: 13 }),
          label(kind === "write" ? "goes in" : held.has(place) ? "in" : "not in", middle, LINE - 20, { class: "sw-index" }),
        );
      }
    }
    const named = { ...(seen ? step.pointers[seen.key] : {}) };
    for (const name of view.at) if (step.locals[name] !== undefined) named[name] = numberOf(step.locals[name]);
    const places = Object.entries(named)
      .filter(([, place]) => at.has(place))
      .map(([name, place]) => ({ name, place, x: at.get(place) }));
    const now = read[0] ?? written[0] ?? places[0]?.place;
    drawing.centre = at.has(now) ? { x: at.get(now) } : null;
    const under = drawPointers(pointers, places, LINE + 34, glide);
    svg.replaceChildren(...shapes, pointers);
    const drawn = x + Math.max(slot * 0.9, ENDS);
    const high = LINE + 38 + Math.max(under, 30);
    svg.setAttribute("viewBox", `0 0 ${drawn} ${high}`);
    svg.setAttribute("width", drawn);
    svg.setAttribute("height", high);
    const told = [...held].slice(0, 30).join(", ");
    const looked = read.map((place) => `${place} is ${held.has(place) ? "in" : "not in"} it`);
    const list = rows.length ? [...given].slice(0, 30).join(", ") : "";
    looked.push(...Object.entries(named).map(([name, place]) => `${name} at ${place}`));
    return [seen && held.size ? `${seen.label} holds ${told}` : `numbers ${list}`, ...looked].join(". ");
  }

  return drawing;
}

// The numbers in a list or set, or the keys of a dictionary.
function numbersIn(value) {
  const items = elementsOf(value) ?? value?.items ?? [];
  const pairs = value && !Array.isArray(value) && elementsOf(value) === null;
  return items.map((item) => numberOf(pairs ? item[0] : item));
}
