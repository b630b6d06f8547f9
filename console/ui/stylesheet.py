"""The rules of the console's one style sheet. Colours are roles of :mod:`console.ui.theme`.

Nothing here is written for one page: pages are composed of these classes and of Quasar's own components.
"""

from typing import Final

from console.ui import (
    access_style,
    audit_style,
    insight_style,
    lab_style,
    notices_style,
    operations_style,
    policy_style,
    policy_versions_style,
    workbench_style,
)

BASE: Final = """
:root { --radius: 8px; --rail: 60px; --bar: 47px; --gap: 10px; --row-height: 37px;
  --font: Roboto, "Segoe UI", system-ui, "Liberation Sans", sans-serif;
  --mono: "Roboto Mono", "SF Mono", Consolas, "Liberation Mono", monospace; }
body { --q-primary: var(--accent-fill) !important; --q-negative: var(--breach) !important;
  --q-positive: var(--ok) !important; --q-dark: var(--panel) !important; --q-dark-page: var(--ground) !important;
  margin: 0; background: var(--ground); color: var(--ink); font: 400 13.5px/1.4 var(--font);
  font-variant-numeric: tabular-nums; -webkit-font-smoothing: antialiased; }
body.body--dark { background: var(--ground); color: var(--ink); }
*, ::before, ::after { box-sizing: border-box; }
h1, h2, h3, p, dl, dd, ul { margin: 0; padding: 0; }
h1 { font-size: 15px; line-height: 1.3; font-weight: 700; letter-spacing: 0; }
h2 { font-size: 13px; line-height: 1.4; font-weight: 600; letter-spacing: 0; color: var(--ink-soft); }
h3 { font-size: 12px; line-height: 1.4; font-weight: 600; letter-spacing: 0; color: var(--ink-soft); }
button, input, textarea, select { font: inherit; color: inherit; }
a { color: var(--accent); }
:focus-visible { outline: 2px solid var(--focus); outline-offset: 2px; border-radius: 4px; }
.crc-rail :focus-visible, .crc-viewer :focus-visible { outline-color: var(--focus-dark-ground); }
[disabled] { opacity: .5; cursor: not-allowed; }
.crc-icon.q-icon { font-size: 17px; }
.crc-soft { color: var(--ink-soft); }
.crc-wrong { color: var(--breach); }
.crc-wrong:empty { display: none; }
.crc-mono { font-family: var(--mono); }
.crc-row { display: flex; align-items: center; gap: 8px; }
.crc-column { display: flex; flex-direction: column; gap: var(--gap); min-height: 0; min-width: 0; }
.crc-gap { flex: 1; }
@media (prefers-reduced-motion: reduce) { * { transition: none !important; animation-duration: 0s !important; } }
"""

