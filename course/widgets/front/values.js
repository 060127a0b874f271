// Encoded Python values (course/widgets/values.py) as text and as elements.

const PAIRS = new Set(["dict", "defaultdict", "Counter", "OrderedDict"]);

// The value as Python would write it.
export function pythonText(value) {
  if (value === null || value === undefined) return "None";
  if (value === true) return "True";
  if (value === false) return "False";
  if (typeof value === "string") return quoted(value);
  if (Array.isArray(value)) return `[${value.map(pythonText).join(", ")}]`;
  if (typeof value !== "object") return String(value);
  if (value.text !== undefined) return value.text;
  if (value.fields) {
    const fields = Object.entries(value.fields).map(([name, field]) => `${name}=${pythonText(field)}`);
    return `${value.type}(${fields.join(", ")})`;
  }
  const parts = PAIRS.has(value.type)
    ? value.items.map(([key, item]) => `${pythonText(key)}: ${pythonText(item)}`)
    : value.items.map(pythonText);
  if (value.length !== undefined) parts.push(`… ${value.length - value.items.length} more`);
  const inside = parts.join(", ");
  if (value.type === "tuple") return parts.length === 1 ? `(${inside},)` : `(${inside})`;
  if (value.type === "set") return parts.length ? `{${inside}}` : "set()";
  if (value.type === "list") return `[${inside}]`;
  return value.type === "dict" ? `{${inside}}` : `${value.type}([${inside}])`;
}

// What a cell or a bar shows: text without its quotes.
export function shortText(value, room = 12) {
  const text = typeof value === "string" ? value : pythonText(value);
  return text.length > room ? `${text.slice(0, Math.max(room - 1, 1))}…` : text;
}

// The elements of a list, tuple, string, deque or small array; null for anything else.
export function elementsOf(value) {
  if (Array.isArray(value)) return value;
  if (typeof value === "string") return Array.from(value);
  if (value && typeof value === "object" && Array.isArray(value.items) && !PAIRS.has(value.type)) {
    return value.items;
  }
  return null;
}

export function numberOf(value) {
  if (value && typeof value === "object" && "value" in value) return value.value;
  return typeof value === "number" ? value : Number(value === true);
}

function quoted(text) {
  const written = text
    .replace(/\\/g, "\\\\")
    .replace(/\n/g, "\\n")
    .replace(/\t/g, "\\t")
    .replace(/\r/g, "\\r");
  return written.includes("'") && !written.includes('"')
    ? `"${written}"`
    : `'${written.replace(/'/g, "\\'")}'`;
}
