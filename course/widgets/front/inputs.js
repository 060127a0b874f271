// A box for each argument, where the reader types another input, and what went wrong beside it.

import { element, focusable, say } from "./dom.js";

// `submit(texts)` is called with the text of every box when the reader presses Enter or Run.
export function inputRow(submit) {
  const fields = element("div", { class: "sw-fields" });
  const run = focusable(
    element("button", { type: "button", class: "sw-run", "data-testid": "step-run" }, "Run"),
  );
  const problem = element("div", { class: "sw-problem", role: "alert", "data-testid": "step-problem" });
  const node = element("div", { class: "sw-inputs", "data-testid": "step-inputs" }, fields, run, problem);
  let entries = [];

  const send = () => submit(entries.map(({ box }) => box.value));
  run.addEventListener("click", send);

  // Keeps the boxes when the names are the same, so that the one in use keeps the focus.
  function load(inputs) {
    if (inputs.map(({ name }) => name).join() !== entries.map(({ name }) => name).join()) {
      entries = inputs.map(({ name }) => entry(name));
      fields.replaceChildren(...entries.map(({ label }) => label));
    }
    inputs.forEach(({ text, fixed }, index) => {
      const { box } = entries[index];
      box.value = text;
      box.dataset.last = text;
      box.readOnly = fixed;
      box.size = Math.min(Math.max(text.length, 4), 60);
      box.title = fixed ? "This value cannot be typed" : "Type another value and press Enter";
    });
    node.hidden = entries.length === 0;
  }

  function entry(name) {
    const box = focusable(
      element("input", {
        type: "text", spellcheck: "false", autocomplete: "off",
        "data-testid": `step-input-${name}`,
      }),
    );
    box.addEventListener("keydown", (event) => {
      if (event.key === "Escape") box.value = box.dataset.last;
      if (event.key !== "Enter") return;
      event.preventDefault(); // JupyterLab keeps Enter from a form, so there is none to submit
      send();
    });
    // The label holds its box: an id would have to be unique among all players of the page.
    const label = element("label", { class: "sw-field" }, element("span", {}, `${name} =`), box);
    return { name, box, label };
  }

  // `error` is {"name": the argument or null, "text": a sentence}, or null when all is well.
  function show(error) {
    say(problem, error ? error.text : "");
    for (const { name, box } of entries) {
      box.setAttribute("aria-invalid", Boolean(error) && error.name === name);
    }
  }

  function focus() {
    entries.find(({ box }) => box.getAttribute("aria-invalid") === "true")?.box.focus();
  }

  return { node, load, show, focus };
}
