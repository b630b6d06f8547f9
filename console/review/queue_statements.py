"""The statements that list the queue, each made once: it depends on which filters there are, not on what they say."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import (
    ARRAY,
    BindParameter,
    ColumnElement,
    Integer,
    Select,
    Subquery,
    and_,
    any_,
    bindparam,
    func,
    literal_column,
    select,
    true,
    tuple_,
    union,
)
from sqlalchemy.orm import aliased

from console.review.cells import any_status, cells, first_of, queue_named
from console.review.open_items import OPEN_ITEMS, URGENCY
from console.review.queue_filter import Filter, Sort
from console.review.queue_search import found_by
from console.review.queue_shape import FEW, Shape, by_cells
from console.review.reach_conditions import inside
from console.review.states import Status
from db.direct import Direct
from db.models import CheckItem, Claim, Flag, PendingDecision, Queue, User

_COLUMNS = {Sort.SLA: URGENCY, Sort.AMOUNT: (CheckItem.amount_cents,), Sort.RECEIVED: (CheckItem.received_at,)}

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
    return _shown(item, item, order, descending=descending)


def _rows_by_id(found: Select[Any], order: Iterable[str], *, descending: bool) -> Select[Any]:
    """The same where no more than the ids were found: an index alone says these."""
    item, few = aliased(CheckItem), found.subquery("found")
    return _shown(few.join(item, item.id == few.c.id), item, order, descending=descending)


def _shown(source: Any, item: Any, order: Iterable[str], *, descending: bool) -> Select[Any]:
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
        .select_from(source)
        .join(Queue, Queue.id == item.queue_id)
        .outerjoin(Claim, and_(Claim.item_id == item.id, Claim.expires_at > func.now()))
        .outerjoin(User, User.id == Claim.user_id)
        .outerjoin(PendingDecision, PendingDecision.item_id == Claim.item_id)
        .outerjoin(_ASSIGNED, _ASSIGNED.id == item.assigned_to)
        .order_by(*(column.desc() if descending else column for column in columns))
    )


_INSTITUTION: Final = bindparam("institution", type_=CheckItem.institution_id.type)
_USER: Final = bindparam("user", type_=CheckItem.assigned_to.type)


@lru_cache(maxsize=512)
def listing(shape: Shape, sort: Sort, descending: bool, later: bool, most: int) -> Direct:
    """One page of at most so many; with `later` what comes after a key."""
    # In the text: a plan for any number would not be one for few.
    order, limit = (*_COLUMNS[sort], CheckItem.id), literal_column(str(most), Integer)
    conditions: list[ColumnElement[bool]] = []
    if later:
        here = tuple_(*order)
        there = tuple_(*(bindparam(f"after_{place}", type_=column.type) for place, column in enumerate(order)))
        conditions.append(here < there if descending else here > there)
    keys = [column.key for column in order]
    if by_cells(shape, sort):
        cell = _cells(shape, sort)
        found = first_of(cell, order, limit, *conditions, *_narrowed(shape.filter), descending=descending)
        by = [found.selected_columns[key] for key in keys]
        page = found.order_by(*(column.desc() if descending else column for column in by)).limit(limit)
        return Direct(_rows_by_id(page, keys, descending=descending))
    query: Select[Any] = _FOUND.where(*_conditions(shape), *conditions)
    if shape.few:
        query = _among_all(_cells(shape, Sort.SLA), query)
    by = [query.selected_columns[key] for key in keys]
    page = query.order_by(*(column.desc() if descending else column for column in by)).limit(limit)
    return Direct(_rows(page, keys, descending=descending))


def _among_all(cell: Subquery, query: Select[Any]) -> Select[Any]:
    """What a query finds among the few that are open in the cells. Each of them is looked up for it, so that nothing
    else is looked at, whatever there is elsewhere; and those that came since they were counted."""
    most, one = literal_column(str(2 * FEW), Integer), literal_column("1", Integer)
    few = first_of(cell, (*URGENCY, CheckItem.id), most).limit(most).subquery("few")
    # The limit keeps the planner from finding them the other way around.
    found = query.where(CheckItem.id == few.c.id).limit(one).correlate(few).lateral("each")
    return select(*found.c).select_from(few.join(found, true()))


def _cells(shape: Shape, sort: Sort) -> Subquery:
    chosen = shape.filter
    given = {"queue": chosen.queue is not None, "item_type": chosen.item_type is not None}
    if sort is Sort.SLA:
        return cells(bounded=shape.bounded, status=chosen.status, **given)
    return any_status(bounded=shape.bounded, **given)


@lru_cache(maxsize=512)
def named(shape: Shape) -> Direct:
    """Of some items those that the filter lists."""
    ids = bindparam("ids", type_=ARRAY(CheckItem.id.type))
    return Direct(_rows(_FOUND.where(*_conditions(shape), CheckItem.id == any_(ids))))


def _conditions(shape: Shape) -> list[ColumnElement[bool]]:
    found = [] if shape.search is None else [found_by(shape.search)]
    return [*_filtered(shape.filter), *inside(shape.bounded), *found]


def _filtered(shape: Filter) -> list[ColumnElement[bool]]:
    # Named beside row-level security, so that the planner can use the indexes that begin with it.
    conditions: list[Any] = [CheckItem.institution_id == _INSTITUTION]
    conditions.append(_in_status(shape.status) if shape.status else OPEN_ITEMS)
    if shape.queue:
        conditions.append(CheckItem.queue_id == queue_named())
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
