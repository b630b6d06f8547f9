"""When this process looks for garbage that refers to itself, as pages do that were closed.

Python looks through everything that is alive whenever a quarter has been added, and nothing else happens meanwhile:
with a hundred open pages a quarter of a second, every few seconds. Twice a minute is enough for what is left behind.
What that frees, and what pages that come and go have left in the heap, goes back to the system then.
"""

from __future__ import annotations

import asyncio
import gc
from typing import Final

from console.heap import give_back

EVERY_SECONDS: Final = 30.0
# Objects between two looks at the youngest, how many of these until those that stayed are looked at again, and how many
# of these until everything is: that comes in time, but for a process that makes garbage faster than ever.
_BETWEEN: Final = (5_000, 10, 50)


async def collect_in_time() -> None:
    """Look through everything twice a minute, until cancelled, and seldom in between."""
    before = gc.get_threshold()
    gc.set_threshold(*_BETWEEN)
    try:
        while True:
            await asyncio.sleep(EVERY_SECONDS)
            gc.collect()
            give_back()
    finally:
        gc.set_threshold(*before)
