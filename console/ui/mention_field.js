// A textarea in which "@" and the beginning of a name offer people. Arrow keys choose, Enter or Tab takes, Esc leaves.

const BEGUN = /(?:^|[\s(\[{"'“‘,;:])@(\S{0,64})$/;
const WAIT = 180; // ms of rest before the server hears what was typed

let count = 0;

export default {
  props: { label: String, name: String, max: Number, start: String, found: Object },
  template: `
    <div :data-own-keys="offered.length ? 'Enter Escape' : 'Enter'">
      <label class="crc-mention-label" :for="id">{{ label }}</label>
      <textarea ref="text" :id="id" rows="2" :maxlength="max" :data-focus="name" autocomplete="off"
        aria-autocomplete="list" :aria-controls="offered.length ? id + '-list' : null"
        :aria-activedescendant="offered.length ? id + '-' + at : null"
        @input="typed" @keydown="pressed" @click="look" @blur="left"></textarea>
      <ul v-if="offered.length" class="crc-mention-list" role="listbox" :id="id + '-list'" aria-label="People">
        <li v-for="([username, name], n) in offered" :key="username" role="option" :id="id + '-' + n"
          :aria-selected="n === at" @pointerdown.prevent="take(n)">
          <strong>@{{ username }}</strong> <span>{{ name }}</span>
        </li>
      </ul>
      <span class="crc-mention-said" role="status">{{ said }}</span>
    </div>`,
  data: () => ({ begun: null, at: 0 }),
  computed: {
    offered() {
      return this.begun !== null && this.found.prefix === this.begun ? this.found.people : [];
    },
    said() {
      return this.offered.length ? `${this.offered.length} people, arrow keys choose` : "";
    },
  },
  watch: { found() { this.at = 0; } },
  created() { this.id = `crc-mention-${++count}`; },
  mounted() { this.$refs.text.value = this.told = this.start; }, // not bound: Vue would put it back at each render
  unmounted() { clearTimeout(this.timer); },
  methods: {
    typed() {
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.tell(), WAIT);
      this.look();
    },
    tell() {
      clearTimeout(this.timer);
      const text = this.$refs.text.value;
      if (text !== this.told) this.$emit("change", (this.told = text));
    },
    /** Whether a name is being typed where the cursor is. */
    look() {
      const field = this.$refs.text;
      const match = field.selectionStart === field.selectionEnd && BEGUN.exec(field.value.slice(0, field.selectionStart));
      const begun = match ? match[1] : null;
      if (begun === this.begun) return;
      this.begun = begun;
      if (begun !== null) this.$emit("search", begun);
    },
    pressed(event) {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
        event.preventDefault();
        this.tell();
        return this.$emit("send");
      }
      const { length } = this.offered;
      if (!length) return;
      if (event.key === "ArrowDown") this.at = (this.at + 1) % length;
      else if (event.key === "ArrowUp") this.at = (this.at + length - 1) % length;
      else if (event.key === "Enter" || (event.key === "Tab" && !event.shiftKey)) this.take(this.at);
      else if (event.key === "Escape") this.begun = null;
      else return;
      event.preventDefault();
      event.stopPropagation();
    },
    take(n) {
      const field = this.$refs.text;
      const from = field.selectionStart - this.begun.length;
      field.setRangeText(`${this.offered[n][0]} `, from, field.selectionStart, "end");
      this.begun = null;
      this.typed();
    },
    left() { this.begun = null; this.tell(); },
    empty() {
      clearTimeout(this.timer);
      this.$refs.text.value = this.told = "";
      this.begun = null;
    },
    focus() { this.$refs.text.focus(); },
  },
};
