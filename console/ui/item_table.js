import { ageOf, clockState, skewFrom, timeLeft } from "crc_clock";

const ROW_HEIGHT = 37; // as --row-height in the style sheet
const SPARE_ROWS = 12; // drawn above and below the view, so that a fast scroll meets no gap
const RETURN_NEAR = 3600e3; // ms before the last minute to return from which it is counted down
const SELECT_REST = 150; // ms a selection rests before the server hears of it

export default {
  props: { label: String, columns: Array, hints: Array, empty: String, choosing: Boolean, page: Object, sort: Object, status: String, fault: String },
  template: `
    <section>
      <div class="crc-table-scroll" ref="scroll" @scroll.passive="scrolled">
        <table role="grid" tabindex="0" ref="grid" :aria-label="label" :aria-rowcount="total ?? -1"
               :aria-busy="state === 'loading'" :aria-activedescendant="activeId" @keydown="keydown">
          <colgroup><col v-if="choosing" style="width: 38px"><col v-for="c in columns" :key="c.key" :style="c.width ? { width: c.width } : null"></colgroup>
          <thead role="rowgroup"><tr role="row" aria-rowindex="1">
            <th v-if="choosing" role="columnheader" scope="col" class="crc-choose"><input type="checkbox" aria-label="Choose every row shown"
                :checked="checked.size > 0 && checked.size === rows.length" :indeterminate.prop="checked.size > 0 && checked.size < rows.length" @change="checkAll"></th>
            <th v-for="c in columns" :key="c.key" role="columnheader" scope="col" :data-align="c.align" :aria-sort="sortOf(c)">
              <button v-if="c.sortable" type="button" @click="sortBy(c)">{{ c.label
                }}<q-icon v-if="sort && sort.column === c.key" class="crc-icon" :name="sort.descending ? 'o_arrow_downward' : 'o_arrow_upward'"/></button>
              <span v-else>{{ c.label }}</span>
            </th>
          </tr></thead>
          <tbody role="rowgroup">
            <tr v-if="first > 0" role="presentation"><td role="presentation" :colspan="span" :style="{ height: first * rowHeight + 'px' }"></td></tr>
            <tr v-for="(row, i) in shown" :key="row.id" :id="domId(row)" role="row" :aria-rowindex="first + i + 2"
                :aria-selected="row.id === selected" :data-row="row.id" @click="select(row.id)" @dblclick="open(row.id)">
              <td v-if="choosing" role="gridcell" class="crc-choose" @click.stop @dblclick.stop><input type="checkbox" tabindex="-1"
                  :aria-label="choiceOf(row)" :checked="checked.has(row.id)" @click="check(row.id, $event.shiftKey)"></td>
              <td v-for="c in columns" :key="c.key" role="gridcell" :data-align="c.align" :data-column="c.key" :title="c.key === 'flags' ? row.flags.join(' · ') : undefined">
                <span v-if="c.key === 'sla'" class="crc-sla" :data-tone="slaState(row)"><q-icon v-if="slaIcon(row)" class="crc-icon" :name="slaIcon(row)"/>{{ slaText(row) }}</span>
                <template v-else-if="c.key === 'flags'"><span v-for="flag in row.flags" :key="flag" class="crc-flag">{{ flag }}</span></template>
                <span v-else-if="c.key === 'return_by' && returnNear(row)" class="crc-sla" data-tone="breach" :title="row.return_by_title"><q-icon class="crc-icon" name="o_error_outline"/>{{ returnLeft(row) }}</span>
                <span v-else-if="c.key === 'return_by'" :title="row.return_by_title">{{ row.return_by || '—' }}</span>
                <span v-else-if="c.key === 'held_by'" class="crc-held" :data-mine="!!row.held_by_me" :title="row.held_by"><template v-if="row.held_by"><q-icon class="crc-icon" :name="row.held_by_me ? 'o_person' : 'o_lock'"/>{{ row.held_by_me ? 'you' : row.held_by }}</template></span>
                <span v-else-if="c.key === 'age'">{{ age(row) }}</span>
                <span v-else :data-value="row[c.key]" :title="row[c.key + '_title'] ?? (c.key === 'serial' ? row.serial : undefined)">{{ row[c.key] }}</span>
              </td>
            </tr>
            <tr v-if="below > 0" role="presentation"><td role="presentation" :colspan="span" :style="{ height: below * rowHeight + 'px' }"></td></tr>
          </tbody>
        </table>
        <div v-if="notice" class="crc-state" role="status">
          <q-icon :name="notice.icon" class="crc-state-icon"/><p>{{ notice.text }}</p>
          <button v-if="state === 'error'" type="button" class="crc-button crc-plain" @click="$emit('retry')">Try again</button>
        </div>
      </div>
      <p v-if="state === 'error' && rows.length" class="crc-table-fault" role="alert"><q-icon class="crc-icon" name="o_error_outline"/>{{ problem }}
        <button type="button" class="crc-button crc-plain" @click="$emit('retry')">Try again</button></p>
      <footer class="crc-table-foot">
        <span role="status">{{ footText }}</span>
        <span class="crc-hints"><span v-for="[cap, text] in hints" :key="cap"><kbd class="crc-cap">{{ cap }}</kbd>{{ text }}</span></span>
      </footer>
    </section>`,
  data() {
    return {
      rows: [], total: null, more: false, state: this.status, problem: this.fault, seq: -1, selected: null,
      checked: new Set(), checkedLast: null, now: Date.now(), skew: 0, live: true, top: 0, height: 800, rowHeight: ROW_HEIGHT, asked: -1,
    };
  },
  computed: {
    first() { return Math.max(0, Math.min(this.rows.length, Math.floor(this.top / this.rowHeight)) - SPARE_ROWS); },
    last() { return Math.min(this.rows.length, Math.ceil((this.top + this.height) / this.rowHeight) + SPARE_ROWS); },
    shown() { return this.rows.slice(this.first, this.last); },
    span() { return this.columns.length + (this.choosing ? 1 : 0); },
    below() { return this.rows.length - this.last; },
    activeId() { const row = this.shown.find((each) => each.id === this.selected); return row && this.domId(row); },
    notice() {
      if (this.rows.length) return null;
      if (this.state === "loading") return { icon: "o_hourglass_empty", text: "Loading…" };
      if (this.state === "error") return { icon: "o_error_outline", text: this.problem };
      return { icon: "o_done_all", text: this.empty };
    },
    footText() {
      const link = this.live ? "live" : "reconnecting…";
      if (!this.rows.length) return link;
      const count = `1–${this.rows.length.toLocaleString("en-US")}`;
      const of = this.total === null ? "" : ` of ${this.total.toLocaleString("en-US")}`;
      return `${count}${of} · ${this.state === "loading" ? "loading…" : this.waiting ? "loading more…" : link}`;
    },
    waiting() { return this.more && this.asked === this.rows.length; },
  },
  watch: {
    page: { immediate: true, handler: "take" },
    status(status) { this.state = status; },
    fault(fault) { this.problem = fault; },
  },
  mounted() {
    this.timer = setInterval(this.tick, 1000);
    this.observer = new ResizeObserver(([entry]) => { this.height = entry.contentRect.height; this.askForMore(); });
    this.observer.observe(this.$refs.scroll);
    window.addEventListener("crc:command", this.command);
    this.tick();
  },
  unmounted() {
    clearInterval(this.timer);
    clearTimeout(this.resting);
    this.observer.disconnect();
    window.removeEventListener("crc:command", this.command);
  },
  methods: {
    // --- rows, as the server gives them -------------------------------------------------------------------------
    take(page) {
      if (page.seq === this.seq) return; // the element was updated for another reason
      const index = this.indexOf(this.selected);
      this.seq = page.seq;
      this.rows = [...page.rows];
      this.skew = skewFrom(page.now);
      this.state = this.status;
      this.asked = -1;
      this.counts(page);
      this.keepSelection(index);
      this.keepChecks();
      this.$nextTick(this.askForMore);
    },
    append(rows, counts) {
      const known = new Map(this.rows.map((row, i) => [row.id, i]));
      const next = [...this.rows];
      for (const row of rows) known.has(row.id) ? (next[known.get(row.id)] = row) : next.push(row);
      this.rows = next;
      this.asked = -1;
      this.counts(counts);
      this.$nextTick(this.askForMore);
    },
    insert(row, before, counts) {
      const rest = this.rows.filter((each) => each.id !== row.id);
      const at = rest.findIndex((each) => each.id === before);
      rest.splice(at < 0 ? rest.length : at, 0, row);
      this.rows = rest;
      this.counts(counts);
    },
    patch(patches, counts) {
      this.rows = this.rows.map((row) => (patches[row.id] ? { ...row, ...patches[row.id] } : row));
      this.counts(counts);
    },
    remove(id, counts) {
      const index = this.indexOf(id);
      if (index >= 0) this.rows = this.rows.filter((row) => row.id !== id);
      this.counts(counts);
      this.keepSelection(index);
      this.keepChecks();
      this.askForMore();
    },
    setStatus(status, fault) { this.state = status; this.problem = fault; if (status === "error") this.asked = -1; },
    counts({ more, total }) { this.more = more; this.total = total; },
    // --- selection ----------------------------------------------------------------------------------------------
    indexOf(id) { return id === null ? -1 : this.rows.findIndex((row) => row.id === id); },
    keepSelection(index) {
      if (this.selected === null || this.indexOf(this.selected) >= 0) return;
      this.selected = this.rows.length ? this.rows[Math.min(Math.max(index, 0), this.rows.length - 1)].id : null;
    },
    // --- rows that are chosen for something to be done with all of them -------------------------------------------
    check(id, range) {
      const from = range ? this.indexOf(this.checkedLast) : -1;
      const at = this.indexOf(id);
      const checked = new Set(this.checked);
      if (from < 0) checked.has(id) ? checked.delete(id) : checked.add(id);
      else for (let i = Math.min(from, at); i <= Math.max(from, at); i++) checked.add(this.rows[i].id);
      this.checkedLast = id;
      this.setChecks(checked);
    },
    checkAll(event) { this.setChecks(event.target.checked ? new Set(this.rows.map((row) => row.id)) : new Set()); },
    keepChecks() {
      const kept = new Set(this.rows.filter((row) => this.checked.has(row.id)).map((row) => row.id));
      if (kept.size !== this.checked.size) this.setChecks(kept);
    },
    setChecks(checked) { this.checked = checked; this.$emit("check", [...checked]); },
    clearChecks() { this.setChecks(new Set()); },
    select(id) {
      if (this.selected === id) return;
      this.selected = id;
      clearTimeout(this.resting);
      this.resting = setTimeout(() => this.$emit("select", id), SELECT_REST);
    },
    move(step) {
      if (!this.rows.length) return;
      const index = this.indexOf(this.selected);
      const next = index < 0 ? 0 : Math.min(Math.max(index + step, 0), this.rows.length - 1);
      this.select(this.rows[next].id);
      this.reveal(next);
    },
    reveal(index) {
      const scroll = this.$refs.scroll;
      const head = this.$refs.grid.tHead.offsetHeight;
      const y = index * this.rowHeight;
      if (y < scroll.scrollTop) scroll.scrollTop = y;
      else if (y + this.rowHeight + head > scroll.scrollTop + scroll.clientHeight) scroll.scrollTop = y + this.rowHeight + head - scroll.clientHeight;
    },
    open(id) { if (id !== null && this.indexOf(id) >= 0) this.$emit("open", id); },
    isMeant() {
      const first = () => [...document.querySelectorAll(".crc-table")].find((table) => table.offsetParent);
      return (document.activeElement?.closest(".crc-table") ?? first()) === this.$el;
    },
    // --- what the person does -----------------------------------------------------------------------------------
    command({ detail: { target, action } }) {
      if (target !== "table" || !this.isMeant()) return;
      if (action === "row_up") this.move(-1);
      if (action === "row_down") this.move(1);
      if (action === "row_open") this.open(this.selected);
      if (action.startsWith("row_check") && this.choosing && this.selected !== null) this.check(this.selected, action === "row_check_range");
    },
    keydown(event) {
      if (event.target !== this.$refs.grid) return;
      const page = Math.max(1, Math.floor(this.height / this.rowHeight) - 2);
      const steps = { ArrowUp: -1, ArrowDown: 1, PageUp: -page, PageDown: page, Home: -Infinity, End: Infinity };
      if (event.key in steps) this.move(steps[event.key]);
      else if (event.key === "Enter") this.open(this.selected);
      else return;
      event.preventDefault();
    },
    sortOf(column) {
      if (!column.sortable) return undefined;
      if (this.sort?.column !== column.key) return "none";
      return this.sort.descending ? "descending" : "ascending";
    },
    sortBy(column) {
      const descending = this.sort?.column === column.key ? !this.sort.descending : false;
      this.state = "loading";
      this.$refs.scroll.scrollTop = 0;
      this.$emit("sort", { column: column.key, descending });
    },
    scrolled() { this.top = this.$refs.scroll.scrollTop; this.askForMore(); },
    askForMore() {
      if (!this.more || this.asked === this.rows.length || this.state !== "ready" || this.last < this.rows.length) return;
      this.asked = this.rows.length;
      this.$emit("more");
    },
    // --- clocks -------------------------------------------------------------------------------------------------
    tick() { this.now = Date.now() + this.skew; this.live = window.socket?.connected ?? true; },
    slaState(row) { return clockState(row.due_ms, row.warn_ms, this.now); },
    slaIcon(row) { return { warning: "o_schedule", breach: "o_error_outline", paused: "o_pause" }[this.slaState(row)]; },
    slaText(row) { return row.due_ms === null ? "paused" : timeLeft(row.due_ms, this.now); },
    returnNear(row) { return row.return_ms && this.now > row.return_ms - RETURN_NEAR; },
    returnLeft(row) { return this.now < row.return_ms ? `${timeLeft(row.return_ms, this.now)} left` : "too late"; },
    age(row) { return ageOf(row.received_ms, this.now); },
    choiceOf(row) { return `Choose ${row.amount === undefined ? row[this.columns[0].key] : `${row.amount} ${row.account}`}`; },
    domId(row) { return `${this.$attrs.id}-${row.id}`; },
  },
};
