"""An open websocket of a page, checked at each message.

NiceGUI takes any message that names a page's id, from whichever socket. So a message is passed on only while
the socket's session lives, and only where it names a page of that very session.
"""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final

import structlog
from starlette.types import Message, Receive, Send

from console.access import attempts, sessions
from console.access.attempts import Kind
from console.access.sessions import SessionServiceUnavailable
from console.edge.held import HeldMessages, is_heartbeat

SESSION_ENDED: Final = 4401
NOT_ALLOWED: Final = 4403
TRY_AGAIN_LATER: Final = 1013
_TOO_MANY: Final = (
    "Too many actions in a short time: the last ones were not carried out. Wait {} seconds, then reload the page "
    "to see what was saved."
)
_TELL_SECONDS: Final = 5
_ASK_SECONDS: Final = 1.5
# Events are counted so many at a time, in advance: the shared counter is asked once for them.
_COUNTED_AT_ONCE: Final = 10

# Engine.IO message (4) with a Socket.IO event (2) or binary event (5), whose array follows.
_EVENT: Final = re.compile(r"4[25][^\[]*(\[.*)", re.DOTALL)
_PAGE_PATH: Final = re.compile(r"/_nicegui/client/([^/]+)/")

_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Visitor:
    """Whose socket it is: the session's token, which pages are its own, what to do about a message for another's, and
    whether the address may (still) come at all."""

    token: str = field(repr=False)
    owns_page: Callable[[str], bool]
    on_foreign: Callable[[], Awaitable[None]]
    is_allowed: Callable[[], Awaitable[bool]]


class GuardedSocket:
    """The socket's `receive` and `send`, which end it once its session has ended, and pass so many events a minute."""

    def __init__(self, receive: Receive, send: Send, visitor: Visitor) -> None:
        self._incoming = HeldMessages(receive, self._is_alive)
        self._send = send
        self._visitor = visitor
        self._closed = False
        self._told_at = float("-inf")
        self._counted = 0

    async def receive(self) -> Message:
        """The next message; a disconnection in place of one that must not be acted on.

        While the session service is away, messages wait.
        """
        while True:
            message = await self._incoming.next()
            if message["type"] != "websocket.receive":
                self._incoming.close()
                return message
            if is_heartbeat(message):
                # It carries nothing, and must not wait for anybody: a late one ends the line.
                return message
            try:
                code = await self._fault(message)
            except SessionServiceUnavailable:
                if self._incoming.hold(message):
                    continue
                code = TRY_AGAIN_LATER
            if code is not None:
                self._incoming.close()
                await self.send({"type": "websocket.close", "code": code})
                return {"type": "websocket.disconnect", "code": code}
            if not self._is_event(message) or await self._within_rate():
                return message

    async def send(self, message: Message) -> None:
        """Send, unless the socket was closed here."""
        if self._closed:
            return
        self._closed = message["type"] == "websocket.close"
        await self._send(message)

    async def _fault(self, message: Message) -> int | None:
        """The code with which this message ends the socket, None where it may pass.

        Raises SessionServiceUnavailable.
        """
        if self._closed or not await self._is_alive():
            return SESSION_ENDED
        if not await self._visitor.is_allowed():
            return NOT_ALLOWED
        if not self._names_own_page(message.get("text") or ""):
            _log.warning("socket.foreign_page")
            await self._visitor.on_foreign()
            return NOT_ALLOWED
        return None

    async def _is_alive(self) -> bool:
        """Whether the session lives. Heartbeats wait behind this, so it does not wait for long.

        Raises SessionServiceUnavailable.
        """
        try:
            async with asyncio.timeout(_ASK_SECONDS):
                return await sessions.is_alive(self._visitor.token)
        except TimeoutError:
            raise SessionServiceUnavailable from None

    async def _within_rate(self) -> bool:
        """Count an event of the session; one too many is dropped, and the person told."""
        if self._counted:
            self._counted -= 1
            return True
        try:
            wait = await attempts.hit(Kind.PAGE_EVENT, self._visitor.token.partition(".")[0], _COUNTED_AT_ONCE)
        except SessionServiceUnavailable:
            # The event itself asks for the session next, and tells of its being away.
            return True
        if wait is None:
            self._counted = _COUNTED_AT_ONCE - 1
            return True
        if time.monotonic() - self._told_at > _TELL_SECONDS:
            self._told_at = time.monotonic()
            _log.warning("socket.too_many_events", session=self._visitor.token.partition(".")[0])
            notice = {"message": _TOO_MANY.format(wait), "type": "negative", "position": "top", "timeout": 8000}
            await self.send({"type": "websocket.send", "text": "42" + json.dumps(["notify", notice])})
        return False

    @staticmethod
    def _is_event(message: Message) -> bool:
        return (message.get("text") or "").startswith(("42", "45"))

    def _names_own_page(self, frame: str) -> bool:
        if not frame.startswith(("42", "45")):
            return True
        event = _EVENT.fullmatch(frame)
        try:
            parts = json.loads(event[1]) if event else None
        except ValueError:
            return False
        if not isinstance(parts, list):
            return False
        # A page that is gone is nobody's: NiceGUI answers that by having the browser load the page anew.
        named = [part["client_id"] for part in parts if isinstance(part, dict) and "client_id" in part]
        return all(isinstance(page_id, str) and self._visitor.owns_page(page_id) for page_id in named)


def page_id_of_path(path: str) -> str | None:
    """The id of the page whose own address this is (an upload); None for other paths."""
    match = _PAGE_PATH.match(path)
    return match[1] if match else None


async def refuse_and_reload(receive: Receive, send: Send) -> None:
    """Turn away a page whose session has ended: nothing of the console is reached, and the browser loads the
    page anew, which leads to the sign-in.

    A socket refused at the handshake would be tried again for ever. This is Engine.IO's opening, then Socket.IO's
    refusal with the words on which NiceGUI's page reloads itself.
    """
    await receive()
    await send({"type": "websocket.accept"})
    opening = {"sid": "none", "upgrades": [], "pingInterval": 25000, "pingTimeout": 20000, "maxPayload": 1000000}
    await send({"type": "websocket.send", "text": "0" + json.dumps(opening)})
    await send({"type": "websocket.send", "text": '44{"message":"Implicit handshake failed"}'})
    await send({"type": "websocket.close", "code": SESSION_ENDED})
