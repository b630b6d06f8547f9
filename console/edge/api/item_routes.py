"""Checks, read: a page of the queue, and one check as a reviewer sees it. Account numbers are masked."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from http import HTTPStatus
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel

from console.access.permissions import Permission, require
from console.actor import Actor
from console.edge.api import cursor as cursors
from console.edge.api.door import Caller
from console.masking import masked
from console.review import advice
from console.review import queue as queues
from console.review.advice import GivenAdvice
from console.review.clocks import due_shown
from console.review.item_view import FlagShown, ItemView
from console.review.opening import open_item
from console.review.queue import MAX_PAGE, PAGE, Key, QueueRow
from console.review.queue_filter import Filter, Sort
from console.review.queue_search import MAX_SEARCH
from console.review.return_deadline import cited
from console.review.states import Status

router = APIRouter(prefix="/items", tags=["items"])

_KEYS: Final[dict[Sort, tuple[type[datetime] | type[Decimal] | type[int], ...]]] = {
    Sort.SLA: (datetime, int),
    Sort.AMOUNT: (Decimal,),
    Sort.RECEIVED: (datetime,),
}


class ItemLine(BaseModel):
    """A check of the queue; `amount` in dollars, `account` masked."""

    id: UUID
    version: int
    status: Status
    queue: str
    item_type: str
    amount: Decimal
    account: str
    serial: str
    payee: str | None
    priority: int
    two_people: bool
    flags: list[str]
    received_at: datetime
    # Null while the clock stands still: held, or waiting for information.
    sla_due_at: datetime | None
    return_by: datetime | None
    # The rule behind it, as it is cited.
    return_rule: str | None
    held_by: str | None


class ItemPage(BaseModel):
    """Checks, and the cursor of the next page; null at the end."""

    items: list[ItemLine]
    next: str | None


class ItemFlag(BaseModel):
    code: str
    title: str
    explanation: str
    source: str
    answer: str | None


class ItemDetail(BaseModel):
    """A check; `amount` in dollars, `account` masked."""

    id: UUID
    version: int
    status: Status
    kind: str
    queue: str
    item_type: str
    amount: Decimal
    routing: str
    account: str
    serial: str
    sequence: str
    payee: str | None
    depositary_routing: str | None
    return_reason: str | None
    business_date: date | None
    received_at: datetime
    # Null while the clock stands still: held, or waiting for information.
    sla_due_at: datetime | None
    return_by: datetime | None
    # The rule behind it, as it is cited.
    return_rule: str | None
    priority: int
    two_people: bool
    policy_number: int
    held_by: str | None
    flags: list[ItemFlag]
    findings: list[str]


class AdviceAnswer(BaseModel):
    """Advice as it was kept; the highest `sequence` of a check counts."""

    id: UUID
    sequence: int


class ItemQuery(BaseModel):
    """What to list: everything open unless `status` says otherwise."""

    queue: Annotated[str | None, Query(max_length=60)] = None
    status: Status | None = None
    flagged: bool = False
    item_type: Annotated[str | None, Query(max_length=60)] = None
    search: Annotated[str, Query(max_length=MAX_SEARCH)] = ""
    sort: Sort = Sort.SLA
    descending: bool = False
    cursor: Annotated[str | None, Query(max_length=500)] = None
    limit: Annotated[int, Query(ge=1, le=MAX_PAGE)] = PAGE


@router.get("")
async def list_items(caller: Caller, asked: Annotated[ItemQuery, Query()]) -> ItemPage:
    """A page of checks."""
    order = f"items {asked.sort.value} {asked.descending}"
    after = Key(*cursors.read(order, asked.cursor, _KEYS[asked.sort])) if asked.cursor else None
    chosen = Filter(
        queue=asked.queue,
        status=asked.status,
        flagged=asked.flagged,
        item_type=asked.item_type,
        search=asked.search,
    )
    page = await queues.list_items(
        caller, chosen, sort=asked.sort, descending=asked.descending, after=after, limit=asked.limit
    )
    following = cursors.written(order, page.next.values, page.next.id) if page.next else None
    return ItemPage(items=[_line(row) for row in page.rows], next=following)


@router.get("/{item_id}")
async def read_item(caller: Caller, item_id: UUID) -> ItemDetail:
    """One check. Reading it here claims nothing."""
    opened = await open_item(caller, item_id, take=False)
    return _detail(opened.view)


async def _advising(caller: Caller) -> Actor:
    """Before anything is said about what was sent."""
    require(caller, Permission.ADVICE_WRITE)
    return caller


Adviser = Annotated[Actor, Depends(_advising)]


@router.put("/{item_id}/advice", status_code=HTTPStatus.CREATED)
async def give_advice(adviser: Adviser, item_id: UUID, given: GivenAdvice) -> AdviceAnswer:
    """Give advice on a check, for the person who decides it; the newest counts. Earlier advice is kept."""
    kept = await advice.give_advice(adviser, item_id, given)
    return AdviceAnswer(id=kept.id, sequence=kept.sequence)


def _line(row: QueueRow) -> ItemLine:
    return ItemLine(
        id=row.id,
        version=row.version,
        status=row.status,
        queue=row.queue_key,
        item_type=row.item_type,
        amount=row.amount,
        account=row.account,
        serial=row.serial,
        payee=row.payee,
        priority=row.priority,
        two_people=row.two_people,
        flags=list(row.flags),
        received_at=row.received_at,
        sla_due_at=due_shown(row.sla_due_at),
        return_by=row.return_by,
        return_rule=cited(row.return_rule),
        held_by=row.holder,
    )


def _detail(view: ItemView) -> ItemDetail:
    return ItemDetail(
        id=view.id,
        version=view.version,
        status=view.status,
        kind=view.kind,
        queue=view.queue_key,
        item_type=view.item_type,
        amount=view.amount,
        routing=view.routing,
        account=masked(view.account_number),
        serial=view.serial,
        sequence=view.sequence,
        payee=view.payee,
        depositary_routing=view.depositary_routing,
        return_reason=view.return_reason,
        business_date=view.business_date,
        received_at=view.received_at,
        sla_due_at=due_shown(view.sla_due_at),
        return_by=view.return_by,
        return_rule=cited(view.return_rule),
        priority=view.priority,
        two_people=view.two_people,
        policy_number=view.policy_number,
        held_by=view.holder.name if view.holder else None,
        flags=[_flag(flag) for flag in view.flags],
        findings=list(view.findings),
    )


def _flag(flag: FlagShown) -> ItemFlag:
    return ItemFlag(
        code=flag.code, title=flag.title, explanation=flag.explanation, source=flag.source, answer=flag.answer
    )
