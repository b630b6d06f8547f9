"""What came in and what was decided, by day and queue; what was late; what is open. SQL only."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from console.insight.asked import Asked
from console.insight.business_hours import calendar, day_of, elapsed
from console.insight.periods import Window
from console.review.tally import OPEN_SUMS

# All of a file come in with it, so the few files of the days lead to their many items; as an array, for of a join the
# planner expects all items. A day of grace on both sides: the row of a large file is written when it was taken in.
_RECEIVED: Final = """
    select width_bucket(i.received_at, cast(:edges as timestamptz[])) as day, i.queue_id,
        count(*) as received, count(*) filter (where i.status = 'cleared') as cleared
    from check_item i
    where i.institution_id = :institution and i.file_id = any(array(
        select id from file_received where institution_id = :institution
          and received_at >= cast(:since as timestamptz) - interval '1 day'
          and received_at < cast(:before as timestamptz) + interval '1 day'
      )) and i.received_at >= :since and i.received_at < :before {within}
    group by 1, 2
"""
# The statuses stand in the text, so that the partial index over what is done serves it.
_DONE: Final = "i.institution_id = :institution and i.status in ('approved', 'returned', 'rejected')"
_DECIDED: Final = f"""
    select width_bucket(i.decided_at, cast(:edges as timestamptz[])) as day, i.queue_id,
        count(*) filter (where i.status = 'approved') as paid,
        count(*) filter (where i.status = 'returned') as returned,
        count(*) filter (where i.status = 'rejected') as rejected,
        count(*) filter (where i.decided_at <= i.sla_due_at) as in_time,
        count(*) filter (where i.two_people) as two_people, sum(i.amount_cents) as cents
    from check_item i
    where {_DONE} and i.decided_at >= :since and i.decided_at < :before {{within}}
    group by 1, 2
"""  # noqa: S608 - text of our own
_DURATIONS: Final = f"""
    select percentile_disc(cast(array[0.5, 0.9] as float8[])) within group (
        order by {elapsed("received_at", "decided_at")} - date_part('epoch', sla_paused_for)) as seconds
    from (
        select i.received_at, i.decided_at, i.sla_paused_for,
            {day_of("i.received_at")} as received_at_day, {day_of("i.decided_at")} as decided_at_day
        from check_item i where {_DONE} and i.decided_at >= :since and i.decided_at < :before {{within}}
        -- Worked out once for each check, and not wherever it is named.
        offset 0
    ) decided
"""  # noqa: S608


_TAKEN_IN: Final = ("received", "cleared")
_COUNTED: Final = ("paid", "returned", "rejected", "in_time", "two_people", "cents")


@dataclass(frozen=True)
class Cell:
    """What came in, was let pass and was decided on a day in a queue (its key). `cents`: the amounts decided."""

    day: date
    queue: str
    received: int = 0
    cleared: int = 0
    paid: int = 0
    returned: int = 0
    rejected: int = 0
    in_time: int = 0
    two_people: int = 0
    cents: int = 0

    @property
    def decided(self) -> int:
        return self.paid + self.returned + self.rejected


@dataclass(frozen=True)
class Sums:
    """What cells add up to."""

    received: int = 0
    cleared: int = 0
    paid: int = 0
    returned: int = 0
    rejected: int = 0
    in_time: int = 0
    two_people: int = 0
    amount: Decimal = Decimal("0.00")

    @property
    def decided(self) -> int:
        return self.paid + self.returned + self.rejected

    @property
    def late(self) -> int:
        return self.decided - self.in_time


@dataclass(frozen=True)
class Work:
    """The work of some days. `median` and `p90`: business seconds from receipt to decision, pauses not counted; None
    where nothing was decided."""

    days: tuple[date, ...]
    cells: tuple[Cell, ...]
    median: int | None
    p90: int | None

    @property
    def whole(self) -> Sums:
        return sums(self.cells)

    def by_day(self) -> dict[date, Sums]:
        """The sums of every day, also of those on which nothing happened."""
        return {day: sums(one for one in self.cells if one.day == day) for day in self.days}

    def by_queue(self) -> dict[str, Sums]:
        """The sums of every queue in which something happened, by key."""
        keys = sorted({one.queue for one in self.cells})
        return {key: sums(one for one in self.cells if one.queue == key) for key in keys}


def sums(cells: Iterable[Cell]) -> Sums:
    """What these cells add up to."""
    names = (*_TAKEN_IN, *_COUNTED)
    total = dict.fromkeys(names, 0)
    for cell in cells:
        for name in names:
            total[name] += getattr(cell, name)
    return Sums(amount=Decimal(total.pop("cents")) / 100, **total)


async def read_work(session: AsyncSession, asked: Asked, window: Window) -> Work:
    """The work of a window's days."""
    values, within = asked.values(window), asked.scope.within
    found: dict[tuple[date, str], dict[str, int]] = {}
    keys = {one.id: one.key for one in asked.scope.queues}

    def at(row: Any) -> dict[str, int]:
        return found.setdefault((window.days[row.day - 1], keys[row.queue_id]), {})

    for row in await session.execute(text(_RECEIVED.format(within=within)), values):
        at(row).update({name: getattr(row, name) for name in _TAKEN_IN})
    for row in await session.execute(text(_DECIDED.format(within=within)), values):
        at(row).update({name: int(getattr(row, name)) for name in _COUNTED})
    hours = calendar(window.days[-1], asked.office)
    taken = (await session.execute(text(_DURATIONS.format(within=within)), {**values, **hours})).scalar_one()
    median, p90 = (None, None) if taken is None else (max(0, round(one)) for one in taken)
    cells = tuple(Cell(day, queue, **counts) for (day, queue), counts in sorted(found.items()))
    return Work(window.days, cells, median, p90)


async def count_open(session: AsyncSession, asked: Asked) -> int:
    """How many items are open now: the sums that the queue shows."""
    rows = await session.execute(OPEN_SUMS, {"institution": asked.institution_id})
    ids = {one.key: one.id for one in asked.scope.queues}
    places = asked.scope.places
    return sum(
        int(items)
        for queue, kind, _, items in rows
        if places is None or (queue in ids and (ids[queue], kind) in places)
    )