SHELL: Final = """
.q-layout { min-height: 0 !important; }
.q-page-container { padding: var(--bar) 0 0 var(--rail) !important; }
.q-page { min-height: 0 !important; height: calc(100dvh - var(--bar)); overflow: auto; }
.nicegui-content.crc-main { height: 100%; padding: 12px 16px; gap: var(--gap); align-items: stretch; }
.crc-main:focus { outline: none; }
.crc-rail { position: fixed; inset: 0 auto 0 0; width: var(--rail); z-index: 3; padding: 10px 4px 8px;
  display: flex; flex-direction: column; gap: 4px; background: var(--rail-ground); color: var(--rail-ink);
  overflow-y: auto; }
.crc-mark { align-self: center; display: grid; place-items: center; width: 36px; height: 36px; margin-bottom: 12px;
  flex: none; border-radius: var(--radius); background: var(--brand); color: var(--on-rail); font-weight: 700; }
.crc-rail-item { display: flex; flex-direction: column; align-items: center; justify-content: center; gap: 3px;
  flex: none; min-height: 50px; padding: 5px 0; border: 0; border-radius: var(--radius); background: none;
  color: inherit;
  font-size: 10.5px; letter-spacing: -.01em; line-height: 1.3; text-align: center; text-decoration: none;
  cursor: pointer; }
.crc-rail-item .q-icon { font-size: 20px; }
.crc-rail-item:hover { color: var(--on-rail); }
.crc-rail-item[aria-current] { background: var(--rail-active); color: var(--on-rail); }
.crc-rail-gap { flex: 1; }
.crc-bar { position: fixed; inset: 0 0 auto var(--rail); height: var(--bar); z-index: 2; padding: 0 16px;
  display: flex; align-items: center; gap: 12px; background: var(--panel); border-bottom: 1px solid var(--line); }
.crc-bar h1, .crc-subtitle { white-space: nowrap; }
.crc-subtitle { color: var(--ink-soft); }
.crc-contents { display: contents; }
.crc-bar-part { display: flex; align-items: center; gap: 10px; }
.crc-bar-part:empty { display: none; }
@media (max-width: 1100px) { .crc-bar { overflow-x: auto; overflow-y: hidden; scrollbar-width: thin; }
  .crc-bar > * { flex: none; } }
.nicegui-skip-link { z-index: 9; }
.crc-menu { border: 1px solid var(--line); border-radius: var(--radius); background: var(--panel);
  color: var(--ink); }
.crc-menu-head { padding: 10px 16px 6px; color: var(--ink-soft); }
"""

