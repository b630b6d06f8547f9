"""A line between server and page that lets through what a test says, when it says so."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Page, WebSocketRoute


class SlowLine:
    """Stands between a page and its server from the page's next load on; what the page sends goes through at once."""

    def __init__(self, page: Page) -> None:
        self._page, self._words = page, ""
        self._held: list[tuple[WebSocketRoute, str | bytes]] = []
        page.route_web_socket(re.compile("/_nicegui_ws/"), self._connect)

    def hold_from(self, words: str) -> None:
        """Hold the first message of the server that has these words, and every one after it."""
        self._words = words

    def let_first(self) -> None:
        """Wait for the message that is held first, and let it come alone."""
        while not self._held:
            self._page.wait_for_timeout(10)
        socket, message = self._held[0]
        socket.send(message)
        self._held[0] = (socket, "")

    def let_all(self) -> None:
        """Let come what is held, and what follows."""
        self._words = ""
        for socket, message in self._held:
            if message:
                socket.send(message)
        self._held.clear()

    def _connect(self, socket: WebSocketRoute) -> None:
        def arrived(message: str | bytes) -> None:
            if self._held or (self._words and self._words in str(message)):
                self._held.append((socket, message))
            else:
                socket.send(message)

        socket.connect_to_server().on_message(arrived)


@contextmanager
def slow_line(page: Page) -> Iterator[SlowLine]:
    """Such a line before this page, which is closed in the end: it would stand before it in other tests as well."""
    try:
        yield SlowLine(page)
    finally:
        page.close()
