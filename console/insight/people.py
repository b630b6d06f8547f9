"""What each person did: figures about people, for those who may see them. SQL only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from console.insight.agreement import AGREED, SECOND
from console.insight.asked import Asked
from console.insight.rework import months, undone_statement

MOST: Final = 500
_FIRST: Final = "d.stage in ('decision', 'recommendation')"
_IN_PERIOD: Final = "d.institution_id = :institution and d.decided_at >= :since and d.decided_at < :before"
_PEOPLE: Final = """
    select u.id, u.display_name as name, coalesce(acted.first, 0) as first, coalesce(acted.second, 0) as second,
        coalesce(acted.ended, 0) as ended, acted.median_ms, coalesce(answered.answered, 0) as answered,
        coalesce(answered.sent_back, 0) as sent_back, coalesce(answered.agreed, 0) as agreed,
        coalesce(taken_back.undone, 0) as undone
    from app_user u left join (
        select d.actor_id, count(*) filter (where {first}) as first, count(*) filter (where {second}) as second,
            count(*) filter (where d.stage in ('decision', 'confirmation') and d.action in ('pay', 'return', 'reject'))
                as ended,
            percentile_disc(0.5) within group (order by d.handled_ms) filter (where {first}) as median_ms
        from decision d {join} where {period} group by 1
    ) acted on acted.actor_id = u.id left join (
        select made.actor_id, count(*) as answered, count(*) filter (where d.stage = 'sent_back') as sent_back,
            count(*) filter (where {agreed}) as agreed
        from decision d join decision made on made.id = d.confirms_id and made.institution_id = :institution {join}
        where {period} and {second} group by 1
    ) answered on answered.actor_id = u.id left join ({undone}) taken_back on taken_back.actor_id = u.id
    where u.institution_id = :institution
      and coalesce(acted.actor_id, answered.actor_id, taken_back.actor_id) is not null
    order by lower(u.display_name), u.id limit {most}
"""


@dataclass(frozen=True)
class PersonFigures:
    """What somebody did: first or only signatures, second looks, reviews ended, the median milliseconds from taking a
    check to the first signature; of their recommendations, how many were answered, sent back and agreed with; and how
    many decisions they took back."""

    user_id: UUID
    name: str
    first: int
    second: int
    ended: int
    median_ms: int | None
    answered: int
    sent_back: int
    agreed: int
    undone: int


People = tuple[PersonFigures, ...]


async def read_people(session: AsyncSession, asked: Asked) -> People:
    """Everybody who did something in the period, by name; MOST of them."""
    parts = {"first": _FIRST, "second": SECOND, "agreed": AGREED, "period": _IN_PERIOD, "most": str(MOST)}
    statement = asked.scope.of_acts(_PEOPLE, undone=undone_statement(asked), **parts)
    rows = await session.execute(text(statement), {**asked.values(), **months(asked.period.window)})
    return tuple(PersonFigures(*row) for row in rows)
