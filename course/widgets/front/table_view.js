// A table or a row that is being filled, with arrows from the cells that a value comes from.

import { element, say, shape } from "./dom.js";
import { label } from "./picture.js";
import { elementsOf, shortText } from "./values.js";

const ROW_HIGH = 32;
let tables = 0;

export function tableView(view) {
  tables += 1;
  const tip = `sw-tip-${tables}`;
  const svg = shape("svg", {});
  const words = element("div", { class: "sw-direction" });
  const key = element("div", { class: "sw-legend" }, element("span", {}, element("i", { class: "sw-key sw-key-fresh" }), "written in this round"));
  const node = element("div", { role: "img" }, svg, words, key);
  const drawing = { node, show, wide: true, centre: null };

  function show({ rows, step, previous, run, index, width }) {
    const { container, values } = rows[0];
    const square = Array.isArray(values[0]);
    const lines = square
      ? values.map((row, place) => ({ name: beside(view.row_names, step, place), values: elementsOf(row) ?? [], key: container.key }))
      : [{ name: container.label, values, key: container.key }];
    const where = { [container.key]: square ? [] : [0] };
    for (const name of [...rows.slice(1).map((row) => row.container.key), ...view.extra]) {
      if (Array.isArray(step.locals[name]) && !step.aliases[name]) {
        where[name] = [lines.length];
        lines.push({ name, values: step.locals[name], key: name, apart: true });
      }
    }
    const place = ([key, ...path]) => {
      const alias = step.aliases[key];
      const full = where[key] ? [...where[key], ...path] : alias?.[0] === container.key ? [...alias.slice(1), ...path] : [];
      return full.length === 2 && full.every(Number.isInteger) && lines[full[0]] ? full : null;
    };
    const columns = Math.max(1, ...lines.map((line) => line.values.length));
    const longest = Math.max(1, ...lines.flatMap((line) => line.values.map((value) => shortText(value, 7).length)));
    const left = Math.max(24, ...lines.map((line) => 8.4 * String(line.name).length + 16));
    const side = Math.min(Math.max((width - left - 16) / columns, 8.2 * longest + 12, 28), 54);
    const top = 34;
    const middle = ([row, column]) => [left + side * (column + 0.5), top + ROW_HIGH * row + gap(lines, row) + ROW_HIGH / 2];
    const reads = step.reads.map(place).filter(Boolean);
    const writes = step.writes.map(place).filter(Boolean);
    const marks = new Map();
    const old = previous && elementsOf(previous[container.source][container.key]);
    lines.forEach((line, row) => {
      const before = line.apart ? previous?.locals[line.key] : square ? elementsOf(old?.[row]) : old;
      line.values.forEach((value, column) => {
        if (before && before.length === line.values.length && JSON.stringify(before[column]) !== JSON.stringify(value)) {
          marks.set(`${row} ${column}`, "changed");
        }
      });
    });
    const sweep = sweptBy(run, index, step, view.directions ?? {});
    for (const [row, column] of reads) marks.set(`${row} ${column}`, "read");
    for (const [row, column] of writes) marks.set(`${row} ${column}`, "write");
    const shapes = Array.from({ length: columns }, (_, column) =>
      label(beside(view.column_names, step, column), left + side * (column + 0.5), top - 10, { class: "sw-index" }),
    );
    lines.forEach((line, row) => {
      const y = top + ROW_HIGH * row + gap(lines, row);
      shapes.push(label(String(line.name), left - 10, y + 21, { "text-anchor": "end", class: line.apart || !square ? "sw-name" : "sw-index" }));
      line.values.forEach((value, column) => {
        const fresh = sweep && sweep.key === line.key && sweep.done.has(column);
        shapes.push(
          shape("rect", {
            class: `sw-cell sw-mark-${marks.get(`${row} ${column}`) ?? "none"}${fresh ? " sw-fresh" : ""}`,
            x: left + side * column + 1.5, y: y + 1.5, width: side - 3, height: ROW_HIGH - 3, rx: 3,
          }),
          label(shortText(value, Math.max(Math.floor(side / 8), 2)), left + side * (column + 0.5), y + 21),
        );
      });
    });
    let inRound = false;
    for (const target of writes) {
      for (const source of reads) {
        if (source[0] === target[0] && source[1] === target[1]) continue;
        const fresh = sweep && lines[source[0]].key === sweep.key && sweep.done.has(source[1]);
        inRound ||= Boolean(fresh);
        shapes.push(arrow(middle(source), middle(target), fresh, tip));
      }
    }
    const high = top + ROW_HIGH * lines.length + gap(lines, lines.length - 1) + 10;
    const drawn = left + side * columns + 12;
    svg.replaceChildren(shape("defs", {}, ...["", "-fresh"].map((kind) => head(tip + kind, kind))), ...shapes);
    svg.setAttribute("viewBox", `0 0 ${drawn} ${high}`);
    svg.setAttribute("width", drawn);
    svg.setAttribute("height", high);
    const way = sweep && sweep.direction ? (sweep.direction > 0 ? "filled upwards →" : "← filled downwards") : "";
    const warning = inRound ? "; takes a value of this very round" : writes.length && reads.length && sweep && sweep.direction ? "; takes values of the round before" : "";
    say(words, way + warning);
    key.hidden = !sweep?.done.size;
    drawing.centre = writes[0] ? { x: middle(writes[0])[0], y: 0 } : null;
    const told = (places) => places.map(([row, column]) => `${lines[row].name} ${column}`).join(", ");
    const now = [writes.length ? `writes ${told(writes)}` : "", reads.length ? `reads ${told(reads)}` : "", way + warning];
    const row = lines.at(-1);
    now.push(`${row.name}: ${row.values.map((value) => shortText(value)).join(", ")}`);
    return now.filter(Boolean).join("; ");
  }

  return drawing;
}

