"""The item before and after another one, in the order of the queue."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, func, or_, select, tuple_

from console.access.permissions import Permission, may, require
from console.actor import Actor
from console.review.open_items import OPEN_ITEMS, URGENCY
from console.review.states import WAITING, Status
from db.engine import transaction
from db.models import CheckItem, Claim, PendingDecision, Queue


async def beside(actor: Actor, queue: str | None, item_id: UUID, *, forward: bool = True) -> UUID | None:
    """The nearest item after (or before) this one in the queue's order that the actor could take; None at its end.

    `queue` is a queue's key, or None for all of them. For people who take no items, the nearest open one.
    Raises NotAllowed.
    """
    require(actor, Permission.QUEUE_READ)
    here = select(*URGENCY, CheckItem.id).where(CheckItem.id == item_id)
    async with transaction(actor) as session:
        place = (await session.execute(here)).first()
        if place is None:
            return None
        order = (*URGENCY, CheckItem.id)
        key, there = tuple_(*order), tuple_(*place)
        query = _takeable(actor, queue).where(key > there if forward else key < there)
        nearest = query.order_by(*(order if forward else (column.desc() for column in order))).limit(1)
        found: UUID | None = (await session.execute(nearest)).scalar_one_or_none()
        return found


def _takeable(actor: Actor, queue: str | None) -> Select[Any]:
    query = select(CheckItem.id).where(CheckItem.institution_id == actor.institution_id, OPEN_ITEMS)
    if queue:
        query = query.where(CheckItem.queue_id == select(Queue.id).where(Queue.key == queue).scalar_subquery())
    if not may(actor, Permission.ITEM_CLAIM):
        return query
    query = query.where(or_(CheckItem.assigned_to.is_(None), CheckItem.assigned_to == actor.user_id))
    waiting = WAITING if may(actor, Permission.ITEM_APPROVE) else {Status.NEW}
    decided = select(PendingDecision.item_id).where(PendingDecision.item_id == CheckItem.id).exists()
    held = and_(Claim.item_id == CheckItem.id, Claim.expires_at > func.now())
    return query.outerjoin(Claim, held).where(
        or_(
            and_(CheckItem.status.in_([status.value for status in waiting]), Claim.item_id.is_(None)),
            and_(Claim.user_id == actor.user_id, ~decided),
        )
    )
