"""What is good to know beside a check that somebody has open: its place in the queue, and what comes next."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from console.access.permissions import Permission, require
from console.actor import Actor
from console.review import next_item
from console.review.item_view import ImageShown
from console.review.queue_counts import place_asked, place_in
from console.review.reach_conditions import Asked, planned_once, read_in_reach
from db.engine import read_at_once


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
    sides = [_sides_ahead(actor, queue, item_id)] if ahead else []
    reach, [[place], *rest] = await read_in_reach(
        actor,
        Permission.QUEUE_READ,
        lambda reach: [place_asked(actor, reach, queue, item_id), *sides],
        plans_once=planned_once,
    )
    return Surroundings(place_in(place, actor, reach, queue), tuple(ImageShown(*row) for rows in rest for row in rows))


async def look_ahead(actor: Actor, queue: str | None, item_id: UUID) -> tuple[ImageShown, ...]:
    """The images of the check that a decision on this one would bring at this moment. Raises NotAllowed."""
    require(actor, Permission.ITEM_CLAIM)
    [rows] = await read_at_once(actor, _sides_ahead(actor, queue, item_id), plans_once=True)
    return tuple(ImageShown(*row) for row in rows)


async def peek_next(actor: Actor, queue: str | None = None, skip: tuple[UUID, ...] = ()) -> UUID | None:
    """The item that `claims.claim_next` would take at this moment, without taking it. Raises NotAllowed."""
    require(actor, Permission.ITEM_CLAIM)
    statements, wanted = next_item.wanted(actor, queue, skip)
    [rows] = await read_at_once(actor, (statements.peek, wanted), plans_once=True)
    return rows[0].id if rows else None


def _sides_ahead(actor: Actor, queue: str | None, item_id: UUID) -> Asked:
    statements, wanted = next_item.wanted(actor, queue, (item_id,))
    return statements.sides, wanted
