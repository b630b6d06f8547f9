"""Which part of the work a report is of: what somebody's permission reaches, cut to the queue and type they ask for.

An item counts where it stands now; a queue that was closed is still one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from console.access.permissions import Permission, Place, reaches
from console.actor import Actor
from console.insight.chosen import Chosen
from console.insight.errors import QueueNotReported
from console.review.queue_view import ItemType
from console.review.reach import closed_queues
from db.models import Queue

# The condition on `check_item i` of a bounded part of the work.
_WITHIN: Final = "and ({})".format(
    " or ".join(
        f"i.item_type = '{kind.value}' and i.queue_id = any(cast(:scope_{kind.value} as uuid[]))" for kind in ItemType
    )
)
# The items of it on which anybody may have decided since a moment: what is open, and what was decided after that. From
# two indexes alone; that an act's item is looked up for each act costs several times as much.
_REACHED: Final = """
    with reached as materialized (
        select i.id from check_item i where i.institution_id = :institution
          and i.status in ('approved', 'returned', 'rejected', 'cleared', 'closed') and i.decided_at >= :since {within}
        union all
        select i.id from check_item i where i.institution_id = :institution
          and i.status not in ('approved', 'returned', 'rejected', 'cleared', 'closed') {within}
    )
"""


@dataclass(frozen=True)
class QueueFacts:
    """A queue that is reported on."""

    id: UUID
    key: str
    name: str


@dataclass(frozen=True)
class Scope:
    """The queues of it, in their order, and the places in it: a queue's id and an item type; None: all there are."""

    queues: tuple[QueueFacts, ...]
    places: frozenset[tuple[UUID, str]] | None

    @property
    def whole(self) -> bool:
        return self.places is None

    @property
    def within(self) -> str:
        """The condition on `check_item i`, to stand after another one."""
        return "" if self.places is None else _WITHIN

    @property
    def values(self) -> dict[str, Any]:
        """The parameters of the condition."""
        if self.places is None:
            return {}
        return {
            f"scope_{kind.value}": sorted(queue for queue, type_ in self.places if type_ == kind) for kind in ItemType
        }

    def of_acts(self, statement: str, **parts: str) -> str:
        """A statement over `decision d` of this part of the work: `{join}` in it stands for the join with the items,
        and `parts` for the rest of its places."""
        if self.whole:
            return statement.format(join="", **parts)
        reached = _REACHED.format(within=self.within)
        return reached + statement.format(join="join reached on reached.id = d.item_id", **parts)


async def scope_within(session: AsyncSession, actor: Actor, permission: Permission, chosen: Chosen) -> Scope:
    """The part of the work that the actor may see by this permission, cut to what is chosen. Raises
    QueueNotReported."""
    rows = (await session.execute(select(Queue.id, Queue.key, Queue.name).order_by(Queue.position, Queue.key))).all()
    closed = await closed_queues(session, actor, permission)
    parts = reaches(actor, permission)
    places = frozenset(
        (row.id, kind.value)
        for row in rows
        for kind in ItemType
        if row.key not in closed
        and (parts is None or any(part.covers(Place(row.key, kind.value)) for part in parts))
        and chosen.queue in {None, row.key}
        and chosen.item_type in {None, kind}
    )
    queues = tuple(QueueFacts(row.id, row.key, row.name) for row in rows if any(queue == row.id for queue, _ in places))
    if not queues:
        raise QueueNotReported
    bounded = parts is not None or closed or chosen.queue or chosen.item_type
    return Scope(queues, places if bounded else None)
