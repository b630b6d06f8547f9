"""Why checks are returned: by reason, in number and amount. SQL only."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from console.insight.asked import Asked

# The amount is the one that was decided on; of decisions that do not say it, as the oldest, the check's own.
_RETURNED: Final = """
    select reason, count(*) as checks, sum(amount) as amount
    from (
        select d.reasons, coalesce(
            cast(d.details ->> 'amount' as numeric), (select amount from check_item where id = d.item_id)
        ) as amount
        from decision d {join}
        where d.institution_id = :institution and d.decided_at >= :since and d.decided_at < :before
          and d.stage in ('decision', 'confirmation') and d.to_status = 'returned'
    ) returned
    -- A row for each of its reasons, and one for the check itself.
    cross join lateral (select jsonb_array_elements_text(returned.reasons) as reason union all select null) each
    group by 1 order by 2 desc, 1
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
    rows = (await session.execute(text(asked.scope.of_acts(_RETURNED)), asked.values())).all()
    whole = next((row for row in rows if row.reason is None), None)
    reasons = tuple(ReturnedFor(row.reason, row.checks, _dollars(row.amount)) for row in rows if row.reason is not None)
    if whole is None:
        return Returns((), 0, _dollars(Decimal(0)))
    return Returns(reasons, whole.checks, _dollars(whole.amount))


def _dollars(amount: Decimal) -> Decimal:
    return Decimal(amount).quantize(Decimal("0.01"))
