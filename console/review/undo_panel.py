"""A person's decisions that can still be taken back, on their page: the last one with its seconds and its key."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from console.access.permissions import Permission, may
from console.actor import Actor
from console.review.states import Status
from console.review.undo import Waiting, waiting
from console.ui.format import money
from console.ui.keys import Scope, key_of
from console.ui.undo_bar import UndoBar

DONE: Final = {
    Status.APPROVED: "Paid",
    Status.RETURNED: "Returned",
    Status.REJECTED: "Rejected",
    Status.HELD: "Held",
    Status.ESCALATED: "Escalated",
    Status.NEEDS_INFO: "Asked about",
    Status.PENDING_APPROVAL: "Recommended",
    Status.NEW: "Sent back",
}


class UndoPanel:
    """`on_undo()` takes the last one back."""

    def __init__(self, on_undo: Callable[[], Awaitable[Any]]) -> None:
        self._waiting: tuple[Waiting, ...] = ()
        self._bar = UndoBar(on_undo, key=key_of("undo", Scope.REVIEW))

    @property
    def last(self) -> Waiting | None:
        """The decision that would be taken back."""
        return self._waiting[0] if self._waiting else None

    def concerns(self, item_ids: frozenset[UUID]) -> bool:
        """Whether a change of these items (none: of any) may be a commit of what waits here."""
        return bool(self._waiting) and (not item_ids or any(one.item_id in item_ids for one in self._waiting))

    async def read(self, actor: Actor) -> None:
        """Show what can be taken back at this moment."""
        self._waiting = await waiting(actor) if may(actor, Permission.ITEM_CLAIM) else ()
        self._show()

    def add(self, submitted: Waiting) -> None:
        """A decision was just submitted: it is the last one."""
        self._waiting = (submitted, *self._waiting)
        self._show()

    def drop(self, item_id: UUID) -> None:
        """The decision on this item has been committed, or refused."""
        self._waiting = tuple(one for one in self._waiting if one.item_id != item_id)
        self._show()

    def _show(self) -> None:
        now = datetime.now(UTC)
        if self.last is None:
            self._bar.end()
            return
        more = len(self._waiting) - 1
        words = f"{DONE[self.last.status]} {money(self.last.amount)}"
        self._bar.show(words, self.last.commit_at, now=now, more=f"and {more} more" if more else "")
