// Boxes on the check and what else on the page speaks of the same place: any element with data-shows-region="KEY" jumps
// to that region on a click, lights its box while it is pointed at or focused, and is lit itself (data-lit) while the box
// is. Of several, the key goes by the one marked data-current. An element with data-compare="KEY" opens the comparison of that key. The server hears of none of it.

import { toImage } from "viewer_geometry";

const CONTROLS = "button, a, input, textarea, select, label";

export const REGIONS = {
  setRegions(regions) {
    const named = new Set(regions.map((region) => region.key));
    this.regions = [...regions, ...this.regions.filter((region) => region.kind === "zone" && !named.has(region.key))];
    this.$nextTick(this.paintSoon);
  },
  drawn(slot) { return this.regions.filter((region) => region.side === slot && region.kind !== "zone"); },
  /** Lights one region, null for none, on the check and wherever the page speaks of it. */
  light(key) {
    if (key === this.lit) return;
    this.lit = key;
    for (const element of document.querySelectorAll("[data-shows-region]")) {
      if (element.dataset.showsRegion === key) element.dataset.lit = "";
      else delete element.dataset.lit;
    }
  },
  /** Whether the pointer is over a box: the smallest one counts. */
  hover(slot, point) {
    const image = this.sizeOf(slot);
    if (slot === "other" || !this.boxes || !image) return;
    const at = toImage(this.views[slot], point);
    const [x, y] = [at.x / image.width + 0.5, at.y / image.height + 0.5];
    const under = this.drawn(slot).filter((box) => x >= box.x && y >= box.y && x <= box.x + box.w && y <= box.y + box.h);
    this.light(under.sort((a, b) => a.w * a.h - b.w * b.h)[0]?.key ?? null);
  },
  speaks(event) { return event.target.closest?.("[data-shows-region]") ?? null; },
  pointed(event) {
    if (this.$el.contains(event.target)) return;
    if (this.isForemost()) this.light(this.speaks(event)?.dataset.showsRegion ?? null);
  },
  clicked(event) {
    if (this.$el.contains(event.target) || !this.isForemost()) return;
    const thumb = event.target.closest?.("[data-compare]");
    if (thumb) return this.compareWith(thumb.dataset.compare);
    const element = this.speaks(event);
    const control = event.target.closest?.(CONTROLS);
    if (!element || (control && control !== element && element.contains(control) && !control.dataset.showsRegion)) return;
    this.showRegion(element.dataset.showsRegion);
  },
  showCurrent() {
    const current = document.querySelector("[data-current][data-shows-region]");
    if (current) this.showRegion(current.dataset.showsRegion);
    else this.say("This flag is about no place on the check.");
  },
  /** A box's own words were chosen: it is shown, and what speaks of it comes into sight. */
  chosen(key) {
    this.showRegion(key);
    document.querySelector(`[data-shows-region="${CSS.escape(key)}"]`)?.scrollIntoView({ block: "nearest" });
  },
};
