// Predict before you step: asks which line runs next, or what a name will hold, with answers that
// are taken from the run itself, and keeps a score. Steps at which there is nothing to think about
// are taken without a question.

import { element, focusable, say } from "./dom.js";
import { pythonText } from "./values.js";

const MOST_CHOICES = 4;
const PLAIN = new Set(["number", "string", "boolean"]);

// `answered(right)` is called when the reader has chosen; the step is then taken.
export function predictor({ answered }) {
  const question = element("div", { class: "sw-question", "data-testid": "step-question" });
  const choices = element("div", { class: "sw-choices", role: "group", "aria-label": "Your prediction" });
  const verdict = element("div", { class: "sw-verdict", role: "status", "data-testid": "step-verdict" });
  const score = element("div", { class: "sw-score", "data-testid": "step-score" });
  const node = element(
    "div", { class: "sw-predict", "data-testid": "step-predict" }, question, choices, verdict, score,
  );
  let known = null; // what the run offers as answers
  let asked = null; // {at, question, answers, right}

  function load(run) {
    known = null;
    clear();
    say(verdict, "");
  }

  function clear() {
    asked = null;
    say(question, "");
    choices.replaceChildren();
  }

  // Asks about the step from `index` to the next; false when there is nothing to ask.
  function ask(run, index) {
    if (asked?.at === index) {
      choices.querySelector("button")?.focus();
      return true;
    }
    known ??= survey(run);
    const found = valueQuestion(run, index, known) ?? lineQuestion(run, index, known);
    if (!found) return false;
    asked = { at: index, ...found };
    say(question, found.question);
    say(verdict, "");
    choices.replaceChildren(
      ...found.answers.map((answer, number) => {
        const button = focusable(
          element(
            "button", { type: "button", "data-testid": `step-choice-${number}`, "data-answer": answer },
            element("kbd", { "aria-hidden": "true" }, String(number + 1)), element("code", {}, answer),
          ),
        );
        button.addEventListener("click", () => choose(number));
        return button;
      }),
    );
    choices.querySelector("button").focus();
    return true;
  }

  function choose(number) {
    if (!asked || number >= asked.answers.length) return false;
    const right = asked.answers[number] === asked.right;
    say(verdict, right ? `Right: ${asked.right}` : `No: ${asked.right}`);
    verdict.classList.toggle("sw-failed", !right);
    clear();
    answered(right);
    return true;
  }

  // `on` shows the panel; `counted` is {right, asked}.
  function show(on, counted, index) {
    node.hidden = !on;
    if (asked && (!on || asked.at !== index)) clear();
    if (!on) say(verdict, "");
    say(score, counted.asked ? `${counted.right} of ${counted.asked} right` : "Press → and say what comes next.");
  }

  return { node, load, ask, choose, show };
}

// What follows each line, and which plain values each name holds, anywhere in the run.
function survey(run) {
  const after = new Map();
  const values = new Map();
  let line = 1;
  run.packed.steps.forEach((step, index) => {
    const now = step.line ?? line;
    if (index > 0 && run.calls[index] === run.calls[index - 1]) {
      if (!after.has(line)) after.set(line, new Set());
      after.get(line).add(now);
    }
    line = now;
    for (const [name, value] of Object.entries(step.locals ?? {})) {
      if (!PLAIN.has(typeof value)) continue;
      if (!values.has(name)) values.set(name, new Set());
      if (values.get(name).size < 40) values.get(name).add(value);
    }
  });
  return { after, values };
}

// What will a plain local be after this line? Asked when the line changes exactly one.
function valueQuestion(run, index, { values }) {
  if (run.calls[index + 1] !== run.calls[index]) return null;
  const now = run.at(index).locals;
  const next = run.at(index + 1).locals;
  const changed = Object.keys(next).filter((name) => PLAIN.has(typeof next[name]) && next[name] !== now[name]);
  if (changed.length !== 1 || !(changed[0] in now)) return null;
  const [name] = changed;
  const right = next[name];
  const near = typeof right === "number" ? [right + 1, right - 1] : [];
  const others = [now[name], ...near, ...spread([...(values.get(name) ?? [])], index), !right];
  const wrong = others.filter((value) => typeof value === typeof right && value !== right);
  const answers = shuffled([right, ...new Set(wrong)].slice(0, MOST_CHOICES).map(pythonText), index);
  return answers.length > 1 ? { question: `What will ${name} be after this line?`, answers, right: pythonText(right) } : null;
}

// Which line runs next? Asked where the run goes now here, now there.
function lineQuestion(run, index, { after }) {
  if (run.calls[index + 1] !== run.calls[index]) return null;
  const step = run.at(index);
  const ways = after.get(step.line);
  if (!ways || ways.size < 2) return null;
  const written = (line) => {
    const text = (run.packed.source.split("\n")[line - run.packed.first_line] ?? "").trim();
    return `line ${line - run.packed.first_line + 1}: ${text.length > 44 ? `${text.slice(0, 43)}…` : text}`;
  };
  const right = run.at(index + 1).line;
  const lines = [right, ...[...ways].filter((line) => line !== right)].slice(0, MOST_CHOICES);
  return { question: "Which line runs next?", answers: lines.sort((a, b) => a - b).map(written), right: written(right) };
}

function spread(values, seed) {
  const start = values.length ? (seed * 7) % values.length : 0;
  return [...values.slice(start), ...values.slice(0, start)];
}

// An order that does not give the answer away, the same each time for one step.
function shuffled(answers, seed) {
  const order = answers.map((answer, place) => [(Math.imul(place + 1, 2654435761) ^ Math.imul(seed + 3, 40503)) >>> 4, answer]);
  return order.sort(([a], [b]) => (a % 9973) - (b % 9973)).map(([, answer]) => answer);
}
