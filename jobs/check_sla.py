"""SLA warnings and breaches are told to those who can do something about them."""

from console.review import deadline_alerts
from jobs.each import each_institution


async def check_sla() -> int:
    """How many items people were told of, over all institutions."""
    return await each_institution(deadline_alerts.check_sla)
