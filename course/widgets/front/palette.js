// Colours that colour-blind readers can tell apart (Okabe and Ito's), each with a line pattern and a
// shape of its own, and two colour scales for heat maps (as in still.py).

export const SERIES = ["#0072B2", "#E69F00", "#009E73", "#CC79A7", "#D55E00", "#56B4E9"];
export const DASHES = ["", "7 4", "2 3", "9 3 2 3", "12 4", "5 2 1 2"];
const SEQUENTIAL = [[68, 1, 84], [59, 82, 139], [33, 145, 140], [94, 201, 98], [253, 231, 37]];
const DIVERGING = [[0, 90, 160], [120, 180, 220], [245, 245, 245], [240, 170, 90], [190, 80, 0]];

// 256 colours, three bytes each, from the lowest to the highest.
export function colourTable(diverging) {
  const stops = diverging ? DIVERGING : SEQUENTIAL;
  const table = new Uint8ClampedArray(768);
  for (let i = 0; i < 256; i += 1) {
    const at = (i / 255) * (stops.length - 1);
    const below = Math.min(Math.floor(at), stops.length - 2);
    for (let part = 0; part < 3; part += 1) {
      table[3 * i + part] = stops[below][part] + (stops[below + 1][part] - stops[below][part]) * (at - below);
    }
  }
  return table;
}

// One mark of a group: circle, square, triangle or diamond, of radius r.
export function drawMark(pen, group, x, y, r) {
  const kind = group % 4;
  if (kind === 0) {
    pen.moveTo(x + r, y);
    pen.arc(x, y, r, 0, 2 * Math.PI);
    return;
  }
  if (kind === 1) pen.rect(x - r, y - r, 2 * r, 2 * r);
  if (kind === 2) polygon(pen, [[x, y - 1.2 * r], [x + 1.1 * r, y + 0.8 * r], [x - 1.1 * r, y + 0.8 * r]]);
  if (kind === 3) polygon(pen, [[x, y - 1.3 * r], [x + r, y], [x, y + 1.3 * r], [x - r, y]]);
}

function polygon(pen, corners) {
  corners.forEach(([x, y], i) => (i ? pen.lineTo(x, y) : pen.moveTo(x, y)));
  pen.closePath();
}
