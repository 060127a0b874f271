// The trace viewer: a launch of a kernel, one load or store at a time, on maps of its tensors.
// The model holds plain traits (step, count, playing, speed, program, run); nothing asks the kernel.

import { codePane } from "./code_pane.js";
import { element, focusable, say } from "./dom.js";
import { LARGEST, memoryMap, SMALLEST } from "./memory_map.js";
import { SERIES } from "./palette.js";
import { transport } from "./transport.js";

const LOW = 2; // rows of cells
const TOLD_AFTER_MS = 250; // a screen reader is told a step when the reader stays on it this long

function render({ model, el }) {
  const run = model.get("run");
  const programs = [...new Set(run.steps.map((step) => step.program))];
  const maps = run.tensors.flatMap((tensor, number) =>
    (tensor.kinds.length ? tensor.kinds : [""]).map((kind) => memoryMap(tensor, number, kind)),
  );
  let timer = null;
  let speaking = null;

  const code = codePane();
  code.load(run);
  const holder = focusable(
    element(
      "div", { class: "sw-maps", role: "group", tabindex: "0", "aria-label": "Maps of the tensors", "data-testid": "trace-maps" },
      ...stacked(maps),
    ),
  );
  let room = ""; // what the maps were last fitted into
  const colours = colourKey();
  const note = element("div", { class: "sw-note", "data-testid": "step-note" });
  const spoken = element("div", { class: "sw-spoken", "aria-live": "polite" });
  const controls = transport({ go, forward: () => go(model.get("step") + 1), toggle, hurry: (speed) => set({ speed }) });
  const chooser = focusable(
    element("select", { "data-testid": "trace-program" },
      element("option", { value: "" }, "all programs"),
      ...programs.map((one) => element("option", { value: one }, `program ${one}`)),
    ),
  );
  const who = element("label", { class: "sw-who" }, "Show", chooser);
  const seen = element("div", { class: "sw-seen" }, holder, note);
  const panes = element("div", { class: "sw-panes sw-no-state" }, code.node, seen);
  const problem = element("div", { class: "sw-problem", role: "alert" }, model.get("problem"));
  const left = element("div", { class: "sw-left-out" }, run.left_out);
  left.hidden = !run.left_out;
  controls.node.append(who);
  const title = `${run.name}: ${run.programs.toLocaleString("en")} ${run.programs === 1 ? "program" : "programs"}`;
  const root = focusable(
    element(
      "div",
      { class: "sw-player sw-trace", role: "group", tabindex: "0", "aria-label": `Trace of ${title}`, "data-testid": "trace-viewer" },
      element(
        "div", { class: "sw-inside" },
        element("div", { class: "sw-title" }, title), panes, controls.node, legend(), problem, faults(), traffic(), left, spoken,
      ),
    ),
  );
  el.append(root);

  function set(values) {
    for (const [name, value] of Object.entries(values)) model.set(name, value);
    model.save_changes();
  }

  function go(step) {
    const bounded = Math.min(Math.max(step, 0), Math.max(run.steps.length - 1, 0));
    if (bounded !== model.get("step")) set({ step: bounded });
  }

  function toggle() {
    if (model.get("playing")) return set({ playing: false });
    if (model.get("step") >= run.steps.length - 1) go(0);
    return set({ playing: run.steps.length > 1 });
  }

  function show() {
    const index = Math.min(model.get("step"), Math.max(run.steps.length - 1, 0));
    controls.show({ step: index, count: run.steps.length, playing: model.get("playing"), rate: model.get("speed"), predicting: false });
    chooser.value = model.get("program");
    const steps = run.steps.slice(0, index + 1);
    const atEnd = index >= run.steps.length - 1;
    fit();
    const words = maps.map((map) => map.show(steps, model.get("program"), programs, atEnd));
    const step = run.steps[index];
    if (!step) return;
    for (const map of maps) {
      const touched = map.isAbout(step);
      map.node.classList.toggle("sw-map-touched", touched);
      if (touched) bringUp(map.node);
    }
    code.show({ line: step.line, event: step.fault ? "error" : "line" });
    say(note, step.note);
    note.classList.toggle("sw-failed", step.fault);
    clearTimeout(speaking);
    if (!model.get("playing")) {
      const sentence = `Step ${index + 1} of ${run.steps.length}. ${step.note} ${words.join(". ")}`;
      speaking = setTimeout(() => say(spoken, sentence), TOLD_AFTER_MS);
    }
  }

  // Cells as large as lets all maps be seen at once within the height that the style gives them;
  // where even the smallest are too large, the maps scroll.
  function fit() {
    const width = Math.max(holder.offsetWidth || 400, 120);
    const height = parseFloat(getComputedStyle(holder).maxHeight);
    if (room === `${width} ${height}`) return;
    room = `${width} ${height}`;
    holder.style.overflow = "hidden"; // a scroll bar would change the width while we try
    let [fitting, largest] = [2 * SMALLEST, 2 * LARGEST]; // in half pixels
    while (fitting < largest) {
      const tried = Math.ceil((fitting + largest) / 2);
      for (const map of maps) map.scale(tried / 2, width);
      if (holder.scrollHeight <= Math.ceil(height)) fitting = tried;
      else largest = tried - 1;
    }
    for (const map of maps) map.place(fitting / 2, width);
    holder.style.overflow = "";
    colours.hidden = !maps.some((map) => map.isSmall());
  }

  function bringUp(node) {
    const above = node.offsetTop - holder.scrollTop;
    if (above < 0 || above + node.offsetHeight > holder.clientHeight) holder.scrollTop = node.offsetTop;
  }

  function legend() {
    const keys = [
      ["sw-key-now", "is being read"], ["sw-key-store", "is being written"], ["sw-key-missing", "? never written"],
    ];
    return element(
      "div", { class: "sw-legend" },
      ...keys.map(([look, words]) => element("span", {}, element("i", { class: `sw-key ${look}`, "aria-hidden": "true" }), words)),
      element("span", {}, "a number: the program; +: several; ×2: twice; !: a fault"),
      colours,
    );
  }

  // Which program has which colour: for cells too small for its number.
  function colourKey() {
    const key = (colour, words) => {
      const square = element("i", { class: "sw-key", "aria-hidden": "true" });
      square.style.cssText = `background: ${colour}; border-color: ${colour}`;
      return element("span", {}, square, words);
    };
    return element(
      "div", { class: "sw-colours", "data-testid": "trace-colours" },
      ...programs.slice(0, SERIES.length).map((one, index) => key(SERIES[index], `program ${one}`)),
      key("#7f7f7f", "several"),
      ...(programs.length > SERIES.length ? [element("span", {}, "and again from the first colour")] : []),
    );
  }

  function faults() {
    const list = element("ul", { class: "sw-faults", "data-testid": "trace-faults" });
    list.hidden = !run.faults.length;
    for (const { says, step } of run.faults) {
      const button = focusable(element("button", { type: "button" }, "Go there"));
      button.hidden = step === null;
      button.addEventListener("click", () => go(step));
      list.append(element("li", {}, element("span", {}, says), button));
    }
    return list;
  }

  function traffic() {
    const cell = (text, index) => (index ? element("td", {}, text) : element("th", { scope: "row" }, text));
    const table = element(
      "table", { class: "sw-counts" },
      element("thead", {}, element("tr", {}, ...run.columns.map((name) => element("th", { scope: "col" }, name)))),
      element("tbody", {}, ...run.totals.map((row) => element("tr", {}, ...row.map(cell)))),
    );
    return focusable(
      element("div", { class: "sw-traffic", role: "group", tabindex: "0", "aria-label": "Traffic", "data-testid": "trace-traffic" }, table),
    );
  }

  function tick() {
    clearTimeout(timer);
    timer = null;
    if (!model.get("playing")) return;
    if (model.get("step") >= run.steps.length - 1) {
      set({ playing: false });
      return;
    }
    timer = setTimeout(() => {
      go(model.get("step") + 1);
      tick();
    }, 1000 / model.get("speed"));
  }

  function onKey(event) {
    if (event.altKey || event.ctrlKey || event.metaKey || event.target.matches("select")) return;
    if (event.key === " " && event.target.matches("button")) return; // the button's own press
    const actions = {
      ArrowRight: () => go(model.get("step") + 1), ArrowLeft: () => go(model.get("step") - 1),
      Home: () => go(0), End: () => go(run.steps.length - 1), " ": toggle,
    };
    if (!actions[event.key]) return;
    event.preventDefault();
    event.stopPropagation();
    actions[event.key]();
  }

  const played = () => {
    show();
    tick();
  };
  root.addEventListener("keydown", onKey);
  chooser.addEventListener("change", () => set({ program: chooser.value }));
  model.on("change:step change:program", show);
  model.on("change:playing change:speed", played);
  const resized = new ResizeObserver(show);
  resized.observe(root);
  show();
  tick();

  return () => {
    clearTimeout(timer);
    clearTimeout(speaking);
    resized.disconnect();
    model.off("change:step change:program", show);
    model.off("change:playing change:speed", played);
    root.remove();
  };
}

// The maps' elements, with neighbours that are low (vectors, mostly) one above the other.
function stacked(maps) {
  const nodes = [];
  maps.forEach(({ node, high }, index) => {
    if (high > LOW) nodes.push(node);
    else if (index && maps[index - 1].high <= LOW) nodes.at(-1).append(node);
    else nodes.push(element("div", { class: "sw-map-stack" }, node));
  });
  return nodes;
}

export default { render };
