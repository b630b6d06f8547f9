"""Why checks are returned: by reason, in number and amount. SQL only."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from console.insight.asked import Asked

_RETURNED: Final = """
    with returned as (
        select d.reasons, i.amount_cents as cents from decision d join check_item i on i.id = d.item_id
        where d.institution_id = :institution and d.decided_at >= :since and d.decided_at < :before
          and d.stage in ('decision', 'confirmation') and d.to_status = 'returned' {within}
    )
    select reason, count(*) as checks, sum(cents) as cents
    from returned cross join lateral jsonb_array_elements_text(returned.reasons) reason group by 1
    union all select null, count(*), coalesce(sum(cents), 0) from returned
    order by 2 desc, 1
"""


@dataclass(frozen=True)
class ReturnedFor:
    """How many checks were returned for a reason (its key: class and code), and their amount in dollars."""

    reason: str
    checks: int
    amount: Decimal


@dataclass(frozen=True)
class Returns:
    """By reason, the most frequent first, and in all: a check with two reasons stands under both and counts once."""

    reasons: tuple[ReturnedFor, ...]
    checks: int
    amount: Decimal


async def read_returns(session: AsyncSession, asked: Asked) -> Returns:
    """What was returned in the period."""
    rows = (await session.execute(text(_RETURNED.format(within=asked.scope.within)), asked.values())).all()
    whole = next(row for row in rows if row.reason is None)
    reasons = tuple(ReturnedFor(row.reason, row.checks, _dollars(row.cents)) for row in rows if row.reason is not None)
    return Returns(reasons, whole.checks, _dollars(whole.cents))


def _dollars(cents: int) -> Decimal:
    return (Decimal(cents) / 100).quantize(Decimal("0.01"))
