import { MARGIN, fitScale, keepInSight, toFrame, toImage, widthScale } from "viewer_geometry";
import { COMMANDS } from "viewer_commands";
import { COMPARING, STILL } from "viewer_compare";
import { ImagePool, entryPixels } from "viewer_images";
import { PLAIN_LOOK, develop, isPlain, lookOf } from "viewer_look";
import { MOVING } from "viewer_moving";
import { boxesLieFor, drawLoupe, layOutBoxes, moveBoxes, paintImage, placeLoupe, settleImage } from "viewer_paint";
import { REGIONS } from "viewer_regions";
import { SEEN } from "viewer_seen";
import { BAR, SLIDERS, TEMPLATE, WAYS } from "viewer_template";

const SIDES = ["front", "back"];
const SLOTS = [...SIDES, "other"]; // "other": what the check is compared with
const NAME = { front: "Front", back: "Back" };

const freshView = () => ({ mode: "fit", scale: 1, x: 0, y: 0, turn: 0, mirror: false, ...PLAIN_LOOK });

const viewers = []; // of this page; the last one that was used hears the keys

export default {
  props: { check: Object, caps: Object },
  template: TEMPLATE,
  data: () => ({
    current: {}, regions: [], shown: "front", active: "front", load: { front: "none", back: "none", other: "none" },
    mode: "fit", look: { mirror: false, ...PLAIN_LOOK }, loupe: false, drawer: "", boxes: true, full: false, bitonal: false,
    comparing: null, shares: null, lit: null, said: "", still: STILL.matches,
  }),
  computed: {
    bar: () => BAR,
    sliders: () => SLIDERS,
    ways: () => WAYS,
    comparisons() { return this.current.comparisons ?? []; },
    hasCard() { return this.comparisons.some((each) => each.zone); },
    compared() { return this.comparing ? this.comparisons[this.comparing.index] : null; },
    /** The frames on screen. */
    visible() {
      if (this.comparing) return this.comparing.way === "beside" ? [this.compared.side, "other"] : [this.compared.side];
      return this.shown === "both" ? SIDES : [this.shown];
    },
    zones() { return this.regions.filter((region) => this.caps[`region_${region.key}`]); },
  },
  watch: { check: { handler: "take" } },
  created() {
    // Nothing of this is watched: movement changes it and paints, without a render.
    Object.assign(this, { views: { front: freshView(), back: freshView() }, entries: {}, frames: {}, pointers: new Map(), pointer: null });
    Object.assign(this, { pool: new ImagePool(), layers: new Map(), seq: -1, wanted: null });
    this.startSeen();
  },
  mounted() {
    viewers.push(this);
    this.observer = new ResizeObserver((entries) => entries.forEach((entry) => this.resized(entry)));
    this.percent = this.$el.querySelector(".crc-percent");
    this.listeners = [
      [window, "crc:command", this.command], [window, "keydown", this.escape, true], [window, "pagehide", this.sendSides],
      [document, "visibilitychange", this.visibility], [document, "click", this.clicked], [document, "pointerover", this.pointed],
      [document, "focusin", this.pointed], [window, "crc:acting", this.acting], [document, "click", this.acting, true],
      [STILL, "change", () => (this.still = STILL.matches)],
      [document, "fullscreenchange", () => (this.full = document.fullscreenElement === this.$el)],
    ];
    for (const [target, type, listener, capture] of this.listeners) target.addEventListener(type, listener, capture);
    this.take(this.check);
  },
  unmounted() {
    viewers.splice(viewers.indexOf(this), 1);
    this.flushState();
    this.observer.disconnect();
    cancelAnimationFrame(this.frame);
    clearTimeout(this.calm);
    clearInterval(this.beating);
    for (const [target, type, listener, capture] of this.listeners) target.removeEventListener(type, listener, capture);
  },
  methods: {
    ...MOVING, ...COMMANDS, ...COMPARING, ...REGIONS, ...SEEN,
    // --- what is shown ------------------------------------------------------------------------------------------
    take(check) {
      if (check.seq === this.seq || !check.seq) return; // the element was updated for another reason
      this.flushState();
      this.sendSides();
      clearInterval(this.beating);
      Object.assign(this, { comparing: null, lastCompared: undefined, over: null, wanted: null, lit: null });
      this.layers.clear();
      this.seq = check.seq;
      this.current = check;
      this.regions = check.regions;
      this.active = "front";
      this.drawer = "";
      this.load.other = "none";
      for (const side of SIDES) this.fetch(side);
      this.setState(check.state);
      this.startSeen(); // last: until here the side of the check before is on screen
    },
    setState(state) {
      this.settle();
      clearInterval(this.beating);
      this.comparing = null;
      for (const side of SIDES) this.views[side] = { ...freshView(), ...state[side] };
      this.shown = state.shown ?? (this.current.front || !this.current.back ? "front" : "back");
      if (this.shown !== "both") this.active = this.shown;
      this.boxes = state.boxes ?? this.boxes;
      this.loupe = state.loupe ?? this.loupe;
      this.restoreComparison(state.compare);
      this.$nextTick(this.place);
    },
    restoreComparison(compare) {
      const index = compare ? this.comparisons.findIndex((each) => each.key === compare.key) : -1;
      if (index < 0) return;
      this.compareAt(index, compare.way);
      this.wanted = null; // what was looked at is looked at again, not the whole zone
      if (compare.pace) this.comparing.pace = compare.pace;
      this.beat();
      this.forgetChange();
    },
    /** Other addresses of the same images: whatever is on screen stays, what is fetched from now on has the new ones. */
    renew(images) {
      const index = images.comparisons.findIndex((each) => each.key === this.compared?.key);
      if (this.comparing && index >= 0) this.comparing.index = index;
      else this.stopComparing();
      this.current = { ...this.current, ...images };
    },
    imageOf(slot) { return slot === "other" ? this.compared?.image : this.current[slot]; },
    fetch(slot) {
      const image = this.imageOf(slot);
      const entry = (this.entries[slot] = image ? this.pool.get(image.url) : null);
      this.load[slot] = entry ? entry.state : "none";
      if (entry?.state !== "loading") return;
      entry.done.then(() => {
        if (this.entries[slot] !== entry) return; // another one is shown by now
        this.settle();
        this.load[slot] = entry.state;
        this.$nextTick(() => { this.place(); this.goWanted(); });
      });
    },
    prefetch(urls) { for (const url of urls) this.pool.get(url); },
    /** Puts the decoded images into the frames on screen and lays them out. */
    place() {
      this.observer.disconnect();
      this.arrange();
      this.bringTogether();
      this.frames = {};
      for (const pane of this.$refs.panes.querySelectorAll(".crc-pane")) {
        const slot = pane.dataset.side;
        const [stage, boxes] = [pane.querySelector(".crc-stage"), pane.querySelector(".crc-boxes")];
        this.frames[slot] = { pane, stage, boxes, width: pane.clientWidth, height: pane.clientHeight };
        this.observer.observe(pane);
      }
      for (const slot of Object.keys(this.frames)) this.layOut(slot);
      this.mirrorState();
      this.paint();
    },
    arrange() {
      const images = this.visible.map((slot) => this.sizeOf(slot)).filter(Boolean);
      const zone = this.compared?.zone && this.regions.find((each) => each.key === this.compared.zone);
      if (zone) images[0] = { width: zone.w * images[0].width, height: zone.h * images[0].height };
      this.$refs.panes.dataset.across = String(this.comparing !== null && images.length > 1 && !this.stacked(this.$refs.panes, images));
    },
    resized({ target, contentRect }) {
      const slot = target.dataset.side;
      if (!this.frames[slot]) return;
      Object.assign(this.frames[slot], { width: contentRect.width, height: contentRect.height });
      this.layOut(slot);
      this.paintSoon();
    },
    sizeOf(slot) {
      const element = this.entries[slot]?.state === "ready" ? this.entries[slot].element : null;
      return element ? { width: element.naturalWidth, height: element.naturalHeight } : this.imageOf(slot);
    },
    viewOf(slot) { return { ...(slot === "other" ? this.follow() : this.views[slot]) }; },
    layOut(slot) {
      if (slot === "other") return;
      const [view, frame, image] = [this.views[slot], this.frames[slot], this.sizeOf(slot)];
      if (!image || !frame?.width) return;
      const beside = this.comparing?.way === "beside" && !this.compared.zone ? this.sizeOf("other") : null;
      const smallest = (scaleOf) => Math.min(scaleOf(image, frame, view.turn, MARGIN), beside ? scaleOf(beside, frame, view.turn, MARGIN) / this.ratio() : Infinity);
      if (view.mode === "fit") Object.assign(view, { scale: smallest(fitScale), x: 0, y: 0 });
      if (view.mode === "width") {
        const scale = smallest(widthScale);
        Object.assign(view, { scale, x: 0, y: view.y * (scale / view.scale) });
      }
      this.views[slot] = keepInSight(view, image, frame);
    },
    // --- painting -----------------------------------------------------------------------------------------------
    paintSoon() { this.frame ??= requestAnimationFrame(() => { this.frame = undefined; this.paint(); }); },
    paint() {
      for (const slot of this.visible) this.paintFrame(slot);
      const percent = `${Math.round(this.views[this.active].scale * devicePixelRatio * 100)} %`;
      if (this.percent.textContent !== percent) this.percent.textContent = percent;
      if (this.loupe) this.paintLoupe();
    },
    paintFrame(slot) {
      const frame = this.frames[slot];
      if (!frame) return;
      const shown = this.layersOf(slot);
      const { children } = frame.stage;
      if (children.length !== shown.length || shown.some(({ element }, i) => children[i] !== element)) {
        frame.stage.replaceChildren(...shown.map(({ element }) => element));
        for (const { element, image } of shown) settleImage(element, image);
      }
      for (const { element, view, hidden } of shown) {
        paintImage(element, view);
        if (element.hidden !== !!hidden) element.hidden = !!hidden;
      }
      if (this.boxes && shown.length && slot !== "other") this.paintBoxes(slot, frame);
    },
    paintBoxes(side, { boxes }) {
      const view = this.views[side];
      if (!boxes) return;
      const lie = boxesLieFor(boxes, view) && (this.calm || boxes.laid.scale === view.scale) && boxes.laid.of === this.regions;
      if (!lie) layOutBoxes(boxes, view, this.sizeOf(side), this.regions);
      boxes.laid.of = this.regions;
      moveBoxes(boxes, view);
    },
    /** What lies in a frame: one picture; while alternating two, one of them hidden; or the drawn difference. */
    layersOf(slot) {
      const way = this.comparing?.way;
      const own = this.layerOf(slot);
      if (!own) return [];
      if (!way || way === "beside") return [own];
      const other = this.layerOf("other");
      if (!other) return [];
      if (way === "difference") {
        const drawn = this.layers.get("difference");
        return drawn ? [{ ...own, element: this.named(drawn.canvas, `What differs from ${this.compared.label}`) }] : [];
      }
      return [{ ...own, hidden: this.comparing.swapped }, { ...other, hidden: !this.comparing.swapped }];
    },
    layerOf(slot) {
      const entry = this.entries[slot];
      if (entry?.state !== "ready") return null;
      return { element: this.pictureOf(slot, entry), view: slot === "other" ? this.follow() : this.views[slot], image: this.sizeOf(slot) };
    },
    /** The image itself, or a canvas with it as the present look has it. */
    pictureOf(slot, entry) {
      const name = this.imageOf(slot).alt || (slot === "other" ? this.compared.label : `${NAME[slot]} of the check`);
      const view = this.views[this.lead(slot)];
      if (isPlain(view)) {
        if (entry.element.alt !== name) entry.element.alt = name;
        return entry.element;
      }
      const look = lookOf(view);
      const layer = this.layers.get(slot) ?? { canvas: document.createElement("canvas") };
      const key = `${entry.element.src} ${JSON.stringify(look)}`;
      if (layer.key !== key) develop(entryPixels(entry), look, layer.canvas);
      this.layers.set(slot, Object.assign(layer, { key }));
      return this.named(layer.canvas, name);
    },
    named(canvas, name) {
      if (canvas.getAttribute("aria-label") === name) return canvas;
      canvas.setAttribute("role", "img");
      canvas.setAttribute("aria-label", name);
      return canvas;
    },
    /** Whether there is anything to adjust: known once the pixels were read, which is not done before they are needed. */
    lookAtPixels() {
      const entry = this.entries[this.active];
      this.bitonal = this.drawer === "adjust" && entry?.state === "ready" && entryPixels(entry).bitonal;
    },
    paintLoupe() {
      const slot = this.pointer && this.frames[this.pointer.slot] ? this.pointer.slot : this.active;
      const layer = this.layersOf(slot).find(({ hidden }) => !hidden);
      const canvas = this.$refs.loupe;
      canvas.hidden = !layer || !this.frames[slot];
      if (canvas.hidden) return;
      const cursor = this.pointer ?? { x: 0, y: 0 };
      drawLoupe(canvas, layer, cursor);
      placeLoupe(canvas, this.frames[slot], cursor, this.$refs.panes);
    },
    // --- words of the template ----------------------------------------------------------------------------------
    command({ detail: { target, action } }) { if (target === "viewer" && this.isForemost()) this.act(action); },
    isForemost() { return viewers.at(-1) === this; },
    cameForward() { if (!this.isForemost()) viewers.push(...viewers.splice(viewers.indexOf(this), 1)); },
    /** Words over the image, for a moment. */
    say(words) {
      this.said = words;
      clearTimeout(this.saying);
      this.saying = setTimeout(() => (this.said = ""), 3000);
    },
    frameName(slot) {
      const name = slot === "other" ? this.compared.label : `${NAME[slot]} of the check`;
      return `${name}. Arrow keys move it.`;
    },
    /** The image that keeps a frame from showing what it should, and how it stands; null where all is there. */
    lacking(slot) {
      const needs = this.comparing && this.comparing.way !== "beside" ? [slot, "other"] : [slot];
      const found = needs.find((each) => this.load[each] !== "ready");
      if (!found) return null;
      const name = found === "other" ? this.compared.label : `the ${found}`;
      return { slot: found, state: this.load[found], name, problem: this.imageOf(found)?.problem };
    },
    tag(slot) {
      if (this.comparing?.way === "difference") return "";
      if (this.comparing?.way === "blink") return this.comparing.swapped ? this.compared.label : "This check";
      if (this.comparing) return slot === "other" ? this.compared.label : "This check";
      return this.visible.length > 1 ? slot : "";
    },
    /** For tests and helpers of the page: the image point (in pixels, from its middle) under a point of the window. */
    imagePointAt(clientX, clientY, slot = this.active) {
      return toImage(this.viewOf(slot), this.pointOf({ clientX, clientY }, slot));
    },
    frameOf(slot, x, y) { return toFrame(this.viewOf(slot), { x, y }); },
  },
};
