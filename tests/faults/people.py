"""People who decide without pause while something fails: what they are told, and when their work goes on.

Each has a page as a browser has one, without drawing it. When the page's line breaks or is silent it asks who answers
and is loaded anew there, as the page does by itself; when a decision is refused they press again, as people do.
"""

from __future__ import annotations

import asyncio
import re
import ssl
import threading
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

import httpx
import psycopg
from sqlalchemy.exc import SQLAlchemyError
from websockets.exceptions import WebSocketException

from console.actor import Actor
from console.review.claims import claim_next
from tests.bench.open_page import REPLICA_COOKIE, OpenPage, PageFailed

_PATIENCE: Final = 5.0
# What a page may say while a server fails, and a browser's own errors.
FAILURES: Final = (
    PageFailed,
    OSError,
    TimeoutError,
    WebSocketException,
    httpx.HTTPError,
    psycopg.Error,
    SQLAlchemyError,
)


@dataclass
class Person:
    """Somebody at work. `done`: when each decision was there, how long it took, the check; `told`: when and what."""

    actor: Actor
    cookie: tuple[str, str]
    done: list[tuple[float, float, str]] = field(default_factory=list)
    told: list[tuple[float, str]] = field(default_factory=list)
    # The cookie by which nginx finds their page, as a browser keeps it.
    replica: tuple[str, str] | None = None

    async def work(
        self, origin: str, trust: ssl.SSLContext, direct_url: str, pace: float, stop: threading.Event
    ) -> None:
        """Decide on one check after the other until `stop`."""
        while not stop.is_set():
            async with AsyncExitStack() as stack:
                try:
                    item = await self._own_check(direct_url)
                    address = f"/review/{item}"
                    page = OpenPage(origin, self.cookie, address, trust=trust, replica=self.replica)
                    await stack.enter_async_context(page)
                    self.replica = page.replica
                    http = await stack.enter_async_context(httpx.AsyncClient(verify=trust, timeout=_PATIENCE))
                    while not stop.is_set() and page.alive:
                        await self._turn(page, http, origin, pace)
                    if not page.alive and not stop.is_set():
                        if page.silent:
                            self._hear("No connection to the console, your draft is kept")
                        self._hear("the page is loaded anew")
                        await self._find_replica(http, origin)
                except FAILURES as error:
                    self._hear(_words(error))
            await asyncio.sleep(0.3)

    async def _find_replica(self, http: httpx.AsyncClient, origin: str) -> None:
        """Ask who answers: nginx names that replica in the cookie."""
        answer = await http.get(origin + "/health", headers=self._cookies())
        if named := answer.cookies.get(REPLICA_COOKIE):
            self.replica = (REPLICA_COOKIE, named)

    async def _turn(self, page: OpenPage, http: httpx.AsyncClient, origin: str, pace: float) -> None:
        """Look at the check's picture, pay it, and have the next one."""
        began, shown = time.monotonic(), _shown(page)
        await page.until(lambda: not page.alive or page.shows(f'"data-item":"{_shown(page)}"'), _PATIENCE * 2)
        await self._look(page, http, origin)
        await page.press("pay")
        await page.press("submit")
        told = len(page.complaints)
        await page.until(
            lambda: not page.alive or _shown(page) not in {shown, None} or len(page.complaints) > told, _PATIENCE * 2
        )
        for words in page.complaints[told:]:
            self._hear(words)
        if page.alive and _shown(page) not in {shown, None}:
            self.done.append((time.monotonic(), time.monotonic() - began, str(shown)))
        await asyncio.sleep(pace)

    async def _look(self, page: OpenPage, http: httpx.AsyncClient, origin: str) -> None:
        front = (page.prop("check_viewer", "check") or {}).get("front") or {}
        if not front.get("url"):
            return
        try:
            shown = (await http.get(origin + front["url"], headers=self._cookies())).status_code == 200
        except httpx.TimeoutException:
            # The page does not wait for it, a person does for so long.
            shown = False
        if not shown:
            self._hear("The image cannot be displayed")

    def _cookies(self) -> dict[str, str]:
        return {"Cookie": "; ".join("=".join(one) for one in (self.cookie, self.replica) if one)}

    async def _own_check(self, direct_url: str) -> UUID:
        """The check that they hold, else the next one."""
        query = "select item_id from claim where user_id = %s order by claimed_at limit 1"
        async with await psycopg.AsyncConnection.connect(direct_url, connect_timeout=2) as line:
            row = await (await line.execute(query, [self.actor.user_id])).fetchone()
        if row is not None:
            return UUID(str(row[0]))
        held = await claim_next(self.actor)
        if held is None:
            raise PageFailed("no check is left")
        return held.item_id

    def _hear(self, words: str) -> None:
        self.told.append((time.monotonic(), words))


def _shown(page: OpenPage) -> str | None:
    return (page.prop("check_viewer", "check") or {}).get("id")


def _words(error: BaseException) -> str:
    """What a person makes of it."""
    text = str(error)
    if status := re.search(r": (50\d|40\d)$", text):
        return f"the page answers {status[1]}"
    if isinstance(error, psycopg.Error | SQLAlchemyError):
        return "the page cannot be opened"
    return (
        "nothing comes"
        if "nothing came" in text or isinstance(error, TimeoutError | httpx.TimeoutException)
        else ("the page cannot be opened")
    )
