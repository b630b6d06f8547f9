"""Decisions that were submitted and can still be taken back: their rows, one per item.

A row stands on its person's claim: while it is there, nobody else can take the item.
"""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from console.actor import Actor
from console.audit.entries import Event, record
from console.notices.kinds import NoticeKind
from console.notices.sending import notify
from db.models import PendingDecision


async def pending_of(session: AsyncSession, item_id: UUID) -> PendingDecision | None:
    """What waits for its commit on an item, in the caller's transaction."""
    return (
        await session.execute(select(PendingDecision).where(PendingDecision.item_id == item_id))
    ).scalar_one_or_none()


async def withdraw_within(session: AsyncSession, actor: Actor, item_ids: Collection[UUID], why: str) -> None:
    """Drop what waits on these locked items, because somebody else takes them out of the person's hands: they are
    told, and their draft stays."""
    gone = delete(PendingDecision).where(PendingDecision.item_id.in_(item_ids)).returning(PendingDecision)
    for row in list(await session.scalars(gone)):
        await refuse_within(session, actor, row.item_id, row.user_id, f"The check was taken out of your hands: {why}.")


async def refuse_within(session: AsyncSession, actor: Actor, item_id: UUID, user_id: UUID, why: str) -> None:
    """Say that a submitted decision was not committed: to the audit trail, and to who submitted it."""
    after = {"why": why, "submitted_by": user_id}
    await notify(session, actor, NoticeKind.NOT_COMMITTED, to=[user_id], item_id=item_id, values={"text": why})
    await record(session, actor, Event.COMMIT_REFUSED, "item", item_id, after=after)
