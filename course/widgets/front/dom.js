// Making elements. Every control that can take the focus keeps JupyterLab's shortcuts off itself:
// otherwise an arrow moves between cells and the letter "a" inserts one.

const SVG = "http://www.w3.org/2000/svg";

export function element(tag, attributes = {}, ...children) {
  return filled(document.createElement(tag), attributes, children);
}

export function shape(tag, attributes = {}, ...children) {
  return filled(document.createElementNS(SVG, tag), attributes, children);
}

export function focusable(node) {
  node.setAttribute("data-lm-suppress-shortcuts", "true");
  return node;
}

// Sets the text only when it differs, so that a screen reader is not told twice.
export function say(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

function filled(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined && value !== false) {
      node.setAttribute(name, value === true ? "" : value);
    }
  }
  node.append(...children);
  return node;
}
