// Zooming and moving: by wheel, hand, two fingers and arrow keys. While another image is compared, both are moved as one.

import { keepInSight, zoomAt } from "viewer_geometry";

const PAN_STEP = 60; // one press of an arrow key in a focused frame
const CALM = 160; // ms after the last movement until the picture is drawn sharp again
const ARROWS = { ArrowLeft: [1, 0], ArrowRight: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };

export const MOVING = {
  /** The side whose view a frame moves: a compared image has none of its own. */
  lead(slot) { return slot === "other" ? this.active : slot; },
  pointOf(event, slot) {
    const box = this.frames[slot].pane.getBoundingClientRect();
    return { slot, x: event.clientX - box.left - box.width / 2, y: event.clientY - box.top - box.height / 2 };
  },
  move(slot, view) {
    const side = this.lead(slot);
    const image = this.sizeOf(side);
    if (!image || this.load[side] !== "ready") return;
    this.views[side] = keepInSight({ ...view, mode: "free" }, image, this.frames[side]);
    this.mode = "free";
    // The layer is held only while it moves: a held layer would keep the sharpness of the scale it began with.
    if (!this.calm) for (const { pane } of Object.values(this.frames)) pane.dataset.moving = "";
    clearTimeout(this.calm);
    this.calm = setTimeout(this.calmDown, CALM);
    this.paintSoon();
    this.changed();
  },
  calmDown() {
    this.calm = undefined;
    for (const { pane } of Object.values(this.frames)) delete pane.dataset.moving;
    this.paintSoon();
  },
  grab(event, slot) {
    if (event.target.closest("button") || (event.pointerType === "mouse" && event.button !== 0)) return;
    this.activate(slot);
    event.currentTarget.setPointerCapture(event.pointerId);
    this.pointers.set(event.pointerId, this.pointOf(event, slot));
  },
  drag(event, slot) {
    const point = this.pointOf(event, slot);
    this.pointer = point;
    const before = this.pointers.get(event.pointerId);
    if (!before) {
      this.hover(slot, point);
      return this.loupe ? this.paintSoon() : undefined;
    }
    const other = [...this.pointers].find(([id]) => id !== event.pointerId)?.[1];
    this.pointers.set(event.pointerId, point);
    let view = this.views[this.lead(slot)];
    if (other) { // two fingers: their distance scales, their middle moves
      const middle = { x: (point.x + other.x) / 2, y: (point.y + other.y) / 2 };
      const spread = (a) => Math.hypot(a.x - other.x, a.y - other.y) || 1;
      view = zoomAt(view, middle, view.scale * (spread(point) / spread(before)));
      return this.move(slot, { ...view, x: view.x + (point.x - before.x) / 2, y: view.y + (point.y - before.y) / 2 });
    }
    this.move(slot, { ...view, x: view.x + point.x - before.x, y: view.y + point.y - before.y });
  },
  release(event) { this.pointers.delete(event.pointerId); },
  left() {
    this.pointer = null;
    this.light(null);
    if (this.loupe) this.paintSoon();
  },
  wheel(event, slot) {
    this.activate(slot);
    const lines = event.deltaMode === 1 ? 16 : 1;
    const factor = Math.exp(-event.deltaY * lines * (event.ctrlKey ? 0.01 : 0.0015)); // ctrl: a pinch on a touchpad
    const view = this.views[this.lead(slot)];
    this.move(slot, zoomAt(view, this.pointOf(event, slot), view.scale * factor));
  },
  doubleClick(event, slot) {
    if (event.target.closest("button")) return;
    this.activate(slot);
    if (this.views[this.lead(slot)].mode === "actual") return this.setMode("fit");
    this.actual(this.pointOf(event, slot));
  },
  panKey(event, slot) {
    const arrow = event.target === event.currentTarget && ARROWS[event.key];
    if (!arrow) return;
    event.preventDefault();
    const view = this.views[this.lead(slot)];
    this.move(slot, { ...view, x: view.x + arrow[0] * PAN_STEP, y: view.y + arrow[1] * PAN_STEP });
  },
};
