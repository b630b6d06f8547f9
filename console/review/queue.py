"""The queue: filtered, sorted and paged by key in the database, the same speed at any size."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    BindParameter,
    ColumnElement,
    Integer,
    Select,
    and_,
    any_,
    bindparam,
    func,
    literal_column,
    select,
    text,
    tuple_,
    union,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from console.access.permissions import Permission, reaches, require
from console.actor import Actor
from console.masking import masked
from console.review.queue_search import cents, found_by
from console.review.reach import closed_queues, in_reach
from console.review.states import Status
from db.engine import transaction
from db.models import CheckItem, Claim, Flag, PendingDecision, Queue, User

PAGE = 50
MAX_PAGE = 200

# Literal, so that the partial indexes over what is open serve it.
OPEN_ITEMS = text("check_item.status not in ('approved', 'returned', 'rejected', 'cleared', 'closed')")


class Sort(StrEnum):
    SLA = "sla"
    AMOUNT = "amount"
    RECEIVED = "received"


# The order of urgency, everywhere: what is due first, among these the higher priority.
URGENCY = (CheckItem.sla_due_at, CheckItem.priority)

_ASSIGNED = aliased(User)
_COLUMNS = {Sort.SLA: URGENCY, Sort.AMOUNT: (CheckItem.amount_cents,), Sort.RECEIVED: (CheckItem.received_at,)}


@dataclass(frozen=True)
class Filter:
    """What to list. Everything open unless `status` says otherwise.

    `mine` is what the actor holds or was given. Amounts are dollars, both ends included; `flag` is a flag's code.
    """

    queue: str | None = None
    status: Status | None = None
    mine: bool = False
    flagged: bool = False
    item_type: str | None = None
    search: str = ""
    priority: int | None = None
    flag: str | None = None
    amount_from: Decimal | None = None
    amount_to: Decimal | None = None
    held_by: UUID | None = None
    assigned_to: UUID | None = None
    due_before: datetime | None = None
    received_from: datetime | None = None
    received_before: datetime | None = None


@dataclass(frozen=True)
class Key:
    """Where a page ended: the sorted columns' values and the item's id."""

    values: tuple[datetime | Decimal | int, ...]
    id: UUID


@dataclass(frozen=True)
class QueueRow:
    """A line of the queue. `account` is masked."""

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
    values = _values(actor, chosen) | {"most": limit + 1}
    if after is not None:
        there = (*_compared(sort, after), after.id)
        values |= {f"after_{place}": value for place, value in enumerate(there)}
    statement = _listing(_shape(chosen), sort, descending, after is not None)
    async with transaction(actor) as session:
        found = await _read(session, statement, actor, chosen, values)
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
    chosen = chosen or Filter()
    values = _values(actor, chosen) | {"ids": list(item_ids[:MAX_PAGE])}
    async with transaction(actor) as session:
        found = await _read(session, _named(_shape(chosen)), actor, chosen, values)
    return {row.id: _row(row) for row in found}


async def _read(
    session: AsyncSession, statement: Select[Any], actor: Actor, chosen: Filter, values: dict[str, Any]
) -> Sequence[Any]:
    """The rows of a statement in the part of the queue that the actor is shown, and of those that are searched for."""
    if (reach := await in_reach(session, actor, Permission.QUEUE_READ)) is not None:
        statement = statement.where(reach)
    if chosen.search.strip():
        statement = statement.where(await found_by(session, chosen.search, chosen.status))
    # Past the ORM, which has nothing to do for columns but to look at each row once more.
    connection = await session.connection()
    found: Sequence[Any] = (await connection.execute(statement, values)).all()
    return found


# What a filter is given. The statement depends on which of them there are, and not on what they are.
_GIVEN: Final = (
    "queue",
    "item_type",
    "flag",
    "amount_from",
    "amount_to",
    "held_by",
    "assigned_to",
    "due_before",
    "received_from",
    "received_before",
)


def _shape(chosen: Filter) -> Filter:
    """The filter without what it is given, so that one statement serves all filters of its kind."""
    given: dict[str, Any] = {name: "given" for name in _GIVEN if getattr(chosen, name) is not None}
    return replace(chosen, search="", **given)


def _values(actor: Actor, chosen: Filter) -> dict[str, Any]:
    """The parameters of a filter's statement."""
    values = {name: getattr(chosen, name) for name in _GIVEN if getattr(chosen, name) is not None}
    values |= {name: cents(values[name]) for name in ("amount_from", "amount_to") if name in values}
    return values | {"institution": actor.institution_id, "user": actor.user_id}


@lru_cache(maxsize=512)
def _listing(shape: Filter, sort: Sort, descending: bool, later: bool) -> Select[Any]:
    """One page; with `later` what comes after a key."""
    order = (*_COLUMNS[sort], CheckItem.id)
    query: Select[Any] = _ROWS.where(*_conditions(shape))
    if later:
        here = tuple_(*order)
        there = tuple_(*(bindparam(f"after_{place}", type_=column.type) for place, column in enumerate(order)))
        query = query.where(here < there if descending else here > there)
    query = query.order_by(*(column.desc() for column in order)) if descending else query.order_by(*order)
    return query.limit(bindparam("most", type_=Integer))


