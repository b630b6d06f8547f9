"""What is good to know beside a check that somebody has open: its place in the queue, and what comes next."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from console.access.permissions import Permission, require
from console.actor import Actor
from console.review import next_item
from console.review.item_view import ImageShown
from console.review.queue_counts import neighbours_within
from db.engine import transaction


@dataclass(frozen=True)
class Surroundings:
    """The how manieth of how many open checks of the queue it is (0: of none), and the images of the check that a
    decision would bring at this moment."""

    place: tuple[int, int]
    ahead: tuple[ImageShown, ...] = ()


async def look_around(actor: Actor, queue: str | None, item_id: UUID, *, ahead: bool) -> Surroundings:
    """The surroundings of an item in a queue, given by its key (None: in all of them). With `ahead` also what comes
    next, which is not claimed by this. Raises NotAllowed."""
    require(actor, Permission.QUEUE_READ)
    async with transaction(actor, plans_once=True) as session:
        place = await neighbours_within(session, actor, queue, item_id)
        return Surroundings(place, await _ahead(session, actor, queue, item_id) if ahead else ())


async def look_ahead(actor: Actor, queue: str | None, item_id: UUID) -> tuple[ImageShown, ...]:
    """The images of the check that a decision on this one would bring at this moment. Raises NotAllowed."""
    require(actor, Permission.ITEM_CLAIM)
    async with transaction(actor, plans_once=True) as session:
        return await _ahead(session, actor, queue, item_id)


async def peek_next(actor: Actor, queue: str | None = None, skip: tuple[UUID, ...] = ()) -> UUID | None:
    """The item that `claims.claim_next` would take at this moment, without taking it. Raises NotAllowed."""
    require(actor, Permission.ITEM_CLAIM)
    statements, wanted = next_item.wanted(actor, queue, skip)
    async with transaction(actor, plans_once=True) as session:
        row = await statements.peek.first(session, wanted)
    return row.id if row else None


async def _ahead(session: AsyncSession, actor: Actor, queue: str | None, item_id: UUID) -> tuple[ImageShown, ...]:
    statements, wanted = next_item.wanted(actor, queue, (item_id,))
    return tuple(ImageShown(*row) for row in await statements.sides.all(session, wanted))
