"""A check opened from a list without a new page: the list makes room for the review, and comes back after it.

What a page load costs (scripts, a socket, the frame drawn anew) is most of the time between a key and a picture. The
address is the check's all the same: a reload, a link or another replica shows it on a page of its own, and Back in the
browser leads to the list.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Final
from uuid import UUID

from nicegui import ui
from nicegui.events import GenericEventArguments

from console.access.permissions import Permission, require
from console.actor import Actor
from console.review.opening import open_item
from console.review.queue import QueueName
from console.review.review_panel import Review
from console.ui.page import ConsolePage
from console.ui.shell import Shell, part_of, put_away

_REVIEW: Final = re.compile(r"/review/([0-9a-f-]{36})(?:\?.*)?")
_TELL_OF_MOVES: Final = (
    "window.addEventListener('popstate', () => emitEvent('crc_address', location.pathname + location.search))"
)
# Once the list is on the screen, and before anybody has found a check in it.
_DRAWN_AFTER_SECONDS: Final = 0.6


class ReviewInPlace:
    """`on_change(open)`: the review takes the place of the list, whose path is `home`, or gives it back."""

    def __init__(
        self,
        page: ConsolePage,
        frame: Shell,
        targets: tuple[QueueName, ...],
        on_change: Callable[[bool], None],
        *,
        home: str = "/queue",
    ) -> None:
        self._page, self._targets, self._on_change, self._home = page, targets, on_change, home
        self._frame = part_of(frame)
        put_away(self._frame, True)
        self._review: Review | None = None
        self._list = ""
        self._opening = False
        ui.on("crc_address", page.handler(self._moved))
        page.client.run_javascript(_TELL_OF_MOVES)
        # Drawn ahead, so that what is opened first comes as fast as what follows.
        ui.timer(_DRAWN_AFTER_SECONDS, self._drawn, once=True)

    @property
    def is_open(self) -> bool:
        """Whether the review is on the screen, with a check or without."""
        return bool(self._list)

    async def open(self, actor: Actor, item_id: UUID, queue: QueueName | None, list_address: str) -> None:
        """Show a check of this queue; `list_address` is the list's own. Raises what `open_item` raises."""
        if self._opening or self.is_open:
            return
        self._opening = True
        try:
            await self._open(actor, item_id, queue, list_address)
        finally:
            self._opening = False

    async def leave(self, actor: Actor, path: str) -> None:
        """To another page, by a link of the frame."""
        if self._review is not None and self.is_open:
            await self._review.leave(actor, path)
        else:
            self._page.client.open(path)

    async def _open(self, actor: Actor, item_id: UUID, queue: QueueName | None, list_address: str) -> None:
        require(actor, Permission.ITEM_READ)
        opened = await open_item(actor, item_id)
        review = self._drawn()
        review.come_from(queue)
        address = json.dumps(review.address_of(item_id))
        self._page.client.run_javascript(f"history.pushState(null, '', {address})")
        self._list = list_address
        self._page.path = f"/review/{item_id}"
        self._on_change(True)
        put_away(self._frame, False)
        await review.show(actor, opened)
        await review.read_undo(actor)

    def _drawn(self) -> Review:
        if self._review is None:
            with self._frame.main:
                self._review = Review(
                    self._page, self._frame, None, self._targets, home=self._home, on_leave=self._left
                )
        return self._review

    def _left(self, path: str) -> None:
        """The check is given back."""
        if path != self._home:
            self._page.client.open(path)
            return
        address = json.dumps(self._list)
        self._close()
        self._page.client.run_javascript(f"history.pushState(null, '', {address})")

    def _close(self) -> None:
        if self._review is not None:
            self._review.close()
        self._list, self._page.path = "", self._home
        put_away(self._frame, True)
        self._on_change(False)

    async def _moved(self, actor: Actor, event: GenericEventArguments) -> None:
        """The browser has gone back or forward by itself."""
        address = event.args if isinstance(event.args, str) else ""
        found = _REVIEW.fullmatch(address)
        if found is None and self.is_open and self._review is not None:
            try:
                await self._review.give_back(actor)
            except Exception:
                self._page.client.run_javascript("history.forward()")
                raise
            self._close()
        elif found is not None and not self.is_open:
            self._page.client.open(address)
