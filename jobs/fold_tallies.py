"""The queue's figures stay sums of few rows."""

from console.actor import system_actor
from console.institution import institution_ids
from console.review.tally import fold


async def fold_tallies() -> int:
    """How many rows that saved, over all institutions."""
    return sum([await fold(system_actor(one, "queue figures")) for one in await institution_ids()])
