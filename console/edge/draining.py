"""Whether this process still wants work: it does until it is told to stop."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

import structlog

_log = structlog.get_logger(__name__)


class Draining:
    """Told once that the process is to stop; whoever sends it work asks `begun`.

    `on_leaving` are called when nobody new comes in any more, to send away who is still there.
    """

    def __init__(self) -> None:
        self.begun = False
        self.on_leaving: list[Callable[[], Awaitable[None]]] = []

    def begin(self) -> None:
        """From now on load balancers are told to send nobody here."""
        if not self.begun:
            self.begun = True
            _log.info("draining")

    async def leave(self, within_seconds: float) -> None:
        """Send everybody away and wait until it is done, so long at most."""
        leaving = [asyncio.ensure_future(one()) for one in self.on_leaving]
        if leaving:
            _, late = await asyncio.wait(leaving, timeout=within_seconds)
            for one in late:
                one.cancel()
            for one in leaving:
                with suppress(asyncio.CancelledError):
                    if (await asyncio.gather(one, return_exceptions=True))[0] is not None:
                        _log.warning("not all could be sent elsewhere")
