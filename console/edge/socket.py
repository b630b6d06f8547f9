"""An open websocket of a page, checked at each message.

NiceGUI takes any message that names a page's id, from whichever socket. So a message is passed on only while
the socket's session lives, and only where it names a page of that very session.
"""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable
from typing import Final

import structlog
from starlette.types import Message, Receive, Send

from console.access import sessions
from console.access.sessions import SessionServiceUnavailable

SESSION_ENDED: Final = 4401
NOT_ALLOWED: Final = 4403
TRY_AGAIN_LATER: Final = 1013

# Engine.IO message (4) with a Socket.IO event (2) or binary event (5), whose array follows.
_EVENT: Final = re.compile(r"4[25][^\[]*(\[.*)", re.DOTALL)
_PAGE_PATH: Final = re.compile(r"/_nicegui/client/([^/]+)/")

_log = structlog.get_logger(__name__)


class GuardedSocket:
    """The socket's `receive` and `send`, which end it once its session has ended."""

    def __init__(
        self,
        receive: Receive,
        send: Send,
        token: str,
        owns_page: Callable[[str], bool],
        on_foreign: Callable[[], Awaitable[None]],
    ) -> None:
        self._receive = receive
        self._send = send
        self._token = token
        self._owns_page = owns_page
        self._on_foreign = on_foreign
        self._closed = False

    async def receive(self) -> Message:
        """The next message; a disconnection in place of one that must not be acted on."""
        message = await self._receive()
        if message["type"] != "websocket.receive":
            return message
        code = await self._fault(message)
        if code is None:
            return message
        await self.send({"type": "websocket.close", "code": code})
        return {"type": "websocket.disconnect", "code": code}

    async def send(self, message: Message) -> None:
        """Send, unless the socket was closed here."""
        if self._closed:
            return
        self._closed = message["type"] == "websocket.close"
        await self._send(message)

    async def _fault(self, message: Message) -> int | None:
        """The code with which this message ends the socket; None where it may pass."""
        try:
            if self._closed or not await sessions.is_alive(self._token):
                return SESSION_ENDED
        except SessionServiceUnavailable:
            return TRY_AGAIN_LATER
        if not self._names_own_page(message.get("text") or ""):
            _log.warning("socket.foreign_page")
            await self._on_foreign()
            return NOT_ALLOWED
        return None

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
        return all(isinstance(page_id, str) and self._owns_page(page_id) for page_id in named)


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
