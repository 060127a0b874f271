// A tree of nodes as it is at this step; every name that holds a node is written below it.

import { shape } from "./dom.js";
import { drawTree, placed } from "./tree_picture.js";
import { shortText } from "./values.js";

export function dataTreeView(view) {
  const svg = shape("svg", { role: "img" });
  const drawing = { node: svg, show, wide: true, centre: null, always: true };
  let layout = null;
  let layoutOf = null;
  let root = null;

  function show({ step, run, index, width }) {
    root ??= rootOf(run, view.containers[0]);
    if (root === null || !step.nodes[root] || isNoTree(root, step.nodes)) {
      svg.replaceChildren();
      return "no tree yet";
    }
    const below = (id) => {
      const down = step.nodes[id][1].map((child) => (step.nodes[child] ? String(child) : null));
      return down.some((child) => child !== null) ? down : [];
    };
    const word = (id) => shortText(step.nodes[id][0], 8);
    if (layoutOf !== step.nodes) {
      layout = placed(root, below, word);
      layoutOf = step.nodes;
    }
    const names = new Map();
    for (const [name, value] of Object.entries(step.locals)) {
      if (value && value.node !== undefined) names.set(String(value.id), [...(names.get(String(value.id)) ?? []), name]);
    }
    const path = new Set(onTheWay(run, index));
    const nodes = [];
    const walk = (id, parent) => {
      const kind = names.has(id) ? "here" : path.has(id) ? "path" : "plain";
      const edge = path.has(id) ? "path" : "plain";
      nodes.push({ id, parent, word: word(id), kind, edge, names: names.get(id) });
      for (const child of below(id)) if (child !== null) walk(child, id);
    };
    walk(root, null);
    const current = [...names.keys()].find((id) => layout.places.has(id));
    drawing.centre = drawTree(svg, layout, nodes, width, current);
    const said = [...names].map(([id, own]) => `${own.join(", ")} at ${step.nodes[id] ? word(id) : "another node"}`);
    return said.join(", ") || "tree";
  }

  return drawing;
}

// The root that the function was called with, else the first node that the watched name held.
function rootOf(run, container) {
  if (!container) return null;
  const given = run.packed.args[container.key];
  if (given && given.node !== undefined) return String(given.id);
  for (const step of run.packed.steps) {
    const value = step.locals?.[container.key];
    if (value && value.node !== undefined) return String(value.id);
  }
  return null;
}

// Nodes that the calls above this one were called with.
function onTheWay(run, index) {
  const above = new Set();
  for (let call = run.calls[index]; call !== null && call !== undefined; call = run.packed.calls[call]?.parent) {
    const begun = run.begins(call);
    if (begun === undefined || begun > index) break;
    for (const name of run.packed.calls[call]?.given ?? []) {
      const value = run.peek(begun).locals[name];
      if (value && value.node !== undefined) {
        above.add(String(value.id));
        break; // the first node among the parameters is the one that the call is about
      }
    }
  }
  return above;
}

function isNoTree(root, nodes) {
  const seen = new Set();
  const waiting = [root];
  while (waiting.length) {
    const id = waiting.pop();
    if (seen.has(id)) return true;
    seen.add(id);
    for (const child of nodes[id]?.[1] ?? []) if (child !== null && nodes[child]) waiting.push(String(child));
  }
  return false;
}
