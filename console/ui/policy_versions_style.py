"""The rules of the pages of the policy's versions and of its lists."""

from typing import Final

RULES: Final = """
.crc-versions { flex: 0 1 auto; min-height: 260px; max-height: 56%; display: grid; gap: var(--gap);
  grid-template-columns: minmax(0, 1fr) minmax(0, 1.1fr); }
.crc-versions > .crc-panel { display: flex; flex-direction: column; min-height: 0; overflow: auto;
  padding-bottom: 12px; }
.crc-versions > .crc-panel > div:not(.crc-panel-head) { padding: 0 14px; }
.crc-versions h3 { margin: 12px 0 4px; }
.crc-versions > .crc-panel > div > p { margin-top: 10px; color: var(--ink-soft); }
.crc-version-none { padding: 6px 0; color: var(--ink-soft); }
.crc-version { padding: 8px 0 10px; border-bottom: 1px solid var(--line); }
.crc-version:last-child { border-bottom: 0; }
.crc-version p { margin-top: 3px; }
.crc-version-head { display: flex; align-items: center; gap: 10px; flex-wrap: wrap; }
.crc-version-number { font-weight: 700; font-size: 14px; }
.crc-version-who { flex: 1; min-width: 180px; }
.crc-version-figures { display: grid; grid-template-columns: repeat(5, minmax(0, 1fr)); gap: 8px; margin: 12px 0 4px; }
.crc-version-figures > div { padding: 8px 10px; border: 1px solid var(--line); border-radius: 6px;
  background: var(--panel-soft); }
.crc-version-figures dt { color: var(--ink-soft); font-size: 12px; }
.crc-version-figures dd { font-size: 16px; font-weight: 700; }
.crc-policy-version { grid-template-columns: 300px minmax(0, 1fr) 400px; }
.crc-policy-beside { overflow: auto; }
.crc-policy-beside > .crc-panel { flex: none; }
.crc-version-thresholds > div { display: flex; align-items: baseline; gap: 8px; padding: 5px 0;
  border-bottom: 1px solid var(--line); }
.crc-version-thresholds dt { flex: 1; min-width: 0; }
.crc-version-thresholds dt small { display: block; color: var(--warning); font-size: 12px; }
.crc-version-thresholds dd { font-weight: 600; white-space: nowrap; }
.crc-version-thresholds > [data-changed=true] dd { padding: 1px 6px; border-radius: 4px; color: var(--warning);
  background: var(--warning-soft); }
.crc-policy-version .crc-policy-scroll h3 { padding: 10px 0 2px; }
.crc-policy-version .crc-rule-head h3 { padding: 0; }
.crc-version-facts > div { display: grid; grid-template-columns: 92px minmax(0, 1fr); gap: 8px; padding: 3px 0; }
.crc-version-facts dt { color: var(--ink-soft); }
.crc-version-facts dd { overflow-wrap: anywhere; }
.crc-version-changes { list-style: none; display: flex; flex-direction: column; gap: 8px; }
.crc-version-changes > li { padding-left: 10px; border-left: 3px solid var(--line-strong); }
.crc-version-changes > li[data-kind=added] { border-left-color: var(--ok); }
.crc-version-changes > li[data-kind=removed] { border-left-color: var(--breach); }
.crc-version-changes > li:is([data-kind=changed], [data-kind=threshold], [data-kind=moved]) {
  border-left-color: var(--warning); }
.crc-version-changes strong { font-weight: 600; }
.crc-version-changes ul { margin: 2px 0 0; padding-left: 16px; color: var(--ink-soft); overflow-wrap: anywhere; }
.crc-version-steps { margin: 0; padding: 0; list-style: none; display: flex; flex-direction: column; gap: 6px; }
.crc-version-steps li { display: flex; align-items: baseline; gap: 8px; overflow-wrap: anywhere; }
.crc-version-steps li > span { flex: 1; min-width: 0; }
.crc-version-steps small { color: var(--ink-soft); font-size: 12px; white-space: nowrap; }
.crc-approve-when .q-radio { min-height: 28px; margin-right: 10px; }
.crc-import-text textarea { min-height: 300px; font-family: var(--mono); font-size: 12.5px; line-height: 1.45; }
.crc-faults-wide { margin: 0; max-height: 200px; }
.crc-entries-text textarea { min-height: 200px; font-family: var(--mono); font-size: 13px; }
.crc-list-waiting { flex: none; max-height: 40%; overflow: auto; }
.crc-list-waiting > div:not(.crc-panel-head) { padding: 0 14px 6px; }
.crc-list-all pre { max-height: 50vh; margin: 0; overflow: auto; font-family: var(--mono); font-size: 13px; }
.crc-happenings .crc-judged { grid-column: 1 / -1; justify-self: start; }
.crc-file-button { cursor: pointer; }
"""
