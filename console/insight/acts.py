"""What people did, by action and day: every act that took effect. SQL only.

A recommendation takes effect when the second person confirms it, as the confirmation: so what is paid, returned and
rejected here adds up to what is decided.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from console.insight.asked import Asked
from console.review.states import OUTCOME, Act

# In the order in which they are shown: those that end a review first.
ACTS: Final = tuple(OUTCOME)
_ACTS: Final = """
    select width_bucket(d.decided_at, cast(:edges as timestamptz[])) as day, d.action, count(*) as acts
    from decision d {join}
    where d.institution_id = :institution and d.decided_at >= :since and d.decided_at < :before
      and d.stage in ('decision', 'confirmation')
    group by 1, 2
"""


@dataclass(frozen=True)
class Acts:
    """How often each act took effect on each of the days."""

    days: tuple[date, ...]
    counts: Mapping[tuple[date, Act], int]

    def on(self, day: date, act: Act) -> int:
        return self.counts.get((day, act), 0)

    def total(self, act: Act) -> int:
        return sum(items for (_, one), items in self.counts.items() if one is act)


async def read_acts(session: AsyncSession, asked: Asked) -> Acts:
    """The acts of the period."""
    days, counts = asked.period.window.days, defaultdict[tuple[date, Act], int](int)
    for row in await session.execute(text(asked.scope.of_acts(_ACTS)), asked.values()):
        counts[days[row.day - 1], Act(row.action)] += row.acts
    return Acts(days, dict(counts))
