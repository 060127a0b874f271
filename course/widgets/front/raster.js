// Heat maps and images: pixels on a small canvas, stretched over their rectangle.

import { colourTable } from "./palette.js";

const tables = { true: colourTable(true), false: colourTable(false) };
const cache = new WeakMap();

// Draws the layer's cells or pixels; `at` holds the scales.
export function drawRaster(context, layer, data, { x, y }) {
  if (!cache.has(data)) cache.set(data, layer.kind === "heat" ? heatPixels(layer, data) : imagePixels(data));
  const source = cache.get(data);
  const [[left, right], [low, high]] = data.area;
  context.imageSmoothingEnabled = false;
  context.save();
  // Pixels begin with row 0; where that is the lowest row, the axis turns them over.
  context.translate(x(left), y(low));
  context.scale((x(right) - x(left)) / source.width, (y(high) - y(low)) / source.height);
  context.drawImage(source, 0, 0);
  context.restore();
}

// The number at a place, or null outside.
export function cellAt(layer, data, px, py) {
  const [[left, right], [low, high]] = data.area;
  const wide = layer.kind === "heat" ? data.rows[0].length : data.width;
  const tall = layer.kind === "heat" ? data.rows.length : data.height;
  const column = Math.floor(((px - left) / (right - left)) * wide);
  const row = Math.floor(((py - low) / (high - low)) * tall);
  if (column < 0 || row < 0 || column >= wide || row >= tall) return null;
  return { column, row, value: layer.kind === "heat" ? data.rows[row][column] : null };
}

function surface(width, height) {
  const canvas = document.createElement("canvas");
  canvas.width = width;
  canvas.height = height;
  return canvas;
}

function heatPixels(layer, data) {
  const canvas = surface(data.rows[0].length, data.rows.length);
  const pixels = new ImageData(canvas.width, canvas.height);
  const table = tables[Boolean(layer.look.diverging)];
  const span = data.high - data.low || 1;
  let at = 0;
  for (const row of data.rows) {
    for (const value of row) {
      const index = 3 * Math.min(Math.max(Math.round(((value - data.low) / span) * 255), 0), 255);
      for (let part = 0; part < 3; part += 1) pixels.data[at + part] = value === null ? 128 : table[index + part];
      pixels.data[at + 3] = 255;
      at += 4;
    }
  }
  canvas.getContext("2d").putImageData(pixels, 0, 0);
  return canvas;
}

function imagePixels(data) {
  const canvas = surface(data.width, data.height);
  const pixels = new ImageData(data.width, data.height);
  const bytes = atob(data.rgb);
  for (let i = 0, at = 0; i < bytes.length; i += 3, at += 4) {
    pixels.data[at] = bytes.charCodeAt(i);
    pixels.data[at + 1] = bytes.charCodeAt(i + 1);
    pixels.data[at + 2] = bytes.charCodeAt(i + 2);
    pixels.data[at + 3] = 255;
  }
  canvas.getContext("2d").putImageData(pixels, 0, 0);
  return canvas;
}

// The colour scale beside a heat map, as a CSS gradient.
export function gradient(diverging) {
  const table = tables[Boolean(diverging)];
  const stops = [0, 51, 102, 153, 204, 255].map((i) => `rgb(${table[3 * i]},${table[3 * i + 1]},${table[3 * i + 2]})`);
  return `linear-gradient(to right, ${stops.join(",")})`;
}
