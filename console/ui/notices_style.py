"""The rules of the bell, its list, the toasts and the settings of notices."""

from typing import Final

RULES: Final = """
.crc-bell { position: relative; display: inline-flex; align-items: center; justify-content: center; width: 34px;
  height: 32px; border: 1px solid transparent; border-radius: 6px; background: none; color: var(--ink-soft);
  cursor: pointer; }
.crc-bell:hover { border-color: var(--line-strong); color: var(--ink); }
.crc-bell .q-icon { font-size: 20px; }
.crc-bell-count { position: absolute; top: -2px; right: -4px; min-width: 17px; padding: 0 4px; border-radius: 9px;
  background: var(--breach); color: var(--panel); font-size: 11px; line-height: 17px; font-weight: 700;
  text-align: center; }
.crc-bell-count:empty { display: none; }
.crc-notices.crc-menu { width: 420px; max-width: 94vw; max-height: min(620px, 86vh); display: flex;
  flex-direction: column; overflow: hidden; }
.crc-notices-head, .crc-notices-foot { flex: none; display: flex; align-items: center; justify-content: space-between;
  gap: 10px; min-height: 40px; padding: 4px 6px 4px 14px; }
.crc-notices-head { border-bottom: 1px solid var(--line); }
.crc-notices-foot { border-top: 1px solid var(--line); }
.crc-notices-settings { margin-left: auto; padding: 4px 8px; }
.crc-notices-lines { flex: 1; min-height: 0; overflow-y: auto; }
.crc-notices-none { display: block; padding: 28px 16px; color: var(--ink-soft); text-align: center; }
.crc-told { display: flex; align-items: flex-start; border-bottom: 1px solid var(--line); }
.crc-told:last-child { border-bottom: 0; }
.crc-told strong { font-weight: 500; }
.crc-told[data-unread=true] { box-shadow: inset 3px 0 var(--accent); }
.crc-told[data-unread=true] strong { font-weight: 700; }
.crc-notice-link { flex: 1; min-width: 0; display: flex; gap: 10px; padding: 9px 6px 9px 14px; border: 0;
  background: none; color: var(--ink); text-align: left; text-decoration: none; cursor: pointer; }
.crc-notice-link:hover { background: var(--panel-soft); }
.crc-notice-link > .q-icon { margin-top: 1px; color: var(--ink-soft); font-size: 18px; }
.crc-notice-text { min-width: 0; display: flex; flex-direction: column; gap: 1px; overflow-wrap: anywhere; }
.crc-notice-text .crc-soft { font-size: 12.5px; }
.crc-notice-detail { display: -webkit-box; -webkit-line-clamp: 2; -webkit-box-orient: vertical; overflow: hidden; }
.crc-notice-read { flex: none; width: 30px; height: 30px; margin: 6px 6px 0 0; border: 0; border-radius: 6px;
  background: none; color: var(--ink-soft); cursor: pointer; }
.crc-notice-read:hover { background: var(--panel-soft); color: var(--ink); }
.crc-toasts { position: fixed; bottom: 16px; left: calc(var(--rail) + 16px); z-index: 6500; width: 360px;
  max-width: 90vw; display: flex; flex-direction: column; gap: 8px; pointer-events: none; }
.crc-toast { display: flex; align-items: flex-start; border: 1px solid var(--line-strong);
  border-left: 3px solid var(--accent);
  border-radius: var(--radius); background: var(--panel); box-shadow: 0 8px 28px rgb(0 0 0 / .22);
  pointer-events: auto; }
.crc-wishes { width: 100%; border-collapse: collapse; }
.crc-wishes :is(th, td) { padding: 5px 8px 5px 0; border-bottom: 1px solid var(--line); text-align: left;
  vertical-align: top; }
.crc-wishes thead th { color: var(--ink-soft); font-size: 12px; font-weight: 600; }
.crc-wishes tbody th { font-weight: 500; }
.crc-wishes tbody th span { display: block; color: var(--ink-soft); font-size: 12px; font-weight: 400; }
.crc-wishes td { width: 76px; text-align: center; }
.crc-wishes thead th:not(:first-child) { text-align: center; }
.crc-wishes input { width: 17px; height: 17px; accent-color: var(--accent-fill); }
"""
