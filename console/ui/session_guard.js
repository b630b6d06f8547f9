// Says that the session is about to end, or that the session service is away. The server decides both.

import { skewFrom, timeInWords } from "crc_clock";
import { Hold } from "crc_hold";

const ACTIVE = 30_000; // ms between two reports that somebody is there
const SIGNS = ["keydown", "pointerdown", "wheel"];

export default {
  props: { clock: Object, available: Boolean },
  template: `
    <div>
      <dialog ref="warning" class="crc-sheet crc-session-warning" role="alertdialog" aria-labelledby="crc-session-title"
              aria-describedby="crc-session-text" @cancel.prevent="stay" @keydown.stop>
        <div class="crc-sheet-body">
          <h2 id="crc-session-title">{{ clock.final ? "Your session ends soon" : "Are you still there?" }}</h2>
          <p id="crc-session-text" v-if="clock.final">You are signed out at {{ clock.until }}, however much you do: no session
            lasts longer. Drafts of checks and of the policy are kept; what else you have begun is gone then. Sign in again to go on.</p>
          <p id="crc-session-text" v-else>You are signed out at {{ clock.until }} unless you stay. Drafts of checks and of the policy are kept; what else you have begun is gone then.</p>
          <p class="crc-session-left" role="timer">{{ left }} left</p>
          <div class="crc-session-buttons">
            <button ref="stay" type="button" class="crc-button crc-primary" @click="stay">
              <span class="crc-button-text">{{ clock.final ? "Understood" : "Stay signed in" }}</span></button>
            <button type="button" class="crc-button crc-plain" @click="$emit('leave')">
              <span class="crc-button-text">Sign out now</span></button>
          </div>
        </div>
      </dialog>
      <div v-if="!available" class="crc-outage" role="alert">
        <strong>Session service unavailable, your draft is kept.</strong>
        You can go on typing. Nothing else can be done until it is back; this page goes on by itself then.
      </div>
    </div>`,
  data: () => ({ now: Date.now(), skew: 0, understood: 0, lastSign: 0 }),
  computed: {
    left() { return timeInWords(this.clock.due, this.now); },
    due() { return this.available && this.now >= this.clock.warn && this.now < this.clock.due && this.understood !== this.clock.due; },
  },
  watch: {
    clock: { immediate: true, handler(clock) { this.skew = skewFrom(clock.now); this.tick(); } },
    due(due) { due ? this.warn() : this.close(); },
  },
  mounted() {
    this.lastSign = Date.now();
    this.timer = setInterval(this.tick, 1000);
    for (const sign of SIGNS) window.addEventListener(sign, this.sign, { capture: true, passive: true });
    // While nobody can be recognised nothing is set off.
    this.hold = new Hold(() => !this.available);
    this.hold.start();
    if (this.due) this.warn();
  },
  unmounted() {
    clearInterval(this.timer);
    for (const sign of SIGNS) window.removeEventListener(sign, this.sign, true);
    this.hold.stop();
  },
  methods: {
    tick() { this.now = Date.now() + this.skew; },
    warn() {
      if (this.$refs.warning.open) return;
      this.before = document.activeElement;
      this.$refs.warning.showModal();
      this.$refs.stay.focus();
    },
    close() {
      if (!this.$refs.warning?.open) return;
      this.$refs.warning.close();
      this.before?.focus?.();
    },
    stay() {
      if (this.clock.final) this.understood = this.clock.due;
      else this.report();
    },
    sign(event) {
      // In the dialog only its buttons count, so that a stray key does not answer it.
      if (!event.isTrusted || !this.available || this.$refs.warning.open) return;
      if (Date.now() - this.lastSign >= ACTIVE) this.report();
    },
    report() {
      this.lastSign = Date.now();
      this.$emit("active");
    },
  },
};
