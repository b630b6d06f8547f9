"""Last minutes to return that come near are told, and the cut-off to those who hold what must go before it."""

from console.institution import institution_ids
from console.review import deadline_alerts


async def check_return_deadlines() -> int:
    """How many items, and before the cut-off people, were told of, over all institutions."""
    told = 0
    for one in await institution_ids():
        told += await deadline_alerts.check_return_deadlines(one)
        told += await deadline_alerts.warn_before_cut_off(one)
    return told
