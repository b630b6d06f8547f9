"""How long what is open now has waited, in the institution's days. SQL only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from console.insight.asked import Asked
from console.insight.periods import midnight
from console.review.clocks import previous_banking_day

# Banking days before today on which a bucket begins, the oldest first; before the first one: all that is older.
_BEGINS: Final = (10, 5, 3, 2, 1, 0)
LABELS: Final = (
    "over 10 days", "6 to 10 days", "4 to 5 days", "3 days", "2 days", "1 day", "today"
)  # fmt: skip
_AGES: Final = """
    select width_bucket(i.received_at, cast(:begins as timestamptz[])) as bucket, count(*) as items
    from check_item i
    where i.institution_id = :institution
      and i.status not in ('approved', 'returned', 'rejected', 'cleared', 'closed') {within}
    group by 1
"""


@dataclass(frozen=True)
class AgeBucket:
    """How many open items came in then. `label` is in banking days before today."""

    label: str
    items: int


Ages = tuple[AgeBucket, ...]


async def read_ageing(session: AsyncSession, asked: Asked) -> Ages:
    """Every bucket, the youngest first."""
    office, today = asked.office, asked.period.now.astimezone(asked.office.zone).date()
    begins, day, back = [], today, 0
    for wanted in reversed(_BEGINS):
        while back < wanted:
            day, back = previous_banking_day(day, office.closed), back + 1
        begins.append(midnight(day, office))
    values = {"institution": asked.institution_id, "begins": begins[::-1], **asked.scope.values}
    rows = await session.execute(text(_AGES.format(within=asked.scope.within)), values)
    found = {row.bucket: row.items for row in rows}
    return tuple(AgeBucket(label, found.get(at, 0)) for at, label in enumerate(LABELS))[::-1]
