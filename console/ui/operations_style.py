"""The rules of the Operations page."""

from typing import Final

RULES: Final = """
.crc-operations { flex: 1; min-height: 0; display: grid; gap: var(--gap); grid-template-columns: minmax(0, 1fr) 400px; }
.crc-operations > .crc-column { min-height: 0; }
.crc-operations > .crc-column:last-child { overflow: auto; }
.crc-operations .crc-table { flex: 1; min-height: 0; }
.crc-operations .crc-table table { min-width: 780px; }
.crc-compliance { flex: 1; min-height: 0; display: grid; gap: var(--gap);
  grid-template-columns: repeat(2, minmax(0, 1fr)); }
.crc-compliance > .crc-column { min-height: 0; overflow: auto; }
.crc-compliance .crc-check-line .crc-chip { width: 84px; }
.crc-legal-holds { display: flex; flex-direction: column; align-items: flex-start; gap: 6px; padding: 8px 14px;
  border-bottom: 1px solid var(--line); }
.crc-legal-holds .crc-chip { flex: none; }
.crc-check-line { display: flex; align-items: flex-start; gap: 10px; padding: 6px 0;
  border-top: 1px solid var(--line); }
.crc-check-line:first-child { border-top: 0; }
.crc-check-line .crc-chip { flex: none; width: 58px; justify-content: center; }
.crc-check-line > div { min-width: 0; }
"""
