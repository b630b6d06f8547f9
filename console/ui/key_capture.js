// Hears one keystroke, whatever it means elsewhere, and says it as the registry writes it. Esc says nothing.
import { strokeOf } from "stroke";

const MODIFIERS = new Set(["Shift", "Control", "Alt", "Meta", "AltGraph", "CapsLock"]);
const NAMES = { ctrl: "Ctrl", shift: "Shift", space: "Space", enter: "Enter", arrowup: "ArrowUp", arrowdown: "ArrowDown",
  arrowleft: "ArrowLeft", arrowright: "ArrowRight" };

/** "ctrl+enter" as "Ctrl+Enter", "a" as "A"; the plus sign is a key of its own. */
function written(stroke) {
  const parts = stroke.endsWith("+") ? [...stroke.slice(0, -1).split("+").filter(Boolean), "+"] : stroke.split("+");
  return parts.map((part) => NAMES[part] ?? part.toUpperCase()).join("+");
}

export default {
  props: { label: String },
  template: `<div class="crc-key-capture" tabindex="0" data-autofocus role="button" :aria-label="label">
    {{ label }}</div>`,
  mounted() {
    window.addEventListener("keydown", this.pressed, true); // whatever has the focus
    this.$nextTick(() => this.$el.focus());
  },
  unmounted() { window.removeEventListener("keydown", this.pressed, true); },
  methods: {
    pressed(event) {
      if (MODIFIERS.has(event.key) || event.key === "Tab") return;
      event.preventDefault();
      event.stopPropagation();
      const stroke = event.key === "Escape" ? "" : strokeOf(event);
      this.$emit("pressed", stroke ? written(stroke) : "");
    },
  },
};
