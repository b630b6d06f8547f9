import {
  fitScale, keepInSight, toImage, viewOfBox, widthScale, zoomAt,
} from "viewer_geometry";
import { ImagePool } from "viewer_images";
import { drawLoupe, paintBox, paintImage, placeLoupe } from "viewer_paint";
import { BAR, TEMPLATE } from "viewer_template";

const MARGIN = 16; // CSS pixels around a fitted image
const STEP = 1.25; // one press of + or -
const PAN_STEP = 60; // one press of an arrow key in a focused frame
const REST = 800; // ms without a change before the state is sent for saving
const SIDES = ["front", "back"];
const NAME = { front: "Front", back: "Back" };
const ARROWS = { ArrowLeft: [1, 0], ArrowRight: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };

const freshView = () => ({ mode: "fit", scale: 1, x: 0, y: 0, turn: 0, mirror: false, invert: false, brightness: 100, contrast: 100 });

export default {
  props: { check: Object, caps: Object },
  template: TEMPLATE,
  data: () => ({
    current: {}, regions: [], shown: "front", active: "front", load: { front: "none", back: "none" }, percent: 100,
    mode: "fit", look: { invert: false, mirror: false, brightness: 100, contrast: 100 }, loupe: false, adjusting: false, boxes: true,
    full: false,
  }),
  computed: {
    bar: () => BAR,
    visible() { return this.shown === "both" ? SIDES : [this.shown]; },
  },
  watch: { check: { handler: "take" } },
  created() {
    // Nothing of this is watched: movement changes it and paints, without a render.
    Object.assign(this, { views: { front: freshView(), back: freshView() }, entries: {}, frames: {}, pointers: new Map(), pointer: null });
    Object.assign(this, { pool: new ImagePool(), seq: -1, spent: { front: 0, back: 0 }, since: performance.now(), watched: [] });
  },
  mounted() {
    this.observer = new ResizeObserver((entries) => entries.forEach((entry) => this.resized(entry)));
    this.listeners = [
      [window, "crc:command", this.command], [window, "pagehide", this.sendSides], [document, "visibilitychange", this.visibility],
      [document, "fullscreenchange", () => (this.full = document.fullscreenElement === this.$el)],
    ];
    for (const [target, type, listener] of this.listeners) target.addEventListener(type, listener);
    this.take(this.check);
  },
  unmounted() {
    this.flushState();
    this.observer.disconnect();
    cancelAnimationFrame(this.frame);
    clearTimeout(this.calm);
    for (const [target, type, listener] of this.listeners) target.removeEventListener(type, listener);
  },
  methods: {
    // --- what is shown ------------------------------------------------------------------------------------------
    take(check) {
      if (check.seq === this.seq || !check.seq) return; // the element was updated for another reason
      this.flushState();
      this.sendSides();
      this.seq = check.seq;
      this.current = check;
      this.regions = check.regions;
      this.spent = { front: 0, back: 0 };
      this.since = performance.now();
      this.active = "front";
      this.adjusting = false;
      for (const side of SIDES) this.fetch(side);
      this.setState(check.state);
    },
    setState(state) {
      for (const side of SIDES) this.views[side] = { ...freshView(), ...state[side] };
      this.shown = state.shown ?? (this.current.front || !this.current.back ? "front" : "back");
      if (this.shown !== "both") this.active = this.shown;
      this.$nextTick(this.place);
    },
    setRegions(regions) {
      const named = new Set(regions.map((region) => region.key));
      this.regions = [...regions, ...this.regions.filter((region) => region.kind === "zone" && !named.has(region.key))];
      this.$nextTick(this.paintSoon);
    },
    fetch(side) {
      const image = this.current[side];
      const entry = (this.entries[side] = image ? this.pool.get(image.url) : null);
      this.load[side] = entry ? entry.state : "none";
      if (entry?.state !== "loading") return;
      entry.done.then(() => {
        if (this.entries[side] !== entry) return; // another check is shown by now
        this.settle();
        this.load[side] = entry.state;
        this.$nextTick(this.place);
      });
    },
    retry(side) { this.fetch(side); },
    prefetch(urls) { for (const url of urls) this.pool.get(url); },
    /** Puts the decoded images into the frames on screen and lays them out. */
    place() {
      this.observer.disconnect();
      for (const pane of this.$refs.panes.querySelectorAll(".crc-pane")) {
        const side = pane.dataset.side;
        const entry = this.entries[side];
        if (entry?.state === "ready") {
          const { element } = entry;
          const stage = pane.querySelector(".crc-stage");
          element.alt = this.current[side].alt || `${NAME[side]} of the check`;
          if (element.parentNode !== stage) stage.replaceChildren(element);
        }
        this.frames[side] = { pane, width: pane.clientWidth, height: pane.clientHeight };
        this.observer.observe(pane);
        this.layOut(side);
      }
      this.mirrorState();
      this.paint();
    },
    resized({ target, contentRect }) {
      const side = target.dataset.side;
      Object.assign(this.frames[side], { width: contentRect.width, height: contentRect.height });
      this.layOut(side);
      this.paintSoon();
    },
    sizeOf(side) {
      const element = this.entries[side]?.state === "ready" ? this.entries[side].element : null;
      return element ? { width: element.naturalWidth, height: element.naturalHeight } : this.current[side];
    },
    layOut(side) {
      const [view, frame, image] = [this.views[side], this.frames[side], this.sizeOf(side)];
      if (!image || !frame?.width) return;
      if (view.mode === "fit") Object.assign(view, { scale: fitScale(image, frame, view.turn, MARGIN), x: 0, y: 0 });
      if (view.mode === "width") {
        const scale = widthScale(image, frame, view.turn, MARGIN);
        Object.assign(view, { scale, x: 0, y: view.y * (scale / view.scale) });
      }
      this.views[side] = keepInSight(view, image, frame);
    },
    // --- painting -----------------------------------------------------------------------------------------------
    paintSoon() { this.frame ??= requestAnimationFrame(() => { this.frame = undefined; this.paint(); }); },
    paint() {
      for (const side of this.visible) this.paintSide(side);
      this.percent = Math.round(this.views[this.active].scale * devicePixelRatio * 100);
      if (this.loupe) this.paintLoupe();
    },
    paintSide(side) {
      const [view, frame, image] = [this.views[side], this.frames[side], this.sizeOf(side)];
      if (!frame || !image || this.load[side] !== "ready") return;
      paintImage(this.entries[side].element, view, image);
      const regions = new Map(this.drawn(side).map((region) => [region.key, region]));
      for (const box of frame.pane.querySelectorAll(".crc-box")) paintBox(box, view, image, regions.get(box.dataset.region));
    },
    paintLoupe() {
      const side = this.pointer?.side ?? this.active;
      const [view, frame, image] = [this.views[side], this.frames[side], this.sizeOf(side)];
      const canvas = this.$refs.loupe;
      canvas.hidden = this.load[side] !== "ready" || !frame;
      if (canvas.hidden) return;
      const cursor = this.pointer ?? { x: 0, y: 0 };
      drawLoupe(canvas, this.entries[side].element, view, image, cursor);
      placeLoupe(canvas, frame, cursor, this.$refs.panes);
    },
    // --- movement -----------------------------------------------------------------------------------------------
    pointOf(event, side) {
      const box = this.frames[side].pane.getBoundingClientRect();
      return { side, x: event.clientX - box.left - box.width / 2, y: event.clientY - box.top - box.height / 2 };
    },
    move(side, view) {
      const image = this.sizeOf(side);
      if (!image || this.load[side] !== "ready") return;
      const moved = { ...view, mode: "free" };
      this.views[side] = keepInSight(moved, image, this.frames[side]);
      this.mode = "free";
      // The layer is held only while it moves: a held layer would keep the sharpness of the scale it began with.
      this.frames[side].pane.dataset.moving = "";
      clearTimeout(this.calm);
      this.calm = setTimeout(() => { for (const { pane } of Object.values(this.frames)) delete pane.dataset.moving; }, 160);
      this.paintSoon();
      this.changed();
    },
    grab(event, side) {
      if (event.target.closest("button") || (event.pointerType === "mouse" && event.button !== 0)) return;
      this.activate(side);
      event.currentTarget.setPointerCapture(event.pointerId);
      this.pointers.set(event.pointerId, this.pointOf(event, side));
    },
    drag(event, side) {
      const point = this.pointOf(event, side);
      this.pointer = point;
      const before = this.pointers.get(event.pointerId);
      if (!before) return this.loupe ? this.paintSoon() : undefined;
      const other = [...this.pointers].find(([id]) => id !== event.pointerId)?.[1];
      this.pointers.set(event.pointerId, point);
      let view = this.views[side];
      if (other) { // two fingers: their distance scales, their middle moves
        const middle = { x: (point.x + other.x) / 2, y: (point.y + other.y) / 2 };
        const spread = (a) => Math.hypot(a.x - other.x, a.y - other.y) || 1;
        view = zoomAt(view, middle, view.scale * (spread(point) / spread(before)));
        return this.move(side, { ...view, x: view.x + (point.x - before.x) / 2, y: view.y + (point.y - before.y) / 2 });
      }
      this.move(side, { ...view, x: view.x + point.x - before.x, y: view.y + point.y - before.y });
    },
    release(event) { this.pointers.delete(event.pointerId); },
    wheel(event, side) {
      this.activate(side);
      const lines = event.deltaMode === 1 ? 16 : 1;
      const factor = Math.exp(-event.deltaY * lines * (event.ctrlKey ? 0.01 : 0.0015)); // ctrl: a pinch on a touchpad
      this.move(side, zoomAt(this.views[side], this.pointOf(event, side), this.views[side].scale * factor));
    },
    doubleClick(event, side) {
      if (event.target.closest("button")) return;
      if (this.views[side].mode === "actual") return this.setMode("fit");
      this.activate(side);
      this.actual(this.pointOf(event, side));
    },
    panKey(event, side) {
      const arrow = event.target === event.currentTarget && ARROWS[event.key];
      if (!arrow) return;
      event.preventDefault();
      const view = this.views[side];
      this.move(side, { ...view, x: view.x + arrow[0] * PAN_STEP, y: view.y + arrow[1] * PAN_STEP });
    },
    // --- commands of the bar and the keys -----------------------------------------------------------------------
    command({ detail: { target, action } }) { if (target === "viewer") this.act(action); },
    act(action) {
      const side = this.active;
      const view = this.views[side];
      const middle = { x: 0, y: 0 };
      const does = {
        front: () => this.show("front"), back: () => this.show("back"), both: () => this.show("both"),
        side: () => this.show(side === "front" ? "back" : "front"),
        fit: () => this.setMode("fit"), width: () => this.setMode("width"), actual: () => this.actual(middle),
        zoom_in: () => this.move(side, zoomAt(view, middle, view.scale * STEP)),
        zoom_out: () => this.move(side, zoomAt(view, middle, view.scale / STEP)),
        rotate_left: () => this.turn(3), rotate_right: () => this.turn(1),
        mirror: () => this.change({ mirror: !view.mirror, turn: (4 - view.turn) % 4, x: -view.x }),
        invert: () => this.change({ invert: !view.invert }),
        loupe: () => { this.loupe = !this.loupe; this.paintSoon(); },
        adjust: () => (this.adjusting = !this.adjusting),
        boxes: () => (this.boxes = !this.boxes),
        fullscreen: () => (this.full ? document.exitFullscreen() : this.$el.requestFullscreen()),
      };
      if (action.startsWith("region_")) this.showRegion(action.slice("region_".length));
      else does[action]?.();
    },
    activate(side) { if (this.active !== side) { this.active = side; this.mirrorState(); } },
    show(shown) {
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
      this.$nextTick(() => {
        if (this.load[region.side] !== "ready") return;
        this.move(region.side, viewOfBox(this.views[region.side], this.sizeOf(region.side), region, this.frames[region.side]));
        this.mirrorState();
      });
    },
    change(part) { Object.assign(this.views[this.active], part); this.settleView(); },
    settleView() { this.layOut(this.active); this.mirrorState(); this.paintSoon(); this.changed(); },
    setMode(mode) { this.change({ mode, y: 0 }); },
    actual(cursor) { this.change({ ...zoomAt(this.views[this.active], cursor, 1 / devicePixelRatio), mode: "actual" }); },
    turn(quarters) {
      const view = this.views[this.active];
      const by = quarters === 1 ? { x: -view.y, y: view.x } : { x: view.y, y: -view.x };
      this.change({ turn: (view.turn + quarters) % 4, ...by });
    },
    adjust() { this.change({ brightness: this.look.brightness, contrast: this.look.contrast }); },
    resetLook() { this.change({ brightness: 100, contrast: 100, invert: false }); },
    // --- what the bar shows -------------------------------------------------------------------------------------
    mirrorState() {
      const { mode, invert, mirror, brightness, contrast } = this.views[this.active];
      this.mode = mode;
      Object.assign(this.look, { invert, mirror, brightness, contrast });
    },
    // Space is the other side; minus and plus are their own caps.
    cap(action) { return { back: this.caps.side, zoom_in: "", zoom_out: "" }[action] ?? this.caps[action]; },
    pressed(action) {
      const on = {
        front: this.shown === "front", back: this.shown === "back", both: this.shown === "both", fit: this.mode === "fit",
        width: this.mode === "width", actual: this.mode === "actual", invert: this.look.invert, mirror: this.look.mirror,
        loupe: this.loupe, adjust: this.adjusting, boxes: this.boxes, fullscreen: this.full,
      };
      return action in on ? String(on[action]) : undefined;
    },
    paneName(side) { return `${NAME[side]} of the check. Arrow keys move it.`; },
    drawn(side) { return this.regions.filter((region) => region.side === side && region.kind !== "zone"); },
    // --- what the server hears ----------------------------------------------------------------------------------
    changed() { clearTimeout(this.saving); this.saving = setTimeout(this.flushState, REST); },
    flushState() {
      if (!this.saving) return;
      clearTimeout(this.saving);
      this.saving = undefined;
      this.$emit("state", { check: this.current.id, state: { shown: this.shown, front: { ...this.views.front }, back: { ...this.views.back } } });
    },
    /** Adds the time since the last call to the sides that were on screen, readable and not behind another tab. */
    settle() {
      const now = performance.now();
      if (!this.hidden) for (const side of this.visible) if (this.load[side] === "ready") this.spent[side] += now - this.since;
      this.since = now;
      this.hidden = document.hidden;
    },
    sidesNow() { this.settle(); return { front: Math.round(this.spent.front), back: Math.round(this.spent.back) }; },
    sendSides() { if (this.current.id !== undefined) this.$emit("sides", { check: this.current.id, sides: this.sidesNow() }); },
    visibility() { document.hidden ? this.sendSides() : this.settle(); },
    /** For tests and helpers of the page: the image point (in pixels, from its middle) under a point of the window. */
    imagePointAt(clientX, clientY) {
      const side = this.active;
      return toImage(this.views[side], this.pointOf({ clientX, clientY }, side));
    },
    viewOf(side) { return { ...this.views[side] }; },
  },
};
