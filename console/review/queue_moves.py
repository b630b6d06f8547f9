"""Checks move from queue to queue, onto the hours of the new one."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from console.access.permissions import Permission, Place, require
from console.access.reason import checked_reason
from console.actor import Actor
from console.audit.entries import Event, record
from console.hints import hint_items
from console.review.bulk import BulkResult, check_size, holders_of, lock_items
from console.review.errors import QueueNotFound, ReviewRefused
from console.review.queue_clock import QueueClock, queue_clock
from console.review.reach import APPROVALS, ground_of
from db.engine import transaction
from db.models import CheckItem, Queue


async def move(actor: Actor, item_ids: Sequence[UUID], queue_key: str, reason: str) -> BulkResult:
    """Put these items into a queue, and on its hours. At most MOST_AT_ONCE, in one transaction.

    What somebody holds, is being decided or is decided, or does not belong to the actor's part of the work, stays where
    it is, and the result says so. Raises NotAllowed,
    TooManyAtOnce, QueueNotFound, ReviewRefused (the approvals are no place to move to), InvalidPerson (no reason).
    """
    require(actor, Permission.QUEUE_MANAGE)
    reason = checked_reason(reason)
    check_size(item_ids)
    if queue_key == APPROVALS:
        raise ReviewRefused("A check comes to the approvals when somebody recommends what to do with it.")
    result = BulkResult()
    async with transaction(actor) as session:
        queue = await open_queue(session, queue_key)
        await move_these(session, actor, item_ids, queue, reason, result)
    return result


async def open_queue(session: AsyncSession, key: str) -> Queue:
    """The queue, kept open until the transaction ends. Raises QueueNotFound."""
    query = select(Queue).where(Queue.key == key, Queue.closed_at.is_(None))
    queue = (await session.execute(query.with_for_update(read=True, key_share=True))).scalar_one_or_none()
    if queue is None:
        raise QueueNotFound
    return queue


async def move_these(
    session: AsyncSession, actor: Actor, item_ids: Sequence[UUID], queue: Queue, reason: str, result: BulkResult
) -> None:
    """Move the items that can be moved now, in the caller's transaction; what came of each goes into the result."""
    items = await lock_items(session, item_ids, result)
    holders = await holders_of(session, list(items))
    names = {row.id: row.key for row in await session.execute(select(Queue.id, Queue.key))}
    clock = await queue_clock(session)
    own = await ground_of(session, actor, Permission.QUEUE_MANAGE)
    moved: list[tuple[CheckItem, str]] = []
    for item_id, item in items.items():
        try:
            own.check(Place(names[item.queue_id], item.item_type))
        except ReviewRefused as refused:
            result.refused[item_id] = str(refused)
            continue
        if holder := holders.get(item_id):
            result.refused[item_id] = f"{holder.name} is working on this check. Release it first."
        elif item.queue_id == queue.id:
            result.refused[item_id] = f"This check is in {queue.name} already."
        else:
            moved.append((item, names[item.queue_id]))
            _change(item, queue, clock)
    await session.flush()
    for item, before in moved:
        after = {"queue": queue.key, "sla_due_at": item.sla_due_at, "reason": reason}
        await record(session, actor, Event.ITEM_MOVED, "item", item.id, before={"queue": before}, after=after)
    if moved:
        result.done += [item.id for item, _ in moved]
        hint_items(session, actor.institution_id, [item.id for item, _ in moved])


def _change(item: CheckItem, queue: Queue, clock: QueueClock) -> None:
    clock.set(item, queue)
    item.version += 1
