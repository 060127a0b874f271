// Points of the plane: dots, lists joined in their order, polygons, and the names that are at a point.

import { shape } from "./dom.js";
import { label } from "./picture.js";
import { elementsOf, numberOf } from "./values.js";

const MARGIN = 34;
const [WIDEST, HIGHEST, LARGEST] = [460, 300, 56]; // pixels; the last is a unit's

export function planeView(view) {
  const svg = shape("svg", { role: "img" });

  function show({ rows, step, width }) {
    const frame = framed(view, width);
    const shapes = grid(frame, view.step);
    const said = [];
    for (const { container, values } of rows) {
      const points = pointsIn(values);
      if (container.label in view.kinds && points.length > 1) {
        const corners = points.map((point) => frame.at(point).join()).join(" ");
        const closed = view.kinds[container.label] === "closed";
        shapes.push(shape(closed ? "polygon" : "polyline", { class: closed ? "sw-area" : "sw-way", points: corners }));
      }
      said.push(`${container.label}: ${points.slice(0, 20).map(written).join(", ")}`);
    }
    for (const ends of view.segments) {
      const [from, to] = ends.map((name) => pointOf(step.locals[name] ?? step.args[name]));
      if (!from || !to) continue;
      const [[x1, y1], [x2, y2]] = [frame.at(from), frame.at(to)];
      shapes.push(shape("line", { class: "sw-way", x1, y1, x2, y2 }));
    }
    for (const { container, values } of rows) {
      const read = new Set(step.reads.filter(([key]) => key === container.key).map(([, index]) => index));
      pointsIn(values).forEach((point, index) => {
        const [cx, cy] = frame.at(point);
        const marked = read.has(index) && !pointOf(values);
        shapes.push(shape("circle", { class: `sw-spot sw-spot-${marked ? "read" : "plain"}`, cx, cy, r: marked ? 7 : 4.5 }));
      });
    }
    const names = new Map();
    for (const [name, value] of Object.entries({ ...step.args, ...step.locals })) {
      const point = pointOf(value);
      if (!point) continue;
      const key = frame.at(point).join();
      names.set(key, [...(names.get(key) ?? []), name]);
      said.push(`${name} at ${written(point)}`);
    }
    for (const [key, own] of names) {
      const [x, y] = key.split(",").map(Number);
      shapes.push(
        shape("circle", { class: "sw-ring sw-ring-named", cx: x, cy: y, r: 9 }),
        label(own.join(", "), x + 10, y - 10, { "text-anchor": "start", class: "sw-name sw-over" }),
      );
    }
    svg.replaceChildren(...shapes);
    svg.setAttribute("viewBox", `0 0 ${frame.wide} ${frame.tall}`);
    svg.setAttribute("width", frame.wide);
    svg.setAttribute("height", frame.tall);
    return said.join("; ");
  }

  return { node: svg, show };
}

// One scale for both directions, y upwards. `low` and `high` are the corners of all points of the run.
function framed({ low, high }, width) {
  const spans = [high[0] - low[0], high[1] - low[1]];
  const room = [Math.min(width, WIDEST) - 2 * MARGIN, HIGHEST - 2 * MARGIN];
  const scale = Math.min(LARGEST, ...spans.map((span, axis) => (span ? room[axis] / span : LARGEST)));
  const tall = spans[1] * scale + 2 * MARGIN;
  const round = (value) => Math.round(value * 10) / 10;
  return {
    low, high, tall, wide: spans[0] * scale + 2 * MARGIN,
    at: ([x, y]) => [round(MARGIN + (x - low[0]) * scale), round(tall - MARGIN - (y - low[1]) * scale)],
  };
}

// Thin lines at every `step`, with their numbers below and at the left.
function grid({ low, high, tall, at }, step) {
  const shapes = [];
  for (const axis of [0, 1]) {
    for (let place = Math.ceil(low[axis] / step) * step; place <= high[axis]; place += step) {
      const [x1, y1] = at(axis ? [low[0], place] : [place, low[1]]);
      const [x2, y2] = at(axis ? [high[0], place] : [place, high[1]]);
      const told = String(Number(place.toPrecision(6)));
      const [x, y, anchor] = axis ? [x1 - 10, y1 + 4, "end"] : [x1, tall - 8, "middle"];
      shapes.push(
        shape("line", { class: "sw-thin", x1, y1, x2, y2 }),
        label(told, x, y, { "text-anchor": anchor, class: "sw-index" }),
      );
    }
  }
  return shapes;
}

// A pair of numbers, or null.
function pointOf(value) {
  const pair = Array.isArray(value) || (value && typeof value === "object") ? elementsOf(value) : null;
  const plain = (one) => typeof one === "number" || (one && typeof one === "object" && "value" in one);
  return pair?.length === 2 && pair.every(plain) ? pair.map(numberOf) : null;
}

function pointsIn(values) {
  const one = pointOf(values);
  return one ? [one] : values.map(pointOf).filter(Boolean);
}

function written(point) {
  return `(${point.join(", ")})`;
}