@lru_cache(maxsize=512)
def _named(shape: Filter) -> Select[Any]:
    """Of some items those that the filter lists."""
    ids = bindparam("ids", type_=ARRAY(CheckItem.id.type))
    query: Select[Any] = _ROWS.where(*_conditions(shape), CheckItem.id == any_(ids))
    return query


def _conditions(shape: Filter) -> list[ColumnElement[bool]]:
    # Named beside row-level security, so that the planner can use the indexes that begin with it.
    conditions: list[Any] = [CheckItem.institution_id == _INSTITUTION]
    conditions.append(_in_status(shape.status) if shape.status else OPEN_ITEMS)
    if shape.queue:
        conditions.append(
            CheckItem.queue_id == select(Queue.id).where(Queue.key == bindparam("queue")).scalar_subquery()
        )
    if shape.mine:
        own = and_(CheckItem.institution_id == _INSTITUTION, CheckItem.assigned_to == _USER)
        given = select(CheckItem.id).where(own, OPEN_ITEMS)
        conditions.append(CheckItem.id.in_(union(_held_by(_USER), given)))
    if shape.flagged:
        conditions.append(select(Flag.id).where(Flag.item_id == CheckItem.id).exists())
    if shape.item_type:
        conditions.append(CheckItem.item_type == bindparam("item_type"))
    return [*conditions, *_narrowed(shape)]


_INSTITUTION: Final = bindparam("institution", type_=CheckItem.institution_id.type)
_USER: Final = bindparam("user", type_=CheckItem.assigned_to.type)


def _in_status(status: Status) -> ColumnElement[bool]:
    """Literal, as OPEN_ITEMS is: a value of ours, and the partial index over what is under way serves it."""
    return literal_column(f"check_item.status = '{status.value}'")


def _held_by(user: BindParameter[Any]) -> Select[Any]:
    return select(Claim.item_id).where(Claim.user_id == user, Claim.expires_at > func.now())


def _narrowed(shape: Filter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if shape.priority is not None:
        conditions.append(literal_column(f"check_item.priority = {int(shape.priority)}"))
    if shape.flag:
        conditions.append(CheckItem.id.in_(select(Flag.item_id).where(Flag.code == bindparam("flag"))))
    if shape.amount_from is not None:
        conditions.append(CheckItem.amount_cents >= bindparam("amount_from"))
    if shape.amount_to is not None:
        conditions.append(CheckItem.amount_cents <= bindparam("amount_to"))
    if shape.held_by is not None:
        conditions.append(CheckItem.id.in_(_held_by(bindparam("held_by"))))
    if shape.assigned_to is not None:
        conditions.append(CheckItem.assigned_to == bindparam("assigned_to"))
    if shape.due_before is not None:
        conditions.append(CheckItem.sla_due_at < bindparam("due_before"))
    if shape.received_from is not None:
        # Nothing is due before it came in: an order by the due time begins there.
        since = bindparam("received_from", type_=CheckItem.received_at.type)
        conditions += [CheckItem.received_at >= since, CheckItem.sla_due_at >= since]
    if shape.received_before is not None:
        conditions.append(CheckItem.received_at < bindparam("received_before"))
    return conditions


def _row(found: Any) -> QueueRow:
    return QueueRow(
        found.id,
        found.version,
        Status(found.status),
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


# Columns, no entities: a page of fifty is read for every filter and every key pressed in the search.
_ROWS: Final[Any] = (
    select(
        CheckItem.id,
        CheckItem.version,
        CheckItem.status,
        CheckItem.amount,
        CheckItem.item_type,
        CheckItem.account_number,
        CheckItem.serial,
        CheckItem.payee,
        CheckItem.priority,
        CheckItem.two_people,
        CheckItem.received_at,
        CheckItem.sla_due_at,
        CheckItem.sla_warning_at,
        CheckItem.return_by,
        CheckItem.return_rule,
        CheckItem.assigned_to,
        Queue.key.label("queue_key"),
        Claim.user_id.label("holder_id"),
        User.display_name.label("holder"),
        _ASSIGNED.display_name.label("assigned"),
        select(func.array_agg(Flag.title))
        .where(Flag.item_id == CheckItem.id)
        .correlate(CheckItem)
        .scalar_subquery()
        .label("flags"),
        PendingDecision.commit_at,
    )
    .join_from(CheckItem, Queue, Queue.id == CheckItem.queue_id)
    .outerjoin(Claim, and_(Claim.item_id == CheckItem.id, Claim.expires_at > func.now()))
    .outerjoin(User, User.id == Claim.user_id)
    .outerjoin(PendingDecision, PendingDecision.item_id == Claim.item_id)
    .outerjoin(_ASSIGNED, _ASSIGNED.id == CheckItem.assigned_to)
)
