// One list of numbers as bars, with pointers below and the water between the outermost two.

import { shape } from "./dom.js";
import { drawPointers, label, marksOf } from "./picture.js";
import { numberOf, shortText } from "./values.js";

const TALL = 150;

export function barsView(view) {
  const water = shape("rect", { class: "sw-water" });
  const caption = label("", 0, 16, { class: "sw-caption" });
  const bars = shape("g");
  const ground = shape("line", { class: "sw-ground" });
  const pointers = shape("g");
  const svg = shape("svg", { role: "img" }, water, bars, ground, caption, pointers);

  // `rows` holds one {container, values, before, pointers}; returns what a screen reader is told.
  function show({ rows, step, previous, width, glide }) {
    const row = rows[0];
    const heights = row.values.map(numberOf);
    const ends = Object.values(row.pointers);
    const outside = ends.some((index) => index < 0 || index >= heights.length);
    const margin = outside ? 48 : 28;
    const slot = Math.min(48, Math.max((width - 2 * margin) / Math.max(heights.length, 1), 1));
    const drawn = Math.max(slot * heights.length + 2 * margin, 120);
    const tallest = Math.max(1, ...heights);
    const deepest = Math.min(0, ...heights);
    const scale = TALL / (tallest - deepest);
    const zero = 44 + tallest * scale;
    const base = zero - deepest * scale;
    const middle = (index) => margin + slot * (index + 0.5);
    const marks = marksOf(step, previous, row.container, row.values, row.before);
    const pair = view.water ? containerBetween(ends, heights.length) : null;

    const fits = slot >= 16;
    bars.replaceChildren(
      ...heights.flatMap((height, index) => {
        const wide = Math.max(slot * 0.44, 1);
        const top = zero - Math.max(height, 0) * scale;
        const kind = marks[index] ?? (pair && pair.includes(index) ? "wall" : "plain");
        return [
          shape("rect", {
            class: `sw-bar sw-mark-${kind}`, x: middle(index) - wide / 2, y: top, width: wide,
            height: Math.max(Math.abs(height) * scale, 1),
          }),
          ...(fits
            ? [
                label(shortText(row.values[index], slot / 8), middle(index), top - 6),
                label(String(index), middle(index), base + 16, { class: "sw-index" }),
              ]
            : []),
        ];
      }),
    );
    setAll(ground, { x1: margin / 2, x2: drawn - margin / 2, y1: zero, y2: zero });

    let said = "";
    water.setAttribute("visibility", pair ? "visible" : "hidden");
    if (pair) {
      const [left, right] = pair;
      const level = Math.max(Math.min(heights[left], heights[right]), 0);
      const surface = zero - level * scale;
      setAll(water, {
        x: middle(left), y: surface, width: middle(right) - middle(left), height: zero - surface,
      });
      water.classList.toggle("sw-glide", glide);
      said = `${short(level)} high × ${right - left} wide = ${short(level * (right - left))}`;
      caption.setAttribute("x", clamp((middle(left) + middle(right)) / 2, 80, drawn - 80));
    }
    caption.textContent = said;

    const places = Object.entries(row.pointers)
      .filter(([, index]) => index >= -1 && index <= heights.length)
      .map(([name, index]) => ({ name, x: middle(index) }));
    const top = base + (fits ? 24 : 8);
    const under = drawPointers(pointers, places, top, glide);
    const high = top + Math.max(under, 30) + 4;
    setAll(svg, { viewBox: `0 0 ${drawn} ${high}`, width: drawn, height: high });
    const where = Object.entries(row.pointers).map(([name, index]) => `${name} at ${index}`);
    const known = [...where, ...(said ? [said] : [])];
    return known.length ? known.join(", ") : `${row.container.label}: ${heights.join(", ")}`;
  }

  return { node: svg, show };
}

function containerBetween(ends, count) {
  const inside = ends.filter((index) => index >= 0 && index < count).sort((a, b) => a - b);
  return inside.length >= 2 && inside[0] < inside.at(-1) ? [inside[0], inside.at(-1)] : null;
}

function setAll(node, attributes) {
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
}

function clamp(value, low, high) {
  return Math.min(Math.max(value, Math.min(low, high)), Math.max(low, high));
}

function short(number) {
  return Number.isInteger(number) ? String(number) : number.toPrecision(4);
}
