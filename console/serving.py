"""The web server's end: load balancers first, then people, then what is still running, then the process."""

from __future__ import annotations

import asyncio
import socket
from types import FrameType

import uvicorn

from console.edge.draining import Draining


class DrainingServer(uvicorn.Server):
    """Uvicorn, but for how it stops.

    At the first signal `/health` says no, and everything else goes on for `drain_seconds`, in which load balancers
    learn of it. Then nobody new is let in, pages are sent elsewhere, and running work has `grace_seconds` to finish.
    A second signal cuts the wait short.
    """

    def __init__(self, config: uvicorn.Config, draining: Draining, drain_seconds: float, grace_seconds: float) -> None:
        super().__init__(config)
        self._draining = draining
        self._drain_seconds = drain_seconds
        self._grace_seconds = grace_seconds
        self._loop: asyncio.AbstractEventLoop | None = None

    async def serve(self, sockets: list[socket.socket] | None = None) -> None:
        self._loop = asyncio.get_running_loop()
        await super().serve(sockets)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Called by Python between two instructions: it only notes what the loop shall do."""
        if self._draining.begun or self._loop is None or not self.started:
            super().handle_exit(sig, frame)
            return
        self._draining.begin()
        self._captured_signals.append(sig)
        self._loop.call_soon_threadsafe(self._loop.call_later, self._drain_seconds, self._exit)

    def _exit(self) -> None:
        self.should_exit = True

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._draining.begin()
        for server in self.servers:
            server.close()
        await self._draining.leave(self._grace_seconds)
        await super().shutdown(sockets)
