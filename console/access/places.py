"""The queues to which roles and people can be bound."""

from __future__ import annotations

from sqlalchemy import select

from console.access.permissions import Permission, require
from console.actor import Actor
from db.engine import transaction
from db.models import Queue


async def queue_choices(actor: Actor) -> dict[str, str]:
    """Names of the institution's queues by their keys, in their order. Raises NotAllowed."""
    require(actor, Permission.USER_READ)
    async with transaction(actor) as session:
        rows = await session.execute(select(Queue.key, Queue.name).order_by(Queue.position))
        return {row.key: row.name for row in rows}
