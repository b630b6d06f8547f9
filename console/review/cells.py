"""Open checks, looked up where they stand: in each queue, of each type and in each status by itself, in one order.

Of all that is open a walk in the order of urgency passes whatever comes first, and somebody whose own checks come last
waits for that. Of such a cell an index holds the checks in their order, so that from each no more than a page is read,
however many lie in the others. There are few cells: a bank has a handful of queues, two types, six open statuses.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Integer,
    Select,
    String,
    Subquery,
    bindparam,
    cast,
    func,
    literal_column,
    select,
    true,
)

from console.review.open_items import OPEN_ITEMS, URGENCY
from console.review.reach_conditions import places
from console.review.states import OPEN, Status
from db.models import CheckItem, Queue

Order = Sequence[Any]

_INSTITUTION: Final = bindparam("institution", type_=CheckItem.institution_id.type)
_STATUSES: Final = ", ".join(f"'{one.value}'" for one in sorted(OPEN))


def cells(*, bounded: bool, queue: bool = False, item_type: bool = False, status: Status | None = None) -> Subquery:
    """The cells of a reach as rows of `queue_id`, `item_type` and `status`; only those of the queue `:queue`, a key, of
    the `:item_type`, and of the status (None: of each open one), where these are given."""
    return _narrowed(places(bounded), queue, item_type, _each(_STATUSES if status is None else f"'{status.value}'"))


def any_status(*, bounded: bool, queue: bool = False, item_type: bool = False) -> Subquery:
    """`cells` of open checks whatever their status: rows of `queue_id` and `item_type`, for orders that are not of
    urgency."""
    return _narrowed(places(bounded), queue, item_type)


def _each(statuses: str) -> ColumnElement[str]:
    return func.unnest(cast(literal_column(f"array[{statuses}]"), ARRAY(String))).label("status")


def _narrowed(place: Subquery, queue: bool, item_type: bool, *each: ColumnElement[str]) -> Subquery:
    found = select(place.c.queue_id, place.c.item_type, *each)
    if queue:
        found = found.where(place.c.queue_id == queue_named())
    if item_type:
        found = found.where(place.c.item_type == bindparam("item_type"))
    return found.subquery("cell")


def first_of(
    cell: Subquery,
    order: Order,
    most: ColumnElement[int],
    *conditions: ColumnElement[bool],
    descending: bool = False,
    beside: Order = (),
) -> Select[Any]:
    """The columns of the order of these open items, and those beside them, at most so many of each cell, and no order
    among the cells."""
    there = (
        CheckItem.institution_id == _INSTITUTION,
        *(getattr(CheckItem, column.key) == column for column in cell.columns),
    )
    ordered = (column.desc() if descending else column for column in order)
    columns = (*order, *beside)
    some = select(*columns).where(*there, OPEN_ITEMS, *conditions).order_by(*ordered).limit(most).correlate(cell)
    one = some.lateral("one")
    return select(*(one.c[column.key] for column in columns)).select_from(cell.join(one, true()))


def count_of(cell: Subquery, most: int, *conditions: ColumnElement[bool]) -> ColumnElement[int]:
    """How many open items of the cells these are, and no more than `most` of them are looked at."""
    # In the text: a plan for any number would not stop early.
    limit = literal_column(str(most), Integer)
    some = first_of(cell, URGENCY, limit, *conditions).limit(limit).subquery()
    return select(func.count()).select_from(some).scalar_subquery()


def queue_named() -> Any:
    """The id of the queue `:queue`, a key."""
    return select(Queue.id).where(Queue.key == bindparam("queue")).scalar_subquery()
