"""What other hours mean for deadlines that stand: of groups of items that share theirs. No I/O."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from console.review.clocks import Hours, add_business_time, business_time, day_of_receipt
from console.review.return_deadline import ReturnDeadline, deadline_of


@dataclass(frozen=True)
class Change:
    """From these hours to those, as of now."""

    before: Hours
    after: Hours
    now: datetime


@dataclass(frozen=True)
class DeadlineMoved:
    """So many items are due at another moment."""

    old_due: datetime
    old_warning: datetime
    due: datetime
    warning: datetime
    items: int

    def as_json(self) -> dict[str, Any]:
        names = ("old_due", "old_warning", "due", "warning")
        return {name: getattr(self, name).isoformat() for name in names}


@dataclass(frozen=True)
class ReturnMoved:
    """So many items must be returned by another moment."""

    received: datetime
    old: datetime
    deadline: ReturnDeadline
    items: int

    def as_json(self) -> dict[str, Any]:
        return {
            "received": self.received.isoformat(),
            "old": self.old.isoformat(),
            "at": self.deadline.at.isoformat(),
            "rule": self.deadline.rule.value,
        }


@dataclass(frozen=True)
class Effect:
    """How many open items are due sooner and later, by how much at the most, and how many return deadlines move."""

    sooner: int
    later: int
    most_sooner: timedelta
    most_later: timedelta
    returns_sooner: int
    returns_later: int


def sla_moved(change: Change, groups: Iterable[tuple[datetime, datetime, int]]) -> list[DeadlineMoved]:
    """Due time, warning and number of items, as they are; those that change.

    What is left of an item's business time goes on in the new hours, so that nothing is overdue by the change alone.
    """
    found = []
    for due, warning, items in groups:
        new_due = _go_on(change, due)
        new_warning = _go_on(change, warning) if warning > change.now else warning
        if (new_due, new_warning) != (due, warning):
            found.append(DeadlineMoved(due, warning, new_due, new_warning, items))
    return found


def _go_on(change: Change, due: datetime) -> datetime:
    return add_business_time(change.now, business_time(change.now, due, change.before), change.after)


def returns_moved(change: Change, groups: Iterable[tuple[datetime, datetime, int]]) -> list[ReturnMoved]:
    """Moment of receipt, return deadline and number of items, as they are; those that change.

    The cut-off hour of the day on which an item came decides on which day it was received; a later one does not.
    """
    found = []
    for received, old, items in groups:
        receipt = day_of_receipt(received, change.before)
        if not change.after.is_banking_day(receipt):
            receipt = change.after.next_banking_day(receipt)
        deadline = deadline_of(receipt, change.after)
        if deadline.at != old:
            found.append(ReturnMoved(received, old, deadline, items))
    return found


def effect_of(sla: Sequence[DeadlineMoved], returns: Sequence[ReturnMoved]) -> Effect:
    """The sum of it."""
    by = [(one.due - one.old_due, one.items) for one in sla]
    back = [(one.deadline.at - one.old, one.items) for one in returns]
    none = timedelta()
    return Effect(
        sum(items for span, items in by if span < none),
        sum(items for span, items in by if span > none),
        max((-span for span, _ in by if span < none), default=none),
        max((span for span, _ in by if span > none), default=none),
        sum(items for span, items in back if span < none),
        sum(items for span, items in back if span > none),
    )
