"""Drafts of items whose review is over are removed."""

from console.actor import system_actor
from console.institution import institution_ids
from console.review.drafts import forget_finished


async def forget_drafts() -> int:
    """How many drafts were removed, over all institutions."""
    return sum([await forget_finished(system_actor(one, "drafts")) for one in await institution_ids()])
