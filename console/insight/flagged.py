"""How often each flag was raised on what was decided, and what people answered: how precise its rule is. SQL only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from console.insight.asked import Asked
from console.review.flag_names import FLAG_NAMES

_FLAGGED: Final = """
    select f.code, max(f.title) as title, count(*) as raised,
        count(*) filter (where f.answer = 'confirmed') as confirmed,
        count(*) filter (where f.answer = 'dismissed') as dismissed,
        count(*) filter (where f.answer = 'cannot_tell') as cannot_tell
    from check_item i join flag f on f.item_id = i.id and f.institution_id = :institution
    where i.institution_id = :institution and i.status in ('approved', 'returned', 'rejected')
      and i.decided_at >= :since and i.decided_at < :before {within}
    group by 1 order by 3 desc, 1
"""


@dataclass(frozen=True)
class Flagged:
    """A flag by its name, how often it was raised, and the answers; what is left has none."""

    code: str
    name: str
    raised: int
    confirmed: int
    dismissed: int
    cannot_tell: int


FlagReport = tuple[Flagged, ...]


async def read_flags(session: AsyncSession, asked: Asked) -> FlagReport:
    """The flags of what was decided in the period, the most frequent first."""
    rows = await session.execute(text(_FLAGGED.format(within=asked.scope.within)), asked.values())
    return tuple(
        # A flag that a rule adds is named by that rule.
        Flagged(row.code, FLAG_NAMES.get(row.code, row.title), row.raised, row.confirmed, row.dismissed,
                row.cannot_tell)
        for row in rows
    )  # fmt: skip
