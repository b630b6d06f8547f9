"""The statements that list the queue, each made once: it depends on which filters there are, not on what they say."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Final

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
    tuple_,
    union,
)
from sqlalchemy.orm import aliased

from console.actor import Actor
from console.review.open_items import OPEN_ITEMS, URGENCY
from console.review.queue_filter import Filter, Sort
from console.review.queue_search import Search, cents, found_by
from console.review.reach_conditions import Reached, Ways, inside
from console.review.states import Status
from db.direct import Direct
from db.models import CheckItem, Claim, Flag, PendingDecision, Queue, User

_COLUMNS = {Sort.SLA: URGENCY, Sort.AMOUNT: (CheckItem.amount_cents,), Sort.RECEIVED: (CheckItem.received_at,)}

# What a filter is given. A statement depends on which of them there are, and not on what they are.
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

_ASSIGNED = aliased(User)

# Columns, no entities: a page of fifty is read for every filter and every key pressed in the search.
_OF_ITEM: Final = (
    "id",
    "version",
    "status",
    "amount",
    "item_type",
    "account_number",
    "serial",
    "payee",
    "priority",
    "two_people",
    "received_at",
    "sla_due_at",
    "sla_warning_at",
    "return_by",
    "return_rule",
    "assigned_to",
)
# What else finding and joining takes.
_BESIDE: Final = ("institution_id", "queue_id", "amount_cents")

_FOUND: Final[Any] = select(*(getattr(CheckItem, name) for name in (*_OF_ITEM, *_BESIDE)))


def _rows(found: Select[Any], order: Iterable[str] = (), *, descending: bool = False) -> Select[Any]:
    """The rows of the items that were found, in the order of these columns. What stands beside an item is looked up for
    these few alone, also where many had to be put in order."""
    item: Any = aliased(CheckItem, found.subquery("found"))
    columns = [getattr(item, name) for name in order]
    flags = select(func.array_agg(Flag.title)).where(Flag.item_id == item.id).correlate(item).scalar_subquery()
    return (
        select(
            *(getattr(item, name) for name in _OF_ITEM),
            Queue.key.label("queue_key"),
            Claim.user_id.label("holder_id"),
            User.display_name.label("holder"),
            _ASSIGNED.display_name.label("assigned"),
            flags.label("flags"),
            PendingDecision.commit_at,
        )
        .join_from(item, Queue, Queue.id == item.queue_id)
        .outerjoin(Claim, and_(Claim.item_id == item.id, Claim.expires_at > func.now()))
        .outerjoin(User, User.id == Claim.user_id)
        .outerjoin(PendingDecision, PendingDecision.item_id == Claim.item_id)
        .outerjoin(_ASSIGNED, _ASSIGNED.id == item.assigned_to)
        .order_by(*(column.desc() if descending else column for column in columns))
    )


_INSTITUTION: Final = bindparam("institution", type_=CheckItem.institution_id.type)
_USER: Final = bindparam("user", type_=CheckItem.assigned_to.type)


@dataclass(frozen=True)
class Shape:
    """What a statement of the queue depends on: which filters there are, how the actor is bounded, and by what is
    searched."""

    filter: Filter
    ways: Ways
    search: Search | None = None


def shape_of(chosen: Filter, reach: Reached, search: Search | None) -> Shape:
    """The shape of the statement for a filter."""
    given = {name: "given" for name in _GIVEN if getattr(chosen, name) is not None}
    return Shape(replace(chosen, search="", **given), reach.ways, search)  # type: ignore[arg-type]


def values_of(actor: Actor, chosen: Filter, reach: Reached) -> dict[str, Any]:
    """The parameters of a filter's statement, but for those of a search."""
    values = {name: getattr(chosen, name) for name in _GIVEN if getattr(chosen, name) is not None}
    values |= {name: cents(values[name]) for name in ("amount_from", "amount_to") if name in values}
    return values | reach.values | {"institution": actor.institution_id, "user": actor.user_id}


def has_one_plan(chosen: Filter, reach: Reached) -> bool:
    """Whether the same plan is good whatever the statement is given: where nothing of it says how many there are. To
    plan it takes longer than to find a page."""
    plain = Filter(queue=chosen.queue, status=chosen.status, priority=chosen.priority)
    return chosen == plain and reach.parts is None


@lru_cache(maxsize=512)
def listing(shape: Shape, sort: Sort, descending: bool, later: bool) -> Direct:
    """One page; with `later` what comes after a key."""
    order = (*_COLUMNS[sort], CheckItem.id)
    query: Select[Any] = _FOUND.where(*_conditions(shape))
    if later:
        here = tuple_(*order)
        there = tuple_(*(bindparam(f"after_{place}", type_=column.type) for place, column in enumerate(order)))
        query = query.where(here < there if descending else here > there)
    query = query.order_by(*(column.desc() if descending else column for column in order))
    found = query.limit(bindparam("most", type_=Integer))
    return Direct(_rows(found, [column.key for column in order], descending=descending))


@lru_cache(maxsize=512)
def named(shape: Shape) -> Direct:
    """Of some items those that the filter lists."""
    ids = bindparam("ids", type_=ARRAY(CheckItem.id.type))
    return Direct(_rows(_FOUND.where(*_conditions(shape), CheckItem.id == any_(ids))))


def _conditions(shape: Shape) -> list[ColumnElement[bool]]:
    found = [] if shape.search is None else [found_by(shape.search)]
    return [*_filtered(shape.filter), *inside(shape.ways), *found]


def _filtered(shape: Filter) -> list[ColumnElement[bool]]:
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
