// A packed run (course/widgets/packing.py), unpacked where it is looked at.

const CHECKPOINT = 128; // a whole state is kept every so many steps

const BEFORE = {
  event: "line", line: 1, call: 0, depth: 0, printed: 0, pointers: {}, aliases: {}, walks: {}, locals: {}, args: {}, nodes: {},
};

export class RecordedRun {
  constructor(packed) {
    this.packed = packed;
    this.length = packed.steps.length;
    this.checkpoints = [];
    this.last = { at: -1, state: BEFORE };
    this.calls = new Int32Array(this.length); // which call each step belongs to
    this.first = new Map(); // the step at which each call begins
    this.peeked = new Map();
    let call = 0;
    packed.steps.forEach((step, index) => {
      call = step.call ?? call;
      this.calls[index] = call;
      if (!this.first.has(call)) this.first.set(call, index);
    });
  }

  // The step with its whole state: {event, line, call, depth, locals, args, pointers, …}.
  at(index) {
    if (this.last.at === index) return this.last.state;
    let from = Math.floor(index / CHECKPOINT);
    while (from > 0 && !this.checkpoints[from]) from -= 1;
    let position = from > 0 ? from * CHECKPOINT : -1;
    let state = from > 0 ? this.checkpoints[from] : BEFORE;
    if (this.last.at < index && this.last.at > position) {
      position = this.last.at;
      state = this.last.state;
    }
    while (position < index) {
      position += 1;
      state = applied(state, this.packed.steps[position]);
      if (position % CHECKPOINT === 0) this.checkpoints[position / CHECKPOINT] = state;
    }
    this.last = { at: index, state };
    return state;
  }

  // The step of the same call before this one, or null: against it, what changed is shown.
  before(index) {
    for (let earlier = index - 1; earlier >= 0; earlier -= 1) {
      if (this.calls[earlier] === this.calls[index]) return this.at(earlier);
    }
    return null;
  }

  begins(call) {
    return this.first.get(call);
  }

  // A step that is looked at again and again, such as the beginning of a call, kept.
  peek(index) {
    if (!this.peeked.has(index)) this.peeked.set(index, this.at(index));
    return this.peeked.get(index);
  }

  // Names of the calls that led to this step, the outermost first.
  stack(index) {
    const names = [];
    for (let call = this.calls[index]; call !== null && call !== undefined; ) {
      const { name, parent } = this.packed.calls[call] ?? { name: this.packed.name, parent: null };
      names.unshift(name);
      call = parent;
    }
    return names;
  }
}

function applied(before, step) {
  const state = { ...before, event: "line", reads: [], writes: [], note: "", ...step };
  state.locals = merged(before.locals, step.locals, step.gone);
  state.args = merged(before.args, step.args);
  state.nodes = merged(before.nodes, step.nodes);
  return state;
}

function merged(before, changes, gone) {
  if (!changes && !gone) return before;
  const values = { ...before };
  for (const [name, change] of Object.entries(changes ?? {})) {
    values[name] = change && change.type === "patch" ? patched(values[name], change.set) : change;
  }
  for (const name of gone ?? []) delete values[name];
  return values;
}

function patched(before, pairs) {
  const value = before.slice();
  for (const [index, element] of pairs) value[index] = element;
  return value;
}
