"""Somebody's part of the queue as conditions of a statement that is made once: it depends on the ways in which they are
bounded, and not on the bounds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ARRAY, ColumnElement, String, and_, any_, bindparam, false, or_, select, true

from console.access.permissions import Permission, reaches
from console.actor import Actor
from console.review.reach import of_others, passes_members
from db.models import CheckItem, Queue


@dataclass(frozen=True)
class Bounded:
    """The ways in which a person's holding of a permission is bounded.

    `parts`: for each part of the work whether it is some queues, and whether it is some item types; None: they work
    everywhere. `by_members`: queues with other members are closed to them.
    """

    permission: Permission
    parts: tuple[tuple[bool, bool], ...] | None
    by_members: bool


def bounded(actor: Actor, permission: Permission) -> Bounded:
    """The ways in which the actor is bounded."""
    parts = reaches(actor, permission)
    ways = None if parts is None else tuple((one.queues is not None, one.item_types is not None) for one in parts)
    return Bounded(permission, ways, not passes_members(actor, permission))


def bounds_of(actor: Actor, permission: Permission) -> dict[str, Any]:
    """The parameters of `inside_bounds`."""
    values: dict[str, Any] = {"user": actor.user_id}
    for place, part in enumerate(reaches(actor, permission) or ()):
        if part.queues is not None:
            values[f"reach_queues_{place}"] = sorted(part.queues)
        if part.item_types is not None:
            values[f"reach_types_{place}"] = sorted(part.item_types)
    return values


def inside_bounds(ways: Bounded) -> list[ColumnElement[bool]]:
    """The conditions on `check_item` of the items inside such bounds; none: it is every item."""
    conditions: list[ColumnElement[bool]] = []
    if ways.parts is not None:
        conditions.append(or_(false(), *(_part(place, *part) for place, part in enumerate(ways.parts))))
    if ways.by_members:
        conditions.append(CheckItem.queue_id.not_in(of_others(ways.permission)))
    return conditions


def _part(place: int, some_queues: bool, some_types: bool) -> ColumnElement[bool]:
    queues = bindparam(f"reach_queues_{place}", type_=ARRAY(String))
    types = bindparam(f"reach_types_{place}", type_=ARRAY(String))
    return and_(
        true(),
        *([CheckItem.queue_id.in_(select(Queue.id).where(Queue.key == any_(queues)))] if some_queues else []),
        *([CheckItem.item_type == any_(types)] if some_types else []),
    )
