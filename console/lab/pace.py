"""How long an institution's own people take, and when what they look at is due."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Final

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from console.lab.history import Slice
from console.lab.tally import Clock, Due, Pace
from console.policy.judgement import Terms
from console.review.clocks import sla_due
from console.review.office import office_of
from db.models import Queue

# A check that lay open over lunch says nothing of how long it took.
LONGEST_MS: Final = 20 * 60_000

_PACE: Final = text(
    """
    select (avg(handled_ms) filter (where stage in ('decision', 'recommendation')))::bigint as look,
        (avg(handled_ms) filter (where stage = 'confirmation'))::bigint as second, count(*) as timed
    from decision
    where institution_id = :institution and decided_at >= :since and decided_at < :before
      and handled_ms between 0 and :longest
    """
)


async def pace_of(session: AsyncSession, institution_id: object, whole: Slice) -> Pace:
    """The average of the decisions of that time. Where nobody signed second, that takes as long as a look."""
    values = {"institution": institution_id, "since": whole.since, "before": whole.before, "longest": LONGEST_MS}
    row = (await session.execute(_PACE, values)).one()
    look = row.look or row.second or 0
    return Pace(look_ms=look, second_ms=row.second or look, timed=row.timed)


async def clock_of(session: AsyncSession, was: Terms, now: Terms) -> Clock:
    """When items are due: by a rule's hours, else their queue's, else the policy's; in business hours, to the hour."""
    office = await office_of(session)
    rows = await session.execute(select(Queue.key, Queue.sla_hours))
    queue_hours: dict[str, Decimal | None] = {row.key: row.sla_hours for row in rows}

    @lru_cache(maxsize=200_000)
    def due(hour: datetime, hours: Decimal) -> int:
        return sla_due(hour, hours, office).astimezone(office.zone).hour

    def of(terms: Terms) -> Due:
        policy_hours = terms.document.thresholds.sla_hours
        return lambda cell: due(cell.hour, cell.rule_hours or queue_hours.get(cell.queue) or policy_hours)

    return Clock(office.zone, of(was), of(now))
