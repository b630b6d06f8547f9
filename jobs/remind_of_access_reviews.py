"""Access reviews that are due soon are brought to mind of those who decide on them."""

from console.operations.review_reminders import remind
from jobs.each import each_institution


async def remind_of_access_reviews() -> int:
    """How many people were reminded, over all institutions."""
    return await each_institution(remind)
