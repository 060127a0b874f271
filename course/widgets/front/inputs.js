// A box for each argument, where the reader types another input, and what went wrong beside it.

import { element, focusable, say } from "./dom.js";

let boxes = 0;

// `submit(texts)` is called with the text of every box when the reader presses Enter or Run.
export function inputRow(submit) {
  const fields = element("div", { class: "sw-fields" });
  const run = focusable(
    element("button", { type: "submit", class: "sw-run", "data-testid": "step-run" }, "Run"),
  );
  const problem = element("div", { class: "sw-problem", role: "alert", "data-testid": "step-problem" });
  const node = element("form", { class: "sw-inputs", "data-testid": "step-inputs" }, fields, run, problem);
  let entries = [];

  node.addEventListener("submit", (event) => {
    event.preventDefault();
    submit(entries.map(({ box }) => box.value));
  });

  function load(inputs) {
    const focused = entries.findIndex(({ box }) => box === document.activeElement);
    entries = inputs.map(({ name, text, fixed }) => {
      boxes += 1;
      const box = focusable(
        element("input", {
          type: "text", id: `sw-input-${boxes}`, value: text, spellcheck: "false", autocomplete: "off",
          readonly: fixed, "data-testid": `step-input-${name}`, size: Math.min(Math.max(text.length, 4), 60),
          title: fixed ? "This value cannot be typed" : "Type another value and press Enter",
        }),
      );
      box.addEventListener("keydown", (event) => {
        if (event.key === "Escape") box.value = text;
        // Inside a notebook, JupyterLab keeps the browser from submitting the form by itself.
        if (event.key === "Enter" && !event.isComposing) {
          event.preventDefault();
          node.requestSubmit();
        }
      });
      return { name, box, label: element("label", { for: box.id }, `${name} =`) };
    });
    fields.replaceChildren(
      ...entries.map(({ label, box }) => element("span", { class: "sw-field" }, label, box)),
    );
    entries[focused]?.box.focus();
    node.hidden = entries.length === 0;
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
