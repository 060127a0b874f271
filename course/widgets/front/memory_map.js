// One tensor of a kernel's launch as a map of cells: which program touched which element, how often.

import { element, say, shape } from "./dom.js";
import { SERIES } from "./palette.js";

export const [LARGEST, SMALLEST] = [26, 3]; // pixels a side of a cell
const NUMBERED = 9; // cells of so many pixels have room for the number of a program

// `kind` is "read" or "written": what the map is about.
export function memoryMap(tensor, number, kind) {
  const { size, columns, across, down } = tensor;
  const wide = Math.ceil(columns / across);
  const cells = [];
  const art = shape("svg", { role: "img" });
  const what = `${tensor.shape}${kind ? `, ${kind}` : ""}${tensor.scale ? `; ${tensor.scale}` : ""}`;
  const name = element("div", { class: "sw-map-name" }, `${tensor.name} `, element("small", {}, what));
  const node = element("div", { class: "sw-map", "data-tensor": tensor.name, "data-kind": kind }, name, art);
  touch([[0, size]], (index, count) => {
    cells[index] ??= { row: Math.floor(index / wide), column: index % wide, size: 0, square: shape("rect"), seen: "" };
    cells[index].size += count;
  });
  const high = cells.length ? cells.at(-1).row + 1 : 0;
  const outline = shape("path", { class: `sw-map-now sw-map-now-${kind}` });
  art.append(...cells.map(({ square }) => square), outline);
  let side = 0;

  // The picture's size for cells of this many pixels, or fewer where the width does not allow them.
  function scale(wanted, width) {
    const pixels = Math.max(Math.min((width - 16) / wide, wanted), SMALLEST);
    art.setAttribute("width", pixels * wide + 3);
    art.setAttribute("height", pixels * high + 3);
    return pixels;
  }

  function place(wanted, width) {
    side = scale(wanted, width);
    art.setAttribute("viewBox", `0 0 ${side * wide + 3} ${side * high + 3}`);
    const gap = side < NUMBERED ? 0.7 : 2;
    node.classList.toggle("sw-map-small", side < NUMBERED);
    for (const cell of cells) {
      const attributes = { x: left(cell), y: top(cell), width: side - gap, height: side - gap, rx: Math.min(2, side / 5) };
      for (const [key, value] of Object.entries(attributes)) cell.square.setAttribute(key, value);
      cell.seen = "";
    }
  }

  function left(cell) {
    return 1.5 + cell.column * side;
  }

  function top(cell) {
    return 1.5 + cell.row * side;
  }

  // The cell of each element in `ranges`, called with how many of its elements.
  function touch(ranges, each) {
    for (const [start, stop] of ranges) {
      let at = start;
      while (at < stop) {
        const row = Math.floor(at / columns);
        const column = Math.floor((at % columns) / across);
        const end = Math.min(row * columns + (column + 1) * across, (row + 1) * columns, stop);
        each(Math.floor(row / down) * wide + column, end - at);
        at = end;
      }
    }
  }

  // `steps` up to now, the last of them in progress; `alone` is a program, or "". Returns words.
  function show(steps, alone, programs, atEnd) {
    const touches = cells.map(() => 0);
    const who = cells.map(() => null);
    const mine = cells.map(() => false);
    const bad = new Set();
    const now = new Set();
    steps.forEach((step, index) => {
      if (step.tensor !== number || step.kind !== kind) return;
      touch(step.ranges, (cell, count) => {
        touches[cell] += count;
        who[cell] = who[cell] === null || who[cell] === step.program ? step.program : "+";
        mine[cell] ||= step.program === alone;
        if (step.fault) bad.add(cell);
        if (index === steps.length - 1) now.add(cell);
      });
    });
    let [again, missing] = [0, 0];
    cells.forEach((cell, index) => {
      const times = Math.ceil(touches[index] / cell.size - 1e-9);
      const hole = atEnd && kind === "written" && touches[index] < cell.size;
      again += Number(times > 1);
      missing += Number(hole);
      const other = alone && !mine[index];
      draw(cell, {
        who: who[index], times, hole, other, bad: bad.has(index),
        colour: who[index] === null || who[index] === "+" ? "#7f7f7f" : SERIES[programs.indexOf(who[index]) % SERIES.length],
      });
    });
    outline.setAttribute("d", around(now));
    const touched = touches.filter(Boolean).length;
    const words = [`${tensor.name}: ${touched} of ${cells.length} cells ${kind || "touched"}`];
    if (again) words.push(`${again} more than once`);
    if (missing) words.push(`${missing} never written`);
    if (bad.size) words.push(`${bad.size} in a fault`);
    art.setAttribute("aria-label", words.join(", "));
    return words.join(", ");
  }

  // The border of these cells, as a path: the sides that no two of them share, in straight pieces.
  function around(chosen) {
    const has = (row, column) => column >= 0 && column < wide && chosen.has(row * wide + column);
    const across = pieces(high, wide, (row, column) => has(row - 1, column) !== has(row, column));
    const down = pieces(wide, high, (column, row) => has(row, column - 1) !== has(row, column));
    return [
      ...across.map(([row, from, to]) => `M${0.5 + from * side} ${0.5 + row * side}H${0.5 + to * side}`),
      ...down.map(([column, from, to]) => `M${0.5 + column * side} ${0.5 + from * side}V${0.5 + to * side}`),
    ].join("");
  }

  function draw(cell, look) {
    const key = JSON.stringify(look);
    if (cell.seen === key) return;
    cell.seen = key;
    const classes = ["sw-spot"];
    if (look.who !== null) classes.push("sw-spot-touched");
    if (look.other && look.who !== null) classes.push("sw-spot-other");
    if (look.hole) classes.push("sw-spot-missing");
    if (look.bad) classes.push("sw-spot-fault");
    cell.square.setAttribute("class", classes.join(" "));
    cell.square.style.fill = look.who === null ? "" : look.colour;
    const twice = look.times > 1 && side >= 15;
    const word = look.bad ? "!" : look.hole ? "?" : look.who === null || look.other ? "" : look.who;
    const middle = top(cell) + (side - 2) / 2 + 4;
    write(cell, "word", side >= 6.5 * word.length + 3 ? word : "", look.bad || look.hole ? "sw-loud" : "", twice ? middle - 4 : middle);
    write(cell, "again", twice ? `×${look.times}` : "", "sw-tiny", top(cell) + side - 4);
  }

  // Texts are made when there is something to say: most maps have cells too small for any.
  function write(cell, part, text, look, y) {
    if (!cell[part]) {
      if (!text) return;
      cell[part] = shape("text");
      cell.square.after(...[cell.word, cell.again].filter(Boolean));
    }
    say(cell[part], text);
    cell[part].setAttribute("class", look);
    cell[part].setAttribute("x", left(cell) + (side - 2) / 2);
    cell[part].setAttribute("y", y);
  }

  const isSmall = () => side < NUMBERED;
  return { node, high, isSmall, scale, place, show, isAbout: (step) => step.tensor === number && step.kind === kind };
}

// On the lines 0 … `lines` of a grid, the pieces [line, from, to] along which `isBorder` holds.
function pieces(lines, length, isBorder) {
  const found = [];
  for (let line = 0; line <= lines; line += 1) {
    let from = null;
    for (let at = 0; at <= length; at += 1) {
      const border = at < length && isBorder(line, at);
      if (border) from ??= at;
      else if (from !== null) {
        found.push([line, from, at]);
        from = null;
      }
    }
  }
  return found;
}
