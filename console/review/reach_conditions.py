"""Somebody's part of the queue as conditions of a statement that is made once: it depends on the ways in which they are
bounded, and not on the bounds.

Queues stand in them by their ids, which are read first: by these the database knows how many checks wait there, and so
whether to walk along the order or to look up the few.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, ColumnElement, String, and_, any_, bindparam, false, or_, select, true

from console.access.permissions import Permission, reaches
from console.actor import Actor
from console.review.reach import of_others, passes_members
from db.direct import Direct
from db.engine import read_at_once
from db.models import CheckItem, Queue


class Queues(Enum):
    """How many queues a part of the work is of. One by itself is looked up in its order."""

    ALL = "all"
    ONE = "one"
    SOME = "some"


@dataclass(frozen=True)
class Part:
    """A part of the work: ids of queues and item types, None: all of them."""

    queues: tuple[UUID, ...] | None
    item_types: tuple[str, ...] | None

    @property
    def way(self) -> tuple[Queues, bool]:
        """How it is bounded: by which kind of queues, and whether by item types."""
        queues = Queues.ALL if self.queues is None else Queues.ONE if len(self.queues) == 1 else Queues.SOME
        return queues, self.item_types is not None


Ways = tuple[tuple[Queues, bool], ...] | None


@dataclass(frozen=True)
class Reached:
    """Where somebody holds a permission: the parts of the work, None: all of it. `closed` are the keys of the queues
    with other members; no part has any of these."""

    parts: tuple[Part, ...] | None
    closed: frozenset[str] = frozenset()

    @property
    def ways(self) -> Ways:
        """What the conditions depend on."""
        return None if self.parts is None else tuple(part.way for part in self.parts)

    @property
    def values(self) -> dict[str, Any]:
        """The parameters of the conditions."""
        values: dict[str, Any] = {}
        for place, part in enumerate(self.parts or ()):
            if part.queues is not None:
                values[f"reach_queues_{place}"] = part.queues[0] if len(part.queues) == 1 else list(part.queues)
            if part.item_types is not None:
                values[f"reach_types_{place}"] = list(part.item_types)
        return values


Asked = tuple[Direct, Mapping[str, Any]]

# Institutions where somebody was kept out of a queue when they were last asked about.
_with_members: set[UUID] = set()


def planned_once(_: Reached) -> bool:
    """For statements of which one plan is always good, wherever somebody works."""
    return True


async def read_in_reach(
    actor: Actor,
    permission: Permission,
    ask: Callable[[Reached], Sequence[Asked]],
    *,
    plans_once: Callable[[Reached], bool] = lambda _: False,
) -> tuple[Reached, list[list[Any]]]:
    """Where the actor holds the permission at this moment, and what the statements find that are asked for who holds it
    there. Where members of queues keep nobody out, as it was last time, all is one message: they are asked at once for
    the whole of the work, and again where that was not so. `plans_once` is as for `transaction`."""
    everywhere = Reached(None)
    if reaches(actor, permission) is None and passes_members(actor, permission):
        return everywhere, await read_at_once(actor, *ask(everywhere), plans_once=plans_once(everywhere))
    queues = (_queues(permission), {"user": actor.user_id})
    likely = reaches(actor, permission) is None and actor.institution_id not in _with_members
    first = ask(everywhere) if likely else ()
    rows, *found = await read_at_once(actor, queues, *first, plans_once=likely and plans_once(everywhere))
    reach = _among(rows, actor, permission)
    (_with_members.add if reach.closed else _with_members.discard)(actor.institution_id)
    if likely and reach.parts is None:
        return reach, found
    return reach, await read_at_once(actor, *ask(reach), plans_once=plans_once(reach))


def inside(ways: Ways) -> list[ColumnElement[bool]]:
    """The conditions on `check_item` of the items in such a reach; none: it is every item."""
    if ways is None:
        return []
    return [or_(false(), *(_part(place, *way) for place, way in enumerate(ways)))]


def _part(place: int, queues: Queues, some_types: bool) -> ColumnElement[bool]:
    name, kind = f"reach_queues_{place}", CheckItem.queue_id.type
    types = bindparam(f"reach_types_{place}", type_=ARRAY(String))
    return and_(
        true(),
        *([CheckItem.queue_id == bindparam(name, type_=kind)] if queues is Queues.ONE else []),
        *([CheckItem.queue_id == any_(bindparam(name, type_=ARRAY(kind)))] if queues is Queues.SOME else []),
        *([CheckItem.item_type == any_(types)] if some_types else []),
    )


@lru_cache
def _queues(permission: Permission) -> Direct:
    return Direct(select(Queue.key, Queue.id, Queue.id.in_(of_others(permission)).label("others")))


def _among(rows: Iterable[Any], actor: Actor, permission: Permission) -> Reached:
    """Where it is, among the institution's queues."""
    rows, parts = list(rows), reaches(actor, permission)
    passes = passes_members(actor, permission)
    closed = frozenset() if passes else frozenset(row.key for row in rows if row.others)
    if parts is None:
        if not closed:
            return Reached(None)
        return Reached((Part(tuple(row.id for row in rows if row.key not in closed), None),), closed)
    found = []
    for part in parts:
        named = [row.id for row in rows if row.key not in closed and (part.queues is None or row.key in part.queues)]
        queues = None if part.queues is None and not closed else tuple(named)
        found.append(Part(queues, None if part.item_types is None else tuple(sorted(part.item_types))))
    return Reached(tuple(found), closed)
