"""The audit trail, the newest entries first, a page at a time by key: of some days, on the replica where there is one.

Whoever is bound to a part of the work reads of checks what stands in that part, as with reports; the rest of the trail
is everybody's who may read it. From where somebody acted is for who may see sessions.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, TypeVar

from psycopg.errors import QueryCanceled
from sqlalchemy import ColumnElement, Select, Uuid, and_, case, cast, false, or_, select, true
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncSession

from console.access.permissions import Permission, reaches, require
from console.actor import Actor
from console.auditing.chosen import SYSTEM, Chosen
from console.auditing.errors import TrailTooLong
from console.auditing.shown import Entry, shown
from console.insight.periods import Window
from console.review.office import office_of
from console.review.reach import closed_queues, inside
from db.models import AuditEntry, CheckItem
from db.replica import read_aside

PAGE: Final = 50
# What takes longer is asked of too much.
TIMEOUT_MS: Final = 15_000
# An entry is kept in the month of the database's clock, and says when by that of the process.
_SLACK: Final = timedelta(days=1)

Found = TypeVar("Found")


@dataclass(frozen=True)
class TrailPage:
    """Entries, the newest first, of which days, and the key to go on from; None at the end."""

    entries: tuple[Entry, ...]
    window: Window
    next: int | None


async def read_trail(
    actor: Actor, chosen: Chosen, *, before: int | None = None, now: datetime | None = None
) -> TrailPage:
    """One page, the next one with the `next` of the page before as `before`. Raises NotAllowed, BadDays,
    TrailTooLong."""
    require(actor, Permission.AUDIT_READ)

    async def read(session: AsyncSession) -> TrailPage:
        window = chosen.window(now or datetime.now(UTC), await office_of(session))
        query = (await entries_of(session, actor, chosen, window)).limit(PAGE + 1)
        if before is not None:
            query = query.where(AuditEntry.sequence < before)
        rows = (await session.scalars(query)).all()
        entries = await shown(session, actor, rows[:PAGE])
        return TrailPage(entries, window, entries[-1].sequence if len(rows) > PAGE else None)

    return await read_in_time(actor, read)


async def read_in_time(actor: Actor, work: Callable[[AsyncSession], Awaitable[Found]]) -> Found:
    """What `work` reads, aside and of one moment. Raises TrailTooLong where one of its statements does not end."""
    try:
        return await read_aside(actor, work, statement_timeout_ms=TIMEOUT_MS, snapshot=True)
    except OperationalError as error:
        if isinstance(error.orig, QueryCanceled):
            raise TrailTooLong from error
        raise


async def entries_of(session: AsyncSession, actor: Actor, chosen: Chosen, window: Window) -> Select[AuditEntry]:
    """The statement for all that is asked for, the newest first."""
    entry = AuditEntry
    first, last = (window.since - _SLACK).date(), (window.before + _SLACK).date()
    query = (
        select(entry)
        .where(entry.institution_id == actor.institution_id)
        .where(entry.month >= first.replace(day=1), entry.month <= last)
        .where(entry.at >= window.since, entry.at < window.before)
        .where(await within_reach(session, actor))
        .order_by(entry.sequence.desc())
    )
    if (actions := chosen.actions) is not None:
        query = query.where(entry.action.in_(actions))
    if chosen.person is not None:
        query = query.where(entry.actor_id.is_(None) if chosen.person == SYSTEM else entry.actor_id == chosen.person)
    if chosen.object_type is not None:
        query = query.where(entry.object_type == chosen.object_type)
        if chosen.object_id is not None:
            query = query.where(entry.object_id == chosen.object_id)
    return query if chosen.request is None else query.where(entry.request_id == chosen.request)


async def within_reach(session: AsyncSession, actor: Actor) -> ColumnElement[bool]:
    """The condition on entries of checks: where they stand now must be in the actor's part of the work."""
    parts = reaches(actor, Permission.AUDIT_READ)
    closed = await closed_queues(session, actor, Permission.AUDIT_READ)
    if parts is None and not closed:
        return true()
    place = and_(
        CheckItem.queue_id.not_in(closed.values()),
        true() if parts is None else or_(false(), *(inside(part) for part in parts)),
    )
    its_check = select(CheckItem.id).where(CheckItem.id == cast(AuditEntry.object_id, Uuid), place).exists()
    # An id is looked at as one of a check only where it is.
    return case((AuditEntry.object_type == "item", its_check), else_=true())
