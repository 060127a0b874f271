// Draws at once when something moves, and then at most once a frame, however much more comes.

export function onceAFrame(draw) {
  let frame = null;
  let dirty = false;

  function again() {
    frame = null;
    if (!dirty) return;
    dirty = false;
    draw();
  }

  function later() {
    dirty = true;
    frame ??= requestAnimationFrame(again);
  }

  function now() {
    if (frame !== null) {
      dirty = true;
      return;
    }
    frame = requestAnimationFrame(again);
    draw();
  }

  return { now, later, stop: () => cancelAnimationFrame(frame) };
}
