// Sliders, choices and switches of a live plot or a training view, each with its name and value.

import { shortNumber } from "./axes.js";
import { element, focusable, say, shape } from "./dom.js";

const PLAY = "M6 3l11 7-11 7z";
const PAUSE = "M5 3h3.5v14H5zM11.5 3H15v14h-3.5z";
const RUN_MS = 4000; // a playing slider takes this long from end to end
const CALM_MS = 400; // and at least this long for each step, for readers who want less motion

// `changed(name, value)` is called when the reader moves a control.
export function controlRow(specs, changed) {
  const made = specs.map((spec) => ({ slider: sliderFor, choice: choiceFor, toggle: toggleFor })[spec.kind](spec, changed));
  const node = element("div", { class: "sw-controls" }, ...made.map((one) => one.node));
  node.hidden = !made.length;
  return {
    node,
    show: (params) => made.forEach((one) => one.show(params[one.name])),
    stop: () => made.forEach((one) => one.stop?.()),
  };
}

export function iconButton(label, path, testid) {
  const button = focusable(
    element(
      "button", { type: "button", class: "sw-icon", "aria-label": label, title: label, "data-testid": testid },
      shape("svg", { viewBox: "0 0 20 20", width: 16, height: 16, "aria-hidden": "true" }, shape("path", { d: path })),
    ),
  );
  return button;
}

// Every widget on a page has modules of its own, so counting would give two the same name.
function newId() {
  return `sw-${Math.random().toString(36).slice(2)}`;
}

function sliderFor({ name, label, values, play }, changed) {
  const id = newId();
  const input = focusable(
    element("input", {
      type: "range", id, class: "sw-slider", min: 0, max: values.length - 1, step: 1,
      "data-testid": `control-${name}`,
    }),
  );
  const shown = element("span", { class: "sw-figures", "data-testid": `value-${name}` });
  shown.style.minWidth = `${Math.max(...values.map((value) => shortNumber(value).length))}ch`;
  const node = element("div", { class: "sw-control" }, element("label", { for: id }, label), input, shown);
  let timer = null;

  function index(value) {
    return values.reduce((best, one, i) => (Math.abs(one - value) < Math.abs(values[best] - value) ? i : best), 0);
  }

  function show(value) {
    const place = index(value);
    if (Number(input.value) !== place) input.value = place;
    say(shown, shortNumber(value));
    input.setAttribute("aria-valuetext", shortNumber(value));
  }

  function stop() {
    clearInterval(timer);
    timer = null;
    if (button) face(button, "Play", PLAY, label);
  }

  function start() {
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches ? CALM_MS : 0;
    const each = Math.max(RUN_MS / (values.length - 1), 33, calm);
    const stride = Math.max(Math.round((33 * (values.length - 1)) / RUN_MS), 1);
    if (Number(input.value) >= values.length - 1) changed(name, values[0]);
    timer = setInterval(() => {
      const next = Math.min(Number(input.value) + (calm ? 1 : stride), values.length - 1);
      changed(name, values[next]);
      if (next >= values.length - 1) stop();
    }, each);
    face(button, "Pause", PAUSE, label);
  }

  input.addEventListener("input", () => {
    stop();
    changed(name, values[Number(input.value)]);
  });
  const button = play ? iconButton(`Play ${label}`, PLAY, `play-${name}`) : null;
  if (button) {
    button.addEventListener("click", () => (timer ? stop() : start()));
    node.prepend(button);
  }
  return { name, node, show, stop };
}

function face(button, verb, path, label) {
  button.setAttribute("aria-label", `${verb} ${label}`);
  button.title = `${verb} ${label}`;
  button.querySelector("path").setAttribute("d", path);
}

function choiceFor({ name, label, values }, changed) {
  const id = newId();
  const select = focusable(element("select", { id, "data-testid": `control-${name}` }));
  select.append(...values.map((value, i) => element("option", { value: i }, String(value))));
  select.addEventListener("change", () => changed(name, values[Number(select.value)]));
  const node = element("div", { class: "sw-control sw-short" }, element("label", { for: id }, label), select);
  return { name, node, show: (value) => { select.value = values.indexOf(value); } };
}

function toggleFor({ name, label }, changed) {
  const box = focusable(element("input", { type: "checkbox", "data-testid": `control-${name}` }));
  box.addEventListener("change", () => changed(name, box.checked));
  const node = element("div", { class: "sw-control sw-short" }, element("label", {}, box, ` ${label}`));
  return { name, node, show: (value) => { box.checked = Boolean(value); } };
}
