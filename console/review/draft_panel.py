"""Keeps the draft of the check on screen: half a second after the last change, and at once when a field is left.

A save that fails is tried again: while the session service or the database is away, the page holds what was typed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Final
from uuid import UUID

import structlog
from nicegui import background_tasks
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from console.access.permissions import NotAllowed
from console.access.sessions import SessionServiceUnavailable, SignedOut
from console.review.draft import Draft, DraftTooLarge
from console.review.drafts import save_draft
from console.ui.page import ConsolePage

# After the last change: short enough that a dead process costs no more than a word.
REST_SECONDS: Final = 0.5
RETRY_SECONDS: Final = 2.0

_log = structlog.get_logger(__name__)


class DraftKeeper:
    """The drafts of one page. `on_held(held)` says that drafts cannot be saved at present, and that they were."""

    def __init__(self, page: ConsolePage, on_held: Callable[[bool], None]) -> None:
        self._page, self._on_held = page, on_held
        self._drafts: dict[UUID, Draft] = {}
        self._unsaved: set[UUID] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._saving = asyncio.Lock()
        self._held = False

    def draft(self, item_id: UUID, saved: Draft | None) -> Draft:
        """The draft of a check; `saved` is what the server has, for a check that this page did not show before."""
        if item_id not in self._drafts:
            self._drafts[item_id] = draft = saved or Draft()
            draft.watch(partial(self._changed, item_id))
        return self._drafts[item_id]

    def forget(self, item_id: UUID) -> None:
        """The draft became a decision: nothing of it is kept any more."""
        self._drafts.pop(item_id, None)
        self._unsaved.discard(item_id)

    @contextmanager
    def handed_over(self, item_id: UUID) -> Iterator[None]:
        """The draft goes with what the block submits and needs no saving of its own; where that fails, it does."""
        unsaved = item_id in self._unsaved
        self._unsaved.discard(item_id)
        try:
            yield
        except BaseException:
            if unsaved:
                self._changed(item_id)
            raise
        self.forget(item_id)

    async def put_away(self, item_id: UUID) -> bool:
        """Save the draft of a check that has left the screen; whether there is anything in it to come back to."""
        await self.save()
        draft = self._drafts.get(item_id)
        if draft is None or item_id in self._unsaved:
            return draft is not None and draft.chosen
        del self._drafts[item_id]
        return draft.chosen

    async def save(self) -> None:
        """Save what was not saved yet, now."""
        self._cancel()
        async with self._saving:
            held = False
            for item_id in tuple(self._unsaved):
                held |= not await self._save(item_id)
            # What was typed meanwhile is no sign of anything: it waits for its turn.
            self._say_held(held)
        if self._unsaved:
            self._save_in(RETRY_SECONDS if held else REST_SECONDS)

    async def _save(self, item_id: UUID) -> bool:
        """Save one draft; False: it cannot be at present."""
        self._unsaved.discard(item_id)  # what is typed from here on is saved by the next turn
        draft = self._drafts.get(item_id)
        if draft is None:
            return True
        try:
            await save_draft(await self._page.session.actor(), item_id, draft)
        except (SessionServiceUnavailable, OperationalError, PoolTimeout) as error:
            _log.warning("draft held", error=type(error).__name__)
            if item_id not in self._drafts:
                return True  # it became a decision meanwhile
            self._unsaved.add(item_id)
            return False
        except DraftTooLarge as refused:
            self._page.tell(str(refused), bad=True)
        except NotAllowed:
            self._drafts.pop(item_id, None)  # a role was taken away: nothing of this is theirs to decide any more
        except SignedOut:
            self._page.show_signed_out()
        return True

    def _changed(self, item_id: UUID) -> None:
        self._unsaved.add(item_id)
        self._save_in(RETRY_SECONDS if self._held else REST_SECONDS)

    def _save_in(self, seconds: float) -> None:
        self._cancel()
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(seconds, lambda: background_tasks.create(self.save(), name="save draft"))

    def _cancel(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _say_held(self, held: bool) -> None:
        if held != self._held:
            self._held = held
            self._on_held(held)
