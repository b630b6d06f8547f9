// Amounts over time as an SVG that fills its element: one dot per check, a power-of-ten axis, months (or days) below.

const MARGIN = { left: 46, right: 14, top: 10, bottom: 20 };
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const ORDINAL_1970 = 719163; // day 1 is 1 January of year 1
const STEPS = [1, 2, 5];

const DAY_MS = 86_400_000;
const DAYS_TELL = 62; // so few days in all are marked by day: two months would bear one name

/** `1234.50` as `1,234.50`; the digits are those that came: no amount becomes a number. */
const money = (amount) => {
  const [whole, cents = ""] = amount.split(".");
  return `${whole.replace(/\B(?=(\d{3})+$)/g, ",")}.${cents.padEnd(2, "0")}`;
};

const dateOf = (day) => new Date((day - ORDINAL_1970) * DAY_MS);

const inWords = (day, amount) => {
  const date = dateOf(day);
  return `${money(amount)} on ${date.getUTCDate()} ${MONTHS[date.getUTCMonth()]} ${date.getUTCFullYear()}`;
};

const words = (value) => value.toLocaleString("en-US", { maximumFractionDigits: 2 });

/** Round amounts between two powers, at most `most` of them. */
function ticksBetween(low, high, most) {
  for (const steps of [STEPS, [1, 3], [1]]) {
    const ticks = [];
    for (let power = Math.floor(low); power <= Math.ceil(high); power++)
      for (const step of steps) {
        const log = power + Math.log10(step);
        if (log >= low && log <= high) ticks.push({ log, label: words(step * 10 ** power) });
      }
    if (ticks.length <= most) return ticks;
  }
  return [];
}

export default {
  props: { points: Array }, // of [day, amount, marked, present]
  template: `
    <svg role="img" :aria-label="summary" :viewBox="'0 0 ' + width + ' ' + height" preserveAspectRatio="none">
      <g v-for="tick in amounts" :key="tick.label">
        <line class="crc-plot-grid" :x1="left" :x2="width - right" :y1="y(tick.log)" :y2="y(tick.log)"/>
        <text class="crc-plot-text" :x="left - 8" :y="y(tick.log) + 4" text-anchor="end">{{ tick.label }}</text>
      </g>
      <text v-for="tick in days" :key="tick.day" class="crc-plot-text" :x="x(tick.day)" :y="height - 4" :text-anchor="tick.anchor">{{ tick.label }}</text>
      <template v-for="(point, i) in drawn" :key="i">
        <rect v-if="point.present" class="crc-plot-present" :x="x(point.day) - 5" :y="y(point.log) - 5" width="10" height="10" :transform="'rotate(45 ' + x(point.day) + ' ' + y(point.log) + ')'"><title>this check: {{ point.words }}</title></rect>
        <circle v-else class="crc-plot-dot" :data-marked="point.marked" :cx="x(point.day)" :cy="y(point.log)" r="3.2"><title>{{ point.words }}{{ point.marked ? ', returned' : '' }}</title></circle>
      </template>
    </svg>`,
  data: () => ({ width: 300, height: 150, left: MARGIN.left, right: MARGIN.right }),
  computed: {
    drawn() {
      // The logarithm is for the place on the screen alone.
      return this.points.map(([day, amount, marked, present]) => ({
        day, marked, present, log: Math.log10(Number(amount)), words: inWords(day, amount),
      }));
    },
    spanLog() {
      const logs = this.drawn.map((point) => point.log);
      const [low, high] = [Math.min(...logs), Math.max(...logs)];
      const room = Math.max(0.15, (high - low) * 0.08);
      return [low - room, high + room];
    },
    spanDay() {
      const days = this.drawn.map((point) => point.day);
      const [first, last] = [Math.min(...days), Math.max(...days)];
      return first === last ? [first - 30, last] : [first, last];
    },
    amounts() { return this.points.length ? ticksBetween(...this.spanLog, Math.max(2, Math.floor(this.height / 30))) : []; },
    days() {
      if (!this.points.length) return [];
      const [first, last] = this.spanDay;
      const middle = Math.round((first + last) / 2);
      return [[first, "start"], [middle, "middle"], [last, "end"]].map(([day, anchor]) => ({ day, anchor, label: this.named(day) }));
    },
    summary() {
      const present = this.drawn.find((point) => point.present);
      return `Amounts of ${this.points.length - (present ? 1 : 0)} earlier checks` + (present ? `; this check: ${present.words}` : "");
    },
  },
  mounted() {
    this.observer = new ResizeObserver(([entry]) => {
      this.width = Math.max(120, entry.contentRect.width);
      this.height = Math.max(80, entry.contentRect.height);
    });
    this.observer.observe(this.$el);
  },
  unmounted() { this.observer.disconnect(); },
  methods: {
    x(day) { const [first, last] = this.spanDay; return this.left + ((day - first) / (last - first)) * (this.width - this.left - this.right); },
    y(log) { const [low, high] = this.spanLog; return this.height - MARGIN.bottom - ((log - low) / (high - low)) * (this.height - MARGIN.top - MARGIN.bottom); },
    named(day) {
      const date = dateOf(day), month = MONTHS[date.getUTCMonth()];
      const [first, last] = this.spanDay;
      return last - first < DAYS_TELL ? `${date.getUTCDate()} ${month}` : `${month} ${String(date.getUTCFullYear()).slice(2)}`;
    },
  },
};
