import { clockState, skewFrom, timeInWords, timeLeft } from "crc_clock";

export default {
  props: { clock: Object, prefix: String, suffix: String, over: String, words: Boolean, rest: String, urgent: Boolean },
  template: `
    <span class="crc-chip" :data-tone="tone" role="timer" :aria-label="said">
      <q-icon :name="tone === 'breach' ? 'o_error_outline' : rest && state === 'ok' ? 'o_flag' : 'o_schedule'" class="crc-icon"/>
      <span aria-hidden="true">{{ said }}</span>
    </span>`,
  data: () => ({ now: Date.now(), skew: 0 }),
  computed: {
    state() { return clockState(this.clock.due, this.clock.warn, this.now); },
    tone() { return { warning: this.urgent ? "breach" : "warning", breach: "breach" }[this.state] ?? "plain"; },
    said() {
      if (this.state === "paused") return [this.prefix, "paused"].filter(Boolean).join(" ");
      if (this.state === "breach" && this.over) return this.over;
      if (this.state === "ok" && this.rest) return this.rest;
      return [this.prefix, (this.words ? timeInWords : timeLeft)(this.clock.due, this.now), this.suffix].filter(Boolean).join(" ");
    },
  },
  watch: { clock: { immediate: true, handler(clock) { this.skew = skewFrom(clock.now); this.tick(); } } },
  mounted() { this.timer = setInterval(this.tick, 1000); },
  unmounted() { clearInterval(this.timer); },
  methods: { tick() { this.now = Date.now() + this.skew; } },
};
