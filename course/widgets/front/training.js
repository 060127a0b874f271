// The live training view: start, pause, one step, reset; settings that act at once; the newest
// pictures as they come, and a slider that looks back.

import { controlRow, iconButton } from "./controls.js";
import { element, focusable, say } from "./dom.js";
import { onceAFrame } from "./once_a_frame.js";
import { plotPanel } from "./plot_panel.js";
import { NO_ANSWER, sent, showProblem } from "./problem.js";

const TRAIN = "M6 3l11 7-11 7z";
const REST = "M5 3h3.5v14H5zM11.5 3H15v14h-3.5z";
const ONE_STEP = "M4 4l8 6-8 6zM13 4h3v12h-3z";
const ANEW = "M10 3a7 7 0 1 1-6.6 4.7l2 .7A5 5 0 1 0 10 5v3L5 4l5-4z";
const PACES = [[0, "full speed"], [30, "30 steps/s"], [10, "10 steps/s"], [4, "4 steps/s"], [1, "1 step/s"]];
const ANSWER_BY = 5000; // ms until the reader is told that no kernel answers
const SEEN = ["frame", "status", "problem", "record"];
const viewsOf = new WeakMap(); // model → how many views show it

function render({ model, el }) {
  const figure = model.get("figure");
  const heading = element("div", { class: "sw-title" }, figure.title);
  heading.hidden = !figure.title;
  const run = iconButton("Start", TRAIN, "train-run");
  const once = iconButton("One step", ONE_STEP, "train-step");
  const anew = iconButton("Reset", ANEW, "train-reset");
  const pace = focusable(element("select", { "aria-label": "Speed", "data-testid": "train-speed" }));
  const paces = PACES.some(([value]) => value === model.get("speed")) ? PACES : [...PACES, [model.get("speed"), `${model.get("speed")} steps/s`]];
  pace.append(...paces.map(([value, label]) => element("option", { value }, label)));
  const state = element("span", { class: "sw-state-text", "data-testid": "train-state" });
  const bar = element(
    "div", { class: "sw-transport-row", role: "group", "aria-label": "Training" },
    element("div", { class: "sw-presses" }, run, once, anew), pace, state,
  );
  const panels = figure.panels.map((spec) =>
    plotPanel(spec, null, { point() {}, move() {}, toggle, hover, newest: () => ({ hover: hovered }) }),
  );
  const grid = element("div", { class: "sw-panels" }, ...panels.map(({ node }) => node));
  const back = focusable(
    element("input", { type: "range", class: "sw-slider", min: 0, max: 0, step: 1, "aria-label": "Look back", "data-testid": "train-history" }),
  );
  const where = element("span", { class: "sw-figures", "data-testid": "train-where" });
  const past = element("div", { class: "sw-past" }, element("span", { "aria-hidden": "true" }, "look back"), back, where);
  const controls = controlRow(figure.controls, (name, value) => set({ params: { ...model.get("params"), [name]: value } }));
  const problem = element("div", { class: "sw-problem", role: "alert", "data-testid": "train-problem" });
  const spoken = element("div", { class: "sw-spoken", "aria-live": "polite" });
  const root = element(
    "div", { class: "sw-live", role: "group", "aria-label": figure.title || "Live training", "data-testid": "training-view" },
    heading, bar, grid, past, controls.node, problem, spoken,
  );
  el.append(root);
  viewsOf.set(model, (viewsOf.get(model) ?? 0) + 1);

  const now = Object.fromEntries(SEEN.map((name) => [name, model.get(name)]));
  let place = null; // the recorded picture that is looked at, or null for the newest
  let hovered = null;
  let waiting = null;
  let silent = false; // whether the kernel has not answered for long

  function set(values) {
    for (const [name, value] of Object.entries(values)) model.set(name, value);
    model.save_changes();
  }

  function act(what) {
    if (sent(model, { do: what })) waiting ??= setTimeout(unanswered, ANSWER_BY);
    else unanswered();
  }

  function unanswered() {
    silent = true;
    drawing.later();
  }

  function toggle(label) {
    const hidden = model.get("hidden");
    set({ hidden: hidden.includes(label) ? hidden.filter((one) => one !== label) : [...hidden, label] });
  }

  function hover(x) {
    hovered = x;
    drawing.now();
  }

  function show() {
    const { frame, status, record } = now;
    const running = status === "running";
    const looking = place !== null && record[place] ? record[place] : null;
    const data = { ...frame.layers, ...(looking?.layers ?? {}) };
    for (const { layers } of figure.panels) {
      for (const { id } of layers) data[id] ??= null;
    }
    panels.forEach((panel, i) =>
      panel.show({
        ranges: frame.ranges[i], data, hidden: model.get("hidden"), cursor: null, points: {},
        hover: hovered ?? looking?.step ?? null,
      }),
    );
    controls.show(model.get("params"));
    run.setAttribute("aria-label", running ? "Pause" : "Start");
    run.title = running ? "Pause" : "Start";
    run.querySelector("path").setAttribute("d", running ? REST : TRAIN);
    pace.value = String(model.get("speed"));
    say(state, `${status} · step ${frame.step.toLocaleString("en")}`);
    past.hidden = record.length < 2 && !(running && frame.step > 1);
    back.max = Math.max(record.length - 1, 1);
    back.value = place ?? back.max;
    const step = looking?.step ?? frame.step;
    back.setAttribute("aria-valuetext", `step ${step}`);
    say(where, `step ${step.toLocaleString("en")}`);
    showProblem(problem, silent ? NO_ANSWER : now.problem?.text ? now.problem : null);
  }

  function hear(news) {
    clearTimeout(waiting);
    waiting = null;
    silent = false;
    for (const name of SEEN) {
      if (news[name] === undefined) continue;
      if (name === "status" && news.status !== now.status) say(spoken, `${news.status} at step ${(news.frame ?? now.frame).step}`);
      if (name === "status" && news.status === "running") place = null;
      now[name] = news[name];
    }
    if (news.record) place = place === null ? null : Math.min(place, news.record.length - 1);
    drawing.later();
  }

  const drawing = onceAFrame(show);
  run.addEventListener("click", () => act(now.status === "running" ? "pause" : "start"));
  once.addEventListener("click", () => act("step"));
  anew.addEventListener("click", () => {
    place = null;
    act("reset");
  });
  pace.addEventListener("change", () => set({ speed: Number(pace.value) }));
  back.addEventListener("input", () => {
    if (now.status === "running") {
      act("pause");
      return;
    }
    place = Number(back.value) >= now.record.length - 1 ? null : Number(back.value);
    drawing.now();
  });
  const onNews = (content) => hear(content);
  const onTraits = SEEN.map((name) => [`change:${name}`, () => hear({ [name]: model.get(name) })]);
  model.on("msg:custom", onNews);
  for (const [event, listen] of onTraits) model.on(event, listen);
  model.on("change:params change:hidden change:speed", drawing.now);
  const resized = new ResizeObserver(() => {
    panels.forEach((panel) => panel.resized());
    drawing.later();
  });
  resized.observe(root);
  show();

  return () => {
    controls.stop();
    drawing.stop();
    clearTimeout(waiting);
    resized.disconnect();
    model.off("msg:custom", onNews);
    for (const [event, listen] of onTraits) model.off(event, listen);
    model.off("change:params change:hidden change:speed", drawing.now);
    viewsOf.set(model, viewsOf.get(model) - 1);
    // Nobody looks any more (the output was cleared, the cell deleted): do not train on unseen.
    if (!viewsOf.get(model) && now.status === "running") sent(model, { do: "pause" });
    root.remove();
  };
}

export default { render };
