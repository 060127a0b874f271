// How each kind of layer is drawn (its data: see prepared.py). `draw(layer, data, at, newPen)` gives
// strokes; `at` holds the scales x and y and the size of the plotting area.

import { DASHES, SERIES, drawMark } from "./palette.js";

const DRAWN = {
  curve: lines, line: lines, history: lines, fill: area, band: area, columns, histogram: columns,
  ridges, arrows, dots, rule, heat: contours,
};
export const ON_CANVAS = new Set(["heat", "image"]);
const MANY_MARKS = 1000;
const FAR = 1e5;

export function drawLayer(layer, data, at, newPen) {
  return DRAWN[layer.kind] ? DRAWN[layer.kind](layer, data, at, newPen) : [];
}

// Above about a thousand marks a canvas is faster than SVG.
export function isLarge(layer, data) {
  if (layer.kind === "dots" || layer.kind === "arrows") return data.x.length > MANY_MARKS;
  if (layer.kind === "line") return data.y.length * (data.y[0]?.length ?? 0) > 12 * MANY_MARKS;
  return false;
}

export function colourOf(layer, order = 0) {
  return SERIES[(layer.look.colour + order) % SERIES.length];
}

function lines(layer, data, { x, y }, newPen) {
  const pen = newPen();
  data.y.forEach((row, number) => {
    const places = data.x.length === 1 ? data.x[0] : data.x[number];
    let down = false;
    row.forEach((value, i) => {
      const px = places[i] === null ? NaN : x(places[i]);
      const py = value === null ? NaN : y(value);
      const seen = Math.abs(px) < FAR && Math.abs(py) < FAR;
      if (seen) {
        if (down) pen.lineTo(px, py);
        else pen.moveTo(px, py);
      }
      down = seen;
    });
  });
  const faint = layer.look.faint;
  return [{
    pen, stroke: colourOf(layer), width: faint ? 1 : 2, opacity: faint ? 0.45 : 1,
    dash: faint ? "" : DASHES[layer.look.dash],
  }];
}

function area(layer, data, { x, y }, newPen) {
  const pen = newPen();
  const known = data.x.map((_, i) => i).filter((i) => data.low[i] !== null && data.high[i] !== null);
  known.forEach((i, order) => (order ? pen.lineTo(x(data.x[i]), y(data.high[i])) : pen.moveTo(x(data.x[i]), y(data.high[i]))));
  known.reverse().forEach((i) => pen.lineTo(x(data.x[i]), y(data.low[i])));
  if (known.length) pen.closePath();
  return [{ pen, fill: colourOf(layer), opacity: 0.28 }];
}

// The bars of a column layer: [{left, right, from, to, order, number}] in the axes' units.
export function barsOf(layer, data) {
  const found = [];
  data.heights[0].forEach((_, number) => {
    const [left, right] = data.edges
      ? [data.edges[number], data.edges[number + 1]]
      : [number - 0.38, number + 0.38];
    let base = 0;
    data.heights.forEach((row, order) => {
      const height = row[number] ?? 0;
      const each = layer.look.stacked ? right - left : (right - left) / data.heights.length;
      const from = layer.look.stacked ? left : left + each * order;
      found.push({ left: from, right: from + each, from: base, to: base + height, order, number });
      if (layer.look.stacked) base += height;
    });
  });
  return found;
}

function columns(layer, data, { x, y }, newPen) {
  const strokes = data.heights.map((_, order) => ({
    pen: newPen(), fill: colourOf(layer, order), stroke: data.heights.length > 1 ? "currentColor" : null,
    width: 0.8, dash: DASHES[order % DASHES.length],
  }));
  for (const { left, right, from, to, order } of barsOf(layer, data)) {
    const top = Math.min(y(from), y(to));
    const gap = data.edges ? 0.6 : 0;
    strokes[order].pen.rect(x(left), top, Math.max(x(right) - x(left) - gap, 0.5), Math.abs(y(from) - y(to)));
  }
  return strokes;
}

function ridges(layer, data, at, newPen) {
  const most = Math.max(1, ...data.counts.flat());
  const middles = data.edges.slice(1).map((edge, i) => (edge + data.edges[i]) / 2);
  return data.counts.flatMap((row, number) => {
    const tops = row.map((count) => number + (0.9 * count) / most);
    const look = { ...layer, look: { colour: number % SERIES.length, dash: 0 } };
    return [
      ...area(look, { x: middles, low: row.map(() => number), high: tops }, at, newPen),
      ...lines(look, { x: [middles], y: [tops] }, at, newPen),
    ];
  });
}

