"""Items whose holder went away return to the queue."""

from console.actor import system_actor
from console.institution import institution_ids
from console.review.giving_back import release_expired


async def release_idle_claims() -> int:
    """How many items were put back, over all institutions."""
    return sum([await release_expired(system_actor(one, "idle claims")) for one in await institution_ids()])
