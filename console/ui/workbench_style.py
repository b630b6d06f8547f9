"""The rules of the review workbench: the queue's row of filters, and the desk on which a check is reviewed."""

from typing import Final

QUEUE: Final = """
.crc-figures { align-items: stretch; gap: var(--gap); }
.crc-filters { min-height: 34px; }
@media (max-width: 1100px) { .crc-filters { flex-wrap: wrap; } }
.crc-search { width: 300px; }
.crc-search .q-field__control, .crc-search .q-field__marginal { height: 32px; min-height: 32px; }
.crc-filter-sheet { padding: 10px 14px 14px; max-width: 340px; }
.crc-filter-sheet h2 { font-size: 12px; color: var(--ink-soft); font-weight: 600; margin: 8px 0 6px; }
.crc-filter-wide { width: min(560px, 96vw); max-width: none; }
.crc-filter-fields { display: grid; grid-template-columns: 1fr 1fr; gap: 8px 10px; margin-top: 12px; }
.crc-filter-columns { margin-bottom: 10px; gap: 2px 12px; }
.crc-views { min-width: 320px; }
.crc-views .crc-row { min-height: 32px; }
.crc-queues { grid-template-columns: minmax(0, 1fr) 520px; overflow: auto; }
.crc-queue-numbers { display: grid; grid-template-columns: 1fr 1fr; gap: 10px; }
.crc-members .crc-row { min-height: 36px; }
.crc-members .q-select { width: 230px; }
.crc-grows { flex: 1; }
.crc-matrix.crc-workload :is(th, td) { text-align: right; font-variant-numeric: tabular-nums; }
.crc-matrix.crc-workload th:first-child { text-align: left; }
.crc-workload-chart { width: 100%; }
.crc-options { display: flex; flex-wrap: wrap; gap: 6px; }
"""

