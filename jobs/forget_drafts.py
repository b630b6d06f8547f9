"""Drafts of items whose review is over, and what is unsaved of versions of the policy that have ended, are removed."""

from console.actor import system_actor
from console.institution import institution_ids
from console.policy.working_copies import forget_ended
from console.review.drafts import forget_finished


async def forget_drafts() -> int:
    """How many were removed, over all institutions."""
    actors = [system_actor(one, "drafts") for one in await institution_ids()]
    return sum([await forget_finished(one) + await forget_ended(one) for one in actors])
