"""Last minutes to return that come near are told, and the cut-off to those who hold what must go before it."""

from uuid import UUID

from console.review import deadline_alerts
from jobs.each import each_institution


async def check_return_deadlines() -> int:
    """How many items, and before the cut-off people, were told of, over all institutions."""
    return await each_institution(_check)


async def _check(institution_id: UUID) -> int:
    told = await deadline_alerts.check_return_deadlines(institution_id)
    return told + await deadline_alerts.warn_before_cut_off(institution_id)
