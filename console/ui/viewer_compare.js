// Beside an earlier check or a signature card, alternating with it, or what differs. The compared image has no view of its
// own: it follows the check's, inch for inch, so that both are moved and zoomed as one.

import { followed, middleOf } from "viewer_geometry";
import { drawDifference, laidOver } from "viewer_difference";
import { entryPixels } from "viewer_images";

const USUAL_PACE = 800; // ms
const MIDDLE = { x: 0, y: 0 };
const STRAIGHT = { x: 0, y: 0, tilt: 0 };
const placeOf = ({ mode, scale, x, y }) => ({ mode, scale, x, y });
const COLOURS = { here: "--only-here", there: "--only-there", both: "--on-both", paper: "--paper" };
export const STILL = matchMedia("(prefers-reduced-motion: reduce)");

const rgb = (colour) => [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16));

export const COMPARING = {
  comparisonCommands() {
    return {
      compare: () => (this.comparing ? this.stopComparing() : this.compareAt(this.lastCompared ?? 0)),
      compare_next: () => this.stepComparison(1),
      compare_previous: () => this.stepComparison(-1),
      compare_beside: () => this.compareAt(this.comparing?.index ?? 0, "beside"),
      compare_blink: () => this.compareAt(this.comparing?.index ?? this.lastCompared ?? 0, "blink"),
      compare_difference: () => this.compareAt(this.comparing?.index ?? this.lastCompared ?? 0, "difference"),
      compare_card: () => this.compareAt(this.comparisons.findIndex((each) => each.zone), "beside"),
      compare_swap: () => this.swap(),
    };
  },
  compareWith(key, way) { this.compareAt(this.comparisons.findIndex((each) => each.key === key), way); },
  stepComparison(by) {
    const count = this.comparisons.length;
    if (this.comparing && count) this.compareAt((this.comparing.index + by + count) % count);
  },
  /** Compares with the n-th of what there is. What covers a zone alone has nothing to lay over the whole check. */
  compareAt(index, way = this.comparing?.way ?? "beside") {
    const chosen = this.comparisons[index];
    if (!chosen) return this.say(this.comparisons.length ? "There is no such image to compare with." : "Nothing to compare with: no earlier check of this account has an image.");
    const entering = !this.comparing;
    this.settle();
    const pace = this.comparing?.pace ?? USUAL_PACE;
    this.comparing = { index, way: chosen.zone ? "beside" : way, pace, swapped: false, running: !STILL.matches };
    this.lastCompared = index;
    this.lies = STRAIGHT;
    this.shares = null;
    if (entering) this.left = { shown: this.shown, side: chosen.side, view: { ...this.views[chosen.side] } };
    this.active = this.shown = chosen.side;
    if (entering) {
      this.sendSides();
      this.drawer = "";
    }
    this.fetch("other");
    const following = this.comparisons[(index + 1) % this.comparisons.length];
    this.prefetch([following.image.url]);
    this.beat();
    if (chosen.zone) this.wanted = chosen.zone;
    this.$nextTick(() => { this.place(); this.goWanted(); });
    this.lightThumbs();
    this.changed();
  },
  stopComparing() {
    if (!this.comparing) return;
    this.sendSides();
    this.comparing = null;
    this.layers.delete("difference");
    clearInterval(this.beating);
    this.entries.other = null;
    this.load.other = "none";
    this.goBack();
    this.$nextTick(this.place);
    this.lightThumbs();
    this.changed();
  },
  /** The check as it lay before it was compared; one that was turned meanwhile lies otherwise and stays. */
  goBack() {
    const { shown, side, view } = this.left;
    this.shown = shown;
    const now = this.views[side];
    if (now.turn !== view.turn || now.mirror !== view.mirror) return;
    Object.assign(now, placeOf(view));
    this.mirrorState();
  },
  /** Leaves the comparison on Escape, unless the key is for a field or a dialog. */
  escape(event) {
    if (event.key !== "Escape" || !this.comparing || !this.isForemost()) return;
    if (event.target.closest?.("input:not([type=range]), textarea, select, [contenteditable=true]")) return;
    if (document.querySelector("dialog[open], .q-dialog, .q-menu")) return;
    this.stopComparing();
  },
  // --- alternating ------------------------------------------------------------------------------------------------
  beat() {
    clearInterval(this.beating);
    if (this.comparing?.way === "blink" && this.comparing.running) this.beating = setInterval(this.swap, this.comparing.pace);
  },
  swap() {
    if (this.comparing?.way !== "blink") return;
    this.settle(); // the time until now was on the one that was shown
    this.comparing.swapped = !this.comparing.swapped;
    this.paint();
  },
  run(running) { this.comparing.running = running && !STILL.matches; this.beat(); },
  setPace() { this.beat(); this.changed(); },
  // --- where the compared image lies ------------------------------------------------------------------------------
  ratio() { return (this.current[this.active].dpi || 200) / (this.compared.image.dpi || 200); },
  follow() {
    const image = this.sizeOf(this.active);
    const zone = this.compared.zone && this.regions.find((each) => each.key === this.compared.zone);
    return followed(this.views[this.active], zone ? middleOf(zone, image) : this.lies, MIDDLE, this.ratio(), this.lies.tilt);
  },
  /** Lays the compared scan where the ink of both meets best, once both are there. */
  bringTogether() {
    const { way } = this.comparing ?? {};
    if (way !== "blink" && way !== "difference") return;
    const [own, other] = [this.entries[this.active], this.entries.other];
    if (own?.state !== "ready" || other?.state !== "ready") return;
    const { threshold } = this.views[this.active];
    const key = [own.element.src, other.element.src, threshold].join(" ");
    if (this.over?.key !== key) {
      const first = { pixels: entryPixels(own), dpi: this.current[this.active].dpi || 200 };
      const second = { pixels: entryPixels(other), dpi: this.compared.image.dpi || 200 };
      this.over = { key, ...laidOver(first, second, threshold) };
    }
    this.lies = this.over.lies;
    if (way === "difference") this.drawDifference();
  },
  drawDifference() {
    const canvas = this.layers.get("difference")?.canvas ?? document.createElement("canvas");
    if (this.layers.get("difference")?.key === this.over.key) return;
    const style = getComputedStyle(this.$el);
    const colours = Object.fromEntries(Object.entries(COLOURS).map(([name, role]) => [name, rgb(style.getPropertyValue(role).trim())]));
    this.shares = drawDifference(this.over, colours, canvas);
    this.layers.set("difference", { key: this.over.key, canvas });
  },
  share(name) { return this.shares ? `${(this.shares[name] * 100).toFixed(1)} %` : "…"; },
  /** Whether two images show larger one above the other than one beside the other. */
  stacked(pane, images) {
    const fit = (width, height) => Math.min(...images.map((each) => Math.min(width / each.width, height / each.height)));
    return fit(pane.clientWidth, pane.clientHeight / 2) >= fit(pane.clientWidth / 2, pane.clientHeight);
  },
  lightThumbs() {
    for (const thumb of document.querySelectorAll("[data-compare]")) {
      thumb.setAttribute("aria-pressed", String(thumb.dataset.compare === this.compared?.key));
    }
  },
};
