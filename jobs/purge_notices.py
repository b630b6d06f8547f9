"""Notices are kept for a quarter of a year, and what keeps them from being told twice as long."""

from console.institution import institution_ids
from console.notices import retention
from console.review import deadline_alerts


async def purge_notices() -> int:
    """How many notices were deleted, over all institutions."""
    purged = 0
    for one in await institution_ids():
        purged += await retention.purge_notices(one)
        await deadline_alerts.forget_alerts(one)
    return purged