PIECES: Final = """
.crc-panel { background: var(--panel); border: 1px solid var(--line); border-radius: var(--radius); min-width: 0; }
.crc-panel-head { display: flex; justify-content: space-between; gap: 12px; padding: 10px 12px 8px;
  color: var(--ink-soft); font-weight: 600; font-size: 12.5px; }
.crc-figure { flex: 1; padding: 8px 12px 9px; display: flex; flex-direction: column; color: var(--ink-soft);
  font-size: 12.5px; }
.crc-figure strong { font-size: 21px; line-height: 1.3; color: var(--ink); }
.crc-figure[data-tone=breach] strong { color: var(--breach); }
.crc-figure[data-tone=warning] strong { color: var(--warning); }
.crc-figure[data-tone=ok] strong { color: var(--ok); }
.crc-chip, .crc-sla { display: inline-flex; align-items: center; gap: 5px; height: 26px; padding: 0 9px;
  white-space: nowrap;
  border: 1px solid var(--line); border-radius: 6px; background: var(--panel); }
.crc-chip .q-icon, .crc-sla .q-icon { font-size: 15px; }
.crc-sla { height: 24px; padding: 0 8px; }
:is(.crc-chip, .crc-sla)[data-tone=accent] { background: var(--accent-soft); border-color: var(--accent-soft);
  color: var(--accent); font-weight: 600; }
:is(.crc-chip, .crc-sla)[data-tone=warning] { background: var(--warning-soft); border-color: var(--warning-line);
  color: var(--warning); font-weight: 700; }
:is(.crc-chip, .crc-sla)[data-tone=breach] { background: var(--breach-soft); border-color: var(--breach-line);
  color: var(--breach); font-weight: 700; }
.crc-chip[data-tone=ok] { background: var(--ok-soft); border-color: var(--ok-line); color: var(--ok);
  font-weight: 600; }
.crc-chip[data-tone=two] { background: var(--two-soft); border-color: var(--two-line); color: var(--two);
  font-weight: 600; }
.crc-chip[data-tone=flag], .crc-flag { background: var(--flag-soft); border-color: var(--flag-line);
  color: var(--flag-ink); }
.crc-sla[data-tone=paused] { color: var(--ink-soft); border-style: dashed; }
.crc-flag { display: inline-block; margin-right: 4px; padding: 1px 6px; border: 1px solid var(--flag-line);
  border-radius: 4px; font-size: 12px; }
.crc-cap { display: inline-grid; place-items: center; min-width: 18px; height: 18px; padding: 0 4px;
  font: 500 11px/1 var(--font);
  border: 1px solid currentColor; border-radius: 4px; color: inherit;
  border-color: color-mix(in srgb, currentColor 55%, transparent); }
.crc-button { display: inline-flex; align-items: center; justify-content: center; gap: 8px; min-height: 30px;
  padding: 3px 12px;
  border: 1px solid var(--line); border-radius: 6px; background: var(--panel); color: var(--ink); cursor: pointer;
  white-space: nowrap; }
.crc-button:hover:not([disabled]) { border-color: var(--line-strong); }
.crc-button.crc-primary { background: var(--accent-fill); border-color: var(--accent-fill); color: var(--on-accent);
  font-weight: 600; min-height: 36px; }
.crc-button.crc-primary:hover:not([disabled]) { filter: brightness(1.12); }
.crc-button.crc-danger { color: var(--breach); border-color: var(--breach-line); }
.crc-button.crc-quiet { border-color: transparent; background: none; color: var(--accent); }
.crc-button.crc-choice { min-height: 36px; font-weight: 600; }
.crc-button[aria-pressed=true] { background: var(--accent-soft); border-color: var(--accent); color: var(--accent); }
.crc-button[aria-pressed=true][data-tone=breach] { background: var(--breach-soft); border-color: var(--breach);
  color: var(--breach); }
.crc-button[aria-pressed=true][data-tone=ok] { background: var(--ok-soft); border-color: var(--ok);
  color: var(--ok); }
.crc-button[aria-pressed=true][data-tone=warning] { background: var(--warning-soft); border-color: var(--warning);
  color: var(--warning); }
.crc-button[aria-pressed=true][data-tone=two] { background: var(--two-soft); border-color: var(--two);
  color: var(--two); }
.crc-count { font-weight: 500; }
.crc-tabs { display: flex; gap: 4px; }
.crc-tabs .crc-button { border-color: transparent; background: none; color: var(--ink-soft); font-weight: 600; }
.crc-tabs .crc-button[aria-pressed=true], .crc-tabs .crc-button[aria-selected=true] {
  background: var(--accent-soft); color: var(--accent); }
.crc-input { display: inline-flex; align-items: center; gap: 8px; min-height: 30px; padding: 0 8px 0 10px;
  border: 1px solid var(--line-strong); border-radius: 6px; background: var(--panel); }
.crc-input:focus-within { border-color: var(--accent); box-shadow: inset 0 0 0 1px var(--accent); }
.crc-input input, .crc-input textarea { flex: 1; min-width: 0; border: 0; outline: 0; background: none;
  padding: 4px 0; }
.crc-input ::placeholder { color: var(--ink-soft); opacity: 1; }
.crc-state { display: flex; flex-direction: column; align-items: center; gap: 10px; padding: 40px 16px;
  color: var(--ink-soft); text-align: center; }
.crc-state-icon.q-icon { font-size: 34px; opacity: .7; }
.crc-sheet { width: min(860px, 92vw); max-height: 86vh; padding: 0; overflow: auto; border: 1px solid var(--line);
  border-radius: var(--radius);
  background: var(--panel); color: var(--ink); box-shadow: 0 12px 40px rgb(0 0 0 / .28); }
.crc-sheet::backdrop { background: rgb(8 14 20 / .45); }
.crc-sheet-body { padding: 16px 20px 20px; }
.crc-sheet-head { display: flex; justify-content: space-between; align-items: center; margin-bottom: 12px; }
.crc-sheet-head h2 { font-size: 15px; color: var(--ink); }
.crc-sheet-groups { columns: 3 220px; column-gap: 32px; }
.crc-sheet section { break-inside: avoid; margin-bottom: 16px; }
.crc-sheet dl > div { display: flex; justify-content: space-between; gap: 12px; padding: 4px 0;
  border-bottom: 1px solid var(--line); }
.crc-sheet dd { display: flex; gap: 4px; white-space: nowrap; }
.crc-session-warning { width: min(440px, 92vw); }
.crc-session-warning h2 { font-size: 16px; color: var(--ink); margin-bottom: 8px; }
.crc-session-warning p { margin: 0 0 10px; }
.crc-session-warning .crc-button:focus { outline: 2px solid var(--accent); outline-offset: 2px; }
.crc-session-left { color: var(--warning); font-weight: 600; }
.crc-session-buttons { display: flex; gap: 10px; margin-top: 16px; }
.crc-outage { position: fixed; inset: var(--bar) 0 auto var(--rail); z-index: 7000; padding: 10px 16px;
  background: var(--warning-soft); color: var(--warning); border-bottom: 2px solid var(--warning-line); }
/* The line guard says it in more words. */
#popup { display: none; }
.nicegui-error-popup { border: 1px solid var(--warning-line); border-radius: var(--radius);
  background: var(--warning-soft); color: var(--warning); }
"""