DESK: Final = """
.crc-desk { position: relative; flex: 1; min-height: 0; display: grid;
  grid-template-columns: minmax(0, 1fr) 420px; gap: var(--gap); }
.crc-undo { position: fixed; z-index: 5; left: calc(var(--rail) + (100vw - var(--rail) - 420px) / 2);
  bottom: calc(232px + var(--gap) + 26px); transform: translateX(-50%); display: flex; align-items: center; gap: 10px;
  height: 40px; padding: 0 10px 0 14px; border-radius: var(--radius); background: var(--panel); color: var(--ink);
  border: 1px solid var(--line-strong); box-shadow: 0 6px 20px rgb(0 0 0 / .28); white-space: nowrap; }
.crc-undo-words { font-weight: 600; overflow: hidden; text-overflow: ellipsis; }
.crc-undo-left { min-width: 26px; font-variant-numeric: tabular-nums; color: var(--ink-soft); }
.crc-undo .crc-button { min-height: 27px; padding: 0 9px; }
.crc-away { display: none !important; }
.crc-empty { flex: 1; display: grid; place-items: center; }
.crc-strong { font-weight: 600; color: var(--ink); }
.crc-breach { color: var(--breach); }
.crc-cut { min-width: 0; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.crc-grow { flex: 1; min-width: 0; }
.crc-side { display: flex; flex-direction: column; min-height: 0; overflow: hidden; }
.crc-item { padding: 8px 14px 10px; border-bottom: 1px solid var(--line); }
.crc-amount { font-size: 30px; line-height: 1.25; font-weight: 700; letter-spacing: -.01em; }
.crc-facts { display: grid; gap: 2px; margin-top: 2px; }
.crc-facts > div { display: grid; grid-template-columns: 84px minmax(0, 1fr); align-items: baseline; }
.crc-facts dt { color: var(--ink-soft); }
.crc-facts dd { display: flex; align-items: baseline; gap: 8px; min-width: 0; overflow: hidden;
  text-overflow: ellipsis; white-space: nowrap; }
.crc-facts dd:not(:has(> *)) { display: block; }
.crc-facts dd.crc-mono { font-size: 12.5px; }
.crc-facts .crc-button { min-height: 20px; padding: 0 4px; font-size: 12.5px; }
.crc-flags { flex: 1; min-height: 84px; overflow: auto; padding: 9px 14px; display: flex; flex-direction: column;
  gap: 7px; }
.crc-flags { container: flags / size; }
@container flags (max-height: 340px) {
  .crc-flag-card:not([data-answer=open]) :is(p, .crc-values), .crc-flag-card:not([data-current]) .crc-values,
  .crc-advice > .crc-cut { display: none; } }
.crc-flags .crc-row { min-height: 26px; }
.crc-flag-card { flex: none; padding: 6px 10px 8px; border: 1px solid var(--line); border-left: 3px solid var(--flag);
  border-radius: 6px; }
.crc-flag-card[data-answer=confirmed], .crc-flag-card[data-answer=dismissed],
.crc-flag-card[data-answer=cannot_tell] { border-left-color: var(--ok); }
.crc-flag-card[data-current] { background: var(--panel-soft); border-color: var(--line-strong);
  border-left-color: var(--flag); }
.crc-flag-card:focus { outline: none; }
.crc-flag-card:focus-visible { outline: 2px solid var(--focus); outline-offset: 0; }
.crc-flag-head { display: flex; justify-content: space-between; gap: 10px; }
.crc-flag-card[data-shows-region] { cursor: pointer; }
.crc-flag-card[data-lit] { border-color: var(--flag); box-shadow: 0 0 0 2px color-mix(in srgb, var(--flag) 35%,
  transparent); }
.crc-show.crc-button { min-height: 20px; padding: 0 4px; font-size: 12.5px; margin-left: auto; }
.crc-flag-head h3 { font-size: 13.5px; color: var(--ink); }
.crc-flag-card p { font-size: 12.5px; }
.crc-values { display: flex; flex-wrap: wrap; gap: 0 14px; margin-top: 1px; font-size: 12.5px; }
.crc-values > div { display: flex; gap: 5px; min-width: 0; }
.crc-values dt { color: var(--ink-soft); }
.crc-values dd { font-weight: 600; overflow-wrap: anywhere; }
.crc-answers { display: flex; align-items: center; gap: 5px; margin-top: 6px; min-width: 0; }
.crc-answers .crc-button, .crc-answers .crc-chip { min-height: 26px; height: 26px; padding: 0 9px; font-size: 12.5px; }
.crc-answers .q-field__control, .crc-answers .q-field__marginal { height: 28px; min-height: 28px; }
.crc-findings { padding-left: 16px; font-size: 12.5px; color: var(--ink-soft); }
.crc-form, .crc-form-parts { display: flex; flex-direction: column; gap: 8px; }
.crc-quiet { font-size: 12.5px; }
.crc-form { flex: none; max-height: 62%; overflow: auto;
  padding: 10px 14px 12px; border-top: 1px solid var(--line); }
.crc-acts { display: grid; grid-template-columns: repeat(3, 1fr); gap: 7px; }
.crc-acts:has(> :nth-child(2):last-child) { grid-template-columns: repeat(2, 1fr); }
.crc-needs { display: flex; flex-direction: column; gap: 7px; }
.crc-needs:empty { display: none; }
.crc-chosen { display: grid; grid-template-columns: minmax(0, 1fr) auto; gap: 4px 8px; }
.crc-chosen:empty { display: none; }
.crc-chosen .crc-quiet { grid-area: 1 / 2; min-height: 26px; padding: 0 4px; font-size: 12.5px; }
.crc-chosen .crc-button:not(.crc-quiet) { min-height: 26px; padding: 1px 8px; justify-content: flex-start;
  font-size: 12.5px;
  background: var(--breach-soft); border-color: var(--breach); color: var(--breach); font-weight: 600; }
.crc-chosen .crc-button-text { min-width: 0; overflow: hidden; text-overflow: ellipsis; }
.crc-common { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 4px; }
.crc-common .crc-button { min-height: 25px; padding: 1px 6px 1px 8px; font-size: 12.5px;
  justify-content: space-between; }
.crc-common .crc-button-text { min-width: 0; overflow: hidden; text-overflow: ellipsis; }
.crc-common .crc-cap, .crc-liability .crc-cap { flex: none; }
.crc-common .crc-at { border-color: var(--accent); box-shadow: 0 0 0 1px var(--accent); }
.crc-liability { display: flex; flex-direction: column; gap: 5px; padding: 7px 10px; border-radius: 6px;
  background: var(--two-soft); color: var(--two); font-size: 12.5px; }
.crc-liability-row { display: flex; align-items: center; gap: 5px; }
.crc-liability-row > span:first-child { width: 52px; font-weight: 600; }
.crc-liability-row .crc-button { flex: 1 1 auto; min-height: 26px; padding: 1px 7px; gap: 6px; font-size: 12.5px; }
.crc-hold { display: grid; grid-template-columns: 158px minmax(0, 1fr); gap: 7px; }
.crc-hold-words { font-size: 12.5px; }
.crc-calendar { min-height: 28px; padding: 2px 4px; }
.crc-notice { padding: 8px 10px; border-radius: 6px; background: var(--panel-soft); border: 1px solid var(--line); }
.crc-steps { margin: 0; padding: 0; list-style: none; display: flex; flex-direction: column; gap: 6px;
  max-height: 180px; overflow: auto; flex: none; }
.crc-steps li { padding: 6px 10px; border: 1px solid var(--two-line); border-radius: 6px; }
.crc-opinion { display: flex; align-items: center; gap: 7px; padding: 5px 10px; border-radius: 6px; font-size: 12.5px;
  background: var(--two-soft); color: var(--two); }
.crc-opinion[data-agrees=false] { background: var(--warning-soft); color: var(--warning); }
.crc-said { white-space: pre-wrap; overflow-wrap: anywhere; }
.crc-form .crc-primary { width: 100%; }
.crc-form .crc-primary .crc-button-text { overflow: hidden; text-overflow: ellipsis; }
.crc-form textarea { max-height: 96px; }
.crc-below { flex: none; height: 232px; display: grid; grid-template-columns: minmax(0, 1fr) 320px; gap: var(--gap); }
.crc-account { display: flex; flex-direction: column; min-height: 0; overflow: hidden; }
.crc-account .crc-panel-head { align-items: center; padding: 5px 12px 5px 6px; min-height: 36px; }
.crc-account .crc-tabs .crc-button { min-height: 26px; padding: 1px 8px; font-size: 12.5px; }
.crc-thumbs { flex: 1; min-height: 0; display: flex; gap: 8px; padding: 2px 12px 4px; overflow-x: auto;
  overflow-y: hidden; scrollbar-width: thin; }
.crc-thumb { flex: none; width: 132px; min-height: 0; padding: 0; display: flex; flex-direction: column;
  overflow: hidden; border: 1px solid var(--line); border-radius: 6px; background: var(--panel); text-align: left; }
button.crc-thumb { cursor: pointer; }
button.crc-thumb:hover { border-color: var(--line-strong); }
button.crc-thumb[aria-pressed=true] { border-color: var(--accent); box-shadow: inset 0 0 0 1px var(--accent);
  background: var(--accent-soft); }
.crc-thumb[data-outcome=returned] { border-color: var(--breach-line); }
.crc-thumb img { flex: 1; min-height: 0; width: 100%; object-fit: cover; object-position: left top;
  background: var(--paper); }
.crc-no-image { flex: 1; display: grid; place-items: center; background: var(--panel-soft); color: var(--ink-soft);
  font-size: 12px; }
.crc-thumb-words { flex: none; width: 100%; display: grid; grid-template-columns: 1fr auto; gap: 0 4px;
  padding: 2px 6px 3px; font-size: 12px; line-height: 1.25; white-space: nowrap; overflow: hidden;
  border-top: 1px solid var(--line); }
.crc-context { flex: none; display: grid; grid-template-columns: repeat(5, auto); justify-content: space-between;
  gap: 3px 14px; padding: 7px 12px 8px; font-size: 12.5px; }
.crc-context dt { color: var(--ink-soft); white-space: nowrap; font-size: 12px; line-height: 1.25; }
.crc-context dd { font-weight: 600; white-space: nowrap; line-height: 1.3; }
.crc-figures-all { flex: 1; min-height: 0; display: grid; grid-template-columns: repeat(2, minmax(0, 1fr));
  gap: 0 24px; padding: 0 12px 8px; font-size: 12.5px; }
.crc-pairs > div { display: flex; justify-content: space-between; gap: 12px; line-height: 1.62; }
.crc-pairs dt { color: var(--ink-soft); white-space: nowrap; }
.crc-pairs dd { font-weight: 600; min-width: 0; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
:is(.crc-pairs, .crc-context) dd[data-tone=breach] { color: var(--breach); }
.crc-windows { width: 100%; border-collapse: collapse; margin-bottom: 4px; }
.crc-windows th { color: var(--ink-soft); font-weight: 400; text-align: left; padding: 1px 0; }
.crc-windows thead th, .crc-windows td { text-align: right; }
.crc-windows tbody td { font-weight: 600; }
.crc-reviews { flex: 1; min-height: 0; overflow: auto; margin: 0 6px 6px; padding: 0 6px; font-size: 12.5px; }
.crc-reviews:focus-visible { outline-offset: -2px; }
.crc-reviews table { width: 100%; border-collapse: collapse; }
.crc-reviews th { position: sticky; top: 0; padding: 2px 8px 2px 0; text-align: left; font-weight: 600;
  color: var(--ink-soft); background: var(--panel); }
.crc-reviews td { padding: 2px 8px 2px 0; border-top: 1px solid var(--line); white-space: nowrap; }
.crc-reviews :is(th:nth-child(3), td[data-align=right]) { text-align: right; padding-right: 18px; }
.crc-none { padding: 18px 12px; color: var(--ink-soft); flex: 1; }
.crc-plot-panel { display: flex; flex-direction: column; min-height: 0; }
.crc-present { color: var(--flag-ink); font-weight: 600; }
.crc-plot { display: block; flex: 1; min-height: 0; margin: 0 6px 6px; width: auto; overflow: hidden; }
.crc-plot-grid { stroke: var(--line); }
.crc-plot-text { fill: var(--ink-soft); font: 11px var(--font); }
.crc-plot-dot { fill: var(--accent); }
.crc-plot-dot[data-marked=true] { fill: var(--panel); stroke: var(--breach); stroke-width: 2; }
.crc-plot-present { fill: var(--flag); }
.crc-ask { padding: 16px 18px; gap: 10px; }
.crc-ask h2 { font-size: 15px; color: var(--ink); }
@media (min-width: 1700px) {
  .crc-desk { grid-template-columns: minmax(0, 1fr) 480px; }
  .crc-undo { left: calc(var(--rail) + (100vw - var(--rail) - 480px) / 2); bottom: calc(260px + var(--gap) + 26px); }
  .crc-below { height: 260px; grid-template-columns: minmax(0, 1fr) 420px; }
}
/* Too low for all of it, as where a screen is magnified: the page scrolls, and nothing is squeezed. */
@media (max-height: 700px) {
  .crc-desk { flex: none; height: 700px; }
}
/* Too narrow for two columns: one below the other: image, decision, account. */
@media (max-width: 1100px) {
  .crc-desk { flex: none; height: auto; display: flex; flex-direction: column; }
  .crc-desk .crc-viewer { flex: none; height: clamp(360px, calc(100dvh - var(--bar) - 24px), 640px); }
  .crc-desk > .crc-column { display: contents; }
  .crc-side { flex: none; overflow: visible; }
  .crc-flags { flex: none; container: none; overflow: visible; }
  .crc-form { max-height: none; overflow: visible; }
  .crc-below { height: auto; order: 1; grid-template-columns: minmax(0, 1fr); }
  .crc-plot-panel { height: 220px; }
  .crc-context { grid-template-columns: repeat(auto-fill, minmax(130px, 1fr)); }
  .crc-thumbs { flex: none; height: 128px; }
  .crc-undo { left: 50%; bottom: 16px; }
  .crc-timeline { bottom: auto; height: min(600px, calc(100dvh - var(--bar) - 80px)); max-width: calc(100% - 8px); }
}
"""

