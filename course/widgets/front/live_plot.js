// The live plot: panels of layers that answer sliders and drags. What was computed ahead is drawn
// here at once; what the kernel computes arrives as `fresh`.

import { controlRow } from "./controls.js";
import { element, focusable, say } from "./dom.js";
import { frameFor } from "./frames.js";
import { onceAFrame } from "./once_a_frame.js";
import { plotPanel } from "./plot_panel.js";
import { NO_ANSWER, sent, showProblem } from "./problem.js";

const QUIET = 400; // a screen reader is told the values when they stay this long
const PATIENCE = 5000; // and that no kernel answers after this long

function render({ model, el }) {
  const figure = model.get("figure");
  let hovered = null;
  const heading = element("div", { class: "sw-title" }, figure.title);
  heading.hidden = !figure.title;
  const controls = controlRow(figure.controls, (name, value) => set({ params: { ...model.get("params"), [name]: value } }));
  const panels = figure.panels.map((spec) =>
    plotPanel(spec, figure.drag, {
      point: (cursor) => set({ cursor }),
      hover,
      move,
      toggle,
      newest: () => ({ cursor: model.get("cursor"), hover: hovered, points: model.get("points") }),
    }),
  );
  const grid = element("div", { class: "sw-panels" }, ...panels.map(({ node }) => node));
  const buttons = element("div", { class: "sw-presses" });
  for (const name of figure.buttons) {
    const button = focusable(element("button", { type: "button", "data-testid": `press-${name}` }, name));
    button.addEventListener("click", () => {
      if (sent(model, { press: name })) expectAnswer();
      else unanswered();
    });
    buttons.append(button);
  }
  buttons.hidden = !figure.buttons.length;
  const problem = element("div", { class: "sw-problem", role: "alert", "data-testid": "plot-problem" });
  const spoken = element("div", { class: "sw-spoken", "aria-live": "polite" });
  const root = element(
    "div", { class: "sw-live", role: "group", "aria-label": figure.title || "Live plot", "data-testid": "live-plot" },
    heading, grid, buttons, controls.node, problem, spoken,
  );
  el.append(root);

  const live = figure.panels.flatMap(({ layers }) => layers).filter(({ id, deps }) => deps.length && !model.get("frames")[id]);

  let quiet = null;
  let waiting = null;
  let silent = false; // whether the kernel has not answered for long

  function set(values) {
    for (const [name, value] of Object.entries(values)) model.set(name, value);
    model.save_changes();
  }

  function move(name, index, place) {
    const points = model.get("points");
    set({ points: { ...points, [name]: points[name].map((one, i) => (i === index ? place : one)) } });
  }

  function toggle(label) {
    const hidden = model.get("hidden");
    set({ hidden: hidden.includes(label) ? hidden.filter((one) => one !== label) : [...hidden, label] });
  }

  function hover(x) {
    hovered = x;
    drawing.now();
    tell();
  }

  function show() {
    const [params, frames, fresh] = [model.get("params"), model.get("frames"), model.get("fresh")];
    let wrong = model.get("problem")?.text ? model.get("problem") : null;
    const data = {};
    for (const { layers } of figure.panels) {
      for (const layer of layers) {
        data[layer.id] = layer.data ?? fresh.layers[layer.id] ?? null;
        if (!frames[layer.id]) continue;
        const found = frameFor(frames[layer.id], params);
        wrong ??= found.problem;
        data[layer.id] = found.data ?? last[layer.id] ?? null;
      }
    }
    Object.assign(last, data);
    panels.forEach((panel, i) =>
      panel.show({
        ranges: fresh.ranges[i], data, hidden: model.get("hidden"), cursor: model.get("cursor"),
        hover: hovered, points: model.get("points"),
      }),
    );
    controls.show(params);
    showProblem(problem, silent ? NO_ANSWER : wrong);
  }
  const last = {};

  function tell() {
    clearTimeout(quiet);
    quiet = setTimeout(() => say(spoken, panels.map((panel) => panel.spoken()).filter(Boolean).join("; ")), QUIET);
  }

  function expectAnswer() {
    waiting ??= setTimeout(unanswered, PATIENCE);
  }

  function unanswered() {
    silent = true;
    drawing.later();
  }

  function answered() {
    clearTimeout(waiting);
    waiting = null;
    silent = false;
    drawing.now();
  }

  const drawing = onceAFrame(show);
  const moved = (names) => () => {
    drawing.now();
    tell();
    if (live.some(({ deps }) => deps.some((one) => names().includes(one)))) expectAnswer();
  };
  const onParams = moved(() => Object.keys(model.get("params")));
  const onPoints = moved(() => Object.keys(model.get("points")));
  const onCursor = moved(() => (figure.drag ? [figure.drag.name] : []));
  model.on("change:params", onParams);
  model.on("change:points", onPoints);
  model.on("change:cursor", onCursor);
  model.on("change:hidden", drawing.now);
  model.on("change:fresh change:problem", answered);
  const resized = new ResizeObserver(() => {
    panels.forEach((panel) => panel.resized());
    drawing.later();
  });
  resized.observe(root);
  show();

  return () => {
    controls.stop();
    drawing.stop();
    clearTimeout(quiet);
    clearTimeout(waiting);
    resized.disconnect();
    model.off("change:params", onParams);
    model.off("change:points", onPoints);
    model.off("change:cursor", onCursor);
    model.off("change:hidden", drawing.now);
    model.off("change:fresh change:problem", answered);
    root.remove();
  };
}

export default { render };
