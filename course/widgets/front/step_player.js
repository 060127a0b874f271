// The step player: a recorded run of the reader's function, one step at a time.
// The model holds plain traits (step, count, playing, speed, run, view, …); moving between steps
// never asks the kernel.

import { codePane } from "./code_pane.js";
import { element, focusable, say } from "./dom.js";
import { inputRow } from "./inputs.js";
import { predictor } from "./predict.js";
import { RecordedRun } from "./run.js";
import { statePane } from "./state_pane.js";
import { transport } from "./transport.js";
import { viewPane } from "./view_pane.js";

const QUIET_MS = 250; // a screen reader is told a step when the reader stays on it this long
const ANSWER_MS = 4000; // and that no kernel answers after this long

function render({ model, el }) {
  let run = new RecordedRun(model.get("run"));
  let timer = null;
  let waiting = null;
  let speaking = null;

  const title = element("div", { class: "sw-title" });
  const code = codePane();
  const state = statePane();
  const picture = viewPane();
  const note = element("div", { class: "sw-note", "data-testid": "step-note" });
  const spoken = element("div", { class: "sw-spoken", "aria-live": "polite" });
  const table = element("table", { class: "sw-counts", "data-testid": "step-counts" });
  const difference = focusable(
    element("button", { type: "button", "data-testid": "step-difference" }, "Go to the first difference"),
  );
  const differenceText = element("span", { class: "sw-difference", "data-testid": "step-difference-text" });
  const against = element("div", { class: "sw-against" }, difference, differenceText);
  const failure = element("div", { class: "sw-problem", role: "alert", "data-testid": "step-failure" });
  const predict = predictor({ answered });
  const controls = transport({
    go, forward, toggle, hurry: (speed) => set({ speed }),
    predict: () => set({ predicting: !model.get("predicting"), playing: false }),
  });
  const inputs = inputRow(submit);

  const seen = element("div", { class: "sw-seen" }, picture.node, note);
  const panes = element("div", { class: "sw-panes" }, code.node, seen, state.node);
  const ended = element("div", { class: "sw-problem", role: "status", "data-testid": "step-ended" });

  const root = focusable(
    element(
      "div",
      { class: "sw-player", role: "group", tabindex: "0", "data-testid": "step-player" },
      element(
        "div",
        { class: "sw-inside" },
        title, inputs.node,
        panes, ended, controls.node, predict.node, table, against, failure, spoken,
      ),
    ),
  );
  el.append(root);

  function set(values) {
    for (const [name, value] of Object.entries(values)) model.set(name, value);
    model.save_changes();
  }

  function go(step) {
    const bounded = Math.min(Math.max(step, 0), Math.max(run.length - 1, 0));
    if (bounded !== model.get("step")) set({ step: bounded });
  }

  // One step on; when the reader wants to predict, first a question.
  function forward() {
    const index = model.get("step");
    if (model.get("predicting") && index < run.length - 1 && predict.ask(run, index)) return;
    go(index + 1);
  }

  function answered(right) {
    const score = model.get("score");
    set({ score: { right: score.right + Number(right), asked: score.asked + 1 }, step: model.get("step") + 1 });
    controls.focusForward();
  }

  function toggle() {
    if (model.get("playing")) return set({ playing: false });
    if (model.get("step") >= run.length - 1) go(0);
    return set({ playing: run.length > 1 });
  }

  function submit(texts) {
    clearTimeout(waiting);
    say(failure, "");
    waiting = setTimeout(
      () => say(failure, "No kernel answers: start the kernel and run this cell again."), ANSWER_MS,
    );
    model.send({ kind: "input", texts });
  }

  // Shows one step everywhere.
  function show(glide = true) {
    const index = Math.min(model.get("step"), Math.max(run.length - 1, 0));
    controls.show({
      step: index, count: run.length, playing: model.get("playing"), rate: model.get("speed"),
      predicting: model.get("predicting"),
    });
    predict.show(model.get("predicting") && run.length > 1, model.get("score"), index);
    if (!run.length) {
      return;
    }
    const step = run.at(index);
    code.show(step);
    state.show(run, index);
    const words = picture.show(run, index, glide);
    say(note, step.note);
    note.classList.toggle("sw-failed", step.event === "error");
    clearTimeout(speaking);
    if (!model.get("playing")) {
      const line = step.line - model.get("run").first_line + 1;
      const sentence = `Step ${index + 1} of ${run.length}, line ${line}. ${step.note} ${words}`;
      speaking = setTimeout(() => say(spoken, sentence), QUIET_MS);
    }
  }

  // What is the same for all steps: source, inputs, counts, the difference.
  function load() {
    clearTimeout(waiting);
    const data = model.get("run");
    run = new RecordedRun(data);
    say(title, model.get("title"));
    title.hidden = !model.get("title");
    root.setAttribute("aria-label", `Step player: ${model.get("title") || data.name}`);
    code.load(data);
    state.load(run);
    predict.load(run);
    picture.load(model.get("view"), run);
    panes.classList.toggle("sw-no-picture", picture.node.hidden);
    panes.hidden = controls.node.hidden = run.length === 0;
    say(ended, ending(data));
    inputs.load(model.get("inputs"));
    showProblem();
    showCounts();
    show(false);
  }

  function showCounts() {
    const rows = model.get("counts");
    table.replaceChildren(
      element(
        "thead", {},
        element(
          "tr", {},
          ...["function", "lines run", "ends with"].map((name) => element("th", { scope: "col" }, name)),
        ),
      ),
      element(
        "tbody", {},
        ...rows.map(({ name, lines, ends }) =>
          element(
            "tr", {},
            element("th", { scope: "row" }, name),
            element("td", {}, lines.toLocaleString("en")),
            element("td", {}, ends),
          ),
        ),
      ),
    );
    const part = model.get("difference");
    against.hidden = !part.text;
    difference.hidden = part.step === null || part.step === undefined;
    say(differenceText, part.text ?? "");
  }

  function showProblem() {
    clearTimeout(waiting);
    const problem = model.get("problem");
    const known = problem && problem.text ? problem : null;
    inputs.show(known && known.name !== null ? known : null);
    say(failure, known && known.name === null ? known.text : "");
    if (known) inputs.focus();
  }

  function tick() {
    clearTimeout(timer);
    timer = null;
    if (!model.get("playing")) return;
    if (model.get("step") >= run.length - 1) {
      set({ playing: false });
      return;
    }
    timer = setTimeout(() => {
      go(model.get("step") + 1);
      tick();
    }, 1000 / model.get("speed"));
  }

  function onKey(event) {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const target = event.target;
    if (target.matches("input[type=text], select")) return;
    if (event.key === " " && target.matches("button")) return; // the button's own press
    if (/^[1-4]$/.test(event.key) && model.get("predicting") && predict.choose(Number(event.key) - 1)) {
      event.preventDefault();
      event.stopPropagation();
      return;
    }
    const actions = {
      ArrowRight: forward,
      ArrowLeft: () => go(model.get("step") - 1),
      Home: () => go(0),
      End: () => go(run.length - 1),
      " ": toggle,
    };
    if (!actions[event.key]) return;
    event.preventDefault();
    event.stopPropagation();
    actions[event.key]();
  }

  const stepped = () => show();
  const played = () => {
    show();
    tick();
  };
  root.addEventListener("keydown", onKey);
  difference.addEventListener("click", () => go(model.get("difference").step));
  model.on("change:step", stepped);
  model.on("change:playing change:speed", played);
  model.on("change:predicting change:score", stepped);
  model.on("change:run change:title", load);
  model.on("change:problem", showProblem);
  const resized = new ResizeObserver(() => show(false));
  resized.observe(root);
  load();
  tick();

  return () => {
    clearTimeout(timer);
    clearTimeout(waiting);
    clearTimeout(speaking);
    resized.disconnect();
    model.off("change:step", stepped);
    model.off("change:playing change:speed", played);
    model.off("change:predicting change:score", stepped);
    model.off("change:run change:title", load);
    model.off("change:problem", showProblem);
    root.remove();
  };
}

// How the run ended, in a sentence. An error's own words stand at its step.
function ending(run) {
  if (run.truncated) return run.truncated;
  if (run.error) {
    const line = run.source ? ` on line ${run.error.line - run.first_line + 1}` : "";
    return `The run ends with an error${line}: see the last step.`;
  }
  return run.steps.length ? "" : `${run.name} is built in: it has no Python lines to step through.`;
}

export default { render };