TIMELINE: Final = """
.crc-timeline { position: absolute; inset: 44px auto 0 0; width: 400px; z-index: 1; display: flex;
  flex-direction: column; min-height: 0; overflow: hidden; box-shadow: 0 8px 28px rgb(0 0 0 / .28); }
.crc-timeline .crc-panel-head { align-items: center; padding: 6px 8px 6px 14px; border-bottom: 1px solid var(--line); }
.crc-timeline .crc-panel-head h2 { color: var(--ink); }
.crc-note-form { flex: none; padding: 8px 14px 10px; display: flex; flex-direction: column; gap: 6px;
  border-bottom: 1px solid var(--line); background: var(--panel-soft); }
.crc-mention { position: relative; }
.crc-mention-label { display: block; margin-bottom: 3px; font-size: 12.5px; color: var(--ink-soft); }
.crc-mention textarea { display: block; width: 100%; min-height: 52px; max-height: 160px; padding: 6px 10px;
  resize: vertical; border: 1px solid var(--line-strong); border-radius: 6px; background: var(--panel);
  color: var(--ink); field-sizing: content; }
.crc-mention-list { position: absolute; inset: 100% 0 auto; z-index: 2; margin: 2px 0 0; padding: 4px;
  list-style: none; background: var(--panel); border: 1px solid var(--line-strong); border-radius: 6px;
  box-shadow: 0 8px 28px rgb(0 0 0 / .28); }
.crc-mention-list li { display: flex; gap: 8px; padding: 4px 8px; border-radius: 4px; cursor: pointer; }
.crc-mention-list li[aria-selected=true] { background: var(--accent-soft); color: var(--accent); }
.crc-mention-list span { min-width: 0; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.crc-mention-said { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
.crc-happenings { flex: 1; min-height: 0; margin: 0; padding: 4px 14px 10px; overflow: auto; list-style: none; }
.crc-happenings li { display: grid; grid-template-columns: 22px minmax(0, 1fr); padding: 7px 0 7px;
  border-bottom: 1px solid var(--line); font-size: 13px; }
.crc-happenings li:last-child { border-bottom: 0; }
.crc-happenings .q-icon { margin-top: 1px; font-size: 16px; color: var(--ink-soft); }
.crc-happenings li > div { display: grid; grid-template-columns: minmax(0, 1fr) auto; gap: 0 10px; }
.crc-happenings li > div > p { grid-column: 1 / -1; overflow-wrap: anywhere; }
.crc-happenings li > div > p.crc-happened { grid-column: 1; }
.crc-happened strong { margin-right: 4px; font-weight: 600; }
.crc-happenings time { font-size: 12px; white-space: nowrap; }
.crc-happenings .crc-said { margin-top: 3px; padding: 4px 8px; border-left: 2px solid var(--line-strong);
  background: var(--panel-soft); }
.crc-happenings .crc-button { margin-top: 4px; grid-column: 1 / -1; justify-self: start; min-height: 26px; }
.crc-happenings a { grid-column: 1 / -1; justify-self: start; gap: 4px; }
.crc-file-sender.q-uploader { width: auto; max-height: none; border-radius: 0; background: none; color: inherit;
  box-shadow: none; overflow: visible; }
.crc-file-sender .q-uploader__header { background: none; color: inherit; }
.crc-file-sender .q-uploader__list { display: none; }
.crc-advice { flex: none; padding: 6px 10px 7px; border: 1px solid var(--line); border-left: 3px solid var(--accent);
  border-radius: 6px; background: var(--accent-soft); font-size: 12.5px; }
.crc-advice h3 { font-size: 13.5px; color: var(--ink); }
.crc-advice[data-weak=true] { border-left-style: dashed; background: none; }
.crc-two-lines { display: -webkit-box; -webkit-box-orient: vertical; -webkit-line-clamp: 2; overflow: hidden; }
.crc-override { display: grid; grid-template-columns: minmax(0, 1fr) minmax(0, 1fr); gap: 7px; padding: 6px;
  border: 1px solid var(--warning-line); border-radius: 6px; background: var(--warning-soft); }
.crc-item { position: relative; }
.crc-item > .crc-button { position: absolute; top: 10px; right: 14px; }
"""

MESSAGES: Final = """
body { --q-info: var(--rail-ground) !important; }
.q-notifications__list--top { top: calc(var(--bar) + 44px); }
/* Over the image and never over what a decision is made with. */
body:has(.crc-desk:not(.crc-away, .crc-away *)) .q-notifications__list--top { left: var(--rail);
  right: calc(420px + var(--gap)); }
@media (min-width: 1700px) {
  body:has(.crc-desk:not(.crc-away, .crc-away *)) .q-notifications__list--top { right: calc(480px + var(--gap)); }
}
@media (max-width: 1100px) {
  body:has(.crc-desk:not(.crc-away, .crc-away *)) .q-notifications__list--top { right: 0; }
}
"""

RULES: Final = QUEUE + DESK + TIMELINE + MESSAGES
