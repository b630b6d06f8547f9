"""Drafts of items whose review is over, and what is unsaved of versions of the policy that have ended, are removed."""

from console.actor import Actor
from console.policy.working_copies import forget_ended
from console.review.drafts import forget_finished
from jobs.each import as_each


async def forget_drafts() -> int:
    """How many were removed, over all institutions."""
    return await as_each("drafts", _forget)


async def _forget(actor: Actor) -> int:
    return await forget_finished(actor) + await forget_ended(actor)
