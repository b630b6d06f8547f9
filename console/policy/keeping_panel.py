"""Keeps what is unsaved of a draft, half a second after the last change: a reload or a dead process costs a word.

What cannot be kept is tried again: while the session service or the database is away, the page holds what was typed.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, Final
from uuid import UUID

import structlog
from nicegui import background_tasks
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from console.access.permissions import NotAllowed
from console.access.sessions import SessionServiceUnavailable, SignedOut
from console.policy.editor_state import EditorState
from console.policy.errors import DraftTooLarge
from console.policy.working_copies import forget_unsaved, keep_unsaved
from console.ui.page import ConsolePage

REST_SECONDS: Final = 0.5
RETRY_SECONDS: Final = 2.0

_log = structlog.get_logger(__name__)


class Keeper:
    """Keeps one page's document. `on_held()` says that it cannot be kept at present, `on_kept()` that it was."""

    def __init__(
        self, page: ConsolePage, state: EditorState, version_id: UUID, *,
        on_kept: Callable[[], Any], on_held: Callable[[], Any],
    ) -> None:  # fmt: skip
        self._page, self._state, self._id = page, state, version_id
        self._on_kept, self._on_held = on_kept, on_held
        self._timer: asyncio.TimerHandle | None = None
        self._busy = asyncio.Lock()
        state.watch(self.keep_soon)

    def keep_soon(self, seconds: float = REST_SECONDS) -> None:
        """Keep what is unsaved once the typing rests."""
        self.cancel()
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(seconds, lambda: background_tasks.create(self._keep(), name="keep a draft"))

    def cancel(self) -> None:
        """Keep nothing more of what was changed until now."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    @asynccontextmanager
    async def paused(self, *, cancel: bool = True) -> AsyncIterator[None]:
        """While nothing is kept or saved by this page; `cancel`: what waited to be kept is not."""
        if cancel:
            self.cancel()
        async with self._busy:
            yield

    async def _keep(self) -> None:
        state = self._state
        async with self._busy:
            state.settle()
            try:
                actor = await self._page.session.actor()
                if state.unsaved:
                    await keep_unsaved(actor, self._id, state.revision, state.saved, state.document)
                else:
                    await forget_unsaved(actor, self._id)
            except (SessionServiceUnavailable, OperationalError, PoolTimeout) as error:
                _log.warning("draft held", error=type(error).__name__)
                self._on_held()
                self.keep_soon(RETRY_SECONDS)
                return
            except (DraftTooLarge, NotAllowed) as refused:
                self._page.tell(str(refused), bad=True)
            except SignedOut:
                self._page.show_signed_out()
        self._on_kept()
