"""What had to be done again: sent back by the second person, or taken back by the first. SQL only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from console.insight.asked import Asked
from console.insight.periods import Window

# The trail has no index by action alone: each person's entries of an action are found by one, in the few months.
UNDONE: Final = """
    select e.actor_id, count(*) as undone from audit_entry e {join_entry}
    where e.institution_id = :institution and e.action = 'item.undone'
      and e.actor_id = any(array(select id from app_user where institution_id = :institution))
      and e.at >= :since and e.at < :before and e.month >= :month_since and e.month < :month_before {within}
    group by 1
"""
_ACTED: Final = """
    select count(*) filter (where d.stage in ('decision', 'recommendation')) as first,
        count(*) filter (where d.stage = 'sent_back') as sent_back
    from decision d {join}
    where d.institution_id = :institution and d.decided_at >= :since and d.decided_at < :before
"""
_OF_ENTRIES: Final = "join check_item i on i.id = case when e.object_type = 'item' then cast(e.object_id as uuid) end"


@dataclass(frozen=True)
class Rework:
    """First signatures that counted, those of which the second person sent back, and those that were taken back."""

    first: int
    sent_back: int
    undone: int

    @property
    def submitted(self) -> int:
        return self.first + self.undone

    @property
    def again(self) -> int:
        return self.sent_back + self.undone


async def read_rework(session: AsyncSession, asked: Asked, window: Window) -> Rework:
    """The rework of a window's days."""
    values = asked.values(window)
    acted = (await session.execute(text(asked.scope.of_acts(_ACTED)), values)).one()
    undone = await session.execute(text(undone_statement(asked)), {**values, **months(window)})
    return Rework(acted.first, acted.sent_back, sum(row.undone for row in undone))


def undone_statement(asked: Asked) -> str:
    """How often each person took a decision back; its parameters are those of `Asked.values` and `months`."""
    return UNDONE.format(join_entry="" if asked.scope.whole else _OF_ENTRIES, within=asked.scope.within)


def months(window: Window) -> dict[str, Any]:
    """The partitions of the trail in which a window's entries may lie: an entry's month is the database's."""
    day = timedelta(days=1)
    return {
        "month_since": (window.since - day).date().replace(day=1),
        "month_before": (window.before + day).date() + timedelta(days=31),
    }
