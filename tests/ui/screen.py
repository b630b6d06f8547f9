"""A page of the harness as a test sees it."""

import json
import time
import urllib.request
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import ConsoleMessage, Page, WebSocket

from tests.browser.site import PATIENCE_MS, leave

# Half of what a viewer takes for rest: of two steps between which it told its state, one took as long.
_HALF_A_REST = 0.4


def rests_in(steps: Iterable[Callable[[], object]]) -> int:
    """Take the steps; how often at most they paused for so long that a viewer told its state, as it does at rest.

    None on a machine that has time for them.
    """
    rests = 0
    for step in steps:
        began = time.monotonic()
        step()
        rests += int((time.monotonic() - began) / _HALF_A_REST)
    return rests


@dataclass
class Screen:
    """A page of the harness, what its browser told the server, and what went wrong in it."""

    page: Page
    base: str
    seen: int
    faults: list[str] = field(default_factory=list)
    sent: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    _listening: list[tuple[Any, Callable[..., None]]] = field(default_factory=list)

    def events(self, name: str) -> list[Any]:
        """What the server was told under this name since the page was opened."""
        with urllib.request.urlopen(f"{self.base}/log") as answer:
            return [value for kind, value in json.load(answer)[self.seen :] if kind == name]

    def wait_for(self, name: str, count: int = 1) -> list[Any]:
        """The events of this name as soon as there are ``count``."""
        return self.wait_until(name, lambda found: len(found) >= count)

    def wait_until(self, name: str, enough: Callable[[list[Any]], bool]) -> list[Any]:
        """The events of this name as soon as they are ``enough``."""
        deadline = time.monotonic() + PATIENCE_MS / 1000
        while not enough(found := self.events(name)):
            assert time.monotonic() < deadline, f"{name}: {found} came"
            self.page.wait_for_timeout(50)
        return found

    def painted(self) -> None:
        """Wait until the browser shows what was done before: its components' next turn, and two frames."""
        self.page.evaluate(
            "new Promise((done) => setTimeout(() => requestAnimationFrame(() => requestAnimationFrame(done))))"
        )

    def readable(self) -> None:
        """Wait until the check of the page can be looked at: its front has come, and was laid in the frame."""
        self.page.wait_for_selector(".crc-stage img")
        self.page.wait_for_function("document.querySelector('.crc-stage img')?.naturalWidth")
        self.painted()

    def settles(self, look: Callable[[], None]) -> None:
        """`look`, again until it finds what it asserts, or fails with what it found at last."""
        deadline = time.monotonic() + PATIENCE_MS / 1000
        while True:
            try:
                return look()
            except AssertionError:
                if time.monotonic() > deadline:
                    raise
            self.page.wait_for_timeout(100)

    def user_messages(self) -> list[str]:
        """The messages to the server that something on the page sent: not the protocol's own acknowledgements."""
        return [frame for frame in self.sent if '"event"' in frame]

    def watch(self) -> None:
        """Note what goes wrong in the page, what it sends and what it fetches. Call before it is opened."""

        def said(message: ConsoleMessage) -> None:
            if message.type in ("error", "warning"):
                self.faults.append(message.text)

        def connected(channel: WebSocket) -> None:
            channel.on("framesent", lambda frame: self.sent.append(str(frame)))

        self._listen("console", said)
        self._listen("pageerror", lambda error: self.faults.append(str(error)))
        self._listen("websocket", connected)
        self._listen("request", lambda request: self.asked.append(request.url))

    def leave(self) -> None:
        """Leave the page and note nothing more; what its browser shows next is another's."""
        leave(self.page)
        for event, handler in self._listening:
            self.page.remove_listener(event, handler)

    def _listen(self, event: Any, handler: Callable[..., None]) -> None:
        self.page.on(event, handler)
        self._listening.append((event, handler))
