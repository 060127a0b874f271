// The points of a panel that the reader drags, or moves by the arrow keys.

import { shortNumber } from "./axes.js";
import { focusable, shape } from "./dom.js";
import { colourOf } from "./layers.js";
import { drawMark } from "./palette.js";
import { TextPen } from "./pens.js";

// `hooks` as in plot_panel.js; `current()` gives {now, at}, what is shown and the scales; `visible`
// and `follow` are the panel's.
export function plotPoints(spec, hooks, { current, visible, follow }) {
  const places = shape("g", {});

  function show() {
    const { now, at } = current();
    const wanted = spec.layers.filter((layer) => layer.kind === "handles" && visible(layer));
    const keys = wanted.flatMap((layer) => (now.points[layer.look.name] ?? []).map((_, i) => `${layer.look.name} ${i}`));
    if ([...places.children].map((one) => one.dataset.key).join() !== keys.join()) {
      places.replaceChildren(...wanted.flatMap((layer) => (now.points[layer.look.name] ?? []).map((_, i) => handle(layer, i))));
    }
    let number = 0;
    for (const layer of wanted) {
      (now.points[layer.look.name] ?? []).forEach(([x, y]) => {
        const made = places.children[number];
        number += 1;
        made.setAttribute("transform", `translate(${at.left + at.x(x)} ${at.top + at.y(y)})`);
        const main = layer.look.move === "y" ? y : x;
        const [low, high] = now.ranges[layer.look.move === "y" ? 1 : 0];
        made.setAttribute("aria-valuenow", main);
        made.setAttribute("aria-valuemin", Math.min(low, main));
        made.setAttribute("aria-valuemax", Math.max(high, main));
        made.setAttribute("aria-valuetext", `x ${shortNumber(x)}, y ${shortNumber(y)}`);
      });
    }
  }

  function handle(layer, index) {
    const name = layer.look.name;
    const pen = new TextPen();
    drawMark(pen, layer.look.mark, 0, 0, 7);
    const many = current().now.points[name].length > 1;
    const made = focusable(
      shape(
        "g", {
          class: "sw-handle", role: "slider", tabindex: "0", "data-key": `${name} ${index}`, "data-testid": `plot-point-${name}-${index}`,
          "aria-label": many ? `${layer.label} ${index + 1}` : layer.label, "aria-roledescription": "draggable point",
        },
        shape("circle", { r: 14, fill: "transparent" }),
        shape("path", { d: pen.text, fill: colourOf(layer) }),
      ),
    );
    const put = (x, y) => {
      const { now } = current();
      const [oldX, oldY] = hooks.newest().points[name][index];
      const { snap } = layer.look;
      const stop = (value) => (snap ? Math.round(value / snap) * snap : value);
      const inside = (value, [low, high]) => Math.min(Math.max(stop(value), low), high);
      hooks.move(name, index, [
        layer.look.move === "y" ? oldX : inside(x, now.ranges[0]),
        layer.look.move === "x" ? oldY : inside(y, now.ranges[1]),
      ]);
    };
    made.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      event.stopPropagation();
      made.focus();
      follow(event, made, (x, y) => put(current().at.toX(x), current().at.toY(y)));
    });
    made.addEventListener("keydown", (event) => {
      const ways = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
      if (!ways[event.key]) return;
      event.preventDefault();
      event.stopPropagation();
      const many = event.shiftKey ? 10 : 1;
      const [x, y] = hooks.newest().points[name][index];
      const [across, up] = current().now.ranges.map(([low, high]) => Math.max(((high - low) / 100) * many, layer.look.snap ?? 0));
      put(x + ways[event.key][0] * across, y + ways[event.key][1] * up * (spec.down ? -1 : 1));
    });
    return made;
  }

  return { node: places, show };
}
