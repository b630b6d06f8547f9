// What the server hears: how long each side was on screen, and how it was looked at once that has come to rest. Never a
// movement.

const REST = 800; // ms without a change before the state is sent for saving
const rounded = (value) => (typeof value === "number" ? Math.round(value * 1000) / 1000 : value);
const plain = (view) => Object.fromEntries(Object.entries(view).map(([name, value]) => [name, rounded(value)]));

export const SEEN = {
  startSeen() {
    this.spent = { front: 0, back: 0 };
    this.since = performance.now();
  },
  /** The sides that are on screen at this moment, readable. A compared image and a drawn difference are no sides. */
  seen() {
    const { way, swapped } = this.comparing ?? {};
    if (way === "difference") return [];
    if (way === "blink" && (swapped || this.load.other !== "ready")) return [];
    return this.visible.filter((slot) => slot !== "other" && this.load[slot] === "ready");
  },
  /** Adds the time since the last call to the sides that were on screen and not behind another tab. */
  settle() {
    const now = performance.now();
    if (!this.hidden) for (const side of this.seen()) this.spent[side] += now - this.since;
    this.since = now;
    this.hidden = document.hidden;
  },
  sidesNow() { this.settle(); return { front: Math.round(this.spent.front), back: Math.round(this.spent.back) }; },
  sendSides() { if (this.current.id !== undefined) this.$emit("sides", { check: this.current.id, sides: this.sidesNow() }); },
  /** A decision is about to be submitted, by key or by click: what was seen until then is told before it. */
  acting(event) {
    if (event.detail?.action === "submit" || event.target.closest?.("[data-action=submit]")) this.sendSides();
  },
  visibility() { document.hidden ? this.sendSides() : this.settle(); },
  changed() { clearTimeout(this.saving); this.saving = setTimeout(this.flushState, REST); },
  forgetChange() { clearTimeout(this.saving); this.saving = undefined; },
  stateNow() {
    const { shown, boxes, loupe } = this;
    const compare = this.comparing ? { compare: { key: this.compared.key, way: this.comparing.way, pace: this.comparing.pace } } : {};
    return { shown, boxes, loupe, front: plain(this.views.front), back: plain(this.views.back), ...compare };
  },
  flushState() {
    if (!this.saving) return;
    this.forgetChange();
    this.$emit("state", { check: this.current.id, state: this.stateNow() });
  },
};
