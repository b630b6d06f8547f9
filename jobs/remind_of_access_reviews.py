"""Access reviews that are due soon are brought to mind of those who decide on them."""

from console.institution import institution_ids
from console.operations.review_reminders import remind


async def remind_of_access_reviews() -> int:
    """How many people were reminded, over all institutions."""
    return sum([await remind(one) for one in await institution_ids()])
