"""Decisions whose time to be taken back is over, and whose process did not live to commit them, are committed."""

from console.review.committing import commit_due
from jobs.each import each_institution


async def commit_decisions() -> int:
    """How many decisions were committed or refused, over all institutions."""
    return await each_institution(commit_due)