function arrows(layer, data, { x, y }, newPen) {
  const pen = newPen();
  let longest = 0;
  data.u.forEach((u, i) => { longest = Math.max(longest, Math.hypot(u ?? 0, data.v[i] ?? 0)); });
  let many = layer.look.scale;
  if (layer.over) {
    const [[left, right], [low, high]] = layer.over;
    many *= Math.min(right - left, high - low) / (layer.samples + 1) / (longest || 1);
  }
  data.x.forEach((px, i) => {
    const [u, v] = [data.u[i], data.v[i]];
    if (px === null || data.y[i] === null || u === null || v === null) return;
    const from = [x(px), y(data.y[i])];
    const to = [x(px + u * many), y(data.y[i] + v * many)];
    pen.moveTo(...from);
    pen.lineTo(...to);
    const length = Math.hypot(to[0] - from[0], to[1] - from[1]);
    if (length < 1.5) return;
    const head = Math.min(length * 0.4, 6) / length;
    const [dx, dy] = [(to[0] - from[0]) * head, (to[1] - from[1]) * head];
    pen.moveTo(to[0] - dx - dy * 0.6, to[1] - dy + dx * 0.6);
    pen.lineTo(...to);
    pen.lineTo(to[0] - dx + dy * 0.6, to[1] - dy - dx * 0.6);
  });
  return [{ pen, stroke: colourOf(layer), width: 1.4 }];
}

function dots(layer, data, { x, y }, newPen) {
  const groups = new Map();
  data.x.forEach((px, i) => {
    if (px === null || data.y[i] === null) return;
    const group = data.group?.[i] ?? 0;
    if (!groups.has(group)) groups.set(group, newPen());
    const [sx, sy] = [x(px), y(data.y[i])];
    if (Math.abs(sx) < FAR && Math.abs(sy) < FAR) drawMark(groups.get(group), group, sx, sy, layer.look.size);
  });
  return [...groups].map(([group, pen]) => ({
    pen, fill: colourOf(layer, group), stroke: "var(--sw-paper)", width: 0.6, opacity: 0.9,
  }));
}

function rule(layer, data, { x, y, width, height }, newPen) {
  const pen = newPen();
  for (const at of data.at) {
    if (at === null) continue;
    pen.moveTo(...(layer.look.axis === "x" ? [x(at), 0] : [0, y(at)]));
    pen.lineTo(...(layer.look.axis === "x" ? [x(at), height] : [width, y(at)]));
  }
  return [{ pen, stroke: "currentColor", width: 1.2, dash: "5 4", opacity: 0.75 }];
}

// Contour lines of a heat map, by marching squares over the middles of its cells.
function contours(layer, data, { x, y }, newPen) {
  const count = layer.look.levels;
  if (!count) return [];
  const pen = newPen();
  const { rows, low, high } = data;
  const [[left, right], [bottom, top]] = data.area;
  const [wide, tall] = [rows[0].length, rows.length];
  const placeX = (i) => x(left + ((i + 0.5) / wide) * (right - left));
  const placeY = (j) => y(bottom + ((j + 0.5) / tall) * (top - bottom));
  for (let number = 1; number <= count; number += 1) {
    const level = low + (number / (count + 1)) * (high - low);
    for (let j = 0; j + 1 < tall; j += 1) {
      for (let i = 0; i + 1 < wide; i += 1) {
        const corners = [[i, j, rows[j][i]], [i + 1, j, rows[j][i + 1]], [i + 1, j + 1, rows[j + 1][i + 1]], [i, j + 1, rows[j + 1][i]]];
        if (corners.some(([, , value]) => value === null)) continue;
        const cuts = [];
        corners.forEach(([i0, j0, a], side) => {
          const [i1, j1, b] = corners[(side + 1) % 4];
          if (a < level !== b < level) {
            const part = (level - a) / (b - a);
            cuts.push([placeX(i0 + (i1 - i0) * part), placeY(j0 + (j1 - j0) * part)]);
          }
        });
        for (let pair = 0; pair + 1 < cuts.length; pair += 2) {
          pen.moveTo(...cuts[pair]);
          pen.lineTo(...cuts[pair + 1]);
        }
      }
    }
  }
  return [{ pen, stroke: "#ffffff", width: 1, opacity: 0.75 }];
}

// The y of a layer at x, by linear interpolation along its (first) line; null where it has none.
export function valueAt(layer, data, place) {
  if (layer.kind === "columns") return null;
  const xs = Array.isArray(data.x?.[0]) ? data.x[0] : data.x;
  const ys = Array.isArray(data.y?.[0]) ? data.y[0] : data.y ?? data.high;
  return along(xs, ys, place);
}

export function along(xs, ys, place) {
  if (!xs || !ys || xs.length < 2 || place < xs[0] || place > xs[xs.length - 1]) return null;
  let [low, high] = [0, xs.length - 1];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (xs[middle] <= place) low = middle;
    else high = middle;
  }
  if (ys[low] === null || ys[high] === null) return null;
  const part = xs[high] === xs[low] ? 0 : (place - xs[low]) / (xs[high] - xs[low]);
  return ys[low] + (ys[high] - ys[low]) * part;
}