TABLE: Final = """
.crc-table { flex: 1; min-height: 0; display: flex; flex-direction: column; overflow: hidden;
  background: var(--panel); border: 1px solid var(--line); border-radius: var(--radius); }
.crc-table-scroll { flex: 1; min-height: 0; overflow: auto; overscroll-behavior: contain; }
.crc-table table { width: 100%; min-width: 1240px; table-layout: fixed; border-collapse: separate;
  border-spacing: 0; }
.crc-table table:focus-visible { outline-offset: -2px; border-radius: var(--radius); }
.crc-table th { position: sticky; top: 0; z-index: 1; height: 34px; padding: 0 10px; text-align: left;
  font-size: 12.5px; font-weight: 600;
  color: var(--ink-soft); background: var(--panel-soft); border-bottom: 1px solid var(--line); }
.crc-table th button { display: inline-flex; align-items: center; gap: 3px; padding: 4px 0; border: 0;
  background: none; font-weight: inherit; cursor: pointer; }
.crc-table th button:hover, .crc-table th[aria-sort=ascending], .crc-table th[aria-sort=descending] {
  color: var(--ink); }
.crc-table th .q-icon { font-size: 14px; }
.crc-table td { height: var(--row-height); padding: 0 10px; border-bottom: 1px solid var(--line);
  white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }
.crc-table td[role=presentation] { border: 0; padding: 0; }
.crc-table [data-align=right] { text-align: right; }
.crc-table :is(th, td).crc-choose { padding: 0; text-align: center; }
.crc-choose input { width: 16px; height: 16px; margin: 0; vertical-align: middle; accent-color: var(--accent); }
.crc-bulk { flex: none; min-height: 40px; padding: 4px 6px 4px 14px; border: 1px solid var(--accent);
  border-radius: var(--radius); background: var(--accent-soft); }
.crc-bulk > strong { font-variant-numeric: tabular-nums; }
.crc-table td[data-column=amount] { font-weight: 600; }
.crc-table :is([data-value=critical], [data-value=high]) { font-weight: 600; }
.crc-table td[data-column=age], .crc-table td[data-column=status] { color: var(--ink-soft); }
.crc-table tbody tr[role=row] { cursor: default; }
.crc-table tbody tr[role=row]:hover td { background: var(--panel-soft); }
.crc-table tbody tr[aria-selected=true] td { background: var(--accent-soft); }
.crc-table tbody tr[aria-selected=true] td:first-child { box-shadow: inset 3px 0 var(--accent); }
.crc-table [aria-busy=true] tbody { opacity: .55; }
.crc-held { color: var(--ink-soft); }
.crc-held .q-icon { margin: -2px 4px 0 0; font-size: 15px; }
.crc-held[data-mine=true] { color: var(--accent); font-weight: 600; }
.crc-table-foot { display: flex; justify-content: space-between; align-items: center; gap: 16px; min-height: 34px;
  padding: 0 12px;
  border-top: 1px solid var(--line); color: var(--ink-soft); font-size: 12.5px; }
.crc-table-fault { display: flex; align-items: center; gap: 8px; padding: 6px 12px; background: var(--breach-soft);
  color: var(--breach); }
.crc-hints { display: flex; gap: 14px; }
.crc-hints > span { display: inline-flex; align-items: center; gap: 5px; }
@media (max-height: 560px) {
  :is(.crc-main, .crc-main > .crc-contents) > .crc-table { flex: none; height: 420px; }
}
"""

