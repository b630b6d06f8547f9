"""Items put back where they were before somebody took them: by their holder, after too long without activity, because
the holder leaves, or by somebody who may."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, and_, delete, func, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from console.access.permissions import Permission, require
from console.actor import Actor
from console.audit.entries import Event, record
from console.hints import hint_items
from console.review.item_locks import lock_claimed, locked_item
from console.review.pending import withdraw_within
from console.review.states import Act, Status, after
from db.engine import transaction
from db.models import CheckItem, Claim, PendingDecision


async def release(actor: Actor, item_id: UUID) -> None:
    """Put the actor's item back where it was; nothing happens where they do not hold it, or have decided it."""
    require(actor, Permission.ITEM_CLAIM)
    async with transaction(actor) as session:
        item = await locked_item(session, item_id)
        if item is not None:
            await give_back_within(session, actor, [item], "released")


async def give_back_within(
    session: AsyncSession, actor: Actor, items: Sequence[CheckItem], why: str, *, of: UUID | None = None
) -> None:
    """Put those of these locked items back that somebody (`of`, else the actor) holds and has not decided."""
    decided = select(PendingDecision.item_id).where(PendingDecision.item_id == Claim.item_id).exists()
    await _put_back(session, actor, items, why, and_(Claim.user_id == (of or actor.user_id), ~decided))


async def release_expired(actor: Actor, *, limit: int = 200) -> int:
    """Put back items whose holder has been idle for too long; how many there were.

    Raises NotAllowed for people who may not release others' items.
    """
    require(actor, Permission.ITEM_RELEASE_OTHERS)
    expired = Claim.expires_at <= func.now()
    async with transaction(actor) as session:
        return await _put_back(session, actor, await lock_claimed(session, expired, limit), "expired", expired)


async def release_all_within(session: AsyncSession, actor: Actor, user_id: UUID, why: str) -> int:
    """Put back everything that somebody holds, in the caller's transaction; how many there were.

    The caller has checked that the actor may. It waits for what the person is just deciding, and takes what that
    claimed next as well.
    """
    released, own = 0, Claim.user_id == user_id
    while items := await lock_claimed(session, own, 200, skip_locked=False):
        put_back = await _put_back(session, actor, items, why, own)
        if put_back == 0:
            break  # decided meanwhile
        released += put_back
    return released


async def put_back_within(session: AsyncSession, actor: Actor, items: Sequence[CheckItem], why: str) -> int:
    """Put back whoever holds these locked items, in the caller's transaction, which has checked that the actor may."""
    return await _put_back(session, actor, items, why, true())


async def _put_back(
    session: AsyncSession, actor: Actor, items: Sequence[CheckItem], why: str, condition: ColumnElement[bool]
) -> int:
    """Delete the claims of these locked items where the condition still holds, and put the items back.

    What their holders had decided and was not committed yet is dropped, and they are told.
    """
    held = (Claim.item_id.in_([item.id for item in items]), condition)
    await withdraw_within(session, actor, list(await session.scalars(select(Claim.item_id).where(*held))), why)
    rows = await session.execute(
        delete(Claim).where(*held).returning(Claim.item_id, Claim.previous_status, Claim.user_id)
    )
    gone = {row.item_id: row for row in rows}
    released = [item for item in items if item.id in gone]
    for item in released:
        if item.status == Status.IN_REVIEW:
            item.status = after(Status.IN_REVIEW, Act.RELEASE, Status(gone[item.id].previous_status)).value
            item.version += 1
    await session.flush()
    for item in released:
        known = {"status": item.status, "why": why, "held_by": gone[item.id].user_id}
        await record(session, actor, Event.ITEM_RELEASED, "item", item.id, after=known)
    if released:
        hint_items(session, actor.institution_id, [item.id for item in released])
    return len(released)
