"""How many items there are by queue, type and status: sums of what changed, so that nobody counts a million items."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Select, bindparam, func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from console.access.permissions import Permission, Place, Reach, reaches, require
from console.actor import Actor
from console.review.reach import closed_queues
from console.review.states import OPEN, Status
from db.direct import Direct
from db.engine import transaction
from db.models import ItemTally, Queue

# Rows that are written meanwhile are not touched, and whoever reads sees the sums of before or of after.
_FOLD = text(
    """
    with gone as (
        delete from item_tally where institution_id = :institution returning queue_id, item_type, status, items
    ), kept as (
        insert into item_tally (institution_id, queue_id, item_type, status, items)
        select :institution, queue_id, item_type, status, sum(items) from gone group by 2, 3, 4 having sum(items) <> 0
        returning 1
    )
    select (select count(*) from gone) - (select count(*) from kept)
    """
)


@dataclass(frozen=True)
class Tally:
    """How many items stand in a queue, by key, are of a type and have a status."""

    queue: str
    item_type: str
    status: Status
    items: int


# The sums of the `institution`'s open items, for `seen_of`.
OPEN_SUMS: Final[Select[str, str, str, int]] = (
    select(Queue.key, ItemTally.item_type, ItemTally.status, func.sum(ItemTally.items).label("items"))
    .join(Queue, Queue.id == ItemTally.queue_id)
    .where(ItemTally.institution_id == bindparam("institution"), ItemTally.status.in_([one.value for one in OPEN]))
    .group_by(Queue.key, ItemTally.item_type, ItemTally.status)
)
SUMS: Final = Direct(OPEN_SUMS)


def seen_of(sums: Iterable[Sequence[Any]], actor: Actor, closed: Collection[str]) -> list[Tally]:
    """Of the rows of `OPEN_SUMS` those of the part of the institution's queue that the actor sees; `closed` are the
    queues that are others'."""
    found = [Tally(queue, kind, Status(status), int(items)) for queue, kind, status, items in sums if items]
    parts = reaches(actor, Permission.QUEUE_READ)
    return [one for one in found if one.queue not in closed and _inside(parts, Place(one.queue, one.item_type))]


async def open_items(session: AsyncSession, actor: Actor, closed: Collection[str] | None = None) -> list[Tally]:
    """The open items of the part of the institution's queue that the actor sees, in the caller's transaction; `closed`
    are the queues that are others', where the caller has read them."""
    rows = (await session.execute(OPEN_SUMS, {"institution": actor.institution_id})).all()
    if closed is None:
        closed = await closed_queues(session, actor, Permission.QUEUE_READ)
    return seen_of(rows, actor, closed)


async def fold(actor: Actor) -> int:
    """Add up what was written since the last time; how many rows that saved. Raises NotAllowed."""
    require(actor, Permission.QUEUE_READ)
    async with transaction(actor) as session:
        saved: int = (await session.execute(_FOLD, {"institution": actor.institution_id})).scalar_one()
    return saved


def _inside(parts: Sequence[Reach] | None, place: Place) -> bool:
    return parts is None or any(part.covers(place) for part in parts)