VIEWER: Final = """
.crc-viewer { flex: 1; min-height: 0; min-width: 0; display: flex; flex-direction: column; position: relative;
  overflow: hidden;
  border-radius: var(--radius); background: var(--image-ground); color: var(--image-ink); }
.crc-viewer-bar { display: flex; align-items: center; gap: 2px 4px; min-height: 38px; padding: 3px 6px;
  flex-wrap: wrap; background: var(--image-bar); }
.crc-viewer-group { display: flex; align-items: center; gap: 2px; }
.crc-viewer-bar button, .crc-drawer button, .crc-viewer-note button { display: inline-flex; align-items: center;
  gap: 5px; min-height: 28px; padding: 2px 6px;
  border: 0; border-radius: 5px; background: none; color: inherit; cursor: pointer; font-size: 13px; }
:is(.crc-viewer-bar, .crc-drawer) button:hover:not([disabled]) { background: var(--image-line); }
.crc-viewer :is(.crc-viewer-bar, .crc-drawer) button[aria-pressed=true] { background: var(--image-active);
  box-shadow: inset 0 -2px var(--focus-dark-ground); }
.crc-viewer .crc-cap { min-width: 16px; height: 16px; padding: 0 2px; color: var(--image-ink-soft); font-size: 10.5px; }
.crc-viewer button[aria-pressed=true] .crc-cap { color: inherit; }
.crc-percent { width: 46px; height: 20px; line-height: 20px; contain: strict; text-align: center; }
.crc-drawer { display: flex; flex-wrap: wrap; align-items: center; gap: 6px 8px; padding: 5px 10px; min-height: 38px;
  background: var(--image-bar); border-top: 1px solid var(--image-line); font-size: 12.5px; }
.crc-drawer label { display: flex; align-items: center; gap: 7px; }
.crc-drawer input { width: 92px; accent-color: var(--focus-dark-ground); }
.crc-drawer output { min-width: 42px; white-space: nowrap; }
.crc-drawer button, .crc-viewer-note button { border: 1px solid var(--image-line); font-size: 12.5px; }
.crc-drawer-note { color: var(--image-ink-soft); }
.crc-drawer-end { margin-left: auto; }
.crc-compared { white-space: nowrap; }
.crc-dim { color: var(--image-ink-soft); }
.crc-legend { position: absolute; right: 8px; bottom: 8px; display: flex; gap: 14px; padding: 4px 10px;
  border-radius: 6px; background: var(--image-bar); font-size: 12px; list-style: none; pointer-events: none; }
.crc-legend li { display: flex; align-items: center; gap: 5px; white-space: nowrap; }
.crc-legend li::before { content: ""; width: 14px; height: 14px; border: 1px solid var(--paper); border-radius: 3px;
  background: var(--on-both); }
.crc-legend li[data-ink=here]::before { background: var(--only-here); }
.crc-legend li[data-ink=there]::before { background: repeating-linear-gradient(135deg, var(--only-there) 0 2px,
  var(--paper) 2px 4px); }
.crc-panes { flex: 1; min-height: 0; position: relative; display: flex; flex-direction: column; gap: 1px;
  background: var(--image-line); overflow: hidden; }
.crc-panes[data-across=true] { flex-direction: row; }
.crc-pane { flex: 1; min-height: 0; min-width: 0; position: relative; overflow: hidden; background: var(--image-ground);
  cursor: grab; touch-action: none; user-select: none; }
.crc-pane:active { cursor: grabbing; }
.crc-pane:focus-visible { outline-offset: -2px; border-radius: 0; }
.crc-stage, .crc-boxes { position: absolute; left: 50%; top: 50%; width: 0; height: 0; }
.crc-stage > * { position: absolute; left: 0; top: 0; display: block; max-width: none; background: var(--paper);
  transform-origin: 50% 50%; }
.crc-stage > [hidden] { display: none; }
.crc-pane[data-moving] :is(.crc-stage > *, .crc-boxes) { will-change: transform; }
.crc-box { position: absolute; left: 0; top: 0; border: 2px solid var(--flag); background: color-mix(in srgb,
  var(--flag) 9%, transparent); pointer-events: none; }
.crc-box[data-lit] { box-shadow: 0 0 0 3px color-mix(in srgb, var(--flag) 45%, transparent); }
.crc-box-name { position: absolute; left: -2px; bottom: 100%; padding: 1px 6px; border: 0; cursor: pointer;
  background: var(--flag-fill); color: var(--on-flag); font-size: 11.5px; font-weight: 600; line-height: 17px;
  white-space: nowrap; pointer-events: auto; }
.crc-box[data-kind=weak] { border: 2px dashed var(--weak); background: color-mix(in srgb, var(--weak) 9%,
  transparent); }
.crc-box[data-kind=weak] .crc-box-name { background: var(--weak-fill); }
.crc-loupe { position: absolute; left: 0; top: 0; width: 280px; height: 160px;
  border: 2px solid var(--focus-dark-ground); border-radius: 6px;
  background: var(--paper); pointer-events: none; box-shadow: 0 6px 24px rgb(0 0 0 / .45); }
.crc-watermark { position: absolute; left: 12px; bottom: 8px; color: var(--image-ink-soft); font-size: 11.5px;
  pointer-events: none; }
.crc-viewer-said { position: absolute; left: 50%; bottom: 12px; transform: translateX(-50%); padding: 5px 12px;
  border-radius: 6px; background: var(--image-bar); pointer-events: none; }
.crc-viewer-said:empty { display: none; }
.crc-pane-name { position: absolute; right: 10px; top: 8px; padding: 0 6px; border-radius: 4px;
  background: var(--image-bar); font-size: 11.5px; }
.crc-viewer-note { position: absolute; inset: 0; display: flex; flex-direction: column; align-items: center;
  justify-content: center; gap: 6px; padding: 16px; text-align: center; color: var(--image-ink-soft);
  cursor: default; }
.crc-viewer-note strong { color: var(--image-ink); font-weight: 600; }
.crc-viewer-note .q-icon { font-size: 38px; }
.crc-late { animation: crc-late 0s .15s both; }
@keyframes crc-late { from { visibility: hidden; } to { visibility: visible; } }
"""

