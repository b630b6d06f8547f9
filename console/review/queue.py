"""The queue: filtered, sorted and paged by key in the database, the same speed at any size."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final, NamedTuple
from uuid import UUID

from sqlalchemy import select

from console.access.permissions import Permission, reaches, require
from console.actor import Actor
from console.masking import masked
from console.review.queue_filter import Filter, Sort
from console.review.queue_search import cents, sought
from console.review.queue_shape import Shape, has_one_plan, is_tallied, shape_of, values_of
from console.review.queue_statements import listing, named
from console.review.reach import APPROVALS, closed_queues
from console.review.reach_conditions import Asked, Reached, read_in_reach
from console.review.states import Status
from db.direct import Direct
from db.engine import transaction
from db.models import Queue

PAGE = 50

MAX_PAGE = 200

# Where most checks begin, and what is a view of other queues.
_NO_TARGETS: Final = ("standard", APPROVALS)
_STATUSES: Final = {one.value: one for one in Status}


@dataclass(frozen=True)
class Key:
    """Where a page ended: the sorted columns' values and the item's id."""

    values: tuple[datetime | Decimal | int, ...]
    id: UUID


class QueueRow(NamedTuple):
    """A line of the queue. `account` is masked. A page of fifty is made in a fifth of the time of a data class's."""

    id: UUID
    version: int
    status: Status
    amount: Decimal
    item_type: str
    account: str
    serial: str
    payee: str | None
    priority: int
    two_people: bool
    queue_key: str
    received_at: datetime
    sla_due_at: datetime
    sla_warning_at: datetime
    return_by: datetime | None
    return_rule: str | None
    flags: tuple[str, ...]
    holder_id: UUID | None
    holder: str | None
    committing: bool
    assigned_to: UUID | None
    assigned: str | None


@dataclass(frozen=True)
class Page:
    """Rows of one page and the key to go on from; None at the end."""

    rows: tuple[QueueRow, ...]
    next: Key | None


@dataclass(frozen=True)
class QueueName:
    """A queue of the institution, as pages name it."""

    key: str
    name: str


async def queue_names(actor: Actor) -> tuple[QueueName, ...]:
    """The queues in which the actor works or reads, in their order. Raises NotAllowed."""
    require(actor, Permission.QUEUE_READ)
    parts = reaches(actor, Permission.QUEUE_READ)
    async with transaction(actor) as session:
        closed = await closed_queues(session, actor, Permission.QUEUE_READ)
        open_ = select(Queue.key, Queue.name).where(Queue.closed_at.is_(None)).order_by(Queue.position, Queue.key)
        rows = await session.execute(open_)
        return tuple(
            QueueName(row.key, row.name)
            for row in rows
            if row.key not in closed
            and (parts is None or any(part.queues is None or row.key in part.queues for part in parts))
        )


async def escalation_targets(actor: Actor) -> tuple[QueueName, ...]:
    """The queues to which a check can be escalated, in their order: those too in which the actor does not work, because
    whom one hands a check to works elsewhere. Raises NotAllowed."""
    require(actor, Permission.ITEM_DECIDE)
    open_ = select(Queue.key, Queue.name).where(Queue.closed_at.is_(None), Queue.key.not_in(_NO_TARGETS))
    async with transaction(actor) as session:
        rows = await session.execute(open_.order_by(Queue.position, Queue.key))
        return tuple(QueueName(row.key, row.name) for row in rows)


async def list_items(
    actor: Actor,
    chosen: Filter | None = None,
    *,
    sort: Sort = Sort.SLA,
    descending: bool = False,
    after: Key | None = None,
    limit: int = PAGE,
) -> Page:
    """One page of the queue, the next one with the `after` of the page before. Raises NotAllowed."""
    require(actor, Permission.QUEUE_READ)
    chosen, limit = chosen or Filter(), max(1, min(limit, MAX_PAGE))
    most = (PAGE if limit <= PAGE else MAX_PAGE) + 1  # no statement of its own for each number
    more: dict[str, Any] = {}
    if after is not None:
        there = (*_compared(sort, after), after.id)
        more |= {f"after_{place}": value for place, value in enumerate(there)}

    def statement(shape: Shape) -> Direct:
        return listing(shape, sort, descending, after is not None, most)

    found = await _read(actor, chosen, statement, more, sort)
    rows = tuple(_row(one) for one in found[:limit])
    return Page(rows, sort_key(rows[-1], sort) if len(found) > limit else None)


def sort_key(row: QueueRow, sort: Sort) -> Key:
    """Where a row stands in an order; `values` and `id` compare as the database compares them."""
    values = {Sort.SLA: (row.sla_due_at, row.priority), Sort.AMOUNT: (row.amount,), Sort.RECEIVED: (row.received_at,)}
    return Key(values[sort], row.id)


def _compared(sort: Sort, key: Key) -> tuple[Any, ...]:
    """The key's values as the database compares them."""
    return tuple(cents(Decimal(str(value))) for value in key.values) if sort is Sort.AMOUNT else key.values


async def rows_by_id(actor: Actor, item_ids: Sequence[UUID], chosen: Filter | None = None) -> dict[UUID, QueueRow]:
    """Those of the items that the filter still lists: what a live hint asks for. Raises NotAllowed."""
    require(actor, Permission.QUEUE_READ)
    ids = {"ids": list(item_ids[:MAX_PAGE])}
    found = await _read(actor, chosen or Filter(), named, ids)
    return {row.id: _row(row) for row in found}


async def _read(
    actor: Actor,
    chosen: Filter,
    statement: Callable[[Shape], Direct],
    more: dict[str, Any],
    sort: Sort | None = None,
) -> Sequence[Any]:
    """What a statement finds in the part of the queue that the actor is shown, of what is searched for; in an order, or
    of items that are named."""
    search = None
    if chosen.search.strip():
        if (found := await sought(actor, chosen.search, chosen.status)) is None:
            return ()
        search, words = found
        more |= words

    def ask(reach: Reached) -> list[Asked]:
        return [(statement(shape_of(chosen, reach, search)), values_of(actor, chosen, reach) | more)]

    def plans_once(reach: Reached) -> bool:
        return sort is None or has_one_plan(chosen, reach, sort, search)

    tallied = is_tallied(actor, chosen, sort)
    # A plan for some values is none for others: a flag may be rare or frequent.
    how = {"plans_each": True, "tallied": tallied}
    _, [rows] = await read_in_reach(actor, Permission.QUEUE_READ, ask, plans_once=plans_once, **how)
    return rows


def _row(found: Any) -> QueueRow:
    return QueueRow(
        found.id,
        found.version,
        _STATUSES[found.status],
        found.amount,
        found.item_type,
        masked(found.account_number) if found.account_number else "—",
        found.serial,
        found.payee,
        found.priority,
        found.two_people,
        found.queue_key,
        found.received_at,
        found.sla_due_at,
        found.sla_warning_at,
        found.return_by,
        found.return_rule,
        tuple(sorted(found.flags or ())),
        found.holder_id,
        found.holder,
        found.commit_at is not None,
        found.assigned_to,
        found.assigned,
    )
