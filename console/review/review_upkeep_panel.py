"""Keeps the check on the screen true while somebody looks at it: what others change, a claim that would run out,
addresses of images that would end, and what is good to have at hand for the next one."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import replace
from typing import Final, Protocol
from uuid import UUID

from nicegui import background_tasks, ui

from console import live
from console.actor import Actor
from console.review.claims import touch
from console.review.desk_panel import HOLDS, Desk
from console.review.opening import Opened, Standing, open_item
from console.review.surroundings import look_ahead, look_around
from console.ui.page import ConsolePage

# How often a page that is in use says so; twice this is below the shortest claim timeout of a minute.
BEAT_SECONDS: Final = 20.0
# How often a page looks whether what it shows was read too long ago.
_LOOK_SECONDS: Final = live.RESYNC_SECONDS / 3
_OWN_REQUESTS: Final = 8


class Shown(Protocol):
    """The review of which this keeps the check."""

    @property
    def opened(self) -> Opened | None: ...
    @property
    def busy(self) -> bool: ...
    @property
    def approving(self) -> bool: ...
    @property
    def queue_key(self) -> str | None: ...
    async def show(self, actor: Actor, opened: Opened) -> None: ...


class ReviewUpkeep:
    """Works by itself as long as the page lives. `in_use` is set when the person does anything."""

    def __init__(self, page: ConsolePage, desk: Desk, review: Shown) -> None:
        self._page, self._desk, self._review = page, desk, review
        self.in_use = False
        # The requests in which this page itself changed something last: it knows what came of them.
        self._own: deque[str] = deque(maxlen=_OWN_REQUESTS)
        # When the check that is shown was read last, and when it came to this page, just claimed.
        self._read_at = self._came_at = 0.0
        ui.timer(BEAT_SECONDS, self._beat_when_due, immediate=False)
        ui.timer(_LOOK_SECONDS, self._look_again_when_due, immediate=False)
        page.client.on_connect(lambda: page.refresh(self.look_around))
        live.watch(page.actor.institution_id)
        live.items_changed_in.subscribe(self._items_changed)

    def came(self) -> None:
        """Another check comes on the screen."""
        self._came_at = time.monotonic()

    def was_read(self) -> None:
        """What is on the screen is as of this moment."""
        self._read_at = time.monotonic()

    def did(self, actor: Actor) -> None:
        """In this request of the actor the page changed something, and shows what came of it."""
        self._own.append(actor.request_id or "")

    def forget_own(self) -> None:
        """Whatever is told of this page's own requests from now on is news."""
        self._own.clear()

    async def look_around(self, actor: Actor) -> None:
        """What is good to know of a check but nobody waits for: its place in the queue, and the one that comes next."""
        opened = self._review.opened
        if opened is None:
            return
        if self._review.approving:
            self._desk.place((0, 0))
            return
        ahead = opened.standing is Standing.DECIDE
        around = await look_around(actor, self._review.queue_key, opened.view.id, ahead=ahead)
        if self._review.opened is opened:
            self._desk.place(around.place)
            self._desk.viewer.prefetch(actor, around.ahead)

    def _items_changed(self, institution_id: UUID, changed: dict[UUID, frozenset[str]]) -> None:
        if institution_id != self._page.actor.institution_id:
            return
        news = frozenset(item for item, requests in changed.items() if not requests.issubset(self._own))
        if changed and not news:
            return
        opened = self._review.opened
        if self._desk.undo.concerns(news):
            background_tasks.create(self._page.refresh(self._desk.undo.read), name="look what can be undone")
        if opened is not None and (not news or opened.view.id in news):
            background_tasks.create(self._page.refresh(self._look_again), name="look again")

    async def _look_again_when_due(self) -> None:
        """A lost message heals so. Who goes from check to check has just read this one: that costs nothing here."""
        if self._review.opened is not None and time.monotonic() - self._read_at >= live.RESYNC_SECONDS:
            await self._page.refresh(self._look_again)

    async def _look_again(self, actor: Actor) -> None:
        """Read the check again; where it changed, show that, and say so to who was working on it."""
        before = self._review.opened
        if before is None or self._review.busy:
            return
        now = await open_item(actor, before.view.id, take=False)
        self.was_read()
        # The person may have gone on to another check, or changed this one, while it was read.
        if self._review.opened is not before or self._review.busy or _as_shown(before) == _as_shown(now):
            return
        if before.standing in HOLDS and now.standing not in HOLDS:
            self._page.tell(f"This check is not in your hands any more. {now.why} What you typed is kept.", bad=True)
        await self._review.show(actor, now)

    async def _beat_when_due(self) -> None:
        if self._review.opened is not None and time.monotonic() - self._came_at >= BEAT_SECONDS:
            await self._page.refresh(self._beat)

    async def _beat(self, actor: Actor) -> None:
        """Keep the claim of a page that is in use, its images' addresses good, and the next check's images at hand."""
        opened, used = self._review.opened, self.in_use
        self.in_use = False
        if opened is not None:
            self._desk.renew_links(actor, opened.view)
        if opened is None or opened.standing not in HOLDS:
            return
        if used and not await touch(actor, opened.view.id):
            await self._look_again(actor)
        await self._look_ahead(actor)

    async def _look_ahead(self, actor: Actor) -> None:
        """Read the check that a decision would bring and have the browser fetch its images, without claiming it."""
        opened = self._review.opened
        if opened is None or opened.standing is not Standing.DECIDE:
            return
        self._desk.viewer.prefetch(actor, await look_ahead(actor, self._review.queue_key, opened.view.id))


def _as_shown(opened: Opened) -> tuple[object, ...]:
    holder = opened.view.holder
    # Who holds it until when changes with every beat and says nothing.
    content = replace(opened.view, holder=None, assigned=None)
    return content, opened.standing, holder and (holder.user_id, holder.commit_at)
