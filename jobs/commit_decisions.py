"""Decisions whose time to be taken back is over, and whose process did not live to commit them, are committed."""

from console.institution import institution_ids
from console.review.committing import commit_due


async def commit_decisions() -> int:
    """How many decisions were committed or refused, over all institutions."""
    return sum([await commit_due(one) for one in await institution_ids()])
