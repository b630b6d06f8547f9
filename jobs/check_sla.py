"""SLA warnings and breaches are told to those who can do something about them."""

from console.institution import institution_ids
from console.review import deadline_alerts


async def check_sla() -> int:
    """How many items people were told of, over all institutions."""
    return sum([await deadline_alerts.check_sla(one) for one in await institution_ids()])
