"""The rules of the pages about people, roles and what waits for a second administrator."""

from typing import Final

RULES: Final = """
.crc-note { flex: none; padding: 8px 12px; border: 1px solid var(--two-line); border-radius: var(--radius);
  background: var(--two-soft); color: var(--two); }
.crc-person, .crc-roles { flex: 1; min-height: 0; display: grid; gap: var(--gap); align-items: start;
  grid-template-columns: minmax(0, 1fr) 560px; }
.crc-roles { grid-template-columns: minmax(0, 1fr) 400px; }
.crc-part { display: flex; flex-direction: column; gap: 10px; padding: 4px 14px 14px; }
.crc-part > p:empty { display: none; }
:is(.crc-person, .crc-ask) .crc-facts > div { grid-template-columns: 130px minmax(0, 1fr); }
:is(.crc-person, .crc-ask) .crc-facts dd { white-space: normal; overflow-wrap: anywhere; }
.crc-own { grid-template-columns: 440px minmax(0, 1fr); }
.crc-own .crc-column:last-child { height: 100%; }
.crc-own .crc-table { flex: 1; min-height: 240px; }
.crc-own .crc-table table { min-width: 560px; }
.crc-own-list { list-style: none; display: flex; flex-direction: column; gap: 4px; overflow-wrap: anywhere; }
.crc-wraps { flex-wrap: wrap; }
.crc-boxes-group { display: flex; flex-wrap: wrap; gap: 6px 18px; margin: 0; padding: 6px 12px 10px;
  border: 1px solid var(--line); border-radius: 6px; }
.crc-boxes-group legend { padding: 0 4px; color: var(--ink-soft); font-size: 12px; font-weight: 600; }
.crc-columns { display: grid; grid-template-columns: minmax(0, 1fr) minmax(0, 2fr); gap: var(--gap); }
.crc-columns .crc-boxes-group { flex-direction: column; flex-wrap: nowrap; }
.crc-columns > .crc-boxes-group { display: block; columns: 2; column-gap: 18px; }
.crc-columns > .crc-boxes-group .q-checkbox { display: flex; margin-bottom: 6px; break-inside: avoid; }
.crc-limit { width: 330px; }
.crc-ask .crc-whole { align-self: stretch; }
.crc-wide.q-card { width: min(860px, 92vw); max-width: none; }
.crc-wider.q-card { width: min(1240px, 94vw); max-width: none; }
.crc-wider > .crc-row:last-child { position: sticky; bottom: -18px; z-index: 1; margin: 0 0 -18px; padding: 10px 0 18px;
  background: var(--panel); }
.crc-ask.crc-column { align-items: stretch; min-width: min(440px, 88vw); }
.crc-ask .crc-row > .q-field { flex: 1; }
.crc-ask .crc-limit, .crc-ask .crc-qr { align-self: flex-start; }
.crc-secrets { display: grid; grid-template-columns: repeat(auto-fit, minmax(180px, 1fr)); gap: 6px; padding: 10px 12px;
  border: 1px solid var(--line); border-radius: 6px; background: var(--panel-soft); font-size: 16px; user-select: all; }
.crc-qr { width: 190px; height: 190px; padding: 8px; border-radius: 6px; background: #fff; }
.crc-matrix { overflow: auto; max-height: calc(100dvh - 130px); border-top: 1px solid var(--line); }
.crc-matrix table { width: 100%; border-collapse: separate; border-spacing: 0; }
.crc-matrix :is(th, td) { padding: 4px 10px; border-bottom: 1px solid var(--line); text-align: center;
  font-size: 12.5px; }
.crc-matrix thead th { position: sticky; top: 0; background: var(--panel-soft); color: var(--ink-soft); }
.crc-matrix th:first-child { text-align: left; font-weight: 500; }
.crc-matrix th .crc-soft { display: block; max-width: 420px; font-weight: 400; font-size: 12px; }
.crc-matrix td .q-icon { color: var(--ok); }
.crc-unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
.crc-waiting { flex: 0 1 auto; max-height: 55%; overflow: auto; display: flex; flex-direction: column;
  gap: var(--gap); }
.crc-change { flex: none; padding: 8px 14px 10px; gap: 6px; }
.crc-lines { padding-left: 18px; }
.crc-hours { flex: 1; min-height: 0; display: grid; gap: var(--gap); align-items: start;
  grid-template-columns: minmax(0, 1fr) 460px; }
.crc-hour { width: 160px; }
.crc-closings { list-style: none; display: flex; flex-direction: column; max-height: 300px; overflow: auto; }
.crc-closings li { display: flex; align-items: center; gap: 10px; min-height: 36px;
  border-bottom: 1px solid var(--line); }
.crc-closings .crc-notice-read { margin: 0; }
.crc-closing-day { width: 130px; }
.crc-holidays { list-style: none; columns: 2; line-height: 1.9; }
.crc-keys { columns: 3 380px; column-gap: var(--gap); }
.crc-keys > .crc-panel { break-inside: avoid; margin-bottom: var(--gap); }
.crc-key-list { padding: 0 12px 8px; list-style: none; }
.crc-key-list li { display: flex; align-items: center; gap: 6px; min-height: 28px;
  border-bottom: 1px solid var(--line); }
.crc-key-list li:last-child { border-bottom: 0; }
.crc-key-list li > span:first-child { flex: 1; min-width: 0; }
.crc-key-list .crc-button { min-height: 24px; padding: 0 6px; font-size: 12.5px; }
.crc-key-capture { padding: 18px; border: 2px dashed var(--accent); border-radius: var(--radius); text-align: center; }
"""
