"""How many checks wait, are late or are done: sums and the beginnings of indexes, cheap with many items as with few."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Integer,
    ScalarSelect,
    and_,
    bindparam,
    func,
    literal_column,
    select,
    text,
    tuple_,
    union,
)
from sqlalchemy.orm import aliased

from console.access.permissions import Permission, require
from console.actor import Actor
from console.review.cells import any_status, cells, count_of, first_of
from console.review.open_items import OPEN_ITEMS, URGENCY
from console.review.reach_conditions import Asked, Reached, inside, planned_once, read_in_reach
from console.review.states import Status
from console.review.tally import OPEN_SUMS, SUMS, seen_of
from db.direct import Direct
from db.models import CheckItem, Claim, Decision

# Literal as OPEN_ITEMS is, so that the partial index over what is decided serves it.
DECIDED_ITEMS = text("check_item.status in ('approved', 'returned', 'rejected', 'cleared', 'closed')")
# Beyond, a figure says "more than": nobody acts differently on 10,000 late checks than on 12,000.
MOST_COUNTED: Final = 10_000
# The median of the day is that of the newest so many decisions.
_NEWEST: Final = 2_000
Conditions = list[ColumnElement[bool]]

_INSTITUTION: Final = bindparam("institution", type_=CheckItem.institution_id.type)
_USER: Final = bindparam("user", type_=Claim.user_id.type)
_START: Final = bindparam("start", type_=CheckItem.decided_at.type)


@dataclass(frozen=True)
class Counts:
    """How many items are open, by queue key, by status and in all; of these, how many are late, nearly late (both at
    most MOST_COUNTED), wait for a second person, and are in the actor's hands or for the actor.

    `median_ms` is the time that decisions of today took, None: there were none.
    """

    queues: dict[str, int]
    statuses: dict[Status, int]
    waiting: int
    breached: int
    warning: int
    second_person: int
    mine: int
    decided_today: int
    median_ms: int | None


async def counts(actor: Actor, day_start: datetime) -> Counts:
    """The figures above the queue; `day_start` is the institution's midnight. Raises NotAllowed."""
    require(actor, Permission.QUEUE_READ)

    def ask(reach: Reached) -> list[Asked]:
        values = _values(actor, reach, start=day_start)
        return [(SUMS, values), (_figures(reach.bounded), values)]

    reach, (sums, [figures]) = await read_in_reach(actor, Permission.QUEUE_READ, ask)
    breached, warning, mine, decided, median = figures
    tallies = seen_of(sums, actor, reach.closed)
    queues: Counter[str] = Counter()
    statuses: Counter[Status] = Counter()
    for one in tallies:
        queues[one.queue] += one.items
        statuses[one.status] += one.items
    waiting, second = sum(statuses.values()), statuses[Status.PENDING_APPROVAL]
    median_ms = None if median is None else int(median)
    return Counts(dict(+queues), dict(+statuses), waiting, breached, warning, second, mine, decided, median_ms)


async def neighbours(actor: Actor, queue: str | None, item_id: UUID) -> tuple[int, int]:
    """Place of an item among the open items of its queue by SLA, counting from 1, no further than MOST_COUNTED (0: it
    is not open, or not there), and how many there are."""
    require(actor, Permission.QUEUE_READ)
    reach, [[row]] = await read_in_reach(
        actor,
        Permission.QUEUE_READ,
        lambda reach: [place_asked(actor, reach, queue, item_id)],
        plans_once=planned_once,
    )
    return place_in(row, actor, reach, queue)


def place_asked(actor: Actor, reach: Reached, queue: str | None, item_id: UUID) -> Asked:
    """The statement for `neighbours`, whose one row is for `place_in`, and its parameters."""
    values = _values(actor, reach, item=item_id, **({} if queue is None else {"queue": queue}))
    return _place(reach.bounded, queue is not None), values


def place_in(row: Any, actor: Actor, reach: Reached, queue: str | None) -> tuple[int, int]:
    """What `neighbours` answers, from the row of `place_asked`."""
    total = sum(one.items for one in seen_of(row.sums or (), actor, reach.closed) if queue in {None, one.queue})
    return (0 if row.there is None else row.before + 1), total


def _values(actor: Actor, reach: Reached, **more: Any) -> dict[str, Any]:
    return {"institution": actor.institution_id, "user": actor.user_id, **reach.values, **more}


