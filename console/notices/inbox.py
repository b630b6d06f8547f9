"""What is behind a person's own bell: how much is unread, the list, and marking it read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Select, func, select, tuple_, update

from console.access.permissions import Permission, Place, covers
from console.actor import Actor
from console.hints import hint_notices
from console.masking import masked
from console.notices.kinds import NoticeKind
from db.engine import transaction
from db.models import CheckItem, Notice, Queue

PAGE: Final = 20
# The bell says "99+" beyond.
MOST_COUNTED: Final = 100
_NEWEST_FIRST: Final = (Notice.created_at.desc(), Notice.id.desc())


@dataclass(frozen=True)
class Key:
    """Where a page of the list ended."""

    created_at: datetime
    id: UUID


@dataclass(frozen=True)
class Standing:
    """How many notices are unread, MOST_COUNTED at most, and where the newest stands in the list."""

    unread: int
    newest: Key | None


@dataclass(frozen=True)
class ItemShown:
    """What a list may show of a check: its amount in dollars, and the masked account."""

    amount: Decimal
    account: str


@dataclass(frozen=True)
class NoticeShown:
    """A line of the list. `item` is None where there is none, or the person may not read it."""

    id: UUID
    kind: NoticeKind
    values: Mapping[str, Any]
    created_at: datetime
    unread: bool
    item_id: UUID | None
    item: ItemShown | None

    @property
    def key(self) -> Key:
        """Where this line stands in the list."""
        return Key(self.created_at, self.id)


@dataclass(frozen=True)
class Page:
    """Lines, the newest first, and the key to go on from; None at the end."""

    notices: tuple[NoticeShown, ...]
    next: Key | None


async def standing(actor: Actor) -> Standing:
    """How the actor's bell stands."""
    unread = select(Notice.id).where(*_shown_to(actor), Notice.read_at.is_(None)).limit(MOST_COUNTED).subquery()
    newest = select(Notice.created_at, Notice.id).where(*_shown_to(actor)).order_by(*_NEWEST_FIRST).limit(1)
    async with transaction(actor) as session:
        count = (await session.execute(select(func.count()).select_from(unread))).scalar_one()
        row = (await session.execute(newest)).first()
        return Standing(count, Key(row.created_at, row.id) if row else None)


async def list_arrived(actor: Actor, since: Key | None, *, limit: int = 3) -> tuple[NoticeShown, ...]:
    """The newest of the actor's notices that are unread and came after this line, the newest first."""
    query = _lines(actor).where(Notice.read_at.is_(None))
    if since is not None:
        query = query.where(tuple_(Notice.created_at, Notice.id) > tuple_(since.created_at, since.id))
    async with transaction(actor) as session:
        return tuple(_shown(actor, row) for row in await session.execute(query.limit(limit)))


async def list_notices(actor: Actor, *, after: Key | None = None, limit: int = PAGE) -> Page:
    """One page of the actor's notices, the next one with the `next` of the page before."""
    query = _lines(actor)
    if after is not None:
        query = query.where(tuple_(Notice.created_at, Notice.id) < tuple_(after.created_at, after.id))
    limit = max(1, min(limit, MOST_COUNTED))
    async with transaction(actor) as session:
        found = (await session.execute(query.limit(limit + 1))).all()
    lines = tuple(_shown(actor, row) for row in found[:limit])
    return Page(lines, lines[-1].key if len(found) > limit else None)


async def mark_read(actor: Actor, notice_id: UUID) -> None:
    """Mark one of the actor's notices as read; nothing happens where it is read, or somebody else's."""
    await _mark(actor, Notice.id == notice_id)


async def mark_all_read(actor: Actor, up_to: Key) -> None:
    """Mark as read what the actor was told up to and with this line: what came since stays unread."""
    await _mark(actor, tuple_(Notice.created_at, Notice.id) <= tuple_(up_to.created_at, up_to.id))


async def _mark(actor: Actor, condition: Any) -> None:
    change = update(Notice).where(*_shown_to(actor), Notice.read_at.is_(None), condition).values(read_at=func.now())
    async with transaction(actor) as session:
        marked = (await session.execute(change.returning(Notice.id))).first()
        if marked is not None and actor.user_id is not None:
            hint_notices(session, [actor.user_id])  # the person's other pages count anew


def _lines(actor: Actor) -> Select[Notice, Decimal, str, str, str]:
    return (
        select(Notice, CheckItem.amount, CheckItem.account_number, CheckItem.item_type, Queue.key)
        .outerjoin(CheckItem, CheckItem.id == Notice.item_id)
        .outerjoin(Queue, Queue.id == CheckItem.queue_id)
        .where(*_shown_to(actor))
        .order_by(*_NEWEST_FIRST)
    )


def _shown_to(actor: Actor) -> tuple[Any, ...]:
    return (Notice.user_id == actor.user_id, Notice.in_app)


def _shown(actor: Actor, row: Any) -> NoticeShown:
    notice: Notice = row.Notice
    readable = notice.item_id is not None and covers(actor, Permission.ITEM_READ, Place(row.key, row.item_type))
    account = masked(row.account_number) if readable and row.account_number else "—"
    return NoticeShown(
        notice.id,
        NoticeKind(notice.kind),
        notice.values,
        notice.created_at,
        notice.read_at is None,
        notice.item_id,
        ItemShown(row.amount, account) if readable else None,
    )
