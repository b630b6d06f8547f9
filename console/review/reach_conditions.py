"""Somebody's part of the queue as conditions of a statement that is made once: it depends on whether they are bounded,
and not on the bounds.

Whatever roles, bounds and memberships say comes to queues by their ids, for each item type by itself. The ids are read
first, so that the database can look at each of these places alone, and never walks through what is elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    BindParameter,
    ColumnElement,
    String,
    Subquery,
    and_,
    any_,
    bindparam,
    cast,
    false,
    func,
    literal_column,
    or_,
    select,
    union_all,
)

from console.access.held import ITEM_TYPES
from console.access.permissions import Permission, Place, Reach, reaches
from console.actor import Actor
from console.review.reach import of_others, passes_members
from console.review.tally import SUMS, Tally, seen_of
from db.direct import Direct
from db.engine import read_at_once
from db.models import CheckItem, Queue


@dataclass(frozen=True)
class Reached:
    """Where somebody holds a permission: of each item type the ids of the queues in which they do, None: everywhere.
    `closed` are the keys of the queues with other members, none of which is among them."""

    queues: Mapping[str, tuple[UUID, ...]] | None
    closed: frozenset[str] = frozenset()
    # How much is open there, where it was asked for.
    tallies: tuple[Tally, ...] | None = None

    @property
    def bounded(self) -> bool:
        """What the conditions depend on."""
        return self.queues is not None

    @property
    def values(self) -> dict[str, Any]:
        """The parameters of the conditions."""
        return {_name(item_type): list(ids) for item_type, ids in (self.queues or {}).items()}


Asked = tuple[Direct, Mapping[str, Any]]

# Institutions where somebody was kept out of a queue when they were last asked about.
_with_members: set[UUID] = set()


def likely_bounded(actor: Actor, permission: Permission) -> bool:
    """Whether the actor holds the permission in a part of the work only, as far as is known before anything is read."""
    if reaches(actor, permission) is not None:
        return True
    return actor.institution_id in _with_members and not passes_members(actor, permission)


def planned_once(_: Reached) -> bool:
    """For statements of which one plan is always good, wherever somebody works."""
    return True


async def read_in_reach(
    actor: Actor,
    permission: Permission,
    ask: Callable[[Reached], Sequence[Asked]],
    *,
    plans_once: Callable[[Reached], bool] = lambda _: False,
    plans_each: bool = False,
    tallied: bool = False,
) -> tuple[Reached, list[list[Any]]]:
    """Where the actor holds the permission at this moment, and what the statements find that are asked for who holds it
    there. Where members of queues keep nobody out, as it was last time, all is one message: they are asked at once for
    the whole of the work, and again where that was not so. With `tallied` it is read first how much is open there, on
    which the statements may depend. `plans_once` is as for `transaction`; what is not, is planned anew each time with
    `plans_each`."""

    async def read(reach: Reached | None, *asked: Asked) -> list[list[Any]]:
        once = reach is not None and plans_once(reach)
        each = reach is not None and plans_each and not once
        return await read_at_once(actor, *asked, plans_once=once, plans_each=each)

    everywhere = Reached(None)
    if reaches(actor, permission) is None and passes_members(actor, permission) and not tallied:
        return everywhere, await read(everywhere, *ask(everywhere))
    queues = (_queues(permission), {"user": actor.user_id})
    likely = reaches(actor, permission) is None and actor.institution_id not in _with_members and not tallied
    first = [(SUMS, {"institution": actor.institution_id})] if tallied else ask(everywhere) if likely else ()
    rows, *found = await read(everywhere if likely else None, queues, *first)
    reach = _among(rows, actor, permission)
    (_with_members.add if reach.closed else _with_members.discard)(actor.institution_id)
    if likely and not reach.bounded:
        return reach, found
    if tallied:
        reach = replace(reach, tallies=tuple(seen_of(found[0], actor, reach.closed)))
    return reach, await read(reach, *ask(reach))


def inside(bounded: bool) -> list[ColumnElement[bool]]:
    """The conditions on `check_item` of the items in such a reach; none: it is every item."""
    if not bounded:
        return []
    of_type = (and_(CheckItem.item_type == _literal(one), CheckItem.queue_id == any_(_ids(one))) for one in ITEM_TYPES)
    return [or_(false(), *of_type)]


def places(bounded: bool) -> Subquery:
    """Each queue with each item type that is in such a reach, as rows of `queue_id` and `item_type`."""
    if bounded:
        return union_all(
            *(select(func.unnest(_ids(one)).label("queue_id"), _type(one)) for one in ITEM_TYPES)
        ).subquery()
    return union_all(*(select(Queue.id.label("queue_id"), _type(one)) for one in ITEM_TYPES)).subquery()


def _ids(item_type: str) -> BindParameter[Sequence[UUID]]:
    return bindparam(_name(item_type), type_=ARRAY(CheckItem.queue_id.type))


def _name(item_type: str) -> str:
    return f"reach_{item_type}"


def _literal(item_type: str) -> ColumnElement[str]:
    """One of ITEM_TYPES, in the text: so the planner knows how many there are."""
    return literal_column(f"'{item_type}'", String)


def _type(item_type: str) -> ColumnElement[str]:
    return cast(_literal(item_type), String).label("item_type")


@lru_cache
def _queues(permission: Permission) -> Direct:
    return Direct(select(Queue.key, Queue.id, Queue.id.in_(of_others(permission)).label("others")))


def _among(rows: Iterable[Any], actor: Actor, permission: Permission) -> Reached:
    """Where it is, among the institution's queues."""
    rows, parts = list(rows), reaches(actor, permission)
    closed = frozenset() if passes_members(actor, permission) else frozenset(row.key for row in rows if row.others)
    if parts is None and not closed:
        return Reached(None)
    parts = (Reach(None, None),) if parts is None else parts
    found = {
        item_type: tuple(
            row.id
            for row in rows
            if row.key not in closed and any(part.covers(Place(row.key, item_type)) for part in parts)
        )
        for item_type in ITEM_TYPES
    }
    return Reached(found, closed)
