// Where numbers lie on an axis, which get a tick, and how they are written (as in axes.py).

export function axisScale([low, high], start, end, log) {
  if (!log) return (value) => start + ((value - low) / (high - low)) * (end - start);
  const from = Math.log10(low);
  const over = Math.log10(high) - from;
  return (value) => (value > 0 ? start + ((Math.log10(value) - from) / over) * (end - start) : NaN);
}

export function inverseScale([low, high], start, end, log) {
  if (!log) return (place) => low + ((place - start) / (end - start)) * (high - low);
  const from = Math.log10(low);
  const over = Math.log10(high) - from;
  return (place) => 10 ** (from + ((place - start) / (end - start)) * over);
}

export function axisTicks([low, high], wanted, log) {
  if (log) {
    const first = Math.ceil(Math.log10(low) - 1e-9);
    const last = Math.floor(Math.log10(high) + 1e-9);
    const every = Math.max(Math.ceil((last - first + 1) / Math.max(wanted, 1)), 1);
    const powers = [];
    for (let power = first; power <= last; power += every) powers.push(10 ** power);
    if (powers.length > 2) return powers;
    const finer = [];
    for (let power = Math.floor(Math.log10(low)); power <= Math.log10(high); power += 1) {
      for (const many of [1, 2, 5]) finer.push(Number((many * 10 ** power).toPrecision(6)));
    }
    const inside = finer.filter((value) => value >= low && value <= high);
    if (inside.length > 1) return inside;
  }
  const rough = (high - low) / Math.max(wanted, 1);
  const unit = 10 ** Math.floor(Math.log10(rough));
  const many = [0.2, 0.5, 1, 2, 5, 10];
  let at = many.findIndex((one) => unit * one >= rough * 0.999);
  if (at < 0) at = many.length - 1;
  const inside = (step) => [Math.ceil(low / step - 1e-9), Math.floor(high / step + 1e-9)];
  const few = (step) => inside(step)[1] - inside(step)[0] < 2;
  while (at > 0 && few(unit * many[at])) at -= 1; // fewer than three say little
  const step = unit * many[at];
  const ticks = [];
  const [first, end] = inside(step);
  for (let i = first; i <= end; i += 1) ticks.push(Number((i * step).toPrecision(12)));
  return ticks;
}

export function shortNumber(value) {
  if (value === null || value === undefined || Number.isNaN(value)) return "–";
  if (value === 0) return "0";
  const size = Math.abs(value);
  let written;
  if (size >= 1e6 || size < 1e-3) {
    written = Number(value.toPrecision(3)).toExponential().replace("e+", "e");
  } else if (Number.isInteger(value)) {
    written = value.toLocaleString("en");
  } else {
    written = String(Number(value.toPrecision(4)));
  }
  return written.replace("-", "−");
}
