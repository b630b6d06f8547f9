"""Messages of a page that wait while the session service is away.

Nothing is passed on unverified, and nothing that a person typed is lost: messages are kept in their order until the
session can be asked about again. Heartbeats go on, so that the socket stays open; they ask for nothing.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Final

from starlette.types import Message, Receive

from console.access.session_data import SessionServiceUnavailable

RETRY_SECONDS: Final = 0.5
# More than anybody types while Redis is away; a page beyond that connects anew.
_MOST_MESSAGES: Final = 2000
_MOST_CHARACTERS: Final = 1 << 20

# Raises SessionServiceUnavailable while nothing can be verified.
Probe = Callable[[], Awaitable[object]]


class HeldMessages:
    """A socket's incoming messages, of which those that could not be verified come again later."""

    def __init__(self, receive: Receive, probe: Probe) -> None:
        self._receive = receive
        self._probe = probe
        self._held: deque[Message] = deque()
        self._size = 0
        # Whether what is held may be tried again, one after the other.
        self._back = False
        self._reading: asyncio.Future[Message] | None = None

    async def next(self) -> Message:
        """The next message; while some are held, heartbeats and the disconnection alone pass them."""
        while True:
            if not self._held:
                return await self._read()
            if self._back:
                return self._take()
            self._reading = self._reading or asyncio.ensure_future(self._receive())
            await asyncio.wait({self._reading}, timeout=RETRY_SECONDS)
            if self._reading.done():
                message = await self._read()
                if message["type"] != "websocket.receive" or is_heartbeat(message):
                    return message
                self._keep(message, self._held.append)
            else:
                self._back = await self._is_back()

    def hold(self, message: Message) -> bool:
        """Keep the message that came last from `next` for later; False where too much is held already."""
        self._back = False
        self._keep(message, self._held.appendleft)
        return len(self._held) <= _MOST_MESSAGES and self._size <= _MOST_CHARACTERS

    def close(self) -> None:
        """Read no more."""
        self._held.clear()
        if self._reading is not None:
            self._reading.cancel()

    def _take(self) -> Message:
        message = self._held.popleft()
        self._size -= _size(message)
        return message

    def _keep(self, message: Message, put: Callable[[Message], None]) -> None:
        put(message)
        self._size += _size(message)

    async def _read(self) -> Message:
        reading, self._reading = self._reading, None
        return await (reading or self._receive())

    async def _is_back(self) -> bool:
        try:
            await self._probe()
        except SessionServiceUnavailable:
            return False
        return True


def is_heartbeat(message: Message) -> bool:
    """Whether it is Engine.IO's ping or pong, which carries nothing."""
    return message.get("text") in {"2", "3"}


def _size(message: Message) -> int:
    return len(message.get("text") or "") + len(message.get("bytes") or b"")
