// What the bar and the keys do, and what the bar shows of it.

import { MARGIN, fitScale, viewOfBox, zoomAt } from "viewer_geometry";
import { PLAIN_LOOK, lookOf } from "viewer_look";

const STEP = 1.25; // one press of + or -
const MIDDLE = { x: 0, y: 0 };

export const COMMANDS = {
  act(action) {
    const side = this.active;
    const view = this.views[side];
    const does = {
      front: () => this.show("front"), back: () => this.show("back"), both: () => this.show("both"),
      side: () => this.show(side === "front" ? "back" : "front"),
      fit: () => this.setMode("fit"), width: () => this.setMode("width"), actual: () => this.actual(MIDDLE),
      zoom_in: () => this.move(side, zoomAt(view, MIDDLE, view.scale * STEP)),
      zoom_out: () => this.move(side, zoomAt(view, MIDDLE, view.scale / STEP)),
      rotate_left: () => this.turn(3), rotate_right: () => this.turn(1),
      mirror: () => this.change({ mirror: !view.mirror, turn: (4 - view.turn) % 4, x: -view.x }),
      // Upside down is mirrored and half turned: the view needs no name for it.
      flip: () => this.change({ mirror: !view.mirror, turn: (6 - view.turn) % 4, y: -view.y }),
      invert: () => this.change({ invert: !view.invert }),
      loupe: () => { this.loupe = !this.loupe; this.paintSoon(); this.changed(); },
      adjust: () => { this.drawer = this.drawer === "adjust" ? "" : "adjust"; this.$nextTick(this.lookAtPixels); },
      regions: () => (this.drawer = this.drawer === "regions" ? "" : "regions"),
      boxes: () => { this.boxes = !this.boxes; this.paintSoon(); this.changed(); },
      fullscreen: () => (this.full ? document.exitFullscreen() : this.$el.requestFullscreen()),
      show_flag: () => this.showCurrent(),
      ...this.comparisonCommands(),
    };
    if (action.startsWith("region_")) this.showRegion(action.slice("region_".length));
    else does[action]?.();
  },
  activate(slot) {
    if (slot === "other" || this.active === slot) return;
    this.active = slot;
    this.mirrorState();
  },
  show(shown) {
    if (this.comparing) this.stopComparing(shown);
    if (shown === this.shown) return;
    this.sendSides();
    this.shown = shown;
    if (shown !== "both") this.active = shown;
    this.$nextTick(this.place);
    this.changed();
  },
  showRegion(key) {
    const region = this.regions.find((each) => each.key === key);
    if (!region) return;
    if (!this.visible.includes(region.side)) this.show(region.side);
    this.active = region.side;
    this.wanted = key;
    this.$nextTick(this.goWanted);
  },
  /** Goes to the region asked for as soon as its side is there to be shown. */
  goWanted() {
    const region = this.regions.find((each) => each.key === this.wanted);
    const frame = this.frames[region?.side];
    if (!frame?.width || this.load[region.side] !== "ready") return;
    const besideZone = this.compared?.zone === region.key;
    if (besideZone && this.load.other === "loading") return;
    this.wanted = null;
    let view = viewOfBox(this.views[region.side], this.sizeOf(region.side), region, frame);
    if (besideZone && this.load.other === "ready") { // the whole of the other is to be seen as well
      view = zoomAt(view, MIDDLE, Math.min(view.scale, fitScale(this.sizeOf("other"), frame, view.turn, MARGIN) / this.ratio()));
    }
    this.move(region.side, view);
    this.mirrorState();
  },
  change(part) {
    Object.assign(this.views[this.active], part);
    this.layOut(this.active);
    this.mirrorState();
    this.paintSoon();
    this.changed();
  },
  setMode(mode) { this.change({ mode, y: 0 }); },
  actual(cursor) { this.change({ ...zoomAt(this.views[this.active], cursor, 1 / devicePixelRatio), mode: "actual" }); },
  turn(quarters) {
    const view = this.views[this.active];
    const by = quarters === 1 ? { x: -view.y, y: view.x } : { x: view.y, y: -view.x };
    this.change({ turn: (view.turn + quarters) % 4, ...by });
  },
  adjust() { this.change(lookOf(this.look)); },
  resetLook() { this.change(PLAIN_LOOK); },
  /** What the bar shows of the side that it acts on. */
  mirrorState() {
    const { mode, mirror, ...view } = this.views[this.active];
    this.mode = mode;
    Object.assign(this.look, lookOf(view), { mirror });
    this.lookAtPixels();
  },
  // Space is the other side; minus and plus are their own caps.
  cap(action) { return { back: this.caps.side, zoom_in: "", zoom_out: "" }[action] ?? this.caps[action]; },
  pressed(action) {
    const alone = !this.comparing;
    const on = {
      front: alone && this.shown === "front", back: alone && this.shown === "back", both: alone && this.shown === "both",
      fit: this.mode === "fit", width: this.mode === "width", actual: this.mode === "actual", invert: this.look.invert,
      mirror: this.look.mirror, loupe: this.loupe, adjust: this.drawer === "adjust", regions: this.drawer === "regions",
      boxes: this.boxes, fullscreen: this.full, compare: !alone,
    };
    return action in on ? String(on[action]) : undefined;
  },
  disabled(action) { return action === "compare" && !this.comparisons.length; },
};
