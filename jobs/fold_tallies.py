"""The queue's figures stay sums of few rows."""

from console.review.tally import fold
from jobs.each import as_each


async def fold_tallies() -> int:
    """How many rows that saved, over all institutions."""
    return await as_each("queue figures", fold)
