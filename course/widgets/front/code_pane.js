// The reader's source, with a mark on the line that runs next.

import { element, focusable } from "./dom.js";

const KEYWORDS = new Set(
  ("False None True and as assert async await break class continue def del elif else except finally " +
    "for from global if import in is lambda match nonlocal not or pass raise return try while with yield"
  ).split(" "),
);
const TOKEN = /(#.*)|("""[^]*?"""|'''[^]*?'''|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')|(\b\d[\w.]*)|([A-Za-z_]\w*)|([^])/g;

export function codePane() {
  const lines = element("ol", { class: "sw-code-lines" });
  const pane = focusable(
    element("div", { class: "sw-code", tabindex: "0", role: "group", "aria-label": "Code" }, lines),
  );
  let rows = [];
  let first = 1;

  function load(run) {
    first = run.first_line;
    rows = coloured(run.source || `${run.name}: its source is not available`).map((tokens, index) =>
      element(
        "li",
        { class: "sw-line", "data-line": index + 1 },
        element("span", { class: "sw-line-number", "aria-hidden": "true" }, String(index + 1)),
        element("code", {}, ...tokens),
      ),
    );
    lines.replaceChildren(...rows);
  }

  function show(step) {
    rows.forEach((row, index) => {
      const current = index === step.line - first;
      row.classList.toggle("sw-current", current);
      row.classList.toggle("sw-failed", current && step.event === "error");
      if (current) row.setAttribute("aria-current", "step");
      else row.removeAttribute("aria-current");
    });
    const row = rows[step.line - first];
    if (!row) return;
    const above = row.offsetTop - pane.scrollTop;
    if (above < 0 || above > pane.clientHeight - row.offsetHeight) {
      pane.scrollTop = row.offsetTop - pane.clientHeight / 2;
    }
  }

  return { node: pane, load, show };
}

// The source as a list of lines, each a list of coloured pieces.
function coloured(source) {
  const lines = [[]];
  for (const [token, comment, string, number, word] of source.matchAll(TOKEN)) {
    const kind = comment
      ? "comment"
      : string
        ? "string"
        : number
          ? "number"
          : KEYWORDS.has(word)
            ? "keyword"
            : null;
    token.split("\n").forEach((piece, index) => {
      if (index > 0) lines.push([]);
      if (piece) {
        lines.at(-1).push(kind ? element("span", { class: `sw-${kind}` }, piece) : piece);
      }
    });
  }
  return lines;
}
