"""Every message between pages and server comes late, and no two at once: what a page makes of their order shows on any
machine.

``CRC_TEST_LATE_MS=200 python -m pytest tests/browser/…`` runs any browser test of this folder so.
"""

from __future__ import annotations

import os
from typing import Final

from playwright.sync_api import BrowserContext

LATE_MS: Final = int(os.environ.get("CRC_TEST_LATE_MS", "0"))
_LATE: Final = """(() => {
    const late = %d, Native = window.WebSocket;
    class LateSocket extends Native {
        last = 0;
        waiting = [];
        constructor(...given) {
            super(...given);
            // A page that is left has sent what it said.
            addEventListener("pagehide", () => this.waiting.splice(0).forEach((data) => super.send(data)));
        }
        later(act) {
            const now = performance.now();
            this.last = Math.max(now + late, this.last + late / 2);
            setTimeout(act, this.last - now);
        }
        set onmessage(hear) { super.onmessage = hear && ((event) => this.later(() => hear.call(this, event))); }
        set onclose(hear) { super.onclose = hear && ((event) => this.later(() => hear.call(this, event))); }
        send(data) {
            this.waiting.push(data);
            setTimeout(() => this.waiting.length && super.send(this.waiting.shift()), late);
        }
    }
    window.WebSocket = LateSocket;
})()"""


def late(context: BrowserContext) -> BrowserContext:
    """This browser, late where the environment says so."""
    if LATE_MS:
        context.add_init_script(_LATE % LATE_MS)
    return context
