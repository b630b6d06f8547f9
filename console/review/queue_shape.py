"""What a statement of the queue depends on: which filters there are, not on what they say; where its actor works, and
how much is open there. So it is known how its items are best found."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from typing import Any, Final

from console.access.permissions import Permission
from console.actor import Actor
from console.review.queue_filter import Filter, Sort
from console.review.queue_search import Search, cents
from console.review.reach_conditions import Reached, likely_bounded
from console.review.states import FINAL_STATUSES
from console.review.tally import Tally

# So few are all looked at.
FEW: Final = 2_000

# What of a filter says where in an order a page begins and ends; of that of urgency also in which cells.
_SERVED: Final = {
    Sort.SLA: ("status", "due_before"),
    Sort.AMOUNT: ("amount_from", "amount_to"),
    Sort.RECEIVED: ("received_from", "received_before"),
}

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


@dataclass(frozen=True)
class Shape:
    """What a statement of the queue depends on: which filters there are, whether the actor is bounded, and by what is
    searched; and whether few are open in the cells of which it is."""

    filter: Filter
    bounded: bool
    search: Search | None = None
    few: bool = False


def shape_of(chosen: Filter, reach: Reached, search: Search | None) -> Shape:
    """The shape of the statement for a filter."""
    given = {name: "given" for name in _GIVEN if getattr(chosen, name) is not None}
    few = reach.tallies is not None and _open_in(chosen, reach.tallies) <= FEW
    return Shape(replace(chosen, search="", **given), reach.bounded, search, few)  # type: ignore[arg-type]


def _open_in(chosen: Filter, tallies: Iterable[Tally]) -> int:
    """How many are open in the cells of which the filter is."""
    return sum(
        one.items
        for one in tallies
        if chosen.queue in {None, one.queue}
        and chosen.item_type in {None, one.item_type}
        and chosen.status in {None, one.status}
    )


def is_tallied(actor: Actor, chosen: Filter, sort: Sort | None) -> bool:
    """Whether it must be known how much is open in the filter's cells: where it says more than an order and cells do.
    Few are all looked at then, and of many the planner knows how they are spread."""
    some = chosen.queue is not None or chosen.item_type is not None or likely_bounded(actor, Permission.QUEUE_READ)
    return sort is not None and some and not chosen.mine and not _is_served(chosen, sort)


def values_of(actor: Actor, chosen: Filter, reach: Reached) -> dict[str, Any]:
    """The parameters of a filter's statement, but for those of a search."""
    values = {name: getattr(chosen, name) for name in _GIVEN if getattr(chosen, name) is not None}
    values |= {name: cents(values[name]) for name in ("amount_from", "amount_to") if name in values}
    return values | reach.values | {"institution": actor.institution_id, "user": actor.user_id}


def has_one_plan(chosen: Filter, reach: Reached, sort: Sort, search: Search | None) -> bool:
    """Whether the same plan is good whatever the statement is given: where nothing of it says how many there are. To
    plan it takes longer than to find a page."""
    plain = Filter(queue=chosen.queue, status=chosen.status, priority=chosen.priority)
    shape = shape_of(chosen, reach, search)
    return shape.few or by_cells(shape, sort) or (chosen == plain and not reach.bounded)


def _is_served(chosen: Filter, sort: Sort) -> bool:
    """Whether all that it says is of which cells a page is, and from one place in the order to another."""
    served = {"queue", "item_type", *_SERVED[sort]}
    others = any(getattr(chosen, one.name) != one.default for one in fields(Filter) if one.name not in served)
    return not others and chosen.status not in FINAL_STATUSES


def by_cells(shape: Shape, sort: Sort) -> bool:
    """Whether a page is looked up cell by cell: where it is of some cells only, and the order serves its filter."""
    some = shape.bounded or shape.filter.queue is not None or shape.filter.item_type is not None
    return some and shape.search is None and _is_served(shape.filter, sort)
