"""The rules of the reports: the row of days, figures with their change, and a grid of charts."""

from typing import Final

RULES: Final = """
.crc-reports-filter { flex: none; flex-wrap: wrap; }
.crc-reports-filter .q-field { min-width: 128px; }
.crc-reports-filter .q-field--dense .q-field__control { height: 40px; min-height: 40px; }
.crc-reports-figures { display: grid; grid-template-columns: repeat(5, minmax(0, 1fr)); gap: var(--gap); padding: 0;
  list-style: none; }
.crc-reports-figures li { display: grid; grid-template-columns: 1fr auto; align-items: baseline; gap: 0 8px;
  padding: 6px 12px 7px; border: 1px solid var(--line); border-radius: var(--radius); background: var(--panel); }
.crc-reports-figures strong { font-size: 20px; line-height: 1.3; }
.crc-reports-figures li > span:last-child { grid-column: 1 / -1; color: var(--ink-soft); font-size: 12.5px; }
.crc-reports-change { color: var(--ink-soft); font-size: 12px; white-space: nowrap; }
.crc-reports-change[data-tone=ok] { color: var(--ok); }
.crc-reports-change[data-tone=breach] { color: var(--breach); }
.crc-reports { display: grid; grid-template-columns: repeat(3, minmax(0, 1fr)); gap: var(--gap); align-items: start; }
.crc-reports > .crc-wide { grid-column: span 2; }
.crc-reports > .crc-full { grid-column: 1 / -1; }
.crc-report .crc-panel-head { align-items: center; padding: 5px 6px 0 12px; }
.crc-report .crc-panel-head > span { margin-right: auto; font-weight: 400; }
.crc-report .crc-panel-head .crc-button { min-height: 26px; padding: 2px 8px; font-size: 12px; }
.crc-report-body { padding: 0 12px 8px; min-height: 214px; display: flex; flex-direction: column; }
.crc-report-body > .crc-state { flex: 1; justify-content: center; padding: 12px; }
.crc-report-body > .crc-chart { flex: none; }
.crc-full > .crc-report-body { min-height: 0; }
.crc-report-body .crc-chart-table th:first-child { white-space: nowrap; }
@media (max-width: 1100px) { .crc-reports { grid-template-columns: minmax(0, 1fr); }
  .crc-reports > .crc-wide { grid-column: auto; }
  .crc-reports-figures { grid-template-columns: repeat(2, minmax(0, 1fr)); } }
"""
