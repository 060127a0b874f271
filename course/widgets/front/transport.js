// First, back, play, forward, last; a scrub slider; the speed. Icons are drawn: as text they can
// come out as boxes.

import { element, focusable, say, shape } from "./dom.js";

const ICONS = {
  first: "M5 4v12M15 4l-6 6 6 6",
  back: "M13 4l-6 6 6 6",
  play: "M6 3.5l10 6.5-10 6.5z",
  pause: "M6 4v12M14 4v12",
  forward: "M7 4l6 6-6 6",
  last: "M15 4v12M5 4l6 6-6 6",
};
export const SPEEDS = [1, 2, 4, 8, 16, 60];

// `go(step)`, `forward()`, `toggle()`, `hurry(speed)` and `predict()` are called when the reader
// moves a control; without `predict` there is no such button.
export function transport({ go, forward, toggle, hurry, predict }) {
  const buttons = {
    first: button("first", "First step"),
    back: button("back", "Back one step"),
    play: button("play", "Play"),
    forward: button("forward", "Forward one step"),
    last: button("last", "Last step"),
  };
  const slider = focusable(
    element("input", {
      type: "range", min: 0, max: 0, step: 1, value: 0, class: "sw-slider",
      "aria-label": "Step", "data-testid": "step-slider",
    }),
  );
  const position = element("span", { class: "sw-position", "data-testid": "step-position" });
  const speed = focusable(
    element("select", { "aria-label": "Speed, steps a second", "data-testid": "step-speed" }),
  );
  speed.append(...SPEEDS.map((rate) => element("option", { value: rate }, `${rate} steps/s`)));
  const asking = focusable(
    element(
      "button", { type: "button", class: "sw-asking", "aria-pressed": "false", "data-testid": "step-asking", title: "Say what comes next before each step" },
      "Predict",
    ),
  );
  const node = element(
    "div",
    { class: "sw-transport", role: "group", "aria-label": "Playback" },
    element("div", { class: "sw-buttons" }, ...Object.values(buttons)),
    slider,
    position,
    speed,
    ...(predict ? [asking] : []),
  );
  let now = { step: 0, count: 0 };

  buttons.first.addEventListener("click", () => go(0));
  buttons.back.addEventListener("click", () => go(now.step - 1));
  buttons.play.addEventListener("click", toggle);
  buttons.forward.addEventListener("click", forward);
  buttons.last.addEventListener("click", () => go(now.count - 1));
  slider.addEventListener("input", () => go(Number(slider.value)));
  asking.addEventListener("click", predict);
  speed.addEventListener("change", () => hurry(Number(speed.value)));

  function show({ step, count, playing, rate, predicting }) {
    now = { step, count };
    slider.max = Math.max(count - 1, 0);
    slider.value = step;
    slider.setAttribute("aria-valuetext", `step ${step + 1} of ${count}`);
    say(position, count ? `step ${step + 1} of ${count}` : "no steps");
    position.style.minWidth = `${`step ${count} of ${count}`.length}ch`;
    // Disabled buttons lose the focus, so these only say that they have nothing left to do.
    for (const name of ["first", "back"]) buttons[name].setAttribute("aria-disabled", step <= 0);
    for (const name of ["forward", "last"]) {
      buttons[name].setAttribute("aria-disabled", step >= count - 1);
    }
    buttons.play.setAttribute("aria-label", playing ? "Pause" : "Play");
    buttons.play.title = playing ? "Pause (space)" : "Play (space)";
    const icon = buttons.play.querySelector("path");
    icon.setAttribute("d", playing ? ICONS.pause : ICONS.play);
    icon.classList.toggle("sw-solid", !playing);
    if (SPEEDS.includes(rate)) speed.value = rate;
    asking.setAttribute("aria-pressed", predicting);
  }

  return { node, show, focusForward: () => buttons.forward.focus() };
}

const KEYS = { first: "Home", back: "←", play: "space", forward: "→", last: "End" };

function button(name, label) {
  return focusable(
    element(
      "button",
      { type: "button", "aria-label": label, title: `${label} (${KEYS[name]})`, "data-testid": `step-${name}` },
      shape(
        "svg",
        { viewBox: "0 0 20 20", width: 18, height: 18, "aria-hidden": "true" },
        shape("path", { d: ICONS[name] }),
      ),
    ),
  );
}