// Further rows stand a little apart from the table.
function gap(lines, row) {
  return lines.slice(0, row + 1).some((line) => line.apart) ? 12 : 0;
}

function beside(name, step, index) {
  const list = name ? elementsOf(step.locals[name] ?? step.args[name]) : null;
  return list && list[index] !== undefined ? shortText(list[index], 7) : String(index);
}

// The cells already filled in this round of a row that is filled again and again in one direction.
function sweptBy(run, index, step, directions) {
  const current = step.writes.find(([key, ...path]) => directions[key] && path.length === 1);
  const key = current?.[0] ?? Object.keys(directions)[0];
  if (key === undefined) return null;
  const direction = directions[key];
  const done = new Set();
  let next = current ? current[1] : null;
  for (let earlier = index - 1; earlier >= Math.max(0, index - 3000); earlier -= 1) {
    const write = run.packed.steps[earlier].writes?.find(([one, ...path]) => one === key && path.length === 1);
    if (!write) continue;
    if (next !== null && next !== write[1] && Math.sign(next - write[1]) !== direction) break;
    if (next !== write[1] || done.size) done.add(write[1]);
    else if (next === null) done.add(write[1]);
    next = write[1];
  }
  return { key, direction, done };
}

function arrow([x1, y1], [x2, y2], fresh, tip) {
  const flat = Math.abs(y1 - y2) < 4;
  const [sx, sy, ex, ey] = flat ? [x1, y1 - ROW_HIGH / 2 + 2, x2, y2 - ROW_HIGH / 2 + 1] : shortened(x1, y1, x2, y2);
  const bend = flat ? Math.min(14 + Math.abs(x2 - x1) * 0.08, 26) : 0;
  return shape("path", {
    class: `sw-arrow${fresh ? " sw-arrow-fresh" : ""}`, "marker-end": `url(#${tip}${fresh ? "-fresh" : ""})`,
    d: flat ? `M${sx} ${sy}Q${(sx + ex) / 2} ${sy - bend} ${ex} ${ey}` : `M${sx} ${sy}L${ex} ${ey}`,
  });
}

function shortened(x1, y1, x2, y2) {
  const length = Math.hypot(x2 - x1, y2 - y1) || 1;
  const [ux, uy] = [(x2 - x1) / length, (y2 - y1) / length];
  return [x1 + ux * 9, y1 + uy * 9, x2 - ux * 14, y2 - uy * 14];
}

function head(id, kind) {
  return shape(
    "marker", { id, viewBox: "0 0 10 10", refX: 8, refY: 5, markerWidth: 6, markerHeight: 6, orient: "auto" },
    shape("path", { class: `sw-arrow-head${kind}`, d: "M0 0L10 5L0 10z" }),
  );
}
