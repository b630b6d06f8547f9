"""The rules of the Audit page: the filter, the line about the chain, and the open entry beside the list."""

from typing import Final

RULES: Final = """
.crc-trail-filter { flex: none; flex-wrap: wrap; }
.crc-trail-filter .q-field { min-width: 128px; }
.crc-trail-filter .q-field.crc-trail-kind { width: 204px; }
.crc-trail-filter .q-field--dense .q-field__control { height: 40px; min-height: 40px; }
.crc-trail-filter .q-field__native, .crc-trail-filter .q-field__input { font-size: 13.5px; }
.crc-trail-filter .q-field.crc-trail-id { width: 164px; }
.crc-trail-only { max-width: 210px; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.crc-trail-chain { flex: none; display: flex; align-items: center; gap: 12px; min-height: 44px;
  padding: 5px 6px 5px 12px; }
.crc-trail-standing { flex: 1; display: flex; flex-wrap: wrap; align-items: center; gap: 4px 10px; min-width: 0; }
.crc-trail { flex: 1; min-height: 0; display: flex; gap: var(--gap); }
.crc-trail > .crc-table { flex: 1; min-width: 0; }
.crc-trail > .crc-table table { min-width: 780px; }
.crc-trail-entry { flex: none; width: 468px; display: flex; flex-direction: column; min-height: 0; overflow: hidden; }
.crc-trail-head { flex: none; align-items: center; padding: 5px 6px 5px 14px; border-bottom: 1px solid var(--line); }
.crc-trail-head h2 { color: var(--ink); }
.crc-trail-body { flex: 1; min-height: 0; overflow: auto; padding: 10px 14px 14px; display: flex;
  flex-direction: column; gap: 8px; }
.crc-trail-body:focus-visible { outline-offset: -2px; }
.crc-trail-sentence { font-size: 15px; font-weight: 600; overflow-wrap: anywhere; }
.crc-trail-body h3 { margin-top: 6px; }
.crc-trail-body .crc-facts dd { white-space: normal; overflow-wrap: anywhere; flex-wrap: wrap; gap: 0 6px; }
.crc-trail-changes { width: 100%; border-collapse: collapse; table-layout: fixed; font-size: 13px; }
.crc-trail-changes :is(th, td) { padding: 4px 8px 4px 0; text-align: left; vertical-align: top; font-weight: 400;
  overflow-wrap: anywhere; white-space: pre-wrap; border-top: 1px solid var(--line); }
.crc-trail-changes thead th { border-top: 0; color: var(--ink-soft); font-size: 12px; }
.crc-trail-changes thead th:first-child { width: 34%; }
.crc-trail-changes tbody th { color: var(--ink-soft); }
.crc-trail-proof { list-style: none; display: grid; gap: 2px; }
.crc-trail-proof li { display: flex; align-items: baseline; gap: 6px; }
.crc-trail-proof [data-tone=ok] .crc-icon { color: var(--ok); }
.crc-trail-proof [data-tone=breach] { color: var(--breach); font-weight: 600; }
.crc-trail-proof .crc-icon { align-self: center; }
@media (max-width: 1100px) { .crc-trail { flex-direction: column; }
  .crc-trail-entry { width: auto; max-height: 50%; } }
"""
