"""How many checks wait, are late or are done: read from indexes alone, so that it stays cheap with many items."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, ScalarSelect, Select, and_, func, select, text, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from console.access.permissions import Permission, require
from console.actor import Actor
from console.review.queue import OPEN_ITEMS, URGENCY
from console.review.reach import in_reach
from db.engine import transaction
from db.models import CheckItem, Claim, Queue

# Literal as OPEN_ITEMS is, so that the partial index over what is decided serves it.
DECIDED_ITEMS = text("check_item.status in ('approved', 'returned', 'rejected', 'closed')")
_SECOND_PERSON = text("check_item.status = 'pending_approval'")
Conditions = list[ColumnElement[bool]]


@dataclass(frozen=True)
class Counts:
    """How many items are open, by queue key and in all; of these, how many are late, nearly late, and waiting
    for a second person or in the actor's hands."""

    queues: dict[str, int]
    waiting: int
    breached: int
    warning: int
    second_person: int
    mine: int
    decided_today: int


async def counts(actor: Actor, day_start: datetime) -> Counts:
    """The figures above the queue; `day_start` is the institution's midnight. Raises NotAllowed."""
    require(actor, Permission.QUEUE_READ)
    async with transaction(actor) as session:
        reached = await _reached(session, actor)
        queues = await _by_queue(session, reached)
        figures = select(
            _count_open(reached, CheckItem.sla_due_at <= func.now()),
            _count_open(reached, CheckItem.sla_warning_at <= func.now(), CheckItem.sla_due_at > func.now()),
            _second_person(reached),
            _mine(actor),
            _decided_since(reached, day_start),
        )
        breached, warning, second_person, mine, decided = (await session.execute(figures)).one()
    return Counts(queues, sum(queues.values()), breached, warning, second_person, mine, decided)


async def neighbours(actor: Actor, queue: str | None, item_id: UUID) -> tuple[int, int]:
    """Place of an item among the open items of its queue by SLA, counting from 1, and how many there are."""
    require(actor, Permission.QUEUE_READ)
    condition = [CheckItem.queue_id == _queue_id(queue)] if queue else []
    async with transaction(actor) as session:
        own = (await session.execute(select(*URGENCY, CheckItem.id).where(CheckItem.id == item_id))).first()
        reached = await _reached(session, actor)
        total = (await session.execute(_open(reached, *condition))).scalar_one()
        if own is None:
            return 0, total
        before = _open(reached, *condition, tuple_(*URGENCY, CheckItem.id) < tuple_(*own))
        return (await session.execute(before)).scalar_one() + 1, total


async def _by_queue(session: AsyncSession, reached: Conditions) -> dict[str, int]:
    """Open items by queue key, of the queues that have any."""
    waiting = select(CheckItem.queue_id, func.count().label("waiting")).where(*reached, OPEN_ITEMS)
    by_id = waiting.group_by(CheckItem.queue_id).subquery()
    rows = await session.execute(select(Queue.key, by_id.c.waiting).join(by_id, by_id.c.queue_id == Queue.id))
    return {row.key: row.waiting for row in rows}


def _open(reached: Conditions, *conditions: ColumnElement[bool]) -> Select[int]:
    return select(func.count()).select_from(CheckItem).where(*reached, OPEN_ITEMS, *conditions)


async def _reached(session: AsyncSession, actor: Actor) -> Conditions:
    """The items of the part of the institution's queue on which the actor works."""
    reach = await in_reach(session, actor, Permission.QUEUE_READ)
    # Named beside row-level security, so that the planner can use the indexes that begin with it.
    return [CheckItem.institution_id == actor.institution_id, *([] if reach is None else [reach])]


def _count_open(reached: Conditions, *conditions: ColumnElement[bool]) -> ScalarSelect[int]:
    return _open(reached, *conditions).scalar_subquery()


def _second_person(reached: Conditions) -> ScalarSelect[int]:
    """Queue by queue, because the index over them begins with the queue."""
    items = _open(reached).join(Queue, Queue.id == CheckItem.queue_id).where(_SECOND_PERSON)
    return items.scalar_subquery()


def _mine(actor: Actor) -> ScalarSelect[int]:
    held = and_(Claim.user_id == actor.user_id, Claim.expires_at > func.now())
    return select(func.count()).select_from(Claim).where(held).scalar_subquery()


def _decided_since(reached: Conditions, start: datetime) -> ScalarSelect[int]:
    items = select(func.count()).select_from(CheckItem).where(*reached, CheckItem.decided_at >= start)
    return items.where(DECIDED_ITEMS).scalar_subquery()


def _queue_id(key: str) -> ScalarSelect[UUID]:
    return select(Queue.id).where(Queue.key == key).scalar_subquery()
