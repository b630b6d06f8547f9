"""The rules of the policy's editor: thresholds, rules as sentences, the builder of one rule, a trial on a check."""

from typing import Final

RULES: Final = """
.crc-policy { flex: 1; min-height: 0; display: grid; gap: var(--gap);
  grid-template-columns: 316px minmax(0, 1fr) 348px; }
.crc-policy-column { display: flex; flex-direction: column; min-height: 0; overflow: hidden; }
.crc-policy-scroll { flex: 1; min-height: 0; overflow: auto; padding: 0 14px 14px; scrollbar-gutter: stable; }
.crc-policy-column > .crc-panel-head { align-items: center; padding: 8px 14px; min-height: 46px; }
h3.crc-policy-group { padding: 12px 0 4px; color: var(--ink-soft); }
h3.crc-policy-group:first-child { padding-top: 0; }
.crc-policy-threshold { display: grid; grid-template-columns: minmax(0, 1fr) 118px; gap: 10px; align-items: center;
  min-height: 44px; padding: 6px 0; border-bottom: 1px solid var(--line); }
.crc-policy-threshold > div:first-child { display: flex; flex-direction: column; font-size: 12px; line-height: 1.35; }
.crc-policy-threshold > div:last-child { grid-column: 1 / -1; }
.crc-policy-threshold > div:last-child:empty { display: none; }
.crc-policy-label { color: var(--ink); font-size: 13.5px; }
.crc-policy-threshold > strong { text-align: right; font-weight: 600; }
.crc-policy-threshold > .q-toggle { justify-self: end; }
.crc-policy-number { text-align: right; font-weight: 600; }
.crc-policy .q-field--dense .q-field__control { min-height: 34px; }
.crc-policy .q-field--dense:not(.q-select--multiple) .q-field__control { height: 34px; }
.crc-policy .q-field--dense .q-field__marginal { height: 32px; }
.crc-policy .q-select .q-field__native { min-height: 32px; padding: 0; }
.crc-policy .q-select .q-field__native > :is(span, input) { line-height: 32px; padding: 0; }
.crc-policy .q-field--labeled.q-field--dense:not(.q-select--multiple) .q-field__control { height: 42px; }
.crc-policy .q-field--labeled.q-field--dense .q-field__native { padding-top: 14px; padding-bottom: 2px; }
.crc-policy .q-field--labeled.q-field--dense .q-field__marginal { height: 40px; }
.crc-policy .q-chip { margin: 2px; background: var(--accent-soft); color: var(--accent); }
.crc-people:empty { display: none; }
.crc-present { max-width: 200px; }
.crc-present > span { overflow: hidden; text-overflow: ellipsis; }
.crc-icon-only { width: 34px; padding: 0; }
.crc-icon-only .crc-button-text:empty { display: none; }
.crc-policy-notes:empty { display: none; }
.crc-policy .q-field--dense .q-field__suffix { padding-left: 4px; font-size: 12.5px; color: var(--ink-soft); }
.crc-policy-threshold[data-changed=true] .q-field__control { background: var(--warning-soft); }
.crc-policy-threshold[data-changed=true] .q-field__control::before { border-color: var(--warning); }
.crc-policy-threshold[data-changed=true] .q-field__native { color: var(--warning); }
[data-wrong=true] .q-field__control::before { border-color: var(--breach) !important; }
.crc-policy-effect { color: var(--warning); }
.crc-link { padding: 0; border: 0; background: none; color: var(--accent); text-decoration: underline;
  cursor: pointer; font-size: inherit; }
.crc-rule { padding: 8px 12px 10px; border: 1px solid var(--line); border-radius: var(--radius); margin-bottom: 8px;
  position: relative; }
.crc-rule[data-off=true] { border-style: dashed; color: var(--ink-soft); }
.crc-rule[data-wrong=true] { border-color: var(--breach-line); }
.crc-rule-open { border-color: var(--accent); box-shadow: inset 0 0 0 1px var(--accent); }
.crc-rule-head { display: flex; align-items: center; gap: 8px; min-height: 24px; }
.crc-rule-head h3 { flex: 1; min-width: 0; font-size: 13.5px; color: var(--ink); overflow: hidden;
  text-overflow: ellipsis; white-space: nowrap; }
.crc-rule-head h3 button { max-width: 100%; padding: 0; border: 0; background: none; font-weight: 700; cursor: pointer;
  overflow: hidden; text-overflow: ellipsis; white-space: nowrap; text-align: left; }
.crc-rule-head h3 button:hover { color: var(--accent); }
.crc-tool { display: inline-grid; place-items: center; width: 24px; height: 24px; padding: 0;
  border: 1px solid transparent; border-radius: 5px; background: none; color: var(--ink-soft); cursor: pointer; }
.crc-tool:hover:not([disabled]) { border-color: var(--line-strong); color: var(--ink); }
.crc-tool[aria-pressed=true] { background: var(--accent-soft); color: var(--accent); }
.crc-tool .q-icon { font-size: 16px; }
.crc-tools { display: flex; gap: 1px; flex: none; }
.crc-tag { padding: 0 7px; border-radius: 5px; font-size: 11.5px; line-height: 19px; font-weight: 600; flex: none;
  background: var(--panel-soft); color: var(--ink-soft); border: 1px solid var(--line); }
.crc-tag[data-tone=ok] { background: var(--ok-soft); border-color: var(--ok-line); color: var(--ok); }
.crc-tag[data-tone=warning] { background: var(--warning-soft); border-color: var(--warning-line);
  color: var(--warning); }
.crc-tag[data-tone=breach] { background: var(--breach-soft); border-color: var(--breach-line); color: var(--breach); }
.crc-sentence { margin-top: 3px; line-height: 1.75; }
.crc-sentence :is([data-kind=field], [data-kind=value], [data-kind=action]) { padding: 1px 6px; border-radius: 4px;
  font-weight: 600; box-decoration-break: clone; -webkit-box-decoration-break: clone; }
.crc-sentence [data-kind=field] { background: color-mix(in srgb, var(--line) 45%, transparent); color: var(--ink); }
.crc-sentence [data-kind=value] { background: var(--accent-soft); color: var(--accent); }
.crc-sentence [data-kind=action] { background: var(--two-soft); color: var(--two); }
.crc-rule[data-off=true] .crc-sentence span { background: none; color: inherit; }
.crc-builder { display: flex; flex-direction: column; gap: 8px; margin-top: 8px; }
.crc-builder h4 { margin: 4px 0 0; font-size: 12px; line-height: 1.4; font-weight: 600; color: var(--ink-soft); }
.crc-group { display: flex; flex-direction: column; gap: 6px; padding: 6px 8px 8px;
  border-left: 3px solid var(--line-strong); border-radius: 0 6px 6px 0; background: var(--panel-soft); }
.crc-group[data-kind=any] { border-left-color: var(--accent); }
.crc-group[data-kind=not] { border-left-color: var(--breach-line); border-left-style: dashed; }
.crc-group-head { display: flex; align-items: center; gap: 6px; }
.crc-group-head > .q-select { width: 190px; }
.crc-condition { display: grid; gap: 6px; align-items: center;
  grid-template-columns: minmax(0, 1.2fr) minmax(0, 1.1fr) minmax(0, 1.1fr) auto; }
.crc-condition > .crc-tools { grid-column: 4; grid-row: 1; }
.crc-condition > .crc-policy-ends { display: grid; gap: 6px;
  grid-template-columns: repeat(2, minmax(0, 1fr)); }
.crc-condition > .crc-policy-ends.crc-whole { grid-column: 1 / -1; }
.crc-condition > .crc-wrong { grid-column: 1 / -1; }
.crc-action > .crc-wrong { flex-basis: 100%; }
.crc-action { display: flex; flex-wrap: wrap; align-items: center; gap: 6px; min-height: 34px; }
.crc-action > .crc-action-name { min-width: 150px; font-weight: 600; color: var(--two); }
.crc-action > .q-field { flex: 1 1 120px; }
.crc-policy-pairs { display: grid; grid-template-columns: repeat(3, minmax(0, 1fr)); gap: 6px; }
.crc-faults { flex: none; margin: 0 14px 8px; padding: 6px 10px; border: 1px solid var(--breach-line);
  border-radius: var(--radius); background: var(--breach-soft); color: var(--breach); font-size: 12.5px;
  max-height: 120px; overflow: auto; }
.crc-faults strong { font-weight: 600; }
.crc-faults ul { list-style: none; }
.crc-faults .crc-link { color: inherit; text-align: left; }
.crc-lint ul, ul.crc-lint { list-style: none; }
.crc-lint li { display: grid; grid-template-columns: 20px minmax(0, 1fr); padding: 3px 0; font-size: 12.5px;
  line-height: 1.4; overflow-wrap: anywhere; }
.crc-lint li .q-icon { margin-top: 1px; font-size: 15px; }
.crc-lint [data-tone=ok] { color: var(--ok); }
.crc-lint [data-tone=breach] { color: var(--breach); }
.crc-lint [data-tone=warning] { color: var(--warning); }
.crc-lint li > span { color: var(--ink); }
.crc-lab-lint li { border-bottom: 1px solid var(--line); }
.crc-policy-found { margin-top: 8px; }
.crc-policy-found ul { margin-top: 2px; list-style: none; }
.crc-policy-found button { display: flex; justify-content: space-between; gap: 10px; width: 100%; min-height: 28px;
  padding: 3px 8px; border: 0; border-radius: 5px; background: none; cursor: pointer; text-align: left; }
.crc-policy-found button:hover { background: var(--panel-soft); }
.crc-policy-found button[aria-pressed=true] { background: var(--accent-soft); color: var(--accent); }
.crc-policy-found button[aria-pressed=true] .crc-soft { color: inherit; }
.crc-policy-found strong { font-weight: 600; }
.crc-trial h3 { margin: 12px 0 4px; }
.crc-trial table { width: 100%; border-collapse: collapse; font-size: 12.5px; }
.crc-trial :is(th, td) { padding: 3px 6px 3px 0; text-align: left; vertical-align: top; font-weight: 400;
  border-bottom: 1px solid var(--line); overflow-wrap: anywhere; }
.crc-trial :is(thead th, tbody th) { color: var(--ink-soft); width: 34%; }
.crc-trial tbody th { width: 70px; }
.crc-trial td[data-differs=true] { color: var(--warning); font-weight: 600; }
.crc-tried { padding: 6px 0; border-bottom: 1px solid var(--line); }
.crc-tried > div { display: flex; align-items: center; justify-content: space-between; gap: 8px; }
.crc-tried h4 { margin: 0; font-size: 13px; line-height: 1.4; font-weight: 600; overflow-wrap: anywhere; }
.crc-tried ul { list-style: none; font-size: 12.5px; }
.crc-tried li { display: grid; grid-template-columns: 20px minmax(0, 1fr); padding: 2px 0; overflow-wrap: anywhere; }
.crc-tried li .q-icon { margin-top: 1px; font-size: 15px; }
.crc-tried li[data-tone=ok] .q-icon { color: var(--ok); }
.crc-tried li[data-tone=breach] .q-icon { color: var(--breach); }
.crc-tried li[data-tone=warning] .q-icon { color: var(--warning); }
.crc-tried strong { font-weight: 600; }
.crc-conflict { display: grid; grid-template-columns: 1fr 1fr; gap: var(--gap); max-height: 46vh; overflow: auto; }
.crc-conflict h3 { margin-bottom: 4px; }
.crc-policy-note { flex: none; display: flex; align-items: center; gap: 10px; padding: 7px 12px; color: var(--warning);
  background: var(--warning-soft); border: 1px solid var(--warning-line); border-radius: var(--radius); }
"""
