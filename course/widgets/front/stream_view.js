// Values that come in one by one, and the course of the running numbers below.

import { cellsView } from "./cells_view.js";
import { element, shape } from "./dom.js";

const COURSE_HIGH = 44;

export function streamView(view) {
  const values = cellsView(view);
  values.node.removeAttribute("role"); // the whole is one picture
  const courses = element("div", { class: "sw-courses" });
  const node = element("div", { role: "img" }, values.node, courses);
  const lines = Object.entries(view.series).map(([name, readings], number) => course(name, readings, number));
  courses.append(...lines.map((line) => line.node));

  function show({ rows, step, previous, run, index, width, glide }) {
    const row = rows[0];
    const pointers = Object.keys(row.pointers).length ? row.pointers : (step.walks[row.container.key] ?? {});
    const newest = Math.max(-1, ...Object.values(pointers).filter((place) => place < row.values.length));
    const shade = newest >= 0 ? [0, newest + 1] : null;
    const said = values.show({ rows: [{ ...row, pointers, shade }], step, previous, width, glide });
    const now = lines.map((line) => line.show(index, run.length, width, step));
    return [said, ...now].join(". ");
  }

  return { node, show };
}

// One running number: its course so far as a line, and its value now.
function course(name, readings, number) {
  const line = shape("path", { class: `sw-course sw-series-${number % 4}` });
  const dot = shape("circle", { class: `sw-series-${number % 4} sw-solid-dot`, r: 4 });
  const svg = shape("svg", { height: COURSE_HIGH }, line, dot);
  const value = element("output", {});
  const node = element("div", { class: "sw-course-row" }, element("b", {}, name), svg, value);
  const numbers = readings.map(([, reading]) => reading);
  const [low, high] = [Math.min(...numbers), Math.max(...numbers)];

  function show(index, count, width) {
    const wide = Math.max(width - 190, 90);
    const x = (step) => 5 + ((wide - 10) * step) / Math.max(count - 1, 1);
    const y = (reading) => (high === low ? COURSE_HIGH / 2 : COURSE_HIGH - 6 - ((COURSE_HIGH - 12) * (reading - low)) / (high - low));
    svg.setAttribute("width", wide);
    svg.setAttribute("viewBox", `0 0 ${wide} ${COURSE_HIGH}`);
    const past = readings.filter(([step]) => step <= index);
    line.setAttribute(
      "d",
      past.map(([step, reading], place) => `${place ? `H${x(step)}V` : `M${x(step)} `}${y(reading)}`).join("") +
        (past.length ? `H${x(index)}` : ""),
    );
    const last = past.at(-1);
    dot.setAttribute("visibility", last ? "visible" : "hidden");
    if (last) {
      dot.setAttribute("cx", x(index));
      dot.setAttribute("cy", y(last[1]));
    }
    const shown = last ? String(Number(last[1].toPrecision(6))) : "–";
    value.textContent = shown;
    return `${name} ${shown}`;
  }

  return { node, show };
}
