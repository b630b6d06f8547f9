"""Whether the second of two people agrees with the first: blind, before they knew, and not blind. SQL only.

Blind agreement is that of the choice which the second person put on record before the recommendation was shown to
them; not blind, it is that they confirmed and did not send back.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from console.insight.asked import Asked
from console.review.states import Act

# Of a second person's act `d`.
BLIND: Final = "jsonb_exists(d.details, 'opinion')"
AGREED: Final = (
    f"case when {BLIND} then (d.details #>> '{{opinion,agrees}}')::boolean else d.stage = 'confirmation' end"
)
SECOND: Final = "d.stage in ('confirmation', 'sent_back')"
_SECOND: Final = """
    select d.action, {blind} as blind, count(*) as looks, count(*) filter (where {agreed}) as agreed,
        count(*) filter (where d.stage = 'sent_back') as sent_back
    from decision d {join}
    where d.institution_id = :institution and d.decided_at >= :since and d.decided_at < :before and {second}
    group by 1, 2 order by 2 desc, 1
"""


@dataclass(frozen=True)
class SecondLooks:
    """How second people answered recommendations of an act."""

    blind: bool
    act: Act
    looks: int
    agreed: int
    sent_back: int


Agreement = tuple[SecondLooks, ...]


async def read_agreement(session: AsyncSession, asked: Asked) -> Agreement:
    """The second looks of the period, blind ones first."""
    statement = asked.scope.of_acts(_SECOND, blind=BLIND, agreed=AGREED, second=SECOND)
    rows = await session.execute(text(statement), asked.values())
    return tuple(SecondLooks(row.blind, Act(row.action), row.looks, row.agreed, row.sent_back) for row in rows)
