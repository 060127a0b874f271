// What is under the pointer, in words: a cell of a heat map, a bar, a dot.

import { shortNumber } from "./axes.js";
import { barsOf } from "./layers.js";
import { cellAt } from "./raster.js";

// `layers` are those to be seen, each with its data; `at` has the scales; px and py are pixels.
export function pointedAt(layers, at, px, py) {
  const [x, y] = [at.toX(px), at.toY(py)];
  const told = [];
  for (const [layer, data] of layers) {
    if (layer.kind === "heat") {
      const cell = cellAt(layer, data, x, y);
      if (!cell) continue;
      const where = layer.over ? `(${shortNumber(x)}, ${shortNumber(y)})` : `row ${cell.row}, column ${cell.column}`;
      told.push(`${layer.label || "value"} at ${where}: ${shortNumber(cell.value)}`);
    } else if (layer.kind === "columns" || layer.kind === "histogram") {
      const bar = barsOf(layer, data).find(({ left, right, from, to }) => x >= left && x <= right && y >= Math.min(from, to) && y <= Math.max(from, to));
      if (!bar) continue;
      const where = data.labels ? data.labels[bar.number] : `${shortNumber(bar.left)} to ${shortNumber(bar.right)}`;
      const series = layer.look.names?.[bar.order] ? `, ${layer.look.names[bar.order]}` : "";
      told.push(`${where}${series}: ${shortNumber(bar.to - bar.from)}`);
    } else if (layer.kind === "dots") {
      let best = 12;
      let found = -1;
      data.x.forEach((one, i) => {
        if (one === null || data.y[i] === null) return;
        const far = Math.hypot(at.x(one) - px, at.y(data.y[i]) - py);
        if (far < best) [best, found] = [far, i];
      });
      if (found < 0) continue;
      const group = layer.look.names?.[data.group?.[found] ?? 0] ?? layer.label;
      told.push(`${group ? `${group} ` : ""}(${shortNumber(data.x[found])}, ${shortNumber(data.y[found])})`);
    }
  }
  return told.join("\n");
}