@lru_cache
def _place(bounded: bool, in_queue: bool) -> Direct:
    """The statement for an item's place: the sums of what is open, whether it is there, and how many come before."""
    item, own, sums = bindparam("item", type_=CheckItem.id.type), aliased(CheckItem), OPEN_SUMS.subquery()
    order = (*URGENCY, CheckItem.id)
    # Each part of the item's place by itself: so they are known before the index is asked, and bound its search.
    place = [select(getattr(own, part.key)).where(own.id == item).scalar_subquery() for part in order]
    return Direct(
        select(
            select(func.json_agg(func.json_build_array(*sums.c))).scalar_subquery().label("sums"),
            select(CheckItem.id).where(CheckItem.id == item, OPEN_ITEMS).scalar_subquery().label("there"),
            _some_open(bounded, tuple_(*order) < tuple_(*place), in_queue=in_queue).label("before"),
        )
    )


@lru_cache
def _figures(bounded: bool) -> Direct:
    """The statement for what is late, nearly late, the actor's, and decided since `start`, with the median time."""
    return Direct(
        select(
            _some_open(bounded, CheckItem.sla_due_at <= func.now()),
            _nearly_late(bounded),
            _mine(),
            _decided_since(_reached(bounded)),
            _median_since(),
        )
    )


def _reached(bounded: bool) -> Conditions:
    """The items of the part of the institution's queue on which the actor works."""
    # Named beside row-level security, so that the planner can use the indexes that begin with it.
    return [CheckItem.institution_id == _INSTITUTION, *inside(bounded)]


def _some_open(bounded: bool, condition: ColumnElement[bool], *, in_queue: bool = False) -> ColumnElement[int]:
    """How many of the open items these are, which an order by urgency begins with; no more than MOST_COUNTED of them
    are looked at."""
    if bounded or in_queue:
        return count_of(cells(bounded=bounded, queue=in_queue), MOST_COUNTED, condition)
    return _some(CheckItem.institution_id == _INSTITUTION, OPEN_ITEMS, condition)


def _nearly_late(bounded: bool) -> ColumnElement[int]:
    """How many are not late and were warned of; no more than MOST_COUNTED. Of each queue and type the newest warnings
    are looked at, so many of them: what is late since long was warned of before."""
    conditions = (
        CheckItem.sla_warning_at <= func.now(),
        # No warning comes earlier, over a long weekend neither.
        CheckItem.sla_warning_at > func.now() - text("interval '14 days'"),
    )
    order = (CheckItem.sla_warning_at, CheckItem.sla_due_at)
    most = literal_column(str(MOST_COUNTED), Integer)
    warned = first_of(any_status(bounded=bounded), order[:1], most, *conditions, descending=True, beside=order[1:])
    found = warned.subquery()
    count = func.count().filter(found.c.sla_due_at > func.now())
    return select(func.least(count, most)).select_from(found).scalar_subquery()


def _some(*conditions: Any) -> ScalarSelect[int]:
    # In the text: a plan for any number would not stop early.
    most = literal_column(str(MOST_COUNTED), Integer)
    return (
        select(func.count())
        .select_from(select(CheckItem.id).where(*conditions).limit(most).subquery())
        .scalar_subquery()
    )


def _mine() -> ScalarSelect[int]:
    held = select(Claim.item_id).where(Claim.user_id == _USER, Claim.expires_at > func.now())
    own = and_(CheckItem.institution_id == _INSTITUTION, CheckItem.assigned_to == _USER)
    # Two indexes, one after the other: nothing serves both at once.
    ids = union(held, select(CheckItem.id).where(own, OPEN_ITEMS)).subquery()
    return select(func.count()).select_from(ids).scalar_subquery()


def _decided_since(reached: Conditions) -> ScalarSelect[int]:
    items = select(func.count()).select_from(CheckItem).where(*reached, CheckItem.decided_at >= _START)
    return items.where(DECIDED_ITEMS).scalar_subquery()


def _median_since() -> ScalarSelect[float]:
    taken = select(Decision.handled_ms).where(
        Decision.institution_id == _INSTITUTION, Decision.decided_at >= _START, Decision.handled_ms.is_not(None)
    )
    newest = taken.order_by(Decision.decided_at.desc()).limit(_NEWEST).subquery()
    return select(func.percentile_cont(0.5).within_group(newest.c.handled_ms)).scalar_subquery()
