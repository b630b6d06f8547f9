// One keyboard listener per page. A key either dispatches "crc:command" to a component of this page or is
// emitted to the server once.

import { strokeOf } from "stroke";

const FIELD_ROLES = new Set(["textbox", "searchbox", "combobox", "spinbutton", "listbox"]);
const NOT_TEXT = new Set(["button", "checkbox", "radio", "submit", "reset", "range", "color", "file", "image"]);

function isField(element) {
  if (!element || element === document.body) return false;
  if (element.isContentEditable || element.tagName === "TEXTAREA" || element.tagName === "SELECT") return true;
  if (element.tagName === "INPUT") return !NOT_TEXT.has(element.type);
  return FIELD_ROLES.has(element.getAttribute("role"));
}

const AWAITED = 5000; // ms in which the page may draw a field that a key asked for

/** The field of a name, whether the name stands on it or around it; not one that gives way to another at this moment. */
function fieldOf(name) {
  const found = [...document.querySelectorAll(`[data-focus="${name}"]`)].find((one) => !one.closest("[data-arriving]"));
  return found?.matches("input, textarea") ? found : found?.querySelector("input, textarea");
}

const isControl = (element) =>
  !!element?.closest?.("button, a[href], summary, input, [role=button], [role=link], [role=tab], [role=menuitem], [role=switch]");

