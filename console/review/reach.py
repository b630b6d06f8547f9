"""Where people work: queues and item types to which roles, a person's own bounds or a queue's members limit them.

A queue without members is for everybody whose role reaches it. Members narrow that and never widen it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, bindparam, func, or_, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from console.access.permissions import Permission, Place, Reach, covers, may
from console.actor import Actor
from console.review.errors import NotAMember, OutOfReach
from db.direct import Direct
from db.models import CheckItem, Queue, QueueMember

# The queue of recommendations is a view: they stay in their own queues. Its members are who gives second signatures.
APPROVALS: Final = "approvals"

# What a member must be allowed in a queue with members; for reading, being one is enough.
_ALLOWED: Final[dict[Permission, ColumnElement[bool]]] = {
    Permission.ITEM_CLAIM: or_(QueueMember.decides, QueueMember.signs),
    Permission.ITEM_DECIDE: QueueMember.decides.is_(True),
    Permission.ITEM_APPROVE: QueueMember.signs.is_(True),
}


async def place_of(session: AsyncSession, item: CheckItem) -> Place:
    """Where an item stands."""
    key = (await session.execute(select(Queue.key).where(Queue.id == item.queue_id))).scalar_one()
    return Place(key, item.item_type)


async def places_of(session: AsyncSession, items: Iterable[CheckItem]) -> dict[UUID, Place]:
    """Where many items stand, by item."""
    keys = {row.id: row.key for row in await session.execute(select(Queue.id, Queue.key))}
    return {item.id: Place(keys[item.queue_id], item.item_type) for item in items}


@dataclass(frozen=True)
class Ground:
    """Where somebody holds a permission, for asking about many items. `closed`: queues that have other members."""

    actor: Actor
    permission: Permission
    closed: frozenset[str]

    def check(self, place: Place) -> None:
        """Raise OutOfReach or NotAMember unless the permission is held for items that stand there."""
        if not covers(self.actor, self.permission, place):
            raise OutOfReach(place.queue, place.item_type)
        if place.queue in self.closed:
            raise NotAMember(place.queue)
        if self.permission is Permission.ITEM_APPROVE and APPROVALS in self.closed:
            raise NotAMember(APPROVALS)


@dataclass(frozen=True)
class Membership:
    """What a person may do in a queue that has members; `queue` is its key. In others their role alone counts."""

    queue: str
    decides: bool
    signs: bool


# The rows of `Membership` of the person `:looking`, for a statement that reads them beside something else.
MEMBERSHIPS: Final = """
    select q.key as queue, m.decides, m.signs
    from (
        select queue_id, coalesce(bool_or(user_id = :looking and decides), false) as decides,
            coalesce(bool_or(user_id = :looking and signs), false) as signs
        from queue_member group by queue_id
    ) m join queue q on q.id = m.queue_id"""


def ground_among(actor: Actor, permission: Permission, memberships: Iterable[Membership]) -> Ground:
    """`ground_of` for whoever has read the actor's memberships; of deciding and signing."""
    held = {Permission.ITEM_DECIDE: "decides", Permission.ITEM_APPROVE: "signs"}[permission]
    closed = () if actor.system else (one.queue for one in memberships if not getattr(one, held))
    return Ground(actor, permission, frozenset(closed))


async def ground_of(session: AsyncSession, actor: Actor, permission: Permission) -> Ground:
    """Where the actor holds the permission at this moment."""
    return Ground(actor, permission, frozenset(await closed_queues(session, actor, permission)))


async def check_reach(session: AsyncSession, actor: Actor, permission: Permission, place: Place) -> None:
    """Raise OutOfReach or NotAMember unless the actor holds the permission for items that stand there."""
    (await ground_of(session, actor, permission)).check(place)


async def closed_queues(session: AsyncSession, actor: Actor, permission: Permission) -> dict[str, UUID]:
    """Keys and ids of the queues whose members are others: the actor may not do this there, by no role of theirs."""
    if passes_members(actor, permission):
        return {}
    rows = await _closed_to(permission).all(session, {"user": actor.user_id})
    return {row.key: row.id for row in rows}


@lru_cache
def _closed_to(permission: Permission) -> Direct:
    return Direct(select(Queue.key, Queue.id).where(Queue.id.in_(of_others(permission))))


def of_others(permission: Permission) -> Select[UUID]:
    """The ids of the queues that have members of which the person `:user` is none, or not for this."""
    allowed = and_(QueueMember.user_id == bindparam("user"), _ALLOWED.get(permission, true()))
    return select(QueueMember.queue_id).group_by(QueueMember.queue_id).having(func.bool_or(allowed).is_(False))


def passes_members(actor: Actor, permission: Permission) -> bool:
    """Whether no queue's members keep the actor out. Who manages the queues, and who only reads checks, goes on seeing
    all of them."""
    return actor.system or (
        permission not in _ALLOWED and (may(actor, Permission.QUEUE_MANAGE) or not may(actor, Permission.ITEM_CLAIM))
    )


# A part of the work, of those that are given as `parts_json` writes them, covers a queue (`queue.key`) and item type
# (`type.item_type`) of a statement.
COVERED: Final = """exists (
        select from jsonb_to_recordset(cast(:{parts} as jsonb)) as part(queues jsonb, item_types jsonb)
        where (part.queues is null or part.queues ? queue.key)
          and (part.item_types is null or part.item_types ? type.item_type))"""


def parts_json(parts: tuple[Reach, ...] | None) -> str:
    """Rows for `jsonb_to_recordset`; None, no limit, is one that covers everything."""
    return json.dumps(
        [
            {
                "queues": None if part.queues is None else sorted(part.queues),
                "item_types": None if part.item_types is None else sorted(part.item_types),
            }
            for part in (parts if parts is not None else (Reach(None, None),))
        ]
    )


def inside(part: Reach) -> ColumnElement[bool]:
    """The condition on `check_item` of the items that belong to this part of the work."""
    queues = select(Queue.id).where(Queue.key.in_(part.queues or ()))
    return and_(
        true(),
        *([] if part.queues is None else [CheckItem.queue_id.in_(queues)]),
        *([] if part.item_types is None else [CheckItem.item_type.in_(part.item_types)]),
    )
