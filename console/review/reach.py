"""Where people work: queues and item types to which roles, or a person's own bounds, limit them."""

from __future__ import annotations

from sqlalchemy import ColumnElement, and_, false, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from console.access.permissions import Permission, Place, Reach, covers, reaches
from console.actor import Actor
from console.review.errors import OutOfReach
from db.models import CheckItem, Queue


async def place_of(session: AsyncSession, item: CheckItem) -> Place:
    """Where an item stands."""
    key = (await session.execute(select(Queue.key).where(Queue.id == item.queue_id))).scalar_one()
    return Place(key, item.item_type)


def check_reach(actor: Actor, permission: Permission, place: Place) -> None:
    """Raise OutOfReach unless the actor holds the permission for items that stand there."""
    if not covers(actor, permission, place):
        raise OutOfReach(place.queue, place.item_type)


def in_reach(actor: Actor, permission: Permission) -> ColumnElement[bool] | None:
    """The condition on `check_item` of the items for which the actor holds the permission; None: on every one."""
    parts = reaches(actor, permission)
    return None if parts is None else or_(false(), *(_inside(part) for part in parts))


def _inside(part: Reach) -> ColumnElement[bool]:
    queues = select(Queue.id).where(Queue.key.in_(part.queues or ()))
    return and_(
        *([] if part.queues is None else [CheckItem.queue_id.in_(queues)]),
        *([] if part.item_types is None else [CheckItem.item_type.in_(part.item_types)]),
    )
