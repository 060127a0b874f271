// Shapes are drawn once, with a pen: into SVG path text, or into a canvas path, which has the same
// methods. So a layer need not know where it is drawn.

export class TextPen {
  constructor() {
    this.text = "";
  }

  moveTo(x, y) {
    this.text += `M${x.toFixed(2)} ${y.toFixed(2)}`;
  }

  lineTo(x, y) {
    this.text += `L${x.toFixed(2)} ${y.toFixed(2)}`;
  }

  closePath() {
    this.text += "Z";
  }

  rect(x, y, width, height) {
    this.text += `M${x.toFixed(2)} ${y.toFixed(2)}h${width.toFixed(2)}v${height.toFixed(2)}h${(-width).toFixed(2)}z`;
  }

  // Only whole circles, after a moveTo to their right end.
  arc(x, y, r) {
    this.text += `a${r} ${r} 0 1 0 ${-2 * r} 0a${r} ${r} 0 1 0 ${2 * r} 0`;
  }
}

// A stroke is {pen, stroke, fill, width, dash, opacity}: into SVG, as the attributes of a path …
export function strokeAttributes({ pen, stroke, fill, width = 1, dash = "", opacity = 1 }) {
  return {
    d: pen.text, fill: fill ?? "none", stroke: stroke ?? "none", "stroke-width": width, opacity,
    "stroke-dasharray": dash || "none", "stroke-linejoin": "round",
  };
}

// … or onto a canvas.
export function strokeOnCanvas(context, { pen, stroke, fill, width = 1, dash = "", opacity = 1 }) {
  context.globalAlpha = opacity;
  if (fill) {
    context.fillStyle = fill;
    context.fill(pen);
  }
  if (stroke) {
    context.strokeStyle = stroke;
    context.lineWidth = width;
    context.setLineDash(dash ? dash.split(" ").map(Number) : []);
    context.lineJoin = "round";
    context.stroke(pen);
  }
  context.globalAlpha = 1;
}
