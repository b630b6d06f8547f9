"""Items whose holder went away return to the queue."""

from console.review.giving_back import release_expired
from jobs.each import as_each


async def release_idle_claims() -> int:
    """How many items were put back, over all institutions."""
    return await as_each("idle claims", release_expired)