export default {
  props: { keys: Array },
  template: `
    <dialog ref="sheet" class="crc-sheet" aria-labelledby="crc-sheet-title" @click.self="$refs.sheet.close()">
      <div class="crc-sheet-body">
        <div class="crc-sheet-head">
          <h2 id="crc-sheet-title">Keys</h2>
          <button type="button" class="crc-button crc-plain" @click="$refs.sheet.close()">
            <span class="crc-button-text">Close</span><kbd class="crc-cap" aria-hidden="true">Esc</kbd>
          </button>
        </div>
        <div class="crc-sheet-groups">
          <section v-for="group in groups" :key="group.name">
            <h3>{{ group.name }}</h3>
            <dl><div v-for="row in group.rows" :key="row.label">
              <dt>{{ row.label }}</dt><dd><kbd class="crc-cap" v-for="cap in row.caps" :key="cap">{{ cap }}</kbd></dd>
            </div></dl>
          </section>
        </div>
      </div>
    </dialog>`,
  computed: {
    byStroke() {
      return new Map(this.keys.flatMap((key) => key.strokes.map((stroke) => [stroke.toLowerCase(), key])));
    },
    groups() {
      const groups = new Map();
      for (const key of this.keys) {
        if (!groups.has(key.group)) groups.set(key.group, new Map());
        const rows = groups.get(key.group);
        rows.set(key.label, [...(rows.get(key.label) ?? []), key.cap]);
      }
      return [...groups].map(([name, rows]) => ({
        name,
        rows: [...rows].map(([label, caps]) => ({ label, caps: caps.length > 3 ? [caps[0], "…", caps.at(-1)] : caps })),
      }));
    },
  },
  mounted() {
    this.withTab = false;
    this.swallowed = null;
    this.leading = 0; // how many keys were pressed of which something else may come on the screen, and has not yet
    this.leadingUntil = 0; // then nobody waits for it any more
    this.awaited = null; // { field, text, enter, until }: what is typed for a field that is not there yet
    this.listeners = [
      ["keydown", this.keydown],
      ["focusin", this.focused],
      ["keyup", this.keyup],
      ["pointerdown", () => (this.withTab = false)],
      ["crc:command", this.command],
    ];
    for (const [type, listener] of this.listeners) window.addEventListener(type, listener, true);
  },
  unmounted() {
    for (const [type, listener] of this.listeners) window.removeEventListener(type, listener, true);
  },
  methods: {
    keydown(event) {
      if (event.key === "Tab") this.withTab = true;
      if (event.isComposing || event.defaultPrevented) return;
      // A field of what was on the screen before: what is pressed now is meant for what comes.
      if (document.activeElement?.closest("[data-arriving]") && isField(document.activeElement)) document.activeElement.blur();
      const focused = document.activeElement;
      if (event.key === "Escape") this.awaited = null;
      if (this.typedAhead(event)) return;
      if (event.key === "Escape") return isField(focused) && !focused.closest("[data-own-keys~=Escape]") ? focused.blur() : undefined;
      const stroke = strokeOf(event);
      const key = stroke && this.byStroke.get(stroke);
      if (!key || !this.mayFire(key, event, focused)) return;
      event.preventDefault();
      event.stopPropagation();
      this.swallowed = event.code;
      if (!event.repeat || key.repeats) this.fire(key);
    },
    keyup(event) {
      // Firefox clicks a focused button on keyup of Space, whatever became of its keydown.
      if (event.code === this.swallowed) event.preventDefault();
      this.swallowed = null;
    },
    mayFire(key, event, focused) {
      if (document.querySelector("dialog[open], .q-dialog, .q-menu, .crc-outage")) return false;
      if (isField(focused)) return key.in_fields && !focused.closest("[data-own-keys]"); // it has a way of sending of its own
      if (["Space", "Enter"].includes(key.key) && this.withTab && isControl(focused)) return false;
      return !(focused?.type === "range" && event.key.startsWith("Arrow"));
    },
    fire(key) {
      if (key.focuses) this.focus(key.focuses);
      if (key.leads) [this.leading, this.leadingUntil] = [this.leading + 1, performance.now() + AWAITED];
      if (key.target === "server") {
        // Whoever has something to tell of the moment before does so now: messages arrive in their order.
        window.dispatchEvent(new CustomEvent("crc:acting", { detail: { action: key.action } }));
        return this.$emit("key", key.action);
      }
      window.dispatchEvent(new CustomEvent("crc:command", { detail: { target: key.target, action: key.action } }));
    },
    command({ detail: { target, action } }) {
      // A page may have several listeners, of which one has the keys at a time: a sheet of another would stay open unseen.
      if (!this.keys.length) return;
      if (target === "sheet") this.$refs.sheet.showModal();
      const isThere = target === "focus" && (fieldOf(action) || document.querySelector("[data-arriving]"));
      if (isThere) this.focus(action);
    },
    /** Focuses a field now, or keeps what is typed until it is drawn. */
    focus(name) {
      this.awaited = { field: name, text: "", enter: false, until: performance.now() + AWAITED };
      this.lookForAwaited();
    },
    arrived() {
      this.leading = Math.max(0, this.leading - 1);
    },
    lookForAwaited() {
      if (!this.awaited || performance.now() > this.awaited.until) return (this.awaited = null);
      if (performance.now() > this.leadingUntil) this.leading = 0;
      const field = this.leading ? null : fieldOf(this.awaited.field);
      if (field) field.focus();
      if (field && document.activeElement === field) return (this.awaited = null);
      setTimeout(this.lookForAwaited, 20);
    },
    typedAhead(event) {
      if (!this.awaited || performance.now() > this.awaited.until) this.awaited = null;
      if (!this.awaited || isField(document.activeElement) || event.ctrlKey || event.metaKey || event.altKey) return false;
      if (event.key.length > 1 && !["Enter", "Backspace"].includes(event.key)) return false;
      event.preventDefault();
      event.stopPropagation();
      if (this.awaited.enter) return true; // sent: what follows was not meant for this field
      if (event.key === "Enter") this.awaited.enter = true;
      else if (event.key === "Backspace") this.awaited.text = this.awaited.text.slice(0, -1);
      else this.awaited.text += event.key;
      return true;
    },
    focused({ target }) {
      if (!this.awaited || target !== fieldOf(this.awaited.field)) return;
      const { text, enter } = this.awaited;
      this.awaited = null;
      if (text) document.execCommand("insertText", false, text); // as if typed: the field's own events fire
      // The field may look at its text a moment after it has changed.
      if (enter) setTimeout(() => target.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", code: "Enter", bubbles: true, cancelable: true })));
    },
  },
};
