"""All checks that wait and another queue's criteria want go there: how many they are, and moving them."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import anyio
from sqlalchemy import ColumnElement, false, func, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from console.access.permissions import Permission, reaches, require
from console.access.reason import checked_reason
from console.actor import Actor
from console.policy.routing import Facts, Route, criteria_of, route
from console.review.bulk import BulkResult
from console.review.queue_moves import move_these, open_queue
from console.review.reach import inside
from console.review.states import Status
from db.engine import transaction
from db.models import Account, CheckItem, Claim, Flag, Queue

# Items looked at together, and those changed in one transaction: it holds the audit trail's head as long as it writes.
_LOOKED_AT: Final = 5_000
_CHANGED: Final = 25

Progress = Callable[[int], None]


@dataclass(frozen=True)
class Way:
    """From which queue to which, by their keys."""

    source: str
    target: str


async def preview_routing(actor: Actor, progress: Progress = lambda _: None) -> Counter[Way]:
    """How many of the checks that wait, of those that the actor manages, the queues' criteria would move, from where to
    where.

    `progress` hears how many were looked at. Raises NotAllowed.
    """
    require(actor, Permission.QUEUE_MANAGE)
    ways: Counter[Way] = Counter()
    looked = 0
    async for found, count in _misplaced(actor):
        ways.update(way for _, way in found)
        looked += count
        progress(looked)
    return ways


async def apply_routing(actor: Actor, reason: str, progress: Progress = lambda _: None) -> BulkResult:
    """Move the checks that wait, of those that the actor manages, to the queues whose criteria want them; what nobody's
    want stays where it is.

    Checks that somebody holds or was given, and escalated ones, are left alone. Each few are a transaction of their
    own, so that it can be broken off and done again. `progress` hears how many were moved. Raises NotAllowed.
    """
    require(actor, Permission.QUEUE_MANAGE)
    reason = checked_reason(reason)
    result = BulkResult()
    async for found, _ in _misplaced(actor):
        by_target: dict[str, list[UUID]] = {}
        for item_id, way in found:
            by_target.setdefault(way.target, []).append(item_id)
        for target, ids in by_target.items():
            for start in range(0, len(ids), _CHANGED):
                async with transaction(actor) as session:
                    queue = await open_queue(session, target)
                    await move_these(session, actor, ids[start : start + _CHANGED], queue, reason, result)
                progress(len(result.done))
    return result


Misplaced = list[tuple[UUID, Way]]


async def _misplaced(actor: Actor) -> AsyncIterator[tuple[Misplaced, int]]:
    """Waiting items that another queue's criteria want, a part at a time, and how many were looked at for it."""
    async with transaction(actor) as session:
        open_queues = select(Queue).where(Queue.closed_at.is_(None)).order_by(Queue.position, Queue.key)
        queues = list(await session.scalars(open_queues))
    wanted = ((queue.key, criteria_of(queue.criteria)) for queue in queues)
    routes = [Route(key, criteria) for key, criteria in wanted if criteria]
    keys = {queue.id: queue.key for queue in queues}
    after: tuple[Any, ...] | None = None
    while routes:
        async with transaction(actor) as session:
            rows = await _waiting(session, actor, after)
            flags = await _flags(session, [row.id for row in rows])
        if not rows:
            return
        last = rows[-1]
        after = (last.sla_due_at, last.priority, last.id)
        yield await anyio.to_thread.run_sync(_sort_out, rows, flags, routes, keys), len(rows)


async def _waiting(session: AsyncSession, actor: Actor, after: tuple[Any, ...] | None) -> Sequence[Any]:
    order = (CheckItem.sla_due_at, CheckItem.priority, CheckItem.id)
    held = select(Claim.item_id).where(Claim.item_id == CheckItem.id, Claim.expires_at > func.now())
    query = (
        select(*order, CheckItem.amount, CheckItem.item_type, CheckItem.queue_id, Account.account_type)
        .outerjoin(Account, Account.id == CheckItem.account_id)
        .where(CheckItem.institution_id == actor.institution_id, CheckItem.status == Status.NEW.value)
        .where(CheckItem.assigned_to.is_(None), ~held.exists(), *_managed(actor))
        .order_by(*order)
        .limit(_LOOKED_AT)
    )
    if after is not None:
        query = query.where(tuple_(*order) > tuple_(*after))
    return (await session.execute(query)).all()


def _managed(actor: Actor) -> list[ColumnElement[bool]]:
    parts = reaches(actor, Permission.QUEUE_MANAGE)
    return [] if parts is None else [or_(false(), *(inside(part) for part in parts))]


async def _flags(session: AsyncSession, item_ids: Sequence[UUID]) -> dict[UUID, frozenset[str]]:
    codes = select(Flag.item_id, func.array_agg(Flag.code).label("codes")).where(Flag.item_id == func.any(item_ids))
    rows = await session.execute(codes.group_by(Flag.item_id))
    return {row.item_id: frozenset(row.codes) for row in rows}


def _sort_out(
    rows: Sequence[Any], flags: dict[UUID, frozenset[str]], routes: Sequence[Route], keys: dict[UUID, str]
) -> Misplaced:
    found: Misplaced = []
    for row in rows:
        facts = Facts(row.amount, row.item_type, flags.get(row.id, frozenset()), row.account_type)
        target, source = route(routes, facts), keys.get(row.queue_id, "")
        if target is not None and target != source:
            found.append((row.id, Way(source, target)))
    return found
