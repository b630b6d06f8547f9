// Says when the page's line to the console is gone, and leads the page to whoever answers in its place.

import { Hold } from "crc_hold";

const SAID_AFTER = 500; // ms: a line that is back at once is not worth a word
const ANSWER_WITHIN = 6000; // longer than nginx waits for one silent replica before it asks another one
const ASK_AGAIN = 1000;
// Where the answer took so long, nginx had to ask another replica. Else the page's own one may be the one that answers.
const PASSED_ON = 1500;
const BACK_WITHIN = { passedOn: 1000, else: 6000 };
const TYPED = "crc-typed-without-a-line";
const TYPED_FOR = 60_000;
const FIELD_AWAITED = 10_000;

const pause = (ms) => new Promise((done) => setTimeout(done, ms));

/** The fields of a form whose name is the same when the page is loaded anew. */
const fieldsOf = (name) => [...document.querySelectorAll(`.crc-form [data-focus="${CSS.escape(name)}"]`)]
  .map((one) => (one.matches("textarea, input") ? one : one.querySelector("textarea, input[type=text]")))
  .filter((one) => one);

export default {
  props: { silence: Number }, // ms after which a line on which nothing was heard is taken for dead
  template: `
    <div>
      <div v-if="said" class="crc-outage" role="alert">
        <template v-if="keeps"><strong>No connection to the console, your draft is kept.</strong>
        You can go on typing. Nothing else can be done until it is back; this page goes on by itself then.</template>
        <template v-else><strong>No connection to the console.</strong>
        Nothing can be done until it is back; this page goes on by itself then. What was not saved may have to be typed again.</template>
      </div>
    </div>`,
  data: () => ({ lost: false, said: false, keeps: false }), // whether this page has a draft that is kept
  mounted() {
    this.heardAt = Date.now();
    this.hold = new Hold(() => this.said);
    this.hold.start();
    window.addEventListener("pagehide", this.keepTyped);
    window.addEventListener("beforeunload", this.leave);
    this.bringBack();
    this.listen();
  },
  unmounted() {
    this.hold.stop();
    window.removeEventListener("pagehide", this.keepTyped);
    window.removeEventListener("beforeunload", this.leave);
  },
  methods: {
    listen() {
      // The page makes its line after its parts.
      if (!window.socket) return setTimeout(this.listen, 50);
      window.socket.on("connect", this.isBack);
      window.socket.on("disconnect", this.isLost);
      window.socket.io.on("ping", this.hear);
      // A page is loaded anew when somebody answers, and not because nobody did for a while.
      window.socket.io.timeout(false);
    },
    /** The page is on its way already: another reload would begin it anew. */
    leave() { this.leaving = true; },
    hear() { this.heardAt = Date.now(); },
    isBack() {
      this.hear();
      this.lost = this.said = false;
    },
    isLost() {
      if (this.lost) return;
      this.lost = true;
      setTimeout(this.say, SAID_AFTER);
      this.seek();
    },
    say() {
      this.keeps = [...document.querySelectorAll(".crc-form")].some((form) => form.offsetParent);
      this.said = this.lost;
    },
    /** Ask until somebody answers: nginx passes over a replica that does not, and names the one that did in the cookie. */
    async seek() {
      await pause(SAID_AFTER);
      while (this.lost && !this.leaving) {
        const asked = Date.now();
        if (await this.isAnswered()) {
          await pause(Date.now() - asked > PASSED_ON ? BACK_WITHIN.passedOn : BACK_WITHIN.else);
          if (this.lost && !this.leaving) return location.reload();
        }
        await pause(ASK_AGAIN);
      }
    },
    async isAnswered() {
      try {
        return (await fetch("/health", { cache: "no-store", signal: AbortSignal.timeout(ANSWER_WITHIN) })).ok;
      } catch {
        return false;
      }
    },
    /** What was typed into a line that is dead, known to be or not, goes with this tab to the page that comes next. */
    keepTyped() {
      if (!this.lost && Date.now() - this.heardAt < this.silence) return;
      const field = document.activeElement;
      const name = field?.closest?.(".crc-form [data-focus]")?.dataset.focus;
      if (!name || !fieldsOf(name).includes(field)) return;
      const typed = { path: location.pathname, name, text: field.value, at: Date.now() };
      try { sessionStorage.setItem(TYPED, JSON.stringify(typed)); } catch { /* it is the browser's to refuse */ }
    },
    async bringBack() {
      let typed = null;
      try {
        typed = JSON.parse(sessionStorage.getItem(TYPED));
        sessionStorage.removeItem(TYPED);
      } catch { /* as if there were none */ }
      const anew = performance.getEntriesByType("navigation")[0]?.type === "reload";
      if (!typed || !anew || typed.path !== location.pathname || Date.now() - typed.at > TYPED_FOR) return;
      for (let waited = 0; waited < FIELD_AWAITED; waited += 100, await pause(100)) {
        const [field] = window.did_handshake ? fieldsOf(typed.name) : [];
        if (!field) continue;
        if (field.value !== typed.text) {
          field.focus();
          field.setRangeText(typed.text, 0, field.value.length, "end");
          field.dispatchEvent(new Event("input", { bubbles: true }));
        }
        return;
      }
    },
  },
};
