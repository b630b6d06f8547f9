import { skewFrom } from "crc_clock";

// Counts the last seconds in which something can be taken back, without a message to the server.
export default {
  props: { waiting: Object, cap: String },
  template: `
    <div class="crc-undo" v-if="waiting && left > 0">
      <span class="crc-undo-words" role="status" :title="waiting.words">{{ waiting.words }}</span>
      <button type="button" class="crc-button crc-plain" data-action="undo" :aria-keyshortcuts="cap" @click="$emit('undo')">
        <span class="crc-button-text">Undo</span><kbd class="crc-cap" aria-hidden="true">{{ cap }}</kbd>
      </button>
      <span class="crc-undo-left" aria-hidden="true">{{ left }} s</span>
      <span v-if="waiting.more" class="crc-soft">{{ waiting.more }}</span>
    </div>`,
  data: () => ({ now: Date.now(), skew: 0 }),
  computed: {
    left() { return Math.ceil((this.waiting.due - this.now) / 1000); },
  },
  watch: { waiting: { immediate: true, handler(waiting) { this.skew = skewFrom(waiting?.now); this.tick(); } } },
  mounted() { this.timer = setInterval(this.tick, 250); },
  unmounted() { clearInterval(this.timer); },
  methods: { tick() { this.now = Date.now() + this.skew; } },
};
