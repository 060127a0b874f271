// One tensor of a kernel's launch as a map of cells: which program touched which element, how often.

import { element, say, shape } from "./dom.js";
import { SERIES } from "./palette.js";

const [LARGEST, SMALLEST] = [26, 3]; // pixels a side of a cell

// `kind` is "read" or "written": what the map is about.
export function memoryMap(tensor, number, kind) {
  const across = Math.ceil(tensor.columns / tensor.bin);
  const cells = [];
  const art = shape("svg", { role: "img" });
  const name = element(
    "div", { class: "sw-map-name" }, `${tensor.name} `,
    element("small", {}, [`${tensor.shape}${kind ? `, ${kind}` : ""}`, ...cut()].join("; ")),
  );
  const node = element("div", { class: "sw-map", "data-tensor": tensor.name, "data-kind": kind }, name, art);
  for (let row = 0; row < tensor.rows; row += 1) {
    for (let column = 0; column < across; column += 1) {
      const first = row * tensor.columns + column * tensor.bin;
      const last = Math.min(first + tensor.bin, (row + 1) * tensor.columns, tensor.size);
      if (first >= tensor.size) continue;
      const square = shape("rect", { class: "sw-spot", rx: 2 });
      const [word, again] = [shape("text"), shape("text", { class: "sw-tiny" })];
      art.append(square, word, again);
      cells.push({ row, column, size: last - first, square, word, again, seen: "" });
    }
  }
  let side = 0;

  function cut() {
    const words = tensor.bin > 1 ? [`a cell is ${tensor.bin} elements`] : [];
    const shown = tensor.rows * tensor.columns;
    return shown < tensor.size ? [...words, `the first ${tensor.rows} rows`] : words;
  }

  function place(width) {
    const wanted = Math.max(Math.min((width - 4) / across, LARGEST), SMALLEST);
    if (wanted === side) return;
    side = wanted;
    const [wide, high] = [side * across + 3, side * tensor.rows + 3];
    for (const [key, value] of Object.entries({ viewBox: `0 0 ${wide} ${high}`, width: wide, height: high })) {
      art.setAttribute(key, value);
    }
    for (const cell of cells) {
      const [x, y] = [1.5 + cell.column * side, 1.5 + cell.row * side];
      const inside = Math.max(side - 2, 1.5);
      for (const [key, value] of Object.entries({ x, y, width: inside, height: inside })) {
        cell.square.setAttribute(key, value);
      }
      cell.word.setAttribute("x", x + inside / 2);
      cell.again.setAttribute("x", x + inside / 2);
      cell.again.setAttribute("y", y + inside - 2);
      cell.seen = "";
    }
  }

  // The cell of each element in `ranges` that is drawn, called with how many of its elements.
  function touch(ranges, each) {
    for (const [start, stop] of ranges) {
      let at = start;
      while (at < stop) {
        const row = Math.floor(at / tensor.columns);
        const column = Math.floor((at % tensor.columns) / tensor.bin);
        const end = Math.min(row * tensor.columns + (column + 1) * tensor.bin, (row + 1) * tensor.columns, stop);
        if (row < tensor.rows) each(row * across + column, end - at);
        at = end;
      }
    }
  }

  // `steps` up to now, the last of them in progress; `alone` is a program, or "". Returns words.
  function show(steps, width, alone, programs, atEnd) {
    place(width);
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
        who: who[index], times, hole, other, bad: bad.has(index), now: now.has(index),
        colour: who[index] === null || who[index] === "+" ? "#7f7f7f" : SERIES[programs.indexOf(who[index]) % SERIES.length],
      });
    });
    const touched = touches.filter(Boolean).length;
    const words = [`${tensor.name}: ${touched} of ${cells.length} cells ${kind || "touched"}`];
    if (again) words.push(`${again} more than once`);
    if (missing) words.push(`${missing} never written`);
    if (bad.size) words.push(`${bad.size} in a fault`);
    art.setAttribute("aria-label", words.join(", "));
    return words.join(", ");
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
    if (look.now) classes.push(`sw-spot-now-${kind}`);
    cell.square.setAttribute("class", classes.join(" "));
    cell.square.style.fill = look.who === null ? "" : look.colour;
    const twice = look.times > 1 && side >= 15;
    const word = look.bad ? "!" : look.hole ? "?" : look.who === null || look.other ? "" : look.who;
    const fits = side >= 6.5 * word.length + 3;
    say(cell.word, fits ? word : "");
    cell.word.classList.toggle("sw-loud", look.bad || look.hole);
    const middle = 1.5 + cell.row * side + (side - 2) / 2 + 4;
    cell.word.setAttribute("y", twice ? middle - 4 : middle);
    say(cell.again, twice ? `×${look.times}` : "");
  }

  return { node, show };
}
