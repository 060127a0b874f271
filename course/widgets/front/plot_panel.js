// One pair of axes: its layers, a legend that switches them, the draggable places, what the pointer
// is over, and the notes below.

import { axisScale, axisTicks, inverseScale, shortNumber } from "./axes.js";
import { element, focusable, say, shape } from "./dom.js";
import { ON_CANVAS, along, colourOf, drawLayer, isLarge, valueAt } from "./layers.js";
import { drawMark } from "./palette.js";
import { TextPen, strokeAttributes, strokeOnCanvas } from "./pens.js";
import { plotLegend } from "./plot_legend.js";
import { plotPoints } from "./plot_points.js";
import { pointedAt } from "./pointed_at.js";
import { drawRaster } from "./raster.js";

const READABLE = new Set(["curve", "line", "history", "fill", "band", "slope"]);

// `hooks`: point(x) moves the dragged place, hover(x or null) the shared one, move(name, index,
// place) a point, toggle(label) hides or shows a layer; newest() has the cursor, hover and points of
// this moment, which may be newer than what is drawn.
export function plotPanel(spec, drag, hooks) {
  const heading = element("div", { class: "sw-panel-title" }, spec.title);
  heading.hidden = !spec.title;
  const canvas = element("canvas", { "aria-hidden": "true" });
  const picture = shape("svg", { class: "sw-marks", role: "img" });
  const axes = shape("g", { class: "sw-axes" });
  const inner = shape("svg", { class: "sw-inner" });
  picture.append(axes, inner);
  const groups = new Map(spec.layers.map((layer) => [layer.id, shape("g", { "data-layer": layer.id, "data-kind": layer.kind })]));
  inner.append(...groups.values());
  const movable = spec.layers.some(({ kind }) => kind === "handles");
  const hair = shape("path", { class: "sw-hair", "aria-hidden": "true" });
  const readings = shape("g", { "aria-hidden": "true" });
  // Over a map or with equal axes, lines are shapes: there is nothing to read off along x.
  const flat = spec.equal || spec.layers.some(({ kind }) => ON_CANVAS.has(kind));
  const readable = !flat && spec.layers.some(({ kind }) => READABLE.has(kind));
  const grip = readable ? gripFor() : null;
  const points = plotPoints(spec, hooks, { current: () => ({ now, at }), visible, follow });
  const overlay = shape(
    "svg", grip || movable ? { class: "sw-overlay", role: "group", "aria-label": "to move" } : { class: "sw-overlay", "aria-hidden": "true" },
  );
  overlay.append(hair, readings, ...(grip ? [grip] : []), points.node);
  const tip = element("div", { class: "sw-tip", "aria-hidden": "true" });
  tip.hidden = true;
  const stage = element("div", { class: "sw-stage" }, canvas, picture, overlay, tip);
  const legend = plotLegend(spec, hooks.toggle);
  const notes = element("div", { class: "sw-notes", "aria-live": "polite" });
  const node = element(
    "div", { class: "sw-panel", role: "group", "aria-label": spec.title || named("plot"), "data-testid": "plot-panel" },
    heading, stage, legend.node, notes,
  );

  let now = null; // what is shown: {ranges, data, hidden, cursor, hover, points}
  let room = null; // how wide the stage is; null when that may have changed
  let at = null; // the scales and the size of the plotting area
  let drawn = new Map(); // layer → the data it was drawn from, at this size

  // The picture in words, for screen readers.
  function named(fallback) {
    const labels = spec.layers.map(({ label, kind }) => label || kind).filter((label) => label !== "note");
    const about = [spec.y, spec.x].filter(Boolean).join(" against ");
    return `${spec.title || about || fallback}: ${labels.join(", ")}`;
  }

  function gripFor() {
    const what = drag ? spec.x || drag.name : `read values along ${spec.x || "x"}`;
    const made = focusable(
      shape(
        "g", { class: drag ? "sw-grip" : "sw-grip sw-quiet", role: "slider", tabindex: "0", "aria-label": what, "data-testid": "plot-cursor" },
        shape("rect", { x: -12, y: -12, width: 24, height: 24, fill: "transparent" }),
        shape("path", { d: "M0 9L7 1V-8H-7V1Z" }),
      ),
    );
    made.addEventListener("keydown", (event) => onArrow(event, (steps) => {
      const [low, high] = span();
      const { cursor, hover } = hooks.newest();
      const from = (drag ? cursor : hover) ?? (low + high) / 2;
      moveTo(Math.min(Math.max(from + (steps * (high - low)) / 100, low), high));
    }, (end) => moveTo(span()[end])));
    if (!drag) made.addEventListener("blur", () => hooks.hover(null));
    return made;
  }

  function span() {
    return drag ? drag.span : now.ranges[0];
  }

  function reading() {
    return drag ? now.cursor : now.hover;
  }

  function moveTo(x) {
    if (drag) hooks.point(x);
    else hooks.hover(x);
  }

  // Works out sizes and scales; true when they changed.
  function measure() {
    room ??= Math.max(stage.clientWidth, 160); // asking makes the browser lay out the page
    const width = room;
    const key = JSON.stringify([width, now.ranges, rowNames(), now.ratio]);
    if (at && at.key === key) return false;
    const [across, up] = now.ranges;
    const yTicks = ticksUp(up, (spec.height ?? Math.min(Math.max(width * 0.62, 220), 330)) - 60);
    const labels = yTicks.map(({ label }) => label.length);
    const left = 8 + 6.6 * Math.max(1, ...labels) + (spec.y ? 18 : 0) + 6;
    const lastTick = shortNumber(axisTicks(across, 4, spec.log.includes("x")).at(-1));
    const right = 10 + (rowNames().labels ? 0 : 3.4 * lastTick.length);
    const [top, bottom] = [grip ? 20 : 10, 24 + (spec.x ? 18 : 0)];
    const wide = width - left - right;
    let tall = spec.height ? spec.height - top - bottom : Math.min(Math.max(width * 0.62, 220), 330) - top - bottom;
    let inset = 0;
    let broad = wide;
    if (spec.equal) {
      const ratio = (up[1] - up[0]) / (across[1] - across[0]);
      tall = Math.min(wide * ratio, 420);
      broad = tall / ratio;
      inset = (wide - broad) / 2;
    }
    const box = { left: left + inset, top, width: broad, height: tall };
    const ends = spec.down ? [0, tall] : [tall, 0];
    at = {
      key, ...box, full: width, tall: tall + top + bottom,
      x: axisScale(across, 0, broad, spec.log.includes("x")),
      y: axisScale(up, ...ends, spec.log.includes("y")),
      toX: inverseScale(across, 0, broad, spec.log.includes("x")),
      toY: inverseScale(up, ...ends, spec.log.includes("y")),
    };
    drawn = new Map();
    stage.style.height = `${at.tall}px`;
    for (const svg of [picture, overlay]) {
      svg.setAttribute("viewBox", `0 0 ${width} ${at.tall}`);
      svg.setAttribute("width", width);
      svg.setAttribute("height", at.tall);
    }
    for (const [name, value] of Object.entries({ x: box.left, y: box.top, width: box.width, height: box.height })) {
      inner.setAttribute(name, value);
    }
    inner.setAttribute("viewBox", `0 0 ${box.width} ${box.height}`);
    const many = window.devicePixelRatio || 1;
    canvas.width = Math.round(box.width * many);
    canvas.height = Math.round(box.height * many);
    canvas.style.cssText = `left:${box.left}px;top:${box.top}px;width:${box.width}px;height:${box.height}px`;
    drawAxes(yTicks);
    return true;
  }

  function rowNames() {
    const rows = spec.layers.find(({ kind }) => kind === "ridges");
    const labelled = spec.layers.find(({ id, kind }) => kind === "columns" && now.data[id]?.labels);
    return { rows: rows && now.data[rows.id]?.names, labels: labelled && now.data[labelled.id].labels };
  }

  function ticksUp(up, tall) {
    const { rows } = rowNames();
    if (rows) return rows.map((label, value) => ({ value, label }));
    return axisTicks(up, Math.max(Math.floor(tall / 44), 3), spec.log.includes("y")).map((value) => ({ value, label: shortNumber(value) }));
  }

  function ticksAcross() {
    const { labels } = rowNames();
    const room = at.width / (labels?.length ?? 1);
    if (labels) {
      return labels.map((label, value) => ({ value, label: label.length * 7 > room ? label.slice(0, Math.max(Math.floor(room / 7) - 1, 1)) + "…" : label }));
    }
    return axisTicks(now.ranges[0], Math.max(Math.floor(at.width / 64), 3), spec.log.includes("x")).map((value) => ({ value, label: shortNumber(value) }));
  }

  function drawAxes(yTicks) {
    const bottom = at.top + at.height;
    const parts = [];
    const grid = spec.layers.every(({ kind }) => !ON_CANVAS.has(kind));
    for (const { value, label } of ticksAcross()) {
      const x = at.left + at.x(value);
      if (grid && !rowNames().labels) parts.push(shape("path", { class: "sw-grid", d: `M${x} ${at.top}v${at.height}` }));
      parts.push(shape("path", { class: "sw-tick", d: `M${x} ${bottom}v4` }), shape("text", { x, y: bottom + 17, "text-anchor": "middle" }, label));
    }
    for (const { value, label } of yTicks) {
      const y = at.top + at.y(value);
      if (grid) parts.push(shape("path", { class: "sw-grid", d: `M${at.left} ${y}h${at.width}` }));
      parts.push(shape("path", { class: "sw-tick", d: `M${at.left} ${y}h-4` }), shape("text", { x: at.left - 7, y: y + 4, "text-anchor": "end" }, label));
    }
    parts.push(shape("rect", { class: "sw-frame", x: at.left, y: at.top, width: at.width, height: at.height }));
    if (spec.x) parts.push(shape("text", { x: at.left + at.width / 2, y: bottom + 36, "text-anchor": "middle", class: "sw-axis-name" }, spec.x));
    if (spec.y) {
      const [x, y] = [13, at.top + at.height / 2];
      parts.push(shape("text", { x, y, "text-anchor": "middle", class: "sw-axis-name", transform: `rotate(-90 ${x} ${y})` }, spec.y));
    }
    axes.replaceChildren(...parts);
  }

  // Shows a state; draws only what changed.
  function show(state) {
    now = spec.fits ? { ...state, ranges: fitting(state) } : state;
    const fresh = measure();
    let repaint = fresh;
    for (const layer of spec.layers) {
      const data = visible(layer) ? state.data[layer.id] ?? null : null;
      if (!fresh && drawn.get(layer.id) === data) continue;
      const before = drawn.get(layer.id);
      drawn.set(layer.id, data);
      const large = (data && isLarge(layer, data)) || (before && isLarge(layer, before));
      repaint ||= ON_CANVAS.has(layer.kind) || large;
      drawSvg(layer, data);
      if (layer.kind === "note") showNote(state.data[layer.id]);
    }
    if (repaint) paint();
    legend.show(now.data, visible);
    points.show();
    showReading();
    picture.setAttribute("aria-label", named("plot"));
  }

  // A matrix fills its axes, also when another setting gives it another size.
  function fitting({ data, ranges }) {
    const areas = spec.layers.map(({ id }) => data[id]?.area).filter(Boolean);
    if (!areas.length) return ranges;
    return [0, 1].map((side) => [Math.min(...areas.map((one) => one[side][0])), Math.max(...areas.map((one) => one[side][1]))]);
  }

  function visible(layer) {
    return !now.hidden.includes(layer.label || (layer.look.names ?? []).join(", "));
  }

  function drawSvg(layer, data) {
    const group = groups.get(layer.id);
    const strokes = data && layer.kind !== "slope" && !isLarge(layer, data) ? drawLayer(layer, data, at, () => new TextPen()) : [];
    while (group.childElementCount > strokes.length) group.lastChild.remove();
    strokes.forEach((stroke, i) => {
      const path = group.children[i] ?? group.appendChild(shape("path"));
      for (const [name, value] of Object.entries(strokeAttributes(stroke))) path.setAttribute(name, value);
    });
  }

  function paint() {
    const context = canvas.getContext("2d");
    const many = window.devicePixelRatio || 1;
    context.setTransform(many, 0, 0, many, 0, 0);
    context.clearRect(0, 0, at.width, at.height);
    const style = getComputedStyle(stage);
    const real = (colour) => {
      if (colour === "currentColor") return style.color;
      const name = /^var\((--[\w-]+)\)$/.exec(colour ?? "")?.[1];
      return name ? style.getPropertyValue(name) || "#ffffff" : colour;
    };
    for (const layer of spec.layers) {
      const data = drawn.get(layer.id);
      if (!data) continue;
      if (ON_CANVAS.has(layer.kind)) drawRaster(context, layer, data, at);
      else if (isLarge(layer, data)) {
        for (const stroke of drawLayer(layer, data, at, () => new Path2D())) {
          strokeOnCanvas(context, { ...stroke, stroke: real(stroke.stroke), fill: real(stroke.fill) });
        }
      }
    }
  }

  function showNote(data) {
    const lines = (data?.lines ?? []).map(({ text, good }) => {
      const line = element("div", { class: good === null ? "sw-line-note" : `sw-light ${good ? "sw-good" : "sw-poor"}` });
      if (good !== null) line.append(element("b", {}, good ? "✓ " : "✗ "));
      line.append(text);
      return line;
    });
    notes.replaceChildren(...lines);
  }

  // The vertical line at the dragged or hovered place, and the values there.
  function showReading() {
    const place = reading();
    const on = place !== null && place !== undefined && readable;
    hair.setAttribute("d", on ? `M${at.left + at.x(place)} ${at.top}v${at.height}` : "M0 0");
    const dots = [];
    for (const { layer, value } of legend.entries) {
      if (!value) continue;
      const data = on && visible(layer) ? now.data[layer.id] : null;
      const read = data && READABLE.has(layer.kind) ? readAt(layer, data, place) : null;
      say(value, read === null ? "" : shortNumber(read));
      if (read === null || layer.look.faint || layer.kind === "band") continue;
      const height = layer.kind === "slope" ? along(data.x, data.y, place) : read;
      const pen = new TextPen();
      drawMark(pen, 0, at.left + at.x(place), at.top + at.y(height), 4);
      if (layer.kind === "slope") tangent(dots, layer, data, place, height, read);
      else if (at.y(height) >= -1 && at.y(height) <= at.height + 1) dots.push(shape("path", { d: pen.text, fill: colourOf(layer), class: "sw-reading" }));
    }
    readings.replaceChildren(...dots);
    if (!grip) return;
    const [low, high] = span();
    const where = on ? place : (low + high) / 2;
    grip.setAttribute("transform", `translate(${at.left + at.x(where)} ${at.top - 8})`);
    grip.setAttribute("aria-valuemin", low);
    grip.setAttribute("aria-valuemax", high);
    grip.setAttribute("aria-valuenow", where);
    grip.setAttribute("aria-valuetext", spoken() || shortNumber(where));
  }

  function readAt(layer, data, place) {
    return layer.kind === "slope" ? along(data.x, data.d, place) : valueAt(layer, data, place);
  }

  function tangent(into, layer, data, place, height, rate) {
    const reach = (now.ranges[0][1] - now.ranges[0][0]) * 0.18;
    const box = shape("svg", { x: at.left, y: at.top, width: at.width, height: at.height, viewBox: `0 0 ${at.width} ${at.height}` });
    box.append(shape("path", {
      d: `M${at.x(place - reach)} ${at.y(height - rate * reach)}L${at.x(place + reach)} ${at.y(height + rate * reach)}`,
      stroke: colourOf(layer), class: "sw-tangent",
    }));
    into.push(box);
  }

  // The values at the reading place, in words.
  function spoken() {
    const place = reading();
    if (place === null || place === undefined || !readable) return "";
    const told = legend.entries
      .filter(({ value }) => value?.textContent)
      .map(({ title, value }) => `${title} ${value.textContent}`);
    return [`${spec.x || drag?.name || "x"} ${shortNumber(place)}`, ...told].join(", ");
  }

  // Calls `moved` with the place in the plotting area until the pointer is let go.
  function follow(event, target, moved) {
    target.setPointerCapture(event.pointerId);
    const step = (one) => {
      const box = overlay.getBoundingClientRect();
      moved(one.clientX - box.left - at.left, one.clientY - box.top - at.top);
    };
    const end = () => {
      target.removeEventListener("pointermove", step);
      for (const name of ["pointerup", "pointercancel", "lostpointercapture"]) target.removeEventListener(name, end);
    };
    target.addEventListener("pointermove", step);
    for (const name of ["pointerup", "pointercancel", "lostpointercapture"]) target.addEventListener(name, end);
  }

  overlay.addEventListener("pointerdown", (event) => {
    if (!drag || !readable || event.button !== 0) return;
    const box = overlay.getBoundingClientRect();
    const place = (px) => Math.min(Math.max(at.toX(px), drag.span[0]), drag.span[1]);
    event.preventDefault();
    grip.focus();
    hooks.point(place(event.clientX - box.left - at.left));
    follow(event, overlay, (px) => hooks.point(place(px)));
  });
  overlay.addEventListener("pointermove", (event) => {
    const box = overlay.getBoundingClientRect();
    const [px, py] = [event.clientX - box.left - at.left, event.clientY - box.top - at.top];
    const inside = px >= 0 && py >= 0 && px <= at.width && py <= at.height;
    if (!drag && readable) hooks.hover(inside ? at.toX(px) : null);
    showTip(inside ? pointedAt(shownLayers(), at, px, py) : "", px, py);
  });
  overlay.addEventListener("pointerleave", () => {
    if (!drag && readable && document.activeElement !== grip) hooks.hover(null);
    showTip("");
  });

  function shownLayers() {
    return spec.layers.filter((layer) => visible(layer) && now.data[layer.id]).map((layer) => [layer, now.data[layer.id]]);
  }

  function showTip(text, px = 0, py = 0) {
    tip.hidden = !text;
    if (!text) return;
    say(tip, text);
    const right = at.left + px > at.full / 2;
    tip.style.left = right ? "auto" : `${at.left + px + 12}px`;
    tip.style.right = right ? `${at.full - at.left - px + 12}px` : "auto";
    tip.style.top = `${Math.max(at.top + py - 34, 0)}px`;
  }

  return { node, show, spoken, resized: () => { room = null; } };
}

// Arrow keys in steps (ten with shift), Home and End.
function onArrow(event, step, end) {
  const ways = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -10, PageUp: 10 };
  if (event.key === "Home") end(0);
  else if (event.key === "End") end(1);
  else if (ways[event.key]) step(ways[event.key] * (event.shiftKey ? 10 : 1));
  else return;
  event.preventDefault();
  event.stopPropagation();
}