WORK: Final = """
a.crc-banner { display: flex; align-items: center; gap: 8px; flex: none; padding: 7px 12px; color: var(--warning);
  background: var(--warning-soft); border: 1px solid var(--warning-line); border-radius: var(--radius);
  font-weight: 600; }
.crc-search.q-select .q-field__native { min-height: 32px; padding: 0; }
.crc-strip { display: flex; flex-wrap: wrap; gap: var(--gap); align-items: stretch; flex: none; }
.crc-strip .crc-figure { flex: 1 1 130px; }
.crc-drop.q-uploader { flex: 2.4 1 420px; width: auto; min-height: 62px; max-height: none; border-radius: var(--radius);
  border: 1px dashed var(--line-strong); background: var(--panel); color: var(--ink); box-shadow: none; }
.crc-drop .q-uploader__header { height: 100%; display: flex; align-items: center; gap: 12px; padding: 10px 14px;
  background: none; color: inherit; }
.crc-drop .q-uploader__list { display: none; }
.crc-drop .q-uploader__dnd { outline: none; border-radius: var(--radius); background: var(--accent-soft); opacity: .65;
  box-shadow: inset 0 0 0 2px var(--accent); }
.crc-drop-icon.q-icon { font-size: 28px; color: var(--accent); }
.crc-drop-words { flex: 1; display: flex; flex-direction: column; min-width: 0; }
.crc-drop-words strong { font-weight: 600; }
.crc-file-button { position: relative; }
.crc-file-button:focus-within { outline: 2px solid var(--focus); outline-offset: 2px; }
/* Quasar's own bar for requests has no name and says the same again. */
.q-loading-bar { display: none; }
.crc-hidden-input { position: absolute; inset: 0; width: 100%; height: 100%; opacity: 0; cursor: pointer; }
.crc-hidden-input::file-selector-button { cursor: pointer; }
ul.crc-work { flex: none; max-height: 30%; overflow: auto; list-style: none; }
.crc-work li { display: grid; grid-template-columns: minmax(120px, 1fr) 150px 200px minmax(0, 2fr) 210px; gap: 14px;
  align-items: center; min-height: 40px; padding: 4px 8px 4px 12px; border-bottom: 1px solid var(--line); }
.crc-work li:last-child { border-bottom: 0; }
.crc-work li.crc-work-done { grid-template-columns: minmax(120px, 1fr) 150px minmax(0, 2.6fr) 210px; }
.crc-work .crc-row { justify-content: flex-end; }
.crc-work-name, .crc-work-words, .crc-work .crc-soft { overflow: hidden; text-overflow: ellipsis;
  white-space: nowrap; }
.crc-work-name { font-weight: 600; }
.crc-work-done .crc-work-words { color: var(--ink-soft); }
progress { appearance: none; width: 100%; height: 8px; border: 0; border-radius: 4px; overflow: hidden;
  background: var(--line); }
progress::-webkit-progress-bar { background: var(--line); }
progress::-webkit-progress-value { background: var(--accent-fill); transition: width .3s linear; }
progress::-moz-progress-bar { background: var(--accent-fill); }
progress:indeterminate { background: repeating-linear-gradient(115deg, var(--line) 0 10px,
  var(--accent-soft) 10px 20px); }
progress:indeterminate::-webkit-progress-bar { background: none; }
.crc-split { flex: 1; min-height: 0; display: flex; flex-direction: column; gap: var(--gap); }
.crc-detail { flex: 0 1 46%; min-height: 150px; display: flex; flex-direction: column; overflow: hidden; }
.crc-detail-head { display: flex; align-items: center; gap: 10px; padding: 6px 8px 6px 12px; min-height: 42px; }
.crc-detail-head h2 { color: var(--ink); white-space: nowrap; overflow: hidden; text-overflow: ellipsis;
  max-width: 46%; }
.crc-detail-head .crc-work-words { flex: 1; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.crc-detail .crc-table { border: 0; border-top: 1px solid var(--line); border-radius: 0; }
.crc-table [data-value=refused] { color: var(--breach); font-weight: 600; }
"""

QUASAR: Final = """
.q-field--outlined .q-field__control { border-radius: 6px; background: var(--panel); }
.q-field--outlined .q-field__control::before { border-color: var(--line-strong); }
.q-field__native, .q-field__label, .q-field__input { color: var(--ink); }
.q-field__label { color: var(--ink-soft); }
.q-dialog .q-card, .q-menu { background: var(--panel); color: var(--ink); border: 1px solid var(--line);
  border-radius: var(--radius); box-shadow: 0 12px 40px rgb(0 0 0 / .28); }
.q-tooltip { background: var(--rail-ground); color: var(--on-rail); font-size: 12px; }
.q-notification { --q-negative: var(--breach-fill); border-radius: var(--radius);
  box-shadow: 0 8px 28px rgb(0 0 0 / .28); }
"""

RULES: Final = "".join(
    (
        BASE, SHELL, PIECES, TABLE, VIEWER, WORK, QUASAR,
        workbench_style.RULES, access_style.RULES, notices_style.RULES, policy_style.RULES, policy_versions_style.RULES,
        lab_style.RULES, operations_style.RULES, insight_style.RULES, audit_style.RULES,
    )
)  # fmt: skip
