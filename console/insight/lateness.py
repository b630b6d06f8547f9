"""SLAs that were breached and statutory deadlines that were missed, by the local day on which they fell due. SQL only.

What was late when it was decided is found by an index over these few; what is late and open by those of the queue.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from console.insight.asked import Asked
from console.insight.periods import Window

_DONE: Final = "i.status in ('approved', 'returned', 'rejected')"
_OPEN: Final = "i.status not in ('approved', 'returned', 'rejected', 'cleared', 'closed')"
_PASSED: Final = """
    select width_bucket(i.{due}, cast(:edges as timestamptz[])) as day, '{name}' as name, {open} as open,
        count(*) as items
    from check_item i
    where i.institution_id = :institution and {status} and {late}
      and i.{due} >= :since and i.{due} < :before {within}
    group by 1
"""


@dataclass(frozen=True)
class DueDay:
    """How many deadlines passed on a day while the check was not decided; of these, how many checks are open still."""

    day: date
    breached: int = 0
    breached_open: int = 0
    missed: int = 0
    missed_open: int = 0


async def read_lateness(session: AsyncSession, asked: Asked, window: Window) -> tuple[DueDay, ...]:
    """Every day of the window, in its order."""
    parts = [
        _PASSED.format(due=due, name=name, open=open_, status=status, late=late, within=asked.scope.within)
        for due, name in (("sla_due_at", "breached"), ("return_by", "missed"))
        for open_, status, late in (
            ("false", _DONE, f"i.decided_at > i.{due}"),
            ("true", _OPEN, f"i.{due} <= :now" + (" and i.return_by is not null" if due == "return_by" else "")),
        )
    ]
    rows = await session.execute(text(" union all ".join(parts)), asked.values(window))
    found: dict[date, dict[str, int]] = {}
    for row in rows:
        counts = found.setdefault(window.days[row.day - 1], {})
        counts[row.name] = counts.get(row.name, 0) + row.items
        if row.open:
            counts[f"{row.name}_open"] = row.items
    return tuple(DueDay(day, **found.get(day, {})) for day in window.days)
