// What went wrong in the reader's function: the error, and the line that raised it.

import { element, say } from "./dom.js";

export const NO_ANSWER = {
  text: "The kernel does not answer: it is busy, or it was stopped. If it was stopped, run this cell again.",
};

// Sends a message; false when there is no kernel to send it to.
export function sent(model, content) {
  try {
    model.send(content);
    return true;
  } catch {
    return false;
  }
}

export function showProblem(node, problem) {
  const key = problem ? JSON.stringify(problem) : "";
  if (node.dataset.shown === key) return; // an alert is read out when it changes
  node.dataset.shown = key;
  if (!problem) {
    node.replaceChildren();
    return;
  }
  const text = element("div", {});
  say(text, problem.text);
  node.replaceChildren(text);
  if (problem.line) {
    node.append(element("div", { class: "sw-where" }, `${problem.function}, line ${problem.line}: `, element("code", {}, problem.code)));
  } else if (problem.function) {
    node.append(element("div", { class: "sw-where" }, `in ${problem.function}`));
  }
}
