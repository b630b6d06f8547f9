"""The rules of the policy lab: figures beside each other, charts, lists of what changes, two explanations."""

from typing import Final

RULES: Final = """
.crc-lab { display: grid; gap: var(--gap); align-items: start; grid-template-columns: 290px minmax(0, 1fr) 400px; }
.crc-lab .q-field--dense .q-field__control { height: 42px; }
.crc-lab-start { display: flex; align-items: center; gap: 8px; }
.crc-lab-start > .q-field { flex: 1 1 90px; min-width: 0; }
.crc-lab-bar { display: flex; flex-wrap: wrap; align-items: center; gap: 8px; font-size: 12.5px; }
.crc-lab-bar > p { flex: 1 1 100%; }
.crc-lab-bar > p:empty, .crc-lab-picked:empty { display: none; }
.crc-lab-bar > .q-linear-progress { flex: 1; width: auto; border-radius: 3px; color: var(--accent-fill); }
.crc-lab-figures { width: 100%; border-collapse: collapse; }
.crc-lab-figures :is(th, td) { padding: 4px 0 4px 10px; border-bottom: 1px solid var(--line); text-align: right;
  font-weight: 600; white-space: nowrap; vertical-align: top; }
.crc-lab-figures thead th:first-child { text-align: left; padding-left: 0; }
.crc-lab-figures thead th { color: var(--ink-soft); font-size: 12px; }
.crc-lab-figures tbody th { padding-left: 0; text-align: left; font-weight: 400; white-space: normal; width: 99%; }
.crc-lab-figures small { margin-left: 8px; color: var(--ink-soft); font-size: 11.5px; }
a.crc-button { color: inherit; text-decoration: none; }
.crc-lab-figures td:last-child { min-width: 92px; font-size: 12.5px; }
.crc-lab [data-tone=ok] { color: var(--ok); }
.crc-lab [data-tone=breach] { color: var(--breach); }
.crc-lab [data-tone=warning] { color: var(--warning); }
.crc-policy-beside .crc-lab-figures { font-size: 12px; }
.crc-policy-beside .crc-lab-figures small { display: block; margin: 0; }
.crc-policy-beside .crc-lab-figures :is(th, td) { padding-left: 6px; }
.crc-policy-beside .crc-panel-head a { white-space: nowrap; }
.crc-policy-beside .crc-lab-figures :is(th, td):first-child { padding-left: 0; }
.crc-policy-beside .crc-lab-figures td:last-child { min-width: 0; font-size: 11.5px; }
.crc-lab-moves { display: flex; flex-wrap: wrap; gap: 2px 16px; list-style: none; font-size: 12.5px; }
.crc-chart { width: 100%; }
.crc-chart-table summary { color: var(--accent); cursor: pointer; font-size: 12.5px; }
.crc-chart-table > div { overflow: auto; max-height: 260px; }
.crc-chart-table table { width: 100%; border-collapse: collapse; font-size: 12px; }
.crc-chart-table :is(th, td) { padding: 2px 0 2px 8px; border-bottom: 1px solid var(--line); text-align: right;
  font-weight: 400; }
.crc-chart-table thead th { color: var(--ink-soft); }
.crc-chart-table :is(th, td):first-child { padding-left: 0; text-align: left; }
.crc-lab-shadow ul { margin-top: 4px; list-style: none; }
.crc-lab-kinds > * { display: flex; flex-wrap: wrap; gap: 6px; }
.crc-lab-kinds { display: flex; flex-wrap: wrap; gap: 6px; }
.crc-lab-kinds button { cursor: pointer; font: inherit; font-size: 12.5px; }
.crc-lab-kinds button[aria-pressed=true] { background: var(--accent-soft); border-color: var(--accent);
  color: var(--accent); }
.crc-lab-list ul { list-style: none; }
.crc-lab-list button { display: grid; grid-template-columns: 96px minmax(0, 1fr) auto 118px; gap: 12px; width: 100%;
  min-height: 32px; align-items: center; padding: 3px 6px; border: 0; border-bottom: 1px solid var(--line);
  background: none; text-align: left; cursor: pointer; }
.crc-lab-list button:hover { background: var(--panel-soft); }
.crc-lab-list strong { text-align: right; font-weight: 600; }
.crc-lab-list button > :last-child { text-align: right; }
.crc-lab-picked { flex-wrap: wrap; padding: 8px 10px; border: 1px solid var(--accent); border-radius: var(--radius);
  background: var(--accent-soft); }
.q-card.crc-lab-both { width: min(1060px, 94vw); max-width: none; max-height: 88vh; flex-wrap: nowrap; }
.crc-lab-sides { display: grid; grid-template-columns: 1fr 1fr; gap: 18px; min-height: 0; overflow: auto; }
.crc-lab-sides h3 { font-size: 13.5px; color: var(--ink); }
.crc-lab-sides > * > h4 { margin: 10px 0 2px; font-size: 12.5px; font-weight: 600; color: var(--ink-soft); }
"""
