"""An open page without a browser: it speaks to the server as one does, and draws nothing.

A hundred browsers need more than this machine; what the server does for a hundred pages can be asked of it so.
"""

from __future__ import annotations

import ast
import asyncio
import json
import re
import ssl
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Any, Final, Self
from urllib.parse import urlencode, urlsplit
from uuid import uuid4

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

_ELEMENTS: Final = re.compile(r"parseElements\(String\.raw`(.*?)`\)", re.DOTALL)
_QUERY: Final = re.compile(r"^\s*query: (\{.*\}),$", re.MULTILINE)
# As the page's own script undoes them.
_ESCAPES: Final = (("&#36;", "$"), ("&#96;", "`"), ("&gt;", ">"), ("&lt;", "<"), ("&amp;", "&"))
# How long both sides were looked at, when the page asks its viewer.
_VIEWED: Final = {"front": 3000, "back": 1000}
# How often a browser says what it has received, as NiceGUI's own script does.
_ACK_SECONDS: Final = 3.0
REPLICA_COOKIE: Final = "__Host-console_replica"


class PageFailed(Exception):
    """The page did not open, or said that something went wrong."""


class OpenPage:
    """A page of the console at `address`, whose session's cookie is `cookie`; `async with` opens and closes it.

    Through TLS `trust` says whose certificate is believed; `replica` is the cookie by which nginx finds the replica.
    """

    def __init__(
        self,
        origin: str,
        cookie: tuple[str, str],
        path: str,
        *,
        trust: ssl.SSLContext | None = None,
        replica: tuple[str, str] | None = None,
    ) -> None:
        self._origin, self._path, self._trust = origin, path, trust
        self._cookie = "; ".join("=".join(one) for one in (cookie, replica) if one)
        self.elements: dict[str, dict[str, Any]] = {}
        self.complaints: list[str] = []
        self._changed = asyncio.Event()
        self._connected = asyncio.Event()
        self._socket: ClientConnection
        self._tasks: list[asyncio.Task[None]] = []
        self.replica = replica
        """The cookie that names the page's replica, as nginx wrote it last."""
        self._client_id = ""
        # How long the server may be silent; it says so itself.
        self._patience = 60.0
        self._received = self._acknowledged = 0
        self.alive = False
        """Whether the line to the server stands."""
        self.silent = False
        """Whether it ended because nothing came on it, not even a question for a sign of life."""

    async def __aenter__(self) -> Self:
        headers = {"Cookie": self._cookie, "Origin": self._origin}
        async with httpx.AsyncClient(timeout=60, verify=self._trust or True) as http:
            answer = await http.get(self._origin + self._path, headers={"Cookie": self._cookie})
        # As a browser keeps it: nginx names the replica in which the page lives.
        if named := answer.cookies.get(REPLICA_COOKIE):
            self.replica = (REPLICA_COOKIE, named)
            headers["Cookie"] = f"{self._cookie}; {REPLICA_COOKIE}={named}"
        found, query = _ELEMENTS.search(answer.text), _QUERY.search(answer.text)
        if answer.status_code != 200 or found is None or query is None:
            raise PageFailed(f"{self._path}: {answer.status_code}")
        text = found[1]
        for escaped, plain in _ESCAPES:
            text = text.replace(escaped, plain)
        self.elements = json.loads(text)
        asked = ast.literal_eval(query[1])  # written as Python writes it
        self._client_id = asked["client_id"]
        asked |= {"implicit_handshake": "true", "tab_id": str(uuid4()), "document_id": str(uuid4())}
        scheme = "wss" if self._trust else "ws"
        address = f"{scheme}://{urlsplit(self._origin).netloc}/_nicegui_ws/socket.io/?"
        address += urlencode(asked | {"EIO": 4, "transport": "websocket"})
        self._socket = await connect(
            address, additional_headers=headers, max_size=None, compression=None, ssl=self._trust
        )
        self._tasks = [asyncio.create_task(self._read()), asyncio.create_task(self._acknowledge())]
        async with asyncio.timeout(60):
            await self._connected.wait()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self.alive:
            # Nobody is there to say good-bye to.
            self._socket.transport.abort()
        for task in self._tasks:
            task.cancel()
            with suppress(asyncio.CancelledError, ConnectionClosed):
                await task
        await self._socket.close()

    def prop(self, tag: str, name: str) -> Any:
        """A property of the page's one element of this component; None where there is none."""
        element = self._element(lambda one: tag in one.get("tag", ""))
        return None if element is None else self.elements[element].get("props", {}).get(name)

    async def press(self, action: str) -> None:
        """Press the key of an action, as the keyboard's listener reports it."""
        if action == "submit":
            await self._tell("sides", {"check": self.prop("check_viewer", "check")["id"], "sides": _VIEWED})
        await self._tell("key", action)

    async def look(self, http: httpx.AsyncClient) -> None:
        """Fetch both sides of the check that is shown. Raises PageFailed where one does not come."""
        check = self.prop("check_viewer", "check")
        urls = [side["url"] for side in (check["front"], check["back"]) if side and side["url"]]
        headers = {"Cookie": self._cookie}
        for answer in await asyncio.gather(*(http.get(self._origin + url, headers=headers) for url in urls)):
            if answer.status_code != 200:
                raise PageFailed(f"image: {answer.status_code}")

    async def until(self, holds: Callable[[], bool], seconds: float) -> None:
        """Wait for what the server sends to make `holds` true. Raises PageFailed after `seconds`."""
        try:
            async with asyncio.timeout(seconds):
                while not holds():
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            raise PageFailed(f"nothing came within {seconds} s; told: {self.complaints[-3:]}") from None

    def shows(self, words: str) -> bool:
        """Whether these stand in a part that only shows."""
        trees = ((one or {}).get("props", {}).get("tree", "") for one in self.elements.values())
        return any(words in tree for tree in trees)

    async def _tell(self, kind: str, value: object) -> None:
        """An event of this kind, at the one element that hears such."""
        heard = (
            (key, event)
            for key, one in self.elements.items()
            for event in (one or {}).get("events", ())
            if event["type"] == kind
        )
        element, event = next(heard, (None, None))
        if element is None or event is None:
            raise PageFailed(f"nobody listens to {kind}")
        message = {"id": int(element), "client_id": self._client_id, "listener_id": event["listener_id"]}
        await self._say("event", message | {"args": [json.dumps(value)]})

    def _element(self, wanted: Callable[[dict[str, Any]], bool]) -> str | None:
        return next((key for key, one in self.elements.items() if one and wanted(one)), None)

    async def _say(self, event: str, message: dict[str, Any]) -> None:
        await self._socket.send("42" + json.dumps([event, message]))

    async def _read(self) -> None:
        self.alive = True
        try:
            await self._listen()
        except ConnectionClosed:
            pass
        except TimeoutError:
            self.silent = True
        finally:
            self.alive = False
            self._changed.set()

    async def _listen(self) -> None:
        while True:
            async with asyncio.timeout(self._patience):
                frame = await self._socket.recv()
            if not isinstance(frame, str):
                continue
            if frame.startswith("0"):
                opening = json.loads(frame[1:])
                self._patience = (opening["pingInterval"] + opening["pingTimeout"]) / 1000
                await self._socket.send("40")
            elif frame.startswith("40"):
                self._connected.set()
            elif frame == "2":
                await self._socket.send("3")
            elif frame.startswith("42"):
                await self._heard(*json.loads(frame[2:]))
            elif frame.startswith(("41", "44")):
                self.complaints.append(frame)
            self._changed.set()

    async def _heard(self, event: str, message: dict[str, Any]) -> None:
        if "_id" in message:
            self._received = message.pop("_id") + 1
        if event == "update":
            self.elements.update(message)
        elif event == "notify" and message.get("type") == "negative":
            self.complaints.append(str(message.get("message")))
        elif event == "run_javascript" and message.get("request_id"):
            result = _VIEWED if "sidesNow" in message.get("code", "") else None
            answer = {"request_id": message["request_id"], "client_id": self._client_id, "result": result}
            await self._say("javascript_response", answer)
        elif event == "open":
            self.complaints.append(f"led to {message.get('path')}")

    async def _acknowledge(self) -> None:
        while self.alive:
            await asyncio.sleep(_ACK_SECONDS)
            if self._received > self._acknowledged:
                self._acknowledged = self._received
                await self._say("ack", {"client_id": self._client_id, "next_message_id": self._received})
