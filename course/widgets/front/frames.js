// Pictures computed ahead (see ahead.py): the one for these values, interpolated where that was
// asked for.

// Returns {data, problem}; the same frame gives the same object, so that nothing is drawn twice.
export function frameFor(computed, params) {
  let places = [{ index: 0, weight: 1 }];
  for (const { name, values, linear } of computed.at) {
    const near = positions(values, params[name], linear);
    places = places.flatMap(({ index, weight }) =>
      near.map((one) => ({ index: index * values.length + one.index, weight: weight * one.weight })),
    );
  }
  const nearest = places.reduce((best, one) => (one.weight > best.weight ? one : best));
  const problem = computed.problems[nearest.index] ?? null;
  if (places.length === 1 || places.some(({ index }) => !computed.frames[index])) {
    return { data: whole(computed, nearest.index), problem };
  }
  const mixed = mix(places.map(({ index, weight }) => ({ value: computed.frames[index], weight })));
  return { data: { ...computed.common, ...mixed }, problem };
}

function positions(values, wanted, linear) {
  const exact = values.indexOf(wanted);
  if (exact >= 0 || typeof wanted !== "number") return [{ index: Math.max(exact, 0), weight: 1 }];
  let above = values.findIndex((value) => value > wanted);
  if (above < 0) above = values.length - 1;
  if (above === 0) return [{ index: 0, weight: 1 }];
  const part = Math.min((wanted - values[above - 1]) / (values[above] - values[above - 1]), 1);
  if (!linear) return [{ index: part < 0.5 ? above - 1 : above, weight: 1 }];
  return [{ index: above - 1, weight: 1 - part }, { index: above, weight: part }];
}

const wholes = new WeakMap();

function whole(computed, index) {
  if (!computed.frames[index]) return null;
  if (!wholes.has(computed)) wholes.set(computed, new Map());
  const known = wholes.get(computed);
  if (!known.has(index)) known.set(index, { ...computed.common, ...computed.frames[index] });
  return known.get(index);
}

// The weighted mean of equal structures of numbers; what is no number is taken from the heaviest.
function mix(parts) {
  const first = parts[0].value;
  if (typeof first === "number") {
    if (parts.some(({ value }) => typeof value !== "number")) return null;
    return parts.reduce((sum, { value, weight }) => sum + value * weight, 0);
  }
  if (Array.isArray(first) && parts.every(({ value }) => value?.length === first.length)) {
    return first.map((_, i) => mix(parts.map(({ value, weight }) => ({ value: value[i], weight }))));
  }
  if (first && typeof first === "object" && !Array.isArray(first)) {
    return Object.fromEntries(
      Object.keys(first).map((key) => [key, mix(parts.map(({ value, weight }) => ({ value: value[key], weight })))]),
    );
  }
  return parts.reduce((best, one) => (one.weight > best.weight ? one : best)).value;
}
